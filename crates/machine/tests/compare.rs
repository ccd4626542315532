//! The machine against the naive model, on random business where everything collides.

mod twins;

use std::collections::BTreeMap;

use machine::State;
use model::Record;
use proptest::prelude::*;
use twins::{Step, Twins, business};

fn run(key: [u64; 2], steps: &[Step]) -> Twins {
    let mut twins = Twins::new(key);
    for step in steps {
        twins.step(step);
    }
    twins
}

/// By ledger, all debits are all credits, pending and posted.
fn assert_balanced(state: &State) {
    let mut ledgers = BTreeMap::new();
    for slot in 0..state.account_count() as u32 {
        let account = state.account_at(slot);
        let sums: &mut [u128; 4] = ledgers.entry(account.ledger).or_default();
        // Each sum alone stays below 2^128, all together may wrap around: on both sides alike.
        sums[0] = sums[0].wrapping_add(account.debits_pending);
        sums[1] = sums[1].wrapping_add(account.credits_pending);
        sums[2] = sums[2].wrapping_add(account.debits_posted);
        sums[3] = sums[3].wrapping_add(account.credits_posted);
    }
    for [
        debits_pending,
        credits_pending,
        debits_posted,
        credits_posted,
    ] in ledgers.into_values()
    {
        assert_eq!(
            (debits_pending, debits_posted),
            (credits_pending, credits_posted)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn same_events_same_books(steps in business()) {
        let twins = run([1, 2], &steps);
        assert_balanced(&twins.state);

        let mut replayed = State::new([3, 4]);
        for record in &twins.records {
            let record = Record::decode(&record.to_bytes()).expect("records are canonical");
            replayed.evolve(&record).expect("what was decided can be replayed");
        }
        prop_assert_eq!(replayed.digest(), twins.state.digest());

        let again = run([5, 6], &steps);
        prop_assert_eq!(&again.results, &twins.results);
        prop_assert_eq!(&again.records, &twins.records);
        prop_assert_eq!(again.state.digest(), twins.state.digest());
    }

    /// A record of the log left out, doubled or changed is noticed, or is one that some other
    /// business could have led to; it never panics.
    #[test]
    fn foreign_logs_are_judged(steps in business(), at in 0..10_000usize, how in 0..3u8) {
        let mut records = run([1, 2], &steps).records;
        let count = records.len().max(1);
        if let Some(&record) = records.get(at % count) {
            match how {
                0 => drop(records.remove(at % count)),
                1 => records.insert(at % count, record),
                _ => records.swap(at % count, at / 7 % count),
            }
        }
        let mut state = State::new([1, 2]);
        for record in &records {
            let before = state.digest();
            if state.evolve(record).is_err() {
                prop_assert_eq!(state.digest(), before, "a refused record changes nothing");
                break;
            }
        }
        if how == 1 && !records.is_empty() {
            prop_assert!(state.records() < records.len() as u64, "no record comes twice");
        }
    }
}
