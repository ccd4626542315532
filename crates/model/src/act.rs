//! What can be asked of the platform: acts, and the command that asks for one.

use crate::form::Field;

mod books;
mod market;
mod payments;
mod rules;

pub use books::*;
pub use market::*;
pub use payments::*;
pub use rules::*;

/// A wish: one act under the caller's id. It is never logged; what it comes to is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Chosen by the caller, the key of idempotency; neither 0 nor 2^128-1. What the act makes
    /// has this id as well.
    pub id: u128,
    /// What is asked.
    pub act: Act,
    /// The parts of an act that has several, of those that take any.
    pub legs: Vec<Leg>,
}

/// One part of an act: a share of a payment, a payout of a batch, a line of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leg {
    /// Who gets the money; of an order's line, who sells.
    pub party: u128,
    /// How much, in minor units.
    pub amount: u128,
    /// Of an order's line: number of the listing and 1; 0 where it is of none.
    pub listing: u32,
    /// Of an order's line: how many; 0 where it is of no listing.
    pub quantity: u32,
}

/// Whether an act has parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legs {
    /// None.
    None,
    /// At least one, of a party and an amount.
    Shares,
    /// At least one, of a seller, an amount, and a listing and a quantity where it is of one.
    Lines,
}

/// What there is to know of an act.
#[derive(Clone, Copy, Debug)]
pub struct ActFacts {
    /// Its number.
    pub number: u16,
    /// Its name in text.
    pub name: &'static str,
    /// Whether it has parts.
    pub legs: Legs,
    /// Its fields, in order.
    pub fields: &'static [Field],
    /// What it does, in a sentence or two.
    pub doc: &'static str,
}

/// Makes acts from their table: number, name, name in text, parts, fields.
macro_rules! acts {
    ($(
        $(#[doc = $doc:literal])*
        $number:literal $name:ident $text:literal $legs:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty = $need:ident $form:expr,)*
        }
    )*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// Number of the act.
            pub const NUMBER: u16 = $number;

            pub(super) const FACTS: $crate::ActFacts = $crate::ActFacts {
                number: $number,
                name: $text,
                legs: $crate::Legs::$legs,
                fields: &[$($crate::form::Field {
                    name: stringify!($field),
                    form: $form,
                    bits: <$type>::BITS,
                    required: super::need!($need),
                },)*],
                doc: concat!($($doc,)*),
            };

            pub(super) fn values(&self) -> Vec<u128> {
                vec![$(u128::from(self.$field),)*]
            }

            pub(super) fn from_values(values: &[u128]) -> Option<Self> {
                let mut values = values.iter().copied();
                let act = Self {
                    $($field: values.next()?.try_into().ok()?,)*
                };
                values.next().is_none().then_some(act)
            }
        }
    )*};
}
use acts;

/// Whether an act has to bring a field.
macro_rules! need {
    (must) => {
        true
    };
    (may) => {
        false
    };
}
use need;

/// Makes the closed enum of all acts, by number.
macro_rules! every_act {
    ($($name:ident,)*) => {
        /// Any act.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Act {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)*
        }

        $(impl From<$name> for Act {
            fn from(act: $name) -> Self {
                Self::$name(act)
            }
        })*

        impl Act {
            /// All there are, by number.
            pub const ALL: &[ActFacts] = &[$($name::FACTS,)*];

            /// Its number.
            pub const fn number(&self) -> u16 {
                match self { $(Self::$name(_) => $name::NUMBER,)* }
            }

            /// The values of its fields, in order.
            pub fn values(&self) -> Vec<u128> {
                match self { $(Self::$name(act) => act.values(),)* }
            }

            /// The act with this number and these values of its fields, in order; `None` where no
            /// act has it, or a value does not fit its field.
            pub fn from_values(number: u16, values: &[u128]) -> Option<Self> {
                match number {
                    $($name::NUMBER => $name::from_values(values).map(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

every_act! {
    ChartLineSet, PartyOpen, PartyTier, PartyState, PartyTerms, PartyVault, PartyErase, AccountOpen, AccountClose, JournalPost, FeeSet, FeeTierAdd, CalendarSet, HolidaySet, DayClose, TopUp, Withdraw, Pay, PaySplit, PayShared, Share, ShareFinish, Refund, HoldMake, Capture, Release, RequestMake, RequestPay, RequestCancel, ScheduleMake, ScheduleCancel, Payout, PayoutBatch, Exchange, SchemeSettle, Sweep, Fund, ChargebackOpen, ChargebackRecover, ChargebackWon, ChargebackLost, ListingAdd, ListingSet, OrderPlace, OrderPay, OrderShip, OrderConfirm, OrderCancel, ClaimOpen, ClaimDecide, OrderRefund, GiftSend, GiftTake, FindingReview, FigureSet, PartyKeySet,
}

impl Act {
    /// By which way it pays, by place in [`crate::rule::CHANNELS`]; 0 where it does not say.
    pub const fn channel(&self) -> u8 {
        match self {
            Self::TopUp(act) => act.channel,
            Self::Withdraw(act) => act.channel,
            Self::Pay(act) => act.channel,
            Self::PaySplit(act) => act.channel,
            Self::HoldMake(act) => act.channel,
            Self::RequestPay(act) => act.channel,
            Self::OrderPlace(act) => act.channel,
            Self::OrderPay(act) => act.channel,
            _ => 0,
        }
    }

    /// What there is to know of it.
    pub fn facts(&self) -> &'static ActFacts {
        let facts = ActFacts::numbered(self.number());
        facts.expect("every act stands in the table")
    }
}

impl ActFacts {
    /// Those of the act with this number.
    pub fn numbered(number: u16) -> Option<&'static Self> {
        let place = Act::ALL.binary_search_by_key(&number, |facts| facts.number);
        place.ok().map(|place| &Act::ALL[place])
    }

    /// Those of the act with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Act::ALL.iter().find(|facts| facts.name == name)
    }
}

impl Command {
    /// The canonical bytes of what is asked, which its digest is made of: the number of the act and
    /// the count of its legs (2 bytes each), the values of its fields and of its legs (16 bytes
    /// each), little-endian. A channel that is not said is left out, as it was before there were any.
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + 64 * self.legs.len());
        bytes.extend(self.act.number().to_le_bytes());
        bytes.extend((self.legs.len() as u16).to_le_bytes());
        let mut values = self.act.values();
        let last = self.act.facts().fields.last();
        if self.act.channel() == 0 && last.is_some_and(|field| field.name == "channel") {
            values.pop();
        }
        for value in values {
            bytes.extend(value.to_le_bytes());
        }
        for leg in &self.legs {
            let numbers = [leg.listing.into(), leg.quantity.into()];
            for value in [leg.party, leg.amount].into_iter().chain(numbers) {
                bytes.extend(u128::to_le_bytes(value));
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{Act, ActFacts};

    #[test]
    fn acts_come_back_from_their_values() {
        for facts in Act::ALL {
            let values: Vec<u128> = (1..).take(facts.fields.len()).collect();
            let act = Act::from_values(facts.number, &values).expect("small values fit");
            assert_eq!((act.number(), act.values()), (facts.number, values.clone()));
            assert_eq!(act.facts().name, facts.name);
            assert_eq!(
                ActFacts::named(facts.name).map(|f| f.number),
                Some(facts.number)
            );
            assert_eq!(Act::from_values(facts.number, &values[1..]), None);
        }
        assert_eq!(Act::from_values(0, &[]), None);
    }
}
