//! The server's resources as calls, over its bulk layouts.

use std::time::Duration;

use model::limits::{BATCH_COMMANDS, BATCH_EVENTS};
use model::{
    Account, AccountBalance, AccountFilter, CommandResult, CreateTransferStatus, EventResult,
    OrderEvent, QueryFilter, Transfer,
};
use serde::Deserialize;
use serde_json::{Value, json};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::failure::Failure;
use crate::http::{BULK, Connection, Endpoint, JSON};

/// How often a busy server is asked again, and how long to wait before each.
const RETRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(10);

/// One connection to a server.
pub struct Client {
    endpoint: Endpoint,
    connection: Connection,
}

/// A ledger and its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    pub number: u32,
    pub code: String,
    pub exponent: u8,
}

/// What became of one command of several.
#[derive(Debug, Deserialize)]
pub struct Outcome {
    /// Name of a status: `created`, `exists` or why it was refused.
    pub status: String,
    /// Why it was refused, in words.
    #[serde(default)]
    pub detail: String,
    /// The number of the listing that it made.
    #[serde(default)]
    pub listing: Option<u32>,
}

/// The part of a problem document that says what is wrong.
#[derive(Default, Deserialize)]
struct Problem {
    detail: Option<String>,
    /// Only where the books refused.
    status_name: Option<String>,
}

