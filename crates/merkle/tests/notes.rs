//! Notes and checkpoints: examples that others made, every refusal, and round trips.

use merkle::checkpoint::{Checkpoint, CheckpointError};
use merkle::key::{KeyKind, SigningKey, VerifierKey};
use merkle::note::{
    MAX_NOTE, MAX_SIGNATURES, Note, NoteError, SignatureLine, Verified, decode_base64, decode_hash,
    encode_base64, parse_decimal,
};
use merkle::{Hash, Head};
use proptest::collection::vec;
use proptest::prelude::*;

/// The example of signed-note; its key was never told.
const QUASIMODO: &str = "Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
";

/// The example of Go's `sumdb/note`.
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_TEXT: &str = "If you think cryptography is the answer to your problem,
then you don't know what your problem is.
";
const PETER_LINE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

/// The checkpoint of tlog-checkpoint and tlog-cosignature.
const SOFA: &str = "example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
";

/// The time in the example of tlog-cosignature.
const TIME: u64 = 1_679_315_147;

/// The seed 00 01 .. 1f, of which drafts for ML-DSA in certificates publish the key too.
fn counting_seed() -> [u8; 32] {
    std::array::from_fn(|index| index as u8)
}

fn witness(kind: KeyKind) -> SigningKey {
    SigningKey::generate("witness.example/w1", kind, counting_seed()).unwrap()
}

fn sofa() -> Checkpoint {
    Checkpoint::parse(SOFA).unwrap()
}

#[test]
fn the_example_of_signed_note_is_read_and_written() {
    let note = Note::parse(QUASIMODO.as_bytes()).unwrap();
    assert!(note.text.ends_with("sole:\n\ned è subito sera.\n"));
    let [line] = &note.signatures[..] else {
        panic!("one signature");
    };
    assert_eq!(line.name, "quasimodo.example/salvatore");
    assert_eq!((line.id, line.bytes.len()), (0x367b_a04b, 64));
    assert_eq!(note.to_bytes(), QUASIMODO.as_bytes());
    let peter = VerifierKey::parse(PETER).unwrap();
    assert_eq!(note.verify(&[peter]), Err(NoteError::NotSigned));
}

#[test]
fn every_refusal_of_a_note() {
    let good = [PETER_TEXT, "\n", PETER_LINE].concat();
    let refused = |bytes: &[u8], expected| {
        let error = Note::parse(bytes).unwrap_err();
        assert_eq!(error, expected);
        assert!(!error.to_string().is_empty());
    };
    refused(b"", NoteError::Unended);
    refused(&[0xff, b'\n'], NoteError::Utf8);
    for control in ['\0', '\t', '\r', '\u{1f}'] {
        let text = good.replacen("you", &control.to_string(), 1);
        refused(text.as_bytes(), NoteError::Control);
    }
    refused(good.trim_end().as_bytes(), NoteError::Unended);
    refused(PETER_TEXT.as_bytes(), NoteError::Unsigned);
    refused(PETER_LINE.as_bytes(), NoteError::Unsigned);
    refused(format!("\n{PETER_LINE}").as_bytes(), NoteError::Unsigned);
    refused(format!("{PETER_TEXT}\n").as_bytes(), NoteError::Unsigned);
    refused(format!("{good}\n").as_bytes(), NoteError::Unsigned);
    let second = |line: &str| format!("{good}{line}\n").into_bytes();
    let bad = NoteError::Line { number: 2 };
    for line in [
        "x",
        "- PeterNeumann x08go/ZJ",
        "—PeterNeumann x08go/ZJ",
        "— PeterNeumann",
        "— PeterNeumann ",
        "—  x08go/ZJ",
        "— Peter Neumann x08go/ZJ",
        "— Peter+Neumann x08go/ZJ",
        "— Peter\u{2003}Neumann x08go/ZJ",
        "— PeterNeumann  x08go/ZJ",
        "— PeterNeumann x08go/ZJ ",
        "— PeterNeumann x08go/Z",
        "— PeterNeumann x08go/ZJkg",
        "— PeterNeumann x08go/ZJkh==",
        "— PeterNeumann x08go_ZJ",
        // An id and nothing behind it.
        "— PeterNeumann x08gow==",
    ] {
        refused(&second(line), bad.clone());
        assert_eq!(SignatureLine::parse_line(line), None, "{line}");
    }
    assert!(Note::parse(&second("— PeterNeumann x08go/ZJkg==")).is_ok());
}

