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

/// The same, of the role in which a member of the staff has a token: as many as a record takes.
pub const ROLE_BYTES: usize = 16;

/// Looks into a person's data on one page, where nothing else is asked.
pub const LOOKUPS_PAGE: usize = 100;

/// The same at most.
pub const LOOKUPS_PAGE_MOST: usize = 1_000;

/// Characters of what a refusal repeats from a request.
pub const ECHO_CHARS: usize = 240;

/// Events in a page where no limit is asked for.
pub const EVENTS_USUAL: usize = 100;

/// Kinds of events that one request names.
pub const KINDS: usize = 64;

/// Streams of events open at once.
pub const STREAMS: usize = 256;

/// Events that a stream reads and hands on at once.
pub const STREAM_EVENTS: usize = 256;

/// Parts of a stream that wait for its reader; each is what was read at once.
pub const STREAM_PARTS: usize = 2;

/// Parties of the vault that a start asks the books about at once.
pub const PARTIES_CHECKED: usize = 1_000;

/// Bytes of texts that the catalogue's index catches up with before the server begins and when it
/// ends; more are entered while it serves.
pub const CATALOGUE_CATCH_UP: u64 = 4 << 20;

/// How long a stream is silent at most.
pub const STREAM_HEARTBEAT: Duration = Duration::from_secs(15);

/// How long a reader may take nothing before its stream is left.
pub const STREAM_STALL: Duration = Duration::from_secs(30);

/// When a stream asks books again that had no time.
pub const STREAM_PAUSE: Duration = Duration::from_millis(100);

/// What comes within this of other events wakes the delivery of webhooks once.
pub const WAKE_PAUSE: Duration = Duration::from_millis(10);

/// Seconds that an old secret of a webhook goes on signing at most: 30 days.
pub const OVERLAP_SECONDS: u32 = 30 * 86_400;

/// From the beginning of a request to another log or a witness to the end of its answer.
pub const FETCH_WAIT: Duration = Duration::from_secs(10);

/// The same, to the connection.
pub const FETCH_CONNECT_WAIT: Duration = Duration::from_secs(3);

/// Bytes of what a witness answers.
pub const COSIGNATURE_BYTES: usize = 64 << 10;

/// How long a witness that failed is left alone at first; each failure doubles it.
pub const WITNESS_PAUSE: Duration = Duration::from_secs(1);

/// How long it is left alone at most.
pub const WITNESS_PAUSE_MOST: Duration = Duration::from_secs(64);

/// Requests to one witness about one checkpoint: the first, and another once it said its size.
pub const WITNESS_TRIES: usize = 3;

/// Pieces of evidence that a witness keeps.
pub const EVIDENCE_PIECES: usize = 1_000;

/// How long the public page is shown before it is made again.
pub const PUBLIC_WAIT: Duration = Duration::from_secs(5);

/// The same, while something in it is still being read.
pub const PUBLIC_SOON: Duration = Duration::from_secs(1);

/// How long the sums of all accounts in it are shown before they are added up again.
pub const PUBLIC_MONEY_WAIT: Duration = Duration::from_mins(1);

/// The least time between two readings of the log for the sales in it.
pub const PUBLIC_MARKET_WAIT: Duration = Duration::from_hours(1);

/// Decisions in it.
pub const PUBLIC_DECISIONS: usize = 100;

/// Assessments of drafts in it.
pub const PUBLIC_ASSESSMENTS: usize = 20;

/// Bytes of the reasons of one decision in it.
pub const PUBLIC_REASON_BYTES: usize = 4_096;

/// Documents that are read at once for it.
pub const PUBLIC_DOCUMENTS: usize = 1_024;

/// Ledgers in it.
pub const PUBLIC_LEDGERS: usize = 16;

/// Statements in it.
pub const PUBLIC_STATEMENTS: u64 = 60;

/// Categories of listings in it, the one for all others with them.
pub const PUBLIC_CATEGORIES: usize = 8;

const _: () = assert!(JSON_BYTES / model::limits::BATCH_EVENTS > 1_000);
const _: () = assert!(STREAMS < CONNECTIONS / 2, "streams leave room for requests");
const _: () = assert!(DISCARD_BYTES > model::limits::BATCH_EVENTS * size_of::<model::Transfer>());
