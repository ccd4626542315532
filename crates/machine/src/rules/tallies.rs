//! What was counted of payments: a row for each subject of each tally.

use std::collections::BTreeMap;

use model::rule::{Measure, Per, Rule, RuleBook, Scope, Tally, Term, Zone, bytes};
use sha2::{Digest, Sha256};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::window::{end_of, steps, window_at};
use super::{ByKind, Facts, Payment};
use crate::arena::Arena;
use crate::index::{Index, Key, SHARDS, shard_of};

/// Bytes of a row in a chunk of a snapshot.
pub(crate) const ROW_BYTES: usize = size_of::<Row>();

/// What one tally counted for one subject in one window.
///
/// 44 bytes, and about 15 in the index.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
#[repr(C)]
pub(crate) struct Row {
    /// A party, an account, two accounts, or nothing.
    subject: [u32; 4],
    sum: [u32; 4],
    /// Which window.
    window: u32,
    count: u32,
    /// Which tally.
    number: u16,
    /// Of a window that rolls: its number modulo the steps.
    ring: u8,
    /// What `subject` is: [`PARTY`] or [`ACCOUNTS`].
    space: u8,
}

const PARTY: u8 = 0;
const ACCOUNTS: u8 = 1;

/// How a row stood before a change: itself, and whether it was there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowBefore {
    row: Row,
    was: bool,
}

/// The number of a tally, and the moment in nanoseconds from which on it counts.
pub(crate) type Numbered = (u16, u64);

/// A tally that is counted.
struct Counted {
    number: u16,
    /// Nanoseconds: what was made before was not counted, and is not given back.
    since: u64,
    /// Of its definition.
    digest: u128,
    zone: Zone,
    scope: Scope,
    tally: Tally,
    /// The window of the last payment.
    last: Span,
}

/// A window, as far as it was looked at: its number, and some of the moments in it.
#[derive(Clone, Copy, Default)]
struct Span {
    from: u64,
    to: u64,
    number: u32,
}

/// All that is counted for some rule books.
pub struct Tallies {
    key: Key,
    /// Numbers of the definitions, by the first half of SHA-256 over their canonical bytes.
    numbers: BTreeMap<u128, Numbered>,
    next_number: u16,
    counted: Vec<Counted>,
    by_kind: ByKind,
    index: Index,
    rows: Arena<Row>,
    free: Vec<u32>,
}

