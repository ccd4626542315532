//! The text of a scope, written and read.

use core::fmt;
use std::collections::BTreeSet;

use super::{Asked, Period, Roles, Scope, ScopeError, Subjects};
use crate::field::{Field, Kind, id_text, read_id};
use crate::limits::{KINDS, SCOPE_BYTES, SUBJECTS};
use crate::time::{read_second, second_text};

/// The first line.
const HEAD: &str = "counterfoil/demand/v1";

impl fmt::Display for Scope {
    /// The text, with the newline at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        writeln!(f, "authority {}", id_text(self.authority))?;
        writeln!(f, "reference {}", self.reference)?;
        writeln!(f, "basis {}", self.basis)?;
        writeln!(f, "purpose {}", self.purpose)?;
        writeln!(f, "subjects {}", self.subjects)?;
        writeln!(f, "roles {}", self.roles.name())?;
        writeln!(f, "fields {}", list(self.fields.iter()))?;
        match &self.kinds {
            None => writeln!(f, "kinds any")?,
            Some(kinds) => writeln!(f, "kinds {}", list(kinds.iter()))?,
        }
        writeln!(f, "from {}", second_text(self.period.from))?;
        writeln!(f, "to {}", second_text(self.period.to))?;
        match self.sealed {
            None => writeln!(f, "sealed no"),
            Some(end) => writeln!(f, "sealed {}", second_text(end)),
        }
    }
}

impl fmt::Display for Subjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = |ids: &BTreeSet<u128>| list(ids.iter().map(|id| id_text(*id)));
        match self {
            Self::All => f.write_str("all"),
            Self::Persons(all) => write!(f, "persons {}", ids(all)),
            Self::Accounts(all) => write!(f, "accounts {}", ids(all)),
            Self::Transfers(all) => write!(f, "transfers {}", ids(all)),
        }
    }
}

impl Roles {
    /// Its name in text.
    pub const fn name(self) -> &'static str {
        match self {
            Roles::Owner => "owner",
            Roles::Any => "any",
        }
    }
}

fn list(all: impl Iterator<Item = impl ToString>) -> String {
    let all: Vec<String> = all.map(|one| one.to_string()).collect();
    all.join(",")
}

impl Scope {
    /// Reads the text of a scope: exactly what is written, of at most [`SCOPE_BYTES`].
    pub fn parse(text: &str) -> Result<Scope, ScopeError> {
        if text.len() > SCOPE_BYTES {
            return Err(ScopeError::TooLong { bytes: text.len() });
        }
        let mut lines = Lines {
            rest: text,
            number: 0,
        };
        if lines.next() != Some(HEAD) {
            return Err(lines.wrong("counterfoil/demand/v1"));
        }
        let asked = Asked {
            authority: lines.value("authority", "authority and 32 hex digits", read_id)?,
            reference: lines.value("reference", "reference and a text", owned)?,
            basis: lines.value("basis", "basis and a text", owned)?,
            purpose: lines.value("purpose", "purpose and a text", owned)?,
            subjects: lines.value(
                "subjects",
                "subjects and all, or persons, accounts or transfers with ascending ids",
                subjects,
            )?,
            roles: lines.value("roles", "roles and owner or any", roles)?,
            fields: lines.value("fields", "fields and their names in order", |text| {
                ascending(text, Field::ALL.len(), Field::from_name)
            })?,
            kinds: lines.value("kinds", "kinds and any, or ascending names", kinds)?,
            period: Period {
                from: lines.value("from", "from and a second in UTC", read_second)?,
                to: lines.value("to", "to and a second in UTC", read_second)?,
            },
            sealed: lines.value("sealed", "sealed and no, or a second in UTC", sealed)?,
        };
        if !lines.rest.is_empty() {
            return Err(ScopeError::Trailing);
        }
        Scope::new(asked)
    }
}

/// Lines that end in a newline each.
struct Lines<'a> {
    rest: &'a str,
    number: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a str> {
        self.number += 1;
        let (line, rest) = self.rest.split_once('\n')?;
        self.rest = rest;
        Some(line)
    }

    fn wrong(&self, wanted: &'static str) -> ScopeError {
        ScopeError::Line {
            number: self.number,
            wanted,
        }
    }

    fn value<T>(
        &mut self,
        name: &str,
        wanted: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ScopeError> {
        let line = self.next();
        line.and_then(|line| line.strip_prefix(name)?.strip_prefix(' '))
            .and_then(read)
            .ok_or_else(|| self.wrong(wanted))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a reader like the others")]
fn owned(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A list with commas, each greater than the one before it.
fn ascending<T: Ord>(
    text: &str,
    most: usize,
    read: impl Fn(&str) -> Option<T>,
) -> Option<BTreeSet<T>> {
    let mut all = BTreeSet::new();
    for one in text.split(',') {
        let one = read(one)?;
        if all.len() == most || all.last().is_some_and(|last| *last >= one) {
            return None;
        }
        all.insert(one);
    }
    Some(all)
}

fn subjects(text: &str) -> Option<Subjects> {
    if text == "all" {
        return Some(Subjects::All);
    }
    let (who, ids) = text.split_once(' ')?;
    let ids = ascending(ids, SUBJECTS, read_id)?;
    match who {
        "persons" => Some(Subjects::Persons(ids)),
        "accounts" => Some(Subjects::Accounts(ids)),
        "transfers" => Some(Subjects::Transfers(ids)),
        _ => None,
    }
}

fn roles(text: &str) -> Option<Roles> {
    [Roles::Owner, Roles::Any]
        .into_iter()
        .find(|one| one.name() == text)
}

/// `any` is no kind but all of them, so no kind is named like that.
#[expect(clippy::option_option, reason = "any is a value of its own")]
fn kinds(text: &str) -> Option<Option<BTreeSet<Kind>>> {
    if text == "any" {
        return Some(None);
    }
    ascending(text, KINDS, Kind::new).map(Some)
}

#[expect(clippy::option_option, reason = "no is a value of its own")]
fn sealed(text: &str) -> Option<Option<u64>> {
    if text == "no" {
        return Some(None);
    }
    read_second(text).map(Some)
}
