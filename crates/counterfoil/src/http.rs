//! A small HTTP/1.1 client over one TCP connection: what the bulk layouts need and no more.
//!
//! The commands and the bench share it, so that what the bench measures is what a command does.

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Bytes of a response head at most.
const HEAD_BYTES: usize = 16 * 1024;

/// Bytes of a response body at most: a full page of transfers is 1 MiB, JSON is wider.
const BODY_BYTES: usize = 64 * 1024 * 1024;

/// An answer that does not come within this is an error, not a wait.
const PATIENCE: Duration = Duration::from_mins(2);

/// Media type of the bulk layouts.
pub const BULK: &str = "application/octet-stream";

/// Media type of everything else.
pub const JSON: &str = "application/json";

/// Where a server is and who asks.
#[derive(Clone, Debug)]
pub struct Endpoint {
    authority: String,
    address: SocketAddr,
    token: Option<String>,
}

impl Endpoint {
    /// From `http://host:port`, which must resolve.
    pub fn new(url: &str, token: Option<String>) -> Result<Self, String> {
        let Some(rest) = url.strip_prefix("http://") else {
            return Err(format!("{url}: an address starts with http://"));
        };
        let authority = rest.trim_end_matches('/');
        if authority.is_empty() || !authority.bytes().all(is_authority_byte) {
            return Err(format!("{url}: an address is http://HOST:PORT"));
        }
        let resolved = if authority.parse::<SocketAddr>().is_ok() || has_port(authority) {
            authority.to_socket_addrs()
        } else {
            (authority, 80).to_socket_addrs()
        };
        let address = resolved
            .map_err(|error| format!("{url}: {error}"))?
            .next()
            .ok_or_else(|| format!("{url}: no address found"))?;
        if let Some(token) = &token
            && !token.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err("a token has no blanks and no line breaks".into());
        }
        Ok(Self {
            authority: authority.to_owned(),
            address,
            token,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// The head of a request whose body has `body_bytes` bytes.
    pub fn head(&self, method: &str, path: &str, media: &str, body_bytes: usize) -> Vec<u8> {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {media}\r\nAccept: {media}\r\n\
             Content-Length: {body_bytes}\r\n",
            self.authority
        );
        if let Some(token) = &self.token {
            head.push_str("Authorization: Bearer ");
            head.push_str(token);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

fn is_authority_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte)
}

fn has_port(authority: &str) -> bool {
    let host_end = authority.rfind(']').unwrap_or(0);
    authority[host_end..].contains(':')
}

/// What the head of a response says about what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// Bytes of the head, the empty line included.
    pub bytes: usize,
    /// Bytes of the body.
    pub body: usize,
}

/// Reads a response head; `None` while it is not all there.
pub fn parse_head(bytes: &[u8]) -> Result<Option<Head>, String> {
    let window = &bytes[..bytes.len().min(HEAD_BYTES)];
    let Some(end) = window.windows(4).position(|four| four == b"\r\n\r\n") else {
        if bytes.len() >= HEAD_BYTES {
            return Err("the response head is too long".into());
        }
        return Ok(None);
    };
    let text = std::str::from_utf8(&window[..end]).map_err(|_| "the response head is not text")?;
    let mut lines = text.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 "))
        .and_then(|line| line.get(..3))
        .and_then(|code| code.parse().ok())
        .ok_or("the answer is not HTTP/1.1")?;
    let mut body = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            body = value.trim().parse::<usize>().ok();
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err("the response comes in chunks of unknown length".into());
        }
    }
    let body = match body {
        Some(body) if body <= BODY_BYTES => body,
        Some(_) => return Err("the response is too long".into()),
        None if status == 204 => 0,
        None => return Err("the response does not say its length".into()),
    };
    Ok(Some(Head {
        status,
        bytes: end + 4,
        body,
    }))
}

fn connect(endpoint: &Endpoint) -> Result<TcpStream, String> {
    let failed = |error| format!("{}: {error}", endpoint.url());
    let stream = TcpStream::connect_timeout(&endpoint.address(), Duration::from_secs(10));
    let stream = stream.map_err(failed)?;
    // A small request waits for nothing to join it.
    stream.set_nodelay(true).map_err(failed)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(failed)?;
    Ok(stream)
}

