//! Keys of signed notes and cosignatures, public and private (C2SP signed-note v1.0.0 and
//! tlog-cosignature; private keys as Go's `sumdb/note` writes them).
//!
//! A key has a name, a type and an id of 32 bits: the first four bytes of
//! `SHA-256(name | 0x0A | type | public key)`, big-endian. Text forms, in which `id` is eight
//! lower-case hexadecimal digits and the last part canonical base64:
//!
//! ```text
//! name+id+base64(type | public key)                 a verifier key, `vkey`
//! PRIVATE+KEY+name+id+base64(type | seed)           a signing key; the id is that of the public key
//! ```
//!
//! | type | [`KeyKind`] | public key | signs |
//! |---|---|---|---|
//! | 01 | [`Ed25519`](KeyKind::Ed25519) | 32 bytes | the text of a note |
//! | 04 | [`CosignatureV1`](KeyKind::CosignatureV1) | 32 bytes | a checkpoint at a time, Ed25519 |
//! | 06 | [`MlDsa44`](KeyKind::MlDsa44) | 1,312 bytes | a checkpoint at a time, ML-DSA-44 |
//!
//! Every seed has 32 bytes: that of RFC 8032 section 5.1.5, or `xi` of FIPS 204 algorithm 6. Seeds
//! are given, never drawn, and all signatures are deterministic: the crate has no randomness.
//!
//! ```
//! use merkle::key::{KeyKind, SigningKey, VerifierKey};
//!
//! let key = SigningKey::generate("example.com/log", KeyKind::Ed25519, [7; 32])?;
//! let public = VerifierKey::parse(&key.verifier().to_string())?;
//! let line = key.sign_note_text("one line\n").expect("a text that ends in a newline");
//! assert_eq!(public.verify("one line\n", &line.bytes), Ok(None));
//! assert!(public.verify("another\n", &line.bytes).is_err());
//! # Ok::<(), merkle::key::KeyError>(())
//! ```

use std::fmt;
use std::sync::Arc;

use ed25519_dalek::Signer;
use ml_dsa::MlDsa44;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::cosignature;
use crate::note::{NoteError, SignatureLine, check_text, decode_base64, encode_base64};

/// Bytes of the longest name of a key. The message of an ML-DSA cosignature has one byte for the
/// length of a name, and no other key needs a longer one.
pub const MAX_NAME: usize = 255;

/// Bytes of every seed.
pub const SEED_LEN: usize = 32;

/// Bytes of the longest text of a key: an ML-DSA public key takes 1,752, its name up to 255.
const MAX_TEXT: usize = 4_096;

const PRIVATE: &str = "PRIVATE+KEY+";

/// What a key signs, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// Type 01: Ed25519 over the text of a note (signed-note).
    Ed25519,
    /// Type 04: Ed25519 over a time and the text of a checkpoint (tlog-cosignature).
    CosignatureV1,
    /// Type 06: ML-DSA-44 over a time and the head of a checkpoint (tlog-cosignature).
    MlDsa44,
}

impl KeyKind {
    /// All kinds.
    pub const ALL: [KeyKind; 3] = [KeyKind::Ed25519, KeyKind::CosignatureV1, KeyKind::MlDsa44];

    /// The type byte of signed-note.
    pub const fn byte(self) -> u8 {
        match self {
            KeyKind::Ed25519 => 0x01,
            KeyKind::CosignatureV1 => 0x04,
            KeyKind::MlDsa44 => 0x06,
        }
    }

    /// The kind of a type byte.
    pub fn from_byte(byte: u8) -> Option<KeyKind> {
        KeyKind::ALL.into_iter().find(|kind| kind.byte() == byte)
    }

    /// Bytes of a public key.
    pub const fn public_len(self) -> usize {
        match self {
            KeyKind::Ed25519 | KeyKind::CosignatureV1 => 32,
            KeyKind::MlDsa44 => 1_312,
        }
    }

