//! What the catalogue costs and how fast it answers.
//!
//! ```text
//! cargo bench -p catalogue --bench search [-- LISTINGS [DIR [KIND]]]
//! ```
//!
//! N listings (a million where none are given) get titles of 6 to 10 words out of 50,000 made-up
//! ones, the k-th as often as 1/k, and a text of 20. Then a thousand queries of each kind run, one
//! after the other, their words drawn as often as they stand in titles ("common"), or evenly
//! ("rare"). Times are of the clock; "cpu" is what of it the thread had a core for, so that a busy
//! machine shows. The files go below `TMPDIR`, or stay in DIR, where a later run finds them.
//! KIND is a part of the names of the kinds that are to run.

#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![allow(clippy::cast_precision_loss, reason = "frequencies of words")]
#![allow(clippy::cast_sign_loss, reason = "frequencies of words")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use catalogue::{Catalogue, Found, Last, Listing, Matches, Order, Prices, Query};

const WORDS: usize = 50_000;
const BATCH: u32 = 4_096;
const QUERIES: usize = 1_000;
const CATEGORIES: u64 = 1_000;
const SELLERS: u64 = 100_000;

fn main() {
    // Cargo adds `--bench`.
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let listings: u32 = args
        .next()
        .map_or(1_000_000, |n| n.parse().expect("a number"));
    let own = tempfile::tempdir().expect("a directory");
    let dir = args.next().map_or(own.path().to_owned(), PathBuf::from);
    let wanted = args.next().unwrap_or_default();
    let words = Vocabulary::new();
    println!("{listings} listings");
    if !dir.join("texts").exists() {
        build(&dir, &words, listings);
    }

    let begun = Instant::now();
    let catalogue = Catalogue::open(&dir).expect("open");
    report("open", &format!("{:?}", begun.elapsed()));
    memory("before the queries");
    for (name, kind) in KINDS.iter().filter(|(name, _)| name.contains(&wanted)) {
        measure(&catalogue, &words, name, *kind);
    }
    texts(&catalogue, listings);
    memory("after the queries");
}

fn build(dir: &Path, words: &Vocabulary, listings: u32) {
    let catalogue = Catalogue::open(dir).expect("open");
    let mut random = Random(1);
    let (begun, mut adding) = (Instant::now(), Duration::ZERO);
    let mut slowest = Duration::ZERO;
    for first in (0..listings).step_by(BATCH as usize) {
        let numbers = first..listings.min(first + BATCH);
        let texts: Vec<_> = numbers
            .clone()
            .map(|_| {
                let len = 6 + random.below(5) as usize;
                (words.some(&mut random, len), words.some(&mut random, 20))
            })
            .collect();
        let batch: Vec<_> = numbers
            .zip(&texts)
            .map(|(number, (title, text))| Listing {
                number,
                seller: random.below(SELLERS),
                category: random.skewed(CATEGORIES) as u32,
                ledger: 1,
                price: 1 + random.skewed(1_000_000),
                title,
                label: "Home and garden/Kitchen",
                text,
            })
            .collect();
        let one = Instant::now();
        catalogue.add(&batch).expect("added");
        adding += one.elapsed();
        slowest = slowest.max(one.elapsed());
    }
    let rate =
        |took: Duration| format!("{:.0} listings/s", f64::from(listings) / took.as_secs_f64());
    report("add, durable", &rate(adding));
    report("slowest batch of 4,096", &format!("{slowest:?}"));
    catalogue.flush().expect("flushed");
    report("until all is findable", &rate(begun.elapsed()));
    memory("while building");
    catalogue.close().expect("closed");
    report("until all is merged", &rate(begun.elapsed()));
    for part in ["texts", "offsets", "search"] {
        let bytes = size(&dir.join(part));
        report(
            &format!("{part} on disk"),
            &format!(
                "{} MB, {} B/listing",
                bytes >> 20,
                bytes / u64::from(listings)
            ),
        );
    }
    let segments = fs::read_dir(dir.join("search")).expect("the index");
    let segments = segments
        .filter(|f| {
            f.as_ref()
                .is_ok_and(|f| f.path().extension().is_some_and(|e| e == "term"))
        })
        .count();
    report("segments", &segments.to_string());
}

