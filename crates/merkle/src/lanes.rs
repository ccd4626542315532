//! Many messages through SHA-256 at once, with the instructions this processor has.
//!
//! The instructions of one message wait for each other: alone, it leaves most of the processor
//! idle. Independent messages fill it. Three ways stand side by side, and each gives the digests
//! that `sha2` gives, as the tests check. In nanoseconds a message:
//!
//! | way | needs | one block | two blocks | node | salt hash |
//! |---|---|---|---|---|---|
//! | sixteen lanes of AVX-512 | `avx512f`, `avx512bw` | 17 | 34 | 31 | 18 |
//! | two messages side by side | `sha` | 32 | 63 | 72 | 39 |
//! | one message after another | `sha2`, which knows `sha` too | 36 | 69 | 83 | 46 |
//!
//! Measured by `cargo test -p merkle --release lanes -- --ignored --nocapture` on one core of a
//! Xeon with a base clock of 2.6 GHz. Four messages side by side take as long as two. The last
//! row is that good because this processor looks far enough ahead to overlap independent messages
//! by itself. AVX2 has half the width and no rotation, so its eight lanes could come to no more
//! than the second row: not here.
//!
//! This module alone in the crate has `unsafe` code, for two reasons: a function compiled for an
//! instruction set may only be called after a check that the processor has it, which a [`Lanes`]
//! is the proof of; and vectors are read and written through pointers.
#![allow(unsafe_code)]
#![cfg_attr(
    not(target_arch = "x86_64"),
    allow(
        dead_code,
        clippy::unused_self,
        reason = "elsewhere there is nothing to choose from"
    )
)]

use sha2::block_api::compress256;

use crate::{Hash, hash};

#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod sha_ni;

/// Messages that are hashed at once.
pub(crate) const GROUP: usize = 16;

/// So many messages are worth the sixteen lanes; fewer are faster in pairs.
const WORTH_WIDE: usize = 10;

/// Initial state of SHA-256: FIPS 180-4, 5.3.3.
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Round constants of SHA-256: FIPS 180-4, 4.2.2.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const ROUND: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// A place for one message, padded as FIPS 180-4, 5.1.1 wants it.
///
/// One block longer than the longest message, so that the writer may copy in fixed pieces that
/// reach past the end. Aligned to the line, so that a block is read in one piece.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Message([[u8; 64]; Message::BLOCKS + 1]);

impl Message {
    /// Blocks of the longest message that can be staged.
    pub(crate) const BLOCKS: usize = 3;

    /// A message of zeros.
    pub(crate) const BLANK: Message = Message([[0; 64]; Message::BLOCKS + 1]);

    /// The bytes to write to.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8; 64 * (Message::BLOCKS + 1)] {
        let bytes = self.0.as_flattened_mut();
        bytes
            .try_into()
            .expect("the length of the type is the sum of its blocks")
    }
}

/// Blocks that a message of `length` bytes takes with its padding.
pub(crate) const fn blocks_of(length: usize) -> usize {
    // One byte ends the message and eight hold its length in bits.
    (length + 9).div_ceil(64)
}

/// What this processor can do. A field is true only where the processor was asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lanes {
    /// Sixteen lanes of AVX-512.
    wide: bool,
    /// Pairs of messages through the SHA instructions.
    paired: bool,
}

