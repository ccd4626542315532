//! Rule books and payments that meet often: few parties, small amounts, small limits.

use model::money::CurrencyCode;
use model::rule::{
    Condition, Consequence, Fraction, Lines, Measure, Offset, Per, Relation, Rule, RuleBook, Scope,
    Source, Step, Subject, Tally, Term, Window, Zone,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use sim::rules::{Payment, Side};

use crate::SECOND;

/// 29 March 2026, 01:00, when London puts its clocks forward.
const SPRING: u64 = 1_774_746_000;
/// 25 October 2026, 01:00, when it puts them back.
const AUTUMN: u64 = 1_792_890_000;
/// Around which moments payments begin: changes of clocks, a year's end, a leap day.
pub const STARTS: [u64; 5] = [SPRING, AUTUMN, 1_798_761_600, 1_835_395_200, 1_780_000_000];

/// Time zones in which days begin at all sorts of moments.
pub fn zones() -> Vec<Zone> {
    let zone = |name: &str, offsets: &[(u64, u16)]| Zone {
        name: name.into(),
        offsets: offsets
            .iter()
            .map(|&(from, ahead)| Offset { from, ahead })
            .collect(),
    };
    vec![
        zone("+08:00", &[(0, 1_920)]),
        zone("London", &[(0, 1_440), (SPRING, 1_500), (AUTUMN, 1_440)]),
        // Over midnight, forward and back.
        zone("Midnight", &[(0, 1_380), (SPRING, 1_470), (AUTUMN, 1_375)]),
        zone("Half an hour", &[(0, 1_440 - 330)]),
    ]
}

/// What payments may tell of themselves.
const PARTS: &[&[(&str, u128)]] = &[&[], &[("known", 5)], &[("large", u128::MAX)]];

/// The currency of the rules.
pub fn euro() -> (CurrencyCode, u8) {
    (CurrencyCode::new("EUR").expect("a code"), 2)
}

/// Another.
pub fn yen() -> (CurrencyCode, u8) {
    (CurrencyCode::new("JPY").expect("a code"), 0)
}

/// What happens, in order.
#[derive(Clone, Debug)]
pub enum Event {
    /// So much later somebody asks for a payment; it is made unless a rule refuses or holds it.
    Ask(u64, Payment),
    /// Other rules are entered.
    Enter(RuleBook),
    /// Of an earlier payment, by number, only so much is made.
    GiveBack(usize, u128),
}

/// A sound rule book of one to four rules.
pub fn book() -> impl Strategy<Value = RuleBook> {
    vec(rule(), 1..5).prop_map(|mut rules| {
        for (place, rule) in rules.iter_mut().enumerate() {
            rule.id = format!("r-{place}");
        }
        RuleBook {
            zones: zones(),
            rules,
        }
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let start = STARTS.map(|start| start * SECOND).to_vec();
    let from = prop_oneof![6 => Just(0), 1 => select(start.clone())];
    let to = prop_oneof![6 => Just(0), 1 => select(start)];
    let judged = (
        condition(),
        option::weighted(0.3, condition()),
        select(&Consequence::ALL[..]),
    );
    let place = (from, to, 0..zones().len() as u8);
    (place, scope(), judged).prop_map(|((from, to, zone), scope, (require, unless, then))| Rule {
        id: String::new(),
        title: "A rule".into(),
        jurisdiction: "EU".into(),
        source: Source {
            law: "A law".into(),
            ..Source::default()
        },
        from,
        to: if to > from { to } else { 0 },
        zone,
        scope,
        require,
        unless,
        then,
    })
}

fn few<T: Clone + std::fmt::Debug + 'static>(
    items: &[T],
) -> impl Strategy<Value = Vec<T>> + use<T> {
    let items = items.to_vec();
    prop_oneof![2 => Just(Vec::new()), 1 => vec(select(items), 1..3)]
}

fn lines() -> impl Strategy<Value = Lines> {
    (few(&[7, 9]), few(&[500, 1_007])).prop_map(|(roles, codes)| Lines { roles, codes })
}

fn some_lines() -> impl Strategy<Value = Lines> {
    lines().prop_map(|mut lines| {
        if lines.is_empty() {
            lines.codes.push(500);
        }
        lines
    })
}

fn scope() -> impl Strategy<Value = Scope> {
    let of = (
        few(&[32_u16, 33, 900]),
        few(&[0_u8, 1]),
        few(&[0_u8, 1]),
        few(&[0_u8, 6]),
    );
    let subject = select(&[Subject::Payer, Subject::Payee][..]);
    let party = prop_oneof![8 => Just(0), 1 => Just(2)];
    (subject, of, (lines(), lines()), party).prop_map(
        |(subject, (kinds, tiers, parties, channels), (payer, payee), party)| Scope {
            subject,
            kinds,
            currency: Some(euro()),
            payer,
            payee,
            tiers,
            parties,
            channels,
            party,
        },
    )
}

fn tally() -> impl Strategy<Value = Tally> {
    let window = prop_oneof![
        Just(Window::Day),
        Just(Window::Week),
        Just(Window::Month),
        Just(Window::Quarter),
        Just(Window::Year),
        Just(Window::Lifetime),
        (2..=48_u8).prop_map(Window::RollingHours),
        (2..=31_u8).prop_map(Window::RollingDays),
    ];
    let measure = select(&[Measure::Sum, Measure::Count][..]);
    let per = select(&[Per::Party, Per::Account, Per::Pair, Per::Everyone][..]);
    (measure, per, window).prop_map(|(measure, per, window)| Tally {
        measure,
        per,
        window,
    })
}

fn number() -> impl Strategy<Value = u128> {
    prop_oneof![8 => 0..20_u128, 4 => 0..4_000_u128, 1 => any::<u128>()]
}

fn fraction() -> impl Strategy<Value = Fraction> {
    let small = (1..7_u64, 1..7_u64);
    let any = (any::<u64>(), 1..=u64::MAX);
    prop_oneof![4 => small, 1 => any].prop_map(|(times, of)| Fraction { times, of })
}

fn name() -> impl Strategy<Value = String> {
    select(&["known", "large", "unknown"][..]).prop_map(String::from)
}

fn term() -> impl Strategy<Value = Term> {
    let leaf = prop_oneof![
        2 => number().prop_map(Term::Number),
        2 => number().prop_map(Term::Money),
        1 => Just(Term::Amount),
        6 => tally().prop_map(Term::Tally),
        1 => some_lines().prop_map(Term::Owed),
        1 => some_lines().prop_map(Term::Held),
        1 => name().prop_map(Term::Figure),
        1 => name().prop_map(Term::Part),
    ];
    leaf.prop_recursive(2, 4, 2, |below| {
        let steps = vec((1..2_000_u128, fraction()), 1..4).prop_map(|steps| {
            let mut up_to = 0;
            let next = |(length, fraction)| {
                up_to += length;
                Step { up_to, fraction }
            };
            steps.into_iter().map(next).collect()
        });
        prop_oneof![
            vec(below.clone(), 1..3).prop_map(Term::Sum),
            (below, steps).prop_map(|(term, steps)| Term::Ladder(Box::new(term), steps)),
        ]
    })
}

fn side_of_comparison() -> impl Strategy<Value = Term> {
    let times = (term(), fraction()).prop_map(|(term, times)| Term::Times(Box::new(term), times));
    prop_oneof![3 => term(), 1 => times]
}

fn condition() -> impl Strategy<Value = Condition> {
    let relation = select(&Relation::ALL[..]);
    let limit = (tally(), number()).prop_map(|(tally, limit)| {
        Condition::Compare(Term::Tally(tally), Relation::AtMost, Term::Number(limit))
    });
    let compare = (side_of_comparison(), relation, side_of_comparison())
        .prop_map(|(left, relation, right)| Condition::Compare(left, relation, right));
    let leaf = prop_oneof![3 => limit, 3 => compare, 1 => Just(Condition::OwnName)];
    leaf.prop_recursive(2, 4, 3, |below| {
        prop_oneof![
            vec(below.clone(), 0..3).prop_map(Condition::All),
            vec(below.clone(), 0..3).prop_map(Condition::Any),
            below.prop_map(|condition| Condition::Not(Box::new(condition))),
        ]
    })
}

fn side() -> impl Strategy<Value = Side> {
    let account = prop_oneof![(0..2_u32), Just(900)];
    let code = select(&[500_u16, 501, 1_007, 1_009][..]);
    (0..4_u128, account, code, (0..2_u8, 0..2_u8)).prop_map(|(party, account, code, known)| Side {
        party,
        // Accounts belong to one party.
        account: party as u32 * 10 + account,
        code,
        role: code.saturating_sub(1_000) as u8,
        known: (party != 0).then_some(known),
    })
}

fn payment() -> impl Strategy<Value = Payment> {
    let kind = select(&[32_u16, 33, 40, 900, 901][..]);
    let currency = prop_oneof![5 => Just(Some(euro())), 1 => Just(Some(yen())), 1 => Just(None)];
    let amount = prop_oneof![8 => 1..10_u128, 4 => 1..1_000_u128, 1 => any::<u128>().prop_map(|large| large >> 8)];
    let channel = select(&[0_u8, 6, 7][..]);
    let parts = select(PARTS);
    let how = (kind, currency, amount, channel);
    (how, side(), side(), parts).prop_map(
        |((kind, currency, amount, channel), payer, mut payee, parts)| {
            // One party is one thing at one moment.
            if payer.party == payee.party {
                payee.known = payer.known;
            }
            let part = |(name, part): &(&str, u128)| ((*name).to_owned(), *part);
            Payment {
                time: 0,
                kind,
                currency,
                amount,
                channel,
                payer,
                payee,
                parts: parts.iter().map(part).collect(),
                is_none: false,
            }
        },
    )
}

/// Anything that happens; mostly payments.
pub fn event() -> impl Strategy<Value = Event> {
    let later = prop_oneof![
        0..100 * SECOND,
        0..7_200 * SECOND,
        (0..50_u64).prop_map(|halves| halves * 1_800 * SECOND),
        0..100_000 * SECOND,
        0..3_000_000 * SECOND,
    ];
    let left = prop_oneof![Just(0), 0..5_u128];
    prop_oneof![
            30 => (later, payment()).prop_map(|(later, payment)| Event::Ask(later, payment)),
            1 => book().prop_map(Event::Enter),
    6 => (any::<usize>(), left).prop_map(|(place, left)| Event::GiveBack(place, left)),
        ]
}
