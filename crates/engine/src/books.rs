use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use merkle::Hash;
use merkle::note::SignatureLine;
use merkle::tile::{Bundle, HashReader, Tile, WIDTH, prove_consistency};
use model::batch::OuterLeaf;
use model::limits::{BATCH_EVENTS, BATCH_LINES};
use model::money::CurrencyCode;
use model::object::{ChartLine, Listing, Noun};
use model::record::Erasure;
use model::{
    Account, AccountBalance, AccountFilter, Command, CommandResult, Currency, Deed, EventResult,
    Object, OrderEvent, QueryFilter, Record, Transfer, account_flags,
};
use store::disk::Disk;
use tokio::sync::{oneshot, watch};

use crate::publish::{Checkpoints, Publisher, Signing};
use crate::query::{History, balance};
use crate::receipts::{Place, ReceiptAnswer, Receipts};
use crate::request::{LedgerAnswer, Refused, Reply, Request};
use crate::shared::Shared;
use crate::start::{self, Lock, Recovery, StartError};
use crate::statement::Statements;

/// How books are opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The directory.
    pub data: PathBuf,
    /// Whether time stands still until [`Books::set_clock`] moves it (tests).
    pub manual_clock: bool,
    /// How checkpoints are signed; none are where it is `None`.
    pub signing: Option<Arc<Signing>>,
}

/// Open books: a handle on the writer, cheap to clone. Every answer is durable: it is given only
/// when all that it rests on has been synced.
#[derive(Clone)]
pub struct Books {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    pub(crate) requests: SyncSender<Request>,
    pub(crate) history: History,
    pub(crate) receipts: Receipts,
    pub(crate) statements: Arc<Statements>,
    pub(crate) publisher: Option<Arc<Publisher>>,
    pub(crate) threads: Mutex<Vec<JoinHandle<()>>>,
    pub(crate) recovery: Recovery,
    pub(crate) lock: Mutex<Option<Lock>>,
    /// Held while the log is added up for somebody: one at a time.
    pub(crate) folding: Arc<tokio::sync::Mutex<()>>,
    /// Held while a demand for data comes in or is narrowed: one at a time.
    pub(crate) demanding: tokio::sync::Mutex<()>,
}

/// Counters for metrics.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Accounts in the books.
    pub accounts: u64,
    /// Pending transfers that are open.
    pub pending: u64,
    /// Lines of orders that are open.
    pub open_orders: u64,
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

impl Books {
    /// Opens a directory that [`crate::init`] made, recovers it and starts the writer.
    pub fn open(options: &Options) -> Result<Self, StartError> {
        start::open(options)
    }

