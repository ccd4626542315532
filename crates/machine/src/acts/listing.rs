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
    let number = next_number(work.state.books.business.listings.len())?;
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

/// The number of a listing behind so many.
fn next_number(listings: usize) -> Done<u32> {
    let number = u32::try_from(listings).ok();
    let number = number.filter(|number| u64::from(*number) < LISTINGS);
    number.ok_or(Status::TooManyListings.into())
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

#[cfg(test)]
mod tests {
    use model::CommandStatus as Status;
    use model::limits::LISTINGS;

    use super::next_number;

    /// So many listings take 100 GB: the refusal is provoked here and in no transcript.
    #[test]
    fn listings_have_a_most() {
        let most = usize::try_from(LISTINGS).expect("it fits");
        assert_eq!(next_number(0), Ok(0));
        assert_eq!(next_number(most - 1), Ok(u32::MAX - 2));
        for many in [most, most + 1, usize::MAX] {
            assert_eq!(next_number(many), Err(Status::TooManyListings.into()));
        }
    }
}
