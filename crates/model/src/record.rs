//! The facts of the log and their canonical bytes.
//!
//! A record is one byte of kind and then groups of packed integers (`pack.rs` says how):
//!
//! | kind | fact | groups |
//! |---|---|---|
//! | 1 | ledger declared | `ledger`, `exponent`, `code` (its ASCII bytes as a little-endian integer), `timestamp` |
//! | 2 | account created | `id`, `user_data_128`, `user_data_64`, `user_data_32`, `ledger`, `code`, `flags`, `timestamp` |
//! | 3 | transfer created | the 13 fields of a transfer in their order; marks; the groups that the marks announce |
//! | 4 | transfer expired | `pending_id`, `debit_account_id`, `credit_account_id`, `amount`, `flags`, `timestamp` |
//! | 5 | transfer failed | `id`, `status`, `timestamp` |
//! | 6 | record erased | `batch`, `index`, `retention_days`, the two halves of `remains`, `timestamp` |
//! | 8 | a command was carried out | the seven fields of a [`Deed`] |
//! | 9 | page of a document | `document`, `part`, `length`, `timestamp`; then so many bytes ([`Page`]) |
//! | 16.. | an object stands so | the fields of the object of this kind ([`crate::object`]) |
//! | 7 | line of a statement | `statement`, `line`, `lines`, `scheme`, `ledger`, `code`, `side`, `height`, `batches`, `total`, the two halves of `root`, `timestamp` |
//!
//! Where a record was erased, its remains stand in its place: its kind with bit 7 set
//! ([`Remains`]).
//!
//! Marks of kind 3: bit 0, the group *pending amount, pending flags* follows (of the pending
//! transfer that this one posts or voids); bit 1, the group *debits pending, debits posted,
//! credits pending, credits posted* of the debit account follows, as it stands after the transfer
//! (accounts with history only); bit 2, the same of the credit account.
//!
//! A record says all that its effect needs, so the effect of each on each account can be added up
//! without looking at any other record.

use crate::limits::RECORD_BYTES;
use crate::money::{Currency, CurrencyCode};
use crate::object::{DEED, Deed, Object};
use crate::pack::{Unpacked, pack, packed_max, unpack};
use crate::{Account, Transfer};

mod erasure;
mod page;
mod statement;

pub use erasure::{Erasure, Moved, Remains};
pub use page::{DOCUMENT_BYTES, PAGE_BYTES, Page};
pub use statement::{HEIGHT_MAX, PLAIN_SUMS, Side, StatementLine};

const LEDGER_DECLARED: u8 = 1;
const ACCOUNT_CREATED: u8 = 2;
const TRANSFER_CREATED: u8 = 3;
const TRANSFER_EXPIRED: u8 = 4;
const TRANSFER_FAILED: u8 = 5;

const MARK_RELEASED: u8 = 1 << 0;
const MARK_DEBIT_SUMS: u8 = 1 << 1;
const MARK_CREDIT_SUMS: u8 = 1 << 2;

const _: () = assert!(
    1 + packed_max(13) + packed_max(2) + 2 * packed_max(4) <= RECORD_BYTES,
    "slack"
);

/// One fact.
// Records are decoded one at a time onto the stack; a box would cost an allocation each.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A ledger number got its currency.
    LedgerDeclared(Currency),
    /// An account was opened; its sums are zero.
    AccountCreated(Account),
    /// Money moved, was reserved, or what was reserved was posted or voided.
    TransferCreated(Transfer, Extras),
    /// A pending transfer reached its timeout.
    TransferExpired(Expired),
    /// A transfer failed for a transient reason, and its id with it.
    TransferFailed(Failed),
    /// A record was erased.
    RecordErased(Erasure),
    /// A class of accounts was summed up, and every balance in it committed to.
    StatementLine(StatementLine),
    /// A command was carried out: the last of its records.
    Deed(Deed),
    /// An object of the platform stands so from now on.
    Object(Object),
    /// A page of a document.
    Page(Page),
    /// What remains of a record that was erased. It is never decided: it is only read.
    Erased(Remains),
}

/// What a transfer's record says beside the transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// Of a post or a void: what the pending transfer had reserved.
    pub released: Option<Released>,
    /// Sums of the debit account after the transfer, where it keeps history.
    pub debit_sums: Option<Sums>,
    /// Sums of the credit account after the transfer, where it keeps history.
    pub credit_sums: Option<Sums>,
}

