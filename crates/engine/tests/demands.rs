//! Demands for data in books on a disk: rows leave through the gate alone, after a restart too.

mod scenario;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use demands::age::Identity;
use demands::aggregate::{Asking, By, Epsilon};
use demands::answer::{AnswerError, check};
use demands::scope::Asked;
use demands::{Field, Kind, Period, Roles, Scope, Subjects};
use engine::{
    Answered, Books, DemandError, DocumentRefusal as Refusal, Options, Personal, Received,
    SignedDocument, Signing, audit,
};
use merkle::key::{KeyKind, SigningKey};
use model::CommandStatus as Status;
use model::document::{BudgetText, Document, MandateText, STEPS, StepText};
use model::form::text_to_integer;
use model::object::{Demand, DemandState};
use scenario::{MORNING, SECOND, Step, block_on, make, play_all, text};

const STAFF: u128 = 41;
const SECOND_STAFF: u128 = 45;
const AUTHORITY: u128 = 42;
const PAYER: u128 = 12;
const PAYEE: u128 = 13;
const NAME: &str = "Zoya Psyche";
const LAW: &str = "Statistics Law, article 7";
const FROM: u64 = MORNING / SECOND - 3_600;

fn seed(party: u128) -> [u8; 32] {
    [party as u8; 32]
}

fn key(party: u128) -> SigningKey {
    SigningKey::generate("party", KeyKind::Ed25519, seed(party)).expect("a name and a seed")
}

fn sign(party: u128, text: &str) -> [u8; 64] {
    let signature = key(party).sign_note_text(text).expect("a note");
    signature.bytes.try_into().expect("64 bytes")
}

fn open(folder: &Path) -> Books {
    let key = SigningKey::generate("counterfoil.example/log", KeyKind::Ed25519, [1; 32]);
    let signing = Signing::new(vec![key.expect("a name and a seed")], None);
    let options = Options {
        data: folder.to_owned(),
        manual_clock: true,
        signing: Some(Arc::new(signing.expect("one key"))),
    };
    Books::open(&options).expect("they open")
}

fn ask(books: &Books, line: &str) {
    let commands = vec![text::parse(line)];
    let results = block_on(books.commands(commands)).expect("taken");
    let status = Status::from_code(results[0].status);
    assert_eq!(status, Some(Status::Created), "{line}");
}

fn enter(books: &Books, document: &Document) -> Result<(), Refusal> {
    let text = document.to_text();
    let signature = sign(document.signer(), &text);
    let entered = block_on(books.enter_document(SignedDocument { text, signature }));
    entered.expect("taken").map(drop)
}

fn take(books: &Books, serial: u64, by: u128, step: &str, commitment: [u8; 32]) {
    let place = STEPS.iter().position(|known| *known == step);
    let text = StepText {
        by,
        demand: serial,
        step: place.expect("it is a step") as u8,
        commitment,
        reasons: "What is asked is looked at, and is no more than the law that it names allows \
                  for; so it goes on."
            .to_owned(),
        ..StepText::default()
    };
    enter(books, &Document::Step(text)).expect(step);
}

/// Books with a chart, two people, two members of the staff and an authority with a mandate.
fn supervised(folder: &Path) -> Books {
    make(folder, 7);
    let books = open(folder);
    play_all(&books, &[Step::Clock(MORNING), Step::Ledger(978, "EUR", 2)]);
    let chart = include_str!("scenario/platform.txt").lines();
    for line in chart.take_while(|line| !line.is_empty()) {
        ask(&books, line);
    }
    for (party, kind) in [
        (PAYER, "customer"),
        (PAYEE, "customer"),
        (STAFF, "staff"),
        (SECOND_STAFF, "staff"),
        (AUTHORITY, "authority"),
    ] {
        ask(
            &books,
            &format!("90{party} party_open party={party} kind={kind}"),
        );
        let key = key(party);
        let halves = key.verifier().public_key().as_chunks::<16>().0;
        let [first, second] = [0, 1].map(|half| u128::from_le_bytes(halves[half]));
        ask(
            &books,
            &format!("91{party} party_key_set party={party} key={first} key_more={second}"),
        );
    }
    let mandate = MandateText {
        authority: AUTHORITY,
        number: 1,
        by: STAFF,
        law: "Criminal Procedure Act".to_owned(),
        jurisdiction: text_to_integer("CZ").expect("it is short"),
        bulk: vec![LAW.to_owned()],
        reasons: "Entered as the law asks.".to_owned(),
        ..MandateText::default()
    };
    enter(&books, &Document::Mandate(mandate)).expect("it is entered");
    ask(
        &books,
        "9301 top_up party=12 ledger=978 amount=50.00 funding=bank",
    );
    ask(&books, "9302 pay payer=12 payee=13 ledger=978 amount=1.25");
    ask(&books, "9303 pay payer=12 payee=13 ledger=978 amount=2.50");
    books
}

