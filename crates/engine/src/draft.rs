//! A batch while it is being decided: its frame and what it adds to the index.

use machine::{Fact, Sink};
use model::Object;
use model::limits::RECORD_BYTES;
use model::object::{is_own_transfer, listing_id};
use model::record::{Page, Record, encode_transfer};
use store::frame::FrameBuffer;
use store::index::{Additions, IdHash, Tree};

/// Where the facts of one batch go. Positions count from the beginning of the frame until
/// [`Draft::place`] tells where in the log it stands.
pub(crate) struct Draft {
    pub(crate) frame: FrameBuffer,
    pub(crate) additions: Additions,
    hash: IdHash,
}

/// What a broken chain rewinds to.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    records: usize,
    entries: [usize; Tree::COUNT],
}

impl Draft {
    pub(crate) fn new(hash: IdHash) -> Self {
        Self {
            frame: FrameBuffer::default(),
            additions: Additions::default(),
            hash,
        }
    }

    /// Empties it for a batch that follows the log up to `from`.
    pub(crate) fn clear(&mut self, from: u64) {
        self.frame.clear();
        self.additions.clear(from);
    }

    /// Gives the batch its place: the frame at `at`, the log up to `end`.
    pub(crate) fn place(&mut self, at: u64, end: u64) {
        for entries in &mut self.additions.entries {
            for entry in entries {
                entry.at += at;
            }
        }
        self.additions.end = end;
        self.additions.records = self.frame.records() as u32;
    }

    fn push_record(&mut self, record: &Record) -> u64 {
        self.frame
            .push(|out: &mut [u8]| record.encode(&mut out[..RECORD_BYTES]))
            .into()
    }

    fn push_id(&mut self, id: u128, at: u64) {
        self.additions.push_id(id, self.hash.of(id), at);
    }
}

/// Enters a created transfer into the index, as the writer and the recovery both do.
pub(crate) fn index_transfer(
    additions: &mut Additions,
    hash: IdHash,
    transfer: &model::Transfer,
    slots: machine::Slots,
    at: u64,
) {
    use model::transfer_flags::{POST_PENDING, VOID_PENDING};
    // Ids of the books' own transfers say when they were made, and so where they stand.
    if !is_own_transfer(transfer.id) {
        additions.push_id(transfer.id, hash.of(transfer.id), at);
        if transfer.has_any(POST_PENDING | VOID_PENDING) {
            additions.push_id(transfer.pending_id, hash.of(transfer.pending_id), at);
        }
    }
    additions.push(Tree::Account, slots.debit.into(), at);
    additions.push(Tree::Account, slots.credit.into(), at);
    if transfer.user_data_128 != 0 {
        additions.push(Tree::UserData128, hash.of(transfer.user_data_128), at);
    }
    if transfer.user_data_64 != 0 {
        additions.push(Tree::UserData64, transfer.user_data_64, at);
    }
    if transfer.user_data_32 != 0 {
        additions.push(Tree::UserData32, transfer.user_data_32.into(), at);
    }
    if additions.entries[Tree::Time.number()].is_empty() {
        let own = is_own_transfer(transfer.id).then_some(transfer.id as u64);
        let time = own.unwrap_or(transfer.timestamp);
        additions.push(Tree::Time, time.min(transfer.timestamp), 0);
    }
}

/// Enters an object into the index, as the writer and the recovery both do: those that end are
/// looked for later, by the first half of their key, and so are parties. Of a listing the state keeps
/// no digest of its texts, so its records are looked for by an id of their own kind.
pub(crate) fn index_object(additions: &mut Additions, hash: IdHash, object: &Object, at: u64) {
    let is_looked_for = !matches!(
        object,
        Object::ChartLine(_)
            | Object::Fee(_)
            | Object::FeeTier(_)
            | Object::Calendar(_)
            | Object::Holiday(_)
            | Object::Day(_)
            | Object::Figure(_)
            | Object::Register(_)
    );
    if is_looked_for {
        let id = match object {
            Object::Listing(listing) => listing_id(listing.number),
            other => other.key().0,
        };
        additions.push_id(id, hash.of(id), at);
    }
}

/// The high half of the ids by which pages are found: `cf-pages`. The low half is the number of the
/// document.
const PAGES: u64 = u64::from_be_bytes(*b"cf-pages");

/// The id by which the pages of a document are found.
pub(crate) const fn pages_id(document: u64) -> u128 {
    (PAGES as u128) << 64 | document as u128
}

/// Enters a page into the index, as the writer and the recovery both do.
pub(crate) fn index_page(additions: &mut Additions, hash: IdHash, page: &Page, at: u64) {
    let id = pages_id(page.document);
    additions.push_id(id, hash.of(id), at);
}

impl Sink for Draft {
    type Mark = Mark;

    #[inline]
    fn push(&mut self, fact: Fact<'_>) {
        match fact {
            Fact::Transfer(transfer, extras, slots) => {
                let at = self
                    .frame
                    .push(|out: &mut [u8]| encode_transfer(transfer, extras, out));
                index_transfer(&mut self.additions, self.hash, transfer, slots, at.into());
            }
            Fact::Expired(expired, _) => {
                let at = self.push_record(&Record::TransferExpired(*expired));
                self.push_id(expired.pending_id, at);
            }
            Fact::Failed(failed) => {
                let at = self.push_record(&Record::TransferFailed(*failed));
                self.push_id(failed.id, at);
            }
            Fact::Account(account, _) => {
                self.push_record(&Record::AccountCreated(*account));
            }
            Fact::Ledger(currency) => {
                self.push_record(&Record::LedgerDeclared(*currency));
            }
            Fact::Object(object) => {
                let at = self
                    .frame
                    .push(|out: &mut [u8]| object.encode(&mut out[..RECORD_BYTES]));
                index_object(&mut self.additions, self.hash, object, at.into());
            }
            Fact::Deed(deed) => {
                let at = self.push_record(&Record::Deed(*deed));
                self.push_id(deed.id, at);
            }
            Fact::Page(page) => {
                let at = self.push_record(&Record::Page(*page));
                index_page(&mut self.additions, self.hash, page, at);
            }
            Fact::Erasure(_) | Fact::Statement(_) => {
                self.push_record(&fact.record());
            }
        }
    }

    fn mark(&self) -> Mark {
        let entries = std::array::from_fn(|tree| self.additions.entries[tree].len());
        Mark {
            records: self.frame.records(),
            entries,
        }
    }

    fn rewind(&mut self, mark: Mark) {
        self.frame.truncate(mark.records);
        for (entries, len) in self.additions.entries.iter_mut().zip(mark.entries) {
            entries.truncate(len);
        }
    }
}
