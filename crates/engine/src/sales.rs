//! Sales of a time by category, added up from the log.

use std::collections::{BTreeMap, BTreeSet};

use model::limits::BATCH_EVENTS;
use model::object::{Listing, Noun};
use model::sales::{Sales, Sold, SoldByListing};
use model::{Object, Record};

use crate::books::Books;
use crate::events::{EventFilter, KindFilter};
use crate::limits::EVENTS;
use crate::request::Refused;

/// What was sold on one ledger in one category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SalesLine {
    /// Number of the ledger.
    pub ledger: u32,
    /// The category that the listing has now; 0 is none, or a line of no listing.
    pub category: u32,
    /// How much.
    pub sold: Sold,
}

impl Books {
    /// Sales from a moment on to before another, in nanoseconds: a line for each ledger and
    /// category, in their order. It reads all of the log.
    pub async fn sales(&self, from: u64, to: u64) -> Result<Vec<SalesLine>, Refused> {
        let mut times = self.sales_between(&[from, to]).await?;
        Ok(times.pop().unwrap_or_default())
    }

    /// As [`Books::sales`], of the times from each of some rising moments to before the next. The
    /// log is read once for all of them.
    pub async fn sales_between(&self, bounds: &[u64]) -> Result<Vec<Vec<SalesLine>>, Refused> {
        let kind = KindFilter::parse("order_line.*");
        let filter = EventFilter {
            kinds: kind.into_iter().collect(),
            ..EventFilter::default()
        };
        let mut sales = Sales::between(bounds);
        let end = *self.watch_durable().borrow();
        let mut next = 0;
        while next < end {
            let stretch = self.events(next, EVENTS, &filter).await?;
            for event in stretch.events {
                if let Record::Object(Object::OrderLine(line)) = event.record {
                    sales.take(&line).map_err(|_| {
                        Refused::Invalid("more lines of orders are finished than can be added up")
                    })?;
                }
            }
            next = stretch.next;
        }
        let mut times = Vec::with_capacity(sales.sold().len());
        for sold in sales.sold() {
            times.push(self.by_category(sold).await?);
        }
        Ok(times)
    }

    async fn by_category(&self, sold: &SoldByListing) -> Result<Vec<SalesLine>, Refused> {
        let sold: Vec<_> = sold.iter().collect();
        let mut lines: BTreeMap<(u32, u32), Sold> = BTreeMap::new();
        for some in sold.chunks(BATCH_EVENTS) {
            let listings = some.iter().map(|((_, listing), _)| *listing);
            let categories = self.categories_of(listings.collect()).await?;
            for ((ledger, listing), sold) in some {
                let category = categories.get(listing).copied().unwrap_or(0);
                lines.entry((*ledger, category)).or_default().add(**sold);
            }
        }
        let line = |((ledger, category), sold)| SalesLine {
            ledger,
            category,
            sold,
        };
        Ok(lines.into_iter().map(line).collect())
    }

    /// The categories of the listings that lines of orders are of, by number of the listing and 1.
    async fn categories_of(&self, listings: BTreeSet<u32>) -> Result<BTreeMap<u32, u32>, Refused> {
        let numbers = listings.iter().filter_map(|listing| listing.checked_sub(1));
        let asked = numbers.map(|number| (Listing::KIND, (number.into(), 0)));
        let found = self.objects(asked.collect()).await?;
        let category = |object| match object {
            Some(Object::Listing(listing)) => Some((listing.number + 1, listing.category)),
            _ => None,
        };
        Ok(found.into_iter().filter_map(category).collect())
    }
}
