//! What a document of a kind can say: which fields it needs, and which it does not take.

use super::{AssessmentText, BudgetText, DecisionText, MandateText, OpeningText, Step, StepText};
use crate::object::{DecisionKind, Measure, SIDES};

/// The field that is wrong, and why.
pub(super) type Wrong = (&'static str, &'static str);

/// Place of `everyone` in [`SIDES`].
const EVERYONE: u8 = 3;
const _: () = assert!(SIDES.len() == 4);

pub(super) fn mandate(text: &MandateText) -> Result<(), Wrong> {
    ensure(
        text.to == 0 || text.to > text.from,
        "to",
        "the end lies behind the beginning",
    )?;
    ensure(
        text.authority != text.by,
        "by",
        "nobody enters a mandate for itself",
    )
}

pub(super) fn decision(text: &DecisionText) -> Result<(), Wrong> {
    let kind = DecisionKind::ALL[usize::from(text.kind)];
    measure(text, kind)?;
    cap(text)?;
    fine(text, kind)?;
    term(text, kind)?;
    let lifts = kind == DecisionKind::Lifting;
    same(
        text.lifts != 0,
        lifts,
        ("lifts", "a lifting says which decision, and no other does"),
    )?;
    if lifts {
        ensure(
            text.lifts < text.number,
            "lifts",
            "a lifting is of an earlier decision",
        )?;
    }
    appeal(text, kind)
}

fn measure(text: &DecisionText, kind: DecisionKind) -> Result<(), Wrong> {
    same(
        text.measure != 0,
        kind == DecisionKind::Restriction,
        (
            "measure",
            "a restriction says its measure, and no other does",
        ),
    )?;
    let of_product = text.measure == Measure::Stop as u8 || text.measure == Measure::Cap as u8;
    ensure(
        text.product != 0 || !of_product,
        "product",
        "what is stopped or capped is a product",
    )?;
    if text.measure == Measure::Freeze as u8 {
        ensure(
            text.product == 0,
            "product",
            "a party is frozen in all products",
        )?;
        ensure(text.addressee != 0, "addressee", "who is frozen is a party")?;
    }
    Ok(())
}

fn cap(text: &DecisionText) -> Result<(), Wrong> {
    let is_cap = text.measure == Measure::Cap as u8;
    let why = "a cap says of whom, in which window and in which time zone, and nothing else does";
    same(text.of != 0, is_cap, ("of", why))?;
    same(text.window != 0, is_cap, ("window", why))?;
    same(text.zone != 0, is_cap, ("zone", why))?;
    ensure(
        text.of != EVERYONE || text.addressee == 0,
        "of",
        "the cap of a party is of what it pays or of what it is paid",
    )?;
    if is_cap {
        ensure(text.ledger != 0, "ledger", "a cap is of a ledger")?;
    }
    Ok(())
}

fn fine(text: &DecisionText, kind: DecisionKind) -> Result<(), Wrong> {
    let is_fine = kind == DecisionKind::Fine;
    let is_cap = text.measure == Measure::Cap as u8;
    same(
        text.method != 0,
        is_fine,
        (
            "method",
            "a fine says how it is computed, and no other does",
        ),
    )?;
    ensure(
        !is_fine || text.amount != 0 && text.ledger != 0,
        "amount",
        "a fine has an amount and a ledger",
    )?;
    let has_amount = is_fine || is_cap;
    let why = "a fine or a cap has an amount and a ledger, and nothing else does";
    ensure(has_amount || text.amount == 0, "amount", why)?;
    ensure(has_amount || text.ledger == 0, "ledger", why)?;
    let why = "only a fine is computed";
    let parts = [
        ("base", text.base),
        ("share", text.share.into()),
        ("years", text.years.into()),
        ("entry", text.entry.into()),
        ("turnover", text.turnover),
        ("unit", text.unit),
    ];
    parts
        .into_iter()
        .try_for_each(|(field, value)| ensure(is_fine || value == 0, field, why))
}

