//! Reading history: threads beside the writer, over durable records only.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::limits::BATCH_EVENTS;
use model::object::{Listing, is_own_transfer, listing_id};
use model::record::{Extras, Page, Sums};
use model::{
    AccountBalance, AccountFilter, Deed, Object, QueryFilter, Record, Transfer,
    account_filter_flags, query_filter_flags,
};
use store::frame;
use store::index::{IdHash, Index, Order, Tree};
use store::log::Reader;

use crate::draft::pages_id;
use crate::shared::Shared;

/// Positions fetched from the index at once.
const PAGE: usize = BATCH_EVENTS;

/// What a query reads; cheap to clone.
#[derive(Clone)]
pub(crate) struct History {
    pub(crate) shared: Arc<Shared>,
    pub(crate) index: Arc<Index>,
    pub(crate) reader: Arc<Reader>,
    pub(crate) hash: IdHash,
}

type Found = (Transfer, Extras);

/// Where to look and how far.
struct Search {
    times: std::ops::RangeInclusive<u64>,
    order: Order,
    limit: usize,
}

impl Search {
    fn new(min: u64, max: u64, limit: u32, reversed: u32) -> Self {
        Self {
            times: min..=if max == 0 { u64::MAX } else { max },
            order: if reversed == 0 {
                Order::Oldest
            } else {
                Order::Newest
            },
            limit: (limit as usize).min(BATCH_EVENTS),
        }
    }
}

/// What both kinds of filter say of a transfer's content; a zero does not filter.
struct Content {
    user_data_128: u128,
    user_data_64: u64,
    user_data_32: u32,
    code: u16,
}

impl Content {
    fn passes(&self, transfer: &Transfer) -> bool {
        (self.user_data_128 == 0 || self.user_data_128 == transfer.user_data_128)
            && (self.user_data_64 == 0 || self.user_data_64 == transfer.user_data_64)
            && (self.user_data_32 == 0 || self.user_data_32 == transfer.user_data_32)
            && (self.code == 0 || self.code == transfer.code)
    }
}

impl History {
    /// The transfers with these ids that exist, in the order asked.
    pub(crate) fn lookup(&self, ids: &[u128]) -> Result<Vec<Transfer>, String> {
        let hashed: Vec<_> = ids.iter().map(|id| (*id, self.hash.of(*id))).collect();
        let mut found = Vec::new();
        self.index
            .find_ids(&hashed, &mut found)
            .map_err(|e| e.to_string())?;
        found.sort_unstable();
        let mut transfers: Vec<Option<Transfer>> = vec![None; ids.len()];
        for (which, at) in found {
            let record = self.reader.record(at).map_err(|e| e.to_string())?;
            if let Record::TransferCreated(transfer, _) = record
                && transfer.id == ids[which as usize]
            {
                transfers[which as usize] = Some(transfer);
            }
        }
        for (place, id) in transfers.iter_mut().zip(ids) {
            if is_own_transfer(*id) {
                *place = self.own_transfer(*id)?.map(|(transfer, _)| transfer);
            }
        }
        Ok(transfers.into_iter().flatten().collect())
    }

    /// A transfer that the books made themselves, and the position of its record: its id says when
    /// it was made, and so in which frame it stands.
    pub(crate) fn own_transfer(&self, id: u128) -> Result<Option<(Transfer, u64)>, String> {
        let entry = self.index.frame_at(id as u64).map_err(|e| e.to_string())?;
        let Some(entry) = entry else { return Ok(None) };
        let end = self.shared.durable().end;
        let frame = self
            .reader
            .frame(entry.at, end)
            .map_err(|e| e.to_string())?;
        let Some((header, body)) = frame else {
            return Ok(None);
        };
        for found in frame::records(&body) {
            let found = found.map_err(|at| format!("batch {}: byte {at}", header.leaf.number))?;
            let record = Record::decode(found.bytes).map_err(|e| e.to_string())?;
            if let Record::TransferCreated(transfer, _) = record
                && transfer.id == id
            {
                return Ok(Some((transfer, header.at + u64::from(found.at))));
            }
        }
        Ok(None)
    }

    /// All records of objects with this id, in order, each with its position.
    pub(crate) fn records(&self, id: u128) -> Result<Vec<(Record, u64)>, String> {
        let mut found = Vec::new();
        self.index
            .find_ids(&[(id, self.hash.of(id))], &mut found)
            .map_err(|e| e.to_string())?;
        found.sort_unstable();
        let mut records = Vec::with_capacity(found.len());
        for (_, at) in found {
            let record = self.reader.record(at).map_err(|e| e.to_string())?;
            if matches!(record, Record::Object(object) if object.key().0 == id) {
                records.push((record, at));
            }
        }
        Ok(records)
    }

