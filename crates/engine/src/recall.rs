//! Looking up what the books hold from before a batch, before it is decided.

use std::sync::Arc;

use machine::{Outcome, Past, Recalled, State};
use model::transfer_flags::{POST_PENDING, VOID_PENDING};
use model::{Account, Command, Deed, Object, OrderEvent, Record, Transfer, account_flags};
use store::frame;
use store::index::{Fresh, IdHash, Index};
use store::log::Reader;

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

/// The timestamps of the transfers of one frame, rising.
#[derive(Default)]
struct FrameTimes {
    at: Option<u64>,
    times: Vec<u64>,
}

/// What the records under one id say together.
#[derive(Default)]
struct Story {
    created: Option<Transfer>,
    outcome: Option<Outcome>,
    failed: Option<model::record::Failed>,
    deed: Option<Deed>,
    /// As they stood last.
    objects: Vec<Object>,
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

    /// Notes the ids that these commands will ask for.
    pub(crate) fn note_commands(&mut self, state: &State, commands: &[Command]) {
        for command in commands {
            self.ids.push((command.id, self.hash.of(command.id)));
            if let Some((_, (id, _))) = state.asks_for(command)
                && id != command.id
            {
                self.ids.push((id, self.hash.of(id)));
            }
        }
    }

    /// Notes the ids that these orders will ask for.
    pub(crate) fn note_orders(&mut self, lines: &[OrderEvent]) {
        for line in lines {
            self.ids.push((line.order, self.hash.of(line.order)));
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
            self.story(id, &rest[..count])?.tell(recalled);
            rest = &rest[count..];
        }
        Ok(())
    }

    /// Which timestamps of imported accounts are taken by a transfer already. `end` is where the
    /// log ends, with what is on its way to the disk.
    pub(crate) fn times(
        &self,
        state: &State,
        events: &[Account],
        end: u64,
    ) -> Result<Recalled, String> {
        let mut recalled = Recalled::default();
        let mut frame = FrameTimes::default();
        let last = state.last_timestamp();
        let old = |event: &&Account| event.has(account_flags::IMPORTED) && event.timestamp <= last;
        for event in events.iter().filter(old) {
            if !self.shared.wait(|durable| durable.end >= end) {
                return Err("the log stopped".to_owned());
            }
            let entry = self
                .index
                .frame_at(event.timestamp)
                .map_err(|e| e.to_string())?;
            let Some(entry) = entry else { continue };
            // Accounts that follow each other in time mostly fall into the same frame.
            if frame.at != Some(entry.at) {
                frame = self.frame_times(entry.at, end)?;
            }
            if frame.times.binary_search(&event.timestamp).is_ok() {
                recalled.insert_time(event.timestamp);
            }
        }
        Ok(recalled)
    }

    fn frame_times(&self, at: u64, end: u64) -> Result<FrameTimes, String> {
        let found = self.reader.frame(at, end).map_err(|e| e.to_string())?;
        let (header, body) = found.ok_or("a frame of the index is not in the log")?;
        let mut times = Vec::with_capacity(header.leaf.records as usize);
        for entry in frame::records(&body) {
            let entry = entry.map_err(|at| format!("batch {}: byte {at}", header.leaf.number))?;
            let record = Record::decode(entry.bytes).map_err(|e| e.to_string())?;
            if let Record::TransferCreated(transfer, _) = record {
                times.push(transfer.timestamp);
            }
        }
        Ok(FrameTimes {
            at: Some(at),
            times,
        })
    }

    fn story(&self, id: u128, found: &[(u32, u64)]) -> Result<Story, String> {
        let mut story = Story::default();
        for &(_, at) in found {
            // It may have been decided a moment ago and be on its way to the disk still.
            if !self.shared.wait(|durable| durable.end > at) {
                return Err("the log stopped".to_owned());
            }
            let record = self.reader.record(at).map_err(|e| e.to_string())?;
            story.add(id, &record);
        }
        Ok(story)
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
            Record::Deed(deed) if deed.id == id => self.deed = Some(*deed),
            Record::Object(object) if object.key().0 == id => self.stood(object),
            // Another id with the same hash.
            _ => {}
        }
    }

    /// Notes how an object stood, in place of how it stood before.
    fn stood(&mut self, object: &Object) {
        let same = |old: &&mut Object| (old.kind(), old.key()) == (object.kind(), object.key());
        match self.objects.iter_mut().find(same) {
            Some(old) => *old = *object,
            None => self.objects.push(*object),
        }
    }

    fn tell(self, recalled: &mut Recalled) {
        match (self.created, self.failed) {
            (Some(transfer), _) => recalled.insert(Past::Created {
                transfer,
                outcome: self.outcome,
            }),
            (None, Some(failed)) => recalled.insert(Past::Failed(failed)),
            (None, None) => {}
        }
        if let Some(deed) = self.deed {
            recalled.insert_deed(deed);
        }
        for object in self.objects {
            recalled.insert_object(object);
        }
    }
}
