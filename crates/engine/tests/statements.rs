//! Statements: they are what the log adds up to, every account is counted, and an audit derives
//! them again.

mod scenario;

use std::collections::BTreeMap;
use std::fs;
use std::future::poll_fn;
use std::path::Path;
use std::slice;
use std::sync::Arc;
use std::task::Poll;

use engine::{
    Books, Options, ReceiptAnswer, Refused, STATEMENTS_WITH_PROOFS, Signing, StatementSummary,
    audit,
};
use machine::State;
use merkle::key::{KeyKind, SigningKey};
use merkle::policy::Policy;
use model::record::Side;
use model::{Account, Record, Transfer, transfer_flags};
use scenario::{
    ACCOUNTS, CREATED, SEGMENT, account, block_on, contents, every_kind, make, market, open,
    options, place, play, play_all, transfer, write_contents,
};
use store::disk::Local;
use store::frame;
use store::log::Reader;

/// Totals by ledger, code and side.
type Totals = BTreeMap<(u32, u16, Side), u128>;

/// The state that the first `batches` batches of the log add up to.
fn fold(data: &Path, batches: u64) -> State {
    let reader = Reader::new(Arc::new(Local::new(data)), SEGMENT);
    let mut state = State::new([1, 2]);
    let mut at = 0;
    for number in 0..batches {
        let frame = reader.frame(at, u64::MAX).expect("it is read");
        let (header, body) = frame.expect("it is there");
        assert_eq!(header.leaf.number, number);
        for entry in frame::records(&body) {
            let record = Record::decode(entry.expect("whole").bytes).expect("a record");
            state.evolve(&record).expect("it follows");
        }
        at = header.at + u64::from(header.frame_len);
    }
    state
}

fn side_of(account: &Account) -> (Side, u128) {
    let (debits, credits) = (account.debits_posted, account.credits_posted);
    if debits > credits {
        (Side::Debit, debits - credits)
    } else {
        (Side::Credit, credits - debits)
    }
}

fn totals<'a>(accounts: impl Iterator<Item = &'a Account>) -> Totals {
    let mut totals = Totals::new();
    for account in accounts {
        let (side, amount) = side_of(account);
        *totals
            .entry((account.ledger, account.code, side))
            .or_default() += amount;
    }
    totals
}

fn totals_of(state: &State) -> Totals {
    totals((0..state.account_count() as u32).map(|slot| state.account_at(slot)))
}

fn said(statement: &StatementSummary) -> Totals {
    let line =
        |line: &model::record::StatementLine| ((line.ledger, line.code, line.side), line.total);
    statement.lines.iter().map(line).collect()
}

/// Whether the proof of each account leads to its line and tells its balance.
async fn prove_each(books: &Books, statement: &StatementSummary, accounts: &[&Account]) {
    for account in accounts {
        let proof = books
            .balance_proof(account.id, Some(statement.number))
            .await;
        let proof = proof.expect("made").expect("it was counted");
        let own = |line: &&model::record::StatementLine| {
            (line.ledger, line.code, line.side) == (proof.ledger, proof.code, proof.side)
        };
        let line = statement.lines.iter().find(own).expect("its line");
        proof.leads_to(line).expect("it leads there");
        assert_eq!(
            (proof.account, proof.ledger, proof.code),
            (account.id, account.ledger, account.code)
        );
        assert_eq!((proof.side, proof.amount), side_of(account));
    }
}

fn clean(data: &Path, statements: u64) {
    let audit = audit(data, &|_| ()).expect("audited");
    assert_eq!(audit.differences, Vec::<String>::new());
    assert_eq!(audit.statements, statements);
}

fn plain(id: u128, code: u16) -> Account {
    Account {
        code,
        ..account(id, 0)
    }
}

