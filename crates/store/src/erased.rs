//! Erasing records: what of a batch stays provable when some of its records do not.
//!
//! The salts of a batch come from one seed in its frame, so erasing one salt means erasing the
//! seed. First the salts of the other records and the leaf hashes of the erased ones are written
//! to a file of their own, then the frame is overwritten in place: remains where the records
//! stood ([`model::record::Remains`]), zeros for the seed, a mark in the header.
//!
//! `erased/N`, N the number of the batch in 16 hexadecimal digits:
//!
//! | bytes | field |
//! |---|---|
//! | 0..8 | `cf-erase` |
//! | 8..16 | number of the batch |
//! | 16..20 | count of its records |
//! | 20..24 | e, the count of those erased |
//! | 36 bytes each | the erased ones, rising: index u32, leaf hash |
//! | 16 bytes each | the salts of the others, in order |
//! | last 4 | CRC-32C of all bytes before |
//!
//! A frame is no longer overwritten as one: while that happens a copy of it stands in
//! `erased/frame` (`cf-redo1`, position u64, the frame, CRC-32C), and a start writes it once more.

use std::collections::BTreeMap;
use std::io;

use merkle::{Hash, Salt, Seed, salted_leaf, salted_leaves, salts};
use model::Record;
use model::limits::BATCH_RECORDS;
use model::record::Remains;

use crate::disk::{Disk, Mode, join, read_exact_at, read_file, replace_file, write_all_at};
use crate::error::StoreError;
use crate::frame::{self, FRAME_BYTES_MAX, Header};
use crate::log::segment_path;

/// The folder.
pub const DIR: &str = "erased";

/// In the folder: the frame that is being overwritten, as it is to be.
pub const REDO: &str = "frame";

const MAGIC: [u8; 8] = *b"cf-erase";
const REDO_MAGIC: [u8; 8] = *b"cf-redo1";
const BYTES_MAX: u64 = 28 + 36 * BATCH_RECORDS as u64;

/// What opens the records of a batch from which some were erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Openings {
    /// Number of the batch.
    pub batch: u64,
    /// Leaf hashes of the erased records, by index.
    pub erased: BTreeMap<u32, Hash>,
    /// Salts of the records; those of erased ones are zero.
    pub salts: Vec<Salt>,
}

/// Why records cannot be erased.
#[derive(Debug)]
pub enum EraseError {
    /// The disk refused, or its bytes are damaged.
    Store(StoreError),
    /// There is no such record in the batch.
    NoSuchRecord(u32),
    /// A record of this kind is needed as long as the books are.
    Needed(u32),
}

impl std::fmt::Display for EraseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::NoSuchRecord(index) => write!(f, "the batch has no record {index}"),
            Self::Needed(index) => {
                write!(f, "record {index} is no transfer, expiry or failure")
            }
        }
    }
}

impl std::error::Error for EraseError {}

impl From<StoreError> for EraseError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Openings {
    /// Those of a batch from which nothing was erased yet.
    pub fn of_seed(batch: u64, seed: [u8; 32], records: usize) -> Self {
        Self {
            batch,
            erased: BTreeMap::new(),
            salts: salts(&Seed::from_bytes(seed), records).collect(),
        }
    }

    /// Those of the batch of this frame, from its seed or from its file.
    pub fn of_frame(disk: &dyn Disk, header: &Header) -> Result<Self, StoreError> {
        let leaf = &header.leaf;
        match header.seed {
            Some(seed) => Ok(Self::of_seed(leaf.number, seed, leaf.records as usize)),
            None => Self::read(disk, leaf.number, leaf.records),
        }
    }

    /// The leaf hashes of the batch, whose body this is. Remains stand where a record was erased
    /// and nowhere else: a leaf hash that stands in for a record which is there would let that
    /// record say anything. An error is the place in the frame where this is not so.
    pub fn leaves(&self, body: &[u8]) -> Result<Vec<Hash>, u32> {
        let mut leaves = Vec::with_capacity(self.salts.len());
        for (index, entry) in (0..).zip(frame::records(body)) {
            let entry = entry?;
            leaves.push(
                match (self.erased.get(&index), self.salts.get(index as usize)) {
                    (Some(leaf), _) if is_remains(entry.bytes) => *leaf,
                    (None, Some(salt)) if !is_remains(entry.bytes) => {
                        salted_leaf(*salt, entry.bytes)
                    }
                    _ => return Err(entry.at),
                },
            );
        }
        Ok(leaves)
    }

    /// The salt of record `index`, where it was not erased.
    pub fn salt(&self, index: u32) -> Option<Salt> {
        let salt = self.salts.get(index as usize).copied();
        salt.filter(|_| !self.erased.contains_key(&index))
    }

