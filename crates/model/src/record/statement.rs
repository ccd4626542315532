//! The record of a statement: for each class of accounts and each side, the total and the root of
//! the tree that commits to every balance in it.

use super::{RecordError, fit};
use crate::pack::{pack, unpack};

pub(super) const STATEMENT_LINE: u8 = 7;

/// Scheme 1: sums in the clear, SHA-256 (`merkle::sum_tree`). Other numbers are kept for
/// commitments that hide the sums beside a path.
pub const PLAIN_SUMS: u8 = 1;

/// Height of a tree at most: more leaves than there can be accounts.
pub const HEIGHT_MAX: u8 = 40;

/// On which side the balances of a tree stand. Credits and debits are never netted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// More was credited than debited: what is owed to the account's holder. Balances of nothing
    /// stand here too.
    Credit,
    /// More was debited than credited.
    Debit,
}

impl Side {
    /// 0 or 1, as it stands in the record.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The side of this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Credit),
            1 => Some(Self::Debit),
            _ => None,
        }
    }

    /// `credit` or `debit`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Debit => "debit",
        }
    }
}

/// One line of a statement: the accounts of one class, which is a ledger and a code, that stand
/// on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// Number of the statement, from 1.
    pub statement: u64,
    /// Place of the line in the statement, from 0.
    pub line: u32,
    /// How many lines the statement has.
    pub lines: u32,
    /// How the tree commits to the balances; [`PLAIN_SUMS`].
    pub scheme: u8,
    /// The ledger of the accounts.
    pub ledger: u32,
    /// The code of the accounts.
    pub code: u16,
    /// The side their balances stand on.
    pub side: Side,
    /// Height of the tree: it has 2^height leaves, most of them padding perhaps.
    pub height: u8,
    /// The batches that the statement is of: the size of the log whose state it shows.
    pub batches: u64,
    /// Sum of the balances, in minor units.
    pub total: u128,
    /// Hash of the root.
    pub root: [u8; 32],
    /// Nanoseconds since 1970: when it was entered.
    pub timestamp: u64,
}

impl StatementLine {
    /// Whether the fields lie in their ranges.
    pub const fn is_sound(&self) -> bool {
        self.statement > 0
            && self.line < self.lines
            && self.scheme == PLAIN_SUMS
            && self.ledger > 0
            && self.height <= HEIGHT_MAX
    }
}

pub(super) fn encode(line: &StatementLine, out: &mut [u8]) -> usize {
    out[0] = STATEMENT_LINE;
    let (low, high) = line.root.split_at(16);
    let half = |bytes: &[u8]| u128::from_le_bytes(bytes.try_into().expect("16 bytes"));
    let values = [
        line.statement.into(),
        line.line.into(),
        line.lines.into(),
        line.scheme.into(),
        line.ledger.into(),
        line.code.into(),
        line.side.number().into(),
        line.height.into(),
        line.batches.into(),
        line.total,
        half(low),
        half(high),
        line.timestamp.into(),
    ];
    1 + pack(&values, 0, &mut out[1..])
}

pub(super) fn decode(rest: &mut &[u8]) -> Result<StatementLine, RecordError> {
    let (values, marks) = unpack::<13>(rest)?;
    if marks != 0 {
        return Err(RecordError::Value);
    }
    let mut root = [0; 32];
    root[..16].copy_from_slice(&values[10].to_le_bytes());
    root[16..].copy_from_slice(&values[11].to_le_bytes());
    Ok(StatementLine {
        statement: fit(values[0])?,
        line: fit(values[1])?,
        lines: fit(values[2])?,
        scheme: fit(values[3])?,
        ledger: fit(values[4])?,
        code: fit(values[5])?,
        side: Side::from_number(fit(values[6])?).ok_or(RecordError::Value)?,
        height: fit(values[7])?,
        batches: fit(values[8])?,
        total: values[9],
        root,
        timestamp: fit(values[12])?,
    })
}
