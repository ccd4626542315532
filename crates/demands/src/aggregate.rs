//! Answers about nobody in particular: counts and sums by day, kind and tier, with noise.
//!
//! What is protected is a **party**: with all its rows or without any of them, an answer is nearly
//! as likely, by a factor of at most e^epsilon. For that, only so many rows of a party count (the
//! first ones of the period, [`Asking::rows`]) and each with so much ([`Asking::sums`]); each cell
//! gets noise of the discrete Laplace distribution in that measure, empty cells as well. If sums
//! are asked for, half of epsilon goes to the counts and half to the sums.
//!
//! - The noise follows from a secret of the institution and the question. Whoever asks again gets
//!   the same answer and pays nothing: there is nothing to average.
//! - A period must have ended: the same question never meets other data.
//! - Each new question is paid for from a [`Budget`]; what is not paid for is not answered.
//!
//! A cell is shown where at least [`Asking::minimum`] parties are in it and its noisy count is no
//! less. The others are merged into one rest, or, if this would show one of them, left out; the
//! table says how many. The minimum is a rule of statistics that stands beside epsilon, not within
//! it: that a cell is shown says for certain that so many parties are in it.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use crate::digest::{digest_text, hash};
use crate::field::Kind;
use crate::limits::{CELLS, EPSILON_PART, TIERS};
use crate::scope::{Period, Scope};
use crate::time::{DAY, SECOND};

mod budget;
mod noise;
mod table;

pub use budget::{Budget, BudgetError};
use noise::Bits;
pub use table::{Cell, Rest, Table};

/// Parties that the smallest cell may be asked to have at most.
pub const MINIMUM: u32 = 100;

/// Parties that the smallest cell has at least, whatever is asked.
pub const MINIMUM_LEAST: u32 = 3;

/// Rows of one party that may count at most.
pub const ROWS: u32 = 1 << 16;

/// How private an answer is: a fraction in its lowest terms. Smaller is more private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epsilon {
    over: u32,
    under: u32,
}

impl Epsilon {
    /// `over` / `under`, both from 1 to [`EPSILON_PART`].
    pub const fn new(over: u32, under: u32) -> Option<Epsilon> {
        if over == 0 || under == 0 || over > EPSILON_PART || under > EPSILON_PART {
            return None;
        }
        let (mut divisor, mut rest) = (over, under);
        while rest > 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        Some(Epsilon {
            over: over / divisor,
            under: under / divisor,
        })
    }

    /// What it costs: thousandths, rounded up.
    pub const fn thousandths(self) -> u32 {
        let cost = (1_000 * self.over as u64).div_ceil(self.under as u64);
        // At most a thousand times the largest part.
        cost as u32
    }
}

impl fmt::Display for Epsilon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.over, self.under)
    }
}

/// What cells are made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The day, in UTC.
    Day,
    /// The kind, of those that the scope names.
    Kind,
    /// The tier.
    Tier,
}

/// How a scope without a person is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// What cells are made by; nothing makes one cell.
    pub by: BTreeSet<By>,
    /// Tiers there are, from 0 on, where cells are made by them: 1 to [`TIERS`].
    pub tiers: u8,
    /// With which amount a row counts at most, if sums are asked for; in minor units, not 0.
    pub sums: Option<u64>,
    /// How many rows of a party count, 1 to [`ROWS`].
    pub rows: u32,
    /// How many parties a cell must have, [`MINIMUM_LEAST`] to [`MINIMUM`].
    pub minimum: u32,
    /// How private the answer is.
    pub epsilon: Epsilon,
}

/// A question, whole, with the scope that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    scope: Scope,
    asking: Asking,
}

/// Why something is no question, or has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionError {
    /// The scope names persons, accounts or transfers: it is answered with rows.
    Named,
    /// Cells are made by kind, and the scope names none.
    Kinds,
    /// The tiers, the rows, the minimum or the largest amount are out of bounds.
    Bounds,
    /// There would be more cells than there may be.
    Cells {
        /// How many.
        cells: u64,
    },
    /// A fact lies outside of the scope, or of its tiers.
    Outside,
    /// There are more facts than can be counted.
    Overflow,
}