    /// As [`Books::open`], on another disk than the file system's (tests that make it fail).
    pub fn open_on(disk: Arc<dyn Disk>, options: &Options) -> Result<Self, StartError> {
        start::open_on(disk, options)
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// What the start found.
    pub fn recovery(&self) -> &Recovery {
        &self.inner.recovery
    }

    /// Gives a ledger number its currency, once.
    pub async fn declare_ledger(
        &self,
        ledger: u32,
        code: CurrencyCode,
        exponent: u8,
    ) -> Result<LedgerAnswer, Refused> {
        let currency = Currency {
            ledger,
            code,
            exponent,
            timestamp: 0,
        };
        if !currency.is_valid() {
            return Err(Refused::Invalid(
                "a ledger number is not 0, an exponent at most 18",
            ));
        }
        self.ask(|reply| Request::DeclareLedger(currency, reply))
            .await
    }

    /// The declared ledgers, by number.
    pub async fn ledgers(&self) -> Result<Vec<Currency>, Refused> {
        self.ask(Request::Ledgers).await
    }

    /// One result per event, in order.
    pub async fn create_accounts(&self, events: Vec<Account>) -> Result<Vec<EventResult>, Refused> {
        check_count(events.len())?;
        self.ask(|reply| Request::CreateAccounts(events, reply))
            .await
    }

    /// One result per event, in order.
    pub async fn create_transfers(
        &self,
        events: Vec<Transfer>,
    ) -> Result<Vec<EventResult>, Refused> {
        check_count(events.len())?;
        self.ask(|reply| Request::CreateTransfers(events, reply))
            .await
    }

    /// Carries out commands in order, each whole or not at all: one result a command.
    pub async fn commands(&self, commands: Vec<Command>) -> Result<Vec<CommandResult>, Refused> {
        let records: usize = commands.iter().map(machine::State::moments).sum();
        if records > BATCH_EVENTS {
            return Err(Refused::TooMany);
        }
        self.ask(|reply| Request::Commands(commands, reply)).await
    }

    /// Places orders, line by line: one result a line. At most [`BATCH_LINES`].
    pub async fn create_orders(
        &self,
        lines: Vec<OrderEvent>,
    ) -> Result<Vec<CommandResult>, Refused> {
        if lines.len() > BATCH_LINES {
            return Err(Refused::TooMany);
        }
        self.ask(|reply| Request::Orders(lines, reply)).await
    }

    /// The objects of a kind with these keys, open or ended, as they stand.
    pub async fn objects(
        &self,
        asked: Vec<machine::Asked>,
    ) -> Result<Vec<Option<Object>>, Refused> {
        check_count(asked.len())?;
        let wanted = asked.clone();
        let mut found = self.ask(|reply| Request::Objects(wanted, reply)).await?;
        for (found, (kind, key)) in found.iter_mut().zip(asked) {
            if found.is_none() {
                let stood = self.read(move |history| history.objects(key.0)).await?;
                let mut stood = stood.into_iter().map(|(object, _)| object);
                *found = stood.find(|object| (object.kind(), object.key()) == (kind, key));
            }
        }
        Ok(found)
    }

    /// A listing with the digest of its texts, which [`Books::objects`] leaves out: the state does
    /// not keep it.
    pub async fn listing(&self, number: u32) -> Result<Option<Listing>, Refused> {
        let asked = vec![(Listing::KIND, (number.into(), 0))];
        let Some(Object::Listing(held)) = self.objects(asked).await?.remove(0) else {
            return Ok(None);
        };
        let told = self.read(move |history| history.listing(number)).await?;
        Ok(Some(told.map_or(held, |told| Listing {
            text: told.text,
            cause: told.cause,
            timestamp: told.timestamp,
            ..held
        })))
    }

    /// The objects of every kind whose key begins with `id`, as their newest records say: the
    /// lines of an order, the claims of a gift.
    pub async fn objects_of(&self, id: u128) -> Result<Vec<Object>, Refused> {
        let stood = self.read(move |history| history.objects(id)).await?;
        Ok(stood.into_iter().map(|(object, _)| object).collect())
    }

    /// What a command came to, where one with this id was carried out.
    pub async fn deed(&self, id: u128) -> Result<Option<Deed>, Refused> {
        let found = self.read(move |history| history.deed(id)).await?;
        Ok(found.map(|(deed, _)| deed))
    }

    /// The chart of accounts, by code.
    pub async fn chart(&self) -> Result<Vec<ChartLine>, Refused> {
        self.ask(Request::Chart).await
    }

    /// Those found, in the order asked.
    pub async fn lookup_accounts(&self, ids: Vec<u128>) -> Result<Vec<Account>, Refused> {
        check_count(ids.len())?;
        self.ask(|reply| Request::LookupAccounts(ids, reply)).await
    }

    /// Those found, in the order asked.
    pub async fn lookup_transfers(&self, ids: Vec<u128>) -> Result<Vec<Transfer>, Refused> {
        check_count(ids.len())?;
        self.read(move |history| history.lookup(&ids)).await
    }

    /// Accounts that match, by time.
    pub async fn query_accounts(&self, filter: QueryFilter) -> Result<Vec<Account>, Refused> {
        self.ask(|reply| Request::QueryAccounts(filter, reply))
            .await
    }

    /// Transfers that match, by time.
    pub async fn query_transfers(&self, filter: QueryFilter) -> Result<Vec<Transfer>, Refused> {
        if !filter.is_valid() {
            return Ok(Vec::new());
        }
        self.read(move |history| history.transfers(&filter)).await
    }

    /// Transfers of one account, by time.
    pub async fn account_transfers(&self, filter: AccountFilter) -> Result<Vec<Transfer>, Refused> {
        let Some((slot, _)) = self.slot(&filter).await? else {
            return Ok(Vec::new());
        };
        let found = self
            .read(move |history| history.of_account(slot, &filter))
            .await?;
        Ok(found.into_iter().map(|(transfer, _)| transfer).collect())
    }

    /// Balances of one account with history, by time.
    pub async fn account_balances(
        &self,
        filter: AccountFilter,
    ) -> Result<Vec<AccountBalance>, Refused> {
        let Some((slot, flags)) = self.slot(&filter).await? else {
            return Ok(Vec::new());
        };
        if flags & account_flags::HISTORY == 0 {
            return Ok(Vec::new());
        }
        let found = self
            .read(move |history| history.of_account(slot, &filter))
            .await?;
        Ok(found
            .iter()
            .filter_map(|found| balance(filter.account_id, found))
            .collect())
    }

    async fn slot(&self, filter: &AccountFilter) -> Result<Option<(u32, u16)>, Refused> {
        if !filter.is_valid() {
            return Ok(None);
        }
        self.ask(|reply| Request::Slot(filter.account_id, reply))
            .await
    }

    /// Bytes of a tile, as full or partial as is asked; `None` where the log has not all of it.
    pub async fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, Refused> {
        let batches = self.inner.shared.durable().batches;
        let there = Tile::of_tree(tile.level, tile.index, batches);
        if there.is_none_or(|there| there.width < tile.width) {
            return Ok(None);
        }
        self.show(move |receipts| {
            let width = usize::from(tile.width);
            let mut hashes = Vec::with_capacity(width);
            let first = tile.index * WIDTH;
            let read = receipts.tree.hashes(tile.level, first, width, &mut hashes);
            read.map_err(|e| e.to_string())?;
            Ok(Some(
                hashes.iter().flat_map(|hash| hash.to_bytes()).collect(),
            ))
        })
        .await
    }

    /// Bytes of an entry bundle or its beginning; `None` where the log has not all of its entries.
    pub async fn entries(&self, bundle: Bundle) -> Result<Option<Vec<u8>>, Refused> {
        let batches = self.inner.shared.durable().batches;
        let there = Tile::of_tree(0, bundle.index, batches);
        if there.is_none_or(|there| there.width < bundle.width) {
            return Ok(None);
        }
        self.show(move |receipts| {
            let first = bundle.index * WIDTH;
            let entries = receipts.tree.entries(first, bundle.width.into());
            Ok(Some(entries.map_err(|e| e.to_string())?))
        })
        .await
    }

    /// Nanoseconds since 1970 of batch `number`; `None` where the log does not have it.
    pub async fn time_of_batch(&self, number: u64) -> Result<Option<u64>, Refused> {
        if number >= self.inner.shared.durable().batches {
            return Ok(None);
        }
        self.show(move |receipts| {
            let entry = receipts.tree.entries(number, 1);
            let entry = entry.map_err(|e| e.to_string())?;
            let leaf = entry.last_chunk().and_then(OuterLeaf::from_bytes);
            let leaf = leaf.ok_or_else(|| format!("entry {number} is no outer leaf"))?;
            Ok(Some(leaf.timestamp))
        })
        .await
    }

    /// The proof that the log's first `new` batches continue its first `old`.
    pub async fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, Refused> {
        let batches = self.inner.shared.durable().batches;
        if old > new || new > batches {
            return Err(Refused::Invalid("a log of that size is not there"));
        }
        self.show(move |receipts| {
            prove_consistency(&*receipts.tree, old, new).map_err(|e| e.to_string())
        })
        .await
    }

    /// The receipt of the record that created transfer `id`.
    pub async fn receipt(&self, id: u128) -> Result<ReceiptAnswer, Refused> {
        let checkpoints = self.checkpoints_now();
        self.show(move |receipts| receipts.of_transfer(id, &checkpoints))
            .await
    }

    /// The receipt of a record by its place.
    pub async fn receipt_at(&self, place: Place) -> Result<ReceiptAnswer, Refused> {
        let checkpoints = self.checkpoints_now();
        if place.batch >= self.inner.shared.durable().batches {
            return Ok(ReceiptAnswer::Unknown);
        }
        self.show(move |receipts| receipts.of_place(place, &checkpoints))
            .await
    }

    /// The receipts that show the draw of a gift, in the order of a gift proof; `None` where there is
    /// no such gift, or it has not ended.
    pub async fn gift_receipts(&self, id: u128) -> Result<Option<Vec<ReceiptAnswer>>, Refused> {
        let checkpoints = self.checkpoints_now();
        self.show(move |receipts| receipts.of_gift(id, &checkpoints))
            .await
    }

    /// Where the records of a transfer stand, and the frames they stand in.
    pub(crate) async fn records_of(&self, id: u128) -> Result<Vec<(Place, u64, Record)>, Refused> {
        self.show(move |receipts| receipts.records_of(id)).await
    }

    /// Enters that records are erased.
    pub(crate) async fn enter_erasures(&self, erasures: Vec<Erasure>) -> Result<(), Refused> {
        check_count(erasures.len())?;
        self.ask(|reply| Request::EnterErasures(erasures, reply))
            .await
    }

    /// Takes over the lock on the directory, which closing the books then does not free.
    pub(crate) fn take_lock(&self) -> Option<Lock> {
        let mut lock = self
            .inner
            .lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        lock.take()
    }

    /// The checkpoints as they come; `None` where nothing is signed.
    pub fn checkpoints(&self) -> Option<watch::Receiver<Checkpoints>> {
        self.inner
            .publisher
            .as_ref()
            .map(|publisher| publisher.watch())
    }

    /// How checkpoints are signed.
    pub fn signing(&self) -> Option<&Signing> {
        self.inner
            .publisher
            .as_deref()
            .map(|publisher| &*publisher.signing)
    }

    pub(crate) fn checkpoints_now(&self) -> Checkpoints {
        let now = self.checkpoints().map(|now| now.borrow().clone());
        now.unwrap_or_default()
    }

    /// Adds a witness's answer to the checkpoint of `size` batches, as far as it holds.
    pub async fn cosign(&self, size: u64, lines: Vec<SignatureLine>) -> Result<(), Refused> {
        let Some(publisher) = self.inner.publisher.clone() else {
            return Ok(());
        };
        let kept = tokio::task::spawn_blocking(move || publisher.cosign(size, lines)).await;
        let kept = kept.map_err(|e| e.to_string());
        kept.and_then(|kept| kept.map_err(|e| e.to_string()))
            .map_err(|why| self.fails(&why))
    }

    /// Moves a manual clock to `nanoseconds` since 1970, never back; `None` where the clock is
    /// the system's. The expiries that are due then are done before it answers.
    pub async fn set_clock(&self, nanoseconds: u64) -> Result<Option<u64>, Refused> {
        self.ask(|reply| Request::SetClock(nanoseconds, reply))
            .await
    }

    /// Counters, as of now.
    pub fn stats(&self) -> Stats {
        let counters = &self.inner.shared.counters;
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            accounts: read(&counters.accounts),
            pending: read(&counters.pending),
            open_orders: read(&counters.open_orders),
            records: read(&counters.records),
            batches: read(&counters.batches),
            syncs: read(&counters.syncs),
            log_bytes: read(&counters.log_bytes),
            queued: read(&counters.queued),
        }
    }

