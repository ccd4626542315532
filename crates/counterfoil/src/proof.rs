//! `receipt`, `balance-proof`, `statement` and `verify`: getting proofs and checking them.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::ask::integer;
use clap::{Args, Subcommand};
use merkle::key::VerifierKey;
use merkle::policy::Policy;
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::config::{read_bytes, read_policy};
use crate::failure::Failure;
use crate::output::{self, Output, say};
use crate::target::Target;

/// How long a receipt is waited for that no checkpoint covers yet.
const PATIENCE: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// Gets the receipt of a transfer: anyone can check with it that the transfer is in the log.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil receipt 4711 --out 4711.tlog-proof
  counterfoil verify 4711.tlog-proof --key \"$(counterfoil key show --data ./books)\"")]
pub struct Receipt {
    #[command(flatten)]
    pub target: Target,
    /// The transfer.
    #[arg(value_parser = integer)]
    id: u128,
    /// The file to write; standard output where it is not given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Gets the proof that an account's balance was counted in a statement.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil balance-proof 2 --out 2.balance --receipt-out statement.tlog-proof
  counterfoil verify 2.balance --statement statement.tlog-proof --policy policy")]
pub struct BalanceProof {
    #[command(flatten)]
    pub target: Target,
    /// The account.
    #[arg(value_parser = integer)]
    account: u128,
    /// The statement; the newest one where it is not given.
    #[arg(long, value_name = "NUMBER")]
    statement: Option<u64>,
    /// The file to write; standard output where it is not given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A file for the receipt of the statement's line, which checking the proof needs.
    #[arg(long, value_name = "FILE")]
    receipt_out: Option<PathBuf>,
}

/// Statements: every balance summed up and committed to.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil statement make
  counterfoil statement list
  counterfoil statement show 1
  counterfoil statement receipt 1 0 --out total.tlog-proof")]
pub enum Statement {
    /// Makes one of the books as they stand.
    Make,
    /// Lists them.
    List,
    /// Shows the totals of one.
    Show { number: u64 },
    /// Gets the receipt of a line, by which its total is in the log.
    Receipt {
        number: u64,
        line: u32,
        /// The file to write; standard output where it is not given.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Gets the proof that the draw of a gift that has ended was fair.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil gift-proof 4711 --out 4711.gift
  counterfoil verify 4711.gift --key \"$(counterfoil key show --data ./books)\"")]
pub struct GiftProof {
    #[command(flatten)]
    pub target: Target,
    /// The gift.
    #[arg(value_parser = integer)]
    id: u128,
    /// The file to write; standard output where it is not given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// `gift-proof`.
pub fn gift_proof(proof: &GiftProof, client: &mut Client, output: Output) -> Result<(), Failure> {
    let bytes = covered(client, &format!("/v1/gifts/{}/proof", proof.id))?;
    hand_out(&bytes, proof.out.as_deref(), output)
}

/// Checks a receipt, a balance proof, a gift proof or a checkpoint, offline.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil verify 4711.tlog-proof --key books.example/log+1234abcd+AbC...
  counterfoil verify 4711.tlog-proof --policy policy
  counterfoil verify 2.balance --statement statement.tlog-proof --policy policy

A policy is a C2SP tlog-policy: the keys of logs and witnesses, and how many witnesses have to have
cosigned. Exit code 1 where the file does not prove what it should.")]
pub struct Verify {
    /// The file.
    file: PathBuf,
    /// The public key of a log to trust; may be given more than once.
    #[arg(long, value_name = "VKEY", required_unless_present = "policy")]
    key: Vec<String>,
    /// A policy in place of keys.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    policy: Option<PathBuf>,
    /// Of a balance proof: the receipt of its statement's line.
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
}

/// `receipt`.
pub fn receipt(receipt: &Receipt, client: &mut Client, output: Output) -> Result<(), Failure> {
    let path = format!("/v1/transfers/{}/receipt", receipt.id);
    let proof = covered(client, &path)?;
    hand_out(&proof, receipt.out.as_deref(), output)
}

/// `balance-proof`.
pub fn balance_proof(
    proof: &BalanceProof,
    client: &mut Client,
    output: Output,
) -> Result<(), Failure> {
    let mut path = format!("/v1/accounts/{}/balance-proof", proof.account);
    if let Some(statement) = proof.statement {
        path = format!("{path}?statement={statement}");
    }
    let bytes = covered(client, &path)?;
    if let Some(out) = &proof.receipt_out {
        let own = proofs::balance::BalanceProof::parse(&bytes).map_err(Failure::input)?;
        let statement = client.get(&format!("/v1/statements/{}", own.statement))?;
        let line = line_of(&statement, &own).ok_or_else(|| {
            Failure::Input("the statement has no line for this account".to_owned())
        })?;
        let path = format!("/v1/statements/{}/receipts/{line}", own.statement);
        write(out, &covered(client, &path)?)?;
    }
    hand_out(&bytes, proof.out.as_deref(), output)
}

/// The number of the line that a balance proof leads to.
fn line_of(statement: &str, proof: &proofs::balance::BalanceProof) -> Option<u64> {
    let statement: Value = serde_json::from_str(statement).ok()?;
    let lines = statement.get("lines")?.as_array()?;
    let is_it = |line: &&Value| {
        line["ledger"] == proof.ledger
            && line["code"] == proof.code
            && line["side"] == proof.side.name()
    };
    lines.iter().find(is_it)?.get("line")?.as_u64()
}

/// `statement`.
pub fn statement(
    statement: &Statement,
    client: &mut Client,
    output: Output,
) -> Result<(), Failure> {
    let answer = match statement {
        Statement::Make => client.order("/v1/statements")?,
        Statement::List => client.get("/v1/statements")?,
        Statement::Show { number } => client.get(&format!("/v1/statements/{number}"))?,
        Statement::Receipt { number, line, out } => {
            let proof = covered(client, &format!("/v1/statements/{number}/receipts/{line}"))?;
            return hand_out(&proof, out.as_deref(), output);
        }
    };
    if output == Output::Json {
        say!("{}", answer.trim_end());
        return Ok(());
    }
    let answer: Value = serde_json::from_str(&answer).map_err(Failure::input)?;
    match answer.as_array() {
        None => show_statement(&answer),
        Some(all) => all.iter().for_each(show_statement),
    }
    Ok(())
}

fn show_statement(statement: &Value) {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    say!(
        "statement {}, of the first {} batches",
        text(&statement["number"]),
        text(&statement["batches"])
    );
    for line in statement["lines"].as_array().into_iter().flatten() {
        say!(
            "  line {:>3}  ledger {:>5}  code {:>5}  {:6} {:>30}  2^{} leaves",
            text(&line["line"]),
            text(&line["ledger"]),
            text(&line["code"]),
            text(&line["side"]),
            text(&line["total"]),
            text(&line["height"])
        );
    }
}

/// `verify`.
pub fn verify(verify: &Verify, output: Output) -> Result<(), Failure> {
    let policy = match &verify.policy {
        Some(path) => read_policy(path)?,
        None => policy_of(&verify.key)?,
    };
    let statement = verify.statement.as_deref().map(read_bytes).transpose()?;
    let file = fs::read(&verify.file)
        .map_err(|error| Failure::Input(format!("{}: {error}", verify.file.display())))?;
    match proofs::check(&file, statement.as_deref(), &policy) {
        Ok(verdict) => {
            match output {
                Output::Text => output::write(format_args!("{verdict}")),
                Output::Json => say!("{}", facts_json(&verdict)),
            }
            Ok(())
        }
        Err(refusal) => {
            if output == Output::Json {
                let (code, what) = (refusal.code.name(), &refusal.what);
                say!("{}", json!({ "ok": false, "code": code, "what": what }));
            }
            Err(Failure::Check(refusal.to_string()))
        }
    }
}

/// A policy that trusts logs by their keys and asks for no witness.
pub fn policy_of(keys: &[String]) -> Result<Policy, Failure> {
    let mut text = String::new();
    for key in keys.iter().flat_map(|keys| keys.split_whitespace()) {
        VerifierKey::parse(key).map_err(|error| Failure::Input(format!("{key}: {error}")))?;
        let _ = writeln!(text, "log {key}");
    }
    text.push_str("quorum none\n");
    Policy::parse(text.as_bytes()).map_err(|error| Failure::Input(format!("--key: {error}")))
}

fn facts_json(verdict: &proofs::Verdict) -> Value {
    let mut facts = Map::new();
    let (mut witnesses, mut claims) = (Vec::new(), Vec::new());
    for (name, value) in verdict.facts() {
        if *name == "witness" {
            witnesses.push(json!(value));
        } else if *name == "claim" {
            claims.push(json!(value));
        } else {
            facts.insert((*name).to_owned(), json!(value));
        }
    }
    facts.insert("witnesses".to_owned(), json!(witnesses));
    if facts.get("kind") == Some(&json!("gift")) {
        facts.insert("claims".to_owned(), json!(claims));
    }
    json!({ "ok": true, "facts": facts })
}

/// Asks for a proof until a checkpoint covers it.
pub fn covered(client: &mut Client, path: &str) -> Result<Vec<u8>, Failure> {
    for _ in 0..PATIENCE {
        match client.resource(path)? {
            (202, _) => std::thread::sleep(PAUSE),
            (_, body) => return Ok(body),
        }
    }
    let what = "it is in the log, but no checkpoint covers it yet";
    Err(Failure::Check(format!("{path}: {what}")))
}

/// Writes a proof where it was asked for.
pub fn hand_out(proof: &[u8], out: Option<&Path>, output: Output) -> Result<(), Failure> {
    let Some(out) = out else {
        let text = String::from_utf8_lossy(proof);
        match output {
            Output::Text => output::write(format_args!("{text}")),
            Output::Json => say!("{}", json!({ "proof": text })),
        }
        return Ok(());
    };
    write(out, proof)?;
    let (file, bytes) = (out.display().to_string(), proof.len());
    match output {
        Output::Text => say!("wrote {file}, {bytes} bytes"),
        Output::Json => say!("{}", json!({ "file": file, "bytes": bytes })),
    }
    Ok(())
}

fn write(out: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(out, bytes).map_err(|error| Failure::Input(format!("{}: {error}", out.display())))
}
