//! A receiver on loopback: what it got, what it answered, and whether it was signed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use hooks::{Headers, Secret, verify};
use serde_json::Value;

/// One POST as it came, and the status that it got.
#[derive(Clone, Debug)]
pub struct Hook {
    pub path: String,
    pub id: String,
    timestamp: String,
    signature: String,
    body: Vec<u8>,
    pub status: u16,
}

impl Hook {
    pub fn event(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn position(&self) -> u64 {
        position(&self.event())
    }

    fn is_taken(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn is_signed_by(&self, secret: &str) -> bool {
        let secret = Secret::parse(secret).expect("a secret");
        let headers = Headers {
            id: &self.id,
            timestamp: &self.timestamp,
            signature: &self.signature,
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "a receiver holds the time of a webhook against its own clock"
        )]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.expect("later").as_nanos() as u64;
        verify(&secret, headers, &self.body, now, Duration::from_mins(1)).is_ok()
    }
}

/// Where an event stands, as it tells.
pub fn position(event: &Value) -> u64 {
    let text = event["position"].as_str().expect("a position");
    text.parse().expect("a number")
}

/// Says what is answered: to which path, at which position, and how often it has come before.
type Script = dyn Fn(&str, u64, usize) -> u16 + Send + Sync;

pub struct Receiver {
    address: String,
    hooks: Arc<Mutex<Vec<Hook>>>,
}

impl Receiver {
    pub fn open(script: impl Fn(&str, u64, usize) -> u16 + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its own").to_string();
        let hooks = Arc::<Mutex<Vec<Hook>>>::default();
        let (kept, script) = (Arc::clone(&hooks), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (kept, script) = (Arc::clone(&kept), Arc::clone(&script));
                // A killed server breaks its connections off.
                thread::spawn(move || serve(&stream.expect("a connection"), &kept, &*script));
            }
        });
        Self { address, hooks }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All that came to `path`, refused or not.
    pub fn got(&self, path: &str) -> Vec<Hook> {
        let hooks = self.hooks.lock().expect("no holder panics");
        hooks
            .iter()
            .filter(|hook| hook.path == path)
            .cloned()
            .collect()
    }

    /// How many events `path` took.
    pub fn count(&self, path: &str) -> usize {
        let hooks = self.hooks.lock().expect("no holder panics");
        let taken = hooks
            .iter()
            .filter(|hook| hook.path == path && hook.is_taken());
        taken.map(|hook| &hook.id).collect::<BTreeSet<_>>().len()
    }

    /// What `path` took, each event where it came first, whether it was signed with `secret` and
    /// always came as the same: what a receiver makes of deliveries that are at least once.
    pub fn taken(&self, path: &str, secret: &str) -> Vec<Value> {
        let (mut known, mut taken) = (BTreeMap::new(), BTreeSet::new());
        let mut events = Vec::new();
        for hook in self.got(path) {
            assert!(hook.is_signed_by(secret), "{hook:?}");
            let first = known.entry(hook.id.clone()).or_insert(hook.event());
            assert_eq!(*first, hook.event(), "one id, one event");
            if hook.is_taken() && taken.insert(hook.id.clone()) {
                events.push(hook.event());
            }
        }
        events
    }
}

fn serve(stream: &TcpStream, kept: &Mutex<Vec<Hook>>, script: &Script) -> io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            head.push(line.trim_end().to_owned());
        }
        let header = |name: &str| {
            let mut values = head.iter().filter_map(|line| line.split_once(": "));
            let value = values.find(|(known, _)| known.eq_ignore_ascii_case(name));
            value.map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        let mut body = vec![0; header("content-length").parse().expect("a length")];
        reader.read_exact(&mut body)?;
        let path = head[0].split(' ').nth(1).expect("a path").to_owned();
        let mut hook = Hook {
            path,
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
            body,
            status: 0,
        };
        {
            let mut kept = kept.lock().expect("no holder panics");
            let before = kept.iter().filter(|one| one.id == hook.id).count();
            hook.status = script(&hook.path, hook.position(), before);
            kept.push(hook.clone());
        }
        // In one piece: the end of an answer would wait for the acknowledgement of its beginning.
        let status = hook.status;
        let answer = format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n");
        writer.write_all(answer.as_bytes())?;
    }
}
