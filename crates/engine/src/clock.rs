//! The only clock of the books.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970, from the system or as told.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system's clock.
    System,
    /// A clock that stands still until it is moved (tests).
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// Now. The system's clock may step back; the writer keeps its own time rising.
    #[allow(clippy::disallowed_methods)] // This is the one place that reads it.
    pub fn now(&self) -> u64 {
        match self {
            Self::System => {
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
            }
            Self::Manual(time) => time.load(Ordering::Acquire),
        }
    }

    /// Moves a manual clock forward and returns its time; `None` where the clock is the system's.
    pub fn set(&self, nanoseconds: u64) -> Option<u64> {
        match self {
            Self::System => None,
            Self::Manual(time) => Some(
                time.fetch_max(nanoseconds, Ordering::AcqRel)
                    .max(nanoseconds),
            ),
        }
    }
}
