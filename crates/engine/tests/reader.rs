//! The independent reader (`tests/vectors/reader.py`) against the engine: both read the same log,
//! and share no code.

mod scenario;

use std::path::Path;
use std::process::Command;
use std::{fmt, fs};

use engine::{Erase, audit, erase};
use model::{Object, QueryFilter};
use scenario::platform::play_platform;
use scenario::{
    ACCOUNTS, CREATED, Step, block_on, every_kind, independent, line, made_of, make, market, open,
    options, play, transfer, workspace,
};

/// Bytes as hexadecimal digits.
struct Hex([u8; 32]);

impl fmt::LowerHex for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Opens the books again and compares what they answer with what the reader printed.
fn check(data: &Path, ids: &[u128]) -> Option<String> {
    let (well, said) = independent(&[], data)?;
    assert!(well, "{said}");
    let books = open(data);
    let mut accounts = Vec::new();
    for ids in ids.chunks(1_000) {
        accounts.extend(block_on(books.lookup_accounts(ids.to_vec())).expect("found"));
    }
    assert_eq!(accounts.len(), ids.len(), "all accounts are there");
    accounts.sort_by_key(|account| account.id);
    let lines: Vec<String> = accounts.iter().map(line).collect();
    let stats = books.stats();
    block_on(books.close()).expect("closed");
    let end = format!("\"accounts\": [\n{}\n]}}\n", lines.join(",\n"));
    assert!(
        said.ends_with(&end),
        "the reader says\n{said}\nthe books say\n{end}"
    );

    let found = audit(data, &|_| ()).expect("it can be audited");
    assert_eq!(found.differences, [""; 0]);
    let root = format!("{:x}", Hex(found.root));
    for fact in [
        format!("\"batches\": {}", stats.batches),
        format!("\"records\": {}", stats.records),
        format!("\"pending\": {}", stats.pending),
        format!("\"transfers\": {}", found.transfers),
        format!("\"root_of_outer_tree\": \"{root}\""),
    ] {
        assert!(said.contains(&fact), "{fact} is not in\n{said}");
    }
    Some(said)
}

#[test]
fn both_read_the_same_from_records_of_every_kind() {
    let data = tempfile::tempdir().expect("a directory");
    let results = made_of(data.path(), &every_kind());
    let made = results
        .iter()
        .flatten()
        .filter(|result| result.status == CREATED)
        .count();
    let Some(said) = check(data.path(), &ACCOUNTS) else {
        return;
    };
    for fact in [
        "\"expired\": 2",
        "\"978\": \"EUR/2\"",
        "\"392\": \"JPY/0\"",
        "\"torn\": null",
    ] {
        assert!(said.contains(fact), "{fact} is not in\n{said}");
    }
    let transfers = format!("\"transfers\": {}", made - ACCOUNTS.len());
    assert!(said.contains(&transfers), "{transfers} is not in\n{said}");
}

#[test]
fn both_read_the_same_from_commands_of_every_act() {
    let data = tempfile::tempdir().expect("a directory");
    make(data.path(), 7);
    let books = open(data.path());
    play_platform(&books);
    let filter = QueryFilter {
        limit: 8_189,
        ..QueryFilter::default()
    };
    let ids: Vec<u128> = block_on(books.query_accounts(filter))
        .expect("found")
        .iter()
        .map(|account| account.id)
        .collect();
    block_on(books.close()).expect("closed");
    drop(books);
    let Some(said) = check(data.path(), &ids) else {
        return;
    };
    // Those from 52 on are about rules and decisions, which the script has none of.
    for (_, name, _) in Object::ALL.iter().filter(|(kind, _, _)| *kind < 52) {
        assert!(
            said.contains(&format!("\"{name}\": ")),
            "no {name} in\n{said}"
        );
    }
    for fact in ["\"party\": 7", "\"chart_line\": 21", "\"listing\": 2"] {
        assert!(said.contains(fact), "{fact} is not in\n{said}");
    }
    deeds_name_their_transfers(data.path());
    // A version that had no such records does not have them.
    let path = data.path().join("books");
    let mut bytes = fs::read(&path).expect("the superblock");
    bytes[8] = 2;
    let sum = crc32c::crc32c(&bytes[..68]);
    bytes[68..].copy_from_slice(&sum.to_le_bytes());
    fs::write(&path, bytes).expect("written");
    let (well, said) = independent(&["--summary"], data.path()).expect("it was there");
    assert!(!well && said.contains("version 2 has no record"), "{said}");
}

/// Deeds that name other transfers than were made are told; here they are changed as they are read.
fn deeds_name_their_transfers(data: &Path) {
    for (change, what) in [
        ("transfers + 1, first", "more transfers than there are"),
        ("transfers, first + 1", "is not there"),
        ("transfers, 0", "a first transfer"),
    ] {
        let script = format!(
            "import sys\n\
             import reader\n\
             deed = reader.Fold.deed\n\
             def changed(self, ident, act, digest, transfers, first, given, time):\n\
             \x20   if transfers:\n\
             \x20       transfers, first = {change}\n\
             \x20   deed(self, ident, act, digest, transfers, first, given, time)\n\
             reader.Fold.deed = changed\n\
             reader.main(sys.argv[1:])\n"
        );
        let run = Command::new("python3")
            .env("PYTHONPATH", workspace("tests/vectors"))
            .args(["-c", &script, "--summary"])
            .arg(data)
            .output()
            .expect("it was there");
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(
            !run.status.success() && said.contains(what),
            "{change}: {said}"
        );
    }
}

