//! Reading the log at a start: every frame is checked, the torn end is cut off, damage stops it.
//!
//! One frame is in flight at a time: the next is written only after it was synced. So at most the
//! last frame can be torn, and any frame that is followed by a whole one was synced once: if it
//! is not whole now, it was damaged since. For the last frame itself the zeros decide that the
//! segment was filled with. The disk writes whole sectors of 512 bytes; a sector of zeros within
//! the frame was never written, so the frame is torn and nobody was told of it. If all its
//! sectors were written and yet the checksum does not fit, it is damage: the frame may have been
//! acknowledged, and cutting it off could lose what was promised.

use zerocopy::IntoBytes;

use super::{Cursor, DIR, segment_number, segment_path};
use crate::disk::{self, BLOCK, Block, Disk, Mode, read_exact_at, write_all_at};
use crate::error::StoreError;
use crate::frame::{FRAME_BYTES_MAX, HEADER_BYTES, Header};

const SECTOR: usize = 512;

/// The link from frame to frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// Number of the next batch.
    pub number: u64,
    /// Index of its first record.
    pub first_record: u64,
    /// Leaf hash of the outer leaf before it; zero before the first.
    pub previous: [u8; 32],
    /// Time of the batch before it.
    pub timestamp: u64,
}

impl Chain {
    /// Whether the frame is the next one; the next link if so, what is wrong if not.
    pub fn follow(&self, header: &Header) -> Result<Self, &'static str> {
        let leaf = &header.leaf;
        if leaf.number != self.number {
            return Err("the number of the batch is not the next one");
        }
        if leaf.first_record != self.first_record {
            return Err("the index of the first record is not the next one");
        }
        if leaf.previous != self.previous {
            return Err("the hash of the batch before it does not fit");
        }
        if leaf.timestamp <= self.timestamp {
            return Err("the time of the batch is not after that of the batch before it");
        }
        Ok(Self::after(header))
    }

    /// The link behind a frame.
    pub fn after(header: &Header) -> Self {
        Self {
            number: header.leaf.number + 1,
            first_record: header.leaf.first_record + u64::from(header.leaf.records),
            previous: *merkle::leaf(&header.leaf_bytes).as_bytes(),
            timestamp: header.leaf.timestamp,
        }
    }
}

/// Is given each frame in order: its header and its body, both checked.
pub type Visit<'a> = &'a mut dyn FnMut(&Header, &[u8]) -> Result<(), StoreError>;

/// What is known of the log from elsewhere: so much was durable once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Batches, as the key of the salts knows.
    pub batches: u64,
    /// Records, as a snapshot knows.
    pub records: u64,
}

/// What is done with a torn end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TornEnd {
    /// It is set back to zero: a start. Not so where it hides what is known to have been durable.
    Cut(Known),
    /// It is told and left as it is: an audit changes nothing.
    Leave,
}

/// What was cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The segment.
    pub file: String,
    /// Byte within it.
    pub at: u64,
    /// Bytes from there on that were set back to zero.
    pub bytes: u64,
}

/// What a start found.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// Where the next frame goes.
    pub cursor: Cursor,
    /// The link to the next frame.
    pub chain: Chain,
    /// What was cut off, if anything.
    pub torn: Option<Torn>,
}

/// Reads the log from the beginning of segment `first` and gives every frame, checked, to
/// `visit`. With `first` 0 the chain is checked from its beginning, else from the first frame
/// found. Bytes change only where a torn end is cut off.
pub fn recover(
    disk: &dyn Disk,
    segment_bytes: u64,
    (first, torn_end): (u64, TornEnd),
    visit: Visit<'_>,
) -> Result<Recovered, StoreError> {
    let last = check_names(disk, segment_bytes, torn_end)?;
    let mut walk = Walk {
        image: Image::new(disk, segment_bytes),
        chain: (first == 0).then(Chain::default),
        position: first * segment_bytes,
        remains: Vec::new(),
    };
    for number in first..=last {
        walk.image.load(number)?;
        walk.segment(number, visit)?;
    }
    let torn = walk.end(torn_end)?;
    let cursor = Cursor {
        next: walk.position,
        segment_bytes,
    };
    Ok(Recovered {
        cursor,
        chain: walk.chain.unwrap_or_default(),
        torn,
    })
}

/// Checks the segments from 0 to `last`, which is not the last of the log, unless `stop` says to
/// give up: every frame, and the links between them.
pub fn check(
    disk: &dyn Disk,
    segment_bytes: u64,
    last: u64,
    stop: &dyn Fn() -> bool,
) -> Result<(), StoreError> {
    let image = Image::new(disk, segment_bytes);
    let mut walk = Walk {
        image,
        chain: Some(Chain::default()),
        position: 0,
        remains: Vec::new(),
    };
    for number in 0..=last {
        if stop() {
            return Ok(());
        }
        walk.image.load(number)?;
        walk.segment(number, &mut |_, _| Ok(()))?;
        let rest = (walk.position - walk.image.base().min(walk.position)) as usize;
        if rest == 0 || walk.image.written_end(rest) != rest {
            return Err(walk.image.damaged(rest, "no whole frame is here"));
        }
    }
    Ok(())
}