fn asked() -> Asked {
    Asked {
        authority: AUTHORITY,
        reference: "INV-2026-0042".to_owned(),
        basis: "Criminal Procedure Act, section 94".to_owned(),
        purpose: "tracing of a fraud".to_owned(),
        subjects: Subjects::Persons(BTreeSet::from([PAYER])),
        roles: Roles::Owner,
        fields: [
            Field::Account,
            Field::Time,
            Field::Kind,
            Field::Party,
            Field::Side,
            Field::Amount,
            Field::Name,
        ]
        .into(),
        kinds: None,
        period: Period {
            from: FROM,
            to: FROM + 86_400,
        },
        sealed: None,
    }
}

fn scope(asked: Asked) -> Scope {
    Scope::new(asked).expect("it is whole")
}

fn receive(books: &Books, scope: &Scope) -> Result<Demand, DemandError> {
    let message = scope.to_string();
    let received = Received {
        class: 1,
        scope: scope.clone(),
        signature: sign(AUTHORITY, &message),
        message,
    };
    block_on(books.receive_demand(received)).expect("taken")
}

fn whole(demand: &Demand) -> [u8; 32] {
    let mut digest = [0; 32];
    digest[..16].copy_from_slice(&demand.scope.to_le_bytes());
    digest[16..].copy_from_slice(&demand.scope_more.to_le_bytes());
    digest
}

fn approve(books: &Books, serial: u64) {
    let demand = block_on(books.demand(serial))
        .expect("read")
        .expect("there");
    if demand.is(&[DemandState::Received]) {
        take(books, serial, STAFF, "examined", [0; 32]);
    }
    for by in [STAFF, SECOND_STAFF] {
        take(books, serial, by, "approved", whole(&demand));
    }
}

fn personal(party: u128) -> Option<Personal> {
    (party == PAYER).then(|| Personal {
        name: NAME.to_owned(),
        ..Personal::default()
    })
}

/// Answers once a checkpoint covers the approval.
fn answer(books: &Books, serial: u64) -> Result<Answered, DemandError> {
    for _ in 0..100 {
        let answered = block_on(books.answer_demand(serial, personal)).expect("taken");
        if !matches!(answered, Err(DemandError::Unpublished)) {
            return answered;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("no checkpoint in ten seconds")
}

fn read(answered: &Answered) -> String {
    let plain = Identity::of_ed25519(&seed(AUTHORITY)).decrypt(&answered.file);
    String::from_utf8(plain.expect("it is theirs")).expect("it is text")
}

/// All bytes of the files below a folder.
fn bytes_below(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(bytes_below(&path));
        } else {
            all.extend(std::fs::read(path).expect("a file"));
        }
    }
    all
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn rows_leave_by_an_approved_scope_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let books = supervised(folder.path());
    let scope = scope(asked());
    let demand = receive(&books, &scope).expect("it comes in");
    assert_eq!((demand.serial, demand.opened), (1, 1));
    assert_eq!(
        receive(&books, &scope).map(|there| there.serial),
        Ok(1),
        "once"
    );
    let early = answer(&books, 1);
    let state = Refusal::DemandState(DemandState::Received as u8);
    assert_eq!(early.err(), Some(DemandError::Document(state)));
    approve(&books, 1);
    let answered = answer(&books, 1).expect("it leaves");
    let sheet = read(&answered);
    assert_eq!(sheet.lines().count(), 4, "a header and three rows: {sheet}");
    assert_eq!(sheet.matches(NAME).count(), 3);
    assert!(
        sheet.contains(",pay,") && sheet.contains(",debit,125,"),
        "{sheet}"
    );
    let counts = check(sheet.as_bytes(), &scope).expect("it lies within");
    let disclosure = answered.disclosure;
    assert_eq!((disclosure.rows, disclosure.accounts), (3, 1));
    assert_eq!(
        (counts.rows, counts.bytes),
        (disclosure.rows, disclosure.bytes)
    );
    let halves = counts.digest.as_chunks::<16>().0;
    assert_eq!(u128::from_le_bytes(halves[0]), disclosure.digest);
    let stranger = Identity::of_ed25519(&seed(STAFF)).decrypt(&answered.file);
    assert!(stranger.is_err(), "it is encrypted to the authority");
    let seen = block_on(books.demands_about(PAYER)).expect("read");
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].demand.serial, seen[0].disclosures[0].number),
        (1, 1)
    );
    assert_eq!(seen[0].asked, scope);
    assert_eq!(block_on(books.demands_about(PAYEE)).expect("read").len(), 0);
    take(&books, 1, STAFF, "noticed", [0; 32]);
    take(&books, 1, STAFF, "closed", [0; 32]);
    block_on(books.close()).expect("they close");

    let books = open(folder.path());
    let register = block_on(books.register()).expect("read");
    assert_eq!((register.demands, register.disclosures), (1, 1));
    let listed = block_on(books.listed_demands(0)).expect("read");
    let text = listed[0].text.as_deref().unwrap_or_default();
    assert!(
        text.starts_with("counterfoil/entry/v1\nserial 1\nclass police\n"),
        "{text}"
    );
    block_on(books.close()).expect("they close");
    let audit = audit(folder.path(), &|_| ()).expect("audited");
    assert_eq!(audit.differences, [] as [&str; 0]);
    let log = bytes_below(folder.path());
    assert!(!has(&log, NAME), "a name stands in the books");
}

