use std::path::PathBuf;

use model::money::CurrencyCode;
use model::{
    Account, AccountBalance, AccountFilter, Currency, EventResult, QueryFilter, Transfer,
};

/// How books are opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory.
    pub data: PathBuf,
    /// Whether time stands still until [`Books::set_clock`] moves it (tests).
    pub manual_clock: bool,
}

/// Open books: a handle on the writer, cheap to clone. Every answer is durable: it is given only
/// when all that it rests on has been synced.
#[derive(Clone)]
pub struct Books {}

/// Why a request was not taken. Nothing was changed by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The queue is full; try again shortly.
    Busy,
    /// More than [`model::limits::BATCH_EVENTS`] events or ids.
    TooMany,
    /// The books are closing or have stopped; why.
    Stopped(String),
}

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

/// Counters for metrics.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Accounts in the books.
    pub accounts: u64,
    /// Pending transfers that are open.
    pub pending: u64,
    /// Records in the log.
    pub records: u64,
    /// Batches in the log.
    pub batches: u64,
    /// Syncs of the log since the start.
    pub syncs: u64,
    /// Bytes of the log, padding included.
    pub log_bytes: u64,
    /// Requests waiting in the queue.
    pub queued: u64,
}

#[allow(clippy::unused_async, unused_variables)]
impl Books {
    /// Opens a directory that `init` made, recovers it and starts the writer.
    pub fn open(options: Options) -> Result<Self, String> {
        unimplemented!()
    }
    /// Gives a ledger number its currency, once.
    pub async fn declare_ledger(&self, ledger: u32, code: CurrencyCode, exponent: u8) -> Result<LedgerAnswer, Refused> {
        unimplemented!()
    }
    /// The declared ledgers, by number.
    pub async fn ledgers(&self) -> Result<Vec<Currency>, Refused> {
        unimplemented!()
    }
    /// One result per event, in order.
    pub async fn create_accounts(&self, events: Vec<Account>) -> Result<Vec<EventResult>, Refused> {
        unimplemented!()
    }
    /// One result per event, in order.
    pub async fn create_transfers(&self, events: Vec<Transfer>) -> Result<Vec<EventResult>, Refused> {
        unimplemented!()
    }
    /// Those found, in the order asked.
    pub async fn lookup_accounts(&self, ids: Vec<u128>) -> Result<Vec<Account>, Refused> {
        unimplemented!()
    }
    /// Those found, in the order asked.
    pub async fn lookup_transfers(&self, ids: Vec<u128>) -> Result<Vec<Transfer>, Refused> {
        unimplemented!()
    }
    /// Accounts that match, by time.
    pub async fn query_accounts(&self, filter: QueryFilter) -> Result<Vec<Account>, Refused> {
        unimplemented!()
    }
    /// Transfers that match, by time.
    pub async fn query_transfers(&self, filter: QueryFilter) -> Result<Vec<Transfer>, Refused> {
        unimplemented!()
    }
    /// Transfers of one account, by time.
    pub async fn account_transfers(&self, filter: AccountFilter) -> Result<Vec<Transfer>, Refused> {
        unimplemented!()
    }
    /// Balances of one account with history, by time.
    pub async fn account_balances(&self, filter: AccountFilter) -> Result<Vec<AccountBalance>, Refused> {
        unimplemented!()
    }
    /// Moves a manual clock to `nanoseconds` since 1970, never back; `None` where the clock is the system's. The expiries that are due then are done before it answers.
    pub async fn set_clock(&self, nanoseconds: u64) -> Result<Option<u64>, Refused> {
        unimplemented!()
    }
    /// Counters, as of now.
    pub fn stats(&self) -> Stats {
        unimplemented!()
    }
    /// Takes no more requests, commits those taken, writes a snapshot, and returns when all is on disk.
    pub async fn close(&self) -> Result<(), Refused> {
        unimplemented!()
    }
}
