//! Open business: the pending transfers that nothing has ended yet, and their timers.

use std::collections::BTreeMap;

use model::Transfer;

use crate::arena::Arena;
use crate::fact::Slots;
use crate::index::{Index, SHARDS};

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;

/// A pending transfer that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// As it was recorded.
    pub transfer: Transfer,
    /// Of its accounts.
    pub slots: Slots,
}

/// When a transfer expires by itself, in nanoseconds; `None` where it never does.
/// Saturates where it would be past the end of time.
#[inline]
pub(crate) fn deadline(transfer: &Transfer) -> Option<u64> {
    let timeout = u64::from(transfer.timeout) * SECOND;
    (timeout > 0).then(|| transfer.timestamp.saturating_add(timeout))
}

/// The open pending transfers by id, in the shards of their hash; and those with a timeout by
/// deadline and age.
pub(crate) struct Pendings {
    index: Index,
    slab: Arena<Pending>,
    free: Vec<u32>,
    timers: BTreeMap<(u64, u64), u32>,
}

impl Pendings {
    pub(crate) fn new() -> Self {
        Self {
            index: Index::new(),
            slab: Arena::new(),
            free: Vec::new(),
            timers: BTreeMap::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slab.len() - self.free.len()
    }

    #[inline]
    pub(crate) fn get(&self, hash: u64, id: u128) -> Option<&Pending> {
        if self.len() == 0 {
            return None;
        }
        Some(self.slab.get(self.find(hash, id)?))
    }

    #[inline]
    fn find(&self, hash: u64, id: u128) -> Option<u32> {
        let index = &self.index;
        index.find(hash, |place| self.slab.get(place).transfer.id == id)
    }

    /// Reads where `hash` belongs, so that a search right after finds it in the cache.
    #[inline]
    pub(crate) fn touch(&self, hash: u64) -> u64 {
        self.index.touch(hash)
    }

    /// The pending transfer whose entry looks like that of `hash`; whether it is, its id tells.
    #[inline]
    pub(crate) fn candidate(&self, hash: u64) -> Option<&Pending> {
        let place = self.index.find(hash, |_| true)?;
        Some(self.slab.get(place))
    }

    /// Adds a pending transfer, whose id is not in yet.
    pub(crate) fn insert(&mut self, hash: u64, pending: Pending) {
        let place = if let Some(place) = self.free.pop() {
            *self.slab.get_mut(place) = pending;
            place
        } else {
            self.slab.push(pending)
        };
        self.index.insert(hash, place);
        if let Some(deadline) = deadline(&pending.transfer) {
            let timer = (deadline, pending.transfer.timestamp);
            self.timers.insert(timer, place);
        }
    }

    /// Takes a pending transfer out.
    pub(crate) fn remove(&mut self, hash: u64, id: u128) -> Option<Pending> {
        let place = self.find(hash, id)?;
        let pending = *self.slab.get(place);
        self.index.remove(hash, place);
        self.free.push(place);
        if let Some(deadline) = deadline(&pending.transfer) {
            self.timers.remove(&(deadline, pending.transfer.timestamp));
        }
        Some(pending)
    }

    /// The earliest deadline, and what it ends.
    pub(crate) fn next(&self) -> Option<(u64, &Pending)> {
        let (&(deadline, _), &place) = self.timers.first_key_value()?;
        Some((deadline, self.slab.get(place)))
    }

    /// How many deadlines have come, `limit` at most.
    pub(crate) fn due(&self, now: u64, limit: usize) -> usize {
        self.timers.range(..=(now, u64::MAX)).take(limit).count()
    }

    /// The pending transfers of one shard, by id.
    pub(crate) fn shard(&self, shard: usize) -> Vec<&Pending> {
        let places = self.index.shard(shard);
        let mut all: Vec<_> = places.map(|place| self.slab.get(place)).collect();
        all.sort_unstable_by_key(|pending| pending.transfer.id);
        all
    }

    /// All of them, by id.
    pub(crate) fn all(&self) -> Vec<&Pending> {
        let shards = 0..SHARDS;
        let mut all: Vec<_> = shards.flat_map(|shard| self.shard(shard)).collect();
        all.sort_unstable_by_key(|pending| pending.transfer.id);
        all
    }
}
