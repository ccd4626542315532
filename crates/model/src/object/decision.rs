//! What authorities may decide and have decided, and the documents that say so.

use super::{Life, named, objects};
use crate::document::{DOCUMENT_KINDS, is_unsigned};
use crate::form::Form;
use crate::product::PRODUCTS;

/// Kinds of decisions, see [`DecisionKind`].
pub const DECISION_KINDS: &[&str] = &[
    "licence",
    "approval",
    "veto",
    "restriction",
    "fine",
    "undertaking",
    "lifting",
];

/// See [`DECISION_KINDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DecisionKind {
    /// It may be done, for a time.
    Licence,
    /// It may be done once: a merger, a change of owners.
    Approval,
    /// It may not be done.
    Veto,
    /// A product is stopped or capped, or a party frozen.
    Restriction,
    /// An amount is to be paid. The decision moves no money.
    Fine,
    /// Somebody undertook to do something by a date.
    Undertaking,
    /// An earlier decision ends.
    Lifting,
}

impl DecisionKind {
    /// All of them, by number.
    pub const ALL: [Self; 7] = [
        Self::Licence,
        Self::Approval,
        Self::Veto,
        Self::Restriction,
        Self::Fine,
        Self::Undertaking,
        Self::Lifting,
    ];
}

/// Names of the states of a decision, see [`DecisionState`].
pub const DECISION_STATES: &[&str] = &[
    "to_come",
    "in_force",
    "under_appeal",
    "overdue",
    "ended",
    "fulfilled",
    "lifted",
    "annulled",
];

/// See [`DECISION_STATES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DecisionState {
    /// Its term has not begun.
    ToCome,
    /// It holds.
    InForce,
    /// It holds, and somebody appealed.
    UnderAppeal,
    /// It was due and is not fulfilled.
    Overdue,
    /// Its term is over, or it was done with at once.
    Ended,
    /// What it asked for was done.
    Fulfilled,
    /// Its authority ended it.
    Lifted,
    /// A court ended it.
    Annulled,
}

/// What restrictions do, see [`Measure`].
pub const MEASURES: &[&str] = &["none", "stop", "freeze", "cap"];

/// See [`MEASURES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Measure {
    /// It is no restriction.
    None,
    /// Nobody, or one party not, pays or is paid in a product.
    Stop,
    /// A party takes part in nothing new.
    Freeze,
    /// No more than so much is paid in a product in a time.
    Cap,
}

/// Whose payments a cap adds up.
pub const SIDES: &[&str] = &["none", "payer", "payee", "everyone"];

/// For how long a cap adds up.
pub const WINDOWS_OF_CAPS: &[&str] = &["none", "day", "month"];

/// How far an appeal is.
pub const APPEALS: &[&str] = &["none", "lodged", "upheld", "annulled"];

/// What an appeal or a court says of a decision: places in [`APPEALS`], less one.
pub const OUTCOMES_OF_APPEALS: &[&str] = &["lodged", "upheld", "annulled"];

/// Whether something is so.
pub const YES_NO: &[&str] = &["no", "yes"];

