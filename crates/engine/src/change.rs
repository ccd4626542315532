//! What a record does to two accounts, as adding up the past needs it.

use model::object::is_own_transfer;
use model::record::{Remains, Sums};
use model::transfer_flags::{PENDING, VOID_PENDING};
use model::{Record, Transfer};

/// What a transfer or an expiry did to its two accounts; also where it was erased since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) debit: u128,
    pub(crate) credit: u128,
    /// Minor units that were posted.
    pub(crate) posted: u128,
    /// Minor units that were reserved.
    pub(crate) reserved: u128,
    /// Minor units whose reservation ended.
    pub(crate) released: u128,
    /// Whether a transfer did it; an expiry otherwise.
    pub(crate) is_transfer: bool,
    /// Nanoseconds since 1970: when it was booked.
    pub(crate) booked: u64,
    /// Nanoseconds since 1970: from when the money counts.
    pub(crate) value: u64,
}

/// The side of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leg {
    Debit,
    Credit,
}

impl Change {
    /// What a record did; `None` where it moved nothing.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        Some(match record {
            Record::TransferCreated(transfer, extras) => Self {
                debit: transfer.debit_account_id,
                credit: transfer.credit_account_id,
                released: extras.released.map_or(0, |released| released.amount),
                booked: transfer.timestamp,
                value: value_time(transfer),
                ..Self::moved(transfer.flags, transfer.amount)
            },
            Record::Erased(Remains::Transfer(moved)) => Self {
                debit: moved.debit_account_id,
                credit: moved.credit_account_id,
                released: moved.released.map_or(0, |released| released.amount),
                booked: moved.timestamp,
                value: moved.timestamp,
                ..Self::moved(moved.flags, moved.amount)
            },
            Record::TransferExpired(expired) => Self {
                debit: expired.debit_account_id,
                credit: expired.credit_account_id,
                released: expired.amount,
                booked: expired.timestamp,
                value: expired.timestamp,
                ..Self::default()
            },
            Record::Erased(Remains::Expired(moved)) => Self {
                debit: moved.debit_account_id,
                credit: moved.credit_account_id,
                released: moved.amount,
                booked: moved.timestamp,
                value: moved.timestamp,
                ..Self::default()
            },
            // None of these moves anything.
            Record::AccountCreated(_)
            | Record::LedgerDeclared(_)
            | Record::TransferFailed(_)
            | Record::RecordErased(_)
            | Record::StatementLine(_)
            | Record::Deed(_)
            | Record::Object(_)
            | Record::Page(_)
            | Record::Erased(Remains::Failed(_)) => return None,
        })
    }

    fn moved(flags: u16, amount: u128) -> Self {
        let (posted, reserved) = match flags {
            flags if flags & PENDING != 0 => (0, amount),
            flags if flags & VOID_PENDING != 0 => (0, 0),
            _ => (amount, 0),
        };
        Self {
            posted,
            reserved,
            is_transfer: true,
            ..Self::default()
        }
    }

    /// Adds what it did on one side; false where a sum leaves its range.
    pub(crate) fn add_to(&self, sums: &mut Sums, leg: Leg) -> bool {
        let (posted, pending) = match leg {
            Leg::Debit => (&mut sums.debits_posted, &mut sums.debits_pending),
            Leg::Credit => (&mut sums.credits_posted, &mut sums.credits_pending),
        };
        let sum = posted.checked_add(self.posted);
        let rest = pending
            .checked_add(self.reserved)
            .and_then(|pending| pending.checked_sub(self.released));
        if let (Some(sum), Some(rest)) = (sum, rest) {
            (*posted, *pending) = (sum, rest);
            true
        } else {
            false
        }
    }
}

/// From when the money of a transfer counts: the value date of an entry that was given one, and
/// otherwise the time of the entry. Only the books' own transfers carry a value date: the user data
/// of others is their senders' own.
pub(crate) fn value_time(transfer: &Transfer) -> u64 {
    if is_own_transfer(transfer.id) && transfer.user_data_64 != 0 {
        transfer.user_data_64
    } else {
        transfer.timestamp
    }
}
