//! What has to hold whatever happens, looked up in the records and accounts alone.

use std::collections::BTreeMap;

use model::object::{Noun, OrderLine, Payment, Role, account_of};
use model::{Account, Object};
use sim::platform::code_of;

use crate::twins::Twins;

/// Checks all of them.
pub fn check(twins: &Twins, what: &str) {
    let mut sums: BTreeMap<(Role, u128, u32), u128> = BTreeMap::new();
    let mut add = |place, amount: u128| *sums.entry(place).or_default() += amount;
    for object in twins.objects.values() {
        match object {
            Object::OrderLine(line) => {
                add((Role::Escrow, 0, line.ledger), line.held);
                assert!(is_sound(line), "{line:?} after {what}");
            }
            Object::Gift(gift) => {
                let rest = gift.amount - gift.claimed - gift.returned;
                assert!(gift.state == 0 || rest == 0, "{gift:?} after {what}");
                add((Role::Gift, 0, gift.ledger), rest);
            }
            Object::Payment(payment) => {
                let gone = payment.refunded + payment.disputed;
                assert!(gone <= payment.amount, "{payment:?} after {what}");
                add((Role::Sharing, 0, payment.ledger), rest(payment));
            }
            Object::Reserve(reserve) => {
                add(
                    (Role::Reserve, reserve.seller, reserve.ledger),
                    reserve.amount,
                );
            }
            Object::Hold(hold) if hold.state == 0 => {
                let open = twins.state.pending(hold.pending);
                let amount = open.map(|pending| pending.transfer.amount);
                let left = hold.amount - hold.captured;
                assert_eq!(amount, Some(left), "{hold:?} after {what}");
            }
            _ => {}
        }
    }
    claims_are_gifts(twins, what);
    disputes_are_laid_out(twins, what);
    income_is_given_back_once(twins, what);
    // A place without objects has to be empty as well.
    let held = twins
        .model
        .accounts()
        .keys()
        .filter(|place| place.0.is_held());
    for place in held {
        sums.entry(*place).or_default();
    }
    for ((role, party, ledger), sum) in sums {
        let account = twins
            .state
            .account(account_of(party, ledger, code_of(role)));
        let balance = account.map_or(0, |a| a.credits_posted - a.debits_posted);
        assert_eq!(balance, sum, "{role:?}[{party}] {ledger} after {what}");
    }
    balanced(twins, what);
}

/// What was claimed of a gift is what its claimants got.
fn claims_are_gifts(twins: &Twins, what: &str) {
    let mut claimed: BTreeMap<u128, (u128, u16)> = BTreeMap::new();
    for object in twins.objects.values() {
        if let Object::GiftClaim(claim) = object {
            let sum = claimed.entry(claim.gift).or_default();
            *sum = (sum.0 + claim.amount, sum.1 + 1);
        }
    }
    for object in twins.objects.values() {
        if let Object::Gift(gift) = object {
            let sum = claimed.remove(&gift.id).unwrap_or_default();
            assert_eq!(sum, (gift.claimed, gift.claims), "{gift:?} after {what}");
        }
    }
    assert!(claimed.is_empty(), "claims of no gift after {what}");
}

/// What the institution has laid out for disputes is what is in dispute and not decided, but for
/// lines that came to nothing: it has that of escrow.
fn disputes_are_laid_out(twins: &Twins, what: &str) {
    let mut open: BTreeMap<u32, u128> = BTreeMap::new();
    for object in twins.objects.values() {
        if let Object::Chargeback(chargeback) = object {
            let key = (chargeback.order, chargeback.line.into());
            let line = twins.objects.get(&(OrderLine::KIND, key));
            let closed = matches!(line, Some(Object::OrderLine(line)) if line.state == 4);
            let waits = chargeback.state == 0 && !closed;
            *open.entry(chargeback.ledger).or_default() +=
                if waits { chargeback.amount } else { 0 };
        }
    }
    for (ledger, sum) in open {
        let id = account_of(0, ledger, code_of(Role::Dispute));
        let account = twins.state.account(id).copied().unwrap_or_default();
        let laid_out = account.debits_posted - account.credits_posted;
        assert_eq!(laid_out, sum, "disputes on {ledger} after {what}");
    }
}

/// What goes back of a fee or a commission is never more than was taken.
fn income_is_given_back_once(twins: &Twins, what: &str) {
    let mut back: BTreeMap<u128, u128> = BTreeMap::new();
    for object in twins.objects.values() {
        if let Object::Chargeback(chargeback) = object
            && !matches!(chargeback.state, 0 | 2)
            && chargeback.payment != 0
        {
            *back.entry(chargeback.payment).or_default() += chargeback.commission;
        }
    }
    for object in twins.objects.values() {
        if let Object::Payment(payment) = object {
            let refunds = payment.fee.saturating_mul(payment.refunded) / payment.amount;
            let refunds = if payment.bearer == 1 { refunds } else { 0 };
            let sum = refunds + back.get(&payment.id).copied().unwrap_or_default();
            assert!(sum <= payment.fee, "{sum} of {payment:?} after {what}");
        }
    }
}

/// By ledger, all debits are all credits, pending and posted.
fn balanced(twins: &Twins, what: &str) {
    let mut ledgers: BTreeMap<u32, [u128; 4]> = BTreeMap::new();
    for slot in 0..twins.state.account_count() as u32 {
        let account: &Account = twins.state.account_at(slot);
        let sums = ledgers.entry(account.ledger).or_default();
        // Each sum alone stays below 2^128, all together may wrap around: on both sides alike.
        sums[0] = sums[0].wrapping_add(account.debits_pending);
        sums[1] = sums[1].wrapping_add(account.credits_pending);
        sums[2] = sums[2].wrapping_add(account.debits_posted);
        sums[3] = sums[3].wrapping_add(account.credits_posted);
    }
    for [held_debits, held_credits, debits, credits] in ledgers.into_values() {
        let (all_debits, all_credits) = ((held_debits, debits), (held_credits, credits));
        assert_eq!(all_debits, all_credits, "after {what}");
    }
}

fn is_sound(line: &OrderLine) -> bool {
    let open = line.state < 3;
    let paid_back = line.refunded + line.disputed <= line.paid;
    let gone = line.paid - line.refunded;
    let held = if open {
        line.held == gone
    } else {
        line.held == 0
    };
    let all_back = line.state != 4 || line.disputed == gone;
    paid_back && held && all_back && line.paid <= line.amount
}

/// What of a payment was not shared out, paid back or taken as a fee, where it is shared still.
fn rest(payment: &Payment) -> u128 {
    if payment.state == 0 {
        return 0;
    }
    let fee = payment.fee.saturating_mul(payment.refunded) / payment.amount;
    payment.amount - payment.fee - payment.shared - (payment.refunded - fee)
}
