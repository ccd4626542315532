//! The file `offsets`: where in `texts` the newest entry of each number stands. Derived.
//!
//! ```text
//! file = "cf-offs1" | seen u64 | crc u32 of the 16 bytes before | 0 u32 | position u64 *
//! ```
//!
//! The position of number n is at byte 24 + 8 n; 0 means that it has no texts. Every entry before
//! `seen` is in the file for sure; what follows is entered again at a start. A file that does not
//! begin so is made anew.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use crate::error::Error;
use crate::texts;

/// Name of the file.
pub const NAME: &str = "offsets";
const MAGIC: [u8; 8] = *b"cf-offs1";
const HEADER: u64 = 24;

/// The open file.
pub struct Offsets {
    file: File,
}

impl Offsets {
    /// Opens the file in `dir`, or makes it, and says from where in `texts` on it has to be told.
    pub fn open(dir: &Path) -> Result<(Self, u64), Error> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600);
        let file = options.open(dir.join(NAME));
        let offsets = Self {
            file: file.map_err(Error::io("open", NAME))?,
        };
        let mut header = [0; HEADER as usize];
        let seen = match offsets.file.read_exact_at(&mut header, 0) {
            Ok(()) => parse(&header),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(e) => return Err(Error::io("read", NAME)(e)),
        };
        if let Some(seen) = seen {
            return Ok((offsets, seen));
        }
        offsets.file.set_len(0).map_err(Error::io("empty", NAME))?;
        offsets.keep(texts::FIRST)?;
        Ok((offsets, texts::FIRST))
    }

    /// Where the newest entry of `number` stands, if it has texts.
    pub fn get(&self, number: u32) -> Result<Option<u64>, Error> {
        let mut bytes = [0; 8];
        match self.file.read_exact_at(&mut bytes, place(number)) {
            Ok(()) => Ok(Some(u64::from_le_bytes(bytes)).filter(|at| *at != 0)),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(e) => Err(Error::io("read", NAME)(e)),
        }
    }

    /// Enters where the newest entry of `number` stands, or that it has no texts.
    pub fn set(&self, number: u32, at: Option<u64>) -> Result<(), Error> {
        let bytes = at.unwrap_or(0).to_le_bytes();
        let written = self.file.write_all_at(&bytes, place(number));
        written.map_err(Error::io("write", NAME))
    }

    /// Makes durable that every entry before `seen` is entered.
    pub fn keep(&self, seen: u64) -> Result<(), Error> {
        let sync = || self.file.sync_data().map_err(Error::io("sync", NAME));
        // The promise comes after what it promises.
        sync()?;
        let mut header = [0; HEADER as usize];
        header[..8].copy_from_slice(&MAGIC);
        header[8..16].copy_from_slice(&seen.to_le_bytes());
        let crc = crc32c::crc32c(&header[..16]);
        header[16..20].copy_from_slice(&crc.to_le_bytes());
        let written = self.file.write_all_at(&header, 0);
        written.map_err(Error::io("write", NAME))?;
        sync()
    }
}

fn place(number: u32) -> u64 {
    HEADER + 8 * u64::from(number)
}

fn parse(header: &[u8; HEADER as usize]) -> Option<u64> {
    let rest = header.strip_prefix(&MAGIC)?;
    let (seen, rest) = rest.split_first_chunk()?;
    let (crc, _) = rest.split_first_chunk()?;
    let sound = crc32c::crc32c(&header[..16]) == u32::from_le_bytes(*crc);
    sound.then_some(u64::from_le_bytes(*seen))
}
