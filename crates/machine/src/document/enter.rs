//! What follows from documents that are signed as they say, or why nothing does.

use model::document::{
    AppealText, AssessmentText, CommentText, DecisionText, Document, FulfilmentText, MandateText,
};
use model::object::{
    APPEALS, Assessment, Budget, Decision, DecisionKind, DecisionState, Demand, DemandFile,
    Mandate, OUTCOMES_OF_APPEALS, Party,
};

use super::{AUTHORITY, Beyond, DocumentRefusal as Refusal, STAFF, is_active};
use crate::State;
use crate::acts::decision::LODGED;
use crate::rules::standing::digest_of;

/// Places in [`APPEALS`].
const UPHELD: u8 = 2;
const ANNULLED: u8 = 3;
const _: () = assert!(APPEALS.len() == OUTCOMES_OF_APPEALS.len() + 1);

/// States in which a decision waits for something still.
const HOLDS: &[DecisionState] = &[
    DecisionState::ToCome,
    DecisionState::InForce,
    DecisionState::UnderAppeal,
    DecisionState::Overdue,
];

/// What a document changes.
// It is taken apart right where it was made.
#[allow(clippy::large_enum_variant)]
pub(super) enum Change {
    /// An authority has this mandate.
    Mandate(Mandate),
    /// An authority decided: its mandate counts, the decision stands, and one that it lifts is
    /// lifted.
    Decided {
        mandate: Mandate,
        decisions: [Option<Decision>; 2],
    },
    /// A decision stands so.
    Stands(Decision),
    /// A demand for data stands so.
    Stepped(Demand, DemandFile),
    /// An authority has this budget.
    Granted(Budget),
    /// An assessment stands so.
    Assessed(Assessment),
}

impl State {
    /// What follows from a document whose number is the next one, or why it is refused.
    pub(super) fn change_of(&self, time: u64, document: &Document) -> Result<Change, Refusal> {
        let is_reasoned = document.is_reasoned();
        match document {
            Document::Mandate(text) => self.entrust(time, text).map(Change::Mandate),
            Document::Decision(text) => self.decide(time, text, is_reasoned),
            Document::Fulfilment(text) => self.fulfil(text).map(Change::Stands),
            Document::Appeal(text) if text.outcome + 1 == LODGED => {
                self.lodge(time, text).map(Change::Stands)
            }
            Document::Appeal(text) => {
                let judged = self.hear(time, text, is_reasoned);
                judged.map(Change::Stands)
            }
            Document::Step(text) => {
                let stepped = self.step(time, text, is_reasoned);
                stepped.map(|(demand, file)| Change::Stepped(demand, file))
            }
            Document::Budget(text) => self.grant(text).map(Change::Granted),
            Document::Entry(_) | Document::Opening(_) => Err(Refusal::Signer),
            Document::Assessment(text) => self.assess(time, document, text).map(Change::Assessed),
            Document::Comment(text) => self.comment(time, text).map(Change::Assessed),
        }
    }

    /// A party, where it is an authority.
    pub(super) fn authority(&self, id: u128) -> Option<&Party> {
        let party: Option<&Party> = self.books.business.open((id, 0));
        party.filter(|party| party.kind == AUTHORITY)
    }

    fn entrust(&self, time: u64, text: &MandateText) -> Result<Mandate, Refusal> {
        self.authority(text.authority).ok_or(Refusal::Authority)?;
        let before = self.mandate(text.authority).unwrap_or_default();
        if u64::from(text.number) != u64::from(before.number) + 1 {
            return Err(Refusal::MandateNumber(before.number));
        }
        if text.to != 0 && text.to <= time {
            return Err(Refusal::Over);
        }
        Ok(Mandate {
            authority: text.authority,
            number: text.number,
            document: self.books.rules.documents + 1,
            decides: text.decides,
            products: text.products,
            court: text.court,
            jurisdiction: text.jurisdiction,
            bulk: text.bulk.len() as u8,
            begins: if text.from == 0 { time } else { text.from },
            ends: text.to,
            decisions: before.decisions,
            ..Mandate::default()
        })
    }

