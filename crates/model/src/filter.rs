use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bits of [`AccountFilter::flags`].
pub mod account_filter_flags {
    /// Transfers that debit the account.
    pub const DEBITS: u32 = 1 << 0;
    /// Transfers that credit the account.
    pub const CREDITS: u32 = 1 << 1;
    /// Newest first.
    pub const REVERSED: u32 = 1 << 2;
    /// All bits that have a meaning.
    pub const KNOWN: u32 = (1 << 3) - 1;
}

/// Bits of [`QueryFilter::flags`].
pub mod query_filter_flags {
    /// Newest first.
    pub const REVERSED: u32 = 1 << 0;
    /// All bits that have a meaning.
    pub const KNOWN: u32 = 1;
}

/// Chooses transfers or balances of one account: 128 bytes. A zero field does not filter.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct AccountFilter {
    /// The account.
    pub account_id: u128,
    /// Equal to the transfer's, unless 0.
    pub user_data_128: u128,
    /// Equal to the transfer's, unless 0.
    pub user_data_64: u64,
    /// Equal to the transfer's, unless 0.
    pub user_data_32: u32,
    /// Equal to the transfer's, unless 0.
    pub code: u16,
    /// Zero.
    pub reserved: [u8; 58],
    /// Earliest timestamp, inclusive; 0 from the first.
    pub timestamp_min: u64,
    /// Latest timestamp, inclusive; 0 to the last.
    pub timestamp_max: u64,
    /// Objects at most; not 0. A reply holds at most [`crate::limits::BATCH_EVENTS`].
    pub limit: u32,
    /// See [`account_filter_flags`].
    pub flags: u32,
}

impl AccountFilter {
    /// Everything of one account, oldest first, up to the limit of a reply.
    pub const fn of(account_id: u128) -> Self {
        Self {
            account_id,
            user_data_128: 0,
            user_data_64: 0,
            user_data_32: 0,
            code: 0,
            reserved: [0; 58],
            timestamp_min: 0,
            timestamp_max: 0,
            limit: crate::limits::BATCH_EVENTS as u32,
            flags: account_filter_flags::DEBITS | account_filter_flags::CREDITS,
        }
    }

    /// Whether the filter is well formed; one that is not yields nothing.
    pub fn is_valid(&self) -> bool {
        self.account_id != 0
            && self.account_id != u128::MAX
            && self.reserved == [0; 58]
            && self.flags & !account_filter_flags::KNOWN == 0
            && self.flags & (account_filter_flags::DEBITS | account_filter_flags::CREDITS) != 0
            && valid_page(self.timestamp_min, self.timestamp_max, self.limit)
    }
}

/// Chooses accounts or transfers: 64 bytes. A zero field does not filter.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct QueryFilter {
    /// Equal to the object's, unless 0.
    pub user_data_128: u128,
    /// Equal to the object's, unless 0.
    pub user_data_64: u64,
    /// Equal to the object's, unless 0.
    pub user_data_32: u32,
    /// Equal to the object's, unless 0.
    pub ledger: u32,
    /// Equal to the object's, unless 0.
    pub code: u16,
    /// Zero.
    pub reserved: [u8; 6],
    /// Earliest timestamp, inclusive; 0 from the first.
    pub timestamp_min: u64,
    /// Latest timestamp, inclusive; 0 to the last.
    pub timestamp_max: u64,
    /// Objects at most; not 0. A reply holds at most [`crate::limits::BATCH_EVENTS`].
    pub limit: u32,
    /// See [`query_filter_flags`].
    pub flags: u32,
}

impl QueryFilter {
    /// Whether the filter is well formed; one that is not yields nothing.
    pub fn is_valid(&self) -> bool {
        self.reserved == [0; 6]
            && self.flags & !query_filter_flags::KNOWN == 0
            && valid_page(self.timestamp_min, self.timestamp_max, self.limit)
    }
}

fn valid_page(min: u64, max: u64, limit: u32) -> bool {
    limit != 0 && min != u64::MAX && max != u64::MAX && (max == 0 || min <= max)
}

const _: () = assert!(size_of::<AccountFilter>() == 128 && size_of::<QueryFilter>() == 64);
