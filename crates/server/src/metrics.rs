//! Counters, in the `OpenMetrics` text format.

use core::fmt;
use std::fs;
use std::time::Duration;

use axum::http::StatusCode;
use engine::{Books, Signed};
use model::{CreateAccountStatus, CreateTransferStatus, EventResult};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::route::{Operation, TABLE};

/// What can be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noun {
    Account,
    Transfer,
}

impl Noun {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Transfer => "transfer",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    method: &'static str,
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
    method: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    noun: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WitnessLabels {
    witness: String,
}

/// Counters of one witness that is asked.
pub(crate) struct WitnessMetrics {
    pub cosignatures: Counter,
    pub failures: Counter,
}

/// Counters of one route, found without a look-up.
struct RouteMetrics {
    /// As in [`CLASSES`].
    requests: [Counter; 3],
    seconds: Histogram,
}

/// Counters of one noun.
struct EventMetrics {
    created: Counter,
    existed: Counter,
    refused: Counter,
}

/// All counters.
pub(crate) struct Metrics {
    registry: Registry,
    /// In the order of the table; the last is for what no route has.
    routes: Vec<RouteMetrics>,
    accounts: EventMetrics,
    transfers: EventMetrics,
    cosignatures: Family<WitnessLabels, Counter>,
    failures: Family<WitnessLabels, Counter>,
    streams: Gauge,
    streamed: Counter,
}

/// A stream that is counted for as long as this lives.
pub(crate) struct OpenStream(Gauge);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Of the statuses there are; nothing is ever redirected.
const CLASSES: [&str; 3] = ["2xx", "4xx", "5xx"];

/// Upper bounds in seconds: a disk sync is about a millisecond.
const BOUNDS: [f64; 11] = [
    0.000_25, 0.000_5, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.25, 1.0,
];

impl Metrics {
    pub fn new(books: Books) -> Self {
        let mut registry = Registry::with_prefix("counterfoil");
        let requests = Family::<RequestLabels, Counter>::default();
        let seconds =
            Family::<RouteLabels, Histogram>::new_with_constructor(|| Histogram::new(BOUNDS));
        let events = Family::<EventLabels, Counter>::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        let help = "From the headers of a request to its answer";
        registry.register_with_unit("http_request", help, Unit::Seconds, seconds.clone());
        registry.register("events", "Events by what became of them", events.clone());
        let cosignatures = Family::<WitnessLabels, Counter>::default();
        let failures = Family::<WitnessLabels, Counter>::default();
        let help = "Checkpoints that the witness cosigned";
        registry.register("witness_cosignatures", help, cosignatures.clone());
        let help = "Requests that the witness did not answer with a cosignature";
        registry.register("witness_failures", help, failures.clone());
        let (streams, streamed) = (Gauge::default(), Counter::default());
        let help = "Streams of events that are open";
        registry.register("event_streams", help, streams.clone());
        let help = "Events that went out in streams";
        registry.register("streamed_events", help, streamed.clone());
        registry.register_collector(Box::new(Inside(books)));

        let listed = TABLE
            .iter()
            .map(|route| (route.path, method_name(route.method.as_str())));
        let route_metrics = |(route, method)| {
            let counter = |class| {
                requests
                    .get_or_create(&RequestLabels {
                        route,
                        method,
                        class,
                    })
                    .clone()
            };
            let seconds = seconds
                .get_or_create(&RouteLabels { route, method })
                .clone();
            RouteMetrics {
                requests: CLASSES.map(counter),
                seconds,
            }
        };
        let noun_metrics = |noun: Noun| {
            let counter = |outcome| {
                events
                    .get_or_create(&EventLabels {
                        noun: noun.name(),
                        outcome,
                    })
                    .clone()
            };
            let (created, existed) = (counter("created"), counter("existed"));
            EventMetrics {
                created,
                existed,
                refused: counter("refused"),
            }
        };
        Self {
            routes: listed.chain([("none", "any")]).map(route_metrics).collect(),
            accounts: noun_metrics(Noun::Account),
            transfers: noun_metrics(Noun::Transfer),
            cosignatures,
            failures,
            streams,
            streamed,
            registry,
        }
    }

