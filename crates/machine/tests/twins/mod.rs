//! The real books and the naive ones, given the same random business.
#![allow(dead_code)] // every test uses its part

use machine::{Outcome, Past, Recalled, State};
use model::record::Failed;
use model::{Account, EventResult, Record, Transfer, account_flags as af, transfer_flags as tf};
use proptest::prelude::*;
use sim::reference::{End, Reference};

pub const SECOND: u64 = 1_000_000_000;

/// One thing that happens. Timestamps of imported events are drawn as small numbers;
/// [`Twins::imported_time`] says what they stand for.
#[derive(Clone, Debug)]
pub enum Step {
    Accounts(Vec<Account>),
    Transfers(Vec<Drawn>),
    Expire(usize),
    Wait(u64),
    EndGroup,
}

/// A transfer. The pending id of one that posts or voids counts back over the pending transfers
/// that were sent before.
#[derive(Clone, Copy, Debug)]
pub enum Drawn {
    New(Transfer),
    /// One that was sent before, with the field of this number changed; 0 is none.
    Again(usize, u8),
}

pub struct Twins {
    pub state: State,
    pub reference: Reference,
    /// The reference at the last end of a group.
    settled: Reference,
    pub records: Vec<Record>,
    pub results: Vec<EventResult>,
    sent: Vec<Transfer>,
    now: u64,
}

impl Twins {
    pub fn new(key: [u64; 2]) -> Self {
        Self {
            state: State::new(key),
            reference: Reference::default(),
            settled: Reference::default(),
            records: Vec::new(),
            results: Vec::new(),
            sent: Vec::new(),
            now: SECOND,
        }
    }

    /// Does a step in both and compares all that can be seen.
    pub fn step(&mut self, step: &Step) {
        match step {
            Step::Accounts(events) => self.accounts(events),
            Step::Transfers(events) => self.transfers(events),
            Step::Expire(limit) => self.expire(*limit),
            Step::Wait(nanoseconds) => self.now += nanoseconds,
            Step::EndGroup => {
                self.state.end_group();
                self.settled = self.reference.clone();
            }
        }
        self.compare();
    }

    fn accounts(&mut self, events: &[Account]) {
        let time = self.batch_time(events.len());
        let first = time - events.len() as u64 + 1;
        let last = self.reference.accounts.values().map(|a| a.timestamp).max();
        let mut events = events.to_vec();
        for event in events.iter_mut().filter(|e| e.has(af::IMPORTED)) {
            event.timestamp = self.imported_time(event.timestamp, last, first);
        }
        let mut past = Recalled::default();
        for event in &events {
            self.recall_time(event.timestamp, &mut past);
        }
        let mut results = Vec::new();
        self.state
            .create_accounts(&past, time, &events, &mut self.records, &mut results);
        assert_eq!(
            results,
            self.reference.create_accounts(time, &events),
            "{events:#?}"
        );
        self.results.extend(results);
    }

    fn transfers(&mut self, drawn: &[Drawn]) {
        let time = self.batch_time(drawn.len());
        let first = time - drawn.len() as u64 + 1;
        let last = self.reference.transfers.values().map(|t| t.timestamp).max();
        let mut events = Vec::new();
        for drawn in drawn {
            events.push(match *drawn {
                Drawn::Again(n, field) if !self.sent.is_empty() => {
                    changed(self.sent[n % self.sent.len()], field)
                }
                Drawn::Again(..) => continue,
                Drawn::New(event) => Transfer {
                    pending_id: self.pending_id(&event, &events),
                    timestamp: if event.has(tf::IMPORTED) {
                        self.imported_time(event.timestamp, last, first)
                    } else {
                        event.timestamp
                    },
                    ..event
                },
            });
        }
        self.sent.extend(&events);
        let past = self.recall(&events);
        let mut results = Vec::new();
        self.state
            .create_transfers(&past, time, &events, &mut self.records, &mut results);
        assert_eq!(
            results,
            self.reference.create_transfers(time, &events),
            "{events:#?}"
        );
        self.results.extend(results);
    }

