//! Making a statement while the books go on.
//!
//! 1. The writer is asked for a snapshot that is nearly of now. *If we die here, nothing was begun.*
//! 2. T is how many batches are durable then. The newest snapshot is streamed, each chunk brought
//!    to T by the records of the log since its stamp; accounts and sums are counted by class.
//! 3. The folder is made, and a `statement` of an earlier attempt at this number removed.
//!    *If we die here or in the next two steps, there is a folder without `statement`: the next
//!    attempt at this number overwrites it.*
//! 4. The snapshot is streamed once more, and every account goes to its leaf (`scatter`). Reading
//!    twice costs less than writing the accounts to a file in between, and by then the whole
//!    snapshot has been checked: one that is damaged is passed over before anything is written.
//! 5. The trees are built (`build`); their totals are held against the sums that were counted. The
//!    three files are synced.
//! 6. `statement` is written. *If we die here, it is a statement that was not entered: it means
//!    nothing and the next attempt overwrites it. Nobody has seen a proof from it.*
//! 7. The lines are entered into the log, in one batch. *If we die while that is written, they are
//!    there or they are not; the number of the last statement in the state tells.*
//! 8. What proofs of older statements are made from is removed. *If we die here, the next statement
//!    removes it.*

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::channel;

use merkle::sum_tree::{Entry, Sum};
use model::limits::BATCH_EVENTS;
use model::record::Side;
use store::StoreError;
use store::disk::{Disk, File, Mode};
use store::snapshot;

use super::accounts::{Accounts, check};
use super::build::build;
use super::file::{BULK, Class, DIR, Kept, LEAVES, Line, NODES, PLACES, STATEMENT, folder, path};
use super::layout::Layout;
use super::moves::Posted;
use super::scatter::Scatter;
use super::{Desk, Trouble};
use crate::limits::STATEMENTS_WITH_PROOFS;
use crate::receipts::Receipts;
use crate::request::Request;
use crate::shared::{Durable, Shared};

/// What a statement is made with.
pub(crate) struct Maker {
    pub(crate) desk: Desk,
    pub(crate) receipts: Receipts,
    pub(crate) secret: [u8; 32],
}

impl Maker {
    /// Makes the next statement, enters it and gives it back.
    pub(crate) fn make(&self) -> Result<Kept, Trouble> {
        let number = self.desk.ask(Request::Statements)? + 1;
        self.await_snapshot()?;
        let until = self.shared().durable();
        let (mut accounts, count) = self.count(until)?;
        count.check_ledgers()?;
        let layout = count.layout()?;
        let files = Files::create(self.disk(), number)?;
        let leaves = (Arc::clone(&files.leaves), Arc::clone(&files.places));
        let mut scatter = Scatter::new(&layout, &self.secret, number, leaves)?;
        let trees = TreeNumbers::new(&layout);
        accounts.each(|standing| {
            let entry = Entry {
                id: standing.id,
                amount: standing.amount(),
            };
            scatter.add(trees.of(standing.class())?, &entry)
        })?;
        drop(accounts);
        let scattered = scatter.finish()?;
        let stops = || self.stops();
        let roots = build(&scattered, &self.secret, (number, &files.nodes), &stops)?;
        count.check_totals(&layout, &roots)?;
        files.sync(self.disk(), number)?;
        let trees = layout.trees.iter().zip(roots);
        let kept = Kept {
            number,
            batches: until.batches,
            from: self.shared().durable().batches,
            secret: self.secret,
            lines: trees
                .map(|(tree, root)| Line {
                    class: tree.class,
                    height: tree.height,
                    accounts: tree.accounts,
                    root,
                })
                .collect(),
        };
        self.enter(&kept)?;
        self.prune(number)?;
        Ok(kept)
    }

    fn disk(&self) -> &dyn Disk {
        &*self.receipts.disk
    }

    fn shared(&self) -> &Shared {
        &self.receipts.history.shared
    }

    fn stops(&self) -> bool {
        self.shared().is_closing() || self.shared().failure().is_some()
    }

    fn await_snapshot(&self) -> Result<(), Trouble> {
        let (done, snapshotted) = channel();
        self.desk.send(Request::Snapshot(done))?;
        // Returns with an error once the sender has been dropped, which is when it is on the disk
        // or never will be.
        let _ = snapshotted.recv();
        check(&|| self.stops())
    }

