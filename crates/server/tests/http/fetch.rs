//! The client, against a socket that answers exactly what a test says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use server::fetch::{FetchError, Fetcher, Posted};

/// Answers one request with `answer`.
fn answering(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its number");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut head = [0; 4096];
        let read = stream.read(&mut head).expect("a request");
        assert!(read > 0);
        stream.write_all(&answer).expect("it goes out");
    });
    address
}

fn get(answer: &str, most: usize) -> Result<Option<Vec<u8>>, FetchError> {
    Fetcher::new().get(&format!("http://{}/x", answering(answer)), most)
}

#[test]
fn answers_are_bounded_and_whole() {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    assert_eq!(get(ok, 5), Ok(Some(b"hello".to_vec())));
    assert_eq!(get(ok, 4), Err(FetchError::TooLarge { most: 4 }));
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    assert_eq!(get(chunked, 4), Err(FetchError::TooLarge { most: 4 }));
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello";
    assert!(
        matches!(get(cut, 100), Err(FetchError::Broken(_))),
        "{:?}",
        get(cut, 100)
    );
    let missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(get(missing, 5), Ok(None));
    let failed = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(get(failed, 5), Err(FetchError::Status(500)));
}

#[test]
fn redirects_are_not_followed() {
    for to in ["https://example.org/", "/elsewhere", "file:///etc/passwd"] {
        let moved = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(get(&moved, 5), Err(FetchError::Status(302)));
    }
}

#[test]
fn other_urls_go_nowhere() {
    let fetcher = Fetcher::new();
    for url in [
        "",
        "ftp://example.org/",
        "file:///etc/passwd",
        "example.org",
        "http://",
        "http://a b/",
    ] {
        let refused = fetcher.get(url, 5).expect_err("it is no URL");
        assert!(matches!(refused, FetchError::Url(_)), "{url}: {refused:?}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its number");
    drop(listener);
    let refused = fetcher
        .get(&format!("http://{address}/"), 5)
        .expect_err("nobody is there");
    assert!(matches!(refused, FetchError::Unreachable(_)), "{refused:?}");
    // TLS is not spoken there.
    let plain = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let refused = fetcher
        .get(&format!("https://{plain}/"), 5)
        .expect_err("it is not TLS");
    assert!(matches!(refused, FetchError::Unreachable(_)), "{refused:?}");
}

#[test]
fn posts_tell_all_answers() {
    let stale = "HTTP/1.1 409 Conflict\r\nContent-Type: text/x.tlog.size; x=y\r\nContent-Length: 2\r\n\r\n7\n";
    let answer = Fetcher::new().post(&format!("http://{}/", answering(stale)), b"old 0\n", 9);
    let posted = Posted {
        status: 409,
        media: "text/x.tlog.size".to_owned(),
        body: b"7\n".to_vec(),
    };
    assert_eq!(answer, Ok(posted));
}
