//! The whole of the books once more, from the log alone.
//!
//! Nothing that a start writes is believed: every batch is hashed again from its records and its
//! seed, every record is folded into a state of the auditor's own, and what the directory holds
//! beside the log (snapshots, indexes) is compared with what the log says. Nothing is changed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use machine::State;
use merkle::{Frontier, Hash, Seed, root_of, salted_leaves};
use model::Record;
use store::StoreError;
use store::disk::{Disk, Local};
use store::frame::{self, HEADER_BYTES, Header};
use store::index::{Additions, Entry, IdHash, Index, RunView, Tree};
use store::log::{self, Recovered, TornEnd, segment_path};
use store::snapshot;
use store::superblock::Superblock;

use crate::replay::{Base, enter, load};
use crate::salt::Ratchet;
use crate::start::{StartError, index_options, lock};

/// What an audit checked and what it found.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Batches, each hashed again.
    pub batches: u64,
    /// Records, each folded again.
    pub records: u64,
    /// Transfers among them.
    pub transfers: u64,
    /// Accounts, and so balances derived again.
    pub accounts: u64,
    /// Snapshots compared.
    pub snapshots: u64,
    /// Runs of the index compared.
    pub runs: u64,
    /// Entries of the index compared.
    pub entries: u64,
    /// Root of the outer tree over all batches.
    pub root: [u8; 32],
    /// Digest of the state that the log adds up to.
    pub state: [u8; 32],
    /// What is not as it should be, each with its place; empty where all is well.
    pub differences: Vec<String>,
    /// What is worth knowing and no difference.
    pub notes: Vec<String>,
}

