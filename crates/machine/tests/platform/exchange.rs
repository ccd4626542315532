//! Currency exchange.

use expect_test::expect;
use model::CommandStatus as Status;

use crate::harness::{check, check_refusals};

/// 100.00 USD at 82.42135 are 8,242.135 INR, by each rounding; a fee is a leg of its own.
#[test]
fn both_legs_and_a_fee() {
    check(
        "
        1 top_up party=11 ledger=840 amount=500.00 funding=bank
        2 exchange party=11 ledger=840 amount=100.00 to_ledger=356 rate=8242135 scale=5 rounding=half_even
        3 exchange party=11 ledger=840 amount=100.00 to_ledger=356 rate=8242135 scale=5 rounding=half_up
        4 exchange party=11 ledger=840 amount=100.00 to_ledger=356 rate=8242135 scale=5 rounding=up
        5 fee_set fee=1 ledger=840 rate=0.5%
        6 exchange party=11 ledger=840 amount=100.00 to_ledger=356 rate=8242135 scale=5 fee=1
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=840 amount=500.00 funding=bank
              created
              Dr safe 500.00 USD / Cr wallet[11]
            2 exchange party=11 ledger=840 amount=100.00 to_ledger=356 rate=8242135 scale=5 rounding=half_even
              created
              Dr wallet[11] 100.00 USD / Cr exchange
              Dr exchange 8242.14 INR / Cr wallet[11]
            3 exchange party=11 ledger=840 amount=100.00 to_ledger=356 rate=8242135 scale=5 rounding=half_up
              created
              Dr wallet[11] 100.00 USD / Cr exchange
              Dr exchange 8242.14 INR / Cr wallet[11]
            4 exchange party=11 ledger=840 amount=100.00 to_ledger=356 rate=8242135 scale=5 rounding=up
              created
              Dr wallet[11] 100.00 USD / Cr exchange
              Dr exchange 8242.14 INR / Cr wallet[11]
            5 fee_set fee=1 ledger=840 rate=0.5%
              created
              fee 1: ledger=840 rate=5000
            6 exchange party=11 ledger=840 amount=100.00 to_ledger=356 rate=8242135 scale=5 fee=1
              created
              Dr wallet[11] 100.00 USD / Cr exchange
              Dr exchange 8242.13 INR / Cr wallet[11]
              Dr wallet[11] 0.50 USD / Cr fee_income
            balances
              safe 500.00 USD Dr
              wallet[11] 32968.55 INR Cr
              wallet[11] 99.50 USD Cr
              exchange 32968.55 INR Dr
              exchange 400.00 USD Cr
              fee_income 0.50 USD Cr
        "#]],
    );
}

