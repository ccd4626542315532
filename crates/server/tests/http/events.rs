//! The events of the books over HTTP: pages, streams that go on, and what is refused.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use crate::client::{Client, Reply, Server, crowns, pay};

/// Events of a stream as they come in, and the connection that brings them.
struct Stream {
    client: Client,
    text: String,
}

impl Stream {
    /// Opens a stream; `headers` as they are sent.
    async fn open(server: &Server, path: &str, headers: &str) -> Self {
        let mut client = server.connect().await;
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n{headers}\r\n"
        );
        client.write(head.as_bytes()).await;
        let reply = client.head().await;
        assert_eq!(reply.status, 200, "{}", reply.head);
        assert_eq!(reply.header("content-type"), Some("text/event-stream"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let text = String::new();
        Self { client, text }
    }

    /// The next event: its id and what it says.
    async fn next(&mut self) -> (u64, Value) {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let mut lines = block.lines();
                    lines
                        .find_map(|line| line.strip_prefix(name))
                        .map(str::to_owned)
                };
                let (id, data) = (field("id: "), field("data: "));
                self.text = String::from(rest);
                if let (Some(id), Some(data)) = (id, data) {
                    let id = id.parse().expect("a position");
                    return (id, serde_json::from_str(&data).expect("JSON"));
                }
            }
            let chunk = timeout(Duration::from_secs(5), self.client.chunk()).await;
            let chunk = chunk.expect("in time").expect("the stream goes on");
            self.text
                .push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    async fn take(&mut self, count: usize) -> Vec<u64> {
        let mut ids = Vec::new();
        while ids.len() < count {
            ids.push(self.next().await.0);
        }
        ids
    }

    /// Waits for the end, which has to be a clean one.
    async fn ends(mut self) {
        let end = async { while self.client.chunk().await.is_some() {} };
        timeout(Duration::from_secs(5), end).await.expect("in time");
    }
}

fn kinds(page: &Value) -> Vec<&str> {
    let events = page["events"].as_array().expect("events");
    let kinds = events.iter().map(|event| event["kind"].as_str());
    kinds.map(|kind| kind.expect("a kind")).collect()
}

async fn page(server: &Server, query: &str) -> Value {
    let reply: Reply = server.get(&format!("/v1/events{query}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended() {
    let server = Server::open().await;
    crowns(&server).await;
    for id in 1..=5 {
        pay(&server, id).await;
    }
    let all = page(&server, "").await;
    let created = ["account.created"; 2]
        .into_iter()
        .chain(["transfer.created"; 5]);
    let expected: Vec<&str> = ["ledger.declared"].into_iter().chain(created).collect();
    assert_eq!(kinds(&all), expected);
    assert_eq!(all["next"], "8");
    let transfer = &all["events"][7];
    assert_eq!(transfer["position"], "7");
    assert_eq!(transfer["record"]["id"], "5");
    assert_eq!(transfer["record"]["amount"], "1.05");
    let (mut events, mut next) = (Vec::new(), "0".to_owned());
    for _ in 0..4 {
        let some = page(&server, &format!("?from={next}&limit=3")).await;
        events.extend(some["events"].as_array().expect("events").clone());
        next = some["next"].as_str().expect("a position").to_owned();
    }
    assert_eq!(Value::from(events), all["events"]);
    assert_eq!(next, "8");
    let none = page(&server, "?from=end").await;
    assert_eq!((kinds(&none), &none["next"]), (Vec::new(), &"8".into()));
}

const COMMANDS: &str = r#"[
    {"id":"11","act":"chart_line_set","code":10,"class":"asset","role":"own","name":"Own money"},
    {"id":"12","act":"chart_line_set","code":20,"class":"liability","role":"wallet","name":"Wallets"},
    {"id":"13","act":"party_open","party":"7","kind":"customer","tier":3},
    {"id":"14","act":"party_open","party":"8","kind":"customer","tier":3},
    {"id":"15","act":"journal_post","ledger":1,"amount":"2.50",
     "debit_code":10,"credit_code":20,"credit_party":"7"}]"#;

#[tokio::test]
async fn filters() {
    let server = Server::open().await;
    crowns(&server).await;
    pay(&server, 1).await;
    let done = server.post("/v1/commands", COMMANDS).await;
    let refused = done.text().contains("status_code");
    assert!(done.status == 200 && !refused, "{}", done.text());
    let of = page(&server, "?party=7").await;
    let about = ["party.party_open", "account.created", "transfer.created"];
    assert_eq!(kinds(&of), about);
    assert_eq!(of["events"][2]["parties"], serde_json::json!(["7"]));
    assert_eq!(of["events"][0]["record"]["object"], "party");
    let deeds = page(&server, "?kind=deed.*&limit=2").await;
    assert_eq!(kinds(&deeds), ["deed.chart_line_set"; 2]);
    assert_eq!(deeds["events"][0]["record"]["id"], "11");
    let two = page(&server, "?kind=ledger.declared&kind=party.%2A").await;
    let expected = ["ledger.declared", "party.party_open", "party.party_open"];
    assert_eq!(kinds(&two), expected);
    assert_eq!(kinds(&page(&server, "?order=7").await), [""; 0]);
    assert_eq!(kinds(&page(&server, "?party=9").await), [""; 0]);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let server = Server::open().await;
    for query in [
        "from=x",
        "from=1",
        "limit=0",
        "kind=order.paid",
        "party=0",
        "page=1",
    ] {
        let reply = server.get(&format!("/v1/events?{query}")).await;
        let problem = reply.refused(422, "problem:invalid");
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|says| says.len() > 20)
        );
    }
    let stream = "Accept: text/event-stream\r\n";
    for (path, headers) in [
        ("/v1/events?limit=5", ""),
        ("/v1/events?from=1", ""),
        ("/v1/events", "Last-Event-ID: x\r\n"),
        ("/v1/events", "Last-Event-ID: 0\r\n"),
        ("/v1/events", "Last-Event-ID: 18446744073709551615\r\n"),
    ] {
        let headers = format!("{stream}{headers}");
        let reply = server.send("GET", path, &headers, b"").await;
        reply.refused(422, "problem:invalid");
    }
    let reply = server
        .send("GET", "/v1/events", "Accept: text/html\r\n", b"")
        .await;
    reply.refused(406, "problem:not_acceptable");
}

