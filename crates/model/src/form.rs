//! What an integer of an act or an object means: how it is read from text and shown as text.

/// What an integer stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An identifier; 0 where there is none.
    Id,
    /// Number of a ledger.
    Ledger,
    /// Minor units of the ledger that stands in the field `ledger` beside it.
    Amount,
    /// Minor units of the ledger that stands in the named field beside it.
    AmountOf(&'static str),
    /// A plain number.
    Number,
    /// A share in millionths: 50,000 is 5 %.
    Millionths,
    /// Nanoseconds since 1970.
    Time,
    /// Days since 1970-01-01.
    Day,
    /// Seconds.
    Seconds,
    /// 16 bytes, in hexadecimal.
    Digest,
    /// Up to 16 characters of ASCII, the first in the lowest byte.
    Text,
    /// One of these names, by place.
    Name(&'static [&'static str]),
    /// Any of these names, by bit.
    Flags(&'static [&'static str]),
    /// An [`crate::Act`] by its number; 0 is time.
    Cause,
}

/// One field of an act or an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, in text and in JSON.
    pub name: &'static str,
    /// What it means.
    pub form: Form,
    /// Bits that its values have at most.
    pub bits: u32,
    /// Whether an act has to bring it; where it need not, leaving it away is 0.
    pub required: bool,
}

/// Up to 16 characters of ASCII as an integer, the first in the lowest byte; `None` where there
/// are more, or others than from space to tilde.
pub fn text_to_integer(text: &str) -> Option<u128> {
    let mut bytes = [0; 16];
    let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    bytes
        .get_mut(..text.len())?
        .copy_from_slice(text.as_bytes());
    printable.then(|| u128::from_le_bytes(bytes))
}

/// The text that [`text_to_integer`] made `value` of; `None` where it made none such.
pub fn integer_to_text(value: u128) -> Option<String> {
    let bytes = value.to_le_bytes();
    let len = 16 - value.leading_zeros() as usize / 8;
    let text = core::str::from_utf8(&bytes[..len]).ok()?;
    (text_to_integer(text) == Some(value)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{integer_to_text, text_to_integer};

    #[test]
    fn short_texts_come_back() {
        for text in ["", "Escrow", "Seller's own, 16", "~ !"] {
            let value = text_to_integer(text).expect("it is short");
            assert_eq!(integer_to_text(value).as_deref(), Some(text));
        }
        for text in ["seventeen letters", "Ä", "a\nb"] {
            assert_eq!(text_to_integer(text), None);
        }
        assert_eq!(integer_to_text(0x0041), Some("A".to_owned()));
        assert_eq!(integer_to_text(0x4100), None);
    }
}
