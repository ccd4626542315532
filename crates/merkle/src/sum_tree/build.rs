//! Trees built from their leaves in order, in memory that does not grow with them.

use std::fmt;

use super::forge::Forge;
use super::{BLOCK, Entry, MAX_HEIGHT, STRIDE, Sum, SumError};
use crate::Seed;

/// Leaves of a [`Subtree`].
pub const SUBTREE: u64 = (BLOCK * BLOCK) as u64;

/// The nodes to be stored of `2^16` leaves: what one thread builds of a large tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subtree {
    /// Index of its first leaf, a multiple of [`SUBTREE`].
    pub first: u64,
    /// The 256 nodes at height 8, from left to right.
    pub blocks: Vec<Sum>,
    /// The node at height 16.
    pub root: Sum,
}

impl Subtree {
    /// Builds the subtree of the leaves from `first` on: those of the entries, at most 2^16, then
    /// padding. Blinds are the salts of the leaves' indexes ([`Seed::salt`]).
    pub fn build(seed: &Seed, first: u64, entries: &[Entry]) -> Result<Subtree, SumError> {
        let past = first.saturating_add(entries.len() as u64);
        if !first.is_multiple_of(SUBTREE) || first >> MAX_HEIGHT != 0 {
            return Err(SumError::OutOfPlace { first });
        }
        if past - first > SUBTREE {
            return Err(SumError::NoSuchLeaf {
                index: first + SUBTREE,
                height: 2 * STRIDE,
            });
        }
        let mut forge = Forge::new();
        let mut level = Vec::with_capacity(BLOCK);
        let mut blocks = Vec::with_capacity(BLOCK);
        let mut rest = entries;
        for start in (first..).step_by(BLOCK).take(BLOCK) {
            let (entries, after) = rest.split_at(rest.len().min(BLOCK));
            blocks.push(forge.block(seed, start, entries, BLOCK, &mut level)?);
            rest = after;
        }
        level.clone_from(&blocks);
        let root = forge.root(&mut level)?;
        Ok(Subtree {
            first,
            blocks,
            root,
        })
    }
}

/// Builds a tree of `2^height` leaves from its entries in the order of the leaves.
///
/// It keeps 256 nodes for each 8 heights, about 90 KiB at the most. Every node at a height of 8,
/// 16 and so on goes to `store(height, sum)` as soon as it is complete, each height from left to
/// right; that is what [`super::SumReader`] is to give back. The tree is complete after
/// [`Builder::finish`], and after an error there is none.
pub struct Builder {
    forge: Box<Forge>,
    seed: Seed,
    height: u32,
    /// Leaves in the blocks that are complete.
    leaves: u64,
    /// Entries of the block that is not.
    waiting: Vec<Entry>,
    /// Nodes at the heights 8, 16 and so on, in row 1, 2 and so on, that wait for their
    /// neighbours; row 0 takes the one node of a tree lower than that.
    open: Vec<Vec<Sum>>,
    level: Vec<Sum>,
    overflowed: bool,
}

impl Builder {
    /// A tree of that height, at most [`MAX_HEIGHT`], whose blinds come from the seed.
    pub fn new(seed: &Seed, height: u32) -> Result<Builder, SumError> {
        if height > MAX_HEIGHT {
            let height = height as usize;
            return Err(SumError::TooHigh { height });
        }
        Ok(Builder {
            forge: Box::new(Forge::new()),
            seed: *seed,
            height,
            leaves: 0,
            waiting: Vec::with_capacity(BLOCK),
            open: vec![Vec::new(); (height / STRIDE + 1) as usize],
            level: Vec::with_capacity(BLOCK),
            overflowed: false,
        })
    }

    /// Leaves that the tree has room for.
    fn room(&self) -> u64 {
        (1 << self.height) - self.leaves - self.waiting.len() as u64
    }