    /// Bytes of a signature, after the key id; with the time, where there is one.
    pub const fn signature_len(self) -> usize {
        match self {
            KeyKind::Ed25519 => 64,
            KeyKind::CosignatureV1 => cosignature::TIME_LEN + 64,
            KeyKind::MlDsa44 => cosignature::TIME_LEN + 2_420,
        }
    }

    /// Whether a signature of this kind tells its time: whether it is a cosignature.
    pub const fn is_timed(self) -> bool {
        !matches!(self, KeyKind::Ed25519)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyKind::Ed25519 => "Ed25519",
            KeyKind::CosignatureV1 => "Ed25519 cosignature",
            KeyKind::MlDsa44 => "ML-DSA-44 cosignature",
        })
    }
}

/// Why a text is no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyError {
    /// It is longer than any key.
    TooLong {
        /// Bytes of the text.
        length: usize,
    },
    /// It has not the parts of a key, with `+` between them.
    Form,
    /// The name is empty, longer than [`MAX_NAME`], or has a space, a control character or a `+`.
    Name,
    /// The id is not eight lower-case hexadecimal digits.
    Id,
    /// The last part is not canonical base64 of at least a type byte.
    Base64,
    /// The type is not one of [`KeyKind`].
    Kind {
        /// The type byte.
        byte: u8,
    },
    /// Keys of that kind have another length.
    Length {
        /// The kind that the type byte tells.
        kind: KeyKind,
        /// Bytes after the type byte.
        length: usize,
    },
    /// The public key is not a point of the curve in its one encoding, or one of the few points
    /// that anyone can sign for.
    Point,
    /// Name, type and public key make another id.
    WrongId {
        /// The id that they make.
        computed: u32,
    },
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::TooLong { length } => write!(f, "no key has a text of {length} bytes"),
            KeyError::Form => f.write_str("a key is written as name+id+key"),
            KeyError::Name => write!(
                f,
                "the name of a key has 1 to {MAX_NAME} bytes, no spaces and no `+`"
            ),
            KeyError::Id => f.write_str("the id of a key is eight lower-case hexadecimal digits"),
            KeyError::Base64 => f.write_str("the key is not canonical base64"),
            KeyError::Kind { byte } => write!(f, "keys of type {byte:02x} are not known here"),
            KeyError::Length { kind, length } => {
                write!(f, "{length} bytes are not a key of kind {kind}")
            }
            KeyError::Point => f.write_str("the public key is not a sound point of the curve"),
            KeyError::WrongId { computed } => {
                write!(f, "name and key make the id {computed:08x}")
            }
        }
    }
}

impl std::error::Error for KeyError {}

/// A signature that is not by the key over the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature is not by this key over this text")
    }
}

impl std::error::Error for BadSignature {}

/// Why a key does not sign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SignError {
    /// Keys of this kind do not sign such things.
    Kind(KeyKind),
    /// The text is not one of a note.
    Text(NoteError),
    /// Cosignatures are over checkpoints, and the text is none.
    Checkpoint(CheckpointError),
    /// The time is after [`cosignature::MAX_TIME`].
    Time(u64),
    /// The origin is longer than the message of an ML-DSA cosignature has room for.
    Origin,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignError::Kind(kind) => write!(f, "a key of kind {kind} does not sign this"),
            SignError::Text(error) => error.fmt(f),
            SignError::Checkpoint(error) => error.fmt(f),
            SignError::Time(time) => write!(f, "no cosignature is of the second {time}"),
            SignError::Origin => {
                f.write_str("the origin is too long for an ML-DSA cosignature: 255 bytes at most")
            }
        }
    }
}

impl std::error::Error for SignError {}

/// Whether this can be the name of a key: not empty, bounded, and without Unicode spaces, control
/// characters and `+` (signed-note, "Format").
pub fn is_name(name: &str) -> bool {
    let fits = |char: char| char != '+' && char >= ' ' && !char.is_whitespace();
    (1..=MAX_NAME).contains(&name.len()) && name.chars().all(fits)
}

