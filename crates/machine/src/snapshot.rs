//! Snapshots that do not stop the writer.
//!
//! A snapshot is a header and chunks. The header is taken first; then the chunks are copied, a
//! few at a time, while batches go on being decided in between. Each chunk is whole in itself but
//! of its own time, so whoever keeps it stamps it with the count of records at that time
//! ([`State::records`]). [`Restore`](crate::Restore) brings them all to one time again by the
//! records of the log: each is applied to the chunks that were copied before it.
//!
//! | chunks | content |
//! |---|---|
//! | the first ones | runs of 4,096 accounts that existed when the header was taken, 128 bytes each |
//! | the next 256 | shards of the open pending transfers, by id: transfer (128 bytes), slots of the debit and the credit account (4 bytes each) |
//! | the next 256 | shards of the open objects of the platform, by kind and key: length (2 bytes) and bytes of the record of each |
//! | the next ones | runs of 4,096 listings that existed when the header was taken, 24 bytes each: price (8), slot of the seller's account (4), category (4), stock (4), state (4) |
//! | the last 256 | shards of the tallies of the rules, by subject, 44 bytes each: subject (16), sum (16), window (4), count (4), number of the tally (2), place in a window that rolls (1), whether the subject is a party (0) or accounts (1). Where the header begins with `cf-snap4` the shards are by the last three as well |
//!
//! Header: `cf-snap5`; the count of records, the timestamps of the last record, the last account
//! and the last transfer, the number of the last statement (headers that begin with `cf-snap1`
//! lack it: it is 0); the counts of accounts, of listings (headers that begin with `cf-snap1` or
//! `cf-snap2` lack it, and the chunks of objects and listings) and of ledgers; then each ledger by
//! number, as the length and the bytes of its record; then the rules (headers that begin with `cf-snap1` to `cf-snap3` lack
//! them, and the chunks of tallies): the numbers of the last document, of the last finding and of the
//! next tally; the count of tallies, and of each the first half of SHA-256 over its definition (16
//! bytes), its number and since when it counts; the count of versions of the rule book, and of each
//! the length and the bytes of its record and of its canonical form; the count of the stops and caps
//! that authorities decided and that hold or are to come, and of each the length and the bytes of its
//! record. Numbers are 8 bytes, little-endian.

use std::collections::BTreeMap;

use model::limits::{ACCOUNTS, LISTINGS};
use model::object::{Decision, Life, RuleVersion};
use model::rule::RuleBook;
use model::rule::bytes::{decode, encode};
use model::{Account, Currency, Object, Record};
use zerocopy::IntoBytes;

use crate::State;
use crate::apply::Clock;
use crate::index::SHARDS;
use crate::listings::Offer;
use crate::restore::RestoreError;
use crate::rules::restrictions::RESTRICTIONS;
use crate::rules::standing::VERSIONS;
use crate::rules::{Numbered, ShardsBy};

/// Accounts in a chunk.
pub(crate) const RUN: usize = 4_096;

/// Bytes of a pending transfer in a chunk.
pub(crate) const PENDING_BYTES: usize = 136;

/// Bytes of a listing in a chunk.
pub(crate) const OFFER_BYTES: usize = size_of::<Offer>();

const MAGIC: [u8; 8] = *b"cf-snap5";

/// Headers from before all tallies of a subject stood in one shard.
const MAGIC_4: [u8; 8] = *b"cf-snap4";

/// Headers from before there were rules.
const MAGIC_3: [u8; 8] = *b"cf-snap3";

/// Headers from before there was a platform.
const MAGIC_2: [u8; 8] = *b"cf-snap2";

/// Headers from before there were statements.
const MAGIC_1: [u8; 8] = *b"cf-snap1";

/// What a snapshot starts from: small, and copied at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotHeader {
    pub(crate) clock: Clock,
    pub(crate) accounts: usize,
    /// How many listings; `None` where the snapshot is from before there was a platform.
    pub(crate) listings: Option<usize>,
    pub(crate) ledgers: Vec<Currency>,
    /// The rules; `None` where the snapshot is from before there were any.
    pub(crate) rules: Option<RulesHeader>,
}

/// What a snapshot has of the rules, beside their tallies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RulesHeader {
    pub(crate) documents: u64,
    pub(crate) findings: u64,
    pub(crate) next_tally: u16,
    /// Number of each tally by its definition, and since when it counts.
    pub(crate) tallies: BTreeMap<u128, Numbered>,
    pub(crate) versions: Vec<(RuleVersion, RuleBook)>,
    /// Stops and caps.
    pub(crate) decisions: Vec<Decision>,
    pub(crate) shards_by: ShardsBy,
}

