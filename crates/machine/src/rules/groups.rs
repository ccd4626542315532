//! Groups of tallies that count the same payments for the same subjects, and so stand together.

use model::rule::{Measure, Per, Scope, Tally, Window, Zone};

use super::Payment;
use super::blocks::{ACCOUNTS, Blocks, Head, PARTY};
use super::window::{end_of, steps, window_at};

/// Tallies of one scope, counted for each party, account, pair or all together. Where windows roll,
/// they are all the same.
pub(super) struct Group {
    /// Its place in the list of groups.
    number: u16,
    pub(super) scope: Scope,
    per: Per,
    /// Windows that roll together: 1 where none do.
    pub(super) steps: u32,
    /// None where the group counts nothing any more, and its place is free.
    pub(super) members: Vec<Member>,
    /// The block of the last payment: where one is judged and then made, its block is found once.
    last: std::cell::Cell<u32>,
}

/// A tally of a group.
pub(super) struct Member {
    /// Of the tally.
    pub(super) number: u16,
    /// Nanoseconds: what was made before was not counted, and is not given back.
    pub(super) since: u64,
    /// Of its definition.
    pub(super) digest: u128,
    pub(super) measure: Measure,
    /// Whether it still counts; its sums stand empty where not.
    pub(super) counts: bool,
    window: Window,
    zone: Zone,
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

/// No block.
const NONE: u32 = u32::MAX;

impl Group {
    /// Of a tally, which has still to be [entered](Self::enter).
    pub(super) fn new(number: u16, scope: &Scope, tally: Tally) -> Self {
        Self {
            number,
            scope: scope.clone(),
            per: tally.per,
            steps: steps(tally.window),
            members: Vec::new(),
            last: std::cell::Cell::new(NONE),
        }
    }

    /// Whether a tally of this scope can stand in it.
    pub(super) fn takes(&self, zone: &Zone, scope: &Scope, tally: Tally) -> bool {
        let rolls = |member: &Member| member.window == tally.window && member.zone == *zone;
        self.per == tally.per
            && self.steps == steps(tally.window)
            && (self.steps == 1 || self.members.first().is_none_or(rolls))
            && self.scope == *scope
    }

    /// Enters a tally under its number, by digest, and since when it counts.
    pub(super) fn enter(
        &mut self,
        (number, since): (u16, u64),
        digest: u128,
        zone: &Zone,
        tally: Tally,
    ) {
        self.members.push(Member {
            number,
            since,
            digest,
            measure: tally.measure,
            counts: true,
            window: tally.window,
            zone: zone.clone(),
            last: Span::default(),
        });
    }

    /// Whether some tally of it counts.
    pub(super) fn counts(&self) -> bool {
        self.members.iter().any(|member| member.counts)
    }

    /// Whom a payment is counted for: the space, and the subject in it.
    #[inline]
    pub(super) fn subject(&self, payment: &Payment) -> (u8, u128) {
        let side = payment.side(self.scope.subject);
        match self.per {
            Per::Party if side.party != 0 => (PARTY, side.party),
            Per::Party | Per::Account => (ACCOUNTS, side.account.into()),
            Per::Pair => {
                let (payer, payee) = (payment.payer.account, payment.payee.account);
                (ACCOUNTS, u128::from(payer) << 32 | u128::from(payee))
            }
            Per::Everyone => (PARTY, 0),
        }
    }

    /// The head of the block in which a payment is counted.
    #[inline]
    pub(super) fn head(&self, payment: &Payment) -> Head {
        let ring = if self.steps == 1 {
            0
        } else {
            self.members[0].window_at(payment.time) % self.steps
        };
        Head::new(self.subject(payment), self.number, ring as u8)
    }

    /// As [`Self::head`], of another one of the windows that roll.
    #[inline]
    pub(super) fn head_of(&self, payment: &Payment, ring: u32) -> Head {
        Head::new(self.subject(payment), self.number, ring as u8)
    }

    /// The block with this head. The one of the last payment is found without its hash.
    #[inline]
    pub(super) fn find(&self, blocks: &Blocks, head: &Head) -> Option<u32> {
        let last = self.last.get();
        if blocks.is(last, head) {
            return Some(last);
        }
        let block = blocks.find(blocks.hash(head), head)?;
        self.last.set(block);
        Some(block)
    }

    /// The block with this head, made where it is not there.
    #[inline]
    pub(super) fn find_or_make(&self, blocks: &mut Blocks, head: &Head) -> u32 {
        self.find(blocks, head).unwrap_or_else(|| {
            let block = blocks.make(blocks.hash(head), head, self.members.len());
            self.last.set(block);
            block
        })
    }

    /// Keeps the windows of a moment in mind: the next payment is mostly in the same.
    #[inline]
    pub(super) fn remember(&mut self, time: u64) {
        for member in &mut self.members {
            if !(member.last.from..member.last.to).contains(&time) {
                member.look_at(time);
            }
        }
    }
}

impl Member {
    /// The number of the window that a moment is in.
    #[inline]
    pub(super) fn window_at(&self, time: u64) -> u32 {
        let Span { from, to, number } = self.last;
        if (from..to).contains(&time) {
            number
        } else {
            window_at(self.window, &self.zone, time)
        }
    }

    /// The number of the window that was looked at last.
    #[inline]
    pub(super) const fn window(&self) -> u32 {
        self.last.number
    }

    /// When the window of a moment ends, or its first step, in nanoseconds; 0 where it never does.
    pub(super) fn end_of(&self, time: u64) -> u64 {
        let number = window_at(self.window, &self.zone, time);
        end_of(self.window, &self.zone, number)
    }

    fn look_at(&mut self, time: u64) {
        let number = window_at(self.window, &self.zone, time);
        let end = end_of(self.window, &self.zone, number);
        self.last = Span {
            from: time,
            to: if end == 0 { u64::MAX } else { end },
            number,
        };
    }
}