    /// Counts the accounts and their sums, from the newest snapshot that is whole or, where none
    /// is, from the log alone.
    fn count(&self, until: Durable) -> Result<(Accounts, Count), Trouble> {
        let reader = &self.receipts.history.reader;
        let shared = Arc::clone(&self.receipts.history.shared);
        let stops = move || shared.is_closing() || shared.failure().is_some();
        let paths = snapshot::list(self.disk())?.into_iter().map(Some);
        for path in paths.chain([None]) {
            let path = path.as_deref();
            let opened = Accounts::open(self.disk(), reader, path, until, Box::new(stops.clone()));
            let counted = opened.and_then(|mut accounts| {
                let count = Count::of(&mut accounts)?;
                Ok((accounts, count))
            });
            match counted {
                Err(Trouble::Store(StoreError::Damaged { .. })) if path.is_some() => {}
                // A newer one has taken its place.
                Err(Trouble::Store(StoreError::Io { error, .. }))
                    if error.kind() == io::ErrorKind::NotFound && path.is_some() => {}
                counted => return counted,
            }
        }
        unreachable!("the log alone is the last to be tried")
    }

    fn enter(&self, kept: &Kept) -> Result<(), Trouble> {
        check(&|| self.stops())?;
        let path = path(kept.number, STATEMENT);
        kept.write(self.disk())
            .map_err(|e| StoreError::io("write", &path, e))?;
        let lines = kept.entries(0);
        self.desk.ask(|reply| Request::EnterStatement(lines, reply))
    }

    /// Removes what proofs of statements older than the newest few are made from.
    fn prune(&self, newest: u64) -> Result<(), Trouble> {
        let mut number = newest.saturating_sub(STATEMENTS_WITH_PROOFS);
        while number > 0 {
            let folder = folder(number);
            let failed = |e| StoreError::io("clean", &folder, e);
            let names = self.disk().list(&folder).map_err(failed)?;
            let bulk: Vec<_> = BULK
                .into_iter()
                .filter(|name| names.iter().any(|n| n == name))
                .collect();
            if bulk.is_empty() {
                break;
            }
            for name in bulk {
                self.disk().remove(&path(number, name)).map_err(failed)?;
            }
            number -= 1;
        }
        Ok(())
    }
}

/// By class: how many accounts stand on each side, and what was posted to all of them.
#[derive(Default)]
struct Count {
    classes: BTreeMap<(u32, u16), Tally>,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    credit_accounts: u64,
    debit_accounts: u64,
    /// These may wrap: what is equal stays equal.
    posted: Posted,
}

impl Count {
    fn of(accounts: &mut Accounts) -> Result<Self, Trouble> {
        let mut count = Self::default();
        accounts.each(|standing| {
            let key = (standing.ledger, standing.code);
            let tally = count.classes.entry(key).or_default();
            match standing.class().side {
                Side::Credit => tally.credit_accounts += 1,
                Side::Debit => tally.debit_accounts += 1,
            }
            let Posted { debits, credits } = standing.posted;
            tally.posted.debits = tally.posted.debits.wrapping_add(debits);
            tally.posted.credits = tally.posted.credits.wrapping_add(credits);
            Ok(())
        })?;
        Ok(count)
    }

    /// The trees: of each class the sides that have accounts.
    fn layout(&self) -> Result<Layout, Trouble> {
        let sides = self.classes.iter().flat_map(|((ledger, code), tally)| {
            let class = |side| Class {
                ledger: *ledger,
                code: *code,
                side,
            };
            [
                (class(Side::Credit), tally.credit_accounts),
                (class(Side::Debit), tally.debit_accounts),
            ]
        });
        let trees: Vec<_> = sides.filter(|(_, accounts)| *accounts > 0).collect();
        if trees.is_empty() {
            return Err(Trouble::invalid(
                "there is no account to make a statement of",
            ));
        }
        if trees.len() > BATCH_EVENTS {
            return Err(Trouble::invalid(
                "a statement has at most 8,189 lines: one for each ledger, code and side",
            ));
        }
        Ok(Layout::new(trees.into_iter()))
    }

