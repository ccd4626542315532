//! Decisions of authorities in books on a disk: they are kept, read again, and hold after a restart.

mod scenario;

use engine::{Books, SignedDocument, audit};
use merkle::key::{KeyKind, SigningKey};
use model::CommandStatus as Status;
use model::document::{DecisionText, Document, MandateText};
use model::form::text_to_integer;
use model::object::{DecisionKind, DecisionState, Measure};
use scenario::{MORNING, SECOND, Step, block_on, make, open, play_all, text};

const STAFF: u128 = 41;
const AUTHORITY: u128 = 42;
const COURT: u128 = 43;
/// Place of `payment` in [`model::product::PRODUCTS`].
const PAYMENT: u8 = 2;

const PARTIES: [&str; 2] = [
    "9001 party_open party=12 kind=customer",
    "9002 party_open party=13 kind=customer",
];

fn key(party: u128) -> SigningKey {
    SigningKey::generate("party", KeyKind::Ed25519, [party as u8; 32]).expect("a name and a seed")
}

fn signed(document: &Document) -> SignedDocument {
    let text = document.to_text();
    let signature = key(document.signer()).sign_note_text(&text);
    let signature = signature.expect("a note").bytes;
    SignedDocument {
        text,
        signature: signature.try_into().expect("64 bytes"),
    }
}

/// Asks for the command of a line.
fn ask(books: &Books, line: &str) -> Status {
    let commands = vec![text::parse(line)];
    let results = block_on(books.commands(commands)).expect("taken");
    Status::from_code(results[0].status).expect("it is a status")
}

fn enter(books: &Books, document: &Document) {
    let entered = block_on(books.enter_document(signed(document)));
    entered.expect("taken").expect("it is entered");
}

fn cn() -> u128 {
    text_to_integer("CN").expect("it is short")
}

fn mandate() -> Document {
    Document::Mandate(MandateText {
        authority: AUTHORITY,
        number: 1,
        by: STAFF,
        law: "Law on the People's Bank".to_owned(),
        jurisdiction: cn(),
        decides: 1 << DecisionKind::Restriction as u8 | 1 << DecisionKind::Lifting as u8,
        products: 1 << PAYMENT,
        reasons: "Entered as the law asks.".to_owned(),
        ..MandateText::default()
    })
}

/// Reasons over many pages.
fn decision(number: u64, lifts: u64) -> Document {
    let mut text = DecisionText {
        authority: AUTHORITY,
        number,
        kind: DecisionKind::Lifting as u8,
        law: "Measures on payment services".to_owned(),
        article: "9".to_owned(),
        jurisdiction: cn(),
        lifts,
        reasons: "What is owed to customers is not covered. ".repeat(400) + "So it is.",
        ..DecisionText::default()
    };
    if lifts == 0 {
        text.kind = DecisionKind::Restriction as u8;
        text.measure = Measure::Stop as u8;
        text.product = PAYMENT;
        text.appeal_to = COURT;
        text.appeal_until = MORNING + 1_000 * SECOND;
    }
    Document::Decision(text)
}

#[test]
fn decisions_hold_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    make(folder.path(), 7);
    let books = open(folder.path());
    play_all(&books, &[Step::Clock(MORNING), Step::Ledger(978, "EUR", 2)]);
    let chart = include_str!("scenario/platform.txt").lines();
    for line in chart.take_while(|line| !line.is_empty()).chain(PARTIES) {
        assert_eq!(ask(&books, line), Status::Created, "{line}");
    }
    for (id, party, kind) in [
        (9_101, STAFF, "staff"),
        (9_102, AUTHORITY, "authority"),
        (9_103, COURT, "authority"),
    ] {
        let open = format!("{id} party_open party={party} kind={kind}");
        assert_eq!(ask(&books, &open), Status::Created);
        let key = key(party);
        let halves = key.verifier().public_key().as_chunks::<16>().0;
        let [first, second] = [0, 1].map(|half| u128::from_le_bytes(halves[half]));
        let line = format!("{id}0 party_key_set party={party} key={first} key_more={second}");
        assert_eq!(ask(&books, &line), Status::Created);
    }
    let top_up = "9104 top_up party=12 ledger=978 amount=50.00 funding=bank";
    assert_eq!(ask(&books, top_up), Status::Created);
    enter(&books, &mandate());
    enter(&books, &decision(1, 0));
    let pay = "9105 pay payer=12 payee=13 ledger=978 amount=1.00";
    assert_eq!(ask(&books, pay), Status::RefusedByRule);
    block_on(books.close()).expect("they close");

    let books = open(folder.path());
    assert_eq!(ask(&books, pay), Status::RefusedByRule);
    let found = block_on(books.decision(AUTHORITY, 1)).expect("read");
    let (stands, says) = found.expect("it is there");
    assert!(stands.is(&[DecisionState::InForce]));
    assert_eq!(says, decision(1, 0));
    let found = block_on(books.mandate(AUTHORITY)).expect("read");
    assert_eq!(found.expect("it is there").1, mandate());
    assert_eq!(block_on(books.decision(AUTHORITY, 2)), Ok(None));
    enter(&books, &decision(2, 1));
    assert_eq!(ask(&books, pay), Status::Created);
    block_on(books.close()).expect("they close");

    let audit = audit(folder.path(), &|_| ()).expect("audited");
    assert_eq!(audit.differences, [] as [&str; 0]);
}
