//! Paths from what is stored of a tree.

use std::fmt;

use super::forge::Forge;
use super::{BLOCK, Entry, STRIDE, Sum, SumError, check_index};
use crate::{Salt, Seed};

/// Where the entries of a tree and its nodes at the heights 8, 16 and so on are stored.
pub trait SumReader {
    /// Why they cannot be read.
    type Error;

    /// Appends the entries of the leaves `first .. first + count`, at most 256, to `out`, with
    /// [`Entry::PADDING`] for those that fill up the tree.
    fn entries(&self, first: u64, count: usize, out: &mut Vec<Entry>) -> Result<(), Self::Error>;

    /// Appends the nodes `first .. first + count`, at most 256, of a height to `out`.
    fn sums(
        &self,
        height: u32,
        first: u64,
        count: usize,
        out: &mut Vec<Sum>,
    ) -> Result<(), Self::Error>;
}

/// Why what is stored gives no path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProveError<E> {
    /// There is no such leaf or tree.
    Sum(SumError),
    /// The reader gave another number of entries or nodes than it was asked for.
    WrongCount {
        /// Height of the nodes, 0 for entries.
        height: u32,
        /// The first of them.
        first: u64,
        /// As many were asked for.
        expected: usize,
        /// As many came.
        count: usize,
    },
    /// A stored node is not the one that lies above what is stored below it: either was altered,
    /// or the seed is another.
    Altered {
        /// Height of the node.
        height: u32,
        /// Its index at that height, from 0 on.
        index: u64,
    },
    /// It cannot be read.
    Reader(E),
}

impl<E: fmt::Display> fmt::Display for ProveError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProveError::Sum(error) => error.fmt(f),
            ProveError::WrongCount {
                height,
                first,
                expected,
                count,
            } => {
                write!(
                    f,
                    "{count} nodes of height {height} came from {first} on, not {expected}"
                )
            }
            ProveError::Altered { height, index } => {
                write!(
                    f,
                    "node {index} of height {height} is not what lies above its block"
                )
            }
            ProveError::Reader(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error> std::error::Error for ProveError<E> {}

impl<E> From<SumError> for ProveError<E> {
    fn from(error: SumError) -> ProveError<E> {
        ProveError::Sum(error)
    }
}

/// A leaf, and the path from it to the root: what a holder is given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opening {
    /// Index of the leaf.
    pub index: u64,
    /// What hides it from others.
    pub blind: Salt,
    /// What it says.
    pub entry: Entry,
    /// As many siblings as the tree is high, that of the leaf first.
    pub path: Vec<Sum>,
    /// Where the path leads, for comparison with the statement.
    pub root: Sum,
}

/// The opening of leaf `index` in the tree of that height. Reads and hashes a block of 256 entries
/// or nodes for each 8 heights, and compares each block with the node that is stored above it.
pub fn prove<R: SumReader + ?Sized>(
    reader: &R,
    seed: &Seed,
    height: u32,
    index: u64,
) -> Result<Opening, ProveError<R::Error>> {
    check_index(index, height as usize)?;
    let mut forge = Forge::new();
    let mut path = Vec::with_capacity(height as usize);

    let rows = height.min(STRIDE);
    let (first, count) = (index >> rows << rows, 1 << rows);
    let mut entries = Vec::with_capacity(count);
    reader
        .entries(first, count, &mut entries)
        .map_err(ProveError::Reader)?;
    check_count(0, first, count, entries.len())?;
    let entry = entries[(index - first) as usize];
    let mut level = Vec::with_capacity(BLOCK);
    forge.leaves(seed, first, &entries, count, &mut level);
    let mut root = climb(&mut forge, &mut level, (index - first) as usize, &mut path)?;

    let mut base = STRIDE;
    while base < height {
        let rows = (height - base).min(STRIDE);
        let place = index >> base;
        let (first, count) = (place >> rows << rows, 1 << rows);
        level.clear();
        reader
            .sums(base, first, count, &mut level)
            .map_err(ProveError::Reader)?;
        check_count(base, first, count, level.len())?;
        let at = (place - first) as usize;
        if level[at] != root {
            return Err(ProveError::Altered {
                height: base,
                index: place,
            });
        }
        root = climb(&mut forge, &mut level, at, &mut path)?;
        base += STRIDE;
    }
    Ok(Opening {
        index,
        blind: seed.salt(index),
        entry,
        path,
        root,
    })
}

/// Appends the siblings on the way up from node `at` of a level, and gives the root above them.
fn climb(
    forge: &mut Forge,
    level: &mut Vec<Sum>,
    at: usize,
    path: &mut Vec<Sum>,
) -> Result<Sum, SumError> {
    let mut at = at;
    while level.len() > 1 {
        path.push(level[at ^ 1]);
        forge.rise(level)?;
        at /= 2;
    }
    Ok(level.pop().unwrap_or_default())
}

/// Refuses another number of entries or nodes than was asked for.
fn check_count<E>(
    height: u32,
    first: u64,
    expected: usize,
    count: usize,
) -> Result<(), ProveError<E>> {
    if count == expected {
        return Ok(());
    }
    Err(ProveError::WrongCount {
        height,
        first,
        expected,
        count,
    })
}
