//! `monitor`: follows public logs and believes none of them.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::monitor::{
    Finding, Folder, Limits, MAX_STATE, Monitor as Checker, Report, Source, SourceError, State,
};
use clap::Args;
use merkle::policy::Policy;
use serde_json::json;
use server::fetch::Fetcher;
use sha2::{Digest, Sha256};

use crate::config::read_policy;
use crate::failure::Failure;
use crate::local::seconds;
use crate::output::{Output, say};
use crate::proof::policy_of;

/// Follows one or more public logs, from their public bytes alone.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil monitor http://127.0.0.1:7411/log --key books.example/log+1234abcd+AbC...
  counterfoil monitor https://books.example/log https://other.example/log --policy policy \\
      --state ./monitor --max-age 3600 --every 60
  counterfoil monitor ./public --key books.example/log+1234abcd+AbC... --json

Checks signatures, cosignatures, every tile and entry, their order and their times, that the log still is
the one that was seen before, and the register of demands for data where its entries count any. Finds:
rollback, fork, bad_signature, not_signed, quorum, unknown_log, malformed, bad_tile, bad_entry,
out_of_order, counts_fall, register_unserved, serial_gap, release_uncovered, disclosure_unfounded,
entry_differs, seal_overdue, late, future, unavailable. Exit code 1 where anything was found; with --every
it goes on until then.")]
pub struct Monitor {
    /// Where the logs are: addresses, or folders with an export.
    #[arg(value_name = "URL", required = true)]
    logs: Vec<String>,
    /// The public key of a log to trust; may be given more than once.
    #[arg(long, value_name = "VKEY", required_unless_present = "policy")]
    key: Vec<String>,
    /// A C2SP tlog-policy in place of keys: logs, witnesses and their quorum.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    policy: Option<PathBuf>,
    /// A folder that remembers what was seen: without it each run sees the logs for the first time.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Seconds after which a log that shows no sign of life is late.
    #[arg(long, value_name = "SECONDS")]
    max_age: Option<u64>,
    /// Checks again and again, so many seconds apart, until something is found.
    #[arg(long, value_name = "SECONDS")]
    every: Option<u64>,
}

/// `monitor`.
pub fn run(monitor: &Monitor, output: Output) -> Result<(), Failure> {
    let policy: Policy = match &monitor.policy {
        Some(path) => read_policy(path)?,
        None => policy_of(&monitor.key)?,
    };
    let limits = Limits {
        max_age: monitor.max_age,
        ..Limits::default()
    };
    let checker = Checker::new(policy, limits);
    loop {
        let mut found = Vec::new();
        for place in &monitor.logs {
            let report = check(monitor, &checker, place)?;
            tell(place, &report, output);
            found.extend(
                report
                    .findings
                    .iter()
                    .map(|finding| format!("{place}: {finding}")),
            );
        }
        if let Some(first) = found.first() {
            let more = found.len() - 1;
            return Err(Failure::Check(match more {
                0 => first.clone(),
                more => format!("{first}; and {more} more findings"),
            }));
        }
        let Some(every) = monitor.every else {
            return Ok(());
        };
        std::thread::sleep(Duration::from_secs(every));
    }
}

fn check(monitor: &Monitor, checker: &Checker, place: &str) -> Result<Report, Failure> {
    let file = monitor
        .state
        .as_ref()
        .map(|folder| state_file(folder, place));
    let state = match &file {
        Some(file) if file.exists() => {
            let state = State::from_bytes(&read_state(file)?);
            Some(state.map_err(|error| Failure::Input(format!("{}: {error}", file.display())))?)
        }
        _ => None,
    };
    let mut source: Box<dyn Source> = if place.contains("://") {
        Box::new(Web {
            fetcher: Fetcher::new(),
            prefix: place.trim_end_matches('/').to_owned(),
        })
    } else {
        Box::new(Folder::new(place))
    };
    let report = checker.check(&mut *source, state, seconds());
    if let (Some(file), Some(state)) = (&file, &report.state) {
        keep(file, &state.to_bytes())?;
    }
    Ok(report)
}

/// Reads the file of a state; no more than a state has, and one byte.
fn read_state(file: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::Input(format!("{}: {error}", file.display()));
    let mut bytes = Vec::new();
    let open = fs::File::open(file).map_err(failed)?;
    let most = MAX_STATE as u64 + 1;
    open.take(most).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// One file a log, by a hash of where it is.
fn state_file(folder: &Path, place: &str) -> PathBuf {
    let digest = Sha256::digest(place.trim_end_matches('/').as_bytes());
    let number = u128::from_be_bytes(digest[..16].try_into().expect("16 bytes"));
    folder.join(format!("{number:032x}.log"))
}

/// Replaces a file as a whole.
fn keep(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Input(format!("{}: {error}", file.display()));
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let new = file.with_extension("new");
    let written = || {
        fs::write(&new, bytes)?;
        fs::File::open(&new)?.sync_all()?;
        fs::rename(&new, file)
    };
    written().map_err(failed)
}

fn tell(place: &str, report: &Report, output: Output) {
    let origin = report.origin.as_deref().unwrap_or("unknown");
    let size = report.size.unwrap_or_default();
    match output {
        Output::Text => {
            let before = report.old_size.unwrap_or_default();
            say!("{place}: {origin}, {size} batches, {before} seen before");
            say!(
                "  {} entries checked, {} tiles, {} bytes, {} cosignatures",
                report.entries_checked,
                report.tiles_fetched,
                report.bytes_fetched,
                report.witnesses.len()
            );
            for finding in &report.findings {
                say!("  found {finding}");
            }
        }
        Output::Json => {
            let findings: Vec<_> = report.findings.iter().map(finding_json).collect();
            let witnesses: Vec<_> = report
                .witnesses
                .iter()
                .map(|witness| json!({ "name": witness.name, "time": witness.time }))
                .collect();
            say!(
                "{}",
                json!({
                    "log": place,
                    "ok": report.findings.is_empty(),
                    "origin": report.origin,
                    "size": report.size,
                    "root": report.root.map(|root| root.to_string()),
                    "old_size": report.old_size,
                    "entries_checked": report.entries_checked,
                    "tiles_fetched": report.tiles_fetched,
                    "bytes_fetched": report.bytes_fetched,
                    "witnesses": witnesses,
                    "findings": findings,
                })
            );
        }
    }
}

/// A fork or a rollback with the two notes that show it.
fn finding_json(finding: &Finding) -> serde_json::Value {
    let mut value = json!({ "kind": finding.kind.code(), "what": finding.what });
    if let Some(evidence) = &finding.evidence {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let path: Vec<_> = evidence.path.iter().map(ToString::to_string).collect();
        value["evidence"] = json!({
            "known": text(&evidence.known),
            "seen": text(&evidence.seen),
            "root": evidence.root.map(|root| root.to_string()),
            "path": path,
        });
    }
    value
}

/// A log behind an address.
struct Web {
    fetcher: Fetcher,
    prefix: String,
}

impl Source for Web {
    fn get(&mut self, path: &str, max_bytes: usize) -> Result<Option<Vec<u8>>, SourceError> {
        let url = format!("{}/{path}", self.prefix);
        self.fetcher
            .get(&url, max_bytes)
            .map_err(|error| match error {
                server::fetch::FetchError::TooLarge { .. } => SourceError::TooLarge,
                error => SourceError::Failed(error.to_string()),
            })
    }
}
