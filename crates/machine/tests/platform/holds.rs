//! Holds, and requests to be paid.

use expect_test::expect;
use model::CommandStatus as Status;

use crate::harness::{check, check_refusals};

/// Taken in parts; what is held is not there for anything else.
#[test]
fn captured_in_parts() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 hold payer=11 payee=21 ledger=978 amount=80.00
        3 pay payer=11 payee=12 ledger=978 amount=20.01
        4 capture hold=2 ledger=978 amount=30.00
        5 capture hold=2 ledger=978 amount=30.00
        6 capture hold=2 ledger=978 amount=20.01
        balances
        7 capture hold=2 ledger=978 amount=20.00
        8 capture hold=2 ledger=978 amount=0.01
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 hold payer=11 payee=21 ledger=978 amount=80.00
              created
              hold Dr wallet[11] 80.00 / Cr seller[21]
              hold 2: payer=11 payee=21 ledger=978 amount=8000 pending=own
            3 pay payer=11 payee=12 ledger=978 amount=20.01
              insufficient_funds by transfer status 54
            4 capture hold=2 ledger=978 amount=30.00
              created
              post Dr wallet[11] 30.00 / Cr seller[21]
              hold Dr wallet[11] 50.00 / Cr seller[21]
              hold 2: captured=3000 pending=own
            5 capture hold=2 ledger=978 amount=30.00
              created
              post Dr wallet[11] 30.00 / Cr seller[21]
              hold Dr wallet[11] 20.00 / Cr seller[21]
              hold 2: captured=6000 pending=own
            6 capture hold=2 ledger=978 amount=20.01
              exceeds_held (amount)
            balances
              safe 100.00 Dr
              wallet[11] 40.00 Cr, held 20.00
              seller[21] 60.00 Cr
            7 capture hold=2 ledger=978 amount=20.00
              created
              post Dr wallet[11] 20.00 / Cr seller[21]
              hold 2: captured=8000 state=captured pending=0
            8 capture hold=2 ledger=978 amount=0.01
              hold_ended (hold)
            balances
              safe 100.00 Dr
              wallet[11] 20.00 Cr
              seller[21] 80.00 Cr
        "#]],
    );
}

/// Let go by hand, and by itself.
#[test]
fn released_and_expired() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 hold payer=11 payee=12 ledger=978 amount=60.00
        3 release hold=2
        4 release hold=2
        5 hold payer=11 payee=12 ledger=978 amount=60.00 seconds=3600
        6 capture hold=5 ledger=978 amount=10.00
        wait 3599s
        wait 1s
        7 capture hold=5 ledger=978 amount=10.00
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 hold payer=11 payee=12 ledger=978 amount=60.00
              created
              hold Dr wallet[11] 60.00 / Cr wallet[12]
              hold 2: payer=11 payee=12 ledger=978 amount=6000 pending=own
            3 release hold=2
              created
              void Dr wallet[11] 60.00 / Cr wallet[12]
              hold 2: state=released pending=0
            4 release hold=2
              hold_ended (hold)
            5 hold payer=11 payee=12 ledger=978 amount=60.00 seconds=3600
              created
              hold Dr wallet[11] 60.00 / Cr wallet[12]
              hold 5: payer=11 payee=12 ledger=978 amount=6000 pending=own deadline=2026-01-05T01:00:00
            6 capture hold=5 ledger=978 amount=10.00
              created
              post Dr wallet[11] 10.00 / Cr wallet[12]
              hold Dr wallet[11] 50.00 / Cr wallet[12]
              hold 5: captured=1000 pending=own
            wait 3599s
            wait 1s
              at 2026-01-05T01:00:00
              void Dr wallet[11] 50.00 / Cr wallet[12]
              hold 5: state=expired pending=0 deadline=0
            7 capture hold=5 ledger=978 amount=10.00
              hold_ended (hold)
            balances
              safe 100.00 Dr
              wallet[11] 90.00 Cr
              wallet[12] 10.00 Cr
        "#]],
    );
}

