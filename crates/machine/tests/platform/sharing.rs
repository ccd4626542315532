//! Payments that are shared out.

use expect_test::expect;
use model::CommandStatus as Status;

use crate::harness::{check, check_refusals};

/// 100 with a fee of 1 %: 99 can be shared, 100 can be refunded; after 49.50 were shared, 49.50
/// can be, and 50.00 refunded.
#[test]
fn what_can_be_shared_and_refunded() {
    let start = "
        + 1 top_up party=11 ledger=978 amount=100.00 funding=bank
        + 2 fee_set fee=1 ledger=978 rate=1% bearer=payee
        + 3 pay_shared payer=11 payee=21 ledger=978 amount=100.00 fee=1 share_limit=100%
    ";
    let half = "+ 4 share payment=3 ledger=978 | party=12 amount=49.50";
    for (script, expected) in [
        ("9 share payment=3 ledger=978 | party=12 amount=99.01", "62"),
        ("+ 9 share payment=3 ledger=978 | party=12 amount=99.00", ""),
        ("9 refund payment=3 ledger=978 amount=100.01", "64"),
        ("+ 9 refund payment=3 ledger=978 amount=100.00", ""),
    ] {
        let mut platform = crate::harness::Platform::new();
        let answer = platform.refusals(&format!("{start}\n{script}"));
        assert!(answer.starts_with(expected) && answer.is_empty() == expected.is_empty());
    }
    for (script, expected) in [
        ("9 share payment=3 ledger=978 | party=12 amount=49.51", "62"),
        ("+ 9 share payment=3 ledger=978 | party=12 amount=49.50", ""),
        ("9 refund payment=3 ledger=978 amount=50.01", "64"),
        ("+ 9 refund payment=3 ledger=978 amount=50.00", ""),
    ] {
        let mut platform = crate::harness::Platform::new();
        let answer = platform.refusals(&format!("{start}\n{half}\n{script}"));
        assert!(answer.starts_with(expected) && answer.is_empty() == expected.is_empty());
    }
}

/// Shared, refunded, and ended by hand.
#[test]
fn shared_and_finished() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 fee_set fee=1 ledger=978 rate=1% bearer=payee
        3 pay_shared payer=11 payee=21 ledger=978 amount=100.00 fee=1 share_limit=100%
        4 share payment=3 ledger=978 | party=12 amount=20.00 | party=22 amount=29.50
        5 refund payment=3 ledger=978 amount=30.00
        6 share payment=3 ledger=978 | party=12 amount=10.00
        balances
        7 share_finish payment=3
        8 refund payment=3 ledger=978 amount=70.00
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 fee_set fee=1 ledger=978 rate=1% bearer=payee
              created
              fee 1: ledger=978 rate=10000 bearer=payee
            3 pay_shared payer=11 payee=21 ledger=978 amount=100.00 fee=1 share_limit=100%
              created
              Dr wallet[11] 100.00 / Cr sharing
              Dr sharing 1.00 / Cr fee_income
              payment 3: payer=11 payee=21 ledger=978 amount=10000 fee=100 bearer=payee share_limit=1000000 state=sharing deadline=2026-07-04T00:00:00
            4 share payment=3 ledger=978 | party=12 amount=20.00 | party=22 amount=29.50
              created
              Dr sharing 20.00 / Cr wallet[12]
              Dr sharing 29.50 / Cr seller[22]
              payment 3: shared=4950 receivers=2
            5 refund payment=3 ledger=978 amount=30.00
              created
              Dr sharing 29.70 / Cr wallet[11]
              Dr fee_income 0.30 / Cr wallet[11]
              Dr safe 0.30 / Cr own
              payment 3: refunded=3000
            6 share payment=3 ledger=978 | party=12 amount=10.00
              created
              Dr sharing 10.00 / Cr wallet[12]
              payment 3: shared=5950 receivers=3
            balances
              safe 100.30 Dr
              own 0.30 Cr
              wallet[11] 30.00 Cr
              wallet[12] 30.00 Cr
              seller[22] 29.50 Cr
              sharing 9.80 Cr
              fee_income 0.70 Cr
            7 share_finish payment=3
              created
              Dr sharing 9.80 / Cr seller[21]
              payment 3: state=paid deadline=0
            8 refund payment=3 ledger=978 amount=70.00
              created
              Dr seller[21] 9.80 / Cr wallet[11]
              Dr seller_receivable[21] 59.50 / Cr wallet[11]
              Dr fee_income 0.70 / Cr wallet[11]
              Dr safe 60.20 / Cr own
              payment 3: refunded=10000
            balances
              safe 160.50 Dr
              own 60.50 Cr
              seller_receivable[21] 59.50 Dr
              wallet[11] 100.00 Cr
              wallet[12] 30.00 Cr
              seller[22] 29.50 Cr
        "#]],
    );
}

