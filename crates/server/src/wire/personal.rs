use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use vault::{FieldError, Fields};
use zeroize::Zeroizing;

use super::parse::place;
use crate::problem::{Kind, Problem};

/// Reads the body of `PUT /v1/parties/{id}/data`. No refusal repeats anything of it but a name
/// that a field may have.
pub fn parse_personal(body: &[u8]) -> Result<Fields, Problem> {
    let Pairs(pairs) = serde_json::from_slice(body).map_err(|error| {
        // What the parser says may quote a value.
        let says = "The body is an object of texts by name, each name once, as {\"name\": \"…\"}.";
        Problem::new(Kind::MalformedJson, says).at_byte(place(body, &error))
    })?;
    let mut fields = Fields::new();
    for (name, value) in &pairs {
        if fields.get(name).is_some() {
            let says = format!("`{name}` is there twice.");
            return Err(Problem::new(Kind::MalformedJson, says).at(format!("/{name}")));
        }
        fields.set(name, value).map_err(refusal)?;
    }
    if fields.is_empty() {
        let says = "There is no field; DELETE erases what is kept.";
        return Err(Problem::new(Kind::Invalid, says));
    }
    Ok(fields)
}

fn refusal(error: FieldError) -> Problem {
    let problem = Problem::new(Kind::Invalid, format!("{error}."));
    match error {
        FieldError::Empty(name) | FieldError::Long(name) | FieldError::Control(name) => {
            problem.at(format!("/{name}"))
        }
        _ => problem,
    }
}

/// Names and values as they were written.
struct Pairs(Vec<(String, Zeroizing<String>)>);

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, String>()? {
            if pairs.len() == 2 * vault::FIELDS_MAX {
                return Err(A::Error::custom("too many"));
            }
            pairs.push((name, Zeroizing::new(value)));
        }
        Ok(Pairs(pairs))
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::parse_personal;
    use proptest::prelude::*;

    #[test]
    fn no_refusal_quotes_a_value() {
        for (body, says) in [
            (r#"{"name":420123456}"#, "an object of texts"),
            (r#"{"name":"420123456","name":"b"}"#, "there twice"),
            (r#"{"name":["420123456"]}"#, "an object of texts"),
            (r#"{"name":"420123456"#, "an object of texts"),
            (r#""420123456""#, "an object of texts"),
            (r#"{"name":"420123456\n"}"#, "control character"),
            (r#"{"420123456":"x"}"#, "a field is called"),
            ("{}", "no field"),
        ] {
            let problem = parse_personal(body.as_bytes()).expect_err(body);
            let text = format!("{problem:?}");
            assert!(text.contains(says), "{body}: {text}");
            assert!(!text.contains("420123456"), "{body}: {text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(body: Vec<u8>) {
            let _ = parse_personal(&body);
        }
    }
}
