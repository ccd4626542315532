use engine::StatementSummary;
use merkle::Hash;
use model::record::StatementLine;
use serde::Serialize;
use utoipa::ToSchema;

use super::amount::major;
use super::{Currencies, U64, U128};

/// A statement in the list of all.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StatementHead)]
pub struct StatementHead {
    /// From 1.
    number: U64,
    /// Batches of the log whose state it shows.
    batches: U64,
    /// Nanoseconds since 1970, when it was entered.
    timestamp: U64,
    /// How many lines it has.
    lines: usize,
}

impl From<&StatementSummary> for StatementHead {
    fn from(statement: &StatementSummary) -> Self {
        Self {
            number: U64(statement.number),
            batches: U64(statement.batches),
            timestamp: U64(statement.timestamp),
            lines: statement.lines.len(),
        }
    }
}

/// A statement with its lines.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Statement)]
pub struct StatementView {
    /// From 1.
    number: U64,
    /// Batches of the log whose state it shows.
    batches: U64,
    /// Nanoseconds since 1970, when it was entered.
    timestamp: U64,
    /// One for each ledger, code and side that has accounts.
    lines: Vec<LineView>,
}

/// What all accounts of a ledger, code and side held.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StatementLine)]
struct LineView {
    /// From 0; its receipt is `/v1/statements/{number}/receipts/{line}`.
    line: u32,
    ledger: u32,
    code: u16,
    /// The side that the balances stand on.
    #[schema(value_type = String, example = "credit")]
    side: &'static str,
    /// The tree has 2^height leaves.
    height: u8,
    /// Sum of the balances in major units, where the ledger has a currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<String>,
    /// The same in minor units.
    total_minor: U128,
    /// Hash of the tree's root, hexadecimal.
    root: String,
}

impl StatementView {
    /// As JSON shows it.
    pub fn new(statement: &StatementSummary, currencies: &Currencies) -> Self {
        let lines = statement.lines.iter();
        Self {
            number: U64(statement.number),
            batches: U64(statement.batches),
            timestamp: U64(statement.timestamp),
            lines: lines.map(|line| LineView::new(line, currencies)).collect(),
        }
    }
}

impl LineView {
    fn new(line: &StatementLine, currencies: &Currencies) -> Self {
        Self {
            line: line.line,
            ledger: line.ledger,
            code: line.code,
            side: line.side.name(),
            height: line.height,
            total: major(line.total, line.ledger, currencies),
            total_minor: U128(line.total),
            root: Hash::from_bytes(line.root).to_string(),
        }
    }
}
