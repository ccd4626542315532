//! What each kind of document says, field by field.

use super::form::{self, Form, Lines};
use super::{DocumentError, check};
use crate::fine::{Computation, METHODS, Method};
use crate::object::{
    AUTHORITY_CLASSES, DECISION_KINDS, MEASURES, OUTCOMES_OF_APPEALS, SIDES, WINDOWS_OF_CAPS,
    YES_NO,
};
use crate::product::PRODUCTS;

/// A name of a list.
macro_rules! name {
    ($names:ident, $says:literal) => {
        Form {
            read: |text| form::place_of(text, $names),
            write: |place| $names[usize::from(*place)].to_owned(),
            says: $says,
        }
    };
}

/// A name of a list whose first one stands for nothing.
macro_rules! maybe_name {
    ($names:ident, $says:literal) => {
        Form {
            read: |text| form::maybe_place_of(text, $names),
            write: |place| match place {
                0 => "-".to_owned(),
                place => $names[usize::from(*place)].to_owned(),
            },
            says: $says,
        }
    };
}

const KIND: Form<u8> = name!(
    DECISION_KINDS,
    "a decision is a licence, approval, veto, restriction, fine, undertaking or lifting"
);
const KINDS: Form<u16> = Form {
    read: |text| form::bits_of(text, DECISION_KINDS),
    write: |bits| form::names_of(*bits, DECISION_KINDS),
    says: "kinds of decisions stand in their order with a space between; none is -",
};
const PRODUCT: Form<u8> = maybe_name!(PRODUCTS, "it is the name of a product; none is -");
const SOME_PRODUCTS: Form<u16> = Form {
    read: |text| form::bits_of(text, PRODUCTS).filter(|bits| bits & 1 == 0),
    write: |bits| form::names_of(*bits, PRODUCTS),
    says: "products stand in their order with a space between; none is -",
};
const MEASURE: Form<u8> = maybe_name!(MEASURES, "a measure is stop, freeze or cap; none is -");
const SIDE: Form<u8> = maybe_name!(
    SIDES,
    "a cap is of each payer, each payee or everyone; none is -"
);
const WINDOW: Form<u8> = maybe_name!(WINDOWS_OF_CAPS, "a cap is for a day or a month; none is -");
const METHOD: Form<u8> = maybe_name!(
    METHODS,
    "a method is stated, share_of_sales or guidelines_2006; none is -"
);
const COURT: Form<u8> = name!(YES_NO, "whether it is a court is yes or no");
const OUTCOME: Form<u8> = name!(
    OUTCOMES_OF_APPEALS,
    "an appeal is lodged, upheld or annulled"
);

const CLASS: Form<u8> = name!(
    AUTHORITY_CLASSES,
    "a class is court, police, tax, customs, supervision, intelligence, competition, privacy or \
     other"
);
const WHAT: Form<u8> = name!(OPENED, "what is opened is what was asked or narrowed");
const STEP: Form<u8> = name!(
    STEPS,
    "a step is examined, narrowed, approved, refused, noticed, closed, withdrawn, extended, \
     appealed, upheld or annulled"
);

/// What of a demand is opened, by place.
pub const OPENED: &[&str] = &["asked", "narrowed"];

/// What is done with a demand, see [`Step`].
pub const STEPS: &[&str] = &[
    "examined",
    "narrowed",
    "approved",
    "refused",
    "noticed",
    "closed",
    "withdrawn",
    "extended",
    "appealed",
    "upheld",
    "annulled",
];

/// See [`STEPS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Step {
    /// The staff has looked at it.
    Examined,
    /// The staff lets less leave than was asked.
    Narrowed,
    /// One of two members of the staff lets it leave.
    Approved,
    /// The staff lets nothing leave.
    Refused,
    /// The staff has told those whom it concerns.
    Noticed,
    /// The staff is done with it.
    Closed,
    /// The authority takes it back.
    Withdrawn,
    /// A court puts its opening off.
    Extended,
    /// The staff, or somebody whom it concerns, asks a court.
    Appealed,
    /// The court lets it stand.
    Upheld,
    /// The court ends it.
    Annulled,
}

impl Step {
    /// All of them, by number.
    pub const ALL: [Self; 11] = [
        Self::Examined,
        Self::Narrowed,
        Self::Approved,
        Self::Refused,
        Self::Noticed,
        Self::Closed,
        Self::Withdrawn,
        Self::Extended,
        Self::Appealed,
        Self::Upheld,
        Self::Annulled,
    ];
}

