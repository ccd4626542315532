//! What was counted of payments: a block of sums for each subject of each group of tallies.

use std::collections::BTreeMap;

use model::rule::{Measure, Rule, RuleBook, Scope, Tally, Term, Zone, bytes};
use sha2::{Digest, Sha256};

use super::blocks::{Blocks, Sum};
use super::groups::Group;
use super::row::{Row, RowBefore, ShardsBy, shard_in};
use super::{ByKind, Facts, Payment};
use crate::index::{Index, Key, SHARDS};

/// The number of a tally, and the moment in nanoseconds from which on it counts.
pub(crate) type Numbered = (u16, u64);

/// Where a tally stands: its group, and its place in that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) group: u16,
    pub(super) member: u16,
}

/// The block of a payment in the group that was last looked into, while the payment is judged.
#[derive(Default)]
pub(super) struct Looked {
    group: Option<u16>,
    block: Option<u32>,
}

/// What a tally adds up: its digest, and what that is of.
type Wanted<'a> = (u128, (&'a Zone, &'a Scope, Tally));

/// All that is counted for some rule books.
pub struct Tallies {
    /// Numbers of the definitions, by the first half of SHA-256 over their canonical bytes.
    numbers: BTreeMap<u128, Numbered>,
    next_number: u16,
    pub(super) groups: Vec<Group>,
    /// Where tallies stand, by number.
    pub(super) places: BTreeMap<u16, Place>,
    pub(super) by_kind: ByKind,
    pub(super) blocks: Blocks,
    /// How many sums are there.
    pub(super) rows: usize,
    /// Rows of a snapshot whose tallies are entered by records that follow it.
    pub(super) early: Vec<Row>,
    pub(super) shards_by: ShardsBy,
}

/// The first half of SHA-256 over what a tally counts.
fn digest_of(zone: &Zone, scope: &Scope, tally: Tally) -> u128 {
    let hash: [u8; 32] = Sha256::digest(bytes::tally_bytes(zone, scope, tally)).into();
    let (half, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
    u128::from_le_bytes(*half)
}

/// The tallies of some books, each once, in their order.
fn wanted<'a>(books: impl Iterator<Item = &'a RuleBook>) -> Vec<Wanted<'a>> {
    let mut all: Vec<Wanted<'a>> = Vec::new();
    for book in books {
        for rule in &book.rules {
            let zone = &book.zones[usize::from(rule.zone)];
            rule.each_term(&mut |term| {
                if let Term::Tally(tally) = term {
                    let digest = digest_of(zone, &rule.scope, *tally);
                    if !all.iter().any(|(known, _)| *known == digest) {
                        all.push((digest, (zone, &rule.scope, *tally)));
                    }
                }
            });
        }
    }
    all
}

impl Tallies {
    /// Nothing is counted. `key` is the secret of the hash table; it changes no result.
    pub fn new(key: [u64; 2]) -> Self {
        Self::with_key(Key::new(key))
    }

    pub(crate) fn with_key(key: Key) -> Self {
        Self {
            numbers: BTreeMap::new(),
            next_number: 0,
            groups: Vec::new(),
            places: BTreeMap::new(),
            by_kind: ByKind::new(&[]),
            blocks: Blocks::new(key, Index::new()),
            rows: 0,
            early: Vec::new(),
            shards_by: ShardsBy::Subject,
        }
    }

