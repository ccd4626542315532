//! What is refused, and why.

use core::fmt;
use std::io;
use std::path::PathBuf;

use crate::limits::{KIND_BYTES, KINDS, PARTIES, SUBSCRIPTIONS, URL_BYTES};
use crate::secret::SecretError;
use crate::subscription::Id;

/// Why something was not done. Nothing has changed then.
#[derive(Debug)]
pub enum HookError {
    /// The disk failed.
    Io(PathBuf, io::Error),
    /// Another process delivers from this directory.
    Locked,
    /// A file is not what was written.
    Damaged(PathBuf, &'static str),
    /// There is no such subscription.
    Unknown(Id),
    /// There are as many subscriptions as there may be.
    Full,
    /// The URL is none to deliver to.
    Url(UrlRefusal),
    /// A kind is malformed.
    Kind(String),
    /// A subscription names too many kinds.
    Kinds,
    /// A subscription names too many parties.
    Parties,
    /// The secret is none.
    Secret(SecretError),
    /// A replay would begin behind what is delivered next, and so leave events out.
    Ahead {
        /// The position of what is delivered next.
        next: u64,
    },
    /// Events are being delivered already.
    Started,
    /// An option has a value that makes no sense.
    Options(&'static str),
    /// The system gave no randomness or no thread.
    System(io::Error),
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Locked => f.write_str("another process delivers the webhooks of these books"),
            Self::Damaged(path, what) => {
                write!(f, "{} is damaged: {what}", path.display())
            }
            Self::Unknown(id) => write!(f, "there is no subscription {id}"),
            Self::Full => write!(
                f,
                "there are {SUBSCRIPTIONS} subscriptions, and no more may be"
            ),
            Self::Url(why) => write!(f, "the URL is refused: {why}"),
            Self::Kind(kind) => write!(
                f,
                "{kind:?} is no kind: one is up to {KIND_BYTES} bytes of words of a-z, 0-9 and _ \
                 with dots between, such as order.paid, or order.* for all below order"
            ),
            Self::Kinds => write!(f, "a subscription names at most {KINDS} kinds"),
            Self::Parties => write!(f, "a subscription names at most {PARTIES} parties"),
            Self::Secret(error) => error.fmt(f),
            Self::Ahead { next } => write!(
                f,
                "a replay begins at or before position {next}, which is delivered next"
            ),
            Self::Started => f.write_str("events are being delivered already"),
            Self::Options(what) => f.write_str(what),
            Self::System(error) => write!(f, "the system refuses: {error}"),
        }
    }
}

impl std::error::Error for HookError {}

/// Why nothing is delivered to a URL. It is not repeated: a URL may hold what only its owner knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlRefusal {
    /// It is too long.
    Long,
    /// It is no URL with a host.
    Malformed,
    /// It has a fragment, which is never sent.
    Fragment,
    /// It has a name or a password before its host.
    Credentials,
    /// It is neither `https` nor `http`.
    Scheme,
    /// It is `http`, and leads away from this machine.
    Plain,
    /// Its host is an address that nothing is delivered to.
    Address,
}

impl fmt::Display for UrlRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long => write!(f, "it has more than {URL_BYTES} bytes"),
            Self::Malformed => f.write_str("it has to look like https://example.com/path"),
            Self::Fragment => f.write_str("it has a fragment (#), which is never sent"),
            Self::Credentials => f.write_str("it holds a name or a password; the secret signs"),
            Self::Scheme => f.write_str("it has to begin with https://"),
            Self::Plain => f.write_str("http:// goes to this machine only, else https:// is due"),
            Self::Address => f.write_str("its address is private or has a purpose of its own"),
        }
    }
}
