//! Demands for data in JSON.

use std::collections::{BTreeMap, BTreeSet};

use demands::aggregate::{Asking, By, Epsilon};
use demands::scope::Asked;
use demands::{
    Field, Kind as RecordKind, Period, Roles, Scope, Subjects, id_text, read_second, second_text,
};
use engine::Seen;
use model::object::{Demand, Disclosure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Currencies, object_view, parse_u128};
use crate::problem::{Kind, Problem};

/// A demand for data: as a scope's text, as its fields, or as a message of ISO 20022 (auth.001).
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDemand {
    /// Class of the authority: `court`, `police`, `tax`, `customs`, `supervision`, `intelligence`,
    /// `competition`, `privacy` or `other`.
    pub class: String,
    /// The authority's Ed25519 signature over the text of the scope, or over the message: 128
    /// hexadecimal digits.
    pub signature: String,
    /// The text of the scope.
    pub scope: Option<String>,
    /// The scope by its fields; what is signed is its text.
    pub asked: Option<NewScope>,
    /// The message auth.001, whole.
    pub message: Option<String>,
    /// Of a message: the party that asks.
    pub authority: Option<String>,
    /// Of a message: what it is for, where it does not say so itself.
    pub purpose: Option<String>,
    /// Of a message that is confidential: when it is opened at the latest, `2027-01-01T00:00:00Z`.
    pub sealed: Option<String>,
}

/// A scope by its fields.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewScope {
    /// The party that asks.
    pub authority: String,
    /// Its own reference.
    pub reference: String,
    /// By what right.
    pub basis: String,
    /// What for.
    pub purpose: String,
    /// Whom it names, by `persons`, `accounts` or `transfers`; nobody is everyone.
    #[serde(default)]
    pub subjects: BTreeMap<String, Vec<String>>,
    /// `owner`, which it is where it is left out, or `any`.
    pub roles: Option<String>,
    /// Which fields. Those that place a row are added.
    pub fields: Vec<String>,
    /// Which kinds of records or acts; any where it is left out.
    pub kinds: Option<Vec<String>>,
    /// From this second on, `2026-01-01T00:00:00Z`.
    pub from: String,
    /// To the second before this one.
    pub to: String,
    /// When it is opened at the latest; left out where it is not sealed.
    pub sealed: Option<String>,
}

/// How a demand that names nobody is answered.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewQuestion {
    /// What cells are made by: `day`, `kind`, `tier`.
    #[serde(default)]
    pub by: Vec<String>,
    /// Tiers there are, where cells are made by them.
    pub tiers: Option<u8>,
    /// With which amount a row counts at most, if sums are asked for; in minor units.
    pub sums: Option<u64>,
    /// How many rows of a party count.
    pub rows: u32,
    /// How many parties a cell has at least.
    pub minimum: u32,
    /// How private the answer is: `1/2`, `1`.
    pub epsilon: String,
}

fn wrong(pointer: &str, detail: impl Into<String>) -> Problem {
    Problem::new(Kind::Invalid, detail.into()).at(pointer)
}

fn id(pointer: &str, text: &str) -> Result<u128, Problem> {
    parse_u128(text).ok_or_else(|| wrong(pointer, "An id is decimal or 0x hexadecimal."))
}

fn second(pointer: &str, text: &str) -> Result<u64, Problem> {
    let detail = "A moment is written as 2026-01-01T00:00:00Z.";
    read_second(text).ok_or_else(|| wrong(pointer, detail))
}

impl NewScope {
    /// The scope, where it is whole.
    pub fn scope(&self) -> Result<Scope, Problem> {
        let subjects = self.subjects()?;
        let mut fields: BTreeSet<Field> = subjects.needs().iter().copied().collect();
        for name in &self.fields {
            let field = Field::from_name(name);
            let detail = "It is the name of no field; docs/demands.md lists them.";
            fields.insert(field.ok_or_else(|| wrong("/asked/fields", detail))?);
        }
        let kinds = self.kinds.as_ref().map(|kinds| {
            let kinds = kinds.iter().map(|kind| {
                let detail = "A kind is small letters, digits and _.";
                RecordKind::new(kind).ok_or_else(|| wrong("/asked/kinds", detail))
            });
            kinds.collect::<Result<BTreeSet<_>, _>>()
        });
        let roles = match self.roles.as_deref() {
            None | Some("owner") => Roles::Owner,
            Some("any") => Roles::Any,
            Some(_) => return Err(wrong("/asked/roles", "Roles are owner or any.")),
        };
        let sealed = self.sealed.as_deref();
        let sealed = sealed.map(|text| second("/asked/sealed", text));
        let asked = Asked {
            authority: id("/asked/authority", &self.authority)?,
            reference: self.reference.clone(),
            basis: self.basis.clone(),
            purpose: self.purpose.clone(),
            subjects,
            roles,
            fields,
            kinds: kinds.transpose()?,
            period: Period {
                from: second("/asked/from", &self.from)?,
                to: second("/asked/to", &self.to)?,
            },
            sealed: sealed.transpose()?,
        };
        Scope::new(asked).map_err(|error| wrong("/asked", format!("{error}.")))
    }

