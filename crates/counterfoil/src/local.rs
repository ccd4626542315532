//! A server within this process: what `serve`, `demo` and `--data` run on.

use std::fs::{self, DirBuilder};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use catalogue::Catalogue;
use engine::{Books, Options as BooksOptions};
use server::auth::{self, Scope};
use server::{Auth, Clock, Delivery, Options, Webhooks};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::failure::Failure;
use crate::http::Endpoint;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// What is served, where, to whom.
pub struct Settings {
    pub data: PathBuf,
    pub listen: SocketAddr,
    pub auth: Auth,
    pub clock: Clock,
    /// Whether events go out as webhooks.
    pub delivery: Delivery,
}

/// A running server.
pub struct Local {
    runtime: Runtime,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), String>>,
    books: Books,
}

impl Local {
    /// Opens the books and serves them. When this returns, requests are answered.
    pub fn start(settings: Settings) -> Result<Self, Failure> {
        if matches!(settings.auth, Auth::None) && !settings.listen.ip().is_loopback() {
            return Err(Failure::Input(format!(
                "--no-auth is for this machine alone: listen on 127.0.0.1, not on {}",
                settings.listen.ip()
            )));
        }
        let runtime = Runtime::new().map_err(Failure::input)?;
        let listener = runtime
            .block_on(TcpListener::bind(settings.listen))
            .map_err(|error| Failure::Input(format!("{}: {error}", settings.listen)))?;
        let address = listener.local_addr().map_err(Failure::input)?;
        let config = Config::read(&settings.data)?;
        let data = settings.data.clone();
        let webhooks = Webhooks {
            data: settings.data.clone(),
            options: config.webhooks(),
            delivery: settings.delivery,
        };
        let books = Books::open(&BooksOptions {
            signing: config.signing(&settings.data)?,
            data: settings.data,
            manual_clock: settings.clock == Clock::Manual,
        })
        .map_err(Failure::input)?;
        // The books are locked, so nobody else is about to make it.
        let vault = Arc::new(config.vault(&data)?);
        let catalogue = open_catalogue(&data)?;
        let options = Options {
            data,
            webhooks,
            vault,
            catalogue,
            auth: settings.auth,
            clock: settings.clock,
        };
        if let Some(minute) = config.daily()? {
            runtime.spawn(daily_statement(books.clone(), minute));
        }
        let (stop, stopped) = oneshot::channel::<()>();
        let served = books.clone();
        let serving = runtime.spawn(async move {
            let stopped = async move {
                // A sender that is dropped means the same.
                let _ = stopped.await;
            };
            server::serve(options, served, listener, stopped)
                .await
                .map_err(|error| error.to_string())
        });
        Ok(Self {
            runtime,
            address,
            stop,
            serving,
            books,
        })
    }

    /// `http://host:port`, the port as the system gave it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until SIGINT or SIGTERM, or until serving fails by itself. `announce` is called
    /// with the address once a signal would end it in good order.
    pub fn run(mut self, announce: impl FnOnce(&str)) -> Result<(), Failure> {
        let url = self.url();
        let ended = self.runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            announce(&url);
            Ok::<_, std::io::Error>(tokio::select! {
                _ = terminate.recv() => None,
                _ = interrupt.recv() => None,
                ended = &mut self.serving => Some(ended),
            })
        });
        match ended.map_err(Failure::input)? {
            None => self.close(),
            Some(ended) => Err(Failure::Input(match ended {
                Ok(Ok(())) => "the server stopped by itself".into(),
                Ok(Err(error)) => error,
                Err(error) => error.to_string(),
            })),
        }
    }

    /// Answers what was asked, then closes the books: all is on disk when this returns.
    pub fn close(self) -> Result<(), Failure> {
        // Nobody listens where serving has failed; that is told below.
        let _ = self.stop.send(());
        let served = self.runtime.block_on(self.serving);
        let closed = self.runtime.block_on(self.books.close());
        served.map_err(Failure::input)?.map_err(Failure::Input)?;
        closed.map_err(|refused| Failure::Input(format!("the books do not close: {refused:?}")))
    }
}

