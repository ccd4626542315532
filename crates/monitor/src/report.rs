//! What a check found.

use std::fmt;

use merkle::Hash;

use crate::State;

/// What is wrong, by a stable code.
///
/// | kind | the log | the state afterwards |
/// |---|---|---|
/// | [`Rollback`](Kind::Rollback), [`Fork`](Kind::Fork) | contradicts what it signed | as before |
/// | [`BadSignature`](Kind::BadSignature) to [`Malformed`](Kind::Malformed) | gives no checkpoint to go by | as before |
/// | [`BadTile`](Kind::BadTile), [`BadEntry`](Kind::BadEntry), [`OutOfOrder`](Kind::OutOfOrder), [`Unavailable`](Kind::Unavailable) | does not show what it signed | as far as all was right |
/// | [`CountsFall`](Kind::CountsFall) | counts fewer demands, disclosures or looks than before | as far as all was right |
/// | [`RegisterUnserved`](Kind::RegisterUnserved) to [`EntryDiffers`](Kind::EntryDiffers) | does not show what it counts of demands for data, or shows what must not be | moves on, but for the register |
/// | [`SealOverdue`](Kind::SealOverdue) | keeps secret what was to be opened | moves on |
/// | [`Late`](Kind::Late), [`Future`](Kind::Future) | shows it at the wrong time | moves on |
///
/// So each is found again by the next check, for as long as its cause lasts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// The checkpoint is of a smaller tree than one that was seen before.
    Rollback,
    /// Two checkpoints of the log are of trees of which neither continues the other.
    Fork,
    /// A signature of a known key is wrong.
    BadSignature,
    /// No known key of the log signed the checkpoint.
    NotSigned,
    /// The cosignatures do not reach the quorum of the policy.
    Quorum,
    /// The policy does not know a log of that origin, or it is not the one that was followed.
    UnknownLog,
    /// What stands in place of a checkpoint is none.
    Malformed,
    /// A tile is not that of the tree that was signed.
    BadTile,
    /// An entry is not the one that was signed, or was signed and is no outer leaf.
    BadEntry,
    /// An outer leaf does not follow the one before it.
    OutOfOrder,
    /// An outer leaf counts fewer demands, disclosures or looks than the one before it.
    CountsFall,
    /// The outer leaves count demands or disclosures, and the register of them is not served.
    RegisterUnserved,
    /// A serial is missing in the register, or has no receipt that holds.
    SerialGap,
    /// A demand does not say as many disclosures as name it: a release that no record covers.
    ReleaseUncovered,
    /// A disclosure is by no demand, or not within the scope of its demand.
    DisclosureUnfounded,
    /// The public lines of a demand are not those that its record commits to.
    EntryDiffers,
    /// A demand was to be opened by now, and is not.
    SealOverdue,
    /// Nothing new came for longer than the limit.
    Late,
    /// A time lies in the future.
    Future,
    /// What the checkpoint promises cannot be had.
    Unavailable,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 20] = [
        Kind::Rollback,
        Kind::Fork,
        Kind::BadSignature,
        Kind::NotSigned,
        Kind::Quorum,
        Kind::UnknownLog,
        Kind::Malformed,
        Kind::BadTile,
        Kind::BadEntry,
        Kind::OutOfOrder,
        Kind::CountsFall,
        Kind::RegisterUnserved,
        Kind::SerialGap,
        Kind::ReleaseUncovered,
        Kind::DisclosureUnfounded,
        Kind::EntryDiffers,
        Kind::SealOverdue,
        Kind::Late,
        Kind::Future,
        Kind::Unavailable,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Kind::Rollback => "rollback",
            Kind::Fork => "fork",
            Kind::BadSignature => "bad_signature",
            Kind::NotSigned => "not_signed",
            Kind::Quorum => "quorum",
            Kind::UnknownLog => "unknown_log",
            Kind::Malformed => "malformed",
            Kind::BadTile => "bad_tile",
            Kind::BadEntry => "bad_entry",
            Kind::OutOfOrder => "out_of_order",
            Kind::CountsFall => "counts_fall",
            Kind::RegisterUnserved => "register_unserved",
            Kind::SerialGap => "serial_gap",
            Kind::ReleaseUncovered => "release_uncovered",
            Kind::DisclosureUnfounded => "disclosure_unfounded",
            Kind::EntryDiffers => "entry_differs",
            Kind::SealOverdue => "seal_overdue",
            Kind::Late => "late",
            Kind::Future => "future",
            Kind::Unavailable => "unavailable",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What shows a rollback or a fork to anybody.
///
/// For a fork, `root` and `path` make the two notes a proof: with `root` in place of that of the
/// smaller checkpoint, [`merkle::verify_consistency`] accepts the path to the larger one. So the
/// larger tree begins with other leaves than those that were signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// The note that was known before, or the smaller of two that are served.
    pub known: Vec<u8>,
    /// The note that contradicts it.
    pub seen: Vec<u8>,
    /// Root over as many leaves as `known` counts, in the tree of `seen`; none for a rollback.
    pub root: Option<Hash>,
    /// The proof of consistency from there; empty if both sizes are the same.
    pub path: Vec<Hash>,
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// A sentence that names the size, entry, tile or time.
    pub what: String,
    /// Both notes, of a rollback or a fork.
    pub evidence: Option<Box<Evidence>>,
}

impl Finding {
    pub(crate) fn new(kind: Kind, what: impl Into<String>) -> Finding {
        Finding {
            kind,
            what: what.into(),
            evidence: None,
        }
    }

    pub(crate) fn with(self, evidence: Evidence) -> Finding {
        let evidence = Some(Box::new(evidence));
        Finding { evidence, ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.what)
    }
}

impl std::error::Error for Finding {}

/// A witness of the policy that cosigned the checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cosigned {
    /// What the policy calls it.
    pub name: String,
    /// When it did, as it says, in POSIX seconds.
    pub time: u64,
}

/// What a check saw and found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// The log: as its checkpoint says, or else as it was followed before.
    pub origin: Option<String>,
    /// Entries that the checkpoint counts, if it is one to go by.
    pub size: Option<u64>,
    /// The root of that checkpoint.
    pub root: Option<Hash>,
    /// Entries that the checkpoint before counted.
    pub old_size: Option<u64>,
    /// Entries that this check read and found to be right.
    pub entries_checked: u64,
    /// Tiles of hashes and bundles of entries that this check fetched.
    pub tiles_fetched: u64,
    /// Bytes of all that this check fetched.
    pub bytes_fetched: u64,
    /// Witnesses that cosigned the checkpoint, in the order of their lines.
    pub witnesses: Vec<Cosigned>,
    /// What is wrong; empty if nothing is.
    pub findings: Vec<Finding>,
    /// What to remember for the next check; see [`Kind`] for how far it goes.
    pub state: Option<State>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}
