//! Decisions of authorities: what changes as they begin and end.

use model::object::{Decision, DecisionState as State, PARTY_STATES, Party, REASONS};

use crate::deed::Work;
use crate::fact::Sink;

/// Places in [`PARTY_STATES`].
const ACTIVE: u8 = 0;
const FROZEN: u8 = 1;
const _: () = assert!(PARTY_STATES.len() == 3);

/// Places in [`REASONS`].
const AUTHORITY_ORDER: u8 = 3;
const RESOLVED: u8 = 10;
const _: () = assert!(REASONS.len() == 11);

/// Place of `lodged` in [`model::object::APPEALS`].
pub(crate) const LODGED: u8 = 1;

/// Makes a decision stand so, and its addressee frozen or not, as it says. Stops and caps follow
/// from the decision itself.
pub(crate) fn stand<S: Sink>(work: &mut Work<'_, S>, decision: Decision) {
    let key = (decision.authority, decision.number.into());
    let before = work.find::<Decision>(key);
    let froze = before.is_some_and(|before| before.freezes());
    work.put(decision);
    match (froze, decision.freezes()) {
        (false, true) => freeze(work, decision.addressee),
        (true, false) => thaw(work, decision.addressee),
        _ => {}
    }
}

/// Who is frozen for another reason stays so for that one.
fn freeze<S: Sink>(work: &mut Work<'_, S>, party: u128) {
    let party = work.known(party, "party").ok();
    if let Some(party) = party.filter(|party| party.state == ACTIVE) {
        work.put(Party {
            state: FROZEN,
            reason: AUTHORITY_ORDER,
            ..party
        });
    }
}

/// Who is frozen for another reason, or by another decision, stays so.
fn thaw<S: Sink>(work: &mut Work<'_, S>, party: u128) {
    if work.state.books.business.has_frozen(party) {
        return;
    }
    let party = work.known(party, "party").ok();
    let by_order = |party: &Party| (party.state, party.reason) == (FROZEN, AUTHORITY_ORDER);
    if let Some(party) = party.filter(by_order) {
        work.put(Party {
            state: ACTIVE,
            reason: RESOLVED,
            ..party
        });
    }
}

/// A term begins or ends, or what is due is not there.
pub(crate) fn ring<S: Sink>(work: &mut Work<'_, S>, decision: &Decision) {
    let state = if !decision.is(&[State::ToCome]) {
        if decision.ends == 0 {
            State::Overdue
        } else {
            State::Ended
        }
    } else if decision.appeal == LODGED {
        State::UnderAppeal
    } else {
        State::InForce
    };
    let state = state as u8;
    stand(work, Decision { state, ..*decision });
}
