//! The sum tree against a naive one and the golden values of `tests/vectors/sum_tree.py`, paths
//! that were tampered with, and the shuffle.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use merkle::sum_tree::{
    BLOCK, Builder, Entry, MAX_HEIGHT, ProveError, SUBTREE, Shuffle, Subtree, Sum, SumError,
    SumReader, leaf, node, prove, root_from_path, verify,
};
use merkle::{Hash, Salt, Seed};
use proptest::collection::vec;
use proptest::prelude::*;

/// What is stored of a tree.
#[derive(Default)]
struct Stored {
    entries: Vec<Entry>,
    rows: BTreeMap<u32, Vec<Sum>>,
}

impl SumReader for Stored {
    type Error = String;

    fn entries(&self, first: u64, count: usize, out: &mut Vec<Entry>) -> Result<(), String> {
        let first = usize::try_from(first).unwrap();
        let all = self
            .entries
            .iter()
            .chain(std::iter::repeat(&Entry::PADDING));
        out.extend(all.skip(first).take(count));
        Ok(())
    }

    fn sums(
        &self,
        height: u32,
        first: u64,
        count: usize,
        out: &mut Vec<Sum>,
    ) -> Result<(), String> {
        let first = usize::try_from(first).unwrap();
        let row = self.rows.get(&height).ok_or("no such height")?;
        out.extend(row.get(first..first + count).ok_or("no such nodes")?);
        Ok(())
    }
}

/// Builds a tree from pieces of `piece` entries and keeps what is to be stored.
fn build(seed: &Seed, height: u32, entries: &[Entry], piece: usize) -> (Stored, Sum) {
    let mut stored = Stored {
        entries: entries.to_vec(),
        ..Stored::default()
    };
    let mut store = |height, sum| stored.rows.entry(height).or_default().push(sum);
    let mut builder = Builder::new(seed, height).unwrap();
    for entries in entries.chunks(piece) {
        builder.push(entries, &mut store).unwrap();
    }
    let root = builder.finish(&mut store).unwrap();
    (stored, root)
}

/// All levels of a tree, node after node.
fn naive(seed: &Seed, height: u32, entries: &[Entry]) -> Vec<Vec<Sum>> {
    let leaf_at = |index: u64| {
        let at = usize::try_from(index).unwrap();
        let entry = entries.get(at).unwrap_or(&Entry::PADDING);
        leaf(seed.salt(index), entry.id, entry.amount)
    };
    let mut levels: Vec<Vec<Sum>> = vec![(0..1 << height).map(leaf_at).collect()];
    for below in 0..height as usize {
        let pairs = levels[below].chunks(2);
        levels.push(
            pairs
                .map(|pair| node(&pair[0], &pair[1]).unwrap())
                .collect(),
        );
    }
    levels
}

fn check_tree(seed: &Seed, height: u32, entries: &[Entry], piece: usize, index: u64) {
    let levels = naive(seed, height, entries);
    let (stored, root) = build(seed, height, entries, piece);
    assert_eq!(root, levels[height as usize][0]);
    let heights: Vec<u32> = (8..=height).step_by(8).collect();
    assert_eq!(stored.rows.keys().copied().collect::<Vec<_>>(), heights);
    for (height, row) in &stored.rows {
        assert_eq!(*row, levels[*height as usize]);
    }
    let opening = prove(&stored, seed, height, index).unwrap();
    let path: Vec<Sum> = (0..height as usize)
        .map(|height| levels[height][usize::try_from(index >> height ^ 1).unwrap()])
        .collect();
    assert_eq!(opening.path, path);
    assert_eq!((opening.root, opening.index), (root, index));
    let opened = leaf(opening.blind, opening.entry.id, opening.entry.amount);
    assert_eq!(verify(opened, index, &path, &root), Ok(()));
}

fn entries(count: u64) -> Vec<Entry> {
    let entry = |index: u64| {
        let index = u128::from(index);
        Entry {
            id: (index + 1) * ((1 << 100) + 7),
            amount: index * index * 1_000_003 + index % 3,
        }
    };
    (0..count).map(entry).collect()
}

