//! Orders paid into escrow, in bulk; and many deadlines at once while payments go on.

use std::time::Duration;

use model::limits::{BATCH_COMMANDS, BATCH_LINES};
use model::object::{Noun, OrderLine};
use model::{CommandStatus, OrderEvent, order_flags};
use serde_json::{Value, json};
use sim::workload::{Random, mix};

use super::Bench;
use super::follow::Follower;
use super::generator::{Ids, LEDGER};
use super::load::{Bulk, Load, bulk};
use super::report::{Milliseconds, Report, Ring};
use crate::chart;
use crate::client::{Client, Ledger};
use crate::failure::Failure;
use crate::progress;
use crate::stopwatch::Stopwatch;

/// Sellers, of which the first takes its share before all others.
const SELLERS: u32 = 1_000;

/// What each buyer has to spend, in minor units.
const PURSE: u64 = 1 << 52;

/// Seconds that unpaid orders have at most before their common deadline.
const UNPAID: u32 = 20;

/// The orders of a bench.
#[derive(Clone, Copy)]
pub struct Sales {
    buyers: u32,
    hot_share: u8,
    ids: Ids,
    seed: u64,
    /// Flags and seconds of each.
    flags: u16,
    timeout: u32,
    /// Sets the ids of these orders apart.
    run: u64,
}

impl Sales {
    fn id(&self, index: u64) -> u128 {
        match self.ids {
            Ids::Sequential => u128::from(self.run) << 64 | u128::from(index + 1),
            Ids::Random => {
                let high = mix(self.seed ^ mix(index));
                u128::from(high) << 64 | u128::from(mix(index ^ self.run))
            }
        }
    }
}

const fn buyer(index: u32) -> u128 {
    1_000_000_000 + index as u128
}

const fn seller(index: u32) -> u128 {
    1 + index as u128
}

impl Bulk for Sales {
    type Event = OrderEvent;
    const PATH: &'static str = "/v1/orders";
    const RESULT: (usize, usize) = (32, 16);

    fn fill(&self, first: u64, batch: &mut [OrderEvent]) {
        let mut random = Random::new(self.seed ^ mix(first + 1));
        for (index, line) in (first..).zip(batch) {
            let hot = random.below(100) < u64::from(self.hot_share);
            let sells = if hot {
                0
            } else {
                random.below(SELLERS.into()) as u32
            };
            *line = OrderEvent {
                order: self.id(index),
                buyer: buyer(random.below(self.buyers.into()) as u32),
                seller: seller(sells),
                amount: u128::from(random.below(50_000) + 1),
                ledger: LEDGER,
                timeout: self.timeout,
                flags: self.flags,
                ..OrderEvent::default()
            };
        }
    }

    fn status(code: u32) -> String {
        CommandStatus::from_code(code)
            .map_or_else(|| format!("status {code}"), |status| status.name().into())
    }
}

fn sales(bench: &Bench) -> Sales {
    Sales {
        buyers: bench.accounts,
        hot_share: bench.hot_share,
        ids: bench.ids,
        seed: bench.seed,
        flags: order_flags::PAY,
        timeout: 0,
        // Clear of the ids of the commands that open the parties.
        run: 2,
    }
}

fn load_of(bench: &Bench) -> Load {
    Load {
        batch: bench.batch.min(BATCH_LINES as u32),
        ..bench.load()
    }
}

/// Opens the parties, fills the wallets, and has the orders placed.
pub fn measure(bench: &Bench, client: &mut Client) -> Result<Report, Failure> {
    prepare(bench, client)?;
    if bench.rules {
        super::rules::enter("BENCH", 2, client)?;
    }
    let load = load_of(bench);
    let follow = bench.follow.map(|follow| Follower::begin(follow, client));
    let mut follower = follow.transpose()?;
    let bar = progress::bar("orders", load.transfers);
    let sent = bulk(client.endpoint(), load, sales(bench), &bar);
    let (seen, seconds) = sent.map_err(Failure::Input)?;
    bar.finish_and_clear();
    if let Some(follower) = &mut follower {
        follower.loaded();
    }
    let mut report = Report::of(seen, load.transfers, seconds);
    let followed = follower.map(|follower| follower.end(client));
    report.followed = followed.transpose()?;
    report.rss_bytes = super::metric(client, "counterfoil_resident_memory_bytes");
    if let Some(orders) = bench.ring {
        report.ring = Some(ring(bench, orders, client)?);
    }
    Ok(report)
}

