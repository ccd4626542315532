//! Moments as text: dates and times in a rule's zone, or with an offset of their own.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, date};
use model::rule::Zone;

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400;

/// What a moment may look like.
const FORMS: &str = "a moment is a date (2018-04-01), a local time (2018-04-01T10:00:00) or a time \
                     with its offset (2018-04-01T10:00:00+08:00), from 1970 on";

/// Nanoseconds since 1970 of a moment. Dates are midnight. A local time that clocks leave out is
/// the moment at which they do; one that there is twice is its first.
pub(crate) fn parse(text: &str, zone: &Zone) -> Result<u64, &'static str> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return u64::try_from(moment.as_nanosecond()).map_err(|_| FORMS);
    }
    let local = text
        .parse::<Date>()
        .ok()
        .filter(|_| text.len() == 10)
        .map(|date| date.at(0, 0, 0, 0));
    let local = local
        .or_else(|| text.parse::<DateTime>().ok())
        .ok_or(FORMS)?;
    let since = local.duration_since(date(1970, 1, 1).at(0, 0, 0, 0));
    let seconds = u64::try_from(since.as_secs()).map_err(|_| FORMS)?;
    let nanoseconds = u64::try_from(since.subsec_nanos()).map_err(|_| FORMS)?;
    zone.moment(seconds)
        .checked_mul(SECOND)
        .and_then(|moment| moment.checked_add(nanoseconds))
        .ok_or(FORMS)
}

/// A moment as text that is read again as it: the date where it is midnight in the zone, or the
/// time in UTC.
pub(crate) fn format(moment: u64, zone: &Zone) -> String {
    let local = zone.local(moment / SECOND);
    if local.is_multiple_of(DAY) {
        let days = i64::try_from(local / DAY).expect("days of 64 bits of nanoseconds");
        let day = jiff::Span::new().try_days(days);
        let day = day.and_then(|days| date(1970, 1, 1).checked_add(days));
        let text = day.map(|day| day.to_string()).unwrap_or_default();
        if parse(&text, zone) == Ok(moment) {
            return text;
        }
    }
    Timestamp::from_nanosecond(moment.into())
        .expect("64 bits of nanoseconds end in 2554")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::{FORMS, format, parse};
    use crate::zone::resolve;

    #[test]
    fn moments_in_a_zone() {
        let london = resolve("Europe/London").expect("a zone");
        let at = |text| parse(text, &london);
        let seconds = |seconds: u64| Ok(seconds * 1_000_000_000);
        assert_eq!(at("2026-01-01"), seconds(1_767_225_600));
        assert_eq!(at("2026-07-01"), seconds(1_782_860_400));
        assert_eq!(at("2026-07-01T00:00:00+01:00"), seconds(1_782_860_400));
        assert_eq!(at("2026-06-30T23:00:00Z"), seconds(1_782_860_400));
        assert_eq!(
            at("2026-07-01T00:00:00.000000007"),
            Ok(1_782_860_400_000_000_007)
        );
        // Clocks leave 01:30 out on 29 March, and have it twice on 25 October.
        assert_eq!(at("2026-03-29T01:30:00"), seconds(1_774_746_000));
        assert_eq!(at("2026-10-25T01:30:00"), seconds(1_792_888_200));
        for text in [
            "",
            "2026",
            "2026-13-01",
            "1969-12-31",
            "1969-12-31T23:59:59Z",
            "9999-01-01",
        ] {
            assert_eq!(at(text), Err(FORMS), "{text:?}");
        }
    }

    #[test]
    fn moments_are_read_as_they_were_written() {
        for name in ["Asia/Shanghai", "Europe/London", "America/New_York"] {
            let zone = resolve(name).expect("a zone");
            for moment in [
                0,
                1,
                1_522_512_000_000_000_000,
                1_782_860_400_000_000_000,
                u64::MAX - 1,
            ] {
                assert_eq!(parse(&format(moment, &zone), &zone), Ok(moment), "{name}");
            }
        }
        let shanghai = resolve("Asia/Shanghai").expect("a zone");
        assert_eq!(format(1_522_512_000_000_000_000, &shanghai), "2018-04-01");
    }
}
