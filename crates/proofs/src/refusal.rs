//! Why a file proves nothing: stable codes, the same in every verifier.

use std::fmt;

/// What is wrong. The order is that in which things are looked at: the first that is wrong is the
/// answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// The file is larger than any of its kind.
    TooLarge,
    /// It is not in the form of its kind.
    Malformed,
    /// The checkpoint is of a log that is not among the trusted ones.
    UnknownLog,
    /// A signature of a known key does not hold.
    BadSignature,
    /// No known key of the log has signed.
    NotSigned,
    /// Fewer witnesses have cosigned than the policy asks for.
    Quorum,
    /// The opening of the record is missing or not canonical.
    BadOpening,
    /// The hashes do not lead to the root of the checkpoint.
    NotIncluded,
    /// The receipt beside a balance proof is not one of a statement's line.
    NotAStatement,
    /// That line is of another statement, ledger, code or side.
    OtherStatement,
    /// The sums and hashes do not lead to the total and the root of the line.
    NotCounted,
    /// The draw of a gift was not made as it was committed to, or cannot be followed.
    Unfair,
}

impl Code {
    /// All of them, in order.
    pub const ALL: [Self; 12] = [
        Self::TooLarge,
        Self::Malformed,
        Self::UnknownLog,
        Self::BadSignature,
        Self::NotSigned,
        Self::Quorum,
        Self::BadOpening,
        Self::NotIncluded,
        Self::NotAStatement,
        Self::OtherStatement,
        Self::NotCounted,
        Self::Unfair,
    ];

    /// As it stands in answers; never changes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::UnknownLog => "unknown_log",
            Self::BadSignature => "bad_signature",
            Self::NotSigned => "not_signed",
            Self::Quorum => "quorum",
            Self::BadOpening => "bad_opening",
            Self::NotIncluded => "not_included",
            Self::NotAStatement => "not_a_statement",
            Self::OtherStatement => "other_statement",
            Self::NotCounted => "not_counted",
            Self::Unfair => "unfair",
        }
    }

    /// The code under which a policy distrusts a checkpoint.
    pub(crate) fn of_distrust(name: &str) -> Self {
        let found = Self::ALL.into_iter().find(|code| code.name() == name);
        found.unwrap_or(Self::Malformed)
    }
}

/// Why a file proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, for programs.
    pub code: Code,
    /// What is wrong, for people.
    pub what: String,
}

impl Refusal {
    pub(crate) fn new(code: Code, what: &str) -> Self {
        let what = what.to_owned();
        Self { code, what }
    }

    pub(crate) fn malformed(why: impl fmt::Display) -> Self {
        Self::new(Code::Malformed, &why.to_string())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.what)
    }
}

impl std::error::Error for Refusal {}
