//! Receipts: finding a record, and what shows that it is in the log.

use std::sync::Arc;

use merkle::checkpoint::Checkpoint;
use merkle::tile::prove_inclusion;
use merkle::{BLOCK, Hash, Salt, Seed, inclusion, salted_leaves_from, verify_inclusion};
use model::object::{Life, is_own_transfer};
use model::{GiftSend, Object, Record};
use proofs::receipt::{Opening, Receipt};
use store::disk::Disk;
use store::erased::{Openings, batch_leaves};
use store::frame::{self, Header};
use store::tree::Tree;

use crate::publish::Checkpoints;
use crate::query::History;

/// A batch as it stands in the log, and where in its body the records are.
struct Frame {
    header: Header,
    body: Vec<u8>,
    spans: Vec<(u32, u32)>,
}

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
        if is_own_transfer(id) {
            return Ok(history.own_transfer(id)?.map(|(_, at)| at));
        }
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

    /// The receipts that show the draw of a gift: as it was sent, its claims, its seed, its end.
    /// `None` where there is no such gift, or it has not ended.
    pub(crate) fn of_gift(
        &self,
        id: u128,
        checkpoints: &Checkpoints,
    ) -> Result<Option<Vec<ReceiptAnswer>>, String> {
        let mut places = Vec::new();
        let mut ended = None;
        for (record, at) in self.history.records(id)? {
            match record {
                Record::Object(Object::Gift(gift)) if gift.cause == GiftSend::NUMBER => {
                    places.push(at);
                }
                Record::Object(Object::GiftClaim(_)) => places.push(at),
                Record::Object(Object::GiftSeed(seed)) if !seed.is_open() => places.push(at),
                Record::Object(Object::Gift(gift)) if !gift.is_open() => ended = Some(at),
                _ => {}
            }
        }
        let Some(ended) = ended else { return Ok(None) };
        places.push(ended);
        let receipts = places
            .into_iter()
            .map(|at| self.of_position(at, checkpoints));
        receipts.collect::<Result<_, _>>().map(Some)
    }

    /// The receipt of the record at a position of the log.
    pub(crate) fn of_position(
        &self,
        at: u64,
        checkpoints: &Checkpoints,
    ) -> Result<ReceiptAnswer, String> {
        let batches = self.history.shared.durable().batches;
        let batch = self.tree.batch_at(at, batches).map_err(|e| e.to_string())?;
        let batch = batch.ok_or("the record lies before the first batch")?;
        let frame = self.frame(batch)?;
        // `at` is that of the record's prefix.
        let body = frame.header.at + (frame::HEADER_BYTES - frame::PREFIX_BYTES) as u64;
        let start = at
            .checked_sub(body)
            .and_then(|start| u32::try_from(start).ok());
        let index = start.and_then(|start| {
            let found = frame
                .spans
                .binary_search_by_key(&start, |(start, _)| *start);
            found.ok()
        });
        match index {
            None => Ok(ReceiptAnswer::Unknown),
            Some(index) => self.receipt(&frame, index as u32, checkpoints),
        }
    }

    /// The receipt of a record by its place.
    pub(crate) fn of_place(
        &self,
        place: Place,
        checkpoints: &Checkpoints,
    ) -> Result<ReceiptAnswer, String> {
        let frame = self.frame(place.batch)?;
        self.receipt(&frame, place.index, checkpoints)
    }

    fn frame(&self, batch: u64) -> Result<Frame, String> {
        let at = self.tree.place(batch).map_err(|e| e.to_string())?;
        let end = self.history.shared.durable().end;
        let frame = self.history.reader.frame(at, end);
        let (header, body) = frame
            .map_err(|e| e.to_string())?
            .ok_or("the frame of the batch is not in the log")?;
        let spans = frame::spans(&body).map_err(|at| format!("batch {batch}: byte {at}"))?;
        Ok(Frame {
            header,
            body,
            spans,
        })
    }

    /// The receipt of record `index` of a batch.
    fn receipt(
        &self,
        frame: &Frame,
        index: u32,
        checkpoints: &Checkpoints,
    ) -> Result<ReceiptAnswer, String> {
        let leaf = &frame.header.leaf;
        let batch = leaf.number;
        let Some(&(start, len)) = frame.spans.get(index as usize) else {
            return Ok(ReceiptAnswer::Unknown);
        };
        let Some(signed) = checkpoints.covering(batch) else {
            return Ok(ReceiptAnswer::Sequenced(Place { batch, index }));
        };
        let Some(salt) = self.salt(&frame.header, index)? else {
            return Ok(ReceiptAnswer::Unknown);
        };
        let opening = Opening {
            first_record: leaf.first_record,
            records: leaf.records,
            timestamp: leaf.timestamp,
            previous: leaf.previous,
            rule_book: leaf.rule_book,
            register: leaf.register,
            index,
            salt,
            path: self.inner_path(frame, index as usize)?,
            record: frame.body[start as usize..][..len as usize].to_vec(),
        };
        // Tiles and nodes are derived: what they lead to is checked before it leaves the house.
        if opening.outer_leaf(batch).ok().as_ref() != Some(leaf) {
            return Err(format!(
                "tree: the nodes of batch {batch} are not those of the log"
            ));
        }
        let path = self.outer_path(batch, signed.size)?;
        let head = Checkpoint::parse(&signed.note.text)
            .map_err(|e| e.to_string())?
            .head;
        verify_inclusion(merkle::leaf(&frame.header.leaf_bytes), batch, &head, &path)
            .map_err(|e| format!("tree: the tiles of batch {batch}: {e}"))?;
        let receipt = Box::new(Receipt {
            batch,
            opening,
            path,
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

    /// The inner path of a record: with the nodes at height 8 that were kept, no more than its own
    /// 256 neighbours are hashed.
    fn inner_path(&self, frame: &Frame, index: usize) -> Result<Vec<Hash>, String> {
        let proves = |e: merkle::ProofError| e.to_string();
        let records = frame.spans.len();
        let kept = self.tree.blocks(frame.header.leaf.number, records);
        if let Some(blocks) = kept.map_err(|e| e.to_string())?
            && let Some(seed) = frame.header.seed
        {
            let first = index / BLOCK * BLOCK;
            let spans = &frame.spans[first..records.min(first + BLOCK)];
            let mut leaves = Vec::new();
            let seed = Seed::from_bytes(seed);
            salted_leaves_from(&seed, first, &frame.body, spans, &mut leaves);
            let mut path = inclusion(&leaves, (index - first) as u64).map_err(proves)?;
            path.extend(inclusion(&blocks, (index / BLOCK) as u64).map_err(proves)?);
            return Ok(path);
        }
        let mut leaves = Vec::new();
        batch_leaves(&*self.disk, &frame.header, &frame.body, &mut leaves)
            .map_err(|e| e.to_string())?;
        inclusion(&leaves, index as u64).map_err(proves)
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
