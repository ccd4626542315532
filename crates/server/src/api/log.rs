//! The log as static files, for anyone (C2SP tlog-tiles); its prefix is `/log`.

use axum::http::{StatusCode, header};
use axum::response::Response;
use engine::{Checkpoints, Signed};
use merkle::tile::{Bundle, Tile};

use super::Answer;
use crate::body::{BULK, accept, plain, with};
use crate::problem::{Kind, Problem, ProblemBody, echo};
use crate::route::Call;

pub(super) const TEXT: &str = "text/plain; charset=utf-8";

/// A checkpoint is as good as the second it was asked in; caches may share it for that long.
const A_SECOND: &str = "public, max-age=1, must-revalidate";

/// A tile of a width never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// The latest checkpoint of the log.
///
/// A signed note: origin, size in batches, root. It follows each commit within a second.
#[utoipa::path(
    get, path = "/log/checkpoint", tag = "log",
    responses(
        (status = 200, description = "The checkpoint", body = String, content_type = "text/plain"),
        (status = 404, description = "The books sign none", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) fn log_checkpoint(call: &Call<'_>) -> Answer {
    accept(&call.head.headers, "text/plain")?;
    note(
        call,
        |now| now.latest.as_ref(),
        "There is none yet; ask again in a second.",
    )
}

/// The newest checkpoint that a quorum of witnesses has cosigned.
#[utoipa::path(
    get, path = "/log/witnessed", tag = "log",
    responses(
        (status = 200, description = "The checkpoint", body = String, content_type = "text/plain"),
        (status = 404, description = "There is none", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) fn log_witnessed(call: &Call<'_>) -> Answer {
    accept(&call.head.headers, "text/plain")?;
    let none = "No quorum of witnesses has cosigned one yet; /log/checkpoint has the latest.";
    note(call, |now| now.witnessed.as_ref(), none)
}

fn note(
    call: &Call<'_>,
    which: impl Fn(&Checkpoints) -> Option<&Signed>,
    none: &'static str,
) -> Answer {
    let now = signed_books(call)?;
    let signed = which(&now).ok_or_else(|| Problem::new(Kind::NoCheckpoint, none))?;
    let response = plain(StatusCode::OK, TEXT, signed.note.to_bytes().into());
    Ok(with(response, header::CACHE_CONTROL, A_SECOND))
}

/// The checkpoints as they stand, of books that sign them.
pub(super) fn signed_books(call: &Call<'_>) -> Result<Checkpoints, Problem> {
    let now = call.app.books.checkpoints();
    let now = now.map(|now| now.borrow().clone());
    now.ok_or_else(|| {
        let detail = "These books sign no checkpoints; give the log a key in its configuration.";
        Problem::new(Kind::NoCheckpoint, detail)
    })
}

/// A tile of the log, or a bundle of its entries.
///
/// `<L>/<N>` with 256 hashes, or `<L>/<N>.p/<W>` with W of them; `entries/<N>` and
/// `entries/<N>.p/<W>` likewise. N is in groups of three digits, `x` before all but the last.
#[utoipa::path(
    get, path = "/log/tile/{path}", tag = "log",
    params(("path" = String, Path, description = "As `0/x001/234` or `entries/000.p/7`")),
    responses(
        (status = 200, description = "32 bytes a hash; entries with their length before each, \
            16 bits, big-endian", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, description = "No path of a tile, or the log is not that long yet",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn log_tile(call: Call<'_>) -> Answer {
    accept(&call.head.headers, BULK)?;
    let path = call
        .head
        .uri
        .path()
        .strip_prefix("/log/")
        .unwrap_or_default();
    let books = &call.app.books;
    let (bytes, width) = if let Some(bundle) = Bundle::parse_path(path) {
        (books.entries(bundle).await?, bundle.width)
    } else if let Some(tile) = Tile::parse_path(path) {
        (books.tile(tile).await?, tile.width)
    } else {
        return Err(no_path(path));
    };
    let Some(bytes) = bytes else {
        let detail = format!(
            "The log has not all of the {width} that {path} names; /log/checkpoint says its size."
        );
        return Err(Problem::new(Kind::NoTile, detail));
    };
    Ok(tile(bytes))
}

fn tile(bytes: Vec<u8>) -> Response {
    let response = plain(StatusCode::OK, BULK, bytes.into());
    with(response, header::CACHE_CONTROL, FOREVER)
}

fn no_path(path: &str) -> Problem {
    let detail = format!(
        "{:?} is no path of a tile. Right ones are tile/0/x001/x234/067, tile/1/000.p/12 and \
         tile/entries/000.p/255: a level from 0 to 63 or `entries`, the number in groups of three \
         digits with x before all but the last, and .p/1 to .p/255 for a partial one.",
        echo(path)
    );
    Problem::new(Kind::NoTile, detail)
}
