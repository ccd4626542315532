//! The whole of the books once more, from the log alone.
//!
//! Nothing that a start writes is believed: every batch is hashed again from its records and its
//! seed, every record is folded into a state of the auditor's own, and what the directory holds
//! beside the log (snapshots, indexes) is compared with what the log says. Nothing is changed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use machine::State;
use merkle::{Frontier, Hash, blocks_of, root_of};
use model::record::Remains;
use model::{Object, Record, account_flags, transfer_flags};
use store::StoreError;
use store::disk::{Disk, Local, Mode};
use store::erased::{batch_leaves, path_of};
use store::frame::{self, HEADER_BYTES, Header};
use store::index::{IdHash, Index};
use store::log::{self, Chain, Recovered, TornEnd, segment_path};
use store::superblock::Superblock;

mod checkpoints;
mod erasures;
mod register;
mod rules;
mod runs;
mod salts;
mod snapshots;
mod tree;

pub use checkpoints::Trust;

use checkpoints::CheckpointCheck;
use erasures::ErasureCheck;
use register::RegisterCheck;
use runs::Runs;
use salts::SaltCheck;
use snapshots::open_snapshots;
use tree::TreeCheck;

use crate::replay::Base;
use crate::start::{StartError, index_options, lock};
use crate::statement::Derivations;

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
    /// Hashes of the outer tree derived again.
    pub hashes: u64,
    /// Kept checkpoints compared.
    pub checkpoints: u64,
    /// Records of which only the remains are left.
    pub erased: u64,
    /// Statements derived again.
    pub statements: u64,
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
/// behind it from time to time. Signatures of checkpoints are not checked: no key is known.
pub fn audit(data: &Path, progress: &dyn Fn(u64)) -> Result<Audit, StartError> {
    audit_trusting(data, &Trust::default(), progress)
}

/// As [`audit`], and the checkpoints that are kept have to bear the signatures of those whom
/// `trust` names.
pub fn audit_trusting(
    data: &Path,
    trust: &Trust,
    progress: &dyn Fn(u64),
) -> Result<Audit, StartError> {
    let disk: Arc<dyn Disk> = Arc::new(Local::new(data));
    let superblock = Superblock::read(&*disk)?;
    let _lock = lock(data)?;
    let mut audit = Audit::default();
    check_segments(&*disk, &superblock, &mut audit)?;
    let snapshots = open_snapshots(&*disk, &superblock, &mut audit)?;
    let runs = match Index::inspect(&*disk, index_options()) {
        Ok(runs) => runs,
        Err(error) => {
            audit.differences.push(format!("the index: {error}"));
            Vec::new()
        }
    };
    audit.runs = runs.len() as u64;
    let synced = snapshots.iter().map(|base| base.chain.number).max();
    let synced = synced.unwrap_or(0);
    let mut pass = Pass {
        checkpoints: CheckpointCheck::new(&*disk, trust, &mut audit)?,
        tree: TreeCheck::new(&disk, synced, &mut audit)?,
        erasures: ErasureCheck::new(&*disk, &mut audit)?,
        salts: SaltCheck::new(&*disk, &mut audit)?,
        register: RegisterCheck::default(),
        statements: Derivations::open(Arc::clone(&disk))?,
        audit,
        disk: Arc::clone(&disk),
        superblock,
        state: State::new(superblock.hash_key),
        chain: Chain::default(),
        end: 0,
        frontier: Frontier::new(),
        snapshots,
        runs: Runs::new(runs, IdHash::new(superblock.hash_key)),
        leaves: Vec::new(),
        blocks: Vec::new(),
        spans: Vec::new(),
        progress,
    };
    let mut visit = |header: &Header, body: &[u8]| pass.frame(header, body);
    let range = (0, TornEnd::Leave);
    match log::recover(&*disk, superblock.segment_bytes, range, &mut visit) {
        Ok(recovered) => pass.finish(&recovered)?,
        Err(error @ StoreError::Damaged { .. }) => {
            let what = "nothing behind it was checked";
            pass.audit
                .differences
                .push(format!("the log: {error}; {what}"));
            pass.end_statements();
        }
        Err(error) => return Err(error.into()),
    }
    let mut audit = pass.audit;
    // What is derived from the log differs wherever the log was altered.
    audit
        .differences
        .sort_by_key(|difference| is_of_derived(difference));
    Ok(audit)
}

