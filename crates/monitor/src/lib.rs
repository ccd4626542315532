//! Follows logs from their public bytes alone, and finds where they contradict themselves.
//!
//! A log is what its signed checkpoints say, and a [`Monitor`] holds it to that. It knows no books
//! and no store, and does no I/O beyond what a [`Source`] gives it. One check goes this way; what
//! is wrong ends it there, and the [`State`] says how far all was right:
//!
//! 1. **Trust.** Fetch `checkpoint`, and `witnessed` where it lacks the policy's quorum; check form
//!    and signatures by the [`Policy`](merkle::policy::Policy).
//! 2. **Compare** with the checkpoint of the check before: a smaller tree is a rollback, another
//!    root at the same size a fork.
//! 3. **Growth.** Fetch the right edge of the new tree and check it against the signed root, then
//!    that of the old tree, from above, and compare its root with the one that was signed: if the
//!    new tree begins with other leaves, that is a fork, and [`Evidence`] shows it to anybody. From
//!    here on the new checkpoint is the one to compare with.
//! 4. **Walk.** Of what was not checked before, 256 entries at a time: each tile against its entry
//!    one level up, each entry against its leaf hash, each outer leaf against the one before it.
//!    The frontier of the entries leads to the signed root in the end.
//! 5. **Register.** Where the newest entry counts demands for data or disclosures, fetch those that
//!    are new and the demands that go on, and hold each against its receipt and against the tree; is
//!    a seal past its date?
//! 6. **Time.** Is the newest entry or cosignature too old, or not yet?
//!
//! Only what is new is fetched: a log of 10 million entries that grew by a thousand costs five
//! bundles and a few tiles. Memory does not grow with the log. A check may die anywhere: whoever
//! keeps the state of each [`Progress`] goes on from there, with the next checkpoint.
//!
//! # Late
//!
//! A checkpoint has no time of its own. The last *sign of life* is the later of
//!
//! - the time of the newest entry that was checked, but not after the head of the checkpoint was
//!   first seen: a log that stamps ahead must not look alive for it;
//! - the newest cosignature of a witness of the policy: it vouches that the log had nothing newer.
//!
//! Without either, it is when the head was first seen. A log is late if that is longer ago than
//! [`Limits::max_age`]. A log that is idle for so long and has no witnesses is late as well; who
//! expects that sets no limit. Times further ahead than [`Limits::tolerance`] are findings of kind
//! [`Kind::Future`]; a cosignature of such a time is no sign of life.
//!
//! ```
//! use merkle::key::{KeyKind, SigningKey};
//! use merkle::policy::Policy;
//! use monitor::{Folder, Kind, Limits, Monitor};
//!
//! let key = SigningKey::generate("example.com/log", KeyKind::Ed25519, [7; 32])?;
//! let monitor = Monitor::new(Policy::of_log(key.verifier().clone()), Limits::default());
//! let report = monitor.check(&mut Folder::new("/nowhere"), None, 1_790_000_000);
//! assert_eq!(report.findings[0].kind, Kind::Unavailable);
//! assert_eq!(report.state, None);
//! # Ok::<(), merkle::key::KeyError>(())
//! ```

mod check;
mod entries;
mod fetch;
mod register;
mod report;
mod source;
mod state;
mod tiles;
mod time;

pub use check::{Monitor, Progress};
pub use report::{Cosigned, Evidence, Finding, Kind, Report};
pub use source::{Folder, Source, SourceError};
pub use state::{MAX_STATE, State, StateError};
pub use time::Limits;
