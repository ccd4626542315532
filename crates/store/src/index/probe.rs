//! Look-up of the ids of a whole batch at once: the hot path of the writer.

use super::cursor::Cursor;
use super::filter::Keys;
use super::live::Index;
use super::run::Run;
use super::tail::Chunk;
use super::{Entry, IndexError, Tree};
use std::sync::Arc;

impl Index {
    /// Appends to `found`, for each of `ids` (an id and its hash), its number in `ids` and every
    /// position that runs hold under its hash; in this order. Tails are not looked into: the
    /// writer has its own table of those, [`super::Fresh`].
    ///
    /// A run whose range of ids does not meet that of the batch costs nothing; in others, an id
    /// within the range costs a filter probe, and a read only where the filter lets it pass.
    pub fn probe(
        &self,
        ids: &[(u128, u64)],
        found: &mut Vec<(u32, u64)>,
    ) -> Result<(), IndexError> {
        let start = found.len();
        probe_runs(&self.shared.runs(), ids, found)?;
        found[start..].sort_unstable();
        Ok(())
    }

    /// As [`Index::probe`], over everything: runs, sealed tails and the open one.
    pub fn find_ids(
        &self,
        ids: &[(u128, u64)],
        found: &mut Vec<(u32, u64)>,
    ) -> Result<(), IndexError> {
        let start = found.len();
        let wanted = Wanted::new(ids);
        let (view, ()) = self.shared.view(|open| wanted.chunk(open, found));
        view.chunks().for_each(|chunk| wanted.chunk(chunk, found));
        probe_runs(&view.runs, ids, found)?;
        found[start..].sort_unstable();
        Ok(())
    }
}

fn probe_runs(
    runs: &[Arc<Run>],
    ids: &[(u128, u64)],
    found: &mut Vec<(u32, u64)>,
) -> Result<(), IndexError> {
    let Some(low) = ids.iter().map(|(id, _)| *id).min() else {
        return Ok(());
    };
    let high = ids.iter().map(|(id, _)| *id).max().unwrap_or(low);
    let mut keys = Keys::default();
    let (mut candidates, mut hits) = (Vec::new(), Vec::new());
    for run in runs {
        let Some((least, greatest)) = run.head().ids else {
            continue;
        };
        if greatest < low || high < least {
            continue;
        }
        if keys.hashes.is_empty() {
            keys.fill(ids.iter().map(|(_, hash)| *hash));
        }
        candidates.clear();
        let numbered = (0_u32..).zip(ids);
        candidates.extend(
            numbered
                .filter(|(_, (id, _))| (least..=greatest).contains(id))
                .map(|(i, _)| i),
        );
        hits.clear();
        select(run, &candidates, &keys, &mut hits)?;
        // In order of hash, neighbours share the blocks on the way down.
        hits.sort_unstable_by_key(|&i| keys.hashes[i as usize]);
        let mut cursor = Cursor::new(run, Tree::Id);
        for &i in &hits {
            collect(&mut cursor, keys.hashes[i as usize], |at| {
                found.push((i, at));
            })?;
        }
    }
    Ok(())
}

/// Appends to `hits` those of `candidates` that the run's filter lets pass.
fn select(
    run: &Run,
    candidates: &[u32],
    keys: &Keys,
    hits: &mut Vec<u32>,
) -> Result<(), IndexError> {
    if candidates.is_empty() {
        return Ok(());
    }
    if let Some(filter) = run.load_filter(0)? {
        filter.select(candidates, keys, hits);
        return Ok(());
    }
    let mut page = vec![0; super::block::BLOCK];
    for &i in candidates {
        let (hash, bits) = (keys.hashes[i as usize], &keys.bits[i as usize]);
        if run.filter_page_holds(hash, bits, &mut page)? {
            hits.push(i);
        }
    }
    Ok(())
}

/// Gives every position under `hash`.
fn collect(cursor: &mut Cursor, hash: u64, mut give: impl FnMut(u64)) -> Result<(), IndexError> {
    let mut more = cursor.seek(Entry { key: hash, at: 0 })?;
    while more {
        let leaf = cursor.leaf();
        let from = leaf.partition_point(|entry| entry.key < hash);
        let matching = leaf[from..].iter().take_while(|entry| entry.key == hash);
        let end = from + matching.inspect(|entry| give(entry.at)).count();
        more = end == leaf.len() && cursor.forward()?;
    }
    Ok(())
}

/// Ids that are looked for in memory, where nothing is sorted: every entry passes by.
struct Wanted {
    /// One bit for each residue of a hash that is wanted; 32 bits an id keep most others out.
    bits: Vec<u64>,
    /// Hashes with their numbers, in order.
    hashes: Vec<(u64, u32)>,
}

impl Wanted {
    fn new(ids: &[(u128, u64)]) -> Self {
        let mut hashes: Vec<_> = ids.iter().map(|(_, hash)| *hash).zip(0..).collect();
        hashes.sort_unstable();
        let mut bits = vec![0; (ids.len() / 2).max(1).next_power_of_two()];
        let mask = bits.len() - 1;
        for (hash, _) in &hashes {
            bits[(hash >> 6) as usize & mask] |= 1 << (hash & 63);
        }
        Self { bits, hashes }
    }

    fn chunk(&self, chunk: &Chunk, found: &mut Vec<(u32, u64)>) {
        let mask = self.bits.len() - 1;
        for entry in &chunk.entries[Tree::Id.number()] {
            let word = self.bits[(entry.key >> 6) as usize & mask];
            if word >> (entry.key & 63) & 1 == 0 {
                continue;
            }
            let from = self.hashes.partition_point(|(hash, _)| *hash < entry.key);
            let matching = self.hashes[from..]
                .iter()
                .take_while(|(hash, _)| *hash == entry.key);
            found.extend(matching.map(|&(_, i)| (i, entry.at)));
        }
    }
}
