//! What a check says of times. The rules stand in the documentation of the crate.

use crate::State;
use crate::report::{Cosigned, Finding, Kind};

const NANOSECONDS: u64 = 1_000_000_000;

/// How much time may pass. All in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Age of the last sign of life at most; `None` if it does not matter.
    pub max_age: Option<u64>,
    /// How far ahead of the monitor's clock a time may be.
    pub tolerance: u64,
}

impl Default for Limits {
    /// A minute of tolerance, and any age.
    fn default() -> Limits {
        Limits {
            max_age: None,
            tolerance: 60,
        }
    }
}

impl Limits {
    /// Findings about the newest entry and the cosignatures of the checkpoint of `state`.
    pub(crate) fn check(&self, state: &State, witnesses: &[Cosigned], now: u64) -> Vec<Finding> {
        let latest = now.saturating_add(self.tolerance);
        let mut findings = Vec::new();
        let newest = state.last().map(|last| last.timestamp / NANOSECONDS);
        if let (Some(last), Some(time)) = (state.last(), newest)
            && time > latest
        {
            let (number, ahead) = (last.number, time - now);
            let what = format!("entry {number} is of second {time}, {ahead} s after now");
            findings.push(Finding::new(Kind::Future, what));
        }
        for Cosigned { name, time } in witnesses.iter().filter(|cosigned| cosigned.time > latest) {
            let ahead = time - now;
            let what = format!("witness {name} cosigned at second {time}, {ahead} s after now");
            findings.push(Finding::new(Kind::Future, what));
        }
        let times = witnesses.iter().map(|cosigned| cosigned.time);
        let cosigned = times.filter(|time| *time <= latest).max();
        let entry = newest.map(|time| time.min(state.first_seen()));
        let alive = entry.max(cosigned).unwrap_or(state.first_seen());
        let age = now.saturating_sub(alive);
        if let Some(max_age) = self.max_age
            && age > max_age
        {
            let size = state.checkpoint().head.size;
            let what = format!(
                "the last sign of life of the log, at size {size}, is {age} s old: more than \
                 {max_age} s"
            );
            findings.push(Finding::new(Kind::Late, what));
        }
        findings
    }
}
