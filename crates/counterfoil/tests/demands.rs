//! A demand for data from its text to what the authority reads, by the commands alone.

mod books;

use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use books::{Books, printed, published, run};
use serde_json::Value;

const MANDATE: &str = "\
counterfoil/mandate/v1
authority 0000000000000000000000000000002a
number 1
by 00000000000000000000000000000029
law Criminal Procedure Act
jurisdiction CN
court no
decides -
products -
bulk -
from -
to -

The law names the police as who may ask.
";

const SCOPE: &str = "\
counterfoil/demand/v1
authority 0000000000000000000000000000002a
reference INV-2026-0042
basis Criminal Procedure Act, section 94
purpose tracing of a fraud
subjects persons 0000000000000000000000000000000b,0000000000000000000000000000000c
roles owner
fields account,time,kind,party,side,amount
kinds any
from 2026-01-01T00:00:00Z
to 2099-01-01T00:00:00Z
sealed no
";

const WHY: &str = "\"One person is named in the order of the prosecutor, and the other is not; so \
                   what leaves is about the one alone.\"";

/// Two customers, two members of the staff and an authority with a mandate.
fn supervised() -> Books {
    let parties = [
        (11, "customer"),
        (12, "customer"),
        (41, "staff"),
        (45, "staff"),
        (42, "authority"),
    ];
    let books = Books::new(&parties, &[41, 45, 42]);
    let mandate = books.write("mandate.txt", MANDATE);
    books.done(&format!(
        "document enter {mandate} --key {}",
        books.path("41.key")
    ));
    books
}

fn by(books: &Books, party: u32) -> String {
    format!("--by {party} --key {}", books.path(&format!("{party}.key")))
}

fn contains(text: &str, part: &str) {
    assert!(text.contains(part), "{part:?} is not in {text}");
}

#[test]
fn a_demand_is_narrowed_approved_by_two_answered_and_read() {
    let books = supervised();
    books.done("act top_up party=11 ledger=156 amount=100.00 funding=bank");
    books.done("act pay payer=11 payee=12 ledger=156 amount=2.50");
    let scope = books.write("scope.txt", SCOPE);
    let (authority, staff) = (books.path("42.key"), books.path("41.key"));
    let send = |key: &str| format!("demand send {scope} --class police --key {key}");
    contains(&books.fails(2, &send(&staff)), "signature");
    contains(&books.done(&send(&authority)), "class        police");
    contains(&books.done(&send(&authority)), "serial       1");
    let less = SCOPE.replace(",0000000000000000000000000000000c", "");
    let less = books.write("less.txt", &less);
    let more = books.write(
        "more.txt",
        &SCOPE.replace("pay", "x").replace("owner", "any"),
    );
    let (first, second) = (by(&books, 41), by(&books, 45));
    books.done(&format!("demand step 1 examined {first}"));
    let wider = books.fails(2, &format!("demand narrow 1 {more} {first} --reason {WHY}"));
    contains(&wider, "never asks for more");
    let out = books.path("answer.age");
    let answer = format!("demand answer 1 --out {out}");
    contains(&books.fails(2, &answer), "examined");
    books.done(&format!("demand narrow 1 {less} {first} --reason {WHY}"));
    books.done(&format!("demand step 1 approved {first}"));
    let alone = format!("demand step 1 approved {first} --reason \"Looked at once more.\"");
    contains(&books.fails(2, &alone), "two different members");
    contains(&books.fails(2, &answer), "approved_once");
    assert!(
        !Path::new(&out).exists(),
        "nothing is left of what was refused"
    );
    books.done(&format!("demand step 1 approved {second}"));
    contains(&books.done(&answer), "rows       2");
    let read = |key: &str| format!("demand read {out} --key {key}");
    let sheet = printed(&run(&read(&authority)));
    assert_eq!(sheet.lines().count(), 3, "{sheet}");
    contains(
        &sheet,
        ",pay,0000000000000000000000000000000b,debit,250\r\n",
    );
    let other = run(&read(&staff));
    assert_eq!(
        other.status.code(),
        Some(2),
        "it is encrypted to the authority"
    );
    books.done(&format!("demand step 1 noticed {first}"));
    books.done(&format!("demand step 1 closed {first}"));
    contains(&books.done("demand show 1"), "state        closed");
    contains(
        &books.done("demand list"),
        "1  police        closed, narrowed\n1 demands, 0 overdue",
    );
    // Who asked stands in the books and is shown to nobody as such.
    contains(&books.done("object demand 1"), "police");
    contains(&books.fails(1, "object demand_file 1"), "no demand_file");
    contains(
        &books.fails(2, &format!("demand answer 1 --out {out}.2")),
        "closed",
    );
}

