use std::net::SocketAddr;
use std::time::Duration;

use engine::{Books, Init, Options as BooksOptions};
use server::{Auth, Clock, Options, ServeError, serve};
use tokio::net::{TcpListener, TcpStream};

use crate::client::{Server, crowns, webhooks};

#[tokio::test]
async fn the_service_tells_about_itself() {
    let server = Server::open().await;
    let page = server.get("/").await;
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page.text().contains("/openapi.json"));
    let asked = page.text().contains("url=http://localhost\n");
    assert!(asked, "the examples name the host that was asked");
    assert_eq!(server.get("/openapi.json").await.json()["openapi"], "3.1.0");
    assert_eq!(server.get("/health").await.json()["status"], "alive");
    assert_eq!(server.get("/ready").await.json()["status"], "ready");
    let mut client = server.connect().await;
    client
        .write(b"HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    let head = client.head().await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("18"))
    );
}

#[tokio::test]
async fn metrics() {
    let server = Server::open().await;
    crowns(&server).await;
    server.get("/v1/nothing").await;
    server.post("/v1/transfers", r#"{"id":1,"amount":1}"#).await;
    let text = server.get("/metrics").await;
    let text = text.text();
    for line in [
        "counterfoil_http_requests_total{route=\"/v1/accounts\",method=\"POST\",class=\"2xx\"} 1",
        "counterfoil_http_requests_total{route=\"/v1/transfers\",method=\"POST\",class=\"4xx\"} 1",
        "counterfoil_http_requests_total{route=\"none\",method=\"any\",class=\"4xx\"} 1",
        "counterfoil_http_request_seconds_count{route=\"/v1/accounts\",method=\"POST\"} 1",
        "counterfoil_events_total{noun=\"account\",outcome=\"created\"} 2",
        "counterfoil_events_total{noun=\"transfer\",outcome=\"refused\"} 1",
        "counterfoil_accounts 2",
        "counterfoil_records_total 3",
        "# EOF",
    ] {
        assert!(
            text.contains(&format!("{line}\n")),
            "{line} is not in:\n{text}"
        );
    }
    assert!(text.contains("counterfoil_resident_memory_bytes "));
}

#[tokio::test]
async fn the_clock_is_set_only_where_it_is_manual() {
    let server = Server::start(|_| Auth::None, Clock::System).await;
    let body = r#"{"nanoseconds":"1"}"#;
    server
        .post("/v1/admin/clock", body)
        .await
        .refused(404, "route_not_found");
    assert!(
        server.get("/openapi.json").await.json()["paths"]
            .get("/v1/admin/clock")
            .is_none()
    );
}

#[tokio::test]
async fn a_request_that_has_begun_is_finished() {
    let server = Server::open().await;
    crowns(&server).await;
    let (address, mut client) = (server.address, server.connect().await);
    let body =
        r#"{"id":1,"debit_account_id":1,"credit_account_id":2,"amount":1,"ledger":1,"code":1}"#;
    let (half, rest) = body.split_at(20);
    let head = format!(
        "POST /v1/transfers HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\
         Content-Type: application/json\r\n\r\n{half}",
        body.len()
    );
    client.write(head.as_bytes()).await;
    // An idle connection does not hold up the end.
    let _idle = TcpStream::connect(address).await.expect("a connection");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (ended, books, _directory) = server.stop();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!ended.is_finished());
    assert!(
        TcpStream::connect(address).await.is_err(),
        "no more connections"
    );
    client.write(rest.as_bytes()).await;
    let reply = client.reply().await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let ended = tokio::time::timeout(Duration::from_secs(5), ended).await;
    ended
        .expect("in time")
        .expect("it ran")
        .expect("it ended well");
    books.close().await.expect("they close");
}

#[tokio::test]
async fn books_that_are_closed_are_not_ready() {
    let server = Server::open().await;
    assert_eq!(server.get("/ready").await.status, 200);
    server.books.close().await.expect("they close");
    server.get("/ready").await.refused(503, "stopped");
    server
        .post("/v1/accounts", r#"{"id":1,"ledger":1,"code":1}"#)
        .await
        .refused(503, "stopped");
    assert_eq!(server.get("/health").await.status, 200);
}

#[tokio::test]
async fn without_tokens_only_on_this_machine() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("books");
    engine::init(
        &data,
        &Init {
            segment_bytes: Some(1 << 24),
            secret: None,
        },
    )
    .expect("made");
    let vault = vault::Vault::open(&data.join(vault::DIR)).expect("a vault");
    let catalogue = catalogue::Catalogue::open(&data.join(catalogue::DIR)).expect("a catalogue");
    let books = Books::open(&BooksOptions {
        data: data.clone(),
        ..BooksOptions::default()
    })
    .expect("opened");
    let any: SocketAddr = "0.0.0.0:0".parse().expect("an address");
    let listener = TcpListener::bind(any).await.expect("a port");
    let options = Options {
        data: data.clone(),
        auth: Auth::None,
        clock: Clock::System,
        webhooks: webhooks(&data),
        vault: std::sync::Arc::new(vault),
        catalogue: std::sync::Arc::new(catalogue),
    };
    let refused = serve(options, books, listener, std::future::pending()).await;
    let refused = refused.expect_err("it is not of this machine");
    assert!(matches!(refused, ServeError::Unprotected(_)));
    assert!(refused.to_string().contains("serve with tokens"));
}
