//! Entries in memory: those of the records not yet in a run.

use super::{Additions, Entry, Tree, widen};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Entries of the tree of ids after which a chunk is closed. A look-up scans the chunk that is
/// open under the lock that appending needs, and all others outside it.
const CHUNK: usize = 8192;

/// Entries of a stretch of the log, in order of position.
#[derive(Default)]
pub(super) struct Chunk {
    pub(super) entries: [Vec<Entry>; Tree::COUNT],
}

impl Chunk {
    /// The entries of a tree whose positions are within a range.
    pub(super) fn within(&self, tree: Tree, range: &RangeInclusive<u64>) -> &[Entry] {
        let entries = &self.entries[tree.number()];
        let from = entries.partition_point(|entry| entry.at < *range.start());
        let end = entries.partition_point(|entry| entry.at <= *range.end());
        &entries[from.min(end)..end]
    }
}

/// The open tail: it grows with every batch.
pub(super) struct Tail {
    pub(super) closed: Vec<Arc<Chunk>>,
    pub(super) open: Chunk,
    pub(super) from: u64,
    pub(super) end: u64,
    pub(super) records: u64,
    ids: Option<(u128, u128)>,
}

/// A tail that has ended and waits to become a run.
pub(super) struct Frozen {
    pub(super) generation: u64,
    pub(super) chunks: Vec<Arc<Chunk>>,
    pub(super) from: u64,
    pub(super) end: u64,
    pub(super) records: u64,
    pub(super) ids: Option<(u128, u128)>,
}

impl Tail {
    /// An empty tail of the log from `from` on.
    pub(super) fn new(from: u64) -> Self {
        Self {
            closed: Vec::new(),
            open: Chunk::default(),
            from,
            end: from,
            records: 0,
            ids: None,
        }
    }

    pub(super) fn append(&mut self, additions: &Additions) {
        for (open, new) in self.open.entries.iter_mut().zip(&additions.entries) {
            open.extend_from_slice(new);
        }
        self.end = additions.end;
        self.records += u64::from(additions.records);
        self.ids = widen(self.ids, additions.ids);
        if self
            .open
            .entries
            .iter()
            .any(|entries| entries.len() >= CHUNK)
        {
            self.closed.push(Arc::new(std::mem::take(&mut self.open)));
        }
    }

    /// Ends this tail as a generation; a new one follows it.
    pub(super) fn freeze(&mut self, generation: u64) -> Frozen {
        let tail = std::mem::replace(self, Self::new(self.end));
        let mut chunks = tail.closed;
        chunks.push(Arc::new(tail.open));
        Frozen {
            generation,
            chunks,
            from: tail.from,
            end: tail.end,
            records: tail.records,
            ids: tail.ids,
        }
    }
}

impl Frozen {
    /// The entries of a tree, in order of position.
    pub(super) fn entries(&self, tree: Tree) -> Vec<&[Entry]> {
        self.chunks
            .iter()
            .map(|chunk| &chunk.entries[tree.number()][..])
            .collect()
    }
}
