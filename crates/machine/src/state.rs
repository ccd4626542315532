//! The state of the books, and what can be asked of it.

use std::collections::BTreeMap;

use model::object::{ChartLine, Listing, Noun};
use model::record::{Erasure, Record, StatementLine};
use model::{Account, Currency, EventResult, Object, Transfer};

use crate::accounts::Accounts;
use crate::acts::Asked;
use crate::apply::{Clock, Everything};
use crate::batch::{self, Turn};
use crate::business::Business;
use crate::evolve::EvolveError;
use crate::fact::{Fact, Sink};
use crate::group::Group;
use crate::index::Key;
use crate::journal::Journal;
use crate::judge::FoundNow;
use crate::past::Recalled;
use crate::pendings::{Pending, Pendings};
use crate::rules::standing::Rules;

/// Accounts, open pending transfers and ledgers: what grows with business that is open, and not
/// with history.
pub struct State {
    pub(crate) books: Books,
    pub(crate) group: Group,
    pub(crate) journal: Journal,
    pub(crate) found: FoundNow,
}

/// What the records of the log add up to.
pub(crate) struct Books {
    pub(crate) key: Key,
    pub(crate) accounts: Accounts,
    pub(crate) pendings: Pendings,
    pub(crate) ledgers: BTreeMap<u32, Currency>,
    pub(crate) business: Business,
    pub(crate) rules: Rules,
    pub(crate) clock: Clock,
}

/// What became of the declaration of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerOutcome {
    /// It was declared now.
    Declared(Currency),
    /// It was declared before, just so.
    Exists(Currency),
    /// It was declared before with this other code or exponent.
    Conflict(Currency),
}

impl State {
    /// Empty books. `key` is the secret of the hash tables; the same events give the same results
    /// and records under any key, but snapshots can only be restored under the key of their state.
    pub fn new(key: [u64; 2]) -> Self {
        let key = Key::new(key);
        let books = Books {
            key,
            accounts: Accounts::new(key),
            pendings: Pendings::new(),
            ledgers: BTreeMap::new(),
            business: Business::new(key),
            rules: Rules::new(key),
            clock: Clock::default(),
        };
        Self {
            books,
            group: Group::new(),
            journal: Journal::new(),
            found: FoundNow::default(),
        }
    }

    /// Decides a batch of accounts: one result per event is added to `results`.
    ///
    /// Panics where the first event would not be later than every record so far.
    pub fn create_accounts<S: Sink>(
        &mut self,
        past: &Recalled,
        time: u64,
        events: &[Account],
        sink: &mut S,
        results: &mut Vec<EventResult>,
    ) {
        batch::run(self, Turn { past, time }, events, sink, results);
    }

    /// Decides a batch of transfers: one result per event is added to `results`.
    ///
    /// Panics where the first event would not be later than every record so far, and where `past`
    /// lacks the pending transfer of a post or a void that it tells of.
    pub fn create_transfers<S: Sink>(
        &mut self,
        past: &Recalled,
        time: u64,
        events: &[Transfer],
        sink: &mut S,
        results: &mut Vec<EventResult>,
    ) {
        batch::run(self, Turn { past, time }, events, sink, results);
    }

    /// Gives a ledger number its currency, once. It is [valid](Currency::is_valid), and its
    /// timestamp later than every record so far.
    pub fn declare_ledger<S: Sink>(&mut self, currency: Currency, sink: &mut S) -> LedgerOutcome {
        assert!(currency.is_valid(), "the caller checks the currency");
        if let Some(&declared) = self.books.ledgers.get(&currency.ledger) {
            let same = (declared.code, declared.exponent) == (currency.code, currency.exponent);
            return if same {
                LedgerOutcome::Exists(declared)
            } else {
                LedgerOutcome::Conflict(declared)
            };
        }
        assert!(
            currency.timestamp > self.books.clock.last,
            "time only rises"
        );
        self.books.apply_ledger(&currency);
        self.group.stamp(currency.timestamp);
        sink.push(Fact::Ledger(&currency));
        LedgerOutcome::Declared(currency)
    }