/// Segments are there from 0 on without a gap; what was being prepared at the end is removed.
/// Returns the number of the last.
fn check_names(disk: &dyn Disk, segment_bytes: u64, torn_end: TornEnd) -> Result<u64, StoreError> {
    let mut count = 0;
    let names = disk.list(DIR).map_err(|e| StoreError::io("list", DIR, e))?;
    for name in names {
        let path = format!("{DIR}/{name}");
        if disk::is_unfinished(&name) {
            if torn_end == TornEnd::Leave {
                continue;
            }
            disk.remove(&path)
                .map_err(|e| StoreError::io("remove", &path, e))?;
            continue;
        }
        if segment_number(&name) != Some(count) {
            let what = format!(
                "segment {} should come here; it is missing",
                segment_path(count)
            );
            return Err(StoreError::damaged(&path, 0, &what));
        }
        let len = disk.open(&path, Mode::Read).and_then(|file| file.len());
        let len = len.map_err(|e| StoreError::io("open", &path, e))?;
        if len != segment_bytes {
            let what = format!("the segment has {len} bytes, not {segment_bytes}");
            return Err(StoreError::damaged(&path, 0, &what));
        }
        count += 1;
    }
    let none = || StoreError::damaged(&segment_path(0), 0, "the first segment is missing");
    u64::checked_sub(count, 1).ok_or_else(none)
}

/// One segment in memory, read past the page cache: what is checked is what the disk holds.
struct Image<'a> {
    disk: &'a dyn Disk,
    blocks: Vec<Block>,
    number: u64,
}

impl<'a> Image<'a> {
    fn new(disk: &'a dyn Disk, segment_bytes: u64) -> Self {
        let blocks = vec![Block::ZERO; segment_bytes as usize / BLOCK];
        Self {
            disk,
            blocks,
            number: u64::MAX,
        }
    }

    fn load(&mut self, number: u64) -> Result<(), StoreError> {
        if self.number != number {
            let path = segment_path(number);
            let file = self.disk.open(&path, Mode::Direct);
            let file = file.map_err(|e| StoreError::io("open", &path, e))?;
            read_exact_at(&*file, self.blocks.as_mut_bytes(), 0)
                .map_err(|e| StoreError::io("read", &path, e))?;
            self.number = number;
        }
        Ok(())
    }

    fn bytes(&self) -> &[u8] {
        self.blocks.as_bytes()
    }

    fn base(&self) -> u64 {
        self.number * self.bytes().len() as u64
    }

    fn header(&self, at: usize) -> Option<Header> {
        let header = Header::read(self.bytes().get(at..)?, self.base() + at as u64)?;
        (at + header.frame_len as usize <= self.bytes().len()).then_some(header)
    }

    fn frame(&self, header: &Header) -> &[u8] {
        let start = (header.at - self.base()) as usize;
        &self.bytes()[start..start + header.frame_len as usize]
    }

    fn body(&self, header: &Header) -> &[u8] {
        let start = (header.at - self.base()) as usize + HEADER_BYTES;
        &self.bytes()[start..start + header.body_len as usize]
    }

    /// Position of the last byte that is not zero from `at` on, plus one; `at` where all are.
    fn written_end(&self, at: usize) -> usize {
        let first = at / BLOCK;
        let last = self.blocks[first..]
            .iter()
            .rposition(|block| block.0 != [0; BLOCK]);
        let Some(last) = last.map(|last| first + last) else {
            return at;
        };
        let byte = self.blocks[last]
            .0
            .iter()
            .rposition(|&byte| byte != 0)
            .unwrap_or(0);
        (last * BLOCK + byte + 1).max(at)
    }

    fn frame_after(&self, at: usize) -> Option<Header> {
        (at..self.bytes().len())
            .step_by(BLOCK)
            .find_map(|at| self.header(at))
    }

    fn damaged(&self, at: usize, what: &str) -> StoreError {
        StoreError::damaged(&segment_path(self.number), at as u64, what)
    }
}

struct Walk<'a> {
    image: Image<'a>,
    /// `None` until the first frame, where the walk begins in the middle.
    chain: Option<Chain>,
    /// Behind the last whole frame.
    position: u64,
    /// Segments with bytes behind the last whole frame.
    remains: Vec<u64>,
}

