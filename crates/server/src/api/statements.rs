//! Statements: what all accounts held, their lines' receipts, and the proof that one was counted.

use axum::http::StatusCode;

use super::Answer;
use super::log::{TEXT, signed_books};
use super::receipts::{path_id, receipt};
use crate::body::{JSON, accept, bytes, json, plain};
use crate::problem::{Kind, Problem, ProblemBody, echo};
use crate::route::Call;
use crate::wire::{StatementHead, StatementView, parse_u128};

/// All statements, the oldest first.
#[utoipa::path(
    get, path = "/v1/statements", tag = "statements",
    responses((status = 200, description = "All of them", body = Vec<StatementHead>))
)]
pub(crate) async fn list_statements(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    let statements = call.app.books.statements().await?;
    let heads = statements.iter().map(StatementHead::from);
    Ok(json(StatusCode::OK, &heads.collect::<Vec<_>>()))
}

/// Makes a statement of now.
///
/// It answers once the lines are in the log; the books go on meanwhile. No body.
#[utoipa::path(
    post, path = "/v1/statements", tag = "statements",
    responses(
        (status = 201, description = "It is made", body = StatementView),
        (status = 422, description = "One is being made", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn make_statement(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    bytes(call.body, 0).await?;
    let made = call.app.books.make_statement().await?;
    let currencies = call.app.refresh_currencies().await?;
    Ok(json(
        StatusCode::CREATED,
        &StatementView::new(&made, &currencies),
    ))
}

/// One statement with its lines.
#[utoipa::path(
    get, path = "/v1/statements/{number}", tag = "statements",
    params(("number" = String, Path, description = "From 1")),
    responses(
        (status = 200, description = "The statement", body = StatementView),
        (status = 404, description = "There is no such statement", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_statement(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    let mut parts = call.head.uri.path().rsplit('/');
    let number = path_number(parts.next())?;
    let statement = call.app.books.statement(number).await?;
    let statement = statement.ok_or_else(|| no_statement(number))?;
    let currencies = call.app.refresh_currencies().await?;
    Ok(json(
        StatusCode::OK,
        &StatementView::new(&statement, &currencies),
    ))
}

/// The receipt of a line of a statement.
///
/// A file as that of a transfer's receipt. A balance proof is checked against it.
#[utoipa::path(
    get, path = "/v1/statements/{number}/receipts/{line}", tag = "statements",
    params(
        ("number" = String, Path, description = "From 1"),
        ("line" = String, Path, description = "From 0, as the statement has it"),
    ),
    responses(
        (status = 200, description = "The receipt", body = String, content_type = "text/plain",
            headers(("Counterfoil-Status" = String,
                description = "`checkpointed`, or `witnessed` by a quorum"))),
        (status = 202, description = "No checkpoint covers it yet; ask again in a second",
            body = crate::wire::SequencedView,
            headers(("Retry-After" = u32, description = "Seconds"))),
        (status = 404, description = "There is no such line, or the books sign no checkpoints",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn statement_receipt(call: Call<'_>) -> Answer {
    accept(&call.head.headers, "text/plain")?;
    let mut parts = call.head.uri.path().rsplit('/');
    let line = path_number(parts.next())?;
    let number = path_number(parts.nth(1))?;
    signed_books(&call)?;
    let unknown = || format!("Statement {number} has no line {line}, or is not there.");
    let Ok(line) = u32::try_from(line) else {
        return Err(Problem::new(Kind::NotFound, unknown()));
    };
    receipt(
        call.app.books.statement_receipt(number, line).await?,
        unknown,
    )
}

/// The proof that an account's balance was counted in a statement.
///
/// A text that is checked against the receipt of the statement's line of the account's ledger,
/// code and side.
#[utoipa::path(
    get, path = "/v1/accounts/{id}/balance-proof", tag = "accounts",
    params(
        ("id" = String, Path, description = "Decimal, or 0x hexadecimal"),
        ("statement" = Option<String>, Query, description = "Its number; the newest if left out"),
    ),
    responses(
        (status = 200, description = "The proof", body = String, content_type = "text/plain"),
        (status = 404, description = "There is no such statement, or the account was not there yet",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Proofs are made of newer statements only",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn balance_proof(call: Call<'_>) -> Answer {
    accept(&call.head.headers, "text/plain")?;
    let path = call
        .head
        .uri
        .path()
        .strip_suffix("/balance-proof")
        .unwrap_or_default();
    let id = path_id(path.rsplit('/').next().unwrap_or_default())?;
    let asked = asked_statement(call.head.uri.query())?;
    let books = &call.app.books;
    if let Some(number) = asked
        && books.statement(number).await?.is_none()
    {
        return Err(no_statement(number));
    }
    let Some(proof) = books.balance_proof(id, asked).await? else {
        let detail = format!("There is no account {id}, or it was opened after the statement.");
        return Err(Problem::new(Kind::NotFound, detail));
    };
    Ok(plain(StatusCode::OK, TEXT, proof.to_text().into()))
}

/// The statement of a query: `statement=N` or nothing.
fn asked_statement(query: Option<&str>) -> Result<Option<u64>, Problem> {
    let Some(query) = query.filter(|query| !query.is_empty()) else {
        return Ok(None);
    };
    let number = query.strip_prefix("statement=").and_then(number);
    number.map(Some).ok_or_else(|| {
        let detail = format!(
            "{:?} is no query; `?statement=1` names a statement.",
            echo(query)
        );
        Problem::new(Kind::Invalid, detail)
    })
}

fn path_number(text: Option<&str>) -> Result<u64, Problem> {
    let text = text.unwrap_or_default();
    number(text).ok_or_else(|| {
        let detail = format!("{:?} is no number of a statement or a line.", echo(text));
        Problem::new(Kind::InvalidId, detail)
    })
}

fn number(text: &str) -> Option<u64> {
    u64::try_from(parse_u128(text)?).ok()
}

fn no_statement(number: u64) -> Problem {
    let detail = format!("There is no statement {number}; /v1/statements lists all.");
    Problem::new(Kind::NotFound, detail)
}
