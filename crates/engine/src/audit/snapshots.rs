//! Snapshots against what the log adds up to.

use machine::State;
use model::Record;
use store::StoreError;
use store::disk::Disk;
use store::snapshot;
use store::superblock::Superblock;

use super::{Audit, Pass};
use crate::replay::{Base, load};

pub(super) fn open_snapshots(
    disk: &dyn Disk,
    superblock: &Superblock,
    audit: &mut Audit,
) -> Result<Vec<Base>, StoreError> {
    let mut bases = Vec::new();
    for path in snapshot::list(disk)? {
        match load(disk, &path, superblock.hash_key) {
            Ok(base) => bases.push(base),
            Err(error @ StoreError::Io { .. }) => return Err(error),
            Err(error) => audit.differences.push(format!("a snapshot: {error}")),
        }
    }
    audit.snapshots = bases.len() as u64;
    Ok(bases)
}

impl Pass<'_> {
    /// Folds a record into the states of the snapshots that it follows.
    pub(super) fn replay(&mut self, index: u64, record: &Record) {
        let differences = &mut self.audit.differences;
        self.snapshots.retain_mut(|base| {
            if index < base.chain.first_record {
                return true;
            }
            // The log has just folded without it: what does not follow is the snapshot.
            let replayed = base.restore.replay(index, record);
            if let Err(error) = &replayed {
                let path = base.path.as_deref().unwrap_or_default();
                differences.push(format!("{path}: {error}"));
            }
            replayed.is_ok()
        });
    }

    /// Compares the snapshots that begin here with the log.
    pub(super) fn check_snapshot_starts(&mut self) {
        for base in &self.snapshots {
            if base.chain.number != self.chain.number {
                continue;
            }
            let path = base.path.as_deref().unwrap_or_default();
            if base.chain != self.chain
                || base.at != self.end
                || base.frontier.to_bytes() != self.frontier.to_bytes()
            {
                let what = "its beginning is not that of this log";
                self.audit.differences.push(format!("{path}: {what}"));
            } else if snapshot::path_of(self.chain.first_record) != path {
                let what = format!(
                    "its name should be that of record {}",
                    self.chain.first_record
                );
                self.audit.differences.push(format!("{path}: {what}"));
            }
        }
    }

    /// Compares what the snapshots come to with the state of the log, which has so many records.
    pub(super) fn check_snapshot_ends(&mut self, records: u64) {
        for base in std::mem::take(&mut self.snapshots) {
            let path = base.path.unwrap_or_default();
            if base.end_record > records {
                self.differs(&format!("{path}: it knows more than the log"));
                continue;
            }
            match base.restore.finish(records) {
                Ok(state) if state.digest() == self.audit.state => {}
                Ok(state) => {
                    let what = first_difference(&state, &self.state);
                    self.differs(&format!("{path}: {what}"));
                }
                Err(error) => self.differs(&format!("{path}: {error}")),
            }
        }
    }
}

fn first_difference(found: &State, expected: &State) -> String {
    if found.account_count() != expected.account_count() {
        let (found, expected) = (found.account_count(), expected.account_count());
        return format!("it has {found} accounts, the log {expected}");
    }
    for slot in 0..expected.account_count() as u32 {
        let (found, expected) = (found.account_at(slot), expected.account_at(slot));
        if found != expected {
            return format!("account {} is not as the log says", expected.id);
        }
    }
    "its pending transfers, ledgers or times are not as the log says".to_owned()
}
