//! Books with a history of every kind, the same in every test: commands, how they are played, and
//! how directories are compared.

// Each test file takes what it needs.
#![allow(dead_code)]

pub mod platform;
// What scripts of commands are written in, there and here.
#[path = "../../../machine/tests/platform/text.rs"]
pub mod text;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use engine::{Books, Init, Options, Refused, init};
use model::money::CurrencyCode;
use model::{AMOUNT_ALL, Account, EventResult, Transfer, account_flags, transfer_flags};
use sim::workload::Market;

/// The least size of a segment.
pub const SEGMENT: u64 = 16 << 20;

/// Status of what was created.
pub const CREATED: u32 = u32::MAX;

/// A second, in nanoseconds.
pub const SECOND: u64 = 1_000_000_000;

/// When the scenarios begin: 5 January 2026.
pub const MORNING: u64 = 1_767_571_200 * SECOND;

/// One request to the books.
#[derive(Clone, Debug)]
pub enum Step {
    /// Moves the clock.
    Clock(u64),
    /// Declares a ledger.
    Ledger(u32, &'static str, u8),
    /// Creates accounts.
    Accounts(Vec<Account>),
    /// Creates transfers.
    Transfers(Vec<Transfer>),
}

/// Runs a future to its end.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(work)
}

/// How the books of the tests are opened: time stands still unless a step moves it.
pub fn options(data: &Path) -> Options {
    Options {
        data: data.to_owned(),
        manual_clock: true,
        signing: None,
    }
}

/// Makes books whose random numbers are these bytes: the same to the last bit every time.
pub fn make(data: &Path, secret: u8) {
    let how = Init {
        segment_bytes: Some(SEGMENT),
        secret: Some([secret; 32]),
    };
    init(data, &how).expect("books are made");
}

/// Opens books.
pub fn open(data: &Path) -> Books {
    Books::open(&options(data)).expect("the books open")
}

/// Plays one step; the results of its events.
pub async fn play(books: &Books, step: &Step) -> Result<Vec<EventResult>, Refused> {
    match step {
        Step::Clock(time) => books.set_clock(*time).await.map(|_| Vec::new()),
        Step::Ledger(ledger, code, exponent) => {
            let code = CurrencyCode::new(code).expect("it is a code");
            books
                .declare_ledger(*ledger, code, *exponent)
                .await
                .map(|_| Vec::new())
        }
        Step::Accounts(events) => books.create_accounts(events.clone()).await,
        Step::Transfers(events) => books.create_transfers(events.clone()).await,
    }
}

/// Plays all steps one after the other; the results of each.
pub fn play_all(books: &Books, steps: &[Step]) -> Vec<Vec<EventResult>> {
    let each = |step| block_on(play(books, step)).expect("taken");
    steps.iter().map(each).collect()
}

/// Makes books in `data`, plays `steps` and closes them; the results.
pub fn made_of(data: &Path, steps: &[Step]) -> Vec<Vec<EventResult>> {
    make(data, 7);
    let books = open(data);
    let results = play_all(&books, steps);
    block_on(books.close()).expect("closed");
    results
}

/// An account of ledger 978.
pub fn account(id: u128, flags: u16) -> Account {
    Account {
        id,
        ledger: 978,
        code: 10,
        flags,
        ..Account::default()
    }
}

/// A transfer of ledger 978.
pub fn transfer(id: u128, (debit, credit): (u128, u128), amount: u128, flags: u16) -> Transfer {
    Transfer {
        id,
        debit_account_id: debit,
        credit_account_id: credit,
        amount,
        ledger: 978,
        code: 1,
        flags,
        ..Transfer::default()
    }
}

/// What posts or voids the pending transfer `pending`.
pub fn ending(id: u128, pending: u128, amount: u128, flags: u16) -> Transfer {
    Transfer {
        id,
        pending_id: pending,
        amount,
        flags,
        ..Transfer::default()
    }
}

const HUGE: u128 = 1 << 120;

/// The accounts of [`every_kind`].
pub const ACCOUNTS: [u128; 10] = [1, 2, 3, 4, 5, 6, 7, 50, 51, u128::MAX - 1];