/// Whether the segments are as long as the superblock says; where all of them are of another
/// length, it is the superblock that was changed.
fn check_segments(
    disk: &dyn Disk,
    superblock: &Superblock,
    audit: &mut Audit,
) -> Result<(), StoreError> {
    let failed = |e| StoreError::io("list", log::DIR, e);
    let names = disk.list(log::DIR).map_err(failed)?;
    let mut lens = Vec::new();
    for number in names.iter().filter_map(|name| log::segment_number(name)) {
        let path = segment_path(number);
        let len = disk.open(&path, Mode::Read).and_then(|file| file.len());
        lens.push(len.map_err(|e| StoreError::io("open", &path, e))?);
    }
    let said = superblock.segment_bytes;
    if let Some(len) = lens
        .first()
        .filter(|first| lens.iter().all(|len| len == *first))
        && *len != said
    {
        let what = format!("books: its segments have {said} bytes, those in log/ {len}");
        audit.differences.push(what);
    }
    Ok(())
}

/// One pass through the log, from its beginning.
struct Pass<'a> {
    checkpoints: CheckpointCheck,
    tree: TreeCheck,
    erasures: ErasureCheck,
    salts: SaltCheck,
    register: RegisterCheck,
    audit: Audit,
    disk: Arc<dyn Disk>,
    superblock: Superblock,
    state: State,
    statements: Derivations,
    /// The link to the next frame, and where the one before ends.
    chain: Chain,
    end: u64,
    frontier: Frontier,
    snapshots: Vec<Base>,
    runs: Runs,
    leaves: Vec<Hash>,
    /// Nodes of the inner tree of the batch that passes, at height 8.
    blocks: Vec<Hash>,
    spans: Vec<(u32, u32)>,
    progress: &'a dyn Fn(u64),
}

