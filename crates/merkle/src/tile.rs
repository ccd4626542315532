//! A log as tiles: static files of 256 hashes from which anyone makes and checks proofs.
//!
//! The layout is that of C2SP `tlog-tiles`. Hash `i` of level `L` is the root of the leaves
//! `i * 256^L .. (i + 1) * 256^L`, and it is written once all of them are there; tile `n` of a
//! level has its hashes from `256 * n` on, 32 bytes each. A tile of 256 is full and never changes.
//! The last one of a level may be partial, and it is published for every tree size of which a
//! checkpoint speaks. The entries themselves, the data of the leaves, come in [`Bundle`]s of 256.
//!
//! - [`tiles`] and [`new_tiles`] name what a tree of a size consists of.
//! - [`Levels`] tells a log which hashes to write when a leaf is added.
//! - [`prove_inclusion`], [`prove_consistency`] and [`head_at`] work from a [`HashReader`], that is
//!   from a file of hashes or from tiles; they read at most two tiles a level.
//! - [`TileSet`] is the reader of a monitor: it checks that downloaded tiles are those of a head.
//!
//! ```
//! use merkle::tile::{Tile, tiles};
//!
//! let tile = Tile { level: 0, index: 1_234_067, width: 12 };
//! assert_eq!(tile.path(), "tile/0/x001/x234/067.p/12");
//! assert_eq!(Tile::parse_path("tile/0/x001/x234/067.p/12"), Some(tile));
//! assert_eq!(tiles(70_000).count(), 273 + 1 + 1 + 1 + 1);
//! ```

use std::fmt;

use crate::Hash;

mod levels;
mod read;
mod set;

pub use levels::Levels;
pub use read::{
    HashReader, ReadError, head_at, prove_consistency, prove_inclusion, span_root, spanning,
};
pub use set::TileSet;

/// Hashes in a full tile, and entries in a full bundle.
pub const WIDTH: u64 = 256;

/// Bytes of a full tile.
pub const TILE_BYTES: usize = WIDTH as usize * Hash::LEN;

/// Levels of the largest tree that a `u64` counts: `256^8` leaves are more than there are.
pub const LEVELS: u8 = 8;

/// The highest level that a path can name (`tlog-tiles`, "Merkle Tree").
const MAX_LEVEL: u64 = 63;

/// Groups of three digits that the largest `u64` takes.
const MAX_GROUPS: usize = 7;

/// Hashes of level `level` in a tree of `size` leaves.
fn hashes_at(level: u8, size: u64) -> u64 {
    size.checked_shr(8 * u32::from(level)).unwrap_or(0)
}

/// A tile by its coordinates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Tile {
    /// 0 for hashes of leaves, up to 63; trees that exist have fewer than [`LEVELS`].
    pub level: u8,
    /// Which tile of its level, from 0 on: its first hash is `256 * index`.
    pub index: u64,
    /// Hashes in it: 256 in a full tile, 1 to 255 in a partial one.
    pub width: u16,
}

impl Tile {
    /// The tile of that level and index in a tree of `size` leaves, as wide as it is there; `None`
    /// if the tree has no hash in that place.
    pub fn of_tree(level: u8, index: u64, size: u64) -> Option<Tile> {
        let before = index.checked_mul(WIDTH)?;
        let width = hashes_at(level, size).checked_sub(before)?.min(WIDTH) as u16;
        (width > 0).then_some(Tile {
            level,
            index,
            width,
        })
    }

    /// Whether it has all its 256 hashes.
    pub fn is_full(&self) -> bool {
        u64::from(self.width) == WIDTH
    }

    /// Bytes of its contents: 32 for each hash.
    pub fn length(&self) -> usize {
        usize::from(self.width) * Hash::LEN
    }

    /// Its path below the prefix of the log, `tile/<L>/<N>[.p/<W>]`.
    pub fn path(&self) -> String {
        format!("tile/{}/{}", self.level, place(self.index, self.width))
    }