    /// Why the books stopped by themselves, if they did: whoever serves them should end.
    pub fn failure(&self) -> Option<Refused> {
        self.inner.shared.failure()
    }

    /// Returns once the books have stopped by themselves, with the reason.
    pub async fn failed(&self) -> String {
        self.inner.shared.failed().await
    }

    /// Takes no more requests, commits those taken, writes a snapshot, and returns when all is on
    /// the disk. The directory is free for another process then.
    pub async fn close(&self) -> Result<(), Refused> {
        let closed = self.ask(Request::Close).await;
        let inner = Arc::clone(&self.inner);
        let ended = tokio::task::spawn_blocking(move || inner.end()).await;
        closed?;
        let stopped = |why: String| Refused::Stopped(why);
        ended.map_err(|e| stopped(e.to_string()))?.map_err(stopped)
    }

    pub(crate) async fn ask<T>(
        &self,
        request: impl FnOnce(Reply<T>) -> Request,
    ) -> Result<T, Refused> {
        let (reply, answer) = oneshot::channel();
        let shared = &self.inner.shared;
        if shared.is_closing() {
            return Err(Refused::Stopped("the books are closing".to_owned()));
        }
        shared.counters.queued.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.inner.requests.try_send(request(reply)) {
            shared.counters.queued.fetch_sub(1, Ordering::Relaxed);
            return Err(match error {
                TrySendError::Full(_) => Refused::Busy,
                TrySendError::Disconnected(_) => self.stopped(),
            });
        }
        answer.await.unwrap_or_else(|_| Err(self.stopped()))
    }

