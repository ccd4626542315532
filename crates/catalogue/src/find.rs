//! How a query is answered: every listing that has its words is looked at, and the best are kept.
//!
//! What that would cost is estimated first, from the lengths of the lists of its words. Where it
//! is over [`WORK`], only such a part of every segment is looked at that it is not: a query of the
//! commonest words costs as much as one of common words. No listing of a rare word is missed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use tantivy::columnar::Column;
use tantivy::query::{
    BooleanQuery, ConstScoreQuery, EnableScoring, Occur, Scorer, TermQuery, Weight,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, Searcher, SegmentReader, TERMINATED, Term};

use crate::error::Error;
use crate::index::{DIR, Index, LEDGER, NUMBER, PRICE};
use crate::query::{Found, Last, Matches, Order, Prices, Query};
use crate::words::Words;

/// Entries of lists that a query may look at, about 10 ns each.
const WORK: u64 = 1_500_000;
/// Words of the index that a beginning stands for at most: the most frequent ones.
const ENDINGS: usize = 32;
/// Words of the index that are looked at for them, in the largest segments first: only of a
/// beginning of a letter or two are there more.
const ENDINGS_SEEN: usize = 40_000;
/// Entries that one entry of the lists of a beginning is worth: they are merged as they are read.
const MERGED: u64 = 2;
/// Entries that a step in each of those lists is worth, where a shorter one leads.
const STEP: u64 = 20;

/// Answers a query from the newest commit.
pub fn search(index: &Index, query: &Query<'_>) -> Result<Found, Error> {
    answer(index, query, WORK)
}

fn answer(index: &Index, query: &Query<'_>, work: u64) -> Result<Found, Error> {
    let words = query.check()?;
    let searcher = index.reader.searcher();
    let order = match query.order {
        Order::Relevance if words.runs() == 0 => Key::Number,
        Order::Relevance => Key::Score,
        Order::Cheapest => Key::Price,
        Order::Dearest => Key::PriceDown,
    };
    let mut plan = Plan::new(index, &searcher, query, &words)?;
    let cost = plan.cost();
    let weight = plan.weight(&searcher, order)?;
    let mut best = Best::new((query.offset + query.limit) as usize);
    let (mut counted, mut seen, mut all) = (0, 0, 0);
    for segment in searcher.segment_readers() {
        let max = segment.max_doc();
        let part = part(max, cost, work);
        all += u64::from(max);
        seen += u64::from(part);
        let columns = Columns::new(segment, query.prices, order)?;
        let mut scorer = weight.scorer(segment, 1.0)?;
        counted += look(segment, scorer.as_mut(), &columns, max - part, &mut best);
    }
    let matches = if seen == all {
        Matches::Exactly(counted)
    } else {
        let about = u128::from(counted) * u128::from(all) / u128::from(seen.max(1));
        Matches::About(about as u64)
    };
    let numbers = best.page(query.offset as usize);
    Ok(Found { numbers, matches })
}

/// What has to be true of a hit, each by itself, and what it costs to find out.
struct Plan {
    musts: Vec<(Occur, Box<dyn tantivy::query::Query>)>,
    /// Length of the shortest list.
    shortest: u64,
    /// Of the lists of a beginning: how many, and their length together.
    endings: Option<(u64, u64)>,
}

impl Plan {
    fn new(
        index: &Index,
        searcher: &Searcher,
        query: &Query<'_>,
        words: &Words,
    ) -> Result<Self, Error> {
        let mut plan = Self {
            musts: Vec::new(),
            shortest: u64::MAX,
            endings: None,
        };
        let fields = &index.fields;
        let mut whole: Vec<&str> = words.iter().collect();
        if query.last == Last::Beginning
            && let Some(last) = whole.pop()
        {
            plan.begin(searcher, fields.words, last)?;
        }
        whole.sort_unstable();
        whole.dedup();
        for word in whole {
            let term = Term::from_field_text(fields.words, word);
            plan.shortest = plan.shortest.min(searcher.doc_freq(&term)?);
            plan.must(TermQuery::new(term, IndexRecordOption::WithFreqs));
        }
        let category = query.category.map(|c| (fields.category, u64::from(c)));
        let seller = query.seller.map(|s| (fields.seller, s));
        for (field, value) in category.into_iter().chain(seller) {
            let term = Term::from_field_u64(field, value);
            plan.shortest = plan.shortest.min(searcher.doc_freq(&term)?);
            let filter = TermQuery::new(term, IndexRecordOption::Basic);
            // A filter has no say in the order.
            plan.must(ConstScoreQuery::new(Box::new(filter), 0.0));
        }
        Ok(plan)
    }

