//! Statements once more, for the audit: from the log alone and the secret of each.
//!
//! While the log passes, every statement is derived from the auditor's own state where it stands
//! at the statement's batch, in another way than it was made: all leaves in memory, no snapshot,
//! no buckets. What comes out is compared with its lines in the log, with the file `statement` and
//! with the files that proofs are made from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use machine::State;
use merkle::sum_tree::{Builder, Entry, Sum, SumError};
use model::record::StatementLine;
use store::StoreError;
use store::disk::{Disk, File, Mode, read_exact_at};

use super::accounts::Standing;
use super::file::{
    BULK, Class, DIR, Kept, LEAVES, Line, NODES, PLACES, STATEMENT, folder, number, path,
};
use super::layout::{
    LEAF_BYTES, Layout, NODE_BYTES, PLACE_BYTES, Tree, leaf_bytes, place_bytes, rows,
};
use super::moves::Posted;
use crate::limits::STATEMENTS_WITH_PROOFS;

/// Accounts or leaves that are compared at once.
const STRETCH: usize = 1 << 16;

/// All statements of a directory, compared while the log passes.
pub(crate) struct Derivations {
    disk: Arc<dyn Disk>,
    files: BTreeMap<u64, Derivation>,
    /// By batches: the statements of that state.
    due: BTreeMap<u64, Vec<u64>>,
    /// Those without a file, or with one that was reported as damaged.
    unreadable: BTreeSet<u64>,
    /// Number of the last statement in the log.
    last: u64,
    /// Statements that were compared.
    pub(crate) compared: u64,
    pub(crate) differences: Vec<String>,
    pub(crate) notes: Vec<String>,
}

/// One statement and what was found of it.
struct Derivation {
    kept: Kept,
    /// What the accounts add up to.
    lines: Option<Vec<Line>>,
    /// In the log, and the batch of the first.
    entered: Vec<StatementLine>,
    batch: u64,
    /// Files that are not there.
    missing: Vec<String>,
    differences: Vec<String>,
}

impl Derivations {
    /// Reads what is kept of all statements.
    pub(crate) fn open(disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        let mut all = Self {
            files: BTreeMap::new(),
            due: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            last: 0,
            compared: 0,
            differences: Vec::new(),
            notes: Vec::new(),
            disk,
        };
        let folders = all.disk.folders(DIR);
        for name in folders.map_err(|e| StoreError::io("list", DIR, e))? {
            let Some(number) = number(&name) else {
                let what = format!("{DIR}/{name}: this is not the folder of a statement");
                all.differences.push(what);
                continue;
            };
            match Kept::read(&*all.disk, number) {
                Ok(None) => {}
                Ok(Some(kept)) => {
                    all.due.entry(kept.batches).or_default().push(number);
                    all.files.insert(number, Derivation::new(kept));
                    continue;
                }
                Err(error @ StoreError::Io { .. }) => return Err(error),
                Err(damage) => all.differences.push(damage.to_string()),
            }
            all.unreadable.insert(number);
        }
        Ok(all)
    }

    /// The log has passed `batches` batches, which add up to `state`.
    pub(crate) fn reach(&mut self, batches: u64, state: &State) -> Result<(), StoreError> {
        for number in self.due.remove(&batches).unwrap_or_default() {
            if let Some(derivation) = self.files.get_mut(&number) {
                derivation.derive(&*self.disk, state)?;
            }
        }
        Ok(())
    }

    /// A line passes, in this batch.
    pub(crate) fn line(&mut self, line: &StatementLine, batch: u64) {
        let number = line.statement;
        let is_new = number > self.last;
        self.last = number;
        let Some(derivation) = self.files.get_mut(&number) else {
            let what = "is not there, and its lines are in the log";
            if is_new && !self.unreadable.contains(&number) {
                self.differences
                    .push(format!("{}: it {what}", path(number, STATEMENT)));
            }
            return;
        };
        if derivation.entered.is_empty() {
            derivation.batch = batch;
        }
        if derivation.batch != batch {
            let what = "its lines stand in more than one batch";
            derivation
                .differences
                .push(format!("statement {number}: {what}"));
            derivation.batch = batch;
        }
        derivation.entered.push(*line);
    }

