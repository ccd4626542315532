//! What everything may have at most.

/// Bytes of a scope as text.
pub const SCOPE_BYTES: usize = 16 << 10;

/// Persons, accounts or transfers that one scope may name.
pub const SUBJECTS: usize = 256;

/// Kinds of records that one scope may name.
pub const KINDS: usize = 64;

/// Bytes of the name of a kind.
pub const KIND_BYTES: usize = 32;

/// Bytes of an authority's own reference, as ISO 20022 has it.
pub const REFERENCE_BYTES: usize = 140;

/// Bytes of a legal basis.
pub const BASIS_BYTES: usize = 480;

/// Bytes of a purpose.
pub const PURPOSE_BYTES: usize = 2_048;

/// Bytes of a message that asks (auth.001).
pub const MESSAGE_BYTES: usize = 64 << 10;

/// Elements within each other in a message that asks.
pub const MESSAGE_DEPTH: usize = 24;

/// Elements in a message that asks.
pub const MESSAGE_ELEMENTS: usize = 2_048;

/// Bytes of an answer in the clear.
pub const ANSWER_BYTES: usize = 256 << 20;

/// Bytes of one value in an answer.
pub const VALUE_BYTES: usize = 512;

/// Cells of one aggregate.
pub const CELLS: usize = 10_000;

/// Tiers that an aggregate may have.
pub const TIERS: u8 = 16;

/// The largest numerator and denominator of an epsilon.
pub const EPSILON_PART: u32 = 1_000_000;

/// Questions that one budget may have answered.
pub const QUESTIONS: usize = 100_000;

// Text of a scope with everything at its longest still fits.
const _: () = assert!(
    SUBJECTS * 33
        + KINDS * (KIND_BYTES + 1)
        + REFERENCE_BYTES
        + BASIS_BYTES
        + PURPOSE_BYTES
        + 1_024
        <= SCOPE_BYTES
);