    /// Adds the next leaves, any number of them.
    pub fn push(
        &mut self,
        entries: &[Entry],
        mut store: impl FnMut(u32, Sum),
    ) -> Result<(), SumError> {
        self.check()?;
        if entries.len() as u64 > self.room() {
            return Err(self.full());
        }
        let size = self.block_size();
        let mut rest = entries;
        while !rest.is_empty() {
            let wanted = size - self.waiting.len();
            let (now, after) = rest.split_at(wanted.min(rest.len()));
            self.waiting.extend_from_slice(now);
            rest = after;
            if self.waiting.len() == size {
                self.close_block(&mut store)?;
            }
        }
        Ok(())
    }

    /// Adds the next `2^16` leaves as they were built elsewhere, from the same seed.
    pub fn push_subtree(
        &mut self,
        subtree: &Subtree,
        mut store: impl FnMut(u32, Sum),
    ) -> Result<(), SumError> {
        self.check()?;
        let first = subtree.first;
        if first != self.leaves || !self.waiting.is_empty() || subtree.blocks.len() != BLOCK {
            return Err(SumError::OutOfPlace { first });
        }
        if self.room() < SUBTREE {
            return Err(self.full());
        }
        subtree.blocks.iter().for_each(|sum| store(STRIDE, *sum));
        self.leaves += SUBTREE;
        self.climb(2 * STRIDE, subtree.root, &mut store)
    }

    /// Fills up the tree with padding and gives its root, whose sum is the total. Padding costs as
    /// much as other leaves do.
    pub fn finish(mut self, mut store: impl FnMut(u32, Sum)) -> Result<Sum, SumError> {
        self.check()?;
        while self.leaves >> self.height == 0 {
            self.close_block(&mut store)?;
        }
        let mut top = self.open.pop().unwrap_or_default();
        self.forge.root(&mut top)
    }

    /// Leaves of a block: 256, unless the whole tree has fewer.
    fn block_size(&self) -> usize {
        1 << self.height.min(STRIDE)
    }

    /// Notes an overflow, after which there is no tree.
    fn noted(&mut self, sum: Result<Sum, SumError>) -> Result<Sum, SumError> {
        self.overflowed |= sum.is_err();
        sum
    }

    /// Refuses to go on after an overflow.
    fn check(&self) -> Result<(), SumError> {
        if self.overflowed {
            return Err(SumError::Overflow);
        }
        Ok(())
    }

    /// Says that the tree has no room.
    fn full(&self) -> SumError {
        SumError::NoSuchLeaf {
            index: 1 << self.height,
            height: self.height,
        }
    }

    /// Hashes the block that waits, with padding where it has no entries.
    fn close_block(&mut self, store: &mut impl FnMut(u32, Sum)) -> Result<(), SumError> {
        let size = self.block_size();
        let (seed, first) = (&self.seed, self.leaves);
        let sum = self
            .forge
            .block(seed, first, &self.waiting, size, &mut self.level);
        self.waiting.clear();
        self.leaves += size as u64;
        let sum = self.noted(sum)?;
        if self.height < STRIDE {
            self.open[0].push(sum);
            return Ok(());
        }
        self.climb(STRIDE, sum, store)
    }

    /// Stores a node and puts it beside its neighbours, and so on for the node above a full row.
    fn climb(
        &mut self,
        height: u32,
        sum: Sum,
        store: &mut impl FnMut(u32, Sum),
    ) -> Result<(), SumError> {
        let (mut height, mut sum) = (height, sum);
        loop {
            store(height, sum);
            let row = &mut self.open[(height / STRIDE) as usize];
            row.push(sum);
            if row.len() < BLOCK {
                return Ok(());
            }
            let above = self.forge.root(row);
            sum = self.noted(above)?;
            height += STRIDE;
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leaves = self.leaves + self.waiting.len() as u64;
        write!(f, "Builder({leaves} of 2^{} leaves)", self.height)
    }
}
