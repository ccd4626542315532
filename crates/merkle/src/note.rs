//! Signed notes: a text and the lines of those who signed it (C2SP signed-note v1.0.0).
//!
//! ```text
//! the text, which ends in a newline
//!
//! — name base64(key id, big-endian | signature)
//! ```
//!
//! A note is UTF-8 without control characters below U+0020 but the newline. Its text may have
//! empty lines: the last empty line of the note ends it. What nobody trusted has signed says
//! nothing, so nobody should look at the text before [`Note::verify`] or
//! [`Policy::check`](crate::policy::Policy::check).
//!
//! The reader is strict: base64 has one form, lines have no other spaces than the two that belong
//! there, and what is read is written again byte for byte.
//!
//! ```
//! use merkle::note::Note;
//!
//! let bytes = "one line\n\n— example.com/key AAAAAQI=\n".as_bytes();
//! let note = Note::parse(bytes)?;
//! assert_eq!((note.text.as_str(), note.signatures[0].id), ("one line\n", 1));
//! assert_eq!(note.to_bytes(), bytes);
//! # Ok::<(), merkle::note::NoteError>(())
//! ```

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Hash;
use crate::key::{VerifierKey, is_name};

/// Bytes of the longest note: room for as many signatures of ML-DSA as a note may have.
pub const MAX_NOTE: usize = 256 << 10;

/// Signature lines that a note may have; signed-note wants 16 at least.
pub const MAX_SIGNATURES: usize = 64;

/// An em dash and a space: what a signature line begins with.
const DASH: &str = "\u{2014} ";

/// Why bytes are no note, or nobody who is known signed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoteError {
    /// It has more than [`MAX_NOTE`] bytes.
    TooLarge {
        /// Bytes of the note.
        length: usize,
    },
    /// It is not UTF-8.
    Utf8,
    /// It has a control character other than the newline.
    Control,
    /// The text or the last signature line does not end in a newline.
    Unended,
    /// No empty line parts the text from signatures.
    Unsigned,
    /// A signature line is not `— name base64`.
    Line {
        /// Which one, from 1 on.
        number: usize,
    },
    /// It has more than [`MAX_SIGNATURES`] signature lines.
    TooManySignatures,
    /// A signature says to be by a known key, and is not.
    BadSignature {
        /// Name of the key.
        name: String,
        /// Id of the key.
        id: u32,
    },
    /// No signature is by a known key.
    NotSigned,
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoteError::TooLarge { length } => {
                write!(
                    f,
                    "a note of {length} bytes is too large: {MAX_NOTE} at most"
                )
            }
            NoteError::Utf8 => f.write_str("the note is not UTF-8"),
            NoteError::Control => f.write_str("the note has a control character"),
            NoteError::Unended => f.write_str("the note does not end in a newline"),
            NoteError::Unsigned => {
                f.write_str("no empty line parts the text of the note from its signatures")
            }
            NoteError::Line { number } => write!(
                f,
                "signature line {number} is not an em dash, a name and canonical base64"
            ),
            NoteError::TooManySignatures => {
                write!(f, "the note has more than {MAX_SIGNATURES} signatures")
            }
            NoteError::BadSignature { name, id } => {
                write!(f, "the signature of {name}+{id:08x} is wrong")
            }
            NoteError::NotSigned => f.write_str("nobody who is known signed the note"),
        }
    }
}

impl std::error::Error for NoteError {}

/// One signature of a note. `Display` is its line with the newline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignatureLine {
    /// Name of the key.
    pub name: String,
    /// Id of the key.
    pub id: u32,
    /// The signature, at least one byte; its form depends on the kind of the key.
    pub bytes: Vec<u8>,
}

impl SignatureLine {
    /// Reads a line without its newline; `None` if it is not `— name base64`.
    pub fn parse_line(line: &str) -> Option<SignatureLine> {
        let (name, signature) = line.strip_prefix(DASH)?.split_once(' ')?;
        let bytes = decode_base64(signature)?;
        let (id, signature) = bytes.split_first_chunk()?;
        let is_whole = is_name(name) && !signature.is_empty();
        is_whole.then(|| SignatureLine {
            name: name.to_owned(),
            id: u32::from_be_bytes(*id),
            bytes: signature.to_vec(),
        })
    }

    /// Reads one or more lines, each with its newline, as a witness answers them (tlog-witness).
    pub fn parse_all(bytes: &[u8]) -> Result<Vec<SignatureLine>, NoteError> {
        parse_lines(checked(bytes)?)
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signature = encode_base64(&[&self.id.to_be_bytes(), &self.bytes[..]].concat());
        writeln!(f, "{DASH}{} {signature}", self.name)
    }
}

/// A signature that was checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Index of the key among those that were given.
    pub key: usize,
    /// When it was made as it says itself, in POSIX seconds, if it is a cosignature.
    pub time: Option<u64>,
}

/// A text and its signatures, of which none has been checked yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// The text with its last newline.
    pub text: String,
    /// The signatures in the order of their lines.
    pub signatures: Vec<SignatureLine>,
}

