//! Policies: every refusal of a text, every answer about a checkpoint, and quorums against a naive
//! evaluation.

use std::sync::LazyLock;

use merkle::checkpoint::{Checkpoint, CheckpointError};
use merkle::key::{KeyError, KeyKind, SigningKey, VerifierKey};
use merkle::note::{Note, SignatureLine};
use merkle::policy::{Distrust, MAX_ENTRIES, MAX_POLICY, Member, Policy, PolicyFault, Trusted};
use merkle::{Head, leaf};
use proptest::collection::vec;
use proptest::prelude::*;

const ORIGIN: &str = "example.com/log";
const TIME: u64 = 1_679_315_147;

fn key(name: &str, kind: KeyKind, seed: u8) -> SigningKey {
    SigningKey::generate(name, kind, [seed; 32]).unwrap()
}

fn log() -> SigningKey {
    key(ORIGIN, KeyKind::Ed25519, 1)
}

/// Three witnesses; the last one signs with ML-DSA.
fn witnesses() -> [SigningKey; 3] {
    [
        key("witness.example/0", KeyKind::CosignatureV1, 10),
        key("witness.example/1", KeyKind::CosignatureV1, 11),
        key("witness.example/2", KeyKind::MlDsa44, 12),
    ]
}

/// A policy with the log, the three witnesses as `a`, `b` and `c`, and these lines.
fn policy_text(rest: &str) -> String {
    let [a, b, c] = witnesses().map(|key| key.verifier().to_string());
    let log = log().verifier().to_string();
    format!(
        "log {log} https://log.example/\nwitness a {a}\nwitness b {b} https://w.example\nwitness c {c}\n{rest}"
    )
}

fn policy(rest: &str) -> Policy {
    Policy::parse(policy_text(rest).as_bytes()).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: ORIGIN.to_owned(),
        head: Head {
            size: 1,
            root: leaf(b"one"),
        },
    }
}

/// The checkpoint, signed by the log and cosigned by these witnesses at [`TIME`] plus their index.
fn cosigned(by: &[usize]) -> Note {
    let mut note = checkpoint().sign(&[log()]).unwrap();
    let keys = witnesses();
    let lines = by
        .iter()
        .map(|index| keys[*index].cosign(&note.text, TIME + *index as u64));
    let lines: Vec<SignatureLine> = lines.collect::<Result<_, _>>().unwrap();
    note.append(lines).unwrap();
    note
}

#[test]
fn a_policy_is_read_as_it_is_meant() {
    let read = policy(
        "\n  # two of three, and the \t same again\ngroup \t two 2 a b c \ngroup over all two\nquorum over\n",
    );
    assert_eq!(read.logs()[0].key, *log().verifier());
    let url = read.logs()[0].url.as_ref().unwrap();
    assert_eq!(url.as_str(), Some("https://log.example/"));
    let names: Vec<String> = read
        .witnesses()
        .iter()
        .map(|w| w.name.to_string())
        .collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(read.witnesses()[2].key, *witnesses()[2].verifier());
    assert_eq!(
        (read.groups()[0].threshold, read.groups()[1].threshold),
        (2, 1)
    );
    assert_eq!(read.groups()[0].members, [0, 1, 2].map(Member::Witness));
    assert_eq!(read.groups()[1].members, [Member::Group(0)]);
    assert_eq!(read.quorum(), Some(Member::Group(1)));
    assert_eq!(Policy::parse(&read.to_bytes()), Ok(read.clone()));
    let plain = policy_text("group two 2 a b c\ngroup over 1 two\nquorum over\n");
    assert_eq!(read.to_bytes(), plain.into_bytes());

    let alone = Policy::of_log(log().verifier().clone());
    let text = format!("log {}\nquorum none\n", log().verifier());
    assert_eq!(alone.to_bytes(), text.as_bytes());
    assert_eq!(Policy::parse(text.as_bytes()), Ok(alone));
    assert_eq!(Policy::parse(b"quorum none\n"), Ok(Policy::default()));
}

