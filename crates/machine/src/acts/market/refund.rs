//! Refunds after the seller has got the money.

use model::object::{LineState, OrderLine, Role};
use model::{CommandStatus as Status, OrderRefund};

use super::line_on;
use super::release::commission_on;
use crate::acts::payment::{bring_own, transfer};
use crate::deed::{AtField, Done, Work, ensure, some};
use crate::exact::in_proportion;
use crate::fact::Sink;

pub(crate) fn refund<S: Sink>(work: &mut Work<'_, S>, act: &OrderRefund) -> Done {
    let amount = some(act.amount)?;
    let line = line_on(work, (act.order, act.line), act.ledger)?;
    match line.state() {
        LineState::TradeFinished => Ok(()),
        LineState::TradeClosed => Err(Status::OrderClosed.at("order")),
        _ => Err(Status::OrderNotFinished.at("order")),
    }?;
    work.receiving(line.buyer, "order")?;
    let left = line.paid - line.refunded - line.disputed;
    ensure(amount <= left, Status::ExceedsRefundable.at("amount"))?;
    let commission = commission_part(&line, amount, line.disputed);
    refund_from_seller(work, &line, amount, commission)?;
    let refunded = line.refunded + amount;
    let state = if refunded == line.paid {
        LineState::TradeClosed
    } else {
        LineState::TradeFinished
    };
    work.put(OrderLine {
        refunded,
        commission: line.commission - commission,
        state: state as u8,
        ..line
    });
    Ok(())
}

/// What of the commission is given back with `amount` more of what was released, where `disputed`
/// went before it beside what was paid back since: in proportion, rounded down, so that all of it
/// together gives back the whole commission.
pub(crate) fn commission_part(line: &OrderLine, amount: u128, disputed: u128) -> u128 {
    if line.released == 0 {
        return 0;
    }
    let before_release = line.paid - line.released;
    let before = line.refunded - before_release + disputed;
    let whole = commission_on(line, line.released);
    let part = in_proportion(whole, line.released, before, amount);
    part.min(line.commission)
}

/// Pays a buyer back: the seller what it has and owes what it has not, the institution its
/// commission. What is not the seller's comes to the client money from the institution's own.
fn refund_from_seller<S: Sink>(
    work: &mut Work<'_, S>,
    line: &OrderLine,
    amount: u128,
    commission: u128,
) -> Done {
    let ledger = line.ledger;
    let seller = work.account(Role::Seller, line.seller, ledger)?;
    let wallet = work.account(Role::Wallet, line.buyer, ledger)?;
    let due = amount - commission;
    let short = due.saturating_sub(work.available(seller));
    transfer(work, seller, wallet, due - short)?;
    if short > 0 {
        let receivable = work.account(Role::SellerReceivable, line.seller, ledger)?;
        transfer(work, receivable, wallet, short)?;
    }
    if commission > 0 {
        let income = work.account(Role::Commission, 0, ledger)?;
        transfer(work, income, wallet, commission)?;
    }
    bring_own(work, ledger, short + commission)
}
