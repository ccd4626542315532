//! Commands and objects of the platform in JSON, by the tables of their fields.

use core::fmt;

use model::form::{Field, Form, integer_to_text, text_to_integer};
use model::money::{format_amount, parse_amount};
use model::{Act, ActFacts, Command, Leg, Legs, Object};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{Currencies, parse_u128};
use crate::problem::{Kind, Problem, echo};

/// The largest integer that every JSON reader keeps exactly.
const EXACT: u64 = 1 << 53;

/// A command as it was written: its fields by name, none twice.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCommand(pub(super) Map<String, Value>);

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = NewCommand;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command: an object with `id`, `act` and the fields of the act")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NewCommand, A::Error> {
        let mut fields = Map::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if fields.contains_key(&name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            fields.insert(name, value);
        }
        Ok(NewCommand(fields))
    }
}

impl<'de> Deserialize<'de> for NewCommand {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

impl NewCommand {
    /// A command of these fields.
    pub fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// Whether it may change who signs, what rules compare, or what they hold: that is for
    /// administrators.
    pub fn is_of_administration(&self) -> bool {
        let act = self.0.get("act").and_then(Value::as_str);
        act.is_some_and(|act| ["party_key_set", "figure_set", "finding_review"].contains(&act))
    }

    /// The command that it asks for, amounts by the currencies of their ledgers.
    pub fn to_model(&self, currencies: &Currencies) -> Result<Command, Problem> {
        let facts = self.act()?;
        for name in self.0.keys() {
            check_name(facts, name)?;
        }
        let id = self.0.get("id").ok_or_else(|| missing("id"))?;
        let id = integer(id, 128).map_err(|says| wrong("/id", &says))?;
        let ledger = self.ledger(facts)?;
        let mut values = Vec::with_capacity(facts.fields.len());
        for field in facts.fields {
            let value = match self.0.get(field.name) {
                Some(value) => read(field, value, (ledger, currencies))?,
                None if field.required => return Err(missing(field.name)),
                None => 0,
            };
            values.push(value);
        }
        let act = Act::from_values(facts.number, &values);
        let act = act.ok_or_else(|| wrong("/act", "a value does not fit its field"))?;
        let legs = self.legs(facts, (ledger, currencies))?;
        Ok(Command { id, act, legs })
    }

    fn act(&self) -> Result<&'static ActFacts, Problem> {
        let name = self.0.get("act").ok_or_else(|| missing("act"))?;
        let facts = name.as_str().and_then(ActFacts::named);
        facts.ok_or_else(|| wrong("/act", "it is none of the acts; docs/api.md lists them"))
    }

    fn ledger(&self, facts: &ActFacts) -> Result<u32, Problem> {
        let takes = facts.fields.iter().any(|field| field.form == Form::Ledger);
        match self.0.get("ledger") {
            Some(value) if takes => {
                let ledger = integer(value, 32).map_err(|says| wrong("/ledger", &says))?;
                Ok(ledger as u32)
            }
            _ => Ok(0),
        }
    }

    fn legs(&self, facts: &ActFacts, by: (u32, &Currencies)) -> Result<Vec<Leg>, Problem> {
        let legs = match self.0.get("legs") {
            None => return Ok(Vec::new()),
            Some(Value::Array(legs)) => legs,
            Some(_) => return Err(wrong("/legs", "it is no array of parts")),
        };
        if legs.len() > model::limits::COMMAND_LEGS {
            let most = model::limits::COMMAND_LEGS;
            return Err(wrong("/legs", &format!("it has more than {most} parts")));
        }
        let legs = legs.iter().enumerate();
        legs.map(|(index, value)| {
            leg(value, facts, by).map_err(|e| e.under(&format!("/legs/{index}")))
        })
        .collect()
    }
}

/// Refuses a name that the act has no field of.
fn check_name(facts: &ActFacts, name: &str) -> Result<(), Problem> {
    let known = ["id", "act"].contains(&name)
        || name == "legs"
        || facts.fields.iter().any(|field| field.name == name);
    if known {
        return Ok(());
    }
    let names: Vec<_> = facts.fields.iter().map(|field| field.name).collect();
    let says = format!(
        "{:?} is no field of {}, which has {}",
        echo(name),
        facts.name,
        names.join(", ")
    );
    Err(Problem::new(Kind::MalformedJson, says))
}

const LEG_FIELDS: [Field; 4] = [
    leg_field("party", Form::Id, (128, true)),
    leg_field("amount", Form::Amount, (128, true)),
    leg_field("listing", Form::Number, (32, false)),
    leg_field("quantity", Form::Number, (32, false)),
];

const fn leg_field(name: &'static str, form: Form, (bits, required): (u32, bool)) -> Field {
    Field {
        name,
        form,
        bits,
        required,
    }
}

