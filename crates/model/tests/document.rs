//! Documents have one form, and say what is wrong with any other.

use model::document::{
    AppealText, AssessmentText, CommentText, DOCUMENT_BYTES, DecisionText, Document,
    FulfilmentText, MandateText,
};
use model::form::text_to_integer;
use model::object::{DECISION_KINDS, DecisionKind, Measure};
use model::product::PRODUCTS;
use proptest::prelude::*;

const SECOND: u64 = 1_000_000_000;

/// The last second of 2199 and 1.
const END: u64 = 7_258_118_400;

fn id() -> impl Strategy<Value = u128> {
    1..=u128::MAX
}

fn maybe<T: Default + std::fmt::Debug + Clone>(
    some: impl Strategy<Value = T>,
) -> impl Strategy<Value = T> {
    prop_oneof![Just(T::default()), some]
}

fn moment() -> impl Strategy<Value = u64> {
    (1..END / 2).prop_map(|second| second * SECOND)
}

fn words() -> impl Strategy<Value = String> {
    "[A-Za-z0-9\u{4e00}-\u{4e20}][ -~]{0,40}[a-z.]"
}

fn law() -> impl Strategy<Value = String> {
    "[A-Z][a-z ]{0,20}[0-9]"
}

fn reasons() -> impl Strategy<Value = String> {
    let line = "[ -~\u{e4}\u{6cd5}]{1,120}";
    proptest::collection::vec(line, 1..6).prop_map(|lines| lines.join("\n\n"))
}

fn jurisdiction() -> impl Strategy<Value = u128> {
    "[A-Z]{2}(-[A-Z]{1,6})?".prop_map(|text| text_to_integer(&text).expect("it is short"))
}

fn mandate() -> impl Strategy<Value = Document> {
    let who = (1..1_000u128, 1_000..2_000u128, 1..=u32::MAX);
    let what = (
        law(),
        jurisdiction(),
        0..2u8,
        0..1u16 << DECISION_KINDS.len(),
        0..1u16 << (PRODUCTS.len() - 1),
        proptest::collection::vec(law(), 0..5),
    );
    let term = (maybe(moment()), maybe(moment()));
    let all = (who, what, term, reasons());
    all.prop_map(|((authority, by, number), what, (from, length), reasons)| {
        Document::Mandate(MandateText {
            authority,
            number,
            by,
            law: what.0,
            jurisdiction: what.1,
            court: what.2,
            decides: what.3,
            products: what.4 << 1,
            bulk: what.5,
            from,
            to: if length == 0 { 0 } else { from + length },
            reasons,
        })
    })
}

fn decision() -> impl Strategy<Value = Document> {
    let head = (
        id(),
        2..=u64::MAX,
        0..7u8,
        id(),
        (words(), words()),
        jurisdiction(),
    );
    let measure = (
        1..4u8,
        1..PRODUCTS.len() as u8,
        1..3u8,
        1..3u8,
        720..=2_280u16,
    );
    let money = (
        1..=u32::MAX,
        id(),
        1..4u8,
        id(),
        (1..999u16, 1..999u16, 1..999u16),
    );
    let term = (maybe(moment()), moment(), (moment(), id()));
    let all = (head, measure, money, term, reasons());
    all.prop_map(|(head, measure, money, (from, length, appeal), reasons)| {
        let kind = DecisionKind::ALL[usize::from(head.2)];
        let mut text = DecisionText {
            authority: head.0,
            number: head.1,
            kind: head.2,
            addressee: head.3,
            law: head.4.0,
            article: head.4.1,
            jurisdiction: head.5,
            reasons,
            ..DecisionText::default()
        };
        let is_lifting = kind == DecisionKind::Lifting;
        if is_lifting {
            text.lifts = text.number - 1;
        } else {
            text.from = from;
            (text.appeal_until, text.appeal_to) = appeal;
            if text.appeal_to == text.authority {
                text.appeal_to ^= 2;
                text.authority |= 1;
            }
        }
        if matches!(kind, DecisionKind::Fine | DecisionKind::Undertaking) {
            text.due = from + length;
        } else if !is_lifting {
            text.to = from + length;
        }
        if kind == DecisionKind::Fine {
            (text.ledger, text.amount, text.method) = (money.0, money.1, money.2);
            (text.base, text.turnover, text.unit) = (money.3, money.1, 7);
            (text.share, text.years, text.entry) = money.4;
        }
        if kind == DecisionKind::Restriction {
            text.measure = measure.0;
            if text.measure != Measure::Freeze as u8 {
                text.product = measure.1;
            }
            if text.measure == Measure::Cap as u8 {
                (text.of, text.window, text.zone) = (measure.2, measure.3, measure.4);
                (text.ledger, text.amount) = (money.0, money.1);
            }
        }
        Document::Decision(text)
    })
}

