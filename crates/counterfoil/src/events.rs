//! `events`: all that happened, one line each.

use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::ask::integer;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::target::Target;

/// How soon the server is asked for more.
const PAUSE: Duration = Duration::from_millis(500);

/// Tells all that happened, in order, one line each.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil events
  counterfoil events --follow --from end
  counterfoil events --kind 'order_line.*' --kind hold.time --party 7
  counterfoil events --json --from 4711 > events.jsonl

A line begins with the position of the event; --from the next one goes on without gap or double.")]
pub struct Events {
    #[command(flatten)]
    pub target: Target,
    /// Goes on with what happens from now on, until it is stopped.
    #[arg(long)]
    follow: bool,
    /// The position to begin at, or end for what happens from now on.
    #[arg(long, value_name = "POSITION", default_value = "0", value_parser = position)]
    from: String,
    /// Of this kind: transfer.created, or transfer.*; may be given more than once.
    #[arg(long, value_parser = kind)]
    kind: Vec<String>,
    /// That concern this party.
    #[arg(long, value_name = "ID", value_parser = integer)]
    party: Option<u128>,
    /// Of this order.
    #[arg(long, value_name = "ID", value_parser = integer)]
    order: Option<u128>,
}

fn position(text: &str) -> Result<String, String> {
    let known = text == "end" || text.parse::<u64>().is_ok();
    known
        .then(|| text.to_owned())
        .ok_or_else(|| "a position is a number, or end".into())
}

fn kind(text: &str) -> Result<String, String> {
    let known = engine::KindFilter::parse(text);
    known
        .map(|_| text.to_owned())
        .map_err(|error| error.to_string())
}

/// A page as it came: events are handed on byte by byte.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
    next: String,
}

/// `events`.
pub fn run(events: &Events, client: &mut Client, output: Output) -> Result<(), Failure> {
    let filter = events.filter();
    let mut from = events.from.clone();
    loop {
        let answer = client.get(&format!("/v1/events?limit=1000&from={from}{filter}"))?;
        let page: Page = serde_json::from_str(&answer).map_err(Failure::input)?;
        for event in &page.events {
            if !tell(event.get(), output)? {
                return Ok(());
            }
        }
        let ended = page.next == from || from == "end";
        from = page.next;
        if ended {
            if !events.follow {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
    }
}

impl Events {
    fn filter(&self) -> String {
        let kinds = self.kind.iter().map(|kind| format!("&kind={kind}"));
        let party = self.party.map(|party| format!("&party={party}"));
        let order = self.order.map(|order| format!("&order={order}"));
        kinds.chain(party).chain(order).collect()
    }
}

/// Tells one event; false where nobody reads on.
fn tell(event: &str, output: Output) -> Result<bool, Failure> {
    if output == Output::Json {
        return Ok(output::offer(format_args!("{event}\n")));
    }
    let event: Value = serde_json::from_str(event).map_err(Failure::input)?;
    let text = |name: &str| event[name].as_str().unwrap_or_default();
    let time = text("time").parse().ok();
    let time = time.and_then(|time: i128| jiff::Timestamp::from_nanosecond(time).ok());
    let time = time.map_or_else(String::new, |time| format!("{time:.3}"));
    let (position, kind) = (text("position"), text("kind"));
    let mut words = vec![format!("{position:>10}  {time}  {kind}")];
    for party in event["parties"].as_array().into_iter().flatten() {
        words.push(format!("party {}", party.as_str().unwrap_or_default()));
    }
    if let Some(order) = event["order"].as_str() {
        words.push(format!("order {order}"));
    }
    Ok(output::offer(format_args!("{}\n", words.join("  "))))
}
