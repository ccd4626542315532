//! Conditions and terms, read.

use model::money::{CurrencyCode, parse_amount};
use model::rule::{Condition, Fraction, Lines, Measure, Relation, Step, Tally, Term, Window};
use toml::de::DeValue;

use crate::document::{Read, Table, Value};
use crate::names::{MEASURES, PERS, RELATIONS, WINDOWS};
use crate::scope::lines;

/// A rule's currency and its exponent.
pub(crate) type Currency = Option<(CurrencyCode, u8)>;

const FORMS: &str = "a condition is one of all, any, not and own_name, or a comparison, as \
                     { amount = true, at_most = \"1000.00\" }";
const TERMS: [&str; 11] = [
    "amount", "sum", "count", "owed", "held", "figure", "part", "ladder", "total", "number",
    "money",
];
const FRACTION: &str = "a fraction is two whole numbers, as 1/3, or a percentage, as 2.5%";
const REST: &str = "rest";

/// What a term measures, as far as can be told from it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Money,
    Count,
    Unknown,
}

pub(crate) fn unit_of(term: &Term) -> Unit {
    match term {
        Term::Money(_) | Term::Amount | Term::Owed(_) | Term::Held(_) => Unit::Money,
        Term::Tally(tally) if tally.measure == Measure::Sum => Unit::Money,
        Term::Tally(_) => Unit::Count,
        Term::Times(term, _) | Term::Ladder(term, _) => unit_of(term),
        Term::Sum(terms) => terms.first().map_or(Unit::Unknown, unit_of),
        Term::Number(_) | Term::Figure(_) | Term::Part(_) => Unit::Unknown,
    }
}

pub(crate) fn condition(value: Value<'_>, currency: Currency) -> Read<Condition> {
    let mut table = value.table()?;
    let several = |value: Value<'_>| -> Read<Vec<Condition>> {
        let items = value.items()?.into_iter();
        items.map(|item| condition(item, currency)).collect()
    };
    let read = if let Some(all) = table.may("all") {
        Condition::All(several(all)?)
    } else if let Some(any) = table.may("any") {
        Condition::Any(several(any)?)
    } else if let Some(not) = table.may("not") {
        Condition::Not(Box::new(condition(not, currency)?))
    } else if let Some(own_name) = table.may("own_name") {
        if own_name.flag()? {
            Condition::OwnName
        } else {
            Condition::Not(Box::new(Condition::OwnName))
        }
    } else {
        comparison(&mut table, currency)?
    };
    table.end()?;
    Ok(read)
}

fn comparison(table: &mut Table<'_>, currency: Currency) -> Read<Condition> {
    let Some(left) = term(table, currency)? else {
        return Err(table.error(FORMS));
    };
    let mut found = None;
    for (name, relation) in RELATIONS {
        if let Some(value) = table.may(name)
            && found.replace((*relation, value)).is_some()
        {
            return Err(
                value.error("a comparison has one of at_most, below, at_least, above, equals")
            );
        }
    }
    let Some((relation, value)) = found else {
        return Err(table.error("a comparison has one of at_most, below, at_least, above, equals"));
    };
    let right = operand(value, currency)?;
    fits(&left, value)?;
    Ok(Condition::Compare(left, relation, right))
}

/// Whether a number that is written short is what the other side measures.
fn fits(left: &Term, right: Value<'_>) -> Read<()> {
    match (unit_of(left), right.inner()) {
        (Unit::Money, DeValue::Integer(_)) => Err(right.error(
            "an amount is text in major units, as \"1000.00\"; a number that is none, \
             { number = 1000 }",
        )),
        (Unit::Count, DeValue::String(_)) => Err(right.error("a count is a whole number, as 5")),
        _ => Ok(()),
    }
}

/// What stands on the right: a number, an amount, or a term in curly brackets.
fn operand(value: Value<'_>, currency: Currency) -> Read<Term> {
    match value.inner() {
        DeValue::Integer(_) => value.number().map(Term::Number),
        DeValue::String(_) => money(value, currency).map(Term::Money),
        _ => {
            let mut table = value.table()?;
            let term = term(&mut table, currency)?;
            let term = term.ok_or_else(|| value.error(no_term()))?;
            table.end()?;
            Ok(term)
        }
    }
}

fn no_term() -> String {
    format!("a term is one of {}", TERMS.join(", "))
}

/// An amount in major units.
pub(crate) fn money(value: Value<'_>, currency: Currency) -> Read<u128> {
    let (_, exponent) =
        currency.ok_or_else(|| value.error("an amount needs the currency of the rule"))?;
    parse_amount(value.text()?, exponent).map_err(|wrong| value.error(wrong.to_string()))
}

