//! The `counterfoil` binary and its commands.
//!
//! A command that speaks to books does so through the server's own HTTP resources, be the server
//! elsewhere (`--server`) or within this process (`--data`): there is one way in.
//!
//! Reading order: `target` says which books; `http` and `client` are the way to them; `local` is a
//! server within this process; then one file a command. A flag, its help and what it does stand
//! in the same file.

mod act;
mod ask;
mod bench;
mod berka;
mod chart;
mod client;
mod config;
mod demand;
mod demo;
mod directory;
mod document;
mod erase;
mod events;
mod export;
mod failure;
mod http;
mod key;
mod listing;
mod local;
mod log;
mod me;
mod monitor;
mod olist;
mod output;
mod party;
mod progress;
mod proof;
mod rule;
mod show;
mod stopwatch;
mod target;
mod time;
mod unpack;
mod webhook;
mod witness;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use serde_json::json;

use failure::Failure;
use output::{Output, say};
use target::{Target, with_client, with_client_by};

/// A durable ledger for payments: accounts, transfers and nothing lost.
#[derive(Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  counterfoil demo
  counterfoil init --data ./books && counterfoil serve --data ./books --no-auth
  counterfoil ledger declare 978 EUR 2
  counterfoil account create --id 1 --ledger 978 --code 10
  counterfoil transfer create --id 1 --debit 1 --credit 2 --amount 12.50 --ledger 978 --code 1

Exit code 0: done. 1: done, and the answer is no (a refusal, a difference). 2: not done as asked."
)]
struct Cli {
    /// Answers in JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Init(directory::Init),
    Serve(directory::Serve),
    Audit(directory::Audit),
    Erase(erase::Erase),
    Token(directory::Token),
    /// Makes and shows the keys that sign logs and cosign checkpoints.
    Key {
        #[command(subcommand)]
        action: key::Key,
    },
    /// Makes accounts and shows them.
    Account(OnBooks<ask::Account>),
    /// Moves money, holds it, and shows what was moved.
    Transfer(OnBooks<ask::Transfer>),
    /// Looks through the books.
    Query(OnBooks<ask::Query>),
    /// Gives ledgers their currencies and lists them.
    Ledger(OnBooks<ask::Ledger>),
    Act(act::Act),
    Object(act::Object),
    /// What is known of parties, in the vault.
    Party(OnBooks<party::Party>),
    Me(me::Me),
    /// What sellers offer, with its texts, and the search of it by words.
    Listing(OnBooks<listing::Listing>),
    /// The chart of accounts: loads and shows it.
    Chart(OnBooks<chart::Chart>),
    /// Rules for payments: tries, enters and shows them.
    Rule {
        #[command(subcommand)]
        action: rule::Rule,
    },
    /// What authorities say, and what is said to it: mandates, decisions, appeals, assessments of
    /// drafts.
    Document(OnBooks<document::Document>),
    /// Demands for data: what an authority asks, what becomes of it, and what leaves.
    Demand {
        #[command(subcommand)]
        action: demand::Demand,
    },
    Events(events::Events),
    /// Webhooks: events that are posted to URLs, signed.
    Webhook(OnBooks<webhook::Webhook>),
    TrialBalance(export::TrialBalance),
    /// Writes the books to a file that other programs read.
    Export(OnBooks<export::Export>),
    Receipt(proof::Receipt),
    BalanceProof(proof::BalanceProof),
    GiftProof(proof::GiftProof),
    /// Statements: every balance summed up and committed to.
    Statement(OnBooks<proof::Statement>),
    /// The public log: what everyone may see of the books.
    Log(OnBooks<log::Log>),
    Verify(proof::Verify),
    Witness(witness::Witness),
    Monitor(monitor::Monitor),
    /// Takes the books of others.
    Import(OnBooks<Import>),
    Demo(demo::Demo),
    Bench(Box<bench::Bench>),
    /// Prints a shell's completion of these commands.
    #[command(after_help = "Example:\n  counterfoil completion bash > counterfoil.bash")]
    Completion {
        shell: Shell,
    },
}

/// A command on the books of a server or a directory.
#[derive(Args)]
struct OnBooks<T: Subcommand> {
    #[command(flatten)]
    target: Target,
    #[command(subcommand)]
    action: T,
}

