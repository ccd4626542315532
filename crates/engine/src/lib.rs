//! The single-writer loop: sequence, decide, commit, publish, replay.
//!
//! ```text
//!  Books (handle) -> queue -> writer -> committer -> log, index, answers
//!                               |            |
//!                               +-- chunks --+-> snapshotter
//!  Books (handle) -> queries on threads of their own -> index and log, durable records only
//! ```
//!
//! - `start`, `replay`: making books, opening them;
//! - `writer`, `recall`, `draft`, `scan`: the one thread that decides;
//! - `commit`: the one thread that makes it durable and answers;
//! - `snapshots`: the state, written while the books go on;
//! - `query`: reading history;
//! - `audit`: all of it once more, from the log alone;
//! - `clock`: the only clock;
//! - `limits`: how much of everything.

mod audit;
mod books;
mod clock;
mod commit;
mod draft;
mod limits;
mod query;
mod recall;
mod replay;
mod request;
mod salt;
mod scan;
mod shared;
mod snapshots;
mod start;
mod writer;

pub use audit::{Audit, audit};
pub use books::{Books, Options, Stats};
pub use limits::{CHECKED_BYTES, QUEUE_REQUESTS};
pub use request::{LedgerAnswer, Refused};
pub use start::{Init, Recovery, StartError, init};
