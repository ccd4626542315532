//! Currency exchange: both legs or none.

use model::object::{ROUNDINGS, Role};
use model::{CommandStatus as Status, Exchange};

use super::fee;
use super::payment::{take_fee, transfer};
use crate::deed::{AtField, Done, Work, ensure, some};
use crate::exact::scaled;
use crate::fact::Sink;

/// Decimal places of a rate at most.
const SCALE_MOST: u8 = 18;

pub(crate) fn exchange<S: Sink>(work: &mut Work<'_, S>, act: &Exchange) -> Done {
    let amount = some(act.amount)?;
    ensure(act.rate != 0, Status::RateMustNotBeZero.at("rate"))?;
    let range = |holds, field| ensure(holds, Status::ValueOutOfRange.at(field));
    range(act.scale <= SCALE_MOST, "scale")?;
    range(usize::from(act.rounding) < ROUNDINGS.len(), "rounding")?;
    range(act.ledger != act.to_ledger, "to_ledger")?;
    work.declared(act.ledger)?;
    let to_declared = work.declared(act.to_ledger);
    to_declared.map_err(|refusal| refusal.status.at("to_ledger"))?;
    let charge = fee::charge(work, act.fee, act.ledger, amount)?;
    work.active(act.party, "party")?;
    let got = got(work, act).ok_or(Status::AmountTooLarge.at("amount"))?;
    ensure(got != 0, Status::RateMustNotBeZero.at("rate"))?;
    let from = work.account(Role::Wallet, act.party, act.ledger)?;
    let taking = work.account(Role::Exchange, 0, act.ledger)?;
    transfer(work, from, taking, amount)?;
    let giving = work.account(Role::Exchange, 0, act.to_ledger)?;
    let to = work.account(Role::Wallet, act.party, act.to_ledger)?;
    transfer(work, giving, to, got)?;
    take_fee(work, from, act.ledger, charge.amount)
}

/// What is got, in minor units of `to_ledger`:
/// `amount * rate * 10^places_got / (10^scale * 10^places_given)`, rounded once; `None` where it
/// passes what can be counted.
fn got<S: Sink>(work: &Work<'_, S>, act: &Exchange) -> Option<u128> {
    let ledgers = &work.state.books.ledgers;
    let places = |ledger| ledgers.get(&ledger).map(|currency| currency.exponent);
    let (given, got) = (places(act.ledger)?, places(act.to_ledger)?);
    // A rate has 64 bits and a currency at most 18 places, so neither product overflows.
    let power = |places: u8| 10u128.pow(places.into());
    let times = u128::from(act.rate) * power(got.saturating_sub(given));
    let by = power(act.scale) * power(given.saturating_sub(got));
    scaled(act.amount, times, by, act.rounding)
}