#[test]
fn every_account_is_counted_on_its_side() {
    let data = place();
    make(data.path(), 7);
    let books = open(data.path());
    play_all(&books, &every_kind());
    block_on(async {
        let statement = books.make_statement_from([3; 32]).await.expect("made");
        assert_eq!(statement.number, 1);
        let accounts = books
            .lookup_accounts(ACCOUNTS.to_vec())
            .await
            .expect("found");
        assert_eq!(said(&statement), totals(accounts.iter()));
        assert!(
            statement
                .lines
                .iter()
                .any(|line| line.side == Side::Debit && line.total > 0)
        );
        assert!(
            statement
                .lines
                .iter()
                .any(|line| line.ledger == 392 && line.total == 0)
        );
        assert!(statement.lines.iter().all(|line| line.height == 8));
        prove_each(&books, &statement, &accounts.iter().collect::<Vec<_>>()).await;
        assert_eq!(
            books.statements().await.expect("read"),
            slice::from_ref(&statement)
        );
        assert_eq!(books.statement(1).await.expect("read"), Some(statement));
        assert_eq!(books.statement(2).await.expect("read"), None);
        books.close().await.expect("closed");
    });
    clean(data.path(), 1);
}

#[test]
fn a_stranger_checks_a_balance_with_the_receipt_of_its_line() {
    let data = place();
    make(data.path(), 7);
    let key = SigningKey::generate("example.org/log", KeyKind::Ed25519, [5; 32]).expect("a key");
    let policy = Policy::of_log(key.verifier().clone());
    let signing = Signing::new(vec![key], None).expect("it signs");
    let books = Books::open(&Options {
        signing: Some(Arc::new(signing)),
        ..options(data.path())
    });
    let books = books.expect("the books open");
    play_all(&books, &every_kind());
    block_on(async {
        let statement = books.make_statement().await.expect("made");
        let mut checkpoints = books.checkpoints().expect("it signs");
        for (number, line) in (0..).zip(&statement.lines) {
            let receipt = loop {
                match books.statement_receipt(1, number).await.expect("made") {
                    ReceiptAnswer::Checkpointed(receipt) => break receipt.to_bytes(),
                    ReceiptAnswer::Sequenced(_) => checkpoints.changed().await.expect("signed"),
                    other => panic!("{other:?}"),
                }
            };
            let verdict = proofs::check(&receipt, None, &policy).expect("it holds");
            let total = ("total", line.total.to_string());
            assert!(verdict.facts().contains(&total), "{verdict}");
            for id in ACCOUNTS {
                let proof = books
                    .balance_proof(id, None)
                    .await
                    .expect("made")
                    .expect("counted");
                let file = proof.to_text();
                let checked = proofs::check(file.as_bytes(), Some(&receipt), &policy);
                let is_its =
                    (proof.ledger, proof.code, proof.side) == (line.ledger, line.code, line.side);
                assert_eq!(checked.is_ok(), is_its, "{checked:?}");
            }
        }
        let lines = statement.lines.len() as u32;
        for (number, line) in [(1, lines), (2, 0), (0, 0)] {
            let receipt = books
                .statement_receipt(number, line)
                .await
                .expect("answered");
            assert_eq!(receipt, ReceiptAnswer::Unknown);
        }
        books.close().await.expect("closed");
    });
}

const MANY: u128 = 70_000;

/// Books with so many accounts that a tree has two subtrees, and a log so long that a statement
/// rests on a snapshot.
async fn many(books: &Books) {
    let ids: Vec<u128> = (1..=MANY).collect();
    for ids in ids.chunks(8_000) {
        let events = ids
            .iter()
            .map(|id| plain(*id, 10 + u16::from(id % 1_000 == 0)));
        books
            .create_accounts(events.collect())
            .await
            .expect("taken");
    }
    for batch in 0..30 {
        transfers(books, batch).await;
    }
}

