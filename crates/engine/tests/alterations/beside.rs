//! Alterations of what stands beside the log: superblock, key of the salts, snapshots.

use std::path::{Path, PathBuf};

use crate::Alteration;
use crate::books::Files;
use crate::forge::{Snap, flip, forge, put, set, whole, word};
use crate::scenario::{block_on, contents, every_kind, make, open, place, play_all};

/// Bytes of an account in a chunk, and where its sums of posted debits and credits stand.
const ACCOUNT: usize = 128;
const DEBITS_POSTED: usize = 32;

/// Changes the newest snapshot, whose checksums fit afterwards.
fn snap(files: &mut Files, change: impl FnOnce(&mut Snap)) {
    let mut snap = Snap::read(files);
    change(&mut snap);
    snap.write(files);
}

/// Where the header of the state begins in the beginning of a snapshot.
fn header(snap: &Snap) -> usize {
    let frontier_len = u32::from_le_bytes(snap.meta[64..68].try_into().expect("4 bytes"));
    68 + frontier_len as usize + 4
}

/// The place of an account in the first chunk.
fn account(snap: &Snap, id: u128) -> usize {
    let accounts = &snap.chunks[0].2;
    let is_it = |account: &[u8]| account[..16] == id.to_le_bytes();
    let slot = accounts.chunks(ACCOUNT).position(is_it);
    ACCOUNT * slot.expect("it is there")
}

/// The files `books` and `salt`.
pub const SUPERBLOCK_AND_KEY: &[Alteration] = &[
    Alteration("a bit of the superblock", &["books", "checksum"], |files| {
        flip(files, "books", 20);
    }),
    Alteration(
        "the name of the superblock",
        &["books", "cf-books"],
        |files| {
            forge(files, "books", |file| file[0] ^= 1);
        },
    ),
    Alteration("a version to come", &["books", "version 4"], |files| {
        forge(files, "books", |file| file[8] = 4);
    }),
    Alteration(
        "an older version",
        &["`books` says version 1", "record 0"],
        |files| {
            forge(files, "books", |file| file[8] = 1);
        },
    ),
    Alteration("the size of segments", &["books: its segments"], |files| {
        forge(files, "books", |file| {
            set(file, 16, &(32_u64 << 20).to_le_bytes());
        });
    }),
    Alteration(
        "a size that no segment has",
        &["books", "segment size"],
        |files| {
            forge(files, "books", |file| {
                set(file, 16, &(24_u64 << 20).to_le_bytes());
            });
        },
    ),
    Alteration(
        "the key of the hash of ids",
        &["another key than that in `books`"],
        |files| {
            forge(files, "books", |file| file[40] ^= 1);
        },
    ),
    Alteration(
        "the superblock missing",
        &["books", "no books are here"],
        |files| {
            files.remove(Path::new("books"));
        },
    ),
    Alteration(
        "a bit of the key of the salts",
        &["salt", "checksum"],
        |files| {
            flip(files, "salt", 20);
        },
    ),
    Alteration(
        "the key of the salts",
        &["salt: the seed of batch"],
        |files| {
            forge(files, "salt", |file| file[20] ^= 1);
        },
    ),
    Alteration(
        "the number of the key, behind",
        &["salt: the seed of batch"],
        |files| {
            forge(files, "salt", |file| {
                let number = word(file, 8) - 1;
                set(file, 8, &number.to_le_bytes());
            });
        },
    ),
    Alteration(
        "the number of the key, ahead",
        &["salt: its batch is not in"],
        |files| {
            forge(files, "salt", |file| {
                let number = word(file, 8) + 1_000;
                set(file, 8, &number.to_le_bytes());
            });
        },
    ),
];

