//! `chart`: the chart of accounts as a file, loaded line by line.
//!
//! The id of the command that sets a line is made of the line and of when the one that stands
//! there was set. So a load that is sent twice is carried out once, and one that goes back to what
//! a line was before is carried out too.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use model::account_flags;
use model::form::text_to_integer;
use model::limits::BATCH_COMMANDS;
use model::object::{ACCOUNT_CLASSES, ROLES};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, say};

/// The chart that is loaded where no other is named.
pub const DEFAULT: &str = include_str!("chart/default.toml");

/// Bytes of a chart's file at most.
const FILE_BYTES: u64 = 1 << 20;

/// Characters of half a name.
const HALF: usize = 16;

/// Flags that a line may have, by the names of the API.
const FLAGS: [(&str, u16); 3] = [
    (
        "debits_must_not_exceed_credits",
        account_flags::DEBITS_MUST_NOT_EXCEED_CREDITS,
    ),
    (
        "credits_must_not_exceed_debits",
        account_flags::CREDITS_MUST_NOT_EXCEED_DEBITS,
    ),
    ("history", account_flags::HISTORY),
];

/// Loads a chart of accounts and shows it.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil chart load
  counterfoil chart load chart.toml
  counterfoil chart show

A file names its lines one by one, a parent above what it sums up:
  [[line]]
  code = 2000
  parent = 2
  class = \"liability\"
  role = \"wallet\"
  flags = [\"debits_must_not_exceed_credits\"]
  name = \"Wallet\"
Loading it twice changes nothing. Lines that it does not name stay.")]
pub enum Chart {
    /// Loads a chart, the shipped one where no file is named.
    Load {
        /// The chart in TOML.
        file: Option<PathBuf>,
    },
    /// Shows the lines as they stand.
    Show,
}

/// A chart's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    line: Vec<Line>,
}

/// One line of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    code: u16,
    class: String,
    #[serde(default = "no_role")]
    role: String,
    #[serde(default)]
    parent: u16,
    #[serde(default)]
    flags: Vec<String>,
    name: String,
}

fn no_role() -> String {
    "none".into()
}

/// What became of each line of a chart.
#[derive(Debug, Serialize)]
pub struct Loaded {
    /// Lines that are new or changed.
    pub created: usize,
    /// Lines that stood so before.
    pub exists: usize,
    /// Lines that the books refused, with the reason.
    pub refused: Vec<String>,
}

/// `chart`.
pub fn run(chart: &Chart, client: &mut Client, output: Output) -> Result<(), Failure> {
    match chart {
        Chart::Load { file } => {
            let text = match file {
                Some(path) => read(path).map_err(Failure::Input)?,
                None => DEFAULT.to_owned(),
            };
            let lines = parse(&text).map_err(|reason| {
                let name = file.as_deref().unwrap_or(Path::new("default.toml"));
                Failure::Input(format!("{}: {reason}", name.display()))
            })?;
            print_loaded(&load(&lines, client)?, output)
        }
        Chart::Show => show(client, output),
    }
}

/// Loads the shipped chart.
pub fn load_default(client: &mut Client) -> Result<Loaded, Failure> {
    load(&parse(DEFAULT).map_err(Failure::Input)?, client)
}

fn read(path: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    if bytes > FILE_BYTES {
        return Err(format!("{}: more than 1 MiB", path.display()));
    }
    std::fs::read_to_string(path).map_err(failed)
}

/// The lines of a file as fields of commands, all checked: nothing was sent yet.
fn parse(text: &str) -> Result<Vec<Map<String, Value>>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    if file.line.len() > BATCH_COMMANDS {
        return Err(format!("more than {BATCH_COMMANDS} lines"));
    }
    let mut codes = BTreeSet::new();
    let mut lines = Vec::with_capacity(file.line.len());
    for line in &file.line {
        let code = line.code;
        if !codes.insert(code) {
            return Err(format!("code {code} stands there twice"));
        }
        lines.push(fields(line).map_err(|reason| format!("code {code}: {reason}"))?);
    }
    Ok(lines)
}

