//! The power goes off at every call in turn; what is on the disk then is opened and continued.

use super::{Dice, Log, Memory, audit, open};
use crate::index::{IndexError, RunView};
use std::sync::Arc;

/// Appends, seals, merges and settles with the calls that the disk allows; gives how far the
/// runs certainly reached.
fn work(disk: &Arc<Memory>, log: &Log) -> u64 {
    let Ok(index) = open(disk) else { return 0 };
    for batch in &log.batches {
        index.append(batch);
        index.seal();
        if index.settle().is_err() {
            assert!(index.check().is_err(), "the failure stays");
            break;
        }
    }
    index.covered()
}

fn continues(disk: &Arc<Memory>, log: &Log, covered: u64) -> Result<(), IndexError> {
    let index = open(disk)?;
    assert!(index.covered() >= covered, "what was published is durable");
    assert!(index.covered() <= log.batches.last().expect("batches").end);
    log.replay(&index, log.batches.len(), 5)?;
    index.settle()?;
    let runs = index.runs();
    let live: Vec<_> = runs.iter().map(RunView::file).collect();
    for (path, _) in disk.files() {
        assert!(
            live.contains(&&*path) || path == "index/manifest",
            "{path} is left behind"
        );
    }
    log.compare(&index, &mut Dice(covered))?;
    audit(&index, log)
}

#[test]
fn a_power_cut_at_any_call_loses_nothing_that_was_covered() {
    let log = Log::random(21, 18, 4);
    let whole = Memory::new();
    work(&whole, &log);
    let calls = whole.calls();
    assert!(calls > 300, "{calls}");
    for allowed in 0..calls {
        let disk = Memory::new();
        disk.allow(allowed);
        let covered = work(&disk, &log);
        continues(&disk.after_cut(), &log, covered).unwrap();
        continues(&disk.after_kill(), &log, covered).unwrap();
    }
}

#[test]
fn a_reset_cut_short_leaves_an_index_that_opens() {
    let log = Log::random(22, 18, 4);
    let whole = Memory::new();
    work(&whole, &log);
    for allowed in 0..30 {
        let disk = whole.after_cut();
        disk.allow(allowed);
        let _ = crate::index::Index::reset(Arc::clone(&disk) as Arc<_>, super::options());
        continues(&disk.after_cut(), &log, 0).unwrap();
        continues(&disk.after_kill(), &log, 0).unwrap();
    }
}
