//! Finds slots by the hash of an id: 8 bytes an entry, 256 shards that grow one at a time.

/// Shards of an index.
pub(crate) const SHARDS: usize = 256;

/// The secret of the hashes, so that ids chosen by a stranger cannot be made to collide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key([u64; 2]);

impl Key {
    pub(crate) const fn new(key: [u64; 2]) -> Self {
        Self([
            key[0] ^ 0x9E37_79B9_7F4A_7C15,
            key[1] ^ 0xD1B5_4A32_D192_ED03,
        ])
    }

    /// Two folded multiplications: the first mixes the secret in, the second spreads it.
    #[inline]
    pub(crate) const fn hash(self, id: u128) -> u64 {
        let mixed = fold(id as u64 ^ self.0[0], (id >> 64) as u64 ^ self.0[1]);
        fold(mixed ^ self.0[0], 0xA076_1D64_78BD_642F)
    }
}

#[inline]
const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// Shard that a hash belongs to.
#[inline]
pub(crate) const fn shard_of(hash: u64) -> usize {
    (hash >> 56) as usize
}

/// Slots by the hash of their id. Two ids may share a hash, so a slot that was found is to be
/// checked by its id.
pub(crate) struct Index {
    shards: Vec<Shard>,
}

/// Open addressing with linear probing. An entry is the low 32 bits of the hash and, below them,
/// the slot plus 1; 0 is free. Where an entry belongs follows from those 32 bits alone, so that
/// growth reads no id.
///
/// Shard `i` starts with 16 + `i`/16 entries and doubles when three quarters are taken. As all
/// shards fill alike, those different starts spread the doublings evenly: there is never a pause
/// for more than one shard. Right after doubling an entry in use costs 21.3 bytes, on the average
/// over the shards about 15.
struct Shard {
    entries: Vec<u64>,
    used: usize,
}

impl Index {
    pub(crate) fn new() -> Self {
        let shard = |i: usize| Shard {
            entries: vec![0; 16 + i / 16],
            used: 0,
        };
        Self {
            shards: (0..SHARDS).map(shard).collect(),
        }
    }

    /// The slot with this hash for which `matches` holds.
    #[inline]
    pub(crate) fn find(&self, hash: u64, matches: impl Fn(u32) -> bool) -> Option<u32> {
        self.shards[shard_of(hash)].find(hash as u32, matches)
    }

    /// Reads where `hash` belongs, so that a search right after finds it in the cache.
    #[inline]
    pub(crate) fn touch(&self, hash: u64) -> u64 {
        let shard = &self.shards[shard_of(hash)];
        shard.entries[shard.home(hash as u32)]
    }

    /// Adds `slot`, which is not in yet.
    pub(crate) fn insert(&mut self, hash: u64, slot: u32) {
        self.shards[shard_of(hash)].insert(hash as u32, slot);
    }

    /// Takes `slot` out, which is in.
    pub(crate) fn remove(&mut self, hash: u64, slot: u32) {
        self.shards[shard_of(hash)].remove(hash as u32, slot);
    }

    /// The slots of one shard, in no order that means anything.
    pub(crate) fn shard(&self, shard: usize) -> impl Iterator<Item = u32> {
        let entries = self.shards[shard].entries.iter();
        entries.filter(|&&entry| entry != 0).map(|&e| slot_of(e))
    }
}

#[inline]
const fn entry(tag: u32, slot: u32) -> u64 {
    (tag as u64) << 32 | (slot as u64 + 1)
}

#[inline]
const fn tag_of(entry: u64) -> u32 {
    (entry >> 32) as u32
}

#[inline]
const fn slot_of(entry: u64) -> u32 {
    (entry as u32).wrapping_sub(1)
}

impl Shard {
    /// Where an entry with this tag belongs: the tag's share of the table.
    #[inline]
    fn home(&self, tag: u32) -> usize {
        ((u64::from(tag) * self.entries.len() as u64) >> 32) as usize
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        if at + 1 == self.entries.len() {
            0
        } else {
            at + 1
        }
    }

