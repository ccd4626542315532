//! Parties: opening them, what they are, freezing and closing them.

use model::object::{ChartLine, Party, VAULT_STATES, account_of};
use model::{
    CommandStatus as Status, PartyErase, PartyOpen, PartyState, PartyTerms, PartyTier, PartyVault,
};

use crate::deed::{AtField, Done, Work, ensure};
use crate::fact::Sink;

/// Place of `kept` among [`VAULT_STATES`].
const KEPT: u8 = 1;
/// Place of `erased` among [`VAULT_STATES`].
const ERASED: u8 = 2;
const _: () = assert!(VAULT_STATES.len() == 3);

/// Places among the states of a party.
const FROZEN: u8 = 1;
const CLOSED: u8 = 2;

pub(crate) fn open<S: Sink>(work: &mut Work<'_, S>, act: &PartyOpen) -> Done {
    let party = Party {
        id: act.party,
        kind: act.kind,
        tier: act.tier,
        commission: act.commission,
        reserve: act.reserve,
        reserve_days: act.reserve_days,
        ..Party::default()
    };
    ensure(
        act.party != 0 && act.party != u128::MAX,
        Status::ValueOutOfRange.at("party"),
    )?;
    check(&party)?;
    if work.known(act.party, "party").is_ok() {
        return Err(Status::PartyExists.at("party"));
    }
    work.put(party);
    Ok(())
}

pub(crate) fn set_tier<S: Sink>(work: &mut Work<'_, S>, act: &PartyTier) -> Done {
    let party = work.receiving(act.party, "party")?;
    let party = Party {
        tier: act.tier,
        ..party
    };
    check(&party)?;
    work.put(party);
    Ok(())
}

pub(crate) fn set_terms<S: Sink>(work: &mut Work<'_, S>, act: &PartyTerms) -> Done {
    let party = work.receiving(act.party, "party")?;
    let party = Party {
        commission: act.commission,
        reserve: act.reserve,
        reserve_days: act.reserve_days,
        ..party
    };
    check(&party)?;
    work.put(party);
    Ok(())
}

pub(crate) fn set_state<S: Sink>(work: &mut Work<'_, S>, act: &PartyState) -> Done {
    let party = work.receiving(act.party, "party")?;
    let party = Party {
        state: act.state,
        reason: act.reason,
        ..party
    };
    check(&party)?;
    // While a decision holds it frozen, only the reason beside it can change.
    let stays = act.state == FROZEN || !work.state.books.business.has_frozen(act.party);
    ensure(stays, Status::PartyFrozenByDecision.at("party"))?;
    if act.state == CLOSED {
        ensure(
            !has_balances(work, act.party),
            Status::PartyHasBalances.at("party"),
        )?;
    }
    work.put(party);
    Ok(())
}

/// Whether any account of the chart that the party has does not stand at zero.
fn has_balances<S: Sink>(work: &Work<'_, S>, party: u128) -> bool {
    let books = &work.state.books;
    let chart: Vec<ChartLine> = books.business.chart();
    let mut accounts = books.ledgers.keys().flat_map(|ledger| {
        let lines = chart.iter();
        lines.map(move |line| account_of(party, *ledger, line.code))
    });
    accounts.any(|id| {
        let slot = books.accounts.find(id);
        slot.is_some_and(|slot| !super::chart::is_at_zero(books.accounts.at(slot)))
    })
}

pub(crate) fn keep_data<S: Sink>(work: &mut Work<'_, S>, act: &PartyVault) -> Done {
    let party = work.receiving(act.party, "party")?;
    ensure(party.vault != ERASED, Status::PartyDataErased.at("party"))?;
    work.put(Party {
        vault: KEPT,
        vault_digest: act.digest,
        ..party
    });
    Ok(())
}

pub(crate) fn erase_data<S: Sink>(work: &mut Work<'_, S>, act: &PartyErase) -> Done {
    let party = work.known(act.party, "party")?;
    match party.vault {
        KEPT => {}
        ERASED => return Err(Status::PartyDataErased.at("party")),
        _ => return Err(Status::PartyDataNotKept.at("party")),
    }
    work.put(Party {
        vault: ERASED,
        vault_digest: 0,
        ..party
    });
    Ok(())
}

/// Whether the values of a party have a meaning.
fn check(party: &Party) -> Done {
    use model::object::{PARTY_KINDS, PARTY_STATES, REASONS};
    let named = |value: u8, names: &[&str]| usize::from(value) < names.len();
    let millionths = |value: u32| value <= 1_000_000;
    ensure(
        named(party.kind, PARTY_KINDS),
        Status::ValueOutOfRange.at("kind"),
    )?;
    ensure(
        named(party.state, PARTY_STATES),
        Status::ValueOutOfRange.at("state"),
    )?;
    ensure(
        named(party.reason, REASONS),
        Status::ValueOutOfRange.at("reason"),
    )?;
    ensure(party.tier <= 3, Status::ValueOutOfRange.at("tier"))?;
    ensure(
        millionths(party.commission),
        Status::ValueOutOfRange.at("commission"),
    )?;
    ensure(
        millionths(party.reserve),
        Status::ValueOutOfRange.at("reserve"),
    )?;
    ensure(
        party.commission + party.reserve <= 1_000_000,
        Status::ValueOutOfRange.at("reserve"),
    )
}
