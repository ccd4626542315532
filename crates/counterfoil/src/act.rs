//! `act` and `object`: what can be asked of the platform, by the tables of its acts.
//!
//! The tables say which fields an act has; what their values may be, the server judges.

use clap::Args;
use model::form::{Field, Form};
use model::{Act as Acts, ActFacts, Legs, Object as Objects};
use serde_json::{Map, Value, json};

use crate::ask::integer;
use crate::failure::Failure;
use crate::output::{Output, say};
use crate::show;
use crate::target::{Target, with_client};

/// Asks for one act of the platform and shows what became of it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil act --list
  counterfoil act pay --help-fields
  counterfoil act party_open party=11 kind=customer
  counterfoil act top_up party=11 ledger=978 amount=100.00 funding=bank --id 7
  counterfoil act pay_split payer=11 ledger=978 --leg party=12,amount=1.50 --leg party=13,amount=2

The same id with the same content changes nothing: repeat what was not answered. Without --id one
is drawn, and shown. Exit code 1 where the books refuse it.")]
pub struct Act {
    #[command(flatten)]
    target: Target,
    /// Which act.
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    /// Its fields; amounts as 12.50.
    #[arg(value_name = "FIELD=VALUE")]
    fields: Vec<String>,
    /// A part of an act that has several; once for each.
    #[arg(long = "leg", value_name = "party=..,amount=..")]
    legs: Vec<String>,
    /// Your id for it, decimal or 0x hexadecimal; the key of idempotency.
    #[arg(long, value_parser = integer)]
    id: Option<u128>,
    /// Lists all acts with their fields; those in brackets may be left away.
    #[arg(long)]
    list: bool,
    /// Shows what the act's fields mean.
    #[arg(long)]
    help_fields: bool,
}

/// Shows the objects of a kind: of an order all its lines, of other kinds the one.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil object party 11
  counterfoil object order_line 0x5f --json")]
pub struct Object {
    #[command(flatten)]
    target: Target,
    /// party, `order_line`, payment, hold, gift and so on.
    kind: String,
    /// Decimal or 0x hexadecimal.
    #[arg(value_parser = integer)]
    id: u128,
}

/// `act`.
pub fn run(act: &Act, output: Output) -> Result<(), Failure> {
    let Some(name) = act.name.as_deref().filter(|_| !act.list) else {
        list(output);
        return Ok(());
    };
    let facts = ActFacts::named(name).ok_or_else(|| {
        Failure::Input(format!(
            "{name:?} is none of the acts; `counterfoil act --list` shows them"
        ))
    })?;
    if act.help_fields {
        explain(facts, output);
        return Ok(());
    }
    let mut body = fields(facts.name, facts.fields, &act.fields).map_err(Failure::Input)?;
    let legs = legs(facts, &act.legs).map_err(Failure::Input)?;
    if !legs.is_empty() {
        body.insert("legs".into(), legs.into());
    }
    let id = act.id.map_or_else(draw, Ok)?;
    body.insert("id".into(), id.to_string().into());
    body.insert("act".into(), facts.name.into());
    let body = Value::Object(body);
    let answer = with_client(&act.target, |client| client.post("/v1/commands", &body));
    let answer = answer.map_err(|failure| match failure {
        // It may have been carried out all the same: whoever asks again needs the id.
        Failure::Input(reason) if act.id.is_none() => {
            Failure::Input(format!("{reason} (its id was {id})"))
        }
        failure => failure,
    })?;
    show::print(&answer, output);
    Ok(())
}

/// `object`.
pub fn object(object: &Object, output: Output) -> Result<(), Failure> {
    let names = || Objects::ALL.iter().map(|(_, name, _)| *name);
    if !names().any(|name| name == object.kind) {
        let names: Vec<_> = names().collect();
        return Err(Failure::Input(format!(
            "{:?} is no kind of objects; there are {}",
            object.kind,
            names.join(", ")
        )));
    }
    let path = format!("/v1/objects/{}/{}", object.kind, object.id);
    let answer = with_client(&object.target, |client| client.get(&path))?;
    match (output, serde_json::from_str(&answer)) {
        (Output::Text, Ok(Value::Array(found))) => {
            for (place, one) in found.iter().enumerate() {
                if place > 0 {
                    say!();
                }
                show::print(&one.to_string(), output);
            }
        }
        _ => show::print(&answer, output),
    }
    Ok(())
}

