//! All that happened, in order: the records of the log as events, for those who follow the books.
//!
//! An event stands at a position, which is the index of its record in the whole log. Positions
//! rise and have gaps: what was erased and what is secret still is left out. Whoever has read up to
//! `next` goes on there, today or after a restart, and misses nothing and gets nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use model::limits::BATCH_EVENTS;
use model::object::{account_of, is_own_transfer};
use model::{Act, ActFacts, Object, OrderPlace, Record};
use store::frame;
use tokio::sync::watch;

use crate::books::Books;
use crate::limits::{EVENT_BYTES, EVENT_FRAMES, EVENT_KINDS, EVENTS};
use crate::receipts::{Place, Receipts};
use crate::request::Refused;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Index of its record in the whole log, from 0.
    pub position: u64,
    /// Where its record stands, as receipts are asked for.
    pub place: Place,
    /// What happened.
    pub kind: EventKind,
    /// Nanoseconds since 1970, as the record says.
    pub time: u64,
    /// Whom it concerns, each once: the parties of the object, or those whose accounts of the chart
    /// a transfer moves. The institution itself is none.
    pub parties: Vec<u128>,
    /// The order that it belongs to; 0 where it is of none. Of a transfer that a command made, that
    /// of the objects that it changed; of one that time brought about, what its time had come for.
    pub order: u128,
    /// What stands in the log.
    pub record: Record,
}

/// A stretch of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    /// In the order of their positions.
    pub events: Vec<Event>,
    /// Where to go on, also where there are none: what lies before it has been looked through.
    pub next: u64,
}

/// What happened: `order_line.order_ship`, `transfer.created`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventKind {
    /// To what.
    pub noun: &'static str,
    /// What.
    pub verb: &'static str,
}

/// What happens to nouns that are no objects.
const KINDS: &[(&str, &str)] = &[
    ("ledger", "declared"),
    ("account", "created"),
    ("transfer", "created"),
    ("transfer", "expired"),
    ("transfer", "failed"),
    ("record", "erased"),
    ("statement", "line"),
    ("page", "entered"),
];

/// The noun of the records that say that a command was carried out.
const DEED: &str = "deed";

/// What brings something about where no act does.
const TIME: &str = "time";

impl EventKind {
    /// The kind of a record; `None` where it is none that is told: erased, or secret still.
    pub fn of(record: &Record) -> Option<Self> {
        let (noun, verb) = match record {
            Record::LedgerDeclared(_) => KINDS[0],
            Record::AccountCreated(_) => KINDS[1],
            Record::TransferCreated(..) => KINDS[2],
            Record::TransferExpired(_) => KINDS[3],
            Record::TransferFailed(_) => KINDS[4],
            Record::RecordErased(_) => KINDS[5],
            Record::StatementLine(_) => KINDS[6],
            Record::Page(_) => KINDS[7],
            Record::Deed(deed) => (DEED, act_name(deed.act)),
            Record::Object(object) if object.is_secret() => return None,
            Record::Object(object) => (object.name(), act_name(object.cause())),
            Record::Erased(_) => return None,
        };
        Some(Self { noun, verb })
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.noun, self.verb)
    }
}

fn act_name(number: u16) -> &'static str {
    ActFacts::numbered(number).map_or(TIME, |facts| facts.name)
}

/// One kind, or all of one noun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindFilter {
    noun: &'static str,
    verb: Option<&'static str>,
}

impl KindFilter {
    /// Reads `transfer.created` or `transfer.*`. Kinds that nothing is of are refused: a misspelt
    /// filter would wait for ever.
    pub fn parse(text: &str) -> Result<Self, KindError> {
        let (noun, verb) = text.split_once('.').ok_or(KindError::Form)?;
        let verbs = verbs(noun).ok_or(KindError::Noun)?;
        if verb == "*" {
            let (noun, verb) = (verbs.0, None);
            return Ok(Self { noun, verb });
        }
        let known = verbs.1.iter().find(|known| **known == verb);
        let verb = Some(*known.ok_or(KindError::Verb)?);
        Ok(Self {
            noun: verbs.0,
            verb,
        })
    }

