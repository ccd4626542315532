//! Paying orders into escrow, and ending those that come to nothing.

use model::object::{LineState, OrderLine, Role};
use model::{CommandStatus as Status, OrderCancel, OrderPay};

use super::{
    CLAIM_OPEN, LINE_RECORDS, cover, each_line, line_of, line_on, paid_in_full, pay_back,
    payable_back,
};
use crate::acts::payment::{check_funding, source, transfer};
use crate::deed::{AtField, Done, Work, ensure, some};
use crate::fact::Sink;

pub(crate) fn pay<S: Sink>(work: &mut Work<'_, S>, act: &OrderPay) -> Done {
    let amount = some(act.amount)?;
    check_funding(act.funding)?;
    let first = line_on(work, (act.order, 1), act.ledger)?;
    work.active(first.buyer, "order")?;
    let due = due_of(work, &first)?;
    ensure(due > 0, Status::OrderNotPayable.at("order"))?;
    ensure(amount <= due, Status::ExceedsDue.at("amount"))?;
    let from = source(work, act.funding, first.buyer, act.ledger)?;
    let escrow = work.account(Role::Escrow, 0, act.ledger)?;
    transfer(work, from, escrow, amount)?;
    let mut rest = amount;
    for number in 1..=first.lines {
        let line = line_of(work, act.order, number)?;
        if rest == 0 {
            break;
        }
        let part = rest.min(due_of_line(&line));
        if part > 0 {
            ensure(
                work.has_room(LINE_RECORDS),
                Status::TooManyLegs.at("amount"),
            )?;
            put_paid(work, &line, part);
            rest -= part;
        }
    }
    Ok(())
}

/// What is due of all lines.
fn due_of<S: Sink>(work: &Work<'_, S>, first: &OrderLine) -> Done<u128> {
    let mut sum: u128 = 0;
    for number in 1..=first.lines {
        let line = line_of(work, first.order, number)?;
        // No payment can be so much: what is above counts for nothing.
        sum = sum.saturating_add(due_of_line(&line));
    }
    Ok(sum)
}

fn due_of_line(line: &OrderLine) -> u128 {
    if line.state() == LineState::WaitBuyerPay {
        line.amount - line.paid
    } else {
        0
    }
}

/// Puts a line of which `part` more was paid into escrow.
fn put_paid<S: Sink>(work: &mut Work<'_, S>, line: &OrderLine, part: u128) {
    let line = OrderLine {
        paid: line.paid + part,
        held: line.held + part,
        ..*line
    };
    let full = line.paid == line.amount;
    work.put(if full {
        paid_in_full(&line, work.now)
    } else {
        line
    });
}

pub(crate) fn cancel<S: Sink>(work: &mut Work<'_, S>, act: &OrderCancel) -> Done {
    let first = line_of(work, act.order, act.line.max(1))?;
    work.receiving(first.buyer, "order")?;
    each_line(work, (act.order, act.line), can_cancel, close)
}

fn can_cancel(line: &OrderLine) -> Done {
    match line.state() {
        LineState::WaitBuyerPay | LineState::WaitSellerSendGoods => {
            let open = line.claim == CLAIM_OPEN;
            ensure(!open, Status::ClaimIsOpen.at("order"))
        }
        LineState::WaitBuyerConfirmGoods => Err(Status::OrderShipped.at("order")),
        LineState::TradeFinished => Err(Status::OrderFinished.at("order")),
        LineState::TradeClosed => Err(Status::OrderClosed.at("order")),
    }
}

/// Ends a line without a sale: what was paid goes back to the buyer, and the goods to the stock. What
/// is in dispute the buyer has got of the card scheme; the institution, which laid it out, gets it,
/// and owes it to the buyer where the dispute is won.
pub(crate) fn close<S: Sink>(work: &mut Work<'_, S>, line: &OrderLine) -> Done {
    let back = payable_back(line);
    pay_back(work, line, back)?;
    cover(work, line, line.held - back)?;
    work.put(OrderLine {
        refunded: line.refunded + back,
        held: 0,
        state: LineState::TradeClosed as u8,
        deadline: 0,
        remaining: 0,
        ..*line
    });
    Ok(())
}
