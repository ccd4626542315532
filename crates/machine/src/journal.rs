//! How a linked chain that breaks is taken back.

use model::{Account, Object};

use crate::State;
use crate::apply::Clock;
use crate::listings::Offer;
use crate::past::Outcome;
use crate::pendings::Pending;
use crate::rules::RowBefore;

/// One change to be taken back.
// They live for a chain, in one vector that is reused.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Undo {
    /// The account in this slot was so.
    Account(u32, Account),
    /// The pending transfer with this id was not there.
    Reserved(u128),
    /// This pending transfer was open.
    Ended(Pending),
    /// The entry of the group at this index had this outcome.
    Outcome(usize, Option<Outcome>),
    /// The object of this kind and key stood so; `None` where it was not open.
    Object(u8, (u128, u128), Option<Object>),
    /// The group knew this of an object of this kind and key that had ended.
    Past(u8, (u128, u128), Option<Object>),
    /// This tally stood so.
    Tally(RowBefore),
    /// The listing with this number stood so.
    Listing(u32, Offer),
}

/// The changes of the open chain, and how things stood at its start.
pub(crate) struct Journal {
    start: Option<Start>,
    changes: Vec<Undo>,
}

#[derive(Clone, Copy)]
struct Start {
    clock: Clock,
    accounts: usize,
    decided: usize,
    listings: usize,
    found: usize,
}

impl Journal {
    pub(crate) const fn new() -> Self {
        Self {
            start: None,
            changes: Vec::new(),
        }
    }

    /// Whether changes have to be noted.
    #[inline]
    pub(crate) const fn is_open(&self) -> bool {
        self.start.is_some()
    }

    #[inline]
    pub(crate) fn note(&mut self, change: Undo) {
        debug_assert!(self.is_open(), "a chain is open");
        self.changes.push(change);
    }
}

impl State {
    /// Starts to note changes.
    pub(crate) fn open_chain(&mut self) {
        self.journal.start = Some(Start {
            clock: self.books.clock,
            accounts: self.books.accounts.len(),
            decided: self.group.len(),
            listings: self.books.business.listings.len(),
            found: self.found.len(),
        });
    }

    /// Keeps the changes.
    pub(crate) fn keep_chain(&mut self) {
        self.journal.start = None;
        self.journal.changes.clear();
    }

    /// Takes the changes back, the last one first.
    pub(crate) fn rewind_chain(&mut self) {
        let start = self.journal.start.take().expect("a chain is open");
        while let Some(change) = self.journal.changes.pop() {
            match change {
                Undo::Account(slot, before) => {
                    let now = *self.books.accounts.at(slot);
                    *self.books.accounts.at_mut(slot) = before;
                    self.books.rules.follow(&before, &now);
                }
                Undo::Tally(before) => self.books.rules.tallies.put_back(&before),
                Undo::Reserved(id) => {
                    let reserved = self.books.pendings.remove(self.books.key.hash(id), id);
                    debug_assert!(reserved.is_some(), "what was reserved is open");
                }
                Undo::Ended(pending) => {
                    let hash = self.books.key.hash(pending.transfer.id);
                    self.books.pendings.insert(hash, pending);
                }
                Undo::Outcome(index, before) => {
                    self.group.set_outcome(index, before);
                }
                Undo::Object(kind, key, before) => match before {
                    Some(before) => self.books.business.put(&before),
                    None => self.books.business.take(kind, key),
                },
                Undo::Past(kind, key, before) => self.group.set_ended(kind, key, before.as_ref()),
                Undo::Listing(number, before) => {
                    self.books.business.listings.put(number, &before);
                }
            }
        }
        self.books.accounts.truncate(start.accounts);
        self.books.business.listings.truncate(start.listings);
        self.group.rewind(start.decided, self.books.key);
        self.found.truncate(start.found);
        self.books.clock = start.clock;
    }
}
