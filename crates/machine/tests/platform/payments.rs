//! Money in and out, payments, and refunds.

use expect_test::expect;
use model::CommandStatus as Status;

use crate::harness::{Platform, check, check_refusals};

/// In by bank and by card, out to a bank, and what the scheme takes.
#[test]
fn in_and_out() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 top_up party=11 ledger=978 amount=100.00 funding=card
        3 scheme_settle ledger=978 amount=100.00 cost=2.00
        4 withdraw party=11 ledger=978 amount=150.00
        5 pay payer=11 payee=21 ledger=978 amount=50.00
        6 payout party=21 ledger=978 amount=50.00
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 top_up party=11 ledger=978 amount=100.00 funding=card
              created
              Dr scheme_receivable 100.00 / Cr wallet[11]
            3 scheme_settle ledger=978 amount=100.00 cost=2.00
              created
              Dr safe 98.00 / Cr scheme_receivable
              Dr acquiring 2.00 / Cr scheme_receivable
              Dr safe 2.00 / Cr own
            4 withdraw party=11 ledger=978 amount=150.00
              created
              Dr wallet[11] 150.00 / Cr safe
            5 pay payer=11 payee=21 ledger=978 amount=50.00
              created
              Dr wallet[11] 50.00 / Cr seller[21]
              payment 5: payer=11 payee=21 ledger=978 amount=5000
            6 payout party=21 ledger=978 amount=50.00
              created
              Dr seller[21] 50.00 / Cr safe
            balances
              own 2.00 Cr
              acquiring 2.00 Dr
        "#]],
    );
}

/// Several payees at once; several payouts at once.
#[test]
fn split_and_batch() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 pay_split payer=11 ledger=978 | party=12 amount=10.00 | party=21 amount=20.00 | party=22 amount=30.00
        3 pay_split payer=11 ledger=978 | party=12 amount=10.00 | party=21 amount=30.01
        4 payout_batch ledger=978 | party=21 amount=20.00 | party=22 amount=30.01
        5 payout_batch ledger=978 | party=21 amount=20.00 | party=22 amount=30.00
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 pay_split payer=11 ledger=978 | party=12 amount=10.00 | party=21 amount=20.00 | party=22 amount=30.00
              created
              Dr wallet[11] 10.00 / Cr wallet[12]
              Dr wallet[11] 20.00 / Cr seller[21]
              Dr wallet[11] 30.00 / Cr seller[22]
            3 pay_split payer=11 ledger=978 | party=12 amount=10.00 | party=21 amount=30.01
              insufficient_funds in part 2 by transfer status 54
            4 payout_batch ledger=978 | party=21 amount=20.00 | party=22 amount=30.01
              insufficient_funds in part 2 by transfer status 54
            5 payout_batch ledger=978 | party=21 amount=20.00 | party=22 amount=30.00
              created
              Dr seller[21] 20.00 / Cr safe
              Dr seller[22] 30.00 / Cr safe
            balances
              safe 50.00 Dr
              wallet[11] 40.00 Cr
              wallet[12] 10.00 Cr
        "#]],
    );
}

/// Refunds: two of the same amount are two, each by its own id.
#[test]
fn refunds() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 fee_set fee=1 ledger=978 rate=5% bearer=payee
        3 pay payer=11 payee=21 ledger=978 amount=100.00 fee=1
        4 refund payment=3 ledger=978 amount=40.00
        5 refund payment=3 ledger=978 amount=40.00
        5 refund payment=3 ledger=978 amount=40.00
        6 refund payment=3 ledger=978 amount=20.01
        7 refund payment=3 ledger=978 amount=20.00
        8 refund payment=3 ledger=978 amount=0.01
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 fee_set fee=1 ledger=978 rate=5% bearer=payee
              created
              fee 1: ledger=978 rate=50000 bearer=payee
            3 pay payer=11 payee=21 ledger=978 amount=100.00 fee=1
              created
              Dr wallet[11] 100.00 / Cr seller[21]
              Dr seller[21] 5.00 / Cr fee_income
              payment 3: payer=11 payee=21 ledger=978 amount=10000 fee=500 bearer=payee
            4 refund payment=3 ledger=978 amount=40.00
              created
              Dr seller[21] 38.00 / Cr wallet[11]
              Dr fee_income 2.00 / Cr wallet[11]
              Dr safe 2.00 / Cr own
              payment 3: refunded=4000
            5 refund payment=3 ledger=978 amount=40.00
              created
              Dr seller[21] 38.00 / Cr wallet[11]
              Dr fee_income 2.00 / Cr wallet[11]
              Dr safe 2.00 / Cr own
              payment 3: refunded=8000
            5 refund payment=3 ledger=978 amount=40.00
              exists
            6 refund payment=3 ledger=978 amount=20.01
              exceeds_refundable (amount)
            7 refund payment=3 ledger=978 amount=20.00
              created
              Dr seller[21] 19.00 / Cr wallet[11]
              Dr fee_income 1.00 / Cr wallet[11]
              Dr safe 1.00 / Cr own
              payment 3: refunded=10000
            8 refund payment=3 ledger=978 amount=0.01
              exceeds_refundable (amount)
            balances
              safe 105.00 Dr
              own 5.00 Cr
              wallet[11] 100.00 Cr
        "#]],
    );
}

