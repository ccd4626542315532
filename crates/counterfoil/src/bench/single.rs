//! The load of small payments: JSON, one transfer a request, many connections on few threads.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::ProgressBar;
use model::Transfer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use super::generator::{LEDGER, Mix};
use super::load::{Load, Seen, unexpected};
use crate::http::{Endpoint, JSON, parse_head};
use crate::stopwatch::Stopwatch;

/// What all connections share.
struct Shared {
    endpoint: Endpoint,
    load: Load,
    mix: Mix,
    next: AtomicU64,
    bar: ProgressBar,
}

/// Sends everything; what was seen and how long it took, connecting included.
pub fn run(
    endpoint: &Endpoint,
    load: Load,
    mix: Mix,
    bar: &ProgressBar,
) -> Result<(Seen, f64), String> {
    let shared = Arc::new(Shared {
        endpoint: endpoint.clone(),
        load: Load { batch: 1, ..load },
        mix,
        next: AtomicU64::new(0),
        bar: bar.clone(),
    });
    // The server needs the other half of the machine.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let threads = (cores as u32 / 2).clamp(1, 4).min(load.connections);
    let stopwatch = Stopwatch::start();
    let running: Vec<_> = (0..threads)
        .map(|thread| {
            let shared = Arc::clone(&shared);
            let one_more = u32::from(thread < load.connections % threads);
            let connections = load.connections / threads + one_more;
            std::thread::spawn(move || several(&shared, connections))
        })
        .collect();
    let mut all = Seen::default();
    for thread in running {
        all.merge(
            thread
                .join()
                .map_err(|_| "a thread of connections died")??,
        );
    }
    Ok((all, stopwatch.seconds()))
}

/// Several connections on this thread.
fn several(shared: &Arc<Shared>, connections: u32) -> Result<Seen, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    LocalSet::new().block_on(&runtime, async {
        let mut running = JoinSet::new();
        for _ in 0..connections {
            running.spawn_local(drive(Arc::clone(shared)));
        }
        let mut all = Seen::default();
        while let Some(seen) = running.join_next().await {
            all.merge(seen.map_err(|error| error.to_string())??);
        }
        Ok(all)
    })
}

/// One connection: takes the next transfer that nobody has sent yet, until there is none.
async fn drive(shared: Arc<Shared>) -> Result<Seen, String> {
    let broke = |error| format!("the connection broke: {error}");
    let address = shared.endpoint.address();
    let mut stream = TcpStream::connect(address)
        .await
        .map_err(|error| format!("{}: {error}", shared.endpoint.url()))?;
    stream.set_nodelay(true).map_err(broke)?;
    let mut seen = Seen::default();
    let mut request = Request::new(&shared.endpoint);
    let mut received = Vec::with_capacity(4096);
    let mut transfer = [Transfer::default()];
    loop {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        if number >= shared.load.transfers {
            return Ok(seen);
        }
        shared.mix.fill(number, &mut transfer);
        request.set(&transfer[0]);
        let stopwatch = Stopwatch::start();
        loop {
            stream.write_all(&request.bytes).await.map_err(broke)?;
            let (status, body) = receive(&mut stream, &mut received).await?;
            if status != 429 {
                seen.time(stopwatch.elapsed());
                judge(&mut seen, status, body)?;
                break;
            }
            seen.busy += 1;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if number.is_multiple_of(1024) {
            shared.bar.set_position(number);
        }
    }
}

/// A request whose body is written anew behind the same head.
struct Request {
    bytes: Vec<u8>,
    head: usize,
}

impl Request {
    /// The body is padded with blanks to this, so that the head's length stays true.
    const BODY: usize = 256;

    fn new(endpoint: &Endpoint) -> Self {
        let bytes = endpoint.head("POST", "/v1/transfers", JSON, Self::BODY);
        Self {
            head: bytes.len(),
            bytes,
        }
    }

    fn set(&mut self, transfer: &Transfer) {
        self.bytes.truncate(self.head);
        write!(
            self.bytes,
            r#"{{"id":"{}","debit_account_id":{},"credit_account_id":{},"amount":{},"ledger":{LEDGER},"code":1}}"#,
            transfer.id, transfer.debit_account_id, transfer.credit_account_id, transfer.amount
        )
        .expect("a vector takes everything");
        self.bytes.resize(self.head + Self::BODY, b' ');
    }
}

/// The status and the body of one answer.
async fn receive<'a>(
    stream: &mut TcpStream,
    received: &'a mut Vec<u8>,
) -> Result<(u16, &'a [u8]), String> {
    received.clear();
    loop {
        let read = stream.read_buf(received).await;
        if read.map_err(|error| format!("the connection broke: {error}"))? == 0 {
            return Err("the server closed the connection".into());
        }
        if let Some(head) = parse_head(received)?
            && received.len() >= head.bytes + head.body
        {
            return Ok((head.status, &received[head.bytes..]));
        }
    }
}

/// A created transfer is answered so; a refused one by a problem that names its status.
fn judge(seen: &mut Seen, status: u16, body: &[u8]) -> Result<(), String> {
    if matches!(status, 200 | 201) && contains(body, br#""status":"created""#) {
        seen.created += 1;
        return Ok(());
    }
    let answer: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let text = |name: &str| Some(answer.as_ref()?.get(name)?.as_str()?.to_owned());
    match text("status_name").or_else(|| text("status")) {
        Some(name) => {
            seen.refuse(name);
            Ok(())
        }
        None => Err(unexpected(status, body)),
    }
}

fn contains(body: &[u8], wanted: &[u8]) -> bool {
    body.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use model::Transfer;

    use super::{Request, judge};
    use crate::bench::load::Seen;
    use crate::http::Endpoint;

    #[test]
    fn the_widest_transfer_fits_its_request() {
        let endpoint = Endpoint::new("http://127.0.0.1:1", None).expect("it is one");
        let mut request = Request::new(&endpoint);
        request.set(&Transfer {
            id: u128::MAX,
            debit_account_id: 1 << 53,
            credit_account_id: 1 << 53,
            amount: 1 << 53,
            ..Transfer::default()
        });
        assert_eq!(request.bytes.len(), request.head + Request::BODY);
        let body = &request.bytes[request.head..];
        let body: serde_json::Value = serde_json::from_slice(body).expect("it is JSON");
        assert_eq!(body["id"], u128::MAX.to_string());
    }

    #[test]
    fn answers() {
        let mut seen = Seen::default();
        let created = br#"{"id":"1","status":"created","timestamp":"2"}"#;
        assert_eq!(judge(&mut seen, 201, created), Ok(()));
        let refused = br#"{"status":422,"status_name":"exceeds_credits"}"#;
        assert_eq!(judge(&mut seen, 422, refused), Ok(()));
        assert_eq!((seen.created, seen.refused["exceeds_credits"]), (1, 1));
        assert!(judge(&mut seen, 500, b"{}").is_err());
    }
}