/// The term whose key stands in a table, with its fraction; `None` where there is none.
fn term(table: &mut Table<'_>, currency: Currency) -> Read<Option<Term>> {
    let mut found: Option<Term> = None;
    for key in TERMS {
        if let Some(value) = table.may(key) {
            let term = named(key, value, currency)?;
            if found.replace(term).is_some() {
                return Err(value.error("one side of a comparison is one term"));
            }
        }
    }
    let times = table.may("times");
    Ok(match (found, times) {
        (Some(term), Some(times)) => Some(Term::Times(Box::new(term), fraction(times)?)),
        (found, _) => found,
    })
}

fn named(key: &str, value: Value<'_>, currency: Currency) -> Read<Term> {
    let boxed = |value| operand(value, currency).map(Box::new);
    Ok(match key {
        "amount" if value.flag()? => Term::Amount,
        "amount" => return Err(value.error("`amount` is true")),
        "owed" => Term::Owed(balance(value)?),
        "held" => Term::Held(balance(value)?),
        "figure" => Term::Figure(value.text()?.to_owned()),
        "part" => Term::Part(value.text()?.to_owned()),
        "number" => Term::Number(value.number()?),
        "money" => Term::Money(money(value, currency)?),
        "ladder" => {
            let mut table = value.table()?;
            let of = boxed(table.must("of")?)?;
            let steps = table.must("steps")?.items()?.into_iter();
            let steps = steps
                .map(|item| step(item, currency))
                .collect::<Read<_>>()?;
            table.end()?;
            Term::Ladder(of, steps)
        }
        "total" => {
            let items = value.items()?.into_iter();
            Term::Sum(
                items
                    .map(|item| operand(item, currency))
                    .collect::<Read<_>>()?,
            )
        }
        _ => Term::Tally(tally(key, value)?),
    })
}

fn balance(value: Value<'_>) -> Read<Lines> {
    let mut table = value.table()?;
    let read = lines(&mut table, "role", "code")?;
    table.end()?;
    Ok(read)
}

fn tally(key: &str, value: Value<'_>) -> Read<Tally> {
    let measure = MEASURES.iter().find(|(name, _)| *name == key);
    let (_, measure) = measure.expect("no other key is a tally's");
    let mut table = value.table()?;
    let (names, pers): (Vec<_>, Vec<_>) = PERS.iter().copied().unzip();
    let per = pers[table.must("per")?.one_of(&names)?];
    let window = window(table.must("within")?)?;
    table.end()?;
    Ok(Tally {
        measure: *measure,
        per,
        window,
    })
}

fn window(value: Value<'_>) -> Read<Window> {
    if let DeValue::String(_) = value.inner() {
        let (names, windows): (Vec<_>, Vec<_>) = WINDOWS.iter().copied().unzip();
        return Ok(windows[value.one_of(&names)?]);
    }
    let mut table = value.table()?;
    let window = match (table.may("rolling_hours"), table.may("rolling_days")) {
        (Some(hours), None) => Window::RollingHours(hours.number()?),
        (None, Some(days)) => Window::RollingDays(days.number()?),
        _ => return Err(value.error("a window that rolls has rolling_hours or rolling_days")),
    };
    table.end()?;
    Ok(window)
}

fn step(value: Value<'_>, currency: Currency) -> Read<Step> {
    let mut table = value.table()?;
    let up_to = table.must("up_to")?;
    let step = Step {
        up_to: match up_to.inner() {
            DeValue::String(text) if text == REST => u128::MAX,
            DeValue::String(_) => money(up_to, currency)?,
            DeValue::Table(_) => {
                let mut table = up_to.table()?;
                let number = table.must("number")?.number()?;
                table.end()?;
                number
            }
            _ => up_to.number()?,
        },
        fraction: fraction(table.must("times")?)?,
    };
    table.end()?;
    Ok(step)
}

/// `1/3`, `5%`, `2.5%`.
fn fraction(value: Value<'_>) -> Read<Fraction> {
    let text = value.text()?;
    let wrong = || value.error(FRACTION);
    if let Some(percent) = text.strip_suffix('%') {
        let (whole, part) = percent.split_once('.').unwrap_or((percent, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > 6 || !digits(whole) || !digits(part) {
            return Err(wrong());
        }
        return Ok(Fraction {
            times: format!("{whole}{part}").parse().map_err(|_| wrong())?,
            of: 100 * 10_u64.pow(part.len() as u32),
        });
    }
    let (times, of) = text.split_once('/').ok_or_else(wrong)?;
    let number = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits);
        number.ok_or_else(wrong)
    };
    Ok(Fraction {
        times: number(times)?,
        of: number(of)?,
    })
}

/// Tells a relation by its name, for those that write it.
pub(crate) fn relation_name(relation: Relation) -> &'static str {
    crate::names::name_of(RELATIONS, &relation).expect("every relation has a name")
}
