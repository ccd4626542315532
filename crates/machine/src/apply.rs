//! What each fact does to the state: the only code that changes it, live and on replay.

use model::record::{
    Erasure, Expired, Extras, Failed, Moved, Page, Released, Remains, StatementLine,
};
use model::{Account, Currency, Deed, Object, Transfer, account_flags, transfer_flags};

use model::object::{Listing, Role, account_of};

use crate::fact::Slots;
use crate::index::shard_of;
use crate::pendings::Pending;
use crate::rules::RowBefore;
use crate::rules::standing::{kind_of, payment_of};
use crate::state::Books;

/// How far the books are, in time and in records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock {
    /// Highest timestamp of any record.
    pub(crate) last: u64,
    /// That of the last account.
    pub(crate) account: u64,
    /// That of the last transfer.
    pub(crate) transfer: u64,
    /// Count of records.
    pub(crate) records: u64,
    /// Number of the last statement; 0 while there is none.
    pub(crate) statements: u64,
}

impl Clock {
    #[inline]
    fn tick(&mut self, timestamp: u64) {
        self.last = self.last.max(timestamp);
        self.records += 1;
    }
}

/// Which parts of the state a fact is applied to: all of it, or, while a snapshot is being
/// restored, what was copied before the fact.
pub(crate) trait Reach: Copy {
    /// Whether the account in this slot.
    fn account(&self, slot: u32) -> bool;
    /// Whether the pending transfers of this shard.
    fn pending(&self, shard: usize) -> bool;
    /// Whether the objects of this shard, listings aside.
    fn object(&self, shard: usize) -> bool;
    /// Whether the listing with this number.
    fn listing(&self, number: u32) -> bool;
    /// Whether the tallies of this shard. Whatever reaches one of them reaches all objects and all
    /// pending transfers as well.
    fn tally(&self, shard: usize) -> bool;
}

/// All of the state.
#[derive(Clone, Copy)]
pub(crate) struct Everything;

impl Reach for Everything {
    #[inline]
    fn account(&self, _: u32) -> bool {
        true
    }

    #[inline]
    fn pending(&self, _: usize) -> bool {
        true
    }

    #[inline]
    fn object(&self, _: usize) -> bool {
        true
    }

    #[inline]
    fn listing(&self, _: u32) -> bool {
        true
    }

    #[inline]
    fn tally(&self, _: usize) -> bool {
        true
    }
}

/// What a fact does to its two accounts, as additions: amounts in minor units that are the same
/// on both sides, and flags that differ.
#[derive(Clone, Copy)]
pub(crate) struct Effect {
    reserve: u128,
    release: u128,
    post: u128,
    close_debit: u16,
    close_credit: u16,
    open_debit: u16,
    open_credit: u16,
}

const NOTHING: Effect = Effect {
    reserve: 0,
    release: 0,
    post: 0,
    close_debit: 0,
    close_credit: 0,
    open_debit: 0,
    open_credit: 0,
};

/// `account_flags::CLOSED` where `flags` have `bit`.
#[inline]
const fn closed_if(flags: u16, bit: u16) -> u16 {
    if flags & bit != 0 {
        account_flags::CLOSED
    } else {
        0
    }
}

impl Effect {
    #[inline]
    pub(crate) fn of_transfer(transfer: &Transfer, released: Option<Released>) -> Self {
        let amount = transfer.amount;
        if transfer.has(transfer_flags::PENDING) {
            return Self {
                reserve: amount,
                close_debit: closed_if(transfer.flags, transfer_flags::CLOSING_DEBIT),
                close_credit: closed_if(transfer.flags, transfer_flags::CLOSING_CREDIT),
                ..NOTHING
            };
        }
        match released {
            None => Self {
                post: amount,
                ..NOTHING
            },
            Some(released) if transfer.has(transfer_flags::POST_PENDING) => Self {
                release: released.amount,
                post: amount,
                ..NOTHING
            },
            Some(released) => Self::of_release(released),
        }
    }

    /// What was erased of a record does not change what it did.
    pub(crate) fn of_remains(remains: &Remains) -> Option<(Self, &Moved)> {
        match remains {
            Remains::Transfer(moved) => {
                let transfer = Transfer {
                    amount: moved.amount,
                    flags: moved.flags,
                    ..Transfer::default()
                };
                Some((Self::of_transfer(&transfer, moved.released), moved))
            }
            Remains::Expired(moved) => {
                let released = Released {
                    amount: moved.amount,
                    flags: moved.flags,
                };
                Some((Self::of_release(released), moved))
            }
            Remains::Failed(_) => None,
        }
    }

