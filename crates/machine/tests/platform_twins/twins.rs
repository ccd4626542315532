//! The real platform and the naive one, given the same commands.

use std::collections::{BTreeMap, BTreeSet};

use machine::{LINE_MOMENTS, RING_MOMENTS, Recalled, Restore, SnapshotHeader, State};
use model::money::CurrencyCode;
use model::object::{Noun, OrderLine, Reserve, account_of};
use model::{
    Account, Act, Command, CommandResult, CommandStatus, Currency, Deed, Leg, Object, OrderEvent,
    Record, order_flags,
};
use sim::platform::workload::{Event, LEDGERS, START, Step, Workload};
use sim::platform::{Platform, code_of};

use crate::invariants;

const KEY: [u64; 2] = [0x5EED, 0xBEEF];

/// How long what cannot be done is put off, in nanoseconds.
const PUT_OFF: u64 = 3_600_000_000_000;

type Key = (u8, (u128, u128));

/// See the module.
pub struct Twins {
    pub state: State,
    pub model: Platform,
    /// Adds up the records alone.
    twin: State,
    workload: Workload,
    pub records: Vec<Record>,
    /// What is on disk: deeds, and how each object stood last.
    deeds: BTreeMap<u128, Deed>,
    kept: BTreeMap<Key, Object>,
    durable: usize,
    /// How each object stands, on disk or not.
    pub objects: BTreeMap<Key, Object>,
    time: u64,
    steps: usize,
    copying: Option<Copying>,
    /// Chunks of a snapshot that are copied after each step.
    pace: usize,
    /// How often each act was answered so.
    pub statuses: BTreeMap<(&'static str, &'static str), usize>,
}

/// A snapshot that is being copied.
struct Copying {
    header: SnapshotHeader,
    restore: Restore,
    next: u32,
}

impl Twins {
    pub fn new(pace: usize) -> Self {
        let mut twins = Self {
            state: State::new(KEY),
            model: Platform::new(LEDGERS),
            twin: State::new(KEY),
            workload: Workload::default(),
            records: Vec::new(),
            deeds: BTreeMap::new(),
            kept: BTreeMap::new(),
            durable: 0,
            objects: BTreeMap::new(),
            time: START,
            steps: 0,
            copying: None,
            pace,
            statuses: BTreeMap::new(),
        };
        for (ledger, exponent) in LEDGERS {
            let timestamp = twins.state.last_timestamp().max(START) + 1;
            let code = CurrencyCode::new(&format!("L{ledger}")).expect("it is one");
            let currency = Currency {
                ledger: *ledger,
                code,
                exponent: *exponent,
                timestamp,
            };
            twins.state.declare_ledger(currency, &mut twins.records);
        }
        twins.fold(0);
        for command in Workload::setup() {
            let status = twins.command(&command);
            assert_eq!(status, CommandStatus::Created, "{command:?}");
        }
        twins
    }

    /// Does a step in both and compares all that can be seen.
    pub fn step(&mut self, step: &Step) {
        match self.workload.event(step, self.time) {
            Event::Wait(nanoseconds) => self.wait(self.time + nanoseconds),
            Event::Command(command) => {
                let status = self.command(&command);
                if status == CommandStatus::Created {
                    self.workload.carried_out(&command);
                }
                let key = (command.act.facts().name, status.name());
                *self.statuses.entry(key).or_default() += 1;
            }
        }
    }

    fn command(&mut self, command: &Command) -> CommandStatus {
        let bulk = self.bulk(command);
        let moments = if bulk.is_empty() {
            State::moments(command)
        } else {
            bulk.len() * LINE_MOMENTS
        };
        let time = self.time.max(self.state.last_timestamp()) + moments as u64;
        let past = self.recalled(command);
        let before = self.state.digest();
        let first = self.records.len();
        let sink = &mut self.records;
        let status = if bulk.is_empty() {
            status(&self.state.command(&past, time, command, sink))
        } else {
            let mut results = Vec::new();
            let state = &mut self.state;
            state.create_orders(&past, time, &bulk, sink, &mut results);
            assert_eq!(results.len(), bulk.len());
            status_of_order(&results)
        };
        assert!(self.records.len() - first <= moments, "it has so many");
        if status != CommandStatus::Created {
            assert_eq!(
                before,
                self.state.digest(),
                "{command:?} is {}",
                status.name()
            );
            assert_eq!(first, self.records.len(), "{command:?}");
        }
        let now = time + 1 - moments as u64;
        let expected = self.model.command(now, command, self.drawn(first));
        assert_eq!(status.name(), expected.name(), "{command:?} at {now}");
        self.after(first, &format!("{command:?}"));
        status
    }

