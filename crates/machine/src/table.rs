//! Open objects of one kind, found by their key, in the shards of the hash of its first half.

use model::object::Life;

use crate::arena::Arena;
use crate::index::{Index, Key};

/// The objects of one kind that are part of the state.
pub(crate) struct Table<T> {
    index: Index,
    slab: Arena<T>,
    free: Vec<u32>,
}

impl<T: Life> Table<T> {
    pub(crate) fn new() -> Self {
        Self {
            index: Index::new(),
            slab: Arena::new(),
            free: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slab.len() - self.free.len()
    }

    #[inline]
    pub(crate) fn place(&self, hash: u64, key: (u128, u128)) -> Option<u32> {
        if self.len() == 0 {
            return None;
        }
        self.index
            .find(hash, |place| self.slab.get(place).key() == key)
    }

    #[inline]
    pub(crate) fn get(&self, hash: u64, key: (u128, u128)) -> Option<&T> {
        Some(self.slab.get(self.place(hash, key)?))
    }

    /// The first object with this hash for which `is` holds.
    pub(crate) fn find(&self, hash: u64, is: impl Fn(&T) -> bool) -> Option<&T> {
        let place = self.index.find(hash, |place| is(self.slab.get(place)))?;
        Some(self.slab.get(place))
    }

    #[inline]
    pub(crate) fn at(&self, place: u32) -> &T {
        self.slab.get(place)
    }

    /// Reads where `hash` belongs, so that a search right after finds it in the cache.
    #[inline]
    pub(crate) fn touch(&self, hash: u64) -> u64 {
        self.index.touch(hash)
    }

    /// Reads the first object whose entry looks like that of `hash`, into the cache.
    #[inline]
    pub(crate) fn touch_candidate(&self, hash: u64) -> u64 {
        let place = self.index.find(hash, |_| true);
        place.map_or(0, |place| self.slab.get(place).timestamp())
    }

    /// Puts an object in, which is not in yet; returns its place.
    pub(crate) fn insert(&mut self, hash: u64, object: &T) -> u32 {
        let place = if let Some(place) = self.free.pop() {
            *self.slab.get_mut(place) = *object;
            place
        } else {
            self.slab.push(*object)
        };
        self.index.insert(hash, place);
        place
    }

    /// Puts an object in the place of the one before.
    pub(crate) fn replace(&mut self, place: u32, object: &T) {
        *self.slab.get_mut(place) = *object;
    }

    /// Takes the object at a place out.
    pub(crate) fn remove(&mut self, hash: u64, place: u32) {
        self.index.remove(hash, place);
        self.free.push(place);
    }

    /// Takes out all objects with this hash for which `matches` holds.
    pub(crate) fn remove_all(&mut self, hash: u64, matches: impl Fn(&T) -> bool) {
        let next = |table: &Self| {
            table
                .index
                .find(hash, |place| matches(table.slab.get(place)))
        };
        while let Some(place) = next(self) {
            self.remove(hash, place);
        }
    }

    /// The objects of one shard, by key.
    pub(crate) fn shard(&self, shard: usize) -> Vec<T> {
        let places = self.index.shard(shard);
        let mut all: Vec<_> = places.map(|place| *self.slab.get(place)).collect();
        all.sort_unstable_by_key(model::object::Noun::key);
        all
    }
}

/// The hash by which objects with this key are found.
#[inline]
pub(crate) fn hash_of(key: Key, object: (u128, u128)) -> u64 {
    key.hash(object.0)
}
