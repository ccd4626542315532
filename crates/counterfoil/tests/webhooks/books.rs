//! Books of a marketplace, the server that serves them, and a client of its own.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// The buyer, and two sellers.
pub const BUYER: &str = "11";
pub const SELLERS: [&str; 2] = ["21", "22"];

/// A directory of books with a chart, parties, and a full wallet.
pub struct Market {
    _parent: tempfile::TempDir,
    data: PathBuf,
}

impl Market {
    pub fn open() -> Self {
        let parent = tempfile::tempdir().expect("a directory");
        let data = parent.path().join("books");
        run(&["init"], &data);
        run(&["ledger", "declare", "978", "EUR", "2"], &data);
        run(&["chart", "load"], &data);
        let config = data.join("config.toml");
        let usual = fs::read_to_string(&config).expect("it is there");
        // Once more at once, and once more a little later.
        let quick = usual.replacen("[webhooks]", "[webhooks]\nretry_seconds = [0, 1]", 1);
        assert_ne!(quick, usual);
        fs::write(&config, quick).expect("written");
        Self {
            _parent: parent,
            data,
        }
    }

    pub fn serve(&self) -> Server {
        Server::start(&self.data)
    }
}

fn run(words: &[&str], data: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    let output = command.args(words).arg("--data").arg(data).output();
    let output = output.expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}");
}

pub struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_counterfoil"))
            .args(["serve", "--listen", "127.0.0.1:0", "--no-auth", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit_once("http://").expect("an address").1;
        Self {
            address: address.to_owned(),
            child,
        }
    }

    /// SIGKILL: it has no time for anything.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ended");
    }

    fn exchange(&self, head: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).expect("it serves");
        let length = body.len();
        let head = format!(
            "{head}Host: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        stream
            .write_all(&[head.as_bytes(), body].concat())
            .expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("answered");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let body = answer.split_off(end.expect("a head") + 4);
        let status = String::from_utf8_lossy(&answer[9..12]).parse();
        (status.expect("a status"), body)
    }

    pub fn get(&self, path: &str) -> Value {
        let (status, body) = self.exchange(&format!("GET {path} HTTP/1.1\r\n"), b"");
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("JSON")
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        let head = format!("POST {path} HTTP/1.1\r\nContent-Type: application/json\r\n");
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let (status, answer) = self.exchange(&head, text.as_bytes());
        let said = String::from_utf8_lossy(&answer);
        assert!((200..300).contains(&status), "{path}: {said}");
        serde_json::from_slice(&answer).expect("JSON")
    }

    /// Has commands carried out, every one of them.
    pub fn act(&self, commands: &Value) {
        let outcomes = self.post("/v1/commands", commands);
        for outcome in outcomes.as_array().expect("as many outcomes") {
            assert_eq!(outcome["status"], "created", "{outcome}");
        }
    }

    pub fn open_parties(&self) {
        self.act(&json!([
            {"id":"1","act":"party_open","party":BUYER,"kind":"customer"},
            {"id":"2","act":"party_open","party":SELLERS[0],"kind":"merchant","commission":50_000},
            {"id":"3","act":"party_open","party":SELLERS[1],"kind":"merchant","commission":50_000},
            {"id":"4","act":"top_up","party":BUYER,"ledger":978,"amount":"100000.00",
             "funding":"bank"},
        ]));
    }

    /// Places orders in bulk, and takes the results apart.
    pub fn bulk(&self, lines: &[u8]) -> Vec<u8> {
        let head = "POST /v1/orders HTTP/1.1\r\nContent-Type: application/octet-stream\r\n";
        let (status, results) = self.exchange(head, lines);
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&results));
        results
    }

    /// All events that a filter lets pass, page by page.
    pub fn events(&self, from: u64, filter: &str) -> Vec<Value> {
        let (mut events, mut next) = (Vec::new(), from.to_string());
        loop {
            let page = self.get(&format!("/v1/events?limit=50&from={next}{filter}"));
            let told = page["events"].as_array().expect("events");
            events.extend(told.iter().cloned());
            if page["next"] == next {
                return events;
            }
            let behind = page["next"].as_str().expect("a position");
            behind.clone_into(&mut next);
        }
    }

    /// The position of the next event.
    pub fn end(&self) -> u64 {
        let page = self.get("/v1/events?from=end");
        let text = page["next"].as_str().expect("a position");
        text.parse().expect("a number")
    }

    /// Subscribes `url` from now on: the name of the subscription, and its secret.
    pub fn subscribe(&self, url: &str, mut filter: Value) -> (String, String) {
        filter["url"] = url.into();
        let made = self.post("/v1/webhooks", &filter);
        let text = |name: &str| made[name].as_str().expect("text").to_owned();
        (text("id"), text("secret"))
    }

    /// Asks until the subscription stands as wanted.
    pub fn stands(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut stands = Value::Null;
        for _ in 0..500 {
            stands = self.get(&format!("/v1/webhooks/{id}"));
            if wanted(&stands) {
                return stands;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("waited 10 s in vain: {stands}");
    }

    /// `count` events of the stream behind the one at `last`.
    pub fn stream(&self, last: u64, filter: &str, count: usize) -> Vec<Value> {
        let mut stream = TcpStream::connect(&self.address).expect("it serves");
        let patience = Some(Duration::from_secs(10));
        stream.set_read_timeout(patience).expect("a socket");
        let head = format!(
            "GET /v1/events?{filter} HTTP/1.1\r\nHost: localhost\r\n\
             Accept: text/event-stream\r\nLast-Event-ID: {last}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("sent");
        let (mut events, mut id) = (Vec::new(), String::new());
        for line in BufReader::new(stream).lines() {
            let line = line.expect("more, in time");
            if let Some(text) = line.strip_prefix("id: ") {
                text.clone_into(&mut id);
            } else if let Some(text) = line.strip_prefix("data: ") {
                let event: Value = serde_json::from_str(text).expect("JSON");
                assert_eq!(event["position"], id.as_str());
                events.push(event);
            }
            if events.len() == count {
                break;
            }
        }
        events
    }
}

impl Drop for Server {
    /// A test that fails leaves no server behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
