//! What holds for every tree: batches hash as their definition says, true proofs verify, and
//! proofs that were tampered with do not.

use merkle::{
    EMPTY, Hash, Head, MAX_SIZE, ProofError, Seed, consistency, consistency_spans, inclusion,
    inclusion_spans, leaf, root_of, salted_leaf, salted_leaves, verify_consistency,
    verify_inclusion,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// The largest tree that is drawn here; the golden values go further.
const LARGEST: u64 = 600;

fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|index| leaf(&index.to_le_bytes())).collect()
}

fn head(leaves: &[Hash]) -> Head {
    Head {
        size: leaves.len() as u64,
        root: root_of(&mut leaves.to_vec()),
    }
}

/// A size and an index below it.
fn place() -> impl Strategy<Value = (u64, u64)> {
    (1..=LARGEST).prop_flat_map(|size| (Just(size), 0..size))
}

/// Two sizes, the smaller first, both trees with leaves.
fn growth() -> impl Strategy<Value = (u64, u64)> {
    (1..=LARGEST).prop_flat_map(|new| (1..=new, Just(new)))
}

/// Spoils a proof in one of the ways that keep a hash a hash.
fn tampered(path: &[Hash], at: Index, way: usize) -> Vec<Hash> {
    let mut path = path.to_vec();
    match (way % 5, path.len()) {
        (0, 2..) => {
            let (first, second) = (at.index(path.len() - 1), at.index(path.len() - 1) + 1);
            path.swap(first, second);
        }
        (1, 1..) => drop(path.pop()),
        (2, 1..) => drop(path.remove(0)),
        (3, 1..) => {
            let place = at.index(path.len());
            let hash = &mut path[place];
            let mut bytes = hash.to_bytes();
            bytes[at.index(32)] ^= 1;
            *hash = Hash::from_bytes(bytes);
        }
        _ => path.push(EMPTY),
    }
    path
}

proptest! {
    #[test]
    fn a_batch_hashes_as_each_record_alone(
        seed in any::<[u8; 32]>(),
        // Weighted to the lengths of ledger records, where one and two blocks mix.
        records in vec(prop_oneof![4 => vec(any::<u8>(), 20..60), 1 => vec(any::<u8>(), 0..400)], 0..120),
        gap in 0_usize..3,
    ) {
        let seed = Seed::from_bytes(seed);
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        for record in &records {
            bytes.resize(bytes.len() + gap, 0xee);
            spans.push((u32::try_from(bytes.len()).unwrap(), u32::try_from(record.len()).unwrap()));
            bytes.extend(record);
        }
        let expected: Vec<Hash> = (0..)
            .zip(&records)
            .map(|(index, record)| {
                let salt = seed.salt(index);
                let alone = salted_leaf(salt, record);
                assert_eq!(alone, leaf(&[&salt.to_bytes()[..], record].concat()));
                alone
            })
            .collect();
        let mut out = vec![EMPTY; 3];
        salted_leaves(&seed, &bytes, &spans, &mut out);
        prop_assert_eq!(out, expected);
    }

    #[test]
    fn every_leaf_proves_its_inclusion((size, index) in place()) {
        let leaves = leaves(size);
        let path = inclusion(&leaves, index).unwrap();
        let leaf = leaves[usize::try_from(index).unwrap()];
        prop_assert_eq!(verify_inclusion(leaf, index, &head(&leaves), &path), Ok(()));
    }

    #[test]
    fn a_tampered_inclusion_is_refused((size, index) in place(), at in any::<Index>(), way in 0..5_usize) {
        let leaves = leaves(size);
        let path = tampered(&inclusion(&leaves, index).unwrap(), at, way);
        let leaf = leaves[usize::try_from(index).unwrap()];
        prop_assert!(verify_inclusion(leaf, index, &head(&leaves), &path).is_err());
    }

    #[test]
    fn an_inclusion_of_something_else_is_refused((size, index) in place(), other in any::<Index>()) {
        let leaves = leaves(size);
        let path = inclusion(&leaves, index).unwrap();
        let head = head(&leaves);
        let own = leaves[usize::try_from(index).unwrap()];

        let place = other.index(leaves.len());
        if place as u64 != index {
            prop_assert!(verify_inclusion(own, place as u64, &head, &path).is_err(), "wrong index");
            prop_assert!(verify_inclusion(leaves[place], index, &head, &path).is_err(), "wrong leaf");
        }
        let outside = verify_inclusion(own, size, &head, &path);
        prop_assert_eq!(outside, Err(ProofError::NoSuchLeaf { index: size, size }));
        let stranger = Head { size, root: EMPTY };
        prop_assert!(verify_inclusion(own, index, &stranger, &path).is_err(), "wrong root");
    }

    #[test]
    fn an_inclusion_fits_no_size_of_another_length((size, index) in place(), other in 1..=2 * LARGEST) {
        let leaves = leaves(size);
        let path = inclusion(&leaves, index).unwrap();
        let own = leaves[usize::try_from(index).unwrap()];
        let wrong = Head { size: other, ..head(&leaves) };
        let verdict = verify_inclusion(own, index, &wrong, &path);
        // Sizes that give this leaf the same way to the root cannot be told apart by a path: it
        // is the signature of the checkpoint that binds size and root.
        match inclusion_spans(index, other) {
            Err(error) => prop_assert_eq!(verdict, Err(error)),
            Ok(spans) => {
                let sides = |spans: &[std::ops::Range<u64>]| -> Vec<bool> {
                    spans.iter().map(|span| span.start > index).collect()
                };
                let same = sides(&spans) == sides(&inclusion_spans(index, size).unwrap());
                prop_assert_eq!(verdict.is_ok(), same, "{:?}", verdict);
            }
        }
    }

    #[test]
    fn every_growth_proves_itself((old, new) in growth()) {
        let leaves = leaves(new);
        let before = head(&leaves[..usize::try_from(old).unwrap()]);
        let path = consistency(&leaves, old).unwrap();
        prop_assert_eq!(verify_consistency(&before, &head(&leaves), &path), Ok(()));
    }

    #[test]
    fn a_tampered_growth_is_refused((old, new) in growth(), at in any::<Index>(), way in 0..5_usize) {
        let leaves = leaves(new);
        let before = head(&leaves[..usize::try_from(old).unwrap()]);
        let path = tampered(&consistency(&leaves, old).unwrap(), at, way);
        prop_assert!(verify_consistency(&before, &head(&leaves), &path).is_err());
    }

    #[test]
    fn a_rewritten_log_is_refused((old, new) in growth(), at in any::<Index>()) {
        let honest = leaves(new);
        let before = head(&honest[..usize::try_from(old).unwrap()]);
        let mut rewritten = honest.clone();
        rewritten[at.index(usize::try_from(old).unwrap())] = EMPTY;
        let after = head(&rewritten);
        for leaves in [&honest, &rewritten] {
            let path = consistency(leaves, old).unwrap();
            prop_assert!(verify_consistency(&before, &after, &path).is_err());
        }
    }

    #[test]
    fn lengths_of_proofs_follow_from_the_sizes(
        new in prop_oneof![1..=MAX_SIZE, 1_u64..1000, MAX_SIZE - 1000..=MAX_SIZE],
        draw in any::<u64>(),
        near in 0_u64..3,
    ) {
        for place in [draw % new, new - 1 - near.min(new - 1)] {
            let spans = inclusion_spans(place, new).unwrap();
            let head = Head { size: new, root: EMPTY };
            let path = vec![EMPTY; spans.len()];
            let wrong = |verdict| matches!(verdict, Err(ProofError::WrongRoot { .. }));
            prop_assert!(wrong(verify_inclusion(leaf(b""), place, &head, &path)));

            let old = place + 1;
            let spans = consistency_spans(old, new).unwrap();
            let (before, after) = (Head { size: old, root: leaf(b"a") }, Head { size: new, root: leaf(b"b") });
            let path = vec![EMPTY; spans.len()];
            let verdict = verify_consistency(&before, &after, &path);
            let length = matches!(verdict, Err(ProofError::WrongLength { .. }));
            prop_assert!(verdict.is_err() && !length, "{:?}", verdict);
        }
    }
}

