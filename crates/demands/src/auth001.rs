//! Reads the message by which an authority asks: ISO 20022 `InformationRequestOpening`, versions
//! auth.001.001.01 and auth.001.001.02.
//!
//! [`read`] takes what the message says as it stands. [`Demand::scope`] makes a [`Scope`] of it,
//! with what the message has no place for ([`Terms`]) and with the ids that the books know those by
//! whom it names ([`Directory`]). What cannot be a scope is refused with the path of the element
//! that is missing or wrong, never with what stands in it.
//!
//! What is asked for stands in `AuthrtyReqTp`, in the name of the message that is wanted back:
//!
//! | `MsgNmId` | fields |
//! |---|---|
//! | `camt.052…`, `camt.053…` (report, statement) | account, time, kind, transfer, counterparty account, ledger, side, amount, balance |
//! | `camt.054…` (notification) | the same without balance |
//! | `counterfoil.fields.v1` | those that `MsgNm` lists with commas |
//!
//! Days are taken as whole ones, in the institution's time where they have no zone. A period of
//! moments is taken in whole seconds, rounded inwards, and ends before its last moment: nothing
//! leaves that was not asked for.

use core::fmt;
use std::collections::BTreeSet;

use crate::field::{Field, read_id};
use crate::limits::{REFERENCE_BYTES, SUBJECTS};
use crate::scope::{Asked, Period, Roles, Scope, ScopeError, Subjects, is_plain};
use crate::xml::{self, Element, XmlError};

mod parts;

/// Begins the namespace of every message of ISO 20022.
pub(crate) const NAMESPACES: &str = "urn:iso:std:iso:20022:tech:xsd:";

/// The `MsgNmId` of a request that lists its fields.
pub const FIELDS: &str = "counterfoil.fields.v1";

/// Which version of the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// auth.001.001.01 and auth.002.001.01, of 2013.
    V1,
    /// auth.001.001.02 and auth.002.001.02.
    V2,
}

/// A message that asks, as it was read. Its `Debug` shows nothing that may be about a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Demand {
    /// Its version.
    pub version: Version,
    /// `InvstgtnId`: the authority's own reference.
    pub reference: String,
    /// `LglMndtBsis/Prgrph`: the legal basis.
    pub paragraph: String,
    /// `LglMndtBsis/Dsclmr`: what is said of it.
    pub disclaimer: Option<String>,
    /// `CnfdtltySts`: whether those whom it concerns must not be told.
    pub is_confidential: bool,
    /// `DueDt/DueDt`: the first second behind the day by which an answer is due.
    pub due: Option<u64>,
    /// `DueDt/AddtlInf`.
    pub due_note: Option<String>,
    /// `InvstgtnPrd`.
    pub period: Period,
    /// `SchCrit`: what is looked for.
    pub criterion: Criterion,
    /// The `AuthrtyReqTp`, or what stands for it, in order; at least one.
    pub requests: Vec<Request>,
    /// `SchCrit` as it stood, for the answer.
    pub(crate) search: Element,
}

/// What is looked for. Its `Debug` says of which sort it is, and no more.
#[derive(Clone, PartialEq, Eq)]
pub enum Criterion {
    /// `Acct`: an account, and which of its parties are investigated.
    Account(AccountName, Roles),
    /// `CstmrId`: a person or an organisation, and in which role.
    Customer(PersonName, Roles),
    /// `PmtInstrm`: a card, by its number.
    Card(String),
    /// `OrgnlTxNb`: transactions, by their numbers.
    Transactions(Vec<String>),
}

/// What an account is called. Its `Debug` says of which sort it is, and no more.
#[derive(Clone, PartialEq, Eq)]
pub enum AccountName {
    /// `Id/IBAN`, with a checksum that is right.
    Iban(String),
    /// `Id/Othr/Id`.
    Other(String),
    /// `Prxy/Id`: an alias, since version 02.
    Proxy(String),
}

/// What is said of a customer. At least one of its parts is there, and its `Debug` shows none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PersonName {
    /// `Pty/Nm`.
    pub name: Option<String>,
    /// `Pty/Id/…/Othr/Id`, in order.
    pub ids: Vec<String>,
    /// `Pty/Id/OrgId/AnyBIC`.
    pub bic: Option<String>,
    /// `Pty/Id/OrgId/LEI`, since version 02.
    pub lei: Option<String>,
    /// `Pty/Id/PrvtId/DtAndPlcOfBirth/BirthDt`.
    pub birth_date: Option<String>,
}

