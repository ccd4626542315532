//! The order in which a bank booked the rows of one account.
//!
//! Within a day the published rows stand in no order, but each tells the balance after it. Among
//! the orders of a day's rows that make the balances chain, every step within
//! [`TOLERANCE`] of the amount, this finds one whose deviations add up to the least over the whole
//! life of the account. It goes over all partial orders at once, grouped by what matters for the
//! rest: which rows are used, and where the balance stands. Rows of the same amount and balance
//! are interchangeable and used from first to last, so that a day of many equal rows stays small.

use std::collections::BTreeMap;

/// By how much a published balance may differ from the one before it plus the amount, in minor
/// units: balances and amounts were published rounded to a tenth.
pub const TOLERANCE: u64 = 10;

/// Rows of one account on one day at most.
pub const DAY_ROWS: usize = 64;

/// Partial orders kept side by side at most. A day that needs more is refused, not guessed.
const STATES: usize = 1 << 16;

/// Steps tried for one account at most.
const STEPS: usize = 1 << 22;

/// What the order depends on, of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Calendar day, in any unit that rises.
    pub day: u64,
    /// What the row does to the balance.
    pub change: i64,
    /// The balance after it, as published.
    pub balance: i64,
}

/// Why there is no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoOrder {
    /// No order of the day that begins with this row makes the balances chain.
    Broken {
        /// Index of the day's first row.
        row: usize,
    },
    /// The day that begins with this row has too many rows, or too many ways.
    TooMany {
        /// Index of the day's first row.
        row: usize,
    },
}

/// Which rows of the day are used, and the balance after the last of them.
type State = (u64, i64);

/// The best way into a state.
#[derive(Clone, Copy)]
struct Way {
    deviation: u64,
    /// Index into `Search::trail`; `None` at the start.
    last: Option<usize>,
}

struct Search<'a> {
    steps: &'a [Step],
    /// Every step ever taken, with the one before it.
    trail: Vec<(usize, Option<usize>)>,
}

/// Finds the order: indices into `steps`, day by day. The account starts with nothing.
pub fn find(steps: &[Step]) -> Result<Vec<usize>, NoOrder> {
    let mut by_day: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        by_day.entry(step.day).or_default().push(index);
    }
    let mut search = Search {
        steps,
        trail: Vec::with_capacity(steps.len()),
    };
    let start = Way {
        deviation: 0,
        last: None,
    };
    let mut frontier = BTreeMap::from([((0, 0), start)]);
    for rows in by_day.values_mut() {
        // Equal rows side by side, the first published first.
        rows.sort_by_key(|&row| (steps[row], row));
        frontier = search.day(rows, frontier)?;
    }
    let best = frontier.values().min_by_key(|way| way.deviation);
    let mut order = Vec::with_capacity(steps.len());
    let mut at = best.and_then(|way| way.last);
    while let Some(index) = at {
        let (row, before) = search.trail[index];
        order.push(row);
        at = before;
    }
    order.reverse();
    Ok(order)
}

