//! What deciding brings forth, and where it goes.

use model::record::{Erasure, Expired, Extras, Failed, Page, Record, StatementLine};
use model::{Account, Currency, Deed, Object, Transfer};

/// The slots of the two accounts of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// Of the debit account.
    pub debit: u32,
    /// Of the credit account.
    pub credit: u32,
}

/// One fact as it was decided: a record by reference, and the slots of the accounts it touches.
#[derive(Clone, Copy, Debug)]
pub enum Fact<'a> {
    /// A ledger number got its currency.
    Ledger(&'a Currency),
    /// An account was opened, in this slot.
    Account(&'a Account, u32),
    /// Money moved, was reserved, or what was reserved was posted or voided.
    Transfer(&'a Transfer, &'a Extras, Slots),
    /// A pending transfer reached its timeout.
    Expired(&'a Expired, Slots),
    /// A transfer failed for a transient reason, and its id with it.
    Failed(&'a Failed),
    /// A record is to be erased.
    Erasure(&'a Erasure),
    /// A class of accounts was summed up.
    Statement(&'a StatementLine),
    /// An object stands so.
    Object(&'a Object),
    /// A command was carried out.
    Deed(&'a Deed),
    /// A page of a document was entered.
    Page(&'a Page),
}

impl Fact<'_> {
    /// The record of this fact.
    pub const fn record(&self) -> Record {
        match *self {
            Self::Ledger(currency) => Record::LedgerDeclared(*currency),
            Self::Account(account, _) => Record::AccountCreated(*account),
            Self::Transfer(transfer, extras, _) => Record::TransferCreated(*transfer, *extras),
            Self::Expired(expired, _) => Record::TransferExpired(*expired),
            Self::Failed(failed) => Record::TransferFailed(*failed),
            Self::Erasure(erasure) => Record::RecordErased(*erasure),
            Self::Statement(line) => Record::StatementLine(*line),
            Self::Object(object) => Record::Object(*object),
            Self::Deed(deed) => Record::Deed(*deed),
            Self::Page(page) => Record::Page(*page),
        }
    }
}

/// Where facts go as they are decided. A linked chain that breaks takes back what it pushed.
pub trait Sink {
    /// How far the sink has been filled.
    type Mark: Copy;

    /// Takes the next fact.
    fn push(&mut self, fact: Fact<'_>);

    /// How far it is filled now.
    fn mark(&self) -> Self::Mark;

    /// Drops what was pushed after `mark` was taken.
    fn rewind(&mut self, mark: Self::Mark);
}

/// Keeps the records, for tests and small uses.
impl Sink for Vec<Record> {
    type Mark = usize;

    fn push(&mut self, fact: Fact<'_>) {
        self.push(fact.record());
    }

    fn mark(&self) -> usize {
        self.len()
    }

    fn rewind(&mut self, mark: usize) {
        self.truncate(mark);
    }
}
