//! What may be in dispute: payments, lines that escrow holds the money of; and what may not.

use expect_test::expect;
use model::CommandStatus as Status;

use crate::harness::{check, check_refusals};

/// A part of it, of a payment with a fee, and of a party that is no merchant.
#[test]
fn of_payments() {
    check(
        "
        1 fee_set fee=7 ledger=978 rate=3% bearer=payee
        2 pay payer=11 payee=21 ledger=978 amount=100.00 fee=7 funding=card
        3 chargeback_open ledger=978 amount=50.00 payment=2
        4 chargeback_recover chargeback=3
        5 refund payment=2 ledger=978 amount=50.00
        6 pay payer=11 payee=12 ledger=978 amount=10.00 funding=card
        7 chargeback_open ledger=978 amount=10.00 fee=1.00 payment=6
        8 chargeback_lost chargeback=7
        balances
        ",
        &expect![[r#"
            1 fee_set fee=7 ledger=978 rate=3% bearer=payee
              created
              fee 7: ledger=978 rate=30000 bearer=payee
            2 pay payer=11 payee=21 ledger=978 amount=100.00 fee=7 funding=card
              created
              Dr scheme_receivable 100.00 / Cr seller[21]
              Dr seller[21] 3.00 / Cr fee_income
              payment 2: payer=11 payee=21 ledger=978 amount=10000 fee=300 bearer=payee funding=card
            3 chargeback_open ledger=978 amount=50.00 payment=2
              created
              Dr dispute 50.00 / Cr own
              payment 2: disputed=5000
              chargeback 3: payment=2 seller=21 buyer=11 ledger=978 amount=5000
            4 chargeback_recover chargeback=3
              created
              Dr seller[21] 48.50 / Cr dispute
              Dr fee_income 1.50 / Cr dispute
              Dr own 48.50 / Cr safe
              chargeback 3: from_seller=4850 commission=150 state=recovered
            5 refund payment=2 ledger=978 amount=50.00
              created
              Dr seller[21] 48.50 / Cr wallet[11]
              Dr fee_income 1.50 / Cr wallet[11]
              Dr safe 1.50 / Cr own
              payment 2: refunded=5000
            6 pay payer=11 payee=12 ledger=978 amount=10.00 funding=card
              created
              Dr scheme_receivable 10.00 / Cr wallet[12]
              payment 6: payer=11 payee=12 ledger=978 amount=1000 funding=card
            7 chargeback_open ledger=978 amount=10.00 fee=1.00 payment=6
              created
              Dr dispute 10.00 / Cr own
              Dr dispute_fee 1.00 / Cr own
              payment 6: disputed=1000
              chargeback 7: payment=6 seller=12 buyer=11 ledger=978 amount=1000 fee=100
            8 chargeback_lost chargeback=7
              created
              Dr wallet[12] 10.00 / Cr dispute
              Dr own 10.00 / Cr safe
              chargeback 7: from_seller=1000 state=lost
            balances
              safe 57.00 Cr
              own 4.00 Cr
              scheme_receivable 110.00 Dr
              wallet[11] 50.00 Cr
              dispute_fee 1.00 Dr
        "#]],
    );
}

/// Of a line that escrow holds the money of: the buyer does not get it a second time. It can only be
/// recovered in whole, and is released for that.
#[test]
fn of_an_open_line() {
    check(
        "
        1 order_place buyer=11 ledger=978 | party=21 amount=100.00 | party=22 amount=10.00
        2 order_pay order=1 ledger=978 amount=110.00 funding=card
        3 chargeback_open ledger=978 amount=60.00 fee=15.00 order=1 line=1
        5 chargeback_recover chargeback=3
        6 chargeback_open ledger=978 amount=40.00 order=1 line=1
        7 chargeback_recover chargeback=3
        8 chargeback_recover chargeback=6
        9 order_cancel order=1
        balances
        ",
        &expect![[r#"
            1 order_place buyer=11 ledger=978 | party=21 amount=100.00 | party=22 amount=10.00
              created
              order_line 1/1: lines=2 buyer=11 seller=21 ledger=978 amount=10000 deadline=2026-01-06T00:00:00 commission_rate=50000
              order_line 1/2: lines=2 buyer=11 seller=22 ledger=978 amount=1000 deadline=2026-01-06T00:00:00 commission_rate=50000
            2 order_pay order=1 ledger=978 amount=110.00 funding=card
              created
              Dr scheme_receivable 110.00 / Cr escrow
              order_line 1/1: paid=10000 held=10000 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 deadline=0
              order_line 1/2: paid=1000 held=1000 state=wait_seller_send_goods paid_at=2026-01-05T00:00:00 deadline=0
            3 chargeback_open ledger=978 amount=60.00 fee=15.00 order=1 line=1
              created
              Dr dispute 60.00 / Cr own
              Dr dispute_fee 15.00 / Cr own
              order_line 1/1: disputed=6000
              chargeback 3: order=1 line=1 seller=21 buyer=11 ledger=978 amount=6000 fee=1500
            5 chargeback_recover chargeback=3
              order_not_finished (chargeback)
            6 chargeback_open ledger=978 amount=40.00 order=1 line=1
              created
              Dr dispute 40.00 / Cr own
              order_line 1/1: disputed=10000
              chargeback 6: order=1 line=1 seller=21 buyer=11 ledger=978 amount=4000
            7 chargeback_recover chargeback=3
              created
              Dr escrow 95.00 / Cr seller[21]
              Dr escrow 5.00 / Cr commission
              order_line 1/1: held=0 commission=500 state=trade_finished released=10000
              Dr seller[21] 57.00 / Cr dispute
              Dr commission 3.00 / Cr dispute
              Dr own 57.00 / Cr safe
              order_line 1/1: commission=200
              chargeback 3: from_seller=5700 commission=300 state=recovered
            8 chargeback_recover chargeback=6
              created
              Dr seller[21] 38.00 / Cr dispute
              Dr commission 2.00 / Cr dispute
              Dr own 38.00 / Cr safe
              order_line 1/1: commission=0
              chargeback 6: from_seller=3800 commission=200 state=recovered
            9 order_cancel order=1
              created
              Dr escrow 10.00 / Cr wallet[11]
              order_line 1/2: held=0 refunded=1000 state=trade_closed
            balances
              safe 95.00 Cr
              own 20.00 Cr
              scheme_receivable 110.00 Dr
              wallet[11] 10.00 Cr
              dispute_fee 15.00 Dr
        "#]],
    );
}

/// Every refusal of chargebacks.
#[test]
fn chargebacks_refused() {
    check_refusals(
        "
        + 1 order_place buyer=11 ledger=978 delivery=express | party=21 amount=10.00
        9 chargeback_open ledger=978 amount=1 order=1 line=1
        + 2 order_pay order=1 ledger=978 amount=10.00 funding=card
        + 3 order_confirm order=1
        + 4 order_refund order=1 line=1 ledger=978 amount=1.00
        9 chargeback_open ledger=978 amount=0 order=1 line=1
        9 chargeback_open ledger=978 amount=1
        9 chargeback_open ledger=978 amount=1 order=1 line=1 payment=1
        9 chargeback_open ledger=978 amount=1 order=1
        9 chargeback_open ledger=978 amount=1 payment=1 line=1
        9 chargeback_open ledger=978 amount=1 payment=1
        9 chargeback_open ledger=978 amount=1 order=99 line=1
        9 chargeback_open ledger=978 amount=1 order=1 line=2
        9 chargeback_open ledger=840 amount=1 order=1 line=1
        9 chargeback_open ledger=978 amount=9.01 order=1 line=1
        + 5 chargeback_open ledger=978 amount=4.00 order=1 line=1
        9 chargeback_open ledger=978 amount=5.01 order=1 line=1
        9 order_refund order=1 line=1 ledger=978 amount=5.01
        9 chargeback_recover chargeback=99
        9 chargeback_won chargeback=99
        9 chargeback_lost chargeback=99
        + 6 chargeback_recover chargeback=5
        9 chargeback_recover chargeback=5
        + 7 chargeback_won chargeback=5
        9 chargeback_recover chargeback=5
        9 chargeback_won chargeback=5
        9 chargeback_lost chargeback=5
        ",
        &[
            Status::AmountMustNotBeZero,
            Status::ValueOutOfRange,
            Status::LedgersDiffer,
            Status::PaymentNotFound,
            Status::OrderNotFound,
            Status::ChargebackNotFound,
            Status::ChargebackEnded,
            Status::ExceedsDisputable,
            Status::ExceedsRefundable,
        ],
        &expect![[r#"
            82  exceeds_disputable (amount): 9 chargeback_open ledger=978 amount=1 order=1 line=1
            21  amount_must_not_be_zero (amount): 9 chargeback_open ledger=978 amount=0 order=1 line=1
            20  value_out_of_range (payment): 9 chargeback_open ledger=978 amount=1
            20  value_out_of_range (payment): 9 chargeback_open ledger=978 amount=1 order=1 line=1 payment=1
            20  value_out_of_range (line): 9 chargeback_open ledger=978 amount=1 order=1
            20  value_out_of_range (line): 9 chargeback_open ledger=978 amount=1 payment=1 line=1
            60  payment_not_found (payment): 9 chargeback_open ledger=978 amount=1 payment=1
            100 order_not_found (order): 9 chargeback_open ledger=978 amount=1 order=99 line=1
            100 order_not_found (line): 9 chargeback_open ledger=978 amount=1 order=1 line=2
            59  ledgers_differ (ledger): 9 chargeback_open ledger=840 amount=1 order=1 line=1
            82  exceeds_disputable (amount): 9 chargeback_open ledger=978 amount=9.01 order=1 line=1
            82  exceeds_disputable (amount): 9 chargeback_open ledger=978 amount=5.01 order=1 line=1
            64  exceeds_refundable (amount): 9 order_refund order=1 line=1 ledger=978 amount=5.01
            80  chargeback_not_found (chargeback): 9 chargeback_recover chargeback=99
            80  chargeback_not_found (chargeback): 9 chargeback_won chargeback=99
            80  chargeback_not_found (chargeback): 9 chargeback_lost chargeback=99
            81  chargeback_ended (chargeback): 9 chargeback_recover chargeback=5
            81  chargeback_ended (chargeback): 9 chargeback_recover chargeback=5
            81  chargeback_ended (chargeback): 9 chargeback_won chargeback=5
            81  chargeback_ended (chargeback): 9 chargeback_lost chargeback=5
        "#]],
    );
}