    /// Whether it lets `kind` pass.
    pub fn passes(&self, kind: EventKind) -> bool {
        self.noun == kind.noun && self.verb.is_none_or(|verb| verb == kind.verb)
    }
}

/// The noun as it is kept, and all that can happen to it.
fn verbs(noun: &str) -> Option<(&'static str, Vec<&'static str>)> {
    let plain: Vec<_> = KINDS.iter().filter(|(known, _)| *known == noun).collect();
    if let Some((known, _)) = plain.first() {
        return Some((known, plain.iter().map(|(_, verb)| *verb).collect()));
    }
    let acts = Act::ALL.iter().map(|facts| facts.name);
    if noun == DEED {
        return Some((DEED, acts.collect()));
    }
    let (_, known, _) = Object::ALL.iter().find(|(_, known, _)| *known == noun)?;
    Some((known, acts.chain([TIME]).collect()))
}

/// Why a text names no kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindError {
    /// It is not two words.
    Form,
    /// Its first word is nothing that anything happens to.
    Noun,
    /// Its second word is nothing that happens to the first.
    Verb,
}

impl fmt::Display for KindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("a kind is two words as transfer.created, or transfer.*"),
            Self::Noun => {
                let plain = KINDS.iter().map(|(noun, _)| *noun).chain([DEED]);
                let objects = Object::ALL.iter().map(|(_, noun, _)| *noun);
                let nouns: BTreeSet<_> = plain.chain(objects).collect();
                let nouns: Vec<_> = nouns.into_iter().collect();
                write!(f, "the first word is one of {}", nouns.join(", "))
            }
            Self::Verb => f.write_str(
                "the second word is an act or time, after ledger declared, after account created, \
                 after transfer created, expired or failed, after record erased, after statement \
                 line, or * for all",
            ),
        }
    }
}

impl std::error::Error for KindError {}

/// Which events to tell. All that is empty or 0 lets everything pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of one of these kinds.
    pub kinds: Vec<KindFilter>,
    /// That concern this party.
    pub party: u128,
    /// Of this order.
    pub order: u128,
}

impl Books {
    /// The events from position `from` on that the filter lets pass, at most `limit` and at most
    /// [`EVENTS`]. It looks through a bounded stretch of the log: the answer may have fewer, or
    /// none, and more lie ahead all the same, as long as `next` is not the end.
    pub async fn events(
        &self,
        from: u64,
        limit: usize,
        filter: &EventFilter,
    ) -> Result<Events, Refused> {
        if filter.kinds.len() > EVENT_KINDS {
            return Err(Refused::Invalid("a filter names at most 64 kinds"));
        }
        let limit = limit.clamp(1, EVENTS);
        let search = Search {
            kinds: filter.kinds.clone(),
            order: filter.order,
            // Whose accounts they are is known afterwards only.
            limit: if filter.party == 0 { limit } else { usize::MAX },
        };
        if from > *self.watch_durable().borrow() {
            return Err(Refused::Invalid(
                "the position lies behind the end of the log; `next` of an answer is right",
            ));
        }
        let stretch = self
            .show(move |receipts| search.read(receipts, from))
            .await?;
        let owners = self.owners(&stretch.found).await?;
        let mut told = Events {
            events: Vec::new(),
            next: stretch.next,
        };
        for found in stretch.found {
            if told.events.len() == limit {
                told.next = found.position;
                break;
            }
            let event = found.told(&owners);
            if filter.party == 0 || event.parties.contains(&filter.party) {
                told.events.push(event);
            }
        }
        Ok(told)
    }

