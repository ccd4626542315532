//! One check of one log.

use merkle::checkpoint::Checkpoint;
use merkle::note::Note;
use merkle::policy::{Distrust, Policy, Trusted};
use merkle::tile::{Bundle, WIDTH};
use merkle::{EMPTY, Frontier};
use model::batch::Counts;

use crate::entries::{self, End};
use crate::fetch::Fetch;
use crate::register::{FINDINGS, Known, Reading};
use crate::report::{Cosigned, Evidence, Finding, Kind, Report};
use crate::source::Source;
use crate::state::State;
use crate::tiles::Tiles;
use crate::time::Limits;

/// The newest checkpoint of a log.
const CHECKPOINT: &str = "checkpoint";

/// The newest checkpoint of a log that has a quorum of witnesses.
const WITNESSED: &str = "witnessed";

/// How far a check is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// What may be kept now: the next check goes on from here.
    pub state: &'a State,
    /// Entries that were checked, by this check and those before it.
    pub checked: u64,
    /// Entries that the checkpoint counts.
    pub size: u64,
}

/// Follows logs by a policy, each with a state of its own.
#[derive(Clone, Debug)]
pub struct Monitor {
    policy: Policy,
    /// The logs of the policy, without its witnesses: whatever a receipt of the register says is held
    /// against the tree, for which they vouch.
    logs: Policy,
    limits: Limits,
}

/// A checkpoint that the policy trusts.
struct Seen {
    note: Vec<u8>,
    trusted: Trusted,
}

/// A check under way.
struct Check<'a, 'b> {
    monitor: &'a Monitor,
    fetch: Fetch<'b>,
    now: u64,
    report: Report,
}

impl Monitor {
    /// A monitor that trusts by that policy.
    pub fn new(policy: Policy, limits: Limits) -> Monitor {
        Monitor {
            logs: without_witnesses(&policy),
            policy,
            limits,
        }
    }

    /// Checks a log from where `state` left it, or all of it if there is none. `now` is in POSIX
    /// seconds.
    pub fn check(&self, source: &mut dyn Source, state: Option<State>, now: u64) -> Report {
        self.check_with(source, state, now, &mut |_| ())
    }

    /// The same, and tells of its progress after each 256 entries.
    pub fn check_with(
        &self,
        source: &mut dyn Source,
        state: Option<State>,
        now: u64,
        progress: &mut dyn FnMut(Progress),
    ) -> Report {
        let report = Report {
            origin: state.as_ref().map(|state| state.checkpoint.origin.clone()),
            old_size: state.as_ref().map(|state| state.checkpoint.head.size),
            state,
            ..Report::default()
        };
        let mut check = Check {
            monitor: self,
            fetch: Fetch::new(source),
            now,
            report,
        };
        let found = check.run(progress);
        check.report.findings.extend(found.err());
        check.finish()
    }

    /// Names and times of the witnesses of a checkpoint.
    fn cosigned(&self, trusted: &Trusted) -> Vec<Cosigned> {
        let named = trusted.witnesses.iter().map(|(witness, time)| Cosigned {
            name: self.policy.witnesses()[*witness].name.to_string(),
            time: *time,
        });
        named.collect()
    }
}