#[test]
fn both_read_the_same_from_a_day_of_the_market() {
    let data = tempfile::tempdir().expect("a directory");
    let (market, steps) = market(3, 4_000, 97);
    made_of(data.path(), &steps);
    let ids: Vec<u128> = market.accounts.iter().map(|account| account.id).collect();
    if check(data.path(), &ids).is_none() {
        return;
    }
    let posted: u128 = market
        .accounts
        .iter()
        .map(|account| account.debits_posted)
        .sum();
    let (well, said) = independent(&["--summary"], data.path()).expect("it was there");
    assert!(well, "{said}");
    for side in ["debits_posted", "credits_posted"] {
        let fact = format!("\"{side}\": \"{posted}\"");
        assert!(said.contains(&fact), "{fact} is not in\n{said}");
    }
}

/// Books with every kind of record, of which some are erased, and with statements between them.
fn with_erasures_and_statements(data: &Path) {
    made_of(data, &every_kind());
    let books = open(data);
    block_on(books.make_statement_from([3; 32])).expect("made");
    block_on(books.close()).expect("closed");
    drop(books);
    // A posted, a voided, an expired, a plain and a failed one, and one of a chain.
    let order = Erase {
        books: options(data),
        transfers: vec![20, 31, 22, 11, 14, 41, 500],
        retention_days: 0,
    };
    let erased = block_on(erase(&order)).expect("erased");
    assert_eq!(erased.places.len(), 10);
    let books = open(data);
    block_on(play(
        &books,
        &Step::Transfers(vec![transfer(80, (1, 6), 9, 0)]),
    ))
    .expect("taken");
    block_on(books.make_statement_from([4; 32])).expect("made");
    block_on(books.close()).expect("closed");
}

#[test]
fn both_read_the_same_where_records_were_erased() {
    let data = tempfile::tempdir().expect("a directory");
    with_erasures_and_statements(data.path());
    let Some(said) = check(data.path(), &ACCOUNTS) else {
        return;
    };
    for fact in ["\"erased\": 10", "\"statements\": 2", "\"978\": \"EUR/2\""] {
        assert!(said.contains(fact), "{fact} is not in\n{said}");
    }
}

#[test]
fn the_reader_names_what_of_the_erased_is_not_as_it_should_be() {
    let data = tempfile::tempdir().expect("a directory");
    with_erasures_and_statements(data.path());
    let folder = data.path().join("erased");
    let files = fs::read_dir(&folder).expect("the folder");
    let mut names: Vec<_> = files.map(|entry| entry.expect("an entry").path()).collect();
    names.sort();
    let path = names.swap_remove(0);
    let name = path
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let whole = fs::read(&path).expect("the file");
    let mut salt = whole.clone();
    let end = salt.len() - 4;
    salt[end - 1] ^= 1;
    let sum = crc32c::crc32c(&salt[..end]);
    salt[end..].copy_from_slice(&sum.to_le_bytes());
    let mut bit = whole.clone();
    bit[30] ^= 1;
    for (bytes, place) in [
        (Some(salt), "the root of the inner tree"),
        (Some(bit), name.as_str()),
        (None, name.as_str()),
    ] {
        match bytes {
            Some(bytes) => fs::write(&path, bytes).expect("written"),
            None => fs::remove_file(&path).expect("removed"),
        }
        let Some((well, said)) = independent(&["--summary"], data.path()) else {
            return;
        };
        assert!(!well && said.contains(place), "{place}: {said}");
    }
    fs::write(&path, whole).expect("written");
    fs::write(folder.join("00000000000000ff"), b"").expect("written");
    let (well, said) = independent(&["--summary"], data.path()).expect("it was there");
    assert!(!well && said.contains("00000000000000ff"), "{said}");
}

#[test]
fn the_reader_names_the_place_of_any_difference() {
    let data = tempfile::tempdir().expect("a directory");
    made_of(data.path(), &every_kind());
    let segment = data.path().join("log/0000000000000000.seg");
    let whole = fs::read(&segment).expect("the segment");
    let places = [
        (
            "log/0000000000000000.seg",
            9,
            "log/0000000000000000.seg, byte 0",
        ),
        (
            "log/0000000000000000.seg",
            300,
            "log/0000000000000000.seg, byte 0",
        ),
        (
            "log/0000000000000000.seg",
            4_096 * 3 + 70,
            "log/0000000000000000.seg, byte 12288",
        ),
        ("books", 20, "books"),
        ("salt", 20, "salt"),
    ];
    for (file, at, place) in places {
        let path = data.path().join(file);
        let before = fs::read(&path).expect("the file");
        let mut bytes = before.clone();
        bytes[at] ^= 1;
        fs::write(&path, &bytes).expect("written");
        let Some((well, said)) = independent(&[], data.path()) else {
            return;
        };
        assert!(!well && said.contains(place), "{file}, byte {at}: {said}");
        fs::write(&path, &before).expect("written");
    }
    let mut torn = whole;
    let end = torn
        .iter()
        .rposition(|&byte| byte != 0)
        .expect("it is not empty")
        / 4_096
        * 4_096;
    torn[end..end + 512].fill(0);
    fs::write(&segment, &torn).expect("written");
    let (well, said) = independent(&["--summary"], data.path()).expect("it was there");
    assert!(
        !well && said.contains("salt"),
        "the key belongs behind the torn end: {said}"
    );
    fs::remove_file(data.path().join("salt")).expect("removed");
    let (well, said) = independent(&["--summary"], data.path()).expect("it was there");
    assert!(!well && said.contains("No such file"), "{said}");
}