/// The first four bytes of `SHA-256(name | 0x0A | type | public key)`, big-endian.
fn key_id(name: &str, kind: KeyKind, public: &[u8]) -> u32 {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', kind.byte()])
        .chain_update(public)
        .finalize()
        .into();
    let [first, second, third, fourth, ..] = digest;
    u32::from_be_bytes([first, second, third, fourth])
}

/// What the text of a key is made of.
struct Parts<'a> {
    name: &'a str,
    id: u32,
    kind: KeyKind,
    /// A public key or a seed.
    bytes: Zeroizing<Vec<u8>>,
}

/// Reads `name+id+base64(type | bytes)`.
fn parse_parts(text: &str) -> Result<Parts<'_>, KeyError> {
    let length = text.len();
    if length > MAX_TEXT {
        return Err(KeyError::TooLong { length });
    }
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyError::Form);
    };
    if !is_name(name) {
        return Err(KeyError::Name);
    }
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if id.len() != 8 || !id.bytes().all(is_digit) {
        return Err(KeyError::Id);
    }
    let id = u32::from_str_radix(id, 16).map_err(|_| KeyError::Id)?;
    let mut bytes = Zeroizing::new(decode_base64(key).ok_or(KeyError::Base64)?);
    let byte = *bytes.first().ok_or(KeyError::Base64)?;
    let kind = KeyKind::from_byte(byte).ok_or(KeyError::Kind { byte })?;
    bytes.remove(0);
    Ok(Parts {
        name,
        id,
        kind,
        bytes,
    })
}

/// A public key as its algorithm wants it, unpacked once.
#[derive(Clone)]
enum Public {
    Ed25519(ed25519_dalek::VerifyingKey),
    /// Shared, because unpacked it takes some 24 KiB.
    MlDsa44(Arc<ml_dsa::VerifyingKey<MlDsa44>>),
}

/// A public key and its name: what `vkey` texts hold.
#[derive(Clone)]
pub struct VerifierKey {
    name: String,
    id: u32,
    kind: KeyKind,
    bytes: Vec<u8>,
    public: Public,
}

impl VerifierKey {
    /// The key of these bytes, [`KeyKind::public_len`] of them.
    pub fn new(name: &str, kind: KeyKind, bytes: &[u8]) -> Result<VerifierKey, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name);
        }
        let length = bytes.len();
        if length != kind.public_len() {
            return Err(KeyError::Length { kind, length });
        }
        let public = match kind {
            KeyKind::Ed25519 | KeyKind::CosignatureV1 => {
                let bytes = bytes.try_into().map_err(|_| KeyError::Point)?;
                let key =
                    ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Point)?;
                // A second encoding of a point would pass for a second key.
                let is_canonical = key.to_edwards().compress().as_bytes() == bytes;
                if key.is_weak() || !is_canonical {
                    return Err(KeyError::Point);
                }
                Public::Ed25519(key)
            }
            KeyKind::MlDsa44 => {
                let bytes = bytes
                    .try_into()
                    .map_err(|_| KeyError::Length { kind, length })?;
                Public::MlDsa44(Arc::new(ml_dsa::VerifyingKey::decode(bytes)))
            }
        };
        Ok(VerifierKey {
            name: name.to_owned(),
            id: key_id(name, kind, bytes),
            kind,
            bytes: bytes.to_vec(),
            public,
        })
    }

    /// Reads a `vkey` (signed-note, "Verifier keys"), without a newline. The id must fit.
    pub fn parse(text: &str) -> Result<VerifierKey, KeyError> {
        let parts = parse_parts(text)?;
        let key = VerifierKey::new(parts.name, parts.kind, &parts.bytes)?;
        key.check_id(parts.id)?;
        Ok(key)
    }

    fn check_id(&self, id: u32) -> Result<(), KeyError> {
        let computed = self.id;
        if computed == id {
            Ok(())
        } else {
            Err(KeyError::WrongId { computed })
        }
    }

    /// Its name. That of a log's key is the origin of the log.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its id, which follows from the name, the kind and the bytes.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What it signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public key as its algorithm encodes it, without the type byte.
    pub fn public_key(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether a signature line says to be by this key.
    pub fn made(&self, line: &SignatureLine) -> bool {
        self.id == line.id && self.name == line.name
    }

    /// Checks a signature over the text of a note, and gives the time that a cosignature states in
    /// POSIX seconds. Ed25519 is checked strictly: one signature has one encoding, and none is
    /// good for two texts.
    pub fn verify(&self, text: &str, signature: &[u8]) -> Result<Option<u64>, BadSignature> {
        if signature.len() != self.kind.signature_len() {
            return Err(BadSignature);
        }
        if !self.kind.is_timed() {
            self.verify_message(text.as_bytes(), signature)?;
            return Ok(None);
        }
        let (time, signature) = cosignature::split(signature).ok_or(BadSignature)?;
        let message = match self.kind {
            KeyKind::MlDsa44 => {
                let (checkpoint, _) = Checkpoint::parse_lenient(text).map_err(|_| BadSignature)?;
                cosignature::ml_dsa_message(&self.name, time, &checkpoint).ok_or(BadSignature)?
            }
            _ => cosignature::v1_message(time, text),
        };
        self.verify_message(&message, signature)?;
        Ok(Some(time))
    }

    fn verify_message(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let good = match &self.public {
            Public::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .and_then(|signature| key.verify_strict(message, &signature))
                .is_ok(),
            Public::MlDsa44(key) => ml_dsa::Signature::<MlDsa44>::try_from(signature)
                .is_ok_and(|signature| key.verify_with_context(message, &[], &signature)),
        };
        if good { Ok(()) } else { Err(BadSignature) }
    }
}

