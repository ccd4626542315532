//! Folding the log into the state: at a start from the newest snapshot on, in an audit from the
//! beginning.

use std::sync::Arc;

use machine::{Restore, RestoreError, SnapshotHeader, State};
use merkle::Frontier;
use model::Record;
use model::record::Remains;
use store::StoreError;
use store::disk::Disk;
use store::frame::{self, Header};
use store::index::{Additions, Fresh, IdHash, Index};
use store::log::{self, Chain, Known, Recovered, TornEnd, segment_path};
use store::snapshot::{self, Part, Snapshot};
use store::superblock::Superblock;
use store::tree::Tree;

use crate::draft::{index_object, index_page, index_transfer};
use crate::limits::{CHECKED_BYTES, RECORDS_PER_TAIL};
use crate::salt::Ratchet;
use crate::start::{Recovery, StartError, fresh_table};

/// All that a start gets from the disk.
pub(crate) struct Replayed {
    pub(crate) state: State,
    pub(crate) recovered: Recovered,
    pub(crate) frontier: Frontier,
    pub(crate) tree: Tree,
    pub(crate) fresh: Fresh,
    pub(crate) ratchet: Ratchet,
    /// Record at which the snapshot that was used began.
    pub(crate) snapshot_record: u64,
    /// Segments at the beginning that are still to be checked.
    pub(crate) unchecked: u64,
}

/// Where the state begins before anything is replayed.
pub(crate) struct Base {
    pub(crate) restore: Restore,
    pub(crate) chain: Chain,
    /// Behind the frame of the batch before.
    pub(crate) at: u64,
    pub(crate) frontier: Frontier,
    /// Records that the log must have for the snapshot to be true.
    pub(crate) end_record: u64,
    pub(crate) path: Option<String>,
}

pub(crate) fn replay(
    disk: &Arc<dyn Disk>,
    superblock: &Superblock,
    index: &Index,
    recovery: &mut Recovery,
) -> Result<Replayed, StartError> {
    let mut ratchet = Ratchet::read(&**disk)?;
    snapshot::remove_unfinished(&**disk)?;
    let base = newest_base(&**disk, superblock.hash_key, &mut recovery.passed_over)?;
    let segment_bytes = superblock.segment_bytes;
    let tree = Tree::open(Arc::clone(disk), &base.frontier)?;
    let in_tree = if tree.size() > 0 { base.at } else { 0 };
    let needed = in_tree.min(index.covered()) / segment_bytes;
    let first = first_checked(&**disk, segment_bytes)?.min(needed);
    let known = Known {
        batches: ratchet.number(),
        records: base.end_record,
    };
    let mut replay = Replay {
        base,
        index,
        tree,
        fresh: fresh_table(),
        additions: Additions::default(),
        hash: IdHash::new(superblock.hash_key),
        segment_bytes,
        replayed: 0,
    };
    let recovered = log::recover(
        &**disk,
        segment_bytes,
        (first, TornEnd::Cut(known)),
        &mut |header, body| replay.frame(header, body),
    )?;
    let Replay {
        base,
        tree,
        fresh,
        replayed,
        ..
    } = replay;
    let records = recovered.chain.first_record;
    if records < base.end_record {
        let what = format!(
            "it knows {} records, the log has {records}",
            base.end_record
        );
        return Err(StoreError::damaged(&base.path.unwrap_or_default(), 0, &what).into());
    }
    if !ratchet.turn_to(recovered.chain.number) {
        let what = "the key is that of a batch which the log does not have";
        return Err(StoreError::damaged("salt", 8, what).into());
    }
    recovery.torn.clone_from(&recovered.torn);
    recovery.snapshot = base.path;
    recovery.replayed = replayed;
    recovery.records = records;
    recovery.batches = recovered.chain.number;
    let state = base.restore.finish(records).map_err(|e| {
        StoreError::damaged(
            recovery.snapshot.as_deref().unwrap_or("log"),
            0,
            &e.to_string(),
        )
    })?;
    Ok(Replayed {
        state,
        recovered,
        frontier: base.frontier,
        tree,
        fresh,
        ratchet,
        snapshot_record: base.chain.first_record,
        unchecked: first,
    })
}

