//! Erasing: what may go goes with every trace of it, and all that was ever proved stays provable.

mod scenario;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::{
    Audit, Books, Erase, EraseError, ErasedRecords, Options, Place, ReceiptAnswer, Signing, audit,
    erase,
};
use merkle::key::{KeyKind, SigningKey};
use merkle::policy::Policy;
use model::transfer_flags::{PENDING, VOID_PENDING};
use model::{Account, AccountFilter, QueryFilter, Transfer};
use scenario::{
    ACCOUNTS, CREATED, MORNING, SECOND, SEGMENT, Step, block_on, contents, ending, every_kind,
    make, place, play, play_all, transfer, write_contents,
};

/// The first of a batch of transfers, each with user data of its own.
const FIRST: u128 = 7 << 100;
const COUNT: u128 = 40;

const LOG: &str = "log/0000000000000000.seg";

fn key() -> SigningKey {
    SigningKey::generate("example.org/log", KeyKind::Ed25519, [5; 32]).expect("a key")
}

fn options(data: &Path) -> Options {
    Options {
        data: data.to_owned(),
        manual_clock: true,
        signing: Some(Arc::new(Signing::new(vec![key()], None).expect("it signs"))),
    }
}

fn open(data: &Path) -> Books {
    Books::open(&options(data)).expect("the books open")
}

fn loaded(id: u128) -> Transfer {
    let n = id - FIRST;
    Transfer {
        user_data_128: (0xC0DE << 112) + n,
        user_data_64: 0xBEEF_0000_0000_0000 + n as u64,
        user_data_32: 0xFACE_0000 + n as u32,
        ..transfer(id, (1, 5), 10 + n, 0)
    }
}

/// Books with all kinds of records and the loaded transfers in one batch.
fn books(data: &Path) {
    make(data, 7);
    let books = open(data);
    play_all(&books, &every_kind());
    let events = (FIRST..FIRST + COUNT).map(loaded).collect();
    let results = block_on(play(&books, &Step::Transfers(events))).expect("taken");
    assert!(results.iter().all(|result| result.status == CREATED));
    block_on(books.close()).expect("closed");
}

fn order(data: &Path, transfers: &[u128]) -> Erase {
    Erase {
        books: options(data),
        transfers: transfers.to_vec(),
        retention_days: 0,
    }
}

fn erased(data: &Path, transfers: &[u128]) -> ErasedRecords {
    block_on(erase(&order(data, transfers))).expect("erased")
}

fn refused(data: &Path, transfers: &[u128]) -> EraseError {
    let before = contents(data);
    let refusal = block_on(erase(&order(data, transfers))).expect_err("refused");
    let segments = |files: &std::collections::BTreeMap<_, _>| files.get(Path::new(LOG)).cloned();
    assert!(
        segments(&contents(data)) == segments(&before),
        "the log changed"
    );
    refusal
}

fn clean(data: &Path) -> Audit {
    let found = audit(data, &|_| ()).expect("audited");
    assert_eq!(found.differences, [""; 0]);
    found
}

fn balances(books: &Books) -> Vec<Account> {
    block_on(books.lookup_accounts(ACCOUNTS.to_vec())).expect("found")
}

/// The receipt of a transfer, once a checkpoint covers it.
fn receipt(books: &Books, id: u128) -> Vec<u8> {
    for _ in 0..400 {
        match block_on(books.receipt(id)).expect("answered") {
            ReceiptAnswer::Checkpointed(receipt) => return receipt.to_bytes(),
            ReceiptAnswer::Sequenced(_) => std::thread::sleep(Duration::from_millis(25)),
            other => panic!("{id}: {other:?}"),
        }
    }
    panic!("no checkpoint covers it")
}

fn holds(receipt: &[u8]) -> bool {
    let policy = Policy::of_log(key().verifier().clone());
    proofs::check(receipt, None, &policy).is_ok()
}

/// The files in which these bytes stand.
fn traces(data: &Path, bytes: &[u8]) -> Vec<String> {
    let found =
        |(_, content): &(u64, Vec<u8>)| content.windows(bytes.len()).any(|window| window == bytes);
    let files = contents(data);
    let named = files.iter().filter(|(_, file)| found(file));
    named.map(|(name, _)| name.display().to_string()).collect()
}

