//! Rules from the file to the refusal: tried, signed, entered, kept to, looked up, audited, and
//! drafts tried on what happened.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A limit of 500.00 a day of payments by static code.
const RULES: &str = r#"
currency = "CNY"
jurisdiction = "CN"
zone = "Asia/Shanghai"

[[rule]]
id = "qr-d"
title = "QR payments of grade D"
source = { law = "Yinfa [2017] 296", verified = true }
valid = { from = "2018-04-01" }
scope = { channel = ["qr_d"], kind = ["pay"], payer_role = ["wallet"] }
require = { sum = { per = "party", within = "day" }, at_most = "500.00" }
then = "refuse"

[[rule.example]]
name = "the last fen of the day"
given = [{ time = "2018-04-02T10:00:00", amount = "499.99", kind = "pay", channel = "qr_d" }]
when = { time = "2018-04-02T11:00:00", amount = "0.01", kind = "pay", channel = "qr_d" }
then = "passes"
"#;

struct Books {
    folder: TempDir,
}

/// What a command prints that succeeds.
fn printed(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).expect("it is text")
}

impl Books {
    /// With a chart, two customers with money, and a member of the staff who has a key.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let books = Self { folder };
        books.done("init");
        books.done("ledger declare 156 CNY 2");
        books.done("chart load");
        books.done("act party_open party=11 kind=customer tier=1");
        books.done("act party_open party=12 kind=customer tier=1");
        books.done("act party_open party=41 kind=staff");
        books.done("act top_up party=11 ledger=156 amount=2000.00 funding=bank");
        let key = books.path("rules.key");
        books.run(
            &format!("key new --name staff.example/rules --out {key}"),
            false,
        );
        let halves = printed(&books.run(&format!("rule key {key}"), false));
        books.done(&format!("act party_key_set party=41 {}", halves.trim()));
        books
    }

    fn path(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        path.display().to_string()
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).expect("it is written");
        path
    }

    fn run(&self, line: &str, on_books: bool) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(line.split(' '));
        if on_books {
            command.arg("--data").arg(self.path("books"));
        }
        command.output().expect("it runs")
    }

    fn done(&self, line: &str) -> String {
        printed(&self.run(line, true))
    }

    /// The one line of a command that fails with `code`.
    fn fails(&self, code: i32, line: &str) -> String {
        let output = self.run(line, true);
        let errors = String::from_utf8(output.stderr).expect("it is text");
        assert_eq!(output.status.code(), Some(code), "{line}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        errors
    }

    fn enter(&self, file: &str, version: u32) -> String {
        let key = self.path("rules.key");
        format!("rule enter {file} --version {version} --party 41 --key {key}")
    }
}

fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[test]
fn a_rule_from_its_file_to_its_refusal() {
    let books = Books::new();
    let file = books.file("rules.toml", RULES);
    let tried = printed(&books.run(&format!("rule test {file}"), false));
    contains(&tried, &["1 of 1 examples are so"]);
    assert!(books.done("rule show").contains("no rule book is in force"));

    books.done(&books.enter(&file, 1));
    contains(
        &books.done("rule show"),
        &["version 1", "qr-d: QR payments of grade D: refuse"],
    );
    books.done("act --id 100 pay payer=11 payee=12 ledger=156 amount=370.00 channel=qr_d");
    let refused = books.fails(
        1,
        "act --id 101 pay payer=11 payee=12 ledger=156 amount=130.01 channel=qr_d",
    );
    contains(
        &refused,
        &[
            "QR payments of grade D: 370.00 of 500.00 CNY used, 130.00 left, asked for 130.01; free again at",
            "(Asia/Shanghai). Rule qr-d, version 1: Yinfa [2017] 296.",
        ],
    );
    books.done("act --id 102 pay payer=11 payee=12 ledger=156 amount=1000.00");
    books.done("act --id 101 pay payer=11 payee=12 ledger=156 amount=130.00 channel=qr_d");
    contains(
        &books.done("rule findings 101"),
        &["refused", "370.00 of 500.00"],
    );
    let told = books.done("events --kind finding.* --party 11 --json");
    let told: Value = serde_json::from_str(told.lines().next().expect("one")).expect("JSON");
    contains(&told.to_string(), &["\"rule\":0", "\"amount\":\"130.01\""]);
    books.fails(1, "rule findings 102");
    contains(&books.done("audit"), &["differences", "records added up"]);

    // What the log keeps is read again as the same rules.
    let shown = books.file("shown.toml", &books.done("rule show 1 --toml"));
    books.done(&books.enter(&shown, 1));
}

