//! What a directory of books is: written once when it is made, read at every start.

use std::io;

use crate::disk::{Disk, read_file, replace_file};
use crate::error::StoreError;

/// Version of the format of the directory; see `docs/format.md`.
///
/// 1: records of kinds 1 to 5. 2: erasures, remains of erased records and statements as well.
pub const FORMAT_VERSION: u32 = 3;

/// Bytes of a log segment unless told otherwise.
pub const SEGMENT_BYTES: u64 = 64 << 20;

/// Least and most bytes of a segment; a power of two between them.
pub const SEGMENT_BYTES_RANGE: std::ops::RangeInclusive<u64> = (16 << 20)..=(1 << 30);

const NAME: &str = "books";
const MAGIC: [u8; 8] = *b"cf-books";
const BYTES: usize = 72;

/// The file `books`, 72 bytes: what all other files are read with.
///
/// | bytes | field |
/// |---|---|
/// | 0..8 | `cf-books` |
/// | 8..12 | format version, 1 to 3 |
/// | 12..16 | zero |
/// | 16..24 | bytes of a log segment, a power of two |
/// | 24..40 | identity of the directory, random |
/// | 40..56 | key of the hash of ids, random, two words |
/// | 56..64 | when it was made, nanoseconds since 1970 |
/// | 64..68 | zero |
/// | 68..72 | CRC-32C of bytes 0..68 |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Superblock {
    /// Version of the format.
    pub version: u32,
    /// Bytes of a log segment.
    pub segment_bytes: u64,
    /// Identity of the directory.
    pub identity: [u8; 16],
    /// Key of the hash of ids: keeps strangers from choosing ids that collide.
    pub hash_key: [u64; 2],
    /// Nanoseconds since 1970.
    pub created: u64,
}

impl Superblock {
    /// Writes the file into a directory that has none.
    pub fn create(&self, disk: &dyn Disk) -> io::Result<()> {
        replace_file(disk, "", NAME, &self.to_bytes())
    }

    /// Takes a directory of an older version to this one, which all of its bytes fit.
    pub fn upgrade(&mut self, disk: &dyn Disk) -> io::Result<()> {
        if self.version < FORMAT_VERSION {
            self.version = FORMAT_VERSION;
            self.create(disk)?;
        }
        Ok(())
    }

    /// Whether the directory has one.
    pub fn exists(disk: &dyn Disk) -> io::Result<bool> {
        Ok(disk.list("")?.iter().any(|name| name == NAME))
    }

    /// Reads the file.
    pub fn read(disk: &dyn Disk) -> Result<Self, StoreError> {
        let bytes = read_file(disk, NAME, BYTES as u64).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => StoreError::damaged(
                NAME,
                0,
                "no books are here: make them with `counterfoil init`",
            ),
            io::ErrorKind::InvalidData => StoreError::damaged(NAME, 0, "the file has grown"),
            _ => StoreError::io("read", NAME, e),
        })?;
        Self::from_bytes(&bytes)
    }

    fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&self.version.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.segment_bytes.to_le_bytes());
        bytes[24..40].copy_from_slice(&self.identity);
        bytes[40..48].copy_from_slice(&self.hash_key[0].to_le_bytes());
        bytes[48..56].copy_from_slice(&self.hash_key[1].to_le_bytes());
        bytes[56..64].copy_from_slice(&self.created.to_le_bytes());
        let check = crc32c::crc32c(&bytes[..68]);
        bytes[68..72].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged = |what| Err(StoreError::damaged(NAME, 0, what));
        let Ok(bytes) = <&[u8; BYTES]>::try_from(bytes) else {
            return damaged("the file does not have 72 bytes");
        };
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
        if bytes[0..8] != MAGIC {
            return damaged("the file does not begin with `cf-books`");
        }
        let version = u32::from_le_bytes(bytes[8..12].try_into().expect("4 bytes"));
        if !(1..=FORMAT_VERSION).contains(&version) {
            let what =
                format!("format version {version}; this program reads up to {FORMAT_VERSION}");
            return Err(StoreError::damaged(NAME, 8, &what));
        }
        let superblock = Self {
            version,
            segment_bytes: word(16),
            identity: bytes[24..40].try_into().expect("16 bytes"),
            hash_key: [word(40), word(48)],
            created: word(56),
        };
        if superblock.to_bytes() != *bytes {
            return damaged("its checksum does not fit");
        }
        let size = superblock.segment_bytes;
        if !size.is_power_of_two() || !SEGMENT_BYTES_RANGE.contains(&size) {
            return damaged("the segment size is not a power of two from 16 MiB to 1 GiB");
        }
        Ok(superblock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_changed_byte_is_refused() {
        let superblock = Superblock {
            version: FORMAT_VERSION,
            segment_bytes: SEGMENT_BYTES,
            identity: *b"0123456789abcdef",
            hash_key: [1, 2],
            created: 3,
        };
        let bytes = superblock.to_bytes();
        assert_eq!(
            Superblock::from_bytes(&bytes).expect("it is whole"),
            superblock
        );
        for at in 0..BYTES {
            let mut bytes = bytes;
            bytes[at] ^= 1;
            assert!(Superblock::from_bytes(&bytes).is_err(), "byte {at}");
        }
    }
}
