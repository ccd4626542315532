//! All the reasons there are against an event, in no order that matters.

use model::{
    Account, CreateAccountStatus as A, CreateTransferStatus as T, Transfer, account_flags as af,
    transfer_flags as tf,
};

use super::{End, Event, Moment, Reference, deadline, ends};

impl Reference {
    #[rustfmt::skip] // one reason a line
    pub(super) fn account_reasons(&self, e: &Account, moment: Moment) -> Vec<A> {
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
    pub(super) fn transfer_reasons(&self, e: &Transfer, moment: Moment) -> Vec<T> {
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
