//! What has come of the orders, as the books tell it, and whether it adds up.

mod told;

use std::collections::BTreeMap;

use model::Account;
use model::object::{Role, account_of};
use serde::Serialize;
use serde_json::Value;

use super::chart;
use super::plan::{Mismatch, Plan, buyer_id, order_id, seller_id};
use super::rows::Rows;
use super::run::{Done, Refusal};
use crate::client::Client;
use crate::failure::Failure;
use crate::progress;

/// Accounts in one lookup.
const BATCH: usize = 4_096;

/// What has come of the import. Amounts are minor units.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    orders: u64,
    /// By the state of their lines; those without lines as `not_placed`.
    orders_by_state: BTreeMap<String, u64>,
    /// The same, by the status that was published.
    orders_by_status: BTreeMap<String, BTreeMap<String, u64>>,
    lines: u64,
    commands_created: u64,
    commands_exist: u64,
    lines_confirmed_by_buyers: u64,
    lines_confirmed_by_time: u64,
    /// Orders that time confirmed before the customer is told to have got them.
    confirmed_before_delivery: Vec<String>,
    /// Orders that were cancelled only after time had confirmed them.
    cancelled_too_late: Vec<String>,
    /// Orders with steps that are told to be before those that they follow.
    out_of_order: Vec<OutOfOrder>,
    mismatches: Vec<Named>,
    refusals: Vec<Refusal>,
    money: Money,
    sellers: Vec<Settled>,
    /// Whatever does not add up.
    differences: Vec<String>,
}

#[derive(Debug, Serialize)]
struct OutOfOrder {
    order: String,
    steps: Vec<&'static str>,
}

/// An order whose items and payments are not the same.
#[derive(Debug, Serialize)]
struct Named {
    order: String,
    #[serde(flatten)]
    mismatch: Mismatch,
}

/// Where the money came from and where it is.
#[derive(Debug, Default, Serialize)]
struct Money {
    by_bank: u128,
    by_card: u128,
    wallets: u128,
    escrow: u128,
    sellers: u128,
    commission: u128,
    /// What the open lines say is held for them.
    held: u128,
    debits: u128,
    credits: u128,
}

/// What a seller has got.
#[derive(Debug, Default, Serialize)]
struct Settled {
    seller: String,
    /// Lines that were sold.
    lines: u64,
    sales: u128,
    commission: u128,
    /// On the seller's account.
    settlement: u128,
}

/// A line of an order, as far as it is looked at.
struct Line {
    seller: u128,
    state: String,
    cause: String,
    sold: u128,
    held: u128,
    commission: u128,
}

/// Asks the books.
pub fn make(
    rows: &Rows,
    (plan, done): (&Plan, &Done),
    ledger: u32,
    client: &mut Client,
) -> Result<Report, Failure> {
    let mut report = told_by_plan(plan, done);
    let mut sales: BTreeMap<u128, Settled> = BTreeMap::new();
    let bar = progress::bar("reading back", plan.orders.len() as u64);
    for order in &plan.orders {
        bar.inc(1);
        let lines = if order.lines == 0 {
            Vec::new()
        } else {
            lines_of(order_id(order.id), client)?
        };
        if lines.len() != order.lines {
            let (id, found, due) = (order.id, lines.len(), order.lines);
            let says = format!("order {id:032x} has {found} lines, not {due}");
            report.differences.push(says);
        }
        let state = report.count(&lines, &mut sales);
        let states = report.orders_by_status.entry(order.status.to_string());
        *states.or_default().entry(state).or_default() += 1;
    }
    bar.finish_and_clear();
    let accounts = Accounts::read(rows, ledger, client)?;
    report.add_money(&accounts);
    report.add_sellers(rows, (sales, &accounts));
    report.check(done);
    Ok(report)
}

