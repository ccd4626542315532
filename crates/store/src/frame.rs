//! A frame: one committed batch as it stands in a segment.
//!
//! ```text
//! header, 256 bytes                      body                              padding
//! +-------+-----+------+------+-------+  +-----+-----+--------+ +--- ...  +------------+
//! | magic | crc | lens | seed | leaf  |  | len | crc | record | | next    | A5 A5 .. A5|
//! +-------+-----+------+------+-------+  +-----+-----+--------+ +--- ...  +------------+
//! ```
//!
//! | bytes of the header | field |
//! |---|---|
//! | 0..8 | `cf-frame` |
//! | 8..12 | CRC-32C of bytes 12..256 |
//! | 12..16 | CRC-32C of the body |
//! | 16..20 | length of the body |
//! | 20..24 | length of the frame: header, body and padding, a multiple of 4,096 |
//! | 24..32 | position of the frame in the log |
//! | 32..64 | seed of the batch's salts; zero where records were erased |
//! | 64..232 | the outer leaf ([`model::batch::OuterLeaf`]) |
//! | 232 | 1 where records were erased ([`crate::erased`]), else 0 |
//! | 233..256 | zero |
//!
//! The body is the records in order, each as `length u16, CRC-32C u32, canonical bytes`: a record
//! that is read on its own is checked on its own. The padding is not zero, so that no sector of a
//! written frame is all zeros: a sector of zeros within a frame was never written (see
//! [`crate::log`]). Integers are little-endian.

use model::Record;
use model::batch::{OUTER_LEAF_BYTES, OuterLeaf};
use model::limits::RECORD_BYTES;
use zerocopy::IntoBytes;

use crate::check;
use crate::disk::{BLOCK, Block};

/// Bytes of a frame's header.
pub const HEADER_BYTES: usize = 256;

/// Bytes before each record in the body: its length and its checksum.
pub const PREFIX_BYTES: usize = 6;

const MAGIC: [u8; 8] = *b"cf-frame";
const PADDING: u8 = 0xA5;
const LEAF_AT: usize = 64;
const SEED_AT: usize = 32;
const ERASED_AT: usize = 232;

/// Most bytes of a frame.
pub const FRAME_BYTES_MAX: usize = (HEADER_BYTES
    + model::limits::BATCH_RECORDS * (PREFIX_BYTES + RECORD_BYTES))
    .next_multiple_of(BLOCK);

/// A frame being built: its records are encoded in place, at the alignment that the disk wants.
pub struct FrameBuffer {
    blocks: Vec<Block>,
    end: usize,
    spans: Vec<(u32, u32)>,
}

impl Default for FrameBuffer {
    fn default() -> Self {
        Self {
            blocks: Vec::new(),
            end: HEADER_BYTES,
            spans: Vec::new(),
        }
    }
}

impl FrameBuffer {
    /// Forgets the records, keeps the memory.
    pub fn clear(&mut self) {
        self.end = HEADER_BYTES;
        self.spans.clear();
    }

    /// Appends the record that `encode` writes; what it is given holds
    /// [`RECORD_BYTES`], and what it returns is the length. The answer is the position of the
    /// record's prefix within the frame.
    #[inline]
    pub fn push(&mut self, encode: impl FnOnce(&mut [u8]) -> usize) -> u32 {
        let at = self.end;
        let start = at + PREFIX_BYTES;
        if start + RECORD_BYTES > self.blocks.len() * BLOCK {
            let grown = (2 * self.blocks.len()).max(16);
            self.blocks.resize(grown, Block::ZERO);
        }
        let bytes = &mut self.blocks.as_mut_bytes()[at..start + RECORD_BYTES];
        let (prefix, record) = bytes.split_at_mut(PREFIX_BYTES);
        let len = encode(record);
        prefix[..2].copy_from_slice(&(len as u16).to_le_bytes());
        prefix[2..].copy_from_slice(&check::crc32c(&record[..len]).to_le_bytes());
        self.spans.push((start as u32, len as u32));
        self.end = start + len;
        at as u32
    }

    /// Count of records.
    pub fn records(&self) -> usize {
        self.spans.len()
    }

    /// Bytes so far, header included.
    pub fn len(&self) -> usize {
        self.end
    }

    /// Whether it has no record.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Takes back all records from the `records`-th on.
    pub fn truncate(&mut self, records: usize) {
        if let Some(&(start, _)) = self.spans.get(records) {
            self.end = start as usize - PREFIX_BYTES;
            self.spans.truncate(records);
        }
    }

    /// All bytes so far and where in them each record stands: `(start, length)`.
    pub fn parts(&self) -> (&[u8], &[(u32, u32)]) {
        (&self.blocks.as_bytes()[..self.end], &self.spans)
    }

    /// Length of the whole frame.
    pub fn frame_len(&self) -> usize {
        self.end.next_multiple_of(BLOCK)
    }

    /// Pads the frame and writes its header: what it returns is what goes to the disk at `at`.
    pub fn seal(&mut self, at: u64, seed: &[u8; 32], leaf: &OuterLeaf) -> &[u8] {
        let (end, frame_len) = (self.end, self.frame_len());
        let bytes = &mut self.blocks.as_mut_bytes()[..frame_len];
        bytes[end..].fill(PADDING);
        let body_len = (end - HEADER_BYTES) as u32;
        let body_check = crc32c::crc32c(&bytes[HEADER_BYTES..end]);
        let header = &mut bytes[..HEADER_BYTES];
        header.fill(0);
        header[0..8].copy_from_slice(&MAGIC);
        header[12..16].copy_from_slice(&body_check.to_le_bytes());
        header[16..20].copy_from_slice(&body_len.to_le_bytes());
        header[20..24].copy_from_slice(&(frame_len as u32).to_le_bytes());
        header[24..32].copy_from_slice(&at.to_le_bytes());
        header[32..64].copy_from_slice(seed);
        header[LEAF_AT..LEAF_AT + OUTER_LEAF_BYTES].copy_from_slice(&leaf.to_bytes());
        let check = crc32c::crc32c(&header[12..]);
        header[8..12].copy_from_slice(&check.to_le_bytes());
        bytes
    }
}

