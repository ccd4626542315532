//! Listings: what sellers offer, with its price and its stock.

use model::limits::LISTINGS;
use model::object::{LISTING_STATES, Listing, Role};
use model::{CommandStatus as Status, ListingAdd, ListingSet};

use super::payment::is_merchant;
use crate::deed::{AtField, Done, Work, ensure};
use crate::fact::Sink;

pub(crate) fn add<S: Sink>(work: &mut Work<'_, S>, act: &ListingAdd) -> Done {
    work.declared(act.ledger)?;
    let seller = work.active(act.seller, "seller")?;
    ensure(is_merchant(&seller), Status::PartyNotMerchant.at("seller"))?;
    let number = work.state.books.business.listings.len();
    let number = u32::try_from(number).ok();
    let number = number.filter(|number| u64::from(*number) < LISTINGS);
    let number = number.ok_or(Status::TooManyListings)?;
    // It stands for the seller and the ledger.
    work.account(Role::Seller, act.seller, act.ledger)?;
    work.put_listing(Listing {
        number,
        seller: act.seller,
        ledger: act.ledger,
        category: act.category,
        price: act.price,
        stock: act.stock,
        text: act.text,
        ..Listing::default()
    });
    work.number = u64::from(number);
    Ok(())
}

pub(crate) fn set<S: Sink>(work: &mut Work<'_, S>, act: &ListingSet) -> Done {
    let named = usize::from(act.state) < LISTING_STATES.len();
    ensure(named, Status::ValueOutOfRange.at("state"))?;
    let books = &work.state.books;
    let listing = books.business.listing(act.listing, &books.accounts);
    let listing = listing.ok_or(Status::ListingNotFound.at("listing"))?;
    ensure(
        listing.ledger == act.ledger,
        Status::LedgersDiffer.at("ledger"),
    )?;
    work.put_listing(Listing {
        price: act.price,
        stock: act.stock,
        state: act.state,
        text: act.text,
        ..listing
    });
    Ok(())
}
