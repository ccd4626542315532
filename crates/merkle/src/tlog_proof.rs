//! Proofs that something is in a log, whole in one file (C2SP tlog-proof, version 1).
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra base64                  not there if there is none
//! index 73894
//! base64 of a hash              the path from the leaf's sibling upward, a line each
//!
//! the checkpoint, a signed note
//! ```
//!
//! Reading one says nothing about whether it holds: the leaf must be made from what it is of, the
//! checkpoint be trusted ([`Policy::check`](crate::policy::Policy::check)) and the path lead to its
//! root ([`verify_inclusion`](crate::verify_inclusion)). Nobody signs the extra bytes.

use std::fmt;

use crate::note::{
    MAX_NOTE, Note, NoteError, decode_base64, encode_base64, encode_hashes, parse_decimal,
    parse_hashes,
};
use crate::{Hash, MAX_PATH};

/// Bytes of the longest proof: no file of a proof may be larger than its note may be.
pub const MAX_TLOG_PROOF: usize = MAX_NOTE;

/// The first line, without its newline.
pub const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// Why bytes are no proof.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TlogProofError {
    /// There are more than [`MAX_TLOG_PROOF`] bytes.
    TooLarge {
        /// How many.
        length: usize,
    },
    /// They are not UTF-8.
    Utf8,
    /// The first line is not [`FIRST_LINE`].
    Version,
    /// The extra bytes are none, or not in canonical base64.
    Extra,
    /// The index line is not there, or its number is not plain or not below 2^64.
    Index,
    /// A line of the path is no hash, there are more than [`MAX_PATH`], or no empty line ends it.
    Path,
    /// What follows is no note.
    Note(NoteError),
}

impl fmt::Display for TlogProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TlogProofError::TooLarge { length } => {
                return write!(
                    f,
                    "a proof of {length} bytes is too large: {MAX_TLOG_PROOF} at most"
                );
            }
            TlogProofError::Utf8 => "the proof is not UTF-8",
            TlogProofError::Version => "the proof does not begin with c2sp.org/tlog-proof@v1",
            TlogProofError::Extra => "the extra bytes are not in canonical base64",
            TlogProofError::Index => "the proof has no index line with a plain number",
            TlogProofError::Path => "the path is not up to 64 hashes in base64 and an empty line",
            TlogProofError::Note(error) => return error.fmt(f),
        })
    }
}

impl std::error::Error for TlogProofError {}

/// A leaf's index, its path, and the checkpoint that it leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlogProof {
    /// What rebuilds the leaf; the application says how. Never empty in what is read, and not
    /// written if empty.
    pub extra: Option<Vec<u8>>,
    /// Index of the leaf.
    pub index: u64,
    /// Hashes from the leaf's sibling upward.
    pub path: Vec<Hash>,
    /// The checkpoint.
    pub note: Note,
}

impl TlogProof {
    /// Reads a proof of at most [`MAX_TLOG_PROOF`] bytes.
    pub fn parse(bytes: &[u8]) -> Result<TlogProof, TlogProofError> {
        let length = bytes.len();
        if length > MAX_TLOG_PROOF {
            return Err(TlogProofError::TooLarge { length });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| TlogProofError::Utf8)?;
        let text = text.strip_prefix(FIRST_LINE);
        let mut text = text
            .and_then(|text| text.strip_prefix('\n'))
            .ok_or(TlogProofError::Version)?;
        let mut extra = None;
        if let Some(rest) = text.strip_prefix("extra ") {
            let (line, rest) = rest.split_once('\n').ok_or(TlogProofError::Extra)?;
            let bytes = decode_base64(line).filter(|bytes| !bytes.is_empty());
            extra = Some(bytes.ok_or(TlogProofError::Extra)?);
            text = rest;
        }
        let (index, text) = text
            .strip_prefix("index ")
            .and_then(|text| text.split_once('\n'))
            .ok_or(TlogProofError::Index)?;
        let index = parse_decimal(index).ok_or(TlogProofError::Index)?;
        let (path, text) = parse_hashes(text, MAX_PATH).ok_or(TlogProofError::Path)?;
        let note = Note::parse(text.as_bytes()).map_err(TlogProofError::Note)?;
        Ok(TlogProof {
            extra,
            index,
            path,
            note,
        })
    }

    /// The bytes of the proof.
    pub fn to_bytes(&self) -> Vec<u8> {
        let extra = match self.extra.as_deref() {
            None | Some([]) => String::new(),
            Some(extra) => format!("extra {}\n", encode_base64(extra)),
        };
        let path = encode_hashes(&self.path);
        let head = format!("{FIRST_LINE}\n{extra}index {}\n{path}", self.index);
        [head.into_bytes(), self.note.to_bytes()].concat()
    }
}
