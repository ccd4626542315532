//! The format of the directory: books of every version open in every release, and the same
//! commands leave the same bytes.

mod scenario;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use std::sync::Arc;

use engine::{Books, Erase, Options, ReceiptAnswer, Signing, audit, erase};
use merkle::key::{KeyKind, SigningKey, VerifierKey};
use merkle::policy::Policy;
use model::object::{Calendar, Day, Fee, FeeTier, Holiday, Listing, Noun};
use model::{Object, QueryFilter};
use scenario::platform::play_platform;
use scenario::{
    SEGMENT, Step, block_on, contents, every_kind, independent, line, made_of, make, market, open,
    options, play, play_all, transfer, workspace, write_contents,
};

/// All accounts: the fixtures have a few.
const EVERY: QueryFilter = QueryFilter {
    user_data_128: 0,
    user_data_64: 0,
    user_data_32: 0,
    ledger: 0,
    code: 0,
    reserved: [0; 6],
    timestamp_min: 0,
    timestamp_max: 0,
    limit: 8_189,
    flags: 0,
};

type Files = BTreeMap<PathBuf, (u64, Vec<u8>)>;

/// The books of a fixture, in which segments stand without the zeros at their end.
fn fixture(version: &str) -> Files {
    let mut files = contents(&workspace(&format!("fixtures/{version}/directory")));
    for (name, (len, _)) in &mut files {
        if name.extension().is_some_and(|extension| extension == "seg") {
            *len = SEGMENT;
        }
    }
    files
}

