//! Rule books: their bytes, their refusals, and local time.

mod books;

use model::money::CurrencyCode;
use model::rule::bytes::{self, BytesError};
use model::rule::{
    Condition, Consequence, Fraction, Lines, Measure, Offset, Per, Relation, Rule, RuleBook, Scope,
    Source, Step, Subject, Tally, Term, Window, Zone,
};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::Config;

proptest! {
    #![proptest_config(Config::with_cases(256))]

    #[test]
    fn a_book_comes_back(book in books::book()) {
        prop_assert_eq!(book.check(), Ok(()));
        let encoded = bytes::encode(&book);
        prop_assert_eq!(bytes::decode(&encoded), Ok(book));
    }

    /// One bit flipped, the end cut off, a byte more: refused, or bytes of another book.
    #[test]
    fn other_bytes_are_no_second_form(book in books::book(), at: usize, bit in 0..8_u32) {
        let mut encoded = bytes::encode(&book);
        let at = at % encoded.len();
        encoded[at] ^= 1 << bit;
        if let Ok(other) = bytes::decode(&encoded) {
            prop_assert!(other != book);
            prop_assert_eq!(&bytes::encode(&other), &encoded);
        }
        encoded[at] ^= 1 << bit;
        let cut = bytes::decode(&encoded[..at]);
        prop_assert!(cut == Err(BytesError::Short), "{:?}", cut);
        encoded.push(0);
        prop_assert_eq!(bytes::decode(&encoded), Err(BytesError::Long));
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(noise: Vec<u8>) {
        if let Ok(book) = bytes::decode(&noise) {
            prop_assert_eq!(bytes::encode(&book), noise);
        }
    }

    /// Local time never goes back, and `moment` is the first second of it.
    #[test]
    fn local_time_and_its_first_moment(
        book in books::book(), at in any::<u32>(), near: bool, step in 0..200_000_u64,
    ) {
        let zone = &book.zones[0];
        let change = zone.offsets[at as usize % zone.offsets.len()].from;
        let at = if near { change.saturating_sub(100_000) } else { at.into() };
        let (now, then) = (zone.local(at), zone.local(at + step));
        prop_assert!(now <= then);
        let first = zone.moment(then);
        prop_assert!(first <= at + step);
        prop_assert!(zone.local(first) >= then);
        prop_assert!(first == 0 || zone.local(first - 1) < then);
    }
}

fn zone(name: &str, offsets: &[(u64, u16)]) -> Zone {
    let offset = |&(from, ahead)| Offset { from, ahead };
    Zone {
        name: name.into(),
        offsets: offsets.iter().map(offset).collect(),
    }
}

/// 2026 in London: forward on 29 March at 01:00, back on 25 October at 02:00 of summer time.
fn london() -> Zone {
    let (forward, back) = (1_774_746_000, 1_792_890_000);
    zone("London", &[(0, 1_440), (forward, 1_500), (back, 1_440)])
}

#[test]
fn a_fixed_offset() {
    let shanghai = zone("+08:00", &[(0, 1_440 + 480)]);
    assert_eq!(shanghai.local(0), 28_800);
    assert_eq!(shanghai.local(1_522_512_000), 1_522_540_800);
    assert_eq!(shanghai.moment(1_522_540_800), 1_522_512_000);
    assert_eq!(shanghai.moment(0), 0, "never before 1970");
    let new_york = zone("-05:00", &[(0, 1_440 - 300)]);
    assert_eq!(new_york.local(0), 0, "never before 1970");
    assert_eq!(new_york.local(17_999), 0);
    assert_eq!(new_york.local(18_001), 1);
    assert_eq!(new_york.moment(0), 0);
    assert_eq!(new_york.moment(1), 18_001);
    assert_eq!(new_york.moment(u64::MAX), u64::MAX - 86_400 + 18_000);
}

#[test]
fn clocks_put_forward_leave_an_hour_out() {
    let london = london();
    let forward = 1_774_746_000;
    assert_eq!(london.local(forward - 1), forward - 1);
    assert_eq!(london.local(forward), forward + 3_600);
    // Half past one is not there: its moment is when clocks pass it.
    assert_eq!(london.moment(forward + 1_800), forward);
    assert_eq!(london.moment(forward + 3_600), forward);
    assert_eq!(london.moment(forward + 3_601), forward + 1);
}

#[test]
fn clocks_put_back_begin_no_hour_twice() {
    let london = london();
    let back = 1_792_890_000;
    assert_eq!(london.local(back - 1), back + 3_599, "01:59:59 in summer");
    // It would be 01:00 again; time stands still until it is 02:00.
    assert_eq!(london.local(back), back + 3_599);
    assert_eq!(london.local(back + 3_599), back + 3_599);
    assert_eq!(london.local(back + 3_600), back + 3_600);
    assert_eq!(london.moment(back), back - 3_600, "01:00, the first time");
    assert_eq!(london.moment(back + 3_600), back + 3_600);
}

#[test]
fn a_draft_never_holds_and_an_end_is_not_within() {
    let mut rule = sound();
    rule.from = 10;
    rule.to = 20;
    let holds = |rule: &Rule, times: [u64; 4]| times.map(|time| rule.holds_at(time));
    assert_eq!(holds(&rule, [9, 10, 19, 20]), [false, true, true, false]);
    rule.to = 0;
    assert_eq!(
        holds(&rule, [9, 10, 20, u64::MAX]),
        [false, true, true, true]
    );
    rule.from = Rule::DRAFT;
    assert_eq!(holds(&rule, [0, 10, u64::MAX - 1, u64::MAX]), [false; 4]);
}

const DAILY: Tally = Tally {
    measure: Measure::Sum,
    per: Per::Party,
    window: Window::Day,
};

fn sound() -> Rule {
    Rule {
        id: "day-1000".into(),
        title: "1,000 a day".into(),
        jurisdiction: "CN".into(),
        source: Source {
            law: "A law".into(),
            ..Source::default()
        },
        from: 0,
        to: 0,
        zone: 0,
        scope: Scope {
            currency: CurrencyCode::new("CNY").map(|code| (code, 2)),
            ..Scope::default()
        },
        require: at_most(Term::Tally(DAILY), Term::Money(100_000)),
        unless: None,
        then: Consequence::Refuse,
    }
}

fn at_most(left: Term, right: Term) -> Condition {
    Condition::Compare(left, Relation::AtMost, right)
}

fn third(term: Term) -> Term {
    Term::Times(Box::new(term), Fraction { times: 1, of: 3 })
}

/// A condition around one, so many times.
fn nested(condition: Condition, times: usize) -> Condition {
    (0..times).fold(condition, |inner, _| Condition::Not(Box::new(inner)))
}

/// What is said of the sound rule, once it is changed.
fn refused(change: impl FnOnce(&mut Rule)) -> String {
    let mut rule = sound();
    change(&mut rule);
    let book = RuleBook {
        zones: vec![zone("UTC", &[(0, 1_440)])],
        rules: vec![rule],
    };
    let unsound = book.check().expect_err("it is not sound");
    let encoded = bytes::encode(&book);
    assert!(bytes::decode(&encoded).is_err(), "{unsound}");
    unsound.to_string()
}

/// What is said of a rule that requires this.
fn refused_to_require(left: Term, right: Term) -> String {
    refused(|rule| rule.require = at_most(left, right))
}

#[test]
fn every_refusal_of_a_rule() {
    let id = "an id is 1 to 64 small letters, digits and hyphens";
    assert_eq!(refused(|rule| rule.id.clear()), id);
    assert_eq!(
        refused(|rule| rule.id = "A".into()),
        format!("rule A: {id}")
    );
    let long = "a".repeat(65);
    assert_eq!(
        refused(|rule| rule.id.clone_from(&long)),
        format!("rule {long}: {id}")
    );
    let text = "rule day-1000: a text has at most 400 bytes and no control characters";
    assert_eq!(refused(|rule| rule.title = "a\nb".into()), text);
    assert_eq!(refused(|rule| rule.source.address = "a".repeat(401)), text);
    let said = "rule day-1000: title, jurisdiction and source.law must be said";
    assert_eq!(refused(|rule| rule.title.clear()), said);
    assert_eq!(refused(|rule| rule.jurisdiction.clear()), said);
    assert_eq!(refused(|rule| rule.source.law.clear()), said);
    let ends = "rule day-1000: it ends before it begins";
    assert_eq!(refused(|rule| (rule.from, rule.to) = (5, 5)), ends);
    let zone = "rule day-1000: its time zone is not one of the rule book";
    assert_eq!(refused(|rule| rule.zone = 1), zone);
    let money = "rule day-1000: it compares amounts, so scope.currency must be said";
    assert_eq!(refused(|rule| rule.scope.currency = None), money);
    let none = |rule: &mut Rule, unless| {
        rule.scope.currency = None;
        rule.require = at_most(Term::Number(1), Term::Number(2));
        rule.unless = Some(unless);
    };
    for term in [
        Term::Amount,
        Term::Money(1),
        third(Term::Amount),
        Term::Sum(vec![Term::Amount]),
    ] {
        let unless = nested(at_most(Term::Number(1), term), 1);
        assert_eq!(
            refused(|rule| none(rule, Condition::All(vec![unless]))),
            money
        );
    }
}

#[test]
fn every_refusal_of_a_scope() {
    let list = "rule day-1000: a list of the scope has at most 64 items";
    assert_eq!(refused(|rule| rule.scope.kinds = vec![1; 65]), list);
    assert_eq!(refused(|rule| rule.scope.tiers = vec![1; 65]), list);
    assert_eq!(refused(|rule| rule.scope.parties = vec![1; 65]), list);
    assert_eq!(refused(|rule| rule.scope.channels = vec![1; 65]), list);
    let known = "rule day-1000: the scope names a tier, party class, channel or kind that there \
                 is not";
    assert_eq!(refused(|rule| rule.scope.kinds = vec![0]), known);
    assert_eq!(refused(|rule| rule.scope.tiers = vec![4]), known);
    assert_eq!(refused(|rule| rule.scope.parties = vec![5]), known);
    assert_eq!(refused(|rule| rule.scope.channels = vec![10]), known);
    let places = "rule day-1000: a currency has at most 18 decimal places";
    let code = CurrencyCode::new("CNY").expect("a code");
    assert_eq!(
        refused(|rule| rule.scope.currency = Some((code, 19))),
        places
    );
    let lines = "rule day-1000: a list of lines has at most 64 items";
    assert_eq!(refused(|rule| rule.scope.payer.codes = vec![1; 65]), lines);
    assert_eq!(refused(|rule| rule.scope.payee.roles = vec![1; 65]), lines);
    let line = "rule day-1000: a role or code of the chart is one that there is not";
    assert_eq!(refused(|rule| rule.scope.payer.codes = vec![0]), line);
    assert_eq!(refused(|rule| rule.scope.payee.roles = vec![0]), line);
    assert_eq!(refused(|rule| rule.scope.payee.roles = vec![200]), line);
}

#[test]
fn every_refusal_of_a_condition() {
    let deep = "rule day-1000: a condition has at most 8 levels";
    assert_eq!(
        refused(|rule| rule.require = nested(rule.require.clone(), 7)),
        deep
    );
    assert_eq!(
        refused(|rule| rule.unless = Some(nested(Condition::OwnName, 8))),
        deep
    );
    let sum = |term| Term::Sum(vec![term]);
    let eight = (0..8).fold(Term::Amount, |term, _| sum(term));
    assert_eq!(refused_to_require(Term::Amount, eight), deep);
    let few = "rule day-1000: a list of a condition has at most 64 items";
    let many = vec![Condition::OwnName; 65];
    assert_eq!(
        refused(|rule| rule.require = Condition::Any(many.clone())),
        few
    );
    assert_eq!(
        refused(|rule| rule.unless = Some(Condition::All(many))),
        few
    );
    let many = Term::Sum(vec![Term::Amount; 65]);
    assert_eq!(refused_to_require(many, Term::Amount), few);
    let line = "rule day-1000: a balance names at least one line of the chart";
    for term in [Term::Owed(Lines::default()), Term::Held(Lines::default())] {
        assert_eq!(refused_to_require(term, Term::Amount), line);
    }
    let name = "rule day-1000: the name of a figure or part is 1 to 32 small letters, digits and \
                underscores";
    for text in ["", "Share", "own-share", &"a".repeat(33)] {
        assert_eq!(
            refused_to_require(Term::Figure(text.into()), Term::Amount),
            name
        );
        assert_eq!(
            refused_to_require(Term::Part(text.into()), Term::Amount),
            name
        );
    }
    let none = "rule day-1000: a sum has at least one term";
    assert_eq!(
        refused_to_require(Term::Sum(Vec::new()), Term::Amount),
        none
    );
}

#[test]
fn every_refusal_of_a_fraction() {
    let lower = "rule day-1000: the lower number of a fraction is not 0";
    let zero = Fraction { times: 1, of: 0 };
    let times = Term::Times(Box::new(Term::Amount), zero);
    assert_eq!(refused_to_require(times, Term::Amount), lower);
    let ladder = |steps: &[(u128, Fraction)]| {
        let step = |&(up_to, fraction)| Step { up_to, fraction };
        Term::Ladder(Box::new(Term::Amount), steps.iter().map(step).collect())
    };
    assert_eq!(
        refused_to_require(ladder(&[(1, zero)]), Term::Amount),
        lower
    );
    let one = Fraction { times: 1, of: 20 };
    let rise = "rule day-1000: the steps of a ladder rise";
    assert_eq!(refused_to_require(ladder(&[]), Term::Amount), rise);
    assert_eq!(
        refused_to_require(ladder(&[(5, one), (5, one)]), Term::Amount),
        rise
    );
    let twice = "rule day-1000: a fraction of a fraction is one fraction";
    assert_eq!(
        refused_to_require(third(third(Term::Amount)), Term::Amount),
        twice
    );
    let top = "rule day-1000: a fraction stands at the top of a comparison only";
    let within = Term::Sum(vec![third(Term::Amount)]);
    assert_eq!(refused_to_require(within, Term::Amount), top);
    let within = Term::Ladder(
        Box::new(third(Term::Amount)),
        vec![Step {
            up_to: 1,
            fraction: one,
        }],
    );
    assert_eq!(refused_to_require(within, Term::Amount), top);
    let rolling = |window| Term::Tally(Tally { window, ..DAILY });
    for hours in [0, 1, 49] {
        let hours = rolling(Window::RollingHours(hours));
        let said = "rule day-1000: a rolling window of hours has 2 to 48 of them";
        assert_eq!(refused_to_require(hours, Term::Amount), said);
    }
    for days in [0, 1, 32] {
        let days = rolling(Window::RollingDays(days));
        let said = "rule day-1000: a rolling window of days has 2 to 31 of them";
        assert_eq!(refused_to_require(days, Term::Amount), said);
    }
}

/// What is said of a book.
fn refused_book(zones: Vec<Zone>, rules: Vec<Rule>) -> String {
    let book = RuleBook { zones, rules };
    assert!(bytes::decode(&bytes::encode(&book)).is_err());
    book.check().expect_err("it is not sound").to_string()
}

fn numbered(number: usize) -> Rule {
    Rule {
        id: format!("r-{number}"),
        ..sound()
    }
}

#[test]
fn every_refusal_of_a_book() {
    let utc = || vec![zone("UTC", &[(0, 1_440)])];
    let many = (0..129).map(numbered).collect();
    assert_eq!(
        refused_book(utc(), many),
        "a rule book has at most 128 rules"
    );
    let zones = "a rule book has at most 16 time zones, each with a name and at most 192 offsets \
                 of at most a day, two days apart at least";
    let many = (0..17).map(|number| zone(&number.to_string(), &[(0, 0)]));
    assert_eq!(refused_book(many.collect(), Vec::new()), zones);
    let days: Vec<_> = (0..193).map(|number| (number << 20, 0)).collect();
    for unsound in [
        zone("", &[(0, 0)]),
        zone("a\tb", &[(0, 0)]),
        zone("None", &[]),
        zone("Day and a minute", &[(0, 2_881)]),
        zone("Back", &[(500_000, 0), (0, 0)]),
        zone("Too near", &[(0, 0), (172_799, 0)]),
        zone("Many", &days),
    ] {
        assert_eq!(refused_book(vec![unsound], Vec::new()), zones);
    }
    let twice = [utc(), utc()].concat();
    let names = "the names of a rule book's time zones differ";
    assert_eq!(refused_book(twice, Vec::new()), names);
    let ids = vec![numbered(3), numbered(1), numbered(3)];
    assert_eq!(
        refused_book(utc(), ids),
        "rule r-3: another rule has the same id"
    );
    let large = |number| Rule {
        title: "a".repeat(400),
        ..numbered(number)
    };
    let large = (0..110).map(large).collect();
    assert_eq!(refused_book(utc(), large), "a rule book has at most 48 KiB");
}

/// The same tallies are counted once: 257 of which two are the same are 256.
#[test]
fn tallies_are_counted_once() {
    let windows = (2..=31).map(Window::RollingDays);
    let windows = windows.chain((2..=34).map(Window::RollingHours));
    let tallies: Vec<_> = windows
        .chain([Window::Day])
        .map(|window| at_most(Term::Tally(Tally { window, ..DAILY }), Term::Money(1)))
        .collect();
    assert_eq!(tallies.len(), 64);
    let rule = |number: usize| Rule {
        require: Condition::All(tallies.clone()),
        scope: Scope {
            kinds: vec![number as u16],
            ..sound().scope
        },
        ..numbered(number)
    };
    let mut book = RuleBook {
        zones: vec![zone("UTC", &[(0, 1_440)])],
        rules: (1..=4).map(rule).collect(),
    };
    book.rules[0].unless = Some(at_most(Term::Tally(DAILY), Term::Money(1)));
    assert_eq!(book.check(), Ok(()));
    book.rules.push(numbered(5));
    let said = "the rules of a book need at most 256 tallies";
    assert_eq!(book.check().expect_err("one more").to_string(), said);
    book.rules[4].scope.kinds = vec![1];
    assert_eq!(book.check(), Ok(()), "the first rule has it");
    book.rules[4].scope.subject = Subject::Payee;
    assert!(book.check().is_err(), "another subject is another tally");
}

#[test]
fn bytes_that_are_no_numbers_texts_or_choices() {
    let book = RuleBook {
        zones: vec![zone("UTC", &[(0, 1_440)])],
        rules: vec![sound()],
    };
    assert_eq!(bytes::decode(&vec![0; 49_153]), Err(BytesError::Size));
    assert_eq!(bytes::decode(&[]), Err(BytesError::Short));
    assert_eq!(bytes::decode(&[0, 0]), Ok(RuleBook::default()));
    assert_eq!(
        bytes::decode(&[1, 0, 0]),
        Err(BytesError::Value),
        "0 is no byte"
    );
    assert_eq!(
        bytes::decode(&[17]),
        Err(BytesError::Value),
        "17 bytes of a number"
    );
    assert_eq!(bytes::decode(&[1, 17]), Err(BytesError::Value), "17 zones");
    let encoded = bytes::encode(&book);
    for (at, byte) in [(3, 0xFF), (encoded.len() - 1, 4)] {
        let mut other = encoded.clone();
        other[at] = byte;
        assert!(bytes::decode(&other).is_err(), "{at}");
    }
    let unsound = RuleBook {
        zones: Vec::new(),
        ..book
    };
    let error = bytes::decode(&bytes::encode(&unsound)).expect_err("no zone");
    let said = "rule day-1000: its time zone is not one of the rule book";
    assert_eq!(error.to_string(), said);
}