/// What a snapshot holds.
pub const SNAPSHOTS: &[Alteration] = &[
    Alteration(
        "a bit of a snapshot",
        &["snapshots/", "checksum of a chunk"],
        |files| {
            let name = Snap::read(files).name;
            flip(files, &name, 500);
        },
    ),
    Alteration(
        "a balance in a snapshot",
        &["snapshots/", "account 6"],
        |files| {
            snap(files, |snap| {
                let at = account(snap, 6) + DEBITS_POSTED;
                snap.chunks[0].2[at] ^= 1;
            });
        },
    ),
    Alteration(
        "an account's flags in a snapshot",
        &["snapshots/", "account 4"],
        |files| {
            snap(files, |snap| {
                let at = account(snap, 4) + 118;
                snap.chunks[0].2[at] ^= 4;
            });
        },
    ),
    Alteration(
        "two accounts of a snapshot swapped",
        &["snapshots/", "account"],
        |files| {
            snap(files, |snap| {
                let (one, other) = (account(snap, 6), account(snap, 3));
                let accounts = &mut snap.chunks[0].2;
                let (first, second) = (one.min(other), one.max(other));
                let (front, back) = accounts.split_at_mut(second);
                front[first..first + ACCOUNT].swap_with_slice(&mut back[..ACCOUNT]);
            });
        },
    ),
    Alteration(
        "an open transfer taken out",
        &["snapshots/", "no pending transfer"],
        |files| {
            snap(files, |snap| {
                let id = 65_u128.to_le_bytes();
                let mut shards = snap.chunks[1..].iter_mut();
                let is_it = |shard: &&mut (u32, u64, Vec<u8>)| shard.2.starts_with(&id);
                shards
                    .find(is_it)
                    .expect("it is alone in its shard")
                    .2
                    .clear();
            });
        },
    ),
    Alteration(
        "an open transfer that nobody ended",
        &["snapshots/", "pending"],
        |files| {
            snap(files, |snap| {
                let id = 24_u128.to_le_bytes();
                let mut shards = snap.chunks[1..].iter_mut();
                let is_it = |shard: &&mut (u32, u64, Vec<u8>)| shard.2.starts_with(&id);
                shards.find(is_it).expect("it is alone in its shard").2[48] ^= 1;
            });
        },
    ),
    Alteration(
        "a chunk left out",
        &["snapshots/", "chunks are missing"],
        |files| {
            snap(files, |snap| drop(snap.chunks.pop()));
        },
    ),
    Alteration("a stamp of later", &["snapshots/"], |files| {
        snap(files, |snap| {
            snap.chunks[0].1 += 3;
            snap.end_record = snap.chunks[0].1;
        });
    }),
    Alteration(
        "an end behind the log",
        &["snapshots/", "knows more"],
        |files| {
            snap(files, |snap| snap.end_record += 1 << 20);
        },
    ),
    Alteration(
        "a snapshot under another name",
        &["snapshots/00000000000000ff"],
        |files| {
            let name = Snap::read(files).name;
            let file = whole(files, &name);
            files.remove(Path::new(&name));
            put(files, "snapshots/00000000000000ff.snap", file);
        },
    ),
    Alteration(
        "an older one under its name",
        &["snapshots/", "its name"],
        |files| {
            let mut names = files.keys().filter(|name| name.starts_with("snapshots"));
            let older = names.next().expect("there are two").clone();
            let older = whole(files, older.to_str().expect("text"));
            let name = Snap::read(files).name;
            put(files, &name, older);
        },
    ),
];

/// In the beginning of a snapshot: where in the log it stands, and the header of the state.
pub const BEGINNINGS: &[Alteration] = &[
    Alteration(
        "a snapshot of another batch",
        &["snapshots/", "beginning"],
        |files| {
            snap(files, |snap| snap.meta[0] -= 1);
        },
    ),
    Alteration(
        "the time where it begins",
        &["snapshots/", "beginning"],
        |files| {
            snap(files, |snap| snap.meta[16] ^= 1);
        },
    ),
    Alteration(
        "the leaf before it",
        &["snapshots/", "beginning"],
        |files| {
            snap(files, |snap| snap.meta[24] ^= 1);
        },
    ),
    Alteration(
        "where in the log it begins",
        &["snapshots/", "beginning"],
        |files| {
            snap(files, |snap| snap.meta[57] ^= 0x10);
        },
    ),
    Alteration(
        "the tree where it begins",
        &["snapshots/", "beginning"],
        |files| {
            snap(files, |snap| snap.meta[68 + 20] ^= 1);
        },
    ),
    Alteration(
        "the clock in its header",
        &["snapshots/", "time"],
        |files| {
            snap(files, |snap| {
                // Of the last account: no record of the log's end contradicts it.
                let at = header(snap) + 24;
                snap.meta[at] ^= 1;
            });
        },
    ),
    Alteration(
        "the last statement in its header",
        &["snapshots/", "times are not"],
        |files| {
            snap(files, |snap| {
                let at = header(snap) + 40;
                snap.meta[at] += 1;
            });
        },
    ),
    Alteration("a currency in its header", &["snapshots/"], |files| {
        snap(files, |snap| {
            let end = snap.meta.len();
            // Behind the ledgers stand the rules, of which there are none.
            let ledger = &mut snap.meta[end - 88..];
            let code = ledger
                .windows(3)
                .position(|code| code == b"EUR" || code == b"JPY");
            let at = code.expect("a currency");
            ledger[at] = b'X';
        });
    }),
    Alteration(
        "the snapshot of other books",
        &["snapshots/000000000000002c", "another key"],
        |files| {
            let other = place();
            make(other.path(), 8);
            let books = open(other.path());
            play_all(&books, &every_kind());
            block_on(books.close()).expect("closed");
            let snapshot = |(name, _): &(PathBuf, _)| name.starts_with("snapshots");
            files.extend(contents(other.path()).into_iter().filter(snapshot));
        },
    ),
];
