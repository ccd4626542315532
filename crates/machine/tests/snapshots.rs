//! Snapshots that are copied chunk by chunk while the books go on.

mod twins;

use machine::{Recalled, Restore, RestoreError, SnapshotHeader, State};
use model::{AMOUNT_ALL, Account, Record, Transfer, account_flags as af, transfer_flags as tf};
use proptest::prelude::*;
use sim::workload::Random;
use twins::{SECOND, Twins, business};

const KEY: [u64; 2] = [0x5EED, 0xBEEF];

/// A snapshot that is being copied.
struct Copying {
    header: SnapshotHeader,
    chunks: Vec<(u32, u64, Vec<u8>)>,
}

impl Copying {
    fn begin(state: &State) -> Self {
        let bytes = state.snapshot_header().to_bytes();
        Self {
            header: SnapshotHeader::from_bytes(&bytes).expect("it is canonical"),
            chunks: Vec::new(),
        }
    }

    fn copy(&mut self, state: &State, count: usize) {
        let left = self.chunks.len() as u32..self.header.chunks();
        for chunk in left.take(count) {
            let mut bytes = Vec::new();
            state.write_chunk(&self.header, chunk, &mut bytes);
            self.chunks.push((chunk, state.records(), bytes));
        }
    }

    /// Loads the chunks in reverse, and replays.
    fn restore(self, records: &[Record]) -> Result<State, RestoreError> {
        let mut restore = Restore::new(self.header.clone(), KEY);
        for (chunk, stamp, bytes) in self.chunks.iter().rev() {
            restore.load(*chunk, *stamp, bytes)?;
        }
        let first = self.header.records();
        for (index, record) in (first..).zip(&records[first as usize..]) {
            restore.replay(index, record)?;
        }
        restore.finish(records.len() as u64)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// All kinds of records, few accounts.
    #[test]
    fn it_restores_what_is(
        steps in business(),
        start in 0..26usize,
        copies in prop::collection::vec(0..90usize, 26),
    ) {
        let mut twins = Twins::new(KEY);
        let mut copying = None;
        for (i, step) in steps.iter().enumerate() {
            if i == start {
                copying = Some(Copying::begin(&twins.state));
            }
            twins.step(step);
            if let Some(copying) = &mut copying {
                copying.copy(&twins.state, copies[i]);
            }
        }
        let mut copying = copying.unwrap_or_else(|| Copying::begin(&twins.state));
        copying.copy(&twins.state, usize::MAX);
        let restored = copying.restore(&twins.records);
        prop_assert_eq!(restored.map(|state| state.digest()), Ok(twins.state.digest()));
    }

    /// Many accounts, so that their chunks too are of different times.
    #[test]
    fn it_restores_many_accounts(seed: u64, begin in 1..12u64, pace in 1..60usize) {
        let mut market = Market::new(seed);
        market.open(9_000);
        let mut copying = None;
        for batch in 0..24 {
            if batch == begin {
                copying = Some(Copying::begin(&market.state));
            }
            market.trade(40);
            market.open(batch * 20);
            market.expire();
            if let Some(copying) = &mut copying {
                copying.copy(&market.state, pace);
            }
        }
        let mut copying = copying.expect("it began");
        copying.copy(&market.state, usize::MAX);
        let restored = copying.restore(&market.records);
        prop_assert_eq!(restored.map(|state| state.digest()), Ok(market.state.digest()));
    }
}

/// Business over many accounts that all succeeds or fails for want of money.
struct Market {
    random: Random,
    state: State,
    records: Vec<Record>,
    time: u64,
    next_id: u128,
    pending: Vec<u128>,
}

impl Market {
    fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            state: State::new(KEY),
            records: Vec::new(),
            time: SECOND,
            next_id: 1,
            pending: Vec::new(),
        }
    }

    fn id(&mut self) -> u128 {
        self.next_id += 1;
        self.next_id
    }

    fn open(&mut self, count: u64) {
        let first = self.state.account_count() as u128 + 1;
        let flags = [0, af::HISTORY, af::DEBITS_MUST_NOT_EXCEED_CREDITS];
        let account = |id: u128| Account {
            id,
            ledger: 1,
            code: 1,
            flags: flags[id as usize % 3],
            ..Account::default()
        };
        let events: Vec<_> = (first..first + u128::from(count)).map(account).collect();
        self.time += 10 + count;
        let past = Recalled::default();
        let (sink, mut results) = (&mut self.records, Vec::new());
        self.state
            .create_accounts(&past, self.time, &events, sink, &mut results);
    }

    fn trade(&mut self, count: usize) {
        let events: Vec<_> = (0..count).map(|_| self.transfer()).collect();
        self.time += 10 + count as u64;
        let past = Recalled::default();
        let (sink, mut results) = (&mut self.records, Vec::new());
        self.state
            .create_transfers(&past, self.time, &events, sink, &mut results);
        let open = |id: &u128| self.state.pending(*id).is_some();
        self.pending = events
            .iter()
            .map(|t| t.id)
            .chain(self.pending.drain(..))
            .filter(open)
            .collect();
        self.state.end_group();
    }

    fn transfer(&mut self) -> Transfer {
        let id = self.id();
        if self.random.percent(30) && !self.pending.is_empty() {
            let at = self.random.below(self.pending.len() as u64) as usize;
            let post = self.random.percent(60);
            return Transfer {
                id,
                pending_id: self.pending.swap_remove(at),
                flags: if post {
                    tf::POST_PENDING
                } else {
                    tf::VOID_PENDING
                },
                amount: if post { AMOUNT_ALL } else { 0 },
                ..Transfer::default()
            };
        }
        let accounts = self.state.account_count() as u64;
        let debit = self.random.below(accounts);
        let credit = (debit + 1 + self.random.below(accounts - 1)) % accounts;
        let pending = self.random.percent(60);
        Transfer {
            id,
            debit_account_id: u128::from(debit) + 1,
            credit_account_id: u128::from(credit) + 1,
            amount: self.random.below(100).into(),
            ledger: 1,
            code: 1,
            flags: if pending { tf::PENDING } else { 0 },
            timeout: if pending {
                self.random.below(3) as u32
            } else {
                0
            },
            ..Transfer::default()
        }
    }

    fn expire(&mut self) {
        self.time += SECOND / 2;
        self.state
            .expire(self.time, self.time, 20, &mut self.records);
        self.time += 20;
        let open = |id: &u128| self.state.pending(*id).is_some();
        self.pending.retain(open);
        self.state.end_group();
    }
}

