//! Moments and time zones in documents.

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;
const DAY_SECONDS: u64 = 86_400;

/// The last year that can be written.
const LAST_YEAR: u32 = 2_199;

/// What stands for no time zone is 0; this for one that is not ahead.
pub(super) const ZONE_ZERO: u16 = crate::rule::Offset::ZERO;

/// Nanoseconds since 1970 of `2026-01-05T00:00:00Z`.
pub fn read(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let marks = [
        (4, b'-'),
        (7, b'-'),
        (10, b'T'),
        (13, b':'),
        (16, b':'),
        (19, b'Z'),
    ];
    if bytes.len() != 20 || marks.iter().any(|(place, mark)| bytes[*place] != *mark) {
        return None;
    }
    let part = |from: usize, to: usize| digits(&bytes[from..to]);
    let (year, month, date) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    let is_date = (1_970..=LAST_YEAR).contains(&year)
        && (1..=12).contains(&month)
        && (1..=month_days(year, month)).contains(&date);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let day = day_of(year, month, date);
    let clock = hour * 3_600 + minute * 60 + second;
    Some((day * DAY_SECONDS + u64::from(clock)) * SECOND)
}

/// The text that [`read`] makes these nanoseconds of, whole seconds.
pub fn write(moment: u64) -> String {
    let seconds = moment / SECOND;
    let mut day = seconds / DAY_SECONDS;
    let mut year = 1_970;
    while day >= year_days(year) {
        day -= year_days(year);
        year += 1;
    }
    let mut month = 1;
    while day >= u64::from(month_days(year, month)) {
        day -= u64::from(month_days(year, month));
        month += 1;
    }
    let (date, clock) = (day + 1, seconds % DAY_SECONDS);
    let (hour, minute, second) = (clock / 3_600, clock / 60 % 60, clock % 60);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Minutes that `+08:00` is ahead, plus [`ZONE_ZERO`].
pub(super) fn read_zone(text: &str) -> Option<u16> {
    let bytes = text.as_bytes();
    let [sign, hour @ .., b':', _, _] = bytes else {
        return None;
    };
    if hour.len() != 2 {
        return None;
    }
    let (hour, minute) = (digits(hour)?, digits(&bytes[4..])?);
    let minutes = (hour * 60 + minute) as u16;
    match sign {
        b'+' if hour <= 14 && minute < 60 => Some(ZONE_ZERO + minutes),
        b'-' if hour <= 12 && minute < 60 && minutes > 0 => Some(ZONE_ZERO - minutes),
        _ => None,
    }
}

/// The text that [`read_zone`] makes these minutes of.
pub(crate) fn write_zone(ahead: u16) -> String {
    let (sign, minutes) = if ahead >= ZONE_ZERO {
        ('+', ahead - ZONE_ZERO)
    } else {
        ('-', ZONE_ZERO - ahead)
    };
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + u32::from(byte - b'0'))
    })
}

fn day_of(year: u32, month: u32, date: u32) -> u64 {
    let years: u64 = (1_970..year).map(year_days).sum();
    let months: u32 = (1..month).map(|month| month_days(year, month)).sum();
    years + u64::from(months + date - 1)
}

const fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn year_days(year: u32) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn month_days(year: u32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LAST_YEAR, SECOND, day_of, read, read_zone, write, write_zone};

    #[test]
    fn moments_are_those_of_the_calendar() {
        assert_eq!(read("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(read("2026-01-05T00:00:00Z"), Some(1_767_571_200 * SECOND));
        assert_eq!(read("2024-02-29T23:59:59Z"), Some(1_709_251_199 * SECOND));
        for wrong in [
            "",
            "2026-01-05",
            "2026-01-05T00:00:00",
            "2026-01-05T00:00:00+00:00",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:60Z",
            "1969-12-31T23:59:59Z",
            "2200-01-01T00:00:00Z",
            "+026-01-01T00:00:00Z",
            "2026-01-05t00:00:00Z",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn zones_have_one_form() {
        for zone in ["+00:00", "+08:00", "-05:00", "+05:45", "+14:00", "-12:59"] {
            let ahead = read_zone(zone).expect("it is one");
            assert_eq!(write_zone(ahead), zone);
        }
        assert_eq!(read_zone("+08:00"), Some(1_440 + 480));
        for wrong in [
            "", "-00:00", "+8:00", "08:00", "+15:00", "+08:60", "+008:00", "+0a:00",
        ] {
            assert_eq!(read_zone(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn moments_come_back(second in 0..day_of(LAST_YEAR + 1, 1, 1) * 86_400) {
            prop_assert_eq!(read(&write(second * SECOND)), Some(second * SECOND));
        }
    }
}