#[derive(Subcommand)]
enum Import {
    Berka(berka::Import),
    Olist(olist::Import),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misread(&error),
    };
    let output = if cli.json { Output::Json } else { Output::Text };
    match run(cli.command, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::Init(init) => directory::init(&init, output),
        Command::Serve(serve) => directory::serve(serve, output),
        Command::Audit(audit) => directory::audit(&audit, output),
        Command::Erase(erase) => erase::run(erase, output),
        Command::Key { action } => key::run(&action, output),
        Command::Rule { action } => rule::run(&action, output),
        Command::Demand { action } => demand::run(&action, output),
        Command::Document(OnBooks { target, action }) => match &action {
            document::Document::Check { file } => document::check(file, output),
            action => with_client(&target, |client| document::run(action, client, output)),
        },
        Command::Events(events) => with_client(&events.target, |client| {
            events::run(&events, client, output)
        }),
        Command::Webhook(OnBooks { target, action }) => {
            with_client(&target, |client| webhook::run(&action, client, output))
        }
        Command::Receipt(receipt) => with_client(&receipt.target, |client| {
            proof::receipt(&receipt, client, output)
        }),
        Command::BalanceProof(proof) => with_client(&proof.target, |client| {
            proof::balance_proof(&proof, client, output)
        }),
        Command::GiftProof(proof) => with_client(&proof.target, |client| {
            proof::gift_proof(&proof, client, output)
        }),
        Command::Statement(OnBooks { target, action }) => {
            with_client(&target, |client| proof::statement(&action, client, output))
        }
        Command::Log(OnBooks { target, action }) => {
            with_client(&target, |client| log::run(&action, client, output))
        }
        Command::Verify(verify) => proof::verify(&verify, output),
        Command::Witness(witness) => witness::run(witness, output),
        Command::Monitor(monitor) => monitor::run(&monitor, output),
        Command::Token(token) => directory::token(&token, output),
        Command::Account(OnBooks { target, action }) => {
            with_client(&target, |client| ask::account(&action, client, output))
        }
        Command::Transfer(OnBooks { target, action }) => {
            with_client(&target, |client| ask::transfer(&action, client, output))
        }
        Command::Query(OnBooks { target, action }) => {
            with_client(&target, |client| ask::query(&action, client, output))
        }
        Command::Ledger(OnBooks { target, action }) => {
            with_client(&target, |client| ask::ledger(&action, client, output))
        }
        Command::Act(act) => act::run(&act, output),
        Command::Object(object) => act::object(&object, output),
        Command::Party(OnBooks { target, action }) => {
            with_client(&target, |client| party::run(&action, client, output))
        }
        Command::Me(me) => with_client(&me.target, |client| me::run(&me, client, output)),
        Command::Listing(OnBooks { target, action }) => {
            with_client(&target, |client| listing::run(&action, client, output))
        }
        Command::Chart(OnBooks { target, action }) => {
            with_client(&target, |client| chart::run(&action, client, output))
        }
        Command::TrialBalance(asked) => export::trial_balance(&asked, output),
        Command::Export(OnBooks { target, action }) => {
            with_client(&target, |client| export::run(&action, client, output))
        }
        Command::Import(OnBooks { target, action }) => match action {
            Import::Berka(import) => {
                with_client(&target, |client| berka::run(&import, client, output))
            }
            Import::Olist(import) => with_client_by(&target, server::Clock::Manual, |client| {
                olist::run(&import, client, output)
            }),
        },
        Command::Demo(demo) => demo::run(&demo, output),
        Command::Bench(bench) => bench::run(&bench, output),
        Command::Completion { shell } => {
            complete(shell, output);
            Ok(())
        }
    }
}

fn complete(shell: Shell, output: Output) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "counterfoil", &mut script);
    let script = String::from_utf8_lossy(&script);
    match output {
        Output::Text => output::write(format_args!("{script}")),
        Output::Json => say!("{}", json!({ "completion": script })),
    }
}

/// Help goes to whoever asked for it; wrong words are told in one line.
fn misread(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            output::write(format_args!("{error}"));
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            eprint!("{error}");
            ExitCode::from(2)
        }
        _ => {
            let text = error.to_string();
            // Behind the first paragraph stand hints and usage.
            let reason = text.split("\n\n").next().unwrap_or(&text);
            let reason = reason.strip_prefix("error: ").unwrap_or(reason);
            Failure::Input(reason.to_owned()).report()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_commands_are_sound() {
        super::Cli::command().debug_assert();
    }
}
