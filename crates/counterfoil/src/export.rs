//! `trial-balance` and `export`: the books for accountants and their programs.

mod erased;
mod journal;
mod names;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, say};
use crate::target::{Target, with_client};
use crate::time::moment;

/// Shows what the accounts of each ledger add up to, by the chart.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil trial-balance
  counterfoil trial-balance --at 2026-01-05
  counterfoil trial-balance --at 2026-01-05T17:30:00Z --json")]
pub struct TrialBalance {
    #[command(flatten)]
    target: Target,
    /// As it stood then: RFC 3339, a date (its first moment, UTC), or nanoseconds since 1970.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<u64>,
}

/// Writes the books to a file that other programs read.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil export journal --format hledger --out books.journal && hledger -f books.journal check -s
  counterfoil export journal --format csv --from 2026-01-01 --to 2026-02-01 --out january.csv
  counterfoil export trial-balance --format csv --out trial.csv

What stays of an erased transfer is there, named so: its accounts, amount and time.")]
pub enum Export {
    /// Every transfer that posted: times, act, accounts by name, amount.
    Journal(Journal),
    /// The trial balance.
    TrialBalance(TrialFile),
}

#[derive(Args)]
pub struct Journal {
    /// What reads it.
    #[arg(long)]
    format: Format,
    /// Booked at or after this time.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<u64>,
    /// Booked before this time.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<u64>,
    /// The file; one that is there is replaced.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Args)]
pub struct TrialFile {
    /// What reads it.
    #[arg(long, default_value = "csv")]
    format: Table,
    /// As it stood then.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<u64>,
    /// The file; one that is there is replaced.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Hledger,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Table {
    Csv,
}

/// `trial-balance`.
pub fn trial_balance(asked: &TrialBalance, output: Output) -> Result<(), Failure> {
    let answer = with_client(&asked.target, |client| trial(client, asked.at))?;
    if output == Output::Json {
        say!("{answer}");
        return Ok(());
    }
    let trial: Value = serde_json::from_str(&answer).map_err(Failure::input)?;
    for ledger in array(&trial["ledgers"]) {
        let currency = text(&ledger["currency"]);
        say!("ledger {} {currency}", ledger["ledger"]);
        for line in array(&ledger["lines"]) {
            let sums = if line["summed"].is_null() {
                line
            } else {
                &line["summed"]
            };
            say!(
                "{}",
                columns(&line["code"].to_string(), text(&line["name"]), sums)
            );
        }
        say!("{}", columns("", "total", &ledger["total"]));
    }
    if trial["balanced"] == true {
        Ok(())
    } else {
        Err(Failure::Check("debits are not credits".into()))
    }
}

fn columns(code: &str, name: &str, sums: &Value) -> String {
    let (debits, credits) = (
        amount(sums, "debits_posted"),
        amount(sums, "credits_posted"),
    );
    format!("{code:>6}  {name:34} {debits:>22} {credits:>22}")
}

/// In major units where the ledger has a currency.
fn amount<'a>(sums: &'a Value, name: &str) -> &'a str {
    let minor = || text(&sums[format!("{name}_minor")]);
    sums[name].as_str().unwrap_or_else(minor)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn trial(client: &mut Client, at: Option<u64>) -> Result<String, Failure> {
    let query = at.map_or(String::new(), |at| format!("?at={at}"));
    client.get(&format!("/v1/trial-balance{query}"))
}

/// `export`.
pub fn run(export: &Export, client: &mut Client, output: Output) -> Result<(), Failure> {
    let (out, rows) = match export {
        Export::Journal(asked) => (
            &asked.out,
            written(&asked.out, |file| journal::write(asked, client, file))?,
        ),
        Export::TrialBalance(asked) => {
            let Table::Csv = asked.format;
            let answer = trial(client, asked.at)?;
            let trial: Value = serde_json::from_str(&answer).map_err(Failure::input)?;
            (&asked.out, written(&asked.out, |file| table(&trial, file))?)
        }
    };
    match output {
        Output::Json => say!("{}", serde_json::json!({ "file": out, "rows": rows })),
        Output::Text => say!("{}: {rows} rows", out.display()),
    }
    Ok(())
}

const SUMS: [&str; 4] = [
    "debits_posted",
    "credits_posted",
    "debits_pending",
    "credits_pending",
];

fn table(trial: &Value, file: &mut dyn Write) -> Result<usize, Failure> {
    let head = "ledger,currency,code,name,class,parent,accounts";
    writeln!(file, "{head},{}", SUMS.join(",")).map_err(Failure::input)?;
    let mut rows = 0;
    for ledger in array(&trial["ledgers"]) {
        for line in array(&ledger["lines"])
            .iter()
            .filter(|line| line["accounts"] != 0)
        {
            let mut cells = vec![
                ledger["ledger"].to_string(),
                cell(text(&ledger["currency"])),
            ];
            cells.push(line["code"].to_string());
            cells.push(cell(text(&line["name"])));
            cells.push(cell(text(&line["class"])));
            cells.extend(["parent", "accounts"].map(|name| line[name].to_string()));
            cells.extend(SUMS.map(|name| cell(amount(line, name))));
            writeln!(file, "{}", cells.join(",")).map_err(Failure::input)?;
            rows += 1;
        }
    }
    Ok(rows)
}

/// A cell of a table of comma-separated values. What a spreadsheet would take for a formula begins
/// with an apostrophe.
fn cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// Writes a file beside its place and puts it there once it is whole and on the disk.
fn written(
    out: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<usize, Failure>,
) -> Result<usize, Failure> {
    let failed = |error: std::io::Error| Failure::Input(format!("{}: {error}", out.display()));
    let mut beside = out.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let mut file = BufWriter::new(File::create(&beside).map_err(failed)?);
    let rows = write(&mut file)?;
    let file = file
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&beside, out).map_err(failed)?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_breaks_no_table() {
        for (text, expected) in [
            ("Own money", "Own money"),
            ("a,b", "\"a,b\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("=1+1", "'=1+1"),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
