//! The objects of the platform: parties, orders, gifts and the rest, each as it stands.
//!
//! A record of an object says all of it, as it stands from then on: adding it up is putting it in
//! the place of the one before. So it needs no other record, and an auditor no knowledge of how an
//! order comes to be shipped. Every object ends with what brought it about (`cause`, the number of
//! an [`Act`](crate::Act), 0 for time) and when.
//!
//! An object that is open is part of the state of the books; one that has come to its end is
//! history, and is read from the log when somebody comes back to it.

use crate::form::{Field, Form};
use crate::pack::{pack, unpack};
use crate::record::RecordError;

mod assessment;
mod chart;
mod decision;
mod demand;
mod gift;
mod market;
mod party;
mod payment;
mod rule;

pub use assessment::Assessment;
pub use chart::{
    ACCOUNT_CLASSES, Calendar, ChartLine, DAY_STATES, Day, Fee, FeeTier, Holiday, ROLES, Role,
};
pub use decision::{
    APPEALS, DECISION_KINDS, DECISION_STATES, Decision, DecisionKind, DecisionState, DocumentHead,
    MEASURES, Mandate, Measure, OUTCOMES_OF_APPEALS, SIDES, WINDOWS_OF_CAPS, YES_NO,
};
pub use demand::{
    AUTHORITY_CLASSES, Budget, DEMAND_STATES, Demand, DemandFile, DemandState, Disclosure, Lookup,
    PURPOSES, Question, RELEASES, Register, SUBJECT_KINDS,
};
pub use gift::{GIFT_KINDS, GIFT_STATES, Gift, GiftClaim, GiftSeed};
pub use market::{
    CLAIM_STATES, DELIVERIES, LINE_STATES, LISTING_STATES, LineState, Listing, OrderLine, Reserve,
};
pub use party::{PARTY_KINDS, PARTY_STATES, Party, REASONS, VAULT_STATES};
pub use payment::{
    BEARERS, CHARGEBACK_STATES, Chargeback, FUNDINGS, HOLD_STATES, Hold, PAYMENT_STATES, Payment,
    PaymentRequest, REQUEST_STATES, ROUNDINGS, SCHEDULE_RULES, SCHEDULE_STATES, Schedule,
};
pub use rule::{FINDING_STATES, Figure, Finding, FindingState, PartyKey, RuleVersion};

/// Names of the states of what is there or was taken away.
pub const PRESENCE: &[&str] = &["there", "gone"];

