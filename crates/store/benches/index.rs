//! What the index costs and how fast it answers.
//!
//! ```text
//! cargo bench -p store --bench index [-- TRANSFERS]
//! ```
//!
//! For ten thousand and for a million accounts: N transfers (10 million where none are given)
//! with random ids are appended, sealed every 2^18 and settled; then probes and look-ups run
//! against what that left. Files go below `TMPDIR`.

#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::fs;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::disk::Local;
use store::index::{Additions, Fresh, IdHash, Index, Options, Order, Tree};

/// Transfers in a batch.
const BATCH: u64 = 8_189;
/// Transfers in a generation.
const SEAL: u64 = 1 << 18;
/// Bytes of the log for one transfer.
const RECORD: u64 = 144;
/// Repetitions of each look-up; the median counts.
const ROUNDS: u64 = 41;

fn main() {
    let given = std::env::args().skip(1).find_map(|arg| arg.parse().ok());
    let transfers = given.unwrap_or(10_000_000);
    for accounts in [10_000, 1_000_000] {
        println!("{transfers} transfers, {accounts} accounts");
        let dir = tempfile::tempdir().expect("a directory");
        measure(&dir, transfers, accounts);
    }
}

fn measure(dir: &tempfile::TempDir, transfers: u64, accounts: u64) {
    let hash = IdHash::new([0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03]);
    let index = Index::open(Arc::new(Local::new(dir.path())), Options::default()).expect("open");
    build(&index, transfers, accounts, hash);
    let runs = index.runs();
    let bytes: u64 = runs.iter().map(store::index::RunView::bytes).sum();
    report("runs", format!("{}", runs.len()));
    report(
        "bytes a transfer",
        format!("{}.{}", bytes / transfers, bytes * 10 / transfers % 10),
    );

    // Absent ids, spread as those that are present.
    let random = |round: u64| batch(round, hash, |n| random_id(n + (1 << 40)));
    let first = timed(|| probe(&index, &random(0)));
    report("probe 8,189 random ids, filters on disk yet", in_ms(first));
    report(
        "probe 8,189 random ids",
        in_ms(median(|round| {
            let ids = random(round);
            timed(|| probe(&index, &ids))
        })),
    );
    report(
        "probe 8,189 rising ids",
        in_ms(median(|round| {
            let ids = batch(round, hash, |n| u128::MAX - (1 << 50) + u128::from(n));
            timed(|| probe(&index, &ids))
        })),
    );
    report(
        "probe 8,189 ids that are there",
        in_ms(median(|round| {
            let ids = batch(round, hash, |n| random_id(n * 31 % transfers));
            timed(|| assert!(probe(&index, &ids) >= ids.len()))
        })),
    );
    report(
        "find the last 8,189 of one account",
        in_ms(median(|round| {
            let account = if round.is_multiple_of(2) {
                0
            } else {
                mix(round) % accounts
            };
            timed(|| {
                let found = index.find(Tree::Account, account, 0..=u64::MAX, Order::Newest, 8_189);
                black_box(found.expect("find")).len()
            })
        })),
    );
    fresh(hash);
    index.close().expect("close");
}

fn build(index: &Index, transfers: u64, accounts: u64, hash: IdHash) {
    let start = Instant::now();
    let mut appending = Duration::ZERO;
    let mut additions = Additions::default();
    let (mut n, mut since) = (0, 0);
    while n < transfers {
        additions.clear(n * RECORD);
        let end = transfers.min(n + BATCH);
        additions.push(Tree::Time, n, n * RECORD);
        for n in n..end {
            let (id, at) = (random_id(n), n * RECORD);
            additions.push_id(id, hash.of(id), at);
            // One account has a hundredth of all debits.
            let debit = if n.is_multiple_of(100) {
                0
            } else {
                mix(n) % accounts
            };
            additions.push(Tree::Account, debit, at);
            additions.push(Tree::Account, mix(!n) % accounts, at);
        }
        since += end - n;
        additions.records = (end - n) as u32;
        additions.end = end * RECORD;
        n = end;
        appending += timed(|| index.append(&additions));
        if since >= SEAL {
            since = 0;
            index.seal();
            index.wait_backlog(2).expect("build");
        }
    }
    index.seal();
    index.settle().expect("settle");
    let per_transfer = |time: Duration| time.as_nanos() / u128::from(transfers);
    report(
        "append",
        format!("{} ns a transfer", per_transfer(appending)),
    );
    let background = per_transfer(background_time());
    report(
        "build and merge, processor time",
        format!("{background} ns a transfer"),
    );
    report(
        "build and merge, elapsed",
        format!("{:.1} s", start.elapsed().as_secs_f64()),
    );
}

fn fresh(hash: IdHash) {
    let mut fresh = Fresh::new(SEAL as usize);
    let mut records = Additions::default();
    for n in 0..SEAL {
        records.push_id(random_id(n), hash.of(random_id(n)), n);
    }
    // The first two generations get memory, the third takes that of the first over.
    for generation in 1..=2 {
        fresh.extend(&records);
        fresh.seal();
        fresh.drop_published(generation - 1);
    }
    fresh.drop_published(1);
    fresh.seal();
    let inserting = timed(|| fresh.extend(&records));
    fresh.drop_published(3);
    report(
        "fresh: insert",
        format!("{} ns", inserting.as_nanos() / u128::from(SEAL)),
    );
    report(
        "fresh: probe 8,189 random ids",
        in_ms(median(|round| {
            let ids = batch(round, hash, |n| random_id(n + (1 << 40)));
            timed(|| {
                let mut found = Vec::new();
                fresh.probe(&ids, &mut found);
                black_box(found.len())
            })
        })),
    );
}

/// Processor time of all threads but the first.
fn background_time() -> Duration {
    let own = std::process::id().to_string();
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    let others = tasks.flatten().filter(|task| *task.file_name() != *own);
    let time = |task: fs::DirEntry| {
        let stat = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        stat.split(' ')
            .next()
            .and_then(|word| word.parse().ok())
            .unwrap_or(0)
    };
    Duration::from_nanos(others.map(time).sum())
}

fn probe(index: &Index, ids: &[(u128, u64)]) -> usize {
    let mut found = Vec::new();
    index.probe(ids, &mut found).expect("probe");
    black_box(found.len())
}

fn batch(round: u64, hash: IdHash, id: impl Fn(u64) -> u128) -> Vec<(u128, u64)> {
    let numbers = round * BATCH..(round + 1) * BATCH;
    numbers.map(id).map(|id| (id, hash.of(id))).collect()
}

fn random_id(n: u64) -> u128 {
    u128::from(mix(n)) << 64 | u128::from(mix(!n))
}

/// The finisher of `SplitMix64`.
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ n >> 31
}

fn timed<R>(work: impl FnOnce() -> R) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

fn median(mut round: impl FnMut(u64) -> Duration) -> Duration {
    let mut times: Vec<_> = (1..=ROUNDS).map(&mut round).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

fn in_ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn report(what: &str, value: impl AsRef<str>) {
    println!("  {what:<45} {}", value.as_ref());
}
