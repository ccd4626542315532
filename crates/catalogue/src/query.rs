//! What can be asked, within which bounds.

use crate::error::Refusal;
use crate::words::{Purpose, Words};

/// Bytes of a query's words at most.
pub const QUERY_BYTES_MAX: usize = 200;
/// Words of a query at most; a run of a script without spaces is one.
pub const QUERY_WORDS_MAX: usize = 16;
/// Hits of a page at most.
pub const LIMIT_MAX: u32 = 100;
/// Hits that can be skipped at most.
pub const OFFSET_MAX: u32 = 1_000;

/// A search. All its words have to be in a listing, and all its filters to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<'a> {
    /// Plain words, no language: whatever is no letter, digit or mark parts words.
    pub words: &'a str,
    /// What the last word is.
    pub last: Last,
    /// Only this category.
    pub category: Option<u32>,
    /// Only this seller, by the caller's hash.
    pub seller: Option<u64>,
    /// Only these prices.
    pub prices: Option<Prices>,
    /// Which hits come first.
    pub order: Order,
    /// Hits wanted: 1 to [`LIMIT_MAX`].
    pub limit: u32,
    /// Hits skipped before them: at most [`OFFSET_MAX`].
    pub offset: u32,
}

/// What the last word of a query is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// A word like the others.
    Whole,
    /// The beginning of a word, of the most frequent ones that begin so; for search as one types.
    Beginning,
}

/// Prices of one ledger; those of two cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// The ledger.
    pub ledger: u32,
    /// The lowest price, in minor units.
    pub least: u64,
    /// The highest price, in minor units.
    pub most: u64,
}

/// Which hits come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Those that the words fit best (BM25, the title counting threefold); without words those
    /// with the highest number.
    Relevance,
    /// Those with the lowest price; needs [`Query::prices`].
    Cheapest,
    /// Those with the highest price; needs [`Query::prices`].
    Dearest,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Numbers of the listings of the page, in order.
    pub numbers: Vec<u32>,
    /// How many there are in all.
    pub matches: Matches,
}

/// How many listings fit a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matches {
    /// So many, and the page is the best of them all.
    Exactly(u64),
    /// About so many: there are more than are looked at in a few hundredths of a second. Only a
    /// part of the listings was looked at; the page is the best of that part.
    About(u64),
}

impl Query<'_> {
    /// Its words, if all of it is within its bounds.
    pub(crate) fn check(&self) -> Result<Words, Refusal> {
        let (limit, offset) = (self.limit, self.offset);
        if limit == 0 || limit > LIMIT_MAX {
            return Err(Refusal::Limit { limit });
        }
        if offset > OFFSET_MAX {
            return Err(Refusal::Offset { offset });
        }
        if self.order != Order::Relevance && self.prices.is_none() {
            return Err(Refusal::NoLedger);
        }
        let bytes = self.words.len();
        if bytes > QUERY_BYTES_MAX {
            return Err(Refusal::QueryLong { bytes });
        }
        let words = Words::of(self.words, Purpose::Query);
        if words.runs() > QUERY_WORDS_MAX {
            let words = words.runs();
            return Err(Refusal::TooManyWords { words });
        }
        if words.runs() == 0 && self.category.is_none() && self.seller.is_none() {
            return Err(Refusal::NothingToFind);
        }
        Ok(words)
    }
}
