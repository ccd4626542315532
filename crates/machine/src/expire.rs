//! Pending transfers that reach their timeout.

use model::CommandResult;
use model::record::Expired;

use crate::State;
use crate::acts;
use crate::apply::Everything;
use crate::deed::Work;
use crate::fact::{Fact, Sink};
use crate::past::{Outcome, Recalled};

/// Moments that one object takes at most when its time has come.
pub const RING_MOMENTS: usize = 16;

/// How long what cannot be done is put off, in nanoseconds.
const PUT_OFF: u64 = 3_600_000_000_000;

impl State {
    /// The earliest deadline of an open pending transfer, in nanoseconds.
    pub fn next_deadline(&self) -> Option<u64> {
        let pending = self.books.pendings.next().map(|(deadline, _)| deadline);
        let object = self.books.business.next_deadline();
        pending.into_iter().chain(object).min()
    }

    /// How many open pending transfers have reached their deadline at `now`; no more than `limit`
    /// are counted.
    pub fn due(&self, now: u64, limit: usize) -> usize {
        self.books.pendings.due(now, limit)
    }

    /// How many objects of the platform have reached their deadline at `now`; no more than `limit`
    /// are counted.
    pub fn rings(&self, now: u64, limit: usize) -> usize {
        self.books.business.due(now, limit)
    }

    /// Does what time brings about for the object with the earliest deadline, which has come.
    /// `time` is its last moment; the [`RING_MOMENTS`] up to it are later than every record so far.
    /// What cannot be done is put off for an hour.
    pub fn ring<S: Sink>(&mut self, time: u64, sink: &mut S) {
        let Some((_, object)) = self.books.business.next() else {
            return;
        };
        let moments = (time + 1 - RING_MOMENTS as u64, time);
        let nothing = Recalled::default();
        let about = (0, object.key().0);
        self.open_chain();
        let mark = sink.mark();
        let mut work = Work::new(self, &nothing, sink, moments, about);
        let Err(refusal) = acts::ring(&mut work, &object) else {
            self.keep_chain();
            return;
        };
        self.rewind_chain();
        sink.rewind(mark);
        let refused = CommandResult {
            status: refusal.status.code(),
            ..CommandResult::default()
        };
        self.found_in(refused);
        let mut work = Work::new(self, &nothing, sink, moments, about);
        let later = time.saturating_add(PUT_OFF);
        acts::put_off(&mut work, &object, later, refusal.status);
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
