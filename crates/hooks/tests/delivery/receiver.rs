//! A receiver on loopback, books in memory, and what else a test of the delivery needs.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use hooks::{
    Event, Filter, Hooks, NewSubscription, Options, Source, Stretch, Subscribed, Subscription,
};

/// A request as it came over the wire; names of headers in lower case.
#[derive(Clone, Debug)]
pub struct Request {
    pub line: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The position of the event, as its body tells it.
    pub fn position(&self) -> u64 {
        let text = std::str::from_utf8(&self.body).expect("JSON");
        let digits = text
            .trim_start_matches("{\"position\":")
            .trim_end_matches('}');
        digits.parse().expect("a position")
    }
}

/// What is answered: the head without its first line, and how long that takes.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub extra: String,
    pub body: usize,
    pub delay: Duration,
}

pub fn reply(status: u16) -> Reply {
    Reply {
        status,
        extra: String::new(),
        body: 2,
        delay: Duration::ZERO,
    }
}

type Script = dyn Fn(usize, &Request) -> Reply + Send + Sync;

pub struct Receiver {
    pub port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<Mutex<usize>>,
    closed: Arc<AtomicBool>,
}

impl Receiver {
    /// Answers the request of each number, from 0, as `script` says.
    pub fn new(script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let (requests, connections) = (Arc::default(), Arc::default());
        let receiver = Self {
            port,
            requests,
            connections,
            closed: Arc::default(),
        };
        let (requests, closed) = (receiver.requests.clone(), receiver.closed.clone());
        let (connections, script) = (receiver.connections.clone(), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if closed.load(Ordering::Acquire) {
                    return;
                }
                *connections.lock().expect("alive") += 1;
                let (requests, script) = (Arc::clone(&requests), script.clone());
                thread::spawn(move || serve(stream.expect("a stream"), &requests, &*script));
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("alive").clone()
    }

    pub fn positions(&self) -> Vec<u64> {
        self.requests().iter().map(Request::position).collect()
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().expect("alive")
    }

    /// Waits until there were `count` requests.
    pub fn wait(&self, count: usize) -> Vec<Request> {
        until("requests", || self.requests().len() >= count);
        self.requests()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn serve(stream: TcpStream, requests: &Mutex<Vec<Request>>, script: &Script) {
    let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
    let mut stream = stream;
    while let Some(request) = read(&mut reader) {
        let number = {
            let mut requests = requests.lock().expect("alive");
            requests.push(request.clone());
            requests.len() - 1
        };
        let Reply {
            status,
            extra,
            body,
            delay,
        } = script(number, &request);
        thread::sleep(delay);
        let head = format!("HTTP/1.1 {status} X\r\n{extra}content-length: {body}\r\n\r\n");
        let answer = [head.as_bytes(), &vec![b'.'; body]].concat();
        if stream.write_all(&answer).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader
        .read_line(&mut line)
        .ok()
        .filter(|length| *length > 0)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        line: line.trim_end().to_owned(),
        headers,
        body,
    })
}

/// Books in memory.
#[derive(Default)]
pub struct Books {
    events: Mutex<Vec<Event>>,
    pub failing: AtomicBool,
}

impl Books {
    pub fn with(count: u64) -> Arc<Self> {
        let books = Arc::new(Self::default());
        (0..count).for_each(|_| books.add("order.paid", &[], 0));
        books
    }

    /// Adds an event; positions leave gaps, as those of a log do.
    pub fn add(&self, kind: &str, parties: &[u128], order: u128) {
        let mut events = self.events.lock().expect("alive");
        let position = events.len() as u64 * 10;
        let body = format!("{{\"position\":{position}}}").into_bytes();
        let (kind, parties) = (kind.to_owned(), parties.to_vec());
        events.push(Event {
            position,
            kind,
            time: now(),
            parties,
            order,
            body,
        });
    }

    pub fn erase(&self, position: u64) {
        self.events
            .lock()
            .expect("alive")
            .retain(|event| event.position != position);
    }

    pub fn body(&self, position: u64, body: Vec<u8>) {
        let mut events = self.events.lock().expect("alive");
        let event = events.iter_mut().find(|event| event.position == position);
        event.expect("it is there").body = body;
    }
}

impl Source for Books {
    fn read(&self, from: u64, limit: usize, filter: &Filter) -> Result<Stretch, String> {
        if self.failing.load(Ordering::Acquire) {
            return Err("the books are closed".to_owned());
        }
        let events = self.events.lock().expect("alive");
        let ahead = events.iter().filter(|event| event.position >= from);
        // As those of a log, a stretch may have nothing that is wanted.
        let stretch: Vec<&Event> = ahead.take(limit).collect();
        let next = stretch.last().map_or(from, |event| event.position + 1);
        let wanted = stretch.into_iter().filter(|event| filter.wants(event));
        let events = wanted.cloned().collect();
        Ok(Stretch { events, next })
    }

    fn end(&self) -> u64 {
        self.events
            .lock()
            .expect("alive")
            .last()
            .map_or(0, |event| event.position + 1)
    }
}

/// Nanoseconds since 1970.
pub fn now() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the clock that the delivery is given"
    )]
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    u64::try_from(since.as_nanos()).expect("before 2554")
}

/// Waits for what comes soon.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..2_500 {
        if done() {
            return;
        }
        thread::sleep(Duration::from_millis(2));
    }
    panic!("waited 5 s in vain: {what}");
}

/// Long enough for a wrong request to come.
pub fn settle() {
    thread::sleep(Duration::from_millis(60));
}

/// Two retries, a few milliseconds apart.
pub fn fast() -> Options {
    Options {
        retries: vec![Duration::from_millis(10), Duration::from_millis(20)],
        timeout: Duration::from_secs(3),
        poll: Duration::from_millis(5),
        disable_after: 0,
        ..Options::default()
    }
}

pub fn to(url: String) -> NewSubscription {
    NewSubscription {
        url,
        ..NewSubscription::default()
    }
}

pub fn wanting(url: String, kinds: &[&str], parties: &[u128], order: u128) -> NewSubscription {
    let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    NewSubscription {
        filter: Filter {
            kinds,
            parties: parties.to_vec(),
            order,
        },
        ..to(url)
    }
}

/// A directory of books, and its subscriptions.
pub struct Place {
    pub dir: tempfile::TempDir,
    pub hooks: Hooks,
}

impl Place {
    pub fn new(options: Options) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let hooks = Hooks::open(dir.path(), options).expect("opened");
        Self { dir, hooks }
    }

    /// What the next process finds.
    pub fn again(self, options: Options) -> Self {
        let Self { dir, hooks } = self;
        drop(hooks);
        let hooks = Hooks::open(dir.path(), options).expect("opened");
        Self { dir, hooks }
    }

    pub fn subscribe(&self, new: NewSubscription) -> Subscribed {
        self.hooks.subscribe(new).expect("subscribed")
    }

    /// The only subscription.
    pub fn only(&self) -> Subscription {
        self.hooks.list().pop().expect("there is one")
    }
}
