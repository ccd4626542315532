//! The two threads: the builder makes runs of level 0, the merger those of the levels above, so
//! that a long merge never holds up a tail.

use super::block::LEAF_MAX;
use super::filter::Resident;
use super::live::Shared;
use super::merge::Merge;
use super::run::{Head, Run};
use super::tail::Frozen;
use super::write::{Writer, temporary};
use super::{Entry, FAN, IndexError, Tree, sort, widen};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// Levels are numbered in a byte; 8^21 records are more than a log can hold.
const LEVELS: u8 = 21;
/// Sorted entries that are written at once: they are still in the cache.
const READY: usize = 2 * LEAF_MAX;

pub(super) fn start(shared: &Arc<Shared>) -> Result<Vec<JoinHandle<()>>, IndexError> {
    let spawn = |name: &str, work: fn(&Shared) -> Result<(), IndexError>| {
        let shared = Arc::clone(shared);
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let _panics = ReportPanic(&shared);
                crate::priority::give_way();
                if let Err(error) = work(&shared) {
                    shared.fail(error);
                }
            })
            .map_err(|e| IndexError::io(format!("starting {name}"), e))
    };
    Ok(vec![
        spawn("index-build", build_all)?,
        spawn("index-merge", merge_all)?,
    ])
}

/// A thread that panics must not leave others waiting for it.
struct ReportPanic<'a>(&'a Shared);

impl Drop for ReportPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.fail(IndexError::Stopped);
        }
    }
}

/// Memory to sort in, kept from one run to the next: getting it anew costs as much as sorting.
#[derive(Default)]
struct Room {
    entries: Vec<Entry>,
    scratch: Vec<Entry>,
}

fn build_all(shared: &Shared) -> Result<(), IndexError> {
    let mut room = Room::default();
    loop {
        {
            let progress = shared.wait(|p| p.sealed > p.published || p.closing);
            if progress.failure.is_some() || progress.sealed == progress.published {
                return Ok(());
            }
        }
        let frozen = shared
            .first_frozen()
            .expect("a sealed tail stays until it is published");
        let covers_something = frozen.from < frozen.end;
        let run = covers_something
            .then(|| build(shared, &frozen, &mut room))
            .transpose()?;
        shared.publish_built(run)?;
    }
}

/// Sorts a tail into a run of level 0.
fn build(shared: &Shared, frozen: &Frozen, room: &mut Room) -> Result<Run, IndexError> {
    let head = Head {
        number: shared.next_number(),
        level: 0,
        from: frozen.from,
        end: frozen.end,
        records: frozen.records,
        ids: frozen.ids,
    };
    let ids = frozen
        .entries(Tree::Id)
        .iter()
        .map(|entries| entries.len() as u64)
        .sum();
    let mut writer = Writer::create(&*shared.disk, head, ids)?;
    for tree in Tree::ALL {
        writer.begin(tree);
        write_sorted(&frozen.entries(tree), &mut writer, room)?;
        writer.end()?;
    }
    let run = writer.finish(&*shared.disk, &shared.budget)?;
    // Where the filters of others are in use, the first probe should not wait for this one.
    if shared.runs().iter().any(|run| run.filter().is_some()) {
        run.load_filter(0)?;
    }
    Ok(run)
}

fn write_sorted(
    chunks: &[&[Entry]],
    writer: &mut Writer,
    room: &mut Room,
) -> Result<(), IndexError> {
    let (mut start, mut written) = (0, 0);
    for end in sort::gather(chunks, &mut room.entries) {
        let end = end as usize;
        sort::bucket(&mut room.entries[start..end], &mut room.scratch);
        start = end;
        if end - written > READY {
            written += writer.write_full(&room.entries[written..end])?;
        }
    }
    writer.write_all(&room.entries[written..])
}

fn merge_all(shared: &Shared) -> Result<(), IndexError> {
    loop {
        {
            let mut progress = shared.wait(|p| p.closing || shared.full_level(LEVELS).is_some());
            if progress.failure.is_some() || progress.closing {
                return Ok(());
            }
            progress.merging = true;
        }
        merge_below(shared, LEVELS)?;
        shared.note(|progress| progress.merging = false);
    }
}

/// Whether there is still reason to work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Closing,
}

/// Merges until no level below `limit` is full.
fn merge_below(shared: &Shared, limit: u8) -> Result<Outcome, IndexError> {
    while let Some(level) = shared.full_level(limit) {
        if merge(shared, level)? == Outcome::Closing {
            return Ok(Outcome::Closing);
        }
    }
    Ok(Outcome::Done)
}

/// Merges the oldest runs of a level into one of the next.
///
/// A long merge pauses for shorter ones below it, so that the number of runs, and with it the
/// cost of a look-up, stays low throughout.
fn merge(shared: &Shared, level: u8) -> Result<Outcome, IndexError> {
    let inputs: Vec<Arc<Run>> = shared
        .runs()
        .iter()
        .filter(|run| run.head().level == level)
        .take(FAN)
        .cloned()
        .collect();
    let head = Head {
        number: shared.next_number(),
        level: level + 1,
        from: inputs[0].head().from,
        end: inputs[FAN - 1].head().end,
        records: inputs.iter().map(|run| run.head().records).sum(),
        ids: inputs
            .iter()
            .fold(None, |ids, run| widen(ids, run.head().ids)),
    };
    let ids = inputs.iter().map(|run| run.section(Tree::Id).entries).sum();
    let mut writer = Writer::create(&*shared.disk, head, ids)?;
    for tree in Tree::ALL {
        writer.begin(tree);
        let mut merge = Merge::new(&inputs, tree)?;
        while merge.step(&mut writer)? {
            let is_closing = shared.progress().closing;
            if is_closing || merge_below(shared, level)? == Outcome::Closing {
                return give_up(shared, head.number);
            }
        }
        writer.end()?;
    }
    let merged = writer.finish(&*shared.disk, &shared.budget)?;
    // The inputs' filters are about to leave memory; theirs is the room that this one takes.
    let resident = inputs
        .iter()
        .filter_map(|run| run.filter())
        .map(Resident::bytes)
        .sum();
    if resident > 0 {
        merged.load_filter(resident)?;
    }
    shared.publish_merged(&inputs, merged)?;
    Ok(Outcome::Done)
}

fn give_up(shared: &Shared, number: u64) -> Result<Outcome, IndexError> {
    let path = temporary(number);
    shared
        .disk
        .remove(&path)
        .map_err(|e| IndexError::io(format!("removing {path}"), e))?;
    Ok(Outcome::Closing)
}