    /// How many records are durable, and so the position of the next event, as it rises. It wakes
    /// when the books fail as well; what is asked then says so.
    pub fn watch_durable(&self) -> watch::Receiver<u64> {
        self.inner.shared.watch()
    }

    /// The parties of the accounts of the chart among those that the records move.
    async fn owners(&self, found: &[Found]) -> Result<BTreeMap<u128, u128>, Refused> {
        let ids: BTreeSet<u128> = found
            .iter()
            .flat_map(|found| moved(&found.record).into_iter().flatten())
            .collect();
        let ids: Vec<u128> = ids.into_iter().collect();
        let mut owners = BTreeMap::new();
        for ids in ids.chunks(BATCH_EVENTS) {
            for account in self.lookup_accounts(ids.to_vec()).await? {
                let party = account.user_data_128;
                if party != 0 && account.id == account_of(party, account.ledger, account.code) {
                    owners.insert(account.id, party);
                }
            }
        }
        Ok(owners)
    }
}

/// The two accounts that a record moves.
fn moved(record: &Record) -> Option<[u128; 2]> {
    match record {
        Record::TransferCreated(transfer, _) => {
            Some([transfer.debit_account_id, transfer.credit_account_id])
        }
        Record::TransferExpired(expired) => {
            Some([expired.debit_account_id, expired.credit_account_id])
        }
        _ => None,
    }
}

/// What is looked for in the log itself.
struct Search {
    kinds: Vec<KindFilter>,
    order: u128,
    limit: usize,
}

/// A record that passed.
struct Found {
    position: u64,
    place: Place,
    kind: EventKind,
    order: u128,
    record: Record,
}

struct Stretch {
    found: Vec<Found>,
    next: u64,
}

impl Search {
    /// Frame by frame from record `from` on, up to the bounds of one answer.
    fn read(&self, receipts: &Receipts, from: u64) -> Result<Stretch, String> {
        let durable = receipts.history.shared.durable();
        let mut stretch = Stretch {
            found: Vec::new(),
            next: from,
        };
        let batch = receipts.tree.batch_of_record(from, durable.batches);
        let Some(batch) = batch.map_err(|e| e.to_string())? else {
            return Ok(stretch);
        };
        let mut at = receipts.tree.place(batch).map_err(|e| e.to_string())?;
        let mut bytes = 0;
        for _ in 0..EVENT_FRAMES {
            let frame = receipts.history.reader.frame(at, durable.end);
            let Some((header, body)) = frame.map_err(|e| e.to_string())? else {
                break;
            };
            let leaf = &header.leaf;
            let skipped = stretch.next.checked_sub(leaf.first_record);
            let skipped = skipped.filter(|skipped| *skipped < leaf.records.into());
            let skipped = skipped.ok_or_else(|| {
                let number = leaf.number;
                format!("batch {number} does not continue the records before it")
            })?;
            self.take(leaf.number, &body, skipped as u32, &mut stretch)?;
            bytes += body.len();
            if stretch.found.len() >= self.limit || bytes >= EVENT_BYTES {
                break;
            }
            at = header.at + u64::from(header.frame_len);
        }
        Ok(stretch)
    }

    /// The records of one frame behind the first `skipped`.
    fn take(
        &self,
        batch: u64,
        body: &[u8],
        skipped: u32,
        stretch: &mut Stretch,
    ) -> Result<(), String> {
        for (index, entry) in (0..).zip(frame::records(body)) {
            if stretch.found.len() >= self.limit {
                return Ok(());
            }
            let entry = entry.map_err(|at| format!("batch {batch}: byte {at}"))?;
            if index < skipped {
                continue;
            }
            let record = Record::decode(entry.bytes).map_err(|e| e.to_string())?;
            if let Some(kind) = EventKind::of(&record).filter(|kind| self.wants(*kind)) {
                let order = order_of(&record, &body[entry.at as usize - frame::HEADER_BYTES..]);
                if self.order == 0 || self.order == order {
                    stretch.found.push(Found {
                        position: stretch.next,
                        place: Place { batch, index },
                        kind,
                        order,
                        record,
                    });
                }
            }
            stretch.next += 1;
        }
        Ok(())
    }

