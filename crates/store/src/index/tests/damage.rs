//! Damaged files give errors or right answers, never wrong ones.

use super::{Dice, Log, Memory, audit, open, options};
use crate::index::{Index, IndexError};
use std::sync::Arc;

fn built(log: &Log) -> Arc<Memory> {
    let disk = Memory::new();
    let index = open(&disk).unwrap();
    log.replay(&index, log.batches.len(), 40).unwrap();
    index.seal();
    index.settle().unwrap();
    index.close().unwrap();
    disk
}

/// Opens, replays, compares and audits; the first error, if any, must call itself damage.
fn answers_or_damage(disk: &Arc<Memory>, log: &Log) -> Option<IndexError> {
    let all = || {
        let index = open(disk)?;
        log.replay(&index, log.batches.len(), u64::MAX)?;
        log.compare(&index, &mut Dice(3))?;
        audit(&index, log)
    };
    let error = all().err();
    assert!(
        matches!(error, None | Some(IndexError::Damaged { .. })),
        "{error:?}"
    );
    error
}

#[test]
fn a_turned_bit_anywhere_is_noticed() {
    let log = Log::random(11, 14, 12);
    let disk = built(&log);
    assert!(answers_or_damage(&disk, &log).is_none());
    let mut dice = Dice(5);
    for (path, len) in disk.files() {
        // Every byte of the manifest, and of a run the first bytes of each block, where all but
        // packed entries stands, and some of the others.
        let chosen = (0..len).filter(|at| path.ends_with("manifest") || at % 4096 < 40);
        let others: Vec<_> = (0..60).map(|_| dice.roll(len as u64) as usize).collect();
        for at in chosen.chain(others) {
            let damaged = disk.after_kill();
            damaged.change(&path, |bytes| bytes[at] ^= 1 << dice.roll(8));
            assert!(
                answers_or_damage(&damaged, &log).is_some(),
                "{path} at {at}"
            );
        }
    }
}

#[test]
fn a_cut_file_and_a_missing_file_are_noticed() {
    let log = Log::random(12, 14, 12);
    let disk = built(&log);
    for (path, len) in disk.files() {
        for keep in [0, 1, 20, len / 2, len.saturating_sub(4096), len - 1] {
            let damaged = disk.after_kill();
            damaged.change(&path, |bytes| bytes.truncate(keep));
            assert!(
                answers_or_damage(&damaged, &log).is_some(),
                "{path} cut to {keep}"
            );
        }
        let damaged = disk.after_kill();
        crate::disk::Disk::remove(&*damaged, &path).unwrap();
        // Without a manifest all is built again from the log.
        let is_manifest = path.ends_with("manifest");
        assert_eq!(answers_or_damage(&damaged, &log).is_none(), is_manifest);
    }
}

#[test]
fn runs_that_changed_places_are_noticed() {
    let log = Log::random(13, 14, 12);
    let disk = built(&log);
    let runs: Vec<_> = disk
        .files()
        .into_iter()
        .filter(|(path, _)| path.contains("run-"))
        .collect();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    disk.change(&runs[0].0, |bytes| first.clone_from(bytes));
    disk.change(&runs[1].0, |bytes| second.clone_from(bytes));
    disk.change(&runs[0].0, |bytes| *bytes = second);
    disk.change(&runs[1].0, |bytes| *bytes = first);
    assert!(answers_or_damage(&disk, &log).is_some());
}

#[test]
fn a_reset_starts_over() {
    let log = Log::random(14, 14, 12);
    let disk = built(&log);
    disk.change("index/manifest", |bytes| bytes[20] ^= 1);
    assert!(open(&disk).is_err());
    let index = Index::reset(Arc::clone(&disk) as Arc<_>, options()).unwrap();
    assert_eq!((index.covered(), disk.files().len()), (0, 0));
    log.replay(&index, log.batches.len(), 40).unwrap();
    log.compare(&index, &mut Dice(6)).unwrap();
}