impl Lanes {
    /// Asks the processor; the standard library remembers its answer.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn detect() -> Lanes {
        Lanes {
            wide: is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw"),
            paired: is_x86_feature_detected!("sha")
                && is_x86_feature_detected!("ssse3")
                && is_x86_feature_detected!("sse4.1"),
        }
    }

    /// Other processors have what `sha2` knows of them.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn detect() -> Lanes {
        Lanes {
            wide: false,
            paired: false,
        }
    }

    /// The digests of the first `count` messages, all of `blocks` blocks; the rest is arbitrary.
    pub(crate) fn digest(
        self,
        messages: &[Message; GROUP],
        count: usize,
        blocks: usize,
    ) -> [Hash; GROUP] {
        #[cfg(target_arch = "x86_64")]
        if self.wide && count >= WORTH_WIDE {
            // SAFETY: `wide` is true only where the processor has the instructions.
            return unsafe { avx512::digest(messages, blocks) };
        }
        let mut digests = [Hash::default(); GROUP];
        let pairs = digests[..count].chunks_mut(2).zip(messages.chunks(2));
        for (digests, messages) in pairs {
            match (digests, messages) {
                ([first, second], [one, two]) => {
                    [*first, *second] = self.pair([&one.0[..blocks], &two.0[..blocks]]);
                }
                (digests, messages) => digests[0] = single(&messages[0].0[..blocks]),
            }
        }
        digests
    }

    /// The digests of `seed | u64 little-endian` for the `count` numbers from `first` on; the
    /// rest is arbitrary. The numbers do not pass `u64::MAX`.
    pub(crate) fn expand(self, seed: &[u8; 32], first: u64, count: usize) -> [Hash; GROUP] {
        #[cfg(target_arch = "x86_64")]
        if self.wide && count >= WORTH_WIDE {
            // SAFETY: `wide` is true only where the processor has the instructions.
            return unsafe { avx512::expand(seed, first) };
        }
        let mut digests = [Hash::default(); GROUP];
        let numbers = (first..).step_by(2);
        for (digests, number) in digests[..count].chunks_mut(2).zip(numbers) {
            match digests {
                [one, two] => {
                    let messages = [salt_message(seed, number), salt_message(seed, number + 1)];
                    [*one, *two] = self.pair(messages.each_ref().map(|message| &message[..]));
                }
                digests => digests[0] = single(&salt_message(seed, number)),
            }
        }
        digests
    }

    /// The hashes of up to sixteen nodes from their children; what lies beyond is arbitrary.
    pub(crate) fn parents(self, children: &[[Hash; 2]]) -> [Hash; GROUP] {
        #[cfg(target_arch = "x86_64")]
        if self.wide && children.len() >= WORTH_WIDE {
            let mut padded = [[Hash::default(); 2]; GROUP];
            let full = children.first_chunk().unwrap_or_else(|| {
                padded[..children.len()].copy_from_slice(children);
                &padded
            });
            // SAFETY: `wide` is true only where the processor has the instructions.
            return unsafe { avx512::parents(full) };
        }
        let mut digests = [Hash::default(); GROUP];
        for (digests, children) in digests.chunks_mut(2).zip(children.chunks(2)) {
            match children {
                [one, two] => {
                    let [one, two] = [node_message(one), node_message(two)];
                    digests.copy_from_slice(&self.pair([&one, &two]));
                }
                children => digests[0] = hash::node(children[0][0], children[0][1]),
            }
        }
        digests
    }

    /// The digests of two messages of as many blocks.
    fn pair(self, messages: [&[[u8; 64]]; 2]) -> [Hash; 2] {
        #[cfg(target_arch = "x86_64")]
        if self.paired {
            // SAFETY: `paired` is true only where the processor has the instructions.
            return unsafe { sha_ni::digest(messages) };
        }
        messages.map(single)
    }
}

/// The digest of one padded message.
fn single(blocks: &[[u8; 64]]) -> Hash {
    let mut state = INITIAL;
    compress256(&mut state, blocks);
    let mut digest = [0; Hash::LEN];
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    Hash::from_bytes(digest)
}

/// The padded message `seed | number`: 40 bytes, so one block.
fn salt_message(seed: &[u8; 32], number: u64) -> [[u8; 64]; 1] {
    let mut block = [0; 64];
    block[..32].copy_from_slice(seed);
    block[32..40].copy_from_slice(&number.to_le_bytes());
    block[40] = 0x80;
    block[56..].copy_from_slice(&(8_u64 * 40).to_be_bytes());
    [block]
}

/// The padded message of a node: prefix and children are 65 bytes, so two blocks.
fn node_message([left, right]: &[Hash; 2]) -> [[u8; 64]; 2] {
    let mut blocks = [[0; 64]; 2];
    let bytes = blocks.as_flattened_mut();
    bytes[0] = hash::NODE_PREFIX;
    bytes[1..33].copy_from_slice(left.as_bytes());
    bytes[33..65].copy_from_slice(right.as_bytes());
    bytes[65] = 0x80;
    bytes[120..].copy_from_slice(&(8_u64 * 65).to_be_bytes());
    blocks
}

#[cfg(test)]
mod tests;
