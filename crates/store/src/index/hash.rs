//! The hash of transfer ids.

/// A keyed hash from transfer ids to 64 bits.
///
/// The keys are random for each directory, so that nobody who chooses ids can choose collisions.
/// It is a folded multiply (the halves of a 128-bit product, xored) over each half of the id and
/// once more over both: three multiplications, two of them side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdHash {
    keys: [u64; 2],
}

/// Odd constants from the digits of pi (as in Blowfish), so that no sleeve hides anything.
const PI: [u64; 3] = [
    0x243f_6a88_85a3_08d3,
    0xa409_3822_299f_31d1,
    0x082e_fa98_ec4e_6c89,
];

impl IdHash {
    /// The hash under two random keys.
    pub const fn new(keys: [u64; 2]) -> Self {
        Self { keys }
    }

    /// The keys, to be kept with the directory: under others the index finds nothing.
    pub const fn keys(&self) -> [u64; 2] {
        self.keys
    }

    /// The key in [`super::Tree::Id`] of a transfer id.
    #[inline]
    pub const fn of(&self, id: u128) -> u64 {
        let low = fold(id as u64 ^ self.keys[0], PI[0]);
        let high = fold((id >> 64) as u64 ^ self.keys[1], PI[1]);
        // Without the rotation, equal halves under equal keys would cancel.
        fold(
            low ^ high.rotate_left(29) ^ self.keys[1],
            PI[2] ^ (self.keys[0] << 1),
        ) ^ low
    }
}

/// The high half of a product, xored with its low half.
const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_an_id_turns_half_of_the_hash() {
        let hash = IdHash::new([0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210]);
        for bit in 0..128 {
            let mut turned = [0_u32; 64];
            for id in 0..4096_u128 {
                let id = id << 64 | (id * 77);
                let difference = hash.of(id) ^ hash.of(id ^ (1 << bit));
                for (i, count) in turned.iter_mut().enumerate() {
                    *count += (difference >> i) as u32 & 1;
                }
            }
            for (i, &count) in turned.iter().enumerate() {
                assert!(
                    (1500..2600).contains(&count),
                    "id bit {bit}, hash bit {i}: {count}"
                );
            }
        }
    }

    #[test]
    fn rising_ids_spread_evenly_and_do_not_collide() {
        let hash = IdHash::new([3, 5]);
        let mut buckets = vec![0_u32; 1024];
        let mut all = Vec::new();
        for id in 0..1_u128 << 18 {
            all.push(hash.of(id));
            buckets[(hash.of(id) >> 54) as usize] += 1;
        }
        assert!(
            buckets.iter().all(|&n| (150..370).contains(&n)),
            "{buckets:?}"
        );
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 1 << 18);
    }
}
