//! Seconds for a log in a folder, checked from the first entry on.
//!
//! `cargo bench -p monitor --bench follow [-- ENTRIES]` makes a log of a million entries, or as
//! many as it is told, in a temporary folder, checks it, lets it grow and checks it again.

#[path = "../tests/log/mod.rs"]
mod log;

use std::time::Instant;

use log::Log;
use monitor::{Report, State};

/// Prints what a check took, and gives the state that it left.
#[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn timed(log: &Log, state: Option<State>) -> State {
    let start = Instant::now();
    let report: Report = log.check(state);
    let seconds = start.elapsed().as_secs_f64();
    assert!(report.is_clean(), "{:?}", report.findings);
    println!(
        "{} entries of {} in {seconds:.3} s: {} tiles and bundles, {} bytes",
        report.entries_checked,
        log.head().size,
        report.tiles_fetched,
        report.bytes_fetched
    );
    report.state.expect("a clean check leaves a state")
}

fn main() {
    let told = std::env::args().find_map(|argument| argument.parse().ok());
    let mut log = Log::of(told.unwrap_or(1_000_000));
    let state = timed(&log, None);
    log.grow(1_000);
    let state = timed(&log, Some(state));
    timed(&log, Some(state));
}
