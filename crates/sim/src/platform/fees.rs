//! Fees: flat and by share, in tiers, bounded.

use model::limits::FEE_TIERS;
use model::object::{Fee, FeeTier};
use model::{CommandStatus as Status, FeeSet, FeeTierAdd};

use super::exact::quotient;
use super::{Platform, Verdict, add, require};

/// What a fee comes to, and whether the payee bears it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Charge {
    pub(super) amount: u128,
    pub(super) bearer: u8,
}

impl Platform {
    pub(super) fn set_fee(&mut self, act: &FeeSet) -> Verdict {
        let named = act.bearer < 2 && act.rounding < 4 && act.rate <= 1_000_000;
        let bounds = act.most == 0 || act.least <= act.most;
        require(act.fee != 0 && named && bounds, Status::ValueOutOfRange)?;
        self.declared(act.ledger)?;
        let before = self.find::<Fee>((act.fee, 0));
        let ledger = before.map_or(act.ledger, |fee| fee.ledger);
        require(ledger == act.ledger, Status::FeeOfOtherLedger)?;
        self.put(Fee {
            id: act.fee,
            ledger: act.ledger,
            flat: act.flat,
            rate: act.rate,
            least: act.least,
            most: act.most,
            bearer: act.bearer,
            rounding: act.rounding,
            tiers: before.map_or(0, |fee| fee.tiers),
            ..Fee::default()
        });
        Ok(())
    }

    pub(super) fn add_tier(&mut self, act: &FeeTierAdd) -> Verdict {
        require(act.rate <= 1_000_000, Status::ValueOutOfRange)?;
        let fee = self.fee(act.fee, act.ledger)?;
        let many = usize::from(fee.tiers) >= FEE_TIERS;
        require(!many, Status::TooManyTiers)?;
        if let Some(last) = self.tiers(&fee).last() {
            require(act.above > last.above, Status::FeeTiersMustRise)?;
        }
        self.put(FeeTier {
            fee: fee.id,
            number: fee.tiers,
            above: act.above,
            flat: act.flat,
            rate: act.rate,
            ..FeeTier::default()
        });
        self.put(Fee {
            tiers: fee.tiers + 1,
            ..fee
        });
        Ok(())
    }

    fn fee(&self, id: u128, ledger: u32) -> Verdict<Fee> {
        let fee: Fee = self.find((id, 0)).ok_or(Status::FeeNotFound)?;
        require(fee.ledger == ledger, Status::FeeOfOtherLedger)?;
        Ok(fee)
    }

    fn tiers(&self, fee: &Fee) -> Vec<FeeTier> {
        let numbers = 0..u128::from(fee.tiers);
        numbers.filter_map(|n| self.find((fee.id, n))).collect()
    }

    /// What the fee with this id comes to; nothing where there is none.
    pub(super) fn charge(&self, id: u128, ledger: u32, amount: u128) -> Verdict<Charge> {
        if id == 0 {
            return Ok(Charge::default());
        }
        let fee = self.fee(id, ledger)?;
        let mut reached = self.tiers(&fee).into_iter().filter(|t| t.above <= amount);
        let (flat, rate) = reached
            .next_back()
            .map_or((fee.flat, fee.rate), |t| (t.flat, t.rate));
        let share = quotient(&[amount, rate.into()], &[1_000_000], fee.rounding);
        let sum = add(flat, share.ok_or(Status::AmountTooLarge)?)?;
        let bounded = sum.max(fee.least);
        let most = if fee.most == 0 { u128::MAX } else { fee.most };
        Ok(Charge {
            amount: bounded.min(most),
            bearer: fee.bearer,
        })
    }
}
