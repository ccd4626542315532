//! Sales of a time, added up from the lines of orders: what a fine or a share of a market is of.
//!
//! A line is sold when its trade is finished, for what was paid and not given back by then. What is
//! given back later is returned, in the time in which that happens.

use std::collections::BTreeMap;

use crate::object::{LineState, Noun, OrderLine};

/// Lines whose trade is finished, at most: those of one fold are in memory.
pub const SALES_LINES: usize = 1 << 22;

/// Adds up the lines of orders, as each came to stand.
#[derive(Clone, Debug)]
pub struct Sales {
    /// Where each time begins; the last ends it.
    bounds: Vec<u64>,
    /// What each line that is finished was sold for.
    finished: BTreeMap<(u128, u128), u128>,
    sold: Vec<SoldByListing>,
    /// How many entries `sold` has.
    entries: usize,
}

/// What was sold, by ledger and [`OrderLine::listing`].
pub type SoldByListing = BTreeMap<(u32, u32), Sold>;

/// What was sold of one listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sold {
    /// In minor units.
    pub sales: u128,
    /// What was given back of sales, of this time or earlier, in minor units.
    pub returned: u128,
    /// How many lines were finished.
    pub lines: u64,
}

/// So many lines are finished that they cannot be added up: [`SALES_LINES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyLines;

impl core::fmt::Display for TooManyLines {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "more than {SALES_LINES} lines of orders are finished")
    }
}

impl std::error::Error for TooManyLines {}

impl Sold {
    /// Adds what was sold of another listing.
    pub const fn add(&mut self, other: Self) {
        self.sales = self.sales.saturating_add(other.sales);
        self.returned = self.returned.saturating_add(other.returned);
        self.lines += other.lines;
    }
}

impl Sales {
    /// Sales of the times from each of some rising moments to before the next, in nanoseconds.
    pub fn between(bounds: &[u64]) -> Self {
        Self {
            bounds: bounds.to_vec(),
            finished: BTreeMap::new(),
            sold: vec![BTreeMap::new(); bounds.len().saturating_sub(1)],
            entries: 0,
        }
    }

    /// A line came to stand so. All records of lines have to be told, in their order and from the
    /// first on: what is returned may have been sold before.
    ///
    /// # Errors
    ///
    /// After [`SALES_LINES`] lines that are finished.
    pub fn take(&mut self, line: &OrderLine) -> Result<(), TooManyLines> {
        let is_finished = line.state == LineState::TradeFinished as u8;
        let now = if is_finished {
            line.paid.saturating_sub(line.refunded)
        } else {
            0
        };
        let key = line.key();
        let before = self.finished.get(&key).copied().unwrap_or(0);
        if now == before {
            return Ok(());
        }
        if now == 0 {
            self.finished.remove(&key);
        } else {
            self.finished.insert(key, now);
        }
        let begun = self.bounds.partition_point(|from| *from <= line.timestamp);
        let time = begun.checked_sub(1).and_then(|at| self.sold.get_mut(at));
        if let Some(time) = time {
            let before_it = time.len();
            let sold = time.entry((line.ledger, line.listing)).or_default();
            sold.add(Sold {
                sales: now.saturating_sub(before),
                returned: before.saturating_sub(now),
                lines: u64::from(before == 0),
            });
            self.entries += time.len() - before_it;
        }
        if self.finished.len().max(self.entries) > SALES_LINES {
            return Err(TooManyLines);
        }
        Ok(())
    }

    /// What was sold in each of the times.
    pub fn sold(&self) -> &[SoldByListing] {
        &self.sold
    }
}

#[cfg(test)]
mod tests {
    use super::{Sales, Sold};
    use crate::object::{LineState, OrderLine};

    fn line(order: u128, state: LineState, (paid, refunded): (u128, u128), time: u64) -> OrderLine {
        OrderLine {
            order,
            ledger: 978,
            listing: 3,
            amount: 100,
            paid,
            refunded,
            state: state as u8,
            timestamp: time,
            ..OrderLine::default()
        }
    }

    fn sold(from: u64, to: u64, lines: &[OrderLine]) -> Sold {
        let mut sales = Sales::between(&[from, to]);
        for line in lines {
            sales.take(line).expect("there is room");
        }
        sales.sold()[0].get(&(978, 3)).copied().unwrap_or_default()
    }

    #[test]
    fn sold_when_finished_and_returned_when_given_back() {
        use LineState::{
            TradeClosed as Closed, TradeFinished as Finished, WaitSellerSendGoods as Paid,
        };
        let lines = [
            line(1, Paid, (100, 0), 10),
            line(1, Paid, (100, 10), 11),
            line(1, Finished, (100, 10), 12),
            line(2, Finished, (100, 0), 13),
            // Something else of it changed.
            line(2, Finished, (100, 0), 14),
            line(1, Finished, (100, 40), 20),
            line(2, Closed, (100, 100), 21),
            line(3, Closed, (100, 100), 22),
        ];
        let is = |sales, returned, lines| Sold {
            sales,
            returned,
            lines,
        };
        assert_eq!(sold(0, 20, &lines), is(190, 0, 2));
        assert_eq!(sold(0, 99, &lines), is(190, 130, 2));
        assert_eq!(sold(20, 99, &lines), is(0, 130, 0), "of earlier sales");
        assert_eq!(sold(12, 13, &lines), is(90, 0, 1));
        assert_eq!(sold(22, 99, &lines), is(0, 0, 0));
        let mut times = Sales::between(&[12, 13, 20]);
        for line in &lines {
            times.take(line).expect("there is room");
        }
        let each: Vec<_> = times.sold().iter().map(|time| time[&(978, 3)]).collect();
        assert_eq!(each, [is(90, 0, 1), is(100, 0, 1)], "one after the other");
    }
}
