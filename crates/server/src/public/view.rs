//! What the public page shows, as one value: the page is written of it, and so is its JSON.
//!
//! Nothing in it says who somebody is. Authorities are named by their ids; a decision is addressed
//! to the institution or to a party, and to which is not said. Where that could be guessed from
//! what is said beside it, it is not said either: see [`super::decisions`].

use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{U64, U128};

/// All of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PublicView {
    /// Nanoseconds since 1970: when it was put together.
    pub as_of: U64,
    /// Which books these are.
    pub log: LogView,
    /// What payments have to keep to.
    pub rules: RulesView,
    /// What authorities decided.
    pub decisions: DecisionsView,
    /// What authorities asked to be told.
    pub demands: DemandsView,
    /// Client money, and what covers it.
    pub money: MoneyView,
    /// Sales of the last twelve months.
    pub market: MarketView,
}

/// The log that shows what happened, and who vouches for it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LogView {
    /// Its origin; null where the books sign nothing.
    pub origin: Option<String>,
    /// Its verifier keys, the newest first.
    pub keys: Vec<String>,
    /// The newest checkpoint that is served at `/log/checkpoint`.
    pub checkpoint: Option<CheckpointView>,
    /// The newest that a quorum of witnesses cosigned, served at `/log/witnessed`.
    pub witnessed: Option<CheckpointView>,
    /// The witnesses of its policy.
    pub witnesses: Vec<WitnessView>,
}

/// The head of the log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckpointView {
    /// Batches.
    pub size: U64,
    /// The root, base64 as in the checkpoint.
    pub root: String,
    /// Nanoseconds since 1970: of its last batch.
    pub time: Option<U64>,
}

/// A witness, and what it cosigned.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WitnessView {
    /// The name of its key.
    pub name: String,
    /// Its verifier key.
    pub key: String,
    /// Size of the newest of the two checkpoints above that it cosigned; null where it is neither.
    pub cosigned: Option<U64>,
    /// Seconds since 1970: when it did.
    pub time: Option<U64>,
}

/// The rule book.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RulesView {
    /// The version that is in force; null where there is none.
    pub in_force: Option<VersionView>,
    /// Those that begin later, the next one first: rules that are new or changed.
    pub to_come: Vec<VersionView>,
    /// What drafts would have done, the newest first.
    pub assessments: Vec<AssessmentView>,
    /// Older assessments that are not shown.
    pub assessments_left_out: U64,
}

/// A version of the rule book.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VersionView {
    /// From 1.
    pub version: u32,
    /// SHA-256 over its canonical bytes, hexadecimal.
    pub digest: String,
    /// Nanoseconds since 1970: from when on it is in force.
    pub begins: U64,
    /// `staff`, or `authority`.
    #[schema(value_type = String, example = "authority")]
    pub signed_by: &'static str,
    /// Its id, where an authority signed.
    pub authority: Option<U128>,
    /// Its rules, in their order.
    pub rules: Vec<RuleView>,
    /// Rules that stand as they do in the version in force, and are not shown again.
    pub unchanged: usize,
    /// SHA-256 of the assessments below that are of this version, with dates or without.
    pub assessments: Vec<String>,
}

/// A rule.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RuleView {
    /// Its id.
    pub id: String,
    /// What it says, in a line.
    pub title: String,
    /// Whose rule it is.
    pub jurisdiction: String,
    /// Where it comes from.
    pub law: String,
    /// The place in it.
    pub article: String,
    /// Where it can be read.
    pub address: String,
    /// Whether somebody compared it with that source.
    pub verified: bool,
    /// `in_force`, `draft`, `to_come` or `over`.
    #[schema(value_type = String, example = "in_force")]
    pub state: &'static str,
    /// Nanoseconds since 1970: from when on it holds; null for a draft.
    pub from: Option<U64>,
    /// Nanoseconds since 1970: from when on it holds no more; null is never.
    pub to: Option<U64>,
    /// `refuse`, `hold`, `flag` or `report`.
    #[schema(value_type = String, example = "refuse")]
    pub then: &'static str,
    /// What it does, in words.
    pub says: String,
}

/// What a draft would have done to payments of the past.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AssessmentView {
    /// SHA-256 of its document, hexadecimal.
    pub sha256: String,
    /// SHA-256 over the canonical bytes of the draft, hexadecimal.
    pub draft: String,
    /// What the draft is called.
    pub title: Option<String>,
    /// `staff`, or `authority`.
    #[schema(value_type = String, example = "authority")]
    pub signed_by: &'static str,
    /// Its id, where an authority signed.
    pub authority: Option<U128>,
    /// Nanoseconds since 1970: when it was entered.
    pub entered: U64,
    /// Nanoseconds since 1970: the first moment that was replayed; null is the beginning.
    pub from: Option<U64>,
    /// Nanoseconds since 1970: the moment at which that ended; null is the end.
    pub to: Option<U64>,
    /// Payments that were judged.
    pub payments: U64,
    /// Those that the draft would not have let through.
    pub refused: U64,
    /// How many people they are of.
    pub people: U64,
    /// What they come to, in major units of their ledger, where one is named.
    pub sum: Option<AmountView>,
    /// Nanoseconds since 1970: until when it can be commented.
    pub comments_until: U64,
    /// Whether that is still to come.
    pub open: bool,
    /// How many comments were entered.
    pub comments: U64,
    /// What it says in words.
    pub reasons: String,
    /// Bytes of that which are not shown.
    pub reasons_left_out: U64,
}