    fn must(&mut self, query: impl tantivy::query::Query) {
        self.musts.push((Occur::Must, Box::new(query)));
    }

    /// Any of the most frequent words that begin with `start`, and `start` itself.
    fn begin(&mut self, searcher: &Searcher, field: Field, start: &str) -> Result<(), Error> {
        let endings = endings(searcher, field, start)?;
        let length: u64 = endings.iter().map(|(frequency, _)| frequency).sum();
        self.endings = Some((endings.len() as u64, length));
        self.shortest = self.shortest.min(length);
        let any = endings.into_iter().map(|(_, word)| {
            let term = Term::from_field_text(field, &word);
            let query: Box<dyn tantivy::query::Query> =
                Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
            (Occur::Should, query)
        });
        self.must(BooleanQuery::new(any.collect()));
        Ok(())
    }

    /// Entries that would be looked at.
    fn cost(&self) -> u64 {
        let each = self.shortest.saturating_mul(self.musts.len() as u64);
        let any = self.endings.map_or(0, |(count, length)| {
            let stepped = self.shortest.saturating_mul(STEP * count);
            length.saturating_mul(MERGED).min(stepped)
        });
        each.saturating_add(any)
    }

    /// Makes one query of it all.
    fn weight(&mut self, searcher: &Searcher, order: Key) -> Result<Box<dyn Weight>, Error> {
        let scoring = match order {
            Key::Score => EnableScoring::enabled_from_searcher(searcher),
            _ => EnableScoring::disabled_from_searcher(searcher),
        };
        let all = BooleanQuery::new(std::mem::take(&mut self.musts));
        Ok(tantivy::query::Query::weight(&all, scoring)?)
    }
}

/// How many listings of a segment of `max` are looked at, the last ones: as many as `work` is
/// enough for, where all listings together would cost `cost`.
fn part(max: DocId, cost: u64, work: u64) -> DocId {
    let part = (u128::from(max) * u128::from(work)).div_ceil(u128::from(cost.max(1)));
    u32::try_from(part).map_or(max, |part| part.min(max))
}

/// The most frequent words that begin with `start`, and `start` itself, with how many listings
/// have them.
fn endings(searcher: &Searcher, field: Field, start: &str) -> Result<Vec<(u64, String)>, Error> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    let mut segments: Vec<_> = searcher.segment_readers().iter().collect();
    segments.sort_by_key(|segment| Reverse(segment.max_doc()));
    let mut left = ENDINGS_SEEN;
    for segment in segments {
        for Reverse((frequency, word)) in frequent(segment, field, start, &mut left)? {
            *sums.entry(word).or_default() += u64::from(frequency);
        }
    }
    sums.remove(start);
    let mut endings: Vec<_> = sums.into_iter().map(|(word, n)| (n, word)).collect();
    endings.sort_unstable_by(|a, b| b.cmp(a));
    endings.truncate(ENDINGS - 1);
    let itself = searcher.doc_freq(&Term::from_field_text(field, start))?;
    endings.push((itself, start.to_owned()));
    Ok(endings)
}

/// The most frequent words of a segment that begin with `start`, of the first `left`.
fn frequent(
    segment: &SegmentReader,
    field: Field,
    start: &str,
    left: &mut usize,
) -> Result<BinaryHeap<Reverse<(u32, String)>>, Error> {
    let inverted = segment.inverted_index(field)?;
    let words = inverted.terms().range().ge(start).into_stream();
    let mut words = words.map_err(Error::io("read the words of", DIR))?;
    let mut best: BinaryHeap<Reverse<(u32, String)>> = BinaryHeap::new();
    while *left > 0 && words.advance() && words.key().starts_with(start.as_bytes()) {
        *left -= 1;
        let frequency = words.value().doc_freq;
        let full = best.len() == ENDINGS;
        if full && best.peek().is_some_and(|worst| frequency <= worst.0.0) {
            continue;
        }
        if let Ok(word) = str::from_utf8(words.key()) {
            best.push(Reverse((frequency, word.to_owned())));
            if full {
                best.pop();
            }
        }
    }
    Ok(best)
}

/// Looks at the listings of a segment from `from` on. Gives how many fit.
fn look(
    segment: &SegmentReader,
    scorer: &mut dyn Scorer,
    columns: &Columns,
    from: DocId,
    best: &mut Best,
) -> u64 {
    let alive = segment.alive_bitset();
    let mut counted = 0;
    let mut doc = scorer.doc();
    if doc < from {
        doc = scorer.seek(from);
    }
    while doc != TERMINATED {
        if alive.is_none_or(|alive| alive.is_alive(doc))
            && let Some(key) = columns.key(doc, scorer)
        {
            counted += 1;
            best.offer(key, || columns.number(doc));
        }
        doc = scorer.advance();
    }
    counted
}

