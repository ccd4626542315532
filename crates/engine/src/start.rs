//! Making books and opening them: recovery is the way every start goes.

use std::collections::VecDeque;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use machine::{Recalled, State};
use store::StoreError;
use store::disk::{Disk, Local};
use store::erased;
use store::index::{Fresh, IdHash, Index, IndexError};
use store::log::{self, Appender, Reader, Torn};
use store::superblock::{FORMAT_VERSION, SEGMENT_BYTES, SEGMENT_BYTES_RANGE, Superblock};
use store::tree::Tree;

use crate::books::{Books, Inner, Options};
use crate::clock::Clock;
use crate::commit::Committer;
use crate::limits::{FILTER_BYTES, QUEUE_REQUESTS, RECORDS_PER_TAIL, WARMED_BYTES};
use crate::publish::{self, Publisher};
use crate::query::History;
use crate::recall::Recall;
use crate::receipts::Receipts;
use crate::replay::{self, Replayed};
use crate::salt::Ratchet;
use crate::shared::{Durable, Shared};
use crate::snapshots::{self, Progress};
use crate::statement::Statements;
use crate::writer::Writer;

/// How books are made.
#[derive(Clone, Debug, Default)]
pub struct Init {
    /// Bytes of a log segment, a power of two; the usual size where `None`.
    pub segment_bytes: Option<u64>,
    /// Where the random numbers of the directory come from: the system, or these bytes, so that
    /// two directories are the same to the last bit (tests).
    pub secret: Option<[u8; 32]>,
}

/// What a start found.
#[derive(Clone, Debug, Default)]
pub struct Recovery {
    /// The torn end that was cut off.
    pub torn: Option<Torn>,
    /// The snapshot that the state began with.
    pub snapshot: Option<String>,
    /// Snapshots that were passed over, and why.
    pub passed_over: Vec<String>,
    /// Why the index was made anew, if it was.
    pub index_rebuilt: Option<String>,
    /// Records replayed onto the snapshot.
    pub replayed: u64,
    /// Records in the log.
    pub records: u64,
    /// Batches in the log.
    pub batches: u64,
}

