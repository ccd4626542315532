//! `import berka`: the accounts and transactions of a real bank, as published for PKDD'99.
//!
//! Everything is read and put in order before anything is posted. Afterwards the balances are
//! read back from the server and compared with the published ones.

mod check;
mod order;
mod plan;
mod rows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use model::money::format_amount;
use model::{
    AccountBalance, AccountFilter, CreateAccountStatus, CreateTransferStatus, EventResult, Transfer,
};
use serde::Serialize;
use serde_json::json;

use crate::client::{Client, Ledger, transfer_status};
use crate::failure::Failure;
use crate::output::{Output, say};
use crate::progress;
use crate::stopwatch::Stopwatch;

use check::{Comparison, Told};
use plan::{Plan, customer_id};

/// Decimal places of the koruna.
const EXPONENT: u8 = 2;

/// Transfers a request: small enough that the bar moves.
const BATCH: usize = 4_096;

/// Mismatches that are told in words; all of them stand in the JSON.
const TOLD_MISMATCHES: usize = 20;

/// Takes the Berka data set (PKDD'99): every account, every transaction.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil import berka ./berka
  counterfoil import berka ./berka --data ./books --json

DIR holds account.asc and trans.asc, plain or as .gz. Importing twice changes nothing. Exit
code 1 where a balance of the books is not the published one.")]
pub struct Import {
    /// The directory with the files.
    dir: PathBuf,
    /// The ledger that becomes the koruna's.
    #[arg(long, default_value_t = 203)]
    ledger: u32,
}

/// What became of the import.
#[derive(Debug, Serialize)]
struct Report {
    accounts: u64,
    accounts_created: u64,
    transactions: u64,
    transactions_created: u64,
    #[serde(flatten)]
    comparison: Comparison,
}

