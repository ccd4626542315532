//! The outer tree as files: what the tiles of the log are served from.
//!
//! | file | holds |
//! |---|---|
//! | `tree/entries` | each outer leaf behind its length (2 bytes, big-endian): 170 bytes a batch |
//! | `tree/places` | the position of each batch's frame in the log, 8 bytes little-endian |
//! | `tree/starts` | where in `inner` the nodes of each batch begin, 8 bytes little-endian; all ones where there are none |
//! | `tree/inner` | nodes of inner trees at height 8: one for each 256 records of a batch that has more |
//! | `tree/L` | level L of the tree: hash i is the root over leaves `i 256^L` to `(i + 1) 256^L` |
//!
//! A tile is 256 hashes of one file side by side, a partial tile the beginning of one, an entry
//! bundle 256 entries: each is served with one read, and every width that ever was stays there.
//!
//! All of it is derived from the log. What counts is how many batches are durable: bytes behind
//! those mean nothing and are overwritten. A start takes up what was synced with the newest
//! snapshot and makes the rest again.

use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use merkle::tile::{HashReader, Levels, ReadError};
use merkle::{Frontier, Hash};
use model::batch::{OUTER_LEAF_BYTES, OuterLeaf};

use crate::disk::{Disk, File, Mode, join, read_exact_at, write_all_at};
use crate::error::StoreError;

/// The folder.
pub const DIR: &str = "tree";

/// Hashes in a full tile, entries in a full bundle.
pub const WIDTH: usize = 256;

/// Bytes of an entry: the length of an outer leaf, and the leaf.
pub const ENTRY_BYTES: usize = 2 + OUTER_LEAF_BYTES;

/// Levels at most: 256^8 is more than there can be batches.
const LEVELS: usize = 8;

const PLACE_BYTES: usize = 8;

/// In `starts`: no nodes are kept.
const NONE: u64 = u64::MAX;

/// The files; shared by the committer, which appends, and all who read.
pub struct Tree {
    disk: Arc<dyn Disk>,
    /// [`Mode::Write`], or [`Mode::Read`] where nothing may change.
    mode: Mode,
    entries: Arc<dyn File>,
    places: Arc<dyn File>,
    starts: Arc<dyn File>,
    inner: Arc<dyn File>,
    levels: [OnceLock<Arc<dyn File>>; LEVELS],
    edge: Mutex<Edge>,
}

#[derive(Default)]
struct Edge {
    /// At each level the hashes that do not yet fill a tile.
    levels: Levels,
    /// Where in `inner` the next nodes go.
    inner: u64,
}

impl Tree {
    /// Opens the files with the first batches of the log, as `expected` knows them; empty where
    /// they hold others or fewer, and then all batches are to be appended again.
    pub fn open(disk: Arc<dyn Disk>, expected: &Frontier) -> Result<Self, StoreError> {
        disk.create_dir(DIR)
            .map_err(|e| StoreError::io("create", DIR, e))?;
        let tree = Self::open_files(disk, Mode::Write)?;
        let size = expected.head().size;
        if tree.take_up(size)? && tree.root(size)? == expected.head().root {
            return Ok(tree);
        }
        *tree.edge.lock().unwrap_or_else(PoisonError::into_inner) = Edge::default();
        Ok(tree)
    }

    /// Opens the files as they are, to read and change nothing; `None` where there are none.
    pub fn inspect(disk: Arc<dyn Disk>) -> Result<Option<Self>, StoreError> {
        let names = disk.list(DIR).map_err(|e| StoreError::io("list", DIR, e))?;
        if ["entries", "places", "starts", "inner"]
            .iter()
            .any(|name| !names.iter().any(|there| there == name))
        {
            return Ok(None);
        }
        Self::open_files(disk, Mode::Read).map(Some)
    }

    fn open_files(disk: Arc<dyn Disk>, mode: Mode) -> Result<Self, StoreError> {
        Ok(Self {
            entries: open(&*disk, "entries", mode)?,
            places: open(&*disk, "places", mode)?,
            starts: open(&*disk, "starts", mode)?,
            inner: open(&*disk, "inner", mode)?,
            mode,
            levels: Default::default(),
            edge: Mutex::default(),
            disk,
        })
    }

    /// Batches that were appended or taken up.
    pub fn size(&self) -> u64 {
        self.edge().levels.size()
    }

