//! Leaves and nodes of a sum tree, sixteen messages at once.

use super::{Entry, LEAF_PREFIX, NODE_PREFIX, Sum, SumError};
use crate::lanes::{GROUP, Lanes, Message, blocks_of};
use crate::{Salt, Seed};

/// Bytes of the message of a leaf: prefix, blind, id and amount.
const LEAF: usize = 1 + Salt::LEN + 16 + 16;

/// Bytes of the message of a node: prefix and two sums.
const NODE: usize = 1 + 2 * Sum::LEN;

const _: () = assert!(blocks_of(LEAF) == 1 && blocks_of(NODE) == 2);

/// A group of messages of one length, whose padding is written once.
struct Stage<const LENGTH: usize>([Message; GROUP]);

impl<const LENGTH: usize> Stage<LENGTH> {
    /// Sixteen padded messages that begin with the prefix (FIPS 180-4, 5.1.1).
    fn new(prefix: u8) -> Stage<LENGTH> {
        let mut message = Message::BLANK;
        let bytes = message.bytes_mut();
        bytes[0] = prefix;
        bytes[LENGTH] = 0x80;
        let end = 64 * blocks_of(LENGTH);
        bytes[end - 8..end].copy_from_slice(&(8 * LENGTH as u64).to_be_bytes());
        Stage([message; GROUP])
    }
}

/// What the hashing of a tree needs at hand: 8 KiB.
pub(super) struct Forge {
    lanes: Lanes,
    leaves: Stage<LEAF>,
    nodes: Stage<NODE>,
}

impl Forge {
    /// For the processor that this runs on.
    pub(super) fn new() -> Forge {
        Forge {
            lanes: Lanes::detect(),
            leaves: Stage::new(LEAF_PREFIX),
            nodes: Stage::new(NODE_PREFIX),
        }
    }

    /// Appends `count` leaves from leaf `first` on, which is even: those of the entries, then
    /// padding. The blind of a leaf is the salt of its index ([`Seed::salt`]).
    pub(super) fn leaves(
        &mut self,
        seed: &Seed,
        first: u64,
        entries: &[Entry],
        count: usize,
        out: &mut Vec<Sum>,
    ) {
        debug_assert!(first.is_multiple_of(2) && entries.len() <= count);
        let padding = std::iter::repeat(&Entry::PADDING);
        let mut entries = entries.iter().chain(padding);
        let seed = seed.to_bytes();
        // A digest gives two blinds, so a group of digests serves two groups of leaves.
        for start in (0..count).step_by(2 * GROUP) {
            let pairs = (count - start).div_ceil(2).min(GROUP);
            let digests = self
                .lanes
                .expand(&seed, first / 2 + start as u64 / 2, pairs);
            let blinds = digests
                .iter()
                .flat_map(|digest| digest.as_bytes().as_chunks().0);
            let mut blinds = blinds.copied().take(count - start);
            for _ in 0..2 {
                self.group(blinds.by_ref().take(GROUP).zip(entries.by_ref()), out);
            }
        }
    }

    /// Appends the leaves of up to sixteen blinds and entries.
    fn group<'a>(
        &mut self,
        opened: impl Iterator<Item = ([u8; Salt::LEN], &'a Entry)>,
        out: &mut Vec<Sum>,
    ) {
        let start = out.len();
        for (message, (blind, entry)) in self.leaves.0.iter_mut().zip(opened) {
            let bytes = message.bytes_mut();
            bytes[1..17].copy_from_slice(&blind);
            bytes[17..33].copy_from_slice(&entry.id.to_le_bytes());
            bytes[33..LEAF].copy_from_slice(&entry.amount.to_le_bytes());
            out.push(Sum {
                amount: entry.amount,
                ..Sum::default()
            });
        }
        let leaves = &mut out[start..];
        let digests = self
            .lanes
            .digest(&self.leaves.0, leaves.len(), blocks_of(LEAF));
        for (leaf, digest) in leaves.iter_mut().zip(digests) {
            leaf.hash = digest;
        }
    }

    /// Replaces a level of a perfect tree, two nodes at least, by the level above it.
    pub(super) fn rise(&mut self, level: &mut Vec<Sum>) -> Result<(), SumError> {
        let pairs = level.len() / 2;
        debug_assert!(pairs > 0 && level.len().is_power_of_two());
        for start in (0..pairs).step_by(GROUP) {
            let end = pairs.min(start + GROUP);
            let mut amounts = [0; GROUP];
            // Parents land in `start..end`, and the children still to be read begin at `2 * end`.
            let children = &level.as_chunks::<2>().0[start..end];
            let staged = self.nodes.0.iter_mut().zip(&mut amounts);
            for ([left, right], (message, amount)) in children.iter().zip(staged) {
                let bytes = message.bytes_mut();
                bytes[1..33].copy_from_slice(left.hash.as_bytes());
                bytes[33..49].copy_from_slice(&left.amount.to_le_bytes());
                bytes[49..81].copy_from_slice(right.hash.as_bytes());
                bytes[81..NODE].copy_from_slice(&right.amount.to_le_bytes());
                let sum = left.amount.checked_add(right.amount);
                *amount = sum.ok_or(SumError::Overflow)?;
            }
            let digests = self
                .lanes
                .digest(&self.nodes.0, end - start, blocks_of(NODE));
            for (parent, (hash, amount)) in level[start..end]
                .iter_mut()
                .zip(digests.into_iter().zip(amounts))
            {
                *parent = Sum { hash, amount };
            }
        }
        level.truncate(pairs);
        Ok(())
    }

    /// The root over `count` leaves from leaf `first` on: those of the entries, then padding.
    /// `level` is the space for it.
    pub(super) fn block(
        &mut self,
        seed: &Seed,
        first: u64,
        entries: &[Entry],
        count: usize,
        level: &mut Vec<Sum>,
    ) -> Result<Sum, SumError> {
        level.clear();
        self.leaves(seed, first, entries, count, level);
        self.root(level)
    }

    /// The root of a level of a perfect tree, which is left empty; the zero sum for no nodes.
    pub(super) fn root(&mut self, level: &mut Vec<Sum>) -> Result<Sum, SumError> {
        while level.len() > 1 {
            self.rise(level)?;
        }
        Ok(level.pop().unwrap_or_default())
    }
}
