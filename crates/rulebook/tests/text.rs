//! Rule books as text: read, refused, written.

#[path = "../../model/tests/books/mod.rs"]
mod books;

use model::rule::{BOOK_BYTES, Condition, bytes};
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::Config;
use rulebook::examples::run;
use rulebook::{FILE_BYTES, read, to_toml};

proptest! {
    #![proptest_config(Config::with_cases(256))]

    /// What the log keeps can be read, and says the same when it is read.
    #[test]
    fn a_written_book_is_read_as_the_same(book in books::book()) {
        let text = to_toml(&book).expect("it is sound");
        match read(&text) {
            Ok(file) => prop_assert_eq!(file.book, book),
            Err(error) => prop_assert!(false, "{}\n{}", error, text),
        }
    }

    /// One byte of text is another: it is refused, or a book that is sound.
    #[test]
    fn other_text_does_not_panic(book in books::book(), at: usize, byte in 0x20..0x7F_u8) {
        let mut text = to_toml(&book).expect("it is sound").into_bytes();
        if !text.is_empty() {
            let at = at % text.len();
            text[at] = byte;
        }
        if let Ok(text) = String::from_utf8(text)
            && let Ok(file) = read(&text)
        {
            prop_assert_eq!(file.book.check(), Ok(()));
        }
    }
}

