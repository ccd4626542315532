//! Refusals as RFC 9457 problems: what was wrong, where, and what would be right.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::Refused;
use serde::Serialize;
use utoipa::ToSchema;

use crate::limits::ECHO_CHARS;

/// Why a request was refused, apart from the statuses of the books. The name of each is stable:
/// it ends the problem's `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The body is not the JSON that the route takes.
    MalformedJson,
    /// The body is not an array of records.
    MalformedBulk,
    /// The body broke off, or its framing is wrong.
    BrokenBody,
    /// An identifier in the path is not one.
    InvalidId,
    /// The amount is not one of the ledger's currency.
    InvalidAmount,
    /// A currency that cannot be declared.
    InvalidCurrency,
    /// A filter that could yield nothing.
    InvalidFilter,
    /// The books say that it makes no sense.
    Invalid,
    /// A decimal amount on a ledger without a currency.
    LedgerNotDeclared,
    /// The ledger has another currency.
    LedgerConflict,
    /// No token, or one that is not known.
    Unauthorized,
    /// The token's scope is too small, or whoever has it may not.
    Forbidden,
    /// A browser's request from elsewhere.
    ForeignOrigin,
    /// No account or transfer has the identifier.
    NotFound,
    /// The log has no such checkpoint: none yet, none cosigned, or the books sign none.
    NoCheckpoint,
    /// The log has no such tile.
    NoTile,
    /// No such route.
    RouteNotFound,
    /// The route takes other methods.
    MethodNotAllowed,
    /// The route has no answer in a form the client accepts.
    NotAcceptable,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The body is larger than any the route takes.
    BodyTooLarge,
    /// More events, ids or objects than one batch holds.
    TooManyEvents,
    /// The route takes other content types.
    UnsupportedMediaType,
    /// There are as many streams of events as there may be.
    TooManyStreams,
    /// The queue is full.
    Busy,
    /// The books are closing, or have stopped.
    Stopped,
    /// What is kept beside the books cannot be read or written.
    Unavailable,
}

impl Kind {
    /// All of them, by HTTP status.
    pub const ALL: &[Self] = &[
        Self::MalformedJson,
        Self::MalformedBulk,
        Self::BrokenBody,
        Self::InvalidId,
        Self::Unauthorized,
        Self::Forbidden,
        Self::ForeignOrigin,
        Self::NotFound,
        Self::NoCheckpoint,
        Self::NoTile,
        Self::RouteNotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::BodyTimeout,
        Self::LedgerConflict,
        Self::BodyTooLarge,
        Self::TooManyEvents,
        Self::UnsupportedMediaType,
        Self::InvalidAmount,
        Self::InvalidCurrency,
        Self::InvalidFilter,
        Self::Invalid,
        Self::LedgerNotDeclared,
        Self::TooManyStreams,
        Self::Busy,
        Self::Stopped,
        Self::Unavailable,
    ];

    /// HTTP status, stable name and title.
    pub const fn facts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::MalformedJson => (400, "malformed_json", "The body is not the JSON expected."),
            Self::MalformedBulk => (400, "malformed_bulk", "The body is no array of records."),
            Self::BrokenBody => (400, "broken_body", "The body broke off."),
            Self::InvalidId => (400, "invalid_id", "The path holds no identifier."),
            Self::Unauthorized => (401, "unauthorized", "A valid token is needed."),
            Self::Forbidden => (403, "forbidden", "The token does not allow it."),
            Self::ForeignOrigin => (403, "foreign_origin", "The request is not from here."),
            Self::NotFound => (404, "not_found", "Nothing has this identifier."),
            Self::NoCheckpoint => (404, "no_checkpoint", "The log has no such checkpoint."),
            Self::NoTile => (404, "no_tile", "The log has no such tile."),
            Self::RouteNotFound => (404, "route_not_found", "There is no such route."),
            Self::MethodNotAllowed => {
                (405, "method_not_allowed", "The route takes no such method.")
            }
            Self::NotAcceptable => (406, "not_acceptable", "No accepted form of the answer."),
            Self::BodyTimeout => (408, "body_timeout", "The body did not arrive in time."),
            Self::LedgerConflict => (409, "ledger_conflict", "The ledger has another currency."),
            Self::BodyTooLarge => (413, "body_too_large", "The body is too large."),
            Self::TooManyEvents => (413, "too_many_events", "More than one batch holds."),
            Self::UnsupportedMediaType => (
                415,
                "unsupported_media_type",
                "The route takes no such content type.",
            ),
            Self::InvalidAmount => (422, "invalid_amount", "The amount is none of its currency."),
            Self::InvalidCurrency => (422, "invalid_currency", "The currency is none."),
            Self::InvalidFilter => (422, "invalid_filter", "The filter could yield nothing."),
            Self::Invalid => (422, "invalid", "What was asked makes no sense."),
            Self::LedgerNotDeclared => (
                422,
                "ledger_not_declared",
                "The ledger has no currency yet.",
            ),
            Self::TooManyStreams => (429, "too_many_streams", "No more streams may be."),
            Self::Busy => (429, "busy", "The queue is full."),
            Self::Stopped => (503, "stopped", "The books are closed."),
            Self::Unavailable => (
                503,
                "unavailable",
                "What is beside the books is out of reach.",
            ),
        }
    }
}

