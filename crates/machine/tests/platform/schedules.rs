//! Calendars, business days, and standing orders.

use expect_test::expect;
use model::CommandStatus as Status;

use crate::harness::{check, check_refusals};

/// From 31 January on, month by month: the end of the month where it is shorter, put off over the
/// weekend, and the next counted from the first again. 2028 is a leap year. Days begin an hour
/// before those of UTC.
#[test]
fn months_ends_weekends_and_leap_days() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 calendar_set calendar=7 offset=90000 weekend=saturday+sunday
        until 2028-01-30
        3 schedule payer=11 payee=12 ledger=978 amount=1.00 calendar=7 rule=months every=1 first_day=2028-01-31 runs_most=5
        until 2028-06-30
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 calendar_set calendar=7 offset=90000 weekend=saturday+sunday
              created
              calendar 7: offset=90000 weekend=96
            until 2028-01-30
            3 schedule payer=11 payee=12 ledger=978 amount=1.00 calendar=7 rule=months every=1 first_day=2028-01-31 runs_most=5
              created
              schedule 3: payer=11 payee=12 ledger=978 amount=100 calendar=7 rule=months every=1 first_day=2028-01-31 runs_most=5 deadline=2028-01-30T23:00:00
            until 2028-06-30
              at 2028-01-30T23:00:00
              Dr wallet[11] 1.00 / Cr wallet[12]
              payment own: payer=11 payee=12 ledger=978 amount=100
              schedule 3: runs=1 deadline=2028-02-28T23:00:00
              at 2028-02-28T23:00:00
              Dr wallet[11] 1.00 / Cr wallet[12]
              payment own: payer=11 payee=12 ledger=978 amount=100
              schedule 3: runs=2 deadline=2028-03-30T23:00:00
              at 2028-03-30T23:00:00
              Dr wallet[11] 1.00 / Cr wallet[12]
              payment own: payer=11 payee=12 ledger=978 amount=100
              schedule 3: runs=3 deadline=2028-04-30T23:00:00
              at 2028-04-30T23:00:00
              Dr wallet[11] 1.00 / Cr wallet[12]
              payment own: payer=11 payee=12 ledger=978 amount=100
              schedule 3: runs=4 deadline=2028-05-30T23:00:00
              at 2028-05-30T23:00:00
              Dr wallet[11] 1.00 / Cr wallet[12]
              payment own: payer=11 payee=12 ledger=978 amount=100
              schedule 3: runs=5 state=ended deadline=0
        "#]],
    );
}

/// A holiday that is known at first, one that is set later, and one that is taken back.
#[test]
fn holidays() {
    check(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 calendar_set offset=86400 weekend=saturday+sunday
        3 holiday_set day=2026-01-06
        4 schedule payer=11 payee=21 ledger=978 amount=1.00 rule=weeks every=1 first_day=2026-01-06 runs_most=3
        5 holiday_set day=2026-01-14
        until 2026-01-13
        6 holiday_set day=2026-01-20
        7 holiday_set day=2026-01-20 state=gone
        until 2026-01-19
        8 holiday_set day=2026-01-20
        until 2026-01-20
        9 holiday_set day=2026-01-21
        until 2026-02-28
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=100.00 funding=bank
              created
              Dr safe 100.00 / Cr wallet[11]
            2 calendar_set offset=86400 weekend=saturday+sunday
              created
              calendar 0: offset=86400 weekend=96
            3 holiday_set day=2026-01-06
              created
              holiday 0/20459:
            4 schedule payer=11 payee=21 ledger=978 amount=1.00 rule=weeks every=1 first_day=2026-01-06 runs_most=3
              created
              schedule 4: payer=11 payee=21 ledger=978 amount=100 rule=weeks every=1 first_day=2026-01-06 runs_most=3 deadline=2026-01-07T00:00:00
            5 holiday_set day=2026-01-14
              created
              holiday 0/20467:
            until 2026-01-13
              at 2026-01-07T00:00:00
              Dr wallet[11] 1.00 / Cr seller[21]
              payment own: payer=11 payee=21 ledger=978 amount=100
              schedule 4: runs=1 deadline=2026-01-13T00:00:00
              at 2026-01-13T00:00:00
              Dr wallet[11] 1.00 / Cr seller[21]
              payment own: payer=11 payee=21 ledger=978 amount=100
              schedule 4: runs=2 deadline=2026-01-20T00:00:00
            6 holiday_set day=2026-01-20
              created
              holiday 0/20473:
            7 holiday_set day=2026-01-20 state=gone
              created
              holiday 0/20473: state=gone
            until 2026-01-19
            8 holiday_set day=2026-01-20
              created
              holiday 0/20473: state=there
            until 2026-01-20
              at 2026-01-20T00:00:00
              schedule 4: deadline=2026-01-21T00:00:00
            9 holiday_set day=2026-01-21
              created
              holiday 0/20474:
            until 2026-02-28
              at 2026-01-21T00:00:00
              schedule 4: deadline=2026-01-22T00:00:00
              at 2026-01-22T00:00:00
              Dr wallet[11] 1.00 / Cr seller[21]
              payment own: payer=11 payee=21 ledger=978 amount=100
              schedule 4: runs=3 state=ended deadline=0
        "#]],
    );
}