fn fields(line: &Line) -> Result<Map<String, Value>, String> {
    let known = |word: &str, names: &[&str]| {
        if names.contains(&word) {
            return Ok(());
        }
        Err(format!("{word:?} is none of {}", names.join(", ")))
    };
    known(&line.class, ACCOUNT_CLASSES)?;
    known(&line.role, ROLES)?;
    let mut flags = 0;
    for name in &line.flags {
        known(name, &FLAGS.map(|(name, _)| name))?;
        let bits = FLAGS.iter().filter(|(known, _)| known == name);
        flags |= bits.fold(0, |set, (_, bit)| set | bit);
    }
    let halves = line.name.split_at_checked(HALF.min(line.name.len()));
    let (name, more) = halves.unwrap_or((&line.name, ""));
    if line.name.is_empty()
        || [name, more]
            .iter()
            .any(|half| text_to_integer(half).is_none())
    {
        return Err("a name is 1 to 32 printable characters of ASCII".into());
    }
    let fields = json!({
        "code": line.code, "class": line.class, "role": line.role, "parent": line.parent,
        "flags": flags, "name": name, "name_more": more,
    });
    match fields {
        Value::Object(fields) => Ok(fields),
        _ => unreachable!("it was written as an object"),
    }
}

/// Sends the lines that do not stand so already.
fn load(lines: &[Map<String, Value>], client: &mut Client) -> Result<Loaded, Failure> {
    let standing = lines_of_books(client)?;
    let commands: Vec<Value> = lines
        .iter()
        .filter_map(|line| command(line, &standing))
        .collect();
    let mut loaded = Loaded {
        created: 0,
        exists: lines.len() - commands.len(),
        refused: Vec::new(),
    };
    if commands.is_empty() {
        return Ok(loaded);
    }
    for (command, outcome) in commands.iter().zip(client.commands(&commands)?) {
        match outcome.status.as_str() {
            "created" => loaded.created += 1,
            "exists" => loaded.exists += 1,
            status => {
                let (code, detail) = (&command["code"], &outcome.detail);
                loaded
                    .refused
                    .push(format!("line {code}: {status}: {detail}"));
            }
        }
    }
    Ok(loaded)
}

