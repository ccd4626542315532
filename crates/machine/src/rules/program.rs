//! Rules in the form in which payments are judged by them.

use model::rule::{Condition, Consequence, Fraction, Lines, Relation, Rule, RuleBook, Step, Term};

use super::tallies::{Looked, Place, Tallies};
use super::value::{Value, ladder};
use super::{ByKind, Facts, Payment};

/// A rule book, compiled.
pub struct Program {
    rules: Vec<Compiled>,
    by_kind: ByKind,
}

struct Compiled {
    rule: Rule,
    /// Place of the first rule of the same scope.
    scope: u16,
    /// Where all that is required is that a tally is at most so much: what most rules are.
    limit: Option<(Place, u128)>,
    require: Test,
    unless: Option<Test>,
}

/// A rule that a payment does not keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Place of the rule in its book.
    pub rule: u16,
    /// What follows.
    pub then: Consequence,
    /// What was used of a limit before the payment, or what was compared where nothing is counted.
    pub used: u128,
    /// The limit, the other side of the comparison.
    pub limit: u128,
    /// Nanoseconds: when what is counted begins at 0 again, or the first part of it falls away; 0
    /// where it never does.
    pub again: u64,
}

/// A condition whose tallies are places in [`Tallies`].
enum Test {
    Compare(Operand, Relation, Operand),
    All(Box<[Test]>),
    Any(Box<[Test]>),
    Not(Box<Test>),
    OwnName,
}

enum Operand {
    Number(u128),
    Amount,
    Tally(Place),
    Owed(Lines),
    Held(Lines),
    Figure(Box<str>),
    Part(Box<str>),
    Times(Box<Operand>, Fraction),
    Ladder(Box<Operand>, Box<[Step]>),
    Sum(Box<[Operand]>),
}

/// What a condition is asked of.
struct Case<'a, F> {
    tallies: &'a Tallies,
    facts: &'a F,
    payment: &'a Payment,
    rule: &'a Rule,
}

impl Program {
    /// Compiles a [checked](RuleBook::check) rule book, whose tallies are [counted](Tallies::keep)
    /// in `tallies`.
    pub fn new(book: &RuleBook, tallies: &Tallies) -> Self {
        let scope_of = |rule: &Rule| {
            let first = book.rules.iter().position(|of| of.scope == rule.scope);
            first.unwrap_or_default() as u16
        };
        let compile = |rule: &Rule| {
            let place = |tally| tallies.place_of(&book.zones[usize::from(rule.zone)], rule, tally);
            let test = |condition| Test::of(condition, &place);
            let require = test(&rule.require);
            Compiled {
                rule: rule.clone(),
                scope: scope_of(rule),
                limit: require.limit(),
                require,
                unless: rule.unless.as_ref().map(test),
            }
        };
        Self {
            rules: book.rules.iter().map(compile).collect(),
            by_kind: ByKind::new(
                &(0..)
                    .zip(book.rules.iter().map(|rule| &rule.scope))
                    .collect::<Vec<_>>(),
            ),
        }
    }

    /// The rule at a place.
    pub fn rule(&self, place: u16) -> Option<&Rule> {
        Some(&self.rules.get(usize::from(place))?.rule)
    }

    /// Whether a rule is about payments of this kind.
    pub(super) fn is_about(&self, kind: u16) -> bool {
        !self.by_kind.places(kind).is_empty()
    }

    /// Which rules a payment that is to be made does not keep to, in their order.
    #[inline]
    pub fn judge(&self, tallies: &Tallies, facts: &impl Facts, payment: &Payment) -> Vec<Found> {
        let mut found = Vec::new();
        let places = self.by_kind.places(payment.kind);
        if places.is_empty() {
            return found;
        }
        let currency = facts.currency(payment.ledger);
        let (mut known, mut looked) = ((u16::MAX, false), Looked::default());
        for &place in places {
            let compiled = &self.rules[usize::from(place)];
            let rule = &compiled.rule;
            if !rule.holds_at(payment.time) {
                continue;
            }
            // Rules of one scope mostly stand in a row.
            if known.0 != compiled.scope {
                let is_within = payment.is_within(&rule.scope, currency, facts);
                known = (compiled.scope, is_within);
            }
            let keeps =
                |(place, limit): (Place, u128)| tallies.with(place, payment, &mut looked) <= limit;
            if !known.1 || compiled.limit.is_some_and(keeps) {
                continue;
            }
            let case = Case {
                tallies,
                facts,
                payment,
                rule,
            };
            let is_excepted = || {
                let unless = compiled.unless.as_ref();
                unless.is_some_and(|unless| case.holds(unless) == Some(true))
            };
            if case.holds(&compiled.require) == Some(false) && !is_excepted() {
                found.push(case.found(place, &compiled.require));
            }
        }
        found
    }
}

impl Test {
    fn of(condition: &Condition, place: &impl Fn(model::rule::Tally) -> Place) -> Self {
        let all = |all: &[Condition]| all.iter().map(|one| Self::of(one, place)).collect();
        match condition {
            Condition::Compare(left, relation, right) => Self::Compare(
                Operand::of(left, place),
                *relation,
                Operand::of(right, place),
            ),
            Condition::All(conditions) => Self::All(all(conditions)),
            Condition::Any(conditions) => Self::Any(all(conditions)),
            Condition::Not(condition) => Self::Not(Box::new(Self::of(condition, place))),
            Condition::OwnName => Self::OwnName,
        }
    }

