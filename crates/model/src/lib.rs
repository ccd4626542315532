//! The nouns of the books and their canonical bytes: no clock, no I/O, no async.
//!
//! - [`Account`], [`Transfer`], [`EventResult`] and the filters have the published binary layout
//!   of TigerBeetle, so a bulk body is an array of them and is read without parsing;
//! - [`record`] holds the facts of the log and their canonical bytes;
//! - [`batch`] holds the outer leaf, the one line of the Merkle log that a batch of records makes;
//! - [`money`] turns minor units into decimal text and back.

mod account;
pub mod batch;
mod filter;
pub mod limits;
pub mod money;
mod pack;
pub mod record;
mod status;
mod transfer;

pub use account::{Account, AccountBalance, account_flags};
pub use filter::{AccountFilter, QueryFilter, account_filter_flags, query_filter_flags};
pub use money::Currency;
pub use record::Record;
pub use status::{CreateAccountStatus, CreateTransferStatus};
pub use transfer::{AMOUNT_ALL, EventResult, Transfer, transfer_flags};

// The layouts below are read from and written to bytes as they stand in memory.
const _: () = assert!(
    cfg!(target_endian = "little"),
    "the layouts are little-endian"
);
