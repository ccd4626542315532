use core::fmt;
use core::marker::PhantomData;

use model::limits::BATCH_EVENTS;
use model::{AccountFilter, QueryFilter};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use utoipa::ToSchema;

use super::{
    AccountFilterBody, Clock, NewAccount, NewCommand, NewLedger, NewTransfer, NewWebhook,
    QueryFilterBody, Replay, Rotation, U128,
};
use crate::problem::{Kind, Problem, echo, too_many};

/// One object, or an array of them.
#[derive(Clone, Debug, ToSchema)]
#[serde(untagged)]
pub enum Posted<T> {
    /// `{…}`: the answer's status tells what became of it.
    One(T),
    /// `[…]`: a batch.
    Many(Vec<T>),
}

impl<T> Posted<T> {
    /// All events, in order.
    pub fn events(&self) -> &[T] {
        match self {
            Self::One(event) => std::slice::from_ref(event),
            Self::Many(events) => events,
        }
    }
}

/// Reads the body of `POST /v1/accounts`.
pub fn parse_accounts(body: &[u8]) -> Result<Posted<NewAccount>, Problem> {
    posted(body)
}

/// Reads the body of `POST /v1/transfers`.
pub fn parse_transfers(body: &[u8]) -> Result<Posted<NewTransfer<'_>>, Problem> {
    posted(body)
}

/// Reads the body of `POST /v1/commands`.
pub fn parse_commands(body: &[u8]) -> Result<Posted<NewCommand>, Problem> {
    posted(body)
}

/// Reads the body of a look-up: an array of identifiers.
pub fn parse_ids(body: &[u8]) -> Result<Vec<u128>, Problem> {
    let Batch { items, over } = read::<Batch<U128>>(body)?;
    if over {
        Err(too_many())
    } else {
        Ok(items.into_iter().map(|id| id.0).collect())
    }
}

/// Reads a filter by account.
pub fn parse_account_filter(body: &[u8]) -> Result<AccountFilter, Problem> {
    object::<AccountFilterBody>(body)?.to_model()
}

/// Reads a filter by content.
pub fn parse_query_filter(body: &[u8]) -> Result<QueryFilter, Problem> {
    object::<QueryFilterBody>(body)?.to_model()
}

/// Reads the body of `POST /v1/ledgers`.
pub fn parse_ledger(body: &[u8]) -> Result<NewLedger<'_>, Problem> {
    object(body)
}

/// Reads the body of `POST /v1/admin/clock`.
pub fn parse_clock(body: &[u8]) -> Result<Clock, Problem> {
    object(body)
}

/// Reads the body of `POST /v1/webhooks`.
pub fn parse_webhook(body: &[u8]) -> Result<NewWebhook, Problem> {
    object(body)
}

/// Reads the body of `POST /v1/webhooks/{id}/rotate`.
pub fn parse_rotation(body: &[u8]) -> Result<Rotation, Problem> {
    object(body)
}

/// Reads the body of `POST /v1/webhooks/{id}/replay`.
pub fn parse_replay(body: &[u8]) -> Result<Replay, Problem> {
    object(body)
}

fn posted<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<Posted<T>, Problem> {
    let start = body.iter().position(|byte| !byte.is_ascii_whitespace());
    match start.map(|start| body[start]) {
        Some(b'{') => object(body).map(Posted::One),
        Some(b'[') => many(body).map(Posted::Many),
        _ => Err(Problem::new(
            Kind::MalformedJson,
            "The body is an object or an array of them.",
        )
        .at_byte(start.unwrap_or(body.len()))),
    }
}

fn read<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| malformed(body, &error))
}

fn object<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Problem> {
    read::<Object<T>>(body).map(|object| object.0)
}

fn many<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<Vec<T>, Problem> {
    let Batch { items, over } = read::<Batch<Object<T>>>(body)?;
    if over {
        Err(too_many())
    } else {
        Ok(items.into_iter().map(|object| object.0).collect())
    }
}

