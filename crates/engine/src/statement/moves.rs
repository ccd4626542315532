//! What the log did to the posted sums since a snapshot began.

use model::Record;
use model::record::Remains;
use model::transfer_flags::{PENDING, VOID_PENDING};
use store::StoreError;
use store::frame;
use store::log::{Chain, DIR, Reader};

use crate::shared::Durable;

/// Bits of the filter for each move: most accounts are told from those that moved without a
/// search.
const FILTER_BITS: usize = 16;

/// The moves of a stretch of the log, by account; 96 bytes for a transfer.
#[derive(Default)]
pub(crate) struct Moves {
    /// By account and then in the order of the log.
    sorted: Vec<Move>,
    /// Which accounts may have moved, by a hash of their ids. An id that was chosen to collide
    /// costs a search and nothing else.
    filter: Vec<u64>,
    /// Accounts that were created, in the order of their slots.
    pub(crate) created: Vec<Created>,
}

/// An account that no snapshot holds yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Created {
    pub(crate) id: u128,
    pub(crate) ledger: u32,
    pub(crate) code: u16,
}

#[derive(Clone, Copy)]
struct Move {
    account: u128,
    amount: u128,
    /// Twice the index of the record in the log; one more on the credit side.
    order: u64,
}

/// What was posted to one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Posted {
    pub(crate) debits: u128,
    pub(crate) credits: u128,
}

impl Moves {
    /// Reads the log from the frame at `at`, which `chain` links to the one before it, up to what
    /// was durable at some time. `stops` is asked from time to time.
    pub(crate) fn read(
        reader: &Reader,
        (at, chain): (u64, Chain),
        until: Durable,
        stops: &dyn Fn() -> bool,
    ) -> Result<Self, StoreError> {
        let mut moves = Self::default();
        let (mut at, mut number) = (at, chain.number);
        while number < until.batches && !stops() {
            let damaged = |at: u64, what: &str| StoreError::damaged(DIR, at, what);
            let Some((header, body)) = reader.frame(at, until.end)? else {
                return Err(damaged(at, "the log ends before its last batch"));
            };
            let leaf = &header.leaf;
            let linked = number != chain.number || leaf.previous == chain.previous;
            if leaf.number != number || !linked {
                return Err(damaged(at, "this is not the batch that comes next"));
            }
            for (index, entry) in (leaf.first_record..).zip(frame::records(&body)) {
                let record = entry
                    .ok()
                    .and_then(|entry| Record::decode(entry.bytes).ok());
                let record = record.ok_or_else(|| damaged(header.at, "a record cannot be read"))?;
                moves.add(index, &record);
            }
            at = header.at + u64::from(header.frame_len);
            number += 1;
        }
        moves.sort();
        Ok(moves)
    }

    fn add(&mut self, index: u64, record: &Record) {
        let (debit, credit, amount, flags) = match record {
            Record::AccountCreated(account) => {
                self.created.push(Created {
                    id: account.id,
                    ledger: account.ledger,
                    code: account.code,
                });
                return;
            }
            Record::TransferCreated(transfer, _) => (
                transfer.debit_account_id,
                transfer.credit_account_id,
                transfer.amount,
                transfer.flags,
            ),
            Record::Erased(Remains::Transfer(moved)) => (
                moved.debit_account_id,
                moved.credit_account_id,
                moved.amount,
                moved.flags,
            ),
            // None of these posts anything.
            Record::LedgerDeclared(_)
            | Record::TransferExpired(_)
            | Record::TransferFailed(_)
            | Record::RecordErased(_)
            | Record::StatementLine(_)
            | Record::Deed(_)
            | Record::Object(_)
            | Record::Page(_)
            | Record::Erased(Remains::Expired(_) | Remains::Failed(_)) => return,
        };
        if flags & (PENDING | VOID_PENDING) == 0 && amount > 0 {
            for (side, account) in (0..).zip([debit, credit]) {
                let order = 2 * index + side;
                self.sorted.push(Move {
                    account,
                    amount,
                    order,
                });
            }
        }
    }

    fn sort(&mut self) {
        self.sorted
            .sort_unstable_by_key(|one| (one.account, one.order));
        let words = (self.sorted.len() * FILTER_BITS / 64).next_power_of_two();
        self.filter = vec![0; words];
        for one in &self.sorted {
            let (word, bit) = filter_place(one.account, words);
            self.filter[word] |= bit;
        }
    }

    /// What was posted to an account from record `stamp` on. Sums that wrap cannot be: the
    /// records were decided.
    #[inline]
    pub(crate) fn since(&self, stamp: u64, account: u128) -> Posted {
        let mut posted = Posted::default();
        let (word, bit) = filter_place(account, self.filter.len());
        if self.filter[word] & bit == 0 {
            return posted;
        }
        let from = (account, 2 * stamp);
        let first = self
            .sorted
            .partition_point(|one| (one.account, one.order) < from);
        let own = self.sorted[first..].iter();
        for one in own.take_while(|one| one.account == account) {
            let sum = if one.order.is_multiple_of(2) {
                &mut posted.debits
            } else {
                &mut posted.credits
            };
            *sum = sum.wrapping_add(one.amount);
        }
        posted
    }
}

/// Where an account stands in a filter of so many words, a power of two.
#[inline]
fn filter_place(account: u128, words: usize) -> (usize, u64) {
    let folded = account as u64 ^ (account >> 64) as u64;
    let hash = folded.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let word = (hash >> 32) as usize & (words - 1);
    (word, 1 << (hash >> 26 & 63))
}