/// The first half of SHA-256 over what a tally counts.
fn digest_of(zone: &Zone, scope: &Scope, tally: Tally) -> u128 {
    let hash: [u8; 32] = Sha256::digest(bytes::tally_bytes(zone, scope, tally)).into();
    let (half, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
    u128::from_le_bytes(*half)
}

impl Tallies {
    /// Nothing is counted. `key` is the secret of the hash table; it changes no result.
    pub fn new(key: [u64; 2]) -> Self {
        Self::with_key(Key::new(key))
    }

    pub(crate) fn with_key(key: Key) -> Self {
        Self {
            key,
            numbers: BTreeMap::new(),
            next_number: 0,
            counted: Vec::new(),
            by_kind: ByKind::new(&[]),
            index: Index::new(),
            rows: Arena::new(),
            free: Vec::new(),
        }
    }

    /// Counts from the moment `since` on, in nanoseconds, for these rule books and no others. What was counted stays where a tally
    /// of the same scope, zone and window is in them.
    ///
    /// # Panics
    ///
    /// After 65,535 different tallies.
    pub fn keep<'a>(&mut self, books: impl Iterator<Item = &'a RuleBook>, since: u64) {
        let before = std::mem::take(&mut self.numbers);
        self.counted.clear();
        for book in books {
            for rule in &book.rules {
                let zone = &book.zones[usize::from(rule.zone)];
                rule.each_term(&mut |term| {
                    if let Term::Tally(tally) = term {
                        self.count_also(&before, (zone, &rule.scope, *tally), since);
                    }
                });
            }
        }
        self.by_kind = ByKind::new(
            &self
                .counted
                .iter()
                .map(|counted| &counted.scope)
                .collect::<Vec<_>>(),
        );
        let numbers = before.into_values().map(|(number, _)| number);
        let retired: Vec<_> = numbers.filter(|number| !self.is_counted(*number)).collect();
        if !retired.is_empty() {
            self.forget(&retired);
        }
    }

    fn count_also(
        &mut self,
        before: &BTreeMap<u128, Numbered>,
        what: (&Zone, &Scope, Tally),
        since: u64,
    ) {
        let (zone, scope, tally) = what;
        let digest = digest_of(zone, scope, tally);
        if self.numbers.contains_key(&digest) {
            return;
        }
        let (number, since) = before.get(&digest).copied().unwrap_or_else(|| {
            let number = self.next_number;
            self.next_number = number.checked_add(1).expect("tallies are 16 bits");
            (number, since)
        });
        self.numbers.insert(digest, (number, since));
        self.counted.push(Counted {
            number,
            since,
            digest,
            zone: zone.clone(),
            scope: scope.clone(),
            tally,
            last: Span::default(),
        });
    }

    fn is_counted(&self, number: u16) -> bool {
        self.counted.iter().any(|counted| counted.number == number)
    }

    /// Takes out the rows of tallies that are not counted any more.
    fn forget(&mut self, retired: &[u16]) {
        for shard in 0..SHARDS {
            for row in self.shard(shard) {
                if retired.contains(&row.number) {
                    self.remove(&row);
                }
            }
        }
    }

    /// The place of a tally of a rule among those that are counted.
    pub(super) fn place_of(&self, zone: &Zone, rule: &Rule, tally: Tally) -> u16 {
        let digest = digest_of(zone, &rule.scope, tally);
        let place = self
            .counted
            .iter()
            .position(|counted| counted.digest == digest);
        place.expect("the tallies of a program are kept") as u16
    }

    /// Whether payments of some kind are counted.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.counted.is_empty()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len() - self.free.len()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts a payment that is made.
    #[inline]
    pub fn count(&mut self, facts: &impl Facts, payment: &Payment) {
        self.each_row(
            facts,
            payment,
            |_| true,
            |_| {},
            |row| row.add(payment.amount),
        );
    }

    /// As [`Tallies::count`], in the shards that `reaches` names; `before` is told how each row
    /// stood.
    #[inline]
    pub(crate) fn count_in(
        &mut self,
        facts: &impl Facts,
        payment: &Payment,
        reaches: impl Fn(usize) -> bool,
        before: impl FnMut(RowBefore),
    ) {
        self.each_row(facts, payment, reaches, before, |row| {
            row.add(payment.amount);
        });
    }

    /// Counts no more what was counted of `payment` when it was reserved: so much of it, or all of
    /// it where `left` is 0. In windows that have passed nothing is left of it anyway.
    pub fn give_back(&mut self, facts: &impl Facts, payment: &Payment, left: u128) {
        self.give_back_in(facts, (payment, left), |_| true, |_| {});
    }

    /// As [`Tallies::give_back`], in the shards that `reaches` names.
    pub(crate) fn give_back_in(
        &mut self,
        facts: &impl Facts,
        (payment, left): (&Payment, u128),
        reaches: impl Fn(usize) -> bool,
        before: impl FnMut(RowBefore),
    ) {
        self.each_row(facts, payment, reaches, before, |row| {
            row.take(payment.amount - left, left == 0);
        });
    }

    /// Changes the row of each tally that counts a payment like this one, in the window of its time.
    #[inline]
    fn each_row(
        &mut self,
        facts: &impl Facts,
        payment: &Payment,
        reaches: impl Fn(usize) -> bool,
        mut before: impl FnMut(RowBefore),
        change: impl Fn(&mut Row),
    ) {
        let places = self.by_kind.places(payment.kind).len();
        if places == 0 {
            return;
        }
        let currency = facts.currency(payment.ledger);
        for place in 0..places {
            let counted = usize::from(self.by_kind.places(payment.kind)[place]);
            let counted = &mut self.counted[counted];
            if payment.time < counted.since || !payment.is_within(&counted.scope, currency, facts) {
                continue;
            }
            counted.remember(payment.time);
            let fresh = counted.row(payment, payment.time);
            let hash = self.hash_of(&fresh);
            if !reaches(shard_of(hash)) {
                continue;
            }
            let slot = self.find(hash, &fresh);
            let stood = slot.map(|slot| *self.rows.get(slot));
            // A payment of an earlier window than the last is not counted in a later one.
            let mut row = match stood {
                Some(row) if row.window > fresh.window => continue,
                Some(row) if row.window == fresh.window => row,
                _ => fresh,
            };
            change(&mut row);
            before(RowBefore {
                row: stood.unwrap_or(fresh),
                was: stood.is_some(),
            });
            self.put(hash, slot, row);
        }
    }

    /// What a tally is with this payment, which is not counted yet.
    #[inline]
    pub(super) fn with(&self, place: u16, payment: &Payment) -> u128 {
        let step = match self.counted[usize::from(place)].tally.measure {
            Measure::Sum => payment.amount,
            Measure::Count => 1,
        };
        self.before(place, payment).saturating_add(step)
    }

    /// What a tally is before this payment.
    pub(super) fn before(&self, place: u16, payment: &Payment) -> u128 {
        let counted = &self.counted[usize::from(place)];
        let now = counted.row(payment, payment.time);
        let all = steps(counted.tally.window);
        let mut sum = 0u128;
        for ring in 0..all {
            let row = Row {
                ring: ring as u8,
                ..now
            };
            let Some(slot) = self.find(self.hash_of(&row), &row) else {
                continue;
            };
            let row = self.rows.get(slot);
            // A payment whose time lies before what was counted is judged by what was counted.
            if row.window + all > now.window {
                sum = sum.saturating_add(match counted.tally.measure {
                    Measure::Sum => row.sum(),
                    Measure::Count => row.count.into(),
                });
            }
        }
        sum
    }

    /// When a tally begins again, in nanoseconds; 0 where it never does.
    pub(super) fn again(&self, place: u16, time: u64) -> u64 {
        let counted = &self.counted[usize::from(place)];
        let window = counted.tally.window;
        end_of(
            window,
            &counted.zone,
            window_at(window, &counted.zone, time),
        )
    }

    /// Makes a row stand as it did.
    pub(crate) fn put_back(&mut self, before: &RowBefore) {
        if before.was {
            let hash = self.hash_of(&before.row);
            let slot = self.find(hash, &before.row);
            self.put(hash, slot, before.row);
        } else {
            self.remove(&before.row);
        }
    }

    fn put(&mut self, hash: u64, slot: Option<u32>, row: Row) {
        if let Some(slot) = slot {
            *self.rows.get_mut(slot) = row;
            return;
        }
        let slot = if let Some(slot) = self.free.pop() {
            *self.rows.get_mut(slot) = row;
            slot
        } else {
            self.rows.push(row)
        };
        self.index.insert(hash, slot);
    }

    fn remove(&mut self, row: &Row) {
        let hash = self.hash_of(row);
        if let Some(slot) = self.find(hash, row) {
            self.index.remove(hash, slot);
            self.free.push(slot);
        }
    }

    #[inline]
    fn find(&self, hash: u64, row: &Row) -> Option<u32> {
        let same = |slot| self.rows.get(slot).is_of(row);
        self.index.find(hash, same)
    }

    #[inline]
    fn hash_of(&self, row: &Row) -> u64 {
        let which =
            u128::from(row.number) << 16 | u128::from(row.ring) << 8 | u128::from(row.space);
        self.key.hash(row.subject() ^ which.rotate_right(32))
    }

    /// The rows of one shard, in the order of their subjects.
    pub(crate) fn shard(&self, shard: usize) -> Vec<Row> {
        let slots = self.index.shard(shard);
        let mut rows: Vec<_> = slots.map(|slot| *self.rows.get(slot)).collect();
        rows.sort_unstable_by_key(Row::place);
        rows
    }

    /// All rows, in the order of their subjects.
    pub(crate) fn all(&self) -> Vec<Row> {
        let mut rows: Vec<_> = (0..SHARDS).flat_map(|shard| self.shard(shard)).collect();
        rows.sort_unstable_by_key(Row::place);
        rows
    }

    /// Puts a row of a snapshot in; `false` where it is not of this shard, or in already.
    pub(crate) fn load(&mut self, shard: usize, row: Row) -> bool {
        let hash = self.hash_of(&row);
        if shard_of(hash) != shard || self.find(hash, &row).is_some() {
            return false;
        }
        self.put(hash, None, row);
        true
    }

    /// The numbers of the tallies that are counted, by definition, and the next one.
    pub(crate) fn numbers(&self) -> (&BTreeMap<u128, Numbered>, u16) {
        (&self.numbers, self.next_number)
    }

    /// Counts under these numbers what [`Tallies::keep`] is told next.
    pub(crate) fn set_numbers(&mut self, numbers: BTreeMap<u128, Numbered>, next: u16) {
        self.numbers = numbers;
        self.next_number = next;
    }
}