/// What the end of a pending transfer releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Its amount, in minor units.
    pub amount: u128,
    /// Its flags: those that closed an account tell a void to open it again.
    pub flags: u16,
}

/// The four sums of an account, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Sum of pending debits.
    pub debits_pending: u128,
    /// Sum of posted debits.
    pub debits_posted: u128,
    /// Sum of pending credits.
    pub credits_pending: u128,
    /// Sum of posted credits.
    pub credits_posted: u128,
}

/// The expiry of a pending transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired {
    /// The pending transfer.
    pub pending_id: u128,
    /// Its debit account.
    pub debit_account_id: u128,
    /// Its credit account.
    pub credit_account_id: u128,
    /// Its amount, in minor units.
    pub amount: u128,
    /// Its flags.
    pub flags: u16,
    /// Nanoseconds: when it was expired, at or after its timeout.
    pub timestamp: u64,
}

/// A transfer that failed for a transient reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The id that is burned.
    pub id: u128,
    /// Code of the [`crate::CreateTransferStatus`].
    pub status: u32,
    /// Nanoseconds: when it was refused.
    pub timestamp: u64,
}

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// No record has this kind.
    Kind(u8),
    /// They end within the record.
    Short,
    /// They go on after the record.
    Long,
    /// A value stands in more bytes than it needs.
    Wide,
    /// A value does not fit in its field, or a mark has no meaning.
    Value,
}

impl core::fmt::Display for RecordError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Kind(kind) => write!(f, "no record has kind {kind}"),
            Self::Short => write!(f, "the bytes end within the record"),
            Self::Long => write!(f, "bytes follow the record"),
            Self::Wide => write!(f, "a value stands in more bytes than it needs"),
            Self::Value => write!(f, "a value does not fit in its field"),
        }
    }
}

impl std::error::Error for RecordError {}

impl From<Unpacked> for RecordError {
    fn from(error: Unpacked) -> Self {
        match error {
            Unpacked::Short => Self::Short,
            Unpacked::Wide => Self::Wide,
        }
    }
}

impl Record {
    /// When it happened, in nanoseconds since 1970; for imported accounts and transfers the time
    /// that they brought.
    pub const fn timestamp(&self) -> u64 {
        match self {
            Self::LedgerDeclared(currency) => currency.timestamp,
            Self::AccountCreated(account) => account.timestamp,
            Self::TransferCreated(transfer, _) => transfer.timestamp,
            Self::TransferExpired(expired) => expired.timestamp,
            Self::TransferFailed(failed) => failed.timestamp,
            Self::RecordErased(erasure) => erasure.timestamp,
            Self::StatementLine(line) => line.timestamp,
            Self::Deed(deed) => deed.timestamp,
            Self::Object(object) => object.timestamp(),
            Self::Page(page) => page.timestamp,
            Self::Erased(remains) => remains.timestamp(),
        }
    }

    /// Writes the canonical bytes to the front of `out`, which holds at least [`RECORD_BYTES`],
    /// and returns their length. Bytes past it may have been written.
    pub fn encode(&self, out: &mut [u8]) -> usize {
        match self {
            Self::LedgerDeclared(currency) => encode_ledger(currency, out),
            Self::AccountCreated(account) => encode_account(account, out),
            Self::TransferCreated(transfer, extras) => encode_transfer(transfer, extras, out),
            Self::TransferExpired(expired) => encode_expired(expired, out),
            Self::TransferFailed(failed) => encode_failed(failed, out),
            Self::RecordErased(erasure) => erasure::encode_erasure(erasure, out),
            Self::StatementLine(line) => statement::encode(line, out),
            Self::Deed(deed) => deed.encode(out),
            Self::Object(object) => object.encode(out),
            Self::Page(page) => page::encode(page, out),
            Self::Erased(remains) => erasure::encode(remains, out),
        }
    }

