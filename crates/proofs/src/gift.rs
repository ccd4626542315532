//! Gift proofs: the draw of a gift was fair.
//!
//! ```text
//! counterfoil/gift-proof@v1
//! receipt 823
//! <the bytes of a receipt>
//! receipt 871
//! ...
//! ```
//!
//! The receipts are of the gift as it was sent, of each claim from the first to the last, of the
//! seed as it was revealed, and of the gift as it ended, in this order. They show that the
//! commitment to the seed was in the log before the first claim, that no claim is left out, and
//! what each got; the draw is then made again from the seed. How it is made stands with
//! [`GiftSeed`].

use merkle::policy::{Policy, Trusted};
use model::limits::GIFT_PARTS;
use model::object::{Gift, GiftClaim, GiftSeed};
use model::{GiftSend, Object, Record};
use sha2::{Digest, Sha256};

use crate::facts::Verdict;
use crate::receipt::{self, Shown};
use crate::refusal::{Code, Refusal};

/// First line of a gift proof.
pub(crate) const GIFT: &[u8] = b"counterfoil/gift-proof@v1\n";

/// Receipts in one at most: of every claim, and of the gift's beginning and end.
const RECEIPTS: usize = GIFT_PARTS as usize + 3;

/// Bytes of a gift proof at most: of so many receipts of 4 KiB.
pub const GIFT_BYTES: usize = RECEIPTS << 12;

/// Places in [`model::object::GIFT_KINDS`], and of what is gone in [`model::object::PRESENCE`].
const EQUAL: u8 = 0;
const REVEALED: u8 = 1;

/// The file of these receipts, in the order that the module says.
pub fn to_bytes(receipts: &[Vec<u8>]) -> Vec<u8> {
    let mut file = GIFT.to_vec();
    for receipt in receipts {
        file.extend(format!("receipt {}\n", receipt.len()).as_bytes());
        file.extend(receipt);
    }
    file
}

/// The receipts of a file.
fn parse(file: &[u8]) -> Result<Vec<&[u8]>, Refusal> {
    let malformed =
        || Refusal::malformed("a gift proof is a list of receipts, each behind its length");
    let mut rest = file.strip_prefix(GIFT).ok_or_else(malformed)?;
    let mut receipts = Vec::new();
    while !rest.is_empty() {
        let line = rest.strip_prefix(b"receipt ").ok_or_else(malformed)?;
        let end = line
            .iter()
            .take(8)
            .position(|byte| *byte == b'\n')
            .ok_or_else(malformed)?;
        let length = core::str::from_utf8(&line[..end]).ok().filter(|text| {
            text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0')
        });
        let length: usize = length
            .and_then(|text| text.parse().ok())
            .ok_or_else(malformed)?;
        let (receipt, after) = line[end + 1..]
            .split_at_checked(length)
            .ok_or_else(malformed)?;
        if receipts.len() == RECEIPTS {
            return Err(Refusal::malformed("a gift has at most 1,000 claims"));
        }
        receipts.push(receipt);
        rest = after;
    }
    if receipts.len() < 3 {
        return Err(Refusal::malformed(
            "it takes the receipts of the gift, its seed and its end",
        ));
    }
    Ok(receipts)
}

/// What the receipts of a gift show together.
struct Story {
    sent: Gift,
    claims: Vec<GiftClaim>,
    seed: u128,
    ended: Gift,
}

fn unfair(what: &str) -> Refusal {
    Refusal::new(Code::Unfair, what)
}

impl Story {
    /// Reads what was shown; each record later in the log than the one before.
    fn of(shown: &[Shown]) -> Result<Self, Refusal> {
        let place = |shown: &Shown| {
            let first = shown.opening.first_record;
            first.saturating_add(shown.opening.index.into())
        };
        if !shown.is_sorted_by(|one, next| place(one) < place(next)) {
            return Err(unfair("the records do not follow each other in the log"));
        }
        let [sent, claims @ .., seed, ended] = shown else {
            return Err(unfair("a record is missing"));
        };
        let (Record::Object(Object::Gift(sent)), Record::Object(Object::Gift(ended))) =
            (&sent.record, &ended.record)
        else {
            return Err(unfair("it does not begin and end with records of a gift"));
        };
        let Record::Object(Object::GiftSeed(GiftSeed {
            gift, seed, state, ..
        })) = &seed.record
        else {
            return Err(unfair("the last record but one is not that of a seed"));
        };
        if *state != REVEALED || *gift != sent.id {
            return Err(unfair("the seed is not revealed, or of another gift"));
        }
        let claims = claims.iter().map(|shown| match &shown.record {
            Record::Object(Object::GiftClaim(claim)) if claim.gift == sent.id => Ok(*claim),
            _ => Err(unfair("a record between is not of a claim of this gift")),
        });
        Ok(Self {
            sent: *sent,
            claims: claims.collect::<Result<_, _>>()?,
            seed: *seed,
            ended: *ended,
        })
    }

