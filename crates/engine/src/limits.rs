//! How much of everything the books take at a time.

/// Requests that may wait for the writer.
pub const QUEUE_REQUESTS: usize = 4_096;

/// Requests in one group at most.
pub(crate) const GROUP_REQUESTS: usize = 4_096;

/// Records after which the tail of the index becomes a run.
pub(crate) const RECORDS_PER_TAIL: u64 = 1 << 18;

/// Tails that may wait to become runs before the writer holds back.
pub(crate) const TAILS_WAITING: u64 = 4;

/// Records between the beginnings of two snapshots, at least: a start replays about as many.
pub(crate) const RECORDS_BETWEEN: u64 = 1 << 21;

/// A snapshot with no more records behind it is as good as one of now.
pub(crate) const RECORDS_RECENT: u64 = 1 << 18;

/// Memory for the filters of the index, in bytes.
pub(crate) const FILTER_BYTES: u64 = 192 << 20;

/// Bytes of the log that are checked before a start answers; of a longer log the rest is checked
/// while it already does, and damage found then stops it.
pub const CHECKED_BYTES: u64 = 1 << 30;

/// Bytes at the end of the log that a start asks the page cache to hold.
pub(crate) const WARMED_BYTES: u64 = 1 << 30;

/// The newest statements for which balance proofs can be made; of older ones the lines are kept.
pub const STATEMENTS_WITH_PROOFS: u64 = 7;

/// Memory for the accounts of a statement on their way to their leaves, in bytes.
pub(crate) const SCATTER_BYTES: usize = 64 << 20;

/// Transfers of an account that are read at once for a balance of the past.
pub(crate) const PAST_PAGE: usize = 8_192;

/// Events in one answer at most.
pub const EVENTS: usize = 1_000;

/// Frames that are read for one answer at most.
pub(crate) const EVENT_FRAMES: usize = 64;

/// Bytes of frames after which no further one is read for the same answer.
pub(crate) const EVENT_BYTES: usize = 1 << 20;

/// Documents that are read at once at most.
pub const DOCUMENTS_READ: usize = 64;

/// Statements that are read at once at most.
pub const STATEMENTS_READ: u64 = 366;

/// Kinds that a filter names at most.
pub(crate) const EVENT_KINDS: usize = 64;

const _: () = assert!(
    RECORDS_PER_TAIL < RECORDS_BETWEEN,
    "a snapshot spans some tails"
);