    /// The canonical bytes on their own.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; RECORD_BYTES];
        let len = self.encode(&mut bytes);
        bytes.truncate(len);
        bytes
    }

    /// Reads a record that takes all of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let (&kind, mut rest) = bytes.split_first().ok_or(RecordError::Short)?;
        let record = match kind {
            LEDGER_DECLARED => decode_ledger(&mut rest)?,
            ACCOUNT_CREATED => decode_account(&mut rest)?,
            TRANSFER_CREATED => decode_transfer(&mut rest)?,
            TRANSFER_EXPIRED => decode_expired(&mut rest)?,
            TRANSFER_FAILED => decode_failed(&mut rest)?,
            erasure::RECORD_ERASED => Self::RecordErased(erasure::decode_erasure(&mut rest)?),
            statement::STATEMENT_LINE => Self::StatementLine(statement::decode(&mut rest)?),
            erased if erased & erasure::ERASED != 0 => {
                Self::Erased(erasure::decode(erased, &mut rest)?)
            }
            page::PAGE => Self::Page(page::decode(&mut rest)?),
            DEED => Self::Deed(Deed::decode(&mut rest)?),
            kind => match Object::decode(kind, &mut rest) {
                Some(object) => Self::Object(object?),
                None => return Err(RecordError::Kind(kind)),
            },
        };
        if rest.is_empty() {
            Ok(record)
        } else {
            Err(RecordError::Long)
        }
    }
}

fn encode_ledger(currency: &Currency, out: &mut [u8]) -> usize {
    out[0] = LEDGER_DECLARED;
    let values = [
        currency.ledger.into(),
        currency.exponent.into(),
        currency.code.to_integer(),
        currency.timestamp.into(),
    ];
    1 + pack(&values, 0, &mut out[1..])
}

fn decode_ledger(rest: &mut &[u8]) -> Result<Record, RecordError> {
    let ([ledger, exponent, code, timestamp], _) = unpack::<4>(rest)?;
    Ok(Record::LedgerDeclared(Currency {
        ledger: fit(ledger)?,
        exponent: fit(exponent)?,
        code: CurrencyCode::from_integer(code).ok_or(RecordError::Value)?,
        timestamp: fit(timestamp)?,
    }))
}

fn encode_account(account: &Account, out: &mut [u8]) -> usize {
    out[0] = ACCOUNT_CREATED;
    let values = [
        account.id,
        account.user_data_128,
        account.user_data_64.into(),
        account.user_data_32.into(),
        account.ledger.into(),
        account.code.into(),
        account.flags.into(),
        account.timestamp.into(),
    ];
    1 + pack(&values, 0, &mut out[1..])
}

fn decode_account(rest: &mut &[u8]) -> Result<Record, RecordError> {
    let (
        [
            id,
            data_128,
            data_64,
            data_32,
            ledger,
            code,
            flags,
            timestamp,
        ],
        _,
    ) = unpack::<8>(rest)?;
    Ok(Record::AccountCreated(Account {
        id,
        user_data_128: data_128,
        user_data_64: fit(data_64)?,
        user_data_32: fit(data_32)?,
        ledger: fit(ledger)?,
        code: fit(code)?,
        flags: fit(flags)?,
        timestamp: fit(timestamp)?,
        ..Account::default()
    }))
}

/// Writes the record of a transfer; as [`Record::encode`], without building the record first.
#[inline]
pub fn encode_transfer(transfer: &Transfer, extras: &Extras, out: &mut [u8]) -> usize {
    out[0] = TRANSFER_CREATED;
    let values = [
        transfer.id,
        transfer.debit_account_id,
        transfer.credit_account_id,
        transfer.amount,
        transfer.pending_id,
        transfer.user_data_128,
        transfer.user_data_64.into(),
        transfer.user_data_32.into(),
        transfer.timeout.into(),
        transfer.ledger.into(),
        transfer.code.into(),
        transfer.flags.into(),
        transfer.timestamp.into(),
    ];
    let marks = if extras.released.is_some() {
        MARK_RELEASED
    } else {
        0
    } | if extras.debit_sums.is_some() {
        MARK_DEBIT_SUMS
    } else {
        0
    } | if extras.credit_sums.is_some() {
        MARK_CREDIT_SUMS
    } else {
        0
    };
    let mut end = 1 + pack(&values, marks, &mut out[1..]);
    if marks != 0 {
        if let Some(released) = &extras.released {
            end += pack(
                &[released.amount, released.flags.into()],
                0,
                &mut out[end..],
            );
        }
        for sums in [&extras.debit_sums, &extras.credit_sums]
            .into_iter()
            .flatten()
        {
            end += pack(&sums.values(), 0, &mut out[end..]);
        }
    }
    end
}

