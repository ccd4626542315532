//! What leaves lies within the scope, or does not leave.

use demands::age::{Fresh, Recipient};
use demands::answer::{AnswerError, Sheet, check, check_by_statute, disclose};
use demands::{Field, Kind, Scope, id_text, nanosecond_text};
use proptest::prelude::*;

const TEXT: &str = "counterfoil/demand/v1
authority 000000000000000000000000000000aa
reference R
basis B
purpose P
subjects persons 00000000000000000000000000000007
roles any
fields account,time,kind,party,counterparty_party,amount,balance,channel,name
kinds pay
from 2026-01-01T00:00:00Z
to 2026-02-01T00:00:00Z
sealed no
";

const SHEET: &str = "account,time,kind,party,counterparty_party,amount,balance,channel,name\r
00000000000000000000000000000011,2026-01-01T00:00:00.000000000Z,pay,00000000000000000000000000000007,,100,-5,app,\"Seven, \"\"the\"\" first\"\r
00000000000000000000000000000012,2026-01-31T23:59:59.999999999Z,pay,00000000000000000000000000000008,00000000000000000000000000000007,0,0,,\r
00000000000000000000000000000011,2026-01-05T00:00:00.000000000Z,pay,00000000000000000000000000000007,,1,2,\"a\r
b\",\r
";

fn scope() -> Scope {
    Scope::parse(TEXT).expect("whole")
}

/// The sheet with no line end in a value.
fn sheet() -> String {
    SHEET.replace("\"a\r\nb\"", "app")
}

#[test]
fn a_sheet_within_is_counted() {
    let counts = check(sheet().as_bytes(), &scope()).expect("within");
    assert_eq!((counts.rows, counts.accounts), (3, 2));
    assert_eq!(counts.bytes, sheet().len() as u64);
    assert_eq!(counts.digest_text().len(), 64);
    let empty = Sheet::new(&scope()).into_bytes();
    let counts = check(&empty, &scope()).expect("nothing lies outside");
    assert_eq!((counts.rows, counts.accounts), (0, 0));
}

/// What stands in the sheet, what stands there instead, what is said of it.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "account,time",
        "time,account",
        "column 2 is no field, or stands behind one that comes later",
    ),
    (
        "name\r\n",
        "diary\r\n",
        "column 9 is no field, or stands behind one that comes later",
    ),
    (
        "channel,name",
        "channel,contact",
        "the field contact was not asked for",
    ),
    (
        "party,counterparty_party",
        "counterparty_account,counterparty_party",
        "the field counterparty_account was not asked for",
    ),
    (
        "2026-01-01T00:00:00.0",
        "2025-12-31T23:59:59.9",
        "row 1 lies outside of the scope by its time",
    ),
    (
        "2026-01-31T23:59:59.999999999Z",
        "2026-02-01T00:00:00.000000000Z",
        "row 2 lies outside of the scope by its time",
    ),
    (
        "pay,00000000000000000000000000000008",
        "refund,00000000000000000000000000000008",
        "row 2 lies outside of the scope by its kind",
    ),
    (
        "pay,00000000000000000000000000000007",
        "pay,00000000000000000000000000000009",
        "row 1 lies outside of the scope by its party",
    ),
    (
        "8,00000000000000000000000000000007,0",
        "8,,0",
        "row 2 lies outside of the scope by its party",
    ),
    (
        "00000000000000000000000000000011,2026-01-01",
        ",2026-01-01",
        "row 1: the value of account is not of its form",
    ),
    (
        "00000000000000000000000000000011,2026-01-01",
        "11,2026-01-01",
        "row 1: the value of account is not of its form",
    ),
    (
        "2026-01-01T00:00:00.000000000Z",
        "2026-01-01T00:00:00Z",
        "row 1: the value of time is not of its form",
    ),
    (
        ",100,",
        ",1e2,",
        "row 1: the value of amount is not of its form",
    ),
    (
        ",100,",
        ",+100,",
        "row 1: the value of amount is not of its form",
    ),
    (
        ",-5,",
        ",--5,",
        "row 1: the value of balance is not of its form",
    ),
    (
        ",100,",
        ",100,100,",
        "row 1 is no CSV: it does not have as many values as there are columns",
    ),
    (
        "app,\"Seven",
        "app,Seven",
        "row 1 is no CSV: a value ends in a comma or in CR LF",
    ),
    ("first\"", "first", "row 1 is no CSV: a quote is not closed"),
    (
        "0,0,,\r\n",
        "0,0,,\n",
        "row 2 is no CSV: a value ends in a comma or in CR LF",
    ),
];