    fn check(&self) -> Result<(), Refusal> {
        let (sent, ended) = (&self.sent, &self.ended);
        if sent.cause != GiftSend::NUMBER || sent.claims != 0 || sent.state != 0 {
            return Err(unfair("the first record is not of the gift as it was sent"));
        }
        let same = |gift: &Gift| {
            (
                gift.id,
                gift.sender,
                gift.ledger,
                gift.kind,
                gift.amount,
                gift.parts,
            )
        };
        if same(sent) != same(ended) || ended.state == 0 {
            return Err(unfair("the last record is not of the end of this gift"));
        }
        if commitment(sent.id, self.seed) != (sent.commitment, sent.commitment_more) {
            return Err(unfair("the seed is not the one that was committed to"));
        }
        if usize::from(ended.claims) != self.claims.len() {
            return Err(unfair("a claim is left out"));
        }
        let mut gift = *sent;
        for claim in &self.claims {
            gift.claims += 1;
            let number = gift.claims;
            let part = part(&gift, self.seed).ok_or_else(|| unfair("the parts do not add up"))?;
            if (claim.number, claim.amount) != (number, part) {
                let (said, got) = (claim.number, claim.amount);
                let what = format!("claim {said} got {got}, the draw gives claim {number} {part}");
                return Err(unfair(&what));
            }
            gift.claimed += part;
        }
        if gift.claimed != ended.claimed
            || ended.claimed.checked_add(ended.returned) != Some(sent.amount)
        {
            return Err(unfair(
                "what was claimed and what was returned is not what was sent",
            ));
        }
        Ok(())
    }
}

/// Checks a gift proof.
pub(crate) fn check(file: &[u8], policy: &Policy) -> Result<Verdict, Refusal> {
    if file.len() > GIFT_BYTES {
        let what = format!("it has {} bytes, at most {GIFT_BYTES} are read", file.len());
        return Err(Refusal::new(Code::TooLarge, &what));
    }
    let shown = parse(file)?
        .into_iter()
        .map(|receipt| receipt::show(receipt, policy));
    let shown: Vec<Shown> = shown.collect::<Result<_, _>>()?;
    let mut trusted: Vec<&Trusted> = shown.iter().map(|shown| &shown.trusted).collect();
    trusted.sort_by_key(|trusted| (trusted.quorum, trusted.checkpoint.head.size));
    let origin = &trusted[0].checkpoint.origin;
    if trusted
        .iter()
        .any(|trusted| trusted.checkpoint.origin != *origin)
    {
        return Err(unfair("the receipts are of several logs"));
    }
    let story = Story::of(&shown)?;
    story.check()?;
    let mut verdict = Verdict::new("gift");
    // The least that vouches for any of them.
    verdict.trust(trusted[0], policy);
    verdict.add("gift", story.sent.id);
    verdict.add("ledger", story.sent.ledger);
    verdict.add("amount", story.sent.amount);
    verdict.add("parts", story.sent.parts);
    verdict.add("seed", format_args!("{:032x}", story.seed.swap_bytes()));
    for claim in &story.claims {
        verdict.add(
            "claim",
            format_args!("{} {} {}", claim.number, claim.party, claim.amount),
        );
    }
    verdict.add("returned", story.ended.returned);
    Ok(verdict)
}

fn commitment(gift: u128, seed: u128) -> (u128, u128) {
    let hash = Sha256::new()
        .chain_update(b"cf-gift")
        .chain_update(gift.to_le_bytes())
        .chain_update(seed.to_le_bytes())
        .finalize();
    (half(&hash[..16]), half(&hash[16..]))
}

fn half(bytes: &[u8]) -> u128 {
    u128::from_le_bytes(bytes.try_into().expect("halves have 16 bytes"))
}

