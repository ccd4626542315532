//! A naive model of the books, to compare the real ones with.
//!
//! It keeps everything in ordered maps, copies itself at the start of every linked chain, and
//! collects all the reasons there are against an event; of these the first in the published order
//! of the statuses is the answer.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Account, CreateAccountStatus as A, CreateTransferStatus as T, EventResult, Transfer,
    account_flags as af, transfer_flags as tf,
};

/// How a pending transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was posted.
    Posted,
    /// It was voided.
    Voided,
    /// It expired.
    Expired,
}

/// The books.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    /// By id.
    pub accounts: BTreeMap<u128, Account>,
    /// By id, all that were ever created.
    pub transfers: BTreeMap<u128, Transfer>,
    /// Pending transfers that have ended, by id.
    pub ended: BTreeMap<u128, End>,
    /// Burned ids: the code of the refusal and when it was.
    pub failed: BTreeMap<u128, (u32, u64)>,
    /// Timestamps that are taken.
    pub times: BTreeSet<u64>,
}

/// The moment of an event.
#[derive(Clone, Copy)]
struct Moment {
    /// When it happens.
    now: u64,
    /// When the first event of its batch happens.
    first: u64,
    /// Whether the batch is imported.
    imported: bool,
}

trait Event: Copy {
    const LINKED_EVENT_FAILED: u32;
    const LINKED_EVENT_CHAIN_OPEN: u32;
    fn is_linked(&self) -> bool;
    fn is_imported(&self) -> bool;
    /// The result; the id that it burns.
    fn judge(&self, books: &mut Reference, moment: Moment) -> (EventResult, Option<u128>);
}

impl Event for Account {
    const LINKED_EVENT_FAILED: u32 = A::LinkedEventFailed.code();
    const LINKED_EVENT_CHAIN_OPEN: u32 = A::LinkedEventChainOpen.code();

    fn is_linked(&self) -> bool {
        self.has(af::LINKED)
    }

    fn is_imported(&self) -> bool {
        self.has(af::IMPORTED)
    }

    fn judge(&self, books: &mut Reference, moment: Moment) -> (EventResult, Option<u128>) {
        let reasons = books.account_reasons(self, moment);
        let status = A::ALL.iter().find(|status| reasons.contains(status));
        let status = *status.unwrap_or(&A::Created);
        let mut account = *self;
        if !moment.imported {
            account.timestamp = moment.now;
        }
        let timestamp = match status {
            A::Created => account.timestamp,
            A::Exists => books.accounts[&self.id].timestamp,
            _ => moment.now,
        };
        if status == A::Created {
            books.times.insert(timestamp);
            books.accounts.insert(self.id, account);
        }
        (result(timestamp, status.code()), None)
    }
}

impl Event for Transfer {
    const LINKED_EVENT_FAILED: u32 = T::LinkedEventFailed.code();
    const LINKED_EVENT_CHAIN_OPEN: u32 = T::LinkedEventChainOpen.code();

    fn is_linked(&self) -> bool {
        self.has(tf::LINKED)
    }

    fn is_imported(&self) -> bool {
        self.has(tf::IMPORTED)
    }

    fn judge(&self, books: &mut Reference, moment: Moment) -> (EventResult, Option<u128>) {
        let reasons = books.transfer_reasons(self, moment);
        let status = T::ALL.iter().find(|status| reasons.contains(status));
        let status = *status.unwrap_or(&T::Created);
        let mut transfer = books.filled_in(self);
        if !moment.imported {
            transfer.timestamp = moment.now;
        }
        let timestamp = match status {
            T::Created => transfer.timestamp,
            T::Exists => books.transfers[&self.id].timestamp,
            _ => moment.now,
        };
        if status == T::Created {
            books.book(&transfer);
        }
        let burned = status.is_transient().then_some(self.id);
        (result(timestamp, status.code()), burned)
    }
}

impl Reference {
    /// Creates a batch of accounts at `time`.
    pub fn create_accounts(&mut self, time: u64, events: &[Account]) -> Vec<EventResult> {
        self.batch(time, events)
    }

    /// Creates a batch of transfers at `time`.
    pub fn create_transfers(&mut self, time: u64, events: &[Transfer]) -> Vec<EventResult> {
        self.batch(time, events)
    }

