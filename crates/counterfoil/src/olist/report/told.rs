//! The report in words.

use std::collections::BTreeMap;

use model::money::format_amount;
use serde_json::json;

use super::{Named, Report, Settled};
use crate::olist::EXPONENT;
use crate::olist::plan::Treatment;
use crate::output::{Output, say};

/// Sellers that are told of in words; all of them stand in the JSON.
const TOLD_SELLERS: usize = 10;

impl Report {
    /// Prints it.
    pub fn print(&self, output: Output) {
        if output == Output::Json {
            say!("{}", json!(self));
            return;
        }
        let (created, exist) = (self.commands_created, self.commands_exist);
        say!("commands     {created:>10} created, {exist} exist");
        say!("orders       {:>10}", self.orders);
        for (state, count) in &self.orders_by_state {
            say!("  {count:>21}  {state}");
        }
        for (status, states) in &self.orders_by_status {
            let states: Vec<String> = states.iter().map(|(s, n)| format!("{s} {n}")).collect();
            say!("  published as {status:11}: {}", states.join(", "));
        }
        say!(
            "lines        {:>10}, confirmed by buyers {}, by time {} ({} orders before delivery)",
            self.lines,
            self.lines_confirmed_by_buyers,
            self.lines_confirmed_by_time,
            self.confirmed_before_delivery.len()
        );
        say!(
            "out of order {:>10} orders with steps told before others",
            self.out_of_order.len()
        );
        say!("cancelled too late {:>4}", self.cancelled_too_late.len());
        self.print_mismatches();
        self.print_money();
        for refusal in &self.refusals {
            let order = refusal.order.as_deref().unwrap_or("none");
            say!("refused: order {order} {}: {}", refusal.act, refusal.reason);
        }
        for difference in &self.differences {
            say!("difference: {difference}");
        }
    }

    fn print_mismatches(&self) {
        let mut counts: BTreeMap<Treatment, u64> = BTreeMap::new();
        for one in &self.mismatches {
            *counts.entry(one.mismatch.treatment).or_default() += 1;
        }
        say!(
            "\nitems and payments differ, {} orders:",
            self.mismatches.len()
        );
        for (treatment, count) in counts {
            say!("  {count:>21}  {}", treatment.sentence());
        }
        for Named { order, mismatch } in &self.mismatches {
            say!(
                "  {order} items {:>9} payments {:>9} difference {:>9}  {}",
                money(mismatch.items),
                money(mismatch.payments),
                signed(mismatch.difference),
                mismatch.treatment.name()
            );
        }
    }

    fn print_money(&self) {
        let sums = &self.money;
        say!("\nmoney, BRL");
        for (name, amount) in [
            ("came by bank", sums.by_bank),
            ("came by card", sums.by_card),
            ("in wallets", sums.wallets),
            ("in escrow", sums.escrow),
            ("held by lines", sums.held),
            ("of sellers", sums.sellers),
            ("commission", sums.commission),
            ("all debits", sums.debits),
            ("all credits", sums.credits),
        ] {
            say!("  {name:14} {:>14}", money(amount));
        }
        let mut largest: Vec<&Settled> = self.sellers.iter().collect();
        largest.sort_by_key(|seller| std::cmp::Reverse(seller.settlement));
        say!("\n{} sellers have sold; the largest:", largest.len());
        for seller in largest.iter().take(TOLD_SELLERS) {
            say!(
                "  {} lines {:>4} sales {:>11} commission {:>10} settlement {:>11}",
                seller.seller,
                seller.lines,
                money(seller.sales),
                money(seller.commission),
                money(seller.settlement)
            );
        }
    }
}

impl Treatment {
    fn sentence(self) -> &'static str {
        match self {
            Self::ExcessToWallet => "more was paid: the rest is in the buyer's wallet",
            Self::TakenOffLines => "less was paid: taken off the last line",
            Self::LeftShort => "too little was paid: it stays unpaid",
            Self::NoItems => "no items: what was paid is in the buyer's wallet",
            Self::NoPayments => "no payments: it stays unpaid",
            Self::NeverPaid => "it was never approved: nothing was paid",
        }
    }

    fn name(self) -> String {
        json!(self).as_str().unwrap_or_default().to_owned()
    }
}

fn money(minor: u128) -> String {
    format_amount(minor, EXPONENT)
}

fn signed(minor: i128) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}", money(minor.unsigned_abs()))
}
