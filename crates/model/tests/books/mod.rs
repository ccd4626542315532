//! Rule books of all shapes, for properties.

use model::money::CurrencyCode;
use model::object::{PARTY_KINDS, ROLES};
use model::rule::{
    CHANNELS, Condition, Consequence, Fraction, Lines, Measure, OFFSET_SECONDS, Offset, Per,
    Relation, Rule, RuleBook, Scope, Source, Step, Subject, Tally, Term, Window, Zone,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

/// A rule book that is sound.
pub fn book() -> impl Strategy<Value = RuleBook> {
    (vec(zone(), 1..4), vec(rule(), 0..6)).prop_map(|(mut zones, mut rules)| {
        for (place, zone) in zones.iter_mut().enumerate() {
            zone.name.push_str(&place.to_string());
        }
        for (place, rule) in rules.iter_mut().enumerate() {
            rule.id.push_str(&place.to_string());
            rule.zone %= zones.len() as u8;
        }
        RuleBook { zones, rules }
    })
}

fn zone() -> impl Strategy<Value = Zone> {
    let offset = (OFFSET_SECONDS..1 << 30, 0..=2 * Offset::ZERO);
    ("[A-Z][a-z]{0,9}", any::<u32>(), vec(offset, 1..6)).prop_map(|(name, first, offsets)| {
        let mut from = u64::from(first);
        let next = |(since, ahead)| {
            let offset = Offset { from, ahead };
            from += since;
            offset
        };
        Zone {
            name,
            offsets: offsets.into_iter().map(next).collect(),
        }
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let texts = ("[a-z0-9-]{1,20}", text(), "[A-Z]{2}", source());
    let span = (
        prop_oneof![9 => any::<u32>().prop_map(u64::from), 1 => Just(0)],
        0..3_u64,
    );
    let draft = (any::<bool>(), any::<bool>(), any::<bool>());
    let judged = (
        condition(),
        option::of(condition()),
        select(&Consequence::ALL[..]),
    );
    (texts, span, draft, any::<u8>(), scope(), judged).prop_map(
        |((id, title, jurisdiction, source), (from, length), draft, zone, mut scope, judged)| {
            let (require, unless, then) = judged;
            if names_money(&require) || unless.as_ref().is_some_and(names_money) {
                let euro = CurrencyCode::new("EUR").expect("a code");
                scope.currency.get_or_insert((euro, 2));
            }
            let from = from * 1_000_000_007;
            let is_draft = draft == (true, true, true);
            Rule {
                id,
                title,
                jurisdiction,
                source,
                from: if is_draft { Rule::DRAFT } else { from },
                to: if length == 0 || is_draft {
                    0
                } else {
                    from + length
                },
                zone,
                scope,
                require,
                unless,
                then,
            }
        },
    )
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z ,.'\"\\\\]{1,40}", "[^\\p{C}]{1,20}"]
}

fn source() -> impl Strategy<Value = Source> {
    (
        text(),
        option::of(text()),
        option::of(text()),
        any::<bool>(),
    )
        .prop_map(|(law, article, address, verified)| Source {
            law,
            article: article.unwrap_or_default(),
            address: address.unwrap_or_default(),
            verified,
        })
}

fn scope() -> impl Strategy<Value = Scope> {
    let currency = ("[A-Z0-9]{1,12}", 0..=18_u8).prop_map(|(code, exponent)| {
        let code = CurrencyCode::new(&code);
        (code.expect("a code"), exponent)
    });
    let subject = select(&[Subject::Payer, Subject::Payee][..]);
    let kinds = vec(prop_oneof![1..120_u16, 1..=u16::MAX], 0..4);
    let places = |names: usize| vec(0..names as u8, 0..4);
    let classes = (
        vec(0..=3_u8, 0..4),
        places(PARTY_KINDS.len()),
        places(CHANNELS.len()),
    );
    let party = prop_oneof![4 => Just(0), 1 => any::<u128>()];
    let sides = (lines(0), lines(0));
    (subject, kinds, option::of(currency), sides, classes, party).prop_map(
        |(subject, kinds, currency, (payer, payee), (tiers, parties, channels), party)| Scope {
            subject,
            kinds,
            currency,
            payer,
            payee,
            tiers,
            parties,
            channels,
            party,
        },
    )
}

fn lines(least: usize) -> impl Strategy<Value = Lines> {
    let roles = vec(1..ROLES.len() as u8, 0..3);
    (roles, vec(1..=u16::MAX, least..3)).prop_map(|(roles, codes)| Lines { roles, codes })
}

fn condition() -> impl Strategy<Value = Condition> {
    let compared = || prop_oneof![3 => term(), 1 => (term(), fraction()).prop_map(times)];
    let relation = select(&Relation::ALL[..]);
    let compare = (compared(), relation, compared())
        .prop_map(|(left, relation, right)| Condition::Compare(left, relation, right));
    prop_oneof![9 => compare, 1 => Just(Condition::OwnName)].prop_recursive(3, 8, 3, |below| {
        prop_oneof![
            vec(below.clone(), 0..4).prop_map(Condition::All),
            vec(below.clone(), 0..4).prop_map(Condition::Any),
            below.prop_map(|condition| Condition::Not(Box::new(condition))),
        ]
    })
}

fn times((term, fraction): (Term, Fraction)) -> Term {
    Term::Times(Box::new(term), fraction)
}

fn number() -> impl Strategy<Value = u128> {
    prop_oneof![
        0..1_000_u128,
        any::<u64>().prop_map(u128::from),
        any::<u128>()
    ]
}

fn fraction() -> impl Strategy<Value = Fraction> {
    let number = || prop_oneof![1..100_u64, 1..=u64::MAX];
    (number(), number()).prop_map(|(times, of)| Fraction { times, of })
}

fn term() -> impl Strategy<Value = Term> {
    let leaf = prop_oneof![
        number().prop_map(Term::Number),
        number().prop_map(Term::Money),
        Just(Term::Amount),
        tally().prop_map(Term::Tally),
        lines(1).prop_map(Term::Owed),
        lines(1).prop_map(Term::Held),
        "[a-z0-9_]{1,32}".prop_map(Term::Figure),
        "[a-z0-9_]{1,32}".prop_map(Term::Part),
    ];
    leaf.prop_recursive(2, 6, 3, |below| {
        let steps = vec((1..1_u64 << 60, fraction()), 1..5).prop_map(|steps| {
            let mut end = 0;
            let next = |(length, fraction)| {
                end += u128::from(length);
                let up_to = end;
                Step { up_to, fraction }
            };
            steps.into_iter().map(next).collect()
        });
        prop_oneof![
            vec(below.clone(), 1..4).prop_map(Term::Sum),
            (below, steps).prop_map(|(term, steps)| Term::Ladder(Box::new(term), steps)),
        ]
    })
}

/// A tally of any kind.
pub fn tally() -> impl Strategy<Value = Tally> {
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

fn names_money(condition: &Condition) -> bool {
    let mut names = false;
    condition.each_term(&mut |term| {
        names |= match term {
            Term::Money(_) | Term::Amount | Term::Owed(_) | Term::Held(_) => true,
            Term::Tally(tally) => tally.measure == Measure::Sum,
            _ => false,
        };
    });
    names
}
