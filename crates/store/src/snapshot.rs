//! Snapshots: the state at some time, so that a start replays the end of the log only.
//!
//! A snapshot is written chunk by chunk while the books go on; each chunk bears a stamp, the count
//! of records that had been applied when it was copied. The state that it stands for is reached by
//! replaying the log from the snapshot's beginning and applying to each chunk only what its stamp
//! has not seen (`machine::Restore`). A file that ends without its trailer, or whose checksums do
//! not fit, is passed over for an older one.
//!
//! ```text
//! file    = "cf-snap1" | meta_len u32 | crc u32 of meta | meta | chunk* | trailer
//! meta    = number u64 | first_record u64 | timestamp u64 | previous [32] | at u64
//!         | frontier_len u32 | frontier | header_len u32 | header
//! chunk   = number u32 | len u32 | stamp u64 | crc u32 of the 16 bytes before and the bytes | bytes
//! trailer = FFFFFFFF | chunks u32 | end_record u64 | crc u32 of the 16 bytes before
//! ```
//!
//! The file is named by the index of the first record that it has not seen. Integers are
//! little-endian.

use std::io;
use std::sync::Arc;

use crate::disk::{self, Disk, File, Mode, read_exact_at, write_all_at};
use crate::error::StoreError;
use crate::log::Chain;

/// Folder of the snapshots.
pub const DIR: &str = "snapshots";

const MAGIC: [u8; 8] = *b"cf-snap1";
const META_BYTES_MAX: u32 = 1 << 24;
const CHUNK_HEADER: usize = 20;
const TRAILER: u32 = u32::MAX;
/// Bytes written between syncs, so that a large snapshot never floods the disk at once.
const SYNC_BYTES: u64 = 2 << 20;

/// Where in the log a snapshot begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The link to the first frame that it has not seen.
    pub chain: Chain,
    /// Where that frame is to be found, or at the beginning of the next segment.
    pub at: u64,
    /// Canonical bytes of the outer tree's frontier there.
    pub frontier: Vec<u8>,
    /// Canonical bytes of the state's own header.
    pub header: Vec<u8>,
}

impl Meta {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.chain.number.to_le_bytes());
        bytes.extend(self.chain.first_record.to_le_bytes());
        bytes.extend(self.chain.timestamp.to_le_bytes());
        bytes.extend(self.chain.previous);
        bytes.extend(self.at.to_le_bytes());
        for part in [&self.frontier, &self.header] {
            bytes.extend((part.len() as u32).to_le_bytes());
            bytes.extend(part);
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut take = |len: usize| {
            let (front, back) = rest.split_at_checked(len)?;
            rest = back;
            Some(front)
        };
        let mut word = || Some(u64::from_le_bytes(take(8)?.try_into().ok()?));
        let (number, first_record, timestamp) = (word()?, word()?, word()?);
        let previous = take(32)?.try_into().ok()?;
        let at = u64::from_le_bytes(take(8)?.try_into().ok()?);
        let mut part = || {
            let len = u32::from_le_bytes(take(4)?.try_into().ok()?);
            Some(take(len as usize)?.to_vec())
        };
        let (frontier, header) = (part()?, part()?);
        let chain = Chain {
            number,
            first_record,
            previous,
            timestamp,
        };
        rest.is_empty().then_some(Self {
            chain,
            at,
            frontier,
            header,
        })
    }
}

/// Path of the snapshot whose first unseen record has this index.
pub fn path_of(first_record: u64) -> String {
    format!("{DIR}/{first_record:016x}.snap")
}

/// Writes one snapshot.
pub struct Writer {
    disk: Arc<dyn Disk>,
    file: Arc<dyn File>,
    path: String,
    at: u64,
    synced: u64,
    chunks: u32,
}

impl Writer {
    /// Begins a snapshot under a temporary name.
    pub fn create(disk: Arc<dyn Disk>, meta: &Meta) -> Result<Self, StoreError> {
        let path = path_of(meta.chain.first_record);
        disk.create_dir(DIR)
            .map_err(|e| StoreError::io("create", DIR, e))?;
        let file = disk.open(&format!("{path}.new"), Mode::Create);
        let file = file.map_err(|e| StoreError::io("create", &path, e))?;
        let meta = meta.to_bytes();
        let mut bytes = MAGIC.to_vec();
        bytes.extend((meta.len() as u32).to_le_bytes());
        bytes.extend(crc32c::crc32c(&meta).to_le_bytes());
        bytes.extend(&meta);
        let mut writer = Self {
            disk,
            file,
            path,
            at: 0,
            synced: 0,
            chunks: 0,
        };
        writer.write(&bytes)?;
        Ok(writer)
    }

    /// Appends chunk `number`, copied when `stamp` records had been applied.
    pub fn chunk(&mut self, number: u32, stamp: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let mut header = [0; CHUNK_HEADER];
        header[0..4].copy_from_slice(&number.to_le_bytes());
        header[4..8].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
        header[8..16].copy_from_slice(&stamp.to_le_bytes());
        let check = crc32c::crc32c_append(crc32c::crc32c(&header[..16]), bytes);
        header[16..20].copy_from_slice(&check.to_le_bytes());
        self.chunks += 1;
        self.write(&header)?;
        self.write(bytes)?;
        if self.at - self.synced >= SYNC_BYTES {
            self.synced = self.at;
            self.file
                .sync()
                .map_err(|e| StoreError::io("sync", &self.path, e))?;
        }
        Ok(())
    }

