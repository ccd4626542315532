//! How long the answer to a demand for one person's year takes, over books of so many transfers.
//!
//! `cargo bench -p engine --bench demand [-- TRANSFERS]`, one million unless told otherwise.
#![expect(
    clippy::disallowed_methods,
    reason = "a bench is timed by the real clock"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use demands::scope::Asked;
use demands::{Field, Period, Roles, Scope, Subjects};
use engine::{Books, DemandError, Options, Received, SignedDocument, Signing};
use merkle::key::{KeyKind, SigningKey};
use model::document::{Document, MandateText, Step, StepText};
use model::limits::BATCH_EVENTS;
use model::object::Demand;
use model::{Account, Act, Command, PartyKeySet, PartyOpen, Transfer};
use sim::workload::Random;
use tokio::runtime::Runtime;

const ACCOUNTS: u64 = 100_000;
const ASKED: u64 = 20;
const STAFF: [u128; 2] = [1 << 40, (1 << 40) + 1];
const AUTHORITY: u128 = (1 << 40) + 2;

fn main() {
    let transfers = std::env::args().find_map(|word| word.parse().ok());
    let transfers: u64 = transfers.unwrap_or(1_000_000);
    let data = tempfile::tempdir_in(".").expect("a folder");
    let books = opened(data.path());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(supervise(&books));
    runtime.block_on(fill(&books, transfers));
    let mut random = Random::new(5);
    let (mut times, mut rows) = (Vec::new(), 0);
    for serial in 1..=ASKED {
        let person = u128::from(1 + random.below(ACCOUNTS));
        runtime.block_on(ask(&books, serial, person));
        let (time, left) = answered(&runtime, &books, serial);
        times.push(time);
        rows += left;
    }
    times.sort();
    let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
    let stats = books.stats();
    println!(
        "{} records, {} rows an answer: median {median:?}, at most {most:?}",
        stats.records,
        rows / ASKED
    );
    runtime.block_on(books.close()).expect("closed");
}

fn key(party: u128) -> SigningKey {
    SigningKey::generate("party", KeyKind::Ed25519, [party as u8; 32]).expect("a key")
}

fn opened(data: &Path) -> Books {
    engine::init(data, &engine::Init::default()).expect("made");
    let key = SigningKey::generate("books.example/log", KeyKind::Ed25519, [7; 32]).expect("a key");
    let options = Options {
        data: data.to_owned(),
        manual_clock: false,
        signing: Some(Arc::new(Signing::new(vec![key], None).expect("it signs"))),
    };
    Books::open(&options).expect("opened")
}

/// Two members of the staff, and an authority with a mandate.
async fn supervise(books: &Books) {
    for (party, kind) in [(STAFF[0], 4), (STAFF[1], 4), (AUTHORITY, 3)] {
        let halves = key(party)
            .verifier()
            .public_key()
            .as_chunks::<16>()
            .0
            .to_vec();
        let open = PartyOpen {
            party,
            kind,
            ..PartyOpen::default()
        };
        let set = PartyKeySet {
            party,
            key: u128::from_le_bytes(halves[0]),
            key_more: u128::from_le_bytes(halves[1]),
        };
        for (id, act) in [(party, Act::from(open)), (party << 8, Act::from(set))] {
            let command = Command {
                id,
                act,
                legs: Vec::new(),
            };
            let done = books.commands(vec![command]).await.expect("taken");
            assert_eq!(done[0].status, u32::MAX, "created");
        }
    }
    let mandate = MandateText {
        authority: AUTHORITY,
        number: 1,
        by: STAFF[0],
        law: "A law".to_owned(),
        jurisdiction: 0x4E43,
        reasons: "As the law asks.".to_owned(),
        ..MandateText::default()
    };
    enter(books, &Document::Mandate(mandate)).await;
}