/// The first segment that is checked before the start answers.
fn first_checked(disk: &dyn Disk, segment_bytes: u64) -> Result<u64, StoreError> {
    let names = disk
        .list(log::DIR)
        .map_err(|e| StoreError::io("list", log::DIR, e))?;
    let segments = names
        .iter()
        .filter(|name| log::segment_number(name).is_some())
        .count() as u64;
    Ok(segments.saturating_sub(CHECKED_BYTES / segment_bytes))
}

fn newest_base(
    disk: &dyn Disk,
    key: [u64; 2],
    passed_over: &mut Vec<String>,
) -> Result<Base, StoreError> {
    for path in snapshot::list(disk)? {
        match load(disk, &path, key) {
            Ok(base) => return Ok(base),
            Err(error @ StoreError::Io { .. }) => return Err(error),
            Err(damage) => passed_over.push(damage.to_string()),
        }
    }
    Ok(Base {
        restore: Restore::new(SnapshotHeader::genesis(), key),
        chain: Chain::default(),
        at: 0,
        frontier: Frontier::new(),
        end_record: 0,
        path: None,
    })
}

pub(crate) fn load(disk: &dyn Disk, path: &str, key: [u64; 2]) -> Result<Base, StoreError> {
    let mut snapshot = Snapshot::open(disk, path)?;
    let meta = snapshot.meta().clone();
    let damaged = |what: String| StoreError::damaged(path, 0, &what);
    let header = SnapshotHeader::from_bytes(&meta.header).map_err(|e| damaged(e.to_string()))?;
    if header
        .accounts()
        .saturating_mul(size_of::<model::Account>() as u64)
        > snapshot.len()
    {
        return Err(damaged("it is too short for its accounts".to_owned()));
    }
    let frontier = Frontier::from_bytes(&meta.frontier).map_err(|e| damaged(e.to_string()))?;
    let mut restore = Restore::new(header, key);
    loop {
        match snapshot.next_part()? {
            Part::Chunk(number, stamp, bytes) => {
                restore.load(number, stamp, &bytes).map_err(|e| {
                    damaged(match e {
                        RestoreError::Key(_) => format!("{e} than that in `books`"),
                        e => e.to_string(),
                    })
                })?;
            }
            Part::End(end_record) => {
                let (chain, at, path) = (meta.chain, meta.at, Some(path.to_owned()));
                return Ok(Base {
                    restore,
                    chain,
                    at,
                    frontier,
                    end_record,
                    path,
                });
            }
        }
    }
}

struct Replay<'a> {
    base: Base,
    index: &'a Index,
    tree: Tree,
    fresh: Fresh,
    additions: Additions,
    hash: IdHash,
    segment_bytes: u64,
    replayed: u64,
}

