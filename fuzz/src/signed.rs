//! A log and a witness whose signatures the corpus has, and nobody else can make.

use std::sync::LazyLock;

use merkle::checkpoint::Checkpoint;
use merkle::key::{KeyKind, SigningKey};
use merkle::note::Note;
use merkle::policy::Policy;
use merkle::witness::AddCheckpoint;
use merkle::{Hash, Head, consistency, leaf, root_of};

/// Leaves of the tree that the witness of the corpus has cosigned last.
pub const OLD: u64 = 5;

/// Leaves of the tree of the one checkpoint that was signed.
pub const SIZE: u64 = 11;

/// The key of the log.
pub fn log() -> SigningKey {
    SigningKey::generate("example.com/log", KeyKind::Ed25519, [1; 32]).expect("a name")
}

/// A key of the witness.
pub fn witness(kind: KeyKind) -> SigningKey {
    SigningKey::generate("witness.example/w", kind, [2; 32]).expect("a name")
}

/// The leaves of a tree.
pub fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|index| leaf(&index.to_le_bytes())).collect()
}

/// The head of that tree.
pub fn head(size: u64) -> Head {
    let root = root_of(&mut leaves(size));
    Head { size, root }
}

/// The checkpoint, signed by the log and cosigned by the witness.
pub fn note() -> Note {
    let origin = log().verifier().name().to_owned();
    let checkpoint = Checkpoint {
        origin,
        head: head(SIZE),
    };
    let mut note = checkpoint.sign(&[log()]).expect("a checkpoint");
    let keys = [KeyKind::CosignatureV1, KeyKind::MlDsa44].map(witness);
    let lines = keys.map(|key| key.cosign(&note.text, 1_679_315_147).expect("a checkpoint"));
    note.append(lines).expect("room for two");
    note
}

/// The request that made the witness cosign.
pub fn request() -> AddCheckpoint {
    AddCheckpoint {
        old: OLD,
        proof: consistency(&leaves(SIZE), OLD).expect("it grew"),
        note: note(),
    }
}

/// A policy that asks for one of the witness's two keys, and says so in many words.
pub fn policy_text() -> String {
    let [one, two] = [KeyKind::CosignatureV1, KeyKind::MlDsa44].map(witness);
    format!(
        "# a policy\nlog {} https://log.example/\n\nwitness\tone {}\nwitness two {} https://w\n\
         group some any one\ngroup all all some two\ngroup g 1 all\nquorum g\n",
        log().verifier(),
        one.verifier(),
        two.verifier()
    )
}

/// The same, read.
pub static POLICY: LazyLock<Policy> =
    LazyLock::new(|| Policy::parse(policy_text().as_bytes()).expect("a policy"));

/// The text that was signed.
pub static TEXT: LazyLock<String> = LazyLock::new(|| note().text);
