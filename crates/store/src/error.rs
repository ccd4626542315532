use std::fmt;
use std::io;

/// Why the store could not do its work. Either way the process stops: it does not guess.
#[derive(Debug)]
pub enum StoreError {
    /// The disk refused.
    Io {
        /// What was tried, as `read`.
        what: &'static str,
        /// The file.
        file: String,
        /// What the system said.
        error: io::Error,
    },
    /// Bytes on the disk are not what was written there.
    Damaged {
        /// The file.
        file: String,
        /// Byte within the file.
        at: u64,
        /// What is wrong there.
        what: String,
    },
}

impl StoreError {
    /// The disk refused.
    pub fn io(what: &'static str, file: &str, error: io::Error) -> Self {
        Self::Io {
            what,
            file: file.to_owned(),
            error,
        }
    }

    /// Bytes on the disk are not what was written there.
    pub fn damaged(file: &str, at: u64, what: &str) -> Self {
        Self::Damaged {
            file: file.to_owned(),
            at,
            what: what.to_owned(),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { what, file, error } => write!(f, "{file}: cannot {what}: {error}"),
            Self::Damaged { file, at, what } => write!(f, "{file}, byte {at}: {what}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            Self::Damaged { .. } => None,
        }
    }
}
