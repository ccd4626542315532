//! What one tally counted for one subject, as snapshots and digests have it.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::blocks::{Head, Sum};

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

const _: () = assert!(ROW_BYTES == 44);
