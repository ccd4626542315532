//! Sorting a tail: counting sorts over the digits in which the keys differ.

use super::Entry;

/// Bits of the first digit: one cache line for each of its buckets stays in the first-level
/// cache, and so do, thereafter, the entries of a bucket.
const FIRST: u32 = 8;
/// The widest digit within a bucket.
const DIGIT: u32 = 12;
/// Shorter slices are sorted by insertion.
const SHORT: usize = 32;

/// Gathers `chunks` into `entries` and sorts them by key; those of one key keep their order.
///
/// A first pass by the leading bits in which keys differ gathers into buckets. In each, two
/// passes by further bits follow: all of them for slots and small numbers, and enough of a hash
/// for groups of one or two, which an insertion then finishes.
pub(super) fn sort(chunks: &[&[Entry]], entries: &mut Vec<Entry>, scratch: &mut Vec<Entry>) {
    let spread = chunks
        .iter()
        .fold(Spread::default(), |spread, chunk| spread.with(chunk));
    if spread.rising {
        entries.clear();
        for chunk in chunks {
            entries.extend_from_slice(chunk);
        }
        return;
    }
    // What is there from the last time is overwritten; clearing it would be work for nothing.
    entries.resize(
        chunks.iter().map(|chunk| chunk.len()).sum(),
        Entry::default(),
    );
    let shift = spread.width().saturating_sub(FIRST);
    let digit = |entry: &Entry| (entry.key >> shift) as usize & ((1 << FIRST) - 1);
    let mut places = [0_u32; 1 << FIRST];
    for chunk in chunks {
        for entry in *chunk {
            places[digit(entry)] += 1;
        }
    }
    sum_up(&mut places);
    for chunk in chunks {
        for entry in *chunk {
            let place = &mut places[digit(entry)];
            entries[*place as usize] = *entry;
            *place += 1;
        }
    }
    // Each place now is where its bucket ends.
    let mut start = 0;
    for end in places {
        sort_within(&mut entries[start..end as usize], scratch);
        start = end as usize;
    }
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
    fn with(mut self, entries: &[Entry]) -> Self {
        for entry in entries {
            self.either |= entry.key;
            self.all &= entry.key;
            self.rising &= self.last <= entry.key;
            self.last = entry.key;
        }
        self
    }

    /// The keys differ in this many trailing bits.
    fn width(&self) -> u32 {
        u64::BITS - (self.either & !self.all).leading_zeros()
    }
}

fn sort_within(entries: &mut [Entry], scratch: &mut Vec<Entry>) {
    if entries.len() <= SHORT {
        return insertion(entries);
    }
    let spread = Spread::default().with(entries);
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

fn pass(from: &[Entry], to: &mut [Entry], shift: u32, bits: u32) {
    let mask = (1_u64 << bits) - 1;
    let digit = |entry: &Entry| ((entry.key >> shift) & mask) as usize;
    let mut places = [0_u32; 1 << DIGIT];
    let places = &mut places[..1 << bits];
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
                sort_within(&mut entries[start..i], scratch);
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
            let mut sorted = vec![Entry { key: 1, at: 2 }; 300];
            sort(&chunks, &mut sorted, &mut Vec::new());
            prop_assert_eq!(sorted, expected);
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
        let mut sorted = Vec::new();
        sort(&[&entries], &mut sorted, &mut Vec::new());
        assert_eq!(sorted, expected);
    }
}
