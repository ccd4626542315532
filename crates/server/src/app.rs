//! What all requests share.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use axum::body::Bytes;
use catalogue::Catalogue;
use engine::{Books, Refused};
use hooks::Hooks;
use model::Currency;
use tokio::sync::{Semaphore, watch};
use vault::Vault;

use crate::gate::Gate;
use crate::limits::STREAMS;
use crate::listings::Listings;
use crate::metrics::Metrics;
use crate::openapi;
use crate::personal::Personal;
use crate::public::Public;
use crate::staff::Pseudonyms;
use crate::webhooks::Webhooks;
use crate::wire::Currencies;

/// How the books are served.
#[derive(Clone)]
pub struct Options {
    /// The directory of the books: its tokens say who calls, also where everyone may.
    pub data: PathBuf,
    /// Who may call.
    pub auth: Auth,
    /// The books' clock, as they were opened with.
    pub clock: Clock,
    /// Where webhooks are kept.
    pub webhooks: Webhooks,
    /// The personal data of parties, open.
    pub vault: Arc<Vault>,
    /// The texts of listings, open.
    pub catalogue: Arc<Catalogue>,
}

/// Who may call.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Everyone who reaches the socket, which must be of this machine; browsers only for pages of
    /// this machine. What is somebody's own takes a token all the same: it says who calls.
    None,
    /// Holders of a token of this data directory, each within its scope.
    Tokens(PathBuf),
}

/// The clock of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The machine's; nobody sets it over HTTP.
    System,
    /// Stands still until `POST /v1/admin/clock` moves it.
    Manual,
}

/// What all requests share.
pub(crate) struct App {
    pub books: Books,
    pub gate: Gate,
    pub metrics: Metrics,
    /// The personal data of parties.
    pub personal: Personal,
    /// Of the staff that looks at them.
    pub pseudonyms: Arc<Pseudonyms>,
    /// What listings say.
    pub listings: Listings,
    /// What everybody may see.
    pub public: Public,
    pub clock: Clock,
    /// Who gets events as webhooks.
    pub hooks: Hooks,
    /// Room for streams of events.
    pub streams: Arc<Semaphore>,
    /// Turns true once no more is served: what would go on for ever ends.
    pub closing: watch::Sender<bool>,
    /// The OpenAPI document, made once.
    pub document: Bytes,
    currencies: RwLock<Arc<Currencies>>,
}

impl App {
    pub async fn new(options: Options, hooks: Hooks, books: Books) -> Result<Self, Refused> {
        let listings = Listings::new(books.clone(), options.catalogue);
        let app = Self {
            gate: Gate::new(options.auth, options.data.clone()),
            pseudonyms: Arc::new(Pseudonyms::new(options.data)),
            metrics: Metrics::new(books.clone()),
            personal: Personal::new(books.clone(), options.vault),
            public: Public::new(books.clone(), listings.clone(), options.clock),
            listings,
            clock: options.clock,
            hooks,
            streams: Arc::new(Semaphore::new(STREAMS)),
            closing: watch::Sender::new(false),
            document: openapi::document(options.clock).into(),
            currencies: RwLock::default(),
            books,
        };
        app.refresh_currencies().await?;
        let finished = app.personal.finish_erasing().await;
        let finished =
            finished.map_err(|problem| Refused::Stopped(problem.body().detail().to_owned()))?;
        if finished > 0 {
            tracing::warn!(finished, "erasures that were cut off are finished");
        }
        app.listings.catch_up().await;
        Ok(app)
    }

    /// The declared currencies, as last seen. A declaration never changes, so what is here holds.
    pub fn currencies(&self) -> Arc<Currencies> {
        Arc::clone(
            &self
                .currencies
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Asks the books again: a ledger may have been declared elsewhere.
    pub async fn refresh_currencies(&self) -> Result<Arc<Currencies>, Refused> {
        let declared = self.books.ledgers().await?;
        let declared = declared
            .into_iter()
            .map(|currency| (currency.ledger, currency));
        let fresh = Arc::new(declared.collect());
        *self
            .currencies
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        Ok(fresh)
    }

    /// Adds one that was declared just now.
    pub fn add_currency(&self, currency: Currency) {
        let mut shared = self
            .currencies
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut shared).insert(currency.ledger, currency);
    }
}
