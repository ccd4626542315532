//! Payments that the payee shares out: what is not shared yet is kept apart.

use model::limits::SHARE_RECEIVERS;
use model::object::{Payment, Role};
use model::{CommandStatus as Status, Leg, PayShared, Share, ShareFinish};

use super::fee::{self, PAYEE};
use super::payment::{SHARING, each, fee_given_back, receiving_account, take_fee, transfer};
use crate::civil::{DAY_SECONDS, SECOND};
use crate::deed::{AtField, Done, Work, ensure, some};
use crate::exact::share_of;
use crate::fact::Sink;

/// How much may be shared out where nothing is said: 30 %.
const SHARE_LIMIT: u32 = 300_000;

/// How long money is kept apart at most, in nanoseconds: 180 days.
const KEPT_APART: u64 = 180 * DAY_SECONDS * SECOND;

pub(crate) fn pay<S: Sink>(work: &mut Work<'_, S>, id: u128, act: &PayShared) -> Done {
    let amount = some(act.amount)?;
    let part = act.share_limit <= 1_000_000;
    ensure(part, Status::ValueOutOfRange.at("share_limit"))?;
    let different = act.payer != act.payee;
    ensure(different, Status::PartiesMustBeDifferent.at("payee"))?;
    work.declared(act.ledger)?;
    let charge = fee::charge(work, act.fee, act.ledger, amount)?;
    work.active(act.payer, "payer")?;
    work.active(act.payee, "payee")?;
    let within = charge.amount <= amount;
    ensure(within, Status::FeeExceedsAmount.at("fee"))?;
    let wallet = work.account(Role::Wallet, act.payer, act.ledger)?;
    let sharing = work.account(Role::Sharing, 0, act.ledger)?;
    transfer(work, wallet, sharing, amount)?;
    take_fee(work, sharing, act.ledger, charge.amount)?;
    work.put(Payment {
        id,
        payer: act.payer,
        payee: act.payee,
        ledger: act.ledger,
        amount,
        fee: charge.amount,
        bearer: PAYEE,
        share_limit: if act.share_limit == 0 {
            SHARE_LIMIT
        } else {
            act.share_limit
        },
        state: SHARING,
        deadline: work.now.saturating_add(KEPT_APART),
        ..Payment::default()
    });
    Ok(())
}

/// What of a payment is kept apart still: what was paid less its fee, what was shared out, and
/// what was paid back but for the fee's part.
pub(crate) fn rest(payment: &Payment) -> u128 {
    let back = fee_given_back(payment, 0, payment.refunded);
    payment.amount - payment.fee - payment.shared - (payment.refunded - back)
}

pub(crate) fn share<S: Sink>(work: &mut Work<'_, S>, act: &Share, legs: &[Leg]) -> Done {
    each(legs, |leg| some(leg.amount).map(drop))?;
    let payment = work.find::<Payment>((act.payment, 0));
    let payment = payment.ok_or(Status::PaymentNotFound.at("payment"))?;
    let same = payment.ledger == act.ledger;
    ensure(same, Status::LedgersDiffer.at("ledger"))?;
    each(legs, |leg| work.active(leg.party, "party").map(drop))?;
    let open = payment.state == SHARING;
    ensure(open, Status::PaymentNotSharing.at("payment"))?;
    let receivers = usize::from(payment.receivers) + legs.len();
    let few = receivers <= usize::from(SHARE_RECEIVERS);
    ensure(few, Status::TooManyReceivers.at("payment"))?;
    let limit = share_of(payment.amount, payment.share_limit, 0);
    let most = limit.min(payment.shared.saturating_add(rest(&payment)));
    let from = work.account(Role::Sharing, 0, act.ledger)?;
    let mut shared = payment.shared;
    each(legs, |leg| {
        let sum = shared.checked_add(leg.amount).filter(|sum| *sum <= most);
        shared = sum.ok_or(Status::ExceedsShareLimit)?;
        let party = work.active(leg.party, "party")?;
        let to = receiving_account(work, &party, act.ledger)?;
        transfer(work, from, to, leg.amount).map(drop)
    })?;
    work.put(Payment {
        shared,
        receivers: receivers as u8,
        ..payment
    });
    Ok(())
}

pub(crate) fn finish<S: Sink>(work: &mut Work<'_, S>, act: &ShareFinish) -> Done {
    let payment = work.find::<Payment>((act.payment, 0));
    let payment = payment.ok_or(Status::PaymentNotFound.at("payment"))?;
    let open = payment.state == SHARING;
    ensure(open, Status::PaymentNotSharing.at("payment"))?;
    expire(work, &payment)
}

/// What is left is the payee's, in whatever state it is.
pub(crate) fn expire<S: Sink>(work: &mut Work<'_, S>, payment: &Payment) -> Done {
    let payee = work.known(payment.payee, "payment")?;
    let rest = rest(payment);
    if rest > 0 {
        let from = work.account(Role::Sharing, 0, payment.ledger)?;
        let to = receiving_account(work, &payee, payment.ledger)?;
        transfer(work, from, to, rest)?;
    }
    work.put(Payment {
        state: 0,
        deadline: 0,
        ..*payment
    });
    Ok(())
}