/// What is wrong with a snapshot is said, and nothing of it is taken for good.
#[test]
fn a_damaged_snapshot_is_refused() {
    let mut market = Market::new(1);
    market.open(5_000);
    market.trade(300);
    let mut copying = Copying::begin(&market.state);
    market.trade(100);
    copying.copy(&market.state, usize::MAX);
    let Copying { header, chunks } = copying;
    let load = |restore: &mut Restore, chunk: usize| {
        let (number, stamp, bytes) = &chunks[chunk];
        restore.load(*number, *stamp, bytes)
    };
    let fresh = || Restore::new(header.clone(), KEY);

    let (_, stamp, bytes) = &chunks[0];
    assert_eq!(
        fresh().load(0, *stamp, &bytes[1..]),
        Err(RestoreError::Content(0))
    );
    assert_eq!(
        fresh().load(0, header.records() - 1, bytes),
        Err(RestoreError::Stamp(0))
    );
    assert_eq!(
        fresh().load(header.chunks(), *stamp, &[]),
        Err(RestoreError::Chunk(header.chunks()))
    );
    let mut twice = fresh();
    assert_eq!(load(&mut twice, 0), Ok(()));
    assert_eq!(load(&mut twice, 0), Err(RestoreError::Chunk(0)));
    let full = (2..258)
        .find(|&chunk| !chunks[chunk].2.is_empty())
        .expect("some are open");
    let (number, stamp, bytes) = &chunks[full];
    let other_shard = if *number == 2 { 3 } else { 2 };
    assert_eq!(
        fresh().load(other_shard, *stamp, bytes),
        Err(RestoreError::Key(other_shard))
    );
    assert_eq!(
        fresh().finish(header.records()).err(),
        Some(RestoreError::Missing(header.chunks() as usize))
    );

    let mut restore = fresh();
    for chunk in 0..chunks.len() {
        assert_eq!(load(&mut restore, chunk), Ok(()));
    }
    let next = header.records();
    let record = &market.records[next as usize];
    let order = RestoreError::Order {
        next,
        given: next + 1,
    };
    assert_eq!(restore.replay(next + 1, record), Err(order));
    assert_eq!(restore.replay(next, record), Ok(()));
    let needed = market.state.records();
    assert_eq!(
        restore.finish(next + 1).err(),
        Some(RestoreError::Early { needed })
    );
}

#[test]
fn headers_are_strict() {
    let mut state = State::new(KEY);
    assert_eq!(state.snapshot_header(), SnapshotHeader::genesis());
    for (ledger, code) in [(7, "CZK"), (9, "EUR")] {
        let currency = model::Currency {
            ledger,
            code: model::money::CurrencyCode::new(code).expect("it is one"),
            exponent: 2,
            timestamp: ledger.into(),
        };
        state.declare_ledger(currency, &mut Vec::new());
    }
    let header = state.snapshot_header();
    let bytes = header.to_bytes();
    assert_eq!(SnapshotHeader::from_bytes(&bytes), Ok(header));
    for len in 0..bytes.len() {
        assert!(SnapshotHeader::from_bytes(&bytes[..len]).is_err(), "{len}");
    }
    let long = [&bytes[..], &[0]].concat();
    assert!(SnapshotHeader::from_bytes(&long).is_err());
    // More ledgers than records; then a ledger count beyond all memory.
    for (at, value) in [(8, 1u64), (48, u64::MAX), (56, u64::MAX), (64, u64::MAX)] {
        let mut wrong = bytes.clone();
        wrong[at..at + 8].copy_from_slice(&value.to_le_bytes());
        assert!(SnapshotHeader::from_bytes(&wrong).is_err());
    }
}
