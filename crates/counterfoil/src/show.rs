//! The server's JSON as lines and tables for people.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::output::{self, Output, say};

/// The order in which fields are shown; others follow by name.
const ORDER: [&str; 27] = [
    "id",
    "status",
    "ledger",
    "code",
    "exponent",
    "debit_account_id",
    "credit_account_id",
    "amount",
    "amount_minor",
    "flags",
    "pending_id",
    "timeout",
    "debits_pending",
    "debits_pending_minor",
    "debits_posted",
    "debits_posted_minor",
    "credits_pending",
    "credits_pending_minor",
    "credits_posted",
    "credits_posted_minor",
    "user_data_128",
    "user_data_64",
    "user_data_32",
    "status_code",
    "detail",
    "timestamp",
    "expires",
];

/// Prints an answer: as it came, or for people.
pub fn print(answer: &str, output: Output) {
    let parsed: Option<Value> = match output {
        Output::Json => None,
        Output::Text => serde_json::from_str(answer).ok(),
    };
    match parsed {
        None => say!("{answer}"),
        Some(Value::Array(rows)) => output::write(format_args!("{}", table(&rows))),
        Some(Value::Object(fields)) => output::write(format_args!("{}", lines(&fields))),
        Some(other) => say!("{other}"),
    }
}

/// One line a field.
fn lines(fields: &Map<String, Value>) -> String {
    let names = columns(&[fields]);
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for name in names {
        let value = cell(name, &fields[name]);
        writeln!(text, "{name:width$}  {value}").expect("text takes everything");
    }
    text
}

/// One line a row, columns as wide as their widest cell; numbers to the right.
fn table(rows: &[Value]) -> String {
    let objects: Vec<&Map<String, Value>> = rows.iter().filter_map(Value::as_object).collect();
    if objects.is_empty() {
        return "nothing found\n".into();
    }
    let names = columns(&objects);
    let mut cells = vec![
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>(),
    ];
    for row in &objects {
        let cell = |name: &&str| {
            let told = row.get(*name).filter(|value| !is_empty(name, value));
            told.map_or(String::new(), |value| cell(name, value))
        };
        cells.push(names.iter().map(cell).collect());
    }
    let widths: Vec<usize> = (0..names.len())
        .map(|column| cells.iter().map(|row| row[column].len()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in cells {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            write!(line, "{cell:>width$}  ").expect("text takes everything");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The fields that say something in at least one row, in order.
fn columns<'a>(rows: &[&'a Map<String, Value>]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        for (name, value) in *row {
            let major = name.strip_suffix("_minor");
            let told_better = major.is_some_and(|major| row.contains_key(major));
            if !told_better && !is_empty(name, value) && !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    let place = |name: &str| ORDER.iter().position(|known| *known == name);
    names.sort_by_key(|name| (place(name).unwrap_or(ORDER.len()), *name));
    names
}

/// A field that was left at nothing. A sum or a count of nothing says something.
fn is_empty(name: &str, value: &Value) -> bool {
    let may_be_left_out = name.starts_with("user_data") || matches!(name, "pending_id" | "timeout");
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text == "0" && may_be_left_out,
        Value::Number(number) => number.as_u64() == Some(0) && may_be_left_out,
        _ => false,
    }
}

fn cell(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) if name == "timestamp" => time(text),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            words.join(",")
        }
        other => other.to_string(),
    }
}

/// Nanoseconds since 1970 as a date and time, to the last digit.
fn time(nanoseconds: &str) -> String {
    let parsed = nanoseconds.parse::<i128>().ok();
    parsed
        .and_then(|parsed| jiff::Timestamp::from_nanosecond(parsed).ok())
        .map_or_else(|| nanoseconds.to_owned(), |time| format!("{time:.9}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{lines, table};

    #[test]
    fn an_account_is_shown_by_what_it_says() {
        let account = json!({
            "timestamp": "1767571200000000001", "id": "7", "ledger": 978, "code": 20,
            "flags": ["history"], "user_data_128": "0", "user_data_64": "0", "user_data_32": 0,
            "debits_posted": "0.00", "debits_posted_minor": "0",
            "credits_posted": "12.50", "credits_posted_minor": "1250",
        });
        let text = lines(account.as_object().expect("it is one"));
        assert_eq!(
            text,
            "id              7\n\
             ledger          978\n\
             code            20\n\
             flags           history\n\
             debits_posted   0.00\n\
             credits_posted  12.50\n\
             timestamp       2026-01-05T00:00:00.000000001Z\n"
        );
    }

    #[test]
    fn rows_stand_below_each_other() {
        let rows = json!([
            { "id": "7", "amount_minor": "5", "pending_id": "0" },
            { "id": "1000", "amount_minor": "12", "pending_id": "7" },
        ]);
        let Value::Array(rows) = rows else {
            panic!("it is an array");
        };
        assert_eq!(
            table(&rows),
            "  id  amount_minor  pending_id\n   7             5\n1000            12           7\n"
        );
        assert_eq!(table(&[]), "nothing found\n");
    }
}
