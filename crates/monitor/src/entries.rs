//! Entries: that each is the one that was signed, and follows the one before it.

use merkle::tile::{Bundle, WIDTH};
use merkle::{Frontier, Hash, leaf};
use model::batch::{Counts, OUTER_LEAF_BYTES, OuterLeaf};
use model::limits::BATCH_RECORDS;

use crate::report::{Finding, Kind};

/// The end of what was checked: what the next entry must follow.
#[derive(Clone)]
pub(crate) struct End {
    pub(crate) frontier: Frontier,
    pub(crate) last: Option<OuterLeaf>,
}

/// Checks the entries of a bundle against the leaf hashes of the verified tile beside it, and gives
/// the end behind those that are new after `end`. The bundle may be wider than the tile: the full
/// one in place of a partial one.
pub(crate) fn follow(
    mut end: End,
    (bundle, contents): &(Bundle, Vec<u8>),
    hashes: &[Hash],
) -> Result<End, Finding> {
    let entries = bundle.split(contents);
    let entries = entries.map_err(|e| Finding::new(Kind::BadEntry, e.to_string()))?;
    // The first leaf of a log has zeros in place of the hash of the one before.
    let mut previous = end
        .last
        .map_or(Hash::default(), |last| leaf(&last.to_bytes()));
    let first = bundle.index * WIDTH;
    for ((number, entry), expected) in (first..).zip(entries).zip(hashes) {
        let computed = leaf(entry);
        if computed != *expected {
            let what = format!(
                "entry {number} in {bundle} hashes to {computed}, but the tree has {expected} in \
                 its place"
            );
            return Err(Finding::new(Kind::BadEntry, what));
        }
        if number >= end.frontier.size() {
            let next = read(number, entry)?;
            check_order(end.last.as_ref(), previous, number, &next)?;
            end.frontier.append(computed);
            end.last = Some(next);
            previous = computed;
        }
    }
    Ok(end)
}

/// The outer leaf that an entry is.
fn read(number: u64, entry: &[u8]) -> Result<OuterLeaf, Finding> {
    let bad = |what| Finding::new(Kind::BadEntry, what);
    let bytes: &[u8; OUTER_LEAF_BYTES] = entry.try_into().map_err(|_| {
        let length = entry.len();
        bad(format!(
            "entry {number} has {length} bytes, an outer leaf {OUTER_LEAF_BYTES}"
        ))
    })?;
    let leaf = OuterLeaf::from_bytes(bytes);
    let leaf = leaf.ok_or_else(|| bad(format!("entry {number} is no canonical outer leaf")))?;
    if leaf.records as usize > BATCH_RECORDS {
        let records = leaf.records;
        return Err(bad(format!(
            "entry {number} counts {records} records, and a batch has {BATCH_RECORDS} at most"
        )));
    }
    Ok(leaf)
}

/// Checks that a leaf is the next one: number, first record, time and hash of the one before.
fn check_order(
    last: Option<&OuterLeaf>,
    previous: Hash,
    number: u64,
    leaf: &OuterLeaf,
) -> Result<(), Finding> {
    let wrong = |what| Err(Finding::new(Kind::OutOfOrder, what));
    if leaf.number != number {
        return wrong(format!("entry {number} says to be number {}", leaf.number));
    }
    let first_record = last.map_or(Some(0), |last| {
        last.first_record.checked_add(u64::from(last.records))
    });
    if Some(leaf.first_record) != first_record {
        return wrong(format!(
            "entry {number} begins with record {}, but the one before it ends at {}",
            leaf.first_record,
            first_record.unwrap_or(u64::MAX)
        ));
    }
    if let Some(last) = last
        && leaf.timestamp <= last.timestamp
    {
        let (time, before) = (leaf.timestamp, last.timestamp);
        return wrong(format!(
            "entry {number} is of time {time}, not after {before} of the one before it"
        ));
    }
    check_counts(last.map_or(Counts::default(), |last| last.register), leaf)?;
    if leaf.previous != previous.to_bytes() {
        let named = Hash::from_bytes(leaf.previous);
        return wrong(format!(
            "entry {number} names {named} as the hash of the one before it, which is {previous}"
        ));
    }
    Ok(())
}

/// Checks that a leaf counts no fewer of anything than the one before it.
fn check_counts(before: Counts, leaf: &OuterLeaf) -> Result<(), Finding> {
    let (number, now) = (leaf.number, leaf.register);
    for (what, before, now) in [
        ("demands", before.demands, now.demands),
        ("disclosures", before.disclosures, now.disclosures),
        ("looks", before.lookups, now.lookups),
    ] {
        if now < before {
            let what =
                format!("entry {number} counts {now} {what}, but the one before it {before}");
            return Err(Finding::new(Kind::CountsFall, what));
        }
    }
    Ok(())
}
