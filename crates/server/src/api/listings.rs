//! Listings: what the books know of them and what the catalogue says, and the search by words.

use axum::http::StatusCode;
use catalogue::{Matches, digest};
use model::limits::BATCH_COMMANDS;
use model::{Command, CommandResult, CommandStatus};
use serde_json::{Value, json as value};

use super::Answer;
use super::commands::{one, outcome, take};
use super::receipts::path_id;
use crate::app::App;
use crate::body::{JSON, accept, json, json_bytes, json_only};
use crate::listings::{Agreement, Page, number_of};
use crate::problem::{Kind, Problem, ProblemBody};
use crate::route::Call;
use crate::wire::{ListingSearch, NewListing, Posted, hexadecimal, listing_view, parse_commands};

/// Adds listings.
///
/// One object (201, 200 where it was added before, or a problem), or an array of up to 511, which
/// answers 200 with an outcome each. A listing has the fields of the act `listing_add`, but
/// `title`, `text` and `category_label` in place of a digest: the books commit to title and text
/// and give the number, then the catalogue keeps them. The same request again adds texts that a
/// crash left out.
#[utoipa::path(
    post, path = "/v1/listings", tag = "listings",
    request_body(content((Object = "application/json"))),
    responses(
        (status = 200, description = "An outcome each, in order; or the one was added before"),
        (status = 201, description = "The one was added"),
        (status = 409, description = "The id is taken by another command, or by other texts",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The one was refused", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 503, description = "The texts could not be kept: ask again", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn add_listings(call: Call<'_>) -> Answer {
    let Call {
        app, head, body, ..
    } = call;
    json_only(&head.headers)?;
    let bytes = json_bytes(body).await?;
    match parse_commands(&bytes)? {
        Posted::One(fields) => single(app, NewListing::added(fields)?).await,
        Posted::Many(fields) => {
            if fields.len() > BATCH_COMMANDS {
                let detail = format!("{} listings; at most {BATCH_COMMANDS}.", fields.len());
                return Err(Problem::new(Kind::TooManyEvents, detail));
            }
            let new = fields.into_iter().enumerate().map(|(index, fields)| {
                NewListing::added(fields).map_err(|problem| problem.within(index))
            });
            let new = new.collect::<Result<Vec<_>, _>>()?;
            let done = carry_out(app, new).await;
            let done = done.map_err(|(index, problem)| match index {
                Some(index) => problem.within(index),
                None => problem,
            })?;
            let outcomes: Vec<Value> = done.iter().map(view).collect();
            Ok(json(StatusCode::OK, &outcomes))
        }
    }
}

/// Sets a listing: price, stock and texts, all of them.
///
/// The fields are those of the act `listing_set`, but the number, and `title`, `text` and
/// `category_label` in place of a digest. They take the place of what was there before.
#[utoipa::path(
    put, path = "/v1/listings/{number}", tag = "listings",
    params(("number" = u32, Path, description = "As the books gave it")),
    request_body(content((Object = "application/json"))),
    responses(
        (status = 200, description = "It was set so by this command before"),
        (status = 201, description = "It is set"),
        (status = 409, description = "The id is taken by another command, or by other texts",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It was refused, or there is no such listing",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The texts could not be kept: ask again", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set_listing(call: Call<'_>) -> Answer {
    let Call {
        app, head, body, ..
    } = call;
    let number = number(head.uri.path())?;
    json_only(&head.headers)?;
    let bytes = json_bytes(body).await?;
    match parse_commands(&bytes)? {
        Posted::One(fields) => single(app, NewListing::set(fields, number)?).await,
        Posted::Many(_) => {
            let detail = "The body is one object: the listing as it is to be.";
            Err(Problem::new(Kind::MalformedJson, detail))
        }
    }
}

/// A listing with its texts.
///
/// `digest` is what the books commit to; `texts` says how the catalogue's stand to it: `agree`,
/// `differ`, `missing`, or `none` where the books commit to none.
#[utoipa::path(
    get, path = "/v1/listings/{number}", tag = "listings",
    params(("number" = u32, Path, description = "As the books gave it")),
    responses(
        (status = 200, description = "As it stands"),
        (status = 404, description = "There is no such listing", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_listing(call: Call<'_>) -> Answer {
    let Call { app, head, .. } = call;
    let number = number(head.uri.path())?;
    accept(&head.headers, JSON)?;
    let shown = app.listings.get(number).await?.ok_or_else(|| {
        let detail = format!("There is no listing {number}.");
        Problem::new(Kind::NotFound, detail)
    })?;
    let mut view = listing_view(&shown.listing, shown.texts.as_ref(), &app.currencies());
    view.insert("texts".to_owned(), shown.agreement.name().into());
    if let (Agreement::Differ, Some(texts)) = (shown.agreement, &shown.texts) {
        let kept = hexadecimal(digest(&texts.title, &texts.text));
        view.insert("kept_digest".to_owned(), kept.into());
    }
    Ok(json(StatusCode::OK, &view))
}

/// Searches listings by words.
///
/// Price, stock and state of a hit are those of the books, whatever the index was told. Hits of
/// the page that were withdrawn are left out and counted, as are those of which the books say
/// something else by now than was asked for.
#[utoipa::path(
    get, path = "/v1/listings", tag = "listings",
    params(
        ("q" = Option<String>, Query, description = "Plain words, all of which have to be there; at most 200 bytes and 16 words"),
        ("last" = Option<String>, Query, description = "`whole`, or `beginning`: the last word is only begun"),
        ("category" = Option<u32>, Query, description = "Only this category"),
        ("seller" = Option<String>, Query, description = "Only of this party"),
        ("ledger" = Option<u32>, Query, description = "Only with prices of this ledger"),
        ("least" = Option<String>, Query, description = "The lowest price, in major units of the ledger"),
        ("most" = Option<String>, Query, description = "The highest price, likewise"),
        ("sort" = Option<String>, Query, description = "`relevance`; of a ledger `price` or `price_down`"),
        ("limit" = Option<u32>, Query, description = "1 to 100; 20 where none is given"),
        ("offset" = Option<u32>, Query, description = "Hits to skip, at most 1,000"),
    ),
    responses(
        (status = 200, description = "A page of hits"),
        (status = 422, description = "The parameters make no sense", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn search_listings(call: Call<'_>) -> Answer {
    let Call { app, head, .. } = call;
    let search = ListingSearch::read(head.uri.query())?;
    accept(&head.headers, JSON)?;
    let prices = match search.prices(&app.currencies()) {
        Err(problem) if problem.is(Kind::LedgerNotDeclared) => {
            search.prices(&*app.refresh_currencies().await?)?
        }
        read => read?,
    };
    let page = app.listings.search(search, prices).await?;
    Ok(json(StatusCode::OK, &page_view(app, &page)))
}

fn page_view(app: &App, page: &Page) -> Value {
    let currencies = app.currencies();
    let hit = |(listing, texts): &(_, _)| {
        let mut view = listing_view(listing, Some(texts), &currencies);
        // The state keeps neither; a listing by its number has them.
        for name in ["digest", "cause", "timestamp"] {
            view.remove(name);
        }
        Value::Object(view)
    };
    let (matches, exact) = match page.matches {
        Matches::Exactly(matches) => (matches, true),
        Matches::About(matches) => (matches, false),
    };
    value!({
        "listings": page.hits.iter().map(hit).collect::<Vec<_>>(),
        "matches": matches.to_string(),
        "exact": exact,
        "withdrawn": page.withdrawn,
        "changed": page.changed,
        "waiting_bytes": page.waiting.to_string(),
    })
}

/// A command that was carried out or refused, with the digest that it has.
struct Carried {
    command: Command,
    result: CommandResult,
    digest: [u8; 16],
}

async fn single(app: &App, new: NewListing) -> Answer {
    let done = carry_out(app, vec![new]).await;
    let done = done.map_err(|(_, problem)| problem)?;
    let done = &done[0];
    let answer = one(app, &done.command, &done.result).await?;
    Ok(json(answer.status(), &view(done)))
}

/// Has the books and the catalogue take listings; where it fails, the index with the problem, if
/// it is that of one.
async fn carry_out(
    app: &App,
    new: Vec<NewListing>,
) -> Result<Vec<Carried>, (Option<usize>, Problem)> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let (commands, texts): (Vec<_>, Vec<_>) =
        new.into_iter().map(|new| (new.command, new.texts)).unzip();
    let commands = take(app, &commands).await;
    let commands = commands.map_err(|(index, problem)| (Some(index), problem))?;
    let digests = texts.iter().map(|texts| digest(&texts.title, &texts.text));
    let digests: Vec<[u8; 16]> = digests.collect();
    let results = app.listings.carry_out(commands.clone(), texts).await;
    let results = results.map_err(|problem| (None, problem))?;
    let done = commands.into_iter().zip(results).zip(digests);
    let done = done.map(|((command, result), digest)| Carried {
        command,
        result,
        digest,
    });
    Ok(done.collect())
}

fn view(done: &Carried) -> Value {
    let mut view = outcome(&done.command, &done.result, None);
    let status = CommandStatus::from_code(done.result.status);
    if matches!(status, Some(CommandStatus::Created | CommandStatus::Exists)) {
        view["listing"] = number_of(&done.command, &done.result).into();
        view["digest"] = hexadecimal(done.digest).into();
    }
    view
}

/// The number in `/v1/listings/{number}`.
fn number(path: &str) -> Result<u32, Problem> {
    let text = path.rsplit('/').next().unwrap_or_default();
    let id = path_id(text)?;
    u32::try_from(id).map_err(|_| {
        let detail = format!("There is no listing {id}.");
        Problem::new(Kind::NotFound, detail)
    })
}
