//! What rules need people for: reviews, figures, keys.

use model::object::{Figure, Finding, FindingState, PartyKey};
use model::{CommandStatus as Status, FigureSet, FindingReview, OUTCOMES, PartyKeySet};

use crate::deed::{AtField, Done, Work, ensure};
use crate::fact::Sink;

const _: () = assert!(OUTCOMES.len() == 2);

pub(super) fn review<S: Sink>(work: &mut Work<'_, S>, act: &FindingReview) -> Done {
    let named = usize::from(act.outcome) < OUTCOMES.len();
    ensure(named, Status::ValueOutOfRange.at("outcome"))?;
    let found = work.find::<Finding>((act.command, act.number.into()));
    let held = found.filter(|found| found.state == FindingState::Open as u8);
    let held = held.ok_or(Status::FindingNotFound.at("number"))?;
    let state = if act.outcome == 0 {
        FindingState::Allowed
    } else {
        FindingState::Declined
    };
    work.put(Finding {
        state: state as u8,
        ..held
    });
    Ok(())
}

pub(super) fn set_figure<S: Sink>(work: &mut Work<'_, S>, act: &FigureSet) -> Done {
    ensure(act.name != 0, Status::ValueOutOfRange.at("name"))?;
    work.put(Figure {
        name: act.name,
        name_more: act.name_more,
        value: act.value,
        day: act.day,
        ..Figure::default()
    });
    Ok(())
}

pub(super) fn set_key<S: Sink>(work: &mut Work<'_, S>, act: &PartyKeySet) -> Done {
    work.active(act.party, "party")?;
    let some = (act.key, act.key_more) != (0, 0);
    ensure(some, Status::ValueOutOfRange.at("key"))?;
    work.put(PartyKey {
        party: act.party,
        key: act.key,
        key_more: act.key_more,
        ..PartyKey::default()
    });
    Ok(())
}
