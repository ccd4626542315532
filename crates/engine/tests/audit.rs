//! An audit finds nothing in books that are whole, and names what was altered in others.

use std::fs;
use std::path::{Path, PathBuf};

use engine::{Books, Init, Options, audit, init};
use model::{Account, Transfer, account_flags, transfer_flags};

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(work)
}

/// Books with accounts that keep history, plain and pending transfers, a snapshot and a run.
fn books(data: &Path, transfers: u128) {
    init(
        data,
        &Init {
            segment_bytes: Some(16 << 20),
            secret: Some([7; 32]),
        },
    )
    .expect("made");
    block_on(async {
        let options = Options {
            data: data.to_owned(),
            manual_clock: true,
            signing: None,
        };
        let books = Books::open(&options).expect("the books open");
        let flags = account_flags::HISTORY;
        let account = |id| Account {
            id,
            ledger: 1,
            code: 1,
            flags,
            ..Account::default()
        };
        books
            .create_accounts((1..=9).map(account).collect())
            .await
            .expect("taken");
        let ids: Vec<u128> = (1..=transfers).collect();
        for ids in ids.chunks(8_000) {
            let event = |id: &u128| Transfer {
                id: *id,
                debit_account_id: id % 9 + 1,
                credit_account_id: (id + 4) % 9 + 1,
                amount: id % 100,
                user_data_64: 3,
                ledger: 1,
                code: 1,
                flags: if id.is_multiple_of(10) {
                    transfer_flags::PENDING
                } else {
                    0
                },
                ..Transfer::default()
            };
            let results = books
                .create_transfers(ids.iter().map(event).collect())
                .await;
            assert!(
                results
                    .expect("taken")
                    .iter()
                    .all(|result| result.status == u32::MAX)
            );
        }
        books.close().await.expect("closed");
    });
}

fn differences(data: &Path) -> Vec<String> {
    match audit(data, &|_| ()) {
        Ok(audit) => audit.differences,
        Err(error) => vec![error.to_string()],
    }
}

fn first_file(data: &Path, folder: &str, part: &str) -> PathBuf {
    let entries = fs::read_dir(data.join(folder)).expect("the folder is there");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.retain(|path| path.to_string_lossy().contains(part));
    paths.sort();
    paths.swap_remove(0)
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("the file is there");
    bytes[at] ^= 0x10;
    fs::write(path, bytes).expect("it is written");
}

#[test]
fn whole_books_pass() {
    let data = tempfile::tempdir().expect("a directory");
    books(data.path(), 300_000);
    let audit = audit(data.path(), &|_| ()).expect("audited");
    assert_eq!(audit.differences, Vec::<String>::new());
    assert_eq!(
        (audit.transfers, audit.accounts, audit.snapshots),
        (300_000, 9, 1)
    );
    assert!(audit.runs >= 1 && audit.entries > 500_000, "{audit:?}");
}

#[test]
fn what_was_altered_is_named() {
    let data = tempfile::tempdir().expect("a directory");
    books(data.path(), 300_000);
    let cases = [
        (
            first_file(data.path(), "log", "0.seg"),
            5_000,
            "log/0000000000000000.seg",
        ),
        (
            first_file(data.path(), "snapshots", ".snap"),
            400,
            "snapshots/",
        ),
        (first_file(data.path(), "index", "run-"), 9_000, "index"),
        (data.path().join("salt"), 20, "salt"),
        (data.path().join("books"), 20, "books"),
    ];
    for (path, at, name) in cases {
        flip(&path, at);
        let found = differences(data.path());
        assert!(
            found.iter().any(|line| line.contains(name)),
            "{name}: {found:?}"
        );
        flip(&path, at);
        assert_eq!(differences(data.path()), Vec::<String>::new());
    }
}

/// Checksums find accidents; who forges makes them fit. The hashes then do not.
#[test]
fn a_seed_that_was_forged_with_its_checksum_is_named() {
    let data = tempfile::tempdir().expect("a directory");
    books(data.path(), 100);
    let segment = first_file(data.path(), "log", "0.seg");
    let mut bytes = fs::read(&segment).expect("the file is there");
    bytes[40] ^= 1;
    let sum = crc32c::crc32c(&bytes[12..256]);
    bytes[8..12].copy_from_slice(&sum.to_le_bytes());
    fs::write(&segment, bytes).expect("it is written");
    let found = differences(data.path());
    assert!(
        found.iter().any(|line| line.contains("the root over")),
        "{found:?}"
    );
}
