//! Salted leaves, gathered by their length until a group of equal block counts is full.
//!
//! Lanes that run side by side must take the same number of blocks. The records of a batch come
//! in a few lengths, in any order; so each block count has a stage of its own, which is hashed
//! whenever sixteen messages stand on it. Records too long for any stage are hashed at once, alone.

use crate::lanes::{GROUP, Lanes, Message, blocks_of};
use crate::{Hash, LEAF_PREFIX, Salt, salted_leaf};

/// Bytes before the record: the prefix and the salt.
const HEAD: usize = 1 + Salt::LEN;

/// Bytes that are copied at once, wherever the record ends. Most records fit, and a copy of fixed
/// length is two instructions where one of any length is a call.
const PIECE: usize = 64;

/// The end of a message: one bit, then zeros to the last eight bytes, at most 55 of them.
const PADDING: [u8; PIECE] = {
    let mut padding = [0; PIECE];
    padding[0] = 0x80;
    padding
};

/// Up to sixteen messages of one block count, and the leaves that they make.
struct Stage {
    messages: [Message; GROUP],
    leaves: [usize; GROUP],
    count: usize,
}

/// A stage for each block count, and the leaves of the batch that come out of them.
pub(crate) struct Stages<'a> {
    lanes: Lanes,
    by_blocks: [Stage; Message::BLOCKS],
    leaves: &'a mut [Hash],
}

impl<'a> Stages<'a> {
    /// Empty stages above the leaves to be filled.
    pub(crate) fn new(leaves: &'a mut [Hash]) -> Stages<'a> {
        const EMPTY: Stage = Stage {
            messages: [Message::BLANK; GROUP],
            leaves: [0; GROUP],
            count: 0,
        };
        Stages {
            lanes: Lanes::detect(),
            by_blocks: [EMPTY; Message::BLOCKS],
            leaves,
        }
    }

    /// Puts the record in the first `length` bytes of `bytes` on its stage, to become leaf `leaf`.
    /// What follows the record in `bytes` does not matter, but makes the copy cheaper.
    #[inline]
    pub(crate) fn push(&mut self, leaf: usize, salt: Salt, bytes: &[u8], length: usize) {
        let blocks = blocks_of(HEAD + length);
        let Some(stage) = self.by_blocks.get_mut(blocks - 1) else {
            self.leaves[leaf] = salted_leaf(salt, &bytes[..length]);
            return;
        };
        write(&mut stage.messages[stage.count], salt, bytes, length);
        stage.leaves[stage.count] = leaf;
        stage.count += 1;
        if stage.count == GROUP {
            self.flush(blocks);
        }
    }

    /// Hashes what is left.
    pub(crate) fn finish(mut self) {
        for blocks in 1..=Message::BLOCKS {
            self.flush(blocks);
        }
    }

    /// Hashes the stage of messages of `blocks` blocks.
    fn flush(&mut self, blocks: usize) {
        let stage = &mut self.by_blocks[blocks - 1];
        let digests = self.lanes.digest(&stage.messages, stage.count, blocks);
        for (leaf, digest) in stage.leaves[..stage.count].iter().zip(digests) {
            self.leaves[*leaf] = digest;
        }
        stage.count = 0;
    }
}

/// Writes the padded message `prefix | salt | record` over whatever stood there.
#[inline]
fn write(message: &mut Message, salt: Salt, bytes: &[u8], length: usize) {
    let to = message.bytes_mut();
    to[0] = LEAF_PREFIX;
    to[1..HEAD].copy_from_slice(salt.as_bytes());
    match bytes.first_chunk::<PIECE>() {
        Some(piece) => {
            to[HEAD..HEAD + PIECE].copy_from_slice(piece);
            if length > PIECE {
                to[HEAD + PIECE..HEAD + length].copy_from_slice(&bytes[PIECE..length]);
            }
        }
        None => to[HEAD..HEAD + length].copy_from_slice(&bytes[..length]),
    }
    let end = HEAD + length;
    to[end..end + PIECE].copy_from_slice(&PADDING);
    let bits = 64 * blocks_of(end) - 8;
    to[bits..bits + 8].copy_from_slice(&(8 * end as u64).to_be_bytes());
}
