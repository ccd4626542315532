//! The committer: hashes a decided batch, writes and syncs it, and gives the answers.
//!
//! It runs beside the writer, which decides the next batch meanwhile. One batch after the other:
//! the next is written only once this one is durable.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, SyncSender};

use merkle::{Frontier, Hash, Seed, blocks_of, root_of, salted_leaves};
use model::batch::{Counts, OuterLeaf};
use store::StoreError;
use store::index::Index;
use store::log::{Appender, Chain};
use store::snapshot::Meta;
use store::tree::Tree;

use crate::draft::Draft;
use crate::request::Answer;
use crate::salt::Ratchet;
use crate::shared::{Durable, Shared};
use crate::snapshots::Job;

/// A decided batch on its way to the disk, or answers that wait for the batches before them.
pub(crate) struct Group {
    /// The records; `None` where there are none.
    pub(crate) draft: Option<Box<Draft>>,
    /// Position of the frame.
    pub(crate) at: u64,
    /// Position behind it.
    pub(crate) end: u64,
    /// Time of the batch.
    pub(crate) timestamp: u64,
    /// Digest of the rule book that is in force then.
    pub(crate) rule_book: [u8; 32],
    /// What the register counts once its records are applied.
    pub(crate) register: Counts,
    /// Whether the tail of the index ends with this batch.
    pub(crate) seals_tail: bool,
    /// Header of a snapshot that begins after this batch.
    pub(crate) snapshot: Option<Vec<u8>>,
    /// What to answer once it is durable.
    pub(crate) answers: Vec<Answer>,
}

impl Group {
    /// No records and no answers, behind the log up to `end`.
    pub(crate) fn empty(end: u64, timestamp: u64) -> Self {
        Self {
            draft: None,
            at: end,
            end,
            timestamp,
            rule_book: [0; 32],
            register: Counts::default(),
            seals_tail: false,
            snapshot: None,
            answers: Vec::new(),
        }
    }
}

/// The end of the chain and what commits to it.
pub(crate) struct Committer {
    /// Dropped with the committer, which tells the publisher that there is no more to come.
    pub(crate) _committing: Sender<()>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) log: Appender,
    pub(crate) index: Arc<Index>,
    pub(crate) tree: Arc<Tree>,
    pub(crate) chain: Chain,
    pub(crate) frontier: Frontier,
    pub(crate) ratchet: Ratchet,
    /// Where emptied drafts go back to the writer.
    pub(crate) drafts: Sender<Box<Draft>>,
    pub(crate) snapshots: SyncSender<Job>,
    pub(crate) leaves: Vec<Hash>,
    /// Nodes of the inner tree of the batch at height 8.
    pub(crate) blocks: Vec<Hash>,
}

impl Committer {
    /// Commits what the writer sends until it sends no more.
    pub(crate) fn run(mut self, groups: &Receiver<Group>) {
        while let Ok(mut group) = groups.recv() {
            if let Err(error) = self.commit(&mut group) {
                self.shared.fail(&error.to_string());
            }
            let outcome = self.shared.failure().map_or(Ok(()), Err);
            for answer in group.answers {
                answer.send(outcome.clone());
            }
            if let Some(draft) = group.draft {
                // The writer may have ended: then the memory is freed here.
                let _ = self.drafts.send(draft);
            }
        }
    }

    /// Makes a batch durable. If we die anywhere before the sync has ended, the batch may be there
    /// or not, and nobody was told; after it, the batch is there, and recovery does the rest of
    /// this function again.
    fn commit(&mut self, group: &mut Group) -> Result<(), StoreError> {
        if self.shared.failure().is_some() {
            return Ok(());
        }
        let head = (group.timestamp, group.rule_book, group.register);
        if let Some(draft) = &mut group.draft {
            let leaf = self.leaf(draft, head);
            let seed = self.ratchet.seed();
            let frame = draft.frame.seal(group.at, &seed, &leaf);
            self.log.append(group.at, frame)?;
            self.follow(&leaf, group.at)?;
            self.index.append(&draft.additions);
            if group.seals_tail {
                self.index.seal();
            }
            let records = self.chain.first_record;
            self.count(group.end);
            self.shared.advance(Durable {
                end: group.end,
                records,
                batches: self.chain.number,
            });
        }
        if let Some(header) = group.snapshot.take() {
            self.begin_snapshot(header, group.end);
        }
        Ok(())
    }

    fn leaf(&mut self, draft: &Draft, head: (u64, [u8; 32], Counts)) -> OuterLeaf {
        let (timestamp, rule_book, register) = head;
        let (bytes, spans) = draft.frame.parts();
        let seed = Seed::from_bytes(self.ratchet.seed());
        self.leaves.clear();
        salted_leaves(&seed, bytes, spans, &mut self.leaves);
        OuterLeaf {
            number: self.chain.number,
            first_record: self.chain.first_record,
            records: spans.len() as u32,
            timestamp,
            inner_root: self.root().to_bytes(),
            previous: self.chain.previous,
            rule_book,
            register,
        }
    }

    /// The root over the leaves; the nodes at height 8 are kept on the way.
    fn root(&mut self) -> Hash {
        blocks_of(&mut self.leaves);
        self.blocks.clone_from(&self.leaves);
        root_of(&mut self.leaves)
    }

    fn follow(&mut self, leaf: &OuterLeaf, at: u64) -> Result<(), StoreError> {
        let bytes = leaf.to_bytes();
        let hash = merkle::leaf(&bytes);
        self.frontier.append(hash);
        self.tree.append(&bytes, hash, at, &self.blocks)?;
        self.ratchet.turn();
        self.chain = Chain {
            number: leaf.number + 1,
            first_record: leaf.first_record + u64::from(leaf.records),
            previous: hash.to_bytes(),
            timestamp: leaf.timestamp,
        };
        Ok(())
    }

    fn count(&self, end: u64) {
        let counters = &self.shared.counters;
        counters.syncs.fetch_add(1, Ordering::Relaxed);
        counters.batches.store(self.chain.number, Ordering::Relaxed);
        counters
            .records
            .store(self.chain.first_record, Ordering::Relaxed);
        counters.log_bytes.store(end, Ordering::Relaxed);
    }

    fn begin_snapshot(&self, header: Vec<u8>, at: u64) {
        let frontier = self.frontier.to_bytes();
        let meta = Meta {
            chain: self.chain,
            at,
            frontier,
            header,
        };
        // Where the snapshotter has ended, its failure is known already.
        let _ = self
            .snapshots
            .send(Job::Begin(Box::new(meta), self.ratchet.clone()));
        self.shared
            .counters
            .snapshots_begun
            .fetch_add(1, Ordering::Release);
    }
}