/// Makes a kind of document from its table: name of the type, its kind, and its fields with their
/// name in text.
macro_rules! texts {
    ($(
        $(#[$doc:meta])*
        $name:ident $kind:literal {
            $($(#[$field_doc:meta])* $field:ident $line:literal: $type:ty = $form:expr,)*
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
            /// What it says in words.
            pub reasons: String,
        }

        impl $name {
            const FIELDS: &[&str] = &[$($line,)*];

            /// Reads what stands behind the first line.
            pub(super) fn read(lines: &mut Lines<'_>) -> Result<Self, DocumentError> {
                let text = Self {
                    $($field: lines.field($line, &$form)?,)*
                    reasons: lines.reasons()?,
                };
                text.check().map_err(|(field, why)| {
                    let place = Self::FIELDS.iter().position(|name| *name == field);
                    let line = place.map_or(0, |place| place as u32 + 2);
                    DocumentError { line, why }
                })?;
                Ok(text)
            }

            /// The text that it was read from, or can be.
            pub(super) fn write(&self) -> String {
                let mut out = format!("counterfoil/{}/v1\n", $kind);
                $(
                    out += $line;
                    out.push(' ');
                    out += &($form.write)(&self.$field);
                    out.push('\n');
                )*
                out.push('\n');
                out += &self.reasons;
                out.push('\n');
                out
            }
        }
    )*};
}

texts! {
    /// What an authority may decide. The institution enters it, by the law that it names.
    MandateText "mandate" {
        /// Whose it is.
        authority "authority": u128 = form::PARTY,
        /// From 1, without gaps: a later one takes the place of the one before.
        number "number": u32 = form::SMALL_NUMBER,
        /// The member of the staff that signs it.
        by "by": u128 = form::PARTY,
        /// By which law.
        law "law": String = form::WORDS,
        /// Where: `CN`, `EU`, `GB`.
        jurisdiction "jurisdiction": u128 = form::SHORT,
        /// Whether it decides appeals, see [`YES_NO`].
        court "court": u8 = COURT,
        /// What it decides: bits by place in [`DECISION_KINDS`].
        decides "decides": u16 = KINDS,
        /// About which products: bits by place in [`PRODUCTS`].
        products "products": u16 = SOME_PRODUCTS,
        /// The laws that allow it to ask for data of everybody.
        bulk "bulk": Vec<String> = form::LAWS,
        /// Nanoseconds since 1970; 0 is at once.
        from "from": u64 = form::MAYBE_MOMENT,
        /// Nanoseconds since 1970: when it ends; 0 is never.
        to "to": u64 = form::MAYBE_MOMENT,
    }

    /// What an authority decides.
    DecisionText "decision" {
        /// Who decides, and signs.
        authority "authority": u128 = form::PARTY,
        /// From 1 for each authority, without gaps.
        number "number": u64 = form::NUMBER,
        /// By place in [`DECISION_KINDS`].
        kind "kind": u8 = KIND,
        /// To whom; 0 is the institution itself.
        addressee "addressee": u128 = form::MAYBE_PARTY,
        /// By which law.
        law "law": String = form::WORDS,
        /// The place in it.
        article "article": String = form::WORDS,
        /// Where: that of the mandate.
        jurisdiction "jurisdiction": u128 = form::SHORT,
        /// About which product, by place in [`PRODUCTS`]; 0 is none.
        product "product": u8 = PRODUCT,
        /// Of a restriction, by place in [`MEASURES`].
        measure "measure": u8 = MEASURE,
        /// Of a cap, whose payments are added up: by place in [`SIDES`].
        of "of": u8 = SIDE,
        /// Of a cap, for how long: by place in [`WINDOWS_OF_CAPS`].
        window "window": u8 = WINDOW,
        /// Of a cap, when days begin: minutes that local time is ahead, plus
        /// [`crate::rule::Offset::ZERO`]; 0 is none.
        zone "zone": u16 = form::MAYBE_ZONE,
        /// Of the amount; 0 is none.
        ledger "ledger": u32 = form::MAYBE_32,
        /// The fine, or what may be paid in the window of a cap; in minor units.
        amount "amount": u128 = form::MAYBE_128,
        /// Of a fine, how it is computed: by place in [`METHODS`].
        method "method": u8 = METHOD,
        /// See [`Computation::base`].
        base "base": u128 = form::MAYBE_128,
        /// See [`Computation::share`].
        share "share": u16 = form::MAYBE_16,
        /// See [`Computation::years`].
        years "years": u16 = form::MAYBE_16,
        /// See [`Computation::entry`].
        entry "entry": u16 = form::MAYBE_16,
        /// See [`Computation::turnover`].
        turnover "turnover": u128 = form::MAYBE_128,
        /// See [`Computation::unit`].
        unit "unit": u128 = form::MAYBE_128,
        /// Of a lifting, the number of the decision of the same authority that ends by it.
        lifts "lifts": u64 = form::MAYBE_64,
        /// Nanoseconds since 1970: when its term begins; 0 is at once.
        from "from": u64 = form::MAYBE_MOMENT,
        /// Nanoseconds since 1970: when its term ends; 0 is never.
        to "to": u64 = form::MAYBE_MOMENT,
        /// Nanoseconds since 1970: when what was undertaken or fined is due; 0 is never.
        due "due": u64 = form::MAYBE_MOMENT,
        /// Nanoseconds since 1970: until when it can be appealed; 0 is never.
        appeal_until "appeal_until": u64 = form::MAYBE_MOMENT,
        /// The court that decides on an appeal; 0 is none.
        appeal_to "appeal_to": u128 = form::MAYBE_PARTY,
    }

    /// Proof that what was undertaken or fined was done.
    FulfilmentText "fulfilment" {
        /// Who says so, and signs: the addressee, the authority, or a member of the staff where the
        /// institution itself is addressed.
        by "by": u128 = form::PARTY,
        /// Whose decision it is about.
        authority "authority": u128 = form::PARTY,
        /// The number of the decision.
        number "number": u64 = form::NUMBER,
        /// SHA-256 over the proof itself.
        sha256 "sha256": [u8; 32] = form::SHA256,
    }

    /// An appeal, or what a court decides on it.
    AppealText "appeal" {
        /// Who appeals or decides, and signs.
        by "by": u128 = form::PARTY,
        /// Whose decision it is about.
        authority "authority": u128 = form::PARTY,
        /// The number of the decision.
        number "number": u64 = form::NUMBER,
        /// By place in [`OUTCOMES_OF_APPEALS`].
        outcome "outcome": u8 = OUTCOME,
    }

    /// What a draft of rules would have done to payments of the past, and until when everybody may
    /// say something to it.
    AssessmentText "assessment" {
        /// The member of the staff or the authority that signs it.
        by "by": u128 = form::PARTY,
        /// SHA-256 over the canonical bytes of the draft.
        draft "draft": [u8; 32] = form::SHA256,
        /// What the draft is called; may be empty.
        title "title": String = form::MAYBE_WORDS,
        /// Nanoseconds since 1970: from when on payments were judged; 0 is the beginning.
        from "from": u64 = form::MAYBE_MOMENT,
        /// Nanoseconds since 1970: when that ended; 0 is the end.
        to "to": u64 = form::MAYBE_MOMENT,
        /// Payments that were judged.
        payments "payments": u64 = form::MAYBE_64,
        /// Those that the draft would not have let through.
        refused "refused": u64 = form::MAYBE_64,
        /// How many people they are of.
        people "people": u64 = form::MAYBE_64,
        /// Of the sum; 0 where none is said.
        ledger "ledger": u32 = form::MAYBE_32,
        /// What those come to on that ledger, in minor units.
        sum "sum": u128 = form::MAYBE_128,
        /// Nanoseconds since 1970: until when it can be commented.
        comments_until "comments_until": u64 = form::MAYBE_MOMENT,
    }

    /// What somebody says to an assessment.
    CommentText "comment" {
        /// Who says it, and signs.
        by "by": u128 = form::PARTY,
        /// SHA-256 over the text of the assessment.
        assessment "assessment": [u8; 32] = form::SHA256,
    }

    /// What everyone sees of a demand for data, sealed or not. The books write it; nobody signs it.
    EntryText "entry" {
        /// From 1, without gaps.
        serial "serial": u64 = form::NUMBER,
        /// Of the authority, see [`AUTHORITY_CLASSES`].
        class "class": u8 = CLASS,
        /// By what right.
        basis "basis": String = form::WORDS,
        /// Nanoseconds since 1970: when it is opened at the latest; 0 where it is not sealed.
        opens "opens": u64 = form::MAYBE_MOMENT,
        /// To its scope, see [`EntryText::preimage`].
        commitment "commitment": [u8; 32] = form::SHA256,
    }

    /// What was committed to: its words are the scope. The books write it; nobody signs it.
    OpeningText "opening" {
        /// Of the demand.
        serial "serial": u64 = form::NUMBER,
        /// By place in [`OPENED`].
        what "what": u8 = WHAT,
        /// What kept the scope from being guessed.
        salt "salt": [u8; 32] = form::SHA256,
        /// SHA-256 over what the authority sent; zero where the institution narrowed it.
        message "message": [u8; 32] = form::MAYBE_SHA256,
        /// The first half of the authority's signature over it.
        signature_a "signature_a": [u8; 32] = form::MAYBE_SHA256,
        /// The second half.
        signature_b "signature_b": [u8; 32] = form::MAYBE_SHA256,
    }

    /// What is done with a demand.
    StepText "step" {
        /// Who does it, and signs.
        by "by": u128 = form::PARTY,
        /// Serial of the demand.
        demand "demand": u64 = form::NUMBER,
        /// By place in [`STEPS`].
        step "step": u8 = STEP,
        /// To the scope that may leave, where it is approved or narrowed.
        commitment "commitment": [u8; 32] = form::MAYBE_SHA256,
        /// Nanoseconds since 1970: until when the opening is put off; 0 where it is not.
        until "until": u64 = form::MAYBE_MOMENT,
        /// The order of the court that puts it off.
        order "order": String = form::MAYBE_WORDS,
    }

    /// How much can be learned of everybody by an authority's questions, once and for all.
    BudgetText "budget" {
        /// The member of the staff that signs it.
        by "by": u128 = form::PARTY,
        /// Whose.
        authority "authority": u128 = form::PARTY,
        /// Thousandths of epsilon.
        thousandths "thousandths": u64 = form::NUMBER,
    }
}

impl EntryText {
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "as its neighbours"
    )]
    const fn check(&self) -> Result<(), check::Wrong> {
        Ok(())
    }

    /// What the commitment is SHA-256 over: the name of its purpose, the salt, the lines above the
    /// commitment, and the text of the scope, each behind its length (8 bytes, big-endian).
    pub fn preimage(&self, salt: &[u8; 32], scope: &str) -> Vec<u8> {
        let text = self.write();
        let lines = text
            .split_once("commitment ")
            .map_or("", |(lines, _)| lines);
        let parts: [&[u8]; 4] = [
            b"counterfoil/entry/v1",
            salt,
            lines.as_bytes(),
            scope.as_bytes(),
        ];
        let mut bytes = Vec::with_capacity(128 + lines.len() + scope.len());
        for part in parts {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part);
        }
        bytes
    }
}

