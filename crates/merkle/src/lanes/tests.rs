use std::{hint::black_box, time::Instant};

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

/// Every way that this processor can go, the portable one always among them.
fn ways() -> Vec<Lanes> {
    let best = Lanes::detect();
    let mut ways = vec![Lanes {
        wide: false,
        paired: false,
    }];
    if best.paired {
        ways.push(Lanes {
            wide: false,
            paired: true,
        });
    }
    if best.wide {
        ways.push(Lanes {
            wide: true,
            paired: false,
        });
    }
    ways
}

fn plain(data: &[u8]) -> Hash {
    Hash::from_bytes(Sha256::digest(data).into())
}

/// Pads by the letter of FIPS 180-4, 5.1.1.
fn padded(data: &[u8]) -> Message {
    let mut bytes = data.to_vec();
    bytes.push(0x80);
    while bytes.len() % 64 != 56 {
        bytes.push(0);
    }
    bytes.extend((8 * data.len() as u64).to_be_bytes());
    let mut message = Message::BLANK;
    message.bytes_mut()[..bytes.len()].copy_from_slice(&bytes);
    message
}

/// Messages of one block count, and that count.
fn group() -> impl Strategy<Value = (Vec<Vec<u8>>, usize)> {
    (1..=Message::BLOCKS).prop_flat_map(|blocks| {
        let shortest = (64 * (blocks - 1)).saturating_sub(8);
        let message = prop::collection::vec(any::<u8>(), shortest..=64 * blocks - 9);
        (prop::collection::vec(message, 1..=GROUP), Just(blocks))
    })
}

proptest! {
    #[test]
    fn every_way_digests_as_sha2_does((data, blocks) in group()) {
        let mut messages = [Message::BLANK; GROUP];
        for (message, data) in messages.iter_mut().zip(&data) {
            prop_assert_eq!(blocks_of(data.len()), blocks);
            *message = padded(data);
        }
        let expected: Vec<Hash> = data.iter().map(|data| plain(data)).collect();
        for way in ways() {
            let digests = way.digest(&messages, data.len(), blocks);
            prop_assert_eq!(&digests[..data.len()], &expected[..], "{:?}", way);
        }
    }

    #[test]
    fn every_way_expands_as_sha2_does(
        seed in any::<[u8; 32]>(),
        first in prop_oneof![any::<u32>().prop_map(u64::from), 0..u64::MAX - 16, Just(u64::from(u32::MAX) - 3)],
        count in 1..=GROUP,
    ) {
        let message = |number: u64| [&seed[..], &number.to_le_bytes()].concat();
        let expected: Vec<Hash> = (first..).take(count).map(|n| plain(&message(n))).collect();
        for way in ways() {
            prop_assert_eq!(&way.expand(&seed, first, count)[..count], &expected[..], "{:?}", way);
        }
    }

    #[test]
    fn every_way_makes_nodes_as_sha2_does(
        children in prop::collection::vec(any::<[[u8; 32]; 2]>(), 1..=GROUP),
    ) {
        let message = |pair: &[[u8; 32]; 2]| [&[1], &pair[0][..], &pair[1]].concat();
        let expected: Vec<Hash> = children.iter().map(|pair| plain(&message(pair))).collect();
        let pairs: Vec<_> = children.iter().map(|pair| pair.map(Hash::from_bytes)).collect();
        for way in ways() {
            prop_assert_eq!(&way.parents(&pairs)[..pairs.len()], &expected[..], "{:?}", way);
        }
    }
}

/// Nanoseconds a message of the fastest of nine runs: what the table of the module quotes.
#[allow(
    clippy::disallowed_methods,
    reason = "a measurement, run on request only"
)]
fn fastest(mut run: impl FnMut() -> [Hash; GROUP]) -> f64 {
    const ROUNDS: u32 = 20_000;
    const MESSAGES: u32 = ROUNDS * GROUP as u32;
    let once = |run: &mut dyn FnMut() -> [Hash; GROUP]| {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            black_box(run());
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(MESSAGES)
    };
    (0..9).map(|_| once(&mut run)).fold(f64::INFINITY, f64::min)
}

#[test]
#[ignore = "a measurement"]
fn measure() {
    let messages = [padded(&[7; 50]); GROUP];
    let longer = [padded(&[7; 100]); GROUP];
    let children = [[Hash::default(); 2]; GROUP];
    for way in ways() {
        let one = fastest(|| way.digest(black_box(&messages), GROUP, 1));
        let two = fastest(|| way.digest(black_box(&longer), GROUP, 2));
        let node = fastest(|| way.parents(black_box(&children)));
        let salt = fastest(|| way.expand(black_box(&[7; 32]), 0, GROUP));
        println!(
            "{way:?}: one block {one:.1}, two blocks {two:.1}, node {node:.1}, salt hash {salt:.1}"
        );
    }
    #[cfg(target_arch = "x86_64")]
    if Lanes::detect().paired {
        let four = fastest(|| {
            let mut digests = [Hash::default(); GROUP];
            let fours = digests.as_chunks_mut::<4>().0.iter_mut();
            for (digests, messages) in fours.zip(black_box(&messages).as_chunks().0) {
                let [a, b, c, d] = messages.each_ref().map(|message| &message.0[..1]);
                // SAFETY: `paired` says that the processor has the instructions.
                *digests = unsafe { sha_ni::digest([a, b, c, d]) };
            }
            digests
        });
        println!("four side by side: one block {four:.1}");
    }
}
