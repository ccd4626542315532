//! Gifts: money that the first so many may claim a part of each.

use model::limits::GIFT_PARTS;
use model::object::{GIFT_KINDS, GIFT_STATES, Gift, GiftClaim, GiftSeed, PRESENCE, Role};
use model::{CommandStatus as Status, GiftSend, GiftTake};

use super::market::DAY;
use super::payment::transfer;
use crate::civil::SECOND;
use crate::deed::{AtField, Done, Work, ensure, some};
use crate::draw::{commitment, part_of};
use crate::fact::Sink;

/// Places in [`GIFT_STATES`].
const CLAIMED: u8 = 1;
const RETURNED: u8 = 2;
const _: () = assert!(GIFT_STATES.len() == 3);

/// Place of `gone` in [`PRESENCE`]: the seed is revealed.
const REVEALED: u8 = 1;
const _: () = assert!(PRESENCE.len() == 2);

pub(crate) fn send<S: Sink>(work: &mut Work<'_, S>, id: u128, act: &GiftSend) -> Done {
    let amount = some(act.amount)?;
    let named = usize::from(act.kind) < GIFT_KINDS.len();
    ensure(named, Status::ValueOutOfRange.at("kind"))?;
    let parts = (1..=GIFT_PARTS).contains(&act.parts);
    ensure(parts, Status::ValueOutOfRange.at("parts"))?;
    let enough = amount >= u128::from(act.parts);
    ensure(enough, Status::GiftTooSmall.at("amount"))?;
    ensure(act.seed != 0, Status::GiftSeedMustNotBeZero.at("seed"))?;
    work.declared(act.ledger)?;
    work.active(act.sender, "sender")?;
    let wallet = work.account(Role::Wallet, act.sender, act.ledger)?;
    let gifts = work.account(Role::Gift, 0, act.ledger)?;
    transfer(work, wallet, gifts, amount)?;
    let open_for = match act.seconds {
        0 => DAY,
        seconds => u64::from(seconds) * SECOND,
    };
    let (commitment, commitment_more) = commitment(id, act.seed);
    work.put(Gift {
        id,
        sender: act.sender,
        ledger: act.ledger,
        kind: act.kind,
        amount,
        parts: act.parts,
        commitment,
        commitment_more,
        deadline: work.now.saturating_add(open_for),
        ..Gift::default()
    });
    work.put(GiftSeed {
        gift: id,
        seed: act.seed,
        ..GiftSeed::default()
    });
    Ok(())
}

pub(crate) fn claim<S: Sink>(work: &mut Work<'_, S>, act: &GiftTake) -> Done {
    let gift = work.find::<Gift>((act.gift, 0));
    let gift = gift.ok_or(Status::GiftNotFound.at("gift"))?;
    work.active(act.party, "party")?;
    ensure(gift.state == 0, Status::GiftEnded.at("gift"))?;
    let taken = work.find::<GiftClaim>((gift.id, act.party));
    ensure(taken.is_none(), Status::GiftTaken.at("party"))?;
    let seed = work.find::<GiftSeed>((gift.id, 0));
    let seed = seed.ok_or(Status::GiftNotFound.at("gift"))?;
    let amount = part_of(&gift, seed.seed);
    let from = work.account(Role::Gift, 0, gift.ledger)?;
    let to = work.account(Role::Wallet, act.party, gift.ledger)?;
    transfer(work, from, to, amount)?;
    let gift = Gift {
        claimed: gift.claimed + amount,
        claims: gift.claims + 1,
        ..gift
    };
    work.put(GiftClaim {
        gift: gift.id,
        party: act.party,
        number: gift.claims,
        ledger: gift.ledger,
        amount,
        ..GiftClaim::default()
    });
    if gift.claims < gift.parts {
        work.put(gift);
        return Ok(());
    }
    end(
        work,
        seed,
        Gift {
            state: CLAIMED,
            ..gift
        },
    );
    Ok(())
}

/// The time to claim is over: what is left goes back.
pub(crate) fn expire<S: Sink>(work: &mut Work<'_, S>, gift: &Gift) -> Done {
    let seed = work.find::<GiftSeed>((gift.id, 0));
    let seed = seed.ok_or(Status::GiftNotFound)?;
    let rest = gift.amount - gift.claimed;
    let from = work.account(Role::Gift, 0, gift.ledger)?;
    let to = work.account(Role::Wallet, gift.sender, gift.ledger)?;
    transfer(work, from, to, rest)?;
    end(
        work,
        seed,
        Gift {
            returned: rest,
            state: RETURNED,
            ..*gift
        },
    );
    Ok(())
}

/// Reveals the seed and ends the gift. It comes last: with it the claims leave the state, which
/// nothing brings back.
fn end<S: Sink>(work: &mut Work<'_, S>, seed: GiftSeed, gift: Gift) {
    work.put(GiftSeed {
        state: REVEALED,
        ..seed
    });
    work.put(gift);
}
