//! Sends a plan: the clock goes to each moment, and the commands of that moment follow it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::plan::{Income, Plan, Step};
use super::rows::Seconds;
use super::{EXPONENT, chart};
use crate::client::{Client, Ledger, Outcome};
use crate::failure::Failure;
use crate::progress;

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// What became of all that was sent.
#[derive(Debug, Default)]
pub struct Done {
    /// Commands that were carried out now.
    pub created: u64,
    /// Commands that were carried out by an import before.
    pub exists: u64,
    pub refusals: Vec<Refusal>,
    /// What has come in from outside, now and before.
    pub income: Income,
}

/// A command that the books refused.
#[derive(Clone, Debug, Serialize)]
pub struct Refusal {
    /// The order, as published; none where a party was refused.
    pub order: Option<String>,
    pub act: String,
    pub reason: String,
}

/// The clock, as the server tells it.
#[derive(Deserialize)]
struct Clock {
    nanoseconds: String,
}

/// Sends everything in order.
pub fn run(plan: &Plan, ledger: u32, client: &mut Client) -> Result<Done, Failure> {
    check_clock(plan, client)?;
    client.declare_ledger(&Ledger {
        number: ledger,
        code: "BRL".into(),
        exponent: EXPONENT,
    })?;
    // Books that have a chart keep it: its roles are what counts.
    if chart::lines_of_books(client)?.is_empty() {
        chart::load_default(client)?;
    }
    let mut done = Done::default();
    for (command, outcome) in plan.parties.iter().zip(client.commands(&plan.parties)?) {
        done.count(command, &outcome, None);
    }
    let bar = progress::bar("living", plan.steps.len() as u64);
    for moment in plan.steps.chunk_by(|one, next| one.at == next.at) {
        set_clock(client, moment[0].at)?;
        live(plan, moment, (client, &mut done))?;
        bar.inc(moment.len() as u64);
    }
    // What time confirms until then is confirmed, though nothing else happens.
    set_clock(client, plan.end)?;
    bar.finish_and_clear();
    Ok(done)
}

/// What happened in one second, in order.
fn live(
    plan: &Plan,
    moment: &[Step],
    (client, done): (&mut Client, &mut Done),
) -> Result<(), Failure> {
    let commands: Vec<Value> = moment.iter().map(|step| step.command.clone()).collect();
    for (step, outcome) in moment.iter().zip(client.commands(&commands)?) {
        let order = plan.orders[step.order].id;
        if done.count(&step.command, &outcome, Some(order)) == Stands::Yes {
            done.income.bank += step.income.bank;
            done.income.card += step.income.card;
        }
    }
    Ok(())
}

/// Whether a command was carried out, now or before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    Yes,
    No,
}

impl Done {
    fn count(&mut self, command: &Value, outcome: &Outcome, order: Option<u128>) -> Stands {
        match outcome.status.as_str() {
            "created" => self.created += 1,
            "exists" => self.exists += 1,
            status => {
                self.refusals.push(Refusal {
                    order: order.map(|order| format!("{order:032x}")),
                    act: command["act"].as_str().unwrap_or_default().to_owned(),
                    reason: format!("{status}: {}", outcome.detail),
                });
                return Stands::No;
            }
        }
        Stands::Yes
    }

    /// The orders of which something was refused.
    pub fn refused_orders(&self) -> BTreeSet<&str> {
        let orders = self.refusals.iter();
        orders
            .filter_map(|refusal| refusal.order.as_deref())
            .collect()
    }
}

/// The clock has to be one that can be moved, and not to be later than what is to come, unless it
/// has come in an import before.
fn check_clock(plan: &Plan, client: &mut Client) -> Result<(), Failure> {
    let now = set_clock(client, plan.start).map_err(|failure| match failure {
        Failure::Check(_) => Failure::Input(
            "the clock of these books is the system's: serve them with --clock manual, or open \
             them with --data"
                .into(),
        ),
        Failure::Input(reason) => Failure::Input(reason),
    })?;
    // Commands that come with a moment take some nanoseconds after it.
    if now / SECOND <= plan.start {
        return Ok(());
    }
    let Some(party) = plan
        .parties
        .first()
        .and_then(|party| party["party"].as_str())
    else {
        return Ok(());
    };
    match client.get(&format!("/v1/objects/party/{party}")) {
        Ok(_) => Ok(()),
        Err(Failure::Check(_)) => Err(Failure::Input(
            "the time of these books is later than the first order: import into new books".into(),
        )),
        Err(failure) => Err(failure),
    }
}

/// Moves the clock on and gives its time in nanoseconds; it may have been later before.
fn set_clock(client: &mut Client, at: Seconds) -> Result<u64, Failure> {
    let body = json!({ "nanoseconds": (at * SECOND).to_string() });
    let answer = client.post("/v1/admin/clock", &body)?;
    let clock: Clock = serde_json::from_str(&answer).map_err(Failure::input)?;
    clock.nanoseconds.parse().map_err(Failure::input)
}
