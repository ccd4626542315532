//! Personal data of parties, kept in the vault.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use engine::Look;
use model::form::text_to_integer;
use model::object::PURPOSES;
use serde_json::{Map, Value, json as value};
use vault::Erased;

use super::Answer;
use super::receipts::path_id;
use crate::app::App;
use crate::auth::Bound;
use crate::body::{JSON, accept, json, json_bytes, json_only, with};
use crate::personal::{Shown, cut_off};
use crate::problem::{Kind, Problem, ProblemBody};
use crate::query::pairs;
use crate::route::Call;
use crate::wire::parse_personal;

/// The role of a token that says none.
const ROLE: &str = "staff";

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
    let Call {
        app, head, body, ..
    } = call;
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

/// The personal data of a party, for a member of the staff.
///
/// It is a look, which the books have before anything is shown: the token is bound to an active party
/// of kind staff, and says in which role. The party sees the look. `look` is its number, `committed`
/// says whether the books commit to just these data.
#[utoipa::path(
    get, path = "/v1/parties/{id}/data", tag = "personal data",
    params(
        ("id" = String, Path, description = "Decimal, or 0x hexadecimal"),
        ("purpose" = String, Query, description = "For what: support, complaint, fraud, \
            due_diligence, correction, demand or other"),
        ("reference" = String, Query, description = "1 to 16 characters of ASCII, as the number of \
            a case; never a name"),
    ),
    responses(
        (status = 200, description = "What is kept"),
        (status = 403, description = "The token is not bound to an active member of the staff",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nothing is kept, or it was erased", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 422, description = "Purpose or reference is missing or wrong",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show_personal(call: Call<'_>) -> Answer {
    let party = party(call.head.uri.path())?;
    accept(&call.head.headers, JSON)?;
    let bound = call.caller()?.bound()?.clone();
    let (purpose, reference) = why(call.head.uri.query())?;
    let asked = Look {
        party,
        purpose,
        reference,
        ..Look::default()
    };
    let look = by(call.app, bound, asked).await?;
    let (lookup, shown) = call.app.personal.look(look).await?;
    let mut view = data_view(party, &shown);
    view["look"] = lookup.number.to_string().into();
    Ok(json(StatusCode::OK, &view))
}

/// The look by whoever has the token.
async fn by(app: &App, bound: Bound, look: Look) -> Result<Look, Problem> {
    let staff = bound.party;
    let word = bound.role.unwrap_or_else(|| ROLE.to_owned());
    let role = text_to_integer(&word).unwrap_or_default();
    let pseudonyms = Arc::clone(&app.pseudonyms);
    let made = tokio::task::spawn_blocking(move || pseudonyms.of(staff, &word)).await;
    let pseudonym = made.map_err(|_| cut_off())?.map_err(|error| {
        tracing::error!(%error, "staff.secret");
        let detail = "Pseudonyms cannot be made; the server's log says why. Nothing is shown.";
        Problem::new(Kind::Unavailable, detail)
    })?;
    Ok(Look {
        staff,
        role,
        pseudonym,
        ..look
    })
}

/// Purpose and reference of a look, each once.
fn why(query: Option<&str>) -> Result<(u8, u128), Problem> {
    let invalid = |detail: String| Problem::new(Kind::Invalid, detail);
    let given = pairs(query, &["purpose", "reference"])?;
    let one = |wanted: &str, is: &str| {
        let mut values = given.iter().filter(|(name, _)| *name == wanted);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(value.as_str()),
            _ => Err(invalid(format!("Give `{wanted}` once: {is}."))),
        }
    };
    let purposes = format!("for what you look, one of {}", PURPOSES.join(", "));
    let purpose = one("purpose", &purposes)?;
    let purpose = PURPOSES.iter().position(|known| *known == purpose);
    let purpose = purpose.ok_or_else(|| invalid(format!("`purpose` says {purposes}.")))?;
    let number = "1 to 16 characters of ASCII, as the number of a case, never a name";
    let reference = one("reference", number)?;
    let short = text_to_integer(reference).filter(|_| !reference.trim().is_empty());
    let short = short.ok_or_else(|| invalid(format!("`reference` has {number}.")))?;
    Ok((purpose as u8, short))
}

/// What is kept of a party, and whether the books commit to it.
pub(super) fn data_view(party: u128, shown: &Shown) -> Value {
    let data = shown.fields.iter();
    let data: Map<String, Value> = data
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    value!({
        "party": party.to_string(),
        "data": data,
        "digest": hexadecimal(shown.digest),
        "committed": shown.committed,
    })
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
