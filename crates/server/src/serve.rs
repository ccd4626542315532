//! Takes connections and has their requests answered, within bounds on everything a client
//! could draw out.

use core::convert::Infallible;
use core::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use engine::{Books, Refused};
use hooks::HookError;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::app::{App, Auth, Options};
use crate::limits::{CONNECTIONS, DRAIN_WAIT, HEAD_BYTES, HEAD_WAIT, HEADERS, TOKENS_WAIT};
use crate::route::router;
use crate::{sealed, webhooks, witnessing};

/// Why the books are not served.
#[derive(Debug)]
pub enum ServeError {
    /// Without tokens, the socket must be one of this machine.
    Unprotected(SocketAddr),
    /// The socket is none.
    Io(io::Error),
    /// The books did not answer, or stopped by themselves.
    Books(Refused),
    /// The subscriptions of webhooks cannot be read, or nothing can deliver to them.
    Hooks(HookError),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unprotected(address) => write!(
                f,
                "{address} can be reached from other machines: serve with tokens, or listen on \
                 127.0.0.1"
            ),
            Self::Io(error) => write!(f, "the socket: {error}"),
            Self::Books(refused) => write!(f, "{refused}"),
            Self::Hooks(error) => write!(f, "webhooks: {error}"),
        }
    }
}

impl std::error::Error for ServeError {}

/// Serves the books on `listener` until `shutdown`; then takes no more connections, finishes the
/// requests that have begun, ends the delivery of webhooks, has the catalogue's index catch up, and
/// returns. The books stay open: closing them is the caller's. Books that stop by themselves end it
/// too.
pub async fn serve(
    options: Options,
    books: Books,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let address = listener.local_addr().map_err(ServeError::Io)?;
    if matches!(options.auth, Auth::None) && !address.ip().is_loopback() {
        return Err(ServeError::Unprotected(address));
    }
    let delivery = options.webhooks.delivery;
    let hooks = webhooks::open(&options.webhooks).map_err(ServeError::Hooks)?;
    let app = App::new(options, hooks, books).await;
    let app = Arc::new(app.map_err(ServeError::Books)?);
    let delivering = webhooks::start(&app, delivery).map_err(ServeError::Hooks)?;
    let service = router(Arc::clone(&app));
    // They go on for as long as this does.
    let _witnesses = witnessing::start(&app);
    let ended = {
        let (app, delivering) = (Arc::clone(&app), delivering.as_ref());
        async move {
            let ended = tokio::select! {
                () = shutdown => Ok(()),
                why = app.books.failed() => Err(ServeError::Books(Refused::Stopped(why))),
                never = refresh_tokens(&app) => match never {},
                never = sealed::open_due(&app) => match never {},
                never = webhooks::wake(&app, delivering) => match never {},
            };
            app.closing.send_replace(true);
            ended
        }
    };
    tracing::info!(%address, "serving");
    let served = take_connections(service, listener, ended).await;
    webhooks::close(delivering).await;
    app.listings.catch_up().await;
    served
}

async fn refresh_tokens(app: &App) -> Infallible {
    let mut tokens = interval(TOKENS_WAIT);
    tokens.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokens.tick().await;
        app.gate.refresh();
    }
}

/// Takes connections and has `service` answer their requests until `ended`; then takes no more,
/// finishes the requests that have begun, and gives what `ended` gave.
pub(crate) async fn take_connections<T>(
    service: Router,
    listener: TcpListener,
    ended: impl Future<Output = T>,
) -> T {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let (closing, _) = watch::channel(());
    let mut ended = pin!(ended);
    let ended = loop {
        let (stream, slot) = tokio::select! {
            ended = &mut ended => break ended,
            taken = take(&listener, &slots) => taken,
        };
        let connection = Connection {
            service: service.clone(),
            closing: closing.subscribe(),
            slot,
        };
        tokio::spawn(connection.run(stream));
    };
    drop(listener);
    tracing::info!("finishing requests");
    closing.send_replace(());
    // Each connection holds a receiver until it ends.
    if timeout(DRAIN_WAIT, closing.closed()).await.is_err() {
        tracing::warn!("connections were cut off");
    }
    ended
}

/// The next connection, once there is room for one.
async fn take(listener: &TcpListener, slots: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    let slot = Arc::clone(slots)
        .acquire_owned()
        .await
        .expect("the slots are never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, slot),
            Err(error) => {
                // One that broke off before it was taken, or no file handles left: both pass.
                tracing::warn!(%error, "no connection taken");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

struct Connection {
    service: Router,
    closing: watch::Receiver<()>,
    slot: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(self, stream: TcpStream) {
        let Self {
            service,
            mut closing,
            slot,
        } = self;
        // An answer is written at once: nothing is gained by waiting for more of it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WAIT)
            .max_headers(HEADERS)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = &mut connection => ended,
            _ = closing.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection broke off");
        }
        drop(slot);
    }
}