fn answer() -> impl Strategy<Value = Document> {
    let all = (
        id(),
        id(),
        1..=u64::MAX,
        any::<[u8; 32]>(),
        0..3u8,
        any::<bool>(),
        reasons(),
    );
    all.prop_map(
        |(by, authority, number, sha256, outcome, is_proof, reasons)| {
            if is_proof {
                return Document::Fulfilment(FulfilmentText {
                    by,
                    authority,
                    number,
                    sha256,
                    reasons,
                });
            }
            Document::Appeal(AppealText {
                by,
                authority,
                number,
                outcome,
                reasons,
            })
        },
    )
}

fn assessment() -> impl Strategy<Value = Document> {
    let counts = (any::<u64>(), any::<u64>(), any::<u64>());
    let times = (maybe(moment()), moment(), moment());
    let all = (id(), any::<[u8; 32]>(), counts, times, 1..9u32, reasons());
    all.prop_map(
        |(by, draft, counts, (from, length, until), ledger, reasons)| {
            let refused = counts.1.min(counts.0);
            Document::Assessment(AssessmentText {
                by,
                draft,
                title: if ledger % 2 == 0 {
                    "A draft".to_owned()
                } else {
                    String::new()
                },
                from,
                to: from + length,
                payments: counts.0,
                refused,
                people: counts.2.min(refused),
                ledger,
                sum: u128::from(refused) << 32,
                comments_until: until,
                reasons,
            })
        },
    )
}

fn comment() -> impl Strategy<Value = Document> {
    let all = (id(), any::<[u8; 32]>(), reasons());
    all.prop_map(|(by, assessment, reasons)| {
        Document::Comment(CommentText {
            by,
            assessment,
            reasons,
        })
    })
}

fn document() -> impl Strategy<Value = Document> {
    prop_oneof![mandate(), decision(), answer(), assessment(), comment()]
}

proptest! {
    #[test]
    fn documents_come_back(document in document()) {
        let text = document.to_text();
        prop_assert_eq!(Document::parse(&text), Ok(document), "{}", text);
    }

    /// Whatever is taken is written as it stood: no two texts say the same.
    #[test]
    fn each_has_one_form(document in document(), at: usize, byte in b'\n'..=b'~', cut: bool) {
        let mut bytes = document.to_text().into_bytes();
        let at = at % bytes.len();
        if cut {
            bytes.remove(at);
        } else {
            bytes[at] = byte;
        }
        if let Ok(text) = String::from_utf8(bytes)
            && let Ok(read) = Document::parse(&text)
        {
            prop_assert_eq!(read.to_text(), text);
        }
    }
}

const FINE: &str = "counterfoil/decision/v1
authority 0000000000000000000000000000002a
number 3
kind fine
addressee -
law Anti-Monopoly Law
article 47
jurisdiction CN
product marketplace
measure -
of -
window -
zone -
ledger 156
amount 1822800000000
method share_of_sales
base 45571200000000
share 40
years -
entry -
turnover -
unit 100000000
lifts -
from 2021-04-10T00:00:00Z
to -
due 2021-04-25T00:00:00Z
appeal_until 2021-06-10T00:00:00Z
appeal_to 0000000000000000000000000000002b

Merchants were made to choose between two platforms.
";

