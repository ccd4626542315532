//! What can be asked of the platform: commands, orders in bulk, and objects.

use axum::http::StatusCode;
use model::limits::{BATCH_COMMANDS, BATCH_LINES};
use model::object::{Listing, Noun, own_transfer};
use model::{Command, CommandResult, CommandStatus, CreateTransferStatus, Object, OrderEvent};
use serde_json::{Map, Value};

use super::Answer;
use super::receipts::path_id;
use crate::app::App;
use crate::auth::Scope;
use crate::body::{self, bulk, json, json_bytes, json_only, records};
use crate::problem::{Kind, Problem, ProblemBody};
use crate::route::{Access, Call};
use crate::wire::{Currencies, NewCommand, Posted, object_view, parse_commands};

/// Carries out commands.
///
/// One object (201, 200 where it was carried out before, or a problem), or an array of up to
/// 511, carried out in order, each whole or not at all, which answers 200 with an outcome each. A
/// command has an `id`, the caller's key of idempotency, an `act`, and the fields of the act;
/// docs/api.md has the table of acts.
#[utoipa::path(
    post, path = "/v1/commands", tag = "platform",
    request_body(content((Object = "application/json"))),
    responses(
        (status = 200, description = "An outcome each, in order; or the one was carried out before"),
        (status = 201, description = "The one was carried out"),
        (status = 409, description = "The id is taken by another command", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 422, description = "The one was refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn run_commands(call: Call<'_>) -> Answer {
    let Call {
        app, head, body, ..
    } = call;
    json_only(&head.headers)?;
    let bytes = json_bytes(body).await?;
    let posted = parse_commands(&bytes)?;
    if posted.events().iter().any(NewCommand::is_of_administration) {
        app.gate.admit(Access::Needs(Scope::Admin), head)?;
    }
    match posted {
        Posted::One(new) => {
            let commands = take(app, std::slice::from_ref(&new)).await;
            let commands = commands.map_err(|(_, problem)| problem)?;
            let results = app.books.commands(commands.clone()).await?;
            one(app, &commands[0], &results[0]).await
        }
        Posted::Many(new) => {
            if new.len() > BATCH_COMMANDS {
                let detail = format!("{} commands; at most {BATCH_COMMANDS}.", new.len());
                return Err(Problem::new(Kind::TooManyEvents, detail));
            }
            let commands = take(app, &new).await;
            let commands = commands.map_err(|(index, problem)| problem.within(index))?;
            let results = if commands.is_empty() {
                Vec::new()
            } else {
                app.books.commands(commands.clone()).await?
            };
            let mut outcomes = Vec::with_capacity(commands.len());
            for (command, result) in commands.iter().zip(&results) {
                let says = explained(app, command.id, result).await?;
                outcomes.push(outcome(command, result, says.as_deref()));
            }
            Ok(json(StatusCode::OK, &outcomes))
        }
    }
}

/// Places orders in bulk.
///
/// n x 128 bytes, a line of an order each, for n x 32.
#[utoipa::path(
    post, path = "/v1/orders", tag = "platform",
    request_body(content((Vec<u8> = "application/octet-stream"))),
    responses((status = 200, description = "A result each, in order",
        content((Vec<u8> = "application/octet-stream"))))
)]
pub(crate) async fn create_orders(call: Call<'_>) -> Answer {
    let Call {
        app, head, body, ..
    } = call;
    if body::form(&head.headers)? != body::Form::Bulk {
        let detail = "Orders in JSON are commands: `order_place` at /v1/commands.";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    let lines = records::<OrderEvent>(body, BATCH_LINES).await?;
    if lines.is_empty() {
        return Ok(bulk(Vec::<CommandResult>::new()));
    }
    Ok(bulk(app.books.create_orders(lines).await?))
}

/// The objects of a kind whose key begins with an id.
///
/// An array: of an order all its lines, of a gift's claims all, of other kinds the one.
#[utoipa::path(
    get, path = "/v1/objects/{kind}/{id}", tag = "platform",
    params(
        ("kind" = String, Path, description = "party, order_line, payment, hold, gift and so on"),
        ("id" = String, Path, description = "Decimal, or 0x hexadecimal"),
    ),
    responses(
        (status = 200, description = "As they stand"),
        (status = 404, description = "There is none", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_objects(call: Call<'_>) -> Answer {
    let Call { app, head, .. } = call;
    body::accept(&head.headers, body::JSON)?;
    let mut parts = head.uri.path().rsplit('/');
    let id = path_id(parts.next().unwrap_or_default())?;
    let name = parts.next().unwrap_or_default();
    let kind = Object::ALL.iter().find(|(_, known, _)| *known == name);
    let Some(&(kind, name, _)) = kind else {
        let names: Vec<_> = Object::ALL.iter().map(|(_, name, _)| *name).collect();
        let detail = format!("No object is of that kind; there are {}.", names.join(", "));
        return Err(Problem::new(Kind::NotFound, detail));
    };
    let mut found = find(app, kind, id).await?;
    // The seed of an open gift would tell who gets how much, and a sealed demand who asks.
    found.retain(|object| !object.is_secret());
    if found.is_empty() {
        return Err(Problem::new(
            Kind::NotFound,
            format!("There is no {name} {id}."),
        ));
    }
    let currencies = app.currencies();
    let views: Vec<Value> = found
        .iter()
        .map(|object| object_view(object, &currencies))
        .collect();
    Ok(json(StatusCode::OK, &views))
}

async fn find(app: &App, kind: u8, id: u128) -> Result<Vec<Object>, Problem> {
    if kind == Listing::KIND {
        let Ok(number) = u32::try_from(id) else {
            return Ok(Vec::new());
        };
        let listing = app.books.listing(number).await?;
        return Ok(listing.map(Object::Listing).into_iter().collect());
    }
    let open = app.books.objects(vec![(kind, (id, 0))]).await?;
    let open: Vec<Object> = open.into_iter().flatten().collect();
    if !open.is_empty() {
        return Ok(open);
    }
    let stood = app.books.objects_of(id).await?;
    let mut stood: Vec<Object> = stood
        .into_iter()
        .filter(|object| object.kind() == kind)
        .collect();
    stood.sort_by_key(Object::key);
    // What is secret until a gift has ended leaves the books with its end.
    stood.retain(|object| !matches!(object, Object::GiftSeed(seed) if seed.state == 0));
    Ok(stood)
}

/// The chart of accounts.
#[utoipa::path(
    get, path = "/v1/chart", tag = "platform",
    responses((status = 200, description = "Its lines, by code"))
)]
pub(crate) async fn get_chart(call: Call<'_>) -> Answer {
    let Call { app, head, .. } = call;
    body::accept(&head.headers, body::JSON)?;
    let currencies = app.currencies();
    let lines = app.books.chart().await?.into_iter().map(Object::ChartLine);
    let views: Vec<Value> = lines.map(|line| object_view(&line, &currencies)).collect();
    Ok(json(StatusCode::OK, &views))
}

/// Reads commands by the currencies of their ledgers; where it fails, the index with the problem.
pub(super) async fn take(app: &App, new: &[NewCommand]) -> Result<Vec<Command>, (usize, Problem)> {
    let all = |currencies: &Currencies| -> Result<Vec<Command>, (usize, Problem)> {
        let commands = new.iter().map(|new| new.to_model(currencies)).enumerate();
        commands
            .map(|(index, command)| command.map_err(|problem| (index, problem)))
            .collect()
    };
    match all(&app.currencies()) {
        Err((index, problem)) if problem.is(Kind::LedgerNotDeclared) => {
            let fresh = app.refresh_currencies().await;
            let fresh = fresh.map_err(|refused| (index, Problem::from(refused)))?;
            all(&fresh)
        }
        taken => taken,
    }
}

/// The answer to a single command.
pub(super) async fn one(app: &App, command: &Command, result: &CommandResult) -> Answer {
    let status = status_of(result);
    let http = match status {
        CommandStatus::Created => StatusCode::CREATED,
        CommandStatus::Exists => StatusCode::OK,
        refused => {
            let says = explained(app, command.id, result).await?;
            return Err(problem(command, result, (refused, says.as_deref())));
        }
    };
    Ok(json(http, &outcome(command, result, None)))
}

/// What a rule says to a command that it refused or held.
async fn explained(
    app: &App,
    command: u128,
    result: &CommandResult,
) -> Result<Option<String>, Problem> {
    if !is_by_rule(status_of(result)) {
        return Ok(None);
    }
    super::rules::says(app, command, result.number).await
}

/// Whether a rule refused it, so that the number is that of a finding.
const fn is_by_rule(status: CommandStatus) -> bool {
    matches!(
        status,
        CommandStatus::RefusedByRule | CommandStatus::HeldForReview
    )
}

fn status_of(result: &CommandResult) -> CommandStatus {
    CommandStatus::from_code(result.status).expect("the books give statuses of the table")
}

/// What became of a command, in JSON.
pub(super) fn outcome(command: &Command, result: &CommandResult, says: Option<&str>) -> Value {
    let status = status_of(result);
    let mut view = Map::new();
    view.insert("id".to_owned(), command.id.to_string().into());
    view.insert("status".to_owned(), status.name().into());
    view.insert("timestamp".to_owned(), result.timestamp.to_string().into());
    if matches!(status, CommandStatus::Created | CommandStatus::Exists) {
        let ids = (0..u64::from(result.transfers)).map(|k| own_transfer(result.first_transfer + k));
        let ids: Vec<Value> = ids.map(|id| id.to_string().into()).collect();
        view.insert("transfers".to_owned(), ids.into());
        if command.act.facts().name == "listing_add" {
            view.insert("listing".to_owned(), result.number.into());
        }
    } else {
        view.insert("status_code".to_owned(), status.code().into());
        if is_by_rule(status) {
            view.insert("finding".to_owned(), result.number.to_string().into());
        }
        let detail = detail(command, result, (status, says));
        view.insert("detail".to_owned(), detail.into());
        if let Some(at) = pointer(command, result) {
            view.insert("pointer".to_owned(), at.into());
        }
    }
    Value::Object(view)
}

fn problem(
    command: &Command,
    result: &CommandResult,
    (status, says): (CommandStatus, Option<&str>),
) -> Problem {
    let http = if status == CommandStatus::ExistsWithDifferentContent {
        StatusCode::CONFLICT
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let facts = (status.code(), status.name());
    let problem = Problem::of_status(
        http,
        facts,
        status.sentence(),
        detail(command, result, (status, says)),
    );
    match pointer(command, result) {
        Some(at) => problem.at(at),
        None if is_by_rule(status) => problem.found(result.number),
        None => problem,
    }
}

/// Where in the command it was wrong.
fn pointer(command: &Command, result: &CommandResult) -> Option<String> {
    if is_by_rule(status_of(result)) {
        return None;
    }
    let fields = command.act.facts().fields;
    let field = (result.number as u32).checked_sub(1);
    let field = field.and_then(|place| fields.get(place as usize));
    let leg = (result.number >> 32).checked_sub(1);
    match (leg, field) {
        (Some(leg), None) => Some(format!("/legs/{leg}")),
        (Some(leg), Some(field)) => Some(format!("/legs/{leg}/{}", field.name)),
        (None, Some(field)) => Some(format!("/{}", field.name)),
        (None, None) => None,
    }
}

fn detail(
    command: &Command,
    result: &CommandResult,
    (status, says): (CommandStatus, Option<&str>),
) -> String {
    let mut text = format!("{}: {}", command.act.facts().name, status.sentence());
    if let Some(says) = says {
        text = format!("{text} {says}");
    }
    if let Some(at) = pointer(command, result) {
        text = format!("{text} It is at {at}.");
    }
    if let Some(transfer) = CreateTransferStatus::from_code(result.transfers)
        && result.transfers != 0
    {
        text = format!("{text} {}", transfer.sentence());
    }
    text
}
