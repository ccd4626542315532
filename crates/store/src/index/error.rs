//! What can go wrong, so that the caller can tell a broken disk from a broken index.

use std::fmt;
use std::io;
use std::sync::Arc;

/// Why the index could not answer. It never answers wrongly instead.
#[derive(Clone, Debug)]
pub enum IndexError {
    /// The disk refused.
    Io {
        /// What was being done, with the file's name.
        doing: String,
        /// What the disk said.
        source: Arc<io::Error>,
    },
    /// A file is not what was written: rebuild from the log ([`super::Index::reset`]).
    Damaged {
        /// What is wrong.
        what: String,
        /// The file, below the directory of the books.
        file: String,
        /// The byte offset in the file.
        at: u64,
    },
    /// A background thread ended by a broken invariant; its panic was printed.
    Stopped,
}

impl IndexError {
    pub(super) fn io(doing: impl Into<String>, source: io::Error) -> Self {
        Self::Io {
            doing: doing.into(),
            source: Arc::new(source),
        }
    }

    pub(super) fn damaged(what: impl Into<String>, file: &str, at: u64) -> Self {
        Self::Damaged {
            what: what.into(),
            file: file.to_owned(),
            at,
        }
    }
}

impl fmt::Display for IndexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, source } => write!(f, "{doing}: {source}"),
            Self::Damaged { what, file, at } => write!(f, "{file} at byte {at}: {what}"),
            Self::Stopped => f.write_str("a background thread of the index panicked"),
        }
    }
}

impl std::error::Error for IndexError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(&**source),
            _ => None,
        }
    }
}