    /// Appends the next batch: its outer leaf, where its frame stands, and the nodes of its inner
    /// tree at height 8, where they are known and more than one.
    pub fn append(
        &self,
        leaf: &[u8; OUTER_LEAF_BYTES],
        hash: Hash,
        at: u64,
        blocks: &[Hash],
    ) -> Result<(), StoreError> {
        let mut edge = self.edge();
        let size = edge.levels.size();
        let mut entry = [0; ENTRY_BYTES];
        entry[..2].copy_from_slice(&(OUTER_LEAF_BYTES as u16).to_be_bytes());
        entry[2..].copy_from_slice(leaf);
        write(&*self.entries, "entries", &entry, size * ENTRY_BYTES as u64)?;
        let place = at.to_le_bytes();
        write(&*self.places, "places", &place, size * PLACE_BYTES as u64)?;
        let start = if blocks.len() > 1 { edge.inner } else { NONE };
        let bytes = start.to_le_bytes();
        write(&*self.starts, "starts", &bytes, size * PLACE_BYTES as u64)?;
        if start != NONE {
            let bytes: Vec<u8> = blocks.iter().flat_map(|hash| hash.to_bytes()).collect();
            write(&*self.inner, "inner", &bytes, start * Hash::LEN as u64)?;
            edge.inner += blocks.len() as u64;
        }
        let mut hashes = Vec::new();
        edge.levels
            .append(hash, |level, hash| hashes.push((level, hash)));
        for (level, hash) in hashes {
            let at = (size >> (8 * level)) * Hash::LEN as u64;
            let file = self.level(level.into())?;
            write(&*file, &level.to_string(), hash.as_bytes(), at)?;
        }
        Ok(())
    }

    /// Makes what was appended durable.
    pub fn sync(&self) -> Result<(), StoreError> {
        let sync = |name: &str, file: &dyn File| {
            file.sync()
                .map_err(|e| StoreError::io("sync", &join(DIR, name), e))
        };
        sync("entries", &*self.entries)?;
        sync("places", &*self.places)?;
        sync("starts", &*self.starts)?;
        sync("inner", &*self.inner)?;
        for (level, file) in self.levels.iter().enumerate() {
            if let Some(file) = file.get() {
                sync(&level.to_string(), &**file)?;
            }
        }
        self.disk
            .sync_dir(DIR)
            .map_err(|e| StoreError::io("sync", DIR, e))
    }

    /// How many batches the files hold, where they end as those of a process that was killed do:
    /// each may lack what comes last in the order of [`Tree::append`], of one batch. `None` where
    /// they end otherwise, so that a reader runs into the end of one of them.
    pub fn held(&self) -> Result<Option<u64>, StoreError> {
        let len = |name: &str, file: &dyn File| {
            let len = file.len();
            len.map_err(|e| StoreError::io("read", &join(DIR, name), e))
        };
        let entries = len("entries", &*self.entries)?;
        let counts = [
            entries / ENTRY_BYTES as u64,
            len("places", &*self.places)? / PLACE_BYTES as u64,
            len("starts", &*self.starts)? / PLACE_BYTES as u64,
            len("0", &*self.level(0)?)? / Hash::LEN as u64,
        ];
        let [most, .., mut least] = counts;
        if !counts.is_sorted_by(|one, next| one >= next) || most - least > 1 {
            return Ok(None);
        }
        let mut whole = WIDTH as u64;
        for level in 1..LEVELS {
            if least < whole {
                break;
            }
            let count = len(&level.to_string(), &*self.level(level)?)? / Hash::LEN as u64;
            if count < least / whole {
                // The last batch filled a tile, and its hash is not there.
                least -= 1;
                if count < least / whole {
                    return Ok(None);
                }
            }
            whole *= WIDTH as u64;
        }
        Ok((entries % ENTRY_BYTES as u64 == 0).then_some(least))
    }

