//! The files of the bank as they were published, row by row.
//!
//! Fields are separated by `;`, text stands in double quotes, a date is `YYMMDD` of the twentieth
//! century. Amounts are decimal; they are read as integers and never rounded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::money::parse_amount;

use super::EXPONENT;
use crate::unpack;

/// A row of `account.asc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountRow {
    pub account: u32,
    pub district: u32,
    pub frequency: Frequency,
    /// Nanoseconds since 1970, midnight UTC.
    pub opened: u64,
}

/// How often a statement goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    Monthly = 1,
    Weekly = 2,
    AfterTransaction = 3,
}

/// A row of `trans.asc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionRow {
    /// Line in its file, from 1.
    pub line: u32,
    pub transaction: u32,
    pub account: u32,
    /// Nanoseconds since 1970, midnight UTC.
    pub booked: u64,
    pub date: Date,
    pub side: Side,
    pub operation: Operation,
    pub purpose: Purpose,
    /// Minor units, not 0.
    pub amount: i64,
    /// The published balance afterwards, minor units.
    pub balance: i64,
    /// The other bank's two letters and the account there, where they are told.
    pub partner: u128,
}

impl TransactionRow {
    /// What the transaction does to the balance.
    pub fn change(&self) -> i64 {
        match self.side {
            Side::Deposit => self.amount,
            Side::Withdrawal => -self.amount,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Deposit,
    Withdrawal,
}

/// Makes an enum of the words of one column.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $number:literal $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($variant = $number,)* }

        impl $name {
            fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// The way of a transaction; the number is the code of its transfer.
    Operation {
        Unstated = 1 "",
        CashDeposit = 2 "VKLAD",
        CashWithdrawal = 3 "VYBER",
        CardWithdrawal = 4 "VYBER KARTOU",
        FromOtherBank = 5 "PREVOD Z UCTU",
        ToOtherBank = 6 "PREVOD NA UCET",
    }
}

words! {
    /// The purpose of a transaction; the number is the `user_data_32` of its transfer.
    Purpose {
        Unstated = 0 "",
        Interest = 1 "UROK",
        SanctionInterest = 2 "SANKC. UROK",
        Statement = 3 "SLUZBY",
        Household = 4 "SIPO",
        Insurance = 5 "POJISTNE",
        LoanPayment = 6 "UVER",
        Pension = 7 "DUCHOD",
    }
}

/// Finds `stem.asc`, `stem.csv` or a gzip of one; `stem` may be followed by the period it covers.
pub fn find(directory: &Path, stem: &str) -> Result<PathBuf, String> {
    let entries = std::fs::read_dir(directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| is_file_of(name, stem))
        })
        .collect();
    found.sort();
    match found.as_slice() {
        [] => Err(format!(
            "{}: no {stem}.asc or {stem}.asc.gz",
            directory.display()
        )),
        [one] => Ok(one.clone()),
        [one, other, ..] => Err(format!(
            "{} and {} both: keep one",
            one.display(),
            other.display()
        )),
    }
}

