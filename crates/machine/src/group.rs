//! What was decided in the group of batches that is not on disk yet.

use std::collections::BTreeMap;

use model::{Deed, Object, Transfer};

use crate::index::Key;
use crate::past::{Known, Outcome};

/// Transfers by id, forgotten at once at the end of a group.
///
/// An entry of the table is 24 bits of generation, 16 bits of the hash and 24 bits of an index
/// into `decided`. An entry of another generation is free, so that the next generation is all it
/// takes to clear the table.
pub(crate) struct Group {
    table: Vec<u64>,
    /// Of one that failed there is the id alone.
    decided: Vec<Transfer>,
    /// Of each of `decided`.
    standings: Vec<Standing>,
    generation: u64,
    /// Timestamps of the failures, expiries and declarations, rising.
    stamps: Vec<u64>,
    /// Commands that were carried out, by id.
    deeds: BTreeMap<u128, Deed>,
    /// Objects that have ended, by kind and key.
    ended: BTreeMap<(u8, (u128, u128)), Object>,
}

#[derive(Clone, Copy)]
enum Standing {
    Failed,
    Created(Option<Outcome>),
}

const GENERATION_BITS: u32 = 24;
const INDEX_BITS: u32 = 24;
const FIRST_TABLE: usize = 1 << 10;

impl Group {
    pub(crate) fn new() -> Self {
        Self {
            table: vec![0; FIRST_TABLE],
            decided: Vec::new(),
            standings: Vec::new(),
            generation: 1,
            stamps: Vec::new(),
            deeds: BTreeMap::new(),
            ended: BTreeMap::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.decided.clear();
        self.standings.clear();
        self.stamps.clear();
        self.deeds.clear();
        self.ended.clear();
        self.generation += 1;
        if self.generation >> GENERATION_BITS != 0 {
            self.table.fill(0);
            self.generation = 1;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.decided.len()
    }

    /// Reads where `hash` belongs, so that a search right after finds it in the cache.
    #[inline]
    pub(crate) fn touch(&self, hash: u64) -> u64 {
        self.table[self.home(hash)]
    }

    #[inline]
    pub(crate) fn get(&self, hash: u64, id: u128) -> Option<Known<'_>> {
        let index = self.find(hash, id)?;
        Some(match self.standings[index] {
            Standing::Failed => Known::Failed,
            Standing::Created(outcome) => Known::Created(&self.decided[index], outcome),
        })
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
            if entry >> INDEX_BITS == want && self.decided[index].id == id {
                return Some(index);
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }

    /// Adds a copy of `event`, whose id is not in yet, as it was created.
    #[inline]
    pub(crate) fn create(&mut self, hash: u64, key: Key, event: &Transfer) -> &mut Transfer {
        let index = self.insert(hash, key, Standing::Created(None));
        self.decided.push(*event);
        &mut self.decided[index]
    }

    /// Adds an id that is not in yet as that of a transfer that failed.
    pub(crate) fn fail(&mut self, hash: u64, key: Key, id: u128) {
        self.insert(hash, key, Standing::Failed);
        self.decided.push(Transfer {
            id,
            ..Transfer::default()
        });
    }

    /// Adds a pending transfer of an earlier group as one that ended in this one.
    pub(crate) fn end(&mut self, hash: u64, key: Key, pending: &Transfer, outcome: Outcome) {
        self.insert(hash, key, Standing::Created(Some(outcome)));
        self.decided.push(*pending);
    }

    #[inline]
    fn insert(&mut self, hash: u64, key: Key, standing: Standing) -> usize {
        if (self.decided.len() + 1) * 2 > self.table.len() {
            self.grow(key);
        }
        let index = self.decided.len();
        self.standings.push(standing);
        self.place(hash, index);
        index
    }

    /// Says how the pending transfer at `index` ended, and returns what was said before.
    pub(crate) fn set_outcome(&mut self, index: usize, ended: Option<Outcome>) -> Option<Outcome> {
        match &mut self.standings[index] {
            Standing::Created(outcome) => std::mem::replace(outcome, ended),
            Standing::Failed => unreachable!("what failed was never pending"),
        }
    }

    /// Forgets what was added after there were `len`, the last one first: an entry that was added
    /// later never stands in the way of an earlier one.
    pub(crate) fn rewind(&mut self, len: usize, key: Key) {
        while self.decided.len() > len {
            let index = self.decided.len() - 1;
            let hash = key.hash(self.decided[index].id);
            let gone = self.entry(hash, index);
            let mut at = self.home(hash);
            while self.table[at] != gone {
                at = (at + 1) & (self.table.len() - 1);
            }
            self.table[at] = 0;
            self.decided.pop();
            self.standings.pop();
        }
    }

    /// Notes a command that was carried out.
    pub(crate) fn carried_out(&mut self, deed: Deed) {
        self.deeds.insert(deed.id, deed);
    }

    /// The command of this group with this id.
    pub(crate) fn deed(&self, id: u128) -> Option<&Deed> {
        self.deeds.get(&id)
    }

    /// The object of this kind and key, where it ended in this group.
    #[inline]
    pub(crate) fn ended(&self, kind: u8, key: (u128, u128)) -> Option<&Object> {
        if self.ended.is_empty() {
            return None;
        }
        self.ended.get(&(kind, key))
    }

    /// Says how an object ended, or that it has not.
    #[inline]
    pub(crate) fn set_ended(&mut self, kind: u8, key: (u128, u128), object: Option<&Object>) {
        if let Some(object) = object {
            self.ended.insert((kind, key), *object);
        } else if !self.ended.is_empty() {
            self.ended.remove(&(kind, key));
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
        decided.any(|transfer| transfer.timestamp == timestamp)
    }

    fn grow(&mut self, key: Key) {
        assert!(
            self.decided.len() < 1 << (INDEX_BITS - 1),
            "groups are small"
        );
        self.table = vec![0; self.table.len() * 2];
        for index in 0..self.decided.len() {
            self.place(key.hash(self.decided[index].id), index);
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
