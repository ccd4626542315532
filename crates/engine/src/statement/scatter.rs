//! Accounts come by slot and go to leaves all over their trees, in memory that is bounded.
//!
//! The leaves of a tree are split into buckets of 2^16. First every account goes to the end of its
//! bucket, which has a buffer and its place in the file `leaves`; then bucket after bucket is read,
//! brought in order and written back. Where in its bucket an account belongs is not written down:
//! within a bucket they arrive by their number, so the numbers that the permutation leads back to,
//! sorted, say it again. That costs less than files beside `leaves` would.

use std::sync::Arc;

use merkle::sum_tree::{Entry, Shuffle};
use store::StoreError;
use store::disk::{File, read_exact_at, write_all_at};

use super::Trouble;
use super::file::{LEAVES, PLACES, path};
use super::layout::{LEAF_BYTES, Layout, Tree, leaf_bytes, place_bytes, read_leaf};
use crate::limits::SCATTER_BYTES;

/// Bytes of a bucket's buffer: less is too many writes, more too much memory.
const BUFFER_BYTES: std::ops::Range<usize> = 1 << 10..1 << 16;

/// A file that is written from its beginning on.
pub(crate) struct Append {
    file: Arc<dyn File>,
    path: String,
    at: u64,
    buffer: Vec<u8>,
}

impl Append {
    /// Goes on at byte `at`.
    pub(crate) fn new(file: Arc<dyn File>, path: String, at: u64) -> Self {
        let buffer = Vec::new();
        Self {
            file,
            path,
            at,
            buffer,
        }
    }