#[test]
fn what_stays_of_transfers_is_told_in_order() {
    let data = place();
    let data = data.path();
    books(data);
    let gone = [FIRST + 3, FIRST + 1, 10];
    let places = erased(data, &gone).places;
    let books = open(data);
    let told = block_on(books.erased_transfers(0)).expect("told");
    let found: Vec<_> = told.transfers.iter().map(|one| one.place).collect();
    assert_eq!((found, told.next), (places.clone(), None));
    let one = told.transfers.last().expect("there are some");
    let (moved, whole) = (one.moved, loaded(FIRST + 3));
    assert_eq!(
        (moved.debit_account_id, moved.credit_account_id),
        (whole.debit_account_id, whole.credit_account_id)
    );
    assert_eq!((moved.amount, one.ledger), (whole.amount, whole.ledger));
    let batch = one.place.batch;
    let rest = block_on(books.erased_transfers(batch)).expect("told");
    assert!(rest.transfers.iter().all(|one| one.place.batch == batch));
    assert_eq!(rest.transfers.len(), 2);
    let none = block_on(books.erased_transfers(batch + 1)).expect("told");
    assert!(none.transfers.is_empty());
    block_on(books.close()).expect("closed");
}

#[test]
fn what_may_not_go_stays() {
    let data = place();
    let data = data.path();
    books(data);
    let unknown = refused(data, &[999_999]);
    assert!(matches!(unknown, EraseError::Unknown(999_999)), "{unknown}");
    // Refused and entered nowhere: there is no record of it.
    let unknown = refused(data, &[16]);
    assert!(matches!(unknown, EraseError::Unknown(16)), "{unknown}");
    let open = refused(data, &[24]);
    assert!(matches!(open, EraseError::Open(24)), "{open}");
    let one_is_open = refused(data, &[10, 65]);
    assert!(matches!(one_is_open, EraseError::Open(65)), "{one_is_open}");
    let young = Erase {
        retention_days: 36_500,
        ..order(data, &[10])
    };
    let young = block_on(erase(&young)).expect_err("refused");
    let EraseError::Retained(10, days) = young else {
        panic!("{young}")
    };
    assert!((1..36_500).contains(&days), "{days}");
    assert_eq!(clean(data).erased, 0);
}

#[test]
fn both_halves_go_together() {
    // The posted, the voided and the expired one, each by one half or by the other.
    for (id, halves) in [
        (20, 2),
        (30, 2),
        (21, 2),
        (31, 2),
        (22, 2),
        (63, 2),
        (13, 1),
    ] {
        let data = place();
        let data = data.path();
        books(data);
        let books = open(data);
        let before = balances(&books);
        block_on(books.close()).expect("closed");
        drop(books);
        let gone = erased(data, &[id]);
        assert_eq!(gone.places.len(), halves, "transfer {id}: {gone:?}");
        assert_eq!(clean(data).erased, halves as u64, "transfer {id}");
        let books = open(data);
        assert_eq!(balances(&books), before, "transfer {id}");
        let found = block_on(books.lookup_transfers(vec![id])).expect("found");
        assert_eq!(found, [], "transfer {id}");
        block_on(books.close()).expect("closed");
    }
}

#[test]
fn a_failed_transfer_goes_and_its_id_is_free() {
    let data = place();
    let data = data.path();
    books(data);
    assert_eq!(erased(data, &[14, 33]).places.len(), 2);
    assert_eq!(clean(data).erased, 2);
    let books = open(data);
    let again = Step::Transfers(vec![transfer(14, (1, 5), 1, 0)]);
    let results = block_on(play(&books, &again)).expect("taken");
    assert_eq!(results[0].status, CREATED);
    block_on(books.close()).expect("closed");
    clean(data);
}