/// A file with one rule, whose lines are changed by the tests.
const FILE: &str = "\
currency = \"CNY\"
zone = \"Asia/Shanghai\"
[[rule]]
id = \"day\"
title = \"1,000 yuan a day\"
jurisdiction = \"CN\"
source = { law = \"A law\", article = \"1\", verified = true }
valid = { from = \"2018-04-01\" }
scope = { product = [\"payment\"] }
require = { sum = { per = \"party\", within = \"day\" }, at_most = \"1000.00\" }
then = \"refuse\"
[[rule.example]]
name = \"the last yuan\"
when = { time = \"2018-04-02T10:00:00\", amount = \"1000.00\" }
then = \"passes\"
";

/// What is said of the file with one piece of it changed.
fn refused(piece: &str, other: &str) -> String {
    assert!(FILE.contains(piece), "{piece}");
    let error = read(&FILE.replacen(piece, other, 1)).expect_err(other);
    error.to_string()
}

/// What is said of another requirement.
fn required(requirement: &str) -> String {
    let whole = "{ sum = { per = \"party\", within = \"day\" }, at_most = \"1000.00\" }";
    let said = refused(whole, requirement);
    let why = said.strip_prefix("line 10, rule day: ");
    why.unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// A piece of the file, another in its place, and what is said.
const WRONG: &[(&str, &str, &str)] = &[
    ("id = \"day\"", "", "line 3: `id` is missing"),
    (
        "id = \"day\"",
        "id = \"Day\"",
        "line 3, rule Day: an id is 1 to 64 small letters, digits and hyphens",
    ),
    (
        "currency = \"CNY\"",
        "currency = \"yuan\"",
        "line 1, rule day: a currency is 1 to 12 capital letters and digits, as CNY, or any",
    ),
    (
        "currency = \"CNY\"",
        "",
        "line 10, rule day: an amount needs the currency of the rule",
    ),
    (
        "currency = \"CNY\"",
        "exponent = 19\ncurrency = \"CNY\"",
        "line 4, rule day: a currency has at most 18 decimal places",
    ),
    (
        "zone = \"Asia/Shanghai\"",
        "zone = \"Asia/Peking\"",
        "line 2, rule day: there is no time zone `Asia/Peking`; write one as Asia/Shanghai or +08:00",
    ),
    (
        "zone = \"Asia/Shanghai\"",
        "",
        "line 3, rule day: `zone` is missing: where days begin",
    ),
    (
        "title = ",
        "titel = ",
        "line 3, rule day: `title` is missing",
    ),
    (
        "title = ",
        "note = 1\ntitle = ",
        "line 5, rule day: `note` is not known here; known are currency, draft, example, exponent, id, jurisdiction, require, scope, source, then, title, unless, valid, zone",
    ),
    (
        "verified = true",
        "verified = 1",
        "line 7, rule day: `verified` is true or false",
    ),
    (
        ", verified = true",
        "",
        "line 7, rule day: `verified` is missing",
    ),
    (
        "law = \"A law\"",
        "law = \"\"",
        "line 3, rule day: title, jurisdiction and source.law must be said",
    ),
    (
        "valid = { from = \"2018-04-01\" }",
        "",
        "line 3, rule day: `valid` is missing: from when the rule holds",
    ),
    (
        "valid = ",
        "draft = true\nvalid = ",
        "line 9, rule day: a draft is not in force: either `draft = true` or `valid`",
    ),
    (
        "\"2018-04-01\" }",
        "\"2018-04-01\", to = \"2018-04-01\" }",
        "line 3, rule day: it ends before it begins",
    ),
    (
        "\"2018-04-01\"",
        "\"April\"",
        "line 8, rule day: a moment is a date (2018-04-01), a local time (2018-04-01T10:00:00) or a time with its offset (2018-04-01T10:00:00+08:00), from 1970 on",
    ),
    (
        "\"2018-04-01\"",
        "5",
        "line 8, rule day: `from` is a date or a time",
    ),
    (
        "product = [\"payment\"]",
        "product = [\"loans\"]",
        "line 9, rule day: `product` is one of wallet, payment, sharing, exchange, gift, marketplace, payout, credit, not `loans`",
    ),
    (
        "product = [\"payment\"]",
        "product = \"payment\"",
        "line 9, rule day: `product` is a list in square brackets",
    ),
    (
        "product = [\"payment\"]",
        "kind = [\"payment\"]",
        "line 9, rule day: there is no act `payment`",
    ),
    (
        "product = [\"payment\"]",
        "kind = [70000]",
        "line 9, rule day: `kind` is less: the number is too large here",
    ),
    (
        "product = [\"payment\"]",
        "kind = [0]",
        "line 3, rule day: the scope names a tier, party class, channel or kind that there is not",
    ),
    (
        "product = [\"payment\"]",
        "tier = [-1]",
        "line 9, rule day: `tier` is a whole number from 0 on",
    ),
    (
        "product = [\"payment\"]",
        "channel = [\"qr\"]",
        "line 9, rule day: `channel` is one of none, app, web, in_store, api, card, qr_a, qr_b, qr_c, qr_d, not `qr`",
    ),
    (
        "scope = { product = [\"payment\"] }",
        "scope = 1",
        "line 9, rule day: `scope` is a table in curly brackets",
    ),
    (
        "then = \"refuse\"",
        "then = \"stop\"",
        "line 11, rule day: `then` is one of refuse, hold, flag, report, not `stop`",
    ),
    (
        "then = \"refuse\"",
        "then = \"refuse",
        "line 11: invalid basic string, expected `\"`",
    ),
    (
        "then = \"passes\"",
        "then = \"passes\"\nused = \"1.00\"",
        "line 15, rule day: used, left and again are told of a payment that does not pass",
    ),
    (
        "time = \"2018-04-02T10:00:00\", ",
        "",
        "line 14, rule day: `time` is missing",
    ),
    (
        "when = { ",
        "when = { refused = true, ",
        "line 12, rule day: what becomes of `when` is said by `then`",
    ),
    (
        "when = { ",
        "balance = [{ credits = \"1.00\" }]\nwhen = { ",
        "line 14, rule day: a balance is that of one `role` or one `code`",
    ),
];

#[test]
fn what_is_wrong_is_told_with_its_place() {
    read(FILE).expect("it is sound");
    for (piece, other, said) in WRONG {
        assert_eq!(&refused(piece, other), said, "{other}");
    }
}

#[test]
fn what_is_wrong_with_a_condition_is_told() {
    let forms = "a condition is one of all, any, not and own_name, or a comparison, as { amount = \
                 true, at_most = \"1000.00\" }";
    let relation = "a comparison has one of at_most, below, at_least, above, equals";
    let fraction = "a fraction is two whole numbers, as 1/3, or a percentage, as 2.5%";
    for (requirement, said) in [
        ("{}", forms),
        ("{ at_most = \"1.00\" }", forms),
        ("{ amount = true }", relation),
        (
            "{ amount = true, at_most = \"1.00\", above = \"0.50\" }",
            relation,
        ),
        ("{ amount = false, at_most = \"1.00\" }", "`amount` is true"),
        (
            "{ amount = true, figure = \"x\", at_most = 1 }",
            "one side of a comparison is one term",
        ),
        (
            "{ amount = true, at_most = 1000 }",
            "an amount is text in major units, as \"1000.00\"; a number that is none, { number = 1000 }",
        ),
        (
            "{ amount = true, at_most = \"1000.001\" }",
            "the currency has 2 decimal places, the amount has more",
        ),
        (
            "{ amount = true, at_most = \"1,000\" }",
            "an amount is digits with at most one point, as 12.50",
        ),
        (
            "{ count = { per = \"party\", within = \"day\" }, at_most = \"5\" }",
            "a count is a whole number, as 5",
        ),
        (
            "{ count = { per = \"party\", within = \"days\" }, at_most = 5 }",
            "`within` is one of day, week, month, quarter, year, lifetime, not `days`",
        ),
        (
            "{ count = { per = \"all\", within = \"day\" }, at_most = 5 }",
            "`per` is one of party, account, pair, everyone, not `all`",
        ),
        (
            "{ count = { per = \"party\", within = { days = 3 } }, at_most = 5 }",
            "a window that rolls has rolling_hours or rolling_days",
        ),
        (
            "{ amount = true, at_most = { all = [] } }",
            "a term is one of amount, sum, count, owed, held, figure, part, ladder, total, number, money",
        ),
        (
            "{ amount = true, at_most = { figure = \"x\", times = \"third\" } }",
            fraction,
        ),
        (
            "{ amount = true, at_most = { figure = \"x\", times = \"1/-3\" } }",
            fraction,
        ),
        (
            "{ amount = true, at_most = { figure = \"x\", times = \"1.1234567%\" } }",
            fraction,
        ),
        (
            "{ amount = true, at_most = { held = { line = [1] } } }",
            "`line` is not known here; known are code, role",
        ),
        (
            "{ all = { amount = true } }",
            "`all` is a list in square brackets",
        ),
        (
            "{ own_name = true, at_most = 1 }",
            "`at_most` is not known here; known are all, any, not, own_name",
        ),
    ] {
        assert_eq!(required(requirement), said, "{requirement}");
    }
}

#[test]
fn files_are_bounded() {
    let long = format!("# {}", "a".repeat(FILE_BYTES));
    let error = read(&long).expect_err("it is too long");
    assert_eq!(error.to_string(), "a rule book's file has at most 1 MiB");
    let deep = FILE.replacen("{ sum", &"{ not = ".repeat(200), 1);
    assert!(read(&deep).is_err());
    let nine = FILE.replacen(
        "require = ",
        &format!("require = {}", "{ not = ".repeat(8)),
        1,
    );
    let nine = nine.replacen(
        "\"1000.00\" }",
        &format!("\"1000.00\" }}{}", " }".repeat(8)),
        1,
    );
    let said = "line 3, rule day: a condition has at most 8 levels";
    assert_eq!(read(&nine).expect_err("too deep").to_string(), said);
    let example = &FILE[FILE.find("[[rule.example]]").expect("there is one")..];
    let many = format!("{FILE}{}", example.repeat(511));
    assert_eq!(read(&many).expect("512 of them").examples.len(), 512);
    let error = read(&format!("{many}{example}")).expect_err("one more");
    assert_eq!(error.why, "a rule book's file has at most 512 examples");
    let given = "{ time = \"2018-04-02T10:00:00\" }, ".repeat(33);
    let said = "line 12, rule day: an example has at most 32 payments before the one it is about";
    assert_eq!(
        refused("when = ", &format!("given = [{given}]\nwhen = ")),
        said
    );
}

/// The longest text that a book of 48 KiB comes to is read again.
#[test]
fn the_largest_book_is_shorter_than_a_file() {
    let mut book = read(FILE).expect("it is sound").book;
    let many = vec![Condition::OwnName; 64];
    let rule = model::rule::Rule {
        title: "\"".repeat(10),
        require: Condition::All(vec![Condition::Any(many.clone()); 11]),
        unless: None,
        ..book.rules[0].clone()
    };
    book.rules = (0..59)
        .map(|number| model::rule::Rule {
            id: format!("r-{number}"),
            ..rule.clone()
        })
        .collect();
    let size = bytes::encode(&book).len();
    assert!((47 << 10..BOOK_BYTES).contains(&size), "{size}");
    let text = to_toml(&book).expect("it is sound");
    assert!(text.len() > 600_000, "{}", text.len());
    assert_eq!(read(&text).map(|file| file.book), Ok(book));
}

/// What an example says and is not so is told in the words of the file.
#[test]
fn an_example_that_is_not_so_says_what_is() {
    for (example, said) in [
        (
            "amount = \"1000.01\" }\nthen = \"passes\"",
            "`then` is refuse: 0 (0.00) used of 100000 (1000.00)",
        ),
        (
            "amount = \"1000.00\" }\nthen = \"refuse\"",
            "`then` is passes",
        ),
        (
            "amount = \"1000.01\" }\nthen = \"hold\"",
            "`then` is refuse: 0 (0.00) used of 100000 (1000.00)",
        ),
        (
            "amount = \"1000.01\" }\nthen = \"refuse\"\nused = \"1.00\"",
            "`used` is 0 (0.00)",
        ),
        (
            "amount = \"1000.01\" }\nthen = \"refuse\"\nleft = \"1.00\"",
            "`left` is 100000 (1000.00)",
        ),
        (
            "amount = \"1000.01\" }\nthen = \"refuse\"\nagain = \"2018-04-02\"",
            "`again` is 2018-04-03",
        ),
        (
            "amount = \"1.00\" }\ngiven = [{ time = \"2018-04-02\", amount = \"2000.00\" }]\nthen = \"passes\"",
            "payment 1 before is not made: rule day",
        ),
        (
            "amount = \"1.00\" }\ngiven = [{ time = \"2018-04-02\", refused = true }]\nthen = \"passes\"",
            "payment 1 before is made, and says refused",
        ),
    ] {
        let text = FILE.replacen("amount = \"1000.00\" }\nthen = \"passes\"", example, 1);
        let file = read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let tried = run(&file);
        assert_eq!(tried[0].wrong.as_deref(), Some(said), "{example}");
    }
}