impl Search<'_> {
    /// From the states before a day to the states after it.
    fn day(
        &mut self,
        rows: &[usize],
        mut frontier: BTreeMap<State, Way>,
    ) -> Result<BTreeMap<State, Way>, NoOrder> {
        let row = *rows.iter().min().expect("a day has rows");
        if rows.len() > DAY_ROWS {
            return Err(NoOrder::TooMany { row });
        }
        for _ in rows {
            frontier = self.step(rows, &frontier);
            if frontier.is_empty() {
                return Err(NoOrder::Broken { row });
            }
            if frontier.len() > STATES || self.trail.len() > STEPS {
                return Err(NoOrder::TooMany { row });
            }
        }
        let after = frontier.into_iter();
        Ok(after
            .map(|((_, balance), way)| ((0, balance), way))
            .collect())
    }

    /// Puts each row that may come next behind each state.
    fn step(&mut self, rows: &[usize], frontier: &BTreeMap<State, Way>) -> BTreeMap<State, Way> {
        let mut next: BTreeMap<State, Way> = BTreeMap::new();
        for (&(used, balance), way) in frontier {
            for (place, &row) in rows.iter().enumerate() {
                let step = self.steps[row];
                let equal_before = place > 0 && self.steps[rows[place - 1]] == step;
                if used >> place & 1 == 1 || equal_before && used >> (place - 1) & 1 == 0 {
                    continue;
                }
                let off = step.balance.abs_diff(balance + step.change);
                if off > TOLERANCE {
                    continue;
                }
                let state = (used | 1 << place, step.balance);
                let deviation = way.deviation + off;
                if next
                    .get(&state)
                    .is_some_and(|known| known.deviation <= deviation)
                {
                    continue;
                }
                self.trail.push((row, way.last));
                let last = Some(self.trail.len() - 1);
                next.insert(state, Way { deviation, last });
            }
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY_ROWS, NoOrder, Step, find};

    fn step(day: u64, change: i64, balance: i64) -> Step {
        Step {
            day,
            change,
            balance,
        }
    }

    #[test]
    fn a_shuffled_day_is_put_in_order() {
        let steps = [
            step(1, 1000, 1000),
            step(2, -300, 900),
            step(2, 700, 1700),
            step(2, -500, 1200),
        ];
        assert_eq!(find(&steps), Ok(vec![0, 2, 3, 1]));
    }

    #[test]
    fn an_exact_chain_goes_before_a_rounded_one() {
        // 0 -> 1000 -> 1010 -> 1000 is exact; taking the two the other way round is off by 10
        // a step and still within the tolerance.
        let steps = [step(1, 1000, 1000), step(2, -10, 1000), step(2, 10, 1010)];
        assert_eq!(find(&steps), Ok(vec![0, 2, 1]));
    }

    #[test]
    fn a_day_chosen_wrongly_at_first_is_taken_back() {
        // Both rows of day 2 may come first; only one leads to day 3.
        let steps = [
            step(1, 1000, 1000),
            step(2, 5, 1005),
            step(2, -5, 1000),
            step(3, 100, 1100),
        ];
        assert_eq!(find(&steps), Ok(vec![0, 1, 2, 3]));
        let steps = [
            step(1, 1000, 1000),
            step(2, 5, 1005),
            step(2, -5, 1000),
            step(3, 100, 1115),
        ];
        assert_eq!(find(&steps), Ok(vec![0, 2, 1, 3]));
    }

    #[test]
    fn rounding_is_tolerated_to_a_tenth() {
        let steps = [step(1, 1000, 1000), step(2, 500, 1510)];
        assert_eq!(find(&steps), Ok(vec![0, 1]));
        let steps = [step(1, 1000, 1000), step(2, 500, 1511)];
        assert_eq!(find(&steps), Err(NoOrder::Broken { row: 1 }));
        let steps = [step(1, 1000, 1011)];
        assert_eq!(find(&steps), Err(NoOrder::Broken { row: 0 }));
    }

    #[test]
    fn a_day_of_many_equal_rows_stays_small() {
        let mut steps = vec![step(1, 1000, 1000)];
        for _ in 0..30 {
            steps.push(step(2, 100, 1100));
            steps.push(step(2, -100, 1000));
        }
        let order = find(&steps).expect("it alternates");
        assert_eq!(order.len(), steps.len());
        for pair in order.windows(2) {
            let (before, after) = (steps[pair[0]], steps[pair[1]]);
            assert_eq!(after.balance, before.balance + after.change);
        }
    }

    #[test]
    fn too_many_rows_are_refused() {
        let steps = vec![step(1, 10, 10); DAY_ROWS + 1];
        assert_eq!(find(&steps), Err(NoOrder::TooMany { row: 0 }));
    }

    #[test]
    fn ten_thousand_random_days_come_back_in_some_order_that_chains() {
        let mut random = sim::workload::Random::new(1);
        for _ in 0..2_000 {
            let mut balance = 0;
            let mut steps = Vec::new();
            for day in 1..4 {
                let first = steps.len();
                for _ in 0..=random.below(6) {
                    let change = 10 * (random.below(9).cast_signed() - 4);
                    let rounding = 10 * (random.below(3).cast_signed() - 1);
                    balance += change + rounding;
                    steps.push(step(day, change, balance));
                }
                random.shuffle(&mut steps[first..]);
            }
            let order = find(&steps).expect("the order it was made in chains");
            let mut balance = 0;
            let mut seen = vec![false; steps.len()];
            for row in order {
                assert!(!std::mem::replace(&mut seen[row], true));
                assert!(steps[row].balance.abs_diff(balance + steps[row].change) <= 10);
                balance = steps[row].balance;
            }
            assert!(seen.iter().all(|&seen| seen));
        }
    }
}
