//! Gifts: red packets with a draw that anyone can check.

use super::{Life, PRESENCE, named, objects};
use crate::form::Form;

/// How a gift is divided.
pub const GIFT_KINDS: &[&str] = &["equal", "random"];
/// Names of the states of a gift.
pub const GIFT_STATES: &[&str] = &["open", "claimed", "returned"];

objects! {
    /// Money that the first so many may claim a part of each.
    48 Gift "gift" [id] {
        /// Of the command that sent it.
        id: u128 = Form::Id,
        /// Who gives.
        sender: u128 = Form::Id,
        /// Of the amounts.
        ledger: u32 = Form::Ledger,
        /// See [`GIFT_KINDS`].
        kind: u8 = Form::Name(GIFT_KINDS),
        /// What was sent.
        amount: u128 = Form::Amount,
        /// In how many parts.
        parts: u16 = Form::Number,
        /// What was claimed of it.
        claimed: u128 = Form::Amount,
        /// By how many.
        claims: u16 = Form::Number,
        /// What went back to the sender.
        returned: u128 = Form::Amount,
        /// The first half of the commitment to the seed of the draw.
        commitment: u128 = Form::Digest,
        /// The second half.
        commitment_more: u128 = Form::Digest,
        /// See [`GIFT_STATES`].
        state: u8 = Form::Name(GIFT_STATES),
        /// When what is left goes back.
        deadline: u64 = Form::Time,
    }

    /// The seed of a gift's draw: no receipt shows it while the gift is open.
    ///
    /// Whoever has it can check the gift. All numbers are little-endian; ids, seeds and halves of
    /// hashes have 16 bytes, `k` and `counter` 4.
    ///
    /// - The commitment is SHA-256 over `cf-gift`, the gift's id and the seed: its bytes 0 to 15 are
    ///   the gift's `commitment`, its bytes 16 to 31 are `commitment_more`.
    /// - Claim `k`, from 1, is judged when `rest` is what was not claimed before it and
    ///   `left = parts - k + 1`.
    /// - Of an `equal` gift it gets `amount / parts`, rounded down, and 1 more where
    ///   `k <= amount % parts`.
    /// - Of a `random` gift the last claim, where `left` is 1, gets `rest`. Any other gets
    ///   `1 + x % most` with `most = min(2 * rest / left rounded down, rest - (left - 1))` and `x`
    ///   the first 16 bytes of SHA-256 over `cf-draw`, the seed, `k` and `counter`; `counter` is the
    ///   first of 0, 1, 2 and so on for which `x < 2^128 - 2^128 % most`. So every amount from 1 to
    ///   `most` is as likely as any other.
    49 GiftSeed "gift_seed" [gift] {
        /// The gift.
        gift: u128 = Form::Id,
        /// 16 secret bytes, revealed once the gift has ended.
        seed: u128 = Form::Digest,
        /// Whether it is secret still (there) or revealed (gone).
        state: u8 = Form::Name(PRESENCE),
    }

    /// One claim of a gift; one a person.
    50 GiftClaim "gift_claim" [gift, party] {
        /// The gift.
        gift: u128 = Form::Id,
        /// Who claimed.
        party: u128 = Form::Id,
        /// Which claim of the gift it was, from 1.
        number: u16 = Form::Number,
        /// Of the amount.
        ledger: u32 = Form::Ledger,
        /// What the party got.
        amount: u128 = Form::Amount,
    }
}

impl Life for Gift {
    fn is_sound(&self) -> bool {
        self.id != 0
            && named(self.kind, GIFT_KINDS)
            && named(self.state, GIFT_STATES)
            && self.claims <= self.parts
            && self
                .claimed
                .checked_add(self.returned)
                .is_some_and(|gone| gone <= self.amount)
    }

    fn is_open(&self) -> bool {
        self.state == 0
    }

    fn deadline(&self) -> Option<u64> {
        Some(self.deadline)
    }
}

impl Life for GiftSeed {
    fn is_sound(&self) -> bool {
        named(self.state, PRESENCE)
    }

    fn is_open(&self) -> bool {
        self.state == 0
    }
}

impl Life for GiftClaim {
    fn is_sound(&self) -> bool {
        self.gift != 0 && self.party != 0
    }
}
