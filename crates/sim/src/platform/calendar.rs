//! Calendars and days, counted one by one.

use model::object::{Calendar, Day, Holiday};
use model::{CalendarSet, CommandStatus as Status, DayClose, HolidaySet};

use super::{Platform, SECOND, Verdict, require};

impl Platform {
    pub(super) fn set_calendar(&mut self, act: &CalendarSet) -> Verdict {
        let sound = act.offset <= 2 * 86_400 && act.weekend < 0x7F;
        require(sound, Status::ValueOutOfRange)?;
        self.put(Calendar {
            id: act.calendar,
            offset: act.offset,
            weekend: act.weekend,
            ..Calendar::default()
        });
        Ok(())
    }

    pub(super) fn set_holiday(&mut self, act: &HolidaySet) -> Verdict {
        require(act.state < 2, Status::ValueOutOfRange)?;
        self.calendar(act.calendar)?;
        self.put(Holiday {
            calendar: act.calendar,
            day: act.day,
            state: act.state,
            ..Holiday::default()
        });
        Ok(())
    }

    pub(super) fn close_day(&mut self, act: DayClose) -> Verdict {
        let calendar = self.calendar(0)?;
        let closed: Vec<Day> = self.things.all();
        let later = closed.iter().any(|day| day.day >= act.day);
        require(!later, Status::DayClosed)?;
        let over = self.now >= begin(&calendar, act.day + 1);
        require(over, Status::DayNotOver)?;
        self.put(Day {
            day: act.day,
            state: 1,
            ..Day::default()
        });
        Ok(())
    }

    pub(super) fn calendar(&self, id: u32) -> Verdict<Calendar> {
        self.find((id.into(), 0)).ok_or(Status::CalendarNotFound)
    }

    /// The first day from `day` on that has business.
    pub(super) fn business_day(&self, calendar: &Calendar, day: u32) -> u32 {
        let free = |day: u32| {
            // 1970 began on a Thursday.
            let weekend = calendar.weekend >> ((day + 3) % 7) & 1 == 1;
            let holiday: Option<Holiday> = self.find((calendar.id.into(), day.into()));
            weekend || holiday.is_some_and(|holiday| holiday.state == 0)
        };
        (day..=u32::MAX)
            .find(|day| !free(*day))
            .expect("some day has business")
    }
}

/// When a day begins by a calendar.
pub(super) fn begin(calendar: &Calendar, day: u32) -> u64 {
    let utc = (u64::from(day) + 1) * 86_400;
    (utc - u64::from(calendar.offset)) * SECOND
}

/// The day of the same number `months` months later, or the last of that month.
pub(super) fn months_later(day: u32, months: u32) -> u32 {
    let (mut month, mut first) = (0, 0);
    while day - first >= length(month) {
        first += length(month);
        month += 1;
    }
    let date = day - first;
    for _ in 0..months {
        first += length(month);
        month += 1;
    }
    first + date.min(length(month) - 1)
}

/// Days of a month, counted from January 1970.
fn length(month: u32) -> u32 {
    let year = 1970 + month / 12;
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match month % 12 {
        1 if leap => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}
