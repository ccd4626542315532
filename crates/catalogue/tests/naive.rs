//! The catalogue gives what a walk over all listings gives, also after it was opened anew.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::{Catalogue, Found, Last, Listing, Matches, Order, Prices, Query};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Item {
    seller: u64,
    category: u32,
    ledger: u32,
    price: u64,
    title: String,
    label: String,
    text: String,
}

#[derive(Clone, Debug)]
enum Step {
    Add(Vec<(u32, Item)>),
    Remove(u32),
    Flush,
    Reopen,
}

#[derive(Clone, Debug)]
struct Asked {
    words: Vec<&'static str>,
    last: Last,
    category: Option<u32>,
    seller: Option<u64>,
    prices: Option<Prices>,
    order: Order,
    limit: u32,
    offset: u32,
}

const WORDS: [&str; 8] = [
    "red",
    "reddish",
    "lamp",
    "lampshade",
    "chair",
    "b",
    "стул",
    "ёлка",
];

fn some(most: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&WORDS), 0..=most)
        .prop_map(|words| words.join(", "))
}

fn item() -> impl Strategy<Value = Item> {
    let title = some(3).prop_map(|title| title + "!");
    (0..3u64, 0..3u32, 0..2u32, 0..9u64, title, some(1), some(2)).prop_map(
        |(seller, category, ledger, price, title, label, text)| Item {
            seller,
            category,
            ledger,
            price,
            title,
            label,
            text,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => proptest::collection::vec((0..40u32, item()), 1..8).prop_map(Step::Add),
        3 => (0..40u32).prop_map(Step::Remove),
        1 => Just(Step::Flush),
        1 => Just(Step::Reopen),
    ]
}

fn asked() -> impl Strategy<Value = Asked> {
    let words = proptest::collection::vec(proptest::sample::select(&WORDS), 1..3);
    let last = proptest::sample::select(&[Last::Whole, Last::Beginning]);
    let prices = (0..2u32, 0..9u64, 0..9u64).prop_map(|(ledger, least, most)| Prices {
        ledger,
        least,
        most,
    });
    let order = proptest::sample::select(&[Order::Relevance, Order::Cheapest, Order::Dearest]);
    let filters = (
        proptest::option::of(0..3u32),
        proptest::option::of(0..3u64),
        proptest::option::of(prices),
    );
    (words, last, filters, order, 1..9u32, 0..9u32).prop_map(
        |(words, last, (category, seller, prices), order, limit, offset)| Asked {
            words,
            last,
            category,
            seller,
            prices,
            order: if prices.is_some() {
                order
            } else {
                Order::Relevance
            },
            limit,
            offset,
        },
    )
}

/// All that fit, in the order of their prices where that is asked for.
fn naive(items: &BTreeMap<u32, Item>, asked: &Asked) -> Vec<u32> {
    let fits = |item: &Item| {
        let all = [&*item.title, &item.label, &item.text].join(" ");
        let has: BTreeSet<_> = all
            .split([' ', ',', '!'])
            .filter(|word| !word.is_empty())
            .collect();
        let (last, whole) = asked.words.split_last().expect("a word");
        whole.iter().all(|word| has.contains(word))
            && match asked.last {
                Last::Whole => has.contains(last),
                Last::Beginning => has.iter().any(|word| word.starts_with(last)),
            }
            && asked
                .category
                .is_none_or(|category| category == item.category)
            && asked.seller.is_none_or(|seller| seller == item.seller)
            && asked.prices.is_none_or(|prices| {
                prices.ledger == item.ledger && (prices.least..=prices.most).contains(&item.price)
            })
    };
    let mut found: Vec<_> = items.iter().filter(|(_, item)| fits(item)).collect();
    found.sort_by_key(|(number, item)| match asked.order {
        Order::Relevance => (0, u32::MAX - **number),
        Order::Cheapest => (item.price, u32::MAX - **number),
        Order::Dearest => (u64::MAX - item.price, u32::MAX - **number),
    });
    found.into_iter().map(|(number, _)| *number).collect()
}

fn check(catalogue: &Catalogue, items: &BTreeMap<u32, Item>, asked: &Asked) {
    let words = asked.words.join(" ");
    let query = Query {
        words: &words,
        last: asked.last,
        category: asked.category,
        seller: asked.seller,
        prices: asked.prices,
        order: asked.order,
        limit: asked.limit,
        offset: asked.offset,
    };
    let all = naive(items, asked);
    let Found { numbers, matches } = catalogue.search(&query).expect("an answer");
    assert_eq!(matches, Matches::Exactly(all.len() as u64), "{asked:?}");
    let page = all
        .iter()
        .skip(asked.offset as usize)
        .take(asked.limit as usize);
    if asked.order == Order::Relevance {
        // Which fit best is for the index to say: the pages together are all that fit.
        assert_eq!(numbers.len(), page.count(), "{asked:?}");
        let whole = Query {
            limit: 100,
            offset: 0,
            ..query
        };
        let found = catalogue.search(&whole).expect("an answer").numbers;
        let from = found.len().min(asked.offset as usize);
        assert_eq!(numbers, found[from..][..numbers.len()], "{asked:?}");
        assert_eq!(
            BTreeSet::from_iter(found),
            BTreeSet::from_iter(all),
            "{asked:?}"
        );
    } else {
        assert_eq!(numbers, page.copied().collect::<Vec<_>>(), "{asked:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn searches_are_those_of_a_walk(
        steps in proptest::collection::vec(step(), 1..16),
        queries in proptest::collection::vec(asked(), 20),
    ) {
        let dir = tempfile::tempdir().expect("a directory");
        let mut catalogue = Catalogue::open(dir.path()).expect("open");
        let mut items = BTreeMap::new();
        for step in steps {
            match step {
                Step::Add(added) => {
                    let listings: Vec<_> = added.iter().map(|(number, item)| Listing {
                        number: *number,
                        seller: item.seller,
                        category: item.category,
                        ledger: item.ledger,
                        price: item.price,
                        title: &item.title,
                        label: &item.label,
                        text: &item.text,
                    }).collect();
                    catalogue.add(&listings).expect("added");
                    items.extend(added);
                }
                Step::Remove(number) => {
                    let there = items.remove(&number).is_some();
                    assert_eq!(catalogue.remove(number).expect("removed"), there);
                }
                Step::Flush => catalogue.flush().expect("flushed"),
                Step::Reopen => {
                    drop(catalogue);
                    catalogue = Catalogue::open(dir.path()).expect("open");
                }
            }
        }
        catalogue.flush().expect("flushed");
        for asked in &queries {
            check(&catalogue, &items, asked);
        }
        for number in 0..40 {
            let title = catalogue.get(number).expect("read").map(|text| text.title);
            assert_eq!(title.as_deref(), items.get(&number).map(|item| item.title.as_str()));
        }
    }
}
