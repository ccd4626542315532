//! A state again, from the chunks of a snapshot and the records since.

use model::object::LISTING_STATES;
use model::{Account, Object, Record, Transfer, transfer_flags};
use zerocopy::FromBytes;

use crate::State;
use crate::apply::Reach;
use crate::create_transfer::ENDING;
use crate::evolve::EvolveError;
use crate::fact::Slots;
use crate::index::{SHARDS, shard_of};
use crate::listings::Offer;
use crate::pendings::Pending;
use crate::rules::{ROW_BYTES, Row};
use crate::snapshot::{OFFER_BYTES, PENDING_BYTES, Part, RUN, SnapshotHeader};

/// A state that is being put together: first all chunks, in any order, then the records from
/// [`SnapshotHeader::records`] on, in order.
pub struct Restore {
    state: State,
    header: SnapshotHeader,
    /// By chunk, how many records had been applied when it was copied.
    stamps: Vec<Option<u64>>,
    missing: usize,
    next: u64,
}

/// Why a snapshot cannot be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// The snapshot has no such chunk, or it was loaded before.
    Chunk(u32),
    /// The chunk was copied before the snapshot began.
    Stamp(u32),
    /// The bytes of the chunk are not what it holds.
    Content(u32),
    /// A pending transfer is in the shard of another key.
    Key(u32),
    /// So many chunks have not been loaded.
    Missing(usize),
    /// This record is not the next one.
    Order {
        /// The index that comes next.
        next: u64,
        /// The index that was given.
        given: u64,
    },
    /// Chunks were copied after the last record that was replayed.
    Early {
        /// The count of records that the last chunk needs.
        needed: u64,
    },
    /// A record does not follow from the snapshot.
    Record(u64, EvolveError),
    /// The pending transfer is not of the accounts in its slots.
    Slots(u128),
    /// The account of the listing's seller is not there.
    Seller(u32),
    /// Chunks have sums of tallies that no rule counts.
    Tallies,
}

impl core::fmt::Display for RestoreError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Chunk(chunk) => write!(f, "chunk {chunk} is not expected"),
            Self::Stamp(chunk) => write!(f, "chunk {chunk} is older than the snapshot"),
            Self::Content(chunk) => write!(f, "chunk {chunk} does not hold what it should"),
            Self::Key(chunk) => write!(f, "chunk {chunk} was written under another key"),
            Self::Missing(count) => write!(f, "{count} chunks are missing"),
            Self::Order { next, given } => {
                write!(f, "record {given} was given where record {next} is next")
            }
            Self::Early { needed } => write!(f, "the chunks need the first {needed} records"),
            Self::Record(index, error) => write!(f, "record {index}: {error}"),
            Self::Seller(number) => write!(f, "the seller of listing {number} is not there"),
            Self::Tallies => write!(f, "there are sums of tallies that no rule counts"),
            Self::Slots(id) => write!(f, "pending transfer {id} is not of its accounts"),
        }
    }
}

impl std::error::Error for RestoreError {}

/// The parts that were copied before a record was applied. What no chunk holds came after the
/// snapshot began, so that all of its facts follow.
#[derive(Clone, Copy)]
struct CopiedBefore<'a> {
    /// How many accounts the chunks hold.
    accounts: usize,
    account_stamps: &'a [Option<u64>],
    shard_stamps: &'a [Option<u64>],
    object_stamps: &'a [Option<u64>],
    listings: usize,
    listing_stamps: &'a [Option<u64>],
    tally_stamps: &'a [Option<u64>],
    record: u64,
}

impl Reach for CopiedBefore<'_> {
    fn account(&self, slot: u32) -> bool {
        let slot = slot as usize;
        slot >= self.accounts || self.account_stamps[slot / RUN] <= Some(self.record)
    }

    fn pending(&self, shard: usize) -> bool {
        let stamp = self.shard_stamps.get(shard);
        stamp.is_none_or(|stamp| *stamp <= Some(self.record))
    }

    fn object(&self, shard: usize) -> bool {
        let stamp = self.object_stamps.get(shard);
        stamp.is_none_or(|stamp| *stamp <= Some(self.record))
    }

    fn listing(&self, number: u32) -> bool {
        let number = number as usize;
        number >= self.listings || self.listing_stamps[number / RUN] <= Some(self.record)
    }

    fn tally(&self, shard: usize) -> bool {
        let stamp = self.tally_stamps.get(shard);
        stamp.is_none_or(|stamp| *stamp <= Some(self.record))
    }
}