/// Makes an object from its table: number of the record's kind, name of the type, name in text,
/// the one or two fields that it is found by, and its fields.
macro_rules! objects {
    ($(
        $(#[$doc:meta])*
        $kind:literal $name:ident $text:literal [$first:ident $(, $second:ident)?] {
            $($(#[$field_doc:meta])* $field:ident: $type:ty = $form:expr,)*
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
            /// Number of the act that brought it about; 0 for time.
            pub cause: u16,
            /// Nanoseconds since 1970: when it came to stand so.
            pub timestamp: u64,
        }

        impl $crate::object::Noun for $name {
            const KIND: u8 = $kind;
            const NAME: &'static str = $text;
            const FIELDS: &'static [$crate::form::Field] = &[
                $($crate::form::Field {
                    name: stringify!($field),
                    form: $form,
                    bits: <$type>::BITS,
                    required: true,
                },)*
                $crate::form::Field {
                    name: "cause", form: $crate::form::Form::Cause, bits: 16, required: true,
                },
                $crate::form::Field {
                    name: "timestamp", form: $crate::form::Form::Time, bits: 64, required: true,
                },
            ];

            fn key(&self) -> (u128, u128) {
                (u128::from(self.$first), 0 $(+ u128::from(self.$second))?)
            }

            fn timestamp(&self) -> u64 {
                self.timestamp
            }

            fn stamp(&mut self, cause: u16, timestamp: u64) {
                (self.cause, self.timestamp) = (cause, timestamp);
            }

            #[inline]
            fn encode(&self, out: &mut [u8]) -> usize {
                out[0] = $kind;
                let values = [
                    $(u128::from(self.$field),)*
                    u128::from(self.cause),
                    u128::from(self.timestamp),
                ];
                1 + $crate::pack::pack(&values, 0, &mut out[1..])
            }

            fn decode(rest: &mut &[u8]) -> Result<Self, $crate::record::RecordError> {
                const WIDTH: usize = <$name as $crate::object::Noun>::FIELDS.len();
                let (values, marks) = $crate::pack::unpack::<WIDTH>(rest)?;
                if marks != 0 {
                    return Err($crate::record::RecordError::Value);
                }
                let mut values = values.into_iter();
                let mut next = || values.next().unwrap_or_default();
                Ok(Self {
                    $($field: $crate::object::fit(next())?,)*
                    cause: $crate::object::fit(next())?,
                    timestamp: $crate::object::fit(next())?,
                })
            }

            fn values(&self) -> Vec<u128> {
                vec![
                    $(u128::from(self.$field),)*
                    u128::from(self.cause),
                    u128::from(self.timestamp),
                ]
            }
        }

        const _: () = assert!(
            $crate::pack::packed_max(<$name as $crate::object::Noun>::FIELDS.len())
                < $crate::limits::RECORD_BYTES,
        );
    )*};
}
use objects;

/// What every object has.
pub trait Noun: Copy {
    /// Kind of its record.
    const KIND: u8;
    /// Its name in text.
    const NAME: &'static str;
    /// Its fields in the order of its record.
    const FIELDS: &'static [Field];

    /// What it is found by; the second is 0 where one is enough.
    fn key(&self) -> (u128, u128);
    /// Nanoseconds: when it came to stand so.
    fn timestamp(&self) -> u64;
    /// Says what brought it about, and when.
    fn stamp(&mut self, cause: u16, timestamp: u64);
    /// Writes its record, as [`Record::encode`](crate::Record::encode).
    fn encode(&self, out: &mut [u8]) -> usize;
    /// Reads its record behind the kind.
    fn decode(rest: &mut &[u8]) -> Result<Self, RecordError>;
    /// The values of its fields.
    fn values(&self) -> Vec<u128>;
}

/// How long an object is part of the state.
pub trait Life: Noun {
    /// Whether its values have a meaning.
    fn is_sound(&self) -> bool;

    /// Whether it is part of the state still.
    fn is_open(&self) -> bool {
        true
    }

    /// Nanoseconds: when time brings it on by itself.
    fn deadline(&self) -> Option<u64> {
        None
    }
}

pub(crate) fn fit<T: TryFrom<u128>>(value: u128) -> Result<T, RecordError> {
    T::try_from(value).map_err(|_| RecordError::Value)
}

/// Whether `value` is the place of a name.
pub(crate) const fn named(value: u8, names: &[&str]) -> bool {
    (value as usize) < names.len()
}

/// Makes the closed enum of all objects.
macro_rules! every_object {
    ($($name:ident,)*) => {
        /// Any object.
        // They are copied as little as records are, one at a time.
        #[allow(clippy::large_enum_variant)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Object {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)*
        }

        $(impl From<$name> for Object {
            fn from(object: $name) -> Self {
                Self::$name(object)
            }
        })*

        impl Object {
            /// The kinds of all objects, with their names and fields.
            pub const ALL: &[(u8, &str, &[Field])] = &[$(($name::KIND, $name::NAME, $name::FIELDS),)*];

            /// Kind of its record.
            pub const fn kind(&self) -> u8 {
                match self { $(Self::$name(_) => $name::KIND,)* }
            }

            /// Its name in text.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => $name::NAME,)* }
            }

            /// Its fields, in order.
            pub const fn fields(&self) -> &'static [Field] {
                match self { $(Self::$name(_) => $name::FIELDS,)* }
            }

            /// As [`Noun::key`].
            pub fn key(&self) -> (u128, u128) {
                match self { $(Self::$name(object) => object.key(),)* }
            }

            /// As [`Noun::timestamp`].
            pub const fn timestamp(&self) -> u64 {
                match self { $(Self::$name(object) => object.timestamp,)* }
            }

            /// Number of the act that brought it about; 0 for time.
            pub const fn cause(&self) -> u16 {
                match self { $(Self::$name(object) => object.cause,)* }
            }

            /// As [`Life::is_open`].
            pub fn is_open(&self) -> bool {
                match self { $(Self::$name(object) => object.is_open(),)* }
            }

            /// As [`Life::is_sound`].
            pub fn is_sound(&self) -> bool {
                match self { $(Self::$name(object) => object.is_sound(),)* }
            }

            /// As [`Noun::values`].
            pub fn values(&self) -> Vec<u128> {
                match self { $(Self::$name(object) => object.values(),)* }
            }

            /// As [`Noun::encode`].
            pub fn encode(&self, out: &mut [u8]) -> usize {
                match self { $(Self::$name(object) => object.encode(out),)* }
            }

            /// Reads an object of this kind; `None` where no object has it.
            pub(crate) fn decode(kind: u8, rest: &mut &[u8]) -> Option<Result<Self, RecordError>> {
                match kind {
                    $($name::KIND => Some($name::decode(rest).map(Self::$name)),)*
                    _ => None,
                }
            }
        }
    };
}