    /// The bytes of a bundle: `count` entries from `first` on.
    pub fn entries(&self, first: u64, count: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; count * ENTRY_BYTES];
        read(
            &*self.entries,
            "entries",
            &mut bytes,
            first * ENTRY_BYTES as u64,
        )?;
        Ok(bytes)
    }

    /// The position of the frame of batch `number`.
    pub fn place(&self, number: u64) -> Result<u64, StoreError> {
        number_at(&*self.places, "places", number)
    }

    /// The nodes of the inner tree of batch `number`, of so many records, at height 8; `None` where
    /// they were not kept.
    pub fn blocks(&self, number: u64, records: usize) -> Result<Option<Vec<Hash>>, StoreError> {
        let start = number_at(&*self.starts, "starts", number)?;
        if start == NONE {
            return Ok(None);
        }
        let mut bytes = vec![0; records.div_ceil(merkle::BLOCK) * Hash::LEN];
        read(
            &*self.inner,
            "inner",
            &mut bytes,
            start.saturating_mul(Hash::LEN as u64),
        )?;
        let (hashes, _) = bytes.as_chunks::<{ Hash::LEN }>();
        Ok(Some(hashes.iter().copied().map(Hash::from_bytes).collect()))
    }

    /// The batch among the first `size` whose frame holds position `at`.
    pub fn batch_at(&self, at: u64, size: u64) -> Result<Option<u64>, StoreError> {
        let (mut low, mut high) = (0, size);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.place(middle)? <= at {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low.checked_sub(1))
    }

    /// The batch among the first `size` that holds record `index` of the whole log; `None` where
    /// they end before it.
    pub fn batch_of_record(&self, index: u64, size: u64) -> Result<Option<u64>, StoreError> {
        let (mut low, mut high) = (0, size);
        while low < high {
            let middle = low + (high - low) / 2;
            let leaf = self.leaf(middle)?;
            if leaf.first_record > index {
                high = middle;
            } else if index - leaf.first_record < leaf.records.into() {
                return Ok(Some(middle));
            } else {
                low = middle + 1;
            }
        }
        Ok(None)
    }

    fn leaf(&self, number: u64) -> Result<OuterLeaf, StoreError> {
        let bytes = self.entries(number, 1)?;
        let leaf = bytes[2..].try_into().ok().and_then(OuterLeaf::from_bytes);
        let at = number * ENTRY_BYTES as u64;
        leaf.ok_or_else(|| damaged("entries", at, "no outer leaf stands here"))
    }

    /// Reads the right edge of a tree of `size` batches; false where the files are too short.
    fn take_up(&self, size: u64) -> Result<bool, StoreError> {
        let long = |name: &str, file: &dyn File, bytes: u64| -> Result<bool, StoreError> {
            let len = file.len();
            let len = len.map_err(|e| StoreError::io("read", &join(DIR, name), e))?;
            Ok(len >= bytes)
        };
        if !long("entries", &*self.entries, size * ENTRY_BYTES as u64)?
            || !long("places", &*self.places, size * PLACE_BYTES as u64)?
            || !long("starts", &*self.starts, size * PLACE_BYTES as u64)?
        {
            return Ok(false);
        }
        let mut count = size;
        for level in (0..LEVELS).take_while(|level| size >> (8 * level) > 0) {
            let bytes = count * Hash::LEN as u64;
            if !long(&level.to_string(), &*self.level(level)?, bytes)? {
                return Ok(false);
            }
            count /= WIDTH as u64;
        }
        let inner = self.inner.len();
        let inner = inner.map_err(|e| StoreError::io("read", &join(DIR, "inner"), e))?;
        *self.edge() = Edge {
            levels: Levels::resume(self, size)?,
            inner: inner / Hash::LEN as u64,
        };
        Ok(true)
    }

    /// The root over the first `size` batches.
    pub fn root(&self, size: u64) -> Result<Hash, StoreError> {
        Ok(merkle::tile::head_at(self, size)?.root)
    }

    fn level(&self, level: usize) -> Result<Arc<dyn File>, StoreError> {
        let file = &self.levels[level];
        if let Some(file) = file.get() {
            return Ok(Arc::clone(file));
        }
        let opened = open(&*self.disk, &level.to_string(), self.mode)?;
        Ok(Arc::clone(file.get_or_init(|| opened)))
    }

    fn edge(&self) -> std::sync::MutexGuard<'_, Edge> {
        self.edge.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HashReader for Tree {
    type Error = StoreError;

    fn hashes(
        &self,
        level: u8,
        first: u64,
        count: usize,
        out: &mut Vec<Hash>,
    ) -> Result<(), StoreError> {
        let mut bytes = vec![0; count * Hash::LEN];
        let file = self.level(level.into())?;
        read(
            &*file,
            &level.to_string(),
            &mut bytes,
            first * Hash::LEN as u64,
        )?;
        let (hashes, _) = bytes.as_chunks::<{ Hash::LEN }>();
        out.extend(hashes.iter().copied().map(Hash::from_bytes));
        Ok(())
    }
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tree({} batches)", self.size())
    }
}