/// One thing that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `MsgNmId`.
    pub name: String,
    /// `MsgNm`.
    pub title: Option<String>,
}

/// What a message has no place for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The party that asks.
    pub authority: u128,
    /// What it is for; without it `Dsclmr` is.
    pub purpose: Option<String>,
    /// The second at which it is opened at the latest, where it is confidential.
    pub sealed: Option<u64>,
}

/// Knows by which id the books know whom a message names; `None` where they do not.
pub trait Directory {
    /// The account of this name.
    fn account(&self, name: &AccountName) -> Option<u128>;
    /// The party that this is said of.
    fn party(&self, name: &PersonName) -> Option<u128>;
    /// The account that this card draws on.
    fn card(&self, number: &str) -> Option<u128>;
    /// The transfer of this number.
    fn transfer(&self, number: &str) -> Option<u128>;
}

/// The directory of those who know the ids already: 32 hex digits stand for themselves, in
/// `Othr/Id` and in `Nb`. It knows no other names.
#[derive(Clone, Copy, Debug, Default)]
pub struct ById;

impl Directory for ById {
    fn account(&self, name: &AccountName) -> Option<u128> {
        match name {
            AccountName::Other(id) => read_id(id),
            AccountName::Iban(_) | AccountName::Proxy(_) => None,
        }
    }

    fn party(&self, name: &PersonName) -> Option<u128> {
        match &name.ids[..] {
            [id] => read_id(id),
            _ => None,
        }
    }

    fn card(&self, _: &str) -> Option<u128> {
        None
    }

    fn transfer(&self, number: &str) -> Option<u128> {
        read_id(number)
    }
}

/// Why a message asks for nothing that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DemandError {
    /// It is no XML that is read here.
    Xml(XmlError),
    /// The root is not `Document` in the namespace of auth.001.001.01 or auth.001.001.02.
    Version,
    /// An element is missing.
    Missing {
        /// Its path from `InfReqOpng`.
        path: String,
    },
    /// An element that may stand once stands there again.
    Twice {
        /// Its path from `InfReqOpng`.
        path: String,
    },
    /// An element has a value that it may not have.
    Wrong {
        /// Its path from `InfReqOpng`.
        path: String,
        /// What it may have.
        wanted: &'static str,
    },
    /// The parts of the message ask in different roles.
    Roles,
    /// Something is asked for that is not answered.
    Request {
        /// Which `AuthrtyReqTp`, from 1 on.
        number: usize,
    },
    /// The books do not know what the criterion names.
    Unknown {
        /// The path of the criterion from `InfReqOpng`.
        path: &'static str,
    },
    /// It is confidential, and nobody says until when at the latest.
    Endless,
    /// It is not confidential, and yet a seal is asked for.
    Open,
    /// It says what it is for nowhere.
    Purpose,
    /// What is asked is no scope.
    Scope(ScopeError),
}

impl fmt::Display for DemandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Xml(error) => error.fmt(f),
            Self::Version => f.write_str(
                "the message is no Document in the namespace of auth.001.001.01 or auth.001.001.02",
            ),
            Self::Missing { path } => write!(f, "{path} is missing"),
            Self::Twice { path } => write!(f, "{path} stands there more than once"),
            Self::Wrong { path, wanted } => write!(f, "{path} is not {wanted}"),
            Self::Roles => f.write_str(
                "the parts of SchCrit ask in different roles; each role takes a demand of its own",
            ),
            Self::Request { number } => write!(
                f,
                "AuthrtyReqTp {number} asks for nothing that is answered: MsgNmId is camt.052, camt.053 or camt.054 with a version, or {FIELDS} with the fields in MsgNm"
            ),
            Self::Unknown { path } => write!(f, "{path} names nobody and nothing in the books"),
            Self::Endless => f.write_str(
                "CnfdtltySts is true, and no latest opening is given; sealed demands have one",
            ),
            Self::Open => f.write_str("CnfdtltySts is false, and yet a latest opening is given"),
            Self::Purpose => f.write_str("LglMndtBsis/Dsclmr is missing, and no purpose is given"),
            Self::Scope(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DemandError {}

impl fmt::Debug for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Demand")
            .field("version", &self.version)
            .field("criterion", &self.criterion)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Account(..) => "Account",
            Self::Customer(..) => "Customer",
            Self::Card(_) => "Card",
            Self::Transactions(_) => "Transactions",
        })
    }
}