#[test]
fn names_and_urls_are_octets() {
    let [a, ..] = witnesses().map(|key| key.verifier().to_string());
    let text = [b"witness \xff ", a.as_bytes(), b" \xfe\nquorum \xff\n"].concat();
    let read = Policy::parse(&text).unwrap();
    assert_eq!(read.witnesses()[0].name.as_bytes(), b"\xff");
    assert_eq!(read.witnesses()[0].name.as_str(), None);
    assert_eq!(read.to_bytes(), text);
    // A K and a Kelvin sign are two names.
    let text = format!("witness K {a}\nquorum \u{212a}\n");
    let error = Policy::parse(text.as_bytes()).unwrap_err();
    assert_eq!((error.line, error.what), (2, PolicyFault::Undefined));
}

#[test]
fn every_refusal_of_a_policy() {
    let [a, b, _] = witnesses().map(|key| key.verifier().to_string());
    let log = log().verifier().to_string();
    let renamed = key("other.example", KeyKind::Ed25519, 1)
        .verifier()
        .to_string();
    let again = key("other.example", KeyKind::CosignatureV1, 10)
        .verifier()
        .to_string();
    let two = format!("witness a {a}\nwitness b {b}\n");
    for (text, line, what) in [
        (String::new(), 0, PolicyFault::NoQuorum),
        (two.clone(), 0, PolicyFault::NoQuorum),
        ("quorum none".to_owned(), 1, PolicyFault::Unended),
        ("\nquorum none\r\n".to_owned(), 2, PolicyFault::Control),
        ("# \u{7f}\n".to_owned(), 1, PolicyFault::Control),
        ("quorums none\n".to_owned(), 1, PolicyFault::Keyword),
        ("quorum\n".to_owned(), 1, PolicyFault::Items),
        ("quorum none none\n".to_owned(), 1, PolicyFault::Items),
        ("log\n".to_owned(), 1, PolicyFault::Items),
        (format!("log {log} url more\n"), 1, PolicyFault::Items),
        ("witness a\n".to_owned(), 1, PolicyFault::Items),
        (format!("witness a {a} url more\n"), 1, PolicyFault::Items),
        (format!("{two}group g any\n"), 3, PolicyFault::Items),
        ("log x\n".to_owned(), 1, PolicyFault::Key(KeyError::Form)),
        (
            format!("witness a {log}\n"),
            1,
            PolicyFault::Kind(KeyKind::Ed25519),
        ),
        (
            format!("log {log}\nlog {renamed}\n"),
            2,
            PolicyFault::SameKey,
        ),
        (format!("{two}witness c {again}\n"), 3, PolicyFault::SameKey),
        (
            format!("{two}witness a {}\n", third()),
            3,
            PolicyFault::Defined,
        ),
        (format!("{two}group a any b\n"), 3, PolicyFault::Defined),
        (format!("witness none {a}\n"), 1, PolicyFault::Defined),
        (format!("{two}group g any a c\n"), 3, PolicyFault::Undefined),
        (format!("{two}group g any g\n"), 3, PolicyFault::Undefined),
        (
            format!("{two}group g any none\n"),
            3,
            PolicyFault::Undefined,
        ),
        (format!("quorum a\n{two}"), 1, PolicyFault::Undefined),
        (format!("{two}group g any a a\n"), 3, PolicyFault::Member),
        (
            format!("{two}group g any a\ngroup h all b a\n"),
            4,
            PolicyFault::Member,
        ),
        (format!("{two}group g 0 a b\n"), 3, PolicyFault::Threshold),
        (format!("{two}group g 3 a b\n"), 3, PolicyFault::Threshold),
        (format!("{two}group g 01 a b\n"), 3, PolicyFault::Threshold),
        (format!("{two}group g ALL a b\n"), 3, PolicyFault::Threshold),
        (
            format!("{two}quorum a\nquorum a\n"),
            4,
            PolicyFault::Quorums,
        ),
        (
            "quorum none\nquorum none\n".to_owned(),
            2,
            PolicyFault::Quorums,
        ),
    ] {
        let error = Policy::parse(text.as_bytes()).expect_err(&text);
        assert_eq!((error.line, error.what), (line, what), "{text}");
        let said = error.to_string();
        assert_eq!(said.contains(&format!("line {line}: ")), line > 0, "{said}");
    }
}

