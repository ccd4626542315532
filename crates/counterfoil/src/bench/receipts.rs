//! `--receipts`: receipts of transfers from all over the load, got and checked.

use merkle::policy::Policy;
use sim::workload::Random;

use super::generator::Mix;
use super::report::{Milliseconds, Receipts};
use crate::client::Client;
use crate::failure::Failure;
use crate::proof::covered;
use crate::stopwatch::Stopwatch;

/// Receipts that are asked for.
const ASKED: usize = 500;

/// Times getting the receipts of transfers and checking them.
pub fn measure(
    (mix, transfers, seed): (Mix, u64, u64),
    policy: &Policy,
    client: &mut Client,
) -> Result<Receipts, Failure> {
    let mut random = Random::new(seed);
    let path = |number: u64| format!("/v1/transfers/{}/receipt", mix.transfer_id(number));
    // A checkpoint over the last covers all.
    covered(client, &path(transfers - 1))?;
    let (mut got, mut checked, mut bytes) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ASKED {
        let path = path(random.below(transfers));
        let stopwatch = Stopwatch::start();
        let (_, receipt) = client.resource(&path)?;
        got.push(nanoseconds(&stopwatch));
        let stopwatch = Stopwatch::start();
        let verdict = proofs::check(&receipt, None, policy);
        checked.push(nanoseconds(&stopwatch));
        verdict.map_err(|refusal| Failure::Check(format!("{path}: {refusal}")))?;
        bytes = bytes.max(receipt.len() as u64);
    }
    Ok(Receipts {
        asked: ASKED,
        bytes_max: bytes,
        made_ms: Milliseconds::of(got),
        checked_ms: Milliseconds::of(checked),
    })
}

fn nanoseconds(stopwatch: &Stopwatch) -> u64 {
    u64::try_from(stopwatch.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
