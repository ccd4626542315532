//! Time zones: their offsets by name.

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::{Offset as TzOffset, TimeZone};
use model::rule::{Offset, Zone};

/// The first year whose changes are not looked up; the last offset goes on.
const LAST_YEAR: i16 = 2050;

/// The zone with this name: one of the time zone database that comes with the program, as
/// `Asia/Shanghai`, or a fixed offset, as `+08:00`. Changes from 1970 to 2049 are in it; parts of
/// minutes, which Monrovia had until 1972, are left out. `None` where there is none.
pub fn resolve(name: &str) -> Option<Zone> {
    let offsets = match fixed(name) {
        Some(offset) => vec![offset],
        None => changes(name)?,
    };
    Some(Zone {
        name: name.to_owned(),
        offsets,
    })
}

/// `+08:00`, `-03:30`.
fn fixed(name: &str) -> Option<Offset> {
    let (hours, minutes) = name.get(1..)?.split_once(':')?;
    let two_digits = |text: &str| {
        let is = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|_| is)
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let minutes = hours * 60 + minutes;
    let ahead = match name.as_bytes()[0] {
        b'+' => Offset::ZERO + minutes,
        b'-' => Offset::ZERO - minutes,
        _ => return None,
    };
    Some(Offset { from: 0, ahead })
}

/// What stands in the database.
fn changes(name: &str) -> Option<Vec<Offset>> {
    let zone = TimeZone::get(name).ok()?;
    // Names are found in any case, and a book keeps them as they are.
    if zone.iana_name() != Some(name) {
        return None;
    }
    let mut offsets = vec![Offset {
        from: 0,
        ahead: ahead(zone.to_offset(Timestamp::UNIX_EPOCH)),
    }];
    let end = TimeZone::UTC
        .to_timestamp(date(LAST_YEAR, 1, 1).into())
        .ok()?;
    for change in zone.following(Timestamp::UNIX_EPOCH) {
        if change.timestamp() >= end {
            break;
        }
        let ahead = ahead(change.offset());
        let from = change.timestamp().as_second().try_into().ok()?;
        if offsets.last().is_some_and(|last| last.ahead != ahead) {
            offsets.push(Offset { from, ahead });
        }
    }
    Some(offsets)
}

fn ahead(offset: TzOffset) -> u16 {
    let minutes = offset.seconds().div_euclid(60);
    u16::try_from(minutes + i32::from(Offset::ZERO)).expect("an offset is below a day")
}

#[cfg(test)]
mod tests {
    use model::rule::{Offset, RuleBook};

    use super::resolve;

    #[test]
    fn fixed_offsets() {
        let ahead = |name| resolve(name).map(|zone| zone.offsets);
        let only = |ahead| Some(vec![Offset { from: 0, ahead }]);
        assert_eq!(ahead("+08:00"), only(1_920));
        assert_eq!(ahead("-03:30"), only(1_230));
        assert_eq!(ahead("UTC"), only(1_440));
        assert_eq!(ahead("+23:59"), only(2_879));
        for name in [
            "+8:00", "+24:00", "08:00", "+08:60", "+0800", "", "+", "é1:00",
        ] {
            assert_eq!(ahead(name), None, "{name:?}");
        }
        assert_eq!(ahead("asia/shanghai"), None, "as it is written");
    }

    #[test]
    fn changes_of_the_database() {
        let shanghai = resolve("Asia/Shanghai").expect("a zone");
        // Summer time from 1986 to 1991.
        assert_eq!(shanghai.offsets.len(), 13);
        let london = resolve("Europe/London").expect("a zone");
        // 29 March 2026, 01:00 UTC, and 25 October.
        let at = |from| london.offsets.iter().find(|offset| offset.from == from);
        assert_eq!(at(1_774_746_000).expect("forward").ahead, 1_500);
        assert_eq!(at(1_792_890_000).expect("back").ahead, 1_440);
    }

    /// Every zone that there is fits into a rule book.
    #[test]
    fn all_zones_are_sound() {
        let mut count = 0;
        for name in jiff::tz::db().available() {
            let zones = vec![resolve(name.as_str()).expect("a zone")];
            let rules = Vec::new();
            let sound = RuleBook { zones, rules }.check();
            assert_eq!(sound, Ok(()), "{name}");
            count += 1;
        }
        assert!(count > 400, "{count}");
    }
}