async fn transfers(books: &Books, batch: u128) {
    let event = |i: u128| {
        let id = batch * 8_000 + i + 1;
        let debit = id * 7_919 % 900 + 1;
        let pending = if i.is_multiple_of(9) {
            transfer_flags::PENDING
        } else {
            0
        };
        transfer(id, (debit, id * 104_729 % MANY + 1), id % 1_000, pending)
    };
    let events: Vec<Transfer> = (0..8_000).map(event).collect();
    let same = |event: &Transfer| event.debit_account_id == event.credit_account_id;
    let results = books.create_transfers(events.clone()).await.expect("taken");
    for (result, event) in results.iter().zip(&events) {
        assert_eq!(result.status == CREATED, !same(event), "{event:?}");
    }
}

#[test]
fn a_statement_is_exact_while_transfers_flow() {
    let data = place();
    make(data.path(), 7);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build();
    runtime.expect("a runtime").block_on(async {
        let books = open(data.path());
        many(&books).await;
        let flowing = {
            let books = books.clone();
            tokio::spawn(async move {
                for batch in 30..60 {
                    transfers(&books, batch).await;
                    let late = plain(MANY + batch, 12);
                    books.create_accounts(vec![late]).await.expect("taken");
                }
            })
        };
        let mut made = vec![books.make_statement().await.expect("made")];
        made.push(books.make_statement().await.expect("made"));
        flowing.await.expect("they flow");
        made.push(books.make_statement().await.expect("made"));
        assert_eq!(books.statements().await.expect("read"), made);
        for statement in &made {
            let state = fold(data.path(), statement.batches);
            assert_eq!(said(statement), totals_of(&state), "{}", statement.number);
            let slots = (0..state.account_count() as u32).step_by(997);
            let accounts: Vec<_> = slots.map(|slot| state.account_at(slot)).collect();
            prove_each(&books, statement, &accounts).await;
        }
        assert!(made[0].batches < made[2].batches);
        assert!(
            fs::read_dir(data.path().join("snapshots"))
                .expect("there")
                .count()
                > 0
        );
        assert!(made[0].lines.iter().any(|line| line.height == 17));
        books.close().await.expect("closed");
    });
    clean(data.path(), 3);
}

#[test]
fn a_damaged_snapshot_is_passed_over() {
    let data = place();
    make(data.path(), 7);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build();
    runtime.expect("a runtime").block_on(async {
        let books = open(data.path());
        many(&books).await;
        books.close().await.expect("closed");
        drop(books);
        let books = open(data.path());
        assert!(books.recovery().snapshot.is_some());
        for entry in fs::read_dir(data.path().join("snapshots")).expect("there") {
            flip(&entry.expect("a file").path(), 5_000);
        }
        let statement = books.make_statement().await.expect("made");
        let state = fold(data.path(), statement.batches);
        assert_eq!(said(&statement), totals_of(&state));
        books.close().await.expect("closed");
    });
}

#[test]
fn statements_outlive_a_restart_and_number_on() {
    let data = place();
    make(data.path(), 7);
    let books = open(data.path());
    play_all(&books, &every_kind());
    let first = block_on(books.make_statement()).expect("made");
    block_on(books.close()).expect("closed");
    drop(books);
    let books = open(data.path());
    block_on(async {
        assert_eq!(
            books.statements().await.expect("read"),
            slice::from_ref(&first)
        );
        books
            .create_accounts(vec![plain(900, 77)])
            .await
            .expect("taken");
        assert_eq!(
            books.balance_proof(900, None).await,
            Ok(None),
            "it came after"
        );
        assert_eq!(
            books.balance_proof(901, None).await,
            Ok(None),
            "there is none"
        );
        let second = books.make_statement().await.expect("made");
        assert_eq!(second.number, 2);
        let proof = books
            .balance_proof(900, None)
            .await
            .expect("made")
            .expect("counted");
        assert_eq!(
            (proof.statement, proof.amount, proof.side),
            (2, 0, Side::Credit)
        );
        assert_eq!(
            books.balance_proof(900, Some(1)).await,
            Ok(None),
            "it came after"
        );
        let none = books.balance_proof(900, Some(3)).await;
        assert!(matches!(none, Err(Refused::Missing(_))), "{none:?}");
        assert_eq!(books.statements().await.expect("read"), [first, second]);
        books.close().await.expect("closed");
    });
    clean(data.path(), 2);
}

