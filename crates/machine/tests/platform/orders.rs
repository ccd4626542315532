//! Orders: paying into escrow, shipping, confirming, cancelling, refunds, and what sellers owe.

use expect_test::expect;
use model::CommandStatus as Status;

use crate::harness::{check, check_refusals};

/// A purchase of 100 through escrow, from the wallet, with a commission of 5 %.
#[test]
fn from_the_wallet() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 order_place buyer=11 ledger=978 pay=now | party=21 amount=100.00
        3 order_ship order=2 delivery=express
        4 order_confirm order=2
        5 sweep ledger=978 amount=5.00
        6 payout party=21 ledger=978 amount=95.00
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 order_place buyer=11 ledger=978 pay=now | party=21 amount=100.00
              created
              Dr wallet[11] 100.00 / Cr escrow
              order_line 2/1: lines=1 buyer=11 seller=21 ledger=978 amount=10000 paid=10000 held=10000 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 commission_rate=50000
            3 order_ship order=2 delivery=express
              created
              order_line 2/1: state=wait_buyer_confirm_goods delivery=express deadline=2026-01-15T00:00:00
            4 order_confirm order=2
              created
              Dr escrow 95.00 / Cr seller[21]
              Dr escrow 5.00 / Cr commission
              order_line 2/1: held=0 commission=500 state=trade_finished deadline=0 released=10000
            5 sweep ledger=978 amount=5.00
              created
              Dr own 5.00 / Cr safe
            6 payout party=21 ledger=978 amount=95.00
              created
              Dr seller[21] 95.00 / Cr safe
            balances
              own 5.00 Dr
              commission 5.00 Cr
        "#]],
    );
}

/// The same from a card; what the scheme takes is the institution's.
#[test]
fn from_a_card() {
    check(
        "
        1 order_place buyer=11 ledger=978 | party=21 amount=100.00
        2 order_pay order=1 ledger=978 amount=100.00 funding=card
        3 order_ship order=1 delivery=express
        4 order_confirm order=1
        5 scheme_settle ledger=978 amount=100.00 cost=2.00
        balances
        ",
        &expect![[r#"
            1 order_place buyer=11 ledger=978 | party=21 amount=100.00
              created
              order_line 1/1: lines=1 buyer=11 seller=21 ledger=978 amount=10000 deadline=2026-01-06T00:00:00 commission_rate=50000
            2 order_pay order=1 ledger=978 amount=100.00 funding=card
              created
              Dr scheme_receivable 100.00 / Cr escrow
              order_line 1/1: paid=10000 held=10000 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 deadline=0
            3 order_ship order=1 delivery=express
              created
              order_line 1/1: state=wait_buyer_confirm_goods delivery=express deadline=2026-01-15T00:00:00
            4 order_confirm order=1
              created
              Dr escrow 95.00 / Cr seller[21]
              Dr escrow 5.00 / Cr commission
              order_line 1/1: held=0 commission=500 state=trade_finished deadline=0 released=10000
            5 scheme_settle ledger=978 amount=100.00 cost=2.00
              created
              Dr safe 98.00 / Cr scheme_receivable
              Dr acquiring 2.00 / Cr scheme_receivable
              Dr safe 2.00 / Cr own
            balances
              safe 100.00 Dr
              own 2.00 Cr
              seller[21] 95.00 Cr
              commission 5.00 Cr
              acquiring 2.00 Dr
        "#]],
    );
}

/// An order of several sellers is paid in parts and by bank; each line goes its own way.
#[test]
fn of_several_sellers() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 order_place buyer=11 ledger=978 seconds=3600 | party=21 amount=30.00 | party=22 amount=20.00 | party=21 amount=9.99
        3 order_pay order=2 ledger=978 amount=40.00
        4 order_pay order=2 ledger=978 amount=19.99 funding=bank
        5 order_ship order=2 line=2 delivery=surface
        6 order_cancel order=2 line=3
        7 order_ship order=2 delivery=virtual
        8 order_confirm order=2 line=1
        wait 30d
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 order_place buyer=11 ledger=978 seconds=3600 | party=21 amount=30.00 | party=22 amount=20.00 | party=21 amount=9.99
              created
              order_line 2/1: lines=3 buyer=11 seller=21 ledger=978 amount=3000 deadline=2026-01-05T01:00:00 commission_rate=50000
              order_line 2/2: lines=3 buyer=11 seller=22 ledger=978 amount=2000 deadline=2026-01-05T01:00:00 commission_rate=50000
              order_line 2/3: lines=3 buyer=11 seller=21 ledger=978 amount=999 deadline=2026-01-05T01:00:00 commission_rate=50000
            3 order_pay order=2 ledger=978 amount=40.00
              created
              Dr wallet[11] 40.00 / Cr escrow
              order_line 2/1: paid=3000 held=3000 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 deadline=0
              order_line 2/2: paid=1000 held=1000
            4 order_pay order=2 ledger=978 amount=19.99 funding=bank
              created
              Dr safe 19.99 / Cr escrow
              order_line 2/2: paid=2000 held=2000 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 deadline=0
              order_line 2/3: paid=999 held=999 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 deadline=0
            5 order_ship order=2 line=2 delivery=surface
              created
              order_line 2/2: state=wait_buyer_confirm_goods delivery=surface deadline=2026-02-04T00:00:00
            6 order_cancel order=2 line=3
              created
              Dr escrow 9.99 / Cr wallet[11]
              order_line 2/3: held=0 refunded=999 state=trade_closed
            7 order_ship order=2 delivery=virtual
              created
              order_line 2/1: state=wait_buyer_confirm_goods delivery=virtual deadline=2026-01-08T00:00:00
            8 order_confirm order=2 line=1
              created
              Dr escrow 28.50 / Cr seller[21]
              Dr escrow 1.50 / Cr commission
              order_line 2/1: held=0 commission=150 state=trade_finished deadline=0 released=3000
            wait 30d
              at 2026-02-04T00:00:00
              Dr escrow 19.00 / Cr seller[22]
              Dr escrow 1.00 / Cr commission
              order_line 2/2: held=0 commission=100 state=trade_finished deadline=0 released=2000
            balances
              safe 119.99 Dr
              wallet[11] 69.99 Cr
              seller[21] 28.50 Cr
              seller[22] 19.00 Cr
              commission 2.50 Cr
        "#]],
    );
}

