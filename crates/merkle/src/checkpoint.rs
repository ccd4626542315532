//! Checkpoints: the head of a log as the text of a note (C2SP tlog-checkpoint v1.0.0).
//!
//! ```text
//! example.com/behind-the-sofa                      the origin: which log
//! 20852163                                         leaves in the tree
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=     the root over them
//! ```
//!
//! Lines after these are extension lines, opaque and discouraged by the specification. Our log
//! writes none and our verifiers refuse them: [`Checkpoint::parse`]. A witness takes them:
//! [`Checkpoint::parse_lenient`].

use std::fmt;

use crate::key::{SignError, SigningKey};
use crate::note::{Note, decode_hash, encode_base64, parse_decimal};
use crate::{Head, MAX_SIZE};

/// Why a text is no checkpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CheckpointError {
    /// It has fewer than three lines, or the last one does not end in a newline.
    Lines,
    /// The origin is empty or has a control character.
    Origin,
    /// The size is not a number below 2^63, in decimal digits without leading zeros.
    Size,
    /// The root is not 32 bytes in canonical base64.
    Root,
    /// There are extension lines, and none are taken here.
    Extension,
    /// One of the extension lines is empty.
    EmptyExtension,
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CheckpointError::Lines => "a checkpoint has an origin, a size and a root, a line each",
            CheckpointError::Origin => "the origin is not a line of text",
            CheckpointError::Size => "the size is not a plain number below 2^63",
            CheckpointError::Root => "the root is not 32 bytes in canonical base64",
            CheckpointError::Extension => "extension lines are not taken",
            CheckpointError::EmptyExtension => "an extension line is empty",
        })
    }
}

impl std::error::Error for CheckpointError {}

/// What a log says of itself: its origin, how many leaves it has, and the root over them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// Which log it is. The name of the log's key is the same.
    pub origin: String,
    /// Its tree.
    pub head: Head,
}

impl Checkpoint {
    /// Reads the text of a note as a checkpoint without extension lines.
    pub fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        match Checkpoint::parse_lenient(text)? {
            (checkpoint, 0) => Ok(checkpoint),
            _ => Err(CheckpointError::Extension),
        }
    }

    /// Reads the text of a note as a checkpoint, and counts its extension lines.
    pub fn parse_lenient(text: &str) -> Result<(Checkpoint, usize), CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?;
        let mut lines = lines.split('\n');
        let mut next = || lines.next().ok_or(CheckpointError::Lines);
        let (origin, size, root) = (next()?, next()?, next()?);
        if origin.is_empty() || origin.bytes().any(|byte| byte < b' ') {
            return Err(CheckpointError::Origin);
        }
        let size = parse_decimal(size).filter(|size| *size < MAX_SIZE);
        let head = Head {
            size: size.ok_or(CheckpointError::Size)?,
            root: decode_hash(root).ok_or(CheckpointError::Root)?,
        };
        let mut extensions = 0;
        for line in lines {
            if line.is_empty() {
                return Err(CheckpointError::EmptyExtension);
            }
            extensions += 1;
        }
        let origin = origin.to_owned();
        Ok((Checkpoint { origin, head }, extensions))
    }

    /// The text: three lines.
    pub fn text(&self) -> String {
        let root = encode_base64(self.head.root.as_bytes());
        format!("{}\n{}\n{root}\n", self.origin, self.head.size)
    }

    /// The checkpoint as a note, signed by these keys of kind
    /// [`Ed25519`](crate::key::KeyKind::Ed25519). A log signs only what continues all that it
    /// signed before.
    pub fn sign(&self, keys: &[SigningKey]) -> Result<Note, SignError> {
        let text = self.text();
        Checkpoint::parse(&text).map_err(SignError::Checkpoint)?;
        let signatures = keys.iter().map(|key| key.sign_note_text(&text));
        Ok(Note {
            signatures: signatures.collect::<Result<_, _>>()?,
            text,
        })
    }
}