#[test]
fn a_statement_that_was_not_entered_is_overwritten() {
    let [data, other] = [place(), place()];
    make(data.path(), 7);
    let books = open(data.path());
    play_all(&books, &every_kind());
    block_on(books.close()).expect("closed");
    drop(books);
    // What is on the disk when we die just before the lines are entered.
    write_contents(other.path(), &contents(data.path()));
    let books = open(other.path());
    let died = block_on(books.make_statement_from([1; 32])).expect("made");
    block_on(books.close()).expect("closed");
    let folder = "statements/0000000000000001";
    fs::create_dir_all(data.path().join(folder)).expect("made");
    for name in ["statement", "leaves", "nodes", "places"] {
        let name = format!("{folder}/{name}");
        fs::copy(other.path().join(&name), data.path().join(&name)).expect("copied");
    }
    let found = audit(data.path(), &|_| ()).expect("audited");
    assert_eq!(
        (found.differences.len(), found.statements),
        (0, 0),
        "{found:?}"
    );
    assert!(
        found.notes.iter().any(|note| note.contains(folder)),
        "{found:?}"
    );
    let books = open(data.path());
    block_on(async {
        assert_eq!(books.statements().await, Ok(Vec::new()));
        let none = books.balance_proof(1, None).await;
        assert!(matches!(none, Err(Refused::Missing(_))), "{none:?}");
        let made = books.make_statement().await.expect("made");
        assert_eq!((made.number, said(&made)), (1, said(&died)));
        assert_ne!(
            made.lines[0].root, died.lines[0].root,
            "its secret is another"
        );
        books.close().await.expect("closed");
    });
    clean(data.path(), 1);
}

#[test]
fn proofs_are_kept_for_the_newest_statements() {
    let data = place();
    make(data.path(), 7);
    let books = open(data.path());
    play_all(&books, &every_kind());
    block_on(async {
        let last = STATEMENTS_WITH_PROOFS + 2;
        for _ in 0..last {
            books.make_statement().await.expect("made");
        }
        for number in 1..=last {
            let proof = books.balance_proof(1, Some(number)).await;
            if number > last - STATEMENTS_WITH_PROOFS {
                assert!(matches!(proof, Ok(Some(_))), "{number}: {proof:?}");
            } else {
                assert!(
                    matches!(proof, Err(Refused::Invalid(_))),
                    "{number}: {proof:?}"
                );
            }
        }
        assert_eq!(books.statements().await.expect("read").len() as u64, last);
        books.close().await.expect("closed");
    });
    clean(data.path(), STATEMENTS_WITH_PROOFS + 2);
}

