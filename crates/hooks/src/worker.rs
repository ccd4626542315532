//! The thread of one subscription.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::entry::{Entry, Plan};
use crate::error::HookError;
use crate::event::{Event, Filter, Source, Stretch};
use crate::limits::{BATCH, BODY_BYTES};
use crate::options::Options;
use crate::send::{Failure, Message, Sender};

/// What all threads share.
pub(crate) struct Work {
    pub source: Arc<dyn Source>,
    /// Nanoseconds since 1970.
    pub clock: fn() -> u64,
    pub options: Options,
    pub sender: Sender,
    pub stopped: AtomicBool,
}

impl Work {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.sender.close();
    }
}

/// What comes after a turn.
enum Step {
    /// The next one.
    Go,
    /// The next one when the bell rings, or after so long.
    Wait(Option<Duration>),
    /// Nothing.
    End,
}

struct Worker<'a> {
    entry: &'a Entry,
    work: &'a Work,
    /// What was read and is wanted.
    events: VecDeque<Event>,
    /// The position behind the last event that was read.
    through: u64,
    /// When it was read, as the entry counts.
    epoch: u64,
    /// The books failed the last time they were asked.
    unread: bool,
}

/// Delivers until the work is stopped, the subscription removed or its files cannot be written.
pub(crate) fn run(entry: &Entry, work: &Work) {
    entry.begin();
    let events = VecDeque::new();
    let mut worker = Worker {
        entry,
        work,
        events,
        through: 0,
        epoch: u64::MAX,
        unread: false,
    };
    let outcome = loop {
        match worker.turn() {
            Ok(Step::Go) => {}
            Ok(Step::Wait(most)) => entry.wait(most),
            Ok(Step::End) => break entry.keep(),
            Err(error) => break Err(error),
        }
    };
    if let Err(error) = outcome {
        tracing::error!(subscription = %entry.id, %error, "delivery has ended");
        entry.fault(&error);
    }
}

impl Worker<'_> {
    fn turn(&mut self) -> Result<Step, HookError> {
        // Before anything is looked at: what changes from here on rings.
        self.entry.listen();
        let now = (self.work.clock)();
        let left = self.entry.keep_due(now)?;
        let Some(plan) = self.entry.plan().filter(|_| !self.work.is_stopped()) else {
            return Ok(Step::End);
        };
        if !plan.active {
            self.forget();
            self.entry.keep()?;
            return Ok(Step::Wait(None));
        }
        let soonest = |wait: Duration| Step::Wait(Some(left.map_or(wait, |left| left.min(wait))));
        if let Some(wait) = self.held(plan.due, now) {
            return Ok(soonest(wait));
        }
        match self.fill(&plan) {
            Ok(true) => self.deliver(&plan),
            Ok(false) => self.idle(&plan, soonest(self.work.options.poll)),
            Err(Unread) => Ok(soonest(self.work.options.poll)),
        }
    }

    /// How long the next event still waits. A clock that was set back does not hold it for longer
    /// than any schedule does.
    fn held(&self, due: u64, now: u64) -> Option<Duration> {
        let longest = self
            .work
            .options
            .retries
            .iter()
            .max()
            .copied()
            .unwrap_or_default();
        let wait = Duration::from_nanos(due.saturating_sub(now));
        (!wait.is_zero() && wait <= longest * 6 / 5).then_some(wait)
    }

    fn forget(&mut self) {
        self.events.clear();
        self.epoch = u64::MAX;
    }

    /// Whether anything has been read that is to be delivered or skipped.
    fn fill(&mut self, plan: &Plan) -> Result<bool, Unread> {
        if self.epoch != plan.epoch {
            self.events.clear();
            self.epoch = plan.epoch;
            self.through = plan.next;
        }
        while self
            .events
            .front()
            .is_some_and(|event| event.position < plan.next)
        {
            self.events.pop_front();
        }
        if !self.events.is_empty() {
            return Ok(true);
        }
        let from = self.through.max(plan.next);
        let stretch = self.read(from, BATCH, &self.entry.filter())?;
        self.events = stretch.events.into();
        self.through = stretch.next.max(from);
        Ok(self.through > from)
    }

    fn read(&mut self, from: u64, limit: usize, filter: &Filter) -> Result<Stretch, Unread> {
        match self.work.source.read(from, limit, filter) {
            Ok(stretch) => {
                self.unread = false;
                Ok(stretch)
            }
            Err(error) => {
                if !self.unread {
                    tracing::warn!(subscription = %self.entry.id, %error, "no events read");
                }
                self.unread = true;
                Err(Unread)
            }
        }
    }

    fn deliver(&mut self, plan: &Plan) -> Result<Step, HookError> {
        let Some(event) = self.events.front() else {
            self.entry.skip(plan.epoch, self.through)?;
            return Ok(Step::Go);
        };
        let outcome = self.post(event);
        // The clock again: a try may take as long as the timeout.
        let now = (self.work.clock)();
        match outcome {
            Ok(()) => self.entry.delivered(plan.epoch, event.position, now)?,
            // Closing breaks requests off; that is no failure of theirs.
            Err(_) if self.work.is_stopped() => {}
            Err(failure) => {
                self.entry
                    .tried(plan.epoch, event, (failure, now), &self.work.options)?;
                // Hours may pass, and the books may erase it meanwhile: it is read again.
                self.forget();
            }
        }
        Ok(Step::Go)
    }

    fn post(&self, event: &Event) -> Result<(), Failure> {
        if event.body.len() > BODY_BYTES {
            return Err(Failure::TooLarge);
        }
        let id = message_id(self.entry, event.position);
        let now = (self.work.clock)();
        let signature = self.entry.sign(&id, now, &event.body);
        let timestamp = now / 1_000_000_000;
        let (signature, body) = (&signature[..], &event.body[..]);
        self.work.sender.post(
            &self.entry.url(),
            &Message {
                id: &id,
                timestamp,
                signature,
                body,
            },
        )
    }

    /// Nothing is new: time for a dead letter, if one is to be tried once more.
    fn idle(&mut self, plan: &Plan, wait: Step) -> Result<Step, HookError> {
        let Some((number, position)) = plan.letter else {
            if plan.ended {
                self.entry.end_again()?;
            }
            return Ok(wait);
        };
        let Ok(stretch) = self.read(position, 1, &Filter::default()) else {
            return Ok(wait);
        };
        let outcome = match stretch
            .events
            .first()
            .filter(|event| event.position == position)
        {
            Some(event) => self.post(event),
            // The books have erased it: nobody can deliver it any more.
            None => Ok(()),
        };
        if outcome.is_ok() || !self.work.is_stopped() {
            self.entry.tried_again(number, outcome)?;
        }
        Ok(Step::Go)
    }
}

/// The books gave no answer.
struct Unread;

/// The same for every try, and for no other event or subscription; without a dot.
fn message_id(entry: &Entry, position: u64) -> String {
    format!("msg_{}_{position}", entry.id)
}
