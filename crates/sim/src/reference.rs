//! A naive model of the books, to compare the real ones with.
//!
//! It keeps everything in ordered maps, copies itself at the start of every linked chain, and
//! collects all the reasons there are against an event; of these the first in the published order
//! of the statuses is the answer.

mod reasons;

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

    /// The transfer with what it leaves open filled in: from the pending transfer that it ends, or
    /// the amount of a balancing one from the accounts.
    fn filled_in(&self, e: &Transfer) -> Transfer {
        fn fill<V: Default + PartialEq>(field: &mut V, value: V) {
            if *field == V::default() {
                *field = value;
            }
        }
        let mut t = *e;
        if let Some(p) = self.transfers.get(&e.pending_id).filter(|_| ends(e)) {
            fill(&mut t.debit_account_id, p.debit_account_id);
            fill(&mut t.credit_account_id, p.credit_account_id);
            fill(&mut t.user_data_128, p.user_data_128);
            fill(&mut t.user_data_64, p.user_data_64);
            fill(&mut t.user_data_32, p.user_data_32);
            fill(&mut t.ledger, p.ledger);
            fill(&mut t.code, p.code);
            if e.has(tf::VOID_PENDING) {
                fill(&mut t.amount, p.amount);
            } else if t.amount == u128::MAX {
                t.amount = p.amount;
            }
        }
        let debit = self.accounts.get(&e.debit_account_id);
        if let Some(a) = debit.filter(|_| e.has(tf::BALANCING_DEBIT)) {
            let spent = a.debits_posted + a.debits_pending;
            t.amount = t.amount.min(a.credits_posted.saturating_sub(spent));
        }
        let credit = self.accounts.get(&e.credit_account_id);
        if let Some(a) = credit.filter(|_| e.has(tf::BALANCING_CREDIT)) {
            let spent = a.credits_posted + a.credits_pending;
            t.amount = t.amount.min(a.debits_posted.saturating_sub(spent));
        }
        t
    }

    fn book(&mut self, t: &Transfer) {
        if t.has(tf::VOID_PENDING) {
            self.end(t.pending_id, End::Voided);
        } else if t.has(tf::PENDING) {
            self.sums(t, |pending, _| *pending += t.amount);
            self.closings(t, |flags| *flags |= af::CLOSED);
        } else {
            if t.has(tf::POST_PENDING) {
                self.end(t.pending_id, End::Posted);
            }
            self.sums(t, |_, posted| *posted += t.amount);
        }
        self.times.insert(t.timestamp);
        self.transfers.insert(t.id, *t);
    }

    /// Ends a pending transfer: gives back what it reserved and opens what it closed.
    fn end(&mut self, id: u128, end: End) {
        let p = self.transfers[&id];
        self.ended.insert(id, end);
        self.sums(&p, |pending, _| *pending -= p.amount);
        self.closings(&p, |flags| *flags &= !af::CLOSED);
    }

    /// Changes the pending and posted sums of the debit account, and of the credit account.
    fn sums(&mut self, t: &Transfer, change: impl Fn(&mut u128, &mut u128)) {
        let debit = self.accounts.get_mut(&t.debit_account_id);
        let debit = debit.expect("it was found before");
        change(&mut debit.debits_pending, &mut debit.debits_posted);
        let credit = self.accounts.get_mut(&t.credit_account_id);
        let credit = credit.expect("it was found before");
        change(&mut credit.credits_pending, &mut credit.credits_posted);
    }

    /// Changes the flags of the accounts that a transfer closes.
    fn closings(&mut self, t: &Transfer, change: impl Fn(&mut u16)) {
        let sides = [
            (t.debit_account_id, tf::CLOSING_DEBIT),
            (t.credit_account_id, tf::CLOSING_CREDIT),
        ];
        for (id, _) in sides.into_iter().filter(|(_, bit)| t.has(*bit)) {
            let account = self.accounts.get_mut(&id);
            change(&mut account.expect("it was found before").flags);
        }
    }
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