    /// Ends the snapshot and gives it its name; older ones beyond the one before it are removed.
    /// To be called only once the log is durable up to `end_record`, the greatest stamp.
    pub fn finish(mut self, end_record: u64) -> Result<(), StoreError> {
        let mut trailer = [0; CHUNK_HEADER];
        trailer[0..4].copy_from_slice(&TRAILER.to_le_bytes());
        trailer[4..8].copy_from_slice(&self.chunks.to_le_bytes());
        trailer[8..16].copy_from_slice(&end_record.to_le_bytes());
        let check = crc32c::crc32c(&trailer[..16]);
        trailer[16..20].copy_from_slice(&check.to_le_bytes());
        self.write(&trailer)?;
        let failed = |e| StoreError::io("finish", &self.path, e);
        self.file.sync().map_err(failed)?;
        self.disk
            .rename(&format!("{}.new", self.path), &self.path)
            .map_err(failed)?;
        self.disk.sync_dir(DIR).map_err(failed)?;
        for older in list(&*self.disk)?.into_iter().skip(2) {
            self.disk.remove(&older).map_err(failed)?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        write_all_at(&*self.file, bytes, self.at)
            .map_err(|e| StoreError::io("write", &self.path, e))?;
        self.at += bytes.len() as u64;
        Ok(())
    }
}

/// Paths of the finished snapshots, newest first; unfinished ones are removed.
pub fn list(disk: &dyn Disk) -> Result<Vec<String>, StoreError> {
    let names = disk.list(DIR).map_err(|e| StoreError::io("list", DIR, e))?;
    Ok(names
        .iter()
        .rev()
        .filter(|name| name.strip_suffix(".snap").is_some())
        .map(|name| format!("{DIR}/{name}"))
        .collect())
}

/// Removes what an earlier process began to write and did not finish.
pub fn remove_unfinished(disk: &dyn Disk) -> Result<(), StoreError> {
    let failed = |e: io::Error| StoreError::io("clean", DIR, e);
    for name in disk.list(DIR).map_err(failed)? {
        if disk::is_unfinished(&name) {
            disk.remove(&format!("{DIR}/{name}")).map_err(failed)?;
        }
    }
    Ok(())
}

/// Reads one snapshot from its beginning.
pub struct Snapshot {
    file: Arc<dyn File>,
    path: String,
    at: u64,
    len: u64,
    chunks: u32,
    meta: Meta,
}

/// One step of reading a snapshot.
pub enum Part {
    /// A chunk: its number, its stamp and its bytes.
    Chunk(u32, u64, Vec<u8>),
    /// The trailer: the log must hold all records before this index.
    End(u64),
}

impl Snapshot {
    /// Opens the snapshot at `path`.
    pub fn open(disk: &dyn Disk, path: &str) -> Result<Self, StoreError> {
        let failed = |e| StoreError::io("read", path, e);
        let file = disk.open(path, Mode::Read).map_err(failed)?;
        let len = file.len().map_err(failed)?;
        let meta = Meta {
            chain: Chain::default(),
            at: 0,
            frontier: vec![],
            header: vec![],
        };
        let mut snapshot = Self {
            file,
            path: path.to_owned(),
            at: 0,
            len,
            chunks: 0,
            meta,
        };
        let head = snapshot.take(16)?;
        let meta_len = u32::from_le_bytes(head[8..12].try_into().expect("4 bytes"));
        if head[0..8] != MAGIC || meta_len > META_BYTES_MAX {
            return Err(snapshot.damaged("this is not the beginning of a snapshot"));
        }
        let meta = snapshot.take(meta_len as usize)?;
        let check = crc32c::crc32c(&meta).to_le_bytes();
        match Meta::from_bytes(&meta) {
            Some(meta) if head[12..16] == check => snapshot.meta = meta,
            _ => return Err(snapshot.damaged("the checksum of its beginning does not fit")),
        }
        Ok(snapshot)
    }

    /// Bytes of its file.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether its file is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where in the log it begins.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Goes back to the first chunk, so that all of them are read once more.
    pub fn rewind(&mut self) {
        self.at = 16 + self.meta.to_bytes().len() as u64;
        self.chunks = 0;
    }

    /// Its file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The next chunk, or the trailer, which is the last.
    pub fn next_part(&mut self) -> Result<Part, StoreError> {
        let header = self.take(CHUNK_HEADER)?;
        let word = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("4 bytes"));
        let stamp = u64::from_le_bytes(header[8..16].try_into().expect("8 bytes"));
        let (number, len, check) = (word(0), word(4), word(16));
        let head_check = crc32c::crc32c(&header[..16]);
        if number == TRAILER {
            let whole = check == head_check && len == self.chunks && self.at == self.len;
            return if whole {
                Ok(Part::End(stamp))
            } else {
                Err(self.damaged("the trailer does not fit"))
            };
        }
        let bytes = self.take(len as usize)?;
        if crc32c::crc32c_append(head_check, &bytes) != check {
            return Err(self.damaged("the checksum of a chunk does not fit"));
        }
        self.chunks += 1;
        Ok(Part::Chunk(number, stamp, bytes))
    }

    fn take(&mut self, len: usize) -> Result<Vec<u8>, StoreError> {
        if len as u64 > self.len - self.at {
            return Err(self.damaged("the snapshot ends too early"));
        }
        let mut bytes = vec![0; len];
        read_exact_at(&*self.file, &mut bytes, self.at)
            .map_err(|e| StoreError::io("read", &self.path, e))?;
        self.at += len as u64;
        Ok(bytes)
    }

    fn damaged(&self, what: &str) -> StoreError {
        StoreError::damaged(&self.path, self.at, what)
    }
}
