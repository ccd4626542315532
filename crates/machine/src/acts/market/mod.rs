//! The marketplace: orders, from being placed to the seller's money.
//!
//! An order is its lines, each of one seller and each with a state of its own: what escrow holds
//! for it (`held`) is what was paid and went neither back to the buyer nor on to the seller. The sum of
//! it over all open lines is the balance of the escrow account, and a closed line holds nothing.

mod batch;
mod claim;
mod pay;
mod place;
mod refund;
mod release;
mod ship;

pub use batch::LINE_MOMENTS;
pub(crate) use claim::{claim, decide_claim};
pub(crate) use pay::{cancel, pay};
pub(crate) use place::lines_of;
pub(crate) use refund::{commission_part, refund};
pub(crate) use release::{confirm, owed, release, release_reserve, take_owed};
pub(crate) use ship::ship;

use model::CommandStatus as Status;
use model::object::{CLAIM_STATES, DELIVERIES, LineState, OrderLine, Role};

use super::payment::transfer;
use crate::civil::{DAY_SECONDS, SECOND};
use crate::deed::{AtField, Done, Work, ensure};
use crate::fact::Sink;

/// Nanoseconds in a day.
pub(crate) const DAY: u64 = DAY_SECONDS * SECOND;

/// Places in [`CLAIM_STATES`].
const CLAIM_OPEN: u8 = 1;
const CLAIM_GRANTED: u8 = 2;
const CLAIM_REJECTED: u8 = 3;
const _: () = assert!(CLAIM_STATES.len() == 4);

/// Days that the buyer has to confirm, by place in [`DELIVERIES`].
const DAYS_TO_CONFIRM: [u64; DELIVERIES.len()] = [0, 1, 3, 10, 30];

/// Records that one line makes at most, in whatever act, and the deed.
const LINE_RECORDS: u64 = 14;

/// Does what time brings about for a line: unpaid, it is closed; shipped, it is confirmed.
pub(crate) fn ring<S: Sink>(work: &mut Work<'_, S>, line: &OrderLine) -> Done {
    match line.state() {
        LineState::WaitBuyerPay => pay::close(work, line),
        LineState::WaitBuyerConfirmGoods => release(work, line),
        _ => Ok(()),
    }
}

/// One line of an order.
pub(crate) fn line_of<S: Sink>(work: &Work<'_, S>, order: u128, line: u16) -> Done<OrderLine> {
    let found = work.find::<OrderLine>((order, line.into()));
    if let Some(line) = found {
        return Ok(line);
    }
    let there = work.find::<OrderLine>((order, 1)).is_some();
    let field = if there { "line" } else { "order" };
    Err(Status::OrderNotFound.at(field))
}

/// One line of an order whose amounts are of this ledger.
fn line_on<S: Sink>(
    work: &Work<'_, S>,
    (order, line): (u128, u16),
    ledger: u32,
) -> Done<OrderLine> {
    let line = line_of(work, order, line)?;
    ensure(line.ledger == ledger, Status::LedgersDiffer.at("ledger"))?;
    Ok(line)
}

/// Does something for one line of an order, or, where `line` is 0, for all for which `judge` finds
/// nothing against it. What it finds against the first is the answer where there is none.
fn each_line<S: Sink>(
    work: &mut Work<'_, S>,
    (order, line): (u128, u16),
    judge: impl Fn(&OrderLine) -> Done,
    mut act: impl FnMut(&mut Work<'_, S>, &OrderLine) -> Done,
) -> Done {
    if line > 0 {
        let line = line_of(work, order, line)?;
        judge(&line)?;
        return act(work, &line);
    }
    let first = line_of(work, order, 1)?;
    let mut none = judge(&first);
    for number in 1..=first.lines {
        let line = line_of(work, order, number)?;
        if judge(&line).is_ok() {
            none = Ok(());
            ensure(work.has_room(LINE_RECORDS), Status::TooManyLegs.at("line"))?;
            act(work, &line)?;
        }
    }
    none
}

/// Pays back to the buyer what escrow holds, as it is before `line` says so.
fn pay_back<S: Sink>(work: &mut Work<'_, S>, line: &OrderLine, amount: u128) -> Done {
    if amount > 0 {
        let escrow = work.account(Role::Escrow, 0, line.ledger)?;
        let wallet = work.account(Role::Wallet, line.buyer, line.ledger)?;
        transfer(work, escrow, wallet, amount)?;
    }
    Ok(())
}

/// Pays the institution, as it is before `line` says so, what it laid out for what the buyer's card
/// scheme took back and escrow holds.
pub(crate) fn cover<S: Sink>(work: &mut Work<'_, S>, line: &OrderLine, amount: u128) -> Done {
    if amount > 0 {
        let escrow = work.account(Role::Escrow, 0, line.ledger)?;
        let dispute = work.account(Role::Dispute, 0, line.ledger)?;
        transfer(work, escrow, dispute, amount)?;
        take_owed(work, line.ledger, amount)?;
    }
    Ok(())
}

/// What of what escrow holds for a line may go back to the buyer: not what the buyer's card scheme
/// took back.
fn payable_back(line: &OrderLine) -> u128 {
    line.held.saturating_sub(line.disputed)
}

/// A line that has just been paid in full, at the moment `now`: goods that are delivered as they
/// are paid are on their way.
fn paid_in_full(line: &OrderLine, now: u64) -> OrderLine {
    let delivered = line.delivery != 0;
    let state = if delivered {
        LineState::WaitBuyerConfirmGoods
    } else {
        LineState::WaitSellerSendGoods
    };
    OrderLine {
        state: state as u8,
        paid_at: now,
        deadline: if delivered {
            time_to_confirm(line.delivery, now)
        } else {
            0
        },
        ..*line
    }
}

/// When goods that are shipped `now` are confirmed by themselves.
fn time_to_confirm(delivery: u8, now: u64) -> u64 {
    now.saturating_add(DAYS_TO_CONFIRM[usize::from(delivery)] * DAY)
}