#[test]
fn trees_at_the_borders_of_blocks_are_the_naive_ones() {
    let seed = Seed::from_bytes([9; 32]);
    for (height, count, index) in [
        (0, 0, 0),
        (0, 1, 0),
        (1, 1, 1),
        (2, 4, 2),
        (5, 31, 30),
        (7, 128, 127),
        (8, 0, 3),
        (8, 255, 254),
        (8, 256, 255),
        (9, 257, 256),
        (10, 700, 699),
        (15, 32_768, 32_767),
        (16, 65_535, 65_534),
        (17, 65_537, 65_536),
    ] {
        let entries = entries(count);
        for piece in [1_000_000, BLOCK, 77] {
            check_tree(&seed, height, &entries, piece, index);
        }
    }
}

#[test]
fn subtrees_make_the_same_tree() {
    let seed = Seed::from_bytes([3; 32]);
    let entries = entries(SUBTREE * 5 / 2);
    let (expected, root) = build(&seed, 18, &entries, 10_000);
    let mut rows = BTreeMap::<u32, Vec<Sum>>::new();
    let mut store = |height, sum| rows.entry(height).or_default().push(sum);
    let mut builder = Builder::new(&seed, 18).unwrap();
    let size = usize::try_from(SUBTREE).unwrap();
    for (first, piece) in (0..).step_by(size).zip(entries.chunks(size)) {
        let subtree = Subtree::build(&seed, first, piece).unwrap();
        builder.push_subtree(&subtree, &mut store).unwrap();
        let again = builder.push_subtree(&subtree, &mut store);
        assert_eq!(again, Err(SumError::OutOfPlace { first }));
    }
    assert_eq!(builder.finish(&mut store), Ok(root));
    assert_eq!(rows, expected.rows);
}

#[test]
fn what_has_no_place_is_refused() {
    let seed = Seed::from_bytes([3; 32]);
    let height = 41;
    assert_eq!(
        Builder::new(&seed, 41).err(),
        Some(SumError::TooHigh { height })
    );
    assert!(Builder::new(&seed, MAX_HEIGHT).is_ok());
    for first in [1, 256, SUBTREE - 1, 1 << 40] {
        let error = SumError::OutOfPlace { first };
        assert_eq!(Subtree::build(&seed, first, &[]), Err(error));
    }
    let many = vec![Entry::PADDING; usize::try_from(SUBTREE).unwrap() + 1];
    let (index, height) = (SUBTREE, 16);
    let error = SumError::NoSuchLeaf { index, height };
    assert_eq!(Subtree::build(&seed, 0, &many), Err(error));

    let mut builder = Builder::new(&seed, 3).unwrap();
    let (index, height) = (8, 3);
    let full = Err(SumError::NoSuchLeaf { index, height });
    assert_eq!(builder.push(&many[..9], |_, _| ()), full);
    assert_eq!(builder.push(&many[..8], |_, _| ()), Ok(()));
    assert_eq!(builder.push(&many[..1], |_, _| ()), full);
    let subtree = Subtree::build(&seed, 0, &[]).unwrap();
    let mut low = Builder::new(&seed, 15).unwrap();
    let (index, height) = (1 << 15, 15);
    let full = Err(SumError::NoSuchLeaf { index, height });
    assert_eq!(low.push_subtree(&subtree, |_, _| ()), full);

    let (stored, _) = build(&seed, 9, &entries(300), 100);
    let error = SumError::NoSuchLeaf {
        index: 512,
        height: 9,
    };
    assert_eq!(prove(&stored, &seed, 9, 512), Err(ProveError::Sum(error)));
    let error = SumError::TooHigh { height: 99 };
    assert_eq!(prove(&stored, &seed, 99, 0), Err(ProveError::Sum(error)));
    let gone = ProveError::Reader("no such nodes".to_owned());
    assert_eq!(prove(&stored, &seed, 17, 0), Err(gone));
}