impl Note {
    /// Reads a note, of at most [`MAX_NOTE`] bytes and [`MAX_SIGNATURES`] signatures.
    pub fn parse(bytes: &[u8]) -> Result<Note, NoteError> {
        let note = checked(bytes)?;
        let end = note.rfind("\n\n").ok_or(NoteError::Unsigned)?;
        let (text, signatures) = (&note[..=end], &note[end + 2..]);
        if signatures.is_empty() {
            return Err(NoteError::Unsigned);
        }
        Ok(Note {
            text: text.to_owned(),
            signatures: parse_lines(signatures)?,
        })
    }

    /// The bytes of the note: the text, an empty line, the signatures.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}\n", self.text).into_bytes();
        for line in &self.signatures {
            bytes.extend(line.to_string().into_bytes());
        }
        bytes
    }

    /// Adds signatures behind those that are there, all or, if they are too many, none. One that
    /// is there already, byte for byte, is not added again.
    pub fn append(
        &mut self,
        lines: impl IntoIterator<Item = SignatureLine>,
    ) -> Result<(), NoteError> {
        let before = self.signatures.len();
        for line in lines {
            if self.signatures.contains(&line) {
                continue;
            }
            if self.signatures.len() == MAX_SIGNATURES {
                self.signatures.truncate(before);
                return Err(NoteError::TooManySignatures);
            }
            self.signatures.push(line);
        }
        Ok(())
    }

    /// Checks the signatures of known keys, and tells of each in the order of the lines, at least
    /// one. Signatures of others do not count, even if they share name or id with a known key. One
    /// bad signature of a known key is enough to refuse the note (signed-note, "Signatures").
    ///
    /// No two of the keys may share both name and id; if they do, the first one counts.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<Verified>, NoteError> {
        let mut verified = Vec::new();
        for line in &self.signatures {
            let known = (0..).zip(keys).find(|(_, key)| key.made(line));
            let Some((index, key)) = known else {
                continue;
            };
            let Ok(time) = key.verify(&self.text, &line.bytes) else {
                let (name, id) = (line.name.clone(), line.id);
                return Err(NoteError::BadSignature { name, id });
            };
            verified.push(Verified { key: index, time });
        }
        if verified.is_empty() {
            Err(NoteError::NotSigned)
        } else {
            Ok(verified)
        }
    }
}

/// Bytes that can be those of a note: bounded, UTF-8, without control characters, and ended.
fn checked(bytes: &[u8]) -> Result<&str, NoteError> {
    let length = bytes.len();
    if length > MAX_NOTE {
        return Err(NoteError::TooLarge { length });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| NoteError::Utf8)?;
    check_text(text)?;
    Ok(text)
}

/// Refuses what cannot be the text of a note.
pub(crate) fn check_text(text: &str) -> Result<(), NoteError> {
    if text.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        Err(NoteError::Control)
    } else if text.ends_with('\n') {
        Ok(())
    } else {
        Err(NoteError::Unended)
    }
}

/// Signature lines, of which there is one at least and the last one ends in a newline.
fn parse_lines(text: &str) -> Result<Vec<SignatureLine>, NoteError> {
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.split_terminator('\n')) {
        if number > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        lines.push(SignatureLine::parse_line(line).ok_or(NoteError::Line { number })?);
    }
    Ok(lines)
}

/// Base64 with the standard alphabet and padding (RFC 4648, 4), as all formats of C2SP have it.
pub fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of a base64 text; `None` if it is not what [`encode_base64`] makes of them: if it has
/// no padding, a newline, or bits behind the last byte.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The hash of a base64 text.
pub fn decode_hash(text: &str) -> Option<Hash> {
    // Looked at first, so that long lines are not decoded.
    (text.len() == 44).then_some(())?;
    let bytes: [u8; Hash::LEN] = decode_base64(text)?.try_into().ok()?;
    Some(Hash::from_bytes(bytes))
}

/// A whole number in decimal digits, without a sign and without leading zeros.
pub fn parse_decimal<T: FromStr>(text: &str) -> Option<T> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_canonical = text == "0" || !text.starts_with('0');
    (is_plain && is_canonical).then(|| text.parse().ok())?
}

/// Reads lines of hashes until an empty line, and gives what stands behind that; `None` if a line
/// is no hash, there are more than `most`, or there is no empty line.
pub(crate) fn parse_hashes(mut text: &str, most: usize) -> Option<(Vec<Hash>, &str)> {
    let mut hashes = Vec::new();
    loop {
        let (line, rest) = text.split_once('\n')?;
        text = rest;
        if line.is_empty() {
            return Some((hashes, text));
        }
        (hashes.len() < most).then_some(())?;
        hashes.push(decode_hash(line)?);
    }
}

/// Hashes in base64, each with a newline, and the empty line behind them.
pub(crate) fn encode_hashes(hashes: &[Hash]) -> String {
    let mut text = String::new();
    for hash in hashes {
        text.push_str(&encode_base64(hash.as_bytes()));
        text.push('\n');
    }
    text + "\n"
}
