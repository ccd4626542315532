//! What fees come to, and who bears them.

use expect_test::expect;
use model::CommandStatus as Status;

use crate::harness::{check, check_refusals};

/// Flat, per mille, at least, at most, on top or taken off.
#[test]
fn flat_and_rate() {
    check(
        "
        1 top_up party=11 ledger=978 amount=1000.00 funding=bank
        2 fee_set fee=1 ledger=978 flat=0.30
        3 pay payer=11 payee=12 ledger=978 amount=10.00 fee=1
        4 fee_set fee=2 ledger=978 flat=0.05 rate=0.4% least=0.10 most=0.50 bearer=payee
        5 pay payer=11 payee=21 ledger=978 amount=2.00 fee=2
        6 pay payer=11 payee=21 ledger=978 amount=50.00 fee=2
        7 pay payer=11 payee=21 ledger=978 amount=200.00 fee=2
        8 withdraw party=11 ledger=978 amount=100.00 fee=2
        9 pay payer=12 payee=21 ledger=978 amount=30.00 fee=1 funding=card
        10 pay payer=12 payee=13 ledger=978 amount=30.00 fee=1 funding=bank
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=1000.00 funding=bank
              created
              Dr safe 1000.00 / Cr wallet[11]
            2 fee_set fee=1 ledger=978 flat=0.30
              created
              fee 1: ledger=978 flat=30
            3 pay payer=11 payee=12 ledger=978 amount=10.00 fee=1
              created
              Dr wallet[11] 10.00 / Cr wallet[12]
              Dr wallet[11] 0.30 / Cr fee_income
              payment 3: payer=11 payee=12 ledger=978 amount=1000 fee=30
            4 fee_set fee=2 ledger=978 flat=0.05 rate=0.4% least=0.10 most=0.50 bearer=payee
              created
              fee 2: ledger=978 flat=5 rate=4000 least=10 most=50 bearer=payee
            5 pay payer=11 payee=21 ledger=978 amount=2.00 fee=2
              created
              Dr wallet[11] 2.00 / Cr seller[21]
              Dr seller[21] 0.10 / Cr fee_income
              payment 5: payer=11 payee=21 ledger=978 amount=200 fee=10 bearer=payee
            6 pay payer=11 payee=21 ledger=978 amount=50.00 fee=2
              created
              Dr wallet[11] 50.00 / Cr seller[21]
              Dr seller[21] 0.25 / Cr fee_income
              payment 6: payer=11 payee=21 ledger=978 amount=5000 fee=25 bearer=payee
            7 pay payer=11 payee=21 ledger=978 amount=200.00 fee=2
              created
              Dr wallet[11] 200.00 / Cr seller[21]
              Dr seller[21] 0.50 / Cr fee_income
              payment 7: payer=11 payee=21 ledger=978 amount=20000 fee=50 bearer=payee
            8 withdraw party=11 ledger=978 amount=100.00 fee=2
              created
              Dr wallet[11] 100.00 / Cr safe
              Dr wallet[11] 0.45 / Cr fee_income
            9 pay payer=12 payee=21 ledger=978 amount=30.00 fee=1 funding=card
              created
              Dr scheme_receivable 30.00 / Cr seller[21]
              Dr scheme_receivable 0.30 / Cr fee_income
              payment 9: payer=12 payee=21 ledger=978 amount=3000 fee=30 funding=card
            10 pay payer=12 payee=13 ledger=978 amount=30.00 fee=1 funding=bank
              created
              Dr safe 30.00 / Cr wallet[13]
              Dr safe 0.30 / Cr fee_income
              payment 10: payer=12 payee=13 ledger=978 amount=3000 fee=30 funding=bank
            balances
              safe 930.30 Dr
              scheme_receivable 30.30 Dr
              wallet[11] 637.25 Cr
              wallet[12] 10.00 Cr
              wallet[13] 30.00 Cr
              seller[21] 281.15 Cr
              fee_income 2.20 Cr
        "#]],
    );
}

