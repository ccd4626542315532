//! Events as webhooks: a receiver on loopback gets them signed and in order, whatever happens
//! between.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use hooks::{Headers, Secret, verify};
use serde_json::{Value, json};

use crate::client::{Server, crowns, pay};

/// What came to the receiver.
#[derive(Clone, Debug)]
struct Hook {
    id: String,
    timestamp: String,
    signature: String,
    body: Vec<u8>,
}

impl Hook {
    fn event(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    fn position(&self) -> u64 {
        let event = self.event();
        let text = event["position"].as_str().expect("a position");
        text.parse().expect("a number")
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

/// Answers what its script says to the first, the second and so on.
struct Receiver {
    url: String,
    hooks: Arc<Mutex<Vec<Hook>>>,
}

impl Receiver {
    fn open(script: impl Fn(usize) -> u16 + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hooks", listener.local_addr().expect("its own"));
        let hooks = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&hooks);
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A connection that breaks off is the end of that connection.
                let _ = serve(&stream.expect("a connection"), &kept, &script);
            }
        });
        Self { url, hooks }
    }

    fn hooks(&self) -> Vec<Hook> {
        self.hooks.lock().expect("no holder panics").clone()
    }

    fn positions(&self) -> Vec<u64> {
        self.hooks().iter().map(Hook::position).collect()
    }

    /// Waits until so many have come.
    async fn until(&self, count: usize) -> Vec<Hook> {
        for _ in 0..250 {
            if self.hooks().len() >= count {
                return self.hooks();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{} of {count} have come", self.hooks().len());
    }
}

fn serve(
    stream: &TcpStream,
    hooks: &Mutex<Vec<Hook>>,
    script: &dyn Fn(usize) -> u16,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
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
        let values = head.iter().filter_map(|line| line.split_once(": "));
        let mut values = values.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        values
            .next()
            .map(|(_, value)| value.to_owned())
            .unwrap_or_default()
    };
    let mut body = vec![0; header("content-length").parse().expect("a length")];
    reader.read_exact(&mut body)?;
    let hook = Hook {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body,
    };
    let count = {
        let mut hooks = hooks.lock().expect("no holder panics");
        hooks.push(hook);
        hooks.len() - 1
    };
    let status = script(count);
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
}

