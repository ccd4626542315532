//! Every account as it stood after one batch, streamed: no second state in memory.

use machine::SnapshotHeader;
use model::record::Side;
use store::StoreError;
use store::disk::Disk;
use store::log::{Chain, Reader};
use store::snapshot::{Part, Snapshot};

use super::Trouble;
use super::file::Class;
use super::moves::{Moves, Posted};
use crate::shared::Durable;

/// Accounts without a snapshot between two looks whether the books close.
const STRETCH: usize = 4_096;

/// Whether the work is to end.
pub(crate) type Stops = Box<dyn Fn() -> bool>;

/// One account and what was posted to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) id: u128,
    pub(crate) ledger: u32,
    pub(crate) code: u16,
    pub(crate) posted: Posted,
}

impl Standing {
    /// Where its balance is counted. Nothing stands on the credit side.
    pub(crate) fn class(&self) -> Class {
        let side = if self.posted.credits >= self.posted.debits {
            Side::Credit
        } else {
            Side::Debit
        };
        Class {
            ledger: self.ledger,
            code: self.code,
            side,
        }
    }

    /// Its balance on that side, in minor units.
    pub(crate) fn amount(&self) -> u128 {
        self.posted.credits.abs_diff(self.posted.debits)
    }
}

/// The accounts after a batch: those of a snapshot, brought to that time by the records since, and
/// those that were created since.
pub(crate) struct Accounts {
    snapshot: Option<(Snapshot, SnapshotHeader)>,
    moves: Moves,
    until: Durable,
    stops: Stops,
}

impl Accounts {
    /// From the snapshot at `path`, or from the log alone, as they stand where the log is durable
    /// `until`. `stops` is asked from time to time.
    pub(crate) fn open(
        disk: &dyn Disk,
        reader: &Reader,
        path: Option<&str>,
        until: Durable,
        stops: Stops,
    ) -> Result<Self, Trouble> {
        let mut start = (0, Chain::default());
        let mut opened = None;
        if let Some(path) = path {
            let snapshot = Snapshot::open(disk, path)?;
            let meta = snapshot.meta();
            let header = SnapshotHeader::from_bytes(&meta.header);
            let header = header.map_err(|e| damaged(&snapshot, &e.to_string()))?;
            start = (meta.at, meta.chain);
            opened = Some((snapshot, header));
        }
        let moves = Moves::read(reader, start, until, &*stops).map_err(Trouble::Log)?;
        Ok(Self {
            snapshot: opened,
            moves,
            until,
            stops,
        })
    }

    /// Visits all accounts by slot, the same every time.
    pub(crate) fn each(
        &mut self,
        mut visit: impl FnMut(&Standing) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        check(&*self.stops)?;
        if let Some((snapshot, header)) = &mut self.snapshot {
            snapshot.rewind();
            let mut expected = 0;
            loop {
                check(&*self.stops)?;
                let (chunk, stamp, bytes) = match snapshot.next_part()? {
                    Part::Chunk(chunk, stamp, bytes) => (chunk, stamp, bytes),
                    Part::End(records) if records > self.until.records => {
                        return Err(damaged(snapshot, "it knows more than the log").into());
                    }
                    Part::End(_) if expected != header.chunks() => {
                        return Err(damaged(snapshot, "chunks are missing").into());
                    }
                    Part::End(_) => break,
                };
                if chunk != expected || stamp < header.records() {
                    return Err(damaged(snapshot, "its chunks are out of order").into());
                }
                expected += 1;
                let accounts = header.read_accounts(chunk, &bytes);
                let (_, accounts) = accounts.map_err(|e| damaged(snapshot, &e.to_string()))?;
                for account in accounts {
                    let since = self.moves.since(stamp, account.id);
                    visit(&Standing {
                        id: account.id,
                        ledger: account.ledger,
                        code: account.code,
                        posted: Posted {
                            debits: account.debits_posted.wrapping_add(since.debits),
                            credits: account.credits_posted.wrapping_add(since.credits),
                        },
                    })?;
                }
            }
        }
        for created in self.moves.created.chunks(STRETCH) {
            check(&*self.stops)?;
            for account in created {
                visit(&Standing {
                    id: account.id,
                    ledger: account.ledger,
                    code: account.code,
                    posted: self.moves.since(0, account.id),
                })?;
            }
        }
        Ok(())
    }
}

/// Whether to go on.
pub(crate) fn check(stops: &dyn Fn() -> bool) -> Result<(), Trouble> {
    if stops() {
        Err(Trouble::closing())
    } else {
        Ok(())
    }
}

fn damaged(snapshot: &Snapshot, what: &str) -> StoreError {
    StoreError::damaged(snapshot.path(), 0, what)
}
