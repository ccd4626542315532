use hooks::{DeadLetter, DeadLetters, Subscription};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{U64, U128};

/// Who is to get which events.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where to: https, or http to this machine.
    #[schema(example = "https://shop.example/hooks")]
    pub url: String,
    /// Of these kinds: `transfer.created` or `transfer.*`. All where none are given.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// That concern one of these parties. Anyone where none are given.
    #[serde(default)]
    pub parties: Vec<U128>,
    /// Of this order.
    #[serde(default)]
    pub order: U128,
    /// Position of the first; what happens from now on where none is given.
    pub from: Option<U64>,
    /// What signs: `whsec_` and base64 of 24 to 64 bytes. A new one where none is given.
    pub secret: Option<String>,
}

/// How long the secrets before a new one go on signing.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Seconds; at most 30 days.
    pub overlap_seconds: u32,
}

/// From where events are delivered once more.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// A position that was delivered already, or is next.
    pub from: U64,
}

/// A subscription and how it stands.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    /// Its name.
    #[schema(example = "00c4a1b2d3e4f506")]
    id: String,
    url: String,
    kinds: Vec<String>,
    parties: Vec<U128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<U128>,
    /// `active`; `paused`; `gone`, the receiver answered 410; `failing`, too many events in a row
    /// were given up.
    #[schema(value_type = String, example = "active")]
    state: &'static str,
    /// From here on nothing is delivered yet.
    next: U64,
    /// Tries of the next event that failed.
    tries: u32,
    /// Nanoseconds since 1970, when it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<U64>,
    /// What went wrong the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// Why nothing is delivered any more, if so, until the server starts anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    /// Events that were given up.
    dead: usize,
    /// Events that were delivered since the server started.
    delivered: U64,
    /// What signs; shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl From<Subscription> for WebhookView {
    fn from(hook: Subscription) -> Self {
        let some = |number: u64| (number != 0).then_some(U64(number));
        Self {
            id: hook.id.to_string(),
            url: hook.url,
            kinds: hook.filter.kinds,
            parties: hook.filter.parties.into_iter().map(U128).collect(),
            order: (hook.filter.order != 0).then_some(U128(hook.filter.order)),
            state: hook.state.name(),
            next: U64(hook.next),
            tries: hook.tries,
            due: some(hook.due),
            failure: hook.failure,
            fault: hook.fault,
            dead: hook.dead,
            delivered: U64(hook.delivered),
            secret: None,
        }
    }
}

impl WebhookView {
    /// The same with its secret.
    #[must_use]
    pub fn with_secret(self, secret: &str) -> Self {
        let secret = Some(secret.to_owned());
        Self { secret, ..self }
    }
}

/// Events that were given up.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DeadLetters)]
pub struct DeadLettersView {
    /// Oldest first.
    letters: Vec<DeadLetterView>,
    /// How many older ones were dropped.
    dropped: U64,
}

/// An event that was given up.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DeadLetter)]
struct DeadLetterView {
    /// Of the event.
    position: U64,
    /// What happened.
    kind: String,
    /// Nanoseconds since 1970, when it was given up.
    time: U64,
    /// How often it was tried.
    tries: u32,
    /// What went wrong the last time.
    reason: String,
}

impl From<DeadLetters> for DeadLettersView {
    fn from(dead: DeadLetters) -> Self {
        let view = |letter: DeadLetter| DeadLetterView {
            position: U64(letter.position),
            kind: letter.kind,
            time: U64(letter.time),
            tries: letter.tries,
            reason: letter.reason,
        };
        Self {
            letters: dead.letters.into_iter().map(view).collect(),
            dropped: U64(dead.dropped),
        }
    }
}
