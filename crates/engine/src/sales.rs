//! Sales of a time by category, added up from the log.

use std::collections::BTreeMap;

use model::sales::{Sales, Sold};
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
        let kind = KindFilter::parse("order_line.*");
        let filter = EventFilter {
            kinds: kind.into_iter().collect(),
            ..EventFilter::default()
        };
        let mut sales = Sales::new(from, to);
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
        let mut lines: BTreeMap<(u32, u32), Sold> = BTreeMap::new();
        for (&(ledger, listing), sold) in sales.sold() {
            let category = self.category_of(listing).await?;
            lines.entry((ledger, category)).or_default().add(*sold);
        }
        let line = |((ledger, category), sold)| SalesLine {
            ledger,
            category,
            sold,
        };
        Ok(lines.into_iter().map(line).collect())
    }

    /// The category of the listing that a line of an order is of.
    async fn category_of(&self, listing: u32) -> Result<u32, Refused> {
        let Some(number) = listing.checked_sub(1) else {
            return Ok(0);
        };
        let found = self.listing(number).await?;
        Ok(found.map_or(0, |listing| listing.category))
    }
}
