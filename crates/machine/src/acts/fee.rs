//! Fees: agreeing them, and what they come to.

use model::limits::FEE_TIERS;
use model::object::{BEARERS, Fee, FeeTier, ROUNDINGS};
use model::{CommandStatus as Status, FeeSet, FeeTierAdd};

use crate::deed::{AtField, Done, Work, ensure};
use crate::exact::share_of;
use crate::fact::Sink;

/// Place of `payee` in [`BEARERS`].
pub(crate) const PAYEE: u8 = 1;
const _: () = assert!(BEARERS.len() == 2);

/// Millionths of a whole.
const WHOLE: u32 = 1_000_000;

/// What a fee comes to.
#[derive(Clone, Copy, Default)]
pub(crate) struct Charge {
    pub(crate) amount: u128,
    /// Place in [`BEARERS`].
    pub(crate) bearer: u8,
}

pub(crate) fn set<S: Sink>(work: &mut Work<'_, S>, act: &FeeSet) -> Done {
    let range = |holds, field| ensure(holds, Status::ValueOutOfRange.at(field));
    range(act.fee != 0, "fee")?;
    range(act.rate <= WHOLE, "rate")?;
    range(act.most == 0 || act.least <= act.most, "most")?;
    range(usize::from(act.bearer) < BEARERS.len(), "bearer")?;
    range(usize::from(act.rounding) < ROUNDINGS.len(), "rounding")?;
    work.declared(act.ledger)?;
    let before = work.state.books.business.open::<Fee>((act.fee, 0)).copied();
    let before = before.unwrap_or(Fee {
        ledger: act.ledger,
        ..Fee::default()
    });
    // Its tiers are in minor units of the ledger that it has.
    ensure(
        before.ledger == act.ledger,
        Status::FeeOfOtherLedger.at("ledger"),
    )?;
    work.put(Fee {
        id: act.fee,
        ledger: act.ledger,
        flat: act.flat,
        rate: act.rate,
        least: act.least,
        most: act.most,
        bearer: act.bearer,
        rounding: act.rounding,
        ..before
    });
    Ok(())
}

pub(crate) fn add_tier<S: Sink>(work: &mut Work<'_, S>, act: &FeeTierAdd) -> Done {
    ensure(act.rate <= WHOLE, Status::ValueOutOfRange.at("rate"))?;
    let fee = agreed(work, act.fee, act.ledger)?;
    let full = usize::from(fee.tiers) >= FEE_TIERS;
    ensure(!full, Status::TooManyTiers.at("fee"))?;
    let last = fee.tiers.checked_sub(1);
    let rises = last.is_none_or(|last| act.above > tier(work, &fee, last).above);
    ensure(rises, Status::FeeTiersMustRise.at("above"))?;
    work.put(FeeTier {
        fee: fee.id,
        number: fee.tiers,
        above: act.above,
        flat: act.flat,
        rate: act.rate,
        ..FeeTier::default()
    });
    work.put(Fee {
        tiers: fee.tiers + 1,
        ..fee
    });
    Ok(())
}

/// A fee that is there, and of this ledger.
fn agreed<S: Sink>(work: &Work<'_, S>, id: u128, ledger: u32) -> Done<Fee> {
    let fee = work.state.books.business.open::<Fee>((id, 0));
    let fee = *fee.ok_or(Status::FeeNotFound.at("fee"))?;
    ensure(fee.ledger == ledger, Status::FeeOfOtherLedger.at("fee"))?;
    Ok(fee)
}

fn tier<S: Sink>(work: &Work<'_, S>, fee: &Fee, number: u8) -> FeeTier {
    let tier = work.state.books.business.open((fee.id, number.into()));
    *tier.expect("a fee has as many tiers as it says")
}

/// What a fee on `amount` comes to, and who bears it; nothing where there is none.
pub(crate) fn charge<S: Sink>(
    work: &Work<'_, S>,
    id: u128,
    ledger: u32,
    amount: u128,
) -> Done<Charge> {
    if id == 0 {
        return Ok(Charge::default());
    }
    let fee = agreed(work, id, ledger)?;
    let mut tiers = (0..fee.tiers).rev().map(|number| tier(work, &fee, number));
    let tier = tiers.find(|tier| tier.above <= amount);
    let (flat, rate) = tier.map_or((fee.flat, fee.rate), |tier| (tier.flat, tier.rate));
    let sum = flat.checked_add(share_of(amount, rate, fee.rounding));
    let sum = sum.ok_or(Status::AmountTooLarge.at("fee"))?.max(fee.least);
    Ok(Charge {
        amount: if fee.most == 0 {
            sum
        } else {
            sum.min(fee.most)
        },
        bearer: fee.bearer,
    })
}
