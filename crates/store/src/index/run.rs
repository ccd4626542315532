//! A run: one file of sorted entries of all six trees, over one range of the log.
//!
//! # Format, version 1
//!
//! The file `index/run-N`, N being the run's number in 16 hexadecimal digits, is a sequence of
//! blocks of 4096 bytes, numbered from 0. All integers are unsigned and little-endian. An
//! *entry* is a pair (key, at); entries are ordered by key, then by at.
//!
//! | blocks | |
//! |---|---|
//! | F filter pages | where the tree of ids has entries; else F = 0 |
//! | the six trees, one after the other | id, account, `user_data_128`, `_64`, `_32`, time |
//! | 1 footer | always the last block |
//!
//! Every block begins alike:
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 4 | CRC-32C over: the run's number (8 bytes), the block's number (8), bytes 4..4096 |
//! | 4 | 1 | kind: 0..=5 the number of a tree, 0x80 filter page, 0x81 footer |
//!
//! Bytes to which no meaning is given are 0.
//!
//! **Leaf**: count, from 1 to 4096, entries of a tree in order.
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 5 | 1 | 0 |
//! | 6 | 2 | count |
//! | 8 | 8 | key of the first entry |
//! | 16 | 8 | base: the least at |
//! | 24 | 1 | K: bits of a key step, 0..=64 |
//! | 25 | 1 | A: bits of an at, 0..=64 |
//! | 32 | 4064 | the entries, (K + A) bits each |
//!
//! Bit b of the packed entries is bit b mod 8 of byte 32 + b / 8. Entry i takes the K bits from
//! i (K + A): its key minus the key of the entry before (0 for the first); then A bits: its at
//! minus base. As many entries stand in a leaf as fit.
//!
//! **Index block**: count, from 1 to 204, children in order.
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 5 | 1 | height: 1 above leaves, 2 above those, and so on |
//! | 6 | 2 | count |
//! | 8 + 20 i | 8 | key of the first entry below child i |
//! | 16 + 20 i | 8 | at of that entry |
//! | 24 + 20 i | 4 | number of the child's block in the file |
//!
//! The leaves of a tree stand in order of their entries; an index block stands somewhere behind
//! its last child. The root is an index block, or the leaf where there is only one.
//!
//! **Filter page**: filter blocks 127 p to 127 p + 126 of page p, 32 bytes each, from offset 32.
//! The filter has B = ceil(n / 16) filter blocks for n entries of the tree of ids and
//! F = ceil(B / 127) pages. A key belongs to filter block floor(key B / 2^64). A filter block
//! is eight lanes of 32 bits; in lane j, the key sets bit ((key mod 2^32) S\[j\] mod 2^32) >> 27,
//! with S = 47b6137b, 44974d91, 8824ad5b, a2b7289d, 705495c7, 2df1424b, 9efc4947, 5c6bfb31
//! (hexadecimal; the split-block Bloom filter of Apache Parquet).
//!
//! **Footer**:
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 5 | 1 | level |
//! | 8 | 8 | `COUNTIDX` |
//! | 16 | 4 | version, 1 |
//! | 24 | 8 | the run's number |
//! | 32 | 8 | where the range of the log begins |
//! | 40 | 8 | where it ends |
//! | 48 | 8 | records in that range |
//! | 56 | 8 | B, the filter blocks |
//! | 64 | 16 | the least transfer id |
//! | 80 | 16 | the greatest; less than the least where there is none |
//! | 96 + 48 t | 8 | tree t: its first block |
//! | 104 + 48 t | 8 | its blocks, leaves and index blocks; 0 for a tree without entries |
//! | 112 + 48 t | 8 | its root's block |
//! | 120 + 48 t | 8 | its entries |
//! | 128 + 48 t | 8 | the least key |
//! | 136 + 48 t | 8 | the greatest key |

