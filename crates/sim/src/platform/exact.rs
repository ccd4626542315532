//! Products and quotients that lose nothing: schoolbook arithmetic over bits.

/// A whole number without bound: bits, the least first.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bits(Vec<bool>);

impl Bits {
    fn of(number: u128) -> Self {
        Self((0..128).map(|bit| number >> bit & 1 == 1).collect()).trimmed()
    }

    fn trimmed(mut self) -> Self {
        while self.0.last() == Some(&false) {
            self.0.pop();
        }
        self
    }

    fn bit(&self, at: usize) -> bool {
        self.0.get(at).copied().unwrap_or(false)
    }

    fn plus(&self, other: &Self) -> Self {
        let (mut sum, mut carry) = (Vec::new(), false);
        for at in 0..=self.0.len().max(other.0.len()) {
            let ones = [self.bit(at), other.bit(at), carry];
            let count = ones.into_iter().filter(|one| *one).count();
            sum.push(count & 1 == 1);
            carry = count > 1;
        }
        Self(sum).trimmed()
    }

    fn minus(&self, other: &Self) -> Self {
        let (mut rest, mut borrow) = (Vec::new(), false);
        for at in 0..self.0.len() {
            let taken = i8::from(other.bit(at)) + i8::from(borrow);
            let left = i8::from(self.bit(at)) - taken;
            rest.push(left & 1 == 1);
            borrow = left < 0;
        }
        Self(rest).trimmed()
    }

    fn times(&self, other: &Self) -> Self {
        let mut product = Self(Vec::new());
        for at in (0..other.0.len()).rev() {
            product.0.insert(0, false);
            if other.bit(at) {
                product = product.plus(self);
            }
            product = product.trimmed();
        }
        product
    }

    fn is_below(&self, other: &Self) -> bool {
        let length = self.0.len().cmp(&other.0.len());
        length
            .then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
            .is_lt()
    }

    /// The quotient and the rest.
    fn divided(&self, by: &Self) -> (Self, Self) {
        let (mut quotient, mut rest) = (vec![false; self.0.len()], Self(Vec::new()));
        for at in (0..self.0.len()).rev() {
            rest.0.insert(0, self.bit(at));
            rest = rest.trimmed();
            if !rest.is_below(by) {
                rest = rest.minus(by);
                quotient[at] = true;
            }
        }
        (Self(quotient).trimmed(), rest)
    }

    fn number(&self) -> Option<u128> {
        let bits = self.0.iter().rev();
        (self.0.len() <= 128).then(|| bits.fold(0, |sum, bit| sum << 1 | u128::from(*bit)))
    }
}

/// The product of `factors` divided by the product of `divisors`, rounded by the place of its name
/// among [`model::object::ROUNDINGS`]; `None` where it passes 2^128-1.
pub(super) fn quotient(factors: &[u128], divisors: &[u128], rounding: u8) -> Option<u128> {
    let one = Bits::of(1);
    let product = |numbers: &[u128]| {
        let numbers = numbers.iter().map(|number| Bits::of(*number));
        numbers.fold(one.clone(), |product, number| product.times(&number))
    };
    let divisor = product(divisors);
    let (whole, rest) = product(factors).divided(&divisor);
    let twice = rest.plus(&rest);
    let is_half = twice == divisor;
    let is_more = divisor.is_below(&twice);
    let up = match rounding {
        0 => false,
        1 => !rest.0.is_empty(),
        2 => is_half || is_more,
        _ => is_more || (is_half && whole.bit(0)),
    };
    let rounded = if up { whole.plus(&one) } else { whole };
    rounded.number()
}

/// `amount * part / whole`, rounded down, with `part <= whole`; nothing of nothing.
pub(super) fn portion(amount: u128, part: u128, whole: u128) -> u128 {
    if whole == 0 {
        return 0;
    }
    quotient(&[amount, part], &[whole], 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::quotient;

    #[test]
    fn quotients_are_rounded_as_named() {
        for number in 0..200u128 {
            for divisor in 1..20u128 {
                let (whole, rest) = (number / divisor, number % divisor);
                let up = whole + u128::from(rest > 0);
                let half_up = whole + u128::from(2 * rest >= divisor);
                let odd = whole % 2;
                let half_even = whole + u128::from(2 * rest + odd > divisor);
                let names = [whole, up, half_up, half_even];
                for (rounding, expected) in (0..).zip(names) {
                    let is = quotient(&[number], &[divisor], rounding);
                    assert_eq!(is, Some(expected), "{number}/{divisor} {rounding}");
                }
            }
        }
        let most = u128::MAX;
        assert_eq!(quotient(&[most, most], &[most], 0), Some(most));
        assert_eq!(quotient(&[most, 2], &[1], 0), None);
    }
}
