//! A rule in words: what it is about, what it requires, and what follows.

use std::fmt::Write as _;

use model::money::format_amount;
use model::object::{PARTY_KINDS, ROLES};
use model::rule::{
    CHANNELS, Condition, Consequence, Fraction, Lines, Measure, Per, Relation, Rule, RuleBook,
    Scope, Subject, Tally, Term, Window,
};

use crate::condition::Currency;
use crate::names::kind_name;

/// `Payments (pay, hold) in CNY, paid by a customer: the sum per payer in a day is at most 1000.00
/// CNY. Otherwise the payment is refused. Days begin in Asia/Shanghai.` Whom a rule is about by its
/// id is not said. `book` is the one that has the rule.
pub fn in_words(book: &RuleBook, rule: &Rule) -> String {
    let currency = rule.scope.currency;
    let teller = Teller {
        currency,
        subject: rule.scope.subject,
    };
    let mut text = scope(&rule.scope);
    text += ": ";
    text += &teller.condition(&rule.require, Nested::No);
    if let Some(unless) = &rule.unless {
        text += ", unless ";
        text += &teller.condition(unless, Nested::No);
    }
    text += ". Otherwise ";
    text += match rule.then {
        Consequence::Refuse => "the payment is refused.",
        Consequence::Hold => "the payment waits until a person has looked at it.",
        Consequence::Flag => "the payment is made, and a person looks at it afterwards.",
        Consequence::Report => "the payment is made, and reported to the authority.",
    };
    let mut has_days = false;
    let mut look = |term: &Term| {
        let lasting = matches!(term, Term::Tally(tally) if tally.window != Window::Lifetime);
        has_days |= lasting;
    };
    rule.require.each_term(&mut look);
    if let Some(unless) = &rule.unless {
        unless.each_term(&mut look);
    }
    if has_days && let Some(zone) = book.zones.get(usize::from(rule.zone)) {
        text += " Days begin in ";
        text += &zone.name;
        text.push('.');
    }
    text
}

fn scope(scope: &Scope) -> String {
    let kind = |kind: &u16| {
        let name = kind_name(*kind).map(|name| name.replace('_', " "));
        name.unwrap_or_else(|| format!("code {kind}"))
    };
    let mut text = match scope.kinds.as_slice() {
        [] => "All payments".to_owned(),
        kinds => format!("Payments ({})", joined(kinds, kind, ", ")),
    };
    if let Some((code, _)) = scope.currency {
        let _ = write!(text, " in {code}");
    }
    for (word, side) in [("from", &scope.payer), ("to", &scope.payee)] {
        if !side.is_empty() {
            let _ = write!(text, " {word} {}", lines(side));
        }
    }
    if !scope.channels.is_empty() {
        let channel = |place: &u8| name_at(CHANNELS, *place);
        let _ = write!(
            text,
            " by channel {}",
            joined(&scope.channels, channel, " or ")
        );
    }
    let subject = subject(scope.subject);
    if !scope.parties.is_empty() {
        let class = |place: &u8| name_at(PARTY_KINDS, *place);
        let classes = joined(&scope.parties, class, " or ");
        let _ = write!(text, ", where the {subject} is of class {classes}");
    }
    if !scope.tiers.is_empty() {
        let tiers = joined(&scope.tiers, u8::to_string, " or ");
        let _ = write!(text, ", where the {subject} is of tier {tiers}");
    }
    if scope.party != 0 {
        let _ = write!(text, ", where the {subject} is one party alone");
    }
    text
}

const fn subject(subject: Subject) -> &'static str {
    match subject {
        Subject::Payer => "payer",
        Subject::Payee => "payee",
    }
}

fn name_at(names: &[&str], place: u8) -> String {
    let name = names.get(usize::from(place)).copied().unwrap_or_default();
    name.replace('_', " ")
}

fn joined<T>(items: &[T], write: impl Fn(&T) -> String, between: &str) -> String {
    let items: Vec<_> = items.iter().map(write).collect();
    items.join(between)
}

/// `accounts of the lines wallet, code 920`.
fn lines(lines: &Lines) -> String {
    let roles = lines.roles.iter().map(|role| name_at(ROLES, *role));
    let codes = lines.codes.iter().map(|code| format!("code {code}"));
    let named: Vec<_> = roles.chain(codes).collect();
    format!("accounts of {}", named.join(", "))
}

/// Whether a condition stands in another one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nested {
    Yes,
    No,
}

struct Teller {
    currency: Currency,
    subject: Subject,
}

impl Teller {
    fn condition(&self, condition: &Condition, nested: Nested) -> String {
        let several = |parts: &[Condition], between: &str, none: &str| {
            if parts.is_empty() {
                return none.to_owned();
            }
            let text = joined(parts, |part| self.condition(part, Nested::Yes), between);
            if nested == Nested::Yes && parts.len() > 1 {
                return format!("({text})");
            }
            text
        };
        match condition {
            Condition::Compare(left, relation, right) => {
                let relation = match relation {
                    Relation::AtMost => "is at most",
                    Relation::Below => "is below",
                    Relation::AtLeast => "is at least",
                    Relation::Above => "is above",
                    Relation::Equal => "is",
                };
                format!("{} {relation} {}", self.term(left), self.term(right))
            }
            Condition::All(parts) => several(parts, " and ", "nothing is asked"),
            Condition::Any(parts) => several(parts, " or ", "nothing is enough"),
            Condition::Not(part) => format!("not ({})", self.condition(part, Nested::No)),
            Condition::OwnName => "payer and payee are the same party".to_owned(),
        }
    }

