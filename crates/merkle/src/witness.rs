//! What a witness is asked, and how it decides (C2SP tlog-witness).
//!
//! `POST <prefix>/add-checkpoint` with
//!
//! ```text
//! old 20852014                  leaves of the checkpoint that the witness cosigned last
//! base64 of a hash              the proof of consistency from there, up to 63 lines
//!
//! the checkpoint, a signed note
//! ```
//!
//! [`judge`] decides and does nothing else. Between its verdict and the answer the caller keeps the
//! new head, durably and as one step with having read the old one: else two requests at once could
//! roll the witness back.
//!
//! | verdict | status | body |
//! |---|---|---|
//! | [`Cosign`](Verdict::Cosign) | 200 | cosignature lines, after the head was kept |
//! | [`Malformed`](Verdict::Malformed) | 400 | |
//! | [`UnknownLog`](Verdict::UnknownLog) | 404 | |
//! | [`NotSigned`](Verdict::NotSigned) | 403 | |
//! | [`OldTooLarge`](Verdict::OldTooLarge) | 400 | |
//! | [`Stale`](Verdict::Stale) | 409 | the size last cosigned and a newline, as [`SIZE_TYPE`] |
//! | [`Fork`](Verdict::Fork) | 422 | |
//! | [`Inconsistent`](Verdict::Inconsistent) | 422 | |
//!
//! The last two are worth keeping: a signed checkpoint that does not continue another one is
//! evidence against the log. Older texts of tlog-witness answer a fork with 409.

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::key::VerifierKey;
use crate::note::{MAX_NOTE, Note, NoteError, encode_hashes, parse_decimal, parse_hashes};
use crate::{EMPTY, Hash, Head, ProofError, verify_consistency};

/// Hashes that a request may have.
pub const MAX_PROOF: usize = 63;

/// Bytes of the longest request.
pub const MAX_REQUEST: usize = MAX_NOTE;

/// The `Content-Type` of the answer to a stale request.
pub const SIZE_TYPE: &str = "text/x.tlog.size";

/// Why bytes are no request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RequestError {
    /// There are more than [`MAX_REQUEST`] bytes.
    TooLarge {
        /// How many.
        length: usize,
    },
    /// They are not UTF-8.
    Utf8,
    /// The first line is not `old` and a plain number below 2^64.
    Old,
    /// A line of the proof is no hash, there are more than [`MAX_PROOF`], or no empty line ends it.
    Proof,
    /// What follows is no note.
    Note(NoteError),
    /// The text of the note is no checkpoint.
    Checkpoint(CheckpointError),
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestError::TooLarge { length } => write!(
                f,
                "a request of {length} bytes is too large: {MAX_REQUEST} at most"
            ),
            RequestError::Utf8 => f.write_str("the request is not UTF-8"),
            RequestError::Old => {
                f.write_str("the request does not begin with `old` and a plain number")
            }
            RequestError::Proof => {
                f.write_str("the proof is not up to 63 hashes in base64 and an empty line")
            }
            RequestError::Note(error) => error.fmt(f),
            RequestError::Checkpoint(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RequestError {}

/// A request to cosign a checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddCheckpoint {
    /// Leaves of the checkpoint that the witness is believed to have cosigned last; 0 if none.
    pub old: u64,
    /// The proof that the new tree continues the old one.
    pub proof: Vec<Hash>,
    /// The new checkpoint.
    pub note: Note,
}

impl AddCheckpoint {
    /// Reads a request of at most [`MAX_REQUEST`] bytes. Its note is a checkpoint, perhaps with
    /// extension lines.
    pub fn parse(bytes: &[u8]) -> Result<AddCheckpoint, RequestError> {
        let length = bytes.len();
        if length > MAX_REQUEST {
            return Err(RequestError::TooLarge { length });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| RequestError::Utf8)?;
        let (old, text) = text
            .strip_prefix("old ")
            .and_then(|text| text.split_once('\n'))
            .ok_or(RequestError::Old)?;
        let old = parse_decimal(old).ok_or(RequestError::Old)?;
        let (proof, text) = parse_hashes(text, MAX_PROOF).ok_or(RequestError::Proof)?;
        let note = Note::parse(text.as_bytes()).map_err(RequestError::Note)?;
        let request = AddCheckpoint { old, proof, note };
        request.checkpoint().map_err(RequestError::Checkpoint)?;
        Ok(request)
    }

