//! Trees of RFC 6962 section 2.1: the inner tree of a batch, and the frontier of a log.

use std::fmt;

use crate::lanes::{GROUP, Lanes};
use crate::salt::salts_from;
use crate::stage::Stages;
use crate::{EMPTY, Hash, Head, MAX_SIZE, Seed, node, salted_leaf};

/// Fewer records than this are hashed one by one: clearing the stages would cost more.
const WORTH_STAGING: usize = 8;

/// The root of the tree over these leaf hashes, `MTH` of RFC 6962, 2.1; [`EMPTY`] for none.
///
/// Works in place, a level at a time, and leaves the vector empty with its memory, for the next
/// batch. Neighbours pair up and an odd one rises unchanged. That is the tree of the RFC, which
/// splits at the largest power of two below the count: its left side is then perfect at every
/// level, and its right side is a tree of the same shape.
pub fn root_of(leaves: &mut Vec<Hash>) -> Hash {
    let lanes = Lanes::detect();
    while leaves.len() > 1 {
        rise(lanes, leaves);
    }
    leaves.pop().unwrap_or(EMPTY)
}

/// Leaves below one node of [`blocks_of`].
pub const BLOCK: usize = 256;

/// Replaces leaf hashes by the roots over each [`BLOCK`] of them, the last one over what is left:
/// the nodes of the tree at height 8. The tree over those, as if they were leaves, has the same
/// root, and a path is one in a block and then one over the blocks.
pub fn blocks_of(leaves: &mut Vec<Hash>) {
    let lanes = Lanes::detect();
    for _ in 0..BLOCK.ilog2() {
        if leaves.len() > 1 {
            rise(lanes, leaves);
        }
    }
}

/// Replaces a level of a tree by the level above it.
fn rise(lanes: Lanes, level: &mut Vec<Hash>) {
    let (length, pairs) = (level.len(), level.len() / 2);
    for start in (0..pairs).step_by(GROUP) {
        let end = pairs.min(start + GROUP);
        // Parents land in `start..end`, and the children still to be read begin at `2 * end`.
        let parents = lanes.parents(&level.as_chunks().0[start..end]);
        level[start..end].copy_from_slice(&parents[..end - start]);
    }
    if length % 2 == 1 {
        level[pairs] = level[length - 1];
    }
    level.truncate(length.div_ceil(2));
}

/// The salted leaves of a batch: leaf `i` is [`salted_leaf`] of salt `i` of the seed and record
/// `i`, which is `bytes[start..start + length]` for `spans[i] = (start, length)` in bytes.
///
/// `out` is cleared first; nothing is allocated once it has grown to the size of a batch.
/// Records may overlap and be of any length; up to 166 bytes they are hashed many at a time.
///
/// # Panics
///
/// If a span reaches past the end of `bytes`.
pub fn salted_leaves(seed: &Seed, bytes: &[u8], spans: &[(u32, u32)], out: &mut Vec<Hash>) {
    salted_leaves_from(seed, 0, bytes, spans, out);
}

/// As [`salted_leaves`], of the records of a batch from number `first` on, so that its halves can
/// be hashed side by side.
///
/// # Panics
///
/// If `first` is no multiple of 32, or a span reaches past the end of `bytes`.
pub fn salted_leaves_from(
    seed: &Seed,
    first: usize,
    bytes: &[u8],
    spans: &[(u32, u32)],
    out: &mut Vec<Hash>,
) {
    out.clear();
    let records = spans.iter().map(|&(start, length)| {
        let rest = &bytes[start as usize..];
        assert!(
            length as usize <= rest.len(),
            "a span reaches past the end of the records"
        );
        (rest, length as usize)
    });
    let salted = salts_from(seed, first, spans.len()).zip(records);
    if spans.len() < WORTH_STAGING {
        out.extend(salted.map(|(salt, (rest, length))| salted_leaf(salt, &rest[..length])));
        return;
    }
    out.resize(spans.len(), EMPTY);
    let mut stages = Stages::new(out);
    for (leaf, (salt, (rest, length))) in salted.enumerate() {
        stages.push(leaf, salt, rest, length);
    }
    stages.finish();
}