objects! {
    /// A document that was entered. What it says stands in the pages before it.
    56 DocumentHead "document" [digest, digest_more] {
        /// The first half of SHA-256 over its text.
        digest: u128 = Form::Digest,
        /// The second half.
        digest_more: u128 = Form::Digest,
        /// Of all documents and rule books, from 1 and without gaps.
        number: u64 = Form::Number,
        /// See [`DOCUMENT_KINDS`].
        kind: u8 = Form::Name(DOCUMENT_KINDS),
        /// Who signed it; 0 where the books wrote it.
        party: u128 = Form::Id,
        /// The signature: four parts of 16 bytes.
        signature_a: u128 = Form::Digest,
        /// Its second part.
        signature_b: u128 = Form::Digest,
        /// Its third part.
        signature_c: u128 = Form::Digest,
        /// Its fourth part.
        signature_d: u128 = Form::Digest,
    }

    /// What an authority may decide.
    57 Mandate "mandate" [authority] {
        /// Whose it is.
        authority: u128 = Form::Id,
        /// From 1, without gaps.
        number: u32 = Form::Number,
        /// The document that says so.
        document: u64 = Form::Number,
        /// What it decides, see [`DECISION_KINDS`].
        decides: u16 = Form::Flags(DECISION_KINDS),
        /// About which products, see [`PRODUCTS`].
        products: u16 = Form::Flags(PRODUCTS),
        /// Whether it decides appeals.
        court: u8 = Form::Name(YES_NO),
        /// Where.
        jurisdiction: u128 = Form::Text,
        /// How many laws allow it to ask for data of everybody.
        bulk: u8 = Form::Number,
        /// When it begins.
        begins: u64 = Form::Time,
        /// When it ends; 0 is never.
        ends: u64 = Form::Time,
        /// How many decisions the authority has taken, under all mandates.
        decisions: u64 = Form::Number,
    }

    /// What an authority decided.
    58 Decision "decision" [authority, number] {
        /// Who decided.
        authority: u128 = Form::Id,
        /// From 1 for each authority, without gaps.
        number: u64 = Form::Number,
        /// See [`DECISION_KINDS`].
        kind: u8 = Form::Name(DECISION_KINDS),
        /// See [`DECISION_STATES`].
        state: u8 = Form::Name(DECISION_STATES),
        /// See [`APPEALS`].
        appeal: u8 = Form::Name(APPEALS),
        /// To whom; 0 is the institution itself.
        addressee: u128 = Form::Id,
        /// The document that says so.
        document: u64 = Form::Number,
        /// About which product.
        product: u8 = Form::Name(PRODUCTS),
        /// Of a restriction, see [`MEASURES`].
        measure: u8 = Form::Name(MEASURES),
        /// Of a cap, see [`SIDES`].
        of: u8 = Form::Name(SIDES),
        /// Of a cap, see [`WINDOWS_OF_CAPS`].
        window: u8 = Form::Name(WINDOWS_OF_CAPS),
        /// Of a cap: minutes that its local time is ahead, plus 1,440.
        zone: u16 = Form::Number,
        /// Of the amount; 0 is none.
        ledger: u32 = Form::Ledger,
        /// The fine, or the cap.
        amount: u128 = Form::Amount,
        /// Of a lifting, the number of the decision that it lifted.
        lifts: u64 = Form::Number,
        /// When its term began or begins.
        begins: u64 = Form::Time,
        /// When its term ends; 0 is never.
        ends: u64 = Form::Time,
        /// When it is due; 0 is never.
        due: u64 = Form::Time,
        /// The court that decides on an appeal; 0 is none.
        appeal_to: u128 = Form::Id,
        /// Until when it can be appealed; 0 is never.
        appeal_until: u64 = Form::Time,
    }
}

impl Life for DocumentHead {
    fn is_sound(&self) -> bool {
        self.number != 0
            && named(self.kind, DOCUMENT_KINDS)
            && (self.party == 0) == is_unsigned(self.kind)
    }
}

impl Life for Mandate {
    fn is_sound(&self) -> bool {
        self.authority != 0
            && self.number != 0
            && self.document != 0
            && named(self.court, YES_NO)
            && self.decides >> DECISION_KINDS.len() == 0
            && self.products >> PRODUCTS.len() == 0
    }
}

impl Decision {
    /// See [`DecisionState`].
    pub fn is(&self, states: &[DecisionState]) -> bool {
        states.iter().any(|state| self.state == *state as u8)
    }

    /// Whether it is of a kind.
    pub const fn is_of(&self, kind: DecisionKind) -> bool {
        self.kind == kind as u8
    }

    /// Whether it is a restriction that holds, or is going to.
    pub fn restricts(&self) -> bool {
        use DecisionState as State;
        self.is_of(DecisionKind::Restriction)
            && self.is(&[State::ToCome, State::InForce, State::UnderAppeal])
    }

    /// Whether it has its addressee frozen.
    pub fn freezes(&self) -> bool {
        self.measure == Measure::Freeze as u8
            && self.restricts()
            && !self.is(&[DecisionState::ToCome])
    }
}

impl Life for Decision {
    fn is_sound(&self) -> bool {
        self.authority != 0
            && self.number != 0
            && self.document != 0
            && named(self.kind, DECISION_KINDS)
            && named(self.state, DECISION_STATES)
            && named(self.appeal, APPEALS)
            && named(self.product, PRODUCTS)
            && named(self.measure, MEASURES)
            && named(self.of, SIDES)
            && named(self.window, WINDOWS_OF_CAPS)
            && self.zone <= 2 * crate::rule::Offset::ZERO
    }

    fn deadline(&self) -> Option<u64> {
        use DecisionState as State;
        let next = if self.is(&[State::ToCome]) {
            self.begins
        } else if !self.is(&[State::InForce, State::UnderAppeal]) {
            0
        } else if self.ends != 0 {
            self.ends
        } else {
            self.due
        };
        (next != 0).then_some(next)
    }
}
