//! Statements: what every account held after one batch, committed to in the log.
//!
//! A statement has a line for each ledger, code and side that has accounts: the sum of their
//! balances, and the root of a tree over all of them ([`merkle::sum_tree`]). Credits and debits
//! are never netted: an account stands on the credit side where no less was posted to its credits
//! than to its debits, with the difference, and on the debit side otherwise. Pending amounts are
//! not counted. The lines are records of the log; whoever holds an account gets a path from its
//! leaf to the root ([`BalanceProof`]), and the receipt of the line.
//!
//! - `make`: the whole of it, step by step, and what is true if we die at each;
//! - `accounts`, `moves`: every account as it stood then, from a snapshot and the log;
//! - `layout`, `scatter`, `build`: the trees and their files;
//! - `prove`: paths from those files;
//! - `file`: what is kept for ever;
//! - `derive`: all of it once more, for the audit.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use merkle::sum_tree::SumError;
use model::Record;
use model::record::StatementLine;
use proofs::balance::BalanceProof;
use store::{StoreError, frame};
use tokio::sync::oneshot;

use crate::books::Books;
use crate::limits::STATEMENTS_READ;
use crate::publish::Checkpoints;
use crate::receipts::{Place, ReceiptAnswer, Receipts};
use crate::request::{Refused, Reply, Request};

mod accounts;
mod build;
mod derive;
mod file;
mod layout;
mod make;
mod moves;
mod prove;
mod scatter;

pub(crate) use derive::Derivations;

use file::Kept;
use make::Maker;

/// A statement that is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementSummary {
    /// Its number, from 1.
    pub number: u64,
    /// Batches of the log whose state it shows.
    pub batches: u64,
    /// Nanoseconds since 1970: when its first line was entered.
    pub timestamp: u64,
    /// Its lines, by ledger, code and side, as they stand in the log.
    pub lines: Vec<StatementLine>,
}

/// Why a statement could not be made or read.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// As the caller is told; the books go on.
    Refused(Refused),
    /// A snapshot or the files of a statement: the disk refused, or they are damaged.
    Store(StoreError),
    /// The same of the log.
    Log(StoreError),
    /// The books contradict themselves.
    Contradiction(String),
}

impl Trouble {
    fn closing() -> Self {
        Self::Refused(Refused::Stopped("the books are closing".to_owned()))
    }

