//! Listings: 24 bytes each, by number.
//!
//! The seller and the ledger of a listing are those of the seller's account, so its slot stands
//! for both. Text and its commitment are not here: the log and the catalogue have them.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::arena::Arena;

/// A listing as the state keeps it.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub(crate) struct Offer {
    /// For one, in minor units.
    pub(crate) price: u64,
    /// Slot of the account of its seller.
    pub(crate) seller: u32,
    pub(crate) category: u32,
    pub(crate) stock: u32,
    /// By place in [`model::object::LISTING_STATES`].
    pub(crate) state: u32,
}

const _: () = assert!(size_of::<Offer>() == 24);

/// All listings, in the order of their numbers.
pub(crate) struct Listings {
    slots: Arena<Offer>,
}

impl Listings {
    pub(crate) const fn new() -> Self {
        Self {
            slots: Arena::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&Offer> {
        ((number as usize) < self.slots.len()).then(|| self.slots.get(number))
    }

    /// Puts a listing in, the next one or in the place of the one before; false where one between
    /// would be missing.
    pub(crate) fn put(&mut self, number: u32, offer: &Offer) -> bool {
        match (number as usize).cmp(&self.slots.len()) {
            std::cmp::Ordering::Less => *self.slots.get_mut(number) = *offer,
            std::cmp::Ordering::Equal => {
                self.slots.push(*offer);
            }
            std::cmp::Ordering::Greater => return false,
        }
        true
    }

    /// Takes from the stock of a listing, or puts back to it.
    pub(crate) fn move_stock(&mut self, number: u32, stock: impl Fn(u32) -> u32) {
        if (number as usize) < self.slots.len() {
            let offer = self.slots.get_mut(number);
            offer.stock = stock(offer.stock);
        }
    }

    /// Takes back the listings from number `len` on.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.slots.truncate(len);
    }

    /// The listings from `first` to before `end`, within one chunk of the arena.
    pub(crate) fn run(&self, first: usize, end: usize) -> &[Offer] {
        self.slots.run(first, end)
    }
}
