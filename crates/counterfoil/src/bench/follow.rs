//! Who follows the books while they are driven: a receiver of webhooks, or a reader of the stream.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::report::{Followed, ratio};
use crate::client::Client;
use crate::failure::Failure;
use crate::http::Endpoint;
use crate::stopwatch::Stopwatch;

/// How long nothing may come before the wait is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked whether all has come.
const LOOK: Duration = Duration::from_millis(5);

/// How events are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Follow {
    /// As webhooks, by one receiver on this machine.
    Webhook,
    /// As server-sent events, by one reader.
    Stream,
}

/// What has come so far.
#[derive(Default)]
struct Tally {
    events: AtomicU64,
    /// Events that did not rise: those that came twice.
    again: AtomicU64,
    /// The position behind the last event.
    next: AtomicU64,
}

impl Tally {
    fn count(&self, position: u64) {
        self.events.fetch_add(1, Ordering::Relaxed);
        if self.next.fetch_max(position + 1, Ordering::Release) > position {
            self.again.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// One who follows from now on.
pub struct Follower {
    tally: Arc<Tally>,
    began: Stopwatch,
    /// What had come when the load was over, and after how long.
    during: Option<(u64, f64)>,
}

impl Follower {
    pub fn begin(follow: Follow, client: &mut Client) -> Result<Self, Failure> {
        let tally = Arc::<Tally>::default();
        match follow {
            Follow::Webhook => subscribe(client, &tally)?,
            Follow::Stream => {
                let stream = open(client.endpoint()).map_err(Failure::input)?;
                let tally = Arc::clone(&tally);
                thread::spawn(move || read_stream(stream, &tally));
            }
        }
        Ok(Self {
            tally,
            began: Stopwatch::start(),
            during: None,
        })
    }

    /// The load is over.
    pub fn loaded(&mut self) {
        let events = self.tally.events.load(Ordering::Relaxed);
        self.during = Some((events, self.began.seconds()));
    }

    /// Waits until all that the books hold has come.
    pub fn end(self, client: &mut Client) -> Result<Followed, Failure> {
        let page: Value = serde_json::from_str(&client.get("/v1/events?from=end&limit=1")?)
            .map_err(Failure::input)?;
        let end: u64 = page["next"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Failure::Check("the books do not say where they end".into()))?;
        let (mut seen, mut quiet) = (0, Stopwatch::start());
        while self.tally.next.load(Ordering::Acquire) < end {
            let events = self.tally.events.load(Ordering::Relaxed);
            if events > seen {
                (seen, quiet) = (events, Stopwatch::start());
            } else if quiet.elapsed() > PATIENCE {
                return Err(Failure::Check(format!(
                    "{events} events have come, and no more do"
                )));
            }
            thread::sleep(LOOK);
        }
        let seconds = self.began.seconds();
        let events = self.tally.events.load(Ordering::Relaxed);
        let (during, loaded) = self.during.unwrap_or((events, seconds));
        Ok(Followed {
            events,
            again: self.tally.again.load(Ordering::Relaxed),
            seconds,
            per_second: ratio(events, seconds),
            per_second_during_load: ratio(during, loaded),
        })
    }
}

fn subscribe(client: &mut Client, tally: &Arc<Tally>) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Failure::input)?;
    let address = listener.local_addr().map_err(Failure::input)?;
    let tally = Arc::clone(tally);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tally = Arc::clone(&tally);
            // A connection that breaks off is made anew by who delivers.
            thread::spawn(move || receive(&stream, &tally));
        }
    });
    client.post(
        "/v1/webhooks",
        &json!({ "url": format!("http://{address}/") }),
    )?;
    Ok(())
}

/// Takes whatever comes over one connection.
fn receive(stream: &TcpStream, tally: &Tally) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::with_capacity(1 << 16, stream), stream);
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let (mut length, mut position) = (0, None);
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let Some((name, value)) = line.split_once(": ") else {
                if line == "\r\n" {
                    break;
                }
                continue;
            };
            let value = value.trim_end();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().unwrap_or(0);
            } else if name.eq_ignore_ascii_case("webhook-id") {
                position = value
                    .rsplit('_')
                    .next()
                    .and_then(|number| number.parse().ok());
            }
        }
        body.resize(length, 0);
        reader.read_exact(&mut body)?;
        if let Some(position) = position {
            tally.count(position);
        }
        writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
    }
}

fn open(endpoint: &Endpoint) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(endpoint.address())?;
    stream.write_all(&endpoint.head("GET", "/v1/events?from=end", "text/event-stream", 0))?;
    Ok(stream)
}

/// Counts the events of a stream. Its parts end where events end, so no line is cut in two.
fn read_stream(stream: TcpStream, tally: &Tally) {
    let mut reader = BufReader::with_capacity(1 << 18, stream);
    let (mut line, mut id) = (Vec::new(), None);
    loop {
        line.clear();
        match reader.read_until(b'\n', &mut line) {
            Ok(read) if read > 0 => {}
            _ => return,
        }
        if let Some(text) = line.strip_prefix(b"id: ") {
            let text = std::str::from_utf8(text).ok();
            id = text.and_then(|text| text.trim_end().parse().ok());
        } else if line.starts_with(b"data: ")
            && let Some(position) = id.take()
        {
            tally.count(position);
        }
    }
}
