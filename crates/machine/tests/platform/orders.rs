//! Orders: paying into escrow, shipping, confirming, cancelling.

use expect_test::expect;

use crate::harness::check;

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
              party 21: state=frozen reason=risk
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
