//! The secret from which the salts of the log are derived, a ratchet.
//!
//! The key of batch n gives its seed and the key of batch n+1; neither can be turned back. Seeds
//! stand in the frames; the directory keeps one key, that of the newest snapshot's beginning. So
//! once a seed is erased from its frame, nothing in the directory can make it again.
//!
//! The file `salt`, 52 bytes, mode 0600: `cf-salt1`, number of the batch u64, its key (32 bytes),
//! CRC-32C of the bytes before. `seed = SHA-256("cf-seed" | key)`, `next = SHA-256("cf-next" | key)`.

use sha2::{Digest, Sha256};
use store::StoreError;
use store::disk::{Disk, read_file, replace_file};

const NAME: &str = "salt";
const MAGIC: [u8; 8] = *b"cf-salt1";
const BYTES: usize = 52;

/// The key of one batch.
#[derive(Clone)]
pub(crate) struct Ratchet {
    number: u64,
    key: [u8; 32],
}

impl Ratchet {
    /// The key of batch 0.
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        Self {
            number: 0,
            key: secret,
        }
    }

    /// The batch whose key this is.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The seed of the current batch.
    pub(crate) fn seed(&self) -> [u8; 32] {
        derive(b"cf-seed", &self.key)
    }

    /// Turns to the next batch.
    pub(crate) fn turn(&mut self) {
        self.key = derive(b"cf-next", &self.key);
        self.number += 1;
    }

    /// Turns on to batch `number`; false where it lies behind.
    pub(crate) fn turn_to(&mut self, number: u64) -> bool {
        while self.number < number {
            self.turn();
        }
        self.number == number
    }

    pub(crate) fn write(&self, disk: &dyn Disk) -> Result<(), StoreError> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.number.to_le_bytes());
        bytes.extend(self.key);
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        replace_file(disk, "", NAME, &bytes).map_err(|e| StoreError::io("write", NAME, e))
    }

    pub(crate) fn read(disk: &dyn Disk) -> Result<Self, StoreError> {
        let bytes = read_file(disk, NAME, BYTES as u64);
        let bytes = bytes.map_err(|e| StoreError::io("read", NAME, e))?;
        let whole = bytes.len() == BYTES
            && bytes[..8] == MAGIC
            && bytes[48..] == crc32c::crc32c(&bytes[..48]).to_le_bytes();
        if !whole {
            return Err(StoreError::damaged(
                NAME,
                0,
                "the checksum of the key does not fit",
            ));
        }
        let number = u64::from_le_bytes(bytes[8..16].try_into().expect("8 bytes"));
        Ok(Self {
            number,
            key: bytes[16..48].try_into().expect("32 bytes"),
        })
    }
}

impl std::fmt::Debug for Ratchet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ratchet(batch {})", self.number)
    }
}

fn derive(label: &[u8], key: &[u8; 32]) -> [u8; 32] {
    Sha256::new()
        .chain_update(label)
        .chain_update(key)
        .finalize()
        .into()
}
