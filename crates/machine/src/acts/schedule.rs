//! Standing orders, and payments on a later day.

use model::object::{Calendar, SCHEDULE_RULES, SCHEDULE_STATES, Schedule};
use model::{CommandStatus as Status, ScheduleCancel, ScheduleMake};

use super::day::{begin_of, business_day, calendar, check_day, today};
use super::payment::{self, Order};
use crate::civil::{months_later, within};
use crate::deed::{AtField, Done, Work, ensure, some};
use crate::fact::Sink;

/// Places in [`SCHEDULE_STATES`].
const RUNNING: u8 = 0;
const ENDED: u8 = 1;
const CANCELLED: u8 = 2;
const _: () = assert!(SCHEDULE_STATES.len() == 3);

/// Places in [`SCHEDULE_RULES`].
const ONCE: u8 = 0;
const DAYS: u8 = 1;
const WEEKS: u8 = 2;
const _: () = assert!(SCHEDULE_RULES.len() == 4);

pub(crate) fn make<S: Sink>(work: &mut Work<'_, S>, id: u128, act: &ScheduleMake) -> Done {
    let amount = some(act.amount)?;
    let range = |holds, field| ensure(holds, Status::ValueOutOfRange.at(field));
    range(usize::from(act.rule) < SCHEDULE_RULES.len(), "rule")?;
    let once = act.rule == ONCE;
    range(once || act.every > 0, "every")?;
    range(!once || act.runs_most <= 1, "runs_most")?;
    check_day(act.first_day, "first_day")?;
    let different = act.payer != act.payee;
    ensure(different, Status::PartiesMustBeDifferent.at("payee"))?;
    work.declared(act.ledger)?;
    let calendar = calendar(work, act.calendar)?;
    let begun = u64::from(act.first_day) < today(&calendar, work.now);
    ensure(!begun, Status::DayInThePast.at("first_day"))?;
    work.active(act.payer, "payer")?;
    work.active(act.payee, "payee")?;
    let schedule = Schedule {
        id,
        payer: act.payer,
        payee: act.payee,
        ledger: act.ledger,
        amount,
        calendar: act.calendar,
        rule: act.rule,
        every: act.every,
        first_day: act.first_day,
        runs_most: if once { 1 } else { act.runs_most },
        state: RUNNING,
        ..Schedule::default()
    };
    let deadline = next_run(work, &calendar, &schedule);
    let deadline = deadline.ok_or(Status::ValueOutOfRange.at("first_day"))?;
    work.put(Schedule {
        deadline,
        ..schedule
    });
    Ok(())
}

/// When the next payment is made, in nanoseconds: as its business day begins. All days are counted
/// from the first, so that a day that was put off or clipped moves none after it.
fn next_run<S: Sink>(work: &Work<'_, S>, calendar: &Calendar, schedule: &Schedule) -> Option<u64> {
    let first = u64::from(schedule.first_day);
    // 32 bits times 16 bits times 7.
    let steps = u64::from(schedule.runs) * u64::from(schedule.every);
    let day = match schedule.rule {
        ONCE => within(first),
        DAYS => within(first + steps),
        WEEKS => within(first + 7 * steps),
        _ => months_later(schedule.first_day, steps),
    };
    let day = business_day(work, calendar, day?)?;
    Some(begin_of(calendar, day))
}

pub(crate) fn cancel<S: Sink>(work: &mut Work<'_, S>, act: &ScheduleCancel) -> Done {
    let schedule = work.find::<Schedule>((act.schedule, 0));
    let schedule = schedule.ok_or(Status::ScheduleNotFound.at("schedule"))?;
    let running = schedule.state == RUNNING;
    ensure(running, Status::ScheduleEnded.at("schedule"))?;
    work.put(Schedule {
        state: CANCELLED,
        deadline: 0,
        ..schedule
    });
    Ok(())
}

/// Pays, and says when it is paid again. Where the calendar has made the day one without business
/// in the meantime, it is put off.
pub(crate) fn run<S: Sink>(work: &mut Work<'_, S>, schedule: &Schedule) -> Done {
    let calendar = calendar(work, schedule.calendar)?;
    let planned = next_run(work, &calendar, schedule);
    if let Some(deadline) = planned.filter(|planned| *planned > work.now) {
        work.put(Schedule {
            deadline,
            ..*schedule
        });
        return Ok(());
    }
    let order = Order {
        payer: schedule.payer,
        payee: schedule.payee,
        ledger: schedule.ledger,
        amount: schedule.amount,
        fee: 0,
        funding: 0,
    };
    // It has the id of its transfer.
    let payment = payment::make(work, &order)?;
    work.put(payment);
    go_on(work, schedule);
    Ok(())
}

/// Counts a payment that was refused; the order goes on.
pub(crate) fn miss<S: Sink>(work: &mut Work<'_, S>, schedule: &Schedule, status: Status) {
    let schedule = Schedule {
        failed: schedule.failed + 1,
        last_status: status.code(),
        ..*schedule
    };
    go_on(work, &schedule);
}

/// One more was tried: sets the time of the next, or ends the order.
fn go_on<S: Sink>(work: &mut Work<'_, S>, schedule: &Schedule) {
    let mut schedule = *schedule;
    schedule.runs = schedule.runs.saturating_add(1);
    let last = schedule.runs_most != 0 && schedule.runs >= schedule.runs_most;
    let calendar = calendar(work, schedule.calendar).ok();
    let next = calendar.and_then(|calendar| next_run(work, &calendar, &schedule));
    let (state, deadline) = match next.filter(|_| !last) {
        Some(deadline) => (RUNNING, deadline),
        None => (ENDED, 0),
    };
    (schedule.state, schedule.deadline) = (state, deadline);
    work.put(schedule);
}