    fn invalid(what: &'static str) -> Self {
        Self::Refused(Refused::Invalid(what))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(f),
            Self::Store(error) => error.fmt(f),
            Self::Log(error) => write!(f, "the log: {error}"),
            Self::Contradiction(what) => write!(f, "the statement: {what}"),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<SumError> for Trouble {
    fn from(error: SumError) -> Self {
        match error {
            SumError::Overflow => {
                Self::invalid("the balances of a class add up to more than 2^128 - 1")
            }
            error => Self::Contradiction(error.to_string()),
        }
    }
}

/// Asks the writer from a thread that may block.
#[derive(Clone)]
pub(crate) struct Desk {
    receipts: Receipts,
    requests: SyncSender<Request>,
}

impl Desk {
    fn send(&self, request: Request) -> Result<(), Trouble> {
        let shared = &self.receipts.history.shared;
        if shared.is_closing() {
            return Err(Trouble::closing());
        }
        let queued = &shared.counters.queued;
        queued.fetch_add(1, Ordering::Relaxed);
        self.requests.send(request).map_err(|_| {
            queued.fetch_sub(1, Ordering::Relaxed);
            Trouble::closing()
        })
    }

    fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Trouble> {
        let (reply, answer) = oneshot::channel();
        self.send(request(reply))?;
        let answer = answer.blocking_recv().unwrap_or_else(|_| {
            let failure = self.receipts.history.shared.failure();
            Err(failure.unwrap_or(Refused::Stopped("the books are closing".to_owned())))
        });
        Ok(answer?)
    }
}

/// The statements of open books.
pub(crate) struct Statements {
    desk: Desk,
    making: Mutex<Making>,
    /// By number: where in the log its first line stands, and the line's time.
    entered: Mutex<BTreeMap<u64, (Place, u64)>>,
}

#[derive(Default)]
struct Making {
    busy: bool,
    thread: Option<JoinHandle<()>>,
}

type Made = oneshot::Receiver<Result<StatementSummary, Refused>>;

impl Statements {
    pub(crate) fn new(receipts: Receipts, requests: SyncSender<Request>) -> Self {
        Self {
            desk: Desk { receipts, requests },
            making: Mutex::default(),
            entered: Mutex::default(),
        }
    }

    /// Begins to make a statement on a thread of its own, which goes on to the end though nobody
    /// waits for it any more.
    fn begin(self: &Arc<Self>, secret: [u8; 32]) -> Result<Made, Refused> {
        let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if making.busy {
            return Err(Refused::Invalid(
                "a statement is being made; the next can be asked for when it is done",
            ));
        }
        if let Some(before) = making.thread.take() {
            // It has done its work; a panic was told to whoever waited for it.
            let _ = before.join();
        }
        let (sender, made) = oneshot::channel();
        let statements = Arc::clone(self);
        let work = move || {
            store::priority::give_way();
            let answer = statements.make(secret);
            statements.making().busy = false;
            // Whoever asked may have gone away meanwhile: that changes nothing.
            let _ = sender.send(answer);
        };
        let thread = thread::Builder::new()
            .name("statement".to_owned())
            .spawn(work);
        let thread = thread.map_err(|e| Refused::Stopped(format!("cannot start a thread: {e}")))?;
        making.busy = true;
        making.thread = Some(thread);
        Ok(made)
    }

    fn making(&self) -> std::sync::MutexGuard<'_, Making> {
        self.making.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the one that is being made, which ends soon once the books close.
    pub(crate) fn end(&self) {
        let thread = self.making().thread.take();
        if let Some(thread) = thread {
            // What it could not do was said to whoever waited for it.
            let _ = thread.join();
        }
    }

    fn make(&self, secret: [u8; 32]) -> Result<StatementSummary, Refused> {
        let maker = Maker {
            desk: self.desk.clone(),
            receipts: self.desk.receipts.clone(),
            secret,
        };
        let made = maker.make().and_then(|kept| self.summary(&kept));
        made.map_err(|trouble| self.told(trouble))
    }

    /// What the caller is told. What is damaged or contradicts itself stops the books.
    fn told(&self, trouble: Trouble) -> Refused {
        if let Trouble::Refused(refused) = trouble {
            return refused;
        }
        let why = trouble.to_string();
        self.desk.receipts.history.shared.fail(&why);
        Refused::Stopped(why)
    }

    /// Statement `number`, which is entered.
    fn kept(&self, number: u64) -> Result<Kept, Trouble> {
        let kept = Kept::read(&*self.desk.receipts.disk, number)?;
        kept.ok_or_else(|| {
            let path = file::path(number, file::STATEMENT);
            StoreError::damaged(&path, 0, "the file of a statement in the log is not there").into()
        })
    }

    fn summary(&self, kept: &Kept) -> Result<StatementSummary, Trouble> {
        let (_, timestamp) = self.locate(kept)?;
        Ok(StatementSummary {
            number: kept.number,
            batches: kept.batches,
            timestamp,
            lines: kept.entries(timestamp),
        })
    }

    /// Where in the log the first line of a statement that is entered stands, and its time. All
    /// lines stand in one batch, one after the other, and are compared with the file's.
    fn locate(&self, kept: &Kept) -> Result<(Place, u64), Trouble> {
        let entered = || self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = entered().get(&kept.number) {
            return Ok(*found);
        }
        let Receipts { history, tree, .. } = &self.desk.receipts;
        let durable = history.shared.durable();
        for batch in kept.from..durable.batches {
            let at = tree.place(batch)?;
            let frame = history
                .reader
                .frame(at, durable.end)
                .map_err(Trouble::Log)?;
            let Some((_, body)) = frame else { break };
            let mut lines = Vec::new();
            let mut first = 0;
            for (index, entry) in (0..).zip(frame::records(&body)) {
                let record = entry
                    .ok()
                    .and_then(|entry| Record::decode(entry.bytes).ok());
                if let Some(Record::StatementLine(line)) = record
                    && line.statement == kept.number
                {
                    first = if lines.is_empty() { index } else { first };
                    lines.push(line);
                }
            }
            let Some(timestamp) = lines.first().map(|line| line.timestamp) else {
                continue;
            };
            if lines != kept.entries(timestamp) {
                let path = file::path(kept.number, file::STATEMENT);
                let what = "its lines are not those in the log";
                return Err(StoreError::damaged(&path, 0, what).into());
            }
            let place = Place {
                batch,
                index: first,
            };
            entered().insert(kept.number, (place, timestamp));
            return Ok((place, timestamp));
        }
        let path = file::path(kept.number, file::STATEMENT);
        Err(StoreError::damaged(&path, 0, "its lines are not where it says in the log").into())
    }

    fn balance(&self, number: u64, account: (u32, u128)) -> Result<Option<BalanceProof>, Trouble> {
        let kept = self.kept(number)?;
        prove::balance(&*self.desk.receipts.disk, &kept, account)
    }

    fn receipt(
        &self,
        (number, line): (u64, u32),
        checkpoints: &Checkpoints,
    ) -> Result<ReceiptAnswer, Trouble> {
        let kept = self.kept(number)?;
        if line as usize >= kept.lines.len() {
            return Ok(ReceiptAnswer::Unknown);
        }
        let (first, _) = self.locate(&kept)?;
        let place = Place {
            index: first.index + line,
            ..first
        };
        let receipt = self.desk.receipts.of_place(place, checkpoints);
        receipt.map_err(Trouble::Contradiction)
    }
}

impl Books {
    /// Makes a statement of now and enters it into the log; one at a time. The books go on
    /// meanwhile. It is made to its end, though the caller may go away.
    pub async fn make_statement(&self) -> Result<StatementSummary, Refused> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)
            .map_err(|e| Refused::Stopped(format!("cannot get random numbers: {e}")))?;
        self.make_statement_from(secret).await
    }

