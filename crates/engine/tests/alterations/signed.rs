//! Rules and documents that somebody else signed, or nobody, in a log that is forged to its end.

use std::sync::OnceLock;

use engine::{Books, RuleBookEntry, SignedDocument, audit};
use merkle::key::{KeyKind, SigningKey};
use model::document::{Document, MandateText};
use model::form::text_to_integer;
use model::object::{DecisionKind, DocumentHead, PartyKey, RuleVersion};
use model::rule::{RuleBook, bytes};
use model::{Object, Record};

use crate::Alteration;
use crate::books::Files;
use crate::forge::Log;
use crate::scenario::{
    MORNING, Step, block_on, contents, make, open, place, play_all, text, write_contents,
};

const STAFF: u128 = 41;
const AUTHORITY: u128 = 42;

fn key(number: u8) -> SigningKey {
    SigningKey::generate("party", KeyKind::Ed25519, [number; 32]).expect("a name and a seed")
}

fn sign(key: &SigningKey, text: &str) -> [u8; 64] {
    let signature = key.sign_note_text(text).expect("a note").bytes;
    signature.try_into().expect("64 bytes")
}

fn halves(key: &SigningKey) -> [u128; 2] {
    let halves = key.verifier().public_key().as_chunks::<16>().0;
    [0, 1].map(|half| u128::from_le_bytes(halves[half]))
}

fn ask(books: &Books, line: &str) {
    let results = block_on(books.commands(vec![text::parse(line)])).expect("taken");
    assert_eq!(results[0].status, u32::MAX, "{line}");
}

/// Gives the staff a key.
fn set_key(books: &Books, id: u128, key: &SigningKey) {
    let [first, second] = halves(key);
    let line = format!("{id} party_key_set party={STAFF} key={first} key_more={second}");
    ask(books, &line);
}

fn enter_version(books: &Books, (version, begins): (u32, u64), key: &SigningKey) {
    let mut entry = RuleBookEntry {
        bytes: bytes::encode(&RuleBook::default()),
        version,
        begins,
        party: STAFF,
        signature: [0; 64],
    };
    entry.signature = sign(key, &entry.note_text());
    let entered = block_on(books.enter_rule_book(entry)).expect("taken");
    entered.expect("it is entered");
}

fn mandate() -> Document {
    Document::Mandate(MandateText {
        authority: AUTHORITY,
        number: 1,
        by: STAFF,
        law: "Law on the People's Bank".to_owned(),
        jurisdiction: text_to_integer("CN").expect("it is short"),
        decides: 1 << DecisionKind::Restriction as u8,
        products: 1 << 1,
        reasons: "Entered as the law asks.".to_owned(),
        ..MandateText::default()
    })
}

/// Two versions and a mandate, between which their signer takes another key.
fn made() -> Files {
    let data = place();
    let data = data.path();
    make(data, 7);
    let books = open(data);
    play_all(&books, &[Step::Clock(MORNING), Step::Ledger(978, "EUR", 2)]);
    ask(&books, &format!("901 party_open party={STAFF} kind=staff"));
    ask(
        &books,
        &format!("902 party_open party={AUTHORITY} kind=authority"),
    );
    set_key(&books, 903, &key(1));
    enter_version(&books, (1, 0), &key(1));
    set_key(&books, 904, &key(2));
    enter_version(&books, (2, MORNING << 1), &key(2));
    let text = mandate().to_text();
    let signature = sign(&key(2), &text);
    let entered = block_on(books.enter_document(SignedDocument { text, signature }));
    entered.expect("taken").expect("it is entered");
    block_on(books.close()).expect("closed");
    let mut files = contents(data);
    // What rests on the log and does not follow its forger.
    files.retain(|name, _| !name.starts_with("snapshots") && !name.starts_with("index"));
    files
}

pub fn whole() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(made)
}

/// What an audit finds in a directory of these files, no key of a log known.
pub fn findings(files: &Files) -> Vec<String> {
    let data = place();
    write_contents(data.path(), files);
    match audit(data.path(), &|_| ()) {
        Ok(found) => found.differences,
        Err(error) => vec![error.to_string()],
    }
}

/// Changes the first object of the log for which `change` says that it has.
fn forged(files: &mut Files, change: impl Fn(&mut Object) -> bool) {
    let mut log = Log::read(files);
    let changed =
        |record: &Record| matches!(record, Record::Object(object) if change(&mut object.clone()));
    let place = log.find(changed);
    log.change(place, |record| {
        let Record::Object(object) = record else {
            unreachable!("it was looked for as one")
        };
        change(object);
    });
    log.reroot(place.0);
    log.relink(place.0);
    log.write_with_tree(files);
}

fn version(files: &mut Files, number: u32, change: impl Fn(&mut RuleVersion)) {
    forged(files, |object| match object {
        Object::RuleVersion(head) if head.version == number => {
            change(head);
            true
        }
        _ => false,
    });
}

fn document(files: &mut Files, change: impl Fn(&mut DocumentHead)) {
    forged(files, |object| match object {
        Object::DocumentHead(head) => {
            change(head);
            true
        }
        _ => false,
    });
}

/// Gives the signer another key in place of the first or the second.
fn keys(files: &mut Files, before: &SigningKey, after: &SigningKey) {
    forged(files, |object| match object {
        Object::PartyKey(PartyKey { key, key_more, .. }) if [*key, *key_more] == halves(before) => {
            [*key, *key_more] = halves(after);
            true
        }
        _ => false,
    });
}

const VERSION_1: &[&str] = &["record 1: version 1 of the rules (document 1)", "signature"];
const VERSION_2: &[&str] = &["record 1: version 2 of the rules (document 2)", "signature"];
const DOCUMENT: &[&str] = &["record 1: document 3", "signature"];

/// Checksums, hashes and links fit to the end.
pub const IN_LOG: &[Alteration] = &[
    Alteration("a version's signature is another", VERSION_1, |files| {
        version(files, 1, |head| head.signature_c ^= 1);
    }),
    Alteration("a version comes into force earlier", VERSION_2, |files| {
        version(files, 2, |head| head.begins -= 1);
    }),
    Alteration(
        "a version is said to be of somebody else",
        &["version 2 of the rules", "has no key"],
        |files| version(files, 2, |head| head.party = AUTHORITY),
    ),
    Alteration("a document's signature is another", DOCUMENT, |files| {
        document(files, |head| head.signature_a ^= 1 << 9);
    }),
    Alteration("the first key is another", VERSION_1, |files| {
        keys(files, &key(1), &key(3));
    }),
    Alteration(
        "the second key is another, the version",
        VERSION_2,
        |files| {
            keys(files, &key(2), &key(3));
        },
    ),
    Alteration(
        "the second key is another, the document",
        DOCUMENT,
        |files| {
            keys(files, &key(2), &key(3));
        },
    ),
    Alteration("the key was never changed", VERSION_2, |files| {
        keys(files, &key(2), &key(1));
    }),
];