#[test]
fn every_small_growth_proves_itself() {
    let leaves = leaves(70);
    for new in 0..=leaves.len() {
        let after = head(&leaves[..new]);
        for old in 0..=new {
            let path = consistency(&leaves[..new], old as u64).unwrap();
            let before = head(&leaves[..old]);
            assert_eq!(
                verify_consistency(&before, &after, &path),
                Ok(()),
                "{old} to {new}"
            );
        }
    }
}

#[test]
fn refusals_say_what_was_wrong() {
    let leaves = leaves(7);
    let (six, seven) = (head(&leaves[..6]), head(&leaves));
    let path = inclusion(&leaves, 6).unwrap();
    let cases = [
        (
            inclusion(&leaves, 7).unwrap_err(),
            "a tree of 7 leaves has no leaf 7",
        ),
        (
            inclusion(&[], 0).unwrap_err(),
            "a tree of 0 leaves has no leaf 0",
        ),
        (
            consistency(&leaves, 8).unwrap_err(),
            "a tree of 7 leaves cannot continue one of 8",
        ),
        (
            verify_consistency(&seven, &six, &[]).unwrap_err(),
            "a tree of 6 leaves cannot continue one of 7",
        ),
        (
            verify_inclusion(leaves[6], 6, &seven, &[]).unwrap_err(),
            "the proof has 0 hashes where 2 belong",
        ),
        (
            inclusion_spans(0, MAX_SIZE + 1).unwrap_err(),
            "no tree has 9223372036854775809 leaves: the most is 2^63",
        ),
        (
            consistency_spans(1, u64::MAX).unwrap_err(),
            "no tree has 18446744073709551615 leaves: the most is 2^63",
        ),
        (
            verify_inclusion(EMPTY, 6, &seven, &path).unwrap_err(),
            "the proof leads to another root: ",
        ),
    ];
    for (error, text) in cases {
        assert!(error.to_string().starts_with(text), "{error}");
    }
}

#[test]
fn the_earlier_root_is_checked_too() {
    let leaves = leaves(7);
    let seven = head(&leaves);
    let nothing = Head {
        size: 0,
        root: EMPTY,
    };
    assert_eq!(verify_consistency(&nothing, &seven, &[]), Ok(()));
    for old in [0, 3, 4, 6] {
        let forged = Head {
            size: old,
            root: leaf(b"forged"),
        };
        let path = consistency(&leaves, old).unwrap();
        let verdict = verify_consistency(&forged, &seven, &path);
        let refused = match old {
            // A tree of four is a node of the later one, so its root leads to another root there.
            4 => matches!(verdict, Err(ProofError::WrongRoot { .. })),
            _ => matches!(verdict, Err(ProofError::WrongOldRoot { .. })),
        };
        assert!(refused, "{old}: {verdict:?}");
    }
    let forged = Head {
        size: 7,
        root: EMPTY,
    };
    assert!(matches!(
        verify_consistency(&forged, &seven, &[]),
        Err(ProofError::WrongRoot { .. })
    ));
}
