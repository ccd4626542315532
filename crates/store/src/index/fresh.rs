//! The writer's own table of the ids that are not yet in a run.

use super::{Additions, Tree};

/// Ids that are looked up side by side, so that their cache misses overlap.
const GROUP: usize = 64;
/// Least slots of a table.
const LEAST: usize = 64;

/// A hash and the complement of its position; all 0 where empty, as fresh memory is. No record
/// is at the last byte of 2^64.
#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u64,
    not_at: u64,
}

/// One generation: an open-addressing table, at most half full.
struct Generation {
    number: u64,
    slots: Vec<Slot>,
    count: usize,
    ids: (u128, u128),
}

/// The ids of the records that the index does not yet have in a run, by generations that match
/// those of [`super::Index::seal`]. It belongs to one thread and takes no lock.
///
/// At each batch the writer first drops what is published, then probes here and in
/// [`super::Index::probe`]: in this order no id is missed.
pub struct Fresh {
    /// Oldest first; the last is open.
    generations: Vec<Generation>,
    slots: usize,
    spare: Option<Vec<Slot>>,
}

impl Fresh {
    /// An empty table for about `expected` ids a generation; more make it grow at a cost.
    pub fn new(expected: usize) -> Self {
        let slots = (expected * 2).next_power_of_two().max(LEAST);
        let open = Generation::new(1, vec![Slot::default(); slots]);
        Self {
            generations: vec![open],
            slots,
            spare: None,
        }
    }

    /// Enters a record at position `at` under an id and its hash. The same again is another.
    #[cfg(test)]
    fn insert(&mut self, id: u128, hash: u64, at: u64) {
        debug_assert!(at < u64::MAX, "no record is at the last byte of 2^64");
        let open = self.generations.last_mut().expect("one generation is open");
        open.ids = (open.ids.0.min(id), open.ids.1.max(id));
        open.insert(Slot { hash, not_at: !at });
    }

    /// Enters what a batch adds under ids.
    pub fn extend(&mut self, additions: &Additions) {
        let Some((least, greatest)) = additions.ids else {
            return;
        };
        let open = self.generations.last_mut().expect("one generation is open");
        open.ids = (open.ids.0.min(least), open.ids.1.max(greatest));
        for group in additions.entries[Tree::Id.number()].chunks(GROUP) {
            let touched = group.iter().fold(0, |sum, entry| {
                sum ^ open.slots[open.place(entry.key)].not_at
            });
            // The sum is of no use; reading what goes into it makes the cache misses overlap.
            std::hint::black_box(touched);
            for entry in group {
                open.insert(Slot {
                    hash: entry.key,
                    not_at: !entry.at,
                });
            }
        }
    }

    /// Appends to `found`, for each of `ids` (an id and its hash), its number in `ids` and every
    /// position entered under its hash, generation after generation.
    pub fn probe(&self, ids: &[(u128, u64)], found: &mut Vec<(u32, u64)>) {
        let low = ids.iter().map(|(id, _)| *id).min().unwrap_or(u128::MAX);
        let high = ids.iter().map(|(id, _)| *id).max().unwrap_or(0);
        for generation in &self.generations {
            if generation.ids.0 <= high && low <= generation.ids.1 {
                generation.probe(ids, found);
            }
        }
    }

    /// Ends the open generation and begins the next; to be called with [`super::Index::seal`],
    /// whose number it gives.
    pub fn seal(&mut self) -> u64 {
        let sealed = self
            .generations
            .last()
            .expect("one generation is open")
            .number;
        let slots = self
            .spare
            .take()
            .unwrap_or_else(|| vec![Slot::default(); self.slots]);
        self.generations.push(Generation::new(sealed + 1, slots));
        sealed
    }

    /// Drops the sealed generations up to `published`, which [`super::Index::published`] gives.
    pub fn drop_published(&mut self, published: u64) {
        while self.generations.len() > 1 && self.generations[0].number <= published {
            let mut slots = self.generations.remove(0).slots;
            // Memory that the system has already given is cheaper to clear than new memory is
            // to get.
            if self.spare.is_none() && slots.len() == self.slots {
                slots.fill(Slot::default());
                self.spare = Some(slots);
            }
        }
    }

    /// How many records are in it.
    pub fn len(&self) -> usize {
        self.generations
            .iter()
            .map(|generation| generation.count)
            .sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Generation {
    fn new(number: u64, slots: Vec<Slot>) -> Self {
        Self {
            number,
            slots,
            count: 0,
            ids: (u128::MAX, 0),
        }
    }

    /// The slot where a hash's records begin: its leading bits, for the trailing ones choose
    /// bits in filters.
    #[inline]
    fn place(&self, hash: u64) -> usize {
        (hash >> (64 - self.slots.len().trailing_zeros())) as usize
    }

    fn insert(&mut self, slot: Slot) {
        if 2 * (self.count + 1) > self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut place = self.place(slot.hash);
        while self.slots[place].not_at != 0 {
            place = (place + 1) & mask;
        }
        self.slots[place] = slot;
        self.count += 1;
    }

    fn grow(&mut self) {
        let wider = vec![Slot::default(); 2 * self.slots.len()];
        let slots = std::mem::replace(&mut self.slots, wider);
        self.count = 0;
        // From an empty slot on, so that records of one hash stay in the order of their entry.
        let start = slots.iter().position(|slot| slot.not_at == 0).unwrap_or(0);
        for slot in slots[start..].iter().chain(&slots[..start]) {
            if slot.not_at != 0 {
                self.insert(*slot);
            }
        }
    }

    fn probe(&self, ids: &[(u128, u64)], found: &mut Vec<(u32, u64)>) {
        let mask = self.slots.len() - 1;
        let mut firsts = [Slot::default(); GROUP];
        for (group, ids) in ids.chunks(GROUP).enumerate() {
            // No branch depends on what is read here, so all reads are under way together.
            for (first, (_, hash)) in firsts.iter_mut().zip(ids) {
                *first = self.slots[self.place(*hash)];
            }
            for (i, (first, (_, hash))) in firsts.iter().zip(ids).enumerate() {
                let mut slot = *first;
                let mut place = self.place(*hash);
                while slot.not_at != 0 {
                    if slot.hash == *hash {
                        found.push(((group * GROUP + i) as u32, !slot.not_at));
                    }
                    place = (place + 1) & mask;
                    slot = self.slots[place];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_was_inserted_and_not_dropped(
            generations in prop::collection::vec(prop::collection::vec(0_u64..40, 0..120), 1..6),
            published in 0_u64..6,
            shift in prop::sample::select(vec![0_u32, 58]),
        ) {
            // Few hashes, so that many records share one and tables overflow their end.
            let mut fresh = Fresh::new(8);
            let mut model = Vec::new();
            let mut at = 0;
            for (number, ids) in (1..).zip(&generations) {
                for id in ids {
                    at += 1;
                    fresh.insert(u128::from(*id), id << shift, at);
                    model.push((number, *id, at));
                }
                prop_assert_eq!(fresh.seal(), number);
            }
            fresh.drop_published(published);
            model.retain(|(number, _, _)| *number > published);
            prop_assert_eq!(fresh.len(), model.len());
            let ids: Vec<_> = (0..64).map(|id| (u128::from(id), id << shift)).collect();
            let mut found = Vec::new();
            fresh.probe(&ids, &mut found);
            found.sort_unstable();
            let mut expected: Vec<_> =
                model.iter().map(|(_, id, at)| (*id as u32, *at)).collect();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
