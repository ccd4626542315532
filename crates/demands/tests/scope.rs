//! Scopes: their text, and that narrowing is narrowing.

use std::collections::BTreeSet;

use demands::scope::Asked;
use demands::{Field, Kind, Period, Place, Roles, Scope, ScopeError, Subjects};
use proptest::prelude::*;
use proptest::sample::subsequence;

/// Few ids and times, so that scopes and rows meet.
const IDS: std::ops::RangeInclusive<u128> = 1..=4;
const KINDS: [&str; 3] = ["pay", "refund", "withdraw"];

fn ids() -> impl Strategy<Value = BTreeSet<u128>> {
    prop::collection::btree_set(IDS, 1..4)
}

fn subjects() -> impl Strategy<Value = Subjects> {
    prop_oneof![
        Just(Subjects::All),
        ids().prop_map(Subjects::Persons),
        ids().prop_map(Subjects::Accounts),
        ids().prop_map(Subjects::Transfers),
    ]
}

fn kinds() -> impl Strategy<Value = Option<BTreeSet<Kind>>> {
    let some = subsequence(&KINDS[..], 1..=3);
    let some = some.prop_map(|all| all.into_iter().filter_map(Kind::new).collect());
    prop::option::of(some)
}

prop_compose! {
    fn scope()(
        subjects in subjects(),
        roles in prop_oneof![Just(Roles::Owner), Just(Roles::Any)],
        fields in subsequence(Field::ALL, 0..=Field::ALL.len()),
        kinds in kinds(),
        from in 0u64..8,
        length in 1u64..8,
        sealed in prop::option::of(100u64..104),
        texts in prop::array::uniform3("[ -~]{0,8}[!-~äß李]"),
    ) -> Scope {
        let [reference, basis, purpose] = texts.map(|text| text.trim().to_owned());
        let fields = fields.into_iter().chain(subjects.needs().iter().copied()).collect();
        let period = Period { from, to: from + length };
        let asked = Asked {
            authority: 9, reference, basis, purpose, subjects, roles, fields, kinds, period, sealed,
        };
        Scope::new(asked).expect("whole")
    }
}

prop_compose! {
    fn place()(
        account in IDS,
        second in 0u64..16,
        nanosecond in 0u64..1_000_000_000,
        kind in 0usize..4,
        others in prop::array::uniform4(prop::option::of(IDS)),
    ) -> Place<'static> {
        let [transfer, party, counterparty_account, counterparty_party] = others;
        Place {
            account,
            time: second * 1_000_000_000 + nanosecond,
            kind: ["pay", "refund", "withdraw", "gift"][kind],
            transfer,
            party,
            counterparty_account,
            counterparty_party,
        }
    }
}

