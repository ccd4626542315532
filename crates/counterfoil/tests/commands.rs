//! The commands as a user meets them: what they print and how they end.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Books in a directory of their own, and the commands upon them.
struct Books {
    parent: TempDir,
}

impl Books {
    fn new() -> Self {
        let books = Self {
            parent: tempfile::tempdir().expect("a directory"),
        };
        books.done(&["init"]);
        books
    }

    fn data(&self) -> PathBuf {
        self.parent.path().join("books")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(arguments).arg("--data").arg(self.data());
        command.output().expect("it runs")
    }

    /// What a command that succeeds prints.
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).expect("it is text")
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.done(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).expect("it is JSON")
    }

    /// The one line of a command that fails with `code`.
    fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let errors = String::from_utf8(output.stderr).expect("it is text");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        errors
    }
}

const TRANSFER: [&str; 12] = [
    "transfer", "create", "--debit", "1", "--credit", "2", "--ledger", "978", "--code", "1",
    "--amount", "12.50",
];

fn transfer(id: &str) -> Vec<&str> {
    [TRANSFER.as_slice(), &["--id", id]].concat()
}

#[test]
fn a_payment_from_the_first_account_to_the_last_look() {
    let books = Books::new();
    books.done(&["ledger", "declare", "978", "EUR", "2"]);
    for id in ["1", "2"] {
        books.done(&[
            "account", "create", "--id", id, "--ledger", "978", "--code", "10", "--flags",
            "history",
        ]);
    }
    assert_eq!(books.json(&transfer("7"))["status"], "created");
    assert_eq!(books.json(&transfer("7"))["status"], "exists");
    let shown = books.json(&["account", "show", "2"]);
    assert_eq!(shown["credits_posted"], "12.50");
    let held = [transfer("8"), vec!["--flags", "pending"]].concat();
    books.done(&held);
    books.done(&["transfer", "post", "8", "--id", "9", "--minor", "250"]);
    let balances = books.json(&["query", "balances", "2"]);
    let posted: Vec<&Value> = balances
        .as_array()
        .expect("it is one")
        .iter()
        .map(|one| &one["credits_posted"])
        .collect();
    assert_eq!(posted, ["12.50", "12.50", "15.00"]);
    let moved = books.json(&["query", "account-transfers", "1", "--side", "debits"]);
    assert_eq!(moved.as_array().map(Vec::len), Some(3));
    assert_eq!(books.json(&["audit"])["differences"], Value::Array(vec![]));
}

#[test]
fn what_is_refused_ends_with_1_and_what_is_wrong_with_2() {
    let books = Books::new();
    books.done(&["ledger", "declare", "978", "EUR", "2"]);
    for id in ["1", "2"] {
        let flags = "debits_must_not_exceed_credits";
        let code = ["--ledger", "978", "--code", "10", "--flags", flags];
        books.done(&[["account", "create", "--id", id].as_slice(), &code].concat());
    }
    assert!(books.fails(1, &transfer("1")).contains("exceeds_credits"));
    assert!(books.fails(1, &transfer("1")).contains("id_already_failed"));
    assert!(books.fails(1, &["account", "show", "77"]).contains("77"));
    books.fails(1, &["ledger", "declare", "978", "USD", "2"]);
    books.fails(2, &["ledger", "declare", "978", "euro", "2"]);
    books.fails(2, &["account", "show", "x"]);
    books.fails(2, &["account", "create", "--id", "3"]);
    books.fails(
        2,
        &["account", "show", "1", "--server", "http://127.0.0.1:1"],
    );
    let fine = [transfer("2"), vec!["--flags", "pendign"]].concat();
    assert!(books.fails(2, &fine).contains("pendign"));
    books.fails(2, &["init"]);
    books.fails(2, &["serve", "--listen", "0.0.0.0:0", "--no-auth"]);
}

