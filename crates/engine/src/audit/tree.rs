//! The outer tree and its files, derived once more.

use std::sync::Arc;

use merkle::Hash;
use merkle::tile::{HashReader, Levels};
use store::StoreError;
use store::disk::Disk;
use store::frame::Header;
use store::tree::{DIR, ENTRY_BYTES, Tree};

use super::Audit;

/// Differences that are told of one file; more of the same tell nothing more.
const TOLD: u64 = 3;

/// The files of the tree, compared while the log passes.
pub(super) struct TreeCheck {
    /// `None` where there are no files, or they could not be opened.
    tree: Option<Tree>,
    levels: Levels,
    size: u64,
    /// Batches that the files hold: a process that was killed leaves them behind the log.
    held: u64,
    told: u64,
}

impl TreeCheck {
    /// `synced` is how many batches the newest snapshot knows: so many were synced with it.
    pub(super) fn new(
        disk: &Arc<dyn Disk>,
        synced: u64,
        audit: &mut Audit,
    ) -> Result<Self, StoreError> {
        let tree = match Tree::inspect(Arc::clone(disk)) {
            Ok(Some(tree)) => Some(tree),
            Ok(None) => {
                audit.notes.push(format!(
                    "{DIR}: there are no tiles; the next start makes them from the log"
                ));
                None
            }
            Err(error @ StoreError::Io { .. }) => return Err(error),
            Err(error) => {
                audit.differences.push(format!("the tiles: {error}"));
                None
            }
        };
        // A level that is missing is told when it is read.
        let held = tree.as_ref().and_then(|tree| tree.held().ok().flatten());
        Ok(Self {
            held: held.filter(|held| *held >= synced).unwrap_or(u64::MAX),
            tree,
            levels: Levels::new(),
            size: 0,
            told: 0,
        })
    }

    /// A batch passes.
    pub(super) fn pass(&mut self, header: &Header, blocks: &[Hash], audit: &mut Audit) {
        let number = self.size;
        self.size += 1;
        if let Some(tree) = self.tree.as_ref().filter(|_| number < self.held) {
            let mut expected = ((ENTRY_BYTES - 2) as u16).to_be_bytes().to_vec();
            expected.extend(header.leaf_bytes);
            let same = tree.entries(number, 1).map(|entry| entry == expected);
            let what = format!("tree/entries: entry {number} is not the outer leaf of its batch");
            tell(&mut self.told, same, &what, audit);
            let same = tree.place(number).map(|place| place == header.at);
            let what = format!("tree/places: place {number} is not that of its batch");
            tell(&mut self.told, same, &what, audit);
            let kept = tree.blocks(number, header.leaf.records as usize);
            let same = kept.map(|kept| kept.is_none_or(|kept| kept == blocks));
            let what =
                format!("tree/inner: the nodes of batch {number} are not those of its records");
            tell(&mut self.told, same, &what, audit);
        }
        let mut hashes = Vec::new();
        let hash = merkle::leaf(&header.leaf_bytes);
        self.levels
            .append(hash, |level, hash| hashes.push((level, hash)));
        for (level, hash) in hashes {
            self.compare(level, number >> (8 * level), hash, audit);
        }
    }

    fn compare(&mut self, level: u8, index: u64, hash: Hash, audit: &mut Audit) {
        audit.hashes += 1;
        if let Some(tree) = self.tree.as_ref().filter(|_| self.size <= self.held) {
            let mut found = Vec::new();
            let read = tree.hashes(level, index, 1, &mut found);
            let same = read.map(|()| found == [hash]);
            let what = format!("tree/{level}: hash {index} is not that of the log");
            tell(&mut self.told, same, &what, audit);
        }
    }

    /// The log has passed.
    pub(super) fn end(&self, audit: &mut Audit) {
        if let Some(missing) = self
            .size
            .checked_sub(self.held)
            .filter(|missing| *missing > 0)
        {
            let what = "the next start makes the rest";
            audit.notes.push(format!(
                "{DIR}: it ends {missing} batches before the log; {what}"
            ));
        }
        if self.told > TOLD {
            let more = self.told - TOLD;
            audit
                .differences
                .push(format!("{DIR}: {more} more hashes or entries differ"));
        }
    }
}

fn tell(told: &mut u64, same: Result<bool, StoreError>, what: &str, audit: &mut Audit) {
    let difference = match same {
        Ok(true) => return,
        Ok(false) => what.to_owned(),
        Err(error) => format!("the tiles: {error}"),
    };
    *told += 1;
    if *told <= TOLD {
        audit.differences.push(difference);
    }
}
