//! `N` messages side by side through the SHA instructions.
//!
//! A round instruction waits for the one before it, so a message alone leaves the unit idle most
//! of the time; another message, which depends on nothing of the first, fills the gaps.

#![allow(clippy::many_single_char_names, reason = "the names of FIPS 180-4")]

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_loadu_si128, _mm_set_epi64x, _mm_setzero_si128,
    _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8,
    _mm_shuffle_epi32, _mm_storeu_si128, _mm_unpackhi_epi64, _mm_unpacklo_epi64,
};

use super::{INITIAL, ROUND};
use crate::Hash;

/// The state as the round instruction wants it: words `f e b a`, then `h g d c`, low to high.
type State = [__m128i; 2];

/// The initial state.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn initial() -> State {
    let [a, b, c, d, e, f, g, h] = INITIAL.map(u64::from).map(u64::cast_signed);
    [
        _mm_set_epi64x(a << 32 | b, e << 32 | f),
        _mm_set_epi64x(c << 32 | d, g << 32 | h),
    ]
}

/// Turns the bytes of each 32-bit word around: SHA-256 is big-endian, the machine is not.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn swap_bytes(v: __m128i) -> __m128i {
    _mm_shuffle_epi8(
        v,
        _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203),
    )
}

/// The four round constants of rounds `4 * i` and following.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn round_keys(i: usize) -> __m128i {
    let keys = &ROUND[4 * i..4 * i + 4];
    // SAFETY: the slice covers the 16 bytes read; the load needs no alignment.
    unsafe { _mm_loadu_si128(keys.as_ptr().cast()) }
}

/// The compression function on one block of each of `N` messages.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn compress<const N: usize>(states: &mut [State; N], blocks: [&[u8; 64]; N]) {
    let zero = _mm_setzero_si128();
    let mut words = [[zero; 4]; N];
    for (w, block) in words.iter_mut().zip(blocks) {
        for (t, vector) in w.iter_mut().enumerate() {
            // SAFETY: the array behind the slice covers the 16 bytes read, unaligned.
            let raw = unsafe { _mm_loadu_si128(block[16 * t..16 * t + 16].as_ptr().cast()) };
            *vector = swap_bytes(raw);
        }
    }
    let before = *states;
    for i in 0..16 {
        let keys = round_keys(i);
        for ([abef, cdgh], w) in states.iter_mut().zip(&mut words) {
            if i >= 4 {
                let middle = _mm_alignr_epi8::<4>(w[(i + 3) % 4], w[(i + 2) % 4]);
                let early = _mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]);
                let sum = _mm_add_epi32(early, middle);
                w[i % 4] = _mm_sha256msg2_epu32(sum, w[(i + 3) % 4]);
            }
            let keyed = _mm_add_epi32(w[i % 4], keys);
            *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, keyed);
            *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32::<0x0e>(keyed));
        }
    }
    for (new, old) in states
        .as_flattened_mut()
        .iter_mut()
        .zip(before.as_flattened())
    {
        *new = _mm_add_epi32(*new, *old);
    }
}

/// The digest in a state.
#[target_feature(enable = "sha,ssse3,sse4.1")]
#[inline]
fn digest_of([abef, cdgh]: State) -> Hash {
    // After the shuffle, low to high: `a b e f` and `c d g h`.
    let abef = swap_bytes(_mm_shuffle_epi32::<0x1b>(abef));
    let cdgh = swap_bytes(_mm_shuffle_epi32::<0x1b>(cdgh));
    let mut digest = [[0_u8; 16]; 2];
    let [abcd, efgh] = &mut digest;
    // SAFETY: each store writes the 16 bytes of the array it borrows; no alignment is needed.
    unsafe {
        _mm_storeu_si128(abcd.as_mut_ptr().cast(), _mm_unpacklo_epi64(abef, cdgh));
        _mm_storeu_si128(efgh.as_mut_ptr().cast(), _mm_unpackhi_epi64(abef, cdgh));
    }
    let bytes = digest
        .as_flattened()
        .try_into()
        .expect("two halves of 16 bytes");
    Hash::from_bytes(bytes)
}

/// The digests of `N` padded messages of as many blocks each.
#[target_feature(enable = "sha,ssse3,sse4.1")]
pub(super) fn digest<const N: usize>(messages: [&[[u8; 64]]; N]) -> [Hash; N] {
    let mut states = [initial(); N];
    for block in 0..messages[0].len() {
        compress(&mut states, messages.map(|message| &message[block]));
    }
    states.map(|state| digest_of(state))
}
