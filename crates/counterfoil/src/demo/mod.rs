//! `demo`: a day of a marketplace, made up, carried out over HTTP, and left running to look at.

mod day;
mod supervision;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use model::document::AssessmentText;
use model::money::format_amount;
use model::{Account, QueryFilter};
use serde::Serialize;
use serde_json::{Value, json};
use server::{Auth, Clock, Delivery};

use crate::chart;
use crate::client::{Client, Ledger, Outcome};
use crate::directory::{self, ready};
use crate::failure::Failure;
use crate::http::Endpoint;
use crate::local::{Local, Settings};
use crate::output::{Output, say};
use crate::progress;

use day::{DAY, Day, Due, EURO, MIDNIGHT, Step};
use supervision::Supervision;

const EXPONENT: u8 = 2;
const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3_600;

/// Makes up a day of a marketplace, carries it out and leaves it running.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil demo
  counterfoil demo --data ./day --seed 7 --events 20000 --listen 127.0.0.1:0 --exit

The same seed makes the same day. A directory that holds the day already is used again.")]
pub struct Demo {
    /// The directory of books; made where there is none.
    #[arg(long, value_name = "DIR", default_value = "counterfoil-demo")]
    data: PathBuf,
    /// The same seed makes the same day.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// About so many commands.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    events: u32,
    /// Address and port; port 0 takes one that is free.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7411")]
    listen: SocketAddr,
    /// Ends after the summary.
    #[arg(long)]
    exit: bool,
}

/// The day's books in a few numbers, each asked of the server. Amounts are minor units.
#[derive(Debug, Serialize)]
struct Summary {
    orders: usize,
    /// Commands that had to be refused, and were.
    refused: usize,
    /// Credits less debits, by line of the chart; with how many accounts.
    balances: BTreeMap<String, (u64, i128)>,
    /// What escrow has, and what the lines of all orders say that it holds for them.
    escrow: i128,
    held: i128,
    /// Lines of orders by state.
    lines: BTreeMap<String, u64>,
    debits: u128,
    credits: u128,
    /// Whatever does not agree.
    differences: Vec<String>,
    /// The day after.
    supervision: Option<Supervision>,
}

/// Runs the demo.
pub fn run(demo: &Demo, output: Output) -> Result<(), Failure> {
    let made = Day::new(demo.seed, demo.events);
    if demo.data.join("books").exists() {
        eprintln!("{} is there already and is used again", demo.data.display());
    } else {
        directory::make(&demo.data, None)?;
    }
    // The day is lived through by a clock of its own, then the books go on by the system's.
    let local = serve(
        &demo.data,
        SocketAddr::from(([127, 0, 0, 1], 0)),
        Clock::Manual,
    )?;
    let lived = live_and_sum_up(&made, &local, demo);
    // The books are closed in any case; the day's own failure is the one told.
    let closed = local.close();
    let mut summary = lived?;
    closed?;
    let tried = supervision::try_draft(&demo.data)?;
    if let Some(supervision) = &mut summary.supervision {
        supervision.tried = Some((tried.payments, tried.refused));
    }
    publish(demo, &tried)?;
    print(&summary, output);
    if let Some(first) = summary.differences.first() {
        return Err(Failure::Check(format!("the day does not add up: {first}")));
    }
    if demo.exit {
        return Ok(());
    }
    let data = demo.data.display().to_string();
    serve(&demo.data, demo.listen, Clock::System)?.run(|url| {
        if output == Output::Text {
            say!();
            suggest(url, &data);
        }
        ready(url, output);
    })
}

fn serve(data: &Path, listen: SocketAddr, clock: Clock) -> Result<Local, Failure> {
    Local::start(Settings {
        data: data.to_owned(),
        listen,
        auth: Auth::None,
        clock,
        // The day itself tells nobody; who subscribes afterwards is told.
        delivery: match clock {
            Clock::Manual => Delivery::Off,
            Clock::System => Delivery::On,
        },
    })
}

fn live_and_sum_up(made: &Day, local: &Local, demo: &Demo) -> Result<Summary, Failure> {
    let endpoint = Endpoint::new(&local.url(), None).map_err(Failure::Input)?;
    let mut client = Client::connect(endpoint)?;
    set_clock(&mut client, MIDNIGHT)?;
    client.declare_ledger(&Ledger {
        number: EURO,
        code: "EUR".into(),
        exponent: EXPONENT,
    })?;
    chart::load_default(&mut client)?;
    let refused = live(made, &mut client)?;
    evening(&mut client)?;
    let supervised = supervision::live(&mut client, demo.seed, &demo.data.join("demo"))?;
    let mut summary = sum_up(made, refused, &mut client)?;
    summary.supervision = Some(supervised);
    Ok(summary)
}

