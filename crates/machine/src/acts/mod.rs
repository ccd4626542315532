//! What acts do, one family a file. `deed.rs` says how they are carried out.

pub(crate) mod chargeback;
pub(crate) mod chart;
pub(crate) mod day;
pub(crate) mod decision;
pub(crate) mod exchange;
pub(crate) mod fee;
pub(crate) mod gift;
pub(crate) mod hold;
pub(crate) mod listing;
pub(crate) mod market;
pub(crate) mod party;
pub(crate) mod payment;
pub(crate) mod request;
pub(crate) mod rule;
pub(crate) mod schedule;
pub(crate) mod share;

use model::object::Noun;
use model::{Act, Command, CommandStatus, Object};

use crate::State;
use crate::deed::{Done, Work};
use crate::fact::Sink;

/// Does what a command asks, up to the first thing that is wrong.
pub(crate) fn carry_out<S: Sink>(work: &mut Work<'_, S>, command: &Command) -> Done {
    let (id, legs) = (command.id, command.legs.as_slice());
    match &command.act {
        Act::ChartLineSet(act) => chart::set_line(work, act),
        Act::AccountOpen(act) => chart::open_account(work, act),
        Act::AccountClose(act) => chart::close_account(work, act),
        Act::JournalPost(act) => chart::post_journal(work, act),
        Act::Sweep(act) => chart::sweep(work, act),
        Act::Fund(act) => chart::fund(work, act),
        Act::PartyOpen(act) => party::open(work, act),
        Act::PartyTier(act) => party::set_tier(work, act),
        Act::PartyState(act) => party::set_state(work, act),
        Act::PartyTerms(act) => party::set_terms(work, act),
        Act::PartyVault(act) => party::keep_data(work, act),
        Act::PartyErase(act) => party::erase_data(work, act),
        Act::FeeSet(act) => fee::set(work, act),
        Act::FeeTierAdd(act) => fee::add_tier(work, act),
        Act::CalendarSet(act) => day::set_calendar(work, act),
        Act::HolidaySet(act) => day::set_holiday(work, act),
        Act::DayClose(act) => day::close(work, *act),
        Act::TopUp(act) => payment::top_up(work, act),
        Act::Withdraw(act) => payment::withdraw(work, act),
        Act::Pay(act) => payment::pay(work, id, act),
        Act::PaySplit(act) => payment::split(work, act, legs),
        Act::Refund(act) => payment::refund(work, act),
        Act::Payout(act) => payment::pay_out(work, act),
        Act::PayoutBatch(act) => payment::pay_out_batch(work, *act, legs),
        Act::SchemeSettle(act) => payment::settle_scheme(work, act),
        Act::PayShared(act) => share::pay(work, id, act),
        Act::Share(act) => share::share(work, act, legs),
        Act::ShareFinish(act) => share::finish(work, act),
        Act::HoldMake(act) => hold::make(work, id, act),
        Act::Capture(act) => hold::capture(work, act),
        Act::Release(act) => hold::release(work, act),
        Act::RequestMake(act) => request::make(work, id, act),
        Act::RequestPay(act) => request::pay(work, id, act),
        Act::RequestCancel(act) => request::cancel(work, act),
        Act::ScheduleMake(act) => schedule::make(work, id, act),
        Act::ScheduleCancel(act) => schedule::cancel(work, act),
        Act::Exchange(act) => exchange::exchange(work, act),
        Act::ChargebackOpen(act) => chargeback::open(work, id, act),
        Act::ChargebackRecover(act) => chargeback::recover(work, act),
        Act::ChargebackWon(act) => chargeback::win(work, act),
        Act::ChargebackLost(act) => chargeback::lose(work, act),
        Act::ListingAdd(act) => listing::add(work, act),
        Act::ListingSet(act) => listing::set(work, act),
        // It is placed line by line, as the bulk form is.
        Act::OrderPlace(_) => Ok(()),
        Act::OrderPay(act) => market::pay(work, act),
        Act::OrderShip(act) => market::ship(work, act),
        Act::OrderConfirm(act) => market::confirm(work, act),
        Act::OrderCancel(act) => market::cancel(work, act),
        Act::ClaimOpen(act) => market::claim(work, act),
        Act::ClaimDecide(act) => market::decide_claim(work, act),
        Act::OrderRefund(act) => market::refund(work, act),
        Act::GiftSend(act) => gift::send(work, id, act),
        Act::GiftTake(act) => gift::claim(work, act),
        Act::FindingReview(act) => rule::review(work, act),
        Act::FigureSet(act) => rule::set_figure(work, act),
        Act::PartyKeySet(act) => rule::set_key(work, act),
    }
}

