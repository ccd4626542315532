//! Sorting a tail: counting sorts over the digits in which the keys differ.

use super::Entry;

/// Bits of the first digit: one cache line for each of its buckets stays in the first-level
/// cache, and so do, thereafter, the entries of a bucket.
const FIRST: u32 = 8;
/// The widest digit within a bucket.
const DIGIT: u32 = 12;
/// Shorter slices are sorted by insertion.
const SHORT: usize = 32;

/// Where the buckets of the first pass end.
pub(super) type Ends = [u32; 1 << FIRST];

/// Gathers `chunks` into `entries` by buckets, which [`bucket`] then sorts one by one, so that
/// what comes after has them in its cache.
///
/// The first pass is by the leading bits in which keys differ. In each bucket, two passes by
/// further bits follow: all of them for slots and small numbers, and enough of a hash for groups
/// of one or two, which an insertion then finishes. Entries of one key keep their order.
pub(super) fn gather(chunks: &[&[Entry]], entries: &mut Vec<Entry>) -> Ends {
    // What is there from the last time is overwritten; clearing it would be work for nothing.
    let len = chunks.iter().map(|chunk| chunk.len()).sum();
    entries.resize(len, Entry::default());
    let (mut places, shift) = count_first(chunks);
    sum_up(&mut places);
    for chunk in chunks {
        for entry in *chunk {
            let place = &mut places[first_digit(entry.key, shift)];
            entries[*place as usize] = *entry;
            *place += 1;
        }
    }
    // Each place now is where its bucket ends.
    places
}

/// The sizes of the buckets of the first pass and the shift of its digit.
fn count_first(chunks: &[&[Entry]]) -> (Ends, u32) {
    // Entries come from another thread's cache, so they are read only once: what the first
    // chunk is like is taken for what all are like, until it proves wrong.
    let guess = chunks.first().map_or(0, |chunk| Spread::of(chunk).shift());
    let mut places = [0; 1 << FIRST];
    let mut spread = Spread::default();
    for chunk in chunks {
        for entry in *chunk {
            spread.add(entry.key);
            places[first_digit(entry.key, guess)] += 1;
        }
    }
    let shift = spread.shift();
    if shift != guess {
        places.fill(0);
        for entry in chunks.iter().copied().flatten() {
            places[first_digit(entry.key, shift)] += 1;
        }
    }
    (places, shift)
}

#[inline]
fn first_digit(key: u64, shift: u32) -> usize {
    (key >> shift) as usize & ((1 << FIRST) - 1)
}

/// How far the keys of some entries are apart.
struct Spread {
    /// Bits that are set in some and not in all.
    either: u64,
    all: u64,
    /// The greatest, as long as they are rising.
    last: u64,
    rising: bool,
}

impl Default for Spread {
    fn default() -> Self {
        Self {
            either: 0,
            all: u64::MAX,
            last: 0,
            rising: true,
        }
    }
}

impl Spread {
    fn of(entries: &[Entry]) -> Self {
        let mut spread = Self::default();
        for entry in entries {
            spread.add(entry.key);
        }
        spread
    }

    #[inline]
    fn add(&mut self, key: u64) {
        self.either |= key;
        self.all &= key;
        self.rising &= self.last <= key;
        self.last = key;
    }

    /// The keys differ in this many trailing bits.
    fn width(&self) -> u32 {
        u64::BITS - (self.either & !self.all).leading_zeros()
    }

    /// The digit of the first pass begins at this bit.
    fn shift(&self) -> u32 {
        self.width().saturating_sub(FIRST)
    }
}

