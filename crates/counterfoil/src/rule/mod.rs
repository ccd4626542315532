//! `rule`: rules for payments: tries their examples, signs and enters versions, shows them.

pub(crate) mod assessment;
mod draft;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use engine::RuleBookEntry;
use merkle::key::SigningKey;
use model::rule::bytes;
use rulebook::examples::{Tried, run as try_examples};
use rulebook::{File, PACKS, pack};
use serde_json::{Value, json};

use crate::ask::integer;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{self, Output, say};
use crate::show;
use crate::target::{Target, with_client};

/// Rules for payments.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil rule packs
  counterfoil rule pack qr-2018 > rules.toml
  counterfoil rule test rules.toml
  counterfoil rule enter rules.toml --version 1 --party 41 --key rules.key
  counterfoil rule show
  counterfoil rule findings 4711

A version is signed by the key of a party of the staff or of an authority, which the books know by
`act party_key_set`; docs/rules.md tells how rules are written.")]
pub enum Rule {
    /// Lists the packs of rules that come with Counterfoil.
    Packs,
    /// Prints a pack, to be copied and changed.
    Pack {
        /// Its name.
        name: String,
    },
    /// Tries the examples of rule files; of all packs where no file is named.
    Test {
        /// The files.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    Try(draft::Try),
    /// Signs a version of the rule book and enters it.
    Enter(Enter),
    /// Shows a version of the rule book; the one in force where none is named.
    Show {
        #[command(flatten)]
        target: Target,
        /// Its number.
        version: Option<u32>,
        /// Prints the rules as a file.
        #[arg(long)]
        toml: bool,
    },
    /// Shows what rules found in a command or transfer.
    Findings {
        #[command(flatten)]
        target: Target,
        /// Its id, decimal or 0x hexadecimal.
        #[arg(value_parser = integer)]
        command: u128,
    },
    /// Shows the halves of a key's public part, as `act party_key_set` takes them.
    Key {
        /// The file with the private key; `key new` makes one.
        #[arg(value_name = "FILE")]
        key: PathBuf,
    },
}

/// Signs a version of the rule book and enters it.
#[derive(Args)]
pub struct Enter {
    #[command(flatten)]
    target: Target,
    /// The rules.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Number of the version: that of the last and 1.
    #[arg(long)]
    version: u32,
    /// From when on it is in force, in nanoseconds since 1970; 0 is at once.
    #[arg(long, default_value_t = 0)]
    begins: u64,
    /// Who signs: a party of the staff, or an authority.
    #[arg(long, value_name = "ID", value_parser = integer)]
    party: u128,
    /// The file with the private key of the party.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// `rule`.
pub fn run(rule: &Rule, output: Output) -> Result<(), Failure> {
    match rule {
        Rule::Packs => {
            packs(output);
            Ok(())
        }
        Rule::Pack { name } => {
            let found = pack(name).ok_or_else(|| unknown_pack(name))?;
            match output {
                Output::Text => output::write(format_args!("{}", found.text)),
                Output::Json => say!("{}", json!({ "name": found.name, "text": found.text })),
            }
            Ok(())
        }
        Rule::Test { files } => test(files, output),
        Rule::Try(asked) => draft::run(asked, output),
        Rule::Enter(enter) => with_client(&enter.target, |client| enter.run(client, output)),
        Rule::Show {
            target,
            version,
            toml,
        } => with_client(target, |client| show(client, *version, *toml, output)),
        Rule::Findings { target, command } => with_client(target, |client| {
            let answer = client.get(&format!("/v1/findings/{command}"))?;
            show::print(&answer, output);
            Ok(())
        }),
        Rule::Key { key } => {
            show_key(&signing_key(key)?, output);
            Ok(())
        }
    }
}

fn packs(output: Output) {
    let rows = PACKS.iter().map(|pack| {
        let file = rulebook::read(pack.text).expect("the packs are tried by their tests");
        json!({ "name": pack.name, "title": file.title, "rules": file.book.rules.len() })
    });
    let rows: Vec<Value> = rows.collect();
    show::print(&Value::from(rows).to_string(), output);
}

fn unknown_pack(name: &str) -> Failure {
    let names: Vec<_> = PACKS.iter().map(|pack| pack.name).collect();
    Failure::Input(format!("{name} is no pack; there are {}", names.join(", ")))
}

fn test(files: &[PathBuf], output: Output) -> Result<(), Failure> {
    let mut tried = Vec::new();
    if files.is_empty() {
        for pack in PACKS {
            tried.push((pack.name.to_owned(), examples(pack.name, pack.text)?));
        }
    }
    for path in files {
        let name = path.display().to_string();
        let results = examples(&name, &read(path)?)?;
        tried.push((name, results));
    }
    let mut wrong = 0;
    for (name, examples) in &tried {
        wrong += report(name, examples, output);
    }
    if wrong > 0 {
        return Err(Failure::Check(format!("{wrong} examples are not so")));
    }
    Ok(())
}

fn examples(name: &str, text: &str) -> Result<Vec<Tried>, Failure> {
    let file = parse(name, text)?;
    Ok(try_examples(&file))
}

/// Tells what became of the examples of a file; returns how many are not so.
fn report(name: &str, tried: &[Tried], output: Output) -> usize {
    let wrong: Vec<_> = tried.iter().filter(|tried| tried.wrong.is_some()).collect();
    if output == Output::Json {
        let views = wrong.iter().map(|tried| {
            json!({
                "rule": tried.rule, "example": tried.name, "line": tried.line,
                "wrong": tried.wrong,
            })
        });
        let views: Vec<Value> = views.collect();
        say!(
            "{}",
            json!({ "file": name, "examples": tried.len(), "wrong": views })
        );
        return wrong.len();
    }
    say!(
        "{name}: {} of {} examples are so",
        tried.len() - wrong.len(),
        tried.len()
    );
    for tried in &wrong {
        let why = tried.wrong.as_deref().unwrap_or_default();
        say!(
            "  line {}, {}, {:?}: {why}",
            tried.line,
            tried.rule,
            tried.name
        );
    }
    wrong.len()
}

fn read(path: &Path) -> Result<String, Failure> {
    let wrong = |error| Failure::Input(format!("{}: {error}", path.display()));
    fs::read_to_string(path).map_err(wrong)
}

fn parse(name: &str, text: &str) -> Result<File, Failure> {
    rulebook::read(text).map_err(|error| Failure::Input(format!("{name}: {error}")))
}

impl Enter {
    fn run(&self, client: &mut Client, output: Output) -> Result<(), Failure> {
        let text = read(&self.file)?;
        let file = parse(&self.file.display().to_string(), &text)?;
        let wrong: Vec<_> = try_examples(&file)
            .into_iter()
            .filter_map(|tried| tried.wrong.map(|why| (tried.line, why)))
            .collect();
        if let Some((line, why)) = wrong.first() {
            let file = self.file.display();
            return Err(Failure::Check(format!("{file}: line {line}: {why}")));
        }
        let entry = RuleBookEntry {
            bytes: bytes::encode(&file.book),
            version: self.version,
            begins: self.begins,
            party: self.party,
            signature: [0; 64],
        };
        let key = signing_key(&self.key)?;
        let line = key.sign_note_text(&entry.note_text());
        let line = line.map_err(|error| Failure::Input(format!("the key: {error}")))?;
        let body = json!({
            "rules": text,
            "version": self.version,
            "begins": self.begins.to_string(),
            "party": self.party.to_string(),
            "signature": hexadecimal(&line.bytes),
        });
        let answer = client.post("/v1/rules", &body)?;
        show::print(&answer, output);
        Ok(())
    }
}

pub(crate) fn signing_key(path: &Path) -> Result<SigningKey, Failure> {
    let text = read(path)?;
    let wrong = |error| Failure::Input(format!("{}: {error}", path.display()));
    SigningKey::parse(text.trim_end()).map_err(wrong)
}

fn show_key(key: &SigningKey, output: Output) {
    let public = hexadecimal(key.verifier().public_key());
    let (first, second) = public.split_at(public.len().min(32));
    match output {
        Output::Text => say!("key={first} key_more={second}"),
        Output::Json => say!("{}", json!({ "key": first, "key_more": second })),
    }
}

fn show(
    client: &mut Client,
    version: Option<u32>,
    toml: bool,
    output: Output,
) -> Result<(), Failure> {
    let answer = match version {
        Some(version) => client.get(&format!("/v1/rules/{version}"))?,
        None => client.get("/v1/rules")?,
    };
    if output == Output::Json {
        show::print(&answer, output);
        return Ok(());
    }
    let mut view: Value = serde_json::from_str(&answer).map_err(Failure::input)?;
    if version.is_none() {
        view = view["in_force"].take();
    }
    if view.is_null() {
        say!("no rule book is in force");
        return Ok(());
    }
    if toml {
        output::write(format_args!(
            "{}",
            view["text"].as_str().unwrap_or_default()
        ));
        return Ok(());
    }
    let text = |view: &Value| view.as_str().unwrap_or_default().to_owned();
    say!(
        "version {}, in force from {}",
        view["version"],
        text(&view["begins"])
    );
    for rule in view["rules"].as_array().into_iter().flatten() {
        let verified = if rule["verified"] == true {
            ""
        } else {
            " (not compared with the law)"
        };
        let [id, title, law, then] = ["id", "title", "law", "then"].map(|name| text(&rule[name]));
        say!("  {id}: {title}: {then}. {law}{verified}");
    }
    Ok(())
}

/// Two digits a byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").expect("text takes everything");
    }
    text
}
