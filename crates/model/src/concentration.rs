//! How concentrated a market is, and what the law presumes of it: exact, in integers. No share is
//! ever rounded: what has 33.33 % of a market has less than a third of it.
//!
//! The thresholds are from general knowledge; nobody compared them with the texts yet.

/// The sales of a market at most: their square in ten thousandths fits in 128 bits.
const SALES: u128 = 1 << 57;

/// Who sells how much in a market, in any unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    sales: Vec<u128>,
    total: u128,
}

/// Why something is no market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarketError {
    /// Nobody sells anything.
    Empty,
    /// The sales together pass 2^57: a larger unit is needed.
    TooLarge,
}

impl core::fmt::Display for MarketError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Empty => "nobody sells anything in the market",
            Self::TooLarge => "the sales of a market pass 2^57: give them in a larger unit",
        })
    }
}

impl std::error::Error for MarketError {}

/// From which joint share on the largest one, two and three are looked at: numerator and
/// denominator.
pub type Thresholds = [(u128, u128); 3];

/// Dominance is presumed (Anti-Monopoly Law of 2007, article 19).
pub const DOMINANCE: Thresholds = [(1, 2), (2, 3), (3, 4)];

/// The central bank may warn (draft on non-bank payment institutions of 20 January 2021; never in
/// force).
pub const EARLY_WARNING_2021: Thresholds = [(1, 3), (1, 2), (3, 5)];

impl Market {
    /// A market in which these sell so much.
    ///
    /// # Errors
    ///
    /// Where nobody sells anything, or all together too much to be computed with.
    pub fn new(sales: &[u128]) -> Result<Self, MarketError> {
        let mut total = 0u128;
        for one in sales {
            total = total.checked_add(*one).ok_or(MarketError::TooLarge)?;
        }
        match total {
            0 => Err(MarketError::Empty),
            total if total > SALES => Err(MarketError::TooLarge),
            total => Ok(Self {
                sales: sales.to_vec(),
                total,
            }),
        }
    }

    /// Whether `part` of the sales is at least this share of all.
    pub const fn is_at_least(&self, part: u128, (times, of): (u128, u128)) -> bool {
        part * of >= times * self.total
    }

    /// The places of the sellers, the largest first; of equal ones the earlier.
    fn largest(&self) -> Vec<usize> {
        let mut places: Vec<_> = (0..self.sales.len()).collect();
        places.sort_by_key(|place| std::cmp::Reverse(self.sales[*place]));
        places
    }

    /// How many of the largest together reach each threshold: the first, the first two, the first
    /// three.
    pub fn reaches(&self, thresholds: Thresholds) -> [bool; 3] {
        let largest = self.largest();
        let mut sum = 0;
        let mut reached = [false; 3];
        for (count, threshold) in thresholds.into_iter().enumerate() {
            let Some(place) = largest.get(count) else {
                break;
            };
            sum += self.sales[*place];
            reached[count] = self.is_at_least(sum, threshold);
        }
        reached
    }

    /// The sellers that are presumed dominant, by place: those of a group that reaches its
    /// threshold, except who has less than a tenth among two or three.
    pub fn presumed_dominant(&self) -> Vec<usize> {
        let largest = self.largest();
        let reached = self.reaches(DOMINANCE);
        let mut presumed: Vec<_> = (0..3)
            .filter(|group| reached[*group])
            .flat_map(|group| largest[..=group].to_vec())
            .filter(|place| self.is_at_least(self.sales[*place], (1, 10)))
            .collect();
        presumed.sort_unstable();
        presumed.dedup();
        presumed
    }

    /// The Herfindahl-Hirschman index, 0 to 10,000: the sum of the squares of the shares in
    /// percent.
    pub fn index(&self) -> Index {
        Index {
            squares: self.sales.iter().map(|sales| sales * sales).sum(),
            of: self.total * self.total,
        }
    }