#[derive(Clone, Copy)]
struct Kind {
    words: usize,
    draw: Draw,
    category: bool,
    seller: bool,
    prices: bool,
    last: Last,
    order: Order,
}

#[derive(Clone, Copy)]
enum Draw {
    /// One of the ten most frequent.
    Top,
    /// As often as in titles.
    Common,
    /// Each as likely as the others.
    Rare,
}

const PLAIN: Kind = Kind {
    words: 1,
    draw: Draw::Common,
    category: false,
    seller: false,
    prices: false,
    last: Last::Whole,
    order: Order::Relevance,
};

const KINDS: &[(&str, Kind)] = &[
    (
        "1 of the 10 commonest words",
        Kind {
            draw: Draw::Top,
            ..PLAIN
        },
    ),
    (
        "2 of the 10 commonest words",
        Kind {
            words: 2,
            draw: Draw::Top,
            ..PLAIN
        },
    ),
    (
        "3 of the 10 commonest words",
        Kind {
            words: 3,
            draw: Draw::Top,
            ..PLAIN
        },
    ),
    ("1 common word", PLAIN),
    ("2 common words", Kind { words: 2, ..PLAIN }),
    ("3 common words", Kind { words: 3, ..PLAIN }),
    (
        "1 rare word",
        Kind {
            draw: Draw::Rare,
            ..PLAIN
        },
    ),
    (
        "2 rare words",
        Kind {
            words: 2,
            draw: Draw::Rare,
            ..PLAIN
        },
    ),
    (
        "3 rare words",
        Kind {
            words: 3,
            draw: Draw::Rare,
            ..PLAIN
        },
    ),
    (
        "1 beginning of 1 to 3 letters",
        Kind {
            last: Last::Beginning,
            ..PLAIN
        },
    ),
    (
        "2 words, the last begun",
        Kind {
            words: 2,
            last: Last::Beginning,
            ..PLAIN
        },
    ),
    (
        "3 words, the last begun",
        Kind {
            words: 3,
            last: Last::Beginning,
            ..PLAIN
        },
    ),
    (
        "1 top word in a category",
        Kind {
            draw: Draw::Top,
            category: true,
            ..PLAIN
        },
    ),
    (
        "2 top words in a category",
        Kind {
            words: 2,
            draw: Draw::Top,
            category: true,
            ..PLAIN
        },
    ),
    (
        "1 top word of a seller",
        Kind {
            draw: Draw::Top,
            seller: true,
            ..PLAIN
        },
    ),
    (
        "1 top word, prices",
        Kind {
            draw: Draw::Top,
            prices: true,
            ..PLAIN
        },
    ),
    (
        "2 top words, prices",
        Kind {
            words: 2,
            draw: Draw::Top,
            prices: true,
            ..PLAIN
        },
    ),
    (
        "a category, newest",
        Kind {
            words: 0,
            category: true,
            ..PLAIN
        },
    ),
    (
        "a category, cheapest",
        Kind {
            words: 0,
            category: true,
            prices: true,
            order: Order::Cheapest,
            ..PLAIN
        },
    ),
    (
        "1 top word, cheapest",
        Kind {
            draw: Draw::Top,
            prices: true,
            order: Order::Cheapest,
            ..PLAIN
        },
    ),
    (
        "2 common words, cheapest",
        Kind {
            words: 2,
            prices: true,
            order: Order::Cheapest,
            ..PLAIN
        },
    ),
    (
        "2 common words, dearest",
        Kind {
            words: 2,
            prices: true,
            order: Order::Dearest,
            ..PLAIN
        },
    ),
];

