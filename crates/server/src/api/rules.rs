//! The rule book: entering versions, showing them, and what their rules found.

use axum::http::StatusCode;
use engine::{RuleBookEntry, RuleBookRefusal, RuleBookVersion};
use model::Object;
use model::object::{Finding, RuleVersion};
use model::rule::{Rule, RuleBook, bytes};
use serde::Deserialize;
use serde_json::{Value, json as value};

use super::Answer;
use super::receipts::path_id;
use crate::app::App;
use crate::body::{JSON, accept, json, json_bytes, json_only};
use crate::problem::{Kind, Problem, ProblemBody};
use crate::route::Call;
use crate::wire::{U64, U128, object_view};

/// A version of the rule book that is to be entered.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRules {
    /// The rules as TOML; docs/rules.md has the format.
    rules: String,
    /// That of the last version and 1.
    version: u32,
    /// Nanoseconds since 1970: from when on it is in force; 0 or nothing is at once.
    #[serde(default)]
    begins: U64,
    /// Who signed it: a party of the staff, or an authority.
    party: U128,
    /// The Ed25519 signature over the note's text, 128 hexadecimal digits.
    signature: String,
}

/// Enters a version of the rule book.
///
/// The rules are read, and entered in their canonical form, of which the signature is; what is
/// signed stands in docs/api.md. The same again answers with the version that is there.
#[utoipa::path(
    post, path = "/v1/rules", tag = "rules",
    request_body(content((NewRules = "application/json"))),
    responses(
        (status = 201, description = "It is entered"),
        (status = 422, description = "The rules or the signature are wrong, or another version is next", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn enter_rules(call: Call<'_>) -> Answer {
    let Call {
        app, head, body, ..
    } = call;
    json_only(&head.headers)?;
    let text = json_bytes(body).await?;
    let new: NewRules = serde_json::from_slice(&text)
        .map_err(|error| Problem::new(Kind::MalformedJson, error.to_string()))?;
    let file = rulebook::read(&new.rules)
        .map_err(|error| Problem::new(Kind::Invalid, error.to_string()).at("/rules"))?;
    let signature = signature(&new.signature).ok_or_else(|| {
        let detail = "A signature is 128 hexadecimal digits.";
        Problem::new(Kind::Invalid, detail).at("/signature")
    })?;
    let entry = RuleBookEntry {
        bytes: bytes::encode(&file.book),
        version: new.version,
        begins: new.begins.0,
        party: new.party.0,
        signature,
    };
    let entered = app.books.enter_rule_book(entry).await?;
    let head = entered.map_err(|refusal| refused(&refusal))?;
    Ok(json(StatusCode::CREATED, &version_view(app, &head, None)))
}

pub(super) fn signature(text: &str) -> Option<[u8; 64]> {
    let digits = text.as_bytes().as_chunks::<2>();
    if !digits.1.is_empty() || digits.0.len() != 64 {
        return None;
    }
    let mut signature = [0; 64];
    for (byte, pair) in signature.iter_mut().zip(digits.0) {
        let digit = |at: u8| char::from(at).to_digit(16);
        *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
    }
    Some(signature)
}

fn refused(refusal: &RuleBookRefusal) -> Problem {
    let detail = format!("The rule book is not entered: {refusal}.");
    let at = match refusal {
        RuleBookRefusal::Version(_) => "/version",
        RuleBookRefusal::Begins | RuleBookRefusal::UnderComment(_) => "/begins",
        RuleBookRefusal::Signer | RuleBookRefusal::Key => "/party",
        RuleBookRefusal::Signature => "/signature",
        RuleBookRefusal::Bytes(_) | RuleBookRefusal::TooMany => "/rules",
    };
    Problem::new(Kind::Invalid, detail).at(at)
}

/// The version of the rule book in force.
///
/// `in_force` is null where there is none.
#[utoipa::path(
    get, path = "/v1/rules", tag = "rules",
    responses((status = 200, description = "The version, its rules and its text"))
)]
pub(crate) async fn list_rules(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    let found = call.app.books.rule_book_in_force().await?;
    let in_force = found.map(|(head, book)| version_view(call.app, &head, Some(&book)));
    Ok(json(StatusCode::OK, &value!({ "in_force": in_force })))
}