impl Check<'_, '_> {
    fn run(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<(), Finding> {
        let seen = self.latest()?;
        let checkpoint = &seen.trusted.checkpoint;
        self.report.origin = Some(checkpoint.origin.clone());
        self.report.size = Some(checkpoint.head.size);
        self.report.root = Some(checkpoint.head.root);
        self.report.witnesses = self.monitor.cosigned(&seen.trusted);
        self.compare(&seen.note, checkpoint)?;
        let mut state = self.advanced(&seen);
        let size = state.checkpoint.head.size;
        if state.checked() == size {
            self.read_register(None, &mut state);
            self.report.state = Some(state);
            return Ok(());
        }
        let mut tiles = Tiles::of(state.checkpoint.head, &mut self.fetch)?;
        self.check_growth(&mut tiles, &state)?;
        let walked = self.walk(&mut tiles, &mut state, progress);
        if walked.is_ok() {
            self.read_register(Some(tiles), &mut state);
        }
        self.report.state = Some(state);
        walked
    }

    /// The newest checkpoint that the policy trusts.
    fn latest(&mut self) -> Result<Seen, Finding> {
        let (note, signed) = self.fetch.note(CHECKPOINT)?.ok_or_else(|| {
            let what = format!("{CHECKPOINT} is not there");
            Finding::new(Kind::Unavailable, what)
        })?;
        let cosigned = match self.monitor.policy.check(&signed) {
            Ok(trusted) => return Ok(Seen { note, trusted }),
            Err(Distrust::Quorum { cosigned }) => cosigned,
            Err(distrust) => return Err(distrusted(CHECKPOINT, &distrust)),
        };
        // The log signed it all the same: it must not contradict what it signed before.
        let malformed = |e| distrusted(CHECKPOINT, &Distrust::Malformed(e));
        let checkpoint = Checkpoint::parse(&signed.text).map_err(malformed)?;
        self.compare(&note, &checkpoint)?;
        let Some((witnessed, signed)) = self.fetch.note(WITNESSED)? else {
            let size = checkpoint.head.size;
            let what = format!(
                "{CHECKPOINT} of size {size} has {cosigned} cosignatures of known witnesses, which \
                 are no quorum, and {WITNESSED} is not there"
            );
            return Err(Finding::new(Kind::Quorum, what));
        };
        let trusted = self.monitor.policy.check(&signed);
        let trusted = trusted.map_err(|distrust| distrusted(WITNESSED, &distrust))?;
        let other = &trusted.checkpoint;
        if other.origin == checkpoint.origin && is_other_root(other, &checkpoint) {
            return Err(same_size_fork(&note, &checkpoint, &witnessed));
        }
        Ok(Seen {
            note: witnessed,
            trusted,
        })
    }

    /// Compares a checkpoint of the log with the last one, as far as the notes go.
    fn compare(&self, note: &[u8], seen: &Checkpoint) -> Result<(), Finding> {
        if seen.head.size == 0 && seen.head.root != EMPTY {
            let what = "the checkpoint is of size 0 and has not the root of no leaves";
            return Err(Finding::new(Kind::Malformed, what));
        }
        let Some(state) = &self.report.state else {
            return Ok(());
        };
        let known = &state.checkpoint;
        if seen.origin != known.origin {
            let what = format!(
                "the log says to be {}, but the one that was followed is {}",
                seen.origin, known.origin
            );
            return Err(Finding::new(Kind::UnknownLog, what));
        }
        if seen.head.size < known.head.size {
            let what = format!(
                "the checkpoint is of size {}, but one of size {} was seen before",
                seen.head.size, known.head.size
            );
            let evidence = Evidence {
                known: state.note.clone(),
                seen: note.to_vec(),
                root: None,
                path: Vec::new(),
            };
            return Err(Finding::new(Kind::Rollback, what).with(evidence));
        }
        if is_other_root(known, seen) {
            return Err(same_size_fork(note, seen, &state.note));
        }
        Ok(())
    }

    /// The state with the new checkpoint, and the entries that were checked before.
    fn advanced(&self, seen: &Seen) -> State {
        let checkpoint = seen.trusted.checkpoint.clone();
        let before = self.report.state.as_ref();
        let same = before.filter(|state| state.checkpoint.head == checkpoint.head);
        State {
            note: seen.note.clone(),
            first_seen: same.map_or(self.now, |state| state.first_seen),
            frontier: before.map_or_else(Frontier::new, |state| state.frontier.clone()),
            last: before.and_then(|state| state.last),
            register: before.map_or_else(Known::default, |state| state.register.clone()),
            checkpoint,
        }
    }

    /// Checks that the new tree begins with the leaves of the old one, and with those that were
    /// checked.
    fn check_growth(&mut self, tiles: &mut Tiles, new: &State) -> Result<(), Finding> {
        let Some(known) = self.report.state.as_ref() else {
            return Ok(());
        };
        let size = new.checkpoint.head.size;
        let (old, checked) = (known.checkpoint.head, known.frontier.head());
        if old.size > 0 && old.size < size {
            let root = tiles.root_at(&mut self.fetch, old.size)?;
            if root != old.root {
                let what = format!(
                    "the tree of size {size} has the root {root} over its first {} entries, but \
                     the checkpoint of that size has {}",
                    old.size, old.root
                );
                let evidence = Evidence {
                    known: known.note.clone(),
                    seen: new.note.clone(),
                    root: Some(root),
                    // A fork is a fork, even if not all that shows it can be had.
                    path: tiles
                        .path_from(&mut self.fetch, old.size)
                        .unwrap_or_default(),
                };
                return Err(Finding::new(Kind::Fork, what).with(evidence));
            }
        }
        // Only a state that was made by hand can differ here: its entries were of the old tree.
        if checked.size > 0 && checked.size != old.size {
            let root = tiles.root_at(&mut self.fetch, checked.size)?;
            if root != checked.root {
                let what = format!(
                    "the first {} entries were checked before and lead to {}, but the tree has \
                     {root}",
                    checked.size, checked.root
                );
                return Err(Finding::new(Kind::Fork, what));
            }
        }
        Ok(())
    }

    /// Checks the entries behind those that were checked before, bundle by bundle.
    fn walk(
        &mut self,
        tiles: &mut Tiles,
        state: &mut State,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), Finding> {
        let size = state.checkpoint.head.size;
        while state.checked() < size {
            let before = state.checked();
            let index = before / WIDTH;
            let hashes = tiles.load(&mut self.fetch, 0, index)?;
            let width = hashes.len() as u16;
            let bundle = self.fetch.bundle(Bundle { index, width })?;
            let end = End {
                frontier: state.frontier.clone(),
                last: state.last,
            };
            let end = entries::follow(end, &bundle, hashes)?;
            (state.frontier, state.last) = (end.frontier, end.last);
            self.report.entries_checked += state.checked() - before;
            let checked = state.checked();
            progress(Progress {
                state,
                checked,
                size,
            });
        }
        check_end(state)
    }

    /// Reads the register up to what the newest entry counts, of a log whose entries are all right.
    /// Where anything in it is wrong, the state knows what it knew before.
    fn read_register(&mut self, tiles: Option<Tiles>, state: &mut State) {
        let counts = state.last.map_or(Counts::default(), |last| last.register);
        let size = state.checkpoint.head.size;
        let known = &state.register;
        let is_new = (known.demands, known.disclosures) != (counts.demands, counts.disclosures);
        if !is_new && (known.size == size || known.open.is_empty()) {
            self.find_overdue(known);
            return;
        }
        let tiles = tiles.map_or_else(|| Tiles::of(state.checkpoint.head, &mut self.fetch), Ok);
        let mut tiles = match tiles {
            Ok(tiles) => tiles,
            Err(finding) => return self.report.findings.push(finding),
        };
        let mut reading = Reading {
            logs: &self.monitor.logs,
            fetch: &mut self.fetch,
            tiles: &mut tiles,
            size,
            known: state.register.clone(),
            findings: Vec::new(),
        };
        let read = reading.run(counts.demands, counts.disclosures);
        let found = reading.findings;
        self.find_overdue(&read);
        if found.is_empty() {
            state.register = read;
        }
        self.report.findings.extend(found);
    }

    fn find_overdue(&mut self, register: &Known) {
        for (serial, opens) in register.overdue(self.now).take(FINDINGS) {
            let what =
                format!("demand {serial} is sealed, though it was to be opened by second {opens}");
            self.report
                .findings
                .push(Finding::new(Kind::SealOverdue, what));
        }
    }

    /// Adds what can be said of times, and the counts.
    fn finish(mut self) -> Report {
        self.report.tiles_fetched = self.fetch.tiles;
        self.report.bytes_fetched = self.fetch.bytes;
        if let Some(state) = &self.report.state {
            let (monitor, now) = (self.monitor, self.now);
            // Of the checkpoint that is kept, be it the new one or the one before.
            let note = Note::parse(&state.note).ok();
            let trusted = note.and_then(|note| monitor.policy.check(&note).ok());
            let witnesses = trusted.map_or_else(Vec::new, |trusted| monitor.cosigned(&trusted));
            let found = monitor.limits.check(state, &witnesses, now);
            self.report.findings.extend(found);
        }
        self.report
    }
}

/// A policy that knows the same logs and asks for no witness.
fn without_witnesses(policy: &Policy) -> Policy {
    let logs = policy.logs().iter().map(|log| format!("log {}\n", log.key));
    let text = logs.collect::<String>() + "quorum none\n";
    Policy::parse(text.as_bytes()).expect("its lines are those of a policy")
}

/// The entries by themselves, without any tile, lead to the root that was signed.
fn check_end(state: &State) -> Result<(), Finding> {
    let (computed, head) = (state.frontier.root(), state.checkpoint.head);
    if computed == head.root {
        return Ok(());
    }
    let what = format!(
        "all {} entries lead to the root {computed}, but the checkpoint has {}",
        head.size, head.root
    );
    Err(Finding::new(Kind::BadEntry, what))
}

/// Whether two checkpoints are of trees of the same size and yet not the same.
fn is_other_root(one: &Checkpoint, other: &Checkpoint) -> bool {
    one.head.size == other.head.size && one.head.root != other.head.root
}

/// The finding of two notes of the same size.
fn same_size_fork(note: &[u8], seen: &Checkpoint, known: &[u8]) -> Finding {
    let (size, root) = (seen.head.size, seen.head.root);
    let what = format!("two checkpoints of size {size} have different roots, one of them {root}");
    Finding::new(Kind::Fork, what).with(Evidence {
        known: known.to_vec(),
        seen: note.to_vec(),
        root: Some(root),
        path: Vec::new(),
    })
}

/// The finding of a checkpoint that the policy does not trust.
fn distrusted(path: &str, distrust: &Distrust) -> Finding {
    let kind = match distrust {
        Distrust::Malformed(_) => Kind::Malformed,
        Distrust::UnknownLog { .. } => Kind::UnknownLog,
        Distrust::BadSignature { .. } => Kind::BadSignature,
        Distrust::NotSigned { .. } => Kind::NotSigned,
        Distrust::Quorum { .. } => Kind::Quorum,
    };
    Finding::new(kind, format!("{path}: {distrust}"))
}