    /// Expires what is due at `now`, at most `limit`, from `timestamp` on; returns the ids.
    pub fn expire(&mut self, now: u64, mut timestamp: u64, limit: usize) -> Vec<u128> {
        let open = self.transfers.values().filter(|t| self.is_open(t));
        let mut due: Vec<_> = open
            .filter_map(|t| Some((deadline(t)?, t.timestamp, t.id)))
            .filter(|(deadline, ..)| *deadline <= now)
            .collect();
        due.sort_unstable();
        due.truncate(limit);
        for (.., id) in &due {
            self.times.insert(timestamp);
            timestamp += 1;
            self.end(*id, End::Expired);
        }
        due.into_iter().map(|(.., id)| id).collect()
    }

    /// Whether `transfer` is a pending one that has not ended.
    pub fn is_open(&self, transfer: &Transfer) -> bool {
        transfer.has(tf::PENDING) && !self.ended.contains_key(&transfer.id)
    }

    fn batch<E: Event>(&mut self, time: u64, events: &[E]) -> Vec<EventResult> {
        let count = events.len() as u64;
        let mut results = Vec::new();
        while results.len() < events.len() {
            let start = results.len();
            let before = self.clone();
            let mut broken = false;
            loop {
                let index = results.len();
                let event = &events[index];
                let moment = Moment {
                    now: time - count + index as u64 + 1,
                    first: time - count + 1,
                    imported: events[0].is_imported(),
                };
                let last = index + 1 == events.len();
                let (result, burned) = if last && event.is_linked() {
                    (result(moment.now, E::LINKED_EVENT_CHAIN_OPEN), None)
                } else if broken {
                    (result(moment.now, E::LINKED_EVENT_FAILED), None)
                } else {
                    event.judge(self, moment)
                };
                if result.status != A::Created.code() && !broken {
                    broken = true;
                    *self = before.clone();
                    for earlier in &mut results[start..] {
                        let earlier: &mut EventResult = earlier;
                        earlier.status = E::LINKED_EVENT_FAILED;
                    }
                }
                if let Some(id) = burned {
                    self.failed.insert(id, (result.status, moment.now));
                    self.times.insert(moment.now);
                }
                results.push(result);
                if last || !event.is_linked() {
                    break;
                }
            }
        }
        results
    }

    #[rustfmt::skip] // one reason a line
    fn account_reasons(&self, e: &Account, moment: Moment) -> Vec<A> {
        let mut reasons = Vec::new();
        let mut add = |holds: bool, status: A| reasons.extend(holds.then_some(status));
        let imported = e.is_imported();
        let last = self.accounts.values().map(|old| old.timestamp).max();
        add(moment.imported && !imported, A::ImportedEventExpected);
        add(!moment.imported && imported, A::ImportedEventNotExpected);
        add(!imported && e.timestamp != 0, A::TimestampMustBeZero);
        add(imported && !(1..1 << 63).contains(&e.timestamp), A::ImportedEventTimestampOutOfRange);
        add(imported && e.timestamp >= moment.first, A::ImportedEventTimestampMustNotAdvance);
        let taken = Some(e.timestamp) <= last || self.times.contains(&e.timestamp);
        add(imported && taken, A::ImportedEventTimestampMustNotRegress);
        add(e.reserved != 0, A::ReservedField);
        add(e.flags >= 1 << 6, A::ReservedFlag);
        add(e.id == 0, A::IdMustNotBeZero);
        add(e.id == u128::MAX, A::IdMustNotBeIntMax);
        if let Some(old) = self.accounts.get(&e.id) {
            add(e.flags != old.flags, A::ExistsWithDifferentFlags);
            add(e.user_data_128 != old.user_data_128, A::ExistsWithDifferentUserData128);
            add(e.user_data_64 != old.user_data_64, A::ExistsWithDifferentUserData64);
            add(e.user_data_32 != old.user_data_32, A::ExistsWithDifferentUserData32);
            add(e.ledger != old.ledger, A::ExistsWithDifferentLedger);
            add(e.code != old.code, A::ExistsWithDifferentCode);
            add(true, A::Exists);
        }
        let both = af::DEBITS_MUST_NOT_EXCEED_CREDITS | af::CREDITS_MUST_NOT_EXCEED_DEBITS;
        add(e.flags & both == both, A::FlagsAreMutuallyExclusive);
        add(e.debits_pending != 0, A::DebitsPendingMustBeZero);
        add(e.debits_posted != 0, A::DebitsPostedMustBeZero);
        add(e.credits_pending != 0, A::CreditsPendingMustBeZero);
        add(e.credits_posted != 0, A::CreditsPostedMustBeZero);
        add(e.ledger == 0, A::LedgerMustNotBeZero);
        add(e.code == 0, A::CodeMustNotBeZero);
        reasons
    }

