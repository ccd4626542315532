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
//! - `query`, `receipts`: reading history, and showing it;
//! - `events`: all that happened, in order, for those who follow;
//! - `lookups`: looks of the staff into personal data;
//! - `erase`, `remains`: what may be forgotten, and what stays of it;
//! - `statement`: what every account held, committed to;
//! - `trial`, `past`, `change`: what the accounts add up to, now and at any time;
//! - `publish`: checkpoints, signed and cosigned;
//! - `demands`: demands for data, and the one gate by which rows leave;
//! - `audit`: all of it once more, from the log alone;
//! - `clock`: the only clock;
//! - `limits`: how much of everything.

mod assess;
mod audit;
mod books;
mod change;
mod clock;
mod commit;
mod demands;
mod documents;
mod draft;
mod erase;
mod events;
mod limits;
mod lookups;
mod past;
mod publish;
mod query;
mod recall;
mod receipts;
mod remains;
mod replay;
mod request;
mod rules;
mod sales;
mod salt;
mod scan;
mod shared;
mod snapshots;
mod start;
mod statement;
mod trial;
mod writer;

pub use assess::{Assessment, Case, Count, Draft, assess};
pub use audit::{Audit, Trust, audit, audit_trusting};
pub use books::{Books, Options, Stats};
pub use demands::{
    ANSWER_ROWS, Answered, DemandError, Knows, Listed, MESSAGE_BYTES, Personal, REGISTER_PAGE,
    Received, Seen, Totalled,
};
pub use documents::KeptDocument;
pub use erase::{Erase, EraseError, ErasedRecords, RETENTION_DAYS, erase};
pub use events::{Event, EventFilter, EventKind, Events, KindError, KindFilter};
pub use limits::{
    CHECKED_BYTES, DOCUMENTS_READ, EVENTS, QUEUE_REQUESTS, STATEMENTS_READ, STATEMENTS_WITH_PROOFS,
};
pub use machine::{
    Beyond, DocumentRefusal, Look, LookRefusal, RuleBookEntry, RuleBookRefusal, SignedDocument,
};
pub use past::By;
pub use publish::{Checkpoints, Signed, Signing, SigningError};
pub use receipts::{Place, ReceiptAnswer};
pub use remains::{ErasedTransfer, ErasedTransfers};
pub use request::{LedgerAnswer, Refused, RuleBookVersion};
pub use sales::SalesLine;
pub use start::{Init, Recovery, StartError, init};
pub use statement::StatementSummary;
pub use trial::TrialLine;
