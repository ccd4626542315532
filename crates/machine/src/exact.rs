//! Shares of amounts without loss: what lies between is counted in 256 bits, and rounded once.

use core::cmp::Ordering;

/// Parts of a whole that a share in millionths is of.
const MILLION: u128 = 1_000_000;

/// Places in [`model::object::ROUNDINGS`].
const UP: u8 = 1;
const HALF_UP: u8 = 2;
const HALF_EVEN: u8 = 3;
const _: () = assert!(model::object::ROUNDINGS.len() == 4);

/// `amount * millionths / 1,000,000`, rounded as `rounding` says, by place in
/// [`model::object::ROUNDINGS`]. `millionths` are at most a million, so no share is above its
/// amount.
pub(crate) fn share_of(amount: u128, millionths: u32, rounding: u8) -> u128 {
    let millionths = u128::from(millionths);
    debug_assert!(millionths <= MILLION, "a share is a part");
    // Less than 10^12, so nothing overflows.
    let rest = amount % MILLION * millionths;
    let whole = amount / MILLION * millionths + rest / MILLION;
    whole + u128::from(is_rounded_up(whole, (rest % MILLION, MILLION), rounding))
}

/// `amount * times / by`, rounded as `rounding` says; `None` where it passes 2^128-1. `by` is not 0.
pub(crate) fn scaled(amount: u128, times: u128, by: u128, rounding: u8) -> Option<u128> {
    let (whole, rest) = divide(product(amount, times), by)?;
    whole.checked_add(u128::from(is_rounded_up(whole, (rest, by), rounding)))
}

/// What falls to `step` more of a whole of which `before` was dealt with already, where `total`
/// belongs to all of it: each is rounded down, and together they never come to more than `total`.
/// `before + step` is at most `whole`.
pub(crate) fn in_proportion(total: u128, whole: u128, before: u128, step: u128) -> u128 {
    let until = |part| scaled(total, part, whole, 0).expect("a part is at most its whole");
    until(before + step) - until(before)
}

/// Whether `whole + rest / by` is rounded to `whole + 1`.
fn is_rounded_up(whole: u128, (rest, by): (u128, u128), rounding: u8) -> bool {
    let half = rest.cmp(&(by - rest));
    match rounding {
        UP => rest > 0,
        HALF_UP => half != Ordering::Less,
        HALF_EVEN => half == Ordering::Greater || (half == Ordering::Equal && whole % 2 == 1),
        _ => false,
    }
}

/// High and low half of a product.
pub(crate) const fn product(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (a_high, a_low) = (a >> 64, a & LOW);
    let (b_high, b_low) = (b >> 64, b & LOW);
    let low = a_low * b_low;
    // Each sum stays below 2^128: (2^64-1)^2 + 2 * (2^64-1) is 2^128-1.
    let middle = a_high * b_low + (low >> 64);
    let other = a_low * b_high + (middle & LOW);
    let high = a_high * b_high + (middle >> 64) + (other >> 64);
    (high, other << 64 | low & LOW)
}

/// Quotient and remainder; `None` where the quotient passes 2^128-1.
const fn divide((high, low): (u128, u128), by: u128) -> Option<(u128, u128)> {
    if high == 0 {
        return Some((low / by, low % by));
    }
    if high >= by {
        return None;
    }
    let (mut rest, mut quotient) = (high, 0);
    let mut bit = 128;
    while bit > 0 {
        bit -= 1;
        let carried = rest >> 127 == 1;
        rest = rest << 1 | low >> bit & 1;
        quotient <<= 1;
        if carried || rest >= by {
            rest = rest.wrapping_sub(by);
            quotient |= 1;
        }
    }
    Some((quotient, rest))
}

#[cfg(test)]
mod tests {
    use super::{divide, in_proportion, product, scaled, share_of};
    use proptest::prelude::*;

    #[test]
    fn roundings_differ_where_they_should() {
        let all = |amount, millionths| [0, 1, 2, 3].map(|r| share_of(amount, millionths, r));
        assert_eq!(all(100, 10_000), [1, 1, 1, 1]);
        assert_eq!(all(101, 10_000), [1, 2, 1, 1]);
        assert_eq!(all(150, 10_000), [1, 2, 2, 2]);
        assert_eq!(all(250, 10_000), [2, 3, 3, 2]);
        assert_eq!(all(251, 10_000), [2, 3, 3, 3]);
        assert_eq!(all(u128::MAX, 1_000_000), [u128::MAX; 4]);
        assert_eq!(all(0, 1_000_000), [0; 4]);
    }

    #[test]
    fn what_passes_the_range_is_said() {
        let max = u128::MAX;
        assert_eq!(scaled(max, max, max, 1), Some(max));
        assert_eq!(scaled(max, max, max - 1, 0), None);
        assert_eq!(scaled(max, 3, 2, 0), None);
        // The quotient fits, and is rounded beyond the range.
        assert_eq!(scaled(max, max, max, 2), Some(max));
        assert_eq!(scaled(max - 1, 1, 1, 1), Some(max - 1));
    }

    proptest! {
        /// The quotient times the divisor and the remainder are what was divided.
        #[test]
        fn division_is_the_inverse_of_multiplication(a: u128, b: u128, by in 1..=u128::MAX) {
            let wide = product(a, b);
            if let Some((quotient, rest)) = divide(wide, by) {
                prop_assert!(rest < by);
                let (high, low) = product(quotient, by);
                let (low, carry) = low.overflowing_add(rest);
                prop_assert_eq!((high + u128::from(carry), low), wide);
            } else {
                prop_assert!(wide.0 >= by);
            }
        }

        #[test]
        fn a_share_is_a_scaled_amount(amount: u128, rate in 0..=1_000_000u32, rounding in 0..4u8) {
            let scaled = scaled(amount, rate.into(), 1_000_000, rounding);
            prop_assert_eq!(Some(share_of(amount, rate, rounding)), scaled);
        }

        /// Shares of steps add up to the share of the whole, and none is above its step.
        #[test]
        fn steps_add_up(whole in 1..=u128::MAX, part: u128, cuts: [u128; 3]) {
            let total = part % whole;
            let mut cuts = cuts.map(|cut| cut % whole);
            cuts.sort_unstable();
            let (mut before, mut sum) = (0, 0);
            for until in cuts.into_iter().chain([whole]) {
                let step = in_proportion(total, whole, before, until - before);
                prop_assert!(step <= until - before);
                sum += step;
                before = until;
            }
            prop_assert_eq!(sum, total);
        }
    }
}
