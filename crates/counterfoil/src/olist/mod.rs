//! `import olist`: the orders of a real marketplace, lived through again by commands.
//!
//! Reading order: `rows` reads what was published, `plan` says what each order becomes, `run` sends
//! it under a clock that goes with it, `report` asks the books what has come of it.

mod plan;
mod report;
mod rows;
mod run;

use std::path::PathBuf;

use clap::Args;

use crate::chart;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;
use crate::stopwatch::Stopwatch;

use plan::Terms;

/// Decimal places of the real.
const EXPONENT: u8 = 2;

/// Lives through the orders of the Olist data set: placed, paid, shipped, confirmed, cancelled.
#[derive(Args)]
#[command(after_help = "\
Examples:
  counterfoil init --data ./market && counterfoil import olist ./olist --data ./market
  counterfoil serve --data ./market --clock manual --no-auth   # and elsewhere:
  counterfoil import olist ./olist --json

DIR holds the files of customers, orders, order items, order payments and sellers, plain or as .gz.
The books need a clock that is moved by hand, and have to be older than the first order; their time
goes with the orders. Importing twice changes nothing. Exit code 1 where money is not where it must
be, or something was refused.")]
pub struct Import {
    /// The directory with the files.
    dir: PathBuf,
    /// The ledger that becomes the real's.
    #[arg(long, default_value_t = 986, value_parser = clap::value_parser!(u32).range(1..))]
    ledger: u32,
    /// What the marketplace takes of each sale, in millionths; the data do not tell.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    commission: u32,
}

/// Reads, plans, sends, and asks the books.
pub fn run(import: &Import, client: &mut Client, output: Output) -> Result<(), Failure> {
    let rows = rows::read(&import.dir).map_err(Failure::Input)?;
    let terms = Terms {
        ledger: import.ledger,
        commission: import.commission,
    };
    let plan = plan::make(&rows, terms);
    let stopwatch = Stopwatch::start();
    let done = run::run(&plan, import.ledger, client)?;
    let seconds = stopwatch.seconds();
    let report = report::make(&rows, (&plan, &done), import.ledger, client)?;
    eprintln!(
        "sent {} commands in {seconds:.2} s, asked the books in {:.2} s",
        plan.parties.len() + plan.steps.len(),
        stopwatch.seconds() - seconds
    );
    report.print(output);
    report.verdict()
}