    /// The tile of a path as [`Tile::path`] writes it; every other spelling is `None`.
    pub fn parse_path(path: &str) -> Option<Tile> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let level = decimal(level, MAX_LEVEL)? as u8;
        let (index, width) = parse_place(rest)?;
        Some(Tile {
            level,
            index,
            width,
        })
    }

    /// The hashes in the contents of the tile.
    pub fn hashes(&self, bytes: &[u8]) -> Result<Vec<Hash>, TileError> {
        let length = bytes.len();
        if length != self.length() {
            return Err(TileError::WrongLength {
                tile: *self,
                length,
            });
        }
        let hashes = bytes.as_chunks().0.iter().copied();
        Ok(hashes.map(Hash::from_bytes).collect())
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// A bundle of entries: the data of up to 256 leaves, each after its length as `u16` big-endian.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Bundle {
    /// Which bundle, from 0 on: its first entry is `256 * index`.
    pub index: u64,
    /// Entries in it: 256 in a full bundle, 1 to 255 in a partial one.
    pub width: u16,
}

impl Bundle {
    /// Its path below the prefix of the log, `tile/entries/<N>[.p/<W>]`.
    pub fn path(&self) -> String {
        format!("tile/entries/{}", place(self.index, self.width))
    }

    /// The bundle of a path as [`Bundle::path`] writes it; every other spelling is `None`.
    pub fn parse_path(path: &str) -> Option<Bundle> {
        let (index, width) = parse_place(path.strip_prefix("tile/entries/")?)?;
        Some(Bundle { index, width })
    }

    /// The entries in the contents of the bundle: `width` of them and nothing after.
    pub fn split<'a>(&self, bytes: &'a [u8]) -> Result<Vec<&'a [u8]>, BundleError> {
        let mut entries = Vec::with_capacity(usize::from(self.width));
        let mut rest = bytes;
        while !rest.is_empty() {
            if entries.len() == usize::from(self.width) {
                let left = rest.len();
                return Err(BundleError::Trailing {
                    bundle: *self,
                    left,
                });
            }
            let torn = BundleError::Torn {
                bundle: *self,
                entry: entries.len() as u16,
            };
            let (length, after) = rest.split_first_chunk().ok_or(torn)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (entry, after) = after.split_at_checked(length).ok_or(torn)?;
            entries.push(entry);
            rest = after;
        }
        if entries.len() == usize::from(self.width) {
            Ok(entries)
        } else {
            Err(BundleError::Torn {
                bundle: *self,
                entry: entries.len() as u16,
            })
        }
    }

    /// Appends an entry to the contents of a bundle.
    pub fn push(contents: &mut Vec<u8>, entry: &[u8]) -> Result<(), BundleError> {
        let length = entry.len();
        let prefix = u16::try_from(length).map_err(|_| BundleError::TooLong { length })?;
        contents.extend(prefix.to_be_bytes());
        contents.extend(entry);
        Ok(())
    }
}

impl fmt::Display for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// All tiles of a tree of `size` leaves, level by level from the leaves up.
pub fn tiles(size: u64) -> impl Iterator<Item = Tile> {
    new_tiles(0, size)
}

/// The tiles of a tree of `new` leaves that its earlier tree of `old` leaves did not have, or not
/// in that width: what is to be written or fetched when the log grows. None if it does not grow.
pub fn new_tiles(old: u64, new: u64) -> impl Iterator<Item = Tile> {
    (0..LEVELS).flat_map(move |level| {
        let [before, after] = [old, new].map(|size| hashes_at(level, size));
        let first = before / WIDTH;
        let end = if before < after {
            after.div_ceil(WIDTH)
        } else {
            first
        };
        (first..end).filter_map(move |index| Tile::of_tree(level, index, new))
    })
}

/// The partial tiles of a tree of `size` leaves, its right edge: they alone make its root.
pub fn edge(size: u64) -> impl Iterator<Item = Tile> {
    (0..LEVELS).filter_map(move |level| {
        let tile = Tile::of_tree(level, hashes_at(level, size) / WIDTH, size)?;
        (!tile.is_full()).then_some(tile)
    })
}

/// The bundles of a log of `new` entries that its earlier state of `old` entries did not have, or
/// not in that width.
pub fn new_bundles(old: u64, new: u64) -> impl Iterator<Item = Bundle> {
    let same_as_leaves = new_tiles(old, new).take_while(|tile| tile.level == 0);
    same_as_leaves.map(|Tile { index, width, .. }| Bundle { index, width })
}

/// The end of a path: the index in groups of three digits, all but the last after an `x`, and the
/// width if it is not full.
fn place(index: u64, width: u16) -> String {
    let mut text = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1000);
        rest /= 1000;
    }
    if u64::from(width) < WIDTH {
        text = format!("{text}.p/{width}");
    }
    text
}

