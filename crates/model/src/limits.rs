//! Every maximum of the books, in one place.

/// Events in one request batch (and objects in one reply to a query).
pub const BATCH_EVENTS: usize = 8_189;

/// Records in one committed batch: a full request, the single requests that were waiting beside
/// it and the expiries that came due.
pub const BATCH_RECORDS: usize = 16_384;

/// Expiries that one committed batch takes at most, so that a million timers that ring at once
/// are worked off between payments and not before them.
pub const BATCH_EXPIRIES: usize = 3_072;

/// Findings of payments that were let through, in one committed batch at most: one that was refused
/// stands in the place of its payment.
pub const BATCH_FINDINGS: usize = 1_024;

/// Deadlines of the platform that one committed batch works off at most, for the same reason: each
/// may make several records.
pub const BATCH_RINGS: usize = 256;

/// Bytes of one record at most, its canonical bytes alone.
pub const RECORD_BYTES: usize = 512;

/// Accounts in one directory of books: a slot number is 32 bits, the last one means none.
pub const ACCOUNTS: u64 = u32::MAX as u64;

/// Parts of one command at most.
pub const COMMAND_LEGS: usize = 256;

/// Moments that one command may take at most: one for each record that it makes.
pub const COMMAND_RECORDS: usize = 16 + 4 * COMMAND_LEGS;

/// Commands in one request: so many of the smallest as fit in one batch.
pub const BATCH_COMMANDS: usize = 511;

/// Lines of orders in one bulk request.
pub const BATCH_LINES: usize = 4_094;

/// Tiers of one fee.
pub const FEE_TIERS: usize = 16;

/// Parts of one gift.
pub const GIFT_PARTS: u16 = 1_000;

/// How many one payment may be shared out to.
pub const SHARE_RECEIVERS: u8 = 50;

/// Listings in one directory of books.
pub const LISTINGS: u64 = u32::MAX as u64 - 1;

/// Letters and digits of a currency code at most.
pub const CURRENCY_CODE_BYTES: usize = 12;

/// Decimal places of a currency at most.
pub const CURRENCY_EXPONENT: u8 = 18;

const _: () =
    assert!(BATCH_EVENTS + BATCH_FINDINGS + BATCH_EXPIRIES + 16 * BATCH_RINGS <= BATCH_RECORDS);
