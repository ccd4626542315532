//! `webhook`: who gets which events.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::ask::integer;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;
use crate::show;

/// Webhooks: events that are posted to URLs, signed.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil webhook add https://shop.example/hooks --kind 'order_line.*'
  counterfoil webhook list
  counterfoil webhook pause 00c4a1b2d3e4f506
  counterfoil webhook dead 00c4a1b2d3e4f506
  counterfoil webhook replay 00c4a1b2d3e4f506 --from 4711
  counterfoil webhook replay 00c4a1b2d3e4f506 --dead

The secret that signs is shown once, by add and rotate. A server delivers; a command with --data
changes subscriptions and delivers nothing.")]
pub enum Webhook {
    /// Subscribes a URL to events.
    Add(Add),
    /// Shows all subscriptions and how they stand.
    List,
    /// Removes one with its dead letters.
    Remove { id: String },
    /// Delivers nothing more until it is resumed.
    Pause { id: String },
    /// Delivers again from where it stopped.
    Resume { id: String },
    /// Makes a new secret, which signs beside the old one for a while.
    Rotate {
        id: String,
        /// How long both sign, in seconds.
        #[arg(long, default_value_t = 86_400)]
        overlap: u32,
    },
    /// Shows the events that were given up.
    Dead { id: String },
    /// Delivers events once more.
    Replay {
        id: String,
        #[command(flatten)]
        which: Which,
    },
}

#[derive(Args)]
pub struct Add {
    /// Where to: https, or http to this machine.
    url: String,
    /// Of this kind: transfer.created, or transfer.*; may be given more than once.
    #[arg(long)]
    kind: Vec<String>,
    /// That concern this party; may be given more than once.
    #[arg(long, value_name = "ID", value_parser = integer)]
    party: Vec<u128>,
    /// Of this order.
    #[arg(long, value_name = "ID", value_parser = integer)]
    order: Option<u128>,
    /// Position of the first event; without one, what happens from now on.
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// All from this position on.
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
    /// Those that were given up.
    #[arg(long)]
    dead: bool,
}

/// `webhook`.
pub fn run(webhook: &Webhook, client: &mut Client, output: Output) -> Result<(), Failure> {
    let order = |client: &mut Client, id: &str, what| client.order(&path(id, what)?);
    let answer = match webhook {
        Webhook::Add(add) => client.post("/v1/webhooks", &add.body())?,
        Webhook::List => client.get("/v1/webhooks")?,
        Webhook::Remove { id } => order(client, id, "remove")?,
        Webhook::Pause { id } => order(client, id, "pause")?,
        Webhook::Resume { id } => order(client, id, "resume")?,
        Webhook::Rotate { id, overlap } => {
            client.post(&path(id, "rotate")?, &json!({ "overlap_seconds": overlap }))?
        }
        Webhook::Dead { id } => return dead(&client.get(&path(id, "dead")?)?, output),
        Webhook::Replay { id, which } => match which.from {
            Some(from) => {
                client.post(&path(id, "replay")?, &json!({ "from": from.to_string() }))?
            }
            None => order(client, id, "replay-dead")?,
        },
    };
    show::print(&answer, output);
    Ok(())
}

/// The letters as a table, with a word about those that are not there any more.
fn dead(answer: &str, output: Output) -> Result<(), Failure> {
    if output == Output::Json {
        show::print(answer, output);
        return Ok(());
    }
    let dead: Value = serde_json::from_str(answer).map_err(Failure::input)?;
    show::print(&dead["letters"].to_string(), output);
    if dead["dropped"] != "0" {
        let dropped = dead["dropped"].as_str().unwrap_or_default();
        crate::output::say!("{dropped} older ones were dropped");
    }
    Ok(())
}

/// Where a subscription takes what is to be done. Its id stands in the path as it is.
fn path(id: &str, what: &str) -> Result<String, Failure> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Failure::Input(format!(
            "{id:?} is no subscription; webhook list shows them"
        )));
    }
    Ok(format!("/v1/webhooks/{id}/{what}"))
}

impl Add {
    fn body(&self) -> Value {
        let parties: Vec<String> = self.party.iter().map(u128::to_string).collect();
        let mut body = json!({ "url": self.url, "kinds": self.kind, "parties": parties });
        if let Some(order) = self.order {
            body["order"] = order.to_string().into();
        }
        if let Some(from) = self.from {
            body["from"] = from.to_string().into();
        }
        body
    }
}
