//! Twenty rules in force while a bench runs: some that every order has to keep to, and others that
//! it passes by, as in real books.

use std::fmt::Write as _;

use engine::RuleBookEntry;
use merkle::key::{KeyKind, SigningKey};
use model::rule::bytes;
use serde_json::{Value, json};

use crate::client::Client;
use crate::failure::Failure;
use crate::rule::hexadecimal;

/// Who signs them.
const SIGNER: &str = "900000001";

/// Limits of a buyer that each order counts towards, and whose tallies each one changes.
const COUNTED: [&str; 4] = ["day", "month", "year", "lifetime"];

/// Grades of payments by QR code, whose limits no order of a bench comes near.
const GRADES: [&str; 4] = ["qr_a", "qr_b", "qr_c", "qr_d"];

/// Acts that rules of their own are about.
const ACTS: [&str; 4] = ["withdraw", "top_up", "pay", "payout"];

/// Enters the rules, of the currency of the bench.
pub fn enter(currency: &str, exponent: u8, client: &mut Client) -> Result<(), Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(Failure::input)?;
    let key = SigningKey::generate("bench.example/rules", KeyKind::Ed25519, seed);
    let key = key.map_err(|error| Failure::Input(error.to_string()))?;
    let halves = key.verifier().public_key().as_chunks::<16>().0;
    let half = |place: usize| hexadecimal(&halves[place]);
    let commands = json!([
        { "id": "900000001", "act": "party_open", "party": SIGNER, "kind": "staff" },
        { "id": "900000002", "act": "party_key_set", "party": SIGNER, "key": half(0),
          "key_more": half(1) },
    ]);
    client.post("/v1/commands", &commands)?;
    let text = rules(currency, exponent);
    let file = rulebook::read(&text).map_err(|error| Failure::Input(error.to_string()))?;
    let in_force: Value =
        serde_json::from_str(&client.get("/v1/rules")?).map_err(Failure::input)?;
    let last = in_force["in_force"]["version"].as_u64().unwrap_or(0);
    let entry = RuleBookEntry {
        bytes: bytes::encode(&file.book),
        version: last as u32 + 1,
        begins: 0,
        party: SIGNER.parse().expect("digits"),
        signature: [0; 64],
    };
    let line = key.sign_note_text(&entry.note_text());
    let line = line.map_err(|error| Failure::Input(error.to_string()))?;
    let body = json!({
        "rules": text, "version": entry.version, "party": SIGNER,
        "signature": hexadecimal(&line.bytes),
    });
    client.post("/v1/rules", &body)?;
    Ok(())
}

fn rules(currency: &str, exponent: u8) -> String {
    let mut text = format!(
        "currency = {currency:?}\nexponent = {exponent}\njurisdiction = \"CN\"\nzone = \"Asia/Shanghai\"\n"
    );
    let mut rule = |id: &str, scope: &str, require: &str| {
        write!(
            text,
            "[[rule]]\nid = {id:?}\ntitle = \"Of the bench: {id}\"\nsource = {{ law = \"none\", \
             verified = false }}\nvalid = {{ from = \"2018-01-01\" }}\nscope = {{ {scope} }}\nrequire = \
             {{ {require} }}\nthen = \"refuse\"\n"
        )
        .expect("text takes everything");
    };
    let most = "at_most = \"1000000000000000\"";
    for window in COUNTED {
        rule(
            &format!("orders-{window}"),
            "kind = [\"order_place\"], payer_role = [\"wallet\"]",
            &format!("sum = {{ per = \"party\", within = {window:?} }}, {most}"),
        );
    }
    for grade in GRADES {
        for window in ["day", "year"] {
            let grade_id = grade.replace('_', "-");
            rule(
                &format!("{grade_id}-{window}"),
                &format!("channel = [{grade:?}]"),
                &format!("sum = {{ per = \"party\", within = {window:?} }}, {most}"),
            );
        }
    }
    for act in ACTS {
        for window in ["day", "month"] {
            let act_id = act.replace('_', "-");
            rule(
                &format!("{act_id}-{window}"),
                &format!("kind = [{act:?}]"),
                &format!("count = {{ per = \"party\", within = {window:?} }}, at_most = 1000000"),
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_are_twenty() {
        let file = rulebook::read(&super::rules("EUR", 2)).expect("they are rules");
        assert_eq!(file.book.rules.len(), 20);
    }
}