    fn expire(&mut self, limit: usize) {
        let first = self.batch_time(limit) - limit as u64 + 1;
        let due = self.state.due(self.now, limit);
        let count = self.state.expire(self.now, first, limit, &mut self.records);
        let expired = self.reference.expire(self.now, first, limit);
        assert_eq!((count, due), (expired.len(), expired.len()));
        let records = &self.records[self.records.len() - count..];
        for ((record, id), j) in records.iter().zip(expired).zip(0..) {
            let Record::TransferExpired(expired) = record else {
                panic!("{record:?}");
            };
            assert_eq!((expired.pending_id, expired.timestamp), (id, first + j));
        }
    }

    /// The time of the next batch; it leaves room in the past for imported events.
    fn batch_time(&mut self, events: usize) -> u64 {
        self.now += 100 + events as u64;
        self.now
    }

    /// What is wrong, what is taken, or what follows the last of its kind.
    fn imported_time(&self, drawn: u64, last: Option<u64>, first: u64) -> u64 {
        let times = &self.reference.times;
        match drawn {
            0 => 0,
            1 => 1 << 63,
            2 => first,
            3 => first - 1,
            4..9 => *times.iter().nth_back(drawn as usize).unwrap_or(&7),
            _ => last.unwrap_or(0) + drawn - 9,
        }
    }

    fn pending_id(&self, event: &Transfer, before: &[Transfer]) -> u128 {
        let ends = event.has_any(tf::POST_PENDING | tf::VOID_PENDING);
        let created = |t: &&Transfer| self.reference.transfers.contains_key(&t.id);
        let sent = self.sent.iter().filter(created).chain(before);
        let pending: Vec<_> = sent.filter(|t| t.has(tf::PENDING)).map(|t| t.id).collect();
        match event.pending_id {
            back @ 1..290 if ends => pending.iter().nth_back(back as usize / 40),
            _ => None,
        }
        .copied()
        .unwrap_or(event.pending_id)
    }

    fn recall(&self, events: &[Transfer]) -> Recalled {
        let mut past = Recalled::default();
        for event in events {
            for id in [event.id, event.pending_id] {
                if let Some(&(status, timestamp)) = self.settled.failed.get(&id) {
                    past.insert(Past::Failed(Failed {
                        id,
                        status,
                        timestamp,
                    }));
                }
                if let Some(transfer) = self.settled.transfers.get(&id) {
                    let outcome = self.settled.ended.get(&id).map(|end| match end {
                        End::Posted => Outcome::Posted,
                        End::Voided => Outcome::Voided,
                        End::Expired => Outcome::Expired,
                    });
                    let transfer = *transfer;
                    // Those that are open may be left out.
                    if self.state.pending(id).is_none() || id % 2 == 0 {
                        past.insert(Past::Created { transfer, outcome });
                    }
                }
            }
            self.recall_time(event.timestamp, &mut past);
        }
        past
    }

    fn recall_time(&self, timestamp: u64, past: &mut Recalled) {
        if self.settled.times.contains(&timestamp) {
            past.insert_time(timestamp);
        }
    }

    fn compare(&self) {
        let books = &self.reference;
        assert_eq!(self.state.account_count(), books.accounts.len());
        for account in books.accounts.values() {
            assert_eq!(self.state.account(account.id), Some(account));
        }
        let open: Vec<_> = books
            .transfers
            .values()
            .filter(|t| books.is_open(t))
            .collect();
        assert_eq!(self.state.pending_count(), open.len());
        for transfer in open {
            let pending = self.state.pending(transfer.id).expect("it is open");
            assert_eq!(&pending.transfer, transfer);
        }
        assert_eq!(self.state.records(), self.records.len() as u64);
        assert_eq!(
            self.state.last_timestamp(),
            books.times.last().copied().unwrap_or(0)
        );
    }
}

fn pick<T: Clone + std::fmt::Debug + 'static>(values: &[T]) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(values.to_vec())
}

fn often<T: Clone + std::fmt::Debug + 'static>(
    values: &[(u32, T)],
) -> impl Strategy<Value = T> + use<T> {
    let all = values.iter().cloned();
    prop::strategy::Union::new_weighted(all.map(|(weight, value)| (weight, Just(value))).collect())
}

/// One value in `rarely` is another than 0.
fn seldom(rarely: u32, values: &'static [u128]) -> impl Strategy<Value = u128> {
    prop_oneof![rarely => Just(0), 1 => prop::sample::select(values)]
}

