//! How a linked chain that breaks is taken back.

use model::Account;

use crate::State;
use crate::apply::Clock;
use crate::past::Outcome;
use crate::pendings::Pending;

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
                Undo::Account(slot, before) => *self.books.accounts.at_mut(slot) = before,
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
            }
        }
        self.books.accounts.truncate(start.accounts);
        self.group.rewind(start.decided, self.books.key);
        self.books.clock = start.clock;
    }
}