impl fmt::Display for QuestionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named => f.write_str("the scope names somebody, and is answered with rows"),
            Self::Kinds => f.write_str("cells by kind need a scope that names its kinds"),
            Self::Bounds => write!(
                f,
                "an aggregate has 1 to {TIERS} tiers, 1 to {ROWS} rows of a party, a minimum of {MINIMUM_LEAST} to {MINIMUM} parties and a largest amount that is not 0"
            ),
            Self::Cells { cells } => write!(
                f,
                "the question has {cells} cells, and may have {CELLS}: ask for fewer days, kinds or tiers"
            ),
            Self::Outside => f.write_str("a fact lies outside of the scope or its tiers"),
            Self::Overflow => f.write_str("there are more facts than can be counted"),
        }
    }
}

impl std::error::Error for QuestionError {}

/// One row that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact<'a> {
    /// Whose it is.
    pub party: u128,
    /// Nanoseconds since 1970.
    pub time: u64,
    /// Its kind.
    pub kind: &'a str,
    /// Its tier.
    pub tier: u8,
    /// Its amount in minor units.
    pub amount: u128,
}

impl Question {
    /// The question about a scope that names nobody.
    pub fn new(scope: Scope, asking: Asking) -> Result<Question, QuestionError> {
        if !scope.is_bulk() {
            return Err(QuestionError::Named);
        }
        if asking.by.contains(&By::Kind) && scope.kinds.is_none() {
            return Err(QuestionError::Kinds);
        }
        let is_bounded = (1..=TIERS).contains(&asking.tiers)
            && (1..=ROWS).contains(&asking.rows)
            && (MINIMUM_LEAST..=MINIMUM).contains(&asking.minimum)
            && asking.sums != Some(0);
        if !is_bounded {
            return Err(QuestionError::Bounds);
        }
        let question = Question { scope, asking };
        let (days, kinds, tiers) = question.sides();
        let cells = days * kinds * tiers;
        if cells > CELLS as u64 {
            return Err(QuestionError::Cells { cells });
        }
        Ok(question)
    }

    /// How many days, kinds and tiers it has cells for.
    fn sides(&self) -> (u64, u64, u64) {
        let has = |by| self.asking.by.contains(&by);
        let period = self.scope.period;
        let days = (period.to - 1) / DAY - period.from / DAY + 1;
        let kinds = self.scope.kinds.as_ref().map_or(1, BTreeSet::len) as u64;
        (
            if has(By::Day) { days } else { 1 },
            if has(By::Kind) { kinds } else { 1 },
            if has(By::Tier) {
                u64::from(self.asking.tiers)
            } else {
                1
            },
        )
    }

    /// Its text, in one form only. The scope stands in it with the digest of its text.
    pub fn text(&self) -> String {
        let scope = hash("counterfoil/scope/v1", &[self.scope.to_string().as_bytes()]);
        let has = |by| {
            if self.asking.by.contains(&by) {
                "yes"
            } else {
                "no"
            }
        };
        let sums = self
            .asking
            .sums
            .map_or("no".to_owned(), |most| most.to_string());
        format!(
            "counterfoil/question/v1\nscope {}\nday {}\nkind {}\ntier {}\ntiers {}\nsums {sums}\nrows {}\nminimum {}\nepsilon {}\n",
            digest_text(&scope),
            has(By::Day),
            has(By::Kind),
            has(By::Tier),
            self.asking.tiers,
            self.asking.rows,
            self.asking.minimum,
            self.asking.epsilon,
        )
    }

    /// The digest by which a budget knows it.
    pub fn digest(&self) -> [u8; 32] {
        hash("counterfoil/question/v1", &[self.text().as_bytes()])
    }

    /// What it costs, in thousandths of epsilon.
    pub const fn cost(&self) -> u32 {
        self.asking.epsilon.thousandths()
    }

    /// Who asks.
    pub fn authority(&self) -> u128 {
        self.scope.authority
    }

    /// The period that it is about.
    pub fn period(&self) -> Period {
        self.scope.period
    }

    /// The cell that a fact falls into.
    fn cell_of(&self, fact: &Fact<'_>) -> Option<usize> {
        let (_, kinds, tiers) = self.sides();
        let has = |by| self.asking.by.contains(&by);
        let is_tier = !has(By::Tier) || fact.tier < self.asking.tiers;
        if !is_tier || !self.scope.period.has(fact.time) {
            return None;
        }
        let kind = match &self.scope.kinds {
            None => 0,
            Some(all) => all.iter().position(|kind| kind.as_str() == fact.kind)?,
        };
        let day = fact.time / SECOND / DAY - self.scope.period.from / DAY;
        let part = |by, at: u64| if has(by) { at } else { 0 };
        let at = part(By::Day, day) * kinds + part(By::Kind, kind as u64);
        Some((at * tiers + part(By::Tier, u64::from(fact.tier))) as usize)
    }

