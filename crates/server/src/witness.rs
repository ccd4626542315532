//! A witness: cosigns the checkpoints of logs that it knows, each only if it continues the one
//! before (C2SP tlog-witness).
//!
//! `POST /add-checkpoint` is answered as [`merkle::witness`] says; `GET /` tells in plain text who
//! this is, what it cosigned last, and how much evidence it holds.
//!
//! ```text
//! DIR/lock              held by the process that serves
//! DIR/state/<sha-256>   the checkpoint last cosigned of the origin with that hash, lower-case hex
//! DIR/evidence/<piece>  signed checkpoints that contradict each other, see `evidence`
//! ```
//!
//! A checkpoint is on the disk before its cosignature is answered, and between the look at the
//! last one and the new one being kept no other request about the same log comes in: otherwise two
//! requests at once, or a crash, could roll the witness back. What is true if we die: before the
//! rename the old checkpoint counts and nobody saw a cosignature of the new one; after it the log
//! asks again, and gets its cosignature for the same size. An error on the disk ends the witness.

mod answer;
mod evidence;
mod state;

use core::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use merkle::key::{SigningKey, VerifierKey};
use tokio::net::TcpListener;

use crate::serve::take_connections;
use state::Witness;
pub use state::WitnessError;

/// What a witness is made of.
pub struct WitnessOptions {
    /// Its directory, made where it is absent.
    pub dir: PathBuf,
    /// Its keys: each cosigns every checkpoint.
    pub keys: Vec<SigningKey>,
    /// The keys of the logs that it knows, by their names; several of one name are those of one
    /// log whose keys overlap.
    pub logs: Vec<VerifierKey>,
}

impl fmt::Debug for WitnessOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dir, keys, logs } = self;
        write!(f, "WitnessOptions({}, {keys:?}, {logs:?})", dir.display())
    }
}

/// Serves a witness on `listener` until `stopped`; then finishes the requests that have begun, and
/// returns. An error on its disk ends it too.
pub async fn serve(
    options: WitnessOptions,
    listener: TcpListener,
    stopped: impl Future<Output = ()> + Send,
) -> Result<(), WitnessError> {
    let opened = tokio::task::spawn_blocking(move || Witness::open(options)).await;
    let opened = opened.map_err(io::Error::other).map_err(WitnessError::Io)?;
    let witness = Arc::new(opened?);
    let ended = {
        let witness = Arc::clone(&witness);
        async move {
            tokio::select! {
                () = stopped => Ok(()),
                why = witness.failed() => Err(WitnessError::Io(io::Error::other(why))),
            }
        }
    };
    let address = listener.local_addr().map_err(WitnessError::Io)?;
    tracing::info!(%address, logs = witness.logs(), "witnessing");
    take_connections(answer::router(witness), listener, ended).await
}
