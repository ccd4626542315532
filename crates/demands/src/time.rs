//! Moments as text. Scopes count seconds, rows nanoseconds, both since 1970 in UTC.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// Nanoseconds of a second.
pub const SECOND: u64 = 1_000_000_000;

/// Seconds of a day.
pub const DAY: u64 = 86_400;

/// The last second that has a text: the end of the year 9998, so that any offset is still a date.
pub const LAST: u64 = 253_370_764_799;

/// A second as `YYYY-MM-DDTHH:MM:SSZ`; those after [`LAST`] as that one.
pub fn second_text(second: u64) -> String {
    moment(second.min(LAST), 0)
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// A nanosecond as `YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ`.
pub fn nanosecond_text(time: u64) -> String {
    moment(time / SECOND, (time % SECOND) as i32)
        .strftime("%Y-%m-%dT%H:%M:%S.%9fZ")
        .to_string()
}

fn moment(second: u64, nanosecond: i32) -> Timestamp {
    let second = i64::try_from(second).expect("moments with a text fit");
    Timestamp::new(second, nanosecond).expect("moments with a text are in range")
}

/// Reads what [`second_text`] writes, and nothing else.
pub fn read_second(text: &str) -> Option<u64> {
    let second = text.parse::<Timestamp>().ok()?.as_second();
    let second = u64::try_from(second).ok()?;
    (second <= LAST && second_text(second) == text).then_some(second)
}

/// Reads what [`nanosecond_text`] writes, and nothing else.
pub fn read_nanosecond(text: &str) -> Option<u64> {
    let time = text.parse::<Timestamp>().ok()?.as_nanosecond();
    let time = u64::try_from(time).ok()?;
    (nanosecond_text(time) == text).then_some(time)
}

/// The first second of a day of XML Schema (`YYYY-MM-DD`, with or without a zone) and of the day
/// after it. Without a zone it is a day `offset` seconds east of Greenwich.
pub(crate) fn read_day(text: &str, offset: i32) -> Option<(u64, u64)> {
    let (date, zone) = text.split_at_checked(10)?;
    let zone = read_zone(zone, offset)?;
    let begins = |date: Date| instant(date.at(0, 0, 0, 0), zone);
    let date: Date = canonical_date(date)?;
    Some((begins(date)?.0, begins(date.tomorrow().ok()?)?.0))
}

/// A moment of XML Schema (`YYYY-MM-DDTHH:MM:SS`, with or without a fraction and a zone): its
/// second and its nanosecond. Without a zone it is `offset` seconds east of Greenwich.
pub(crate) fn read_moment(text: &str, offset: i32) -> Option<(u64, u32)> {
    let (date, rest) = text.split_once('T')?;
    let date = canonical_date(date)?;
    let end = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(end);
    let zone = read_zone(zone, offset)?;
    let (clock, fraction) = clock.split_once('.').map_or((clock, ""), |parts| parts);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = clock.split(':');
    let mut next = || parts.next().filter(|part| part.len() == 2 && digits(part));
    let (hour, minute, second) = (next()?, next()?, next()?);
    let is_whole = parts.next().is_none() && clock.len() == 8 && digits(fraction);
    if !is_whole || fraction.len() > 9 || rest.contains(".Z") {
        return None;
    }
    let nanosecond = format!("{fraction:0<9}").parse().ok()?;
    let [hour, minute, second] = [hour, minute, second].map(str::parse::<i8>);
    let time = jiff::civil::Time::new(hour.ok()?, minute.ok()?, second.ok()?, nanosecond).ok()?;
    instant(DateTime::from_parts(date, time), zone)
}

fn canonical_date(text: &str) -> Option<Date> {
    let date: Date = text.parse().ok()?;
    (date.strftime("%Y-%m-%d").to_string() == text).then_some(date)
}

/// A zone of XML Schema: nothing, `Z`, or `+hh:mm` within 14 hours.
fn read_zone(text: &str, offset: i32) -> Option<Offset> {
    if text.is_empty() {
        return Offset::from_seconds(offset).ok();
    }
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let sign = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let number = |text: &str| -> Option<i32> {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let is_zone = minutes < 60 && hours * 60 + minutes <= 14 * 60;
    is_zone
        .then(|| Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok())
        .flatten()
}

fn instant(time: DateTime, zone: Offset) -> Option<(u64, u32)> {
    let instant = zone.to_timestamp(time).ok()?;
    let nanosecond = u32::try_from(instant.subsec_nanosecond()).ok()?;
    let second = u64::try_from(instant.as_second()).ok()?;
    (second <= LAST).then_some((second, nanosecond))
}
