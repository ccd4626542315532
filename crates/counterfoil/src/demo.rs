//! `demo`: a day of a marketplace, made up, posted over HTTP, and left running to look at.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use model::money::format_amount;
use model::{Account, CreateAccountStatus, CreateTransferStatus, EventResult, transfer_flags};
use serde::Serialize;
use server::{Auth, Clock, Delivery};
use sim::workload::{EURO, Event, Market, Open, Role};

use crate::client::{Client, Ledger, transfer_status};
use crate::directory::{self, ready};
use crate::failure::Failure;
use crate::http::Endpoint;
use crate::local::{Local, Settings};
use crate::output::{Output, say};
use crate::progress;

const EXPONENT: u8 = 2;

/// Transfers a request.
const BATCH: usize = 1_000;

/// Makes up a day of a marketplace, posts it and leaves it running.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil demo
  counterfoil demo --data ./day --seed 7 --events 100000 --listen 127.0.0.1:0 --exit

The same seed makes the same day. A directory that holds the day already is used again.")]
pub struct Demo {
    /// The directory of books; made where there is none.
    #[arg(long, value_name = "DIR", default_value = "counterfoil-demo")]
    data: PathBuf,
    /// The same seed makes the same day.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// About so many transfers.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
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
    transfers: u64,
    /// Transfers that had to be refused, and were.
    refused: u64,
    /// Credits less debits, by role; the bank the other way round.
    balances: BTreeMap<&'static str, (u64, i128)>,
    escrow_balance: i128,
    orders_in_escrow: Total,
    escrow_pending: u128,
    orders_held: Total,
    payouts_leaving: Total,
    debits: u128,
    credits: u128,
    /// Whatever does not agree.
    differences: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Total {
    count: u64,
    amount: u128,
}

impl From<Open> for Total {
    fn from(open: Open) -> Self {
        Self {
            count: open.count,
            amount: open.amount,
        }
    }
}

/// Runs the demo.
pub fn run(demo: Demo, output: Output) -> Result<(), Failure> {
    let market = Market::new(demo.seed, demo.events);
    let exists = demo.data.join("books").exists();
    if exists {
        eprintln!("{} is there already and is used again", demo.data.display());
    } else {
        directory::make(&demo.data, None)?;
    }
    let data = demo.data.display().to_string();
    let local = Local::start(Settings {
        data: demo.data,
        listen: demo.listen,
        auth: Auth::None,
        clock: Clock::System,
        delivery: Delivery::On,
    })?;
    let posted = post_and_sum_up(&market, &local, output);
    if demo.exit || posted.is_err() {
        // The books are closed in any case; the day's own failure is the one told.
        let closed = local.close();
        posted?;
        return closed;
    }
    local.run(|url| {
        if output == Output::Text {
            say!();
            suggest(url, &data);
        }
        ready(url, output);
    })
}

fn post_and_sum_up(market: &Market, local: &Local, output: Output) -> Result<(), Failure> {
    let endpoint = Endpoint::new(&local.url(), None).map_err(Failure::Input)?;
    let mut client = Client::connect(endpoint)?;
    client.declare_ledger(&Ledger {
        number: EURO,
        code: "EUR".into(),
        exponent: EXPONENT,
    })?;
    post(market, &mut client)?;
    let summary = sum_up(market, &mut client)?;
    print(&summary, output);
    match summary.differences.as_slice() {
        [] => Ok(()),
        [first, ..] => Err(Failure::Check(format!("the day does not add up: {first}"))),
    }
}

fn post(market: &Market, client: &mut Client) -> Result<(), Failure> {
    let accounts = market.new_accounts();
    for (account, result) in accounts.iter().zip(client.create_accounts(&accounts)?) {
        match CreateAccountStatus::from_code(result.status) {
            Some(CreateAccountStatus::Created | CreateAccountStatus::Exists) => {}
            _ => {
                return Err(Failure::Input(format!(
                    "account {} is there already and another: the directory holds other books",
                    account.id
                )));
            }
        }
    }
    let bar = progress::bar("posting", market.events.len() as u64);
    for batch in market.batches(BATCH) {
        let transfers: Vec<_> = batch.iter().map(|event| event.transfer).collect();
        let results = client.create_transfers(&transfers)?;
        let mut chain = Chain::Starts;
        for (event, result) in batch.iter().zip(results) {
            as_expected(event, result, chain)?;
            chain = if event.transfer.has(transfer_flags::LINKED) {
                Chain::GoesOn
            } else {
                Chain::Starts
            };
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

/// Whether an event is linked to the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chain {
    Starts,
    GoesOn,
}

/// A day that was posted before is answered otherwise than the first time, and changes nothing.
fn as_expected(event: &Event, result: EventResult, chain: Chain) -> Result<(), Failure> {
    let failed_with_first = CreateTransferStatus::LinkedEventFailed.code();
    if chain == Chain::GoesOn && result.status == failed_with_first {
        // The first of the chain has told why: it exists.
        return Ok(());
    }
    let again = match event.expected {
        CreateTransferStatus::Created => CreateTransferStatus::Exists,
        _ => CreateTransferStatus::IdAlreadyFailed,
    };
    if [event.expected.code(), again.code()].contains(&result.status) {
        return Ok(());
    }
    Err(Failure::Input(format!(
        "transfer {}: {} where {} was due; the directory holds another day",
        event.transfer.id,
        transfer_status(result.status),
        event.expected.name()
    )))
}

fn sum_up(market: &Market, client: &mut Client) -> Result<Summary, Failure> {
    let ids: Vec<u128> = market.accounts.iter().map(|account| account.id).collect();
    let accounts = client.lookup_accounts(&ids)?;
    let created = CreateTransferStatus::Created;
    let refused = market
        .events
        .iter()
        .filter(|event| event.expected != created);
    let mut summary = Summary {
        transfers: market.events.len() as u64,
        refused: refused.count() as u64,
        balances: BTreeMap::new(),
        escrow_balance: 0,
        orders_in_escrow: market.paid.into(),
        escrow_pending: 0,
        orders_held: market.held.into(),
        payouts_leaving: market.leaving.into(),
        debits: 0,
        credits: 0,
        differences: Vec::new(),
    };
    for account in &accounts {
        summary.debits += account.debits_posted;
        summary.credits += account.credits_posted;
        let role = role(account);
        let sign = if role == "bank" { -1 } else { 1 };
        let sums = summary.balances.entry(role).or_default();
        sums.0 += 1;
        sums.1 += sign * balance(account);
        if role == "escrow" {
            summary.escrow_balance = balance(account);
            summary.escrow_pending = account.credits_pending;
        }
    }
    summary.differences = differences(market, &accounts, &summary);
    Ok(summary)
}

fn balance(account: &Account) -> i128 {
    account.credits_posted.cast_signed() - account.debits_posted.cast_signed()
}

fn role(account: &Account) -> &'static str {
    const ROLES: [(Role, &str); 5] = [
        (Role::Bank, "bank"),
        (Role::Escrow, "escrow"),
        (Role::Commission, "commission"),
        (Role::Seller, "sellers"),
        (Role::Buyer, "buyers"),
    ];
    let known = ROLES.iter().find(|(role, _)| *role as u16 == account.code);
    known.map_or("others", |(_, name)| name)
}

/// What the server tells against what the day must come to.
fn differences(market: &Market, accounts: &[Account], summary: &Summary) -> Vec<String> {
    let mut differences = Vec::new();
    if accounts.len() != market.accounts.len() {
        differences.push(format!(
            "{} accounts of {}",
            accounts.len(),
            market.accounts.len()
        ));
    }
    for (found, due) in accounts.iter().zip(&market.accounts) {
        let expected = Account {
            timestamp: found.timestamp,
            ..*due
        };
        if *found != expected {
            differences.push(format!("account {}: found {found:?}, due {due:?}", due.id));
        }
    }
    if summary.debits != summary.credits {
        differences.push(format!(
            "debits {}, credits {}",
            summary.debits, summary.credits
        ));
    }
    let in_escrow = summary.orders_in_escrow.amount.cast_signed();
    if summary.escrow_balance != in_escrow {
        differences.push(format!(
            "escrow {}, orders {in_escrow}",
            summary.escrow_balance
        ));
    }
    differences
}

fn print(summary: &Summary, output: Output) {
    if output == Output::Json {
        say!("{}", serde_json::json!(summary));
        return;
    }
    say!(
        "{} transfers, {} of them refused as they must be\n",
        summary.transfers,
        summary.refused
    );
    say!("{:12} {:>8} {:>14}", "", "accounts", "balance, EUR");
    for (role, (count, balance)) in &summary.balances {
        say!("{role:12} {count:>8} {:>14}", signed(*balance));
    }
    say!();
    let total = |total: &Total| format!("{} in {}", money(total.amount), total.count);
    let rows = [
        (
            "escrow",
            signed(summary.escrow_balance),
            format!(
                "{} orders paid, not yet released",
                total(&summary.orders_in_escrow)
            ),
        ),
        (
            "escrow, held",
            money(summary.escrow_pending),
            format!("{} orders not yet accepted", total(&summary.orders_held)),
        ),
        (
            "all debits",
            money(summary.debits),
            format!("{} all credits", money(summary.credits)),
        ),
    ];
    for (name, found, due) in rows {
        say!("{name:12} {found:>23}  =  {due}");
    }
}

fn money(minor: u128) -> String {
    format_amount(minor, EXPONENT)
}

fn signed(minor: i128) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}", money(minor.unsigned_abs()))
}

fn suggest(url: &str, data: &str) {
    let server = match url {
        "http://127.0.0.1:7411" => String::new(),
        other => format!(" --server {other}"),
    };
    say!(
        "The books are in {data} and are served at {url} until you press Ctrl-C. Try elsewhere:\n\
         \n\
         \x20 counterfoil account show 2{server}\n\
         \x20 counterfoil query account-transfers 2 --limit 5 --reversed{server}\n\
         \x20 counterfoil query balances 101 --limit 5 --reversed{server}\n\
         \x20 counterfoil query transfers --user-data-128 17{server}\n\
         \x20 counterfoil ledger list{server}\n\
         \x20 curl {url}/v1/accounts/2\n"
    );
}