async fn enter(books: &Books, document: &Document) {
    let text = document.to_text();
    let signature = key(document.signer()).sign_message(text.as_bytes());
    let signature = signature.expect("signed").try_into().expect("64 bytes");
    let entered = books
        .enter_document(SignedDocument { text, signature })
        .await;
    entered.expect("taken").expect("entered");
}

async fn step(books: &Books, demand: &Demand, by: u128, step: Step) {
    let mut commitment = [0; 32];
    if step == Step::Approved {
        commitment[..16].copy_from_slice(&demand.scope.to_le_bytes());
        commitment[16..].copy_from_slice(&demand.scope_more.to_le_bytes());
    }
    let text = StepText {
        by,
        demand: demand.serial,
        step: step as u8,
        commitment,
        reasons: "Looked at.".to_owned(),
        ..StepText::default()
    };
    enter(books, &Document::Step(text)).await;
}

/// Asks for one person's year, and has it approved by two.
async fn ask(books: &Books, serial: u64, person: u128) {
    let asked = Asked {
        authority: AUTHORITY,
        reference: format!("R {serial}"),
        basis: "A law, section 7".to_owned(),
        purpose: "tracing".to_owned(),
        subjects: Subjects::Persons(BTreeSet::from([person])),
        roles: Roles::Owner,
        fields: [
            Field::Account,
            Field::Time,
            Field::Kind,
            Field::Transfer,
            Field::Party,
            Field::CounterpartyAccount,
            Field::CounterpartyParty,
            Field::Side,
            Field::Amount,
        ]
        .into(),
        kinds: None,
        period: Period {
            from: 1_767_225_600,
            to: 4_000_000_000,
        },
        sealed: None,
    };
    let scope = Scope::new(asked).expect("whole");
    let message = scope.to_string();
    let signature = key(AUTHORITY).sign_message(message.as_bytes());
    let received = Received {
        class: 1,
        scope,
        signature: signature.expect("signed").try_into().expect("64 bytes"),
        message,
    };
    let demand = books.receive_demand(received).await.expect("taken");
    let demand = demand.expect("received");
    step(books, &demand, STAFF[0], Step::Examined).await;
    for by in STAFF {
        step(books, &demand, by, Step::Approved).await;
    }
}

/// How long the answer takes once a checkpoint covers the approval, and its rows.
fn answered(runtime: &Runtime, books: &Books, serial: u64) -> (Duration, u64) {
    loop {
        let since = Instant::now();
        let answered = runtime.block_on(books.answer_demand(serial, Arc::new(|_| None)));
        match answered.expect("taken") {
            Err(DemandError::Unpublished) => std::thread::sleep(Duration::from_millis(50)),
            answered => {
                let answered = answered.expect("it leaves");
                return (since.elapsed(), answered.disclosure.rows);
            }
        }
    }
}

async fn fill(books: &Books, transfers: u64) {
    let account = |id: u64| Account {
        id: id.into(),
        user_data_128: id.into(),
        ledger: 1,
        code: 1,
        ..Account::default()
    };
    let accounts: Vec<_> = (1..=ACCOUNTS).map(account).collect();
    for accounts in accounts.chunks(BATCH_EVENTS) {
        books
            .create_accounts(accounts.to_vec())
            .await
            .expect("created");
    }
    let mut random = Random::new(3);
    let mut transfer = |id: u64| {
        let debit = 1 + random.below(ACCOUNTS);
        let credit = 1 + (debit + random.below(ACCOUNTS - 1)) % ACCOUNTS;
        Transfer {
            id: id.into(),
            debit_account_id: debit.into(),
            credit_account_id: credit.into(),
            amount: 100,
            ledger: 1,
            code: 1,
            ..Transfer::default()
        }
    };
    let mut next = 1;
    while next <= transfers {
        let end = (next + BATCH_EVENTS as u64).min(transfers + 1);
        let batch: Vec<_> = (next..end).map(&mut transfer).collect();
        books.create_transfers(batch).await.expect("created");
        next = end;
    }
}
