//! Claims of buyers.

use expect_test::expect;
use model::CommandStatus as Status;

use crate::harness::{check, check_refusals};

/// An open claim stops the timer; rejected or granted in part, the line goes on with what time was left.
#[test]
fn a_claim_stops_the_timer() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 order_place buyer=11 ledger=978 pay=now delivery=virtual | party=21 amount=10.00
        wait 1d
        3 claim_open order=2 line=1 ledger=978 amount=10.00 evidence=7
        wait 10d
        4 claim_decide order=2 line=1 ledger=978 amount=0
        wait 1d
        5 claim_open order=2 line=1 ledger=978 amount=4.00
        wait 10d
        6 claim_decide order=2 line=1 ledger=978 amount=3.00
        wait 1d
        7 order_refund order=2 line=1 ledger=978 amount=7.00
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 order_place buyer=11 ledger=978 pay=now delivery=virtual | party=21 amount=10.00
              created
              Dr wallet[11] 10.00 / Cr escrow
              order_line 2/1: lines=1 buyer=11 seller=21 ledger=978 amount=1000 paid=1000 held=1000 state=wait_buyer_confirm_goods delivery=virtual paid_at=2026-01-05T00:00:00 deadline=2026-01-08T00:00:00 commission_rate=50000
            wait 1d
            3 claim_open order=2 line=1 ledger=978 amount=10.00 evidence=7
              created
              order_line 2/1: claim=open claimed=1000 evidence=7 deadline=0 remaining=172799999999997
            wait 10d
            4 claim_decide order=2 line=1 ledger=978 amount=0
              created
              order_line 2/1: claim=rejected deadline=2026-01-18T00:00:00 remaining=0
            wait 1d
            5 claim_open order=2 line=1 ledger=978 amount=4.00
              created
              order_line 2/1: claim=open claimed=400 evidence=0 deadline=0 remaining=86399999999995
            wait 10d
            6 claim_decide order=2 line=1 ledger=978 amount=3.00
              created
              Dr escrow 3.00 / Cr wallet[11]
              order_line 2/1: held=700 refunded=300 claim=granted deadline=2026-01-28T00:00:00 remaining=0
            wait 1d
              at 2026-01-28T00:00:00
              Dr escrow 6.65 / Cr seller[21]
              Dr escrow 0.35 / Cr commission
              order_line 2/1: held=0 commission=35 state=trade_finished deadline=0 released=700
            7 order_refund order=2 line=1 ledger=978 amount=7.00
              created
              Dr seller[21] 6.65 / Cr wallet[11]
              Dr commission 0.35 / Cr wallet[11]
              Dr safe 0.35 / Cr own
              order_line 2/1: refunded=1000 commission=0 state=trade_closed
            balances
              safe 100.35 Dr
              own 0.35 Cr
              wallet[11] 100.00 Cr
        "#]],
    );
}

/// Not shipped in 24 hours: the buyer may claim, and gets back a part or all.
#[test]
fn not_shipped() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00
        wait 86390s
        3 claim_open order=2 line=1 ledger=978 amount=10.00
        wait 10s
        4 claim_open order=2 line=1 ledger=978 amount=10.00
        5 order_ship order=2 delivery=express
        6 claim_decide order=2 line=1 ledger=978 amount=4.00
        wait 90d
        7 claim_open order=2 line=1 ledger=978 amount=6.00
        8 party_state party=11 state=frozen
        9 claim_decide order=2 line=1 ledger=978 amount=6.00
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00
              created
              Dr wallet[11] 10.00 / Cr escrow
              order_line 2/1: lines=1 buyer=11 seller=21 ledger=978 amount=1000 paid=1000 held=1000 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 commission_rate=50000
            wait 86390s
            3 claim_open order=2 line=1 ledger=978 amount=10.00
              claim_too_early (line)
            wait 10s
            4 claim_open order=2 line=1 ledger=978 amount=10.00
              created
              order_line 2/1: claim=open claimed=1000
            5 order_ship order=2 delivery=express
              claim_is_open (order)
            6 claim_decide order=2 line=1 ledger=978 amount=4.00
              created
              Dr escrow 4.00 / Cr wallet[11]
              order_line 2/1: held=600 refunded=400 claim=granted
            wait 90d
            7 claim_open order=2 line=1 ledger=978 amount=6.00
              created
              order_line 2/1: claim=open claimed=600
            8 party_state party=11 state=frozen
              created
              party 11: state=frozen
            9 claim_decide order=2 line=1 ledger=978 amount=6.00
              created
              Dr escrow 6.00 / Cr wallet[11]
              order_line 2/1: held=0 refunded=1000 state=trade_closed claim=granted
            balances
              safe 100.00 Dr
              wallet[11] 100.00 Cr
        "#]],
    );
}