/// All that is known without the books.
fn told_by_plan(plan: &Plan, done: &Done) -> Report {
    let mut report = Report {
        orders: plan.orders.len() as u64,
        commands_created: done.created,
        commands_exist: done.exists,
        money: Money {
            by_bank: done.income.bank,
            by_card: done.income.card,
            ..Money::default()
        },
        ..Report::default()
    };
    for order in &plan.orders {
        let name = || format!("{:032x}", order.id);
        if order.late {
            report.confirmed_before_delivery.push(name());
        }
        if order.stands {
            report.cancelled_too_late.push(name());
        }
        if !order.out_of_order.is_empty() {
            report.out_of_order.push(OutOfOrder {
                order: name(),
                steps: order.out_of_order.clone(),
            });
        }
        if let Some(mismatch) = order.mismatch {
            report.mismatches.push(Named {
                order: name(),
                mismatch,
            });
        }
    }
    report
}

/// The lines of an order as they stand; none where it is not there.
fn lines_of(order: u128, client: &mut Client) -> Result<Vec<Line>, Failure> {
    let answer = match client.get(&format!("/v1/objects/order_line/{order}")) {
        Ok(answer) => answer,
        Err(Failure::Check(_)) => return Ok(Vec::new()),
        Err(failure) => return Err(failure),
    };
    let lines: Vec<Value> = serde_json::from_str(&answer).map_err(Failure::input)?;
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let number = |line: &Value, name: &str| {
        let parsed = text(line, name).parse::<u128>();
        parsed.map_err(|_| Failure::Input(format!("order {order}: its lines have no {name}")))
    };
    let line = |line: &Value| {
        Ok(Line {
            seller: number(line, "seller")?,
            state: text(line, "state"),
            cause: text(line, "cause"),
            sold: number(line, "paid_minor")? - number(line, "refunded_minor")?,
            held: number(line, "held_minor")?,
            commission: number(line, "commission_minor")?,
        })
    };
    lines.iter().map(line).collect()
}

impl Report {
    /// Counts one order and gives its state.
    fn count(&mut self, lines: &[Line], sales: &mut BTreeMap<u128, Settled>) -> String {
        let state = match lines {
            [] => "not_placed",
            [first, rest @ ..] if rest.iter().all(|line| line.state == first.state) => &first.state,
            _ => "several",
        };
        *self.orders_by_state.entry(state.to_owned()).or_default() += 1;
        self.lines += lines.len() as u64;
        for line in lines {
            self.money.held += line.held;
            if line.state != "trade_finished" {
                continue;
            }
            match line.cause.as_str() {
                "time" => self.lines_confirmed_by_time += 1,
                _ => self.lines_confirmed_by_buyers += 1,
            }
            let seller = sales.entry(line.seller).or_default();
            seller.lines += 1;
            seller.sales += line.sold;
            seller.commission += line.commission;
        }
        state.to_owned()
    }

    fn add_money(&mut self, accounts: &Accounts) {
        let money = &mut self.money;
        money.escrow = credit_of(accounts.of(Role::Escrow, 0));
        money.commission = credit_of(accounts.of(Role::Commission, 0));
        for (role, account) in &accounts.all {
            money.debits += account.debits_posted;
            money.credits += account.credits_posted;
            match role {
                Role::Wallet => money.wallets += credit_of(Some(account)),
                Role::Seller => money.sellers += credit_of(Some(account)),
                _ => {}
            }
        }
        for (role, due) in [
            (Role::Safe, money.by_bank),
            (Role::SchemeReceivable, money.by_card),
        ] {
            let account = accounts.of(role, 0);
            let found = account.map_or(0, |one| {
                one.debits_posted.saturating_sub(one.credits_posted)
            });
            if found != due {
                let says = format!("{role:?} has {found}, not the {due} that came in");
                self.differences.push(says);
            }
        }
    }

    fn add_sellers(
        &mut self,
        rows: &Rows,
        (mut sales, accounts): (BTreeMap<u128, Settled>, &Accounts),
    ) {
        for &seller in &rows.sellers {
            let id = seller_id(seller);
            let settlement = credit_of(accounts.of(Role::Seller, id));
            let Some(sold) = sales.remove(&id) else {
                if settlement > 0 {
                    let says = format!("seller {seller:032x} has {settlement} for nothing");
                    self.differences.push(says);
                }
                continue;
            };
            if sold.sales.saturating_sub(sold.commission) != settlement {
                let says = format!(
                    "seller {seller:032x} has {settlement}, not {} less {}",
                    sold.sales, sold.commission
                );
                self.differences.push(says);
            }
            self.sellers.push(Settled {
                seller: format!("{seller:032x}"),
                settlement,
                ..sold
            });
        }
    }

