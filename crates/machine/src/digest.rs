//! One hash for the whole state.

use sha2::{Digest, Sha256};
use zerocopy::IntoBytes;

use model::Record;

use crate::State;
use crate::snapshot::RUN;

const MAGIC: &[u8; 8] = b"cf-stat2";

impl State {
    /// SHA-256 over the canonical state: `cf-stat2`; the count of records, the timestamps of
    /// the last record, the last account and the last transfer; the number of the last statement; the counts of ledgers, accounts
    /// and open pending transfers; then the records of the ledgers by number, each after its
    /// length, the accounts in slot order and the pending transfers by id, 128 bytes each.
    /// Where the platform was used, the records of the open objects follow by kind and key, each after
    /// its length, and the listings, 24 bytes each.
    /// Where a rule book or a document was entered, what a snapshot header has of the rules follows, and the rows of the
    /// tallies, by subject.
    /// Counts, lengths and timestamps are 8 bytes, little-endian.
    ///
    /// It reads all of the state: for tests and audits.
    pub fn digest(&self) -> [u8; 32] {
        let pendings = self.books.pendings.all();
        let numbers = [
            self.books.clock.records,
            self.books.clock.last,
            self.books.clock.account,
            self.books.clock.transfer,
            self.books.clock.statements,
            self.books.ledgers.len() as u64,
            self.books.accounts.len() as u64,
            pendings.len() as u64,
        ];
        let mut hash = Sha256::new();
        hash.update(MAGIC);
        hash.update(numbers.as_bytes());
        for currency in self.books.ledgers.values() {
            let record = Record::LedgerDeclared(*currency).to_bytes();
            hash.update((record.len() as u64).to_le_bytes());
            hash.update(&record);
        }
        for first in (0..self.books.accounts.len()).step_by(RUN) {
            let end = self.books.accounts.len().min(first + RUN);
            hash.update(self.books.accounts.run(first, end).as_bytes());
        }
        for pending in pendings {
            hash.update(pending.transfer.as_bytes());
        }
        let business = &self.books.business;
        if !business.is_empty() {
            for object in business.all() {
                let record = Record::Object(object).to_bytes();
                hash.update((record.len() as u64).to_le_bytes());
                hash.update(&record);
            }
            for first in (0..business.listings.len()).step_by(RUN) {
                let end = business.listings.len().min(first + RUN);
                hash.update(business.listings.run(first, end).as_bytes());
            }
        }
        let rules = &self.books.rules;
        if !rules.is_blank() {
            let mut bytes = Vec::new();
            rules.header().write(&mut bytes);
            hash.update(&bytes);
            for row in rules.tallies.all() {
                hash.update(row.as_bytes());
            }
        }
        hash.finalize().into()
    }
}
