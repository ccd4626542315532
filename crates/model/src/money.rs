//! Minor units as decimal text, and back. Integers only.

use crate::limits::{CURRENCY_CODE_BYTES, CURRENCY_EXPONENT};

/// The currency of a ledger number, declared once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency {
    /// Number of the ledger; not 0.
    pub ledger: u32,
    /// As in ISO 4217 where it is there.
    pub code: CurrencyCode,
    /// Decimal places: one major unit is 10^exponent minor units.
    pub exponent: u8,
    /// Nanoseconds since 1970, given when it is declared.
    pub timestamp: u64,
}

impl Currency {
    /// Whether the ledger number and the exponent are in range.
    pub const fn is_valid(&self) -> bool {
        self.ledger != 0 && self.exponent <= CURRENCY_EXPONENT
    }
}

/// One to twelve capital letters and digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CurrencyCode([u8; CURRENCY_CODE_BYTES]);

impl CurrencyCode {
    /// `text`, where it is a currency code.
    pub fn new(text: &str) -> Option<Self> {
        let good = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let len = text.len();
        if len == 0 || len > CURRENCY_CODE_BYTES || !text.as_bytes().iter().all(good) {
            return None;
        }
        let mut code = [0; CURRENCY_CODE_BYTES];
        code[..len].copy_from_slice(text.as_bytes());
        Some(Self(code))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        let len = self
            .0
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(CURRENCY_CODE_BYTES);
        core::str::from_utf8(&self.0[..len]).expect("codes are ASCII")
    }

    pub(crate) fn to_integer(self) -> u128 {
        let mut bytes = [0; 16];
        bytes[..CURRENCY_CODE_BYTES].copy_from_slice(&self.0);
        u128::from_le_bytes(bytes)
    }

    pub(crate) fn from_integer(value: u128) -> Option<Self> {
        let bytes = value.to_le_bytes();
        let len = 16 - value.leading_zeros() as usize / 8;
        Self::new(core::str::from_utf8(&bytes[..len]).ok()?)
    }
}

impl core::fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.as_str())
    }
}

impl core::fmt::Debug for CurrencyCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// Why text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountError {
    /// Not digits with at most one point between them.
    NotDecimal,
    /// More decimal places than the currency has.
    TooFine {
        /// Decimal places of the currency.
        exponent: u8,
    },
    /// More than 2^128-1 minor units.
    TooLarge,
}

impl core::fmt::Display for AmountError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotDecimal => write!(f, "an amount is digits with at most one point, as 12.50"),
            Self::TooFine { exponent } => {
                write!(
                    f,
                    "the currency has {exponent} decimal places, the amount has more"
                )
            }
            Self::TooLarge => write!(f, "the amount is more than 2^128-1 minor units"),
        }
    }
}

impl std::error::Error for AmountError {}

/// `minor` units as decimal text in major units, with all the decimal places of the currency:
/// 1250 with exponent 2 is `12.50`.
pub fn format_amount(minor: u128, exponent: u8) -> String {
    let places = usize::from(exponent);
    if places == 0 {
        return minor.to_string();
    }
    let digits = format!("{minor:0>width$}", width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    format!("{whole}.{part}")
}

/// Decimal text in major units as minor units; nothing is ever rounded.
///
/// ```
/// use model::money::{AmountError, parse_amount};
/// assert_eq!(parse_amount("12.5", 2), Ok(1250));
/// assert_eq!(parse_amount("12.505", 2), Err(AmountError::TooFine { exponent: 2 }));
/// assert_eq!(parse_amount("-1", 2), Err(AmountError::NotDecimal));
/// ```
pub fn parse_amount(text: &str, exponent: u8) -> Result<u128, AmountError> {
    let (whole, part) = match text.split_once('.') {
        Some((_, "")) => return Err(AmountError::NotDecimal),
        Some(parts) => parts,
        None => (text, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return Err(AmountError::NotDecimal);
    }
    if part.len() > usize::from(exponent) {
        return Err(AmountError::TooFine { exponent });
    }
    let zeros = usize::from(exponent) - part.len();
    whole
        .bytes()
        .chain(part.bytes())
        .chain(core::iter::repeat_n(b'0', zeros))
        .try_fold(0u128, |sum, byte| {
            sum.checked_mul(10)?.checked_add(u128::from(byte - b'0'))
        })
        .ok_or(AmountError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::{AmountError, CurrencyCode, format_amount, parse_amount};

    #[test]
    fn amounts_come_back() {
        for exponent in [0, 2, 3, 18] {
            for minor in [0, 1, 99, 100, 101, 123_456_789, u128::MAX] {
                let text = format_amount(minor, exponent);
                assert_eq!(parse_amount(&text, exponent), Ok(minor), "{text}");
            }
        }
        assert_eq!(format_amount(5, 2), "0.05");
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "", ".", ".5", "5.", "1e3", "+1", "-1", "1,5", "1.2.3", " 1", "٣",
        ] {
            assert_eq!(
                parse_amount(text, 2),
                Err(AmountError::NotDecimal),
                "{text:?}"
            );
        }
        assert_eq!(parse_amount(&"9".repeat(60), 2), Err(AmountError::TooLarge));
        let past = "3402823669209384634633746074317682114.56";
        assert_eq!(parse_amount(past, 2), Err(AmountError::TooLarge));
    }

    #[test]
    fn currency_codes() {
        for text in ["CZK", "A", "ABCDEFGHIJKL", "1INCH"] {
            let code = CurrencyCode::new(text).expect("it is one");
            assert_eq!(CurrencyCode::from_integer(code.to_integer()), Some(code));
            assert_eq!(code.as_str(), text);
        }
        for text in ["", "czk", "ABCDEFGHIJKLM", "C K", "Ä"] {
            assert_eq!(CurrencyCode::new(text), None);
        }
    }
}