/// What a segment knows of its listings besides their words.
struct Columns {
    numbers: Column<u64>,
    prices: Option<(Prices, Column<u64>, Column<u64>)>,
    order: Key,
}

/// What hits are sorted by.
#[derive(Clone, Copy)]
enum Key {
    Score,
    Number,
    Price,
    PriceDown,
}

impl Columns {
    fn new(segment: &SegmentReader, prices: Option<Prices>, order: Key) -> Result<Self, Error> {
        let columns = segment.fast_fields();
        let prices = match prices {
            Some(prices) => Some((prices, columns.u64(LEDGER)?, columns.u64(PRICE)?)),
            None => None,
        };
        Ok(Self {
            numbers: columns.u64(NUMBER)?,
            prices,
            order,
        })
    }

    /// How good a hit is, the higher the better; `None` where its price does not fit.
    fn key(&self, doc: DocId, scorer: &mut dyn Scorer) -> Option<u64> {
        let mut price = 0;
        if let Some((wanted, ledgers, prices)) = &self.prices {
            price = prices.first(doc)?;
            let fits = (wanted.least..=wanted.most).contains(&price)
                && ledgers.first(doc) == Some(wanted.ledger.into());
            if !fits {
                return None;
            }
        }
        Some(match self.order {
            // Scores are positive: their bits are in their order.
            Key::Score => scorer.score().to_bits().into(),
            Key::Number => self.number(doc).into(),
            Key::Price => !price,
            Key::PriceDown => price,
        })
    }

    fn number(&self, doc: DocId) -> u32 {
        self.numbers.first(doc).unwrap_or(0) as u32
    }
}

/// The best hits so far; of equals, those with the highest number.
struct Best {
    wanted: usize,
    hits: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Best {
    fn new(wanted: usize) -> Self {
        Self {
            wanted,
            hits: BinaryHeap::with_capacity(wanted + 1),
        }
    }

    fn offer(&mut self, key: u64, number: impl FnOnce() -> u32) {
        if self.hits.len() < self.wanted {
            self.hits.push(Reverse((key, number())));
        } else if let Some(mut worst) = self.hits.peek_mut()
            && key >= worst.0.0
        {
            let hit = Reverse((key, number()));
            if hit < *worst {
                *worst = hit;
            }
        }
    }

    /// What is left when the first `offset` are skipped.
    fn page(self, offset: usize) -> Vec<u32> {
        let sorted = self.hits.into_sorted_vec();
        let numbers = sorted.into_iter().map(|Reverse((_, number))| number);
        numbers.skip(offset).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;
    use crate::listing::Listing;

    #[test]
    fn where_there_is_too_much_to_look_at_the_last_part_stands_for_all() {
        let dir = tempfile::tempdir().expect("a directory");
        let catalogue = Catalogue::open(dir.path()).expect("open");
        let listings: Vec<_> = (0..1_000)
            .map(|number| Listing {
                number,
                seller: 1,
                category: number % 2,
                ledger: 1,
                price: number.into(),
                title: if number == 3 { "a rare lamp" } else { "a lamp" },
                label: "",
                text: "",
            })
            .collect();
        catalogue.add(&listings).expect("added");
        catalogue.flush().expect("flushed");
        drop(catalogue);

        let (index, _) = Index::open(dir.path()).expect("open");
        let query = |words, order| Query {
            words,
            last: Last::Whole,
            category: None,
            seller: None,
            prices: Some(Prices {
                ledger: 1,
                least: 0,
                most: 9_999,
            }),
            order,
            limit: 2,
            offset: 0,
        };
        let lamps = query("lamp", Order::Cheapest);
        let found = |query: &Query<'_>, work| answer(&index, query, work).expect("an answer");
        let all = Found {
            numbers: vec![0, 1],
            matches: Matches::Exactly(1_000),
        };
        assert_eq!(found(&lamps, 1_000), all);
        let last = Found {
            numbers: vec![900, 901],
            matches: Matches::About(1_000),
        };
        assert_eq!(found(&lamps, 100), last);
        let odd = Query {
            category: Some(1),
            ..lamps
        };
        let last = Found {
            numbers: vec![901, 903],
            matches: Matches::About(500),
        };
        assert_eq!(found(&odd, 100), last);
        let rare = Found {
            numbers: vec![3],
            matches: Matches::Exactly(1),
        };
        assert_eq!(found(&query("lamp rare", Order::Relevance), 100), rare);
        let begun = Query {
            last: Last::Beginning,
            ..query("rare la", Order::Relevance)
        };
        assert_eq!(found(&begun, 100), rare);
    }
}
