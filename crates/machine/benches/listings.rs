//! What listings cost: `cargo bench -p machine --bench listings`; for so many `LISTINGS`.
#![allow(clippy::disallowed_methods)] // a benchmark times

use std::hint::black_box;
use std::time::Instant;

use machine::{Fact, Recalled, Sink, State};
use model::money::CurrencyCode;
use model::object::{ACCOUNT_CLASSES, ROLES};
use model::{Act, ChartLineSet, Command, CommandStatus, Currency, ListingAdd, PartyOpen};

const LEDGER: u32 = 978;
const SELLERS: u128 = 1_000;

/// Takes facts and forgets them.
struct Nowhere;

impl Sink for Nowhere {
    type Mark = ();

    fn push(&mut self, fact: Fact<'_>) {
        black_box(&fact);
    }

    fn mark(&self) {}

    fn rewind(&mut self, (): ()) {}
}

struct Market {
    state: State,
    past: Recalled,
    time: u64,
    next_id: u128,
}

fn place(name: &str, names: &[&str]) -> u8 {
    let place = names.iter().position(|known| *known == name);
    place.expect("it is one") as u8
}

impl Market {
    fn command(&mut self, act: impl Into<Act>) {
        self.next_id += 1;
        let command = Command {
            id: self.next_id,
            act: act.into(),
            legs: Vec::new(),
        };
        self.time += State::moments(&command) as u64;
        let (past, time) = (&self.past, self.time);
        let result = self.state.command(past, time, &command, &mut Nowhere);
        assert_eq!(result.status, CommandStatus::Created.code());
        if self.next_id.is_multiple_of(256) {
            self.state.end_group();
        }
    }
}

/// Bytes that the process holds in memory.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux tells");
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.map_or(0, |pages: u64| pages * 4_096)
}

fn main() {
    let count = std::env::var("LISTINGS").ok();
    let count: u64 = count
        .and_then(|count| count.parse().ok())
        .unwrap_or(1_000_000);
    let mut market = Market {
        state: State::new([1, 2]),
        past: Recalled::default(),
        time: 1,
        next_id: 0,
    };
    let currency = Currency {
        ledger: LEDGER,
        code: CurrencyCode::new("EUR").expect("it is one"),
        exponent: 2,
        timestamp: 1,
    };
    market.state.declare_ledger(currency, &mut Nowhere);
    market.command(ChartLineSet {
        code: 2_020,
        class: place("liability", ACCOUNT_CLASSES),
        role: place("seller", ROLES),
        flags: 2,
        ..ChartLineSet::default()
    });
    for party in 1..=SELLERS {
        market.command(PartyOpen {
            party,
            kind: 1,
            ..PartyOpen::default()
        });
    }
    let (before, start) = (resident(), Instant::now());
    for number in 0..count {
        market.command(ListingAdd {
            seller: 1 + u128::from(number) % SELLERS,
            ledger: LEDGER,
            category: (number % 500) as u32,
            price: 100 + number % 10_000,
            stock: 10,
            ..ListingAdd::default()
        });
    }
    let nanoseconds = start.elapsed().as_nanos() / u128::from(count);
    let tenths = (resident() - before) * 10 / count;
    let (bytes, tenths) = (tenths / 10, tenths % 10);
    println!("{count} listings: {nanoseconds} ns and {bytes}.{tenths} bytes of memory each");
}
