//! Drafts of rules that are assessed and commented, and do not begin before that is over.

use machine::{DocumentRefusal as Refusal, RuleBookEntry, RuleBookRefusal};
use model::Object;
use model::document::{AssessmentText, CommentText, Document};
use model::object::{Assessment, Noun};
use model::rule::{Consequence, RuleBook, bytes};
use sha2::{Digest, Sha256};

use crate::decisions::{AUTHORITY, STAFF, enter, entered, platform, signed, signed_by};
use crate::harness::Platform;
use crate::rules::{book, daily, enter as enter_rules};
use crate::text::moment;

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A customer pays 100.00 a day; nobody said yet from when on.
fn draft() -> RuleBook {
    book(vec![daily("pay", 10_000, Consequence::Refuse)]).undated()
}

fn entry(rules: &RuleBook, version: u32, begins: u64) -> RuleBookEntry {
    let mut entry = RuleBookEntry {
        bytes: bytes::encode(rules),
        version,
        begins,
        party: STAFF,
        signature: [0; 64],
    };
    entry.signature = signed_by(STAFF, &entry.note_text()).signature;
    entry
}

fn assessment(by: u128, until: &str) -> AssessmentText {
    AssessmentText {
        by,
        draft: sha256(&bytes::encode(&draft())),
        payments: 10,
        refused: 3,
        people: 2,
        ledger: 978,
        sum: 30_000,
        comments_until: moment(until),
        reasons: "Three payments of ten would not have been made.".to_owned(),
        ..AssessmentText::default()
    }
}

fn comment(by: u128, on: &AssessmentText) -> Document {
    let text = Document::Assessment(on.clone()).to_text();
    Document::Comment(CommentText {
        by,
        assessment: sha256(text.as_bytes()),
        reasons: "One of them was mine.".to_owned(),
    })
}

fn standing(platform: &Platform, of: &AssessmentText) -> Assessment {
    let text = Document::Assessment(of.clone()).to_text();
    let digest = sha256(text.as_bytes());
    let [first, second] = [0, 1].map(|half| digest.as_chunks::<16>().0[half]);
    let key = (u128::from_le_bytes(first), u128::from_le_bytes(second));
    match platform.state.object((Assessment::KIND, key)) {
        Some(Object::Assessment(found)) => found,
        other => panic!("{other:?}"),
    }
}

#[test]
fn everybody_with_a_key_comments_until_it_is_over() {
    let mut platform = platform();
    let text = assessment(AUTHORITY, "2026-02-01");
    entered(&mut platform, &Document::Assessment(text.clone())).expect("it is entered");
    assert_eq!(standing(&platform, &text).comments, 0);
    for by in [11, 12, STAFF] {
        entered(&mut platform, &comment(by, &text)).expect("it is entered");
    }
    // The same text again is the same comment.
    entered(&mut platform, &comment(11, &text)).expect("it is there");
    assert_eq!(standing(&platform, &text).comments, 3);
    let forged = signed_by(12, &comment(13, &text).to_text());
    assert_eq!(enter(&mut platform, &forged), Err(Refusal::Signature));
    let other = assessment(AUTHORITY, "2026-02-02");
    assert_eq!(
        entered(&mut platform, &comment(13, &other)),
        Err(Refusal::NoAssessment)
    );
    platform.run("until 2026-02-01");
    assert_eq!(
        entered(&mut platform, &comment(13, &text)),
        Err(Refusal::CommentsClosed)
    );
    entered(&mut platform, &comment(11, &text)).expect("what is there stays");
    assert_eq!(standing(&platform, &text).comments, 3);
}

#[test]
fn what_is_no_assessment() {
    let mut platform = platform();
    let mut check = |text: AssessmentText, why: Refusal| {
        assert_eq!(
            entered(&mut platform, &Document::Assessment(text)),
            Err(why)
        );
    };
    check(assessment(11, "2026-02-01"), Refusal::Signer);
    check(assessment(99, "2026-02-01"), Refusal::Signer);
    check(assessment(STAFF, "2026-01-05"), Refusal::CommentsOver);
    let unknown = AssessmentText {
        ledger: 999,
        ..assessment(STAFF, "2026-02-01")
    };
    check(unknown, Refusal::Ledger);
    let text = Document::Assessment(assessment(STAFF, "2026-02-01"));
    let forged = signed_by(AUTHORITY, &text.to_text());
    assert_eq!(enter(&mut platform, &forged), Err(Refusal::Signature));
    let mut altered = signed(&text);
    altered.text = altered.text.replace("refused 3", "refused 2");
    assert_eq!(enter(&mut platform, &altered), Err(Refusal::Signature));
}

/// The draft itself, and the draft with dates, begin when comments are over; another one at once.
#[test]
fn a_draft_does_not_begin_while_it_is_commented() {
    let mut platform = platform();
    let text = Document::Assessment(assessment(STAFF, "2026-02-01"));
    entered(&mut platform, &text).expect("it is entered");
    let later = Document::Assessment(assessment(AUTHORITY, "2026-02-03"));
    entered(&mut platform, &later).expect("it is entered");
    let until = moment("2026-02-03");
    let refused = Err(RuleBookRefusal::UnderComment(until));
    let mut dated = draft();
    dated.rules[0].from = moment("2026-01-10");
    for rules in [draft(), dated.clone()] {
        for begins in [0, moment("2026-02-02")] {
            let early = entry(&rules, 1, begins);
            assert_eq!(enter_rules(&mut platform, &early), refused);
        }
    }
    let mut other = dated.clone();
    other.rules[0].title = "Another".to_owned();
    enter_rules(&mut platform, &entry(&other, 1, 0)).expect("nobody assessed it");
    enter_rules(&mut platform, &entry(&dated, 2, until)).expect("it begins when they are over");
    platform.run("until 2026-02-03");
    enter_rules(&mut platform, &entry(&draft(), 3, 0)).expect("they are over");
}
