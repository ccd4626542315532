//! The nouns of the books and their canonical bytes: no clock, no I/O, no async.
//!
//! - [`Account`], [`Transfer`], [`EventResult`] and the filters have the published binary layout
//!   of TigerBeetle, so a bulk body is an array of them and is read without parsing;
//! - [`Command`] and its [`Act`]s are what can be asked of the platform, [`object`] holds what comes
//!   of it; their fields are integers, and [`form`] says what each means;
//! - [`record`] holds the facts of the log and their canonical bytes;
//! - [`batch`] holds the outer leaf, the one line of the Merkle log that a batch of records makes;
//! - [`rule`] holds rules for payments, as data;
//! - [`document`] holds what authorities decide, as text; [`fine`], [`concentration`] and [`sales`]
//!   compute what such decisions rest on;
//! - [`money`] turns minor units into decimal text and back.

mod account;
mod act;
pub mod batch;
pub mod concentration;
pub mod document;
mod filter;
pub mod fine;
pub mod form;
pub mod limits;
pub mod money;
pub mod object;
mod order;
mod pack;
pub mod product;
pub mod record;
pub mod rule;
pub mod sales;
mod status;
mod transfer;

pub use account::{Account, AccountBalance, account_flags};
pub use act::*;
pub use filter::{AccountFilter, QueryFilter, account_filter_flags, query_filter_flags};
pub use money::Currency;
pub use object::{Deed, Object};
pub use order::{CommandResult, OrderEvent, order_flags};
pub use record::Record;
pub use status::{CommandStatus, CreateAccountStatus, CreateTransferStatus};
pub use transfer::{AMOUNT_ALL, EventResult, Transfer, transfer_flags};

// The layouts below are read from and written to bytes as they stand in memory.
const _: () = assert!(
    cfg!(target_endian = "little"),
    "the layouts are little-endian"
);
