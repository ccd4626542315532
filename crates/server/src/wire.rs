//! The JSON twins of the nouns: shapes, units and the conversions both ways.
//!
//! - Identifiers and other 128- and 64-bit integers are strings, decimal or `0x` hexadecimal;
//!   answers give them in decimal. Numbers up to 2^53 are taken as well.
//! - An amount is decimal text in major units of the ledger's currency, or an integer in minor
//!   units; answers carry both.
//! - Flags are arrays of names.
//! - A field that is not known is refused, because a misspelt limit is a limit that is not there.

mod account;
mod amount;
mod command;
mod demand;
mod erased;
mod event;
mod filter;
mod flags;
mod integer;
mod listing;
mod parse;
mod personal;
mod statement;
mod transfer;
mod trial;
mod webhook;

use std::collections::BTreeMap;

use model::Currency;

pub use account::{AccountView, BalanceView, NewAccount};
pub use amount::Amount;
pub use command::{NewCommand, object_view};
pub use demand::{
    NewDemand, NewQuestion, NewScope, demand_view, disclosure_view, scope_view, seen_view,
};
pub use erased::ErasedTransfersView;
pub use event::{EventView, EventsView};
pub use filter::{AccountFilterBody, QueryFilterBody};
pub use flags::{AccountFilterFlags, AccountFlags, QueryFilterFlags, TransferFlags};
pub use integer::{U64, U128, parse_u128};
pub use listing::{ListingSearch, NewListing, hexadecimal, listing_view};
pub use parse::{
    Posted, parse_account_filter, parse_accounts, parse_clock, parse_commands, parse_ids,
    parse_ledger, parse_query_filter, parse_replay, parse_rotation, parse_transfers, parse_webhook,
};
pub use personal::parse_personal;
pub use statement::{StatementHead, StatementView};
pub use transfer::{NewTransfer, TransferView};
pub use trial::TrialBalance;
pub use webhook::{DeadLettersView, NewWebhook, Replay, Rotation, WebhookView};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// 32 bytes in 64 hexadecimal digits.
pub fn digest_text(digest: &[u8; 32]) -> String {
    let halves = digest.as_chunks::<16>().0.iter();
    halves.map(|half| hexadecimal(*half)).collect()
}

/// The declared currencies, by ledger.
pub type Currencies = BTreeMap<u32, Currency>;

/// Gives a ledger its currency, once.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLedger<'a> {
    /// Number of the ledger; not 0.
    pub ledger: u32,
    /// As in ISO 4217 where it is there: one to twelve capital letters and digits.
    #[serde(borrow)]
    #[schema(value_type = String, example = "CZK")]
    pub code: std::borrow::Cow<'a, str>,
    /// Decimal places, 0 to 18.
    pub exponent: u8,
}

/// A ledger and its currency.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Ledger)]
pub struct LedgerView {
    ledger: u32,
    code: String,
    exponent: u8,
    /// Nanoseconds since 1970, when it was declared.
    timestamp: U64,
}

impl From<Currency> for LedgerView {
    fn from(currency: Currency) -> Self {
        Self {
            ledger: currency.ledger,
            code: currency.code.to_string(),
            exponent: currency.exponent,
            timestamp: U64(currency.timestamp),
        }
    }
}

/// A time, to set and as it stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Nanoseconds since 1970.
    pub nanoseconds: U64,
}

/// What became of one event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Outcome {
    /// Of the event.
    pub id: U128,
    /// Published name of the status.
    #[schema(value_type = String, example = "created")]
    pub status: &'static str,
    /// Nanoseconds since 1970: of the event where it was created, of the existing object where
    /// it exists, otherwise of the check.
    pub timestamp: U64,
    /// Published number of the status, where it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u32>,
    /// What was wrong and what would be right, where it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Where a record stands that no checkpoint covers yet.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct SequencedView {
    /// `sequenced`.
    #[schema(value_type = String, example = "sequenced")]
    pub status: &'static str,
    /// Number of its batch.
    pub batch: U64,
    /// Its index in the batch.
    pub index: u32,
}