    #[rustfmt::skip] // one reason a line
    fn transfer_reasons(&self, e: &Transfer, moment: Moment) -> Vec<T> {
        let mut reasons = Vec::new();
        let mut add = |holds: bool, status: T| reasons.extend(holds.then_some(status));
        let imported = e.is_imported();
        add(moment.imported && !imported, T::ImportedEventExpected);
        add(!moment.imported && imported, T::ImportedEventNotExpected);
        add(!imported && e.timestamp != 0, T::TimestampMustBeZero);
        add(imported && !(1..1 << 63).contains(&e.timestamp), T::ImportedEventTimestampOutOfRange);
        add(imported && e.timestamp >= moment.first, T::ImportedEventTimestampMustNotAdvance);
        let last = self.transfers.values().map(|old| old.timestamp).max();
        let taken = Some(e.timestamp) <= last || self.times.contains(&e.timestamp);
        add(imported && taken, T::ImportedEventTimestampMustNotRegress);
        add(e.flags >= 1 << 9, T::ReservedFlag);
        add(e.id == 0, T::IdMustNotBeZero);
        add(e.id == u128::MAX, T::IdMustNotBeIntMax);
        add(self.failed.contains_key(&e.id), T::IdAlreadyFailed);
        let pending = e.has(tf::PENDING);
        add(!pending && e.timeout != 0, T::TimeoutReservedForPendingTransfer);
        if let Some(old) = self.transfers.get(&e.id) {
            reasons.extend(self.differences(e, old));
        }
        if ends(e) {
            reasons.extend(self.ending_reasons(e, moment));
        } else {
            reasons.extend(content_reasons(e));
            let debit = self.accounts.get(&e.debit_account_id);
            let credit = self.accounts.get(&e.credit_account_id);
            match (debit, credit) {
                (None, _) => reasons.push(T::DebitAccountNotFound),
                (_, None) => reasons.push(T::CreditAccountNotFound),
                (Some(debit), Some(credit)) => {
                    let t = self.filled_in(e);
                    reasons.extend(balance_reasons(&t, moment, debit, credit));
                }
            }
        }
        reasons
    }

    #[rustfmt::skip] // one reason a line
    fn differences(&self, e: &Transfer, old: &Transfer) -> Vec<T> {
        let mut reasons = vec![T::Exists];
        let mut add = |holds: bool, status: T| reasons.extend(holds.then_some(status));
        add(e.flags != old.flags, T::ExistsWithDifferentFlags);
        add(e.pending_id != old.pending_id, T::ExistsWithDifferentPendingId);
        add(e.timeout != old.timeout, T::ExistsWithDifferentTimeout);
        let balancing = e.flags & (tf::BALANCING_DEBIT | tf::BALANCING_CREDIT) != 0;
        let e = if ends(e) { self.filled_in(e) } else { *e };
        add(e.debit_account_id != old.debit_account_id, T::ExistsWithDifferentDebitAccountId);
        add(e.credit_account_id != old.credit_account_id, T::ExistsWithDifferentCreditAccountId);
        add(e.amount < old.amount, T::ExistsWithDifferentAmount);
        add(e.amount > old.amount && !balancing, T::ExistsWithDifferentAmount);
        add(e.user_data_128 != old.user_data_128, T::ExistsWithDifferentUserData128);
        add(e.user_data_64 != old.user_data_64, T::ExistsWithDifferentUserData64);
        add(e.user_data_32 != old.user_data_32, T::ExistsWithDifferentUserData32);
        add(e.ledger != old.ledger, T::ExistsWithDifferentLedger);
        add(e.code != old.code, T::ExistsWithDifferentCode);
        reasons
    }