#[test]
fn the_first_row_and_field_outside_is_named() {
    for (stands, instead, said) in WRONG {
        let whole = sheet();
        assert!(whole.contains(stands), "{stands}");
        let text = whole.replacen(stands, instead, 1);
        let error = check(text.as_bytes(), &scope()).expect_err(instead);
        assert_eq!(error.to_string(), *said, "{instead}");
    }
    let error = check(SHEET.as_bytes(), &scope()).expect_err("a line end in a value");
    let field = Field::Channel;
    assert_eq!(error, AnswerError::Value { row: 3, field });
    let error = check(b"account\xff", &scope()).expect_err("no UTF-8");
    assert_eq!(error.to_string(), "row 0 is no CSV: it is not UTF-8");
    assert_eq!(
        check(b"", &scope()),
        Err(AnswerError::Missing(Field::Account))
    );
}

/// The sheet of a wide scope does not leave under a narrow one.
#[test]
fn a_wider_sheet_does_not_leave_under_a_narrow_scope() {
    for (stands, instead) in [
        (
            "00000000000000000000000000000007\nroles",
            "00000000000000000000000000000006\nroles",
        ),
        ("roles any", "roles owner"),
        ("amount,balance,", "amount,"),
        ("from 2026-01-01", "from 2026-01-02"),
        ("to 2026-02-01", "to 2026-01-31"),
        ("kinds pay", "kinds refund"),
    ] {
        let narrow = Scope::parse(&TEXT.replacen(stands, instead, 1)).expect(instead);
        assert!(check(sheet().as_bytes(), &narrow).is_err(), "{instead}");
    }
}

#[test]
fn rows_about_everyone_need_a_statute() {
    let bulk = TEXT.replacen("persons 00000000000000000000000000000007", "all", 1);
    let bulk = Scope::parse(&bulk).expect("whole");
    let sheet = sheet();
    assert_eq!(check(sheet.as_bytes(), &bulk), Err(AnswerError::Bulk));
    let by = |statutes: &[&str]| check_by_statute(sheet.as_bytes(), &bulk, statutes);
    assert_eq!(by(&["another"]), Err(AnswerError::Bulk));
    assert_eq!(by(&["another", "B"]).map(|counts| counts.rows), Ok(3));
    let named = check_by_statute(sheet.as_bytes(), &scope(), &[]);
    assert_eq!(named, check(sheet.as_bytes(), &scope()));
}

#[test]
fn what_is_disclosed_is_encrypted() {
    let recipient: Recipient = "age1cu6l0xs48crpk5fu8jc9plk27exsyzqaqe7n7tq8ngavsqe304hqp2nven"
        .parse()
        .expect("a recipient");
    let fresh = || Fresh::new(&[5; 64]);
    let answer = disclose(sheet().as_bytes(), &scope(), &recipient, fresh()).expect("within");
    assert_eq!(Ok(answer.counts), check(sheet().as_bytes(), &scope()));
    assert!(answer.file.starts_with(b"age-encryption.org/v1\n"));
    assert!(!answer.file.windows(5).any(|window| window == b"Seven"));
    let outside = sheet().replacen("pay", "refund", 1);
    assert!(disclose(outside.as_bytes(), &scope(), &recipient, fresh()).is_err());
}

proptest! {
    /// Rows about two people and two months, in any order: the sheet leaves only where every row
    /// lies within, and the row that is named is the first that does not.
    #[test]
    fn a_sheet_leaves_if_every_row_lies_within(
        rows in prop::collection::vec((6u128..9, 0u64..3, any::<bool>(), "[ -~é]{0,12}"), 0..12)
    ) {
        let scope = scope();
        let mut sheet = Sheet::new(&scope);
        let mut first = None;
        for (index, (party, month, pays, name)) in rows.iter().enumerate() {
            let time = (1_767_225_600 - 86_400 + month * 20 * 86_400) * 1_000_000_000;
            let kind = if *pays { "pay" } else { "refund" };
            let within = *party == 7 && *month == 1 && *pays;
            if !within && first.is_none() {
                first = Some(index as u64 + 1);
            }
            sheet.push(&[
                (Field::Account, &id_text(*party)),
                (Field::Time, &nanosecond_text(time)),
                (Field::Kind, Kind::new(kind).expect("a kind").as_str()),
                (Field::Party, &id_text(*party)),
                (Field::Name, name),
                (Field::Document, "never asked for"),
            ]);
        }
        let bytes = sheet.into_bytes();
        prop_assert!(!bytes.windows(5).any(|window| window == b"never"));
        match (check(&bytes, &scope), first) {
            (Ok(counts), None) => prop_assert_eq!(counts.rows, rows.len() as u64),
            (Err(AnswerError::Outside { row, .. }), Some(first)) => prop_assert_eq!(row, first),
            (other, first) => prop_assert!(false, "{other:?} {first:?}"),
        }
    }
}
