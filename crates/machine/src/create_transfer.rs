//! Judging transfers that move or reserve money. Those that end a pending one: `end_pending.rs`.

use std::hint::black_box;

use model::object::is_own_transfer;
use model::record::Released;
use model::{Account, CreateTransferStatus as Status, Transfer, account_flags, transfer_flags};

use crate::State;
use crate::accounts::NO_SLOT;
use crate::apply::Everything;
use crate::batch::{AHEAD, Codes, Event, Refused, Turn};
use crate::existing;
use crate::fact::{Fact, Sink, Slots};
use crate::journal::{Journal, Undo};
use crate::pendings::deadline;
use crate::rules::Payment;
use crate::rules::standing::payment_of;
use crate::state::Books;

/// Flags of the transfers that end a pending one.
pub(crate) const ENDING: u16 = transfer_flags::POST_PENDING | transfer_flags::VOID_PENDING;
/// Flags of those that close an account.
pub(crate) const CLOSING: u16 = transfer_flags::CLOSING_DEBIT | transfer_flags::CLOSING_CREDIT;
/// Flags of those whose amount is a limit.
pub(crate) const BALANCING: u16 =
    transfer_flags::BALANCING_DEBIT | transfer_flags::BALANCING_CREDIT;

/// Deadlines are below this: 2^63.
const END_OF_TIME: u64 = 1 << 63;

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        Self {
            code: status.code(),
            existing: None,
            burns: status.is_transient(),
        }
    }
}

/// What is looked up ahead for a transfer.
#[derive(Clone, Copy)]
pub(crate) struct Ahead {
    /// Of the id.
    pub(crate) hash: u64,
    /// Of the accounts it names; [`NO_SLOT`] where there is none.
    pub(crate) slots: Slots,
}

impl Event for Transfer {
    const CODES: Codes = Codes {
        chain_failed: Status::LinkedEventFailed.code(),
        chain_open: Status::LinkedEventChainOpen.code(),
        imported_expected: Status::ImportedEventExpected.code(),
        imported_not_expected: Status::ImportedEventNotExpected.code(),
        timestamp_must_be_zero: Status::TimestampMustBeZero.code(),
        timestamp_out_of_range: Status::ImportedEventTimestampOutOfRange.code(),
        timestamp_must_not_advance: Status::ImportedEventTimestampMustNotAdvance.code(),
    };

    type Ahead = Ahead;
    const NOTHING_AHEAD: Ahead = Ahead {
        hash: 0,
        slots: Slots {
            debit: NO_SLOT,
            credit: NO_SLOT,
        },
    };

    fn id(&self) -> u128 {
        self.id
    }

    fn is_linked(&self) -> bool {
        self.has(transfer_flags::LINKED)
    }

    fn is_imported(&self) -> bool {
        self.has(transfer_flags::IMPORTED)
    }

    fn timestamp(&self) -> u64 {
        self.timestamp
    }

    fn look_ahead(state: &State, events: &[Self], ahead: &mut [Ahead; AHEAD]) {
        look_up_accounts(state, events, ahead);
        let mut sum = 0;
        if !state.books.rules.tallies.is_idle() {
            sum ^= touch_tallies(state, events, ahead);
        }
        for ahead in &ahead[..events.len()] {
            sum ^= state.group.touch(ahead.hash);
        }
        if state.books.pendings.len() > 0 {
            for ahead in &ahead[..events.len()] {
                sum ^= state.books.pendings.touch(ahead.hash);
            }
            if events.iter().any(|event| event.has_any(ENDING)) {
                sum ^= touch_pendings(state, events);
            }
        }
        black_box(sum);
    }