fn open(disk: &dyn Disk, name: &str, mode: Mode) -> Result<Arc<dyn File>, StoreError> {
    let path = join(DIR, name);
    match disk.open(&path, mode) {
        Err(e) if e.kind() == io::ErrorKind::NotFound && mode == Mode::Write => {
            disk.open(&path, Mode::Create)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(damaged(name, 0, "the file is missing"));
        }
        file => file,
    }
    .map_err(|e| StoreError::io("open", &path, e))
}

fn write(file: &dyn File, name: &str, bytes: &[u8], at: u64) -> Result<(), StoreError> {
    write_all_at(file, bytes, at).map_err(|e| StoreError::io("write", &join(DIR, name), e))
}

fn read(file: &dyn File, name: &str, bytes: &mut [u8], at: u64) -> Result<(), StoreError> {
    read_exact_at(file, bytes, at).map_err(|e| match e.kind() {
        io::ErrorKind::UnexpectedEof => damaged(name, at, "the file ends before the log does"),
        _ => StoreError::io("read", &join(DIR, name), e),
    })
}

fn number_at(file: &dyn File, name: &str, number: u64) -> Result<u64, StoreError> {
    let mut bytes = [0; PLACE_BYTES];
    read(file, name, &mut bytes, number * PLACE_BYTES as u64)?;
    Ok(u64::from_le_bytes(bytes))
}

fn damaged(name: &str, at: u64, what: &str) -> StoreError {
    StoreError::damaged(&join(DIR, name), at, what)
}

