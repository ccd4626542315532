//! Every moment of the past, beside the machine that lives through it once more.

mod scenario;

use std::collections::BTreeMap;

use engine::{Books, By, EventFilter, TrialLine};
use machine::State;
use model::record::Sums;
use model::{Account, Record, Transfer, account_flags, transfer_flags};
use scenario::{
    ACCOUNTS, CREATED, MORNING, SECOND, Step, account, block_on, every_kind, made_of, make, open,
    place, play, play_all, transfer,
};

fn balance_at(books: &Books, account: u128, time: u64, by: By) -> Sums {
    let found = block_on(books.balance_at(account, time, by)).expect("answered");
    found.expect("there is such an account")
}

fn trial(books: &Books, at: Option<u64>) -> Vec<TrialLine> {
    block_on(books.trial_balance(at)).expect("answered")
}

/// All records in order.
fn records(books: &Books) -> Vec<Record> {
    let (mut records, mut next) = (Vec::new(), 0);
    while next < books.stats().records {
        let page = block_on(books.events(next, 1_000, &EventFilter::default())).expect("read");
        records.extend(page.events.into_iter().map(|event| event.record));
        next = page.next;
    }
    records
}

/// What the accounts of a state come to, by ledger and code.
fn tried(state: &State) -> Vec<TrialLine> {
    let mut lines: BTreeMap<(u32, u16), TrialLine> = BTreeMap::new();
    for slot in 0..state.account_count() as u32 {
        let account = state.account_at(slot);
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

fn check_double_entry(lines: &[TrialLine]) {
    let mut ledgers: BTreeMap<u32, [u128; 4]> = BTreeMap::new();
    for line in lines {
        let sums = ledgers.entry(line.ledger).or_default();
        sums[0] += line.debits_posted;
        sums[1] += line.credits_posted;
        sums[2] += line.debits_pending;
        sums[3] += line.credits_pending;
    }
    for (ledger, [debits, credits, reserved, expected]) in ledgers {
        assert_eq!((debits, reserved), (credits, expected), "ledger {ledger}");
    }
}

#[test]
fn every_moment_of_the_past_is_as_it_was() {
    let folder = place();
    made_of(folder.path(), &every_kind());
    let books = open(folder.path());
    let records = records(&books);
    // Imported records have times of long before those that stand before them in the log.
    let stood_at = |time| {
        let mut state = State::new([1, 2]);
        for record in records.iter().filter(|record| record.timestamp() <= time) {
            state.evolve(record).expect("it follows");
        }
        state
    };
    let mut expired = 0;
    for record in &records {
        let time = record.timestamp();
        let state = stood_at(time);
        for id in ACCOUNTS {
            let expected = state.account(id).map(Sums::from).unwrap_or_default();
            let found = balance_at(&books, id, time, By::Booked);
            assert_eq!(found, expected, "account {id} at {time}");
        }
        assert_eq!(trial(&books, Some(time)), tried(&state), "at {time}");
        expired += usize::from(matches!(record, Record::TransferExpired(_)));
    }
    assert!(expired >= 2, "the scenario has expiries");
    let lines = tried(&stood_at(u64::MAX));
    check_double_entry(&lines);
    assert_eq!(trial(&books, None), lines);
    assert_eq!(trial(&books, Some(u64::MAX)), lines);
    assert_eq!(trial(&books, Some(0)), []);
    let unknown = block_on(books.balance_at(99, u64::MAX, By::Booked));
    assert_eq!(unknown, Ok(None));
    block_on(books.close()).expect("closed");
}

#[test]
fn what_is_imported_later_belongs_to_its_time() {
    let folder = place();
    make(folder.path(), 7);
    let books = open(folder.path());
    let imported = |id, timestamp| Account {
        timestamp,
        ..account(id, account_flags::IMPORTED)
    };
    let moved = |id, amount, timestamp| Transfer {
        timestamp,
        ..transfer(id, (1, 2), amount, transfer_flags::IMPORTED)
    };
    let posted = |time| balance_at(&books, 1, time, By::Booked).debits_posted;
    let total = |time| {
        let lines = trial(&books, Some(time));
        lines
            .iter()
            .map(|line| (line.accounts, line.debits_posted))
            .next()
    };
    play_all(
        &books,
        &[
            Step::Clock(MORNING),
            Step::Accounts(vec![imported(1, 1_000), imported(2, 2_000)]),
            Step::Transfers(vec![moved(10, 5, 3_000)]),
        ],
    );
    assert_eq!((posted(4_000), total(4_000)), (5, Some((2, 5))));
    play_all(
        &books,
        &[Step::Transfers(vec![
            moved(11, 6, 4_000),
            moved(12, 7, 5_000),
        ])],
    );
    assert_eq!((posted(4_000), total(4_000)), (11, Some((2, 11))));
    assert_eq!((posted(2_999), total(2_999)), (0, Some((2, 0))));
    assert_eq!((posted(MORNING), total(MORNING)), (18, Some((2, 18))));
    block_on(books.close()).expect("closed");
}

#[test]
fn what_is_imported_behind_an_expiry_is_found_before_it() {
    let folder = place();
    make(folder.path(), 7);
    let books = open(folder.path());
    let hold = Transfer {
        timeout: 2,
        ..transfer(10, (1, 2), 40, transfer_flags::PENDING)
    };
    let imported = Transfer {
        timestamp: MORNING + SECOND,
        ..transfer(11, (1, 2), 5, transfer_flags::IMPORTED)
    };
    let accounts = vec![account(1, account_flags::HISTORY), account(2, 0)];
    let steps = [
        Step::Clock(MORNING),
        Step::Accounts(accounts),
        Step::Transfers(vec![hold]),
        Step::Clock(MORNING + 3 * SECOND),
    ];
    play_all(&books, &steps);
    let results = block_on(play(&books, &Step::Transfers(vec![imported]))).expect("taken");
    assert_eq!(results[0].status, CREATED);
    for (time, pending, posted) in [
        (MORNING + SECOND - 1, 40, 0),
        (MORNING + SECOND, 40, 5),
        (MORNING + 3 * SECOND + 1, 0, 5),
    ] {
        let sums = balance_at(&books, 1, time, By::Booked);
        assert_eq!((sums.debits_pending, sums.debits_posted), (pending, posted));
        let line = trial(&books, Some(time))[0];
        assert_eq!((line.debits_pending, line.debits_posted), (pending, posted));
    }
    block_on(books.close()).expect("closed");
}
