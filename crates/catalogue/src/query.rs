//! What can be asked, and how it is answered.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, ConstScoreQuery, EnableScoring, Occur, RangeQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocSet, Searcher, TERMINATED, Term};

use crate::error::{Error, Refusal};
use crate::index::{DIR, Index, NUMBER, PRICE};
use crate::words::{Purpose, Words};

/// Bytes of a query's words at most.
pub const QUERY_BYTES_MAX: usize = 200;
/// Words of a query at most; a run of a script without spaces is one.
pub const QUERY_WORDS_MAX: usize = 16;
/// Hits of a page at most.
pub const LIMIT_MAX: u32 = 100;
/// Hits that can be skipped at most.
pub const OFFSET_MAX: u32 = 1_000;
/// Matches that are counted; where there are more, their number is estimated.
const COUNTED: u64 = 10_000;
/// Words of the index that a beginning stands for at most: the most frequent ones.
const ENDINGS: usize = 64;
/// Words of a segment that are looked at for them.
const ENDINGS_SEEN: usize = 10_000;

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
    /// So many.
    Exactly(u64),
    /// About so many: a part was counted.
    About(u64),
}

impl Query<'_> {
    fn check(&self) -> Result<Words, Refusal> {
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

/// Answers a query from the newest commit.
pub fn search(index: &Index, query: &Query<'_>) -> Result<Found, Error> {
    let words = query.check()?;
    let searcher = index.reader.searcher();
    let parts = parts(index, &searcher, query, &words)?;
    let wanted = BooleanQuery::new(parts);
    let page = TopDocs::with_limit(query.limit as usize).and_offset(query.offset as usize);
    let hits: Vec<DocAddress> = match query.order {
        Order::Relevance if words.runs() > 0 => {
            addresses(searcher.search(&wanted, &page.order_by_score())?)
        }
        order => {
            let (field, order) = match order {
                Order::Relevance => (NUMBER, tantivy::Order::Desc),
                Order::Cheapest => (PRICE, tantivy::Order::Asc),
                Order::Dearest => (PRICE, tantivy::Order::Desc),
            };
            addresses(searcher.search(&wanted, &page.order_by_fast_field::<u64>(field, order))?)
        }
    };
    Ok(Found {
        numbers: numbers(&searcher, &hits)?,
        matches: count(&searcher, &wanted)?,
    })
}

fn addresses<T>(hits: Vec<(T, DocAddress)>) -> Vec<DocAddress> {
    hits.into_iter().map(|(_, address)| address).collect()
}

type Part = (Occur, Box<dyn tantivy::query::Query>);

/// What has to be true of a hit, each by itself.
fn parts(
    index: &Index,
    searcher: &Searcher,
    query: &Query<'_>,
    words: &Words,
) -> Result<Vec<Part>, Error> {
    let fields = &index.fields;
    let mut whole: BTreeSet<&str> = words.iter().collect();
    let mut parts: Vec<Part> = Vec::new();
    if query.last == Last::Beginning
        && let Some(last) = words.iter().last()
    {
        whole.remove(last);
        parts.push(must(beginning(searcher, fields.words, last)?));
    }
    for word in whole {
        parts.push(must(term(fields.words, word)));
    }
    if let Some(category) = query.category {
        parts.push(filter(fields.category, category.into()));
    }
    if let Some(seller) = query.seller {
        parts.push(filter(fields.seller, seller));
    }
    if let Some(prices) = query.prices {
        let ledger = prices.ledger.into();
        parts.push(range(fields.ledger, ledger, ledger));
        parts.push(range(fields.price, prices.least, prices.most));
    }
    Ok(parts)
}

fn must(query: impl tantivy::query::Query) -> Part {
    (Occur::Must, Box::new(query))
}

fn term(field: Field, word: &str) -> TermQuery {
    let term = Term::from_field_text(field, word);
    TermQuery::new(term, IndexRecordOption::WithFreqs)
}

/// A filter has no say in the order.
fn filter(field: Field, value: u64) -> Part {
    let term = Term::from_field_u64(field, value);
    let query = TermQuery::new(term, IndexRecordOption::Basic);
    must(ConstScoreQuery::new(Box::new(query), 0.0))
}

fn range(field: Field, least: u64, most: u64) -> Part {
    let bound = |value| Bound::Included(Term::from_field_u64(field, value));
    let query = RangeQuery::new(bound(least), bound(most));
    must(ConstScoreQuery::new(Box::new(query), 0.0))
}

/// Any of the most frequent words that begin with `start`, and `start` itself.
fn beginning(searcher: &Searcher, field: Field, start: &str) -> Result<BooleanQuery, Error> {
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(field)?;
        let terms = inverted.terms().range().ge(start).into_stream();
        let mut terms = terms.map_err(Error::io("read the words of", DIR))?;
        let mut looked = 0;
        while looked < ENDINGS_SEEN && terms.advance() && terms.key().starts_with(start.as_bytes())
        {
            looked += 1;
            if let Ok(word) = str::from_utf8(terms.key()) {
                let frequency = u64::from(terms.value().doc_freq);
                *seen.entry(word.to_owned()).or_default() += frequency;
            }
        }
    }
    let mut endings: Vec<(u64, String)> = seen
        .into_iter()
        .filter(|(word, _)| word != start)
        .map(|(word, frequency)| (frequency, word))
        .collect();
    endings.sort_unstable_by(|a, b| b.cmp(a));
    endings.truncate(ENDINGS - 1);
    let any = std::iter::once(start)
        .chain(endings.iter().map(|(_, word)| word.as_str()))
        .map(|word| {
            let part: Part = (Occur::Should, Box::new(term(field, word)));
            part
        })
        .collect();
    Ok(BooleanQuery::new(any))
}

/// The listings at these places.
fn numbers(searcher: &Searcher, hits: &[DocAddress]) -> Result<Vec<u32>, Error> {
    let mut columns = BTreeMap::new();
    let mut numbers = Vec::with_capacity(hits.len());
    for hit in hits {
        let column = match columns.entry(hit.segment_ord) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(free) => {
                let segment = searcher.segment_reader(hit.segment_ord);
                free.insert(segment.fast_fields().u64(NUMBER)?)
            }
        };
        let number = column.first(hit.doc_id).and_then(|n| u32::try_from(n).ok());
        numbers.push(number.ok_or_else(|| Error::Index("a hit has no number".to_owned()))?);
    }
    Ok(numbers)
}

/// Counts the matches, up to [`COUNTED`]; beyond, the part that was looked at stands for all.
fn count(searcher: &Searcher, query: &dyn tantivy::query::Query) -> Result<Matches, Error> {
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let segments = searcher.segment_readers();
    let all: u64 = segments.iter().map(|s| u64::from(s.max_doc())).sum();
    let (mut counted, mut passed) = (0, 0);
    for segment in segments {
        let mut scorer = weight.scorer(segment, 1.0)?;
        let alive = segment.alive_bitset();
        let mut doc = scorer.doc();
        while doc != TERMINATED {
            counted += u64::from(alive.is_none_or(|alive| alive.is_alive(doc)));
            if counted == COUNTED {
                let passed = passed + u64::from(doc) + 1;
                let about = u128::from(counted) * u128::from(all) / u128::from(passed);
                return Ok(Matches::About(about as u64));
            }
            doc = scorer.advance();
        }
        passed += u64::from(segment.max_doc());
    }
    Ok(Matches::Exactly(counted))
}