    /// The pages of a document, in order.
    pub(crate) fn pages(&self, document: u64) -> Result<Vec<Page>, String> {
        let id = pages_id(document);
        let mut found = Vec::new();
        self.index
            .find_ids(&[(id, self.hash.of(id))], &mut found)
            .map_err(|e| e.to_string())?;
        let mut pages = Vec::with_capacity(found.len());
        for (_, at) in found {
            let record = self.reader.record(at).map_err(|e| e.to_string())?;
            if let Record::Page(page) = record
                && page.document == document
            {
                pages.push(page);
            }
        }
        pages.sort_unstable_by_key(|page| page.part);
        Ok(pages)
    }

    /// How the objects with this id stood last, each with the position of its record.
    pub(crate) fn objects(&self, id: u128) -> Result<Vec<(Object, u64)>, String> {
        let mut last: BTreeMap<(u8, (u128, u128)), (Object, u64)> = BTreeMap::new();
        for (record, at) in self.records(id)? {
            if let Record::Object(object) = record {
                last.insert((object.kind(), object.key()), (object, at));
            }
        }
        Ok(last.into_values().collect())
    }

    /// The newest record of the listing with this number.
    pub(crate) fn listing(&self, number: u32) -> Result<Option<Listing>, String> {
        let id = listing_id(number);
        let mut found = Vec::new();
        self.index
            .find_ids(&[(id, self.hash.of(id))], &mut found)
            .map_err(|e| e.to_string())?;
        found.sort_unstable();
        for (_, at) in found.into_iter().rev() {
            let record = self.reader.record(at).map_err(|e| e.to_string())?;
            if let Record::Object(Object::Listing(listing)) = record
                && listing.number == number
            {
                return Ok(Some(listing));
            }
        }
        Ok(None)
    }

    /// The deed of the command with this id, and the position of its record.
    pub(crate) fn deed(&self, id: u128) -> Result<Option<(Deed, u64)>, String> {
        let mut found = Vec::new();
        self.index
            .find_ids(&[(id, self.hash.of(id))], &mut found)
            .map_err(|e| e.to_string())?;
        for (_, at) in found {
            let record = self.reader.record(at).map_err(|e| e.to_string())?;
            if let Record::Deed(deed) = record
                && deed.id == id
            {
                return Ok(Some((deed, at)));
            }
        }
        Ok(None)
    }

    /// The transfers of the account in `slot` that the filter lets pass.
    pub(crate) fn of_account(
        &self,
        slot: u32,
        filter: &AccountFilter,
    ) -> Result<Vec<Found>, String> {
        let reversed = filter.flags & account_filter_flags::REVERSED;
        let search = Search::new(
            filter.timestamp_min,
            filter.timestamp_max,
            filter.limit,
            reversed,
        );
        let content = Content {
            user_data_128: filter.user_data_128,
            user_data_64: filter.user_data_64,
            user_data_32: filter.user_data_32,
            code: filter.code,
        };
        let passes = |transfer: &Transfer| {
            let side = if transfer.debit_account_id == filter.account_id {
                account_filter_flags::DEBITS
            } else {
                account_filter_flags::CREDITS
            };
            filter.flags & side != 0 && content.passes(transfer)
        };
        self.by_key((Tree::Account, slot.into()), &search, &passes)
    }

    /// The transfers that the filter lets pass.
    pub(crate) fn transfers(&self, filter: &QueryFilter) -> Result<Vec<Transfer>, String> {
        let reversed = filter.flags & query_filter_flags::REVERSED;
        let search = Search::new(
            filter.timestamp_min,
            filter.timestamp_max,
            filter.limit,
            reversed,
        );
        let content = Content {
            user_data_128: filter.user_data_128,
            user_data_64: filter.user_data_64,
            user_data_32: filter.user_data_32,
            code: filter.code,
        };
        let passes = |transfer: &Transfer| {
            (filter.ledger == 0 || filter.ledger == transfer.ledger) && content.passes(transfer)
        };
        let key = if filter.user_data_128 != 0 {
            Some((Tree::UserData128, self.hash.of(filter.user_data_128)))
        } else if filter.user_data_64 != 0 {
            Some((Tree::UserData64, filter.user_data_64))
        } else if filter.user_data_32 != 0 {
            Some((Tree::UserData32, filter.user_data_32.into()))
        } else {
            None
        };
        let found = match key {
            Some(key) => self.by_key(key, &search, &passes)?,
            None => self.by_time(&search, &passes)?,
        };
        Ok(found.into_iter().map(|(transfer, _)| transfer).collect())
    }