async fn subscribe(server: &Server, body: &Value) -> (String, String) {
    let made = server.post("/v1/webhooks", &body.to_string()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let text = |name: &str| made[name].as_str().expect("text").to_owned();
    assert_eq!(made["state"], "active");
    (text("id"), text("secret"))
}

/// Asks until the subscription stands as wanted.
async fn stands(server: &Server, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/v1/webhooks/{id}");
    let reply = server.until(&path, |reply| wanted(&reply.json())).await;
    reply.json()
}

#[tokio::test]
async fn events_come_signed_in_order_and_again_after_500() {
    // The third try is refused, and comes again.
    let receiver = Receiver::open(|count| if count == 2 { 500 } else { 200 });
    let server = Server::open().await;
    crowns(&server).await;
    let (id, secret) = subscribe(&server, &json!({ "url": receiver.url, "from": "0" })).await;
    for id in 1..=5 {
        pay(&server, id).await;
    }
    let hooks = receiver.until(9).await;
    assert_eq!(receiver.positions(), [0, 1, 2, 2, 3, 4, 5, 6, 7]);
    assert!(hooks.iter().all(|hook| hook.is_signed_by(&secret)));
    assert_eq!(hooks[2].id, hooks[3].id);
    assert_ne!(hooks[3].id, hooks[4].id);
    // The body is the event as the API tells it.
    let events = server.get("/v1/events?limit=1&from=7").await.json();
    assert_eq!(hooks[8].event(), events["events"][0]);
    let told = stands(&server, &id, |told| told["delivered"] == "8").await;
    assert_eq!((&told["next"], &told["dead"]), (&"8".into(), &0.into()));
    assert!(told.get("secret").is_none());
    let list = server.get("/v1/webhooks").await;
    assert!(!list.text().contains("whsec_") && list.text().contains(&id));
}

#[tokio::test]
async fn a_restart_goes_on_where_it_was() {
    let receiver = Receiver::open(|_| 200);
    let server = Server::signing(None).await;
    crowns(&server).await;
    let body = json!({ "url": receiver.url, "kinds": ["transfer.*"] });
    let (id, secret) = subscribe(&server, &body).await;
    pay(&server, 1).await;
    receiver.until(1).await;
    stands(&server, &id, |told| told["delivered"] == "1").await;
    let done = server.post(&format!("/v1/webhooks/{id}/pause"), "").await;
    assert_eq!(done.json()["state"], "paused");
    pay(&server, 2).await;
    let (ended, books, directory) = server.stop();
    ended.await.expect("it ran").expect("it ended well");
    books.close().await.expect("they close");
    drop(books);
    let server = Server::again(directory, None).await;
    pay(&server, 3).await;
    assert_eq!(receiver.positions(), [3], "it is paused still");
    let done = server.post(&format!("/v1/webhooks/{id}/resume"), "").await;
    assert_eq!(done.json()["state"], "active");
    let hooks = receiver.until(3).await;
    assert_eq!(receiver.positions(), [3, 4, 5]);
    assert!(hooks.iter().all(|hook| hook.is_signed_by(&secret)));
    let replay = server
        .post(&format!("/v1/webhooks/{id}/replay"), r#"{"from":"4"}"#)
        .await;
    assert_eq!(replay.status, 200, "{}", replay.text());
    let again = receiver.until(5).await;
    assert_eq!(receiver.positions(), [3, 4, 5, 4, 5]);
    assert_eq!((&again[3].id, &again[4].id), (&hooks[1].id, &hooks[2].id));
}

#[tokio::test]
async fn what_cannot_be_delivered_is_dead_and_tried_again_when_asked() {
    let receiver = Receiver::open(|count| if count < 4 { 503 } else { 200 });
    let server = Server::open().await;
    crowns(&server).await;
    let body = json!({ "url": receiver.url, "kinds": ["transfer.created"] });
    let (id, _) = subscribe(&server, &body).await;
    pay(&server, 1).await;
    // Four tries, as the schedule of the tests has it.
    stands(&server, &id, |told| told["dead"] == 1).await;
    let dead = server.get(&format!("/v1/webhooks/{id}/dead")).await.json();
    assert_eq!(
        (&dead["letters"][0]["position"], &dead["dropped"]),
        (&"3".into(), &"0".into())
    );
    assert_eq!(
        (&dead["letters"][0]["tries"], receiver.positions()),
        (&4.into(), vec![3; 4])
    );
    let again = server
        .post(&format!("/v1/webhooks/{id}/replay-dead"), "")
        .await;
    assert_eq!(again.json(), json!({ "letters": 1 }));
    receiver.until(5).await;
    stands(&server, &id, |told| told["dead"] == 0).await;
    assert_eq!(receiver.positions(), [3; 5]);
}

#[tokio::test]
async fn a_new_secret_signs_beside_the_old_one_for_a_while() {
    let receiver = Receiver::open(|_| 200);
    let server = Server::open().await;
    crowns(&server).await;
    let (id, old) = subscribe(&server, &json!({ "url": receiver.url })).await;
    let path = format!("/v1/webhooks/{id}/rotate");
    let rotated = server
        .post(&path, r#"{"overlap_seconds":3600}"#)
        .await
        .json();
    let new = rotated["secret"].as_str().expect("a secret");
    pay(&server, 1).await;
    let hooks = receiver.until(1).await;
    assert!(old != new && hooks[0].is_signed_by(&old) && hooks[0].is_signed_by(new));
    server.post(&path, r#"{"overlap_seconds":0}"#).await;
    pay(&server, 2).await;
    let hooks = receiver.until(2).await;
    assert!(!hooks[1].is_signed_by(&old) && !hooks[1].is_signed_by(new));
    server
        .post(&path, r#"{"overlap_seconds":9999999}"#)
        .await
        .refused(422, "problem:invalid");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let server = Server::open().await;
    for (body, pointer) in [
        (json!({ "url": "ftp://shop.example/" }), "/url"),
        (json!({ "url": "http://shop.example/" }), "/url"),
        (json!({ "url": "https://10.0.0.1/" }), "/url"),
        (json!({ "url": "https://169.254.169.254/" }), "/url"),
        (
            json!({ "url": "https://a.example", "kinds": ["party.*", "order.paid"] }),
            "/kinds/1",
        ),
        (json!({ "url": "https://a.example", "from": "1" }), "/from"),
        (
            json!({ "url": "https://a.example", "secret": "whsec_AAAA" }),
            "/secret",
        ),
    ] {
        let reply = server.post("/v1/webhooks", &body.to_string()).await;
        let problem = reply.refused(422, "problem:invalid");
        assert_eq!(problem["pointer"], pointer, "{body}");
        assert!(!reply.text().contains("whsec_AAAA"));
    }
    let unknown = json!({ "url": "https://a.example", "kind": "party.*" }).to_string();
    server
        .post("/v1/webhooks", &unknown)
        .await
        .refused(400, "problem:malformed_json");
    assert_eq!(server.get("/v1/webhooks").await.json(), json!([]));
    let none = "/v1/webhooks/0123456789abcdef";
    server.get(none).await.refused(404, "problem:not_found");
    server
        .get("/v1/webhooks/7")
        .await
        .refused(400, "problem:invalid_id");
    let receiver = Receiver::open(|_| 200);
    let (id, _) = subscribe(&server, &json!({ "url": receiver.url })).await;
    let replay = server
        .post(&format!("/v1/webhooks/{id}/replay"), r#"{"from":"9"}"#)
        .await;
    assert_eq!(replay.refused(422, "problem:invalid")["pointer"], "/from");
    let removed = server.post(&format!("/v1/webhooks/{id}/remove"), "").await;
    assert_eq!(removed.json(), json!({ "removed": id }));
    server
        .get(&format!("/v1/webhooks/{id}"))
        .await
        .refused(404, "problem:not_found");
}
