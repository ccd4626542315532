//! Nanoseconds a leaf of the sum tree, and a place of the shuffle.
//!
//! `cargo bench -p merkle --bench sum_tree` prints the median of several runs: the whole tree with
//! its blinds from a slice of entries, an opening from what is stored, and both ways of a shuffle.

use std::convert::Infallible;
use std::hint::black_box;
use std::time::Instant;

use merkle::Seed;
use merkle::sum_tree::{BLOCK, Builder, Entry, Shuffle, Sum, SumReader, prove};

const RUNS: usize = 11;

/// Median nanoseconds of a run, divided by `count`.
#[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn median(count: u32, mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e9
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2] / f64::from(count)
}

/// A tree in memory, as far as it is stored.
struct Stored {
    entries: Vec<Entry>,
    rows: Vec<Vec<Sum>>,
}

impl SumReader for Stored {
    type Error = Infallible;

    fn entries(&self, first: u64, count: usize, out: &mut Vec<Entry>) -> Result<(), Infallible> {
        out.extend(self.entries.iter().skip(first as usize).take(count));
        Ok(())
    }

    fn sums(
        &self,
        height: u32,
        first: u64,
        count: usize,
        out: &mut Vec<Sum>,
    ) -> Result<(), Infallible> {
        let row = &self.rows[(height / 8) as usize];
        out.extend(row.iter().skip(first as usize).take(count));
        Ok(())
    }
}

/// Builds the tree over the entries and keeps what is to be stored.
fn build(seed: &Seed, height: u32, entries: &[Entry]) -> (Vec<Vec<Sum>>, Sum) {
    let mut rows = vec![Vec::new(); 6];
    let mut store = |height: u32, sum| rows[(height / 8) as usize].push(sum);
    let mut builder = Builder::new(seed, height).expect("the height is allowed");
    for entries in entries.chunks(BLOCK * BLOCK) {
        builder
            .push(entries, &mut store)
            .expect("the tree has room");
    }
    let root = builder.finish(&mut store).expect("the sums are small");
    (rows, root)
}

fn main() {
    let seed = Seed::from_bytes([7; 32]);
    println!("{:34}{:>10}", "sum tree", "ns a leaf");
    for height in [16, 20] {
        let entries: Vec<Entry> = (0..1_u128 << height)
            .map(|id| Entry {
                id: id + 1,
                amount: id * 31 % 1_000_003,
            })
            .collect();
        let each = median(1 << height, || {
            black_box(build(&seed, height, black_box(&entries)));
        });
        println!("{:34}{each:10.1}", format!("2^{height} leaves"));
        let (rows, _) = build(&seed, height, &entries);
        let stored = Stored { entries, rows };
        let mut index = 0;
        let opening = median(1, || {
            index += 4_321;
            black_box(prove(&stored, &seed, height, index).expect("the tree is whole"));
        });
        println!("{:34}{opening:10.0}", "  one opening from what is stored");
    }
    println!(
        "\n{:18}{:>10}{:>10}{:>14}",
        "shuffle", "place", "back", "new, us"
    );
    for bits in [10, 16, 17, 20, 24, 27, 32, 40] {
        let shuffle = Shuffle::new([7; 32], bits).expect("the bits are allowed");
        let new = median(1000, || {
            black_box(Shuffle::new(black_box([7; 32]), bits).expect("the bits are allowed"));
        });
        let numbers = 1_u64 << 16;
        let mask = (1_u64 << bits) - 1;
        let run = |way: fn(&Shuffle, u64) -> u64| {
            median(1 << 16, || {
                (0..numbers).for_each(|number| _ = black_box(way(&shuffle, number & mask)));
            })
        };
        let (place, back) = (run(Shuffle::place), run(Shuffle::back));
        println!(
            "{:18}{place:10.1}{back:10.1}{new:14.1}",
            format!("2^{bits}")
        );
    }
}
