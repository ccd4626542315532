//! Accounts and transfers, in both forms.

use axum::http::StatusCode;
use model::limits::BATCH_EVENTS;
use model::{Account, AccountFilter, EventResult, QueryFilter, Transfer};

use super::Answer;
use super::noun::Kept;
use super::receipts::path_id;
use crate::app::App;
use crate::body::{self, Form, bulk, form, json, json_bytes, record, records};
use crate::problem::{Kind, Problem, ProblemBody};
use crate::refusal::{Refusal, Verdict};
use crate::route::Call;
use crate::wire::{
    AccountFilterBody, AccountView, BalanceView, Currencies, NewAccount, NewTransfer, Outcome,
    Posted, QueryFilterBody, TransferView, U64, U128, parse_account_filter, parse_ids,
    parse_query_filter,
};

/// Creates accounts.
///
/// JSON: one object (201, 200 where it exists already, or a problem), or an array of up to 8,189,
/// which is one batch and answers 200 with an outcome each. Bulk: n x 128 bytes for n x 16.
#[utoipa::path(
    post, path = "/v1/accounts", tag = "accounts",
    request_body(content(
        (Posted<NewAccount> = "application/json"),
        (Vec<u8> = "application/octet-stream"),
    )),
    responses(
        (status = 200, description = "An outcome each, in order; or the one exists already",
            content((Posted<Outcome> = "application/json"), (Vec<u8> = "application/octet-stream"))),
        (status = 201, description = "The one was created", body = Outcome),
        (status = 409, description = "The id is taken by another", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 422, description = "The one was refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_accounts(call: Call<'_>) -> Answer {
    create::<Account>(call).await
}

/// Creates transfers.
///
/// JSON: one object (201, 200 where it exists already, or a problem), or an array of up to 8,189,
/// which is one batch and answers 200 with an outcome each. Bulk: n x 128 bytes for n x 16.
#[utoipa::path(
    post, path = "/v1/transfers", tag = "transfers",
    request_body(content(
        (Posted<NewTransfer> = "application/json"),
        (Vec<u8> = "application/octet-stream"),
    )),
    responses(
        (status = 200, description = "An outcome each, in order; or the one exists already",
            content((Posted<Outcome> = "application/json"), (Vec<u8> = "application/octet-stream"))),
        (status = 201, description = "The one was created", body = Outcome),
        (status = 409, description = "The id is taken by another", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 422, description = "The one was refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_transfers(call: Call<'_>) -> Answer {
    create::<Transfer>(call).await
}

/// Finds accounts by id.
///
/// Those found, in the order asked. Bulk: n x 16 bytes for x 128.
#[utoipa::path(
    post, path = "/v1/accounts/lookup", tag = "accounts",
    request_body(content(
        (Vec<U128> = "application/json"), (Vec<u8> = "application/octet-stream"),
    )),
    responses((status = 200, description = "Those found",
        content((Vec<AccountView> = "application/json"), (Vec<u8> = "application/octet-stream"))))
)]
pub(crate) async fn lookup_accounts(call: Call<'_>) -> Answer {
    lookup::<Account>(call).await
}

/// Finds transfers by id.
///
/// Those found, in the order asked. Bulk: n x 16 bytes for x 128.
#[utoipa::path(
    post, path = "/v1/transfers/lookup", tag = "transfers",
    request_body(content(
        (Vec<U128> = "application/json"), (Vec<u8> = "application/octet-stream"),
    )),
    responses((status = 200, description = "Those found",
        content((Vec<TransferView> = "application/json"), (Vec<u8> = "application/octet-stream"))))
)]
pub(crate) async fn lookup_transfers(call: Call<'_>) -> Answer {
    lookup::<Transfer>(call).await
}

/// Finds accounts by their content, by time.
///
/// Bulk: one query filter of 64 bytes for x 128.
#[utoipa::path(
    post, path = "/v1/accounts/query", tag = "accounts",
    request_body(content(
        (QueryFilterBody = "application/json"), (Vec<u8> = "application/octet-stream"),
    )),
    responses((status = 200, description = "Those that match",
        content((Vec<AccountView> = "application/json"), (Vec<u8> = "application/octet-stream"))))
)]
pub(crate) async fn query_accounts(call: Call<'_>) -> Answer {
    query::<Account>(call).await
}

