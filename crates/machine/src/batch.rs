//! One batch: the order of its events, its linked chains, its times.

use model::EventResult;
use model::record::Failed;

use crate::State;
use crate::fact::{Fact, Sink};
use crate::past::Recalled;

/// Code of what was created, the same for accounts and transfers.
pub(crate) const CREATED: u32 = model::CreateTransferStatus::Created.code();

/// Events whose ids are looked up ahead of judging them.
pub(crate) const AHEAD: usize = 64;

/// Timestamps are below this: 2^63.
const END_OF_TIME: u64 = 1 << 63;

/// What a batch is judged by, beside the state.
#[derive(Clone, Copy)]
pub(crate) struct Turn<'a> {
    /// What is on disk.
    pub(crate) past: &'a Recalled,
    /// Time of the batch; while an event is judged, of the event.
    pub(crate) time: u64,
}

/// Why an event is not created.
pub(crate) struct Refused {
    /// Code of the status.
    pub(crate) code: u32,
    /// Timestamp of what exists already.
    pub(crate) existing: Option<u64>,
    /// Whether the reason is a transient one, so that the id is burned.
    pub(crate) burns: bool,
}

/// Codes of the statuses that are judged alike for accounts and transfers.
pub(crate) struct Codes {
    pub(crate) chain_failed: u32,
    pub(crate) chain_open: u32,
    pub(crate) imported_expected: u32,
    pub(crate) imported_not_expected: u32,
    pub(crate) timestamp_must_be_zero: u32,
    pub(crate) timestamp_out_of_range: u32,
    pub(crate) timestamp_must_not_advance: u32,
}

/// An event of a batch.
pub(crate) trait Event: Sized {
    const CODES: Codes;

    /// What is looked up ahead for an event.
    type Ahead: Copy;
    const NOTHING_AHEAD: Self::Ahead;

    fn id(&self) -> u128;
    fn is_linked(&self) -> bool;
    fn is_imported(&self) -> bool;
    fn timestamp(&self) -> u64;

    /// Looks up ahead for `events`, at most [`AHEAD`].
    fn look_ahead(state: &State, events: &[Self], ahead: &mut [Self::Ahead; AHEAD]);

    /// Judges an event that is to happen at `turn.time`; where it is good, applies it, pushes its
    /// fact and returns its timestamp. One that is refused has changed nothing.
    fn judge<S: Sink>(
        &self,
        state: &mut State,
        turn: Turn<'_>,
        ahead: Self::Ahead,
        sink: &mut S,
    ) -> Result<u64, Refused>;
}

/// A chain that the event being judged belongs to.
struct Chain<M> {
    /// Index of its first result.
    first: usize,
    mark: M,
    broken: bool,
}

/// Judges `events` in order and adds a result for each.
pub(crate) fn run<E: Event, S: Sink>(
    state: &mut State,
    turn: Turn<'_>,
    events: &[E],
    sink: &mut S,
    results: &mut Vec<EventResult>,
) {
    let count = events.len() as u64;
    assert!(turn.time < END_OF_TIME, "time ends");
    let before = turn.time.checked_sub(count);
    let before = before.expect("a batch has a moment for each event");
    assert!(before >= state.books.clock.last, "time only rises");
    results.reserve(events.len());
    let mut batch = Batch {
        turn,
        before,
        imported: events.first().is_some_and(E::is_imported),
        chain: None,
        sink,
        results,
    };
    let mut ahead = [E::NOTHING_AHEAD; AHEAD];
    for (block, events_ahead) in events.chunks(AHEAD).enumerate() {
        E::look_ahead(state, events_ahead, &mut ahead);
        for (i, event) in events_ahead.iter().enumerate() {
            let number = (block * AHEAD + i + 1) as u64;
            batch.step(state, event, number, ahead[i]);
        }
    }
}

struct Batch<'a, S: Sink> {
    turn: Turn<'a>,
    /// The moment before the first event.
    before: u64,
    imported: bool,
    chain: Option<Chain<S::Mark>>,
    sink: &'a mut S,
    results: &'a mut Vec<EventResult>,
}

impl<S: Sink> Batch<'_, S> {
    #[inline]
    fn step<E: Event>(&mut self, state: &mut State, event: &E, number: u64, ahead: E::Ahead) {
        let time = self.before + number;
        let linked = event.is_linked();
        let last = time == self.turn.time;
        if linked && self.chain.is_none() {
            state.open_chain();
            self.chain = Some(Chain {
                first: self.results.len(),
                mark: self.sink.mark(),
                broken: false,
            });
        }
        let verdict = match self.check(event, last) {
            Ok(()) => {
                let turn = Turn { time, ..self.turn };
                event.judge(state, turn, ahead, self.sink)
            }
            Err(code) => Err(Refused {
                code,
                existing: None,
                burns: false,
            }),
        };
        match verdict {
            Ok(timestamp) => self.result(timestamp, CREATED),
            Err(refused) => self.refuse::<E>(state, event.id(), time, &refused),
        }
        if self.chain.is_some() && (!linked || last) {
            state.keep_chain();
            self.chain = None;
        }
    }

    /// What stands in the way before the event itself is looked at.
    #[inline]
    fn check<E: Event>(&self, event: &E, last: bool) -> Result<(), u32> {
        if last && event.is_linked() {
            return Err(E::CODES.chain_open);
        }
        if self.chain.as_ref().is_some_and(|chain| chain.broken) {
            return Err(E::CODES.chain_failed);
        }
        match (self.imported, event.is_imported()) {
            (true, false) => Err(E::CODES.imported_expected),
            (false, true) => Err(E::CODES.imported_not_expected),
            (false, false) if event.timestamp() != 0 => Err(E::CODES.timestamp_must_be_zero),
            (false, false) => Ok(()),
            (true, true) => match event.timestamp() {
                0 | END_OF_TIME.. => Err(E::CODES.timestamp_out_of_range),
                timestamp if timestamp > self.before => Err(E::CODES.timestamp_must_not_advance),
                _ => Ok(()),
            },
        }
    }

    #[cold]
    fn refuse<E: Event>(&mut self, state: &mut State, id: u128, time: u64, refused: &Refused) {
        if let Some(chain) = self.chain.as_mut().filter(|chain| !chain.broken) {
            chain.broken = true;
            state.rewind_chain();
            self.sink.rewind(chain.mark);
            for result in &mut self.results[chain.first..] {
                result.status = E::CODES.chain_failed;
            }
        }
        self.result(refused.existing.unwrap_or(time), refused.code);
        if let Some(number) = state.found_refused(refused.code)
            && let Some(result) = self.results.last_mut()
        {
            result.reserved = number as u32;
        }
        // After the chain was taken back, so that the id stays burned.
        if refused.burns {
            let failed = Failed {
                id,
                status: refused.code,
                timestamp: time,
            };
            state.books.apply_failed(&failed);
            state.group.stamp(time);
            let hash = state.books.key.hash(id);
            state.group.fail(hash, state.books.key, id);
            self.sink.push(Fact::Failed(&failed));
        }
    }

    #[inline]
    fn result(&mut self, timestamp: u64, status: u32) {
        self.results.push(EventResult {
            timestamp,
            status,
            reserved: 0,
        });
    }
}
