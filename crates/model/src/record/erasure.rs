//! Erasure: the record that says so, and what remains of an erased record.
//!
//! What is erased keeps its place and its length in the log. Its remains say what it did to two
//! accounts and when, and nothing else: no id, no user data, no code. Then filler follows up to
//! the old length. Remains are no leaf of the inner tree; the leaf of the erased record stands
//! beside the log, and nobody can open it any more.

use super::{Expired, Extras, Record, RecordError, Released, fit};
use crate::Transfer;
use crate::pack::{pack, unpack};

pub(super) const RECORD_ERASED: u8 = 6;

/// Set in the kind of a record of which only the remains are left.
pub(super) const ERASED: u8 = 0x80;

/// What stands behind remains.
pub(super) const FILLER: u8 = 0xA5;

const MARK_RELEASED: u8 = 1;

/// The fact that a record was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Number of its batch.
    pub batch: u64,
    /// Its index in the batch.
    pub index: u32,
    /// After how many days it was allowed.
    pub retention_days: u32,
    /// `SHA-256(00 | remains)`: what stays in its place, so that it does not change either.
    pub remains: [u8; 32],
    /// Nanoseconds since 1970: when it was decided.
    pub timestamp: u64,
}

/// What remains of an erased record: what adding up the log needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// Of a transfer.
    Transfer(Moved),
    /// Of an expiry.
    Expired(Moved),
    /// Of a failed transfer: when.
    Failed(u64),
}

/// What an erased transfer or expiry did to its two accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its debit account.
    pub debit_account_id: u128,
    /// Its credit account.
    pub credit_account_id: u128,
    /// Its amount, in minor units.
    pub amount: u128,
    /// Of a post or a void: what was released.
    pub released: Option<Released>,
    /// Its flags.
    pub flags: u16,
    /// Its timestamp.
    pub timestamp: u64,
}

impl Remains {
    /// What would remain of a record; `None` of one that is needed as long as the books are.
    pub const fn of(record: &Record) -> Option<Self> {
        match record {
            Record::TransferCreated(transfer, extras) => Some(Self::of_transfer(transfer, extras)),
            Record::TransferExpired(expired) => Some(Self::of_expired(expired)),
            Record::TransferFailed(failed) => Some(Self::Failed(failed.timestamp)),
            _ => None,
        }
    }

    /// What remains of a transfer.
    pub const fn of_transfer(transfer: &Transfer, extras: &Extras) -> Self {
        Self::Transfer(Moved {
            debit_account_id: transfer.debit_account_id,
            credit_account_id: transfer.credit_account_id,
            amount: transfer.amount,
            released: extras.released,
            flags: transfer.flags,
            timestamp: transfer.timestamp,
        })
    }

    /// What remains of an expiry.
    pub const fn of_expired(expired: &Expired) -> Self {
        Self::Expired(Moved {
            debit_account_id: expired.debit_account_id,
            credit_account_id: expired.credit_account_id,
            amount: expired.amount,
            released: None,
            flags: expired.flags,
            timestamp: expired.timestamp,
        })
    }

    /// When the erased record happened.
    pub const fn timestamp(&self) -> u64 {
        match self {
            Self::Transfer(moved) | Self::Expired(moved) => moved.timestamp,
            Self::Failed(timestamp) => *timestamp,
        }
    }

    /// Writes the remains over all of `out`, the place of the erased record; `None` where they do
    /// not fit, which they do wherever that record was canonical.
    pub fn write_over(&self, out: &mut [u8]) -> Option<()> {
        let mut bytes = [0; crate::limits::RECORD_BYTES];
        let len = encode(self, &mut bytes);
        let (front, rest) = out.split_at_mut_checked(len)?;
        front.copy_from_slice(&bytes[..len]);
        rest.fill(FILLER);
        Some(())
    }
}

pub(super) fn encode_erasure(erasure: &Erasure, out: &mut [u8]) -> usize {
    out[0] = RECORD_ERASED;
    let (low, high) = erasure.remains.split_at(16);
    let half = |bytes: &[u8]| u128::from_le_bytes(bytes.try_into().expect("16 bytes"));
    let values = [
        erasure.batch.into(),
        erasure.index.into(),
        erasure.retention_days.into(),
        half(low),
        half(high),
        erasure.timestamp.into(),
    ];
    1 + pack(&values, 0, &mut out[1..])
}