#[test]
fn tokens_are_made_listed_and_taken_back() {
    let books = Books::new();
    let new = ["token", "new", "--scope", "write", "--name", "shop"];
    let token = books.done(&new);
    assert!(token.starts_with("cf_write_") && token.lines().count() == 1);
    books.fails(2, &new);
    let listed = books.json(&["token", "list"]);
    assert_eq!(listed[0]["name"], "shop");
    books.done(&["token", "revoke", "--name", "shop"]);
    assert_eq!(books.json(&["token", "list"]), Value::Array(vec![]));
}

#[test]
fn a_demo_adds_up_and_is_the_same_again() {
    let books = Books {
        parent: tempfile::tempdir().expect("a directory"),
    };
    let demo = [
        "demo",
        "--events",
        "500",
        "--listen",
        "127.0.0.1:0",
        "--exit",
    ];
    let first = books.json(&demo);
    assert_eq!(first["differences"], Value::Array(vec![]));
    assert_eq!(first["debits"], first["credits"]);
    let after = &first["supervision"];
    let says = |name: &str, part: &str| {
        let text = after[name].as_str().unwrap_or_default();
        assert!(text.contains(part), "{part} is not in {after}");
    };
    says("rule", "40.00 of 50.00 EUR used");
    says("decision", "Decision 1 of authority 42 stops gift");
    assert_eq!(after["decision_state"], "lifted");
    assert_eq!(
        (&after["demand"], &after["narrowed"]),
        (&"closed".into(), &true.into())
    );
    assert_eq!(after["rows"], after["read"].to_string().as_str());
    assert_eq!(after["sealed"], serde_json::json!(["police", true]));
    assert_eq!(books.json(&demo), first);
    let audited = books.json(&["audit"]);
    assert_eq!(audited["differences"], Value::Array(vec![]));
    let other = [demo.as_slice(), &["--seed", "7"]].concat();
    let refused = books.run(&other);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn a_chart_is_loaded_once_and_acts_are_carried_out() {
    let books = Books::new();
    let loaded = books.json(&["chart", "load"]);
    assert_eq!(loaded["exists"], 0);
    let again = books.json(&["chart", "load"]);
    assert_eq!(
        (&again["created"], &again["exists"]),
        (&0.into(), &loaded["created"])
    );
    let tree = books.done(&["chart", "show"]);
    assert!(tree.contains("\n 2000    Wallet"), "{tree}");
    assert!(!tree.contains("no chart"), "{tree}");

    books.done(&["ledger", "declare", "978", "EUR", "2"]);
    let open = [
        "act",
        "party_open",
        "party=11",
        "kind=customer",
        "--id",
        "0x7",
    ];
    assert_eq!(books.json(&open)["status"], "created");
    assert_eq!(books.json(&open)["status"], "exists");
    let drawn = books.json(&["act", "party_open", "party=12", "kind=customer"]);
    assert_ne!(drawn["id"], "0", "an id was drawn, and is shown");
    let party = books.done(&["object", "party", "11"]);
    assert!(party.contains("kind"), "{party}");

    let refused = books.fails(1, &["act", "party_tier", "party=13", "tier=1"]);
    assert!(refused.contains("party_not_found"), "{refused}");
    let missing = books.fails(1, &["object", "party", "13"]);
    assert!(missing.contains("There is no party 13"), "{missing}");
}

#[test]
fn personal_data_are_kept_shown_and_erased_and_no_trace_has_them() {
    let books = Books::new();
    books.done(&["act", "party_open", "party=11", "kind=customer"]);
    books.done(&["act", "party_open", "party=41", "kind=staff"]);
    let bound = ["--scope", "admin", "--party", "41", "--role", "support"];
    let token = books.done(&[&["token", "new", "--name", "desk"][..], &bound].concat());
    let traces = books.parent.path().join("traces");
    let mut server = Command::new(env!("CARGO_BIN_EXE_counterfoil"))
        .args(["serve", "--no-auth", "--listen", "127.0.0.1:0", "--data"])
        .arg(books.data())
        .env("COUNTERFOIL_TRACE", "trace")
        .stdout(Stdio::piped())
        .stderr(File::create(&traces).expect("a file"))
        .spawn()
        .expect("it runs");
    let mut ready = String::new();
    let stdout = server.stdout.take().expect("it is piped");
    BufReader::new(stdout)
        .read_line(&mut ready)
        .expect("a line");
    let url = format!(
        "http://{}",
        ready.trim().rsplit("http://").next().expect("an address")
    );
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(["party", "data"]).args(arguments);
        command.args(["--json", "--server", &url, "--token", token.trim()]);
        let output = command.output().expect("it runs");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), answer, told)
    };
    let put = ["put", "11", "name=Zoe Novak", "x_equation=a=b"];
    assert_eq!(run(&put).1["status"], "created");
    assert_eq!(run(&put).1["status"], "exists");
    let show = ["show", "11", "--purpose", "support", "--reference", "C-7"];
    let (_, shown, _) = run(&show);
    assert_eq!(shown["data"]["name"], "Zoe Novak");
    assert_eq!(shown["data"]["x_equation"], "a=b");
    assert_eq!(run(&["erase", "11"]).1["status"], "erased");
    assert_eq!(run(&["erase", "11"]).1["status"], "erased_before");
    for (code, arguments, says) in [
        (2, &["put", "11", "Zoe Novak"][..], "FIELD=VALUE"),
        (1, &["put", "11", "name=Zoe Novak"], "party_data_erased"),
        (1, &show, "erased"),
    ] {
        let (ended, _, told) = run(arguments);
        assert_eq!(ended, Some(code), "{told}");
        assert!(told.contains(says) && !told.contains("Novak"), "{told}");
    }
    server.kill().expect("it ran");
    server.wait().expect("it ended");
    let traces = std::fs::read_to_string(traces).expect("they are text");
    assert!(traces.contains("serving"), "there are traces: {traces}");
    assert!(!traces.contains("Novak"), "{traces}");
}

