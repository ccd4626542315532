//! Windows of tallies: which one a moment is in, and when the next begins.

use model::rule::{Window, Zone};

use crate::civil::{DAY_SECONDS, SECOND, date_of, day_of};

const HOUR_SECONDS: u64 = 3_600;

/// Number of the window that a moment is in; it never falls as time rises.
pub(super) fn window_at(window: Window, zone: &Zone, time: u64) -> u32 {
    let local = zone.local(time / SECOND);
    let day = (local / DAY_SECONDS) as u32;
    match window {
        Window::Day | Window::RollingDays(_) => day,
        // 1970-01-01 was a Thursday: the first Monday is day 4.
        Window::Week => (day + 3) / 7,
        Window::Month => months(day),
        Window::Quarter => months(day) / 3,
        Window::Year => date_of(day).0,
        Window::Lifetime => 0,
        Window::RollingHours(_) => (local / HOUR_SECONDS) as u32,
    }
}

/// Months since the year 0.
fn months(day: u32) -> u32 {
    let (year, month, _) = date_of(day);
    year * 12 + month - 1
}

/// Windows that are counted together: 1, except for those that roll.
pub(super) const fn steps(window: Window) -> u32 {
    match window {
        Window::RollingHours(steps) | Window::RollingDays(steps) => steps as u32,
        _ => 1,
    }
}

/// The moment in nanoseconds at which window `number` ends; of those that roll, the step. 0 where
/// it never does.
pub(super) fn end_of(window: Window, zone: &Zone, number: u32) -> u64 {
    let next = number + 1;
    let first_of = |months: u32| day_of((months / 12, months % 12 + 1, 1));
    let local = match window {
        Window::Day | Window::RollingDays(_) => u64::from(next) * DAY_SECONDS,
        Window::Week => (u64::from(next) * 7 - 3) * DAY_SECONDS,
        Window::Month => first_of(next) * DAY_SECONDS,
        Window::Quarter => first_of(next * 3) * DAY_SECONDS,
        Window::Year => day_of((next, 1, 1)) * DAY_SECONDS,
        Window::RollingHours(_) => u64::from(next) * HOUR_SECONDS,
        Window::Lifetime => return 0,
    };
    zone.moment(local).saturating_mul(SECOND)
}

#[cfg(test)]
mod tests {
    use model::rule::{Offset, Window, Zone};

    use super::{end_of, window_at};
    use crate::civil::{DAY_SECONDS, SECOND, day_of};

    const WINDOWS: [Window; 8] = [
        Window::Day,
        Window::Week,
        Window::Month,
        Window::Quarter,
        Window::Year,
        Window::RollingHours(24),
        Window::RollingDays(30),
        Window::Lifetime,
    ];

    fn zone(offsets: &[(u64, i32)]) -> Zone {
        let offset = |&(from, minutes): &(u64, i32)| Offset {
            from,
            ahead: u16::try_from(i32::from(Offset::ZERO) + minutes).expect("an offset"),
        };
        Zone {
            name: "here".to_owned(),
            offsets: offsets.iter().map(offset).collect(),
        }
    }

    /// A window's end is the first second of the next one, whatever clocks do in between.
    #[test]
    fn the_end_of_a_window_is_where_the_next_begins() {
        let spring = day_of((2026, 3, 29)) * DAY_SECONDS + 3_600;
        let autumn = day_of((2026, 10, 25)) * DAY_SECONDS + 3_600;
        let zones = [
            zone(&[(0, 480)]),
            zone(&[(0, -300)]),
            zone(&[(0, 0), (spring, 60), (autumn, 0)]),
            // Clocks go back over midnight.
            zone(&[(0, 60), (autumn - 2 * 3_600 + 1_800, 0)]),
        ];
        let first = day_of((2026, 1, 1)) * DAY_SECONDS;
        for zone in &zones {
            for window in WINDOWS {
                let mut before = 0;
                for seconds in (first..first + 400 * DAY_SECONDS).step_by(1_171) {
                    let number = window_at(window, zone, seconds * SECOND);
                    assert!(number >= before, "{window:?} goes back at {seconds}");
                    before = number;
                    let end = end_of(window, zone, number);
                    if window == Window::Lifetime {
                        assert_eq!(end, 0);
                        continue;
                    }
                    assert!(end > seconds * SECOND, "{window:?} at {seconds}");
                    assert!(window_at(window, zone, end) > number);
                    assert_eq!(window_at(window, zone, end - 1), number, "{window:?}");
                }
            }
        }
    }
}
