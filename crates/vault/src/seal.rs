//! The cipher, and where its keys come from.

use std::path::Path;

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::VaultError;

/// Bytes of a key.
pub const KEY: usize = 32;

/// Bytes of a nonce.
pub const NONCE: usize = 24;

/// Bytes by which sealing lengthens a text.
pub const TAG: usize = 16;

/// A key. Wiped from memory when it is dropped.
pub struct Secret(Zeroizing<[u8; KEY]>);

impl Secret {
    /// A new one.
    pub fn random() -> Result<Self, VaultError> {
        let mut secret = Zeroizing::new([0; KEY]);
        fill(&mut *secret)?;
        Ok(Self(secret))
    }

    /// The key that is these bytes, if they are 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut secret = Zeroizing::new([0; KEY]);
        if bytes.len() != KEY {
            return None;
        }
        secret.copy_from_slice(bytes);
        Some(Self(secret))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; KEY] {
        &self.0
    }

    /// A key for one purpose: SHA-256 of the purpose and this key.
    pub fn derive(&self, purpose: [u8; 8]) -> Self {
        let hash = Sha256::new().chain_update(purpose).chain_update(*self.0);
        let hash = Zeroizing::new(<[u8; KEY]>::from(hash.finalize()));
        Self(hash)
    }

    /// Seals `text` in place, with the tag behind it.
    pub fn seal(&self, nonce: &[u8; NONCE], bound_to: &[u8], text: &mut Vec<u8>) {
        self.cipher()
            .encrypt_in_place(&XNonce::from(*nonce), bound_to, text)
            .expect("a text of some thousand bytes can be sealed");
    }

    /// Opens `sealed` in place; false where it was not sealed so.
    pub fn open(&self, nonce: &[u8; NONCE], bound_to: &[u8], sealed: &mut Vec<u8>) -> bool {
        self.cipher()
            .decrypt_in_place(&XNonce::from(*nonce), bound_to, sealed)
            .is_ok()
    }

    /// The first 16 bytes of SHA-256 of this key and `text`.
    pub fn commit(&self, text: &[u8]) -> [u8; 16] {
        let hash = Sha256::new().chain_update(*self.0).chain_update(text);
        let mut commitment = [0; 16];
        commitment.copy_from_slice(&hash.finalize()[..16]);
        commitment
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

/// Random bytes of the system.
pub fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

fn fill(bytes: &mut [u8]) -> Result<(), VaultError> {
    getrandom::fill(bytes)
        .map_err(|error| VaultError::io("get random bytes", Path::new("the system"), error.into()))
}
