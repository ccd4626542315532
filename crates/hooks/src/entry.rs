//! One subscription: what its file says, and how each outcome of a try changes it.

use std::io;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use crate::dead::{Dead, DeadLetter};
use crate::error::HookError;
use crate::event::{Event, Filter};
use crate::file;
use crate::keep;
use crate::limits::{SECRETS, SKIPPED, UNKEPT, UNKEPT_WAIT};
use crate::options::Options;
use crate::secret::Secret;
use crate::send::Failure;
use crate::sign::sign;
use crate::subscription::{Id, State, Subscription};

/// A secret, and when it ends to sign in nanoseconds since 1970; the newest never does.
#[derive(Clone)]
pub(crate) struct Signer {
    pub secret: Secret,
    pub until: Option<u64>,
}

/// What the file of a subscription says.
#[derive(Clone)]
pub(crate) struct Content {
    pub url: String,
    pub filter: Filter,
    /// Newest first.
    pub signers: Vec<Signer>,
    pub state: State,
    /// The position from which on nothing is delivered yet.
    pub next: u64,
    /// Tries of the next event that failed.
    pub tries: u32,
    /// When it is tried again.
    pub due: u64,
    /// Dead letters in a row.
    pub failing: u32,
    /// The numbers of the dead letters that are to be tried once more: from, until.
    pub again: (u64, u64),
}

/// The content, and what is not kept.
pub(crate) struct Kept {
    pub content: Content,
    pub dead: Dead,
    /// Rises whenever `next` is set from outside: what was under way then counts no more.
    pub epoch: u64,
    removed: bool,
    delivered: u64,
    failure: Option<Failure>,
    fault: Option<String>,
    /// Deliveries whose position is not kept, and since when.
    unkept: (u32, u64),
    /// The position that the file has.
    filed: u64,
    /// How often the position moved over what is not wanted since it was kept.
    skipped: u32,
}

/// Wakes the thread of a subscription. Apart from the rest: who rings never waits for the disk.
#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
}

pub(crate) struct Entry {
    pub id: Id,
    path: PathBuf,
    kept: Mutex<Kept>,
    bell: Bell,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panics")
}

impl Entry {
    pub fn new(id: Id, path: PathBuf, content: Content, dead: Dead) -> Self {
        let kept = Kept {
            filed: content.next,
            skipped: 0,
            content,
            dead,
            epoch: 0,
            removed: false,
            delivered: 0,
            failure: None,
            fault: None,
            unkept: (0, 0),
        };
        Self {
            id,
            path,
            kept: Mutex::new(kept),
            bell: Bell::default(),
        }
    }

    pub fn lock(&self) -> MutexGuard<'_, Kept> {
        locked(&self.kept)
    }

    fn failed(&self, error: io::Error) -> HookError {
        HookError::Io(self.path.clone(), error)
    }

    /// Puts `content` on the disk and then in force: a failure changes nothing.
    pub fn put(&self, kept: &mut Kept, content: Content) -> Result<(), HookError> {
        let bytes = file::encode(&content);
        keep::replace(&self.path, &bytes).map_err(|error| self.failed(error))?;
        kept.filed = content.next;
        kept.content = content;
        kept.unkept = (0, 0);
        kept.skipped = 0;
        Ok(())
    }

    /// Changes the content by hand, and has the thread look at it. `change` says whether what is
    /// under way counts no more.
    pub fn change(
        &self,
        change: impl FnOnce(&Kept, &mut Content) -> Result<Epoch, HookError>,
    ) -> Result<(), HookError> {
        let mut kept = self.lock();
        // Whoever looked the entry up before it was removed finds it gone.
        if kept.removed {
            return Err(HookError::Unknown(self.id));
        }
        let mut content = kept.content.clone();
        let epoch = change(&kept, &mut content)?;
        self.put(&mut kept, content)?;
        if epoch == Epoch::New {
            kept.epoch += 1;
        }
        drop(kept);
        self.ring();
        Ok(())
    }

    /// Removes the files and ends the thread. Dying in between leaves letters without a
    /// subscription; the next start removes them.
    pub fn remove(&self, dead: &std::path::Path) -> Result<(), HookError> {
        let mut kept = self.lock();
        keep::remove(&self.path).map_err(|error| self.failed(error))?;
        kept.removed = true;
        let removed = keep::remove(dead);
        drop(kept);
        self.ring();
        removed.map_err(|error| HookError::Io(dead.to_owned(), error))
    }

    pub fn told(&self) -> Subscription {
        let kept = self.lock();
        let content = &kept.content;
        let (dead, dropped) = kept.dead.count();
        Subscription {
            id: self.id,
            url: content.url.clone(),
            filter: content.filter.clone(),
            state: content.state,
            next: content.next,
            tries: content.tries,
            due: content.due,
            failure: kept.failure.map(|failure| failure.to_string()),
            dead,
            dropped,
            delivered: kept.delivered,
            fault: kept.fault.clone(),
        }
    }

    /// The value of `webhook-signature`.
    pub fn sign(&self, id: &str, now: u64, body: &[u8]) -> String {
        // Not under the lock: an fsync may hold it, and a body takes its time.
        let signers = self.lock().content.signers.clone();
        let due = signers
            .iter()
            .filter(|signer| signer.until.is_none_or(|until| now < until));
        sign(
            due.map(|signer| &signer.secret),
            id,
            now / 1_000_000_000,
            body,
        )
    }
}