#[test]
fn all_else_stays_provable_and_the_erased_is_unknown() {
    let data = place();
    let data = data.path();
    books(data);
    let gone = FIRST + 11;
    let books = open(data);
    let before = balances(&books);
    let old: Vec<_> = (FIRST..FIRST + COUNT)
        .map(|id| receipt(&books, id))
        .collect();
    assert!(old.iter().all(|receipt| holds(receipt)));
    let seed = fs::read(data.join(LOG)).expect("the log");
    block_on(books.close()).expect("closed");
    drop(books);
    let places = erased(data, &[gone]).places;
    let [Place { batch, index }] = places[..] else {
        panic!("{places:?}")
    };
    assert_eq!(index, 11);
    let found = clean(data);
    assert_eq!(found.erased, 1);
    let books = open(data);
    assert_eq!(balances(&books), before);
    for (id, old) in (FIRST..FIRST + COUNT).zip(&old) {
        assert!(holds(old), "the old receipt of {id}");
        if id != gone {
            assert!(holds(&receipt(&books, id)), "the new receipt of {id}");
        }
    }
    for answer in [
        block_on(books.receipt(gone)),
        block_on(books.receipt_at(Place { batch, index })),
    ] {
        assert_eq!(answer, Ok(ReceiptAnswer::Unknown));
    }
    nothing_is_found(&books, gone);
    block_on(books.close()).expect("closed");
    drop(books);
    let one = loaded(gone);
    for (what, bytes) in [
        ("the id", one.id.to_le_bytes()[..13].to_vec()),
        (
            "its user data of 128 bits",
            one.user_data_128.to_le_bytes().to_vec(),
        ),
        (
            "its user data of 64 bits",
            one.user_data_64.to_le_bytes().to_vec(),
        ),
        (
            "its user data of 32 bits",
            one.user_data_32.to_le_bytes().to_vec(),
        ),
        ("its salt", salt(&seed, batch, index)),
    ] {
        assert_eq!(traces(data, &bytes), [""; 0], "{what}");
    }
    // What is searched for would be found: that of another stands where it stood.
    let other = loaded(gone + 1).user_data_128.to_le_bytes();
    assert_eq!(traces(data, &other), [LOG]);
    let other = traces(data, &salt(&seed, batch, index + 1));
    assert_eq!(other, [format!("erased/{batch:016x}")]);
}

/// The salt of a record, from the seed that stood in its frame.
fn salt(log: &[u8], batch: u64, index: u32) -> Vec<u8> {
    let of_batch = |at: &usize| {
        log[*at..].starts_with(b"cf-frame") && log[*at + 72..*at + 80] == batch.to_le_bytes()
    };
    let at = (0..log.len())
        .step_by(4_096)
        .find(of_batch)
        .expect("its frame");
    let seed = log[at + 32..at + 64].try_into().expect("32 bytes");
    let salt = merkle::Seed::from_bytes(seed).salt(index.into());
    salt.to_bytes().to_vec()
}

fn nothing_is_found(books: &Books, id: u128) {
    let one = loaded(id);
    let found = block_on(books.lookup_transfers(vec![id])).expect("found");
    assert_eq!(found, []);
    let by_data = QueryFilter {
        user_data_64: one.user_data_64,
        limit: 10,
        ..QueryFilter::default()
    };
    let found = block_on(books.query_transfers(by_data)).expect("found");
    assert_eq!(found, []);
    let found = block_on(books.account_transfers(AccountFilter::of(1))).expect("found");
    let ids: Vec<u128> = found.iter().map(|transfer| transfer.id).collect();
    assert!(ids.contains(&(id + 1)) && !ids.contains(&id), "{ids:?}");
}

#[test]
fn a_batch_is_erased_bit_by_bit() {
    let data = place();
    let data = data.path();
    books(data);
    erased(data, &[FIRST + 3]);
    let again = refused_as_unknown(data, FIRST + 3);
    assert!(again, "what was erased is not there any more");
    erased(data, &[FIRST + 30, FIRST + 1]);
    erased(data, &[FIRST + 2]);
    assert_eq!(clean(data).erased, 4);
    let books = open(data);
    for id in FIRST..FIRST + COUNT {
        if [1, 2, 3, 30].contains(&(id - FIRST)) {
            let answer = block_on(books.receipt(id)).expect("answered");
            assert_eq!(answer, ReceiptAnswer::Unknown, "{id}");
        } else {
            assert!(holds(&receipt(&books, id)), "{id}");
        }
    }
    block_on(books.close()).expect("closed");
    clean(data);
}

fn refused_as_unknown(data: &Path, id: u128) -> bool {
    matches!(block_on(erase(&order(data, &[id]))), Err(EraseError::Unknown(unknown)) if unknown == id)
}

/// A retry after that cannot be told from a new transfer.
#[test]
fn an_id_is_free_again() {
    let data = place();
    let data = data.path();
    books(data);
    let again = Step::Transfers(vec![loaded(FIRST)]);
    let books = open(data);
    let results = block_on(play(&books, &again)).expect("taken");
    assert_ne!(results[0].status, CREATED, "it exists");
    block_on(books.close()).expect("closed");
    drop(books);
    erased(data, &[FIRST]);
    let books = open(data);
    let results = block_on(play(&books, &again)).expect("taken");
    assert_eq!(results[0].status, CREATED);
    assert!(
        holds(&receipt(&books, FIRST)),
        "it has a receipt of its own"
    );
    block_on(books.close()).expect("closed");
    assert_eq!(clean(data).erased, 1);
}