fn account() -> impl Strategy<Value = Account> {
    let flags = [
        0,
        0,
        0,
        0,
        0,
        0,
        af::HISTORY,
        af::DEBITS_MUST_NOT_EXCEED_CREDITS,
        af::CREDITS_MUST_NOT_EXCEED_DEBITS | af::HISTORY,
        af::CLOSED,
        af::DEBITS_MUST_NOT_EXCEED_CREDITS | af::CREDITS_MUST_NOT_EXCEED_DEBITS,
        1 << 7,
    ];
    let wrong = (0..7u8, seldom(9, &[1]), 0..32u64);
    let ids = prop_oneof![20 => 1..8u128, 1 => pick(&[0, u128::MAX])];
    let flags = (pick(&flags), prop::bool::weighted(0.15));
    let content = (pick(&[1, 1, 1, 2u32]), seldom(8, &[1, 2, 4]));
    (ids, flags, content, wrong).prop_map(
        |(id, (flags, linked), (ledger, data), (which, wrong, timestamp))| {
            let part = |n: u8| if which == n { wrong } else { 0 };
            Account {
                id,
                flags: flags | u16::from(linked),
                ledger: if part(0) == 0 { ledger } else { 0 },
                code: u16::from(part(1) == 0),
                debits_pending: part(2),
                debits_posted: part(3),
                credits_pending: part(4),
                credits_posted: part(5),
                reserved: part(6) as u32,
                user_data_128: data,
                user_data_64: (data / 2) as u64,
                user_data_32: (data / 4) as u32,
                timestamp,
            }
        },
    )
}

/// With how often each is drawn.
const KINDS: [(u32, u16); 17] = [
    (20, 0),
    (20, tf::PENDING),
    (16, tf::POST_PENDING),
    (12, tf::VOID_PENDING),
    (4, tf::BALANCING_DEBIT),
    (4, tf::BALANCING_CREDIT),
    (3, tf::BALANCING_DEBIT | tf::BALANCING_CREDIT | tf::PENDING),
    (1, tf::PENDING | tf::CLOSING_DEBIT),
    (1, tf::PENDING | tf::CLOSING_CREDIT),
    (1, tf::PENDING | tf::CLOSING_DEBIT | tf::CLOSING_CREDIT),
    (1, tf::CLOSING_DEBIT),
    (1, tf::CLOSING_CREDIT),
    (1, tf::POST_PENDING | tf::VOID_PENDING),
    (1, tf::PENDING | tf::VOID_PENDING),
    (1, tf::POST_PENDING | tf::BALANCING_CREDIT),
    (1, tf::VOID_PENDING | tf::CLOSING_DEBIT),
    (1, 1 << 11),
];

const AMOUNTS: [(u32, u128); 9] = [
    (4, 0),
    (8, 1),
    (4, 2),
    (8, 5),
    (8, 10),
    (8, 100),
    (1, 1 << 127),
    (1, u128::MAX / 2),
    (2, u128::MAX),
];

