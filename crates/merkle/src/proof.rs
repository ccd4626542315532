//! Proofs of RFC 6962 section 2.1 and their verifiers, in the steps of RFC 9162 section 2.1.
//!
//! A proof is a list of hashes, the one nearest to the leaves first, and each hash is the root of
//! a span of leaves. Which spans those are follows from the sizes alone: [`inclusion_spans`] and
//! [`consistency_spans`] name them for a log that keeps its hashes elsewhere, and [`inclusion`]
//! and [`consistency`] hash them from leaves in memory.

use std::fmt;
use std::ops::Range;

use crate::{EMPTY, Hash, node, root_of};

/// Leaves of the largest tree that is spoken of here. No log gets there; a size beyond it comes
/// from a mistake or an enemy.
pub const MAX_SIZE: u64 = 1 << 63;

/// Hashes in the longest proof: a tree of [`MAX_SIZE`] leaves has 63 levels below its root, and a
/// proof of consistency at most one hash more than that.
pub const MAX_PATH: usize = 64;

/// A tree as a checkpoint names it: how many leaves, and the root over them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Leaves in the tree.
    pub size: u64,
    /// `MTH` of RFC 6962, 2.1 over those leaves.
    pub root: Hash,
}

/// Why a proof cannot be made, or does not prove what it should.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProofError {
    /// The tree has no leaf of that index.
    NoSuchLeaf {
        /// Index of the leaf, from 0 on.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The tree has more than [`MAX_SIZE`] leaves.
    TooLarge {
        /// Leaves in the tree.
        size: u64,
    },
    /// The tree that is to be the earlier one is the larger one.
    Shrunk {
        /// Leaves in the earlier tree.
        old: u64,
        /// Leaves in the later tree.
        new: u64,
    },
    /// Index and sizes fix how many hashes a proof has; this one has another number.
    WrongLength {
        /// Hashes that it must have.
        expected: usize,
        /// Hashes that it has.
        length: usize,
    },
    /// The hashes lead to another root: a leaf, an index, a size, a hash or the root is wrong.
    WrongRoot {
        /// Root that follows from the proof.
        computed: Hash,
    },
    /// The hashes lead to another root of the earlier tree.
    WrongOldRoot {
        /// Root of the earlier tree that follows from the proof.
        computed: Hash,
    },
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProofError::NoSuchLeaf { index, size } => {
                write!(f, "a tree of {size} leaves has no leaf {index}")
            }
            ProofError::TooLarge { size } => {
                write!(f, "no tree has {size} leaves: the most is 2^63")
            }
            ProofError::Shrunk { old, new } => {
                write!(f, "a tree of {new} leaves cannot continue one of {old}")
            }
            ProofError::WrongLength { expected, length } => {
                write!(f, "the proof has {length} hashes where {expected} belong")
            }
            ProofError::WrongRoot { computed } => {
                write!(f, "the proof leads to another root: {computed}")
            }
            ProofError::WrongOldRoot { computed } => {
                write!(
                    f,
                    "the proof leads to another root of the earlier tree: {computed}"
                )
            }
        }
    }
}

impl std::error::Error for ProofError {}

/// Refuses an index outside a tree.
fn check_index(index: u64, size: u64) -> Result<(), ProofError> {
    if size > MAX_SIZE {
        return Err(ProofError::TooLarge { size });
    }
    if index < size {
        Ok(())
    } else {
        Err(ProofError::NoSuchLeaf { index, size })
    }
}

/// Refuses a later tree that is smaller.
fn check_growth(old: u64, new: u64) -> Result<(), ProofError> {
    if new > MAX_SIZE {
        return Err(ProofError::TooLarge { size: new });
    }
    if old <= new {
        Ok(())
    } else {
        Err(ProofError::Shrunk { old, new })
    }
}

/// Where RFC 6962, 2.1 splits a tree of `size` leaves, two at least: the largest power of two
/// below the size.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The spans of leaves whose roots prove that leaf `index` is in a tree of `size` leaves: `PATH`
/// of RFC 6962, 2.1.1, the span next to the leaf first.
pub fn inclusion_spans(index: u64, size: u64) -> Result<Vec<Range<u64>>, ProofError> {
    check_index(index, size)?;
    let mut spans = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            spans.push(middle..end);
            end = middle;
        } else {
            spans.push(start..middle);
            start = middle;
        }
    }
    spans.reverse();
    Ok(spans)
}

/// The spans of leaves whose roots prove that a tree of `new` leaves continues one of `old`:
/// `PROOF` of RFC 6962, 2.1.2, the span farthest down first. Empty if the sizes are the same or
/// `old` is 0: the RFC leaves that case out, but an empty log is how every log begins.
pub fn consistency_spans(old: u64, new: u64) -> Result<Vec<Range<u64>>, ProofError> {
    check_growth(old, new)?;
    let mut spans = Vec::new();
    if old == 0 {
        return Ok(spans);
    }
    let (mut start, mut end) = (0, new);
    while old < end {
        let middle = start + split(end - start);
        if old <= middle {
            spans.push(middle..end);
            end = middle;
        } else {
            spans.push(start..middle);
            start = middle;
        }
    }
    // The verifier knows the root of the old tree, unless that tree is split by the spans.
    if start > 0 {
        spans.push(start..end);
    }
    spans.reverse();
    Ok(spans)
}

