//! Which books a command speaks to.

use std::path::PathBuf;

use clap::Args;
use server::Clock;

use crate::client::Client;
use crate::failure::Failure;
use crate::http::Endpoint;
use crate::local::Private;

/// Where a server is when nothing else is said.
const DEFAULT_SERVER: &str = "http://127.0.0.1:7411";

/// Which books a command speaks to.
#[derive(Args)]
pub struct Target {
    /// The server, as <http://127.0.0.1:7411>, which it is unless `COUNTERFOIL_SERVER` is set.
    #[arg(
        long,
        value_name = "URL",
        global = true,
        conflicts_with = "data",
        help = "The server [default: COUNTERFOIL_SERVER or http://127.0.0.1:7411]"
    )]
    server: Option<String>,
    /// A token of the server, or of the directory: who asks.
    #[arg(
        long,
        value_name = "TOKEN",
        global = true,
        env = "COUNTERFOIL_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
    /// Opens this directory of books in place of a server; none may have it open.
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

/// Runs `command` with a connection to the target's books.
pub fn with_client<T>(
    target: &Target,
    command: impl FnOnce(&mut Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    with_client_by(target, Clock::System, command)
}

/// As [`with_client`]; books that are opened for the command go by `clock`.
pub fn with_client_by<T>(
    target: &Target,
    clock: Clock,
    command: impl FnOnce(&mut Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let Some(data) = &target.data else {
        let endpoint =
            Endpoint::new(&target.url(), target.token.clone()).map_err(Failure::Input)?;
        return command(&mut Client::connect(endpoint)?);
    };
    let (server, endpoint) = Private::start(data, clock, target.token.as_deref())?;
    let done = Client::connect(endpoint).and_then(|mut client| command(&mut client));
    // The books are closed however the command ended; its own failure is the one told.
    let closed = server.close();
    let done = done?;
    closed.map(|()| done)
}

impl Target {
    fn url(&self) -> String {
        let told = self.server.clone();
        told.or_else(|| std::env::var("COUNTERFOIL_SERVER").ok())
            .unwrap_or_else(|| DEFAULT_SERVER.to_owned())
    }
}
