//! The filter of a run: which ids are certainly not in it.
//!
//! A split-block Bloom filter as in Apache Parquet (`BloomFilter.md` of its format), over the
//! keys of [`super::Tree::Id`], about 16 bits a key: one probe touches 32 bytes and one in about
//! a thousand absent keys is not excluded. Keys choose their block by their leading bits; so
//! keys in order fill the filter from front to back, and it is written without ever being held.

use super::block::{self, BLOCK, KIND_FILTER};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Keys a filter block is made for: 16 bits each.
const KEYS: u64 = 16;
/// Filter blocks in a page of 4 KiB; what they leave is the page's header.
const PER_PAGE: u64 = 127;
const PAGE_HEADER: usize = 32;
const FILTER_BLOCK: usize = 32;
/// The odd multipliers of Parquet's format, one a lane.
const SALTS: [u32; 8] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

/// A filter block, or the bits that a key sets in one: eight lanes of 32 bits, two a word.
#[derive(Clone, Copy, Default)]
#[repr(C, align(32))]
pub(super) struct Bits([u64; 4]);

impl Bits {
    /// One bit in each lane, from the low half of the key.
    #[inline]
    pub(super) fn of(key: u64) -> Self {
        let bit = |lane: usize| 1_u64 << ((key as u32).wrapping_mul(SALTS[lane]) >> 27);
        Self(std::array::from_fn(|word| {
            bit(2 * word) | bit(2 * word + 1) << 32
        }))
    }

    /// Whether all bits of `key` are set here.
    #[inline]
    pub(super) fn holds(&self, key: &Self) -> bool {
        let missing = |i: usize| key.0[i] & !self.0[i];
        missing(0) | missing(1) | missing(2) | missing(3) == 0
    }

    fn add(&mut self, key: &Self) {
        for (word, more) in self.0.iter_mut().zip(key.0) {
            *word |= more;
        }
    }

    fn read(bytes: &[u8]) -> Self {
        Self(std::array::from_fn(|word| block::u64_at(bytes, 8 * word)))
    }
}

/// The size of a filter: how many filter blocks it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

impl Size {
    /// For so many keys; none at all for none.
    pub(super) fn of_keys(keys: u64) -> Self {
        Self(keys.div_ceil(KEYS))
    }

    /// How many pages it takes in the file.
    pub(super) fn pages(self) -> u64 {
        self.0.div_ceil(PER_PAGE)
    }

    /// How many bytes it takes in memory.
    pub(super) fn bytes(self) -> u64 {
        self.0.saturating_mul(FILTER_BLOCK as u64)
    }

    /// The filter block of a key.
    #[inline]
    pub(super) fn place(self, key: u64) -> u64 {
        ((u128::from(key) * u128::from(self.0)) >> 64) as u64
    }

    /// The page of a filter block and where it begins there.
    pub(super) fn in_page(place: u64) -> (u64, usize) {
        (
            place / PER_PAGE,
            PAGE_HEADER + (place % PER_PAGE) as usize * FILTER_BLOCK,
        )
    }
}

/// Whether the filter block at `at` in a page holds the key with these bits.
pub(super) fn page_holds(page: &[u8], at: usize, key: &Bits) -> bool {
    Bits::read(&page[at..at + FILTER_BLOCK]).holds(key)
}

/// Fills the pages of a filter with keys that come in order.
pub(super) struct Builder {
    size: Size,
    page: u64,
    blocks: [Bits; PER_PAGE as usize],
}

impl Builder {
    pub(super) fn new(size: Size) -> Self {
        Self {
            size,
            page: 0,
            blocks: [Bits::default(); PER_PAGE as usize],
        }
    }

    /// The page of a key; those before it are to be taken by [`Builder::page`] first.
    #[inline]
    pub(super) fn is_here(&self, key: u64) -> bool {
        self.size.place(key) < (self.page + 1) * PER_PAGE
    }

    #[inline]
    pub(super) fn add(&mut self, key: u64) {
        let place = self.size.place(key) - self.page * PER_PAGE;
        self.blocks[place as usize].add(&Bits::of(key));
    }

    /// Whether pages are left to take.
    pub(super) fn has_page(&self) -> bool {
        self.page < self.size.pages()
    }

    /// Writes the page into `bytes`, a zeroed block, and goes on to the next.
    pub(super) fn page(&mut self, bytes: &mut [u8]) {
        bytes[4] = KIND_FILTER;
        for (i, filter) in self.blocks.iter_mut().enumerate() {
            for (j, word) in filter.0.iter().enumerate() {
                block::put(
                    bytes,
                    PAGE_HEADER + i * FILTER_BLOCK + 8 * j,
                    &word.to_le_bytes(),
                );
            }
            *filter = Bits::default();
        }
        self.page += 1;
    }
}

/// What all filters in memory may take together.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    used: AtomicU64,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: AtomicU64::new(0),
        })
    }

    /// Takes `bytes` where the limit, stretched by `slack` bytes that will soon be free, allows.
    pub(super) fn reserve(self: &Arc<Self>, bytes: u64, slack: u64) -> Option<Reserved> {
        let limit = self.limit.saturating_add(slack);
        let more = |used: u64| used.checked_add(bytes).filter(|&sum| sum <= limit);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .ok()?;
        Some(Reserved {
            budget: Arc::clone(self),
            bytes,
        })
    }
}

/// A part of the budget, given back when dropped.
pub(super) struct Reserved {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A filter in memory.
pub(super) struct Resident {
    size: Size,
    blocks: Vec<Bits>,
    _reserved: Reserved,
}

impl Resident {
    pub(super) fn new(size: Size, reserved: Reserved) -> Self {
        Self {
            size,
            blocks: Vec::with_capacity(size.0 as usize),
            _reserved: reserved,
        }
    }

    /// Appends the filter blocks of the next page.
    pub(super) fn extend(&mut self, page: &[u8]) {
        let left = (self.size.0 - self.blocks.len() as u64).min(PER_PAGE) as usize;
        let blocks = page[PAGE_HEADER..BLOCK].chunks_exact(FILTER_BLOCK);
        self.blocks.extend(blocks.take(left).map(Bits::read));
    }

    pub(super) fn bytes(&self) -> u64 {
        self.size.bytes()
    }

    /// Appends to `hits` those of `candidates`, numbers of keys, that are not excluded.
    ///
    /// No step depends on the one before and no branch on what was read, so that many reads are
    /// under way at once.
    pub(super) fn select(&self, candidates: &[u32], keys: &Keys, hits: &mut Vec<u32>) {
        let start = hits.len();
        hits.resize(start + candidates.len(), 0);
        let mut end = start;
        for &candidate in candidates {
            let i = candidate as usize;
            let filter = &self.blocks[self.size.place(keys.hashes[i]) as usize];
            hits[end] = candidate;
            end += usize::from(filter.holds(&keys.bits[i]));
        }
        hits.truncate(end);
    }
}

/// Keys that are looked for, with the bits they have in any filter.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) hashes: Vec<u64>,
    pub(super) bits: Vec<Bits>,
}

impl Keys {
    pub(super) fn fill(&mut self, hashes: impl Iterator<Item = u64>) {
        self.hashes.clear();
        self.hashes.extend(hashes);
        self.bits.clear();
        self.bits
            .extend(self.hashes.iter().map(|&hash| Bits::of(hash)));
    }
}