/// Every refusal of claims.
#[test]
fn claims_refused() {
    check_refusals(
        "
        + 1 top_up party=11 ledger=978 amount=100.00 funding=bank
        + 2 order_place buyer=11 ledger=978 | party=21 amount=10.00
        9 claim_open order=2 line=1 ledger=978 amount=0
        9 claim_open order=99 line=1 ledger=978 amount=1
        9 claim_open order=2 line=0 ledger=978 amount=1
        9 claim_open order=2 line=2 ledger=978 amount=1
        9 claim_open order=2 line=1 ledger=840 amount=1
        9 claim_open order=2 line=1 ledger=978 amount=1
        + 3 order_pay order=2 ledger=978 amount=10.00
        9 claim_open order=2 line=1 ledger=978 amount=1
        9 claim_decide order=2 line=1 ledger=978 amount=1
        wait 1d
        9 claim_open order=2 line=1 ledger=978 amount=10.01
        + 4 claim_open order=2 line=1 ledger=978 amount=5.00
        9 claim_open order=2 line=1 ledger=978 amount=5.00
        9 order_ship order=2 line=1 delivery=express
        9 order_cancel order=2
        9 claim_decide order=2 line=1 ledger=840 amount=1
        9 claim_decide order=2 line=1 ledger=978 amount=5.01
        + 5 claim_decide order=2 line=1 ledger=978 amount=0
        9 claim_decide order=2 line=1 ledger=978 amount=0
        + 6 order_ship order=2 delivery=express
        + 7 claim_open order=2 line=1 ledger=978 amount=5.00
        9 order_confirm order=2
        + 8 claim_decide order=2 line=1 ledger=978 amount=0
        + 10 order_confirm order=2
        9 claim_open order=2 line=1 ledger=978 amount=1
        9 claim_decide order=2 line=1 ledger=978 amount=1
        + 11 order_place buyer=11 ledger=978 | party=21 amount=10.00
        + 12 order_cancel order=11
        9 claim_open order=11 line=1 ledger=978 amount=1
        + 13 order_place buyer=11 ledger=978 pay=now delivery=express | party=21 amount=10.00
        + 14 chargeback_open ledger=978 amount=4.00 order=13 line=1
        9 claim_open order=13 line=1 ledger=978 amount=6.01
        ",
        &[
            Status::AmountMustNotBeZero,
            Status::LedgersDiffer,
            Status::OrderNotFound,
            Status::OrderNotPaid,
            Status::OrderClosed,
            Status::OrderFinished,
            Status::ClaimTooEarly,
            Status::ClaimIsOpen,
            Status::ClaimNotOpen,
            Status::ExceedsClaimable,
        ],
        &expect![[r#"
            21  amount_must_not_be_zero (amount): 9 claim_open order=2 line=1 ledger=978 amount=0
            100 order_not_found (order): 9 claim_open order=99 line=1 ledger=978 amount=1
            100 order_not_found (line): 9 claim_open order=2 line=0 ledger=978 amount=1
            100 order_not_found (line): 9 claim_open order=2 line=2 ledger=978 amount=1
            59  ledgers_differ (ledger): 9 claim_open order=2 line=1 ledger=840 amount=1
            103 order_not_paid (order): 9 claim_open order=2 line=1 ledger=978 amount=1
            110 claim_too_early (line): 9 claim_open order=2 line=1 ledger=978 amount=1
            112 claim_not_open (line): 9 claim_decide order=2 line=1 ledger=978 amount=1
            113 exceeds_claimable (amount): 9 claim_open order=2 line=1 ledger=978 amount=10.01
            111 claim_is_open (line): 9 claim_open order=2 line=1 ledger=978 amount=5.00
            111 claim_is_open (order): 9 order_ship order=2 line=1 delivery=express
            111 claim_is_open (order): 9 order_cancel order=2
            59  ledgers_differ (ledger): 9 claim_decide order=2 line=1 ledger=840 amount=1
            113 exceeds_claimable (amount): 9 claim_decide order=2 line=1 ledger=978 amount=5.01
            112 claim_not_open (line): 9 claim_decide order=2 line=1 ledger=978 amount=0
            111 claim_is_open (order): 9 order_confirm order=2
            108 order_finished (order): 9 claim_open order=2 line=1 ledger=978 amount=1
            112 claim_not_open (line): 9 claim_decide order=2 line=1 ledger=978 amount=1
            107 order_closed (order): 9 claim_open order=11 line=1 ledger=978 amount=1
            113 exceeds_claimable (amount): 9 claim_open order=13 line=1 ledger=978 amount=6.01
        "#]],
    );
}
