//! The file `texts`: every entry in the order in which it came, the truth for the texts.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use crate::entry::{self, ENTRY_BYTES_MAX, Entry, FRAME_HEADER, FRAME_MAGIC, MAGIC};
use crate::error::Error;
use crate::listing::Text;

/// Name of the file.
pub const NAME: &str = "texts";
/// Where the first frame stands.
pub const FIRST: u64 = MAGIC.len() as u64;
/// Bytes read at once in the search for a whole frame behind a broken one.
const WINDOW: usize = 1 << 20;

const BROKEN: &str = "the frame here is not what was written, and it was durable once";

/// The open file; this process has it alone.
pub struct Texts {
    file: File,
}

/// The entries of one call, as they stand on the disk.
pub struct Frame {
    /// Where its first entry stands in the file.
    at: u64,
    bytes: Vec<u8>,
}

impl Frame {
    /// Where the next frame begins.
    pub fn end(&self) -> u64 {
        self.at + self.bytes.len() as u64
    }

    /// Its entries, each with where in the file it stands.
    pub fn entries(&self) -> impl Iterator<Item = (u64, Entry<'_>)> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let (entry, len) = entry::entry(&self.bytes[at..])?;
            let position = self.at + at as u64;
            at += len;
            Some((position, entry))
        })
    }
}

impl Texts {
    /// Opens the file in `dir`, or makes it. The lock goes with the process.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600);
        let file = options.open(dir.join(NAME));
        let file = file.map_err(Error::io("open", NAME))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Open),
            Err(TryLockError::Error(e)) => return Err(Error::io("lock", NAME)(e)),
        }
        let texts = Self { file };
        if texts.len()? < FIRST {
            // Nothing was acknowledged yet: the header is synced before the first frame.
            texts.write(&MAGIC, 0)?;
            texts.sync()?;
            let dir = File::open(dir).and_then(|dir| dir.sync_all());
            dir.map_err(Error::io("sync the folder of", NAME))?;
        }
        let mut magic = [0; MAGIC.len()];
        texts.read(&mut magic, 0)?;
        if magic != MAGIC {
            return Err(damaged(0, "this is no file of texts"));
        }
        Ok(texts)
    }

    /// Bytes of the file.
    pub fn len(&self) -> Result<u64, Error> {
        let meta = self.file.metadata().map_err(Error::io("measure", NAME))?;
        Ok(meta.len())
    }

    /// Writes a frame at the end; it counts once it is synced.
    pub fn write(&self, bytes: &[u8], at: u64) -> Result<(), Error> {
        let written = self.file.write_all_at(bytes, at);
        written.map_err(Error::io("write", NAME))
    }

    /// Makes durable what was written.
    pub fn sync(&self) -> Result<(), Error> {
        self.file.sync_data().map_err(Error::io("sync", NAME))
    }

    /// The frame at `at` of a file that ends at `end`; `None` where no whole frame stands.
    pub fn frame(&self, at: u64, end: u64) -> Result<Option<Frame>, Error> {
        let mut front = [0; FRAME_HEADER];
        let first = at + FRAME_HEADER as u64;
        if first > end {
            return Ok(None);
        }
        self.read(&mut front, at)?;
        let Some((len, count)) = entry::header(&front, at) else {
            return Ok(None);
        };
        if first + len as u64 > end {
            return Ok(None);
        }
        let mut bytes = vec![0; len];
        self.read(&mut bytes, first)?;
        let frame = Frame { at: first, bytes };
        let (mut whole, mut next) = (0, 0);
        while let Some((_, len)) = entry::entry(&frame.bytes[next..]) {
            whole += 1;
            next += len;
        }
        Ok((whole == count && next == len).then_some(frame))
    }

    /// The frame at `at`, which was synced once.
    pub fn durable(&self, at: u64, end: u64) -> Result<Frame, Error> {
        self.frame(at, end)?.ok_or_else(|| damaged(at, BROKEN))
    }

    /// Calls `each` with the entries from `from` on and cuts off what is torn behind them. Gives
    /// where the file ends now, and the bytes that were cut off.
    pub fn recover(
        &self,
        from: u64,
        mut each: impl FnMut(u64, &Entry<'_>) -> Result<(), Error>,
    ) -> Result<(u64, u64), Error> {
        let (mut at, end) = (from, self.len()?);
        if end < from {
            return Err(damaged(end, "the file ends here, and was longer once"));
        }
        while let Some(frame) = self.frame(at, end)? {
            for (position, entry) in frame.entries() {
                each(position, &entry)?;
            }
            at = frame.end();
        }
        if at < end {
            self.refuse_damage(at, end)?;
            let cut = self.file.set_len(at);
            cut.map_err(Error::io("cut off the torn end of", NAME))?;
            self.sync()?;
        }
        Ok((at, end - at))
    }

    /// One frame is in flight at a time: what is broken at `at` is torn, unless a whole frame
    /// stands behind it.
    fn refuse_damage(&self, at: u64, end: u64) -> Result<(), Error> {
        let mut window = vec![0; WINDOW];
        let mut from = at + 1;
        while from < end {
            let len = WINDOW.min((end - from) as usize);
            self.read(&mut window[..len], from)?;
            for (offset, front) in window[..len].windows(FRAME_MAGIC.len()).enumerate() {
                if front == FRAME_MAGIC && self.frame(from + offset as u64, end)?.is_some() {
                    return Err(damaged(at, BROKEN));
                }
            }
            // What lies across two windows is seen whole by the second.
            from += (len.max(FRAME_MAGIC.len()) - (FRAME_MAGIC.len() - 1)) as u64;
        }
        Ok(())
    }

    /// The texts of `number`, whose entry stands at `at`.
    pub fn text(&self, at: u64, number: u32) -> Result<Text, Error> {
        let mut bytes = [0; ENTRY_BYTES_MAX];
        let mut len = 0;
        while len < bytes.len() {
            match self.file.read_at(&mut bytes[len..], at + len as u64) {
                Ok(0) => break,
                Ok(read) => len += read,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::io("read", NAME)(e)),
            }
        }
        match entry::entry(&bytes[..len]) {
            Some((entry, _)) if entry.listing.number == number => Ok(entry.text()),
            Some(_) => Err(damaged(at, "the entry here is of another listing")),
            None => Err(damaged(at, "the entry here is not what was written")),
        }
    }

    fn read(&self, bytes: &mut [u8], at: u64) -> Result<(), Error> {
        let read = self.file.read_exact_at(bytes, at);
        read.map_err(Error::io("read", NAME))
    }
}

fn damaged(at: u64, what: &'static str) -> Error {
    Error::Damaged {
        file: NAME,
        at,
        what,
    }
}
