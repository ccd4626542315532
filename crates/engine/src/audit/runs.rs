//! The runs of the index, compared while the log passes.

use machine::State;
use model::Record;
use store::index::{Additions, Entry, IdHash, RunView, Tree};

use super::Audit;
use crate::replay::enter;

/// The runs of the index, in the order of the log, compared while the log passes.
///
/// Entries of a run are in the order of keys, those of the log in the order of time. So what is
/// compared is a sum of keyed hashes of the entries, which does not depend on their order; the key
/// is drawn for each audit, so that nobody can make other entries with the same sum beforehand.
pub(super) struct Runs {
    ahead: std::vec::IntoIter<RunView>,
    current: Option<RunView>,
    expected: [Sum; Tree::COUNT],
    hash: IdHash,
    secret: [IdHash; 2],
    additions: Additions,
    /// Whether the frame that passes lies in the current run.
    inside: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    count: u64,
    hashes: u128,
}

impl Sum {
    fn add(&mut self, entry: Entry, secret: &[IdHash; 2]) {
        let both = u128::from(entry.key) << 64 | u128::from(entry.at);
        let hash = u128::from(secret[0].of(both)) << 64 | u128::from(secret[1].of(both));
        self.count += 1;
        self.hashes = self.hashes.wrapping_add(hash);
    }
}

impl Runs {
    pub(super) fn new(runs: Vec<RunView>, hash: IdHash) -> Self {
        let mut random = [0; 32];
        // Without random numbers the comparison still finds every accident.
        let _ = getrandom::fill(&mut random);
        let word = |at: usize| u64::from_le_bytes(random[at..at + 8].try_into().expect("8 bytes"));
        let secret = [
            IdHash::new([word(0), word(8)]),
            IdHash::new([word(16), word(24)]),
        ];
        let mut runs = runs.into_iter();
        let current = runs.next();
        let expected = [Sum::default(); Tree::COUNT];
        let additions = Additions::default();
        Self {
            ahead: runs,
            current,
            expected,
            hash,
            secret,
            additions,
            inside: false,
        }
    }

    /// The log has passed up to `at`: runs that end there are compared.
    pub(super) fn reach(&mut self, at: u64, audit: &mut Audit) {
        while let Some(run) = &self.current
            && run.covers().end <= at
        {
            self.compare(run, audit);
            self.expected = [Sum::default(); Tree::COUNT];
            self.current = self.ahead.next();
        }
        self.inside = self
            .current
            .as_ref()
            .is_some_and(|run| run.covers().contains(&at));
        self.additions.entries[Tree::Time.number()].clear();
    }

    pub(super) fn enter(&mut self, record: &Record, places: (u64, u64), state: &State) {
        if !self.inside {
            return;
        }
        // Only the first transfer of a frame has an entry of time: it stays to say so.
        for tree in Tree::ALL.into_iter().filter(|tree| *tree != Tree::Time) {
            self.additions.entries[tree.number()].clear();
        }
        let timed = self.additions.entries[Tree::Time.number()].len();
        // The fold has found both accounts before.
        enter(&mut self.additions, self.hash, record, places, &|id| {
            state.slot_of(id)
        });
        for tree in Tree::ALL {
            let from = if tree == Tree::Time { timed } else { 0 };
            for entry in &self.additions.entries[tree.number()][from..] {
                self.expected[tree.number()].add(*entry, &self.secret);
            }
        }
    }

    fn compare(&self, run: &RunView, audit: &mut Audit) {
        for tree in Tree::ALL {
            let mut found = Sum::default();
            for entry in run.entries(tree) {
                match entry {
                    Ok(entry) => found.add(entry, &self.secret),
                    Err(error) => {
                        audit.differences.push(format!("the index: {error}"));
                        return;
                    }
                }
            }
            audit.entries += found.count;
            if found != self.expected[tree.number()] {
                let (file, name) = (run.file(), tree.name());
                let what = format!("{file}: the entries of tree {name} are not those of the log");
                audit.differences.push(what);
            }
        }
    }

    pub(super) fn rest(&mut self) -> impl Iterator<Item = RunView> {
        self.current.take().into_iter().chain(&mut self.ahead)
    }
}
