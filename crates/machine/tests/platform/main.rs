//! The platform in transcripts: what is asked, what is answered, and what is posted.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "transcripts are rewritten with them"
)]

mod assessments;
mod bulk;
mod chargebacks;
mod claims;
mod decisions;
mod decisions_random;
mod decisions_refused;
mod demands;
mod disputed;
mod exchange;
mod fees;
mod gifts;
mod harness;
mod holds;
mod looks;
mod orders;
mod orders_refused;
mod payments;
mod rules;
mod schedules;
mod settled;
mod sharing;
mod text;
mod unsold;

use expect_test::expect;
use harness::{check, check_refusals};
use model::CommandStatus as Status;

/// Parties, terms, freezing, and the institution's own postings.
#[test]
fn parties_and_journal() {
    check(
        "
        1 party_open party=31 kind=merchant tier=2 commission=5%
        2 party_open party=31 kind=customer
        3 fund ledger=978 amount=100.00
        4 sweep ledger=978 amount=40.00
        1 party_open party=31 kind=merchant tier=2 commission=5%
        1 party_open party=31 kind=merchant tier=3 commission=5%
        5 party_state party=31 state=frozen reason=court_order
        balances
        ",
        &expect![[r#"
            1 party_open party=31 kind=merchant tier=2 commission=5%
              created
              party 31: kind=merchant tier=2 commission=50000
            2 party_open party=31 kind=customer
              party_exists (party)
            3 fund ledger=978 amount=100.00
              created
              Dr safe 100.00 / Cr own
            4 sweep ledger=978 amount=40.00
              created
              Dr own 40.00 / Cr safe
            1 party_open party=31 kind=merchant tier=2 commission=5%
              exists
            1 party_open party=31 kind=merchant tier=3 commission=5%
              exists_with_different_content
            5 party_state party=31 state=frozen reason=court_order
              created
              party 31: state=frozen reason=court_order
            balances
              safe 60.00 Dr
              own 60.00 Cr
        "#]],
    );
}

/// Refusals of parties and of the institution's own postings.
#[test]
fn parties_and_journal_refused() {
    check_refusals(
        "
        0 fund ledger=978 amount=1
        max fund ledger=978 amount=1
        1 fund ledger=978 amount=1 | party=11 amount=1
        1 fund ledger=978 amount=0
        1 fund ledger=1 amount=1
        1 party_tier party=99 tier=1
        1 party_tier party=11 tier=4
        + 2 party_state party=12 state=closed
        1 party_tier party=12 tier=1
        1 party_erase party=11
        1 account_open party=11 ledger=978 code=9
        1 account_close party=11 ledger=978 code=2000
        1 journal_post ledger=978 amount=1 debit_code=2010 credit_code=1000
        1 journal_post ledger=978 amount=1 debit_code=1000 credit_code=1000
        ",
        &[Status::IdMustNotBeZero, Status::AccountIsHeld],
        &expect![[r#"
            1   id_must_not_be_zero: 0 fund ledger=978 amount=1
            2   id_must_not_be_int_max: max fund ledger=978 amount=1
            5   legs_not_taken: 1 fund ledger=978 amount=1 | party=11 amount=1
            21  amount_must_not_be_zero (amount): 1 fund ledger=978 amount=0
            23  ledger_not_declared (ledger): 1 fund ledger=1 amount=1
            30  party_not_found (party): 1 party_tier party=99 tier=1
            20  value_out_of_range (tier): 1 party_tier party=11 tier=4
            32  party_closed (party): 1 party_tier party=12 tier=1
            37  party_data_not_kept (party): 1 party_erase party=11
            42  chart_line_not_found (code): 1 account_open party=11 ledger=978 code=9
            46  account_not_found (code): 1 account_close party=11 ledger=978 code=2000
            49  account_is_held (debit_code): 1 journal_post ledger=978 amount=1 debit_code=2010 credit_code=1000
            24  parties_must_be_different (credit_code): 1 journal_post ledger=978 amount=1 debit_code=1000 credit_code=1000
        "#]],
    );
}
