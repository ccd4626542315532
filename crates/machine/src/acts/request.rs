//! Placeholder: to be written.

use crate::deed::{Done, Work};
use crate::fact::Sink;

pub(crate) fn make<S: Sink>(_: &mut Work<'_, S>, _: u128, _: &model::RequestMake) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn pay<S: Sink>(_: &mut Work<'_, S>, _: u128, _: &model::RequestPay) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn cancel<S: Sink>(_: &mut Work<'_, S>, _: &model::RequestCancel) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn expire<S: Sink>(_: &mut Work<'_, S>, _: &model::object::PaymentRequest) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}