    fn wants(&self, kind: EventKind) -> bool {
        let kinds = &self.kinds;
        kinds.is_empty() || kinds.iter().any(|filter| filter.passes(kind))
    }
}

/// The order that a record belongs to, which `rest` of its batch follows; 0 where it is of none.
fn order_of(record: &Record, rest: &[u8]) -> u128 {
    match record {
        Record::Object(object) => object.order(),
        Record::TransferCreated(transfer, _) if is_own_transfer(transfer.id) => {
            match transfer.code {
                // What time brought about, and what placed an order, name it themselves.
                0 | 1 | OrderPlace::NUMBER => transfer.user_data_128,
                _ => order_behind(rest),
            }
        }
        _ => 0,
    }
}

/// The order of the command whose records these are, from one of its transfers on: that of the
/// first object that has one. Its deed comes last.
fn order_behind(rest: &[u8]) -> u128 {
    for entry in frame::records(rest) {
        match entry.map(|entry| Record::decode(entry.bytes)) {
            Ok(Ok(Record::Object(object))) if object.order() != 0 => return object.order(),
            // What is damaged is told where it is read for its own sake.
            Ok(Ok(Record::Deed(_)) | Err(_)) | Err(_) => return 0,
            Ok(Ok(_)) => {}
        }
    }
    0
}

impl Found {
    fn told(self, owners: &BTreeMap<u128, u128>) -> Event {
        let mut parties = Vec::new();
        match &self.record {
            Record::Object(object) => parties = object.parties(),
            Record::AccountCreated(account) => {
                let party = account.user_data_128;
                if party != 0 && account.id == account_of(party, account.ledger, account.code) {
                    parties.push(party);
                }
            }
            record => {
                for account in moved(record).into_iter().flatten() {
                    if let Some(party) = owners.get(&account)
                        && !parties.contains(party)
                    {
                        parties.push(*party);
                    }
                }
            }
        }
        Event {
            position: self.position,
            place: self.place,
            kind: self.kind,
            time: self.record.timestamp(),
            parties,
            order: self.order,
            record: self.record,
        }
    }
}

#[cfg(test)]
mod tests {
    use model::object::GiftSeed;

    use super::{EventKind, KindError, KindFilter, Record};

    #[test]
    fn kinds_are_read_whole_or_by_their_noun() {
        let created = EventKind {
            noun: "transfer",
            verb: "created",
        };
        let passes = |text| KindFilter::parse(text).map(|filter| filter.passes(created));
        assert_eq!(passes("transfer.created"), Ok(true));
        assert_eq!(passes("transfer.*"), Ok(true));
        assert_eq!(passes("transfer.failed"), Ok(false));
        assert_eq!(passes("order_line.order_ship"), Ok(false));
        assert_eq!(passes("hold.time"), Ok(false));
        assert_eq!(passes("deed.*"), Ok(false));
        for (text, error) in [
            ("", KindError::Form),
            ("*", KindError::Form),
            ("transfer", KindError::Form),
            ("transfers.created", KindError::Noun),
            (".*", KindError::Noun),
            ("transfer.", KindError::Verb),
            ("transfer.c*", KindError::Verb),
            ("deed.time", KindError::Verb),
            ("order_line.shipped", KindError::Verb),
        ] {
            assert_eq!(KindFilter::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_seed_is_told_once_it_is_no_secret() {
        let kind = |state| {
            let seed = GiftSeed {
                state,
                ..GiftSeed::default()
            };
            EventKind::of(&Record::Object(seed.into())).map(|kind| kind.to_string())
        };
        assert_eq!(kind(0), None);
        assert_eq!(kind(1).as_deref(), Some("gift_seed.time"));
    }
}
