//! Reading ahead where payments are counted, so that the waits for memory overlap.

use super::{Payment, Tallies};

impl Tallies {
    /// Reads where the index has the blocks in which a payment like this one is counted, into the
    /// cache. What is read means nothing.
    #[inline]
    pub(crate) fn touch(&self, payment: &Payment) -> u64 {
        let hashes = self.hashes(payment);
        hashes.fold(0, |sum, (hash, _)| sum ^ self.blocks.touch(hash))
    }

    /// Reads the blocks themselves, once the index was touched.
    #[inline]
    pub(crate) fn touch_blocks(&self, payment: &Payment) -> u64 {
        let hashes = self.hashes(payment);
        hashes.fold(0, |sum, (hash, sums)| {
            sum ^ u64::from(self.blocks.touch_candidate(hash, sums))
        })
    }

    /// The hashes of these blocks, and how many sums each has.
    #[inline]
    fn hashes(&self, payment: &Payment) -> impl Iterator<Item = (u64, usize)> {
        let places = self.by_kind.places(payment.kind).iter();
        places.map(|&place| {
            let group = &self.groups[usize::from(place)];
            (self.blocks.hash(&group.head(payment)), group.members.len())
        })
    }
}
