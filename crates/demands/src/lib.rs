//! Demands for data that leave a trace: what is asked, what may leave, and what is said of it.
//!
//! It knows no books and no HTTP; clocks, randomness and secrets come from the caller. A demand
//! goes this way:
//!
//! 1. [`auth001`] reads what an authority sends, and makes a [`Scope`] of it: who asks, for what
//!    purpose, by what right, about whom, which fields and kinds, from when to when.
//! 2. A scope is narrowed, never widened: [`Scope::contains`] judges it. Its text is what is
//!    approved, signed and committed to.
//! 3. [`answer`] writes rows as CSV. [`answer::check`] reads the very bytes that would leave and
//!    refuses the first row or field that lies outside the scope; what lies within is hashed,
//!    counted and encrypted to the authority ([`age`]; all of it is [`answer::disclose`]).
//! 4. Where a scope names nobody, [`aggregate`] answers with noisy counts and sums from a budget.
//! 5. [`auth002`] writes the answer's message.

pub mod age;
pub mod aggregate;
pub mod answer;
pub mod auth001;
pub mod auth002;
mod digest;
mod field;
pub mod limits;
pub mod scope;
mod time;
mod xml;

pub use digest::digest_text;
pub use field::{Field, Kind, id_text, read_id};
pub use scope::{Period, Place, Roles, Scope, ScopeError, Subjects};
pub use time::{DAY, LAST, SECOND, nanosecond_text, read_nanosecond, read_second, second_text};
pub use xml::XmlError;