    /// The log has ended.
    pub(crate) fn end(&mut self) {
        for (number, derivation) in std::mem::take(&mut self.files) {
            if number <= self.last {
                self.compared += 1;
                derivation.judge(&mut self.differences);
                let newest = number + STATEMENTS_WITH_PROOFS > self.last;
                for name in derivation.missing.iter().filter(|_| newest) {
                    let what = "it is not there; balance proofs of that statement cannot be made";
                    self.notes.push(format!("{name}: {what}"));
                }
            } else {
                self.not_entered(number);
            }
        }
        for number in std::mem::take(&mut self.unreadable) {
            if number > self.last {
                self.not_entered(number);
            } else {
                let path = path(number, STATEMENT);
                let what = format!("{path}: without it statement {number} cannot be derived");
                self.differences.push(what);
            }
        }
    }

    /// A folder without lines in the log: that of the next number was left by an attempt that
    /// did not come to its end.
    fn not_entered(&mut self, number: u64) {
        let folder = folder(number);
        if number == self.last + 1 {
            let what = "a statement that was not entered; the next one overwrites it";
            self.notes.push(format!("{folder}: {what}"));
        } else {
            let last = self.last;
            let what = format!("{folder}: the last statement in the log is {last}");
            self.differences.push(what);
        }
    }
}

impl Derivation {
    fn new(kept: Kept) -> Self {
        Self {
            kept,
            lines: None,
            entered: Vec::new(),
            batch: 0,
            missing: Vec::new(),
            differences: Vec::new(),
        }
    }

    /// Adds up the accounts, and compares the files that proofs are made from.
    fn derive(&mut self, disk: &dyn Disk, state: &State) -> Result<(), StoreError> {
        let number = self.kept.number;
        let folder = folder(number);
        let names = disk
            .list(&folder)
            .map_err(|e| StoreError::io("list", &folder, e))?;
        let mut open = |name: &str| {
            let path = path(number, name);
            if !names.iter().any(|there| there == name) {
                self.missing.push(path);
                return Ok(None);
            }
            let file = disk.open(&path, Mode::Read);
            file.map(|file| Some(Compared::new(file, path.clone())))
                .map_err(|e| StoreError::io("open", &path, e))
        };
        let mut files = BTreeMap::new();
        for name in BULK {
            if let Some(file) = open(name)? {
                files.insert(name, file);
            }
        }
        match lines(state, &self.kept.secret, &mut files) {
            Ok(lines) => self.lines = Some(lines),
            Err(Derived::Store(error)) => return Err(error),
            Err(Derived::Sum(error)) => {
                let what = format!("statement {number}: it cannot be derived: {error}");
                self.differences.push(what);
            }
        }
        self.differences
            .extend(files.into_values().filter_map(|file| file.difference));
        Ok(())
    }

    fn judge(&self, differences: &mut Vec<String>) {
        differences.extend_from_slice(&self.differences);
        let Kept {
            number,
            batches,
            from,
            ..
        } = self.kept;
        let path = path(number, STATEMENT);
        if !(batches..=self.batch).contains(&from) {
            let batch = self.batch;
            let what = format!("its lines, of batch {batch}, are looked for from batch {from} on");
            differences.push(format!("{path}: {what}"));
        }
        let Some(lines) = &self.lines else {
            let what = format!("{path}: it is of {batches} batches, which the log never had");
            differences.push(what);
            return;
        };
        let derived = Kept {
            lines: lines.clone(),
            ..self.kept.clone()
        };
        let timestamp = self.entered.first().map_or(0, |line| line.timestamp);
        let expected = derived.entries(timestamp);
        for (name, found) in [
            (path, self.kept.entries(timestamp)),
            (
                format!("statement {number} in the log"),
                self.entered.clone(),
            ),
        ] {
            if found.len() != expected.len() {
                let (found, expected) = (found.len(), expected.len());
                let what = format!("{name}: it has {found} lines, the accounts make {expected}");
                differences.push(what);
                continue;
            }
            let pairs = found.iter().zip(&expected).zip(0..);
            for ((found, expected), line) in
                pairs.filter(|((found, expected), _)| found != expected)
            {
                let what = difference(found, expected);
                differences.push(format!("{name}, line {line}: {what}"));
            }
        }
        for (line, (kept, derived)) in self.kept.lines.iter().zip(lines).enumerate() {
            if kept.accounts != derived.accounts {
                let (found, expected) = (kept.accounts, derived.accounts);
                let path = &self::path(number, STATEMENT);
                let what = format!("it says {found} accounts, there are {expected}");
                differences.push(format!("{path}, line {line}: {what}"));
            }
        }
    }
}

