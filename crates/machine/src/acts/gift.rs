//! Placeholder: to be written.

use crate::deed::{Done, Work};
use crate::fact::Sink;

pub(crate) fn send<S: Sink>(_: &mut Work<'_, S>, _: u128, _: &model::GiftSend) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn claim<S: Sink>(_: &mut Work<'_, S>, _: &model::GiftTake) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn expire<S: Sink>(_: &mut Work<'_, S>, _: &model::object::Gift) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}
