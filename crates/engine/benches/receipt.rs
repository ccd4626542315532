//! How long a receipt takes to make and to check, over books of so many transfers.
//!
//! `cargo bench -p engine --bench receipt [-- TRANSFERS]`, one million unless told otherwise.
#![expect(
    clippy::disallowed_methods,
    reason = "a bench is timed by the real clock"
)]

use std::sync::Arc;
use std::time::Instant;

use engine::{Books, Init, Options, ReceiptAnswer, Signing};
use merkle::key::{KeyKind, SigningKey};
use merkle::policy::Policy;
use model::limits::BATCH_EVENTS;
use model::{Account, Transfer};
use sim::workload::Random;

const ACCOUNTS: u64 = 10_000;
const ASKED: usize = 2_000;

fn main() {
    let transfers = std::env::args().find_map(|word| word.parse().ok());
    let transfers: u64 = transfers.unwrap_or(1_000_000);
    let data = tempfile::tempdir_in(".").expect("a folder");
    let init = Init::default();
    engine::init(data.path(), &init).expect("made");
    let key = SigningKey::generate("books.example/log", KeyKind::Ed25519, [7; 32]).expect("a key");
    let policy = Policy::of_log(key.verifier().clone());
    let options = Options {
        data: data.path().to_owned(),
        manual_clock: false,
        signing: Some(Arc::new(Signing::new(vec![key], None).expect("it signs"))),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build();
    let runtime = runtime.expect("a runtime");
    let books = Books::open(&options).expect("opened");
    runtime.block_on(fill(&books, transfers));
    let covered = |id: u128| {
        matches!(
            runtime.block_on(books.receipt(id)),
            Ok(ReceiptAnswer::Checkpointed(_))
        )
    };
    while !covered(transfers.into()) {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let (mut made, mut checked, mut bytes) = (Vec::new(), Vec::new(), 0);
    let mut random = Random::new(5);
    for _ in 0..ASKED {
        let id = u128::from(1 + random.below(transfers));
        let since = Instant::now();
        let answer = runtime.block_on(books.receipt(id)).expect("answered");
        made.push(since.elapsed());
        let ReceiptAnswer::Checkpointed(receipt) = answer else {
            panic!("no receipt of {id}");
        };
        let receipt = receipt.to_bytes();
        bytes = bytes.max(receipt.len());
        let since = Instant::now();
        proofs::check(&receipt, None, &policy).expect("it holds");
        checked.push(since.elapsed());
    }
    for (name, mut times) in [("made", made), ("checked", checked)] {
        times.sort();
        let at = |percent: usize| times[times.len() * percent / 100];
        println!("{name:8} p50 {:?}, p99 {:?}", at(50), at(99));
    }
    println!("{transfers} transfers, {bytes} bytes at most");
    runtime.block_on(books.close()).expect("closed");
}

async fn fill(books: &Books, transfers: u64) {
    let account = |id: u64| Account {
        id: id.into(),
        ledger: 1,
        code: 1,
        ..Account::default()
    };
    let accounts: Vec<_> = (1..=ACCOUNTS).map(account).collect();
    for accounts in accounts.chunks(BATCH_EVENTS) {
        books
            .create_accounts(accounts.to_vec())
            .await
            .expect("created");
    }
    let mut random = Random::new(3);
    let mut transfer = |id: u64| {
        let debit = 1 + random.below(ACCOUNTS);
        let credit = 1 + (debit + random.below(ACCOUNTS - 1)) % ACCOUNTS;
        Transfer {
            id: id.into(),
            debit_account_id: debit.into(),
            credit_account_id: credit.into(),
            amount: 100,
            ledger: 1,
            code: 1,
            ..Transfer::default()
        }
    };
    let mut next = 1;
    while next <= transfers {
        let end = (next + BATCH_EVENTS as u64).min(transfers + 1);
        let batch: Vec<_> = (next..end).map(&mut transfer).collect();
        books.create_transfers(batch).await.expect("created");
        next = end;
    }
}
