//! Compiled rules against the naive ones of `sim`: random books, random payments, books that
//! change, payments that are given back.

mod shapes;

use std::collections::BTreeMap;

use machine::rules::{self, Facts, Found, Program, Tallies};
use model::money::CurrencyCode;
use model::rule::{
    Condition, Consequence, Lines, Measure, Per, Relation, Rule, RuleBook, Scope, Source, Tally,
    Term, Window,
};
use proptest::collection::vec;
use proptest::prelude::{TestCaseError, prop_assert_eq, proptest};
use proptest::sample::select;
use proptest::test_runner::Config;
use shapes::{Event, STARTS, book, euro, event, yen, zones};
use sim::rules::{Balance, Books, Payment, Rules, Said, Side};

const SECOND: u64 = 1_000_000_000;
/// The facts of one payment.
struct Told<'a>(&'a Books, &'a Payment);

impl Facts for Told<'_> {
    fn currency(&self, ledger: u32) -> Option<(CurrencyCode, u8)> {
        [None, Some(euro()), Some(yen())][ledger as usize]
    }

    fn party(&self, id: u128) -> Option<(u8, u8)> {
        let sides = [self.1.payer, self.1.payee];
        sides.iter().find(|side| side.party == id)?.known
    }

    fn code_of(&self, role: u8) -> u16 {
        1_000 + u16::from(role)
    }

    fn sums(&self, currency: (CurrencyCode, u8), lines: &Lines) -> (u128, u128) {
        let of = |balance: &&Balance| {
            balance.currency == currency
                && (lines.codes.contains(&balance.code) || lines.roles.contains(&balance.role))
        };
        let balances = self.0.balances.iter().filter(of);
        balances.fold((0, 0), |(debits, credits), balance| {
            (debits + balance.debits, credits + balance.credits)
        })
    }

    fn figure(&self, name: &str) -> Option<u128> {
        self.0.figures.get(name).copied()
    }

    fn part(&self, name: &str) -> Option<u128> {
        self.1.parts.get(name).copied()
    }
}

fn compiled(payment: &Payment) -> rules::Payment {
    let side = |side: Side| rules::Side {
        party: side.party,
        account: side.account,
        code: side.code,
    };
    let ledger = match payment.currency {
        None => 0,
        Some(currency) if currency == euro() => 1,
        Some(_) => 2,
    };
    rules::Payment {
        time: payment.time,
        kind: payment.kind,
        ledger,
        amount: payment.amount,
        channel: payment.channel,
        payer: side(payment.payer),
        payee: side(payment.payee),
    }
}

fn books() -> Books {
    let balance = |currency, code: u16, debits, credits| Balance {
        currency,
        code,
        role: code.saturating_sub(1_000) as u8,
        debits,
        credits,
    };
    Books {
        figures: BTreeMap::from([("known".into(), 12), ("large".into(), u128::MAX)]),
        balances: vec![
            balance(euro(), 500, 7, 3),
            balance(euro(), 1_007, 1, 900),
            balance(euro(), 1_009, 40, 40),
            balance(yen(), 500, 1_000, 0),
        ],
    }
}

/// The compiled rules and the naive ones, side by side.
struct Both {
    books: Books,
    book: RuleBook,
    naive: Rules,
    tallies: Tallies,
    program: Program,
    made: Vec<Payment>,
}

impl Both {
    fn new(book: RuleBook) -> Self {
        let tallies = Tallies::new([7, 9]);
        let mut both = Self {
            books: books(),
            program: Program::new(&RuleBook::default(), &tallies),
            book: RuleBook::default(),
            naive: Rules::default(),
            tallies,
            made: Vec::new(),
        };
        both.enter(book, 0);
        both
    }

    /// Enters a book at a moment that lies behind all payments that were made.
    fn enter(&mut self, book: RuleBook, time: u64) {
        assert_eq!(book.check(), Ok(()));
        self.tallies.keep(std::iter::once(&book), time);
        self.program = Program::new(&book, &self.tallies);
        self.naive.enter(book.clone());
        self.book = book;
    }

    /// Both judge it, and it is made where they let it through. How many rules it breaks.
    fn ask(&mut self, payment: Payment) -> Result<usize, TestCaseError> {
        let told = Told(&self.books, &payment);
        let asked = compiled(&payment);
        let found = self.program.judge(&self.tallies, &told, &asked);
        let naive = self.naive.judge(&self.books, &payment);
        let naive: Vec<_> = (0..)
            .zip(naive)
            .filter_map(|(place, said)| self.found(place, said))
            .collect();
        prop_assert_eq!(&found, &naive, "{:?}", payment);
        if found.iter().all(|found| found.then.lets_through()) {
            self.tallies.count(&told, &asked);
            self.made.push(payment.clone());
            self.naive.make(payment);
        }
        Ok(found.len())
    }

