//! The one HTTP client: of witnesses, and of whoever watches another log.
//!
//! It speaks `http` and `https`, follows no redirect (a log stands where its policy says), takes
//! no answer that is longer than it was told, and gives up after [`FETCH_WAIT`]. It blocks: in
//! async code it belongs on a thread of its own. A proxy is taken from the environment
//! (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).

use core::fmt;

use ureq::http::{Response, header};
use ureq::{Agent, Body, Error};

use crate::limits::{FETCH_CONNECT_WAIT, FETCH_WAIT};
use crate::problem::echo;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// The URL is none, or neither `http` nor `https`.
    Url(String),
    /// Nobody answers there, or not over TLS as it should be.
    Unreachable(String),
    /// The answer took longer than [`FETCH_WAIT`].
    Timeout,
    /// The answer has more bytes than are taken.
    TooLarge {
        /// How many are.
        most: usize,
    },
    /// The answer has a status that says nothing was found or done.
    Status(u16),
    /// The answer broke off, or is not HTTP.
    Broken(String),
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(f, "{url:?} is no http or https URL"),
            Self::Unreachable(why) => write!(f, "nobody answers: {why}"),
            Self::Timeout => write!(f, "no answer within {} s", FETCH_WAIT.as_secs()),
            Self::TooLarge { most } => write!(f, "the answer has more than {most} bytes"),
            Self::Status(status) => write!(f, "the answer is {status}"),
            Self::Broken(why) => write!(f, "the answer broke off: {why}"),
        }
    }
}

impl std::error::Error for FetchError {}

/// An answer to [`Fetcher::post`], whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type` without parameters; empty where there is none.
    pub media: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Asks others over HTTP. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Fetcher {
    agent: Agent,
}

impl Default for Fetcher {
    fn default() -> Self {
        Self::new()
    }
}

impl Fetcher {
    /// A client without connections.
    pub fn new() -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(FETCH_WAIT))
            .timeout_connect(Some(FETCH_CONNECT_WAIT))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("counterfoil/", env!("CARGO_PKG_VERSION")));
        Self {
            agent: config.build().new_agent(),
        }
    }

    /// What is at `url`, up to `most` bytes; `None` where there is nothing (404).
    pub fn get(&self, url: &str, most: usize) -> Result<Option<Vec<u8>>, FetchError> {
        let url = checked(url)?;
        let response = self.agent.get(url).call().map_err(|e| refused(url, &e))?;
        match response.status().as_u16() {
            200 => read(response, most).map(Some),
            404 => Ok(None),
            other => Err(FetchError::Status(other)),
        }
    }

    /// What `url` answers to `body`, up to `most` bytes.
    pub fn post(&self, url: &str, body: &[u8], most: usize) -> Result<Posted, FetchError> {
        let url = checked(url)?;
        let response = self
            .agent
            .post(url)
            .send(body)
            .map_err(|e| refused(url, &e))?;
        let status = response.status().as_u16();
        let media = response.headers().get(header::CONTENT_TYPE);
        let media = media
            .and_then(|media| media.to_str().ok())
            .unwrap_or_default();
        let media = media
            .split(';')
            .next()
            .unwrap_or_default()
            .trim_ascii()
            .to_owned();
        Ok(Posted {
            status,
            media,
            body: read(response, most)?,
        })
    }
}

/// Refuses what the client would not take for HTTP, before it goes anywhere.
fn checked(url: &str) -> Result<&str, FetchError> {
    let known = url.starts_with("http://") || url.starts_with("https://");
    known
        .then_some(url)
        .ok_or_else(|| FetchError::Url(echo(url)))
}

fn refused(url: &str, error: &Error) -> FetchError {
    match error {
        Error::BadUri(_) | Error::Http(_) => FetchError::Url(echo(url)),
        Error::Timeout(_) => FetchError::Timeout,
        Error::Protocol(_) | Error::LargeResponseHeader(..) | Error::BodyStalled => {
            FetchError::Broken(echo(&error.to_string()))
        }
        other => FetchError::Unreachable(echo(&other.to_string())),
    }
}

fn read(mut response: Response<Body>, most: usize) -> Result<Vec<u8>, FetchError> {
    let body = response.body_mut().with_config().limit(most as u64);
    body.read_to_vec().map_err(|error| match error {
        Error::BodyExceedsLimit(_) => FetchError::TooLarge { most },
        Error::Timeout(_) => FetchError::Timeout,
        other => FetchError::Broken(echo(&other.to_string())),
    })
}
