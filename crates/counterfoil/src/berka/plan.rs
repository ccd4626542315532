//! What the bank becomes in the books: accounts and transfers, in the order they are posted.
//!
//! A bank account is a debt of the bank to its customer: a deposit credits it, a withdrawal debits
//! it. Against it stands one account for each kind of thing that money comes from or goes to. All
//! ids follow from the numbers of the bank, so that importing twice changes nothing.

use std::collections::BTreeMap;

use model::{Account, Transfer, account_flags};

use super::order::{self, NoOrder, Step};
use super::rows::{AccountRow, Operation, Purpose, Side, TransactionRow};

/// Ids of the import start with these letters, so that they meet no others.
const NAME: u128 = u128::from_be_bytes(*b"berka\0\0\0\0\0\0\0\0\0\0\0");

/// The kinds of ids, in the byte behind the name.
const CUSTOMER: u128 = 1 << 80;
const CONTRA: u128 = 2 << 80;
const TRANSACTION: u128 = 3 << 80;

/// Codes of contra accounts start here; below stand the customers' by their statements.
const FIRST_CONTRA_CODE: u16 = 100;

/// What stands against a customer's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contra {
    Cash = 1,
    Cards = 2,
    OtherBanks = 3,
    InterestPaid = 4,
    SanctionInterest = 5,
    StatementFees = 6,
    Household = 7,
    Insurance = 8,
    LoanPayments = 9,
    Pensions = 10,
    Unstated = 11,
}

impl Contra {
    pub const ALL: [Self; 11] = [
        Self::Cash,
        Self::Cards,
        Self::OtherBanks,
        Self::InterestPaid,
        Self::SanctionInterest,
        Self::StatementFees,
        Self::Household,
        Self::Insurance,
        Self::LoanPayments,
        Self::Pensions,
        Self::Unstated,
    ];

    /// By its purpose where one is told, otherwise by the way the money took.
    fn of(row: &TransactionRow) -> Self {
        match (row.purpose, row.operation) {
            (Purpose::Interest, _) => Self::InterestPaid,
            (Purpose::SanctionInterest, _) => Self::SanctionInterest,
            (Purpose::Statement, _) => Self::StatementFees,
            (Purpose::Household, _) => Self::Household,
            (Purpose::Insurance, _) => Self::Insurance,
            (Purpose::LoanPayment, _) => Self::LoanPayments,
            (Purpose::Pension, _) => Self::Pensions,
            (Purpose::Unstated, Operation::CashDeposit | Operation::CashWithdrawal) => Self::Cash,
            (Purpose::Unstated, Operation::CardWithdrawal) => Self::Cards,
            (Purpose::Unstated, Operation::FromOtherBank | Operation::ToOtherBank) => {
                Self::OtherBanks
            }
            (Purpose::Unstated, Operation::Unstated) => Self::Unstated,
        }
    }

    fn id(self) -> u128 {
        NAME | CONTRA | self as u128
    }
}

/// The id in the books of a bank account.
pub fn customer_id(account: u32) -> u128 {
    NAME | CUSTOMER | u128::from(account)
}

/// The id in the books of a transaction.
pub fn transfer_id(transaction: u32) -> u128 {
    NAME | TRANSACTION | u128::from(transaction)
}

/// All that is posted, and all that is compared afterwards.
#[derive(Debug)]
pub struct Plan {
    /// Contra accounts first, then the customers'.
    pub accounts: Vec<Account>,
    /// By date; within a date by account; within an account as its balances chain.
    pub transfers: Vec<Transfer>,
    /// The published balances of each bank account, as they chain.
    pub published: BTreeMap<u32, Vec<Published>>,
}

/// What was published about one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    pub transaction: u32,
    pub balance: i64,
    /// Whether the amount is an interest, of which only a rounding was published.
    pub interest: Interest,
}

/// Whether a transaction is an interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    Yes,
    No,
}

