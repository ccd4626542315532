//! Placeholder: to be written.

use crate::deed::{Done, Work};
use crate::fact::Sink;

pub(crate) fn make<S: Sink>(_: &mut Work<'_, S>, _: u128, _: &model::HoldMake) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn capture<S: Sink>(_: &mut Work<'_, S>, _: &model::Capture) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn release<S: Sink>(_: &mut Work<'_, S>, _: &model::Release) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn expire<S: Sink>(_: &mut Work<'_, S>, _: &model::object::Hold) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}