/// The proof that leaf `index` is in the tree over these leaf hashes. Hashes nearly all of it.
pub fn inclusion(leaves: &[Hash], index: u64) -> Result<Vec<Hash>, ProofError> {
    Ok(roots(leaves, inclusion_spans(index, leaves.len() as u64)?))
}

/// The proof that the tree over these leaf hashes continues that of the first `old` of them.
/// Hashes up to all of it.
pub fn consistency(leaves: &[Hash], old: u64) -> Result<Vec<Hash>, ProofError> {
    Ok(roots(leaves, consistency_spans(old, leaves.len() as u64)?))
}

/// The roots of spans that lie inside the leaves.
fn roots(leaves: &[Hash], spans: Vec<Range<u64>>) -> Vec<Hash> {
    let mut level = Vec::new();
    let mut root = |span: Range<u64>| {
        level.extend_from_slice(&leaves[span.start as usize..span.end as usize]);
        root_of(&mut level)
    };
    spans.into_iter().map(&mut root).collect()
}

/// Refuses a proof whose length is not the one that the sizes fix.
fn check_length(path: &[Hash], expected: usize) -> Result<(), ProofError> {
    assert!(expected <= MAX_PATH, "the sizes were checked before");
    let length = path.len();
    if length == expected {
        Ok(())
    } else {
        Err(ProofError::WrongLength { expected, length })
    }
}

/// Hashes in a proof of inclusion: one for each level at which the leaf has a sibling.
fn inclusion_length(index: u64, size: u64) -> usize {
    // Below the level at which the way of the leaf joins the right edge, every node has a
    // sibling; from there on only right children have one.
    let edge = u64::BITS - (index ^ (size - 1)).leading_zeros();
    let above = index.checked_shr(edge).unwrap_or(0).count_ones();
    (edge + above) as usize
}

/// Hashes in a proof of consistency.
fn consistency_length(old: u64, new: u64) -> usize {
    if old == 0 || old == new {
        return 0;
    }
    let level = (old - 1).trailing_ones();
    let beside = inclusion_length((old - 1) >> level, ((new - 1) >> level) + 1);
    beside + usize::from(!old.is_power_of_two())
}

/// Checks that `leaf` is the hash of leaf `index` of the tree of that head (RFC 9162, 2.1.3.2).
pub fn verify_inclusion(
    leaf: Hash,
    index: u64,
    head: &Head,
    path: &[Hash],
) -> Result<(), ProofError> {
    let computed = inclusion_root(leaf, index, head.size, path)?;
    if computed == head.root {
        Ok(())
    } else {
        Err(ProofError::WrongRoot { computed })
    }
}

/// The root to which a proof leads from `leaf`, leaf `index` of a tree of `size` leaves.
pub fn inclusion_root(
    leaf: Hash,
    index: u64,
    size: u64,
    path: &[Hash],
) -> Result<Hash, ProofError> {
    check_index(index, size)?;
    check_length(path, inclusion_length(index, size))?;
    // `place` and `last` are the indexes of the node and of the last one at its level.
    let (mut place, mut last) = (index, size - 1);
    let mut computed = leaf;
    for sibling in path {
        if place % 2 == 1 || place == last {
            computed = node(*sibling, computed);
            // The last node of a level with an odd count rises until it is a right child.
            while place % 2 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            computed = node(computed, *sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    Ok(computed)
}

/// Checks that the tree of `new` continues that of `old`: the same leaves, and perhaps more after
/// them (RFC 9162, 2.1.4.2; a tree without leaves is continued by any, and its proof is empty).
pub fn verify_consistency(old: &Head, new: &Head, path: &[Hash]) -> Result<(), ProofError> {
    check_growth(old.size, new.size)?;
    check_length(path, consistency_length(old.size, new.size))?;
    if old.size == 0 && old.root != EMPTY {
        return Err(ProofError::WrongOldRoot { computed: EMPTY });
    }
    if old.size == new.size && old.root != new.root {
        return Err(ProofError::WrongRoot { computed: old.root });
    }
    if old.size == 0 || old.size == new.size {
        return Ok(());
    }
    // A tree of 2^n leaves is a node of every later tree: its root begins the proof unsent.
    let (first, rest) = match path.split_first() {
        Some((first, rest)) if !old.size.is_power_of_two() => (*first, rest),
        _ => (old.root, path),
    };
    let level = (old.size - 1).trailing_ones();
    let (mut place, mut last) = ((old.size - 1) >> level, (new.size - 1) >> level);
    let (mut before, mut after) = (first, first);
    for sibling in rest {
        if place % 2 == 1 || place == last {
            before = node(*sibling, before);
            after = node(*sibling, after);
            while place % 2 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            after = node(after, *sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    if before != old.root {
        return Err(ProofError::WrongOldRoot { computed: before });
    }
    if after == new.root {
        Ok(())
    } else {
        Err(ProofError::WrongRoot { computed: after })
    }
}
