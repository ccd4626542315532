//! What an authority may still ask: a budget in thousandths of epsilon that only shrinks.

use core::fmt;
use std::collections::BTreeMap;

use super::{Allowed, Question};
use crate::limits::QUESTIONS;

/// The budget of an authority. What was granted never grows, and what was answered stays: the same
/// question again costs nothing, because its answer is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    authority: u128,
    granted: u32,
    spent: u32,
    answered: BTreeMap<[u8; 32], u32>,
}

/// Why a question is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetError {
    /// It is asked by another authority than the one that has the budget.
    Authority,
    /// Its period has not ended: its answer would change, and the difference would tell.
    Unended,
    /// It costs more than is left.
    Exhausted {
        /// What it costs, in thousandths of epsilon.
        cost: u32,
        /// What is left.
        left: u32,
    },
    /// As many questions were answered as may be.
    Full,
    /// Entries of a budget come to more than was granted, or one is there twice.
    Entries,
}

impl fmt::Display for BudgetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authority => f.write_str("the budget is another authority's"),
            Self::Unended => f.write_str(
                "the period has not ended; aggregates are of periods that do not change any more",
            ),
            Self::Exhausted { cost, left } => write!(
                f,
                "the question costs {cost} thousandths of epsilon, and {left} are left"
            ),
            Self::Full => write!(f, "{QUESTIONS} questions were answered, and no more may be"),
            Self::Entries => {
                f.write_str("the entries of the budget are not what was granted and spent")
            }
        }
    }
}

impl std::error::Error for BudgetError {}

impl Budget {
    /// A budget of so many thousandths of epsilon, of which nothing is spent.
    pub const fn new(authority: u128, granted: u32) -> Budget {
        Budget {
            authority,
            granted,
            spent: 0,
            answered: BTreeMap::new(),
        }
    }

    /// A budget as its records say it stands: the digest and the cost of each question that was
    /// answered.
    pub fn restore(
        authority: u128,
        granted: u32,
        entries: impl IntoIterator<Item = ([u8; 32], u32)>,
    ) -> Result<Budget, BudgetError> {
        let mut budget = Budget::new(authority, granted);
        for (digest, cost) in entries {
            let left = budget.left();
            if cost > left || budget.answered.insert(digest, cost).is_some() {
                return Err(BudgetError::Entries);
            }
            budget.spent += cost;
        }
        Ok(budget)
    }

    /// Thousandths of epsilon that are left.
    pub const fn left(&self) -> u32 {
        self.granted - self.spent
    }

    /// The questions that were answered, by their digests, and what each cost.
    pub fn entries(&self) -> impl Iterator<Item = ([u8; 32], u32)> {
        self.answered.iter().map(|(digest, cost)| (*digest, *cost))
    }

    /// Asks a question at the second `now`, and pays for it if it is new. The entry must be kept
    /// before the answer leaves.
    pub fn ask<'q>(
        &mut self,
        question: &'q Question,
        now: u64,
    ) -> Result<Allowed<'q>, BudgetError> {
        if question.authority() != self.authority {
            return Err(BudgetError::Authority);
        }
        if question.period().to > now {
            return Err(BudgetError::Unended);
        }
        let digest = question.digest();
        if self.answered.contains_key(&digest) {
            return Ok(Allowed::new(question, 0));
        }
        let (cost, left) = (question.cost(), self.left());
        if cost > left {
            return Err(BudgetError::Exhausted { cost, left });
        }
        if self.answered.len() == QUESTIONS {
            return Err(BudgetError::Full);
        }
        self.spent += cost;
        self.answered.insert(digest, cost);
        Ok(Allowed::new(question, cost))
    }
}
