//! The trees, from their leaves in order.

use std::sync::Arc;
use std::thread;

use merkle::Seed;
use merkle::sum_tree::{Builder, Entry, SUBTREE, Subtree, Sum};
use store::disk::File;

use super::Trouble;
use super::accounts::check;
use super::file::{NODES, path};
use super::layout::{Tree, rows};
use super::scatter::{Append, Scattered};

/// Subtrees that are built side by side.
const WORKERS: u64 = 2;

/// Builds all trees, stores their nodes and gives their roots, in the order of the lines.
pub(crate) fn build(
    scattered: &Scattered<'_>,
    secret: &[u8; 32],
    (number, nodes): (u64, &Arc<dyn File>),
    stops: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<Sum>, Trouble> {
    let trees = scattered.layout.trees.iter().enumerate();
    trees
        .map(|(index, tree)| {
            let seed = tree.seed(secret);
            let mut rows = Rows::new(tree, nodes, number);
            let mut builder = Builder::new(&seed, tree.height)?;
            let mut bucket = 0;
            while bucket < tree.buckets() {
                check(stops)?;
                let side = WORKERS.min(tree.buckets() - bucket);
                for part in parts(scattered, (index, &seed), bucket..bucket + side)? {
                    match part {
                        Part::Subtree(subtree) => {
                            builder.push_subtree(&subtree, |height, sum| rows.push(height, sum))?;
                        }
                        Part::Leaves(leaves) => {
                            builder.push(&leaves, |height, sum| rows.push(height, sum))?;
                        }
                    }
                }
                rows.settle()?;
                bucket += side;
            }
            let root = builder.finish(|height, sum| rows.push(height, sum))?;
            rows.flush()?;
            Ok(root)
        })
        .collect()
}

/// A bucket: hashed where it is a whole subtree.
enum Part {
    Subtree(Subtree),
    Leaves(Vec<Entry>),
}

/// Some buckets of a tree, each on a thread of its own.
fn parts(
    scattered: &Scattered<'_>,
    (tree, seed): (usize, &Seed),
    buckets: std::ops::Range<u64>,
) -> Result<Vec<Part>, Trouble> {
    let part = |bucket: u64| {
        let leaves = scattered.arrange(tree, bucket)?;
        if (leaves.len() as u64) < SUBTREE {
            return Ok(Part::Leaves(leaves));
        }
        let subtree = Subtree::build(seed, bucket * SUBTREE, &leaves)?;
        Ok(Part::Subtree(subtree))
    };
    if buckets.end - buckets.start == 1 {
        return Ok(vec![part(buckets.start)?]);
    }
    let built: Vec<Result<Part, Trouble>> = thread::scope(|scope| {
        let spawn = |bucket| scope.spawn(move || part(bucket));
        let threads: Vec<_> = buckets.map(spawn).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().expect("building a subtree does not panic")
        };
        threads.into_iter().map(join).collect()
    });
    built.into_iter().collect()
}

/// The nodes of one tree on their way to the file.
struct Rows {
    rows: Vec<(u32, Append)>,
}

impl Rows {
    fn new(tree: &Tree, nodes: &Arc<dyn File>, number: u64) -> Self {
        let row = |height| {
            let at = tree.node_at(height, 0);
            let append = Append::new(Arc::clone(nodes), path(number, NODES), at);
            (height, append)
        };
        Self {
            rows: rows(tree.height).map(row).collect(),
        }
    }

    fn push(&mut self, height: u32, sum: Sum) {
        let row = self.rows.iter_mut().find(|(row, _)| *row == height);
        if let Some((_, append)) = row {
            append.push(&sum.to_bytes());
        }
    }

    fn settle(&mut self) -> Result<(), Trouble> {
        for (_, append) in &mut self.rows {
            append.settle()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Trouble> {
        for (_, append) in &mut self.rows {
            append.flush()?;
        }
        Ok(())
    }
}
