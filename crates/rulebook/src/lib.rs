//! Rule books as text that a lawyer can read.
//!
//! [`read`] makes a [`RuleBook`] of TOML, and [`to_toml`] writes any sound book so that reading it
//! gives the same one again. A file has examples beside its rules: payments and what a rule says to
//! them, which [`examples`] tries. [`PACKS`] are the files that come with Counterfoil.
//! `docs/rules.md` describes the format.
//!
//! What is wrong is told in one sentence with its line and its rule; nothing is guessed.

mod balance;
mod condition;
mod document;
mod error;
mod example;
pub mod examples;
mod explain;
mod moment;
mod names;
mod packs;
mod rule;
mod scope;
mod words;
mod write;
mod zone;

pub use balance::Balance;
pub use error::ReadError;
pub use example::{Asked, Example, Expected, Person};
pub use explain::{consequence, explain};
pub use packs::{PACKS, Pack, pack};
pub use rule::{File, read};
pub use words::in_words;
pub use write::to_toml;
pub use zone::resolve;

#[cfg(doc)]
use model::rule::RuleBook;

/// Bytes of one file at most: any sound book, written out, is shorter.
pub const FILE_BYTES: usize = 1 << 20;
/// Examples of one file at most.
pub const EXAMPLES: usize = 512;
/// Payments before the one that an example is about, at most.
pub const GIVEN: usize = 32;
