//! Alterations of statements: in their files, in the log, and in both alike.

use merkle::Seed;
use merkle::sum_tree::{Builder, Entry, Sum};
use model::Record;
use model::record::StatementLine;
use sha2::{Digest, Sha256};

use crate::Alteration;
use crate::books::Files;
use crate::forge::{Log, bytes, flip, forge, put, set, whole, word};

const FOLDER: &str = "statements/0000000000000001";
const FILE: &str = "statements/0000000000000001/statement";
const LEAVES: &str = "statements/0000000000000001/leaves";
const NODES: &str = "statements/0000000000000001/nodes";
const PLACES: &str = "statements/0000000000000001/places";

const HEAD: usize = 72;
const LINE: usize = 64;

/// The account that is left out.
const LEFT_OUT: u128 = 6;

/// Changes the lines of the first statement in the log, and all that rests on them.
fn in_log(files: &mut Files, change: impl Fn(&mut StatementLine)) {
    let mut log = Log::read(files);
    let is_it = |record: &Record| matches!(record, Record::StatementLine(_));
    let (batch, _) = log.find(is_it);
    for index in 0..log.batches[batch].records.len() {
        log.change((batch, index), |record| {
            if let Record::StatementLine(line) = record {
                change(line);
            }
        });
    }
    log.reroot(batch);
    log.relink(batch);
    log.write_with_tree(files);
}

/// Changes the lines themselves, in the log.
fn lines(files: &mut Files, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut log = Log::read(files);
    let (batch, _) = log.find(|record| matches!(record, Record::StatementLine(_)));
    change(&mut log.batches[batch].records);
    log.reroot(batch);
    log.relink(batch);
    log.write_with_tree(files);
}

/// The leaf of an account: its tree, and its place among all leaves.
fn leaf_of(files: &Files, account: u128) -> (usize, usize) {
    let leaves = whole(files, LEAVES);
    let is_it = |leaf: &[u8]| leaf[..16] == account.to_le_bytes();
    let leaf = leaves.chunks(32).position(is_it).expect("it was counted");
    (leaf / 256, leaf)
}

/// The root of a tree as its leaves are now, made with the secret of the statement.
fn root(files: &Files, tree: usize) -> Sum {
    let statement = whole(files, FILE);
    let line = &statement[HEAD + LINE * tree..][..LINE];
    let digest = Sha256::new()
        .chain_update(b"cf-statement-seed")
        .chain_update(&statement[40..72])
        .chain_update(&line[..7]);
    let seed = Seed::from_bytes(digest.finalize().into());
    let number = |bytes: &[u8]| u128::from_le_bytes(bytes.try_into().expect("16 bytes"));
    let leaves: Vec<Entry> = whole(files, LEAVES)[256 * 32 * tree..][..256 * 32]
        .chunks(32)
        .map(|leaf| Entry {
            id: number(&leaf[..16]),
            amount: number(&leaf[16..]),
        })
        .collect();
    let mut builder = Builder::new(&seed, 8).expect("a tree");
    builder.push(&leaves, |_, _| ()).expect("it adds up");
    builder.finish(|_, _| ()).expect("it is whole")
}

/// Makes leaves, nodes, statement and log say the same, and the log hash to what it says.
fn leave_out(files: &mut Files) {
    let (tree, leaf) = leaf_of(files, LEFT_OUT);
    let before = root(files, tree);
    let at = HEAD + LINE * tree;
    assert_eq!(
        whole(files, FILE)[at + 32..at + 64],
        before.to_bytes()[..32]
    );
    let mut leaves = whole(files, LEAVES);
    leaves[32 * leaf..][..32].fill(0);
    put(files, LEAVES, leaves);
    let sum = root(files, tree);
    assert!(sum.amount < before.amount, "it has a balance");
    let mut nodes = whole(files, NODES);
    set(&mut nodes, Sum::LEN * tree, &sum.to_bytes());
    put(files, NODES, nodes);
    forge(files, FILE, |file| {
        let accounts = word(file, at + 8) - 1;
        set(file, at + 8, &accounts.to_le_bytes());
        set(file, at + 16, &sum.amount.to_le_bytes());
        set(file, at + 32, sum.hash.as_bytes());
    });
    in_log(files, |line| {
        if line.line == tree as u32 {
            line.total = sum.amount;
            line.root = sum.hash.to_bytes();
        }
    });
}