    fn decide(&self, time: u64, text: &DecisionText, is_reasoned: bool) -> Result<Change, Refusal> {
        let mandate = self.mandate(text.authority).ok_or(Refusal::NoMandate)?;
        if Some(text.number) != mandate.decisions.checked_add(1) {
            return Err(Refusal::Number(mandate.decisions));
        }
        covers(&mandate, time, text.jurisdiction)?;
        let has = |bits: u16, place: u8| bits >> place & 1 == 1;
        if !has(mandate.decides, text.kind) {
            return Err(Refusal::UltraVires(Beyond::Kind));
        }
        if text.product != 0 && !has(mandate.products, text.product) {
            return Err(Refusal::UltraVires(Beyond::Product));
        }
        if !is_reasoned {
            return Err(Refusal::Unreasoned);
        }
        self.check_decision(time, text)?;
        let decision = self.decision_of(time, text);
        if !self.books.rules.restrictions().takes(&decision) {
            return Err(Refusal::TooMany);
        }
        Ok(Change::Decided {
            mandate: Mandate {
                decisions: text.number,
                ..mandate
            },
            decisions: [Some(decision), self.lifted(text)?],
        })
    }

    /// Whom and what a decision names has to be there, and its computation has to be right.
    fn check_decision(&self, time: u64, text: &DecisionText) -> Result<(), Refusal> {
        let addressee: Option<&Party> = self.books.business.open((text.addressee, 0));
        if text.addressee != 0 && addressee.is_none_or(|party| party.state == 2) {
            return Err(Refusal::Addressee);
        }
        if text.appeal_to != 0 && self.authority(text.appeal_to).is_none() {
            return Err(Refusal::Court);
        }
        if text.to != 0 && text.to <= time {
            return Err(Refusal::Over);
        }
        if text.ledger != 0 && self.currency(text.ledger).is_none() {
            return Err(Refusal::Ledger);
        }
        let (method, computation) = text.computation();
        match computation.amount(method) {
            Err(error) => Err(Refusal::Computation(error)),
            Ok(Some(amount)) if amount != text.amount => Err(Refusal::ComesTo(amount)),
            Ok(_) => Ok(()),
        }
    }

    fn decision_of(&self, time: u64, text: &DecisionText) -> Decision {
        let state = if text.kind == DecisionKind::Lifting as u8 {
            DecisionState::Ended
        } else if text.from > time {
            DecisionState::ToCome
        } else {
            DecisionState::InForce
        };
        Decision {
            authority: text.authority,
            number: text.number,
            kind: text.kind,
            state: state as u8,
            addressee: text.addressee,
            document: self.books.rules.documents + 1,
            product: text.product,
            measure: text.measure,
            of: text.of,
            window: text.window,
            zone: text.zone,
            ledger: text.ledger,
            amount: text.amount,
            lifts: text.lifts,
            begins: if text.from == 0 { time } else { text.from },
            ends: text.to,
            due: text.due,
            appeal_to: text.appeal_to,
            appeal_until: text.appeal_until,
            ..Decision::default()
        }
    }

    /// The decision that a lifting lifts, as it stands then.
    fn lifted(&self, text: &DecisionText) -> Result<Option<Decision>, Refusal> {
        if text.lifts == 0 {
            return Ok(None);
        }
        let lifted = self.decision(text.authority, text.lifts);
        let lifted = lifted.ok_or(Refusal::NoDecision)?;
        if !lifted.is(HOLDS) {
            return Err(Refusal::NotInForce);
        }
        Ok(Some(standing(lifted, DecisionState::Lifted)))
    }

    fn fulfil(&self, text: &FulfilmentText) -> Result<Decision, Refusal> {
        let decision = self.decision(text.authority, text.number);
        let decision = decision.ok_or(Refusal::NoDecision)?;
        if !decision.is_of(DecisionKind::Undertaking) && !decision.is_of(DecisionKind::Fine) {
            return Err(Refusal::NothingToFulfil);
        }
        if text.by != decision.authority && !self.speaks_for(text.by, &decision) {
            return Err(Refusal::NotTheirs);
        }
        if !decision.is(HOLDS) {
            return Err(Refusal::NotInForce);
        }
        Ok(standing(decision, DecisionState::Fulfilled))
    }

    /// Whether a party answers for the addressee: it is it, or of the staff where that is the
    /// institution.
    fn speaks_for(&self, id: u128, decision: &Decision) -> bool {
        if decision.addressee != 0 {
            return id == decision.addressee;
        }
        let party: Option<&Party> = self.books.business.open((id, 0));
        party.is_some_and(|party| party.kind == STAFF && is_active(party))
    }

