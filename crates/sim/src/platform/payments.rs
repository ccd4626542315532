//! Payments: in, out, from one to another, and back.

use model::object::{Payment, Role};
use model::{
    CommandStatus as Status, Exchange, Leg, Pay, PaySplit, PayoutBatch, Refund, SchemeSettle,
    TopUp, Withdraw,
};

use super::exact::{portion, quotient};
use super::fees::Charge;
use super::{Place, Platform, Verdict, add, require};

/// Who pays whom, and how much.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deal {
    pub(super) payer: u128,
    pub(super) payee: u128,
    pub(super) ledger: u32,
    pub(super) amount: u128,
}

impl Platform {
    pub(super) fn top_up(&mut self, act: &TopUp) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        require(act.funding < 3, Status::ValueOutOfRange)?;
        require(act.funding != 0, Status::FundingNotTaken)?;
        self.declared(act.ledger)?;
        self.active(act.party)?;
        let from = source(act.funding, act.party, act.ledger);
        self.post(from, (Role::Wallet, act.party, act.ledger), act.amount)
    }

    pub(super) fn withdraw(&mut self, act: &Withdraw) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        self.declared(act.ledger)?;
        let fee = self.charge(act.fee, act.ledger, act.amount)?;
        self.active(act.party)?;
        let wallet = (Role::Wallet, act.party, act.ledger);
        self.post(wallet, (Role::Safe, 0, act.ledger), act.amount)?;
        self.post(wallet, (Role::FeeIncome, 0, act.ledger), fee.amount)
    }

    pub(super) fn pay(&mut self, id: u128, act: &Pay) -> Verdict {
        require(act.funding < 3, Status::ValueOutOfRange)?;
        let deal = Deal {
            payer: act.payer,
            payee: act.payee,
            ledger: act.ledger,
            amount: act.amount,
        };
        let fee = self.can_deal(&deal, act.fee)?;
        self.pay_from(id, &deal, act.funding, fee)
    }

    /// Whether two may deal with each other, and what the fee with this id comes to.
    pub(super) fn can_deal(&self, deal: &Deal, fee: u128) -> Verdict<Charge> {
        require(deal.amount > 0, Status::AmountMustNotBeZero)?;
        require(deal.payer != deal.payee, Status::PartiesMustBeDifferent)?;
        self.declared(deal.ledger)?;
        let fee = self.charge(fee, deal.ledger, deal.amount)?;
        self.active(deal.payer)?;
        self.active(deal.payee)?;
        Ok(fee)
    }

    /// Pays, and keeps the payment so that it can be paid back.
    pub(super) fn pay_from(&mut self, id: u128, deal: &Deal, funding: u8, fee: Charge) -> Verdict {
        let by_payee = fee.bearer == 1;
        let too_much = by_payee && fee.amount > deal.amount;
        require(!too_much, Status::FeeExceedsAmount)?;
        let from = source(funding, deal.payer, deal.ledger);
        let to = self.paid_on(deal.payee, deal.ledger);
        self.post(from, to, deal.amount)?;
        let bearer = if by_payee { to } else { from };
        self.post(bearer, (Role::FeeIncome, 0, deal.ledger), fee.amount)?;
        self.put(Payment {
            id,
            payer: deal.payer,
            payee: deal.payee,
            ledger: deal.ledger,
            amount: deal.amount,
            fee: fee.amount,
            bearer: fee.bearer,
            funding,
            ..Payment::default()
        });
        Ok(())
    }

    pub(super) fn split(&mut self, act: &PaySplit, legs: &[Leg]) -> Verdict {
        require(legs.len() <= 50, Status::TooManyLegs)?;
        for leg in legs {
            require(leg.amount > 0, Status::AmountMustNotBeZero)?;
            require(leg.party != act.payer, Status::PartiesMustBeDifferent)?;
        }
        self.declared(act.ledger)?;
        self.active(act.payer)?;
        for leg in legs {
            self.active(leg.party)?;
        }
        for leg in legs {
            let to = self.paid_on(leg.party, act.ledger);
            self.post((Role::Wallet, act.payer, act.ledger), to, leg.amount)?;
        }
        Ok(())
    }

    pub(super) fn refund(&mut self, act: &Refund) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        let payment: Payment = self.find((act.payment, 0)).ok_or(Status::PaymentNotFound)?;
        require(payment.ledger == act.ledger, Status::LedgersDiffer)?;
        self.unclosed(payment.payer)?;
        self.unclosed(payment.payee)?;
        let gone = payment.refunded + payment.disputed;
        let left = payment.amount.saturating_sub(gone);
        require(act.amount <= left, Status::ExceedsRefundable)?;
        let fee = fee_back(&payment, act.amount);
        if payment.state == 1 {
            self.refund_shared(&payment, act.amount, fee)?;
        } else {
            self.pay_back(&payment, act.amount, fee)?;
        }
        self.put(Payment {
            refunded: payment.refunded + act.amount,
            ..payment
        });
        Ok(())
    }

    /// Section 4: the payee pays what it got, the institution the fee that it took of it.
    fn pay_back(&mut self, payment: &Payment, amount: u128, fee: u128) -> Verdict {
        let ledger = payment.ledger;
        let wallet = (Role::Wallet, payment.payer, ledger);
        let part = amount - fee;
        let from = self.paid_on(payment.payee, ledger);
        let short = if from.0 == Role::Seller {
            part.saturating_sub(self.sides(from).available())
        } else {
            0
        };
        self.post(from, wallet, part - short)?;
        let owes = (Role::SellerReceivable, payment.payee, ledger);
        self.post(owes, wallet, short)?;
        self.post((Role::FeeIncome, 0, ledger), wallet, fee)?;
        self.cash_in(ledger, add(short, fee)?)
    }

    pub(super) fn pay_out(&mut self, party: u128, ledger: u32, amount: u128) -> Verdict {
        require(amount > 0, Status::AmountMustNotBeZero)?;
        self.declared(ledger)?;
        self.merchant(party)?;
        self.post(
            (Role::Seller, party, ledger),
            (Role::Safe, 0, ledger),
            amount,
        )
    }

    pub(super) fn pay_out_all(&mut self, act: PayoutBatch, legs: &[Leg]) -> Verdict {
        let empty = legs.iter().any(|leg| leg.amount == 0);
        require(!empty, Status::AmountMustNotBeZero)?;
        self.declared(act.ledger)?;
        for leg in legs {
            self.merchant(leg.party)?;
        }
        for leg in legs {
            self.pay_out(leg.party, act.ledger, leg.amount)?;
        }
        Ok(())
    }

    /// Section 1: what the scheme takes is a cost of the institution, not of its customers.
    pub(super) fn settle_scheme(&mut self, act: &SchemeSettle) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        require(act.cost <= act.amount, Status::ValueOutOfRange)?;
        self.declared(act.ledger)?;
        let scheme = (Role::SchemeReceivable, 0, act.ledger);
        self.post((Role::Safe, 0, act.ledger), scheme, act.amount - act.cost)?;
        self.post((Role::Acquiring, 0, act.ledger), scheme, act.cost)?;
        self.cash_in(act.ledger, act.cost)
    }

    /// Section 7.
    pub(super) fn exchange(&mut self, act: &Exchange) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        require(act.rate > 0, Status::RateMustNotBeZero)?;
        require(act.rounding < 4, Status::ValueOutOfRange)?;
        require(act.scale <= 18, Status::ValueOutOfRange)?;
        require(act.to_ledger != act.ledger, Status::ValueOutOfRange)?;
        self.declared(act.ledger)?;
        self.declared(act.to_ledger)?;
        let fee = self.charge(act.fee, act.ledger, act.amount)?;
        self.active(act.party)?;
        let (from, to) = (self.exponents[&act.ledger], self.exponents[&act.to_ledger]);
        let ten = |power: u8| 10u128.pow(power.into());
        let factors = [act.amount, act.rate.into(), ten(to)];
        let got = quotient(&factors, &[ten(act.scale), ten(from)], act.rounding);
        let got = got.ok_or(Status::AmountTooLarge)?;
        require(got > 0, Status::RateMustNotBeZero)?;
        let wallet = |ledger| -> Place { (Role::Wallet, act.party, ledger) };
        let ours = |ledger| -> Place { (Role::Exchange, 0, ledger) };
        self.post(wallet(act.ledger), ours(act.ledger), act.amount)?;
        self.post(ours(act.to_ledger), wallet(act.to_ledger), got)?;
        let income = (Role::FeeIncome, 0, act.ledger);
        self.post(wallet(act.ledger), income, fee.amount)
    }
}

/// Where the money of a payment comes from.
pub(super) fn source(funding: u8, payer: u128, ledger: u32) -> Place {
    match funding {
        0 => (Role::Wallet, payer, ledger),
        1 => (Role::SchemeReceivable, 0, ledger),
        _ => (Role::Safe, 0, ledger),
    }
}

/// What of the fee goes back with a refund: so much that all refunds together give back their
/// part of it, rounded down. A fee that the payer bore stays.
fn fee_back(payment: &Payment, refund: u128) -> u128 {
    if payment.bearer == 0 {
        return 0;
    }
    let back = |refunded| portion(payment.fee, refunded, payment.amount);
    back(payment.refunded + refund) - back(payment.refunded)
}

/// What of the fee went back with all refunds.
pub(super) fn fee_gone_back(payment: &Payment) -> u128 {
    fee_back(
        &Payment {
            refunded: 0,
            ..*payment
        },
        payment.refunded,
    )
}
