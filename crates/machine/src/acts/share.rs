//! Placeholder: to be written.

use crate::deed::{Done, Work};
use crate::fact::Sink;

pub(crate) fn pay<S: Sink>(_: &mut Work<'_, S>, _: u128, _: &model::PayShared) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn share<S: Sink>(_: &mut Work<'_, S>, _: &model::Share, _: &[model::Leg]) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn finish<S: Sink>(_: &mut Work<'_, S>, _: &model::ShareFinish) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn expire<S: Sink>(_: &mut Work<'_, S>, _: &model::object::Payment) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}
