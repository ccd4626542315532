//! Look-up of one key, and of times, over everything: runs, sealed tails and the open one.

use super::cursor::Cursor;
use super::live::Index;
use super::run::Run;
use super::tail::Chunk;
use super::{Entry, IndexError, Tree};
use std::ops::RangeInclusive;

/// Which end of history comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Rising positions.
    Oldest,
    /// Falling positions.
    Newest,
}

/// What is looked for, and what was found so far.
struct Search {
    tree: Tree,
    key: u64,
    range: RangeInclusive<u64>,
    order: Order,
    limit: usize,
    found: Vec<u64>,
}

impl Index {
    /// The positions within `range` of the records that were entered in `tree` under `key`: the
    /// first `limit` in `order`.
    pub fn find(
        &self,
        tree: Tree,
        key: u64,
        range: RangeInclusive<u64>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<u64>, IndexError> {
        let mut search = Search {
            tree,
            key,
            range,
            order,
            limit,
            found: Vec::new(),
        };
        if limit == 0 || search.range.is_empty() {
            return Ok(search.found);
        }
        let (view, open) = self.shared.view(|open| search.matches(open));
        match order {
            Order::Oldest => {
                view.runs.iter().try_for_each(|run| search.run(run))?;
                view.chunks().for_each(|chunk| search.chunk(chunk));
                search.take(open.into_iter());
            }
            Order::Newest => {
                search.take(open.into_iter().rev());
                view.chunks().rev().for_each(|chunk| search.chunk(chunk));
                view.runs.iter().rev().try_for_each(|run| search.run(run))?;
            }
        }
        Ok(search.found)
    }

    /// The positions that may hold records of frames whose timestamps are within `times`
    /// (nanoseconds): those from the frame that was under way at its start up to the first frame
    /// after its end. To be used as the range of [`Index::find`]; the frames at its ends also
    /// hold other times.
    pub fn positions(&self, times: RangeInclusive<u64>) -> Result<RangeInclusive<u64>, IndexError> {
        let from = self.frame_at(*times.start())?.map_or(0, |frame| frame.at);
        let end = self
            .frame_after(*times.end())?
            .map_or(u64::MAX, |frame| frame.at);
        // Before the first frame there is nothing: a range that holds no position.
        Ok(if end == 0 {
            RangeInclusive::new(1, 0)
        } else {
            from..=end - 1
        })
    }

    /// The newest frame whose first timestamp is at or before `time`.
    pub fn frame_at(&self, time: u64) -> Result<Option<Entry>, IndexError> {
        let last = |chunk: &Chunk| {
            let frames = &chunk.entries[Tree::Time.number()];
            frames[..frames.partition_point(|frame| frame.key <= time)]
                .last()
                .copied()
        };
        let (view, open) = self.shared.view(last);
        if let Some(frame) = open.or_else(|| view.chunks().rev().find_map(last)) {
            return Ok(Some(frame));
        }
        let target = Entry {
            key: time,
            at: u64::MAX,
        };
        for run in view.runs.iter().rev() {
            let mut cursor = Cursor::new(run, Tree::Time);
            if run.section(Tree::Time).min <= time && cursor.seek(target)? {
                let leaf = cursor.leaf();
                let end = leaf.partition_point(|frame| *frame <= target);
                return Ok(leaf[..end].last().copied());
            }
        }
        Ok(None)
    }

    /// The oldest frame whose first timestamp is after `time`.
    pub fn frame_after(&self, time: u64) -> Result<Option<Entry>, IndexError> {
        let first = |chunk: &Chunk| {
            let frames = &chunk.entries[Tree::Time.number()];
            frames
                .get(frames.partition_point(|frame| frame.key <= time))
                .copied()
        };
        let (view, open) = self.shared.view(first);
        let target = Entry {
            key: time,
            at: u64::MAX,
        };
        for run in view.runs.iter() {
            let mut cursor = Cursor::new(run, Tree::Time);
            if run.section(Tree::Time).max <= time || !cursor.seek(target)? {
                continue;
            }
            loop {
                let after = cursor.leaf().iter().find(|frame| **frame > target);
                if let Some(frame) = after {
                    return Ok(Some(*frame));
                }
                if !cursor.forward()? {
                    break;
                }
            }
        }
        Ok(view.chunks().find_map(first).or(open))
    }
}

impl Search {
    /// The matches in a chunk, in rising order.
    fn matches(&self, chunk: &Chunk) -> Vec<u64> {
        let entries = chunk.within(self.tree, &self.range).iter();
        entries
            .filter(|entry| entry.key == self.key)
            .map(|entry| entry.at)
            .collect()
    }

    fn take(&mut self, positions: impl Iterator<Item = u64>) {
        let left = self.limit - self.found.len();
        self.found.extend(positions.take(left));
    }

    fn is_full(&self) -> bool {
        self.found.len() == self.limit
    }

    fn chunk(&mut self, chunk: &Chunk) {
        if self.is_full() {
            return;
        }
        let key = self.key;
        let matches = |entry: &&Entry| entry.key == key;
        let entries = chunk.within(self.tree, &self.range).iter();
        match self.order {
            Order::Oldest => self.take(entries.filter(matches).map(|entry| entry.at)),
            Order::Newest => self.take(entries.rev().filter(matches).map(|entry| entry.at)),
        }
    }

    fn run(&mut self, run: &Run) -> Result<(), IndexError> {
        let (head, section) = (run.head(), run.section(self.tree));
        let is_elsewhere = head.end <= *self.range.start()
            || head.from > *self.range.end()
            || !(section.min..=section.max).contains(&self.key);
        if self.is_full() || is_elsewhere {
            return Ok(());
        }
        let first = Entry {
            key: self.key,
            at: *self.range.start(),
        };
        let last = Entry {
            key: self.key,
            at: *self.range.end(),
        };
        let mut cursor = Cursor::new(run, self.tree);
        match self.order {
            Order::Oldest => {
                let mut more = cursor.seek(first)?;
                while more {
                    let leaf = cursor.leaf();
                    let from = leaf.partition_point(|entry| *entry < first);
                    let end = leaf.partition_point(|entry| *entry <= last);
                    self.take(leaf[from..end.max(from)].iter().map(|entry| entry.at));
                    more = end == leaf.len() && !self.is_full() && cursor.forward()?;
                }
            }
            Order::Newest => {
                let mut more = cursor.seek(last)?;
                while more {
                    let leaf = cursor.leaf();
                    let from = leaf.partition_point(|entry| *entry < first);
                    let end = leaf.partition_point(|entry| *entry <= last);
                    self.take(leaf[from..end.max(from)].iter().rev().map(|entry| entry.at));
                    more = from == 0 && !self.is_full() && cursor.back()?;
                }
            }
        }
        Ok(())
    }
}