impl Pass<'_> {
    fn frame(&mut self, header: &Header, body: &[u8]) -> Result<(), StoreError> {
        let leaf = &header.leaf;
        self.check_snapshot_starts();
        self.statements.reach(leaf.number, &self.state)?;
        self.runs.reach(header.at, &mut self.audit);
        self.records(header, body)?;
        self.erasures.frame(&*self.disk, header, &mut self.audit)?;
        self.check_root(header, body)?;
        self.check_rule_book(leaf);
        self.salts.pass(header, &mut self.audit);
        self.frontier.append(merkle::leaf(&header.leaf_bytes));
        self.tree.pass(header, &self.blocks, &mut self.audit);
        let frontier = &self.frontier;
        self.checkpoints
            .pass(leaf.number + 1, &|| frontier.head(), &mut self.audit);
        self.chain = Chain::after(header);
        self.end = header.at + u64::from(header.frame_len);
        self.audit.batches += 1;
        (self.progress)(self.end);
        Ok(())
    }

    fn records(&mut self, header: &Header, body: &[u8]) -> Result<(), StoreError> {
        let leaf = &header.leaf;
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
            let number = self.spans.len() as u32;
            self.spans.push((local, entry.bytes.len() as u32));
            let wrong = |what: &str| format!("record {number}: {what}");
            let record = Record::decode(entry.bytes)
                .map_err(|e| self.damaged(header, entry.at, &wrong(&e.to_string())))?;
            self.check_signed((leaf.number, number), &record);
            self.check_record(header, &record)
                .and_then(|()| self.fold(leaf.first_record + u64::from(number), &record))
                .map_err(|what| self.damaged(header, entry.at, &wrong(&what)))?;
            if let Record::Object(Object::Finding(finding)) = &record {
                self.check_finding(header, finding);
            }
            self.check_register_record(header, &record);
            if let Record::StatementLine(line) = &record {
                self.statements.line(line, leaf.number);
            }
            self.erasures.record(leaf.number, number, &record);
            let at = header.at + u64::from(entry.at);
            self.runs.enter(&record, (at, header.at), &self.state);
        }
        if self.spans.len() != leaf.records as usize {
            return Err(self.damaged(header, 0, "the batch has another count of records"));
        }
        self.check_register(header);
        Ok(())
    }

    fn check_root(&mut self, header: &Header, body: &[u8]) -> Result<(), StoreError> {
        batch_leaves(&*self.disk, header, body, &mut self.leaves)?;
        blocks_of(&mut self.leaves);
        self.blocks.clone_from(&self.leaves);
        if root_of(&mut self.leaves).to_bytes() == header.leaf.inner_root {
            return Ok(());
        }
        let what = match header.seed {
            Some(_) => "the root over the salted records is not that of the outer leaf".to_owned(),
            None => format!(
                "the root over the records and {} is not that of the outer leaf",
                path_of(header.leaf.number)
            ),
        };
        Err(self.damaged(header, 0, &what))
    }

    /// Whether a record may stand in this batch: in books of this version, and at its time.
    fn check_record(&self, header: &Header, record: &Record) -> Result<(), String> {
        let version = self.superblock.version;
        let is_later = matches!(
            record,
            Record::RecordErased(_) | Record::StatementLine(_) | Record::Erased(_)
        );
        let is_platform = matches!(
            record,
            Record::Deed(_) | Record::Object(_) | Record::Page(_)
        );
        if version < 2 && is_later || version < 3 && is_platform {
            return Err(format!(
                "`books` says version {version}, which has no such record"
            ));
        }
        let (after, until) = (self.chain.timestamp, header.leaf.timestamp);
        let timestamp = record.timestamp();
        if timestamp > until || (timestamp <= after && !is_imported(record)) {
            return Err(format!(
                "its time {timestamp} is not one of the batch, which is after {after}, until {until}"
            ));
        }
        Ok(())
    }

    /// Folds one record into the auditor's state, and into those of the snapshots that it follows.
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
                let keeps = account.has(account_flags::HISTORY);
                let sums = model::record::Sums::from(account);
                if said.is_some() != keeps || said.is_some_and(|said| said != sums) {
                    return Err(format!("the sums after it are not those of account {id}"));
                }
            }
        }
        self.replay(index, record);
        Ok(())
    }

    /// The log has passed, and is whole.
    fn finish(&mut self, recovered: &Recovered) -> Result<(), StoreError> {
        self.check_snapshot_starts();
        self.runs.reach(recovered.cursor.next, &mut self.audit);
        for run in self.runs.rest() {
            let file = run.file();
            self.audit
                .differences
                .push(format!("{file}: it reaches beyond the log"));
        }
        self.audit.state = self.state.digest();
        self.audit.root = self.frontier.root().to_bytes();
        self.audit.accounts = self.state.account_count() as u64;
        self.check_snapshot_ends(recovered.chain.first_record);
        self.check_sums();
        self.salts.end(recovered.chain.number, &mut self.audit);
        if let Some(torn) = &recovered.torn {
            let (file, at, bytes) = (&torn.file, torn.at, torn.bytes);
            let what = "nobody was told of that batch; the next start cuts it off";
            self.audit.notes.push(format!(
                "{file}, byte {at}: a torn end of {bytes} bytes; {what}"
            ));
        }
        self.statements.reach(recovered.chain.number, &self.state)?;
        self.statements.end();
        self.end_statements();
        self.tree.end(&mut self.audit);
        self.checkpoints.end(self.chain.number, &mut self.audit);
        self.erasures.end(&mut self.audit);
        Ok(())
    }

    fn end_statements(&mut self) {
        self.audit.statements = self.statements.compared;
        self.audit
            .differences
            .append(&mut self.statements.differences);
        self.audit.notes.append(&mut self.statements.notes);
    }

    fn differs(&mut self, what: &str) {
        self.audit.differences.push(what.to_owned());
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

/// Whether a difference is of what could be made again from the log.
fn is_of_derived(difference: &str) -> bool {
    let derived = [
        "snapshots/",
        "a snapshot:",
        "index/",
        "the index:",
        "tree",
        "the tiles:",
    ];
    derived.iter().any(|name| difference.starts_with(name))
}

/// Imported records have times of long ago.
fn is_imported(record: &Record) -> bool {
    match record {
        Record::AccountCreated(account) => account.has(account_flags::IMPORTED),
        Record::TransferCreated(transfer, _) => transfer.has(transfer_flags::IMPORTED),
        Record::Erased(Remains::Transfer(moved)) => moved.flags & transfer_flags::IMPORTED != 0,
        _ => false,
    }
}
