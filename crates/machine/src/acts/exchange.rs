//! Placeholder: to be written.

use crate::deed::{Done, Work};
use crate::fact::Sink;

pub(crate) fn exchange<S: Sink>(_: &mut Work<'_, S>, _: &model::Exchange) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}
