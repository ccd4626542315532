//! Files of proofs and requests to a witness: every refusal, every verdict, and round trips.

use merkle::checkpoint::{Checkpoint, CheckpointError};
use merkle::key::{KeyKind, SigningKey, VerifierKey};
use merkle::note::{Note, NoteError, SignatureLine};
use merkle::tlog_proof::{MAX_TLOG_PROOF, TlogProof, TlogProofError};
use merkle::witness::{AddCheckpoint, MAX_PROOF, MAX_REQUEST, RequestError, Verdict, judge};
use merkle::{
    EMPTY, Hash, Head, MAX_PATH, ProofError, consistency, inclusion, leaf, root_of,
    verify_inclusion,
};
use proptest::collection::vec;
use proptest::prelude::*;

const ORIGIN: &str = "example.com/log";

/// The request in tlog-witness.
const REQUEST: &str = "old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";

fn log() -> SigningKey {
    SigningKey::generate(ORIGIN, KeyKind::Ed25519, [1; 32]).unwrap()
}

fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|index| leaf(&index.to_le_bytes())).collect()
}

fn head(size: u64) -> Head {
    let root = root_of(&mut leaves(size));
    Head { size, root }
}

fn signed(head: Head) -> Note {
    let origin = ORIGIN.to_owned();
    Checkpoint { origin, head }.sign(&[log()]).unwrap()
}

/// An honest request.
fn request(old: u64, new: u64) -> AddCheckpoint {
    AddCheckpoint {
        old,
        proof: consistency(&leaves(new), old).unwrap(),
        note: signed(head(new)),
    }
}

fn known() -> Vec<VerifierKey> {
    let other = SigningKey::generate("other.example", KeyKind::Ed25519, [2; 32]).unwrap();
    vec![other.verifier().clone(), log().verifier().clone()]
}

fn proof(extra: Option<&[u8]>) -> TlogProof {
    TlogProof {
        extra: extra.map(<[u8]>::to_vec),
        index: 3,
        path: inclusion(&leaves(11), 3).unwrap(),
        note: signed(head(11)),
    }
}

#[test]
fn a_proof_is_written_as_specified_and_holds() {
    let written = proof(Some(b"any bytes")).to_bytes();
    let text = String::from_utf8(written.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..3],
        ["c2sp.org/tlog-proof@v1", "extra YW55IGJ5dGVz", "index 3"]
    );
    assert_eq!((lines[7], lines[8], lines[9]), ("", ORIGIN, "11"));
    let read = TlogProof::parse(&written).unwrap();
    assert_eq!(read, proof(Some(b"any bytes")));
    let checkpoint = Checkpoint::parse(&read.note.text).unwrap();
    let hash = leaf(&3_u64.to_le_bytes());
    assert_eq!(
        verify_inclusion(hash, read.index, &checkpoint.head, &read.path),
        Ok(())
    );

    let plain = proof(None).to_bytes();
    assert_eq!(TlogProof::parse(&plain), Ok(proof(None)));
    assert_eq!(proof(Some(b"")).to_bytes(), plain, "no bytes, no line");
}