/// The body of a refusal, `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Stable: `urn:counterfoil:problem:…`, or `urn:counterfoil:status:…` where an event was
    /// refused by the books.
    #[serde(rename = "type")]
    kind: String,
    /// What it is, in a sentence.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What was wrong here, and what would be right.
    detail: Cow<'static, str>,
    /// Where in the JSON body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// Where in the body, in bytes from its start.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<usize>,
    /// The published number of the status, where the books refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u32>,
    /// The published name of the status, where the books refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_name: Option<&'static str>,
    /// Number of the finding, where a rule or a decision forbids it.
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<String>,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(Box<ProblemBody>);

impl Problem {
    /// A refusal that says what was wrong and what would be right.
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        let (status, name, title) = kind.facts();
        Self(Box::new(ProblemBody {
            kind: format!("urn:counterfoil:problem:{name}"),
            title,
            status,
            detail: detail.into(),
            pointer: None,
            offset: None,
            status_code: None,
            status_name: None,
            finding: None,
        }))
    }

    /// A refusal of the books, `status` by its published number and name.
    pub fn of_status(
        http: StatusCode,
        (code, name): (u32, &'static str),
        title: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(ProblemBody {
            kind: format!("urn:counterfoil:status:{name}"),
            title,
            status: http.as_u16(),
            detail: detail.into(),
            pointer: None,
            offset: None,
            status_code: Some(code),
            status_name: Some(name),
            finding: None,
        }))
    }

    /// The same, with a sentence more.
    #[must_use]
    pub fn and(mut self, sentence: &str) -> Self {
        let detail = self.0.detail.to_mut();
        detail.push(' ');
        detail.push_str(sentence);
        self
    }

    /// The same, with the number of the finding because of which it is refused.
    #[must_use]
    pub fn found(mut self, finding: u64) -> Self {
        self.0.finding = Some(finding.to_string());
        self
    }

    /// The same, with a JSON pointer into the body.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.0.pointer = Some(pointer.into());
        self
    }

    /// The same, within the element `index` of an array.
    #[must_use]
    pub fn within(self, index: usize) -> Self {
        self.under(&format!("/{index}"))
    }

    /// The same, within the part of the body that `pointer` leads to.
    #[must_use]
    pub fn under(mut self, pointer: &str) -> Self {
        let inner = self.0.pointer.take().unwrap_or_default();
        self.0.pointer = Some(format!("{pointer}{inner}"));
        self
    }

    /// The same, with a byte offset into the body.
    #[must_use]
    pub fn at_byte(mut self, offset: usize) -> Self {
        self.0.offset = Some(offset);
        self
    }

    /// Whether it is of this kind.
    pub fn is(&self, kind: Kind) -> bool {
        let (_, name, _) = kind.facts();
        self.0.kind.strip_prefix("urn:counterfoil:problem:") == Some(name)
    }

    /// What it says.
    pub fn body(&self) -> &ProblemBody {
        &self.0
    }
}

impl ProblemBody {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// What was wrong here, and what would be right.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Where in the JSON body.
    pub fn pointer(&self) -> Option<&str> {
        self.pointer.as_deref()
    }

    /// Where in the body, in bytes from its start.
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Busy => Self::new(Kind::Busy, "Try again in a second; nothing was changed."),
            Refused::TooMany => too_many(),
            Refused::Invalid(what) => Self::new(Kind::Invalid, what),
            Refused::Missing(what) => Self::new(Kind::NotFound, what),
            Refused::Stopped(why) => Self::new(Kind::Stopped, echo(&why)),
        }
    }
}

/// More events or ids than one batch holds.
pub(crate) fn too_many() -> Problem {
    let most = model::limits::BATCH_EVENTS;
    Problem::new(
        Kind::TooManyEvents,
        format!("A request holds at most {most}; send several."),
    )
}

/// The beginning of `text`, so that a refusal never grows with what it refuses.
pub(crate) fn echo(text: &str) -> String {
    text.chars().take(ECHO_CHARS).collect()
}

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.0).expect("problems are plain JSON");
        let mut response = Response::new(Body::from(body));
        let status = StatusCode::from_u16(self.0.status).expect("the tables hold HTTP statuses");
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        // What is not there yet may be in a second.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match status {
            StatusCode::UNAUTHORIZED => {
                let scheme = HeaderValue::from_static("Bearer");
                headers.insert(header::WWW_AUTHENTICATE, scheme);
            }
            StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Problem, echo};
    use crate::limits::ECHO_CHARS;

    #[test]
    fn all_kinds_are_listed_by_status_and_once() {
        let facts: Vec<_> = Kind::ALL.iter().map(|kind| kind.facts()).collect();
        assert!(facts.is_sorted_by_key(|&(status, _, _)| status));
        let mut names: Vec<_> = facts.iter().map(|&(_, name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::ALL.len());
    }

    #[test]
    fn shape() {
        let problem = Problem::new(Kind::InvalidAmount, "digits")
            .at("/amount")
            .within(3);
        let text = serde_json::to_string(problem.body()).expect("it is plain JSON");
        assert_eq!(
            text,
            "{\"type\":\"urn:counterfoil:problem:invalid_amount\",\
             \"title\":\"The amount is none of its currency.\",\"status\":422,\
             \"detail\":\"digits\",\"pointer\":\"/3/amount\"}"
        );
        assert!(problem.is(Kind::InvalidAmount) && !problem.is(Kind::Busy));
    }

    #[test]
    fn echoes_are_short() {
        assert_eq!(echo(&"é".repeat(9_999)).chars().count(), ECHO_CHARS);
    }
}
