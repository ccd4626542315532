//! Placeholder: to be written.

use crate::deed::{Done, Work};
use crate::fact::Sink;

pub(crate) fn make<S: Sink>(_: &mut Work<'_, S>, _: u128, _: &model::ScheduleMake) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn cancel<S: Sink>(_: &mut Work<'_, S>, _: &model::ScheduleCancel) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn run<S: Sink>(_: &mut Work<'_, S>, _: &model::object::Schedule) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}
