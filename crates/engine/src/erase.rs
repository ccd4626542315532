//! Erasing transfers whose retention time is over: that they were is told, what they were is gone.
//!
//! ```text
//! find the records -> enter that they are erased -> close -> overwrite their frames -> forget the index
//! ```
//!
//! If we die before the erasures are entered, nothing has changed. After that the books say that
//! records are erased which are still there, which an audit tells and which erasing again carries
//! out. A frame that is being overwritten has a copy that the next start takes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use machine::SnapshotHeader;
use model::Record;
use model::record::{Erasure, Remains};
use model::transfer_flags::{PENDING, POST_PENDING, VOID_PENDING};
use store::disk::{Disk, Local};
use store::index::Index;
use store::log::Reader;
use store::snapshot::Snapshot;
use store::superblock::Superblock;
use store::{erased, frame, snapshot};

use crate::books::{Books, Options};
use crate::clock::Clock;
use crate::receipts::{Place, Receipts};
use crate::request::Refused;
use crate::start::{StartError, index_options};

/// Days that a record is kept at least, unless told otherwise: ten years.
pub const RETENTION_DAYS: u32 = 3_653;

const DAY: u64 = 86_400 * 1_000_000_000;

/// What to erase.
#[derive(Clone, Debug)]
pub struct Erase {
    /// How the books are opened.
    pub books: Options,
    /// The transfers. One that has two phases goes with its other half.
    pub transfers: Vec<u128>,
    /// Days that have to lie between a record and its erasure.
    pub retention_days: u32,
}

/// What was erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErasedRecords {
    /// The places of the records, in order.
    pub places: Vec<Place>,
}

/// Why nothing was erased, or not all of it.
#[derive(Debug)]
pub enum EraseError {
    /// The books do not open.
    Start(StartError),
    /// They opened and stopped.
    Refused(Refused),
    /// No transfer has this id, or it was erased before.
    Unknown(u128),
    /// It is pending still.
    Open(u128),
    /// Its retention time is not over; the days that are left.
    Retained(u128, u64),
    /// The disk refused, or its bytes are damaged.
    Disk(String),
}