impl Restore {
    /// Begins to restore. `key` is that of the state that wrote the snapshot.
    pub fn new(header: SnapshotHeader, key: [u64; 2]) -> Self {
        let mut state = State::new(key);
        state.books.clock = header.clock;
        for currency in &header.ledgers {
            state.books.ledgers.insert(currency.ledger, *currency);
        }
        for _ in 0..header.accounts {
            state.books.accounts.push_blank();
        }
        if let Some(rules) = &header.rules {
            let books = &mut state.books;
            books.rules.restore(rules, &books.ledgers);
        }
        let listings = header.listings.unwrap_or(0);
        for number in 0..listings {
            state
                .books
                .business
                .listings
                .put(number as u32, &Offer::default());
        }
        Self {
            state,
            stamps: vec![None; header.chunks() as usize],
            missing: header.chunks() as usize,
            next: header.clock.records,
            header,
        }
    }

    /// The slot of the account with this id, among those loaded and replayed so far.
    pub fn slot_of(&self, id: u128) -> Option<u32> {
        self.state.slot_of(id)
    }

    /// Loads a chunk that was copied when `stamp` records had been applied.
    pub fn load(&mut self, chunk: u32, stamp: u64, bytes: &[u8]) -> Result<(), RestoreError> {
        let known = self.stamps.get_mut(chunk as usize);
        let slot = known.filter(|known| known.is_none());
        let slot = slot.ok_or(RestoreError::Chunk(chunk))?;
        if stamp < self.header.clock.records {
            return Err(RestoreError::Stamp(chunk));
        }
        *slot = Some(stamp);
        self.missing -= 1;
        match self.header.part(chunk as usize) {
            Part::Accounts => self.load_accounts(chunk, bytes),
            Part::Pendings(shard) => self.load_pendings((chunk, shard), bytes),
            Part::Objects(shard) => self.load_objects((chunk, shard), bytes),
            Part::Listings(run) => self.load_listings((chunk, run), bytes),
            Part::Tallies(shard) => self.load_tallies((chunk, shard), bytes),
        }
    }

    fn load_objects(
        &mut self,
        (chunk, shard): (u32, usize),
        mut bytes: &[u8],
    ) -> Result<(), RestoreError> {
        let content = || RestoreError::Content(chunk);
        while !bytes.is_empty() {
            let (len, rest) = bytes.split_first_chunk().ok_or_else(content)?;
            let len = usize::from(u16::from_le_bytes(*len));
            let (record, rest) = rest.split_at_checked(len).ok_or_else(content)?;
            bytes = rest;
            let Ok(Record::Object(object)) = Record::decode(record) else {
                return Err(content());
            };
            let business = &mut self.state.books.business;
            let (kind, key) = (object.kind(), object.key());
            if business.shard_of(key) != shard {
                return Err(RestoreError::Key(chunk));
            }
            let placed = !matches!(object, Object::Listing(_)) && business.get(kind, key).is_none();
            if !placed || !object.is_open() || !object.is_sound() {
                return Err(content());
            }
            business.put(&object);
        }
        Ok(())
    }

    fn load_listings(
        &mut self,
        (chunk, run): (u32, usize),
        bytes: &[u8],
    ) -> Result<(), RestoreError> {
        let content = || RestoreError::Content(chunk);
        let (first, end) = self.header.numbers(run);
        if bytes.len() != (end - first) * OFFER_BYTES {
            return Err(content());
        }
        for (number, bytes) in (first as u32..).zip(bytes.chunks_exact(OFFER_BYTES)) {
            let offer = Offer::read_from_bytes(bytes).map_err(|_| content())?;
            if offer.state as usize >= LISTING_STATES.len() {
                return Err(content());
            }
            self.state.books.business.listings.put(number, &offer);
        }
        Ok(())
    }

    fn load_tallies(
        &mut self,
        (chunk, shard): (u32, usize),
        bytes: &[u8],
    ) -> Result<(), RestoreError> {
        let rows = bytes.chunks_exact(ROW_BYTES);
        if !rows.remainder().is_empty() {
            return Err(RestoreError::Content(chunk));
        }
        for bytes in rows {
            let row = Row::read_from_bytes(bytes).map_err(|_| RestoreError::Content(chunk))?;
            if !self.state.books.rules.tallies.load(shard, row) {
                return Err(RestoreError::Content(chunk));
            }
        }
        Ok(())
    }