    fn subjects(&self) -> Result<Subjects, Problem> {
        let mut all = self.subjects.iter();
        let Some((name, ids)) = all.next() else {
            return Ok(Subjects::All);
        };
        let at = "/asked/subjects";
        if all.next().is_some() {
            return Err(wrong(at, "A demand names persons, accounts or transfers."));
        }
        let ids: BTreeSet<u128> = ids
            .iter()
            .map(|text| id(at, text))
            .collect::<Result<_, _>>()?;
        match name.as_str() {
            "persons" => Ok(Subjects::Persons(ids)),
            "accounts" => Ok(Subjects::Accounts(ids)),
            "transfers" => Ok(Subjects::Transfers(ids)),
            _ => Err(wrong(at, "A demand names persons, accounts or transfers.")),
        }
    }
}

impl NewQuestion {
    /// The question, as far as it can be told without its scope.
    pub fn asking(&self) -> Result<Asking, Problem> {
        let mut by = BTreeSet::new();
        for name in &self.by {
            by.insert(match name.as_str() {
                "day" => By::Day,
                "kind" => By::Kind,
                "tier" => By::Tier,
                _ => return Err(wrong("/by", "Cells are made by day, kind or tier.")),
            });
        }
        let (over, under) = self.epsilon.split_once('/').unwrap_or((&self.epsilon, "1"));
        let part = |text: &str| text.parse::<u32>().ok();
        let epsilon = part(over).zip(part(under));
        let epsilon = epsilon.and_then(|(over, under)| Epsilon::new(over, under));
        let detail = "Epsilon is a whole number or a fraction, as 1 or 1/2.";
        Ok(Asking {
            by,
            tiers: self.tiers.unwrap_or(1),
            sums: self.sums,
            rows: self.rows,
            minimum: self.minimum,
            epsilon: epsilon.ok_or_else(|| wrong("/epsilon", detail))?,
        })
    }
}

/// A scope by its fields.
pub fn scope_view(scope: &Scope) -> Value {
    let ids = |ids: &BTreeSet<u128>| ids.iter().map(|id| id_text(*id)).collect::<Vec<_>>();
    let subjects = match &scope.subjects {
        Subjects::All => json!({}),
        Subjects::Persons(all) => json!({ "persons": ids(all) }),
        Subjects::Accounts(all) => json!({ "accounts": ids(all) }),
        Subjects::Transfers(all) => json!({ "transfers": ids(all) }),
    };
    let kinds = scope.kinds.as_ref();
    let kinds = kinds.map(|kinds| kinds.iter().map(RecordKind::as_str).collect::<Vec<_>>());
    json!({
        "authority": scope.authority.to_string(),
        "reference": scope.reference,
        "basis": scope.basis,
        "purpose": scope.purpose,
        "subjects": subjects,
        "roles": if scope.roles == Roles::Any { "any" } else { "owner" },
        "fields": scope.fields.iter().map(|field| field.name()).collect::<Vec<_>>(),
        "kinds": kinds,
        "from": second_text(scope.period.from),
        "to": second_text(scope.period.to),
        "sealed": scope.sealed.map(second_text),
    })
}

/// A demand as its record has it, its digests whole.
pub fn demand_view(demand: &Demand, currencies: &Currencies) -> Value {
    let mut view = object_view(&(*demand).into(), currencies);
    whole(&mut view, "asked", (demand.asked, demand.asked_more));
    whole(&mut view, "scope", (demand.scope, demand.scope_more));
    view["narrowed"] = demand.is_narrowed().into();
    view["sealed"] = demand.is_sealed().into();
    view
}

/// A disclosure as its record has it, its digests whole.
pub fn disclosure_view(disclosure: &Disclosure, currencies: &Currencies) -> Value {
    let mut view = object_view(&(*disclosure).into(), currencies);
    whole(
        &mut view,
        "digest",
        (disclosure.digest, disclosure.digest_more),
    );
    whole(
        &mut view,
        "scope",
        (disclosure.scope, disclosure.scope_more),
    );
    view
}

/// Puts a digest in the place of its halves, in 64 hexadecimal digits.
fn whole(view: &mut Value, name: &str, (first, second): (u128, u128)) {
    let halves = [first, second].map(|half| format!("{:032x}", half.swap_bytes()));
    view[name] = halves.concat().into();
    if let Some(view) = view.as_object_mut() {
        view.remove(&format!("{name}_more"));
    }
}

/// What a person sees of a demand that concerns them.
pub fn seen_view(seen: &Seen, currencies: &Currencies) -> Value {
    let disclosures = seen.disclosures.iter();
    let disclosures: Vec<_> = disclosures
        .map(|disclosure| disclosure_view(disclosure, currencies))
        .collect();
    let (asked, narrowed) = &seen.salts;
    json!({
        "demand": demand_view(&seen.demand, currencies),
        "asked": scope_view(&seen.asked),
        "asked_text": seen.asked.to_string(),
        "asked_salt": demands::digest_text(asked),
        "narrowed": seen.narrowed.as_ref().map(scope_view),
        "narrowed_text": seen.narrowed.as_ref().map(ToString::to_string),
        "narrowed_salt": narrowed.as_ref().map(demands::digest_text),
        "disclosures": disclosures,
    })
}
