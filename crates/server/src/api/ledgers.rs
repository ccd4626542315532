//! Currencies of ledgers, and the manual clock.

use axum::http::StatusCode;
use engine::LedgerAnswer;
use model::limits::{CURRENCY_CODE_BYTES, CURRENCY_EXPONENT};
use model::money::CurrencyCode;

use super::Answer;
use crate::body::{JSON, accept, json, json_bytes, json_only};
use crate::problem::{Kind, Problem, ProblemBody};
use crate::route::Call;
use crate::wire::{Clock, LedgerView, NewLedger, U64, parse_clock, parse_ledger};

/// The declared ledgers, by number.
#[utoipa::path(
    get, path = "/v1/ledgers", tag = "ledgers",
    responses((status = 200, description = "All of them", body = Vec<LedgerView>))
)]
pub(crate) async fn list_ledgers(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    let ledgers = call.app.refresh_currencies().await?;
    let views = ledgers.values().copied().map(LedgerView::from);
    Ok(json(StatusCode::OK, &views.collect::<Vec<_>>()))
}

/// Gives a ledger its currency, once.
#[utoipa::path(
    post, path = "/v1/ledgers", tag = "ledgers", request_body = NewLedger,
    responses(
        (status = 201, description = "Declared now", body = LedgerView),
        (status = 200, description = "Declared before, just so", body = LedgerView),
        (status = 409, description = "Declared before, otherwise", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 422, description = "No currency", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn declare_ledger(call: Call<'_>) -> Answer {
    json_only(&call.head.headers)?;
    let bytes = json_bytes(call.body).await?;
    let new = parse_ledger(&bytes)?;
    let (code, exponent) = currency(&new)?;
    match call
        .app
        .books
        .declare_ledger(new.ledger, code, exponent)
        .await?
    {
        LedgerAnswer::Declared(currency) => {
            call.app.add_currency(currency);
            Ok(json(StatusCode::CREATED, &LedgerView::from(currency)))
        }
        LedgerAnswer::Exists(currency) => Ok(json(StatusCode::OK, &LedgerView::from(currency))),
        LedgerAnswer::Conflict(is) => {
            let detail = format!(
                "Ledger {} is in {} with {} decimal places, for good; take another ledger.",
                is.ledger, is.code, is.exponent
            );
            Err(Problem::new(Kind::LedgerConflict, detail).at("/ledger"))
        }
    }
}

fn currency(new: &NewLedger<'_>) -> Result<(CurrencyCode, u8), Problem> {
    let refuse =
        |pointer: &str, detail: String| Problem::new(Kind::InvalidCurrency, detail).at(pointer);
    if new.ledger == 0 {
        return Err(refuse("/ledger", "`ledger` is a number from 1.".to_owned()));
    }
    if new.exponent > CURRENCY_EXPONENT {
        let detail = format!("`exponent` is 0 to {CURRENCY_EXPONENT}.");
        return Err(refuse("/exponent", detail));
    }
    let code = CurrencyCode::new(&new.code).ok_or_else(|| {
        let detail = format!("`code` is 1 to {CURRENCY_CODE_BYTES} capital letters and digits.");
        refuse("/code", detail)
    })?;
    Ok((code, new.exponent))
}

/// Moves a manual clock on; what expires until then has expired when this answers.
#[utoipa::path(
    post, path = "/v1/admin/clock", tag = "service", request_body = Clock,
    responses((status = 200, description = "As it stands; never earlier", body = Clock))
)]
pub(crate) async fn set_clock(call: Call<'_>) -> Answer {
    json_only(&call.head.headers)?;
    let Clock { nanoseconds } = parse_clock(&json_bytes(call.body).await?)?;
    match call.app.books.set_clock(nanoseconds.0).await? {
        Some(now) => Ok(json(
            StatusCode::OK,
            &Clock {
                nanoseconds: U64(now),
            },
        )),
        None => Err(Problem::new(
            Kind::RouteNotFound,
            "The clock is the system's.",
        )),
    }
}