/// The right edge of a growing log: what is needed to append to it and to know its root.
///
/// A log of `size` leaves is a row of perfect trees, one for each bit set in `size`, the largest
/// first; the frontier keeps their roots ("compact range"): at most 63 hashes, whatever the size.
///
/// Its canonical bytes are the size as `u64` little-endian, then the hashes of the perfect trees,
/// the largest first, 32 bytes each: between 8 and 2,024 bytes, and nothing else decodes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Frontier {
    size: u64,
    /// Roots of the perfect trees, the largest first; as many as `size` has bits set.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The longest canonical bytes of a frontier: the size and 63 hashes.
    pub const MAX_BYTES: usize = 8 + 63 * Hash::LEN;

    /// The frontier of a log without leaves.
    pub fn new() -> Frontier {
        Frontier::default()
    }

    /// Leaves in the log.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash. One node is hashed for each perfect tree that this completes:
    /// one a leaf on average, never more than 63.
    ///
    /// # Panics
    ///
    /// If the log has [`MAX_SIZE`] leaves, which no log lives to see.
    pub fn append(&mut self, leaf: Hash) {
        assert!(self.size < MAX_SIZE, "a log of 2^63 leaves takes no more");
        let size = self.size + 1;
        let mut whole = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self
                .peaks
                .pop()
                .expect("as many peaks as bits set in the size");
            whole = node(left, whole);
        }
        self.peaks.push(whole);
        self.size = size;
        debug_assert_eq!(self.peaks.len(), size.count_ones() as usize);
    }

    /// The root of the log, `MTH` of RFC 6962, 2.1; [`EMPTY`] for none. Hashes at most 63 nodes.
    pub fn root(&self) -> Hash {
        let smallest_first = self.peaks.iter().rev().copied();
        smallest_first
            .reduce(|right, left| node(left, right))
            .unwrap_or(EMPTY)
    }

    /// Size and root, which is what a checkpoint signs.
    pub fn head(&self) -> Head {
        Head {
            size: self.size,
            root: self.root(),
        }
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + self.peaks.len() * Hash::LEN);
        bytes.extend(self.size.to_le_bytes());
        self.peaks
            .iter()
            .for_each(|peak| bytes.extend(peak.as_bytes()));
        bytes
    }

    /// The frontier of these canonical bytes. The size fixes the length, so each frontier has one
    /// encoding and each encoding one frontier; what the hashes stand for cannot be checked here.
    pub fn from_bytes(bytes: &[u8]) -> Result<Frontier, FrontierError> {
        let Some((size, rest)) = bytes.split_first_chunk() else {
            return Err(FrontierError::NoSize {
                length: bytes.len(),
            });
        };
        let size = u64::from_le_bytes(*size);
        if size > MAX_SIZE {
            return Err(FrontierError::TooLarge { size });
        }
        let expected = 8 + size.count_ones() as usize * Hash::LEN;
        if bytes.len() != expected {
            return Err(FrontierError::WrongLength {
                size,
                expected,
                length: bytes.len(),
            });
        }
        let peaks = rest
            .as_chunks()
            .0
            .iter()
            .copied()
            .map(Hash::from_bytes)
            .collect();
        Ok(Frontier { size, peaks })
    }
}

/// Why bytes are not a frontier. Lengths are in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrontierError {
    /// There are fewer than the eight bytes of the size.
    NoSize {
        /// What was given.
        length: usize,
    },
    /// The log has more than [`MAX_SIZE`] leaves.
    TooLarge {
        /// Leaves in the log, as the bytes say.
        size: u64,
    },
    /// A log of that size has another number of perfect trees than there are hashes.
    WrongLength {
        /// Leaves in the log, as the bytes say.
        size: u64,
        /// What a frontier of that size takes.
        expected: usize,
        /// What was given.
        length: usize,
    },
}

