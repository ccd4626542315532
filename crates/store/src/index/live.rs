//! The index as its users see it: what is live, and who may change that.
//!
//! Three locks, always taken in this order: `publishing` (one change of the manifest at a time,
//! held across its I/O), `progress` (counters and the failure, with the condition that everyone
//! waits on), `state` (what look-ups see; held for as long as memory is copied, never across
//! I/O).

use super::filter::Budget;
use super::manifest::{self, Item, Manifest};
use super::run::{self, Run};
use super::scan::RunView;
use super::tail::{Chunk, Frozen, Tail};
use super::{Additions, DIR, FAN, IndexError, Tree, background};
use crate::disk::{self, Disk};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, LockResult, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;

/// What a lock guards, even after a panic under it: nothing under these locks changes half of
/// what it changes, and whoever panicked has said so.
fn held<G>(lock: LockResult<G>) -> G {
    lock.unwrap_or_else(PoisonError::into_inner)
}

/// How the index is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The position of the first record of the log.
    pub log_start: u64,
    /// What filters may take in memory, in bytes; beyond it, probes read pages from the disk.
    pub filter_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            log_start: 0,
            filter_bytes: 192 << 20,
        }
    }
}

/// What look-ups see.
pub(super) struct State {
    /// The live runs, oldest first.
    pub(super) runs: Arc<[Arc<Run>]>,
    /// The tails that wait to become runs, oldest first.
    pub(super) frozen: Vec<Arc<Frozen>>,
    pub(super) tail: Tail,
    /// The generation that was sealed last.
    sealed: u64,
}

/// How far the background threads are.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) sealed: u64,
    pub(super) published: u64,
    pub(super) merging: bool,
    pub(super) closing: bool,
    pub(super) failure: Option<IndexError>,
}

/// What the threads share.
pub(super) struct Shared {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) budget: Arc<Budget>,
    /// The number of the next run.
    numbers: AtomicU64,
    publishing: Mutex<()>,
    progress: Mutex<Progress>,
    changed: Condvar,
    state: RwLock<State>,
}

/// Everything but the chunk that is open, as it stood at one moment.
pub(super) struct View {
    pub(super) runs: Arc<[Arc<Run>]>,
    frozen: Vec<Arc<Frozen>>,
    closed: Vec<Arc<Chunk>>,
}

impl View {
    /// The chunks in memory, oldest first.
    pub(super) fn chunks(&self) -> impl DoubleEndedIterator<Item = &Chunk> {
        self.frozen
            .iter()
            .flat_map(|frozen| &frozen.chunks)
            .chain(&self.closed)
            .map(|c| &**c)
    }
}

impl Shared {
    pub(super) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn runs(&self) -> Arc<[Arc<Run>]> {
        Arc::clone(&held(self.state.read()).runs)
    }

    pub(super) fn first_frozen(&self) -> Option<Arc<Frozen>> {
        held(self.state.read()).frozen.first().cloned()
    }

    /// Everything as of now; `read` sees the open chunk under the lock.
    pub(super) fn view<R>(&self, read: impl FnOnce(&Chunk) -> R) -> (View, R) {
        let state = held(self.state.read());
        let view = View {
            runs: Arc::clone(&state.runs),
            frozen: state.frozen.clone(),
            closed: state.tail.closed.clone(),
        };
        (view, read(&state.tail.open))
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        held(self.progress.lock())
    }

    /// Waits until `ready` or a failure.
    pub(super) fn wait(&self, ready: impl Fn(&Progress) -> bool) -> MutexGuard<'_, Progress> {
        let waits = |progress: &mut Progress| progress.failure.is_none() && !ready(progress);
        held(self.changed.wait_while(self.progress(), waits))
    }

    /// Changes the progress and wakes whoever waits for it.
    pub(super) fn note(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress());
        self.changed.notify_all();
    }

    /// Keeps the first error for [`Index::check`].
    pub(super) fn fail(&self, error: IndexError) {
        self.note(|progress| {
            progress.failure.get_or_insert(error);
        });
    }

    /// The lowest level below `limit` that has enough runs to be merged.
    pub(super) fn full_level(&self, limit: u8) -> Option<u8> {
        let runs = self.runs();
        (0..limit).find(|&level| runs.iter().filter(|run| run.head().level == level).count() >= FAN)
    }

    /// Makes `run`, the first frozen tail's (none where that covers nothing), live in its place.
    pub(super) fn publish_built(&self, run: Option<Run>) -> Result<(), IndexError> {
        let _one = held(self.publishing.lock());
        let mut runs = self.runs();
        if let Some(run) = run {
            let all: Vec<_> = runs.iter().cloned().chain([Arc::new(run)]).collect();
            self.write_manifest(&all)?;
            runs = all.into();
        }
        let done = {
            let mut state = held(self.state.write());
            state.runs = runs;
            state.frozen.remove(0)
        };
        self.note(|progress| progress.published = done.generation);
        Ok(())
    }

    /// Makes `merged` live in the place of `inputs`, which stand side by side, and removes these.
    pub(super) fn publish_merged(
        &self,
        inputs: &[Arc<Run>],
        merged: Run,
    ) -> Result<(), IndexError> {
        let _one = held(self.publishing.lock());
        let mut runs = self.runs().to_vec();
        let first = runs.iter().position(|run| Arc::ptr_eq(run, &inputs[0]));
        let first = first.expect("runs that are merged are live");
        runs.splice(first..first + inputs.len(), [Arc::new(merged)]);
        self.write_manifest(&runs)?;
        held(self.state.write()).runs = runs.into();
        // Dying from here on leaves files that no manifest names; the next opening removes them.
        for run in inputs {
            remove(&*self.disk, run.path())?;
        }
        self.changed.notify_all();
        Ok(())
    }

    fn write_manifest(&self, runs: &[Arc<Run>]) -> Result<(), IndexError> {
        manifest::replace(&*self.disk, self.numbers.load(Ordering::Relaxed), runs)
    }
}

