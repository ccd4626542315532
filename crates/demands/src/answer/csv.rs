//! CSV as RFC 4180 has it, written and read strictly.

use super::AnswerError;
use crate::field::Field;
use crate::scope::Scope;

/// A sheet that is being written: the columns are the fields of a scope.
#[derive(Clone, Debug)]
pub struct Sheet {
    columns: Vec<Field>,
    bytes: Vec<u8>,
}

impl Sheet {
    /// A sheet with the header of a scope, and no row.
    pub fn new(scope: &Scope) -> Sheet {
        let columns: Vec<Field> = scope.fields.iter().copied().collect();
        let names: Vec<&str> = columns.iter().map(|field| field.name()).collect();
        Sheet {
            bytes: format!("{}\r\n", names.join(",")).into_bytes(),
            columns,
        }
    }

    /// Adds a row. Fields that were not asked for are not written; those that are not given are
    /// empty.
    pub fn push(&mut self, values: &[(Field, &str)]) {
        for (index, column) in self.columns.iter().enumerate() {
            if index > 0 {
                self.bytes.push(b',');
            }
            let value = values.iter().find(|(field, _)| field == column);
            write_value(value.map_or("", |(_, value)| value), &mut self.bytes);
        }
        self.bytes.extend(b"\r\n");
    }

    /// The bytes. They are not checked yet.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

fn write_value(value: &str, out: &mut Vec<u8>) {
    if value.contains([',', '"', '\r', '\n']) {
        out.extend(format!("\"{}\"", value.replace('"', "\"\"")).into_bytes());
    } else {
        out.extend(value.bytes());
    }
}

/// Records that are being read.
pub(super) struct Records<'a> {
    rest: &'a str,
    row: u64,
}

impl<'a> Records<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, row: 0 }
    }

    fn wrong<T>(&self, what: &'static str) -> Result<T, AnswerError> {
        Err(AnswerError::Csv {
            row: self.row - 1,
            what,
        })
    }

    /// The values of the next record; `false` where there is none.
    pub(super) fn next(&mut self, values: &mut Vec<String>) -> Result<bool, AnswerError> {
        values.clear();
        self.row += 1;
        if self.rest.is_empty() {
            return Ok(false);
        }
        loop {
            let value = if let Some(rest) = self.rest.strip_prefix('"') {
                self.rest = rest;
                self.quoted()?
            } else {
                let end = self.rest.find([',', '\r', '\n', '"']);
                let (value, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                self.rest = rest;
                value.to_owned()
            };
            values.push(value);
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
            } else if let Some(rest) = self.rest.strip_prefix("\r\n") {
                self.rest = rest;
                return Ok(true);
            } else {
                return self.wrong("a value ends in a comma or in CR LF");
            }
        }
    }

    /// The rest of a value behind its opening quote.
    fn quoted(&mut self) -> Result<String, AnswerError> {
        let mut value = String::new();
        loop {
            let Some((part, rest)) = self.rest.split_once('"') else {
                return self.wrong("a quote is not closed");
            };
            value.push_str(part);
            self.rest = rest;
            match rest.strip_prefix('"') {
                Some(rest) => {
                    value.push('"');
                    self.rest = rest;
                }
                None => return Ok(value),
            }
        }
    }
}
