//! Checkpoints: the log's head, signed, cosigned, published.
//!
//! ```text
//! a commit -> signed and kept (file `checkpoint`) -> witnesses are asked -> served
//! ```
//!
//! A checkpoint is signed at most [`PERIOD`] after a commit and kept on the disk before anyone
//! sees it: a log never signs two heads that contradict each other, so a start that finds less
//! than was signed stops. It is served once the policy's quorum of witnesses has cosigned it, or
//! when they have had [`PATIENCE`] periods for it. The newest one with a quorum is kept as well
//! (file `witnessed`): receipts rest on it wherever it covers their batch.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use merkle::checkpoint::Checkpoint;
use merkle::key::SigningKey;
use merkle::note::{Note, SignatureLine};
use merkle::policy::Policy;
use merkle::tile::head_at;
use store::StoreError;
use store::disk::{Disk, read_file, replace_file};
use store::tree::Tree;
use tokio::sync::watch;

use crate::shared::Shared;

/// How often the publisher looks whether there is something to sign.
const PERIOD: Duration = Duration::from_millis(250);

/// Periods that witnesses are waited for.
const PATIENCE: u32 = 2;

/// The file with the newest checkpoint that was signed.
pub(crate) const SIGNED: &str = "checkpoint";

/// The file with the newest checkpoint that a quorum of witnesses has cosigned.
pub(crate) const WITNESSED: &str = "witnessed";

const NOTE_BYTES: u64 = 256 << 10;

/// How checkpoints are signed and by whom they are to be cosigned.
#[derive(Debug)]
pub struct Signing {
    keys: Vec<SigningKey>,
    policy: Option<Policy>,
}

/// Why keys cannot sign a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigningError {
    /// There is no key.
    NoKey,
    /// A key is of a kind that cosigns.
    Kind(String),
    /// Two keys have other names: the name of a log's keys is its origin.
    Names(String, String),
}

impl std::fmt::Display for SigningError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoKey => write!(f, "a log is signed with at least one key"),
            Self::Kind(name) => write!(f, "the key {name} is one of a witness, not of a log"),
            Self::Names(one, other) => write!(
                f,
                "the keys of a log have its origin as their name: {one} and {other} differ"
            ),
        }
    }
}

impl std::error::Error for SigningError {}

impl Signing {
    /// Signs with every one of `keys`: while an old and a new key overlap, both sign. `policy`
    /// says which cosignatures make a quorum.
    pub fn new(keys: Vec<SigningKey>, policy: Option<Policy>) -> Result<Self, SigningError> {
        let first = keys.first().ok_or(SigningError::NoKey)?.verifier();
        for key in keys.iter().map(SigningKey::verifier) {
            if key.kind().is_timed() {
                return Err(SigningError::Kind(key.name().to_owned()));
            }
            if key.name() != first.name() {
                let (one, other) = (first.name().to_owned(), key.name().to_owned());
                return Err(SigningError::Names(one, other));
            }
        }
        Ok(Self { keys, policy })
    }

    /// The origin line of the log's checkpoints: the name of its keys.
    pub fn origin(&self) -> &str {
        self.keys[0].verifier().name()
    }

    /// The keys, the newest first as they were given.
    pub fn keys(&self) -> &[SigningKey] {
        &self.keys
    }

    /// Which cosignatures make a quorum.
    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    fn asks_witnesses(&self) -> bool {
        let policy = self.policy.as_ref();
        policy.is_some_and(|policy| !policy.witnesses().is_empty())
    }

    /// Whether a quorum of witnesses, and not none, has cosigned the note.
    fn is_witnessed(&self, note: &Note) -> bool {
        let Some(policy) = &self.policy else {
            return false;
        };
        let cosigned = |witness: usize| {
            let key = &policy.witnesses()[witness].key;
            let mut lines = note.signatures.iter().filter(|line| key.made(line));
            lines.any(|line| key.verify(&note.text, &line.bytes).is_ok())
        };
        policy.quorum().is_some() && policy.is_met(cosigned)
    }
}