#[test]
fn one_statement_at_a_time_and_none_of_nothing() {
    let data = place();
    make(data.path(), 7);
    let books = open(data.path());
    block_on(async {
        let none = books.make_statement().await;
        assert!(matches!(none, Err(Refused::Invalid(_))), "{none:?}");
        books
            .create_accounts(vec![plain(1, 1)])
            .await
            .expect("taken");
        let mut first = Box::pin(books.make_statement());
        poll_fn(|context| {
            assert!(first.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        let second = books.make_statement().await;
        assert!(matches!(second, Err(Refused::Invalid(_))), "{second:?}");
        assert_eq!(first.await.expect("made").number, 1);
        // Whoever asks may go away: it is made all the same, or the books close before.
        let mut left = Box::pin(books.make_statement());
        poll_fn(|context| Poll::Ready(left.as_mut().poll(context).is_pending())).await;
        drop(left);
        books.close().await.expect("closed");
    });
    drop(books);
    let books = open(data.path());
    let last = block_on(books.statements()).expect("read").len() as u64;
    let next = block_on(books.make_statement()).expect("made");
    assert_eq!(next.number, last + 1);
    block_on(books.close()).expect("closed");
    clean(data.path(), last + 1);
}

#[test]
fn whatever_happened_a_statement_is_the_fold_of_the_log() {
    for seed in 0..12_u32 {
        let data = place();
        make(data.path(), 7);
        let books = open(data.path());
        let (_, steps) = market(seed.into(), 300 + 200 * seed, 40 + seed as usize);
        let mut made = Vec::new();
        block_on(async {
            let stops = [steps.len() / 3 + seed as usize % 5, steps.len() - 1];
            for (number, step) in steps.iter().enumerate() {
                play(&books, step).await.expect("taken");
                if stops.contains(&number) {
                    made.push(books.make_statement().await.expect("made"));
                }
            }
            for statement in &made {
                let state = fold(data.path(), statement.batches);
                assert_eq!(said(statement), totals_of(&state), "seed {seed}");
                let slots = 0..state.account_count() as u32;
                let accounts: Vec<_> = slots.map(|slot| state.account_at(slot)).collect();
                prove_each(&books, statement, &accounts).await;
            }
            books.close().await.expect("closed");
        });
        clean(data.path(), made.len() as u64);
    }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("the file is there");
    bytes[at] ^= 0x10;
    fs::write(path, bytes).expect("it is written");
}

#[test]
fn what_was_altered_is_named() {
    let data = place();
    make(data.path(), 7);
    let books = open(data.path());
    play_all(&books, &every_kind());
    block_on(books.make_statement()).expect("made");
    block_on(books.make_statement()).expect("made");
    block_on(books.close()).expect("closed");
    clean(data.path(), 2);
    let folder = data.path().join("statements/0000000000000001");
    let named = |name: &str| {
        let found = audit(data.path(), &|_| ()).expect("audited").differences;
        let name = format!("statements/0000000000000001/{name}");
        assert!(
            found.iter().any(|line| line.contains(&name)),
            "{name}: {found:?}"
        );
    };
    for (name, at) in [
        ("statement", 80),
        ("leaves", 40),
        ("nodes", 50),
        ("places", 9),
    ] {
        let path = folder.join(name);
        let whole = fs::read(&path).expect("there");
        flip(&path, at);
        named(name);
        fs::write(&path, &whole[..whole.len() - 1]).expect("written");
        named(name);
        fs::write(&path, [&whole[..], &[0]].concat()).expect("written");
        named(name);
        fs::write(&path, whole).expect("written");
    }
    // Checksums find accidents; who forges makes them fit.
    let path = folder.join("statement");
    let whole = fs::read(&path).expect("there");
    for at in [24, 33, 41, 79, 80, 89, 105] {
        let mut forged = whole.clone();
        forged[at] ^= 1;
        let body = forged.len() - 4;
        let sum = crc32c::crc32c(&forged[..body]);
        forged[body..].copy_from_slice(&sum.to_le_bytes());
        fs::write(&path, forged).expect("written");
        named("statement");
    }
    fs::remove_file(&path).expect("removed");
    named("statement");
    fs::write(&path, whole).expect("written");
    clean(data.path(), 2);
    fs::rename(&folder, data.path().join("statements/0000000000000009")).expect("renamed");
    named("statement");
    let found = audit(data.path(), &|_| ()).expect("audited").differences;
    assert!(
        found.iter().any(|line| line.contains("0000000000000009")),
        "{found:?}"
    );
}

#[test]
fn proofs_from_altered_files_stop_the_books() {
    for (name, at) in [("leaves", 40), ("places", 0), ("places", 4)] {
        let data = place();
        make(data.path(), 7);
        let books = open(data.path());
        play_all(&books, &every_kind());
        block_on(async {
            books.make_statement().await.expect("made");
            let path = data.path().join("statements/0000000000000001").join(name);
            flip(&path, at);
            let mut refused = Ok(None);
            for id in ACCOUNTS {
                refused = refused.and(books.balance_proof(id, None).await);
            }
            assert!(
                matches!(refused, Err(Refused::Stopped(_))),
                "{name}: {refused:?}"
            );
            assert!(books.failure().is_some());
        });
    }
}
