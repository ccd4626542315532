//! Keys and cosignatures: examples that others made, every refusal, and round trips.

use merkle::checkpoint::{Checkpoint, CheckpointError};
use merkle::cosignature::{self, MAX_TIME};
use merkle::key::{KeyError, KeyKind, MAX_NAME, SignError, SigningKey, VerifierKey};
use merkle::note::{Note, NoteError, SignatureLine, Verified, encode_base64};
use merkle::{Hash, Head};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

/// The example of Go's `sumdb/note`.
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_PRIVATE: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
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

fn sha256(data: &[u8]) -> String {
    Hash::from_bytes(Sha256::digest(data).into()).to_string()
}

fn sofa() -> Checkpoint {
    Checkpoint::parse(SOFA).unwrap()
}

#[test]
fn the_example_of_go_signs_and_verifies() {
    let key = SigningKey::parse(PETER_PRIVATE).unwrap();
    assert_eq!(*key.to_text(), PETER_PRIVATE);
    assert_eq!(key.verifier().to_string(), PETER);
    let public = VerifierKey::parse(PETER).unwrap();
    assert_eq!((&public, public.kind()), (key.verifier(), KeyKind::Ed25519));
    assert_eq!((public.name(), public.id()), ("PeterNeumann", 0xc74f_20a3));
    assert_eq!(
        key.sign_note_text(PETER_TEXT).unwrap().to_string(),
        PETER_LINE
    );
    let bytes = [PETER_TEXT, "\n", PETER_LINE].concat().into_bytes();
    let note = Note::parse(&bytes).unwrap();
    let verified = Verified { key: 0, time: None };
    assert_eq!(note.verify(&[public]), Ok(vec![verified]));
}

