//! Payments: money in and out, from one to another, to several, and back.

use model::limits::SHARE_RECEIVERS;
use model::object::{FUNDINGS, PARTY_KINDS, PAYMENT_STATES, Party, Payment, Role};
use model::{
    CommandStatus as Status, Leg, Pay, PaySplit, Payout, PayoutBatch, Refund, SchemeSettle, TopUp,
    Withdraw,
};

use super::fee::{self, PAYEE};
use crate::deed::{AtField, Done, Posting, Refusal, Work, ensure, some};
use crate::exact::in_proportion;
use crate::fact::Sink;

/// Place of `merchant` in [`PARTY_KINDS`].
const MERCHANT: u8 = 1;
const _: () = assert!(PARTY_KINDS.len() == 5);

/// Places in [`FUNDINGS`].
const WALLET: u8 = 0;
const CARD: u8 = 1;
const _: () = assert!(FUNDINGS.len() == 3);

/// Place of `sharing` in [`PAYMENT_STATES`].
pub(crate) const SHARING: u8 = 1;
const _: () = assert!(PAYMENT_STATES.len() == 2);

/// What is paid, by whom, to whom.
#[derive(Clone, Copy)]
pub(crate) struct Order {
    pub(crate) payer: u128,
    pub(crate) payee: u128,
    pub(crate) ledger: u32,
    pub(crate) amount: u128,
    /// 0 is none.
    pub(crate) fee: u128,
    /// Place in [`FUNDINGS`].
    pub(crate) funding: u8,
}

pub(crate) fn is_merchant(party: &Party) -> bool {
    party.kind == MERCHANT
}

/// Where a party gets money that is paid to it.
pub(crate) fn receiving_account<S: Sink>(
    work: &mut Work<'_, S>,
    party: &Party,
    ledger: u32,
) -> Done<u32> {
    let role = if is_merchant(party) {
        Role::Seller
    } else {
        Role::Wallet
    };
    work.account(role, party.id, ledger)
}

/// Where the money of a payment comes from.
pub(crate) fn source<S: Sink>(
    work: &mut Work<'_, S>,
    funding: u8,
    party: u128,
    ledger: u32,
) -> Done<u32> {
    match funding {
        WALLET => work.account(Role::Wallet, party, ledger),
        CARD => work.account(Role::SchemeReceivable, 0, ledger),
        _ => work.account(Role::Safe, 0, ledger),
    }
}

/// Moves money from one account to the other; nothing where the amount is 0.
pub(crate) fn transfer<S: Sink>(
    work: &mut Work<'_, S>,
    debit: u32,
    credit: u32,
    amount: u128,
) -> Done<u128> {
    work.post(Posting {
        debit,
        credit,
        amount,
    })
}

/// Takes a fee, as a leg of its own.
pub(crate) fn take_fee<S: Sink>(
    work: &mut Work<'_, S>,
    from: u32,
    ledger: u32,
    amount: u128,
) -> Done {
    if amount > 0 {
        let income = work.account(Role::FeeIncome, 0, ledger)?;
        transfer(work, from, income, amount)?;
    }
    Ok(())
}

/// That something comes from a funding there is.
pub(crate) fn check_funding(funding: u8) -> Done {
    let named = usize::from(funding) < FUNDINGS.len();
    ensure(named, Status::ValueOutOfRange.at("funding"))
}

pub(crate) fn top_up<S: Sink>(work: &mut Work<'_, S>, act: &TopUp) -> Done {
    let amount = some(act.amount)?;
    check_funding(act.funding)?;
    let other = act.funding != WALLET;
    ensure(other, Status::FundingNotTaken.at("funding"))?;
    work.declared(act.ledger)?;
    work.active(act.party, "party")?;
    let from = source(work, act.funding, act.party, act.ledger)?;
    let wallet = work.account(Role::Wallet, act.party, act.ledger)?;
    transfer(work, from, wallet, amount)?;
    Ok(())
}

pub(crate) fn withdraw<S: Sink>(work: &mut Work<'_, S>, act: &Withdraw) -> Done {
    let amount = some(act.amount)?;
    work.declared(act.ledger)?;
    let charge = fee::charge(work, act.fee, act.ledger, amount)?;
    work.active(act.party, "party")?;
    let wallet = work.account(Role::Wallet, act.party, act.ledger)?;
    let safe = work.account(Role::Safe, 0, act.ledger)?;
    transfer(work, wallet, safe, amount)?;
    take_fee(work, wallet, act.ledger, charge.amount)
}

