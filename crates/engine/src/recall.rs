//! Looking up what the books hold from before a batch, before it is decided.

use std::sync::Arc;

use machine::{Outcome, Past, Recalled, State};
use model::transfer_flags::{POST_PENDING, VOID_PENDING};
use model::{Account, QueryFilter, Record, Transfer, account_flags};
use store::index::{Fresh, IdHash, Index};
use store::log::Reader;

use crate::query::History;
use crate::shared::Shared;

/// The writer's way to the past of transfer ids. What is kept here is reused memory.
pub(crate) struct Recall {
    pub(crate) shared: Arc<Shared>,
    pub(crate) index: Arc<Index>,
    pub(crate) reader: Arc<Reader>,
    pub(crate) hash: IdHash,
    pub(crate) fresh: Fresh,
    ids: Vec<(u128, u64)>,
    found: Vec<(u32, u64)>,
}

/// What the records under one id say together.
#[derive(Default)]
struct Story {
    created: Option<Transfer>,
    outcome: Option<Outcome>,
    failed: Option<model::record::Failed>,
}

impl Recall {
    pub(crate) fn new(
        shared: Arc<Shared>,
        index: Arc<Index>,
        reader: Arc<Reader>,
        hash: IdHash,
        fresh: Fresh,
    ) -> Self {
        Self {
            shared,
            index,
            reader,
            hash,
            fresh,
            ids: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Forgets the ids of the last group.
    pub(crate) fn clear(&mut self) {
        self.ids.clear();
        self.fresh.drop_published(self.index.published());
    }

    /// Notes the ids that these events will ask for.
    pub(crate) fn note(&mut self, state: &State, events: &[Transfer]) {
        for event in events {
            self.ids.push((event.id, self.hash.of(event.id)));
            if event.has_any(POST_PENDING | VOID_PENDING)
                && state.pending(event.pending_id).is_none()
            {
                self.ids
                    .push((event.pending_id, self.hash.of(event.pending_id)));
            }
        }
    }

    /// Looks up all that was noted. Nearly always there is nothing, and the log is not read.
    pub(crate) fn look_up(&mut self, recalled: &mut Recalled) -> Result<(), String> {
        recalled.clear();
        if self.ids.is_empty() {
            return Ok(());
        }
        self.found.clear();
        self.fresh.probe(&self.ids, &mut self.found);
        self.index
            .probe(&self.ids, &mut self.found)
            .map_err(|e| e.to_string())?;
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort_unstable();
        self.found.dedup();
        let mut rest = &self.found[..];
        while let Some(&(which, _)) = rest.first() {
            let count = rest.iter().take_while(|(other, _)| *other == which).count();
            let id = self.ids[which as usize].0;
            if let Some(past) = self.story(id, &rest[..count])? {
                recalled.insert(past);
            }
            rest = &rest[count..];
        }
        Ok(())
    }

    /// Which timestamps of imported accounts are taken by a transfer already.
    pub(crate) fn times(&self, state: &State, events: &[Account]) -> Result<Recalled, String> {
        let mut recalled = Recalled::default();
        for event in events
            .iter()
            .filter(|event| event.has(account_flags::IMPORTED))
        {
            if event.timestamp <= state.last_timestamp() && self.is_taken(event.timestamp)? {
                recalled.insert_time(event.timestamp);
            }
        }
        Ok(recalled)
    }

    fn is_taken(&self, timestamp: u64) -> Result<bool, String> {
        let history = History {
            shared: Arc::clone(&self.shared),
            index: Arc::clone(&self.index),
            reader: Arc::clone(&self.reader),
            hash: self.hash,
        };
        let filter = QueryFilter {
            timestamp_min: timestamp,
            timestamp_max: timestamp,
            limit: 1,
            ..QueryFilter::default()
        };
        Ok(filter.is_valid() && !history.transfers(&filter)?.is_empty())
    }

    fn story(&self, id: u128, found: &[(u32, u64)]) -> Result<Option<Past>, String> {
        let mut story = Story::default();
        for &(_, at) in found {
            // It may have been decided a moment ago and be on its way to the disk still.
            if !self.shared.wait(|durable| durable.end > at) {
                return Err("the log stopped".to_owned());
            }
            let record = self.reader.record(at).map_err(|e| e.to_string())?;
            story.add(id, &record);
        }
        Ok(story.past())
    }
}

impl Story {
    fn add(&mut self, id: u128, record: &Record) {
        match record {
            Record::TransferCreated(transfer, _) if transfer.id == id => {
                self.created = Some(*transfer);
            }
            Record::TransferCreated(transfer, _) if transfer.pending_id == id => {
                let posts = transfer.has(POST_PENDING);
                self.outcome = Some(if posts {
                    Outcome::Posted
                } else {
                    Outcome::Voided
                });
            }
            Record::TransferExpired(expired) if expired.pending_id == id => {
                self.outcome = Some(Outcome::Expired);
            }
            Record::TransferFailed(failed) if failed.id == id => self.failed = Some(*failed),
            // Another id with the same hash.
            _ => {}
        }
    }

    fn past(self) -> Option<Past> {
        match (self.created, self.failed) {
            (Some(transfer), _) => Some(Past::Created {
                transfer,
                outcome: self.outcome,
            }),
            (None, failed) => failed.map(Past::Failed),
        }
    }
}
