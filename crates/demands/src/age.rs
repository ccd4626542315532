//! Encrypts an answer to an authority: a file of age (`age-encryption.org/v1`) with one X25519
//! recipient. The tools `age` and `rage` read it.
//!
//! ```text
//! age-encryption.org/v1
//! -> X25519 base64(ephemeral share)
//! base64(ChaCha20-Poly1305 of the file key, under HKDF of the shared secret)
//! --- base64(HMAC of all above, under HKDF of the file key)
//! nonce (16 bytes), then chunks of 64 KiB, each sealed with ChaCha20-Poly1305
//! ```
//!
//! An authority has one key: the Ed25519 key by which it signs is an X25519 key as well, as SSH keys
//! are to age ([`Recipient::of_ed25519`], [`Identity`]). Randomness comes from the caller, and [`Fresh`]
//! is used up by the file that it was drawn for.

use core::fmt;
use core::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::montgomery::MontgomeryPoint;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

mod identity;

pub use identity::{Identity, Unreadable};

/// Bytes of a chunk in the clear.
pub const CHUNK: usize = 64 << 10;

/// Bytes by which sealing lengthens a chunk.
pub const TAG: usize = 16;

/// Letters of a recipient: `age1`, 52 of the key, 6 of the checksum.
const RECIPIENT: usize = 62;

/// Whom a file is encrypted to: an X25519 key, in text `age1…`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Recipient([u8; 32]);

/// Why a text is no recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientError {
    /// It is not `age1` and 58 small letters and digits of Bech32.
    Form,
    /// Its checksum is wrong: a letter was mistyped.
    Checksum,
    /// It is a point that gives every sender the same secret.
    Weak,
}

impl fmt::Display for RecipientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "a recipient of age is age1 and 58 small letters and digits of Bech32",
            Self::Checksum => "the checksum of the recipient is wrong: a letter was mistyped",
            Self::Weak => "the recipient is a point that keeps no secret",
        })
    }
}

impl std::error::Error for RecipientError {}

/// Randomness for one file.
pub struct Fresh {
    file_key: Zeroizing<[u8; 16]>,
    ephemeral: Zeroizing<[u8; 32]>,
    nonce: [u8; 16],
}

impl Fresh {
    /// From 64 random bytes that are used for nothing else.
    pub fn new(random: &[u8; 64]) -> Fresh {
        let mut fresh = Fresh {
            file_key: Zeroizing::new([0; 16]),
            ephemeral: Zeroizing::new([0; 32]),
            nonce: [0; 16],
        };
        fresh.file_key.copy_from_slice(&random[..16]);
        fresh.ephemeral.copy_from_slice(&random[16..48]);
        fresh.nonce.copy_from_slice(&random[48..]);
        fresh
    }
}

/// The letters of Bech32, in the order of what they stand for.
const LETTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Bech32's checksum (BIP 173) of what has been put in, five bits a time.
fn polymod(values: impl Iterator<Item = u8>) -> u32 {
    const GENERATOR: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    values.fold(1, |sum, value| {
        let top = sum >> 25;
        let sum = ((sum & 0x1ff_ffff) << 5) ^ u32::from(value);
        (0..5).fold(sum, |sum, bit| sum ^ (GENERATOR[bit] * ((top >> bit) & 1)))
    })
}

impl FromStr for Recipient {
    type Err = RecipientError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // What stands before the `1` enters the checksum as its upper and lower bits.
        const PREFIX: [u8; 7] = [3, 3, 3, 0, b'a' & 31, b'g' & 31, b'e' & 31];
        let data = text.strip_prefix("age1").ok_or(RecipientError::Form)?;
        let value = |letter: u8| LETTERS.iter().position(|one| *one == letter);
        let values: Option<Vec<u8>> = data
            .bytes()
            .map(|letter| value(letter).map(|value| value as u8))
            .collect();
        let values = values
            .filter(|_| text.len() == RECIPIENT)
            .ok_or(RecipientError::Form)?;
        if polymod(PREFIX.into_iter().chain(values.iter().copied())) != 1 {
            return Err(RecipientError::Checksum);
        }
        let mut key = [0; 32];
        let (mut held, mut bits, mut at) = (0u32, 0, 0);
        for value in &values[..52] {
            held = (held << 5) | u32::from(*value);
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                key[at] = (held >> bits) as u8;
                at += 1;
                held &= (1 << bits) - 1;
            }
        }
        // 52 letters hold four bits more than the key, which are 0.
        if held != 0 {
            return Err(RecipientError::Form);
        }
        let recipient = Recipient(key);
        if recipient.agree(&[1; 32]).is_none() {
            return Err(RecipientError::Weak);
        }
        Ok(recipient)
    }
}