    /// Page by page through the positions under one key.
    fn by_key(
        &self,
        (tree, key): (Tree, u64),
        search: &Search,
        passes: &dyn Fn(&Transfer) -> bool,
    ) -> Result<Vec<Found>, String> {
        let mut found = Vec::new();
        let all = self
            .index
            .positions(search.times.clone())
            .map_err(|e| e.to_string())?;
        let (mut from, mut to) = all.into_inner();
        while from <= to && found.len() < search.limit {
            let page = self.index.find(tree, key, from..=to, search.order, PAGE);
            let page = page.map_err(|e| e.to_string())?;
            let Some(&last) = page.last() else { break };
            for record in &self.reader.records(&page).map_err(|e| e.to_string())? {
                take(record, search, passes, &mut found);
            }
            match search.order {
                Order::Oldest => from = last + 1,
                Order::Newest if last == 0 => break,
                Order::Newest => to = last - 1,
            }
        }
        Ok(found)
    }

    /// Frame by frame through a stretch of time: what has no user data to look under.
    fn by_time(
        &self,
        search: &Search,
        passes: &dyn Fn(&Transfer) -> bool,
    ) -> Result<Vec<Found>, String> {
        let mut found = Vec::new();
        let end = self.shared.durable().end;
        let mut next = self.first_frame(search)?;
        while let Some(at) = next
            && found.len() < search.limit
        {
            let Some((header, body)) = self.reader.frame(at, end).map_err(|e| e.to_string())?
            else {
                break;
            };
            let mut records = Vec::with_capacity(header.leaf.records as usize);
            let mut first_time = None;
            for entry in frame::records(&body) {
                let entry =
                    entry.map_err(|at| format!("batch {}: byte {at}", header.leaf.number))?;
                let record = Record::decode(entry.bytes).map_err(|e| e.to_string())?;
                if let Record::TransferCreated(transfer, _) = &record {
                    first_time.get_or_insert(transfer.timestamp);
                    records.push(record);
                }
            }
            if search.order == Order::Newest {
                records.reverse();
            }
            for record in &records {
                take(record, search, passes, &mut found);
            }
            next = self.next_frame(search, &header, first_time)?;
        }
        Ok(found)
    }

    fn first_frame(&self, search: &Search) -> Result<Option<u64>, String> {
        let frame = match search.order {
            Order::Newest => self.index.frame_at(*search.times.end()),
            Order::Oldest => match self.index.frame_at(*search.times.start()) {
                Ok(None) => self.index.frame_after(*search.times.start()),
                frame => frame,
            },
        };
        frame
            .map(|frame| frame.map(|entry| entry.at))
            .map_err(|e| e.to_string())
    }

    fn next_frame(
        &self,
        search: &Search,
        header: &frame::Header,
        first_time: Option<u64>,
    ) -> Result<Option<u64>, String> {
        match search.order {
            Order::Oldest => {
                let past = first_time.is_some_and(|time| time > *search.times.end());
                Ok((!past).then_some(header.at + u64::from(header.frame_len)))
            }
            Order::Newest => match first_time {
                Some(time) if time > *search.times.start() && time > 0 => {
                    let frame = self.index.frame_at(time - 1).map_err(|e| e.to_string())?;
                    Ok(frame.map(|entry| entry.at))
                }
                _ => Ok(None),
            },
        }
    }
}

fn take(
    record: &Record,
    search: &Search,
    passes: &dyn Fn(&Transfer) -> bool,
    found: &mut Vec<Found>,
) {
    if let Record::TransferCreated(transfer, extras) = record
        && search.times.contains(&transfer.timestamp)
        && passes(transfer)
        && found.len() < search.limit
    {
        found.push((*transfer, *extras));
    }
}

/// The sums of `account_id` after a transfer, where the account keeps history.
pub(crate) fn balance(account_id: u128, found: &Found) -> Option<AccountBalance> {
    let (transfer, extras) = found;
    let sums: &Sums = if transfer.debit_account_id == account_id {
        extras.debit_sums.as_ref()?
    } else {
        extras.credit_sums.as_ref()?
    };
    Some(AccountBalance {
        debits_pending: sums.debits_pending,
        debits_posted: sums.debits_posted,
        credits_pending: sums.credits_pending,
        credits_posted: sums.credits_posted,
        timestamp: transfer.timestamp,
        reserved: [0; 7],
    })
}
