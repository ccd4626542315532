//! Rules, judged by reading: the naive twin of the compiled ones.
//!
//! A payment is judged by looking at every payment that was made before it. Nothing is counted in
//! advance, nothing is shared, dates are counted day by day and numbers multiplied as at school.
//! What a term or condition means is written beside it in [`model::rule`].

mod exact;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use model::money::CurrencyCode;
use model::rule::{
    Condition, Fraction, Lines, Measure, Per, Relation, Rule, RuleBook, Subject, Tally, Term,
    Window, Zone, bytes,
};

use exact::{ceiling, compare, floor};

const SECOND: u64 = 1_000_000_000;

/// A payment with all that rules may ask of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Nanoseconds since 1970; those of the payments before are no later.
    pub time: u64,
    /// Code of the transfer.
    pub kind: u16,
    /// Of its ledger; `None` where the ledger has none.
    pub currency: Option<(CurrencyCode, u8)>,
    /// In minor units.
    pub amount: u128,
    /// By place in [`model::rule::CHANNELS`].
    pub channel: u8,
    /// Of the debit account.
    pub payer: Side,
    /// Of the credit account.
    pub payee: Side,
    /// What whoever makes it tells of it.
    pub parts: BTreeMap<String, u128>,
    /// Whether it was taken back as a whole.
    pub is_none: bool,
}

/// One side of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// 0 is nobody's.
    pub party: u128,
    /// Number of the account.
    pub account: u32,
    /// Code of the account.
    pub code: u16,
    /// What the account's line is for; 0 is nothing.
    pub role: u8,
    /// Kind and tier of the party, where they are known.
    pub known: Option<(u8, u8)>,
}

/// What the books say beside the payments.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Figures by their names.
    pub figures: BTreeMap<String, u128>,
    /// Sums of the chart's lines.
    pub balances: Vec<Balance>,
}

/// Sums of one line of the chart, in one currency.
#[derive(Clone, Copy, Debug)]
pub struct Balance {
    /// The currency and its exponent.
    pub currency: (CurrencyCode, u8),
    /// Code of the line.
    pub code: u16,
    /// Its role.
    pub role: u8,
    /// Posted debits.
    pub debits: u128,
    /// Posted credits.
    pub credits: u128,
}

/// What one rule says to one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is not about it, does not hold now, or an exception does.
    NotRequired,
    /// What it requires holds.
    Kept,
    /// A figure or a part that it asks for is not known.
    Unknown,
    /// What it requires does not hold.
    Broken {
        /// What was counted before the payment, or is compared where nothing is counted.
        used: u128,
        /// What it is compared with.
        limit: u128,
        /// Nanoseconds: when what is counted begins again, or its first part falls away; 0 is never.
        again: u64,
    },
}

/// A rule book, and every payment that was made.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    book: RuleBook,
    made: Vec<Payment>,
    /// For each tally of the book, by its [canonical bytes](bytes::tally_bytes): how many payments
    /// were made before it was counted.
    since: BTreeMap<Vec<u8>, usize>,
}

impl Rules {
    /// Judges by another book from now on. A tally that was in the book before goes on, any other
    /// begins at 0.
    pub fn enter(&mut self, book: RuleBook) {
        let before = std::mem::take(&mut self.since);
        for rule in &book.rules {
            let zone = &book.zones[usize::from(rule.zone)];
            rule.each_term(&mut |term| {
                if let Term::Tally(tally) = term {
                    let bytes = bytes::tally_bytes(zone, &rule.scope, *tally);
                    let since = before.get(&bytes).copied();
                    self.since.insert(bytes, since.unwrap_or(self.made.len()));
                }
            });
        }
        self.book = book;
    }

    /// What each rule says to a payment, by those that were made.
    pub fn judge(&self, books: &Books, payment: &Payment) -> Vec<Said> {
        let say = |rule: &Rule| {
            let case = Case {
                zone: &self.book.zones[usize::from(rule.zone)],
                rules: self,
                rule,
                books,
                payment,
            };
            case.say()
        };
        self.book.rules.iter().map(say).collect()
    }

    /// The payment is made.
    pub fn make(&mut self, payment: Payment) {
        self.made.push(payment);
    }

    /// Of the payment that was made as number `place` only `left` is, or nothing.
    pub fn give_back(&mut self, place: usize, left: u128) {
        // One that was not made counts nowhere, and the numbers of the others stay.
        let payment = &mut self.made[place];
        payment.amount = left;
        payment.is_none |= left == 0;
    }
}

struct Case<'a> {
    zone: &'a Zone,
    rules: &'a Rules,
    rule: &'a Rule,
    books: &'a Books,
    payment: &'a Payment,
}