fn remove(disk: &dyn Disk, path: &str) -> Result<(), IndexError> {
    disk.remove(path)
        .map_err(|e| IndexError::io(format!("removing {path}"), e))
}

/// The runs that a manifest names, where in the log they end, and the number of the next.
fn open_runs(
    disk: &dyn Disk,
    manifest: &Manifest,
    log_start: u64,
    budget: &Arc<Budget>,
) -> Result<(Vec<Arc<Run>>, u64, u64), IndexError> {
    let mut runs = Vec::with_capacity(manifest.items.len());
    let (mut covered, mut next) = (log_start, manifest.next);
    for item in &manifest.items {
        let run = Run::open(disk, item.number, budget)?;
        if Item::of(&run) != *item {
            return Err(run.damaged("not the run that the manifest names", run.blocks - 1));
        }
        if item.from != covered {
            let what = format!("the log begins at {covered}, its index at {}", item.from);
            return Err(IndexError::damaged(what, &manifest::path(), 0));
        }
        covered = item.end;
        next = next.max(item.number + 1);
        runs.push(Arc::new(run));
    }
    Ok((runs, covered, next))
}

/// The look-up of history, shared by the threads that use it.
pub struct Index {
    pub(super) shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Index {
    /// Opens the index below `disk`, empty where there is none, and starts its threads. The
    /// caller then appends what the log holds from [`Index::covered`] on.
    ///
    /// [`IndexError::Damaged`] says that files are not as they were written; [`Index::reset`]
    /// is the way out.
    pub fn open(disk: Arc<dyn Disk>, options: Options) -> Result<Self, IndexError> {
        disk.create_dir(DIR)
            .map_err(|e| IndexError::io(format!("creating {DIR}"), e))?;
        let manifest = manifest::read(&*disk)?;
        remove_strays(&*disk, &manifest.items)?;
        let budget = Budget::new(options.filter_bytes);
        let (runs, covered, next) = open_runs(&*disk, &manifest, options.log_start, &budget)?;
        let state = State {
            runs: runs.into(),
            frozen: Vec::new(),
            tail: Tail::new(covered),
            sealed: 0,
        };
        let shared = Arc::new(Shared {
            disk,
            budget,
            numbers: AtomicU64::new(next),
            publishing: Mutex::default(),
            progress: Mutex::default(),
            changed: Condvar::new(),
            state: RwLock::new(state),
        });
        let threads = Mutex::new(background::start(&shared)?);
        Ok(Self { shared, threads })
    }

    /// The live runs of an index that nobody has open, oldest first, for an audit: starts no
    /// threads and changes nothing.
    pub fn inspect(disk: &dyn Disk, options: Options) -> Result<Vec<RunView>, IndexError> {
        let manifest = manifest::read(disk)?;
        let budget = Budget::new(options.filter_bytes);
        let (runs, _, _) = open_runs(disk, &manifest, options.log_start, &budget)?;
        Ok(runs.into_iter().map(|run| RunView { run }).collect())
    }

    /// Removes whatever there is and opens an empty index, to be filled from the whole log.
    pub fn reset(disk: Arc<dyn Disk>, options: Options) -> Result<Self, IndexError> {
        let names = disk
            .list(DIR)
            .map_err(|e| IndexError::io(format!("listing {DIR}"), e))?;
        // First the manifest: without it the runs are strays, whenever we die.
        if names.iter().any(|name| name == manifest::NAME) {
            remove(&*disk, &manifest::path())?;
            disk.sync_dir(DIR)
                .map_err(|e| IndexError::io(format!("syncing {DIR}"), e))?;
        }
        Self::open(disk, options)
    }

    /// The position in the log up to which runs on disk reach.
    pub fn covered(&self) -> u64 {
        let state = held(self.shared.state.read());
        state
            .frozen
            .first()
            .map_or(state.tail.from, |frozen| frozen.from)
    }

    /// The position in the log up to which the index reaches, memory included.
    pub fn end(&self) -> u64 {
        held(self.shared.state.read()).tail.end
    }

    /// How many records were appended since the last [`Index::seal`].
    pub fn unsealed(&self) -> u64 {
        held(self.shared.state.read()).tail.records
    }

    /// Adds what one durable batch adds; look-ups see it from here on.
    ///
    /// Panics where `additions` do not begin at [`Index::end`] or have ids without their range:
    /// either would be a hole in history.
    pub fn append(&self, additions: &Additions) {
        let ids = &additions.entries[Tree::Id.number()];
        assert!(
            ids.is_empty() || additions.ids.is_some(),
            "ids come with their range"
        );
        debug_assert!(
            additions
                .entries
                .iter()
                .flatten()
                .all(|entry| { (additions.from..additions.end).contains(&entry.at) }),
            "positions are within the part of the log that is covered"
        );
        let mut state = held(self.shared.state.write());
        assert_eq!(additions.from, state.tail.end, "additions leave no gap");
        state.tail.append(additions);
    }

    /// Ends the open tail and hands it to the builder. Gives the number of this generation;
    /// generations count from 1 at every opening.
    pub fn seal(&self) -> u64 {
        let mut progress = self.shared.progress();
        let mut state = held(self.shared.state.write());
        state.sealed += 1;
        let generation = state.sealed;
        let frozen = state.tail.freeze(generation);
        state.frozen.push(Arc::new(frozen));
        progress.sealed = generation;
        self.shared.changed.notify_all();
        generation
    }

    /// How many sealed generations wait to become runs.
    pub fn backlog(&self) -> u64 {
        let progress = self.shared.progress();
        progress.sealed - progress.published
    }

    /// Waits until at most `most` sealed generations wait, so that a writer that is faster than
    /// the disk does not fill the memory.
    pub fn wait_backlog(&self, most: u64) -> Result<(), IndexError> {
        let progress = self.shared.wait(|p| p.sealed - p.published <= most);
        progress.failure.clone().map_or(Ok(()), Err)
    }

    /// Waits until nothing is left to build or to merge.
    pub fn settle(&self) -> Result<(), IndexError> {
        let progress = self.shared.wait(|p| {
            p.sealed == p.published && !p.merging && self.shared.full_level(u8::MAX).is_none()
        });
        progress.failure.clone().map_or(Ok(()), Err)
    }

    /// The newest generation whose run is live; it and those before are seen by
    /// [`Index::probe`]. 0 before the first.
    pub fn published(&self) -> u64 {
        self.shared.progress().published
    }

    /// The error that ended a background thread, if one did. The process should then stop: what
    /// is answered stays right, but the index no longer keeps up.
    pub fn check(&self) -> Result<(), IndexError> {
        self.shared.progress().failure.clone().map_or(Ok(()), Err)
    }

    /// The live runs, oldest first, for an audit. They stay readable while others replace them.
    pub fn runs(&self) -> Vec<RunView> {
        self.shared
            .runs()
            .iter()
            .map(|run| RunView {
                run: Arc::clone(run),
            })
            .collect()
    }

    /// Ends the threads: what is sealed is still made into runs, a merge is given up. Then as
    /// [`Index::check`].
    pub fn close(&self) -> Result<(), IndexError> {
        self.shared.note(|progress| progress.closing = true);
        let threads = std::mem::take(&mut *held(self.threads.lock()));
        for thread in threads {
            // A thread that panicked has left `Stopped` as the failure.
            let _ = thread.join();
        }
        self.check()
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        // Whoever wants to know closes before.
        let _ = self.close();
    }
}

/// Removes the runs that `items` do not name and what was never finished.
fn remove_strays(disk: &dyn Disk, items: &[Item]) -> Result<(), IndexError> {
    let names = disk
        .list(DIR)
        .map_err(|e| IndexError::io(format!("listing {DIR}"), e))?;
    for name in names {
        let is_run = name.starts_with("run-");
        let is_live = items.iter().any(|item| run::name(item.number) == name);
        let is_unfinished = name.strip_suffix(".new").is_some();
        if is_unfinished || is_run && !is_live {
            remove(disk, &disk::join(DIR, &name))?;
        }
    }
    Ok(())
}
