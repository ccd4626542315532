//! Demands for data: how far each is, what left by it, and how many there are of each. Nothing in
//! a [`Register`], [`Demand`], [`Disclosure`], [`Budget`] or [`Question`] names a person, so that
//! each can be shown to everyone.

use super::{APPEALS, Life, YES_NO, named, objects};
use crate::form::Form;

/// Classes of authorities: all that is said of who asks while a demand is sealed.
pub const AUTHORITY_CLASSES: &[&str] = &[
    "court",
    "police",
    "tax",
    "customs",
    "supervision",
    "intelligence",
    "competition",
    "privacy",
    "other",
];

/// Whom a demand names.
pub const SUBJECT_KINDS: &[&str] = &["all", "persons", "accounts", "transfers"];

/// Names of the states of a demand, see [`DemandState`].
pub const DEMAND_STATES: &[&str] = &[
    "received",
    "examined",
    "approved_once",
    "approved",
    "answered",
    "noticed",
    "closed",
    "refused",
    "withdrawn",
    "annulled",
];

/// See [`DEMAND_STATES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DemandState {
    /// It came in, signed by an authority.
    Received,
    /// A member of the staff has looked at it, and it may be approved.
    Examined,
    /// One member of the staff has approved it.
    ApprovedOnce,
    /// Two different ones have: rows may leave.
    Approved,
    /// Something left.
    Answered,
    /// Those whom it concerns were told.
    Noticed,
    /// It is over.
    Closed,
    /// The institution refused it.
    Refused,
    /// The authority took it back.
    Withdrawn,
    /// A court ended it.
    Annulled,
}

/// What left.
pub const RELEASES: &[&str] = &["rows", "aggregate"];

/// For what the staff looks at personal data.
pub const PURPOSES: &[&str] = &[
    "support",
    "complaint",
    "fraud",
    "due_diligence",
    "correction",
    "demand",
    "other",
];

objects! {
    /// How many demands, disclosures and looks into personal data there were. Serials have no gaps,
    /// so that each is the last serial as well.
    59 Register "register" [id] {
        /// Always 1.
        id: u8 = Form::Number,
        /// Demands, refused ones too.
        demands: u64 = Form::Number,
        /// Disclosures.
        disclosures: u64 = Form::Number,
        /// Looks of the staff into personal data.
        lookups: u64 = Form::Number,
        /// Demands whose seal was not opened by its date.
        overdue: u64 = Form::Number,
    }

    /// A demand for data, as everyone may see it.
    60 Demand "demand" [serial] {
        /// From 1, without gaps.
        serial: u64 = Form::Number,
        /// See [`AUTHORITY_CLASSES`].
        class: u8 = Form::Name(AUTHORITY_CLASSES),
        /// See [`DEMAND_STATES`].
        state: u8 = Form::Name(DEMAND_STATES),
        /// See [`APPEALS`].
        appeal: u8 = Form::Name(APPEALS),
        /// Whom it names.
        subjects: u8 = Form::Name(SUBJECT_KINDS),
        /// How many of them.
        named: u16 = Form::Number,
        /// The document with its public lines and the commitment to its scope.
        document: u64 = Form::Number,
        /// The first half of the commitment to what was asked.
        asked: u128 = Form::Digest,
        /// The second half.
        asked_more: u128 = Form::Digest,
        /// The first half of the commitment to what may leave: what was asked, or less.
        scope: u128 = Form::Digest,
        /// The second half.
        scope_more: u128 = Form::Digest,
        /// The second at which it is opened at the latest, in nanoseconds; 0 where it was not sealed.
        opens: u64 = Form::Time,
        /// Whether what was asked is open to those whom it concerns.
        opened: u8 = Form::Name(YES_NO),
        /// Whether its seal was not opened by its date.
        overdue: u8 = Form::Name(YES_NO),
        /// How often a court put the opening off.
        extensions: u16 = Form::Number,
        /// When it came in.
        received: u64 = Form::Time,
        /// When something left first; 0 while nothing has.
        answered: u64 = Form::Time,
        /// How many times something left.
        disclosures: u32 = Form::Number,
    }

    /// Who has a part in a demand. What is sealed of it stands here and is not shown.
    61 DemandFile "demand_file" [serial] {
        /// Of the demand.
        serial: u64 = Form::Number,
        /// Who asks.
        authority: u128 = Form::Id,
        /// The member of the staff who examined it; 0 while nobody has.
        examiner: u128 = Form::Id,
        /// Who approved first.
        first: u128 = Form::Id,
        /// Who approved second.
        second: u128 = Form::Id,
        /// Who appealed; 0 is nobody.
        appellant: u128 = Form::Id,
    }

    /// Something left the institution by a demand.
    62 Disclosure "disclosure" [number] {
        /// From 1, without gaps.
        number: u64 = Form::Number,
        /// Serial of the demand.
        demand: u64 = Form::Number,
        /// What left, see [`RELEASES`].
        release: u8 = Form::Name(RELEASES),
        /// The first half of SHA-256 over the plain bytes.
        digest: u128 = Form::Digest,
        /// The second half.
        digest_more: u128 = Form::Digest,
        /// How many plain bytes.
        bytes: u64 = Form::Number,
        /// How many rows, or cells.
        rows: u64 = Form::Number,
        /// How many different accounts are in them.
        accounts: u64 = Form::Number,
        /// The first half of the commitment to the scope that it lay within.
        scope: u128 = Form::Digest,
        /// The second half.
        scope_more: u128 = Form::Digest,
        /// Size of the tree that the approval was shown to be in.
        proven: u64 = Form::Number,
        /// It knows of what happened before this moment.
        until: u64 = Form::Time,
        /// What it cost of the budget, in thousandths of epsilon; 0 for rows.
        cost: u32 = Form::Number,
    }

    /// How much can be learned of everybody by an authority's questions, in thousandths of epsilon.
    63 Budget "budget" [authority] {
        /// Whose.
        authority: u128 = Form::Id,
        /// Altogether. It never grows.
        granted: u64 = Form::Number,
        /// Of it, what questions have cost.
        spent: u64 = Form::Number,
        /// How many questions.
        questions: u32 = Form::Number,
    }

    /// A question that was paid for: asked again it has the same answer and costs nothing.
    64 Question "question" [digest, digest_more] {
        /// The first half of the digest of its text.
        digest: u128 = Form::Digest,
        /// The second half.
        digest_more: u128 = Form::Digest,
        /// Who asked.
        authority: u128 = Form::Id,
        /// What it cost, in thousandths of epsilon.
        cost: u32 = Form::Number,
    }

    /// A member of the staff looked at personal data.
    65 Lookup "lookup" [party, number] {
        /// Whose data.
        party: u128 = Form::Id,
        /// From 1, without gaps.
        number: u64 = Form::Number,
        /// The role in which somebody looked: a few letters.
        role: u128 = Form::Text,
        /// Who it was, so that nobody can tell without the institution's secret.
        pseudonym: u128 = Form::Digest,
        /// For what, see [`PURPOSES`].
        purpose: u8 = Form::Name(PURPOSES),
        /// A reference of the institution: of a case, a call, a complaint. Never a name.
        reference: u128 = Form::Text,
    }
}