/// What the thread of a subscription is to do.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub active: bool,
    /// The position from which on nothing is delivered yet.
    pub next: u64,
    /// When it is tried.
    pub due: u64,
    pub epoch: u64,
    /// The number and the position of the dead letter that is to be tried once more.
    pub letter: Option<(u64, u64)>,
    /// Dead letters were to be tried once more, and all were.
    pub ended: bool,
}

/// Whether what is under way counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Epoch {
    /// It does.
    Same,
    /// It does not.
    New,
}

/// The thread's part.
impl Entry {
    pub fn ring(&self) {
        *locked(&self.bell.rung) = true;
        self.bell.heard.notify_all();
    }

    /// What rings from here on is heard by the next [`wait`](Self::wait).
    pub fn listen(&self) {
        *locked(&self.bell.rung) = false;
    }

    /// Waits for the bell, and for `most` at most.
    pub fn wait(&self, most: Option<Duration>) {
        let rung = locked(&self.bell.rung);
        let heard = &self.bell.heard;
        match most {
            Some(most) => drop(heard.wait_timeout_while(rung, most, |rung| !*rung)),
            None => drop(heard.wait_while(rung, |rung| !*rung)),
        }
    }

    /// What is to be done; `None` if the subscription was removed.
    pub fn plan(&self) -> Option<Plan> {
        let kept = self.lock();
        let Content {
            state,
            next,
            due,
            again,
            ..
        } = kept.content;
        let letter = kept.dead.first(again.0, again.1);
        let letter = letter.map(|(number, letter)| (number, letter.position));
        let active = state == State::Active;
        let ended = letter.is_none() && again.0 < again.1;
        let plan = Plan {
            active,
            next,
            due,
            epoch: kept.epoch,
            letter,
            ended,
        };
        (!kept.removed).then_some(plan)
    }

    pub fn url(&self) -> String {
        self.lock().content.url.clone()
    }

    pub fn filter(&self) -> Filter {
        self.lock().content.filter.clone()
    }

    pub fn fault(&self, error: &HookError) {
        self.lock().fault = Some(error.to_string());
    }

    /// The thread begins.
    pub fn begin(&self) {
        self.lock().fault = None;
    }

    /// Nothing up to `next` is wanted. That is kept with whatever is kept next: reading over it
    /// once more does no harm, as long as it is not too much.
    pub fn skip(&self, epoch: u64, next: u64) -> Result<(), HookError> {
        let mut kept = self.lock();
        if kept.epoch != epoch || next <= kept.content.next {
            return Ok(());
        }
        kept.content.next = next;
        kept.skipped += 1;
        if kept.skipped >= SKIPPED {
            self.keep_locked(&mut kept)
        } else {
            Ok(())
        }
    }

    /// An event was delivered.
    pub fn delivered(&self, epoch: u64, position: u64, now: u64) -> Result<(), HookError> {
        let mut kept = self.lock();
        kept.delivered += 1;
        kept.failure = None;
        kept.content.failing = 0;
        if kept.epoch != epoch {
            return Ok(());
        }
        kept.content.next = position.saturating_add(1);
        kept.content.tries = 0;
        kept.content.due = 0;
        let (count, since) = kept.unkept;
        kept.unkept = (count + 1, if count == 0 { now } else { since });
        if kept.unkept.0 >= UNKEPT {
            self.keep_locked(&mut kept)
        } else {
            Ok(())
        }
    }

    /// A try failed: it is retried, or becomes a dead letter, or ends the subscription.
    pub fn tried(
        &self,
        epoch: u64,
        event: &Event,
        (failure, now): (Failure, u64),
        options: &Options,
    ) -> Result<(), HookError> {
        let mut kept = self.lock();
        kept.failure = Some(failure);
        if kept.epoch != epoch || kept.removed {
            return Ok(());
        }
        let mut content = kept.content.clone();
        content.tries = content.tries.saturating_add(1);
        let waits = options.retries.get(content.tries as usize - 1);
        match (failure, waits) {
            (Failure::Status(410, _), _) => {
                (content.tries, content.due) = (0, 0);
                content.state = State::Gone;
                tracing::warn!(subscription = %self.id, "gone: disabled");
            }
            (failure, Some(wait)) if failure != Failure::TooLarge => {
                let wait = jittered(*wait, options, failure)?;
                content.due = now.saturating_add(nanoseconds(wait));
            }
            _ => self.bury(&mut kept, &mut content, event, now)?,
        }
        if options.disable_after > 0 && content.failing >= options.disable_after {
            content.failing = 0;
            content.state = State::Failing;
            tracing::warn!(subscription = %self.id, "too many dead letters in a row: disabled");
        }
        self.put(&mut kept, content)
    }