    /// Takes bytes, which stay in memory until [`Self::settle`].
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Writes what has gathered, once it is worth a write.
    pub(crate) fn settle(&mut self) -> Result<(), StoreError> {
        if self.buffer.len() >= BUFFER_BYTES.end {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what has gathered.
    pub(crate) fn flush(&mut self) -> Result<(), StoreError> {
        write_all_at(&*self.file, &self.buffer, self.at)
            .map_err(|e| StoreError::io("write", &self.path, e))?;
        self.at += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// The leaves on their way.
pub(crate) struct Scatter<'a> {
    layout: &'a Layout,
    /// By tree: which account stands on which leaf.
    shuffles: Vec<Shuffle>,
    /// By tree: its accounts so far.
    arrived: Vec<u64>,
    buckets: Vec<Bucket>,
    buffer_bytes: usize,
    leaves: Arc<dyn File>,
    path: String,
    places: Append,
}

#[derive(Clone, Default)]
struct Bucket {
    written: u64,
    buffer: Vec<u8>,
}

impl<'a> Scatter<'a> {
    /// Into the files of statement `number`.
    pub(crate) fn new(
        layout: &'a Layout,
        secret: &[u8; 32],
        number: u64,
        (leaves, places): (Arc<dyn File>, Arc<dyn File>),
    ) -> Result<Self, Trouble> {
        let shuffles = layout.trees.iter().map(|tree| tree.shuffle(secret));
        let share = SCATTER_BYTES / layout.buckets.max(1);
        Ok(Self {
            layout,
            shuffles: shuffles.collect::<Result<_, _>>()?,
            arrived: vec![0; layout.trees.len()],
            buckets: vec![Bucket::default(); layout.buckets],
            buffer_bytes: share.clamp(BUFFER_BYTES.start, BUFFER_BYTES.end) / LEAF_BYTES
                * LEAF_BYTES,
            leaves,
            path: path(number, LEAVES),
            places: Append::new(places, path(number, PLACES), 0),
        })
    }

    /// Takes the account of the next slot.
    pub(crate) fn add(&mut self, tree: usize, entry: &Entry) -> Result<(), Trouble> {
        let at = &self.layout.trees[tree];
        let number = self.arrived[tree];
        if number == at.accounts {
            return Err(Trouble::Contradiction(
                "the accounts are others than when they were counted".to_owned(),
            ));
        }
        self.arrived[tree] += 1;
        let leaf = self.shuffles[tree].place(number);
        self.places.push(&place_bytes(tree as u32, leaf));
        self.places.settle()?;
        let bucket = (leaf / at.bucket_leaves()) as usize;
        let buffer = &mut self.buckets[at.first_bucket + bucket].buffer;
        buffer.extend_from_slice(&leaf_bytes(entry));
        if buffer.len() >= self.buffer_bytes {
            self.flush(tree, bucket)?;
        }
        Ok(())
    }

    fn flush(&mut self, tree: usize, bucket: usize) -> Result<(), StoreError> {
        let tree = &self.layout.trees[tree];
        let first = tree.leaf_at(bucket as u64 * tree.bucket_leaves());
        let bucket = &mut self.buckets[tree.first_bucket + bucket];
        write_all_at(&*self.leaves, &bucket.buffer, first + bucket.written)
            .map_err(|e| StoreError::io("write", &self.path, e))?;
        bucket.written += bucket.buffer.len() as u64;
        bucket.buffer.clear();
        Ok(())
    }

    /// All accounts have come: the last of them are written.
    pub(crate) fn finish(mut self) -> Result<Scattered<'a>, Trouble> {
        for (number, tree) in self.layout.trees.iter().enumerate() {
            if self.arrived[number] != tree.accounts {
                return Err(Trouble::Contradiction(
                    "the accounts are fewer than when they were counted".to_owned(),
                ));
            }
            for bucket in 0..tree.buckets() as usize {
                self.flush(number, bucket)?;
                self.buckets[tree.first_bucket + bucket].buffer = Vec::new();
            }
        }
        self.places.flush()?;
        Ok(Scattered {
            layout: self.layout,
            shuffles: self.shuffles,
            written: self.buckets.iter().map(|bucket| bucket.written).collect(),
            leaves: self.leaves,
            path: self.path,
        })
    }
}

/// The leaves in their buckets.
pub(crate) struct Scattered<'a> {
    pub(crate) layout: &'a Layout,
    shuffles: Vec<Shuffle>,
    /// By bucket: bytes of the accounts in it.
    written: Vec<u64>,
    leaves: Arc<dyn File>,
    path: String,
}

impl Scattered<'_> {
    /// Brings a bucket of a tree in order, in the file too, and gives its leaves.
    pub(crate) fn arrange(&self, tree: usize, bucket: u64) -> Result<Vec<Entry>, Trouble> {
        let (at, shuffle) = (&self.layout.trees[tree], &self.shuffles[tree]);
        let first = bucket * at.bucket_leaves();
        let mut order = order(at, shuffle, first);
        order.sort_unstable();
        let len = self.written[at.first_bucket + bucket as usize];
        if len != (order.len() * LEAF_BYTES) as u64 {
            let what = "a bucket has other accounts than the permutation leads back to";
            return Err(Trouble::Contradiction(what.to_owned()));
        }
        let mut bytes = vec![0; len as usize];
        read_exact_at(&*self.leaves, &mut bytes, at.leaf_at(first))
            .map_err(|e| StoreError::io("read", &self.path, e))?;
        let mut entries = vec![Entry::PADDING; at.bucket_leaves() as usize];
        for (bytes, number) in bytes.as_chunks().0.iter().zip(order) {
            entries[(number & 0xFFFF) as usize] = read_leaf(bytes);
        }
        bytes.clear();
        for entry in &entries {
            bytes.extend_from_slice(&leaf_bytes(entry));
        }
        write_all_at(&*self.leaves, &bytes, at.leaf_at(first))
            .map_err(|e| StoreError::io("write", &self.path, e))?;
        Ok(entries)
    }
}

/// The numbers of the accounts on the leaves of a bucket, each with its leaf in the low 16 bits.
fn order(tree: &Tree, shuffle: &Shuffle, first: u64) -> Vec<u64> {
    let numbers = (0..tree.bucket_leaves()).map(|leaf| (shuffle.back(first + leaf), leaf));
    let taken = numbers.filter(|(number, _)| *number < tree.accounts);
    taken.map(|(number, leaf)| number << 16 | leaf).collect()
}
