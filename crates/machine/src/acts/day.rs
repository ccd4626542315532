//! Placeholder: to be written.

use crate::deed::{Done, Work};
use crate::fact::Sink;

pub(crate) fn set_calendar<S: Sink>(_: &mut Work<'_, S>, _: &model::CalendarSet) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn set_holiday<S: Sink>(_: &mut Work<'_, S>, _: &model::HolidaySet) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn close<S: Sink>(_: &mut Work<'_, S>, _: &model::DayClose) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}