    #[inline]
    fn find(&self, tag: u32, matches: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.home(tag);
        loop {
            let entry = self.entries[at];
            if entry == 0 {
                return None;
            }
            if tag_of(entry) == tag && matches(slot_of(entry)) {
                return Some(slot_of(entry));
            }
            at = self.after(at);
        }
    }

    fn insert(&mut self, tag: u32, slot: u32) {
        if (self.used + 1) * 4 > self.entries.len() * 3 {
            let larger = vec![0; self.entries.len() * 2];
            let smaller = std::mem::replace(&mut self.entries, larger);
            for entry in smaller.into_iter().filter(|&entry| entry != 0) {
                self.place(entry);
            }
        }
        self.place(entry(tag, slot));
        self.used += 1;
    }

    fn place(&mut self, entry: u64) {
        let mut at = self.home(tag_of(entry));
        while self.entries[at] != 0 {
            at = self.after(at);
        }
        self.entries[at] = entry;
    }

    /// Takes an entry out and moves up those behind it that belong before the hole.
    fn remove(&mut self, tag: u32, slot: u32) {
        let gone = entry(tag, slot);
        let mut hole = self.home(tag);
        while self.entries[hole] != gone {
            assert_ne!(self.entries[hole], 0, "what is removed is in the index");
            hole = self.after(hole);
        }
        let size = self.entries.len();
        let mut at = self.after(hole);
        while self.entries[at] != 0 {
            let home = self.home(tag_of(self.entries[at]));
            let from_home = (at + size - home) % size;
            let from_hole = (at + size - hole) % size;
            if from_home >= from_hole {
                self.entries[hole] = self.entries[at];
                hole = at;
            }
            at = self.after(at);
        }
        self.entries[hole] = 0;
        self.used -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Index, Key, SHARDS, shard_of};

    proptest! {
        /// Few ids, so that many collide and many are removed; compared with a set.
        #[test]
        fn it_finds_what_is_in(steps in prop::collection::vec((0..2u8, 0..400u128), 1..900)) {
            // The same few tags for all: whole runs of entries that belong elsewhere.
            let hash = |id: u128| ((id as u64 % 3) << 56) | ((id as u64 % 7) << 29);
            let mut index = Index::new();
            let mut set = BTreeSet::new();
            for (kind, id) in steps {
                if kind == 0 && set.insert(id) {
                    index.insert(hash(id), id as u32);
                } else if kind == 1 && set.remove(&id) {
                    index.remove(hash(id), id as u32);
                }
            }
            for id in 0..400 {
                let found = index.find(hash(id), |slot| u128::from(slot) == id);
                prop_assert_eq!(found.is_some(), set.contains(&id));
            }
            let all: usize = (0..SHARDS).map(|shard| index.shard(shard).count()).sum();
            prop_assert_eq!(all, set.len());
        }
    }

    #[test]
    fn an_entry_in_use_costs_less_than_24_bytes() {
        let key = Key::new([1, 2]);
        let mut index = Index::new();
        for slot in 0..300_000 {
            index.insert(key.hash(slot.into()), slot);
        }
        let bytes: usize = index.shards.iter().map(|s| s.entries.len() * 8).sum();
        assert!(bytes < 300_000 * 20, "{bytes}");
        for shard in &index.shards {
            assert!(shard.entries.len() * 8 < shard.used * 24);
        }
    }

    #[test]
    fn shards_fill_alike() {
        for key in [[0, 0], [u64::MAX, 7]] {
            let key = Key::new(key);
            let mut counts = [0u32; SHARDS];
            for id in 0..256_000u128 {
                counts[shard_of(key.hash(id))] += 1;
                counts[shard_of(key.hash(id << 64))] += 1;
            }
            for count in counts {
                assert!((1_700..2_300).contains(&count), "{count}");
            }
        }
    }
}