/// Publishes what the draft would have done, where it is not.
fn publish(demo: &Demo, tried: &AssessmentText) -> Result<(), Failure> {
    let folder = demo.data.join("demo");
    if !supervision::is_unpublished(&folder) {
        return Ok(());
    }
    let local = serve(
        &demo.data,
        SocketAddr::from(([127, 0, 0, 1], 0)),
        Clock::Manual,
    )?;
    let published = Endpoint::new(&local.url(), None)
        .map_err(Failure::Input)
        .and_then(Client::connect)
        .and_then(|mut client| supervision::publish(&mut client, demo.seed, (&folder, tried)));
    let closed = local.close();
    published?;
    closed
}

fn set_clock(client: &mut Client, seconds: u64) -> Result<(), Failure> {
    let body = json!({ "nanoseconds": (seconds * SECOND).to_string() });
    client.post("/v1/admin/clock", &body).map(drop)
}

/// Carries the steps out, each at its time; how many were refused as they had to be.
fn live(made: &Day, client: &mut Client) -> Result<usize, Failure> {
    let bar = progress::bar("living", made.steps().len() as u64);
    let mut refused = 0;
    let alike =
        |one: &Step, next: &Step| (one.at, one.is_listing()) == (next.at, next.is_listing());
    for moment in made.steps().chunk_by(alike) {
        set_clock(client, moment[0].at)?;
        let asked: Vec<Value> = moment.iter().map(|step| step.command.clone()).collect();
        let outcomes = if moment[0].is_listing() {
            client.listings(&asked)?
        } else {
            client.commands(&asked)?
        };
        for (step, outcome) in moment.iter().zip(outcomes) {
            as_due(step, &outcome)?;
            refused += usize::from(step.due == Due::Refused);
        }
        bar.inc(moment.len() as u64);
    }
    bar.finish_and_clear();
    Ok(refused)
}

/// A day that was lived through before is answered otherwise than the first time, and changes
/// nothing.
fn as_due(step: &Step, outcome: &Outcome) -> Result<(), Failure> {
    let done = matches!(outcome.status.as_str(), "created" | "exists");
    if done == (step.due == Due::Done) {
        return Ok(());
    }
    Err(Failure::Input(format!(
        "{}: {} {}; the directory holds another day",
        step.command, outcome.status, outcome.detail
    )))
}

/// Payouts, the commission, the close of business, and a day later the end of the gifts.
fn evening(client: &mut Client) -> Result<(), Failure> {
    set_clock(client, MIDNIGHT + 23 * HOUR)?;
    let merchants: Vec<u64> = day::merchants().collect();
    let ids: Vec<u128> = merchants
        .iter()
        .map(|one| day::seller_account(*one))
        .collect();
    let accounts = client.lookup_accounts(&ids)?;
    let mut payouts = Vec::new();
    for merchant in merchants {
        let own = accounts
            .iter()
            .find(|account| account.user_data_128 == merchant.into());
        let amount = own.map_or(0, |own| balance(own).max(0).unsigned_abs() / 2);
        payouts.push(
            json!({ "id": (920_000 + merchant).to_string(), "act": "payout",
            "party": merchant.to_string(), "ledger": EURO, "amount": amount as u64 }),
        );
    }
    // A day that was lived through before has paid out what there was then.
    for outcome in client.commands(&payouts)? {
        let known = [
            "created",
            "exists",
            "exists_with_different_content",
            "amount_must_not_be_zero",
        ];
        if !known.contains(&outcome.status.as_str()) {
            return Err(Failure::Check(format!(
                "a payout was refused: {}",
                outcome.detail
            )));
        }
    }
    set_clock(client, MIDNIGHT + 24 * HOUR + 600)?;
    let close = json!({ "id": "930000", "act": "day_close", "day": DAY });
    for outcome in client.commands(&[close])? {
        if !matches!(outcome.status.as_str(), "created" | "exists") {
            return Err(Failure::Check(format!(
                "the day was not closed: {}",
                outcome.detail
            )));
        }
    }
    set_clock(client, MIDNIGHT + 37 * HOUR)
}

