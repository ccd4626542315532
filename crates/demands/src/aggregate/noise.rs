//! Noise: whole numbers of the discrete Laplace distribution, drawn exactly from random bits.
//!
//! A number x comes with a probability in proportion to e^(-|x|·s/t), for whole s and t. The way is
//! that of Canonne, Kamath and Steinke ("The Discrete Gaussian for Differential Privacy", 2020,
//! algorithms 1 and 2): coins of probability e^(-a/b) are tossed with coins of probability a/b
//! alone, so nothing is rounded and there is no float whose lowest bits would tell.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Random bits that follow from a secret and a name: the same for the same, and for nobody else to
/// tell from chance.
pub(super) struct Bits<'a> {
    secret: &'a [u8; 32],
    name: Vec<u8>,
    blocks: u64,
    left: Vec<u8>,
}

impl<'a> Bits<'a> {
    /// The bits of this name.
    pub(super) fn new(secret: &'a [u8; 32], name: Vec<u8>) -> Self {
        Self {
            secret,
            name,
            blocks: 0,
            left: Vec::new(),
        }
    }

    fn byte(&mut self) -> u8 {
        if self.left.is_empty() {
            let mut mac = Hmac::<Sha256>::new_from_slice(self.secret).expect("HMAC takes any key");
            mac.update(&self.name);
            mac.update(&self.blocks.to_be_bytes());
            self.left = mac.finalize().into_bytes().to_vec();
            self.blocks += 1;
        }
        self.left.pop().expect("a block has bytes")
    }

    /// A number below `end`, each as likely as the others.
    fn below(&mut self, end: u128) -> u128 {
        let bits = 128 - (end - 1).leading_zeros();
        loop {
            let mut number = 0u128;
            for _ in 0..bits.div_ceil(8) {
                number = (number << 8) | u128::from(self.byte());
            }
            // What is above the highest bit that can matter is masked, so one draw in two does.
            let number = if bits == 0 {
                0
            } else {
                number & (u128::MAX >> (128 - bits))
            };
            if number < end {
                return number;
            }
        }
    }

    /// A coin of probability e^(-over/under), where `over` is at most `under`.
    fn coin(&mut self, over: u128, under: u128) -> bool {
        let mut tosses = 1u128;
        while self.below(under * tosses) < over {
            tosses += 1;
        }
        tosses % 2 == 1
    }

    /// A number x with a probability in proportion to e^(-|x|·s/t); both from 1 to 2^112.
    pub(super) fn laplace(&mut self, t: u128, s: u128) -> i128 {
        loop {
            let part = self.below(t);
            if !self.coin(part, t) {
                continue;
            }
            let mut wholes = 0u128;
            while self.coin(1, 1) {
                wholes += 1;
            }
            let size = (part + t * wholes) / s;
            let is_negative = self.below(2) == 1;
            // 0 has one sign only; else it would come twice as often.
            if is_negative && size == 0 {
                continue;
            }
            let size = size.cast_signed();
            return if is_negative { -size } else { size };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each number of -9 to 9 came, and all others, in so many draws.
    fn histogram(t: u128, s: u128, draws: u32) -> [u32; 20] {
        let mut counts = [0; 20];
        for draw in 0..draws {
            let name = [b"histogram", &draw.to_be_bytes()[..]].concat();
            let number = Bits::new(&[7; 32], name).laplace(t, s);
            let at = usize::try_from(number + 9).unwrap_or(19);
            counts[at.min(19)] += 1;
        }
        counts
    }

    /// What is expected of so many draws: (1-q)/(1+q) q^|x| with q = e^(-s/t), as the standard has it.
    fn chi_square(counts: &[u32; 20], q: f64, draws: u32) -> f64 {
        let zero = (1.0 - q) / (1.0 + q);
        let mut expected: Vec<f64> = (-9i32..=9).map(|x| zero * q.powi(x.abs())).collect();
        expected.push(1.0 - expected.iter().sum::<f64>());
        let terms = counts.iter().zip(expected).map(|(count, share)| {
            let wanted = share * f64::from(draws);
            (f64::from(*count) - wanted).powi(2) / wanted
        });
        terms.sum()
    }

    #[test]
    fn the_noise_is_of_its_distribution() {
        let draws = 40_000;
        // 19 degrees of freedom: above 43.8 in one of a thousand seeds, and this one is fixed.
        for (t, s) in [(1u32, 1u32), (2, 1), (3, 1), (5, 2), (4, 3)] {
            let counts = histogram(t.into(), s.into(), draws);
            let q = (-f64::from(s) / f64::from(t)).exp();
            let statistic = chi_square(&counts, q, draws);
            assert!(statistic < 43.8, "{t}/{s}: {statistic} of {counts:?}");
            // The test can fail: another scale is told from this one.
            let other = chi_square(&counts, (-f64::from(s) / (f64::from(t) * 1.2)).exp(), draws);
            assert!(other > 100.0, "{t}/{s}: {other}");
        }
    }

    #[test]
    fn a_wide_scale_is_symmetric_and_wide() {
        let t = 1u128 << 100;
        let mut signs = 0;
        for draw in 0..200u32 {
            let name = [b"wide", &draw.to_be_bytes()[..]].concat();
            let number = Bits::new(&[1; 32], name).laplace(t, 1);
            assert!(number.unsigned_abs() < t * 64 && number.unsigned_abs() > t >> 20);
            signs += i32::from(number > 0);
        }
        assert!((60..=140).contains(&signs), "{signs}");
    }

    #[test]
    fn numbers_below_an_end_are_even() {
        let mut bits = Bits::new(&[3; 32], b"even".to_vec());
        assert_eq!(bits.below(1), 0);
        let mut counts = [0u32; 6];
        for _ in 0..12_000 {
            counts[bits.below(6) as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (1_850..2_150).contains(count)),
            "{counts:?}"
        );
        assert!(bits.below(u128::MAX) < u128::MAX);
    }
}
