//! What the page says of decisions, and what it does not.
//!
//! To whom a decision is addressed is never said beyond `institution` or `party`. All that could
//! tell it is left out with it:
//!
//! | decision | not shown |
//! |---|---|
//! | to the institution | nothing |
//! | to a merchant, a bank or an authority | SHA-256 of the text: whoever has the rest of it could try ids until one fits |
//! | to a customer or a member of the staff | that, and the reasons: they are about a person |
//! | that freezes a party, or lifts such a one | that, and that there is an addressee |

use std::collections::{BTreeMap, BTreeSet};

use engine::{Books, Refused};
use model::Object;
use model::document::DecisionText;
use model::fine::METHODS;
use model::form::integer_to_text;
use model::object::{
    APPEALS, DECISION_KINDS, DECISION_STATES, Decision, DecisionKind, DecisionState, MEASURES,
    Measure, Noun, Party, SIDES, WINDOWS_OF_CAPS,
};
use model::product::PRODUCTS;

use super::papers::{Paper, Papers};
use super::view::{AmountView, ComputationView, DecisionView, DecisionsView};
use crate::limits::PUBLIC_REASON_BYTES;
use crate::wire::{Currencies, U64, U128, digest_text};

/// Places in [`model::object::PARTY_KINDS`].
const CUSTOMER: u8 = 0;
const STAFF: u8 = 4;
const _: () = assert!(model::object::PARTY_KINDS.len() == 5);

/// How much of a decision is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    All,
    NotTheDigest,
    NotTheReasons,
    NotTheAddressee,
}

/// What the books say of the decisions and of those they name.
#[derive(Debug, Default)]
struct Known {
    decisions: BTreeMap<(u128, u64), Decision>,
    /// Kinds of parties.
    parties: BTreeMap<u128, u8>,
}

impl Known {
    async fn ask(books: &Books, papers: &Papers) -> Result<Self, Refused> {
        let mut decisions = BTreeSet::new();
        let mut parties = BTreeSet::new();
        for paper in &papers.decisions.papers {
            let text = &paper.text;
            decisions.insert((text.authority, text.number));
            if text.lifts != 0 {
                decisions.insert((text.authority, text.lifts));
            }
        }
        let asked =
            |(authority, number): &(u128, u64)| (Decision::KIND, (*authority, u128::from(*number)));
        let mut known = Self::default();
        let found = books.objects(decisions.iter().map(asked).collect()).await?;
        for object in found.into_iter().flatten() {
            if let Object::Decision(decision) = object {
                parties.insert(decision.addressee);
                let key = (decision.authority, decision.number);
                known.decisions.insert(key, decision);
            }
        }
        let asked = parties.into_iter().filter(|party| *party != 0);
        let asked = asked.map(|party| (Party::KIND, (party, 0))).collect();
        for object in books.objects(asked).await?.into_iter().flatten() {
            if let Object::Party(party) = object {
                known.parties.insert(party.id, party.kind);
            }
        }
        Ok(known)
    }

    fn shown(&self, decision: &Decision) -> Shown {
        let lifted = self.decisions.get(&(decision.authority, decision.lifts));
        let lifted = lifted.map_or(Shown::All, |lifted| self.shown_by_itself(lifted));
        let itself = self.shown_by_itself(decision);
        // What a lifting says of the decision that it lifts is as private as that is.
        if decision.lifts != 0 && lifted != Shown::All {
            return lifted.max(itself);
        }
        itself
    }

    fn shown_by_itself(&self, decision: &Decision) -> Shown {
        if decision.measure == Measure::Freeze as u8 {
            return Shown::NotTheAddressee;
        }
        if decision.addressee == 0 {
            return Shown::All;
        }
        match self.parties.get(&decision.addressee) {
            None | Some(&CUSTOMER | &STAFF) => Shown::NotTheReasons,
            Some(_) => Shown::NotTheDigest,
        }
    }
}

impl Shown {
    fn max(self, other: Self) -> Self {
        if self as u8 >= other as u8 {
            self
        } else {
            other
        }
    }
}

