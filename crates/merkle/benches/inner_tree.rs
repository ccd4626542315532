//! Nanoseconds a record of the inner tree: salts, salted leaves and root of one batch.
//!
//! `cargo bench -p merkle --bench inner_tree` prints the median of many runs for batches of
//! several shapes, and the same work done by `sha2` alone, one message after another.

use std::hint::black_box;
use std::time::Instant;

use merkle::{EMPTY, Hash, Salt, Seed, node, root_of, salted_leaf, salted_leaves, salts};
use sha2::{Digest, Sha256};

const RUNS: usize = 101;

/// Records of one batch: their bytes, and start and length of each.
struct Batch {
    name: &'static str,
    bytes: Vec<u8>,
    spans: Vec<(u32, u32)>,
}

impl Batch {
    /// `count` records whose lengths repeat `lengths`.
    fn new(name: &'static str, count: usize, lengths: &[u32]) -> Batch {
        let mut spans = Vec::new();
        let mut end = 0;
        for &length in lengths.iter().cycle().take(count) {
            spans.push((end, length));
            end += length;
        }
        let bytes = (0..end).map(|i| (i * 31 % 251) as u8).collect();
        Batch { name, bytes, spans }
    }
}

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

/// The tree of `root_of`, one node after another.
fn plain_root(leaves: &mut Vec<Hash>) -> Hash {
    while leaves.len() > 1 {
        let pairs = leaves.chunks(2);
        *leaves = pairs
            .map(|pair| pair.iter().copied().reduce(node).unwrap_or(EMPTY))
            .collect();
    }
    leaves.pop().unwrap_or(EMPTY)
}

/// The salts and leaves of `salted_leaves`, one after another.
fn plain_leaves(seed: &Seed, batch: &Batch, leaves: &mut Vec<Hash>) {
    leaves.clear();
    for (number, pair) in (0_u64..).zip(batch.spans.chunks(2)) {
        let salts = Sha256::new()
            .chain_update(seed.to_bytes())
            .chain_update(number.to_le_bytes());
        let salts: [u8; 32] = salts.finalize().into();
        leaves.extend(
            salts
                .as_chunks()
                .0
                .iter()
                .zip(pair)
                .map(|(salt, &(start, length))| {
                    let record = &batch.bytes[start as usize..(start + length) as usize];
                    salted_leaf(Salt::from_bytes(*salt), record)
                }),
        );
    }
}

fn main() {
    let seed = Seed::from_bytes([7; 32]);
    let batches = [
        Batch::new("8,189 records of 40 bytes", 8_189, &[40]),
        Batch::new("8,189 records of 32 bytes", 8_189, &[32]),
        Batch::new(
            "8,189 records of 20 to 60 bytes",
            8_189,
            &[20, 43, 36, 60, 27, 52, 31],
        ),
        Batch::new("8,189 records of 128 bytes", 8_189, &[128]),
        Batch::new("100 records of 40 bytes", 100, &[40]),
        Batch::new("10 records of 40 bytes", 10, &[40]),
        Batch::new("1 record of 40 bytes", 1, &[40]),
    ];
    let mut leaves = Vec::new();
    println!(
        "{:34}{:>8}{:>8}{:>8}{:>8}{:>8}",
        "ns per record", "salts", "leaves", "root", "all", "plain"
    );
    for batch in &batches {
        let count = u32::try_from(batch.spans.len()).expect("batches are small");
        let salting = median(count, || {
            salts(&seed, batch.spans.len()).for_each(|salt| _ = black_box(salt));
        });
        let both = median(count, || {
            salted_leaves(&seed, &batch.bytes, &batch.spans, &mut leaves);
        });
        let all = median(count, || {
            salted_leaves(&seed, black_box(&batch.bytes), &batch.spans, &mut leaves);
            black_box(root_of(&mut leaves));
        });
        let plain = median(count, || {
            plain_leaves(&seed, batch, &mut leaves);
            black_box(plain_root(&mut leaves));
        });
        let (leaf, root) = (both - salting, all - both);
        println!(
            "{:34}{salting:8.1}{leaf:8.1}{root:8.1}{all:8.1}{plain:8.1}",
            batch.name
        );
    }
}
