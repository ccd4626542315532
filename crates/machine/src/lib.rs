//! Decides commands and folds records into state: deterministic, without I/O.
//!
//! [`State`] judges batches of events and adds up the facts that follow from them. Deciding a
//! batch ([`State::create_accounts`], [`State::create_transfers`], [`State::declare_ledger`],
//! [`State::expire`]) applies its facts as it goes and pushes them into a [`Sink`]; replaying
//! them ([`State::evolve`]) goes through the same functions and ends in the same state.
//!
//! An event is judged in stages, and the first thing wrong is the answer:
//!
//! 1. *structure*: what the event and its place in the batch show on their own, up to its id;
//! 2. *idempotency*: an id that was used before gets the answer that belongs to it, whatever has
//!    become of the accounts since;
//! 3. *accounts and pending transfers*: the fields that a new event must have, the accounts it
//!    names, the pending transfer it ends, the order of imported timestamps;
//! 4. *limits*: overflows, and what the flags of an account forbid.
//!
//! The order of the statuses in [`model::CreateAccountStatus::ALL`] and
//! [`model::CreateTransferStatus::ALL`] is that order in full.
//!
//! ## Groups
//!
//! Batches are decided before those in front of them are on disk. From one [`State::end_group`]
//! to the next the state remembers the ids that it decided; what came before is on disk, where the
//! caller looks it up and tells it by [`Recalled`].
//!
//! ## Time
//!
//! A batch of n events has a time t, and event i of it, from 1, happens at t - n + i. The first
//! of them is later than every record so far. Imported accounts and transfers bring a timestamp of
//! their own, which lies before the first event of their batch and rises from account to account
//! and from transfer to transfer. No two accounts or transfers share a timestamp; nor do the other
//! records, unless one is imported at the very time of an old failure, expiry or declaration that
//! [`Recalled`] does not tell.
//!
//! Invariants, kept by tests: no clock, no float, no I/O; the order of a hash table never shows;
//! [`State::evolve`] accepts all that deciding brought forth.

mod accounts;
mod acts;
mod apply;
mod arena;
mod batch;
mod business;
mod civil;
mod create_account;
mod create_transfer;
mod deed;
mod demand;
mod digest;
mod document;
mod draw;
mod end_pending;
mod evolve;
mod exact;
mod existing;
mod expire;
mod fact;
mod group;
mod index;
mod journal;
mod judge;
mod listings;
mod lookup;
mod past;
mod pendings;
mod register;
mod restore;
mod rule_book;
pub mod rules;
mod snapshot;
mod state;
mod table;

pub use acts::Asked;
pub use acts::market::LINE_MOMENTS;
pub use demand::{DemandEntry, DemandOpening, Release};
pub use document::{Beyond, DocumentRefusal, SignedDocument};
pub use evolve::EvolveError;
pub use expire::RING_MOMENTS;
pub use fact::{Fact, Sink, Slots};
pub use lookup::{LOOK_MOMENTS, Look, LookRefusal};
pub use past::{Outcome, Past, Recalled};
pub use pendings::Pending;
pub use restore::{Restore, RestoreError};
pub use rule_book::{RuleBookEntry, RuleBookRefusal};
pub use snapshot::{HeaderError, SnapshotHeader};
pub use state::{LedgerOutcome, State};
