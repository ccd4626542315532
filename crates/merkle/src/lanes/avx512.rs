//! Sixteen messages at a time in AVX-512: word `t` of message `m` sits in lane `m` of vector `t`.

#![allow(clippy::many_single_char_names, reason = "the names of FIPS 180-4")]

use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_loadu_si512, _mm512_or_si512, _mm512_ror_epi32,
    _mm512_set1_epi32, _mm512_setzero_si512, _mm512_shuffle_epi8, _mm512_shuffle_i32x4,
    _mm512_slli_epi32, _mm512_srli_epi32, _mm512_storeu_si512, _mm512_ternarylogic_epi32,
    _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use super::{GROUP, INITIAL, Message, ROUND};
use crate::{Hash, NODE_PREFIX};

/// Sixteen states of the compression function, or the first eight words of sixteen blocks.
type State = [__m512i; 8];

/// One block of each of sixteen messages, transposed.
type Block = [__m512i; 16];

/// `a ^ b ^ c`, `e ? f : g` and the majority of three, as truth tables of one instruction.
const XOR3: i32 = 0x96;
const CHOOSE: i32 = 0xca;
const MAJORITY: i32 = 0xe8;

/// One round of FIPS 180-4, 6.2.2 step 3. The caller rotates the names instead of the values.
macro_rules! round {
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $t:expr, $w:expr) => {
        let key = _mm512_set1_epi32(ROUND[$t].cast_signed());
        let sum1 = _mm512_ternarylogic_epi32::<XOR3>(
            _mm512_ror_epi32::<6>($e),
            _mm512_ror_epi32::<11>($e),
            _mm512_ror_epi32::<25>($e),
        );
        let choice = _mm512_ternarylogic_epi32::<CHOOSE>($e, $f, $g);
        let early = _mm512_add_epi32($h, _mm512_add_epi32($w, key));
        let first = _mm512_add_epi32(early, _mm512_add_epi32(sum1, choice));
        let sum0 = _mm512_ternarylogic_epi32::<XOR3>(
            _mm512_ror_epi32::<2>($a),
            _mm512_ror_epi32::<13>($a),
            _mm512_ror_epi32::<22>($a),
        );
        let majority = _mm512_ternarylogic_epi32::<MAJORITY>($a, $b, $c);
        $d = _mm512_add_epi32($d, first);
        $h = _mm512_add_epi32(first, _mm512_add_epi32(sum0, majority));
    };
}

/// A word of the block, for the first sixteen rounds.
macro_rules! given {
    ($w:ident, $t:expr) => {
        $w[$t]
    };
}

/// The next word of the message schedule, FIPS 180-4, 6.2.2 step 1, in place of the oldest.
macro_rules! scheduled {
    ($w:ident, $t:expr) => {{
        let far = $w[($t + 1) % 16];
        let sigma0 = _mm512_ternarylogic_epi32::<XOR3>(
            _mm512_ror_epi32::<7>(far),
            _mm512_ror_epi32::<18>(far),
            _mm512_srli_epi32::<3>(far),
        );
        let near = $w[($t + 14) % 16];
        let sigma1 = _mm512_ternarylogic_epi32::<XOR3>(
            _mm512_ror_epi32::<17>(near),
            _mm512_ror_epi32::<19>(near),
            _mm512_srli_epi32::<10>(near),
        );
        let old = _mm512_add_epi32($w[$t % 16], $w[($t + 9) % 16]);
        $w[$t % 16] = _mm512_add_epi32(_mm512_add_epi32(old, sigma0), sigma1);
        $w[$t % 16]
    }};
}

/// Eight rounds, after which every name is back at its place. `$word` takes a word from the block.
macro_rules! rounds8 {
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $t:expr, $w:ident, $word:ident) => {
        round!($a $b $c $d $e $f $g $h, $t, $word!($w, $t));
        round!($h $a $b $c $d $e $f $g, $t + 1, $word!($w, $t + 1));
        round!($g $h $a $b $c $d $e $f, $t + 2, $word!($w, $t + 2));
        round!($f $g $h $a $b $c $d $e, $t + 3, $word!($w, $t + 3));
        round!($e $f $g $h $a $b $c $d, $t + 4, $word!($w, $t + 4));
        round!($d $e $f $g $h $a $b $c, $t + 5, $word!($w, $t + 5));
        round!($c $d $e $f $g $h $a $b, $t + 6, $word!($w, $t + 6));
        round!($b $c $d $e $f $g $h $a, $t + 7, $word!($w, $t + 7));
    };
}

