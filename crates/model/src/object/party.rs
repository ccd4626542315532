//! Parties: who has accounts. What they are called is in the vault, never here.

use super::{Life, named, objects};
use crate::form::Form;

/// What parties are.
pub const PARTY_KINDS: &[&str] = &["customer", "merchant", "bank", "authority", "staff"];
/// Names of the states of a party.
pub const PARTY_STATES: &[&str] = &["active", "frozen", "closed"];
/// Why a party is in its state.
pub const REASONS: &[&str] = &[
    "none",
    "own_wish",
    "court_order",
    "authority_order",
    "suspicion",
    "sanctions",
    "lost_access",
    "death",
    "risk",
    "terms_broken",
    "resolved",
];
/// Whether the vault has personal data of a party.
pub const VAULT_STATES: &[&str] = &["none", "kept", "erased"];

objects! {
    /// A customer, merchant, bank, authority or member of the staff.
    22 Party "party" [id] {
        /// Chosen by the caller; opaque.
        id: u128 = Form::Id,
        /// See [`PARTY_KINDS`].
        kind: u8 = Form::Name(PARTY_KINDS),
        /// How well it was identified: 1, 2 or 3; 0 not at all.
        tier: u8 = Form::Number,
        /// See [`PARTY_STATES`].
        state: u8 = Form::Name(PARTY_STATES),
        /// Why it is in this state, see [`REASONS`].
        reason: u8 = Form::Name(REASONS),
        /// Of a merchant: the commission on what it sells.
        commission: u32 = Form::Millionths,
        /// Of a merchant: how much of what it sells is kept back.
        reserve: u32 = Form::Millionths,
        /// Of a merchant: for how many days.
        reserve_days: u16 = Form::Number,
        /// See [`VAULT_STATES`].
        vault: u8 = Form::Name(VAULT_STATES),
        /// Commits to what the vault has.
        vault_digest: u128 = Form::Digest,
    }
}

impl Life for Party {
    fn is_sound(&self) -> bool {
        self.id != 0
            && named(self.kind, PARTY_KINDS)
            && named(self.state, PARTY_STATES)
            && named(self.reason, REASONS)
            && named(self.vault, VAULT_STATES)
            && self.tier <= 3
            && self.commission <= 1_000_000
            && self.reserve <= 1_000_000
    }
}
