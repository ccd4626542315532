//! What tallies of many parties cost: `cargo bench -p machine --bench tallies`, for so many
//! `PARTIES`, of which each is counted in so many `TALLIES` of one scope, or of scopes of their own
//! where `APART` is set.
#![allow(clippy::disallowed_methods)] // a benchmark times

use std::hint::black_box;
use std::time::Instant;

use machine::rules::{Facts, Payment, Program, Side, Tallies};
use model::money::CurrencyCode;
use model::rule::{
    Condition, Consequence, Lines, Measure, Offset, Per, Relation, Rule, RuleBook, Scope, Source,
    Tally, Term, Window, Zone,
};
use sim::workload::Random;

/// Rules that ask the books for nothing.
struct Nothing;

impl Facts for Nothing {
    fn currency(&self, _: u32) -> Option<(CurrencyCode, u8)> {
        None
    }

    fn party(&self, _: u128) -> Option<(u8, u8)> {
        None
    }

    fn code_of(&self, _: u8) -> u16 {
        0
    }

    fn sums(&self, _: (CurrencyCode, u8), _: &Lines) -> (u128, u128) {
        (0, 0)
    }

    fn figure(&self, _: &str) -> Option<u128> {
        None
    }

    fn part(&self, _: &str) -> Option<u128> {
        None
    }
}

fn book(tallies: usize, apart: bool) -> RuleBook {
    let windows = [Window::Day, Window::Month, Window::Year, Window::Lifetime];
    let rules = (0..tallies).map(|number| Rule {
        id: format!("rule-{number}"),
        title: "Of the bench".to_owned(),
        jurisdiction: String::new(),
        source: Source::default(),
        from: 0,
        to: 0,
        zone: 0,
        scope: Scope {
            kinds: if apart {
                vec![1, number as u16 + 2]
            } else {
                vec![1]
            },
            ..Scope::default()
        },
        require: Condition::Compare(
            Term::Tally(Tally {
                measure: Measure::Sum,
                per: Per::Party,
                window: windows[number % 4],
            }),
            Relation::AtMost,
            Term::Number(u128::MAX >> 1),
        ),
        unless: None,
        then: Consequence::Refuse,
    });
    RuleBook {
        zones: vec![Zone::fixed(Offset::ZERO)],
        rules: rules.collect(),
    }
}

fn payment(party: u64, time: u64) -> Payment {
    let side = |party: u64| Side {
        party: u128::from(party + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835),
        account: party as u32,
        code: 1,
    };
    Payment {
        time,
        kind: 1,
        ledger: 1,
        amount: 1,
        channel: 0,
        payer: side(party),
        payee: side(0),
    }
}

/// Bytes of memory that the process has.
fn memory() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.map_or(0, |pages: u64| pages * 4_096)
}

fn number(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn main() {
    let (parties, tallies) = (number("PARTIES", 1_000_000), number("TALLIES", 4));
    let book = book(tallies as usize, std::env::var_os("APART").is_some());
    let mut counted = Tallies::new([1, 2]);
    counted.keep(std::iter::once(&book), 0);
    let program = Program::new(&book, &counted);
    let before = memory();
    let start = Instant::now();
    let begins = 1_800_000_000_000_000_000;
    for party in 0..parties {
        counted.count(&Nothing, &payment(party, begins + party));
    }
    let each = start.elapsed().as_nanos() / u128::from(parties);
    let bytes = (memory() - before) / parties;
    let rows = counted.len() as u64;
    println!("{parties} parties, {rows} sums: {bytes} bytes a party, {each} ns to make them");
    let mut random = Random::new(1);
    let payments = 5_000_000;
    let start = Instant::now();
    for number in 0..payments {
        let payment = payment(random.below(parties), begins + parties + number);
        let found = program.judge(&counted, &Nothing, &payment);
        assert!(black_box(found).is_empty());
        counted.count(&Nothing, &payment);
    }
    let each = start.elapsed().as_nanos() / u128::from(payments);
    println!("to judge a payment of any of them and to count it: {each} ns");
}
