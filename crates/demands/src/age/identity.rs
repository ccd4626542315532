//! Reading what was encrypted, by whoever has the secret key.

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce};
use curve25519_dalek::montgomery::MontgomeryPoint;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use super::{CHUNK, Recipient, TAG, bech32, derive, mac};

/// The secret side of a [`Recipient`].
pub struct Identity(Zeroizing<[u8; 32]>);

/// Why a file is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not a file of age with one X25519 recipient.
    Form,
    /// It is encrypted to somebody else.
    Recipient,
    /// It was altered, or its end is missing.
    Altered,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "it is not a file of age with one X25519 recipient",
            Self::Recipient => "the file is encrypted to another key",
            Self::Altered => "the file was altered, or its end is missing",
        })
    }
}

impl std::error::Error for Unreadable {}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl Identity {
    /// The X25519 secret of an Ed25519 key, of its seed (RFC 8032, section 5.1.5).
    pub fn of_ed25519(seed: &[u8; 32]) -> Self {
        let hash = Zeroizing::new(<[u8; 64]>::from(Sha512::digest(seed)));
        let mut secret = Zeroizing::new([0; 32]);
        secret.copy_from_slice(&hash[..32]);
        Self(secret)
    }

    /// Its text, as the tools of age take it: `AGE-SECRET-KEY-1...`.
    pub fn secret_text(&self) -> Zeroizing<String> {
        let text = Zeroizing::new(bech32("age-secret-key-", &*self.0));
        Zeroizing::new(text.to_ascii_uppercase())
    }

    /// To whom files are encrypted that it reads.
    pub fn recipient(&self) -> Recipient {
        Recipient(MontgomeryPoint::mul_base_clamped(*self.0).to_bytes())
    }

    /// What a file says.
    ///
    /// # Errors
    ///
    /// Where it is none, is encrypted to somebody else, or was altered.
    pub fn decrypt(&self, file: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let header = Header::read(file).ok_or(Unreadable::Form)?;
        let own = self.recipient();
        let shared = Recipient(header.share).agree(&self.0);
        let shared = shared.ok_or(Unreadable::Form)?;
        let salt = [header.share, own.0].concat();
        let wrap = derive(&*shared, &salt, "age-encryption.org/v1/X25519");
        let mut file_key = Zeroizing::new(header.body.to_vec());
        open(&wrap, [0; 12], &mut file_key).ok_or(Unreadable::Recipient)?;
        let tag = mac(&*derive(&file_key, b"", "header"), &[header.signed]);
        if tag != header.tag {
            return Err(Unreadable::Altered);
        }
        let (nonce, chunks) = header
            .rest
            .split_first_chunk::<16>()
            .ok_or(Unreadable::Altered)?;
        read_chunks(&derive(&file_key, nonce, "payload"), chunks).ok_or(Unreadable::Altered)
    }
}

fn read_chunks(key: &[u8; 32], sealed: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(sealed.len());
    let last = sealed.len().checked_sub(1)? / (CHUNK + TAG);
    for (number, chunk) in sealed.chunks(CHUNK + TAG).enumerate() {
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&(number as u64).to_be_bytes());
        nonce[11] = u8::from(number == last);
        let mut chunk = chunk.to_vec();
        open(key, nonce, &mut chunk)?;
        // Only a file of nothing ends in a chunk of nothing.
        if chunk.is_empty() && number > 0 {
            return None;
        }
        plain.extend(chunk);
    }
    Some(plain)
}

fn open(key: &[u8; 32], nonce: [u8; 12], text: &mut Vec<u8>) -> Option<()> {
    ChaCha20Poly1305::new(&Key::from(*key))
        .decrypt_in_place(&Nonce::from(nonce), b"", text)
        .ok()
}

/// The parts of a file before its payload.
struct Header<'a> {
    share: [u8; 32],
    body: [u8; 32],
    tag: [u8; 32],
    /// What the tag is over.
    signed: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(file: &'a [u8]) -> Option<Self> {
        let mut rest = file;
        let mut line = || {
            let end = rest.iter().take(256).position(|byte| *byte == b'\n')?;
            let line = core::str::from_utf8(&rest[..end]).ok()?;
            rest = &rest[end + 1..];
            Some(line)
        };
        let bytes =
            |text: &str| -> Option<[u8; 32]> { STANDARD_NO_PAD.decode(text).ok()?.try_into().ok() };
        if line()? != "age-encryption.org/v1" {
            return None;
        }
        let share = bytes(line()?.strip_prefix("-> X25519 ")?)?;
        let body = bytes(line()?)?;
        let tag = line()?.strip_prefix("--- ")?;
        let before = file.len() - rest.len() - tag.len() - 2;
        Some(Self {
            share,
            body,
            tag: bytes(tag)?,
            signed: &file[..before],
            rest,
        })
    }
}