/// An amount of a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct AmountView {
    /// Number of the ledger.
    pub ledger: u32,
    /// Its currency, where it has one.
    pub currency: Option<String>,
    /// In major units, where it has one.
    pub amount: Option<String>,
    /// In minor units.
    pub amount_minor: U128,
}

/// Decisions of authorities.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DecisionsView {
    /// How many there are, as far as documents were read.
    pub total: U64,
    /// Older ones that are not shown.
    pub left_out: U64,
    /// Whether all documents were read; where not, ask again in a moment.
    pub complete: bool,
    /// The newest first.
    pub decisions: Vec<DecisionView>,
}

/// A decision.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DecisionView {
    /// Who decided.
    pub authority: U128,
    /// From 1 for each authority.
    pub number: U64,
    /// `licence`, `approval`, `veto`, `restriction`, `fine`, `undertaking` or `lifting`.
    #[schema(value_type = String, example = "fine")]
    pub kind: &'static str,
    /// `to_come`, `in_force`, `under_appeal`, `overdue`, `ended`, `fulfilled`, `lifted`,
    /// `annulled`.
    #[schema(value_type = String, example = "in_force")]
    pub state: &'static str,
    /// `institution` or `party`; null where not even that is said.
    #[schema(value_type = Option<String>, example = "institution")]
    pub addressee: Option<&'static str>,
    /// By which law.
    pub law: String,
    /// The place in it.
    pub article: String,
    /// Where.
    pub jurisdiction: String,
    /// About which product.
    #[schema(value_type = Option<String>, example = "payment")]
    pub product: Option<&'static str>,
    /// Of a restriction: `stop`, `freeze` or `cap`.
    #[schema(value_type = Option<String>, example = "stop")]
    pub measure: Option<&'static str>,
    /// Of a cap: `payer`, `payee` or `everyone`.
    #[schema(value_type = Option<String>, example = "payer")]
    pub of: Option<&'static str>,
    /// Of a cap: `day` or `month`.
    #[schema(value_type = Option<String>, example = "day")]
    pub window: Option<&'static str>,
    /// The fine, or the cap.
    pub amount: Option<AmountView>,
    /// How a fine is computed.
    pub computation: Option<ComputationView>,
    /// Of a lifting, the number of the decision that it lifts.
    pub lifts: Option<U64>,
    /// Nanoseconds since 1970: when it was entered.
    pub entered: U64,
    /// Nanoseconds since 1970: when its term begins.
    pub begins: Option<U64>,
    /// Nanoseconds since 1970: when its term ends; null is never.
    pub ends: Option<U64>,
    /// Nanoseconds since 1970: when what was fined or undertaken is due.
    pub due: Option<U64>,
    /// Of a fine or an undertaking: `open`, `overdue`, `fulfilled`, or `ended` without it.
    #[schema(value_type = Option<String>, example = "open")]
    pub kept: Option<&'static str>,
    /// `none`, `lodged`, `upheld` or `annulled`; null where nobody can appeal.
    #[schema(value_type = Option<String>, example = "lodged")]
    pub appeal: Option<&'static str>,
    /// The court that decides on appeals.
    pub appeal_to: Option<U128>,
    /// Nanoseconds since 1970: until when it can be appealed.
    pub appeal_until: Option<U64>,
    /// Its reasons; null where they are not shown because of whom they are about.
    pub reasons: Option<String>,
    /// Bytes of them that are not shown.
    pub reasons_left_out: U64,
    /// SHA-256 over its text, hexadecimal; null where it could tell to whom it is addressed.
    pub sha256: Option<String>,
}

/// How a fine is computed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ComputationView {
    /// `stated`, `share_of_sales` or `guidelines_2006`.
    #[schema(value_type = String, example = "share_of_sales")]
    pub method: &'static str,
    /// Of what.
    pub base: Option<AmountView>,
    /// How much of it, per mille.
    pub share: Option<u16>,
    /// For how long, in hundredths of a year.
    pub years: Option<u16>,
    /// On top, per mille of the base.
    pub entry: Option<u16>,
    /// 10 % of which it is at most.
    pub turnover: Option<AmountView>,
    /// The result is rounded down to a multiple of this.
    pub unit: Option<AmountView>,
}

