//! The writer: the one thread that decides.
//!
//! ```text
//! requests -> gather a group -> recall what the books hold under its ids -> decide in order
//!          -> give the frame its place -> committer (answers wait there)
//! ```
//!
//! While the committer syncs, requests gather in the queue: under load groups grow by themselves.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, TrySendError, channel,
};
use std::time::Duration;

use machine::{LINE_MOMENTS, LOOK_MOMENTS, LedgerOutcome, RING_MOMENTS, Recalled, State};
use model::batch::Counts;
use model::limits::{BATCH_EVENTS, BATCH_EXPIRIES, BATCH_RINGS};
use model::{Currency, EventResult};
use store::index::Index;
use store::log::Cursor;

use crate::clock::Clock;
use crate::commit::Group;
use crate::draft::Draft;
use crate::limits::{
    GROUP_REQUESTS, RECORDS_BETWEEN, RECORDS_PER_TAIL, RECORDS_RECENT, TAILS_WAITING,
};
use crate::recall::Recall;
use crate::request::{Answer, LedgerAnswer, Refused, Request};
use crate::scan::Scan;
use crate::shared::Shared;
use crate::snapshots::{Job, Progress};
use crate::trial::Trial;

/// How long the writer waits for the snapshotter when nobody asks.
const SNAPSHOTTER_BUSY: Duration = Duration::from_millis(1);

/// How long the writer sleeps at most when nobody asks.
const IDLE: Duration = Duration::from_secs(1);

pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) state: State,
    pub(crate) clock: Clock,
    /// Time of the last event.
    pub(crate) time: u64,
    pub(crate) cursor: Cursor,
    /// Records applied to the state.
    pub(crate) records: u64,
    /// Records since the tail of the index began.
    pub(crate) in_tail: u64,
    pub(crate) recall: Recall,
    pub(crate) index: Arc<Index>,
    pub(crate) requests: Receiver<Request>,
    pub(crate) groups: SyncSender<Group>,
    pub(crate) drafts: Receiver<Box<Draft>>,
    pub(crate) spare: Option<Box<Draft>>,
    pub(crate) snapshots: SyncSender<Job>,
    pub(crate) progress: Progress,
    pub(crate) recalled: Recalled,
    pub(crate) held: Option<Request>,
    /// Who waits for a snapshot, and the records when they asked.
    pub(crate) snapshot_wanted: Vec<(u64, Sender<()>)>,
    pub(crate) scans: VecDeque<Scan>,
    pub(crate) trials: VecDeque<Trial>,
}

/// What the requests of one group made.
struct Decided {
    draft: Box<Draft>,
    answers: Vec<Answer>,
    closing: Option<Request>,
}

impl Writer {
    /// Serves requests until it is told to close or all handles are gone.
    pub(crate) fn run(mut self) {
        let mut gathered = Vec::new();
        loop {
            let open = self.gather(&mut gathered);
            let closing = match self.group(&mut gathered) {
                Ok(closing) => closing,
                Err(why) => {
                    self.shared.fail(&why);
                    return self.refuse_all(gathered);
                }
            };
            if closing.is_some() || !open {
                return self.close(closing);
            }
            self.advance_snapshot();
            self.serve_snapshot_wanted();
        }
    }

    /// Begins a snapshot for those who want one, unless the last is recent enough, and tells them
    /// when it is on the disk.
    fn serve_snapshot_wanted(&mut self) {
        let Progress::Idle { last } = self.progress else {
            return;
        };
        let recent = |asked: u64| asked - last.min(asked) < RECORDS_RECENT;
        for (_, done) in self
            .snapshot_wanted
            .extract_if(.., |(asked, _)| recent(*asked))
        {
            // A snapshotter that has ended has failed, which those who wait will see.
            let _ = self.snapshots.send(Job::Barrier(done));
        }
        if !self.snapshot_wanted.is_empty() {
            let mut group = Group::empty(self.cursor.next, self.time);
            self.announce_snapshot(&mut group);
            let _ = self.groups.send(group);
        }
    }