#[test]
fn every_refusal_of_a_proof() {
    let good = String::from_utf8(proof(Some(b"abc")).to_bytes()).unwrap();
    let hash = "A".repeat(43) + "=\n";
    let refused = |text: &str, expected: TlogProofError| {
        let error = TlogProof::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error, expected, "{text}");
        assert!(!error.to_string().is_empty());
    };
    assert_eq!(TlogProof::parse(&[0xff]), Err(TlogProofError::Utf8));
    for text in [
        "",
        "\n",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v2\n",
    ] {
        refused(text, TlogProofError::Version);
    }
    refused(
        &good.replacen("@v1\n", "@v1\r\n", 1),
        TlogProofError::Version,
    );
    for extra in [
        "extra ",
        "extra YWJ",
        "extra YWJk=",
        "extra YWI",
        "extra  YWJj",
        "extra YWJj ",
    ] {
        refused(&good.replace("extra YWJj", extra), TlogProofError::Extra);
    }
    refused("c2sp.org/tlog-proof@v1\nextra YWJj", TlogProofError::Extra);
    let numbers = ["", "-1", "+1", "01", "1 ", " 1", "18446744073709551616"];
    for number in numbers {
        let text = good.replace("index 3", &format!("index {number}"));
        refused(&text, TlogProofError::Index);
    }
    refused(&good.replace("extra", "extras"), TlogProofError::Index);
    refused(
        &good.replace("extra YWJj", "extra YWJj\nextra YWJj"),
        TlogProofError::Index,
    );
    refused(
        &good.replace("index 3", "index 3\nindex 3"),
        TlogProofError::Path,
    );
    refused(
        &good.replace("index 3", "index 3\nAAAA"),
        TlogProofError::Path,
    );
    refused("c2sp.org/tlog-proof@v1\nindex 3\n", TlogProofError::Path);
    let none = TlogProofError::Note(NoteError::Unended);
    refused("c2sp.org/tlog-proof@v1\nindex 3\n\n", none);
    let unsigned = TlogProofError::Note(NoteError::Unsigned);
    refused("c2sp.org/tlog-proof@v1\nindex 3\n\nx\n", unsigned);

    let long = |hashes: usize| {
        let plain = String::from_utf8(proof(None).to_bytes()).unwrap();
        let (before, after) = plain.split_once("\n\n").unwrap();
        let path = before.lines().count() - 2;
        format!("{before}\n{}\n{after}", hash.repeat(hashes - path))
    };
    assert!(TlogProof::parse(long(MAX_PATH).as_bytes()).is_ok());
    refused(&long(MAX_PATH + 1), TlogProofError::Path);
}

/// Fills up to the size with extension lines, which are no business of a reader of notes.
fn sized(text: &[u8], size: usize) -> Vec<u8> {
    let end = text
        .windows(4)
        .rposition(|four| four == "\n\n\u{2014}".as_bytes()[..4].as_ref());
    let (text, signatures) = text.split_at(end.unwrap() + 1);
    let filling = "x".repeat(size - text.len() - signatures.len() - 1);
    [text, filling.as_bytes(), b"\n", signatures].concat()
}

#[test]
fn files_and_requests_have_a_largest_size() {
    let bytes = proof(None).to_bytes();
    assert!(TlogProof::parse(&sized(&bytes, MAX_TLOG_PROOF)).is_ok());
    let length = MAX_TLOG_PROOF + 1;
    assert_eq!(
        TlogProof::parse(&sized(&bytes, length)),
        Err(TlogProofError::TooLarge { length })
    );
    let bytes = request(3, 11).to_bytes();
    assert!(AddCheckpoint::parse(&sized(&bytes, MAX_REQUEST)).is_ok());
    let length = MAX_REQUEST + 1;
    assert_eq!(
        AddCheckpoint::parse(&sized(&bytes, length)),
        Err(RequestError::TooLarge { length })
    );
}

#[test]
fn the_example_of_tlog_witness_is_read_and_written() {
    let read = AddCheckpoint::parse(REQUEST.as_bytes()).unwrap();
    assert_eq!((read.old, read.proof.len()), (20_852_014, 4));
    assert_eq!(read.note.signatures.len(), 2);
    let checkpoint = read.checkpoint().unwrap();
    assert_eq!(checkpoint.origin, "example.com/behind-the-sofa");
    assert_eq!(checkpoint.head.size, 20_852_163);
    assert_eq!(read.to_bytes(), REQUEST.as_bytes());
    assert_eq!(judge(&known(), None, &read), Verdict::UnknownLog);
}