#[test]
fn notes_have_a_largest_size_and_a_largest_number_of_signatures() {
    let with = |lines: usize| {
        let lines: String = (0..lines).map(|_| "— a AAAAAQI=\n").collect();
        format!("text\n\n{lines}")
    };
    let most = Note::parse(with(MAX_SIGNATURES).as_bytes()).unwrap();
    assert_eq!(most.signatures.len(), MAX_SIGNATURES);
    assert_eq!(
        Note::parse(with(MAX_SIGNATURES + 1).as_bytes()),
        Err(NoteError::TooManySignatures)
    );
    let end = "\n\n— a AAAAAQI=\n";
    let sized = |length: usize| "x".repeat(length - end.len()) + end;
    assert!(Note::parse(sized(MAX_NOTE).as_bytes()).is_ok());
    let length = MAX_NOTE + 1;
    assert_eq!(
        Note::parse(sized(length).as_bytes()),
        Err(NoteError::TooLarge { length })
    );
    // A note full of the largest signatures still fits.
    let line = witness(KeyKind::MlDsa44).cosign(SOFA, TIME).unwrap();
    let mut note = sofa().sign(&[]).unwrap();
    note.signatures = vec![line; MAX_SIGNATURES];
    assert!(Note::parse(&note.to_bytes()).is_ok());
}

#[test]
fn signatures_are_added_once_and_not_beyond_the_most() {
    let mut note = sofa().sign(&[witness(KeyKind::Ed25519)]).unwrap();
    let cosignature = witness(KeyKind::CosignatureV1).cosign(SOFA, TIME).unwrap();
    note.append([cosignature.clone(), cosignature.clone()])
        .unwrap();
    assert_eq!(note.signatures.len(), 2);
    assert_eq!(note.signatures[1], cosignature);
    let numbered = |number: usize| SignatureLine {
        name: "a".to_owned(),
        id: number as u32,
        bytes: vec![1],
    };
    let before = note.clone();
    assert_eq!(
        note.append((0..MAX_SIGNATURES - 1).map(numbered)),
        Err(NoteError::TooManySignatures)
    );
    assert_eq!(note, before, "all or none");
    note.append((0..MAX_SIGNATURES - 2).map(numbered)).unwrap();
    assert_eq!(note.signatures.len(), MAX_SIGNATURES);
}

#[test]
fn what_a_witness_answers_is_read_line_by_line() {
    let body = [
        witness(KeyKind::CosignatureV1).cosign(SOFA, TIME).unwrap(),
        witness(KeyKind::MlDsa44).cosign(SOFA, TIME).unwrap(),
    ];
    let text: String = body.iter().map(SignatureLine::to_string).collect();
    assert_eq!(SignatureLine::parse_all(text.as_bytes()), Ok(body.to_vec()));
    let number = 1;
    for (text, error) in [
        ("", NoteError::Unended),
        ("\n", NoteError::Line { number }),
        (text.trim_end(), NoteError::Unended),
    ] {
        assert_eq!(SignatureLine::parse_all(text.as_bytes()), Err(error));
    }
}

#[test]
fn only_known_keys_count_and_their_signatures_must_be_good() {
    let log = SigningKey::generate("example.com/behind-the-sofa", KeyKind::Ed25519, [1; 32]);
    let log = log.unwrap();
    let cosigner = witness(KeyKind::CosignatureV1);
    let keys = [cosigner.verifier().clone(), log.verifier().clone()];
    let mut note = sofa().sign(std::slice::from_ref(&log)).unwrap();
    let signed = Verified { key: 1, time: None };
    assert_eq!(note.verify(&keys), Ok(vec![signed]));
    assert_eq!(note.verify(&keys[..1]), Err(NoteError::NotSigned));
    assert_eq!(note.verify(&[]), Err(NoteError::NotSigned));

    // The same name with another id, the same id with another name: strangers, ignored.
    let own = note.signatures[0].clone();
    let (name, id) = (own.name.clone(), own.id);
    let bytes = vec![1; 64];
    let stranger = |name: &str, id| SignatureLine {
        name: name.to_owned(),
        id,
        bytes: bytes.clone(),
    };
    note.append([stranger(&name, id ^ 1), stranger("other", id)])
        .unwrap();
    let cosigned = |time| cosigner.cosign(SOFA, time).unwrap();
    note.append([cosigned(TIME), cosigned(TIME + 1)]).unwrap();
    let at = |time| Verified {
        key: 0,
        time: Some(time),
    };
    assert_eq!(
        note.verify(&keys),
        Ok(vec![signed, at(TIME), at(TIME + 1)]),
        "in the order of the lines, each one"
    );

    // A bad one refuses the note wherever it stands, beside good ones of the same key too.
    for place in [0, note.signatures.len()] {
        let mut note = note.clone();
        note.signatures.insert(place, stranger(&name, id));
        let name = name.clone();
        assert_eq!(
            note.verify(&keys),
            Err(NoteError::BadSignature { name, id })
        );
        assert!(note.verify(&keys[..1]).is_ok(), "bad, but by nobody known");
    }
}

