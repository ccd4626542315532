use crate::client::Server;
use server::problem::Kind;

#[tokio::test]
async fn routes_and_methods() {
    let server = Server::open().await;
    server
        .get("/v1/nothing")
        .await
        .refused(404, "route_not_found");
    server
        .get("/v1/accounts/")
        .await
        .refused(404, "route_not_found");
    let wrong = server.get("/v1/transfers").await;
    let problem = wrong.refused(405, "method_not_allowed");
    assert_eq!(problem["detail"], "The route takes POST.");
    assert_eq!(wrong.header("allow"), Some("POST"));
    let wrong = server.get("/v1/accounts/lookup").await;
    let problem = wrong.refused(405, "method_not_allowed");
    assert_eq!(problem["detail"], "The route takes POST.");
    let both = server.send("PUT", "/v1/ledgers", "", b"").await;
    let problem = both.refused(405, "method_not_allowed");
    assert_eq!(problem["detail"], "The route takes GET and POST.");
    server
        .send("OPTIONS", "/v1/ledgers", "", b"")
        .await
        .refused(405, "method_not_allowed");
    server
        .send("DELETE", "/v1/accounts/1", "", b"")
        .await
        .refused(405, "method_not_allowed");
    server
        .get("/v1/accounts/one")
        .await
        .refused(400, "invalid_id");
    server
        .get("/v1/accounts/-1")
        .await
        .refused(400, "invalid_id");
    server.get("/v1/accounts/7").await.refused(404, "not_found");
}

#[tokio::test]
async fn forms() {
    let server = Server::open().await;
    let send = async |headers: &str| server.send("POST", "/v1/transfers", headers, b"[]").await;
    send("").await.refused(415, "unsupported_media_type");
    send("Content-Type: text/plain\r\n")
        .await
        .refused(415, "unsupported_media_type");
    let headers = "Content-Type: application/json\r\nAccept: application/octet-stream\r\n";
    send(headers).await.refused(406, "not_acceptable");
    assert_eq!(
        send("Content-Type: application/json\r\nAccept: */*\r\n")
            .await
            .status,
        200
    );
    let bulk = server.bulk("/v1/ledgers", b"").await;
    bulk.refused(415, "unsupported_media_type");
    let page = server
        .send("GET", "/v1/accounts/1", "Accept: text/html\r\n", b"")
        .await;
    page.refused(406, "not_acceptable");
}

#[tokio::test]
async fn malformed_json_is_placed() {
    let server = Server::open().await;
    let problem = server
        .post("/v1/transfers", "[{\"id\":1,}]")
        .await
        .refused(400, "malformed_json");
    assert_eq!(problem["offset"], 10);
    let problem = server
        .post("/v1/accounts", "{\"id\":1,\"ledger\":1,\"code\":1,\"x\":1}")
        .await;
    let problem = problem.refused(400, "malformed_json");
    assert!(
        problem["detail"]
            .as_str()
            .expect("text")
            .starts_with("unknown field `x`, expected")
    );
    server
        .post("/v1/transfers", "")
        .await
        .refused(400, "malformed_json");
    server
        .post("/v1/transfers/query", "[]")
        .await
        .refused(400, "malformed_json");
    let many = format!("[{}1]", "1,".repeat(8_189));
    server
        .post("/v1/accounts/lookup", &many)
        .await
        .refused(413, "too_many_events");
    let large = " ".repeat((8 << 20) + 1);
    server
        .post("/v1/transfers", &large)
        .await
        .refused(413, "body_too_large");
}

/// A page of another site reaches the socket through the browser of this machine.
#[tokio::test]
async fn browsers_without_tokens() {
    let server = Server::open().await;
    let mut client = server.connect().await;
    for (host, more) in [
        ("example.org", ""),
        ("localhost.example.org:7411", ""),
        ("localhost", "Origin: http://example.org\r\n"),
        ("localhost", "Origin: null\r\n"),
        ("localhost", "Origin: http://localhost\r\n"),
    ] {
        let head = format!("GET /health HTTP/1.1\r\nHost: {host}\r\n{more}\r\n");
        client.write(head.as_bytes()).await;
        client.reply().await.refused(403, "foreign_origin");
    }
    client
        .write(b"GET http://example.org/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    client.reply().await.refused(403, "foreign_origin");
    client
        .write(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1:7411\r\n\r\n")
        .await;
    assert_eq!(client.reply().await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_announced_and_refused_is_not_awaited() {
    let server = Server::open().await;
    let mut client = server.connect().await;
    let head = "POST /v1/nothing HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
        Content-Length: 1000000\r\n\r\n";
    client.write(head.as_bytes()).await;
    client.reply().await.refused(404, "route_not_found");
}

#[test]
fn each_kind_is_documented() {
    let text = include_str!("../../../../docs/api.md");
    for kind in Kind::ALL {
        let (status, name, _) = kind.facts();
        assert!(
            text.contains(&format!("| {status} | `{name}` |")),
            "{status} {name}"
        );
    }
}
