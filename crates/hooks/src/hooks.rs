//! All subscriptions of one directory of books.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::address;
use crate::dead::{Dead, DeadLetters};
use crate::entry::{Content, Entry, Epoch, Signer};
use crate::error::HookError;
use crate::event::Source;
use crate::file;
use crate::keep;
use crate::limits::{DEAD, FILE_BYTES, SUBSCRIPTIONS};
use crate::options::Options;
use crate::secret::Secret;
use crate::send::Sender;
use crate::subscription::{Id, NewSubscription, State, Subscribed, Subscription};
use crate::worker::{self, Work};

/// The directory of the subscriptions, below that of the books.
const DIR: &str = "hooks";
const LOCK: &str = "lock";
const CONTENT: &str = "json";
const LETTERS: &str = "dead";

/// The subscriptions of one directory of books. One process has them at a time.
pub struct Hooks(Arc<Inner>);

struct Inner {
    dir: PathBuf,
    options: Options,
    /// Released with the process.
    _lock: File,
    /// Held by whoever adds, removes, starts or closes, disk and threads included.
    changes: Mutex<()>,
    /// Held for a look, and never over the disk: the books ring through it.
    table: Mutex<Table>,
}

struct Table {
    entries: BTreeMap<Id, Arc<Entry>>,
    crew: Option<Crew>,
}

/// The threads that deliver.
struct Crew {
    work: Arc<Work>,
    threads: Vec<JoinHandle<()>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panics")
}

