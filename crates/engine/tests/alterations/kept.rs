//! Alterations of the tiles and of the checkpoints over them.

use std::path::Path;

use merkle::checkpoint::Checkpoint;
use merkle::key::{KeyKind, SigningKey};
use merkle::{Hash, Head};

use crate::Alteration;
use crate::books::{Files, ORIGIN, log_key, witness_key};
use crate::forge::{Log, checkpoint, flip, put, sign, whole};

const NEWEST: &str = "checkpoint";
const WITNESSED: &str = "witnessed";

fn truncated(files: &mut Files, name: &str, bytes: usize) {
    let mut file = whole(files, name);
    file.truncate(file.len() - bytes);
    put(files, name, file);
}

/// A key of the same name that is not the log's.
fn stranger() -> SigningKey {
    SigningKey::generate(ORIGIN, KeyKind::Ed25519, [9; 32]).expect("a key")
}

/// Changes what a checkpoint says and signs it again.
fn signed(files: &mut Files, name: &str, change: impl FnOnce(&mut Checkpoint), key: SigningKey) {
    let (_, mut said) = checkpoint(files, name);
    change(&mut said);
    sign(files, name, &said, key);
}

fn other_root(said: &mut Checkpoint) {
    said.head.root = Hash::from_bytes([1; 32]);
}

/// The files of the tree.
pub const TILES: &[Alteration] = &[
    Alteration("a hash of level 0", &["tree/0", "hash 7"], |files| {
        flip(files, "tree/0", 7 * 32 + 3);
    }),
    Alteration("a hash of level 1", &["tree/1", "hash 0"], |files| {
        flip(files, "tree/1", 3);
    }),
    Alteration("an entry", &["tree/entries", "entry 9"], |files| {
        flip(files, "tree/entries", 9 * 170 + 60);
    }),
    Alteration(
        "the length of an entry",
        &["tree/entries", "entry 9"],
        |files| {
            flip(files, "tree/entries", 9 * 170 + 1);
        },
    ),
    Alteration("where inner nodes begin", &["tree/inner"], |files| {
        flip(files, "tree/starts", 9 * 8);
    }),
    Alteration("a place", &["tree/places", "place 9"], |files| {
        flip(files, "tree/places", 9 * 8 + 1);
    }),
    Alteration("a level cut short", &["tree/0", "ends before"], |files| {
        truncated(files, "tree/0", 40);
    }),
    Alteration(
        "entries cut short",
        &["tree/entries", "ends before"],
        |files| {
            truncated(files, "tree/entries", 1);
        },
    ),
    Alteration("a level missing", &["tree/1", "missing"], |files| {
        files.remove(Path::new("tree/1"));
    }),
    Alteration("many hashes", &["tree: ", "more hashes"], |files| {
        let zeros = vec![0; whole(files, "tree/0").len()];
        put(files, "tree/0", zeros);
    }),
];

/// The newest checkpoint.
pub const CHECKPOINTS: &[Alteration] = &[
    Alteration(
        "a root that nobody signed",
        &["checkpoint:", "signature"],
        |files| {
            let (mut note, mut said) = checkpoint(files, NEWEST);
            other_root(&mut said);
            note.text = said.text();
            put(files, NEWEST, note.to_bytes());
        },
    ),
    Alteration(
        "signed by another",
        &["checkpoint: no known key"],
        |files| {
            signed(files, NEWEST, |_| (), stranger());
        },
    ),
    Alteration(
        "a larger log was signed",
        &["checkpoint:", "the log has"],
        |files| {
            signed(files, NEWEST, |said| said.head.size += 10, log_key());
        },
    ),
    Alteration(
        "another root was signed",
        &["checkpoint:", "not those"],
        |files| {
            signed(files, NEWEST, other_root, log_key());
        },
    ),
    Alteration(
        "another origin",
        &["checkpoint: its origin example.com/other"],
        |files| {
            let name = "example.com/other";
            let key = SigningKey::generate(name, KeyKind::Ed25519, [5; 32]).expect("a key");
            signed(files, NEWEST, |said| name.clone_into(&mut said.origin), key);
        },
    ),
    Alteration(
        "an older one put back",
        &["checkpoint: it is older"],
        |files| {
            let head: Head = Log::read(files).head(5);
            signed(files, NEWEST, |said| said.head = head, log_key());
        },
    ),
    Alteration(
        "no signature at all",
        &["checkpoint", "checkpoint, byte 0"],
        |files| {
            let (note, _) = checkpoint(files, NEWEST);
            put(files, NEWEST, note.text.into_bytes());
        },
    ),
    Alteration("no checkpoint", &["checkpoint", "byte 0"], |files| {
        put(files, NEWEST, b"all is well\n".to_vec());
    }),
    Alteration(
        "the checkpoint missing",
        &["checkpoint: it is missing"],
        |files| {
            files.remove(Path::new(NEWEST));
        },
    ),
];

/// The one with a quorum of witnesses.
pub const COSIGNED: &[Alteration] = &[
    Alteration(
        "a cosignature",
        &["witnessed:", "example.net/witness"],
        |files| {
            let (mut note, _) = checkpoint(files, WITNESSED);
            let line = note.signatures.last_mut().expect("a cosignature");
            *line.bytes.last_mut().expect("bytes") ^= 1;
            put(files, WITNESSED, note.to_bytes());
        },
    ),
    Alteration(
        "the time of a cosignature",
        &["witnessed:", "example.net/witness"],
        |files| {
            let (mut note, _) = checkpoint(files, WITNESSED);
            note.signatures.last_mut().expect("a cosignature").bytes[7] ^= 1;
            put(files, WITNESSED, note.to_bytes());
        },
    ),
    Alteration("no cosignature", &["witnessed:", "quorum"], |files| {
        signed(files, WITNESSED, |_| (), log_key());
    }),
    Alteration(
        "cosigned and not signed",
        &["witnessed: no known key"],
        |files| {
            let (mut note, _) = checkpoint(files, WITNESSED);
            note.signatures.remove(0);
            put(files, WITNESSED, note.to_bytes());
        },
    ),
    Alteration(
        "another root was cosigned",
        &["witnessed:", "not those"],
        |files| {
            let (_, mut said) = checkpoint(files, WITNESSED);
            other_root(&mut said);
            let mut note = said.sign(&[log_key()]).expect("signed");
            let line = witness_key().cosign(&note.text, 1).expect("cosigned");
            note.append([line]).expect("there is room");
            put(files, WITNESSED, note.to_bytes());
        },
    ),
    Alteration(
        "no cosigned checkpoint",
        &["witnessed", "byte 0"],
        |files| {
            put(files, WITNESSED, Vec::new());
        },
    ),
];
