//! The outer leaf: what one committed batch of records is in the Merkle log.

/// Bytes of an outer leaf.
pub const OUTER_LEAF_BYTES: usize = 168;

const MAGIC: [u8; 8] = *b"cf-leaf1";

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
/// | 136..168 | zero, for later versions |
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
        bytes
    }

    /// Reads canonical bytes; `None` where any byte is not as the table says.
    pub fn from_bytes(bytes: &[u8; OUTER_LEAF_BYTES]) -> Option<Self> {
        fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
            bytes[at..at + N]
                .try_into()
                .expect("the ranges lie within the leaf")
        }
        let leaf = Self {
            number: u64::from_le_bytes(take(bytes, 8)),
            first_record: u64::from_le_bytes(take(bytes, 16)),
            records: u32::from_le_bytes(take(bytes, 24)),
            timestamp: u64::from_le_bytes(take(bytes, 32)),
            inner_root: take(bytes, 40),
            previous: take(bytes, 72),
            rule_book: take(bytes, 104),
        };
        (leaf.to_bytes() == *bytes && leaf.records > 0).then_some(leaf)
    }
}
