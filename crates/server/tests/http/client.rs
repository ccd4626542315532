//! A server on a port of its own, and a client that sends exactly what a test says.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use catalogue::Catalogue;
use engine::{Books, Init, Options as BooksOptions, Signing};
use merkle::key::{KeyKind, SigningKey, VerifierKey};
use merkle::policy::Policy;
use serde_json::Value;
use server::auth::{self, Bound, Grant, Scope};
use server::{Auth, Clock, Delivery, Options, ServeError, Webhooks, serve};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub const JSON: &str = "application/json";
pub const BULK: &str = "application/octet-stream";

/// A running server; its directory goes with it.
pub struct Server {
    pub address: SocketAddr,
    pub books: Books,
    directory: TempDir,
    stop: oneshot::Sender<()>,
    pub ended: JoinHandle<Result<(), ServeError>>,
}

/// A response.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Server {
    /// Without tokens, under a manual clock.
    pub async fn open() -> Self {
        Self::start(|_| Auth::None, Clock::Manual).await
    }

    /// Without tokens, with a signed log and the witnesses of the policy.
    pub async fn signing(policy: Option<Policy>) -> Self {
        Self::start_with(|_| Auth::None, Clock::Manual, Some(log_key()), policy).await
    }

    pub async fn start(auth: impl FnOnce(&Path) -> Auth, clock: Clock) -> Self {
        Self::start_with(auth, clock, None, None).await
    }

    pub async fn start_with(
        auth: impl FnOnce(&Path) -> Auth,
        clock: Clock,
        key: Option<SigningKey>,
        policy: Option<Policy>,
    ) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let data = directory.path().join("books");
        let init = Init {
            segment_bytes: Some(1 << 24),
            secret: None,
        };
        engine::init(&data, &init).expect("books are made");
        Self::on(directory, auth(&data), clock, key, policy).await
    }

    /// Serves the books that another server has left.
    pub async fn again(directory: TempDir, policy: Option<Policy>) -> Self {
        Self::on(
            directory,
            Auth::None,
            Clock::Manual,
            Some(log_key()),
            policy,
        )
        .await
    }

    async fn on(
        directory: TempDir,
        auth: Auth,
        clock: Clock,
        key: Option<SigningKey>,
        policy: Option<Policy>,
    ) -> Self {
        let data = directory.path().join("books");
        let manual_clock = clock == Clock::Manual;
        let vault_dir = data.join(vault::DIR);
        let options = BooksOptions {
            data: data.clone(),
            manual_clock,
            signing: key.map(|key| Arc::new(Signing::new(vec![key], policy).expect("it signs"))),
        };
        let books = Books::open(&options).expect("books are opened");
        if manual_clock {
            books
                .set_clock(1_700_000_000_000_000_000)
                .await
                .expect("the clock is set");
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its number");
        let (stop, stopped) = oneshot::channel();
        let vault = vault::Vault::open(&vault_dir).expect("a vault");
        let catalogue = Catalogue::open(&data.join(catalogue::DIR)).expect("a catalogue");
        let options = Options {
            data: data.clone(),
            auth,
            clock,
            webhooks: webhooks(&data),
            vault: Arc::new(vault),
            catalogue: Arc::new(catalogue),
        };
        let served = serve(options, books.clone(), listener, async {
            let _ = stopped.await;
        });
        Self {
            address,
            books,
            directory,
            stop,
            ended: tokio::spawn(served),
        }
    }

    pub fn data(&self) -> std::path::PathBuf {
        self.directory.path().join("books")
    }

    pub async fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address)
            .await
            .expect("a connection");
        Client {
            stream,
            received: Vec::new(),
        }
    }

    /// One request on a connection of its own.
    pub async fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Reply {
        self.connect().await.send(method, path, headers, body).await
    }

    /// A POST of JSON.
    pub async fn post(&self, path: &str, body: &str) -> Reply {
        self.send(
            "POST",
            path,
            "Content-Type: application/json\r\n",
            body.as_bytes(),
        )
        .await
    }

    /// A POST of records.
    pub async fn bulk(&self, path: &str, body: &[u8]) -> Reply {
        self.send(
            "POST",
            path,
            "Content-Type: application/octet-stream\r\n",
            body,
        )
        .await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, "", b"").await
    }

    /// Asks until the answer is as wanted, for a few seconds.
    pub async fn until(&self, path: &str, wanted: impl Fn(&Reply) -> bool) -> Reply {
        for _ in 0..100 {
            let reply = self.get(path).await;
            if wanted(&reply) {
                return reply;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} never was as wanted: {:?}", self.get(path).await);
    }

    /// Stops serving; what it was asked to do before, it does.
    pub fn stop(self) -> (JoinHandle<Result<(), ServeError>>, Books, TempDir) {
        let _ = self.stop.send(());
        (self.ended, self.books, self.directory)
    }
}