fn leg(value: &Value, facts: &ActFacts, by: (u32, &Currencies)) -> Result<Leg, Problem> {
    let Value::Object(fields) = value else {
        return Err(wrong("", "it is no object"));
    };
    let known = if facts.legs == Legs::Lines {
        &LEG_FIELDS[..]
    } else {
        &LEG_FIELDS[..2]
    };
    for name in fields.keys() {
        if !known.iter().any(|field| field.name == name) {
            let says = format!("{:?} is no field of a part", echo(name));
            return Err(wrong("", &says));
        }
    }
    let mut values = [0; 4];
    for (field, value) in known.iter().zip(&mut values) {
        *value = match fields.get(field.name) {
            Some(given) => read(field, given, by)?,
            None if field.required => return Err(missing(field.name)),
            None => 0,
        };
    }
    let [party, amount, listing, quantity] = values;
    // A listing that is left away is none; those that are given are numbered from 0.
    let listing = if fields.contains_key("listing") {
        u32::try_from(listing + 1).map_err(|_| wrong("/listing", "there is no such number"))?
    } else {
        0
    };
    Ok(Leg {
        party,
        amount,
        listing,
        quantity: quantity as u32,
    })
}

/// Reads the value of one field.
fn read(
    field: &Field,
    value: &Value,
    (ledger, currencies): (u32, &Currencies),
) -> Result<u128, Problem> {
    let at = format!("/{}", field.name);
    let refuse = |says: &str| wrong(&at, says);
    let read = match field.form {
        Form::Amount | Form::AmountOf(_) => return amount(field, value, (ledger, currencies)),
        Form::Name(names) => {
            let name = value.as_str();
            let place = name.and_then(|name| names.iter().position(|known| *known == name));
            let place =
                place.ok_or_else(|| refuse(&format!("it is one of {}", names.join(", "))))?;
            place as u128
        }
        Form::Flags(names) => flags(value, names).map_err(|says| refuse(&says))?,
        Form::Digest => {
            let digits = value.as_str().filter(|text| text.len() == 32);
            let number = digits.and_then(|text| u128::from_str_radix(text, 16).ok());
            number
                .ok_or_else(|| refuse("it is 16 bytes in 32 hexadecimal digits"))?
                .swap_bytes()
        }
        Form::Text => {
            let text = value.as_str().and_then(text_to_integer);
            text.ok_or_else(|| refuse("it is text of at most 16 printable characters of ASCII"))?
        }
        _ => integer(value, field.bits).map_err(|says| refuse(&says))?,
    };
    if field.bits < 128 && read >> field.bits != 0 {
        return Err(refuse(&format!("it has more than {} bits", field.bits)));
    }
    Ok(read)
}

fn flags(value: &Value, names: &[&str]) -> Result<u128, String> {
    let says = || format!("it is an array of {}", names.join(", "));
    let given = value.as_array().ok_or_else(says)?;
    let mut flags = 0;
    for name in given {
        let place = name
            .as_str()
            .and_then(|name| names.iter().position(|known| *known == name));
        flags |= 1 << place.ok_or_else(says)?;
    }
    Ok(flags)
}

fn amount(
    field: &Field,
    value: &Value,
    (ledger, currencies): (u32, &Currencies),
) -> Result<u128, Problem> {
    let at = format!("/{}", field.name);
    let refuse = |says: &str| Problem::new(Kind::InvalidAmount, says.to_owned()).at(at.clone());
    let minor = match value {
        Value::Number(number) => {
            let minor = number.as_u64().filter(|minor| *minor <= EXACT);
            minor
                .ok_or_else(|| {
                    refuse("An integer is minor units, up to 2^53; larger amounts are text.")
                })?
                .into()
        }
        Value::String(text) => {
            let currency = currencies.get(&ledger).ok_or_else(|| {
                let says = format!("Ledger {ledger} has no currency, so {:?} has no meaning: give minor units as an integer.", echo(text));
                Problem::new(Kind::LedgerNotDeclared, says).at("/ledger")
            })?;
            parse_amount(text, currency.exponent).map_err(|error| {
                refuse(&format!(
                    "{:?} is no amount in {}: {error}.",
                    echo(text),
                    currency.code
                ))
            })?
        }
        _ => {
            return Err(refuse(
                "An amount is text in major units as \"12.50\", or an integer in minor units.",
            ));
        }
    };
    if field.bits < 128 && minor >> field.bits != 0 {
        return Err(refuse("It is more than such an amount can be."));
    }
    Ok(minor)
}

fn integer(value: &Value, bits: u32) -> Result<u128, String> {
    let says = || {
        format!(
            "it is an unsigned integer of {bits} bits: a string, decimal or 0x hexadecimal, or a number up to 2^53"
        )
    };
    let number = match value {
        Value::Number(number) => number
            .as_u64()
            .filter(|number| *number <= EXACT)
            .map(u128::from),
        Value::String(text) => parse_u128(text),
        _ => None,
    };
    let number = number.filter(|number| bits == 128 || number >> bits == 0);
    number.ok_or_else(says)
}

fn missing(name: &str) -> Problem {
    Problem::new(Kind::MalformedJson, format!("missing field `{name}`"))
}

fn wrong(at: &str, says: &str) -> Problem {
    let name = at.trim_start_matches('/');
    Problem::new(Kind::MalformedJson, format!("`{name}`: {says}")).at(at.to_owned())
}