fn wrong(text: &str) -> String {
    match Document::parse(text) {
        Ok(_) => "it is one".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_decision_is_read() {
    let Ok(Document::Decision(text)) = Document::parse(FINE) else {
        panic!("{}", wrong(FINE));
    };
    assert_eq!((text.authority, text.number, text.share), (42, 3, 40));
    let (method, computation) = text.computation();
    assert_eq!(computation.amount(method), Ok(Some(text.amount)));
    let document = Document::Decision(text);
    assert!(!document.is_reasoned(), "one short sentence");
    assert_eq!(document.signer(), 42);
    assert_eq!(document.to_text(), FINE);
}

/// What is changed in [`FINE`], to what, and what is said of it.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "/v1",
        "/v2",
        "line 1: a document begins with counterfoil/KIND/v1, where the kind is mandate, decision, fulfilment, appeal, assessment, comment, step or budget",
    ),
    (
        "2a\n",
        "2A\n",
        "line 2: a party is 32 small hexadecimal digits",
    ),
    (
        "number 3",
        "number 03",
        "line 3: a number has digits without leading zeros, and is not 0",
    ),
    (
        "kind fine",
        "kind tax",
        "line 4: a decision is a licence, approval, veto, restriction, fine, undertaking or lifting",
    ),
    (
        "addressee -",
        "addressee",
        "line 5: it is not the field that stands here; all stand in their order, or say -",
    ),
    (
        "law A",
        "law  A",
        "line 6: words stand here, without spaces around them; - is none",
    ),
    (
        "article 47\n",
        "",
        "line 7: it is not the field that stands here; all stand in their order, or say -",
    ),
    (
        "tion CN",
        "tion The whole of it and more",
        "line 8: a short name of up to 16 letters stands here",
    ),
    (
        "product marketplace",
        "product none",
        "line 9: it is the name of a product; none is -",
    ),
    (
        "measure -",
        "measure stop",
        "line 10: a restriction says its measure, and no other does",
    ),
    (
        "of -",
        "of payer",
        "line 11: a cap says of whom, in which window and in which time zone, and nothing else does",
    ),
    (
        "zone -",
        "zone 8",
        "line 13: a time zone is written as +08:00; none is -",
    ),
    (
        "amount 1822800000000",
        "amount -",
        "line 15: a fine has an amount and a ledger",
    ),
    (
        "method share_of_sales",
        "method -",
        "line 16: a fine says how it is computed, and no other does",
    ),
    (
        "lifts -",
        "lifts 2",
        "line 23: a lifting says which decision, and no other does",
    ),
    (
        "from 2021-04-10",
        "from 2021-04-31",
        "line 24: a moment is written as 2026-01-05T00:00:00Z, up to 2199; none is -",
    ),
    (
        "to -",
        "to 2022-01-01T00:00:00Z",
        "line 25: an undertaking, a fine or a lifting has no end of its own",
    ),
    (
        "due 2021-04-25",
        "due 2021-04-10",
        "line 26: what is due lies behind the beginning",
    ),
    (
        "appeal_until 2021-06-10T00:00:00Z",
        "appeal_until -",
        "line 28: whoever may appeal knows until when and to whom",
    ),
    (
        "2b\n",
        "2a\n",
        "line 28: nobody decides on appeals against itself",
    ),
    (
        "\n\nM",
        "\nM",
        "line 29: an empty line follows the last field",
    ),
    (
        "\n\nM",
        "\n\n\nM",
        "line 29: words follow, without empty lines around them",
    ),
    (
        "choose",
        "cho\tose",
        "line 30: a document has no control characters but line feeds",
    ),
];

#[test]
fn each_line_says_what_is_wrong() {
    for (from, to, why) in WRONG {
        assert!(FINE.contains(*from), "{from}");
        assert_eq!(wrong(&FINE.replacen(from, to, 1)), *why);
    }
    assert_eq!(wrong(FINE.trim_end()), "a document ends in a line feed");
    let long = format!("{FINE}{}\n", "x".repeat(DOCUMENT_BYTES));
    assert_eq!(wrong(&long), "a document has at most 48 KiB");
    let tall = format!("{FINE}{}x\n", "x\n".repeat(1_024));
    assert_eq!(wrong(&tall), "a document has at most 1024 lines");
    let wide = FINE.replacen("law A", &format!("law {}", "A".repeat(512)), 1);
    assert_eq!(wrong(&wide), "line 6: a field has at most 512 bytes");
    assert_eq!(wrong(""), "a document ends in a line feed");
}

