//! How events are delivered.

use std::time::Duration;

use crate::address::Reach;
use crate::error::HookError;
use crate::limits::{RETRIES, RETRY_WAIT};

/// How events are delivered; the same for all subscriptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long to wait before each further try, each a fifth longer or shorter by chance. The
    /// event is a dead letter after the last: 5 s, 30 s, 2 min, 10 min, 30 min, 2 h, 6 h, 12 h.
    pub retries: Vec<Duration>,
    /// From the look-up of a name to the status of the answer: 10 s.
    pub timeout: Duration,
    /// How soon an event is seen without [`Running::wake`](crate::Running::wake): 200 ms.
    pub poll: Duration,
    /// Dead letters in a row after which a subscription is disabled: 5. 0 is never.
    pub disable_after: u32,
    /// Where webhooks may go.
    pub reach: Reach,
}

impl Default for Options {
    fn default() -> Self {
        let (minute, hour) = (60, 3_600);
        let retries = [
            5,
            30,
            2 * minute,
            10 * minute,
            30 * minute,
            2 * hour,
            6 * hour,
            12 * hour,
        ];
        Self {
            retries: retries.map(Duration::from_secs).to_vec(),
            timeout: Duration::from_secs(10),
            poll: Duration::from_millis(200),
            disable_after: 5,
            reach: Reach::Public,
        }
    }
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), HookError> {
        let refuse = |what| Err(HookError::Options(what));
        if self.retries.len() > RETRIES {
            return refuse("a schedule has at most 32 retries");
        }
        if self.retries.iter().any(|wait| *wait > RETRY_WAIT) {
            return refuse("a retry waits at most 7 days");
        }
        if self.timeout.is_zero() || self.poll.is_zero() {
            return refuse("the timeout and the poll are longer than nothing");
        }
        Ok(())
    }
}
