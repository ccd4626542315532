//! The HTTP face of the books: API, authentication, metrics.
//!
//! Reading order: [`serve()`] takes connections; `route` holds the one table of routes, with who
//! may call each; `gate` lets a request in or not; `api` answers it, in JSON by the twins of
//! [`wire`] or in bulk by `body`, where records are bytes as they stand in memory; [`problem`] is
//! every refusal. The books themselves are [`engine::Books`]: this crate decides nothing about
//! money.
//!
//! Beside it, `staff` makes what stands in the books for whoever looks at personal data; `personal` and `listings` change the books together with the vault and with the
//! catalogue, in an order that a crash leaves whole; `stream` tells events as they happen and
//! `webhooks` has them delivered; `public` puts together the page for
//! everybody. For the log of the books: `witnessing` has its checkpoints
//! cosigned by others, [`witness`] cosigns those of others, and [`fetch`] is the one HTTP client.

mod api;
mod app;
pub mod auth;
mod body;
mod directory;
pub mod fetch;
mod gate;
pub mod limits;
mod listings;
mod metrics;
mod openapi;
mod personal;
pub mod problem;
mod public;
mod query;
mod refusal;
mod route;
mod sealed;
mod serve;
mod staff;
mod stream;
mod webhooks;
pub mod wire;
pub mod witness;
mod witnessing;

pub use app::{Auth, Clock, Options};
pub use openapi::document;
pub use refusal::{Refusal, Verdict};
pub use route::{Access, Route, TABLE};
pub use serve::{ServeError, serve};
pub use webhooks::{Delivery, Webhooks};
