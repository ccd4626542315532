//! Trees of RFC 6962 section 2.1: the inner tree of a batch, and the frontier of a log.

use std::fmt;

use crate::lanes::{GROUP, Lanes};
use crate::stage::Stages;
use crate::{EMPTY, Hash, Head, Seed, node, salted_leaf, salts};

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

/// Replaces a level of a tree by the level above it.
fn rise(lanes: Lanes, level: &mut Vec<Hash>) {
    let pairs = level.len() / 2;
    for start in (0..pairs).step_by(GROUP) {
        let end = pairs.min(start + GROUP);
        // Parents land below the children that are still to be read: `end <= 2 * end`.
        let parents = lanes.parents(&level.as_chunks().0[start..end]);
        level[start..end].copy_from_slice(&parents[..end - start]);
    }
    if level.len() % 2 == 1 {
        level.swap_remove(pairs);
        level.truncate(pairs + 1);
    } else {
        level.truncate(pairs);
    }
}

/// The salted leaves of a batch: leaf `i` is [`salted_leaf`] of salt `i` of the seed and record
/// `i`, which is `bytes[start..start + length]` for `spans[i] = (start, length)` in bytes.
///
/// `out` is cleared first; nothing is allocated once it has grown to the size of a batch.
/// Records may overlap and be of any length; up to 230 bytes they are hashed many at a time.
///
/// # Panics
///
/// If a span reaches past the end of `bytes`.
pub fn salted_leaves(seed: &Seed, bytes: &[u8], spans: &[(u32, u32)], out: &mut Vec<Hash>) {
    out.clear();
    let salted = salts(seed, spans.len()).zip(spans);
    let rest_and_length = |&(start, length): &(u32, u32)| {
        let rest = &bytes[start as usize..];
        assert!(length as usize <= rest.len(), "a span reaches past the end of the records");
        (rest, length as usize)
    };
    if spans.len() < WORTH_STAGING {
        out.extend(salted.map(|(salt, span)| {
            let (rest, length) = rest_and_length(span);
            salted_leaf(salt, &rest[..length])
        }));
        return;
    }
    out.resize(spans.len(), EMPTY);
    let mut long = false;
    let mut stages = Stages::new(out);
    for (leaf, (salt, span)) in salted.clone().enumerate() {
        let (rest, length) = rest_and_length(span);
        if length <= Stages::LONGEST {
            stages.push(leaf, salt, rest, length);
        } else {
            stages.alone(leaf, salted_leaf(salt, &rest[..length]));
        }
    }
    stages.finish();
    let _ = long;
}
