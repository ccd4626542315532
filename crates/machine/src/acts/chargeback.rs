//! Placeholder: to be written.

use crate::deed::{Done, Work};
use crate::fact::Sink;

pub(crate) fn open<S: Sink>(_: &mut Work<'_, S>, _: u128, _: &model::ChargebackOpen) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn recover<S: Sink>(_: &mut Work<'_, S>, _: &model::ChargebackRecover) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn win<S: Sink>(_: &mut Work<'_, S>, _: &model::ChargebackWon) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn lose<S: Sink>(_: &mut Work<'_, S>, _: &model::ChargebackLost) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}

pub(crate) fn give_up<S: Sink>(_: &mut Work<'_, S>, _: &model::object::Chargeback) -> Done {
    Err(model::CommandStatus::TransferRefused.into())
}