#[test]
fn sums_that_overflow_are_refused() {
    let seed = Seed::from_bytes([1; 32]);
    let entry = |amount| Entry { id: 1, amount };
    for height in [1, 4, 7, 8, 9, 17] {
        let count = 1_usize << height;
        let mut entries = vec![Entry::PADDING; count];
        entries[0] = entry(u128::MAX);
        assert_eq!(build(&seed, height, &entries, 999).1.amount, u128::MAX);
        entries[count - 1] = entry(1);
        let mut builder = Builder::new(&seed, height).unwrap();
        let pushed = builder.push(&entries, |_, _| ());
        if pushed.is_err() {
            assert_eq!(pushed, Err(SumError::Overflow));
            assert_eq!(builder.push(&[], |_, _| ()), Err(SumError::Overflow));
        }
        assert_eq!(
            builder.finish(|_, _| ()),
            Err(SumError::Overflow),
            "{height}"
        );
    }
    let big = leaf(Salt::from_bytes([0; 16]), 1, u128::MAX);
    let one = leaf(Salt::from_bytes([0; 16]), 2, 1);
    assert_eq!(node(&big, &one), None);
    for index in [0, 1] {
        assert_eq!(root_from_path(big, index, &[one]), Err(SumError::Overflow));
    }
    let two = [entry(u128::MAX), entry(1)];
    assert_eq!(Subtree::build(&seed, 0, &two), Err(SumError::Overflow));
}

#[test]
fn an_altered_store_is_noticed() {
    let seed = Seed::from_bytes([5; 32]);
    let (mut stored, _) = build(&seed, 17, &entries(70_000), 4_096);
    let altered = |height, index| Err(ProveError::Altered { height, index });
    stored.entries[300].amount += 1;
    assert_eq!(prove(&stored, &seed, 17, 256), altered(8, 1));
    assert!(prove(&stored, &seed, 17, 255).is_ok());
    stored.entries[300].amount -= 1;
    stored.rows.get_mut(&8).unwrap()[200].amount ^= 1;
    assert_eq!(prove(&stored, &seed, 17, 0), altered(16, 0));
    assert!(prove(&stored, &seed, 17, 65_536).is_ok());
    let other = Seed::from_bytes([6; 32]);
    assert_eq!(prove(&stored, &other, 17, 65_536), altered(8, 256));
}

#[test]
fn paths_have_a_highest_and_a_fitting_index() {
    let zero = Sum::default();
    assert_eq!(root_from_path(zero, 0, &[]), Ok(zero));
    let (index, height) = (1, 0);
    let error = SumError::NoSuchLeaf { index, height };
    assert_eq!(root_from_path(zero, 1, &[]), Err(error));
    assert!(root_from_path(zero, (1 << 40) - 1, &[zero; 40]).is_ok());
    let (index, height) = (1 << 40, 40);
    let error = SumError::NoSuchLeaf { index, height };
    assert_eq!(root_from_path(zero, index, &[zero; 40]), Err(error));
    let error = SumError::TooHigh { height: 41 };
    assert_eq!(root_from_path(zero, 0, &[zero; 41]), Err(error));
}

fn entry() -> impl Strategy<Value = Entry> {
    let amount = prop_oneof![any::<u64>().prop_map(u128::from), Just(0), Just(1 << 112)];
    (any::<u128>(), amount).prop_map(|(id, amount)| Entry { id, amount })
}