/// What is refused counts, and the order goes on: without funds, of a frozen payer.
#[test]
fn failures_do_not_end_it() {
    check(
        "
        1 top_up party=11 ledger=978 amount=1.00 funding=bank
        2 calendar_set offset=86400
        3 schedule payer=11 payee=12 ledger=978 amount=1.00 rule=days every=2 first_day=2026-01-05
        wait 3d
        4 top_up party=11 ledger=978 amount=9.00 funding=bank
        5 party_state party=11 state=frozen reason=risk
        wait 2d
        6 party_state party=11 state=active reason=resolved
        wait 2d
        7 schedule_cancel schedule=3
        wait 9d
        balances
        ",
        &expect![[r#"
            1 top_up party=11 ledger=978 amount=1.00 funding=bank
              created
              Dr safe 1.00 / Cr wallet[11]
            2 calendar_set offset=86400
              created
              calendar 0: offset=86400
            3 schedule payer=11 payee=12 ledger=978 amount=1.00 rule=days every=2 first_day=2026-01-05
              created
              schedule 3: payer=11 payee=12 ledger=978 amount=100 rule=days every=2 first_day=2026-01-05 deadline=2026-01-05T00:00:00
            wait 3d
              at 2026-01-05T00:00:00
              Dr wallet[11] 1.00 / Cr wallet[12]
              payment own: payer=11 payee=12 ledger=978 amount=100
              schedule 3: runs=1 deadline=2026-01-07T00:00:00
              at 2026-01-07T00:00:00
              schedule 3: runs=2 failed=1 last_status=200 deadline=2026-01-09T00:00:00
            4 top_up party=11 ledger=978 amount=9.00 funding=bank
              created
              Dr safe 9.00 / Cr wallet[11]
            5 party_state party=11 state=frozen reason=risk
              created
              party 11: state=frozen reason=risk
            wait 2d
              at 2026-01-09T00:00:00
              schedule 3: runs=3 failed=2 last_status=33 deadline=2026-01-11T00:00:00
            6 party_state party=11 state=active reason=resolved
              created
              party 11: state=active reason=resolved
            wait 2d
              at 2026-01-11T00:00:00
              Dr wallet[11] 1.00 / Cr wallet[12]
              payment own: payer=11 payee=12 ledger=978 amount=100
              schedule 3: runs=4 deadline=2026-01-13T00:00:00
            7 schedule_cancel schedule=3
              created
              schedule 3: state=cancelled deadline=0
            wait 9d
            balances
              safe 10.00 Dr
              wallet[11] 8.00 Cr
              wallet[12] 2.00 Cr
        "#]],
    );
}

/// A payment on a later day, which can be paid back.
#[test]
fn once() {
    let mut platform = crate::harness::Platform::new();
    let transcript = platform.run(
        "
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
        2 calendar_set offset=86400
        3 schedule payer=11 payee=21 ledger=978 amount=25.00 first_day=2026-03-01
        wait 90d
        ",
    );
    let payment = platform
        .records
        .iter()
        .rev()
        .find_map(|record| match record {
            model::Record::Object(model::Object::Payment(payment)) => Some(payment.id),
            _ => None,
        });
    let payment = payment.expect("it was paid");
    let answer = platform.line(&format!(
        "4 refund payment={payment} ledger=978 amount=5.00"
    ));
    expect![[r#"
        1 top_up party=11 ledger=978 amount=100.00 funding=bank
          created
          Dr safe 100.00 / Cr wallet[11]
        2 calendar_set offset=86400
          created
          calendar 0: offset=86400
        3 schedule payer=11 payee=21 ledger=978 amount=25.00 first_day=2026-03-01
          created
          schedule 3: payer=11 payee=21 ledger=978 amount=2500 first_day=2026-03-01 runs_most=1 deadline=2026-03-01T00:00:00
        wait 90d
          at 2026-03-01T00:00:00
          Dr wallet[11] 25.00 / Cr seller[21]
          payment own: payer=11 payee=21 ledger=978 amount=2500
          schedule 3: runs=1 state=ended deadline=0
          created
          Dr seller[21] 5.00 / Cr wallet[11]
          payment own: refunded=500
    "#]].assert_eq(&(transcript + &answer));
}

/// Days are closed in order, once they are over by the institution's calendar: here an hour
/// before the end of the day of UTC.
#[test]
fn days() {
    check(
        "
        1 calendar_set offset=90000
        2 day_close day=2026-01-05
        until 2026-01-05T22:59:59
        3 day_close day=2026-01-05
        until 2026-01-05T23:00:00
        4 day_close day=2026-01-05
        5 day_close day=2026-01-05
        6 day_close day=2026-01-04
        wait 3d
        7 day_close day=2026-01-08
        8 day_close day=2026-01-07
        9 day_close day=2026-01-06
        ",
        &expect![[r#"
            1 calendar_set offset=90000
              created
              calendar 0: offset=90000
            2 day_close day=2026-01-05
              day_not_over (day)
            until 2026-01-05T22:59:59
            3 day_close day=2026-01-05
              day_not_over (day)
            until 2026-01-05T23:00:00
            4 day_close day=2026-01-05
              created
              day 20458: state=closed records=64
              day 20459:
            5 day_close day=2026-01-05
              day_closed (day)
            6 day_close day=2026-01-04
              day_closed (day)
            wait 3d
            7 day_close day=2026-01-08
              created
              day 20459: state=closed records=67
              day 20461: state=closed records=67
              day 20462:
            8 day_close day=2026-01-07
              day_closed (day)
            9 day_close day=2026-01-06
              day_closed (day)
        "#]],
    );
}

#[test]
fn refused() {
    check_refusals(
        "
        9 day_close day=2026-01-04
        9 calendar_set offset=172801
        9 calendar_set offset=86400 weekend=127
        9 holiday_set day=2026-01-06
        9 schedule payer=11 payee=12 ledger=978 amount=1 first_day=2026-01-06
        + 1 calendar_set offset=86400
        + 2 party_state party=14 state=frozen reason=risk
        9 holiday_set day=2026-01-06 state=2
        9 holiday_set day=4294967295
        9 day_close day=4294967295
        9 day_close day=2026-01-05
        + 3 day_close day=2026-01-04
        9 day_close day=2026-01-04
        9 schedule payer=11 payee=12 ledger=978 amount=0 first_day=2026-01-06
        9 schedule payer=11 payee=12 ledger=978 amount=1 rule=4 first_day=2026-01-06
        9 schedule payer=11 payee=12 ledger=978 amount=1 rule=days first_day=2026-01-06
        9 schedule payer=11 payee=12 ledger=978 amount=1 runs_most=2 first_day=2026-01-06
        9 schedule payer=11 payee=12 ledger=978 amount=1 first_day=4294967295
        9 schedule payer=11 payee=11 ledger=978 amount=1 first_day=2026-01-06
        9 schedule payer=11 payee=12 ledger=1 amount=1 first_day=2026-01-06
        9 schedule payer=11 payee=12 ledger=978 amount=1 calendar=9 first_day=2026-01-06
        9 schedule payer=11 payee=12 ledger=978 amount=1 first_day=2026-01-04
        9 schedule payer=14 payee=12 ledger=978 amount=1 first_day=2026-01-06
        9 schedule payer=11 payee=99 ledger=978 amount=1 first_day=2026-01-06
        9 schedule_cancel schedule=99
        + 4 schedule payer=11 payee=12 ledger=978 amount=1 first_day=2026-01-06
        + 5 schedule_cancel schedule=4
        9 schedule_cancel schedule=4
        ",
        &[
            Status::CalendarNotFound,
            Status::DayNotOver,
            Status::DayClosed,
            Status::DayInThePast,
            Status::ValueOutOfRange,
            Status::ScheduleNotFound,
            Status::ScheduleEnded,
        ],
        &expect![[r#"
            55  calendar_not_found: 9 day_close day=2026-01-04
            20  value_out_of_range (offset): 9 calendar_set offset=172801
            20  value_out_of_range (weekend): 9 calendar_set offset=86400 weekend=127
            55  calendar_not_found (calendar): 9 holiday_set day=2026-01-06
            55  calendar_not_found (calendar): 9 schedule payer=11 payee=12 ledger=978 amount=1 first_day=2026-01-06
            20  value_out_of_range (state): 9 holiday_set day=2026-01-06 state=2
            20  value_out_of_range (day): 9 holiday_set day=4294967295
            20  value_out_of_range (day): 9 day_close day=4294967295
            56  day_not_over (day): 9 day_close day=2026-01-05
            57  day_closed (day): 9 day_close day=2026-01-04
            21  amount_must_not_be_zero (amount): 9 schedule payer=11 payee=12 ledger=978 amount=0 first_day=2026-01-06
            20  value_out_of_range (rule): 9 schedule payer=11 payee=12 ledger=978 amount=1 rule=4 first_day=2026-01-06
            20  value_out_of_range (every): 9 schedule payer=11 payee=12 ledger=978 amount=1 rule=days first_day=2026-01-06
            20  value_out_of_range (runs_most): 9 schedule payer=11 payee=12 ledger=978 amount=1 runs_most=2 first_day=2026-01-06
            20  value_out_of_range (first_day): 9 schedule payer=11 payee=12 ledger=978 amount=1 first_day=4294967295
            24  parties_must_be_different (payee): 9 schedule payer=11 payee=11 ledger=978 amount=1 first_day=2026-01-06
            23  ledger_not_declared (ledger): 9 schedule payer=11 payee=12 ledger=1 amount=1 first_day=2026-01-06
            55  calendar_not_found (calendar): 9 schedule payer=11 payee=12 ledger=978 amount=1 calendar=9 first_day=2026-01-06
            58  day_in_the_past (first_day): 9 schedule payer=11 payee=12 ledger=978 amount=1 first_day=2026-01-04
            33  party_frozen (payer): 9 schedule payer=14 payee=12 ledger=978 amount=1 first_day=2026-01-06
            30  party_not_found (payee): 9 schedule payer=11 payee=99 ledger=978 amount=1 first_day=2026-01-06
            71  schedule_not_found (schedule): 9 schedule_cancel schedule=99
            72  schedule_ended (schedule): 9 schedule_cancel schedule=4
        "#]],
    );
}