fn term(text: &DecisionText, kind: DecisionKind) -> Result<(), Wrong> {
    use DecisionKind as Kind;
    let is_due = matches!(kind, Kind::Undertaking | Kind::Fine);
    ensure(
        text.due != 0 || kind != Kind::Undertaking,
        "due",
        "an undertaking has a date",
    )?;
    ensure(
        text.due == 0 || is_due,
        "due",
        "only an undertaking or a fine is due",
    )?;
    ensure(
        text.to == 0 || !is_due && kind != Kind::Lifting,
        "to",
        "an undertaking, a fine or a lifting has no end of its own",
    )?;
    ensure(
        text.from == 0 || kind != Kind::Lifting,
        "from",
        "a lifting is at once",
    )?;
    ensure(
        text.to == 0 || text.to > text.from,
        "to",
        "the end lies behind the beginning",
    )?;
    ensure(
        text.due == 0 || text.due > text.from,
        "due",
        "what is due lies behind the beginning",
    )
}

fn appeal(text: &DecisionText, kind: DecisionKind) -> Result<(), Wrong> {
    use DecisionKind as Kind;
    same(
        text.appeal_until != 0,
        text.appeal_to != 0,
        (
            "appeal_to",
            "whoever may appeal knows until when and to whom",
        ),
    )?;
    ensure(
        text.appeal_to != text.authority,
        "appeal_to",
        "nobody decides on appeals against itself",
    )?;
    let burdens = matches!(kind, Kind::Veto | Kind::Restriction | Kind::Fine);
    ensure(
        text.appeal_until != 0 || !burdens,
        "appeal_until",
        "a veto, a restriction or a fine says until when and to whom it can be appealed",
    )?;
    ensure(
        text.appeal_until == 0 || kind != Kind::Lifting,
        "appeal_until",
        "a lifting is not appealed",
    )
}

pub(super) fn opening(text: &OpeningText) -> Result<(), Wrong> {
    let is_asked = text.what == 0;
    let why = "what was asked has its message and its signature, and what was narrowed has none";
    same(text.message != [0; 32], is_asked, ("message", why))?;
    same(text.signature_a != [0; 32], is_asked, ("signature_a", why))?;
    same(text.signature_b != [0; 32], is_asked, ("signature_b", why))
}

pub(super) fn step(text: &StepText) -> Result<(), Wrong> {
    let step = text.step();
    same(
        text.commitment != [0; 32],
        matches!(step, Step::Narrowed | Step::Approved),
        (
            "commitment",
            "what is narrowed or approved is named by its commitment, and nothing else is",
        ),
    )?;
    let is_extended = step == Step::Extended;
    let why = "an extension says until when and by which order, and no other step does";
    same(text.until != 0, is_extended, ("until", why))?;
    same(!text.order.is_empty(), is_extended, ("order", why))
}

pub(super) fn budget(text: &BudgetText) -> Result<(), Wrong> {
    ensure(
        text.authority != text.by,
        "by",
        "nobody grants a budget to itself",
    )?;
    ensure(
        text.thousandths <= 1_000_000,
        "thousandths",
        "a budget is at most 1000000 thousandths of epsilon",
    )
}

pub(super) fn assessment(text: &AssessmentText) -> Result<(), Wrong> {
    ensure(
        text.to == 0 || text.to > text.from,
        "to",
        "the end lies behind the beginning",
    )?;
    ensure(
        text.refused <= text.payments,
        "refused",
        "no more are refused than were judged",
    )?;
    ensure(
        text.people <= text.refused,
        "people",
        "no more people have payments refused than there are such",
    )?;
    ensure(
        text.sum == 0 || text.ledger != 0 && text.refused != 0,
        "sum",
        "a sum is of a ledger, and of payments that are refused",
    )?;
    ensure(
        text.comments_until != 0,
        "comments_until",
        "an assessment says until when it can be commented",
    )
}

fn ensure(holds: bool, field: &'static str, why: &'static str) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err((field, why)) }
}

fn same(left: bool, right: bool, wrong: Wrong) -> Result<(), Wrong> {
    if left == right { Ok(()) } else { Err(wrong) }
}
