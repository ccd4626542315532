use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use model::Record;

use super::segment_path;
use crate::disk::{Disk, File, Mode, read_exact_at};
use crate::error::StoreError;
use crate::frame::{HEADER_BYTES, Header, PREFIX_BYTES, read_record};

/// Bytes read at first for one record: most are shorter.
const GUESS_BYTES: usize = 128;

/// Threads that read one page of records at most.
const READERS: usize = 8;

/// Records that a thread of their own is worth at least.
const SHARE: usize = 256;

/// Open segments kept at most.
const OPEN_MAX: usize = 256;

/// Reads committed records and frames by position; shared by all who read.
pub struct Reader {
    disk: Arc<dyn Disk>,
    segment_bytes: u64,
    open: Mutex<BTreeMap<u64, Arc<dyn File>>>,
}

impl Reader {
    /// A reader of the log below `disk`.
    pub fn new(disk: Arc<dyn Disk>, segment_bytes: u64) -> Self {
        Self {
            disk,
            segment_bytes,
            open: Mutex::default(),
        }
    }

    /// The record whose prefix stands at position `at`.
    pub fn record(&self, at: u64) -> Result<Record, StoreError> {
        let file = self.segment(at / self.segment_bytes)?;
        self.record_in(&*file, at)
    }

    /// The records at these positions, in their order. Many are read by several threads at once:
    /// what is not in the page cache is then waited for side by side.
    pub fn records(&self, positions: &[u64]) -> Result<Vec<Record>, StoreError> {
        if positions.len() < 2 * SHARE {
            return self.records_in_turn(positions);
        }
        let share = positions.len().div_ceil(READERS).max(SHARE);
        let shares = thread::scope(|scope| {
            let read = |share| scope.spawn(move || self.records_in_turn(share));
            let threads: Vec<_> = positions.chunks(share).map(read).collect();
            threads
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect::<Vec<_>>()
        });
        let mut records = Vec::with_capacity(positions.len());
        for share in shares {
            records.extend(share.expect("reading does not panic")?);
        }
        Ok(records)
    }

    fn records_in_turn(&self, positions: &[u64]) -> Result<Vec<Record>, StoreError> {
        let mut current: Option<(u64, Arc<dyn File>)> = None;
        let mut records = Vec::with_capacity(positions.len());
        for &at in positions {
            let number = at / self.segment_bytes;
            let file = match &current {
                Some((open, file)) if *open == number => Arc::clone(file),
                _ => self.segment(number)?,
            };
            records.push(self.record_in(&*file, at)?);
            current = Some((number, file));
        }
        Ok(records)
    }

    fn record_in(&self, file: &dyn File, at: u64) -> Result<Record, StoreError> {
        let local = at % self.segment_bytes;
        let number = at / self.segment_bytes;
        let failed = |e| StoreError::io("read", &segment_path(number), e);
        let mut bytes = [0; PREFIX_BYTES + model::limits::RECORD_BYTES];
        let most = (self.segment_bytes - local).min(bytes.len() as u64) as usize;
        let first = most.min(GUESS_BYTES);
        read_exact_at(file, &mut bytes[..first], local).map_err(failed)?;
        let len = usize::from(u16::from_le_bytes([bytes[0], bytes[1]])) + PREFIX_BYTES;
        if first < len && len <= most {
            read_exact_at(file, &mut bytes[first..len], local + first as u64).map_err(failed)?;
        }
        read_record(&bytes[..len.min(most)]).ok_or_else(|| {
            let what = "no record with a fitting checksum stands here";
            StoreError::damaged(&segment_path(number), local, what)
        })
    }

    /// The frame that begins at `at`, or at the next segment where `at` is the end of one:
    /// its header and its body. `None` from `end` on.
    pub fn frame(&self, at: u64, end: u64) -> Result<Option<(Header, Vec<u8>)>, StoreError> {
        let mut at = at;
        if at >= end {
            return Ok(None);
        }
        let mut header = self.header(at)?;
        if header.is_none() && !at.is_multiple_of(self.segment_bytes) {
            at = at.next_multiple_of(self.segment_bytes);
            if at >= end {
                return Ok(None);
            }
            header = self.header(at)?;
        }
        let (path, local) = (
            segment_path(at / self.segment_bytes),
            at % self.segment_bytes,
        );
        let header = header.ok_or_else(|| StoreError::damaged(&path, local, "no frame is here"))?;
        let mut body = vec![0; header.body_len as usize];
        let file = self.segment(at / self.segment_bytes)?;
        read_exact_at(&*file, &mut body, local + HEADER_BYTES as u64)
            .map_err(|e| StoreError::io("read", &path, e))?;
        if crc32c::crc32c(&body) == header.body_check {
            Ok(Some((header, body)))
        } else {
            Err(StoreError::damaged(
                &path,
                local,
                "the checksum of the frame does not fit",
            ))
        }
    }

    fn header(&self, at: u64) -> Result<Option<Header>, StoreError> {
        let number = at / self.segment_bytes;
        let mut bytes = [0; HEADER_BYTES];
        let file = self.segment(number)?;
        read_exact_at(&*file, &mut bytes, at % self.segment_bytes)
            .map_err(|e| StoreError::io("read", &segment_path(number), e))?;
        Ok(Header::read(&bytes, at))
    }

    fn segment(&self, number: u64) -> Result<Arc<dyn File>, StoreError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(&number) {
            return Ok(Arc::clone(file));
        }
        let path = segment_path(number);
        let file = self.disk.open(&path, Mode::Read);
        let file = file.map_err(|e: io::Error| StoreError::io("open", &path, e))?;
        if open.len() >= OPEN_MAX {
            open.pop_first();
        }
        open.insert(number, Arc::clone(&file));
        Ok(file)
    }
}
