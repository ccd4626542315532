//! Shipping: the buyer's time to confirm begins.

use model::object::{DELIVERIES, LineState, OrderLine};
use model::{CommandStatus as Status, OrderShip};

use super::{CLAIM_OPEN, each_line, time_to_confirm};
use crate::deed::{AtField, Done, Work, ensure};
use crate::fact::Sink;

pub(crate) fn ship<S: Sink>(work: &mut Work<'_, S>, act: &OrderShip) -> Done {
    let named = (1..DELIVERIES.len()).contains(&usize::from(act.delivery));
    ensure(named, Status::ValueOutOfRange.at("delivery"))?;
    let deadline = time_to_confirm(act.delivery, work.now);
    each_line(work, (act.order, act.line), check, |work, line| {
        work.put(OrderLine {
            state: LineState::WaitBuyerConfirmGoods as u8,
            delivery: act.delivery,
            deadline,
            ..*line
        });
        Ok(())
    })
}

fn check(line: &OrderLine) -> Done {
    match line.state() {
        LineState::WaitSellerSendGoods => {
            let open = line.claim == CLAIM_OPEN;
            ensure(!open, Status::ClaimIsOpen.at("order"))
        }
        LineState::WaitBuyerPay => Err(Status::OrderNotPaid.at("order")),
        _ => Err(Status::OrderNotShippable.at("order")),
    }
}
