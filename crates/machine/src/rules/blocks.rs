//! Where tallies stand in memory: one block for each subject of each group, found by hash once.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::arena::Arena;
use crate::index::{Index, Key};

/// The space of parties, and of nobody in particular.
pub(super) const PARTY: u8 = 0;
/// The space of accounts, by slot.
pub(super) const ACCOUNTS: u8 = 1;

/// Window of a sum that nothing was counted in. Windows are numbered far below.
const ABSENT: u32 = u32::MAX;
/// Group of a block that was given back.
const NOBODY: u16 = u16::MAX;

type Words = [u32; 6];

/// What a block begins with: whose it is, and which group counts there.
#[derive(Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub(super) struct Head {
    /// A party, an account, two accounts, or nothing.
    subject: [u32; 4],
    group: u16,
    /// Of windows that roll: their number modulo the steps.
    pub(super) ring: u8,
    /// What `subject` is: [`PARTY`] or [`ACCOUNTS`].
    pub(super) space: u8,
    zero: u32,
}

/// What one tally counted in one window.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub(super) struct Sum {
    amounts: [u32; 4],
    pub(super) window: u32,
    pub(super) count: u32,
}

/// Blocks of a head and the sums of a group, 24 bytes each, and about 15 in the index. Where one
/// tally counts for a subject that is 63 bytes, where four do, 34 for each of them.
pub(super) struct Blocks {
    key: Key,
    index: Index,
    words: Arena<Words>,
    /// Blocks that were given back, by their length.
    free: Vec<Vec<u32>>,
}

impl Head {
    /// Of the block of a group for a subject in its space.
    #[inline]
    pub(super) const fn new((space, subject): (u8, u128), group: u16, ring: u8) -> Self {
        Self {
            subject: zerocopy::transmute!(subject),
            group,
            ring,
            space,
            zero: 0,
        }
    }

    #[inline]
    pub(super) fn subject(&self) -> u128 {
        zerocopy::transmute!(self.subject)
    }

    #[inline]
    pub(super) const fn group(&self) -> u16 {
        self.group
    }
}

impl Sum {
    #[inline]
    pub(super) fn new(window: u32, amounts: u128, count: u32) -> Self {
        Self {
            amounts: zerocopy::transmute!(amounts),
            window,
            count,
        }
    }

    /// Whether anything was ever counted in it.
    #[inline]
    pub(super) const fn is_there(&self) -> bool {
        self.window != ABSENT
    }

    /// Whether windows with this number can be.
    pub(super) const fn is_window(number: u32) -> bool {
        number <= i32::MAX as u32
    }

    #[inline]
    pub(super) fn amounts(&self) -> u128 {
        zerocopy::transmute!(self.amounts)
    }

    #[inline]
    pub(super) fn add(&mut self, amount: u128) {
        self.amounts = zerocopy::transmute!(self.amounts().saturating_add(amount));
        self.count = self.count.saturating_add(1);
    }

    /// A sum that has reached its end stays there.
    pub(super) fn take(&mut self, amount: u128, whole: bool) {
        if self.amounts() != u128::MAX {
            self.amounts = zerocopy::transmute!(self.amounts().saturating_sub(amount));
        }
        if whole && self.count != u32::MAX {
            self.count = self.count.saturating_sub(1);
        }
    }
}

impl Blocks {
    pub(super) const fn new(key: Key, index: Index) -> Self {
        Self {
            key,
            index,
            words: Arena::new(),
            free: Vec::new(),
        }
    }

    pub(super) const fn key(&self) -> Key {
        self.key
    }

    /// How many heads and sums there is room for.
    #[cfg(test)]
    pub(super) const fn len(&self) -> usize {
        self.words.len()
    }

    /// The shard is by the subject and its space alone: groups are numbered anew at each start, and
    /// shards of snapshots are not.
    #[inline]
    pub(super) fn hash(&self, head: &Head) -> u64 {
        let space = u128::from(head.space) << 96;
        let which = u64::from(head.group) << 8 | u64::from(head.ring);
        self.key.hash(head.subject() ^ space) ^ which.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 8
    }

    #[inline]
    pub(super) fn find(&self, hash: u64, head: &Head) -> Option<u32> {
        self.index.find(hash, |block| self.head(block) == head)
    }

    /// Whether the block at this place, if there is one, has this head.
    #[inline]
    pub(super) fn is(&self, block: u32, head: &Head) -> bool {
        (block as usize) < self.words.len() && self.head(block) == head
    }

    /// The head of a block, or, where the place is within one, something that is no head in use.
    #[inline]
    pub(super) fn head(&self, block: u32) -> &Head {
        zerocopy::transmute_ref!(self.words.get(block))
    }

    #[inline]
    pub(super) fn sum(&self, block: u32, member: usize) -> &Sum {
        zerocopy::transmute_ref!(self.words.get(block + 1 + member as u32))
    }

    #[inline]
    pub(super) fn sum_mut(&mut self, block: u32, member: usize) -> &mut Sum {
        zerocopy::transmute_mut!(self.words.get_mut(block + 1 + member as u32))
    }

    /// Makes a block of so many sums, of which none is there yet.
    pub(super) fn make(&mut self, hash: u64, head: &Head, sums: usize) -> u32 {
        let nothing = Sum::new(ABSENT, 0, 0);
        let free = self.free.get_mut(sums).and_then(Vec::pop);
        let block = if let Some(block) = free {
            *self.words.get_mut(block) = zerocopy::transmute!(*head);
            for member in 0..sums {
                *self.sum_mut(block, member) = nothing;
            }
            block
        } else {
            let block = self.words.push(zerocopy::transmute!(*head));
            for _ in 0..sums {
                self.words.push(zerocopy::transmute!(nothing));
            }
            block
        };
        self.index.insert(hash, block);
        block
    }

    /// Makes a sum be not there; where none is left in its block, gives the block back.
    pub(super) fn clear(&mut self, block: u32, member: usize, sums: usize) {
        self.sum_mut(block, member).window = ABSENT;
        if (0..sums).any(|member| self.sum(block, member).is_there()) {
            return;
        }
        let head = *self.head(block);
        self.index.remove(self.hash(&head), block);
        let nobody = Head {
            group: NOBODY,
            ..head
        };
        *self.words.get_mut(block) = zerocopy::transmute!(nobody);
        if self.free.len() <= sums {
            self.free.resize(sums + 1, Vec::new());
        }
        self.free[sums].push(block);
    }

    /// Reads where `hash` belongs, so that a search right after finds it in the cache.
    #[inline]
    pub(super) fn touch(&self, hash: u64) -> u64 {
        self.index.touch(hash)
    }

    /// Reads the first block whose entry looks like that of `hash`, into the cache.
    #[inline]
    pub(super) fn touch_candidate(&self, hash: u64, sums: usize) -> u64 {
        let block = self.index.find(hash, |_| true);
        block.map_or(0, |block| {
            let last = block + sums as u32;
            let ends = self.words.get(block)[0] ^ self.words.get(last)[5];
            u64::from(ends ^ self.words.get(block.midpoint(last))[0])
        })
    }

    /// The blocks of one shard, in no order that means anything.
    pub(super) fn shard(&self, shard: usize) -> impl Iterator<Item = u32> {
        self.index.shard(shard)
    }
}

const _: () = assert!(size_of::<Head>() == 24 && size_of::<Sum>() == 24);
