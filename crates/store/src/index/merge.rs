//! Merging one tree of several runs: sequential reading, sequential writing, bounded memory.

use super::block::LEAF_MAX;
use super::run::Run;
use super::scan::Scan;
use super::write::Writer;
use super::{Entry, FAN, IndexError, Tree};
use std::sync::Arc;

/// Entries merged between two looks at what else there is to do.
const STEP: usize = 16 * LEAF_MAX;
/// The head of a run that has ended: greater than any other, for sources are few.
const OVER: u128 = u128::MAX;

/// One run's part in the merge.
struct Source {
    scan: Scan,
    leaf: Vec<Entry>,
    next: usize,
}

/// The merge of one tree.
///
/// A head is the next key of a source, then the number of that source: runs are given in the
/// order of the log, so entries of one key come out by position without looking at positions.
pub(super) struct Merge {
    sources: Vec<Source>,
    /// The least of all heads.
    winner: u128,
    /// A tournament over the heads, source i at leaf [`FAN`] + i: each inner node, 1 to
    /// [`FAN`] - 1, keeps the greater of the two that met there.
    losers: [u128; FAN],
    merged: Vec<Entry>,
}

impl Merge {
    pub(super) fn new(runs: &[Arc<Run>], tree: Tree) -> Result<Self, IndexError> {
        assert!(runs.len() <= FAN, "a merge of at most {FAN} runs");
        let source = |run| Source {
            scan: Scan::new(run, tree),
            leaf: Vec::new(),
            next: 0,
        };
        let mut sources: Vec<_> = runs.iter().cloned().map(source).collect();
        let mut winners = [OVER; 2 * FAN];
        for (i, source) in sources.iter_mut().enumerate() {
            winners[FAN + i] = source.refill(i)?;
        }
        let mut losers = [OVER; FAN];
        for node in (1..FAN).rev() {
            let (left, right) = (winners[2 * node], winners[2 * node + 1]);
            winners[node] = left.min(right);
            losers[node] = left.max(right);
        }
        let merged = Vec::with_capacity(STEP + LEAF_MAX);
        Ok(Self {
            sources,
            winner: winners[1],
            losers,
            merged,
        })
    }

    /// Merges some entries into the tree that `writer` has begun; false when all are written.
    pub(super) fn step(&mut self, writer: &mut Writer) -> Result<bool, IndexError> {
        let target = self.merged.len() + STEP;
        // In a variable of its own the winner stays in registers from one match to the next.
        let mut winner = self.winner;
        while self.merged.len() < target && winner != OVER {
            winner = self.take(winner)?;
        }
        self.winner = winner;
        if winner == OVER {
            writer.write_all(&self.merged)?;
            self.merged.clear();
            return Ok(false);
        }
        let taken = writer.write_full(&self.merged)?;
        self.merged.drain(..taken);
        Ok(true)
    }

    /// Takes the entry whose head is `winner`; gives the next winner.
    #[inline]
    fn take(&mut self, winner: u128) -> Result<u128, IndexError> {
        let i = winner as usize % FAN;
        let source = &mut self.sources[i];
        self.merged.push(source.leaf[source.next]);
        source.next += 1;
        let mut head = match source.leaf.get(source.next) {
            Some(entry) => head(entry.key, i),
            None => source.refill(i)?,
        };
        // What stands at the nodes does not depend on how the matches end, so nothing here waits
        // for memory, and nothing is a branch that could be guessed wrong.
        let mut node = usize::midpoint(FAN, i);
        for _ in 0..FAN.ilog2() {
            let other = self.losers[node];
            self.losers[node] = head.max(other);
            head = head.min(other);
            node /= 2;
        }
        Ok(head)
    }
}

impl Source {
    /// Reads the next leaf; gives the head of this source, number `i`.
    #[cold]
    fn refill(&mut self, i: usize) -> Result<u128, IndexError> {
        self.next = 0;
        self.scan.leaf(&mut self.leaf)?;
        Ok(self.leaf.first().map_or(OVER, |entry| head(entry.key, i)))
    }
}

#[inline]
fn head(key: u64, source: usize) -> u128 {
    u128::from(key) << 64 | source as u128
}
