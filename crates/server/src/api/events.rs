//! What happened, in order: page by page, or as a stream that goes on.

use axum::http::{HeaderMap, StatusCode, header};
use engine::{EVENTS, EventFilter, KindFilter};

use super::Answer;
use crate::body::{JSON, accept, json};
use crate::limits::{EVENTS_USUAL, KINDS};
use crate::problem::{Kind, Problem, ProblemBody, echo};
use crate::query::pairs;
use crate::route::Call;
use crate::stream::{self, MEDIA};
use crate::wire::{EventsView, parse_u128};

/// What is asked for.
struct Asked {
    from: From,
    limit: Option<usize>,
    filter: EventFilter,
}

/// Where to begin.
enum From {
    Position(u64),
    /// With what happens from now on.
    End,
}

/// What happened, in order.
///
/// A page of events from a position on. `next` is where the next page begins, also where this one
/// is empty; a page may have fewer events than `limit` before the end. With `Accept:
/// text/event-stream` they come as server-sent events, those to come as well: the id of each is its
/// position, `Last-Event-ID` goes on behind it.
#[utoipa::path(
    get, path = "/v1/events", tag = "events",
    params(
        ("from" = Option<String>, Query, description = "A position, 0 where none is given; or `end`"),
        ("limit" = Option<u32>, Query, description = "Of a page: at most 1,000; 100 where none is given"),
        ("kind" = Option<Vec<String>>, Query, description = "`transfer.created` or `transfer.*`; any of several"),
        ("party" = Option<String>, Query, description = "Events that concern this party"),
        ("order" = Option<String>, Query, description = "Events of this order"),
    ),
    responses(
        (status = 200, description = "A page, or a stream", content(
            (EventsView = "application/json"), (String = "text/event-stream"))),
        (status = 422, description = "The parameters make no sense", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 429, description = "There are as many streams as there may be",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_events(call: Call<'_>) -> Answer {
    let Call { app, head, .. } = call;
    let asked = Asked::read(head.uri.query())?;
    let from = match asked.from {
        From::Position(from) => from,
        From::End => *app.books.watch_durable().borrow(),
    };
    if wants_stream(&head.headers) {
        if asked.limit.is_some() {
            let detail = "`limit` is of a page; a stream has no end.";
            return Err(Problem::new(Kind::Invalid, detail));
        }
        let from = last_id(&head.headers)?.map_or(Ok(from), next)?;
        return stream::follow(app, from, asked.filter).await;
    }
    accept(&head.headers, JSON)?;
    let limit = asked.limit.unwrap_or(EVENTS_USUAL);
    let events = app.books.events(from, limit, &asked.filter).await?;
    let view = EventsView::new(&events, &app.currencies());
    Ok(json(StatusCode::OK, &view))
}

/// Whether the client names the media type of streams; one that takes anything gets a page.
fn wants_stream(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter();
    let ranges = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    ranges
        .map(|range| range.split(';').next().unwrap_or_default().trim_ascii())
        .any(|range| range.eq_ignore_ascii_case(MEDIA))
}

/// The position of the last event that the client has got.
fn last_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or("?");
    number(text).map(Some).ok_or_else(|| {
        let detail = format!(
            "`Last-Event-ID` is {:?}; it is the id of an event that this stream has sent.",
            echo(text)
        );
        Problem::new(Kind::Invalid, detail)
    })
}

fn next(last: u64) -> Result<u64, Problem> {
    let detail = "`Last-Event-ID` lies behind the end of the log.";
    let next = last.checked_add(1);
    next.ok_or_else(|| Problem::new(Kind::Invalid, detail))
}

fn number(text: &str) -> Option<u64> {
    u64::try_from(parse_u128(text)?).ok()
}

impl Asked {
    fn read(query: Option<&str>) -> Result<Self, Problem> {
        let mut asked = Self {
            from: From::Position(0),
            limit: None,
            filter: EventFilter::default(),
        };
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in pairs(query, &["from", "limit", "kind", "party", "order"])? {
            if name != "kind" && seen.contains(&name) {
                let detail = format!("`{name}` is given twice.");
                return Err(Problem::new(Kind::Invalid, detail));
            }
            seen.push(name);
            asked.set(name, &value).map_err(|right| {
                let detail = format!("`{name}` is {:?}: {right}.", echo(&value));
                Problem::new(Kind::Invalid, detail)
            })?;
        }
        Ok(asked)
    }

    /// Takes one parameter, or says what would be right.
    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let id = |what: &str| {
            let id = parse_u128(value).filter(|id| *id != 0);
            id.ok_or_else(|| format!("it is the id of {what}, decimal or 0x hexadecimal"))
        };
        match name {
            "from" if value == "end" => self.from = From::End,
            "from" => {
                let position = number(value).ok_or("it is a position, or end")?;
                self.from = From::Position(position);
            }
            "limit" => {
                let limit = number(value).filter(|limit| (1..=EVENTS as u64).contains(limit));
                let limit = limit.ok_or_else(|| format!("it is 1 to {EVENTS}"))?;
                self.limit = Some(limit as usize);
            }
            "kind" => {
                if self.filter.kinds.len() == KINDS {
                    return Err(format!(
                        "there are {KINDS} kinds already, the most there may be"
                    ));
                }
                let kind = KindFilter::parse(value).map_err(|error| error.to_string())?;
                self.filter.kinds.push(kind);
            }
            "party" => self.filter.party = id("a party")?,
            _ => self.filter.order = id("an order")?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, From, wants_stream};
    use axum::http::{HeaderMap, header};

    #[test]
    fn what_is_wrong_is_named() {
        for (query, says) in [
            ("from=-1", "a position, or end"),
            ("from=18446744073709551616", "a position, or end"),
            ("from=1&from=2", "`from` is given twice"),
            ("limit=0", "1 to 1000"),
            ("limit=1001", "1 to 1000"),
            ("kind=transfer", "two words"),
            ("kind=order.paid", "the first word is one of account"),
            ("kind=transfer.paid", "expired or failed"),
            ("party=0", "the id of a party"),
            ("order=x", "the id of an order"),
            ("since=1", "no parameter"),
        ] {
            let problem = Asked::read(Some(query)).err().expect(query);
            let detail = problem.body().detail();
            assert!(detail.contains(says), "{query}: {detail}");
        }
        let kinds = vec!["kind=transfer.*"; 65].join("&");
        assert!(Asked::read(Some(&kinds)).is_err());
    }

    #[test]
    fn what_is_right_is_taken() {
        let query = "kind=hold.%2A&kind=hold.time&party=0x10&order=7&from=end&limit=1000";
        let asked = Asked::read(Some(query)).expect("it is right");
        assert!(matches!(asked.from, From::End));
        let filter = &asked.filter;
        assert_eq!((filter.kinds.len(), filter.party, filter.order), (2, 16, 7));
        assert!(matches!(
            Asked::read(None).map(|asked| asked.from),
            Ok(From::Position(0))
        ));
    }

    #[test]
    fn streams_are_for_those_who_name_them() {
        let wants = |accept: &str| {
            let value = accept.parse().expect("a header");
            wants_stream(&HeaderMap::from_iter([(header::ACCEPT, value)]))
        };
        assert!(wants("text/event-stream") && wants("text/html, Text/Event-Stream;q=0.9"));
        assert!(!wants("*/*") && !wants("text/*") && !wants("application/json"));
        assert!(!wants_stream(&HeaderMap::new()));
    }
}