#[test]
fn the_example_of_a_checkpoint_is_read_and_written() {
    let checkpoint = sofa();
    assert_eq!(checkpoint.origin, "example.com/behind-the-sofa");
    assert_eq!(checkpoint.head.size, 20_852_163);
    assert_eq!(checkpoint.text(), SOFA);
    assert_eq!(
        Checkpoint::parse_lenient(&format!("{SOFA}one\ntwo\n")),
        Ok((checkpoint, 2))
    );
}

#[test]
fn every_refusal_of_a_checkpoint() {
    let refused = |text: &str, expected: CheckpointError| {
        assert_eq!(Checkpoint::parse(text), Err(expected), "{text}");
        assert!(!expected.to_string().is_empty());
    };
    for text in ["", "\n", "a\n", "a\n1\n", SOFA.trim_end()] {
        refused(text, CheckpointError::Lines);
    }
    refused(
        &SOFA.replace("example.com/behind-the-sofa", ""),
        CheckpointError::Origin,
    );
    refused(
        &SOFA.replace("example", "exa\rmple"),
        CheckpointError::Origin,
    );
    let largest = (1_u64 << 63) - 1;
    let too_large = (1_u64 << 63).to_string();
    for size in [
        "", "+1", "-1", "01", "00", "1 ", " 1", "1.0", "0x1", "١", &too_large,
    ] {
        refused(&SOFA.replace("20852163", size), CheckpointError::Size);
    }
    for size in [0, largest] {
        let text = SOFA.replace("20852163", &size.to_string());
        assert_eq!(Checkpoint::parse(&text).unwrap().head.size, size);
    }
    // The last one has bits behind the last byte.
    for root in ["", "CsUY", "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I"] {
        let text = format!("a\n1\n{root}\n");
        refused(&text, CheckpointError::Root);
    }
    refused(&SOFA.replace("q2I=", "q2J="), CheckpointError::Root);
    refused(&SOFA.replace("q2I=", "q2I= "), CheckpointError::Root);
    refused(&format!("{SOFA}more\n"), CheckpointError::Extension);
    refused(&format!("{SOFA}\n"), CheckpointError::EmptyExtension);
    refused(&format!("{SOFA}a\n\nb\n"), CheckpointError::EmptyExtension);
}

fn checkpoint() -> impl Strategy<Value = Checkpoint> {
    let origin = "[a-z./+ é]{1,40}";
    (origin, 0..1_u64 << 63, any::<[u8; 32]>()).prop_map(|(origin, size, root)| {
        let root = Hash::from_bytes(root);
        let head = Head { size, root };
        Checkpoint { origin, head }
    })
}

fn signature() -> impl Strategy<Value = SignatureLine> {
    let name = "[a-zA-Z0-9./é—-]{1,30}";
    (name, any::<u32>(), vec(any::<u8>(), 1..80)).prop_map(|(name, id, bytes)| SignatureLine {
        name,
        id,
        bytes,
    })
}

proptest! {
    #[test]
    fn notes_are_read_as_they_are_written(
        lines in vec("\\PC{0,20}", 1..6),
        signatures in vec(signature(), 1..6),
    ) {
        let text = lines.join("\n") + "\n";
        let note = Note { text, signatures };
        prop_assert_eq!(Note::parse(&note.to_bytes()), Ok(note));
    }

    #[test]
    fn what_is_read_as_a_note_is_written_again(
        pieces in vec(prop_oneof![
            Just("\n".to_owned()),
            Just("— a AAAAAQI=".to_owned()),
            "\\PC{0,5}",
        ], 0..12),
    ) {
        let bytes = pieces.concat().into_bytes();
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.to_bytes(), bytes);
        }
    }

    #[test]
    fn checkpoints_are_read_as_they_are_written(checkpoint in checkpoint()) {
        prop_assert_eq!(Checkpoint::parse(&checkpoint.text()), Ok(checkpoint));
    }

    #[test]
    fn base64_and_numbers_have_one_form(bytes in vec(any::<u8>(), 0..70), text in "[A-Za-z0-9+/=]{0,12}", number: u64) {
        let encoded = encode_base64(&bytes);
        prop_assert_eq!(decode_base64(&encoded), Some(bytes.clone()));
        let hash: Option<[u8; 32]> = bytes.try_into().ok();
        prop_assert_eq!(decode_hash(&encoded), hash.map(Hash::from_bytes));
        if let Some(bytes) = decode_base64(&text) {
            prop_assert_eq!(encode_base64(&bytes), text);
        }
        prop_assert_eq!(parse_decimal(&number.to_string()), Some(number));
        prop_assert_eq!(parse_decimal::<u64>(&format!("0{number}")), None);
        prop_assert_eq!(parse_decimal::<u64>(&format!("+{number}")), None);
    }
}