#[test]
fn the_books_go_on_over_what_was_erased() {
    let data = place();
    let data = data.path();
    books(data);
    erased(data, &[20, FIRST + 7]);
    // From the log alone, without what was derived.
    for folder in ["snapshots", "index", "tree"] {
        fs::remove_dir_all(data.join(folder)).expect("removed");
    }
    let books = open(data);
    let steps = [
        Step::Clock(MORNING + 500 * SECOND),
        Step::Transfers(vec![
            transfer(90, (1, 2), 3, PENDING),
            ending(91, 65, 0, VOID_PENDING),
        ]),
    ];
    for results in play_all(&books, &steps) {
        assert!(
            results.iter().all(|result| result.status == CREATED),
            "{results:?}"
        );
    }
    block_on(books.close()).expect("closed");
    assert_eq!(clean(data).erased, 3);
}

/// Where the process dies: before the copy of the frame is there nothing was overwritten; then a
/// start carries the overwriting through.
#[test]
fn a_crash_while_overwriting_is_carried_through() {
    let [data, died] = [place(), place()];
    let (data, died) = (data.path(), died.path());
    books(data);
    let before = contents(data);
    let gone = FIRST + 5;
    let places = erased(data, &[gone]).places;
    let batch = places[0].batch;
    let after = contents(data);
    let [old, new] = [&before, &after].map(|files| &files[Path::new(LOG)].1);
    let at = (0..old.len())
        .step_by(4_096)
        .find(|at| old[*at + 72..*at + 80] == batch.to_le_bytes())
        .expect("its frame");
    let len = u32::from_le_bytes(old[at + 20..at + 24].try_into().expect("4 bytes")) as usize;
    let (old_frame, new_frame) = (&old[at..at + len], &new[at..at + len]);
    assert_ne!(old_frame, new_frame);
    let mut journal = b"cf-redo1".to_vec();
    journal.extend((at as u64).to_le_bytes());
    journal.extend(new_frame);
    journal.extend(crc32c::crc32c(&journal).to_le_bytes());
    // The frame as it was, by half as it is to be, and as it is to be.
    for written in [0, 512, len / 2, len] {
        let mut files = after.clone();
        let log = &mut files.get_mut(Path::new(LOG)).expect("the log").1;
        log[at..at + len].copy_from_slice(old_frame);
        log[at..at + written].copy_from_slice(&new_frame[..written]);
        files.insert(
            "erased/frame".into(),
            (journal.len() as u64, journal.clone()),
        );
        let _ = fs::remove_dir_all(died);
        fs::create_dir_all(died).expect("made");
        write_contents(died, &files);
        if written == 0 || written == len {
            let found = clean(died);
            assert!(
                found.notes.iter().any(|note| note.contains("erased/frame")),
                "{found:?}"
            );
        }
        let books = open(died);
        let answer = block_on(books.receipt(gone)).expect("answered");
        assert_eq!(answer, ReceiptAnswer::Unknown, "{written} bytes");
        assert!(holds(&receipt(&books, gone + 1)), "{written} bytes");
        block_on(books.close()).expect("closed");
        assert!(!died.join("erased/frame").exists());
        assert_eq!(clean(died).erased, 1);
        let log = fs::read(died.join(LOG)).expect("the log");
        assert_eq!((log.len() as u64, &log[at..at + len]), (SEGMENT, new_frame));
    }
}

/// Where the process dies once the erasure is entered and before the copy is there, the record is
/// still there: an audit says so, and erasing again carries it out.
#[test]
fn a_crash_before_overwriting_is_told() {
    let data = place();
    let data = data.path();
    books(data);
    let before = contents(data);
    let gone = FIRST + 5;
    erased(data, &[gone]);
    let mut files = contents(data);
    let old = &before[Path::new(LOG)].1;
    let log = &mut files.get_mut(Path::new(LOG)).expect("the log").1;
    log[..old.len()].copy_from_slice(old);
    files.retain(|name, _| !name.starts_with("erased") && !name.starts_with("index"));
    let died = place();
    write_contents(died.path(), &files);
    let found = audit(died.path(), &|_| ()).expect("audited").differences;
    assert!(
        found.len() == 1 && found[0].contains("it is still there"),
        "{found:?}"
    );
    assert_eq!(erased(died.path(), &[gone]).places.len(), 1);
    assert_eq!(clean(died.path()).erased, 1);
}
