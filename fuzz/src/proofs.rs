//! What strangers hand in or hand out: proofs, tiles, and what is kept beside a log.

use std::sync::LazyLock;

use merkle::key::VerifierKey;
use merkle::policy::Policy;
use merkle::tile::{Bundle, Tile};
use proofs::balance::BalanceProof;
use proofs::receipt::Opening;
use store::erased::Openings;

use crate::repair;

/// A receipt, a balance proof and the receipt of its statement's line, of real books.
pub const RECEIPT: &[u8] = include_bytes!("../../fixtures/v2/receipt");
/// As [`RECEIPT`].
pub const BALANCE: &[u8] = include_bytes!("../../fixtures/v2/balance-proof");
/// As [`RECEIPT`].
pub const LINE: &[u8] = include_bytes!("../../fixtures/v2/statement-receipt");

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let key = include_str!("../../fixtures/v2/log.vkey");
    Policy::of_log(VerifierKey::parse(key.trim_end()).expect("a key"))
});

/// The facts that the three files show: nobody can make a file that shows others.
static SHOWN: LazyLock<[String; 3]> = LazyLock::new(|| {
    let shown = |file, line| {
        let verdict = proofs::check(file, line, &POLICY);
        verdict.expect("the files of the fixture hold").to_string()
    };
    [
        shown(RECEIPT, None),
        shown(LINE, None),
        shown(BALANCE, Some(LINE)),
    ]
});

/// A receipt, a balance proof, or an opening on its own.
pub fn proof(data: &[u8]) {
    for line in [None, Some(LINE)] {
        if let Ok(verdict) = proofs::check(data, line, &POLICY) {
            let verdict = verdict.to_string();
            let checkpoint = verdict.starts_with("kind: checkpoint\n");
            assert!(checkpoint || SHOWN.contains(&verdict), "{verdict}");
        }
    }
    if let Ok(proof) = BalanceProof::parse(data) {
        assert_eq!(proof.to_text().as_bytes(), data);
    }
    if let Some(opening) = Opening::from_bytes(data) {
        assert_eq!(opening.to_bytes(), data);
        let _ = opening.record();
        let _ = opening.outer_leaf(u64::MAX);
    }
}

/// The path of a tile or of a bundle of entries on the first line, its bytes behind.
pub fn tile(data: &[u8]) {
    let end = data
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(data.len());
    let (path, bytes) = data.split_at(end);
    let bytes = bytes.get(1..).unwrap_or_default();
    let Ok(path) = std::str::from_utf8(path) else {
        return;
    };
    if let Some(tile) = Tile::parse_path(path) {
        assert_eq!(tile.path(), path);
        if let Ok(hashes) = tile.hashes(bytes) {
            assert_eq!(hashes.len(), usize::from(tile.width));
        }
    }
    if let Some(bundle) = Bundle::parse_path(path) {
        assert_eq!(bundle.path(), path);
        if let Ok(entries) = bundle.split(bytes) {
            let mut again = Vec::new();
            for entry in &entries {
                Bundle::push(&mut again, entry).expect("it was one");
            }
            assert_eq!((entries.len(), &again[..]), (bundle.width.into(), bytes));
        }
    }
}

/// What opens a batch from which records were erased.
pub fn erased(data: &[u8]) {
    let Some((mode, bytes)) = data.split_first() else {
        return;
    };
    let mut bytes = bytes.to_vec();
    if mode % 2 == 1 {
        repair::last_word(&mut bytes);
    }
    if let Some(openings) = Openings::from_bytes(&bytes) {
        assert_eq!(openings.to_bytes(), bytes);
        let _ = openings.leaves(&bytes);
    }
}

/// What a monitor remembers of a log.
pub fn seen(data: &[u8]) {
    if let Ok(state) = monitor::State::from_bytes(data) {
        assert_eq!(state.to_bytes(), data);
    }
}
