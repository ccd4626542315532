//! Files and their rules, read.

use model::money::CurrencyCode;
use model::rule::{CONSEQUENCES, Consequence, OFFSETS, Offset, Rule, RuleBook, Source, Zone};

use crate::condition::{Currency, condition};
use crate::document::{Read, Table, Value, parse};
use crate::error::ReadError;
use crate::example::{Example, example};
use crate::scope::scope;
use crate::{EXAMPLES, FILE_BYTES, moment, zone};

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// What it is about; empty where nothing is said.
    pub title: String,
    /// Its rules, checked.
    pub book: RuleBook,
    /// Examples of them, in the order of the rules.
    pub examples: Vec<Example>,
}

/// What holds for rules that do not say otherwise.
struct Defaults<'a> {
    currency: Option<Value<'a>>,
    exponent: Option<Value<'a>>,
    jurisdiction: String,
    zone: Option<Value<'a>>,
}

/// Reads a file.
pub fn read(text: &str) -> Result<File, ReadError> {
    if text.len() > FILE_BYTES {
        return Err(ReadError {
            line: 0,
            rule: String::new(),
            why: "a rule book's file has at most 1 MiB".into(),
        });
    }
    parse(text, file)
}

fn file(mut table: Table<'_>) -> Read<File> {
    let mut file = File {
        title: table.text_or_none("title")?,
        ..File::default()
    };
    let defaults = Defaults {
        currency: table.may("currency"),
        exponent: table.may("exponent"),
        jurisdiction: table.text_or_none("jurisdiction")?,
        zone: table.may("zone"),
    };
    for value in table.items("zones")? {
        file.book.zones.push(declared(value)?);
    }
    let mut starts = Vec::new();
    for value in table.items("rule")? {
        let mut keys = value.table()?;
        let id = keys.must("id")?.text()?.to_owned();
        starts.push(value);
        rule(&mut file, keys, &defaults, &id).map_err(|error| ReadError { rule: id, ..error })?;
    }
    table.end()?;
    file.book.check().map_err(|unsound| {
        let at = file
            .book
            .rules
            .iter()
            .rposition(|rule| rule.id == unsound.rule);
        let line = at.map_or(0, |at| starts[at].error("").line);
        ReadError {
            line,
            rule: unsound.rule,
            why: unsound.why.into(),
        }
    })?;
    Ok(file)
}

/// A zone of a file: its name, or its name and its offsets.
fn declared(value: Value<'_>) -> Read<Zone> {
    if value.inner().is_str() {
        return named(value);
    }
    let mut table = value.table()?;
    let name = table.must("name")?.text()?.to_owned();
    let offsets = table.must("offsets")?.items()?;
    if offsets.len() > OFFSETS {
        return Err(value.error("a time zone has too many offsets"));
    }
    let read = |value: Value<'_>| {
        let mut table = value.table()?;
        let ahead = table.must("ahead")?;
        let offset = Offset {
            from: table.must("from")?.number()?,
            ahead: u16::try_from(ahead.signed()?.saturating_add(Offset::ZERO.into()))
                .map_err(|_| ahead.error("`ahead` is minutes, -1440 to 1440"))?,
        };
        table.end()?;
        Ok(offset)
    };
    let offsets = offsets.into_iter().map(read).collect::<Read<_>>()?;
    table.end()?;
    Ok(Zone { name, offsets })
}

fn named(value: Value<'_>) -> Read<Zone> {
    let name = value.text()?;
    zone::resolve(name).ok_or_else(|| {
        value.error(format!(
            "there is no time zone `{name}`; write one as Asia/Shanghai or +08:00"
        ))
    })
}

/// The place of a rule's zone in the book, where it is put if it is not there.
fn zone_of(value: Value<'_>, zones: &mut Vec<Zone>) -> Read<u8> {
    let name = value.text()?;
    let known = zones.iter().position(|zone| zone.name == name);
    let place = known.unwrap_or(zones.len());
    if known.is_none() {
        zones.push(named(value)?);
    }
    u8::try_from(place).map_err(|_| value.error("a rule book has at most 16 time zones"))
}

