//! What is asked: by whom, for what, by what right, about whom, what and when.
//!
//! ```text
//! counterfoil/demand/v1
//! authority 000000000000000000000000000000aa
//! reference INV-2026-0042
//! basis Criminal Procedure Act, section 94
//! purpose tracing of a fraud
//! subjects persons 00000000000000000000000000000007
//! roles owner
//! fields account,time,kind,party,amount
//! kinds pay,withdraw
//! from 2026-01-01T00:00:00Z
//! to 2026-02-01T00:00:00Z
//! sealed 2027-01-01T00:00:00Z
//! ```
//!
//! That is the text of a scope: all lines, in this order, nothing else; each ends in a newline.
//! Lists ascend, fields stand in the order of [`Field`]. What is read is written again byte for
//! byte, so that a digest of the text is a digest of the scope.
//!
//! ```
//! use demands::Scope;
//!
//! let text = "counterfoil/demand/v1
//! authority 000000000000000000000000000000aa
//! reference INV-2026-0042
//! basis Criminal Procedure Act, section 94
//! purpose tracing of a fraud
//! subjects persons 00000000000000000000000000000007
//! roles owner
//! fields account,time,kind,party,amount
//! kinds pay,withdraw
//! from 2026-01-01T00:00:00Z
//! to 2026-02-01T00:00:00Z
//! sealed no
//! ";
//! let scope = Scope::parse(text)?;
//! assert_eq!(scope.to_string(), text);
//! let narrowed = Scope::parse(&text.replace("pay,withdraw", "pay"))?;
//! assert!(scope.contains(&narrowed) && !narrowed.contains(&scope));
//! # Ok::<(), demands::ScopeError>(())
//! ```

use core::fmt;
use core::ops::Deref;
use std::collections::BTreeSet;

use crate::field::{Field, Kind};
use crate::limits::{BASIS_BYTES, KINDS, PURPOSE_BYTES, REFERENCE_BYTES, SUBJECTS};
use crate::time::{LAST, SECOND};

mod text;

/// About whom data is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subjects {
    /// Nobody in particular: everyone.
    All,
    /// These parties.
    Persons(BTreeSet<u128>),
    /// These accounts.
    Accounts(BTreeSet<u128>),
    /// These transfers.
    Transfers(BTreeSet<u128>),
}

/// In which role a subject must stand in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Roles {
    /// The account is theirs (ISO 20022: OWNE).
    Owner,
    /// Theirs, or on the other side (ISO 20022: ALLP).
    Any,
}

/// From when to when, in seconds since 1970 in UTC; `to` is the first second outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first second inside.
    pub from: u64,
    /// The first second outside; after `from`.
    pub to: u64,
}

impl Period {
    /// Whether all of `other` lies within.
    pub const fn contains(&self, other: &Period) -> bool {
        self.from <= other.from && other.to <= self.to
    }

    /// Whether a nanosecond since 1970 lies within.
    pub const fn has(&self, nanosecond: u64) -> bool {
        let second = nanosecond / SECOND;
        self.from <= second && second < self.to
    }
}

/// What a scope is made of. Only a [`Scope`] of it is known to be whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The party that asks.
    pub authority: u128,
    /// Its own reference.
    pub reference: String,
    /// The legal basis.
    pub basis: String,
    /// What it is for.
    pub purpose: String,
    /// About whom.
    pub subjects: Subjects,
    /// In which role.
    pub roles: Roles,
    /// Which fields, those that place a row among them.
    pub fields: BTreeSet<Field>,
    /// Which kinds of records or acts; `None` is any.
    pub kinds: Option<BTreeSet<Kind>>,
    /// When it happened.
    pub period: Period,
    /// The second at which the demand is opened to those whom it concerns at the latest; `None`
    /// where it is not sealed.
    pub sealed: Option<u64>,
}

/// What is asked, whole: everything is there and within its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(Asked);

