//! The register of demands for data, held against the counts that stand in the outer leaves.
//!
//! The counts are part of what is signed, so how many demands and disclosures there are is known
//! before the register is asked for. Each must be in it, with the receipt of its newest record; and
//! the leaf to which a receipt leads must be the one of the tree that was checked, so a register
//! cannot be of another log than its entries.
//!
//! A demand that has ended and is open to everybody is looked at once. All others are looked at
//! whenever the log has grown.

mod known;
mod page;

use std::collections::BTreeMap;

use merkle::leaf;
use merkle::policy::Policy;
use merkle::tile::WIDTH;
use model::document::{Document, EntryText};
use model::object::{Demand, DemandState, Disclosure};
use model::{Object, Record};
use proofs::receipt;

use crate::fetch::Fetch;
use crate::report::{Finding, Kind};
use crate::tiles::Tiles;

pub(crate) use known::{Known, MAX_LINES, MAX_OPEN};
use page::{Entry, Shelf, first_of};

/// Findings of one reading, and of seals past their date, at most.
pub(crate) const FINDINGS: usize = 64;

/// The two halves of a digest.
type Digest = (u128, u128);

/// What the disclosures that were read say of one demand.
struct Named {
    /// How many name it.
    count: u64,
    /// The first of them, and its scope.
    first: (u64, Digest),
    /// The first with another scope than that one.
    other: Option<u64>,
}

/// A register being read.
pub(crate) struct Reading<'a, 'b, 'c> {
    /// Whoever signs the log.
    pub(crate) logs: &'a Policy,
    pub(crate) fetch: &'a mut Fetch<'b>,
    pub(crate) tiles: &'c mut Tiles,
    /// Entries of the tree that was checked.
    pub(crate) size: u64,
    /// What was known before.
    pub(crate) known: Known,
    /// What is wrong.
    pub(crate) findings: Vec<Finding>,
}

/// A record that is in the log.
struct Shown {
    batch: u64,
    object: Object,
}

impl Reading<'_, '_, '_> {
    /// Reads what is new or goes on, up to these counts of demands and disclosures, and gives what
    /// is known then: nothing of that counts where there were findings.
    pub(crate) fn run(&mut self, demands: u64, disclosures: u64) -> Known {
        let mut next = self.known.clone();
        (next.size, next.demands, next.disclosures) = (self.size, demands, disclosures);
        let read = self
            .disclosures(&next)
            .and_then(|named| self.demands(&mut next, &named));
        self.findings.extend(read.err());
        next
    }

    /// The disclosures that are new, by demand.
    fn disclosures(&mut self, next: &Known) -> Result<BTreeMap<u64, Named>, Finding> {
        let mut named = BTreeMap::new();
        let mut number = self.known.disclosures.saturating_add(1);
        while number <= next.disclosures {
            let first = first_of(number);
            let entries = page::fetch(self.fetch, Shelf::Disclosures, number, next.disclosures)?;
            let skip = (number - first) as usize;
            for entry in entries.iter().skip(skip) {
                let found = self.disclosure(entry, next, &mut named);
                self.note(found.err())?;
                number += 1;
            }
        }
        Ok(named)
    }

    fn disclosure(
        &mut self,
        entry: &Entry,
        next: &Known,
        named: &mut BTreeMap<u64, Named>,
    ) -> Result<(), Finding> {
        let shown = self.shown(Shelf::Disclosures, entry)?;
        let Object::Disclosure(disclosure) = shown.object else {
            return Err(no_receipt(
                Shelf::Disclosures,
                entry,
                "is of another record",
            ));
        };
        let Disclosure { number, demand, .. } = disclosure;
        if number != entry.number || shown.batch >= self.size {
            return Err(no_receipt(Shelf::Disclosures, entry, "is of another one"));
        }
        let is_known = (1..=self.known.demands).contains(&demand);
        let has_ended = is_known && !self.known.open.contains_key(&demand);
        if demand == 0 || demand > next.demands || has_ended {
            let why = if has_ended {
                "had ended"
            } else {
                "does not exist"
            };
            let what = format!("disclosure {number} is by demand {demand}, which {why}");
            return Err(Finding::new(Kind::DisclosureUnfounded, what));
        }
        let scope = (disclosure.scope, disclosure.scope_more);
        let entry = named.entry(demand).or_insert(Named {
            count: 0,
            first: (number, scope),
            other: None,
        });
        entry.count += 1;
        if entry.other.is_none() && entry.first.1 != scope {
            entry.other = Some(number);
        }
        Ok(())
    }

    /// The demands that are new, and those that go on.
    fn demands(&mut self, next: &mut Known, named: &BTreeMap<u64, Named>) -> Result<(), Finding> {
        let known: Vec<u64> = self.known.open.keys().copied().collect();
        let new = self.known.demands.saturating_add(1)..=next.demands;
        let mut page: Vec<Entry> = Vec::new();
        for serial in known.into_iter().chain(new) {
            let on_page =
                |page: &[Entry]| page.first().is_some_and(|e| e.number == first_of(serial));
            if !on_page(&page) {
                page = page::fetch(self.fetch, Shelf::Demands, serial, next.demands)?;
            }
            let entry = &page[(serial - first_of(serial)) as usize];
            let found = self.demand(entry, next, named.get(&serial));
            self.note(found.err())?;
            if next.open.len() > MAX_OPEN {
                let what = format!(
                    "more than {MAX_OPEN} demands go on, which is more than a monitor follows"
                );
                return Err(Finding::new(Kind::RegisterUnserved, what));
            }
        }
        Ok(())
    }

    fn demand(
        &mut self,
        entry: &Entry,
        next: &mut Known,
        named: Option<&Named>,
    ) -> Result<(), Finding> {
        let shown = self.shown(Shelf::Demands, entry)?;
        let Object::Demand(demand) = shown.object else {
            return Err(no_receipt(Shelf::Demands, entry, "is of another record"));
        };
        if demand.serial != entry.number {
            return Err(no_receipt(Shelf::Demands, entry, "is of another one"));
        }
        let serial = demand.serial;
        let before = self
            .known
            .open
            .get(&serial)
            .map_or(0, |open| open.disclosures);
        let count = before + named.map_or(0, |named| named.count);
        // A record behind the checkpoint may know of disclosures behind it.
        let is_ahead = shown.batch >= self.size;
        next.note(&demand, count, is_final(&demand) && !is_ahead);
        check_text(&demand, entry.text.as_deref())?;
        let said = u64::from(demand.disclosures);
        if said != count && !is_ahead {
            let what = format!(
                "a release that no record covers: demand {serial} says {said} disclosures, and {count} name it"
            );
            let other = format!("demand {serial} says {said} disclosures, and {count} name it");
            let what = if said > count { what } else { other };
            return Err(Finding::new(Kind::ReleaseUncovered, what));
        }
        check_scopes(&demand, named)
    }

    /// The object of a receipt that holds: it is signed by the log, and leads to the leaf that the
    /// tree has, where that goes so far.
    fn shown(&mut self, shelf: Shelf, entry: &Entry) -> Result<Shown, Finding> {
        let shown = receipt::show(entry.receipt.as_bytes(), self.logs)
            .map_err(|why| no_receipt(shelf, entry, &format!("does not hold: {why}")))?;
        let (batch, opening) = (shown.batch, &shown.opening);
        let outer = opening.outer_leaf(batch);
        let outer = outer.map_err(|why| no_receipt(shelf, entry, &why.to_string()))?;
        if batch < self.size {
            let hashes = self.tiles.load(self.fetch, 0, batch / WIDTH)?;
            if hashes[(batch % WIDTH) as usize] != leaf(&outer.to_bytes()) {
                let what = format!("leads to another entry {batch} than that of the log");
                return Err(no_receipt(shelf, entry, &what));
            }
        }
        match shown.record {
            Record::Object(object) => Ok(Shown { batch, object }),
            _ => Err(no_receipt(shelf, entry, "is of another record")),
        }
    }

    /// Notes a finding about one entry. One of another kind ends the reading, and so does the last
    /// that is noted.
    fn note(&mut self, found: Option<Finding>) -> Result<(), Finding> {
        let Some(finding) = found else { return Ok(()) };
        let is_of_entry = matches!(
            finding.kind,
            Kind::SerialGap
                | Kind::ReleaseUncovered
                | Kind::DisclosureUnfounded
                | Kind::EntryDiffers
        );
        if !is_of_entry || self.findings.len() + 1 >= FINDINGS {
            return Err(finding);
        }
        self.findings.push(finding);
        Ok(())
    }
}

