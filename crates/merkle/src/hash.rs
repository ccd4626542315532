//! Hashes of RFC 6962 section 2.1 and the bytes they are made of.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::Salt;

/// First byte of every leaf's message, so that no leaf can pass for a node (RFC 6962, 2.1).
pub const LEAF_PREFIX: u8 = 0x00;

/// First byte of every node's message (RFC 6962, 2.1).
pub const NODE_PREFIX: u8 = 0x01;

/// The root of the tree without leaves: SHA-256 of no bytes (RFC 6962, 2.1).
pub const EMPTY: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// A SHA-256 digest: 32 bytes, ordered as bytes, shown as 64 lower-case hexadecimal digits.
// Transparent, because `lanes` reads and writes slices of hashes as runs of bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct Hash([u8; Hash::LEN]);

impl Hash {
    /// Bytes of a hash.
    pub const LEN: usize = 32;

    /// The hash whose bytes these are.
    pub const fn from_bytes(bytes: [u8; Hash::LEN]) -> Hash {
        Hash(bytes)
    }

    /// The 32 bytes of the digest, in the order SHA-256 puts them out.
    pub const fn to_bytes(self) -> [u8; Hash::LEN] {
        self.0
    }

    /// The 32 bytes of the digest, borrowed.
    pub const fn as_bytes(&self) -> &[u8; Hash::LEN] {
        &self.0
    }
}

impl From<[u8; Hash::LEN]> for Hash {
    fn from(bytes: [u8; Hash::LEN]) -> Hash {
        Hash(bytes)
    }
}

impl From<Hash> for [u8; Hash::LEN] {
    fn from(hash: Hash) -> [u8; Hash::LEN] {
        hash.0
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The hash of a leaf: `SHA-256(0x00 | data)` (RFC 6962, 2.1).
pub fn leaf(data: &[u8]) -> Hash {
    let digest = Sha256::new().chain_update([LEAF_PREFIX]).chain_update(data);
    Hash(digest.finalize().into())
}

/// The hash of a salted leaf: `SHA-256(0x00 | salt | record)`.
///
/// It is [`leaf`] of the salt followed by the record, so stock tools recompute it from that
/// opening. Without the salt the hash says nothing about the record, however few values the
/// record could have.
pub fn salted_leaf(salt: Salt, record: &[u8]) -> Hash {
    let digest = Sha256::new()
        .chain_update([LEAF_PREFIX])
        .chain_update(salt.as_bytes())
        .chain_update(record);
    Hash(digest.finalize().into())
}

/// The hash of a node: `SHA-256(0x01 | left | right)` (RFC 6962, 2.1).
pub fn node(left: Hash, right: Hash) -> Hash {
    let digest = Sha256::new()
        .chain_update([NODE_PREFIX])
        .chain_update(left)
        .chain_update(right);
    Hash(digest.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_root_is_the_digest_of_nothing() {
        assert_eq!(EMPTY.to_bytes(), <[u8; 32]>::from(Sha256::digest(b"")));
    }

    #[test]
    fn a_hash_shows_as_hexadecimal_and_survives_bytes() {
        assert_eq!(format!("{EMPTY:?}"), EMPTY.to_string());
        assert!(EMPTY.to_string().starts_with("e3b0c44298fc1c14"));
        assert_eq!(Hash::from(<[u8; 32]>::from(EMPTY)), EMPTY);
        assert_eq!(
            Hash::from_bytes(EMPTY.to_bytes()).as_ref(),
            EMPTY.as_bytes()
        );
    }
}
