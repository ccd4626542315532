//! Client money, and the money at banks that covers it: now, and at each statement.

use std::collections::BTreeMap;

use engine::{Books, Refused, StatementSummary, TrialLine};
use model::object::{ChartLine, ROLES, Role};
use model::record::Side;

use super::view::{AmountView, CoverView, LedgerMoney, MoneyView, RoleMoney};
use crate::limits::{PUBLIC_LEDGERS, PUBLIC_STATEMENTS};
use crate::wire::{Currencies, U64};

/// Roles of the chart that are client money, as the rules on client money have it.
const CLIENT: [Role; 7] = [
    Role::Wallet,
    Role::Seller,
    Role::Reserve,
    Role::Escrow,
    Role::Gift,
    Role::Sharing,
    Role::Unallocated,
];

/// Debits and credits.
type Sums = (u128, u128);

/// What each role of each ledger adds up to.
type ByRole = BTreeMap<u32, BTreeMap<Role, Sums>>;

/// Client money of now and of the newest statements.
pub(super) async fn view(
    books: &Books,
    time: u64,
    currencies: &Currencies,
) -> Result<MoneyView, Refused> {
    let chart = books.chart().await?;
    let roles: BTreeMap<u16, Role> = chart.iter().filter_map(role_of).collect();
    let now = by_role(&books.trial_balance(None).await?, &roles);
    let statements = books.newest_statements(PUBLIC_STATEMENTS).await?;
    let older = statements.first().map_or(0, |first| first.number - 1);
    let mut covers = Vec::new();
    for statement in &statements {
        covers.extend(cover(statement, &roles, currencies));
    }
    let ledgers = now.iter().take(PUBLIC_LEDGERS);
    Ok(MoneyView {
        as_of: U64(time),
        ledgers: ledgers
            .map(|(ledger, roles)| LedgerMoney::new(*ledger, roles, currencies))
            .collect(),
        left_out: now.len().saturating_sub(PUBLIC_LEDGERS),
        statements: covers,
        statements_left_out: U64(older),
    })
}

/// The role of a line that counts here.
fn role_of(line: &ChartLine) -> Option<(u16, Role)> {
    let role = *Role::ALL.get(usize::from(line.role))?;
    (role == Role::Safe || CLIENT.contains(&role)).then_some((line.code, role))
}

fn by_role(lines: &[TrialLine], roles: &BTreeMap<u16, Role>) -> ByRole {
    let mut all = ByRole::new();
    for line in lines {
        if let Some(role) = roles.get(&line.code) {
            let sums = all.entry(line.ledger).or_default().entry(*role);
            add(sums.or_default(), (line.debits_posted, line.credits_posted));
        }
    }
    all
}

/// What leaves the range of an amount has left any currency long ago.
const fn add(all: &mut Sums, one: Sums) {
    all.0 = all.0.saturating_add(one.0);
    all.1 = all.1.saturating_add(one.1);
}

/// What clients are owed, and what is kept for them; never below nothing.
fn totals(roles: &BTreeMap<Role, Sums>) -> (u128, u128) {
    let mut client = Sums::default();
    for role in CLIENT {
        add(&mut client, roles.get(&role).copied().unwrap_or_default());
    }
    let (debits, credits) = roles.get(&Role::Safe).copied().unwrap_or_default();
    let owed = client.1.saturating_sub(client.0);
    (owed, debits.saturating_sub(credits))
}

impl LedgerMoney {
    fn new(ledger: u32, roles: &BTreeMap<Role, Sums>, currencies: &Currencies) -> Self {
        let amount = |minor| AmountView::new(ledger, minor, currencies);
        let (owed, safe) = totals(roles);
        let row = |(role, (debits, credits)): (&Role, &Sums)| {
            let is_held = *role == Role::Safe;
            RoleMoney {
                role: ROLES[*role as usize],
                side: if is_held { "held" } else { "owed" },
                reversed: if is_held {
                    credits > debits
                } else {
                    debits > credits
                },
                amount: amount(debits.abs_diff(*credits)),
            }
        };
        Self {
            client_money: amount(owed),
            safe: amount(safe),
            covered: safe >= owed,
            difference: amount(safe.abs_diff(owed)),
            roles: roles.iter().map(row).collect(),
        }
    }
}

/// The same at a statement, for each ledger that has any of it.
fn cover(
    statement: &StatementSummary,
    roles: &BTreeMap<u16, Role>,
    currencies: &Currencies,
) -> Vec<CoverView> {
    let mut all = ByRole::new();
    for line in &statement.lines {
        if let Some(role) = roles.get(&line.code) {
            let sums = match line.side {
                Side::Debit => (line.total, 0),
                Side::Credit => (0, line.total),
            };
            let entry = all.entry(line.ledger).or_default().entry(*role);
            add(entry.or_default(), sums);
        }
    }
    let view = |(ledger, roles): (&u32, &BTreeMap<Role, Sums>)| {
        let (owed, safe) = totals(roles);
        CoverView {
            statement: U64(statement.number),
            time: U64(statement.timestamp),
            client_money: AmountView::new(*ledger, owed, currencies),
            safe: AmountView::new(*ledger, safe, currencies),
        }
    };
    all.iter().take(PUBLIC_LEDGERS).map(view).collect()
}
