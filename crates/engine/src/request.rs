//! What the writer is asked and what it answers.

use std::fmt;

use std::sync::mpsc::Sender;

use machine::{
    DocumentRefusal, LOOK_MOMENTS, Look, LookRefusal, RuleBookEntry, RuleBookRefusal,
    SignedDocument, State,
};
use model::limits::BATCH_EVENTS;
use model::object::{ChartLine, DocumentHead, Lookup, RuleVersion};
use model::record::{Erasure, StatementLine};
use model::rule::RuleBook;
use model::{
    Account, Command, CommandResult, Currency, EventResult, Object, OrderEvent, QueryFilter,
    Transfer,
};
use tokio::sync::oneshot;

use crate::demands::{DemandAnswer, DemandRequest};
use crate::trial::TrialLine;

/// Why a request was not taken. Nothing was changed by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The queue is full; try again shortly.
    Busy,
    /// More than [`BATCH_EVENTS`] events or ids.
    TooMany,
    /// What was asked makes no sense; what would.
    Invalid(&'static str),
    /// What was asked for is not there; what.
    Missing(&'static str),
    /// The books are closing or have stopped; why.
    Stopped(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => write!(f, "the queue is full; try again shortly"),
            Self::TooMany => write!(f, "more than {BATCH_EVENTS} events or ids in one request"),
            Self::Invalid(what) | Self::Missing(what) => f.write_str(what),
            Self::Stopped(why) => write!(f, "the books have stopped: {why}"),
        }
    }
}

impl std::error::Error for Refused {}

/// What became of a ledger declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerAnswer {
    /// It was declared now.
    Declared(Currency),
    /// It was declared before, just so.
    Exists(Currency),
    /// It was declared before with another code or exponent.
    Conflict(Currency),
}

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Refused>>;

/// A version of the rule book and its rules.
pub type RuleBookVersion = (RuleVersion, RuleBook);

/// What became of a version of the rule book that was to be entered.
pub(crate) type Entered = Box<Result<RuleVersion, RuleBookRefusal>>;

/// What became of a document that was to be entered.
pub(crate) type EnteredDocument = Box<Result<DocumentHead, DocumentRefusal>>;

/// What became of a look that was to be entered.
pub(crate) type EnteredLook = Result<Lookup, LookRefusal>;

/// Records that a line of an order makes: a transfer and its own.
const LINE_WEIGHT: usize = 2;

/// All that can wake the writer, besides time.
pub(crate) enum Request {
    CreateAccounts(Vec<Account>, Reply<Vec<EventResult>>),
    CreateTransfers(Vec<Transfer>, Reply<Vec<EventResult>>),
    Commands(Vec<Command>, Reply<Vec<CommandResult>>),
    Orders(Vec<OrderEvent>, Reply<Vec<CommandResult>>),
    /// The open objects of these kinds and keys.
    Objects(Vec<machine::Asked>, Reply<Vec<Option<Object>>>),
    Chart(Reply<Vec<ChartLine>>),
    EnterRuleBook(Box<RuleBookEntry>, Reply<Entered>),
    EnterDocument(Box<SignedDocument>, Reply<EnteredDocument>),
    Demand(Box<DemandRequest>, Reply<DemandAnswer>),
    Look(Box<Look>, Reply<EnteredLook>),
    /// The version with this number, or the one in force, where the state has it still.
    RuleBook(Option<u32>, Reply<Option<Box<RuleBookVersion>>>),
    /// The trial balance of now; `None` where a sum leaves its range.
    Trial(Reply<Option<Vec<TrialLine>>>),
    DeclareLedger(Currency, Reply<LedgerAnswer>),
    Ledgers(Reply<Vec<Currency>>),
    LookupAccounts(Vec<u128>, Reply<Vec<Account>>),
    QueryAccounts(QueryFilter, Reply<Vec<Account>>),
    /// The slot and the flags of an account.
    Slot(u128, Reply<Option<(u32, u16)>>),
    SetClock(u64, Reply<Option<u64>>),
    /// What time it is by the clock of the books.
    Now(Reply<u64>),
    /// The number of the last statement.
    Statements(Reply<u64>),
    /// A snapshot that is nearly of now: it is on the disk once the sender has been dropped.
    Snapshot(Sender<()>),
    /// The lines of the next statement, complete but for their times.
    EnterStatement(Vec<StatementLine>, Reply<()>),
    /// Erasures, complete but for their times.
    EnterErasures(Vec<Erasure>, Reply<()>),
    /// The last request: a snapshot, then the end.
    Close(Reply<()>),
}

