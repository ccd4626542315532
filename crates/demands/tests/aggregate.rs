//! Aggregates: small cells are not shown, noise cannot be averaged away, budgets run out.

use std::collections::BTreeSet;

use demands::aggregate::{Asking, Budget, BudgetError, By, Epsilon, Fact, Question, QuestionError};
use demands::aggregate::{Rest, Table};
use demands::{DAY, SECOND, Scope};
use expect_test::expect;

const SECRET: [u8; 32] = [42; 32];
const AUTHORITY: u128 = 0xaa;
/// 2026-01-01 and the end of 2026-01-03.
const FROM: u64 = 1_767_225_600;
const TO: u64 = FROM + 3 * DAY;

fn scope(reference: &str) -> Scope {
    let text = format!(
        "counterfoil/demand/v1
authority 000000000000000000000000000000aa
reference {reference}
basis Statistics Act 7
purpose payments by day
subjects all
roles owner
fields account,time,kind,amount
kinds pay,withdraw
from 2026-01-01T00:00:00Z
to 2026-01-04T00:00:00Z
sealed no
"
    );
    Scope::parse(&text).expect("whole")
}

fn asking(by: &[By], over: u32, under: u32) -> Asking {
    Asking {
        by: by.iter().copied().collect(),
        tiers: 3,
        sums: None,
        rows: 1,
        minimum: 5,
        epsilon: Epsilon::new(over, under).expect("a fraction"),
    }
}

fn question(reference: &str, asking: Asking) -> Question {
    Question::new(scope(reference), asking).expect("a question")
}

fn fact(party: u128, day: u64) -> Fact<'static> {
    Fact {
        party,
        time: (FROM + day * DAY + 60) * SECOND,
        kind: "pay",
        tier: 1,
        amount: 250,
    }
}

/// So many parties with one row each, on a day; others on each day.
fn crowd(parties: u128, day: u64) -> impl Iterator<Item = Fact<'static>> {
    (1..=parties).map(move |party| fact(party + 1_000_000 * u128::from(day), day))
}

fn answer(question: &Question, facts: impl IntoIterator<Item = Fact<'static>>) -> Table {
    let mut budget = Budget::new(AUTHORITY, u32::MAX);
    let allowed = budget.ask(question, TO).expect("there is budget");
    allowed.answer(&SECRET, facts).expect("an answer")
}