/// One kept-alive connection, one request at a time.
pub struct Connection {
    endpoint: Endpoint,
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub fn open(endpoint: &Endpoint) -> Result<Self, String> {
        Ok(Self {
            endpoint: endpoint.clone(),
            stream: connect(endpoint)?,
            received: Vec::new(),
        })
    }

    /// Connects again where the server has closed a connection that was idle for long: nothing
    /// of the next request has been sent then.
    fn wake(&mut self) -> Result<(), String> {
        let failed = |error| format!("{}: {error}", self.endpoint.url());
        self.stream.set_nonblocking(true).map_err(failed)?;
        let open =
            matches!(self.stream.peek(&mut [0]), Err(e) if e.kind() == ErrorKind::WouldBlock);
        self.stream.set_nonblocking(false).map_err(failed)?;
        if !open {
            self.stream = connect(&self.endpoint)?;
        }
        Ok(())
    }

    /// Sends a request and waits for the answer: its status and its body, which is valid until
    /// the next request.
    pub fn exchange(&mut self, head: &[u8], body: &[u8]) -> Result<(u16, &[u8]), String> {
        self.wake()?;
        self.send(head, body)?;
        self.received.clear();
        let mut known = None;
        loop {
            if known.is_none() {
                known = parse_head(&self.received)?;
            }
            if let Some(head) = known
                && self.received.len() >= head.bytes + head.body
            {
                if self.received.len() > head.bytes + head.body {
                    return Err("the server sent more than it announced".into());
                }
                return Ok((head.status, &self.received[head.bytes..]));
            }
            let wanted = known.map_or(4096, |head| head.bytes + head.body - self.received.len());
            self.read_some(wanted)?;
        }
    }

    /// Head and body leave in one call: a packet of a head alone would wake the server twice.
    fn send(&mut self, head: &[u8], body: &[u8]) -> Result<(), String> {
        let mut slices = [IoSlice::new(head), IoSlice::new(body)];
        let mut rest = &mut slices[..];
        // Leaves out what is empty, so that nothing written means a closed connection.
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            match self.stream.write_vectored(rest) {
                Ok(0) => return Err("the server closed the connection".into()),
                Ok(written) => IoSlice::advance_slices(&mut rest, written),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(explain(error)),
            }
        }
        Ok(())
    }

    fn read_some(&mut self, wanted: usize) -> Result<(), String> {
        let start = self.received.len();
        self.received.resize(start + wanted.min(1 << 20), 0);
        let read = loop {
            match self.stream.read(&mut self.received[start..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other.map_err(explain),
            }
        };
        self.received
            .truncate(start + read.as_ref().map_or(0, |&read| read));
        match read? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives values")]
fn explain(error: std::io::Error) -> String {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => "the server does not answer".into(),
        _ => format!("the connection broke: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Head, parse_head};

    #[test]
    fn heads() {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\nx: y\r\n\r\nrest";
        let parsed = Head {
            status: 200,
            bytes: head.len() - 4,
            body: 12,
        };
        assert_eq!(parse_head(head), Ok(Some(parsed)));
        for cut in 0..head.len() - 4 {
            assert_eq!(parse_head(&head[..cut]), Ok(None), "at {cut}");
        }
    }

    #[test]
    fn heads_that_are_refused() {
        for head in [
            "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "SSH-2.0\r\n\r\n",
        ] {
            assert!(parse_head(head.as_bytes()).is_err(), "{head:?}");
        }
        assert!(parse_head(&vec![b'x'; 20_000]).is_err());
    }

    #[test]
    fn addresses() {
        for (url, address) in [
            ("http://127.0.0.1:7411", "127.0.0.1:7411"),
            ("http://127.0.0.1", "127.0.0.1:80"),
            ("http://[::1]:9/", "[::1]:9"),
        ] {
            let endpoint = Endpoint::new(url, None).expect("it is one");
            assert_eq!(endpoint.address().to_string(), address);
        }
        for url in [
            "127.0.0.1:7411",
            "https://a",
            "http://",
            "http://a/b",
            "http://a\r\nb",
        ] {
            assert!(Endpoint::new(url, None).is_err(), "{url:?}");
        }
        assert!(Endpoint::new("http://127.0.0.1", Some("a\r\nb".into())).is_err());
    }
}