/// Where a row stands: what decides whether it lies within a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The account.
    pub account: u128,
    /// Nanoseconds since 1970.
    pub time: u64,
    /// The kind of record or act.
    pub kind: &'a str,
    /// The transfer, where it is known.
    pub transfer: Option<u128>,
    /// Who owns the account, where it is known.
    pub party: Option<u128>,
    /// The account on the other side, where there is one and it is known.
    pub counterparty_account: Option<u128>,
    /// Who owns that one.
    pub counterparty_party: Option<u128>,
}

/// Why something is no scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeError {
    /// The text is longer than it may be.
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// A line is not what must stand there.
    Line {
        /// Which, from 1 on.
        number: usize,
        /// What must stand there.
        wanted: &'static str,
    },
    /// There is more behind the last line.
    Trailing,
    /// A text is empty, too long, begins or ends in a space, or has a control character.
    Text {
        /// Which.
        name: &'static str,
        /// Bytes that it may have.
        most: usize,
    },
    /// The authority is 0.
    Authority,
    /// The list of subjects is empty or too long, or one of them is 0.
    Subjects,
    /// The list of kinds is empty or too long.
    Kinds,
    /// A field without which nobody could tell whether a row lies within is not asked for.
    Missing(Field),
    /// The period ends before it begins, or behind the calendar.
    Period,
    /// The latest opening lies behind the calendar.
    Sealed,
}

impl fmt::Display for ScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => write!(
                f,
                "a scope of {bytes} bytes is too long: {} at most",
                crate::limits::SCOPE_BYTES
            ),
            Self::Line { number, wanted } => {
                write!(f, "line {number} of the scope is not {wanted}")
            }
            Self::Trailing => f.write_str("there is more behind the last line of the scope"),
            Self::Text { name, most } => write!(
                f,
                "the {name} is not 1 to {most} bytes without control characters and outer spaces"
            ),
            Self::Authority => f.write_str("the authority is 0, which is nobody"),
            Self::Subjects => write!(f, "subjects are 1 to {SUBJECTS} ids other than 0, or all"),
            Self::Kinds => write!(f, "kinds are 1 to {KINDS} names, or any"),
            Self::Missing(field) => write!(
                f,
                "the field {field} is not asked for, and without it nobody can tell whether a row lies within"
            ),
            Self::Period => f.write_str("the period does not begin before it ends"),
            Self::Sealed => f.write_str("the latest opening lies behind the calendar"),
        }
    }
}

impl std::error::Error for ScopeError {}

impl Subjects {
    fn ids(&self) -> Option<&BTreeSet<u128>> {
        match self {
            Self::All => None,
            Self::Persons(ids) | Self::Accounts(ids) | Self::Transfers(ids) => Some(ids),
        }
    }

    fn contains(&self, other: &Subjects) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::Persons(all), Self::Persons(some))
            | (Self::Accounts(all), Self::Accounts(some))
            | (Self::Transfers(all), Self::Transfers(some)) => some.is_subset(all),
            _ => false,
        }
    }

    /// The fields without which nobody can tell whether a row lies within.
    pub fn needs(&self) -> &'static [Field] {
        match self {
            Self::All | Self::Accounts(_) => &[Field::Account, Field::Time, Field::Kind],
            Self::Persons(_) => &[Field::Account, Field::Time, Field::Kind, Field::Party],
            Self::Transfers(_) => &[Field::Account, Field::Time, Field::Kind, Field::Transfer],
        }
    }
}