/// Steps that leave records of every kind, with all that they can carry, and refusals between them.
pub fn every_kind() -> Vec<Step> {
    let mut steps = vec![
        Step::Clock(MORNING),
        Step::Ledger(978, "EUR", 2),
        Step::Ledger(392, "JPY", 0),
    ];
    steps.extend(imports());
    steps.push(Step::Accounts(accounts()));
    steps.push(Step::Transfers(plain()));
    steps.push(Step::Transfers(two_phase()));
    steps.push(Step::Transfers(chains()));
    steps.push(Step::Clock(MORNING + 30 * SECOND));
    steps.push(Step::Transfers(closing()));
    // The holds 22 and 62 end here by themselves, and account 6 opens again.
    steps.push(Step::Clock(MORNING + 200 * SECOND));
    steps.push(Step::Transfers(vec![
        ending(70, 22, AMOUNT_ALL, transfer_flags::POST_PENDING),
        transfer(71, (1, 6), 4, 0),
    ]));
    steps
}

/// Imported accounts and transfers, older than all others.
fn imports() -> [Step; 2] {
    let imported = |id, timestamp| Account {
        timestamp,
        ..account(id, account_flags::IMPORTED | account_flags::HISTORY)
    };
    let moved = |id, timestamp| Transfer {
        timestamp,
        ..transfer(id, (50, 51), 11, transfer_flags::IMPORTED)
    };
    [
        Step::Accounts(vec![imported(50, 1_000), imported(51, 2_000)]),
        Step::Transfers(vec![moved(500, 3_000), moved(501, 4_000)]),
    ]
}

fn accounts() -> Vec<Account> {
    let covered = account_flags::DEBITS_MUST_NOT_EXCEED_CREDITS;
    let owed = account_flags::CREDITS_MUST_NOT_EXCEED_DEBITS;
    let loaded = Account {
        user_data_128: u128::MAX,
        user_data_64: u64::MAX,
        user_data_32: u32::MAX,
        code: u16::MAX,
        ..account(u128::MAX - 1, 0)
    };
    vec![
        account(1, account_flags::HISTORY),
        account(2, account_flags::HISTORY),
        account(3, covered),
        account(4, owed),
        account(5, account_flags::LINKED),
        account(6, 0),
        Account {
            ledger: 392,
            ..account(7, 0)
        },
        loaded,
        account(0, 0), // refused
    ]
}

fn plain() -> Vec<Transfer> {
    let loaded = Transfer {
        user_data_128: u128::MAX,
        user_data_64: u64::MAX,
        user_data_32: u32::MAX,
        ..transfer(u128::MAX - 1, (u128::MAX - 1, 5), HUGE, 0)
    };
    vec![
        transfer(10, (1, 2), 1_000, 0),
        transfer(11, (2, 1), 250, 0),
        transfer(12, (1, 3), 500, 0),
        transfer(13, (1, 2), 0, 0),
        loaded,
        transfer(14, (3, 1), 501, 0), // more than there is: burns its id
        transfer(15, (1, 99), 1, 0),  // no such account: burns its id
        transfer(16, (1, 7), 1, 0),   // another ledger: no record
        transfer(10, (1, 2), 1_000, 0), // exists: no record
        transfer(14, (3, 1), 1, 0),   // its id was burned
    ]
}

fn two_phase() -> Vec<Transfer> {
    use transfer_flags::{BALANCING_DEBIT, PENDING, POST_PENDING, VOID_PENDING};
    let timed = |one: Transfer, timeout| Transfer { timeout, ..one };
    vec![
        transfer(20, (1, 2), 300, PENDING),
        transfer(21, (1, 2), 70, PENDING),
        timed(transfer(22, (2, 1), 40, PENDING), 60),
        timed(transfer(23, (1, 5), 9, PENDING), 3_600),
        transfer(24, (2, 5), HUGE, PENDING),
        ending(30, 20, 120, POST_PENDING),
        ending(31, 21, 0, VOID_PENDING),
        ending(32, 23, AMOUNT_ALL, POST_PENDING),
        ending(33, 99, 0, VOID_PENDING), // no such transfer: burns its id
        transfer(34, (3, 1), 10_000, BALANCING_DEBIT),
    ]
}