/// The last tier that begins at the amount or below it counts; below all of them the fee's own
/// values. A fee that is agreed anew keeps its tiers.
#[test]
fn tiers() {
    check(
        "
        1 top_up party=11 ledger=978 amount=10000.00 funding=bank
        2 fee_set fee=1 ledger=978 rate=3% bearer=payee
        3 fee_tier_add fee=1 ledger=978 above=100.00 flat=1.00 rate=2%
        4 fee_tier_add fee=1 ledger=978 above=1000.00 rate=1%
        5 pay payer=11 payee=21 ledger=978 amount=99.99 fee=1
        6 pay payer=11 payee=21 ledger=978 amount=100.00 fee=1
        7 pay payer=11 payee=21 ledger=978 amount=999.99 fee=1
        8 pay payer=11 payee=21 ledger=978 amount=1000.00 fee=1
        9 fee_set fee=1 ledger=978 rate=4% bearer=payer
        10 pay payer=11 payee=21 ledger=978 amount=99.99 fee=1
        11 pay payer=11 payee=21 ledger=978 amount=1000.00 fee=1
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=10000.00 funding=bank
              created
              Dr safe 10000.00 / Cr wallet[11]
            2 fee_set fee=1 ledger=978 rate=3% bearer=payee
              created
              fee 1: ledger=978 rate=30000 bearer=payee
            3 fee_tier_add fee=1 ledger=978 above=100.00 flat=1.00 rate=2%
              created
              fee_tier 1: above=10000 flat=100 rate=20000
              fee 1: tiers=1
            4 fee_tier_add fee=1 ledger=978 above=1000.00 rate=1%
              created
              fee_tier 1/1: above=100000 rate=10000
              fee 1: tiers=2
            5 pay payer=11 payee=21 ledger=978 amount=99.99 fee=1
              created
              Dr wallet[11] 99.99 / Cr seller[21]
              Dr seller[21] 2.99 / Cr fee_income
              payment 5: payer=11 payee=21 ledger=978 amount=9999 fee=299 bearer=payee
            6 pay payer=11 payee=21 ledger=978 amount=100.00 fee=1
              created
              Dr wallet[11] 100.00 / Cr seller[21]
              Dr seller[21] 3.00 / Cr fee_income
              payment 6: payer=11 payee=21 ledger=978 amount=10000 fee=300 bearer=payee
            7 pay payer=11 payee=21 ledger=978 amount=999.99 fee=1
              created
              Dr wallet[11] 999.99 / Cr seller[21]
              Dr seller[21] 20.99 / Cr fee_income
              payment 7: payer=11 payee=21 ledger=978 amount=99999 fee=2099 bearer=payee
            8 pay payer=11 payee=21 ledger=978 amount=1000.00 fee=1
              created
              Dr wallet[11] 1000.00 / Cr seller[21]
              Dr seller[21] 10.00 / Cr fee_income
              payment 8: payer=11 payee=21 ledger=978 amount=100000 fee=1000 bearer=payee
            9 fee_set fee=1 ledger=978 rate=4% bearer=payer
              created
              fee 1: rate=40000 bearer=payer
            10 pay payer=11 payee=21 ledger=978 amount=99.99 fee=1
              created
              Dr wallet[11] 99.99 / Cr seller[21]
              Dr wallet[11] 3.99 / Cr fee_income
              payment 10: payer=11 payee=21 ledger=978 amount=9999 fee=399
            11 pay payer=11 payee=21 ledger=978 amount=1000.00 fee=1
              created
              Dr wallet[11] 1000.00 / Cr seller[21]
              Dr wallet[11] 10.00 / Cr fee_income
              payment 11: payer=11 payee=21 ledger=978 amount=100000 fee=1000
        "#]],
    );
}