/// The decisions that were read, as they stand.
pub(super) async fn view(
    books: &Books,
    papers: &Papers,
    currencies: &Currencies,
) -> Result<DecisionsView, Refused> {
    let known = Known::ask(books, papers).await?;
    let mut decisions = Vec::new();
    for paper in papers.decisions.newest_first() {
        let key = (paper.text.authority, paper.text.number);
        if let Some(decision) = known.decisions.get(&key) {
            let shown = known.shown(decision);
            decisions.push(one(paper, decision, shown, currencies));
        }
    }
    Ok(DecisionsView {
        total: U64(papers.decisions.total),
        left_out: U64(papers.decisions.left_out()),
        complete: papers.complete,
        decisions,
    })
}

fn one(
    paper: &Paper<DecisionText>,
    decision: &Decision,
    shown: Shown,
    currencies: &Currencies,
) -> DecisionView {
    let text = &paper.text;
    let amount = |minor| AmountView::new(text.ledger, minor, currencies);
    let (reasons, cut) = cut(&text.reasons);
    let says_reasons = matches!(shown, Shown::All | Shown::NotTheDigest);
    let addressee = match decision.addressee {
        0 => "institution",
        _ => "party",
    };
    DecisionView {
        authority: U128(decision.authority),
        number: U64(decision.number),
        kind: name(DECISION_KINDS, decision.kind).unwrap_or_default(),
        state: name(DECISION_STATES, decision.state).unwrap_or_default(),
        addressee: (shown != Shown::NotTheAddressee).then_some(addressee),
        law: text.law.clone(),
        article: text.article.clone(),
        jurisdiction: integer_to_text(text.jurisdiction).unwrap_or_default(),
        product: name_but_none(PRODUCTS, decision.product),
        measure: name_but_none(MEASURES, decision.measure),
        of: name_but_none(SIDES, decision.of),
        window: name_but_none(WINDOWS_OF_CAPS, decision.window),
        amount: (decision.amount != 0).then(|| amount(decision.amount)),
        computation: computation(text, currencies),
        lifts: some(decision.lifts),
        entered: U64(paper.entered),
        begins: some(text.from),
        ends: some(decision.ends),
        due: some(decision.due),
        kept: kept(decision),
        appeal: (decision.appeal_to != 0)
            .then(|| name(APPEALS, decision.appeal))
            .flatten(),
        appeal_to: (decision.appeal_to != 0).then_some(U128(decision.appeal_to)),
        appeal_until: some(decision.appeal_until),
        reasons: says_reasons.then(|| reasons.to_owned()),
        reasons_left_out: U64(if says_reasons { cut } else { 0 }),
        sha256: (shown == Shown::All).then(|| digest_text(&paper.sha256)),
    }
}

/// The beginning of a text, and how many bytes of it are left out.
pub(super) fn cut(text: &str) -> (&str, u64) {
    let end = text.floor_char_boundary(PUBLIC_REASON_BYTES);
    (&text[..end], (text.len() - end) as u64)
}

fn computation(text: &DecisionText, currencies: &Currencies) -> Option<ComputationView> {
    let method = name_but_none(METHODS, text.method)?;
    let amount = |minor| (minor != 0).then(|| AmountView::new(text.ledger, minor, currencies));
    let number = |value| (value != 0).then_some(value);
    Some(ComputationView {
        method,
        base: amount(text.base),
        share: number(text.share),
        years: number(text.years),
        entry: number(text.entry),
        turnover: amount(text.turnover),
        unit: amount(text.unit),
    })
}

/// Whether what was fined or undertaken was done.
fn kept(decision: &Decision) -> Option<&'static str> {
    use DecisionState as State;
    let has_to_be = [DecisionKind::Fine, DecisionKind::Undertaking];
    if !has_to_be.iter().any(|kind| decision.is_of(*kind)) {
        return None;
    }
    Some(if decision.is(&[State::Fulfilled]) {
        "fulfilled"
    } else if decision.is(&[State::Overdue]) {
        "overdue"
    } else if decision.is(&[State::ToCome, State::InForce, State::UnderAppeal]) {
        "open"
    } else {
        "ended"
    })
}

fn some(value: u64) -> Option<U64> {
    (value != 0).then_some(U64(value))
}

fn name(names: &[&'static str], place: u8) -> Option<&'static str> {
    names.get(usize::from(place)).copied()
}

/// The first name stands for nothing.
fn name_but_none(names: &[&'static str], place: u8) -> Option<&'static str> {
    name(names, place).filter(|_| place != 0)
}