impl Request {
    /// What it weighs in a batch: the records that it makes, at least one.
    pub(crate) fn weight(&self) -> usize {
        let events = match self {
            Self::CreateAccounts(events, _) => events.len(),
            Self::CreateTransfers(events, _) => events.len(),
            Self::Commands(commands, _) => commands.iter().map(State::moments).sum(),
            // A line makes a transfer and a record of its own, and seldom an account.
            Self::Orders(lines, _) => lines.len() * LINE_WEIGHT,
            Self::EnterStatement(lines, _) => lines.len(),
            Self::EnterErasures(erasures, _) => erasures.len(),
            Self::EnterRuleBook(entry, _) => entry.moments(),
            Self::EnterDocument(signed, _) => signed.moments(),
            Self::Demand(request, _) => request.moments(),
            Self::Look(..) => LOOK_MOMENTS,
            _ => 1,
        };
        events.max(1)
    }

    /// Answers that it is not taken.
    pub(crate) fn refuse(self, why: Refused) {
        // Whoever asked may have gone away meanwhile: that changes nothing.
        match self {
            Self::CreateAccounts(_, reply) | Self::CreateTransfers(_, reply) => {
                drop(reply.send(Err(why)));
            }
            Self::Commands(_, reply) | Self::Orders(_, reply) => drop(reply.send(Err(why))),
            Self::Objects(_, reply) => drop(reply.send(Err(why))),
            Self::Chart(reply) => drop(reply.send(Err(why))),
            Self::EnterRuleBook(_, reply) => drop(reply.send(Err(why))),
            Self::EnterDocument(_, reply) => drop(reply.send(Err(why))),
            Self::Demand(_, reply) => drop(reply.send(Err(why))),
            Self::Look(_, reply) => drop(reply.send(Err(why))),
            Self::RuleBook(_, reply) => drop(reply.send(Err(why))),
            Self::Trial(reply) => drop(reply.send(Err(why))),
            Self::DeclareLedger(_, reply) => drop(reply.send(Err(why))),
            Self::Ledgers(reply) => drop(reply.send(Err(why))),
            Self::LookupAccounts(_, reply) | Self::QueryAccounts(_, reply) => {
                drop(reply.send(Err(why)));
            }
            Self::Slot(_, reply) => drop(reply.send(Err(why))),
            Self::SetClock(_, reply) => drop(reply.send(Err(why))),
            Self::Statements(reply) | Self::Now(reply) => drop(reply.send(Err(why))),
            // Whoever waits for it looks whether the books have failed.
            Self::Snapshot(done) => drop(done),
            Self::EnterStatement(_, reply) | Self::EnterErasures(_, reply) | Self::Close(reply) => {
                drop(reply.send(Err(why)));
            }
        }
    }
}

/// An answer that waits until all that it rests on is durable.
pub(crate) enum Answer {
    Results(Reply<Vec<EventResult>>, Vec<EventResult>),
    Commands(Reply<Vec<CommandResult>>, Vec<CommandResult>),
    Objects(Reply<Vec<Option<Object>>>, Vec<Option<Object>>),
    Chart(Reply<Vec<ChartLine>>, Vec<ChartLine>),
    EnteredRuleBook(Reply<Entered>, Entered),
    EnteredDocument(Reply<EnteredDocument>, EnteredDocument),
    Demand(Reply<DemandAnswer>, DemandAnswer),
    Looked(Reply<EnteredLook>, EnteredLook),
    RuleBook(
        Reply<Option<Box<RuleBookVersion>>>,
        Option<Box<RuleBookVersion>>,
    ),
    Trial(Reply<Option<Vec<TrialLine>>>, Option<Vec<TrialLine>>),
    Ledger(Reply<LedgerAnswer>, LedgerAnswer),
    Ledgers(Reply<Vec<Currency>>, Vec<Currency>),
    Accounts(Reply<Vec<Account>>, Vec<Account>),
    Slot(Reply<Option<(u32, u16)>>, Option<(u32, u16)>),
    Clock(Reply<Option<u64>>, Option<u64>),
    Count(Reply<u64>, u64),
    Done(Reply<()>),
}

impl Answer {
    /// Gives the answer, or the reason why there is none.
    pub(crate) fn send(self, outcome: Result<(), Refused>) {
        // Whoever asked may have gone away meanwhile: that changes nothing.
        match self {
            Self::Results(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::Commands(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::Objects(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::Chart(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::EnteredRuleBook(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::EnteredDocument(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::Demand(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::Looked(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::RuleBook(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::Trial(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::Ledger(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::Ledgers(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::Accounts(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::Slot(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::Clock(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::Count(reply, value) => drop(reply.send(outcome.map(|()| value))),
            Self::Done(reply) => drop(reply.send(outcome)),
        }
    }
}
