//! Balances of the past: each account and the trial balance, as they stood then.

mod scenario;

use std::collections::BTreeMap;

use engine::{Books, By, Erase, TrialLine, erase};
use model::form::text_to_integer;
use model::object::{Role, account_of};
use model::record::Sums;
use model::transfer_flags::PENDING;
use model::{Account, ChartLineSet, Command, DayClose, JournalPost, QueryFilter, Transfer};
use scenario::{
    CREATED, MORNING, SECOND, Step, account, block_on, ending, every_kind, make, market, open,
    options, place, play, play_all, transfer,
};

const DAY: u64 = 86_400 * SECOND;

/// What the accounts add up to.
fn added(accounts: &[Account]) -> Vec<TrialLine> {
    let mut lines: BTreeMap<(u32, u16), TrialLine> = BTreeMap::new();
    for account in accounts {
        let line = lines.entry((account.ledger, account.code)).or_default();
        (line.ledger, line.code) = (account.ledger, account.code);
        line.accounts += 1;
        line.debits_posted += account.debits_posted;
        line.credits_posted += account.credits_posted;
        line.debits_pending += account.debits_pending;
        line.credits_pending += account.credits_pending;
    }
    lines.into_values().collect()
}

async fn accounts(books: &Books) -> Vec<Account> {
    let filter = QueryFilter {
        limit: 8_000,
        ..QueryFilter::default()
    };
    books.query_accounts(filter).await.expect("found")
}

/// Plays the steps, and asks after all of them what stood after each.
fn as_it_stood(steps: &[Step]) -> usize {
    let folder = place();
    make(folder.path(), 7);
    let books = open(folder.path());
    let mut stood = Vec::new();
    let mut time = 0;
    for step in steps {
        let results = block_on(play(&books, step)).expect("taken");
        if let Step::Clock(now) = step {
            time = *now;
        }
        let last = results.iter().map(|result| result.timestamp).max();
        time = time.max(last.unwrap_or(0));
        stood.push((time, block_on(accounts(&books))));
        assert_eq!(
            block_on(books.trial_balance(None)).expect("counted"),
            added(&stood.last().expect("one").1)
        );
    }
    // What was imported first is older than the morning.
    let stood: Vec<_> = stood
        .iter()
        .zip(&stood[1..])
        .filter(|((time, _), (next, _))| time < next)
        .map(|(one, _)| one)
        .collect();
    for (time, accounts) in stood.iter().copied() {
        let then = block_on(books.trial_balance(Some(*time))).expect("added up");
        assert_eq!(then, added(accounts), "{time}");
        for account in accounts.iter().take(12) {
            let sums = block_on(books.balance_at(account.id, *time, By::Booked)).expect("read");
            assert_eq!(sums, Some(Sums::from(account)), "{} at {time}", account.id);
        }
    }
    assert_eq!(
        block_on(books.balance_at(404, MORNING, By::Booked)).expect("read"),
        None
    );
    block_on(books.close()).expect("closed");
    stood.len()
}

#[test]
fn after_every_kind_of_step_it_is_known_later_what_stood_then() {
    assert!(as_it_stood(&every_kind()[4..]) + as_it_stood(&market(3, 600, 60).1) > 10);
    assert!(as_it_stood(&without_imports()) > 5);
}

fn without_imports() -> Vec<Step> {
    let mut steps = vec![Step::Clock(MORNING)];
    steps.extend(every_kind().split_off(5));
    steps.push(Step::Clock(MORNING + DAY));
    steps
}

#[test]
fn what_is_erased_counts_in_the_past() {
    let folder = place();
    make(folder.path(), 7);
    let books = open(folder.path());
    let timed = Transfer {
        timeout: 5,
        ..transfer(3, (1, 2), 40, PENDING)
    };
    play_all(
        &books,
        &[
            Step::Clock(MORNING),
            Step::Accounts(vec![account(1, 0), account(2, 0)]),
            Step::Transfers(vec![
                transfer(1, (1, 2), 100, 0),
                transfer(2, (2, 1), 30, PENDING),
                timed,
            ]),
            Step::Clock(MORNING + 10 * SECOND),
            Step::Transfers(vec![
                ending(4, 2, 20, model::transfer_flags::POST_PENDING),
                transfer(5, (1, 2), 7, 0),
            ]),
        ],
    );
    let times = [
        MORNING + SECOND,
        MORNING + 6 * SECOND,
        MORNING + 11 * SECOND,
    ];
    let all = |books: &Books| {
        let mut all = Vec::new();
        for time in times {
            let trial = block_on(books.trial_balance(Some(time))).expect("added up");
            let one = block_on(books.balance_at(1, time, By::Booked)).expect("read");
            let value = block_on(books.balance_at(2, time, By::Value)).expect("read");
            all.push((trial, one, value));
        }
        all
    };
    let before = all(&books);
    assert_eq!(
        before[2].1,
        Some(Sums {
            debits_posted: 107,
            credits_posted: 20,
            ..Sums::default()
        })
    );
    assert_eq!(before[0].1.map(|sums| sums.debits_pending), Some(40));
    block_on(books.close()).expect("closed");
    let order = Erase {
        books: options(folder.path()),
        transfers: vec![1, 2, 3],
        retention_days: 0,
    };
    let erased = block_on(erase(&order)).expect("erased");
    assert_eq!(erased.places.len(), 5, "with what ended two of them");
    let books = open(folder.path());
    assert!(
        block_on(books.lookup_transfers(vec![1, 2, 3]))
            .expect("asked")
            .is_empty()
    );
    assert_eq!(all(&books), before);
    block_on(books.close()).expect("closed");
}

