//! Each status once, and where two could be given, the one that is: `statuses/*.txt`.

use std::collections::BTreeSet;

use machine::{Recalled, State};
use model::money::CurrencyCode;
use model::object::{account_of, own_transfer};
use model::{
    Account, AccountOpen, ChartLineSet, Command, CommandStatus, CreateAccountStatus,
    CreateTransferStatus, Currency, EventResult, Record, Transfer, account_flags, transfer_flags,
};

const ACCOUNT_FLAGS: &[(&str, u16)] = &[
    ("linked", account_flags::LINKED),
    (
        "debits_must_not_exceed_credits",
        account_flags::DEBITS_MUST_NOT_EXCEED_CREDITS,
    ),
    (
        "credits_must_not_exceed_debits",
        account_flags::CREDITS_MUST_NOT_EXCEED_DEBITS,
    ),
    ("history", account_flags::HISTORY),
    ("imported", account_flags::IMPORTED),
    ("closed", account_flags::CLOSED),
    ("reserved", 1 << 6),
];

const TRANSFER_FLAGS: &[(&str, u16)] = &[
    ("linked", transfer_flags::LINKED),
    ("pending", transfer_flags::PENDING),
    ("post_pending_transfer", transfer_flags::POST_PENDING),
    ("void_pending_transfer", transfer_flags::VOID_PENDING),
    ("balancing_debit", transfer_flags::BALANCING_DEBIT),
    ("balancing_credit", transfer_flags::BALANCING_CREDIT),
    ("closing_debit", transfer_flags::CLOSING_DEBIT),
    ("closing_credit", transfer_flags::CLOSING_CREDIT),
    ("imported", transfer_flags::IMPORTED),
    ("reserved", 1 << 9),
];

fn flag(flags: &[(&str, u16)], word: &str) -> Option<u16> {
    let name = word.strip_prefix('+')?;
    let found = flags.iter().find(|(known, _)| *known == name);
    Some(found.unwrap_or_else(|| panic!("no flag {name}")).1)
}

/// Line of the chart whose account is kept.
const KEPT: u16 = 60;

/// `max`, a power of two, the id of a transfer of the books' own, of an account that is kept, or
/// digits.
fn number<T: TryFrom<u128>>(text: &str) -> T {
    let value = match (text, text.split_once('^')) {
        ("max", _) => u128::MAX,
        ("own", _) => own_transfer(7),
        ("kept", _) => account_of(0, 1, KEPT),
        (_, Some((_, bits))) => 1 << bits.parse::<u32>().expect("an exponent"),
        _ => text.parse().expect("a number"),
    };
    T::try_from(value).unwrap_or_else(|_| panic!("{text} does not fit"))
}

fn account(words: &str) -> Account {
    let mut account = Account {
        id: 100,
        ledger: 1,
        code: 1,
        ..Account::default()
    };
    for word in words.split_whitespace() {
        if let Some(flag) = flag(ACCOUNT_FLAGS, word) {
            account.flags |= flag;
            continue;
        }
        match word.split_once('=').expect("field=value") {
            ("id", value) => account.id = number(value),
            ("debits_pending", value) => account.debits_pending = number(value),
            ("debits_posted", value) => account.debits_posted = number(value),
            ("credits_pending", value) => account.credits_pending = number(value),
            ("credits_posted", value) => account.credits_posted = number(value),
            ("user_data_128", value) => account.user_data_128 = number(value),
            ("user_data_64", value) => account.user_data_64 = number(value),
            ("user_data_32", value) => account.user_data_32 = number(value),
            ("reserved", value) => account.reserved = number(value),
            ("ledger", value) => account.ledger = number(value),
            ("code", value) => account.code = number(value),
            ("timestamp", value) => account.timestamp = number(value),
            (field, _) => panic!("no field {field}"),
        }
    }
    account
}

fn transfer(words: &str) -> Transfer {
    let plain = Transfer {
        id: 100,
        debit_account_id: 1,
        credit_account_id: 2,
        amount: 10,
        ledger: 1,
        code: 1,
        ..Transfer::default()
    };
    let ending = |flags| Transfer {
        id: 100,
        flags,
        ..Transfer::default()
    };
    let mut transfer = plain;
    for word in words.split_whitespace() {
        if let Some(flag) = flag(TRANSFER_FLAGS, word) {
            transfer.flags |= flag;
            continue;
        }
        match word.split_once('=').unwrap_or((word, "")) {
            ("post", _) => transfer = ending(transfer_flags::POST_PENDING),
            ("void", _) => transfer = ending(transfer_flags::VOID_PENDING),
            ("id", value) => transfer.id = number(value),
            ("debit", value) => transfer.debit_account_id = number(value),
            ("credit", value) => transfer.credit_account_id = number(value),
            ("amount", value) => transfer.amount = number(value),
            ("pending_id", value) => transfer.pending_id = number(value),
            ("user_data_128", value) => transfer.user_data_128 = number(value),
            ("user_data_64", value) => transfer.user_data_64 = number(value),
            ("user_data_32", value) => transfer.user_data_32 = number(value),
            ("timeout", value) => transfer.timeout = number(value),
            ("ledger", value) => transfer.ledger = number(value),
            ("code", value) => transfer.code = number(value),
            ("timestamp", value) => transfer.timestamp = number(value),
            (field, _) => panic!("no field {field}"),
        }
    }
    transfer
}

/// Books in one group, so that nothing is to be recalled.
struct Books {
    state: State,
    records: Vec<Record>,
    time: u64,
}