/// Lines in the log, and all that rests on them.
pub const IN_LOG: &[Alteration] = &[
    Alteration(
        "an account left out, all alike",
        &[FILE, "its total is"],
        leave_out,
    ),
    Alteration(
        "an account left out, told by its leaf",
        &[LEAVES, "byte"],
        leave_out,
    ),
    Alteration(
        "an account left out, told by its line",
        &["statement 1 in the log"],
        leave_out,
    ),
    Alteration(
        "the total in the log",
        &["statement 1 in the log, line 1", "total"],
        |files| {
            in_log(files, |line| line.total += u128::from(line.line == 1));
        },
    ),
    Alteration(
        "the root in the log",
        &["statement 1 in the log, line 1", "root"],
        |files| {
            in_log(files, |line| line.root[0] ^= u8::from(line.line == 1));
        },
    ),
    Alteration(
        "the code in the log",
        &["statement 1 in the log, line 1", "code"],
        |files| {
            in_log(files, |line| line.code += u16::from(line.line == 1));
        },
    ),
    Alteration(
        "the batches in the log",
        &["statement 1 in the log, line 0", "batch"],
        |files| {
            in_log(files, |line| line.batches -= 1);
        },
    ),
    Alteration(
        "a line twice",
        &["statement 1 in the log, line 3", "code"],
        |files| {
            lines(files, |lines| {
                let Ok(Record::StatementLine(mut line)) = Record::decode(&lines[0]) else {
                    panic!("it is a line")
                };
                let last = Record::decode(lines.last().expect("there are lines"));
                line.line = 1;
                line.timestamp = last.expect("a line").timestamp();
                *lines.last_mut().expect("there are lines") =
                    Record::StatementLine(line).to_bytes();
            });
        },
    ),
    Alteration(
        "a line left out",
        &["statement 1 in the log", "lines"],
        |files| {
            lines(files, |lines| drop(lines.pop()));
        },
    ),
    Alteration(
        "statements renumbered",
        &["statement 7 does not follow"],
        |files| {
            in_log(files, |line| line.statement = 7);
        },
    ),
    Alteration(
        "lines renumbered",
        &["statement 1 in the log, line 1"],
        |files| {
            in_log(files, |line| {
                if line.line == 1 {
                    line.line = 2;
                }
            });
        },
    ),
];

/// The files of a statement.
pub const IN_FILES: &[Alteration] = &[
    Alteration("a bit of a statement", &[FILE, "checksum"], |files| {
        flip(files, FILE, 80);
    }),
    Alteration(
        "the total in the file",
        &[FILE, "line 1", "total"],
        |files| {
            forge(files, FILE, |file| file[HEAD + LINE + 16] ^= 1);
        },
    ),
    Alteration("the root in the file", &[FILE, "line 1", "root"], |files| {
        forge(files, FILE, |file| file[HEAD + LINE + 40] ^= 1);
    }),
    Alteration(
        "the count of accounts in the file",
        &[FILE, "line 1", "accounts"],
        |files| {
            forge(files, FILE, |file| file[HEAD + LINE + 8] += 1);
        },
    ),
    Alteration("the secret of a statement", &[FILE, "root"], |files| {
        forge(files, FILE, |file| file[50] ^= 1);
    }),
    Alteration("the batches in the file", &[FILE, "line 1"], |files| {
        forge(files, FILE, |file| file[24] -= 1);
    }),
    Alteration(
        "where its lines are looked for",
        &[FILE, "looked for"],
        |files| {
            forge(files, FILE, |file| file[33] += 1);
        },
    ),
    Alteration("the number in the file", &[FILE, "number"], |files| {
        forge(files, FILE, |file| file[16] += 1);
    }),
    Alteration("a balance in a leaf", &[LEAVES, "byte"], |files| {
        let (_, leaf) = leaf_of(files, LEFT_OUT);
        bytes(files, LEAVES)[32 * leaf + 16] ^= 1;
    }),
    Alteration("a node", &[NODES, "byte"], |files| flip(files, NODES, 50)),
    Alteration("a place", &[PLACES, "byte"], |files| {
        flip(files, PLACES, 12);
    }),
    Alteration("leaves that end early", &[LEAVES, "too early"], |files| {
        let mut leaves = whole(files, LEAVES);
        leaves.pop();
        put(files, LEAVES, leaves);
    }),
    Alteration("a statement missing", &[FILE, "without it"], |files| {
        files.remove(std::path::Path::new(FILE));
    }),
    Alteration(
        "a statement that was never made",
        &["statements/0000000000000009"],
        |files| {
            let mut file = whole(files, FILE);
            set(&mut file, 16, &9_u64.to_le_bytes());
            let name = "statements/0000000000000009/statement";
            put(files, name, file);
            forge(files, name, |_| ());
        },
    ),
    Alteration(
        "a folder that is no statement",
        &["statements/old"],
        |files| {
            let file = whole(files, FILE);
            put(files, "statements/old/statement", file);
        },
    ),
    Alteration(
        "a statement in another's folder",
        &[FOLDER, "number"],
        |files| {
            let file = whole(files, "statements/0000000000000002/statement");
            put(files, FILE, file);
        },
    ),
];
