//! Every maximum of the HTTP face, in one place.

use std::time::Duration;

/// Bytes of a JSON body: the longest batch of events fits with all its fields spelled out.
pub const JSON_BYTES: usize = 8 << 20;

/// Connections open at once. The next ones wait in the kernel until one closes.
pub const CONNECTIONS: usize = 4_096;

/// Headers of one request.
pub const HEADERS: usize = 64;

/// Bytes of the head of one request; also what a connection reads ahead of its body.
pub const HEAD_BYTES: usize = 256 << 10;

/// From the last answer (or the connection) to the end of the next request's headers.
pub const HEAD_WAIT: Duration = Duration::from_secs(30);

/// From the headers of a request to the end of its body.
pub const BODY_WAIT: Duration = Duration::from_secs(30);

/// How long a refused request may go on sending, so that its client gets to read the refusal.
pub const DISCARD_WAIT: Duration = Duration::from_secs(1);

/// How much a refused request may go on sending.
pub const DISCARD_BYTES: usize = 2 << 20;

/// From the shutdown to the end of the last request; what runs longer is cut off.
pub const DRAIN_WAIT: Duration = Duration::from_secs(30);

/// How soon a change of the token file is seen.
pub const TOKENS_WAIT: Duration = Duration::from_secs(1);

/// Tokens in one file.
pub const TOKENS: usize = 1_000;

/// Letters, digits, dots, dashes and underscores of a token's name.
pub const TOKEN_NAME_BYTES: usize = 64;

/// Characters of what a refusal repeats from a request.
pub const ECHO_CHARS: usize = 240;

const _: () = assert!(JSON_BYTES / model::limits::BATCH_EVENTS > 1_000);
const _: () = assert!(DISCARD_BYTES > model::limits::BATCH_EVENTS * size_of::<model::Transfer>());