impl fmt::Display for EraseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => error.fmt(f),
            Self::Refused(refused) => refused.fmt(f),
            Self::Unknown(id) => write!(f, "there is no transfer {id}, or it was erased before"),
            Self::Open(id) => write!(f, "transfer {id} is pending still"),
            Self::Retained(id, days) => {
                write!(f, "transfer {id} is to be kept for {days} more days")
            }
            Self::Disk(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for EraseError {}

/// Erases transfers from books that no process has open.
pub async fn erase(order: &Erase) -> Result<ErasedRecords, EraseError> {
    let books = Books::open(&order.books).map_err(EraseError::Start)?;
    let entered = enter(&books, order).await;
    // The directory stays ours from the closing of the books to the end of the overwriting.
    let lock = books.take_lock();
    let closed = books.close().await.map_err(EraseError::Refused);
    let places = entered?;
    closed?;
    let disk: Arc<dyn Disk> = Arc::new(Local::new(&order.books.data));
    overwrite(&disk, &places).map_err(EraseError::Disk)?;
    drop(lock);
    Ok(ErasedRecords {
        places: places.into_iter().map(|(place, _)| place).collect(),
    })
}

/// Finds the records and enters that they are erased.
async fn enter(books: &Books, order: &Erase) -> Result<Vec<(Place, u64)>, EraseError> {
    let mut found = BTreeMap::new();
    let now = Clock::System.now();
    for &id in &order.transfers {
        let records = books.records_of(id).await.map_err(EraseError::Refused)?;
        check(id, &records, now, order.retention_days)?;
        for (place, at, record) in records {
            let remains = Remains::of(&record).ok_or(EraseError::Unknown(id))?;
            let remains = merkle::leaf(&Record::Erased(remains).to_bytes());
            found.insert((place.batch, place.index), (place, at, remains.to_bytes()));
        }
    }
    let erasures = found.values().map(|(place, _, remains)| Erasure {
        batch: place.batch,
        index: place.index,
        retention_days: order.retention_days,
        remains: *remains,
        timestamp: 0,
    });
    let entered = books.enter_erasures(erasures.collect()).await;
    entered.map_err(EraseError::Refused)?;
    let places = found.into_values().map(|(place, at, _)| (place, at));
    Ok(places.collect())
}

/// Whether the records of a transfer may go.
fn check(
    id: u128,
    records: &[(Place, u64, Record)],
    now: u64,
    retention_days: u32,
) -> Result<(), EraseError> {
    let mut open = BTreeSet::new();
    for (_, _, record) in records {
        match record {
            Record::TransferCreated(transfer, _) if transfer.has(PENDING) => {
                open.insert(transfer.id);
            }
            _ => {}
        }
    }
    for (_, _, record) in records {
        match record {
            Record::TransferCreated(transfer, _) => open.remove(&transfer.pending_id),
            Record::TransferExpired(expired) => open.remove(&expired.pending_id),
            _ => false,
        };
    }
    let newest = records
        .iter()
        .map(|(_, _, record)| record.timestamp())
        .max();
    let newest = newest.ok_or(EraseError::Unknown(id))?;
    if let Some(open) = open.first() {
        return Err(EraseError::Open(*open));
    }
    let until = newest.saturating_add(u64::from(retention_days) * DAY);
    if now < until {
        return Err(EraseError::Retained(id, (until - now).div_ceil(DAY)));
    }
    Ok(())
}

/// Whether a snapshot has tallies of rules; one that cannot be read has none worth keeping.
fn counts(disk: &Arc<dyn Disk>, path: &str) -> Result<bool, String> {
    let snapshot = Snapshot::open(&**disk, path).map_err(|e| e.to_string())?;
    let header = SnapshotHeader::from_bytes(&snapshot.meta().header);
    Ok(header.map_or(true, |header| header.counts()))
}

/// Overwrites the records in their frames, and forgets what was derived from them.
fn overwrite(disk: &Arc<dyn Disk>, places: &[(Place, u64)]) -> Result<(), String> {
    let superblock = Superblock::read(&**disk).map_err(|e| e.to_string())?;
    let reader = Reader::new(Arc::clone(disk), superblock.segment_bytes);
    let mut batches: BTreeMap<u64, (u64, Vec<u32>)> = BTreeMap::new();
    for (place, frame_at) in places {
        let batch = batches
            .entry(place.batch)
            .or_insert((*frame_at, Vec::new()));
        batch.1.push(place.index);
    }
    for (frame_at, indexes) in batches.values() {
        let frame = reader.frame(*frame_at, u64::MAX);
        let frame = frame.map_err(|e| e.to_string())?;
        let (header, _) = frame.ok_or("the frame of the batch is not in the log")?;
        erased::erase(&**disk, superblock.segment_bytes, &header, indexes)
            .map_err(|e| e.to_string())?;
    }
    // An older snapshot may hold a pending transfer whose end is gone now. Where rules count, the
    // newest has counted what was erased: then the next start adds the log up anew.
    let snapshots = snapshot::list(&**disk).map_err(|e| e.to_string())?;
    for (age, path) in snapshots.iter().enumerate() {
        if age > 0 || counts(disk, path)? {
            disk.remove(path).map_err(|e| e.to_string())?;
        }
    }
    // Keys of the index are user data in the clear. It is made again from what is left.
    let index = Index::reset(Arc::clone(disk), index_options()).map_err(|e| e.to_string())?;
    index.close().map_err(|e| e.to_string())
}

impl Receipts {
    /// All records of transfer `id` and of the other half of one with two phases: place, position
    /// of the frame, record.
    pub(crate) fn records_of(&self, id: u128) -> Result<Vec<(Place, u64, Record)>, String> {
        let (mut ids, mut positions) = (vec![id], BTreeMap::new());
        while let Some(id) = ids.pop() {
            for (at, record) in self.positions_of(id)? {
                if positions.insert(at, record).is_some() {
                    continue;
                }
                if let Record::TransferCreated(transfer, _) = record {
                    let ends = transfer.has_any(POST_PENDING | VOID_PENDING);
                    let other = if ends {
                        transfer.pending_id
                    } else {
                        transfer.id
                    };
                    ids.extend([transfer.id, other]);
                }
            }
        }
        let placed = positions.into_iter().map(|(at, record)| {
            let (place, frame_at) = self.place_of(at)?;
            Ok((place, frame_at, record))
        });
        placed.collect()
    }

    /// The records that are of this id, or end the pending transfer of this id.
    fn positions_of(&self, id: u128) -> Result<Vec<(u64, Record)>, String> {
        let history = &self.history;
        let mut found = Vec::new();
        history
            .index
            .find_ids(&[(id, history.hash.of(id))], &mut found)
            .map_err(|e| e.to_string())?;
        let mut records = Vec::new();
        for (_, at) in found {
            let record = history.reader.record(at).map_err(|e| e.to_string())?;
            let is_it = match &record {
                Record::TransferCreated(transfer, _) => {
                    transfer.id == id || transfer.pending_id == id
                }
                Record::TransferExpired(expired) => expired.pending_id == id,
                Record::TransferFailed(failed) => failed.id == id,
                _ => false,
            };
            if is_it {
                records.push((at, record));
            }
        }
        Ok(records)
    }

    /// The place of the record at a position, and the position of its frame.
    fn place_of(&self, at: u64) -> Result<(Place, u64), String> {
        let durable = self.history.shared.durable();
        let batch = self
            .tree
            .batch_at(at, durable.batches)
            .map_err(|e| e.to_string())?;
        let batch = batch.ok_or("the record lies before the first batch")?;
        let frame_at = self.tree.place(batch).map_err(|e| e.to_string())?;
        let frame = self.history.reader.frame(frame_at, durable.end);
        let (header, body) = frame
            .map_err(|e| e.to_string())?
            .ok_or("the frame of the batch is not in the log")?;
        for (index, entry) in (0..).zip(frame::records(&body)) {
            let entry = entry.map_err(|at| format!("batch {batch}: byte {at}"))?;
            if header.at + u64::from(entry.at) == at {
                return Ok((Place { batch, index }, header.at));
            }
        }
        Err(format!("batch {batch}: no record stands at position {at}"))
    }
}
