use std::fmt;
use std::io;

use crate::listing::{BATCH_MAX, LABEL_BYTES_MAX, TEXT_BYTES_MAX, TITLE_BYTES_MAX};
use crate::query::{LIMIT_MAX, OFFSET_MAX, QUERY_BYTES_MAX, QUERY_WORDS_MAX};

/// Why the catalogue did not do what was asked.
#[derive(Debug)]
pub enum Error {
    /// The input was wrong, and nothing was changed.
    Refused(Refusal),
    /// The disk refused.
    Io {
        /// What was tried, as `read`.
        what: &'static str,
        /// The file, below the catalogue's directory.
        file: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// Bytes on the disk are not what was written there.
    Damaged {
        /// The file, below the catalogue's directory.
        file: &'static str,
        /// Byte within the file.
        at: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// Another process has the catalogue open.
    Open,
    /// The index could not do its work; it can be deleted and is built again.
    Index(String),
    /// An earlier error on the disk stopped all writing; the process has to start anew.
    Stopped,
}

/// What was wrong with the input, and what would be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A listing has no title.
    TitleEmpty {
        /// The listing.
        number: u32,
    },
    /// A title is over [`TITLE_BYTES_MAX`].
    TitleLong {
        /// The listing.
        number: u32,
        /// Its bytes.
        bytes: usize,
    },
    /// A label is over [`LABEL_BYTES_MAX`].
    LabelLong {
        /// The listing.
        number: u32,
        /// Its bytes.
        bytes: usize,
    },
    /// A text is over [`TEXT_BYTES_MAX`].
    TextLong {
        /// The listing.
        number: u32,
        /// Its bytes.
        bytes: usize,
    },
    /// More than [`BATCH_MAX`] listings at once.
    TooManyListings {
        /// How many.
        listings: usize,
    },
    /// The words of a query are over [`QUERY_BYTES_MAX`].
    QueryLong {
        /// Their bytes.
        bytes: usize,
    },
    /// A query has more than [`QUERY_WORDS_MAX`] words.
    TooManyWords {
        /// How many.
        words: usize,
    },
    /// A query has neither a word nor a category nor a seller.
    NothingToFind,
    /// A query sorts by price without saying in which ledger.
    NoLedger,
    /// A query asks for no hits or for more than [`LIMIT_MAX`].
    Limit {
        /// What was asked for.
        limit: u32,
    },
    /// A query skips more than [`OFFSET_MAX`] hits.
    Offset {
        /// What was asked for.
        offset: u32,
    },
}

impl Error {
    pub(crate) fn io(what: &'static str, file: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io { what, file, error }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<tantivy::TantivyError> for Error {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Index(error.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Io { what, file, error } => write!(f, "{file}: cannot {what}: {error}"),
            Self::Damaged { file, at, what } => write!(f, "{file}, byte {at}: {what}"),
            Self::Open => write!(f, "another process has the catalogue open"),
            Self::Index(what) => write!(
                f,
                "search: {what}; the folder can be deleted and is built again"
            ),
            Self::Stopped => write!(f, "the catalogue stopped at an earlier error on the disk"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TitleEmpty { number } => write!(
                f,
                "listing {number} has no title; a title has 1 to {TITLE_BYTES_MAX} bytes"
            ),
            Self::TitleLong { number, bytes } => write!(
                f,
                "the title of listing {number} has {bytes} bytes; a title has at most {TITLE_BYTES_MAX}"
            ),
            Self::LabelLong { number, bytes } => write!(
                f,
                "the category label of listing {number} has {bytes} bytes; a label has at most {LABEL_BYTES_MAX}"
            ),
            Self::TextLong { number, bytes } => write!(
                f,
                "the text of listing {number} has {bytes} bytes; a text has at most {TEXT_BYTES_MAX}"
            ),
            Self::TooManyListings { listings } => {
                write!(f, "{listings} listings at once; at most {BATCH_MAX} go")
            }
            Self::QueryLong { bytes } => write!(
                f,
                "the words have {bytes} bytes; a query has at most {QUERY_BYTES_MAX}"
            ),
            Self::TooManyWords { words } => write!(
                f,
                "the query has {words} words; a query has at most {QUERY_WORDS_MAX}"
            ),
            Self::NothingToFind => write!(
                f,
                "the query has nothing to find; it needs a word, a category or a seller"
            ),
            Self::NoLedger => write!(
                f,
                "prices are compared within one ledger; sorting by price needs `prices`"
            ),
            Self::Limit { limit } => write!(
                f,
                "{limit} hits were asked for; a page has 1 to {LIMIT_MAX}"
            ),
            Self::Offset { offset } => write!(
                f,
                "{offset} hits were to be skipped; at most {OFFSET_MAX} can be"
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
