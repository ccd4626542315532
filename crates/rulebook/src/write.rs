//! Rule books, written.

use std::fmt::Write;

use model::money::format_amount;
use model::object::{PARTY_KINDS, ROLES};
use model::rule::{
    CHANNELS, CONSEQUENCES, Condition, Fraction, Lines, Offset, Rule, RuleBook, Scope, Step,
    Subject, Tally, Term, Unsound, Window, Zone,
};

use crate::condition::{Currency, Unit, relation_name, unit_of};
use crate::names::{MEASURES, PERS, WINDOWS, kind_name, name_of};
use crate::{moment, zone};

/// Characters of a line that a condition may fill before its parts get lines of their own.
const LINE: usize = 100;

/// A rule book as TOML, which [`crate::read`] reads as the same book. What the file said of
/// defaults, products and examples is not kept in a book and so not written.
pub fn to_toml(book: &RuleBook) -> Result<String, Unsound> {
    book.check()?;
    let mut out = String::new();
    if !are_by_use(book) {
        out.push_str("zones = [\n");
        for zone in &book.zones {
            let _ = writeln!(out, "    {},", declared(zone));
        }
        out.push_str("]\n");
    }
    for rule in &book.rules {
        if !out.is_empty() {
            out.push('\n');
        }
        write_rule(&mut out, book, rule);
    }
    Ok(out)
}

/// Whether the zones are those of the database, in the order in which rules name them.
fn are_by_use(book: &RuleBook) -> bool {
    let mut used: Vec<u8> = Vec::new();
    for rule in &book.rules {
        if !used.contains(&rule.zone) {
            used.push(rule.zone);
        }
    }
    used.iter()
        .map(|zone| usize::from(*zone))
        .eq(0..book.zones.len())
        && book.zones.iter().all(is_known)
}

fn is_known(zone: &Zone) -> bool {
    zone::resolve(&zone.name).as_ref() == Some(zone)
}

fn declared(zone: &Zone) -> String {
    if is_known(zone) {
        return text(&zone.name);
    }
    let offset = |offset: &Offset| {
        let ahead = i32::from(offset.ahead) - i32::from(Offset::ZERO);
        format!(
            "{{ from = {}, ahead = {ahead} }}",
            integer(offset.from.into())
        )
    };
    let offsets = list(&zone.offsets, offset);
    format!("{{ name = {}, offsets = {offsets} }}", text(&zone.name))
}

fn write_rule(out: &mut String, book: &RuleBook, rule: &Rule) {
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(out, "{key} = {value}");
    };
    let zone = &book.zones[usize::from(rule.zone)];
    let currency = rule.scope.currency;
    line("[[rule]]\nid", &text(&rule.id));
    line("title", &text(&rule.title));
    line("jurisdiction", &text(&rule.jurisdiction));
    line("source", &source(rule));
    line("zone", &text(&zone.name));
    if let Some((code, exponent)) = currency {
        line("currency", &text(code.as_str()));
        line("exponent", &exponent.to_string());
    }
    if rule.is_draft() {
        line("draft", "true");
    } else {
        let mut valid = format!("{{ from = {}", text(&moment::format(rule.from, zone)));
        if rule.to != 0 {
            let _ = write!(valid, ", to = {}", text(&moment::format(rule.to, zone)));
        }
        line("valid", &(valid + " }"));
    }
    let scope = scope(&rule.scope);
    if scope != "{  }" {
        line("scope", &scope);
    }
    line("require", &top(&rule.require, currency));
    if let Some(unless) = &rule.unless {
        line("unless", &top(unless, currency));
    }
    line("then", &text(CONSEQUENCES[rule.then as usize]));
}

fn source(rule: &Rule) -> String {
    let source = &rule.source;
    let mut out = format!("{{ law = {}", text(&source.law));
    for (key, value) in [("article", &source.article), ("address", &source.address)] {
        if !value.is_empty() {
            let _ = write!(out, ", {key} = {}", text(value));
        }
    }
    out + &format!(", verified = {} }}", source.verified)
}

fn scope(scope: &Scope) -> String {
    let mut parts = Vec::new();
    if scope.subject == Subject::Payee {
        parts.push("subject = \"payee\"".to_owned());
    }
    let mut push = |key: &str, items: String| {
        if items != "[]" {
            parts.push(format!("{key} = {items}"));
        }
    };
    let kind = |kind: &u16| kind_name(*kind).map_or_else(|| kind.to_string(), text);
    push("kind", list(&scope.kinds, kind));
    push(
        "channel",
        list(&scope.channels, |place| text(CHANNELS[usize::from(*place)])),
    );
    push("tier", list(&scope.tiers, u8::to_string));
    push(
        "party",
        list(&scope.parties, |place| {
            text(PARTY_KINDS[usize::from(*place)])
        }),
    );
    for (side, lines) in [("payer", &scope.payer), ("payee", &scope.payee)] {
        push(&format!("{side}_role"), roles(lines));
        push(&format!("{side}_code"), list(&lines.codes, u16::to_string));
    }
    if scope.party != 0 {
        parts.push(format!("only = {}", integer(scope.party)));
    }
    format!("{{ {} }}", parts.join(", "))
}

