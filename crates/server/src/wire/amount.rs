use core::fmt;
use std::borrow::Cow;

use model::money::{format_amount, parse_amount};
use model::{AMOUNT_ALL, transfer_flags};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{Currencies, NewTransfer, U128};
use crate::problem::{Kind, Problem, echo};

/// An amount as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount<'a> {
    /// `"all"`: all there is, in balancing and posting transfers.
    All,
    /// Text: major units, to be read by the ledger's currency.
    Decimal(Cow<'a, str>),
    /// An integer: minor units.
    Minor(u64),
}

struct AmountVisitor;

impl<'de> Visitor<'de> for AmountVisitor {
    type Value = Amount<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an amount: a string in major units as \"12.50\", \"all\", \
             or an integer up to 2^53 in minor units",
        )
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(if text == "all" {
            Amount::All
        } else {
            Amount::Decimal(Cow::Borrowed(text))
        })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(if text == "all" {
            Amount::All
        } else {
            Amount::Decimal(Cow::Owned(text.to_owned()))
        })
    }

    fn visit_u64<E: Error>(self, minor: u64) -> Result<Self::Value, E> {
        if minor > 1 << 53 {
            return Err(E::invalid_value(
                serde::de::Unexpected::Unsigned(minor),
                &self,
            ));
        }
        Ok(Amount::Minor(minor))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Amount<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AmountVisitor)
    }
}

impl PartialSchema for Amount<'_> {
    fn schema() -> RefOr<Schema> {
        let either = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Integer]))
            .description(Some(
                "A string is decimal text in major units of the ledger's declared currency, or \
                 `all` for all there is (balancing and posting). An integer is minor units.",
            ))
            .pattern(Some("^([0-9]+(\\.[0-9]+)?|all)$"))
            .minimum(Some(0));
        either.into()
    }
}

impl ToSchema for Amount<'_> {}

/// The amount of `transfer` in minor units. Only a void may leave it out: everywhere else a
/// forgotten amount would be a transfer of nothing that reports success.
pub(super) fn minor_units(
    transfer: &NewTransfer<'_>,
    currencies: &Currencies,
) -> Result<u128, Problem> {
    let refuse = |detail: &'static str| Problem::new(Kind::InvalidAmount, detail).at("/amount");
    match (&transfer.amount, transfer.amount_minor) {
        (Some(_), Some(_)) => Err(refuse("Give `amount` or `amount_minor`, not both.")),
        (None, Some(U128(minor))) => Ok(minor),
        (Some(Amount::Minor(minor)), None) => Ok(u128::from(*minor)),
        (Some(Amount::All), None) => Ok(AMOUNT_ALL),
        (Some(Amount::Decimal(text)), None) => decimal(text, transfer.ledger, currencies),
        (None, None) if transfer.flags.0 & transfer_flags::VOID_PENDING != 0 => Ok(0),
        (None, None) => Err(refuse(
            "`amount` is missing: a string in major units as \"12.50\", an integer in minor \
             units, or \"all\" in balancing and posting transfers.",
        )),
    }
}

fn decimal(text: &str, ledger: u32, currencies: &Currencies) -> Result<u128, Problem> {
    let Some(currency) = currencies.get(&ledger) else {
        let detail = if ledger == 0 {
            "Decimal text needs `ledger`, whose currency says how to read it; or give minor \
             units as an integer."
                .to_owned()
        } else {
            format!(
                "Ledger {ledger} has no currency: declare it with POST /v1/ledgers, or give minor \
                 units as an integer."
            )
        };
        return Err(Problem::new(Kind::LedgerNotDeclared, detail).at("/amount"));
    };
    parse_amount(text, currency.exponent).map_err(|error| {
        let (text, code) = (echo(text), currency.code);
        let detail = format!("{text:?} is no amount in {code}: {error}.");
        Problem::new(Kind::InvalidAmount, detail).at("/amount")
    })
}

/// `minor` in major units of the ledger's currency, where it has one.
pub(super) fn major(minor: u128, ledger: u32, currencies: &Currencies) -> Option<String> {
    let currency = currencies.get(&ledger)?;
    Some(format_amount(minor, currency.exponent))
}