/// Reads, posts, reads back, compares.
pub fn run(import: &Import, client: &mut Client, output: Output) -> Result<(), Failure> {
    let plan = read(&import.dir, import.ledger).map_err(Failure::Input)?;
    let stopwatch = Stopwatch::start();
    client.declare_ledger(&Ledger {
        number: import.ledger,
        code: "CZK".into(),
        exponent: EXPONENT,
    })?;
    let accounts_created = post_accounts(&plan, client)?;
    let transactions_created = post_transfers(&plan, client)?;
    let seconds = stopwatch.seconds();
    let report = Report {
        accounts: plan.accounts.len() as u64 - plan::Contra::ALL.len() as u64,
        accounts_created,
        transactions: plan.transfers.len() as u64,
        transactions_created,
        comparison: compare(&plan, client)?,
    };
    eprintln!(
        "posted {} transactions in {seconds:.2} s ({:.0} a second), read all back in {:.2} s",
        report.transactions,
        per_second(report.transactions, seconds),
        stopwatch.seconds() - seconds
    );
    print(&report, output);
    match report.comparison.mismatches.len() {
        0 => Ok(()),
        count => Err(Failure::Check(format!(
            "{count} published balances are not in the books"
        ))),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn per_second(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds.max(1e-9)
}

/// Reads both files and finds the order of everything; nothing was posted yet.
fn read(dir: &Path, ledger: u32) -> Result<Plan, String> {
    if ledger == 0 {
        return Err("ledger 0 is none".into());
    }
    let accounts_path = rows::find(dir, "account")?;
    let transactions_path = rows::find(dir, "trans")?;
    let accounts = rows::accounts(&accounts_path)?;
    let transactions = rows::transactions(&transactions_path)?;
    plan::make(ledger, &accounts, &transactions).map_err(|unsound| {
        let (path, line) = (transactions_path.display(), unsound.line);
        format!("{path}:{line}: {}", unsound.reason)
    })
}

fn post_accounts(plan: &Plan, client: &mut Client) -> Result<u64, Failure> {
    let results = client.create_accounts(&plan.accounts)?;
    let mut created = 0;
    for (account, result) in plan.accounts.iter().zip(&results) {
        match CreateAccountStatus::from_code(result.status) {
            Some(CreateAccountStatus::Created) => created += 1,
            Some(CreateAccountStatus::Exists) => {}
            status => {
                let name = status.map_or("an unknown status", CreateAccountStatus::name);
                return Err(Failure::Check(format!("account {}: {name}", account.id)));
            }
        }
    }
    Ok(created)
}

fn post_transfers(plan: &Plan, client: &mut Client) -> Result<u64, Failure> {
    let bar = progress::bar("posting", plan.transfers.len() as u64);
    let mut created = 0;
    for batch in plan.transfers.chunks(BATCH) {
        let results = client.create_transfers(batch)?;
        for (transfer, result) in batch.iter().zip(&results) {
            created += posted(transfer, *result)?;
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(created)
}

/// 1 where the transfer is new, 0 where it was there before.
fn posted(transfer: &Transfer, result: EventResult) -> Result<u64, Failure> {
    const CREATED: u32 = CreateTransferStatus::Created.code();
    const EXISTS: u32 = CreateTransferStatus::Exists.code();
    match result.status {
        CREATED => Ok(1),
        EXISTS => Ok(0),
        status => Err(Failure::Check(format!(
            "transaction {}: {}",
            transfer.id & u128::from(u32::MAX),
            transfer_status(status)
        ))),
    }
}

fn compare(plan: &Plan, client: &mut Client) -> Result<Comparison, Failure> {
    let bar = progress::bar("reading back", plan.published.len() as u64);
    let mut comparison = Comparison::default();
    for (&account, published) in &plan.published {
        let told = told(customer_id(account), client)?;
        comparison.account(account, published, &told);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(comparison)
}

/// All that the server has of one account: transfers and the balances after them, paged.
fn told(account: u128, client: &mut Client) -> Result<Vec<Told>, Failure> {
    let mut filter = AccountFilter::of(account);
    let mut balances: BTreeMap<u64, i128> = BTreeMap::new();
    let mut told = Vec::new();
    loop {
        let page = client.account_balances(&filter)?;
        balances.extend(page.iter().map(|one| (one.timestamp, net(one))));
        match page.last() {
            Some(last) if page.len() == filter.limit as usize => {
                filter.timestamp_min = last.timestamp + 1;
            }
            _ => break,
        }
    }
    filter.timestamp_min = 0;
    loop {
        let page = client.account_transfers(&filter)?;
        for transfer in &page {
            let balance = balances.get(&transfer.timestamp).ok_or_else(|| {
                Failure::Check(format!("transfer {}: no balance after it", transfer.id))
            })?;
            told.push(Told {
                transfer: transfer.id,
                balance: *balance,
            });
        }
        match page.last() {
            Some(last) if page.len() == filter.limit as usize => {
                filter.timestamp_min = last.timestamp + 1;
            }
            _ => return Ok(told),
        }
    }
}

/// What the bank owes the customer.
fn net(balance: &AccountBalance) -> i128 {
    balance.credits_posted.cast_signed() - balance.debits_posted.cast_signed()
}

fn print(report: &Report, output: Output) {
    let comparison = &report.comparison;
    if output == Output::Json {
        say!("{}", json!(report));
        return;
    }
    say!(
        "accounts      {:>8}  ({} new)",
        report.accounts,
        report.accounts_created
    );
    say!(
        "transactions  {:>8}  ({} new)",
        report.transactions,
        report.transactions_created
    );
    say!(
        "balances      {:>8}  as published: {} exactly, {} within 0.10, the farthest off by {}",
        comparison.balances_matched,
        comparison.balances_exact,
        comparison.balances_within_tolerance,
        format_amount(u128::from(comparison.largest_deviation), EXPONENT)
    );
    say!("mismatches    {:>8}", comparison.mismatches.len());
    for one in comparison.mismatches.iter().take(TOLD_MISMATCHES) {
        say!(
            "  account {} transaction {}: {}, expected {}, found {}",
            one.account,
            one.transaction,
            one.kind,
            signed(i128::from(one.expected)),
            one.found.map_or("nothing".into(), signed)
        );
    }
}

fn signed(minor: i128) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}", format_amount(minor.unsigned_abs(), EXPONENT))
}

#[cfg(test)]
mod tests;