/// What each kind needs and does not take.
#[test]
fn kinds_differ() {
    let restricting = |measure: &str, rest: &[(&str, &str)]| {
        let mut text = FINE.replacen("kind fine", "kind restriction", 1);
        for (name, value) in [
            ("measure", measure),
            ("ledger", "-"),
            ("amount", "-"),
            ("method", "-"),
            ("base", "-"),
            ("share", "-"),
            ("unit", "-"),
            ("due", "-"),
        ]
        .iter()
        .chain(rest)
        {
            let line = text
                .lines()
                .find(|line| line.starts_with(&format!("{name} ")));
            let line = format!("{}\n", line.expect("it is a field"));
            text = text.replacen(&line, &format!("{name} {value}\n"), 1);
        }
        wrong(&text)
    };
    let one = "00000000000000000000000000000001";
    assert_eq!(restricting("stop", &[]), "it is one");
    assert_eq!(
        restricting("stop", &[("product", "-")]),
        "line 9: what is stopped or capped is a product"
    );
    assert_eq!(
        restricting("freeze", &[("product", "-"), ("addressee", one)]),
        "it is one"
    );
    assert_eq!(
        restricting("freeze", &[("product", "-")]),
        "line 5: who is frozen is a party"
    );
    let cap = [("of", "payer"), ("window", "day"), ("zone", "+08:00")];
    let money = [("ledger", "156"), ("amount", "5")];
    assert_eq!(
        restricting("cap", &[cap, [money[0], money[1], money[1]]].concat()),
        "it is one"
    );
    assert_eq!(restricting("cap", &cap), "line 14: a cap is of a ledger");
    assert_eq!(
        restricting(
            "cap",
            &[
                ("of", "everyone"),
                cap[1],
                cap[2],
                money[0],
                ("addressee", one)
            ]
        ),
        "line 11: the cap of a party is of what it pays or of what it is paid"
    );
    assert_eq!(
        restricting("stop", &[("appeal_until", "-"), ("appeal_to", "-")]),
        "line 27: a veto, a restriction or a fine says until when and to whom it can be appealed"
    );
}

#[test]
fn assessments_add_up() {
    let text = include_str!("documents/assessment.txt");
    let told = |from: &str, to: &str| {
        let wrong = Document::parse(&text.replace(from, to)).expect_err("it is wrong");
        wrong.to_string()
    };
    assert_eq!(
        told("refused 3120", "refused 1240513"),
        "line 8: no more are refused than were judged"
    );
    assert_eq!(
        told("people 411", "people 3121"),
        "line 9: no more people have payments refused than there are such"
    );
    assert_eq!(
        told("ledger 156", "ledger -"),
        "line 11: a sum is of a ledger, and of payments that are refused"
    );
    assert_eq!(
        told("to 2026-02-01", "to 2025-02-01"),
        "line 6: the end lies behind the beginning"
    );
    assert_eq!(
        told("comments_until 2026-04-01T00:00:00Z", "comments_until -"),
        "line 12: an assessment says until when it can be commented"
    );
}

/// The examples of docs/decisions.md.
const EXAMPLES: [&str; 7] = [
    include_str!("documents/mandate.txt"),
    include_str!("documents/fine.txt"),
    include_str!("documents/cap.txt"),
    include_str!("documents/fulfilment.txt"),
    include_str!("documents/appeal.txt"),
    include_str!("documents/assessment.txt"),
    include_str!("documents/comment.txt"),
];

#[test]
fn examples_are_read() {
    let docs = include_str!("../../../docs/decisions.md");
    for example in EXAMPLES {
        let document =
            Document::parse(example).unwrap_or_else(|error| panic!("{error}: {example}"));
        assert_eq!(document.to_text(), example);
        assert!(
            docs.contains(&format!("```text\n{example}```")),
            "{example}"
        );
        if let Document::Decision(text) = &document {
            let (method, computation) = text.computation();
            let amount = computation.amount(method).expect("it can be computed");
            assert!(amount.is_none_or(|amount| amount == text.amount));
        }
        assert!(document.is_reasoned());
    }
}