    /// What a merger of the sellers at two different places adds to the index: twice the product
    /// of their shares. `None` where there are no such two.
    pub fn change(&self, first: usize, second: usize) -> Option<Index> {
        let (a, b) = (self.sales.get(first)?, self.sales.get(second)?);
        (first != second).then(|| Index {
            squares: 2 * a * b,
            of: self.total * self.total,
        })
    }

    /// What the law of both sides says of a merger of the sellers at two different places; `None`
    /// where there are no such two.
    pub fn merger(&self, first: usize, second: usize) -> Option<Merger> {
        let change = self.change(first, second)?;
        let before = self.index();
        let after = Index {
            squares: before.squares + change.squares,
            ..before
        };
        let joint = self.sales[first] + self.sales[second];
        let harms = after.is_above(1_800) || joint * 10 > self.total * 3;
        Some(Merger {
            after,
            change,
            us_2023: harms && change.is_above(100),
            eu_2004: match after {
                index if index.is_below(1_000) => false,
                index if index.is_above(2_000) => !change.is_below(150),
                _ => !change.is_below(250),
            },
        })
    }
}

/// An index of concentration, exact: `10,000 x squares / of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    squares: u128,
    of: u128,
}

impl Index {
    /// Rounded down to whole points.
    pub const fn points(self) -> u128 {
        self.squares * 10_000 / self.of
    }

    /// Whether it is more than so many points.
    pub const fn is_above(self, points: u128) -> bool {
        self.squares * 10_000 > points * self.of
    }

    /// Whether it is less than so many points.
    pub const fn is_below(self, points: u128) -> bool {
        self.squares * 10_000 < points * self.of
    }
}

/// What becomes of a market by a merger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merger {
    /// The index after it.
    pub after: Index,
    /// What it adds.
    pub change: Index,
    /// Harm is presumed: the index passes 1,800 or the share 30 %, and the change 100 (merger
    /// guidelines of the United States of 2023, guideline 1).
    pub us_2023: bool,
    /// It is not outside of concern: an index of 1,000 to 2,000 with a change of 250 or more, or
    /// above with 150 or more (guidelines of the European Commission of 2004, 2004/C 31/03).
    pub eu_2004: bool,
}

#[cfg(test)]
mod tests {
    use super::{EARLY_WARNING_2021, Market, MarketError};

    fn market(sales: &[u128]) -> Market {
        Market::new(sales).expect("it is one")
    }

    #[test]
    fn a_third_is_a_third() {
        let rest = |share| market(&[share, 2_000, 1_900, 10_000 - 3_900 - share]);
        assert!(!rest(3_333).reaches(EARLY_WARNING_2021)[0], "33.33 %");
        assert!(rest(3_334).reaches(EARLY_WARNING_2021)[0]);
        assert!(market(&[1, 1, 1]).reaches(EARLY_WARNING_2021)[0]);
        let warned = |sales: &[u128]| market(sales).reaches(EARLY_WARNING_2021);
        assert_eq!(warned(&[25, 25, 10, 40 / 2, 20]), [false, true, true]);
        assert_eq!(warned(&[20, 20, 19, 19, 22]), [false, false, true]);
        assert_eq!(warned(&[20, 20, 20, 20, 20]), [false, false, true]);
        assert_eq!(warned(&[20, 20, 19, 20, 21, 2]), [false, false, false]);
        assert_eq!(warned(&[7]), [true, false, false]);
    }