every_object! {
    ChartLine, Party, Fee, FeeTier, Calendar, Holiday, Day, Hold, Payment, PaymentRequest,
    Schedule, Chargeback, Listing, OrderLine, Reserve, Gift, GiftSeed, GiftClaim,
    RuleVersion, Finding, Figure, PartyKey, DocumentHead, Mandate, Decision, Register, Demand,
    DemandFile, Disclosure, Budget, Question, Lookup, Assessment,
}

/// The fields that name a party, in objects that are none.
const PARTY_FIELDS: &[&str] = &[
    "addressee",
    "appeal_to",
    "appellant",
    "authority",
    "buyer",
    "party",
    "payee",
    "payer",
    "seller",
    "sender",
];

impl Object {
    /// The parties that it is about, each once; the institution itself is none.
    pub fn parties(&self) -> Vec<u128> {
        if let Self::Party(party) = self {
            return vec![party.id];
        }
        let mut parties = Vec::new();
        for (field, party) in self.fields().iter().zip(self.values()) {
            if PARTY_FIELDS.contains(&field.name) && party != 0 && !parties.contains(&party) {
                parties.push(party);
            }
        }
        parties
    }

    /// The order that it belongs to; 0 where it is of none.
    pub fn order(&self) -> u128 {
        self.value("order").unwrap_or(0)
    }

    /// Whether it is secret, and told to nobody: the seed of an open gift's draw, and who has a part
    /// in a demand, which may be sealed.
    pub const fn is_secret(&self) -> bool {
        match self {
            Self::GiftSeed(seed) => seed.state == 0,
            Self::DemandFile(_) => true,
            _ => false,
        }
    }

    /// The value of the field with this name.
    pub fn value(&self, name: &str) -> Option<u128> {
        let place = self.fields().iter().position(|field| field.name == name)?;
        self.values().get(place).copied()
    }
}

/// What a command came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deed {
    /// Of the command; chosen by the caller, the key of idempotency.
    pub id: u128,
    /// The number of its [`Act`](crate::Act).
    pub act: u16,
    /// The first half of SHA-256 over what was asked, so that another wish under the same id shows.
    pub digest: u128,
    /// How many transfers it made.
    pub transfers: u32,
    /// The low half of the id of the first; the others follow it. 0 where there are none.
    pub first_transfer: u64,
    /// Number that the books gave, of a listing; 0 where they gave none.
    pub number: u64,
    /// Nanoseconds since 1970.
    pub timestamp: u64,
}

/// Kind of the record of a deed.
pub(crate) const DEED: u8 = 8;

impl Deed {
    /// Its fields in the order of its record.
    pub const FIELDS: &[Field] = &[
        field("id", Form::Id, 128),
        field("act", Form::Cause, 16),
        field("digest", Form::Digest, 128),
        field("transfers", Form::Number, 32),
        field("first_transfer", Form::Number, 64),
        field("number", Form::Number, 64),
        field("timestamp", Form::Time, 64),
    ];