impl Client {
    pub fn connect(endpoint: Endpoint) -> Result<Self, Failure> {
        let connection = Connection::open(&endpoint).map_err(Failure::Input)?;
        Ok(Self {
            endpoint,
            connection,
        })
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub fn create_accounts(&mut self, events: &[Account]) -> Result<Vec<EventResult>, Failure> {
        self.create("/v1/accounts", events)
    }

    pub fn create_transfers(&mut self, events: &[Transfer]) -> Result<Vec<EventResult>, Failure> {
        self.create("/v1/transfers", events)
    }

    /// Places orders, [`model::limits::BATCH_LINES`] lines at most.
    pub fn create_orders(&mut self, lines: &[OrderEvent]) -> Result<Vec<CommandResult>, Failure> {
        self.bulk("/v1/orders", lines.as_bytes())
    }

    pub fn lookup_accounts(&mut self, ids: &[u128]) -> Result<Vec<Account>, Failure> {
        self.bulk("/v1/accounts/lookup", ids.as_bytes())
    }

    /// The first of the accounts that match, by time.
    pub fn query_accounts(&mut self, filter: &QueryFilter) -> Result<Vec<Account>, Failure> {
        self.bulk("/v1/accounts/query", filter.as_bytes())
    }

    pub fn lookup_transfers(&mut self, ids: &[u128]) -> Result<Vec<Transfer>, Failure> {
        self.bulk("/v1/transfers/lookup", ids.as_bytes())
    }

    pub fn account_transfers(&mut self, filter: &AccountFilter) -> Result<Vec<Transfer>, Failure> {
        self.bulk("/v1/account-transfers", filter.as_bytes())
    }

    pub fn account_balances(
        &mut self,
        filter: &AccountFilter,
    ) -> Result<Vec<AccountBalance>, Failure> {
        self.bulk("/v1/account-balances", filter.as_bytes())
    }

    /// Asks for JSON, which is given as it came.
    pub fn get(&mut self, path: &str) -> Result<String, Failure> {
        let answer = self.send("GET", path, JSON, &[])?;
        String::from_utf8(answer).map_err(garbled)
    }

    /// Asks for a resource as it is: the status, which is one of success, and the body.
    pub fn resource(&mut self, path: &str) -> Result<(u16, Vec<u8>), Failure> {
        self.exchange("GET", path, "*/*", &[])
    }

    /// Posts JSON and gives the answer as it came.
    pub fn post(&mut self, path: &str, body: &Value) -> Result<String, Failure> {
        let answer = self.send("POST", path, JSON, body.to_string().as_bytes())?;
        String::from_utf8(answer).map_err(garbled)
    }

    /// Puts JSON and gives the answer as it came.
    pub fn put(&mut self, path: &str, body: &Value) -> Result<String, Failure> {
        let answer = self.send("PUT", path, JSON, body.to_string().as_bytes())?;
        String::from_utf8(answer).map_err(garbled)
    }

    /// Has something taken away, and gives the answer as it came.
    pub fn delete(&mut self, path: &str) -> Result<String, Failure> {
        let answer = self.send("DELETE", path, JSON, &[])?;
        String::from_utf8(answer).map_err(garbled)
    }

    /// Has commands carried out in order, in as many requests as they need; an outcome each.
    pub fn commands(&mut self, commands: &[Value]) -> Result<Vec<Outcome>, Failure> {
        let mut outcomes = Vec::with_capacity(commands.len());
        let mut rest = commands;
        while !rest.is_empty() {
            let (batch, behind) = rest.split_at(one_request(rest));
            outcomes.extend(self.outcomes("/v1/commands", batch)?);
            rest = behind;
        }
        Ok(outcomes)
    }

    /// Adds listings in order, [`BATCH_COMMANDS`] at most in one request; an outcome each.
    pub fn listings(&mut self, listings: &[Value]) -> Result<Vec<Outcome>, Failure> {
        let mut outcomes = Vec::with_capacity(listings.len());
        for batch in listings.chunks(BATCH_COMMANDS) {
            outcomes.extend(self.outcomes("/v1/listings", batch)?);
        }
        Ok(outcomes)
    }

    fn outcomes(&mut self, path: &str, batch: &[Value]) -> Result<Vec<Outcome>, Failure> {
        let body = serde_json::to_vec(batch).map_err(Failure::input)?;
        let answer = self.send("POST", path, JSON, &body)?;
        let answers: Vec<Outcome> = serde_json::from_slice(&answer).map_err(garbled)?;
        if answers.len() != batch.len() {
            return Err(garbled("not one outcome each"));
        }
        Ok(answers)
    }

    /// Asks for something to be done that needs no words.
    pub fn order(&mut self, path: &str) -> Result<String, Failure> {
        let answer = self.send("POST", path, JSON, &[])?;
        String::from_utf8(answer).map_err(garbled)
    }

    /// Gives a ledger its currency; the same declaration twice is fine.
    pub fn declare_ledger(&mut self, ledger: &Ledger) -> Result<(), Failure> {
        let body = json!({
            "ledger": ledger.number, "code": ledger.code, "exponent": ledger.exponent,
        });
        self.post("/v1/ledgers", &body).map(drop)
    }

    /// The metrics, as text.
    pub fn metrics(&mut self) -> Result<String, Failure> {
        let body = self.send("GET", "/metrics", "application/openmetrics-text", &[])?;
        String::from_utf8(body).map_err(garbled)
    }

    fn create<T: IntoBytes + Immutable>(
        &mut self,
        path: &str,
        events: &[T],
    ) -> Result<Vec<EventResult>, Failure> {
        let mut results = Vec::with_capacity(events.len());
        for batch in events.chunks(BATCH_EVENTS) {
            let answers: Vec<EventResult> = self.bulk(path, batch.as_bytes())?;
            if answers.len() != batch.len() {
                return Err(garbled("not one result an event"));
            }
            results.extend(answers);
        }
        Ok(results)
    }

    fn bulk<T: FromBytes>(&mut self, path: &str, body: &[u8]) -> Result<Vec<T>, Failure> {
        let answer = self.send("POST", path, BULK, body)?;
        objects(&answer).ok_or_else(|| garbled("its length is not one of whole objects"))
    }

    fn send(
        &mut self,
        method: &str,
        path: &str,
        media: &str,
        body: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        self.exchange(method, path, media, body)
            .map(|(_, answer)| answer)
    }

    /// Sends a request until the server is not too busy to take it.
    fn exchange(
        &mut self,
        method: &str,
        path: &str,
        media: &str,
        body: &[u8],
    ) -> Result<(u16, Vec<u8>), Failure> {
        let head = self.endpoint.head(method, path, media, body.len());
        for _ in 0..RETRIES {
            let (status, answer) = self
                .connection
                .exchange(&head, body)
                .map_err(|error| Failure::Input(format!("{}: {error}", self.endpoint.url())))?;
            match status {
                200..300 => return Ok((status, answer.to_vec())),
                429 => std::thread::sleep(PAUSE),
                _ => return Err(refusal(path, status, answer)),
            }
        }
        Err(Failure::Input(format!(
            "{}: the server stays too busy",
            self.endpoint.url()
        )))
    }
}

/// How many of the commands, from the first, one request takes: by their count, and by the
/// records that they may make (16 each, and 4 for each part).
fn one_request(commands: &[Value]) -> usize {
    let mut records = 0;
    let fits = commands.iter().take(BATCH_COMMANDS).take_while(|command| {
        records += 16 + 4 * command["legs"].as_array().map_or(0, Vec::len);
        records <= BATCH_EVENTS
    });
    // The server says what is wrong with one that is too large by itself.
    fits.count().max(1)
}

/// The bytes as objects, if they are whole ones.
pub fn objects<T: FromBytes>(bytes: &[u8]) -> Option<Vec<T>> {
    let chunks = bytes.chunks_exact(size_of::<T>());
    if !chunks.remainder().is_empty() {
        return None;
    }
    chunks.map(|chunk| T::read_from_bytes(chunk).ok()).collect()
}

/// The name of a transfer's status, or its number where this client does not know it.
pub fn transfer_status(code: u32) -> String {
    CreateTransferStatus::from_code(code)
        .map_or_else(|| format!("status {code}"), |status| status.name().into())
}

fn garbled(reason: impl std::fmt::Display) -> Failure {
    Failure::Input(format!("the server's answer makes no sense: {reason}"))
}

/// What an answer other than success means: the books' refusal is the answer to the question,
/// everything else says that the question was wrong.
fn refusal(path: &str, status: u16, answer: &[u8]) -> Failure {
    let problem: Problem = serde_json::from_slice(answer).unwrap_or_default();
    let detail = match (problem.detail, status) {
        (Some(detail), _) => detail,
        (None, 401) => "give a token with --token or COUNTERFOIL_TOKEN".into(),
        (None, _) => String::from_utf8_lossy(&answer[..answer.len().min(200)]).into_owned(),
    };
    match (problem.status_name, status) {
        (Some(name), _) => Failure::Check(format!("{name}: {detail}")),
        // There is none; or there is one, and it is another.
        (None, 404 | 409) => Failure::Check(detail),
        (None, _) => Failure::Input(format!("{path}: the server answered {status}: {detail}")),
    }
}
