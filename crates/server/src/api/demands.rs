//! Demands for data: taking them in, narrowing and answering them, and the register that everyone
//! sees. Their steps are documents that staff, authority and court sign (`POST /v1/documents`).

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use demands::auth001;
use engine::{DemandError, DocumentRefusal, Listed, ReceiptAnswer, Received};
use model::object::AUTHORITY_CLASSES;
use serde::de::DeserializeOwned;
use serde_json::{Value, json as value};

use super::Answer;
use super::log::signed_books;
use super::receipts::{path_id, receipt};
use super::rules::signature;
use crate::app::App;
use crate::body::{JSON, accept, json, json_bytes, json_only, with};
use crate::directory::Known;
use crate::problem::{Kind, Problem, ProblemBody};
use crate::route::Call;
use crate::wire::{
    NewDemand, NewQuestion, NewScope, demand_view, disclosure_view, parse_u128, scope_view,
};

/// How often it is looked whether a checkpoint covers an approval, and how many times.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS: u32 = 50;

/// A page of the register is as good as the second it was asked in.
const A_SECOND: &str = "public, max-age=1, must-revalidate";

pub(super) fn refused(error: &DemandError) -> Problem {
    let kind = match error {
        DemandError::Document(DocumentRefusal::NoDemand) => Kind::NotFound,
        DemandError::Unpublished | DemandError::Unsigned => Kind::NoCheckpoint,
        _ => Kind::Invalid,
    };
    Problem::new(kind, sentence(&error.to_string()))
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    let first = first.map(String::from_iter).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

async fn body<T: DeserializeOwned>(call: &mut Call<'_>) -> Result<T, Problem> {
    json_only(&call.head.headers)?;
    let bytes = json_bytes(call.body).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Problem::new(Kind::MalformedJson, error.to_string()))
}

/// The number in a path, so many parts from its end.
fn number(call: &Call<'_>, from_end: usize) -> Result<u64, Problem> {
    let path = call.head.uri.path();
    let id = path_id(path.rsplit('/').nth(from_end).unwrap_or_default())?;
    let none = || refused(&DemandError::Document(DocumentRefusal::NoDemand));
    u64::try_from(id).map_err(|_| none())
}

