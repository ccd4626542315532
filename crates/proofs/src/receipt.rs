//! Receipts: a record is in the log.
//!
//! A receipt is a C2SP `tlog-proof` of the batch that holds the record. Its `extra` rebuilds the
//! outer leaf of that batch, from the record upward; integers are little-endian:
//!
//! | bytes | field |
//! |---|---|
//! | 0 | 1; 2 where the register counts anything |
//! | 1..9 | index of the first record of the batch in the whole log |
//! | 9..13 | count of records of the batch |
//! | 13..21 | time of the batch |
//! | 21..53 | leaf hash of the outer leaf before it |
//! | 53..85 | digest of the rule book |
//! | 85..109 | version 2 only: demands, disclosures and looks so far, 8 bytes each |
//! | 85..89 | index of the record in the batch, from 0; in version 2 all from here on stands 24 bytes later |
//! | 89..105 | salt of the record |
//! | 105 | p, the count of hashes of the inner path, at most 14 |
//! | 106.. | the inner path, 32 bytes each, from the leaf's sibling upward |
//! | then | the canonical bytes of the record, to the end |
//!
//! Version 2 with three zeros is refused: there is one form for each opening.
//!
//! The number of the batch is the index of the proof, the root of the inner tree what the inner
//! path leads to: so there is one thing to compare, the root of the checkpoint.

use merkle::note::Note;
use merkle::policy::{Policy, Trusted};
use merkle::tlog_proof::TlogProof;
use merkle::{Hash, Salt, inclusion_root, salted_leaf, verify_inclusion};
use model::Record;
use model::batch::{Counts, OuterLeaf};
use model::limits::{BATCH_RECORDS, RECORD_BYTES};

use crate::facts::{Verdict, record_facts};
use crate::refusal::{Code, Refusal};
use crate::{checkpoint, trust};

/// Hashes of an inner path at most.
pub const INNER_PATH: usize = BATCH_RECORDS.ilog2() as usize;

/// The register counts nothing.
const PLAIN: u8 = 1;
/// The counts of the register stand behind the rule book.
const COUNTED: u8 = 2;
/// Where they stand.
const COUNTS_AT: usize = 85;
/// From the index of the record to the length of the inner path.
const INNER_BYTES: usize = 21;

/// A record and what shows that it is in its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Index of the batch's first record in the whole log.
    pub first_record: u64,
    /// Count of records of the batch.
    pub records: u32,
    /// Time of the batch, nanoseconds since 1970.
    pub timestamp: u64,
    /// Leaf hash of the outer leaf before it.
    pub previous: [u8; 32],
    /// Digest of the rule book.
    pub rule_book: [u8; 32],
    /// What the register counts once the records of the batch are applied.
    pub register: Counts,
    /// Index of the record in the batch.
    pub index: u32,
    /// Salt of the record.
    pub salt: Salt,
    /// The inner path.
    pub path: Vec<Hash>,
    /// Canonical bytes of the record.
    pub record: Vec<u8>,
}

/// A receipt: an opening, and what shows that its batch is in a signed log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Number of the batch.
    pub batch: u64,
    /// The record in its batch.
    pub opening: Opening,
    /// The outer path.
    pub path: Vec<Hash>,
    /// The checkpoint, signed.
    pub note: Note,
}

/// What a receipt that holds shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Who says so.
    pub trusted: Trusted,
    /// Number of the batch.
    pub batch: u64,
    /// The record in its batch.
    pub opening: Opening,
    /// The record.
    pub record: Record,
}

