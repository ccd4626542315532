//! `init`, `serve`, `audit` and `token`: what is done with a directory of books.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use server::auth;
use server::{Auth, Clock};
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;
use crate::local::{Local, Settings, seconds};
use crate::output::{Output, say};
use crate::progress;

/// Makes an empty directory of books.
#[derive(Args)]
#[command(after_help = "Example:\n  counterfoil init --data ./books")]
pub struct Init {
    /// The directory: not there yet, or empty.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Serves a directory of books over HTTP.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil serve --data ./books
  counterfoil serve --data ./books --listen 127.0.0.1:0 --no-auth

Says one line with its address when it is ready. SIGTERM and SIGINT end it in good order.
COUNTERFOIL_TRACE says what goes to stderr: error, warn, info, debug.")]
pub struct Serve {
    /// The directory.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Address and port; port 0 takes one that is free.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7411")]
    listen: SocketAddr,
    /// Asks for no token; only on an address of this machine.
    #[arg(long)]
    no_auth: bool,
    /// Whose time: the system's, or one that stands until it is set over HTTP (tests).
    #[arg(long, value_enum, default_value_t = WhoseClock::System)]
    clock: WhoseClock,
}

/// The clock of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WhoseClock {
    System,
    Manual,
}

/// Checks a directory of books from the first record to the last.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil audit --data ./books
  counterfoil audit --data ./books --json

Hashes and adds up the whole log again and compares everything else with it. No process may have
the books open. Exit code 1 where anything differs.")]
pub struct Audit {
    /// The directory.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Makes, lists and takes back the tokens of a directory of books.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil token new --data ./books --scope write --name shop
  counterfoil token list --data ./books
  counterfoil token revoke --data ./books --name shop

A running server takes notice within a second.")]
pub struct Token {
    #[command(subcommand)]
    action: TokenAction,
}

#[derive(Subcommand)]
enum TokenAction {
    /// Makes a token and shows it, this once.
    New {
        /// The directory of books.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// What it may do; each scope may do all that the ones before it may.
        #[arg(long, value_enum)]
        scope: Scope,
        /// What it is called.
        #[arg(long)]
        name: String,
    },
    /// Lists the tokens, without their secrets.
    List {
        /// The directory of books.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Takes a token back.
    Revoke {
        /// The directory of books.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// What it is called.
        #[arg(long)]
        name: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scope {
    /// Look up and query.
    Read,
    /// Create accounts and transfers.
    Write,
    /// Declare currencies.
    Admin,
}

impl From<Scope> for auth::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Read => Self::Read,
            Scope::Write => Self::Write,
            Scope::Admin => Self::Admin,
        }
    }
}

/// `init`.
pub fn init(init: &Init, output: Output) -> Result<(), Failure> {
    make(&init.data)?;
    let data = init.data.display();
    match output {
        Output::Text => say!("made books in {data}"),
        Output::Json => say!("{}", json!({ "data": data.to_string() })),
    }
    Ok(())
}

/// Makes a directory of books where there is nothing yet.
pub fn make(data: &Path) -> Result<(), Failure> {
    engine::init(data, &engine::Init::default()).map_err(Failure::input)
}

/// `serve`.
pub fn serve(serve: Serve, output: Output) -> Result<(), Failure> {
    trace();
    let auth = if serve.no_auth {
        Auth::None
    } else {
        Auth::Tokens(serve.data.clone())
    };
    let local = Local::start(Settings {
        data: serve.data,
        listen: serve.listen,
        auth,
        clock: match serve.clock {
            WhoseClock::System => Clock::System,
            WhoseClock::Manual => Clock::Manual,
        },
    })?;
    local.run(|url| ready(url, output))
}

/// Diagnostics go to stderr, by default what an operator should know.
fn trace() {
    let filter = EnvFilter::try_from_env("COUNTERFOIL_TRACE");
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new("info")))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}

/// The one line by which others know that requests are answered.
pub fn ready(url: &str, output: Output) {
    match output {
        Output::Text => say!("ready at {url}"),
        Output::Json => say!("{}", json!({ "address": url })),
    }
}

