//! Reading ahead where payments are counted, so that the waits for memory overlap.

use super::{Payment, Tallies};
use crate::batch::AHEAD;

impl Tallies {
    /// Brings what payments of a kind are counted in into the cache, of at most [`AHEAD`], in steps
    /// that each read memory without waiting for another read: where it is, then itself. What is
    /// returned means nothing.
    pub(crate) fn look_ahead(
        &self,
        kind: u16,
        payments: &(impl Iterator<Item = Payment> + Clone),
    ) -> u64 {
        let (mut sum, mut hashes) = (0, [0; AHEAD]);
        for &place in self.by_kind.places(kind) {
            let group = &self.groups[usize::from(place)];
            let mut count = 0;
            for (hash, payment) in hashes.iter_mut().zip(payments.clone()) {
                *hash = self.blocks.hash(&group.head(&payment));
                sum ^= self.blocks.touch(*hash);
                count += 1;
            }
            for hash in &hashes[..count] {
                sum ^= self.blocks.touch_candidate(*hash, group.members.len());
            }
        }
        sum
    }
}