    #[inline]
    fn judge<S: Sink>(
        &self,
        state: &mut State,
        turn: Turn<'_>,
        ahead: Ahead,
        sink: &mut S,
    ) -> Result<u64, Refused> {
        check_identity(self)?;
        if let Some(known) = existing::known(state, turn.past, ahead.hash, self.id) {
            return Err(existing::answer(state, turn.past, self, &known));
        }
        if self.has_any(ENDING) {
            return state.end_pending(self, turn, ahead.hash, sink);
        }
        check_content(self)?;
        let timestamp = if self.is_imported() {
            self.timestamp
        } else {
            turn.time
        };
        let amount = check_accounts(state, self, turn, ahead.slots, timestamp)?;
        if state.keeps_accounts() {
            check_kept(state, ahead.slots)?;
        }
        // What is imported was decided elsewhere, by the rules of its day.
        if !state.books.rules.is_idle() && !self.is_imported() {
            let judged = Transfer {
                amount,
                timestamp,
                ..*self
            };
            state.judge(&judged, ahead.slots, self.id)?;
        }
        if state.journal.is_open() {
            state.note_accounts(ahead.slots);
            if self.has(transfer_flags::PENDING) {
                state.journal.note(Undo::Reserved(self.id));
            }
        }
        let created = state.group.create(ahead.hash, state.books.key, self);
        created.amount = amount;
        created.timestamp = timestamp;
        let journal = &mut state.journal;
        state
            .books
            .record(created, None, ahead.slots, journal, sink);
        Ok(timestamp)
    }
}

/// Finds the accounts of `events`, in steps that each read memory without waiting for another
/// read, so that the waits overlap: where the index has them, then the accounts.
fn look_up_accounts(state: &State, events: &[Transfer], ahead: &mut [Ahead; AHEAD]) {
    let accounts = &state.books.accounts;
    let mut debits = [0; AHEAD];
    let mut credits = [0; AHEAD];
    for (i, event) in events.iter().enumerate() {
        ahead[i].hash = state.books.key.hash(event.id);
        debits[i] = state.books.key.hash(event.debit_account_id);
        credits[i] = state.books.key.hash(event.credit_account_id);
    }
    accounts.touch(&debits[..events.len()]);
    accounts.touch(&credits[..events.len()]);
    for (i, ahead) in ahead[..events.len()].iter_mut().enumerate() {
        ahead.slots = Slots {
            debit: accounts.candidate(debits[i]),
            credit: accounts.candidate(credits[i]),
        };
    }
    accounts.touch_slots(ahead[..events.len()].iter().map(|ahead| ahead.slots));
    for (i, event) in events.iter().enumerate() {
        let Slots { debit, credit } = ahead[i].slots;
        ahead[i].slots = Slots {
            debit: accounts.confirm(debit, debits[i], event.debit_account_id),
            credit: accounts.confirm(credit, credits[i], event.credit_account_id),
        };
    }
}

/// Brings the tallies that `events` are counted in into the cache, of all that are of the kind of the
/// first.
fn touch_tallies(state: &State, events: &[Transfer], ahead: &[Ahead; AHEAD]) -> u64 {
    let books = &state.books;
    let Some(first) = events.first() else {
        return 0;
    };
    let counted = events.iter().zip(ahead).filter(|(event, ahead)| {
        event.code == first.code && ![ahead.slots.debit, ahead.slots.credit].contains(&NO_SLOT)
    });
    let payment = |(event, ahead): (&Transfer, &Ahead)| Payment {
        time: books.clock.last,
        ..payment_of(&books.accounts, event, ahead.slots)
    };
    let tallies = &books.rules.tallies;
    tallies.look_ahead(first.code, &counted.map(payment))
}

/// Brings the pending transfers that `events` end into the cache, and their accounts.
fn touch_pendings(state: &State, events: &[Transfer]) -> u64 {
    let mut sum = 0;
    let mut hashes = [0; AHEAD];
    for (hash, event) in hashes.iter_mut().zip(events) {
        *hash = state.books.key.hash(event.pending_id);
        sum ^= state.books.pendings.touch(*hash) ^ state.group.touch(*hash);
    }
    let mut slots = [Transfer::NOTHING_AHEAD.slots; AHEAD];
    for (slots, &hash) in slots.iter_mut().zip(&hashes[..events.len()]) {
        if let Some(pending) = state.books.pendings.candidate(hash) {
            *slots = pending.slots;
            sum ^= pending.transfer.id as u64 ^ pending.transfer.timestamp;
        }
    }
    state.books.accounts.touch_slots(slots.into_iter());
    sum
}

/// Structure, up to the id.
#[inline]
fn check_identity(transfer: &Transfer) -> Result<(), Status> {
    if transfer.flags & !transfer_flags::KNOWN != 0 {
        Err(Status::ReservedFlag)
    } else if transfer.id == 0 {
        Err(Status::IdMustNotBeZero)
    } else if transfer.id == u128::MAX {
        Err(Status::IdMustNotBeIntMax)
    } else if is_own_transfer(transfer.id) {
        Err(Status::IdMustNotBeOwn)
    } else {
        Ok(())
    }
}