fn open_catalogue(data: &Path) -> Result<Arc<Catalogue>, Failure> {
    let opened = Catalogue::open(&data.join(catalogue::DIR));
    let opened = opened.map_err(|error| Failure::Input(format!("the catalogue: {error}")))?;
    if opened.torn() > 0 {
        tracing::warn!(
            bytes = opened.torn(),
            "cut off a torn end of the catalogue's texts, of which nobody was told"
        );
    }
    Ok(Arc::new(opened))
}

/// Makes a statement each day at a minute of the day, UTC, as long as the books are open.
async fn daily_statement(books: Books, minute: u16) {
    loop {
        let now = jiff::Timestamp::now().as_second();
        let at = now - now.rem_euclid(DAY) + i64::from(minute) * 60;
        let next = if at > now { at } else { at + DAY };
        tokio::time::sleep(Duration::from_secs((next - now).unsigned_abs())).await;
        match books.make_statement().await {
            Ok(made) => tracing::info!("statement {} is made", made.number),
            // The next day's is tried all the same; books that have stopped end the process.
            Err(refused) => tracing::error!("the daily statement was not made: {refused}"),
        }
    }
}

/// A server for the length of one command. Its port can be seen by everyone on the machine, so
/// it takes a token that only this process has.
pub struct Private {
    local: Local,
    /// A folder with its token; `None` where those of the books are asked for.
    tokens: Option<PathBuf>,
}

impl Private {
    /// Serves `data` and gives the address with its token. Where `token` is one of these books, the
    /// command is its holder's: what is somebody's own, and looks, ask who calls.
    pub fn start(
        data: &Path,
        clock: Clock,
        token: Option<&str>,
    ) -> Result<(Self, Endpoint), Failure> {
        if let Some(token) = token {
            let known = auth::load(data).map_err(Failure::input)?;
            if auth::check(&known, token.as_bytes()).is_some() {
                return Self::start_with(data, clock, (data, token.to_owned())).map(
                    |(local, endpoint)| {
                        (
                            Self {
                                local,
                                tokens: None,
                            },
                            endpoint,
                        )
                    },
                );
            }
        }
        let mut name = [0; 8];
        getrandom::fill(&mut name).map_err(Failure::input)?;
        let name = format!("counterfoil-{:016x}", u64::from_le_bytes(name));
        let tokens = std::env::temp_dir().join(name);
        DirBuilder::new()
            .mode(0o700)
            .create(&tokens)
            .map_err(|error| Failure::Input(format!("{}: {error}", tokens.display())))?;
        let started = auth::create(&tokens, "command", Scope::Admin, seconds())
            .map_err(Failure::input)
            .and_then(|token| Self::start_with(data, clock, (&tokens, token)));
        if started.is_err() {
            remove(&tokens);
        }
        let (local, endpoint) = started?;
        let tokens = Some(tokens);
        Ok((Self { local, tokens }, endpoint))
    }

    fn start_with(
        data: &Path,
        clock: Clock,
        (tokens, token): (&Path, String),
    ) -> Result<(Local, Endpoint), Failure> {
        let local = Local::start(Settings {
            data: data.to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            auth: Auth::Tokens(tokens.to_owned()),
            clock,
            // The command ends soon; whoever serves the books delivers.
            delivery: Delivery::Off,
        })?;
        let endpoint = Endpoint::new(&local.url(), Some(token)).map_err(Failure::Input)?;
        Ok((local, endpoint))
    }

    pub fn close(self) -> Result<(), Failure> {
        if let Some(tokens) = &self.tokens {
            remove(tokens);
        }
        self.local.close()
    }
}

fn remove(tokens: &Path) {
    // Its token died with the server: what stays behind opens nothing.
    let _ = fs::remove_dir_all(tokens);
}

/// Seconds since 1970.
pub fn seconds() -> u64 {
    jiff::Timestamp::now().as_second().unsigned_abs()
}