/// Takes in a demand for data.
///
/// An authority asks, by its signature. The demand has a serial from then on, whatever becomes of it;
/// the same message again answers with the demand that is there.
#[utoipa::path(
    post, path = "/v1/demands", tag = "demands",
    request_body(content((NewDemand = "application/json"))),
    responses(
        (status = 201, description = "It has a serial"),
        (status = 422, description = "It is no demand, or not signed by an authority",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn receive_demand(mut call: Call<'_>) -> Answer {
    let new: NewDemand = body(&mut call).await?;
    let place = AUTHORITY_CLASSES.iter().position(|name| *name == new.class);
    let class = place.ok_or_else(|| {
        let detail = format!("A class is one of {}.", AUTHORITY_CLASSES.join(", "));
        Problem::new(Kind::Invalid, detail).at("/class")
    })?;
    let signature = signature(&new.signature).ok_or_else(|| {
        let detail = "A signature is 128 hexadecimal digits.";
        Problem::new(Kind::Invalid, detail).at("/signature")
    })?;
    let (scope, message) = asked(call.app, &new).await?;
    let received = Received {
        class: class as u8,
        scope,
        message,
        signature,
    };
    let received = call.app.books.receive_demand(received).await?;
    let demand = received.map_err(|error| refused(&error))?;
    let view = demand_view(&demand, &call.app.currencies());
    Ok(json(StatusCode::CREATED, &view))
}

/// What is asked, and what was signed.
async fn asked(app: &App, new: &NewDemand) -> Result<(demands::Scope, String), Problem> {
    let at = |pointer: &str, detail: String| Problem::new(Kind::Invalid, detail).at(pointer);
    match (&new.scope, &new.asked, &new.message) {
        (Some(text), None, None) => {
            let scope = demands::Scope::parse(text);
            let scope = scope.map_err(|error| at("/scope", sentence(&error.to_string())))?;
            Ok((scope, text.clone()))
        }
        (None, Some(asked), None) => {
            let scope = asked.scope()?;
            let text = scope.to_string();
            Ok((scope, text))
        }
        (None, None, Some(message)) => {
            let terms = terms(new)?;
            let wrong = |error: auth001::DemandError| at("/message", sentence(&error.to_string()));
            let read = auth001::read(message.as_bytes(), 0).map_err(wrong)?;
            let known = Known::new(app.personal.vault());
            let scope = tokio::task::spawn_blocking(move || read.scope(&terms, &known)).await;
            let stopped = |_| Problem::new(Kind::Stopped, "The server is closing.");
            Ok((scope.map_err(stopped)?.map_err(wrong)?, message.clone()))
        }
        _ => Err(at(
            "",
            "A demand is one of scope, asked and message.".to_owned(),
        )),
    }
}

fn terms(new: &NewDemand) -> Result<auth001::Terms, Problem> {
    let at = |pointer: &str, detail: &'static str| Problem::new(Kind::Invalid, detail).at(pointer);
    let authority = new.authority.as_deref().and_then(parse_u128);
    let sealed = new.sealed.as_deref().map(|text| {
        let wrong = || at("/sealed", "A moment is written as 2026-01-01T00:00:00Z.");
        demands::read_second(text).ok_or_else(wrong)
    });
    Ok(auth001::Terms {
        authority: authority
            .ok_or_else(|| at("/authority", "A message needs the party that asks."))?,
        purpose: new.purpose.clone(),
        sealed: sealed.transpose()?,
    })
}

/// The demands, the newest first.
#[utoipa::path(
    get, path = "/v1/demands", tag = "demands",
    responses((status = 200, description = "The newest 64, and how many there are"))
)]
pub(crate) async fn list_demands(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    let books = &call.app.books;
    let register = books.register().await?;
    let currencies = call.app.currencies();
    let mut demands = Vec::new();
    for serial in (1..=register.demands).rev().take(64) {
        if let Some(demand) = books.demand(serial).await? {
            demands.push(demand_view(&demand, &currencies));
        }
    }
    let view = value!({
        "demands": register.demands.to_string(),
        "disclosures": register.disclosures.to_string(),
        "lookups": register.lookups.to_string(),
        "overdue": register.overdue.to_string(),
        "newest": demands,
    });
    Ok(json(StatusCode::OK, &view))
}

