//! Salts of a batch: what makes a leaf a commitment that says nothing of its record.
//!
//! The salts of a batch come from one secret seed of 32 bytes, drawn at random for that batch.
//! Whoever has the seed can open every record of the batch; a salt opens its own record and,
//! being half a digest, tells nothing about the seed or any other salt.

use std::fmt;

use crate::lanes::{GROUP, Lanes};

/// The secret from which the salts of one batch come: 32 bytes. `Debug` does not show it, and it cannot be
/// compared, for that would take a time that depends on it.
#[derive(Clone, Copy)]
pub struct Seed([u8; Seed::LEN]);

impl Seed {
    /// Bytes of a seed.
    pub const LEN: usize = 32;

    /// The seed of these bytes, which must have been drawn at random.
    pub const fn from_bytes(bytes: [u8; Seed::LEN]) -> Seed {
        Seed(bytes)
    }

    /// The 32 secret bytes.
    pub const fn to_bytes(self) -> [u8; Seed::LEN] {
        self.0
    }

    /// The salt of record `index` of the batch: half `index % 2` of
    /// `SHA-256(seed | u64 little-endian (index / 2))`, so that one digest gives two salts.
    pub fn salt(&self, index: u64) -> Salt {
        let [digest, ..] = Lanes::detect().expand(&self.0, index / 2, 1);
        halves(digest.as_bytes())[usize::from(index % 2 == 1)]
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(secret)")
    }
}

/// The salt of one record: 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Salt([u8; Salt::LEN]);

impl Salt {
    /// Bytes of a salt.
    pub const LEN: usize = 16;

    /// The salt whose bytes these are, as an opening carries them.
    pub const fn from_bytes(bytes: [u8; Salt::LEN]) -> Salt {
        Salt(bytes)
    }

    /// The 16 bytes of the salt.
    pub const fn to_bytes(self) -> [u8; Salt::LEN] {
        self.0
    }

    /// The 16 bytes of the salt, borrowed.
    pub const fn as_bytes(&self) -> &[u8; Salt::LEN] {
        &self.0
    }
}

/// The two salts of a digest, in the order of their records.
fn halves(digest: &[u8; 32]) -> [Salt; 2] {
    let mut halves = [Salt::default(); 2];
    for (salt, half) in halves.iter_mut().zip(digest.as_chunks().0) {
        salt.0 = *half;
    }
    halves
}

/// The salts of records `0..count` of a batch, in order; each is [`Seed::salt`] of its index.
pub fn salts(seed: &Seed, count: usize) -> Salts {
    salts_from(seed, 0, count)
}

/// The salts of `count` records from number `first` on, which is a multiple of 32.
pub(crate) fn salts_from(seed: &Seed, first: usize, count: usize) -> Salts {
    assert!(first.is_multiple_of(2 * GROUP), "salts are made in groups");
    Salts {
        lanes: Lanes::detect(),
        seed: *seed,
        ready: [Salt::default(); 2 * GROUP],
        next: first,
        count: first + count,
    }
}

/// The iterator of [`salts`]. It allocates nothing.
#[derive(Clone)]
pub struct Salts {
    lanes: Lanes,
    seed: Seed,
    /// The salts from the last multiple of its length on.
    ready: [Salt; 2 * GROUP],
    next: usize,
    count: usize,
}

impl Salts {
    /// Hashes the salts of the next group of records.
    #[inline(never)]
    fn refill(&mut self) {
        let wanted = (self.count - self.next).div_ceil(2).min(GROUP);
        let digests = self
            .lanes
            .expand(&self.seed.0, self.next as u64 / 2, wanted);
        for (salts, digest) in self.ready.as_chunks_mut().0.iter_mut().zip(&digests) {
            *salts = halves(digest.as_bytes());
        }
    }
}

impl Iterator for Salts {
    type Item = Salt;

    #[inline]
    fn next(&mut self) -> Option<Salt> {
        if self.next == self.count {
            return None;
        }
        let place = self.next % self.ready.len();
        if place == 0 {
            self.refill();
        }
        self.next += 1;
        Some(self.ready[place])
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.count - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Salts {}

impl fmt::Debug for Salts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Salts({} of {})", self.next, self.count)
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn salts_are_halves_of_digests() {
        let seed = Seed::from_bytes([0x5a; 32]);
        for count in [0, 1, 2, 3, 17, 31, 32, 33, 63, 64, 65, 500] {
            let all: Vec<Salt> = salts(&seed, count).collect();
            assert_eq!(all.len(), count);
            assert_eq!(salts(&seed, count).len(), count);
            for (index, salt) in (0_u64..).zip(&all) {
                let message = [&seed.to_bytes()[..], &(index / 2).to_le_bytes()].concat();
                let digest = Sha256::digest(message);
                let start = if index % 2 == 0 { 0 } else { 16 };
                assert_eq!(salt.as_bytes()[..], digest[start..start + 16]);
                assert_eq!(*salt, seed.salt(index));
            }
        }
    }

    #[test]
    fn a_seed_does_not_show() {
        assert_eq!(format!("{:?}", Seed::from_bytes([7; 32])), "Seed(secret)");
    }
}
