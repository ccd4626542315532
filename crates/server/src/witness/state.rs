//! What a witness knows, on the disk before anyone else knows that it does.

use core::fmt;
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use merkle::Head;
use merkle::checkpoint::Checkpoint;
use merkle::key::{SigningKey, VerifierKey};
use merkle::note::{MAX_NOTE, Note};
use merkle::witness::{AddCheckpoint, Verdict, judge};
use sha2::{Digest, Sha256};
use store::disk::{Disk, Local, is_unfinished, join, read_file, replace_file};
use tokio::sync::watch;

use super::WitnessOptions;
use super::evidence::{Evidence, Piece, Shows, hex};

const STATE: &str = "state";
const LOCK: &str = "lock";

/// Why a witness does not serve.
#[derive(Debug)]
pub enum WitnessError {
    /// It has no key.
    NoKey,
    /// A key is of a kind that does not cosign.
    Kind(String),
    /// Another process serves the directory.
    Locked,
    /// What was kept of an origin is not what a witness keeps; it would forget what it cosigned.
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// The directory cannot be read or written, or the socket is none.
    Io(io::Error),
}

impl fmt::Display for WitnessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKey => write!(f, "a witness has at least one key"),
            Self::Kind(key) => write!(f, "the key {key} is one of a log, not of a witness"),
            Self::Locked => write!(f, "another process serves this witness"),
            Self::Damaged { path, what } => write!(f, "{path} is damaged: {what}"),
            Self::Io(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for WitnessError {}

impl From<io::Error> for WitnessError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The checkpoint of a log that was cosigned last.
struct Kept {
    head: Head,
    note: Note,
}

/// A log that is known.
struct Log {
    keys: Vec<VerifierKey>,
    /// Held from the look at it until its successor is on the disk.
    latest: Mutex<Option<Kept>>,
}

/// What became of a request.
pub(super) enum Outcome {
    /// It is judged; cosignature lines where it was cosigned, else empty.
    Judged(Verdict, String),
    /// The disk failed.
    Failed,
}

/// A witness that serves.
pub(super) struct Witness {
    disk: Local,
    keys: Vec<SigningKey>,
    logs: BTreeMap<String, Log>,
    evidence: Mutex<Evidence>,
    failed: watch::Sender<Option<String>>,
    /// Released with the process.
    _lock: File,
}

impl Witness {
    pub fn open(options: WitnessOptions) -> Result<Self, WitnessError> {
        let WitnessOptions { dir, keys, logs } = options;
        if keys.is_empty() {
            return Err(WitnessError::NoKey);
        }
        if let Some(key) = keys.iter().find(|key| !key.verifier().kind().is_timed()) {
            return Err(WitnessError::Kind(key.verifier().name().to_owned()));
        }
        let disk = Local::new(&dir);
        disk.create_dir(STATE)?;
        // A name whose directory is lost is lost with it.
        let parent = std::path::absolute(&dir)?;
        File::open(parent.parent().unwrap_or(&parent))?.sync_all()?;
        let lock = File::create(dir.join(LOCK))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => WitnessError::Locked,
            TryLockError::Error(error) => WitnessError::Io(error),
        })?;
        for name in disk.list(STATE)?.iter().filter(|name| is_unfinished(name)) {
            disk.remove(&join(STATE, name))?;
        }
        let mut by_origin: BTreeMap<String, Vec<VerifierKey>> = BTreeMap::new();
        for key in logs {
            by_origin
                .entry(key.name().to_owned())
                .or_default()
                .push(key);
        }
        let own: Vec<_> = keys.iter().map(|key| key.verifier().clone()).collect();
        let mut logs = BTreeMap::new();
        for (origin, keys) in by_origin {
            let latest = Mutex::new(read(&disk, &origin, &[&keys[..], &own].concat())?);
            logs.insert(origin, Log { keys, latest });
        }
        let evidence = Evidence::open(&disk)?;
        disk.sync_dir("")?;
        Ok(Self {
            evidence: Mutex::new(evidence),
            disk,
            keys,
            logs,
            failed: watch::Sender::new(None),
            _lock: lock,
        })
    }

    pub fn logs(&self) -> usize {
        self.logs.len()
    }

    /// Returns once the disk has failed, with the reason.
    pub async fn failed(&self) -> String {
        let mut failed = self.failed.subscribe();
        let why = failed.wait_for(Option::is_some).await;
        why.map_or_else(|_| String::new(), |why| why.clone().unwrap_or_default())
    }

    /// Judges a request that came as `bytes` at `time`, in POSIX seconds, and keeps what follows
    /// from it. Blocks on the disk.
    pub fn add(&self, request: &AddCheckpoint, bytes: &[u8], time: u64) -> Outcome {
        if self.failed.borrow().is_some() {
            return Outcome::Failed;
        }
        let origin = request.checkpoint().map(|checkpoint| checkpoint.origin);
        let Some(log) = origin.ok().and_then(|origin| self.logs.get(&origin)) else {
            return Outcome::Judged(judge(&[], None, request), String::new());
        };
        let mut latest = held(&log.latest);
        let verdict = judge(&log.keys, latest.as_ref().map(|kept| kept.head), request);
        let done = match &verdict {
            Verdict::Cosign(checkpoint) => self.cosign(log, &mut latest, checkpoint, request, time),
            other => {
                let shows = contradicts(other, latest.as_ref(), request);
                let known = latest.as_ref().map(|kept| kept.note.to_bytes());
                drop(latest);
                shows.map_or(Ok(String::new()), |shows| {
                    let piece = Piece {
                        shows,
                        time,
                        known: known.as_deref().unwrap_or_default(),
                        text: &request.note.text,
                        request: bytes,
                    };
                    tracing::warn!(?shows, text = request.note.text, "evidence against a log");
                    held(&self.evidence).keep(&self.disk, &piece)?;
                    Ok(String::new())
                })
            }
        };
        match done {
            Ok(lines) => Outcome::Judged(verdict, lines),
            Err(error) => {
                tracing::error!(%error, "the witness stops");
                self.failed.send_replace(Some(error.to_string()));
                Outcome::Failed
            }
        }
    }

    /// Cosigns with every key; gives the lines once the checkpoint is on the disk.
    fn cosign(
        &self,
        log: &Log,
        latest: &mut Option<Kept>,
        checkpoint: &Checkpoint,
        request: &AddCheckpoint,
        time: u64,
    ) -> io::Result<String> {
        let text = &request.note.text;
        let cosigned = self.keys.iter().map(|key| key.cosign(text, time));
        let lines: Vec<_> = cosigned
            .collect::<Result<_, _>>()
            .map_err(io::Error::other)?;
        let answer = lines.iter().map(ToString::to_string).collect();
        let head = checkpoint.head;
        if latest.as_ref().is_some_and(|kept| kept.head == head) {
            return Ok(answer);
        }
        let mut note = request.note.clone();
        note.signatures
            .retain(|line| log.keys.iter().any(|key| key.made(line)));
        note.append(lines).map_err(io::Error::other)?;
        let name = file_name(&checkpoint.origin);
        replace_file(&self.disk, STATE, &name, &note.to_bytes())?;
        *latest = Some(Kept { head, note });
        Ok(answer)
    }

    /// What anyone may know, a fact a line.
    pub fn facts(&self) -> String {
        let mut facts = String::from("A witness of transparency logs: POST /add-checkpoint\n");
        let mut add = |line: String| facts.extend([&line, "\n"]);
        for key in &self.keys {
            add(format!("key {}", key.verifier()));
        }
        for (origin, log) in &self.logs {
            add(match &*held(&log.latest) {
                Some(Kept { head, .. }) => {
                    format!("log {origin}\n  size {}\n  root {}", head.size, head.root)
                }
                None => format!("log {origin}\n  size 0"),
            });
        }
        add(format!("evidence {}", held(&self.evidence).count()));
        facts
    }
}