#[test]
fn a_table_as_it_stands() {
    let asked = Asking {
        sums: Some(300),
        ..asking(&[By::Day, By::Kind], 2, 1)
    };
    let facts = crowd(1_000, 0).chain((2_000..2_003).map(|party| fact(party, 1)));
    let table = answer(&question("Q-1", asked), facts);
    expect![[r"
        day,kind,tier,count,sum
        2026-01-01,pay,,1000,250187
        5 small cells left out,,,,
    "]]
    .assert_eq(&table.to_string().replace('\r', ""));
    expect![[r"
        counterfoil/question/v1
        scope 6b89ba6b41f7fbe77730d95f3d2d4b3613dbd150334d3bd0f9c795846fe53094
        day yes
        kind yes
        tier no
        tiers 3
        sums 300
        rows 1
        minimum 5
        epsilon 2/1
    "]]
    .assert_eq(&table.question);
}

/// Cells of fewer parties than the minimum are never shown, whatever the noise.
#[test]
fn small_cells_are_not_shown() {
    for number in 0..200 {
        let question = question(&format!("S-{number}"), asking(&[By::Day], 1, 10));
        let facts = crowd(500, 0).chain(crowd(4, 1)).chain(crowd(3, 2));
        let table = answer(&question, facts);
        assert!(
            table.cells.iter().all(|cell| cell.day == Some(FROM / DAY)),
            "{table}"
        );
        let (Rest::Merged { cells, .. } | Rest::LeftOut { cells }) = table.rest else {
            panic!("two cells are small");
        };
        assert_eq!(cells + table.cells.len(), 3);
        assert_eq!(table.minimum, 5);
    }
}

/// Together they are shown if they are large enough; one alone never is.
#[test]
fn small_cells_are_merged() {
    let merged = (0..40).filter(|number| {
        let question = question(&format!("M-{number}"), asking(&[By::Day, By::Tier], 4, 1));
        let small = (0..3).flat_map(|day| {
            (0..4).map(move |party| fact(10_000 + 10 * u128::from(day) + party, day))
        });
        let table = answer(
            &question,
            crowd(500, 0)
                .map(|fact| Fact { tier: 0, ..fact })
                .chain(small),
        );
        assert_eq!(table.cells.len(), 1);
        match table.rest {
            Rest::Merged { cells, count, .. } => {
                assert_eq!(cells, 8);
                count >= 5
            }
            Rest::LeftOut { .. } | Rest::None => false,
        }
    });
    assert!(merged.count() > 30);
    let question = question("M", asking(&[By::Day], 4, 1));
    let facts = crowd(500, 0).chain(crowd(500, 1)).chain(crowd(4, 2));
    assert_eq!(answer(&question, facts).rest, Rest::LeftOut { cells: 1 });
}

/// The attack: ask again and again, and take the mean. The same question gives the same answer and
/// costs nothing; other questions cost, and end before their mean is exact.
#[test]
fn averaging_gains_nothing() {
    let exact = 1_000;
    let mut budget = Budget::new(AUTHORITY, 1_000);
    let ask = |budget: &mut Budget, question: &Question| {
        let allowed = budget.ask(question, TO)?;
        let table = allowed.answer(&SECRET, crowd(exact, 0)).expect("an answer");
        Ok::<_, BudgetError>(table.cells[0].count)
    };
    let asked = asking(&[By::Day], 1, 100);
    let question = question("A", asked.clone());
    let first = ask(&mut budget, &question).expect("budget");
    assert_ne!(first, 1_000, "this seed has noise");
    assert_eq!(budget.left(), 990);
    for _ in 0..1_000 {
        assert_eq!(ask(&mut budget, &question), Ok(first));
    }
    assert_eq!(budget.left(), 990, "the same question costs nothing more");
    // The same fraction, written otherwise, is the same question.
    let same = Asking {
        epsilon: Epsilon::new(10, 1_000).expect("a fraction"),
        ..asked.clone()
    };
    assert_eq!(ask(&mut budget, &self::question("A", same)), Ok(first));
    // Any change makes another question, which is paid for.
    let others: Vec<i128> = (0..)
        .map(|number| self::question(&format!("A-{number}"), asked.clone()))
        .map_while(|question| ask(&mut budget, &question).ok())
        .collect();
    assert_eq!((others.len(), budget.left()), (99, 0));
    let spread: BTreeSet<i128> = others.iter().copied().collect();
    assert!(spread.len() > 60, "each has noise of its own: {spread:?}");
    let refused = ask(&mut budget, &self::question("B", asked));
    assert_eq!(refused, Err(BudgetError::Exhausted { cost: 10, left: 0 }));
    assert_eq!(
        ask(&mut budget, &question),
        Ok(first),
        "what was paid for stays"
    );
}

#[test]
fn budgets_only_shrink() {
    let mut budget = Budget::new(AUTHORITY, 100);
    let dear = question("D", asking(&[], 1, 5));
    let refused = budget.ask(&dear, TO).expect_err("200 is more than 100");
    assert_eq!(
        refused.to_string(),
        "the question costs 200 thousandths of epsilon, and 100 are left"
    );
    assert_eq!(budget.left(), 100, "what is refused costs nothing");
    let cheap = question("C", asking(&[], 1, 3_000));
    assert_eq!(cheap.cost(), 1, "rounded up: nothing is free");
    assert_eq!(
        budget.ask(&cheap, TO - 1).map(|_| ()),
        Err(BudgetError::Unended)
    );
    assert_eq!(budget.ask(&cheap, TO).map(|allowed| allowed.cost()), Ok(1));
    assert_eq!(budget.ask(&cheap, TO).map(|allowed| allowed.cost()), Ok(0));
    let entries: Vec<_> = budget.entries().collect();
    assert_eq!(entries, [(cheap.digest(), 1)]);
    assert_eq!(Budget::restore(AUTHORITY, 100, entries.clone()), Ok(budget));
    let twice = entries.iter().chain(&entries).copied();
    assert_eq!(
        Budget::restore(AUTHORITY, 100, twice),
        Err(BudgetError::Entries)
    );
    assert_eq!(
        Budget::restore(AUTHORITY, 0, entries),
        Err(BudgetError::Entries)
    );
    let other = Budget::new(0xab, 100).ask(&cheap, TO).map(|_| ());
    assert_eq!(other, Err(BudgetError::Authority));
}

/// However much one party does, it moves a cell by its bound alone.
#[test]
fn one_party_counts_within_its_bound() {
    let asked = Asking {
        rows: 3,
        sums: Some(1_000),
        ..asking(&[], 1, 1)
    };
    let question = question("P", asked);
    let without = answer(&question, crowd(1_000, 0));
    let rich = (0..50_000).map(|_| Fact {
        amount: u128::MAX,
        ..fact(7_777, 0)
    });
    let with = answer(&question, crowd(1_000, 0).chain(rich));
    let (before, after) = (&without.cells[0], &with.cells[0]);
    assert_eq!(after.count - before.count, 3);
    assert_eq!(after.sum.zip(before.sum).map(|(a, b)| a - b), Some(3_000));
}

#[test]
fn another_secret_is_other_noise() {
    let question = question("N", asking(&[By::Day], 1, 100));
    let counts: BTreeSet<i128> = (0..30)
        .map(|secret| {
            let mut budget = Budget::new(AUTHORITY, 10);
            let allowed = budget.ask(&question, TO).expect("budget");
            let table = allowed
                .answer(&[secret; 32], crowd(5_000, 0))
                .expect("an answer");
            table.cells[0].count
        })
        .collect();
    assert!(counts.len() > 20, "{counts:?}");
    let mean = counts.iter().sum::<i128>() / counts.len() as i128;
    assert!((4_800..5_200).contains(&mean), "{mean}");
}

#[test]
fn what_is_no_question_is_refused() {
    let with = |change: &dyn Fn(&mut Asking)| {
        let mut asked = asking(&[By::Day], 1, 1);
        change(&mut asked);
        Question::new(scope("W"), asked).map(|_| ())
    };
    assert_eq!(with(&|_| ()), Ok(()));
    for change in [
        &|asked: &mut Asking| asked.tiers = 0,
        &|asked: &mut Asking| asked.tiers = 17,
        &|asked: &mut Asking| asked.rows = 0,
        &|asked: &mut Asking| asked.minimum = 2,
        &|asked: &mut Asking| asked.minimum = 101,
        &|asked: &mut Asking| asked.sums = Some(0),
    ] as [&dyn Fn(&mut Asking); 6]
    {
        assert_eq!(with(change), Err(QuestionError::Bounds));
    }
    let text = scope("W").to_string();
    let named = text.replace("all", "accounts 00000000000000000000000000000001");
    let asked = asking(&[By::Kind], 1, 1);
    let refused = |text: &str| {
        let scope = Scope::parse(text).expect("whole");
        Question::new(scope, asked.clone()).map(|_| ())
    };
    assert_eq!(refused(&named), Err(QuestionError::Named));
    let any = text.replace("kinds pay,withdraw", "kinds any");
    assert_eq!(refused(&any), Err(QuestionError::Kinds));
    let long = text.replace("to 2026-01-04", "to 2076-01-04");
    let asked = asking(&[By::Day, By::Kind], 1, 1);
    let error = Question::new(Scope::parse(&long).expect("whole"), asked).expect_err("too many");
    assert_eq!(error, QuestionError::Cells { cells: 2 * 18_265 });
    assert_eq!(Epsilon::new(0, 1), None);
    assert_eq!(Epsilon::new(1, 0), None);
    assert_eq!(Epsilon::new(1, 1_000_001), None);
    let question = question("W", asking(&[By::Kind, By::Tier], 1, 1));
    for outside in [
        Fact {
            time: TO * SECOND,
            ..fact(1, 0)
        },
        Fact {
            kind: "gift",
            ..fact(1, 0)
        },
        Fact {
            tier: 3,
            ..fact(1, 0)
        },
    ] {
        let mut budget = Budget::new(AUTHORITY, 1_000);
        let allowed = budget.ask(&question, TO).expect("budget");
        assert_eq!(
            allowed.answer(&SECRET, [outside]),
            Err(QuestionError::Outside)
        );
    }
}
