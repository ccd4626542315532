//! The tables in `docs/` that are made from those of the code: objects, acts, statuses of commands.
//!
//! `COUNTERFOIL_TABLES=write cargo test -p counterfoil --test tables` writes them anew; they are then
//! reviewed like code.

use std::fmt::Write as _;
use std::mem::offset_of;
use std::path::Path;

use model::form::{Field, Form};
use model::{Act, ActFacts, CommandResult, CommandStatus, Deed, Legs, Object, OrderEvent, Record};

/// Holds the block between `<!-- name -->` and `<!-- /name -->` of a page equal to `table`.
fn hold(page: &str, name: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(page);
    let text = std::fs::read_to_string(&path).expect("the page is there");
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->\n"));
    let (head, rest) = text.split_once(&begin).expect("the block begins");
    let (block, tail) = rest.split_once(&end).expect("the block ends");
    if std::env::var("COUNTERFOIL_TABLES").is_ok_and(|what| what == "write") {
        let text = [head, &begin, table, &end, tail].concat();
        std::fs::write(&path, text).expect("written");
    } else {
        assert_eq!(block, table, "docs/{page}, {name}: see tests/tables.rs");
    }
}

/// The names of a field that has some.
fn names(form: Form) -> Option<String> {
    match form {
        Form::Name(names) => Some(names.join(", ")),
        Form::Flags(names) => Some(format!("by bit {}", names.join(", "))),
        _ => None,
    }
}

/// A field of a record: its name, its bits, and what its numbers are called.
fn stored(field: &Field) -> String {
    let names = names(field.form).map_or(String::new(), |names| format!(" ({names})"));
    format!("`{}` u{}{names}", field.name, field.bits)
}

/// How many fields an object is found by, which are its first: one or two.
fn keys(kind: u8, fields: usize) -> usize {
    let widths = fields.div_ceil(2);
    let mut bytes = vec![kind];
    bytes.extend((0..widths).map(|pair| if 2 * pair + 1 < fields { 0x11 } else { 0x01 }));
    bytes.extend(1..=fields as u8);
    let Ok(Record::Object(object)) = Record::decode(&bytes) else {
        panic!("{kind}: small values fit");
    };
    match object.key() {
        (1, 0) => 1,
        (1, 2) => 2,
        key => panic!("{kind} is found by {key:?}"),
    }
}

#[test]
fn records_of_objects() {
    let mut table = "| kind | fact | group |\n|---|---|---|\n".to_owned();
    let fields: Vec<String> = Deed::FIELDS.iter().map(stored).collect();
    let _ = writeln!(table, "| 8 | command carried out | {} |", fields.join(", "));
    let mut objects = Object::ALL.to_vec();
    objects.sort_by_key(|(kind, ..)| *kind);
    for (kind, name, fields) in objects {
        let found_by = keys(kind, fields.len());
        let own = fields.iter().take(fields.len() - 2).enumerate();
        let own = own.map(|(place, field)| match stored(field) {
            text if place < found_by => format!("**{text}**"),
            text => text,
        });
        let own: Vec<String> = own.collect();
        let _ = writeln!(table, "| {kind} | {name} | {} |", own.join(", "));
    }
    hold("format.md", "objects", &table);
}

/// What stands in JSON for a form.
fn written(field: &Field) -> String {
    if let Some(names) = names(field.form) {
        return format!("({names})");
    }
    match field.form {
        Form::Id => "id",
        Form::Ledger => "ledger",
        Form::Amount | Form::AmountOf(_) => "amount",
        Form::Millionths => "millionths",
        Form::Time => "nanoseconds",
        Form::Day => "day",
        Form::Seconds => "seconds",
        Form::Digest => "digest",
        Form::Text => "text",
        _ => "number",
    }
    .to_owned()
}

/// A field of an act: in brackets where it may be left away.
fn asked(field: &Field) -> String {
    let (form, name) = (written(field), field.name);
    let text = if form == name {
        format!("`{name}`")
    } else {
        format!("`{name}` {form}")
    };
    if field.required {
        text
    } else {
        format!("[{text}]")
    }
}

fn act(facts: &ActFacts) -> String {
    let mut fields: Vec<String> = facts.fields.iter().map(asked).collect();
    fields.extend(match facts.legs {
        Legs::None => None,
        Legs::Shares => Some("`legs` of `party`, `amount`".to_owned()),
        Legs::Lines => Some("`legs` of `party`, `amount`, [`listing`], [`quantity`]".to_owned()),
    });
    let doc = facts.doc.trim();
    format!(
        "| {} | `{}` | {doc} | {} |\n",
        facts.number,
        facts.name,
        fields.join(", ")
    )
}

#[test]
fn acts() {
    let head = "| number | act | what it does | fields |\n|---|---|---|---|\n".to_owned();
    let table = Act::ALL
        .iter()
        .fold(head, |table, facts| table + &act(facts));
    hold("api.md", "acts", &table);
}

#[test]
fn statuses_of_commands() {
    let mut table = "| code | name | what it says |\n|---|---|---|\n".to_owned();
    for status in CommandStatus::ALL {
        let (code, name) = (status.code(), status.name());
        let _ = writeln!(table, "| {code} | `{name}` | {} |", status.sentence());
    }
    hold("api.md", "command statuses", &table);
}

#[test]
fn bytes_of_orders() {
    macro_rules! places {
        ($of:ty: $($field:ident)*) => {
            ([$((stringify!($field), offset_of!($of, $field)),)*], size_of::<$of>())
        };
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let check = |fields: &[(&str, usize)], size: usize| {
        for (place, (field, begin)) in fields.iter().enumerate() {
            let end = fields.get(place + 1).map_or(size, |next| next.1);
            let line = format!("| {begin}..{end} | `{field}`");
            assert!(page.contains(&line), "{line} is not in docs/api.md");
        }
    };
    let (fields, size) = places!(OrderEvent: order buyer seller amount listing quantity ledger
        timeout flags delivery channel reserved_32 reserved);
    check(&fields, size);
    let (fields, size) = places!(CommandResult: timestamp first_transfer status transfers number);
    check(&fields, size);
}