fn rule(file: &mut File, mut table: Table<'_>, defaults: &Defaults<'_>, id: &str) -> Read<()> {
    let zone = table.may("zone").or(defaults.zone);
    let zone = zone.ok_or_else(|| table.error("`zone` is missing: where days begin"))?;
    let place = zone_of(zone, &mut file.book.zones)?;
    let zone = &file.book.zones[usize::from(place)];
    let jurisdiction = match table.may("jurisdiction") {
        Some(said) => said.text()?.to_owned(),
        None => defaults.jurisdiction.clone(),
    };
    let (from, to) = valid(&mut table, zone)?;
    let currency = currency(&mut table, defaults)?;
    let scope = scope(table.may("scope"), currency)?;
    let unless = table.may("unless");
    let rule = Rule {
        id: id.to_owned(),
        title: table.must("title")?.text()?.to_owned(),
        jurisdiction,
        source: source(table.must("source")?)?,
        from,
        to,
        zone: place,
        require: condition(table.must("require")?, currency)?,
        unless: unless
            .map(|unless| condition(unless, currency))
            .transpose()?,
        then: then(table.must("then")?)?,
        scope,
    };
    for value in table.items("example")? {
        if file.examples.len() == EXAMPLES {
            return Err(value.error("a rule book's file has at most 512 examples"));
        }
        let example = example(value, &rule, zone)?;
        file.examples.push(example);
    }
    table.end()?;
    file.book.rules.push(rule);
    Ok(())
}

/// The name of what follows, as its number.
pub(crate) fn then(value: Value<'_>) -> Read<Consequence> {
    value
        .one_of(CONSEQUENCES)
        .map(|place| Consequence::ALL[place])
}

fn source(value: Value<'_>) -> Read<Source> {
    let mut table = value.table()?;
    let source = Source {
        law: table.must("law")?.text()?.to_owned(),
        article: table.text_or_none("article")?,
        address: table.text_or_none("address")?,
        verified: table.must("verified")?.flag()?,
    };
    table.end()?;
    Ok(source)
}

/// From when to when a rule holds.
fn valid(table: &mut Table<'_>, zone: &Zone) -> Read<(u64, u64)> {
    let draft = table.may("draft").map(|draft| draft.flag()).transpose()?;
    let valid = table.may("valid");
    match (draft, valid) {
        (Some(true), None) => Ok((Rule::DRAFT, 0)),
        (Some(true), Some(valid)) => {
            Err(valid.error("a draft is not in force: either `draft = true` or `valid`"))
        }
        (_, None) => Err(table.error("`valid` is missing: from when the rule holds")),
        (_, Some(valid)) => {
            let mut table = valid.table()?;
            let at = |value: Value<'_>| {
                let text = value.moment_text()?;
                moment::parse(&text, zone).map_err(|why| value.error(why))
            };
            let from = at(table.must("from")?)?;
            let to = table.may("to").map(at).transpose()?;
            table.end()?;
            if to == Some(0) {
                return Err(valid.error("it ends before it begins"));
            }
            Ok((from, to.unwrap_or(0)))
        }
    }
}

/// A rule's currency and exponent: its own, or those of the file.
fn currency(table: &mut Table<'_>, defaults: &Defaults<'_>) -> Read<Currency> {
    let own = table.may("currency");
    let own_exponent = table.may("exponent");
    // A currency of its own has an exponent of its own.
    let others = defaults.exponent.filter(|_| own.is_none());
    let exponent = own_exponent.or(others);
    let Some(value) = own.or(defaults.currency) else {
        return Ok(None);
    };
    let text = value.text()?;
    if text == "any" {
        return Ok(None);
    }
    let code = CurrencyCode::new(text).ok_or_else(|| {
        value.error("a currency is 1 to 12 capital letters and digits, as CNY, or any")
    })?;
    let exponent = exponent.map(|value| value.number()).transpose()?;
    Ok(Some((code, exponent.unwrap_or(2))))
}
