//! What authorities stopped and capped, as rules that are judged beside the rule book.

use std::collections::BTreeMap;

use model::object::{Decision, Finding, FindingState, Measure, Role, SIDES, WINDOWS_OF_CAPS};
use model::product::{PRODUCTS, kinds_of};
use model::rule::{
    Condition, Consequence, Lines, Measure as Adds, Offset, Per, Relation, Rule, RuleBook, Scope,
    Source, Subject, Tally, Term, Window, ZONES, Zone,
};
use model::{ChartLineSet, Currency};

use super::{Facts, Payment, Program, Tallies};

/// Stops and caps that hold or are to come, at most.
pub(crate) const RESTRICTIONS: usize = 64;

/// Code of what time brings about. From a wallet that is standing orders alone.
const BY_TIME: u16 = ChartLineSet::NUMBER;
/// Place of `payment` in [`PRODUCTS`].
const PAYMENT: u8 = 2;
const _: () = assert!(PRODUCTS.len() == 9);

/// Places in [`SIDES`].
const PAYEE: u8 = 2;
const EVERYONE: u8 = 3;
const _: () = assert!(SIDES.len() == 4);

/// Place of `day` in [`WINDOWS_OF_CAPS`].
const DAY: u8 = 1;
const _: () = assert!(WINDOWS_OF_CAPS.len() == 3);

/// Stops and caps that hold, or are going to.
pub(crate) struct Restrictions {
    /// In the order in which they were entered.
    decisions: Vec<Decision>,
    book: RuleBook,
    /// For each rule of the book, the place of its decision.
    places: Vec<usize>,
    program: Program,
}

/// Whether a decision is one that is kept here.
fn is_kept(decision: &Decision) -> bool {
    decision.restricts() && decision.measure != Measure::Freeze as u8
}

impl Restrictions {
    pub(crate) fn new(tallies: &Tallies) -> Self {
        let book = RuleBook::default();
        Self {
            decisions: Vec::new(),
            places: Vec::new(),
            program: Program::new(&book, tallies),
            book,
        }
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.decisions.is_empty()
    }

    pub(crate) fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    pub(crate) const fn book(&self) -> &RuleBook {
        &self.book
    }

    fn place_of(&self, decision: &Decision) -> Option<usize> {
        let key = |decision: &Decision| (decision.authority, decision.number);
        let mut decisions = self.decisions.iter();
        decisions.position(|kept| key(kept) == key(decision))
    }

    /// Whether a decision as it is to stand can be kept, where it is one to be kept.
    pub(crate) fn takes(&self, decision: &Decision) -> bool {
        if !is_kept(decision) || self.place_of(decision).is_some() {
            return true;
        }
        let zone = Zone::fixed(zone_of(decision));
        let new = usize::from(!self.book.zones.contains(&zone));
        self.decisions.len() < RESTRICTIONS && self.book.zones.len() + new <= ZONES
    }

    /// Keeps a decision as it stands now; returns whether the rules are others.
    pub(crate) fn apply(&mut self, decision: &Decision, ledgers: &BTreeMap<u32, Currency>) -> bool {
        let place = self.place_of(decision);
        match (place, is_kept(decision)) {
            (None, false) => return false,
            (None, true) => self.decisions.push(*decision),
            (Some(place), true) => self.decisions[place] = *decision,
            (Some(place), false) => drop(self.decisions.remove(place)),
        }
        let decisions = std::mem::take(&mut self.decisions);
        self.set(decisions, ledgers);
        true
    }

    /// Keeps these decisions; [`Restrictions::compile`] has to follow.
    pub(crate) fn set(&mut self, decisions: Vec<Decision>, ledgers: &BTreeMap<u32, Currency>) {
        self.decisions = decisions;
        self.book = RuleBook::default();
        self.places.clear();
        for (place, decision) in self.decisions.iter().enumerate() {
            let zone = Zone::fixed(zone_of(decision));
            let zones = &mut self.book.zones;
            let known = zones.iter().position(|known| *known == zone);
            let zone = known.unwrap_or_else(|| {
                zones.push(zone);
                zones.len() - 1
            });
            for rule in rules_of(decision, ledgers.get(&decision.ledger)) {
                self.book.rules.push(Rule {
                    zone: zone as u8,
                    ..rule
                });
                self.places.push(place);
            }
        }
    }

