//! What the function behind the module answers, and that the committed module is the one described.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use verifier::{policy_of, verify};

const KEY: &str = "books.example/main+e8a75826+AUaG/YeocZexctnJ3SfxHvfB9podWOpEFb3tJrZBQgOj";
const WASM: &[u8] = include_bytes!("../../server/assets/verify.wasm");
const WASM_NOTE: &str = include_str!("../../server/assets/verify.wasm.txt");

#[test]
fn a_key_alone_is_a_policy_without_witnesses() {
    let plain = policy_of(format!("log {KEY}\nquorum none\n").as_bytes());
    assert!(plain.is_ok());
    for text in [
        KEY.to_owned(),
        format!("{KEY}\n"),
        format!("# ours\r\n\n  {KEY}\t\r\n"),
        format!("log {KEY}\nquorum none"),
    ] {
        assert_eq!(policy_of(text.as_bytes()), plain, "{text:?}");
    }
}

#[test]
fn a_policy_that_is_none_is_told_with_its_line() {
    let told = |policy: &str| verify(b"", None, policy.as_bytes());
    let refused = |what: &str| format!(r#"{{"ok":false,"code":"bad_policy","what":"{what}"}}"#);
    let words = "a line begins with log, witness, group, quorum or #";
    assert_eq!(
        told(""),
        refused("there is no quorum; `quorum none` asks for no witness")
    );
    assert_eq!(told("# nothing\n"), told(""));
    let cut = format!("\n{}", KEY.replace("+e8a75826", "+e8a75827"));
    let computed = "line 2: name and key make the id e8a75826";
    assert_eq!(told(&cut), refused(computed));
    assert_eq!(
        told("hello"),
        refused("line 1: a key is written as name+id+key")
    );
    assert_eq!(
        told(&format!("{KEY}\nlog {KEY}\n")),
        refused(&format!("line 1: {words}"))
    );
    assert_eq!(
        told(&format!("{KEY}\n\n{KEY}\n")),
        refused("line 3: the same public key stands on a line before")
    );
}

#[test]
fn the_first_refusal_is_told() {
    let code = |file: &[u8], statement| {
        let told = verify(file, statement, KEY.as_bytes());
        let (_, rest) = told
            .split_once(r#""code":""#)
            .expect("a refusal has a code");
        let (code, _) = rest.split_once('"').expect("a string ends");
        code.to_owned()
    };
    assert_eq!(code(b"", None), "malformed");
    assert_eq!(code(&vec![b' '; proofs::FILE_BYTES + 1], None), "too_large");
    assert_eq!(code(b"c2sp.org/tlog-proof@v1\n", Some(b"")), "malformed");
    let other = "log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u{2014} log.example AAAAAAA=\n";
    assert_eq!(code(other.as_bytes(), None), "unknown_log");
}

#[test]
fn the_committed_module_is_the_one_that_is_described() {
    let said = |name: &str| WASM_NOTE.lines().find_map(|line| line.strip_prefix(name));
    let mut digest = String::new();
    for byte in Sha256::digest(WASM) {
        let _ = write!(digest, "{byte:02x}");
    }
    assert_eq!(
        said("sha256: "),
        Some(&*digest),
        "tests/page/build-wasm.sh writes both"
    );
    assert_eq!(said("bytes: "), Some(&*WASM.len().to_string()));
}
