//! Rows that leave: written as CSV, and read again to see that they lie within the scope.
//!
//! A sheet is CSV as RFC 4180 has it: one header with the names of fields in their order, records
//! that end in CR LF, quotes where a value has a comma, a quote or a line end. [`check`] reads the
//! very bytes that would be encrypted, so nothing that made them need be believed; whoever has the
//! plain file and the scope can check them again.

use core::fmt;
use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::age::{Fresh, Recipient, encrypt};
use crate::digest::digest_text;
use crate::field::{Field, read_id};
use crate::limits::{ANSWER_BYTES, VALUE_BYTES};
use crate::scope::{Place, Scope};
use crate::time::read_nanosecond;

mod csv;

use csv::Records;
pub use csv::Sheet;

/// What is recorded of an answer: nothing that is about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// SHA-256 of the plain bytes.
    pub digest: [u8; 32],
    /// How many plain bytes there are.
    pub bytes: u64,
    /// How many rows.
    pub rows: u64,
    /// How many different accounts are in them.
    pub accounts: u64,
}

impl Counts {
    /// The digest as text: 64 small hex digits.
    pub fn digest_text(&self) -> String {
        digest_text(&self.digest)
    }
}

/// An answer that lies within its scope, encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What is recorded of it.
    pub counts: Counts,
    /// The file of age.
    pub file: Vec<u8>,
}

/// Why rows do not leave. It says where, and never what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerError {
    /// The scope names nobody, and no statute allows that.
    Bulk,
    /// There are more bytes than an answer may have.
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// The bytes are no CSV.
    Csv {
        /// In which row, the header being 0.
        row: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// A column is no field, or stands behind one that comes later.
    Column {
        /// Which, from 1 on.
        number: usize,
    },
    /// A column is a field that was not asked for.
    Field(Field),
    /// A column is missing without which nobody could tell whether a row lies within.
    Missing(Field),
    /// A value is not of the form of its field.
    Value {
        /// In which row, from 1 on.
        row: u64,
        /// Of which field.
        field: Field,
    },
    /// A row lies outside of the scope.
    Outside {
        /// Which row, from 1 on.
        row: u64,
        /// By which field.
        field: Field,
    },
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bulk => f.write_str(
                "the scope names nobody, and no statute of the mandate allows rows then; it is answered with aggregates",
            ),
            Self::TooLarge { bytes } => write!(
                f,
                "an answer of {bytes} bytes is too large: {ANSWER_BYTES} at most"
            ),
            Self::Csv { row, what } => write!(f, "row {row} is no CSV: {what}"),
            Self::Column { number } => write!(
                f,
                "column {number} is no field, or stands behind one that comes later"
            ),
            Self::Field(field) => write!(f, "the field {field} was not asked for"),
            Self::Missing(field) => write!(
                f,
                "the field {field} is missing, and without it nobody can tell whether a row lies within"
            ),
            Self::Value { row, field } => {
                write!(f, "row {row}: the value of {field} is not of its form")
            }
            Self::Outside { row, field } => {
                write!(f, "row {row} lies outside of the scope by its {field}")
            }
        }
    }
}

impl std::error::Error for AnswerError {}

/// Reads a sheet and counts it, where all of it lies within a scope that names somebody; the first
/// row and field outside is the error.
pub fn check(sheet: &[u8], scope: &Scope) -> Result<Counts, AnswerError> {
    if scope.is_bulk() {
        return Err(AnswerError::Bulk);
    }
    count(sheet, scope)
}

/// As [`check`], of a scope that may name nobody, if its basis is one of the statutes that the
/// authority's mandate allows that for.
pub fn check_by_statute(
    sheet: &[u8],
    scope: &Scope,
    statutes: &[&str],
) -> Result<Counts, AnswerError> {
    if scope.is_bulk() && !statutes.contains(&scope.basis.as_str()) {
        return Err(AnswerError::Bulk);
    }
    count(sheet, scope)
}

