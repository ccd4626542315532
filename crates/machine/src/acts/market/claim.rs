//! Claims of buyers: an open one stops the timer of its line until it is decided.

use model::object::{LineState, OrderLine};
use model::{ClaimDecide, ClaimOpen, CommandStatus as Status};

use super::{CLAIM_GRANTED, CLAIM_OPEN, CLAIM_REJECTED, DAY, line_on, pay_back, payable_back};
use crate::deed::{AtField, Done, Work, ensure, some};
use crate::fact::Sink;

/// How long the seller has to ship before the buyer may claim, in nanoseconds.
const TIME_TO_SHIP: u64 = DAY;

pub(crate) fn claim<S: Sink>(work: &mut Work<'_, S>, act: &ClaimOpen) -> Done {
    let amount = some(act.amount)?;
    let line = line_on(work, (act.order, act.line), act.ledger)?;
    match line.state() {
        LineState::WaitBuyerPay => Err(Status::OrderNotPaid.at("order")),
        LineState::TradeFinished => Err(Status::OrderFinished.at("order")),
        LineState::TradeClosed => Err(Status::OrderClosed.at("order")),
        LineState::WaitSellerSendGoods | LineState::WaitBuyerConfirmGoods => Ok(()),
    }?;
    let open = line.claim == CLAIM_OPEN;
    ensure(!open, Status::ClaimIsOpen.at("line"))?;
    let shipped = line.state() == LineState::WaitBuyerConfirmGoods;
    let late = work.now >= line.paid_at.saturating_add(TIME_TO_SHIP);
    ensure(shipped || late, Status::ClaimTooEarly.at("line"))?;
    let within = amount <= payable_back(&line);
    ensure(within, Status::ExceedsClaimable.at("amount"))?;
    work.put(OrderLine {
        claim: CLAIM_OPEN,
        claimed: amount,
        evidence: act.evidence,
        remaining: line.deadline.saturating_sub(work.now),
        deadline: 0,
        ..line
    });
    Ok(())
}

pub(crate) fn decide_claim<S: Sink>(work: &mut Work<'_, S>, act: &ClaimDecide) -> Done {
    let line = line_on(work, (act.order, act.line), act.ledger)?;
    let open = line.claim == CLAIM_OPEN;
    ensure(open, Status::ClaimNotOpen.at("line"))?;
    // What came into dispute since it was claimed does not go back twice.
    let within = act.amount <= line.claimed.min(payable_back(&line));
    ensure(within, Status::ExceedsClaimable.at("amount"))?;
    if act.amount > 0 {
        work.receiving(line.buyer, "order")?;
        pay_back(work, &line, act.amount)?;
    }
    let held = line.held - act.amount;
    let claim = if act.amount > 0 {
        CLAIM_GRANTED
    } else {
        CLAIM_REJECTED
    };
    let line = OrderLine {
        held,
        refunded: line.refunded + act.amount,
        claim,
        ..line
    };
    work.put(if held == 0 {
        OrderLine {
            state: LineState::TradeClosed as u8,
            remaining: 0,
            ..line
        }
    } else {
        go_on(&line, work.now)
    });
    Ok(())
}

/// The timer of a line that is shipped goes on with the time that was left.
fn go_on(line: &OrderLine, now: u64) -> OrderLine {
    let shipped = line.state() == LineState::WaitBuyerConfirmGoods;
    OrderLine {
        deadline: if shipped {
            now.saturating_add(line.remaining)
        } else {
            0
        },
        remaining: 0,
        ..*line
    }
}