#[test]
fn every_refusal_of_a_request() {
    let refused = |text: &str, expected: RequestError| {
        let error = AddCheckpoint::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error, expected, "{text}");
        assert!(!error.to_string().is_empty());
    };
    assert_eq!(AddCheckpoint::parse(&[0xff]), Err(RequestError::Utf8));
    for old in [
        "", "old", "old ", "old 1", "old x\n", "old 01\n", "old -1\n", "old 1 \n", "new 1\n",
    ] {
        refused(old, RequestError::Old);
    }
    refused("old 1\n", RequestError::Proof);
    refused(&REQUEST.replace("PlRN", "PlR"), RequestError::Proof);
    refused(&REQUEST.replace("kaw=", "kax="), RequestError::Proof);
    refused("old 1\n\n", RequestError::Note(NoteError::Unended));
    refused("old 1\n\nx\n", RequestError::Note(NoteError::Unsigned));
    refused(
        &REQUEST.replace("20852163", "020852163"),
        RequestError::Checkpoint(CheckpointError::Size),
    );
    let hash = "A".repeat(43) + "=\n";
    let long = |hashes: usize| {
        let (_, note) = REQUEST.split_once("\n\n").unwrap();
        format!("old 1\n{}\n{note}", hash.repeat(hashes))
    };
    assert!(AddCheckpoint::parse(long(MAX_PROOF).as_bytes()).is_ok());
    refused(&long(MAX_PROOF + 1), RequestError::Proof);
}

/// Each request is refused for the first reason that applies; as far as can be, the later ones
/// apply to it too.
#[test]
fn every_verdict_in_order() {
    let latest = Some(head(5));
    let wrong_root = Head {
        root: EMPTY,
        ..head(5)
    };
    let stranger = SigningKey::generate(ORIGIN, KeyKind::Ed25519, [9; 32]).unwrap();
    let with = |note: Note| AddCheckpoint {
        note,
        ..request(5, 11)
    };
    let checkpoint = |origin: &str| Checkpoint {
        origin: origin.to_owned(),
        head: head(4),
    };
    let mut malformed = request(5, 11);
    malformed.note.text = "x\n".to_owned();
    let unknown = with(checkpoint("unknown.example").sign(&[stranger]).unwrap());
    let stranger = SigningKey::generate(ORIGIN, KeyKind::Ed25519, [9; 32]).unwrap();
    let strange = with(checkpoint(ORIGIN).sign(&[stranger]).unwrap());
    let mut bad = request(5, 11);
    bad.note.signatures[0].bytes[5] ^= 1;
    let shrunk = with(signed(head(4)));
    let fork = AddCheckpoint {
        old: 5,
        proof: vec![EMPTY],
        note: signed(wrong_root),
    };
    let mut short = request(5, 11);
    short.proof.pop();
    let mut wrong = request(5, 11);
    wrong.proof[0] = EMPTY;
    let idle = AddCheckpoint {
        proof: vec![EMPTY],
        ..request(5, 5)
    };
    for (request, status, expected) in [
        (&malformed, 400, Verdict::Malformed(CheckpointError::Lines)),
        (&unknown, 404, Verdict::UnknownLog),
        (&strange, 403, Verdict::NotSigned),
        (&bad, 403, Verdict::NotSigned),
        (&shrunk, 400, Verdict::OldTooLarge),
        (&request(4, 11), 409, Verdict::Stale(5)),
        (&request(6, 11), 409, Verdict::Stale(5)),
        (&request(0, 5), 409, Verdict::Stale(5)),
        (&fork, 422, Verdict::Fork),
    ] {
        let verdict = judge(&known(), latest, request);
        assert_eq!((verdict.status(), &verdict), (status, &expected));
        assert!(!verdict.to_string().is_empty());
    }
    for request in [&short, &wrong, &idle] {
        let verdict = judge(&known(), latest, request);
        assert!(matches!(verdict, Verdict::Inconsistent(_)), "{verdict}");
        assert_eq!(verdict.status(), 422);
    }
    let length = ProofError::WrongLength {
        expected: 0,
        length: 1,
    };
    assert_eq!(
        judge(&known(), latest, &idle),
        Verdict::Inconsistent(length)
    );
    for (old, new) in [(5, 11), (5, 5)] {
        let verdict = judge(&known(), latest, &request(old, new));
        let Verdict::Cosign(checkpoint) = &verdict else {
            panic!("{verdict}");
        };
        assert_eq!((verdict.status(), checkpoint.head), (200, head(new)));
    }
}