/// Index and width of the end of a path.
fn parse_place(text: &str) -> Option<(u64, u16)> {
    let (groups, width) = match text.rsplit_once(".p/") {
        Some((groups, width)) => (groups, decimal(width, WIDTH - 1)?),
        None => (text, WIDTH),
    };
    let (upper, last) = match groups.rsplit_once('/') {
        Some((upper, last)) => (Some(upper), last),
        None => (None, groups),
    };
    let mut index: u64 = 0;
    let upper = upper.into_iter().flat_map(|upper| upper.split('/'));
    for (at, group) in upper.enumerate() {
        let digits = three_digits(group.strip_prefix('x')?)?;
        if at == MAX_GROUPS || (at == 0 && digits == 0) {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits)?;
    }
    let index = index.checked_mul(1000)?.checked_add(three_digits(last)?)?;
    (width > 0).then_some((index, width as u16))
}

/// The number of exactly three digits.
fn three_digits(text: &str) -> Option<u64> {
    let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// A decimal number of at most `max`, at most 255, without leading zeros.
fn decimal(text: &str, max: u64) -> Option<u64> {
    let digits = matches!(text.len(), 1..=3) && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten()?;
    let leading = text.len() > 1 && text.starts_with('0');
    (!leading && number <= max).then_some(number)
}

/// Why tiles are not those of a tree. Lengths are in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TileError {
    /// The contents are not 32 bytes a hash, or the width is none that a tile has.
    WrongLength {
        /// The tile.
        tile: Tile,
        /// What its contents have.
        length: usize,
    },
    /// The tile is not there, or not as wide.
    Missing {
        /// What is wanted.
        tile: Tile,
    },
    /// Two versions of a tile differ in hashes that both have; none of them may ever change.
    Changed {
        /// The version that came later.
        tile: Tile,
        /// Position of the first hash that differs, from 0 on.
        at: u16,
    },
    /// A full tile does not hash to its entry one level up: one of the two is wrong.
    NotItsEntry {
        /// The full tile.
        tile: Tile,
        /// The tile with its entry, which is entry `tile.index % 256` there.
        parent: Tile,
        /// What the full tile hashes to.
        computed: Hash,
    },
    /// The tiles at the right edge lead to another root than that of the checkpoint.
    WrongRoot {
        /// Leaves in the tree.
        size: u64,
        /// Where the tiles lead.
        computed: Hash,
    },
    /// The size is above [`crate::MAX_SIZE`], or the later head is the smaller one.
    WrongSize {
        /// Leaves in the tree.
        size: u64,
    },
}

impl fmt::Display for TileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TileError::WrongLength { tile, length } => {
                write!(
                    f,
                    "{tile} has {length} bytes where {} belong",
                    tile.length()
                )
            }
            TileError::Missing { tile } => write!(f, "{tile} is missing"),
            TileError::Changed { tile, at } => {
                write!(f, "{tile} differs in hash {at} from the version before")
            }
            TileError::NotItsEntry {
                tile,
                parent,
                computed,
            } => {
                let entry = tile.index % WIDTH;
                write!(
                    f,
                    "{tile} hashes to {computed}, not to entry {entry} of {parent}"
                )
            }
            TileError::WrongRoot { size, computed } => {
                write!(
                    f,
                    "the tiles of {size} leaves lead to another root: {computed}"
                )
            }
            TileError::WrongSize { size } => {
                write!(
                    f,
                    "a tree of {size} leaves is too large or smaller than before"
                )
            }
        }
    }
}

impl std::error::Error for TileError {}

/// Why bytes are not a bundle of entries, or cannot become one. Lengths are in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BundleError {
    /// The contents end inside an entry or before it.
    Torn {
        /// The bundle.
        bundle: Bundle,
        /// Position of the entry in the bundle, from 0 on.
        entry: u16,
    },
    /// Something follows the last entry.
    Trailing {
        /// The bundle.
        bundle: Bundle,
        /// What follows.
        left: usize,
    },
    /// An entry has more bytes than its length prefix can say, 65,535.
    TooLong {
        /// What it has.
        length: usize,
    },
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BundleError::Torn { bundle, entry } => write!(f, "{bundle} ends in entry {entry}"),
            BundleError::Trailing { bundle, left } => {
                write!(f, "{bundle} has {left} bytes after its last entry")
            }
            BundleError::TooLong { length } => {
                write!(f, "an entry of {length} bytes is longer than 65,535")
            }
        }
    }
}

impl std::error::Error for BundleError {}
