//! Which leaf an account stands on, known to the keeper of a key alone.

use std::fmt;

use sha2::{Digest, Sha256};

use super::{MAX_HEIGHT, SumError};
use crate::lanes::{GROUP, Lanes};

/// Trees of up to 2^16 leaves have their permutation drawn as a whole.
const DRAWN: u32 = 16;

/// Rounds of the network, as many as FF1 has (NIST SP 800-38G).
const ROUNDS: usize = 10;

/// What separates the stream of a shuffle from every other use of its key.
const LABEL: &[u8] = b"merkle/sum_tree/shuffle";

/// A secret permutation of `0..2^bits`, from a key of 32 bytes.
///
/// # What it hides
///
/// A path shows the amount on the neighbouring leaf, and the sums of larger neighbourhoods. Had
/// the accounts stood in the order of their opening, whoever opened an account would know the
/// holder before and after, and would read a stranger's balance off their own proof. The
/// permutation hides which account stands on a leaf from everyone without the key, though they
/// know the order of opening, and though they hold, alone or together, many accounts whose leaves
/// they know. A key is for one statement: with a key for several, neighbours would stay neighbours
/// and a path would show how one stranger's balance moves.
///
/// # How
///
/// All randomness is one stream, `SHA-256(SHA-256(label | bits u32 LE | key) | counter u64 LE)`.
/// Since the key is hashed with a label first, a key that is also the seed of the blinds gives
/// nothing away through a blind that is shown.
///
/// Up to 16 bits the permutation is drawn as a whole, by the shuffle of Fisher and Yates: all are
/// equally likely but for a bias of less than 2^-47 a step. Beyond, it is an alternating Feistel
/// network of 10 rounds over two halves of at least 8 bits, as FF1 has, except that the round
/// functions are tables drawn from the stream: under the assumption that the stream is
/// pseudorandom they are random functions, which no cheaper mixing could claim. For halves of n
/// bits, 6 rounds of random functions are proven up to about 2^n known or chosen places (Patarin,
/// "Security of Balanced and Unbalanced Feistel Schemes with Linear Non Equalities", 2010). The
/// best attacks known on one permutation of more rounds, without a tweak, need nearly all of it:
/// that it is even tells the last two places once all others are known.
///
/// Tables make it fast, ten dependent reads a place: 14 ns either way for 27 bits, 50 ns for 32 and
/// 280 ns for 40, by `cargo bench -p merkle --bench sum_tree` on one core of a Xeon of 2.6 GHz. They
/// take 20 bytes for each value of both halves, so 2.6 MB for 32 bits and 42 MB for 40.
#[derive(Clone)]
pub struct Shuffle {
    bits: u32,
    way: Way,
}

#[derive(Clone)]
enum Way {
    /// The permutation and its inverse.
    Drawn { to: Vec<u16>, from: Vec<u16> },
    /// The round functions, those that change the upper half at even places.
    Network { tables: Vec<Vec<u32>> },
}

impl Shuffle {
    /// The permutation of `0..2^bits` that belongs to a key; at most [`MAX_HEIGHT`] bits. Takes
    /// 0.5 ms for 16 bits, 2 ms for 32 and 50 ms for 40.
    pub fn new(key: [u8; 32], bits: u32) -> Result<Shuffle, SumError> {
        if bits > MAX_HEIGHT {
            let height = bits as usize;
            return Err(SumError::TooHigh { height });
        }
        let mut stream = Stream::new(key, bits);
        let way = if bits <= DRAWN {
            draw(&mut stream, bits)
        } else {
            let [upper, lower] = halves(bits);
            let mut tables = vec![Vec::new(); ROUNDS];
            for (round, table) in tables.iter_mut().enumerate() {
                let (from, to) = if round % 2 == 0 {
                    (lower, upper)
                } else {
                    (upper, lower)
                };
                stream.fill(1 << from, (1 << to) - 1, table);
            }
            Way::Network { tables }
        };
        Ok(Shuffle { bits, way })
    }

    /// Refuses what is not below `2^bits`.
    fn check(&self, number: u64) {
        let bits = self.bits;
        assert!(number >> bits == 0, "{number} is not below 2^{bits}");
    }

