//! The manifest: which runs are live.
//!
//! # Format, version 2
//!
//! The file `index/manifest`, replaced as a whole. Integers are unsigned and little-endian.
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 8 | `COUNTMAN` |
//! | 8 | 4 | version, 2: it changes as well when the same log gives other entries |
//! | 12 | 4 | n, the number of runs |
//! | 16 | 8 | the number of the next run; greater than that of any run before it |
//! | 24 + 40 i | 8 | run i, oldest first: its number |
//! | 32 + 40 i | 8 | where its range of the log begins |
//! | 40 + 40 i | 8 | where it ends, and the next run's begins |
//! | 48 + 40 i | 8 | length of its file, in blocks of 4096 bytes |
//! | 56 + 40 i | 4 | its level |
//! | 60 + 40 i | 4 | the checksum of its footer |
//! | 24 + 40 n | 4 | CRC-32C of all bytes before |

use super::block::{put, u64_at};
use super::run::Run;
use super::{DIR, IndexError};
use crate::disk::{self, Disk};
use std::io;
use std::sync::Arc;

/// The file's name in the directory of the index.
pub(super) const NAME: &str = "manifest";
const MAGIC: &[u8; 8] = b"COUNTMAN";
const VERSION: u32 = 2;
const HEADER: usize = 24;
const ITEM: usize = 40;
/// Most runs: what a merger that lies years behind could leave.
const RUNS_MAX: usize = 1 << 16;

/// A live run as the manifest knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) number: u64,
    pub(super) from: u64,
    pub(super) end: u64,
    pub(super) blocks: u64,
    pub(super) level: u32,
    pub(super) sum: u32,
}

impl Item {
    pub(super) fn of(run: &Run) -> Self {
        let head = run.head();
        Self {
            number: head.number,
            from: head.from,
            end: head.end,
            blocks: run.blocks,
            level: u32::from(head.level),
            sum: run.sum,
        }
    }
}

/// What the manifest says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) next: u64,
    pub(super) items: Vec<Item>,
}

/// The path of the manifest.
pub(super) fn path() -> String {
    disk::join(DIR, NAME)
}

/// Replaces the manifest, durably, by one that names `runs`.
pub(super) fn replace(disk: &dyn Disk, next: u64, runs: &[Arc<Run>]) -> Result<(), IndexError> {
    let items = runs.iter().map(|run| Item::of(run)).collect();
    let bytes = Manifest { next, items }.to_bytes();
    disk::replace_file(disk, DIR, NAME, &bytes)
        .map_err(|e| IndexError::io(format!("replacing {}", path()), e))
}

/// Reads the manifest; absent, it names no runs.
pub(super) fn read(disk: &dyn Disk) -> Result<Manifest, IndexError> {
    let max = (HEADER + RUNS_MAX * ITEM + 4) as u64;
    match disk::read_file(disk, &path(), max) {
        Ok(bytes) => Manifest::from_bytes(&bytes)
            .map_err(|(what, at)| IndexError::damaged(what, &path(), at as u64)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Manifest::default()),
        Err(e) if e.kind() == io::ErrorKind::InvalidData => {
            Err(IndexError::damaged(e.to_string(), &path(), 0))
        }
        Err(e) => Err(IndexError::io(format!("reading {}", path()), e)),
    }
}

impl Manifest {
    fn to_bytes(&self) -> Vec<u8> {
        assert!(
            self.items.len() <= RUNS_MAX,
            "at most {RUNS_MAX} runs are live"
        );
        let end = HEADER + ITEM * self.items.len();
        let mut bytes = vec![0; end + 4];
        put(&mut bytes, 0, MAGIC);
        put(&mut bytes, 8, &VERSION.to_le_bytes());
        put(&mut bytes, 12, &(self.items.len() as u32).to_le_bytes());
        put(&mut bytes, 16, &self.next.to_le_bytes());
        for (i, item) in self.items.iter().enumerate() {
            let at = HEADER + ITEM * i;
            for (j, word) in [item.number, item.from, item.end, item.blocks]
                .iter()
                .enumerate()
            {
                put(&mut bytes, at + 8 * j, &word.to_le_bytes());
            }
            put(&mut bytes, at + 32, &item.level.to_le_bytes());
            put(&mut bytes, at + 36, &item.sum.to_le_bytes());
        }
        let sum = crc32c::crc32c(&bytes[..end]);
        put(&mut bytes, end, &sum.to_le_bytes());
        bytes
    }

    /// What is wrong comes with its offset.
    fn from_bytes(bytes: &[u8]) -> Result<Self, (&'static str, usize)> {
        let Some(end) = bytes.len().checked_sub(4).filter(|&end| end >= HEADER) else {
            return Err(("shorter than an empty manifest", bytes.len()));
        };
        if &bytes[..8] != MAGIC {
            return Err(("not a manifest", 0));
        }
        if u32_at(bytes, end) != crc32c::crc32c(&bytes[..end]) {
            return Err(("the checksum is wrong", end));
        }
        if u32_at(bytes, 8) != VERSION {
            return Err(("a manifest of a version that this program does not know", 8));
        }
        if u32_at(bytes, 12) as usize * ITEM != end - HEADER {
            return Err(("not as long as its runs", 12));
        }
        let mut items: Vec<Item> = Vec::new();
        for (i, bytes) in bytes[HEADER..end].chunks_exact(ITEM).enumerate() {
            let item = Item {
                number: u64_at(bytes, 0),
                from: u64_at(bytes, 8),
                end: u64_at(bytes, 16),
                blocks: u64_at(bytes, 24),
                level: u32_at(bytes, 32),
                sum: u32_at(bytes, 36),
            };
            if items.last().is_some_and(|last| last.end != item.from) {
                return Err((
                    "a run does not begin where the one before ends",
                    HEADER + ITEM * i,
                ));
            }
            items.push(item);
        }
        Ok(Self {
            next: u64_at(bytes, 16),
            items,
        })
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
}
