//! What tells about the service itself.

use axum::body::Bytes;
use axum::http::{StatusCode, header};
use engine::Refused;

use super::Answer;
use crate::body::{JSON, accept, plain, with};
use crate::problem::{Problem, ProblemBody};
use crate::route::Call;

const PAGE: &str = include_str!("index.html");

/// The host in the page's examples, where the request names no better one.
const USUAL_HOST: &str = "127.0.0.1:7411";

/// By what name the server was asked, if that can stand in a page as it is.
fn host<'a>(call: &'a Call<'_>) -> &'a str {
    let host = call.head.headers.get(header::HOST);
    let plain = |host: &&str| {
        host.len() < 256
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    };
    host.and_then(|host| host.to_str().ok())
        .filter(plain)
        .unwrap_or(USUAL_HOST)
}

/// What this is and what to try.
#[utoipa::path(
    get, path = "/", tag = "service",
    responses((status = 200, description = "A page", body = String, content_type = "text/html"))
)]
pub(crate) fn index(call: &Call<'_>) -> Answer {
    accept(&call.head.headers, "text/html")?;
    let text = PAGE.replace(USUAL_HOST, host(call));
    let page = plain(StatusCode::OK, "text/html; charset=utf-8", text.into());
    // The page needs no script and no other source.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    let page = with(page, header::CONTENT_SECURITY_POLICY, policy);
    Ok(with(page, header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

/// This description.
#[utoipa::path(
    get, path = "/openapi.json", tag = "service",
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
pub(crate) fn document(call: &Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    Ok(plain(StatusCode::OK, JSON, call.app.document.clone()))
}

/// Whether the process is alive.
#[utoipa::path(
    get, path = "/health", tag = "service",
    responses((status = 200, description = "It is", body = Object))
)]
pub(crate) fn health(call: &Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    Ok(plain(
        StatusCode::OK,
        JSON,
        Bytes::from_static(b"{\"status\":\"alive\"}"),
    ))
}

/// Whether the books take requests.
#[utoipa::path(
    get, path = "/ready", tag = "service",
    responses(
        (status = 200, description = "They do", body = Object),
        (status = 503, description = "They do not", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ready(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    match call.app.books.ledgers().await {
        // Full is ready: a probe that took it for dead would make it worse.
        Ok(_) | Err(Refused::Busy) => Ok(plain(
            StatusCode::OK,
            JSON,
            Bytes::from_static(b"{\"status\":\"ready\"}"),
        )),
        Err(refused) => Err(Problem::from(refused)),
    }
}

/// Counters in the `OpenMetrics` text format.
#[utoipa::path(
    get, path = "/metrics", tag = "service",
    responses((status = 200, description = "Counters", body = String,
        content_type = "application/openmetrics-text"))
)]
pub(crate) fn metrics(call: &Call<'_>) -> Answer {
    const MEDIA: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    accept(&call.head.headers, "application/openmetrics-text")?;
    Ok(plain(StatusCode::OK, MEDIA, call.app.metrics.text().into()))
}