/// A random id that is neither 0 nor 2^128-1.
pub fn draw() -> Result<u128, Failure> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(Failure::input)?;
    // The upper bit is 0 and the lowest 1.
    Ok(u128::from_le_bytes(random) >> 1 | 1)
}

/// The fields of one thing as they were told, `name=value` each.
fn fields(what: &str, known: &[Field], told: &[String]) -> Result<Map<String, Value>, String> {
    let mut fields = Map::new();
    for word in told {
        let (name, text) = word
            .split_once('=')
            .ok_or_else(|| format!("{word:?} is not FIELD=VALUE"))?;
        let Some(field) = known.iter().find(|field| field.name == name) else {
            let names: Vec<_> = known.iter().map(|field| field.name).collect();
            return Err(format!(
                "{name:?} is no field of {what}, which has {}",
                names.join(", ")
            ));
        };
        let value = value(field, text).map_err(|says| format!("{name}={text}: {says}"))?;
        if fields.insert(name.to_owned(), value).is_some() {
            return Err(format!("{name} is given twice"));
        }
    }
    match known
        .iter()
        .find(|field| field.required && !fields.contains_key(field.name))
    {
        Some(missing) => Err(format!("{what} needs {}", missing.name)),
        None => Ok(fields),
    }
}

/// A value as the server takes it; dates and times as people write them are turned into numbers.
fn value(field: &Field, text: &str) -> Result<Value, String> {
    let number = text.bytes().all(|byte| byte.is_ascii_digit());
    match field.form {
        Form::Flags(_) => {
            let names = text.split(',').filter(|name| !name.is_empty());
            Ok(names.collect())
        }
        Form::Day if !number => {
            let date: jiff::civil::Date = text.parse().map_err(|_| "a day is YYYY-MM-DD")?;
            let since = date.since(jiff::civil::date(1970, 1, 1));
            let days = since.map_or(-1, |span| span.get_days());
            let days = u32::try_from(days).map_err(|_| "a day is from 1970-01-01 on")?;
            Ok(days.into())
        }
        Form::Time if !number => {
            let time: jiff::Timestamp = text
                .parse()
                .map_err(|_| "a time is nanoseconds since 1970, or as 2026-01-05T00:00:00Z")?;
            let since = u64::try_from(time.as_nanosecond());
            Ok(since
                .map_err(|_| "a time is from 1970 on")?
                .to_string()
                .into())
        }
        _ => Ok(text.into()),
    }
}

/// Fields of a part, the last two only of an order's line.
const LEG: [Field; 4] = [
    part("party", Form::Id, true),
    part("amount", Form::Amount, true),
    part("listing", Form::Number, false),
    part("quantity", Form::Number, false),
];

const fn part(name: &'static str, form: Form, required: bool) -> Field {
    Field {
        name,
        form,
        bits: 128,
        required,
    }
}

/// The fields that a part of the act may have; none where it has no parts.
fn leg_fields(facts: &ActFacts) -> &'static [Field] {
    match facts.legs {
        Legs::None => &[],
        Legs::Shares => &LEG[..2],
        Legs::Lines => &LEG,
    }
}

fn legs(facts: &ActFacts, told: &[String]) -> Result<Vec<Value>, String> {
    let known = leg_fields(facts);
    match (known.is_empty(), told.is_empty()) {
        (true, false) => return Err(format!("{} takes no --leg", facts.name)),
        (false, true) => return Err(format!("{} needs a --leg at least", facts.name)),
        _ => {}
    }
    let legs = told.iter().map(|leg| {
        let words: Vec<String> = leg.split(',').map(str::to_owned).collect();
        fields("a part", known, &words).map(Value::Object)
    });
    legs.collect()
}

fn list(output: Output) {
    if output == Output::Json {
        let acts: Vec<Value> = Acts::ALL.iter().map(facts_json).collect();
        say!("{}", Value::from(acts));
        return;
    }
    let names = Acts::ALL.iter().map(|facts| facts.name.len());
    let width = names.max().unwrap_or(0);
    for facts in Acts::ALL {
        let mut words: Vec<String> = facts.fields.iter().map(word).collect();
        if facts.legs != Legs::None {
            let parts: Vec<_> = leg_fields(facts).iter().map(word).collect();
            words.push(format!("--leg {} ..", parts.join(",")));
        }
        say!("{:width$}  {}", facts.name, words.join(" "));
    }
}

fn word(field: &Field) -> String {
    if field.required {
        field.name.to_owned()
    } else {
        format!("[{}]", field.name)
    }
}