/// A tree of a height, entries that fit, and one of its leaves.
fn tree() -> impl Strategy<Value = (u32, Vec<Entry>, u64)> {
    (0_u32..=10).prop_flat_map(|height| {
        let entries = vec(entry(), 0..=1 << height);
        (Just(height), entries, 0..1_u64 << height)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn trees_are_the_naive_ones(seed: [u8; 32], (height, entries, index) in tree(), piece in 1_usize..600) {
        check_tree(&Seed::from_bytes(seed), height, &entries, piece, index);
    }

    #[test]
    fn every_altered_byte_is_refused(
        seed: [u8; 32],
        (height, entries, index) in tree(),
        bit in 0..8_usize,
    ) {
        let seed = Seed::from_bytes(seed);
        let (stored, root) = build(&seed, height, &entries, 600);
        let opening = prove(&stored, &seed, height, index).unwrap();
        let Entry { id, amount } = opening.entry;
        let holds = |leaf, index, path: &[Sum], root: &Sum| {
            verify(leaf, index, path, root).is_ok()
        };
        let good = leaf(opening.blind, id, amount);
        prop_assert!(holds(good, index, &opening.path, &root));
        for byte in 0..16 {
            let flip = 1_u128 << (8 * byte + bit);
            let mut blind = opening.blind.to_bytes();
            blind[byte] ^= 1 << bit;
            let blinded = leaf(Salt::from_bytes(blind), id, amount);
            prop_assert!(!holds(blinded, index, &opening.path, &root));
            prop_assert!(!holds(leaf(opening.blind, id ^ flip, amount), index, &opening.path, &root));
            prop_assert!(!holds(leaf(opening.blind, id, amount ^ flip), index, &opening.path, &root));
        }
        for byte in 0..Sum::LEN {
            let flipped = |sum: &Sum| {
                let mut bytes = sum.to_bytes();
                bytes[byte] ^= 1 << bit;
                Sum::from_bytes(&bytes)
            };
            prop_assert!(!holds(flipped(&good), index, &opening.path, &root));
            prop_assert!(!holds(good, index, &opening.path, &flipped(&root)));
            for at in 0..opening.path.len() {
                let mut path = opening.path.clone();
                path[at] = flipped(&path[at]);
                prop_assert!(!holds(good, index, &path, &root));
            }
        }
        for bit in 0..64 {
            prop_assert!(!holds(good, index ^ (1 << bit), &opening.path, &root));
        }
        let longer = [&opening.path[..], &[Sum::default()]].concat();
        prop_assert!(!holds(good, index, &longer, &root));
        if let Some((_, shorter)) = opening.path.split_last() {
            prop_assert!(!holds(good, index >> 1, shorter, &root));
        }
    }
}

#[test]
fn shuffles_are_permutations() {
    for bits in 0..=18_u32 {
        let shuffle = Shuffle::new([bits as u8; 32], bits).unwrap();
        let size = 1_usize << bits;
        let mut seen = vec![false; size];
        for x in 0..size as u64 {
            let y = shuffle.place(x);
            assert_eq!(shuffle.back(y), x, "{bits} bits");
            assert!(!std::mem::replace(
                &mut seen[usize::try_from(y).unwrap()],
                true
            ));
        }
        assert!(seen.into_iter().all(|seen| seen));
    }
}

#[test]
fn keys_and_sizes_give_other_shuffles() {
    for bits in [8, 16, 17, 25] {
        let places = |key| {
            let shuffle = Shuffle::new(key, bits).unwrap();
            (0..200).map(|x| shuffle.place(x)).collect::<Vec<_>>()
        };
        let mut other = [7; 32];
        other[31] ^= 0x80;
        assert_eq!(places([7; 32]), places([7; 32]));
        assert_ne!(places([7; 32]), places(other));
    }
    let height = 41;
    assert_eq!(
        Shuffle::new([0; 32], 41).err(),
        Some(SumError::TooHigh { height })
    );
    let shuffle = Shuffle::new([0; 32], 12).unwrap();
    assert_eq!(format!("{shuffle:?}"), "Shuffle(secret, of 2^12)");
    assert!(std::panic::catch_unwind(|| shuffle.place(1 << 12)).is_err());
    assert!(std::panic::catch_unwind(|| shuffle.back(1 << 12)).is_err());
}

#[test]
fn neighbours_do_not_stay_neighbours() {
    for bits in [12, 16, 20] {
        let shuffle = Shuffle::new([1; 32], bits).unwrap();
        let pairs = 1_u64 << (bits - 1);
        let beside = (0..pairs).filter(|x| shuffle.place(2 * x) ^ 1 == shuffle.place(2 * x + 1));
        // One pair in 2^bits - 1 is expected to, so half of one in all.
        assert!(beside.count() <= 8);
        let fixed = (0..2 * pairs).filter(|x| shuffle.place(*x) == *x);
        assert!(fixed.count() <= 12);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn back_undoes_place(key: [u8; 32], bits in 17_u32..=30, numbers in vec(any::<u64>(), 50)) {
        let shuffle = Shuffle::new(key, bits).unwrap();
        for number in numbers {
            let x = number & ((1 << bits) - 1);
            let y = shuffle.place(x);
            prop_assert!(y >> bits == 0);
            prop_assert_eq!(shuffle.back(y), x);
            prop_assert_eq!(shuffle.place(shuffle.back(x)), x);
        }
    }
}

fn lines(kind: &str) -> Vec<Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/sum_tree.txt");
    let text = fs::read_to_string(file).unwrap();
    let fields = text.lines().filter_map(|line| {
        let fields = line.strip_prefix(kind)?.strip_prefix(' ')?;
        Some(fields.split(' ').map(str::to_owned).collect())
    });
    let found: Vec<_> = fields.collect();
    assert!(!found.is_empty(), "no line of {kind}");
    found
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    assert_eq!(hex.len(), 2 * N);
    let digits = |i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
    std::array::from_fn(|i| digits(2 * i))
}

fn sum(text: &str) -> Sum {
    let (hash, amount) = text.split_once(':').unwrap();
    Sum {
        hash: Hash::from_bytes(bytes(hash)),
        amount: amount.parse().unwrap(),
    }
}

fn list<T>(text: &str, each: impl Fn(&str) -> T) -> Vec<T> {
    let items = text.split(',').filter(|item| *item != "-");
    items.map(each).collect()
}

#[test]
fn leaves_and_nodes_are_those_of_the_vectors() {
    for fields in lines("leaf") {
        let [blind, id, amount, hash] = &fields[..] else {
            panic!("{fields:?}")
        };
        let blind = Salt::from_bytes(bytes(blind));
        let found = leaf(blind, id.parse().unwrap(), amount.parse().unwrap());
        assert_eq!(found, sum(&format!("{hash}:{amount}")));
    }
    for fields in lines("node") {
        let [left, right, above] = &fields[..] else {
            panic!("{fields:?}")
        };
        assert_eq!(node(&sum(left), &sum(right)), Some(sum(above)));
    }
}

#[test]
fn trees_are_those_of_the_vectors() {
    let tree = |seed: &str, height: &str, count: &str| {
        let (seed, height) = (Seed::from_bytes(bytes(seed)), height.parse().unwrap());
        let entries = entries(count.parse().unwrap());
        (seed, height, build(&seed, height, &entries, 5_000))
    };
    for fields in lines("tree") {
        let [seed, height, count, root] = &fields[..] else {
            panic!("{fields:?}")
        };
        assert_eq!(tree(seed, height, count).2.1, sum(root));
    }
    for fields in lines("stored") {
        let [seed, height, count, at, index, node] = &fields[..] else {
            panic!("{fields:?}")
        };
        let (_, _, (stored, _)) = tree(seed, height, count);
        let row = &stored.rows[&at.parse().unwrap()];
        assert_eq!(row[index.parse::<usize>().unwrap()], sum(node));
    }
    for fields in lines("path") {
        let [seed, height, count, index, blind, id, amount, path] = &fields[..] else {
            panic!("{fields:?}")
        };
        let (seed, height, (stored, _)) = tree(seed, height, count);
        let opening = prove(&stored, &seed, height, index.parse().unwrap()).unwrap();
        assert_eq!(opening.blind, Salt::from_bytes(bytes(blind)));
        assert_eq!(opening.entry.id.to_string(), *id);
        assert_eq!(opening.entry.amount.to_string(), *amount);
        assert_eq!(opening.path, list(path, sum));
    }
}

#[test]
fn shuffles_are_those_of_the_vectors() {
    for fields in lines("shuffle") {
        let [key, bits, from, places] = &fields[..] else {
            panic!("{fields:?}")
        };
        let shuffle = Shuffle::new(bytes(key), bits.parse().unwrap()).unwrap();
        let from: u64 = from.parse().unwrap();
        for (x, y) in (from..).zip(list(places, |place| place.parse().unwrap())) {
            assert_eq!(shuffle.place(x), y, "{x} of 2^{bits}");
            assert_eq!(shuffle.back(y), x);
        }
    }
}