impl PartialEq for VerifierKey {
    fn eq(&self, other: &VerifierKey) -> bool {
        (self.kind, &self.name, &self.bytes) == (other.kind, &other.name, &other.bytes)
    }
}

impl Eq for VerifierKey {}

/// The `vkey`.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = encode_base64(&[&[self.kind.byte()], &self.bytes[..]].concat());
        write!(f, "{}+{:08x}+{key}", self.name, self.id)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let VerifierKey { name, id, kind, .. } = self;
        write!(f, "VerifierKey({name}+{id:08x}, {kind})")
    }
}

/// The secret half, which wipes itself when it is dropped.
enum Secret {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    MlDsa44(Box<ml_dsa::SigningKey<MlDsa44>>),
}

/// A private key. It is wiped from memory when dropped, `Debug` does not show it, and it can be
/// neither copied nor compared.
pub struct SigningKey {
    verifier: VerifierKey,
    secret: Secret,
}

impl SigningKey {
    /// The key of a seed, which must have been drawn at random.
    pub fn generate(
        name: &str,
        kind: KeyKind,
        seed: [u8; SEED_LEN],
    ) -> Result<SigningKey, KeyError> {
        let seed = Zeroizing::new(seed);
        let (secret, public) = match kind {
            KeyKind::Ed25519 | KeyKind::CosignatureV1 => {
                let key = Box::new(ed25519_dalek::SigningKey::from_bytes(&seed));
                let public = key.verifying_key().to_bytes().to_vec();
                (Secret::Ed25519(key), public)
            }
            KeyKind::MlDsa44 => {
                let seed = Zeroizing::new(ml_dsa::Seed::from(*seed));
                let key = Box::new(ml_dsa::SigningKey::from_seed(&seed));
                let public: &ml_dsa::VerifyingKey<MlDsa44> = (*key).as_ref();
                let public = public.encode().to_vec();
                (Secret::MlDsa44(key), public)
            }
        };
        let verifier = VerifierKey::new(name, kind, &public)?;
        Ok(SigningKey { verifier, secret })
    }