    pub(crate) fn of_expiry(expired: &Expired) -> Self {
        Self::of_release(Released {
            amount: expired.amount,
            flags: expired.flags,
        })
    }

    /// The end of a pending transfer that moves nothing.
    fn of_release(released: Released) -> Self {
        Self {
            release: released.amount,
            open_debit: closed_if(released.flags, transfer_flags::CLOSING_DEBIT),
            open_credit: closed_if(released.flags, transfer_flags::CLOSING_CREDIT),
            ..NOTHING
        }
    }

    #[inline]
    pub(crate) fn debit(&self, account: &mut Account) {
        account.debits_pending = account.debits_pending + self.reserve - self.release;
        account.debits_posted += self.post;
        account.flags = account.flags & !self.open_debit | self.close_debit;
    }

    #[inline]
    pub(crate) fn credit(&self, account: &mut Account) {
        account.credits_pending = account.credits_pending + self.reserve - self.release;
        account.credits_posted += self.post;
        account.flags = account.flags & !self.open_credit | self.close_credit;
    }

    /// Whether the debit account can take it: nothing is released that is not reserved, and the
    /// sums stay below 2^128.
    pub(crate) fn fits_debit(&self, account: &Account) -> bool {
        self.fits(account.debits_pending, account.debits_posted)
    }

    /// As [`Self::fits_debit`].
    pub(crate) fn fits_credit(&self, account: &Account) -> bool {
        self.fits(account.credits_pending, account.credits_posted)
    }

    fn fits(&self, pending: u128, posted: u128) -> bool {
        let sum = || {
            let pending = pending.checked_sub(self.release)?;
            let pending = pending.checked_add(self.reserve)?;
            posted.checked_add(self.post)?.checked_add(pending)
        };
        sum().is_some()
    }
}

impl Books {
    pub(crate) fn apply_ledger(&mut self, currency: &Currency) {
        self.ledgers.insert(currency.ledger, *currency);
        self.clock.tick(currency.timestamp);
    }

    pub(crate) fn apply_account(&mut self, account: &Account) -> u32 {
        self.clock.account = account.timestamp;
        self.clock.tick(account.timestamp);
        self.accounts.push(account)
    }

    /// `note` is told how each tally stood that the transfer changes.
    #[inline]
    pub(crate) fn apply_transfer<R: Reach>(
        &mut self,
        transfer: &Transfer,
        released: Option<Released>,
        slots: Slots,
        reach: R,
        note: impl FnMut(&dyn Fn() -> RowBefore),
    ) {
        let is_counted = transfer.amount > 0 && self.rules.tallies.counts_kind(kind_of(transfer));
        self.apply_effect(&Effect::of_transfer(transfer, released), slots, reach);
        if released.is_some() {
            let posted = if transfer.has(transfer_flags::POST_PENDING) {
                transfer.amount
            } else {
                0
            };
            self.apply_end((transfer.pending_id, posted), reach, note);
        } else {
            if is_counted {
                self.count(transfer, slots, reach, note);
            }
            let hash = self.key.hash(transfer.id);
            if transfer.has(transfer_flags::PENDING) && reach.pending(shard_of(hash)) {
                let transfer = *transfer;
                self.pendings.insert(hash, Pending { transfer, slots });
            }
        }
        self.clock.transfer = transfer.timestamp;
        self.clock.tick(transfer.timestamp);
    }

    /// Counts what moves, or is reserved, where a rule does.
    #[inline]
    fn count<R: Reach>(
        &mut self,
        transfer: &Transfer,
        slots: Slots,
        reach: R,
        note: impl FnMut(&dyn Fn() -> RowBefore),
    ) {
        let payment = payment_of(&self.accounts, transfer, slots);
        let (tallies, seen) = self.rules.seen(&self.business, &self.ledgers);
        tallies.count_in(&seen, &payment, |shard| reach.tally(shard), note);
    }

    pub(crate) fn apply_expired<R: Reach>(&mut self, expired: &Expired, slots: Slots, reach: R) {
        self.apply_effect(&Effect::of_expiry(expired), slots, reach);
        self.apply_end((expired.pending_id, 0), reach, |_| {});
        self.clock.tick(expired.timestamp);
    }

    pub(crate) fn apply_failed(&mut self, failed: &Failed) {
        self.clock.tick(failed.timestamp);
    }

    pub(crate) fn apply_statement(&mut self, line: &StatementLine) {
        self.clock.statements = line.statement;
        self.clock.tick(line.timestamp);
    }

