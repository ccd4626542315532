//! Whether what was erased is what the log says was erased.

use std::collections::{BTreeMap, BTreeSet};

use merkle::root_of;
use model::Record;
use store::StoreError;
use store::disk::Disk;
use store::erased::{self, Unwritten};
use store::frame::Header;

use super::Audit;

/// Remains that passed, and erasures that were entered, by batch and index.
pub(super) struct ErasureCheck {
    /// With their hash.
    remains: BTreeMap<(u64, u32), [u8; 32]>,
    /// With the batch that says so, and the hash that it gives.
    entered: BTreeMap<(u64, u32), (u64, [u8; 32])>,
    /// Batches that have a file beside the log.
    files: BTreeSet<u64>,
    /// What the next start overwrites a frame with, until that frame has passed.
    unwritten: Option<Unwritten>,
    /// The batch that it overwrites.
    underway: Option<u64>,
}

impl ErasureCheck {
    pub(super) fn new(disk: &dyn Disk, audit: &mut Audit) -> Result<Self, StoreError> {
        let (files, others) = erased::list(disk)?;
        for name in others {
            if name != erased::REDO {
                let what = "no file of this name belongs here";
                audit.differences.push(format!("erased/{name}: {what}"));
            }
        }
        let unwritten = match erased::unwritten(disk) {
            Ok(unwritten) => unwritten,
            Err(error @ StoreError::Io { .. }) => return Err(error),
            Err(error) => {
                audit.differences.push(error.to_string());
                None
            }
        };
        if unwritten.is_some() {
            let what = "a frame is being overwritten; the next start carries it through";
            audit.notes.push(format!("{}: {what}", unwritten_path()));
        }
        Ok(Self {
            remains: BTreeMap::new(),
            entered: BTreeMap::new(),
            files: files.into_iter().collect(),
            unwritten,
            underway: None,
        })
    }

    /// A batch passes. What the next start would write over it has to be the same batch, and all
    /// that was to be erased from it is as good as erased.
    pub(super) fn frame(
        &mut self,
        disk: &dyn Disk,
        header: &Header,
        audit: &mut Audit,
    ) -> Result<(), StoreError> {
        let is_it = |one: &mut Unwritten| one.header.at == header.at;
        let Some(unwritten) = self.unwritten.take_if(is_it) else {
            return Ok(());
        };
        let leaf = &header.leaf;
        let mut leaves = Vec::new();
        let same =
            match erased::batch_leaves(disk, &unwritten.header, unwritten.body(), &mut leaves) {
                Err(error @ StoreError::Io { .. }) => return Err(error),
                Err(_) => false,
                Ok(()) => {
                    unwritten.header.leaf == *leaf
                        && root_of(&mut leaves).to_bytes() == leaf.inner_root
                }
            };
        if !same {
            let what = format!("it is not batch {} without what was erased", leaf.number);
            audit
                .differences
                .push(format!("{}: {what}", unwritten_path()));
        }
        self.underway = Some(leaf.number);
        Ok(())
    }

    /// A record passes; `number` is that of its batch.
    pub(super) fn record(&mut self, number: u64, index: u32, record: &Record) {
        match record {
            Record::Erased(_) => {
                let hash = merkle::leaf(&record.to_bytes());
                self.remains.insert((number, index), hash.to_bytes());
            }
            Record::RecordErased(erasure) => {
                let place = (erasure.batch, erasure.index);
                self.entered.insert(place, (number, erasure.remains));
            }
            _ => {}
        }
    }

    pub(super) fn end(&mut self, audit: &mut Audit) {
        if self.unwritten.is_some() {
            let what = "it is of no frame in the log";
            audit
                .differences
                .push(format!("{}: {what}", unwritten_path()));
        }
        for (place, hash) in &self.remains {
            let (batch, index) = place;
            let what = match self.entered.remove(place) {
                None => Some("it was erased, and no record in the log says so"),
                Some((_, entered)) if entered != *hash => {
                    Some("what remains of it is not what its erasure says")
                }
                Some(_) => None,
            };
            if let Some(what) = what {
                audit
                    .differences
                    .push(format!("batch {batch}: record {index}: {what}"));
            }
            self.files.remove(batch);
        }
        audit.erased = self.remains.len() as u64;
        for ((batch, index), (by, _)) in &self.entered {
            if self.underway == Some(*batch) {
                continue;
            }
            let what = format!("batch {by} says that it was erased, and it is still there");
            audit
                .differences
                .push(format!("batch {batch}: record {index}: {what}"));
        }
        let underway = self.underway;
        for batch in self.files.iter().filter(|batch| underway != Some(**batch)) {
            let what = "nothing was erased from its batch";
            audit
                .differences
                .push(format!("{}: {what}", erased::path_of(*batch)));
        }
    }
}

fn unwritten_path() -> String {
    format!("{}/{}", erased::DIR, erased::REDO)
}