impl fmt::Debug for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Iban(_) => "Iban",
            Self::Other(_) => "Other",
            Self::Proxy(_) => "Proxy",
        })
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonName").finish_non_exhaustive()
    }
}

impl From<XmlError> for DemandError {
    fn from(error: XmlError) -> Self {
        Self::Xml(error)
    }
}

impl From<ScopeError> for DemandError {
    fn from(error: ScopeError) -> Self {
        Self::Scope(error)
    }
}

impl Version {
    /// Its last number in text.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Version::V1 => "01",
            Version::V2 => "02",
        }
    }
}

/// Reads a message. Days and moments without a zone are `offset` seconds east of Greenwich.
pub fn read(bytes: &[u8], offset: i32) -> Result<Demand, DemandError> {
    let message = xml::read(bytes)?;
    let space = message.namespace.strip_prefix(NAMESPACES);
    let number = space.and_then(|space| space.strip_prefix("auth.001.001."));
    let version = [Version::V1, Version::V2]
        .into_iter()
        .find(|version| message.root.name == "Document" && number == Some(version.text()));
    let version = version.ok_or(DemandError::Version)?;
    parts::demand(&message.root, version, offset)
}

impl Demand {
    /// The scope of what is asked.
    pub fn scope(&self, terms: &Terms, directory: &dyn Directory) -> Result<Scope, DemandError> {
        match (self.is_confidential, terms.sealed) {
            (true, None) => return Err(DemandError::Endless),
            (false, Some(_)) => return Err(DemandError::Open),
            _ => {}
        }
        let purpose = terms.purpose.as_ref().or(self.disclaimer.as_ref());
        let (subjects, roles) = self.subjects(directory)?;
        let mut fields: BTreeSet<Field> = subjects.needs().iter().copied().collect();
        for (index, request) in self.requests.iter().enumerate() {
            let number = index + 1;
            fields.extend(request.fields().ok_or(DemandError::Request { number })?);
        }
        Ok(Scope::new(Asked {
            authority: terms.authority,
            reference: self.reference.clone(),
            basis: self.paragraph.clone(),
            purpose: purpose.ok_or(DemandError::Purpose)?.clone(),
            subjects,
            roles,
            fields,
            kinds: None,
            period: self.period,
            sealed: terms.sealed,
        })?)
    }

    fn subjects(&self, directory: &dyn Directory) -> Result<(Subjects, Roles), DemandError> {
        let one = |path, id: Option<u128>| {
            let id = id.ok_or(DemandError::Unknown { path })?;
            Ok::<_, DemandError>(BTreeSet::from([id]))
        };
        match &self.criterion {
            Criterion::Account(name, roles) => {
                let ids = one("SchCrit/Acct", directory.account(name))?;
                Ok((Subjects::Accounts(ids), *roles))
            }
            Criterion::Customer(name, roles) => {
                let ids = one("SchCrit/CstmrId", directory.party(name))?;
                Ok((Subjects::Persons(ids), *roles))
            }
            Criterion::Card(number) => {
                let ids = one("SchCrit/PmtInstrm", directory.card(number))?;
                Ok((Subjects::Accounts(ids), Roles::Owner))
            }
            Criterion::Transactions(numbers) => {
                let ids: Option<BTreeSet<u128>> = numbers
                    .iter()
                    .map(|number| directory.transfer(number))
                    .collect();
                let path = "SchCrit/OrgnlTxNb";
                let ids = ids.ok_or(DemandError::Unknown { path })?;
                Ok((Subjects::Transfers(ids), Roles::Owner))
            }
        }
    }
}

impl Request {
    /// The fields that it asks for; `None` where it is not answered.
    pub fn fields(&self) -> Option<BTreeSet<Field>> {
        const MOVEMENT: [Field; 8] = [
            Field::Account,
            Field::Time,
            Field::Kind,
            Field::Transfer,
            Field::CounterpartyAccount,
            Field::Ledger,
            Field::Side,
            Field::Amount,
        ];
        if self.name == FIELDS {
            let names = self.title.as_deref()?;
            return names.split(',').map(Field::from_name).collect();
        }
        let movement = MOVEMENT.into_iter();
        match self.name.split_at_checked(9)? {
            ("camt.052." | "camt.053.", _) => Some(movement.chain([Field::Balance]).collect()),
            ("camt.054.", _) => Some(movement.collect()),
            _ => None,
        }
    }
}