/// Why books could not be made or opened. Nothing was changed.
#[derive(Debug)]
pub enum StartError {
    /// Another process has them open.
    Locked(String),
    /// The directory is not one that books can be made in.
    Occupied(String),
    /// Books cannot be made so; what would be right.
    Invalid(&'static str),
    /// The disk refused or its bytes are damaged.
    Store(StoreError),
    /// The index could not be opened or made anew.
    Index(IndexError),
    /// The system refused something else.
    System(&'static str, io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked(data) => write!(f, "{data}: another process has these books open"),
            Self::Occupied(data) => {
                write!(
                    f,
                    "{data}: the directory is not empty; books are made in a new one"
                )
            }
            Self::Invalid(what) => f.write_str(what),
            Self::Store(error) => error.fmt(f),
            Self::Index(error) => error.fmt(f),
            Self::System(what, error) => write!(f, "cannot {what}: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<IndexError> for StartError {
    fn from(error: IndexError) -> Self {
        Self::Index(error)
    }
}

/// Makes books in `data`, a directory that is empty or not there.
pub fn init(data: &Path, init: &Init) -> Result<(), StartError> {
    let system = |what| move |e| StartError::System(what, e);
    let segment_bytes = init.segment_bytes.unwrap_or(SEGMENT_BYTES);
    if !segment_bytes.is_power_of_two() || !SEGMENT_BYTES_RANGE.contains(&segment_bytes) {
        return Err(StartError::Invalid(
            "a segment is a power of two from 16 MiB to 1 GiB",
        ));
    }
    fs::create_dir_all(data).map_err(system("create the directory"))?;
    let mut there = fs::read_dir(data).map_err(system("read the directory"))?;
    if there.next().is_some() {
        return Err(StartError::Occupied(data.display().to_string()));
    }
    let _lock = lock(data)?;
    let disk = Local::new(data);
    let mut random = [[0; 32]; 2];
    if let Some(secret) = init.secret {
        random = [secret, secret];
    } else {
        for bytes in &mut random {
            let filled = getrandom::fill(bytes);
            filled.map_err(|e| system("get random numbers")(io::Error::other(e.to_string())))?;
        }
    }
    let word = |at: usize| u64::from_le_bytes(random[0][at..at + 8].try_into().expect("8 bytes"));
    let superblock = Superblock {
        version: FORMAT_VERSION,
        segment_bytes,
        identity: random[0][16..].try_into().expect("16 bytes"),
        hash_key: [word(0), word(8)],
        created: if init.secret.is_some() {
            0
        } else {
            Clock::System.now()
        },
    };
    Ratchet::new(random[1]).write(&disk)?;
    log::create(&disk, superblock.segment_bytes)?;
    // Last: a directory without it holds no books.
    superblock
        .create(&disk)
        .map_err(|e| StoreError::io("write", "books", e))?;
    Ok(())
}

/// The lock on a directory; free again when it is dropped, or the process ends in any way.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: fs::File,
}

pub(crate) fn lock(data: &Path) -> Result<Lock, StartError> {
    let open = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(data.join("lock"));
    let file = open.map_err(|e| StartError::System("open the lock file", e))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(fs::TryLockError::WouldBlock) => Err(StartError::Locked(data.display().to_string())),
        Err(fs::TryLockError::Error(e)) => Err(StartError::System("lock the directory", e)),
    }
}

pub(crate) fn open(options: &Options) -> Result<Books, StartError> {
    open_on(Arc::new(Local::new(&options.data)), options)
}

pub(crate) fn open_on(disk: Arc<dyn Disk>, options: &Options) -> Result<Books, StartError> {
    let mut superblock = Superblock::read(&*disk)?;
    let lock = lock(&options.data)?;
    superblock
        .upgrade(&*disk)
        .map_err(|e| StoreError::io("write", "books", e))?;
    erased::redo(&*disk, superblock.segment_bytes)?;
    let hash = IdHash::new(superblock.hash_key);
    let (replayed, index, recovery) = recover(&disk, &superblock)?;
    let threads = Threads {
        shared: Arc::new(Shared::default()),
        reader: Arc::new(Reader::new(Arc::clone(&disk), superblock.segment_bytes)),
        index: Arc::new(index),
        hash,
        disk,
        superblock,
    };
    threads.start(replayed, options, lock, recovery)
}

pub(crate) const fn index_options() -> store::index::Options {
    store::index::Options {
        log_start: 0,
        filter_bytes: FILTER_BYTES,
    }
}

fn recover(
    disk: &Arc<dyn Disk>,
    superblock: &Superblock,
) -> Result<(Replayed, Index, Recovery), StartError> {
    let mut recovery = Recovery::default();
    let mut index = match Index::open(Arc::clone(disk), index_options()) {
        Err(damage @ IndexError::Damaged { .. }) => {
            recovery.index_rebuilt = Some(damage.to_string());
            Index::reset(Arc::clone(disk), index_options())?
        }
        index => index?,
    };
    let mut replayed = replay::replay(disk, superblock, &index, &mut recovery)?;
    if index.end() > replayed.recovered.cursor.next {
        // The log lost its end to a torn write that the index had seen: not by our own doing.
        recovery.index_rebuilt = Some("the index reaches beyond the log".to_owned());
        let torn = recovery.torn.take();
        index.close()?;
        index = Index::reset(Arc::clone(disk), index_options())?;
        replayed = replay::replay(disk, superblock, &index, &mut recovery)?;
        recovery.torn = torn;
    }
    Ok((replayed, index, recovery))
}

/// What the threads of open books are made of.
struct Threads {
    shared: Arc<Shared>,
    reader: Arc<Reader>,
    index: Arc<Index>,
    hash: IdHash,
    disk: Arc<dyn Disk>,
    superblock: Superblock,
}

impl Threads {
    #[expect(
        clippy::too_many_lines,
        reason = "it names the parts of the writer and its threads, one a line"
    )]
    fn start(
        self,
        replayed: Replayed,
        options: &Options,
        lock: Lock,
        recovery: Recovery,
    ) -> Result<Books, StartError> {
        let Replayed {
            state,
            recovered,
            frontier,
            tree,
            fresh,
            ratchet,
            snapshot_record,
            unchecked,
        } = replayed;
        let chain = recovered.chain;
        let end = recovered.cursor.next;
        self.shared.advance(Durable {
            end,
            records: chain.first_record,
            batches: chain.number,
        });
        let tree = Arc::new(tree);
        publish::check_kept(&*self.disk, &tree, chain.number)?;
        self.count(&state, &recovered);
        let (request_sender, requests) = sync_channel(QUEUE_REQUESTS);
        let (group_sender, groups) = sync_channel(1);
        let (draft_sender, drafts) = channel();
        let (job_sender, jobs) = sync_channel(64);

        let (disk, shared) = (Arc::clone(&self.disk), Arc::clone(&self.shared));
        let synced = Arc::clone(&tree);
        let mut threads = vec![spawn("snapshots", move || {
            store::priority::give_way();
            snapshots::run(&disk, &shared, &synced, &jobs);
        })?];
        let (committing, committed) = channel();
        let publisher = match &options.signing {
            None => None,
            Some(signing) => Some(Arc::new(Publisher::new(
                Arc::clone(signing),
                Arc::clone(&self.disk),
                Arc::clone(&self.shared),
                Arc::clone(&tree),
            )?)),
        };
        if let Some(publisher) = publisher.clone() {
            threads.push(spawn("publish", move || publisher.run(&committed))?);
        }
        let committer = Committer {
            _committing: committing,
            shared: Arc::clone(&self.shared),
            log: Appender::new(Arc::clone(&self.disk), self.superblock.segment_bytes),
            index: Arc::clone(&self.index),
            tree: Arc::clone(&tree),
            chain,
            frontier,
            ratchet,
            drafts: draft_sender,
            snapshots: job_sender.clone(),
            leaves: Vec::new(),
            blocks: Vec::new(),
        };
        threads.push(spawn("commit", move || committer.run(&groups))?);
        let time = state.last_timestamp().max(chain.timestamp);
        let writer = Writer {
            time,
            clock: if options.manual_clock {
                Clock::Manual(Arc::new(AtomicU64::new(time)))
            } else {
                Clock::System
            },
            cursor: recovered.cursor,
            records: chain.first_record,
            in_tail: self.index.unsealed(),
            recall: self.recall(fresh),
            index: Arc::clone(&self.index),
            shared: Arc::clone(&self.shared),
            state,
            requests,
            groups: group_sender,
            drafts,
            spare: None,
            snapshots: job_sender,
            progress: Progress::Idle {
                last: snapshot_record,
            },
            recalled: Recalled::default(),
            held: None,
            snapshot_wanted: Vec::new(),
            scans: VecDeque::new(),
            trials: VecDeque::new(),
        };
        threads.push(spawn("writer", move || writer.run())?);
        threads.push(self.look_after(end, unchecked)?);
        let receipts = self.receipts(tree);
        Ok(Books::new(Inner {
            statements: Arc::new(Statements::new(receipts.clone(), request_sender.clone())),
            receipts,
            publisher,
            history: self.history(),
            shared: self.shared,
            requests: request_sender,
            threads: Mutex::new(threads),
            recovery,
            lock: Mutex::new(Some(lock)),
            folding: Arc::default(),
            demanding: tokio::sync::Mutex::default(),
        }))
    }

    fn recall(&self, fresh: Fresh) -> Recall {
        let (shared, index) = (Arc::clone(&self.shared), Arc::clone(&self.index));
        Recall::new(shared, index, Arc::clone(&self.reader), self.hash, fresh)
    }

    fn receipts(&self, tree: Arc<Tree>) -> Receipts {
        Receipts {
            history: self.history(),
            tree,
            disk: Arc::clone(&self.disk),
        }
    }

    fn history(&self) -> History {
        History {
            shared: Arc::clone(&self.shared),
            index: Arc::clone(&self.index),
            reader: Arc::clone(&self.reader),
            hash: self.hash,
        }
    }

    fn count(&self, state: &State, recovered: &log::Recovered) {
        let counters = &self.shared.counters;
        counters
            .accounts
            .store(state.account_count() as u64, Ordering::Relaxed);
        counters
            .pending
            .store(state.pending_count() as u64, Ordering::Relaxed);
        counters
            .records
            .store(recovered.chain.first_record, Ordering::Relaxed);
        counters
            .batches
            .store(recovered.chain.number, Ordering::Relaxed);
        counters
            .log_bytes
            .store(recovered.cursor.next, Ordering::Relaxed);
    }

    /// What a start leaves for later, on a thread beside the others: the end of the log is read
    /// into the page cache, the segments that were not yet checked are.
    fn look_after(&self, end: u64, unchecked: u64) -> Result<JoinHandle<()>, StartError> {
        let (disk, shared) = (Arc::clone(&self.disk), Arc::clone(&self.shared));
        let segment_bytes = self.superblock.segment_bytes;
        spawn("check", move || {
            store::priority::give_way();
            log::warm(&*disk, segment_bytes, end, WARMED_BYTES);
            let stop = || shared.is_closing();
            if unchecked > 0
                && let Err(error) = log::check(&*disk, segment_bytes, unchecked, &stop)
            {
                shared.fail(&error.to_string());
            }
        })
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map_err(|e| StartError::System("start a thread", e))
}

/// Tail size for tables of fresh ids.
pub(crate) fn fresh_table() -> Fresh {
    Fresh::new(RECORDS_PER_TAIL as usize)
}