    /// Counts an answer; `None` is a request that no route has.
    pub fn answered(&self, operation: Option<Operation>, status: StatusCode, took: Duration) {
        let index = operation.map_or(TABLE.len(), |operation| operation as usize);
        let route = &self.routes[index];
        let class = match status.as_u16() {
            ..400 => 0,
            400..500 => 1,
            500.. => 2,
        };
        route.requests[class].inc();
        route.seconds.observe(took.as_secs_f64());
    }

    /// The counters of a witness, which stand from then on.
    pub fn witness(&self, name: &str) -> WitnessMetrics {
        let labels = WitnessLabels {
            witness: name.to_owned(),
        };
        WitnessMetrics {
            cosignatures: self.cosignatures.get_or_create(&labels).clone(),
            failures: self.failures.get_or_create(&labels).clone(),
        }
    }

    /// Counts a stream as open.
    pub fn stream(&self) -> OpenStream {
        self.streams.inc();
        OpenStream(self.streams.clone())
    }

    /// Counts events that went out in a stream.
    pub fn streamed(&self, events: usize) {
        self.streamed.inc_by(events as u64);
    }

    /// Counts events by what became of them.
    pub fn created(&self, noun: Noun, results: &[EventResult]) {
        const CREATED: u32 = CreateTransferStatus::Created.code();
        const { assert!(CREATED == CreateAccountStatus::Created.code()) };
        let (metrics, exists) = match noun {
            Noun::Account => (&self.accounts, CreateAccountStatus::Exists.code()),
            Noun::Transfer => (&self.transfers, CreateTransferStatus::Exists.code()),
        };
        let count = |status| {
            results
                .iter()
                .filter(|result| result.status == status)
                .count() as u64
        };
        let (created, existed) = (count(CREATED), count(exists));
        metrics.created.inc_by(created);
        metrics.existed.inc_by(existed);
        metrics
            .refused
            .inc_by(results.len() as u64 - created - existed);
    }

    /// All of them as text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        text::encode(&mut out, &self.registry).expect("a string takes all text");
        out
    }
}

fn method_name(method: &str) -> &'static str {
    if method == "GET" { "GET" } else { "POST" }
}

/// What the books and the process tell about themselves when asked.
struct Inside(Books);

type Fact = (&'static str, &'static str, u64);

impl Inside {
    /// None where the books sign nothing.
    fn checkpoints(&self) -> impl Iterator<Item = Fact> {
        let now = self.0.checkpoints().map(|now| now.borrow().clone());
        now.into_iter().flat_map(|now| {
            let size = |signed: Option<Signed>| signed.map_or(0, |signed| signed.size);
            [
                (
                    "checkpoint_size",
                    "Batches of the latest checkpoint that is served",
                    size(now.latest),
                ),
                (
                    "witnessed_size",
                    "Batches of the newest checkpoint with a quorum of witnesses",
                    size(now.witnessed),
                ),
            ]
        })
    }
}

impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inside")
    }
}

impl Collector for Inside {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let stats = self.0.stats();
        let counters = [
            ("records", "Records in the log", stats.records),
            ("batches", "Batches in the log", stats.batches),
            ("syncs", "Syncs of the log since the start", stats.syncs),
            (
                "log_bytes",
                "Bytes of the log, padding included",
                stats.log_bytes,
            ),
        ];
        for (name, help, value) in counters {
            let counter = ConstCounter::new(value);
            let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(metric)?;
        }
        let gauges = [
            ("accounts", "Accounts in the books", stats.accounts),
            (
                "pending_transfers",
                "Pending transfers that are open",
                stats.pending,
            ),
            (
                "open_orders",
                "Lines of orders that are open",
                stats.open_orders,
            ),
            ("queue", "Requests waiting for the writer", stats.queued),
            (
                "resident_memory_bytes",
                "Memory of the process",
                resident_bytes().unwrap_or(0),
            ),
        ];
        for (name, help, value) in gauges.into_iter().chain(self.checkpoints()) {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}

/// Resident memory of this process. `status` says it in kB, where `statm` counts pages, whose
/// size differs from machine to machine.
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1_024)
}

#[cfg(test)]
mod tests {
    #[test]
    fn memory_is_told() {
        assert!(super::resident_bytes().is_some_and(|bytes| bytes > 1 << 20));
    }
}
