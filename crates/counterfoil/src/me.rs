//! `me`: what is the own of whoever has the token, and who looked at it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::client::Client;
use crate::failure::Failure;
use crate::output::{self, Output, say};
use crate::proof::{covered, hand_out};
use crate::show;
use crate::target::Target;

/// Looks that are asked for at once.
const PAGE: usize = 1_000;

/// Who you are to the books, what they know of you, and who of the staff looked at it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil me --token cf_person_...
  counterfoil me data
  counterfoil me lookups
  counterfoil me receipt 7 --out 7.tlog-proof
  counterfoil me disclosures
  counterfoil me rows 3

The token is bound to you: `counterfoil token new --party`.")]
pub struct Me {
    #[command(flatten)]
    pub target: Target,
    #[command(subcommand)]
    action: Option<Mine>,
}

#[derive(Subcommand)]
enum Mine {
    /// Your personal data. It is no look.
    Data,
    /// Who looked at your personal data, when and what for, the newest first.
    Lookups,
    /// The receipt of such a look, by which anyone can check that it is in the log.
    Receipt {
        /// Number of the look.
        number: u64,
        /// The file to write; standard output where it is not given.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// The demands for your data: who asked, when, by what right, and what was given.
    Disclosures,
    /// What was given of you by a disclosure, as it was given.
    Rows {
        /// Number of the disclosure.
        number: u64,
    },
}

/// `me`.
pub fn run(me: &Me, client: &mut Client, output: Output) -> Result<(), Failure> {
    let answer = match &me.action {
        None => client.get("/v1/me")?,
        Some(Mine::Data) => client.get("/v1/me/data")?,
        Some(Mine::Lookups) => return lookups(client, output),
        Some(Mine::Disclosures) => return disclosures(client, output),
        Some(Mine::Rows { number }) => {
            let path = format!("/v1/me/disclosures/{number}/rows");
            let (_, rows) = client.resource(&path)?;
            output::write(format_args!("{}", String::from_utf8_lossy(&rows)));
            return Ok(());
        }
        Some(Mine::Receipt { number, out }) => {
            let proof = covered(client, &format!("/v1/me/lookups/{number}/receipt"))?;
            return hand_out(&proof, out.as_deref(), output);
        }
    };
    show::print(&answer, output);
    Ok(())
}

/// The demands, each as who asked and what for, and what left by it.
fn disclosures(client: &mut Client, output: Output) -> Result<(), Failure> {
    let answer = client.get("/v1/me/disclosures")?;
    if output == Output::Json {
        show::print(&answer, output);
        return Ok(());
    }
    let answer: Value = serde_json::from_str(&answer).map_err(Failure::input)?;
    let demands = answer["demands"].as_array().cloned().unwrap_or_default();
    if demands.is_empty() {
        say!("nobody asked, or what was asked is sealed");
    }
    for seen in demands {
        let text = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_default();
        let (demand, asked) = (&seen["demand"], &seen["asked"]);
        say!(
            "demand {} of authority {} ({}), {}\n  by {}\n  for {}",
            text(&demand["serial"]),
            text(&asked["authority"]),
            text(&demand["class"]),
            text(&demand["state"]),
            text(&asked["basis"]),
            text(&asked["purpose"]),
        );
        for left in seen["disclosures"].as_array().into_iter().flatten() {
            say!(
                "  disclosure {}: {} rows of {} accounts, SHA-256 {}",
                text(&left["number"]),
                text(&left["rows"]),
                text(&left["accounts"]),
                text(&left["digest"]),
            );
        }
    }
    Ok(())
}

/// All looks, page by page.
fn lookups(client: &mut Client, output: Output) -> Result<(), Failure> {
    let mut path = format!("/v1/me/lookups?limit={PAGE}");
    let mut all = Vec::new();
    loop {
        let answer = client.get(&path)?;
        let page: Value = serde_json::from_str(&answer).map_err(Failure::input)?;
        let looks = page["lookups"].as_array();
        all.extend(looks.into_iter().flatten().cloned());
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/v1/me/lookups?limit={PAGE}&after={next}");
    }
    match (output, all.is_empty()) {
        (Output::Text, true) => say!("nobody looked"),
        _ => show::print(&json!(all).to_string(), output),
    }
    Ok(())
}
