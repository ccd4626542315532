//! What comes after the seller has got the money: refunds, what sellers owe, what is kept back.

use expect_test::expect;

use crate::harness::check;

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
              party 21: commission=33333
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
              party 21: reserve=100000 reserve_days=90
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