/// Currencies of other decimal places: 1.00 USD at 155.5 is 155.5 JPY.
#[test]
fn other_decimal_places() {
    check(
        "
        1 top_up party=11 ledger=840 amount=2.00 funding=bank
        2 exchange party=11 ledger=840 amount=1.00 to_ledger=392 rate=1555 scale=1
        3 exchange party=11 ledger=840 amount=1.00 to_ledger=392 rate=1555 scale=1 rounding=half_even
        4 exchange party=11 ledger=392 amount=311 to_ledger=840 rate=643 scale=5
        ",
        &expect![[r#"
            1 top_up party=11 ledger=840 amount=2.00 funding=bank
              created
              Dr safe 2.00 USD / Cr wallet[11]
            2 exchange party=11 ledger=840 amount=1.00 to_ledger=392 rate=1555 scale=1
              created
              Dr wallet[11] 1.00 USD / Cr exchange
              Dr exchange 155 JPY / Cr wallet[11]
            3 exchange party=11 ledger=840 amount=1.00 to_ledger=392 rate=1555 scale=1 rounding=half_even
              created
              Dr wallet[11] 1.00 USD / Cr exchange
              Dr exchange 156 JPY / Cr wallet[11]
            4 exchange party=11 ledger=392 amount=311 to_ledger=840 rate=643 scale=5
              created
              Dr wallet[11] 311 JPY / Cr exchange
              Dr exchange 1.99 USD / Cr wallet[11]
        "#]],
    );
}

#[test]
fn refused() {
    check_refusals(
        "
        + 1 top_up party=11 ledger=840 amount=100.00 funding=bank
        + 2 party_state party=14 state=frozen reason=risk
        + 3 fee_set fee=1 ledger=978
        + 4 fee_set fee=2 ledger=840 flat=0.01
        9 exchange party=11 ledger=840 amount=0 to_ledger=356 rate=1 scale=0
        9 exchange party=11 ledger=840 amount=1 to_ledger=356 rate=0 scale=0
        9 exchange party=11 ledger=840 amount=1 to_ledger=356 rate=1 scale=19
        9 exchange party=11 ledger=840 amount=1 to_ledger=356 rate=1 scale=0 rounding=4
        9 exchange party=11 ledger=840 amount=1 to_ledger=840 rate=1 scale=0
        9 exchange party=11 ledger=1 amount=1 to_ledger=840 rate=1 scale=0
        9 exchange party=11 ledger=840 amount=1 to_ledger=1 rate=1 scale=0
        9 exchange party=11 ledger=840 amount=1 to_ledger=356 rate=1 scale=0 fee=9
        9 exchange party=11 ledger=840 amount=1 to_ledger=356 rate=1 scale=0 fee=1
        9 exchange party=14 ledger=840 amount=1 to_ledger=356 rate=1 scale=0
        9 exchange party=11 ledger=840 amount=max to_ledger=356 rate=2 scale=0
        9 exchange party=11 ledger=840 amount=1 to_ledger=356 rate=1 scale=1
        9 exchange party=11 ledger=840 amount=100.01 to_ledger=356 rate=1 scale=0
        9 exchange party=11 ledger=840 amount=100.00 to_ledger=356 rate=1 scale=0 fee=2
        ",
        &[
            Status::RateMustNotBeZero,
            Status::ValueOutOfRange,
            Status::LedgerNotDeclared,
            Status::FeeNotFound,
            Status::FeeOfOtherLedger,
            Status::AmountTooLarge,
            Status::InsufficientFunds,
        ],
        &expect![[r#"
            21  amount_must_not_be_zero (amount): 9 exchange party=11 ledger=840 amount=0 to_ledger=356 rate=1 scale=0
            74  rate_must_not_be_zero (rate): 9 exchange party=11 ledger=840 amount=1 to_ledger=356 rate=0 scale=0
            20  value_out_of_range (scale): 9 exchange party=11 ledger=840 amount=1 to_ledger=356 rate=1 scale=19
            20  value_out_of_range (rounding): 9 exchange party=11 ledger=840 amount=1 to_ledger=356 rate=1 scale=0 rounding=4
            20  value_out_of_range (to_ledger): 9 exchange party=11 ledger=840 amount=1 to_ledger=840 rate=1 scale=0
            23  ledger_not_declared (ledger): 9 exchange party=11 ledger=1 amount=1 to_ledger=840 rate=1 scale=0
            23  ledger_not_declared (to_ledger): 9 exchange party=11 ledger=840 amount=1 to_ledger=1 rate=1 scale=0
            50  fee_not_found (fee): 9 exchange party=11 ledger=840 amount=1 to_ledger=356 rate=1 scale=0 fee=9
            51  fee_of_other_ledger (fee): 9 exchange party=11 ledger=840 amount=1 to_ledger=356 rate=1 scale=0 fee=1
            33  party_frozen (party): 9 exchange party=14 ledger=840 amount=1 to_ledger=356 rate=1 scale=0
            22  amount_too_large (amount): 9 exchange party=11 ledger=840 amount=max to_ledger=356 rate=2 scale=0
            74  rate_must_not_be_zero (rate): 9 exchange party=11 ledger=840 amount=1 to_ledger=356 rate=1 scale=1
            200 insufficient_funds by transfer status 54: 9 exchange party=11 ledger=840 amount=100.01 to_ledger=356 rate=1 scale=0
            200 insufficient_funds by transfer status 54: 9 exchange party=11 ledger=840 amount=100.00 to_ledger=356 rate=1 scale=0 fee=2
        "#]],
    );
}