/// Why rows make no plan: the line of the transactions' file and what is wrong there.
#[derive(Debug, PartialEq, Eq)]
pub struct Unsound {
    pub line: u32,
    pub reason: String,
}

/// Plans the import onto a ledger.
pub fn make(
    ledger: u32,
    accounts: &BTreeMap<u32, AccountRow>,
    rows: &[TransactionRow],
) -> Result<Plan, Unsound> {
    let mut by_account: BTreeMap<u32, Vec<&TransactionRow>> = BTreeMap::new();
    for row in rows {
        let opened = accounts.get(&row.account).ok_or_else(|| Unsound {
            line: row.line,
            reason: format!("account {} is not in the accounts' file", row.account),
        })?;
        if row.booked < opened.opened {
            return Err(Unsound {
                line: row.line,
                reason: format!("account {} was opened later", row.account),
            });
        }
        by_account.entry(row.account).or_default().push(row);
    }
    let mut posted = Vec::with_capacity(rows.len());
    let mut published = BTreeMap::new();
    for (&account, rows) in &by_account {
        let ordered = in_order(rows)?;
        published.insert(account, ordered.iter().map(|row| publish(row)).collect());
        posted.extend(ordered);
    }
    // Stable: rows of one account and one day keep the order that was found.
    posted.sort_by_key(|row| (row.booked, row.account));
    let contra = Contra::ALL.iter().map(|&kind| contra_account(ledger, kind));
    let customers = accounts.values().map(|row| customer_account(ledger, row));
    Ok(Plan {
        accounts: contra.chain(customers).collect(),
        transfers: posted.iter().map(|row| transfer(ledger, row)).collect(),
        published,
    })
}

fn in_order<'a>(rows: &[&'a TransactionRow]) -> Result<Vec<&'a TransactionRow>, Unsound> {
    let steps: Vec<Step> = rows
        .iter()
        .map(|row| Step {
            day: row.booked,
            change: row.change(),
            balance: row.balance,
        })
        .collect();
    let order = order::find(&steps).map_err(|no_order| {
        let (NoOrder::Broken { row } | NoOrder::TooMany { row }) = no_order;
        let first = rows[row];
        let (date, account) = (first.date, first.account);
        let reason = match no_order {
            NoOrder::Broken { .. } => "in no order do the balances chain",
            NoOrder::TooMany { .. } => "too many rows to find their order",
        };
        Unsound {
            line: first.line,
            reason: format!("account {account} on {date}: {reason}"),
        }
    })?;
    Ok(order.into_iter().map(|index| rows[index]).collect())
}

fn publish(row: &TransactionRow) -> Published {
    Published {
        transaction: row.transaction,
        balance: row.balance,
        interest: match row.purpose {
            Purpose::Interest | Purpose::SanctionInterest => Interest::Yes,
            _ => Interest::No,
        },
    }
}

fn contra_account(ledger: u32, kind: Contra) -> Account {
    Account {
        id: kind.id(),
        ledger,
        code: FIRST_CONTRA_CODE + kind as u16,
        ..Account::default()
    }
}

fn customer_account(ledger: u32, row: &AccountRow) -> Account {
    Account {
        id: customer_id(row.account),
        user_data_128: u128::from(row.account),
        user_data_64: row.opened,
        user_data_32: row.district,
        ledger,
        code: row.frequency as u16,
        flags: account_flags::HISTORY,
        ..Account::default()
    }
}

fn transfer(ledger: u32, row: &TransactionRow) -> Transfer {
    let (customer, contra) = (customer_id(row.account), Contra::of(row).id());
    let (debit, credit) = match row.side {
        Side::Deposit => (contra, customer),
        Side::Withdrawal => (customer, contra),
    };
    Transfer {
        id: transfer_id(row.transaction),
        debit_account_id: debit,
        credit_account_id: credit,
        amount: u128::from(row.amount.unsigned_abs()),
        user_data_128: row.partner,
        user_data_64: row.booked,
        user_data_32: row.purpose as u32,
        ledger,
        code: row.operation as u16,
        ..Transfer::default()
    }
}
