//! What is kept of a statement for ever: from the log and this file it can be derived again.
//!
//! `statements/N/statement`, N the number of the statement in 16 hexadecimal digits:
//!
//! | bytes | field |
//! |---|---|
//! | 0..8 | `cf-state` |
//! | 8..12 | version, 1 |
//! | 12..16 | n, the count of lines |
//! | 16..24 | number of the statement |
//! | 24..32 | batches of the log whose state it shows |
//! | 32..40 | batches that were durable when the file was written: its lines stand in none of them |
//! | 40..72 | secret from which the blinds and the places of its accounts come |
//! | 72 + 64 i.. | line i |
//! | 72 + 64 n.. | CRC-32C of all bytes before |
//!
//! A line: ledger u32, code u16, side u8, height u8, accounts u64, total u128, hash of the root
//! (32 bytes). Lines rise by ledger, code and side. Integers are little-endian.

use std::io;

use merkle::Hash;
use merkle::sum_tree::Sum;
use model::limits::{ACCOUNTS, BATCH_EVENTS};
use model::record::{HEIGHT_MAX, PLAIN_SUMS, Side, StatementLine};
use sha2::{Digest, Sha256};
use store::StoreError;
use store::disk::{Disk, read_file, replace_file};

/// The folder of all statements.
pub(crate) const DIR: &str = "statements";

/// The files of a statement's folder.
pub(crate) const STATEMENT: &str = "statement";
pub(crate) const LEAVES: &str = "leaves";
pub(crate) const NODES: &str = "nodes";
pub(crate) const PLACES: &str = "places";

/// Those from which balance proofs are made; kept for the newest statements.
pub(crate) const BULK: [&str; 3] = [LEAVES, NODES, PLACES];

const MAGIC: [u8; 8] = *b"cf-state";
const VERSION: u32 = 1;
const HEIGHT_LEAST: u32 = 8;
const HEAD_BYTES: usize = 72;
const LINE_BYTES: usize = 64;
const BYTES_MAX: u64 = (HEAD_BYTES + LINE_BYTES * BATCH_EVENTS + 4) as u64;

const _: () = assert!(
    ACCOUNTS.ilog2() < HEIGHT_MAX as u32,
    "a tree of all accounts is not too high"
);

/// The accounts of one tree: a ledger, a code and a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Class {
    pub(crate) ledger: u32,
    pub(crate) code: u16,
    pub(crate) side: Side,
}

impl Class {
    /// A secret of its tree, from that of the statement.
    pub(crate) fn derive(self, label: &[u8], secret: &[u8; 32]) -> [u8; 32] {
        let digest = Sha256::new()
            .chain_update(label)
            .chain_update(secret)
            .chain_update(self.ledger.to_le_bytes())
            .chain_update(self.code.to_le_bytes())
            .chain_update([self.side.number()]);
        digest.finalize().into()
    }
}

/// One line: a tree, and what its root says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) class: Class,
    pub(crate) height: u32,
    /// Accounts in the tree; the log does not tell.
    pub(crate) accounts: u64,
    pub(crate) root: Sum,
}

/// A statement as it is kept. It has no `Debug`, which would show the secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) number: u64,
    pub(crate) batches: u64,
    /// The first batch in which its lines may stand.
    pub(crate) from: u64,
    pub(crate) secret: [u8; 32],
    pub(crate) lines: Vec<Line>,
}

/// Height of the tree of so many accounts: as low as can be, but at least 8, so that of small
/// classes it says less than how many accounts they have.
pub(crate) fn height_of(accounts: u64) -> u32 {
    accounts.next_power_of_two().ilog2().max(HEIGHT_LEAST)
}

/// Folder of statement `number`.
pub(crate) fn folder(number: u64) -> String {
    format!("{DIR}/{number:016x}")
}

/// Path of a file of statement `number`.
pub(crate) fn path(number: u64, name: &str) -> String {
    format!("{DIR}/{number:016x}/{name}")
}

/// The number of the statement in a folder of this name.
pub(crate) fn number(folder: &str) -> Option<u64> {
    let number = u64::from_str_radix(folder, 16).ok()?;
    (format!("{number:016x}") == folder && number > 0).then_some(number)
}

