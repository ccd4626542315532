//! Reading a tree of a run from front to back, for merging and for audits.

use super::block::{self, BLOCK, SLACK};
use super::filter::Bits;
use super::run::{Run, STRIDE};
use super::{Entry, IndexError, Tree};
use std::sync::Arc;

/// The leaves of one tree in order, read in strides; checksums are verified.
pub(super) struct Scan {
    run: Arc<Run>,
    tree: Tree,
    /// The next block to read.
    next: u64,
    end: u64,
    /// Blocks that were read, with slack behind them.
    stride: Vec<u8>,
    /// The part of `stride` still to be unpacked.
    left: std::ops::Range<usize>,
    /// Entries still to come, by the footer.
    owed: u64,
}

impl Scan {
    pub(super) fn new(run: Arc<Run>, tree: Tree) -> Self {
        let section = *run.section(tree);
        Self {
            run,
            tree,
            next: section.first,
            end: section.first + section.blocks,
            stride: vec![0; STRIDE * BLOCK + SLACK],
            left: 0..0,
            owed: section.entries,
        }
    }

    /// Unpacks the next leaf into `entries`; leaves them empty at the end.
    pub(super) fn leaf(&mut self, entries: &mut Vec<Entry>) -> Result<(), IndexError> {
        entries.clear();
        loop {
            if self.left.is_empty() && !self.read_stride()? {
                return Ok(());
            }
            let place = self.next - (self.left.len() / BLOCK) as u64;
            let bytes = &self.stride[self.left.start..self.left.start + BLOCK + SLACK];
            self.left.start += BLOCK;
            if usize::from(block::kind(bytes)) != self.tree.number() {
                return Err(self.run.damaged("a block of another tree", place));
            }
            // Index blocks stand between the leaves; a scan has no use for them.
            if block::height(bytes) == 0 {
                block::unpack(bytes, entries).map_err(|what| self.run.damaged(what, place))?;
                return self.pay(entries.len() as u64, place);
            }
        }
    }

    /// Counts entries off against the footer.
    fn pay(&mut self, entries: u64, place: u64) -> Result<(), IndexError> {
        match self.owed.checked_sub(entries) {
            Some(owed) if owed == 0 || self.next < self.end || !self.left.is_empty() => {
                self.owed = owed;
                Ok(())
            }
            _ => Err(self
                .run
                .damaged("a tree has not as many entries as its footer says", place)),
        }
    }

    fn read_stride(&mut self) -> Result<bool, IndexError> {
        let count = (self.end - self.next).min(STRIDE as u64);
        if count == 0 {
            return match self.owed {
                0 => Ok(false),
                _ => Err(self
                    .run
                    .damaged("a tree ends before its entries do", self.end)),
            };
        }
        let bytes = count as usize * BLOCK;
        self.run.read_many(self.next, &mut self.stride[..bytes])?;
        self.next += count;
        self.left = 0..bytes;
        self.run
            .warm(self.next, self.end.min(self.next + STRIDE as u64));
        Ok(true)
    }
}

/// A live run, for an audit that compares it with the log.
#[derive(Clone)]
pub struct RunView {
    pub(super) run: Arc<Run>,
}

impl RunView {
    /// The run's file, below the directory of the books.
    pub fn file(&self) -> &str {
        self.run.path()
    }

    /// The run's level: runs of level 0 come from memory, others from [`super::FAN`] of the
    /// level below.
    pub fn level(&self) -> u8 {
        self.run.head().level
    }

    /// The range of the log that the run covers, in bytes.
    pub fn covers(&self) -> std::ops::Range<u64> {
        self.run.head().from..self.run.head().end
    }

    /// How many records of the log that is.
    pub fn records(&self) -> u64 {
        self.run.head().records
    }

    /// The least and the greatest transfer id in the run.
    pub fn ids(&self) -> Option<(u128, u128)> {
        self.run.head().ids
    }

    /// How many entries a tree has.
    pub fn count(&self, tree: Tree) -> u64 {
        self.run.section(tree).entries
    }

    /// The length of the file in bytes.
    pub fn bytes(&self) -> u64 {
        self.run.blocks * BLOCK as u64
    }

    /// All entries of a tree in order. What does not agree with itself is an error: a checksum,
    /// the order, the number of entries, the greatest key, an `at` outside the run's range or an
    /// id that the filter would hide.
    pub fn entries(&self, tree: Tree) -> Entries {
        Entries {
            scan: Scan::new(Arc::clone(&self.run), tree),
            leaf: Vec::new(),
            next: 0,
            last: None,
            page: vec![0; BLOCK],
            over: false,
        }
    }
}

/// The entries of one tree of a run, in order of key and position; ends after an error.
pub struct Entries {
    scan: Scan,
    leaf: Vec<Entry>,
    next: usize,
    last: Option<Entry>,
    page: Vec<u8>,
    over: bool,
}

impl Entries {
    fn advance(&mut self) -> Result<Option<Entry>, IndexError> {
        if self.next == self.leaf.len() {
            self.next = 0;
            self.scan.leaf(&mut self.leaf)?;
        }
        let section = *self.scan.run.section(self.scan.tree);
        let Some(&entry) = self.leaf.get(self.next) else {
            return match self.last {
                Some(last) if last.key != section.max => Err(self.wrong("the greatest key")),
                _ => Ok(None),
            };
        };
        self.next += 1;
        self.check(entry)?;
        self.last = Some(entry);
        Ok(Some(entry))
    }

    fn check(&mut self, entry: Entry) -> Result<(), IndexError> {
        let run = &self.scan.run;
        let ordered = match self.last {
            Some(last) => last <= entry,
            None => run.section(self.scan.tree).min == entry.key,
        };
        if !ordered {
            return Err(self.wrong("the order of entries"));
        }
        if !(run.head().from..run.head().end).contains(&entry.at) {
            return Err(self.wrong("a position outside the run's range"));
        }
        let is_id = self.scan.tree == Tree::Id;
        if is_id && !run.filter_page_holds(entry.key, &Bits::of(entry.key), &mut self.page)? {
            return Err(self.wrong("an id that the filter hides"));
        }
        Ok(())
    }

    fn wrong(&self, what: &str) -> IndexError {
        let place = self
            .scan
            .next
            .saturating_sub((self.scan.left.len() / BLOCK) as u64 + 1);
        self.scan.run.damaged(
            &format!("wrong in the {} tree: {what}", self.scan.tree.name()),
            place,
        )
    }
}

impl Iterator for Entries {
    type Item = Result<Entry, IndexError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = self.advance().transpose();
        self.over = !matches!(next, Some(Ok(_)));
        next
    }
}
