//! Placeholder: to be written.

use crate::deed::{Done, Work};
use crate::fact::Sink;

pub(crate) fn pay<S: Sink>(_: &mut Work<'_, S>, _: &model::OrderPay) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn ship<S: Sink>(_: &mut Work<'_, S>, _: &model::OrderShip) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn confirm<S: Sink>(_: &mut Work<'_, S>, _: &model::OrderConfirm) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn cancel<S: Sink>(_: &mut Work<'_, S>, _: &model::OrderCancel) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn claim<S: Sink>(_: &mut Work<'_, S>, _: &model::ClaimOpen) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn decide_claim<S: Sink>(_: &mut Work<'_, S>, _: &model::ClaimDecide) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn refund<S: Sink>(_: &mut Work<'_, S>, _: &model::OrderRefund) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn ring<S: Sink>(_: &mut Work<'_, S>, _: &model::object::OrderLine) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn release_reserve<S: Sink>(_: &mut Work<'_, S>, _: &model::object::Reserve) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

use crate::deed::Refusal;
use crate::{Recalled, State};
use model::{Command, CommandResult, OrderEvent, OrderPlace};

pub(crate) fn lines_of(_: &Command, _: &OrderPlace) -> Vec<OrderEvent> {
    Vec::new()
}

impl State {
    pub(crate) fn place_order<S: Sink>(
        &mut self,
        _: &Recalled,
        _: (u64, u64),
        _: &[OrderEvent],
        _: &mut S,
    ) -> Result<CommandResult, Refusal> {
        Err(model::CommandStatus::TransferRefused.into())
    }
}

/// Moments that a line takes at most.
pub const LINE_MOMENTS: usize = 6;

impl State {
    /// Placeholder.
    pub fn create_orders<S: Sink>(
        &mut self,
        _: &Recalled,
        _: u64,
        _: &[OrderEvent],
        _: &mut S,
        _: &mut Vec<CommandResult>,
    ) {
    }
}
