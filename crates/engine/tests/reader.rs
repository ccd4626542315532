//! The independent reader (`tests/vectors/reader.py`) against the engine: both read the same log,
//! and share no code.

mod scenario;

use std::path::Path;
use std::{fmt, fs};

use engine::audit;
use scenario::{ACCOUNTS, CREATED, block_on, every_kind, independent, line, made_of, market, open};

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
