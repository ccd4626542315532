//! What rules compare.

use super::{LIST_ITEMS, Lines, NAME_BYTES};

/// Something that holds for a payment or does not, or that nobody can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `left relation right`.
    Compare(Term, Relation, Term),
    /// All of them; holds where there are none.
    All(Vec<Condition>),
    /// One of them at least.
    Any(Vec<Condition>),
    /// It does not.
    Not(Box<Condition>),
    /// Both accounts are of the same party.
    OwnName,
}

/// How two terms are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Relation {
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `=`
    Equal,
}

impl Relation {
    /// All of them, by number.
    pub const ALL: [Self; 5] = [
        Self::AtMost,
        Self::Below,
        Self::AtLeast,
        Self::Above,
        Self::Equal,
    ];
}

/// A number: minor units, a count, or a figure. Sums that pass 2^128-1 stay there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// Itself: a count, or a figure.
    Number(u128),
    /// Itself: minor units of the rule's currency.
    Money(u128),
    /// Of the payment, in minor units.
    Amount,
    /// What was counted, this payment with it.
    Tally(Tally),
    /// What all accounts of these lines, of the rule's currency, have: the credits less the debits
    /// and never below 0, before the payment.
    Owed(Lines),
    /// The debits less the credits, never below 0.
    Held(Lines),
    /// A figure that an institution or authority reported, by its name.
    Figure(String),
    /// A part of the payment that whoever makes it tells, by its name: `own_share`.
    Part(String),
    /// A fraction of a term, compared exactly.
    Times(Box<Term>, Fraction),
    /// Slice by slice of a term, each at its own fraction, as a tax is: a slice ends at `up_to`;
    /// what lies beyond the last is not counted. Each slice is rounded up.
    Ladder(Box<Term>, Vec<Step>),
    /// Of all of them.
    Sum(Vec<Term>),
}

/// A fraction; the lower number is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    /// Above.
    pub times: u64,
    /// Below.
    pub of: u64,
}

/// One slice of a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where the slice ends; rising.
    pub up_to: u128,
    /// How much of it counts.
    pub fraction: Fraction,
}

/// What is counted of the payments in the scope of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Amounts, or payments.
    pub measure: Measure,
    /// Whose.
    pub per: Per,
    /// For how long.
    pub window: Window,
}

/// What a tally adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Measure {
    /// Amounts, in minor units.
    Sum,
    /// Payments.
    Count,
}

/// Whom a tally is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Per {
    /// The party of the rule's subject; the account where it has none.
    Party,
    /// The account of the rule's subject.
    Account,
    /// Debit account and credit account together.
    Pair,
    /// All together.
    Everyone,
}

/// How long a tally counts before it begins at 0 again, in the rule's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// From midnight to midnight.
    Day,
    /// From Monday on.
    Week,
    /// From the first on.
    Month,
    /// From January, April, July and October on.
    Quarter,
    /// From the first of January on.
    Year,
    /// For ever.
    Lifetime,
    /// This hour and those before it, so many in all: 2 to 48.
    RollingHours(u8),
    /// This day and those before it, so many in all: 2 to 31.
    RollingDays(u8),
}

impl Condition {
    /// Tells each term that it compares, and those within them.
    pub fn each_term<'a>(&'a self, tell: &mut impl FnMut(&'a Term)) {
        match self {
            Self::Compare(left, _, right) => {
                left.each_term(tell);
                right.each_term(tell);
            }
            Self::All(all) | Self::Any(all) => {
                for condition in all {
                    condition.each_term(tell);
                }
            }
            Self::Not(condition) => condition.each_term(tell),
            Self::OwnName => {}
        }
    }

    pub(super) fn check(&self, depth: usize) -> Result<(), &'static str> {
        let below = depth.checked_sub(1).ok_or(TOO_DEEP)?;
        match self {
            Self::Compare(left, _, right) => {
                left.check(below)?;
                right.check(below)
            }
            Self::All(all) | Self::Any(all) => {
                few(all)?;
                all.iter().try_for_each(|condition| condition.check(below))
            }
            Self::Not(condition) => condition.check(below),
            Self::OwnName => Ok(()),
        }
    }

    pub(super) fn names_money(&self) -> bool {
        match self {
            Self::Compare(left, _, right) => left.names_money() || right.names_money(),
            Self::All(all) | Self::Any(all) => all.iter().any(Self::names_money),
            Self::Not(condition) => condition.names_money(),
            Self::OwnName => false,
        }
    }
}

