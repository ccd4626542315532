//! The chart of accounts, fees, calendars and business days.

use super::{Life, PRESENCE, named, objects};
use crate::account_flags;
use crate::form::Form;

/// Classes of accounts.
pub const ACCOUNT_CLASSES: &[&str] = &[
    "asset",
    "liability",
    "equity",
    "income",
    "expense",
    "memorandum",
];

/// Makes the enum of roles and their names.
macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident $text:literal,)*) => {
        /// What an account is for. A chart gives each role that its commands need one line.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Role {
            $($(#[$doc])* $name,)*
        }

        /// Names of the roles.
        pub const ROLES: &[&str] = &[$($text,)*];

        impl Role {
            /// All of them, by number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

roles! {
    /// None that commands know: for the institution's own postings.
    None "none",
    /// Client money at banks.
    Safe "safe",
    /// The institution's own money.
    Own "own",
    /// What the card schemes owe.
    SchemeReceivable "scheme_receivable",
    /// What a seller owes; one a party.
    SellerReceivable "seller_receivable",
    /// What is in dispute with the card schemes.
    Dispute "dispute",
    /// Unexplained differences to the banks.
    Suspense "suspense",
    /// A customer's money; one a party.
    Wallet "wallet",
    /// What is held for open orders.
    Escrow "escrow",
    /// A seller's money; one a party.
    Seller "seller",
    /// What is kept back from a seller for a while; one a party.
    Reserve "reserve",
    /// What is in gifts that were not claimed yet.
    Gift "gift",
    /// What was paid and waits to be shared.
    Sharing "sharing",
    /// Receipts that nobody was found for.
    Unallocated "unallocated",
    /// The two sides of currency exchanges.
    Exchange "exchange",
    /// Commission on sales.
    Commission "commission",
    /// Fees on payments.
    FeeIncome "fee_income",
    /// What the card schemes take.
    Acquiring "acquiring",
    /// What the card schemes take for a dispute.
    DisputeFee "dispute_fee",
    /// Claims that were not collected.
    CreditLoss "credit_loss",
    /// What banks take.
    BankFee "bank_fee",
}

impl Role {
    /// Whether each party has an account of its own.
    pub const fn is_per_party(self) -> bool {
        matches!(
            self,
            Self::Wallet | Self::Seller | Self::Reserve | Self::SellerReceivable
        )
    }

    /// Whether the account's balance is what open business adds up to, so that nothing else may
    /// move it.
    pub const fn is_held(self) -> bool {
        matches!(
            self,
            Self::Escrow | Self::Reserve | Self::Gift | Self::Sharing
        )
    }
}

/// Names of the states of a business day.
pub const DAY_STATES: &[&str] = &["open", "closed"];

objects! {
    /// One line of the chart of accounts.
    16 ChartLine "chart_line" [code] {
        /// Of the accounts of this line; not 0.
        code: u16 = Form::Number,
        /// See [`ACCOUNT_CLASSES`].
        class: u8 = Form::Name(ACCOUNT_CLASSES),
        /// See [`Role`].
        role: u8 = Form::Name(ROLES),
        /// The line that sums it up; 0 at the top.
        parent: u16 = Form::Number,
        /// [`account_flags`] of its accounts.
        flags: u16 = Form::Number,
        /// The first half of its name.
        name: u128 = Form::Text,
        /// The second half.
        name_more: u128 = Form::Text,
    }

    /// What a fee comes to: `flat + rate * amount`, at least `least` and at most `most`; the
    /// rate by the tier that the amount falls in, where there are tiers.
    17 Fee "fee" [id] {
        /// Chosen by the caller.
        id: u128 = Form::Id,
        /// Of the amounts.
        ledger: u32 = Form::Ledger,
        /// In minor units.
        flat: u128 = Form::Amount,
        /// Millionths of the amount.
        rate: u32 = Form::Millionths,
        /// In minor units.
        least: u128 = Form::Amount,
        /// In minor units; 0 is no bound.
        most: u128 = Form::Amount,
        /// Who bears it, see [`super::BEARERS`].
        bearer: u8 = Form::Name(super::BEARERS),
        /// How a rate is rounded, see [`super::ROUNDINGS`].
        rounding: u8 = Form::Name(super::ROUNDINGS),
        /// How many [`FeeTier`]s it has, numbered from 0, rising.
        tiers: u8 = Form::Number,
    }

    /// One tier of a fee.
    18 FeeTier "fee_tier" [fee, number] {
        /// The fee.
        fee: u128 = Form::Id,
        /// From 0.
        number: u8 = Form::Number,
        /// The least amount that falls in it, in minor units.
        above: u128 = Form::Number,
        /// Minor units in place of the fee's `flat`.
        flat: u128 = Form::Number,
        /// Millionths in place of the fee's `rate`.
        rate: u32 = Form::Millionths,
    }

    /// When an institution does business.
    19 Calendar "calendar" [id] {
        /// Chosen by the caller; 0 is the institution's own.
        id: u32 = Form::Number,
        /// Seconds that its days begin before those of UTC, plus 86,400.
        offset: u32 = Form::Number,
        /// Bit 0 is Monday: the days of the week without business.
        weekend: u8 = Form::Flags(&["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]),
    }

    /// A day without business.
    20 Holiday "holiday" [calendar, day] {
        /// Of which calendar.
        calendar: u32 = Form::Number,
        /// Days since 1970-01-01.
        day: u32 = Form::Day,
        /// Whether it is one still.
        state: u8 = Form::Name(PRESENCE),
    }

    /// A business day of the institution: closed, or the one behind the last that was closed.
    21 Day "day" [day] {
        /// Days since 1970-01-01.
        day: u32 = Form::Day,
        /// See [`DAY_STATES`].
        state: u8 = Form::Name(DAY_STATES),
        /// Records of the log before its close.
        records: u64 = Form::Number,
    }
}

/// The flags that a chart can give its accounts.
const CHART_FLAGS: u16 = account_flags::DEBITS_MUST_NOT_EXCEED_CREDITS
    | account_flags::CREDITS_MUST_NOT_EXCEED_DEBITS
    | account_flags::HISTORY;

impl Life for ChartLine {
    fn is_sound(&self) -> bool {
        let limits = account_flags::DEBITS_MUST_NOT_EXCEED_CREDITS
            | account_flags::CREDITS_MUST_NOT_EXCEED_DEBITS;
        self.code != 0
            && self.parent != self.code
            && named(self.class, ACCOUNT_CLASSES)
            && named(self.role, ROLES)
            && self.flags & !CHART_FLAGS == 0
            && self.flags & limits != limits
    }
}

impl ChartLine {
    /// What its accounts are for.
    pub fn role(&self) -> Role {
        let role = Role::ALL.get(usize::from(self.role));
        role.copied().unwrap_or(Role::None)
    }
}

impl Life for Fee {
    fn is_sound(&self) -> bool {
        self.ledger != 0
            && self.rate <= 1_000_000
            && (self.most == 0 || self.least <= self.most)
            && named(self.bearer, super::BEARERS)
            && named(self.rounding, super::ROUNDINGS)
            && usize::from(self.tiers) <= crate::limits::FEE_TIERS
    }
}

impl Life for FeeTier {
    fn is_sound(&self) -> bool {
        self.rate <= 1_000_000 && usize::from(self.number) < crate::limits::FEE_TIERS
    }
}

/// Seconds in a day.
pub(crate) const DAY_SECONDS: u32 = 86_400;

impl Life for Calendar {
    fn is_sound(&self) -> bool {
        self.offset <= 2 * DAY_SECONDS && self.weekend < 0x7F
    }
}

impl Life for Holiday {
    fn is_sound(&self) -> bool {
        named(self.state, PRESENCE)
    }

    fn is_open(&self) -> bool {
        self.state == 0
    }
}

impl Life for Day {
    fn is_sound(&self) -> bool {
        named(self.state, DAY_STATES)
    }

    fn is_open(&self) -> bool {
        self.state == 0
    }
}