/// A merchant that has paid out owes what it is short of, and the institution lays it out.
#[test]
fn refund_of_a_merchant_that_is_short() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 fee_set fee=1 ledger=978 rate=5% bearer=payee
        3 pay payer=11 payee=21 ledger=978 amount=100.00 fee=1
        4 payout party=21 ledger=978 amount=85.00
        5 refund payment=3 ledger=978 amount=40.00
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 fee_set fee=1 ledger=978 rate=5% bearer=payee
              created
              fee 1: ledger=978 rate=50000 bearer=payee
            3 pay payer=11 payee=21 ledger=978 amount=100.00 fee=1
              created
              Dr wallet[11] 100.00 / Cr seller[21]
              Dr seller[21] 5.00 / Cr fee_income
              payment 3: payer=11 payee=21 ledger=978 amount=10000 fee=500 bearer=payee
            4 payout party=21 ledger=978 amount=85.00
              created
              Dr seller[21] 85.00 / Cr safe
            5 refund payment=3 ledger=978 amount=40.00
              created
              Dr seller[21] 10.00 / Cr wallet[11]
              Dr seller_receivable[21] 28.00 / Cr wallet[11]
              Dr fee_income 2.00 / Cr wallet[11]
              Dr safe 30.00 / Cr own
              payment 3: refunded=4000
            balances
              safe 45.00 Dr
              own 30.00 Cr
              seller_receivable[21] 28.00 Dr
              wallet[11] 40.00 Cr
              fee_income 3.00 Cr
        "#]],
    );
}

