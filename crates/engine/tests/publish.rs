//! Checkpoints and receipts: signed in time, true for ever, and never against what was signed.
#![expect(
    clippy::disallowed_methods,
    reason = "how long a checkpoint takes is asked of the real clock"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Books, Init, Options, ReceiptAnswer, Signing};
use merkle::key::{KeyKind, SigningKey, VerifierKey};
use merkle::policy::Policy;
use model::{Account, Transfer};

const ORIGIN: &str = "books.example/log";

fn key(seed: u8) -> SigningKey {
    SigningKey::generate(ORIGIN, KeyKind::Ed25519, [seed; 32]).expect("a key")
}

fn options(data: &Path, seeds: &[u8]) -> Options {
    let keys = seeds.iter().map(|seed| key(*seed)).collect();
    Options {
        data: data.to_owned(),
        manual_clock: false,
        signing: Some(Arc::new(Signing::new(keys, None).expect("they sign"))),
    }
}

fn make(data: &Path) {
    let init = Init {
        segment_bytes: Some(16 << 20),
        secret: None,
    };
    engine::init(data, &init).expect("made");
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(work)
}

fn accounts(books: &Books) {
    let account = |id| Account {
        id,
        ledger: 1,
        code: 1,
        ..Account::default()
    };
    block_on(books.create_accounts(vec![account(1), account(2)])).expect("created");
}

fn transfer(books: &Books, id: u128) {
    let transfer = Transfer {
        id,
        debit_account_id: 1,
        credit_account_id: 2,
        amount: 7,
        ledger: 1,
        code: 1,
        ..Transfer::default()
    };
    block_on(books.create_transfers(vec![transfer])).expect("created");
}

/// Waits for the receipt of a transfer; how long it took.
fn receipt(books: &Books, id: u128) -> (Vec<u8>, Duration) {
    let since = Instant::now();
    loop {
        match block_on(books.receipt(id)).expect("answered") {
            ReceiptAnswer::Checkpointed(receipt) => return (receipt.to_bytes(), since.elapsed()),
            ReceiptAnswer::Sequenced(_) if since.elapsed() < Duration::from_secs(20) => {
                std::thread::sleep(Duration::from_millis(10));
            }
            other => panic!("{other:?}"),
        }
    }
}

fn trusting(key: &VerifierKey) -> Policy {
    Policy::of_log(key.clone())
}

#[test]
fn a_receipt_is_there_shortly_after_its_transfer() {
    let data = tempfile::tempdir().expect("a folder");
    make(data.path());
    let books = Books::open(&options(data.path(), &[1])).expect("opened");
    accounts(&books);
    let mut times = Vec::new();
    for id in 1..=5 {
        transfer(&books, id);
        let (bytes, took) = receipt(&books, id);
        times.push(took);
        let verdict = proofs::check(&bytes, None, &trusting(key(1).verifier()));
        let verdict = verdict.expect("it holds").to_string();
        assert!(verdict.contains(&format!("\nid: {id}\n")), "{verdict}");
    }
    times.sort();
    assert!(
        times[2] < Duration::from_secs(5),
        "a machine this slow proves nothing: {times:?}"
    );
    assert_eq!(
        block_on(books.receipt(99)).expect("answered"),
        ReceiptAnswer::Unknown
    );
    block_on(books.close()).expect("closed");
}

#[test]
fn while_two_keys_overlap_either_is_enough() {
    let data = tempfile::tempdir().expect("a folder");
    make(data.path());
    let signed_by = |seeds: &[u8], id| {
        let books = Books::open(&options(data.path(), seeds)).expect("opened");
        accounts(&books);
        transfer(&books, id);
        let (bytes, _) = receipt(&books, id);
        block_on(books.close()).expect("closed");
        bytes
    };
    let holds =
        |bytes: &[u8], seed| proofs::check(bytes, None, &trusting(key(seed).verifier())).is_ok();
    let old = signed_by(&[1], 1);
    let both = signed_by(&[2, 1], 2);
    let new = signed_by(&[2], 3);
    assert!(holds(&old, 1) && !holds(&old, 2));
    assert!(holds(&both, 1) && holds(&both, 2));
    assert!(!holds(&new, 1) && holds(&new, 2));
}

#[test]
fn the_end_of_the_log_is_signed_when_it_closes() {
    let data = tempfile::tempdir().expect("a folder");
    make(data.path());
    let books = Books::open(&options(data.path(), &[1])).expect("opened");
    accounts(&books);
    transfer(&books, 1);
    let batches = books.stats().batches;
    block_on(books.close()).expect("closed");
    let text = fs::read_to_string(data.path().join("checkpoint")).expect("kept");
    assert!(
        text.starts_with(&format!("{ORIGIN}\n{batches}\n")),
        "{text}"
    );
}

/// Copies a directory of books.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("copied");
        }
    }
}

#[test]
fn a_log_that_is_not_the_one_that_was_signed_does_not_start() {
    let data = tempfile::tempdir().expect("a folder");
    let (books_at, older) = (data.path().join("books"), data.path().join("older"));
    make(&books_at);
    let books = Books::open(&options(&books_at, &[1])).expect("opened");
    accounts(&books);
    block_on(books.close()).expect("closed");
    copy(&books_at, &older);
    for (at, id) in [(&books_at, 1), (&older, 2)] {
        let books = Books::open(&options(at, &[1])).expect("opened");
        transfer(&books, id);
        if id == 1 {
            transfer(&books, 3);
        }
        block_on(books.close()).expect("closed");
    }
    let signed = fs::read(books_at.join("checkpoint")).expect("kept");
    let refused = |at: &Path| {
        Books::open(&options(at, &[1]))
            .expect_err("refused")
            .to_string()
    };

    // A backup from before: fewer batches than were signed.
    let shorter = fs::read(older.join("checkpoint")).expect("kept");
    fs::write(older.join("checkpoint"), &signed).expect("written");
    let why = refused(&older);
    assert!(
        why.contains("3 batches were signed, the log has 2"),
        "{why}"
    );

    // Another history of the same length.
    fs::write(books_at.join("checkpoint"), &shorter).expect("written");
    let why = refused(&books_at);
    assert!(why.contains("are not those that were signed"), "{why}");

    fs::write(books_at.join("checkpoint"), &signed).expect("written");
    let books = Books::open(&options(&books_at, &[1])).expect("the right one opens");
    block_on(books.close()).expect("closed");
}

#[test]
fn without_its_tiles_the_log_makes_them_again() {
    let data = tempfile::tempdir().expect("a folder");
    make(data.path());
    let books = Books::open(&options(data.path(), &[1])).expect("opened");
    accounts(&books);
    (1..=20).for_each(|id| transfer(&books, id));
    let (before, _) = receipt(&books, 20);
    block_on(books.close()).expect("closed");
    fs::remove_dir_all(data.path().join("tree")).expect("removed");
    let books = Books::open(&options(data.path(), &[1])).expect("opened");
    let (after, _) = receipt(&books, 20);
    assert_eq!(after, before);
    block_on(books.close()).expect("closed");
}