    pub(crate) fn apply_erasure(&mut self, erasure: &Erasure) {
        self.clock.tick(erasure.timestamp);
    }

    pub(crate) fn apply_deed(&mut self, deed: &Deed) {
        self.clock.tick(deed.timestamp);
    }

    /// Makes an object stand so. A listing's seller has an account on its ledger.
    #[inline]
    pub(crate) fn apply_object<R: Reach>(&mut self, object: &Object, reach: R) {
        self.clock.tick(object.timestamp());
        match object {
            Object::Listing(listing) => {
                if reach.listing(listing.number)
                    && let Some(seller) = self.seller_slot(listing)
                {
                    self.business.put_listing(listing, seller);
                }
                return;
            }
            Object::OrderLine(line) if line.listing > 0 && reach.listing(line.listing - 1) => {
                self.business.move_stock(line);
            }
            _ => {}
        }
        match object {
            Object::RuleVersion(head) => self.rules.apply_version(head, &self.accounts),
            Object::DocumentHead(head) => self.rules.apply_document(head),
            Object::Decision(decision) => self.rules.apply_decision(decision, &self.ledgers),
            Object::Finding(finding) => {
                self.rules.findings = self.rules.findings.max(finding.number);
            }
            _ => {}
        }
        if reach.object(self.business.shard_of(object.key())) {
            self.business.put(object);
        }
    }

    /// The slot of the seller's account of a listing.
    pub(crate) fn seller_slot(&self, listing: &Listing) -> Option<u32> {
        let line = self.business.line_of(Role::Seller)?;
        let id = account_of(listing.seller, listing.ledger, line.code);
        self.accounts.find(id)
    }

    /// A pending transfer and its end are erased together: neither is ever among the open ones.
    pub(crate) fn apply_remains<R: Reach>(
        &mut self,
        remains: &Remains,
        effect: Option<(Effect, Slots)>,
        reach: R,
    ) {
        if let Some((effect, slots)) = effect {
            self.apply_effect(&effect, slots, reach);
        }
        if let Remains::Transfer(moved) = remains {
            self.clock.transfer = moved.timestamp;
        }
        self.clock.tick(remains.timestamp());
    }

    #[inline]
    fn apply_effect<R: Reach>(&mut self, effect: &Effect, slots: Slots, reach: R) {
        let before = self.rules.follows().then(|| {
            let at = |slot| *self.accounts.at(slot);
            (at(slots.debit), at(slots.credit))
        });
        if reach.account(slots.debit) {
            effect.debit(self.accounts.at_mut(slots.debit));
        }
        if reach.account(slots.credit) {
            effect.credit(self.accounts.at_mut(slots.credit));
        }
        if let Some((debit, credit)) = before {
            self.rules.follow(self.accounts.at(slots.debit), &debit);
            self.rules.follow(self.accounts.at(slots.credit), &credit);
        }
    }

    /// Ends a pending transfer, of which so much was posted: the rest is counted no more.
    fn apply_end<R: Reach>(
        &mut self,
        (pending_id, posted): (u128, u128),
        reach: R,
        note: impl FnMut(&dyn Fn() -> RowBefore),
    ) {
        let hash = self.key.hash(pending_id);
        if !self.rules.tallies.is_idle()
            && let Some(&pending) = self.pendings.get(hash, pending_id)
            && pending.transfer.amount > posted
        {
            let payment = payment_of(&self.accounts, &pending.transfer, pending.slots);
            let (tallies, seen) = self.rules.seen(&self.business, &self.ledgers);
            let reaches = |shard| reach.tally(shard);
            tallies.give_back_in(&seen, (&payment, posted), reaches, note);
        }
        if reach.pending(shard_of(hash)) {
            let ended = self.pendings.remove(hash, pending_id);
            debug_assert!(ended.is_some(), "what ends is open");
        }
    }

    pub(crate) fn apply_page(&mut self, page: &Page) {
        self.rules.apply_page(page);
        self.clock.tick(page.timestamp);
    }

    /// What the record says beside the transfer, once it has been applied.
    #[inline]
    pub(crate) fn extras(&self, released: Option<Released>, slots: Slots) -> Extras {
        let debit = self.accounts.at(slots.debit);
        let credit = self.accounts.at(slots.credit);
        Extras {
            released,
            debit_sums: debit.has(account_flags::HISTORY).then(|| debit.into()),
            credit_sums: credit.has(account_flags::HISTORY).then(|| credit.into()),
        }
    }
}
