//! Blocks of 4 KiB: leaves of packed entries and the index blocks above them.
//!
//! The layout is written down in `run`. What is read here has passed its checksum, yet every
//! count and width is checked again before it is used: a wrong file must not become a panic.

use super::Entry;

pub(super) const BLOCK: usize = crate::disk::BLOCK;
/// Bytes that may be read behind a block in memory and mean nothing, so that unpacking can load
/// whole words.
pub(super) const SLACK: usize = 16;
/// Most entries in a leaf, however few bits they take.
pub(super) const LEAF_MAX: usize = 4096;
/// Most children of an index block.
pub(super) const FANOUT: usize = (BLOCK - INDEX_HEADER) / INDEX_ITEM;
/// The kind of a filter page; kinds below 6 are tree numbers.
pub(super) const KIND_FILTER: u8 = 0x80;
/// The kind of the footer.
pub(super) const KIND_FOOTER: u8 = 0x81;

/// Entries that are measured together.
const GROUP: usize = 32;
const LEAF_HEADER: usize = 32;
const LEAF_BITS: usize = (BLOCK - LEAF_HEADER) * 8;
const INDEX_HEADER: usize = 8;
const INDEX_ITEM: usize = 20;

const _: () = assert!(FANOUT == 204 && LEAF_BITS == 32_512);

/// Writes the checksum of block `place` of run `run` into its first four bytes.
pub(super) fn seal(bytes: &mut [u8], run: u64, place: u64) {
    let sum = checksum(bytes, run, place);
    bytes[..4].copy_from_slice(&sum.to_le_bytes());
}

/// Whether the block is the one written as block `place` of run `run`.
pub(super) fn is_intact(bytes: &[u8], run: u64, place: u64) -> bool {
    bytes[..4] == checksum(bytes, run, place).to_le_bytes()
}

/// The place is part of the sum, so that a block that landed elsewhere is not taken for another.
fn checksum(bytes: &[u8], run: u64, place: u64) -> u32 {
    let mut seed = [0; 16];
    seed[..8].copy_from_slice(&run.to_le_bytes());
    seed[8..].copy_from_slice(&place.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c(&seed), &bytes[4..BLOCK])
}

pub(super) fn kind(bytes: &[u8]) -> u8 {
    bytes[4]
}

/// 0 in a leaf, and one more in each level above.
pub(super) fn height(bytes: &[u8]) -> u8 {
    bytes[5]
}

fn count(bytes: &[u8]) -> usize {
    usize::from(u16::from_le_bytes([bytes[6], bytes[7]]))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"))
}

fn u128_at(bytes: &[u8], at: usize) -> u128 {
    u128::from_le_bytes(bytes[at..at + 16].try_into().expect("16 bytes"))
}

pub(super) fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// How the first `count` of some entries are packed into a leaf.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) count: usize,
    base: u64,
    key_bits: u32,
    at_bits: u32,
}

fn width(value: u64) -> u32 {
    u64::BITS - value.leading_zeros()
}

/// What entries that stand in a row need.
#[derive(Clone, Copy)]
struct Extent {
    steps: u64,
    low: u64,
    high: u64,
    key: u64,
}

impl Extent {
    #[inline]
    fn with(self, entry: &Entry) -> Self {
        Self {
            steps: self.steps | (entry.key - self.key),
            low: self.low.min(entry.at),
            high: self.high.max(entry.at),
            key: entry.key,
        }
    }

    /// How `count` entries of this extent are packed, where they fit into a leaf.
    fn shape(&self, count: usize) -> Option<Shape> {
        let (key_bits, at_bits) = (width(self.steps), width(self.high - self.low));
        let fits = count * (key_bits + at_bits) as usize <= LEAF_BITS;
        fits.then_some(Shape {
            count,
            base: self.low,
            key_bits,
            at_bits,
        })
    }
}

