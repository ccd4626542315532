//! Demands for data as everybody sees them: by whom, by what right, what became of each, how much left.
//! Of what is sealed no more than its entry.

use std::collections::BTreeMap;

use engine::{Books, Refused};
use model::Object;
use model::limits::BATCH_EVENTS;
use model::object::{
    AUTHORITY_CLASSES, DEMAND_STATES, Demand, DemandFile, Disclosure, Noun, SUBJECT_KINDS,
};

use super::view::{DemandCount, DemandRow, DemandsView};
use crate::wire::U64;

/// Demands that are shown, the newest.
const SHOWN: usize = 64;

/// What left by a demand.
#[derive(Clone, Copy, Default)]
struct Left {
    rows: u64,
    accounts: u64,
    /// Whether rows did, and not only totals.
    raw: bool,
}

/// All of them, counted, and the newest in a row each.
pub(super) async fn demands(books: &Books, now: u64) -> Result<DemandsView, Refused> {
    let register = books.register().await?;
    let mut left: BTreeMap<u64, Left> = BTreeMap::new();
    for object in all(books, Disclosure::KIND, register.disclosures).await? {
        if let Object::Disclosure(one) = object {
            let so_far = left.entry(one.demand).or_default();
            so_far.rows += one.rows;
            so_far.accounts = so_far.accounts.max(one.accounts);
            so_far.raw |= one.release == 0;
        }
    }
    let mut authorities: BTreeMap<u64, u128> = BTreeMap::new();
    for object in all(books, DemandFile::KIND, register.demands).await? {
        if let Object::DemandFile(file) = object {
            authorities.insert(file.serial, file.authority);
        }
    }
    let mut demands = Vec::new();
    let mut counts: BTreeMap<[String; 3], u64> = BTreeMap::new();
    for object in all(books, Demand::KIND, register.demands).await? {
        let Object::Demand(demand) = object else {
            continue;
        };
        let authority = authorities
            .get(&demand.serial)
            .filter(|_| !demand.is_sealed());
        let facts = [
            authority.map_or_else(|| class(&demand), ToString::to_string),
            kind(&demand).unwrap_or_else(|| "sealed".to_owned()),
            name(DEMAND_STATES, demand.state),
        ];
        *counts.entry(facts).or_default() += 1;
        demands.push(demand);
    }
    let mut rows = Vec::new();
    for demand in demands.iter().rev().take(SHOWN) {
        let left = left.get(&demand.serial).copied();
        rows.push(row(books, demand, left, now).await?);
    }
    let counts = counts
        .into_iter()
        .map(|([authority, kind, outcome], count)| DemandCount {
            authority,
            kind,
            outcome,
            count: U64(count),
        });
    Ok(DemandsView {
        total: U64(register.demands),
        left_out: U64(demands.len().saturating_sub(SHOWN) as u64),
        counts: counts.collect(),
        demands: rows,
    })
}

fn name(names: &[&str], place: u8) -> String {
    names
        .get(usize::from(place))
        .copied()
        .unwrap_or("")
        .to_owned()
}

fn class(demand: &Demand) -> String {
    name(AUTHORITY_CLASSES, demand.class)
}

/// Whom a demand names, and how many; nothing while it is sealed.
fn kind(demand: &Demand) -> Option<String> {
    let kind = match (name(SUBJECT_KINDS, demand.subjects).as_str(), demand.named) {
        ("all", _) => "everybody".to_owned(),
        (kind, count) => format!("{count} {kind}"),
    };
    (!demand.is_sealed()).then_some(kind)
}

/// The objects of a kind with the numbers from 1 to `last`.
async fn all(books: &Books, kind: u8, last: u64) -> Result<Vec<Object>, Refused> {
    let asked: Vec<_> = (1..=last)
        .map(|number| (kind, (number.into(), 0)))
        .collect();
    let mut objects = Vec::with_capacity(asked.len());
    for some in asked.chunks(BATCH_EVENTS) {
        objects.extend(books.objects(some.to_vec()).await?.into_iter().flatten());
    }
    Ok(objects)
}

async fn row(
    books: &Books,
    demand: &Demand,
    left: Option<Left>,
    now: u64,
) -> Result<DemandRow, Refused> {
    let entry = books.demand_entry(demand).await?;
    let is_sealed = demand.is_sealed();
    let asked = if is_sealed {
        None
    } else {
        books.demand_scopes(demand.serial).await?.ok()
    };
    let some = |value: u64| (value != 0).then_some(U64(value));
    Ok(DemandRow {
        serial: U64(demand.serial),
        authority: asked.as_ref().map(|one| one.asked.authority.to_string()),
        class: class(demand),
        kind: kind(demand),
        basis: entry.map(|entry| entry.basis).unwrap_or_default(),
        purpose: asked.map(|one| one.asked.purpose.clone()),
        state: name(DEMAND_STATES, demand.state),
        narrowed: demand.is_narrowed(),
        received: some(demand.received),
        answered: some(demand.answered),
        opens: if is_sealed { some(demand.opens) } else { None },
        overdue: demand.overdue == 1 || is_sealed && demand.opens <= now,
        rows: left.map(|left| U64(left.rows)),
        accounts: left
            .filter(|left| left.accounts > 0)
            .map(|left| U64(left.accounts)),
        bulk: demand.subjects == 0 && left.is_some_and(|left| left.raw),
        sealed: is_sealed,
    })
}
