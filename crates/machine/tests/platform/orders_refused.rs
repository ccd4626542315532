//! Every refusal of listings and orders.

use expect_test::expect;
use model::CommandStatus as Status;

use crate::harness::check_refusals;

/// Of listings.
#[test]
fn listings() {
    check_refusals(
        "
        9 listing_add seller=21 ledger=1 price=1 stock=1
        9 listing_add seller=99 ledger=978 price=1 stock=1
        9 listing_add seller=11 ledger=978 price=1 stock=1
        + 1 listing_add seller=21 ledger=978 price=2.00 stock=2
        + 2 listing_add seller=22 ledger=978 price=2.00 stock=2
        + 3 listing_set listing=1 ledger=978 price=2.00 stock=2 state=withdrawn
        9 listing_set listing=0 ledger=978 price=1 stock=1 state=2
        9 listing_set listing=2 ledger=978 price=1 stock=1
        9 listing_set listing=0 ledger=840 price=1 stock=1
        ",
        &[
            Status::ValueOutOfRange,
            Status::LedgerNotDeclared,
            Status::PartyNotFound,
            Status::PartyNotMerchant,
            Status::LedgersDiffer,
            Status::ListingNotFound,
        ],
        &expect![[r#"
            23  ledger_not_declared (ledger): 9 listing_add seller=21 ledger=1 price=1 stock=1
            30  party_not_found (seller): 9 listing_add seller=99 ledger=978 price=1 stock=1
            34  party_not_merchant (seller): 9 listing_add seller=11 ledger=978 price=1 stock=1
            20  value_out_of_range (state): 9 listing_set listing=0 ledger=978 price=1 stock=1 state=2
            90  listing_not_found (listing): 9 listing_set listing=2 ledger=978 price=1 stock=1
            59  ledgers_differ (ledger): 9 listing_set listing=0 ledger=840 price=1 stock=1
        "#]],
    );
}

/// Of orders that are placed.
#[test]
fn placing() {
    let legs = " | party=21 amount=1".repeat(257);
    check_refusals(
        &format!(
            "
        + 1 listing_add seller=21 ledger=978 price=2.00 stock=2
        + 2 listing_add seller=22 ledger=978 price=2.00 stock=2
        + 3 listing_set listing=1 ledger=978 price=2.00 stock=2 state=withdrawn
        + 4 party_state party=14 state=frozen
        + 5 party_state party=15 state=closed
        + 6 party_state party=23 state=frozen
        9 order_place buyer=11 ledger=978
        9 order_place buyer=11 ledger=978{legs}
        9 order_place buyer=11 ledger=978 | party=21 amount=0
        9 order_place buyer=11 ledger=978 pay=2 | party=21 amount=1
        9 order_place buyer=11 ledger=978 delivery=5 | party=21 amount=1
        9 order_place buyer=11 ledger=978 | party=21 amount=1 quantity=1
        9 order_place buyer=11 ledger=978 | party=21 amount=1 listing=1
        9 order_place buyer=21 ledger=978 | party=21 amount=1
        9 order_place buyer=11 ledger=1 | party=21 amount=1
        9 order_place buyer=99 ledger=978 | party=21 amount=1
        9 order_place buyer=14 ledger=978 | party=21 amount=1
        9 order_place buyer=15 ledger=978 | party=21 amount=1
        9 order_place buyer=11 ledger=978 | party=21 amount=1 | party=99 amount=1
        9 order_place buyer=11 ledger=978 | party=21 amount=1 | party=23 amount=1
        9 order_place buyer=11 ledger=978 | party=21 amount=1 | party=12 amount=1
        9 order_place buyer=11 ledger=978 | party=21 amount=2.00 listing=3 quantity=1
        9 order_place buyer=11 ledger=978 | party=22 amount=2.00 listing=2 quantity=1
        9 order_place buyer=11 ledger=978 | party=22 amount=2.00 listing=1 quantity=1
        9 order_place buyer=11 ledger=840 | party=21 amount=2.00 listing=1 quantity=1
        9 order_place buyer=11 ledger=978 | party=21 amount=2.01 listing=1 quantity=1
        9 order_place buyer=11 ledger=978 | party=21 amount=6.00 listing=1 quantity=3
        9 order_place buyer=11 ledger=978 | party=21 amount=4.00 listing=1 quantity=2 | party=21 amount=2.00 listing=1 quantity=1
        9 order_place buyer=11 ledger=978 pay=now | party=21 amount=1
        + 10 top_up party=11 ledger=978 amount=10.00 funding=bank
        9 order_place buyer=11 ledger=978 pay=now | party=21 amount=9.00 | party=22 amount=1.01
        "
        ),
        &[
            Status::TooManyLegs,
            Status::ValueOutOfRange,
            Status::AmountMustNotBeZero,
            Status::LedgerNotDeclared,
            Status::PartiesMustBeDifferent,
            Status::PartyNotFound,
            Status::PartyClosed,
            Status::PartyFrozen,
            Status::PartyNotMerchant,
            Status::ListingNotFound,
            Status::ListingWithdrawn,
            Status::ListingOfOther,
            Status::ListingPriceDiffers,
            Status::OutOfStock,
            Status::InsufficientFunds,
        ],
        &expect![[r#"
            6   legs_must_not_be_empty: 9 order_place buyer=11 ledger=978
            7   too_many_legs: 9 order_place buyer=11 ledger=978 | party=21 amount=1 | party=21 amount=1 | party=21 amount=1 | party=21 amoun
            21  amount_must_not_be_zero in part 1: 9 order_place buyer=11 ledger=978 | party=21 amount=0
            20  value_out_of_range (pay): 9 order_place buyer=11 ledger=978 pay=2 | party=21 amount=1
            20  value_out_of_range (delivery): 9 order_place buyer=11 ledger=978 delivery=5 | party=21 amount=1
            20  value_out_of_range in part 1: 9 order_place buyer=11 ledger=978 | party=21 amount=1 quantity=1
            20  value_out_of_range in part 1: 9 order_place buyer=11 ledger=978 | party=21 amount=1 listing=1
            24  parties_must_be_different in part 1: 9 order_place buyer=21 ledger=978 | party=21 amount=1
            23  ledger_not_declared (ledger): 9 order_place buyer=11 ledger=1 | party=21 amount=1
            30  party_not_found (buyer): 9 order_place buyer=99 ledger=978 | party=21 amount=1
            33  party_frozen (buyer): 9 order_place buyer=14 ledger=978 | party=21 amount=1
            32  party_closed (buyer): 9 order_place buyer=15 ledger=978 | party=21 amount=1
            30  party_not_found in part 2: 9 order_place buyer=11 ledger=978 | party=21 amount=1 | party=99 amount=1
            33  party_frozen in part 2: 9 order_place buyer=11 ledger=978 | party=21 amount=1 | party=23 amount=1
            34  party_not_merchant in part 2: 9 order_place buyer=11 ledger=978 | party=21 amount=1 | party=12 amount=1
            90  listing_not_found in part 1: 9 order_place buyer=11 ledger=978 | party=21 amount=2.00 listing=3 quantity=1
            91  listing_withdrawn in part 1: 9 order_place buyer=11 ledger=978 | party=22 amount=2.00 listing=2 quantity=1
            92  listing_of_other in part 1: 9 order_place buyer=11 ledger=978 | party=22 amount=2.00 listing=1 quantity=1
            92  listing_of_other in part 1: 9 order_place buyer=11 ledger=840 | party=21 amount=2.00 listing=1 quantity=1
            93  listing_price_differs in part 1: 9 order_place buyer=11 ledger=978 | party=21 amount=2.01 listing=1 quantity=1
            94  out_of_stock in part 1: 9 order_place buyer=11 ledger=978 | party=21 amount=6.00 listing=1 quantity=3
            94  out_of_stock in part 2: 9 order_place buyer=11 ledger=978 | party=21 amount=4.00 listing=1 quantity=2 | party=21 amount=2.00 listing=1
            200 insufficient_funds by transfer status 54: 9 order_place buyer=11 ledger=978 pay=now | party=21 amount=1
            200 insufficient_funds by transfer status 54: 9 order_place buyer=11 ledger=978 pay=now | party=21 amount=9.00 | party=22 amount=1.01
        "#]],
    );
}

/// Of orders that are not paid.
#[test]
fn not_paid() {
    check_refusals(
        "
        + 10 top_up party=11 ledger=978 amount=10.00 funding=bank
        + 11 order_place buyer=11 ledger=978 | party=21 amount=5.00 | party=22 amount=6.00
        9 order_pay order=11 ledger=978 amount=0
        9 order_pay order=11 ledger=978 amount=1 funding=3
        9 order_pay order=99 ledger=978 amount=1
        9 order_pay order=11 ledger=840 amount=1
        9 order_pay order=11 ledger=978 amount=11.01
        9 order_pay order=11 ledger=978 amount=11.00
        9 order_ship order=11 delivery=none
        9 order_ship order=11 delivery=5
        9 order_ship order=99 delivery=express
        9 order_ship order=11 line=3 delivery=express
        9 order_ship order=11 delivery=express
        9 order_confirm order=11
        9 order_refund order=11 line=1 ledger=978 amount=1
        ",
        &[
            Status::ValueOutOfRange,
            Status::AmountMustNotBeZero,
            Status::LedgersDiffer,
            Status::OrderNotFound,
            Status::ExceedsDue,
            Status::OrderNotPaid,
            Status::OrderNotFinished,
            Status::InsufficientFunds,
        ],
        &expect![[r#"
            21  amount_must_not_be_zero (amount): 9 order_pay order=11 ledger=978 amount=0
            20  value_out_of_range (funding): 9 order_pay order=11 ledger=978 amount=1 funding=3
            100 order_not_found (order): 9 order_pay order=99 ledger=978 amount=1
            59  ledgers_differ (ledger): 9 order_pay order=11 ledger=840 amount=1
            102 exceeds_due (amount): 9 order_pay order=11 ledger=978 amount=11.01
            200 insufficient_funds by transfer status 54: 9 order_pay order=11 ledger=978 amount=11.00
            20  value_out_of_range (delivery): 9 order_ship order=11 delivery=none
            20  value_out_of_range (delivery): 9 order_ship order=11 delivery=5
            100 order_not_found (order): 9 order_ship order=99 delivery=express
            100 order_not_found (line): 9 order_ship order=11 line=3 delivery=express
            103 order_not_paid (order): 9 order_ship order=11 delivery=express
            103 order_not_paid (order): 9 order_confirm order=11
            109 order_not_finished (order): 9 order_refund order=11 line=1 ledger=978 amount=1
        "#]],
    );
}

/// Of orders that are paid.
#[test]
fn paid() {
    check_refusals(
        "
        + 10 top_up party=11 ledger=978 amount=10.00 funding=bank
        + 11 order_place buyer=11 ledger=978 | party=21 amount=5.00 | party=22 amount=6.00
        + 12 order_pay order=11 ledger=978 amount=11.00 funding=bank
        9 order_pay order=11 ledger=978 amount=1
        9 order_confirm order=11 line=1
        + 13 order_ship order=11 line=1 delivery=express
        9 order_ship order=11 line=1 delivery=express
        9 order_cancel order=11 line=1
        9 order_refund order=11 line=1 ledger=978 amount=1
        + 14 order_confirm order=11 line=1
        9 order_confirm order=11 line=1
        9 order_confirm order=11 line=9
        9 order_cancel order=11 line=1
        9 order_cancel order=99
        9 order_refund order=11 line=1 ledger=978 amount=0
        9 order_refund order=11 line=1 ledger=840 amount=1
        9 order_refund order=11 line=1 ledger=978 amount=5.01
        + 15 order_cancel order=11
        9 order_cancel order=11 line=2
        9 order_confirm order=11 line=2
        9 order_ship order=11 delivery=express
        9 order_refund order=11 line=2 ledger=978 amount=1
        + 16 order_place buyer=11 ledger=978 | party=21 amount=max | party=22 amount=max
        9 order_pay order=16 ledger=978 amount=max funding=bank
        + 17 order_place buyer=13 ledger=978 | party=21 amount=1
        + 18 party_state party=13 state=closed
        9 order_pay order=17 ledger=978 amount=1
        9 order_cancel order=17
        ",
        &[
            Status::AmountMustNotBeZero,
            Status::AmountTooLarge,
            Status::PartyClosed,
            Status::LedgersDiffer,
            Status::OrderNotFound,
            Status::OrderNotPayable,
            Status::OrderNotShippable,
            Status::OrderNotShipped,
            Status::OrderShipped,
            Status::OrderClosed,
            Status::OrderFinished,
            Status::OrderNotFinished,
            Status::ExceedsRefundable,
        ],
        &expect![[r#"
            101 order_not_payable (order): 9 order_pay order=11 ledger=978 amount=1
            105 order_not_shipped (order): 9 order_confirm order=11 line=1
            104 order_not_shippable (order): 9 order_ship order=11 line=1 delivery=express
            106 order_shipped (order): 9 order_cancel order=11 line=1
            109 order_not_finished (order): 9 order_refund order=11 line=1 ledger=978 amount=1
            108 order_finished (order): 9 order_confirm order=11 line=1
            100 order_not_found (line): 9 order_confirm order=11 line=9
            108 order_finished (order): 9 order_cancel order=11 line=1
            100 order_not_found (order): 9 order_cancel order=99
            21  amount_must_not_be_zero (amount): 9 order_refund order=11 line=1 ledger=978 amount=0
            59  ledgers_differ (ledger): 9 order_refund order=11 line=1 ledger=840 amount=1
            64  exceeds_refundable (amount): 9 order_refund order=11 line=1 ledger=978 amount=5.01
            107 order_closed (order): 9 order_cancel order=11 line=2
            107 order_closed (order): 9 order_confirm order=11 line=2
            104 order_not_shippable (order): 9 order_ship order=11 delivery=express
            107 order_closed (order): 9 order_refund order=11 line=2 ledger=978 amount=1
            22  amount_too_large by transfer status 49: 9 order_pay order=16 ledger=978 amount=max funding=bank
            32  party_closed (order): 9 order_pay order=17 ledger=978 amount=1
            32  party_closed (order): 9 order_cancel order=17
        "#]],
    );
}