pub(crate) fn pay<S: Sink>(work: &mut Work<'_, S>, id: u128, act: &Pay) -> Done {
    check_funding(act.funding)?;
    let order = Order {
        payer: act.payer,
        payee: act.payee,
        ledger: act.ledger,
        amount: act.amount,
        fee: act.fee,
        funding: act.funding,
    };
    let payment = make(work, &order)?;
    work.put(Payment { id, ..payment });
    Ok(())
}

/// Pays. What is returned has the id of its first transfer, and is to be put.
pub(crate) fn make<S: Sink>(work: &mut Work<'_, S>, order: &Order) -> Done<Payment> {
    let amount = some(order.amount)?;
    let different = order.payer != order.payee;
    ensure(different, Status::PartiesMustBeDifferent.at("payee"))?;
    work.declared(order.ledger)?;
    let charge = fee::charge(work, order.fee, order.ledger, amount)?;
    work.active(order.payer, "payer")?;
    let payee = work.active(order.payee, "payee")?;
    let payee_bears = charge.bearer == PAYEE;
    ensure(
        !payee_bears || charge.amount <= amount,
        Status::FeeExceedsAmount.at("fee"),
    )?;
    let from = source(work, order.funding, order.payer, order.ledger)?;
    let to = receiving_account(work, &payee, order.ledger)?;
    let id = transfer(work, from, to, amount)?;
    let bearer = if payee_bears { to } else { from };
    take_fee(work, bearer, order.ledger, charge.amount)?;
    Ok(Payment {
        id,
        payer: order.payer,
        payee: order.payee,
        ledger: order.ledger,
        amount,
        fee: charge.amount,
        bearer: charge.bearer,
        funding: order.funding,
        ..Payment::default()
    })
}

pub(crate) fn split<S: Sink>(work: &mut Work<'_, S>, act: &PaySplit, legs: &[Leg]) -> Done {
    let few = legs.len() <= usize::from(SHARE_RECEIVERS);
    ensure(few, Status::TooManyLegs)?;
    each(legs, |leg| {
        some(leg.amount)?;
        let different = leg.party != act.payer;
        ensure(different, Status::PartiesMustBeDifferent)
    })?;
    work.declared(act.ledger)?;
    work.active(act.payer, "payer")?;
    each(legs, |leg| work.active(leg.party, "party").map(drop))?;
    let from = work.account(Role::Wallet, act.payer, act.ledger)?;
    each(legs, |leg| {
        let payee = work.active(leg.party, "party")?;
        let to = receiving_account(work, &payee, act.ledger)?;
        transfer(work, from, to, leg.amount).map(drop)
    })
}

/// Does something for each part, and says which it was where it cannot.
pub(crate) fn each(legs: &[Leg], mut each: impl FnMut(&Leg) -> Done) -> Done {
    for (index, leg) in legs.iter().enumerate() {
        each(leg).map_err(|refusal: Refusal| refusal.in_leg(index))?;
    }
    Ok(())
}

pub(crate) fn refund<S: Sink>(work: &mut Work<'_, S>, act: &Refund) -> Done {
    let amount = some(act.amount)?;
    let payment = work.find::<Payment>((act.payment, 0));
    let payment = payment.ok_or(Status::PaymentNotFound.at("payment"))?;
    let same = payment.ledger == act.ledger;
    ensure(same, Status::LedgersDiffer.at("ledger"))?;
    work.receiving(payment.payer, "payment")?;
    let payee = work.receiving(payment.payee, "payment")?;
    let gone = payment.refunded.checked_add(payment.disputed);
    let left = gone.and_then(|gone| payment.amount.checked_sub(gone));
    let within = left.is_some_and(|left| amount <= left);
    ensure(within, Status::ExceedsRefundable.at("amount"))?;
    let fee = fee_given_back(&payment, payment.refunded, amount);
    let back = Back {
        ledger: payment.ledger,
        amount,
        fee,
        wallet: work.account(Role::Wallet, payment.payer, payment.ledger)?,
    };
    if payment.state == SHARING {
        let rest = super::share::rest(&payment);
        ensure(
            back.amount - back.fee <= rest,
            Status::ExceedsRefundable.at("amount"),
        )?;
        let sharing = work.account(Role::Sharing, 0, payment.ledger)?;
        transfer(work, sharing, back.wallet, back.amount - back.fee)?;
        lay_out(work, &back, 0)?;
    } else {
        refund_from(work, &payee, &back)?;
    }
    work.put(Payment {
        refunded: payment.refunded + amount,
        ..payment
    });
    Ok(())
}

