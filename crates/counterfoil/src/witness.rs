//! `witness`: cosigns the checkpoints of logs, each only if it continues the one before.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use merkle::key::VerifierKey;
use server::witness::{WitnessOptions, serve};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::read_key;
use crate::directory::{ready, trace};
use crate::failure::Failure;
use crate::output::Output;

/// Runs a witness of logs: a supervisor, an auditor, a consumer body can each have one.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil key new --name witness.example/w1 --kind witness --out w1.key
  counterfoil witness --dir ./w1 --key w1.key --log books.example/log+1234abcd+AbC...

Serves POST /add-checkpoint (C2SP tlog-witness). The log's operator names the witness in the policy of
the books: witness w1 VKEY http://HOST:PORT. Any log that publishes C2SP checkpoints can be witnessed.
What it has cosigned is on the disk before the answer; checkpoints that contradict each other are kept
in DIR/evidence. COUNTERFOIL_TRACE says what goes to stderr: error, warn, info, debug.")]
pub struct Witness {
    /// Its directory, made where it is absent.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// A file with a private key of a witness; with more than one, each cosigns.
    #[arg(long, value_name = "FILE", required = true)]
    key: Vec<PathBuf>,
    /// The public key of a log; may be given more than once, also for two keys of one log.
    #[arg(long, value_name = "VKEY", required = true)]
    log: Vec<String>,
    /// Address and port; port 0 takes one that is free.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7412")]
    listen: SocketAddr,
}

/// `witness`.
pub fn run(witness: Witness, output: Output) -> Result<(), Failure> {
    trace();
    let keys = witness.key.iter().map(|path| read_key(path));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let logs = witness.log.iter().map(|key| {
        VerifierKey::parse(key).map_err(|error| Failure::Input(format!("{key}: {error}")))
    });
    let options = WitnessOptions {
        dir: witness.dir,
        keys,
        logs: logs.collect::<Result<Vec<_>, _>>()?,
    };
    let runtime = Runtime::new().map_err(Failure::input)?;
    runtime.block_on(async {
        let listener = TcpListener::bind(witness.listen).await;
        let listener =
            listener.map_err(|error| Failure::Input(format!("{}: {error}", witness.listen)))?;
        let address = listener.local_addr().map_err(Failure::input)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(Failure::input)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::input)?;
        ready(&format!("http://{address}"), output);
        let stopped = async move {
            tokio::select! {
                _ = terminate.recv() => (),
                _ = interrupt.recv() => (),
            }
        };
        serve(options, listener, stopped)
            .await
            .map_err(Failure::input)
    })
}
