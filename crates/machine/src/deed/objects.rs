//! The objects that a command works on: finding them, and making them stand so.

use model::object::{Life, Listing, Noun, OrderLine, Party};
use model::{CommandStatus as Status, Object};

use super::{AtField, Done, Work};
use crate::State;
use crate::apply::Everything;
use crate::business::{Shelf, StockMove, stock_move};
use crate::fact::{Fact, Sink};
use crate::journal::Undo;
use crate::past::Recalled;

impl State {
    /// The object with this key, open or ended.
    #[inline]
    pub(crate) fn find<T: Shelf>(&self, past: &Recalled, key: (u128, u128)) -> Option<T> {
        if let Some(open) = self.books.business.open::<T>(key) {
            return Some(*open);
        }
        let ended = self.group.ended(T::KIND, key);
        ended.or_else(|| past.object(T::KIND, key)).and_then(T::of)
    }

    /// Notes how things stand that an object which is put is going to change.
    #[cold]
    fn note_object<T: Shelf>(&mut self, object: &Object, key: (u128, u128)) {
        let before = self.books.business.open::<T>(key).copied();
        let before = before.map(Into::into);
        self.journal.note(Undo::Object(T::KIND, key, before));
        let ended = self.group.ended(T::KIND, key).copied();
        self.journal.note(Undo::Past(T::KIND, key, ended));
        if let Object::OrderLine(line) = object
            && stock_move(line) != StockMove::Leave
        {
            self.note_stock(line);
        }
    }

    fn note_stock(&mut self, line: &OrderLine) {
        let number = line.listing.checked_sub(1);
        let offer = number.and_then(|number| {
            let offer = self.books.business.listings.get(number)?;
            Some(Undo::Listing(number, *offer))
        });
        if let Some(offer) = offer {
            self.journal.note(offer);
        }
    }
}

impl<S: Sink> Work<'_, S> {
    /// The object with this key, open or ended.
    pub(crate) fn find<T: Shelf>(&self, key: (u128, u128)) -> Option<T> {
        self.state.find(self.past, key)
    }

    /// Makes an object stand so from now on.
    pub(crate) fn put<T: Shelf>(&mut self, mut object: T) {
        let timestamp = self.moment();
        object.stamp(self.cause, timestamp);
        debug_assert!(object.is_sound(), "{}", T::NAME);
        let key = object.key();
        let is_open = object.is_open();
        let object: Object = object.into();
        let state = &mut *self.state;
        if state.journal.is_open() {
            state.note_object::<T>(&object, key);
        }
        state
            .group
            .set_ended(T::KIND, key, (!is_open).then_some(object));
        state.books.apply_object(&object, Everything);
        self.sink.push(Fact::Object(&object));
    }

    /// Makes a listing stand so from now on; the account of its seller is open.
    pub(crate) fn put_listing(&mut self, mut listing: Listing) {
        let timestamp = self.moment();
        listing.stamp(self.cause, timestamp);
        debug_assert!(listing.is_sound(), "listing");
        let state = &mut *self.state;
        // One that is new is taken back by its number alone.
        if state.journal.is_open()
            && let Some(offer) = state.books.business.listings.get(listing.number)
        {
            state.journal.note(Undo::Listing(listing.number, *offer));
        }
        let object = Object::Listing(listing);
        state.books.apply_object(&object, Everything);
        self.sink.push(Fact::Object(&object));
    }

    /// A party that may take part in new business: neither frozen nor closed.
    pub(crate) fn active(&self, id: u128, field: &'static str) -> Done<Party> {
        let party = self.known(id, field)?;
        match party.state {
            0 => Ok(party),
            1 => Err(Status::PartyFrozen.at(field)),
            _ => Err(Status::PartyClosed.at(field)),
        }
    }

    /// A party that may get back what is its own: it may be frozen.
    pub(crate) fn receiving(&self, id: u128, field: &'static str) -> Done<Party> {
        let party = self.known(id, field)?;
        if party.state == 2 {
            return Err(Status::PartyClosed.at(field));
        }
        Ok(party)
    }

    /// A party in whatever state.
    pub(crate) fn known(&self, id: u128, field: &'static str) -> Done<Party> {
        let party = self.state.books.business.open::<Party>((id, 0));
        party.copied().ok_or(Status::PartyNotFound.at(field))
    }
}
