//! Compares the balances that the server tells with those that the bank published.
//!
//! The bank kept its balances exactly and published them, and the interests, rounded to a tenth;
//! all other amounts are whole tenths. So after each transaction two things are asked:
//!
//! - *step*: the books' balance moved by what the published balance moved by, within
//!   [`TOLERANCE`]: this transaction, in this place, with this amount is in the books;
//! - *level*: the books' balance itself is the published one, within half a tenth for each
//!   interest so far and half a tenth for the balance's own rounding: nothing else is in the
//!   account, and nothing was lost.

use serde::Serialize;

use super::order::TOLERANCE;
use super::plan::{Interest, Published, transfer_id};

/// Half of the unit to which the bank rounded, in minor units.
const HALF_UNIT: u64 = 5;

/// What the server says of one transaction of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Id of the transfer.
    pub transfer: u128,
    /// Credits less debits after it, minor units.
    pub balance: i128,
}

/// A published balance that the books do not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// Number of the bank account.
    pub account: u32,
    /// Number of the transaction.
    pub transaction: u32,
    /// `step`, `level` or `missing`.
    pub kind: &'static str,
    /// The published balance, minor units.
    pub expected: i64,
    /// The books' balance, minor units.
    pub found: Option<i128>,
}

/// The outcome, summed over accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Published balances that hold, step and level.
    pub balances_matched: u64,
    /// Of these, equal to the last minor unit.
    pub balances_exact: u64,
    /// Of these, within [`TOLERANCE`].
    pub balances_within_tolerance: u64,
    /// The farthest of the books' balances from the published one, minor units.
    pub largest_deviation: u64,
    /// All that do not hold.
    pub mismatches: Vec<Mismatch>,
}

impl Comparison {
    /// Compares one account. `told` is what the server has of it, oldest first.
    pub fn account(&mut self, account: u32, published: &[Published], told: &[Told]) {
        let mut rest = told.iter();
        let mut before = (0i128, 0i128);
        let mut interests = 0;
        for one in published {
            interests += u64::from(one.interest == Interest::Yes);
            let expected = i128::from(one.balance);
            let id = transfer_id(one.transaction);
            // Transfers that others made in between are passed over; step and level show them.
            let found = rest.clone().find(|told| told.transfer == id);
            let kind = match found {
                None => Some("missing"),
                Some(told) => {
                    while rest.next().is_some_and(|passed| passed.transfer != id) {}
                    let step = (told.balance - before.1).abs_diff(expected - before.0);
                    let level = told.balance.abs_diff(expected);
                    before = (expected, told.balance);
                    self.judge(step, level, HALF_UNIT * (interests + 1))
                }
            };
            if let Some(kind) = kind {
                self.mismatches.push(Mismatch {
                    account,
                    transaction: one.transaction,
                    kind,
                    expected: one.balance,
                    found: found.map(|told| told.balance),
                });
            }
        }
    }

    fn judge(&mut self, step: u128, level: u128, bound: u64) -> Option<&'static str> {
        let deviation = u64::try_from(level).unwrap_or(u64::MAX);
        self.largest_deviation = self.largest_deviation.max(deviation);
        if step > u128::from(TOLERANCE) {
            return Some("step");
        }
        if level > u128::from(bound) {
            return Some("level");
        }
        self.balances_matched += 1;
        self.balances_exact += u64::from(level == 0);
        self.balances_within_tolerance += u64::from(level <= u128::from(TOLERANCE));
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Comparison, Told};
    use crate::berka::plan::{Interest, Published, transfer_id};

    fn published(transaction: u32, balance: i64, interest: Interest) -> Published {
        Published {
            transaction,
            balance,
            interest,
        }
    }

    fn told(transaction: u32, balance: i128) -> Told {
        Told {
            transfer: transfer_id(transaction),
            balance,
        }
    }

    fn kinds(published: &[Published], told: &[Told]) -> Vec<&'static str> {
        let mut comparison = Comparison::default();
        comparison.account(1, published, told);
        assert_eq!(
            comparison.balances_matched + comparison.mismatches.len() as u64,
            published.len() as u64
        );
        comparison.mismatches.iter().map(|one| one.kind).collect()
    }

    #[test]
    fn equal_balances_match() {
        let bank = [
            published(1, 600, Interest::No),
            published(2, 450, Interest::No),
        ];
        assert_eq!(kinds(&bank, &[told(1, 600), told(2, 450)]), [""; 0]);
    }

    #[test]
    fn a_rounded_interest_may_move_the_level() {
        let bank = [
            published(1, 600, Interest::No),
            published(2, 620, Interest::Yes),
        ];
        assert_eq!(kinds(&bank, &[told(1, 600), told(2, 610)]), [""; 0]);
        let bank = [
            published(1, 600, Interest::No),
            published(2, 620, Interest::No),
        ];
        assert_eq!(kinds(&bank, &[told(1, 600), told(2, 610)]), ["level"]);
    }

    #[test]
    fn what_is_missing_or_wrong_is_told() {
        let bank = [
            published(1, 600, Interest::No),
            published(2, 450, Interest::No),
        ];
        assert_eq!(kinds(&bank, &[told(1, 600)]), ["missing"]);
        assert_eq!(kinds(&bank, &[told(1, 600), told(2, 400)]), ["step"]);
        assert_eq!(kinds(&bank, &[told(2, 450), told(1, 600)]), ["missing"]);
        // A transfer of somebody else's within the account moves the level for good.
        let others = [told(1, 600), told(9, 900), told(2, 750)];
        assert_eq!(kinds(&bank, &others), ["step"]);
    }
}
