//! Who gets which events, as it is asked for and as it is told.

use core::fmt;
use core::str::FromStr;

use crate::event::Filter;
use crate::secret::Secret;

/// The name of a subscription: 64 random bits, written as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(pub u64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A text is no [`Id`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdError;

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a subscription is named by 16 of the digits 0-9 and a-f")
    }
}

impl std::error::Error for IdError {}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let id = u64::from_str_radix(text, 16)
            .map(Self)
            .map_err(|_| IdError)?;
        // One name has one form.
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(IdError)
        }
    }
}

/// A subscription to be made.
#[derive(Clone, Debug, Default)]
pub struct NewSubscription {
    /// Where to: `https`, or `http` on this machine (see [`Reach`](crate::Reach)).
    pub url: String,
    /// What.
    pub filter: Filter,
    /// The position from which on; [`Source::end`](crate::Source::end) is from now on.
    pub from: u64,
    /// What signs; without one a new one is made.
    pub secret: Option<Secret>,
}

/// Whether a subscription gets events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does.
    Active,
    /// It was told to wait; its position stays.
    Paused,
    /// Its receiver answered 410 Gone; its position stays.
    Gone,
    /// Too many events in a row became dead letters; its position stays.
    Failing,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Active, Self::Paused, Self::Gone, Self::Failing];

    /// The word for it in files and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

/// A subscription and how it stands. Its secrets are not in it; its URL may be one.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its name.
    pub id: Id,
    /// Where to.
    pub url: String,
    /// What.
    pub filter: Filter,
    /// Whether it gets events.
    pub state: State,
    /// The position from which on nothing is delivered yet.
    pub next: u64,
    /// Tries of the next event that failed.
    pub tries: u32,
    /// When it is tried again, in nanoseconds since 1970; 0 is at once.
    pub due: u64,
    /// What went wrong the last time, since the start.
    pub failure: Option<String>,
    /// Dead letters that are kept.
    pub dead: usize,
    /// Dead letters that were dropped because there were too many.
    pub dropped: u64,
    /// Events delivered since the start.
    pub delivered: u64,
    /// Why its thread has ended, if it has: its files cannot be written. A new start goes on.
    pub fault: Option<String>,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Subscription");
        text.field("id", &self.id)
            .field("state", &self.state)
            .field("next", &self.next);
        text.field("tries", &self.tries)
            .field("dead", &self.dead)
            .finish_non_exhaustive()
    }
}

/// A subscription that was made, and its secret: the one time that it is shown.
#[derive(Clone, Debug)]
pub struct Subscribed {
    /// What was made.
    pub subscription: Subscription,
    /// What signs.
    pub secret: Secret,
}

#[cfg(test)]
mod tests {
    use super::Id;

    #[test]
    fn ids_have_one_form() {
        let id = Id(0xab);
        assert_eq!(id.to_string(), "00000000000000ab");
        assert_eq!("00000000000000ab".parse(), Ok(id));
        for text in [
            "",
            "ab",
            "00000000000000AB",
            "+0000000000000ab",
            "000000000000000ab",
        ] {
            assert!(text.parse::<Id>().is_err(), "{text}");
        }
    }
}
