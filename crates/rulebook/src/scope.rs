//! Scopes, read.

use model::ActFacts;
use model::object::{PARTY_KINDS, ROLES};
use model::product::{PRODUCTS, kinds_of};
use model::rule::{CHANNELS, Lines, Scope, Subject};
use toml::de::DeValue;

use crate::condition::Currency;
use crate::document::{Read, Table, Value};
use crate::names::SUBJECTS;

/// The scope of a rule; any payment in its currency where nothing is said.
pub(crate) fn scope(value: Option<Value<'_>>, currency: Currency) -> Read<Scope> {
    let Some(value) = value else {
        return Ok(Scope {
            currency,
            ..Scope::default()
        });
    };
    let mut table = value.table()?;
    let subject = table.may("subject").map(|value| value.one_of(SUBJECTS));
    let scope = Scope {
        subject: match subject.transpose()? {
            Some(1) => Subject::Payee,
            _ => Subject::Payer,
        },
        kinds: kinds(&mut table)?,
        currency,
        payer: lines(&mut table, "payer_role", "payer_code")?,
        payee: lines(&mut table, "payee_role", "payee_code")?,
        tiers: each(&mut table, "tier", |tier| tier.number())?,
        parties: each(&mut table, "party", |kind| place(kind, PARTY_KINDS))?,
        channels: each(&mut table, "channel", |channel| place(channel, CHANNELS))?,
        party: match table.may("only") {
            Some(party) => party.number()?,
            None => 0,
        },
    };
    table.end()?;
    Ok(scope)
}

/// Lines of the chart by two keys.
pub(crate) fn lines(table: &mut Table<'_>, role: &'static str, code: &'static str) -> Read<Lines> {
    Ok(Lines {
        roles: each(table, role, |role| place(role, ROLES))?,
        codes: each(table, code, |code| code.number())?,
    })
}

/// Acts by name or number, behind them those of the products.
fn kinds(table: &mut Table<'_>) -> Read<Vec<u16>> {
    let mut kinds = each(table, "kind", kind)?;
    let names = &PRODUCTS[1..];
    for product in table.items("product")? {
        let more = kinds_of(product.one_of(names)? as u8 + 1);
        kinds.extend(
            more.iter()
                .filter(|kind| !kinds.contains(kind))
                .collect::<Vec<_>>(),
        );
    }
    Ok(kinds)
}

/// The kind of a payment: the name of an act, or the number of another transfer's code.
pub(crate) fn kind(value: Value<'_>) -> Read<u16> {
    let DeValue::String(name) = value.inner() else {
        return value.number();
    };
    let act = ActFacts::named(name);
    act.map(|act| act.number)
        .ok_or_else(|| value.error(format!("there is no act `{name}`")))
}

fn each<T>(
    table: &mut Table<'_>,
    key: &'static str,
    read: impl Fn(Value<'_>) -> Read<T>,
) -> Read<Vec<T>> {
    table.items(key)?.into_iter().map(read).collect()
}

pub(crate) fn place(value: Value<'_>, names: &[&str]) -> Read<u8> {
    value.one_of(names).map(|place| place as u8)
}