/// A signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Batches that it covers.
    pub size: u64,
    /// The checkpoint with its signatures.
    pub note: Note,
}

/// The checkpoints of the log as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoints {
    /// Signed, and waiting for its witnesses.
    pub waiting: Option<Signed>,
    /// The newest one that is served.
    pub latest: Option<Signed>,
    /// The newest one that a quorum has cosigned.
    pub witnessed: Option<Signed>,
}

impl Checkpoints {
    /// The best that covers batch `number`: one that is witnessed, else the latest.
    pub fn covering(&self, number: u64) -> Option<&Signed> {
        let covers = |signed: &&Signed| signed.size > number;
        let witnessed = self.witnessed.as_ref().filter(covers);
        witnessed.or_else(|| self.latest.as_ref().filter(covers))
    }
}

/// Signs, keeps and publishes; shared by its thread and whoever asks the witnesses.
pub(crate) struct Publisher {
    pub(crate) signing: Arc<Signing>,
    disk: Arc<dyn Disk>,
    shared: Arc<Shared>,
    tree: Arc<Tree>,
    sender: watch::Sender<Checkpoints>,
    /// One change at a time; how many periods the waiting one has waited.
    waited: Mutex<u32>,
}

impl Publisher {
    pub(crate) fn new(
        signing: Arc<Signing>,
        disk: Arc<dyn Disk>,
        shared: Arc<Shared>,
        tree: Arc<Tree>,
    ) -> Result<Self, StoreError> {
        let own = |signed: &Signed| {
            let checkpoint = Checkpoint::parse(&signed.note.text);
            checkpoint.is_ok_and(|checkpoint| checkpoint.origin == signing.origin())
        };
        // What another origin signed is another log's word: this one begins anew with its own.
        let kept = Checkpoints {
            waiting: None,
            latest: read(&*disk, SIGNED)?.filter(own),
            witnessed: read(&*disk, WITNESSED)?.filter(own),
        };
        Ok(Self {
            signing,
            disk,
            shared,
            tree,
            sender: watch::Sender::new(kept),
            waited: Mutex::new(0),
        })
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Checkpoints> {
        self.sender.subscribe()
    }

    /// Publishes until the committer has ended, and then the end of the log.
    pub(crate) fn run(&self, committer: &Receiver<()>) {
        loop {
            let ended = committer.recv_timeout(PERIOD) != Err(RecvTimeoutError::Timeout);
            if self.shared.failure().is_some() {
                return;
            }
            if let Err(error) = self.tick(ended) {
                return self.shared.fail(&format!("the checkpoint: {error}"));
            }
            if ended {
                return;
            }
        }
    }

    fn tick(&self, ended: bool) -> Result<(), StoreError> {
        let mut waited = self.waited.lock().unwrap_or_else(PoisonError::into_inner);
        let mut now = self.sender.borrow().clone();
        let before = now.clone();
        if now.waiting.is_some() {
            *waited += 1;
            if ended || *waited >= PATIENCE {
                now.latest = now.waiting.take();
            }
        }
        let size = self.shared.durable().batches;
        if now.waiting.is_none() && now.latest.as_ref().is_none_or(|latest| latest.size < size) {
            let signed = self.sign(size)?;
            *waited = 0;
            if ended || !self.signing.asks_witnesses() {
                now.latest = Some(signed);
            } else {
                now.waiting = Some(signed);
            }
        }
        if now != before {
            self.sender.send_replace(now);
        }
        Ok(())
    }

    /// Signs the head of the first `size` batches, and keeps it before anyone sees it.
    fn sign(&self, size: u64) -> Result<Signed, StoreError> {
        let head = head_at(&*self.tree, size)?;
        let checkpoint = Checkpoint {
            origin: self.signing.origin().to_owned(),
            head,
        };
        let note = checkpoint
            .sign(&self.signing.keys)
            .map_err(|e| StoreError::damaged(SIGNED, 0, &e.to_string()))?;
        let signed = Signed { size, note };
        self.keep(SIGNED, &signed)?;
        Ok(signed)
    }

    fn keep(&self, name: &str, signed: &Signed) -> Result<(), StoreError> {
        let bytes = signed.note.to_bytes();
        replace_file(&*self.disk, "", name, &bytes).map_err(|e| StoreError::io("write", name, e))
    }

    /// Adds what a witness answered to the checkpoint of `size` batches, where it is still the
    /// waiting or the latest one. Signatures that do not hold, or of others than the policy's
    /// witnesses, are left out.
    pub(crate) fn cosign(&self, size: u64, lines: Vec<SignatureLine>) -> Result<(), StoreError> {
        let _waited = self.waited.lock().unwrap_or_else(PoisonError::into_inner);
        let mut now = self.sender.borrow().clone();
        let is_it = |signed: &&mut Signed| signed.size == size;
        let waiting = now.waiting.as_mut().filter(is_it);
        let Some(signed) = waiting.or_else(|| now.latest.as_mut().filter(is_it)) else {
            return Ok(());
        };
        let witnesses = self.signing.policy.as_ref().map(Policy::witnesses);
        let holds = |line: &SignatureLine| {
            let mut known = witnesses.unwrap_or_default().iter();
            known.any(|witness| {
                witness.key.made(line) && witness.key.verify(&signed.note.text, &line.bytes).is_ok()
            })
        };
        let good: Vec<_> = lines.into_iter().filter(holds).collect();
        if signed.note.append(good).is_err() {
            // More signatures than a note may have: it is as good without these.
            return Ok(());
        }
        let signed = signed.clone();
        if self.signing.is_witnessed(&signed.note) {
            self.keep(WITNESSED, &signed)?;
            if now
                .waiting
                .as_ref()
                .is_some_and(|waiting| waiting.size == size)
            {
                now.latest = now.waiting.take();
            }
            now.witnessed = Some(signed);
        }
        self.sender.send_replace(now);
        Ok(())
    }
}

/// Reads a kept checkpoint.
pub(crate) fn read(disk: &dyn Disk, name: &str) -> Result<Option<Signed>, StoreError> {
    let bytes = match read_file(disk, name, NOTE_BYTES) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(|e| StoreError::io("read", name, e))?,
    };
    let damaged = |what: &str| StoreError::damaged(name, 0, what);
    let note = Note::parse(&bytes).map_err(|e| damaged(&e.to_string()))?;
    let checkpoint = Checkpoint::parse(&note.text).map_err(|e| damaged(&e.to_string()))?;
    let size = checkpoint.head.size;
    Ok(Some(Signed { size, note }))
}

/// Whether the log is still the one whose heads were signed: it may have grown, and nothing else.
pub(crate) fn check_kept(disk: &dyn Disk, tree: &Tree, batches: u64) -> Result<(), StoreError> {
    for name in [SIGNED, WITNESSED] {
        let Some(signed) = read(disk, name)? else {
            continue;
        };
        if let Some(what) = contradiction(&signed, tree, batches)? {
            return Err(StoreError::damaged(name, 0, &what));
        }
    }
    Ok(())
}

/// How the log contradicts a checkpoint that was signed, if it does.
pub(crate) fn contradiction(
    signed: &Signed,
    tree: &Tree,
    batches: u64,
) -> Result<Option<String>, StoreError> {
    let size = signed.size;
    if size > batches {
        let what = format!("{size} batches were signed, the log has {batches}");
        return Ok(Some(what));
    }
    let head = head_at(tree, size)?;
    let same = Checkpoint::parse(&signed.note.text).is_ok_and(|signed| signed.head == head);
    let what = || format!("the log's first {size} batches are not those that were signed");
    Ok((!same).then(what))
}