/// Made with the Python packages `cryptography` and `dilithium-py`.
#[test]
fn cosignatures_are_those_that_others_make() {
    let key = witness(KeyKind::CosignatureV1);
    assert_eq!(
        key.verifier().to_string(),
        "witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    );
    assert_eq!(
        *key.to_text(),
        "PRIVATE+KEY+witness.example/w1+e75f6532+BAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
    );
    assert_eq!(
        key.cosign(SOFA, TIME).unwrap().to_string(),
        "— witness.example/w1 519lMgAAAABkGFDLBuRDazBLVac2NE+Y+IjbjQOcXLfF9CSDZVUIoS83rE1nFZsVE8YiWV6Ngr7lV8H6bdoBQGP/l73euDMQ9k+bBQ==\n"
    );

    let key = witness(KeyKind::MlDsa44);
    assert_eq!(key.verifier().id(), 0xdccc_f9ec);
    assert_eq!(
        sha256(key.verifier().public_key()),
        "9f107644c1084526af3bc8098680b05499a2325a644e388fb4f970e058d19d46"
    );
    assert_eq!(
        sha256(&cosignature::ml_dsa_message("witness.example/w1", TIME, &sofa()).unwrap()),
        "2579186054122e76601fad0c5fd13a804be662d95f6cecfd2974172e5e37a452"
    );
    assert_eq!(
        sha256(key.cosign(SOFA, TIME).unwrap().to_string().as_bytes()),
        "7ff0f2e32cfef09d7ddf68f0c5047a39e93eaceeba33a57eca66ad6bf9fd415a"
    );
}

#[test]
fn messages_of_cosignatures_are_as_specified() {
    let message = cosignature::v1_message(TIME, SOFA);
    let expected = format!("cosignature/v1\ntime 1679315147\n{SOFA}");
    assert_eq!(message, expected.into_bytes());

    let message = cosignature::ml_dsa_message("w", 0x0102, &sofa()).unwrap();
    let root = sofa().head.root;
    let expected = [
        b"subtree/v1\n\0".as_slice(),
        b"\x01w",
        &[0, 0, 0, 0, 0, 0, 1, 2],
        b"\x1bexample.com/behind-the-sofa",
        &[0; 8],
        &[0, 0, 0, 0, 0x01, 0x3e, 0x2d, 0xc3],
        root.as_bytes(),
    ];
    assert_eq!(message, expected.concat());
    let long = "x".repeat(256);
    assert_eq!(cosignature::ml_dsa_message("", 0, &sofa()), None);
    assert_eq!(cosignature::ml_dsa_message(&long, 0, &sofa()), None);
    assert!(cosignature::ml_dsa_message(&long[1..], 0, &sofa()).is_some());

    assert_eq!(cosignature::split(&[0; 7]), None);
    assert_eq!(cosignature::split(&[0x80, 0, 0, 0, 0, 0, 0, 0, 1]), None);
    let latest = [&MAX_TIME.to_be_bytes()[..], &[9]].concat();
    assert_eq!(cosignature::split(&latest), Some((MAX_TIME, &[9][..])));
}

#[test]
fn every_kind_signs_what_it_is_for_and_nothing_else() {
    for kind in KeyKind::ALL {
        assert_eq!(KeyKind::from_byte(kind.byte()), Some(kind));
        let key = SigningKey::parse(&witness(kind).to_text()).unwrap();
        let public = VerifierKey::parse(&key.verifier().to_string()).unwrap();
        assert_eq!(&public, key.verifier());
        assert_eq!(public.public_key().len(), kind.public_len());
        let (line, time) = if kind.is_timed() {
            assert_eq!(key.sign_note_text(SOFA), Err(SignError::Kind(kind)));
            (key.cosign(SOFA, TIME).unwrap(), Some(TIME))
        } else {
            assert_eq!(key.cosign(SOFA, TIME), Err(SignError::Kind(kind)));
            (key.sign_note_text(SOFA).unwrap(), None)
        };
        assert_eq!(line.bytes.len(), kind.signature_len());
        assert_eq!(public.verify(SOFA, &line.bytes), Ok(time));
        // A flipped bit anywhere, one byte more or less, another text: nothing of it is good.
        for at in (0..line.bytes.len()).step_by(97).chain([0, 7, 8]) {
            let mut bytes = line.bytes.clone();
            bytes[at] ^= 1;
            assert!(public.verify(SOFA, &bytes).is_err(), "{kind} byte {at}");
        }
        let longer = [&line.bytes[..], &[0]].concat();
        assert!(public.verify(SOFA, &longer).is_err());
        assert!(public.verify(SOFA, &longer[..longer.len() - 2]).is_err());
        let other = SOFA.replace("20852163", "20852164");
        assert!(public.verify(&other, &line.bytes).is_err());
        assert!(public.verify("no checkpoint\n", &line.bytes).is_err());
    }
    assert_eq!(KeyKind::from_byte(2), None);
}

#[test]
fn an_ml_dsa_cosignature_says_nothing_of_extension_lines_and_an_older_one_does() {
    let extended = format!("{SOFA}more\n");
    for (kind, covers) in [(KeyKind::CosignatureV1, true), (KeyKind::MlDsa44, false)] {
        let key = witness(kind);
        let line = key.cosign(&extended, TIME).unwrap();
        assert_eq!(
            key.verifier().verify(&extended, &line.bytes),
            Ok(Some(TIME))
        );
        assert_eq!(key.verifier().verify(SOFA, &line.bytes).is_err(), covers);
    }
}

#[test]
fn every_refusal_to_sign() {
    let (plain, cosigner) = (witness(KeyKind::Ed25519), witness(KeyKind::MlDsa44));
    let text = SignError::Text;
    assert_eq!(plain.sign_note_text(""), Err(text(NoteError::Unended)));
    assert_eq!(plain.sign_note_text("a"), Err(text(NoteError::Unended)));
    assert_eq!(plain.sign_note_text("\t\n"), Err(text(NoteError::Control)));
    assert_eq!(cosigner.cosign("a", 0), Err(text(NoteError::Unended)));
    let none = SignError::Checkpoint(CheckpointError::Lines);
    assert_eq!(cosigner.cosign("a\n", 0), Err(none));
    let late = MAX_TIME + 1;
    assert_eq!(cosigner.cosign(SOFA, late), Err(SignError::Time(late)));
    assert!(cosigner.cosign(SOFA, MAX_TIME).is_ok());
    let head = sofa().head;
    let origin = "o".repeat(256);
    let long = Checkpoint { origin, head };
    assert_eq!(cosigner.cosign(&long.text(), 0), Err(SignError::Origin));
    let origin = "two\nlines".to_owned();
    let broken = Checkpoint { origin, head };
    assert!(matches!(
        broken.sign(&[plain]),
        Err(SignError::Checkpoint(_))
    ));
    let kind = SignError::Kind(KeyKind::MlDsa44);
    assert_eq!(sofa().sign(&[cosigner]), Err(kind));
}

/// A `vkey` whose id is right, whatever it holds.
fn vkey(name: &str, key: &[u8]) -> String {
    let message = [name.as_bytes(), b"\n", key].concat();
    format!("{name}+{}+{}", &sha256(&message)[..8], encode_base64(key))
}

#[test]
fn every_refusal_of_a_public_key() {
    let refused = |text: &str, expected| {
        let error = VerifierKey::parse(text).unwrap_err();
        assert_eq!(error, expected, "{text}");
        assert!(!error.to_string().is_empty());
    };
    let length = 4_097;
    refused(&"x".repeat(length), KeyError::TooLong { length });
    refused("", KeyError::Form);
    refused("PeterNeumann+c74f20a3", KeyError::Form);
    for name in ["", "a b", "a\u{a0}b", "a\u{2003}", "a\nb", "a\u{1}"] {
        refused(&PETER.replace("PeterNeumann", name), KeyError::Name);
    }
    refused(
        &PETER.replace("PeterNeumann", &"x".repeat(256)),
        KeyError::Name,
    );
    for id in [
        "",
        "c74f20a",
        "C74F20A3",
        "0c74f20a3",
        "+74f20a3",
        "c74f20ag",
    ] {
        let text = PETER.replace("c74f20a3", id);
        refused(&text, KeyError::Id);
    }
    refused("PeterNeumann+c74f20a3+", KeyError::Base64);
    refused(&format!("{PETER}\n"), KeyError::Base64);
    refused(&format!(" {PETER}"), KeyError::Name);
    refused(&PETER.replace("AR", "A-"), KeyError::Base64);
    let computed = 0xc74f_20a3;
    refused(
        &PETER.replace("c74f20a3", "c74f20a4"),
        KeyError::WrongId { computed },
    );
    refused(&vkey("x", &[2; 33]), KeyError::Kind { byte: 2 });
    for kind in KeyKind::ALL {
        for length in [0, 1, kind.public_len() - 1, kind.public_len() + 1] {
            let key = [&[kind.byte()], &vec![3; length][..]].concat();
            refused(&vkey("x", &key), KeyError::Length { kind, length });
        }
    }
    // The neutral point, for which anyone can sign; and a number that is no coordinate.
    let mut neutral = [0; 33];
    neutral[..2].copy_from_slice(&[1, 1]);
    refused(&vkey("x", &neutral), KeyError::Point);
    let outside = [&[4, 2][..], &[0; 31]].concat();
    refused(&vkey("x", &outside), KeyError::Point);
    // The point at 3, and the same again: 3 + 2^255 - 19 is 2^255 - 16.
    let plain = [&[4, 3][..], &[0; 31]].concat();
    assert!(VerifierKey::parse(&vkey("x", &plain)).is_ok());
    let again = [&[4, 0xf0][..], &[0xff; 30], &[0x7f]].concat();
    refused(&vkey("x", &again), KeyError::Point);
}

#[test]
fn every_refusal_of_a_private_key() {
    let refused = |text: &str, expected| {
        assert_eq!(SigningKey::parse(text).unwrap_err(), expected, "{text}");
    };
    refused(PETER, KeyError::Form);
    refused("PRIVATE+KEY+", KeyError::Form);
    let computed = 0xc74f_20a3;
    refused(
        &PETER_PRIVATE.replace("c74f20a3", "00000000"),
        KeyError::WrongId { computed },
    );
    let long = PETER_PRIVATE.replace("KDFz", "KDFzAAAA");
    let (kind, length) = (KeyKind::Ed25519, 35);
    refused(&long, KeyError::Length { kind, length });
    refused(&PETER_PRIVATE.replace("AYEK", "BYEK"), {
        KeyError::Kind { byte: 5 }
    });
    let generate = |name: &str| SigningKey::generate(name, KeyKind::MlDsa44, [1; 32]);
    assert_eq!(generate("a+b").unwrap_err(), KeyError::Name);
    assert!(generate(&"n".repeat(MAX_NAME)).is_ok());
}

#[test]
fn a_private_key_does_not_show() {
    for kind in KeyKind::ALL {
        let shown = format!("{:?}", witness(kind));
        assert!(shown.contains("witness.example/w1") && shown.contains("secret"));
        assert!(!shown.contains("AAEC") && shown.len() < 100, "{shown}");
    }
}

fn checkpoint() -> impl Strategy<Value = Checkpoint> {
    let origin = "[a-z./+ é]{1,40}";
    (origin, 0..1_u64 << 63, any::<[u8; 32]>()).prop_map(|(origin, size, root)| {
        let root = Hash::from_bytes(root);
        let head = Head { size, root };
        Checkpoint { origin, head }
    })
}

proptest! {
    #[test]
    fn keys_sign_and_are_read_as_they_are_written(
        seed: [u8; 32],
        name in "[a-z./é]{1,20}",
        checkpoint in checkpoint(),
        time in 0..=MAX_TIME,
    ) {
        let text = checkpoint.text();
        for kind in [KeyKind::Ed25519, KeyKind::CosignatureV1] {
            let key = SigningKey::generate(&name, kind, seed).unwrap();
            let again = SigningKey::parse(&key.to_text()).unwrap();
            let public = VerifierKey::parse(&again.verifier().to_string()).unwrap();
            prop_assert_eq!(key.verifier(), &public);
            let (line, time) = if kind.is_timed() {
                (again.cosign(&text, time).unwrap(), Some(time))
            } else {
                (again.sign_note_text(&text).unwrap(), None)
            };
            prop_assert_eq!(public.verify(&text, &line.bytes), Ok(time));
            prop_assert_eq!(SignatureLine::parse_line(line.to_string().trim_end()), Some(line));
        }
    }
}