#[tokio::test]
async fn a_stream_goes_on_without_gap_or_double_across_reconnects_and_restarts() {
    let server = Server::signing(None).await;
    crowns(&server).await;
    let mut stream = Stream::open(&server, "/v1/events", "").await;
    let mut told = stream.take(3).await;
    pay(&server, 1).await;
    let (id, event) = stream.next().await;
    assert_eq!((id, &event["kind"]), (3, &"transfer.created".into()));
    told.push(id);
    // It breaks off, and more happens meanwhile.
    drop(stream);
    for id in 2..=40 {
        pay(&server, id).await;
    }
    let mut stream = Stream::open(&server, "/v1/events?from=0", "Last-Event-ID: 3\r\n").await;
    told.extend(stream.take(20).await);
    let last = *told.last().expect("some");
    let (ended, books, directory) = server.stop();
    stream.ends().await;
    ended.await.expect("it ran").expect("it ended well");
    books.close().await.expect("they close");
    drop(books);
    let server = Server::again(directory, None).await;
    pay(&server, 41).await;
    let headers = format!("Last-Event-ID: {last}\r\n");
    let mut stream = Stream::open(&server, "/v1/events", &headers).await;
    told.extend(stream.take(44 - told.len()).await);
    assert_eq!(told, (0..44).collect::<Vec<_>>());
    let metrics = server.get("/metrics").await;
    assert!(metrics.text().contains("counterfoil_event_streams 1\n"));
}

#[tokio::test]
async fn a_stream_is_filtered_and_begins_at_the_end_where_asked() {
    let server = Server::open().await;
    crowns(&server).await;
    let path = "/v1/events?from=end&kind=transfer.*";
    let mut stream = Stream::open(&server, path, "").await;
    let account = r#"{"id":3,"ledger":1,"code":10}"#;
    assert_eq!(server.post("/v1/accounts", account).await.status, 201);
    pay(&server, 1).await;
    assert_eq!(stream.next().await.0, 4);
}

/// A reader that takes nothing holds up neither payments nor other readers, nor the end.
#[tokio::test]
async fn a_slow_reader_holds_nobody_up() {
    let server = Server::open().await;
    crowns(&server).await;
    let slow = Stream::open(&server, "/v1/events", "").await;
    let mut quick = Stream::open(&server, "/v1/events", "").await;
    let one = |id: u64| {
        format!(
            r#"{{"id":{id},"debit_account_id":1,"credit_account_id":2,"amount":1,"ledger":1,"code":1}}"#
        )
    };
    // More than sockets hold.
    for batch in 0..4 {
        let many: Vec<String> = (1..=8_000).map(|id| one(batch * 8_000 + id)).collect();
        let made = server
            .post("/v1/transfers", &format!("[{}]", many.join(",")))
            .await;
        assert_eq!(made.status, 200);
    }
    let all = timeout(Duration::from_secs(20), quick.take(32_003)).await;
    let all = all.expect("in time");
    assert!(all.is_sorted() && all.len() == 32_003);
    drop(slow);
}

#[tokio::test]
async fn streams_are_bounded() {
    let server = Server::open().await;
    let mut streams = Vec::new();
    for _ in 0..server::limits::STREAMS {
        streams.push(Stream::open(&server, "/v1/events", "").await);
    }
    let headers = "Accept: text/event-stream\r\n";
    let more = server.send("GET", "/v1/events", headers, b"").await;
    more.refused(429, "problem:too_many_streams");
    streams.pop();
    for _ in 0..100 {
        let reply = server.get("/metrics").await;
        if reply.text().contains("counterfoil_event_streams 255\n") {
            Stream::open(&server, "/v1/events", "").await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("who has gone keeps the room");
}
