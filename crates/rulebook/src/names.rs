//! Names that rules use and the model has no list of.

use model::ActFacts;
use model::rule::{Measure, Per, Relation, Window};

/// Products: groups of acts by a name, so that a rule speaks of payments and not of their numbers.
/// Credit has no acts yet: it is raw transfers with the code 900, by which loans are paid out.
pub const PRODUCTS: &[(&str, &[u16])] = &[
    ("wallet", &[30, 31]),
    ("payment", &[32, 33, 34, 39, 42]),
    ("sharing", &[35, 36]),
    ("exchange", &[48]),
    ("gift", &[90, 91]),
    ("marketplace", &[73, 75, 76, 78, 79]),
    ("payout", &[46, 47, 50]),
    ("credit", &[900]),
];

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

#[cfg(test)]
mod tests {
    use super::PRODUCTS;
    use model::ActFacts;

    #[test]
    fn products_are_groups_of_acts() {
        let acts = |name| {
            let (_, kinds) = PRODUCTS.iter().find(|(other, _)| *other == name).unwrap();
            let names = kinds
                .iter()
                .map(|kind| ActFacts::numbered(*kind).unwrap().name);
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(acts("wallet"), "top_up withdraw");
        assert_eq!(
            acts("payment"),
            "pay pay_split pay_shared capture request_pay"
        );
        assert_eq!(acts("sharing"), "share share_finish");
        assert_eq!(acts("exchange"), "exchange");
        assert_eq!(acts("gift"), "gift_send gift_claim");
        assert_eq!(
            acts("marketplace"),
            "order_pay order_confirm order_cancel claim_decide order_refund"
        );
        assert_eq!(acts("payout"), "payout payout_batch sweep");
        let mut all: Vec<_> = PRODUCTS.iter().flat_map(|(_, kinds)| *kinds).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "no kind is in two products");
        assert!(PRODUCTS.iter().all(|(_, kinds)| !kinds.is_empty()));
    }
}
