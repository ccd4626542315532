//! Finding a place in one tree of a run.

use super::block::{self, BLOCK, SLACK};
use super::run::Run;
use super::{Entry, IndexError, Tree};

/// A leaf of a tree, and the way down to it. Blocks that the way to the next place shares with
/// the last are not read again, so places are best looked for in order.
pub(super) struct Cursor<'r> {
    run: &'r Run,
    tree: Tree,
    /// The index blocks between the root and the leaf: their numbers and bytes, from the root.
    path: Vec<(u64, Box<[u8]>)>,
    bytes: Box<[u8]>,
    place: Option<u64>,
    leaf: Vec<Entry>,
}

impl<'r> Cursor<'r> {
    pub(super) fn new(run: &'r Run, tree: Tree) -> Self {
        Self {
            run,
            tree,
            path: Vec::new(),
            bytes: empty(),
            place: None,
            leaf: Vec::new(),
        }
    }

    /// The entries of the leaf.
    pub(super) fn leaf(&self) -> &[Entry] {
        &self.leaf
    }

    /// Goes to the leaf with the last entry at or before `target`, or to the first leaf; false
    /// where the tree has no entries.
    pub(super) fn seek(&mut self, target: Entry) -> Result<bool, IndexError> {
        let Some(root) = self.run.root(self.tree) else {
            return Ok(false);
        };
        let mut place = self.run.section(self.tree).root;
        let mut height = block::height(root);
        for depth in 0..usize::from(height) {
            let bytes = if depth == 0 {
                root
            } else {
                &self.path[depth - 1].1
            };
            place = block::child(bytes, target).map_err(|what| self.run.damaged(what, place))?;
            height -= 1;
            if height > 0 {
                self.descend(depth, place, height)?;
            }
        }
        if self.place != Some(place) {
            self.place = None;
            self.run.read_block(self.tree, place, &mut self.bytes)?;
            if block::height(&self.bytes) != 0 {
                return Err(self
                    .run
                    .damaged("an index block in the place of a leaf", place));
            }
            self.unpack(place)?;
        }
        Ok(true)
    }

    /// Reads the index block `place` as the one at `depth` below the root.
    fn descend(&mut self, depth: usize, place: u64, height: u8) -> Result<(), IndexError> {
        if self.path.len() == depth {
            self.path.push((u64::MAX, empty()));
        }
        let (held, bytes) = &mut self.path[depth];
        if *held != place {
            *held = u64::MAX;
            self.run.read_block(self.tree, place, bytes)?;
            if block::height(bytes) != height {
                return Err(self.run.damaged("an index block of another height", place));
            }
            *held = place;
        }
        Ok(())
    }

    /// Goes to the next leaf; false where this is the last.
    pub(super) fn forward(&mut self) -> Result<bool, IndexError> {
        let section = self.run.section(self.tree);
        let Some(place) = self.place else {
            return Ok(false);
        };
        self.nearest(place + 1..section.first + section.blocks)
    }

    /// Goes to the leaf before; false where this is the first.
    pub(super) fn back(&mut self) -> Result<bool, IndexError> {
        let Some(place) = self.place else {
            return Ok(false);
        };
        self.nearest((self.run.section(self.tree).first..place).rev())
    }

    /// Goes to the first of `places` that is a leaf; those between leaves are index blocks.
    fn nearest(&mut self, places: impl Iterator<Item = u64>) -> Result<bool, IndexError> {
        for place in places {
            self.place = None;
            self.run.read_block(self.tree, place, &mut self.bytes)?;
            if block::height(&self.bytes) == 0 {
                self.unpack(place)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn unpack(&mut self, place: u64) -> Result<(), IndexError> {
        block::unpack(&self.bytes, &mut self.leaf).map_err(|what| self.run.damaged(what, place))?;
        self.place = Some(place);
        Ok(())
    }
}

fn empty() -> Box<[u8]> {
    vec![0; BLOCK + SLACK].into_boxed_slice()
}