fn decode_transfer(rest: &mut &[u8]) -> Result<Record, RecordError> {
    let (values, marks) = unpack::<13>(rest)?;
    let [
        id,
        debit_account_id,
        credit_account_id,
        amount,
        pending_id,
        user_data_128,
        ..,
    ] = values;
    let transfer = Transfer {
        id,
        debit_account_id,
        credit_account_id,
        amount,
        pending_id,
        user_data_128,
        user_data_64: fit(values[6])?,
        user_data_32: fit(values[7])?,
        timeout: fit(values[8])?,
        ledger: fit(values[9])?,
        code: fit(values[10])?,
        flags: fit(values[11])?,
        timestamp: fit(values[12])?,
    };
    if marks & !(MARK_RELEASED | MARK_DEBIT_SUMS | MARK_CREDIT_SUMS) != 0 {
        return Err(RecordError::Value);
    }
    let mut extras = Extras::default();
    if marks & MARK_RELEASED != 0 {
        let ([amount, flags], _) = unpack::<2>(rest)?;
        extras.released = Some(Released {
            amount,
            flags: fit(flags)?,
        });
    }
    if marks & MARK_DEBIT_SUMS != 0 {
        extras.debit_sums = Some(Sums::from_values(unpack::<4>(rest)?.0));
    }
    if marks & MARK_CREDIT_SUMS != 0 {
        extras.credit_sums = Some(Sums::from_values(unpack::<4>(rest)?.0));
    }
    Ok(Record::TransferCreated(transfer, extras))
}

fn encode_expired(expired: &Expired, out: &mut [u8]) -> usize {
    out[0] = TRANSFER_EXPIRED;
    let values = [
        expired.pending_id,
        expired.debit_account_id,
        expired.credit_account_id,
        expired.amount,
        expired.flags.into(),
        expired.timestamp.into(),
    ];
    1 + pack(&values, 0, &mut out[1..])
}

fn decode_expired(rest: &mut &[u8]) -> Result<Record, RecordError> {
    let (
        [
            pending_id,
            debit_account_id,
            credit_account_id,
            amount,
            flags,
            time,
        ],
        _,
    ) = unpack::<6>(rest)?;
    let (flags, timestamp) = (fit(flags)?, fit(time)?);
    Ok(Record::TransferExpired(Expired {
        pending_id,
        debit_account_id,
        credit_account_id,
        amount,
        flags,
        timestamp,
    }))
}

fn encode_failed(failed: &Failed, out: &mut [u8]) -> usize {
    out[0] = TRANSFER_FAILED;
    let values = [failed.id, failed.status.into(), failed.timestamp.into()];
    1 + pack(&values, 0, &mut out[1..])
}

fn decode_failed(rest: &mut &[u8]) -> Result<Record, RecordError> {
    let ([id, status, timestamp], marks) = unpack::<3>(rest)?;
    if marks != 0 {
        return Err(RecordError::Value);
    }
    Ok(Record::TransferFailed(Failed {
        id,
        status: fit(status)?,
        timestamp: fit(timestamp)?,
    }))
}

impl Sums {
    const fn values(&self) -> [u128; 4] {
        [
            self.debits_pending,
            self.debits_posted,
            self.credits_pending,
            self.credits_posted,
        ]
    }

    const fn from_values(values: [u128; 4]) -> Self {
        let [
            debits_pending,
            debits_posted,
            credits_pending,
            credits_posted,
        ] = values;
        Self {
            debits_pending,
            debits_posted,
            credits_pending,
            credits_posted,
        }
    }
}

impl From<&Account> for Sums {
    fn from(account: &Account) -> Self {
        Self {
            debits_pending: account.debits_pending,
            debits_posted: account.debits_posted,
            credits_pending: account.credits_pending,
            credits_posted: account.credits_posted,
        }
    }
}

fn fit<T: TryFrom<u128>>(value: u128) -> Result<T, RecordError> {
    T::try_from(value).map_err(|_| RecordError::Value)
}
