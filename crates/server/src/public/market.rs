//! Sales by category and month, added up from the log beside the page: it takes as long as it
//! takes to read the log, so it is done once in a while, one reading at a time, and the page shows
//! what the last one came to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engine::{Books, Refused, SalesLine};
use model::document::{moment_of, moment_text};

use super::view::{AmountView, CategoryView, LedgerMarket, MarketView, ShareView};
use crate::limits::{PUBLIC_CATEGORIES, PUBLIC_LEDGERS, PUBLIC_MARKET_WAIT};
use crate::listings::Listings;
use crate::wire::{Currencies, U64};

/// Months that are added up, the one of now with them.
const MONTHS: u32 = 12;

/// A reading rests for so many times as long as it took.
const REST: u32 = 20;

/// What the last reading came to, and whether another is under way.
pub(super) struct Market {
    books: Books,
    listings: Listings,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    view: MarketView,
    /// When the next reading may begin.
    next: Option<Instant>,
}

impl Market {
    pub fn new(books: Books, listings: Listings) -> Self {
        Self {
            books,
            listings,
            kept: Arc::default(),
        }
    }

    /// What is known; where it is due, a reading begins.
    pub fn view(&self, currencies: &Arc<Currencies>, now: u64) -> MarketView {
        let mut kept = self.lock();
        let start = instant();
        let is_due = kept.next.is_none_or(|next| next <= start);
        if is_due && !kept.view.reading {
            kept.view.reading = true;
            let reading = Reading {
                kept: Arc::clone(&self.kept),
                books: self.books.clone(),
                listings: self.listings.clone(),
                currencies: Arc::clone(currencies),
                now,
                start,
            };
            tokio::spawn(reading.run());
        }
        kept.view.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how often something is read, which no answer depends on"
)]
fn instant() -> Instant {
    Instant::now()
}

/// One reading of the log.
struct Reading {
    kept: Arc<Mutex<Kept>>,
    books: Books,
    listings: Listings,
    currencies: Arc<Currencies>,
    now: u64,
    start: Instant,
}

impl Reading {
    async fn run(self) {
        let read = self.read().await;
        let end = instant();
        let rest = end.duration_since(self.start).saturating_mul(REST);
        let rest: Duration = rest.max(PUBLIC_MARKET_WAIT);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.next = end.checked_add(rest);
        kept.view.reading = false;
        match read {
            Ok(view) => kept.view = view,
            // What was known stays, with when it was added up.
            Err(why) => kept.view.problem = Some(why.to_string()),
        }
    }

    async fn read(&self) -> Result<MarketView, Refused> {
        let beyond = Refused::Invalid("the clock is beyond the calendar");
        let bounds = bounds(self.now).ok_or(beyond)?;
        let sales = self.books.sales_between(&bounds).await?;
        let mut view = view(self.now, &bounds, &sales, &self.currencies);
        for ledger in &mut view.ledgers {
            for category in &mut ledger.categories {
                if let Ok(number) = category.category.parse() {
                    // Without its name a category is shown by its number.
                    category.label = self.listings.label_of(number).await.ok().flatten();
                }
            }
        }
        Ok(view)
    }
}

/// The first moments of the last twelve months, that of now with them, and of the next one.
fn bounds(now: u64) -> Option<Vec<u64>> {
    let text = moment_text(now);
    let (year, month) = (text.get(..4)?.parse::<u32>().ok()?, text.get(5..7)?);
    let last = year * 12 + month.parse::<u32>().ok()?;
    let first = |month: u32| {
        let (year, month) = ((month - 1) / 12, (month - 1) % 12 + 1);
        // Nothing was sold before 1970.
        if year < 1_970 {
            return Some(0);
        }
        moment_of(&format!("{year:04}-{month:02}-01T00:00:00Z"))
    };
    (last - (MONTHS - 1)..=last + 1).map(first).collect()
}

type ByCategory = BTreeMap<u32, Vec<u128>>;

fn view(
    now: u64,
    bounds: &[u64],
    months: &[Vec<SalesLine>],
    currencies: &Currencies,
) -> MarketView {
    let mut ledgers: BTreeMap<u32, ByCategory> = BTreeMap::new();
    for (place, lines) in months.iter().enumerate() {
        for line in lines {
            let categories = ledgers.entry(line.ledger).or_default();
            let category = categories.entry(line.category);
            let category = category.or_insert_with(|| vec![0; months.len()]);
            category[place] = line.sold.sales.saturating_sub(line.sold.returned);
        }
    }
    let month = |from: &u64| moment_text(*from)[..7].to_owned();
    let left_out = ledgers.len().saturating_sub(PUBLIC_LEDGERS);
    let ledgers = ledgers.into_iter().take(PUBLIC_LEDGERS);
    MarketView {
        as_of: Some(U64(now)),
        reading: false,
        problem: None,
        months: bounds.iter().take(months.len()).map(month).collect(),
        ledgers: ledgers
            .map(|(ledger, categories)| LedgerMarket::new(ledger, categories, currencies))
            .collect(),
        left_out,
    }
}

