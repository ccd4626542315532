//! Placeholder: to be written.

use crate::deed::{Done, Work};
use crate::fact::Sink;

pub(crate) fn add<S: Sink>(_: &mut Work<'_, S>, _: &model::ListingAdd) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn set<S: Sink>(_: &mut Work<'_, S>, _: &model::ListingSet) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}
