//! `listing`: what sellers offer, with its texts, and the search of it by words.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use model::limits::BATCH_COMMANDS;
use serde_json::{Map, Value, json};

use crate::act::draw;
use crate::ask::integer;
use crate::client::{Client, Outcome};
use crate::failure::Failure;
use crate::output::{Output, say};
use crate::show;

/// Bytes of one line at most: a listing with its longest texts, every letter escaped.
const LINE_BYTES: u64 = 32 << 10;

/// Refused lines that are told one by one.
const REFUSED_TOLD: usize = 100;

/// What sellers offer, with its texts, and the search of it by words.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil listing add listings.jsonl
  echo '{\"id\":\"70\",\"seller\":\"21\",\"ledger\":978,\"price\":\"12.50\",\"stock\":3,\"title\":\"Green lamp\"}' |
      counterfoil listing add -
  counterfoil listing show 0
  counterfoil listing set 0 price=9.00 stock=2 title='Blue lamp'
  counterfoil listing search blue lamp --ledger 978 --most 10.00 --sort price

A listing has an id (yours, the key of idempotency), seller, ledger, category, price, stock, title,
text and category_label. The books give it its number and commit to title and text; repeat what was
not answered.")]
pub enum Listing {
    /// Adds listings, one in JSON on each line.
    Add {
        /// The file; - is standard input.
        file: PathBuf,
    },
    /// Shows a listing, and whether its texts are those that the books commit to.
    Show {
        /// Its number.
        number: u32,
    },
    /// Sets price, stock and texts of a listing.
    Set(Set),
    /// Finds listings that have all these words.
    Search(Search),
}

#[derive(Args)]
pub struct Set {
    /// Its number.
    number: u32,
    /// price and stock, both of which are set; title, text, `category_label` and state
    /// (offered, withdrawn) stay where nothing is said.
    #[arg(value_name = "FIELD=VALUE", required = true)]
    fields: Vec<String>,
    /// Your id for it, decimal or 0x hexadecimal; the key of idempotency.
    #[arg(long, value_parser = integer)]
    id: Option<u128>,
}

#[derive(Args)]
pub struct Search {
    /// Plain words.
    words: Vec<String>,
    /// The last word is only begun.
    #[arg(long)]
    begun: bool,
    /// Only this category.
    #[arg(long)]
    category: Option<u32>,
    /// Only of this party.
    #[arg(long, value_name = "ID", value_parser = integer)]
    seller: Option<u128>,
    /// Only with prices of this ledger.
    #[arg(long)]
    ledger: Option<u32>,
    /// The lowest price, as 12.50.
    #[arg(long, value_name = "AMOUNT", requires = "ledger")]
    least: Option<String>,
    /// The highest price, as 12.50.
    #[arg(long, value_name = "AMOUNT", requires = "ledger")]
    most: Option<String>,
    /// Which hits come first; prices need a ledger.
    #[arg(long, value_enum, default_value_t = Sort::Relevance)]
    sort: Sort,
    /// Hits wanted, 1 to 100.
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Hits to skip, at most 1,000.
    #[arg(long, default_value_t = 0)]
    offset: u32,
}

/// Which hits come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sort {
    /// Those that the words fit best.
    Relevance,
    /// The cheapest.
    Price,
    /// The dearest.
    #[value(name = "price_down")]
    PriceDown,
}

/// `listing`.
pub fn run(listing: &Listing, client: &mut Client, output: Output) -> Result<(), Failure> {
    match listing {
        Listing::Add { file } => add(file, client, output),
        Listing::Show { number } => {
            show::print(&client.get(&format!("/v1/listings/{number}"))?, output);
            Ok(())
        }
        Listing::Set(set) => set.run(client, output),
        Listing::Search(search) => found(&client.get(&search.path())?, output),
    }
}

/// What became of a file.
#[derive(Default)]
struct Added {
    created: u64,
    existed: u64,
    refused: u64,
    /// The first and the last number that was given.
    numbers: Option<(u32, u32)>,
    /// Lines that were refused, and why.
    told: Vec<(u64, String)>,
}

fn add(file: &Path, client: &mut Client, output: Output) -> Result<(), Failure> {
    let name = file.display().to_string();
    let source: Box<dyn Read> = if name == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(file).map_err(|error| Failure::Input(format!("{name}: {error}")))?)
    };
    let mut lines = Lines {
        name: &name,
        source: BufReader::new(source),
        line: 0,
    };
    let mut added = Added::default();
    let mut batch = Vec::with_capacity(BATCH_COMMANDS);
    while let Some(listing) = lines.next()? {
        batch.push(listing);
        if batch.len() == BATCH_COMMANDS {
            added.send(&name, &std::mem::take(&mut batch), client)?;
        }
    }
    added.send(&name, &batch, client)?;
    added.tell(&name, output)
}

