//! What a bench found out, for people and for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::load::Seen;
use crate::output::{Output, say};

/// All numbers of a run. A key that is not there was not asked for or cannot be known from here.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Created transfers by seconds of the load.
    pub transfers_per_second: f64,
    /// From sending a request to having its answer.
    pub batch_ms: Milliseconds,
    pub rss_bytes: Option<u64>,
    /// Allocated blocks of the whole directory by created transfers.
    pub disk_bytes_per_transfer: Option<f64>,
    /// Syncs of the log during the load.
    pub syncs: Option<u64>,
    pub rss_peak_bytes: Option<u64>,
    pub disk_bytes: Option<u64>,
    pub transfers: u64,
    pub seconds: f64,
    pub created: u64,
    pub refused: BTreeMap<String, u64>,
    /// Requests sent again because the server was busy.
    pub busy: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipts: Option<Receipts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
    /// A payment's answer while many deadlines came at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring: Option<Ring>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<Followed>,
}

/// Events as they came to the one who followed them.
#[derive(Debug, Serialize)]
pub struct Followed {
    pub events: u64,
    /// Of those, events that had come before.
    pub again: u64,
    /// From the beginning of the load to the last event.
    pub seconds: f64,
    pub per_second: f64,
    /// Until the load was over.
    pub per_second_during_load: f64,
}

/// Payments while orders reached their deadline.
#[derive(Debug, Serialize)]
pub struct Ring {
    /// Orders whose deadline came at once.
    pub orders: u64,
    /// From the first to the last that was worked off.
    pub seconds: f64,
    /// Payments that were made meanwhile, one after the other.
    pub payments: usize,
    pub payment_ms: Milliseconds,
}

/// Times of many requests.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Milliseconds {
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

/// One account's last transfers, asked for account by account.
#[derive(Debug, Serialize)]
pub struct Query {
    pub accounts: usize,
    /// Transfers in all answers together.
    pub transfers: u64,
    pub ms: Milliseconds,
}

/// Receipts of transfers from all over the load.
#[derive(Debug, Serialize)]
pub struct Receipts {
    pub asked: usize,
    /// Bytes of the largest.
    pub bytes_max: u64,
    /// From asking for one to having it.
    pub made_ms: Milliseconds,
    /// Checking it, natively and on one thread.
    pub checked_ms: Milliseconds,
}

/// From a killed server to a ready one.
#[derive(Debug, Serialize)]
pub struct Restart {
    pub seconds: f64,
    /// Answered transfers that were looked up afterwards, and were there.
    pub checked: u64,
}

impl Milliseconds {
    /// Of nanoseconds. The percentile is the smallest value that so many of a hundred do not
    /// exceed.
    pub fn of(mut nanoseconds: Vec<u64>) -> Self {
        nanoseconds.sort_unstable();
        let at = |percent: usize| {
            let rank = (nanoseconds.len() * percent).div_ceil(100).max(1);
            nanoseconds
                .get(rank - 1)
                .map_or(0.0, |&taken| milliseconds(taken))
        };
        Self {
            p50: at(50),
            p99: at(99),
            max: at(100),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "times for people")]
fn milliseconds(nanoseconds: u64) -> f64 {
    // Microseconds are precise enough, and print short.
    (nanoseconds / 1000) as f64 / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "ratios for people")]
pub fn ratio(count: u64, by: f64) -> f64 {
    (count as f64 / by.max(1e-9) * 10.0).round() / 10.0
}

impl Report {
    /// The load alone; the rest is filled in where it is asked for.
    pub fn of(seen: Seen, transfers: u64, seconds: f64) -> Self {
        Self {
            transfers_per_second: ratio(seen.created, seconds),
            batch_ms: Milliseconds::of(seen.latencies),
            rss_bytes: None,
            disk_bytes_per_transfer: None,
            syncs: None,
            rss_peak_bytes: None,
            disk_bytes: None,
            transfers,
            seconds,
            created: seen.created,
            refused: seen.refused,
            busy: seen.busy,
            query: None,
            receipts: None,
            restart: None,
            ring: None,
            followed: None,
        }
    }

    pub fn print(&self, output: Output, unit: &str) {
        if output == Output::Json {
            say!("{}", serde_json::json!(self));
            return;
        }
        let name = format!("{unit}/s");
        say!("{name:16} {:>14.0}", self.transfers_per_second);
        line("request", self.batch_ms);
        say!(
            "created          {:>14} of {}",
            self.created,
            self.transfers
        );
        for (status, count) in &self.refused {
            say!("refused          {count:>14} {status}");
        }
        if self.busy > 0 {
            say!("sent again       {:>14} (the server was busy)", self.busy);
        }
        let numbers = [
            ("memory, MiB", self.rss_bytes.map(mebibytes)),
            ("memory peak, MiB", self.rss_peak_bytes.map(mebibytes)),
            ("disk, B/transfer", self.disk_bytes_per_transfer),
            ("syncs", self.syncs.map(|syncs| ratio(syncs, 1.0))),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                say!("{name:16} {number:>14.0}");
            }
        }
        if let Some(query) = &self.query {
            line("query", query.ms);
            say!(
                "query answers    {:>14} transfers of {} accounts",
                query.transfers,
                query.accounts
            );
        }
        if let Some(receipts) = &self.receipts {
            line("receipt", receipts.made_ms);
            line("checked", receipts.checked_ms);
            say!("receipt, bytes   {:>14} at most", receipts.bytes_max);
        }
        if let Some(ring) = &self.ring {
            let (orders, seconds) = (ring.orders, ring.seconds);
            say!("deadlines        {orders:>14} at once, worked off in {seconds:.1} s");
            line("payment", ring.payment_ms);
        }
        if let Some(followed) = &self.followed {
            followed.print();
        }
        if let Some(restart) = &self.restart {
            say!(
                "restart, s       {:>14.3} ({} answered transfers checked)",
                restart.seconds,
                restart.checked
            );
        }
    }
}

impl Followed {
    fn print(&self) {
        let (events, seconds, again) = (self.events, self.seconds, self.again);
        say!(
            "events/s         {:>14.0} ({:.0} during the load)",
            self.per_second,
            self.per_second_during_load
        );
        say!("events           {events:>14} in {seconds:.1} s, {again} of them twice");
    }
}

fn line(name: &str, times: Milliseconds) {
    let Milliseconds { p50, p99, max } = times;
    say!(
        "{:16} {p50:>14.2} p50  {p99:.2} p99  {max:.2} max",
        format!("{name}, ms")
    );
}

fn mebibytes(bytes: u64) -> f64 {
    ratio(bytes, 1_048_576.0)
}

#[cfg(test)]
mod tests {
    use super::Milliseconds;

    #[test]
    fn percentiles() {
        let times = |p50, p99, max| Milliseconds { p50, p99, max };
        assert_eq!(Milliseconds::of(vec![]), times(0.0, 0.0, 0.0));
        assert_eq!(Milliseconds::of(vec![3_000_000]), times(3.0, 3.0, 3.0));
        let hundred = (1..=100).rev().map(|ms| ms * 1_000_000).collect();
        assert_eq!(Milliseconds::of(hundred), times(50.0, 99.0, 100.0));
    }
}