/// Bytes as Bech32 (BIP 173) has them, behind `prefix` and `1`.
fn bech32(prefix: &str, bytes: &[u8]) -> String {
    let mut values = Vec::with_capacity(58);
    let (mut held, mut bits) = (0u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            values.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    values.push((held << (5 - bits)) as u8);
    let upper = prefix.bytes().map(|letter| letter >> 5);
    let lower = prefix.bytes().map(|letter| letter & 31);
    let whole = upper.chain([0]).chain(lower).chain(values.iter().copied());
    let sum = polymod(whole.chain([0; 6])) ^ 1;
    values.extend((0..6).map(|at| ((sum >> (5 * (5 - at))) & 31) as u8));
    let letters = values.iter().map(|value| LETTERS[*value as usize] as char);
    format!("{prefix}1{}", letters.collect::<String>())
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bech32("age", &self.0))
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({self})")
    }
}

impl Recipient {
    /// The X25519 key that an Ed25519 public key is as well (RFC 7748, section 4.1); `None` where it is
    /// no point, or one that keeps no secret.
    pub fn of_ed25519(key: &[u8; 32]) -> Option<Self> {
        let point = CompressedEdwardsY(*key).decompress()?;
        let recipient = Self(point.to_montgomery().to_bytes());
        recipient.agree(&[1; 32]).map(|_| recipient)
    }

    /// The secret that both sides come to; `None` where it is the same for everybody.
    fn agree(&self, secret: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
        let shared = Zeroizing::new(MontgomeryPoint(self.0).mul_clamped(*secret).to_bytes());
        let is_secret = shared.iter().fold(0, |all, byte| all | byte) != 0;
        is_secret.then_some(shared)
    }
}

/// HKDF with SHA-256 (RFC 5869), of which 32 bytes are taken.
fn derive(secret: &[u8], salt: &[u8], info: &str) -> Zeroizing<[u8; 32]> {
    let extracted = Zeroizing::new(mac(salt, &[secret]));
    Zeroizing::new(mac(&*extracted, &[info.as_bytes(), &[1]]))
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn seal(key: &[u8; 32], nonce: [u8; 12], text: &mut Vec<u8>) {
    ChaCha20Poly1305::new(&Key::from(*key))
        .encrypt_in_place(&Nonce::from(nonce), b"", text)
        .expect("a chunk can be sealed");
}

/// Encrypts `plain` to a recipient: the bytes of a file of age.
#[expect(
    clippy::needless_pass_by_value,
    reason = "randomness is used up by the file that it was drawn for"
)]
pub fn encrypt(recipient: &Recipient, fresh: Fresh, plain: &[u8]) -> Vec<u8> {
    let share = MontgomeryPoint::mul_base_clamped(*fresh.ephemeral).to_bytes();
    let shared = recipient
        .agree(&fresh.ephemeral)
        .expect("weak recipients are none");
    let salt = [share, recipient.0].concat();
    let wrap = derive(&*shared, &salt, "age-encryption.org/v1/X25519");
    let mut body = fresh.file_key.to_vec();
    seal(&wrap, [0; 12], &mut body);
    let mut out = format!(
        "age-encryption.org/v1\n-> X25519 {}\n{}\n---",
        STANDARD_NO_PAD.encode(share),
        STANDARD_NO_PAD.encode(body)
    )
    .into_bytes();
    let header = mac(&*derive(&*fresh.file_key, b"", "header"), &[&out]);
    out.extend(format!(" {}\n", STANDARD_NO_PAD.encode(header)).into_bytes());
    out.extend(fresh.nonce);
    out.reserve(plain.len() + TAG * (plain.len() / CHUNK + 1));
    let payload = derive(&*fresh.file_key, &fresh.nonce, "payload");
    let last = plain.len().saturating_sub(1) / CHUNK;
    for number in 0..=last {
        let end = plain.len().min((number + 1) * CHUNK);
        let mut chunk = plain[number * CHUNK..end].to_vec();
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&(number as u64).to_be_bytes());
        nonce[11] = u8::from(number == last);
        seal(&payload, nonce, &mut chunk);
        out.extend(chunk);
    }
    out
}
