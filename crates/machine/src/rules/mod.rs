//! Rules, compiled and applied: what [`model::rule`] describes.
//!
//! A [`Payment`] is what one transfer moves. [`Program::judge`] tells which rules of a rule book it
//! does not keep to, by what [`Tallies`] counted of the payments before it and by [`Facts`] of the
//! books; [`Tallies::count`] counts it in once it is made. Both are deterministic and cost what the
//! rules about its kind cost: a payment of a kind that no rule is about costs a look-up.
//!
//! What cannot be said because a figure or a part is not known is not required.

mod ahead;
mod blocks;
mod groups;
mod program;
pub(crate) mod restrictions;
mod row;
pub(crate) mod standing;
mod tallies;
mod value;
mod window;

pub use program::{Found, Program};
pub use standing::TakenAs;
pub use tallies::Tallies;

pub(crate) use row::{ROW_BYTES, Row, RowBefore, ShardsBy};
pub(crate) use tallies::Numbered;

use model::money::CurrencyCode;
use model::rule::{Lines, Scope, Subject};

/// What one transfer moves, as rules see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Nanoseconds since 1970.
    pub time: u64,
    /// Code of the transfer: the number of the act that makes it.
    pub kind: u16,
    /// Its ledger.
    pub ledger: u32,
    /// In minor units.
    pub amount: u128,
    /// By place in [`model::rule::CHANNELS`].
    pub channel: u8,
    /// The side of the debit account.
    pub payer: Side,
    /// The side of the credit account.
    pub payee: Side,
}

/// One side of a payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Whose account it is; 0 is nobody's, or the institution's own.
    pub party: u128,
    /// Number of the account: its slot.
    pub account: u32,
    /// Code of the account.
    pub code: u16,
}

/// What rules ask of the books beside the payment.
pub trait Facts {
    /// The currency of a ledger and its exponent.
    fn currency(&self, ledger: u32) -> Option<(CurrencyCode, u8)>;

    /// What a party is, by place in [`model::object::PARTY_KINDS`], and its tier.
    fn party(&self, id: u128) -> Option<(u8, u8)>;

    /// Code of the line of the chart with this role; 0 where there is none.
    fn code_of(&self, role: u8) -> u16;

    /// Sums of the posted debits and credits of all accounts of these lines, of ledgers with this
    /// currency.
    fn sums(&self, currency: (CurrencyCode, u8), lines: &Lines) -> (u128, u128);

    /// A figure by its name.
    fn figure(&self, name: &str) -> Option<u128>;

    /// A part of the payment by its name.
    fn part(&self, name: &str) -> Option<u128>;
}

impl Payment {
    /// The side that a rule is about.
    pub const fn side(&self, subject: Subject) -> Side {
        match subject {
            Subject::Payer => self.payer,
            Subject::Payee => self.payee,
        }
    }

    /// Whether a rule with this scope is about it; its kind aside, which was looked at before, and
    /// its currency, which is that of its ledger.
    #[inline]
    fn is_within(
        &self,
        scope: &Scope,
        currency: Option<(CurrencyCode, u8)>,
        facts: &impl Facts,
    ) -> bool {
        let side = self.side(scope.subject);
        (scope.channels.is_empty() || scope.channels.contains(&self.channel))
            && (scope.party == 0 || scope.party == side.party)
            && is_among(&scope.payer, self.payer.code, facts)
            && is_among(&scope.payee, self.payee.code, facts)
            && (scope.currency.is_none() || scope.currency == currency)
            && (scope.tiers.is_empty() && scope.parties.is_empty()
                || facts.party(side.party).is_some_and(|(kind, tier)| {
                    (scope.tiers.is_empty() || scope.tiers.contains(&tier))
                        && (scope.parties.is_empty() || scope.parties.contains(&kind))
                }))
    }
}

/// Whether an account with this code is one of `lines`; any is where none are named.
fn is_among(lines: &Lines, code: u16, facts: &impl Facts) -> bool {
    lines.is_empty()
        || lines.codes.contains(&code)
        || lines.roles.iter().any(|&role| facts.code_of(role) == code)
}

/// What is about which kind of payment, by places in a list.
struct ByKind {
    /// For kinds below its length.
    low: Vec<Box<[u16]>>,
    /// For the higher ones that are named somewhere, by kind.
    high: Vec<(u16, Box<[u16]>)>,
    /// For all others.
    any: Box<[u16]>,
}

/// Kinds that are looked up by their number alone: those of acts are all below.
const LOW_KINDS: u16 = 256;

impl ByKind {
    /// Of places and the scopes that stand there.
    fn new(scopes: &[(u16, &Scope)]) -> Self {
        let about = |kind: Option<u16>| {
            let is = |scope: &Scope| {
                let named = kind.is_some_and(|kind| scope.kinds.contains(&kind));
                scope.kinds.is_empty() || named
            };
            let places = scopes.iter().filter(|(_, scope)| is(scope));
            places.map(|(place, _)| *place).collect()
        };
        let mut high: Vec<_> = scopes.iter().flat_map(|(_, scope)| &scope.kinds).collect();
        high.retain(|kind| **kind >= LOW_KINDS);
        high.sort_unstable();
        high.dedup();
        Self {
            low: (0..LOW_KINDS).map(|kind| about(Some(kind))).collect(),
            high: high
                .into_iter()
                .map(|&kind| (kind, about(Some(kind))))
                .collect(),
            any: about(None),
        }
    }

    #[inline]
    fn places(&self, kind: u16) -> &[u16] {
        if let Some(places) = self.low.get(usize::from(kind)) {
            return places;
        }
        let high = self.high.binary_search_by_key(&kind, |(kind, _)| *kind);
        high.map_or(&self.any, |place| &self.high[place].1)
    }
}
