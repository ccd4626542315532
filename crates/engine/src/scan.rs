//! Queries over all accounts, a stretch at a time between batches.

use machine::State;
use model::limits::BATCH_EVENTS;
use model::{Account, QueryFilter, query_filter_flags};

use crate::request::{Answer, Reply};

/// Accounts looked at between two batches.
const STRETCH: u32 = 1 << 16;

/// One query of accounts under way.
pub(crate) struct Scan {
    filter: QueryFilter,
    reply: Reply<Vec<Account>>,
    /// Slots still to be looked at; accounts opened later are not asked for.
    from: u32,
    to: u32,
    found: Vec<u32>,
}

impl Scan {
    pub(crate) fn new(state: &State, filter: QueryFilter, reply: Reply<Vec<Account>>) -> Self {
        let (from, to) = if filter.is_valid() {
            slots(state, &filter)
        } else {
            (0, 0)
        };
        Self {
            filter,
            reply,
            from,
            to,
            found: Vec::new(),
        }
    }

    /// Looks at some more accounts; true once the answer is complete.
    pub(crate) fn advance(&mut self, state: &State) -> bool {
        let limit = (self.filter.limit as usize).min(BATCH_EVENTS);
        let reversed = self.filter.flags & query_filter_flags::REVERSED != 0;
        for _ in 0..STRETCH {
            if self.from >= self.to || self.found.len() >= limit {
                return true;
            }
            let slot = if reversed { self.to - 1 } else { self.from };
            if matches(&self.filter, state.account_at(slot)) {
                self.found.push(slot);
            }
            if reversed {
                self.to -= 1;
            } else {
                self.from += 1;
            }
        }
        false
    }

    /// The accounts found, all as they are at one moment.
    pub(crate) fn answer(self, state: &State) -> Answer {
        let accounts = self
            .found
            .iter()
            .map(|slot| *state.account_at(*slot))
            .collect();
        Answer::Accounts(self.reply, accounts)
    }
}

/// The slots of the accounts within the filter's times: timestamps rise with slots.
fn slots(state: &State, filter: &QueryFilter) -> (u32, u32) {
    let first_after = |time: u64| {
        let (mut low, mut high) = (0, state.account_count() as u32);
        while low < high {
            let middle = low + (high - low) / 2;
            if state.account_at(middle).timestamp < time {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    };
    let to = match filter.timestamp_max {
        0 => state.account_count() as u32,
        max => first_after(max + 1),
    };
    (first_after(filter.timestamp_min), to)
}

fn matches(filter: &QueryFilter, account: &Account) -> bool {
    (filter.user_data_128 == 0 || filter.user_data_128 == account.user_data_128)
        && (filter.user_data_64 == 0 || filter.user_data_64 == account.user_data_64)
        && (filter.user_data_32 == 0 || filter.user_data_32 == account.user_data_32)
        && (filter.ledger == 0 || filter.ledger == account.ledger)
        && (filter.code == 0 || filter.code == account.code)
}
