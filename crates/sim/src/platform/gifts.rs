//! Gifts. What a claim gets is the machine's to say: here it is held to its bounds.

use model::limits::GIFT_PARTS;
use model::object::{Gift, GiftClaim, Role};
use model::{CommandStatus as Status, GiftSend, GiftTake};

use super::{Platform, Verdict, after, require};

impl Platform {
    pub(super) fn send_gift(&mut self, id: u128, act: &GiftSend) -> Verdict {
        require(act.amount > 0, Status::AmountMustNotBeZero)?;
        require(act.kind < 2, Status::ValueOutOfRange)?;
        let parts = (1..=GIFT_PARTS).contains(&act.parts);
        require(parts, Status::ValueOutOfRange)?;
        let enough = act.amount >= u128::from(act.parts);
        require(enough, Status::GiftTooSmall)?;
        require(act.seed != 0, Status::GiftSeedMustNotBeZero)?;
        self.declared(act.ledger)?;
        self.active(act.sender)?;
        let wallet = (Role::Wallet, act.sender, act.ledger);
        self.post(wallet, (Role::Gift, 0, act.ledger), act.amount)?;
        let seconds = if act.seconds == 0 {
            86_400
        } else {
            act.seconds
        };
        self.put(Gift {
            id,
            sender: act.sender,
            ledger: act.ledger,
            kind: act.kind,
            amount: act.amount,
            parts: act.parts,
            deadline: after(self.now, seconds.into()),
            ..Gift::default()
        });
        Ok(())
    }

    pub(super) fn claim_gift(&mut self, act: &GiftTake) -> Verdict {
        let gift: Gift = self.find((act.gift, 0)).ok_or(Status::GiftNotFound)?;
        self.active(act.party)?;
        require(gift.state == 0, Status::GiftEnded)?;
        let taken = self.find::<GiftClaim>((gift.id, act.party)).is_some();
        require(!taken, Status::GiftTaken)?;
        let got = self.drawn;
        let bounds = bounds(&gift);
        assert!(
            bounds.contains(&got),
            "{got} is not in {bounds:?} of {gift:?}"
        );
        let wallet = (Role::Wallet, act.party, gift.ledger);
        self.post((Role::Gift, 0, gift.ledger), wallet, got)?;
        let claims = gift.claims + 1;
        self.put(GiftClaim {
            gift: gift.id,
            party: act.party,
            number: claims,
            ledger: gift.ledger,
            amount: got,
            ..GiftClaim::default()
        });
        self.put(Gift {
            claimed: gift.claimed + got,
            claims,
            state: u8::from(claims == gift.parts),
            ..gift
        });
        Ok(())
    }

    pub(super) fn return_gift(&mut self, gift: Gift) -> Verdict {
        let rest = gift.amount - gift.claimed;
        let wallet = (Role::Wallet, gift.sender, gift.ledger);
        self.post((Role::Gift, 0, gift.ledger), wallet, rest)?;
        self.put(Gift {
            returned: rest,
            state: 2,
            ..gift
        });
        Ok(())
    }
}

/// What the next claim may get, from the least to the most.
fn bounds(gift: &Gift) -> std::ops::RangeInclusive<u128> {
    let left = u128::from(gift.parts - gift.claims);
    let rest = gift.amount - gift.claimed;
    let parts = u128::from(gift.parts);
    let one = match gift.kind {
        0 => gift.amount / parts + u128::from(u128::from(gift.claims) < gift.amount % parts),
        _ if left == 1 => rest,
        _ => {
            // Twice the mean, without doubling what may be large.
            let twice = rest / left * 2 + rest % left * 2 / left;
            return 1..=twice.min(rest - (left - 1));
        }
    };
    one..=one
}
