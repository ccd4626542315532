//! The hashes that a log writes as it grows.

use super::{HashReader, LEVELS, ReadError, WIDTH, hashes_at, read};
use crate::{EMPTY, Hash, Head, MAX_SIZE, root_of};

/// Which hashes to append at which level when leaves are added: the writer of tiles.
///
/// It keeps the open tile of each level, at most 255 hashes of 8 levels, so 64 KiB at the most,
/// and costs a node a leaf on average. What it tells is exactly what a [`HashReader`] gives back.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Levels {
    size: u64,
    /// The hashes of each level since its last full tile: `size / 256^level % 256` of them.
    open: [Vec<Hash>; LEVELS as usize],
}

impl Levels {
    /// The levels of a log without leaves.
    pub fn new() -> Levels {
        Levels::default()
    }

    /// The levels of the log of which the reader has the hashes, at `size` leaves: at most 255
    /// hashes a level are read.
    pub fn resume<R: HashReader + ?Sized>(
        reader: &R,
        size: u64,
    ) -> Result<Levels, ReadError<R::Error>> {
        read::check_size(size)?;
        let mut levels = Levels {
            size,
            ..Levels::default()
        };
        for (level, open) in (0..).zip(&mut levels.open) {
            let hashes = hashes_at(level, size);
            let count = hashes % WIDTH;
            read::read_run(reader, level, hashes - count..hashes, open)?;
        }
        Ok(levels)
    }

    /// Leaves in the log.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf by its hash and tells `store` the level and the hash of each thing to append:
    /// the leaf at level 0, then the root of each tile that it fills, one level up.
    ///
    /// # Panics
    ///
    /// If the log has [`MAX_SIZE`] leaves, which no log lives to see.
    pub fn append(&mut self, leaf: Hash, mut store: impl FnMut(u8, Hash)) {
        assert!(self.size < MAX_SIZE, "a log of 2^63 leaves takes no more");
        self.size += 1;
        let mut whole = leaf;
        for (level, open) in (0..).zip(&mut self.open) {
            store(level, whole);
            open.push(whole);
            if (open.len() as u64) < WIDTH {
                return;
            }
            whole = root_of(open);
        }
    }

    /// Size and root of the log. Hashes at most 256 nodes a level.
    pub fn head(&self) -> Head {
        let mut run = Vec::with_capacity(WIDTH as usize);
        let root = self.open.iter().fold(None, |below, open| {
            run.extend(open);
            run.extend(below);
            (!run.is_empty()).then(|| root_of(&mut run))
        });
        Head {
            size: self.size,
            root: root.unwrap_or(EMPTY),
        }
    }
}