/// Finds transfers by their content, by time.
///
/// Bulk: one query filter of 64 bytes for x 128.
#[utoipa::path(
    post, path = "/v1/transfers/query", tag = "transfers",
    request_body(content(
        (QueryFilterBody = "application/json"), (Vec<u8> = "application/octet-stream"),
    )),
    responses((status = 200, description = "Those that match",
        content((Vec<TransferView> = "application/json"), (Vec<u8> = "application/octet-stream"))))
)]
pub(crate) async fn query_transfers(call: Call<'_>) -> Answer {
    query::<Transfer>(call).await
}

/// Transfers of one account, by time.
///
/// Bulk: one account filter of 128 bytes for x 128.
#[utoipa::path(
    post, path = "/v1/account-transfers", tag = "transfers",
    request_body(content(
        (AccountFilterBody = "application/json"), (Vec<u8> = "application/octet-stream"),
    )),
    responses((status = 200, description = "Those that match",
        content((Vec<TransferView> = "application/json"), (Vec<u8> = "application/octet-stream"))))
)]
pub(crate) async fn account_transfers(call: Call<'_>) -> Answer {
    let Call {
        app, head, body, ..
    } = call;
    let form = form(&head.headers)?;
    let filter = account_filter(form, body).await?;
    let found = app.books.account_transfers(filter).await?;
    Ok(show(app, form, found))
}

/// Balances of one account with the flag `history`, one after each of its transfers.
///
/// Bulk: one account filter of 128 bytes for x 128.
#[utoipa::path(
    post, path = "/v1/account-balances", tag = "accounts",
    request_body(content(
        (AccountFilterBody = "application/json"), (Vec<u8> = "application/octet-stream"),
    )),
    responses((status = 200, description = "Those that match",
        content((Vec<BalanceView> = "application/json"), (Vec<u8> = "application/octet-stream"))))
)]
pub(crate) async fn account_balances(call: Call<'_>) -> Answer {
    let Call {
        app, head, body, ..
    } = call;
    let form = form(&head.headers)?;
    let filter = account_filter(form, body).await?;
    let found = app.books.account_balances(filter).await?;
    if form == Form::Bulk {
        return Ok(bulk(found));
    }
    // A balance does not say in which currency it is; its account does.
    let accounts = app.books.lookup_accounts(vec![filter.account_id]).await?;
    let ledger = accounts.first().map_or(0, |account| account.ledger);
    let currencies = app.currencies();
    let view = |balance| BalanceView::new(balance, ledger, &currencies);
    Ok(json(
        StatusCode::OK,
        &found.iter().map(view).collect::<Vec<_>>(),
    ))
}

