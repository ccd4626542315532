//! A table of noisy cells, and what became of those that are too small.

use std::collections::BTreeSet;
use std::fmt;

use crate::field::Kind;
use crate::time::{DAY, second_text};

/// A cell that is shown. Counts and sums have noise and may be below zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The day, counted from 1970, where cells are made by it.
    pub day: Option<u64>,
    /// The kind, where cells are made by it.
    pub kind: Option<Kind>,
    /// The tier, where cells are made by it.
    pub tier: Option<u8>,
    /// How many rows, with noise.
    pub count: i128,
    /// How much, with noise, in minor units; where sums were asked for.
    pub sum: Option<i128>,
}

/// What became of the cells that are too small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// There are none.
    None,
    /// So many cells come to this together.
    Merged {
        /// How many cells.
        cells: usize,
        /// How many rows, with the noise of all of them.
        count: i128,
        /// How much, with the noise of all of them.
        sum: Option<i128>,
    },
    /// So many cells are left out: together they are too small as well, or there is but one.
    LeftOut {
        /// How many cells.
        cells: usize,
    },
}

/// An answer. Its `Display` is CSV with a line for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The cells that are shown, by day, kind and tier.
    pub cells: Vec<Cell>,
    /// The others.
    pub rest: Rest,
    /// How many parties a cell must have to be shown.
    pub minimum: u32,
    /// The question's text.
    pub question: String,
}

impl Table {
    pub(super) fn new(minimum: u32, question: String) -> Self {
        Self {
            cells: Vec::new(),
            rest: Rest::None,
            minimum,
            question,
        }
    }

    /// Merges cells that are too small, with those who are in each. One alone would be shown by
    /// its own name, and so is left out.
    pub(super) fn merge(&mut self, hidden: &[(Cell, &BTreeSet<u128>)]) {
        let cells = hidden.len();
        let parties: BTreeSet<&u128> = hidden.iter().flat_map(|(_, parties)| *parties).collect();
        let count = hidden.iter().map(|(cell, _)| cell.count).sum();
        let sum = hidden.iter().map(|(cell, _)| cell.sum).sum();
        let is_large = parties.len() >= self.minimum as usize && count >= i128::from(self.minimum);
        self.rest = match cells {
            0 => Rest::None,
            1 => Rest::LeftOut { cells },
            _ if !is_large => Rest::LeftOut { cells },
            _ => Rest::Merged { cells, count, sum },
        };
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "day,kind,tier,count,sum\r\n")?;
        let optional = |sum: Option<i128>| sum.map_or(String::new(), |sum| sum.to_string());
        for cell in &self.cells {
            let day = cell.day.map(|day| second_text(day * DAY)[..10].to_owned());
            let kind = cell.kind.as_ref().map_or("", Kind::as_str);
            let tier = cell.tier.map(|tier| tier.to_string());
            write!(
                f,
                "{},{kind},{},{},{}\r\n",
                day.unwrap_or_default(),
                tier.unwrap_or_default(),
                cell.count,
                optional(cell.sum)
            )?;
        }
        match self.rest {
            Rest::None => Ok(()),
            Rest::Merged { cells, count, sum } => {
                write!(
                    f,
                    "{cells} small cells merged,,,{count},{}\r\n",
                    optional(sum)
                )
            }
            Rest::LeftOut { cells } => write!(f, "{cells} small cells left out,,,,\r\n"),
        }
    }
}
