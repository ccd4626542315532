//! Chargebacks: each of their ends.

use expect_test::expect;

use crate::harness::check;

/// 100 and a fee of 15, recovered from the seller's balance, and lost.
#[test]
fn lost() {
    check(
        "
        1 order_place buyer=11 ledger=978 delivery=express | party=21 amount=100.00
        2 order_pay order=1 ledger=978 amount=100.00 funding=card
        3 order_confirm order=1
        4 chargeback_open ledger=978 amount=100.00 fee=15.00 order=1 line=1
        5 chargeback_recover chargeback=4
        6 chargeback_lost chargeback=4
        balances
        ",
        &expect![[r#"
            1 order_place buyer=11 ledger=978 delivery=express | party=21 amount=100.00
              created
              order_line 1/1: lines=1 buyer=11 seller=21 ledger=978 amount=10000 delivery=express deadline=2026-01-06T00:00:00 commission_rate=50000
            2 order_pay order=1 ledger=978 amount=100.00 funding=card
              created
              Dr scheme_receivable 100.00 / Cr escrow
              order_line 1/1: paid=10000 held=10000 state=wait_buyer_confirm_goods paid_at=2026-01-05T00:00:00 deadline=2026-01-15T00:00:00
            3 order_confirm order=1
              created
              Dr escrow 95.00 / Cr seller[21]
              Dr escrow 5.00 / Cr commission
              order_line 1/1: held=0 commission=500 state=trade_finished deadline=0 released=10000
            4 chargeback_open ledger=978 amount=100.00 fee=15.00 order=1 line=1
              created
              Dr dispute 100.00 / Cr own
              Dr dispute_fee 15.00 / Cr own
              order_line 1/1: disputed=10000
              chargeback 4: order=1 line=1 seller=21 buyer=11 ledger=978 amount=10000 fee=1500
            5 chargeback_recover chargeback=4
              created
              Dr seller[21] 95.00 / Cr dispute
              Dr commission 5.00 / Cr dispute
              Dr own 95.00 / Cr safe
              order_line 1/1: commission=0
              chargeback 4: from_seller=9500 commission=500 state=recovered
            6 chargeback_lost chargeback=4
              created
              chargeback 4: state=lost
            balances
              safe 95.00 Cr
              own 20.00 Cr
              scheme_receivable 100.00 Dr
              dispute_fee 15.00 Dr
        "#]],
    );
}

/// From the balance, then from what is kept back, and the rest is owed; then it is won, and all of
/// that is reversed.
#[test]
fn won_after_recovery() {
    check(
        "
        1 party_terms party=21 commission=5% reserve=10% reserve_days=90
        2 order_place buyer=11 ledger=978 delivery=express | party=21 amount=100.00
        3 order_pay order=2 ledger=978 amount=100.00 funding=card
        4 order_confirm order=2
        5 payout party=21 ledger=978 amount=60.00
        6 chargeback_open ledger=978 amount=100.00 fee=15.00 order=2 line=1
        7 chargeback_recover chargeback=6
        balances
        8 chargeback_won chargeback=6
        balances
        wait 90d
        balances
        ",
        &expect![[r#"
            1 party_terms party=21 commission=5% reserve=10% reserve_days=90
              created
              party 21: reserve=100000 reserve_days=90
            2 order_place buyer=11 ledger=978 delivery=express | party=21 amount=100.00
              created
              order_line 2/1: lines=1 buyer=11 seller=21 ledger=978 amount=10000 delivery=express deadline=2026-01-06T00:00:00 commission_rate=50000 reserve_rate=100000 reserve_days=90
            3 order_pay order=2 ledger=978 amount=100.00 funding=card
              created
              Dr scheme_receivable 100.00 / Cr escrow
              order_line 2/1: paid=10000 held=10000 state=wait_buyer_confirm_goods paid_at=2026-01-05T00:00:00 deadline=2026-01-15T00:00:00
            4 order_confirm order=2
              created
              Dr escrow 95.00 / Cr seller[21]
              Dr escrow 5.00 / Cr commission
              Dr seller[21] 10.00 / Cr reserve[21]
              reserve 2/1: seller=21 ledger=978 amount=1000 deadline=2026-04-05T00:00:00
              order_line 2/1: held=0 commission=500 state=trade_finished deadline=0 released=10000
            5 payout party=21 ledger=978 amount=60.00
              created
              Dr seller[21] 60.00 / Cr safe
            6 chargeback_open ledger=978 amount=100.00 fee=15.00 order=2 line=1
              created
              Dr dispute 100.00 / Cr own
              Dr dispute_fee 15.00 / Cr own
              order_line 2/1: disputed=10000
              chargeback 6: order=2 line=1 seller=21 buyer=11 ledger=978 amount=10000 fee=1500
            7 chargeback_recover chargeback=6
              created
              Dr seller[21] 25.00 / Cr dispute
              Dr reserve[21] 10.00 / Cr dispute
              reserve 2/1: amount=0
              Dr seller_receivable[21] 60.00 / Cr dispute
              Dr commission 5.00 / Cr dispute
              Dr own 35.00 / Cr safe
              order_line 2/1: commission=0
              chargeback 6: from_seller=2500 from_reserve=1000 receivable=6000 commission=500 state=recovered deadline=2026-07-04T00:00:00
            balances
              safe 95.00 Cr
              own 80.00 Cr
              scheme_receivable 100.00 Dr
              seller_receivable[21] 60.00 Dr
              dispute_fee 15.00 Dr
            8 chargeback_won chargeback=6
              created
              Dr dispute 25.00 / Cr seller[21]
              Dr dispute 10.00 / Cr reserve[21]
              reserve 2/1: amount=1000
              Dr dispute 60.00 / Cr seller_receivable[21]
              Dr dispute 5.00 / Cr commission
              Dr safe 35.00 / Cr own
              Dr own 100.00 / Cr dispute
              order_line 2/1: commission=500 disputed=0
              chargeback 6: state=won deadline=0
            balances
              safe 60.00 Cr
              own 15.00 Cr
              scheme_receivable 100.00 Dr
              seller[21] 25.00 Cr
              reserve[21] 10.00 Cr
              commission 5.00 Cr
              dispute_fee 15.00 Dr
            wait 90d
              at 2026-04-05T00:00:00
              Dr reserve[21] 10.00 / Cr seller[21]
              reserve 2/1: amount=0
            balances
              safe 60.00 Cr
              own 15.00 Cr
              scheme_receivable 100.00 Dr
              seller[21] 35.00 Cr
              commission 5.00 Cr
              dispute_fee 15.00 Dr
        "#]],
    );
}

/// Won before anything was recovered.
#[test]
fn won_at_once() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=card
        2 pay payer=11 payee=21 ledger=978 amount=100.00
        3 chargeback_open ledger=978 amount=60.00 fee=15.00 payment=2
        4 refund payment=2 ledger=978 amount=40.01
        5 chargeback_won chargeback=3
        6 refund payment=2 ledger=978 amount=40.01
        7 chargeback_won chargeback=3
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=card
              created
              Dr scheme_receivable 100.00 / Cr wallet[11]
            2 pay payer=11 payee=21 ledger=978 amount=100.00
              created
              Dr wallet[11] 100.00 / Cr seller[21]
              payment 2: payer=11 payee=21 ledger=978 amount=10000
            3 chargeback_open ledger=978 amount=60.00 fee=15.00 payment=2
              created
              Dr dispute 60.00 / Cr own
              Dr dispute_fee 15.00 / Cr own
              payment 2: disputed=6000
              chargeback 3: payment=2 seller=21 buyer=11 ledger=978 amount=6000 fee=1500
            4 refund payment=2 ledger=978 amount=40.01
              exceeds_refundable (amount)
            5 chargeback_won chargeback=3
              created
              Dr own 60.00 / Cr dispute
              payment 2: disputed=0
              chargeback 3: state=won
            6 refund payment=2 ledger=978 amount=40.01
              created
              Dr seller[21] 40.01 / Cr wallet[11]
              payment 2: refunded=4001
            7 chargeback_won chargeback=3
              chargeback_ended (chargeback)
            balances
              own 15.00 Cr
              scheme_receivable 100.00 Dr
              wallet[11] 40.01 Cr
              seller[21] 59.99 Cr
              dispute_fee 15.00 Dr
        "#]],
    );
}

/// What the seller owes is repaid in part by the next sale, and the rest given up after 180 days,
/// though the dispute was lost before.
#[test]
fn uncollected() {
    check(
        "
        1 order_place buyer=11 ledger=978 delivery=express | party=21 amount=100.00
        2 order_pay order=1 ledger=978 amount=100.00 funding=card
        3 order_confirm order=1
        4 payout party=21 ledger=978 amount=95.00
        5 chargeback_open ledger=978 amount=100.00 fee=15.00 order=1 line=1
        6 chargeback_recover chargeback=5
        7 chargeback_lost chargeback=5
        8 top_up party=12 ledger=978 amount=20.00 funding=bank
        9 order_place buyer=12 ledger=978 pay=now delivery=express | party=21 amount=20.00
        10 order_confirm order=9
        balances
        wait 180d
        11 chargeback_won chargeback=5
        balances
        ",
        &expect![[r#"
            1 order_place buyer=11 ledger=978 delivery=express | party=21 amount=100.00
              created
              order_line 1/1: lines=1 buyer=11 seller=21 ledger=978 amount=10000 delivery=express deadline=2026-01-06T00:00:00 commission_rate=50000
            2 order_pay order=1 ledger=978 amount=100.00 funding=card
              created
              Dr scheme_receivable 100.00 / Cr escrow
              order_line 1/1: paid=10000 held=10000 state=wait_buyer_confirm_goods paid_at=2026-01-05T00:00:00 deadline=2026-01-15T00:00:00
            3 order_confirm order=1
              created
              Dr escrow 95.00 / Cr seller[21]
              Dr escrow 5.00 / Cr commission
              order_line 1/1: held=0 commission=500 state=trade_finished deadline=0 released=10000
            4 payout party=21 ledger=978 amount=95.00
              created
              Dr seller[21] 95.00 / Cr safe
            5 chargeback_open ledger=978 amount=100.00 fee=15.00 order=1 line=1
              created
              Dr dispute 100.00 / Cr own
              Dr dispute_fee 15.00 / Cr own
              order_line 1/1: disputed=10000
              chargeback 5: order=1 line=1 seller=21 buyer=11 ledger=978 amount=10000 fee=1500
            6 chargeback_recover chargeback=5
              created
              Dr seller_receivable[21] 95.00 / Cr dispute
              Dr commission 5.00 / Cr dispute
              order_line 1/1: commission=0
              chargeback 5: receivable=9500 commission=500 state=recovered deadline=2026-07-04T00:00:00
            7 chargeback_lost chargeback=5
              created
              chargeback 5: state=lost
            8 top_up party=12 ledger=978 amount=20.00 funding=bank
              created
              Dr safe 20.00 / Cr wallet[12]
            9 order_place buyer=12 ledger=978 pay=now delivery=express | party=21 amount=20.00
              created
              Dr wallet[12] 20.00 / Cr escrow
              order_line 9/1: lines=1 buyer=12 seller=21 ledger=978 amount=2000 paid=2000 held=2000 state=wait_buyer_confirm_goods delivery=express paid_at=2026-01-05T00:00:00 deadline=2026-01-15T00:00:00 commission_rate=50000
            10 order_confirm order=9
              created
              Dr escrow 19.00 / Cr seller[21]
              Dr escrow 1.00 / Cr commission
              Dr seller[21] 19.00 / Cr seller_receivable[21]
              Dr own 19.00 / Cr safe
              order_line 9/1: held=0 commission=100 state=trade_finished deadline=0 released=2000
            balances
              safe 94.00 Cr
              own 96.00 Cr
              scheme_receivable 100.00 Dr
              seller_receivable[21] 76.00 Dr
              commission 1.00 Cr
              dispute_fee 15.00 Dr
            wait 180d
              at 2026-07-04T00:00:00
              Dr credit_loss 76.00 / Cr seller_receivable[21]
              chargeback 5: state=uncollected deadline=0
            11 chargeback_won chargeback=5
              chargeback_ended (chargeback)
            balances
              safe 94.00 Cr
              own 96.00 Cr
              scheme_receivable 100.00 Dr
              commission 1.00 Cr
              dispute_fee 15.00 Dr
              credit_loss 76.00 Dr
        "#]],
    );
}

/// What a won chargeback had made the seller owe, and the seller has repaid, is the seller's again.
#[test]
fn won_after_it_was_repaid() {
    check(
        "
        1 order_place buyer=11 ledger=978 delivery=express | party=21 amount=100.00
        2 order_pay order=1 ledger=978 amount=100.00 funding=card
        3 order_confirm order=1
        4 payout party=21 ledger=978 amount=95.00
        5 chargeback_open ledger=978 amount=100.00 order=1 line=1
        6 chargeback_recover chargeback=5
        7 top_up party=12 ledger=978 amount=20.00 funding=bank
        8 order_place buyer=12 ledger=978 pay=now delivery=express | party=21 amount=20.00
        9 order_confirm order=8
        10 chargeback_won chargeback=5
        balances
        ",
        &expect![[r#"
            1 order_place buyer=11 ledger=978 delivery=express | party=21 amount=100.00
              created
              order_line 1/1: lines=1 buyer=11 seller=21 ledger=978 amount=10000 delivery=express deadline=2026-01-06T00:00:00 commission_rate=50000
            2 order_pay order=1 ledger=978 amount=100.00 funding=card
              created
              Dr scheme_receivable 100.00 / Cr escrow
              order_line 1/1: paid=10000 held=10000 state=wait_buyer_confirm_goods paid_at=2026-01-05T00:00:00 deadline=2026-01-15T00:00:00
            3 order_confirm order=1
              created
              Dr escrow 95.00 / Cr seller[21]
              Dr escrow 5.00 / Cr commission
              order_line 1/1: held=0 commission=500 state=trade_finished deadline=0 released=10000
            4 payout party=21 ledger=978 amount=95.00
              created
              Dr seller[21] 95.00 / Cr safe
            5 chargeback_open ledger=978 amount=100.00 order=1 line=1
              created
              Dr dispute 100.00 / Cr own
              order_line 1/1: disputed=10000
              chargeback 5: order=1 line=1 seller=21 buyer=11 ledger=978 amount=10000
            6 chargeback_recover chargeback=5
              created
              Dr seller_receivable[21] 95.00 / Cr dispute
              Dr commission 5.00 / Cr dispute
              order_line 1/1: commission=0
              chargeback 5: receivable=9500 commission=500 state=recovered deadline=2026-07-04T00:00:00
            7 top_up party=12 ledger=978 amount=20.00 funding=bank
              created
              Dr safe 20.00 / Cr wallet[12]
            8 order_place buyer=12 ledger=978 pay=now delivery=express | party=21 amount=20.00
              created
              Dr wallet[12] 20.00 / Cr escrow
              order_line 8/1: lines=1 buyer=12 seller=21 ledger=978 amount=2000 paid=2000 held=2000 state=wait_buyer_confirm_goods delivery=express paid_at=2026-01-05T00:00:00 deadline=2026-01-15T00:00:00 commission_rate=50000
            9 order_confirm order=8
              created
              Dr escrow 19.00 / Cr seller[21]
              Dr escrow 1.00 / Cr commission
              Dr seller[21] 19.00 / Cr seller_receivable[21]
              Dr own 19.00 / Cr safe
              order_line 8/1: held=0 commission=100 state=trade_finished deadline=0 released=2000
            10 chargeback_won chargeback=5
              created
              Dr dispute 19.00 / Cr seller[21]
              Dr dispute 76.00 / Cr seller_receivable[21]
              Dr dispute 5.00 / Cr commission
              Dr safe 19.00 / Cr own
              Dr own 100.00 / Cr dispute
              order_line 1/1: commission=500 disputed=0
              chargeback 5: state=won deadline=0
            balances
              safe 75.00 Cr
              scheme_receivable 100.00 Dr
              seller[21] 19.00 Cr
              commission 6.00 Cr
        "#]],
    );
}

/// Two at once, of a payment whose fee the payee bore: no more of the fee goes back than was taken.
#[test]
fn two_of_one_payment() {
    check(
        "
        1 fee_set fee=1 ledger=978 flat=3 bearer=payee
        2 pay payer=11 payee=21 ledger=978 amount=1.00 fee=1 funding=card
        3 chargeback_open ledger=978 amount=0.50 payment=2
        4 chargeback_open ledger=978 amount=0.50 payment=2
        5 chargeback_recover chargeback=3
        6 chargeback_recover chargeback=4
        balances
        ",
        &expect![[r#"
            1 fee_set fee=1 ledger=978 flat=3 bearer=payee
              created
              fee 1: ledger=978 flat=3 bearer=payee
            2 pay payer=11 payee=21 ledger=978 amount=1.00 fee=1 funding=card
              created
              Dr scheme_receivable 1.00 / Cr seller[21]
              Dr seller[21] 0.03 / Cr fee_income
              payment 2: payer=11 payee=21 ledger=978 amount=100 fee=3 bearer=payee funding=card
            3 chargeback_open ledger=978 amount=0.50 payment=2
              created
              Dr dispute 0.50 / Cr own
              payment 2: disputed=50
              chargeback 3: payment=2 seller=21 buyer=11 ledger=978 amount=50
            4 chargeback_open ledger=978 amount=0.50 payment=2
              created
              Dr dispute 0.50 / Cr own
              payment 2: disputed=100
              chargeback 4: payment=2 seller=21 buyer=11 ledger=978 amount=50
            5 chargeback_recover chargeback=3
              created
              Dr seller[21] 0.49 / Cr dispute
              Dr fee_income 0.01 / Cr dispute
              Dr own 0.49 / Cr safe
              chargeback 3: from_seller=49 commission=1 state=recovered
            6 chargeback_recover chargeback=4
              created
              Dr seller[21] 0.48 / Cr dispute
              Dr seller_receivable[21] 0.01 / Cr dispute
              Dr fee_income 0.01 / Cr dispute
              Dr own 0.48 / Cr safe
              chargeback 4: from_seller=48 receivable=1 commission=1 state=recovered deadline=2026-07-04T00:00:00
            balances
              safe 0.97 Cr
              own 0.03 Cr
              scheme_receivable 1.00 Dr
              seller_receivable[21] 0.01 Dr
              fee_income 0.01 Cr
        "#]],
    );
}