fn third() -> VerifierKey {
    key("witness.example/3", KeyKind::CosignatureV1, 13)
        .verifier()
        .clone()
}

#[test]
fn two_keys_of_one_name_and_id_are_refused() {
    // Found by trying seeds: two keys of this name whose ids are the same.
    let seeded = |number: u32| {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&number.to_le_bytes());
        SigningKey::generate("x", KeyKind::Ed25519, seed)
            .unwrap()
            .verifier()
            .clone()
    };
    let (one, other) = (seeded(SAME_ID.0), seeded(SAME_ID.1));
    assert_eq!(one.id(), other.id());
    assert_ne!(one, other);
    let error = Policy::parse(format!("log {one}\nlog {other}\nquorum none\n").as_bytes());
    assert_eq!(error.unwrap_err().what, PolicyFault::SameId);
}

const SAME_ID: (u32, u32) = (2_413, 25_945);

#[test]
fn a_policy_has_a_largest_size_and_a_most_of_everything() {
    let comment = |length: usize| format!("#{}\nquorum none\n", "x".repeat(length - 14));
    assert_eq!(comment(MAX_POLICY).len(), MAX_POLICY);
    assert!(Policy::parse(comment(MAX_POLICY).as_bytes()).is_ok());
    let error = Policy::parse(comment(MAX_POLICY + 1).as_bytes()).unwrap_err();
    assert_eq!((error.line, error.what), (0, PolicyFault::TooLarge));

    let logs = |count: usize| -> String {
        let key = |number| {
            key(ORIGIN, KeyKind::Ed25519, number as u8)
                .verifier()
                .to_string()
        };
        (0..count)
            .map(|number| format!("log {}\n", key(number)))
            .collect::<Vec<_>>()
            .concat()
    };
    let witnesses = |count: usize| -> String {
        let line = |number: usize| format!("witness w{number} {}\n", KEYS[number]);
        (0..count).map(line).collect::<Vec<_>>().concat()
    };
    let groups = |count: usize| -> String {
        let line = |number: usize| format!("group g{number} any w{number}\n");
        let all = (0..count).map(line).collect::<Vec<_>>().concat();
        witnesses(MAX_ENTRIES) + &all.replace("any w64", "any g0")
    };
    let sorts: [&dyn Fn(usize) -> String; 3] = [&logs, &witnesses, &groups];
    for lines in sorts {
        let text = lines(MAX_ENTRIES) + "quorum none\n";
        assert!(Policy::parse(text.as_bytes()).is_ok());
        let text = lines(MAX_ENTRIES + 1) + "quorum none\n";
        let error = Policy::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.what, PolicyFault::TooMany);
    }
}

