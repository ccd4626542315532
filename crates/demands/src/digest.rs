//! Hashes that cannot be mistaken for each other, and their text.

use sha2::{Digest, Sha256};

/// SHA-256 of parts, each behind its length (8 bytes, big-endian), behind the name of what it is
/// for: no two lists of parts have the same bytes, and none has those of another purpose.
pub(crate) fn hash(purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut sha = Sha256::new();
    for part in [purpose.as_bytes()].iter().chain(parts) {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    sha.finalize().into()
}

/// A digest as text: 64 small hex digits.
pub fn digest_text(digest: &[u8; 32]) -> String {
    use core::fmt::Write;
    let mut text = String::with_capacity(64);
    for byte in digest {
        write!(text, "{byte:02x}").expect("strings take everything");
    }
    text
}
