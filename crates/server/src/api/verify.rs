//! The page that checks receipts and balance proofs in the reader's browser. Nothing is sent: it
//! asks for its own script and its own code, and the browser is told to let it ask nobody else.

use axum::body::Bytes;
use axum::http::{StatusCode, header};

use super::Answer;
use crate::body::{accept, plain, with};
use crate::route::Call;

const PAGE: &str = include_str!("../page/verify.html");
const SCRIPT: &str = include_str!("../page/verify.js");
const STYLE: &str = include_str!("../page/verify.css");
const MODULE: &[u8] = include_bytes!("../../assets/verify.wasm");

/// Only what is served here beside the page, and no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// A page that checks receipts and balance proofs.
///
/// What it checks stays in the browser.
#[utoipa::path(
    get, path = "/verify", tag = "verify",
    responses((status = 200, description = "A page", body = String, content_type = "text/html"))
)]
pub(crate) fn verify_page(call: &Call<'_>) -> Answer {
    asset(call, "text/html; charset=utf-8", PAGE.as_bytes())
}

/// The script of the page.
#[utoipa::path(
    get, path = "/verify.js", tag = "verify",
    responses((status = 200, description = "JavaScript", body = String,
        content_type = "text/javascript"))
)]
pub(crate) fn verify_script(call: &Call<'_>) -> Answer {
    asset(call, "text/javascript; charset=utf-8", SCRIPT.as_bytes())
}

/// The style of the page.
#[utoipa::path(
    get, path = "/verify.css", tag = "verify",
    responses((status = 200, description = "CSS", body = String, content_type = "text/css"))
)]
pub(crate) fn verify_style(call: &Call<'_>) -> Answer {
    asset(call, "text/css; charset=utf-8", STYLE.as_bytes())
}

/// The verifier of the page.
#[utoipa::path(
    get, path = "/verify.wasm", tag = "verify",
    responses((status = 200, description = "WebAssembly", body = Vec<u8>,
        content_type = "application/wasm"))
)]
pub(crate) fn verify_module(call: &Call<'_>) -> Answer {
    asset(call, "application/wasm", MODULE)
}

fn asset(call: &Call<'_>, media: &'static str, bytes: &'static [u8]) -> Answer {
    let kind = media.split(';').next().unwrap_or(media);
    accept(&call.head.headers, kind)?;
    let response = plain(StatusCode::OK, media, Bytes::from_static(bytes));
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // A new release has a new verifier.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    let add = |response, (name, value)| with(response, name, value);
    Ok(headers.into_iter().fold(response, add))
}
