//! Proofs from stored hashes, a whole run of a tile at a time.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use super::{LEVELS, Tile, WIDTH, hashes_at};
use crate::{EMPTY, Hash, Head, MAX_SIZE, ProofError, consistency_spans, inclusion_spans, root_of};

/// Where the hashes of a log are stored: hash `i` of level `L` is the root of the leaves
/// `i * 256^L .. (i + 1) * 256^L`, and is there once all of those are.
pub trait HashReader {
    /// Why hashes cannot be read.
    type Error;

    /// Appends the hashes `first .. first + count` of a level to `out`.
    ///
    /// The functions of this module ask for at most 256 at once, all from one tile, and only for
    /// hashes that a tree of the size that they were given has.
    fn hashes(
        &self,
        level: u8,
        first: u64,
        count: usize,
        out: &mut Vec<Hash>,
    ) -> Result<(), Self::Error>;
}

/// Why stored hashes give no proof.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadError<E> {
    /// There is no such leaf or tree.
    Proof(ProofError),
    /// No tree has that span as a subtree: it has no leaves, or does not begin at a multiple of
    /// the least power of two that is not below its length.
    NoSubtree {
        /// First leaf.
        start: u64,
        /// The leaf after the last.
        end: u64,
    },
    /// The reader gave another number of hashes than it was asked for.
    WrongCount {
        /// Level of the hashes.
        level: u8,
        /// The first of them.
        first: u64,
        /// As many were asked for.
        expected: usize,
        /// As many came.
        count: usize,
    },
    /// The hashes cannot be read.
    Reader(E),
}

