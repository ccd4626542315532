//! The platform against its naive model, on random business where everything collides.

mod invariants;
mod twins;

use proptest::prelude::*;
use sim::platform::workload::Step;
use sim::workload::Random;
use twins::Twins;

fn steps(count: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = any::<(u16, [u16; 12])>().prop_map(|(act, dice)| Step { act, dice });
    prop::collection::vec(step, 1..count)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Short sequences, which shrink to what is wrong.
    #[test]
    fn same_commands_same_platform(steps in steps(60), pace in 40..400usize) {
        let mut twins = Twins::new(pace);
        for step in &steps {
            twins.step(step);
        }
    }
}

/// What the disputes of orders are about.
const DISPUTES: &[&str] = &[
    "order_place",
    "order_place",
    "order_pay",
    "order_pay",
    "order_pay",
    "chargeback_open",
    "chargeback_open",
    "chargeback_open",
    "chargeback_recover",
    "chargeback_won",
    "chargeback_lost",
    "order_cancel",
    "order_ship",
];

/// Long sequences, in which business grows old. `CF_SEEDS` says how many; a seed repeats its sequence.
#[test]
fn long_business() {
    play(2, 300, Step::random);
}

/// The same, of nothing but orders and their disputes.
#[test]
fn long_disputes() {
    play(4, 200, |random| Step::among(DISPUTES, random));
}

fn play(seeds: u64, steps: usize, mut step: impl FnMut(&mut Random) -> Step) {
    let asked = std::env::var("CF_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok());
    for seed in 0..asked.unwrap_or(seeds) {
        println!("seed {seed}");
        let mut random = Random::new(seed);
        let mut twins = Twins::new(90);
        for _ in 0..steps {
            twins.step(&step(&mut random));
        }
        for ((act, status), count) in twins.statuses {
            println!("{act} {status} {count}");
        }
    }
}