/// What a chunk holds: accounts, a shard of pending transfers, of objects or of tallies, a run of
/// listings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Accounts,
    Pendings(usize),
    Objects(usize),
    Listings(usize),
    Tallies(usize),
}

/// Why bytes are not a snapshot header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// They do not begin as one.
    Magic,
    /// They end within it, or go on after it.
    Length,
    /// The times or counts contradict each other.
    Numbers,
    /// What stands for a ledger is none, or is out of order.
    Ledger,
    /// What stands for the rules is none.
    Rules,
}

impl core::fmt::Display for HeaderError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Magic => "the bytes are not a snapshot header",
            Self::Length => "the bytes are shorter or longer than the header",
            Self::Numbers => "its numbers contradict each other",
            Self::Ledger => "its ledgers are not in order",
            Self::Rules => "its rules are none",
        })
    }
}

impl std::error::Error for HeaderError {}

impl SnapshotHeader {
    /// That of empty books: it has no chunks, and the whole log follows it.
    pub fn genesis() -> Self {
        Self {
            clock: Clock::default(),
            accounts: 0,
            listings: Some(0),
            ledgers: Vec::new(),
            rules: Some(RulesHeader::default()),
        }
    }

    /// The count of records that were applied when it was taken; replay begins with the next.
    pub fn records(&self) -> u64 {
        self.clock.records
    }

    /// Whether rules counted payments when it was taken.
    pub fn counts(&self) -> bool {
        let rules = self.rules.as_ref();
        rules.is_some_and(|rules| !rules.tallies.is_empty())
    }

    /// How many accounts its chunks hold.
    pub fn accounts(&self) -> u64 {
        self.accounts as u64
    }

    /// How many chunks belong to it; they are numbered from 0.
    pub fn chunks(&self) -> u32 {
        let shards = if self.clock.records == 0 { 0 } else { SHARDS };
        let objects = if self.listings.is_some() { shards } else { 0 };
        let tallies = if self.rules.is_some() { shards } else { 0 };
        (self.account_chunks() + shards + objects + self.listing_chunks() + tallies) as u32
    }

    /// What a chunk holds.
    pub(crate) fn part(&self, chunk: usize) -> Part {
        let accounts = self.account_chunks();
        match chunk.checked_sub(accounts) {
            None => Part::Accounts,
            Some(shard) if shard < SHARDS => Part::Pendings(shard),
            Some(shard) if shard < 2 * SHARDS => Part::Objects(shard - SHARDS),
            Some(rest) => match (rest - 2 * SHARDS).checked_sub(self.listing_chunks()) {
                None => Part::Listings(rest - 2 * SHARDS),
                Some(shard) => Part::Tallies(shard),
            },
        }
    }

    pub(crate) fn listing_chunks(&self) -> usize {
        self.listings.unwrap_or(0).div_ceil(RUN)
    }

    /// First number and end of a run of listings.
    pub(crate) fn numbers(&self, run: usize) -> (usize, usize) {
        (run * RUN, self.listings.unwrap_or(0).min((run + 1) * RUN))
    }