    #[rustfmt::skip] // one reason a line
    fn ending_reasons(&self, e: &Transfer, moment: Moment) -> Vec<T> {
        let mut reasons = Vec::new();
        let mut add = |holds: bool, status: T| reasons.extend(holds.then_some(status));
        let allowed = tf::LINKED | tf::IMPORTED;
        let kinds = (e.flags & !allowed).count_ones();
        add(kinds > 1, T::FlagsAreMutuallyExclusive);
        add(e.pending_id == 0, T::PendingIdMustNotBeZero);
        add(e.pending_id == u128::MAX, T::PendingIdMustNotBeIntMax);
        add(e.pending_id == e.id, T::PendingIdMustBeDifferent);
        let Some(p) = self.transfers.get(&e.pending_id) else {
            reasons.push(T::PendingTransferNotFound);
            return reasons;
        };
        add(!p.has(tf::PENDING), T::PendingTransferNotPending);
        let t = self.filled_in(e);
        let debit_differs = t.debit_account_id != p.debit_account_id;
        add(debit_differs, T::PendingTransferHasDifferentDebitAccountId);
        let credit_differs = t.credit_account_id != p.credit_account_id;
        add(credit_differs, T::PendingTransferHasDifferentCreditAccountId);
        add(t.ledger != p.ledger, T::PendingTransferHasDifferentLedger);
        add(t.code != p.code, T::PendingTransferHasDifferentCode);
        add(t.amount > p.amount, T::ExceedsPendingTransferAmount);
        let void = e.has(tf::VOID_PENDING);
        add(void && t.amount < p.amount, T::PendingTransferHasDifferentAmount);
        let end = self.ended.get(&p.id);
        add(end == Some(&End::Posted), T::PendingTransferAlreadyPosted);
        add(end == Some(&End::Voided), T::PendingTransferAlreadyVoided);
        let at = if moment.imported {
            e.timestamp
        } else {
            moment.now
        };
        let over = deadline(p).is_some_and(|deadline| deadline <= at);
        add(end == Some(&End::Expired) || over, T::PendingTransferExpired);
        let is_closed = |id| self.accounts[&id].has(af::CLOSED);
        add(!void && is_closed(p.debit_account_id), T::DebitAccountAlreadyClosed);
        add(!void && is_closed(p.credit_account_id), T::CreditAccountAlreadyClosed);
        reasons
    }

    /// The transfer with what it leaves open filled in: from the pending transfer that it ends, or
    /// the amount of a balancing one from the accounts.
    fn filled_in(&self, e: &Transfer) -> Transfer {
        let mut t = *e;
        if let Some(p) = self.transfers.get(&e.pending_id).filter(|_| ends(e)) {
            for (field, value) in [
                (&mut t.debit_account_id, p.debit_account_id),
                (&mut t.credit_account_id, p.credit_account_id),
                (&mut t.user_data_128, p.user_data_128),
            ] {
                *field = if *field == 0 { value } else { *field };
            }
            t.user_data_64 = if t.user_data_64 == 0 {
                p.user_data_64
            } else {
                t.user_data_64
            };
            t.user_data_32 = if t.user_data_32 == 0 {
                p.user_data_32
            } else {
                t.user_data_32
            };
            t.ledger = if t.ledger == 0 { p.ledger } else { t.ledger };
            t.code = if t.code == 0 { p.code } else { t.code };
            let all = if e.has(tf::VOID_PENDING) {
                0
            } else {
                u128::MAX
            };
            t.amount = if t.amount == all { p.amount } else { t.amount };
        }
        if let Some(a) = self
            .accounts
            .get(&e.debit_account_id)
            .filter(|_| e.has(tf::BALANCING_DEBIT))
        {
            let left = a
                .credits_posted
                .saturating_sub(a.debits_posted + a.debits_pending);
            t.amount = t.amount.min(left);
        }
        if let Some(a) = self
            .accounts
            .get(&e.credit_account_id)
            .filter(|_| e.has(tf::BALANCING_CREDIT))
        {
            let left = a
                .debits_posted
                .saturating_sub(a.credits_posted + a.credits_pending);
            t.amount = t.amount.min(left);
        }
        t
    }

    fn book(&mut self, t: &Transfer) {
        if ends(t) {
            let void = t.has(tf::VOID_PENDING);
            self.end(t.pending_id, if void { End::Voided } else { End::Posted });
        }
        let pending = t.has(tf::PENDING);
        let debit = self
            .accounts
            .get_mut(&t.debit_account_id)
            .expect("it is there");
        match (pending, t.has(tf::VOID_PENDING)) {
            (true, _) => debit.debits_pending += t.amount,
            (false, true) => {}
            (false, false) => debit.debits_posted += t.amount,
        }
        debit.flags |= if t.has(tf::CLOSING_DEBIT) {
            af::CLOSED
        } else {
            0
        };
        let credit = self
            .accounts
            .get_mut(&t.credit_account_id)
            .expect("it is there");
        match (pending, t.has(tf::VOID_PENDING)) {
            (true, _) => credit.credits_pending += t.amount,
            (false, true) => {}
            (false, false) => credit.credits_posted += t.amount,
        }
        credit.flags |= if t.has(tf::CLOSING_CREDIT) {
            af::CLOSED
        } else {
            0
        };
        self.times.insert(t.timestamp);
        self.transfers.insert(t.id, *t);
    }

