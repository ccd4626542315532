//! Files of age: byte for byte as the tool `age` takes them, and opened by it where it is there.

use std::io::Write;
use std::process::{Command, Stdio};

use demands::age::{CHUNK, Fresh, Recipient, RecipientError, encrypt};
use demands::digest_text;
use sha2::{Digest, Sha256};

const RECIPIENT: &str = "age1cu6l0xs48crpk5fu8jc9plk27exsyzqaqe7n7tq8ngavsqe304hqp2nven";

/// The key of the tests, and of nobody else.
const IDENTITY: &str = "AGE-SECRET-KEY-1CJVRJ47NSDYXL8P0367LNU7V8FR87NJU4R6DXZ9LS430L5D4FX0SNET9TY";

fn recipient() -> Recipient {
    RECIPIENT.parse().expect("a recipient")
}

fn fresh() -> Fresh {
    let mut random = [0; 64];
    for (at, byte) in random.iter_mut().enumerate() {
        *byte = at as u8 * 3 + 1;
    }
    Fresh::new(&random)
}

fn plain(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

/// Around the ends of chunks, and the digests of files that age 1.1.1 opened.
const FILES: [(usize, &str); 7] = [
    (
        0,
        "54c90e10da6b4036eb9f79bf3a24b61788cd8f13d5d6431d5d56ebc9abba6924",
    ),
    (
        1,
        "02f34c24193377c5abdc383e019db6658787f9bca27861d1d3d6c6085a5fe9dd",
    ),
    (
        CHUNK - 1,
        "1597c1310861ebb413707829c95e2b8def174a2398220946749ced4fc2218409",
    ),
    (
        CHUNK,
        "f634ae52c7a42e5636df84f06d6d1e69366e3ba6c05c18add7527e0c8744db4b",
    ),
    (
        CHUNK + 1,
        "b9f274955a0b4772e0f93f58355768053d1c5c3ac24b29ba22366b8d88b2a8f7",
    ),
    (
        2 * CHUNK,
        "3cac9da206e255785303bc1b938a4b647aa12930342771d959256efc5f1f6618",
    ),
    (
        200_000,
        "93fd5ac78fec10540f36a2933b20329b7c81c23706d6c0ee7afea390b4950d33",
    ),
];

#[test]
fn files_are_as_they_were_when_age_opened_them() {
    for (size, digest) in FILES {
        let file = encrypt(&recipient(), fresh(), &plain(size));
        assert_eq!(digest_text(&Sha256::digest(&file).into()), digest, "{size}");
    }
}

#[test]
fn age_opens_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let key = dir.path().join("key");
    std::fs::write(&key, format!("{IDENTITY}\n")).expect("written");
    for (size, _) in FILES {
        let file = encrypt(&recipient(), fresh(), &plain(size));
        let mut age = Command::new("age");
        let age = age.arg("--decrypt").arg("--identity").arg(&key);
        let age = age.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut age) = age else {
            return eprintln!("skipped: no age");
        };
        let mut input = age.stdin.take().expect("piped");
        let writer = std::thread::spawn(move || input.write_all(&file));
        let output = age.wait_with_output().expect("it ends");
        writer.join().expect("no panic").expect("written");
        assert!(output.status.success(), "{size}");
        assert!(output.stdout == plain(size), "{size}: other bytes");
    }
}

#[test]
fn recipients_are_read_as_they_are_written() {
    assert_eq!(recipient().to_string(), RECIPIENT);
    let parse = str::parse::<Recipient>;
    let last = RECIPIENT.len() - 1;
    for (text, error) in [
        ("", RecipientError::Form),
        ("age1", RecipientError::Form),
        (IDENTITY, RecipientError::Form),
        (&RECIPIENT.to_uppercase(), RecipientError::Form),
        (&RECIPIENT[..last], RecipientError::Form),
        (&format!("{RECIPIENT}q"), RecipientError::Form),
        (
            &RECIPIENT.replacen('1', "1b", 1)[..=last],
            RecipientError::Form,
        ),
    ] {
        assert_eq!(parse(text), Err(error), "{text}");
    }
    // Any one letter that is another is found.
    for at in 4..RECIPIENT.len() {
        let other = if &RECIPIENT[at..=at] == "q" { "p" } else { "q" };
        let mut text = RECIPIENT.to_owned();
        text.replace_range(at..=at, other);
        assert_eq!(parse(&text), Err(RecipientError::Checksum), "{text}");
    }
}

/// 0 and 1 are points of small order: whoever encrypts to them comes to the same secret.
#[test]
fn weak_recipients_are_none() {
    for weak in [
        "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z",
        "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya",
    ] {
        assert_eq!(weak.parse::<Recipient>(), Err(RecipientError::Weak));
    }
}

#[test]
fn an_altered_file_is_another_file() {
    let file = encrypt(&recipient(), fresh(), b"rows");
    let text = String::from_utf8_lossy(&file);
    assert!(text.starts_with("age-encryption.org/v1\n-> X25519 "));
    assert!(!text.contains("rows"));
    assert_eq!(file, encrypt(&recipient(), fresh(), b"rows"));
    assert_ne!(file, encrypt(&recipient(), fresh(), b"row"));
}