/// The listings of a file, each with the number of its line.
struct Lines<'a> {
    name: &'a str,
    source: BufReader<Box<dyn Read>>,
    line: u64,
}

impl Lines<'_> {
    fn next(&mut self) -> Result<Option<(u64, Value)>, Failure> {
        loop {
            let mut bytes = Vec::new();
            let mut bounded = (&mut self.source).take(LINE_BYTES);
            let read = bounded.read_until(b'\n', &mut bytes);
            self.line += 1;
            let wrong =
                |says: String| Failure::Input(format!("{}:{}: {says}", self.name, self.line));
            if read.map_err(|error| wrong(error.to_string()))? == 0 {
                return Ok(None);
            }
            if bytes.len() as u64 == LINE_BYTES && !bytes.ends_with(b"\n") {
                return Err(wrong(format!("the line has more than {LINE_BYTES} bytes")));
            }
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let listing: Map<String, Value> = serde_json::from_slice(&bytes)
                .map_err(|error| wrong(format!("no object in JSON: {error}")))?;
            return Ok(Some((self.line, listing.into())));
        }
    }
}

impl Added {
    fn send(
        &mut self,
        name: &str,
        batch: &[(u64, Value)],
        client: &mut Client,
    ) -> Result<(), Failure> {
        if batch.is_empty() {
            return Ok(());
        }
        let listings: Vec<Value> = batch.iter().map(|(_, listing)| listing.clone()).collect();
        if let Ok(outcomes) = client.listings(&listings) {
            for ((line, _), outcome) in batch.iter().zip(outcomes) {
                self.count(*line, &outcome);
            }
            return Ok(());
        }
        // One that makes no sense refuses all of them: sent one by one, it is found.
        for (line, listing) in batch {
            let outcomes = client.listings(std::slice::from_ref(listing));
            let outcomes = outcomes.map_err(|failure| match failure {
                Failure::Input(says) => Failure::Input(format!("{name}:{line}: {says}")),
                Failure::Check(says) => Failure::Check(format!("{name}:{line}: {says}")),
            })?;
            for outcome in outcomes {
                self.count(*line, &outcome);
            }
        }
        Ok(())
    }

    fn count(&mut self, line: u64, outcome: &Outcome) {
        match (outcome.status.as_str(), outcome.listing) {
            ("created", Some(number)) => {
                self.created += 1;
                let first = self.numbers.map_or(number, |(first, _)| first);
                self.numbers = Some((first, number));
            }
            ("exists", _) => self.existed += 1,
            (status, _) => {
                self.refused += 1;
                if self.told.len() < REFUSED_TOLD {
                    self.told
                        .push((line, format!("{status}: {}", outcome.detail)));
                }
            }
        }
    }

    fn tell(&self, name: &str, output: Output) -> Result<(), Failure> {
        let refused: Vec<Value> = self
            .told
            .iter()
            .map(|(line, says)| json!({ "line": line, "detail": says }))
            .collect();
        let (created, existed) = (self.created, self.existed);
        match (output, self.numbers) {
            (Output::Json, numbers) => say!(
                "{}",
                json!({ "added": created, "existed": existed, "refused": self.refused,
                    "first": numbers.map(|(first, _)| first), "last": numbers.map(|(_, last)| last),
                    "refusals": refused })
            ),
            (Output::Text, Some((first, last))) => {
                say!("added {created} listings, {first} to {last}; {existed} were there");
            }
            (Output::Text, None) => say!("added none; {existed} were there"),
        }
        match self.told.first() {
            None => Ok(()),
            Some((line, says)) => Err(Failure::Check(format!(
                "{} were refused, the first at {name}:{line}: {says}",
                self.refused
            ))),
        }
    }
}

/// Fields that stay as they are where nothing is said.
const KEPT: [&str; 4] = ["title", "text", "category_label", "state"];

impl Set {
    fn run(&self, client: &mut Client, output: Output) -> Result<(), Failure> {
        let mut body = self.told()?;
        let path = format!("/v1/listings/{}", self.number);
        let known: Value = serde_json::from_str(&client.get(&path)?).map_err(Failure::input)?;
        if known["texts"] != "agree" && !body.contains_key("title") {
            let texts = known["texts"].as_str().unwrap_or_default();
            return Err(Failure::Input(format!(
                "listing {} has no texts that the books commit to (texts: {texts}): give title=",
                self.number
            )));
        }
        for name in KEPT {
            if !body.contains_key(name) && !known[name].is_null() {
                body.insert(name.to_owned(), known[name].clone());
            }
        }
        body.insert("ledger".to_owned(), known["ledger"].clone());
        let id = self.id.map_or_else(draw, Ok)?;
        body.insert("id".to_owned(), id.to_string().into());
        let answer = client.put(&path, &body.into());
        let answer = answer.map_err(|failure| match failure {
            // It may have been carried out all the same: whoever asks again needs the id.
            Failure::Input(reason) if self.id.is_none() => {
                Failure::Input(format!("{reason} (its id was {id})"))
            }
            failure => failure,
        })?;
        show::print(&answer, output);
        Ok(())
    }