/// The compression function on sixteen blocks, `$w`, which it spends.
///
/// A macro, because it must be compiled apart for each use: where words of the block are
/// constants, as most are in the second block of a node, the compiler folds what follows from
/// them, and a function this long it would not inline.
macro_rules! compress {
    ($state:ident, $w:ident) => {
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = $state;
        rounds8!(a b c d e f g h, 0, $w, given);
        rounds8!(a b c d e f g h, 8, $w, given);
        rounds8!(a b c d e f g h, 16, $w, scheduled);
        rounds8!(a b c d e f g h, 24, $w, scheduled);
        rounds8!(a b c d e f g h, 32, $w, scheduled);
        rounds8!(a b c d e f g h, 40, $w, scheduled);
        rounds8!(a b c d e f g h, 48, $w, scheduled);
        rounds8!(a b c d e f g h, 56, $w, scheduled);
        for (old, new) in $state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *old = _mm512_add_epi32(*old, new);
        }
    };
}

/// The initial state in every lane.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn initial() -> State {
    let mut state = [_mm512_setzero_si512(); 8];
    for (vector, word) in state.iter_mut().zip(INITIAL) {
        *vector = _mm512_set1_epi32(word.cast_signed());
    }
    state
}

/// Turns the bytes of each 32-bit word around: SHA-256 is big-endian, the machine is not.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn swap_bytes(v: __m512i) -> __m512i {
    const ORDER: [u8; 64] = {
        let mut order = [0; 64];
        let mut i = 0;
        while i < 64 {
            order[i] = (i as u8 % 16) ^ 3;
            i += 1;
        }
        order
    };
    // SAFETY: reads exactly the 64 bytes of the constant; the load needs no alignment.
    let order = unsafe { _mm512_loadu_si512(ORDER.as_ptr().cast()) };
    _mm512_shuffle_epi8(v, order)
}

/// Transposes 4 by 4 words inside each quarter of 128 bits.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn transpose_words([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    let low_ab = _mm512_unpacklo_epi32(a, b);
    let high_ab = _mm512_unpackhi_epi32(a, b);
    let low_cd = _mm512_unpacklo_epi32(c, d);
    let high_cd = _mm512_unpackhi_epi32(c, d);
    [
        _mm512_unpacklo_epi64(low_ab, low_cd),
        _mm512_unpackhi_epi64(low_ab, low_cd),
        _mm512_unpacklo_epi64(high_ab, high_cd),
        _mm512_unpackhi_epi64(high_ab, high_cd),
    ]
}

/// Transposes 4 by 4 quarters of 128 bits.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn transpose_quarters([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    let low_ab = _mm512_shuffle_i32x4::<0x44>(a, b);
    let high_ab = _mm512_shuffle_i32x4::<0xee>(a, b);
    let low_cd = _mm512_shuffle_i32x4::<0x44>(c, d);
    let high_cd = _mm512_shuffle_i32x4::<0xee>(c, d);
    [
        _mm512_shuffle_i32x4::<0x88>(low_ab, low_cd),
        _mm512_shuffle_i32x4::<0xdd>(low_ab, low_cd),
        _mm512_shuffle_i32x4::<0x88>(high_ab, high_cd),
        _mm512_shuffle_i32x4::<0xdd>(high_ab, high_cd),
    ]
}

/// Reads 64 bytes from each of sixteen places, `stride` bytes apart, and transposes them.
///
/// # Safety
///
/// From `first` on, `15 * stride + 64` bytes must be readable.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
unsafe fn load(first: *const u8, stride: usize) -> Block {
    let zero = _mm512_setzero_si512();
    let mut rows = [[zero; 4]; 4];
    for (lane, row) in rows.as_flattened_mut().iter_mut().enumerate() {
        // SAFETY: inside what the caller promises; the load needs no alignment.
        *row = swap_bytes(unsafe { _mm512_loadu_si512(first.add(lane * stride).cast()) });
    }
    let [q0, q1, q2, q3] = rows.map(|four| transpose_words(four));
    let mut block = [zero; 16];
    for i in 0..4 {
        let words = transpose_quarters([q0[i], q1[i], q2[i], q3[i]]);
        for (quarter, word) in words.into_iter().enumerate() {
            block[4 * quarter + i] = word;
        }
    }
    block
}