#[test]
fn a_log_begins_with_nothing() {
    for new in [0, 1, 7] {
        let verdict = judge(&known(), None, &request(0, new));
        assert!(matches!(verdict, Verdict::Cosign(_)), "{verdict}");
    }
    assert_eq!(judge(&known(), None, &request(1, 7)), Verdict::Stale(0));
    let full = AddCheckpoint {
        proof: vec![EMPTY],
        ..request(0, 7)
    };
    assert_eq!(judge(&known(), None, &full).status(), 422);
    let root = leaf(b"not empty");
    let lie = AddCheckpoint {
        note: signed(Head { size: 0, root }),
        ..request(0, 0)
    };
    assert_eq!(judge(&known(), None, &lie), Verdict::Fork);
}

#[test]
fn a_witness_takes_extension_lines_and_cosigns_them() {
    let text = signed(head(11)).text + "more\n";
    let signatures = vec![log().sign_note_text(&text).unwrap()];
    let extended = AddCheckpoint {
        note: Note { text, signatures },
        ..request(5, 11)
    };
    let read = AddCheckpoint::parse(&extended.to_bytes()).unwrap();
    assert_eq!(read, extended);
    let verdict = judge(&known(), Some(head(5)), &read);
    assert_eq!(verdict.status(), 200);
    let key = SigningKey::generate("w", KeyKind::CosignatureV1, [3; 32]).unwrap();
    let line = key.cosign(&read.note.text, 7).unwrap();
    assert_eq!(
        key.verifier().verify(&read.note.text, &line.bytes),
        Ok(Some(7))
    );
}

/// From a first checkpoint on, a witness follows a log and nothing else.
#[test]
fn a_witness_follows_a_log() {
    let mut latest = None;
    for (old, new) in [(0, 1), (1, 2), (2, 2), (2, 9), (9, 64), (64, 65)] {
        let bytes = request(old, new).to_bytes();
        let request = AddCheckpoint::parse(&bytes).unwrap();
        let Verdict::Cosign(checkpoint) = judge(&known(), latest, &request) else {
            panic!("{old} to {new}");
        };
        latest = Some(checkpoint.head);
    }
    assert_eq!(latest, Some(head(65)));
}

fn hashes(most: usize) -> impl Strategy<Value = Vec<Hash>> {
    vec(any::<[u8; 32]>().prop_map(Hash::from_bytes), 0..=most)
}

fn note() -> impl Strategy<Value = Note> {
    let head = (0..1_u64 << 63, any::<[u8; 32]>());
    let signature = ("[a-z./]{1,20}", any::<u32>(), vec(any::<u8>(), 1..80))
        .prop_map(|(name, id, bytes)| SignatureLine { name, id, bytes });
    ("[a-z./ +]{1,20}", head, vec(signature, 1..5)).prop_map(
        |(origin, (size, root), signatures)| {
            let root = Hash::from_bytes(root);
            let text = Checkpoint {
                origin,
                head: Head { size, root },
            }
            .text();
            Note { text, signatures }
        },
    )
}

proptest! {
    #[test]
    fn proofs_are_read_as_they_are_written(
        extra in prop::option::of(vec(any::<u8>(), 1..200)),
        index: u64,
        path in hashes(MAX_PATH),
        note in note(),
    ) {
        let proof = TlogProof { extra, index, path, note };
        prop_assert_eq!(TlogProof::parse(&proof.to_bytes()), Ok(proof));
    }

    #[test]
    fn requests_are_read_as_they_are_written(old: u64, proof in hashes(MAX_PROOF), note in note()) {
        let request = AddCheckpoint { old, proof, note };
        prop_assert_eq!(AddCheckpoint::parse(&request.to_bytes()), Ok(request));
    }

    #[test]
    fn a_tampered_request_is_not_cosigned(old in 1..40_u64, more in 1..40_u64, at: prop::sample::Index, bit in 0..8_u32) {
        let honest = request(old, old + more);
        let mut tampered = honest.clone();
        let at = at.index(32 * tampered.proof.len());
        let mut bytes = tampered.proof[at / 32].to_bytes();
        bytes[at % 32] ^= 1 << bit;
        tampered.proof[at / 32] = Hash::from_bytes(bytes);
        let status = |request| judge(&known(), Some(head(old)), request).status();
        prop_assert_eq!((status(&honest), status(&tampered)), (200, 422));
    }
}
