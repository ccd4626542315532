//! Answers to what can be asked: one closed enum, one `match`.

mod books;
mod ledgers;
mod noun;
mod service;

use axum::http::header;
use axum::response::Response;

use crate::body::with;
use crate::problem::Problem;
use crate::route::{Call, Operation};

pub(crate) use books::*;
pub(crate) use ledgers::*;
pub(crate) use service::*;

type Answer = Result<Response, Problem>;

/// Answers a request that was let in.
pub(crate) async fn run(operation: Operation, call: Call<'_>) -> Answer {
    match operation {
        Operation::CreateAccounts => create_accounts(call).await,
        Operation::CreateTransfers => create_transfers(call).await,
        Operation::LookupAccounts => lookup_accounts(call).await,
        Operation::LookupTransfers => lookup_transfers(call).await,
        Operation::QueryAccounts => query_accounts(call).await,
        Operation::QueryTransfers => query_transfers(call).await,
        Operation::AccountTransfers => account_transfers(call).await,
        Operation::AccountBalances => account_balances(call).await,
        Operation::GetAccount => fresh(get_account(call).await),
        Operation::GetTransfer => fresh(get_transfer(call).await),
        Operation::ListLedgers => fresh(list_ledgers(call).await),
        Operation::DeclareLedger => declare_ledger(call).await,
        Operation::SetClock => set_clock(call).await,
        Operation::Index => index(&call),
        Operation::Document => document(&call),
        Operation::Health => fresh(health(&call)),
        Operation::Ready => fresh(ready(call).await),
        Operation::Metrics => fresh(metrics(&call)),
    }
}

/// Keeps an answer to GET out of caches: the next one may differ.
fn fresh(answer: Answer) -> Answer {
    answer.map(|response| with(response, header::CACHE_CONTROL, "no-store"))
}