impl Replay<'_> {
    /// Applies what the snapshot has not seen, and enters what the index has not.
    fn frame(&mut self, header: &Header, body: &[u8]) -> Result<(), StoreError> {
        let segment_bytes = self.segment_bytes;
        let damaged = |at: u64, what: &str| {
            let path = segment_path(header.at / segment_bytes);
            Err(StoreError::damaged(
                &path,
                header.at % segment_bytes + at,
                what,
            ))
        };
        let leaf = &header.leaf;
        let applies = leaf.number >= self.base.chain.number;
        let enters = header.at >= self.index.end();
        if leaf.number == self.base.chain.number && leaf.previous != self.base.chain.previous {
            return damaged(0, "the snapshot belongs to another log than this batch");
        }
        let hash = merkle::leaf(&header.leaf_bytes);
        if leaf.number == self.tree.size() {
            // The nodes of its inner tree would take hashing: a receipt does without.
            self.tree.append(&header.leaf_bytes, hash, header.at, &[])?;
        }
        if applies {
            self.base.frontier.append(hash);
        }
        if !applies && !enters {
            return Ok(());
        }
        self.additions.clear(self.index.end());
        let mut count = 0;
        for entry in frame::records(body) {
            let Ok(entry) = entry else {
                return damaged(0, "the records of the batch do not fit its body");
            };
            let record = match Record::decode(entry.bytes) {
                Ok(record) => record,
                Err(error) => return damaged(entry.at.into(), &error.to_string()),
            };
            if applies
                && let Err(error) = self.base.restore.replay(leaf.first_record + count, &record)
            {
                return damaged(entry.at.into(), &error.to_string());
            }
            if enters && !self.enter(&record, header.at + u64::from(entry.at), header.at) {
                return damaged(
                    entry.at.into(),
                    "the transfer names an account that is not there",
                );
            }
            count += 1;
        }
        if count != u64::from(leaf.records) {
            return damaged(0, "the batch does not have as many records as it says");
        }
        self.replayed += if applies { count } else { 0 };
        if enters {
            self.additions.end = header.at + u64::from(header.frame_len);
            self.additions.records = leaf.records;
            self.publish()?;
        }
        Ok(())
    }

    fn enter(&mut self, record: &Record, at: u64, frame_at: u64) -> bool {
        let restore = &self.base.restore;
        enter(
            &mut self.additions,
            self.hash,
            record,
            (at, frame_at),
            &|id| restore.slot_of(id),
        )
    }

    /// As the committer and the writer do it.
    fn publish(&mut self) -> Result<(), StoreError> {
        self.fresh.extend(&self.additions);
        self.index.append(&self.additions);
        if self.index.unsealed() >= RECORDS_PER_TAIL {
            self.index.seal();
            self.fresh.seal();
            self.fresh.drop_published(self.index.published());
            let failed = |e: store::index::IndexError| {
                StoreError::io(
                    "build",
                    store::index::DIR,
                    std::io::Error::other(e.to_string()),
                )
            };
            self.index.wait_backlog(2).map_err(failed)?;
        }
        Ok(())
    }
}

/// Enters a record into the index as the writer does when it decides it; false where one of its
/// accounts has no slot.
pub(crate) fn enter(
    additions: &mut Additions,
    hash: IdHash,
    record: &Record,
    (at, frame_at): (u64, u64),
    slot_of: &dyn Fn(u128) -> Option<u32>,
) -> bool {
    match record {
        Record::TransferCreated(transfer, _) => {
            let debit = slot_of(transfer.debit_account_id);
            let credit = slot_of(transfer.credit_account_id);
            let (Some(debit), Some(credit)) = (debit, credit) else {
                return false;
            };
            let first = additions.entries[store::index::Tree::Time.number()].is_empty();
            index_transfer(
                additions,
                hash,
                transfer,
                machine::Slots { debit, credit },
                at,
            );
            if first {
                additions.entries[store::index::Tree::Time.number()][0].at = frame_at;
            }
        }
        Record::TransferExpired(expired) => {
            additions.push_id(expired.pending_id, hash.of(expired.pending_id), at);
        }
        Record::TransferFailed(failed) => additions.push_id(failed.id, hash.of(failed.id), at),
        Record::Deed(deed) => additions.push_id(deed.id, hash.of(deed.id), at),
        Record::Object(object) => index_object(additions, hash, object, at),
        Record::Page(page) => index_page(additions, hash, page, at),
        // What was erased is not to be found; adding up an account comes upon it all the same.
        Record::Erased(Remains::Transfer(moved) | Remains::Expired(moved)) => {
            for id in [moved.debit_account_id, moved.credit_account_id] {
                let Some(slot) = slot_of(id) else {
                    return false;
                };
                additions.push(store::index::Tree::Account, slot.into(), at);
            }
        }
        // Nobody looks for these by an id or an account.
        Record::AccountCreated(_)
        | Record::LedgerDeclared(_)
        | Record::RecordErased(_)
        | Record::StatementLine(_)
        | Record::Erased(Remains::Failed(_)) => {}
    }
    true
}
