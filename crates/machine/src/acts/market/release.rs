//! Releasing what escrow holds: to the seller, less commission and what is kept back for a while.

use model::object::{LineState, OrderLine, Reserve, Role};
use model::{CommandStatus as Status, OrderConfirm};

use super::{CLAIM_OPEN, DAY, each_line};
use crate::acts::payment::transfer;
use crate::deed::{AtField, Done, Work, ensure};
use crate::exact::share_of;
use crate::fact::Sink;

/// Place of `down` in [`model::object::ROUNDINGS`].
const DOWN: u8 = 0;

pub(crate) fn confirm<S: Sink>(work: &mut Work<'_, S>, act: &OrderConfirm) -> Done {
    each_line(work, (act.order, act.line), can_confirm, release)
}

fn can_confirm(line: &OrderLine) -> Done {
    match line.state() {
        LineState::WaitBuyerConfirmGoods => {
            let open = line.claim == CLAIM_OPEN;
            ensure(!open, Status::ClaimIsOpen.at("order"))
        }
        LineState::WaitBuyerPay => Err(Status::OrderNotPaid.at("order")),
        LineState::WaitSellerSendGoods => Err(Status::OrderNotShipped.at("order")),
        LineState::TradeFinished => Err(Status::OrderFinished.at("order")),
        LineState::TradeClosed => Err(Status::OrderClosed.at("order")),
    }
}

/// The commission on what is released of a line.
pub(super) fn commission_on(line: &OrderLine, released: u128) -> u128 {
    share_of(released, line.commission_rate, DOWN)
}

/// The seller gets what escrow holds, by the terms as the line was ordered, and in whatever state
/// the seller is: what is frozen cannot be paid out.
pub(crate) fn release<S: Sink>(work: &mut Work<'_, S>, line: &OrderLine) -> Done {
    let (held, ledger) = (line.held, line.ledger);
    let commission = commission_on(line, held);
    let escrow = work.account(Role::Escrow, 0, ledger)?;
    let seller = work.account(Role::Seller, line.seller, ledger)?;
    transfer(work, escrow, seller, held - commission)?;
    if commission > 0 {
        let income = work.account(Role::Commission, 0, ledger)?;
        transfer(work, escrow, income, commission)?;
    }
    keep_back(work, line, seller)?;
    repay(work, line, seller)?;
    work.put(OrderLine {
        held: 0,
        released: held,
        commission,
        state: LineState::TradeFinished as u8,
        deadline: 0,
        remaining: 0,
        ..*line
    });
    Ok(())
}

/// Keeps back a part of a sale for a while.
fn keep_back<S: Sink>(work: &mut Work<'_, S>, line: &OrderLine, seller: u32) -> Done {
    let amount = share_of(line.held, line.reserve_rate, DOWN);
    if amount == 0 {
        return Ok(());
    }
    let reserve = work.account(Role::Reserve, line.seller, line.ledger)?;
    transfer(work, seller, reserve, amount)?;
    work.put(Reserve {
        order: line.order,
        line: line.line,
        seller: line.seller,
        ledger: line.ledger,
        amount,
        deadline: work.now + u64::from(line.reserve_days) * DAY,
        ..Reserve::default()
    });
    Ok(())
}

/// What a seller owes.
pub(crate) fn owed<S: Sink>(work: &Work<'_, S>, seller: u128, ledger: u32) -> u128 {
    let account = work.standing(Role::SellerReceivable, seller, ledger);
    account.map_or(0, |account| {
        account.debits_posted.saturating_sub(account.credits_posted)
    })
}

/// A seller who owes repays of a sale; the institution had laid it out.
fn repay<S: Sink>(work: &mut Work<'_, S>, line: &OrderLine, seller: u32) -> Done {
    let owed = owed(work, line.seller, line.ledger);
    let amount = owed.min(work.available(seller));
    if amount > 0 {
        let receivable = work.account(Role::SellerReceivable, line.seller, line.ledger)?;
        transfer(work, seller, receivable, amount)?;
        take_owed(work, line.ledger, amount)?;
    }
    Ok(())
}

/// Takes what came from a seller, and was laid out for it before, out of the client money.
pub(crate) fn take_owed<S: Sink>(work: &mut Work<'_, S>, ledger: u32, amount: u128) -> Done {
    if amount > 0 {
        let own = work.account(Role::Own, 0, ledger)?;
        let safe = work.account(Role::Safe, 0, ledger)?;
        transfer(work, own, safe, amount)?;
    }
    Ok(())
}

/// The time is over for which a part of a sale was kept back.
pub(crate) fn release_reserve<S: Sink>(work: &mut Work<'_, S>, reserve: &Reserve) -> Done {
    let from = work.account(Role::Reserve, reserve.seller, reserve.ledger)?;
    let to = work.account(Role::Seller, reserve.seller, reserve.ledger)?;
    transfer(work, from, to, reserve.amount)?;
    work.put(Reserve {
        amount: 0,
        ..*reserve
    });
    Ok(())
}