/// Writes the sixteen digests in the states to memory, one after another.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn store(state: &State, digests: &mut [Hash; GROUP]) {
    let [a, b, c, d, e, f, g, h] = *state;
    let head = transpose_words([a, b, c, d]);
    let tail = transpose_words([e, f, g, h]);
    let out: *mut __m512i = digests.as_mut_ptr().cast();
    for i in 0..2 {
        let [even, odd] = [2 * i, 2 * i + 1];
        let pairs = transpose_quarters([head[even], tail[even], head[odd], tail[odd]]);
        for (quarter, pair) in pairs.into_iter().enumerate() {
            // SAFETY: a vector is two hashes, `2 * quarter + i` at most 7: inside the sixteen.
            unsafe { _mm512_storeu_si512(out.add(2 * quarter + i), swap_bytes(pair)) };
        }
    }
}

/// The digests of sixteen padded messages of `blocks` blocks each.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn digest(messages: &[Message; GROUP], blocks: usize) -> [Hash; GROUP] {
    assert!(
        blocks <= Message::BLOCKS,
        "a staged message is longer than its stage"
    );
    let first: *const u8 = messages.as_ptr().cast();
    let mut state = initial();
    for block in 0..blocks {
        // SAFETY: messages lie `size_of::<Message>()` apart and hold more than `BLOCKS` blocks.
        let mut words = unsafe { load(first.add(64 * block), size_of::<Message>()) };
        compress!(state, words);
    }
    let mut digests = [Hash::default(); GROUP];
    store(&state, &mut digests);
    digests
}

/// The digests of `seed | u64 little-endian` for sixteen numbers from `first` on.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn expand(seed: &[u8; 32], first: u64) -> [Hash; GROUP] {
    let mut numbers = [[0_u32; GROUP]; 2];
    let [low, high] = &mut numbers;
    for ((number, low), high) in (first..).zip(low).zip(high) {
        // The word of the message is big-endian, the number in it little-endian.
        *low = (number as u32).swap_bytes();
        *high = ((number >> 32) as u32).swap_bytes();
    }
    let mut words = [_mm512_setzero_si512(); 16];
    for (word, bytes) in words.iter_mut().zip(seed.as_chunks().0) {
        *word = _mm512_set1_epi32(i32::from_be_bytes(*bytes));
    }
    for (word, numbers) in words[8..].iter_mut().zip(&numbers) {
        // SAFETY: the reference covers the 64 bytes read; the load needs no alignment.
        *word = unsafe { _mm512_loadu_si512(numbers.as_ptr().cast()) };
    }
    words[10] = _mm512_set1_epi32(i32::MIN);
    words[15] = _mm512_set1_epi32(40 * 8);
    let mut state = initial();
    compress!(state, words);
    let mut digests = [Hash::default(); GROUP];
    store(&state, &mut digests);
    digests
}

/// The hashes of sixteen nodes from their children.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn parents(children: &[[Hash; 2]; GROUP]) -> [Hash; GROUP] {
    // SAFETY: the children are sixteen pairs of hashes, 64 bytes each, without gaps.
    let pairs = unsafe { load(children.as_ptr().cast(), 64) };
    // The prefix shifts the 64 bytes by one: 63 in the first block, the last in the second.
    let prefix = _mm512_set1_epi32(i32::from(NODE_PREFIX) << 24);
    let mut words = pairs;
    words[0] = _mm512_or_si512(prefix, _mm512_srli_epi32::<8>(pairs[0]));
    for t in 1..16 {
        let carried = _mm512_slli_epi32::<24>(pairs[t - 1]);
        words[t] = _mm512_or_si512(carried, _mm512_srli_epi32::<8>(pairs[t]));
    }
    let mut state = initial();
    compress!(state, words);

    let mut rest = [_mm512_setzero_si512(); 16];
    let end = _mm512_set1_epi32(0x0080_0000);
    rest[0] = _mm512_or_si512(_mm512_slli_epi32::<24>(pairs[15]), end);
    rest[15] = _mm512_set1_epi32(65 * 8);
    compress!(state, rest);

    let mut digests = [Hash::default(); GROUP];
    store(&state, &mut digests);
    digests
}