    /// Counts from the moment `since` on, in nanoseconds, for these rule books and no others. What was counted stays where a tally
    /// of the same scope, zone and window is in them.
    ///
    /// # Panics
    ///
    /// After 65,535 different tallies.
    pub fn keep<'a>(&mut self, books: impl Iterator<Item = &'a RuleBook>, since: u64) {
        let wanted = wanted(books);
        self.retire(&wanted);
        let before = std::mem::take(&mut self.numbers);
        let mut fresh = Vec::new();
        for &(digest, what) in &wanted {
            let numbered = before.get(&digest).copied().unwrap_or_else(|| {
                let number = self.next_number;
                self.next_number = number.checked_add(1).expect("tallies are 16 bits");
                (number, since)
            });
            self.numbers.insert(digest, numbered);
            if self.place(digest).is_none() {
                self.enter(&mut fresh, digest, what);
            }
        }
        let counting = self.groups.iter().enumerate();
        let counting = counting.filter(|(_, group)| group.counts());
        let scopes: Vec<_> = counting
            .map(|(at, group)| (at as u16, &group.scope))
            .collect();
        self.by_kind = ByKind::new(&scopes);
        self.places = self
            .numbers
            .iter()
            .map(|(digest, (number, _))| {
                let place = self.place(*digest).expect("it was entered");
                (*number, place)
            })
            .collect();
        self.adopt();
    }

    /// Lets a new tally stand with the other new ones of its scope. Blocks of those before stay as
    /// they are, however many there are.
    fn enter(
        &mut self,
        fresh: &mut Vec<usize>,
        digest: u128,
        (zone, scope, tally): (&Zone, &Scope, Tally),
    ) {
        let takes = |at: &usize| self.groups[*at].takes(zone, scope, tally);
        let at = fresh.iter().copied().find(takes).unwrap_or_else(|| {
            let free = self
                .groups
                .iter()
                .position(|group| group.members.is_empty());
            let at = free.unwrap_or(self.groups.len());
            let group = Group::new(at as u16, scope, tally);
            if at == self.groups.len() {
                self.groups.push(group);
            } else {
                self.groups[at] = group;
            }
            fresh.push(at);
            at
        });
        self.groups[at].enter(self.numbers[&digest], digest, zone, tally);
    }

    /// Forgets what was counted of tallies that are not wanted any more.
    fn retire(&mut self, wanted: &[Wanted<'_>]) {
        let mut retires = false;
        for member in self.groups.iter_mut().flat_map(|group| &mut group.members) {
            let stays = wanted.iter().any(|(digest, _)| *digest == member.digest);
            retires |= member.counts && !stays;
            member.counts &= stays;
        }
        if !retires {
            return;
        }
        for shard in 0..SHARDS {
            let blocks: Vec<_> = self.blocks.shard(shard).collect();
            for block in blocks {
                self.clear_retired(block);
            }
        }
        for group in self.groups.iter_mut().filter(|group| !group.counts()) {
            group.members.clear();
        }
    }

    fn clear_retired(&mut self, block: u32) {
        let group = &self.groups[usize::from(self.blocks.head(block).group())];
        let sums = group.members.len();
        for (member, _) in (0..)
            .zip(&group.members)
            .filter(|(_, member)| !member.counts)
        {
            if self.blocks.sum(block, member).is_there() {
                self.rows -= 1;
                self.blocks.clear(block, member, sums);
            }
        }
    }

    /// Where the tally with this digest stands.
    fn place(&self, digest: u128) -> Option<Place> {
        (0..).zip(&self.groups).find_map(|(group, of)| {
            let is = |member: &super::groups::Member| member.counts && member.digest == digest;
            let member = of.members.iter().position(is)? as u16;
            Some(Place { group, member })
        })
    }

    /// Where a tally of a rule stands.
    pub(super) fn place_of(&self, zone: &Zone, rule: &Rule, tally: Tally) -> Place {
        let place = self.place(digest_of(zone, &rule.scope, tally));
        place.expect("the tallies of a program are kept")
    }

    /// Whether payments of some kind are counted.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Whether payments of this kind are counted.
    #[inline]
    pub(crate) fn counts_kind(&self, kind: u16) -> bool {
        !self.by_kind.places(kind).is_empty()
    }

    /// How many sums there are: of each tally one for each subject, and for each step of a window
    /// that rolls.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts a payment that is made.
    #[inline]
    pub fn count(&mut self, facts: &impl Facts, payment: &Payment) {
        self.count_in(facts, payment, |_| true, |_| {});
    }

    /// As [`Tallies::count`], in the shards that `reaches` names; `before` is told how each row
    /// stood.
    #[inline]
    pub(crate) fn count_in(
        &mut self,
        facts: &impl Facts,
        payment: &Payment,
        reaches: impl Fn(usize) -> bool,
        before: impl FnMut(&dyn Fn() -> RowBefore),
    ) {
        self.each_sum(facts, payment, reaches, before, |sum| {
            sum.add(payment.amount);
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
        before: impl FnMut(&dyn Fn() -> RowBefore),
    ) {
        self.each_sum(facts, payment, reaches, before, |sum| {
            sum.take(payment.amount - left, left == 0);
        });
    }

    /// Changes the sum of each tally that counts a payment like this one, in the window of its time.
    #[inline]
    fn each_sum(
        &mut self,
        facts: &impl Facts,
        payment: &Payment,
        reaches: impl Fn(usize) -> bool,
        mut before: impl FnMut(&dyn Fn() -> RowBefore),
        change: impl Fn(&mut Sum),
    ) {
        let places = self.by_kind.places(payment.kind).len();
        if places == 0 {
            return;
        }
        let currency = facts.currency(payment.ledger);
        for place in 0..places {
            let at = usize::from(self.by_kind.places(payment.kind)[place]);
            if payment.is_within(&self.groups[at].scope, currency, facts) {
                self.each_member(at, payment, &reaches, &mut before, &change);
            }
        }
    }

    #[inline]
    fn each_member(
        &mut self,
        at: usize,
        payment: &Payment,
        reaches: &impl Fn(usize) -> bool,
        before: &mut impl FnMut(&dyn Fn() -> RowBefore),
        change: &impl Fn(&mut Sum),
    ) {
        let group = &mut self.groups[at];
        group.remember(payment.time);
        let head = group.head(payment);
        let mut block = None;
        for (place, member) in group.members.iter().enumerate() {
            if !member.counts || payment.time < member.since {
                continue;
            }
            let fresh = Sum::new(member.window(), 0, 0);
            let row = || Row::new(member.number, &head, &fresh);
            if !reaches(shard_in(&self.blocks, self.shards_by, &row)) {
                continue;
            }
            let block = *block.get_or_insert_with(|| group.find_or_make(&mut self.blocks, &head));
            let sum = self.blocks.sum_mut(block, place);
            let (stood, was) = (*sum, sum.is_there());
            // A payment of an earlier window than the last is not counted in a later one.
            if was && stood.window > fresh.window {
                continue;
            }
            if stood.window != fresh.window {
                *sum = fresh;
            }
            change(sum);
            self.rows += usize::from(!was);
            before(&|| RowBefore {
                row: Row::new(member.number, &head, if was { &stood } else { &fresh }),
                was,
            });
        }
    }

    /// What a tally is with this payment, which is not counted yet.
    #[inline]
    pub(super) fn with(&self, place: Place, payment: &Payment, looked: &mut Looked) -> u128 {
        let group = &self.groups[usize::from(place.group)];
        let step = match group.members[usize::from(place.member)].measure {
            Measure::Sum => payment.amount,
            Measure::Count => 1,
        };
        self.before(place, payment, looked).saturating_add(step)
    }

    /// What a tally is before this payment.
    #[inline]
    pub(super) fn before(&self, place: Place, payment: &Payment, looked: &mut Looked) -> u128 {
        let group = &self.groups[usize::from(place.group)];
        if group.steps > 1 {
            return self.rolling(place, payment);
        }
        if looked.group != Some(place.group) {
            *looked = Looked {
                group: Some(place.group),
                block: group.find(&self.blocks, &group.head(payment)),
            };
        }
        let now = || group.members[usize::from(place.member)].window_at(payment.time);
        let block = looked.block;
        block.map_or(0, |block| self.counted(block, place, now()))
    }

    /// As [`Tallies::before`], where windows roll.
    fn rolling(&self, place: Place, payment: &Payment) -> u128 {
        let group = &self.groups[usize::from(place.group)];
        let now = group.members[usize::from(place.member)].window_at(payment.time);
        let mut all = 0u128;
        for ring in 0..group.steps {
            if let Some(block) = group.find(&self.blocks, &group.head_of(payment, ring)) {
                all = all.saturating_add(self.counted(block, place, now));
            }
        }
        all
    }

    /// What a tally counted in a block that still counts in window `now`.
    #[inline]
    fn counted(&self, block: u32, place: Place, now: u32) -> u128 {
        let group = &self.groups[usize::from(place.group)];
        let sum = self.blocks.sum(block, usize::from(place.member));
        // A payment whose time lies before what was counted is judged by what was counted.
        if !sum.is_there() || sum.window + group.steps <= now {
            return 0;
        }
        match group.members[usize::from(place.member)].measure {
            Measure::Sum => sum.amounts(),
            Measure::Count => sum.count.into(),
        }
    }

    /// When a tally begins again, in nanoseconds; 0 where it never does.
    pub(super) fn again(&self, place: Place, time: u64) -> u64 {
        let group = &self.groups[usize::from(place.group)];
        group.members[usize::from(place.member)].end_of(time)
    }

    /// Makes a row stand as it did.
    pub(crate) fn put_back(&mut self, before: &RowBefore) {
        let place = self.places[&before.row.number];
        let group = &self.groups[usize::from(place.group)];
        let head = before.row.head(place.group);
        let block = group.find(&self.blocks, &head).expect("it was counted in");
        let (member, sums) = (usize::from(place.member), group.members.len());
        if before.was {
            *self.blocks.sum_mut(block, member) = before.row.sum();
        } else {
            self.rows -= 1;
            self.blocks.clear(block, member, sums);
        }
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
