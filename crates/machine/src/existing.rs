//! Idempotency: the answer to an id that was used before.

use model::{CreateTransferStatus as Status, Transfer, transfer_flags};

use crate::State;
use crate::batch::Refused;
use crate::create_transfer::{BALANCING, ENDING};
use crate::past::{Known, Past, Recalled};

/// What the books hold under the id of a transfer: decided in this group, open, or on disk.
#[inline]
pub(crate) fn known<'a>(
    state: &'a State,
    past: &'a Recalled,
    hash: u64,
    id: u128,
) -> Option<Known<'a>> {
    if let Some(known) = state.group.get(hash, id) {
        return Some(known);
    }
    if let Some(pending) = state.books.pendings.get(hash, id) {
        return Some(Known::Created(&pending.transfer, None));
    }
    Some(match past.get(id)? {
        Past::Created { transfer, outcome } => Known::Created(transfer, *outcome),
        Past::Failed(_) => Known::Failed,
    })
}

/// The answer to `event`, whose id is that of `known`.
#[cold]
pub(crate) fn answer(
    state: &State,
    past: &Recalled,
    event: &Transfer,
    known: &Known<'_>,
) -> Refused {
    let Known::Created(old, _) = *known else {
        return Status::IdAlreadyFailed.into();
    };
    let status = if event.flags != old.flags {
        Status::ExistsWithDifferentFlags
    } else if event.pending_id != old.pending_id {
        Status::ExistsWithDifferentPendingId
    } else if event.timeout != old.timeout {
        Status::ExistsWithDifferentTimeout
    } else if event.has_any(ENDING) {
        compare(&resolved(state, past, event), old)
    } else {
        compare(event, old)
    };
    Refused {
        existing: (status == Status::Exists).then_some(old.timestamp),
        ..status.into()
    }
}

/// `event` with the fields that it leaves to the pending transfer it ends.
fn resolved(state: &State, past: &Recalled, event: &Transfer) -> Transfer {
    let hash = state.books.key.hash(event.pending_id);
    let pending = known(state, past, hash, event.pending_id);
    let Some(Known::Created(pending, _)) = pending else {
        panic!("a transfer that ended a pending one is recalled together with it");
    };
    with_defaults(event, pending)
}

/// `event` with the fields that it leaves out taken from the pending transfer that it ends.
pub(crate) fn with_defaults(event: &Transfer, pending: &Transfer) -> Transfer {
    fn or<T: PartialEq + Default>(given: T, default: T) -> T {
        if given == T::default() {
            default
        } else {
            given
        }
    }
    let all = if event.has(transfer_flags::VOID_PENDING) {
        0
    } else {
        model::AMOUNT_ALL
    };
    Transfer {
        debit_account_id: or(event.debit_account_id, pending.debit_account_id),
        credit_account_id: or(event.credit_account_id, pending.credit_account_id),
        amount: if event.amount == all {
            pending.amount
        } else {
            event.amount
        },
        user_data_128: or(event.user_data_128, pending.user_data_128),
        user_data_64: or(event.user_data_64, pending.user_data_64),
        user_data_32: or(event.user_data_32, pending.user_data_32),
        ledger: or(event.ledger, pending.ledger),
        code: or(event.code, pending.code),
        ..*event
    }
}

/// Compares what flags, pending id and timeout leave. The amount of a balancing transfer is a
/// limit: what was moved may be less.
fn compare(new: &Transfer, old: &Transfer) -> Status {
    let same_amount = if new.has_any(BALANCING) {
        new.amount >= old.amount
    } else {
        new.amount == old.amount
    };
    if new.debit_account_id != old.debit_account_id {
        Status::ExistsWithDifferentDebitAccountId
    } else if new.credit_account_id != old.credit_account_id {
        Status::ExistsWithDifferentCreditAccountId
    } else if !same_amount {
        Status::ExistsWithDifferentAmount
    } else if new.user_data_128 != old.user_data_128 {
        Status::ExistsWithDifferentUserData128
    } else if new.user_data_64 != old.user_data_64 {
        Status::ExistsWithDifferentUserData64
    } else if new.user_data_32 != old.user_data_32 {
        Status::ExistsWithDifferentUserData32
    } else if new.ledger != old.ledger {
        Status::ExistsWithDifferentLedger
    } else if new.code != old.code {
        Status::ExistsWithDifferentCode
    } else {
        Status::Exists
    }
}
