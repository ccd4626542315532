//! Gift proofs: whoever has one makes the draw again, and sees where it was not made so.

mod scenario;

use engine::{Books, Options, ReceiptAnswer, Signing};
use merkle::key::{KeyKind, SigningKey};
use merkle::policy::Policy;
use proofs::{Code, Refusal, Verdict};
use scenario::platform::play_platform;
use scenario::{block_on, make, options, text};
use std::sync::Arc;
use std::time::Duration;

/// Of the script: one that was claimed to its last part, and two of which a rest went back.
const CLAIMED: u128 = 90;
const RETURNED: [u128; 2] = [94, 96];

struct Played {
    books: Books,
    policy: Policy,
    _folder: tempfile::TempDir,
}

fn played() -> Played {
    let folder = tempfile::tempdir().expect("a folder");
    make(folder.path(), 7);
    let key = SigningKey::generate("books.example/log", KeyKind::Ed25519, [1; 32]).expect("a key");
    let policy = Policy::of_log(key.verifier().clone());
    let books = Books::open(&Options {
        signing: Some(Arc::new(Signing::new(vec![key], None).expect("it signs"))),
        ..options(folder.path())
    });
    let books = books.expect("the books open");
    play_platform(&books);
    Played {
        books,
        policy,
        _folder: folder,
    }
}

impl Played {
    /// The receipts of a gift that has ended, once a checkpoint covers them.
    fn receipts(&self, gift: u128) -> Vec<Vec<u8>> {
        for _ in 0..500 {
            let answers = block_on(self.books.gift_receipts(gift)).expect("answered");
            let receipts: Vec<_> = answers
                .expect("it has ended")
                .iter()
                .map_while(bytes)
                .collect();
            if receipts.len() >= 4 {
                return receipts;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("no checkpoint covers the gift");
    }

    fn check(&self, receipts: &[Vec<u8>]) -> Result<Verdict, Refusal> {
        proofs::check(&proofs::gift::to_bytes(receipts), None, &self.policy)
    }

    /// What is wrong with these receipts.
    fn code(&self, receipts: &[Vec<u8>]) -> Code {
        self.check(receipts).expect_err("it is no proof").code
    }
}

fn bytes(answer: &ReceiptAnswer) -> Option<Vec<u8>> {
    match answer {
        ReceiptAnswer::Checkpointed(receipt) => Some(receipt.to_bytes()),
        _ => None,
    }
}

#[test]
fn the_draw_of_an_ended_gift_is_shown() {
    let played = played();
    for gift in [CLAIMED, RETURNED[0], RETURNED[1]] {
        let verdict = played.check(&played.receipts(gift)).expect("it holds");
        let facts = verdict.facts();
        let claims = facts.iter().filter(|(name, _)| *name == "claim").count();
        assert_eq!(claims, if gift == CLAIMED { 3 } else { 1 });
        let returned = facts.iter().find(|(name, _)| *name == "returned");
        assert_eq!(
            returned.is_some_and(|(_, rest)| rest == "0"),
            gift == CLAIMED
        );
    }
    assert_eq!(block_on(played.books.gift_receipts(1)), Ok(None));
    let open = "500 gift_send sender=11 ledger=978 amount=1.00 parts=2 seed=9";
    block_on(played.books.commands(vec![text::parse(open)])).expect("taken");
    assert_eq!(block_on(played.books.gift_receipts(500)), Ok(None));
}

#[test]
fn what_does_not_show_the_draw_is_refused() {
    let played = played();
    let whole = played.receipts(CLAIMED);
    let other = played.receipts(RETURNED[0]);
    for left_out in 0..whole.len() {
        let mut fewer = whole.clone();
        fewer.remove(left_out);
        assert_eq!(played.code(&fewer), Code::Unfair, "without {left_out}");
    }
    for first in 0..whole.len() - 1 {
        let mut turned = whole.clone();
        turned.swap(first, first + 1);
        assert_eq!(played.code(&turned), Code::Unfair, "{first} and the next");
    }
    let mut twice = whole.clone();
    twice.insert(1, whole[1].clone());
    assert_eq!(played.code(&twice), Code::Unfair);
    // The beginning, or the seed and the end, of another gift.
    let mixed = [&whole[..4], &other[2..]].concat();
    assert_eq!(played.code(&mixed), Code::Unfair);
    let mixed = [&whole[..1], &other[1..]].concat();
    assert_eq!(played.code(&mixed), Code::Unfair);
}