/// What is delivered as it is paid is confirmed by itself: after 1, 3, 10 and 30 days.
#[test]
fn timers() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 order_place buyer=11 ledger=978 pay=now delivery=automatic | party=21 amount=10.00
        3 order_place buyer=11 ledger=978 pay=now delivery=virtual | party=21 amount=10.00
        4 order_place buyer=11 ledger=978 pay=now delivery=express | party=21 amount=10.00
        5 order_place buyer=11 ledger=978 pay=now delivery=surface | party=21 amount=10.00
        6 order_place buyer=11 ledger=978 delivery=automatic | party=21 amount=10.00
        7 order_pay order=6 ledger=978 amount=10.00
        8 order_place buyer=11 ledger=978 | party=21 amount=20.00
        9 order_pay order=8 ledger=978 amount=5.00
        10 party_state party=21 state=frozen reason=risk
        wait 40d
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 order_place buyer=11 ledger=978 pay=now delivery=automatic | party=21 amount=10.00
              created
              Dr wallet[11] 10.00 / Cr escrow
              order_line 2/1: lines=1 buyer=11 seller=21 ledger=978 amount=1000 paid=1000 held=1000 state=wait_buyer_confirm_goods delivery=automatic paid_at=2026-01-05T00:00:00 deadline=2026-01-06T00:00:00 commission_rate=50000
            3 order_place buyer=11 ledger=978 pay=now delivery=virtual | party=21 amount=10.00
              created
              Dr wallet[11] 10.00 / Cr escrow
              order_line 3/1: lines=1 buyer=11 seller=21 ledger=978 amount=1000 paid=1000 held=1000 state=wait_buyer_confirm_goods delivery=virtual paid_at=2026-01-05T00:00:00 deadline=2026-01-08T00:00:00 commission_rate=50000
            4 order_place buyer=11 ledger=978 pay=now delivery=express | party=21 amount=10.00
              created
              Dr wallet[11] 10.00 / Cr escrow
              order_line 4/1: lines=1 buyer=11 seller=21 ledger=978 amount=1000 paid=1000 held=1000 state=wait_buyer_confirm_goods delivery=express paid_at=2026-01-05T00:00:00 deadline=2026-01-15T00:00:00 commission_rate=50000
            5 order_place buyer=11 ledger=978 pay=now delivery=surface | party=21 amount=10.00
              created
              Dr wallet[11] 10.00 / Cr escrow
              order_line 5/1: lines=1 buyer=11 seller=21 ledger=978 amount=1000 paid=1000 held=1000 state=wait_buyer_confirm_goods delivery=surface paid_at=2026-01-05T00:00:00 deadline=2026-02-04T00:00:00 commission_rate=50000
            6 order_place buyer=11 ledger=978 delivery=automatic | party=21 amount=10.00
              created
              order_line 6/1: lines=1 buyer=11 seller=21 ledger=978 amount=1000 delivery=automatic deadline=2026-01-06T00:00:00 commission_rate=50000
            7 order_pay order=6 ledger=978 amount=10.00
              created
              Dr wallet[11] 10.00 / Cr escrow
              order_line 6/1: paid=1000 held=1000 state=wait_buyer_confirm_goods paid_at=2026-01-05T00:00:00 deadline=2026-01-06T00:00:00
            8 order_place buyer=11 ledger=978 | party=21 amount=20.00
              created
              order_line 8/1: lines=1 buyer=11 seller=21 ledger=978 amount=2000 deadline=2026-01-06T00:00:00 commission_rate=50000
            9 order_pay order=8 ledger=978 amount=5.00
              created
              Dr wallet[11] 5.00 / Cr escrow
              order_line 8/1: paid=500 held=500
            10 party_state party=21 state=frozen reason=risk
              created
              party 21: kind=merchant state=frozen reason=risk commission=50000
            wait 40d
              at 2026-01-06T00:00:00
              Dr escrow 9.50 / Cr seller[21]
              Dr escrow 0.50 / Cr commission
              order_line 2/1: held=0 commission=50 state=trade_finished deadline=0 released=1000
              at 2026-01-06T00:00:00
              Dr escrow 9.50 / Cr seller[21]
              Dr escrow 0.50 / Cr commission
              order_line 6/1: held=0 commission=50 state=trade_finished deadline=0 released=1000
              at 2026-01-06T00:00:00
              Dr escrow 5.00 / Cr wallet[11]
              order_line 8/1: held=0 refunded=500 state=trade_closed deadline=0
              at 2026-01-08T00:00:00
              Dr escrow 9.50 / Cr seller[21]
              Dr escrow 0.50 / Cr commission
              order_line 3/1: held=0 commission=50 state=trade_finished deadline=0 released=1000
              at 2026-01-15T00:00:00
              Dr escrow 9.50 / Cr seller[21]
              Dr escrow 0.50 / Cr commission
              order_line 4/1: held=0 commission=50 state=trade_finished deadline=0 released=1000
              at 2026-02-04T00:00:00
              Dr escrow 9.50 / Cr seller[21]
              Dr escrow 0.50 / Cr commission
              order_line 5/1: held=0 commission=50 state=trade_finished deadline=0 released=1000
            balances
              safe 100.00 Dr
              wallet[11] 50.00 Cr
              seller[21] 47.50 Cr
              commission 2.50 Cr
        "#]],
    );
}

