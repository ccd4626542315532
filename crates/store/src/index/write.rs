//! Writing a run: one pass over sorted entries, in memory that does not grow with them.

use super::block::{self, BLOCK, Child, FANOUT, LEAF_MAX};
use super::filter::{Budget, Builder, Size};
use super::run::{self, Footer, Head, Run, Section};
use super::{DIR, Entry, IndexError, Tree};
use crate::disk::{self, Disk, File, Mode};
use std::sync::Arc;

/// Bytes gathered before they are written.
const BUFFER: usize = 64 * BLOCK;
/// Bytes written before they are synced: a long merge must not leave the disk a mountain that
/// the next sync of the log waits behind.
const SYNC_EVERY: usize = 2 << 20;

/// Blocks written in order to one part of a file.
struct Output {
    file: Arc<dyn File>,
    run: u64,
    path: String,
    /// The number of the next block.
    next: u64,
    buffer: Vec<u8>,
    unsynced: usize,
}

impl Output {
    fn new(file: Arc<dyn File>, run: u64, path: String, next: u64) -> Self {
        Self {
            file,
            run,
            path,
            next,
            buffer: Vec::with_capacity(BUFFER),
            unsynced: 0,
        }
    }

    /// Appends the block that `fill` writes into 4096 zeros, and gives its number.
    fn push(&mut self, fill: impl FnOnce(&mut [u8])) -> Result<u64, IndexError> {
        if self.buffer.len() == BUFFER {
            self.flush()?;
        }
        let start = self.buffer.len();
        self.buffer.resize(start + BLOCK, 0);
        let bytes = &mut self.buffer[start..];
        fill(bytes);
        block::seal(bytes, self.run, self.next);
        self.next += 1;
        Ok(self.next - 1)
    }

    fn flush(&mut self) -> Result<(), IndexError> {
        let at = self.next * BLOCK as u64 - self.buffer.len() as u64;
        disk::write_all_at(&*self.file, &self.buffer, at)
            .map_err(|e| IndexError::io(format!("writing {}", self.path), e))?;
        self.unsynced += self.buffer.len();
        self.buffer.clear();
        if self.unsynced >= SYNC_EVERY {
            self.sync()?;
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), IndexError> {
        self.unsynced = 0;
        self.file
            .sync()
            .map_err(|e| IndexError::io(format!("syncing {}", self.path), e))
    }
}

/// A run being written. The trees come in the order of [`Tree::ALL`], each with
/// [`Writer::begin`], then its entries in order, then [`Writer::end`].
pub(super) struct Writer {
    head: Head,
    out: Output,
    pages: Output,
    filter: Builder,
    size: Size,
    sections: [Section; Tree::COUNT],
    tree: Tree,
    /// For each height, the children of the index block being filled; the leaves first.
    levels: Vec<Vec<Child>>,
}

impl Writer {
    /// Begins the run `head` with `ids` entries in the tree of ids, under a temporary name.
    pub(super) fn create(disk: &dyn Disk, head: Head, ids: u64) -> Result<Self, IndexError> {
        let path = temporary(head.number);
        let file = disk
            .open(&path, Mode::Create)
            .map_err(|e| IndexError::io(format!("creating {path}"), e))?;
        let size = Size::of_keys(ids);
        Ok(Self {
            head,
            out: Output::new(Arc::clone(&file), head.number, path.clone(), size.pages()),
            pages: Output::new(file, head.number, path, 0),
            filter: Builder::new(size),
            size,
            sections: Default::default(),
            tree: Tree::Id,
            levels: Vec::new(),
        })
    }

    /// Begins a tree.
    pub(super) fn begin(&mut self, tree: Tree) {
        self.tree = tree;
        self.levels = vec![Vec::with_capacity(FANOUT)];
        let first = self.out.next;
        self.sections[tree.number()] = Section {
            first,
            ..Section::default()
        };
    }

    /// Writes leaves while they cannot be fuller, and gives how many entries they took. The rest
    /// is to come again, with what follows it.
    pub(super) fn write_full(&mut self, entries: &[Entry]) -> Result<usize, IndexError> {
        let mut taken = 0;
        while entries.len() - taken > LEAF_MAX {
            taken += self.leaf(&entries[taken..])?;
        }
        Ok(taken)
    }