/// Checks a sheet and encrypts it.
pub fn disclose(
    sheet: &[u8],
    scope: &Scope,
    recipient: &Recipient,
    fresh: Fresh,
) -> Result<Answer, AnswerError> {
    let counts = check(sheet, scope)?;
    let file = encrypt(recipient, fresh, sheet);
    Ok(Answer { counts, file })
}

fn count(sheet: &[u8], scope: &Scope) -> Result<Counts, AnswerError> {
    let bytes = sheet.len();
    if bytes > ANSWER_BYTES {
        return Err(AnswerError::TooLarge { bytes });
    }
    let text = core::str::from_utf8(sheet).map_err(|_| AnswerError::Csv {
        row: 0,
        what: "it is not UTF-8",
    })?;
    let mut records = Records::new(text);
    let mut values = Vec::new();
    records.next(&mut values)?;
    let columns = columns(&values, scope)?;
    let (mut rows, mut accounts) = (0, BTreeSet::new());
    while records.next(&mut values)? {
        rows += 1;
        if values.len() != columns.len() {
            let what = "it does not have as many values as there are columns";
            return Err(AnswerError::Csv { row: rows, what });
        }
        for (field, value) in columns.iter().zip(&values) {
            if !is_value(*field, value, scope) {
                return Err(AnswerError::Value {
                    row: rows,
                    field: *field,
                });
            }
        }
        let place = place(&columns, &values);
        if let Some(field) = scope.outside(&place) {
            return Err(AnswerError::Outside { row: rows, field });
        }
        accounts.insert(place.account);
    }
    Ok(Counts {
        digest: Sha256::digest(sheet).into(),
        bytes: bytes as u64,
        rows,
        accounts: accounts.len() as u64,
    })
}

fn columns(header: &[String], scope: &Scope) -> Result<Vec<Field>, AnswerError> {
    let mut columns: Vec<Field> = Vec::with_capacity(header.len());
    for (index, name) in header.iter().enumerate() {
        let field = Field::from_name(name);
        let field = field
            .filter(|field| columns.last().is_none_or(|last| last < field))
            .ok_or(AnswerError::Column { number: index + 1 })?;
        if !scope.fields.contains(&field) {
            return Err(AnswerError::Field(field));
        }
        columns.push(field);
    }
    let needs = scope.subjects.needs();
    match needs.iter().find(|field| !columns.contains(field)) {
        Some(field) => Err(AnswerError::Missing(*field)),
        None => Ok(columns),
    }
}

/// Whether a value is of the form of its field. What places a row is never empty.
fn is_value(field: Field, value: &str, scope: &Scope) -> bool {
    if value.is_empty() {
        return !scope.subjects.needs().contains(&field);
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match field {
        _ if field.is_id() => read_id(value).is_some(),
        Field::Time => read_nanosecond(value).is_some(),
        Field::Kind => crate::Kind::new(value).is_some(),
        Field::Ledger => digits(value) && value.parse::<u32>().is_ok(),
        Field::Amount => digits(value) && value.parse::<u128>().is_ok(),
        Field::Balance => {
            let amount = value.strip_prefix('-').unwrap_or(value);
            digits(amount) && value.parse::<i128>().is_ok()
        }
        Field::Side => matches!(value, "debit" | "credit"),
        _ => value.len() <= VALUE_BYTES && !value.chars().any(char::is_control),
    }
}

/// Where a row stands, of values that are of the form of their fields.
fn place<'a>(columns: &[Field], values: &'a [String]) -> Place<'a> {
    let value = |field: Field| {
        let at = columns.iter().position(|one| *one == field)?;
        Some(values[at].as_str())
    };
    let id = |field: Field| value(field).and_then(read_id);
    Place {
        account: id(Field::Account).expect("every row has an account"),
        time: value(Field::Time)
            .and_then(read_nanosecond)
            .expect("every row has a time"),
        kind: value(Field::Kind).expect("every row has a kind"),
        transfer: id(Field::Transfer),
        party: id(Field::Party),
        counterparty_account: id(Field::CounterpartyAccount),
        counterparty_party: id(Field::CounterpartyParty),
    }
}