/// One kept-alive connection.
pub struct Client {
    pub stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    pub async fn send(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Reply {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        self.write(head.as_bytes()).await;
        self.write(body).await;
        self.reply().await
    }

    /// Sends bytes as they are.
    pub async fn write(&mut self, bytes: &[u8]) {
        // A refusal may close the connection before all has been sent; the reply tells.
        let _ = self.stream.write_all(bytes).await;
    }

    pub async fn reply(&mut self) -> Reply {
        let mut reply = self.head().await;
        let length = reply
            .header("content-length")
            .map_or(0, |it| it.parse().expect("a length"));
        while self.received.len() < length {
            self.read().await;
        }
        reply.body = self.received.drain(..length).collect();
        reply
    }

    /// A response without its body, if it has one.
    pub async fn head(&mut self) -> Reply {
        let end = loop {
            if let Some(at) = self
                .received
                .windows(4)
                .position(|four| four == b"\r\n\r\n")
            {
                break at + 4;
            }
            self.read().await;
        };
        let head = String::from_utf8(self.received[..end].to_vec()).expect("heads are text");
        let status = head[9..12].parse().expect("a status");
        self.received.drain(..end);
        Reply {
            status,
            head,
            body: Vec::new(),
        }
    }

    /// The next chunk of a body that is sent in chunks; `None` at its end.
    pub async fn chunk(&mut self) -> Option<Vec<u8>> {
        let end = loop {
            if let Some(at) = self.received.windows(2).position(|two| two == b"\r\n") {
                break at;
            }
            self.read().await;
        };
        let digits = std::str::from_utf8(&self.received[..end]).expect("a length");
        let length = usize::from_str_radix(digits, 16).expect("a length");
        while self.received.len() < end + length + 4 {
            self.read().await;
        }
        let chunk = self.received[end + 2..][..length].to_vec();
        self.received.drain(..end + length + 4);
        (length > 0).then_some(chunk)
    }

    async fn read(&mut self) {
        let read = self
            .stream
            .read_buf(&mut self.received)
            .await
            .expect("an answer");
        let sent = String::from_utf8_lossy(&self.received);
        assert!(read > 0, "the connection ended after {sent:?}");
    }
}

impl Reply {
    /// A header, by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("it is text")
    }

    /// The body, which must be JSON and say so.
    pub fn json(&self) -> Value {
        let media = self.header("content-type").expect("a content type");
        assert!(
            media == JSON || media == "application/problem+json",
            "{media}"
        );
        serde_json::from_slice(&self.body).expect("it is JSON")
    }

    /// Asserts a refusal of this `type`, and gives it.
    pub fn refused(&self, status: u16, kind: &str) -> Value {
        let problem = self.json();
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(
            (self.status, &problem["status"]),
            (status, &Value::from(status)),
            "{problem}"
        );
        let (_, name) = kind.split_once(':').unwrap_or(("", kind));
        let full = problem["type"].as_str().expect("a type");
        assert!(
            full.starts_with("urn:counterfoil:") && full.ends_with(&format!(":{name}")),
            "{full}"
        );
        problem
    }
}

/// A token of each scope, in their order; that of a person is party 7's.
pub fn one_of_each_scope(data: &Path) -> Vec<String> {
    let make = |scope: Scope| {
        let grant = match scope {
            Scope::Person => bound(scope, 7, None),
            _ => scope.into(),
        };
        auth::create(data, scope.name(), grant, 0).expect("a token")
    };
    Scope::ALL.map(make).to_vec()
}

/// What a token is for that is bound to a party.
pub fn bound(scope: Scope, party: u128, role: Option<&str>) -> Grant {
    let role = role.map(str::to_owned);
    let bound = Some(Bound { party, role });
    Grant { scope, bound }
}

/// The header with a token.
pub fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// Delivers webhooks without much patience.
pub fn webhooks(data: &Path) -> Webhooks {
    Webhooks {
        data: data.to_owned(),
        options: hooks::Options {
            retries: [20, 20, 40].map(Duration::from_millis).to_vec(),
            timeout: Duration::from_secs(2),
            ..hooks::Options::default()
        },
        delivery: Delivery::On,
    }
}

/// The key of the log of every test.
pub fn log_key() -> SigningKey {
    SigningKey::generate("books.example/log", KeyKind::Ed25519, [7; 32]).expect("a name")
}

pub fn log_verifier() -> VerifierKey {
    log_key().verifier().clone()
}

/// As many hundredths as its number, and a crown, from account 1 to account 2.
pub async fn pay(server: &Server, id: u64) {
    let body = format!(
        r#"{{"id":{id},"debit_account_id":1,"credit_account_id":2,"amount":{},"ledger":1,"code":1}}"#,
        100 + id
    );
    let paid = server.post("/v1/transfers", &body).await;
    assert_eq!(paid.status, 201, "{}", paid.text());
}

/// Sets up two accounts of a ledger in crowns: 1 may be overdrawn, 2 may not.
pub async fn crowns(server: &Server) {
    let ledger = server
        .post("/v1/ledgers", r#"{"ledger":1,"code":"CZK","exponent":2}"#)
        .await;
    assert_eq!(ledger.status, 201);
    let accounts = r#"[{"id":1,"ledger":1,"code":10,"flags":["history"]},
        {"id":2,"ledger":1,"code":20,"flags":["debits_must_not_exceed_credits"]}]"#;
    let made = server.post("/v1/accounts", accounts).await;
    assert_eq!(made.status, 200, "{}", made.text());
}