/// Paid by who was asked, by anyone, cancelled, expired.
#[test]
fn requests() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 request payee=21 ledger=978 amount=30.00
        3 request_pay request=2 payer=11
        4 request payee=12 payer=11 ledger=978 amount=20.00 seconds=86400
        5 request_pay request=4 payer=13
        6 request_pay request=4 payer=11
        7 refund payment=6 ledger=978 amount=5.00
        8 request payee=12 ledger=978 amount=20.00
        9 request_cancel request=8
        10 request_pay request=8 payer=11
        11 request payee=12 ledger=978 amount=20.00 seconds=86400
        wait 1d
        12 request_pay request=11 payer=11
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 request payee=21 ledger=978 amount=30.00
              created
              payment_request 2: payee=21 ledger=978 amount=3000
            3 request_pay request=2 payer=11
              created
              Dr wallet[11] 30.00 / Cr seller[21]
              payment 3: payer=11 payee=21 ledger=978 amount=3000
              payment_request 2: state=paid payment=3
            4 request payee=12 payer=11 ledger=978 amount=20.00 seconds=86400
              created
              payment_request 4: payee=12 payer=11 ledger=978 amount=2000 deadline=2026-01-06T00:00:00
            5 request_pay request=4 payer=13
              request_of_other (payer)
            6 request_pay request=4 payer=11
              created
              Dr wallet[11] 20.00 / Cr wallet[12]
              payment 6: payer=11 payee=12 ledger=978 amount=2000
              payment_request 4: state=paid deadline=0 payment=6
            7 refund payment=6 ledger=978 amount=5.00
              created
              Dr wallet[12] 5.00 / Cr wallet[11]
              payment 6: refunded=500
            8 request payee=12 ledger=978 amount=20.00
              created
              payment_request 8: payee=12 ledger=978 amount=2000
            9 request_cancel request=8
              created
              payment_request 8: state=cancelled
            10 request_pay request=8 payer=11
              request_ended (request)
            11 request payee=12 ledger=978 amount=20.00 seconds=86400
              created
              payment_request 11: payee=12 ledger=978 amount=2000 deadline=2026-01-06T00:00:00
            wait 1d
              at 2026-01-06T00:00:00
              payment_request 11: state=expired deadline=0
            12 request_pay request=11 payer=11
              request_ended (request)
            balances
              safe 100.00 Dr
              wallet[11] 55.00 Cr
              wallet[12] 15.00 Cr
              seller[21] 30.00 Cr
        "#]],
    );
}