    /// The accounts that are the bytes of a chunk, and the slot of the first; none in a chunk of
    /// pending transfers.
    pub fn read_accounts<'a>(
        &self,
        chunk: u32,
        bytes: &'a [u8],
    ) -> Result<(u32, impl Iterator<Item = Account> + 'a), RestoreError> {
        if chunk >= self.chunks() {
            return Err(RestoreError::Chunk(chunk));
        }
        let is_accounts = (chunk as usize) < self.account_chunks();
        let (first, end) = if is_accounts {
            self.slots(chunk as usize)
        } else {
            (self.accounts, self.accounts)
        };
        let bytes = if is_accounts { bytes } else { &[] };
        if bytes.len() != (end - first) * size_of::<Account>() {
            return Err(RestoreError::Content(chunk));
        }
        let (accounts, _) = bytes.as_chunks::<{ size_of::<Account>() }>();
        Ok((
            first as u32,
            accounts
                .iter()
                .map(|account| zerocopy::transmute!(*account)),
        ))
    }

    pub(crate) fn account_chunks(&self) -> usize {
        self.accounts.div_ceil(RUN)
    }

    /// First slot and end of a chunk of accounts.
    pub(crate) fn slots(&self, chunk: usize) -> (usize, usize) {
        (chunk * RUN, self.accounts.min((chunk + 1) * RUN))
    }

    /// Its canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = [
            self.clock.records,
            self.clock.last,
            self.clock.account,
            self.clock.transfer,
            self.clock.statements,
            self.accounts as u64,
            self.listings.unwrap_or(0) as u64,
            self.ledgers.len() as u64,
        ];
        // An older one is written so again.
        let magic = match self.rules.as_ref().map(|rules| rules.shards_by) {
            None => MAGIC_3,
            Some(ShardsBy::Row) => MAGIC_4,
            Some(ShardsBy::Subject) => MAGIC,
        };
        let mut bytes = magic.to_vec();
        bytes.extend_from_slice(numbers.as_bytes());
        for currency in &self.ledgers {
            let record = Record::LedgerDeclared(*currency).to_bytes();
            bytes.extend_from_slice(&(record.len() as u64).to_le_bytes());
            bytes.extend_from_slice(&record);
        }
        if let Some(rules) = &self.rules {
            rules.write(&mut bytes);
        }
        bytes
    }

    /// Reads canonical bytes, all of `bytes`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HeaderError> {
        let (magic, mut rest) = bytes.split_first_chunk().ok_or(HeaderError::Magic)?;
        let (counts_statements, counts_listings) = match *magic {
            MAGIC | MAGIC_4 | MAGIC_3 => (true, true),
            MAGIC_2 => (true, false),
            MAGIC_1 => (false, false),
            _ => return Err(HeaderError::Magic),
        };
        let mut number = || take_number(&mut rest);
        let clock = Clock {
            records: number()?,
            last: number()?,
            account: number()?,
            transfer: number()?,
            statements: if counts_statements { number()? } else { 0 },
        };
        let accounts = number()?;
        let listings = if counts_listings {
            Some(number()?)
        } else {
            None
        };
        let ledgers = number()?;
        let counted = accounts.saturating_add(ledgers);
        if accounts > ACCOUNTS
            || listings.unwrap_or(0) > LISTINGS
            || counted.saturating_add(listings.unwrap_or(0)) > clock.records
            || clock.statements > clock.records
            || clock.account.max(clock.transfer) > clock.last
        {
            return Err(HeaderError::Numbers);
        }
        let mut header = Self {
            clock,
            accounts: accounts as usize,
            listings: listings.map(|listings| listings as usize),
            ledgers: Vec::new(),
            rules: None,
        };
        for _ in 0..ledgers {
            let currency = take_ledger(&mut rest)?;
            let before = header.ledgers.last();
            if before.is_some_and(|before| before.ledger >= currency.ledger) {
                return Err(HeaderError::Ledger);
            }
            header.ledgers.push(currency);
        }
        if *magic == MAGIC || *magic == MAGIC_4 {
            let shards_by = if *magic == MAGIC {
                ShardsBy::Subject
            } else {
                ShardsBy::Row
            };
            header.rules = Some(RulesHeader {
                shards_by,
                ..RulesHeader::read(&mut rest)?
            });
        }
        if rest.is_empty() {
            Ok(header)
        } else {
            Err(HeaderError::Length)
        }
    }
}

fn take_number(rest: &mut &[u8]) -> Result<u64, HeaderError> {
    let (number, after) = rest.split_first_chunk().ok_or(HeaderError::Length)?;
    *rest = after;
    Ok(u64::from_le_bytes(*number))
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], HeaderError> {
    let len = usize::try_from(take_number(rest)?).map_err(|_| HeaderError::Length)?;
    let (taken, after) = rest.split_at_checked(len).ok_or(HeaderError::Length)?;
    *rest = after;
    Ok(taken)
}