use super::block::{self, BLOCK, KIND_FILTER, KIND_FOOTER, LEAF_MAX, SLACK};
use super::filter::{Bits, Budget, Resident, Size};
use super::{DIR, IndexError, Tree};
use crate::disk::{self, Disk, File, Mode};
use std::sync::{Arc, OnceLock};

const MAGIC: &[u8; 8] = b"COUNTIDX";
const VERSION: u32 = 1;
const TREES: usize = 96;
const TREE: usize = 48;
/// Blocks read at once where many are read in order.
pub(super) const STRIDE: usize = 32;

/// What a run covers; known before its first block is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) number: u64,
    pub(super) level: u8,
    pub(super) from: u64,
    pub(super) end: u64,
    pub(super) records: u64,
    pub(super) ids: Option<(u128, u128)>,
}

/// Where a tree stands in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) first: u64,
    pub(super) blocks: u64,
    pub(super) root: u64,
    pub(super) entries: u64,
    pub(super) min: u64,
    pub(super) max: u64,
}

/// The last block of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Footer {
    pub(super) head: Head,
    pub(super) filter: u64,
    pub(super) sections: [Section; Tree::COUNT],
}

impl Footer {
    /// Writes the footer into `bytes`, a zeroed block.
    pub(super) fn write(&self, bytes: &mut [u8]) {
        let head = &self.head;
        bytes[4] = KIND_FOOTER;
        bytes[5] = head.level;
        block::put(bytes, 8, MAGIC);
        block::put(bytes, 16, &VERSION.to_le_bytes());
        for (i, word) in [head.number, head.from, head.end, head.records, self.filter]
            .iter()
            .enumerate()
        {
            block::put(bytes, 24 + 8 * i, &word.to_le_bytes());
        }
        let (least, greatest) = head.ids.unwrap_or((u128::MAX, 0));
        block::put(bytes, 64, &least.to_le_bytes());
        block::put(bytes, 80, &greatest.to_le_bytes());
        for (i, s) in self.sections.iter().enumerate() {
            let words = [s.first, s.blocks, s.root, s.entries, s.min, s.max];
            for (j, word) in words.iter().enumerate() {
                block::put(bytes, TREES + TREE * i + 8 * j, &word.to_le_bytes());
            }
        }
    }

    /// Reads and checks the footer of a run of `blocks` blocks.
    fn read(bytes: &[u8], blocks: u64) -> Result<Self, &'static str> {
        if block::kind(bytes) != KIND_FOOTER || &bytes[8..16] != MAGIC {
            return Err("not the footer of a run");
        }
        if bytes[16..20] != VERSION.to_le_bytes() {
            return Err("a run of a version that this program does not know");
        }
        let word = |at| block::u64_at(bytes, at);
        let id = |at| u128::from(word(at)) | u128::from(word(at + 8)) << 64;
        let head = Head {
            number: word(24),
            level: bytes[5],
            from: word(32),
            end: word(40),
            records: word(48),
            ids: (id(64) <= id(80)).then(|| (id(64), id(80))),
        };
        let sections = std::array::from_fn(|i| {
            let word = |j: usize| word(TREES + TREE * i + 8 * j);
            Section {
                first: word(0),
                blocks: word(1),
                root: word(2),
                entries: word(3),
                min: word(4),
                max: word(5),
            }
        });
        let footer = Self {
            head,
            filter: word(56),
            sections,
        };
        if footer.is_sound(blocks) {
            Ok(footer)
        } else {
            Err("a footer that contradicts itself")
        }
    }

    fn is_sound(&self, blocks: u64) -> bool {
        let ids = self.sections[Tree::Id.number()].entries;
        let mut next = Size(self.filter).pages();
        let mut sound = self.filter == Size::of_keys(ids).0
            && self.head.from <= self.head.end
            && (ids == 0 || self.head.ids.is_some());
        for s in &self.sections {
            sound &= s.first == next && s.blocks <= blocks;
            sound &= (s.blocks == 0) == (s.entries == 0);
            sound &= s.entries <= s.blocks.saturating_mul(LEAF_MAX as u64) && s.min <= s.max;
            sound &= s.blocks == 0 || s.root.wrapping_sub(s.first) < s.blocks;
            next = next.saturating_add(s.blocks);
        }
        sound && next.checked_add(1) == Some(blocks)
    }
}