/// Listings: the stock goes with what is ordered, and comes back with what is not shipped.
#[test]
fn listings_and_stock() {
    check(
        "
        1 listing_add seller=21 ledger=978 category=7 price=2.50 stock=10
        2 listing_add seller=22 ledger=978 price=1.00 stock=1
        3 top_up party=11 ledger=978 amount=100.00 funding=bank
        4 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00 listing=1 quantity=4 | party=22 amount=1.00 listing=2 quantity=1
        5 order_place buyer=11 ledger=978 pay=now | party=21 amount=2.50 listing=1 quantity=1 | party=22 amount=1.00 listing=2 quantity=1
        6 order_place buyer=11 ledger=978 | party=21 amount=15.00 listing=1 quantity=6
        7 order_place buyer=11 ledger=978 | party=21 amount=2.50 listing=1 quantity=1
        8 order_cancel order=4
        9 order_place buyer=11 ledger=978 | party=21 amount=10.00 listing=1 quantity=4
        10 listing_set listing=0 ledger=978 price=3.00 stock=5
        wait 1d
        11 order_place buyer=11 ledger=978 | party=21 amount=45.00 listing=1 quantity=15
        12 listing_set listing=0 ledger=978 price=3.00 stock=1 state=withdrawn
        wait 1d
        13 listing_set listing=0 ledger=978 price=3.00 stock=3
        14 order_place buyer=11 ledger=978 pay=now | party=21 amount=9.00 listing=1 quantity=3
        wait 1d
        15 claim_open order=14 line=1 ledger=978 amount=9.00
        16 claim_decide order=14 line=1 ledger=978 amount=9.00
        17 order_place buyer=11 ledger=978 pay=now | party=21 amount=9.00 listing=1 quantity=3
        balances
        ",
        &expect![[r#"
            1 listing_add seller=21 ledger=978 category=7 price=2.50 stock=10
              created
              listing 0: seller=21 ledger=978 category=7 price=250 stock=10
            2 listing_add seller=22 ledger=978 price=1.00 stock=1
              created number 1
              listing 1: seller=22 ledger=978 price=100 stock=1
            3 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            4 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00 listing=1 quantity=4 | party=22 amount=1.00 listing=2 quantity=1
              created
              Dr wallet[11] 10.00 / Cr escrow
              order_line 4/1: lines=2 buyer=11 seller=21 ledger=978 amount=1000 paid=1000 held=1000 listing=1 quantity=4 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 commission_rate=50000
              Dr wallet[11] 1.00 / Cr escrow
              order_line 4/2: lines=2 buyer=11 seller=22 ledger=978 amount=100 paid=100 held=100 listing=2 quantity=1 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 commission_rate=50000
            5 order_place buyer=11 ledger=978 pay=now | party=21 amount=2.50 listing=1 quantity=1 | party=22 amount=1.00 listing=2 quantity=1
              out_of_stock in part 2
            6 order_place buyer=11 ledger=978 | party=21 amount=15.00 listing=1 quantity=6
              created
              order_line 6/1: lines=1 buyer=11 seller=21 ledger=978 amount=1500 listing=1 quantity=6 deadline=2026-01-06T00:00:00 commission_rate=50000
            7 order_place buyer=11 ledger=978 | party=21 amount=2.50 listing=1 quantity=1
              out_of_stock in part 1
            8 order_cancel order=4
              created
              Dr escrow 10.00 / Cr wallet[11]
              order_line 4/1: held=0 refunded=1000 state=trade_closed
              Dr escrow 1.00 / Cr wallet[11]
              order_line 4/2: held=0 refunded=100 state=trade_closed
            9 order_place buyer=11 ledger=978 | party=21 amount=10.00 listing=1 quantity=4
              created
              order_line 9/1: lines=1 buyer=11 seller=21 ledger=978 amount=1000 listing=1 quantity=4 deadline=2026-01-06T00:00:00 commission_rate=50000
            10 listing_set listing=0 ledger=978 price=3.00 stock=5
              created
              listing 0: price=300 stock=5
            wait 1d
              at 2026-01-06T00:00:00
              order_line 6/1: state=trade_closed deadline=0
              at 2026-01-06T00:00:00
              order_line 9/1: state=trade_closed deadline=0
            11 order_place buyer=11 ledger=978 | party=21 amount=45.00 listing=1 quantity=15
              created
              order_line 11/1: lines=1 buyer=11 seller=21 ledger=978 amount=4500 listing=1 quantity=15 deadline=2026-01-07T00:00:00 commission_rate=50000
            12 listing_set listing=0 ledger=978 price=3.00 stock=1 state=withdrawn
              created
              listing 0: stock=1 state=withdrawn
            wait 1d
              at 2026-01-07T00:00:00
              order_line 11/1: state=trade_closed deadline=0
            13 listing_set listing=0 ledger=978 price=3.00 stock=3
              created
              listing 0: stock=3 state=offered
            14 order_place buyer=11 ledger=978 pay=now | party=21 amount=9.00 listing=1 quantity=3
              created
              Dr wallet[11] 9.00 / Cr escrow
              order_line 14/1: lines=1 buyer=11 seller=21 ledger=978 amount=900 paid=900 held=900 listing=1 quantity=3 state=wait_seller_send_goods paid_at=2026-01-07T00:00:00 commission_rate=50000
            wait 1d
            15 claim_open order=14 line=1 ledger=978 amount=9.00
              created
              order_line 14/1: claim=open claimed=900
            16 claim_decide order=14 line=1 ledger=978 amount=9.00
              created
              Dr escrow 9.00 / Cr wallet[11]
              order_line 14/1: held=0 refunded=900 state=trade_closed claim=granted
            17 order_place buyer=11 ledger=978 pay=now | party=21 amount=9.00 listing=1 quantity=3
              created
              Dr wallet[11] 9.00 / Cr escrow
              order_line 17/1: lines=1 buyer=11 seller=21 ledger=978 amount=900 paid=900 held=900 listing=1 quantity=3 state=wait_seller_send_goods paid_at=2026-01-08T00:00:00 commission_rate=50000
            balances
              safe 100.00 Dr
              wallet[11] 91.00 Cr
              escrow 9.00 Cr
        "#]],
    );
}

/// 40 of 100 paid back after the seller was paid out half: the seller is short of nothing at first,
/// then of some, and repays it of the next sale.
#[test]
fn refunds_after_settlement() {
    check(
        "
        1 top_up party=11 ledger=978 amount=200.00 funding=bank
        2 order_place buyer=11 ledger=978 pay=now delivery=express | party=21 amount=100.00
        3 order_confirm order=2
        4 order_refund order=2 line=1 ledger=978 amount=40.00
        5 payout party=21 ledger=978 amount=47.00
        6 order_refund order=2 line=1 ledger=978 amount=40.00
        balances
        7 order_place buyer=11 ledger=978 pay=now delivery=express | party=21 amount=20.00
        8 order_confirm order=7
        9 order_place buyer=11 ledger=978 pay=now delivery=express | party=21 amount=20.00
        10 order_confirm order=9
        11 order_refund order=2 line=1 ledger=978 amount=20.00
        12 order_refund order=2 line=1 ledger=978 amount=0.01
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=200.00 funding=bank
              created
              Dr safe 200.00 / Cr wallet[11]
            2 order_place buyer=11 ledger=978 pay=now delivery=express | party=21 amount=100.00
              created
              Dr wallet[11] 100.00 / Cr escrow
              order_line 2/1: lines=1 buyer=11 seller=21 ledger=978 amount=10000 paid=10000 held=10000 state=wait_buyer_confirm_goods delivery=express paid_at=2026-01-05T00:00:00 deadline=2026-01-15T00:00:00 commission_rate=50000
            3 order_confirm order=2
              created
              Dr escrow 95.00 / Cr seller[21]
              Dr escrow 5.00 / Cr commission
              order_line 2/1: held=0 commission=500 state=trade_finished deadline=0 released=10000
            4 order_refund order=2 line=1 ledger=978 amount=40.00
              created
              Dr seller[21] 38.00 / Cr wallet[11]
              Dr commission 2.00 / Cr wallet[11]
              Dr safe 2.00 / Cr own
              order_line 2/1: refunded=4000 commission=300
            5 payout party=21 ledger=978 amount=47.00
              created
              Dr seller[21] 47.00 / Cr safe
            6 order_refund order=2 line=1 ledger=978 amount=40.00
              created
              Dr seller[21] 10.00 / Cr wallet[11]
              Dr seller_receivable[21] 28.00 / Cr wallet[11]
              Dr commission 2.00 / Cr wallet[11]
              Dr safe 30.00 / Cr own
              order_line 2/1: refunded=8000 commission=100
            balances
              safe 185.00 Dr
              own 32.00 Cr
              seller_receivable[21] 28.00 Dr
              wallet[11] 180.00 Cr
              commission 1.00 Cr
            7 order_place buyer=11 ledger=978 pay=now delivery=express | party=21 amount=20.00
              created
              Dr wallet[11] 20.00 / Cr escrow
              order_line 7/1: lines=1 buyer=11 seller=21 ledger=978 amount=2000 paid=2000 held=2000 state=wait_buyer_confirm_goods delivery=express paid_at=2026-01-05T00:00:00 deadline=2026-01-15T00:00:00 commission_rate=50000
            8 order_confirm order=7
              created
              Dr escrow 19.00 / Cr seller[21]
              Dr escrow 1.00 / Cr commission
              Dr seller[21] 19.00 / Cr seller_receivable[21]
              Dr own 19.00 / Cr safe
              order_line 7/1: held=0 commission=100 state=trade_finished deadline=0 released=2000
            9 order_place buyer=11 ledger=978 pay=now delivery=express | party=21 amount=20.00
              created
              Dr wallet[11] 20.00 / Cr escrow
              order_line 9/1: lines=1 buyer=11 seller=21 ledger=978 amount=2000 paid=2000 held=2000 state=wait_buyer_confirm_goods delivery=express paid_at=2026-01-05T00:00:00 deadline=2026-01-15T00:00:00 commission_rate=50000
            10 order_confirm order=9
              created
              Dr escrow 19.00 / Cr seller[21]
              Dr escrow 1.00 / Cr commission
              Dr seller[21] 9.00 / Cr seller_receivable[21]
              Dr own 9.00 / Cr safe
              order_line 9/1: held=0 commission=100 state=trade_finished deadline=0 released=2000
            11 order_refund order=2 line=1 ledger=978 amount=20.00
              created
              Dr seller[21] 10.00 / Cr wallet[11]
              Dr seller_receivable[21] 9.00 / Cr wallet[11]
              Dr commission 1.00 / Cr wallet[11]
              Dr safe 10.00 / Cr own
              order_line 2/1: refunded=10000 commission=0 state=trade_closed
            12 order_refund order=2 line=1 ledger=978 amount=0.01
              order_closed (order)
            balances
              safe 167.00 Dr
              own 14.00 Cr
              seller_receivable[21] 9.00 Dr
              wallet[11] 160.00 Cr
              commission 2.00 Cr
        "#]],
    );
}

/// Parts of the commission are rounded down, and all of them together are all of it.
#[test]
fn commission_is_given_back_exactly() {
    check(
        "
        1 party_terms party=21 commission=3.3333%
        2 top_up party=11 ledger=978 amount=10.00 funding=bank
        3 order_place buyer=11 ledger=978 pay=now delivery=express | party=21 amount=9.99
        4 party_terms party=21 commission=50%
        5 order_confirm order=3
        6 order_refund order=3 line=1 ledger=978 amount=3.33
        7 order_refund order=3 line=1 ledger=978 amount=3.33
        8 order_refund order=3 line=1 ledger=978 amount=3.33
        balances
        ",
        &expect![[r#"
            1 party_terms party=21 commission=3.3333%
              created
              party 21: kind=merchant commission=33333
            2 top_up party=11 ledger=978 amount=10.00 funding=bank
              created
              Dr safe 10.00 / Cr wallet[11]
            3 order_place buyer=11 ledger=978 pay=now delivery=express | party=21 amount=9.99
              created
              Dr wallet[11] 9.99 / Cr escrow
              order_line 3/1: lines=1 buyer=11 seller=21 ledger=978 amount=999 paid=999 held=999 state=wait_buyer_confirm_goods delivery=express paid_at=2026-01-05T00:00:00 deadline=2026-01-15T00:00:00 commission_rate=33333
            4 party_terms party=21 commission=50%
              created
              party 21: commission=500000
            5 order_confirm order=3
              created
              Dr escrow 9.66 / Cr seller[21]
              Dr escrow 0.33 / Cr commission
              order_line 3/1: held=0 commission=33 state=trade_finished deadline=0 released=999
            6 order_refund order=3 line=1 ledger=978 amount=3.33
              created
              Dr seller[21] 3.22 / Cr wallet[11]
              Dr commission 0.11 / Cr wallet[11]
              Dr safe 0.11 / Cr own
              order_line 3/1: refunded=333 commission=22
            7 order_refund order=3 line=1 ledger=978 amount=3.33
              created
              Dr seller[21] 3.22 / Cr wallet[11]
              Dr commission 0.11 / Cr wallet[11]
              Dr safe 0.11 / Cr own
              order_line 3/1: refunded=666 commission=11
            8 order_refund order=3 line=1 ledger=978 amount=3.33
              created
              Dr seller[21] 3.22 / Cr wallet[11]
              Dr commission 0.11 / Cr wallet[11]
              Dr safe 0.11 / Cr own
              order_line 3/1: refunded=999 commission=0 state=trade_closed
            balances
              safe 10.33 Dr
              own 0.33 Cr
              wallet[11] 10.00 Cr
        "#]],
    );
}

/// A tenth is kept back for 90 days.
#[test]
fn rolling_reserve() {
    check(
        "
        1 party_terms party=21 commission=5% reserve=10% reserve_days=90
        2 top_up party=11 ledger=978 amount=100.00 funding=bank
        3 order_place buyer=11 ledger=978 pay=now delivery=express | party=21 amount=100.00
        4 order_confirm order=3
        balances
        wait 89d
        wait 1d
        balances
        ",
        &expect![[r#"
            1 party_terms party=21 commission=5% reserve=10% reserve_days=90
              created
              party 21: kind=merchant commission=50000 reserve=100000 reserve_days=90
            2 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            3 order_place buyer=11 ledger=978 pay=now delivery=express | party=21 amount=100.00
              created
              Dr wallet[11] 100.00 / Cr escrow
              order_line 3/1: lines=1 buyer=11 seller=21 ledger=978 amount=10000 paid=10000 held=10000 state=wait_buyer_confirm_goods delivery=express paid_at=2026-01-05T00:00:00 deadline=2026-01-15T00:00:00 commission_rate=50000 reserve_rate=100000 reserve_days=90
            4 order_confirm order=3
              created
              Dr escrow 95.00 / Cr seller[21]
              Dr escrow 5.00 / Cr commission
              Dr seller[21] 10.00 / Cr reserve[21]
              reserve 3/1: seller=21 ledger=978 amount=1000 deadline=2026-04-05T00:00:00
              order_line 3/1: held=0 commission=500 state=trade_finished deadline=0 released=10000
            balances
              safe 100.00 Dr
              seller[21] 85.00 Cr
              reserve[21] 10.00 Cr
              commission 5.00 Cr
            wait 89d
            wait 1d
              at 2026-04-05T00:00:00
              Dr reserve[21] 10.00 / Cr seller[21]
              reserve 3/1: amount=0
            balances
              safe 100.00 Dr
              seller[21] 95.00 Cr
              commission 5.00 Cr
        "#]],
    );
}

/// A retry gets an answer and moves nothing; another wish under the same id is refused.
#[test]
fn retries() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00 | party=22 amount=10.00
        2 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00 | party=22 amount=10.00
        2 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00 | party=22 amount=10.01
        2 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00
        2 order_place buyer=12 ledger=978 pay=now | party=21 amount=10.00 | party=22 amount=10.00
        3 order_cancel order=2
        2 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00 | party=22 amount=10.00
        1 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00
        4 order_place buyer=11 ledger=978 | party=21 amount=10.00
        4 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00 | party=22 amount=10.00
              created
              Dr wallet[11] 10.00 / Cr escrow
              order_line 2/1: lines=2 buyer=11 seller=21 ledger=978 amount=1000 paid=1000 held=1000 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 commission_rate=50000
              Dr wallet[11] 10.00 / Cr escrow
              order_line 2/2: lines=2 buyer=11 seller=22 ledger=978 amount=1000 paid=1000 held=1000 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 commission_rate=50000
            2 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00 | party=22 amount=10.00
              exists
            2 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00 | party=22 amount=10.01
              exists_with_different_content
            2 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00
              exists_with_different_content
            2 order_place buyer=12 ledger=978 pay=now | party=21 amount=10.00 | party=22 amount=10.00
              exists_with_different_content
            3 order_cancel order=2
              created
              Dr escrow 10.00 / Cr wallet[11]
              order_line 2/1: held=0 refunded=1000 state=trade_closed
              Dr escrow 10.00 / Cr wallet[11]
              order_line 2/2: held=0 refunded=1000 state=trade_closed
            2 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00 | party=22 amount=10.00
              exists
            1 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00
              exists_with_different_content
            4 order_place buyer=11 ledger=978 | party=21 amount=10.00
              created
              order_line 4/1: lines=1 buyer=11 seller=21 ledger=978 amount=1000 deadline=2026-01-06T00:00:00 commission_rate=50000
            4 order_place buyer=11 ledger=978 pay=now | party=21 amount=10.00
              exists_with_different_content
            balances
              safe 100.00 Dr
              wallet[11] 100.00 Cr
        "#]],
    );
}

/// Every refusal of orders and listings.
#[test]
fn orders_refused() {
    let legs = " | party=21 amount=1".repeat(257);
    check_refusals(
        &format!(
            "
        9 listing_add seller=21 ledger=1 price=1 stock=1
        9 listing_add seller=99 ledger=978 price=1 stock=1
        9 listing_add seller=11 ledger=978 price=1 stock=1
        + 1 listing_add seller=21 ledger=978 price=2.00 stock=2
        + 2 listing_add seller=22 ledger=978 price=2.00 stock=2
        + 3 listing_set listing=1 ledger=978 price=2.00 stock=2 state=withdrawn
        9 listing_set listing=0 ledger=978 price=1 stock=1 state=2
        9 listing_set listing=2 ledger=978 price=1 stock=1
        9 listing_set listing=0 ledger=840 price=1 stock=1
        + 4 party_state party=14 state=frozen
        + 5 party_state party=15 state=closed
        + 6 party_state party=23 state=frozen
        9 order_place buyer=11 ledger=978
        9 order_place buyer=11 ledger=978{legs}
        9 order_place buyer=11 ledger=978 | party=21 amount=0
        9 order_place buyer=11 ledger=978 pay=2 | party=21 amount=1
        9 order_place buyer=11 ledger=978 delivery=5 | party=21 amount=1
        9 order_place buyer=11 ledger=978 | party=21 amount=1 quantity=1
        9 order_place buyer=11 ledger=978 | party=21 amount=1 listing=1
        9 order_place buyer=21 ledger=978 | party=21 amount=1
        9 order_place buyer=11 ledger=1 | party=21 amount=1
        9 order_place buyer=99 ledger=978 | party=21 amount=1
        9 order_place buyer=14 ledger=978 | party=21 amount=1
        9 order_place buyer=15 ledger=978 | party=21 amount=1
        9 order_place buyer=11 ledger=978 | party=21 amount=1 | party=99 amount=1
        9 order_place buyer=11 ledger=978 | party=21 amount=1 | party=23 amount=1
        9 order_place buyer=11 ledger=978 | party=21 amount=1 | party=12 amount=1
        9 order_place buyer=11 ledger=978 | party=21 amount=2.00 listing=3 quantity=1
        9 order_place buyer=11 ledger=978 | party=22 amount=2.00 listing=2 quantity=1
        9 order_place buyer=11 ledger=978 | party=22 amount=2.00 listing=1 quantity=1
        9 order_place buyer=11 ledger=840 | party=21 amount=2.00 listing=1 quantity=1
        9 order_place buyer=11 ledger=978 | party=21 amount=2.01 listing=1 quantity=1
        9 order_place buyer=11 ledger=978 | party=21 amount=6.00 listing=1 quantity=3
        9 order_place buyer=11 ledger=978 | party=21 amount=4.00 listing=1 quantity=2 | party=21 amount=2.00 listing=1 quantity=1
        9 order_place buyer=11 ledger=978 pay=now | party=21 amount=1
        + 10 top_up party=11 ledger=978 amount=10.00 funding=bank
        9 order_place buyer=11 ledger=978 pay=now | party=21 amount=9.00 | party=22 amount=1.01
        + 11 order_place buyer=11 ledger=978 | party=21 amount=5.00 | party=22 amount=6.00
        9 order_pay order=11 ledger=978 amount=0
        9 order_pay order=11 ledger=978 amount=1 funding=3
        9 order_pay order=99 ledger=978 amount=1
        9 order_pay order=11 ledger=840 amount=1
        9 order_pay order=11 ledger=978 amount=11.01
        9 order_pay order=11 ledger=978 amount=11.00
        9 order_ship order=11 delivery=none
        9 order_ship order=11 delivery=5
        9 order_ship order=99 delivery=express
        9 order_ship order=11 line=3 delivery=express
        9 order_ship order=11 delivery=express
        9 order_confirm order=11
        9 order_refund order=11 line=1 ledger=978 amount=1
        + 12 order_pay order=11 ledger=978 amount=11.00 funding=bank
        9 order_pay order=11 ledger=978 amount=1
        9 order_confirm order=11 line=1
        + 13 order_ship order=11 line=1 delivery=express
        9 order_ship order=11 line=1 delivery=express
        9 order_cancel order=11 line=1
        9 order_refund order=11 line=1 ledger=978 amount=1
        + 14 order_confirm order=11 line=1
        9 order_confirm order=11 line=1
        9 order_confirm order=11 line=9
        9 order_cancel order=11 line=1
        9 order_cancel order=99
        9 order_refund order=11 line=1 ledger=978 amount=0
        9 order_refund order=11 line=1 ledger=840 amount=1
        9 order_refund order=11 line=1 ledger=978 amount=5.01
        + 15 order_cancel order=11
        9 order_cancel order=11 line=2
        9 order_confirm order=11 line=2
        9 order_ship order=11 delivery=express
        9 order_refund order=11 line=2 ledger=978 amount=1
        + 16 order_place buyer=11 ledger=978 | party=21 amount=max | party=22 amount=max
        9 order_pay order=16 ledger=978 amount=max funding=bank
        + 17 order_place buyer=13 ledger=978 | party=21 amount=1
        + 18 party_state party=13 state=closed
        9 order_pay order=17 ledger=978 amount=1
        9 order_cancel order=17
        "
        ),
        &[
            Status::TooManyLegs,
            Status::ValueOutOfRange,
            Status::AmountMustNotBeZero,
            Status::AmountTooLarge,
            Status::LedgerNotDeclared,
            Status::PartiesMustBeDifferent,
            Status::PartyNotFound,
            Status::PartyClosed,
            Status::PartyFrozen,
            Status::PartyNotMerchant,
            Status::LedgersDiffer,
            Status::ListingNotFound,
            Status::ListingWithdrawn,
            Status::ListingOfOther,
            Status::ListingPriceDiffers,
            Status::OutOfStock,
            Status::OrderNotFound,
            Status::OrderNotPayable,
            Status::ExceedsDue,
            Status::OrderNotPaid,
            Status::OrderNotShippable,
            Status::OrderNotShipped,
            Status::OrderShipped,
            Status::OrderClosed,
            Status::OrderFinished,
            Status::OrderNotFinished,
            Status::ExceedsRefundable,
            Status::InsufficientFunds,
        ],
        &expect![[r#"
            23  ledger_not_declared (ledger): 9 listing_add seller=21 ledger=1 price=1 stock=1
            30  party_not_found (seller): 9 listing_add seller=99 ledger=978 price=1 stock=1
            34  party_not_merchant (seller): 9 listing_add seller=11 ledger=978 price=1 stock=1
            20  value_out_of_range (state): 9 listing_set listing=0 ledger=978 price=1 stock=1 state=2
            90  listing_not_found (listing): 9 listing_set listing=2 ledger=978 price=1 stock=1
            59  ledgers_differ (ledger): 9 listing_set listing=0 ledger=840 price=1 stock=1
            6   legs_must_not_be_empty: 9 order_place buyer=11 ledger=978
            7   too_many_legs: 9 order_place buyer=11 ledger=978 | party=21 amount=1 | party=21 amount=1 | party=21 amount=1 | party=21 amoun
            21  amount_must_not_be_zero in part 1: 9 order_place buyer=11 ledger=978 | party=21 amount=0
            20  value_out_of_range (pay): 9 order_place buyer=11 ledger=978 pay=2 | party=21 amount=1
            20  value_out_of_range (delivery): 9 order_place buyer=11 ledger=978 delivery=5 | party=21 amount=1
            20  value_out_of_range in part 1: 9 order_place buyer=11 ledger=978 | party=21 amount=1 quantity=1
            20  value_out_of_range in part 1: 9 order_place buyer=11 ledger=978 | party=21 amount=1 listing=1
            24  parties_must_be_different in part 1: 9 order_place buyer=21 ledger=978 | party=21 amount=1
            23  ledger_not_declared (ledger): 9 order_place buyer=11 ledger=1 | party=21 amount=1
            30  party_not_found (buyer): 9 order_place buyer=99 ledger=978 | party=21 amount=1
            33  party_frozen (buyer): 9 order_place buyer=14 ledger=978 | party=21 amount=1
            32  party_closed (buyer): 9 order_place buyer=15 ledger=978 | party=21 amount=1
            30  party_not_found in part 2: 9 order_place buyer=11 ledger=978 | party=21 amount=1 | party=99 amount=1
            33  party_frozen in part 2: 9 order_place buyer=11 ledger=978 | party=21 amount=1 | party=23 amount=1
            34  party_not_merchant in part 2: 9 order_place buyer=11 ledger=978 | party=21 amount=1 | party=12 amount=1
            90  listing_not_found in part 1: 9 order_place buyer=11 ledger=978 | party=21 amount=2.00 listing=3 quantity=1
            91  listing_withdrawn in part 1: 9 order_place buyer=11 ledger=978 | party=22 amount=2.00 listing=2 quantity=1
            92  listing_of_other in part 1: 9 order_place buyer=11 ledger=978 | party=22 amount=2.00 listing=1 quantity=1
            92  listing_of_other in part 1: 9 order_place buyer=11 ledger=840 | party=21 amount=2.00 listing=1 quantity=1
            93  listing_price_differs in part 1: 9 order_place buyer=11 ledger=978 | party=21 amount=2.01 listing=1 quantity=1
            94  out_of_stock in part 1: 9 order_place buyer=11 ledger=978 | party=21 amount=6.00 listing=1 quantity=3
            94  out_of_stock in part 2: 9 order_place buyer=11 ledger=978 | party=21 amount=4.00 listing=1 quantity=2 | party=21 amount=2.00 listing=1
            200 insufficient_funds by transfer status 54: 9 order_place buyer=11 ledger=978 pay=now | party=21 amount=1
            200 insufficient_funds by transfer status 54: 9 order_place buyer=11 ledger=978 pay=now | party=21 amount=9.00 | party=22 amount=1.01
            21  amount_must_not_be_zero (amount): 9 order_pay order=11 ledger=978 amount=0
            20  value_out_of_range (funding): 9 order_pay order=11 ledger=978 amount=1 funding=3
            100 order_not_found (order): 9 order_pay order=99 ledger=978 amount=1
            59  ledgers_differ (ledger): 9 order_pay order=11 ledger=840 amount=1
            102 exceeds_due (amount): 9 order_pay order=11 ledger=978 amount=11.01
            200 insufficient_funds by transfer status 54: 9 order_pay order=11 ledger=978 amount=11.00
            20  value_out_of_range (delivery): 9 order_ship order=11 delivery=none
            20  value_out_of_range (delivery): 9 order_ship order=11 delivery=5
            100 order_not_found (order): 9 order_ship order=99 delivery=express
            100 order_not_found (line): 9 order_ship order=11 line=3 delivery=express
            103 order_not_paid (order): 9 order_ship order=11 delivery=express
            103 order_not_paid (order): 9 order_confirm order=11
            109 order_not_finished (order): 9 order_refund order=11 line=1 ledger=978 amount=1
            101 order_not_payable (order): 9 order_pay order=11 ledger=978 amount=1
            105 order_not_shipped (order): 9 order_confirm order=11 line=1
            104 order_not_shippable (order): 9 order_ship order=11 line=1 delivery=express
            106 order_shipped (order): 9 order_cancel order=11 line=1
            109 order_not_finished (order): 9 order_refund order=11 line=1 ledger=978 amount=1
            108 order_finished (order): 9 order_confirm order=11 line=1
            100 order_not_found (line): 9 order_confirm order=11 line=9
            108 order_finished (order): 9 order_cancel order=11 line=1
            100 order_not_found (order): 9 order_cancel order=99
            21  amount_must_not_be_zero (amount): 9 order_refund order=11 line=1 ledger=978 amount=0
            59  ledgers_differ (ledger): 9 order_refund order=11 line=1 ledger=840 amount=1
            64  exceeds_refundable (amount): 9 order_refund order=11 line=1 ledger=978 amount=5.01
            107 order_closed (order): 9 order_cancel order=11 line=2
            107 order_closed (order): 9 order_confirm order=11 line=2
            104 order_not_shippable (order): 9 order_ship order=11 delivery=express
            107 order_closed (order): 9 order_refund order=11 line=2 ledger=978 amount=1
            22  amount_too_large by transfer status 49: 9 order_pay order=16 ledger=978 amount=max funding=bank
            32  party_closed (order): 9 order_pay order=17 ledger=978 amount=1
            32  party_closed (order): 9 order_cancel order=17
        "#]],
    );
}