    /// Its canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.batch.to_le_bytes());
        bytes.extend((self.salts.len() as u32).to_le_bytes());
        bytes.extend((self.erased.len() as u32).to_le_bytes());
        for (index, leaf) in &self.erased {
            bytes.extend(index.to_le_bytes());
            bytes.extend(leaf.as_bytes());
        }
        for index in 0..self.salts.len() as u32 {
            bytes.extend(self.salt(index).iter().flat_map(|salt| salt.to_bytes()));
        }
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    fn write(&self, disk: &dyn Disk) -> Result<(), StoreError> {
        let name = name(self.batch);
        replace_file(disk, DIR, &name, &self.to_bytes())
            .map_err(|e| StoreError::io("write", &join(DIR, &name), e))
    }

    fn read(disk: &dyn Disk, batch: u64, records: u32) -> Result<Self, StoreError> {
        let path = path_of(batch);
        let bytes = read_file(disk, &path, BYTES_MAX).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => {
                let what = "the file that opens a batch with erased records is missing";
                StoreError::damaged(&path, 0, what)
            }
            _ => StoreError::io("read", &path, e),
        })?;
        let read = Self::from_bytes(&bytes);
        read.filter(|read| read.batch == batch && read.salts.len() == records as usize)
            .ok_or_else(|| StoreError::damaged(&path, 0, "its checksum or its numbers do not fit"))
    }

    /// Reads canonical bytes; `None` where they are not.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (bytes, check) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(bytes).to_le_bytes() != *check {
            return None;
        }
        let mut rest = bytes.strip_prefix(&MAGIC)?;
        let batch = u64::from_le_bytes(take(&mut rest)?);
        let records = u32::from_le_bytes(take(&mut rest)?);
        let count = u32::from_le_bytes(take(&mut rest)?);
        if records as usize > BATCH_RECORDS || count == 0 || count > records {
            return None;
        }
        let mut erased = BTreeMap::new();
        for _ in 0..count {
            let index = u32::from_le_bytes(take(&mut rest)?);
            let rises = erased
                .last_key_value()
                .is_none_or(|(last, _)| *last < index);
            if index >= records || !rises {
                return None;
            }
            erased.insert(index, Hash::from_bytes(take(&mut rest)?));
        }
        let mut salts = Vec::with_capacity(records as usize);
        for index in 0..records {
            salts.push(if erased.contains_key(&index) {
                Salt::default()
            } else {
                Salt::from_bytes(take(&mut rest)?)
            });
        }
        rest.is_empty().then_some(Self {
            batch,
            erased,
            salts,
        })
    }
}

/// Erases records from the frame at `at`. Nobody reads or writes these books meanwhile.
///
/// If we die before the copy of the frame is there, nothing was erased; after it, the next start
/// carries it through.
pub fn erase(
    disk: &dyn Disk,
    segment_bytes: u64,
    header: &Header,
    indexes: &[u32],
) -> Result<(), EraseError> {
    let path = segment_path(header.at / segment_bytes);
    let failed = |what| move |e| StoreError::io(what, DIR, e);
    let file = disk.open(&path, Mode::Read).map_err(failed("open"))?;
    let mut bytes = vec![0; header.frame_len as usize];
    read_exact_at(&*file, &mut bytes, header.at % segment_bytes).map_err(failed("read"))?;
    if !header.fits(&bytes) {
        let what = "the checksum of the frame does not fit";
        return Err(StoreError::damaged(&path, header.at % segment_bytes, what).into());
    }
    let mut openings = Openings::of_frame(disk, header)?;
    redact(&mut bytes, header, indexes, &mut openings)?;
    disk.create_dir(DIR).map_err(failed("create"))?;
    openings.write(disk)?;
    let mut copy = REDO_MAGIC.to_vec();
    copy.extend(header.at.to_le_bytes());
    copy.extend(&bytes);
    copy.extend(crc32c::crc32c(&copy).to_le_bytes());
    replace_file(disk, DIR, REDO, &copy).map_err(failed("write"))?;
    redo(disk, segment_bytes)?;
    Ok(())
}

/// A frame that is to be overwritten, as it is to be.
#[derive(Debug)]
pub struct Unwritten {
    /// Its header.
    pub header: Header,
    frame: Vec<u8>,
}

impl Unwritten {
    /// The body of the frame.
    pub fn body(&self) -> &[u8] {
        &self.frame[frame::HEADER_BYTES..][..self.header.body_len as usize]
    }
}

/// Reads what a process that died had begun to overwrite a frame with; `None` where there is no
/// such.
pub fn unwritten(disk: &dyn Disk) -> Result<Option<Unwritten>, StoreError> {
    let path = join(DIR, REDO);
    let copy = match read_file(disk, &path, 20 + FRAME_BYTES_MAX as u64) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        copy => copy.map_err(|e| StoreError::io("read", &path, e))?,
    };
    let parts = || {
        let (bytes, check) = copy.split_last_chunk::<4>()?;
        let (at, frame) = bytes.strip_prefix(&REDO_MAGIC)?.split_first_chunk()?;
        let header = Header::read(frame, u64::from_le_bytes(*at))?;
        let whole = crc32c::crc32c(bytes).to_le_bytes() == *check
            && header.frame_len as usize == frame.len()
            && header.fits(frame);
        let frame = frame.to_vec();
        whole.then_some(Unwritten { header, frame })
    };
    let what = "the copy of a frame is not whole, though it was synced";
    parts()
        .map(Some)
        .ok_or_else(|| StoreError::damaged(&path, 0, what))
}