/// The header of a frame, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Position in the log.
    pub at: u64,
    /// Length of the frame.
    pub frame_len: u32,
    /// Length of the body.
    pub body_len: u32,
    /// CRC-32C of the body.
    pub body_check: u32,
    /// Seed of the batch's salts; none where records were erased.
    pub seed: Option<[u8; 32]>,
    /// The outer leaf.
    pub leaf: OuterLeaf,
    /// Canonical bytes of the outer leaf.
    pub leaf_bytes: [u8; OUTER_LEAF_BYTES],
}

impl Header {
    /// Reads the header of the frame that begins at position `at` of the log; `None` where these
    /// bytes are not one.
    pub fn read(bytes: &[u8], at: u64) -> Option<Self> {
        let bytes: &[u8; HEADER_BYTES] = bytes.get(..HEADER_BYTES)?.try_into().ok()?;
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
        if bytes[0..8] != MAGIC || word(8) != crc32c::crc32c(&bytes[12..]) {
            return None;
        }
        let leaf_bytes = bytes[LEAF_AT..LEAF_AT + OUTER_LEAF_BYTES].try_into().ok()?;
        let header = Self {
            at: u64::from_le_bytes(bytes[24..32].try_into().ok()?),
            frame_len: word(20),
            body_len: word(16),
            body_check: word(12),
            seed: match bytes[ERASED_AT] {
                0 => Some(bytes[SEED_AT..LEAF_AT].try_into().ok()?),
                1 if bytes[SEED_AT..LEAF_AT] == [0; LEAF_AT - SEED_AT] => None,
                _ => return None,
            },
            leaf: OuterLeaf::from_bytes(&leaf_bytes)?,
            leaf_bytes,
        };
        let len = (HEADER_BYTES + header.body_len as usize).checked_next_multiple_of(BLOCK)?;
        let fits = header.at == at
            && bytes[ERASED_AT + 1..].iter().all(|byte| *byte == 0)
            && len == header.frame_len as usize
            && len <= FRAME_BYTES_MAX
            && header.leaf.records as usize <= model::limits::BATCH_RECORDS;
        fits.then_some(header)
    }
}

/// Takes the seed out of a frame whose records were changed: its header fits again afterwards.
pub(crate) fn forget_seed(frame: &mut [u8], header: &Header) {
    let (head, rest) = frame.split_at_mut(HEADER_BYTES);
    let body_check = crc32c::crc32c(&rest[..header.body_len as usize]);
    head[12..16].copy_from_slice(&body_check.to_le_bytes());
    head[SEED_AT..LEAF_AT].fill(0);
    head[ERASED_AT] = 1;
    let check = crc32c::crc32c(&head[12..]);
    head[8..12].copy_from_slice(&check.to_le_bytes());
}

impl Header {
    /// Whether the body of `frame` has the checksum of this header, and its padding is whole.
    pub fn fits(&self, frame: &[u8]) -> bool {
        let (body, padding) = frame[HEADER_BYTES..].split_at(self.body_len as usize);
        crc32c::crc32c(body) == self.body_check && padding.iter().all(|&byte| byte == PADDING)
    }
}

/// One record of a body and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Position of its prefix within the frame.
    pub at: u32,
    /// Its canonical bytes.
    pub bytes: &'a [u8],
}

/// The records of a body in order; an `Err` says where the body is not as the format says.
pub fn records(body: &[u8]) -> impl Iterator<Item = Result<Entry<'_>, u32>> {
    let mut rest = body;
    let mut broken = false;
    std::iter::from_fn(move || {
        if rest.is_empty() || broken {
            return None;
        }
        let at = (HEADER_BYTES + body.len() - rest.len()) as u32;
        let Some((bytes, after)) = split_record(rest) else {
            broken = true;
            return Some(Err(at));
        };
        rest = after;
        Some(Ok(Entry { at, bytes }))
    })
}

/// Where in a body each record stands, as `(start, length)` in bytes without the prefix; an `Err`
/// as that of [`records`].
pub fn spans(body: &[u8]) -> Result<Vec<(u32, u32)>, u32> {
    let span = |entry: Result<Entry<'_>, u32>| {
        let entry = entry?;
        let start = entry.at as usize + PREFIX_BYTES - HEADER_BYTES;
        Ok((start as u32, entry.bytes.len() as u32))
    };
    records(body).map(span).collect()
}

/// Splits the first record off `bytes`, which begin at its prefix: its canonical bytes, checked,
/// and what follows.
pub fn split_record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (prefix, rest) = bytes.split_at_checked(PREFIX_BYTES)?;
    let len = u16::from_le_bytes(prefix[..2].try_into().ok()?);
    let (record, rest) = rest.split_at_checked(usize::from(len))?;
    let sum = u32::from_le_bytes(prefix[2..].try_into().ok()?);
    (usize::from(len) <= RECORD_BYTES && check::crc32c(record) == sum).then_some((record, rest))
}

/// The record whose prefix begins `bytes`.
pub fn read_record(bytes: &[u8]) -> Option<Record> {
    Record::decode(split_record(bytes)?.0).ok()
}