/// A demand as everyone may see it, and what left by it.
#[utoipa::path(
    get, path = "/v1/demands/{serial}", tag = "demands",
    params(("serial" = String, Path, description = "From 1")),
    responses(
        (status = 200, description = "The demand, its public lines, and its disclosures"),
        (status = 404, description = "There is none", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_demand(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    let serial = number(&call, 0)?;
    let books = &call.app.books;
    let none = || refused(&DemandError::Document(DocumentRefusal::NoDemand));
    let demand = books.demand(serial).await?.ok_or_else(none)?;
    let currencies = call.app.currencies();
    let mut view = demand_view(&demand, &currencies);
    let entry = books.demand_entry(&demand).await?;
    view["text"] = entry
        .map(|entry| model::document::Document::Entry(entry).to_text())
        .into();
    let left = books.disclosures_of(serial).await?;
    let left: Vec<_> = left
        .iter()
        .map(|one| disclosure_view(one, &currencies))
        .collect();
    view["left"] = left.into();
    Ok(json(StatusCode::OK, &view))
}

/// What a demand asks, sealed or not: for those who examine it.
#[utoipa::path(
    get, path = "/v1/demands/{serial}/scope", tag = "demands",
    params(("serial" = String, Path, description = "From 1")),
    responses(
        (status = 200, description = "What was asked, the scope that stands, and what was sent"),
        (status = 404, description = "There is none", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_scope(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    let asked = call.app.books.demand_scopes(number(&call, 1)?).await?;
    let asked = asked.map_err(|error| refused(&error))?;
    let view = value!({
        "asked": scope_view(&asked.asked),
        "asked_text": asked.asked.to_string(),
        "stands": asked.stands.as_ref().map(scope_view),
        "stands_text": asked.stands.as_ref().map(ToString::to_string),
        "commitment": demands::digest_text(&asked.commitment),
        "message": asked.message,
    });
    Ok(json(StatusCode::OK, &view))
}

/// Keeps a narrower scope of a demand.
///
/// The commitment to it is what the step `narrowed` and both approvals name.
#[utoipa::path(
    post, path = "/v1/demands/{serial}/scope", tag = "demands",
    params(("serial" = String, Path, description = "From 1")),
    request_body(content((Object = "application/json"))),
    responses(
        (status = 201, description = "It is kept; the commitment to it"),
        (status = 422, description = "It is no scope, or asks for more", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn narrow_demand(mut call: Call<'_>) -> Answer {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Narrower {
        scope: Option<String>,
        asked: Option<NewScope>,
    }
    let serial = number(&call, 1)?;
    let narrower: Narrower = body(&mut call).await?;
    let wrong = |detail: String| Problem::new(Kind::Invalid, detail).at("/scope");
    let scope = match (&narrower.scope, &narrower.asked) {
        (Some(text), None) => {
            demands::Scope::parse(text).map_err(|error| wrong(sentence(&error.to_string())))?
        }
        (None, Some(asked)) => asked.scope()?,
        _ => return Err(wrong("A scope is one of scope and asked.".to_owned())),
    };
    let kept = call.app.books.narrow_demand(serial, &scope).await?;
    let commitment = kept.map_err(|error| refused(&error))?;
    let view = value!({
        "commitment": demands::digest_text(&commitment),
        "scope": scope.to_string(),
    });
    Ok(json(StatusCode::CREATED, &view))
}

/// Answers a demand with rows, encrypted to the authority.
///
/// Nothing leaves but within the scope that two people approved; what leaves is entered before.
#[utoipa::path(
    post, path = "/v1/demands/{serial}/answer", tag = "demands",
    params(("serial" = String, Path, description = "From 1")),
    responses(
        (status = 201, description = "What was entered; the file of age in Base64; auth.002 where \
            it came as auth.001"),
        (status = 404, description = "There is none, or no checkpoint covers its approval yet",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Nothing may leave", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn answer_demand(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    let serial = number(&call, 1)?;
    let mut looks = 0;
    let answered = loop {
        let knows = call.app.personal.knows();
        let answered = call.app.books.answer_demand(serial, knows).await?;
        if !matches!(answered, Err(DemandError::Unpublished)) || looks == LOOKS {
            break answered.map_err(|error| refused(&error))?;
        }
        looks += 1;
        tokio::time::sleep(LOOK).await;
    };
    let view = value!({
        "disclosure": disclosure_view(&answered.disclosure, &call.app.currencies()),
        "file": STANDARD.encode(&answered.file),
        "message": answered.message,
    });
    Ok(with(
        json(StatusCode::CREATED, &view),
        header::CACHE_CONTROL,
        "no-store",
    ))
}

/// Answers a demand that names nobody, with noise.
#[utoipa::path(
    post, path = "/v1/demands/{serial}/totals", tag = "demands",
    params(("serial" = String, Path, description = "From 1")),
    request_body(content((NewQuestion = "application/json"))),
    responses(
        (status = 201, description = "What was entered, and the table as CSV"),
        (status = 422, description = "It is no question, or the budget does not have what it costs",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn total_demand(mut call: Call<'_>) -> Answer {
    let serial = number(&call, 1)?;
    let question: NewQuestion = body(&mut call).await?;
    let asking = question.asking()?;
    let mut looks = 0;
    let totalled = loop {
        let totalled = call.app.books.total_demand(serial, asking.clone()).await?;
        if !matches!(totalled, Err(DemandError::Unpublished)) || looks == LOOKS {
            break totalled.map_err(|error| refused(&error))?;
        }
        looks += 1;
        tokio::time::sleep(LOOK).await;
    };
    let view = value!({
        "disclosure": disclosure_view(&totalled.disclosure, &call.app.currencies()),
        "table": totalled.table.to_string(),
        "minimum": totalled.table.minimum,
        "question": totalled.table.question,
    });
    Ok(json(StatusCode::CREATED, &view))
}

/// The receipt of a demand's newest record.
#[utoipa::path(
    get, path = "/v1/demands/{serial}/receipt", tag = "demands",
    params(("serial" = String, Path, description = "From 1")),
    responses(
        (status = 200, description = "The receipt", body = String, content_type = "text/plain"),
        (status = 404, description = "There is none", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn demand_receipt(call: Call<'_>) -> Answer {
    accept(&call.head.headers, "text/plain")?;
    let serial = number(&call, 1)?;
    signed_books(&call)?;
    let answer = call.app.books.demand_receipt(serial).await?;
    receipt(answer, || format!("There is no demand {serial}."))
}

/// The receipt of a disclosure.
#[utoipa::path(
    get, path = "/v1/disclosures/{number}/receipt", tag = "demands",
    params(("number" = String, Path, description = "From 1")),
    responses(
        (status = 200, description = "The receipt", body = String, content_type = "text/plain"),
        (status = 404, description = "There is none", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn disclosure_receipt(call: Call<'_>) -> Answer {
    accept(&call.head.headers, "text/plain")?;
    let which = number(&call, 1)?;
    signed_books(&call)?;
    let answer = call.app.books.disclosure_receipt(which).await?;
    receipt(answer, || format!("There is no disclosure {which}."))
}

/// A page of the register of demands: 64 from `64 x page + 1` on.
///
/// Each with its public lines and the receipt of its newest record. The outer leaves of the log say
/// how many there are.
#[utoipa::path(
    get, path = "/log/register/demands/{page}", tag = "log",
    params(("page" = String, Path, description = "From 0")),
    responses((status = 200, description = "The page; empty behind the last"))
)]
pub(crate) async fn register_demands(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    signed_books(&call)?;
    let page = number(&call, 0)?;
    Ok(register(page, &call.app.books.listed_demands(page).await?))
}

/// A page of the register of disclosures: 64 from `64 x page + 1` on.
#[utoipa::path(
    get, path = "/log/register/disclosures/{page}", tag = "log",
    params(("page" = String, Path, description = "From 0")),
    responses((status = 200, description = "The page; empty behind the last"))
)]
pub(crate) async fn register_disclosures(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    signed_books(&call)?;
    let page = number(&call, 0)?;
    let listed = call.app.books.listed_disclosures(page).await?;
    Ok(register(page, &listed))
}

fn register(page: u64, listed: &[Listed]) -> Response {
    let mut entries = Vec::with_capacity(listed.len());
    for one in listed {
        let receipt = match &one.receipt {
            ReceiptAnswer::Checkpointed(receipt) | ReceiptAnswer::Witnessed(receipt) => receipt,
            // Newer than the checkpoint: it comes with the next.
            ReceiptAnswer::Sequenced(_) | ReceiptAnswer::Unknown => break,
        };
        let receipt = String::from_utf8_lossy(&receipt.to_bytes()).into_owned();
        let mut entry = value!({ "number": one.number, "receipt": receipt });
        if let Some(text) = &one.text {
            entry["text"] = Value::from(text.as_str());
        }
        entries.push(entry);
    }
    let view = value!({
        "format": "counterfoil/register/v1",
        "first": page.saturating_mul(engine::REGISTER_PAGE).saturating_add(1),
        "entries": entries,
    });
    with(json(StatusCode::OK, &view), header::CACHE_CONTROL, A_SECOND)
}