#[test]
fn holds_refused() {
    check_refusals(
        "
        + 1 top_up party=11 ledger=978 amount=100.00 funding=bank
        + 2 party_state party=14 state=frozen reason=risk
        9 hold payer=11 payee=12 ledger=978 amount=0
        9 hold payer=11 payee=11 ledger=978 amount=1
        9 hold payer=11 payee=12 ledger=1 amount=1
        9 hold payer=99 payee=12 ledger=978 amount=1
        9 hold payer=11 payee=14 ledger=978 amount=1
        9 hold payer=11 payee=12 ledger=978 amount=100.01
        9 hold payer=11 payee=12 ledger=978 amount=max
        + 3 hold payer=11 payee=12 ledger=978 amount=50.00
        9 hold payer=11 payee=12 ledger=978 amount=50.01
        9 capture hold=99 ledger=978 amount=1
        9 capture hold=3 ledger=978 amount=0
        9 capture hold=3 ledger=840 amount=1
        9 capture hold=3 ledger=978 amount=50.01
        9 capture hold=3 ledger=978 amount=max
        9 release hold=99
        + 4 release hold=3
        9 capture hold=3 ledger=978 amount=1
        9 release hold=3
        ",
        &[
            Status::HoldNotFound,
            Status::HoldEnded,
            Status::ExceedsHeld,
            Status::LedgersDiffer,
            Status::InsufficientFunds,
        ],
        &expect![[r#"
            21  amount_must_not_be_zero (amount): 9 hold payer=11 payee=12 ledger=978 amount=0
            24  parties_must_be_different (payee): 9 hold payer=11 payee=11 ledger=978 amount=1
            23  ledger_not_declared (ledger): 9 hold payer=11 payee=12 ledger=1 amount=1
            30  party_not_found (payer): 9 hold payer=99 payee=12 ledger=978 amount=1
            33  party_frozen (payee): 9 hold payer=11 payee=14 ledger=978 amount=1
            200 insufficient_funds by transfer status 54: 9 hold payer=11 payee=12 ledger=978 amount=100.01
            200 insufficient_funds by transfer status 54: 9 hold payer=11 payee=12 ledger=978 amount=max
            200 insufficient_funds by transfer status 54: 9 hold payer=11 payee=12 ledger=978 amount=50.01
            65  hold_not_found (hold): 9 capture hold=99 ledger=978 amount=1
            21  amount_must_not_be_zero (amount): 9 capture hold=3 ledger=978 amount=0
            59  ledgers_differ (ledger): 9 capture hold=3 ledger=840 amount=1
            67  exceeds_held (amount): 9 capture hold=3 ledger=978 amount=50.01
            67  exceeds_held (amount): 9 capture hold=3 ledger=978 amount=max
            65  hold_not_found (hold): 9 release hold=99
            66  hold_ended (hold): 9 capture hold=3 ledger=978 amount=1
            66  hold_ended (hold): 9 release hold=3
        "#]],
    );
}

#[test]
fn requests_refused() {
    check_refusals(
        "
        + 1 top_up party=11 ledger=978 amount=10.00 funding=bank
        + 2 party_state party=14 state=frozen reason=risk
        9 request payee=12 ledger=978 amount=0
        9 request payee=12 payer=12 ledger=978 amount=1
        9 request payee=12 ledger=1 amount=1
        9 request payee=14 ledger=978 amount=1
        9 request payee=12 payer=99 ledger=978 amount=1
        + 3 request payee=12 payer=11 ledger=978 amount=10.01
        9 request_pay request=99 payer=11
        9 request_pay request=3 payer=13
        9 request_pay request=3 payer=11
        + 4 request payee=12 ledger=978 amount=1.00
        9 request_pay request=4 payer=12
        9 request_pay request=4 payer=14
        9 request_pay request=4 payer=99
        9 request_cancel request=99
        + 5 request_cancel request=4
        9 request_cancel request=4
        9 request_pay request=4 payer=11
        ",
        &[
            Status::RequestNotFound,
            Status::RequestEnded,
            Status::RequestOfOther,
            Status::InsufficientFunds,
        ],
        &expect![[r#"
            21  amount_must_not_be_zero (amount): 9 request payee=12 ledger=978 amount=0
            24  parties_must_be_different (payer): 9 request payee=12 payer=12 ledger=978 amount=1
            23  ledger_not_declared (ledger): 9 request payee=12 ledger=1 amount=1
            33  party_frozen (payee): 9 request payee=14 ledger=978 amount=1
            30  party_not_found (payer): 9 request payee=12 payer=99 ledger=978 amount=1
            68  request_not_found (request): 9 request_pay request=99 payer=11
            70  request_of_other (payer): 9 request_pay request=3 payer=13
            200 insufficient_funds by transfer status 54: 9 request_pay request=3 payer=11
            24  parties_must_be_different (payer): 9 request_pay request=4 payer=12
            33  party_frozen (payer): 9 request_pay request=4 payer=14
            30  party_not_found (payer): 9 request_pay request=4 payer=99
            68  request_not_found (request): 9 request_cancel request=99
            69  request_ended (request): 9 request_cancel request=4
            69  request_ended (request): 9 request_pay request=4 payer=11
        "#]],
    );
}