    /// Reads history on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&History) -> Result<T, String> + Send + 'static,
    ) -> Result<T, Refused> {
        if let Some(failure) = self.failure() {
            return Err(failure);
        }
        let history = self.inner.history.clone();
        let answer = tokio::task::spawn_blocking(move || query(&history)).await;
        let answer = answer.unwrap_or_else(|e| Err(e.to_string()));
        answer.map_err(|why| self.fails(&why))
    }

    /// Makes proofs on a thread that may block.
    pub(crate) async fn show<T: Send + 'static>(
        &self,
        make: impl FnOnce(&Receipts) -> Result<T, String> + Send + 'static,
    ) -> Result<T, Refused> {
        let receipts = self.inner.receipts.clone();
        self.read(move |_| make(&receipts)).await
    }

    /// What cannot be read back is damage: the books do not go on as if it were not there.
    fn fails(&self, why: &str) -> Refused {
        self.inner.shared.fail(why);
        Refused::Stopped(why.to_owned())
    }

    pub(crate) fn stopped(&self) -> Refused {
        let closing = || Refused::Stopped("the books are closing".to_owned());
        self.failure().unwrap_or_else(closing)
    }
}

impl Inner {
    /// Waits for the threads and frees the directory.
    fn end(&self) -> Result<(), String> {
        let threads = {
            let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *threads)
        };
        let joined = threads.into_iter().try_for_each(JoinHandle::join);
        self.statements.end();
        let closed = self.history.index.close().map_err(|e| e.to_string());
        self.lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        joined.map_err(|_| "a thread panicked".to_owned())?;
        closed
    }
}

impl Drop for Inner {
    /// Handles that go without [`Books::close`] close the books all the same: nobody else may open
    /// the directory while threads still write.
    fn drop(&mut self) {
        let (reply, _) = oneshot::channel();
        if self.requests.send(Request::Close(reply)).is_ok() {
            // What failed was said in the trace.
            let _ = self.end();
        }
    }
}

impl fmt::Debug for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Books({:?})", self.stats())
    }
}

fn check_count(count: usize) -> Result<(), Refused> {
    if count > BATCH_EVENTS {
        Err(Refused::TooMany)
    } else {
        Ok(())
    }
}