fn measure(catalogue: &Catalogue, words: &Vocabulary, name: &str, kind: Kind) {
    let mut random = Random(7);
    let mut took = Vec::with_capacity(QUERIES);
    let mut worked = Vec::with_capacity(QUERIES);
    let mut found = 0;
    for _ in 0..QUERIES {
        let mut text = Vec::new();
        for _ in 0..kind.words {
            text.push(match kind.draw {
                Draw::Top => words.0[random.below(10) as usize].as_str(),
                Draw::Common => words.one(&mut random),
                Draw::Rare => words.0[random.below(WORDS as u64) as usize].as_str(),
            });
        }
        if kind.last == Last::Beginning
            && let Some(last) = text.last_mut()
        {
            *last = &last[..last.len().min(1 + random.below(3) as usize)];
        }
        let range = 1 + random.below(500_000);
        let query = Query {
            words: &text.join(" "),
            last: kind.last,
            category: kind.category.then(|| random.skewed(CATEGORIES) as u32),
            seller: kind.seller.then(|| random.below(SELLERS)),
            prices: kind.prices.then_some(Prices {
                ledger: 1,
                least: range / 2,
                most: range * 2,
            }),
            order: kind.order,
            limit: 20,
            offset: 0,
        };
        let (begun, before) = (Instant::now(), on_core());
        let Found { matches, .. } = catalogue.search(&query).expect("an answer");
        took.push(begun.elapsed());
        worked.push(on_core().saturating_sub(before));
        let (Matches::Exactly(n) | Matches::About(n)) = matches;
        found += n;
    }
    let of = |mut times: Vec<Duration>| {
        times.sort_unstable();
        [QUERIES / 2, QUERIES * 99 / 100, QUERIES - 1].map(|at| times[at].as_secs_f64() * 1e3)
    };
    let ([p50, p99, max], [cpu50, cpu99, _]) = (of(took), of(worked));
    let mean = found / QUERIES as u64;
    report(
        name,
        &format!(
            "p50 {p50:7.3} ms  p99 {p99:7.3} ms  max {max:7.3} ms  cpu p50 {cpu50:7.3} ms  p99 {cpu99:7.3} ms  mean matches {mean}"
        ),
    );
}

/// How long this thread has had a core.
fn on_core() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("a time that passes forward")
}

fn texts(catalogue: &Catalogue, listings: u32) {
    let mut random = Random(9);
    let begun = Instant::now();
    for _ in 0..QUERIES {
        let number = random.below(listings.into()) as u32;
        catalogue.get(number).expect("read").expect("there");
    }
    report(
        "get",
        &format!("{:?} each", begun.elapsed() / QUERIES as u32),
    );
}

fn report(name: &str, value: &str) {
    println!("  {name:32} {value}");
}

fn memory(when: &str) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or(0) >> 10
    };
    let (own, mapped) = (of("RssAnon:"), of("RssFile:"));
    report(
        &format!("memory {when}"),
        &format!("{own} MB own, {mapped} MB of files in the system's cache"),
    );
}

fn size(path: &Path) -> u64 {
    if path.is_dir() {
        let entries = fs::read_dir(path).expect("a folder");
        return entries
            .map(|entry| size(&entry.expect("an entry").path()))
            .sum();
    }
    fs::metadata(path).map_or(0, |meta| meta.len())
}

/// Made-up words, the most frequent first.
struct Vocabulary(Vec<String>);

impl Vocabulary {
    fn new() -> Self {
        const ONSETS: [&str; 16] = [
            "b", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "st", "tr",
        ];
        const VOWELS: [&str; 6] = ["a", "e", "i", "o", "u", "ea"];
        const CODAS: [&str; 6] = ["", "n", "r", "s", "l", "t"];
        let mut random = Random(3);
        let mut seen = std::collections::BTreeSet::new();
        let mut words = Vec::with_capacity(WORDS);
        while words.len() < WORDS {
            let mut word = String::new();
            for _ in 0..2 + random.below(2) {
                word += ONSETS[random.below(16) as usize];
                word += VOWELS[random.below(6) as usize];
                word += CODAS[random.below(6) as usize];
            }
            if seen.insert(word.clone()) {
                words.push(word);
            }
        }
        Self(words)
    }

    fn one(&self, random: &mut Random) -> &str {
        &self.0[random.skewed(WORDS as u64) as usize]
    }

    fn some(&self, random: &mut Random, len: usize) -> String {
        let words: Vec<_> = (0..len).map(|_| self.one(random)).collect();
        words.join(" ")
    }
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// Below `end`, the number k about as often as 1/(k+1).
    fn skewed(&mut self, end: u64) -> u64 {
        let even = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        let drawn = ((end + 1) as f64).powf(even) as u64;
        drawn.clamp(1, end) - 1
    }
}
