//! Writes the two answers as JSON (RFC 8259). Their shapes are fixed, so this is all it takes.

use std::fmt::Write;

/// `{"ok":true,"facts":[[name,value],...]}`, names and values as strings.
pub(crate) fn accepted(facts: &[(&'static str, String)]) -> String {
    let mut json = String::from(r#"{"ok":true,"facts":["#);
    for (place, (name, value)) in facts.iter().enumerate() {
        json.push_str(if place == 0 { "[" } else { ",[" });
        string(name, &mut json);
        json.push(',');
        string(value, &mut json);
        json.push(']');
    }
    json.push_str("]}");
    json
}

/// `{"ok":false,"code":code,"what":what}`.
pub(crate) fn refused(code: &str, what: &str) -> String {
    let mut json = String::from(r#"{"ok":false,"code":"#);
    string(code, &mut json);
    json.push_str(r#","what":"#);
    string(what, &mut json);
    json.push('}');
    json
}

/// A string: quotation mark, reverse solidus and U+0000 to U+001F must be escaped, nothing else.
fn string(text: &str, json: &mut String) {
    json.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => json.extend(['\\', char]),
            '\0'..='\x1f' => {
                let _ = write!(json, "\\u{:04x}", u32::from(char));
            }
            _ => json.push(char),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_escape_what_must_be_escaped() {
        assert_eq!(
            refused("malformed", "a \"name\" \\ of\n\u{1}é—\u{2028}"),
            "{\"ok\":false,\"code\":\"malformed\",\
             \"what\":\"a \\\"name\\\" \\\\ of\\u000a\\u0001é—\u{2028}\"}"
        );
    }

    #[test]
    fn facts_keep_their_order_and_may_repeat() {
        let facts = [("witness", "a 1".to_owned()), ("witness", "b 2".to_owned())];
        assert_eq!(
            accepted(&facts),
            r#"{"ok":true,"facts":[["witness","a 1"],["witness","b 2"]]}"#
        );
        assert_eq!(accepted(&[]), r#"{"ok":true,"facts":[]}"#);
    }
}