/// `audit`.
pub fn audit(audit: &Audit, output: Output) -> Result<(), Failure> {
    let bar = progress::bar("bytes", 0);
    let seen = |behind| {
        // The end of the log is known only when it is reached.
        bar.set_length(behind);
        bar.set_position(behind);
    };
    let audited = engine::audit(&audit.data, &seen);
    bar.finish_and_clear();
    let found = audited.map_err(Failure::input)?;
    match output {
        Output::Text => print_audit(&found),
        Output::Json => say!("{}", audit_json(&found)),
    }
    match found.differences.as_slice() {
        [] => Ok(()),
        [first, rest @ ..] => Err(Failure::Check(match rest.len() {
            0 => first.clone(),
            more => format!("{first}; and {more} more differences"),
        })),
    }
}

fn print_audit(found: &engine::Audit) {
    let counts = [
        ("batches hashed", found.batches),
        ("records added up", found.records),
        ("transfers", found.transfers),
        ("account balances", found.accounts),
        ("snapshots compared", found.snapshots),
        ("index runs compared", found.runs),
        ("index entries compared", found.entries),
        ("differences", found.differences.len() as u64),
    ];
    for (name, count) in counts {
        say!("{name:24} {count:>14}");
    }
    say!("root   {}", hex(found.root));
    say!("state  {}", hex(found.state));
    for note in &found.notes {
        say!("note: {note}");
    }
    for difference in &found.differences {
        say!("differs: {difference}");
    }
}

fn audit_json(found: &engine::Audit) -> serde_json::Value {
    json!({
        "batches": found.batches,
        "records": found.records,
        "transfers": found.transfers,
        "accounts": found.accounts,
        "snapshots": found.snapshots,
        "runs": found.runs,
        "entries": found.entries,
        "root": hex(found.root),
        "state": hex(found.state),
        "notes": found.notes,
        "differences": found.differences,
    })
}

fn hex(bytes: [u8; 32]) -> String {
    let (high, low) = bytes.split_at(16);
    let number = |half: &[u8]| u128::from_be_bytes(half.try_into().expect("16 bytes"));
    format!("{:032x}{:032x}", number(high), number(low))
}

/// `token`.
pub fn token(token: &Token, output: Output) -> Result<(), Failure> {
    match &token.action {
        TokenAction::New { data, scope, name } => {
            is_books(data)?;
            let text =
                auth::create(data, name, (*scope).into(), seconds()).map_err(Failure::input)?;
            match output {
                Output::Text => say!("{text}"),
                Output::Json => say!("{}", json!({ "name": name, "token": text })),
            }
        }
        TokenAction::List { data } => {
            is_books(data)?;
            let tokens = auth::load(data).map_err(Failure::input)?;
            list(&tokens, output);
        }
        TokenAction::Revoke { data, name } => {
            is_books(data)?;
            auth::revoke(data, name).map_err(Failure::input)?;
            match output {
                Output::Text => say!("revoked {name}"),
                Output::Json => say!("{}", json!({ "name": name })),
            }
        }
    }
    Ok(())
}

fn list(tokens: &[auth::Token], output: Output) {
    let created = |token: &auth::Token| {
        let time = jiff::Timestamp::from_second(token.created.cast_signed());
        time.map_or_else(|_| token.created.to_string(), |time| time.to_string())
    };
    match output {
        Output::Text => {
            for token in tokens {
                say!(
                    "{:5}  {}  {}",
                    token.scope.name(),
                    created(token),
                    token.name
                );
            }
        }
        Output::Json => {
            let tokens: Vec<_> = tokens
                .iter()
                .map(|token| {
                    json!({
                        "name": token.name,
                        "scope": token.scope.name(),
                        "created": created(token),
                    })
                })
                .collect();
            say!("{}", json!(tokens));
        }
    }
}

/// A token file anywhere else would open nothing.
fn is_books(data: &Path) -> Result<(), Failure> {
    if data.join("books").is_file() {
        return Ok(());
    }
    Err(Failure::Input(format!(
        "{}: no books here; make them with counterfoil init",
        data.display()
    )))
}