impl Case<'_> {
    fn say(&self) -> Said {
        let rule = self.rule;
        if !rule.holds_at(self.payment.time) || !self.is_about(self.payment) {
            return Said::NotRequired;
        }
        match self.holds(&rule.require) {
            Some(true) => Said::Kept,
            None => Said::Unknown,
            Some(false) => match &rule.unless {
                Some(unless) if self.holds(unless) == Some(true) => Said::NotRequired,
                _ => self.broken(),
            },
        }
    }

    fn is_about(&self, payment: &Payment) -> bool {
        fn any<T: PartialEq>(list: &[T], item: &T) -> bool {
            list.is_empty() || list.contains(item)
        }
        let scope = &self.rule.scope;
        let subject = self.subject(payment);
        let is_known = match subject.known {
            Some((kind, tier)) => any(&scope.parties, &kind) && any(&scope.tiers, &tier),
            None => scope.parties.is_empty() && scope.tiers.is_empty(),
        };
        any(&scope.kinds, &payment.kind)
            && (scope.currency.is_none() || scope.currency == payment.currency)
            && is_of(&scope.payer, payment.payer.code, payment.payer.role)
            && is_of(&scope.payee, payment.payee.code, payment.payee.role)
            && is_known
            && any(&scope.channels, &payment.channel)
            && (scope.party == 0 || scope.party == subject.party)
    }

    fn subject(&self, payment: &Payment) -> Side {
        match self.rule.scope.subject {
            Subject::Payer => payment.payer,
            Subject::Payee => payment.payee,
        }
    }

    /// `None` where nobody can say.
    fn holds(&self, condition: &Condition) -> Option<bool> {
        match condition {
            Condition::Compare(left, relation, right) => {
                let order = compare(self.value(left)?, self.value(right)?);
                Some(match relation {
                    Relation::AtMost => order != Ordering::Greater,
                    Relation::Below => order == Ordering::Less,
                    Relation::AtLeast => order != Ordering::Less,
                    Relation::Above => order == Ordering::Greater,
                    Relation::Equal => order == Ordering::Equal,
                })
            }
            Condition::All(all) => {
                let all: Vec<_> = all.iter().map(|one| self.holds(one)).collect();
                if all.contains(&Some(false)) {
                    return Some(false);
                }
                (!all.contains(&None)).then_some(true)
            }
            Condition::Any(any) => {
                let any: Vec<_> = any.iter().map(|one| self.holds(one)).collect();
                if any.contains(&Some(true)) {
                    return Some(true);
                }
                (!any.contains(&None)).then_some(false)
            }
            Condition::Not(one) => self.holds(one).map(|holds| !holds),
            Condition::OwnName => {
                let (payer, payee) = (self.payment.payer.party, self.payment.payee.party);
                Some(payer != 0 && payer == payee)
            }
        }
    }

    /// A whole number and the fraction of it that counts.
    fn value(&self, term: &Term) -> Option<(u128, Fraction)> {
        match term {
            Term::Times(term, fraction) => Some((self.whole(term)?, *fraction)),
            _ => Some((self.whole(term)?, Fraction { times: 1, of: 1 })),
        }
    }

    fn whole(&self, term: &Term) -> Option<u128> {
        Some(match term {
            Term::Number(number) | Term::Money(number) => *number,
            Term::Amount => self.payment.amount,
            Term::Tally(tally) => {
                let this = match tally.measure {
                    Measure::Sum => self.payment.amount,
                    Measure::Count => 1,
                };
                self.counted(*tally).saturating_add(this)
            }
            Term::Owed(lines) => {
                let (debits, credits) = self.sums(lines)?;
                credits.saturating_sub(debits)
            }
            Term::Held(lines) => {
                let (debits, credits) = self.sums(lines)?;
                debits.saturating_sub(credits)
            }
            Term::Figure(name) => *self.books.figures.get(name)?,
            Term::Part(name) => *self.payment.parts.get(name)?,
            Term::Times(..) => floor(self.value(term)?),
            Term::Ladder(term, steps) => {
                let whole = self.whole(term)?;
                let mut below = 0;
                let mut sum = 0u128;
                for step in steps {
                    let slice = whole.min(step.up_to).saturating_sub(below);
                    sum = sum.saturating_add(ceiling((slice, step.fraction)));
                    below = step.up_to;
                }
                sum
            }
            Term::Sum(terms) => {
                let mut sum = 0u128;
                for term in terms {
                    sum = sum.saturating_add(self.whole(term)?);
                }
                sum
            }
        })
    }

    fn sums(&self, lines: &Lines) -> Option<(u128, u128)> {
        let currency = self.rule.scope.currency?;
        let mut sums = (0u128, 0u128);
        for balance in &self.books.balances {
            if balance.currency == currency && is_of(lines, balance.code, balance.role) {
                sums.0 = sums.0.saturating_add(balance.debits);
                sums.1 = sums.1.saturating_add(balance.credits);
            }
        }
        Some(sums)
    }

    /// What a tally is before this payment.
    fn counted(&self, tally: Tally) -> u128 {
        let now = bucket(tally.window, self.zone, self.payment.time / SECOND);
        let length = match tally.window {
            Window::RollingDays(length) | Window::RollingHours(length) => length.into(),
            _ => 1,
        };
        let since = self.rules.since[&bytes::tally_bytes(self.zone, &self.rule.scope, tally)];
        let mut sum = 0u128;
        for other in &self.rules.made[since..] {
            let then = bucket(tally.window, self.zone, other.time / SECOND);
            if !other.is_none
                && self.is_about(other)
                && self.is_same(tally.per, other)
                && then + length > now
            {
                sum = sum.saturating_add(match tally.measure {
                    Measure::Sum => other.amount,
                    Measure::Count => 1,
                });
            }
        }
        sum
    }

    /// Whether another payment is counted for whom this one is.
    fn is_same(&self, per: Per, other: &Payment) -> bool {
        let (this, that) = (self.subject(self.payment), self.subject(other));
        match per {
            Per::Party if this.party == 0 => that.party == 0 && this.account == that.account,
            Per::Party => this.party == that.party,
            Per::Account => this.account == that.account,
            Per::Pair => {
                self.payment.payer.account == other.payer.account
                    && self.payment.payee.account == other.payee.account
            }
            Per::Everyone => true,
        }
    }

    fn broken(&self) -> Said {
        let (mut used, mut limit, mut again) = (0, 0, 0);
        if let Some((left, right)) = self.failed(&self.rule.require) {
            let tally = first_tally(left);
            used = match tally {
                Some(tally) => self.counted(tally),
                None => self.value(left).map_or(0, floor),
            };
            limit = self.value(right).map_or(0, floor);
            again = tally.map_or(0, |tally| {
                self.next_bucket(tally.window).saturating_mul(SECOND)
            });
        }
        Said::Broken { used, limit, again }
    }

    /// The first comparison that makes a condition fail.
    fn failed<'c>(&self, condition: &'c Condition) -> Option<(&'c Term, &'c Term)> {
        match condition {
            Condition::Compare(left, _, right) => Some((left, right)),
            Condition::All(all) => {
                let failed = |one: &&Condition| self.holds(one) == Some(false);
                self.failed(all.iter().find(failed)?)
            }
            Condition::Any(any) => any.iter().find_map(|one| self.failed(one)),
            Condition::Not(one) => self.failed(one),
            Condition::OwnName => None,
        }
    }

    /// The first second of the bucket after this one; 0 where there is none.
    fn next_bucket(&self, window: Window) -> u64 {
        if window == Window::Lifetime {
            return 0;
        }
        let start = self.payment.time / SECOND;
        let now = bucket(window, self.zone, start);
        // Buckets never go back, and none is longer than a year and a change of clocks.
        let (mut before, mut after) = (start, start + 369 * 86_400);
        while before + 1 < after {
            let middle = before.midpoint(after);
            if bucket(window, self.zone, middle) > now {
                after = middle;
            } else {
                before = middle;
            }
        }
        after
    }
}