    /// Compiles the rules, whose tallies are kept in `tallies`.
    pub(crate) fn compile(&mut self, tallies: &Tallies) {
        self.program = Program::new(&self.book, tallies);
    }

    /// Whether one of them is about payments of this kind.
    pub(super) fn is_about(&self, kind: u16) -> bool {
        self.program.is_about(kind)
    }

    /// What they find in a payment.
    #[inline]
    pub(crate) fn judge(
        &self,
        tallies: &Tallies,
        facts: &impl Facts,
        payment: &Payment,
    ) -> Vec<Finding> {
        let found = self.program.judge(tallies, facts, payment);
        if found.is_empty() {
            return Vec::new();
        }
        let finding = |found: super::Found| {
            let decision = &self.decisions[self.places[usize::from(found.rule)]];
            let subject = self.book.rules[usize::from(found.rule)].scope.subject;
            Finding {
                authority: decision.authority,
                decision: decision.number,
                then: found.then as u8,
                state: FindingState::Noted as u8,
                party: payment.side(subject).party,
                kind: payment.kind,
                ledger: payment.ledger,
                amount: payment.amount,
                used: found.used,
                limit: found.limit,
                again: if found.again == 0 {
                    decision.ends
                } else {
                    found.again
                },
                ..Finding::default()
            }
        };
        found.into_iter().map(finding).collect()
    }
}

const fn zone_of(decision: &Decision) -> u16 {
    if decision.zone == 0 {
        Offset::ZERO
    } else {
        decision.zone
    }
}

/// The rules that a decision comes to: of a stop for one party, one for each side.
fn rules_of(decision: &Decision, currency: Option<&Currency>) -> Vec<Rule> {
    if decision.measure == Measure::Cap as u8 {
        return vec![rule(decision, cap_scope(decision, currency), cap(decision))];
    }
    let subjects: &[Subject] = if decision.addressee == 0 {
        &[Subject::Payer]
    } else {
        &[Subject::Payer, Subject::Payee]
    };
    let stop = |subject: &Subject| {
        let scope = Scope {
            subject: *subject,
            party: decision.addressee,
            ..product_scope(decision.product)
        };
        // One of none: it never holds.
        rule(decision, scope, Condition::Any(Vec::new()))
    };
    subjects.iter().map(stop).collect()
}

fn rule(decision: &Decision, scope: Scope, require: Condition) -> Rule {
    Rule {
        id: format!("{:032x}-{}", decision.authority, decision.number),
        title: String::new(),
        jurisdiction: String::new(),
        source: Source::default(),
        from: decision.begins,
        to: decision.ends,
        zone: 0,
        scope,
        require,
        unless: None,
        then: Consequence::Refuse,
    }
}

/// The payments of a product.
fn product_scope(product: u8) -> Scope {
    let mut scope = Scope {
        kinds: kinds_of(product).to_vec(),
        ..Scope::default()
    };
    if product == PAYMENT {
        // What a payee pays for being paid is no payment; what time pays is one.
        scope.kinds.push(BY_TIME);
        scope.payer.roles = vec![Role::Wallet as u8, Role::SchemeReceivable as u8];
    }
    scope
}

/// What a cap adds up: fees and commissions are not among it.
fn cap_scope(decision: &Decision, currency: Option<&Currency>) -> Scope {
    let own = [Role::None, Role::Commission, Role::FeeIncome];
    let others = Role::ALL.iter().filter(|role| !own.contains(role));
    Scope {
        subject: if decision.of == PAYEE {
            Subject::Payee
        } else {
            Subject::Payer
        },
        party: decision.addressee,
        currency: currency.map(|currency| (currency.code, currency.exponent)),
        payee: Lines {
            roles: others.map(|role| *role as u8).collect(),
            codes: Vec::new(),
        },
        ..product_scope(decision.product)
    }
}

fn cap(decision: &Decision) -> Condition {
    let tally = Tally {
        measure: Adds::Sum,
        per: if decision.of == EVERYONE {
            Per::Everyone
        } else {
            Per::Party
        },
        window: if decision.window == DAY {
            Window::Day
        } else {
            Window::Month
        },
    };
    Condition::Compare(
        Term::Tally(tally),
        Relation::AtMost,
        Term::Money(decision.amount),
    )
}
