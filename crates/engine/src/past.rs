//! Balances of the past: an account as it stood at any time, and the trial balance then.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Record;
use model::record::Sums;
use model::transfer_flags::PENDING;
use store::index::{Order, Tree};

use crate::books::Books;
use crate::change::{Change, Leg};
use crate::limits::PAST_PAGE;
use crate::query::History;
use crate::request::{Refused, Request};
use crate::trial::TrialLine;

/// Which time of an entry counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// When it was booked: an entry that comes late changes no balance of the past.
    Booked,
    /// From when its money counts: an entry that comes late counts from its value date on.
    Value,
}

const OVERFLOW: Refused =
    Refused::Invalid("the sums of a ledger and code add up to more than 2^128 - 1");

impl Books {
    /// The sums of an account after all that was booked, or that counts, at or before `time`
    /// (nanoseconds since 1970); `None` where there is no such account. It reads every transfer of
    /// the account up to then.
    pub async fn balance_at(
        &self,
        account: u128,
        time: u64,
        by: By,
    ) -> Result<Option<Sums>, Refused> {
        let slot = self.ask(|reply| Request::Slot(account, reply)).await?;
        let Some((slot, _)) = slot else {
            return Ok(None);
        };
        let sums = self
            .read(move |history| history.balance_at((slot, account), time, by))
            .await?;
        if self.inner.shared.is_closing() {
            return Err(self.stopped());
        }
        Ok(Some(sums))
    }

    /// What the accounts of each ledger and code add up to, by ledger and code: now, or after all
    /// that was booked at or before a time (nanoseconds since 1970). One of the past reads the log
    /// up to then, one after the other.
    pub async fn trial_balance(&self, at: Option<u64>) -> Result<Vec<TrialLine>, Refused> {
        let Some(at) = at else {
            let lines = self.ask(Request::Trial).await?;
            return lines.ok_or(OVERFLOW);
        };
        // What was asked for until now is durable once this is answered.
        self.ask(Request::Statements).await?;
        let turn = Arc::clone(&self.inner.folding).lock_owned().await;
        let lines = self
            .read(move |history| {
                let _turn = turn;
                history.trial_balance(at)
            })
            .await?;
        if self.inner.shared.is_closing() {
            return Err(self.stopped());
        }
        lines.ok_or(OVERFLOW)
    }
}

impl History {
    /// Ends early, with sums of nothing, once the books close.
    fn balance_at(&self, (slot, id): (u32, u128), time: u64, by: By) -> Result<Sums, String> {
        let mut sums = Sums::default();
        // Reservations that nothing has ended yet.
        let mut open: BTreeMap<u128, (Change, Leg)> = BTreeMap::new();
        let mut from = 0;
        while !self.shared.is_closing() {
            let key = slot.into();
            let range = from..=u64::MAX;
            let page = self
                .index
                .find(Tree::Account, key, range, Order::Oldest, PAST_PAGE);
            let page = page.map_err(|e| e.to_string())?;
            let Some(&last) = page.last() else { break };
            for record in self.reader.records(&page).map_err(|e| e.to_string())? {
                let Some(change) = Change::of(&record) else {
                    continue;
                };
                if change.booked > time && by == By::Booked && change.is_transfer {
                    self.expire(&mut sums, open, time)?;
                    return Ok(sums);
                }
                if change.value > time {
                    continue;
                }
                let leg = if change.debit == id {
                    Leg::Debit
                } else {
                    Leg::Credit
                };
                apply(&mut sums, &change, leg)?;
                if let Record::TransferCreated(transfer, _) = record {
                    if transfer.has(PENDING) && transfer.timeout > 0 {
                        open.insert(transfer.id, (change, leg));
                    }
                    open.remove(&transfer.pending_id);
                }
            }
            from = last + 1;
        }
        self.expire(&mut sums, open, time)?;
        Ok(sums)
    }

    /// Releases those that had expired by `time`: the index finds expiries by the pending transfer
    /// and not by its accounts.
    fn expire(
        &self,
        sums: &mut Sums,
        open: BTreeMap<u128, (Change, Leg)>,
        time: u64,
    ) -> Result<(), String> {
        let open: Vec<_> = open.into_iter().collect();
        for some in open.chunks(PAST_PAGE) {
            let ids: Vec<_> = some
                .iter()
                .map(|(id, _)| (*id, self.hash.of(*id)))
                .collect();
            let mut found = Vec::new();
            self.index
                .find_ids(&ids, &mut found)
                .map_err(|e| e.to_string())?;
            for (which, at) in found {
                let (id, (_, leg)) = &some[which as usize];
                let record = self.reader.record(at).map_err(|e| e.to_string())?;
                if let Record::TransferExpired(expired) = &record
                    && expired.pending_id == *id
                    && let Some(change) = Change::of(&record)
                    && change.booked <= time
                {
                    apply(sums, &change, *leg)?;
                }
            }
        }
        Ok(())
    }
}

fn apply(sums: &mut Sums, change: &Change, leg: Leg) -> Result<(), String> {
    if change.add_to(sums, leg) {
        Ok(())
    } else {
        Err("the transfers of an account do not add up".to_owned())
    }
}
