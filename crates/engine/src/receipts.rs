//! Receipts: finding a record, and what shows that it is in the log.

use std::sync::Arc;

use merkle::tile::prove_inclusion;
use merkle::{Hash, Salt, Seed, inclusion};
use model::Record;
use proofs::receipt::{Opening, Receipt};
use store::disk::Disk;
use store::erased::{Openings, batch_leaves};
use store::frame::{self, Header};
use store::tree::Tree;

use crate::publish::Checkpoints;
use crate::query::History;

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of its batch.
    pub batch: u64,
    /// Its index in the batch.
    pub index: u32,
}

/// What there is to show for a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptAnswer {
    /// There is no such record.
    Unknown,
    /// It is durable; no checkpoint covers it yet. Ask again in a second.
    Sequenced(Place),
    /// A signed checkpoint covers it.
    Checkpointed(Box<Receipt>),
    /// One that the policy's witnesses have cosigned covers it.
    Witnessed(Box<Receipt>),
}

/// What receipts are made from; cheap to clone.
#[derive(Clone)]
pub(crate) struct Receipts {
    pub(crate) history: History,
    pub(crate) tree: Arc<Tree>,
    pub(crate) disk: Arc<dyn Disk>,
}

impl Receipts {
    /// The receipt of the record that created transfer `id`.
    pub(crate) fn of_transfer(
        &self,
        id: u128,
        checkpoints: &Checkpoints,
    ) -> Result<ReceiptAnswer, String> {
        match self.find(id)? {
            None => Ok(ReceiptAnswer::Unknown),
            Some(at) => self.of_position(at, checkpoints),
        }
    }

    /// The position of the record that created transfer `id`.
    pub(crate) fn find(&self, id: u128) -> Result<Option<u64>, String> {
        let history = &self.history;
        let mut found = Vec::new();
        history
            .index
            .find_ids(&[(id, history.hash.of(id))], &mut found)
            .map_err(|e| e.to_string())?;
        for (_, at) in found {
            let record = history.reader.record(at).map_err(|e| e.to_string())?;
            if matches!(record, Record::TransferCreated(transfer, _) if transfer.id == id) {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    fn of_position(&self, at: u64, checkpoints: &Checkpoints) -> Result<ReceiptAnswer, String> {
        let batches = self.history.shared.durable().batches;
        let batch = self.tree.batch_at(at, batches).map_err(|e| e.to_string())?;
        let batch = batch.ok_or("the record lies before the first batch")?;
        self.receipt(batch, |entry| entry == at, checkpoints)
    }

    /// The receipt of a record by its place.
    pub(crate) fn of_place(
        &self,
        place: Place,
        checkpoints: &Checkpoints,
    ) -> Result<ReceiptAnswer, String> {
        let mut index = 0;
        let is_it = |_| {
            index += 1;
            index == place.index + 1
        };
        self.receipt(place.batch, is_it, checkpoints)
    }

    /// The receipt of the record of a batch whose position `is_it` says yes to.
    fn receipt(
        &self,
        batch: u64,
        mut is_it: impl FnMut(u64) -> bool,
        checkpoints: &Checkpoints,
    ) -> Result<ReceiptAnswer, String> {
        let at = self.tree.place(batch).map_err(|e| e.to_string())?;
        let end = self.history.shared.durable().end;
        let frame = self.history.reader.frame(at, end);
        let (header, body) = frame
            .map_err(|e| e.to_string())?
            .ok_or("the frame of the batch is not in the log")?;
        let mut found = None;
        for (index, entry) in (0..).zip(frame::records(&body)) {
            let entry = entry.map_err(|at| format!("batch {batch}: byte {at}"))?;
            if is_it(header.at + u64::from(entry.at)) {
                found = Some((index, entry.bytes.to_vec()));
                break;
            }
        }
        let Some((index, record)) = found else {
            return Ok(ReceiptAnswer::Unknown);
        };
        let place = Place { batch, index };
        let Some(signed) = checkpoints.covering(batch) else {
            return Ok(ReceiptAnswer::Sequenced(place));
        };
        let Some(salt) = self.salt(&header, index)? else {
            return Ok(ReceiptAnswer::Unknown);
        };
        let mut leaves = Vec::new();
        batch_leaves(&*self.disk, &header, &body, &mut leaves).map_err(|e| e.to_string())?;
        let leaf = &header.leaf;
        let opening = Opening {
            first_record: leaf.first_record,
            records: leaf.records,
            timestamp: leaf.timestamp,
            previous: leaf.previous,
            rule_book: leaf.rule_book,
            index,
            salt,
            path: inclusion(&leaves, index.into()).map_err(|e| e.to_string())?,
            record,
        };
        let receipt = Box::new(Receipt {
            batch,
            opening,
            path: self.outer_path(batch, signed.size)?,
            note: signed.note.clone(),
        });
        let witnessed = checkpoints.witnessed.as_ref();
        Ok(
            if witnessed.is_some_and(|witnessed| witnessed.size == signed.size) {
                ReceiptAnswer::Witnessed(receipt)
            } else {
                ReceiptAnswer::Checkpointed(receipt)
            },
        )
    }

    /// The salt of a record; none where it was erased.
    fn salt(&self, header: &Header, index: u32) -> Result<Option<Salt>, String> {
        if let Some(seed) = header.seed {
            return Ok(Some(Seed::from_bytes(seed).salt(index.into())));
        }
        let openings = Openings::of_frame(&*self.disk, header);
        Ok(openings.map_err(|e| e.to_string())?.salt(index))
    }

    fn outer_path(&self, batch: u64, size: u64) -> Result<Vec<Hash>, String> {
        prove_inclusion(&*self.tree, batch, size).map_err(|e| e.to_string())
    }
}
