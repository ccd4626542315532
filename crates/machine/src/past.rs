//! What the books hold from before the group that is being decided.

use std::collections::{BTreeMap, BTreeSet};

use model::record::Failed;
use model::{Deed, Object, Transfer};

/// How a pending transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Another transfer posted it, in whole or in part.
    Posted,
    /// Another transfer voided it.
    Voided,
    /// It reached its timeout.
    Expired,
}

/// What the books hold under the id of a transfer.
// A box would cost an allocation for each; those that failed are few.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// It was created; `outcome` says how it ended where it was a pending one that is not open.
    Created {
        /// As it was recorded.
        transfer: Transfer,
        /// How it ended.
        outcome: Option<Outcome>,
    },
    /// It failed for a transient reason, so that its id is burned.
    Failed(Failed),
}

impl Past {
    /// The id of the transfer.
    pub const fn id(&self) -> u128 {
        match self {
            Self::Created { transfer, .. } => transfer.id,
            Self::Failed(failed) => failed.id,
        }
    }
}

/// What is known of the transfer with some id.
pub(crate) enum Known<'a> {
    /// It was created, and ended so.
    Created(&'a Transfer, Option<Outcome>),
    /// Its id is burned.
    Failed,
}

/// What was looked up on disk for the events of a batch: usually nothing.
///
/// To be told before a batch of transfers is decided: for each event, what the log holds from
/// before this group under its `id` and under its `pending_id`. Open pending transfers may be
/// left out, the state knows them. For imported events also which of their timestamps were taken
/// by a record; those of accounts may be left out.
///
/// To be told before commands are carried out: the deed under each one's id, and of the objects that
/// [`State::asks_for`](crate::State::asks_for) tells, how each stood last.
#[derive(Clone, Debug, Default)]
pub struct Recalled {
    transfers: BTreeMap<u128, Past>,
    times: BTreeSet<u64>,
    deeds: BTreeMap<u128, Deed>,
    objects: BTreeMap<(u8, (u128, u128)), Object>,
}

impl Recalled {
    /// Tells what the books hold under the id of `past`.
    pub fn insert(&mut self, past: Past) {
        self.transfers.insert(past.id(), past);
    }

    /// Tells that a record took `timestamp`.
    pub fn insert_time(&mut self, timestamp: u64) {
        self.times.insert(timestamp);
    }

    /// Tells of a command that was carried out.
    pub fn insert_deed(&mut self, deed: Deed) {
        self.deeds.insert(deed.id, deed);
    }

    /// Tells how an object stood last.
    pub fn insert_object(&mut self, object: Object) {
        self.objects.insert((object.kind(), object.key()), object);
    }

    /// The command that was told of under this id.
    pub fn deed(&self, id: u128) -> Option<&Deed> {
        self.deeds.get(&id)
    }

    /// The object of this kind and key that was told of.
    #[inline]
    pub fn object(&self, kind: u8, key: (u128, u128)) -> Option<&Object> {
        if self.objects.is_empty() {
            return None;
        }
        self.objects.get(&(kind, key))
    }

    /// What was told of `id`.
    #[inline]
    pub fn get(&self, id: u128) -> Option<&Past> {
        if self.transfers.is_empty() {
            return None;
        }
        self.transfers.get(&id)
    }

    /// Whether a record was told to have taken `timestamp`.
    pub fn has_time(&self, timestamp: u64) -> bool {
        self.times.contains(&timestamp)
    }

    /// Whether nothing was told.
    pub fn is_empty(&self) -> bool {
        self.transfers.is_empty()
            && self.times.is_empty()
            && self.deeds.is_empty()
            && self.objects.is_empty()
    }

    /// Forgets all, for the next batch.
    pub fn clear(&mut self) {
        self.transfers.clear();
        self.times.clear();
        self.deeds.clear();
        self.objects.clear();
    }
}