impl OpeningText {
    fn check(&self) -> Result<(), check::Wrong> {
        check::opening(self)
    }

    /// The scope that is opened.
    pub fn scope(&self) -> String {
        format!("{}\n", self.reasons)
    }
}

impl StepText {
    fn check(&self) -> Result<(), check::Wrong> {
        check::step(self)
    }

    /// See [`Step`].
    pub fn step(&self) -> Step {
        Step::ALL[usize::from(self.step)]
    }
}

impl BudgetText {
    fn check(&self) -> Result<(), check::Wrong> {
        check::budget(self)
    }
}

impl MandateText {
    fn check(&self) -> Result<(), check::Wrong> {
        check::mandate(self)
    }
}

impl DecisionText {
    fn check(&self) -> Result<(), check::Wrong> {
        check::decision(self)
    }

    /// How its fine is computed, and of what.
    pub fn computation(&self) -> (Method, Computation) {
        let method = Method::ALL.get(usize::from(self.method));
        let computation = Computation {
            base: self.base,
            share: self.share,
            years: self.years,
            entry: self.entry,
            turnover: self.turnover,
            unit: self.unit,
        };
        (method.copied().unwrap_or(Method::None), computation)
    }
}

impl FulfilmentText {
    // Its form is all that it has to keep to.
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "as its neighbours"
    )]
    const fn check(&self) -> Result<(), check::Wrong> {
        Ok(())
    }
}

impl AppealText {
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "as its neighbours"
    )]
    const fn check(&self) -> Result<(), check::Wrong> {
        Ok(())
    }
}

impl AssessmentText {
    fn check(&self) -> Result<(), check::Wrong> {
        check::assessment(self)
    }
}

impl CommentText {
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "as its neighbours"
    )]
    const fn check(&self) -> Result<(), check::Wrong> {
        Ok(())
    }
}
