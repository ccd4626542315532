//! The index against a model, against damage and against power cuts.

mod crash;
mod damage;
mod memory;
mod model;

use super::{Additions, Entry, IdHash, Index, IndexError, Options, Order, Tree};
use memory::Memory;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Bytes of the pretended log for one record.
const RECORD: u64 = 10;

/// Draws numbers; the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (n ^ (n >> 31)) % sides
    }
}

/// A log that can be replayed from anywhere, with the model of what an index must hold.
struct Log {
    hash: IdHash,
    batches: Vec<Additions>,
    model: BTreeSet<(Tree, Entry)>,
    ids: Vec<u128>,
}

impl Log {
    /// A log of `batches` batches of up to `most` records, with everything that keys can be:
    /// repeated and colliding ids, hot accounts, keys at both ends of the range.
    fn random(seed: u64, batches: u64, most: u64) -> Self {
        let mut dice = Dice(seed);
        let hash = IdHash::new([dice.roll(u64::MAX), dice.roll(u64::MAX)]);
        let mut log = Self {
            hash,
            batches: Vec::new(),
            model: BTreeSet::new(),
            ids: Vec::new(),
        };
        let mut at = 0;
        for _ in 0..batches {
            let mut batch = Additions::default();
            batch.clear(at);
            batch.push(Tree::Time, at * 3, at);
            for _ in 0..dice.roll(most + 1) {
                log.record(&mut batch, &mut dice, at);
                batch.records += 1;
                at += RECORD;
            }
            at += 1;
            batch.end = at;
            for tree in Tree::ALL {
                log.model
                    .extend(batch.entries[tree.number()].iter().map(|e| (tree, *e)));
            }
            log.batches.push(batch);
        }
        log
    }

    fn record(&mut self, batch: &mut Additions, dice: &mut Dice, at: u64) {
        let repeats = !self.ids.is_empty() && dice.roll(5) == 0;
        let id = if repeats {
            self.ids[dice.roll(self.ids.len() as u64) as usize]
        } else {
            u128::from(dice.roll(u64::MAX)) << 40
        };
        self.ids.push(id);
        batch.push_id(id, self.hash.of(id), at);
        let debit = dice.roll(40) * dice.roll(2);
        batch.push(Tree::Account, debit, at);
        batch.push(Tree::Account, 41 + dice.roll(1000), at);
        if dice.roll(3) == 0 {
            batch.push(Tree::UserData128, dice.roll(u64::MAX), at);
            batch.push(Tree::UserData64, u64::MAX - dice.roll(3), at);
            batch.push(Tree::UserData32, 1 + dice.roll(2), at);
        }
    }

    /// Appends what an index lacks, sealing after every `seal` records.
    fn replay(&self, index: &Index, upto: usize, seal: u64) -> Result<(), IndexError> {
        let end = index.end();
        for batch in self.batches[..upto]
            .iter()
            .filter(|batch| batch.from >= end)
        {
            index.append(batch);
            if index.unsealed() >= seal {
                index.seal();
                index.wait_backlog(1)?;
            }
        }
        index.check()
    }

    /// What the model has of a key, up to where the index reaches.
    fn expected(&self, index: &Index, tree: Tree, key: u64) -> Vec<u64> {
        let from = (tree, Entry { key, at: 0 });
        let end = (
            tree,
            Entry {
                key,
                at: index.end(),
            },
        );
        self.model
            .range(from..end)
            .map(|(_, entry)| entry.at)
            .collect()
    }

    /// Compares all that an index answers with the model.
    fn compare(&self, index: &Index, dice: &mut Dice) -> Result<(), IndexError> {
        let mut keys: BTreeSet<(Tree, u64)> = self.model.iter().map(|(t, e)| (*t, e.key)).collect();
        keys.extend(Tree::ALL.map(|tree| (tree, dice.roll(u64::MAX))));
        for (tree, key) in keys {
            let mut expected = self.expected(index, tree, key);
            let found = index.find(tree, key, 0..=u64::MAX, Order::Oldest, usize::MAX)?;
            assert_eq!(found, expected, "{} {key}", tree.name());
            let (a, b) = (dice.roll(index.end() + 1), dice.roll(index.end() + 1));
            let (range, limit) = (a.min(b)..=a.max(b), dice.roll(20) as usize);
            expected.retain(|at| range.contains(at));
            let found = index.find(tree, key, range.clone(), Order::Oldest, limit)?;
            assert_eq!(
                found,
                expected[..limit.min(expected.len())],
                "{} {key}",
                tree.name()
            );
            expected.reverse();
            let found = index.find(tree, key, range, Order::Newest, limit)?;
            assert_eq!(
                found,
                expected[..limit.min(expected.len())],
                "{} {key}",
                tree.name()
            );
        }
        self.compare_ids(index, dice)?;
        self.compare_times(index, dice)
    }

    fn compare_ids(&self, index: &Index, dice: &mut Dice) -> Result<(), IndexError> {
        let mut ids: Vec<_> = self.ids.iter().map(|id| (*id, self.hash.of(*id))).collect();
        for _ in 0..50 {
            let id = u128::from(dice.roll(u64::MAX));
            ids.push((id, self.hash.of(id)));
        }
        let mut found = Vec::new();
        // Published before probed: the order in which a writer does it.
        let covered = index.covered();
        index.probe(&ids, &mut found)?;
        let (mut everywhere, mut expected) = (Vec::new(), Vec::new());
        index.find_ids(&ids, &mut everywhere)?;
        for (i, (_, hash)) in (0..).zip(&ids) {
            let positions = self.expected(index, Tree::Id, *hash);
            expected.extend(positions.into_iter().map(|at| (i, at)));
        }
        assert_eq!(everywhere, expected);
        // A tail may have become a run between the two calls.
        found.retain(|(_, at)| *at < covered);
        expected.retain(|(_, at)| *at < covered);
        assert_eq!(found, expected);
        Ok(())
    }

    fn compare_times(&self, index: &Index, dice: &mut Dice) -> Result<(), IndexError> {
        let frames: Vec<Entry> = self
            .batches
            .iter()
            .filter(|batch| batch.end <= index.end())
            .flat_map(|batch| batch.entries[Tree::Time.number()].clone())
            .collect();
        for _ in 0..30 {
            let time = dice.roll(index.end() * 3 + 9);
            let next = frames.partition_point(|frame| frame.key <= time);
            assert_eq!(index.frame_after(time)?, frames.get(next).copied());
            assert_eq!(index.frame_at(time)?, frames[..next].last().copied());
        }
        Ok(())
    }
}

fn options() -> Options {
    Options {
        log_start: 0,
        filter_bytes: 3000,
    }
}

fn open(disk: &Arc<Memory>) -> Result<Index, IndexError> {
    Index::open(Arc::clone(disk) as Arc<_>, options())
}

/// Checks every run as an auditor would: its entries are those of its range of the log.
fn audit(index: &Index, log: &Log) -> Result<(), IndexError> {
    let mut from = 0;
    for run in index.runs() {
        let range = run.covers();
        assert_eq!(range.start, from);
        from = range.end;
        for tree in Tree::ALL {
            let entries: Vec<_> = run.entries(tree).collect::<Result<_, _>>()?;
            let model = log
                .model
                .iter()
                .filter(|(t, e)| *t == tree && range.contains(&e.at));
            let expected: Vec<_> = model.map(|(_, entry)| *entry).collect();
            assert_eq!(entries, expected, "{} in {}", tree.name(), run.file());
            assert_eq!(run.count(tree), entries.len() as u64);
        }
    }
    Ok(())
}
