//! Alterations of the index: runs and the manifest that names them.

use std::fs;
use std::path::{Path, PathBuf};

use engine::audit;
use model::Transfer;

use crate::forge::{set, word};
use crate::is_named;
use crate::scenario::{Step, account, block_on, made_of, open, play, transfer};

const BLOCK: usize = 4_096;
const MANIFEST: &str = "index/manifest";

/// Books with so many records that a run is written.
fn books(data: &Path) -> PathBuf {
    let accounts = (1..=9).map(|id| account(id, 0)).collect();
    made_of(data, &[Step::Accounts(accounts)]);
    let books = open(data);
    for first in (1..=272_000_u128).step_by(8_000) {
        let event = |id: u128| Transfer {
            user_data_64: 3,
            ..transfer(id, (id % 9 + 1, (id + 4) % 9 + 1), id % 100, 0)
        };
        let events = (first..first + 8_000).map(event).collect();
        block_on(play(&books, &Step::Transfers(events))).expect("taken");
    }
    block_on(books.close()).expect("closed");
    let runs = fs::read_dir(data.join("index")).expect("there");
    let mut runs = runs.map(|entry| entry.expect("an entry").path());
    let is_run = |path: &PathBuf| path.to_string_lossy().contains("run-");
    runs.find(is_run).expect("a run was written")
}

/// The first leaf of a tree.
fn leaf(run: &[u8], tree: u8) -> usize {
    let mut blocks = run.chunks(BLOCK);
    blocks
        .position(|block| block[4] == tree && block[5] == 0)
        .expect("it has entries")
}

/// Makes the checksum of a block fit, and the manifest fit the footer.
fn mend(data: &Path, run: &mut [u8], block: usize) {
    let last = run.len() / BLOCK - 1;
    let number = word(run, last * BLOCK + 24);
    for block in [block, last] {
        let bytes = &run[block * BLOCK..][..BLOCK];
        let mut summed = number.to_le_bytes().to_vec();
        summed.extend((block as u64).to_le_bytes());
        summed.extend(&bytes[4..]);
        let sum = crc32c::crc32c(&summed);
        set(run, block * BLOCK, &sum.to_le_bytes());
    }
    let path = data.join(MANIFEST);
    let mut manifest = fs::read(&path).expect("there");
    let sum = run[last * BLOCK..][..4].to_vec();
    set(&mut manifest, 60, &sum);
    seal(&mut manifest);
    fs::write(&path, manifest).expect("written");
}

fn seal(bytes: &mut [u8]) {
    crate::forge::seal(bytes);
}

/// Changes how many entries the first leaf of a tree has whose keys are all the same, and what the
/// footer says of it.
fn recount(data: &Path, run: &Path, change: impl Fn(u64) -> u64) {
    let mut bytes = fs::read(run).expect("there");
    let block = leaf(&bytes, 3);
    let at = block * BLOCK + 6;
    let count = u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let count = change(count.into()) as u16;
    set(&mut bytes, at, &count.to_le_bytes());
    let at = bytes.len() - BLOCK + 96 + 48 * 3 + 24;
    let entries = change(word(&bytes, at));
    set(&mut bytes, at, &entries.to_le_bytes());
    mend(data, &mut bytes, block);
    fs::write(run, bytes).expect("written");
}

/// What an alteration is, what is said of it, and how it changes the run and the manifest.
type Row = (&'static str, [&'static str; 2], fn(&Path, &Path));

const ROWS: &[Row] = &[
    ("a bit of a run", ["index/run-", "byte"], |_, run| {
        let mut bytes = fs::read(run).expect("there");
        bytes[9_000] ^= 1;
        fs::write(run, bytes).expect("written");
    }),
    (
        "an entry changed",
        ["index/run-", "tree account"],
        |data, run| {
            let mut bytes = fs::read(run).expect("there");
            let block = leaf(&bytes, 1);
            let base = word(&bytes, block * BLOCK + 16) + 1;
            set(&mut bytes, block * BLOCK + 16, &base.to_le_bytes());
            mend(data, &mut bytes, block);
            fs::write(run, bytes).expect("written");
        },
    ),
    (
        "an entry taken out",
        ["index/run-", "tree user_data_64"],
        |data, run| {
            recount(data, run, |count| count - 1);
        },
    ),
    ("an entry added", ["index/run-", ""], |data, run| {
        recount(data, run, |count| count + 1);
    }),
    ("a run missing", ["index/run-", ""], |_, run| {
        fs::remove_file(run).expect("removed");
    }),
    ("a run cut short", ["index/run-", ""], |_, run| {
        let bytes = fs::read(run).expect("there");
        fs::write(run, &bytes[..bytes.len() - BLOCK]).expect("written");
    }),
    (
        "a bit of the manifest",
        ["index/manifest", "checksum"],
        |data, _| {
            let mut bytes = fs::read(data.join(MANIFEST)).expect("there");
            bytes[30] ^= 1;
            fs::write(data.join(MANIFEST), bytes).expect("written");
        },
    ),
    (
        "the range in the manifest",
        ["index/", "byte"],
        |data, _| {
            let mut bytes = fs::read(data.join(MANIFEST)).expect("there");
            bytes[41] ^= 0x10;
            seal(&mut bytes);
            fs::write(data.join(MANIFEST), bytes).expect("written");
        },
    ),
];

#[test]
fn alterations_of_the_index_are_named() {
    let data = tempfile::tempdir().expect("a directory");
    let data = data.path();
    let run = books(data);
    let found = audit(data, &|_| ()).expect("audited");
    assert_eq!((found.differences.len(), found.runs), (0, 1), "{found:?}");
    let whole = [run.clone(), data.join(MANIFEST)].map(|path| {
        let bytes = fs::read(&path).expect("there");
        (path, bytes)
    });
    for (what, words, alter) in ROWS {
        alter(data, &run);
        let found = audit(data, &|_| ()).expect("audited").differences;
        println!("{what}\n    {}", found.join("\n    "));
        assert!(
            is_named(&found, words),
            "{what}: {words:?} is not said: {found:?}"
        );
        for (path, bytes) in &whole {
            fs::write(path, bytes).expect("written");
        }
    }
}