/// Paid by card, given back to the wallet; the payer's fee stays. Steps of a cent give back the
/// fee of the whole.
#[test]
fn refund_of_a_card_payment() {
    check(
        "
        1 fee_set fee=1 ledger=978 flat=0.50
        2 pay payer=11 payee=21 ledger=978 amount=20.00 fee=1 funding=card
        3 refund payment=2 ledger=978 amount=20.00
        4 fee_set fee=2 ledger=978 flat=0.02 bearer=payee
        5 pay payer=11 payee=12 ledger=978 amount=0.03 fee=2
        6 refund payment=5 ledger=978 amount=0.01
        7 refund payment=5 ledger=978 amount=0.01
        8 top_up party=12 ledger=978 amount=0.01 funding=bank
        9 refund payment=5 ledger=978 amount=0.01
        ",
        &expect![[r#"
            1 fee_set fee=1 ledger=978 flat=0.50
              created
              fee 1: ledger=978 flat=50
            2 pay payer=11 payee=21 ledger=978 amount=20.00 fee=1 funding=card
              created
              Dr scheme_receivable 20.00 / Cr seller[21]
              Dr scheme_receivable 0.50 / Cr fee_income
              payment 2: payer=11 payee=21 ledger=978 amount=2000 fee=50 funding=card
            3 refund payment=2 ledger=978 amount=20.00
              created
              Dr seller[21] 20.00 / Cr wallet[11]
              payment 2: refunded=2000
            4 fee_set fee=2 ledger=978 flat=0.02 bearer=payee
              created
              fee 2: ledger=978 flat=2 bearer=payee
            5 pay payer=11 payee=12 ledger=978 amount=0.03 fee=2
              created
              Dr wallet[11] 0.03 / Cr wallet[12]
              Dr wallet[12] 0.02 / Cr fee_income
              payment 5: payer=11 payee=12 ledger=978 amount=3 fee=2 bearer=payee
            6 refund payment=5 ledger=978 amount=0.01
              created
              Dr wallet[12] 0.01 / Cr wallet[11]
              payment 5: refunded=1
            7 refund payment=5 ledger=978 amount=0.01
              created
              Dr fee_income 0.01 / Cr wallet[11]
              Dr safe 0.01 / Cr own
              payment 5: refunded=2
            8 top_up party=12 ledger=978 amount=0.01 funding=bank
              created
              Dr safe 0.01 / Cr wallet[12]
            9 refund payment=5 ledger=978 amount=0.01
              created
              Dr fee_income 0.01 / Cr wallet[11]
              Dr safe 0.01 / Cr own
              payment 5: refunded=3
        "#]],
    );
}

/// A frozen party gets back what is its own.
#[test]
fn refund_to_a_frozen_party() {
    check(
        "
        1 pay payer=11 payee=21 ledger=978 amount=20.00 funding=card
        2 party_state party=11 state=frozen reason=suspicion
        3 refund payment=1 ledger=978 amount=20.00
        ",
        &expect![[r#"
            1 pay payer=11 payee=21 ledger=978 amount=20.00 funding=card
              created
              Dr scheme_receivable 20.00 / Cr seller[21]
              payment 1: payer=11 payee=21 ledger=978 amount=2000 funding=card
            2 party_state party=11 state=frozen reason=suspicion
              created
              party 11: state=frozen reason=suspicion
            3 refund payment=1 ledger=978 amount=20.00
              created
              Dr seller[21] 20.00 / Cr wallet[11]
              payment 1: refunded=2000
        "#]],
    );
}

#[test]
fn refused() {
    check_refusals(
        "
        + 1 top_up party=11 ledger=978 amount=100.00 funding=bank
        + 2 party_state party=14 state=frozen reason=risk
        + 3 party_state party=15 state=closed
        9 top_up party=11 ledger=978 amount=0 funding=bank
        9 top_up party=11 ledger=978 amount=1 funding=wallet
        9 top_up party=11 ledger=978 amount=1 funding=3
        9 top_up party=11 ledger=1 amount=1 funding=bank
        9 top_up party=99 ledger=978 amount=1 funding=bank
        9 top_up party=14 ledger=978 amount=1 funding=bank
        9 top_up party=15 ledger=978 amount=1 funding=bank
        9 top_up party=11 ledger=978 amount=max funding=bank
        9 withdraw party=11 ledger=978 amount=0
        9 withdraw party=11 ledger=978 amount=100.01
        9 withdraw party=11 ledger=978 amount=max
        9 withdraw party=14 ledger=978 amount=1
        9 pay payer=11 payee=12 ledger=978 amount=0
        9 pay payer=11 payee=11 ledger=978 amount=1
        9 pay payer=11 payee=12 ledger=978 amount=1 funding=3
        9 pay payer=11 payee=12 ledger=1 amount=1
        9 pay payer=99 payee=12 ledger=978 amount=1
        9 pay payer=11 payee=99 ledger=978 amount=1
        9 pay payer=14 payee=12 ledger=978 amount=1
        9 pay payer=11 payee=14 ledger=978 amount=1
        9 pay payer=11 payee=15 ledger=978 amount=1
        9 pay payer=11 payee=12 ledger=978 amount=100.01
        9 pay payer=11 payee=12 ledger=978 amount=max funding=bank
        + 10 account_open party=22 ledger=978 code=2020
        + 11 account_close party=22 ledger=978 code=2020
        9 pay payer=11 payee=22 ledger=978 amount=1
        ",
        &[
            Status::ValueOutOfRange,
            Status::AmountMustNotBeZero,
            Status::AmountTooLarge,
            Status::LedgerNotDeclared,
            Status::PartiesMustBeDifferent,
            Status::PartyNotFound,
            Status::PartyClosed,
            Status::PartyFrozen,
            Status::AccountClosed,
            Status::FundingNotTaken,
            Status::InsufficientFunds,
        ],
        &expect![[r#"
            21  amount_must_not_be_zero (amount): 9 top_up party=11 ledger=978 amount=0 funding=bank
            73  funding_not_taken (funding): 9 top_up party=11 ledger=978 amount=1 funding=wallet
            20  value_out_of_range (funding): 9 top_up party=11 ledger=978 amount=1 funding=3
            23  ledger_not_declared (ledger): 9 top_up party=11 ledger=1 amount=1 funding=bank
            30  party_not_found (party): 9 top_up party=99 ledger=978 amount=1 funding=bank
            33  party_frozen (party): 9 top_up party=14 ledger=978 amount=1 funding=bank
            32  party_closed (party): 9 top_up party=15 ledger=978 amount=1 funding=bank
            22  amount_too_large by transfer status 49: 9 top_up party=11 ledger=978 amount=max funding=bank
            21  amount_must_not_be_zero (amount): 9 withdraw party=11 ledger=978 amount=0
            200 insufficient_funds by transfer status 54: 9 withdraw party=11 ledger=978 amount=100.01
            200 insufficient_funds by transfer status 54: 9 withdraw party=11 ledger=978 amount=max
            33  party_frozen (party): 9 withdraw party=14 ledger=978 amount=1
            21  amount_must_not_be_zero (amount): 9 pay payer=11 payee=12 ledger=978 amount=0
            24  parties_must_be_different (payee): 9 pay payer=11 payee=11 ledger=978 amount=1
            20  value_out_of_range (funding): 9 pay payer=11 payee=12 ledger=978 amount=1 funding=3
            23  ledger_not_declared (ledger): 9 pay payer=11 payee=12 ledger=1 amount=1
            30  party_not_found (payer): 9 pay payer=99 payee=12 ledger=978 amount=1
            30  party_not_found (payee): 9 pay payer=11 payee=99 ledger=978 amount=1
            33  party_frozen (payer): 9 pay payer=14 payee=12 ledger=978 amount=1
            33  party_frozen (payee): 9 pay payer=11 payee=14 ledger=978 amount=1
            32  party_closed (payee): 9 pay payer=11 payee=15 ledger=978 amount=1
            200 insufficient_funds by transfer status 54: 9 pay payer=11 payee=12 ledger=978 amount=100.01
            22  amount_too_large by transfer status 49: 9 pay payer=11 payee=12 ledger=978 amount=max funding=bank
            48  account_closed by transfer status 66: 9 pay payer=11 payee=22 ledger=978 amount=1
        "#]],
    );
}

#[test]
fn several_refused() {
    let legs = " | party=12 amount=1".repeat(51);
    let script = format!(
        "
        + 1 top_up party=11 ledger=978 amount=100.00 funding=bank
        9 pay_split payer=11 ledger=978
        9 pay_split payer=11 ledger=978{legs}
        9 pay_split payer=11 ledger=978 | party=12 amount=1 | party=13 amount=0
        9 pay_split payer=11 ledger=978 | party=12 amount=1 | party=11 amount=1
        9 pay_split payer=11 ledger=1 | party=12 amount=1
        9 pay_split payer=11 ledger=978 | party=12 amount=1 | party=99 amount=1
        9 pay_split payer=11 ledger=978 | party=12 amount=1 | party=13 amount=100.00
        9 payout party=21 ledger=978 amount=0
        9 payout party=11 ledger=978 amount=1
        9 payout party=21 ledger=978 amount=1
        9 payout party=21 ledger=1 amount=1
        9 payout_batch ledger=978 | party=21 amount=1 | party=22 amount=0
        9 payout_batch ledger=978 | party=21 amount=1 | party=11 amount=1
        9 payout_batch ledger=978 | party=21 amount=1
        9 scheme_settle ledger=978 amount=0
        9 scheme_settle ledger=978 amount=1 cost=2
        9 scheme_settle ledger=1 amount=1
        "
    );
    check_refusals(
        &script,
        &[
            Status::LegsMustNotBeEmpty,
            Status::TooManyLegs,
            Status::ValueOutOfRange,
            Status::AmountMustNotBeZero,
            Status::LedgerNotDeclared,
            Status::PartiesMustBeDifferent,
            Status::PartyNotFound,
            Status::PartyNotMerchant,
            Status::InsufficientFunds,
        ],
        &expect![[r#"
            6   legs_must_not_be_empty: 9 pay_split payer=11 ledger=978
            7   too_many_legs: 9 pay_split payer=11 ledger=978 | party=12 amount=1 | party=12 amount=1 | party=12 amount=1 | party=12 amount=
            21  amount_must_not_be_zero in part 2: 9 pay_split payer=11 ledger=978 | party=12 amount=1 | party=13 amount=0
            24  parties_must_be_different in part 2: 9 pay_split payer=11 ledger=978 | party=12 amount=1 | party=11 amount=1
            23  ledger_not_declared (ledger): 9 pay_split payer=11 ledger=1 | party=12 amount=1
            30  party_not_found in part 2: 9 pay_split payer=11 ledger=978 | party=12 amount=1 | party=99 amount=1
            200 insufficient_funds in part 2 by transfer status 54: 9 pay_split payer=11 ledger=978 | party=12 amount=1 | party=13 amount=100.00
            21  amount_must_not_be_zero (amount): 9 payout party=21 ledger=978 amount=0
            34  party_not_merchant (party): 9 payout party=11 ledger=978 amount=1
            200 insufficient_funds by transfer status 54: 9 payout party=21 ledger=978 amount=1
            23  ledger_not_declared (ledger): 9 payout party=21 ledger=1 amount=1
            21  amount_must_not_be_zero in part 2: 9 payout_batch ledger=978 | party=21 amount=1 | party=22 amount=0
            34  party_not_merchant in part 2: 9 payout_batch ledger=978 | party=21 amount=1 | party=11 amount=1
            200 insufficient_funds in part 1 by transfer status 54: 9 payout_batch ledger=978 | party=21 amount=1
            21  amount_must_not_be_zero (amount): 9 scheme_settle ledger=978 amount=0
            20  value_out_of_range (cost): 9 scheme_settle ledger=978 amount=1 cost=2
            23  ledger_not_declared (ledger): 9 scheme_settle ledger=1 amount=1
        "#]],
    );
}

#[test]
fn refunds_refused() {
    check_refusals(
        "
        + 1 top_up party=11 ledger=978 amount=100.00 funding=bank
        + 4 pay payer=11 payee=12 ledger=978 amount=10.00
        + 5 pay payer=12 payee=13 ledger=978 amount=5.00
        + 6 pay payer=11 payee=13 ledger=978 amount=1.00
        9 refund payment=99 ledger=978 amount=1
        9 refund payment=4 ledger=978 amount=0
        9 refund payment=4 ledger=840 amount=1
        9 refund payment=4 ledger=978 amount=10.01
        9 refund payment=4 ledger=978 amount=max
        9 refund payment=4 ledger=978 amount=10.00
        + 7 withdraw party=13 ledger=978 amount=6.00
        + 8 party_state party=13 state=closed
        9 refund payment=6 ledger=978 amount=1.00
        ",
        &[
            Status::AmountMustNotBeZero,
            Status::PartyClosed,
            Status::LedgersDiffer,
            Status::PaymentNotFound,
            Status::ExceedsRefundable,
            Status::InsufficientFunds,
        ],
        &expect![[r#"
            60  payment_not_found (payment): 9 refund payment=99 ledger=978 amount=1
            21  amount_must_not_be_zero (amount): 9 refund payment=4 ledger=978 amount=0
            59  ledgers_differ (ledger): 9 refund payment=4 ledger=840 amount=1
            64  exceeds_refundable (amount): 9 refund payment=4 ledger=978 amount=10.01
            64  exceeds_refundable (amount): 9 refund payment=4 ledger=978 amount=max
            200 insufficient_funds by transfer status 54: 9 refund payment=4 ledger=978 amount=10.00
            32  party_closed (payment): 9 refund payment=6 ledger=978 amount=1.00
        "#]],
    );
}

/// A chart without the accounts that an act needs.
#[test]
fn refused_without_a_chart() {
    let mut platform = Platform::with_chart(&[(1000, "asset", "safe", 0)]);
    expect![[r#"
        40  chart_role_missing: 1 top_up party=11 ledger=978 amount=1 funding=bank
        40  chart_role_missing: 1 pay payer=11 payee=12 ledger=978 amount=1 funding=bank
        40  chart_role_missing: 1 scheme_settle ledger=978 amount=1
    "#]]
    .assert_eq(&platform.refusals(
        "
        1 top_up party=11 ledger=978 amount=1 funding=bank
        1 pay payer=11 payee=12 ledger=978 amount=1 funding=bank
        1 scheme_settle ledger=978 amount=1
        ",
    ));
}
