//! Answers to what can be asked: one closed enum, one `match`.

mod books;
mod commands;
mod demands;
mod documents;
mod events;
mod ledgers;
mod listings;
mod log;
mod me;
mod noun;
mod parties;
mod past;
mod public;
mod receipts;
mod rules;
mod service;
mod statements;
mod verify;
mod webhooks;

use axum::http::header;
use axum::response::Response;

use crate::body::with;
use crate::problem::Problem;
use crate::route::{Call, Operation};

pub(crate) use books::*;
pub(crate) use commands::*;
pub(crate) use demands::*;
pub(crate) use documents::*;
pub(crate) use events::*;
pub(crate) use ledgers::*;
pub(crate) use listings::*;
pub(crate) use log::*;
pub(crate) use me::*;
pub(crate) use parties::*;
pub(crate) use past::*;
pub(crate) use public::*;
pub(crate) use receipts::*;
pub(crate) use rules::*;
pub(crate) use service::*;
pub(crate) use statements::*;
pub(crate) use verify::*;
pub(crate) use webhooks::*;

type Answer = Result<Response, Problem>;

/// Answers a request that was let in.
pub(crate) async fn run(operation: Operation, call: Call<'_>) -> Answer {
    match operation {
        Operation::CreateAccounts => create_accounts(call).await,
        Operation::CreateTransfers => create_transfers(call).await,
        Operation::LookupAccounts => lookup_accounts(call).await,
        Operation::LookupTransfers => lookup_transfers(call).await,
        Operation::QueryAccounts => query_accounts(call).await,
        Operation::QueryTransfers => query_transfers(call).await,
        Operation::AccountTransfers => account_transfers(call).await,
        Operation::AccountBalances => account_balances(call).await,
        Operation::GetAccount => fresh(get_account(call).await),
        Operation::GetTransfer => fresh(get_transfer(call).await),
        Operation::ErasedTransfers => fresh(erased_transfers(call).await),
        Operation::RunCommands => run_commands(call).await,
        Operation::CreateOrders => create_orders(call).await,
        Operation::GetObjects => fresh(get_objects(call).await),
        Operation::GiftProof => fresh(gift_proof(call).await),
        Operation::EnterRules => enter_rules(call).await,
        Operation::ListRules => fresh(list_rules(call).await),
        Operation::GetRules => fresh(get_rules(call).await),
        Operation::GetFindings => fresh(get_findings(call).await),
        Operation::EnterDocument => enter_document(call).await,
        Operation::GetDocument => fresh(get_document(call).await),
        Operation::GetMandate => fresh(get_mandate(call).await),
        Operation::GetDecision => fresh(get_decision(call).await),
        Operation::ReceiveDemand => receive_demand(call).await,
        Operation::ListDemands => fresh(list_demands(call).await),
        Operation::GetDemand => fresh(get_demand(call).await),
        Operation::GetScope => fresh(get_scope(call).await),
        Operation::NarrowDemand => narrow_demand(call).await,
        Operation::AnswerDemand => answer_demand(call).await,
        Operation::TotalDemand => total_demand(call).await,
        Operation::DemandReceipt => fresh(demand_receipt(call).await),
        Operation::DisclosureReceipt => fresh(disclosure_receipt(call).await),
        Operation::RegisterDemands => register_demands(call).await,
        Operation::RegisterDisclosures => register_disclosures(call).await,
        Operation::GetChart => fresh(get_chart(call).await),
        Operation::AddListings => add_listings(call).await,
        Operation::SearchListings => fresh(search_listings(call).await),
        Operation::GetListing => fresh(get_listing(call).await),
        Operation::SetListing => set_listing(call).await,
        Operation::KeepPersonal => keep_personal(call).await,
        Operation::ShowPersonal => fresh(show_personal(call).await),
        Operation::ErasePersonal => erase_personal(call).await,
        Operation::Me => fresh(me(call).await),
        Operation::MyPersonal => fresh(my_personal(call).await),
        Operation::MyLookups => fresh(my_lookups(call).await),
        Operation::MyDisclosures => fresh(my_disclosures(call).await),
        Operation::MyRows => fresh(my_rows(call).await),
        Operation::MyLookupReceipt => fresh(my_lookup_receipt(call).await),
        Operation::TrialBalance => fresh(trial_balance(call).await),
        Operation::GetEvents => fresh(get_events(call).await),
        Operation::CreateWebhook => create_webhook(call).await,
        Operation::ListWebhooks => fresh(list_webhooks(call).await),
        Operation::GetWebhook => fresh(get_webhook(call).await),
        Operation::PauseWebhook => pause_webhook(call).await,
        Operation::ResumeWebhook => resume_webhook(call).await,
        Operation::RemoveWebhook => remove_webhook(call).await,
        Operation::RotateWebhook => rotate_webhook(call).await,
        Operation::WebhookDead => fresh(webhook_dead(call).await),
        Operation::ReplayWebhook => replay_webhook(call).await,
        Operation::ReplayDead => replay_dead(call).await,
        Operation::ListLedgers => fresh(list_ledgers(call).await),
        Operation::DeclareLedger => declare_ledger(call).await,
        Operation::TransferReceipt => fresh(transfer_receipt(call).await),
        Operation::ListStatements => fresh(list_statements(call).await),
        Operation::MakeStatement => make_statement(call).await,
        Operation::GetStatement => fresh(get_statement(call).await),
        Operation::StatementReceipt => fresh(statement_receipt(call).await),
        Operation::BalanceProof => fresh(balance_proof(call).await),
        Operation::BalanceAt => fresh(balance_at(call).await),
        Operation::LogCheckpoint => log_checkpoint(&call),
        Operation::LogWitnessed => log_witnessed(&call),
        Operation::LogTile => log_tile(call).await,
        Operation::SetClock => set_clock(call).await,
        Operation::Index => index(&call),
        Operation::VerifyPage => verify_page(&call),
        Operation::VerifyScript => verify_script(&call),
        Operation::VerifyStyle => verify_style(&call),
        Operation::VerifyModule => verify_module(&call),
        Operation::PublicPage => public_page(call).await,
        Operation::PublicFacts => public_facts(call).await,
        Operation::PublicStyle => public_style(&call),
        Operation::Document => document(&call),
        Operation::Health => fresh(health(&call)),
        Operation::Ready => fresh(ready(call).await),
        Operation::Metrics => fresh(metrics(&call)),
    }
}

/// Keeps an answer to GET out of caches: the next one may differ.
fn fresh(answer: Answer) -> Answer {
    answer.map(|response| with(response, header::CACHE_CONTROL, "no-store"))
}
