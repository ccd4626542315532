//! Fetches resources, counts what came, and tells in sentences what did not.

use merkle::Hash;
use merkle::note::{MAX_NOTE, Note};
use merkle::tile::{Bundle, Tile, WIDTH};
use model::batch::OUTER_LEAF_BYTES;

use crate::report::{Finding, Kind};
use crate::source::{Source, SourceError};

/// Bytes of an entry in a bundle: its length and an outer leaf.
const ENTRY_BYTES: usize = 2 + OUTER_LEAF_BYTES;

/// A source, and how much came from it.
pub(crate) struct Fetch<'a> {
    source: &'a mut dyn Source,
    pub(crate) tiles: u64,
    pub(crate) bytes: u64,
}

impl<'a> Fetch<'a> {
    pub(crate) fn new(source: &'a mut dyn Source) -> Fetch<'a> {
        Fetch {
            source,
            tiles: 0,
            bytes: 0,
        }
    }

    /// A resource that may be absent. One that is too large is a finding of kind `too_large`.
    pub(crate) fn get(
        &mut self,
        path: &str,
        max: usize,
        too_large: Kind,
    ) -> Result<Option<Vec<u8>>, Finding> {
        let large = || Finding::new(too_large, format!("{path} has more than {max} bytes"));
        match self.source.get(path, max) {
            Ok(Some(bytes)) if bytes.len() > max => Err(large()),
            Ok(Some(bytes)) => {
                self.bytes += bytes.len() as u64;
                Ok(Some(bytes))
            }
            Ok(None) => Ok(None),
            Err(SourceError::TooLarge) => Err(large()),
            Err(SourceError::Failed(why)) => {
                let what = format!("{path} cannot be read: {why}");
                Err(Finding::new(Kind::Unavailable, what))
            }
        }
    }

    /// A signed note and its bytes; `None` if there is none of that path.
    pub(crate) fn note(&mut self, path: &str) -> Result<Option<(Vec<u8>, Note)>, Finding> {
        let Some(bytes) = self.get(path, MAX_NOTE, Kind::Malformed)? else {
            return Ok(None);
        };
        match Note::parse(&bytes) {
            Ok(note) => Ok(Some((bytes, note))),
            Err(error) => {
                let what = format!("{path} is no signed note: {error}");
                Err(Finding::new(Kind::Malformed, what))
            }
        }
    }

    /// The hashes of a tile, exactly as many as it is wide. Where the partial tile is gone, its
    /// hashes are the first ones of the full tile (tlog-tiles, "Partial Tiles").
    pub(crate) fn tile(&mut self, tile: Tile) -> Result<Vec<Hash>, Finding> {
        for found in [Some(tile), whole_tile(tile)].into_iter().flatten() {
            let path = found.path();
            let Some(bytes) = self.get(&path, found.length(), Kind::BadTile)? else {
                continue;
            };
            self.tiles += 1;
            let hashes = found.hashes(&bytes);
            let mut hashes = hashes.map_err(|e| Finding::new(Kind::BadTile, e.to_string()))?;
            hashes.truncate(usize::from(tile.width));
            return Ok(hashes);
        }
        Err(missing(&tile.path(), tile.width))
    }

    /// The contents of a bundle of entries, and the bundle that they are of: the full one where
    /// the partial one is gone.
    pub(crate) fn bundle(&mut self, bundle: Bundle) -> Result<(Bundle, Vec<u8>), Finding> {
        for found in [Some(bundle), whole_bundle(bundle)].into_iter().flatten() {
            let most = usize::from(found.width) * ENTRY_BYTES;
            if let Some(bytes) = self.get(&found.path(), most, Kind::BadEntry)? {
                self.tiles += 1;
                return Ok((found, bytes));
            }
        }
        Err(missing(&bundle.path(), bundle.width))
    }
}

/// The full tile in place of a partial one.
fn whole_tile(tile: Tile) -> Option<Tile> {
    let width = WIDTH as u16;
    (tile.width < width).then_some(Tile { width, ..tile })
}

/// The full bundle in place of a partial one.
fn whole_bundle(bundle: Bundle) -> Option<Bundle> {
    let width = WIDTH as u16;
    (bundle.width < width).then_some(Bundle { width, ..bundle })
}

fn missing(path: &str, width: u16) -> Finding {
    let full = if u64::from(width) < WIDTH {
        ", nor is the full one in its place"
    } else {
        ""
    };
    let what = format!("{path} is not there{full}, though the checkpoint promises it");
    Finding::new(Kind::Unavailable, what)
}
