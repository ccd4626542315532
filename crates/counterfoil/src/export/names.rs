//! Names of accounts and currencies that no journal trips over.

use std::collections::{BTreeMap, BTreeSet};

use model::object::account_of;
use serde_json::Value;

use super::{array, text};

/// Names by what the books say.
pub struct Names {
    /// Of the lines of the chart, by code: where in a journal, and its type there.
    lines: BTreeMap<u64, (String, Option<char>)>,
    /// By ledger: as a journal has it, as a table has it, and decimal places.
    currencies: BTreeMap<u64, (String, u8)>,
}

impl Names {
    pub fn new(chart: &Value, ledgers: &Value) -> Self {
        let mut lines = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for line in array(chart) {
            let (top, kind) = match text(&line["class"]) {
                "asset" => ("assets", Some('A')),
                "liability" => ("liabilities", Some('L')),
                "equity" => ("equity", Some('E')),
                "income" => ("income", Some('R')),
                "expense" => ("expenses", Some('X')),
                _ => ("memorandum", None),
            };
            let code = line["code"].as_u64().unwrap_or(0);
            let words = text(&line["name"]).to_owned() + text(&line["name_more"]);
            let mut name = format!("{top}:{}", plain(&words));
            if !taken.insert(name.clone()) {
                name = format!("{name}-{code}");
                taken.insert(name.clone());
            }
            lines.insert(code, (name, kind));
        }
        let mut currencies = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for ledger in array(ledgers) {
            let number = ledger["ledger"].as_u64().unwrap_or(0);
            let code = text(&ledger["code"]);
            let code = if taken.insert(code) {
                code.to_owned()
            } else {
                format!("{code}-{number}")
            };
            let exponent = ledger["exponent"].as_u64().unwrap_or(0);
            currencies.insert(number, (code, u8::try_from(exponent).unwrap_or(0)));
        }
        Self { lines, currencies }
    }

    /// The name of an account and its type in a journal.
    pub fn account(&self, account: &Value) -> (String, Option<char>) {
        let number = |name: &str| account[name].as_u64().unwrap_or(0);
        let wide = |name: &str| text(&account[name]).parse::<u128>().unwrap_or(0);
        let (id, party, code) = (wide("id"), wide("user_data_128"), number("code"));
        let ledger = number("ledger");
        let Some((line, kind)) = self.lines.get(&code) else {
            return (format!("accounts:{code}:{id}"), None);
        };
        let own = account_of(party, ledger as u32, code as u16) == id;
        let name = match (own, party) {
            (true, 0) => line.clone(),
            (true, party) => format!("{line}:{party}"),
            (false, _) => format!("{line}:account-{id}"),
        };
        (name, *kind)
    }

    /// The currency of a ledger, and its decimal places.
    pub fn currency(&self, ledger: u64) -> (String, u8) {
        let known = self.currencies.get(&ledger).cloned();
        known.unwrap_or_else(|| (format!("ledger-{ledger}"), 0))
    }
}

/// Small letters and digits, with a dash for all else.
fn plain(words: &str) -> String {
    let mut name = String::new();
    for letter in words.chars() {
        if letter.is_ascii_alphanumeric() {
            name.push(letter.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "unnamed" } else { name }.to_owned()
}

/// A currency as a journal has it: quoted where it is not letters alone.
pub fn quoted(currency: &str) -> String {
    if currency.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        currency.to_owned()
    } else {
        format!("\"{currency}\"")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Names, plain, quoted};

    #[test]
    fn names_are_plain_and_each_is_one() {
        assert_eq!(plain("Own money; (at: banks)"), "own-money-at-banks");
        assert_eq!(
            (plain(";:"), quoted("EUR"), quoted("X1")),
            ("unnamed".into(), "EUR".into(), "\"X1\"".into())
        );
        let chart = json!([
            { "code": 1, "class": "asset", "name": "Safe" },
            { "code": 2, "class": "asset", "name": "safe!" },
        ]);
        let ledgers = json!([
            { "ledger": 1, "code": "EUR", "exponent": 2 },
            { "ledger": 2, "code": "EUR", "exponent": 4 },
        ]);
        let names = Names::new(&chart, &ledgers);
        assert_eq!(names.currency(2), ("EUR-2".to_owned(), 4));
        assert_eq!(names.lines[&2].0, "assets:safe-2");
        let raw = json!({ "id": "7", "code": 1, "ledger": 1, "user_data_128": "3" });
        assert_eq!(names.account(&raw).0, "assets:safe:account-7");
    }
}
