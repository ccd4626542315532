//! Delivers events as signed webhooks ([Standard Webhooks] 1.0.0), in order and at least once.
//!
//! Events come from a [`Source`], numbered by their place in the log. Each subscription has a
//! position, a file and, while events are delivered, a thread; none waits for another. One event
//! goes this way:
//!
//! 1. **Read** from the source, some at once; what the [`Filter`] does not want is passed over.
//! 2. **Sign** `id.timestamp.body` with each secret that is in force. The id is made of the
//!    subscription and the position, so every try, replay and restart gives the same.
//! 3. **Post** it. The address is judged behind the look-up of its name ([`Reach`]); redirects are
//!    not followed; an answer of 2xx delivers.
//! 4. **Move on**, or wait and try again. After the last retry the event becomes a dead letter,
//!    and the next one is due. 410 ends the delivery, as do too many dead letters in a row, until
//!    the subscription is resumed; its position stays.
//!
//! # What is true if we die
//!
//! | while | afterwards |
//! |---|---|
//! | an event is being sent | it is sent again, with the same id |
//! | events were delivered, and their position is not kept | the same: 256 of them, or those of one second |
//! | a try failed | the count of tries and the time of the next one are kept |
//! | a dead letter is written, and the position is not | the event is tried once more, and stays dead once |
//! | a subscription is written | it is as before or as after: it is written beside and renamed |
//!
//! # Files
//!
//! `hooks/` below the books, for its owner alone: `<id>.json` is a subscription with its secrets
//! and its position, `<id>.dead` its dead letters, `lock` keeps a second process out. Bodies are
//! never kept: what the books erase is nowhere else.
//!
//! [Standard Webhooks]: https://www.standardwebhooks.com

mod address;
mod dead;
mod entry;
mod error;
mod event;
mod file;
mod hooks;
mod keep;
pub mod limits;
mod options;
mod secret;
mod send;
mod sign;
mod subscription;
mod worker;

pub use address::Reach;
pub use dead::{DeadLetter, DeadLetters};
pub use error::{HookError, UrlRefusal};
pub use event::{Event, Filter, Source, Stretch};
pub use hooks::{Hooks, Running};
pub use options::Options;
pub use secret::{Secret, SecretError};
pub use sign::{Headers, VerifyError, sign, verify};
pub use subscription::{Id, IdError, NewSubscription, State, Subscribed, Subscription};