#[test]
fn wrong_words_of_acts_and_charts_are_no_refusals() {
    let books = Books::new();
    for (words, part) in [
        (&["act", "fly"][..], "none of the acts"),
        (&["act", "release", "hold"], "is not FIELD=VALUE"),
        (
            &["act", "release", "hold=1", "--leg", "party=1,amount=1"],
            "takes no --leg",
        ),
        (&["act", "release", "hold=x"], "unsigned integer"),
        (&["act"], "NAME"),
        (&["object", "house", "1"], "no kind of objects"),
        (&["chart", "load", "/nowhere"], "/nowhere"),
    ] {
        let found = books.fails(2, words);
        assert!(found.contains(part), "{words:?}: {found}");
    }
    let list = books.done(&["act", "--list"]);
    assert!(list.contains("pay_split"), "{list}");
    let fields = books.done(&["act", "pay", "--help-fields"]);
    assert!(fields.contains("one of wallet, card, bank"), "{fields}");
}

/// Where a published set of data is, if it is.
fn published(name: &str) -> Option<PathBuf> {
    let workspace = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let data = std::env::var_os("COUNTERFOIL_DATA")
        .map_or_else(|| workspace.join("../shared/data"), PathBuf::from);
    let published = data.join(name);
    if !published.is_dir() {
        eprintln!("skipped: no data");
        return None;
    }
    Some(published)
}

#[test]
fn a_real_bank_is_taken_and_every_balance_is_the_published_one() {
    let Some(berka) = published("berka") else {
        return;
    };
    let books = Books::new();
    let import = ["import", "berka", berka.to_str().expect("it is text")];
    let first = books.json(&import);
    assert_eq!(first["mismatches"], Value::Array(vec![]));
    assert_eq!(first["balances_matched"], first["transactions"]);
    assert_eq!(first["transactions_created"], first["transactions"]);
    let again = books.json(&import);
    assert_eq!(again["transactions_created"], 0);
    assert_eq!(again["balances_matched"], first["balances_matched"]);
}

