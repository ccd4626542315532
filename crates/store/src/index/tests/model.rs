//! What is appended is found, however it came to lie on the disk.

use super::{Dice, Index, Log, Memory, Order, Tree, audit, open, options};
use crate::disk::Disk;
use crate::disk::Local;
use crate::index::block;
use crate::index::cursor::Cursor;
use crate::index::filter::Budget;
use crate::index::run::Head;
use crate::index::write::Writer;
use crate::index::{Additions, Entry, FAN, RunView};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn answers_are_those_of_the_model(
        seed: u64,
        batches in 1_u64..150,
        most in prop::sample::select(vec![0_u64, 1, 30, 90]),
        seal in prop::sample::select(vec![1_u64, 20, 100, 1000]),
        stops in prop::collection::vec(0_usize..150, 0..4),
    ) {
        let log = Log::random(seed, batches, most);
        let mut dice = Dice(seed);
        let mut disk = Memory::new();
        for stop in stops.into_iter().chain([usize::MAX]) {
            let index = open(&disk).unwrap();
            prop_assert!(index.end() == index.covered());
            log.replay(&index, stop.min(log.batches.len()), seal).unwrap();
            // With the threads at work, then with all in place.
            log.compare(&index, &mut dice).unwrap();
            index.settle().unwrap();
            log.compare(&index, &mut dice).unwrap();
            audit(&index, &log).unwrap();
            index.close().unwrap();
            drop(index);
            disk = if seed & 1 == 0 { disk.after_cut() } else { disk.after_kill() };
        }
        let index = open(&disk).unwrap();
        log.compare(&index, &mut dice).unwrap();
    }
}

#[test]
fn large_runs_have_several_levels_of_index_blocks() {
    let log = Log::random(1, 60, 4000);
    let disk = Memory::new();
    let index = open(&disk).unwrap();
    log.replay(&index, 60, 8000).unwrap();
    index.seal();
    index.settle().unwrap();
    audit(&index, &log).unwrap();
    assert!(index.runs().iter().any(|run| run.level() > 0));
    let mut dice = Dice(2);
    log.compare_ids(&index, &mut dice).unwrap();
    log.compare_times(&index, &mut dice).unwrap();
    for account in 0..60 {
        let mut expected = log.expected(&index, Tree::Account, account);
        let all = 0..=u64::MAX;
        let found = index.find(
            Tree::Account,
            account,
            all.clone(),
            Order::Oldest,
            usize::MAX,
        );
        assert_eq!(found.unwrap(), expected);
        expected.reverse();
        let found = index.find(Tree::Account, account, all, Order::Newest, usize::MAX);
        assert_eq!(found.unwrap(), expected);
    }
}

#[test]
fn a_tree_of_three_levels_finds_every_key() {
    // A wide step and far positions in every leaf, so that few entries fill it.
    let entry = |n: u64| Entry {
        key: (n << 36) + ((n / 64) << 45),
        at: (n & 1) << 59 | n,
    };
    let entries = 13_200_000;
    let dir = tempfile::tempdir().unwrap();
    let disk = Local::new(dir.path());
    disk.create_dir("index").unwrap();
    let head = Head {
        number: 3,
        level: 0,
        from: 0,
        end: 1 << 60,
        records: 0,
        ids: None,
    };
    let mut writer = Writer::create(&disk, head, 0).unwrap();
    let mut pending = Vec::new();
    for tree in Tree::ALL {
        writer.begin(tree);
        if tree == Tree::UserData64 {
            for n in 0..entries {
                pending.push(entry(n));
                if pending.len() == 100_000 {
                    let taken = writer.write_full(&pending).unwrap();
                    pending.drain(..taken);
                }
            }
            writer.write_all(&pending).unwrap();
        }
        writer.end().unwrap();
    }
    let run = writer.finish(&disk, &Budget::new(0)).unwrap();
    assert_eq!(block::height(run.root(Tree::UserData64).unwrap()), 3);
    let mut cursor = Cursor::new(&run, Tree::UserData64);
    for n in (0..entries)
        .step_by(99_991)
        .chain([entries - 1, 5, entries / 2])
    {
        assert!(cursor.seek(entry(n)).unwrap());
        assert!(cursor.leaf().contains(&entry(n)));
        let (first, last) = (cursor.leaf()[0], *cursor.leaf().last().unwrap());
        assert_eq!(cursor.forward().unwrap(), last != entry(entries - 1));
        assert!(cursor.leaf()[0] > last || last == entry(entries - 1));
        assert!(cursor.seek(entry(n)).unwrap());
        assert_eq!(cursor.back().unwrap(), first != entry(0));
        assert!(*cursor.leaf().last().unwrap() < first || first == entry(0));
    }
}

#[test]
fn full_levels_become_one_run_and_old_files_go() {
    let log = Log::random(7, 70, 5);
    let disk = Memory::new();
    let index = open(&disk).unwrap();
    for batch in &log.batches {
        index.append(batch);
        index.seal();
        index.settle().unwrap();
    }
    let levels: Vec<_> = index.runs().iter().map(RunView::level).collect();
    assert_eq!(levels, [2, 0, 0, 0, 0, 0, 0], "70 = 64 + 6 in base {FAN}");
    assert_eq!(disk.files().len(), 7 + 1, "the runs and the manifest");
    let inspected = Index::inspect(&*disk, options()).unwrap();
    assert!(
        inspected
            .iter()
            .map(RunView::file)
            .eq(index.runs().iter().map(RunView::file))
    );
    let records: u64 = index.runs().iter().map(RunView::records).sum();
    assert_eq!(
        records,
        log.batches
            .iter()
            .map(|batch| u64::from(batch.records))
            .sum()
    );
}

#[test]
fn rising_ids_touch_no_filter() {
    let disk = Memory::new();
    let index = open(&disk).unwrap();
    let mut batch = Additions::default();
    for n in 0..5 {
        batch.clear(n * 10);
        batch.push_id(u128::from(n), n << 50, n * 10);
        batch.end = (n + 1) * 10;
        index.append(&batch);
        index.seal();
    }
    index.settle().unwrap();
    let calls = disk.calls();
    let mut found = Vec::new();
    index.probe(&[(5, 0), (6, 0)], &mut found).unwrap();
    assert_eq!((found.len(), disk.calls()), (0, calls));
    index.probe(&[(0, 0), (6, 0)], &mut found).unwrap();
    assert_eq!(found, [(0, 0)]);
}

#[test]
#[should_panic(expected = "additions leave no gap")]
fn a_gap_in_the_log_is_refused() {
    let index = open(&Memory::new()).unwrap();
    let mut batch = Additions::default();
    batch.clear(1);
    index.append(&batch);
}