    /// The tally that is at most a number, where that is the condition.
    const fn limit(&self) -> Option<(Place, u128)> {
        match self {
            Self::Compare(Operand::Tally(place), Relation::AtMost, Operand::Number(number)) => {
                Some((*place, *number))
            }
            _ => None,
        }
    }
}

impl Operand {
    fn of(term: &Term, place: &impl Fn(model::rule::Tally) -> Place) -> Self {
        let boxed = |term| Box::new(Self::of(term, place));
        match term {
            Term::Number(number) | Term::Money(number) => Self::Number(*number),
            Term::Amount => Self::Amount,
            Term::Tally(tally) => Self::Tally(place(*tally)),
            Term::Owed(lines) => Self::Owed(lines.clone()),
            Term::Held(lines) => Self::Held(lines.clone()),
            Term::Figure(name) => Self::Figure(name.as_str().into()),
            Term::Part(name) => Self::Part(name.as_str().into()),
            Term::Times(term, fraction) => Self::Times(boxed(term), *fraction),
            Term::Ladder(term, steps) => Self::Ladder(boxed(term), steps.as_slice().into()),
            Term::Sum(terms) => Self::Sum(terms.iter().map(|term| Self::of(term, place)).collect()),
        }
    }

    /// The first tally within.
    fn tally(&self) -> Option<Place> {
        match self {
            Self::Tally(place) => Some(*place),
            Self::Times(operand, _) | Self::Ladder(operand, _) => operand.tally(),
            Self::Sum(operands) => operands.iter().find_map(Self::tally),
            _ => None,
        }
    }
}

impl<F: Facts> Case<'_, F> {
    /// Whether a condition holds; `None` where nobody can say.
    fn holds(&self, test: &Test) -> Option<bool> {
        match test {
            Test::Compare(left, relation, right) => {
                Some(self.value(left)?.is(*relation, self.value(right)?))
            }
            Test::All(tests) => self.fold(tests, true),
            Test::Any(tests) => self.fold(tests, false),
            Test::Not(test) => Some(!self.holds(test)?),
            Test::OwnName => {
                let (payer, payee) = (self.payment.payer.party, self.payment.payee.party);
                Some(payer != 0 && payer == payee)
            }
        }
    }

    /// All of them where `all`, one of them where not. One that is the other way decides, whatever
    /// the others are.
    fn fold(&self, tests: &[Test], all: bool) -> Option<bool> {
        let mut known = true;
        for test in tests {
            match self.holds(test) {
                Some(holds) if holds != all => return Some(!all),
                Some(_) => {}
                None => known = false,
            }
        }
        known.then_some(all)
    }

    fn value(&self, operand: &Operand) -> Option<Value> {
        if let Operand::Times(operand, fraction) = operand {
            return Some(Value {
                whole: self.whole(operand)?,
                fraction: *fraction,
            });
        }
        self.whole(operand).map(Value::from)
    }

    fn whole(&self, operand: &Operand) -> Option<u128> {
        Some(match operand {
            Operand::Number(number) => *number,
            Operand::Amount => self.payment.amount,
            Operand::Tally(place) => {
                self.tallies
                    .with(*place, self.payment, &mut Looked::default())
            }
            Operand::Owed(lines) => {
                let (debits, credits) = self.sums(lines)?;
                credits.saturating_sub(debits)
            }
            Operand::Held(lines) => {
                let (debits, credits) = self.sums(lines)?;
                debits.saturating_sub(credits)
            }
            Operand::Figure(name) => self.facts.figure(name)?,
            Operand::Part(name) => self.facts.part(name)?,
            Operand::Times(..) => self.value(operand)?.floor(),
            Operand::Ladder(operand, steps) => ladder(self.whole(operand)?, steps),
            Operand::Sum(operands) => {
                let mut sum = 0u128;
                for operand in operands {
                    sum = sum.saturating_add(self.whole(operand)?);
                }
                sum
            }
        })
    }

    fn sums(&self, lines: &Lines) -> Option<(u128, u128)> {
        Some(self.facts.sums(self.rule.scope.currency?, lines))
    }

    #[cold]
    fn found(&self, place: u16, require: &Test) -> Found {
        let mut found = Found {
            rule: place,
            then: self.rule.then,
            used: 0,
            limit: 0,
            again: 0,
        };
        if let Some((left, right)) = self.broken(require) {
            let tally = left.tally();
            found.used = match tally {
                Some(place) => {
                    let looked = &mut Looked::default();
                    self.tallies.before(place, self.payment, looked)
                }
                None => self.value(left).map_or(0, Value::floor),
            };
            found.limit = self.value(right).map_or(0, Value::floor);
            found.again = tally.map_or(0, |place| self.tallies.again(place, self.payment.time));
        }
        found
    }

    /// The first comparison that makes a condition fail.
    fn broken<'t>(&self, test: &'t Test) -> Option<(&'t Operand, &'t Operand)> {
        match test {
            Test::Compare(left, _, right) => Some((left, right)),
            Test::All(tests) => {
                let failed = |test: &&Test| self.holds(test) == Some(false);
                self.broken(tests.iter().find(failed)?)
            }
            Test::Any(tests) => tests.iter().find_map(|test| self.broken(test)),
            Test::Not(test) => self.broken(test),
            Test::OwnName => None,
        }
    }
}
