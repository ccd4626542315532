//! What the threads of the books share: how far the log is durable, and whether all is well.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};

use tokio::sync::{Notify, watch};

use crate::request::Refused;

/// Shared by the writer, the committer, the snapshotter and the handles.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    durable: Mutex<Durable>,
    moved: Condvar,
    /// Records that are durable, for those who wait for more without a thread.
    grown: watch::Sender<u64>,
    failure: OnceLock<String>,
    failed: Notify,
    closing: AtomicBool,
    /// Counters for metrics; each is written by one thread.
    pub(crate) counters: Counters,
}

/// How far the log is on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Durable {
    /// Position behind the last durable frame.
    pub(crate) end: u64,
    /// Records in durable frames.
    pub(crate) records: u64,
    /// Durable frames.
    pub(crate) batches: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accounts: AtomicU64,
    pub(crate) pending: AtomicU64,
    pub(crate) open_orders: AtomicU64,
    pub(crate) records: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) syncs: AtomicU64,
    pub(crate) log_bytes: AtomicU64,
    pub(crate) queued: AtomicU64,
    /// Number of the newest snapshot whose beginning the committer has passed on.
    pub(crate) snapshots_begun: AtomicU64,
}

impl Shared {
    /// The log is durable up to here.
    pub(crate) fn advance(&self, durable: Durable) {
        *self.durable.lock().unwrap_or_else(PoisonError::into_inner) = durable;
        self.moved.notify_all();
        self.grown.send_replace(durable.records);
    }

    /// Records that are durable, as they become more. A failure wakes as well.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.grown.subscribe()
    }

    /// How far the log is durable.
    pub(crate) fn durable(&self) -> Durable {
        *self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `reached` says so of the durable log; false where the books failed before.
    pub(crate) fn wait(&self, reached: impl Fn(Durable) -> bool) -> bool {
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        while !reached(*durable) {
            if self.failure.get().is_some() {
                return false;
            }
            durable = self
                .moved
                .wait(durable)
                .unwrap_or_else(PoisonError::into_inner);
        }
        true
    }

    /// Stops the books: nothing is written or acknowledged any more. The first reason stays.
    pub(crate) fn fail(&self, why: &str) {
        if self.failure.set(why.to_owned()).is_ok() {
            tracing::error!("the books stop: {why}");
        }
        // Under the lock, so that nobody goes to wait between its look and this call.
        let _durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        self.moved.notify_all();
        self.grown.send_modify(|_| ());
        self.failed.notify_waiters();
    }

    /// Why the books stopped, if they did.
    pub(crate) fn failure(&self) -> Option<Refused> {
        self.failure.get().map(|why| Refused::Stopped(why.clone()))
    }

    /// Returns once the books have failed.
    pub(crate) async fn failed(&self) -> String {
        loop {
            let failed = self.failed.notified();
            if let Some(why) = self.failure.get() {
                return why.clone();
            }
            failed.await;
        }
    }

    /// No request is taken any more.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }
}
