//! How fines are computed: in integers, rounded down once, as they are published.
//!
//! The bounds of the methods are from general knowledge; nobody compared them with the texts yet.

/// How a fine is computed, see [`Method`].
pub const METHODS: &[&str] = &["none", "stated", "share_of_sales", "guidelines_2006"];

/// See [`METHODS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Method {
    /// Nothing is computed.
    None,
    /// The amount is said, and reasoned in words.
    Stated,
    /// `base x share`: 1 to 10 % of the sales of the year before (Anti-Monopoly Law of 2007,
    /// articles 46 to 48).
    ShareOfSales,
    /// `base x share x years + base x entry`, and 10 % of the worldwide turnover at most (guidelines
    /// of the European Commission of 2006, 2006/C 210/02).
    Guidelines2006,
}

impl Method {
    /// All of them, by number.
    pub const ALL: [Self; 4] = [
        Self::None,
        Self::Stated,
        Self::ShareOfSales,
        Self::Guidelines2006,
    ];
}

/// What a fine is computed of; 0 where a method does not take it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Computation {
    /// The sales of the year before, or those that the infringement is about; in minor units.
    pub base: u128,
    /// How much of it counts, per mille.
    pub share: u16,
    /// For how long, in hundredths of a year.
    pub years: u16,
    /// The entry fee on top, per mille of the base.
    pub entry: u16,
    /// The worldwide turnover of the year before, in minor units.
    pub turnover: u128,
    /// The result is rounded down to a multiple of this, in minor units; 0 is 1.
    pub unit: u128,
}

/// Why something is no computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FineError {
    /// The share is not one that the method allows.
    Share,
    /// The entry fee is not one that the method allows.
    Entry,
    /// The method needs a value that is missing.
    Missing,
    /// A value is given that the method does not take.
    Unused,
    /// An amount passes 2^128-1 on the way.
    TooLarge,
}

impl core::fmt::Display for FineError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Share => {
                "the share is 1 to 10 % of the sales, or up to 30 % by the guidelines of 2006"
            }
            Self::Entry => "the entry fee is 15 to 25 %, or none",
            Self::Missing => {
                "a share of sales needs base and share, the guidelines of 2006 years and turnover too"
            }
            Self::Unused => "the method does not take all values that are given",
            Self::TooLarge => "an amount is too large to be computed with",
        })
    }
}

impl std::error::Error for FineError {}

impl Computation {
    /// What it comes to, in minor units; `None` where the method computes nothing.
    ///
    /// # Errors
    ///
    /// Where values are missing, not allowed, not taken or too large.
    pub fn amount(&self, method: Method) -> Result<Option<u128>, FineError> {
        let exact = match method {
            Method::None | Method::Stated => {
                return if *self == Self::default() {
                    Ok(None)
                } else {
                    Err(FineError::Unused)
                };
            }
            Method::ShareOfSales => self.share_of_sales()?,
            Method::Guidelines2006 => self.guidelines_2006()?,
        };
        Ok(Some(exact - exact % self.unit.max(1)))
    }

    fn share_of_sales(&self) -> Result<u128, FineError> {
        if self.base == 0 || self.share == 0 {
            return Err(FineError::Missing);
        }
        if (self.years, self.entry, self.turnover) != (0, 0, 0) {
            return Err(FineError::Unused);
        }
        if !(10..=100).contains(&self.share) {
            return Err(FineError::Share);
        }
        times(self.base, self.share.into(), 1_000)
    }

    fn guidelines_2006(&self) -> Result<u128, FineError> {
        if self.base == 0 || self.share == 0 || self.years == 0 || self.turnover == 0 {
            return Err(FineError::Missing);
        }
        if self.share > 300 {
            return Err(FineError::Share);
        }
        if self.entry != 0 && !(150..=250).contains(&self.entry) {
            return Err(FineError::Entry);
        }
        // Hundredths of per mille, so that all is rounded down once.
        let parts = u128::from(self.share) * u128::from(self.years) + u128::from(self.entry) * 100;
        let amount = times(self.base, parts, 100_000)?;
        Ok(amount.min(self.turnover / 10))
    }
}