impl Books {
    fn accounts(&mut self, events: &[Account]) -> Vec<EventResult> {
        self.time += 1_000;
        let mut results = Vec::new();
        let (past, sink) = (Recalled::default(), &mut self.records);
        self.state
            .create_accounts(&past, self.time, events, sink, &mut results);
        results
    }

    fn transfers(&mut self, events: &[Transfer]) -> Vec<EventResult> {
        self.time += 1_000;
        let mut results = Vec::new();
        let (past, sink) = (Recalled::default(), &mut self.records);
        self.state
            .create_transfers(&past, self.time, events, sink, &mut results);
        results
    }

    /// Opens an account of the chart, which commands alone may move.
    fn keep(&mut self) {
        let currency = Currency {
            ledger: 1,
            code: CurrencyCode::new("EUR").expect("a code"),
            exponent: 2,
            timestamp: self.time + 1,
        };
        self.state.declare_ledger(currency, &mut self.records);
        let line = ChartLineSet {
            code: KEPT,
            name: 65,
            ..ChartLineSet::default()
        };
        let open = AccountOpen {
            ledger: 1,
            code: KEPT,
            ..AccountOpen::default()
        };
        for (id, act) in [(1, line.into()), (2, open.into())] {
            self.time += 1_000;
            let command = Command {
                id,
                act,
                legs: Vec::new(),
            };
            let (past, sink) = (Recalled::default(), &mut self.records);
            let result = self.state.command(&past, self.time, &command, sink);
            assert_eq!(result.status, CommandStatus::Created.code());
        }
    }

    /// The books that the lines of a table describe.
    fn prepared(table: &str) -> Self {
        let mut books = Self {
            state: State::new([1, 2]),
            records: Vec::new(),
            time: 0,
        };
        for (verb, words) in lines(table) {
            let created = match verb {
                "open" => books.accounts(&[account(words)]),
                "send" | "fail" => books.transfers(&[transfer(words)]),
                "keep" => {
                    books.keep();
                    continue;
                }
                "wait" => {
                    books.time += number::<u64>(words);
                    continue;
                }
                "expire" => {
                    books.time += 1_000;
                    let (time, sink) = (books.time, &mut books.records);
                    assert_eq!(
                        books.state.expire(time, time, 9, sink),
                        number::<usize>(words)
                    );
                    continue;
                }
                _ => break,
            };
            let good = created[0].status == CreateTransferStatus::Created.code();
            assert_eq!(good, verb != "fail", "{verb}: {words}: {created:?}");
        }
        books
    }
}

/// The lines that are no comments, split at their colon.
fn lines(table: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = table.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let (verb, words) = line.split_once(':').expect("a colon");
        (verb, words.trim())
    })
}

/// Runs every row of a table; returns the codes that were provoked.
fn check<E>(
    table: &str,
    event: impl Fn(&str) -> E,
    send: impl Fn(&mut Books, &[E]) -> Vec<EventResult>,
    name: impl Fn(u32) -> &'static str,
) -> BTreeSet<u32> {
    const PREPARING: [&str; 6] = ["open", "send", "fail", "wait", "expire", "keep"];
    let mut seen = BTreeSet::new();
    for (status, batch) in lines(table).filter(|(verb, _)| !PREPARING.contains(verb)) {
        let mut books = Books::prepared(table);
        let late = batch.strip_prefix("late ");
        if late.is_some() {
            books.time = (1 << 63) - 2_000;
        }
        let words: Vec<_> = late.unwrap_or(batch).split(';').map(str::trim).collect();
        let marked = words.iter().position(|words| words.starts_with('!'));
        let marked = marked.expect("one event is marked");
        let events: Vec<_> = words
            .iter()
            .map(|words| event(words.trim_start_matches('!')))
            .collect();
        let before = books.state.digest();
        let results = send(&mut books, &events);
        let result = results[marked];
        assert_eq!(name(result.status), status, "{batch}");
        if results.iter().all(|result| !is_kept(result.status)) {
            assert_eq!(books.state.digest(), before, "{batch} changes nothing");
        }
        seen.insert(result.status);
    }
    seen
}

/// Whether an event with this status leaves a record.
fn is_kept(status: u32) -> bool {
    let status = CreateTransferStatus::from_code(status);
    status.is_none_or(|s| s == CreateTransferStatus::Created || s.is_transient())
}

#[test]
fn accounts() {
    let table = include_str!("statuses/accounts.txt");
    let name = |code| {
        CreateAccountStatus::from_code(code)
            .expect("a status")
            .name()
    };
    let seen = check(table, account, Books::accounts, name);
    for status in CreateAccountStatus::ALL {
        assert!(
            seen.contains(&status.code()),
            "no row provokes {}",
            status.name()
        );
    }
}

#[test]
fn transfers() {
    let table = include_str!("statuses/transfers.txt");
    let name = |code| {
        CreateTransferStatus::from_code(code)
            .expect("a status")
            .name()
    };
    let seen = check(table, transfer, Books::transfers, name);
    // Rules are entered in `platform/rules.rs`.
    let by_rule = [
        CreateTransferStatus::RefusedByRule,
        CreateTransferStatus::HeldForReview,
        CreateTransferStatus::FindingsFull,
    ];
    let all = CreateTransferStatus::ALL.iter();
    for status in all.filter(|status| !by_rule.contains(status)) {
        assert!(
            seen.contains(&status.code()),
            "no row provokes {}",
            status.name()
        );
    }
}