/// What a person's token gets.
fn mine(url: &str, token: &str, line: &str) -> std::process::Output {
    run(&format!("me --server {url} --token {token} {line}"))
}

#[test]
fn whoever_was_asked_about_sees_it_and_checks_it_and_nobody_else_does() {
    let books = supervised();
    books.done("act top_up party=11 ledger=156 amount=100.00 funding=bank");
    books.done("act pay payer=11 payee=12 ledger=156 amount=2.50");
    let scope = SCOPE.replace(",0000000000000000000000000000000c", "");
    let sealed = scope.replace("sealed no", "sealed 2098-01-01T00:00:00Z");
    let sealed = sealed.replace("0042", "0043");
    let key = books.path("42.key");
    for (serial, text) in [(1, &scope), (2, &sealed)] {
        let file = books.write("scope.txt", text);
        books.done(&format!("demand send {file} --class police --key {key}"));
        books.done(&format!("demand step {serial} examined {}", by(&books, 41)));
        for party in [41, 45] {
            books.done(&format!(
                "demand step {serial} approved {}",
                by(&books, party)
            ));
        }
        let out = books.path(&format!("{serial}.age"));
        books.done(&format!("demand answer {serial} --out {out}"));
    }
    let out = books.path("1.age");
    let given = printed(&run(&format!("demand read {out} --key {key}")));
    let own = books.token("--name own --scope person --party 11");
    let other = books.token("--name other --scope person --party 12");
    let books_key = books.done("key show");
    let serving = books.serve();
    let seen = printed(&mine(&serving.url, &own, "disclosures"));
    contains(&seen, "demand 1 of authority 42 (police), answered");
    contains(
        &seen,
        "by Criminal Procedure Act, section 94\n  for tracing of a fraud",
    );
    contains(&seen, "disclosure 1: 2 rows of 1 accounts");
    assert!(!seen.contains("demand 2"), "it is sealed: {seen}");
    let rows = printed(&mine(&serving.url, &own, "rows 1"));
    assert_eq!(rows, given, "what was given, to the byte");
    let json = printed(&mine(&serving.url, &own, "disclosures --json"));
    let json: Value = serde_json::from_str(&json).expect("it is JSON");
    let receipt = json["demands"][0]["disclosures"][0]["receipt"].as_str();
    let receipt = books.write("receipt", receipt.expect("a checkpoint covers it"));
    let own_key = books_key.trim();
    let verified = printed(&run(&format!("verify {receipt} --key {own_key}")));
    contains(&verified, "disclosure");
    // A stranger with the log's key counts both demands, the sealed one too.
    let monitor = format!("monitor {}/log --key {own_key} --json", serving.url);
    let watched: Value = serde_json::from_str(&printed(&run(&monitor))).expect("it is JSON");
    assert_eq!(
        watched["findings"].as_array().map(Vec::len),
        Some(0),
        "{watched}"
    );
    let none = printed(&mine(&serving.url, &other, "disclosures"));
    contains(&none, "nobody asked");
    for (token, number) in [(&other, 1), (&own, 2), (&own, 3)] {
        let refused = mine(&serving.url, token, &format!("rows {number}"));
        assert_eq!(refused.status.code(), Some(1), "{number}");
    }
}

/// A column of the bank's own file, without its quotes.
fn column(line: &str, number: usize) -> &str {
    line.split(';')
        .nth(number)
        .unwrap_or_default()
        .trim_matches('"')
}

/// `1100.0` in hundredths.
fn hundredths(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part: i64 = format!("{part:0<2}").parse().expect("digits");
    let negative = whole.starts_with('-');
    let whole: i64 = whole.parse().expect("digits");
    whole * 100 + if negative { -part } else { part }
}

