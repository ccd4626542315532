//! What stays in the log of transfers that were erased: what they did to two accounts, and when.
//!
//! No index finds them by what they were; the files that open their batches say where they stand.

use std::collections::{BTreeMap, BTreeSet};

use model::Record;
use model::limits::BATCH_EVENTS;
use model::record::{Moved, Remains};
use store::{erased, frame};

use crate::books::Books;
use crate::limits::EVENT_FRAMES;
use crate::receipts::{Place, Receipts};
use crate::request::Refused;

/// A transfer that was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErasedTransfer {
    /// Where its record stood, and its remains do.
    pub place: Place,
    /// The ledger of its accounts.
    pub ledger: u32,
    /// What remains of it.
    pub moved: Moved,
}

/// A stretch of erased transfers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasedTransfers {
    /// In the order in which they were made.
    pub transfers: Vec<ErasedTransfer>,
    /// The batch to go on with; `None` where there are no more.
    pub next: Option<u64>,
}

type Found = Vec<(Place, Moved)>;

impl Books {
    /// The transfers that were erased of the batches from number `from` on: those of some batches,
    /// each whole.
    pub async fn erased_transfers(&self, from: u64) -> Result<ErasedTransfers, Refused> {
        let (found, next) = self
            .show(move |receipts| receipts.erased_transfers(from))
            .await?;
        let ids: BTreeSet<u128> = found
            .iter()
            .map(|(_, moved)| moved.debit_account_id)
            .collect();
        let ids: Vec<u128> = ids.into_iter().collect();
        let mut ledgers = BTreeMap::new();
        for ids in ids.chunks(BATCH_EVENTS) {
            let accounts = self.lookup_accounts(ids.to_vec()).await?;
            ledgers.extend(accounts.iter().map(|account| (account.id, account.ledger)));
        }
        let transfers = found.into_iter().map(|(place, moved)| ErasedTransfer {
            place,
            ledger: ledgers.get(&moved.debit_account_id).copied().unwrap_or(0),
            moved,
        });
        Ok(ErasedTransfers {
            transfers: transfers.collect(),
            next,
        })
    }
}

impl Receipts {
    /// Of so many batches as make up an answer, and the number of the next.
    fn erased_transfers(&self, from: u64) -> Result<(Found, Option<u64>), String> {
        let (mut batches, _) = erased::list(&*self.disk).map_err(|e| e.to_string())?;
        batches.sort_unstable();
        let mut found = Vec::new();
        let rest = batches.into_iter().filter(|batch| *batch >= from);
        for (frames, batch) in rest.enumerate() {
            if frames == EVENT_FRAMES || found.len() >= BATCH_EVENTS {
                return Ok((found, Some(batch)));
            }
            self.erased_of(batch, &mut found)?;
        }
        Ok((found, None))
    }

    fn erased_of(&self, batch: u64, found: &mut Found) -> Result<(), String> {
        let durable = self.history.shared.durable();
        if batch >= durable.batches {
            return Err(format!(
                "{}: there is no such batch",
                erased::path_of(batch)
            ));
        }
        let at = self.tree.place(batch).map_err(|e| e.to_string())?;
        let frame = self.history.reader.frame(at, durable.end);
        let Some((_, body)) = frame.map_err(|e| e.to_string())? else {
            return Ok(());
        };
        for (index, entry) in (0..).zip(frame::records(&body)) {
            let entry = entry.map_err(|at| format!("batch {batch}: byte {at}"))?;
            let record = Record::decode(entry.bytes).map_err(|e| e.to_string())?;
            if let Record::Erased(Remains::Transfer(moved)) = record {
                found.push((Place { batch, index }, moved));
            }
        }
        Ok(())
    }
}