#[test]
fn what_is_sealed_stands_nowhere_in_the_log_until_it_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let books = supervised(folder.path());
    let opens = FROM + 90 * 86_400;
    let sealed = scope(Asked {
        sealed: Some(opens),
        ..asked()
    });
    let demand = receive(&books, &sealed).expect("it comes in");
    assert!(demand.is_sealed());
    approve(&books, 1);
    answer(&books, 1).expect("it leaves");
    let there = |text: &str| {
        let segments = bytes_below(&folder.path().join("log"));
        assert!(has(&segments, "counterfoil/entry/v1"), "the log is read");
        has(&segments, text)
    };
    for secret in ["tracing of a fraud", "INV-2026-0042", "subjects persons"] {
        assert!(!there(secret), "{secret}");
    }
    assert_eq!(block_on(books.demands_about(PAYER)).expect("read").len(), 0);
    assert_eq!(block_on(books.open_due_demands(MORNING)).expect("taken"), 0);
    let almost = (opens - 60) * SECOND;
    assert_eq!(block_on(books.open_due_demands(almost)).expect("taken"), 1);
    assert!(there("tracing of a fraud"));
    let seen = block_on(books.demands_about(PAYER)).expect("read");
    assert_eq!((seen.len(), seen[0].disclosures.len()), (1, 1));
    block_on(books.set_clock((opens + 60) * SECOND)).expect("taken");
    let register = block_on(books.register()).expect("read");
    assert_eq!(register.overdue, 0, "it was opened in time");
    block_on(books.close()).expect("they close");
}

#[test]
fn a_scope_is_narrowed_and_never_widened() {
    let folder = tempfile::tempdir().expect("a folder");
    let books = supervised(folder.path());
    receive(&books, &scope(asked())).expect("it comes in");
    take(&books, 1, STAFF, "examined", [0; 32]);
    let wider = scope(Asked {
        subjects: Subjects::Persons(BTreeSet::from([PAYER, PAYEE])),
        ..asked()
    });
    let refused = block_on(books.narrow_demand(1, &wider)).expect("taken");
    assert_eq!(refused, Err(DemandError::Wider));
    let mut fields = asked().fields;
    fields.remove(&Field::Name);
    let less = scope(Asked {
        fields,
        kinds: Some(BTreeSet::from([Kind::new("pay").expect("a name")])),
        ..asked()
    });
    let commitment = block_on(books.narrow_demand(1, &less)).expect("taken");
    let commitment = commitment.expect("it is narrower");
    take(&books, 1, STAFF, "narrowed", commitment);
    approve(&books, 1);
    let answered = answer(&books, 1).expect("it leaves");
    let sheet = read(&answered);
    assert_eq!(
        sheet.lines().count(),
        3,
        "a header and two payments: {sheet}"
    );
    assert!(
        !sheet.contains(NAME) && !sheet.contains("top_up"),
        "{sheet}"
    );
    block_on(books.close()).expect("they close");
}

