use core::fmt;

use model::{account_filter_flags, account_flags, query_filter_flags, transfer_flags};
use serde::de::{DeserializeSeed, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

type Names = &'static [(&'static str, u32)];

/// Names in any order to bits.
struct Bits(Names);

/// One name to its bit.
struct Bit(Names);

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, _)) in self.0.iter().enumerate() {
            write!(f, "{}`{name}`", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Bits {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of {self}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<u32, A::Error> {
        let mut bits = 0;
        while let Some(bit) = names.next_element_seed(Bit(self.0))? {
            if bits & bit != 0 {
                return Err(A::Error::custom("a flag stands twice"));
            }
            bits |= bit;
        }
        Ok(bits)
    }
}

impl<'de> DeserializeSeed<'de> for Bit {
    type Value = u32;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u32, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Bit {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of {}", Bits(self.0))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u32, E> {
        let found = self.0.iter().find(|(name, _)| *name == text);
        let unknown = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
        found.map(|&(_, bit)| bit).ok_or_else(unknown)
    }
}

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident($width:ty) { $($text:literal = $bit:expr,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name(pub $width);

        impl $name {
            const NAMES: Names = &[$(($text, $bit as u32),)*];
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_seq(Bits(Self::NAMES)).map(|bits| Self(bits as $width))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let set = |(_, bit): &&(&str, u32)| u32::from(self.0) & bit != 0;
                serializer.collect_seq(Self::NAMES.iter().filter(set).map(|(name, _)| name))
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let names = Self::NAMES.iter().map(|&(name, _)| name);
                let name = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
                ArrayBuilder::new().items(name).unique_items(true).into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

flags! {
    /// Flags of an account, as names.
    AccountFlags(u16) {
        "linked" = account_flags::LINKED,
        "debits_must_not_exceed_credits" = account_flags::DEBITS_MUST_NOT_EXCEED_CREDITS,
        "credits_must_not_exceed_debits" = account_flags::CREDITS_MUST_NOT_EXCEED_DEBITS,
        "history" = account_flags::HISTORY,
        "imported" = account_flags::IMPORTED,
        "closed" = account_flags::CLOSED,
    }
    /// Flags of a transfer, as names.
    TransferFlags(u16) {
        "linked" = transfer_flags::LINKED,
        "pending" = transfer_flags::PENDING,
        "post_pending_transfer" = transfer_flags::POST_PENDING,
        "void_pending_transfer" = transfer_flags::VOID_PENDING,
        "balancing_debit" = transfer_flags::BALANCING_DEBIT,
        "balancing_credit" = transfer_flags::BALANCING_CREDIT,
        "closing_debit" = transfer_flags::CLOSING_DEBIT,
        "closing_credit" = transfer_flags::CLOSING_CREDIT,
        "imported" = transfer_flags::IMPORTED,
    }
    /// Flags of an account filter, as names.
    AccountFilterFlags(u32) {
        "debits" = account_filter_flags::DEBITS,
        "credits" = account_filter_flags::CREDITS,
        "reversed" = account_filter_flags::REVERSED,
    }
    /// Flags of a query filter, as names.
    QueryFilterFlags(u32) {
        "reversed" = query_filter_flags::REVERSED,
    }
}

#[cfg(test)]
mod tests {
    use super::{AccountFilterFlags, AccountFlags, QueryFilterFlags, TransferFlags};
    use model::{account_filter_flags, account_flags, query_filter_flags, transfer_flags};

    #[test]
    fn every_bit_has_its_name() {
        let all = |names: super::Names| names.iter().fold(0, |bits, (_, bit)| bits | bit);
        assert_eq!(all(AccountFlags::NAMES), u32::from(account_flags::KNOWN));
        assert_eq!(all(TransferFlags::NAMES), u32::from(transfer_flags::KNOWN));
        assert_eq!(all(AccountFilterFlags::NAMES), account_filter_flags::KNOWN);
        assert_eq!(all(QueryFilterFlags::NAMES), query_filter_flags::KNOWN);
    }

    #[test]
    fn they_come_back() {
        for bits in 0..=transfer_flags::KNOWN {
            let text = serde_json::to_string(&TransferFlags(bits)).expect("it is plain JSON");
            assert_eq!(
                serde_json::from_str::<TransferFlags>(&text).ok(),
                Some(TransferFlags(bits))
            );
        }
        let escaped = "[\"link\\u0065d\"]";
        assert_eq!(
            serde_json::from_str::<AccountFlags>(escaped).ok(),
            Some(AccountFlags(1))
        );
    }

    #[test]
    fn others_are_refused() {
        for text in [
            "[\"Linked\"]",
            "[\"linked\",\"linked\"]",
            "\"linked\"",
            "3",
            "[3]",
            "null",
        ] {
            assert!(
                serde_json::from_str::<AccountFlags>(text).is_err(),
                "{text}"
            );
        }
        let error = serde_json::from_str::<AccountFlags>("[\"locked\"]").expect_err("no such flag");
        assert!(
            error
                .to_string()
                .contains("expected one of `linked`, `debits_must"),
            "{error}"
        );
    }
}