/// What a transfer that is new and ends no other has to be like.
#[inline]
fn check_content(transfer: &Transfer) -> Result<(), Status> {
    let pending = transfer.has(transfer_flags::PENDING);
    if transfer.debit_account_id == 0 {
        Err(Status::DebitAccountIdMustNotBeZero)
    } else if transfer.debit_account_id == u128::MAX {
        Err(Status::DebitAccountIdMustNotBeIntMax)
    } else if transfer.credit_account_id == 0 {
        Err(Status::CreditAccountIdMustNotBeZero)
    } else if transfer.credit_account_id == u128::MAX {
        Err(Status::CreditAccountIdMustNotBeIntMax)
    } else if transfer.debit_account_id == transfer.credit_account_id {
        Err(Status::AccountsMustBeDifferent)
    } else if transfer.pending_id != 0 {
        Err(Status::PendingIdMustBeZero)
    } else if !pending && transfer.timeout != 0 {
        Err(Status::TimeoutReservedForPendingTransfer)
    } else if !pending && transfer.has_any(CLOSING) {
        Err(Status::ClosingTransferMustBePending)
    } else if transfer.ledger == 0 {
        Err(Status::LedgerMustNotBeZero)
    } else if transfer.code == 0 {
        Err(Status::CodeMustNotBeZero)
    } else {
        Ok(())
    }
}

/// The accounts, their order in time with the transfer, and their limits. Returns the amount.
#[inline]
pub(crate) fn check_accounts(
    state: &State,
    event: &Transfer,
    turn: Turn<'_>,
    slots: Slots,
    timestamp: u64,
) -> Result<u128, Status> {
    if slots.debit == NO_SLOT {
        return Err(Status::DebitAccountNotFound);
    }
    if slots.credit == NO_SLOT {
        return Err(Status::CreditAccountNotFound);
    }
    let debit = state.books.accounts.at(slots.debit);
    let credit = state.books.accounts.at(slots.credit);
    if debit.ledger != credit.ledger {
        return Err(Status::AccountsMustHaveTheSameLedger);
    }
    if event.ledger != debit.ledger {
        return Err(Status::TransferMustHaveTheSameLedgerAsAccounts);
    }
    if event.is_imported() {
        check_imported(state, event, turn, [debit, credit])?;
    }
    check_open([debit, credit])?;
    let amount = balanced(event, debit, credit);
    check_sums(event, amount, debit, credit)?;
    if event.timeout != 0 {
        let limit = Transfer {
            timestamp,
            ..*event
        };
        if deadline(&limit).is_some_and(|deadline| deadline >= END_OF_TIME) {
            return Err(Status::OverflowsTimeout);
        }
    }
    check_limits(amount, debit, credit)?;
    Ok(amount)
}

/// The accounts of the chart are moved by commands alone.
fn check_kept(state: &State, slots: Slots) -> Result<(), Status> {
    if state.is_kept(state.books.accounts.at(slots.debit)) {
        Err(Status::DebitAccountIsKept)
    } else if state.is_kept(state.books.accounts.at(slots.credit)) {
        Err(Status::CreditAccountIsKept)
    } else {
        Ok(())
    }
}

/// The order of imported timestamps.
fn check_imported(
    state: &State,
    event: &Transfer,
    turn: Turn<'_>,
    [debit, credit]: [&Account; 2],
) -> Result<(), Status> {
    if is_taken(state, turn, event.timestamp) {
        Err(Status::ImportedEventTimestampMustNotRegress)
    } else if event.timestamp <= debit.timestamp {
        Err(Status::ImportedEventTimestampMustPostdateDebitAccount)
    } else if event.timestamp <= credit.timestamp {
        Err(Status::ImportedEventTimestampMustPostdateCreditAccount)
    } else if event.timeout != 0 {
        Err(Status::ImportedEventTimeoutMustBeZero)
    } else {
        Ok(())
    }
}