/// A file of the fixture of version 2.
fn kept(name: &str) -> Vec<u8> {
    let path = workspace("fixtures/v2").join(name);
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// As those of the fixture of version 2 are opened.
fn signing(data: &Path) -> Options {
    let key = SigningKey::generate("example.org/fixture", KeyKind::Ed25519, [5; 32]);
    let signing = Signing::new(vec![key.expect("a key")], None).expect("it signs");
    Options {
        signing: Some(Arc::new(signing)),
        ..options(data)
    }
}

/// The commands of the fixture of version 2: all that version 1 had, statements, an erasure.
fn second(data: &Path) {
    let open = || Books::open(&signing(data)).expect("the books open");
    make(data, 7);
    let books = open();
    play_all(&books, &every_kind());
    block_on(books.make_statement_from([3; 32])).expect("made");
    block_on(books.close()).expect("closed");
    drop(books);
    let order = Erase {
        books: signing(data),
        transfers: vec![20, 22, 11, 14],
        retention_days: 0,
    };
    block_on(erase(&order)).expect("erased");
    let books = open();
    block_on(play(
        &books,
        &Step::Transfers(vec![transfer(80, (1, 6), 9, 0)]),
    ))
    .expect("taken");
    block_on(books.make_statement_from([4; 32])).expect("made");
    block_on(books.close()).expect("closed");
}

/// What the books of version 2 hand out: a receipt of a record in a batch with erased ones, and a
/// balance proof with the receipt of its line.
fn handed_out(data: &Path) -> [(&'static str, Vec<u8>); 3] {
    let books = Books::open(&signing(data)).expect("the books open");
    let bytes = |answer| match answer {
        Ok(ReceiptAnswer::Checkpointed(receipt)) => receipt.to_bytes(),
        other => panic!("{other:?}"),
    };
    let receipt = bytes(block_on(books.receipt(12)));
    let proof = block_on(books.balance_proof(6, Some(2))).expect("made");
    let proof = proof.expect("it was counted");
    let statement = block_on(books.statement(2)).expect("read").expect("made");
    let is_its = |line: &&model::record::StatementLine| {
        (line.ledger, line.code, line.side) == (proof.ledger, proof.code, proof.side)
    };
    let line = statement.lines.iter().find(is_its).expect("its line").line;
    let statement = bytes(block_on(books.statement_receipt(2, line)));
    block_on(books.close()).expect("closed");
    [
        ("receipt", receipt),
        ("balance-proof", proof.to_text().into_bytes()),
        ("statement-receipt", statement),
    ]
}

/// The commands of the fixture of version 3: those of every act, and a statement.
fn third(data: &Path) {
    make(data, 7);
    let books = Books::open(&signing(data)).expect("the books open");
    play_platform(&books);
    block_on(books.make_statement_from([3; 32])).expect("made");
    block_on(books.close()).expect("closed");
}

/// Writes the newest fixture anew: once for a format, for what is committed never changes.
fn write_fixture(data: &Path) {
    let folder = workspace("fixtures/v3");
    let mut files = contents(data);
    for (name, (len, bytes)) in &mut files {
        if name.extension().is_some_and(|extension| extension == "seg") {
            *len = bytes.len() as u64;
        }
    }
    write_contents(&folder.join("directory"), &files);
    let books = open(data);
    fs::write(folder.join("accounts.jsonl"), accounts(&books).concat()).expect("written");
    fs::write(folder.join("objects.txt"), objects(&books)).expect("written");
    block_on(books.close()).expect("closed");
}

/// How the objects of the script stand, a line each: name and values.
fn objects(books: &Books) -> String {
    let mut all: Vec<Object> = block_on(books.chart())
        .expect("read")
        .into_iter()
        .map(Object::ChartLine)
        .collect();
    // What is found by its whole key alone: a fee and its tier, calendar, holiday, day, listings.
    let keys = [
        (Fee::KIND, (7, 0)),
        (FeeTier::KIND, (7, 0)),
        (Calendar::KIND, (0, 0)),
        (Holiday::KIND, (0, 20_459)),
        (Day::KIND, (20_459, 0)),
        (Listing::KIND, (0, 0)),
        (Listing::KIND, (1, 0)),
    ];
    let found = block_on(books.objects(keys.to_vec())).expect("read");
    all.extend(found.into_iter().map(|object| object.expect("it is there")));
    for id in 1..=112 {
        all.extend(block_on(books.objects_of(id)).expect("read"));
    }
    all.sort_by_key(|object| (object.kind(), object.key()));
    let line = |object: &Object| {
        let values: Vec<_> = object.values().iter().map(u128::to_string).collect();
        format!("{} {}\n", object.name(), values.join(" "))
    };
    all.iter().map(line).collect()
}

fn accounts(books: &Books) -> Vec<String> {
    let mut accounts = block_on(books.query_accounts(EVERY)).expect("found");
    accounts.sort_by_key(|account| account.id);
    accounts
        .iter()
        .map(|account| line(account) + "\n")
        .collect()
}

/// What every other file can be made from again.
fn truth(files: &Files) -> Files {
    let derived = |name: &Path| {
        ["index", "snapshots", "tree"]
            .iter()
            .any(|folder| name.starts_with(folder))
    };
    files
        .iter()
        .filter(|(name, _)| !derived(name))
        .map(|(n, f)| (n.clone(), f.clone()))
        .collect()
}

/// Where two directories differ: as a file and a byte, not as megabytes.
fn differences(one: &Files, other: &Files) -> Vec<String> {
    let names: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let difference = |name: &PathBuf| match (one.get(name), other.get(name)) {
        (Some((len, bytes)), Some((other_len, other_bytes))) => {
            let at = bytes
                .iter()
                .zip(other_bytes)
                .position(|(byte, other)| byte != other);
            let at = at.or((bytes.len() != other_bytes.len() || len != other_len).then_some(0));
            at.map(|at| format!("{}, byte {at}", name.display()))
        }
        _ => Some(format!("{} is in one alone", name.display())),
    };
    names.into_iter().filter_map(difference).collect()
}

#[test]
fn the_commands_of_the_first_fixture_leave_its_bytes_again() {
    let data = tempfile::tempdir().expect("a directory");
    made_of(data.path(), &every_kind());
    let made = contents(data.path());
    // A later version has more kinds of records, and writes those of the first as it did.
    let version = ["books, byte 8"];
    assert_eq!(differences(&truth(&made), &truth(&fixture("v1"))), version);
}

#[test]
fn the_commands_of_the_second_fixture_leave_its_bytes_again() {
    let data = tempfile::tempdir().expect("a directory");
    second(data.path());
    let made = contents(data.path());
    let version = ["books, byte 8"];
    assert_eq!(differences(&truth(&made), &truth(&fixture("v2"))), version);
}

#[test]
fn the_commands_of_the_third_fixture_leave_its_bytes_again() {
    let data = tempfile::tempdir().expect("a directory");
    third(data.path());
    if std::env::var("COUNTERFOIL_FIXTURE").is_ok_and(|what| what == "write") {
        write_fixture(data.path());
    }
    let made = contents(data.path());
    assert_eq!(differences(&truth(&made), &truth(&fixture("v3"))), [""; 0]);
}

#[test]
fn the_objects_of_the_third_fixture_stand_as_they_stood() {
    for with_snapshot in [true, false] {
        let data = tempfile::tempdir().expect("a directory");
        let files = fixture("v3");
        let files = if with_snapshot { files } else { truth(&files) };
        write_contents(data.path(), &files);
        let expected = fs::read_to_string(workspace("fixtures/v3/objects.txt"));
        let books = open(data.path());
        assert_eq!(
            objects(&books),
            expected.expect("the objects of the fixture")
        );
        block_on(books.close()).expect("closed");
    }
}

#[test]
fn books_of_every_version_open() {
    for version in ["v1", "v2", "v3"] {
        let data = tempfile::tempdir().expect("a directory");
        write_contents(data.path(), &fixture(version));
        check_fixture(version, data.path(), true);
    }
}

#[test]
fn books_of_every_version_open_from_the_log_alone() {
    for version in ["v1", "v2", "v3"] {
        let data = tempfile::tempdir().expect("a directory");
        write_contents(data.path(), &truth(&fixture(version)));
        check_fixture(version, data.path(), false);
    }
}

#[test]
fn what_was_handed_out_once_holds_and_is_handed_out_again() {
    let key = String::from_utf8(kept("log.vkey")).expect("text");
    let policy = Policy::of_log(VerifierKey::parse(key.trim_end()).expect("a key"));
    let [receipt, proof, statement] = ["receipt", "balance-proof", "statement-receipt"].map(kept);
    let verdict = proofs::check(&receipt, None, &policy).expect("it holds");
    assert!(
        verdict.facts().contains(&("id", "12".to_owned())),
        "{verdict}"
    );
    let verdict = proofs::check(&proof, Some(&statement), &policy).expect("it holds");
    assert!(
        verdict.facts().contains(&("account", "6".to_owned())),
        "{verdict}"
    );
    let data = tempfile::tempdir().expect("a directory");
    write_contents(data.path(), &fixture("v2"));
    for (name, bytes) in handed_out(data.path()) {
        assert_eq!(
            String::from_utf8(bytes),
            String::from_utf8(kept(name)),
            "{name}"
        );
    }
}

/// Opens books of a fixture; their balances are those that the independent reader found.
fn check_fixture(version: &str, data: &Path, with_snapshot: bool) {
    let expected = workspace(&format!("fixtures/{version}/accounts.jsonl"));
    let expected = fs::read_to_string(expected).expect("the balances of the fixture");
    let found = audit(data, &|_| ()).expect("it can be audited");
    assert_eq!(found.differences, [""; 0], "{version}");
    if let Some((well, said)) = independent(&[], data) {
        let lines = expected.lines().collect::<Vec<_>>().join(",\n");
        assert!(well && said.contains(&lines), "{version}: {said}");
    }
    let books = open(data);
    let recovery = books.recovery();
    assert_eq!(recovery.snapshot.is_some(), with_snapshot, "{recovery:?}");
    assert_eq!(recovery.passed_over, [""; 0]);
    assert_eq!(recovery.replayed == 0, with_snapshot, "{recovery:?}");
    assert_eq!(accounts(&books).concat(), expected, "{version}");
    block_on(books.close()).expect("closed");
}

#[test]
fn the_same_commands_leave_the_same_bytes() {
    let (_, mut steps) = market(11, 30_000, 211);
    let later = |step| match step {
        // The market goes on behind the other business.
        scenario::Step::Clock(time) => scenario::Step::Clock(time + 1_000 * scenario::SECOND),
        step => step,
    };
    let mut all = every_kind();
    // Numbers 1 to 3 are taken by accounts of other kinds, and 1 to 71 by transfers.
    steps.retain(|step| !matches!(step, scenario::Step::Ledger(..)));
    all.extend(steps.into_iter().map(later));
    let directories = [(); 2].map(|()| {
        let data = tempfile::tempdir().expect("a directory");
        let results = made_of(data.path(), &all);
        (data, results)
    });
    let [(one, results), (other, other_results)] = &directories;
    assert!(results == other_results, "the answers differ");
    assert_eq!(
        differences(&contents(one.path()), &contents(other.path())),
        [""; 0]
    );
    let [one, other] = [one, other].map(|data| audit(data.path(), &|_| ()).expect("audited"));
    assert_eq!(
        (one.differences.len(), one.root, one.state),
        (0, other.root, other.state)
    );
    assert!(
        one.records > 20_000,
        "most of the day happened: {} records",
        one.records
    );
}