fn chains() -> Vec<Transfer> {
    const LINKED: u16 = transfer_flags::LINKED;
    vec![
        transfer(40, (1, 2), 5, LINKED),
        transfer(41, (2, 3), 5, LINKED),
        transfer(42, (3, 1), 5, 0),
        // This chain breaks at its end, with all of it.
        transfer(43, (1, 2), 7, LINKED),
        transfer(44, (1, 6), 7, LINKED | transfer_flags::PENDING),
        transfer(45, (3, 1), 1_000_000, 0),
        transfer(46, (1, 2), 1, LINKED), // open at the end of its batch
    ]
}

fn closing() -> Vec<Transfer> {
    use transfer_flags::{CLOSING_CREDIT, CLOSING_DEBIT, PENDING, VOID_PENDING};
    let timed = Transfer {
        timeout: 100,
        ..transfer(62, (1, 6), 3, PENDING | CLOSING_CREDIT)
    };
    vec![
        transfer(60, (5, 1), 0, PENDING | CLOSING_DEBIT),
        transfer(61, (1, 5), 1, 0), // closed: burns its id
        ending(63, 60, 0, VOID_PENDING),
        transfer(64, (1, 5), 2, 0),
        timed,
        transfer(65, (4, 1), 0, PENDING | CLOSING_DEBIT),
    ]
}

/// A day of the market as steps of `size` events.
pub fn market(seed: u64, events: u32, size: usize) -> (Market, Vec<Step>) {
    let market = Market::new(seed, events);
    let mut steps = vec![Step::Clock(MORNING), Step::Accounts(market.new_accounts())];
    let batch = |batch: &[sim::workload::Event]| {
        Step::Transfers(batch.iter().map(|event| event.transfer).collect())
    };
    steps.extend(market.batches(size).map(batch));
    (market, steps)
}

/// Runs the independent reader; what it printed, and whether it found all well. `None` where there
/// is no Python, which is said.
pub fn independent(arguments: &[&str], data: &Path) -> Option<(bool, String)> {
    let script = workspace("tests/vectors/reader.py");
    let run = Command::new("python3")
        .arg(script)
        .args(arguments)
        .arg(data)
        .output();
    match run {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: no python3");
            None
        }
        run => {
            let run = run.expect("python3 starts");
            let said = [run.stdout, run.stderr].concat();
            Some((
                run.status.success(),
                String::from_utf8(said).expect("it prints text"),
            ))
        }
    }
}

/// A path below the root of the workspace.
pub fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// An account as the independent reader prints it.
pub fn line(account: &Account) -> String {
    let Account {
        id,
        debits_pending,
        debits_posted,
        credits_pending,
        credits_posted,
        ..
    } = account;
    let Account {
        ledger,
        code,
        flags,
        timestamp,
        ..
    } = account;
    format!(
        "{{\"id\": \"{id}\", \"debits_pending\": \"{debits_pending}\", \
         \"debits_posted\": \"{debits_posted}\", \"credits_pending\": \"{credits_pending}\", \
         \"credits_posted\": \"{credits_posted}\", \"ledger\": {ledger}, \"code\": {code}, \
         \"flags\": {flags}, \"timestamp\": \"{timestamp}\"}}"
    )
}

/// All files below `data` and what they hold, without the zeros at their end and with their length.
pub fn contents(data: &Path) -> BTreeMap<PathBuf, (u64, Vec<u8>)> {
    let mut files = BTreeMap::new();
    let mut folders = vec![data.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut bytes = fs::read(&path).expect("a file");
            let len = bytes.len() as u64;
            bytes.truncate(
                bytes
                    .iter()
                    .rposition(|&byte| byte != 0)
                    .map_or(0, |last| last + 1),
            );
            let name = path.strip_prefix(data).expect("it is below").to_owned();
            files.insert(name, (len, bytes));
        }
    }
    files
}

/// Writes what [`contents`] read into a new directory; the zeros at the end of the files are holes.
pub fn write_contents(data: &Path, files: &BTreeMap<PathBuf, (u64, Vec<u8>)>) {
    for (name, (len, bytes)) in files {
        let path = data.join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
        fs::write(&path, bytes).expect("written");
        let file = fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .expect("opened");
        file.set_len(*len).expect("padded");
    }
}

/// A new directory; in memory where the system has such a place, for the disk fails by plan here.
pub fn place() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.expect("a directory")
}