impl Hooks {
    /// Reads the subscriptions in `hooks` below `books`, which is made if it is not there. Nothing
    /// is delivered before [`start`](Self::start).
    pub fn open(books: &Path, options: Options) -> Result<Self, HookError> {
        options.check()?;
        let dir = books.join(DIR);
        let wrap = |error| HookError::Io(dir.clone(), error);
        keep::create_dir(&dir).map_err(wrap)?;
        let lock = keep::open(&dir.join(LOCK)).map_err(wrap)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => HookError::Locked,
            TryLockError::Error(error) => wrap(error),
        })?;
        let entries = load(&dir)?;
        let table = Mutex::new(Table {
            entries,
            crew: None,
        });
        let inner = Inner {
            dir,
            options,
            _lock: lock,
            changes: Mutex::new(()),
            table,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Adds a subscription, durably, and begins to deliver to it if others are delivered to.
    pub fn subscribe(&self, new: NewSubscription) -> Result<Subscribed, HookError> {
        address::check(&new.url, self.0.options.reach).map_err(HookError::Url)?;
        new.filter.check()?;
        let _changes = locked(&self.0.changes);
        if locked(&self.0.table).entries.len() >= SUBSCRIPTIONS {
            return Err(HookError::Full);
        }
        let secret = new
            .secret
            .map_or_else(Secret::generate, Ok)
            .map_err(HookError::System)?;
        let id = self.0.fresh_id()?;
        let content = Content {
            url: new.url,
            filter: new.filter,
            signers: vec![Signer {
                secret: secret.clone(),
                until: None,
            }],
            state: State::Active,
            next: new.from,
            tries: 0,
            due: 0,
            failing: 0,
            again: (0, 0),
        };
        let dead = Dead::open(self.0.path(id, LETTERS), DEAD)?;
        let entry = Entry::new(id, self.0.path(id, CONTENT), content.clone(), dead);
        entry.put(&mut entry.lock(), content)?;
        let entry = Arc::new(entry);
        let mut table = locked(&self.0.table);
        table.entries.insert(id, Arc::clone(&entry));
        if let Some(crew) = &mut table.crew {
            crew.enlist(&entry);
        }
        drop(table);
        Ok(Subscribed {
            subscription: entry.told(),
            secret,
        })
    }

    /// Every subscription and how it stands, by name.
    pub fn list(&self) -> Vec<Subscription> {
        let entries: Vec<_> = locked(&self.0.table).entries.values().cloned().collect();
        entries.iter().map(|entry| entry.told()).collect()
    }

    /// One subscription and how it stands.
    pub fn get(&self, id: Id) -> Result<Subscription, HookError> {
        Ok(self.entry(id)?.told())
    }

    /// Delivers nothing more until it is resumed. What is being sent is still sent.
    pub fn pause(&self, id: Id) -> Result<(), HookError> {
        self.entry(id)?.change(|_, content| {
            content.state = State::Paused;
            Ok(Epoch::Same)
        })
    }

    /// Delivers again from where it stopped, at once and with all retries ahead, whatever it was
    /// stopped by.
    pub fn resume(&self, id: Id) -> Result<(), HookError> {
        self.entry(id)?.change(|_, content| {
            content.state = State::Active;
            (content.tries, content.due) = (0, 0);
            Ok(Epoch::Same)
        })
    }

    /// Removes a subscription and its dead letters. What is being sent is still sent.
    pub fn remove(&self, id: Id) -> Result<(), HookError> {
        let _changes = locked(&self.0.changes);
        let entry = self.entry(id)?;
        entry.remove(&self.0.path(id, LETTERS))?;
        locked(&self.0.table).entries.remove(&id);
        Ok(())
    }

    /// Signs with a new secret from now on, and with those before it for `overlap` more; with four
    /// at most. `now` is in nanoseconds since 1970.
    pub fn rotate(&self, id: Id, now: u64, overlap: Duration) -> Result<Secret, HookError> {
        let secret = Secret::generate().map_err(HookError::System)?;
        let overlap = u64::try_from(overlap.as_nanos()).unwrap_or(u64::MAX);
        self.entry(id)?.change(|_, content| {
            content.rotate(secret.clone(), now, now.saturating_add(overlap));
            Ok(Epoch::Same)
        })?;
        Ok(secret)
    }

    /// The dead letters of a subscription.
    pub fn dead(&self, id: Id) -> Result<DeadLetters, HookError> {
        Ok(self.entry(id)?.lock().dead.letters())
    }

    /// Delivers once more from `from` on, with the same ids. It is refused behind what is delivered
    /// next: that would leave events out.
    pub fn replay(&self, id: Id, from: u64) -> Result<(), HookError> {
        self.entry(id)?.change(|_, content| {
            if from > content.next {
                return Err(HookError::Ahead { next: content.next });
            }
            content.next = from;
            (content.tries, content.due) = (0, 0);
            Ok(Epoch::New)
        })
    }

    /// Tries each dead letter once more, oldest first, whenever nothing new waits; those that are
    /// delivered are dead no more. Says how many are tried.
    pub fn replay_dead(&self, id: Id) -> Result<usize, HookError> {
        let mut count = 0;
        self.entry(id)?.change(|kept, content| {
            content.again = (0, kept.dead.end());
            count = kept.dead.count().0;
            Ok(Epoch::Same)
        })?;
        Ok(count)
    }

    /// Delivers the events of `source` on one thread a subscription, until it is closed. `clock`
    /// tells nanoseconds since 1970.
    pub fn start(&self, source: Arc<dyn Source>, clock: fn() -> u64) -> Result<Running, HookError> {
        let _changes = locked(&self.0.changes);
        let mut table = locked(&self.0.table);
        if table.crew.is_some() {
            return Err(HookError::Started);
        }
        let options = self.0.options.clone();
        let sender = Sender::new(&options);
        let stopped = AtomicBool::new(false);
        let work = Arc::new(Work {
            source,
            clock,
            options,
            sender,
            stopped,
        });
        let mut crew = Crew {
            work,
            threads: Vec::new(),
        };
        table.entries.values().for_each(|entry| crew.enlist(entry));
        table.crew = Some(crew);
        Ok(Running(Arc::clone(&self.0)))
    }

    fn entry(&self, id: Id) -> Result<Arc<Entry>, HookError> {
        let table = locked(&self.0.table);
        table
            .entries
            .get(&id)
            .cloned()
            .ok_or(HookError::Unknown(id))
    }
}

