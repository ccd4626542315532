//! Every maximum of the delivery, in one place.

use std::time::Duration;

/// Subscriptions of one directory; each has a thread of its own while events are delivered.
pub const SUBSCRIPTIONS: usize = 64;

/// Bytes of a URL.
pub const URL_BYTES: usize = 2_048;

/// Kinds that one subscription names.
pub const KINDS: usize = 64;

/// Bytes of a kind.
pub const KIND_BYTES: usize = 64;

/// Parties that one subscription names.
pub const PARTIES: usize = 256;

/// Secrets that sign at once: the newest and those that it replaces.
pub const SECRETS: usize = 4;

/// Fewest bytes of a secret.
pub const SECRET_LEAST: usize = 24;

/// Most bytes of a secret.
pub const SECRET_MOST: usize = 64;

/// Signatures of one `webhook-signature` that a receiver looks at.
pub const SIGNATURES: usize = 16;

/// Bytes of an event's body. A longer one becomes a dead letter without a try.
pub const BODY_BYTES: usize = 256 << 10;

/// Bytes of an answer's body that are read; the rest is left.
pub const ANSWER_BYTES: u64 = 4 << 10;

/// How long the body of an answer may take. The status has told all by then.
pub const ANSWER_WAIT: Duration = Duration::from_secs(1);

/// From the look-up of a name to the end of the TLS handshake.
pub const CONNECT_WAIT: Duration = Duration::from_secs(5);

/// How long the addresses of a name are good for. Each connection is judged all the same.
pub const NAME_AGE: Duration = Duration::from_secs(2);

/// Events that are read from the books at once.
pub const BATCH: usize = 256;

/// Dead letters of one subscription; past that the oldest is dropped.
pub const DEAD: usize = 10_000;

/// Steps of a schedule of retries.
pub const RETRIES: usize = 32;

/// The longest wait between two tries.
pub const RETRY_WAIT: Duration = Duration::from_hours(7 * 24);

/// Deliveries after which the position is kept.
pub const UNKEPT: u32 = 256;

/// How old the oldest delivery may be whose position is not kept.
pub const UNKEPT_WAIT: Duration = Duration::from_secs(1);

/// Stretches without anything that is wanted after which the position is kept.
pub const SKIPPED: u32 = 1_024;

/// Bytes of the file of one subscription.
pub const FILE_BYTES: u64 = 64 << 10;

/// Bytes of the file of one subscription's dead letters.
pub const DEAD_BYTES: u64 = 64 << 20;