    /// Reads the text of a private key, without a newline. The id must be that of the public key
    /// which follows from the seed.
    pub fn parse(text: &str) -> Result<SigningKey, KeyError> {
        let parts = parse_parts(text.strip_prefix(PRIVATE).ok_or(KeyError::Form)?)?;
        let (kind, length) = (parts.kind, parts.bytes.len());
        let seed: &[u8; SEED_LEN] = parts.bytes[..]
            .try_into()
            .map_err(|_| KeyError::Length { kind, length })?;
        let key = SigningKey::generate(parts.name, kind, *seed)?;
        key.verifier.check_id(parts.id)?;
        Ok(key)
    }

    /// The text of the private key, without a newline; wiped from memory when dropped.
    pub fn to_text(&self) -> Zeroizing<String> {
        let VerifierKey { name, id, kind, .. } = &self.verifier;
        let mut bytes = Zeroizing::new([kind.byte(); 1 + SEED_LEN]);
        match &self.secret {
            Secret::Ed25519(key) => bytes[1..].copy_from_slice(key.as_bytes()),
            Secret::MlDsa44(key) => bytes[1..].copy_from_slice(key.as_seed()),
        }
        let key = Zeroizing::new(encode_base64(&bytes[..]));
        let public = format!("{PRIVATE}{name}+{id:08x}+");
        // As long as it will be: a text that grows would leave parts of it behind.
        let mut text = Zeroizing::new(String::with_capacity(public.len() + key.len()));
        text.push_str(&public);
        text.push_str(&key);
        text
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The seed of a key of Ed25519: whoever has one is reached by what is encrypted to it as well.
    pub fn ed25519_seed(&self) -> Option<Zeroizing<[u8; SEED_LEN]>> {
        match &self.secret {
            Secret::Ed25519(key) => Some(Zeroizing::new(*key.as_bytes())),
            Secret::MlDsa44(_) => None,
        }
    }

    /// Signs a message that is no note: its bytes as they stand, with a key of kind
    /// [`KeyKind::Ed25519`].
    pub fn sign_message(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        if self.verifier.kind.is_timed() {
            return Err(SignError::Kind(self.verifier.kind));
        }
        Ok(self.sign(message))
    }

    /// Signs the text of a note, with a key of kind [`KeyKind::Ed25519`].
    pub fn sign_note_text(&self, text: &str) -> Result<SignatureLine, SignError> {
        if self.verifier.kind.is_timed() {
            return Err(SignError::Kind(self.verifier.kind));
        }
        check_text(text).map_err(SignError::Text)?;
        Ok(self.line(self.sign(text.as_bytes())))
    }

    /// Cosigns the text of a checkpoint as of `time`, in POSIX seconds, with a key of kind
    /// [`KeyKind::CosignatureV1`] or [`KeyKind::MlDsa44`]. Whoever calls has found that the
    /// checkpoint continues the one that this key cosigned before.
    pub fn cosign(&self, text: &str, time: u64) -> Result<SignatureLine, SignError> {
        let VerifierKey { name, kind, .. } = &self.verifier;
        check_text(text).map_err(SignError::Text)?;
        let (checkpoint, _) = Checkpoint::parse_lenient(text).map_err(SignError::Checkpoint)?;
        if time > cosignature::MAX_TIME {
            return Err(SignError::Time(time));
        }
        let message = match kind {
            KeyKind::Ed25519 => return Err(SignError::Kind(*kind)),
            KeyKind::CosignatureV1 => cosignature::v1_message(time, text),
            KeyKind::MlDsa44 => {
                cosignature::ml_dsa_message(name, time, &checkpoint).ok_or(SignError::Origin)?
            }
        };
        let signature = self.sign(&message);
        Ok(self.line([&time.to_be_bytes(), &signature[..]].concat()))
    }

    /// Deterministic: RFC 8032, and FIPS 204 with `rnd` of zeros and no context.
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Secret::MlDsa44(key) => key.sign(message).encode().to_vec(),
        }
    }

    fn line(&self, bytes: Vec<u8>) -> SignatureLine {
        SignatureLine {
            name: self.verifier.name.clone(),
            id: self.verifier.id,
            bytes,
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let VerifierKey { name, id, kind, .. } = &self.verifier;
        write!(f, "SigningKey({name}+{id:08x}, {kind}, secret)")
    }
}
