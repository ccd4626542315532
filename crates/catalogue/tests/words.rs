//! Words of every script are found, and queries are held to their bounds.

use catalogue::{Catalogue, Error, Found, Last, Listing, Matches, Order, Prices, Query, Refusal};

const LISTING: Listing<'_> = Listing {
    number: 0,
    seller: 1,
    category: 1,
    ledger: 1,
    price: 100,
    title: "",
    label: "",
    text: "",
};

const QUERY: Query<'_> = Query {
    words: "",
    last: Last::Whole,
    category: None,
    seller: None,
    prices: None,
    order: Order::Relevance,
    limit: 100,
    offset: 0,
};

const NONE: [u32; 0] = [];

fn with(listings: &[Listing<'_>]) -> (tempfile::TempDir, Catalogue) {
    let dir = tempfile::tempdir().expect("a directory");
    let catalogue = Catalogue::open(dir.path()).expect("open");
    catalogue.add(listings).expect("added");
    catalogue.flush().expect("flushed");
    (dir, catalogue)
}

fn find(catalogue: &Catalogue, query: &Query<'_>) -> Vec<u32> {
    catalogue.search(query).expect("an answer").numbers
}

#[test]
fn words_of_every_script_are_found() {
    let titles = [
        ("Red Running Shoes", "SHOES red"),
        ("Crème brûlée Förmchen", "creme brulee formchen"),
        ("Красная ёлка новогодняя", "ЕЛКА красная"),
        ("Ξύλινη καρέκλα", "ΚΑΡΕΚΛΑ ξυλινη"),
        ("כִּסֵּא עץ", "כסא עץ"),
        ("كِتاب عربي", "كتاب"),
        ("हिन्दी की किताब", "किताब हिन्दी"),
        ("苹果手机保护壳", "手机"),
        ("ワイヤレスイヤホン", "ｲﾔﾎﾝ"),
        ("한국어교재", "교재"),
        ("เก้าอี้ไม้", "ไม้"),
        ("ກະເປົາ", "ເປົາ"),
        ("សៀវភៅ", "ភៅ"),
        ("လက်ဖက်ရည်", "ရည်"),
        ("የኢትዮጵያ ቡና", "ቡና"),
        ("Հայկական գորգ", "ԳՈՐԳ"),
        ("ქართული ღვინო", "ღვინო"),
        ("தமிழ் புத்தகம்", "புத்தகம்"),
        ("𠮷野家丼", "𠮷野"),
        ("Size ４２ №７", "42 no7"),
        ("機", "機"),
    ];
    let listings: Vec<_> = (0..)
        .zip(titles)
        .map(|(number, (title, _))| Listing {
            number,
            title,
            ..LISTING
        })
        .collect();
    let (_dir, catalogue) = with(&listings);
    for (number, (title, words)) in (0..).zip(titles) {
        let found = catalogue.search(&Query { words, ..QUERY });
        let wanted = Found {
            numbers: vec![number],
            matches: Matches::Exactly(1),
        };
        assert_eq!(found.expect("an answer"), wanted, "{words} in {title}");
        assert_eq!(
            catalogue.get(number).expect("read").expect("there").title,
            title
        );
    }
    assert_eq!(
        find(
            &catalogue,
            &Query {
                words: "shoes 手机",
                ..QUERY
            }
        ),
        NONE
    );
}

#[test]
fn a_query_is_words_and_no_language() {
    let (_dir, catalogue) = with(&[
        Listing {
            number: 0,
            title: "red or blue",
            ..LISTING
        },
        Listing {
            number: 1,
            title: "red",
            ..LISTING
        },
        Listing {
            number: 2,
            title: "number 1 price",
            ..LISTING
        },
    ]);
    for (words, wanted) in [
        ("red OR blue", vec![0]),
        ("+red -blue", vec![0]),
        ("\"red", vec![1, 0]),
        ("number:1", vec![2]),
        ("price:[0 TO 9]", vec![]),
        ("re*", vec![]),
    ] {
        assert_eq!(
            find(&catalogue, &Query { words, ..QUERY }),
            wanted,
            "{words}"
        );
    }
    let last = Last::Beginning;
    for (words, wanted) in [("re", vec![1, 0]), ("red b", vec![0]), ("b red", vec![])] {
        assert_eq!(
            find(
                &catalogue,
                &Query {
                    words,
                    last,
                    ..QUERY
                }
            ),
            wanted,
            "{words}"
        );
    }
}

#[test]
fn the_title_weighs_more_and_prices_are_of_one_ledger() {
    let (_dir, catalogue) = with(&[
        Listing {
            number: 0,
            title: "chair",
            text: "goes with a lamp",
            price: 5,
            ..LISTING
        },
        Listing {
            number: 1,
            title: "lamp",
            text: "goes with a chair",
            price: 9,
            ..LISTING
        },
        Listing {
            number: 2,
            title: "lamp chair",
            ledger: 2,
            price: 7,
            ..LISTING
        },
        Listing {
            number: 3,
            title: "desk",
            label: "Lamp/Chair",
            price: 9,
            ..LISTING
        },
    ]);
    let lamp = Query {
        words: "lamp",
        ..QUERY
    };
    assert_eq!(find(&catalogue, &lamp)[..2], [2, 1]);
    let prices = Prices {
        ledger: 1,
        least: 0,
        most: u64::MAX,
    };
    let cheapest = Query {
        prices: Some(prices),
        order: Order::Cheapest,
        ..lamp
    };
    assert_eq!(find(&catalogue, &cheapest), [0, 3, 1]);
    let dearest = Query {
        order: Order::Dearest,
        ..cheapest
    };
    assert_eq!(find(&catalogue, &dearest), [3, 1, 0]);
    assert_eq!(
        find(
            &catalogue,
            &Query {
                limit: 1,
                offset: 1,
                ..dearest
            }
        ),
        [1]
    );
    let middle = Prices {
        least: 6,
        most: 8,
        ..prices
    };
    assert_eq!(
        find(
            &catalogue,
            &Query {
                prices: Some(middle),
                ..cheapest
            }
        ),
        NONE
    );
    let other = Prices {
        ledger: 2,
        ..middle
    };
    assert_eq!(
        find(
            &catalogue,
            &Query {
                prices: Some(other),
                ..cheapest
            }
        ),
        [2]
    );
}

#[test]
fn a_listing_out_of_bounds_is_refused_and_changes_nothing() {
    let (dir, catalogue) = with(&[Listing {
        title: "first",
        ..LISTING
    }]);
    let texts = || std::fs::read(dir.path().join("texts")).expect("read");
    let before = texts();
    let long = "x".repeat(2_001);
    let of = |title, label, text| Listing {
        number: 7,
        title: &long[..title],
        label: &long[..label],
        text: &long[..text],
        ..LISTING
    };
    let (number, good) = (7, of(200, 100, 2_000));
    for (bad, wanted) in [
        (of(0, 1, 1), Refusal::TitleEmpty { number }),
        (of(201, 1, 1), Refusal::TitleLong { number, bytes: 201 }),
        (of(1, 101, 1), Refusal::LabelLong { number, bytes: 101 }),
        (
            of(1, 1, 2_001),
            Refusal::TextLong {
                number,
                bytes: 2_001,
            },
        ),
    ] {
        let refused = catalogue.add(&[good, bad]);
        assert!(
            matches!(refused, Err(Error::Refused(r)) if r == wanted),
            "{refused:?}"
        );
    }
    let refused = catalogue.add(&vec![good; 8_193]).expect_err("too many");
    assert_eq!(
        refused.to_string(),
        "8193 listings at once; at most 8192 go"
    );
    assert_eq!(texts(), before);
    assert_eq!(catalogue.get(number).expect("read"), None);

    catalogue.add(&[good]).expect("within the bounds");
    let text = catalogue.get(number).expect("read").expect("there");
    assert_eq!((&*text.title, &*text.text), (good.title, good.text));
}

#[test]
fn a_query_out_of_bounds_is_refused() {
    let (_dir, catalogue) = with(&[Listing {
        title: "first",
        ..LISTING
    }]);
    let sixteen = "a b c d e f g h i j k l m n o p";
    let seventeen = sixteen.to_owned() + " q";
    let long = "x".repeat(201);
    let asks = |words, limit, offset| Query {
        words,
        limit,
        offset,
        ..QUERY
    };
    let cheapest = Query {
        order: Order::Cheapest,
        ..asks("a", 1, 0)
    };
    for good in [asks(sixteen, 100, 1_000), asks(&long[..200], 1, 0)] {
        assert_eq!(find(&catalogue, &good), NONE);
    }
    for (bad, wanted) in [
        (asks(&long, 1, 0), Refusal::QueryLong { bytes: 201 }),
        (asks(&seventeen, 1, 0), Refusal::TooManyWords { words: 17 }),
        (asks("-- !", 1, 0), Refusal::NothingToFind),
        (cheapest, Refusal::NoLedger),
        (asks("a", 0, 0), Refusal::Limit { limit: 0 }),
        (asks("a", 101, 0), Refusal::Limit { limit: 101 }),
        (asks("a", 1, 1_001), Refusal::Offset { offset: 1_001 }),
    ] {
        let refused = catalogue.search(&bad);
        assert!(
            matches!(refused, Err(Error::Refused(r)) if r == wanted),
            "{refused:?}"
        );
    }
}

#[test]
fn the_digest_is_of_title_and_text_apart() {
    // printf '\x02\0\0\0ab\x01\0\0\0c' | sha256sum | head -c 32
    let digest = u128::from_be_bytes(catalogue::digest("ab", "c"));
    assert_eq!(format!("{digest:032x}"), "60014a36d7b05b0730e42a8b96faa1ff");
    assert_ne!(catalogue::digest("a", "bc"), digest.to_be_bytes());
}