/// One account.
#[utoipa::path(
    get, path = "/v1/accounts/{id}", tag = "accounts",
    params(("id" = String, Path, description = "Decimal, or 0x hexadecimal")),
    responses(
        (status = 200, description = "The account", body = AccountView),
        (status = 404, description = "No account has the id", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_account(call: Call<'_>) -> Answer {
    get::<Account>(call).await
}

/// One transfer.
#[utoipa::path(
    get, path = "/v1/transfers/{id}", tag = "transfers",
    params(("id" = String, Path, description = "Decimal, or 0x hexadecimal")),
    responses(
        (status = 200, description = "The transfer", body = TransferView),
        (status = 404, description = "No transfer has the id", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_transfer(call: Call<'_>) -> Answer {
    get::<Transfer>(call).await
}

async fn create<T: Kept>(call: Call<'_>) -> Answer {
    let Call {
        app, head, body, ..
    } = call;
    if form(&head.headers)? == Form::Bulk {
        let events = records::<T>(body, BATCH_EVENTS).await?;
        return Ok(bulk(commit(app, events).await?));
    }
    let bytes = json_bytes(body).await?;
    match T::parse(&bytes)? {
        Posted::One(new) => {
            let event = take::<T>(app, &[new])
                .await
                .map_err(|(_, problem)| problem)?;
            create_one(app, event).await
        }
        Posted::Many(new) => {
            let events = take::<T>(app, &new).await;
            let events = events.map_err(|(index, problem)| problem.within(index))?;
            let ids: Vec<u128> = events.iter().map(T::id).collect();
            let results = commit(app, events).await?;
            let outcomes = ids.into_iter().zip(&results);
            let outcomes = outcomes.map(|(id, result)| outcome::<T>(id, result).1);
            Ok(json(StatusCode::OK, &outcomes.collect::<Vec<_>>()))
        }
    }
}

/// Creates a single event: its outcome is the answer's.
async fn create_one<T: Kept>(app: &App, event: Vec<T>) -> Answer {
    let id = event.first().map_or(0, T::id);
    let results = commit(app, event).await?;
    let result = results.first().expect("one result per event");
    match outcome::<T>(id, result) {
        (Verdict::Created, outcome) => Ok(json(StatusCode::CREATED, &outcome)),
        (Verdict::Exists, outcome) => Ok(json(StatusCode::OK, &outcome)),
        (Verdict::Refused(refusal), _) => Err(refusal.problem()),
    }
}

/// Reads events by the currencies of their ledgers; where it fails, the index with the problem.
async fn take<T: Kept>(app: &App, new: &[T::New<'_>]) -> Result<Vec<T>, (usize, Problem)> {
    let all = |currencies: &Currencies| -> Result<Vec<T>, (usize, Problem)> {
        let events = new.iter().map(|new| T::take(new, currencies)).enumerate();
        events
            .map(|(index, event)| event.map_err(|problem| (index, problem)))
            .collect()
    };
    match all(&app.currencies()) {
        Err((index, problem)) if problem.is(Kind::LedgerNotDeclared) => {
            let fresh = app.refresh_currencies().await;
            let fresh = fresh.map_err(|refused| (index, Problem::from(refused)))?;
            all(&fresh)
        }
        taken => taken,
    }
}

/// Has events created, unless there are none, and counts them.
async fn commit<T: Kept>(app: &App, events: Vec<T>) -> Result<Vec<EventResult>, Problem> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let sent = events.len();
    let results = T::create(&app.books, events).await?;
    assert_eq!(results.len(), sent, "one result per event");
    app.metrics.created(T::NOUN, &results);
    Ok(results)
}

fn outcome<T: Kept>(id: u128, result: &EventResult) -> (Verdict, Outcome) {
    let verdict = T::verdict(result.status).expect("the books give statuses of the table");
    let (status, refusal) = match &verdict {
        Verdict::Created => ("created", None),
        Verdict::Exists => ("exists", None),
        Verdict::Refused(refusal) => (refusal.name(), Some(refusal)),
    };
    let outcome = Outcome {
        id: U128(id),
        status,
        timestamp: U64(result.timestamp),
        status_code: refusal.map(Refusal::code),
        detail: refusal.map(Refusal::detail),
    };
    (verdict, outcome)
}

async fn lookup<T: Kept>(call: Call<'_>) -> Answer {
    let Call {
        app, head, body, ..
    } = call;
    let form = form(&head.headers)?;
    let ids = match form {
        Form::Bulk => records::<u128>(body, BATCH_EVENTS).await?,
        Form::Json => parse_ids(&json_bytes(body).await?)?,
    };
    let found = if ids.is_empty() {
        Vec::new()
    } else {
        T::lookup(&app.books, ids).await?
    };
    Ok(show(app, form, found))
}

async fn query<T: Kept>(call: Call<'_>) -> Answer {
    let Call {
        app, head, body, ..
    } = call;
    let form = form(&head.headers)?;
    let filter = match form {
        Form::Bulk => record::<QueryFilter>(body).await?,
        Form::Json => parse_query_filter(&json_bytes(body).await?)?,
    };
    let found = T::query(&app.books, filter).await?;
    Ok(show(app, form, found))
}

async fn account_filter(form: Form, body: &mut axum::body::Body) -> Result<AccountFilter, Problem> {
    match form {
        Form::Bulk => record::<AccountFilter>(body).await,
        Form::Json => parse_account_filter(&json_bytes(body).await?),
    }
}

fn show<T: Kept>(app: &App, form: Form, found: Vec<T>) -> axum::response::Response {
    match form {
        Form::Bulk => bulk(found),
        Form::Json => {
            let currencies = app.currencies();
            let views = found.iter().map(|object| object.view(&currencies));
            json(StatusCode::OK, &views.collect::<Vec<_>>())
        }
    }
}

async fn get<T: Kept>(call: Call<'_>) -> Answer {
    let Call { app, head, .. } = call;
    body::accept(&head.headers, body::JSON)?;
    let id = path_id(head.uri.path().rsplit('/').next().unwrap_or_default())?;
    let found = T::lookup(&app.books, vec![id]).await?;
    let Some(object) = found.first() else {
        let detail = format!("There is no {} {id}.", T::NOUN.name());
        return Err(Problem::new(Kind::NotFound, detail));
    };
    Ok(json(StatusCode::OK, &object.view(&app.currencies())))
}
