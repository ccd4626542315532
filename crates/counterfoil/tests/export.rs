//! What is exported, read by a program that nobody here wrote.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn run(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.args(arguments).arg("--data").arg(data);
    command.output().expect("it runs")
}

fn done(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("it is text")
}

/// A command in words.
fn say(data: &Path, words: &str) -> String {
    done(data, &words.split(' ').collect::<Vec<_>>())
}

fn books(data: &Path) {
    for words in [
        "init",
        "ledger declare 978 EUR 2",
        "ledger declare 5 X1 0",
        "ledger declare 6 EUR 4",
        "chart load",
        "act party_open party=11 kind=customer tier=3",
        "act top_up party=11 ledger=978 amount=100.00 funding=bank",
        "account create --id 1 --ledger 5 --code 7",
        "account create --id 2 --ledger 5 --code 7",
        "account create --id 3 --ledger 6 --code 7",
        "account create --id 4 --ledger 6 --code 8",
        "transfer create --id 1 --debit 1 --credit 2 --amount 12 --ledger 5 --code 1",
        "transfer create --id 2 --debit 3 --credit 4 --amount 1.0001 --ledger 6 --code 1",
        "transfer create --id 3 --debit 2 --credit 1 --amount 5 --ledger 5 --code 1 --flags pending",
        "transfer create --id 4 --debit 2 --credit 1 --amount 3 --ledger 5 --code 1 --flags pending",
        "transfer post 3 --id 5 --minor 4",
        "transfer void 4 --id 6",
    ] {
        say(data, words);
    }
}

#[test]
fn a_journal_says_what_posted() {
    let folder = tempfile::tempdir().expect("a directory");
    let data = folder.path().join("books");
    books(&data);
    let out = folder.path().join("journal.csv");
    let file = out.to_str().expect("text");
    done(
        &data,
        &["export", "journal", "--format", "csv", "--out", file],
    );
    let text = std::fs::read_to_string(&out).expect("it is there");
    assert_eq!(text.lines().count(), 1 + 4, "{text}");
    assert!(text.contains(",liabilities:wallet:11,100.00,EUR"), "{text}");
    assert!(text.contains(",5,accounts:7:2,accounts:7:1,4,X1"), "{text}");
    let none = [
        "export",
        "journal",
        "--format",
        "csv",
        "--to",
        "2020-01-01",
        "--out",
        file,
    ];
    assert!(done(&data, &none).contains(": 0 rows"));
    done(
        &data,
        &["export", "trial-balance", "--format", "csv", "--out", file],
    );
    let text = std::fs::read_to_string(&out).expect("it is there");
    assert!(
        text.contains("\n6,EUR,7,,,0,1,1.0001,0.0000,0.0000,0.0000\n"),
        "{text}"
    );
    let shown = say(&data, "trial-balance");
    assert!(
        shown.contains("ledger 978 EUR") && shown.contains("total"),
        "{shown}"
    );
}

/// Forgets two transfers, of which one was reserved first.
fn erase(data: &Path) {
    let config = data.join("config.toml");
    let text = std::fs::read_to_string(&config).expect("it is there");
    let text = text.replace("retention_days = 3653", "retention_days = 0");
    std::fs::write(&config, text).expect("written");
    say(data, "erase 1 3");
}