    fn term(&self, term: &Term) -> String {
        match term {
            Term::Number(number) => number.to_string(),
            Term::Money(minor) => self.money(*minor),
            Term::Amount => "the amount".to_owned(),
            Term::Tally(counted) => self.tally(*counted),
            Term::Owed(of) => format!("what is owed on {}", lines(of)),
            Term::Held(of) => format!("what is held on {}", lines(of)),
            Term::Figure(name) => format!("the figure {name}"),
            Term::Part(name) => format!("the part {name}"),
            Term::Times(of, times) => format!("{} of {}", fraction(*times), self.term(of)),
            Term::Ladder(of, steps) => {
                let step = |step: &model::rule::Step| {
                    let part = fraction(step.fraction);
                    match step.up_to {
                        u128::MAX => format!("{part} of the rest"),
                        up_to => format!("{part} up to {}", self.money(up_to)),
                    }
                };
                let steps = joined(steps, step, ", ");
                format!("slices of {} ({steps})", self.term(of))
            }
            Term::Sum(terms) => joined(terms, |one| self.term(one), " plus "),
        }
    }

    fn money(&self, minor: u128) -> String {
        match self.currency {
            Some((code, exponent)) => format!("{} {code}", format_amount(minor, exponent)),
            None => minor.to_string(),
        }
    }

    fn tally(&self, tally: Tally) -> String {
        let what = match tally.measure {
            Measure::Sum => "the sum",
            Measure::Count => "the number of payments",
        };
        let subject = subject(self.subject);
        let per = match tally.per {
            Per::Party => format!("per {subject}"),
            Per::Account => format!("per account of the {subject}"),
            Per::Pair => "from one account to another".to_owned(),
            Per::Everyone => "of all together".to_owned(),
        };
        let window = match tally.window {
            Window::Day => "in a day".to_owned(),
            Window::Week => "in a week".to_owned(),
            Window::Month => "in a month".to_owned(),
            Window::Quarter => "in a quarter".to_owned(),
            Window::Year => "in a year".to_owned(),
            Window::Lifetime => "for ever".to_owned(),
            Window::RollingHours(hours) => format!("within {hours} hours"),
            Window::RollingDays(days) => format!("within {days} days"),
        };
        format!("{what} {per} {window}")
    }
}

/// `2.5 %` where hundredths of a percent say it exactly, else `1/3`.
fn fraction(fraction: Fraction) -> String {
    let hundredths = u128::from(fraction.times) * 10_000;
    let of = u128::from(fraction.of.max(1));
    if hundredths.is_multiple_of(of) {
        let hundredths = hundredths / of;
        let text = format_amount(hundredths, 2);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        return format!("{text} %");
    }
    format!("{}/{}", fraction.times, fraction.of)
}

#[cfg(test)]
mod tests {
    use super::in_words;
    use crate::{PACKS, read};

    const RULES: &str = r#"
        currency = "GBP"
        jurisdiction = "GB"
        zone = "Europe/London"
        [[rule]]
        id = "day"
        title = "A day"
        source = { law = "Terms", verified = true }
        valid = { from = "2026-01-01" }
        scope = { kind = ["pay", "hold"], party = ["customer"], tier = [1, 2], only = 4711 }
        require = { sum = { per = "party", within = "day" }, at_most = "500.00" }
        unless = { own_name = true }
        then = "refuse"
        [[rule]]
        id = "often"
        title = "Often"
        source = { law = "Terms", verified = true }
        valid = { from = "2026-01-01" }
        currency = "any"
        scope = { subject = "payee", payee_role = ["wallet"], channel = ["qr_d"] }
        require = { any = [
            { count = { per = "pair", within = { rolling_hours = 24 } }, at_most = 3 },
            { all = [{ figure = "a", above = 1 }, { not = { own_name = true } }] },
        ] }
        then = "hold"
        [[rule]]
        id = "ladder"
        title = "Ladder"
        source = { law = "Terms", verified = true }
        valid = { from = "2026-01-01" }
        require = { figure = "net_assets", at_least = { ladder = { of = { owed = { role = ["wallet"], code = [920] } }, steps = [
            { up_to = "100.00", times = "5%" }, { up_to = "rest", times = "1/3" },
        ] } } }
        then = "report"
    "#;

    #[test]
    fn rules_are_sentences() {
        let book = read(RULES).expect("it is one").book;
        let words: Vec<_> = book
            .rules
            .iter()
            .map(|rule| in_words(&book, rule))
            .collect();
        assert_eq!(
            words,
            [
                "Payments (pay, hold) in GBP, where the payer is of class customer, where the payer is of tier \
                 1 or 2, where the payer is one party alone: the sum per payer in a day is at most \
                 500.00 GBP, unless payer and payee are the same party. Otherwise the payment is \
                 refused. Days begin in Europe/London.",
                "All payments to accounts of wallet by channel qr d: the number of payments from one \
                 account to another within 24 hours is at most 3 or (the figure a is above 1 and not \
                 (payer and payee are the same party)). Otherwise the payment waits until a person \
                 has looked at it. Days begin in Europe/London.",
                "All payments in GBP: the figure net_assets is at least slices of what is owed on \
                 accounts of wallet, code 920 (5 % up to 100.00 GBP, 1/3 of the rest). \
                 Otherwise the payment is made, and reported to the authority.",
            ]
        );
        assert!(!words[0].contains("4711"), "nobody's id is said");
    }

    #[test]
    fn every_pack_can_be_told() {
        for pack in PACKS {
            let book = read(pack.text).expect("it is sound").book;
            for rule in &book.rules {
                let words = in_words(&book, rule);
                assert!(
                    words.contains("Otherwise") && words.ends_with('.'),
                    "{words}"
                );
            }
        }
    }
}
