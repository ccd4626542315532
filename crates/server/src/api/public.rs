//! The page for everybody, and its facts as JSON.

use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::Response;

use super::Answer;
use crate::body::{JSON, accept, plain, with};
use crate::problem::ProblemBody;
use crate::public::view::PublicView;
use crate::route::Call;

const STYLE: &str = include_str!("../page/public.css");

/// Only the style that is served here beside the page, no script, and no frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// As long as the page is kept here: caches may share it.
const SECONDS: &str = "public, max-age=5";

/// Rules, decisions, demands, client money and market shares, for everybody.
///
/// A page without script or names; `/public.json` has the same facts.
#[utoipa::path(
    get, path = "/public", tag = "public",
    responses(
        (status = 200, description = "A page", body = String, content_type = "text/html"),
        (status = 429, description = "The books have no time yet", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn public_page(call: Call<'_>) -> Answer {
    accept(&call.head.headers, "text/html")?;
    let made = call.app.public.page().await?;
    Ok(open(plain(
        StatusCode::OK,
        "text/html; charset=utf-8",
        made.html.clone(),
    )))
}

/// What the public page shows, as data.
///
/// Each list says how much of it is left out.
#[utoipa::path(
    get, path = "/public.json", tag = "public",
    responses(
        (status = 200, description = "The same facts", body = PublicView),
        (status = 429, description = "The books have no time yet", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn public_facts(call: Call<'_>) -> Answer {
    accept(&call.head.headers, JSON)?;
    let made = call.app.public.page().await?;
    Ok(open(plain(StatusCode::OK, JSON, made.json.clone())))
}

/// The style of the public page.
#[utoipa::path(
    get, path = "/public.css", tag = "public",
    responses((status = 200, description = "CSS", body = String, content_type = "text/css"))
)]
pub(crate) fn public_style(call: &Call<'_>) -> Answer {
    accept(&call.head.headers, "text/css")?;
    let style = Bytes::from_static(STYLE.as_bytes());
    Ok(open(plain(
        StatusCode::OK,
        "text/css; charset=utf-8",
        style,
    )))
}

fn open(response: Response) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, SECONDS),
    ];
    let add = |response, (name, value)| with(response, name, value);
    headers.into_iter().fold(response, add)
}