    fn load_accounts(&mut self, chunk: u32, bytes: &[u8]) -> Result<(), RestoreError> {
        let content = || RestoreError::Content(chunk);
        let (first, end) = self.header.slots(chunk as usize);
        if bytes.len() != (end - first) * size_of::<Account>() {
            return Err(content());
        }
        let accounts = bytes.chunks_exact(size_of::<Account>());
        for (slot, bytes) in (first as u32..).zip(accounts) {
            let account = Account::read_from_bytes(bytes).map_err(|_| content())?;
            let accounts = &mut self.state.books.accounts;
            if account.id == 0 || accounts.find(account.id).is_some() {
                return Err(content());
            }
            accounts.fill(slot, &account);
        }
        Ok(())
    }

    fn load_pendings(
        &mut self,
        (chunk, shard): (u32, usize),
        bytes: &[u8],
    ) -> Result<(), RestoreError> {
        let content = || RestoreError::Content(chunk);
        let entries = bytes.chunks_exact(PENDING_BYTES);
        if !entries.remainder().is_empty() {
            return Err(content());
        }
        for bytes in entries {
            let (transfer, slots) = Transfer::read_from_prefix(bytes).map_err(|_| content())?;
            let [debit, credit] = <[u32; 2]>::read_from_bytes(slots).map_err(|_| content())?;
            let hash = self.state.books.key.hash(transfer.id);
            if shard_of(hash) != shard {
                return Err(RestoreError::Key(chunk));
            }
            let open = transfer.has(transfer_flags::PENDING) && !transfer.has_any(ENDING);
            if !open || self.state.books.pendings.get(hash, transfer.id).is_some() {
                return Err(content());
            }
            let slots = Slots { debit, credit };
            self.state
                .books
                .pendings
                .insert(hash, Pending { transfer, slots });
        }
        Ok(())
    }

    /// Replays the record with this index in the whole log, from 0.
    pub fn replay(&mut self, index: u64, record: &Record) -> Result<(), RestoreError> {
        if self.missing > 0 {
            return Err(RestoreError::Missing(self.missing));
        }
        if index != self.next {
            return Err(RestoreError::Order {
                next: self.next,
                given: index,
            });
        }
        let (account_stamps, rest) = self.stamps.split_at(self.header.account_chunks());
        let (shard_stamps, rest) = rest.split_at(rest.len().min(SHARDS));
        let (object_stamps, rest) = rest.split_at(rest.len().min(SHARDS));
        let (listing_stamps, tally_stamps) = rest.split_at(self.header.listing_chunks());
        let reach = CopiedBefore {
            accounts: self.header.accounts,
            account_stamps,
            shard_stamps,
            object_stamps,
            listings: self.header.listings.unwrap_or(0),
            listing_stamps,
            tally_stamps,
            record: index,
        };
        let replayed = self.state.books.evolve_within(record, reach);
        replayed.map_err(|error| RestoreError::Record(index, error))?;
        self.next += 1;
        Ok(())
    }

    /// The state after `records` records, the count of those in the log. All chunks are loaded,
    /// and all records since the last of them was copied are replayed.
    pub fn finish(mut self, records: u64) -> Result<State, RestoreError> {
        if self.missing > 0 {
            return Err(RestoreError::Missing(self.missing));
        }
        if records != self.next {
            return Err(RestoreError::Order {
                next: self.next,
                given: records,
            });
        }
        let needed = self.stamps.iter().flatten().copied().max().unwrap_or(0);
        if needed > records {
            return Err(RestoreError::Early { needed });
        }
        let books = &mut self.state.books;
        books.rules.count_sums(&books.accounts);
        if !books.rules.tallies.end_load() {
            return Err(RestoreError::Tallies);
        }
        let accounts = &self.state.books.accounts;
        let listings = &self.state.books.business.listings;
        for number in 0..listings.len() as u32 {
            let seller = listings.get(number).map(|offer| offer.seller as usize);
            if seller.is_none_or(|seller| seller >= accounts.len()) {
                return Err(RestoreError::Seller(number));
            }
        }
        let is = |slot: u32, id| (slot as usize) < accounts.len() && accounts.at(slot).id == id;
        for pending in self.state.books.pendings.all() {
            let Pending { transfer, slots } = pending;
            if !is(slots.debit, transfer.debit_account_id)
                || !is(slots.credit, transfer.credit_account_id)
            {
                return Err(RestoreError::Slots(transfer.id));
            }
        }
        Ok(self.state)
    }
}
