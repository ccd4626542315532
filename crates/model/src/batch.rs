//! The outer leaf: what one committed batch of records is in the Merkle log.

use crate::object::Register;

/// Bytes of an outer leaf.
pub const OUTER_LEAF_BYTES: usize = 168;

const MAGIC: [u8; 8] = *b"cf-leaf1";

/// How many demands for data, disclosures and looks into personal data stand in the log up to and
/// with a batch. None of them ever falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Demands, refused ones too.
    pub demands: u64,
    /// Disclosures.
    pub disclosures: u64,
    /// Looks of the staff into personal data.
    pub lookups: u64,
}

impl Counts {
    /// Bytes of the three.
    pub const BYTES: usize = 24;

    /// Demands, disclosures and looks, little-endian.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[0..8].copy_from_slice(&self.demands.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.disclosures.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.lookups.to_le_bytes());
        bytes
    }

    /// Reads the three.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        Self {
            demands: u64::from_le_bytes(take(bytes, 0)),
            disclosures: u64::from_le_bytes(take(bytes, 8)),
            lookups: u64::from_le_bytes(take(bytes, 16)),
        }
    }

    /// Whether there was none of anything.
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }
}

impl From<&Register> for Counts {
    fn from(register: &Register) -> Self {
        Self {
            demands: register.demands,
            disclosures: register.disclosures,
            lookups: register.lookups,
        }
    }
}

/// One committed batch, as everyone may see it: 168 bytes.
///
/// | bytes | field |
/// |---|---|
/// | 0..8 | `cf-leaf1` |
/// | 8..16 | number of the batch, from 0 |
/// | 16..24 | index of its first record in the whole log, from 0 |
/// | 24..28 | count of its records, at least 1 |
/// | 28..32 | zero |
/// | 32..40 | its time, nanoseconds since 1970, later than that of the batch before |
/// | 40..72 | root of the inner tree over its salted records |
/// | 72..104 | RFC 6962 leaf hash of the outer leaf before it; zero for batch 0 |
/// | 104..136 | digest of the rule book in force; zero while there is none |
/// | 136..144 | demands for data up to and with this batch |
/// | 144..152 | disclosures |
/// | 152..160 | looks of the staff into personal data |
/// | 160..168 | zero, for later versions |
///
/// The hash of the leaf before it stands for all the records before it, and so for the state
/// that this batch was decided upon. Integers are little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OuterLeaf {
    /// Number of the batch, from 0.
    pub number: u64,
    /// Index of its first record in the whole log, from 0.
    pub first_record: u64,
    /// Count of its records, at least 1.
    pub records: u32,
    /// Nanoseconds since 1970.
    pub timestamp: u64,
    /// Root of the inner tree.
    pub inner_root: [u8; 32],
    /// Leaf hash of the outer leaf before it.
    pub previous: [u8; 32],
    /// Digest of the rule book in force; zero while there is none.
    pub rule_book: [u8; 32],
    /// What the register counts once the records of the batch are applied.
    pub register: Counts,
}

impl OuterLeaf {
    /// Its canonical bytes.
    pub fn to_bytes(&self) -> [u8; OUTER_LEAF_BYTES] {
        let mut bytes = [0; OUTER_LEAF_BYTES];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first_record.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.records.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.timestamp.to_le_bytes());
        bytes[40..72].copy_from_slice(&self.inner_root);
        bytes[72..104].copy_from_slice(&self.previous);
        bytes[104..136].copy_from_slice(&self.rule_book);
        bytes[136..160].copy_from_slice(&self.register.to_bytes());
        bytes
    }

    /// Reads canonical bytes; `None` where any byte is not as the table says.
    pub fn from_bytes(bytes: &[u8; OUTER_LEAF_BYTES]) -> Option<Self> {
        let leaf = Self {
            number: u64::from_le_bytes(take(bytes, 8)),
            first_record: u64::from_le_bytes(take(bytes, 16)),
            records: u32::from_le_bytes(take(bytes, 24)),
            timestamp: u64::from_le_bytes(take(bytes, 32)),
            inner_root: take(bytes, 40),
            previous: take(bytes, 72),
            rule_book: take(bytes, 104),
            register: Counts::from_bytes(&take(bytes, 136)),
        };
        (leaf.to_bytes() == *bytes && leaf.records > 0).then_some(leaf)
    }
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N]
        .try_into()
        .expect("the ranges lie within the bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stand_behind_the_rule_book_and_what_is_behind_them_is_zero() {
        let counts = Counts {
            demands: 1,
            disclosures: 0x0203,
            lookups: u64::MAX,
        };
        let leaf = OuterLeaf {
            number: 7,
            first_record: 8,
            records: 9,
            timestamp: 10,
            inner_root: [1; 32],
            previous: [2; 32],
            rule_book: [3; 32],
            register: counts,
        };
        let bytes = leaf.to_bytes();
        assert_eq!(OuterLeaf::from_bytes(&bytes), Some(leaf));
        assert_eq!(bytes[136..144], [1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[144..152], [3, 2, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[152..], [[255; 8], [0; 8]].concat());
        for at in 160..168 {
            let mut later = bytes;
            later[at] = 1;
            assert_eq!(OuterLeaf::from_bytes(&later), None, "byte {at}");
        }
    }
}
