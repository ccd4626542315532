//! What one tally counted for one subject, as snapshots and digests have it.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::Tallies;
use super::blocks::{Blocks, Head, Sum};
use crate::index::{SHARDS, shard_of};

/// Bytes of a row in a chunk of a snapshot.
pub(crate) const ROW_BYTES: usize = size_of::<Row>();

/// What one tally counted for one subject in one window. In memory it is a sum in a block.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
#[repr(C)]
pub(crate) struct Row {
    /// A party, an account, two accounts, or nothing.
    subject: [u32; 4],
    sum: [u32; 4],
    /// Which window.
    pub(super) window: u32,
    count: u32,
    /// Which tally.
    pub(super) number: u16,
    /// Of a window that rolls: its number modulo the steps.
    pub(super) ring: u8,
    /// What `subject` is: [`PARTY`](super::blocks::PARTY) or [`ACCOUNTS`](super::blocks::ACCOUNTS).
    space: u8,
}

/// How a row stood before a change: itself, and whether it was there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowBefore {
    pub(super) row: Row,
    pub(super) was: bool,
}

/// What the shards of a snapshot are by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ShardsBy {
    /// The subject and its space.
    #[default]
    Subject,
    /// The tally and the ring as well: those of a `cf-snap4`.
    Row,
}

impl Row {
    #[inline]
    pub(super) fn new(number: u16, head: &Head, sum: &Sum) -> Self {
        Self {
            subject: zerocopy::transmute!(head.subject()),
            sum: zerocopy::transmute!(sum.amounts()),
            window: sum.window,
            count: sum.count,
            number,
            ring: head.ring,
            space: head.space,
        }
    }

    /// The head of the block that it stands in, of a group with this number.
    #[inline]
    pub(super) fn head(&self, group: u16) -> Head {
        Head::new((self.space, self.subject()), group, self.ring)
    }

    pub(super) fn sum(&self) -> Sum {
        Sum::new(self.window, zerocopy::transmute!(self.sum), self.count)
    }

    /// What rows stand in order of.
    pub(super) fn place(&self) -> (u128, u16, u8, u8) {
        (self.subject(), self.number, self.ring, self.space)
    }

    fn subject(&self) -> u128 {
        zerocopy::transmute!(self.subject)
    }

    /// What the shards of a `cf-snap4` are by.
    pub(super) fn old_shard_key(&self) -> u128 {
        let which =
            u128::from(self.number) << 16 | u128::from(self.ring) << 8 | u128::from(self.space);
        self.subject() ^ which.rotate_right(32)
    }
}

impl Tallies {
    /// The rows of one shard, in the order of their subjects.
    pub(crate) fn shard(&self, shard: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        for block in self.blocks.shard(shard) {
            let head = self.blocks.head(block);
            let members = &self.groups[usize::from(head.group())].members;
            for (place, member) in members.iter().enumerate() {
                let sum = self.blocks.sum(block, place);
                if sum.is_there() {
                    rows.push(Row::new(member.number, head, sum));
                }
            }
        }
        rows.sort_unstable_by_key(Row::place);
        rows
    }

    /// All rows, in the order of their subjects.
    pub(crate) fn all(&self) -> Vec<Row> {
        let mut rows: Vec<_> = (0..SHARDS).flat_map(|shard| self.shard(shard)).collect();
        rows.sort_unstable_by_key(Row::place);
        rows
    }

    /// What the shards of a snapshot are by that is loaded next.
    pub(crate) fn set_shards(&mut self, by: ShardsBy) {
        self.shards_by = by;
    }

    /// Puts a row of a snapshot in; `false` where it is not of this shard, or in already.
    pub(crate) fn load(&mut self, shard: usize, row: Row) -> bool {
        let is_row =
            Sum::is_window(row.window) && shard_in(&self.blocks, self.shards_by, &|| row) == shard;
        if is_row && !self.places.contains_key(&row.number) {
            self.early.push(row);
            return true;
        }
        is_row && self.put(&row)
    }

    /// Puts a row in whose tally is counted; `false` where it is in already, or is none of that.
    fn put(&mut self, row: &Row) -> bool {
        let place = self.places[&row.number];
        let group = &self.groups[usize::from(place.group)];
        if u32::from(row.ring) != row.window % group.steps {
            return false;
        }
        let block = group.find_or_make(&mut self.blocks, &row.head(place.group));
        let sum = self.blocks.sum_mut(block, usize::from(place.member));
        let is_new = !sum.is_there();
        if is_new {
            *sum = row.sum();
            self.rows += 1;
        }
        is_new
    }

    /// Puts in the rows that were loaded before their tallies were entered.
    pub(super) fn adopt(&mut self) {
        for row in std::mem::take(&mut self.early) {
            if !self.places.contains_key(&row.number) || !self.put(&row) {
                self.early.push(row);
            }
        }
    }

    /// All records that follow a snapshot are replayed. `false` where rows were loaded of tallies that
    /// none of them entered.
    pub(crate) fn end_load(&mut self) -> bool {
        self.shards_by = ShardsBy::Subject;
        self.early.is_empty()
    }
}

/// The shard of a row.
#[inline]
pub(super) fn shard_in(blocks: &Blocks, by: ShardsBy, row: &impl Fn() -> Row) -> usize {
    match by {
        ShardsBy::Subject => shard_of(blocks.hash(&row().head(0))),
        ShardsBy::Row => shard_of(blocks.key().hash(row().old_shard_key())),
    }
}

const _: () = assert!(ROW_BYTES == 44);

#[cfg(test)]
mod tests {
    use model::money::CurrencyCode;
    use model::rule::{
        Condition, Consequence, Lines, Measure, Per, Relation, Rule, RuleBook, Scope, Source,
        Tally, Term, Window, Zone,
    };

