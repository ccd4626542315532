//! What is in dispute of orders of which nothing was sold: not paid in full, cancelled.

use expect_test::expect;

use crate::harness::check;

/// Of a line that is paid in part, a part is in dispute. Its time comes once and for all: what is not
/// in dispute goes back to the buyer, the rest to the institution, which laid it out. Lost, it stays
/// so; won, the buyer has it.
#[test]
fn of_a_line_paid_in_part() {
    check(
        "
        1 order_place buyer=11 ledger=978 | party=21 amount=100.00
        2 order_pay order=1 ledger=978 amount=50.00 funding=card
        3 chargeback_open ledger=978 amount=20.00 fee=15.00 order=1 line=1
        4 chargeback_open ledger=978 amount=10.00 order=1 line=1
        wait 40d
        5 chargeback_open ledger=978 amount=0.01 order=1 line=1
        6 chargeback_lost chargeback=3
        balances
        7 chargeback_won chargeback=4
        8 chargeback_won chargeback=3
        wait 200d
        balances
        ",
        &expect![[r#"
            1 order_place buyer=11 ledger=978 | party=21 amount=100.00
              created
              order_line 1/1: lines=1 buyer=11 seller=21 ledger=978 amount=10000 deadline=2026-01-06T00:00:00 commission_rate=50000
            2 order_pay order=1 ledger=978 amount=50.00 funding=card
              created
              Dr scheme_receivable 50.00 / Cr escrow
              order_line 1/1: paid=5000 held=5000
            3 chargeback_open ledger=978 amount=20.00 fee=15.00 order=1 line=1
              created
              Dr dispute 20.00 / Cr own
              Dr dispute_fee 15.00 / Cr own
              order_line 1/1: disputed=2000
              chargeback 3: order=1 line=1 seller=21 buyer=11 ledger=978 amount=2000 fee=1500
            4 chargeback_open ledger=978 amount=10.00 order=1 line=1
              created
              Dr dispute 10.00 / Cr own
              order_line 1/1: disputed=3000
              chargeback 4: order=1 line=1 seller=21 buyer=11 ledger=978 amount=1000
            wait 40d
              at 2026-01-06T00:00:00
              Dr escrow 20.00 / Cr wallet[11]
              Dr escrow 30.00 / Cr dispute
              Dr own 30.00 / Cr safe
              order_line 1/1: held=0 refunded=2000 state=trade_closed deadline=0
            5 chargeback_open ledger=978 amount=0.01 order=1 line=1
              exceeds_disputable (amount)
            6 chargeback_lost chargeback=3
              created
              order_line 1/1: refunded=4000 disputed=1000
              chargeback 3: state=lost
            balances
              safe 30.00 Cr
              own 15.00 Cr
              scheme_receivable 50.00 Dr
              wallet[11] 20.00 Cr
              dispute_fee 15.00 Dr
            7 chargeback_won chargeback=4
              created
              Dr dispute 10.00 / Cr wallet[11]
              Dr safe 10.00 / Cr own
              Dr own 10.00 / Cr dispute
              order_line 1/1: refunded=5000 disputed=0
              chargeback 4: state=won
            8 chargeback_won chargeback=3
              chargeback_ended (chargeback)
            wait 200d
            balances
              safe 20.00 Cr
              own 15.00 Cr
              scheme_receivable 50.00 Dr
              wallet[11] 30.00 Cr
              dispute_fee 15.00 Dr
        "#]],
    );
}

/// The same, cancelled; recovered and then won, before and after it was cancelled.
#[test]
fn of_a_cancelled_line() {
    check(
        "
        1 order_place buyer=11 ledger=978 | party=21 amount=100.00 | party=22 amount=10.00
        2 order_pay order=1 ledger=978 amount=60.00 funding=card
        3 chargeback_open ledger=978 amount=20.00 order=1 line=1
        4 chargeback_open ledger=978 amount=15.00 order=1 line=1
        5 chargeback_open ledger=978 amount=5.00 order=1 line=1
        6 chargeback_recover chargeback=3
        7 order_cancel order=1
        8 chargeback_recover chargeback=4
        balances
        9 chargeback_won chargeback=3
        10 chargeback_won chargeback=4
        11 chargeback_won chargeback=5
        balances
        ",
        &expect![[r#"
            1 order_place buyer=11 ledger=978 | party=21 amount=100.00 | party=22 amount=10.00
              created
              order_line 1/1: lines=2 buyer=11 seller=21 ledger=978 amount=10000 deadline=2026-01-06T00:00:00 commission_rate=50000
              order_line 1/2: lines=2 buyer=11 seller=22 ledger=978 amount=1000 deadline=2026-01-06T00:00:00 commission_rate=50000
            2 order_pay order=1 ledger=978 amount=60.00 funding=card
              created
              Dr scheme_receivable 60.00 / Cr escrow
              order_line 1/1: paid=6000 held=6000
            3 chargeback_open ledger=978 amount=20.00 order=1 line=1
              created
              Dr dispute 20.00 / Cr own
              order_line 1/1: disputed=2000
              chargeback 3: order=1 line=1 seller=21 buyer=11 ledger=978 amount=2000
            4 chargeback_open ledger=978 amount=15.00 order=1 line=1
              created
              Dr dispute 15.00 / Cr own
              order_line 1/1: disputed=3500
              chargeback 4: order=1 line=1 seller=21 buyer=11 ledger=978 amount=1500
            5 chargeback_open ledger=978 amount=5.00 order=1 line=1
              created
              Dr dispute 5.00 / Cr own
              order_line 1/1: disputed=4000
              chargeback 5: order=1 line=1 seller=21 buyer=11 ledger=978 amount=500
            6 chargeback_recover chargeback=3
              created
              Dr escrow 20.00 / Cr dispute
              Dr own 20.00 / Cr safe
              order_line 1/1: paid=4000 held=4000 disputed=2000
              chargeback 3: state=recovered
            7 order_cancel order=1
              created
              Dr escrow 20.00 / Cr wallet[11]
              Dr escrow 20.00 / Cr dispute
              Dr own 20.00 / Cr safe
              order_line 1/1: held=0 refunded=2000 state=trade_closed deadline=0
              order_line 1/2: state=trade_closed deadline=0
            8 chargeback_recover chargeback=4
              created
              order_line 1/1: refunded=3500 disputed=500
              chargeback 4: state=recovered
            balances
              safe 40.00 Cr
              scheme_receivable 60.00 Dr
              wallet[11] 20.00 Cr
            9 chargeback_won chargeback=3
              created
              Dr dispute 20.00 / Cr wallet[11]
              Dr safe 20.00 / Cr own
              Dr own 20.00 / Cr dispute
              chargeback 3: state=won
            10 chargeback_won chargeback=4
              created
              Dr dispute 15.00 / Cr wallet[11]
              Dr safe 15.00 / Cr own
              Dr own 15.00 / Cr dispute
              chargeback 4: state=won
            11 chargeback_won chargeback=5
              created
              Dr dispute 5.00 / Cr wallet[11]
              Dr safe 5.00 / Cr own
              Dr own 5.00 / Cr dispute
              order_line 1/1: refunded=4000 disputed=0
              chargeback 5: state=won
            balances
              scheme_receivable 60.00 Dr
              wallet[11] 60.00 Cr
        "#]],
    );
}

/// What a scheme took back of a line that waits to be paid is due again; paid, the seller gets the
/// whole price. A buyer who wins has the money in the wallet.
#[test]
fn of_a_line_paid_again() {
    check(
        "
        1 order_place buyer=11 ledger=978 | party=21 amount=100.00
        2 order_pay order=1 ledger=978 amount=50.00 funding=card
        3 chargeback_open ledger=978 amount=50.00 order=1 line=1
        4 chargeback_lost chargeback=3
        5 order_pay order=1 ledger=978 amount=60.00 funding=card
        6 chargeback_open ledger=978 amount=20.00 order=1 line=1
        7 chargeback_recover chargeback=6
        8 order_pay order=1 ledger=978 amount=60.00 funding=card
        9 chargeback_won chargeback=6
        10 order_ship order=1 delivery=express
        11 order_confirm order=1
        12 order_refund order=1 line=1 ledger=978 amount=100.00
        balances
        ",
        &expect![[r#"
            1 order_place buyer=11 ledger=978 | party=21 amount=100.00
              created
              order_line 1/1: lines=1 buyer=11 seller=21 ledger=978 amount=10000 deadline=2026-01-06T00:00:00 commission_rate=50000
            2 order_pay order=1 ledger=978 amount=50.00 funding=card
              created
              Dr scheme_receivable 50.00 / Cr escrow
              order_line 1/1: paid=5000 held=5000
            3 chargeback_open ledger=978 amount=50.00 order=1 line=1
              created
              Dr dispute 50.00 / Cr own
              order_line 1/1: disputed=5000
              chargeback 3: order=1 line=1 seller=21 buyer=11 ledger=978 amount=5000
            4 chargeback_lost chargeback=3
              created
              Dr escrow 50.00 / Cr dispute
              Dr own 50.00 / Cr safe
              order_line 1/1: paid=0 held=0 disputed=0
              chargeback 3: state=lost
            5 order_pay order=1 ledger=978 amount=60.00 funding=card
              created
              Dr scheme_receivable 60.00 / Cr escrow
              order_line 1/1: paid=6000 held=6000
            6 chargeback_open ledger=978 amount=20.00 order=1 line=1
              created
              Dr dispute 20.00 / Cr own
              order_line 1/1: disputed=2000
              chargeback 6: order=1 line=1 seller=21 buyer=11 ledger=978 amount=2000
            7 chargeback_recover chargeback=6
              created
              Dr escrow 20.00 / Cr dispute
              Dr own 20.00 / Cr safe
              order_line 1/1: paid=4000 held=4000 disputed=0
              chargeback 6: state=recovered
            8 order_pay order=1 ledger=978 amount=60.00 funding=card
              created
              Dr scheme_receivable 60.00 / Cr escrow
              order_line 1/1: paid=10000 held=10000 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 deadline=0
            9 chargeback_won chargeback=6
              created
              Dr dispute 20.00 / Cr wallet[11]
              Dr safe 20.00 / Cr own
              Dr own 20.00 / Cr dispute
              chargeback 6: state=won
            10 order_ship order=1 delivery=express
              created
              order_line 1/1: state=wait_buyer_confirm_goods delivery=express deadline=2026-01-15T00:00:00
            11 order_confirm order=1
              created
              Dr escrow 95.00 / Cr seller[21]
              Dr escrow 5.00 / Cr commission
              order_line 1/1: held=0 commission=500 state=trade_finished deadline=0 released=10000
            12 order_refund order=1 line=1 ledger=978 amount=100.00
              created
              Dr seller[21] 95.00 / Cr wallet[11]
              Dr commission 5.00 / Cr wallet[11]
              Dr safe 5.00 / Cr own
              order_line 1/1: refunded=10000 commission=0 state=trade_closed
            balances
              safe 45.00 Cr
              own 5.00 Cr
              scheme_receivable 170.00 Dr
              wallet[11] 120.00 Cr
        "#]],
    );
}

/// Paid in full, in dispute in part and not shipped, it can be cancelled; the goods are in stock
/// again.
#[test]
fn of_a_line_not_shipped() {
    check(
        "
        1 listing_add seller=21 ledger=978 price=50.00 stock=2
        2 order_place buyer=11 ledger=978 | party=21 amount=100.00 listing=1 quantity=2
        3 order_pay order=2 ledger=978 amount=100.00 funding=card
        4 chargeback_open ledger=978 amount=60.00 order=2 line=1
        5 chargeback_recover chargeback=4
        6 order_cancel order=2
        7 chargeback_lost chargeback=4
        8 top_up party=12 ledger=978 amount=100.00 funding=bank
        9 order_place buyer=12 ledger=978 pay=now | party=21 amount=100.00 listing=1 quantity=2
        balances
        ",
        &expect![[r#"
            1 listing_add seller=21 ledger=978 price=50.00 stock=2
              created
              listing 0: seller=21 ledger=978 price=5000 stock=2
            2 order_place buyer=11 ledger=978 | party=21 amount=100.00 listing=1 quantity=2
              created
              order_line 2/1: lines=1 buyer=11 seller=21 ledger=978 amount=10000 listing=1 quantity=2 deadline=2026-01-06T00:00:00 commission_rate=50000
            3 order_pay order=2 ledger=978 amount=100.00 funding=card
              created
              Dr scheme_receivable 100.00 / Cr escrow
              order_line 2/1: paid=10000 held=10000 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 deadline=0
            4 chargeback_open ledger=978 amount=60.00 order=2 line=1
              created
              Dr dispute 60.00 / Cr own
              order_line 2/1: disputed=6000
              chargeback 4: order=2 line=1 seller=21 buyer=11 ledger=978 amount=6000
            5 chargeback_recover chargeback=4
              order_not_finished (chargeback)
            6 order_cancel order=2
              created
              Dr escrow 40.00 / Cr wallet[11]
              Dr escrow 60.00 / Cr dispute
              Dr own 60.00 / Cr safe
              order_line 2/1: held=0 refunded=4000 state=trade_closed
            7 chargeback_lost chargeback=4
              created
              order_line 2/1: refunded=10000 disputed=0
              chargeback 4: state=lost
            8 top_up party=12 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[12]
            9 order_place buyer=12 ledger=978 pay=now | party=21 amount=100.00 listing=1 quantity=2
              created
              Dr wallet[12] 100.00 / Cr escrow
              order_line 9/1: lines=1 buyer=12 seller=21 ledger=978 amount=10000 paid=10000 held=10000 listing=1 quantity=2 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 commission_rate=50000
            balances
              safe 40.00 Dr
              scheme_receivable 100.00 Dr
              wallet[11] 40.00 Cr
              escrow 100.00 Cr
        "#]],
    );
}
