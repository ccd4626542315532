//! Merkle trees over bytes: RFC 6962 hashes, roots and proofs. Knows no money.
//!
//! A batch of records becomes a tree of salted leaves, and the root of that tree a leaf of the
//! log. From bottom to top:
//!
//! 1. [`salts`]: one salt a record, from the secret [`Seed`] of the batch.
//! 2. [`salted_leaves`]: one leaf a record, `SHA-256(0x00 | salt | record)`.
//! 3. [`root_of`]: the root over them, `SHA-256(0x01 | left | right)` a node.
//! 4. [`Frontier`]: the log that grows by a leaf a batch, and its [`Head`].
//! 5. [`inclusion`], [`consistency`] and their verifiers, which need no more than the hashes.
//!
//! ```
//! use merkle::{Frontier, Head, Seed};
//! use merkle::{inclusion, root_of, salted_leaf, salted_leaves, verify_inclusion};
//!
//! let seed = Seed::from_bytes([7; 32]);
//! let mut leaves = Vec::new();
//! salted_leaves(&seed, b"onetwothree", &[(0, 3), (3, 3), (6, 5)], &mut leaves);
//! let path = inclusion(&leaves, 1)?;
//! let head = Head { size: 3, root: root_of(&mut leaves) };
//!
//! // Whoever holds the record, its salt and the path needs to believe nobody about the rest.
//! let opened = salted_leaf(seed.salt(1), b"two");
//! verify_inclusion(opened, 1, &head, &path)?;
//!
//! let mut log = Frontier::new();
//! log.append(merkle::leaf(head.root.as_ref()));
//! assert_eq!(log.size(), 1);
//! # Ok::<(), merkle::ProofError>(())
//! ```
//!
//! What is said about trees is text, in the formats of C2SP, and each has a module that reads it
//! strictly and writes it byte for byte: [`key`]s and signed [`note`]s, [`checkpoint`]s and their
//! [`cosignature`]s, the [`policy`] that says whom to trust, a proof in one file ([`tlog_proof`])
//! and what a [`witness`] is asked.
//!
//! The crate reads no clock, draws no randomness and does no I/O: the seed is given to it.
//! Off x86-64 it hashes through `sha2` alone, so that the verifiers can run wherever that does,
//! in a reader's browser too.
//!
//! # Speed
//!
//! A record of 40 bytes takes four and a half blocks of SHA-256: half a salt hash, a leaf of two
//! blocks and a node of two. The ledger does this for every record, so independent messages are
//! hashed side by side wherever the processor can. Nanoseconds a record, on one core of a Xeon
//! with AVX-512 and a base clock of 2.6 GHz; "plain" is `sha2`, one message after another:
//!
//! | batch | salts | leaves | root | all | plain |
//! |---|---|---|---|---|---|
//! | 8,189 records of 32 bytes | 9 | 22 | 31 | 63 | 238 |
//! | 8,189 records of 40 bytes | 9 | 39 | 31 | 80 | 284 |
//! | 8,189 records of 20 to 60 bytes | 9 | 30 | 31 | 70 | 256 |
//! | 8,189 records of 128 bytes | 9 | 58 | 32 | 99 | 324 |
//! | 100 records of 40 bytes | 10 | 42 | 45 | 97 | 276 |
//! | 1 record of 40 bytes | 90 | 133 | 4 | 227 | 202 |
//!
//! Measured by `cargo bench -p merkle --bench inner_tree`. A record of up to 38 bytes makes a leaf
//! of one block, the next 64 bytes a second one.

pub mod checkpoint;
pub mod cosignature;
mod hash;
pub mod key;
mod lanes;
pub mod note;
pub mod policy;
mod proof;
mod salt;
mod stage;
pub mod sum_tree;
pub mod tile;
pub mod tlog_proof;
mod tree;
pub mod witness;

pub use hash::{EMPTY, Hash, LEAF_PREFIX, NODE_PREFIX, leaf, node, salted_leaf};
pub use proof::{
    Head, MAX_PATH, MAX_SIZE, ProofError, consistency, consistency_spans, inclusion,
    inclusion_root, inclusion_spans, verify_consistency, verify_inclusion,
};
pub use salt::{Salt, Salts, Seed, salts};
pub use tree::{
    BLOCK, Frontier, FrontierError, blocks_of, root_of, salted_leaves, salted_leaves_from,
};