/// Sorts a bucket, or any entries at all, by key; those of one key keep their order.
pub(super) fn bucket(entries: &mut [Entry], scratch: &mut Vec<Entry>) {
    if entries.len() <= SHORT {
        return insertion(entries);
    }
    let spread = Spread::of(entries);
    if spread.rising {
        return;
    }
    // Eight times as many buckets as entries, so that few share one.
    let digit = (entries.len().ilog2() / 2 + 2).min(DIGIT);
    let sorted = spread.width().min(2 * digit);
    let low = spread.width() - sorted;
    if scratch.len() < entries.len() {
        scratch.resize(entries.len(), Entry::default());
    }
    let half = sorted.div_ceil(2);
    pass(entries, &mut scratch[..entries.len()], low, half);
    pass(
        &scratch[..entries.len()],
        entries,
        low + half,
        sorted - half,
    );
    if low > 0 {
        finish_groups(entries, scratch, low);
    }
}

/// Moves entries to where the `bits` bits from bit `shift` up of their keys put them.
fn pass(from: &[Entry], to: &mut [Entry], shift: u32, bits: u32) {
    // In a bucket as small as most are, clearing the widest digit's counters would be felt.
    if bits <= FIRST {
        counting(from, to, shift, &mut [0; 1 << FIRST][..1 << bits]);
    } else {
        counting(from, to, shift, &mut [0; 1 << DIGIT][..1 << bits]);
    }
}

fn counting(from: &[Entry], to: &mut [Entry], shift: u32, places: &mut [u32]) {
    let mask = places.len() - 1;
    let digit = |entry: &Entry| (entry.key >> shift) as usize & mask;
    for entry in from {
        places[digit(entry)] += 1;
    }
    sum_up(places);
    for entry in from {
        let place = &mut places[digit(entry)];
        to[*place as usize] = *entry;
        *place += 1;
    }
}

/// Turns the sizes of buckets into the places where they begin.
fn sum_up(places: &mut [u32]) {
    let mut sum = 0;
    for place in places {
        sum += std::mem::replace(place, sum);
    }
}

/// Sorts within groups that agree above bit `low`.
fn finish_groups(entries: &mut [Entry], scratch: &mut Vec<Entry>, low: u32) {
    let mut start = 0;
    for i in 1..=entries.len() {
        let ends = i == entries.len() || entries[i].key >> low != entries[start].key >> low;
        if ends {
            if i - start > 1 {
                bucket(&mut entries[start..i], scratch);
            }
            start = i;
        }
    }
}

fn insertion(entries: &mut [Entry]) {
    for i in 1..entries.len() {
        let entry = entries[i];
        let mut j = i;
        while j > 0 && entries[j - 1].key > entry.key {
            entries[j] = entries[j - 1];
            j -= 1;
        }
        entries[j] = entry;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sort(chunks: &[&[Entry]]) -> Vec<Entry> {
        let (mut entries, mut scratch) = (vec![Entry { key: 1, at: 2 }; 300], Vec::new());
        let mut start = 0;
        for end in gather(chunks, &mut entries) {
            bucket(&mut entries[start..end as usize], &mut scratch);
            start = end as usize;
        }
        entries
    }

    proptest! {
        #[test]
        fn sorts_like_the_standard_library(
            keys in prop::collection::vec(any::<u64>(), 0..600),
            mask in prop::sample::select(vec![u64::MAX, 0xff, 1, 0xffff_0000_0000, 0xf00f, 1 << 63 | 7]),
        ) {
            let entries: Vec<Entry> = (0..).zip(&keys)
                .map(|(at, key)| Entry { key: key & mask, at }).collect();
            let mut expected = entries.clone();
            expected.sort();
            let chunks: Vec<_> = entries.chunks(100).collect();
            prop_assert_eq!(sort(&chunks), expected);
        }
    }

    #[test]
    fn many_equal_keys_and_an_outlier_stay_in_order() {
        let mut entries: Vec<Entry> = (0..100_000)
            .map(|at| Entry {
                key: at * 7 % 13,
                at,
            })
            .collect();
        entries[50_000].key = u64::MAX;
        let mut expected = entries.clone();
        expected.sort();
        assert_eq!(sort(&[&entries]), expected);
        let (front, back) = entries.split_at(1000);
        assert_eq!(sort(&[front, back]), expected);
    }
}
