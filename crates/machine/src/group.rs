//! What was decided in the group of batches that is not on disk yet.

use crate::index::Key;
use crate::past::{Outcome, Past};

/// Transfers by id, forgotten at once at the end of a group.
///
/// An entry of the table is 24 bits of generation, 16 bits of the hash and 24 bits of an index
/// into `decided`. An entry of another generation is free, so that the next generation is all it
/// takes to clear the table.
pub(crate) struct Group {
    table: Vec<u64>,
    decided: Vec<Past>,
    generation: u64,
    /// Timestamps of the failures, expiries and declarations, rising.
    stamps: Vec<u64>,
}

const GENERATION_BITS: u32 = 24;
const INDEX_BITS: u32 = 24;
const FIRST_TABLE: usize = 1 << 10;

impl Group {
    pub(crate) fn new() -> Self {
        Self {
            table: vec![0; FIRST_TABLE],
            decided: Vec::new(),
            generation: 1,
            stamps: Vec::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.decided.clear();
        self.stamps.clear();
        self.generation += 1;
        if self.generation >> GENERATION_BITS != 0 {
            self.table.fill(0);
            self.generation = 1;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.decided.len()
    }

    #[inline]
    pub(crate) fn get(&self, hash: u64, id: u128) -> Option<&Past> {
        self.find(hash, id).map(|index| &self.decided[index])
    }

    #[inline]
    pub(crate) fn find(&self, hash: u64, id: u128) -> Option<usize> {
        let want = self.entry(hash, 0) >> INDEX_BITS;
        let mut at = self.home(hash);
        loop {
            let entry = self.table[at];
            if entry >> (64 - GENERATION_BITS) != self.generation {
                return None;
            }
            let index = (entry & ((1 << INDEX_BITS) - 1)) as usize;
            if entry >> INDEX_BITS == want && self.decided[index].id() == id {
                return Some(index);
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }

    /// Adds what was decided under an id that is not in yet.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u64, key: Key, past: Past) {
        if (self.decided.len() + 1) * 2 > self.table.len() {
            self.grow(key);
        }
        let index = self.decided.len();
        self.decided.push(past);
        self.place(hash, index);
    }

    /// Says how the pending transfer at `index` ended, and returns what was said before.
    pub(crate) fn set_outcome(&mut self, index: usize, ended: Option<Outcome>) -> Option<Outcome> {
        match &mut self.decided[index] {
            Past::Created { outcome, .. } => std::mem::replace(outcome, ended),
            Past::Failed(_) => unreachable!("what failed was never pending"),
        }
    }

    /// Forgets what was added after there were `len`, the last one first: an entry that was added
    /// later never stands in the way of an earlier one.
    pub(crate) fn rewind(&mut self, len: usize, key: Key) {
        while self.decided.len() > len {
            let index = self.decided.len() - 1;
            let hash = key.hash(self.decided[index].id());
            let gone = self.entry(hash, index);
            let mut at = self.home(hash);
            while self.table[at] != gone {
                at = (at + 1) & (self.table.len() - 1);
            }
            self.table[at] = 0;
            self.decided.pop();
        }
    }

    /// Notes the timestamp of a failure, an expiry or a declaration.
    pub(crate) fn stamp(&mut self, timestamp: u64) {
        self.stamps.push(timestamp);
    }

    /// Whether a failure, an expiry or a declaration of this group has this timestamp.
    pub(crate) fn has_stamp(&self, timestamp: u64) -> bool {
        self.stamps.binary_search(&timestamp).is_ok()
    }

    /// Whether a transfer of this group has this timestamp.
    pub(crate) fn has_transfer_at(&self, timestamp: u64) -> bool {
        let mut decided = self.decided.iter();
        decided.any(|past| matches!(past, Past::Created { transfer, .. } if transfer.timestamp == timestamp))
    }

    fn grow(&mut self, key: Key) {
        assert!(
            self.decided.len() < 1 << (INDEX_BITS - 1),
            "groups are small"
        );
        self.table = vec![0; self.table.len() * 2];
        for index in 0..self.decided.len() {
            self.place(key.hash(self.decided[index].id()), index);
        }
    }

    #[inline]
    fn place(&mut self, hash: u64, index: usize) {
        let mut at = self.home(hash);
        while self.table[at] >> (64 - GENERATION_BITS) == self.generation {
            at = (at + 1) & (self.table.len() - 1);
        }
        self.table[at] = self.entry(hash, index);
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        hash as usize & (self.table.len() - 1)
    }

    #[inline]
    fn entry(&self, hash: u64, index: usize) -> u64 {
        self.generation << (64 - GENERATION_BITS) | hash >> 48 << INDEX_BITS | index as u64
    }
}