impl RulesHeader {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let counts = [
            self.documents,
            self.findings,
            self.next_tally.into(),
            self.tallies.len() as u64,
        ];
        out.extend_from_slice(counts.as_bytes());
        for (digest, (number, since)) in &self.tallies {
            out.extend_from_slice(&digest.to_le_bytes());
            out.extend_from_slice(&u64::from(*number).to_le_bytes());
            out.extend_from_slice(&since.to_le_bytes());
        }
        out.extend_from_slice(&(self.versions.len() as u64).to_le_bytes());
        for (head, book) in &self.versions {
            let head = Record::Object(Object::RuleVersion(*head)).to_bytes();
            for part in [head, encode(book)] {
                out.extend_from_slice(&(part.len() as u64).to_le_bytes());
                out.extend_from_slice(&part);
            }
        }
        out.extend_from_slice(&(self.decisions.len() as u64).to_le_bytes());
        for decision in &self.decisions {
            let record = Record::Object(Object::Decision(*decision)).to_bytes();
            out.extend_from_slice(&(record.len() as u64).to_le_bytes());
            out.extend_from_slice(&record);
        }
    }

    fn read(rest: &mut &[u8]) -> Result<Self, HeaderError> {
        let mut rules = Self {
            documents: take_number(rest)?,
            findings: take_number(rest)?,
            next_tally: u16::try_from(take_number(rest)?).map_err(|_| HeaderError::Rules)?,
            ..Self::default()
        };
        let mut last = None;
        for _ in 0..take_number(rest)? {
            let (digest, after) = rest.split_first_chunk().ok_or(HeaderError::Length)?;
            *rest = after;
            let digest = u128::from_le_bytes(*digest);
            let number = u16::try_from(take_number(rest)?).map_err(|_| HeaderError::Rules)?;
            if last >= Some(digest) || number >= rules.next_tally {
                return Err(HeaderError::Rules);
            }
            last = Some(digest);
            rules.tallies.insert(digest, (number, take_number(rest)?));
        }
        for _ in 0..take_number(rest)? {
            let head = Record::decode(take_bytes(rest)?);
            let Ok(Record::Object(Object::RuleVersion(head))) = head else {
                return Err(HeaderError::Rules);
            };
            let book = decode(take_bytes(rest)?).map_err(|_| HeaderError::Rules)?;
            let before = rules.versions.last();
            let rises = before.is_none_or(|(before, _)| before.version < head.version);
            if !rises || rules.versions.len() == VERSIONS {
                return Err(HeaderError::Rules);
            }
            rules.versions.push((head, book));
        }
        for _ in 0..take_number(rest)? {
            let record = Record::decode(take_bytes(rest)?);
            let Ok(Record::Object(Object::Decision(decision))) = record else {
                return Err(HeaderError::Rules);
            };
            let holds = decision.is_sound() && decision.restricts();
            if !holds || rules.decisions.len() == RESTRICTIONS {
                return Err(HeaderError::Rules);
            }
            rules.decisions.push(decision);
        }
        Ok(rules)
    }
}

fn take_ledger(rest: &mut &[u8]) -> Result<Currency, HeaderError> {
    match Record::decode(take_bytes(rest)?) {
        Ok(Record::LedgerDeclared(currency)) if currency.is_valid() => Ok(currency),
        _ => Err(HeaderError::Ledger),
    }
}

impl State {
    /// Begins a snapshot.
    pub fn snapshot_header(&self) -> SnapshotHeader {
        SnapshotHeader {
            clock: self.books.clock,
            accounts: self.books.accounts.len(),
            listings: Some(self.books.business.listings.len()),
            ledgers: self.books.ledgers.values().copied().collect(),
            rules: Some(self.books.rules.header()),
        }
    }

    /// Adds chunk `chunk` of the snapshot that `header` began to `out`, as it is now.
    pub fn write_chunk(&self, header: &SnapshotHeader, chunk: u32, out: &mut Vec<u8>) {
        match header.part(chunk as usize) {
            Part::Accounts => {
                let (first, end) = header.slots(chunk as usize);
                out.extend_from_slice(self.books.accounts.run(first, end).as_bytes());
            }
            Part::Pendings(shard) => {
                for pending in self.books.pendings.shard(shard) {
                    out.extend_from_slice(pending.transfer.as_bytes());
                    out.extend_from_slice(&pending.slots.debit.to_le_bytes());
                    out.extend_from_slice(&pending.slots.credit.to_le_bytes());
                }
            }
            Part::Objects(shard) => {
                for object in self.books.business.shard(shard) {
                    let record = Record::Object(object).to_bytes();
                    out.extend_from_slice(&(record.len() as u16).to_le_bytes());
                    out.extend_from_slice(&record);
                }
            }
            Part::Listings(run) => {
                let (first, end) = header.numbers(run);
                out.extend_from_slice(self.books.business.listings.run(first, end).as_bytes());
            }
            Part::Tallies(shard) => {
                out.extend_from_slice(self.books.rules.tallies.shard(shard).as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{HeaderError, MAGIC, MAGIC_3, MAGIC_4, SnapshotHeader};

    #[test]
    fn an_older_header_is_written_as_it_was() {
        let now = SnapshotHeader::genesis().to_bytes();
        let older = |magic: [u8; 8]| [&magic[..], &now[8..]].concat();
        for magic in [MAGIC, MAGIC_4] {
            let header = SnapshotHeader::from_bytes(&older(magic)).expect("it is one");
            assert_eq!(header.to_bytes(), older(magic));
        }
        // It has no rules.
        assert_eq!(
            SnapshotHeader::from_bytes(&older(MAGIC_3)),
            Err(HeaderError::Length)
        );
        let new = older(*b"cf-snap6");
        assert_eq!(SnapshotHeader::from_bytes(&new), Err(HeaderError::Magic));
    }
}