impl Walk<'_> {
    /// Visits the frames of the loaded segment, if the log goes on in it.
    fn segment(&mut self, number: u64, visit: Visit<'_>) -> Result<(), StoreError> {
        let begin = self.image.base();
        if self.position < begin {
            self.enter()?;
        }
        let mut at = (self.position.max(begin) - begin) as usize;
        while let Some(header) = self.image.header(at) {
            let body = self.image.body(&header);
            if !header.fits(self.image.frame(&header)) {
                break;
            }
            let next = self
                .chain
                .map_or(Ok(Chain::after(&header)), |chain| chain.follow(&header));
            self.chain = Some(next.map_err(|what| {
                let what = format!("batch {}: {what}", header.leaf.number);
                self.image.damaged(at, &what)
            })?);
            visit(&header, body)?;
            at += header.frame_len as usize;
            self.position = begin + at as u64;
        }
        match self.image.frame_after(at + BLOCK) {
            Some(later) if at < self.image.bytes().len() => {
                let later = later.leaf.number;
                let what = format!("no whole frame is here, though batch {later} follows it");
                return Err(self.image.damaged(at, &what));
            }
            _ => {}
        }
        if self.image.written_end(at) != at {
            self.remains.push(number);
        }
        Ok(())
    }

    /// The log stopped in an earlier segment. If this one has a frame, the rest of the one before
    /// must be empty: then the walk goes on here.
    fn enter(&mut self) -> Result<(), StoreError> {
        let begin = self.image.base();
        let len = self.image.bytes().len() as u64;
        let Some(first) = self.image.frame_after(0) else {
            return Ok(());
        };
        let stopped = self.position;
        let what = format!(
            "no whole frame is here, though batch {} follows",
            first.leaf.number
        );
        if begin - stopped > len || !self.remains.is_empty() {
            return Err(StoreError::damaged(
                &segment_path(stopped / len),
                stopped % len,
                &what,
            ));
        }
        if first.at != begin {
            return Err(self.image.damaged(0, &what));
        }
        self.position = begin;
        Ok(())
    }

    /// Looks at what follows the last whole frame: nothing, a torn frame to cut off, or damage.
    fn end(&mut self, torn_end: TornEnd) -> Result<Option<Torn>, StoreError> {
        let mut torn = None;
        for number in std::mem::take(&mut self.remains) {
            self.image.load(number)?;
            let at = self.position.saturating_sub(self.image.base()) as usize;
            let end = self.image.written_end(at);
            if torn.is_some() {
                return Err(self.image.damaged(at, "more than one frame is torn"));
            }
            self.judge_torn(at, end)?;
            if let TornEnd::Cut(known) = torn_end {
                self.judge_known(at, known)?;
            }
            torn = Some(Torn {
                file: segment_path(number),
                at: at as u64,
                bytes: (end.next_multiple_of(BLOCK) - at) as u64,
            });
            if matches!(torn_end, TornEnd::Cut(_)) {
                self.cut(at, end)?;
            }
        }
        Ok(torn)
    }

    /// `Ok` where the whole frames are all that was ever known to be durable.
    fn judge_known(&self, at: usize, known: Known) -> Result<(), StoreError> {
        let chain = self.chain.unwrap_or_default();
        if chain.number >= known.batches && chain.first_record >= known.records {
            return Ok(());
        }
        let what = "the frame here looks torn, but it was durable once";
        Err(self.image.damaged(at, what))
    }

    /// `Ok` where the bytes from `at` to `end` are a frame that was never wholly written.
    fn judge_torn(&self, at: usize, end: usize) -> Result<(), StoreError> {
        let bytes = self.image.bytes();
        let unwritten = |bytes: &[u8]| bytes.iter().all(|&byte| byte == 0);
        if unwritten(&bytes[at..at + SECTOR]) {
            return if end - at <= FRAME_BYTES_MAX {
                Ok(())
            } else {
                Err(self
                    .image
                    .damaged(at, "what was written here is longer than any frame"))
            };
        }
        let Some(header) = self.image.header(at) else {
            return Err(self
                .image
                .damaged(at, "the header of the last frame is damaged"));
        };
        let frame = &bytes[at..at + header.frame_len as usize];
        if end > at + frame.len() {
            return Err(self.image.damaged(at, "bytes follow the last frame"));
        }
        if frame.chunks(SECTOR).any(unwritten) {
            return Ok(());
        }
        let what = "the last frame was wholly written, but its checksum does not fit";
        Err(self.image.damaged(at, what))
    }

    fn cut(&mut self, at: usize, end: usize) -> Result<(), StoreError> {
        let end = end.next_multiple_of(BLOCK);
        let path = segment_path(self.image.number);
        self.image.blocks[at / BLOCK..end / BLOCK].fill(Block::ZERO);
        let zeros = &self.image.bytes()[at..end];
        let failed = |e| StoreError::io("cut off the torn end of", &path, e);
        let file = self.image.disk.open(&path, Mode::Direct).map_err(failed)?;
        write_all_at(&*file, zeros, at as u64).map_err(failed)?;
        file.sync().map_err(failed)
    }
}