    /// Double entry: on every ledger, what was debited was credited.
    fn check_ledgers(&self) -> Result<(), Trouble> {
        let mut ledgers: BTreeMap<u32, Posted> = BTreeMap::new();
        for ((ledger, _), tally) in &self.classes {
            let sums = ledgers.entry(*ledger).or_default();
            sums.debits = sums.debits.wrapping_add(tally.posted.debits);
            sums.credits = sums.credits.wrapping_add(tally.posted.credits);
        }
        match ledgers.iter().find(|(_, sums)| sums.debits != sums.credits) {
            None => Ok(()),
            Some((ledger, _)) => Err(Trouble::Contradiction(format!(
                "on ledger {ledger} the posted debits and credits differ"
            ))),
        }
    }

    /// What the trees add up to is what was posted: of each class, credits without debits; of each
    /// ledger, nothing.
    fn check_totals(&self, layout: &Layout, roots: &[Sum]) -> Result<(), Trouble> {
        let mut classes: BTreeMap<(u32, u16), u128> = BTreeMap::new();
        let mut ledgers: BTreeMap<u32, u128> = BTreeMap::new();
        for (tree, root) in layout.trees.iter().zip(roots) {
            let Class { ledger, code, side } = tree.class;
            let signed = match side {
                Side::Credit => root.amount,
                Side::Debit => root.amount.wrapping_neg(),
            };
            let class = classes.entry((ledger, code)).or_default();
            *class = class.wrapping_add(signed);
            let sum = ledgers.entry(ledger).or_default();
            *sum = sum.wrapping_add(signed);
        }
        for (class, tally) in &self.classes {
            let posted = tally.posted.credits.wrapping_sub(tally.posted.debits);
            if classes.get(class) != Some(&posted) {
                let (ledger, code) = class;
                return Err(Trouble::Contradiction(format!(
                    "the balances of ledger {ledger}, code {code} are not what was posted to it"
                )));
            }
        }
        match ledgers.iter().find(|(_, sum)| **sum != 0) {
            None => Ok(()),
            Some((ledger, _)) => Err(Trouble::Contradiction(format!(
                "the balances of ledger {ledger} do not add up to nothing"
            ))),
        }
    }
}

/// The number of each class's tree.
struct TreeNumbers(BTreeMap<(u32, u16), [Option<usize>; 2]>);

impl TreeNumbers {
    fn new(layout: &Layout) -> Self {
        let mut numbers = BTreeMap::<_, [Option<usize>; 2]>::new();
        for (number, tree) in layout.trees.iter().enumerate() {
            let Class { ledger, code, side } = tree.class;
            numbers.entry((ledger, code)).or_default()[usize::from(side.number())] = Some(number);
        }
        Self(numbers)
    }

    fn of(&self, class: Class) -> Result<usize, Trouble> {
        let sides = self.0.get(&(class.ledger, class.code));
        let number = sides.and_then(|sides| sides[usize::from(class.side.number())]);
        number.ok_or_else(|| {
            let what = "an account is of a class that was not counted";
            Trouble::Contradiction(what.to_owned())
        })
    }
}

/// The files that proofs are made from.
struct Files {
    leaves: Arc<dyn File>,
    nodes: Arc<dyn File>,
    places: Arc<dyn File>,
}

impl Files {
    fn create(disk: &dyn Disk, number: u64) -> Result<Self, StoreError> {
        let folder = folder(number);
        let failed = |e| StoreError::io("create", &folder, e);
        disk.create_dir(&folder).map_err(failed)?;
        disk.sync_dir("").map_err(failed)?;
        disk.sync_dir(DIR).map_err(failed)?;
        // Where there is a `statement`, the files beside it are whole.
        match disk.remove(&path(number, STATEMENT)) {
            Ok(()) => disk.sync_dir(&folder).map_err(failed)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(failed(e)),
        }
        let open = |name| disk.open(&path(number, name), Mode::Create).map_err(failed);
        let files = Self {
            leaves: open(LEAVES)?,
            nodes: open(NODES)?,
            places: open(PLACES)?,
        };
        Ok(files)
    }

    fn sync(&self, disk: &dyn Disk, number: u64) -> Result<(), StoreError> {
        for (name, file) in BULK
            .into_iter()
            .zip([&self.leaves, &self.nodes, &self.places])
        {
            let path = path(number, name);
            file.sync().map_err(|e| StoreError::io("sync", &path, e))?;
        }
        let folder = folder(number);
        disk.sync_dir(&folder)
            .map_err(|e| StoreError::io("sync", &folder, e))
    }
}
