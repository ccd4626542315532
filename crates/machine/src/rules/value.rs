//! Numbers that rules compare: whole numbers and exact fractions of them.

use core::cmp::Ordering;

use model::rule::{Fraction, Relation, Step};

use crate::exact::{product, scaled};

/// `whole * times / of`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) whole: u128,
    pub(super) fraction: Fraction,
}

/// One whole.
const ONE: Fraction = Fraction { times: 1, of: 1 };

impl From<u128> for Value {
    fn from(whole: u128) -> Self {
        Self {
            whole,
            fraction: ONE,
        }
    }
}

impl Value {
    /// The whole number below, at most 2^128-1.
    pub(super) fn floor(self) -> u128 {
        let Fraction { times, of } = self.fraction;
        scaled(self.whole, times.into(), of.into(), 0).unwrap_or(u128::MAX)
    }

    /// By cross-multiplication, in 256 bits.
    #[inline]
    fn compare(self, other: Self) -> Ordering {
        if self.fraction == ONE && other.fraction == ONE {
            return self.whole.cmp(&other.whole);
        }
        let across = |a: Self, b: Self| {
            let factor = u128::from(a.fraction.times) * u128::from(b.fraction.of);
            product(a.whole, factor)
        };
        across(self, other).cmp(&across(other, self))
    }

    #[inline]
    pub(super) fn is(self, relation: Relation, other: Self) -> bool {
        let order = self.compare(other);
        match relation {
            Relation::AtMost => order != Ordering::Greater,
            Relation::Below => order == Ordering::Less,
            Relation::AtLeast => order != Ordering::Less,
            Relation::Above => order == Ordering::Greater,
            Relation::Equal => order == Ordering::Equal,
        }
    }
}

/// What the slices of a ladder come to, each rounded up.
pub(super) fn ladder(of: u128, steps: &[Step]) -> u128 {
    const UP: u8 = 1;
    let (mut below, mut sum) = (0, 0u128);
    for step in steps {
        let slice = of.min(step.up_to).saturating_sub(below);
        let Fraction { times, of } = step.fraction;
        let part = scaled(slice, times.into(), of.into(), UP);
        sum = sum.saturating_add(part.unwrap_or(u128::MAX));
        below = step.up_to;
    }
    sum
}

#[cfg(test)]
mod tests {
    use model::rule::{Fraction, Relation, Step};

    use super::{Value, ladder};

    fn share(whole: u128, times: u64, of: u64) -> Value {
        Value {
            whole,
            fraction: Fraction { times, of },
        }
    }

    #[test]
    fn fractions_are_compared_exactly() {
        let third = share(10_000, 1, 3);
        assert!(Value::from(3_333).is(Relation::Below, third));
        assert!(Value::from(3_334).is(Relation::Above, third));
        assert!(share(9_999, 1, 3).is(Relation::Equal, 3_333.into()));
        let most = share(u128::MAX, u64::MAX, 1);
        assert!(most.is(Relation::Above, u128::MAX.into()));
        assert!(most.is(Relation::Equal, most));
        assert!(share(u128::MAX, 1, u64::MAX).is(Relation::AtLeast, 1.into()));
    }

    /// Billions of yuan: 5, 4, 3, 2 and 1 % up to 50, 200, 500, 1,000 and beyond.
    #[test]
    fn the_ladder_of_net_assets_is_the_published_one() {
        let step = |up_to: u128, percent: u64| Step {
            up_to: up_to.saturating_mul(10),
            fraction: Fraction {
                times: percent,
                of: 100,
            },
        };
        let steps = [
            step(50, 5),
            step(200, 4),
            step(500, 3),
            step(1_000, 2),
            step(u128::MAX, 1),
        ];
        let tenths = [50, 200, 500, 1_000, 1_500].map(|reserve| ladder(reserve * 10, &steps));
        assert_eq!(tenths, [25, 85, 175, 275, 325]);
    }
}