fn roles(lines: &Lines) -> String {
    list(&lines.roles, |role| text(ROLES[usize::from(*role)]))
}

/// A condition; the parts of a long one get lines of their own.
fn top(whole: &Condition, currency: Currency) -> String {
    let line = condition(whole, currency);
    let (key, parts) = match whole {
        Condition::All(parts) if line.len() > LINE => ("all", parts),
        Condition::Any(parts) if line.len() > LINE => ("any", parts),
        _ => return line,
    };
    let parts = parts
        .iter()
        .map(|part| format!("\n    {},", condition(part, currency)));
    format!("{{ {key} = [{}\n] }}", parts.collect::<String>())
}

fn condition(whole: &Condition, currency: Currency) -> String {
    match whole {
        Condition::Compare(left, relation, right) => format!(
            "{{ {}, {} = {} }}",
            term(left, currency),
            relation_name(*relation),
            operand(right, unit_of(left), currency)
        ),
        Condition::All(all) => format!("{{ all = {} }}", list(all, |one| condition(one, currency))),
        Condition::Any(any) => format!("{{ any = {} }}", list(any, |one| condition(one, currency))),
        Condition::Not(one) => format!("{{ not = {} }}", condition(one, currency)),
        Condition::OwnName => "{ own_name = true }".to_owned(),
    }
}

/// A term on the right of one that measures `unit`, or within another.
fn operand(right: &Term, unit: Unit, currency: Currency) -> String {
    match right {
        Term::Number(number) if unit != Unit::Money && is_integer(*number) => number.to_string(),
        Term::Money(minor) if unit != Unit::Count => money(*minor, currency),
        _ => format!("{{ {} }}", term(right, currency)),
    }
}

/// A term as the keys of a table.
fn term(whole: &Term, currency: Currency) -> String {
    let inner = |term: &Term| operand(term, Unit::Unknown, currency);
    match whole {
        Term::Number(number) => format!("number = {}", integer(*number)),
        Term::Money(minor) => format!("money = {}", money(*minor, currency)),
        Term::Amount => "amount = true".to_owned(),
        Term::Tally(counted) => tally(*counted),
        Term::Owed(lines) => format!("owed = {}", balance(lines)),
        Term::Held(lines) => format!("held = {}", balance(lines)),
        Term::Figure(name) => format!("figure = {}", text(name)),
        Term::Part(name) => format!("part = {}", text(name)),
        Term::Times(of, times) => format!("{}, times = {}", term(of, currency), fraction(*times)),
        Term::Ladder(of, steps) => {
            let steps = list(steps, |one| step(one, currency));
            format!("ladder = {{ of = {}, steps = {steps} }}", inner(of))
        }
        Term::Sum(terms) => format!("total = {}", list(terms, inner)),
    }
}

fn tally(tally: Tally) -> String {
    let measure = name_of(MEASURES, &tally.measure).expect("every measure has a name");
    let per = name_of(PERS, &tally.per).expect("every subject has a name");
    let within = match tally.window {
        Window::RollingHours(hours) => format!("{{ rolling_hours = {hours} }}"),
        Window::RollingDays(days) => format!("{{ rolling_days = {days} }}"),
        named => text(name_of(WINDOWS, &named).expect("every other window has a name")),
    };
    format!("{measure} = {{ per = \"{per}\", within = {within} }}")
}

fn balance(lines: &Lines) -> String {
    let codes = list(&lines.codes, u16::to_string);
    match (lines.roles.is_empty(), lines.codes.is_empty()) {
        (true, _) => format!("{{ code = {codes} }}"),
        (_, true) => format!("{{ role = {} }}", roles(lines)),
        _ => format!("{{ role = {}, code = {codes} }}", roles(lines)),
    }
}

fn step(step: &Step, currency: Currency) -> String {
    let up_to = match (step.up_to, currency) {
        (u128::MAX, _) => text("rest"),
        (minor, Some(_)) => money(minor, currency),
        (number, None) if is_integer(number) => number.to_string(),
        (number, None) => format!("{{ number = {} }}", integer(number)),
    };
    format!("{{ up_to = {up_to}, times = {} }}", fraction(step.fraction))
}

fn fraction(fraction: Fraction) -> String {
    format!("\"{}/{}\"", fraction.times, fraction.of)
}

fn money(minor: u128, currency: Currency) -> String {
    let (_, exponent) = currency.expect("a checked rule that names amounts has a currency");
    text(&format_amount(minor, exponent))
}

/// Whether TOML has integers of this size.
fn is_integer(number: u128) -> bool {
    number <= i64::MAX as u128
}

/// A whole number, in quotes where it is too large for TOML.
fn integer(number: u128) -> String {
    if is_integer(number) {
        number.to_string()
    } else {
        text(&number.to_string())
    }
}

fn list<T>(items: &[T], write: impl Fn(&T) -> String) -> String {
    let items: Vec<_> = items.iter().map(write).collect();
    format!("[{}]", items.join(", "))
}

/// Text in quotes; a text of a sound book has no control characters.
fn text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