/// A version of the rule book, past ones too.
#[utoipa::path(
    get, path = "/v1/rules/{version}", tag = "rules",
    params(("version" = String, Path, description = "From 1")),
    responses(
        (status = 200, description = "The version, its rules and its text"),
        (status = 404, description = "There is no such version", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_rules(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    let version = path_id(call.head.uri.path().rsplit('/').next().unwrap_or_default())?;
    let found = version_of(call.app, version).await?;
    let unknown = || Problem::new(Kind::NotFound, format!("There is no version {version}."));
    let (head, book) = found.ok_or_else(unknown)?;
    Ok(json(
        StatusCode::OK,
        &version_view(call.app, &head, Some(&book)),
    ))
}

/// What rules found in a command or transfer: what was refused, held, flagged or reported.
///
/// An array, by number. Those of one party are events: `/v1/events?kind=finding.*&party=`.
#[utoipa::path(
    get, path = "/v1/findings/{command}", tag = "rules",
    params(("command" = String, Path, description = "Id of the command or transfer")),
    responses(
        (status = 200, description = "The findings, each with a sentence"),
        (status = 404, description = "Nothing was found", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_findings(call: Call<'_>) -> Answer {
    let Call { app, head, .. } = call;
    accept(&head.headers, JSON)?;
    let command = path_id(head.uri.path().rsplit('/').next().unwrap_or_default())?;
    let findings = findings_of(app, command).await?;
    if findings.is_empty() {
        let detail = format!("No rule found anything in {command}.");
        return Err(Problem::new(Kind::NotFound, detail));
    }
    let currencies = app.currencies();
    let mut views = Vec::with_capacity(findings.len());
    for finding in findings {
        let mut view = object_view(&Object::Finding(finding), &currencies);
        if let Value::Object(view) = &mut view {
            let became = rulebook::consequence(&finding);
            view.insert("became".to_owned(), became.into());
            if let Some((_, book)) = version_of(app, finding.version.into()).await? {
                let rule = book.rules.get(usize::from(finding.rule));
                view.insert(
                    "rule_id".to_owned(),
                    rule.map(|rule| rule.id.clone()).into(),
                );
            }
            let says = explained(app, &finding).await?;
            view.insert("says".to_owned(), says.into());
        }
        views.push(view);
    }
    Ok(json(StatusCode::OK, &views))
}

/// What a rule says to a command that it refused or held.
pub(super) async fn says(app: &App, command: u128, number: u64) -> Result<Option<String>, Problem> {
    let findings = findings_of(app, command).await?;
    let Some(finding) = findings.iter().find(|finding| finding.number == number) else {
        return Ok(None);
    };
    explained(app, finding).await
}

/// A finding in a sentence: by its rule, or by the decision that forbids the payment.
async fn explained(app: &App, finding: &Finding) -> Result<Option<String>, Problem> {
    if finding.decision > 0 {
        return super::documents::says(app, finding.authority, finding.decision).await;
    }
    let book = version_of(app, finding.version.into()).await?;
    Ok(book.and_then(|(_, book)| rulebook::explain(&book, finding)))
}

async fn findings_of(app: &App, command: u128) -> Result<Vec<Finding>, Problem> {
    let stood = app.books.objects_of(command).await?;
    let finding = |object| match object {
        Object::Finding(finding) if finding.command == command => Some(finding),
        _ => None,
    };
    let mut findings: Vec<Finding> = stood.into_iter().filter_map(finding).collect();
    findings.sort_unstable_by_key(|finding| finding.number);
    Ok(findings)
}

async fn version_of(app: &App, version: u128) -> Result<Option<RuleBookVersion>, Problem> {
    match u32::try_from(version) {
        Ok(version) => Ok(app.books.rule_book(version).await?),
        Err(_) => Ok(None),
    }
}

fn version_view(app: &App, head: &RuleVersion, book: Option<&RuleBook>) -> Value {
    let mut view = object_view(&Object::RuleVersion(*head), &app.currencies());
    if let (Value::Object(view), Some(book)) = (&mut view, book) {
        let rules: Vec<Value> = book.rules.iter().map(rule_view).collect();
        view.insert("rules".to_owned(), rules.into());
        // A book that was entered is sound, and so has a text.
        let text = rulebook::to_toml(book).unwrap_or_default();
        view.insert("text".to_owned(), text.into());
    }
    view
}

fn rule_view(rule: &Rule) -> Value {
    let then = model::rule::CONSEQUENCES[rule.then as usize];
    value!({
        "id": rule.id,
        "title": rule.title,
        "jurisdiction": rule.jurisdiction,
        "law": rule.source.law,
        "article": rule.source.article,
        "address": rule.source.address,
        "verified": rule.source.verified,
        "from": U64(rule.from),
        "to": U64(rule.to),
        "then": then,
    })
}
