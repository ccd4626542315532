//! What can be known of a row: a closed list.

use core::fmt;

/// Makes the list: the field, its name in text, what its values are.
macro_rules! fields {
    ($($(#[doc = $doc:literal])* $name:ident $text:literal,)*) => {
        /// A column of an answer. The order is that of the columns.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Field {
            $($(#[doc = $doc])* $name,)*
        }

        impl Field {
            /// All of them, in order.
            pub const ALL: &'static [Field] = &[$(Field::$name,)*];

            /// Its name in text.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Field::$name => $text,)*
                }
            }
        }
    };
}

fields! {
    /// The account of the row: 32 hex digits.
    Account "account",
    /// When it happened: RFC 3339 in UTC with nine decimal places.
    Time "time",
    /// The kind of record or act, by its name.
    Kind "kind",
    /// The transfer: 32 hex digits.
    Transfer "transfer",
    /// The party that owns the account: 32 hex digits.
    Party "party",
    /// The account on the other side: 32 hex digits.
    CounterpartyAccount "counterparty_account",
    /// The party that owns the account on the other side: 32 hex digits.
    CounterpartyParty "counterparty_party",
    /// The ledger: a number.
    Ledger "ledger",
    /// Which side of the account: `debit` or `credit`.
    Side "side",
    /// The amount in minor units: a whole number.
    Amount "amount",
    /// The balance afterwards in minor units: a whole number, with a minus sign below zero.
    Balance "balance",
    /// By which channel it was asked for.
    Channel "channel",
    /// The order that it is of: 32 hex digits.
    Order "order",
    /// The tier of the account or the party.
    Tier "tier",
    /// The person's name.
    Name "name",
    /// How the person can be reached: postal address, telephone, mail.
    Contact "contact",
    /// The person's document: kind, number, who issued it.
    Document "document",
}

impl Field {
    /// The field of this name.
    pub fn from_name(name: &str) -> Option<Field> {
        Field::ALL.iter().copied().find(|one| one.name() == name)
    }

    /// Whether its values are ids: 32 hex digits.
    pub const fn is_id(self) -> bool {
        matches!(
            self,
            Field::Account
                | Field::Transfer
                | Field::Party
                | Field::CounterpartyAccount
                | Field::CounterpartyParty
                | Field::Order
        )
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The name of a kind of records or acts: a small letter, then small letters, digits and `_`; not
/// `any`, which is all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind(String);

impl Kind {
    /// `name`, where it is a kind's name of at most [`KIND_BYTES`](crate::limits::KIND_BYTES).
    pub fn new(name: &str) -> Option<Kind> {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let is_name = name.len() <= crate::limits::KIND_BYTES
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name != "any"
            && name.bytes().all(good);
        is_name.then(|| Kind(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Reads an id: 32 small hex digits.
pub fn read_id(text: &str) -> Option<u128> {
    let is_id = text.len() == 32
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    is_id.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// An id as text: 32 small hex digits.
pub fn id_text(id: u128) -> String {
    format!("{id:032x}")
}