    /// Enters the lines of the statement after the last. Their timestamps rise and are later than
    /// every record so far; they are [sound](StatementLine::is_sound), in order and of one statement.
    pub fn enter_statement<S: Sink>(&mut self, lines: &[StatementLine], sink: &mut S) {
        for line in lines {
            assert!(line.is_sound(), "the caller makes sound lines");
            assert!(line.timestamp > self.books.clock.last, "time only rises");
            let last = self.books.clock.statements;
            let number = last + u64::from(line.line == 0);
            assert!(line.statement == number, "statements are numbered");
            self.books.apply_statement(line);
            self.group.stamp(line.timestamp);
            sink.push(Fact::Statement(line));
        }
    }

    /// Enters that a record is erased; its timestamp is later than every record so far.
    pub fn enter_erasure<S: Sink>(&mut self, erasure: &Erasure, sink: &mut S) {
        assert!(erasure.timestamp > self.books.clock.last, "time only rises");
        self.books.apply_erasure(erasure);
        self.group.stamp(erasure.timestamp);
        sink.push(Fact::Erasure(erasure));
    }

    /// Number of the last statement; 0 while there is none.
    pub fn statements(&self) -> u64 {
        self.books.clock.statements
    }

    /// Forgets the ids that were decided since the last call: what they are is on disk now, and
    /// [`Recalled`] has to tell it from here on.
    ///
    /// # Panics
    ///
    /// Where findings have not been [entered](State::enter_findings).
    pub fn end_group(&mut self) {
        self.found.end_group();
        self.group.clear();
    }

    /// Adds up one record of the log, which comes after all those before.
    ///
    /// It accepts every record that deciding brought forth. One that could not have been decided
    /// changes nothing and gets an error, for those who check the logs of others; limits of
    /// accounts and closed accounts are not looked at.
    pub fn evolve(&mut self, record: &Record) -> Result<(), EvolveError> {
        self.books.evolve_within(record, Everything)
    }

    /// The highest timestamp of any record; 0 while there is none.
    pub fn last_timestamp(&self) -> u64 {
        self.books.clock.last
    }

    /// How many records led here.
    pub fn records(&self) -> u64 {
        self.books.clock.records
    }

    /// The account with this id.
    pub fn account(&self, id: u128) -> Option<&Account> {
        self.slot_of(id).map(|slot| self.books.accounts.at(slot))
    }

    /// The slot of the account with this id: its number in the order of creation, from 0.
    pub fn slot_of(&self, id: u128) -> Option<u32> {
        self.books.accounts.find(id)
    }

    /// The account in a slot that is in use.
    pub fn account_at(&self, slot: u32) -> &Account {
        self.books.accounts.at(slot)
    }

    /// How many accounts there are; their slots are the numbers below.
    pub fn account_count(&self) -> usize {
        self.books.accounts.len()
    }

    /// The pending transfer with this id, where it is open.
    pub fn pending(&self, id: u128) -> Option<&Pending> {
        self.books.pendings.get(self.books.key.hash(id), id)
    }

    /// How many pending transfers are open.
    pub fn pending_count(&self) -> usize {
        self.books.pendings.len()
    }

    /// The open object of this kind and key. Of a listing, what the state keeps: without its text.
    pub fn object(&self, (kind, key): Asked) -> Option<Object> {
        if kind == Listing::KIND {
            let number = u32::try_from(key.0).ok()?;
            let listing = self.books.business.listing(number, &self.books.accounts);
            return listing.map(Object::Listing);
        }
        self.books.business.get(kind, key)
    }

    /// The chart of accounts, by code.
    pub fn chart(&self) -> Vec<ChartLine> {
        self.books.business.chart()
    }

    /// How many lines of orders are open.
    pub fn open_lines(&self) -> usize {
        self.books.business.lines.len()
    }

    /// How many listings there are.
    pub fn listing_count(&self) -> usize {
        self.books.business.listings.len()
    }

    /// The currency of a ledger.
    pub fn currency(&self, ledger: u32) -> Option<&Currency> {
        self.books.ledgers.get(&ledger)
    }

    /// The declared ledgers, by number.
    pub fn currencies(&self) -> impl Iterator<Item = &Currency> {
        self.books.ledgers.values()
    }
}