fn sum(values: &[u128]) -> u128 {
    let add = |sum: u128, one: &u128| sum.saturating_add(*one);
    values.iter().fold(0, add)
}

impl LedgerMarket {
    fn new(ledger: u32, categories: ByCategory, currencies: &Currencies) -> Self {
        let mut rows: Vec<(String, Vec<u128>)> = Vec::new();
        for (category, months) in categories {
            let name = match category {
                0 => "none".to_owned(),
                number => number.to_string(),
            };
            rows.push((name, months));
        }
        rows.sort_by_key(|(_, months)| core::cmp::Reverse(sum(months)));
        let mut left_out = 0;
        if rows.len() > PUBLIC_CATEGORIES {
            let others = rows.split_off(PUBLIC_CATEGORIES - 1);
            left_out = others.len();
            rows.push(("others".to_owned(), added(&others)));
        }
        let all = added(&rows);
        let share = |sales, all| ShareView {
            sales: AmountView::new(ledger, sales, currencies),
            share: share_of(sales, all),
        };
        let total = sum(&all);
        let category = |(category, months): (String, Vec<u128>)| CategoryView {
            category,
            label: None,
            total: share(sum(&months), total),
            months: months
                .iter()
                .zip(&all)
                .map(|(sales, all)| share(*sales, *all))
                .collect(),
        };
        Self {
            total: AmountView::new(ledger, total, currencies),
            categories: rows.into_iter().map(category).collect(),
            left_out,
        }
    }
}

/// Month by month.
fn added(rows: &[(String, Vec<u128>)]) -> Vec<u128> {
    let months = rows.first().map_or(0, |(_, months)| months.len());
    let month = |place: usize| {
        let values: Vec<u128> = rows.iter().map(|(_, months)| months[place]).collect();
        sum(&values)
    };
    (0..months).map(month).collect()
}

/// Hundredths of a percent, rounded down.
fn share_of(part: u128, all: u128) -> Option<u16> {
    // Both are made smaller alike where they are too large to be multiplied.
    let shift = (u128::BITS - all.leading_zeros()).saturating_sub(100);
    let share = ((part >> shift) * 10_000).checked_div(all >> shift)?;
    u16::try_from(share).ok()
}

#[cfg(test)]
mod tests {
    use engine::SalesLine;
    use model::document::{moment_of, moment_text};
    use model::sales::Sold;

    use super::{bounds, share_of, view};
    use crate::limits::PUBLIC_CATEGORIES;
    use crate::wire::Currencies;

    #[test]
    fn months_are_those_of_the_calendar() {
        let now = moment_of("2026-03-31T23:59:59Z").expect("a moment");
        let months = bounds(now).expect("months");
        let text: Vec<_> = months.iter().map(|from| moment_text(*from)).collect();
        assert_eq!(text.len(), 13);
        assert_eq!(text[0], "2025-04-01T00:00:00Z");
        assert_eq!(text[9], "2026-01-01T00:00:00Z");
        assert_eq!(text[12], "2026-04-01T00:00:00Z");
        assert_eq!(bounds(0).expect("months")[..12], [0; 12], "clocks of tests");
    }

    #[test]
    fn shares_are_exact_and_the_small_ones_are_others() {
        assert_eq!(share_of(1, 3), Some(3_333));
        assert_eq!(share_of(3, 3), Some(10_000));
        assert_eq!(share_of(0, 0), None);
        assert_eq!(share_of(u128::MAX / 2, u128::MAX), Some(4_999));
        let line = |category: u32, sales: u128| SalesLine {
            ledger: 978,
            category,
            sold: Sold {
                sales,
                returned: 1,
                lines: 1,
            },
        };
        let many: Vec<_> = (0..12).map(|n| line(n, u128::from(n) * 10)).collect();
        let shown = view(
            7,
            &[0, 10, 20],
            &[many, vec![line(11, 51)]],
            &Currencies::new(),
        );
        let ledger = &shown.ledgers[0];
        assert_eq!(ledger.categories.len(), PUBLIC_CATEGORIES);
        assert_eq!(ledger.categories[0].category, "11");
        assert_eq!(ledger.categories[0].months[1].share, Some(10_000));
        let others = ledger.categories.last().expect("others");
        assert_eq!(others.category, "others");
        assert_eq!(ledger.left_out, 12 - (PUBLIC_CATEGORIES - 1));
        let all: u128 = ledger
            .categories
            .iter()
            .map(|one| one.total.sales.amount_minor.0)
            .sum();
        assert_eq!(all, ledger.total.amount_minor.0);
    }
}