    /// The bytes of the request.
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = format!("old {}\n{}", self.old, encode_hashes(&self.proof));
        [head.into_bytes(), self.note.to_bytes()].concat()
    }

    /// The checkpoint of the note, whose origin tells which log it is. Nothing of it is trusted
    /// before [`judge`] says [`Verdict::Cosign`].
    pub fn checkpoint(&self) -> Result<Checkpoint, CheckpointError> {
        let (checkpoint, _) = Checkpoint::parse_lenient(&self.note.text)?;
        Ok(checkpoint)
    }
}

/// What a witness answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The checkpoint continues the one before. To be kept, then cosigned: the text of the note,
    /// with extension lines if it has any.
    Cosign(Checkpoint),
    /// The note is no checkpoint. [`AddCheckpoint::parse`] lets no such request through.
    Malformed(CheckpointError),
    /// No key is known of a log of that origin.
    UnknownLog,
    /// No key that is known of the log signed it, or a signature of such a key is wrong.
    NotSigned,
    /// The old size is larger than the new one.
    OldTooLarge,
    /// The old size is not the one last cosigned.
    Stale(u64),
    /// The proof does not lead from the old root to the new one.
    Inconsistent(ProofError),
    /// The log signed two roots for one size.
    Fork,
}

impl Verdict {
    /// The status of the answer over HTTP.
    pub fn status(&self) -> u16 {
        match self {
            Verdict::Cosign(_) => 200,
            Verdict::Malformed(_) | Verdict::OldTooLarge => 400,
            Verdict::NotSigned => 403,
            Verdict::UnknownLog => 404,
            Verdict::Stale(_) => 409,
            Verdict::Inconsistent(_) | Verdict::Fork => 422,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Cosign(checkpoint) => {
                let (origin, size) = (&checkpoint.origin, checkpoint.head.size);
                write!(f, "{origin} of {size} leaves is cosigned")
            }
            Verdict::Malformed(error) => error.fmt(f),
            Verdict::UnknownLog => f.write_str("no log of this origin is known"),
            Verdict::NotSigned => f.write_str("no known key of the log signed the checkpoint"),
            Verdict::OldTooLarge => f.write_str("the old size is larger than the new one"),
            Verdict::Stale(size) => write!(f, "the checkpoint last cosigned is of {size} leaves"),
            Verdict::Inconsistent(error) => error.fmt(f),
            Verdict::Fork => f.write_str("another root was cosigned for the same size"),
        }
    }
}

/// Decides about a request, in the order in which tlog-witness has its checks: the log is known,
/// it signed, the old size is not above the new one, it is the one last cosigned, equal sizes have
/// equal roots, the proof holds.
///
/// `known` has the keys of all logs that are known, by their names; `latest` is the head last
/// cosigned of the log that the request is about.
pub fn judge(known: &[VerifierKey], latest: Option<Head>, request: &AddCheckpoint) -> Verdict {
    let checkpoint = match request.checkpoint() {
        Ok(checkpoint) => checkpoint,
        Err(error) => return Verdict::Malformed(error),
    };
    let of_log = |key: &&VerifierKey| key.name() == checkpoint.origin;
    let keys: Vec<VerifierKey> = known.iter().filter(of_log).cloned().collect();
    if keys.is_empty() {
        return Verdict::UnknownLog;
    }
    if request.note.verify(&keys).is_err() {
        return Verdict::NotSigned;
    }
    let latest = latest.unwrap_or(Head {
        size: 0,
        root: EMPTY,
    });
    let new = checkpoint.head;
    if request.old > new.size {
        return Verdict::OldTooLarge;
    }
    if request.old != latest.size {
        return Verdict::Stale(latest.size);
    }
    if latest.size == new.size && latest.root != new.root {
        return Verdict::Fork;
    }
    match verify_consistency(&latest, &new, &request.proof) {
        Ok(()) => Verdict::Cosign(checkpoint),
        Err(error) => Verdict::Inconsistent(error),
    }
}