    /// Ends a pending transfer: gives back what it reserved and opens what it closed, unless it
    /// is posted.
    fn end(&mut self, id: u128, end: End) {
        let p = self.transfers[&id];
        self.ended.insert(id, end);
        let debit = self
            .accounts
            .get_mut(&p.debit_account_id)
            .expect("it is there");
        debit.debits_pending -= p.amount;
        debit.flags &= if p.has(tf::CLOSING_DEBIT) {
            !af::CLOSED
        } else {
            !0
        };
        let credit = self
            .accounts
            .get_mut(&p.credit_account_id)
            .expect("it is there");
        credit.credits_pending -= p.amount;
        credit.flags &= if p.has(tf::CLOSING_CREDIT) {
            !af::CLOSED
        } else {
            !0
        };
    }
}

#[rustfmt::skip] // one reason a line
fn content_reasons(e: &Transfer) -> Vec<T> {
    let mut reasons = Vec::new();
    let mut add = |holds: bool, status: T| reasons.extend(holds.then_some(status));
    let closing = e.flags & (tf::CLOSING_DEBIT | tf::CLOSING_CREDIT) != 0;
    add(e.debit_account_id == 0, T::DebitAccountIdMustNotBeZero);
    add(e.debit_account_id == u128::MAX, T::DebitAccountIdMustNotBeIntMax);
    add(e.credit_account_id == 0, T::CreditAccountIdMustNotBeZero);
    add(e.credit_account_id == u128::MAX, T::CreditAccountIdMustNotBeIntMax);
    add(e.debit_account_id == e.credit_account_id, T::AccountsMustBeDifferent);
    add(e.pending_id != 0, T::PendingIdMustBeZero);
    add(closing && !e.has(tf::PENDING), T::ClosingTransferMustBePending);
    add(e.ledger == 0, T::LedgerMustNotBeZero);
    add(e.code == 0, T::CodeMustNotBeZero);
    reasons
}

/// `t` is filled in, and ends no other.
#[rustfmt::skip] // one reason a line
fn balance_reasons(t: &Transfer, moment: Moment, debit: &Account, credit: &Account) -> Vec<T> {
    let mut reasons = Vec::new();
    let mut add = |holds: bool, status: T| reasons.extend(holds.then_some(status));
    let (imported, pending) = (moment.imported, t.has(tf::PENDING));
    add(debit.ledger != credit.ledger, T::AccountsMustHaveTheSameLedger);
    add(t.ledger != debit.ledger, T::TransferMustHaveTheSameLedgerAsAccounts);
    let older = |account: &Account| account.timestamp < t.timestamp;
    add(imported && !older(debit), T::ImportedEventTimestampMustPostdateDebitAccount);
    add(imported && !older(credit), T::ImportedEventTimestampMustPostdateCreditAccount);
    add(imported && t.timeout != 0, T::ImportedEventTimeoutMustBeZero);
    add(debit.has(af::CLOSED), T::DebitAccountAlreadyClosed);
    add(credit.has(af::CLOSED), T::CreditAccountAlreadyClosed);
    let over = |sum: u128| sum.checked_add(t.amount).is_none();
    add(pending && over(debit.debits_pending), T::OverflowsDebitsPending);
    add(pending && over(credit.credits_pending), T::OverflowsCreditsPending);
    add(over(debit.debits_posted), T::OverflowsDebitsPosted);
    add(over(credit.credits_posted), T::OverflowsCreditsPosted);
    let debits = debit.debits_pending + debit.debits_posted;
    let credits = credit.credits_pending + credit.credits_posted;
    add(over(debits), T::OverflowsDebits);
    add(over(credits), T::OverflowsCredits);
    let start = if imported { t.timestamp } else { moment.now };
    let end = u128::from(start) + u128::from(t.timeout) * 1_000_000_000;
    add(t.timeout != 0 && end >= 1 << 63, T::OverflowsTimeout);
    let debits = debits.saturating_add(t.amount);
    let credits = credits.saturating_add(t.amount);
    let limited = debit.has(af::DEBITS_MUST_NOT_EXCEED_CREDITS);
    add(limited && debits > debit.credits_posted, T::ExceedsCredits);
    let limited = credit.has(af::CREDITS_MUST_NOT_EXCEED_DEBITS);
    add(limited && credits > credit.debits_posted, T::ExceedsDebits);
    reasons
}

/// Whether it posts or voids another.
fn ends(transfer: &Transfer) -> bool {
    transfer.flags & (tf::POST_PENDING | tf::VOID_PENDING) != 0
}

fn deadline(transfer: &Transfer) -> Option<u64> {
    let timeout = u64::from(transfer.timeout) * 1_000_000_000;
    (timeout > 0).then(|| transfer.timestamp + timeout)
}

const fn result(timestamp: u64, status: u32) -> EventResult {
    EventResult {
        timestamp,
        status,
        reserved: 0,
    }
}