/// The command that sets a line; `None` where it stands so.
fn command(line: &Map<String, Value>, standing: &[Value]) -> Option<Value> {
    let there = standing.iter().find(|there| there["code"] == line["code"]);
    let same = |there: &Value| line.iter().all(|(name, value)| there[name] == *value);
    if there.is_some_and(same) {
        return None;
    }
    let since = there.map_or(&Value::Null, |there| &there["timestamp"]);
    let content = json!(["chart_line_set", line, since]).to_string();
    let hash: [u8; 32] = Sha256::digest(content).into();
    let (half, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
    let mut command = line.clone();
    command.insert("id".into(), u128::from_le_bytes(*half).to_string().into());
    command.insert("act".into(), "chart_line_set".into());
    Some(Value::Object(command))
}

/// The lines that the books have, by code.
pub fn lines_of_books(client: &mut Client) -> Result<Vec<Value>, Failure> {
    let answer = client.get("/v1/chart")?;
    serde_json::from_str(&answer).map_err(Failure::input)
}

fn print_loaded(loaded: &Loaded, output: Output) -> Result<(), Failure> {
    let total = loaded.created + loaded.exists + loaded.refused.len();
    match output {
        Output::Json => say!("{}", json!(loaded)),
        Output::Text => say!(
            "{total} lines: {} created, {} exist, {} refused",
            loaded.created,
            loaded.exists,
            loaded.refused.len()
        ),
    }
    match loaded.refused.as_slice() {
        [] => Ok(()),
        refused => Err(Failure::Check(refused.join("; "))),
    }
}

fn show(client: &mut Client, output: Output) -> Result<(), Failure> {
    let lines = lines_of_books(client)?;
    match output {
        Output::Json => say!("{}", Value::from(lines)),
        Output::Text if lines.is_empty() => say!("no chart: `counterfoil chart load` loads one"),
        Output::Text => tree(&lines, &Value::from(0), 0),
    }
    Ok(())
}

/// Shows what is below a line, each with what is below it; the books let no line lead back.
fn tree(lines: &[Value], parent: &Value, depth: usize) {
    for line in lines.iter().filter(|line| line["parent"] == *parent) {
        let text = |name: &str| line[name].as_str().unwrap_or_default();
        let name = format!(
            "{}{}{}",
            "  ".repeat(depth),
            text("name"),
            text("name_more")
        );
        let role = Some(text("role")).filter(|role| *role != "none");
        let bits = line["flags"].as_u64().unwrap_or(0);
        let flags = FLAGS.iter().filter(|(_, bit)| bits & u64::from(*bit) != 0);
        let flags: Vec<_> = flags.map(|(name, _)| *name).collect();
        let row = format!(
            "{:>5}  {name:36} {:10} {:18} {}",
            line["code"].as_u64().unwrap_or(0),
            text("class"),
            role.unwrap_or_default(),
            flags.join(",")
        );
        say!("{}", row.trim_end());
        tree(lines, &line["code"], depth + 1);
    }
}

#[cfg(test)]
mod tests {
    use model::object::Role;

    use super::{DEFAULT, command, parse};

    #[test]
    fn the_shipped_chart_gives_every_role_one_line() {
        let lines = parse(DEFAULT).expect("it is sound");
        for role in &Role::ALL[1..] {
            let name = model::object::ROLES[*role as usize];
            let found = lines.iter().filter(|line| line["role"] == name).count();
            assert_eq!(found, 1, "{name}");
        }
        let mut above = vec![serde_json::Value::from(0)];
        for line in &lines {
            assert!(above.contains(&line["parent"]), "{line:?}: no parent above");
            above.push(line["code"].clone());
        }
    }

    #[test]
    fn a_line_is_sent_where_it_stands_otherwise() {
        let lines = parse(DEFAULT).expect("it is sound");
        let line = &lines[0];
        let first = command(line, &[]).expect("it is not there");
        assert_eq!(
            command(line, &[]).expect("nor is it now"),
            first,
            "asked again"
        );
        let mut standing = serde_json::Value::Object(line.clone());
        standing["timestamp"] = "7".into();
        assert_eq!(command(line, std::slice::from_ref(&standing)), None);
        standing["name"] = "Other".into();
        let back = command(line, &[standing]).expect("it is another");
        assert_ne!(back["id"], first["id"], "going back is a wish of its own");
    }

    #[test]
    fn what_is_wrong_in_a_file_is_named() {
        for (text, part) in [
            ("", "missing field `line`"),
            (
                "[[line]]\ncode=1\nclass=\"gold\"\nname=\"A\"",
                "none of asset",
            ),
            ("[[line]]\ncode=1\nclass=\"asset\"\nname=\"\"", "1 to 32"),
            (
                "[[line]]\ncode=1\nclass=\"asset\"\nname=\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
                "1 to 32",
            ),
            (
                "[[line]]\ncode=1\nclass=\"asset\"\nname=\"\u{c4}\"",
                "1 to 32",
            ),
            (
                "[[line]]\ncode=1\nclass=\"asset\"\nname=\"A\"\nflags=[\"closed\"]",
                "none of debits_must_not",
            ),
            (
                "[[line]]\ncode=1\nclass=\"asset\"\nname=\"A\"\n[[line]]\ncode=1\nclass=\"asset\"\nname=\"B\"",
                "twice",
            ),
        ] {
            let found = parse(text).expect_err("it is wrong");
            assert!(found.contains(part), "{text}: {found}");
        }
    }
}
