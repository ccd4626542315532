//! Look-up of history on disk: sorted runs of derived data over the log.
//!
//! The log is the truth; everything here can be rebuilt by replaying it. A record has a position
//! `at`, its byte offset in the log, which rises with time. An [`Entry`] is a key and a position,
//! in one of six [`Tree`]s. Entries of the newest records stand in memory (the *tail*), those of
//! all earlier ones in *runs*, files of sorted entries:
//!
//! ```text
//!  append -> open tail --seal--> frozen tails --builder--> runs of level 0 --merger--> level 1, ..
//!            (memory)            (memory)                  (disk)
//! ```
//!
//! Every run covers a contiguous range of the log; the ranges of the live runs, oldest first, and
//! of the tails after them leave no gap and do not overlap. So `at`s in order come from the runs
//! in order, and no look-up ever merges. When a level has [`FAN`] runs, the merger makes one run
//! of the next level of them; the number of runs grows with the logarithm of history.
//!
//! What is true if we die: a run not yet in the manifest is removed at the next opening, and the
//! caller replays the log from [`Index::covered`]. Nothing here needs recovery of its own.
//!
//! Reading order: `run` (the format), `block`, `filter`, `write`, `scan`, `merge`, `manifest`,
//! `tail`, `live` (who may see what, when), `background` (the two threads), `probe`, `fresh`.

mod background;
mod block;
mod cursor;
mod error;
mod filter;
mod find;
mod fresh;
mod hash;
mod live;
mod manifest;
mod merge;
mod probe;
mod run;
mod scan;
mod sort;
mod tail;
#[cfg(test)]
mod tests;
mod write;

pub use error::IndexError;
pub use find::Order;
pub use fresh::Fresh;
pub use hash::IdHash;
pub use live::{Index, Options};
pub use scan::{Entries, RunView};

/// The directory of the index, below that of the books.
pub const DIR: &str = "index";
/// How many runs of one level become one of the next.
pub const FAN: usize = 8;

/// A key and the position in the log of a record that has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// What is looked for: a hash, an account slot or a timestamp, as [`Tree`] says.
    pub key: u64,
    /// The record's byte offset in the log.
    pub at: u64,
}

/// What an entry's key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tree {
    /// [`IdHash`] of a transfer's id. Records of several transfers may share one.
    Id = 0,
    /// The slot of the debit or the credit account.
    Account = 1,
    /// A hash of `user_data_128`, where it is not 0.
    UserData128 = 2,
    /// `user_data_64`, where it is not 0.
    UserData64 = 3,
    /// `user_data_32`, where it is not 0.
    UserData32 = 4,
    /// The timestamp in nanoseconds of the first record of a frame; `at` is the frame's.
    Time = 5,
}

impl Tree {
    /// How many there are.
    pub const COUNT: usize = 6;
    /// All of them, in the order in which they stand in a run.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Id,
        Self::Account,
        Self::UserData128,
        Self::UserData64,
        Self::UserData32,
        Self::Time,
    ];

    /// The tree's number: its place in [`Tree::ALL`] and in the files.
    pub const fn number(self) -> usize {
        self as usize
    }

    /// The tree's name in errors and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Account => "account",
            Self::UserData128 => "user_data_128",
            Self::UserData64 => "user_data_64",
            Self::UserData32 => "user_data_32",
            Self::Time => "time",
        }
    }
}

/// What one committed batch adds to the index. Meant to be kept and refilled.
#[derive(Clone, Debug, Default)]
pub struct Additions {
    /// The entries of each tree, by [`Tree::number`], in rising `at`.
    pub entries: [Vec<Entry>; Tree::COUNT],
    /// The least and the greatest transfer id among the entries of [`Tree::Id`].
    pub ids: Option<(u128, u128)>,
    /// Where the part of the log that this covers begins: where the one before ended.
    pub from: u64,
    /// Where it ends; every `at` is in `from..end`.
    pub end: u64,
    /// How many records it covers.
    pub records: u32,
}

impl Additions {
    /// Empties it to cover the log from `from` on; the memory is kept.
    pub fn clear(&mut self, from: u64) {
        self.entries.iter_mut().for_each(Vec::clear);
        self.ids = None;
        self.from = from;
        self.end = from;
        self.records = 0;
    }

    /// Enters a record at `at` under `key`.
    pub fn push(&mut self, tree: Tree, key: u64, at: u64) {
        self.entries[tree.number()].push(Entry { key, at });
    }

    /// Enters a record at `at` under the transfer `id`, whose hash is `hash`.
    pub fn push_id(&mut self, id: u128, hash: u64, at: u64) {
        self.push(Tree::Id, hash, at);
        self.ids = widen(self.ids, Some((id, id)));
    }
}

/// The least range around both.
fn widen(a: Option<(u128, u128)>, b: Option<(u128, u128)>) -> Option<(u128, u128)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}
