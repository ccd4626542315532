//! The thread that tells the index what `texts` has.
//!
//! It reads the entries from the file, whether they were added a moment ago or before the last
//! crash: there is no other way into the index, and no queue in memory.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::index::Writer;
use crate::offsets::Offsets;
use crate::texts::Texts;

/// What was entered becomes findable after this time at the latest, while the index keeps up.
const COMMIT_EVERY: Duration = Duration::from_secs(1);
/// Entries between two commits at most, but for those of one frame.
const COMMIT_ENTRIES: usize = 100_000;

/// The files, and how far the index is behind them.
pub struct Shared {
    /// The truth.
    pub texts: Texts,
    /// Where each text stands.
    pub offsets: Offsets,
    progress: Mutex<Progress>,
    moved: Condvar,
}

struct Progress {
    /// Everything before this byte of `texts` is durable and in `offsets`.
    durable: u64,
    /// Everything before this byte of `texts` can be found.
    findable: u64,
    /// Somebody waits until everything can be found.
    hurry: bool,
    ending: Option<Ending>,
    failure: Option<String>,
}

/// How the thread ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// At once; the next start goes on.
    Now,
    /// When all is findable and merged.
    Done,
}

impl Shared {
    /// All before `durable` is on the disk; all before `findable` is in the index.
    pub fn new(texts: Texts, offsets: Offsets, durable: u64, findable: u64) -> Self {
        let progress = Progress {
            durable,
            findable,
            hurry: false,
            ending: None,
            failure: None,
        };
        Self {
            texts,
            offsets,
            progress: Mutex::new(progress),
            moved: Condvar::new(),
        }
    }

    /// More of `texts` is durable.
    pub fn extend(&self, durable: u64) {
        self.progress().durable = durable;
        self.moved.notify_all();
    }

    /// Ends the thread.
    pub fn end(&self, ending: Ending) {
        self.progress().ending = Some(ending);
        self.moved.notify_all();
    }

    /// Bytes that are durable and not findable yet.
    pub fn waiting(&self) -> u64 {
        let progress = self.progress();
        progress.durable.saturating_sub(progress.findable)
    }

    /// Waits until all that is durable now can be found.
    pub fn flush(&self) -> Result<(), Error> {
        let mut progress = self.progress();
        let wanted = progress.durable;
        while progress.findable < wanted {
            progress.failed()?;
            progress.hurry = true;
            self.moved.notify_all();
            let woken = self.moved.wait(progress);
            progress = woken.unwrap_or_else(PoisonError::into_inner);
        }
        progress.failed()
    }

    /// Whether the index gave up.
    pub fn failed(&self) -> Result<(), Error> {
        self.progress().failed()
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn failed(&self) -> Result<(), Error> {
        match &self.failure {
            Some(what) => Err(Error::Index(what.clone())),
            None => Ok(()),
        }
    }
}

/// Starts the thread.
pub fn start(shared: &Arc<Shared>, writer: Writer) -> Result<JoinHandle<()>, Error> {
    let shared = Arc::clone(shared);
    let thread = std::thread::Builder::new().name("catalogue".to_owned());
    let run = move || {
        if let Err(error) = Indexer::new(&shared, writer).run() {
            shared.progress().failure = Some(error.to_string());
            shared.moved.notify_all();
        }
    };
    thread
        .spawn(run)
        .map_err(|e| Error::Index(format!("cannot start its thread: {e}")))
}

struct Indexer<'a> {
    shared: &'a Shared,
    writer: Writer,
    /// Everything before this byte of `texts` was entered.
    at: u64,
    /// Entries since the last commit.
    entries: usize,
    /// When the first of them was entered.
    since: Option<Instant>,
}

/// What is to be done next.
enum Step {
    Enter { durable: u64 },
    Commit,
    End(Ending),
}

impl<'a> Indexer<'a> {
    fn new(shared: &'a Shared, writer: Writer) -> Self {
        Self {
            at: shared.progress().findable,
            shared,
            writer,
            entries: 0,
            since: None,
        }
    }

    fn run(mut self) -> Result<(), Error> {
        loop {
            match self.next() {
                Step::Enter { durable } => self.enter(durable)?,
                Step::Commit => self.commit()?,
                Step::End(Ending::Now) => return Ok(()),
                Step::End(Ending::Done) => return self.writer.close(),
            }
        }
    }

    fn next(&self) -> Step {
        let mut progress = self.shared.progress();
        loop {
            let due = self
                .since
                .map(|since| COMMIT_EVERY.saturating_sub(since.elapsed()));
            if progress.ending == Some(Ending::Now) {
                return Step::End(Ending::Now);
            }
            if due == Some(Duration::ZERO) || self.entries >= COMMIT_ENTRIES {
                return Step::Commit;
            }
            if self.at < progress.durable {
                return Step::Enter {
                    durable: progress.durable,
                };
            }
            if self.since.is_some() && (progress.hurry || progress.ending.is_some()) {
                return Step::Commit;
            }
            if let Some(ending) = progress.ending {
                return Step::End(ending);
            }
            let moved = &self.shared.moved;
            progress = match due {
                Some(due) => match moved.wait_timeout(progress, due) {
                    Ok((progress, _)) => progress,
                    Err(poisoned) => poisoned.into_inner().0,
                },
                None => moved.wait(progress).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Enters one frame.
    #[expect(
        clippy::disallowed_methods,
        reason = "it paces commits; nothing that is kept depends on it"
    )]
    fn enter(&mut self, durable: u64) -> Result<(), Error> {
        let frame = self.shared.texts.durable(self.at, durable)?;
        for (position, entry) in frame.entries() {
            let newest = self.shared.offsets.get(entry.listing.number)? == Some(position);
            self.writer.enter(&entry, newest)?;
            self.entries += 1;
        }
        self.at = frame.end();
        self.since.get_or_insert_with(Instant::now);
        Ok(())
    }

    /// The offsets first: what the index has seen, a start does not read again.
    fn commit(&mut self) -> Result<(), Error> {
        self.shared.offsets.keep(self.at)?;
        self.writer.commit(self.at)?;
        (self.entries, self.since) = (0, None);
        let mut progress = self.shared.progress();
        progress.findable = self.at;
        progress.hurry = progress.hurry && self.at < progress.durable;
        self.shared.moved.notify_all();
        Ok(())
    }
}