fn times(base: u128, times: u128, of: u128) -> Result<u128, FineError> {
    let product = base.checked_mul(times).ok_or(FineError::TooLarge)?;
    Ok(product / of)
}

#[cfg(test)]
mod tests {
    use super::{Computation, FineError, Method};

    /// A million yuan, in fen.
    const MILLION: u128 = 100_000_000;

    fn share_of(base: u128, share: u16, unit: u128) -> u128 {
        let computation = Computation {
            base,
            share,
            unit,
            ..Computation::default()
        };
        let amount = computation.amount(Method::ShareOfSales);
        amount.expect("it is one").expect("it computes")
    }

    /// Within the rounding in which they were published.
    #[test]
    fn published_fines_come_out() {
        assert_eq!(share_of(455_712 * MILLION, 40, 1), 1_822_848_000_000);
        assert_eq!(share_of(455_712 * MILLION, 40, MILLION), 18_228 * MILLION);
        assert_eq!(share_of(114_748 * MILLION, 30, 1), 344_244_000_000);
        assert_eq!(share_of(114_748 * MILLION, 30, MILLION), 3_442 * MILLION);
        assert_eq!(share_of(1_752 * MILLION, 50, 1), 8_760_000_000);
    }

    #[test]
    fn the_method_of_2006() {
        let telecom = Computation {
            base: 7_286_817_600,
            share: 100,
            years: 533,
            turnover: 6_000_000_000_000,
            ..Computation::default()
        };
        let amount = |computation: Computation| computation.amount(Method::Guidelines2006);
        assert_eq!(amount(telecom), Ok(Some(3_883_873_780)));
        let published = Computation {
            unit: 100_000,
            ..telecom
        };
        assert_eq!(amount(published), Ok(Some(3_883_800_000)));
        let entered = Computation {
            entry: 150,
            ..telecom
        };
        assert_eq!(
            amount(entered),
            Ok(Some(3_883_873_780 + 1_093_022_640)),
            "72,868,176.00 x 15 % on top"
        );
        let capped = Computation {
            turnover: 100_000_009,
            ..telecom
        };
        assert_eq!(amount(capped), Ok(Some(10_000_000)));
        for (change, why) in [
            (
                Computation {
                    share: 301,
                    ..telecom
                },
                FineError::Share,
            ),
            (
                Computation {
                    entry: 149,
                    ..telecom
                },
                FineError::Entry,
            ),
            (
                Computation {
                    entry: 251,
                    ..telecom
                },
                FineError::Entry,
            ),
            (
                Computation {
                    years: 0,
                    ..telecom
                },
                FineError::Missing,
            ),
            (
                Computation {
                    turnover: 0,
                    ..telecom
                },
                FineError::Missing,
            ),
            (
                Computation {
                    base: u128::MAX,
                    ..telecom
                },
                FineError::TooLarge,
            ),
        ] {
            assert_eq!(amount(change), Err(why));
        }
    }

    #[test]
    fn shares_of_sales_are_one_to_ten_percent() {
        let amount = |share| {
            let computation = Computation {
                base: 1_000,
                share,
                ..Computation::default()
            };
            computation.amount(Method::ShareOfSales)
        };
        assert_eq!(amount(0), Err(FineError::Missing));
        assert_eq!(amount(9), Err(FineError::Share));
        assert_eq!(amount(10), Ok(Some(10)));
        assert_eq!(amount(100), Ok(Some(100)));
        assert_eq!(amount(101), Err(FineError::Share));
        let stated = Computation {
            base: 1,
            ..Computation::default()
        };
        assert_eq!(stated.amount(Method::Stated), Err(FineError::Unused));
        assert_eq!(Computation::default().amount(Method::Stated), Ok(None));
        let years = Computation {
            share: 10,
            years: 100,
            ..stated
        };
        assert_eq!(years.amount(Method::ShareOfSales), Err(FineError::Unused));
    }
}
