//! The single-writer loop: sequence, decide, commit, publish, replay.

mod books;
pub use books::{Books, LedgerAnswer, Options, Refused, Stats};