const TOO_DEEP: &str = "a condition has at most 8 levels";

fn few<T>(items: &[T]) -> Result<(), &'static str> {
    if items.len() <= LIST_ITEMS {
        Ok(())
    } else {
        Err("a list of a condition has at most 64 items")
    }
}

impl Term {
    fn each_term<'a>(&'a self, tell: &mut impl FnMut(&'a Self)) {
        tell(self);
        match self {
            Self::Times(term, _) | Self::Ladder(term, _) => term.each_term(tell),
            Self::Sum(terms) => {
                for term in terms {
                    term.each_term(tell);
                }
            }
            _ => {}
        }
    }

    fn check(&self, depth: usize) -> Result<(), &'static str> {
        let below = depth.checked_sub(1).ok_or(TOO_DEEP)?;
        match self {
            Self::Number(_) | Self::Money(_) | Self::Amount => Ok(()),
            Self::Tally(tally) => tally.check(),
            Self::Owed(lines) | Self::Held(lines) => {
                if lines.is_empty() {
                    return Err("a balance names at least one line of the chart");
                }
                lines.check()
            }
            Self::Figure(name) | Self::Part(name) => is_name(name),
            Self::Times(term, fraction) => {
                fraction.check()?;
                // Only one fraction is compared exactly, so it stands outermost.
                if matches!(**term, Self::Times(..)) {
                    return Err("a fraction of a fraction is one fraction");
                }
                term.check(below)
            }
            Self::Ladder(term, steps) => {
                few(steps)?;
                steps.iter().try_for_each(|step| step.fraction.check())?;
                let rises = |pair: &[Step]| pair[0].up_to < pair[1].up_to;
                if steps.is_empty() || !steps.windows(2).all(rises) {
                    return Err("the steps of a ladder rise");
                }
                term.check_whole(below)
            }
            Self::Sum(terms) => {
                few(terms)?;
                if terms.is_empty() {
                    return Err("a sum has at least one term");
                }
                terms.iter().try_for_each(|term| term.check_whole(below))
            }
        }
    }

    /// A fraction inside another term would have to be rounded.
    fn check_whole(&self, depth: usize) -> Result<(), &'static str> {
        if matches!(self, Self::Times(..)) {
            return Err("a fraction stands at the top of a comparison only");
        }
        self.check(depth)
    }

    fn names_money(&self) -> bool {
        match self {
            Self::Money(_) | Self::Amount | Self::Owed(_) | Self::Held(_) => true,
            Self::Tally(tally) => tally.measure == Measure::Sum,
            Self::Times(term, _) | Self::Ladder(term, _) => term.names_money(),
            Self::Sum(terms) => terms.iter().any(Self::names_money),
            Self::Number(_) | Self::Figure(_) | Self::Part(_) => false,
        }
    }
}

fn is_name(name: &str) -> Result<(), &'static str> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.is_empty() && name.len() <= NAME_BYTES && name.bytes().all(good) {
        Ok(())
    } else {
        Err("the name of a figure or part is 1 to 32 small letters, digits and underscores")
    }
}

impl Fraction {
    const fn check(self) -> Result<(), &'static str> {
        if self.of == 0 {
            return Err("the lower number of a fraction is not 0");
        }
        Ok(())
    }
}

impl Tally {
    const fn check(self) -> Result<(), &'static str> {
        match self.window {
            Window::RollingHours(hours) if hours < 2 || hours > 48 => {
                Err("a rolling window of hours has 2 to 48 of them")
            }
            Window::RollingDays(days) if days < 2 || days > 31 => {
                Err("a rolling window of days has 2 to 31 of them")
            }
            _ => Ok(()),
        }
    }
}