#[test]
fn what_stays_of_an_erased_transfer_is_in_the_journal() {
    let folder = tempfile::tempdir().expect("a directory");
    let data = folder.path().join("books");
    books(&data);
    let out = folder.path().join("journal.csv");
    let file = out.to_str().expect("text");
    let journal = |from: &[&str]| {
        let asked = ["export", "journal", "--format", "csv", "--out", file];
        done(&data, &[&asked, from].concat());
        std::fs::read_to_string(&out).expect("it is there")
    };
    let before = journal(&[]);
    erase(&data);
    let after = journal(&[]);
    // All but the act and the id of the erased ones is as it was, in the same order.
    let plain = |text: &str, act: &str| -> Vec<String> {
        let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let rows = text.lines().map(cells);
        let rows = rows.filter(|cells| act.is_empty() || cells[2] == act);
        let rows = rows.map(|cells| [&cells[..2], &cells[4..]].concat().join(","));
        rows.collect()
    };
    assert_eq!(plain(&after, ""), plain(&before, ""), "{after}");
    assert_eq!(plain(&after, "erased").len(), 2, "{after}");
    let last = after.lines().rfind(|line| line.contains(",erased,"));
    let last = last.expect("there is one").split(',').next();
    let some = journal(&["--from", last.expect("a time")]);
    assert_eq!(plain(&some, "erased").len(), 1, "{some}");
}

/// Debits less credits by ledger and code, in minor units.
fn trial(data: &Path) -> BTreeMap<(u64, u64), i128> {
    let trial: Value = serde_json::from_str(&say(data, "trial-balance --json")).expect("JSON");
    let mut balances = BTreeMap::new();
    for ledger in trial["ledgers"].as_array().expect("ledgers") {
        for line in ledger["lines"].as_array().expect("lines") {
            let minor = |name: &str| line[name].as_str().expect("text").parse::<i128>();
            let debits = minor("debits_posted_minor").expect("a number");
            let credits = minor("credits_posted_minor").expect("a number");
            let key = (ledger["ledger"].as_u64(), line["code"].as_u64());
            if debits != credits {
                balances.insert((key.0.expect("one"), key.1.expect("one")), debits - credits);
            }
        }
    }
    balances
}

#[test]
fn hledger_takes_the_journal_and_finds_the_same_balances() {
    same_balances(|_| ());
}

#[test]
fn hledger_finds_the_same_balances_where_some_was_erased() {
    same_balances(erase);
}

fn same_balances(then: fn(&Path)) {
    if Command::new("hledger").arg("--version").output().is_err() {
        eprintln!("skipped: no hledger");
        return;
    }
    let folder = tempfile::tempdir().expect("a directory");
    let data = folder.path().join("books");
    books(&data);
    then(&data);
    let out = folder.path().join("books.journal");
    let file = out.to_str().expect("text");
    done(
        &data,
        &["export", "journal", "--format", "hledger", "--out", file],
    );
    let hledger = |arguments: &[&str]| {
        let mut command = Command::new("hledger");
        command.env("LC_ALL", "C.UTF-8").arg("-f").arg(&out);
        let output = command.args(arguments).output().expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).expect("text")
    };
    hledger(&["check", "-s"]);
    let report = hledger(&["balance", "--flat", "-N", "-O", "csv", "--layout=bare"]);
    let mut found = BTreeMap::new();
    for row in report.lines().skip(1) {
        let cells: Vec<_> = row.split(',').map(|cell| cell.trim_matches('"')).collect();
        let ledger = match cells[1] {
            // Of two ledgers with one code the lower number has the code alone.
            "EUR" => 6,
            "EUR-978" => 978,
            "X1" => 5,
            other => panic!("{other} in {report}"),
        };
        let amount: i128 = cells[2].replace('.', "").parse().expect("an amount");
        let code = match cells[0] {
            name if name.starts_with("accounts:") => name
                .split(':')
                .nth(1)
                .expect("a code")
                .parse()
                .expect("a number"),
            name if name.starts_with("liabilities:wallet") => 2000,
            name if name.starts_with("assets:") => 1000,
            other => panic!("{other} in {report}"),
        };
        *found.entry((ledger, code)).or_insert(0) += amount;
    }
    found.retain(|_, amount| *amount != 0);
    let mut expected = BTreeMap::new();
    for ((ledger, code), amount) in trial(&data) {
        let code = if ledger == 978 && code < 2000 {
            1000
        } else {
            code
        };
        *expected.entry((ledger, code)).or_insert(0) += amount;
    }
    assert!(expected.len() >= 4, "{expected:?}");
    assert_eq!(found, expected, "{report}");
}