/// Audits the books in `data`, which no process has open. `progress` is told the bytes of the log
/// behind it from time to time.
pub fn audit(data: &Path, progress: &dyn Fn(u64)) -> Result<Audit, StartError> {
    let disk: Arc<dyn Disk> = Arc::new(Local::new(data));
    let superblock = Superblock::read(&*disk)?;
    let _lock = lock(data)?;
    let mut audit = Audit::default();
    let snapshots = open_snapshots(&*disk, &superblock, &mut audit)?;
    let runs = match Index::inspect(&*disk, index_options()) {
        Ok(runs) => runs,
        Err(error) => {
            audit.differences.push(format!("the index: {error}"));
            Vec::new()
        }
    };
    audit.runs = runs.len() as u64;
    let mut pass = Pass {
        audit,
        superblock,
        state: State::new(superblock.hash_key),
        frontier: Frontier::new(),
        snapshots,
        runs: Runs::new(runs, IdHash::new(superblock.hash_key)),
        leaves: Vec::new(),
        spans: Vec::new(),
        progress,
    };
    let mut visit = |header: &Header, body: &[u8]| pass.frame(header, body);
    let range = (0, TornEnd::Leave);
    match log::recover(&*disk, superblock.segment_bytes, range, &mut visit) {
        Ok(recovered) => pass.end(&*disk, &recovered)?,
        Err(error @ StoreError::Damaged { .. }) => {
            pass.audit
                .differences
                .push(format!("the log: {error}; nothing behind it was checked"));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(pass.audit)
}

fn open_snapshots(
    disk: &dyn Disk,
    superblock: &Superblock,
    audit: &mut Audit,
) -> Result<Vec<Base>, StoreError> {
    let mut bases = Vec::new();
    for path in snapshot::list(disk)? {
        match load(disk, &path, superblock.hash_key) {
            Ok(base) => bases.push(base),
            Err(error @ StoreError::Io { .. }) => return Err(error),
            Err(error) => audit.differences.push(format!("a snapshot: {error}")),
        }
    }
    audit.snapshots = bases.len() as u64;
    Ok(bases)
}

/// One pass through the log, from its beginning.
struct Pass<'a> {
    audit: Audit,
    superblock: Superblock,
    state: State,
    frontier: Frontier,
    snapshots: Vec<Base>,
    runs: Runs,
    leaves: Vec<Hash>,
    spans: Vec<(u32, u32)>,
    progress: &'a dyn Fn(u64),
}

impl Pass<'_> {
    fn frame(&mut self, header: &Header, body: &[u8]) -> Result<(), StoreError> {
        let leaf = &header.leaf;
        self.check_snapshot_starts(header);
        self.runs.reach(header.at, &mut self.audit);
        self.spans.clear();
        for entry in frame::records(body) {
            let entry = entry.map_err(|at| {
                self.damaged(
                    header,
                    at,
                    "the length or the checksum of a record does not fit",
                )
            })?;
            let local = entry.at + frame::PREFIX_BYTES as u32 - HEADER_BYTES as u32;
            self.spans.push((local, entry.bytes.len() as u32));
            let record = Record::decode(entry.bytes)
                .map_err(|e| self.damaged(header, entry.at, &e.to_string()))?;
            let index = leaf.first_record + self.spans.len() as u64 - 1;
            self.fold(index, &record)
                .map_err(|what| self.damaged(header, entry.at, &what))?;
            let at = header.at + u64::from(entry.at);
            self.runs.enter(&record, (at, header.at), &self.state);
        }
        if self.spans.len() != leaf.records as usize {
            return Err(self.damaged(header, 0, "the batch has another count of records"));
        }
        let seed = Seed::from_bytes(header.seed);
        salted_leaves(&seed, body, &self.spans, &mut self.leaves);
        if root_of(&mut self.leaves).to_bytes() != leaf.inner_root {
            let what = "the root over the salted records is not that of the outer leaf";
            return Err(self.damaged(header, 0, what));
        }
        self.frontier.append(merkle::leaf(&header.leaf_bytes));
        self.audit.batches += 1;
        (self.progress)(header.at + u64::from(header.frame_len));
        Ok(())
    }

    /// Folds one record into the auditor's state and into those of the snapshots it follows.
    fn fold(&mut self, index: u64, record: &Record) -> Result<(), String> {
        self.state.evolve(record).map_err(|e| e.to_string())?;
        self.audit.records += 1;
        if let Record::TransferCreated(transfer, extras) = record {
            self.audit.transfers += 1;
            let sides = [
                (transfer.debit_account_id, extras.debit_sums),
                (transfer.credit_account_id, extras.credit_sums),
            ];
            for (id, said) in sides {
                let account = self.state.account(id).ok_or("an account is not there")?;
                let keeps = account.has(model::account_flags::HISTORY);
                let sums = model::record::Sums::from(account);
                if said.is_some() != keeps || said.is_some_and(|said| said != sums) {
                    return Err(format!("the sums after it are not those of account {id}"));
                }
            }
        }
        for base in &mut self.snapshots {
            if index >= base.chain.first_record
                && let Err(error) = base.restore.replay(index, record)
            {
                let path = base.path.as_deref().unwrap_or_default();
                return Err(format!("{path}: {error}"));
            }
        }
        Ok(())
    }

    fn check_snapshot_starts(&mut self, header: &Header) {
        let frontier = &self.frontier;
        for base in &self.snapshots {
            if base.chain.number == header.leaf.number
                && (base.chain.previous != header.leaf.previous
                    || base.chain.first_record != header.leaf.first_record
                    || base.frontier.to_bytes() != frontier.to_bytes())
            {
                let path = base.path.as_deref().unwrap_or_default();
                let what = "its beginning is not that of this log";
                self.audit.differences.push(format!("{path}: {what}"));
            }
        }
    }

    fn end(&mut self, disk: &dyn Disk, recovered: &Recovered) -> Result<(), StoreError> {
        let end = recovered.cursor.next;
        self.runs.reach(end, &mut self.audit);
        for run in self.runs.rest() {
            let file = run.file();
            self.audit
                .differences
                .push(format!("{file}: it reaches beyond the log"));
        }
        self.audit.state = self.state.digest();
        self.audit.root = self.frontier.root().to_bytes();
        self.audit.accounts = self.state.account_count() as u64;
        for base in std::mem::take(&mut self.snapshots) {
            let path = base.path.unwrap_or_default();
            if base.end_record > recovered.chain.first_record {
                self.audit
                    .differences
                    .push(format!("{path}: it knows more than the log"));
                continue;
            }
            match base.restore.finish(recovered.chain.first_record) {
                Ok(state) if state.digest() == self.audit.state => {}
                Ok(state) => {
                    let what = first_difference(&state, &self.state);
                    self.audit.differences.push(format!("{path}: {what}"));
                }
                Err(error) => self.audit.differences.push(format!("{path}: {error}")),
            }
        }
        self.check_sums();
        let mut ratchet = Ratchet::read(disk)?;
        if !ratchet.turn_to(recovered.chain.number) {
            self.audit
                .differences
                .push("salt: its batch is not in the log".to_owned());
        }
        if let Some(torn) = &recovered.torn {
            let (file, at, bytes) = (&torn.file, torn.at, torn.bytes);
            let what = "nobody was told of that batch; the next start cuts it off";
            self.audit.notes.push(format!(
                "{file}, byte {at}: a torn end of {bytes} bytes; {what}"
            ));
        }
        Ok(())
    }

    /// On every ledger, what is debited is credited.
    fn check_sums(&mut self) {
        let mut ledgers: BTreeMap<u32, [u128; 4]> = BTreeMap::new();
        for slot in 0..self.state.account_count() {
            let account = self.state.account_at(slot as u32);
            let sums = ledgers.entry(account.ledger).or_default();
            let parts = [
                account.debits_pending,
                account.credits_pending,
                account.debits_posted,
                account.credits_posted,
            ];
            for (sum, part) in sums.iter_mut().zip(parts) {
                // Equal sums stay equal when both wrap.
                *sum = sum.wrapping_add(part);
            }
        }
        for (ledger, sums) in ledgers {
            if sums[0] != sums[1] || sums[2] != sums[3] {
                let what = format!("ledger {ledger}: the sums of debits and credits differ");
                self.audit.differences.push(what);
            }
        }
    }

    fn damaged(&self, header: &Header, at: u32, what: &str) -> StoreError {
        let segment_bytes = self.superblock.segment_bytes;
        let what = format!("batch {}: {what}", header.leaf.number);
        let local = header.at % segment_bytes + u64::from(at);
        StoreError::damaged(&segment_path(header.at / segment_bytes), local, &what)
    }
}