    fn found(&self, rule: u16, said: Said) -> Option<Found> {
        let Said::Broken { used, limit, again } = said else {
            return None;
        };
        Some(Found {
            rule,
            then: self.book.rules[usize::from(rule)].then,
            used,
            limit,
            again,
        })
    }

    /// Gives back of a payment that was made, by these rules or those before.
    fn give_back(&mut self, place: usize, left: u128) {
        if self.made.is_empty() {
            return;
        }
        let place = place % self.made.len();
        let payment = &mut self.made[place];
        let left = left.min(payment.amount);
        // What was taken back is not given back again.
        if payment.amount == 0 {
            return;
        }
        let told = Told(&self.books, payment);
        self.tallies.give_back(&told, &compiled(payment), left);
        payment.amount = left;
        self.naive.give_back(place, left);
    }
}

proptest! {
    #![proptest_config(Config::with_cases(384))]

    #[test]
    fn compiled_rules_are_the_naive_ones(
        book in book(), start in select(&STARTS[..]), events in vec(event(), 1..60),
    ) {
        let mut both = Both::new(book);
        let mut time = (start - 90_000) * SECOND;
        for event in events {
            match event {
                Event::Ask(later, payment) => {
                    time += later;
                    both.ask(Payment { time, ..payment })?;
                }
                Event::Enter(book) => {
                    time += 1;
                    both.enter(book, time);
                }
                Event::GiveBack(place, left) => both.give_back(place, left),
            }
        }
    }
}

/// What was made before a tally was counted is not given back from it.
#[test]
fn what_was_never_counted_is_not_given_back() {
    let empty = RuleBook {
        rules: Vec::new(),
        ..limited(Measure::Count, Window::Lifetime, 1)
    };
    let mut both = Both::new(empty);
    let start = STARTS[4] * SECOND;
    assert_eq!(both.ask(plain(start)).expect("they agree"), 0);
    both.enter(limited(Measure::Count, Window::Lifetime, 1), start + 1);
    assert_eq!(both.ask(plain(start + 2)).expect("they agree"), 0);
    both.give_back(0, 0);
    assert_eq!(both.ask(plain(start + 3)).expect("they agree"), 1);
}

/// A hundred payments a minute apart, of which every third is taken back: as a whole it is no
/// payment any more, in part it is one still.
#[test]
fn what_is_given_back_is_not_counted() {
    for (measure, left) in [
        (Measure::Count, 0),
        (Measure::Count, 1),
        (Measure::Sum, 0),
        (Measure::Sum, 3),
    ] {
        for window in [Window::Day, Window::RollingHours(2), Window::Lifetime] {
            let mut both = Both::new(limited(measure, window, 40));
            let mut broken = 0;
            for minute in 0..100 {
                let time = (STARTS[4] + minute * 60) * SECOND;
                broken += both.ask(plain(time)).expect("they agree");
                if minute % 3 == 0 && both.made.len() > 2 {
                    both.give_back(both.made.len() - 2, left);
                }
            }
            assert!(
                broken > 0,
                "{measure:?} {left} {window:?} comes to its limit"
            );
        }
    }
}

fn limited(measure: Measure, window: Window, limit: u128) -> RuleBook {
    let tally = Tally {
        measure,
        per: Per::Account,
        window,
    };
    RuleBook {
        zones: zones(),
        rules: vec![Rule {
            id: "limited".into(),
            title: "A limit".into(),
            jurisdiction: "EU".into(),
            source: Source {
                law: "A law".into(),
                ..Source::default()
            },
            from: 0,
            to: 0,
            zone: 0,
            scope: Scope {
                currency: Some(euro()),
                ..Scope::default()
            },
            require: Condition::Compare(Term::Tally(tally), Relation::AtMost, Term::Number(limit)),
            unless: None,
            then: Consequence::Refuse,
        }],
    }
}

/// Five cents of one account.
fn plain(time: u64) -> Payment {
    let side = Side {
        party: 0,
        account: 1,
        code: 500,
        role: 0,
        known: None,
    };
    Payment {
        time,
        kind: 32,
        currency: Some(euro()),
        amount: 5,
        channel: 0,
        payer: side,
        payee: side,
        parts: BTreeMap::new(),
        is_none: false,
    }
}