/// The ways of a checkpoint through a policy, in the order in which they are looked at: each note
/// would be refused for all that come after it, too.
#[test]
fn every_answer_about_a_checkpoint_in_order() {
    let two = policy("group two 2 a b c\nquorum two\n");
    let stranger = key("stranger.example", KeyKind::Ed25519, 9);
    let bad = |mut note: Note, line: usize| {
        *note.signatures[line].bytes.last_mut().unwrap() ^= 1;
        note
    };
    let mut extended = bad(cosigned(&[]), 0);
    extended.text.push_str("more\n");
    let unknown = Checkpoint {
        origin: "other.example/log".to_owned(),
        ..checkpoint()
    };
    let unknown = bad(unknown.sign(&[log()]).unwrap(), 0);
    let mut unsigned = bad(cosigned(&[0]), 1);
    unsigned.signatures.remove(0);
    let strange = checkpoint().sign(&[stranger]).unwrap();
    for (note, code) in [
        (extended, "malformed"),
        (unknown, "unknown_log"),
        (unsigned, "bad_signature"),
        (bad(cosigned(&[0, 1]), 0), "bad_signature"),
        (bad(cosigned(&[0, 1, 2]), 2), "bad_signature"),
        (bad(cosigned(&[0, 1, 2]), 3), "bad_signature"),
        (strange, "not_signed"),
        (cosigned(&[]), "quorum"),
        (cosigned(&[1]), "quorum"),
        (cosigned(&[1, 1]), "quorum"),
    ] {
        let distrust = two.check(&note).unwrap_err();
        assert_eq!(distrust.code(), code, "{distrust}");
        assert!(!distrust.to_string().is_empty());
    }
    let trusted = |witnesses, quorum| Trusted {
        checkpoint: checkpoint(),
        log: 0,
        witnesses,
        quorum,
    };
    let times = vec![(2, TIME + 2), (0, TIME)];
    assert_eq!(two.check(&cosigned(&[2, 0])), Ok(trusted(times, true)));
    let alone = Policy::of_log(log().verifier().clone());
    assert_eq!(alone.check(&cosigned(&[2])), Ok(trusted(Vec::new(), false)));
    let none = policy("quorum none\n");
    let times = vec![(1, TIME + 1)];
    assert_eq!(none.check(&cosigned(&[1])), Ok(trusted(times, false)));
}

#[test]
fn a_malformed_checkpoint_says_what_is_wrong() {
    let mut note = cosigned(&[]);
    note.text.push_str("more\n");
    assert_eq!(
        policy("quorum none\n").check(&note),
        Err(Distrust::Malformed(CheckpointError::Extension))
    );
}

#[test]
fn a_witness_counts_once_with_its_first_time() {
    let mut note = cosigned(&[0]);
    let later = witnesses()[0].cosign(&note.text, TIME + 60).unwrap();
    note.append([later]).unwrap();
    let trusted = policy("quorum a\n").check(&note).unwrap();
    assert_eq!(trusted.witnesses, [(0, TIME)]);
    let both = policy("group both all a b\nquorum both\n");
    assert_eq!(both.check(&note), Err(Distrust::Quorum { cosigned: 1 }));
}

#[test]
fn any_known_key_of_the_origin_will_do_and_keys_of_other_logs_do_not_count() {
    let second = key(ORIGIN, KeyKind::MlDsa44, 2);
    let other = key("other.example/log", KeyKind::Ed25519, 3);
    let text = format!(
        "log {}\nlog {}\nlog {}\nquorum none\n",
        other.verifier(),
        log().verifier(),
        second.verifier()
    );
    let policy = Policy::parse(text.as_bytes()).unwrap();
    assert_eq!(policy.check(&cosigned(&[])).unwrap().log, 1);
    let text = checkpoint().text();
    let line = second.cosign(&text, TIME).unwrap();
    let mut note = Note {
        text,
        signatures: vec![line],
    };
    assert_eq!(policy.check(&note).unwrap().log, 2);
    note.append([log().sign_note_text(&note.text).unwrap()])
        .unwrap();
    assert_eq!(
        policy.check(&note).unwrap().log,
        1,
        "the first in the policy"
    );
    let foreign = checkpoint().sign(std::slice::from_ref(&other)).unwrap();
    let origin = ORIGIN.to_owned();
    assert_eq!(policy.check(&foreign), Err(Distrust::NotSigned { origin }));
    // Nor does it matter whether their signatures are good.
    note.append([SignatureLine {
        bytes: vec![0; 64],
        ..foreign.signatures[0].clone()
    }])
    .unwrap();
    assert!(policy.check(&note).is_ok());
}