/// Does what time brings about for an object whose deadline has come.
pub(crate) fn ring<S: Sink>(work: &mut Work<'_, S>, object: &Object) -> Done {
    match object {
        Object::Hold(hold) => hold::expire(work, hold),
        Object::Payment(payment) => share::expire(work, payment),
        Object::PaymentRequest(request) => {
            request::expire(work, request);
            Ok(())
        }
        Object::Schedule(schedule) => schedule::run(work, schedule),
        Object::Chargeback(chargeback) => chargeback::give_up(work, chargeback),
        Object::OrderLine(line) => market::ring(work, line),
        Object::Reserve(reserve) => market::release_reserve(work, reserve),
        Object::Gift(gift) => gift::expire(work, gift),
        Object::Decision(decision) => {
            decision::ring(work, decision);
            Ok(())
        }
        Object::Demand(demand) => {
            crate::demand::ring(work, demand);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Puts off what could not be done for an object when its time came, for the reason `refused`. A
/// standing order is not put off: it has missed one payment.
pub(crate) fn put_off<S: Sink>(
    work: &mut Work<'_, S>,
    object: &Object,
    deadline: u64,
    refused: CommandStatus,
) {
    match *object {
        Object::Hold(hold) => work.put(model::object::Hold { deadline, ..hold }),
        Object::Payment(payment) => work.put(model::object::Payment {
            deadline,
            ..payment
        }),
        Object::PaymentRequest(request) => {
            work.put(model::object::PaymentRequest {
                deadline,
                ..request
            });
        }
        Object::Schedule(schedule) => schedule::miss(work, &schedule, refused),
        Object::Chargeback(chargeback) => {
            work.put(model::object::Chargeback {
                deadline,
                ..chargeback
            });
        }
        Object::OrderLine(line) => work.put(model::object::OrderLine { deadline, ..line }),
        Object::Reserve(reserve) => work.put(model::object::Reserve {
            deadline,
            ..reserve
        }),
        Object::Gift(gift) => work.put(model::object::Gift { deadline, ..gift }),
        _ => {}
    }
}

/// An object that an act looks at: its kind and its key.
pub type Asked = (u8, (u128, u128));

impl State {
    /// The objects that `command` looks at and that are not open: each, where it has ended, has to
    /// be told by [`Recalled::insert_object`](crate::Recalled::insert_object). Of an order all lines are, and
    /// what is kept back of them.
    pub fn asks_for(&self, command: &Command) -> Option<Asked> {
        use model::object as o;
        let (kind, id) = match &command.act {
            Act::Share(act) => (o::Payment::KIND, act.payment),
            Act::ShareFinish(act) => (o::Payment::KIND, act.payment),
            Act::Refund(act) => (o::Payment::KIND, act.payment),
            Act::Capture(act) => (o::Hold::KIND, act.hold),
            Act::Release(act) => (o::Hold::KIND, act.hold),
            Act::RequestPay(act) => (o::PaymentRequest::KIND, act.request),
            Act::RequestCancel(act) => (o::PaymentRequest::KIND, act.request),
            Act::ScheduleCancel(act) => (o::Schedule::KIND, act.schedule),
            Act::ChargebackOpen(act) if act.payment != 0 => (o::Payment::KIND, act.payment),
            Act::ChargebackOpen(act) => (o::OrderLine::KIND, act.order),
            Act::ChargebackRecover(act) => self.in_dispute(act.chargeback),
            Act::ChargebackWon(act) => self.in_dispute(act.chargeback),
            Act::ChargebackLost(act) => self.in_dispute(act.chargeback),
            Act::OrderPlace(_) => (o::OrderLine::KIND, command.id),
            Act::OrderPay(act) => (o::OrderLine::KIND, act.order),
            Act::OrderShip(act) => (o::OrderLine::KIND, act.order),
            Act::OrderConfirm(act) => (o::OrderLine::KIND, act.order),
            Act::OrderCancel(act) => (o::OrderLine::KIND, act.order),
            Act::ClaimOpen(act) => (o::OrderLine::KIND, act.order),
            Act::ClaimDecide(act) => (o::OrderLine::KIND, act.order),
            Act::OrderRefund(act) => (o::OrderLine::KIND, act.order),
            Act::GiftTake(act) => (o::Gift::KIND, act.gift),
            _ => return None,
        };
        Some((kind, (id, 0)))
    }

    /// The sale that a chargeback is about, where it is open; otherwise the chargeback.
    fn in_dispute(&self, id: u128) -> (u8, u128) {
        use model::object as o;
        let open = self.books.business.open::<o::Chargeback>((id, 0));
        match open {
            Some(open) if open.payment != 0 => (o::Payment::KIND, open.payment),
            Some(open) => (o::OrderLine::KIND, open.order),
            None => (o::Chargeback::KIND, id),
        }
    }
}
