//! The golden values of `tests/vectors/rfc6962.py`, which shares nothing with this crate, and the
//! eight leaves that the test suites of Certificate Transparency have used since 2013.

use std::fs;
use std::path::Path;

use merkle::{
    Frontier, Hash, Head, Salt, Seed, consistency, inclusion, leaf, root_of, salted_leaves, salts,
    verify_consistency, verify_inclusion,
};

/// Leaves of the largest tree in the file.
const LEAVES: u32 = 70_000;

/// The lines of the file that begin with `kind`, each split into the fields after it.
fn lines(kind: &str) -> Vec<Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/rfc6962.txt");
    let text = fs::read_to_string(file).unwrap();
    let fields = text
        .lines()
        .map(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let found: Vec<_> = fields
        .filter(|fields| fields[0] == kind)
        .map(|fields| fields[1..].to_vec())
        .collect();
    assert!(!found.is_empty(), "no line of {kind}");
    found
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}

fn hash(hex: &str) -> Hash {
    Hash::from_bytes(bytes(hex).try_into().unwrap())
}

fn hashes(list: &str) -> Vec<Hash> {
    if list == "-" {
        Vec::new()
    } else {
        list.split(',').map(hash).collect()
    }
}

fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(field: &str) -> T {
    field.parse().unwrap()
}

fn leaves() -> Vec<Hash> {
    (0..LEAVES)
        .map(|index| leaf(&index.to_le_bytes()))
        .collect()
}

fn head(leaves: &[Hash]) -> Head {
    Head {
        size: leaves.len() as u64,
        root: root_of(&mut leaves.to_vec()),
    }
}

#[test]
fn roots_are_those_of_the_rfc() {
    let leaves = leaves();
    for fields in lines("root") {
        let [size, root] = &fields[..] else {
            panic!("{fields:?}")
        };
        let mut level = leaves[..number(size)].to_vec();
        assert_eq!(root_of(&mut level), hash(root), "{size} leaves");
        assert!(level.is_empty());
    }
}

#[test]
fn inclusion_proofs_are_those_of_the_rfc() {
    let leaves = leaves();
    for fields in lines("inclusion") {
        let [index, size, path] = &fields[..] else {
            panic!("{fields:?}")
        };
        let (index, path) = (number(index), hashes(path));
        let tree = &leaves[..number(size)];
        assert_eq!(
            inclusion(tree, index),
            Ok(path.clone()),
            "{index} of {size}"
        );
        let leaf = tree[usize::try_from(index).unwrap()];
        assert_eq!(verify_inclusion(leaf, index, &head(tree), &path), Ok(()));
    }
}

#[test]
fn consistency_proofs_are_those_of_the_rfc() {
    let leaves = leaves();
    for fields in lines("consistency") {
        let [old, new, path] = &fields[..] else {
            panic!("{fields:?}")
        };
        let (before, after) = (&leaves[..number(old)], &leaves[..number(new)]);
        let path = hashes(path);
        assert_eq!(
            consistency(after, number(old)),
            Ok(path.clone()),
            "{old} to {new}"
        );
        assert_eq!(
            verify_consistency(&head(before), &head(after), &path),
            Ok(())
        );
    }
}

#[test]
fn frontiers_have_their_bytes() {
    let leaves = leaves();
    for fields in lines("frontier") {
        let [size, expected] = &fields[..] else {
            panic!("{fields:?}")
        };
        let mut frontier = Frontier::new();
        let tree = &leaves[..number(size)];
        for leaf in tree {
            frontier.append(*leaf);
        }
        assert_eq!(frontier.to_bytes(), bytes(expected), "{size} leaves");
        assert_eq!(Frontier::from_bytes(&bytes(expected)), Ok(frontier.clone()));
        assert_eq!(frontier.head(), head(tree));
    }
}

#[test]
fn salts_are_those_of_the_vectors() {
    for fields in lines("salts") {
        let [seed, count, expected] = &fields[..] else {
            panic!("{fields:?}")
        };
        let seed = Seed::from_bytes(bytes(seed).try_into().unwrap());
        let salts: Vec<Salt> = salts(&seed, number(count)).collect();
        let of_hex = |hex| Salt::from_bytes(bytes(hex).try_into().unwrap());
        let expected: Vec<Salt> = expected.split(',').map(of_hex).collect();
        assert_eq!(salts, expected);
    }
}

#[test]
fn salted_trees_are_those_of_the_vectors() {
    for fields in lines("salted") {
        let [seed, count, length, step, root] = &fields[..] else {
            panic!("{fields:?}")
        };
        let seed = Seed::from_bytes(bytes(seed).try_into().unwrap());
        let (length, step): (u32, u32) = (number(length), number(step));
        let (mut records, mut spans) = (Vec::new(), Vec::new());
        for index in 0..number::<u32>(count) {
            let length = length + index * step % 41;
            spans.push((u32::try_from(records.len()).unwrap(), length));
            records.extend((0..length).map(|j| u8::try_from((7 * index + j) % 256).unwrap()));
        }
        let mut out = Vec::new();
        salted_leaves(&seed, &records, &spans, &mut out);
        assert_eq!(
            root_of(&mut out),
            hash(root),
            "{count} records from {length} by {step}"
        );
    }
}

#[test]
fn eight_leaves_of_certificate_transparency() {
    let data = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
    ];
    let mut leaves: Vec<Hash> = data.iter().map(|hex| leaf(&bytes(hex))).collect();
    leaves.push(leaf(&bytes("606162636465666768696a6b6c6d6e6f")));
    let first = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    assert_eq!(leaves[0], hash(first));
    let root = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";
    assert_eq!(root_of(&mut leaves), hash(root));
}