/// What a refused request shows against the log, if anything: whoever signs two roots of one size
/// does so whether or not the request's old size is the right one.
fn contradicts(verdict: &Verdict, latest: Option<&Kept>, request: &AddCheckpoint) -> Option<Shows> {
    match verdict {
        Verdict::Fork => Some(Shows::Fork),
        Verdict::Inconsistent(_) => Some(Shows::Inconsistent),
        Verdict::Stale(_) => {
            let new = request.checkpoint().ok()?.head;
            let known = latest?.head;
            (known.size == new.size && known.root != new.root).then_some(Shows::Fork)
        }
        _ => None,
    }
}

fn held<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn file_name(origin: &str) -> String {
    hex(&Sha256::digest(origin))
}

/// What was cosigned last of a log. `keys` are those of the log and of the witness: one of them at
/// least signed it, and none of their signatures is wrong.
fn read(disk: &Local, origin: &str, keys: &[VerifierKey]) -> Result<Option<Kept>, WitnessError> {
    let path = join(STATE, &file_name(origin));
    let bytes = match read_file(disk, &path, MAX_NOTE as u64) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes?,
    };
    let damaged = |what: String| WitnessError::Damaged {
        path: path.clone(),
        what,
    };
    let note = Note::parse(&bytes).map_err(|e| damaged(e.to_string()))?;
    let checkpoint = Checkpoint::parse_lenient(&note.text);
    let (checkpoint, _) = checkpoint.map_err(|e| damaged(e.to_string()))?;
    if checkpoint.origin != origin {
        let is = checkpoint.origin;
        return Err(damaged(format!("it is of {is}, not of {origin}")));
    }
    note.verify(keys).map_err(|e| damaged(e.to_string()))?;
    let head = checkpoint.head;
    Ok(Some(Kept { head, note }))
}