/// The most of the leading `entries` (not empty, sorted) that one leaf holds.
pub(super) fn fit(entries: &[Entry]) -> Shape {
    let entries = &entries[..entries.len().min(LEAF_MAX)];
    let first = entries[0];
    let mut extent = Extent {
        steps: 0,
        low: first.at,
        high: first.at,
        key: first.key,
    };
    let mut shape = Shape {
        count: 0,
        base: first.at,
        key_bits: 0,
        at_bits: 0,
    };
    // By groups as long as they fit as a whole, then one by one.
    for group in entries.chunks(GROUP) {
        let whole = group.iter().fold(extent, Extent::with);
        let Some(wider) = whole.shape(shape.count + group.len()) else {
            break;
        };
        (extent, shape) = (whole, wider);
    }
    for entry in &entries[shape.count..] {
        extent = extent.with(entry);
        let Some(wider) = extent.shape(shape.count + 1) else {
            break;
        };
        shape = wider;
    }
    shape
}

/// Packs `entries`, the `shape.count` that [`fit`] counted, into `bytes`, a zeroed block.
pub(super) fn pack(entries: &[Entry], shape: Shape, tree: u8, bytes: &mut [u8]) {
    bytes[4] = tree;
    put(bytes, 6, &(shape.count as u16).to_le_bytes());
    put(bytes, 8, &entries[0].key.to_le_bytes());
    put(bytes, 16, &shape.base.to_le_bytes());
    bytes[24] = shape.key_bits as u8;
    bytes[25] = shape.at_bits as u8;
    let mut bits = BitWriter {
        bytes: &mut bytes[LEAF_HEADER..BLOCK],
        next: 0,
        held: 0,
        count: 0,
    };
    let mut key = entries[0].key;
    if shape.key_bits + shape.at_bits <= 64 && shape.key_bits < 64 {
        for entry in entries {
            let value = (entry.key - key) | (entry.at - shape.base) << shape.key_bits;
            bits.push(value, shape.key_bits + shape.at_bits);
            key = entry.key;
        }
    } else {
        for entry in entries {
            bits.push(entry.key - key, shape.key_bits);
            bits.push(entry.at - shape.base, shape.at_bits);
            key = entry.key;
        }
    }
    bits.finish();
}

struct BitWriter<'a> {
    bytes: &'a mut [u8],
    next: usize,
    held: u128,
    count: u32,
}

impl BitWriter<'_> {
    /// Appends the `bits` low bits of `value`; those above are 0. `bits` is at most 64.
    #[inline]
    fn push(&mut self, value: u64, bits: u32) {
        self.held |= u128::from(value) << self.count;
        self.count += bits;
        if self.count >= 64 {
            put(self.bytes, self.next, &(self.held as u64).to_le_bytes());
            self.next += 8;
            self.held >>= 64;
            self.count -= 64;
        }
    }

    fn finish(self) {
        if self.count > 0 {
            put(self.bytes, self.next, &(self.held as u64).to_le_bytes());
        }
    }
}

/// Unpacks a leaf (its block and [`SLACK`] bytes) into `entries`, or says what is wrong with it.
pub(super) fn unpack(bytes: &[u8], entries: &mut Vec<Entry>) -> Result<(), &'static str> {
    entries.clear();
    let count = count(bytes);
    let (first, base) = (u64_at(bytes, 8), u64_at(bytes, 16));
    let (key_bits, at_bits) = (u32::from(bytes[24]), u32::from(bytes[25]));
    if count == 0 || count > LEAF_MAX {
        return Err("a leaf of no or too many entries");
    }
    if key_bits > 64 || at_bits > 64 || count * (key_bits + at_bits) as usize > LEAF_BITS {
        return Err("a leaf whose entries do not fit into it");
    }
    let ones = |bits: u32| u64::MAX.checked_shr(64 - bits).unwrap_or(0);
    let (key_mask, at_mask) = (ones(key_bits), ones(at_bits));
    let mut key = first;
    let mut place = LEAF_HEADER * 8;
    let step = (key_bits + at_bits) as usize;
    if step <= 57 {
        entries.extend((0..count).map(|_| {
            let word = u64_at(bytes, place >> 3) >> (place & 7);
            place += step;
            key = key.wrapping_add(word & key_mask);
            Entry {
                key,
                at: base.wrapping_add(word >> key_bits & at_mask),
            }
        }));
    } else {
        entries.extend((0..count).map(|_| {
            let behind = place + key_bits as usize;
            let delta = (u128_at(bytes, place >> 3) >> (place & 7)) as u64 & key_mask;
            let at = (u128_at(bytes, behind >> 3) >> (behind & 7)) as u64 & at_mask;
            place += step;
            key = key.wrapping_add(delta);
            Entry {
                key,
                at: base.wrapping_add(at),
            }
        }));
    }
    Ok(())
}

