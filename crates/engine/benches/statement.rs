//! Seconds a statement and a balance proof, memory and bytes.
//! `cargo bench -p engine --bench statement -- [accounts] [transfers]`

#![allow(clippy::cast_precision_loss)] // Figures for people, not money.

use std::path::Path;
use std::time::{Duration, Instant};

use engine::{Books, Init, Options, init};
use model::{Account, Transfer};

const BATCH: u64 = 8_189;
const PROOFS: u64 = 1_000;

#[allow(clippy::disallowed_methods)] // A benchmark times.
fn now() -> Instant {
    Instant::now()
}

/// Accounts of three classes, all on one ledger.
async fn open_accounts(books: &Books, accounts: u64) {
    for first in (0..accounts).step_by(BATCH as usize) {
        let last = (first + BATCH).min(accounts);
        let account = |id: u64| Account {
            id: u128::from(id + 1),
            ledger: 1,
            code: if id % 100 < 98 {
                10
            } else {
                20 + u16::from(id % 100 == 99)
            },
            ..Account::default()
        };
        let events = (first..last).map(account).collect();
        books.create_accounts(events).await.expect("taken");
    }
}

/// Batch `number` of transfers between accounts spread over all.
async fn transfer(books: &Books, number: u64, accounts: u64) {
    let event = |i: u64| {
        let id = number * BATCH + i + 1;
        let debit = id * 7_919 % accounts;
        Transfer {
            id: id.into(),
            debit_account_id: u128::from(debit + 1),
            credit_account_id: u128::from((debit + 1 + id % (accounts - 1)) % accounts + 1),
            amount: u128::from(id % 10_000 + 1),
            ledger: 1,
            code: 1,
            ..Transfer::default()
        }
    };
    let events = (0..BATCH).map(event).collect();
    let results = books.create_transfers(events).await.expect("taken");
    assert!(
        results.iter().all(|result| result.status == u32::MAX),
        "all are created"
    );
}

/// A line of `/proc/self/status` in MiB.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) >> 10
}

fn bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|meta| meta.len())
        .sum()
}

async fn statement(books: &Books, data: &Path, name: &str) {
    // The peak begins anew; where the system does not allow it, it is that of the whole run.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = memory("VmRSS:");
    let start = now();
    let made = books.make_statement().await.expect("made");
    let seconds = start.elapsed().as_secs_f64();
    let folder = data.join(format!("statements/{:016x}", made.number));
    println!(
        "{name}: {seconds:.2} s, {} lines, {} MiB resident before, {} MiB at the peak, {} MiB written",
        made.lines.len(),
        before,
        memory("VmHWM:"),
        bytes(&folder) >> 20
    );
}

async fn proofs(books: &Books, accounts: u64) {
    let (mut took, mut size) = (Vec::new(), 0);
    for i in 0..PROOFS {
        let account = u128::from(i * 7_919 % accounts + 1);
        let start = now();
        let proof = books.balance_proof(account, None).await.expect("made");
        took.push(start.elapsed());
        size = size.max(proof.expect("it was counted").to_text().len());
    }
    took.sort();
    let at = |share: usize| took[(took.len() - 1) * share / 100].as_secs_f64() * 1e3;
    println!(
        "a proof: ms p50 {:.2} p99 {:.2}, at most {size} bytes",
        at(50),
        at(99)
    );
}

async fn run(books: &Books, data: &Path, accounts: u64, transfers: u64) {
    open_accounts(books, accounts).await;
    let batches = transfers / BATCH;
    for number in 0..batches {
        transfer(books, number, accounts).await;
    }
    println!("{accounts} accounts, {} transfers", batches * BATCH);
    statement(books, data, "with a snapshot of now").await;
    statement(books, data, "with the snapshot of before").await;
    let (flowing, mut number) = (books.clone(), batches);
    let flow = tokio::spawn(async move {
        let mut slowest = Duration::ZERO;
        while flowing.statements().await.expect("read").len() < 3 {
            let start = now();
            transfer(&flowing, number, accounts).await;
            slowest = slowest.max(start.elapsed());
            number += 1;
        }
        (number - batches, slowest)
    });
    statement(books, data, "while transfers flow").await;
    let (more, slowest) = flow.await.expect("they flow");
    let done = more * BATCH;
    println!(
        "{done} transfers meanwhile, the slowest batch {:.1} ms",
        slowest.as_secs_f64() * 1e3
    );
    proofs(books, accounts).await;
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let number = |i: usize, or| {
        arguments
            .get(i)
            .map_or(or, |a| a.parse().expect("a number"))
    };
    let (accounts, transfers) = (number(0, 1_000_000), number(1, 1_000_000));
    let data = tempfile::tempdir_in(".").expect("a directory");
    init(data.path(), &Init::default()).expect("books are made");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build();
    runtime.expect("a runtime").block_on(async {
        let options = Options {
            data: data.path().to_owned(),
            ..Options::default()
        };
        let books = Books::open(&options).expect("the books open");
        run(&books, data.path(), accounts, transfers).await;
        books.close().await.expect("closed");
    });
    let start = now();
    let audit = engine::audit(data.path(), &|_| ()).expect("audited");
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(audit.differences, Vec::<String>::new());
    println!(
        "audited with {} statements in {seconds:.1} s",
        audit.statements
    );
}
