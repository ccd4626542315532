//! Why documents are not entered.

use model::document::{DocumentError, REASON_BYTES};
use model::fine::FineError;
use model::object::DEMAND_STATES;

use crate::rules::restrictions::RESTRICTIONS;

/// Why a document is not entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentRefusal {
    /// The text is no document.
    Text(DocumentError),
    /// Its signer may not sign such a document.
    Signer,
    /// Its signer has no key.
    Key,
    /// The signature is not the signer's over this text.
    Signature,
    /// The mandate is not the one after the last, which this is.
    MandateNumber(u32),
    /// Nobody who is an authority has the id that a mandate is for.
    Authority,
    /// The authority has no mandate.
    NoMandate,
    /// It is not the decision after the authority's last, which this is.
    Number(u64),
    /// The mandate does not cover it.
    UltraVires(Beyond),
    /// It gives no reasons.
    Unreasoned,
    /// Nobody has the id of the addressee, or it is closed.
    Addressee,
    /// The term was over before it was entered.
    Over,
    /// Nobody who is an authority has the id of the court.
    Court,
    /// The ledger has no currency.
    Ledger,
    /// The fine cannot be computed so.
    Computation(FineError),
    /// The computation comes to this amount and not to the fine.
    ComesTo(u128),
    /// So many stops and caps hold or are to come, or so many time zones, that no other can be kept.
    TooMany,
    /// The authority has not taken the decision that is named.
    NoDecision,
    /// The decision that is named does not hold: it ended, was fulfilled, lifted or annulled.
    NotInForce,
    /// Only an undertaking or a fine can be fulfilled.
    NothingToFulfil,
    /// The signer is not one who has a say in this.
    NotTheirs,
    /// The decision cannot be appealed, or not any more, or was.
    NoAppeal,
    /// No appeal is open.
    NotLodged,
    /// It is not the demand after the last, which this is.
    Serial(u64),
    /// Whoever asks for data is no authority that is active.
    Asker,
    /// There is no demand with this serial.
    NoDemand,
    /// A demand in this state, by place in [`DEMAND_STATES`], takes no such step.
    DemandState(u8),
    /// The commitment is not that of the demand, or not to this scope.
    Commitment,
    /// Two different members of the staff approve a demand, and this one has.
    SamePerson,
    /// The demand is sealed.
    Sealed,
    /// The demand is not sealed, not any more, or its date has passed.
    NotSealed,
    /// It is opened later than now, and put off to a later moment.
    Opens,
    /// An appeal against the demand is open.
    UnderAppeal,
    /// Rows about everybody leave only where the mandate names a law for it.
    Bulk,
    /// The authority has no budget for questions about everybody.
    NoBudget,
    /// So much of its budget is left, in thousandths of epsilon, and that is too little.
    Budget(u64),
    /// The authority has a budget, and it does not grow.
    BudgetStands,
    /// The time for comments would be over before the assessment is entered.
    CommentsOver,
    /// No assessment has the digest that is named.
    NoAssessment,
    /// The time for comments on the assessment is over.
    CommentsClosed,
}

/// In what a document goes beyond the mandate of its authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// The mandate has not begun, or has ended.
    Time,
    /// It is of another place.
    Jurisdiction,
    /// It has not this kind of decisions.
    Kind,
    /// It has not this product.
    Product,
    /// It is not that of a court.
    Court,
}

impl core::fmt::Display for DocumentRefusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let says = match self {
            Self::Text(error) => return error.fmt(f),
            Self::Computation(error) => return error.fmt(f),
            Self::UltraVires(beyond) => return beyond.fmt(f),
            Self::MandateNumber(last) => {
                let next = last + 1;
                return write!(f, "the last mandate is {last}; the next is {next}");
            }
            Self::Number(last) => {
                let next = last + 1;
                return write!(
                    f,
                    "the authority's last decision is {last}; the next is {next}"
                );
            }
            Self::ComesTo(amount) => {
                return write!(f, "the computation comes to {amount}, in minor units");
            }
            Self::Serial(last) => {
                let next = last + 1;
                return write!(f, "the last demand is {last}; the next is {next}");
            }
            Self::DemandState(state) => {
                let state = DEMAND_STATES.get(usize::from(*state)).unwrap_or(&"");
                return write!(f, "the demand is {state}, and takes no such step");
            }
            Self::Budget(left) => {
                return write!(
                    f,
                    "{left} thousandths of epsilon are left of the authority's budget"
                );
            }
            Self::TooMany => {
                return write!(
                    f,
                    "{RESTRICTIONS} stops and caps, or all time zones, are in use"
                );
            }
            Self::Unreasoned => {
                return write!(
                    f,
                    "one paragraph of reasons has at least {REASON_BYTES} bytes"
                );
            }
            Self::Signer => {
                "a mandate or a budget is signed by staff, a decision by an authority, an assessment by \
                 either, an answer or a comment by a party; none of the first frozen, none closed"
            }
            Self::Key => "the signer has no key; party_key_set gives it one",
            Self::Signature => "the signature is not the signer's over this text",
            Self::Authority => "the mandate is for no party that is an authority",
            Self::NoMandate => "the authority has no mandate",
            Self::Addressee => "there is no party with the addressee's id, or it is closed",
            Self::Over => "the term was over before the decision was entered",
            Self::Court => "the court is no party that is an authority",
            Self::Ledger => "the ledger has no currency",
            Self::NoDecision => "the authority has taken no decision with this number",
            Self::NotInForce => "the decision does not hold any more",
            Self::NothingToFulfil => "only an undertaking or a fine can be fulfilled",
            Self::NotTheirs => "the signer has no say in this",
            Self::NoAppeal => "the decision cannot be appealed, not any more, or was",
            Self::NotLodged => "no appeal is open",
            Self::Asker => {
                "who asks for data is a party that is an authority, not frozen or closed"
            }
            Self::NoDemand => "there is no demand with this serial",
            Self::Commitment => "the commitment is not that of the demand, or not to this scope",
            Self::SamePerson => "two different members of the staff approve, and this one has",
            Self::Sealed => "the demand is sealed: nobody is told of it before it is opened",
            Self::NotSealed => "the demand is not sealed, or its date has passed",
            Self::Opens => "a seal is opened later than now, and put off to a later moment",
            Self::UnderAppeal => "an appeal against the demand is open",
            Self::Bulk => {
                "rows about everybody leave only by a law that the authority's mandate names"
            }
            Self::NoBudget => "the authority has no budget for questions about everybody",
            Self::BudgetStands => "the authority has a budget, and it does not grow",
            Self::CommentsOver => "comments end before the assessment is entered",
            Self::NoAssessment => "there is no assessment with this SHA-256",
            Self::CommentsClosed => "the time for comments on the assessment is over",
        };
        f.write_str(says)
    }
}

impl core::fmt::Display for Beyond {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Time => "the mandate of the authority does not hold now",
            Self::Jurisdiction => "the mandate of the authority is of another jurisdiction",
            Self::Kind => "the mandate of the authority has no decisions of this kind",
            Self::Product => "the mandate of the authority does not have this product",
            Self::Court => "the mandate of the authority is not that of a court",
        })
    }
}

impl std::error::Error for DocumentRefusal {}
