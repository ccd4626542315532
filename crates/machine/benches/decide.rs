//! What deciding and applying a transfer costs: `cargo bench -p machine`.
#![allow(clippy::disallowed_methods)] // a benchmark times

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Instant;

use machine::{Fact, Recalled, Sink, State};
use model::{AMOUNT_ALL, Account, EventResult, Transfer, transfer_flags as tf};
use sim::workload::Random;

const BATCH: usize = 8_189;

/// Takes facts and forgets them.
#[derive(Default)]
struct Count(u64);

impl Sink for Count {
    type Mark = u64;

    fn push(&mut self, fact: Fact<'_>) {
        black_box(&fact);
        self.0 += 1;
    }

    fn mark(&self) -> u64 {
        self.0
    }

    fn rewind(&mut self, mark: u64) {
        self.0 = mark;
    }
}

struct Books {
    state: State,
    past: Recalled,
    sink: Count,
    results: Vec<EventResult>,
    random: Random,
    time: u64,
    next_id: u128,
    accounts: u64,
}

/// Ids of accounts as users choose them: spread over all 128 bits.
fn account_id(number: u64) -> u128 {
    u128::from(number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
}

impl Books {
    fn new(accounts: u64) -> Self {
        let mut books = Self {
            state: State::new([0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210]),
            past: Recalled::default(),
            sink: Count::default(),
            results: Vec::new(),
            random: Random::new(1),
            time: 1,
            next_id: 1,
            accounts,
        };
        let start = Instant::now();
        let mut worst = 0;
        for first in (0..accounts).step_by(BATCH) {
            let end = accounts.min(first + BATCH as u64);
            let account = |number| Account {
                id: account_id(number),
                ledger: 1,
                code: 1,
                ..Account::default()
            };
            let events: Vec<_> = (first..end).map(account).collect();
            books.time += 10_000;
            let begun = Instant::now();
            let Books {
                state,
                past,
                sink,
                results,
                time,
                ..
            } = &mut books;
            state.create_accounts(past, *time, &events, sink, results);
            state.end_group();
            worst = worst.max(begun.elapsed().as_micros());
            results.clear();
        }
        let each = start.elapsed().as_nanos() / u128::from(accounts);
        println!("{accounts:>11} accounts opened: {each} ns each, the slowest batch {worst} us");
        books
    }

    fn plain(&mut self, flags: u16) -> Transfer {
        let debit = self.random.below(self.accounts);
        let credit = (debit + 1 + self.random.below(self.accounts - 1)) % self.accounts;
        self.next_id += 1;
        Transfer {
            id: self.next_id,
            debit_account_id: account_id(debit),
            credit_account_id: account_id(credit),
            amount: 1,
            ledger: 1,
            code: 1,
            flags,
            ..Transfer::default()
        }
    }

    fn post(&mut self, pending: &Transfer) -> Transfer {
        self.next_id += 1;
        Transfer {
            id: self.next_id,
            amount: AMOUNT_ALL,
            pending_id: pending.id,
            flags: tf::POST_PENDING,
            ..Transfer::default()
        }
    }

    /// Decides a batch as a group of its own; nanoseconds that one transfer took on the average.
    fn decide(&mut self, events: &[Transfer]) -> u128 {
        let before = self.sink.0;
        let Self {
            state,
            past,
            sink,
            results,
            time,
            ..
        } = self;
        *time += 10_000;
        results.clear();
        let start = Instant::now();
        state.create_transfers(past, *time, events, sink, results);
        state.end_group();
        let nanoseconds = start.elapsed().as_nanos();
        assert_eq!(self.sink.0 - before, events.len() as u64, "all are created");
        nanoseconds / events.len() as u128
    }

    fn print(&self, name: &str, mut times: Vec<u128>) {
        times.sort_unstable();
        let (best, median) = (times[0], times[times.len() / 2]);
        println!(
            "{:>11} accounts, {name}: {median} ns each, {best} in the best batch",
            self.accounts
        );
    }
}

fn main() {
    let only = std::env::var("ACCOUNTS").ok();
    let only = only.and_then(|accounts| accounts.parse().ok());
    for accounts in only.map_or(vec![10_000, 1_000_000], |accounts| vec![accounts]) {
        let mut books = Books::new(accounts);
        let mut times = Vec::new();
        for _ in 0..300 {
            let events: Vec<_> = (0..BATCH).map(|_| books.plain(0)).collect();
            times.push(books.decide(&events));
        }
        books.print("plain", times);
        two_phase(&mut books, "pending", 1);
        two_phase(&mut books, "pending among 800,000 open ones", 100);
    }
}

/// Reserves, and posts what was reserved `behind` batches before.
fn two_phase(books: &mut Books, name: &str, behind: usize) {
    let mut open = VecDeque::new();
    let (mut reserve, mut post) = (Vec::new(), Vec::new());
    for _ in 0..200 {
        let events: Vec<_> = (0..BATCH).map(|_| books.plain(tf::PENDING)).collect();
        reserve.push(books.decide(&events));
        open.push_back(events);
        if open.len() >= behind {
            let reserved = open.pop_front().expect("there are some");
            let events: Vec<_> = reserved.iter().map(|pending| books.post(pending)).collect();
            post.push(books.decide(&events));
        }
    }
    books.print(name, reserve);
    books.print("its post", post);
}