    pub(crate) fn encode(&self, out: &mut [u8]) -> usize {
        out[0] = DEED;
        let values = [
            self.id,
            self.act.into(),
            self.digest,
            self.transfers.into(),
            self.first_transfer.into(),
            self.number.into(),
            self.timestamp.into(),
        ];
        1 + pack(&values, 0, &mut out[1..])
    }

    pub(crate) fn decode(rest: &mut &[u8]) -> Result<Self, RecordError> {
        let ([id, act, digest, transfers, first, number, time], marks) = unpack::<7>(rest)?;
        if marks != 0 {
            return Err(RecordError::Value);
        }
        Ok(Self {
            id,
            act: fit(act)?,
            digest,
            transfers: fit(transfers)?,
            first_transfer: fit(first)?,
            number: fit(number)?,
            timestamp: fit(time)?,
        })
    }
}

const fn field(name: &'static str, form: Form, bits: u32) -> Field {
    Field {
        name,
        form,
        bits,
        required: true,
    }
}

/// The high half of the ids of the transfers that the books make themselves, in carrying out a
/// command: `cf-deeds`. The low half is a time, so that such an id is found by it. Nobody else
/// may use these ids.
pub const OWN_TRANSFERS: u64 = u64::from_be_bytes(*b"cf-deeds");

/// The id of a transfer that the books make themselves.
#[inline]
pub const fn own_transfer(low: u64) -> u128 {
    (OWN_TRANSFERS as u128) << 64 | low as u128
}

/// Whether the books alone may use this id for a transfer.
#[inline]
pub const fn is_own_transfer(id: u128) -> bool {
    (id >> 64) as u64 == OWN_TRANSFERS
}

/// The id by which the index knows the records of a listing: in the upper half `cf-lists`, its
/// number in the lower. The numbers alone are ids that callers like to give.
#[inline]
pub const fn listing_id(number: u32) -> u128 {
    (u64::from_be_bytes(*b"cf-lists") as u128) << 64 | number as u128
}

/// The id of the account that a party has for a line of the chart on a ledger; party 0 is the
/// institution itself. `party XOR (ledger * 2^16 + code) * 9E3779B97F4A7C15F39CC0605CEDC835`,
/// modulo 2^128.
#[inline]
pub const fn account_of(party: u128, ledger: u32, code: u16) -> u128 {
    let place = (ledger as u128) << 16 | code as u128;
    party ^ place.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
}

#[cfg(test)]
mod tests {
    use super::{Gift, GiftSeed, Object, OrderLine, PARTY_FIELDS, Party};
    use crate::form::Form;

    /// A field that is an identifier names a party or something else: a new one has to be one of
    /// the two.
    #[test]
    fn every_identifier_is_a_party_or_known_not_to_be_one() {
        const OTHERS: &[&str] = &[
            "command",
            "credit_account_id",
            "debit_account_id",
            "examiner",
            "fee",
            "first",
            "gift",
            "id",
            "order",
            "payment",
            "pending",
            "second",
        ];
        for (_, name, fields) in Object::ALL {
            for field in fields.iter().filter(|field| field.form == Form::Id) {
                let party = PARTY_FIELDS.contains(&field.name);
                let other = OTHERS.contains(&field.name);
                assert!(party != other, "{name}.{}", field.name);
            }
        }
    }

    #[test]
    fn whom_an_object_is_about() {
        let line = OrderLine {
            order: 9,
            buyer: 1,
            seller: 2,
            ..OrderLine::default()
        };
        let line = Object::from(line);
        assert_eq!((line.parties(), line.order()), (vec![1, 2], 9));
        let party = Party {
            id: 7,
            ..Party::default()
        };
        assert_eq!(Object::from(party).parties(), [7]);
        let own = Gift {
            sender: 7,
            ..Gift::default()
        };
        assert_eq!(
            (Object::from(own).parties(), Object::from(own).order()),
            (vec![7], 0)
        );
        let seed = |state| {
            Object::from(GiftSeed {
                state,
                ..GiftSeed::default()
            })
        };
        assert!(seed(0).is_secret() && !seed(1).is_secret());
    }
}