    /// What must add up.
    fn check(&mut self, done: &Done) {
        let money = &self.money;
        let placed = money.wallets + money.escrow + money.sellers + money.commission;
        let pairs = [
            ("debits and credits", money.debits, money.credits),
            (
                "what came in and where it is",
                money.by_bank + money.by_card,
                placed,
            ),
            ("escrow and what open lines hold", money.escrow, money.held),
        ];
        for (what, one, other) in pairs {
            if one != other {
                self.differences.push(format!("{what}: {one} and {other}"));
            }
        }
        let refused = done.refused_orders().len();
        if !done.refusals.is_empty() {
            let count = done.refusals.len();
            let says = format!("{count} commands of {refused} orders were refused");
            self.differences.push(says);
        }
        self.refusals.clone_from(&done.refusals);
    }

    /// Well where everything adds up.
    pub fn verdict(&self) -> Result<(), Failure> {
        match self.differences.as_slice() {
            [] => Ok(()),
            [first, ..] => Err(Failure::Check(format!("the orders do not add up: {first}"))),
        }
    }
}

/// The accounts that the import moves.
struct Accounts {
    ledger: u32,
    codes: BTreeMap<Role, u16>,
    all: Vec<(Role, Account)>,
    /// Places in `all` by id.
    places: BTreeMap<u128, usize>,
}

impl Accounts {
    fn read(rows: &Rows, ledger: u32, client: &mut Client) -> Result<Self, Failure> {
        let mut accounts = Self {
            ledger,
            codes: codes(client)?,
            all: Vec::new(),
            places: BTreeMap::new(),
        };
        let own = [
            Role::Safe,
            Role::SchemeReceivable,
            Role::Escrow,
            Role::Commission,
        ];
        let own = own.into_iter().map(|role| (role, 0));
        let buyers = rows
            .buyers
            .iter()
            .map(|&buyer| (Role::Wallet, buyer_id(buyer)));
        let sellers = rows
            .sellers
            .iter()
            .map(|&seller| (Role::Seller, seller_id(seller)));
        let wanted = own.chain(buyers).chain(sellers);
        let wanted: BTreeMap<u128, Role> = wanted
            .filter_map(|(role, party)| Some((accounts.id(role, party)?, role)))
            .collect();
        let ids: Vec<u128> = wanted.keys().copied().collect();
        for ids in ids.chunks(BATCH) {
            for account in client.lookup_accounts(ids)? {
                accounts.places.insert(account.id, accounts.all.len());
                accounts.all.push((wanted[&account.id], account));
            }
        }
        Ok(accounts)
    }

    fn id(&self, role: Role, party: u128) -> Option<u128> {
        let code = self.codes.get(&role)?;
        Some(account_of(party, self.ledger, *code))
    }

    fn of(&self, role: Role, party: u128) -> Option<&Account> {
        let place = self.places.get(&self.id(role, party)?)?;
        Some(&self.all[*place].1)
    }
}

/// The code that the chart gives each role.
fn codes(client: &mut Client) -> Result<BTreeMap<Role, u16>, Failure> {
    let lines = chart::lines_of_books(client)?;
    let code = |line: &Value| {
        let role = line["role"].as_str()?;
        let place = model::object::ROLES.iter().position(|name| *name == role)?;
        let code = u16::try_from(line["code"].as_u64()?).ok()?;
        Some((Role::ALL[place], code))
    };
    Ok(lines.iter().filter_map(code).collect())
}

/// What is on a credit account.
fn credit_of(account: Option<&Account>) -> u128 {
    account.map_or(0, |account| {
        account.credits_posted.saturating_sub(account.debits_posted)
    })
}