/// 1 % of 0.50 and of 1.50 is half a cent, and half a cent more.
#[test]
fn roundings() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 fee_set fee=1 ledger=978 rate=1% rounding=down
        3 fee_set fee=2 ledger=978 rate=1% rounding=up
        4 fee_set fee=3 ledger=978 rate=1% rounding=half_up
        5 fee_set fee=4 ledger=978 rate=1% rounding=half_even
        11 pay payer=11 payee=12 ledger=978 amount=0.50 fee=1
        12 pay payer=11 payee=12 ledger=978 amount=0.50 fee=2
        13 pay payer=11 payee=12 ledger=978 amount=0.50 fee=3
        14 pay payer=11 payee=12 ledger=978 amount=0.50 fee=4
        21 pay payer=11 payee=12 ledger=978 amount=1.50 fee=1
        22 pay payer=11 payee=12 ledger=978 amount=1.50 fee=2
        23 pay payer=11 payee=12 ledger=978 amount=1.50 fee=3
        24 pay payer=11 payee=12 ledger=978 amount=1.50 fee=4
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 fee_set fee=1 ledger=978 rate=1% rounding=down
              created
              fee 1: ledger=978 rate=10000
            3 fee_set fee=2 ledger=978 rate=1% rounding=up
              created
              fee 2: ledger=978 rate=10000 rounding=up
            4 fee_set fee=3 ledger=978 rate=1% rounding=half_up
              created
              fee 3: ledger=978 rate=10000 rounding=half_up
            5 fee_set fee=4 ledger=978 rate=1% rounding=half_even
              created
              fee 4: ledger=978 rate=10000 rounding=half_even
            11 pay payer=11 payee=12 ledger=978 amount=0.50 fee=1
              created
              Dr wallet[11] 0.50 / Cr wallet[12]
              payment 11: payer=11 payee=12 ledger=978 amount=50
            12 pay payer=11 payee=12 ledger=978 amount=0.50 fee=2
              created
              Dr wallet[11] 0.50 / Cr wallet[12]
              Dr wallet[11] 0.01 / Cr fee_income
              payment 12: payer=11 payee=12 ledger=978 amount=50 fee=1
            13 pay payer=11 payee=12 ledger=978 amount=0.50 fee=3
              created
              Dr wallet[11] 0.50 / Cr wallet[12]
              Dr wallet[11] 0.01 / Cr fee_income
              payment 13: payer=11 payee=12 ledger=978 amount=50 fee=1
            14 pay payer=11 payee=12 ledger=978 amount=0.50 fee=4
              created
              Dr wallet[11] 0.50 / Cr wallet[12]
              payment 14: payer=11 payee=12 ledger=978 amount=50
            21 pay payer=11 payee=12 ledger=978 amount=1.50 fee=1
              created
              Dr wallet[11] 1.50 / Cr wallet[12]
              Dr wallet[11] 0.01 / Cr fee_income
              payment 21: payer=11 payee=12 ledger=978 amount=150 fee=1
            22 pay payer=11 payee=12 ledger=978 amount=1.50 fee=2
              created
              Dr wallet[11] 1.50 / Cr wallet[12]
              Dr wallet[11] 0.02 / Cr fee_income
              payment 22: payer=11 payee=12 ledger=978 amount=150 fee=2
            23 pay payer=11 payee=12 ledger=978 amount=1.50 fee=3
              created
              Dr wallet[11] 1.50 / Cr wallet[12]
              Dr wallet[11] 0.02 / Cr fee_income
              payment 23: payer=11 payee=12 ledger=978 amount=150 fee=2
            24 pay payer=11 payee=12 ledger=978 amount=1.50 fee=4
              created
              Dr wallet[11] 1.50 / Cr wallet[12]
              Dr wallet[11] 0.02 / Cr fee_income
              payment 24: payer=11 payee=12 ledger=978 amount=150 fee=2
        "#]],
    );
}

