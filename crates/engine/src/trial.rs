//! The trial balance: what was posted to the accounts of each ledger and code, now or then.
//!
//! That of now is counted from the accounts, a stretch at a time between batches; what a batch does
//! to accounts that were counted already is added to the count, so that it is of one moment. That
//! of the past is added up from the log.

use std::collections::BTreeMap;

use machine::State;
use model::Record;
use model::record::Sums;
use store::frame::{self, FrameBuffer};

use crate::change::{Change, Leg};
use crate::query::History;
use crate::request::{Answer, Reply};

/// Accounts counted between two batches.
const STRETCH: u32 = 1 << 16;

/// What the accounts of one ledger and code add up to, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrialLine {
    /// Of the accounts.
    pub ledger: u32,
    /// Of the accounts.
    pub code: u16,
    /// How many there are.
    pub accounts: u64,
    /// Sum of posted debits.
    pub debits_posted: u128,
    /// Sum of posted credits.
    pub credits_posted: u128,
    /// Sum of pending debits.
    pub debits_pending: u128,
    /// Sum of pending credits.
    pub credits_pending: u128,
}

type Class = (u32, u16);

/// Lines on their way to a trial balance.
#[derive(Debug, Default)]
struct Tally {
    lines: BTreeMap<Class, (u64, Sums)>,
    /// Whether a sum has left its range.
    overflowed: bool,
}

impl Tally {
    fn account(&mut self, class: Class, sums: &Sums) {
        let (accounts, all) = self.lines.entry(class).or_default();
        *accounts += 1;
        for (all, one) in [
            (&mut all.debits_posted, sums.debits_posted),
            (&mut all.credits_posted, sums.credits_posted),
            (&mut all.debits_pending, sums.debits_pending),
            (&mut all.credits_pending, sums.credits_pending),
        ] {
            let (sum, overflowed) = all.overflowing_add(one);
            *all = sum;
            self.overflowed |= overflowed;
        }
    }

    fn change(&mut self, class: Class, change: &Change, leg: Leg) {
        let (_, sums) = self.lines.entry(class).or_default();
        self.overflowed |= !change.add_to(sums, leg);
    }

    /// By ledger and code; `None` where a sum has left its range.
    fn lines(self) -> Option<Vec<TrialLine>> {
        let line = |((ledger, code), (accounts, sums)): (Class, (u64, Sums))| TrialLine {
            ledger,
            code,
            accounts,
            debits_posted: sums.debits_posted,
            credits_posted: sums.credits_posted,
            debits_pending: sums.debits_pending,
            credits_pending: sums.credits_pending,
        };
        (!self.overflowed).then(|| self.lines.into_iter().map(line).collect())
    }
}

/// A trial balance of now under way.
pub(crate) struct Trial {
    reply: Reply<Option<Vec<TrialLine>>>,
    tally: Tally,
    /// The first slot that was not counted yet.
    next: u32,
}

impl Trial {
    pub(crate) fn new(reply: Reply<Option<Vec<TrialLine>>>) -> Self {
        Self {
            reply,
            tally: Tally::default(),
            next: 0,
        }
    }

    /// A batch was decided: what it did to accounts that are counted already counts as well.
    pub(crate) fn correct(&mut self, state: &State, frame: &FrameBuffer) {
        if self.next == 0 {
            return;
        }
        let (bytes, spans) = frame.parts();
        for &(start, len) in spans {
            let record = &bytes[start as usize..(start + len) as usize];
            let record = Record::decode(record).expect("the writer writes records");
            let Some(change) = Change::of(&record) else {
                continue;
            };
            for (id, leg) in [(change.debit, Leg::Debit), (change.credit, Leg::Credit)] {
                let slot = state.slot_of(id).expect("a transfer is between accounts");
                if slot < self.next {
                    let account = state.account_at(slot);
                    let class = (account.ledger, account.code);
                    self.tally.change(class, &change, leg);
                }
            }
        }
    }

    /// Counts some more accounts; true once all are counted.
    pub(crate) fn advance(&mut self, state: &State) -> bool {
        let all = state.account_count() as u32;
        let to = all.min(self.next.saturating_add(STRETCH));
        for slot in self.next..to {
            let account = state.account_at(slot);
            self.tally
                .account((account.ledger, account.code), &Sums::from(account));
        }
        self.next = to;
        to == all
    }

    pub(crate) fn answer(self) -> Answer {
        Answer::Trial(self.reply, self.tally.lines())
    }
}

impl History {
    /// The trial balance after all that was booked at or before `at`. It takes some 30 bytes of
    /// memory for an account, and none for a transfer.
    pub(crate) fn trial_balance(&self, at: u64) -> Result<Option<Vec<TrialLine>>, String> {
        let mut tally = Tally::default();
        let mut classes: BTreeMap<u128, Class> = BTreeMap::new();
        let end = self.shared.durable().end;
        let mut next = 0;
        loop {
            if self.shared.is_closing() {
                return Ok(Some(Vec::new()));
            }
            let frame = self.reader.frame(next, end).map_err(|e| e.to_string())?;
            let Some((header, body)) = frame else { break };
            for entry in frame::records(&body) {
                let damaged = |what: &str| format!("batch {}: {what}", header.leaf.number);
                let entry = entry.map_err(|at| damaged(&format!("byte {at}")))?;
                let record = Record::decode(entry.bytes).map_err(|e| damaged(&e.to_string()))?;
                if let Record::AccountCreated(account) = &record {
                    let class = (account.ledger, account.code);
                    classes.insert(account.id, class);
                    if account.timestamp <= at {
                        tally.account(class, &Sums::default());
                    }
                }
                let Some(change) = Change::of(&record) else {
                    continue;
                };
                if change.booked > at {
                    // Times of transfers rise, those of imported ones too: none that follows is of
                    // an earlier one. Behind an expiry one may be imported that is.
                    if change.is_transfer {
                        return Ok(tally.lines());
                    }
                    continue;
                }
                for (id, leg) in [(change.debit, Leg::Debit), (change.credit, Leg::Credit)] {
                    let class = classes.get(&id);
                    let class = class.ok_or_else(|| damaged("an account is not there"))?;
                    tally.change(*class, &change, leg);
                }
            }
            next = header.at + u64::from(header.frame_len);
        }
        Ok(tally.lines())
    }
}