/// Whether an imported transfer comes too early, or where another record is.
pub(crate) fn is_taken(state: &State, turn: Turn<'_>, timestamp: u64) -> bool {
    timestamp <= state.books.clock.transfer
        || turn.past.has_time(timestamp)
        || state.group.has_stamp(timestamp)
        || state.books.accounts.has_time(timestamp)
}

#[inline]
pub(crate) fn check_open([debit, credit]: [&Account; 2]) -> Result<(), Status> {
    if debit.has(account_flags::CLOSED) {
        Err(Status::DebitAccountAlreadyClosed)
    } else if credit.has(account_flags::CLOSED) {
        Err(Status::CreditAccountAlreadyClosed)
    } else {
        Ok(())
    }
}

/// The amount, lowered to what there is where that is asked for. Pending and posted sums of one
/// side never pass 2^128-1 together, so they can be added.
#[inline]
fn balanced(event: &Transfer, debit: &Account, credit: &Account) -> u128 {
    let mut amount = event.amount;
    if event.has_any(BALANCING) {
        if event.has(transfer_flags::BALANCING_DEBIT) {
            let spent = debit.debits_posted + debit.debits_pending;
            amount = amount.min(debit.credits_posted.saturating_sub(spent));
        }
        if event.has(transfer_flags::BALANCING_CREDIT) {
            let spent = credit.credits_posted + credit.credits_pending;
            amount = amount.min(credit.debits_posted.saturating_sub(spent));
        }
    }
    amount
}

/// Whether the sums stay below 2^128. Where pending and posted do so together, each does alone.
#[inline]
fn check_sums(
    event: &Transfer,
    amount: u128,
    debit: &Account,
    credit: &Account,
) -> Result<(), Status> {
    let debits = debit.debits_pending + debit.debits_posted;
    let credits = credit.credits_pending + credit.credits_posted;
    if amount.checked_add(debits).is_some() && amount.checked_add(credits).is_some() {
        Ok(())
    } else {
        Err(overflow(event, amount, debit, credit))
    }
}

/// Which of the sums passes 2^128-1.
#[cold]
fn overflow(event: &Transfer, amount: u128, debit: &Account, credit: &Account) -> Status {
    let pending = event.has(transfer_flags::PENDING);
    let over = |sum: u128| amount.checked_add(sum).is_none();
    if pending && over(debit.debits_pending) {
        Status::OverflowsDebitsPending
    } else if pending && over(credit.credits_pending) {
        Status::OverflowsCreditsPending
    } else if over(debit.debits_posted) {
        Status::OverflowsDebitsPosted
    } else if over(credit.credits_posted) {
        Status::OverflowsCreditsPosted
    } else if over(debit.debits_pending + debit.debits_posted) {
        Status::OverflowsDebits
    } else {
        Status::OverflowsCredits
    }
}

/// What the flags of the accounts forbid.
#[inline]
fn check_limits(amount: u128, debit: &Account, credit: &Account) -> Result<(), Status> {
    if debit.has(account_flags::DEBITS_MUST_NOT_EXCEED_CREDITS)
        && debit.debits_pending + debit.debits_posted + amount > debit.credits_posted
    {
        Err(Status::ExceedsCredits)
    } else if credit.has(account_flags::CREDITS_MUST_NOT_EXCEED_DEBITS)
        && credit.credits_pending + credit.credits_posted + amount > credit.debits_posted
    {
        Err(Status::ExceedsDebits)
    } else {
        Ok(())
    }
}

impl State {
    /// Notes the accounts of a chain as they are.
    #[cold]
    pub(crate) fn note_accounts(&mut self, slots: Slots) {
        for slot in [slots.debit, slots.credit] {
            let account = *self.books.accounts.at(slot);
            self.journal.note(Undo::Account(slot, account));
        }
    }
}

impl Books {
    /// Applies a transfer that was found good, and pushes its fact.
    #[inline]
    pub(crate) fn record<S: Sink>(
        &mut self,
        transfer: &Transfer,
        released: Option<Released>,
        slots: Slots,
        journal: &mut Journal,
        sink: &mut S,
    ) {
        self.apply_transfer(transfer, released, slots, Everything, |before| {
            if journal.is_open() {
                journal.note(Undo::Tally(before()));
            }
        });
        let extras = self.extras(released, slots);
        sink.push(Fact::Transfer(transfer, &extras, slots));
    }
}