/// Whether an account is one of some lines; any is where none are named.
fn is_of(lines: &Lines, code: u16, role: u8) -> bool {
    let none = lines.roles.is_empty() && lines.codes.is_empty();
    none || lines.codes.contains(&code) || lines.roles.contains(&role)
}

fn first_tally(term: &Term) -> Option<Tally> {
    match term {
        Term::Tally(tally) => Some(*tally),
        Term::Times(term, _) | Term::Ladder(term, _) => first_tally(term),
        Term::Sum(terms) => terms.iter().find_map(first_tally),
        _ => None,
    }
}

/// Which day, week, month … of local time a moment is in.
fn bucket(window: Window, zone: &Zone, seconds: u64) -> u64 {
    let local = zone.local(seconds);
    let day = local / 86_400;
    let (year, month) = year_and_month(day);
    match window {
        Window::Day | Window::RollingDays(_) => day,
        // 1970 began on a Thursday.
        Window::Week => (day + 3) / 7,
        Window::Month => year * 12 + month,
        Window::Quarter => year * 4 + month / 3,
        Window::Year => year,
        Window::Lifetime => 0,
        Window::RollingHours(_) => local / 3_600,
    }
}

/// Year, and month from 0, of a day since 1970: counted month by month.
fn year_and_month(mut day: u64) -> (u64, u64) {
    let mut year = 1970;
    loop {
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let february = if is_leap { 29 } else { 28 };
        let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        for (month, days) in (0..).zip(months) {
            if day < days {
                return (year, month);
            }
            day -= days;
        }
        year += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::year_and_month;

    #[test]
    fn months_are_counted() {
        assert_eq!(year_and_month(0), (1970, 0));
        assert_eq!(year_and_month(58), (1970, 1));
        assert_eq!(year_and_month(59), (1970, 2));
        // 29 February 2024 and the day after.
        assert_eq!(year_and_month(19_782), (2024, 1));
        assert_eq!(year_and_month(19_783), (2024, 2));
        assert_eq!(year_and_month(20_453), (2025, 11));
        assert_eq!(year_and_month(20_454), (2026, 0));
    }
}