#[test]
fn a_key_may_stand_for_a_log_and_for_a_witness() {
    let key = key(ORIGIN, KeyKind::MlDsa44, 2);
    let text = format!("log {0}\nwitness w {0}\nquorum w\n", key.verifier());
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let text = checkpoint().text();
    let signatures = vec![key.cosign(&text, TIME).unwrap()];
    let trusted = policy.check(&Note { text, signatures }).unwrap();
    assert_eq!((trusted.log, &trusted.witnesses[..]), (0, &[(0, TIME)][..]));
}

/// Keys of witnesses, for policies in which nothing is signed.
static KEYS: LazyLock<Vec<VerifierKey>> = LazyLock::new(|| {
    let key = |seed| key("w", KeyKind::CosignatureV1, seed).verifier().clone();
    (100..=100 + MAX_ENTRIES as u8).map(key).collect()
});

/// A witness or a group as a tree, evaluated as the specification words it.
#[derive(Clone, Debug)]
enum Node {
    Witness(usize),
    Group(usize, Vec<Node>),
}

impl Node {
    fn has_witnessed(&self, cosigned: u32) -> bool {
        match self {
            Node::Witness(index) => cosigned >> index & 1 == 1,
            Node::Group(threshold, members) => {
                let count = members.iter().filter(|node| node.has_witnessed(cosigned));
                count.count() >= *threshold
            }
        }
    }
}

/// A policy and the tree of its quorum: each group takes some of what is no member yet.
fn quorum() -> impl Strategy<Value = (String, Node)> {
    let groups = vec((1..5_usize, any::<prop::sample::Index>(), 0..4_usize), 0..8);
    (1..12_usize, groups).prop_map(|(count, groups)| {
        let line = |index: usize| format!("witness w{index} {}\n", KEYS[index]);
        let mut text = (0..count).map(line).collect::<Vec<_>>().concat();
        let named = |index: usize| (format!("w{index}"), Node::Witness(index));
        let mut free: Vec<_> = (0..count).map(named).collect();
        for (number, (most, start, way)) in groups.into_iter().enumerate() {
            let start = start.index(free.len());
            let end = free.len().min(start + most);
            let (names, nodes): (Vec<_>, Vec<_>) = free.drain(start..end).unzip();
            let (word, threshold) = match way {
                0 => ("all".to_owned(), nodes.len()),
                1 => ("any".to_owned(), 1),
                _ => {
                    let threshold = 1 + way % nodes.len();
                    (threshold.to_string(), threshold)
                }
            };
            let line = ["group", &format!("g{number}"), &word, &names.join(" ")];
            text += &(line.join(" ") + "\n");
            free.push((format!("g{number}"), Node::Group(threshold, nodes)));
        }
        let (name, node) = free.pop().expect("a witness at least");
        (text + &format!("quorum {name}\n"), node)
    })
}

proptest! {
    #[test]
    fn a_quorum_is_met_as_the_specification_words_it((text, node) in quorum(), some: [u32; 16]) {
        let policy = Policy::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(Policy::parse(&policy.to_bytes()), Ok(policy.clone()));
        for cosigned in some.into_iter().chain([0, u32::MAX]) {
            prop_assert_eq!(
                policy.is_met(|index| cosigned >> index & 1 == 1),
                node.has_witnessed(cosigned)
            );
        }
    }

    #[test]
    fn what_is_read_as_a_policy_is_written_as_the_same(
        items in vec(prop_oneof![
            Just("group".to_owned()), Just("quorum".to_owned()), Just("none".to_owned()),
            Just("any".to_owned()), Just("\n".to_owned()), Just("w1".to_owned()),
            Just("w2".to_owned()), Just("g".to_owned()), Just("1".to_owned()),
        ], 0..12),
    ) {
        let head = format!("witness w1 {}\nwitness w2 {}\n", KEYS[1], KEYS[2]);
        let text = head + &items.join(" ") + "\n";
        if let Ok(policy) = Policy::parse(text.as_bytes()) {
            prop_assert_eq!(Policy::parse(&policy.to_bytes()), Ok(policy));
        }
    }
}