    fn lodge(&self, time: u64, text: &AppealText) -> Result<Decision, Refusal> {
        let decision = self.decision(text.authority, text.number);
        let decision = decision.ok_or(Refusal::NoDecision)?;
        if !self.speaks_for(text.by, &decision) {
            return Err(Refusal::NotTheirs);
        }
        if !decision.is(HOLDS) {
            return Err(Refusal::NotInForce);
        }
        if decision.appeal != 0 || decision.appeal_to == 0 || time > decision.appeal_until {
            return Err(Refusal::NoAppeal);
        }
        let appealed = Decision {
            appeal: LODGED,
            ..decision
        };
        if decision.is(&[DecisionState::InForce]) {
            return Ok(standing(appealed, DecisionState::UnderAppeal));
        }
        Ok(appealed)
    }

    fn assess(
        &self,
        time: u64,
        document: &Document,
        text: &AssessmentText,
    ) -> Result<Assessment, Refusal> {
        if text.comments_until <= time {
            return Err(Refusal::CommentsOver);
        }
        if text.ledger != 0 && self.currency(text.ledger).is_none() {
            return Err(Refusal::Ledger);
        }
        let (digest, digest_more) = digest_of(document.to_text().as_bytes());
        let (draft, draft_more) = halves(text.draft);
        Ok(Assessment {
            digest,
            digest_more,
            party: text.by,
            draft,
            draft_more,
            comments_until: text.comments_until,
            document: self.books.rules.documents + 1,
            ..Assessment::default()
        })
    }

    /// An assessment with one comment more.
    fn comment(&self, time: u64, text: &CommentText) -> Result<Assessment, Refusal> {
        let assessment: Option<&Assessment> = self.books.business.open(halves(text.assessment));
        let assessment = assessment.ok_or(Refusal::NoAssessment)?;
        if time >= assessment.comments_until {
            return Err(Refusal::CommentsClosed);
        }
        Ok(Assessment {
            comments: assessment.comments + 1,
            ..*assessment
        })
    }

    /// What a court decides on an appeal.
    fn hear(&self, time: u64, text: &AppealText, is_reasoned: bool) -> Result<Decision, Refusal> {
        let decision = self.decision(text.authority, text.number);
        let decision = decision.ok_or(Refusal::NoDecision)?;
        let court = self.authority(text.by).filter(|court| is_active(court));
        if text.by != decision.appeal_to || court.is_none() {
            return Err(Refusal::NotTheirs);
        }
        let mandate = self.mandate(text.by).ok_or(Refusal::NoMandate)?;
        let of = self.mandate(text.authority).unwrap_or_default();
        covers(&mandate, time, of.jurisdiction)?;
        if mandate.court == 0 {
            return Err(Refusal::UltraVires(Beyond::Court));
        }
        if decision.appeal != LODGED {
            return Err(Refusal::NotLodged);
        }
        if !is_reasoned {
            return Err(Refusal::Unreasoned);
        }
        let appeal = text.outcome + 1;
        let heard = Decision { appeal, ..decision };
        Ok(match appeal {
            ANNULLED => standing(heard, DecisionState::Annulled),
            UPHELD if decision.is(&[DecisionState::UnderAppeal]) => {
                standing(heard, DecisionState::InForce)
            }
            _ => heard,
        })
    }
}

/// The halves of a digest, as records have it.
fn halves(digest: [u8; 32]) -> (u128, u128) {
    let [first, second] = [0, 1].map(|half| digest.as_chunks::<16>().0[half]);
    (u128::from_le_bytes(first), u128::from_le_bytes(second))
}

const fn standing(decision: Decision, state: DecisionState) -> Decision {
    Decision {
        state: state as u8,
        ..decision
    }
}

/// Whether a mandate holds now and there.
fn covers(mandate: &Mandate, time: u64, jurisdiction: u128) -> Result<(), Refusal> {
    if mandate.begins > time || mandate.ends != 0 && mandate.ends <= time {
        return Err(Refusal::UltraVires(Beyond::Time));
    }
    if mandate.jurisdiction != jurisdiction {
        return Err(Refusal::UltraVires(Beyond::Jurisdiction));
    }
    Ok(())
}
