//! Subscriptions: who gets which events as webhooks.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use engine::KindFilter;
use hooks::{Filter, HookError, Hooks, Id, NewSubscription, Secret};
use serde_json::json;

use super::Answer;
use crate::app::App;
use crate::body::{JSON, accept, json, json_bytes, json_only};
use crate::limits::OVERLAP_SECONDS;
use crate::problem::{Kind, Problem, ProblemBody, echo};
use crate::route::Call;
use crate::webhooks::{end, now};
use crate::wire::{
    DeadLettersView, NewWebhook, Replay, Rotation, WebhookView, parse_replay, parse_rotation,
    parse_webhook,
};

/// Subscribes a URL to events.
///
/// The answer has the secret that signs what is sent, this one time.
#[utoipa::path(
    post, path = "/v1/webhooks", tag = "webhooks", request_body = NewWebhook,
    responses(
        (status = 201, description = "Subscribed", body = WebhookView),
        (status = 422, description = "What was asked makes no sense", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_webhook(call: Call<'_>) -> Answer {
    let Call {
        app, head, body, ..
    } = call;
    json_only(&head.headers)?;
    let new = subscription(app, parse_webhook(&json_bytes(body).await?)?)?;
    let made = ask(app, move |hooks| hooks.subscribe(new)).await?;
    let view = WebhookView::from(made.subscription);
    let view = view.with_secret(&made.secret.text());
    Ok(json(StatusCode::CREATED, &view))
}

fn subscription(app: &App, new: NewWebhook) -> Result<NewSubscription, Problem> {
    for (index, kind) in new.kinds.iter().enumerate() {
        KindFilter::parse(kind).map_err(|right| {
            let detail = format!("{:?}: {right}.", echo(kind));
            Problem::new(Kind::Invalid, detail).at(format!("/kinds/{index}"))
        })?;
    }
    let end = end(&app.books);
    let from = new.from.map_or(end, |from| from.0);
    if from > end {
        let detail = format!("The log has {end} records; begin there, or before it.");
        return Err(Problem::new(Kind::Invalid, detail).at("/from"));
    }
    let secret = new.secret.as_deref().map(Secret::parse).transpose();
    let secret = secret.map_err(|error| {
        // The secret itself is not repeated.
        Problem::new(Kind::Invalid, error.to_string()).at("/secret")
    })?;
    Ok(NewSubscription {
        url: new.url,
        filter: Filter {
            kinds: new.kinds,
            parties: new.parties.into_iter().map(|party| party.0).collect(),
            order: new.order.0,
        },
        from,
        secret,
    })
}

/// All subscriptions, by name.
#[utoipa::path(
    get, path = "/v1/webhooks", tag = "webhooks",
    responses((status = 200, description = "How they stand", body = Vec<WebhookView>))
)]
pub(crate) async fn list_webhooks(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    let list = ask(call.app, |hooks| Ok(hooks.list())).await?;
    let views = list.into_iter().map(WebhookView::from);
    Ok(json(StatusCode::OK, &views.collect::<Vec<_>>()))
}

/// One subscription.
#[utoipa::path(
    get, path = "/v1/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "16 hexadecimal digits")),
    responses(
        (status = 200, description = "How it stands", body = WebhookView),
        (status = 404, description = "There is none", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_webhook(call: Call<'_>) -> Answer {
    change(call, |_, _| Ok(())).await
}

/// Delivers nothing more until it is resumed; its position stays.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/pause", tag = "webhooks",
    params(("id" = String, Path, description = "16 hexadecimal digits")),
    responses((status = 200, description = "How it stands", body = WebhookView))
)]
pub(crate) async fn pause_webhook(call: Call<'_>) -> Answer {
    change(call, Hooks::pause).await
}

/// Delivers again from where it stopped, at once, whatever it was stopped by.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/resume", tag = "webhooks",
    params(("id" = String, Path, description = "16 hexadecimal digits")),
    responses((status = 200, description = "How it stands", body = WebhookView))
)]
pub(crate) async fn resume_webhook(call: Call<'_>) -> Answer {
    change(call, Hooks::resume).await
}

/// Removes a subscription and its dead letters.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/remove", tag = "webhooks",
    params(("id" = String, Path, description = "16 hexadecimal digits")),
    responses((status = 200, description = "It is removed"))
)]
pub(crate) async fn remove_webhook(call: Call<'_>) -> Answer {
    let id = path_hook(&call)?;
    accept(&call.head.headers, JSON)?;
    ask(call.app, move |hooks| hooks.remove(id)).await?;
    Ok(json(StatusCode::OK, &json!({ "removed": id.to_string() })))
}

