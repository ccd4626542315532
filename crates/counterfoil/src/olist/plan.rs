//! What the marketplace's orders become: commands, each at its time.
//!
//! An order is placed when it was purchased, with a line for each item (price and freight). It is
//! paid when it was approved, shipped when the carrier got it, confirmed when the customer got it.
//! What was not told is taken from what was: an order that was carried or delivered was paid, at
//! its purchase where no approval is told; one that was delivered was shipped, then where no
//! carrier is told. A step that is told to be before the one that it follows comes right after it.
//!
//! - `canceled`, `unavailable`: ends at the last time that is told. Not shipped, it is cancelled;
//!   shipped, the buyer claims everything back, and gets it. Money goes to the buyer's wallet.
//! - `created`, `approved`, `invoiced`, `processing`: stays open; what was paid stays in escrow.
//! - `shipped`, and `delivered` at no time that is told: time confirms it, 30 days after shipment.
//!
//! Where payments and items differ, see [`Treatment`]. `life` has one order's life.

mod life;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::rows::{Rows, Seconds, Status};

use life::Life;
pub use life::{Mismatch, Treatment};

/// What all orders have in common.
#[derive(Clone, Copy)]
pub struct Terms {
    pub ledger: u32,
    /// Millionths of what a seller sells; the data name none.
    pub commission: u32,
}

/// All that is done, and what there is to tell of it.
pub struct Plan {
    /// When the first thing happened.
    pub start: Seconds,
    /// When the last is told to have happened.
    pub end: Seconds,
    pub parties: Vec<Value>,
    pub orders: Vec<Planned>,
    /// By time; at the same time by order, and within an order as it was lived.
    pub steps: Vec<Step>,
}

/// An order, as far as it is told of.
pub struct Planned {
    pub id: u128,
    pub status: Status,
    /// Lines that are placed.
    pub lines: usize,
    /// Where items and payments are not the same.
    pub mismatch: Option<Mismatch>,
    /// Steps that were told to be before those that they follow.
    pub out_of_order: Vec<&'static str>,
    /// Whether time confirmed it before the customer is told to have got it.
    pub late: bool,
    /// Whether it was cancelled only after time had confirmed it: the sale stands.
    pub stands: bool,
}

/// One command and when it is sent.
#[derive(Debug)]
pub struct Step {
    pub at: Seconds,
    /// Place of its order in [`Plan::orders`].
    pub order: usize,
    /// What comes in from outside.
    pub income: Income,
    pub command: Value,
}

/// What comes in from outside, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Income {
    pub bank: u128,
    pub card: u128,
}

/// The id in the books of something with a hexadecimal id: the first half of SHA-256 over
/// `olist`, the kind, the 32 digits and the number, with blanks between them; little-endian.
pub fn id_of(kind: &str, id: u128, number: u32) -> u128 {
    let hash: [u8; 32] = Sha256::digest(format!("olist {kind} {id:032x} {number}")).into();
    let (half, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
    u128::from_le_bytes(*half)
}

pub fn buyer_id(buyer: u128) -> u128 {
    id_of("buyer", buyer, 0)
}

pub fn seller_id(seller: u128) -> u128 {
    id_of("seller", seller, 0)
}

pub fn order_id(order: u128) -> u128 {
    id_of("order", order, 0)
}

/// Plans everything; nothing was sent yet.
pub fn make(rows: &Rows, terms: Terms) -> Plan {
    let mut steps = Vec::new();
    let mut orders = Vec::with_capacity(rows.orders.len());
    let mut end = 0;
    for (place, order) in rows.orders.iter().enumerate() {
        let mut life = Life::of(order, place, terms);
        life.live();
        end = end.max(life.moments.last);
        steps.append(&mut life.steps);
        orders.push(life.planned);
    }
    // Stable: an order's own steps stay as they were lived.
    steps.sort_by_key(|step| step.at);
    let first = rows.orders.iter().map(|order| order.purchased).min();
    Plan {
        start: first.unwrap_or(0),
        end,
        parties: parties(&rows.buyers, &rows.sellers, terms),
        orders,
        steps,
    }
}

fn parties(buyers: &BTreeSet<u128>, sellers: &BTreeSet<u128>, terms: Terms) -> Vec<Value> {
    let buyers = buyers.iter().map(|&buyer| {
        json!({
            "act": "party_open", "id": id_of("open buyer", buyer, 0).to_string(),
            "party": buyer_id(buyer).to_string(), "kind": "customer",
        })
    });
    let sellers = sellers.iter().map(|&seller| {
        json!({
            "act": "party_open", "id": id_of("open seller", seller, 0).to_string(),
            "party": seller_id(seller).to_string(), "kind": "merchant",
            "commission": terms.commission,
        })
    });
    buyers.chain(sellers).collect()
}

impl Income {
    /// What comes in where something is paid by `funding`; nothing from a wallet.
    fn by(funding: &str, amount: u128) -> Self {
        match funding {
            "bank" => Self {
                bank: amount,
                card: 0,
            },
            "card" => Self {
                bank: 0,
                card: amount,
            },
            _ => Self::default(),
        }
    }
}