    /// What the cell of this number is of.
    fn label(&self, at: usize) -> (Option<u64>, Option<Kind>, Option<u8>) {
        let (_, kinds, tiers) = self.sides();
        let has = |by| self.asking.by.contains(&by);
        let at = at as u64;
        let (rest, tier) = (at / tiers, at % tiers);
        let (day, kind) = (rest / kinds, rest % kinds);
        let day = self.scope.period.from / DAY + day;
        let mut all = self.scope.kinds.iter().flatten();
        (
            has(By::Day).then_some(day),
            has(By::Kind)
                .then(|| all.nth(kind as usize).cloned())
                .flatten(),
            has(By::Tier).then_some(tier as u8),
        )
    }
}

/// A question that was paid for.
#[derive(Debug)]
pub struct Allowed<'q> {
    question: &'q Question,
    cost: u32,
}

/// What is in a cell before there is noise.
#[derive(Clone, Default)]
struct Exact {
    count: i128,
    sum: i128,
    /// Those who are in it, as long as they are fewer than the minimum.
    parties: BTreeSet<u128>,
}

impl<'q> Allowed<'q> {
    const fn new(question: &'q Question, cost: u32) -> Self {
        Self { question, cost }
    }

    /// What was paid, in thousandths of epsilon; 0 where it was asked before.
    pub const fn cost(&self) -> u32 {
        self.cost
    }

    /// The answer. Facts come in the order of the log, which decides which rows of a party count.
    /// It holds a counter for each party and some thousand cells in memory.
    pub fn answer<'f>(
        &self,
        secret: &[u8; 32],
        facts: impl IntoIterator<Item = Fact<'f>>,
    ) -> Result<Table, QuestionError> {
        let Question { asking, .. } = self.question;
        let (days, kinds, tiers) = self.question.sides();
        let mut cells = vec![Exact::default(); (days * kinds * tiers) as usize];
        let mut counted: BTreeMap<u128, u32> = BTreeMap::new();
        for fact in facts {
            let at = self.question.cell_of(&fact).ok_or(QuestionError::Outside)?;
            let rows = counted.entry(fact.party).or_default();
            if *rows == asking.rows {
                continue;
            }
            *rows += 1;
            let cell = &mut cells[at];
            cell.count += 1;
            let amount = fact.amount.min(u128::from(asking.sums.unwrap_or(0)));
            cell.sum = cell
                .sum
                .checked_add(amount.cast_signed())
                .ok_or(QuestionError::Overflow)?;
            if cell.parties.len() < asking.minimum as usize {
                cell.parties.insert(fact.party);
            }
        }
        Ok(self.noisy(secret, &cells))
    }

    fn noisy(&self, secret: &[u8; 32], cells: &[Exact]) -> Table {
        let Question { asking, .. } = self.question;
        let digest = self.question.digest();
        let name =
            |at: usize, what: u8| [&digest[..], &[what], &(at as u64).to_be_bytes()].concat();
        // With sums, each of the two halves of epsilon has twice the noise.
        let halves = if asking.sums.is_some() { 2 } else { 1 };
        let (over, under) = (asking.epsilon.over, asking.epsilon.under);
        let counts = u128::from(asking.rows) * u128::from(under) * halves;
        let over = u128::from(over);
        let mut table = Table::new(asking.minimum, self.question.text());
        let mut hidden = Vec::new();
        for (at, exact) in cells.iter().enumerate() {
            let (day, kind, tier) = self.question.label(at);
            let count = exact.count + Bits::new(secret, name(at, b'c')).laplace(counts, over);
            let sum = asking.sums.map(|most| {
                let sums = counts * u128::from(most);
                exact.sum + Bits::new(secret, name(at, b's')).laplace(sums, over)
            });
            let is_shown = exact.parties.len() >= asking.minimum as usize
                && count >= i128::from(asking.minimum);
            let cell = Cell {
                day,
                kind,
                tier,
                count,
                sum,
            };
            if is_shown {
                table.cells.push(cell);
            } else {
                hidden.push((cell, &exact.parties));
            }
        }
        table.merge(&hidden);
        table
    }
}