impl fmt::Display for FrontierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrontierError::NoSize { length } => {
                write!(
                    f,
                    "a frontier starts with a size of 8 bytes, but there are {length}"
                )
            }
            FrontierError::TooLarge { size } => {
                write!(f, "no log has {size} leaves: the most is 2^63")
            }
            FrontierError::WrongLength {
                size,
                expected,
                length,
            } => {
                write!(
                    f,
                    "the frontier of {size} leaves takes {expected} bytes, not {length}"
                )
            }
        }
    }
}

impl std::error::Error for FrontierError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf;

    fn frontier_of(size: u64) -> Frontier {
        let mut frontier = Frontier::new();
        (0..size).for_each(|index| frontier.append(leaf(&index.to_le_bytes())));
        frontier
    }

    #[test]
    fn a_frontier_has_the_root_of_its_tree() {
        let mut leaves = Vec::new();
        let mut frontier = Frontier::new();
        for index in 0..=520_u64 {
            assert_eq!(
                frontier.head().root,
                root_of(&mut leaves.clone()),
                "{index} leaves"
            );
            let hash = leaf(&index.to_le_bytes());
            leaves.push(hash);
            frontier.append(hash);
            assert_eq!(frontier.size(), index + 1);
        }
    }

    #[test]
    fn bytes_of_a_frontier_are_strict() {
        for size in [0, 1, 2, 3, 7, 8, 255, 256, 300] {
            let frontier = frontier_of(size);
            let bytes = frontier.to_bytes();
            assert!(bytes.len() <= Frontier::MAX_BYTES);
            assert_eq!(Frontier::from_bytes(&bytes), Ok(frontier));

            let longer = [&bytes[..], &[0]].concat();
            let expected = bytes.len();
            for wrong in [&longer[..], &bytes[..bytes.len() - 1]] {
                let length = wrong.len();
                let error = if length < 8 {
                    FrontierError::NoSize { length }
                } else {
                    FrontierError::WrongLength {
                        size,
                        expected,
                        length,
                    }
                };
                assert_eq!(Frontier::from_bytes(wrong), Err(error));
            }
        }
    }

    #[test]
    fn the_largest_frontiers_decode_and_take_no_more() {
        let bytes = [&(MAX_SIZE - 1).to_le_bytes()[..], &[7; 63 * 32]].concat();
        assert_eq!(bytes.len(), Frontier::MAX_BYTES);
        let mut frontier = Frontier::from_bytes(&bytes).unwrap();
        assert_eq!(frontier.to_bytes(), bytes);
        frontier.append(EMPTY);
        assert_eq!(frontier.to_bytes().len(), 8 + 32);
        assert_eq!(
            Frontier::from_bytes(&frontier.to_bytes()),
            Ok(frontier.clone())
        );
        assert!(std::panic::catch_unwind(move || frontier.append(EMPTY)).is_err());

        let size = MAX_SIZE + 1;
        let bytes = [&size.to_le_bytes()[..], &[7; 2 * 32]].concat();
        assert_eq!(
            Frontier::from_bytes(&bytes),
            Err(FrontierError::TooLarge { size })
        );
    }

    #[test]
    fn an_error_says_what_is_wrong() {
        let error = Frontier::from_bytes(&[3, 0, 0, 0, 0, 0, 0, 0]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the frontier of 3 leaves takes 72 bytes, not 8"
        );
        let error = Frontier::from_bytes(&[3]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a frontier starts with a size of 8 bytes, but there are 1"
        );
    }

    #[test]
    #[should_panic(expected = "past the end")]
    fn a_span_past_the_end_is_refused() {
        salted_leaves(
            &Seed::from_bytes([0; 32]),
            &[0; 10],
            &[(4, 7)],
            &mut Vec::new(),
        );
    }
}