pub(super) fn decode_erasure(rest: &mut &[u8]) -> Result<Erasure, RecordError> {
    let ([batch, index, days, low, high, timestamp], _) = unpack::<6>(rest)?;
    let mut remains = [0; 32];
    remains[..16].copy_from_slice(&low.to_le_bytes());
    remains[16..].copy_from_slice(&high.to_le_bytes());
    Ok(Erasure {
        batch: fit(batch)?,
        index: fit(index)?,
        retention_days: fit(days)?,
        remains,
        timestamp: fit(timestamp)?,
    })
}

pub(super) fn encode(remains: &Remains, out: &mut [u8]) -> usize {
    let (kind, moved) = match remains {
        Remains::Transfer(moved) => (super::TRANSFER_CREATED, moved),
        Remains::Expired(moved) => (super::TRANSFER_EXPIRED, moved),
        Remains::Failed(timestamp) => {
            out[0] = ERASED | super::TRANSFER_FAILED;
            return 1 + pack(&[u128::from(*timestamp)], 0, &mut out[1..]);
        }
    };
    out[0] = ERASED | kind;
    let released = moved.released.unwrap_or(Released {
        amount: 0,
        flags: 0,
    });
    let values = [
        moved.debit_account_id,
        moved.credit_account_id,
        moved.amount,
        released.amount,
        moved.flags.into(),
        released.flags.into(),
        moved.timestamp.into(),
    ];
    let marks = if moved.released.is_some() {
        MARK_RELEASED
    } else {
        0
    };
    1 + pack(&values, marks, &mut out[1..])
}

/// Reads the remains of a record of `kind`, the filler included.
pub(super) fn decode(kind: u8, rest: &mut &[u8]) -> Result<Remains, RecordError> {
    let remains = match kind & !ERASED {
        super::TRANSFER_CREATED => Remains::Transfer(decode_moved(rest)?),
        super::TRANSFER_EXPIRED => {
            let moved = decode_moved(rest)?;
            if moved.released.is_some() {
                return Err(RecordError::Value);
            }
            Remains::Expired(moved)
        }
        super::TRANSFER_FAILED => {
            let ([timestamp], marks) = unpack::<1>(rest)?;
            if marks != 0 {
                return Err(RecordError::Value);
            }
            Remains::Failed(fit(timestamp)?)
        }
        _ => return Err(RecordError::Kind(kind)),
    };
    if rest.iter().any(|byte| *byte != FILLER) {
        return Err(RecordError::Long);
    }
    *rest = &[];
    Ok(remains)
}

fn decode_moved(rest: &mut &[u8]) -> Result<Moved, RecordError> {
    let (
        [
            debit,
            credit,
            amount,
            released,
            flags,
            released_flags,
            timestamp,
        ],
        marks,
    ) = unpack::<7>(rest)?;
    let released = match marks {
        0 if released == 0 && released_flags == 0 => None,
        MARK_RELEASED => Some(Released {
            amount: released,
            flags: fit(released_flags)?,
        }),
        _ => return Err(RecordError::Value),
    };
    Ok(Moved {
        debit_account_id: debit,
        credit_account_id: credit,
        amount,
        released,
        flags: fit(flags)?,
        timestamp: fit(timestamp)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Record;

    #[test]
    fn remains_fit_where_the_record_stood() {
        for bits in [0, 1, 8, 63, 64, 112, 127, 128] {
            let big = u128::MAX.checked_shr(128 - bits).unwrap_or(0);
            let transfer = Transfer {
                id: 1,
                debit_account_id: big,
                credit_account_id: big,
                amount: big,
                flags: u16::MAX,
                timestamp: u64::MAX,
                ..Transfer::default()
            };
            for released in [
                None,
                Some(Released {
                    amount: big,
                    flags: u16::MAX,
                }),
            ] {
                let extras = Extras {
                    released,
                    ..Extras::default()
                };
                let mut bytes = Record::TransferCreated(transfer, extras).to_bytes();
                let remains = Remains::of_transfer(&transfer, &extras);
                remains.write_over(&mut bytes).expect("it fits");
                assert_eq!(Record::decode(&bytes), Ok(Record::Erased(remains)));
                if let Some(last) = bytes.last_mut().filter(|last| **last == FILLER) {
                    *last ^= 1;
                    assert_eq!(Record::decode(&bytes), Err(RecordError::Long));
                }
            }
        }
    }
}