fn first_difference(found: &State, expected: &State) -> String {
    if found.account_count() != expected.account_count() {
        let (found, expected) = (found.account_count(), expected.account_count());
        return format!("it has {found} accounts, the log {expected}");
    }
    for slot in 0..expected.account_count() as u32 {
        let (found, expected) = (found.account_at(slot), expected.account_at(slot));
        if found != expected {
            return format!("account {} is not as the log says", expected.id);
        }
    }
    "its pending transfers, ledgers or times are not as the log says".to_owned()
}

/// The runs of the index, in the order of the log, compared while the log passes.
///
/// Entries of a run are in the order of keys, those of the log in the order of time. So what is
/// compared is a sum of keyed hashes of the entries, which does not depend on their order; the key
/// is drawn for each audit, so that nobody can make other entries with the same sum beforehand.
struct Runs {
    ahead: std::vec::IntoIter<RunView>,
    current: Option<RunView>,
    expected: [Sum; Tree::COUNT],
    hash: IdHash,
    secret: [IdHash; 2],
    additions: Additions,
    /// Whether the frame that passes lies in the current run.
    inside: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    count: u64,
    hashes: u128,
}

impl Sum {
    fn add(&mut self, entry: Entry, secret: &[IdHash; 2]) {
        let both = u128::from(entry.key) << 64 | u128::from(entry.at);
        let hash = u128::from(secret[0].of(both)) << 64 | u128::from(secret[1].of(both));
        self.count += 1;
        self.hashes = self.hashes.wrapping_add(hash);
    }
}

impl Runs {
    fn new(runs: Vec<RunView>, hash: IdHash) -> Self {
        let mut random = [0; 32];
        // Without random numbers the comparison still finds every accident.
        let _ = getrandom::fill(&mut random);
        let word = |at: usize| u64::from_le_bytes(random[at..at + 8].try_into().expect("8 bytes"));
        let secret = [
            IdHash::new([word(0), word(8)]),
            IdHash::new([word(16), word(24)]),
        ];
        let mut runs = runs.into_iter();
        let current = runs.next();
        let expected = [Sum::default(); Tree::COUNT];
        let additions = Additions::default();
        Self {
            ahead: runs,
            current,
            expected,
            hash,
            secret,
            additions,
            inside: false,
        }
    }

    /// The log has passed up to `at`: runs that end there are compared.
    fn reach(&mut self, at: u64, audit: &mut Audit) {
        while let Some(run) = &self.current
            && run.covers().end <= at
        {
            self.compare(run, audit);
            self.expected = [Sum::default(); Tree::COUNT];
            self.current = self.ahead.next();
        }
        self.inside = self
            .current
            .as_ref()
            .is_some_and(|run| run.covers().contains(&at));
        self.additions.entries[Tree::Time.number()].clear();
    }

    fn enter(&mut self, record: &Record, places: (u64, u64), state: &State) {
        if !self.inside {
            return;
        }
        // Only the first transfer of a frame has an entry of time: it stays to say so.
        for tree in Tree::ALL.into_iter().filter(|tree| *tree != Tree::Time) {
            self.additions.entries[tree.number()].clear();
        }
        let timed = self.additions.entries[Tree::Time.number()].len();
        // The fold has found both accounts before.
        enter(&mut self.additions, self.hash, record, places, &|id| {
            state.slot_of(id)
        });
        for tree in Tree::ALL {
            let from = if tree == Tree::Time { timed } else { 0 };
            for entry in &self.additions.entries[tree.number()][from..] {
                self.expected[tree.number()].add(*entry, &self.secret);
            }
        }
    }

    fn compare(&self, run: &RunView, audit: &mut Audit) {
        for tree in Tree::ALL {
            let mut found = Sum::default();
            for entry in run.entries(tree) {
                match entry {
                    Ok(entry) => found.add(entry, &self.secret),
                    Err(error) => {
                        audit.differences.push(format!("the index: {error}"));
                        return;
                    }
                }
            }
            audit.entries += found.count;
            if found != self.expected[tree.number()] {
                let (file, name) = (run.file(), tree.name());
                let what = format!("{file}: the entries of tree {name} are not those of the log");
                audit.differences.push(what);
            }
        }
    }

    fn rest(&mut self) -> impl Iterator<Item = RunView> {
        self.current.take().into_iter().chain(&mut self.ahead)
    }
}
