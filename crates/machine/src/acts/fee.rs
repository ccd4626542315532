//! Placeholder: to be written.

use crate::deed::{Done, Work};
use crate::fact::Sink;

pub(crate) fn set<S: Sink>(_: &mut Work<'_, S>, _: &model::FeeSet) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn add_tier<S: Sink>(_: &mut Work<'_, S>, _: &model::FeeTierAdd) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}