impl Kept {
    /// Writes the file, whole and durable.
    pub(crate) fn write(&self, disk: &dyn Disk) -> io::Result<()> {
        replace_file(disk, &folder(self.number), STATEMENT, &self.to_bytes())
    }

    /// Reads that of statement `number`; `None` where there is no such file.
    pub(crate) fn read(disk: &dyn Disk, number: u64) -> Result<Option<Self>, StoreError> {
        let path = path(number, STATEMENT);
        let bytes = match read_file(disk, &path, BYTES_MAX) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|e| StoreError::io("read", &path, e))?,
        };
        let damaged = |what: &str| StoreError::damaged(&path, 0, what);
        let (body, check) = bytes
            .split_last_chunk()
            .ok_or_else(|| damaged("it is too short"))?;
        if crc32c::crc32c(body).to_le_bytes() != *check {
            return Err(damaged("its checksum does not fit"));
        }
        let kept = Self::from_bytes(body).ok_or_else(|| damaged("it is no statement"))?;
        if kept.number == number {
            Ok(Some(kept))
        } else {
            Err(damaged("it has another number than its folder"))
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((self.lines.len() as u32).to_le_bytes());
        for word in [self.number, self.batches, self.from] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(self.secret);
        for line in &self.lines {
            bytes.extend(line.class.ledger.to_le_bytes());
            bytes.extend(line.class.code.to_le_bytes());
            bytes.extend([line.class.side.number(), line.height as u8]);
            bytes.extend(line.accounts.to_le_bytes());
            bytes.extend(line.root.amount.to_le_bytes());
            bytes.extend(line.root.hash.as_bytes());
        }
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    /// Reads all but the checksum; `None` where these bytes are no statement.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(HEAD_BYTES)?;
        let (lines, rest) = rest.as_chunks::<LINE_BYTES>();
        let is_one = head[0..8] == MAGIC
            && head[8..12] == VERSION.to_le_bytes()
            && head[12..16] == (lines.len() as u32).to_le_bytes()
            && rest.is_empty()
            && lines.len() <= BATCH_EVENTS;
        if !is_one {
            return None;
        }
        let lines: Vec<Line> = lines.iter().map(read_line).collect::<Option<_>>()?;
        let rising = lines.is_sorted_by(|a, b| a.class < b.class);
        let word = |at: usize| u64::from_le_bytes(take(head, at));
        (rising && !lines.is_empty()).then(|| Self {
            number: word(16),
            batches: word(24),
            from: word(32),
            secret: take(head, 40),
            lines,
        })
    }

    /// The lines as they are entered; the first at `timestamp`, each a nanosecond later.
    pub(crate) fn entries(&self, timestamp: u64) -> Vec<StatementLine> {
        let lines = self.lines.len() as u32;
        let entry = |(number, line): (u32, &Line)| StatementLine {
            statement: self.number,
            line: number,
            lines,
            scheme: PLAIN_SUMS,
            ledger: line.class.ledger,
            code: line.class.code,
            side: line.class.side,
            height: line.height as u8,
            batches: self.batches,
            total: line.root.amount,
            root: line.root.hash.to_bytes(),
            timestamp: timestamp.saturating_add(number.into()),
        };
        (0..).zip(&self.lines).map(entry).collect()
    }
}

fn read_line(bytes: &[u8; LINE_BYTES]) -> Option<Line> {
    let height = bytes[7];
    let class = Class {
        ledger: u32::from_le_bytes(take(bytes, 0)),
        code: u16::from_le_bytes(take(bytes, 4)),
        side: Side::from_number(bytes[6])?,
    };
    let accounts = u64::from_le_bytes(take(bytes, 8));
    let fits = (1..=ACCOUNTS).contains(&accounts) && height_of(accounts) == height.into();
    fits.then(|| Line {
        class,
        height: height.into(),
        accounts,
        root: Sum {
            amount: u128::from_le_bytes(take(bytes, 16)),
            hash: Hash::from_bytes(take(bytes, 32)),
        },
    })
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let range = &bytes[at..at + N];
    range
        .try_into()
        .expect("the ranges lie within the fixed parts")
}