fn prepare(bench: &Bench, client: &mut Client) -> Result<(), Failure> {
    client.declare_ledger(&Ledger {
        number: LEDGER,
        code: "BENCH".into(),
        exponent: 2,
    })?;
    chart::load_default(client)?;
    let merchants = (0..SELLERS).map(|index| {
        let party = seller(index).to_string();
        json!({ "id": party, "act": "party_open", "party": party, "kind": "merchant", "commission": 50_000 })
    });
    let customers = (0..bench.accounts).flat_map(|index| {
        let party = buyer(index).to_string();
        let purse = (u128::from(index) + (1 << 80)).to_string();
        [
            json!({ "id": party, "act": "party_open", "party": party, "kind": "customer" }),
            json!({ "id": purse, "act": "top_up", "party": party, "ledger": LEDGER, "amount": PURSE,
                    "funding": "bank" }),
        ]
    });
    let all: Vec<Value> = merchants.chain(customers).collect();
    let bar = progress::bar("parties", all.len() as u64);
    // So many commands that their records fit in one batch.
    for batch in all.chunks(BATCH_COMMANDS / 4) {
        let answer = client.post("/v1/commands", &Value::from(batch.to_vec()))?;
        let outcomes: Vec<Value> = serde_json::from_str(&answer).map_err(Failure::input)?;
        for outcome in outcomes {
            if outcome["status"] != "created" && outcome["status"] != "exists" {
                return Err(Failure::Check(format!("a party was refused: {outcome}")));
            }
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

/// Orders that are not paid reach their deadline within a second, while payments are made one
/// after the other.
fn ring(bench: &Bench, orders: u32, client: &mut Client) -> Result<Ring, Failure> {
    let batch = BATCH_LINES as u32;
    let stopwatch = Stopwatch::start();
    let mut placed = 0;
    while placed < orders {
        let count = batch.min(orders - placed);
        let passed = u32::try_from(stopwatch.elapsed().as_secs()).unwrap_or(UNPAID);
        let timeout = UNPAID.saturating_sub(passed).max(1);
        let unpaid = Sales {
            flags: 0,
            timeout,
            run: 1,
            ..sales(bench)
        };
        let mut lines = vec![OrderEvent::default(); count as usize];
        unpaid.fill(placed.into(), &mut lines);
        client.create_orders(&lines)?;
        placed += count;
    }
    let open = |client: &mut Client| super::metric(client, "counterfoil_open_orders").unwrap_or(0);
    let (before, mut latencies) = (open(client), Vec::new());
    let mut began = None;
    let (mut payments, mut seconds) = (0_u64, 0.0);
    let limit = f64::from(UNPAID) * 6.0;
    while stopwatch.seconds() < limit {
        let left = open(client);
        if left < before && began.is_none() {
            began = Some(stopwatch.seconds());
        }
        if let Some(began) = began {
            seconds = stopwatch.seconds() - began;
            if before - left >= u64::from(orders) {
                break;
            }
        }
        for _ in 0..20 {
            payments += 1;
            let id = (u128::from(payments) + (1 << 90)).to_string();
            let payment = json!({ "id": id, "act": "pay", "payer": buyer(0).to_string(),
                "payee": buyer(1).to_string(), "ledger": LEDGER, "amount": 1 });
            let one = Stopwatch::start();
            client.post("/v1/commands", &payment)?;
            if began.is_some() {
                latencies.push(u64::try_from(one.elapsed().as_nanos()).unwrap_or(u64::MAX));
            }
        }
        if began.is_none() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(Ring {
        orders: orders.into(),
        seconds,
        payments: latencies.len(),
        payment_ms: Milliseconds::of(latencies),
    })
}

/// Looks up the last order of requests from all over the load; all were answered.
pub fn look_for_answered(bench: &Bench, client: &mut Client) -> Result<u64, Failure> {
    let (load, sales) = (load_of(bench), sales(bench));
    let requests = load.transfers.div_ceil(u64::from(load.batch));
    let step = requests.div_ceil(super::CHECKED) as usize;
    let mut checked = 0;
    for number in (0..requests).rev().step_by(step) {
        let Some((first, count)) = load.request(number) else {
            continue;
        };
        let id = sales.id(first + count as u64 - 1);
        client.get(&format!("/v1/objects/{}/{id}", OrderLine::NAME))?;
        checked += 1;
    }
    Ok(checked)
}
