//! Rule books as they were entered, what their rules found, and the figures that they compare.

use super::{Life, named, objects};
use crate::form::Form;
use crate::rule::{CHANNELS, CONSEQUENCES};

/// Names of the states of a finding.
pub const FINDING_STATES: &[&str] = &["noted", "open", "allowed", "declined", "used"];

/// See [`Finding::state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FindingState {
    /// It is there to be read.
    Noted,
    /// The payment is held: somebody has to look at it.
    Open,
    /// The payment may be made: it has to be asked for again.
    Allowed,
    /// The payment is not to be made.
    Declined,
    /// The payment that was allowed was made.
    Used,
}

objects! {
    /// A version of the rule book. Its canonical bytes stand in the pages of its document.
    52 RuleVersion "rule_version" [version] {
        /// From 1, without gaps.
        version: u32 = Form::Number,
        /// From when on it is in force, unless a later version is by then.
        begins: u64 = Form::Time,
        /// The document whose pages have it.
        document: u64 = Form::Number,
        /// How many rules it has.
        rules: u16 = Form::Number,
        /// The first half of SHA-256 over its canonical bytes.
        digest: u128 = Form::Digest,
        /// The second half.
        digest_more: u128 = Form::Digest,
        /// Who signed it.
        party: u128 = Form::Id,
        /// The signature: four parts of 16 bytes.
        signature_a: u128 = Form::Digest,
        /// Its second part.
        signature_b: u128 = Form::Digest,
        /// Its third part.
        signature_c: u128 = Form::Digest,
        /// Its fourth part.
        signature_d: u128 = Form::Digest,
    }

    /// A payment that a rule was not kept with, or that a decision forbids.
    53 Finding "finding" [command, number] {
        /// The command or transfer that asked for the payment; of a payment that time brought, what
        /// it belongs to.
        command: u128 = Form::Id,
        /// From 1, without gaps.
        number: u64 = Form::Number,
        /// Version of the rule book; 0 where a decision forbids it.
        version: u32 = Form::Number,
        /// Place of the rule in it, from 0.
        rule: u16 = Form::Number,
        /// What followed, see [`CONSEQUENCES`].
        then: u8 = Form::Name(CONSEQUENCES),
        /// See [`FINDING_STATES`].
        state: u8 = Form::Name(FINDING_STATES),
        /// Whom the rule is about; 0 is nobody.
        party: u128 = Form::Id,
        /// Code of the transfer.
        kind: u16 = Form::Number,
        /// By which way it was to be paid, see [`CHANNELS`].
        channel: u8 = Form::Name(CHANNELS),
        /// The account that was to be debited.
        debit_account_id: u128 = Form::Id,
        /// The account that was to be credited.
        credit_account_id: u128 = Form::Id,
        /// Of the amount.
        ledger: u32 = Form::Ledger,
        /// Of the payment.
        amount: u128 = Form::Amount,
        /// What was used of the limit before it, in the unit of the rule.
        used: u128 = Form::Number,
        /// The limit, in the unit of the rule.
        limit: u128 = Form::Number,
        /// When it begins again at 0, or a part of it falls away; 0 is never.
        again: u64 = Form::Time,
        /// Whose decision forbids it; 0 where a rule is not kept.
        authority: u128 = Form::Id,
        /// The number of the decision.
        decision: u64 = Form::Number,
    }

    /// A figure of the institution or its market, that rules compare: income, net assets.
    54 Figure "figure" [name, name_more] {
        /// The first half of its name.
        name: u128 = Form::Text,
        /// The second half.
        name_more: u128 = Form::Text,
        /// In the unit that the rules mean.
        value: u128 = Form::Number,
        /// The day that it is of.
        day: u32 = Form::Day,
    }

    /// The Ed25519 key by which a party signs.
    55 PartyKey "party_key" [party] {
        /// Whose.
        party: u128 = Form::Id,
        /// The first half of the public key.
        key: u128 = Form::Digest,
        /// The second half.
        key_more: u128 = Form::Digest,
    }
}

impl Life for RuleVersion {
    fn is_sound(&self) -> bool {
        self.version != 0 && self.document != 0 && self.party != 0
    }
}

impl Life for Finding {
    fn is_sound(&self) -> bool {
        self.number != 0
            && (self.version != 0) != (self.authority != 0)
            && (self.authority != 0) == (self.decision != 0)
            && named(self.then, CONSEQUENCES)
            && named(self.channel, CHANNELS)
            && named(self.state, FINDING_STATES)
    }

    fn is_open(&self) -> bool {
        // One that is declined stays, so that the same payment is refused by it from then on.
        let ended = [FindingState::Noted as u8, FindingState::Used as u8];
        !ended.contains(&self.state)
    }
}

impl Life for Figure {
    fn is_sound(&self) -> bool {
        self.name != 0
    }
}

impl Life for PartyKey {
    fn is_sound(&self) -> bool {
        self.party != 0 && (self.key, self.key_more) != (0, 0)
    }
}
