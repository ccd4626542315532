//! Gifts.

use expect_test::expect;
use model::CommandStatus as Status;
use model::object::Noun;
use model::{Object, Record};

use crate::harness::{Platform, check, check_refusals};

/// 20.00 in 10 random parts, of which 6 are claimed in time: the draw of a seed is what it is.
#[test]
fn random_parts() {
    check(
        "
        1 top_up party=11 ledger=978 amount=20.00 funding=bank
        2 gift_send sender=11 ledger=978 amount=20.00 kind=random parts=10 seed=1234567890123456789
        3 gift_claim gift=2 party=12
        4 gift_claim gift=2 party=13
        5 gift_claim gift=2 party=14
        6 gift_claim gift=2 party=15
        7 gift_claim gift=2 party=11
        8 gift_claim gift=2 party=21
        9 gift_claim gift=2 party=12
        balances
        wait 1d
        10 gift_claim gift=2 party=22
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=20.00 funding=bank
              created
              Dr safe 20.00 / Cr wallet[11]
            2 gift_send sender=11 ledger=978 amount=20.00 kind=random parts=10 seed=1234567890123456789
              created
              Dr wallet[11] 20.00 / Cr gift
              gift 2: sender=11 ledger=978 kind=random amount=2000 parts=10 commitment=178064238760834300120509309650236546373 commitment_more=64017614347887536343364050760813378839 deadline=2026-01-06T00:00:00
              gift_seed 2: seed=1234567890123456789
            3 gift_claim gift=2 party=12
              created
              Dr gift 2.26 / Cr wallet[12]
              gift_claim 2/12: number=1 ledger=978 amount=226
              gift 2: claimed=226 claims=1
            4 gift_claim gift=2 party=13
              created
              Dr gift 1.53 / Cr wallet[13]
              gift_claim 2/13: number=2 ledger=978 amount=153
              gift 2: claimed=379 claims=2
            5 gift_claim gift=2 party=14
              created
              Dr gift 0.25 / Cr wallet[14]
              gift_claim 2/14: number=3 ledger=978 amount=25
              gift 2: claimed=404 claims=3
            6 gift_claim gift=2 party=15
              created
              Dr gift 0.53 / Cr wallet[15]
              gift_claim 2/15: number=4 ledger=978 amount=53
              gift 2: claimed=457 claims=4
            7 gift_claim gift=2 party=11
              created
              Dr gift 0.12 / Cr wallet[11]
              gift_claim 2/11: number=5 ledger=978 amount=12
              gift 2: claimed=469 claims=5
            8 gift_claim gift=2 party=21
              created
              Dr gift 1.89 / Cr wallet[21]
              gift_claim 2/21: number=6 ledger=978 amount=189
              gift 2: claimed=658 claims=6
            9 gift_claim gift=2 party=12
              gift_taken (party)
            balances
              safe 20.00 Dr
              wallet[11] 0.12 Cr
              wallet[12] 2.26 Cr
              wallet[13] 1.53 Cr
              wallet[14] 0.25 Cr
              wallet[15] 0.53 Cr
              wallet[21] 1.89 Cr
              gift 13.42 Cr
            wait 1d
              at 2026-01-06T00:00:00
              Dr gift 13.42 / Cr wallet[11]
              gift_seed 2: state=gone
              gift 2: returned=1342 state=returned
            10 gift_claim gift=2 party=22
              gift_ended (gift)
            balances
              safe 20.00 Dr
              wallet[11] 13.54 Cr
              wallet[12] 2.26 Cr
              wallet[13] 1.53 Cr
              wallet[14] 0.25 Cr
              wallet[15] 0.53 Cr
              wallet[21] 1.89 Cr
        "#]],
    );
}

/// Equal parts: the remainder goes to the first. The last claim ends the gift.
#[test]
fn equal_parts() {
    check(
        "
        1 top_up party=11 ledger=978 amount=1.00 funding=bank
        2 gift_send sender=11 ledger=978 amount=0.11 parts=3 seconds=60 seed=5
        3 gift_claim gift=2 party=12
        4 gift_claim gift=2 party=13
        5 gift_claim gift=2 party=14
        6 gift_claim gift=2 party=15
        wait 1d
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=1.00 funding=bank
              created
              Dr safe 1.00 / Cr wallet[11]
            2 gift_send sender=11 ledger=978 amount=0.11 parts=3 seconds=60 seed=5
              created
              Dr wallet[11] 0.11 / Cr gift
              gift 2: sender=11 ledger=978 amount=11 parts=3 commitment=274343212790961186762368293332715397918 commitment_more=292067915723052038664962944764600322227 deadline=2026-01-05T00:01:00
              gift_seed 2: seed=5
            3 gift_claim gift=2 party=12
              created
              Dr gift 0.04 / Cr wallet[12]
              gift_claim 2/12: number=1 ledger=978 amount=4
              gift 2: claimed=4 claims=1
            4 gift_claim gift=2 party=13
              created
              Dr gift 0.04 / Cr wallet[13]
              gift_claim 2/13: number=2 ledger=978 amount=4
              gift 2: claimed=8 claims=2
            5 gift_claim gift=2 party=14
              created
              Dr gift 0.03 / Cr wallet[14]
              gift_claim 2/14: number=3 ledger=978 amount=3
              gift_seed 2: state=gone
              gift 2: claimed=11 claims=3 state=claimed
            6 gift_claim gift=2 party=15
              gift_ended (gift)
            wait 1d
            balances
              safe 1.00 Dr
              wallet[11] 0.89 Cr
              wallet[12] 0.04 Cr
              wallet[13] 0.04 Cr
              wallet[14] 0.03 Cr
        "#]],
    );
}

