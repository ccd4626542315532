//! What placing paid orders in bulk costs: `cargo bench -p machine --bench orders`; with twenty
//! rules in force where `RULES` is set, for so many `BUYERS`.
#![allow(clippy::disallowed_methods)] // a benchmark times

use std::hint::black_box;
use std::time::Instant;

use machine::{Fact, LINE_MOMENTS, Recalled, RuleBookEntry, Sink, State};
use merkle::key::{KeyKind, SigningKey};
use model::limits::BATCH_LINES;
use model::money::CurrencyCode;
use model::object::Role;
use model::rule::bytes::encode;
use model::rule::{
    Condition, Consequence, Lines, Measure, Offset, Per, Relation, Rule, RuleBook, Scope, Source,
    Tally, Term, Window, Zone,
};
use model::{
    Act, ChartLineSet, Command, CommandResult, CommandStatus, Currency, OrderEvent, PartyKeySet,
    PartyOpen, TopUp, order_flags,
};
use sim::workload::Random;

const LEDGER: u32 = 978;

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

struct Market {
    state: State,
    past: Recalled,
    sink: Count,
    results: Vec<CommandResult>,
    random: Random,
    time: u64,
    next_id: u128,
    buyers: u64,
    sellers: u64,
}

/// Ids as users choose them: spread over all 128 bits.
fn spread(number: u64) -> u128 {
    u128::from(number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
}

/// Place of the role in the chart, its class and the flags of its accounts.
const CHART: &[(u16, &str, &str, u16)] = &[
    (1000, "asset", "safe", 0),
    (2000, "liability", "wallet", 2),
    (2010, "liability", "escrow", 2),
    (2020, "liability", "seller", 2),
];

fn twenty_rules() -> RuleBook {
    let windows = [Window::Day, Window::Month, Window::Year, Window::Lifetime];
    let kinds = [72, 31, 32, 46, 48];
    let rules = (0..20).map(|number: usize| Rule {
        id: format!("rule-{number}"),
        title: "Of the bench".to_owned(),
        jurisdiction: "CN".to_owned(),
        source: Source {
            law: "none".to_owned(),
            ..Source::default()
        },
        from: 0,
        to: 0,
        zone: 0,
        scope: Scope {
            kinds: vec![kinds[number / 4]],
            currency: CurrencyCode::new("EUR").map(|code| (code, 2)),
            payer: Lines {
                roles: vec![Role::Wallet as u8],
                codes: Vec::new(),
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
            Term::Money(1 << 60),
        ),
        unless: None,
        then: Consequence::Refuse,
    });
    RuleBook {
        zones: vec![Zone {
            name: "+08:00".to_owned(),
            offsets: vec![Offset {
                from: 0,
                ahead: Offset::ZERO + 480,
            }],
        }],
        rules: rules.collect(),
    }
}

fn place(name: &str, names: &[&str]) -> u8 {
    let place = names.iter().position(|known| *known == name);
    place.expect("it is one") as u8
}

impl Market {
    fn new(buyers: u64, sellers: u64) -> Self {
        let mut market = Self {
            state: State::new([0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210]),
            past: Recalled::default(),
            sink: Count::default(),
            results: Vec::new(),
            random: Random::new(1),
            time: 1,
            next_id: 1 << 100,
            buyers,
            sellers,
        };
        let start = Instant::now();
        let currency = Currency {
            ledger: LEDGER,
            code: CurrencyCode::new("EUR").expect("it is one"),
            exponent: 2,
            timestamp: 1,
        };
        market.state.declare_ledger(currency, &mut market.sink);
        for (code, class, role, flags) in CHART {
            market.command(ChartLineSet {
                code: *code,
                class: place(class, model::object::ACCOUNT_CLASSES),
                role: place(role, model::object::ROLES),
                flags: *flags,
                ..ChartLineSet::default()
            });
        }
        for number in 0..sellers + buyers {
            let party = spread(number);
            let kind = u8::from(number < sellers);
            market.command(PartyOpen {
                party,
                kind,
                commission: 50_000,
                ..PartyOpen::default()
            });
            if kind == 0 {
                market.command(TopUp {
                    party,
                    ledger: LEDGER,
                    amount: 1 << 40,
                    funding: 2,
                    channel: 0,
                });
            }
            if number % 256 == 0 {
                market.state.end_group();
            }
        }
        let seconds = start.elapsed().as_secs();
        println!("{buyers} buyers and {sellers} sellers opened in {seconds} s");
        market
    }

    fn command(&mut self, act: impl Into<Act>) {
        self.next_id += 1;
        let command = Command {
            id: self.next_id,
            act: act.into(),
            legs: Vec::new(),
        };
        self.time += State::moments(&command) as u64;
        let result = self
            .state
            .command(&self.past, self.time, &command, &mut self.sink);
        assert_eq!(result.status, CommandStatus::Created.code());
    }

    /// Enters twenty rules, four of which count each order.
    fn rule(&mut self) {
        const SIGNER: u128 = 1;
        let key = SigningKey::generate("bench", KeyKind::Ed25519, [1; 32]).expect("a name");
        let halves = key.verifier().public_key().as_chunks::<16>().0;
        let [first, second] = [0, 1].map(|half| u128::from_le_bytes(halves[half]));
        self.command(PartyOpen {
            party: SIGNER,
            kind: 4,
            ..PartyOpen::default()
        });
        self.command(PartyKeySet {
            party: SIGNER,
            key: first,
            key_more: second,
        });
        let mut entry = RuleBookEntry {
            bytes: encode(&twenty_rules()),
            version: 1,
            begins: 0,
            party: SIGNER,
            signature: [0; 64],
        };
        let line = key.sign_note_text(&entry.note_text()).expect("a note");
        entry.signature = line.bytes.try_into().expect("64 bytes");
        self.time += entry.moments() as u64;
        let entered = self
            .state
            .enter_rule_book(self.time, &entry, &mut self.sink);
        assert!(entered.is_ok(), "{entered:?}");
        self.state.end_group();
    }

    /// Every other order is the first seller's.
    fn order(&mut self) -> OrderEvent {
        self.next_id += 1;
        let seller = if self.random.below(2) == 0 {
            0
        } else {
            self.random.below(self.sellers)
        };
        OrderEvent {
            order: spread(self.next_id as u64),
            buyer: spread(self.sellers + self.random.below(self.buyers)),
            seller: spread(seller),
            amount: 1 + u128::from(self.random.below(10_000)),
            ledger: LEDGER,
            flags: order_flags::PAY,
            ..OrderEvent::default()
        }
    }

    /// Places a batch as a group of its own; nanoseconds that one line took on the average.
    fn place(&mut self, orders: &[OrderEvent]) -> u128 {
        let before = self.sink.0;
        self.time += (orders.len() * LINE_MOMENTS) as u64;
        self.results.clear();
        let start = Instant::now();
        let (past, time) = (&self.past, self.time);
        self.state
            .create_orders(past, time, orders, &mut self.sink, &mut self.results);
        self.state.end_group();
        let nanoseconds = start.elapsed().as_nanos();
        let records = self.sink.0 - before;
        assert!(records >= 2 * orders.len() as u64, "all are placed");
        nanoseconds / orders.len() as u128
    }

    fn print(name: &str, mut times: Vec<u128>) {
        times.sort_unstable();
        let (best, median) = (times[0], times[times.len() / 2]);
        println!("{name}: {median} ns a line, {best} in the best batch");
    }
}

fn main() {
    let only = std::env::var("BUYERS").ok();
    let buyers = only.and_then(|buyers| buyers.parse().ok());
    let buyers: u64 = buyers.unwrap_or(1_000_000);
    let mut market = Market::new(buyers, buyers / 10);
    if std::env::var_os("RULES").is_some() {
        market.rule();
    }
    let mut times = Vec::new();
    for _ in 0..300 {
        let orders: Vec<_> = (0..BATCH_LINES).map(|_| market.order()).collect();
        times.push(market.place(&orders));
    }
    Market::print("orders of one line", times);
    let mut times = Vec::new();
    for _ in 0..100 {
        let mut orders: Vec<_> = (0..BATCH_LINES).map(|_| market.order()).collect();
        for pair in orders.as_chunks_mut::<2>().0 {
            pair[0].flags |= order_flags::LINKED;
            (pair[1].order, pair[1].buyer) = (pair[0].order, pair[0].buyer);
        }
        times.push(market.place(&orders));
    }
    Market::print("orders of two lines", times);
}