fn sum_up(made: &Day, refused: usize, client: &mut Client) -> Result<Summary, Failure> {
    let lines = chart::lines_of_books(client)?;
    let text = |line: &Value, part: &str| line[part].as_str().unwrap_or_default().to_owned();
    let names: BTreeMap<u16, String> = lines
        .iter()
        .filter_map(|line| {
            let name = text(line, "name") + &text(line, "name_more");
            Some((line["code"].as_u64()? as u16, name))
        })
        .collect();
    let mut summary = Summary {
        orders: made.orders.len(),
        refused,
        balances: BTreeMap::new(),
        escrow: 0,
        held: 0,
        lines: BTreeMap::new(),
        debits: 0,
        credits: 0,
        differences: Vec::new(),
        supervision: None,
    };
    let filter = QueryFilter {
        ledger: EURO,
        limit: 8_189,
        ..QueryFilter::default()
    };
    for account in client.query_accounts(&filter)? {
        summary.debits += account.debits_posted;
        summary.credits += account.credits_posted;
        let name = names.get(&account.code).cloned().unwrap_or_default();
        if name == "Escrow" {
            summary.escrow = balance(&account);
        }
        let sums = summary.balances.entry(name).or_default();
        sums.0 += 1;
        sums.1 += balance(&account);
    }
    for order in &made.orders {
        let answer = client.get(&format!("/v1/objects/order_line/{order}"))?;
        let lines: Vec<Value> = serde_json::from_str(&answer).map_err(Failure::input)?;
        for line in lines {
            let held = line["held_minor"]
                .as_str()
                .and_then(|held| held.parse::<i128>().ok());
            summary.held += held.unwrap_or(0);
            let state = line["state"].as_str().unwrap_or_default().to_owned();
            *summary.lines.entry(state).or_default() += 1;
        }
    }
    if summary.escrow != summary.held {
        let what = format!(
            "escrow {}, held for orders {}",
            summary.escrow, summary.held
        );
        summary.differences.push(what);
    }
    if summary.debits != summary.credits {
        let what = format!("debits {}, credits {}", summary.debits, summary.credits);
        summary.differences.push(what);
    }
    let gifts = summary
        .balances
        .get("Gift")
        .map_or(0, |(_, balance)| *balance);
    if gifts != 0 {
        summary
            .differences
            .push(format!("gifts have ended, and {gifts} is left in them"));
    }
    Ok(summary)
}

fn balance(account: &Account) -> i128 {
    account.credits_posted.cast_signed() - account.debits_posted.cast_signed()
}

fn print(summary: &Summary, output: Output) {
    if output == Output::Json {
        say!("{}", json!(summary));
        return;
    }
    let (orders, refused) = (summary.orders, summary.refused);
    say!("a day with {orders} orders; {refused} commands were refused as they must be\n");
    say!("{:24} {:>8} {:>16}", "", "accounts", "credit, EUR");
    for (name, (count, balance)) in &summary.balances {
        say!("{name:24} {count:>8} {:>16}", signed(*balance));
    }
    say!();
    for (state, count) in &summary.lines {
        say!("{state:24} {count:>8} lines of orders");
    }
    say!();
    let (escrow, held) = (signed(summary.escrow), signed(summary.held));
    say!("escrow {escrow} = {held} held for the lines of open orders");
    let money = |minor| format_amount(minor, EXPONENT);
    say!(
        "all debits {} = {} all credits",
        money(summary.debits),
        money(summary.credits)
    );
    if let Some(supervision) = &summary.supervision {
        say!("\n{}", supervision.told());
    }
}

fn signed(minor: i128) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}", format_amount(minor.unsigned_abs(), EXPONENT))
}

fn suggest(url: &str, data: &str) {
    let server = match url {
        "http://127.0.0.1:7411" => String::new(),
        other => format!(" --server {other}"),
    };
    let gift = day::gifts().next().unwrap_or_default();
    say!(
        "The books are in {data} and are served at {url} until you press Ctrl-C. Try elsewhere:\n\
         \n\
         \x20 counterfoil chart show{server}\n\
         \x20 counterfoil object order_line 1000000{server}\n\
         \x20 counterfoil listing search green lamp{server}\n\
         \x20 counterfoil query transfers --user-data-128 1000000{server}\n\
         \x20 counterfoil gift-proof {gift} --out gift{server} && counterfoil verify gift --key \"$(counterfoil key show --data {data})\"\n\
         \x20 counterfoil rule show{server} && counterfoil demand show 1{server}\n\
         \x20 {url}/public in a browser\n\
         \x20 counterfoil act --list\n\
         \x20 counterfoil act pay payer=1000 payee=1001 ledger=978 amount=1.00{server}\n\
         \x20 curl {url}/v1/events?limit=3\n"
    );
}