/// Carries through what a process that died had begun to overwrite; true where there was such.
pub fn redo(disk: &dyn Disk, segment_bytes: u64) -> Result<bool, StoreError> {
    let Some(Unwritten { header, frame }) = unwritten(disk)? else {
        return Ok(false);
    };
    let (at, path) = (header.at, join(DIR, REDO));
    let failed = |what| {
        let path = path.clone();
        move |e| StoreError::io(what, &path, e)
    };
    let segment = segment_path(at / segment_bytes);
    let written = || {
        let file = disk.open(&segment, Mode::Write)?;
        write_all_at(&*file, &frame, at % segment_bytes)?;
        file.sync()
    };
    written().map_err(|e| StoreError::io("write", &segment, e))?;
    disk.remove(&path).map_err(failed("remove"))?;
    disk.sync_dir(DIR).map_err(failed("sync"))?;
    Ok(true)
}

/// Numbers of the batches that have a file, and names that are none.
pub fn list(disk: &dyn Disk) -> Result<(Vec<u64>, Vec<String>), StoreError> {
    let names = disk.list(DIR).map_err(|e| StoreError::io("list", DIR, e))?;
    let (mut numbers, mut others) = (Vec::new(), Vec::new());
    for file in names {
        match u64::from_str_radix(&file, 16) {
            Ok(number) if name(number) == file => numbers.push(number),
            _ => others.push(file),
        }
    }
    Ok((numbers, others))
}

fn redact(
    bytes: &mut [u8],
    header: &Header,
    indexes: &[u32],
    openings: &mut Openings,
) -> Result<(), EraseError> {
    let body = &bytes[frame::HEADER_BYTES..][..header.body_len as usize];
    let mut places = Vec::new();
    for entry in frame::records(body) {
        let entry = entry.map_err(|at| {
            let what = "the records of the batch do not fit its body";
            StoreError::damaged("log", header.at + u64::from(at), what)
        })?;
        places.push((entry.at as usize, entry.bytes.len()));
    }
    for &index in indexes {
        let place = places.get(index as usize).copied();
        let (at, len) = place.ok_or(EraseError::NoSuchRecord(index))?;
        let record = &mut bytes[at..at + frame::PREFIX_BYTES + len];
        let (prefix, record) = record.split_at_mut(frame::PREFIX_BYTES);
        let decoded = Record::decode(record).ok();
        if let Some(Record::Erased(_)) = decoded {
            continue;
        }
        let remains = decoded.as_ref().and_then(Remains::of);
        let remains = remains.ok_or(EraseError::Needed(index))?;
        let salt = openings
            .salt(index)
            .ok_or(EraseError::NoSuchRecord(index))?;
        openings.erased.insert(index, salted_leaf(salt, record));
        openings.salts[index as usize] = Salt::default();
        remains
            .write_over(record)
            .expect("what remains is less than what was there");
        prefix[2..].copy_from_slice(&crate::check::crc32c(record).to_le_bytes());
    }
    frame::forget_seed(bytes, header);
    Ok(())
}

/// Path of the file that opens batch `batch`.
pub fn path_of(batch: u64) -> String {
    join(DIR, &name(batch))
}

fn is_remains(record: &[u8]) -> bool {
    matches!(Record::decode(record), Ok(Record::Erased(_)))
}

fn name(batch: u64) -> String {
    format!("{batch:016x}")
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

/// The leaf hashes of a batch, whose body this is, into `out`; of erased records their hashes
/// are all there is.
pub fn batch_leaves(
    disk: &dyn Disk,
    header: &Header,
    body: &[u8],
    out: &mut Vec<Hash>,
) -> Result<(), StoreError> {
    let damaged = |at: u32| {
        let number = header.leaf.number;
        let path = path_of(number);
        let what = match header.seed {
            Some(_) => format!("batch {number}: the records do not fit its body"),
            None => format!("batch {number}: {path} is not of the records that stand there"),
        };
        StoreError::damaged("log", header.at + u64::from(at), &what)
    };
    out.clear();
    let Some(seed) = header.seed else {
        let openings = Openings::of_frame(disk, header)?;
        *out = openings.leaves(body).map_err(damaged)?;
        return Ok(());
    };
    let spans = frame::spans(body).map_err(damaged)?;
    salted_leaves(&Seed::from_bytes(seed), body, &spans, out);
    Ok(())
}