    #[test]
    fn who_is_presumed_dominant() {
        let presumed = |sales: &[u128]| market(sales).presumed_dominant();
        assert_eq!(presumed(&[9, 50, 9, 9, 8, 8, 7]), [1]);
        assert_eq!(
            presumed(&[49, 9, 9, 9, 8, 8, 8]),
            [0; 0],
            "less than a half"
        );
        assert_eq!(
            presumed(&[49, 18, 7, 8, 9, 9]),
            [0, 1],
            "67 of 100 are two thirds"
        );
        assert_eq!(
            presumed(&[40, 26, 7, 8, 9, 10]),
            [0, 1, 5],
            "66 are not, 76 three quarters"
        );
        assert_eq!(presumed(&[1, 1, 1]), [0, 1, 2]);
        assert_eq!(
            presumed(&[25, 25, 25, 25]),
            [0, 1, 2],
            "of equal ones the earlier"
        );
        assert_eq!(
            presumed(&[60, 9, 9, 9, 13]),
            [0, 4],
            "the third has less than a tenth"
        );
        assert_eq!(presumed(&[24, 25, 25, 26]), [1, 2, 3]);
        assert_eq!(presumed(&[25, 25, 24, 26]), [0, 1, 3]);
        assert_eq!(presumed(&[250, 249, 251, 248, 2]), [0, 1, 2]);
    }

    #[test]
    fn indices_and_mergers() {
        let market = market(&[30, 30, 20, 20]);
        assert_eq!(market.index().points(), 2_600);
        let merger = market.merger(2, 3).expect("they are two");
        assert_eq!(
            (merger.after.points(), merger.change.points()),
            (3_400, 800)
        );
        assert!(merger.us_2023 && merger.eu_2004);
        assert_eq!(market.merger(2, 2), None);
        assert_eq!(market.merger(0, 4), None);
    }

    /// Each threshold at it and beside it.
    #[test]
    fn thresholds_of_mergers() {
        // A change of exactly 100: 10 % and 5 %.
        let hundred = market(&[100, 50, 400, 450]).merger(0, 1).expect("two");
        assert!(hundred.after.is_above(1_800) && !hundred.us_2023);
        assert!(!hundred.eu_2004, "above 2,000 with a change below 150");
        let above = market(&[101, 50, 400, 449]).merger(0, 1).expect("two");
        assert!(above.us_2023);
        // 5 % and 15 %: a change of 150.
        let concern = market(&[50, 150, 400, 400]).merger(0, 1).expect("two");
        assert_eq!(concern.change.points(), 150);
        assert!(concern.eu_2004);
        // Small ones: the index stays below 1,000.
        let small = market(&[1; 20]).merger(3, 4).expect("two");
        assert_eq!((small.after.points(), small.change.points()), (550, 50));
        assert!(!small.us_2023 && !small.eu_2004);
        // Two sellers among many that have one part in a hundred each.
        let beside = |sales: &[u128]| {
            let others = 100 - sales.iter().sum::<u128>();
            let all = [sales, &vec![1; others as usize]].concat();
            market(&all).merger(0, 1).expect("two")
        };
        let merger = beside(&[30, 1]);
        assert!(
            merger.after.is_below(1_800) && !merger.us_2023,
            "31 %, a change of 60"
        );
        let merger = beside(&[30, 2]);
        assert!(
            merger.after.is_below(1_800) && merger.us_2023,
            "32 %, a change of 120"
        );
        let merger = beside(&[15, 15]);
        assert!(!merger.us_2023, "30 % are not more than 30 %");
        let merger = beside(&[11, 12, 25]);
        assert_eq!(merger.after.points(), 1_206);
        assert!(merger.eu_2004, "a change of 264");
        assert!(!beside(&[10, 12, 25]).eu_2004, "a change of 240");
    }

    #[test]
    fn what_is_no_market() {
        assert_eq!(Market::new(&[]), Err(MarketError::Empty));
        assert_eq!(Market::new(&[0, 0]), Err(MarketError::Empty));
        assert_eq!(Market::new(&[1 << 57, 1]), Err(MarketError::TooLarge));
        assert_eq!(Market::new(&[u128::MAX, 1]), Err(MarketError::TooLarge));
        let all = market(&[1 << 57]);
        assert_eq!(all.index().points(), 10_000);
        assert!(!all.index().is_above(10_000));
    }
}
