//! How a gift is divided, so that anyone can check it once the seed is revealed. The definition is
//! that of [`model::object::GiftSeed`].

use model::object::Gift;
use sha2::{Digest, Sha256};

/// Place of `random` in [`model::object::GIFT_KINDS`].
const RANDOM: u8 = 1;
const _: () = assert!(model::object::GIFT_KINDS.len() == 2);

/// The two halves of the commitment to the seed of a gift, each read as little-endian.
pub(crate) fn commitment(gift: u128, seed: u128) -> (u128, u128) {
    let mut hash = Sha256::new();
    hash.update(b"cf-gift");
    hash.update(gift.to_le_bytes());
    hash.update(seed.to_le_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let [first, second] = halves(hash);
    (first, second)
}

/// What the next claim of an open gift gets.
pub(crate) fn part_of(gift: &Gift, seed: u128) -> u128 {
    let parts = u128::from(gift.parts);
    let number = gift.claims + 1;
    if gift.kind != RANDOM {
        let first = u128::from(number) <= gift.amount % parts;
        return gift.amount / parts + u128::from(first);
    }
    let rest = gift.amount - gift.claimed;
    let left = parts - u128::from(gift.claims);
    if left == 1 {
        return rest;
    }
    // Twice the rest may pass what can be counted.
    let twice = rest / left * 2 + rest % left * 2 / left;
    uniform(seed, number, twice.min(rest - (left - 1)))
}

/// A number from 1 to `most`, each as likely as any other.
fn uniform(seed: u128, number: u16, most: u128) -> u128 {
    // So many of the 2^128 values lie above the last whole multiple of `most`.
    let above = (u128::MAX % most + 1) % most;
    for counter in 0.. {
        let drawn = draw(seed, number, counter);
        if drawn <= u128::MAX - above {
            return 1 + drawn % most;
        }
    }
    unreachable!("of 2^32 draws one is taken")
}

fn draw(seed: u128, number: u16, counter: u32) -> u128 {
    let mut hash = Sha256::new();
    hash.update(b"cf-draw");
    hash.update(seed.to_le_bytes());
    hash.update(u32::from(number).to_le_bytes());
    hash.update(counter.to_le_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    halves(hash)[0]
}

fn halves(hash: [u8; 32]) -> [u128; 2] {
    let (halves, _) = hash.as_chunks::<16>();
    [
        u128::from_le_bytes(halves[0]),
        u128::from_le_bytes(halves[1]),
    ]
}

#[cfg(test)]
mod tests {
    use model::object::Gift;

    use super::{RANDOM, part_of, uniform};

    /// All claims of a gift.
    fn parts(kind: u8, amount: u128, parts: u16, seed: u128) -> Vec<u128> {
        let mut gift = Gift {
            kind,
            amount,
            parts,
            ..Gift::default()
        };
        let each = (0..parts).map(|_| {
            let part = part_of(&gift, seed);
            gift.claimed += part;
            gift.claims += 1;
            part
        });
        each.collect()
    }

    #[test]
    fn every_part_is_within_its_bounds_and_they_come_to_all_of_it() {
        for seed in 1..200 {
            for amount in [10, 11, 19, 2_000, u128::MAX] {
                let all = parts(RANDOM, amount, 10, seed);
                let mut rest = amount;
                for (index, part) in all.iter().enumerate() {
                    let left = 10 - index as u128;
                    assert!(*part >= 1 && *part <= rest - (left - 1), "{all:?}");
                    assert!(left == 1 || *part / 2 <= rest / left + 1, "{all:?}");
                    rest -= part;
                }
                assert_eq!(rest, 0);
            }
        }
    }

    #[test]
    fn equal_parts_differ_by_one_at_most() {
        assert_eq!(parts(0, 11, 4, 1), [3, 3, 3, 2]);
        assert_eq!(parts(0, 12, 4, 1), [3, 3, 3, 3]);
        assert_eq!(parts(0, u128::MAX, 1, 1), [u128::MAX]);
    }

    /// 30,000 draws from 1 to 6: each number comes up about as often.
    #[test]
    fn draws_are_uniform() {
        let mut counts = [0u32; 6];
        for seed in 1..=30_000 {
            counts[uniform(seed, 1, 6) as usize - 1] += 1;
        }
        for count in counts {
            assert!((4_750..5_250).contains(&count), "{counts:?}");
        }
    }

    /// Above half of all values a draw is refused as often as not.
    #[test]
    fn what_does_not_come_out_even_is_drawn_again() {
        let most = (1 << 127) + 1;
        let again = (1..100)
            .filter(|seed| super::draw(*seed, 1, 0) >= most)
            .count();
        assert!((30..70).contains(&again), "{again}");
        assert!((1..100).all(|seed| (1..=most).contains(&uniform(seed, 1, most))));
    }
}
