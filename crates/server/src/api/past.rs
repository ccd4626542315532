//! The trial balance and balances of accounts, now and at any time; what stays of what was erased.

use axum::http::StatusCode;
use engine::By;
use model::AccountBalance;
use model::record::Sums;

use super::Answer;
use super::receipts::path_id;
use crate::body::{JSON, accept, json};
use crate::problem::{Kind, Problem, ProblemBody, echo};
use crate::query::pairs;
use crate::route::Call;
use crate::wire::{BalanceView, ErasedTransfersView, TrialBalance};

/// What the accounts of each ledger and line of the chart add up to.
///
/// Now, or after all that was booked at or before a time; one of the past reads the log up to then.
/// A line of the chart that others name as their parent sums them up.
#[utoipa::path(
    get, path = "/v1/trial-balance", tag = "platform",
    params(("at" = Option<u64>, Query, description = "Nanoseconds since 1970; now if left out")),
    responses(
        (status = 200, description = "By ledger", body = TrialBalance),
        (status = 422, description = "No time", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn trial_balance(call: Call<'_>) -> Answer {
    let Call { app, head, .. } = call;
    accept(&head.headers, JSON)?;
    let (at, _) = asked(head.uri.query(), &["at"])?;
    let lines = app.books.trial_balance(at).await?;
    let chart = app.books.chart().await?;
    let currencies = app.refresh_currencies().await?;
    let trial = TrialBalance::new(at, &lines, &chart, &currencies);
    Ok(json(StatusCode::OK, &trial))
}

/// The sums of one account at a time.
///
/// By the time of booking, an entry that comes late changes no balance of the past; by value date
/// it counts from the date that it was given.
#[utoipa::path(
    get, path = "/v1/accounts/{id}/balance", tag = "accounts",
    params(
        ("id" = String, Path, description = "Decimal, or 0x hexadecimal"),
        ("at" = Option<u64>, Query, description = "Nanoseconds since 1970; all there is if left out"),
        ("by" = Option<String>, Query, description = "`booked` (if left out) or `value`"),
    ),
    responses(
        (status = 200, description = "The sums", body = BalanceView),
        (status = 422, description = "No time", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 404, description = "No account has the id", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn balance_at(call: Call<'_>) -> Answer {
    let Call { app, head, .. } = call;
    accept(&head.headers, JSON)?;
    let id = path_id(head.uri.path().rsplit('/').nth(1).unwrap_or_default())?;
    let (at, by) = asked(head.uri.query(), &["at", "by"])?;
    let missing = || Problem::new(Kind::NotFound, format!("There is no account {id}."));
    let accounts = app.books.lookup_accounts(vec![id]).await?;
    let account = accounts.first().ok_or_else(missing)?;
    let sums = match at {
        // All there is has been added up already, and counts by either time.
        None => Sums::from(account),
        Some(at) => {
            let sums = app.books.balance_at(id, at, by).await?;
            sums.ok_or_else(missing)?
        }
    };
    let at = at.unwrap_or(u64::MAX);
    let balance = AccountBalance {
        debits_pending: sums.debits_pending,
        debits_posted: sums.debits_posted,
        credits_pending: sums.credits_pending,
        credits_posted: sums.credits_posted,
        timestamp: at,
        ..AccountBalance::default()
    };
    let view = BalanceView::new(&balance, account.ledger, &app.currencies());
    Ok(json(StatusCode::OK, &view))
}

/// What stays of transfers that were erased.
///
/// Their accounts, amounts and times, in order: with them all other transfers add up. `next` is
/// where the next page begins, where there is one.
#[utoipa::path(
    get, path = "/v1/transfers/erased", tag = "transfers",
    params(("from" = Option<u64>, Query, description = "Number of a batch; 0 where none is given")),
    responses(
        (status = 200, description = "Those of some batches", body = ErasedTransfersView),
        (status = 422, description = "No number", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn erased_transfers(call: Call<'_>) -> Answer {
    let Call { app, head, .. } = call;
    accept(&head.headers, JSON)?;
    let mut from = None;
    for (name, value) in pairs(head.uri.query(), &["from"])? {
        let number = number(&value).ok_or_else(|| {
            let detail = format!("`{name}` is the number of a batch, not {:?}.", echo(&value));
            Problem::new(Kind::Invalid, detail)
        })?;
        if from.replace(number).is_some() {
            return Err(Problem::new(
                Kind::Invalid,
                format!("`{name}` is given twice."),
            ));
        }
    }
    let erased = app.books.erased_transfers(from.unwrap_or(0)).await?;
    let currencies = app.refresh_currencies().await?;
    let view = ErasedTransfersView::new(&erased, &currencies);
    Ok(json(StatusCode::OK, &view))
}

/// Of when, and by which time; each is given once at most.
fn asked(query: Option<&str>, known: &[&'static str]) -> Result<(Option<u64>, By), Problem> {
    let (mut at, mut by) = (None, None);
    for (name, value) in pairs(query, known)? {
        let before = match (name, value.as_str()) {
            ("at", value) => at.replace(time(name, value)?).is_some(),
            (_, "booked") => by.replace(By::Booked).is_some(),
            (_, "value") => by.replace(By::Value).is_some(),
            (_, other) => {
                let detail = format!("`by` is `booked` or `value`, not {:?}.", echo(other));
                return Err(Problem::new(Kind::Invalid, detail));
            }
        };
        if before {
            let detail = format!("`{name}` is given twice.");
            return Err(Problem::new(Kind::Invalid, detail));
        }
    }
    Ok((at, by.unwrap_or(By::Booked)))
}

fn time(name: &str, value: &str) -> Result<u64, Problem> {
    number(value).ok_or_else(|| {
        let value = echo(value);
        let detail = format!("`{name}` is nanoseconds since 1970, not {value:?}.");
        Problem::new(Kind::Invalid, detail)
    })
}

fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}
