//! Acts on the books themselves: the chart, parties, fees, calendars and business days.

use super::acts;
use crate::form::Form;
use crate::object::{
    ACCOUNT_CLASSES, BEARERS, PARTY_KINDS, PARTY_STATES, PRESENCE, REASONS, ROLES, ROUNDINGS,
};

acts! {
    /// Adds a line to the chart of accounts, or changes it; code and role stay.
    1 ChartLineSet "chart_line_set" None {
        /// Of the accounts of this line; not 0.
        code: u16 = must Form::Number,
        /// What kind of account.
        class: u8 = must Form::Name(ACCOUNT_CLASSES),
        /// What commands use it for.
        role: u8 = may Form::Name(ROLES),
        /// The line that sums it up.
        parent: u16 = may Form::Number,
        /// Flags of its accounts, by bit, as in `Account::flags`.
        flags: u16 = may Form::Number,
        /// Its name.
        name: u128 = must Form::Text,
        /// The rest of its name.
        name_more: u128 = may Form::Text,
    }

    /// Opens a party.
    2 PartyOpen "party_open" None {
        /// Chosen by the caller; opaque.
        party: u128 = must Form::Id,
        /// What it is.
        kind: u8 = must Form::Name(PARTY_KINDS),
        /// How well it was identified, 1 to 3.
        tier: u8 = may Form::Number,
        /// Of a merchant: the commission on what it sells.
        commission: u32 = may Form::Millionths,
        /// Of a merchant: how much of what it sells is kept back.
        reserve: u32 = may Form::Millionths,
        /// Of a merchant: for how many days.
        reserve_days: u16 = may Form::Number,
    }

    /// Says how well a party was identified.
    3 PartyTier "party_tier" None {
        /// Which party.
        party: u128 = must Form::Id,
        /// 1, 2 or 3; 0 not at all.
        tier: u8 = must Form::Number,
    }

    /// Freezes a party, sets it free, or closes it for ever, which needs all its accounts at zero.
    4 PartyState "party_state" None {
        /// Which party.
        party: u128 = must Form::Id,
        /// The state it comes to.
        state: u8 = must Form::Name(PARTY_STATES),
        /// Why.
        reason: u8 = may Form::Name(REASONS),
    }

    /// Agrees a merchant's terms; what was bought before keeps those of its day.
    5 PartyTerms "party_terms" None {
        /// Which merchant.
        party: u128 = must Form::Id,
        /// The commission on what it sells.
        commission: u32 = must Form::Millionths,
        /// How much of what it sells is kept back.
        reserve: u32 = may Form::Millionths,
        /// For how many days.
        reserve_days: u16 = may Form::Number,
    }

    /// Commits to the personal data that the vault has of a party.
    6 PartyVault "party_vault" None {
        /// Which party.
        party: u128 = must Form::Id,
        /// The vault's commitment.
        digest: u128 = must Form::Digest,
    }

    /// Says that the key to a party's personal data is erased.
    7 PartyErase "party_erase" None {
        /// Which party.
        party: u128 = must Form::Id,
    }

    /// Opens an account of the chart. Commands open those they need by themselves.
    8 AccountOpen "account_open" None {
        /// Whose; 0 is the institution itself.
        party: u128 = may Form::Id,
        /// Of which currency.
        ledger: u32 = must Form::Ledger,
        /// Which line of the chart.
        code: u16 = must Form::Number,
    }

    /// Closes an account of the chart for ever. It has to stand at zero, with nothing pending.
    9 AccountClose "account_close" None {
        /// Whose; 0 is the institution itself.
        party: u128 = may Form::Id,
        /// Of which currency.
        ledger: u32 = must Form::Ledger,
        /// Which line of the chart.
        code: u16 = must Form::Number,
    }

    /// Posts between two accounts of the chart whose balances nothing else has to add up to.
    10 JournalPost "journal_post" None {
        /// Of both accounts.
        ledger: u32 = must Form::Ledger,
        /// How much.
        amount: u128 = must Form::Amount,
        /// Line of the account that is debited.
        debit_code: u16 = must Form::Number,
        /// Its party; 0 is the institution itself.
        debit_party: u128 = may Form::Id,
        /// Line of the account that is credited.
        credit_code: u16 = must Form::Number,
        /// Its party; 0 is the institution itself.
        credit_party: u128 = may Form::Id,
        /// From when the money counts; 0 is from now.
        value_time: u64 = may Form::Time,
    }

    /// Agrees a fee, or changes it for the payments to come.
    11 FeeSet "fee_set" None {
        /// Which fee.
        fee: u128 = must Form::Id,
        /// Of the amounts.
        ledger: u32 = must Form::Ledger,
        /// Whatever the amount.
        flat: u128 = may Form::Amount,
        /// Share of the amount.
        rate: u32 = may Form::Millionths,
        /// At least.
        least: u128 = may Form::Amount,
        /// At most; 0 is no bound.
        most: u128 = may Form::Amount,
        /// Who bears it.
        bearer: u8 = may Form::Name(BEARERS),
        /// How a share is rounded.
        rounding: u8 = may Form::Name(ROUNDINGS),
    }

    /// Adds a tier to a fee, for amounts from `above` on, above those of the tiers before.
    12 FeeTierAdd "fee_tier_add" None {
        /// Which fee.
        fee: u128 = must Form::Id,
        /// Of the amounts: the fee's.
        ledger: u32 = must Form::Ledger,
        /// The least amount that falls in it.
        above: u128 = must Form::Amount,
        /// In place of the fee's own.
        flat: u128 = may Form::Amount,
        /// In place of the fee's own.
        rate: u32 = may Form::Millionths,
    }

    /// Says when an institution does business.
    13 CalendarSet "calendar_set" None {
        /// Which calendar; 0 is the institution's own.
        calendar: u32 = may Form::Number,
        /// Seconds that its days begin before those of UTC, plus 86,400: 86,400 is UTC.
        offset: u32 = must Form::Number,
        /// Days of the week without business.
        weekend: u8 = may Form::Flags(&["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]),
    }

    /// Makes a day one without business, or takes that back.
    14 HolidaySet "holiday_set" None {
        /// Which calendar.
        calendar: u32 = may Form::Number,
        /// Which day.
        day: u32 = must Form::Day,
        /// Whether it is one.
        state: u8 = may Form::Name(PRESENCE),
    }

    /// Closes a business day of the institution, which has ended by its calendar. Days are closed
    /// in order; what is posted later, whatever its value date, belongs to a later day.
    15 DayClose "day_close" None {
        /// Which day.
        day: u32 = must Form::Day,
    }
}
