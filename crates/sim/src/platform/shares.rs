//! Payments that are shared out.

use model::object::{Payment, Role};
use model::{CommandStatus as Status, Leg, PayShared, Share};

use super::exact::quotient;
use super::payments::{Deal, fee_gone_back};
use super::{DAY, Platform, Verdict, require};

/// 30 %, in millionths.
const LIMIT: u32 = 300_000;

impl Platform {
    pub(super) fn pay_shared(&mut self, id: u128, act: &PayShared) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        require(act.share_limit <= 1_000_000, Status::ValueOutOfRange)?;
        let deal = Deal {
            payer: act.payer,
            payee: act.payee,
            ledger: act.ledger,
            amount: act.amount,
        };
        let fee = self.can_deal(&deal, act.fee)?.amount;
        require(fee <= act.amount, Status::FeeExceedsAmount)?;
        let wallet = (Role::Wallet, act.payer, act.ledger);
        let sharing = (Role::Sharing, 0, act.ledger);
        self.post(wallet, sharing, act.amount)?;
        self.post(sharing, (Role::FeeIncome, 0, act.ledger), fee)?;
        let default = act.share_limit == 0;
        self.put(Payment {
            id,
            payer: act.payer,
            payee: act.payee,
            ledger: act.ledger,
            amount: act.amount,
            fee,
            bearer: 1,
            share_limit: if default { LIMIT } else { act.share_limit },
            state: 1,
            deadline: self.now + 180 * DAY,
            ..Payment::default()
        });
        Ok(())
    }

    /// What the account of sharing has of a payment still.
    pub(super) fn unshared(payment: &Payment) -> u128 {
        let back = payment.refunded - fee_gone_back(payment);
        payment.amount - payment.fee - payment.shared - back
    }

    fn sharing(&self, id: u128) -> Verdict<Payment> {
        self.find((id, 0)).ok_or(Status::PaymentNotFound)
    }

    pub(super) fn share(&mut self, act: &Share, legs: &[Leg]) -> Verdict {
        let empty = legs.iter().any(|leg| leg.amount == 0);
        require(!empty, Status::AmountMustNotBeZero)?;
        let mut payment = self.sharing(act.payment)?;
        require(payment.ledger == act.ledger, Status::LedgersDiffer)?;
        for leg in legs {
            self.active(leg.party)?;
        }
        require(payment.state == 1, Status::PaymentNotSharing)?;
        let receivers = usize::from(payment.receivers) + legs.len();
        require(receivers <= 50, Status::TooManyReceivers)?;
        payment.receivers = receivers as u8;
        let limit = quotient(
            &[payment.amount, payment.share_limit.into()],
            &[1_000_000],
            0,
        );
        for leg in legs {
            let shared = payment.shared.checked_add(leg.amount);
            let shared = shared.ok_or(Status::ExceedsShareLimit)?;
            let within = Some(shared) <= limit && leg.amount <= Self::unshared(&payment);
            require(within, Status::ExceedsShareLimit)?;
            payment.shared = shared;
            let to = self.paid_on(leg.party, act.ledger);
            self.post((Role::Sharing, 0, act.ledger), to, leg.amount)?;
        }
        self.put(payment);
        Ok(())
    }

    /// The rest is the payee's, asked for or by time.
    pub(super) fn finish_sharing(&mut self, id: u128) -> Verdict {
        let payment = self.sharing(id)?;
        require(payment.state == 1, Status::PaymentNotSharing)?;
        let to = self.paid_on(payment.payee, payment.ledger);
        let rest = Self::unshared(&payment);
        self.post((Role::Sharing, 0, payment.ledger), to, rest)?;
        self.put(Payment {
            state: 0,
            deadline: 0,
            ..payment
        });
        Ok(())
    }

    /// A refund comes out of what is not shared yet, and out of the fee.
    pub(super) fn refund_shared(&mut self, payment: &Payment, amount: u128, fee: u128) -> Verdict {
        let part = amount - fee;
        require(part <= Self::unshared(payment), Status::ExceedsRefundable)?;
        let wallet = (Role::Wallet, payment.payer, payment.ledger);
        self.post((Role::Sharing, 0, payment.ledger), wallet, part)?;
        self.post((Role::FeeIncome, 0, payment.ledger), wallet, fee)?;
        self.cash_in(payment.ledger, fee)
    }
}