/// A child of an index block: its first entry and its block number in the file.
#[derive(Clone, Copy)]
pub(super) struct Child {
    pub(super) first: Entry,
    pub(super) block: u32,
}

/// Writes an index block `height` levels above the leaves into `bytes`, a zeroed block.
pub(super) fn pack_index(children: &[Child], height: u8, tree: u8, bytes: &mut [u8]) {
    bytes[4] = tree;
    bytes[5] = height;
    put(bytes, 6, &(children.len() as u16).to_le_bytes());
    for (i, child) in children.iter().enumerate() {
        let at = INDEX_HEADER + i * INDEX_ITEM;
        put(bytes, at, &child.first.key.to_le_bytes());
        put(bytes, at + 8, &child.first.at.to_le_bytes());
        put(bytes, at + 16, &child.block.to_le_bytes());
    }
}

/// The child that holds the last entry at or before `target`, or the first child.
pub(super) fn child(bytes: &[u8], target: Entry) -> Result<u64, &'static str> {
    let count = count(bytes);
    if count == 0 || count > FANOUT {
        return Err("an index block of no or too many children");
    }
    let place = |i: usize| INDEX_HEADER + i * INDEX_ITEM;
    let first = |i| Entry {
        key: u64_at(bytes, place(i)),
        at: u64_at(bytes, place(i) + 8),
    };
    // Child `low` begins at or before the target (or is the first), child `high` after it.
    let (mut low, mut high) = (0, count);
    while high - low > 1 {
        let middle = usize::midpoint(low, high);
        if first(middle) <= target {
            low = middle;
        } else {
            high = middle;
        }
    }
    let block = &bytes[place(low) + 16..place(low) + 20];
    Ok(u64::from(u32::from_le_bytes(
        block.try_into().expect("4 bytes"),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_leaf_gives_back_what_was_packed(
            mut entries in prop::collection::vec((any::<u64>(), any::<u64>()), 1..3000),
            key_shift in 0_u32..64,
            at_shift in 0_u32..64,
        ) {
            for (key, at) in &mut entries {
                *key >>= key_shift;
                *at >>= at_shift;
            }
            entries.sort_unstable();
            let entries: Vec<Entry> =
                entries.into_iter().map(|(key, at)| Entry { key, at }).collect();
            let shape = fit(&entries);
            let mut bytes = vec![0; BLOCK + SLACK];
            pack(&entries[..shape.count], shape, 1, &mut bytes);
            let mut unpacked = Vec::new();
            unpack(&bytes, &mut unpacked).unwrap();
            prop_assert_eq!(&unpacked[..], &entries[..shape.count]);
            prop_assert!(shape.count == entries.len() || shape.count > 200);
        }

        #[test]
        fn any_bytes_unpack_or_are_refused(bytes in prop::collection::vec(any::<u8>(), BLOCK + SLACK)) {
            let _ = unpack(&bytes, &mut Vec::new());
            let _ = child(&bytes, Entry::default());
        }
    }
}