    use super::{Row, ShardsBy, shard_in};
    use crate::civil::SECOND;
    use crate::index::SHARDS;
    use crate::rules::{Facts, Payment, Side, Tallies};

    const KEY: [u64; 2] = [3, 4];

    struct Nothing;

    impl Facts for Nothing {
        fn currency(&self, _: u32) -> Option<(CurrencyCode, u8)> {
            None
        }

        fn party(&self, _: u128) -> Option<(u8, u8)> {
            None
        }

        fn code_of(&self, _: u8) -> u16 {
            0
        }

        fn sums(&self, _: (CurrencyCode, u8), _: &Lines) -> (u128, u128) {
            (0, 0)
        }

        fn figure(&self, _: &str) -> Option<u128> {
            None
        }

        fn part(&self, _: &str) -> Option<u128> {
            None
        }
    }

    /// A rule for each of these, of all payments.
    fn book(tallies: &[(Per, Window)]) -> RuleBook {
        let rules = tallies.iter().map(|&(per, window)| Rule {
            id: "one".to_owned(),
            title: String::new(),
            jurisdiction: String::new(),
            source: Source::default(),
            from: 0,
            to: 0,
            zone: 0,
            scope: Scope::default(),
            require: Condition::Compare(
                Term::Tally(Tally {
                    measure: Measure::Sum,
                    per,
                    window,
                }),
                Relation::AtMost,
                Term::Number(1),
            ),
            unless: None,
            then: Consequence::Flag,
        });
        RuleBook {
            zones: vec![Zone::fixed(model::rule::Offset::ZERO)],
            rules: rules.collect(),
        }
    }

    fn many() -> RuleBook {
        book(&[
            (Per::Party, Window::Day),
            (Per::Party, Window::Lifetime),
            (Per::Pair, Window::RollingHours(5)),
            (Per::Account, Window::Month),
            (Per::Everyone, Window::RollingDays(2)),
        ])
    }

    /// Hours apart, of a few people; every fifth is nobody's.
    fn payment(number: u64) -> Payment {
        let side = |of: u64| Side {
            party: if of.is_multiple_of(5) {
                0
            } else {
                u128::from(of) << 70
            },
            account: of as u32,
            code: 1,
        };
        Payment {
            time: (1_000_000 + number * 2_000) * SECOND,
            kind: 1,
            ledger: 1,
            amount: u128::from(number),
            channel: 0,
            payer: side(number * number % 41),
            payee: side(number % 7),
        }
    }

    fn kept(book: &RuleBook) -> Tallies {
        let mut tallies = Tallies::new(KEY);
        tallies.keep(std::iter::once(book), 0);
        tallies
    }

    fn count(tallies: &mut Tallies, numbers: core::ops::Range<u64>, reach: impl Fn(usize) -> bool) {
        for number in numbers {
            tallies.count_in(&Nothing, &payment(number), &reach, |_| {});
        }
    }

    /// Half of the shards are copied before the later payments and half after them, both as they are
    /// now and as they were in a `cf-snap4`.
    #[test]
    fn shards_of_different_times_add_up_to_the_same() {
        let is_early = |shard: usize| shard.is_multiple_of(2);
        for by in [ShardsBy::Subject, ShardsBy::Row] {
            let mut whole = kept(&many());
            count(&mut whole, 0..300, |_| true);
            let early = whole.all();
            count(&mut whole, 300..600, |_| true);
            let late = whole.all();
            let mut restored = kept(&many());
            restored.set_shards(by);
            for (rows, takes_early) in [(early, true), (late, false)] {
                for row in rows {
                    let shard = shard_in(&restored.blocks, by, &|| row);
                    assert!(
                        !restored.load((shard + 1) % SHARDS, row),
                        "of another shard"
                    );
                    if is_early(shard) == takes_early {
                        assert!(restored.load(shard, row));
                        assert!(!restored.load(shard, row), "it is in");
                    }
                }
            }
            count(&mut restored, 300..600, is_early);
            assert!(restored.end_load());
            assert_eq!(restored.all(), whole.all());
            assert_eq!(restored.len(), whole.len());
        }
    }

    /// A version that was entered while a snapshot was copied follows in the records.
    #[test]
    fn rows_wait_for_their_tallies() {
        let mut whole = kept(&many());
        count(&mut whole, 0..50, |_| true);
        let mut restored = Tallies::new(KEY);
        for shard in 0..SHARDS {
            for row in whole.shard(shard) {
                assert!(restored.load(shard, row));
            }
        }
        assert!(!restored.end_load(), "no rule counts them");
        restored.keep(std::iter::once(&many()), 0);
        assert!(restored.end_load());
        assert_eq!(restored.all(), whole.all());
    }

    /// Blocks lose the sums of tallies that no book has any more, keep those of the others, and are
    /// used again.
    #[test]
    fn what_no_book_has_is_forgotten() {
        let mut tallies = kept(&many());
        count(&mut tallies, 0..200, |_| true);
        let (all, words) = (tallies.all(), tallies.blocks.len());
        let fewer = book(&[(Per::Party, Window::Lifetime)]);
        tallies.keep(std::iter::once(&fewer), 0);
        let lifetime = |row: &Row| row.number == 1;
        let left: Vec<_> = all.iter().copied().filter(lifetime).collect();
        assert_eq!(tallies.all(), left);
        assert_eq!(tallies.len(), left.len());
        tallies.keep(std::iter::empty(), 0);
        assert!(tallies.is_empty() && tallies.all().is_empty());
        tallies.keep(std::iter::once(&many()), 0);
        count(&mut tallies, 0..200, |_| true);
        assert_eq!((tallies.len(), tallies.blocks.len()), (all.len(), words));
    }
}