impl Inner {
    fn path(&self, id: Id, kind: &str) -> PathBuf {
        self.dir.join(format!("{id}.{kind}"))
    }

    fn fresh_id(&self) -> Result<Id, HookError> {
        loop {
            let id = getrandom::u64().map_err(|error| HookError::System(error.into()))?;
            if !locked(&self.table).entries.contains_key(&Id(id)) {
                return Ok(Id(id));
            }
        }
    }
}

impl Crew {
    /// Gives a subscription its thread. Without one it says so ([`Subscription::fault`]).
    fn enlist(&mut self, entry: &Arc<Entry>) {
        self.threads.retain(|thread| !thread.is_finished());
        let (mine, work) = (Arc::clone(entry), Arc::clone(&self.work));
        let thread = thread::Builder::new().name("hook".to_owned());
        match thread.spawn(move || worker::run(&mine, &work)) {
            Ok(thread) => self.threads.push(thread),
            Err(error) => entry.fault(&HookError::System(error)),
        }
    }
}

/// Events are being delivered; until this is closed or dropped.
pub struct Running(Arc<Inner>);

impl Running {
    /// There may be new events: looks at once. Never waits for the disk or the network.
    pub fn wake(&self) {
        locked(&self.0.table)
            .entries
            .values()
            .for_each(|entry| entry.ring());
    }

    /// Ends the delivery. What is being sent is broken off and sent again by the next start;
    /// positions are kept. It takes as long as a look-up or a connection that is being made: at
    /// most [`CONNECT_WAIT`](crate::limits::CONNECT_WAIT).
    pub fn close(self) {
        drop(self);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _changes = locked(&self.0.changes);
        let mut table = locked(&self.0.table);
        let Some(crew) = table.crew.take() else {
            return;
        };
        crew.work.stop();
        table.entries.values().for_each(|entry| entry.ring());
        drop(table);
        for thread in crew.threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the delivery panicked");
            }
        }
    }
}

/// Reads all subscriptions, and removes what a death left: unfinished files, and letters without a
/// subscription.
fn load(dir: &Path) -> Result<BTreeMap<Id, Arc<Entry>>, HookError> {
    let (mut contents, mut letters) = (BTreeMap::new(), Vec::new());
    for file in names(dir).map_err(|error| HookError::Io(dir.to_owned(), error))? {
        let (Some(stem), Some(kind)) = (file.file_stem(), file.extension()) else {
            continue;
        };
        let id = stem.to_str().and_then(|stem| stem.parse::<Id>().ok());
        match (id, kind.to_str()) {
            (_, Some(keep::UNFINISHED)) => remove(&file)?,
            (Some(id), Some(CONTENT)) => drop(contents.insert(id, file)),
            (Some(id), Some(LETTERS)) => letters.push((id, file)),
            _ => {}
        }
    }
    for (id, file) in letters {
        if !contents.contains_key(&id) {
            remove(&file)?;
        }
    }
    if contents.len() > SUBSCRIPTIONS {
        return Err(HookError::Damaged(
            dir.to_owned(),
            "it has too many subscriptions",
        ));
    }
    let entry = |(id, file)| Ok((id, Arc::new(read(id, file)?)));
    contents.into_iter().map(entry).collect()
}

fn names(dir: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(dir)?.map(|file| Ok(file?.path())).collect()
}

fn remove(file: &Path) -> Result<(), HookError> {
    keep::remove(file).map_err(|error| HookError::Io(file.to_owned(), error))
}

fn read(id: Id, file: PathBuf) -> Result<Entry, HookError> {
    let bytes = match keep::read(&file, FILE_BYTES) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err(HookError::Damaged(file, "it is too long")),
        Err(error) => return Err(HookError::Io(file, error)),
    };
    let content = match file::decode(&bytes) {
        Ok(content) => content,
        Err(what) => return Err(HookError::Damaged(file, what)),
    };
    let dead = Dead::open(file.with_extension(LETTERS), DEAD)?;
    Ok(Entry::new(id, file, content, dead))
}