/// What the bank itself published of an account: side, amount and balance of each transaction.
fn extracted(berka: &Path, account: &str) -> Vec<(String, i64, i64)> {
    let file = berka.join("trans_930101_940330.asc.gz");
    let file = std::fs::File::open(file).expect("the published file");
    let mut text = String::new();
    let read = flate2::read::GzDecoder::new(file).read_to_string(&mut text);
    read.expect("it is unpacked");
    let own = text.lines().filter(|line| column(line, 1) == account);
    let rows = own.map(|line| {
        let side = if column(line, 3) == "PRIJEM" {
            "credit"
        } else {
            "debit"
        };
        let (amount, balance) = (column(line, 5), column(line, 6));
        (side.to_owned(), hundredths(amount), hundredths(balance))
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_unstable();
    rows
}

fn message(account: &str) -> String {
    format!(
        "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:auth.001.001.01\">
  <InfReqOpng>
    <InvstgtnId>INV-1999-0001</InvstgtnId>
    <LglMndtBsis>
      <Prgrph>Criminal Procedure Act, section 94</Prgrph>
      <Dsclmr>tracing of a fraud</Dsclmr>
    </LglMndtBsis>
    <CnfdtltySts>false</CnfdtltySts>
    <InvstgtnPrd><Dt><FrDt>2026-01-01</FrDt><ToDt>2098-12-31</ToDt></Dt></InvstgtnPrd>
    <SchCrit>
      <Acct>
        <Id><Id><Othr><Id>{account}</Id></Othr></Id></Id>
        <InvstgtdPties><Cd>OWNE</Cd></InvstgtdPties>
        <AuthrtyReqTp><MsgNmId>camt.053.001.08</MsgNmId></AuthrtyReqTp>
      </Acct>
    </SchCrit>
  </InfReqOpng>
</Document>
"
    )
}

/// Whether a message is valid, where its schema and a tool for it are there.
fn is_valid(file: &str, schema: &str) -> Option<bool> {
    let schema = published("iso20022")?.join(schema);
    let checked = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema)
        .arg(file)
        .output();
    Some(checked.ok()?.status.success())
}

#[test]
fn an_account_of_a_real_bank_goes_from_auth_001_to_auth_002() {
    let Some(berka) = published("berka") else {
        return;
    };
    let books = supervised();
    books.done(&format!("import berka \"{}\"", berka.display()));
    // The bank's account 1801, whose owner is known by the same number.
    books.done("act party_open party=1801 kind=customer");
    let accounts: Value = {
        let query = "query accounts --user-data-128 1801 --json";
        serde_json::from_str(&books.done(query)).expect("it is JSON")
    };
    let id = accounts[0]["id"].as_str().or(accounts["id"].as_str());
    let id: u128 = id.expect("it is imported").parse().expect("it is an id");
    let request = books.write("request.xml", &message(&format!("{id:032x}")));
    if let Some(valid) = is_valid(&request, "auth.001.001.01.xsd") {
        assert!(valid, "the request is one of the schema");
    }
    let key = books.path("42.key");
    books.done(&format!(
        "demand send {request} --class police --key {key} --authority 42"
    ));
    books.done(&format!("demand step 1 examined {}", by(&books, 41)));
    for party in [41, 45] {
        books.done(&format!("demand step 1 approved {}", by(&books, party)));
    }
    let (out, reply) = (books.path("answer.age"), books.path("reply.xml"));
    books.done(&format!("demand answer 1 --out {out} --message {reply}"));
    let sheet = printed(&run(&format!("demand read {out} --key {key}")));
    let mut lines = sheet.lines();
    let header: Vec<_> = lines.next().expect("a header").split(',').collect();
    let at = |name: &str| header.iter().position(|field| *field == name).expect(name);
    let (side, amount, balance) = (at("side"), at("amount"), at("balance"));
    let mut rows: Vec<_> = lines
        .map(|line| {
            let values: Vec<_> = line.split(',').collect();
            let number = |place: usize| values[place].parse::<i64>().expect("a number");
            (values[side].to_owned(), number(amount), number(balance))
        })
        .collect();
    rows.sort_unstable();
    let published = extracted(&berka, "1801");
    assert!(published.len() > 50, "the account has lived");
    let moved = |rows: &[(String, i64, i64)]| -> Vec<_> {
        let moved = rows.iter().map(|(side, amount, _)| (side.clone(), *amount));
        moved.collect()
    };
    assert_eq!(moved(&rows), moved(&published), "what the bank published");
    // It kept its balances exactly, and published them, and the interests, rounded to a tenth.
    let apart = rows.iter().zip(&published);
    let apart = apart
        .map(|(row, published)| row.2.abs_diff(published.2))
        .max();
    assert!(apart <= Some(50), "balances are {apart:?} hellers apart");
    let text = std::fs::read_to_string(&reply).expect("an answer");
    contains(&text, "<RspnSts>COMP</RspnSts>");
    contains(&text, &format!("<Rows>{}</Rows>", rows.len()));
    if let Some(valid) = is_valid(&reply, "auth.002.001.01.xsd") {
        assert!(valid, "the answer is one of the schema: {text}");
    }
}