    /// The letter is on the disk before the position moves on. Dying in between leaves an event
    /// that is dead and next: it is tried once more and stays dead once.
    fn bury(
        &self,
        kept: &mut Kept,
        content: &mut Content,
        event: &Event,
        now: u64,
    ) -> Result<(), HookError> {
        let reason = kept
            .failure
            .map(|failure| failure.to_string())
            .unwrap_or_default();
        let (position, kind) = (event.position, event.kind.clone());
        let tries = content.tries;
        tracing::warn!(subscription = %self.id, position, tries, %reason, "dead letter");
        kept.dead.add(DeadLetter {
            position,
            kind,
            time: now,
            tries,
            reason,
        })?;
        content.next = position.saturating_add(1);
        (content.tries, content.due) = (0, 0);
        content.failing = content.failing.saturating_add(1);
        Ok(())
    }

    /// A dead letter was tried once more.
    pub fn tried_again(&self, number: u64, outcome: Result<(), Failure>) -> Result<(), HookError> {
        let mut kept = self.lock();
        if kept.removed {
            return Ok(());
        }
        kept.content.again.0 = kept.content.again.0.max(number.saturating_add(1));
        match outcome {
            Ok(()) => {
                kept.delivered += 1;
                kept.failure = None;
                kept.content.failing = 0;
                kept.dead.take(number)
            }
            Err(failure) => {
                kept.failure = Some(failure);
                let mut content = kept.content.clone();
                if matches!(failure, Failure::Status(410, _)) {
                    content.state = State::Gone;
                    content.again.0 = number;
                }
                self.put(&mut kept, content)
            }
        }
    }

    /// All letters that were to be tried once more were.
    pub fn end_again(&self) -> Result<(), HookError> {
        let mut kept = self.lock();
        let mut content = kept.content.clone();
        let (from, until) = content.again;
        // More may have been asked for since.
        if kept.removed || kept.dead.first(from, until).is_some() {
            return Ok(());
        }
        content.again = (until, until);
        self.put(&mut kept, content)
    }

    /// Keeps the position if that is due. Returns when it will be.
    pub fn keep_due(&self, now: u64) -> Result<Option<Duration>, HookError> {
        let mut kept = self.lock();
        let (count, since) = kept.unkept;
        if count == 0 {
            return Ok(None);
        }
        let old = Duration::from_nanos(now.saturating_sub(since));
        match UNKEPT_WAIT.checked_sub(old) {
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => self.keep_locked(&mut kept).map(|()| None),
        }
    }

    /// Keeps the position.
    pub fn keep(&self) -> Result<(), HookError> {
        let mut kept = self.lock();
        if kept.filed == kept.content.next {
            Ok(())
        } else {
            self.keep_locked(&mut kept)
        }
    }

    fn keep_locked(&self, kept: &mut Kept) -> Result<(), HookError> {
        if kept.removed {
            return Ok(());
        }
        let content = kept.content.clone();
        self.put(kept, content)
    }
}

impl Content {
    /// A new secret signs; those before it do until `until`, except what has ended by `now`.
    pub fn rotate(&mut self, secret: Secret, now: u64, until: u64) {
        for signer in &mut self.signers {
            signer.until = Some(signer.until.map_or(until, |before| before.min(until)));
        }
        self.signers
            .retain(|signer| signer.until.is_some_and(|until| now < until));
        self.signers.insert(
            0,
            Signer {
                secret,
                until: None,
            },
        );
        self.signers.truncate(SECRETS);
    }
}

/// A fifth more or less by chance, so that many failures of one moment do not come again as one;
/// what the receiver asks for, if that is longer, up to the longest wait there is.
fn jittered(wait: Duration, options: &Options, failure: Failure) -> Result<Duration, HookError> {
    let chance = getrandom::u32().map_err(|error| HookError::System(error.into()))? % 401;
    let wait = wait * (800 + chance) / 1_000;
    let longest = options.retries.iter().max().copied().unwrap_or_default();
    let asked = match failure {
        Failure::Status(_, Some(asked)) => asked.min(longest),
        _ => Duration::ZERO,
    };
    Ok(wait.max(asked))
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