/// What claim number `gift.claims` gets, `gift.claimed` being what those before it got; `None`
/// where there is nothing left to draw from.
fn part(gift: &Gift, seed: u128) -> Option<u128> {
    let (number, parts) = (u128::from(gift.claims), u128::from(gift.parts));
    let rest = gift.amount.checked_sub(gift.claimed)?;
    let left = (parts + 1).checked_sub(number).filter(|left| *left > 0)?;
    if gift.kind == EQUAL {
        return Some(gift.amount / parts + u128::from(number <= gift.amount % parts));
    }
    if left == 1 {
        return Some(rest);
    }
    // Twice the rest may need 129 bits: the double of the quotient, and what its remainder adds.
    let double = 2 * (rest / left) + 2 * (rest % left) / left;
    let most = double.min(rest.checked_sub(left - 1)?);
    if most == 0 {
        return None;
    }
    let bias = (u128::MAX % most + 1) % most;
    (0..u32::MAX).find_map(|counter| {
        let hash = Sha256::new()
            .chain_update(b"cf-draw")
            .chain_update(seed.to_le_bytes())
            .chain_update(u32::from(gift.claims).to_le_bytes())
            .chain_update(counter.to_le_bytes())
            .finalize();
        let drawn = half(&hash[..16]);
        (drawn <= u128::MAX - bias).then(|| 1 + drawn % most)
    })
}

#[cfg(test)]
mod tests {
    use super::{Story, commitment, parse, part, to_bytes};
    use model::GiftSend;
    use model::object::{Gift, GiftClaim};

    const SEED: u128 = 77;

    /// A gift of 20.00 in ten parts, of which so many were claimed.
    fn story(kind: u8, claims: u16) -> Story {
        let (commitment, commitment_more) = commitment(4, SEED);
        let sent = Gift {
            id: 4,
            kind,
            amount: 2_003,
            parts: 10,
            commitment,
            commitment_more,
            cause: GiftSend::NUMBER,
            ..Gift::default()
        };
        let (mut ended, mut got) = (sent, Vec::new());
        for number in 1..=claims {
            ended.claims = number;
            let amount = part(&ended, SEED).expect("there is some left");
            got.push(GiftClaim {
                gift: 4,
                party: u128::from(number) + 100,
                number,
                amount,
                ..GiftClaim::default()
            });
            ended.claimed += amount;
        }
        ended.returned = ended.amount - ended.claimed;
        ended.state = if claims == 10 { 1 } else { 2 };
        Story {
            sent,
            claims: got,
            seed: SEED,
            ended,
        }
    }

    #[test]
    fn a_draw_that_was_made_otherwise_is_unfair() {
        for (kind, claims) in [(0, 10), (0, 4), (1, 10), (1, 4), (1, 0)] {
            assert_eq!(story(kind, claims).check(), Ok(()), "{kind} {claims}");
        }
        let says = |change: &dyn Fn(&mut Story)| {
            let mut story = story(1, 4);
            change(&mut story);
            story.check().expect_err("it is unfair").what
        };
        let check = |change: &dyn Fn(&mut Story), part: &str| {
            let found = says(change);
            assert!(found.contains(part), "{found}");
        };
        check(
            &|story| story.seed += 1,
            "not the one that was committed to",
        );
        check(
            &|story| story.sent.commitment ^= 1,
            "not the one that was committed to",
        );
        check(&|story| story.claims[2].amount += 1, "claim 3 got");
        check(&|story| story.claims[2].number = 9, "claim 9 got");
        check(&|story| story.claims.truncate(3), "left out");
        check(&|story| story.ended.returned += 1, "not what was sent");
        check(
            &|story| story.ended.amount += 1,
            "not of the end of this gift",
        );
        check(
            &|story| story.ended.state = 0,
            "not of the end of this gift",
        );
        check(&|story| story.sent.cause = 0, "as it was sent");
        check(&|story| story.sent.claims = 1, "as it was sent");
    }

    #[test]
    fn a_gift_is_given_away_whole() {
        for seed in 1..200 {
            let mut gift = Gift {
                kind: 1,
                amount: 2_000,
                parts: 10,
                ..Gift::default()
            };
            for number in 1..=10 {
                gift.claims = number;
                let got = part(&gift, seed).expect("there is some left");
                assert!(got >= 1);
                gift.claimed += got;
            }
            assert_eq!(gift.claimed, 2_000);
        }
    }

    #[test]
    fn commitments_bind_the_gift_and_the_seed() {
        assert_ne!(commitment(1, 2), commitment(2, 2));
        assert_ne!(commitment(1, 2), commitment(1, 3));
    }

    #[test]
    fn files_are_read_as_they_are_written() {
        let receipts = vec![b"one\n".to_vec(), b"two".to_vec(), b"three".to_vec()];
        let file = to_bytes(&receipts);
        assert_eq!(parse(&file).expect("three receipts"), receipts);
        for len in 0..file.len() {
            assert!(parse(&file[..len]).is_err(), "{len}");
        }
        assert!(parse(b"counterfoil/gift-proof@v1\nreceipt 01\nx").is_err());
    }
}
