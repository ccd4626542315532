//! What accounts have in an example.

use model::object::ROLES;

use crate::condition::{Currency, money};
use crate::document::{Read, Value};
use crate::scope::place;

/// Sums of the accounts of one line, in minor units of the rule's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Role of the line; 0 where its code is said.
    pub role: u8,
    /// Code of the line; 0 where its role is said.
    pub code: u16,
    /// Posted debits.
    pub debits: u128,
    /// Posted credits.
    pub credits: u128,
}

pub(crate) fn balance(value: Value<'_>, currency: Currency) -> Read<Balance> {
    let mut table = value.table()?;
    let mut sum = |key| {
        let sum = table.may(key).map(|value| money(value, currency));
        Ok(sum.transpose()?.unwrap_or(0))
    };
    let (debits, credits) = (sum("debits")?, sum("credits")?);
    let (role, code) = match (table.may("role"), table.may("code")) {
        (Some(role), None) => (place(role, ROLES)?, 0),
        (None, Some(code)) => (0, code.number()?),
        _ => return Err(value.error("a balance is that of one `role` or one `code`")),
    };
    table.end()?;
    Ok(Balance {
        role,
        code,
        debits,
        credits,
    })
}
