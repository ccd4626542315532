//! What a monitor remembers of a log from one check to the next.
//!
//! A file of UTF-8 text, of at most [`MAX_STATE`] bytes, lines ending in a newline:
//!
//! ```text
//! counterfoil/monitor-state@v1
//! checksum B64     SHA-256(00 | all bytes behind this line)
//! seen N           POSIX seconds when the head of the checkpoint was first seen
//! frontier B64     the right edge of what was checked: canonical bytes of `merkle::Frontier`
//! leaf B64|none    the last outer leaf that was checked, 168 bytes
//! register S D L N where the log has a register: right at size S, with D demands and L disclosures
//! demand N L O     N lines: a demand that goes on, disclosures of it, when it is opened in
//!                  nanoseconds, or 0
//! and then the checkpoint, a signed note, to the end
//! ```
//!
//! The checkpoint is the anchor against which forks and rollbacks are found; it may be ahead of
//! the entries that were checked, if a check ended early. The checksum finds damage, not malice:
//! whoever may write the file may make the monitor believe anything.

use std::fmt;

use merkle::checkpoint::Checkpoint;
use merkle::note::{MAX_NOTE, Note, decode_base64, decode_hash, encode_base64, parse_decimal};
use merkle::{Frontier, leaf};
use model::batch::{OUTER_LEAF_BYTES, OuterLeaf};

use crate::register::{Known, MAX_LINES};

/// Bytes of the longest state: a note, lines of a frontier and a leaf in base64, and a register.
pub const MAX_STATE: usize = MAX_NOTE + (4 << 10) + MAX_LINES;

const VERSION: &str = "counterfoil/monitor-state@v1\n";

/// What stands in place of a leaf where none was checked.
const NONE: &str = "none";

/// Why bytes are no state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StateError {
    /// It has more than [`MAX_STATE`] bytes.
    TooLarge,
    /// It is not a state of this version.
    Version,
    /// The checksum is not that of the rest.
    Checksum,
    /// A line is not as it is written, or the note is no checkpoint.
    Form,
    /// Checkpoint, frontier and leaf cannot be of one log.
    Mismatch,
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StateError::TooLarge => "the state of the monitor is larger than one can be",
            StateError::Version => "this is no state of a monitor, or one of another version",
            StateError::Checksum => "the state of the monitor is damaged: its checksum is wrong",
            StateError::Form => "the state of the monitor is malformed",
            StateError::Mismatch => "checkpoint and entries of the monitor's state do not match",
        })
    }
}

impl std::error::Error for StateError {}

/// What was verified of one log so far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct State {
    /// The last checkpoint that was trusted and continued all before it.
    pub(crate) note: Vec<u8>,
    /// What the note says.
    pub(crate) checkpoint: Checkpoint,
    /// When that head was first seen, in POSIX seconds.
    pub(crate) first_seen: u64,
    /// The right edge of the entries that were checked, no more than the checkpoint has.
    pub(crate) frontier: Frontier,
    /// The last entry that was checked.
    pub(crate) last: Option<OuterLeaf>,
    /// The register of demands for data, as far as it was right.
    pub(crate) register: Known,
}

impl State {
    /// The bytes of the last checkpoint that was verified.
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// What that checkpoint says.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// When its head was first seen, in POSIX seconds.
    pub fn first_seen(&self) -> u64 {
        self.first_seen
    }

    /// Entries that were checked, from the first on.
    pub fn checked(&self) -> u64 {
        self.frontier.size()
    }

    /// The last entry that was checked.
    pub fn last(&self) -> Option<&OuterLeaf> {
        self.last.as_ref()
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let frontier = encode_base64(&self.frontier.to_bytes());
        let leaf_text = match &self.last {
            Some(last) => encode_base64(&last.to_bytes()),
            None => NONE.to_owned(),
        };
        let seen = self.first_seen;
        let mut body = format!("seen {seen}\nfrontier {frontier}\nleaf {leaf_text}\n").into_bytes();
        body.extend(self.register.to_lines().as_bytes());
        body.extend(&self.note);
        let checksum = encode_base64(leaf(&body).as_bytes());
        let mut bytes = format!("{VERSION}checksum {checksum}\n").into_bytes();
        bytes.extend(body);
        bytes
    }

    /// Reads a file, which must be exactly what [`State::to_bytes`] writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<State, StateError> {
        if bytes.len() > MAX_STATE {
            return Err(StateError::TooLarge);
        }
        let rest = bytes.strip_prefix(VERSION.as_bytes());
        let rest = rest.ok_or(StateError::Version)?;
        let rest = std::str::from_utf8(rest).map_err(|_| StateError::Checksum)?;
        let (checksum, body) = field(rest, "checksum ").ok_or(StateError::Checksum)?;
        if decode_hash(checksum) != Some(leaf(body.as_bytes())) {
            return Err(StateError::Checksum);
        }
        let state = parse_body(body).ok_or(StateError::Form)?;
        if !state.is_of_one_log() {
            return Err(StateError::Mismatch);
        }
        Ok(state)
    }

    /// Whether the parts can belong together.
    fn is_of_one_log(&self) -> bool {
        let head = self.checkpoint.head;
        let reaches = match self.checked() {
            checked if checked < head.size => true,
            checked => checked == head.size && self.frontier.root() == head.root,
        };
        let counts = self.last.map(|last| last.register).unwrap_or_default();
        let counted = self.register.size <= self.checked()
            && self.register.demands <= counts.demands
            && self.register.disclosures <= counts.disclosures;
        let next = self.last.map(|last| last.number.checked_add(1));
        reaches && counted && next.unwrap_or(Some(0)) == Some(self.checked())
    }
}

fn parse_body(body: &str) -> Option<State> {
    let (seen, rest) = field(body, "seen ")?;
    let (frontier, rest) = field(rest, "frontier ")?;
    let (last, rest) = field(rest, "leaf ")?;
    let (register, note) = Known::from_lines(rest)?;
    let last = if last == NONE {
        None
    } else {
        let bytes: [u8; OUTER_LEAF_BYTES] = decode_base64(last)?.try_into().ok()?;
        Some(OuterLeaf::from_bytes(&bytes)?)
    };
    let text = Note::parse(note.as_bytes()).ok()?.text;
    Some(State {
        note: note.as_bytes().to_vec(),
        checkpoint: Checkpoint::parse(&text).ok()?,
        first_seen: parse_decimal(seen)?,
        frontier: Frontier::from_bytes(&decode_base64(frontier)?).ok()?,
        last,
        register,
    })
}

/// The value of the first line, and the lines behind it.
fn field<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(name)?.split_once('\n')
}