fn transfer() -> impl Strategy<Value = Transfer> {
    let ids = || prop_oneof![40 => 1..300u128, 1 => pick(&[0, u128::MAX])];
    let account = prop_oneof![30 => 1..5u128, 3 => 5..8u128, 1 => pick(&[0, u128::MAX])];
    let other = prop_oneof![30 => 1..4u128, 1 => Just(0), 1 => Just(6), 1 => 100..200u128];
    let what = (ids(), account, other, often(&AMOUNTS), ids());
    let timeout = pick(&[0, 0, 0, 1, 2, u32::MAX]);
    let how = (often(&KINDS), prop::bool::weighted(0.15), timeout);
    let ledger = prop_oneof![30 => Just(1), 1 => pick(&[0, 2u32])];
    let rest = (seldom(6, &[1, 2]), ledger, 0..99u64, 0..40u8);
    (what, how, rest).prop_map(|(what, how, (data, ledger, timestamp, sloppy))| {
        let (id, debit_account_id, other, amount, pending_id) = what;
        let credit_account_id = match other {
            0..7 => 1 + (debit_account_id.wrapping_sub(1).wrapping_add(other)) % 4,
            7..110 => 0,
            110..120 => u128::MAX,
            _ => other % 8,
        };
        let (kind, linked, timeout) = how;
        let ends = kind & (tf::POST_PENDING | tf::VOID_PENDING) != 0;
        // What ends another leaves most fields open; what does not has no pending id.
        let open = ends && sloppy > 6;
        let pending = kind & tf::PENDING != 0;
        Transfer {
            id,
            debit_account_id: if open { 0 } else { debit_account_id },
            credit_account_id: if open { 0 } else { credit_account_id },
            amount: if open && amount > 5 {
                u128::MAX
            } else {
                amount
            },
            pending_id: if ends || sloppy == 0 { pending_id } else { 0 },
            user_data_128: data,
            user_data_64: (data / 2) as u64,
            user_data_32: (data % 2) as u32,
            timeout: if pending || sloppy == 0 { timeout } else { 0 },
            ledger: if open { 0 } else { ledger },
            code: if ends {
                u16::from(sloppy == 7) * 2
            } else {
                u16::from(sloppy != 1)
            },
            flags: kind | u16::from(linked),
            timestamp,
        }
    })
}

/// `event` with one field changed.
fn changed(mut event: Transfer, field: u8) -> Transfer {
    match field {
        1 => event.flags ^= tf::LINKED,
        2 => event.pending_id ^= 1,
        3 => event.timeout ^= 1,
        4 => event.debit_account_id ^= 4,
        5 => event.credit_account_id ^= 4,
        6 => event.amount = event.amount.wrapping_sub(1),
        7 => event.amount = event.amount.wrapping_add(1),
        8 => event.user_data_128 ^= 1,
        9 => event.user_data_64 ^= 1,
        10 => event.user_data_32 ^= 1,
        11 => event.ledger ^= 1,
        12 => event.code ^= 1,
        _ => {}
    }
    event
}

/// Makes the events of a batch imported, all of them or all but one, or leaves them as they are.
fn imported<E: Clone>(events: &mut [E], kind: u8, mark: impl Fn(&mut E, bool)) {
    let skip = match kind {
        0..3 => Some(events.len()),
        3 => Some(1),
        4 => Some(0),
        _ => None,
    };
    for (i, event) in events.iter_mut().enumerate() {
        mark(event, skip.is_some_and(|skip| skip != i));
    }
}

pub fn step() -> impl Strategy<Value = Step> {
    let accounts = (prop::collection::vec(account(), 0..6), 0..12u8);
    let accounts = accounts.prop_map(|(mut events, kind)| {
        imported(&mut events, kind, |event, is| {
            event.flags |= if is { af::IMPORTED } else { 0 };
            event.timestamp *= u64::from(is || event.timestamp == 20);
        });
        Step::Accounts(events)
    });
    let drawn = prop_oneof![6 => transfer().prop_map(Drawn::New), 2 => (0..99usize, 0..20u8).prop_map(|(n, field)| Drawn::Again(n, field))];
    let transfers = (prop::collection::vec(drawn, 0..10), 0..25u8);
    let transfers = transfers.prop_map(|(mut events, kind)| {
        imported(&mut events, kind, |event, is| {
            if let Drawn::New(event) = event {
                event.flags |= if is { tf::IMPORTED } else { 0 };
                event.timestamp *= u64::from(is || event.timestamp == 20);
            }
        });
        Step::Transfers(events)
    });
    prop_oneof![
        3 => accounts,
        9 => transfers,
        1 => (0..4usize).prop_map(Step::Expire),
        1 => pick(&[SECOND / 2, SECOND, 3 * SECOND]).prop_map(Step::Wait),
        2 => Just(Step::EndGroup),
    ]
}

/// Steps after some accounts have been opened.
pub fn business() -> impl Strategy<Value = Vec<Step>> {
    let open = |id: u128| Account {
        id,
        ledger: 1,
        code: 1,
        flags: if id == 2 { af::HISTORY } else { 0 },
        ..Account::default()
    };
    let first = Step::Accounts((1..5).map(open).collect());
    prop::collection::vec(step(), 1..25).prop_map(move |mut steps| {
        steps.insert(0, first.clone());
        steps
    })
}
