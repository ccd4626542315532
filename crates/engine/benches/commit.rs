//! Transfers a second through the handle of the books, without HTTP: decided, hashed, indexed,
//! synced. `cargo bench -p engine --bench commit -- [transfers] [accounts] [random]`

#![allow(clippy::cast_precision_loss)] // Figures for people, not money.

use std::time::{Duration, Instant};

use engine::{Books, Init, Options, init};
use model::{Account, Transfer};

const BATCH: u64 = 8_189;
const LANES: u64 = 3;

/// A small generator of the splitmix kind: the same numbers every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

fn batch(random: &mut Random, first: u64, accounts: u64, random_ids: bool) -> Vec<Transfer> {
    let event = |i| {
        let debit = random.next() % accounts + 1;
        let credit = (debit + random.next() % (accounts - 1)) % accounts + 1;
        let id = if random_ids {
            u128::from(random.next()) << 64 | u128::from(random.next())
        } else {
            u128::from(first + i + 1)
        };
        Transfer {
            id,
            debit_account_id: debit.into(),
            credit_account_id: credit.into(),
            amount: u128::from(random.next() % 10_000),
            ledger: 1,
            code: 1,
            ..Transfer::default()
        }
    };
    (0..BATCH).map(event).collect()
}

#[allow(clippy::disallowed_methods)] // A benchmark times.
fn now() -> Instant {
    Instant::now()
}

async fn lane(books: Books, lane: u64, size: (u64, u64, bool)) -> Vec<Duration> {
    let (batches, accounts, random_ids) = size;
    let mut random = Random(lane);
    let mut took = Vec::new();
    for number in 0..batches {
        let first = (number * LANES + lane) * BATCH;
        let events = batch(&mut random, first, accounts, random_ids);
        let start = now();
        let results = books.create_transfers(events).await.expect("taken");
        took.push(start.elapsed());
        assert!(
            results.iter().all(|result| result.status == u32::MAX),
            "all are created"
        );
    }
    took
}

async fn run(books: &Books, transfers: u64, accounts: u64, random_ids: bool) {
    for first in (0..accounts).step_by(BATCH as usize) {
        let last = (first + BATCH).min(accounts);
        let events = (first..last).map(|id| Account {
            id: u128::from(id + 1),
            ledger: 1,
            code: 1,
            ..Account::default()
        });
        books
            .create_accounts(events.collect())
            .await
            .expect("taken");
    }
    let batches = transfers / BATCH / LANES;
    let start = now();
    let lanes: Vec<_> = (0..LANES)
        .map(|i| tokio::spawn(lane(books.clone(), i, (batches, accounts, random_ids))))
        .collect();
    let mut took = Vec::new();
    for lane in lanes {
        took.extend(lane.await.expect("the lane ends"));
    }
    let seconds = start.elapsed().as_secs_f64();
    took.sort();
    let at = |share: usize| took[(took.len() - 1) * share / 100].as_secs_f64() * 1e3;
    let done = batches * LANES * BATCH;
    println!(
        "{done} transfers, {accounts} accounts: {:.0}/s, batch ms p50 {:.1} p99 {:.1} max {:.1}",
        done as f64 / seconds,
        at(50),
        at(99),
        at(100)
    );
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
    let (transfers, accounts) = (number(0, 2_000_000), number(1, 10_000));
    let random_ids = arguments.get(2).is_some_and(|a| a == "random");
    let data = tempfile::tempdir_in(".").expect("a directory");
    init(data.path(), &Init::default()).expect("books are made");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build();
    runtime.expect("a runtime").block_on(async {
        let options = Options {
            data: data.path().to_owned(),
            manual_clock: false,
            signing: None,
        };
        let books = Books::open(&options).expect("the books open");
        run(&books, transfers, accounts, random_ids).await;
        let start = now();
        books.close().await.expect("closed");
        println!("closed in {:.3} s", start.elapsed().as_secs_f64());
        drop(books);
        let start = now();
        let books = Books::open(&options).expect("the books open");
        println!(
            "opened in {:.3} s: {:?}",
            start.elapsed().as_secs_f64(),
            books.recovery()
        );
        books.close().await.expect("closed");
    });
    let log: u64 = ["log", "index", "snapshots"]
        .iter()
        .flat_map(|dir| std::fs::read_dir(data.path().join(dir)))
        .flatten()
        .map(|entry| {
            entry
                .and_then(|e| e.metadata())
                .map_or(0, |meta| meta.len())
        })
        .sum();
    println!(
        "{:.1} bytes on disk a transfer",
        log as f64 / transfers as f64
    );
}
