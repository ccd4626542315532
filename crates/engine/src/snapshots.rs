//! Snapshots while the books go on: the writer copies chunks between batches, a thread of its own
//! writes them.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use store::StoreError;
use store::disk::Disk;
use store::snapshot::{Meta, Writer};
use store::tree::Tree;

use crate::salt::Ratchet;
use crate::shared::Shared;

/// For the snapshotter.
pub(crate) enum Job {
    /// A snapshot begins; the key is that of its first batch.
    Begin(Box<Meta>, Ratchet),
    /// A chunk: its number, the records applied when it was copied, its bytes.
    Chunk(u32, u64, Vec<u8>),
    /// All chunks are there; the greatest stamp.
    End(u64),
    /// Everything before this is on the disk once the other end is dropped.
    Barrier(Sender<()>),
}

/// Writes snapshots until the writer and the committer have ended.
pub(crate) fn run(disk: &Arc<dyn Disk>, shared: &Shared, tree: &Tree, jobs: &Receiver<Job>) {
    let mut current: Option<(Writer, Ratchet)> = None;
    while let Ok(job) = jobs.recv() {
        if shared.failure().is_some() {
            current = None;
            continue;
        }
        if let Err(error) = step(disk, (shared, tree), &mut current, job) {
            // A snapshot that cannot be written costs the next start its speed, and tells that
            // the disk is full or failing: the log's own next write would fail as well.
            shared.fail(&format!("the snapshot: {error}"));
        }
    }
}

fn step(
    disk: &Arc<dyn Disk>,
    (shared, tree): (&Shared, &Tree),
    current: &mut Option<(Writer, Ratchet)>,
    job: Job,
) -> Result<(), StoreError> {
    match job {
        Job::Begin(meta, ratchet) => {
            *current = Some((Writer::create(Arc::clone(disk), &meta)?, ratchet));
        }
        Job::Chunk(number, stamp, bytes) => {
            if let Some((writer, _)) = current {
                writer.chunk(number, stamp, &bytes)?;
            }
        }
        Job::End(end_record) => {
            // A snapshot must never know more than the log does.
            if let Some((writer, ratchet)) = current.take()
                && shared.wait(|durable| durable.records >= end_record)
            {
                // A start takes the tree up as far as the snapshot knows.
                tree.sync()?;
                writer.finish(end_record)?;
                // If we die between the two, the older key is turned on further at the start.
                ratchet.write(&**disk)?;
            }
        }
        Job::Barrier(done) => drop(done),
    }
    Ok(())
}

/// How far the writer has come with the current snapshot.
pub(crate) enum Progress {
    /// None is under way; records applied when the last one began.
    Idle { last: u64 },
    /// Its header is on its way through the committer.
    Waiting {
        header: machine::SnapshotHeader,
        begun: u64,
    },
    /// Chunks are being copied.
    Copying {
        header: machine::SnapshotHeader,
        next: u32,
        /// A chunk that the snapshotter had no room for.
        held: Option<Job>,
    },
}