/// 30 % where nothing is said; after 180 days what is left is the payee's.
#[test]
fn unfrozen_by_itself() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 pay_shared payer=11 payee=12 ledger=978 amount=100.00
        3 share payment=2 ledger=978 | party=13 amount=30.01
        4 share payment=2 ledger=978 | party=13 amount=30.00
        5 share payment=2 ledger=978 | party=13 amount=0.01
        6 refund payment=2 ledger=978 amount=10.00
        wait 179d
        wait 1d
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 pay_shared payer=11 payee=12 ledger=978 amount=100.00
              created
              Dr wallet[11] 100.00 / Cr sharing
              payment 2: payer=11 payee=12 ledger=978 amount=10000 bearer=payee share_limit=300000 state=sharing deadline=2026-07-04T00:00:00
            3 share payment=2 ledger=978 | party=13 amount=30.01
              exceeds_share_limit in part 1
            4 share payment=2 ledger=978 | party=13 amount=30.00
              created
              Dr sharing 30.00 / Cr wallet[13]
              payment 2: shared=3000 receivers=1
            5 share payment=2 ledger=978 | party=13 amount=0.01
              exceeds_share_limit in part 1
            6 refund payment=2 ledger=978 amount=10.00
              created
              Dr sharing 10.00 / Cr wallet[11]
              payment 2: refunded=1000
            wait 179d
            wait 1d
              at 2026-07-04T00:00:00
              Dr sharing 60.00 / Cr wallet[12]
              payment 2: state=paid deadline=0
            balances
              safe 100.00 Dr
              wallet[11] 10.00 Cr
              wallet[12] 60.00 Cr
              wallet[13] 30.00 Cr
        "#]],
    );
}

#[test]
fn refused() {
    let fifty = " | party=12 amount=1".repeat(50);
    let script = format!(
        "
        + 1 top_up party=11 ledger=978 amount=100.00 funding=bank
        + 2 fee_set fee=1 ledger=978 flat=2.00
        9 pay_shared payer=11 payee=12 ledger=978 amount=0
        9 pay_shared payer=11 payee=12 ledger=978 amount=1 share_limit=1000001
        9 pay_shared payer=11 payee=11 ledger=978 amount=1
        9 pay_shared payer=11 payee=12 ledger=1 amount=1
        9 pay_shared payer=11 payee=99 ledger=978 amount=1
        9 pay_shared payer=11 payee=12 ledger=978 amount=1.99 fee=1
        9 pay_shared payer=11 payee=12 ledger=978 amount=100.01
        + 3 pay_shared payer=11 payee=12 ledger=978 amount=50.00
        + 4 pay payer=11 payee=12 ledger=978 amount=1.00
        9 share payment=3 ledger=978
        9 share payment=3 ledger=978 | party=13 amount=1 | party=13 amount=0
        9 share payment=99 ledger=978 | party=13 amount=1
        9 share payment=3 ledger=840 | party=13 amount=1
        9 share payment=3 ledger=978 | party=13 amount=1 | party=99 amount=1
        9 share payment=4 ledger=978 | party=13 amount=1
        9 share payment=3 ledger=978 | party=13 amount=1 | party=13 amount=15.00
        9 share payment=3 ledger=978 | party=13 amount=1 | party=13 amount=max
        + 5 share payment=3 ledger=978{fifty}
        9 share payment=3 ledger=978 | party=13 amount=1
        9 share_finish payment=99
        + 6 share_finish payment=3
        9 share_finish payment=3
        9 share payment=3 ledger=978 | party=13 amount=1
        "
    );
    check_refusals(
        &script,
        &[
            Status::FeeExceedsAmount,
            Status::PaymentNotFound,
            Status::PaymentNotSharing,
            Status::ExceedsShareLimit,
            Status::TooManyReceivers,
            Status::LedgersDiffer,
            Status::InsufficientFunds,
        ],
        &expect![[r#"
            21  amount_must_not_be_zero (amount): 9 pay_shared payer=11 payee=12 ledger=978 amount=0
            20  value_out_of_range (share_limit): 9 pay_shared payer=11 payee=12 ledger=978 amount=1 share_limit=1000001
            24  parties_must_be_different (payee): 9 pay_shared payer=11 payee=11 ledger=978 amount=1
            23  ledger_not_declared (ledger): 9 pay_shared payer=11 payee=12 ledger=1 amount=1
            30  party_not_found (payee): 9 pay_shared payer=11 payee=99 ledger=978 amount=1
            52  fee_exceeds_amount (fee): 9 pay_shared payer=11 payee=12 ledger=978 amount=1.99 fee=1
            200 insufficient_funds by transfer status 54: 9 pay_shared payer=11 payee=12 ledger=978 amount=100.01
            6   legs_must_not_be_empty: 9 share payment=3 ledger=978
            21  amount_must_not_be_zero in part 2: 9 share payment=3 ledger=978 | party=13 amount=1 | party=13 amount=0
            60  payment_not_found (payment): 9 share payment=99 ledger=978 | party=13 amount=1
            59  ledgers_differ (ledger): 9 share payment=3 ledger=840 | party=13 amount=1
            30  party_not_found in part 2: 9 share payment=3 ledger=978 | party=13 amount=1 | party=99 amount=1
            61  payment_not_sharing (payment): 9 share payment=4 ledger=978 | party=13 amount=1
            62  exceeds_share_limit in part 2: 9 share payment=3 ledger=978 | party=13 amount=1 | party=13 amount=15.00
            62  exceeds_share_limit in part 2: 9 share payment=3 ledger=978 | party=13 amount=1 | party=13 amount=max
            63  too_many_receivers (payment): 9 share payment=3 ledger=978 | party=13 amount=1
            60  payment_not_found (payment): 9 share_finish payment=99
            61  payment_not_sharing (payment): 9 share_finish payment=3
            61  payment_not_sharing (payment): 9 share payment=3 ledger=978 | party=13 amount=1
        "#]],
    );
}
