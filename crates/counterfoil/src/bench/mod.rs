//! `bench`: drives a server over its socket and says what it does.

mod follow;
mod generator;
mod load;
mod orders;
mod receipts;
mod report;
mod rules;
mod single;
mod spawned;

use std::path::PathBuf;

use clap::Args;
use merkle::policy::Policy;
use model::limits::BATCH_EVENTS;
use model::{AccountFilter, CreateAccountStatus, Transfer, account_filter_flags};
use sim::workload::Random;

use crate::client::Client;
use crate::directory;
use crate::failure::Failure;
use crate::http::Endpoint;
use crate::output::Output;
use crate::progress;
use crate::stopwatch::Stopwatch;
use crate::target::Target;

use follow::Follow;
use generator::{Ids, LEDGER, Mix};
use load::Load;
use report::{Milliseconds, Query, Report, Restart, ratio};
use spawned::{Fresh, Spawned, allocated};

/// Accounts whose transfers `--query` asks for.
const QUERIED: usize = 11;

/// Requests of which a transfer is looked up after `--restart`.
const CHECKED: u64 = 256;

/// The counter of the server's metrics that grows with each sync of the log.
const SYNCS: &str = "counterfoil_syncs_total";

/// Drives a server over its socket and says what it does.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil bench --spawn
  counterfoil bench --spawn --transfers 1000000 --accounts 1000000 --ids random --query
  counterfoil bench --spawn --single --transfers 200000
  counterfoil bench --server http://127.0.0.1:7411 --transfers 100000

Books that a bench has run on keep its accounts and transfers: use a directory of its own.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct Bench {
    #[command(flatten)]
    target: Target,
    /// Starts a server of its own, in a process of its own, on a fresh directory.
    #[arg(long, conflicts_with_all = ["server", "data"])]
    spawn: bool,
    /// Where --spawn makes its directory; it is removed afterwards.
    #[arg(long, value_name = "DIR", default_value = ".")]
    data_parent: PathBuf,
    /// How many accounts.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2..))]
    accounts: u32,
    /// How many transfers.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    transfers: u64,
    /// Transfers a request.
    #[arg(long, default_value_t = BATCH_EVENTS as u32,
          value_parser = clap::value_parser!(u32).range(1..=BATCH_EVENTS as i64))]
    batch: u32,
    /// Connections, each with one request at a time [default: 2, with --single 256].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=4096))]
    connections: Option<u32>,
    /// How the ids of the transfers follow each other.
    #[arg(long, value_enum, default_value_t = Ids::Sequential)]
    ids: Ids,
    /// Percent of the transfers that touch one account.
    #[arg(long, value_name = "PERCENT", default_value_t = 0,
          value_parser = clap::value_parser!(u8).range(0..=100))]
    hot_share: u8,
    /// Percent of the transfers that are a hold or its posting.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, conflicts_with = "single",
          value_parser = clap::value_parser!(u8).range(0..=100))]
    two_phase_share: u8,
    /// JSON, one transfer a request.
    #[arg(long, conflicts_with = "batch")]
    single: bool,
    /// Orders paid into escrow in place of transfers: --transfers says how many, --accounts how many
    /// buyers, --hot-share how many percent one seller takes.
    #[arg(long, conflicts_with_all = ["single", "query", "receipts", "two_phase_share"])]
    orders: bool,
    /// Afterwards as many orders that are not paid reach their deadline at once, while payments go on.
    #[arg(long, requires = "orders", value_name = "ORDERS")]
    ring: Option<u32>,
    /// Twenty rules are in force meanwhile, four of which count each order.
    #[arg(long, requires = "orders")]
    rules: bool,
    /// Somebody follows the events of the orders meanwhile; the report says how quickly they came.
    #[arg(long, requires = "orders", value_enum)]
    follow: Option<Follow>,
    /// Afterwards asks for the last 8,189 transfers of several accounts.
    #[arg(long)]
    query: bool,
    /// Afterwards gets the receipts of 500 transfers and checks them.
    #[arg(long, requires = "spawn")]
    receipts: bool,
    /// Afterwards kills the server, starts it again and looks for what was answered.
    #[arg(long, requires = "spawn")]
    restart: bool,
    /// The same seed makes up the same transfers.
    #[arg(long, default_value_t = 42)]
    seed: u64,
}

/// Runs the bench and prints its report; fails where anything was refused.
pub fn run(bench: &Bench, output: Output) -> Result<(), Failure> {
    let report = if bench.spawn {
        on_spawned(bench)?
    } else {
        crate::target::with_client(&bench.target, |client| measure(bench, client))?
    };
    report.print(output, if bench.orders { "orders" } else { "transfers" });
    let refused = report.transfers - report.created;
    if refused > 0 {
        return Err(Failure::Check(format!("{refused} transfers were refused")));
    }
    Ok(())
}

fn on_spawned(bench: &Bench) -> Result<Report, Failure> {
    let fresh = Fresh::under(&bench.data_parent).map_err(Failure::Input)?;
    let key = directory::make(fresh.path(), None)?;
    let (server, _) = Spawned::start(fresh.path()).map_err(Failure::Input)?;
    let endpoint = Endpoint::new(server.url(), None).map_err(Failure::Input)?;
    let mut client = Client::connect(endpoint)?;
    let mut report = measure(bench, &mut client)?;
    if bench.receipts {
        let load = (bench.mix(), bench.transfers, bench.seed);
        let policy = Policy::of_log(key.verifier().clone());
        report.receipts = Some(receipts::measure(load, &policy, &mut client)?);
    }
    if let Some((now, peak)) = server.memory() {
        report.rss_bytes = Some(now);
        report.rss_peak_bytes = Some(peak);
    }
    let disk = allocated(fresh.path()).map_err(Failure::input)?;
    report.disk_bytes = Some(disk);
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    let created = report.created as f64;
    report.disk_bytes_per_transfer = Some(ratio(disk, created));
    if bench.restart {
        server.kill();
        let (again, seconds) = Spawned::start(fresh.path()).map_err(Failure::Input)?;
        let endpoint = Endpoint::new(again.url(), None).map_err(Failure::Input)?;
        let mut client = Client::connect(endpoint)?;
        let checked = if bench.orders {
            orders::look_for_answered(bench, &mut client)?
        } else {
            look_for_answered(bench, &mut client)?
        };
        report.restart = Some(Restart { seconds, checked });
    }
    Ok(report)
}

