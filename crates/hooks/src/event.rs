//! What is delivered, and where it comes from.

use crate::error::HookError;
use crate::limits::{KIND_BYTES, KINDS, PARTIES};

/// Something that happened, as the books tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place in the log; rises from event to event.
    pub position: u64,
    /// What happened: `order.paid`.
    pub kind: String,
    /// When it happened, in nanoseconds since 1970.
    pub time: u64,
    /// Whom it concerns.
    pub parties: Vec<u128>,
    /// The order it belongs to; 0 is none.
    pub order: u128,
    /// JSON that is sent as it is.
    pub body: Vec<u8>,
}

/// Some events of a stretch of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Those that are wanted, in rising order.
    pub events: Vec<Event>,
    /// Behind all that was looked through: where to go on. Where the stretch began if nothing is
    /// there yet.
    pub next: u64,
}

/// Where events come from. It is asked on threads that may block.
pub trait Source: Send + Sync {
    /// Up to `limit` events at `from` and behind it that `filter` wants. It may look through a
    /// stretch of the log only. The error is a sentence for the trace; the question is asked again.
    fn read(&self, from: u64, limit: usize, filter: &Filter) -> Result<Stretch, String>;

    /// The position that the next event will have, or one before it and behind all others.
    fn end(&self) -> u64;
}

/// Which events a subscription wants. All that is empty or 0 wants any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Kinds, whole (`order.paid`) or all below one (`order.*`).
    pub kinds: Vec<String>,
    /// Events that concern one of these parties.
    pub parties: Vec<u128>,
    /// Events of this order.
    pub order: u128,
}

impl Filter {
    /// Whether `event` is wanted.
    pub fn wants(&self, event: &Event) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.iter().any(|kind| covers(kind, &event.kind));
        let named = |party| self.parties.contains(party);
        let party = self.parties.is_empty() || event.parties.iter().any(named);
        kind && party && (self.order == 0 || self.order == event.order)
    }

    pub(crate) fn check(&self) -> Result<(), HookError> {
        if self.kinds.len() > KINDS {
            return Err(HookError::Kinds);
        }
        if self.parties.len() > PARTIES {
            return Err(HookError::Parties);
        }
        match self.kinds.iter().find(|kind| !is_kind(kind)) {
            Some(kind) => Err(HookError::Kind(kind.chars().take(KIND_BYTES).collect())),
            None => Ok(()),
        }
    }
}

fn covers(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(above) => kind.len() > above.len() && kind.starts_with(above),
        None => pattern == kind,
    }
}

fn is_kind(text: &str) -> bool {
    let word = |word: &str| {
        let letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        !word.is_empty() && word.bytes().all(letter)
    };
    let whole = text.strip_suffix(".*").unwrap_or(text);
    text.len() <= KIND_BYTES && whole.split('.').all(word)
}

#[cfg(test)]
mod tests {
    use super::{Event, Filter};

    fn event(kind: &str, parties: &[u128], order: u128) -> Event {
        let (kind, parties) = (kind.to_owned(), parties.to_vec());
        Event {
            position: 1,
            kind,
            time: 0,
            parties,
            order,
            body: Vec::new(),
        }
    }

    #[test]
    fn kinds_parties_and_orders() {
        let paid = event("order.paid", &[7, 8], 3);
        let table: &[(&[&str], &[u128], u128, bool)] = &[
            (&[], &[], 0, true),
            (&["order.paid"], &[], 0, true),
            (&["order.pai"], &[], 0, false),
            (&["order"], &[], 0, false),
            (&["order.*"], &[], 0, true),
            (&["order.paid.*"], &[], 0, false),
            (&["ord.*"], &[], 0, false),
            (&["payout.*", "order.paid"], &[], 0, true),
            (&[], &[8, 9], 0, true),
            (&[], &[9], 0, false),
            (&[], &[], 3, true),
            (&[], &[], 4, false),
            (&["order.*"], &[7], 4, false),
        ];
        for (kinds, parties, order, wanted) in table {
            let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
            let filter = Filter {
                kinds,
                parties: parties.to_vec(),
                order: *order,
            };
            assert!(filter.check().is_ok());
            assert_eq!(filter.wants(&paid), *wanted, "{filter:?}");
        }
        let kinds = vec!["order.*".to_owned()];
        let filter = Filter {
            kinds,
            ..Filter::default()
        };
        assert!(!filter.wants(&event("order.", &[], 0)));
        assert!(filter.wants(&event("order.item.sent", &[], 0)));
    }

    #[test]
    fn malformed_kinds_are_refused() {
        let long = "x".repeat(65);
        for kind in [
            "", "*", ".", "a.", ".a", "a..b", "a*", "a.*.b", "A", "a b", "a.**", &long,
        ] {
            let kinds = vec![kind.to_owned()];
            assert!(
                Filter {
                    kinds,
                    ..Filter::default()
                }
                .check()
                .is_err(),
                "{kind}"
            );
        }
        let kinds = vec!["a".to_owned(); 65];
        assert!(
            Filter {
                kinds,
                ..Filter::default()
            }
            .check()
            .is_err()
        );
        let parties = vec![1; 257];
        assert!(
            Filter {
                parties,
                ..Filter::default()
            }
            .check()
            .is_err()
        );
    }
}
