//! The log: frames one after the other, in segments of one size.
//!
//! A position in the log is a byte count from its beginning; segment `n` holds the positions from
//! `n * segment_bytes`. A frame lies within one segment: where it does not fit in what is left,
//! the rest stays zero and the frame begins the next segment. A segment is filled with zeros and
//! synced before its first frame is written, so that writing a frame changes no metadata of the
//! file system, and so that what was never written can be told from what was damaged.

mod append;
mod read;
mod recover;

pub use append::{Appender, create, warm};
pub use read::Reader;
pub use recover::{Chain, Known, Recovered, Torn, TornEnd, Visit, check, recover};

/// Folder of the segments.
pub const DIR: &str = "log";

/// Path of segment `number`.
pub fn segment_path(number: u64) -> String {
    format!("{DIR}/{number:016x}.seg")
}

/// The number of the segment in a file of this name.
pub fn segment_number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".seg")?;
    let number = u64::from_str_radix(digits, 16).ok()?;
    (segment_path(number) == format!("{DIR}/{name}")).then_some(number)
}

/// Where the next frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Position after the last frame.
    pub next: u64,
    /// Bytes of a segment.
    pub segment_bytes: u64,
}

impl Cursor {
    /// Takes the place of a frame of `len` bytes and returns its position.
    pub fn place(&mut self, len: u64) -> u64 {
        let left = self.segment_bytes - self.next % self.segment_bytes;
        let at = if len > left {
            self.next + left
        } else {
            self.next
        };
        self.next = at + len;
        at
    }
}