fn explain(facts: &ActFacts, output: Output) {
    if output == Output::Json {
        say!("{}", facts_json(facts));
        return;
    }
    say!("{}: {}\n", facts.name, doc(facts));
    for field in facts.fields {
        say!("{:16} {}", word(field), meaning(field.form));
    }
    if facts.legs != Legs::None {
        say!("\neach --leg, its fields with commas between them:");
        for field in leg_fields(facts) {
            say!("{:16} {}", word(field), meaning(field.form));
        }
    }
}

/// The sentences on an act, without the line breaks of their source.
fn doc(facts: &ActFacts) -> String {
    let words: Vec<&str> = facts.doc.split_whitespace().collect();
    words.join(" ")
}

fn facts_json(facts: &ActFacts) -> Value {
    let fields = |fields: &[Field]| -> Vec<Value> {
        let one = |field: &Field| json!({ "name": field.name, "required": field.required, "form": meaning(field.form) });
        fields.iter().map(one).collect()
    };
    json!({
        "act": facts.name,
        "number": facts.number,
        "doc": doc(facts),
        "fields": fields(facts.fields),
        "leg_fields": fields(leg_fields(facts)),
    })
}

/// How a value is written.
fn meaning(form: Form) -> String {
    match form {
        Form::Id => "an id, decimal or 0x hexadecimal".into(),
        Form::Ledger => "number of a ledger".into(),
        Form::Amount | Form::AmountOf(_) => "an amount in major units, as 12.50".into(),
        Form::Number => "a number".into(),
        Form::Millionths => "millionths: 50000 is 5 %".into(),
        Form::Time => "nanoseconds since 1970, or as 2026-01-05T00:00:00Z".into(),
        Form::Day => "days since 1970-01-01, or as 2026-01-05".into(),
        Form::Seconds => "seconds".into(),
        Form::Digest => "16 bytes in 32 hexadecimal digits".into(),
        Form::Text => "text of at most 16 printable characters of ASCII".into(),
        Form::Name(names) => format!("one of {}", names.join(", ")),
        Form::Flags(names) => format!("any of {}, with commas between them", names.join(", ")),
        Form::Cause => "name of an act".into(),
    }
}

#[cfg(test)]
mod tests {
    use model::ActFacts;

    use super::{fields, legs};

    fn says(act: &str, words: &[&str]) -> String {
        let facts = ActFacts::named(act).expect("there is one");
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        match fields(facts.name, facts.fields, &words) {
            Ok(fields) => serde_json::Value::Object(fields).to_string(),
            Err(says) => says,
        }
    }

    #[test]
    fn fields_are_read_by_the_tables() {
        assert_eq!(
            says("day_close", &["day=1970-02-01"]),
            r#"{"day":31}"#,
            "a date is a number of days"
        );
        assert_eq!(
            says("calendar_set", &["offset=86400", "weekend=saturday,sunday"]),
            r#"{"offset":"86400","weekend":["saturday","sunday"]}"#
        );
        assert_eq!(says("release", &["hold=0x7"]), r#"{"hold":"0x7"}"#);
    }

    #[test]
    fn wrong_words_are_named() {
        for (words, part) in [
            (&["hold"][..], "is not FIELD=VALUE"),
            (&["holds=1"], "is no field of release, which has hold"),
            (&["hold=1", "hold=1"], "given twice"),
            (&[], "release needs hold"),
        ] {
            let found = says("release", words);
            assert!(found.contains(part), "{words:?}: {found}");
        }
        assert!(says("day_close", &["day=1969-12-31"]).contains("from 1970-01-01 on"));
        assert!(says("day_close", &["day=tomorrow"]).contains("YYYY-MM-DD"));
    }

    #[test]
    fn parts_belong_to_acts_that_have_them() {
        let told = |act: &str, told: &[&str]| {
            let facts = ActFacts::named(act).expect("there is one");
            let told: Vec<String> = told.iter().map(|leg| (*leg).to_owned()).collect();
            legs(facts, &told)
        };
        let leg = "party=2,amount=1.50";
        assert!(told("pay", &[leg]).expect_err("none").contains("no --leg"));
        let none = told("pay_split", &[]).expect_err("one at least");
        assert!(none.contains("needs a --leg"), "{none}");
        let listed = [format!("{leg},listing=0,quantity=1")];
        let listed = [listed[0].as_str()];
        assert!(told("pay_split", &listed).is_err());
        assert_eq!(told("order_place", &listed).expect("a line").len(), 1);
    }
}