    /// Writes all of the entries.
    pub(super) fn write_all(&mut self, mut entries: &[Entry]) -> Result<(), IndexError> {
        while !entries.is_empty() {
            let taken = self.leaf(entries)?;
            entries = &entries[taken..];
        }
        Ok(())
    }

    /// Ends the tree: writes the index blocks that are not full, up to the root.
    pub(super) fn end(&mut self) -> Result<(), IndexError> {
        let mut height = 0;
        while !self.levels[height].is_empty() {
            let is_root = height + 1 == self.levels.len() && self.levels[height].len() == 1;
            if is_root {
                self.sections[self.tree.number()].root = u64::from(self.levels[height][0].block);
                break;
            }
            self.close_index(height)?;
            height += 1;
        }
        let section = &mut self.sections[self.tree.number()];
        section.blocks = self.out.next - section.first;
        Ok(())
    }

    /// Writes what is left, makes all durable and gives the file its name.
    pub(super) fn finish(
        mut self,
        disk: &dyn Disk,
        budget: &Arc<Budget>,
    ) -> Result<Run, IndexError> {
        while self.filter.has_page() {
            self.pages.push(|bytes| self.filter.page(bytes))?;
        }
        self.pages.flush()?;
        let footer = Footer {
            head: self.head,
            filter: self.size.0,
            sections: self.sections,
        };
        self.out.push(|bytes| footer.write(bytes))?;
        self.out.flush()?;
        self.out.sync()?;
        // Dying before the rename leaves a temporary file, dying after it a run that no manifest
        // names; either is removed at the next opening.
        let (from, to) = (temporary(self.head.number), run::path(self.head.number));
        disk.rename(&from, &to)
            .and_then(|()| disk.sync_dir(DIR))
            .map_err(|e| IndexError::io(format!("renaming {from}"), e))?;
        Run::open(disk, self.head.number, budget)
    }

    fn leaf(&mut self, entries: &[Entry]) -> Result<usize, IndexError> {
        let shape = block::fit(entries);
        let entries = &entries[..shape.count];
        let (tree, first, last) = (self.tree, entries[0], entries[shape.count - 1]);
        debug_assert!(entries.is_sorted(), "entries are written in order");
        let place = self
            .out
            .push(|bytes| block::pack(entries, shape, tree as u8, bytes))?;
        let section = &mut self.sections[tree.number()];
        if section.entries == 0 {
            section.min = first.key;
        }
        section.max = last.key;
        section.entries += shape.count as u64;
        if tree == Tree::Id {
            self.add_to_filter(entries)?;
        }
        self.enter(
            0,
            Child {
                first,
                block: narrow(place),
            },
        )?;
        Ok(shape.count)
    }

    fn add_to_filter(&mut self, entries: &[Entry]) -> Result<(), IndexError> {
        for entry in entries {
            while !self.filter.is_here(entry.key) {
                self.pages.push(|bytes| self.filter.page(bytes))?;
            }
            self.filter.add(entry.key);
        }
        Ok(())
    }

    /// Enters a block into the index blocks of the level above it.
    fn enter(&mut self, height: usize, child: Child) -> Result<(), IndexError> {
        if height == self.levels.len() {
            self.levels.push(Vec::with_capacity(FANOUT));
        }
        // A full block is written when one child more comes, so that none is empty at the end.
        if self.levels[height].len() == FANOUT {
            self.close_index(height)?;
        }
        self.levels[height].push(child);
        Ok(())
    }

    fn close_index(&mut self, height: usize) -> Result<(), IndexError> {
        let children = std::mem::replace(&mut self.levels[height], Vec::with_capacity(FANOUT));
        let tree = self.tree as u8;
        let above = height as u8 + 1;
        let place = self
            .out
            .push(|bytes| block::pack_index(&children, above, tree, bytes))?;
        self.enter(
            height + 1,
            Child {
                first: children[0].first,
                block: narrow(place),
            },
        )
    }
}

/// The path of run `number` while it is written.
pub(super) fn temporary(number: u64) -> String {
    format!("{}.new", run::path(number))
}

/// 2^32 blocks are 16 TiB, more than a hundred billion transfers.
fn narrow(place: u64) -> u32 {
    u32::try_from(place).expect("a run has fewer than 2^32 blocks")
}
