//! One try: a POST, and what its answer means.

use core::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ureq::http::{Response, header};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, Error};

use crate::address::{Guard, Refused};
use crate::limits::{ANSWER_BYTES, ANSWER_WAIT, CONNECT_WAIT};
use crate::options::Options;

/// Why a try failed. Nothing of the URL or the answer is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The answer is not 2xx; after how long it may be tried again, if it says so.
    Status(u16, Option<Duration>),
    /// No answer in time.
    Timeout,
    /// Nobody answers, or not over TLS as it should be.
    Unreachable,
    /// The name leads to an address that nothing is delivered to.
    Refused(IpAddr),
    /// The answer is no HTTP.
    Broken,
    /// The event's body is longer than any that is sent.
    TooLarge,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status @ 300..=399, _) => {
                write!(f, "the answer is {status}; redirects are not followed")
            }
            Self::Status(status, _) => write!(f, "the answer is {status}"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::Unreachable => f.write_str("nobody answers"),
            Self::Refused(address) => {
                write!(
                    f,
                    "the name leads to {address}, where nothing is delivered to"
                )
            }
            Self::Broken => f.write_str("the answer is no HTTP"),
            Self::TooLarge => f.write_str("the body is too long to be sent"),
        }
    }
}

/// What is sent.
pub(crate) struct Message<'a> {
    pub id: &'a str,
    /// In seconds since 1970.
    pub timestamp: u64,
    pub signature: &'a str,
    pub body: &'a [u8],
}

/// The HTTP client of all subscriptions. A proxy of the environment is not used: it would look
/// names up where [`Guard`] does not see it.
pub(crate) struct Sender(Agent);

impl Sender {
    pub fn new(options: &Options) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(options.timeout))
            .timeout_resolve(Some(options.timeout.min(CONNECT_WAIT)))
            .timeout_connect(Some(options.timeout.min(CONNECT_WAIT)))
            .timeout_recv_body(Some(ANSWER_WAIT))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("counterfoil/", env!("CARGO_PKG_VERSION")))
            .build();
        let guard = Guard::new(options.reach);
        Self(Agent::with_parts(
            config,
            DefaultConnector::default(),
            guard,
        ))
    }

    pub fn post(&self, url: &str, message: &Message<'_>) -> Result<(), Failure> {
        let request = self
            .0
            .post(url)
            .content_type("application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.timestamp.to_string())
            .header("webhook-signature", message.signature);
        let response = request
            .send(message.body)
            .map_err(|error| failure(&error))?;
        let status = response.status().as_u16();
        let wait = retry_after(&response);
        drain(response);
        match status {
            200..=299 => Ok(()),
            other => Err(Failure::Status(other, wait)),
        }
    }

    /// Ends all requests, and every later one.
    pub fn close(&self) {
        self.0.clone().shutdown();
    }
}

/// Seconds only: a date is the receiver's clock against ours.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.parse().ok().map(Duration::from_secs)
}

/// A short answer that is read to its end leaves the connection for the next event. The status has
/// told all, so what goes wrong here does not matter.
fn drain(mut response: Response<Body>) {
    let body = response.body_mut().with_config().limit(ANSWER_BYTES);
    if body.read_to_vec().is_err() {
        tracing::trace!("an answer was not read to its end");
    }
}

fn failure(error: &Error) -> Failure {
    match error {
        Error::Timeout(_) => Failure::Timeout,
        Error::Io(error) => {
            let inner = error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<Refused>());
            inner.map_or(Failure::Unreachable, |refused| Failure::Refused(refused.0))
        }
        Error::Protocol(_) | Error::LargeResponseHeader(..) | Error::BodyStalled => Failure::Broken,
        _ => Failure::Unreachable,
    }
}
