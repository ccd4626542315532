//! Pending transfers that reach their timeout.

use model::record::Expired;

use crate::State;
use crate::apply::Everything;
use crate::fact::{Fact, Sink};
use crate::past::Outcome;

impl State {
    /// The earliest deadline of an open pending transfer, in nanoseconds.
    pub fn next_deadline(&self) -> Option<u64> {
        self.books.pendings.next().map(|(deadline, _)| deadline)
    }

    /// How many open pending transfers have reached their deadline at `now`; no more than `limit`
    /// are counted.
    pub fn due(&self, now: u64, limit: usize) -> usize {
        self.books.pendings.due(now, limit)
    }

    /// Ends the pending transfers whose deadline has come at `now`, the earliest first and no more
    /// than `limit`. The `j`-th of them, from 0, happens at `first_timestamp + j`. Returns how
    /// many they were.
    ///
    /// Panics where the first would not be later than every record so far.
    pub fn expire<S: Sink>(
        &mut self,
        now: u64,
        first_timestamp: u64,
        limit: usize,
        sink: &mut S,
    ) -> usize {
        let mut timestamp = first_timestamp;
        let mut count = 0;
        while count < limit {
            let Some((_, &pending)) = self
                .books
                .pendings
                .next()
                .filter(|(deadline, _)| *deadline <= now)
            else {
                break;
            };
            assert!(timestamp > self.books.clock.last, "time only rises");
            let transfer = &pending.transfer;
            let expired = Expired {
                pending_id: transfer.id,
                debit_account_id: transfer.debit_account_id,
                credit_account_id: transfer.credit_account_id,
                amount: transfer.amount,
                flags: transfer.flags,
                timestamp,
            };
            self.books
                .apply_expired(&expired, pending.slots, Everything);
            self.group.stamp(timestamp);
            self.note_outcome(self.books.key.hash(transfer.id), transfer, Outcome::Expired);
            sink.push(Fact::Expired(&expired, pending.slots));
            timestamp += 1;
            count += 1;
        }
        count
    }
}
