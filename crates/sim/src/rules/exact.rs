//! Whole numbers and fractions of them, as at school.

use std::cmp::Ordering;

use model::rule::Fraction;

/// How two fractions of whole numbers compare, by cross-multiplication.
pub(super) fn compare(
    (left, by_left): (u128, Fraction),
    (right, by_right): (u128, Fraction),
) -> Ordering {
    let left = product(&[left, by_left.times.into(), by_right.of.into()]);
    let right = product(&[right, by_right.times.into(), by_left.of.into()]);
    cmp(&left, &right)
}

/// Of a fraction of a whole number, the largest whole number that is not above; at most 2^128-1.
pub(super) fn floor((whole, fraction): (u128, Fraction)) -> u128 {
    let exact = product(&[whole, fraction.times.into()]);
    let mut floor = 0u128;
    for bit in (0..128).rev() {
        let more = floor | 1 << bit;
        if cmp(&product(&[more, fraction.of.into()]), &exact) != Ordering::Greater {
            floor = more;
        }
    }
    floor
}

/// The smallest that is not below; at most 2^128-1.
pub(super) fn ceiling(part: (u128, Fraction)) -> u128 {
    let floor = floor(part);
    let (whole, fraction) = part;
    let exact = product(&[whole, fraction.times.into()]);
    if cmp(&product(&[floor, fraction.of.into()]), &exact) == Ordering::Less {
        floor.saturating_add(1)
    } else {
        floor
    }
}

/// The product of some numbers, in digits of 32 bits, the lowest first.
fn product(factors: &[u128]) -> Vec<u32> {
    let mut product = vec![1];
    for factor in factors {
        let digits = [0, 32, 64, 96].map(|shift| (factor >> shift) as u32);
        let mut sum = vec![0u32; product.len() + 5];
        for (place, &one) in product.iter().enumerate() {
            let mut carry = 0u64;
            for (offset, other) in digits.iter().chain(&[0]).enumerate() {
                let at = &mut sum[place + offset];
                carry += u64::from(one) * u64::from(*other) + u64::from(*at);
                *at = carry as u32;
                carry >>= 32;
            }
        }
        product = sum;
    }
    product
}

fn cmp(left: &[u32], right: &[u32]) -> Ordering {
    let digit = |number: &[u32], place| number.get(place).copied().unwrap_or(0);
    let places = (0..left.len().max(right.len())).rev();
    places
        .map(|place| digit(left, place).cmp(&digit(right, place)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use model::rule::Fraction;

    use super::{ceiling, compare, floor};

    #[test]
    fn numbers_as_at_school() {
        let part = |whole, times, of| (whole, Fraction { times, of });
        assert_eq!(floor(part(10_000, 1, 3)), 3_333);
        assert_eq!(ceiling(part(10_000, 1, 3)), 3_334);
        assert_eq!(ceiling(part(9_999, 1, 3)), 3_333);
        assert_eq!(floor(part(u128::MAX, u64::MAX, 2)), u128::MAX);
        assert_eq!(ceiling(part(u128::MAX, 2, 2)), u128::MAX);
        assert_eq!(floor(part(u128::MAX, u64::MAX, u64::MAX)), u128::MAX);
        let third = part(10_000, 1, 3);
        assert_eq!(compare(part(3_333, 1, 1), third), Ordering::Less);
        assert_eq!(compare(part(3_334, 1, 1), third), Ordering::Greater);
        assert_eq!(compare(part(20_000, 1, 6), third), Ordering::Equal);
        let most = part(u128::MAX, u64::MAX, 1);
        assert_eq!(
            compare(most, part(u128::MAX, u64::MAX - 1, 1)),
            Ordering::Greater
        );
        assert_eq!(compare(most, most), Ordering::Equal);
    }
}
