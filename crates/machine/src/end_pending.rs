//! Judging the transfers that post or void a pending one.

use model::object::is_own_transfer;
use model::record::Released;
use model::{CreateTransferStatus as Status, Transfer, transfer_flags};

use crate::State;
use crate::batch::{Refused, Turn};
use crate::create_transfer::{BALANCING, CLOSING, ENDING, check_open, is_taken};
use crate::existing::{known, with_defaults};
use crate::fact::Sink;
use crate::journal::Undo;
use crate::past::{Known, Outcome};
use crate::pendings::{Pending, deadline};

impl State {
    /// Judges a post or a void with a new id; where it is good, applies it.
    pub(crate) fn end_pending<S: Sink>(
        &mut self,
        event: &Transfer,
        turn: Turn<'_>,
        hash: u64,
        sink: &mut S,
    ) -> Result<u64, Refused> {
        check_content(event)?;
        let imported = event.has(transfer_flags::IMPORTED);
        let timestamp = if imported { event.timestamp } else { turn.time };
        let pending_hash = self.books.key.hash(event.pending_id);
        let open = self.books.pendings.get(pending_hash, event.pending_id);
        let (pending, slots) = match open {
            Some(open) => (open.transfer, open.slots),
            None => return Err(self.not_open(event, turn, pending_hash).into()),
        };
        if is_own_transfer(pending.id) {
            return Err(Status::DebitAccountIsKept.into());
        }
        let mut transfer = with_defaults(event, &pending);
        check_agreement(&transfer, &pending)?;
        if deadline(&pending).is_some_and(|deadline| deadline <= timestamp) {
            return Err(Status::PendingTransferExpired.into());
        }
        if imported && is_taken(self, turn, timestamp) {
            return Err(Status::ImportedEventTimestampMustNotRegress.into());
        }
        if !event.has(transfer_flags::VOID_PENDING) {
            check_open([
                self.books.accounts.at(slots.debit),
                self.books.accounts.at(slots.credit),
            ])?;
        }
        transfer.timestamp = timestamp;
        let released = Released {
            amount: pending.amount,
            flags: pending.flags,
        };
        let ended = Pending {
            transfer: pending,
            slots,
        };
        if self.journal.is_open() {
            self.note_accounts(slots);
            self.journal.note(Undo::Ended(ended));
        }
        let created = self.group.create(hash, self.books.key, &transfer);
        let journal = &mut self.journal;
        self.books
            .record(created, Some(released), slots, journal, sink);
        let outcome = if event.has(transfer_flags::POST_PENDING) {
            Outcome::Posted
        } else {
            Outcome::Voided
        };
        self.note_outcome(pending_hash, &ended.transfer, outcome);
        Ok(timestamp)
    }

    /// Why the pending transfer named by `event` cannot be ended: it is not open.
    #[cold]
    fn not_open(&self, event: &Transfer, turn: Turn<'_>, pending_hash: u64) -> Status {
        let known = known(self, turn.past, pending_hash, event.pending_id);
        let Some(Known::Created(pending, outcome)) = known else {
            return Status::PendingTransferNotFound;
        };
        if !pending.has(transfer_flags::PENDING) {
            return Status::PendingTransferNotPending;
        }
        if let Err(status) = check_agreement(&with_defaults(event, pending), pending) {
            return status;
        }
        match outcome {
            Some(Outcome::Posted) => Status::PendingTransferAlreadyPosted,
            Some(Outcome::Voided) => Status::PendingTransferAlreadyVoided,
            Some(Outcome::Expired) => Status::PendingTransferExpired,
            None => panic!("a pending transfer that is not open is recalled with its outcome"),
        }
    }

    /// Remembers for the group how a pending transfer ended.
    pub(crate) fn note_outcome(&mut self, hash: u64, pending: &Transfer, outcome: Outcome) {
        if let Some(index) = self.group.find(hash, pending.id) {
            let before = self.group.set_outcome(index, Some(outcome));
            if self.journal.is_open() {
                self.journal.note(Undo::Outcome(index, before));
            }
        } else {
            self.group.end(hash, self.books.key, pending, outcome);
        }
    }
}

/// What a post or a void that is new has to be like.
fn check_content(event: &Transfer) -> Result<(), Status> {
    if event.has(ENDING) || event.has_any(transfer_flags::PENDING | BALANCING | CLOSING) {
        Err(Status::FlagsAreMutuallyExclusive)
    } else if event.pending_id == 0 {
        Err(Status::PendingIdMustNotBeZero)
    } else if event.pending_id == u128::MAX {
        Err(Status::PendingIdMustNotBeIntMax)
    } else if event.pending_id == event.id {
        Err(Status::PendingIdMustBeDifferent)
    } else if event.timeout != 0 {
        Err(Status::TimeoutReservedForPendingTransfer)
    } else {
        Ok(())
    }
}

/// Whether a post or a void, its defaults filled in, agrees with its pending transfer.
fn check_agreement(ending: &Transfer, pending: &Transfer) -> Result<(), Status> {
    if ending.debit_account_id != pending.debit_account_id {
        Err(Status::PendingTransferHasDifferentDebitAccountId)
    } else if ending.credit_account_id != pending.credit_account_id {
        Err(Status::PendingTransferHasDifferentCreditAccountId)
    } else if ending.ledger != pending.ledger {
        Err(Status::PendingTransferHasDifferentLedger)
    } else if ending.code != pending.code {
        Err(Status::PendingTransferHasDifferentCode)
    } else if ending.amount > pending.amount {
        Err(Status::ExceedsPendingTransferAmount)
    } else if ending.has(transfer_flags::VOID_PENDING) && ending.amount < pending.amount {
        Err(Status::PendingTransferHasDifferentAmount)
    } else {
        Ok(())
    }
}
