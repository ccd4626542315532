//! What a load did, and the bulk load itself: one thread and one connection each.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::ProgressBar;
use model::{CreateTransferStatus, Transfer};
use zerocopy::{Immutable, IntoBytes};

use super::generator::Mix;
use crate::client::transfer_status;
use crate::http::{BULK, Connection, Endpoint};
use crate::stopwatch::Stopwatch;

/// How much is sent, and how.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub transfers: u64,
    /// Transfers a request.
    pub batch: u32,
    pub connections: u32,
}

impl Load {
    /// Which transfers the request `number` holds: the first and how many.
    pub fn request(&self, number: u64) -> Option<(u64, usize)> {
        let first = number.checked_mul(u64::from(self.batch))?;
        let count = self
            .transfers
            .checked_sub(first)?
            .min(u64::from(self.batch));
        (count > 0).then_some((first, count as usize))
    }
}

/// What was seen of one request or many.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Nanoseconds from sending a request to having its answer.
    pub latencies: Vec<u64>,
    pub created: u64,
    /// Refused transfers by status.
    pub refused: BTreeMap<String, u64>,
    /// Requests that a busy server had to be sent again.
    pub busy: u64,
}

impl Seen {
    pub fn merge(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.created += other.created;
        self.busy += other.busy;
        for (status, count) in other.refused {
            *self.refused.entry(status).or_default() += count;
        }
    }

    /// Counts the results of a bulk request, every one of them.
    fn results<B: Bulk>(&mut self, body: &[u8], expected: usize) -> Result<(), String> {
        let (bytes, at) = B::RESULT;
        let results = body.chunks_exact(bytes);
        if results.len() != expected || !results.remainder().is_empty() {
            return Err("the answer has not one result an event".into());
        }
        let created = CreateTransferStatus::Created.code().to_le_bytes();
        for result in results {
            let status: [u8; 4] = result[at..at + 4].try_into().expect("four bytes");
            if status == created {
                self.created += 1;
            } else {
                self.refuse(B::status(u32::from_le_bytes(status)));
            }
        }
        Ok(())
    }

    pub fn refuse(&mut self, status: String) {
        *self.refused.entry(status).or_default() += 1;
    }

    pub fn time(&mut self, taken: Duration) {
        self.latencies
            .push(u64::try_from(taken.as_nanos()).unwrap_or(u64::MAX));
    }
}

/// What is sent in bulk: the same for the same settings, whichever connection sends it.
pub trait Bulk: Copy + Send + Sync {
    /// One of them, of 128 bytes.
    type Event: Copy + Default + IntoBytes + Immutable;
    const PATH: &'static str;
    /// Bytes of one result, and where its status stands.
    const RESULT: (usize, usize);

    /// Fills `batch` with the events `first` and following.
    fn fill(&self, first: u64, batch: &mut [Self::Event]);
    /// The name of a status.
    fn status(code: u32) -> String;
}

impl Bulk for Mix {
    type Event = Transfer;
    const PATH: &'static str = "/v1/transfers";
    const RESULT: (usize, usize) = (16, 8);

    fn fill(&self, first: u64, batch: &mut [Transfer]) {
        Self::fill(self, first, batch);
    }

    fn status(code: u32) -> String {
        transfer_status(code)
    }
}

/// Sends everything, on all connections at once; what was seen and how long it took.
pub fn bulk<B: Bulk>(
    endpoint: &Endpoint,
    load: Load,
    mix: B,
    bar: &ProgressBar,
) -> Result<(Seen, f64), String> {
    // Connected before the clock starts.
    let connections = (0..load.connections)
        .map(|_| Connection::open(endpoint))
        .collect::<Result<Vec<_>, _>>()?;
    let next = AtomicU64::new(0);
    let stopwatch = Stopwatch::start();
    let seen = std::thread::scope(|scope| {
        let threads: Vec<_> = connections
            .into_iter()
            .map(|connection| {
                let next = &next;
                scope.spawn(move || drive(endpoint, connection, (load, mix), (next, bar)))
            })
            .collect();
        let mut all = Seen::default();
        for thread in threads {
            all.merge(thread.join().map_err(|_| "a connection's thread died")??);
        }
        Ok::<_, String>(all)
    })?;
    Ok((seen, stopwatch.seconds()))
}

/// One connection: takes the next request that nobody has sent yet, until there is none.
fn drive<B: Bulk>(
    endpoint: &Endpoint,
    mut connection: Connection,
    (load, mix): (Load, B),
    (next, bar): (&AtomicU64, &ProgressBar),
) -> Result<Seen, String> {
    let mut seen = Seen::default();
    let mut buffer = vec![B::Event::default(); load.batch as usize];
    let full = endpoint.head("POST", B::PATH, BULK, load.batch as usize * 128);
    while let Some((first, count)) = load.request(next.fetch_add(1, Ordering::Relaxed)) {
        let batch = &mut buffer[..count];
        mix.fill(first, batch);
        let short;
        let head = if count == load.batch as usize {
            &full
        } else {
            short = endpoint.head("POST", B::PATH, BULK, count * 128);
            &short
        };
        let stopwatch = Stopwatch::start();
        loop {
            let (status, body) = connection.exchange(head, batch.as_bytes())?;
            match status {
                200 => {
                    seen.time(stopwatch.elapsed());
                    seen.results::<B>(body, count)?;
                    break;
                }
                429 => {
                    seen.busy += 1;
                    std::thread::sleep(Duration::from_millis(1));
                }
                _ => return Err(unexpected(status, body)),
            }
        }
        bar.inc(count as u64);
    }
    Ok(seen)
}

/// A refusal of a whole request, in one line.
pub fn unexpected(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(300)]);
    format!("the server answered {status}: {text}")
}

#[cfg(test)]
mod tests {
    use super::{Load, Mix, Seen};

    #[test]
    fn requests_cover_everything_once() {
        let load = Load {
            transfers: 25,
            batch: 10,
            connections: 1,
        };
        let requests: Vec<_> = (0..).map_while(|number| load.request(number)).collect();
        assert_eq!(requests, [(0, 10), (10, 10), (20, 5)]);
    }

    #[test]
    fn every_result_is_counted() {
        let mut seen = Seen::default();
        let mut body = [0xff; 48];
        body[24..28].copy_from_slice(&46u32.to_le_bytes());
        body[40..44].copy_from_slice(&4_000u32.to_le_bytes());
        assert_eq!(seen.results::<Mix>(&body, 3), Ok(()));
        assert_eq!(seen.created, 1);
        assert_eq!(seen.refused["exists"], 1);
        assert_eq!(seen.refused["status 4000"], 1);
        assert!(seen.results::<Mix>(&body[..47], 3).is_err());
        assert!(seen.results::<Mix>(&body, 2).is_err());
    }
}