/// Fifty parts are claimed by as many, and then leave the state at once.
#[test]
fn claims_leave_the_state() {
    let mut platform = Platform::new();
    platform.created("1 top_up party=11 ledger=978 amount=100.00 funding=bank");
    platform.created("2 gift_send sender=11 ledger=978 amount=50.00 kind=random parts=50 seed=9");
    for party in 0..50u32 {
        let id = 1_000 + party;
        platform.created(&format!("{id} party_open party={id} kind=customer"));
        platform.created(&format!("{} gift_claim gift=2 party={id}", id + 1_000));
    }
    let claims = platform.records.iter().filter_map(|record| match record {
        Record::Object(Object::GiftClaim(claim)) => Some(claim),
        _ => None,
    });
    let (count, sum) = claims.fold((0, 0), |(count, sum), claim| {
        (count + 1, sum + claim.amount)
    });
    assert_eq!((count, sum), (50, 5_000));
    let claim = (model::object::GiftClaim::KIND, (2, 1_000));
    assert_eq!(platform.state.object(claim), None, "it has left the state");
}

/// Every refusal of gifts.
#[test]
fn gifts_refused() {
    check_refusals(
        "
        + 1 top_up party=11 ledger=978 amount=1.00 funding=bank
        + 2 party_state party=14 state=frozen
        9 gift_send sender=11 ledger=978 amount=0 parts=1 seed=1
        9 gift_send sender=11 ledger=978 amount=1 kind=2 parts=1 seed=1
        9 gift_send sender=11 ledger=978 amount=1 parts=0 seed=1
        9 gift_send sender=11 ledger=978 amount=99.00 parts=1001 seed=1
        9 gift_send sender=11 ledger=978 amount=2 parts=3 seed=1
        9 gift_send sender=11 ledger=978 amount=2 parts=2 seed=0
        9 gift_send sender=11 ledger=1 amount=2 parts=2 seed=1
        9 gift_send sender=99 ledger=978 amount=2 parts=2 seed=1
        9 gift_send sender=14 ledger=978 amount=2 parts=2 seed=1
        9 gift_send sender=11 ledger=978 amount=1.01 parts=2 seed=1
        + 3 gift_send sender=11 ledger=978 amount=0.10 parts=2 seed=1
        9 gift_claim gift=99 party=11
        9 gift_claim gift=3 party=99
        9 gift_claim gift=3 party=14
        + 4 gift_claim gift=3 party=12
        9 gift_claim gift=3 party=12
        + 5 gift_claim gift=3 party=13
        9 gift_claim gift=3 party=12
        9 gift_claim gift=3 party=15
        ",
        &[
            Status::AmountMustNotBeZero,
            Status::ValueOutOfRange,
            Status::LedgerNotDeclared,
            Status::PartyNotFound,
            Status::PartyFrozen,
            Status::GiftNotFound,
            Status::GiftEnded,
            Status::GiftTaken,
            Status::GiftTooSmall,
            Status::GiftSeedMustNotBeZero,
            Status::InsufficientFunds,
        ],
        &expect![[r#"
            21  amount_must_not_be_zero (amount): 9 gift_send sender=11 ledger=978 amount=0 parts=1 seed=1
            20  value_out_of_range (kind): 9 gift_send sender=11 ledger=978 amount=1 kind=2 parts=1 seed=1
            20  value_out_of_range (parts): 9 gift_send sender=11 ledger=978 amount=1 parts=0 seed=1
            20  value_out_of_range (parts): 9 gift_send sender=11 ledger=978 amount=99.00 parts=1001 seed=1
            123 gift_too_small (amount): 9 gift_send sender=11 ledger=978 amount=2 parts=3 seed=1
            124 gift_seed_must_not_be_zero (seed): 9 gift_send sender=11 ledger=978 amount=2 parts=2 seed=0
            23  ledger_not_declared (ledger): 9 gift_send sender=11 ledger=1 amount=2 parts=2 seed=1
            30  party_not_found (sender): 9 gift_send sender=99 ledger=978 amount=2 parts=2 seed=1
            33  party_frozen (sender): 9 gift_send sender=14 ledger=978 amount=2 parts=2 seed=1
            200 insufficient_funds by transfer status 54: 9 gift_send sender=11 ledger=978 amount=1.01 parts=2 seed=1
            120 gift_not_found (gift): 9 gift_claim gift=99 party=11
            30  party_not_found (party): 9 gift_claim gift=3 party=99
            33  party_frozen (party): 9 gift_claim gift=3 party=14
            122 gift_taken (party): 9 gift_claim gift=3 party=12
            121 gift_ended (gift): 9 gift_claim gift=3 party=12
            121 gift_ended (gift): 9 gift_claim gift=3 party=15
        "#]],
    );
}
