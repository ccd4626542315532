//! The requests of a witness, answered in plain text.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use merkle::witness::{AddCheckpoint, MAX_REQUEST, SIZE_TYPE, Verdict};

use super::state::{Outcome, Witness};
use crate::body::{bytes, discard, plain, with};

const TEXT: &str = "text/plain; charset=utf-8";

pub(super) fn router(witness: Arc<Witness>) -> Router {
    Router::new()
        .route("/", get(facts))
        .route("/add-checkpoint", post(add_checkpoint))
        .fallback(async || {
            text(
                StatusCode::NOT_FOUND,
                "POST /add-checkpoint, or GET /".into(),
            )
        })
        .with_state(witness)
}

async fn facts(State(witness): State<Arc<Witness>>) -> Response {
    // A log's mutex is held while the disk is written.
    let facts = tokio::task::spawn_blocking(move || witness.facts()).await;
    match facts {
        Ok(facts) => with(
            plain(StatusCode::OK, TEXT, facts.into()),
            header::CACHE_CONTROL,
            "no-store",
        ),
        Err(_) => failed(),
    }
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, request: Request) -> Response {
    let mut body = request.into_body();
    let sent = match bytes(&mut body, MAX_REQUEST).await {
        Ok(sent) => sent,
        Err(problem) => {
            discard(&mut body).await;
            let status = StatusCode::from_u16(problem.body().status());
            let status = status.unwrap_or(StatusCode::BAD_REQUEST);
            return text(status, problem.body().detail().to_owned());
        }
    };
    let request = match AddCheckpoint::parse(&sent) {
        Ok(request) => request,
        Err(error) => return text(StatusCode::BAD_REQUEST, error.to_string()),
    };
    let time = seconds();
    let judged = tokio::task::spawn_blocking(move || witness.add(&request, &sent, time)).await;
    match judged {
        Ok(Outcome::Judged(verdict, lines)) => answer(&verdict, lines),
        Ok(Outcome::Failed) | Err(_) => failed(),
    }
}

fn answer(verdict: &Verdict, lines: String) -> Response {
    let status = StatusCode::from_u16(verdict.status()).expect("verdicts have HTTP statuses");
    match verdict {
        Verdict::Cosign(_) => plain(status, TEXT, lines.into()),
        Verdict::Stale(size) => plain(status, SIZE_TYPE, format!("{size}\n").into()),
        refused => text(status, refused.to_string()),
    }
}

fn text(status: StatusCode, line: String) -> Response {
    plain(status, TEXT, Bytes::from(line + "\n"))
}

fn failed() -> Response {
    let line = "The witness cannot keep what it would cosign.".to_owned();
    text(StatusCode::INTERNAL_SERVER_ERROR, line)
}

/// The time of a cosignature, in POSIX seconds.
fn seconds() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a cosignature says when it was made; this is its edge"
    )]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH)
        .as_ref()
        .map_or(0, Duration::as_secs)
}