/// An object as JSON: amounts as decimal text with their minor units beside them.
pub fn object_view(object: &Object, currencies: &Currencies) -> Value {
    let mut view = Map::new();
    view.insert("object".to_owned(), object.name().into());
    let ledger = object.value("ledger").unwrap_or(0) as u32;
    for (field, value) in object.fields().iter().zip(object.values()) {
        show(field, value, (ledger, currencies), &mut view);
    }
    Value::Object(view)
}

fn show(
    field: &Field,
    value: u128,
    (ledger, currencies): (u32, &Currencies),
    view: &mut Map<String, Value>,
) {
    let name = field.name.to_owned();
    let shown = match field.form {
        Form::Amount | Form::AmountOf(_) => {
            if let Some(currency) = currencies.get(&ledger) {
                let text = format_amount(value, currency.exponent);
                view.insert(name.clone(), text.into());
            }
            view.insert(format!("{name}_minor"), value.to_string().into());
            return;
        }
        Form::Name(names) => names
            .get(value as usize)
            .copied()
            .unwrap_or("unknown")
            .into(),
        Form::Flags(names) => {
            let set = (0..).zip(names).filter(|(bit, _)| value >> bit & 1 == 1);
            set.map(|(_, name)| Value::from(*name)).collect()
        }
        Form::Digest => format!("{:032x}", value.swap_bytes()).into(),
        Form::Text => integer_to_text(value).unwrap_or_default().into(),
        Form::Cause => {
            let act = ActFacts::numbered(value as u16);
            act.map_or("time", |facts| facts.name).into()
        }
        _ if field.bits <= 32 => Value::from(value as u64),
        _ => value.to_string().into(),
    };
    view.insert(name, shown);
}

#[cfg(test)]
mod tests {
    use super::{NewCommand, object_view};
    use crate::wire::Currencies;
    use model::money::CurrencyCode;
    use model::object::Party;
    use model::{Act, Currency};
    use proptest::prelude::*;

    fn currencies() -> Currencies {
        let currency = Currency {
            ledger: 978,
            code: CurrencyCode::new("EUR").expect("a code"),
            exponent: 2,
            timestamp: 1,
        };
        Currencies::from([(978, currency)])
    }

    fn says(json: &str) -> String {
        let command: NewCommand = match serde_json::from_str(json) {
            Ok(command) => command,
            Err(error) => return error.to_string(),
        };
        match command.to_model(&currencies()) {
            Ok(command) => format!("{command:?}"),
            Err(problem) => problem.body().detail().to_owned(),
        }
    }

    #[test]
    fn commands_are_read_by_their_tables() {
        let text = r#"{"id":"7","act":"pay","payer":"1","payee":2,"ledger":978,"amount":"12.50","funding":"card"}"#;
        let command: NewCommand = serde_json::from_str(text).expect("it is one");
        let command = command.to_model(&currencies()).expect("it is whole");
        let Act::Pay(pay) = command.act else {
            panic!("it pays")
        };
        assert_eq!(
            (command.id, pay.payer, pay.payee, pay.amount, pay.funding),
            (7, 1, 2, 1250, 1)
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |json: &str, part: &str| {
            let found = says(json);
            assert!(found.contains(part), "{json}: {found}");
        };
        check("{}", "missing field `act`");
        check(r#"{"act":"pay"}"#, "missing field `id`");
        check(r#"{"act":"fly","id":1}"#, "none of the acts");
        check(r#"{"act":"pay","id":1,"id":2}"#, "duplicate field `id`");
        check(r#"{"act":"pay","id":1,"amout":1}"#, "no field of pay");
        check(r#"{"act":"pay","id":-1}"#, "unsigned integer");
        check(
            r#"{"act":"pay","id":1,"payer":1,"payee":2,"ledger":978,"amount":"1.234"}"#,
            "2 decimal places",
        );
        check(
            r#"{"act":"pay","id":1,"payer":1,"payee":2,"ledger":5,"amount":"1"}"#,
            "no currency",
        );
        check(
            r#"{"act":"pay","id":1,"payer":1,"payee":2,"ledger":978,"amount":1,"funding":"gold"}"#,
            "wallet, card, bank",
        );
        check(
            r#"{"act":"party_open","id":1,"party":1,"kind":"customer","tier":300}"#,
            "8 bits",
        );
        check(
            r#"{"act":"pay_split","id":1,"payer":1,"ledger":978,"legs":[{"party":2}]}"#,
            "missing field `amount`",
        );
        check(
            r#"{"act":"pay_split","id":1,"payer":1,"ledger":978,"legs":[{"party":2,"amount":1,"listing":1}]}"#,
            "no field of a part",
        );
    }

    #[test]
    fn objects_show_names_and_amounts() {
        let party = Party {
            id: 7,
            kind: 1,
            state: 1,
            cause: 4,
            ..Party::default()
        };
        let view = object_view(&party.into(), &currencies());
        assert_eq!(
            (&view["object"], &view["kind"], &view["state"]),
            (&"party".into(), &"merchant".into(), &"frozen".into())
        );
        assert_eq!(view["cause"], "party_state");
    }

    proptest! {
        #[test]
        fn nothing_panics(text: String) {
            let _ = says(&text);
        }
    }
}