/// Demands for data.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct DemandsView {
    /// How many there are.
    pub total: U64,
    /// Older ones that are not shown.
    pub left_out: U64,
    /// How many of each authority or class, kind and outcome, of all.
    pub counts: Vec<DemandCount>,
    /// The newest first.
    pub demands: Vec<DemandRow>,
}

/// How many demands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DemandCount {
    /// The id of the authority, or its class where it is sealed.
    pub authority: String,
    /// What is asked for.
    pub kind: String,
    /// What became of them.
    pub outcome: String,
    /// How many.
    pub count: U64,
}

/// A demand for data.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts of a row, each told by itself"
)]
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct DemandRow {
    /// Of all demands, from 1.
    pub serial: U64,
    /// Who demands; null while it is sealed.
    pub authority: Option<String>,
    /// Class of the authority.
    pub class: String,
    /// What is asked for; null while it is sealed.
    pub kind: Option<String>,
    /// By what right.
    pub basis: String,
    /// What for; null while it is sealed.
    pub purpose: Option<String>,
    /// How far it is.
    pub state: String,
    /// Whether less may leave than was asked.
    pub narrowed: bool,
    /// Nanoseconds since 1970: when it came in.
    pub received: Option<U64>,
    /// Nanoseconds since 1970: when it was answered.
    pub answered: Option<U64>,
    /// Nanoseconds since 1970: when the seal is opened at the latest.
    pub opens: Option<U64>,
    /// Whether that date is past and it is not opened.
    pub overdue: bool,
    /// Rows that were given; null where nothing was.
    pub rows: Option<U64>,
    /// Accounts that they are of.
    pub accounts: Option<U64>,
    /// Whether it names nobody and was answered with rows.
    pub bulk: bool,
    /// Whether it is sealed.
    pub sealed: bool,
}

/// Client money and the money at banks that covers it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MoneyView {
    /// Nanoseconds since 1970: when it was added up.
    pub as_of: U64,
    /// By ledger.
    pub ledgers: Vec<LedgerMoney>,
    /// Ledgers that are not shown.
    pub left_out: usize,
    /// By statement, the oldest first.
    pub statements: Vec<CoverView>,
    /// Older statements that are not shown.
    pub statements_left_out: U64,
}

/// Client money of a ledger.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LedgerMoney {
    /// What clients are owed.
    pub client_money: AmountView,
    /// What is in safe-keeping at banks.
    pub safe: AmountView,
    /// Whether that is no less.
    pub covered: bool,
    /// What is more or less.
    pub difference: AmountView,
    /// What clients are owed by role of the chart, and what is kept; those that have accounts.
    pub roles: Vec<RoleMoney>,
}

/// What the accounts of a role have.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RoleMoney {
    /// Of the chart.
    #[schema(value_type = String, example = "wallet")]
    pub role: &'static str,
    /// `owed`: credits less debits; `held`: debits less credits.
    #[schema(value_type = String, example = "owed")]
    pub side: &'static str,
    /// `true` where the other side is larger: less than nothing is owed or held.
    pub reversed: bool,
    /// So much.
    pub amount: AmountView,
}

/// Client money and what covered it, at a statement.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CoverView {
    /// Of the statement.
    pub statement: U64,
    /// Nanoseconds since 1970.
    pub time: U64,
    /// What clients were owed.
    pub client_money: AmountView,
    /// What was in safe-keeping at banks.
    pub safe: AmountView,
}

/// Sales by category and month, and the share of each.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct MarketView {
    /// Nanoseconds since 1970: when it was added up; null where that was not yet.
    pub as_of: Option<U64>,
    /// Whether it is being added up again.
    pub reading: bool,
    /// Why it could not be.
    pub problem: Option<String>,
    /// The first days of the months, in UTC: `2026-01`.
    pub months: Vec<String>,
    /// By ledger.
    pub ledgers: Vec<LedgerMarket>,
    /// Ledgers that are not shown.
    pub left_out: usize,
}

/// Sales on a ledger.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LedgerMarket {
    /// Sold in all months, less what was given back.
    pub total: AmountView,
    /// Those with the largest sales, and the last one `others` where there are more.
    pub categories: Vec<CategoryView>,
    /// Categories that are in `others`.
    pub left_out: usize,
}

/// A category of listings.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CategoryView {
    /// The number, `none` or `others`.
    pub category: String,
    /// What a listing of it says that it is called.
    pub label: Option<String>,
    /// In all months.
    pub total: ShareView,
    /// In each of them.
    pub months: Vec<ShareView>,
}

/// Sales, and their share in those of all categories.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShareView {
    /// Sold less what was given back; nothing where more was given back than sold.
    pub sales: AmountView,
    /// Hundredths of a percent, rounded down; null where nothing was sold at all.
    pub share: Option<u16>,
}