impl Opening {
    /// The bytes of `extra`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let is_counted = !self.register.is_zero();
        let mut bytes = vec![if is_counted { COUNTED } else { PLAIN }];
        bytes.extend(self.first_record.to_le_bytes());
        bytes.extend(self.records.to_le_bytes());
        bytes.extend(self.timestamp.to_le_bytes());
        bytes.extend(self.previous);
        bytes.extend(self.rule_book);
        if is_counted {
            bytes.extend(self.register.to_bytes());
        }
        bytes.extend(self.index.to_le_bytes());
        bytes.extend(self.salt.to_bytes());
        bytes.push(self.path.len() as u8);
        for hash in &self.path {
            bytes.extend(hash.as_bytes());
        }
        bytes.extend(&self.record);
        bytes
    }

    /// Reads the bytes of `extra`; `None` where they are not in that form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (batch, rest) = bytes.split_at_checked(COUNTS_AT)?;
        let (register, rest) = match batch[0] {
            PLAIN => (Counts::default(), rest),
            COUNTED => {
                let (counts, rest) = rest.split_first_chunk::<{ Counts::BYTES }>()?;
                let register = Counts::from_bytes(counts);
                // Without any of them the opening is one of the first version.
                (!register.is_zero()).then_some((register, rest))?
            }
            _ => return None,
        };
        let (inner, rest) = rest.split_at_checked(INNER_BYTES)?;
        let path_len = usize::from(inner[INNER_BYTES - 1]);
        if path_len > INNER_PATH {
            return None;
        }
        let (path, record) = rest.split_at_checked(path_len * Hash::LEN)?;
        if record.is_empty() || record.len() > RECORD_BYTES {
            return None;
        }
        let (hashes, _) = path.as_chunks::<{ Hash::LEN }>();
        Some(Self {
            first_record: u64::from_le_bytes(take(batch, 1)),
            records: u32::from_le_bytes(take(batch, 9)),
            timestamp: u64::from_le_bytes(take(batch, 13)),
            previous: take(batch, 21),
            rule_book: take(batch, 53),
            register,
            index: u32::from_le_bytes(take(inner, 0)),
            salt: Salt::from_bytes(take(inner, 4)),
            path: hashes.iter().copied().map(Hash::from_bytes).collect(),
            record: record.to_vec(),
        })
    }

    /// The record, where its bytes are canonical and those of one that was decided.
    pub fn record(&self) -> Result<Record, Refusal> {
        match Record::decode(&self.record) {
            Ok(Record::Erased(_)) => Err(Refusal::new(
                Code::BadOpening,
                "what remains of an erased record opens nothing",
            )),
            Ok(record) => Ok(record),
            Err(why) => Err(Refusal::new(
                Code::BadOpening,
                &format!("the record: {why}"),
            )),
        }
    }

    /// The outer leaf of the batch, as this record leads to it.
    pub fn outer_leaf(&self, batch: u64) -> Result<OuterLeaf, Refusal> {
        let refuse = |what: &str| Refusal::new(Code::BadOpening, what);
        if self.records == 0 || self.records as usize > BATCH_RECORDS {
            return Err(refuse("a batch has 1 to 16,384 records"));
        }
        let leaf = salted_leaf(self.salt, &self.record);
        let root = inclusion_root(leaf, self.index.into(), self.records.into(), &self.path);
        let root = root.map_err(|why| refuse(&format!("the inner path: {why}")))?;
        Ok(OuterLeaf {
            number: batch,
            first_record: self.first_record,
            records: self.records,
            timestamp: self.timestamp,
            inner_root: root.to_bytes(),
            previous: self.previous,
            rule_book: self.rule_book,
            register: self.register,
        })
    }
}

impl Receipt {
    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let proof = TlogProof {
            extra: Some(self.opening.to_bytes()),
            index: self.batch,
            path: self.path.clone(),
            note: self.note.clone(),
        };
        proof.to_bytes()
    }
}

/// Checks a receipt and shows what it says.
pub fn show(file: &[u8], policy: &Policy) -> Result<Shown, Refusal> {
    crate::bounded(file)?;
    let proof = TlogProof::parse(file).map_err(Refusal::malformed)?;
    checkpoint(&proof.note)?;
    let trusted = trust(&proof.note, policy)?;
    let opening = proof.extra.as_deref().and_then(Opening::from_bytes);
    let opening = opening.ok_or_else(|| {
        let what = "the proof does not carry the opening of a record";
        Refusal::new(Code::BadOpening, what)
    })?;
    let record = opening.record()?;
    let leaf = opening.outer_leaf(proof.index)?;
    let hash = merkle::leaf(&leaf.to_bytes());
    let head = &trusted.checkpoint.head;
    verify_inclusion(hash, proof.index, head, &proof.path)
        .map_err(|why| Refusal::new(Code::NotIncluded, &why.to_string()))?;
    Ok(Shown {
        trusted,
        batch: proof.index,
        opening,
        record,
    })
}

pub(crate) fn check(file: &[u8], policy: &Policy) -> Result<Verdict, Refusal> {
    let shown = show(file, policy)?;
    let mut verdict = Verdict::new("receipt");
    verdict.trust(&shown.trusted, policy);
    verdict.add("batch", shown.batch);
    verdict.add("batch_time", shown.opening.timestamp);
    let first = shown.opening.first_record;
    let place = first.saturating_add(shown.opening.index.into());
    verdict.add("record_index", place);
    record_facts(&shown.record, &mut verdict);
    Ok(verdict)
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let range = &bytes[at..at + N];
    range
        .try_into()
        .expect("the ranges lie within the fixed parts")
}