fn is_file_of(name: &str, stem: &str) -> bool {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let base = name
        .strip_suffix(".asc")
        .or_else(|| name.strip_suffix(".csv"));
    base.and_then(|base| base.strip_prefix(stem))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

/// The accounts by their number.
pub fn accounts(path: &Path) -> Result<BTreeMap<u32, AccountRow>, String> {
    let header = ["account_id", "district_id", "frequency", "date"];
    let mut rows = BTreeMap::new();
    each_row(path, &header, |line, fields| {
        let (_, opened) = date(fields[3])?;
        let row = AccountRow {
            account: number(fields[0], "account_id")?,
            district: number(fields[1], "district_id")?,
            frequency: match fields[2] {
                "POPLATEK MESICNE" => Frequency::Monthly,
                "POPLATEK TYDNE" => Frequency::Weekly,
                "POPLATEK PO OBRATU" => Frequency::AfterTransaction,
                other => return Err(format!("frequency {other:?} is not known")),
            },
            opened,
        };
        match rows.insert(row.account, row) {
            None => Ok(()),
            Some(_) => Err(format!("account {} again (line {line})", row.account)),
        }
    })?;
    Ok(rows)
}

/// The transactions in the order of the file, none twice.
pub fn transactions(path: &Path) -> Result<Vec<TransactionRow>, String> {
    let header = [
        "trans_id",
        "account_id",
        "date",
        "type",
        "operation",
        "amount",
        "balance",
        "k_symbol",
        "bank",
        "account",
    ];
    let mut rows = Vec::new();
    let mut lines = BTreeMap::new();
    each_row(path, &header, |line, fields| {
        let row = transaction(line, fields)?;
        if let Some(first) = lines.insert(row.transaction, line) {
            let id = row.transaction;
            return Err(format!("transaction {id} again, it was on line {first}"));
        }
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

fn transaction(line: u32, fields: &[&str]) -> Result<TransactionRow, String> {
    let (date, booked) = date(fields[2])?;
    let amount = money(fields[5], "amount")?;
    if amount <= 0 {
        return Err(format!("amount {:?} is not above 0", fields[5]));
    }
    Ok(TransactionRow {
        line,
        transaction: number(fields[0], "trans_id")?,
        account: number(fields[1], "account_id")?,
        booked,
        date,
        side: match fields[3] {
            "PRIJEM" => Side::Deposit,
            // A withdrawal in cash is at times called by its operation.
            "VYDAJ" | "VYBER" => Side::Withdrawal,
            other => return Err(format!("type {other:?} is not known")),
        },
        operation: Operation::parse(fields[4])
            .ok_or_else(|| format!("operation {:?} is not known", fields[4]))?,
        purpose: Purpose::parse(fields[7].trim())
            .ok_or_else(|| format!("k_symbol {:?} is not known", fields[7]))?,
        amount,
        balance: money(fields[6], "balance")?,
        partner: partner(fields[8], fields[9])?,
    })
}

/// Calls `take` with the number and the fields of each row behind the header; what it says of a
/// bad row is completed by file and line.
fn each_row(
    path: &Path,
    header: &[&str],
    mut take: impl FnMut(u32, &[&str]) -> Result<(), String>,
) -> Result<(), String> {
    let text = read(path)?;
    let mut fields = Vec::with_capacity(header.len());
    for (line, row) in (1u32..).zip(text.lines()) {
        fields.clear();
        fields.extend(row.trim_end_matches('\r').split(';').map(unquote));
        let taken = if fields.len() != header.len() {
            Err(format!("{} fields, not {}", fields.len(), header.len()))
        } else if line == 1 {
            let is_header = fields == header;
            let expected = || format!("the first line is not {}", header.join(";"));
            is_header.then_some(()).ok_or_else(expected)
        } else {
            take(line, &fields)
        };
        taken.map_err(|reason| format!("{}:{line}: {reason}", path.display()))?;
    }
    if text.is_empty() {
        return Err(format!("{}:1: the file is empty", path.display()));
    }
    Ok(())
}

/// The file as text. It is Latin 1, of which every byte is one character.
fn read(path: &Path) -> Result<String, String> {
    Ok(unpack::read(path)?.into_iter().map(char::from).collect())
}

fn unquote(field: &str) -> &str {
    field
        .strip_prefix('"')
        .and_then(|field| field.strip_suffix('"'))
        .unwrap_or(field)
}

fn number(field: &str, name: &str) -> Result<u32, String> {
    match field.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("{name} {field:?} is not a number above 0")),
    }
}

fn money(field: &str, name: &str) -> Result<i64, String> {
    let (digits, sign) = match field.strip_prefix('-') {
        Some(digits) => (digits, -1),
        None => (field, 1),
    };
    let minor =
        parse_amount(digits, EXPONENT).map_err(|error| format!("{name} {field:?}: {error}"))?;
    // Far more than any bank holds, and sums of rows stay within 64 bits.
    match i64::try_from(minor) {
        Ok(minor) if minor < 1 << 48 => Ok(sign * minor),
        _ => Err(format!("{name} {field:?} is too large")),
    }
}

fn date(field: &str) -> Result<(Date, u64), String> {
    let bad = || format!("date {field:?} is not YYMMDD");
    // A card's date has its time behind it; there is none here.
    if field.len() != 6 || !field.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad());
    }
    let part = |at: usize| field[at..at + 2].parse::<i8>().map_err(|_| bad());
    let year = 1900 + i16::from(part(0)?);
    let date = Date::new(year, part(2)?, part(4)?).map_err(|_| bad())?;
    let midnight = date.to_zoned(TimeZone::UTC).map_err(|_| bad())?;
    let nanoseconds = midnight.timestamp().as_nanosecond();
    let since_1970 = u64::try_from(nanoseconds).map_err(|_| bad())?;
    Ok((date, since_1970))
}

/// The letters of the other bank above the 64 bits of the account there.
fn partner(bank: &str, account: &str) -> Result<u128, String> {
    let account: u64 = match account {
        "" => 0,
        digits => digits
            .parse()
            .map_err(|_| format!("account {digits:?} is not a number"))?,
    };
    if bank.len() > 2 || !bank.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(format!("bank {bank:?} is not two capital letters"));
    }
    let letters = bank
        .bytes()
        .fold(0, |sum, byte| sum << 8 | u128::from(byte));
    Ok(letters << 64 | u128::from(account))
}
