//! The accounts: in slots by age, found by id.

use model::Account;

use crate::arena::Arena;
use crate::fact::Slots;
use crate::index::{Index, Key};

/// The slot number that means none.
pub(crate) const NO_SLOT: u32 = u32::MAX;

/// Accounts in slots in the order of their creation, which is that of their timestamps.
pub(crate) struct Accounts {
    key: Key,
    index: Index,
    slots: Arena<Account>,
}

impl Accounts {
    pub(crate) fn new(key: Key) -> Self {
        Self {
            key,
            index: Index::new(),
            slots: Arena::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    #[inline]
    pub(crate) fn at(&self, slot: u32) -> &Account {
        self.slots.get(slot)
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, slot: u32) -> &mut Account {
        self.slots.get_mut(slot)
    }

    /// The slots from `first` to before `end`, within one chunk of the arena.
    pub(crate) fn run(&self, first: usize, end: usize) -> &[Account] {
        self.slots.run(first, end)
    }

    pub(crate) fn find(&self, id: u128) -> Option<u32> {
        self.find_hashed(self.key.hash(id), id)
    }

    #[inline]
    pub(crate) fn find_hashed(&self, hash: u64, id: u128) -> Option<u32> {
        self.index.find(hash, |slot| self.slots.get(slot).id == id)
    }

    /// Opens an account under an id that is not in yet.
    pub(crate) fn push(&mut self, account: &Account) -> u32 {
        let slot = self.slots.push(*account);
        self.index.insert(self.key.hash(account.id), slot);
        slot
    }

    /// Fills a slot that was pushed blank, under an id that is not in yet.
    pub(crate) fn fill(&mut self, slot: u32, account: &Account) {
        *self.slots.get_mut(slot) = *account;
        self.index.insert(self.key.hash(account.id), slot);
    }

    /// Pushes a slot that [`Self::fill`] is going to fill.
    pub(crate) fn push_blank(&mut self) {
        self.slots.push(Account::default());
    }

    /// Takes back the accounts from slot `len` on.
    pub(crate) fn truncate(&mut self, len: usize) {
        for slot in (len..self.slots.len()).rev() {
            let slot = slot as u32;
            let hash = self.key.hash(self.slots.get(slot).id);
            self.index.remove(hash, slot);
        }
        self.slots.truncate(len);
    }

    /// Whether an account has this timestamp. They rise from slot to slot.
    pub(crate) fn has_time(&self, timestamp: u64) -> bool {
        let (mut low, mut high) = (0, self.slots.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.slots.get(middle as u32).timestamp < timestamp {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low < self.slots.len() && self.slots.get(low as u32).timestamp == timestamp
    }

    /// Brings the entries of `hashes` into the cache. The reads do not depend on each other, so
    /// the waits for memory overlap.
    #[inline]
    pub(crate) fn touch(&self, hashes: &[u64]) {
        let mut sum = 0;
        for &hash in hashes {
            sum ^= self.index.touch(hash);
        }
        std::hint::black_box(sum);
    }

    /// Brings both cache lines of the accounts in `slots` into the cache, all at once.
    #[inline]
    pub(crate) fn touch_slots(&self, slots: impl Iterator<Item = Slots>) {
        let mut sum = 0;
        for slots in slots {
            for slot in [slots.debit, slots.credit] {
                if slot != NO_SLOT {
                    let account = self.slots.get(slot);
                    sum ^= account.id as u64 ^ account.timestamp;
                }
            }
        }
        std::hint::black_box(sum);
    }

    /// The first slot whose entry looks like that of `hash`; whether it is, its id tells.
    #[inline]
    pub(crate) fn candidate(&self, hash: u64) -> u32 {
        self.index.find(hash, |_| true).unwrap_or(NO_SLOT)
    }

    /// The slot of `id`, given its candidate.
    #[inline]
    pub(crate) fn confirm(&self, candidate: u32, hash: u64, id: u128) -> u32 {
        if candidate == NO_SLOT || self.slots.get(candidate).id == id {
            return candidate;
        }
        self.find_hashed(hash, id).unwrap_or(NO_SLOT)
    }
}
