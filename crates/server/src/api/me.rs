//! What is the caller's own: who the token is bound to, that party's data, and who looked at them.

use axum::http::StatusCode;
use engine::ReceiptAnswer;
use model::Object;
use model::object::{Lookup, Noun, Party};
use serde_json::{Value, json as value};

use super::Answer;
use super::log::signed_books;
use super::parties::data_view;
use super::receipts::{path_id, receipt};
use crate::auth::Bound;
use crate::body::{JSON, accept, json, plain};
use crate::limits::{LOOKUPS_PAGE, LOOKUPS_PAGE_MOST};
use crate::problem::{Kind, Problem, ProblemBody, echo};
use crate::query::pairs;
use crate::route::Call;
use crate::wire::{object_view, seen_view};

/// Who the token is bound to.
#[utoipa::path(
    get, path = "/v1/me", tag = "my own",
    responses(
        (status = 200, description = "The token, and the party as the books have it"),
        (status = 404, description = "The books have no such party", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn me(call: Call<'_>) -> Answer {
    let app = call.app;
    accept(&call.head.headers, JSON)?;
    let caller = call.caller()?;
    let Bound { party, role } = caller.bound()?;
    let asked = vec![(Party::KIND, (*party, 0))];
    let found = app.books.objects(asked).await?.pop().flatten();
    let found = found.ok_or_else(|| {
        let detail = format!("The books have no party {party}; `party_open` opens one.");
        Problem::new(Kind::NotFound, detail)
    })?;
    let mut view = object_view(&found, &app.currencies());
    let mut told = value!({
        "token": caller.name,
        "scope": caller.scope.name(),
        "party": party.to_string(),
    });
    if let Some(role) = role {
        told["role"] = role.as_str().into();
    }
    for name in ["kind", "tier", "state", "reason", "vault"] {
        told[name] = view[name].take();
    }
    Ok(json(StatusCode::OK, &told))
}

/// The personal data of whoever calls.
///
/// It is no look: nothing is entered in the books.
#[utoipa::path(
    get, path = "/v1/me/data", tag = "my own",
    responses(
        (status = 200, description = "What is kept"),
        (status = 404, description = "Nothing is kept, or it was erased", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn my_personal(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    let party = call.caller()?.bound()?.party;
    let shown = call.app.personal.show(party).await?;
    Ok(json(StatusCode::OK, &data_view(party, &shown)))
}

/// Who of the staff looked at the caller's personal data, the newest first.
///
/// `next` is there where there are more: give it as `after`.
#[utoipa::path(
    get, path = "/v1/me/lookups", tag = "my own",
    params(
        ("limit" = Option<usize>, Query, description = "1 to 1,000, else 100"),
        ("after" = Option<String>, Query, description = "The number of a look: older ones"),
    ),
    responses(
        (status = 200, description = "Number, time, role, pseudonym, purpose and reference of each"),
        (status = 422, description = "A parameter is none", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn my_lookups(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    let party = call.caller()?.bound()?.party;
    let (limit, after) = page(call.head.uri.query())?;
    let books = &call.app.books;
    let mut found = books.lookups_of(party, limit + 1, after).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().map(|lookup| lookup.number);
    let lookups: Vec<Value> = found.iter().map(lookup_view).collect();
    let mut view = value!({ "party": party.to_string(), "lookups": lookups });
    if let Some(last) = last.filter(|_| more) {
        view["next"] = last.to_string().into();
    }
    Ok(json(StatusCode::OK, &view))
}

/// The receipt of a look at the caller's personal data.
///
/// As that of a transfer: `counterfoil verify` and every other verifier checks that the look stands in
/// the log.
#[utoipa::path(
    get, path = "/v1/me/lookups/{number}/receipt", tag = "my own",
    params(("number" = String, Path, description = "Of the look")),
    responses(
        (status = 200, description = "The receipt", body = String, content_type = "text/plain"),
        (status = 202, description = "No checkpoint covers it yet; ask again in a second",
            body = crate::wire::SequencedView,
            headers(("Retry-After" = u32, description = "Seconds"))),
        (status = 404, description = "No look at the caller's data has the number, or the books \
            sign no checkpoints", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn my_lookup_receipt(call: Call<'_>) -> Answer {
    accept(&call.head.headers, "text/plain")?;
    let party = call.caller()?.bound()?.party;
    let path = call.head.uri.path().strip_suffix("/receipt");
    let path = path.unwrap_or_default();
    let number = path_id(path.rsplit('/').next().unwrap_or_default())?;
    signed_books(&call)?;
    let unknown = || format!("No look at your data has the number {number}.");
    let Ok(wanted) = u64::try_from(number) else {
        return Err(Problem::new(Kind::NotFound, unknown()));
    };
    let answer = call.app.books.lookup_receipt(party, wanted).await?;
    receipt(answer, unknown)
}

/// How many looks are asked for, and behind which.
fn page(query: Option<&str>) -> Result<(usize, Option<u64>), Problem> {
    let (mut limit, mut after) = (LOOKUPS_PAGE, None);
    for (name, text) in pairs(query, &["limit", "after"])? {
        let number: Option<u64> = text.parse().ok();
        let wrong = |right: &str| {
            let detail = format!("`{name}` is {right}, not {:?}.", echo(&text));
            Problem::new(Kind::Invalid, detail)
        };
        if name == "after" {
            after = Some(number.ok_or_else(|| wrong("the number of a look"))?);
        } else {
            let asked = number.and_then(|number| usize::try_from(number).ok());
            let asked = asked.filter(|asked| (1..=LOOKUPS_PAGE_MOST).contains(asked));
            limit = asked.ok_or_else(|| wrong("1 to 1000"))?;
        }
    }
    Ok((limit, after))
}

/// A look as the party sees it.
fn lookup_view(lookup: &Lookup) -> Value {
    let mut view = object_view(&Object::Lookup(*lookup), &std::collections::BTreeMap::new());
    let fields = [
        "number",
        "timestamp",
        "role",
        "pseudonym",
        "purpose",
        "reference",
    ];
    let shown = fields.map(|name| (name.to_owned(), view[name].take()));
    Value::Object(shown.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn pages() {
        assert_eq!(page(None), Ok((100, None)));
        assert_eq!(page(Some("after=7&limit=1000")), Ok((1_000, Some(7))));
        for wrong in [
            "limit=0",
            "limit=1001",
            "limit=x",
            "after=",
            "after=-1",
            "before=1",
        ] {
            assert!(page(Some(wrong)).is_err(), "{wrong}");
        }
    }
}

/// The demands for the caller's data that are not sealed, the newest first.
///
/// Who asked, when, by what right and what for; what was given, with the receipt of each; the salts by
/// which the commitments in the log are checked.
#[utoipa::path(
    get, path = "/v1/me/disclosures", tag = "my own",
    responses((status = 200, description = "The demands that concern the caller"))
)]
pub(crate) async fn my_disclosures(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    let party = call.caller()?.bound()?.party;
    let books = &call.app.books;
    let currencies = call.app.currencies();
    let mut demands = Vec::new();
    for seen in books.demands_about(party).await? {
        let mut view = seen_view(&seen, &currencies);
        let serial = seen.demand.serial;
        view["receipt"] = text_of(&books.demand_receipt(serial).await?);
        for (place, disclosure) in seen.disclosures.iter().enumerate() {
            let receipt = books.disclosure_receipt(disclosure.number).await?;
            view["disclosures"][place]["receipt"] = text_of(&receipt);
        }
        demands.push(view);
    }
    Ok(json(StatusCode::OK, &value!({ "demands": demands })))
}

/// A receipt as text; nothing where no checkpoint covers it yet.
fn text_of(answer: &ReceiptAnswer) -> Value {
    match answer {
        ReceiptAnswer::Checkpointed(receipt) | ReceiptAnswer::Witnessed(receipt) => {
            String::from_utf8_lossy(&receipt.to_bytes()).into()
        }
        ReceiptAnswer::Sequenced(_) | ReceiptAnswer::Unknown => Value::Null,
    }
}

/// The rows that were given of the caller, as they were given.
///
/// The same bytes: their SHA-256 is the digest of the disclosure. Only where they are about the caller
/// alone.
#[utoipa::path(
    get, path = "/v1/me/disclosures/{number}/rows", tag = "my own",
    params(("number" = String, Path, description = "Of the disclosure")),
    responses(
        (status = 200, description = "The rows", body = String, content_type = "text/csv"),
        (status = 404, description = "There is none that is about the caller alone",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "They cannot be made again", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn my_rows(call: Call<'_>) -> Answer {
    accept(&call.head.headers, "text/csv")?;
    let party = call.caller()?.bound()?.party;
    let path = call.head.uri.path();
    let number = path_id(path.rsplit('/').nth(1).unwrap_or_default())?;
    let knows = call.app.personal.knows();
    let sheet = match u64::try_from(number) {
        Ok(number) => call.app.books.sheet_of(number, party, knows).await?,
        Err(_) => None,
    };
    let none = || {
        let detail = format!("There is no disclosure {number} that is about the caller alone.");
        Problem::new(Kind::NotFound, detail)
    };
    let sheet = sheet.ok_or_else(none)?;
    let sheet = sheet.map_err(|error| super::demands::refused(&error))?;
    Ok(plain(
        StatusCode::OK,
        "text/csv; charset=utf-8",
        sheet.into(),
    ))
}