impl Counted {
    /// The number of the window that a moment is in.
    #[inline]
    fn window(&self, time: u64) -> u32 {
        let Span { from, to, number } = self.last;
        if (from..to).contains(&time) {
            number
        } else {
            window_at(self.tally.window, &self.zone, time)
        }
    }

    /// Keeps the window of a moment in mind: the next payment is mostly in the same.
    #[inline]
    fn remember(&mut self, time: u64) {
        if !(self.last.from..self.last.to).contains(&time) {
            let number = window_at(self.tally.window, &self.zone, time);
            let end = end_of(self.tally.window, &self.zone, number);
            self.last = Span {
                from: time,
                to: if end == 0 { u64::MAX } else { end },
                number,
            };
        }
    }

    /// The row for a payment at `time`, with nothing in it.
    #[inline]
    fn row(&self, payment: &Payment, time: u64) -> Row {
        let side = payment.side(self.scope.subject);
        let (space, subject) = match self.tally.per {
            Per::Party if side.party != 0 => (PARTY, side.party),
            Per::Party | Per::Account => (ACCOUNTS, side.account.into()),
            Per::Pair => {
                let (payer, payee) = (payment.payer.account, payment.payee.account);
                (ACCOUNTS, u128::from(payer) << 32 | u128::from(payee))
            }
            Per::Everyone => (PARTY, 0),
        };
        let window = self.window(time);
        Row {
            subject: zerocopy::transmute!(subject),
            window,
            number: self.number,
            ring: (window % steps(self.tally.window)) as u8,
            space,
            ..Row::default()
        }
    }
}

impl Row {
    fn is_of(&self, other: &Self) -> bool {
        self.place() == other.place()
    }

    /// What it is found by.
    fn place(&self) -> (u128, u16, u8, u8) {
        (self.subject(), self.number, self.ring, self.space)
    }

    fn subject(&self) -> u128 {
        zerocopy::transmute!(self.subject)
    }

    fn sum(&self) -> u128 {
        zerocopy::transmute!(self.sum)
    }

    fn add(&mut self, amount: u128) {
        self.sum = zerocopy::transmute!(self.sum().saturating_add(amount));
        self.count = self.count.saturating_add(1);
    }

    /// A sum that has reached its end stays there.
    fn take(&mut self, amount: u128, whole: bool) {
        if self.sum() != u128::MAX {
            self.sum = zerocopy::transmute!(self.sum().saturating_sub(amount));
        }
        if whole && self.count != u32::MAX {
            self.count = self.count.saturating_sub(1);
        }
    }
}

const _: () = assert!(ROW_BYTES == 44);