/// Somebody with the institution's disk and a key of its staff, and without the gate: a wider scope in
/// the place of what was kept, approved by two people who did not look.
#[test]
fn a_wider_scope_that_was_approved_past_the_gate_lets_nothing_leave() {
    let folder = tempfile::tempdir().expect("a folder");
    let books = supervised(folder.path());
    receive(&books, &scope(asked())).expect("it comes in");
    take(&books, 1, STAFF, "examined", [0; 32]);
    let path = folder.path().join("demands/1");
    let kept = std::fs::read(&path).expect("it is kept");
    let wider = scope(Asked {
        subjects: Subjects::All,
        ..asked()
    });
    // Behind the parts that are there: a salt and a scope as a narrower one would be.
    let mut forged = kept.clone();
    for part in [&[7; 32][..], wider.to_string().as_bytes()] {
        forged.extend((part.len() as u32).to_le_bytes());
        forged.extend(part);
    }
    std::fs::write(&path, &forged).expect("it is forged");
    let entry = block_on(books.listed_demands(0)).expect("read");
    let entry = Document::parse(entry[0].text.as_deref().expect("it has lines"));
    let Ok(Document::Entry(entry)) = entry else {
        panic!("it is an entry")
    };
    let commitment = {
        use sha2::{Digest, Sha256};
        Sha256::digest(entry.preimage(&[7; 32], &wider.to_string())).into()
    };
    take(&books, 1, STAFF, "narrowed", commitment);
    approve(&books, 1);
    assert_eq!(answer(&books, 1).err(), Some(DemandError::Wider));
    // What was asked, and other bytes kept in its place.
    let other = scope(Asked {
        purpose: "something else".to_owned(),
        ..asked()
    });
    let from = scope(asked()).to_string();
    let text = String::from_utf8_lossy(&kept).into_owned();
    assert!(text.contains(&from));
    let mut exchanged = kept.clone();
    let at = kept
        .windows(18)
        .position(|part| part == b"tracing of a fraud");
    let at = at.expect("it is there");
    exchanged[at..at + 18].copy_from_slice(b"tracing of a freud");
    std::fs::write(&path, &exchanged).expect("it is exchanged");
    assert!(other.to_string() != from);
    assert_eq!(answer(&books, 1).err(), Some(DemandError::Kept));
    let register = block_on(books.register()).expect("read");
    assert_eq!(register.disclosures, 0, "nothing left");
    block_on(books.close()).expect("they close");
}

#[test]
fn everybody_is_answered_with_noise_that_no_repetition_takes_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let books = supervised(folder.path());
    let bulk = |basis: &str| {
        scope(Asked {
            subjects: Subjects::All,
            basis: basis.to_owned(),
            kinds: Some(BTreeSet::from([Kind::new("pay").expect("a name")])),
            fields: [Field::Account, Field::Time, Field::Kind, Field::Amount].into(),
            ..asked()
        })
    };
    receive(&books, &bulk("Criminal Procedure Act, section 94")).expect("it comes in");
    receive(&books, &bulk(LAW)).expect("it comes in");
    approve(&books, 1);
    approve(&books, 2);
    let raw = answer(&books, 1);
    assert_eq!(raw.err(), Some(DemandError::Answer(AnswerError::Bulk)));
    let lawful = answer(&books, 2).expect("the mandate names the law");
    assert_eq!(lawful.disclosure.rows, 4, "both sides of two payments");
    let budget = BudgetText {
        by: STAFF,
        authority: AUTHORITY,
        thousandths: 1_000,
        reasons: "By the order of the board.".to_owned(),
    };
    enter(&books, &Document::Budget(budget)).expect("it is granted");
    let asking = |under| Asking {
        by: BTreeSet::from([By::Kind]),
        tiers: 1,
        sums: None,
        rows: 8,
        minimum: 3,
        epsilon: Epsilon::new(1, under).expect("it is a fraction"),
    };
    let total = |under, now| block_on(books.total_demand(1, asking(under), now)).expect("taken");
    let ended = FROM + 86_401;
    assert!(
        matches!(total(2, FROM), Err(DemandError::Purse(_))),
        "it has not ended"
    );
    let first = total(2, ended).expect("it is paid");
    let again = total(2, ended).expect("it was paid");
    assert_eq!((first.disclosure.cost, again.disclosure.cost), (500, 0));
    assert_eq!(first.table, again.table, "there is nothing to average");
    total(2, ended).expect("as often as they like");
    total(4, ended).expect("it is paid");
    let spent = total(3, ended);
    assert!(
        matches!(spent, Err(DemandError::Purse(_))),
        "250 are left of 1000"
    );
    block_on(books.close()).expect("they close");
}
