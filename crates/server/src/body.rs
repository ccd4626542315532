//! Bodies: their form, reading them within bounds, and answering.

use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use tokio::time::timeout;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::limits::{BODY_WAIT, DISCARD_BYTES, DISCARD_WAIT, JSON_BYTES};
use crate::problem::{Kind, Problem, echo};

/// In which form a request is made, and so answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `application/octet-stream`: records as they stand in memory.
    Bulk,
    /// `application/json`.
    Json,
}

pub(crate) const BULK: &str = "application/octet-stream";
pub(crate) const JSON: &str = "application/json";

/// The form of a request to a route that takes both.
pub(crate) fn form(headers: &HeaderMap) -> Result<Form, Problem> {
    let form = match content_type(headers) {
        Some(is) if is.eq_ignore_ascii_case(BULK) => Form::Bulk,
        Some(is) if is.eq_ignore_ascii_case(JSON) => Form::Json,
        other => {
            return Err(unsupported(
                other,
                "application/json or application/octet-stream",
            ));
        }
    };
    accept(headers, if form == Form::Bulk { BULK } else { JSON })?;
    Ok(form)
}

/// Refuses what is not JSON.
pub(crate) fn json_only(headers: &HeaderMap) -> Result<(), Problem> {
    match content_type(headers) {
        Some(is) if is.eq_ignore_ascii_case(JSON) => accept(headers, JSON),
        other => Err(unsupported(other, JSON)),
    }
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim_ascii)
}

fn unsupported(is: Option<&str>, right: &str) -> Problem {
    let is = is.map_or("missing".to_owned(), |is| format!("{:?}", echo(is)));
    let detail = format!("`Content-Type` is {is}; send {right}.");
    Problem::new(Kind::UnsupportedMediaType, detail)
}

/// Refuses where the client takes no answer of this media type.
pub(crate) fn accept(headers: &HeaderMap, media: &'static str) -> Result<(), Problem> {
    let mut values = headers.get_all(header::ACCEPT).iter().peekable();
    if values.peek().is_none() || values.any(|value| accepts(value, media)) {
        return Ok(());
    }
    let detail = format!("The answer is {media}; let `Accept` take it, or leave it out.");
    Err(Problem::new(Kind::NotAcceptable, detail))
}

fn accepts(value: &HeaderValue, media: &str) -> bool {
    let Ok(value) = value.to_str() else {
        return false;
    };
    value.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim_ascii);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.bytes().all(|byte| byte == b'0' || byte == b'.'))
        });
        let whole = name == "*/*" || name.eq_ignore_ascii_case(media);
        let kind = name.strip_suffix("/*").zip(media.split_once('/'));
        !refused && (whole || kind.is_some_and(|(name, (kind, _))| name.eq_ignore_ascii_case(kind)))
    })
}

/// The next piece of a body; `None` at its end.
async fn next(body: &mut Body) -> Result<Option<Bytes>, Problem> {
    loop {
        match std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
            None => return Ok(None),
            // Trailers say nothing here.
            Some(Ok(frame)) => {
                if let Ok(piece) = frame.into_data() {
                    return Ok(Some(piece));
                }
            }
            Some(Err(_)) => {
                let detail = "The body ended before its length, or its framing is wrong.";
                return Err(Problem::new(Kind::BrokenBody, detail));
            }
        }
    }
}

async fn in_time<T>(read: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    timeout(BODY_WAIT, read).await.unwrap_or_else(|_| {
        let detail = format!("The body takes longer than {} s.", BODY_WAIT.as_secs());
        Err(Problem::new(Kind::BodyTimeout, detail))
    })
}

fn too_large(most: usize) -> Problem {
    Problem::new(
        Kind::BodyTooLarge,
        format!("The body may have {most} bytes; send less at once."),
    )
}

/// A JSON body.
pub(crate) async fn json_bytes(body: &mut Body) -> Result<Bytes, Problem> {
    bytes(body, JSON_BYTES).await
}

/// A body of up to `most` bytes. One that arrived in one piece is not copied.
pub(crate) async fn bytes(body: &mut Body, most: usize) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > most as u64 {
        return Err(too_large(most));
    }
    in_time(async {
        let Some(first) = next(body).await? else {
            return Ok(Bytes::new());
        };
        if first.len() > most {
            return Err(too_large(most));
        }
        if body.is_end_stream() {
            return Ok(first);
        }
        let mut bytes = Vec::from(first);
        while let Some(piece) = next(body).await? {
            if bytes.len() + piece.len() > most {
                return Err(too_large(most));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Bytes::from(bytes))
    })
    .await
}

/// A body that is an array of up to `most` records. It is copied once, from where it was received
/// into the aligned memory that the books take.
pub(crate) async fn records<T>(body: &mut Body, most: usize) -> Result<Vec<T>, Problem>
where
    T: FromBytes + IntoBytes + Immutable,
{
    let stride = size_of::<T>();
    let declared = body
        .size_hint()
        .exact()
        .map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    if let Some(bytes) = declared {
        check_length(bytes, stride, most)?;
    }
    let zeroed = |count| T::new_vec_zeroed(count).expect("a batch fits into memory");
    let mut records: Vec<T> = zeroed(declared.unwrap_or(0) / stride);
    in_time(async {
        let mut filled = 0;
        while let Some(piece) = next(body).await? {
            let end = filled + piece.len();
            if end > records.len() * stride {
                if end > most * stride {
                    return Err(too_large(most * stride));
                }
                // Without a declared length it doubles, so that each byte moves twice at most
                // on the average.
                let room = end.div_ceil(stride).max(records.len() * 2).min(most);
                let mut larger = zeroed(room);
                larger.as_mut_bytes()[..filled].copy_from_slice(&records.as_bytes()[..filled]);
                records = larger;
            }
            records.as_mut_bytes()[filled..end].copy_from_slice(&piece);
            filled = end;
        }
        check_length(filled, stride, most)?;
        records.truncate(filled / stride);
        Ok(records)
    })
    .await
}