impl Bench {
    fn load(&self) -> Load {
        Load {
            transfers: self.transfers,
            batch: if self.single { 1 } else { self.batch },
            connections: self
                .connections
                .unwrap_or(if self.single { 256 } else { 2 }),
        }
    }

    fn mix(&self) -> Mix {
        Mix {
            accounts: self.accounts,
            hot_share: self.hot_share,
            two_phase_share: self.two_phase_share,
            ids: self.ids,
            seed: self.seed,
            // A fresh directory needs no telling apart, and is then the same every time.
            run: if self.spawn { 0 } else { now_milliseconds() },
        }
    }
}

fn now_milliseconds() -> u64 {
    jiff::Timestamp::now().as_millisecond().unsigned_abs()
}

fn measure(bench: &Bench, client: &mut Client) -> Result<Report, Failure> {
    if bench.orders {
        return orders::measure(bench, client);
    }
    let (load, mix) = (bench.load(), bench.mix());
    make_accounts(bench.accounts, client)?;
    let before = syncs(client);
    let bar = progress::bar("transfers", load.transfers);
    let run = if bench.single {
        single::run
    } else {
        load::bulk
    };
    let (seen, seconds) = run(client.endpoint(), load, mix, &bar).map_err(Failure::Input)?;
    bar.finish_and_clear();
    let mut report = Report::of(seen, load.transfers, seconds);
    report.syncs = syncs(client)
        .zip(before)
        .map(|(after, before)| after - before);
    report.rss_bytes = metric(client, "counterfoil_resident_memory_bytes");
    if bench.query {
        report.query = Some(query(bench, client)?);
    }
    Ok(report)
}

fn make_accounts(count: u32, client: &mut Client) -> Result<(), Failure> {
    let bar = progress::bar("accounts", u64::from(count));
    let step = BATCH_EVENTS as u32;
    for first in (0..count).step_by(BATCH_EVENTS) {
        let batch = Mix::accounts(first, step.min(count - first));
        for result in client.create_accounts(&batch)? {
            match CreateAccountStatus::from_code(result.status) {
                Some(CreateAccountStatus::Created | CreateAccountStatus::Exists) => {}
                status => {
                    let name = status.map_or("an unknown status", CreateAccountStatus::name);
                    return Err(Failure::Check(format!("an account was refused: {name}")));
                }
            }
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

fn syncs(client: &mut Client) -> Option<u64> {
    metric(client, SYNCS)
}

fn metric(client: &mut Client, name: &str) -> Option<u64> {
    let text = client.metrics().ok()?;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    value.trim().parse().ok()
}

/// Times the last transfers of several accounts, the hot one among them.
fn query(bench: &Bench, client: &mut Client) -> Result<Query, Failure> {
    let mut random = Random::new(bench.seed);
    let mut taken = Vec::with_capacity(QUERIED);
    let mut transfers = 0;
    for turn in 0..QUERIED {
        let index = match turn {
            0 => 0,
            _ => random.below(u64::from(bench.accounts)) as u32,
        };
        let mut filter = AccountFilter::of(Mix::account_id(index));
        filter.flags |= account_filter_flags::REVERSED;
        let stopwatch = Stopwatch::start();
        let page = client.account_transfers(&filter)?;
        taken.push(u64::try_from(stopwatch.elapsed().as_nanos()).unwrap_or(u64::MAX));
        if !is_page_of(filter.account_id, &page) {
            return Err(Failure::Check(
                "an account's transfers are not its own".into(),
            ));
        }
        transfers += page.len() as u64;
    }
    Ok(Query {
        accounts: QUERIED,
        transfers,
        ms: Milliseconds::of(taken),
    })
}

/// Newest first, and each touches the account.
fn is_page_of(account: u128, page: &[Transfer]) -> bool {
    page.iter().all(|one| {
        one.ledger == LEDGER && [one.debit_account_id, one.credit_account_id].contains(&account)
    }) && page.is_sorted_by(|one, other| one.timestamp > other.timestamp)
}

/// Looks up the last transfer of requests from all over the load; all were answered.
fn look_for_answered(bench: &Bench, client: &mut Client) -> Result<u64, Failure> {
    let (load, mix) = (bench.load(), bench.mix());
    let requests = load.transfers.div_ceil(u64::from(load.batch));
    let step = requests.div_ceil(CHECKED);
    // Counted from the last, which a lost tail would take first.
    let ids: Vec<u128> = (0..requests)
        .rev()
        .step_by(step as usize)
        .filter_map(|number| load.request(number))
        .map(|(first, count)| mix.transfer_id(first + count as u64 - 1))
        .collect();
    let found = client.lookup_transfers(&ids)?;
    if found.len() < ids.len() {
        return Err(Failure::Check(format!(
            "{} of {} answered transfers are gone after the restart",
            ids.len() - found.len(),
            ids.len()
        )));
    }
    Ok(ids.len() as u64)
}