/// What of a payment's fee is given back with `step` more, where `before` was paid back already:
/// its part where the payee bore it, as the sale did not come off; nothing where the payer did.
pub(crate) fn fee_given_back(payment: &Payment, before: u128, step: u128) -> u128 {
    if payment.bearer == PAYEE {
        in_proportion(payment.fee, payment.amount, before, step)
    } else {
        0
    }
}

/// What is paid back.
struct Back {
    ledger: u32,
    amount: u128,
    /// How much of `amount` the fee that is given back pays.
    fee: u128,
    /// Where it goes.
    wallet: u32,
}

/// Gives back the fee's part; it and what the payee is short of are the institution's own money,
/// which has to come to the client money.
fn lay_out<S: Sink>(work: &mut Work<'_, S>, back: &Back, short: u128) -> Done {
    if back.fee > 0 {
        let income = work.account(Role::FeeIncome, 0, back.ledger)?;
        transfer(work, income, back.wallet, back.fee)?;
    }
    bring_own(work, back.ledger, short + back.fee)
}

/// Puts own money to the client money.
pub(crate) fn bring_own<S: Sink>(work: &mut Work<'_, S>, ledger: u32, amount: u128) -> Done {
    if amount > 0 {
        let safe = work.account(Role::Safe, 0, ledger)?;
        let own = work.account(Role::Own, 0, ledger)?;
        transfer(work, safe, own, amount)?;
    }
    Ok(())
}

/// Takes what is paid back from the payee. What a merchant is short of it owes from then on, and
/// the institution lays it out.
fn refund_from<S: Sink>(work: &mut Work<'_, S>, payee: &Party, back: &Back) -> Done {
    let account = receiving_account(work, payee, back.ledger)?;
    let due = back.amount - back.fee;
    let short = if is_merchant(payee) {
        due.saturating_sub(work.available(account))
    } else {
        0
    };
    transfer(work, account, back.wallet, due - short)?;
    if short > 0 {
        let owed = work.account(Role::SellerReceivable, payee.id, back.ledger)?;
        transfer(work, owed, back.wallet, short)?;
    }
    lay_out(work, back, short)
}

pub(crate) fn pay_out<S: Sink>(work: &mut Work<'_, S>, act: &Payout) -> Done {
    some(act.amount)?;
    work.declared(act.ledger)?;
    selling(work, act.party)?;
    pay_out_one(work, act.ledger, act.party, act.amount)
}

pub(crate) fn pay_out_batch<S: Sink>(
    work: &mut Work<'_, S>,
    act: PayoutBatch,
    legs: &[Leg],
) -> Done {
    each(legs, |leg| some(leg.amount).map(drop))?;
    work.declared(act.ledger)?;
    each(legs, |leg| selling(work, leg.party))?;
    each(legs, |leg| {
        pay_out_one(work, act.ledger, leg.party, leg.amount)
    })
}

/// That a party is a merchant that may do business.
fn selling<S: Sink>(work: &Work<'_, S>, party: u128) -> Done {
    let party = work.active(party, "party")?;
    ensure(is_merchant(&party), Status::PartyNotMerchant.at("party"))
}

fn pay_out_one<S: Sink>(work: &mut Work<'_, S>, ledger: u32, party: u128, amount: u128) -> Done {
    let seller = work.account(Role::Seller, party, ledger)?;
    let safe = work.account(Role::Safe, 0, ledger)?;
    transfer(work, seller, safe, amount)?;
    Ok(())
}

pub(crate) fn settle_scheme<S: Sink>(work: &mut Work<'_, S>, act: &SchemeSettle) -> Done {
    let amount = some(act.amount)?;
    let ledger = act.ledger;
    let paid = amount.checked_sub(act.cost);
    let paid = paid.ok_or(Status::ValueOutOfRange.at("cost"))?;
    work.declared(ledger)?;
    let owed = work.account(Role::SchemeReceivable, 0, ledger)?;
    let safe = work.account(Role::Safe, 0, ledger)?;
    transfer(work, safe, owed, paid)?;
    if act.cost > 0 {
        let acquiring = work.account(Role::Acquiring, 0, ledger)?;
        transfer(work, acquiring, owed, act.cost)?;
    }
    // Customers were credited all of it, so the institution makes up for what the scheme took.
    bring_own(work, ledger, act.cost)
}
