//! A balance proof from the files of a statement.

use std::io;
use std::sync::Arc;

use merkle::sum_tree::{Entry, ProveError, Sum, SumReader, prove};
use proofs::balance::BalanceProof;
use store::StoreError;
use store::disk::{Disk, File, Mode, read_exact_at};

use super::Trouble;
use super::file::{Kept, LEAVES, NODES, PLACES, path};
use super::layout::{LEAF_BYTES, Layout, NODE_BYTES, PLACE_BYTES, Tree, read_leaf};

/// The proof of the account in `slot`; `None` where it came after the statement.
pub(crate) fn balance(
    disk: &dyn Disk,
    kept: &Kept,
    (slot, account): (u32, u128),
) -> Result<Option<BalanceProof>, Trouble> {
    let number = kept.number;
    let accounts: u64 = kept.lines.iter().map(|line| line.accounts).sum();
    if u64::from(slot) >= accounts {
        return Ok(None);
    }
    let layout = Layout::new(kept.lines.iter().map(|line| (line.class, line.accounts)));
    let places = Stored::open(disk, number, PLACES)?;
    let mut place = [0; PLACE_BYTES];
    places.read(&mut place, u64::from(slot) * PLACE_BYTES as u64)?;
    let [tree, leaf] = [0, 4].map(|at| {
        let bytes = place[at..at + 4].try_into().expect("4 bytes");
        u32::from_le_bytes(bytes)
    });
    let damaged = |name: &str, what: &str| {
        let path = path(number, name);
        StoreError::damaged(&path, 0, &format!("account {account}: {what}"))
    };
    let tree_number = tree as usize;
    let found = layout
        .trees
        .get(tree_number)
        .zip(kept.lines.get(tree_number));
    let Some((tree, line)) = found.filter(|(tree, _)| u64::from(leaf) < tree.leaves()) else {
        return Err(damaged(PLACES, "it is said to stand on no leaf").into());
    };
    let reader = TreeReader {
        tree,
        leaves: Stored::open(disk, number, LEAVES)?,
        nodes: Stored::open(disk, number, NODES)?,
    };
    let seed = tree.seed(&kept.secret);
    let opening = prove(&reader, &seed, tree.height, leaf.into()).map_err(|error| match error {
        ProveError::Reader(trouble) => trouble,
        error => damaged(NODES, &error.to_string()).into(),
    })?;
    if opening.entry.id != account {
        return Err(damaged(LEAVES, "on its leaf stands another").into());
    }
    if opening.root != line.root {
        return Err(damaged(LEAVES, "it leads to another root than the statement's").into());
    }
    Ok(Some(BalanceProof {
        statement: number,
        ledger: tree.class.ledger,
        code: tree.class.code,
        side: tree.class.side,
        account,
        amount: opening.entry.amount,
        leaf: opening.index,
        blind: opening.blind,
        path: opening.path,
    }))
}

/// A file of a statement.
struct Stored {
    file: Arc<dyn File>,
    path: String,
}

impl Stored {
    fn open(disk: &dyn Disk, number: u64, name: &str) -> Result<Self, Trouble> {
        let path = path(number, name);
        match disk.open(&path, Mode::Read) {
            Ok(file) => Ok(Self { file, path }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(Trouble::invalid(
                "balance proofs can no longer be made of this statement, only of the newest ones",
            )),
            Err(e) => Err(StoreError::io("open", &path, e).into()),
        }
    }

    fn read(&self, bytes: &mut [u8], at: u64) -> Result<(), StoreError> {
        match read_exact_at(&*self.file, bytes, at) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                Err(StoreError::damaged(&self.path, at, "it ends too early"))
            }
            read => read.map_err(|e| StoreError::io("read", &self.path, e)),
        }
    }
}

/// The leaves and nodes of one tree.
struct TreeReader<'a> {
    tree: &'a Tree,
    leaves: Stored,
    nodes: Stored,
}

impl SumReader for TreeReader<'_> {
    type Error = Trouble;

    fn entries(&self, first: u64, count: usize, out: &mut Vec<Entry>) -> Result<(), Trouble> {
        let mut bytes = vec![0; count * LEAF_BYTES];
        self.leaves.read(&mut bytes, self.tree.leaf_at(first))?;
        out.extend(bytes.as_chunks().0.iter().map(read_leaf));
        Ok(())
    }

    fn sums(
        &self,
        height: u32,
        first: u64,
        count: usize,
        out: &mut Vec<Sum>,
    ) -> Result<(), Trouble> {
        let mut bytes = vec![0; count * NODE_BYTES];
        self.nodes
            .read(&mut bytes, self.tree.node_at(height, first))?;
        out.extend(bytes.as_chunks().0.iter().map(Sum::from_bytes));
        Ok(())
    }
}