/// Signs with a new secret, and for a while with those before it too.
///
/// The answer has the new secret, this one time.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/rotate", tag = "webhooks", request_body = Rotation,
    params(("id" = String, Path, description = "16 hexadecimal digits")),
    responses((status = 200, description = "How it stands", body = WebhookView))
)]
pub(crate) async fn rotate_webhook(call: Call<'_>) -> Answer {
    let id = path_hook(&call)?;
    let Call {
        app, head, body, ..
    } = call;
    json_only(&head.headers)?;
    let overlap = parse_rotation(&json_bytes(body).await?)?.overlap_seconds;
    if overlap > OVERLAP_SECONDS {
        let detail = format!("Secrets overlap for at most {OVERLAP_SECONDS} s.");
        return Err(Problem::new(Kind::Invalid, detail).at("/overlap_seconds"));
    }
    let overlap = Duration::from_secs(overlap.into());
    let (secret, stands) = ask(app, move |hooks| {
        let secret = hooks.rotate(id, now(), overlap)?;
        Ok((secret, hooks.get(id)?))
    })
    .await?;
    let view = WebhookView::from(stands).with_secret(&secret.text());
    Ok(json(StatusCode::OK, &view))
}

/// The events that were given up, oldest first.
#[utoipa::path(
    get, path = "/v1/webhooks/{id}/dead", tag = "webhooks",
    params(("id" = String, Path, description = "16 hexadecimal digits")),
    responses((status = 200, description = "Its dead letters", body = DeadLettersView))
)]
pub(crate) async fn webhook_dead(call: Call<'_>) -> Answer {
    let id = path_hook(&call)?;
    accept(&call.head.headers, JSON)?;
    let dead = ask(call.app, move |hooks| hooks.dead(id)).await?;
    Ok(json(StatusCode::OK, &DeadLettersView::from(dead)))
}

/// Delivers once more from a position on, with the same ids.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/replay", tag = "webhooks", request_body = Replay,
    params(("id" = String, Path, description = "16 hexadecimal digits")),
    responses(
        (status = 200, description = "How it stands", body = WebhookView),
        (status = 422, description = "The position lies behind what is delivered next",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn replay_webhook(call: Call<'_>) -> Answer {
    json_only(&call.head.headers)?;
    let from = parse_replay(&json_bytes(call.body).await?)?.from.0;
    change(call, move |hooks, id| hooks.replay(id, from)).await
}

/// Tries each dead letter once more, whenever nothing new waits.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/replay-dead", tag = "webhooks",
    params(("id" = String, Path, description = "16 hexadecimal digits")),
    responses((status = 200, description = "How many are tried: `letters`"))
)]
pub(crate) async fn replay_dead(call: Call<'_>) -> Answer {
    let id = path_hook(&call)?;
    accept(&call.head.headers, JSON)?;
    let letters = ask(call.app, move |hooks| hooks.replay_dead(id)).await?;
    Ok(json(StatusCode::OK, &json!({ "letters": letters })))
}

/// Does something to the subscription of the path, and tells how it stands then.
async fn change(
    call: Call<'_>,
    change: impl FnOnce(&Hooks, Id) -> Result<(), HookError> + Send + 'static,
) -> Answer {
    let id = path_hook(&call)?;
    accept(&call.head.headers, JSON)?;
    let stands = ask(call.app, move |hooks| {
        change(hooks, id)?;
        hooks.get(id)
    });
    Ok(json(StatusCode::OK, &WebhookView::from(stands.await?)))
}

/// The subscription that the path names: its third part.
fn path_hook(call: &Call<'_>) -> Result<Id, Problem> {
    let text = call.head.uri.path().split('/').nth(3).unwrap_or_default();
    text.parse().map_err(|error| {
        let detail = format!("{:?}: {error}.", echo(text));
        Problem::new(Kind::InvalidId, detail)
    })
}

/// Asks on a thread that may wait for the disk.
async fn ask<T: Send + 'static>(
    app: &Arc<App>,
    question: impl FnOnce(&Hooks) -> Result<T, HookError> + Send + 'static,
) -> Result<T, Problem> {
    let app = Arc::clone(app);
    let answer = tokio::task::spawn_blocking(move || question(&app.hooks)).await;
    match answer {
        Ok(answer) => answer.map_err(problem),
        Err(error) => Err(Problem::new(Kind::Stopped, echo(&error.to_string()))),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives values")]
fn problem(error: HookError) -> Problem {
    let says = error.to_string();
    match error {
        HookError::Unknown(_) => Problem::new(Kind::NotFound, says),
        HookError::Url(_) => Problem::new(Kind::Invalid, says).at("/url"),
        HookError::Kind(_) | HookError::Kinds => Problem::new(Kind::Invalid, says).at("/kinds"),
        HookError::Parties => Problem::new(Kind::Invalid, says).at("/parties"),
        HookError::Secret(_) => Problem::new(Kind::Invalid, says).at("/secret"),
        HookError::Ahead { .. } => Problem::new(Kind::Invalid, says).at("/from"),
        HookError::Full => Problem::new(Kind::Invalid, says),
        HookError::Io(..)
        | HookError::Locked
        | HookError::Damaged(..)
        | HookError::Started
        | HookError::Options(_)
        | HookError::System(_) => {
            tracing::error!(%error, "webhooks");
            Problem::new(Kind::Stopped, says)
        }
    }
}