#[test]
fn refused() {
    let add = |tier| {
        format!(
            "+ {} fee_tier_add fee=2 ledger=978 above={tier}",
            100 + tier
        )
    };
    let tiers: Vec<_> = (1..=16).map(add).collect();
    let tiers = tiers.join("\n");
    let script = format!(
        "
        1 fee_set fee=0 ledger=978
        1 fee_set fee=1 ledger=978 rate=1000001
        1 fee_set fee=1 ledger=978 least=2 most=1
        1 fee_set fee=1 ledger=978 bearer=2
        1 fee_set fee=1 ledger=978 rounding=4
        1 fee_set fee=1 ledger=1
        + 2 fee_set fee=1 ledger=978 flat=5.00 bearer=payee
        1 fee_set fee=1 ledger=840
        1 fee_tier_add fee=9 ledger=978 above=1
        1 fee_tier_add fee=1 ledger=840 above=1
        1 fee_tier_add fee=1 ledger=978 above=1 rate=1000001
        + 3 fee_tier_add fee=1 ledger=978 above=10 flat=5.00
        1 fee_tier_add fee=1 ledger=978 above=10
        + 4 fee_set fee=2 ledger=978
        {tiers}
        1 fee_tier_add fee=2 ledger=978 above=17
        + 5 top_up party=11 ledger=978 amount=10.00 funding=bank
        1 pay payer=11 payee=12 ledger=978 amount=1.00 fee=9
        1 pay payer=11 payee=12 ledger=840 amount=1.00 fee=1
        1 pay payer=11 payee=12 ledger=978 amount=4.99 fee=1
        + 6 fee_set fee=3 ledger=978 flat=max rate=1%
        1 pay payer=11 payee=12 ledger=978 amount=1.00 fee=3
        + 7 fee_set fee=4 ledger=978 flat=0.01
        1 pay payer=11 payee=12 ledger=978 amount=10.00 fee=4
        1 withdraw party=11 ledger=978 amount=10.00 fee=4
        "
    );
    check_refusals(
        &script,
        &[
            Status::ValueOutOfRange,
            Status::AmountTooLarge,
            Status::LedgerNotDeclared,
            Status::FeeNotFound,
            Status::FeeOfOtherLedger,
            Status::FeeExceedsAmount,
            Status::FeeTiersMustRise,
            Status::TooManyTiers,
            Status::InsufficientFunds,
        ],
        &expect![[r#"
            20  value_out_of_range (fee): 1 fee_set fee=0 ledger=978
            20  value_out_of_range (rate): 1 fee_set fee=1 ledger=978 rate=1000001
            20  value_out_of_range (most): 1 fee_set fee=1 ledger=978 least=2 most=1
            20  value_out_of_range (bearer): 1 fee_set fee=1 ledger=978 bearer=2
            20  value_out_of_range (rounding): 1 fee_set fee=1 ledger=978 rounding=4
            23  ledger_not_declared (ledger): 1 fee_set fee=1 ledger=1
            51  fee_of_other_ledger (ledger): 1 fee_set fee=1 ledger=840
            50  fee_not_found (fee): 1 fee_tier_add fee=9 ledger=978 above=1
            51  fee_of_other_ledger (fee): 1 fee_tier_add fee=1 ledger=840 above=1
            20  value_out_of_range (rate): 1 fee_tier_add fee=1 ledger=978 above=1 rate=1000001
            53  fee_tiers_must_rise (above): 1 fee_tier_add fee=1 ledger=978 above=10
            54  too_many_tiers (fee): 1 fee_tier_add fee=2 ledger=978 above=17
            50  fee_not_found (fee): 1 pay payer=11 payee=12 ledger=978 amount=1.00 fee=9
            51  fee_of_other_ledger (fee): 1 pay payer=11 payee=12 ledger=840 amount=1.00 fee=1
            52  fee_exceeds_amount (fee): 1 pay payer=11 payee=12 ledger=978 amount=4.99 fee=1
            22  amount_too_large (fee): 1 pay payer=11 payee=12 ledger=978 amount=1.00 fee=3
            200 insufficient_funds by transfer status 54: 1 pay payer=11 payee=12 ledger=978 amount=10.00 fee=4
            200 insufficient_funds by transfer status 54: 1 withdraw party=11 ledger=978 amount=10.00 fee=4
        "#]],
    );
}