/// A scope and one that was narrowed from it, in each way or in none.
fn narrowed() -> impl Strategy<Value = (Scope, Scope)> {
    (scope(), any::<[u8; 8]>()).prop_map(|(wide, how)| {
        let mut asked = wide.clone().into_asked();
        let keep = |ids: BTreeSet<u128>| {
            let first = *ids.first().expect("one at least");
            let mut kept = ids;
            kept.retain(|id| *id == first || how[0] & (1 << id) == 0);
            kept
        };
        asked.subjects = match asked.subjects {
            Subjects::All if how[0] % 2 == 0 => Subjects::Accounts(BTreeSet::from([1, 2])),
            Subjects::All => Subjects::All,
            Subjects::Persons(ids) => Subjects::Persons(keep(ids)),
            Subjects::Accounts(ids) => Subjects::Accounts(keep(ids)),
            Subjects::Transfers(ids) => Subjects::Transfers(keep(ids)),
        };
        if how[1] % 2 == 0 {
            asked.roles = Roles::Owner;
        }
        let needs = asked.subjects.needs();
        asked.fields.retain(|field| {
            needs.contains(field) || !(*field as u8).is_multiple_of(how[2] % 5 + 2)
        });
        if how[3] % 2 == 0 {
            let kinds = asked
                .kinds
                .unwrap_or_else(|| Kind::new("gift").into_iter().collect());
            asked.kinds = Some(kinds.into_iter().take(1).collect());
        }
        let length = asked.period.to - asked.period.from;
        asked.period.from += u64::from(how[4]) % length;
        let length = asked.period.to - asked.period.from;
        asked.period.to -= u64::from(how[5]) % length;
        asked.sealed = match asked.sealed {
            Some(end) if how[6] % 3 == 1 => Some(end - u64::from(how[7]) % 100),
            Some(_) if how[6] % 3 == 2 => None,
            same => same,
        };
        (wide, Scope::new(asked).expect("whole"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(scope in scope()) {
        let text = scope.to_string();
        prop_assert_eq!(Scope::parse(&text), Ok(scope));
    }

    /// Any change of the text that is still a scope is another scope, and written as it was read.
    #[test]
    fn a_text_has_one_form(scope in scope(), at in any::<prop::sample::Index>(), letter in any::<char>()) {
        let mut letters: Vec<char> = scope.to_string().chars().collect();
        let at = at.index(letters.len());
        letters[at] = letter;
        let text: String = letters.into_iter().collect();
        if let Ok(other) = Scope::parse(&text) {
            prop_assert_eq!(other.to_string(), text);
        }
    }

    #[test]
    fn a_narrowed_scope_is_contained((wide, narrow) in narrowed(), place in place()) {
        prop_assert!(wide.contains(&narrow), "{wide}{narrow}");
        prop_assert!(wide.contains(&wide));
        if narrow != wide {
            prop_assert!(!narrow.contains(&wide), "{wide}{narrow}");
        }
        if narrow.covers(&place) {
            prop_assert!(wide.covers(&place), "{wide}{narrow}{place:?}");
        }
    }

    /// Whatever one of two scopes contains of the other is seen in every row and field.
    #[test]
    fn nothing_outside_is_admitted(one in scope(), other in scope(), place in place()) {
        if one.contains(&other) {
            prop_assert!(one.reference == other.reference && one.basis == other.basis);
        }
        let mut asked = other.into_asked();
        asked.reference.clone_from(&one.reference);
        asked.basis.clone_from(&one.basis);
        asked.purpose.clone_from(&one.purpose);
        let other = Scope::new(asked).expect("whole");
        for field in Field::ALL {
            let admits = other.admits(&place, *field);
            if one.contains(&other) && admits {
                prop_assert!(one.admits(&place, *field));
            }
            prop_assert_eq!(admits, naive(&other, &place, *field));
        }
    }

    /// What is contained in a narrowed scope is contained in the wide one.
    #[test]
    fn containing_is_an_order((wide, middle) in narrowed(), other in scope()) {
        let mut asked = other.into_asked();
        asked.reference.clone_from(&wide.reference);
        asked.basis.clone_from(&wide.basis);
        asked.purpose.clone_from(&wide.purpose);
        let other = Scope::new(asked).expect("whole");
        if middle.contains(&other) {
            prop_assert!(wide.contains(&other));
        }
        if other.contains(&wide) {
            prop_assert!(other.contains(&middle));
        }
        if wide.contains(&other) && other.contains(&wide) {
            prop_assert_eq!(wide, other);
        }
    }
}

/// The rule in other words: everything that is restricted must be met.
fn naive(scope: &Scope, place: &Place<'_>, field: Field) -> bool {
    let any = scope.roles == Roles::Any;
    let about = match &scope.subjects {
        Subjects::All => true,
        Subjects::Persons(ids) => ids
            .iter()
            .any(|id| place.party == Some(*id) || (any && place.counterparty_party == Some(*id))),
        Subjects::Accounts(ids) => ids
            .iter()
            .any(|id| place.account == *id || (any && place.counterparty_account == Some(*id))),
        Subjects::Transfers(ids) => ids.iter().any(|id| place.transfer == Some(*id)),
    };
    let from = u128::from(scope.period.from) * 1_000_000_000;
    let to = u128::from(scope.period.to) * 1_000_000_000;
    let time = u128::from(place.time);
    let kind = scope.kinds.as_ref().map(|kinds| {
        let kinds: Vec<&str> = kinds.iter().map(Kind::as_str).collect();
        kinds.contains(&place.kind)
    });
    let asked = scope.fields.iter().any(|one| *one == field);
    about && asked && from <= time && time < to && kind.unwrap_or(true)
}

const TEXT: &str = "counterfoil/demand/v1
authority 000000000000000000000000000000aa
reference INV-2026-0042
basis Criminal Procedure Act, section 94
purpose tracing of a fraud
subjects persons 00000000000000000000000000000007,00000000000000000000000000000008
roles owner
fields account,time,kind,party,amount
kinds pay,withdraw
from 2026-01-01T00:00:00Z
to 2026-02-01T00:00:00Z
sealed 2027-01-01T00:00:00Z
";

/// What widens it, so that it is not contained.
const WIDER: &[(&str, &str)] = &[
    (
        "authority 000000000000000000000000000000aa",
        "authority 000000000000000000000000000000ab",
    ),
    ("INV-2026-0042", "INV-2026-0043"),
    ("section 94", "section 95"),
    ("of a fraud", "of anything"),
    (
        "subjects persons 00000000000000000000000000000007,00000000000000000000000000000008",
        "subjects all",
    ),
    (
        "00000000000000000000000000000008",
        "00000000000000000000000000000009",
    ),
    ("roles owner", "roles any"),
    ("party,amount", "party,amount,balance"),
    ("kinds pay,withdraw", "kinds any"),
    ("kinds pay,withdraw", "kinds gift,pay"),
    ("from 2026-01-01T00:00:00Z", "from 2025-12-31T23:59:59Z"),
    ("to 2026-02-01T00:00:00Z", "to 2026-02-01T00:00:01Z"),
    ("sealed 2027-01-01T00:00:00Z", "sealed 2027-01-01T00:00:01Z"),
];

#[test]
fn widening_is_not_contained() {
    let scope = Scope::parse(TEXT).expect("whole");
    assert_eq!(scope.to_string(), TEXT);
    for (stands, instead) in WIDER {
        assert!(TEXT.contains(stands), "{stands}");
        let wider = Scope::parse(&TEXT.replacen(stands, instead, 1)).expect(instead);
        assert!(!scope.contains(&wider), "{instead}");
    }
}

/// What is no scope, and what is said of it.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "v1\n",
        "v2\n",
        "line 1 of the scope is not counterfoil/demand/v1",
    ),
    (
        "v1\n",
        "v1\r\n",
        "line 1 of the scope is not counterfoil/demand/v1",
    ),
    (
        "0aa\n",
        "0AA\n",
        "line 2 of the scope is not authority and 32 hex digits",
    ),
    (
        "0aa\n",
        "aa\n",
        "line 2 of the scope is not authority and 32 hex digits",
    ),
    (
        "authority 000000000000000000000000000000aa",
        "authority 00000000000000000000000000000000",
        "the authority is 0, which is nobody",
    ),
    (
        "reference ",
        "reference  ",
        "the reference is not 1 to 140 bytes without control characters and outer spaces",
    ),
    (
        "INV-2026-0042",
        "",
        "the reference is not 1 to 140 bytes without control characters and outer spaces",
    ),
    (
        "section 94",
        "section\t94",
        "the basis is not 1 to 480 bytes without control characters and outer spaces",
    ),
    (
        "of a fraud",
        "of a\u{202E} fraud",
        "the purpose is not 1 to 2048 bytes without control characters and outer spaces",
    ),
    (
        "persons 0",
        "people 0",
        "line 6 of the scope is not subjects and all, or persons, accounts or transfers with ascending ids",
    ),
    (
        "7,00000000000000000000000000000008",
        "8,00000000000000000000000000000007",
        "line 6 of the scope is not subjects and all, or persons, accounts or transfers with ascending ids",
    ),
    (
        "7,00000000000000000000000000000008",
        "7,00000000000000000000000000000007",
        "line 6 of the scope is not subjects and all, or persons, accounts or transfers with ascending ids",
    ),
    (
        "00000000000000000000000000000007,",
        "00000000000000000000000000000000,",
        "subjects are 1 to 256 ids other than 0, or all",
    ),
    (
        "roles owner\n",
        "",
        "line 7 of the scope is not roles and owner or any",
    ),
    (
        "account,time",
        "time,account",
        "line 8 of the scope is not fields and their names in order",
    ),
    (
        "party,amount",
        "party,diary",
        "line 8 of the scope is not fields and their names in order",
    ),
    (
        "kind,party,",
        "kind,",
        "the field party is not asked for, and without it nobody can tell whether a row lies within",
    ),
    (
        "pay,withdraw",
        "withdraw,pay",
        "line 9 of the scope is not kinds and any, or ascending names",
    ),
    (
        "pay,withdraw",
        "any,pay",
        "line 9 of the scope is not kinds and any, or ascending names",
    ),
    (
        "from 2026-01-01T00:00:00Z",
        "from 2026-01-01T00:00:00+00:00",
        "line 10 of the scope is not from and a second in UTC",
    ),
    (
        "from 2026-01-01T00:00:00Z",
        "from 1969-12-31T23:59:59Z",
        "line 10 of the scope is not from and a second in UTC",
    ),
    (
        "from 2026-01-01T00:00:00Z",
        "from 2026-02-01T00:00:00Z",
        "the period does not begin before it ends",
    ),
    (
        "sealed 2027-01-01T00:00:00Z",
        "sealed yes",
        "line 12 of the scope is not sealed and no, or a second in UTC",
    ),
    (
        "00Z\nsealed 2027-01-01T00:00:00Z\n",
        "00Z\nsealed 2027-01-01T00:00:00Z",
        "line 12 of the scope is not sealed and no, or a second in UTC",
    ),
    (
        "sealed 2027-01-01T00:00:00Z\n",
        "sealed no\n\n",
        "there is more behind the last line of the scope",
    ),
];

#[test]
fn what_is_wrong_is_named() {
    for (stands, instead, said) in WRONG {
        assert!(TEXT.contains(stands), "{stands}");
        let text = TEXT.replacen(stands, instead, 1);
        let error = Scope::parse(&text).expect_err(instead);
        assert_eq!(error.to_string(), *said, "{instead}");
    }
    let long = TEXT.repeat(60);
    let bytes = long.len();
    assert_eq!(Scope::parse(&long), Err(ScopeError::TooLong { bytes }));
}
