use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bits of [`Account::flags`].
pub mod account_flags {
    /// Succeeds or fails with the event that follows it.
    pub const LINKED: u16 = 1 << 0;
    /// Debits, pending and posted, may not exceed posted credits.
    pub const DEBITS_MUST_NOT_EXCEED_CREDITS: u16 = 1 << 1;
    /// Credits, pending and posted, may not exceed posted debits.
    pub const CREDITS_MUST_NOT_EXCEED_DEBITS: u16 = 1 << 2;
    /// Keeps the balance after every transfer.
    pub const HISTORY: u16 = 1 << 3;
    /// Carries a timestamp of the past, given by the user.
    pub const IMPORTED: u16 = 1 << 4;
    /// Takes no further transfers, except the void of a pending one.
    pub const CLOSED: u16 = 1 << 5;
    /// All bits that have a meaning.
    pub const KNOWN: u16 = (1 << 6) - 1;
}

/// An account: 128 bytes, little-endian, without padding.
///
/// The four sums are in minor units of the account's ledger. Published layout of TigerBeetle.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Account {
    /// Chosen by the user; neither 0 nor 2^128-1.
    pub id: u128,
    /// Sum of the pending transfers that debit this account.
    pub debits_pending: u128,
    /// Sum of the posted transfers that debit this account.
    pub debits_posted: u128,
    /// Sum of the pending transfers that credit this account.
    pub credits_pending: u128,
    /// Sum of the posted transfers that credit this account.
    pub credits_posted: u128,
    /// The user's own; can be queried by.
    pub user_data_128: u128,
    /// The user's own; can be queried by.
    pub user_data_64: u64,
    /// The user's own; can be queried by.
    pub user_data_32: u32,
    /// Zero.
    pub reserved: u32,
    /// Number of the ledger (one currency); transfers stay within it.
    pub ledger: u32,
    /// The user's kind of account; not 0.
    pub code: u16,
    /// See [`account_flags`].
    pub flags: u16,
    /// Nanoseconds since 1970, given when the account is created.
    pub timestamp: u64,
}

impl Account {
    /// Whether all bits of `mask` are set.
    pub const fn has(&self, mask: u16) -> bool {
        self.flags & mask == mask
    }
}

/// The four sums of an account after a transfer: 128 bytes.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct AccountBalance {
    /// As in [`Account`].
    pub debits_pending: u128,
    /// As in [`Account`].
    pub debits_posted: u128,
    /// As in [`Account`].
    pub credits_pending: u128,
    /// As in [`Account`].
    pub credits_posted: u128,
    /// Of the transfer after which the sums stood so.
    pub timestamp: u64,
    /// Zero.
    pub reserved: [u64; 7],
}

const _: () = assert!(size_of::<Account>() == 128 && size_of::<AccountBalance>() == 128);