/// In what a line differs from what the accounts make.
fn difference(found: &StatementLine, expected: &StatementLine) -> String {
    let class = |line: &StatementLine| (line.ledger, line.code, line.side);
    let what = if class(found) != class(expected) {
        "its ledger, code or side is"
    } else if found.total != expected.total {
        let (found, expected) = (found.total, expected.total);
        return format!("its total is {found}, the accounts add up to {expected}");
    } else if found.root != expected.root {
        "its root is"
    } else if found.height != expected.height {
        "its height is"
    } else if found.batches != expected.batches {
        "its batch is"
    } else {
        "its place or its time is"
    };
    format!("{what} not what the accounts make")
}

/// Why lines could not be derived.
enum Derived {
    Store(StoreError),
    Sum(SumError),
}

impl From<StoreError> for Derived {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<SumError> for Derived {
    fn from(error: SumError) -> Self {
        Self::Sum(error)
    }
}

/// The lines of the accounts in `state`; the files that there are are compared on the way.
fn lines(
    state: &State,
    secret: &[u8; 32],
    files: &mut BTreeMap<&str, Compared>,
) -> Result<Vec<Line>, Derived> {
    let mut classes = BTreeMap::<Class, u64>::new();
    for slot in slots(state) {
        *classes.entry(standing(state, slot).class()).or_default() += 1;
    }
    let layout = Layout::new(classes.into_iter());
    let leaves = leaves(state, &layout, secret, files)?;
    let mut lines = Vec::with_capacity(layout.trees.len());
    for tree in &layout.trees {
        let first = tree.first_leaf as usize;
        let own = &leaves[first..first + tree.leaves() as usize];
        lines.push(Line {
            class: tree.class,
            height: tree.height,
            accounts: tree.accounts,
            root: root(tree, own, secret, files)?,
        });
    }
    let lens = [
        (LEAVES, layout.leaves * LEAF_BYTES as u64),
        (NODES, layout.nodes * NODE_BYTES as u64),
        (PLACES, u64::from(slots(state).end) * PLACE_BYTES as u64),
    ];
    for (name, len) in lens {
        if let Some(file) = files.get_mut(name) {
            file.ends_at(len)?;
        }
    }
    Ok(lines)
}

fn slots(state: &State) -> std::ops::Range<u32> {
    0..state.account_count() as u32
}

fn standing(state: &State, slot: u32) -> Standing {
    let account = state.account_at(slot);
    Standing {
        id: account.id,
        ledger: account.ledger,
        code: account.code,
        posted: Posted {
            debits: account.debits_posted,
            credits: account.credits_posted,
        },
    }
}

/// The leaves of all trees, one tree after the other.
fn leaves(
    state: &State,
    layout: &Layout,
    secret: &[u8; 32],
    files: &mut BTreeMap<&str, Compared>,
) -> Result<Vec<Entry>, Derived> {
    let trees = &layout.trees;
    let numbers: BTreeMap<Class, usize> = trees.iter().map(|tree| tree.class).zip(0..).collect();
    let shuffles = trees.iter().map(|tree| tree.shuffle(secret));
    let shuffles = shuffles.collect::<Result<Vec<_>, _>>()?;
    let mut arrived = vec![0; trees.len()];
    let mut leaves = vec![Entry::PADDING; layout.leaves as usize];
    let mut places = Vec::with_capacity(STRETCH * PLACE_BYTES);
    for slot in slots(state) {
        let standing = standing(state, slot);
        let tree = numbers[&standing.class()];
        let leaf = shuffles[tree].place(arrived[tree]);
        arrived[tree] += 1;
        leaves[(trees[tree].first_leaf + leaf) as usize] = Entry {
            id: standing.id,
            amount: standing.amount(),
        };
        places.extend_from_slice(&place_bytes(tree as u32, leaf));
        if places.len() == STRETCH * PLACE_BYTES || slot + 1 == slots(state).end {
            let at = (slot as usize + 1) * PLACE_BYTES - places.len();
            compare(files, PLACES, at as u64, &places)?;
            places.clear();
        }
    }
    Ok(leaves)
}

/// The root of a tree over its leaves.
fn root(
    tree: &Tree,
    leaves: &[Entry],
    secret: &[u8; 32],
    files: &mut BTreeMap<&str, Compared>,
) -> Result<Sum, Derived> {
    let mut rows: Vec<(u32, u64, Vec<u8>)> = rows(tree.height)
        .map(|row| (row, tree.node_at(row, 0), Vec::new()))
        .collect();
    let mut builder = Builder::new(&tree.seed(secret), tree.height)?;
    for (stretch, leaves) in leaves.chunks(STRETCH).enumerate() {
        let bytes: Vec<u8> = leaves.iter().flat_map(leaf_bytes).collect();
        let first = (stretch * STRETCH) as u64;
        compare(files, LEAVES, tree.leaf_at(first), &bytes)?;
        builder.push(leaves, |height, sum| {
            if let Some((.., bytes)) = rows.iter_mut().find(|(row, ..)| *row == height) {
                bytes.extend(sum.to_bytes());
            }
        })?;
        for (_, at, bytes) in &mut rows {
            compare(files, NODES, *at, bytes)?;
            *at += bytes.len() as u64;
            bytes.clear();
        }
    }
    // All leaves are there: nothing is stored any more.
    Ok(builder.finish(|_, _| ())?)
}

fn compare(
    files: &mut BTreeMap<&str, Compared>,
    name: &str,
    at: u64,
    expected: &[u8],
) -> Result<(), StoreError> {
    match files.get_mut(name) {
        Some(file) => file.compare(at, expected),
        None => Ok(()),
    }
}

/// A file, compared with what it should hold; the first difference counts.
struct Compared {
    file: Arc<dyn File>,
    path: String,
    difference: Option<String>,
}

impl Compared {
    fn new(file: Arc<dyn File>, path: String) -> Self {
        Self {
            file,
            path,
            difference: None,
        }
    }

    fn compare(&mut self, at: u64, expected: &[u8]) -> Result<(), StoreError> {
        if self.difference.is_some() || expected.is_empty() {
            return Ok(());
        }
        let mut found = vec![0; expected.len()];
        match read_exact_at(&*self.file, &mut found, at) {
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
                self.differs(at, "it ends too early");
            }
            Err(e) => return Err(StoreError::io("read", &self.path, e)),
            Ok(()) => {
                let mut bytes = found.iter().zip(expected);
                if let Some(differs) = bytes.position(|(found, expected)| found != expected) {
                    self.differs(at + differs as u64, "this is not what the log adds up to");
                }
            }
        }
        Ok(())
    }

    fn ends_at(&mut self, expected: u64) -> Result<(), StoreError> {
        let len = self
            .file
            .len()
            .map_err(|e| StoreError::io("read", &self.path, e))?;
        if len > expected && self.difference.is_none() {
            self.differs(expected, "it goes on after its end");
        }
        Ok(())
    }

    fn differs(&mut self, at: u64, what: &str) {
        self.difference = Some(format!("{}, byte {at}: {what}", self.path));
    }
}