#[test]
fn a_count_that_batches_run_through_is_of_one_moment() {
    const BATCH: u128 = 8_189;
    const BATCHES: u128 = 9;
    let folder = place();
    make(folder.path(), 7);
    let books = open(folder.path());
    for batch in 0..BATCHES {
        let new = (0..BATCH)
            .map(|i| account(batch * BATCH + i + 1, 0))
            .collect();
        let results = block_on(play(&books, &Step::Accounts(new))).expect("taken");
        assert!(results.iter().all(|result| result.status == CREATED));
    }
    let all = BATCH * BATCHES;
    let moves = |batch: u128| {
        let one = |i: u128| {
            let id = batch * BATCH + i + 1;
            // The first accounts are counted a stretch before the last.
            transfer(
                id,
                (i + 1, all - i),
                id,
                if id.is_multiple_of(3) { PENDING } else { 0 },
            )
        };
        books.create_transfers((0..BATCH).map(one).collect())
    };
    block_on(async {
        let (first, _, trial, _, _, second, _) = tokio::join!(
            moves(0),
            moves(1),
            books.trial_balance(None),
            moves(2),
            moves(3),
            books.trial_balance(None),
            moves(4)
        );
        assert!(
            first
                .expect("taken")
                .iter()
                .all(|result| result.status == CREATED)
        );
        for lines in [trial.expect("counted"), second.expect("counted")] {
            assert_eq!((lines.len(), u128::from(lines[0].accounts)), (1, all));
            assert_eq!(lines[0].debits_posted, lines[0].credits_posted);
            assert_eq!(lines[0].debits_pending, lines[0].credits_pending);
            assert!(lines[0].debits_posted > 0 && lines[0].debits_pending > 0);
        }
    });
    let then = block_on(books.trial_balance(Some(u64::MAX))).expect("added up");
    assert_eq!(block_on(books.trial_balance(None)).expect("counted"), then);
    block_on(books.close()).expect("closed");
}

fn command(id: u128, act: impl Into<model::Act>) -> Command {
    Command {
        id,
        act: act.into(),
        legs: Vec::new(),
    }
}

fn line(code: u16, class: u8, role: Role, name: &str) -> ChartLineSet {
    ChartLineSet {
        code,
        class,
        role: role as u8,
        name: text_to_integer(name).expect("short"),
        ..ChartLineSet::default()
    }
}

fn run(books: &Books, commands: Vec<Command>) {
    let results = block_on(books.commands(commands)).expect("taken");
    assert!(
        results.iter().all(|result| result.status == CREATED),
        "{results:?}"
    );
}

#[test]
fn an_entry_that_comes_late_leaves_the_closed_day_as_it_was() {
    let folder = place();
    make(folder.path(), 7);
    let books = open(folder.path());
    play_all(&books, &[Step::Clock(MORNING), Step::Ledger(978, "EUR", 2)]);
    let post = |amount, value_time| JournalPost {
        ledger: 978,
        amount,
        debit_code: 10,
        credit_code: 11,
        value_time,
        ..JournalPost::default()
    };
    run(
        &books,
        vec![
            command(1, line(10, 0, Role::Own, "Own money")),
            command(2, line(11, 3, Role::FeeIncome, "Fees")),
            command(3, post(500, 0)),
        ],
    );
    let evening = MORNING + DAY + SECOND;
    play_all(&books, &[Step::Clock(evening)]);
    let day = (MORNING / DAY) as u32;
    let close = DayClose { day };
    run(
        &books,
        vec![
            command(
                4,
                model::CalendarSet {
                    offset: 86_400,
                    ..model::CalendarSet::default()
                },
            ),
            command(5, close),
        ],
    );
    let closed = block_on(async {
        let asked = books.objects(vec![(21, (u128::from(day) + 1, 0))]).await;
        let open = asked.expect("asked")[0].expect("the day behind it is open");
        open.timestamp()
    });
    let own = account_of(0, 978, 10);
    let then = block_on(books.trial_balance(Some(closed))).expect("added up");
    play_all(&books, &[Step::Clock(evening + 3 * SECOND)]);
    let noon = MORNING + DAY / 2;
    run(&books, vec![command(6, post(70, noon))]);
    assert_eq!(
        block_on(books.trial_balance(Some(closed))).expect("added up"),
        then
    );
    let debits = |time, by| {
        let sums = block_on(books.balance_at(own, time, by)).expect("read");
        sums.expect("it is there").debits_posted
    };
    assert_eq!(
        (debits(closed, By::Booked), debits(noon, By::Booked)),
        (500, 500)
    );
    assert_eq!(debits(noon - 1, By::Value), 500);
    assert_eq!(
        (debits(noon, By::Value), debits(closed, By::Value)),
        (570, 570)
    );
    assert_eq!(debits(u64::MAX, By::Booked), 570);
    block_on(books.close()).expect("closed");
}
