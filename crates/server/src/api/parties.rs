//! Personal data of parties, kept in the vault.

use axum::http::{StatusCode, header};
use serde_json::{Map, Value, json as value};
use vault::Erased;

use super::Answer;
use super::receipts::path_id;
use crate::body::{JSON, accept, json, json_bytes, json_only, with};
use crate::problem::{Problem, ProblemBody};
use crate::route::Call;
use crate::wire::parse_personal;

/// Keeps the personal data of a party.
///
/// An object of texts by name takes the place of what was kept before: `name`, `email`, `phone`,
/// `address`, `bank_account`, `document` and `x_...`. It is sealed in the vault under a key of this
/// party alone; the books get a commitment to it that is worth nothing once the key is erased.
#[utoipa::path(
    put, path = "/v1/parties/{id}/data", tag = "personal data",
    params(("id" = String, Path, description = "Decimal, or 0x hexadecimal")),
    request_body(content((Object = "application/json"))),
    responses(
        (status = 200, description = "The books commit to just this already"),
        (status = 201, description = "Kept, and committed to"),
        (status = 404, description = "There is no such party", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 422, description = "A field is none, or the party was erased",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn keep_personal(call: Call<'_>) -> Answer {
    let Call { app, head, body } = call;
    let party = party(head.uri.path())?;
    json_only(&head.headers)?;
    let bytes = json_bytes(body).await?;
    let fields = parse_personal(&bytes)?;
    let kept = app.personal.keep(party, fields).await?;
    let mut view = Map::new();
    view.insert("party".to_owned(), party.to_string().into());
    let (http, status) = match kept.committed_at {
        Some(_) => (StatusCode::CREATED, "created"),
        None => (StatusCode::OK, "exists"),
    };
    view.insert("status".to_owned(), status.into());
    view.insert("digest".to_owned(), hexadecimal(kept.digest).into());
    if let Some(timestamp) = kept.committed_at {
        view.insert("timestamp".to_owned(), timestamp.to_string().into());
    }
    Ok(json(http, &view))
}

/// The personal data of a party.
///
/// `committed` says whether the books commit to just this.
#[utoipa::path(
    get, path = "/v1/parties/{id}/data", tag = "personal data",
    params(("id" = String, Path, description = "Decimal, or 0x hexadecimal")),
    responses(
        (status = 200, description = "What is kept"),
        (status = 404, description = "Nothing is kept, or it was erased", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show_personal(call: Call<'_>) -> Answer {
    let party = party(call.head.uri.path())?;
    accept(&call.head.headers, JSON)?;
    let shown = call.app.personal.show(party).await?;
    let data = shown.fields.iter();
    let data: Map<String, Value> = data
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let view = value!({
        "party": party.to_string(),
        "data": data,
        "digest": hexadecimal(shown.digest),
        "committed": shown.committed,
    });
    Ok(json(StatusCode::OK, &view))
}

/// Erases the personal data of a party, for good.
///
/// First the books say so, then the key is erased. Asking again changes nothing.
#[utoipa::path(
    delete, path = "/v1/parties/{id}/data", tag = "personal data",
    params(("id" = String, Path, description = "Decimal, or 0x hexadecimal")),
    responses(
        (status = 200, description = "Erased, now or before"),
        (status = 404, description = "Nothing was ever kept", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn erase_personal(call: Call<'_>) -> Answer {
    let party = party(call.head.uri.path())?;
    accept(&call.head.headers, JSON)?;
    let status = match call.app.personal.erase(party).await? {
        Erased::Now => "erased",
        Erased::Before => "erased_before",
        // The books had a commitment, and this vault never had the data.
        Erased::Unknown => "no_key",
    };
    let view = value!({ "party": party.to_string(), "status": status });
    let answer = json(StatusCode::OK, &view);
    Ok(with(answer, header::CACHE_CONTROL, "no-store"))
}

/// The id in `/v1/parties/{id}/data`.
fn party(path: &str) -> Result<u128, Problem> {
    path_id(path.rsplit('/').nth(1).unwrap_or_default())
}

fn hexadecimal(digest: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(digest))
}