impl<E: fmt::Display> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Proof(error) => error.fmt(f),
            ReadError::NoSubtree { start, end } => {
                write!(f, "the leaves {start}..{end} are no subtree")
            }
            ReadError::WrongCount {
                level,
                first,
                expected,
                count,
            } => {
                write!(
                    f,
                    "{count} hashes of level {level} came from {first} on, not {expected}"
                )
            }
            ReadError::Reader(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error> std::error::Error for ReadError<E> {}

impl<E> From<ProofError> for ReadError<E> {
    fn from(error: ProofError) -> ReadError<E> {
        ReadError::Proof(error)
    }
}

/// Hashes of one level, all in one tile.
struct Run {
    level: u8,
    hashes: Range<u64>,
}

impl Run {
    /// Level and index of the tile that the run is part of.
    fn tile(&self) -> (u8, u64) {
        (self.level, self.hashes.start / WIDTH)
    }
}

/// Whether a span of leaves is a subtree of some tree, as every span in a proof is.
fn is_subtree(span: &Range<u64>) -> bool {
    span.start < span.end
        && span.end <= MAX_SIZE
        && span
            .start
            .is_multiple_of((span.end - span.start).next_power_of_two())
}

/// What of each level makes up a subtree: as many hashes as fit into the rest that the levels
/// above leave, the lowest level first.
///
/// The subtree begins at a multiple of a power of two that covers it, so the rest begins where a
/// tile of its level does, or the whole lies inside a tile: no run crosses a border of tiles.
fn runs(span: &Range<u64>) -> impl Iterator<Item = Run> + use<> {
    let (start, length) = (span.start, span.end - span.start);
    (0..LEVELS).filter_map(move |level| {
        let end = hashes_at(level, start) + hashes_at(level, length);
        let count = hashes_at(level, length) % WIDTH;
        let hashes = end - count..end;
        (count > 0).then_some(Run { level, hashes })
    })
}

/// What of each tile the subtrees are made of, from the first hash needed to the last. Siblings of
/// one way up stand around it in a tile, so this is one read where each alone would be eight.
fn reads(spans: &[Range<u64>]) -> BTreeMap<(u8, u64), Range<u64>> {
    let mut reads = BTreeMap::new();
    for run in spans.iter().flat_map(runs) {
        let read = reads.entry(run.tile()).or_insert(run.hashes.clone());
        read.start = read.start.min(run.hashes.start);
        read.end = read.end.max(run.hashes.end);
    }
    reads
}

/// The tiles of a tree of `size` leaves that the roots of these spans are made of, for a reader
/// that has to fetch them first: at most two a level for the spans of one proof. `None` if a span
/// is no subtree of that tree.
///
/// The spans are those of [`inclusion_spans`] or [`consistency_spans`]; for the root alone there is
/// [`super::edge`].
pub fn spanning(spans: &[Range<u64>], size: u64) -> Option<Vec<Tile>> {
    if !spans
        .iter()
        .all(|span| is_subtree(span) && span.end <= size)
    {
        return None;
    }
    let tiles = reads(spans).into_keys();
    tiles
        .map(|(level, index)| Tile::of_tree(level, index, size))
        .collect()
}

/// Appends a run of hashes to `out`, and refuses another number of them.
pub(super) fn read_run<R: HashReader + ?Sized>(
    reader: &R,
    level: u8,
    hashes: Range<u64>,
    out: &mut Vec<Hash>,
) -> Result<(), ReadError<R::Error>> {
    let (before, expected) = (out.len(), (hashes.end - hashes.start) as usize);
    if expected == 0 {
        return Ok(());
    }
    let first = hashes.start;
    reader
        .hashes(level, first, expected, out)
        .map_err(ReadError::Reader)?;
    let count = out.len().saturating_sub(before);
    if count == expected {
        Ok(())
    } else {
        Err(ReadError::WrongCount {
            level,
            first,
            expected,
            count,
        })
    }
}

/// The roots of subtrees, each tile read once.
fn roots<R: HashReader + ?Sized>(
    reader: &R,
    spans: &[Range<u64>],
) -> Result<Vec<Hash>, ReadError<R::Error>> {
    let mut tiles = BTreeMap::new();
    for (tile, hashes) in reads(spans) {
        let (level, first) = (tile.0, hashes.start);
        let mut found = Vec::with_capacity((hashes.end - first) as usize);
        read_run(reader, level, hashes, &mut found)?;
        tiles.insert(tile, (first, found));
    }
    let mut level = Vec::with_capacity(WIDTH as usize);
    let mut root = |span: &Range<u64>| {
        // What lies below is an incomplete hash at the end of its level, which rises as odd ones
        // do in `root_of`.
        let whole = runs(span).fold(None, |below, run| {
            let (first, found) = &tiles[&run.tile()];
            let [start, end] = [run.hashes.start, run.hashes.end].map(|at| (at - first) as usize);
            level.extend_from_slice(&found[start..end]);
            level.extend(below);
            Some(root_of(&mut level))
        });
        whole.unwrap_or(EMPTY)
    };
    Ok(spans.iter().map(&mut root).collect())
}

/// Refuses a size above [`MAX_SIZE`].
pub(super) fn check_size(size: u64) -> Result<(), ProofError> {
    if size > MAX_SIZE {
        return Err(ProofError::TooLarge { size });
    }
    Ok(())
}

/// The root of a subtree: a span of leaves that begins at a multiple of the least power of two
/// that is not below its length, as the spans of every proof do. Reads at most 255 hashes a level.
pub fn span_root<R: HashReader + ?Sized>(
    reader: &R,
    span: &Range<u64>,
) -> Result<Hash, ReadError<R::Error>> {
    let Range { start, end } = *span;
    if !is_subtree(span) {
        return Err(ReadError::NoSubtree { start, end });
    }
    let [root] = roots(reader, std::slice::from_ref(span))?[..] else {
        return Err(ReadError::NoSubtree { start, end });
    };
    Ok(root)
}

/// The proof that leaf `index` is in the tree of `size` leaves, as [`crate::inclusion`] makes it.
/// Reads at most two tiles a level: that of the leaf, and that of the right edge.
pub fn prove_inclusion<R: HashReader + ?Sized>(
    reader: &R,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ReadError<R::Error>> {
    roots(reader, &inclusion_spans(index, size)?)
}

/// The proof that the tree of `new` leaves continues that of `old`, as [`crate::consistency`]
/// makes it. Reads at most two tiles a level: those of the two right edges.
pub fn prove_consistency<R: HashReader + ?Sized>(
    reader: &R,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, ReadError<R::Error>> {
    roots(reader, &consistency_spans(old, new)?)
}

/// The head that the log had at `size` leaves. Reads at most 255 hashes a level.
pub fn head_at<R: HashReader + ?Sized>(reader: &R, size: u64) -> Result<Head, ReadError<R::Error>> {
    check_size(size)?;
    let root = if size == 0 {
        EMPTY
    } else {
        span_root(reader, &(0..size))?
    };
    Ok(Head { size, root })
}