/// What `serde_json` says, with the place as an offset.
fn malformed(body: &[u8], error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let says = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(says, _)| says);
    Problem::new(Kind::MalformedJson, echo(says)).at_byte(place(body, error))
}

/// The byte of the body at which it is wrong.
pub(super) fn place(body: &[u8], error: &serde_json::Error) -> usize {
    let lines = body.split_inclusive(|&byte| byte == b'\n');
    let before: usize = lines
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    (before + error.column()).min(body.len())
}

/// An object and nothing else: `serde` alone would take `[1, 2]` for fields in their order, and
/// a field that is added later would shift them.
struct Object<T>(T);

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// An array that is kept only as far as a batch goes.
struct Batch<T> {
    items: Vec<T>,
    over: bool,
}

struct BatchVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for BatchVisitor<T> {
    type Value = Batch<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Batch<T>, A::Error> {
        let mut items = Vec::new();
        while items.len() < BATCH_EVENTS {
            let Some(item) = array.next_element()? else {
                return Ok(Batch { items, over: false });
            };
            items.push(item);
        }
        let mut over = false;
        while array.next_element::<IgnoredAny>()?.is_some() {
            over = true;
        }
        Ok(Batch { items, over })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Batch<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(BatchVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::{Posted, parse_accounts, parse_ids, parse_transfers};
    use crate::problem::Kind;
    use proptest::prelude::*;

    #[test]
    fn one_or_many() {
        let one = parse_transfers(b" {\"id\":1,\"amount\":1}").expect("it is one");
        assert!(matches!(one, Posted::One(transfer) if transfer.id.0 == 1));
        let many = parse_accounts(b"\n[]").expect("it is none");
        assert!(matches!(many, Posted::Many(accounts) if accounts.is_empty()));
    }

    #[test]
    fn the_place_is_named() {
        let check = |body: &str, offset: usize, says: &str| {
            let problem = parse_transfers(body.as_bytes()).expect_err(body);
            let found = problem.body();
            assert!(problem.is(Kind::MalformedJson), "{body}");
            assert!(found.detail().contains(says), "{body}: {}", found.detail());
            assert_eq!(found.offset(), Some(offset), "{body}: {}", found.detail());
        };
        check("", 0, "an object or an array");
        check("  7", 2, "an object or an array");
        check("{}", 2, "missing field `id`");
        check(
            "{\"id\":1,\n\"amout\":1}",
            16,
            "unknown field `amout`, expected one of `id`",
        );
        check("{\"id\":1,\"id\":2}", 12, "duplicate field `id`");
        check("[{\"id\":1}", 9, "EOF while parsing a list");
        check("[[1,2,3]]", 1, "invalid type: sequence, expected an object");
        check("[{\"id\":1}]x", 11, "trailing characters");
        check(
            "{\"id\":{\"id\":1}}",
            7,
            "invalid type: map, expected an unsigned integer",
        );
    }

    #[test]
    fn refusals_stay_short_and_nesting_stays_shallow() {
        let long = format!("{{\"{}\":1}}", "x".repeat(1 << 20));
        let problem = parse_transfers(long.as_bytes()).expect_err("no such field");
        assert!(problem.body().detail().len() < 1_000);
        let deep = "[".repeat(1 << 20);
        assert!(parse_transfers(deep.as_bytes()).is_err());
        let deep = format!("[{}{}", "1,".repeat(8_189), "[".repeat(1 << 20));
        assert!(parse_ids(deep.as_bytes()).is_err());
    }

    #[test]
    fn a_batch_has_its_bound() {
        let ids = |count: usize| format!("[{}1]", "1,".repeat(count - 1));
        assert!(parse_ids(ids(8_189).as_bytes()).is_ok_and(|ids| ids.len() == 8_189));
        let problem = parse_ids(ids(8_190).as_bytes()).expect_err("one too many");
        assert!(problem.is(Kind::TooManyEvents));
    }

    proptest! {
        #[test]
        fn nothing_panics(body: Vec<u8>) {
            let _ = parse_transfers(&body);
            let _ = parse_accounts(&body);
            let _ = parse_ids(&body);
        }
    }
}
