//! Where the trees of a statement stand in its files, and which secrets are whose.
//!
//! | file | holds |
//! |---|---|
//! | `leaves` | tree by tree its 2^height leaves: id and amount, 16 bytes each; zeros where a leaf fills up the tree |
//! | `nodes` | tree by tree its nodes at the heights 8, 16, 24 and 32, as far as it is high, each height from left to right: hash (32 bytes) and sum (16 bytes) |
//! | `places` | by slot, for the accounts there were: the number of its tree and the index of its leaf, 4 bytes each |

use merkle::Seed;
use merkle::sum_tree::{Entry, STRIDE, SUBTREE, Shuffle, Sum, SumError};

use super::file::{Class, height_of};

/// Bytes of a leaf in `leaves`.
pub(crate) const LEAF_BYTES: usize = 32;

/// Bytes of a node in `nodes`.
pub(crate) const NODE_BYTES: usize = Sum::LEN;

/// Bytes of a place in `places`.
pub(crate) const PLACE_BYTES: usize = 8;

const SEED: &[u8] = b"cf-statement-seed";
const PLACES: &[u8] = b"cf-statement-places";

/// One tree: its size and where it begins in the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tree {
    pub(crate) class: Class,
    pub(crate) accounts: u64,
    pub(crate) height: u32,
    /// Leaves of the trees before it.
    pub(crate) first_leaf: u64,
    /// Nodes of the trees before it.
    first_node: u64,
    /// Buckets of the trees before it.
    pub(crate) first_bucket: usize,
}

/// All trees, in the order of the lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) trees: Vec<Tree>,
    pub(crate) buckets: usize,
    pub(crate) leaves: u64,
    pub(crate) nodes: u64,
}

impl Layout {
    /// The trees of classes with so many accounts each, in their order.
    pub(crate) fn new(classes: impl Iterator<Item = (Class, u64)>) -> Self {
        let mut layout = Self::default();
        for (class, accounts) in classes {
            let height = height_of(accounts);
            let tree = Tree {
                class,
                accounts,
                height,
                first_leaf: layout.leaves,
                first_node: layout.nodes,
                first_bucket: layout.buckets,
            };
            layout.leaves += tree.leaves();
            layout.nodes += rows(height).map(|row| 1 << (height - row)).sum::<u64>();
            layout.buckets += tree.buckets() as usize;
            layout.trees.push(tree);
        }
        layout
    }
}

impl Tree {
    pub(crate) fn leaves(&self) -> u64 {
        1 << self.height
    }

    /// Leaves of a bucket: what is arranged and hashed at once.
    pub(crate) fn bucket_leaves(&self) -> u64 {
        self.leaves().min(SUBTREE)
    }

    pub(crate) fn buckets(&self) -> u64 {
        self.leaves() / self.bucket_leaves()
    }

    /// Where a leaf stands in `leaves`.
    pub(crate) fn leaf_at(&self, leaf: u64) -> u64 {
        (self.first_leaf + leaf) * LEAF_BYTES as u64
    }

    /// Where node `index` of a height stands in `nodes`.
    pub(crate) fn node_at(&self, height: u32, index: u64) -> u64 {
        let below = rows(self.height).take_while(|row| *row < height);
        let before: u64 = below.map(|row| 1 << (self.height - row)).sum();
        (self.first_node + before + index) * NODE_BYTES as u64
    }

    /// The secret of its blinds.
    pub(crate) fn seed(&self, secret: &[u8; 32]) -> Seed {
        Seed::from_bytes(self.class.derive(SEED, secret))
    }

    /// Which account stands on which leaf: accounts are numbered within their tree by slot.
    pub(crate) fn shuffle(&self, secret: &[u8; 32]) -> Result<Shuffle, SumError> {
        Shuffle::new(self.class.derive(PLACES, secret), self.height)
    }
}

/// The heights at which the nodes of a tree are stored.
pub(crate) fn rows(height: u32) -> impl Iterator<Item = u32> {
    (STRIDE..=height).step_by(STRIDE as usize)
}

/// A leaf as it stands in `leaves`.
pub(crate) fn leaf_bytes(entry: &Entry) -> [u8; LEAF_BYTES] {
    let mut bytes = [0; LEAF_BYTES];
    bytes[..16].copy_from_slice(&entry.id.to_le_bytes());
    bytes[16..].copy_from_slice(&entry.amount.to_le_bytes());
    bytes
}

/// The leaf of these bytes.
pub(crate) fn read_leaf(bytes: &[u8; LEAF_BYTES]) -> Entry {
    let (mut id, mut amount) = ([0; 16], [0; 16]);
    id.copy_from_slice(&bytes[..16]);
    amount.copy_from_slice(&bytes[16..]);
    Entry {
        id: u128::from_le_bytes(id),
        amount: u128::from_le_bytes(amount),
    }
}

/// A place as it stands in `places`.
pub(crate) fn place_bytes(tree: u32, leaf: u64) -> [u8; PLACE_BYTES] {
    let mut bytes = [0; PLACE_BYTES];
    bytes[..4].copy_from_slice(&tree.to_le_bytes());
    // A slot number is 32 bits, so no tree has more leaves.
    bytes[4..].copy_from_slice(&(leaf as u32).to_le_bytes());
    bytes
}
