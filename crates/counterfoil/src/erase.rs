//! `erase`: forgets transfers whose retention time is over.

use std::path::PathBuf;

use crate::ask::integer;
use clap::Args;
use engine::{Erase as Order, EraseError, Options};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::config::Config;
use crate::failure::Failure;
use crate::output::{Output, say};

/// Erases transfers whose retention time is over.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil erase 4711 --data ./books
  counterfoil erase 4711 4712 --data ./books --json

What a transfer was goes for good: its id, its user data, its code, the salt that opens it. What it
did to two accounts stays, and so does every proof of everything else. That it was erased is entered
in the log. How many days a record is kept stands in config.toml. No process may have the books open;
the next start makes the index anew.")]
pub struct Erase {
    /// The transfers.
    #[arg(required = true, value_parser = integer)]
    ids: Vec<u128>,
    /// The directory.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// `erase`.
pub fn run(erase: Erase, output: Output) -> Result<(), Failure> {
    let config = Config::read(&erase.data)?;
    let order = Order {
        books: Options {
            manual_clock: false,
            signing: config.signing(&erase.data)?,
            data: erase.data,
        },
        transfers: erase.ids,
        retention_days: config.retention_days(),
    };
    let runtime = Runtime::new().map_err(Failure::input)?;
    let erased = runtime.block_on(engine::erase(&order)).map_err(|error| {
        let text = error.to_string();
        match error {
            EraseError::Unknown(_) | EraseError::Open(_) | EraseError::Retained(..) => {
                Failure::Check(text)
            }
            _ => Failure::Input(text),
        }
    })?;
    match output {
        Output::Text => {
            for place in &erased.places {
                say!("erased record {} of batch {}", place.index, place.batch);
            }
        }
        Output::Json => {
            let places: Vec<_> = erased
                .places
                .iter()
                .map(|place| json!({ "batch": place.batch, "index": place.index }))
                .collect();
            say!("{}", json!({ "erased": places }));
        }
    }
    Ok(())
}