impl Life for Register {
    fn is_sound(&self) -> bool {
        self.id == 1 && self.overdue <= self.demands
    }
}

impl Demand {
    /// See [`DemandState`].
    pub fn is(&self, states: &[DemandState]) -> bool {
        states.iter().any(|state| self.state == *state as u8)
    }

    /// Whether it is sealed still.
    pub const fn is_sealed(&self) -> bool {
        self.opens != 0 && self.opened == 0
    }

    /// Whether less may leave than was asked.
    pub const fn is_narrowed(&self) -> bool {
        self.asked != self.scope || self.asked_more != self.scope_more
    }
}

impl Life for Demand {
    fn is_sound(&self) -> bool {
        self.serial != 0
            && self.document != 0
            && self.received != 0
            && named(self.class, AUTHORITY_CLASSES)
            && named(self.state, DEMAND_STATES)
            && named(self.appeal, APPEALS)
            && named(self.subjects, SUBJECT_KINDS)
            && named(self.opened, YES_NO)
            && named(self.overdue, YES_NO)
            && (self.opens != 0 || self.opened == 1)
            && (self.subjects == 0) == (self.named == 0)
    }

    fn deadline(&self) -> Option<u64> {
        let waits = self.is_sealed() && self.overdue == 0;
        waits.then_some(self.opens)
    }
}

impl Life for DemandFile {
    fn is_sound(&self) -> bool {
        let is_two = self.second == 0 || self.first != 0 && self.first != self.second;
        self.serial != 0 && self.authority != 0 && is_two
    }
}

impl Life for Disclosure {
    fn is_sound(&self) -> bool {
        self.number != 0 && self.demand != 0 && named(self.release, RELEASES)
    }
}

impl Life for Budget {
    fn is_sound(&self) -> bool {
        self.authority != 0 && self.spent <= self.granted
    }
}

impl Life for Question {
    fn is_sound(&self) -> bool {
        self.authority != 0 && (self.digest, self.digest_more) != (0, 0)
    }
}

impl Life for Lookup {
    fn is_sound(&self) -> bool {
        self.party != 0 && self.number != 0 && named(self.purpose, PURPOSES)
    }

    // It is read from the log: nothing that is to come rests on it.
    fn is_open(&self) -> bool {
        false
    }
}