    /// The lines of an order in the form of bulk requests, which every other order is placed by.
    fn bulk(&self, command: &Command) -> Vec<OrderEvent> {
        let Act::OrderPlace(act) = command.act else {
            return Vec::new();
        };
        if act.pay > 1 || self.steps.is_multiple_of(2) {
            return Vec::new();
        }
        let last = command.legs.len().saturating_sub(1);
        let pay = if act.pay == 1 { order_flags::PAY } else { 0 };
        let line = |(index, leg): (usize, &Leg)| OrderEvent {
            order: command.id,
            buyer: act.buyer,
            seller: leg.party,
            amount: leg.amount,
            listing: leg.listing,
            quantity: leg.quantity,
            ledger: act.ledger,
            timeout: act.seconds,
            flags: if index < last {
                pay | order_flags::LINKED
            } else {
                pay
            },
            delivery: act.delivery,
            ..OrderEvent::default()
        };
        command.legs.iter().enumerate().map(line).collect()
    }

    /// What a claimant of a gift got by the records from `first` on.
    fn drawn(&self, first: usize) -> Option<u128> {
        let claim = |record: &Record| match record {
            Record::Object(Object::GiftClaim(claim)) => Some(claim.amount),
            _ => None,
        };
        self.records[first..].iter().find_map(claim)
    }

    /// Lets time go on, and does what comes due on the way.
    fn wait(&mut self, until: u64) {
        for _ in 0..400 {
            let Some(due) = self.state.next_deadline().filter(|due| *due <= until) else {
                break;
            };
            self.time = self.time.max(due);
            assert_eq!(self.state.rings(self.time, 1), 1);
            let time = self.time.max(self.state.last_timestamp()) + RING_MOMENTS as u64;
            let first = self.records.len();
            self.state.ring(time, &mut self.records);
            let now = time + 1 - RING_MOMENTS as u64;
            self.model.ring(now, time + PUT_OFF);
            self.after(first, "time");
        }
        self.time = self.time.max(until);
    }

    /// All that the log is asked for: what the state says that a command looks at.
    fn recalled(&self, command: &Command) -> Recalled {
        let mut past = Recalled::default();
        if let Some(deed) = self.deeds.get(&command.id) {
            past.insert_deed(*deed);
        }
        if let Some((kind, (id, second))) = self.state.asks_for(command) {
            // Of an order all lines are asked for, and what is kept back of them.
            let of_order = (kind == OrderLine::KIND).then_some(Reserve::KIND);
            for kind in std::iter::once(kind).chain(of_order) {
                let range = (kind, (id, second))..=(kind, (id, u128::MAX));
                for object in self.kept.range(range).map(|(_, object)| object) {
                    past.insert_object(*object);
                }
            }
        }
        past
    }

    /// Checks all that has to hold after a step whose records begin at `first`.
    fn after(&mut self, first: usize, what: &str) {
        self.fold(first);
        self.steps += 1;
        if self.steps.is_multiple_of(3) {
            self.state.end_group();
            self.keep();
        }
        self.copy();
        let due = self.model.next_deadline();
        assert_eq!(
            self.state.next_deadline(),
            due,
            "next deadline after {what}"
        );
        self.compare_objects(first, what);
        self.compare_balances(what);
        invariants::check(self, what);
    }

    /// Adds the new records up in the other books.
    fn fold(&mut self, first: usize) {
        for record in &self.records[first..] {
            let decoded = Record::decode(&record.to_bytes());
            assert_eq!(decoded.as_ref(), Ok(record));
            let evolved = self.twin.evolve(record);
            assert_eq!(evolved, Ok(()), "{record:?}");
            if let Record::Object(object) = record {
                let key = (object.kind(), object.key());
                self.objects.insert(key, *object);
            }
        }
        assert_eq!(self.twin.digest(), self.state.digest(), "twins are equal");
    }

    /// Brings all records to disk.
    fn keep(&mut self) {
        for record in &self.records[self.durable..] {
            match record {
                Record::Deed(deed) => drop(self.deeds.insert(deed.id, *deed)),
                Record::Object(object) => {
                    self.kept.insert((object.kind(), object.key()), *object);
                }
                _ => {}
            }
        }
        self.durable = self.records.len();
    }

    /// Copies a part of a snapshot; once it is whole, the books go on from it.
    fn copy(&mut self) {
        let state = &self.state;
        let copying = self.copying.get_or_insert_with(|| {
            let header = state.snapshot_header();
            Copying {
                restore: Restore::new(header.clone(), KEY),
                next: 0,
                header,
            }
        });
        let chunks = copying.header.chunks();
        let end = chunks.min(copying.next + self.pace as u32);
        for chunk in copying.next..end {
            let mut bytes = Vec::new();
            state.write_chunk(&copying.header, chunk, &mut bytes);
            let loaded = copying.restore.load(chunk, state.records(), &bytes);
            assert_eq!(loaded, Ok(()), "chunk {chunk}");
        }
        copying.next = end;
        if end < chunks {
            return;
        }
        let mut copying = self.copying.take().expect("it is there");
        let from = copying.header.records() as usize;
        for (index, record) in self.records.iter().enumerate().skip(from) {
            let replayed = copying.restore.replay(index as u64, record);
            assert_eq!(replayed, Ok(()), "{record:?}");
        }
        let restored = copying.restore.finish(self.records.len() as u64);
        let restored = restored.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(restored.digest(), self.state.digest(), "it is restored");
        self.state = restored;
        self.keep();
    }

