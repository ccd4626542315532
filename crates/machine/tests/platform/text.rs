//! What scripts and transcripts are written in.

use std::fmt::Write as _;

use model::form::{Field, Form, text_to_integer};
use model::money::parse_amount;
use model::object::is_own_transfer;
use model::{Act, ActFacts, Command, CommandResult, CommandStatus, Leg, Object};

pub const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400;

pub fn status(result: &CommandResult) -> CommandStatus {
    let all = CommandStatus::ALL.iter();
    let mut found = all.filter(|status| status.code() == result.status);
    *found.next().expect("it is a status")
}

/// The status, and the field and the part that were wrong.
pub fn answer(command: &Command, result: &CommandResult) -> String {
    let status = status(result);
    let mut text = status.name().to_owned();
    if matches!(status, CommandStatus::Created | CommandStatus::Exists) {
        if result.number != 0 {
            let _ = write!(text, " number {}", result.number);
        }
        return text;
    }
    if matches!(
        status,
        CommandStatus::RefusedByRule | CommandStatus::HeldForReview
    ) {
        let _ = write!(text, ", finding {}", result.number);
        return text;
    }
    let (place, leg) = (result.number as u32, result.number >> 32);
    if let Some(place) = place.checked_sub(1) {
        let field = command.act.facts().fields[place as usize];
        let _ = write!(text, " ({})", field.name);
    }
    if leg > 0 {
        let _ = write!(text, " in part {leg}");
    }
    if result.transfers != 0 {
        let _ = write!(text, " by transfer status {}", result.transfers);
    }
    text
}

/// The fields that changed; of a new object those that are not 0.
pub fn show_object(object: &Object, before: Option<&Object>) -> String {
    let (first, second) = object.key();
    let mut out = format!("  {} {}", object.name(), show_id(first));
    if second != 0 {
        let _ = write!(out, "/{second}");
    }
    out += ":";
    let values = object.values();
    let keys = 1 + usize::from(second != 0);
    let old = before.map_or(vec![0; values.len()], Object::values);
    for (place, field) in object.fields().iter().enumerate() {
        // Ids of accounts follow from the party and the line, and say nothing.
        let stamp = [
            "cause",
            "timestamp",
            "debit_account_id",
            "credit_account_id",
        ]
        .contains(&field.name);
        if place < keys || stamp || values[place] == old[place] {
            continue;
        }
        let _ = write!(out, " {}={}", field.name, show(field, values[place]));
    }
    out + "\n"
}

/// An id; those of the books' own transfers follow from a time, and say nothing.
fn show_id(id: u128) -> String {
    if is_own_transfer(id) {
        return "own".to_owned();
    }
    id.to_string()
}

fn show(field: &Field, value: u128) -> String {
    match field.form {
        Form::Name(names) => names[value as usize].to_owned(),
        Form::Time if value != 0 => show_moment(value as u64),
        Form::Day => show_day(value as u64),
        Form::Id => show_id(value),
        Form::Text => model::form::integer_to_text(value).expect("it is text"),
        _ => value.to_string(),
    }
}

/// Reads a command.
pub fn parse(line: &str) -> Command {
    let mut parts = line.split('|');
    let head = parts.next().expect("a line has a beginning");
    let mut words = head.split_whitespace();
    let id = number(words.next().expect("a command has an id"));
    let name = words.next().expect("a command has an act");
    let facts = ActFacts::named(name).unwrap_or_else(|| panic!("no act is {name}"));
    let mut values = vec![0; facts.fields.len()];
    for word in words {
        let (name, text) = word.split_once('=').expect("a field has a value");
        let place = facts.fields.iter().position(|field| field.name == name);
        let place = place.unwrap_or_else(|| panic!("{} has no field {name}", facts.name));
        values[place] = value(&facts.fields[place], text);
    }
    let act = Act::from_values(facts.number, &values);
    Command {
        id,
        act: act.unwrap_or_else(|| panic!("values fit: {line}")),
        legs: parts.map(leg).collect(),
    }
}

fn leg(text: &str) -> Leg {
    let mut leg = Leg::default();
    for word in text.split_whitespace() {
        let (name, text) = word.split_once('=').expect("a field has a value");
        match name {
            "party" => leg.party = number(text),
            "amount" => leg.amount = amount(text),
            "listing" => leg.listing = number(text) as u32,
            "quantity" => leg.quantity = number(text) as u32,
            _ => panic!("a part has no field {name}"),
        }
    }
    leg
}

fn value(field: &Field, text: &str) -> u128 {
    match field.form {
        Form::Amount | Form::AmountOf(_) => amount(text),
        Form::Millionths if text.ends_with('%') => {
            parse_amount(text.trim_end_matches('%'), 4).expect("it is a share")
        }
        Form::Day if text.contains('-') => u128::from(moment(text) / SECOND / DAY),
        Form::Time if text.contains('-') => moment(text).into(),
        Form::Text => text_to_integer(text).expect("it is short"),
        Form::Name(names) => match names.iter().position(|name| *name == text) {
            Some(place) => place as u128,
            None => number(text),
        },
        Form::Flags(names) if !text.starts_with(|c: char| c.is_ascii_digit()) => {
            let bit = |word| {
                let place = names.iter().position(|name| *name == word);
                1 << place.expect("it is a flag")
            };
            text.split('+').map(bit).sum()
        }
        _ => number(text),
    }
}

fn number(text: &str) -> u128 {
    if text == "max" {
        return u128::MAX;
    }
    text.parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

fn amount(text: &str) -> u128 {
    if text.contains('.') {
        parse_amount(text, 2).expect("it is an amount")
    } else {
        number(text)
    }
}

/// `3d`, `2h` or `40s`, in nanoseconds.
pub fn duration(text: &str) -> u64 {
    let (count, unit) = text.split_at(text.len() - 1);
    let count: u64 = count.parse().expect("it is a count");
    let seconds = match unit {
        "d" => DAY,
        "h" => 3_600,
        "s" => 1,
        _ => panic!("no unit: {unit}"),
    };
    count * seconds * SECOND
}

/// Days of the month, counted the plain way.
fn month_days(year: u64, month: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Nanoseconds since 1970 of `2026-01-05` or `2026-01-05T12:00:00`.
pub fn moment(text: &str) -> u64 {
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00"));
    let numbers = |text: &str, mark| -> Vec<u64> {
        let parts = text.split(mark).map(|part| part.parse().expect("a number"));
        parts.collect()
    };
    let (date, time) = (numbers(date, '-'), numbers(time, ':'));
    let mut days = date[2] - 1;
    for year in 1970..date[0] {
        days += (1..=12).map(|month| month_days(year, month)).sum::<u64>();
    }
    days += (1..date[1])
        .map(|month| month_days(date[0], month))
        .sum::<u64>();
    (days * DAY + time[0] * 3_600 + time[1] * 60 + time[2]) * SECOND
}

fn show_day(mut day: u64) -> String {
    let (mut year, mut month) = (1970, 1);
    while day >= month_days(year, month) {
        day -= month_days(year, month);
        (year, month) = if month == 12 {
            (year + 1, 1)
        } else {
            (year, month + 1)
        };
    }
    format!("{year}-{month:02}-{:02}", day + 1)
}

/// A moment to the second.
pub fn show_moment(time: u64) -> String {
    let seconds = time / SECOND;
    let (day, rest) = (seconds / DAY, seconds % DAY);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}", show_day(day))
}
