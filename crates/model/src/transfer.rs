use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bits of [`Transfer::flags`].
pub mod transfer_flags {
    /// Succeeds or fails with the event that follows it.
    pub const LINKED: u16 = 1 << 0;
    /// Reserves the amount; a later transfer posts or voids it, or it expires.
    pub const PENDING: u16 = 1 << 1;
    /// Posts the pending transfer named by `pending_id`, in whole or in part.
    pub const POST_PENDING: u16 = 1 << 2;
    /// Voids the pending transfer named by `pending_id`.
    pub const VOID_PENDING: u16 = 1 << 3;
    /// The amount is a limit: no more than what the debit account has.
    pub const BALANCING_DEBIT: u16 = 1 << 4;
    /// The amount is a limit: no more than what the credit account has.
    pub const BALANCING_CREDIT: u16 = 1 << 5;
    /// Closes the debit account.
    pub const CLOSING_DEBIT: u16 = 1 << 6;
    /// Closes the credit account.
    pub const CLOSING_CREDIT: u16 = 1 << 7;
    /// Carries a timestamp of the past, given by the user.
    pub const IMPORTED: u16 = 1 << 8;
    /// All bits that have a meaning.
    pub const KNOWN: u16 = (1 << 9) - 1;
}

/// The amount that means "all there is" in balancing and posting transfers.
pub const AMOUNT_ALL: u128 = u128::MAX;

/// A transfer: 128 bytes, little-endian, without padding.
///
/// The amount is in minor units of the ledger. Published layout of TigerBeetle.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Transfer {
    /// Chosen by the user, the key of idempotency; neither 0 nor 2^128-1.
    pub id: u128,
    /// The account that is debited.
    pub debit_account_id: u128,
    /// The account that is credited.
    pub credit_account_id: u128,
    /// In minor units.
    pub amount: u128,
    /// The pending transfer that this one posts or voids.
    pub pending_id: u128,
    /// The user's own; can be queried by.
    pub user_data_128: u128,
    /// The user's own; can be queried by.
    pub user_data_64: u64,
    /// The user's own; can be queried by.
    pub user_data_32: u32,
    /// Seconds until a pending transfer expires by itself; 0 never.
    pub timeout: u32,
    /// Number of the ledger of both accounts.
    pub ledger: u32,
    /// The user's kind of transfer; not 0.
    pub code: u16,
    /// See [`transfer_flags`].
    pub flags: u16,
    /// Nanoseconds since 1970, given when the transfer is created.
    pub timestamp: u64,
}

impl Transfer {
    /// Whether all bits of `mask` are set.
    pub const fn has(&self, mask: u16) -> bool {
        self.flags & mask == mask
    }

    /// Whether any bit of `mask` is set.
    pub const fn has_any(&self, mask: u16) -> bool {
        self.flags & mask != 0
    }
}

/// What became of one event of a batch: 16 bytes.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct EventResult {
    /// Nanoseconds: the event's own where it was created, the existing object's where it
    /// exists, otherwise the time of the check.
    pub timestamp: u64,
    /// Code of a [`crate::CreateAccountStatus`] or [`crate::CreateTransferStatus`].
    pub status: u32,
    /// Zero.
    pub reserved: u32,
}

const _: () = assert!(size_of::<Transfer>() == 128 && size_of::<EventResult>() == 16);