    /// What the records say of objects is what the model says of them.
    fn compare_objects(&self, first: usize, what: &str) {
        for record in &self.records[first..] {
            let Record::Object(object) = record else {
                continue;
            };
            let key = (object.kind(), object.key());
            // Of several records of one object the last counts.
            let Some(real) = plain(&self.objects[&key]) else {
                continue;
            };
            let naive = self.model.object(key.0, key.1).copied();
            assert_eq!(Some(real), naive, "after {what}");
        }
    }

    fn compare_balances(&self, what: &str) {
        let mut seen = 0;
        for (&(role, party, ledger), naive) in self.model.accounts() {
            let id = account_of(party, ledger, code_of(role));
            let real = self.state.account(id);
            seen += usize::from(real.is_some());
            let real = real.copied().unwrap_or_default();
            let place = (role, party, ledger);
            assert_eq!(net(&real), naive.net(), "{place:?} after {what}");
            let held = (real.debits_pending, real.credits_pending);
            let naive = (naive.debits_held, naive.credits_held);
            assert_eq!(held, naive, "{place:?} after {what}");
        }
        let slots = 0..self.state.account_count() as u32;
        let moved = slots.map(|slot| self.state.account_at(slot));
        let moved = moved
            .filter(|a| a.debits_posted > 0 || a.credits_posted > 0)
            .count();
        assert!(
            moved <= seen,
            "an account moved that the model does not know"
        );
    }
}

/// Credits less debits: whether they are more, and by how much.
fn net(account: &Account) -> (bool, u128) {
    let (debits, credits) = (account.debits_posted, account.credits_posted);
    (credits >= debits, credits.abs_diff(debits))
}

/// An object without what is the machine's own: when and why it came to stand so, ids of transfers,
/// commitments; `None` where it is all its own.
fn plain(object: &Object) -> Option<Object> {
    use model::object as o;
    let mut object = *object;
    match &mut object {
        Object::Hold(hold) => {
            *hold = o::Hold {
                pending: 0,
                cause: 0,
                timestamp: 0,
                ..*hold
            };
        }
        Object::Gift(gift) => {
            *gift = o::Gift {
                commitment: 0,
                commitment_more: 0,
                cause: 0,
                timestamp: 0,
                ..*gift
            };
        }
        Object::Payment(payment) if payment.id >> 64 != 0 => return None,
        Object::Payment(it) => it.stamp(0, 0),
        Object::PaymentRequest(it) => it.stamp(0, 0),
        Object::Schedule(it) => it.stamp(0, 0),
        Object::Chargeback(it) => it.stamp(0, 0),
        Object::OrderLine(it) => it.stamp(0, 0),
        Object::Reserve(it) => it.stamp(0, 0),
        Object::Party(it) => it.stamp(0, 0),
        Object::Fee(it) => it.stamp(0, 0),
        Object::FeeTier(it) => it.stamp(0, 0),
        Object::Calendar(it) => it.stamp(0, 0),
        Object::Holiday(it) => it.stamp(0, 0),
        Object::GiftClaim(it) => it.stamp(0, 0),
        Object::ChartLine(it) => it.stamp(0, 0),
        Object::Listing(it) => it.stamp(0, 0),
        Object::Day(_)
        | Object::GiftSeed(_)
        | Object::RuleVersion(_)
        | Object::Finding(_)
        | Object::Figure(_)
        | Object::PartyKey(_)
        | Object::DocumentHead(_)
        | Object::Mandate(_)
        | Object::Decision(_)
        | Object::Register(_)
        | Object::Demand(_)
        | Object::DemandFile(_)
        | Object::Disclosure(_)
        | Object::Budget(_)
        | Object::Question(_)
        | Object::Lookup(_)
        | Object::Assessment(_) => return None,
    }
    Some(object)
}

/// What became of an order of several lines: all are placed, or one says why none is.
fn status_of_order(results: &[CommandResult]) -> CommandStatus {
    let own = |status: &CommandStatus| *status != CommandStatus::LinkedOrderFailed;
    let all: BTreeSet<CommandStatus> = results.iter().map(status).filter(own).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    let first = all.first().copied();
    first.expect("there is one")
}

pub fn status(result: &CommandResult) -> CommandStatus {
    let all = CommandStatus::ALL.iter();
    let mut found = all.filter(|status| status.code() == result.status);
    *found.next().expect("it is a status")
}