#[test]
fn a_real_marketplace_is_lived_through_and_its_money_adds_up() {
    let Some(olist) = published("olist") else {
        return;
    };
    let books = Books::new();
    let import = ["import", "olist", olist.to_str().expect("it is text")];
    let first = books.json(&import);
    assert_eq!(first["differences"], Value::Array(vec![]));
    assert_eq!(first["refusals"], Value::Array(vec![]));
    assert_eq!(first["money"]["escrow"], first["money"]["held"]);
    let again = books.json(&import);
    assert_eq!(again["commands_created"], 0);
    assert_eq!(again["commands_exist"], first["commands_created"]);
    for same in ["money", "sellers", "orders_by_state", "differences"] {
        assert_eq!(again[same], first[same], "{same}");
    }
}

#[test]
fn orders_are_not_lived_through_by_a_clock_that_is_past_them() {
    let Some(olist) = published("olist") else {
        return;
    };
    let books = Books::new();
    // By the system's clock, years after the orders.
    books.done(&["ledger", "declare", "986", "BRL", "2"]);
    let late = books.fails(2, &["import", "olist", olist.to_str().expect("it is text")]);
    assert!(late.contains("import into new books"), "{late}");
}

#[test]
fn events_are_told_from_anywhere_on() {
    let books = Books::new();
    books.done(&["ledger", "declare", "978", "EUR", "2"]);
    for id in ["1", "2"] {
        books.done(&[
            "account", "create", "--id", id, "--ledger", "978", "--code", "10",
        ]);
    }
    books.done(&[&TRANSFER[..], &["--id", "1"]].concat());
    let told = books.done(&["events"]);
    let kinds: Vec<&str> = told
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .collect();
    let expected = [
        "ledger.declared",
        "account.created",
        "account.created",
        "transfer.created",
    ];
    assert_eq!(kinds, expected, "{told}");
    let one: Value = books.json(&["events", "--kind", "transfer.*", "--from", "2"]);
    assert_eq!(
        (&one["position"], &one["record"]["amount"]),
        (&"3".into(), &"12.50".into())
    );
    assert_eq!(books.done(&["events", "--from", "end"]), "");
    assert_eq!(books.done(&["events", "--party", "9"]), "");
    let wrong = books.fails(2, &["events", "--kind", "transfer.paid"]);
    assert!(wrong.contains("expired or failed"), "{wrong}");
    books.fails(2, &["events", "--from", "5"]);
}

#[test]
fn webhooks_are_added_changed_and_removed() {
    let books = Books::new();
    let url = "http://127.0.0.1:9/hooks";
    let made = books.json(&[
        "webhook",
        "add",
        url,
        "--kind",
        "transfer.*",
        "--party",
        "7",
    ]);
    let id = made["id"].as_str().expect("a name").to_owned();
    assert!(
        made["secret"]
            .as_str()
            .is_some_and(|text| text.starts_with("whsec_"))
    );
    let all = books.json(&["webhook", "list"]);
    assert_eq!((&all[0]["id"], &all[0]["url"]), (&made["id"], &url.into()));
    assert_eq!(
        (&all[0]["parties"][0], all[0].get("secret")),
        (&"7".into(), None)
    );
    assert_eq!(books.json(&["webhook", "pause", &id])["state"], "paused");
    assert_eq!(books.json(&["webhook", "resume", &id])["state"], "active");
    let rotated = books.json(&["webhook", "rotate", &id]);
    assert_ne!(rotated["secret"], made["secret"]);
    assert_eq!(books.json(&["webhook", "dead", &id])["dropped"], "0");
    assert_eq!(
        books.json(&["webhook", "replay", &id, "--dead"])["letters"],
        0
    );
    assert_eq!(
        books.json(&["webhook", "replay", &id, "--from", "0"])["next"],
        "0"
    );
    books.fails(2, &["webhook", "add", "https://10.0.0.1/"]);
    books.fails(2, &["webhook", "pause", "../x"]);
    books.done(&["webhook", "remove", &id]);
    books.fails(1, &["webhook", "pause", &id]);
    assert_eq!(books.done(&["webhook", "list"]), "nothing found\n");
}
