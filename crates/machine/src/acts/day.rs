//! Calendars, and the business days of the institution.

use model::object::{Calendar, DAY_STATES, Day, Holiday, PRESENCE};
use model::{CalendarSet, CommandStatus as Status, DayClose, HolidaySet};

use crate::civil::{DAY_SECONDS, LAST_DAY, SECOND, weekday};
use crate::deed::{AtField, Done, Work, ensure};
use crate::fact::Sink;

/// The institution's own calendar.
const OWN: u32 = 0;

/// Places in [`DAY_STATES`].
const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const _: () = assert!(DAY_STATES.len() == 2);

/// All days of the week.
const WEEK: u8 = 0x7F;

pub(crate) fn set_calendar<S: Sink>(work: &mut Work<'_, S>, act: &CalendarSet) -> Done {
    let range = |holds, field| ensure(holds, Status::ValueOutOfRange.at(field));
    range(u64::from(act.offset) <= 2 * DAY_SECONDS, "offset")?;
    range(act.weekend < WEEK, "weekend")?;
    work.put(Calendar {
        id: act.calendar,
        offset: act.offset,
        weekend: act.weekend,
        ..Calendar::default()
    });
    Ok(())
}

pub(crate) fn set_holiday<S: Sink>(work: &mut Work<'_, S>, act: &HolidaySet) -> Done {
    check_day(act.day, "day")?;
    let named = usize::from(act.state) < PRESENCE.len();
    ensure(named, Status::ValueOutOfRange.at("state"))?;
    calendar(work, act.calendar)?;
    work.put(Holiday {
        calendar: act.calendar,
        day: act.day,
        state: act.state,
        ..Holiday::default()
    });
    Ok(())
}

/// Closes a day. The state keeps one day, the open one behind the last that was closed.
pub(crate) fn close<S: Sink>(work: &mut Work<'_, S>, act: DayClose) -> Done {
    check_day(act.day, "day")?;
    let calendar = calendar(work, OWN)?;
    let open = work.state.books.business.open_day();
    let later = open.is_none_or(|open| act.day >= open.day);
    ensure(later, Status::DayClosed.at("day"))?;
    let over = begin_of(&calendar, act.day + 1) <= work.now;
    ensure(over, Status::DayNotOver.at("day"))?;
    let records = work.state.records();
    // Days that were passed over are closed with this one.
    let open = open.filter(|open| open.day < act.day).map(|open| open.day);
    for day in open.into_iter().chain([act.day]) {
        work.put(Day {
            day,
            state: CLOSED,
            records,
            ..Day::default()
        });
    }
    work.put(Day {
        day: act.day + 1,
        state: OPEN,
        ..Day::default()
    });
    Ok(())
}

/// That a day lies where times can be counted.
pub(crate) fn check_day(day: u32, field: &'static str) -> Done {
    ensure(day <= LAST_DAY, Status::ValueOutOfRange.at(field))
}

/// A calendar that is there.
pub(crate) fn calendar<S: Sink>(work: &Work<'_, S>, id: u32) -> Done<Calendar> {
    let calendar = work.state.books.business.open((id.into(), 0));
    let calendar = calendar.ok_or(Status::CalendarNotFound.at("calendar"))?;
    Ok(*calendar)
}

/// When a day of a calendar begins, in nanoseconds.
pub(crate) fn begin_of(calendar: &Calendar, day: u32) -> u64 {
    let seconds = (u64::from(day) + 1) * DAY_SECONDS;
    seconds.saturating_sub(calendar.offset.into()) * SECOND
}

/// The day that it is in a calendar.
pub(crate) fn today(calendar: &Calendar, now: u64) -> u64 {
    // The offset counts from a day before UTC.
    let seconds = now / SECOND + u64::from(calendar.offset);
    (seconds / DAY_SECONDS).saturating_sub(1)
}

/// The first day with business from `day` on; `None` where times cannot be counted any more.
pub(crate) fn business_day<S: Sink>(
    work: &Work<'_, S>,
    calendar: &Calendar,
    day: u32,
) -> Option<u32> {
    let business = &work.state.books.business;
    (day..=LAST_DAY).find(|&day| {
        let weekend = calendar.weekend >> weekday(day) & 1 == 1;
        let key = (calendar.id.into(), day.into());
        !weekend && business.open::<Holiday>(key).is_none()
    })
}
