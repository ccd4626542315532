//! What an erasure leaves, looked at by someone who has a copy of the folder, master key included.
//!
//! The reader here is written from the description of the format and shares no code with the crate.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use vault::{Erased, Fields, Vault};

const ADA: u128 = 0x1122_3344_5566_7788_99AA_BBCC_DDEE_FF00;
const BO: u128 = 2;

const SECRETS: [&str; 3] = [
    "Ada 李 Лавлейс",
    "ada@example.org",
    "DE02120300000000202051",
];

fn ada(last: &str) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in ["name", "email", "bank_account"].into_iter().zip(SECRETS) {
        fields.set(name, value).unwrap();
    }
    fields.set("x_note", last).unwrap();
    fields
}

fn bo() -> Fields {
    let mut fields = Fields::new();
    fields.set("name", "Bo").unwrap();
    fields
}

/// The folder as bytes, by name.
fn copy(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(path).unwrap().map(|file| {
        let file = file.unwrap();
        let bytes = fs::read(file.path()).unwrap();
        (file.file_name().into_string().unwrap(), bytes)
    });
    files.collect()
}

fn opened(key: &[u8], nonce: &[u8], bound_to: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let cipher = XChaCha20Poly1305::new(key.try_into().unwrap());
    let payload = Payload {
        msg: sealed,
        aad: bound_to,
    };
    let nonce = XNonce::try_from(nonce).unwrap();
    cipher.decrypt(&nonce, payload).ok()
}

/// The entries of `party` in `data`: version, nonce, what is sealed.
fn entries(data: &[u8], party: u128) -> Vec<(u64, &[u8], &[u8])> {
    let mut rest = &data[32..];
    let mut entries = Vec::new();
    while !rest.is_empty() {
        assert_eq!(rest[..4], *b"seal");
        let n = u32::from_le_bytes(rest[28..32].try_into().unwrap()) as usize;
        if rest[4..20] == party.to_le_bytes() {
            let version = u64::from_le_bytes(rest[20..28].try_into().unwrap());
            entries.push((version, &rest[32..56], &rest[64..64 + n]));
        }
        rest = &rest[64 + n + 8..];
    }
    entries
}

/// Every key of `party` that the copy gives away: whatever 72 bytes of any file open under the
/// master key as a slot does, and whatever 32 bytes there are, as they stand.
fn keys(copy: &BTreeMap<String, Vec<u8>>, party: u128) -> Vec<Vec<u8>> {
    let identity = &copy["keys"][8..24];
    let bound_to = [&b"cf-slot1"[..], identity, &party.to_le_bytes()].concat();
    let mut keys = Vec::new();
    for bytes in copy.values() {
        let unwrap = |w: &[u8]| opened(&copy["master"], &w[..24], &bound_to, &w[24..]);
        keys.extend(bytes.windows(72).filter_map(unwrap));
        keys.extend(bytes.windows(32).map(<[u8]>::to_vec));
    }
    keys.sort();
    keys.dedup();
    keys
}

/// Everything that the copy `with` entries and the copy `of` keys tell of `party`.
fn plunder(
    with: &BTreeMap<String, Vec<u8>>,
    of: &BTreeMap<String, Vec<u8>>,
    party: u128,
) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let identity = &with["keys"][8..24];
    for key in keys(of, party) {
        let key = Sha256::new().chain_update(b"cf-data1").chain_update(key);
        let key = key.finalize();
        for (version, nonce, sealed) in entries(&with["data"], party) {
            let version = version.to_le_bytes();
            let party = party.to_le_bytes();
            let bound_to = [&b"cf-entry"[..], identity, &party, &version].concat();
            if let Some(text) = opened(&key, nonce, &bound_to, sealed) {
                let len = u32::from_le_bytes(text[..4].try_into().unwrap()) as usize;
                found.push(text[4..4 + len].to_vec());
            }
        }
    }
    found
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn assert_no_plaintext(copy: &BTreeMap<String, Vec<u8>>) {
    for (name, bytes) in copy {
        for secret in SECRETS {
            assert!(!contains(bytes, secret.as_bytes()), "{secret} in {name}");
        }
    }
}

#[test]
fn a_copy_taken_after_an_erasure_tells_nothing_of_the_person() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(vault::DIR);
    let vault = Vault::open(&path).unwrap();
    vault.put(ADA, &ada("first")).unwrap();
    vault.put(BO, &bo()).unwrap();
    vault.put(ADA, &ada("last")).unwrap();
    let before = copy(&path);
    assert_no_plaintext(&before);
    let texts = [ada("first"), ada("last")].map(|fields| fields.to_bytes().to_vec());
    assert_eq!(plunder(&before, &before, ADA), texts, "the attack works");

    assert_eq!(vault.erase(ADA).unwrap(), Erased::Now);
    let after = copy(&path);
    drop(vault);
    drop(Vault::open(&path).unwrap());
    let later = copy(&path);
    assert_eq!(
        entries(&after["data"], ADA).len(),
        2,
        "there is something to open"
    );
    assert_eq!(entries(&later["data"], ADA).len(), 0);
    let wrapped = &before["keys"][128 + 44..128 + 92];
    for copy in [&after, &later] {
        assert_no_plaintext(copy);
        // With the entries of before as well: backups of `data` are worth nothing either.
        assert!(plunder(&before, copy, ADA).is_empty());
        for (name, bytes) in copy {
            assert!(
                !wrapped.windows(8).any(|part| contains(bytes, part)),
                "{name}"
            );
        }
        assert_eq!(plunder(copy, copy, BO), [bo().to_bytes().to_vec()]);
    }

    let elsewhere = dir.path().join("copy");
    fs::create_dir(&elsewhere).unwrap();
    for (name, bytes) in &after {
        fs::write(elsewhere.join(name), bytes).unwrap();
    }
    let vault = Vault::open(&elsewhere).unwrap();
    assert!(vault.is_erased(ADA));
    assert_eq!(vault.get(ADA).unwrap(), None);
    assert_eq!(vault.get(BO).unwrap(), Some(bo()));
}

#[test]
fn a_digest_is_what_the_format_says() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(vault::DIR);
    let vault = Vault::open(&path).unwrap();
    vault.put(ADA, &ada("only")).unwrap();
    let copy = copy(&path);
    let identity = &copy["keys"][8..24];
    let slot = &copy["keys"][128..];
    let bound_to = [&b"cf-slot1"[..], identity, &ADA.to_le_bytes()].concat();
    let key = opened(&copy["master"], &slot[20..44], &bound_to, &slot[44..92]).unwrap();
    let secret = Sha256::digest([b"cf-hash1", &key[..]].concat());
    let hash = Sha256::digest([&secret[..], &ada("only").to_bytes()].concat());
    assert_eq!(vault.digest(ADA).unwrap().unwrap(), hash[..16]);
}