    /// Waits for a request and takes what else is there, up to a full batch; false once nobody
    /// can ask any more.
    fn gather(&mut self, gathered: &mut Vec<Request>) -> bool {
        let first = match self.held.take() {
            Some(request) => request,
            None => match self.requests.recv_timeout(self.patience()) {
                Ok(request) => request,
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            },
        };
        let mut weight = first.weight();
        gathered.push(first);
        while gathered.len() < GROUP_REQUESTS {
            match self.requests.try_recv() {
                Ok(request) if weight + request.weight() <= BATCH_EVENTS => {
                    weight += request.weight();
                    gathered.push(request);
                }
                Ok(request) => {
                    self.held = Some(request);
                    break;
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        self.shared
            .counters
            .queued
            .fetch_sub(gathered.len() as u64, Ordering::Relaxed);
        true
    }

    /// How long to wait for a request: until the next deadline, or not at all while there is
    /// work that goes on beside requests.
    fn patience(&self) -> Duration {
        if !self.scans.is_empty() || !self.trials.is_empty() {
            return Duration::ZERO;
        }
        if !self.snapshot_wanted.is_empty() {
            return SNAPSHOTTER_BUSY;
        }
        match &self.progress {
            Progress::Copying { held: None, .. } => return Duration::ZERO,
            Progress::Copying { .. } => return SNAPSHOTTER_BUSY,
            Progress::Idle { .. } | Progress::Waiting { .. } => {}
        }
        match (&self.clock, self.state.next_deadline()) {
            (Clock::System, Some(deadline)) => IDLE.min(Duration::from_nanos(
                deadline.saturating_sub(self.clock.now()),
            )),
            _ => IDLE,
        }
    }

    /// Decides a group and sends it to the committer. The close request is handed back.
    fn group(&mut self, gathered: &mut Vec<Request>) -> Result<Option<Request>, String> {
        self.index.check().map_err(|e| format!("the index: {e}"))?;
        let mut decided = Decided {
            draft: self.fresh_draft(),
            answers: Vec::new(),
            closing: None,
        };
        let now = self.clock.now().max(self.time);
        self.expire(now, &mut decided);
        self.recall.clear();
        for request in gathered.iter() {
            match request {
                Request::CreateTransfers(events, _) => self.recall.note(&self.state, events),
                Request::Commands(commands, _) => {
                    self.recall.note_commands(&self.state, commands);
                }
                Request::Orders(lines, _) => self.recall.note_orders(lines),
                _ => {}
            }
        }
        self.recall.look_up(&mut self.recalled)?;
        for request in gathered.drain(..) {
            self.decide(request, &mut decided)?;
            self.enter_findings(&mut decided.draft);
        }
        self.state.end_group();
        self.advance_scans(&mut decided.answers);
        self.correct_trial(&decided.draft);
        self.advance_trials(&mut decided.answers);
        self.send(decided)
    }

    fn fresh_draft(&mut self) -> Box<Draft> {
        let draft = self.spare.take().or_else(|| self.drafts.try_recv().ok());
        let mut draft = draft.unwrap_or_else(|| Box::new(Draft::new(self.recall.hash)));
        draft.clear(self.cursor.next);
        draft
    }

    /// Lets the transfers expire whose time has come, some at a time: a million that are due at
    /// once are worked off batch by batch, with requests between them.
    fn expire(&mut self, now: u64, decided: &mut Decided) {
        let due = self.state.due(now, BATCH_EXPIRIES);
        if due > 0 {
            let first = self.next_time(due) - due as u64 + 1;
            self.state.expire(now, first, due, &mut *decided.draft);
        }
        for _ in 0..self.state.rings(now, BATCH_RINGS) {
            let time = self.next_time(RING_MOMENTS);
            self.state.ring(time, &mut *decided.draft);
        }
        self.enter_findings(&mut decided.draft);
    }

    fn declare(&mut self, currency: Currency, draft: &mut Draft) -> LedgerAnswer {
        let currency = Currency {
            timestamp: self.next_time(1),
            ..currency
        };
        match self.state.declare_ledger(currency, draft) {
            LedgerOutcome::Declared(declared) => LedgerAnswer::Declared(declared),
            LedgerOutcome::Exists(there) => LedgerAnswer::Exists(there),
            LedgerOutcome::Conflict(there) => LedgerAnswer::Conflict(there),
        }
    }

    /// Makes records of what rules found, in the batch of the payments.
    fn enter_findings(&mut self, draft: &mut Draft) {
        let found = self.state.findings_waiting();
        if found > 0 {
            let time = self.next_time(found);
            self.state.enter_findings(time, draft);
        }
    }

    /// The time of a batch of `events`: now, or just enough later than the last to give each
    /// event a time of its own.
    fn next_time(&mut self, events: usize) -> u64 {
        self.time = self.clock.now().max(self.time + events as u64);
        self.time
    }

    fn decide(&mut self, request: Request, decided: &mut Decided) -> Result<(), String> {
        let draft = &mut *decided.draft;
        let answer = match request {
            Request::CreateTransfers(events, reply) => {
                let time = self.next_time(events.len());
                let mut results = Vec::with_capacity(events.len());
                let past = &self.recalled;
                self.state
                    .create_transfers(past, time, &events, draft, &mut results);
                Answer::Results(reply, results)
            }
            Request::CreateAccounts(events, reply) => {
                let time = self.next_time(events.len());
                let mut results: Vec<EventResult> = Vec::with_capacity(events.len());
                let past = self.recall.times(&self.state, &events, self.cursor.next)?;
                self.state
                    .create_accounts(&past, time, &events, draft, &mut results);
                Answer::Results(reply, results)
            }
            request @ (Request::Commands(..)
            | Request::Orders(..)
            | Request::Objects(..)
            | Request::EnterRuleBook(..)
            | Request::EnterDocument(..)
            | Request::Demand(..)
            | Request::Look(..)
            | Request::RuleBook(..)
            | Request::Chart(_)) => return self.serve_platform(request, decided),
            Request::DeclareLedger(currency, reply) => {
                Answer::Ledger(reply, self.declare(currency, draft))
            }
            Request::Ledgers(reply) => {
                Answer::Ledgers(reply, self.state.currencies().copied().collect())
            }
            Request::LookupAccounts(ids, reply) => {
                let found = ids.iter().filter_map(|id| self.state.account(*id).copied());
                Answer::Accounts(reply, found.collect())
            }
            Request::Slot(id, reply) => {
                let slot = self.state.slot_of(id);
                let found = slot.map(|slot| (slot, self.state.account_at(slot).flags));
                Answer::Slot(reply, found)
            }
            Request::QueryAccounts(filter, reply) => {
                self.scans.push_back(Scan::new(&self.state, filter, reply));
                return Ok(());
            }
            Request::Trial(reply) => {
                self.trials.push_back(Trial::new(reply));
                return Ok(());
            }
            Request::SetClock(nanoseconds, reply) => {
                let time = self.clock.set(nanoseconds);
                let now = self.clock.now().max(self.time);
                while self.state.due(now, 1) + self.state.rings(now, 1) > 0 {
                    self.expire(now, decided);
                    self.correct_trial(&decided.draft);
                    let full = std::mem::replace(&mut decided.draft, self.fresh_draft());
                    let answers = std::mem::take(&mut decided.answers);
                    self.send(Decided {
                        draft: full,
                        answers,
                        closing: None,
                    })?;
                    decided.draft.clear(self.cursor.next);
                }
                Answer::Clock(reply, time)
            }
            Request::Statements(reply) => Answer::Count(reply, self.state.statements()),
            Request::Now(reply) => Answer::Count(reply, self.clock.now().max(self.time)),
            Request::Snapshot(done) => {
                self.snapshot_wanted.push((self.records, done));
                return Ok(());
            }
            Request::EnterStatement(mut lines, reply) => {
                let mut time = self.next_time(lines.len()) - lines.len() as u64;
                for line in &mut lines {
                    time += 1;
                    line.timestamp = time;
                }
                self.state.enter_statement(&lines, draft);
                Answer::Done(reply)
            }
            Request::EnterErasures(mut erasures, reply) => {
                for erasure in &mut erasures {
                    erasure.timestamp = self.next_time(1);
                    self.state.enter_erasure(erasure, draft);
                }
                Answer::Done(reply)
            }
            Request::Close(reply) => {
                decided.closing = Some(Request::Close(reply));
                return Ok(());
            }
        };
        decided.answers.push(answer);
        Ok(())
    }

    /// Answers what is asked of the platform.
    fn serve_platform(&mut self, request: Request, decided: &mut Decided) -> Result<(), String> {
        let draft = &mut *decided.draft;
        let answer = match request {
            Request::Commands(commands, reply) => {
                let mut results = Vec::with_capacity(commands.len());
                for command in &commands {
                    let time = self.next_time(State::moments(command));
                    let past = &self.recalled;
                    results.push(self.state.command(past, time, command, draft));
                }
                Answer::Commands(reply, results)
            }
            Request::Orders(lines, reply) => {
                let time = self.next_time(lines.len() * LINE_MOMENTS);
                let mut results = Vec::with_capacity(lines.len());
                let past = &self.recalled;
                self.state
                    .create_orders(past, time, &lines, draft, &mut results);
                Answer::Commands(reply, results)
            }
            Request::Objects(asked, reply) => {
                let found = asked.iter().map(|asked| self.state.object(*asked));
                Answer::Objects(reply, found.collect())
            }
            Request::Chart(reply) => Answer::Chart(reply, self.state.chart()),
            Request::EnterRuleBook(entry, reply) => {
                let time = self.next_time(entry.moments());
                let entered = self.state.enter_rule_book(time, &entry, draft);
                Answer::EnteredRuleBook(reply, Box::new(entered))
            }
            Request::EnterDocument(signed, reply) => {
                let time = self.next_time(signed.moments());
                let entered = self.state.enter_document(time, &signed, draft);
                Answer::EnteredDocument(reply, Box::new(entered))
            }
            Request::Demand(request, reply) => {
                let time = self.next_time(request.moments());
                let entered = request.decide(&mut self.state, time, draft);
                Answer::Demand(reply, Box::new(entered))
            }
            Request::Look(look, reply) => {
                let time = self.next_time(LOOK_MOMENTS);
                let looked = self.state.look(time, &look, draft);
                Answer::Looked(reply, looked)
            }
            Request::RuleBook(version, reply) => {
                let now = self.clock.now().max(self.time);
                let found = match version {
                    Some(version) => self.state.rule_book(version),
                    None => self.state.rule_book_at(now),
                };
                let found = found.map(|(head, book)| (head, book.clone()));
                Answer::RuleBook(reply, found.map(Box::new))
            }
            _ => return Err("it is none of the platform".to_owned()),
        };
        decided.answers.push(answer);
        Ok(())
    }

    /// Gives the batch its place in the log and sends it on.
    fn send(&mut self, decided: Decided) -> Result<Option<Request>, String> {
        let Decided {
            mut draft,
            answers,
            closing,
        } = decided;
        let mut group = Group::empty(self.cursor.next, self.time);
        group.answers = answers;
        let records = draft.frame.records() as u64;
        if records > 0 {
            group.at = self.cursor.place(draft.frame.frame_len() as u64);
            group.end = self.cursor.next;
            draft.place(group.at, group.end);
            group.rule_book = self.state.rules_digest(group.timestamp);
            group.register = Counts::from(&self.state.register());
            self.recall.fresh.extend(&draft.additions);
            self.records += records;
            self.in_tail += records;
            group.seals_tail = self.in_tail >= RECORDS_PER_TAIL;
            group.draft = Some(draft);
            self.begin_snapshot(&mut group);
        } else {
            self.spare = Some(draft);
        }
        let counters = &self.shared.counters;
        counters
            .accounts
            .store(self.state.account_count() as u64, Ordering::Relaxed);
        counters
            .pending
            .store(self.state.pending_count() as u64, Ordering::Relaxed);
        counters
            .open_orders
            .store(self.state.open_lines() as u64, Ordering::Relaxed);
        let (idle, seals_tail) = (
            group.draft.is_none() && group.answers.is_empty(),
            group.seals_tail,
        );
        if !idle {
            self.groups
                .send(group)
                .map_err(|_| "the committer has ended".to_owned())?;
        }
        if seals_tail {
            self.in_tail = 0;
            self.recall.fresh.seal();
            self.index
                .wait_backlog(TAILS_WAITING)
                .map_err(|e| format!("the index: {e}"))?;
        }
        Ok(closing)
    }

    fn begin_snapshot(&mut self, group: &mut Group) {
        let Progress::Idle { last } = self.progress else {
            return;
        };
        // With many accounts a snapshot costs more, and so comes less often: about as many bytes
        // of snapshot are written as of log.
        let between = RECORDS_BETWEEN.max(2 * self.state.account_count() as u64);
        if self.records - last >= between {
            self.announce_snapshot(group);
        }
    }

    fn announce_snapshot(&mut self, group: &mut Group) {
        let header = self.state.snapshot_header();
        group.snapshot = Some(header.to_bytes());
        let begun = self.shared.counters.snapshots_begun.load(Ordering::Acquire);
        self.progress = Progress::Waiting { header, begun };
    }

    /// Copies a chunk or some of the snapshot that is under way.
    fn advance_snapshot(&mut self) {
        if let Progress::Waiting { header, begun } = &self.progress
            && self.shared.counters.snapshots_begun.load(Ordering::Acquire) > *begun
        {
            self.progress = Progress::Copying {
                header: header.clone(),
                next: 0,
                held: None,
            };
        }
        let Progress::Copying { header, next, held } = &mut self.progress else {
            return;
        };
        // All chunks within a quarter of the records between two snapshots, at full batches.
        let chunks = header.chunks();
        let share = chunks.div_ceil((RECORDS_BETWEEN / BATCH_EVENTS as u64 / 4) as u32);
        for _ in 0..share.clamp(1, 8) {
            let (job, ends) = match held.take() {
                Some(job) => (job, false),
                None if *next == chunks => (Job::End(self.records), true),
                None => {
                    let mut bytes = Vec::new();
                    self.state.write_chunk(header, *next, &mut bytes);
                    *next += 1;
                    (Job::Chunk(*next - 1, self.records, bytes), false)
                }
            };
            match self.snapshots.try_send(job) {
                // A chunk is true of the moment of its stamp, whenever it is written.
                Err(TrySendError::Full(job)) if !ends => {
                    *held = Some(job);
                    return;
                }
                Ok(()) if ends => {
                    let last = header.records();
                    self.progress = Progress::Idle { last };
                    return;
                }
                Ok(()) => {}
                // No room for the end: it is tried again. A snapshotter that has ended is never
                // seen here, since it ends after the writer.
                Err(_) => return,
            }
        }
    }

    /// The batch counts in the trial balance that is under way.
    fn correct_trial(&mut self, draft: &Draft) {
        if let Some(trial) = self.trials.front_mut() {
            trial.correct(&self.state, &draft.frame);
        }
    }

    fn advance_trials(&mut self, answers: &mut Vec<Answer>) {
        if let Some(trial) = self.trials.front_mut()
            && trial.advance(&self.state)
            && let Some(trial) = self.trials.pop_front()
        {
            answers.push(trial.answer());
        }
    }

    fn advance_scans(&mut self, answers: &mut Vec<Answer>) {
        let Some(scan) = self.scans.front_mut() else {
            return;
        };
        if scan.advance(&self.state)
            && let Some(scan) = self.scans.pop_front()
        {
            answers.push(scan.answer(&self.state));
        }
    }

    /// Commits what was decided, writes a snapshot of the end, and answers.
    fn close(mut self, closing: Option<Request>) {
        self.shared.close();
        if let Some(held) = self.held.take() {
            held.refuse(closed());
        }
        while let Ok(request) = self.requests.try_recv() {
            request.refuse(closed());
        }
        self.last_snapshot();
        let (done, snapshotted) = channel();
        let _ = self.snapshots.send(Job::Barrier(done));
        // Returns with an error once the barrier has been dropped, which is when it is reached.
        let _ = snapshotted.recv();
        if let Some(Request::Close(reply)) = closing {
            let failure = self.shared.failure().map_or(Ok(()), Err);
            Answer::Done(reply).send(failure);
        }
    }

    /// A snapshot of the end makes the next start quick. Without it the log tells all the same.
    fn last_snapshot(&mut self) {
        while !matches!(self.progress, Progress::Idle { .. }) {
            if !self.await_snapshot() {
                return;
            }
        }
        let Progress::Idle { last } = self.progress else {
            return;
        };
        if self.records == last {
            return;
        }
        let mut group = Group::empty(self.cursor.next, self.time);
        self.announce_snapshot(&mut group);
        if self.groups.send(group).is_ok() {
            while !matches!(self.progress, Progress::Idle { .. }) && self.await_snapshot() {}
        }
    }

    fn await_snapshot(&mut self) -> bool {
        if self.shared.failure().is_some() {
            return false;
        }
        self.advance_snapshot();
        if matches!(
            &self.progress,
            Progress::Waiting { .. } | Progress::Copying { held: Some(_), .. }
        ) {
            std::thread::sleep(Duration::from_micros(100));
        }
        true
    }

    /// After a failure: nothing is taken any more.
    fn refuse_all(mut self, gathered: Vec<Request>) {
        let why = self.shared.failure().unwrap_or_else(closed);
        let held = self.held.take();
        for request in gathered.into_iter().chain(held) {
            request.refuse(why.clone());
        }
        while let Ok(request) = self.requests.recv() {
            let last = matches!(request, Request::Close(_));
            request.refuse(why.clone());
            // Whoever closes the books waits for this thread.
            if last {
                return;
            }
        }
    }
}

fn closed() -> Refused {
    Refused::Stopped("the books are closing".to_owned())
}
