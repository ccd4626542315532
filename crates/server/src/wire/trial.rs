use std::collections::BTreeMap;

use engine::TrialLine;
use model::form::integer_to_text;
use model::object::{ACCOUNT_CLASSES, ChartLine};
use serde::Serialize;
use utoipa::ToSchema;

use super::account::Sums;
use super::{Currencies, U64};

/// What the accounts add up to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrialBalance {
    /// Nanoseconds since 1970, where a time was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<U64>,
    /// Whether debits are credits on every ledger, posted and pending.
    balanced: bool,
    /// By number.
    ledgers: Vec<TrialLedger>,
}

/// What the accounts of one ledger add up to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrialLedger {
    ledger: u32,
    /// Of the currency, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// Whether its debits are its credits, posted and pending.
    balanced: bool,
    /// By code; with them the lines of the chart that sum them up.
    lines: Vec<TrialRow>,
    /// All of it.
    total: TrialTotal,
}

/// What the accounts of one code add up to, or what a line of the chart sums up.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrialRow {
    code: u16,
    /// In the chart.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// In the chart.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    /// The line that sums it up; 0 at the top.
    parent: u16,
    /// Its own accounts.
    #[serde(flatten)]
    own: TrialTotal,
    /// With those of all lines below it, where there are such.
    #[serde(skip_serializing_if = "Option::is_none")]
    summed: Option<TrialTotal>,
}

/// Sums over accounts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrialTotal {
    /// How many.
    accounts: u64,
    #[serde(flatten)]
    sums: Sums,
}

/// Accounts, and debits pending and posted and credits pending and posted.
type Totals = (u64, [u128; 4]);

fn add(all: &mut Totals, one: &Totals) {
    all.0 += one.0;
    for (all, one) in all.1.iter_mut().zip(one.1) {
        // What leaves the range of an amount has left any currency long ago.
        *all = all.saturating_add(one);
    }
}

impl TrialBalance {
    /// As JSON shows it.
    pub fn new(
        at: Option<u64>,
        lines: &[TrialLine],
        chart: &[ChartLine],
        currencies: &Currencies,
    ) -> Self {
        let chart: BTreeMap<u16, &ChartLine> = chart.iter().map(|line| (line.code, line)).collect();
        let mut ledgers: BTreeMap<u32, BTreeMap<u16, Totals>> = BTreeMap::new();
        for line in lines {
            let sums = [
                line.debits_pending,
                line.debits_posted,
                line.credits_pending,
                line.credits_posted,
            ];
            let ledger = ledgers.entry(line.ledger).or_default();
            ledger.insert(line.code, (line.accounts, sums));
        }
        let ledgers: Vec<_> = ledgers
            .into_iter()
            .map(|(ledger, own)| TrialLedger::new(ledger, &own, &chart, currencies))
            .collect();
        Self {
            at: at.map(U64),
            balanced: ledgers.iter().all(|ledger| ledger.balanced),
            ledgers,
        }
    }
}

impl TrialLedger {
    fn new(
        ledger: u32,
        own: &BTreeMap<u16, Totals>,
        chart: &BTreeMap<u16, &ChartLine>,
        currencies: &Currencies,
    ) -> Self {
        let mut total = Totals::default();
        // Each line with all above it: the books let no line lead back.
        let mut rows: BTreeMap<u16, (Totals, Option<Totals>)> = BTreeMap::new();
        for (code, totals) in own {
            add(&mut total, totals);
            rows.entry(*code).or_default().0 = *totals;
            let mut line = chart.get(code);
            while let Some(parent) = line.and_then(|line| chart.get(&line.parent)) {
                let (_, summed) = rows.entry(parent.code).or_default();
                add(summed.get_or_insert_default(), totals);
                line = Some(parent);
            }
        }
        let view = |(accounts, sums): Totals| TrialTotal {
            accounts,
            sums: Sums::new(sums, ledger, currencies),
        };
        let lines = rows.into_iter().map(|(code, (own, summed))| {
            let line = chart.get(&code);
            let summed = summed.map(|mut summed| {
                add(&mut summed, &own);
                view(summed)
            });
            TrialRow {
                code,
                name: line.map(|line| name_of(line)),
                class: line.and_then(|line| ACCOUNT_CLASSES.get(usize::from(line.class)).copied()),
                parent: line.map_or(0, |line| line.parent),
                own: view(own),
                summed,
            }
        });
        let [
            debits_pending,
            debits_posted,
            credits_pending,
            credits_posted,
        ] = total.1;
        Self {
            ledger,
            currency: currencies
                .get(&ledger)
                .map(|currency| currency.code.to_string()),
            balanced: (debits_pending, debits_posted) == (credits_pending, credits_posted),
            lines: lines.collect(),
            total: view(total),
        }
    }
}

fn name_of(line: &ChartLine) -> String {
    let half = |half| integer_to_text(half).unwrap_or_default();
    half(line.name) + &half(line.name_more)
}
