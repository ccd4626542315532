//! Acts about rules: what they found, the figures that they compare, and who signs.

use super::acts;
use crate::form::Form;

acts! {
    /// Decides on a payment that a rule held for review. One that is allowed has to be asked for
    /// again.
    100 FindingReview "finding_review" None {
        /// The command or transfer whose payment is held.
        command: u128 = must Form::Id,
        /// Number of the finding.
        number: u64 = must Form::Number,
        /// Whether it may be made.
        outcome: u8 = must Form::Name(OUTCOMES),
    }

    /// Tells a figure that rules compare.
    101 FigureSet "figure_set" None {
        /// Its name.
        name: u128 = must Form::Text,
        /// The rest of its name.
        name_more: u128 = may Form::Text,
        /// In the unit that the rules mean.
        value: u128 = must Form::Number,
        /// The day that it is of.
        day: u32 = must Form::Day,
    }

    /// Gives a party the Ed25519 key by which it signs, in the place of the one before.
    102 PartyKeySet "party_key_set" None {
        /// Which party.
        party: u128 = must Form::Id,
        /// The first half of the public key.
        key: u128 = must Form::Digest,
        /// The second half.
        key_more: u128 = must Form::Digest,
    }
}

/// What a review comes to.
pub const OUTCOMES: &[&str] = &["allow", "decline"];
