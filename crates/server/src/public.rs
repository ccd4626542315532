//! The public page: what the books can tell everybody of rules, decisions, demands and money.
//!
//! It is put together once for everybody and kept for some seconds, so that a crowd costs the
//! books no more than one reader. What takes longer is kept longer: the sums of all accounts for a
//! minute, the sales of a year for an hour at least.
//!
//! - `view`: what it shows, as one value;
//! - `gather`, `papers`, `decisions`, `demands`, `money`, `market`: where that comes from;
//! - `html`, `tables`, `draw`, `text`: the page that is written of it.

mod decisions;
mod demands;
mod draw;
mod gather;
mod html;
mod market;
mod money;
mod papers;
#[cfg(test)]
mod sample;
mod tables;
mod text;
pub(crate) mod view;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use engine::{Books, Refused};
use tokio::sync::Mutex;

use crate::app::Clock;
use crate::limits::{PUBLIC_MONEY_WAIT, PUBLIC_SOON, PUBLIC_WAIT};
use crate::listings::Listings;
use crate::wire::{Currencies, U64};
use market::Market;
use papers::Papers;
use view::{MoneyView, PublicView};

/// What is kept of the page.
pub(crate) struct Public {
    books: Books,
    clock: Clock,
    market: Market,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    papers: Papers,
    money: Option<(Instant, MoneyView)>,
    made: Option<(Instant, Arc<Made>)>,
}

/// The page and its JSON.
#[derive(Debug)]
pub(crate) struct Made {
    pub html: Bytes,
    pub json: Bytes,
    wait: Duration,
}

impl Public {
    pub fn new(books: Books, listings: Listings, clock: Clock) -> Self {
        Self {
            market: Market::new(books.clone(), listings),
            books,
            clock,
            kept: Mutex::default(),
        }
    }

    /// The page as it was made last, or made now where that is too old. Where the books have no
    /// time for it, the last one stays.
    pub async fn page(&self) -> Result<Arc<Made>, Refused> {
        let mut kept = self.kept.lock().await;
        let now = instant();
        if let Some((at, made)) = &kept.made
            && now.duration_since(*at) < made.wait
        {
            return Ok(Arc::clone(made));
        }
        match self.make(&mut kept, now).await {
            Ok(made) => {
                let made = Arc::new(made);
                kept.made = Some((now, Arc::clone(&made)));
                Ok(made)
            }
            Err(Refused::Busy) if kept.made.is_some() => {
                let made = kept.made.as_ref().map(|(_, made)| Arc::clone(made));
                made.ok_or(Refused::Busy)
            }
            Err(refused) => Err(refused),
        }
    }

    async fn make(&self, kept: &mut Kept, now: Instant) -> Result<Made, Refused> {
        let books = &self.books;
        let time = self.time().await?;
        let currencies = gather::currencies(books).await?;
        kept.papers.read_on(books).await?;
        let market = self.market.view(&currencies, time);
        let is_soon = market.reading || !kept.papers.complete;
        let view = PublicView {
            as_of: U64(time),
            log: gather::log(books).await?,
            rules: gather::rules(books, &kept.papers, (time, &currencies)).await?,
            decisions: decisions::view(books, &kept.papers, &currencies).await?,
            demands: demands::demands(books, time).await?,
            money: self.money(kept, now, (time, &currencies)).await?,
            market,
        };
        Ok(Made {
            html: html::page(&view).into(),
            json: serde_json::to_vec(&view).unwrap_or_default().into(),
            wait: if is_soon { PUBLIC_SOON } else { PUBLIC_WAIT },
        })
    }

    async fn money(
        &self,
        kept: &mut Kept,
        now: Instant,
        (time, currencies): (u64, &Currencies),
    ) -> Result<MoneyView, Refused> {
        if let Some((at, money)) = &kept.money
            && now.duration_since(*at) < PUBLIC_MONEY_WAIT
        {
            return Ok(money.clone());
        }
        let money = money::view(&self.books, time, currencies).await?;
        kept.money = Some((now, money.clone()));
        Ok(money)
    }

    /// The time of the books, in nanoseconds since 1970: where their clock is set by hand, that of
    /// the newest batch.
    async fn time(&self) -> Result<u64, Refused> {
        if self.clock == Clock::Manual {
            let last = self.books.stats().batches.checked_sub(1);
            let time = match last {
                Some(last) => self.books.time_of_batch(last).await?,
                None => None,
            };
            return Ok(time.unwrap_or(0));
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "of when a page is, for its readers"
        )]
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let nanoseconds = since.unwrap_or_default().as_nanos();
        Ok(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how old what is kept is, which nothing in it depends on"
)]
fn instant() -> Instant {
    Instant::now()
}
