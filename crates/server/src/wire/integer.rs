use core::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The largest integer that every JSON reader keeps exactly.
const EXACT: u64 = 1 << 53;

/// An integer of up to 128 bits: an identifier, the user's data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct U128(pub u128);

/// An integer of up to 64 bits: a time, the user's data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct U64(pub u64);

/// Decimal or `0x` hexadecimal text as an integer; no sign, no space.
pub fn parse_u128(text: &str) -> Option<u128> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // `from_str_radix` would take a plus sign.
    if !digits.starts_with(|first: char| first.is_digit(radix)) {
        return None;
    }
    u128::from_str_radix(digits, radix).ok()
}

struct Digits {
    bits: u32,
}

impl Visitor<'_> for Digits {
    type Value = u128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.bits;
        write!(
            f,
            "an unsigned integer of {bits} bits as a string, decimal or 0x hexadecimal, \
             or a number up to 2^53"
        )
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u128, E> {
        parse_u128(text)
            .filter(|value| self.bits == 128 || *value <= u128::from(u64::MAX))
            .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<u128, E> {
        if value > EXACT {
            return Err(E::invalid_value(
                serde::de::Unexpected::Unsigned(value),
                &self,
            ));
        }
        Ok(u128::from(value))
    }
}

macro_rules! texts {
    ($($name:ident $bits:literal)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = deserializer.deserialize_any(Digits { bits: $bits })?;
                Ok(Self(value.try_into().expect("the visitor keeps to the width")))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new()
                    .schema_type(SchemaType::from_iter([Type::String, Type::Integer]))
                    .description(Some(concat!(
                        "Unsigned, ", $bits, " bits: a string, decimal or 0x hexadecimal, or a \
                         number up to 2^53. Answers give a decimal string."
                    )))
                    .pattern(Some("^([0-9]+|0x[0-9a-fA-F]+)$"))
                    .minimum(Some(0))
                    .maximum(Some(EXACT));
                text.into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

texts! { U128 128 U64 64 }

#[cfg(test)]
mod tests {
    use super::{U64, U128, parse_u128};
    use proptest::prelude::*;

    #[test]
    fn forms() {
        let read = |text: &str| serde_json::from_str::<U128>(text).ok().map(|id| id.0);
        assert_eq!(read("\"12\""), Some(12));
        assert_eq!(read("\"0xfF\""), Some(255));
        assert_eq!(read("9007199254740992"), Some(1 << 53));
        for text in [
            "9007199254740993",
            "-1",
            "1.0",
            "1e3",
            "\"\"",
            "\"0x\"",
            "\"+1\"",
            "\"-1\"",
            "\" 1\"",
            "\"0x+1\"",
            "\"1_0\"",
            "\"0X1\"",
            "\"ff\"",
            "true",
            "null",
            "[1]",
            "{}",
            "\"340282366920938463463374607431768211456\"",
            "18446744073709551616",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let all = "\"340282366920938463463374607431768211455\"";
        assert_eq!(read(all), Some(u128::MAX));
        assert!(serde_json::from_str::<U64>("\"18446744073709551615\"").is_ok());
        assert!(serde_json::from_str::<U64>("\"18446744073709551616\"").is_err());
    }

    proptest! {
        #[test]
        fn come_back(value: u128) {
            let text = serde_json::to_string(&U128(value)).expect("it is plain JSON");
            prop_assert_eq!(serde_json::from_str::<U128>(&text).ok(), Some(U128(value)));
            prop_assert_eq!(parse_u128(&format!("{value:#x}")), Some(value));
        }
    }
}