    /// As [`Books::make_statement`], from a secret that is given: the same books make the same
    /// statement of it (tests). Who knows it can tell which account stands on which leaf.
    pub async fn make_statement_from(&self, secret: [u8; 32]) -> Result<StatementSummary, Refused> {
        if let Some(failure) = self.failure() {
            return Err(failure);
        }
        let made = self.inner.statements.begin(secret)?;
        made.await.unwrap_or_else(|_| Err(self.stopped()))
    }

    /// All statements that are in the log, the oldest first.
    pub async fn statements(&self) -> Result<Vec<StatementSummary>, Refused> {
        let last = self.last_statement().await?;
        self.of_statements(move |statements| {
            let one = |number| statements.summary(&statements.kept(number)?);
            (1..=last).map(one).collect()
        })
        .await
    }

    /// The newest `count` statements that are in the log, the oldest of them first; at most
    /// [`STATEMENTS_READ`](crate::STATEMENTS_READ).
    pub async fn newest_statements(&self, count: u64) -> Result<Vec<StatementSummary>, Refused> {
        let last = self.last_statement().await?;
        let first = last.saturating_sub(count.min(STATEMENTS_READ)) + 1;
        self.of_statements(move |statements| {
            let one = |number| statements.summary(&statements.kept(number)?);
            (first..=last).map(one).collect()
        })
        .await
    }

    /// Statement `number`; `None` where it is not in the log.
    pub async fn statement(&self, number: u64) -> Result<Option<StatementSummary>, Refused> {
        if number == 0 || number > self.last_statement().await? {
            return Ok(None);
        }
        self.of_statements(move |statements| statements.summary(&statements.kept(number)?))
            .await
            .map(Some)
    }

    /// The proof that a balance was counted in a statement, the newest where none is named; `None`
    /// where there was no such account yet. Proofs are made of the newest
    /// [`STATEMENTS_WITH_PROOFS`](crate::STATEMENTS_WITH_PROOFS) statements only.
    pub async fn balance_proof(
        &self,
        account: u128,
        statement: Option<u64>,
    ) -> Result<Option<BalanceProof>, Refused> {
        let last = self.last_statement().await?;
        let number = statement.unwrap_or(last);
        if number == 0 || number > last {
            return Err(Refused::Missing("there is no such statement"));
        }
        let slot = self.ask(|reply| Request::Slot(account, reply)).await?;
        let Some((slot, _)) = slot else {
            return Ok(None);
        };
        self.of_statements(move |statements| statements.balance(number, (slot, account)))
            .await
    }

    /// The receipt of a line of a statement, by its place in it.
    pub async fn statement_receipt(
        &self,
        statement: u64,
        line: u32,
    ) -> Result<ReceiptAnswer, Refused> {
        if statement == 0 || statement > self.last_statement().await? {
            return Ok(ReceiptAnswer::Unknown);
        }
        let checkpoints = self.checkpoints_now();
        self.of_statements(move |statements| statements.receipt((statement, line), &checkpoints))
            .await
    }

    async fn last_statement(&self) -> Result<u64, Refused> {
        self.ask(Request::Statements).await
    }

    /// Reads statements on a thread that may block.
    async fn of_statements<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Statements) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Refused> {
        let statements = Arc::clone(&self.inner.statements);
        let reading = move || read(&statements).map_err(|trouble| statements.told(trouble));
        let read = tokio::task::spawn_blocking(reading).await;
        read.unwrap_or_else(|e| Err(Refused::Stopped(e.to_string())))
    }
}