impl From<ReadError<StoreError>> for StoreError {
    fn from(error: ReadError<StoreError>) -> Self {
        match error {
            ReadError::Reader(error) => error,
            // Sizes and spans come from the log itself: only other bytes than its own lead here.
            error => StoreError::damaged(DIR, 0, &error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use merkle::tile::{Tile, tiles};

    use super::*;
    use crate::disk::Local;

    fn leaf(number: u64) -> OuterLeaf {
        OuterLeaf {
            number,
            first_record: number * 3,
            records: 3,
            timestamp: 10 * number + 10,
            inner_root: [number as u8; 32],
            previous: [0; 32],
            rule_book: [0; 32],
            register: model::batch::Counts::default(),
        }
    }

    fn grow(tree: &Tree, frontier: &mut Frontier, to: u64) {
        for number in tree.size()..to {
            let bytes = leaf(number).to_bytes();
            let hash = merkle::leaf(&bytes);
            tree.append(&bytes, hash, number * 4096, &[])
                .expect("appended");
            if number >= frontier.head().size {
                frontier.append(hash);
            }
        }
    }

    fn disk() -> (tempfile::TempDir, Arc<dyn Disk>) {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Arc::new(Local::new(folder.path()));
        (folder, disk)
    }

    /// The example of the standard: 273 full tiles and one of 112, 1 and 17, 1.
    #[test]
    fn a_log_of_70_000_has_its_tiles_and_their_root() {
        let (_folder, disk) = disk();
        let mut frontier = Frontier::new();
        let tree = Tree::open(disk, &frontier).expect("opened");
        grow(&tree, &mut frontier, 70_000);
        assert_eq!(tree.root(70_000).expect("read"), frontier.root());
        let all: Vec<Tile> = tiles(70_000).collect();
        let widths = |level| {
            let of_level = all.iter().filter(move |tile| tile.level == level);
            let full = of_level.clone().filter(|tile| tile.is_full()).count();
            let partial = of_level
                .filter(|tile| !tile.is_full())
                .map(|tile| tile.width);
            (full, partial.collect::<Vec<_>>())
        };
        assert_eq!(widths(0), (273, vec![112]));
        assert_eq!(widths(1), (1, vec![17]));
        assert_eq!(widths(2), (0, vec![1]));
        for tile in all {
            let mut hashes = Vec::new();
            let (first, width) = (tile.index * WIDTH as u64, tile.width.into());
            tree.hashes(tile.level, first, width, &mut hashes)
                .expect("it is there");
            assert_eq!(hashes.len(), width, "{tile}");
        }
    }

    #[test]
    fn any_beginning_is_taken_up_and_goes_on_to_the_same_tree() {
        let (_folder, disk) = disk();
        let mut whole = Frontier::new();
        grow(
            &Tree::open(Arc::clone(&disk), &whole).expect("opened"),
            &mut whole,
            1_000,
        );
        for size in [0, 1, 255, 256, 257, 511, 512, 999, 1_000] {
            let mut frontier = Frontier::new();
            (0..size).for_each(|number| frontier.append(merkle::leaf(&leaf(number).to_bytes())));
            let tree = Tree::open(Arc::clone(&disk), &frontier).expect("opened");
            assert_eq!(tree.size(), size);
            grow(&tree, &mut frontier, 1_000);
            assert_eq!(tree.root(1_000).expect("read"), whole.root(), "from {size}");
        }
    }

    #[test]
    fn what_leads_elsewhere_is_begun_anew() {
        let (_folder, disk) = disk();
        let mut frontier = Frontier::new();
        grow(
            &Tree::open(Arc::clone(&disk), &frontier).expect("opened"),
            &mut frontier,
            300,
        );
        let mut other = Frontier::new();
        (0..300).for_each(|number| other.append(merkle::leaf(&leaf(number + 1).to_bytes())));
        let tree = Tree::open(Arc::clone(&disk), &other).expect("opened");
        assert_eq!(tree.size(), 0, "of another log");
        (0..400_u64).for_each(|_| other.append(Hash::default()));
        let tree = Tree::open(disk, &other).expect("opened");
        assert_eq!(tree.size(), 0, "too short");
    }

    #[test]
    fn what_a_killed_process_leaves_is_told_from_damage() {
        let (folder, disk) = disk();
        let tree = Tree::open(Arc::clone(&disk), &Frontier::new()).expect("opened");
        grow(&tree, &mut Frontier::new(), 512);
        let held = || {
            let tree = Tree::inspect(Arc::clone(&disk)).expect("opened");
            tree.expect("files").held().expect("read")
        };
        assert_eq!(held(), Some(512));
        let shorten = |name: &str, by: u64| {
            let path = folder.path().join("tree").join(name);
            let file = std::fs::OpenOptions::new().write(true).open(path);
            let file = file.expect("there");
            let len = file.metadata().expect("read").len();
            file.set_len(len - by).expect("cut");
        };
        shorten("1", 32);
        assert_eq!(held(), Some(511), "its tile was full, and not yet hashed");
        shorten("0", 32);
        assert_eq!(held(), Some(511));
        shorten("places", 8);
        assert_eq!(held(), None, "starts come after places");
        shorten("starts", 8);
        assert_eq!(held(), Some(511));
        shorten("entries", 1);
        assert_eq!(held(), None, "entries come first, and whole");
    }

    #[test]
    fn inner_nodes_are_kept_where_there_are_some() {
        let (_folder, disk) = disk();
        let hashes =
            |from: u8, count| (from..from + count).map(|byte| Hash::from_bytes([byte; 32]));
        let mut frontier = Frontier::new();
        let tree = Tree::open(Arc::clone(&disk), &frontier).expect("opened");
        for (number, count) in [(0, 3), (1, 1), (2, 2)] {
            let bytes = leaf(number).to_bytes();
            let hash = merkle::leaf(&bytes);
            frontier.append(hash);
            let blocks: Vec<Hash> = hashes(number as u8 * 10, count).collect();
            tree.append(&bytes, hash, 0, &blocks).expect("appended");
        }
        let tree = Tree::open(disk, &frontier).expect("opened");
        let kept = |number, records| tree.blocks(number, records).expect("read");
        assert_eq!(kept(0, 513), Some(hashes(0, 3).collect()));
        assert_eq!(kept(1, 256), None);
        assert_eq!(kept(2, 512), Some(hashes(20, 2).collect()));
    }

    #[test]
    fn batches_are_found_by_their_place() {
        let (_folder, disk) = disk();
        let tree = Tree::open(disk, &Frontier::new()).expect("opened");
        grow(&tree, &mut Frontier::new(), 600);
        assert_eq!(tree.batch_at(0, 600).expect("read"), Some(0));
        assert_eq!(tree.batch_at(4_095, 600).expect("read"), Some(0));
        assert_eq!(
            tree.batch_at(4_096 * 599 + 7, 600).expect("read"),
            Some(599)
        );
    }

    #[test]
    fn batches_are_found_by_the_index_of_a_record() {
        let (_folder, disk) = disk();
        let tree = Tree::open(disk, &Frontier::new()).expect("opened");
        grow(&tree, &mut Frontier::new(), 600);
        let found = |index| tree.batch_of_record(index, 600).expect("read");
        for index in 0..1_800 {
            assert_eq!(found(index), Some(index / 3));
        }
        assert_eq!(found(1_800), None);
        assert_eq!(tree.batch_of_record(9, 3).expect("read"), None);
    }
}