    fn told(&self) -> Result<Map<String, Value>, Failure> {
        let mut body = Map::new();
        for word in &self.fields {
            let (name, value) = word
                .split_once('=')
                .ok_or_else(|| Failure::Input(format!("{word:?} is not FIELD=VALUE")))?;
            if !["price", "stock"].contains(&name) && !KEPT.contains(&name) {
                let fields = KEPT.join(", ");
                return Err(Failure::Input(format!(
                    "{name:?} cannot be set; price, stock, {fields} can"
                )));
            }
            if body.insert(name.to_owned(), value.into()).is_some() {
                return Err(Failure::Input(format!("{name} is given twice")));
            }
        }
        // An order may take from the stock meanwhile, so what was read is not written back.
        for name in ["price", "stock"] {
            if !body.contains_key(name) {
                let says = format!("{name}= is missing: price and stock are set together");
                return Err(Failure::Input(says));
            }
        }
        Ok(body)
    }
}

impl Search {
    fn path(&self) -> String {
        let sort = match self.sort {
            Sort::Relevance => "relevance",
            Sort::Price => "price",
            Sort::PriceDown => "price_down",
        };
        let (limit, offset) = (self.limit, self.offset);
        let mut path = format!("/v1/listings?sort={sort}&limit={limit}&offset={offset}");
        let last = self.begun.then(|| "beginning".to_owned());
        for (name, value) in [
            ("q", (!self.words.is_empty()).then(|| self.words.join(" "))),
            ("last", last),
            ("category", self.category.map(|number| number.to_string())),
            ("seller", self.seller.map(|id| id.to_string())),
            ("ledger", self.ledger.map(|number| number.to_string())),
            ("least", self.least.clone()),
            ("most", self.most.clone()),
        ] {
            if let Some(value) = value {
                write!(path, "&{name}={}", escaped(&value)).expect("text takes everything");
            }
        }
        path
    }
}

/// As it stands in a query: whatever is no letter or digit of ASCII by its bytes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("text takes everything");
        }
    }
    out
}

/// Hits for people, one a line, the title last for it is as wide as it is.
fn found(answer: &str, output: Output) -> Result<(), Failure> {
    if output == Output::Json {
        show::print(answer, output);
        return Ok(());
    }
    let page: Value = serde_json::from_str(answer).map_err(Failure::input)?;
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let hits = page["listings"].as_array().map_or(&[][..], Vec::as_slice);
    if !hits.is_empty() {
        say!("{:>8} {:>12} {:>6}  title", "number", "price", "stock");
    }
    for hit in hits {
        let minor = text(&hit["price_minor"]);
        let price = hit["price"].as_str().map_or(minor, str::to_owned);
        let (number, stock) = (text(&hit["number"]), text(&hit["stock"]));
        // What a seller writes is not to steer the terminal.
        let title: String = text(&hit["title"])
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .collect();
        say!("{number:>8} {price:>12} {stock:>6}  {title}");
    }
    let about = if page["exact"] == true { "" } else { "about " };
    let mut last = format!("{about}{} found", text(&page["matches"]));
    for (name, says) in [
        ("withdrawn", "withdrawn and left out"),
        ("changed", "changed since and left out"),
    ] {
        if page[name] != 0 {
            write!(last, "; {} {says}", page[name]).expect("text takes everything");
        }
    }
    if page["waiting_bytes"] != "0" {
        last.push_str("; more are being entered");
    }
    say!("{last}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Set, escaped};
    use crate::failure::Failure;

    #[test]
    fn words_are_escaped() {
        assert_eq!(escaped("green tea & 茶"), "green%20tea%20%26%20%E8%8C%B6");
    }

    #[test]
    fn what_cannot_be_set_is_named() {
        let says = |fields: &[&str]| {
            let fields = fields.iter().map(|field| (*field).to_owned()).collect();
            let set = Set {
                number: 0,
                fields,
                id: None,
            };
            match set.told() {
                Ok(_) => String::new(),
                Err(Failure::Input(says) | Failure::Check(says)) => says,
            }
        };
        for (fields, part) in [
            (&["title"][..], "not FIELD=VALUE"),
            (&["seller=1"], "cannot be set; price, stock, title"),
            (&["price=1", "price=2"], "given twice"),
            (&["price=1"], "stock= is missing"),
            (&["title=a"], "price= is missing"),
        ] {
            let found = says(fields);
            assert!(found.contains(part), "{fields:?}: {found}");
        }
        assert_eq!(says(&["price=1", "stock=2", "title=a=b"]), "");
    }
}
