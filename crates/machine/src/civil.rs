//! Days and dates in integers, by the Gregorian calendar for ever.

/// Seconds in a day.
pub(crate) const DAY_SECONDS: u64 = 86_400;
/// Nanoseconds in a second.
pub(crate) const SECOND: u64 = 1_000_000_000;

/// The last day that can be meant, since 1970-01-01: it and the days around it begin at a moment
/// that 64 bits hold.
pub(crate) const LAST_DAY: u32 = (u64::MAX / SECOND / DAY_SECONDS) as u32 - 3;

/// Year, month from 1 and day of the month from 1 of a day since 1970-01-01.
// Years begin in March here, so that the day that leap years add is their last; in eras of 400
// years, which all have 146,097 days.
pub(crate) const fn date_of(day: u32) -> (u32, u32, u32) {
    let days = day as u64 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let date = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year_of_era + (month <= 2) as u64;
    (year as u32, month as u32, date as u32)
}

/// The day of a date from 1970 on, as days since 1970-01-01.
pub(crate) const fn day_of((year, month, date): (u32, u32, u32)) -> u64 {
    let year = year as u64 - (month <= 2) as u64;
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted = (month as u64 + 9) % 12;
    let of_year = (153 * shifted + 2) / 5 + date as u64 - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

/// How many days a month has.
const fn month_days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The same day of the month so many months later, or the last of a month that is shorter; `None`
/// behind [`LAST_DAY`].
pub(crate) fn months_later(day: u32, months: u64) -> Option<u32> {
    let (year, month, date) = date_of(day);
    let months = u64::from(year * 12 + month - 1).checked_add(months)?;
    let year = u32::try_from(months / 12).ok()?;
    let month = (months % 12) as u32 + 1;
    let date = date.min(month_days(year, month));
    within(day_of((year, month, date)))
}

/// A day that is not behind [`LAST_DAY`].
pub(crate) fn within(day: u64) -> Option<u32> {
    let day = u32::try_from(day).ok()?;
    (day <= LAST_DAY).then_some(day)
}

/// The day of the week: 0 is Monday.
pub(crate) const fn weekday(day: u32) -> u32 {
    // 1970-01-01 was a Thursday.
    (day % 7 + 3) % 7
}

#[cfg(test)]
mod tests {
    use super::{LAST_DAY, date_of, day_of, months_later, weekday};

    /// Counts the days one by one, and the rule for leap years in other words.
    #[test]
    fn dates_are_those_of_a_count_by_hand() {
        let mut day = 0;
        for year in 1970..2201 {
            let leap = if year % 100 == 0 {
                year % 400
            } else {
                year % 4
            } == 0;
            let february = if leap { 29 } else { 28 };
            let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            for (month, days) in (1..).zip(months) {
                for date in 1..=days {
                    assert_eq!(date_of(day), (year, month, date), "{day}");
                    assert_eq!(day_of((year, month, date)), u64::from(day));
                    day += 1;
                }
            }
        }
        assert_eq!(weekday(day_of((2026, 11, 24)) as u32), 1, "a Tuesday");
    }

    #[test]
    fn months_are_clipped_and_counted_from_the_first() {
        let later = |date, months| {
            let day = day_of(date) as u32;
            months_later(day, months).map(date_of)
        };
        assert_eq!(later((2028, 1, 31), 1), Some((2028, 2, 29)));
        assert_eq!(later((2027, 1, 31), 1), Some((2027, 2, 28)));
        assert_eq!(later((2027, 1, 31), 2), Some((2027, 3, 31)));
        assert_eq!(later((2027, 12, 31), 2), Some((2028, 2, 29)));
        assert_eq!(later((2027, 5, 1), 0), Some((2027, 5, 1)));
        assert_eq!(later((2027, 1, 31), 12_000), None);
        assert_eq!(months_later(LAST_DAY, 1), None);
        assert_eq!(months_later(0, u64::MAX), None);
    }
}
