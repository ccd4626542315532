//! Bytes of what `texts` holds.
//!
//! ```text
//! file  = "cf-text1" | frame*
//! frame = "cfts" | len u32 of the entries | count u32 | crc u32 | entry*
//! entry = crc u32 of what follows | len u16 of what follows the length | kind u8 | number u32
//!       | seller u64 | category u32 | ledger u32 | price u64
//!       | title_len u8 | label_len u8 | title | label | text
//! ```
//!
//! A frame is what one call added, whole or not at all. Its crc is over where it stands (u64) and
//! the 12 bytes before. An entry of kind 3 (removed) ends behind its number. Integers are
//! little-endian, checksums CRC-32C.

use crate::listing::{BATCH_MAX, LABEL_BYTES_MAX, Listing, TEXT_BYTES_MAX, TITLE_BYTES_MAX, Text};

/// What the file begins with.
pub const MAGIC: [u8; 8] = *b"cf-text1";
/// What a frame begins with.
pub const FRAME_MAGIC: [u8; 4] = *b"cfts";
/// Bytes of a frame before its entries.
pub const FRAME_HEADER: usize = 16;
/// Bytes of an entry before those that its length counts.
const ENTRY_HEADER: usize = 6;
/// Bytes of kind and number.
const REMOVED_BYTES: usize = 5;
/// Bytes that its length counts of an entry without texts.
const FIXED_BYTES: usize = REMOVED_BYTES + 26;
/// Bytes of an entry at most.
pub const ENTRY_BYTES_MAX: usize =
    ENTRY_HEADER + FIXED_BYTES + TITLE_BYTES_MAX + LABEL_BYTES_MAX + TEXT_BYTES_MAX;
/// Bytes of the entries of a frame at most.
pub const FRAME_BYTES_MAX: usize = ENTRY_BYTES_MAX * BATCH_MAX;

/// What an entry does to its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It had no texts.
    Added,
    /// Its texts and all else are replaced.
    Replaced,
    /// It is hidden.
    Removed,
}

/// One entry, as it stands in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// What it does.
    pub change: Change,
    /// The listing; of a removed one only the number counts.
    pub listing: Listing<'a>,
}

impl Entry<'_> {
    /// Its texts.
    pub fn text(&self) -> Text {
        Text {
            title: self.listing.title.to_owned(),
            label: self.listing.label.to_owned(),
            text: self.listing.text.to_owned(),
        }
    }
}

/// A frame that is being made: room for its header, then entries.
pub struct Draft {
    bytes: Vec<u8>,
    count: u32,
}

impl Draft {
    /// Without entries.
    pub fn new() -> Self {
        Self {
            bytes: vec![0; FRAME_HEADER],
            count: 0,
        }
    }

    /// Appends an entry, and says where in the frame it begins.
    pub fn push(&mut self, change: Change, listing: &Listing<'_>) -> u64 {
        let at = self.bytes.len();
        self.count += 1;
        let bytes = &mut self.bytes;
        bytes.extend([0; ENTRY_HEADER]);
        bytes.push(match change {
            Change::Added => 1,
            Change::Replaced => 2,
            Change::Removed => 3,
        });
        bytes.extend(listing.number.to_le_bytes());
        if change != Change::Removed {
            bytes.extend(listing.seller.to_le_bytes());
            bytes.extend(listing.category.to_le_bytes());
            bytes.extend(listing.ledger.to_le_bytes());
            bytes.extend(listing.price.to_le_bytes());
            bytes.push(listing.title.len() as u8);
            bytes.push(listing.label.len() as u8);
            bytes.extend(listing.title.as_bytes());
            bytes.extend(listing.label.as_bytes());
            bytes.extend(listing.text.as_bytes());
        }
        let len = (bytes.len() - at - ENTRY_HEADER) as u16;
        bytes[at + 4..at + 6].copy_from_slice(&len.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[at + 4..]);
        bytes[at..at + 4].copy_from_slice(&crc.to_le_bytes());
        at as u64
    }

