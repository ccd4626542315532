//! Tiles that were fetched, and the check that they are those of a checkpoint.

use std::collections::BTreeMap;

use super::{HashReader, ReadError, Tile, TileError, WIDTH, head_at, new_tiles};
use crate::{EMPTY, Hash, Head, MAX_SIZE, root_of};

/// Tiles in memory, as a monitor fetched them. Nothing is believed of them before a check.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TileSet {
    /// The widest version of each tile, by level and index.
    tiles: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl TileSet {
    /// No tiles.
    pub fn new() -> TileSet {
        TileSet::default()
    }

    /// Adds a tile by its contents. Of several versions the widest one stays, and all must agree
    /// in the hashes that they share.
    pub fn insert(&mut self, tile: Tile, bytes: &[u8]) -> Result<(), TileError> {
        let length = bytes.len();
        if tile.width == 0 || u64::from(tile.width) > WIDTH {
            return Err(TileError::WrongLength { tile, length });
        }
        let hashes = tile.hashes(bytes)?;
        let known = self.tiles.entry((tile.level, tile.index)).or_default();
        let differs = known.iter().zip(&hashes).position(|(a, b)| a != b);
        if let Some(at) = differs {
            let at = at as u16;
            return Err(TileError::Changed { tile, at });
        }
        if known.len() < hashes.len() {
            *known = hashes;
        }
        Ok(())
    }

    /// The hashes of a tile, exactly `width` of them.
    fn get(&self, tile: Tile) -> Result<&[Hash], TileError> {
        let known = self.tiles.get(&(tile.level, tile.index));
        known
            .and_then(|hashes| hashes.get(..usize::from(tile.width)))
            .ok_or(TileError::Missing { tile })
    }

    /// Checks that full tile `index` of a level hashes to its entry one level up.
    pub fn check_full(&self, level: u8, index: u64) -> Result<(), TileError> {
        let tile = Tile {
            level,
            index,
            width: WIDTH as u16,
        };
        let entry = (index % WIDTH) as u16;
        let parent = Tile {
            level: level.saturating_add(1),
            index: index / WIDTH,
            width: entry + 1,
        };
        let computed = root_of(&mut self.get(tile)?.to_vec());
        if self.get(parent)?[usize::from(entry)] == computed {
            Ok(())
        } else {
            Err(TileError::NotItsEntry {
                tile,
                parent,
                computed,
            })
        }
    }

    /// Checks that the tiles are those of the tree of that head: all of them are there, every full
    /// one hashes to its entry one level up, and the right edge leads to the root.
    pub fn check(&self, head: &Head) -> Result<(), TileError> {
        let nothing = Head {
            size: 0,
            root: EMPTY,
        };
        self.check_growth(&nothing, head)
    }

    /// Checks the same of what is new since a head that was checked before, and that the tiles of
    /// the new tree lead to the old head as well: the log only grew.
    ///
    /// It needs the tiles of [`new_tiles`] and the right edges of both trees ([`super::edge`]).
    pub fn check_growth(&self, old: &Head, new: &Head) -> Result<(), TileError> {
        let size = new.size;
        if size > MAX_SIZE || size < old.size {
            return Err(TileError::WrongSize { size });
        }
        for tile in new_tiles(old.size, new.size) {
            self.get(tile)?;
            if tile.is_full() {
                self.check_full(tile.level, tile.index)?;
            }
        }
        self.check_root(old)?;
        self.check_root(new)
    }

    /// Checks that the right edge of a tree leads to its root.
    fn check_root(&self, head: &Head) -> Result<(), TileError> {
        let size = head.size;
        let computed = match head_at(self, size) {
            Ok(found) => found.root,
            Err(ReadError::Reader(error)) => return Err(error),
            // A set gives as many hashes as it is asked for.
            Err(_) => return Err(TileError::WrongSize { size }),
        };
        if computed == head.root {
            Ok(())
        } else {
            Err(TileError::WrongRoot { size, computed })
        }
    }
}

impl HashReader for TileSet {
    type Error = TileError;

    fn hashes(
        &self,
        level: u8,
        first: u64,
        count: usize,
        out: &mut Vec<Hash>,
    ) -> Result<(), TileError> {
        let mut next = first;
        let end = first.saturating_add(count as u64);
        while next < end {
            let index = next / WIDTH;
            let start = next % WIDTH;
            let width = (end - index * WIDTH).min(WIDTH) as u16;
            let hashes = self.get(Tile {
                level,
                index,
                width,
            })?;
            out.extend_from_slice(&hashes[start as usize..]);
            next = next - start + u64::from(width);
        }
        Ok(())
    }
}