impl Scope {
    /// The scope of what is asked, where it is whole.
    pub fn new(asked: Asked) -> Result<Scope, ScopeError> {
        let texts = [
            ("reference", &asked.reference, REFERENCE_BYTES),
            ("basis", &asked.basis, BASIS_BYTES),
            ("purpose", &asked.purpose, PURPOSE_BYTES),
        ];
        if asked.authority == 0 {
            return Err(ScopeError::Authority);
        }
        for (name, text, most) in texts {
            if !is_plain(text, most) {
                return Err(ScopeError::Text { name, most });
            }
        }
        if let Some(ids) = asked.subjects.ids()
            && (ids.is_empty() || ids.len() > SUBJECTS || ids.contains(&0))
        {
            return Err(ScopeError::Subjects);
        }
        let needs = asked.subjects.needs();
        if let Some(field) = needs.iter().find(|field| !asked.fields.contains(field)) {
            return Err(ScopeError::Missing(*field));
        }
        if let Some(kinds) = &asked.kinds
            && (kinds.is_empty() || kinds.len() > KINDS)
        {
            return Err(ScopeError::Kinds);
        }
        if asked.period.from >= asked.period.to || asked.period.to > LAST {
            return Err(ScopeError::Period);
        }
        if asked.sealed.is_some_and(|end| end > LAST) {
            return Err(ScopeError::Sealed);
        }
        Ok(Scope(asked))
    }

    /// Whether `other` asks for no more than this: it is this scope, or a narrower one. Who asks,
    /// what for and by what right must be the same; a longer seal is wider.
    pub fn contains(&self, other: &Scope) -> bool {
        let kinds = match (&self.kinds, &other.kinds) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(all), Some(some)) => some.is_subset(all),
        };
        let is_same = self.authority == other.authority
            && self.reference == other.reference
            && self.basis == other.basis
            && self.purpose == other.purpose;
        is_same
            && kinds
            && self.subjects.contains(&other.subjects)
            && other.roles <= self.roles
            && other.fields.is_subset(&self.fields)
            && self.period.contains(&other.period)
            && other.sealed <= self.sealed
    }

    /// The field by which a row that stands there lies outside; `None` where it lies within. What
    /// is not known of it does not count for it.
    pub fn outside(&self, place: &Place<'_>) -> Option<Field> {
        let by_role = |own: Option<u128>, across: Option<u128>, ids: &BTreeSet<u128>| {
            let among = |id: Option<u128>| id.is_some_and(|id| ids.contains(&id));
            among(own) || (self.roles == Roles::Any && among(across))
        };
        let (is_about, by) = match &self.subjects {
            Subjects::All => (true, Field::Account),
            Subjects::Persons(ids) => {
                let is_about = by_role(place.party, place.counterparty_party, ids);
                (is_about, Field::Party)
            }
            Subjects::Accounts(ids) => {
                let is_about = by_role(Some(place.account), place.counterparty_account, ids);
                (is_about, Field::Account)
            }
            Subjects::Transfers(ids) => {
                let is_about = place.transfer.is_some_and(|id| ids.contains(&id));
                (is_about, Field::Transfer)
            }
        };
        let is_kind = self.kinds.as_ref().is_none_or(|kinds| {
            let mut kinds = kinds.iter();
            kinds.any(|kind| kind.as_str() == place.kind)
        });
        if !is_about {
            Some(by)
        } else if !self.period.has(place.time) {
            Some(Field::Time)
        } else {
            (!is_kind).then_some(Field::Kind)
        }
    }

    /// Whether a row that stands there lies within.
    pub fn covers(&self, place: &Place<'_>) -> bool {
        self.outside(place).is_none()
    }

    /// Whether this field of a row that stands there may leave.
    pub fn admits(&self, place: &Place<'_>, field: Field) -> bool {
        self.fields.contains(&field) && self.covers(place)
    }

    /// Whether it names nobody, so that it may be answered with aggregates only.
    pub fn is_bulk(&self) -> bool {
        self.subjects == Subjects::All
    }

    /// What it is made of.
    pub fn into_asked(self) -> Asked {
        self.0
    }
}

impl Deref for Scope {
    type Target = Asked;

    fn deref(&self) -> &Asked {
        &self.0
    }
}

/// Whether a text stands on one line as it is: 1 to `most` bytes, no control characters, no outer
/// spaces, nothing that turns the direction of what follows or breaks the line.
pub(crate) fn is_plain(text: &str, most: usize) -> bool {
    let turns = |letter: char| matches!(letter, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    (1..=most).contains(&text.len())
        && text.trim() == text
        && !text
            .chars()
            .any(|letter| letter.is_control() || turns(letter))
}
