use std::fmt;
use std::io;
use std::path::Path;

/// Why the vault could not do what was asked. No variant carries a secret or a value of a field.
#[derive(Debug)]
pub enum VaultError {
    /// The disk, or the system's source of random bytes, refused.
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
        /// Byte within the file where the damaged part begins.
        at: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// Another process has the vault open.
    Locked,
    /// This is not the master key under which the keys of this vault are wrapped.
    WrongMaster {
        /// The file of the master key.
        file: String,
    },
    /// The vault holds keys, and the master key that opens them is not there.
    NoMaster {
        /// The file of the master key.
        file: String,
    },
    /// The person was erased, and is not kept again.
    Erased,
    /// The vault holds as many persons as it can, [`PEOPLE_MAX`](crate::PEOPLE_MAX).
    Full,
    /// A write failed before, so nothing more is written until the vault is opened again.
    Stopped,
}

impl VaultError {
    pub(crate) fn io(what: &'static str, file: &Path, error: io::Error) -> Self {
        let file = file.display().to_string();
        Self::Io { what, file, error }
    }

    pub(crate) fn damaged(file: &Path, at: u64, what: &'static str) -> Self {
        let file = file.display().to_string();
        Self::Damaged { file, at, what }
    }
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { what, file, error } => write!(f, "{file}: cannot {what}: {error}"),
            Self::Damaged { file, at, what } => write!(f, "{file}, byte {at}: {what}"),
            Self::Locked => f.write_str("another process has the vault open"),
            Self::WrongMaster { file } => {
                write!(f, "{file}: this is not the master key of this vault")
            }
            Self::NoMaster { file } => write!(
                f,
                "{file}: the master key is not there, and without it the vault cannot be read"
            ),
            Self::Erased => f.write_str("the person was erased, and is not kept again"),
            Self::Full => write!(
                f,
                "the vault holds {} persons, and more it cannot",
                crate::PEOPLE_MAX
            ),
            Self::Stopped => f.write_str(
                "a write failed before; nothing more is written until the vault is opened again",
            ),
        }
    }
}

impl std::error::Error for VaultError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
