//! The bulk form of orders, and what becomes of a command.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bits of [`OrderEvent::flags`].
pub mod order_flags {
    /// The line that follows is of the same order.
    pub const LINKED: u16 = 1 << 0;
    /// It is paid from the buyer's wallet into escrow at once.
    pub const PAY: u16 = 1 << 1;
    /// All bits that have a meaning.
    pub const KNOWN: u16 = (1 << 2) - 1;
}

/// One line of an order to be placed: 128 bytes, little-endian, without padding. An order of
/// several lines is as many of them in a row, all but the last linked; it is placed as one.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct OrderEvent {
    /// Of the order; chosen by the caller, the key of idempotency; neither 0 nor 2^128-1.
    pub order: u128,
    /// Who buys.
    pub buyer: u128,
    /// Who sells.
    pub seller: u128,
    /// In minor units.
    pub amount: u128,
    /// Number of the listing and 1; 0 where it is of none.
    pub listing: u32,
    /// How many; 0 where it is of no listing.
    pub quantity: u32,
    /// Number of the ledger.
    pub ledger: u32,
    /// How long it may stay unpaid, in seconds; 0 is a day.
    pub timeout: u32,
    /// See [`order_flags`].
    pub flags: u16,
    /// How the goods are delivered as they are paid, by place in [`crate::object::DELIVERIES`]; 0
    /// where they are shipped later.
    pub delivery: u8,
    /// By which way it is paid, by place in [`crate::rule::CHANNELS`].
    pub channel: u8,
    /// Zero.
    pub reserved_32: u32,
    /// Zero.
    pub reserved: [u64; 5],
}

impl OrderEvent {
    /// Whether all bits of `mask` are set.
    pub const fn has(&self, mask: u16) -> bool {
        self.flags & mask == mask
    }
}

/// What became of a command: 32 bytes.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct CommandResult {
    /// Nanoseconds: when it was carried out, now or before; otherwise the time of the check.
    pub timestamp: u64,
    /// The low half of the id of the first transfer that it made; the others follow it.
    pub first_transfer: u64,
    /// Code of a [`crate::CommandStatus`].
    pub status: u32,
    /// How many transfers it made. Where the ledger refused one, the code of its
    /// [`crate::CreateTransferStatus`].
    pub transfers: u32,
    /// Number that the books gave, of a listing. Where a rule refused it: number of the finding.
    /// Where it was refused otherwise: the place of the field that
    /// was wrong, from 1, and in the upper half that of the part, from 1; 0 where none is named.
    pub number: u64,
}

const _: () = assert!(size_of::<OrderEvent>() == 128 && size_of::<CommandResult>() == 32);