#[test]
fn a_draft_is_tried_on_what_happened() {
    let books = Books::new();
    let file = books.file("rules.toml", RULES);
    books.done(&books.enter(&file, 1));
    for (id, amount) in [(1, "100.00"), (2, "250.00"), (3, "400.00"), (4, "150.00")] {
        let line =
            format!("act --id {id} pay payer=11 payee=12 ledger=156 amount={amount} channel=qr_d");
        books.run(&line, true);
    }
    let stricter = RULES.replace("at_most = \"500.00\"", "at_most = \"300.00\"");
    let stricter = books.file("stricter.toml", &stricter.replace("499.99", "299.99"));
    let svg = books.path("chart.svg");
    let text = books.done(&format!("rule try {stricter} --svg {svg}"));
    contains(
        &text,
        &[
            "not made       1 payments, 250.00 CNY, of 1 people",
            "refused then   1 payments, 400.00 CNY",
            "let through  0 payments",
            "qr-d: 1 payments",
            "tier 1: 1 payments",
            "100.00 of 300.00 CNY used, 200.00 left, asked for 250.00",
        ],
    );
    contains(
        &fs::read_to_string(&svg).expect("it is there"),
        &["<svg", ": 1</title>"],
    );
    let looser = books.file("looser.toml", &RULES.replace("\"500.00\"", "\"900.00\""));
    let view = books.done(&format!("rule try {looser} --json"));
    let view: Value = serde_json::from_str(&view).expect("it is JSON");
    assert_eq!(view["stopped"]["payments"], 0);
    assert_eq!(
        view["let_through_instead"]["sums"][0]["amount"],
        "400.00 CNY"
    );
    let later = books.done(&format!("rule try {stricter} --from 2500-01-01"));
    contains(
        &later,
        &["judged         0 payments", "not made       0 payments"],
    );
    contains(
        &books.fails(2, &format!("rule try {stricter} --take nothing")),
        &["--take nothing"],
    );
}

/// A draft is assessed, the assessment signed and commented, and the draft waits for its time.
#[test]
fn a_draft_is_assessed_and_waits_for_comments() {
    let books = Books::new();
    let pay = "act --id 1 pay payer=11 payee=12 ledger=156 amount=250.00 channel=qr_d";
    books.done(pay);
    let draft = RULES
        .replace("\"500.00\"", "\"100.00\"")
        .replace("499.99", "99.99");
    let draft = books.file("draft.toml", &format!("title = \"A hundred\"\n{draft}"));
    let text = books.path("assessment.txt");
    let ask = format!("rule try {draft} --assessment {text}");
    contains(&books.fails(2, &ask), &["--by", "--comments-until"]);
    let on = |until: &str| format!("{ask} --by 41 --comments-until {until}");
    contains(
        &books.fails(2, &on("2500-01-01")),
        &["a moment is written as"],
    );
    books.done(&on("2099-01-01"));
    let written = fs::read_to_string(&text).expect("it is there");
    contains(
        &written,
        &[
            "counterfoil/assessment/v1\nby 00000000000000000000000000000029\ndraft ",
            "\ntitle A hundred\nfrom -\nto -\npayments 2\nrefused 1\npeople 1\nledger 156\nsum 25000\n",
            "comments_until 2099-01-01T00:00:00Z\n\nJudged: 2 payments, 2250.00 CNY.\n",
            "Tier 1: 1 payments, 250.00 CNY.",
        ],
    );
    let key = books.path("rules.key");
    let enter = |file: &str| {
        let data = books.path("books");
        format!("document --data {data} enter {file} --key {key}")
    };
    let entered = printed(&books.run(&format!("{} --json", enter(&text)), false));
    let entered: Value = serde_json::from_str(&entered).expect("it is JSON");
    let digest = entered["sha256"].as_str().expect("a digest");
    let comment = format!(
        "counterfoil/comment/v1\nby 00000000000000000000000000000029\nassessment {digest}\n\nToo little.\n"
    );
    printed(&books.run(&enter(&books.file("comment.txt", &comment)), false));
    contains(
        &books.fails(2, &books.enter(&draft, 1)),
        &["this draft can be commented until 2099-01-01T00:00:00Z"],
    );
    contains(
        &books.done("audit"),
        &["differences                           0"],
    );
}

/// Nothing is entered that is not signed by whom the books know, and in its turn.
#[test]
fn what_is_not_entered_is_told() {
    let books = Books::new();
    let file = books.file("rules.toml", RULES);
    contains(
        &books.fails(2, &books.enter(&file, 2)),
        &["the last version is 0"],
    );
    let key = books.path("other.key");
    books.run(
        &format!("key new --name staff.example/other --out {key}"),
        false,
    );
    let other = format!("rule enter {file} --version 1 --party 41 --key {key}");
    contains(
        &books.fails(2, &other),
        &["the signature is not the signer's"],
    );
    let stranger = books.enter(&file, 1).replace("--party 41", "--party 11");
    contains(&books.fails(2, &stranger), &["no party of the staff"]);
    let untrue = books.file(
        "untrue.toml",
        &RULES.replace("then = \"passes\"", "then = \"refuse\""),
    );
    contains(&books.fails(1, &books.enter(&untrue, 1)), &["line 15"]);
    let broken = books.file("broken.toml", &RULES.replace("at_most", "atmost"));
    contains(&books.fails(2, &books.enter(&broken, 1)), &["qr-d"]);
    assert!(books.done("rule show").contains("no rule book is in force"));
}

/// The packs that come with it are as they say.
#[test]
fn packs_are_listed_printed_and_tried() {
    let books = Books::new();
    let text = |line: &str| printed(&books.run(line, false));
    contains(&text("rule packs"), &["qr-2018", "client-money-uk"]);
    let pack = books.file("pack.toml", &text("rule pack qr-2018"));
    contains(&text(&format!("rule test {pack}")), &["examples are so"]);
    assert!(text("rule test").lines().count() >= 9);
    let output = books.run("rule pack nothing", false);
    assert_eq!(output.status.code(), Some(2));
}
