use sha2::{Digest, Sha256};

use crate::error::Refusal;

/// Bytes of a title at most.
pub const TITLE_BYTES_MAX: usize = 200;
/// Bytes of a category label at most.
pub const LABEL_BYTES_MAX: usize = 100;
/// Bytes of a text at most.
pub const TEXT_BYTES_MAX: usize = 2_000;
/// Listings in one call of [`Catalogue::add`](crate::Catalogue::add) at most.
pub const BATCH_MAX: usize = 8_192;

/// A listing as it enters the catalogue: its texts, and what a search filters and sorts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing<'a> {
    /// The dense number that the books gave it.
    pub number: u32,
    /// Stands for its seller: a hash that the caller makes.
    pub seller: u64,
    /// Its category's number.
    pub category: u32,
    /// The ledger, so the currency, of its price.
    pub ledger: u32,
    /// Price in minor units.
    pub price: u64,
    /// 1 to [`TITLE_BYTES_MAX`] bytes.
    pub title: &'a str,
    /// Path of its category for people, as `Home/Kitchen`: at most [`LABEL_BYTES_MAX`] bytes.
    pub label: &'a str,
    /// At most [`TEXT_BYTES_MAX`] bytes.
    pub text: &'a str,
}

impl Listing<'_> {
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let number = self.number;
        match (self.title.len(), self.label.len(), self.text.len()) {
            (0, _, _) => Err(Refusal::TitleEmpty { number }),
            (bytes, _, _) if bytes > TITLE_BYTES_MAX => Err(Refusal::TitleLong { number, bytes }),
            (_, bytes, _) if bytes > LABEL_BYTES_MAX => Err(Refusal::LabelLong { number, bytes }),
            (_, _, bytes) if bytes > TEXT_BYTES_MAX => Err(Refusal::TextLong { number, bytes }),
            _ => Ok(()),
        }
    }
}

/// The texts of a listing, as they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Its title.
    pub title: String,
    /// Path of its category for people.
    pub label: String,
    /// Its text.
    pub text: String,
}

/// What the log commits to: the first half of SHA-256 over the length of the title in bytes (u32,
/// little-endian), the title, the length of the text likewise, and the text.
pub fn digest(title: &str, text: &str) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in [title, text] {
        hash.update((part.len() as u32).to_le_bytes());
        hash.update(part);
    }
    let whole: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|byte| whole[byte])
}
