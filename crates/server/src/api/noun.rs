use engine::{Books, Refused};
use model::{
    Account, CreateAccountStatus, CreateTransferStatus, EventResult, QueryFilter, Transfer,
};
use serde::Serialize;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::metrics::Noun;
use crate::problem::Problem;
use crate::refusal::Verdict;
use crate::wire::{
    AccountView, Currencies, NewAccount, NewTransfer, Posted, TransferView, parse_accounts,
    parse_transfers,
};

type Taken<T> = Result<Vec<T>, Refused>;

/// What can be created, looked up and queried: accounts and transfers, alike over HTTP.
pub(super) trait Kept:
    FromBytes + IntoBytes + Immutable + Send + Sync + Sized + 'static
{
    /// One to be created, in JSON.
    type New<'a>: Send + Sync;
    /// One that was created, in JSON.
    type View: Serialize;
    /// Which of them it is.
    const NOUN: Noun;

    fn parse(body: &[u8]) -> Result<Posted<Self::New<'_>>, Problem>;
    fn take(new: &Self::New<'_>, currencies: &Currencies) -> Result<Self, Problem>;
    fn view(&self, currencies: &Currencies) -> Self::View;
    fn id(&self) -> u128;
    /// By the number of a status; `None` for a number that the books do not give.
    fn verdict(status: u32) -> Option<Verdict>;

    fn create(books: &Books, events: Vec<Self>) -> impl Future<Output = Taken<EventResult>> + Send;
    fn lookup(books: &Books, ids: Vec<u128>) -> impl Future<Output = Taken<Self>> + Send;
    fn query(books: &Books, filter: QueryFilter) -> impl Future<Output = Taken<Self>> + Send;
}

impl Kept for Account {
    type New<'a> = NewAccount;
    type View = AccountView;
    const NOUN: Noun = Noun::Account;

    fn parse(body: &[u8]) -> Result<Posted<NewAccount>, Problem> {
        parse_accounts(body)
    }

    fn take(new: &NewAccount, _: &Currencies) -> Result<Self, Problem> {
        Ok(new.to_model())
    }

    fn view(&self, currencies: &Currencies) -> AccountView {
        AccountView::new(self, currencies)
    }

    fn id(&self) -> u128 {
        self.id
    }

    fn verdict(status: u32) -> Option<Verdict> {
        CreateAccountStatus::from_code(status).map(Verdict::of_account)
    }

    async fn create(books: &Books, events: Vec<Self>) -> Taken<EventResult> {
        books.create_accounts(events).await
    }

    async fn lookup(books: &Books, ids: Vec<u128>) -> Taken<Self> {
        books.lookup_accounts(ids).await
    }

    async fn query(books: &Books, filter: QueryFilter) -> Taken<Self> {
        books.query_accounts(filter).await
    }
}

impl Kept for Transfer {
    type New<'a> = NewTransfer<'a>;
    type View = TransferView;
    const NOUN: Noun = Noun::Transfer;

    fn parse(body: &[u8]) -> Result<Posted<NewTransfer<'_>>, Problem> {
        parse_transfers(body)
    }

    fn take(new: &NewTransfer<'_>, currencies: &Currencies) -> Result<Self, Problem> {
        new.to_model(currencies)
    }

    fn view(&self, currencies: &Currencies) -> TransferView {
        TransferView::new(self, currencies)
    }

    fn id(&self) -> u128 {
        self.id
    }

    fn verdict(status: u32) -> Option<Verdict> {
        CreateTransferStatus::from_code(status).map(Verdict::of_transfer)
    }

    async fn create(books: &Books, events: Vec<Self>) -> Taken<EventResult> {
        books.create_transfers(events).await
    }

    async fn lookup(books: &Books, ids: Vec<u128>) -> Taken<Self> {
        books.lookup_transfers(ids).await
    }

    async fn query(books: &Books, filter: QueryFilter) -> Taken<Self> {
        books.query_transfers(filter).await
    }
}
