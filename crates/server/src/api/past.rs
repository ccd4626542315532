//! The trial balance and balances of accounts, now and at any time.

use axum::http::StatusCode;
use engine::By;
use model::AccountBalance;

use super::Answer;
use super::receipts::path_id;
use crate::body::{JSON, accept, json};
use crate::problem::{Kind, Problem, ProblemBody, echo};
use crate::query::pairs;
use crate::route::Call;
use crate::wire::{BalanceView, TrialBalance};

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
    let mut at = None;
    for (name, value) in pairs(head.uri.query(), &["at"])? {
        at = Some(time(name, &value)?);
    }
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
    let (mut at, mut by) = (u64::MAX, By::Booked);
    for (name, value) in pairs(head.uri.query(), &["at", "by"])? {
        match (name, value.as_str()) {
            ("at", value) => at = time(name, value)?,
            (_, "booked") => by = By::Booked,
            (_, "value") => by = By::Value,
            (_, other) => {
                let detail = format!("`by` is `booked` or `value`, not {:?}.", echo(other));
                return Err(Problem::new(Kind::Invalid, detail));
            }
        }
    }
    let sums = app.books.balance_at(id, at, by).await?;
    let accounts = app.books.lookup_accounts(vec![id]).await?;
    let (Some(sums), Some(account)) = (sums, accounts.first()) else {
        let detail = format!("There is no account {id}.");
        return Err(Problem::new(Kind::NotFound, detail));
    };
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

fn time(name: &str, value: &str) -> Result<u64, Problem> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let time = value.parse().ok().filter(|_| digits);
    time.ok_or_else(|| {
        let value = echo(value);
        let detail = format!("`{name}` is nanoseconds since 1970, not {value:?}.");
        Problem::new(Kind::Invalid, detail)
    })
}
