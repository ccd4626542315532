//! Documents of authorities: entering them, and reading them with what follows from them.

use axum::http::StatusCode;
use engine::{DocumentRefusal, SignedDocument};
use model::Object;
use model::document::{DOCUMENT_KINDS, Document};
use model::object::{Decision, DocumentHead};
use serde::Deserialize;
use serde_json::Value;

use super::Answer;
use super::receipts::path_id;
use super::rules::signature;
use crate::app::App;
use crate::body::{JSON, accept, json, json_bytes, json_only};
use crate::problem::{Kind, Problem, ProblemBody};
use crate::route::Call;
use crate::wire::object_view;

/// A document that is to be entered.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDocument {
    /// The whole text; docs/decisions.md has its form.
    text: String,
    /// The Ed25519 signature over it, 128 hexadecimal digits.
    signature: String,
}

/// Enters a document of an authority or about one.
///
/// A mandate, a decision, a fulfilment, an appeal, an assessment of a draft of rules or a comment
/// on one, signed by whom it names; what follows from it
/// follows at once. The same again answers with the document that is there.
#[utoipa::path(
    post, path = "/v1/documents", tag = "decisions",
    request_body(content((NewDocument = "application/json"))),
    responses(
        (status = 201, description = "It is entered"),
        (status = 422, description = "The text, the signature or what it says is wrong",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn enter_document(call: Call<'_>) -> Answer {
    let Call {
        app, head, body, ..
    } = call;
    json_only(&head.headers)?;
    let text = json_bytes(body).await?;
    let new: NewDocument = serde_json::from_slice(&text)
        .map_err(|error| Problem::new(Kind::MalformedJson, error.to_string()))?;
    let signature = signature(&new.signature).ok_or_else(|| {
        let detail = "A signature is 128 hexadecimal digits.";
        Problem::new(Kind::Invalid, detail).at("/signature")
    })?;
    let signed = SignedDocument {
        text: new.text,
        signature,
    };
    let entered = app.books.enter_document(signed).await?;
    let head = entered.map_err(|refusal| refused(&refusal))?;
    Ok(json(StatusCode::CREATED, &head_view(app, &head)))
}

fn refused(refusal: &DocumentRefusal) -> Problem {
    let detail = format!("The document is not entered: {refusal}.");
    Problem::new(Kind::Invalid, detail).at("/text")
}

/// A document by its SHA-256, in 64 hexadecimal digits.
#[utoipa::path(
    get, path = "/v1/documents/{sha256}", tag = "decisions",
    params(("sha256" = String, Path, description = "64 hexadecimal digits")),
    responses(
        (status = 200, description = "Who signed it, and its text"),
        (status = 404, description = "There is no such document", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_document(call: Call<'_>) -> Answer {
    let Call { app, head, .. } = call;
    accept(&head.headers, JSON)?;
    let text = head.uri.path().rsplit('/').next().unwrap_or_default();
    let digest = digest(text).ok_or_else(|| {
        let detail = "A document is found by its SHA-256, in 64 hexadecimal digits.";
        Problem::new(Kind::InvalidId, detail)
    })?;
    let found = app.books.document(digest).await?;
    let unknown = || Problem::new(Kind::NotFound, "There is no such document.");
    let (head, document) = found.ok_or_else(unknown)?;
    let mut view = head_view(app, &head);
    view["text"] = document.to_text().into();
    Ok(json(StatusCode::OK, &view))
}

/// What an authority may decide.
#[utoipa::path(
    get, path = "/v1/mandates/{authority}", tag = "decisions",
    params(("authority" = String, Path, description = "Decimal, or 0x hexadecimal")),
    responses(
        (status = 200, description = "Its mandate as it stands, and the document that says it"),
        (status = 404, description = "It has none", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_mandate(call: Call<'_>) -> Answer {
    let Call { app, head, .. } = call;
    accept(&head.headers, JSON)?;
    let authority = path_id(head.uri.path().rsplit('/').next().unwrap_or_default())?;
    let found = app.books.mandate(authority).await?;
    let unknown = || Problem::new(Kind::NotFound, format!("{authority} has no mandate."));
    let (mandate, document) = found.ok_or_else(unknown)?;
    let mut view = object_view(&Object::Mandate(mandate), &app.currencies());
    view["text"] = document.to_text().into();
    Ok(json(StatusCode::OK, &view))
}

/// A decision of an authority as it stands.
#[utoipa::path(
    get, path = "/v1/decisions/{authority}/{number}", tag = "decisions",
    params(
        ("authority" = String, Path, description = "Decimal, or 0x hexadecimal"),
        ("number" = String, Path, description = "From 1"),
    ),
    responses(
        (status = 200, description = "The decision, and the document that says it"),
        (status = 404, description = "There is no such decision", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_decision(call: Call<'_>) -> Answer {
    let Call { app, head, .. } = call;
    accept(&head.headers, JSON)?;
    let mut parts = head.uri.path().rsplit('/');
    let number = path_id(parts.next().unwrap_or_default())?;
    let authority = path_id(parts.next().unwrap_or_default())?;
    let found = match u64::try_from(number) {
        Ok(number) => app.books.decision(authority, number).await?,
        Err(_) => None,
    };
    let unknown = || {
        let detail = format!("{authority} has taken no decision {number}.");
        Problem::new(Kind::NotFound, detail)
    };
    let (decision, document) = found.ok_or_else(unknown)?;
    let mut view = object_view(&Object::Decision(decision), &app.currencies());
    view["text"] = document.to_text().into();
    Ok(json(StatusCode::OK, &view))
}

/// What a decision says to a payment that it forbids.
pub(super) async fn says(
    app: &App,
    authority: u128,
    number: u64,
) -> Result<Option<String>, Problem> {
    let found = app.books.decision(authority, number).await?;
    Ok(found.map(|(decision, document)| sentence(&decision, &document)))
}

/// `Decision 3 of authority 42 stops marketplace: Payments Act, section 7.`
fn sentence(decision: &Decision, document: &Document) -> String {
    let place = |names: &[&'static str], place: u8| names.get(usize::from(place)).copied();
    let product = place(model::product::PRODUCTS, decision.product).unwrap_or_default();
    let measure = match place(model::object::MEASURES, decision.measure) {
        Some("stop") => format!("stops {product}"),
        Some("cap") => format!("caps {product}"),
        _ => "forbids it".to_owned(),
    };
    let law = match document {
        Document::Decision(text) => format!("{}, {}", text.law, text.article),
        _ => String::new(),
    };
    let (number, authority) = (decision.number, decision.authority);
    format!("Decision {number} of authority {authority} {measure}: {law}.")
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.len() != 32 {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(pairs) {
        let digit = |at: u8| char::from(at).to_digit(16);
        *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
    }
    Some(digest)
}

fn head_view(app: &App, head: &DocumentHead) -> Value {
    let mut view = object_view(&Object::DocumentHead(*head), &app.currencies());
    let halves = [head.digest, head.digest_more];
    let digest = halves
        .map(|half| format!("{:032x}", half.swap_bytes()))
        .concat();
    view["sha256"] = digest.into();
    let kind = DOCUMENT_KINDS.get(usize::from(head.kind)).copied();
    view["kind"] = kind.into();
    view
}
