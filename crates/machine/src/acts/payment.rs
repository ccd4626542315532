//! Placeholder: to be written.

use crate::deed::{Done, Work};
use crate::fact::Sink;

pub(crate) fn top_up<S: Sink>(_: &mut Work<'_, S>, _: &model::TopUp) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn withdraw<S: Sink>(_: &mut Work<'_, S>, _: &model::Withdraw) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn pay<S: Sink>(_: &mut Work<'_, S>, _: u128, _: &model::Pay) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn split<S: Sink>(_: &mut Work<'_, S>, _: &model::PaySplit, _: &[model::Leg]) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn refund<S: Sink>(_: &mut Work<'_, S>, _: &model::Refund) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn pay_out<S: Sink>(_: &mut Work<'_, S>, _: &model::Payout) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn pay_out_batch<S: Sink>(
    _: &mut Work<'_, S>,
    _: &model::PayoutBatch,
    _: &[model::Leg],
) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn settle_scheme<S: Sink>(_: &mut Work<'_, S>, _: &model::SchemeSettle) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}