/// A body that is exactly one record.
pub(crate) async fn record<T>(body: &mut Body) -> Result<T, Problem>
where
    T: FromBytes + IntoBytes + Immutable,
{
    let mut records = records::<T>(body, 1).await?;
    records.pop().ok_or_else(|| {
        let detail = format!(
            "The body is empty; send one filter of {} bytes.",
            size_of::<T>()
        );
        Problem::new(Kind::MalformedBulk, detail)
    })
}

fn check_length(bytes: usize, stride: usize, most: usize) -> Result<(), Problem> {
    if bytes > most * stride {
        return Err(too_large(most * stride));
    }
    if !bytes.is_multiple_of(stride) {
        let whole = bytes / stride;
        let detail = format!(
            "The body has {bytes} bytes, which is no multiple of {stride}: the record that begins \
             at the offset is cut short."
        );
        return Err(Problem::new(Kind::MalformedBulk, detail).at_byte(whole * stride));
    }
    Ok(())
}

/// Reads on for a moment what a refused client is still sending: a connection that is closed
/// with bytes unread is reset, and the refusal may be lost with it.
pub(crate) async fn discard(body: &mut Body) {
    let reading = async {
        let mut bytes = 0;
        while let Ok(Some(piece)) = next(body).await {
            bytes += piece.len();
            if bytes > DISCARD_BYTES {
                return;
            }
        }
    };
    // Late or not, the refusal goes out next.
    let _ = timeout(DISCARD_WAIT, reading).await;
}

/// Records that are sent from where they are.
struct Records<T>(Vec<T>);

impl<T: IntoBytes + Immutable> AsRef<[u8]> for Records<T> {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Answers with records.
pub(crate) fn bulk<T>(records: Vec<T>) -> Response
where
    T: IntoBytes + Immutable + Send + Sync + 'static,
{
    plain(StatusCode::OK, BULK, Bytes::from_owner(Records(records)))
}

/// Answers with JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let mut bytes = Vec::with_capacity(128);
    serde_json::to_writer(&mut bytes, value).expect("the twins are plain JSON");
    plain(status, JSON, bytes.into())
}

/// Answers with bytes of any media type.
pub(crate) fn plain(status: StatusCode, media: &'static str, bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

/// Adds a header whose value is known beforehand.
pub(crate) fn with(mut response: Response, name: HeaderName, value: &'static str) -> Response {
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
    response
}

#[cfg(test)]
mod tests {
    use super::{Form, accept, bulk, form, json_bytes, record, records};
    use crate::problem::Kind;
    use axum::body::Body;
    use axum::http::{HeaderMap, HeaderName, header};
    use model::{QueryFilter, Transfer};
    use zerocopy::IntoBytes;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().expect("a header"))])
    }

    #[test]
    fn forms() {
        let of = |value: &str| form(&headers(header::CONTENT_TYPE, value));
        assert_eq!(of("application/json; charset=utf-8"), Ok(Form::Json));
        assert_eq!(of("Application/Octet-Stream"), Ok(Form::Bulk));
        for other in [
            "text/plain",
            "application/jsonp",
            "",
            "application/x-www-form-urlencoded",
        ] {
            assert!(of(other).is_err_and(|problem| problem.is(Kind::UnsupportedMediaType)));
        }
        assert!(form(&HeaderMap::new()).is_err());
    }

    #[test]
    fn accepting() {
        let takes = |value: &str| accept(&headers(header::ACCEPT, value), super::JSON).is_ok();
        for value in [
            "*/*",
            "application/json",
            "text/html, application/*;q=0.8",
            "Application/JSON",
        ] {
            assert!(takes(value), "{value}");
        }
        for value in [
            "text/html",
            "application/json;q=0",
            "application/json; q=0.000",
            "text/*",
        ] {
            assert!(!takes(value), "{value}");
        }
        assert!(accept(&HeaderMap::new(), super::JSON).is_ok());
    }

    #[tokio::test]
    async fn records_are_read_and_sent_as_they_are() {
        let sent: Vec<Transfer> = (1..=100)
            .map(|id| Transfer {
                id,
                amount: id << 90,
                ..Transfer::default()
            })
            .collect();
        let mut body = Body::from(sent.as_bytes().to_vec());
        assert_eq!(records::<Transfer>(&mut body, 100).await, Ok(sent.clone()));
        let mut answer = bulk(sent.clone()).into_body();
        assert_eq!(records::<Transfer>(&mut answer, 100).await, Ok(sent));
    }

    #[tokio::test]
    async fn lengths() {
        let read = async |bytes: usize| {
            let mut body = Body::from(vec![0; bytes]);
            records::<Transfer>(&mut body, 3).await
        };
        assert!(read(0).await.is_ok_and(|records| records.is_empty()));
        assert!(read(384).await.is_ok_and(|records| records.len() == 3));
        let cut = read(300).await.expect_err("it is cut");
        assert!(cut.is(Kind::MalformedBulk) && cut.body().offset() == Some(256));
        assert!(
            read(385)
                .await
                .is_err_and(|problem| problem.is(Kind::BodyTooLarge))
        );
        let mut empty = Body::empty();
        let none = record::<QueryFilter>(&mut empty)
            .await
            .expect_err("it is empty");
        assert!(none.body().detail().contains("64 bytes"));
        assert_eq!(
            json_bytes(&mut Body::from("{}")).await.as_deref(),
            Ok(&b"{}"[..])
        );
    }
}