    /// The bytes of the frame, to stand at `at`.
    pub fn finish(mut self, at: u64) -> Vec<u8> {
        let len = (self.bytes.len() - FRAME_HEADER) as u32;
        self.bytes[..4].copy_from_slice(&FRAME_MAGIC);
        self.bytes[4..8].copy_from_slice(&len.to_le_bytes());
        self.bytes[8..12].copy_from_slice(&self.count.to_le_bytes());
        let crc = header_crc(&self.bytes[..12], at);
        self.bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        self.bytes
    }
}

fn header_crc(front: &[u8], at: u64) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&at.to_le_bytes()), front)
}

/// Bytes of the entries, and their count, of the frame at `at`; `None` for what is no header.
pub fn header(bytes: &[u8; FRAME_HEADER], at: u64) -> Option<(usize, u32)> {
    let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| bytes[at + byte]));
    let (len, count) = (word(4) as usize, word(8));
    let sound = bytes[..4] == FRAME_MAGIC && word(12) == header_crc(&bytes[..12], at);
    (sound && len <= FRAME_BYTES_MAX && count as usize <= BATCH_MAX).then_some((len, count))
}

/// The entry that `bytes` begin with, and its length; `None` for what is no whole entry.
pub fn entry(bytes: &[u8]) -> Option<(Entry<'_>, usize)> {
    let (crc, rest) = bytes.split_first_chunk()?;
    let (len, _) = rest.split_first_chunk()?;
    let len = usize::from(u16::from_le_bytes(*len));
    let summed = rest.get(..2 + len)?;
    if crc32c::crc32c(summed) != u32::from_le_bytes(*crc) {
        return None;
    }
    let mut fields = Fields(&summed[2..]);
    let [kind] = fields.take()?;
    let number = u32::from_le_bytes(fields.take()?);
    let mut listing = Listing {
        number,
        seller: 0,
        category: 0,
        ledger: 0,
        price: 0,
        title: "",
        label: "",
        text: "",
    };
    let change = match kind {
        1 => Change::Added,
        2 => Change::Replaced,
        3 => Change::Removed,
        _ => return None,
    };
    if change != Change::Removed {
        listing.seller = u64::from_le_bytes(fields.take()?);
        listing.category = u32::from_le_bytes(fields.take()?);
        listing.ledger = u32::from_le_bytes(fields.take()?);
        listing.price = u64::from_le_bytes(fields.take()?);
        let [title, label] = fields.take()?;
        listing.title = fields.text(title.into())?;
        listing.label = fields.text(label.into())?;
        listing.text = fields.text(fields.0.len())?;
    }
    fields
        .0
        .is_empty()
        .then_some((Entry { change, listing }, ENTRY_HEADER + len))
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, back) = self.0.split_first_chunk()?;
        self.0 = back;
        Some(*front)
    }

    fn text(&mut self, len: usize) -> Option<&'a str> {
        let (front, back) = self.0.split_at_checked(len)?;
        self.0 = back;
        str::from_utf8(front).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: Listing<'_> = Listing {
        number: 7,
        seller: 8,
        category: 9,
        ledger: 1,
        price: 1_999,
        title: "Red shoes",
        label: "Clothing/Shoes",
        text: "Size 42.",
    };

    #[test]
    fn entries_come_back_and_no_changed_bit_does() {
        let mut draft = Draft::new();
        let first = draft.push(Change::Added, &LISTING) as usize;
        let second = draft.push(Change::Removed, &LISTING) as usize;
        let bytes = draft.finish(24);
        let front = bytes.first_chunk().expect("a header");
        assert_eq!(header(front, 24), Some((bytes.len() - 16, 2)));
        assert_eq!(header(front, 25), None);

        let (read, len) = entry(&bytes[first..]).expect("whole");
        assert_eq!((read.change, read.listing), (Change::Added, LISTING));
        assert_eq!(first + len, second);
        let (read, len) = entry(&bytes[second..]).expect("whole");
        assert_eq!((read.change, read.listing.number), (Change::Removed, 7));
        assert_eq!(second + len, bytes.len());

        for bit in 0..(second - first) * 8 {
            let mut bytes = bytes.clone();
            bytes[first + bit / 8] ^= 1 << (bit % 8);
            assert_eq!(entry(&bytes[first..second]), None, "bit {bit}");
        }
        for len in first..second {
            assert_eq!(entry(&bytes[first..len]), None, "{len} bytes");
        }
    }
}
