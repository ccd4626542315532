//! The books that are altered: all kinds of records, erasures, statements, snapshots, a signed and
//! a cosigned checkpoint, and a log that goes on behind them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use engine::{Books, Erase, Options, Signing, Trust, audit_trusting, erase};
use merkle::checkpoint::Checkpoint;
use merkle::key::{KeyKind, SigningKey};
use merkle::note::Note;
use merkle::policy::Policy;
use model::Transfer;

use crate::scenario::{
    MORNING, SECOND, SEGMENT, Step, block_on, contents, ending, every_kind, make, place, play,
    play_all, transfer, write_contents,
};

/// A directory as it lies on the disk: by name, length and bytes without the zeros at the end.
pub type Files = BTreeMap<PathBuf, (u64, Vec<u8>)>;

pub const ORIGIN: &str = "example.org/books";

/// Batches of a hundred transfers and of one, so that the tree has a second level.
const FULL: u128 = 20;
const SINGLE: u128 = 240;

/// The first of the plain transfers, the first of the single ones, and the first behind the
/// newest snapshot.
pub const PLAIN: u128 = 10_000;
pub const LONE: u128 = 20_000;
pub const LATE: u128 = 30_000;

/// A transfer that was erased; and the user data that it had.
pub const ERASED: u128 = PLAIN + 505;

pub fn log_key() -> SigningKey {
    SigningKey::generate(ORIGIN, KeyKind::Ed25519, [5; 32]).expect("a key")
}

pub fn witness_key() -> SigningKey {
    SigningKey::generate("example.net/witness", KeyKind::CosignatureV1, [6; 32]).expect("a key")
}

fn policy() -> Policy {
    let (log, witness) = (log_key(), witness_key());
    let (log, witness) = (log.verifier(), witness.verifier());
    let text = format!("log {log}\nwitness one {witness}\nquorum one\n");
    Policy::parse(text.as_bytes()).expect("a policy")
}

fn signing() -> Signing {
    Signing::new(vec![log_key()], Some(policy())).expect("it signs")
}

fn options(data: &Path) -> Options {
    Options {
        data: data.to_owned(),
        manual_clock: true,
        signing: Some(Arc::new(signing())),
    }
}

fn open(data: &Path) -> Books {
    Books::open(&options(data)).expect("the books open")
}

fn plain(id: u128) -> Transfer {
    let accounts = [1, 2, 6, 5, 3];
    let (debit, credit) = (accounts[id as usize % 2], accounts[2 + id as usize % 3]);
    Transfer {
        user_data_128: id << 64,
        user_data_64: id as u64 + 1_000_000,
        user_data_32: 7,
        ..transfer(id, (debit, credit), id % 1_000 + 1, 0)
    }
}

fn transfers(books: &Books, events: Vec<Transfer>) {
    let results = block_on(play(books, &Step::Transfers(events))).expect("taken");
    assert!(results.iter().all(|result| result.status == u32::MAX));
}

/// The batches that the checkpoint on the disk covers, and its text.
fn signed(data: &Path) -> Option<(u64, String)> {
    let bytes = fs::read(data.join("checkpoint")).ok()?;
    let note = Note::parse(&bytes).expect("a note");
    let checkpoint = Checkpoint::parse(&note.text).expect("a checkpoint");
    Some((checkpoint.head.size, note.text))
}

fn until_signed(books: &Books, data: &Path) -> (u64, String) {
    for _ in 0..400 {
        if let Some(signed) = signed(data).filter(|(size, _)| *size == books.stats().batches) {
            return signed;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("no checkpoint is signed")
}

fn made() -> Files {
    let data = place();
    let data = data.path();
    make(data, 7);
    let books = open(data);
    play_all(&books, &every_kind());
    for batch in 0..FULL {
        let first = PLAIN + 100 * batch;
        transfers(&books, (first..first + 100).map(plain).collect());
    }
    block_on(books.make_statement_from([3; 32])).expect("a statement");
    block_on(books.close()).expect("closed");
    drop(books);
    let order = Erase {
        books: options(data),
        transfers: vec![ERASED, 20],
        retention_days: 0,
    };
    block_on(erase(&order)).expect("erased");
    let books = open(data);
    for id in LONE..LONE + SINGLE {
        transfers(&books, vec![plain(id)]);
    }
    block_on(books.make_statement_from([4; 32])).expect("a statement");
    let (size, text) = until_signed(&books, data);
    let line = witness_key()
        .cosign(&text, 1_767_600_000)
        .expect("cosigned");
    block_on(books.cosign(size, vec![line])).expect("kept");
    transfers(&books, vec![plain(LATE - 1)]);
    block_on(books.close()).expect("closed");
    drop(books);
    let books = open(data);
    let later = Step::Clock(MORNING + 1_000 * SECOND);
    block_on(play(&books, &later)).expect("taken");
    let void = model::transfer_flags::VOID_PENDING;
    transfers(&books, vec![ending(LATE, 65, 0, void)]);
    for id in LATE + 1..LATE + 9 {
        transfers(&books, vec![plain(id)]);
    }
    until_signed(&books, data);
    // As a killed process leaves it: the log goes on behind the newest snapshot.
    let mut files = contents(data);
    files.retain(|name, _| name.extension().is_none_or(|extension| extension != "new"));
    files
        .entry("log/0000000000000001.seg".into())
        .or_insert((SEGMENT, Vec::new()));
    block_on(books.close()).expect("closed");
    files
}

/// The whole directory, made once.
pub fn whole() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(made)
}

/// What an audit finds in a directory of these files.
pub fn findings(files: &Files) -> Vec<String> {
    let data = place();
    write_contents(data.path(), files);
    match audit_trusting(data.path(), &Trust::of(&signing()), &|_| ()) {
        Ok(found) => found.differences,
        Err(error) => vec![error.to_string()],
    }
}