    /// The leaf on which the account stands that was opened as number `x`.
    ///
    /// # Panics
    ///
    /// If `x` is not below `2^bits`.
    #[inline]
    pub fn place(&self, x: u64) -> u64 {
        self.check(x);
        match &self.way {
            Way::Drawn { to, .. } => u64::from(to[x as usize]),
            Way::Network { tables } => self.network(x, tables.iter().enumerate()),
        }
    }

    /// The number of the account that stands on leaf `y`: the inverse of [`Shuffle::place`].
    ///
    /// # Panics
    ///
    /// If `y` is not below `2^bits`.
    #[inline]
    pub fn back(&self, y: u64) -> u64 {
        self.check(y);
        match &self.way {
            Way::Drawn { from, .. } => u64::from(from[y as usize]),
            Way::Network { tables } => self.network(y, tables.iter().enumerate().rev()),
        }
    }

    /// Runs rounds over a number. Each changes one half by the other, so each undoes itself.
    #[inline]
    fn network<'a>(&self, number: u64, rounds: impl Iterator<Item = (usize, &'a Vec<u32>)>) -> u64 {
        let [_, lower] = halves(self.bits);
        let (mut high, mut low) = (
            (number >> lower) as u32,
            (number & ((1 << lower) - 1)) as u32,
        );
        for (round, table) in rounds {
            if round % 2 == 0 {
                high ^= table[low as usize];
            } else {
                low ^= table[high as usize];
            }
        }
        u64::from(high) << lower | u64::from(low)
    }
}

impl fmt::Debug for Shuffle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shuffle(secret, of 2^{})", self.bits)
    }
}

/// Bits of the upper and the lower half of a number.
fn halves(bits: u32) -> [u32; 2] {
    [bits / 2, bits - bits / 2]
}

/// The shuffle of Fisher and Yates, from the last place down.
fn draw(stream: &mut Stream, bits: u32) -> Way {
    let size = 1_usize << bits;
    let mut numbers = Vec::new();
    // Two words a step: a chance of 64 bits against at most 2^16 places.
    stream.fill(2 * size, u32::MAX, &mut numbers);
    let mut to: Vec<u16> = (0..size).map(|place| place as u16).collect();
    for (place, [low, high]) in numbers.as_chunks().0.iter().enumerate().skip(1).rev() {
        let chance = u64::from(*high) << 32 | u64::from(*low);
        let other = (u128::from(chance) * (place as u128 + 1)) >> 64;
        to.swap(place, other as usize);
    }
    let mut from = vec![0; size];
    for (place, leaf) in to.iter().enumerate() {
        from[usize::from(*leaf)] = place as u16;
    }
    Way::Drawn { to, from }
}

/// The random words of a shuffle: digests of a counter, eight words each.
struct Stream {
    lanes: Lanes,
    key: [u8; 32],
    counter: u64,
}

impl Stream {
    fn new(key: [u8; 32], bits: u32) -> Stream {
        let digest = Sha256::new()
            .chain_update(LABEL)
            .chain_update(bits.to_le_bytes())
            .chain_update(key);
        Stream {
            lanes: Lanes::detect(),
            key: digest.finalize().into(),
            counter: 0,
        }
    }

    /// Appends the next `count` words to `out`, cut to the bits of `mask`. What is left of the
    /// last digest is not used.
    fn fill(&mut self, count: usize, mask: u32, out: &mut Vec<u32>) {
        let end = out.len() + count;
        // Whole digests first, so that the loop has no end inside of one.
        out.reserve(count + 8 * GROUP);
        while out.len() < end {
            let digests = (end - out.len()).div_ceil(8).min(GROUP);
            let group = self.lanes.expand(&self.key, self.counter, digests);
            let bytes = group[..digests].iter().map(crate::Hash::as_bytes);
            let words = bytes.flat_map(|digest| digest.as_chunks().0);
            out.extend(words.map(|word| u32::from_le_bytes(*word) & mask));
            self.counter += digests as u64;
        }
        out.truncate(end);
    }
}
