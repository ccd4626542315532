//! Tiles that are known to be those of a checkpoint, and no more of them than are needed.

use std::collections::BTreeMap;
use std::ops::Range;

use merkle::tile::{
    HashReader, ReadError, Tile, TileError, WIDTH, head_at, prove_consistency, spanning,
};
use merkle::{Hash, Head, consistency_spans, root_of};

use crate::fetch::Fetch;
use crate::report::{Finding, Kind};

/// Tiles that are kept of a level: the one where the walk is, and the right edges of the trees
/// that are compared: what was checked, the checkpoint before and the new one.
const KEPT: usize = 4;

/// Verified tiles of one tree.
///
/// The partial tiles lead to the root together, and each full one to its entry one level up, so
/// each tile is checked when it comes, from above. A level keeps [`KEPT`] of them, at most 256 KiB
/// in all, and drops the leftmost: who walks from left to right fetches each once.
pub(crate) struct Tiles {
    head: Head,
    kept: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl Tiles {
    /// Fetches the right edge of the tree of that head, of one leaf at least, and checks it.
    pub(crate) fn of(head: Head, fetch: &mut Fetch) -> Result<Tiles, Finding> {
        let size = head.size;
        let whole = 0..size;
        let edge = spanning(std::slice::from_ref(&whole), size).unwrap_or_default();
        let mut tiles = Tiles {
            head,
            kept: BTreeMap::new(),
        };
        for tile in &edge {
            let hashes = fetch.tile(*tile)?;
            tiles.kept.insert((tile.level, tile.index), hashes);
        }
        let computed = head_at(&tiles, size).map_err(unread)?.root;
        if computed == head.root {
            return Ok(tiles);
        }
        let paths: Vec<String> = edge.iter().map(Tile::path).collect();
        let what = format!(
            "{} lead to the root {computed}, but the checkpoint of size {size} has {}",
            paths.join(", "),
            head.root
        );
        Err(Finding::new(Kind::BadTile, what))
    }

    /// A tile of the tree, from above.
    pub(crate) fn load(
        &mut self,
        fetch: &mut Fetch,
        level: u8,
        index: u64,
    ) -> Result<&[Hash], Finding> {
        let place = (level, index);
        if !self.kept.contains_key(&place) {
            let hashes = self.verified(fetch, level, index)?;
            self.make_room(level);
            self.kept.insert(place, hashes);
        }
        Ok(&self.kept[&place])
    }

    /// Fetches a full tile and checks it against its entry one level up.
    fn verified(&mut self, fetch: &mut Fetch, level: u8, index: u64) -> Result<Vec<Hash>, Finding> {
        let tile = Tile::of_tree(level, index, self.head.size).filter(Tile::is_full);
        // The partial tiles of the tree are its right edge, which is always kept.
        let tile = tile.ok_or_else(|| unread(ReadError::Reader(lost(level, index))))?;
        let entry = index % WIDTH;
        let expected = self.load(fetch, level + 1, index / WIDTH)?[entry as usize];
        let hashes = fetch.tile(tile)?;
        let computed = root_of(&mut hashes.clone());
        if computed == expected {
            return Ok(hashes);
        }
        let size = self.head.size;
        let what = format!(
            "{tile} hashes to {computed}, but the tree of the checkpoint of size {size} has \
             {expected} in its place"
        );
        Err(Finding::new(Kind::BadTile, what))
    }

    /// Drops the leftmost full tile of a level that has as many as are kept.
    fn make_room(&mut self, level: u8) {
        let here = self.kept.range((level, 0)..=(level, u64::MAX));
        if here.clone().count() < KEPT {
            return;
        }
        let mut full = here.filter(|(_, hashes)| hashes.len() as u64 == WIDTH);
        if let Some(leftmost) = full.next().map(|(place, _)| *place) {
            self.kept.remove(&leftmost);
        }
    }

    /// Loads the tiles of which the roots of these spans are made.
    fn load_spans(&mut self, fetch: &mut Fetch, spans: &[Range<u64>]) -> Result<(), Finding> {
        for tile in spanning(spans, self.head.size).unwrap_or_default() {
            self.load(fetch, tile.level, tile.index)?;
        }
        Ok(())
    }

    /// The root over the first `size` leaves of the tree, one at least.
    pub(crate) fn root_at(&mut self, fetch: &mut Fetch, size: u64) -> Result<Hash, Finding> {
        let whole = 0..size;
        self.load_spans(fetch, std::slice::from_ref(&whole))?;
        Ok(head_at(self, size).map_err(unread)?.root)
    }

    /// The proof that the tree continues that of its first `old` leaves.
    pub(crate) fn path_from(&mut self, fetch: &mut Fetch, old: u64) -> Result<Vec<Hash>, Finding> {
        let spans = consistency_spans(old, self.head.size).unwrap_or_default();
        self.load_spans(fetch, &spans)?;
        prove_consistency(self, old, self.head.size).map_err(unread)
    }
}

impl HashReader for Tiles {
    type Error = TileError;

    fn hashes(
        &self,
        level: u8,
        first: u64,
        count: usize,
        out: &mut Vec<Hash>,
    ) -> Result<(), TileError> {
        let (index, start) = (first / WIDTH, (first % WIDTH) as usize);
        let kept = self.kept.get(&(level, index));
        let hashes = kept.and_then(|hashes| hashes.get(start..start + count));
        out.extend_from_slice(hashes.ok_or(lost(level, index))?);
        Ok(())
    }
}

fn lost(level: u8, index: u64) -> TileError {
    let width = WIDTH as u16;
    TileError::Missing {
        tile: Tile {
            level,
            index,
            width,
        },
    }
}

fn unread(error: ReadError<TileError>) -> Finding {
    Finding::new(Kind::BadTile, error.to_string())
}
