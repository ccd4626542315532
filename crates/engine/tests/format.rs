//! The format of the directory: books of version 1 open in every release, and the same commands
//! leave the same bytes.

mod scenario;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use engine::audit;
use scenario::{
    ACCOUNTS, SEGMENT, block_on, contents, every_kind, independent, line, made_of, market, open,
    workspace, write_contents,
};

type Files = BTreeMap<PathBuf, (u64, Vec<u8>)>;

/// The books of `fixtures/v1`, in which segments stand without the zeros at their end.
fn fixture() -> Files {
    let mut files = contents(&workspace("fixtures/v1/directory"));
    for (name, (len, bytes)) in &mut files {
        if name.extension().is_some_and(|extension| extension == "seg") {
            *len = SEGMENT;
        } else {
            bytes.resize(*len as usize, 0);
        }
    }
    files
}

/// What every other file can be made from again.
fn truth(files: &Files) -> Files {
    let derived = |name: &Path| name.starts_with("index") || name.starts_with("snapshots");
    files
        .iter()
        .filter(|(name, _)| !derived(name))
        .map(|(n, f)| (n.clone(), f.clone()))
        .collect()
}

/// Where two directories differ: as a file and a byte, not as megabytes.
fn differences(one: &Files, other: &Files) -> Vec<String> {
    let names: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let difference = |name: &PathBuf| match (one.get(name), other.get(name)) {
        (Some((len, bytes)), Some((other_len, other_bytes))) => {
            let at = bytes
                .iter()
                .zip(other_bytes)
                .position(|(byte, other)| byte != other);
            let at = at.or((bytes.len() != other_bytes.len() || len != other_len).then_some(0));
            at.map(|at| format!("{}, byte {at}", name.display()))
        }
        _ => Some(format!("{} is in one alone", name.display())),
    };
    names.into_iter().filter_map(difference).collect()
}

/// Run once to make the fixture of a new version: `COUNTERFOIL_MAKE_FIXTURE=1`.
fn make_fixture(files: &Files) {
    let unpadded = files.iter().map(|(name, (len, bytes))| {
        let segment = name.extension().is_some_and(|extension| extension == "seg");
        let len = if segment { bytes.len() as u64 } else { *len };
        (name.clone(), (len, bytes.clone()))
    });
    write_contents(&workspace("fixtures/v1/directory"), &unpadded.collect());
}

#[test]
fn the_commands_of_the_fixture_leave_its_bytes_again() {
    let data = tempfile::tempdir().expect("a directory");
    made_of(data.path(), &every_kind());
    let made = contents(data.path());
    if std::env::var_os("COUNTERFOIL_MAKE_FIXTURE").is_some() {
        make_fixture(&made);
    }
    assert_eq!(differences(&truth(&made), &truth(&fixture())), [""; 0]);
}

#[test]
fn books_of_version_1_open() {
    let data = tempfile::tempdir().expect("a directory");
    write_contents(data.path(), &fixture());
    check_fixture(data.path(), true);
}

#[test]
fn books_of_version_1_open_from_the_log_alone() {
    let data = tempfile::tempdir().expect("a directory");
    write_contents(data.path(), &truth(&fixture()));
    check_fixture(data.path(), false);
}

/// Opens books of the fixture; their balances are those that the independent reader found.
fn check_fixture(data: &Path, with_snapshot: bool) {
    let expected = workspace("fixtures/v1/accounts.jsonl");
    let expected = fs::read_to_string(expected).expect("the balances of the fixture");
    let found = audit(data, &|_| ()).expect("it can be audited");
    assert_eq!(found.differences, [""; 0]);
    if let Some((well, said)) = independent(&[], data) {
        let lines = expected.lines().collect::<Vec<_>>().join(",\n");
        assert!(well && said.contains(&lines), "{said}");
    }
    let books = open(data);
    let recovery = books.recovery();
    assert_eq!(recovery.snapshot.is_some(), with_snapshot, "{recovery:?}");
    assert_eq!(recovery.passed_over, [""; 0]);
    assert_eq!(recovery.replayed == 0, with_snapshot, "{recovery:?}");
    let mut accounts = block_on(books.lookup_accounts(ACCOUNTS.to_vec())).expect("found");
    accounts.sort_by_key(|account| account.id);
    let lines: Vec<String> = accounts
        .iter()
        .map(|account| line(account) + "\n")
        .collect();
    assert_eq!(lines.concat(), expected);
    block_on(books.close()).expect("closed");
}

#[test]
fn the_same_commands_leave_the_same_bytes() {
    let (_, mut steps) = market(11, 30_000, 211);
    let later = |step| match step {
        // The market goes on behind the other business.
        scenario::Step::Clock(time) => scenario::Step::Clock(time + 1_000 * scenario::SECOND),
        step => step,
    };
    let mut all = every_kind();
    // Numbers 1 to 3 are taken by accounts of other kinds, and 1 to 71 by transfers.
    steps.retain(|step| !matches!(step, scenario::Step::Ledger(..)));
    all.extend(steps.into_iter().map(later));
    let directories = [(); 2].map(|()| {
        let data = tempfile::tempdir().expect("a directory");
        let results = made_of(data.path(), &all);
        (data, results)
    });
    let [(one, results), (other, other_results)] = &directories;
    assert!(results == other_results, "the answers differ");
    assert_eq!(
        differences(&contents(one.path()), &contents(other.path())),
        [""; 0]
    );
    let [one, other] = [one, other].map(|data| audit(data.path(), &|_| ()).expect("audited"));
    assert_eq!(
        (one.differences.len(), one.root, one.state),
        (0, other.root, other.state)
    );
    assert!(
        one.records > 20_000,
        "most of the day happened: {} records",
        one.records
    );
}
