//! The texts of marketplace listings, and the search of them by words, beside the ledger.
//!
//! The books know a listing by a dense number and commit to a [`digest`] of its texts. The texts
//! themselves are kept here, in a directory of three parts:
//!
//! - `texts`: every entry in the order in which it came, the truth;
//! - `offsets`: where the newest entry of each number stands, 8 bytes a number; derived;
//! - `search`: which listings have a word; derived.
//!
//! What is derived can be deleted while the catalogue is closed; a start makes it again. None of
//! it is kept in memory but what the system caches: memory does not grow with the listings.
//!
//! What is true if we die:
//!
//! | while | afterwards |
//! |---|---|
//! | a frame is being written to `texts` | it is torn; nobody was told; the start cuts it off |
//! | it is synced, and not in `offsets` or `search` | the start enters it there |
//! | the index commits | its last commit counts, and says from where in `texts` to go on |

mod catalogue;
mod entry;
mod error;
mod find;
mod index;
mod indexer;
mod listing;
mod offsets;
mod query;
mod texts;
mod words;

pub use catalogue::{Catalogue, DIR};
pub use error::{Error, Refusal};
pub use listing::{
    BATCH_MAX, LABEL_BYTES_MAX, Listing, TEXT_BYTES_MAX, TITLE_BYTES_MAX, Text, digest,
};
pub use query::{
    Found, LIMIT_MAX, Last, Matches, OFFSET_MAX, Order, Prices, QUERY_BYTES_MAX, QUERY_WORDS_MAX,
    Query,
};
