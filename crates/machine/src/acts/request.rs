//! Requests to be paid.

use model::object::{Payment, PaymentRequest, REQUEST_STATES};
use model::{CommandStatus as Status, RequestCancel, RequestMake, RequestPay};

use super::hold::deadline_in;
use super::payment::{self, Order};
use crate::deed::{AtField, Done, Work, ensure, some};
use crate::fact::Sink;

/// Places in [`REQUEST_STATES`].
const OPEN: u8 = 0;
const PAID: u8 = 1;
const CANCELLED: u8 = 2;
const EXPIRED: u8 = 3;
const _: () = assert!(REQUEST_STATES.len() == 4);

pub(crate) fn make<S: Sink>(work: &mut Work<'_, S>, id: u128, act: &RequestMake) -> Done {
    let amount = some(act.amount)?;
    let different = act.payer != act.payee;
    ensure(different, Status::PartiesMustBeDifferent.at("payer"))?;
    work.declared(act.ledger)?;
    work.active(act.payee, "payee")?;
    if act.payer != 0 {
        work.known(act.payer, "payer")?;
    }
    work.put(PaymentRequest {
        id,
        payee: act.payee,
        payer: act.payer,
        ledger: act.ledger,
        amount,
        state: OPEN,
        deadline: deadline_in(work, act.seconds),
        ..PaymentRequest::default()
    });
    Ok(())
}

/// A request that is there, in whatever state.
fn known<S: Sink>(work: &Work<'_, S>, id: u128) -> Done<PaymentRequest> {
    let request = work.find::<PaymentRequest>((id, 0));
    request.ok_or(Status::RequestNotFound.at("request"))
}

/// That a request has not ended.
fn check_open(request: &PaymentRequest) -> Done {
    ensure(request.state == OPEN, Status::RequestEnded.at("request"))
}

pub(crate) fn pay<S: Sink>(work: &mut Work<'_, S>, id: u128, act: &RequestPay) -> Done {
    let request = known(work, act.request)?;
    check_open(&request)?;
    let meant = [0, act.payer].contains(&request.payer);
    ensure(meant, Status::RequestOfOther.at("payer"))?;
    let different = act.payer != request.payee;
    ensure(different, Status::PartiesMustBeDifferent.at("payer"))?;
    let order = Order {
        payer: act.payer,
        payee: request.payee,
        ledger: request.ledger,
        amount: request.amount,
        fee: 0,
        funding: 0,
    };
    let payment = payment::make(work, &order)?;
    work.put(Payment { id, ..payment });
    end(work, &request, PAID, id);
    Ok(())
}

pub(crate) fn cancel<S: Sink>(work: &mut Work<'_, S>, act: &RequestCancel) -> Done {
    let request = known(work, act.request)?;
    check_open(&request)?;
    end(work, &request, CANCELLED, 0);
    Ok(())
}

pub(crate) fn expire<S: Sink>(work: &mut Work<'_, S>, request: &PaymentRequest) {
    end(work, request, EXPIRED, 0);
}

fn end<S: Sink>(work: &mut Work<'_, S>, request: &PaymentRequest, state: u8, payment: u128) {
    work.put(PaymentRequest {
        state,
        payment,
        deadline: 0,
        ..*request
    });
}
