//! `init`, `serve`, `audit` and `token`: what is done with a directory of books.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use engine::Trust;
use merkle::key::{KeyKind, SigningKey};
use serde_json::json;
use server::auth::{self, Bound, Grant};
use server::{Auth, Clock, Delivery};
use tracing_subscriber::EnvFilter;

use crate::ask::integer;
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::local::{Local, Settings, seconds};
use crate::output::{Output, say};
use crate::progress;
use crate::proof::policy_of;

/// Makes an empty directory of books.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil init --data ./books
  counterfoil init --data ./books --origin books.example/log

Makes a key that signs the log (keys/log.key) and a configuration (config.toml) with it.")]
pub struct Init {
    /// The directory: not there yet, or empty.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The name of the log and of the key that signs it, an address without scheme; one of random
    /// letters where it is not given.
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
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

Hashes and adds up the whole log again and compares everything else with it: snapshots, indexes, tiles,
checkpoints and their signatures, statements, erasures. No process may have the books open. Exit code 1
where anything differs.")]
pub struct Audit {
    /// The directory.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The public key of the log, for whoever does not trust the directory about it; may be given
    /// more than once.
    #[arg(long, value_name = "VKEY")]
    key: Vec<String>,
    /// A policy in place of keys: the log, its witnesses and their quorum.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    policy: Option<PathBuf>,
}

/// Makes, lists and takes back the tokens of a directory of books.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil token new --data ./books --scope write --name shop
  counterfoil token new --data ./books --scope admin --name desk --party 41 --role support
  counterfoil token new --data ./books --scope person --name zoe --party 11
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
        /// Who has it, decimal or 0x hexadecimal: a person, or a member of the staff.
        #[arg(long, value_name = "ID", value_parser = integer)]
        party: Option<u128>,
        /// Of a member of the staff: in which role it looks at personal data.
        #[arg(long, value_name = "WORD", requires = "party")]
        role: Option<String>,
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
    /// See what is the party's own, and nothing else.
    Person,
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
            Scope::Person => Self::Person,
            Scope::Read => Self::Read,
            Scope::Write => Self::Write,
            Scope::Admin => Self::Admin,
        }
    }
}

/// `init`.
pub fn init(init: &Init, output: Output) -> Result<(), Failure> {
    let key = make(&init.data, init.origin.as_deref())?;
    let (data, key) = (init.data.display(), key.verifier());
    match output {
        Output::Text => {
            say!("made books in {data}");
            say!("the log is signed by {key}");
        }
        Output::Json => say!(
            "{}",
            json!({ "data": data.to_string(), "key": key.to_string() })
        ),
    }
    Ok(())
}

/// Makes a directory of books where there is nothing yet, and the key that signs its log.
pub fn make(data: &Path, origin: Option<&str>) -> Result<SigningKey, Failure> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(Failure::input)?;
    let by_lot = || format!("books.invalid/{:016x}", u64::from_le_bytes(random));
    let origin = origin.map_or_else(by_lot, str::to_owned);
    // A name that no key can have is refused before anything is there.
    config::new_key(&origin, KeyKind::Ed25519)?;
    engine::init(data, &engine::Init::default()).map_err(Failure::input)?;
    config::create(data, &origin)
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
        delivery: Delivery::On,
    })?;
    local.run(|url| ready(url, output))
}

/// Diagnostics go to stderr, by default what an operator should know.
pub fn trace() {
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
    let trust = trust(audit)?;
    let audited = engine::audit_trusting(&audit.data, &trust, &seen);
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

/// By whom the checkpoints have to be signed: as told, or else as the books are run now.
fn trust(audit: &Audit) -> Result<Trust, Failure> {
    if audit.key.is_empty() && audit.policy.is_none() {
        let config = Config::read(&audit.data)?;
        // A copy for an auditor comes without private keys: then no signature can be checked.
        if !config.has_keys(&audit.data) {
            return Ok(Trust::default());
        }
        let signing = config.signing(&audit.data)?;
        return Ok(signing.map_or_else(Trust::default, |signing| Trust::of(&signing)));
    }
    let policy = match &audit.policy {
        Some(path) => config::read_policy(path)?,
        None => policy_of(&audit.key)?,
    };
    Ok(Trust {
        keys: policy.logs().iter().map(|log| log.key.clone()).collect(),
        policy: Some(policy),
    })
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
        ("tree hashes compared", found.hashes),
        ("checkpoints compared", found.checkpoints),
        ("statements derived", found.statements),
        ("records erased", found.erased),
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
        "hashes": found.hashes,
        "checkpoints": found.checkpoints,
        "statements": found.statements,
        "erased": found.erased,
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
        TokenAction::New {
            data,
            scope,
            name,
            party,
            role,
        } => {
            is_books(data)?;
            let bound = party.map(|party| Bound {
                party,
                role: role.clone(),
            });
            let scope = (*scope).into();
            let grant = Grant { scope, bound };
            let text = auth::create(data, name, grant, seconds()).map_err(Failure::input)?;
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
                let bound = token.bound.as_ref().map_or_else(String::new, |bound| {
                    let role = bound.role.iter().map(|role| format!("  {role}"));
                    format!("  {}{}", bound.party, role.collect::<String>())
                });
                say!(
                    "{:6}  {}  {}{bound}",
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
                    let bound = token.bound.as_ref();
                    json!({
                        "name": token.name,
                        "scope": token.scope.name(),
                        "created": created(token),
                        "party": bound.map(|bound| bound.party.to_string()),
                        "role": bound.and_then(|bound| bound.role.as_deref()),
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