/// An open run. Its file may have been removed from the directory; it is read all the same.
pub(super) struct Run {
    pub(super) footer: Footer,
    /// The checksum of the footer, by which the manifest knows the run.
    pub(super) sum: u32,
    pub(super) blocks: u64,
    path: String,
    file: Arc<dyn File>,
    roots: [Option<Box<[u8]>>; Tree::COUNT],
    filter: OnceLock<Resident>,
    budget: Arc<Budget>,
}

/// The name of run `number` in the directory of the index.
pub(super) fn name(number: u64) -> String {
    format!("run-{number:016x}")
}

/// The path of run `number`.
pub(super) fn path(number: u64) -> String {
    disk::join(DIR, &name(number))
}

impl Run {
    /// Opens run `number`: reads its footer and its roots, eight blocks at most.
    pub(super) fn open(
        disk: &dyn Disk,
        number: u64,
        budget: &Arc<Budget>,
    ) -> Result<Self, IndexError> {
        let path = path(number);
        let file = match disk.open(&path, Mode::Read) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(IndexError::damaged(
                    "the manifest names it, it is missing",
                    &path,
                    0,
                ));
            }
            opened => opened.map_err(|e| IndexError::io(format!("opening {path}"), e))?,
        };
        let len = file
            .len()
            .map_err(|e| IndexError::io(format!("measuring {path}"), e))?;
        let blocks = len / BLOCK as u64;
        if blocks == 0 || len % BLOCK as u64 != 0 || blocks > u64::from(u32::MAX) {
            return Err(IndexError::damaged(
                "not a whole number of blocks",
                &path,
                len,
            ));
        }
        let mut bytes = vec![0; BLOCK + SLACK];
        let last = blocks - 1;
        read_intact(&*file, &path, (number, last), &mut bytes)?;
        let footer = Footer::read(&bytes, blocks)
            .map_err(|what| IndexError::damaged(what, &path, last * BLOCK as u64))?;
        let sum = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let mut run = Self {
            footer,
            sum,
            blocks,
            path,
            file,
            roots: Default::default(),
            filter: OnceLock::new(),
            budget: Arc::clone(budget),
        };
        for tree in Tree::ALL {
            let section = run.section(tree);
            if section.blocks > 0 {
                run.read_block(tree, section.root, &mut bytes)?;
                run.roots[tree.number()] = Some(bytes.clone().into_boxed_slice());
            }
        }
        Ok(run)
    }

    pub(super) fn head(&self) -> &Head {
        &self.footer.head
    }

    pub(super) fn section(&self, tree: Tree) -> &Section {
        &self.footer.sections[tree.number()]
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The root's block (with its slack) of a tree that has entries.
    pub(super) fn root(&self, tree: Tree) -> Option<&[u8]> {
        self.roots[tree.number()].as_deref()
    }

    /// That block `place` is not what it should be.
    pub(super) fn damaged(&self, what: &str, place: u64) -> IndexError {
        IndexError::damaged(what, &self.path, place.saturating_mul(BLOCK as u64))
    }

    /// Reads block `place` of a tree into the first 4096 bytes of `bytes` and checks it.
    pub(super) fn read_block(
        &self,
        tree: Tree,
        place: u64,
        bytes: &mut [u8],
    ) -> Result<(), IndexError> {
        let section = self.section(tree);
        if place.wrapping_sub(section.first) >= section.blocks {
            return Err(self.damaged("a block outside its tree is referred to", place));
        }
        self.read(place, bytes)?;
        self.check_kind(tree, place, bytes)
    }

    fn read(&self, place: u64, bytes: &mut [u8]) -> Result<(), IndexError> {
        read_intact(&*self.file, &self.path, (self.head().number, place), bytes)
    }

    fn check_kind(&self, tree: Tree, place: u64, bytes: &[u8]) -> Result<(), IndexError> {
        if usize::from(block::kind(bytes)) == tree.number() {
            Ok(())
        } else {
            Err(self.damaged("a block of another tree", place))
        }
    }

    /// Reads and checks `bytes.len()` / 4096 blocks from block `place` on.
    pub(super) fn read_many(&self, place: u64, bytes: &mut [u8]) -> Result<(), IndexError> {
        let at = place * BLOCK as u64;
        disk::read_exact_at(&*self.file, bytes, at).map_err(|e| reading(&self.path, at, e))?;
        for (place, bytes) in (place..).zip(bytes.chunks_exact(BLOCK)) {
            if !block::is_intact(bytes, self.head().number, place) {
                return Err(self.damaged("a checksum is wrong", place));
            }
        }
        Ok(())
    }

    /// Asks the system to read blocks `from..end` ahead.
    pub(super) fn warm(&self, from: u64, end: u64) {
        self.file
            .warm(from * BLOCK as u64, (end - from) * BLOCK as u64);
    }

    /// The filter, where it is in memory.
    pub(super) fn filter(&self) -> Option<&Resident> {
        self.filter.get()
    }

    /// The filter, read into memory where the budget, stretched by `slack` bytes, has room.
    pub(super) fn load_filter(&self, slack: u64) -> Result<Option<&Resident>, IndexError> {
        if let Some(filter) = self.filter.get() {
            return Ok(Some(filter));
        }
        let size = Size(self.footer.filter);
        let Some(reserved) = self.budget.reserve(size.bytes(), slack) else {
            return Ok(None);
        };
        let mut resident = Resident::new(size, reserved);
        let mut bytes = vec![0; STRIDE * BLOCK];
        let mut page = 0;
        while page < size.pages() {
            let count = (size.pages() - page).min(STRIDE as u64);
            let bytes = &mut bytes[..count as usize * BLOCK];
            self.read_many(page, bytes)?;
            for bytes in bytes.chunks_exact(BLOCK) {
                self.check_filter_page(page, bytes)?;
                resident.extend(bytes);
                page += 1;
            }
        }
        // Where another thread was faster, its copy stays and this one gives its bytes back.
        Ok(Some(self.filter.get_or_init(|| resident)))
    }

    fn check_filter_page(&self, page: u64, bytes: &[u8]) -> Result<(), IndexError> {
        if block::kind(bytes) == KIND_FILTER {
            Ok(())
        } else {
            Err(self.damaged("not a filter page", page))
        }
    }

    /// Whether the filter on disk lets `key` pass. A whole page is read, not the filter block
    /// alone: only pages have a checksum, and a lost bit would hide a transfer.
    pub(super) fn filter_page_holds(
        &self,
        key: u64,
        bits: &Bits,
        bytes: &mut [u8],
    ) -> Result<bool, IndexError> {
        if self.footer.filter == 0 {
            return Ok(false);
        }
        let (page, at) = Size::in_page(Size(self.footer.filter).place(key));
        self.read(page, bytes)?;
        self.check_filter_page(page, bytes)?;
        Ok(super::filter::page_holds(bytes, at, bits))
    }
}

/// Reads block `(run, place)` into the first 4096 bytes of `bytes` and checks its sum.
fn read_intact(
    file: &dyn File,
    path: &str,
    (run, place): (u64, u64),
    bytes: &mut [u8],
) -> Result<(), IndexError> {
    let at = place * BLOCK as u64;
    disk::read_exact_at(file, &mut bytes[..BLOCK], at).map_err(|e| reading(path, at, e))?;
    if block::is_intact(bytes, run, place) {
        Ok(())
    } else {
        Err(IndexError::damaged("a checksum is wrong", path, at))
    }
}

fn reading(path: &str, at: u64, error: std::io::Error) -> IndexError {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        IndexError::damaged("the file ends too early", path, at)
    } else {
        IndexError::io(format!("reading {path} at byte {at}"), error)
    }
}
