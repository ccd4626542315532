//! Names that rules use and the model has no list of.

use model::ActFacts;
use model::rule::{Measure, Per, Relation, Window};

pub(crate) const RELATIONS: &[(&str, Relation)] = &[
    ("at_most", Relation::AtMost),
    ("below", Relation::Below),
    ("at_least", Relation::AtLeast),
    ("above", Relation::Above),
    ("equals", Relation::Equal),
];

pub(crate) const PERS: &[(&str, Per)] = &[
    ("party", Per::Party),
    ("account", Per::Account),
    ("pair", Per::Pair),
    ("everyone", Per::Everyone),
];

pub(crate) const WINDOWS: &[(&str, Window)] = &[
    ("day", Window::Day),
    ("week", Window::Week),
    ("month", Window::Month),
    ("quarter", Window::Quarter),
    ("year", Window::Year),
    ("lifetime", Window::Lifetime),
];

pub(crate) const MEASURES: &[(&str, Measure)] = &[("sum", Measure::Sum), ("count", Measure::Count)];

pub(crate) const SUBJECTS: &[&str] = &["payer", "payee"];

/// The name of an item in a list.
pub(crate) fn name_of<T: PartialEq>(names: &[(&'static str, T)], item: &T) -> Option<&'static str> {
    let named = names.iter().find(|(_, other)| other == item);
    named.map(|(name, _)| *name)
}

/// What an act is called, or the number of a code that is no act's.
pub(crate) fn kind_name(kind: u16) -> Option<&'static str> {
    ActFacts::numbered(kind).map(|facts| facts.name)
}
