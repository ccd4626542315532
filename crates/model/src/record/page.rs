//! Pages of documents: texts that the log keeps, longer than a record.

use super::{RecordError, fit};
use crate::pack::{pack, unpack};

/// Kind of the record.
pub(super) const PAGE: u8 = 9;

/// Bytes on one page at most; all but the last of a document are full.
pub const PAGE_BYTES: usize = 384;

/// Bytes of one document at most.
pub const DOCUMENT_BYTES: usize = 48 << 10;

/// One page of a document. The record of what the document is for follows its last page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Number of the document, from 1.
    pub document: u64,
    /// Number of the page, from 0.
    pub part: u16,
    /// How many bytes there are.
    pub length: u16,
    /// They, and zeros.
    pub bytes: [u8; PAGE_BYTES],
    /// Nanoseconds since 1970.
    pub timestamp: u64,
}

impl Page {
    /// What stands on it.
    pub fn content(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The pages of document number `document`; their times are missing still.
    pub fn of(document: u64, bytes: &[u8]) -> impl Iterator<Item = Self> {
        (0..)
            .zip(bytes.chunks(PAGE_BYTES))
            .map(move |(part, chunk)| {
                let mut page = Self {
                    document,
                    part,
                    length: chunk.len() as u16,
                    bytes: [0; PAGE_BYTES],
                    timestamp: 0,
                };
                page.bytes[..chunk.len()].copy_from_slice(chunk);
                page
            })
    }
}

pub(super) fn encode(page: &Page, out: &mut [u8]) -> usize {
    out[0] = PAGE;
    let values = [
        page.document.into(),
        page.part.into(),
        page.length.into(),
        page.timestamp.into(),
    ];
    let end = 1 + pack(&values, 0, &mut out[1..]);
    let content = page.content();
    out[end..end + content.len()].copy_from_slice(content);
    end + content.len()
}

pub(super) fn decode(rest: &mut &[u8]) -> Result<Page, RecordError> {
    let ([document, part, length, timestamp], _) = unpack::<4>(rest)?;
    let mut page = Page {
        document: fit(document)?,
        part: fit(part)?,
        length: fit(length)?,
        bytes: [0; PAGE_BYTES],
        timestamp: fit(timestamp)?,
    };
    let length = usize::from(page.length);
    if length == 0 || length > PAGE_BYTES {
        return Err(RecordError::Value);
    }
    let (content, after) = rest.split_at_checked(length).ok_or(RecordError::Short)?;
    page.bytes[..length].copy_from_slice(content);
    *rest = after;
    Ok(page)
}
