use std::fs;
use std::path::PathBuf;

use model::account_flags;
use tempfile::TempDir;

use super::plan::{Contra, Plan, customer_id, transfer_id};
use super::read;

const ACCOUNTS: &str = "\
\"account_id\";\"district_id\";\"frequency\";\"date\"
7;1;\"POPLATEK MESICNE\";930103
8;2;\"POPLATEK TYDNE\";930105
";

const TRANSACTIONS: &str = "\
\"trans_id\";\"account_id\";\"date\";\"type\";\"operation\";\"amount\";\"balance\";\"k_symbol\";\"bank\";\"account\"
10;7;930103;\"PRIJEM\";\"VKLAD\";600.00;600.00;\"\";;
12;7;930131;\"VYDAJ\";\"VYBER\";14.60;588.60;\"SLUZBY\";;
11;7;930131;\"PRIJEM\";\"\";3.20;603.20;\"UROK\";;
13;7;930201;\"VYDAJ\";\"PREVOD NA UCET\";88.60;500.00;\" \";\"YZ\";\"87144583\"
14;7;930201;\"VYBER\";\"VYBER\";700.00;-200.00;\"\";;
";

fn directory(accounts: &str, transactions: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("account.asc"), accounts).expect("it is written");
    fs::write(dir.path().join("trans.asc"), transactions).expect("it is written");
    dir
}

fn plan(accounts: &str, transactions: &str) -> Result<Plan, String> {
    let dir = directory(accounts, transactions);
    let prefix = format!("{}/", dir.path().display());
    read(dir.path(), 203).map_err(|error| error.replace(&prefix, ""))
}

#[test]
fn a_small_bank_becomes_accounts_and_transfers() {
    let plan = plan(ACCOUNTS, TRANSACTIONS).expect("it is sound");
    assert_eq!(plan.accounts.len(), Contra::ALL.len() + 2);
    let customer = plan.accounts.last().expect("there are two");
    assert_eq!(customer.id, customer_id(8));
    assert_eq!(customer.user_data_128, 8);
    assert_eq!(customer.code, 2);
    assert_eq!(customer.flags, account_flags::HISTORY);
    // 5 January 1993.
    assert_eq!(customer.user_data_64, 726_192_000_000_000_000);
    let ids: Vec<u128> = plan.transfers.iter().map(|transfer| transfer.id).collect();
    assert_eq!(ids, [10, 11, 12, 13, 14].map(transfer_id));
    let payment = plan.transfers[3];
    assert_eq!(payment.debit_account_id, customer_id(7));
    assert_eq!(payment.amount, 8_860);
    assert_eq!(payment.user_data_128, (0x595a << 64) + 87_144_583);
    assert_eq!(payment.code, 6);
    let interest = plan.transfers[1];
    assert_eq!(interest.credit_account_id, customer_id(7));
    assert_eq!(interest.user_data_32, 1);
}

#[test]
fn what_is_wrong_is_told_with_file_and_line() {
    let row = |row: &str| {
        let text = format!("{TRANSACTIONS}{row}\n");
        plan(ACCOUNTS, &text).expect_err("it is wrong")
    };
    let cases = [
        (
            "15;7;930202;\"PRIJEM\";\"VKLAD\";1.00;-199.00;\"\";",
            "9 fields, not 10",
        ),
        (
            "15;7;930202;\"PRIJEM\";\"VKLAD\";1.005;-199.00;\"\";;",
            "amount \"1.005\": the currency has 2 decimal places, the amount has more",
        ),
        (
            "15;7;930202;\"PRIJEM\";\"VKLAD\";-1;-199.00;\"\";;",
            "amount \"-1\" is not above 0",
        ),
        (
            "15;7;930231;\"PRIJEM\";\"VKLAD\";1.00;-199.00;\"\";;",
            "date \"930231\" is not YYMMDD",
        ),
        (
            "15;7;930202;\"PRIJEM\";\"CHEQUE\";1.00;-199.00;\"\";;",
            "operation \"CHEQUE\" is not known",
        ),
        (
            "15;9;930202;\"PRIJEM\";\"VKLAD\";1.00;1.00;\"\";;",
            "account 9 is not in the accounts' file",
        ),
        (
            "10;7;930202;\"PRIJEM\";\"VKLAD\";1.00;-199.00;\"\";;",
            "transaction 10 again, it was on line 2",
        ),
        (
            "15;7;930102;\"PRIJEM\";\"VKLAD\";1.00;1.00;\"\";;",
            "account 7 was opened later",
        ),
        (
            "15;7;930202;\"PRIJEM\";\"VKLAD\";1.00;-198.00;\"\";;",
            "account 7 on 1993-02-02: in no order do the balances chain",
        ),
        ("", "1 fields, not 10"),
    ];
    for (text, reason) in cases {
        assert_eq!(row(text), format!("trans.asc:7: {reason}"));
    }
    let header = plan(ACCOUNTS, "a;b\n").expect_err("it is wrong");
    assert_eq!(header, "trans.asc:1: 2 fields, not 10");
    let empty = plan("", TRANSACTIONS).expect_err("it is wrong");
    assert_eq!(empty, "account.asc:1: the file is empty");
}

#[test]
fn a_missing_file_is_named() {
    let dir = directory(ACCOUNTS, TRANSACTIONS);
    fs::remove_file(dir.path().join("trans.asc")).expect("it was there");
    let error = read(dir.path(), 203).expect_err("it is gone");
    assert!(error.ends_with(": no trans.asc or trans.asc.gz"), "{error}");
    let nowhere = dir.path().join("nowhere");
    let error = read(&nowhere, 203).expect_err("it never was");
    assert!(error.contains("nowhere"), "{error}");
}

/// Where the published data is, if it is.
fn published() -> Option<PathBuf> {
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let data = std::env::var_os("COUNTERFOIL_DATA").map_or_else(
        || PathBuf::from(workspace).join("../shared/data"),
        PathBuf::from,
    );
    let berka = data.join("berka");
    if !berka.is_dir() {
        eprintln!("skipped: no data");
        return None;
    }
    Some(berka)
}

#[test]
fn the_published_bank_chains() {
    let Some(dir) = published() else { return };
    let plan = read(&dir, 203).expect("it is sound");
    let balances: usize = plan.published.values().map(Vec::len).sum();
    assert_eq!(balances, plan.transfers.len());
    assert!(balances > 20_000, "{balances} transactions");
    // What the server must tell afterwards, computed here from the plan alone.
    let mut comparison = super::Comparison::default();
    for (&account, published) in &plan.published {
        let id = customer_id(account);
        let mut balance = 0;
        let told: Vec<super::Told> = plan
            .transfers
            .iter()
            .filter(|one| one.debit_account_id == id || one.credit_account_id == id)
            .map(|one| {
                let amount = one.amount.cast_signed();
                balance += if one.credit_account_id == id {
                    amount
                } else {
                    -amount
                };
                super::Told {
                    transfer: one.id,
                    balance,
                }
            })
            .collect();
        comparison.account(account, published, &told);
    }
    assert_eq!(comparison.mismatches, []);
    assert_eq!(comparison.balances_matched, balances as u64);
}