/// Whether nothing comes of a demand any more: it has ended, and what was asked is open.
fn is_final(demand: &Demand) -> bool {
    let ends = [
        DemandState::Closed,
        DemandState::Refused,
        DemandState::Withdrawn,
        DemandState::Annulled,
    ];
    demand.is(&ends) && demand.opened == 1
}

/// Whether the public lines of a demand are those that its record commits to.
fn check_text(demand: &Demand, text: Option<&str>) -> Result<(), Finding> {
    let serial = demand.serial;
    let differs = |why: &str| {
        let what = format!("the public lines of demand {serial} {why}");
        Err(Finding::new(Kind::EntryDiffers, what))
    };
    let Some(text) = text else {
        return differs("are not there");
    };
    let entry: EntryText = match Document::parse(text) {
        Ok(Document::Entry(entry)) => entry,
        Ok(_) => return differs("are another document"),
        Err(why) => return differs(&format!("are not in their form: {why}")),
    };
    if entry.serial != serial || entry.class != demand.class {
        return differs("have another serial or class than its record");
    }
    if halves(&entry.commitment) != (demand.asked, demand.asked_more) {
        return differs("have another commitment than its record");
    }
    if demand.extensions == 0 && entry.opens != demand.opens {
        return differs("have another date of opening than its record, and no court put it off");
    }
    Ok(())
}

/// Whether all that left lay within the scope that was asked, where that was never narrowed.
fn check_scopes(demand: &Demand, named: Option<&Named>) -> Result<(), Finding> {
    let Some(named) = named.filter(|_| !demand.is_narrowed()) else {
        return Ok(());
    };
    let (first, scope) = named.first;
    let is_other = scope != (demand.scope, demand.scope_more);
    let Some(number) = is_other.then_some(first).or(named.other) else {
        return Ok(());
    };
    let what = format!(
        "disclosure {number} lies within another scope than demand {}, which was never narrowed",
        demand.serial
    );
    Err(Finding::new(Kind::DisclosureUnfounded, what))
}

fn halves(digest: &[u8; 32]) -> Digest {
    let (halves, _) = digest.as_chunks::<16>();
    (
        u128::from_le_bytes(halves[0]),
        u128::from_le_bytes(halves[1]),
    )
}

fn no_receipt(shelf: Shelf, entry: &Entry, why: &str) -> Finding {
    let what = format!(
        "gap in serials: {} {} has no receipt that holds: it {why}",
        shelf.one(),
        entry.number
    );
    Finding::new(Kind::SerialGap, what)
}
