//! The files of the vault, and the ways in which they are written.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::VaultError;

/// A folder whose files are all of mode 0600.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes the folder where it is absent, mode 0700.
    pub fn make(path: &Path) -> Result<Self, VaultError> {
        match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => sync_folder(parent(path))?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(VaultError::io("make", path, error)),
        }
        Ok(Self(path.to_owned()))
    }

    /// Itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of the file `name`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Opens a file to read and write, where it is there.
    pub fn open(&self, name: &str) -> Result<Option<File>, VaultError> {
        let path = self.file(name);
        match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(VaultError::io("open", &path, error)),
        }
    }

    /// The lock on the file `name`, for as long as what is given back lives.
    pub fn lock(&self, name: &str) -> Result<File, VaultError> {
        let path = self.file(name);
        let file = options(&path, false)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(VaultError::Locked),
            Err(fs::TryLockError::Error(error)) => Err(VaultError::io("lock", &path, error)),
        }
    }

    /// Removes the file `name`, for good once this returns.
    pub fn remove(&self, name: &str) -> Result<(), VaultError> {
        let path = self.file(name);
        match fs::remove_file(&path) {
            Ok(()) => sync_folder(&self.0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(VaultError::io("remove", &path, error)),
        }
    }
}

/// The name under which a file is prepared.
pub fn prepared(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// An empty file, to prepare the next content of `path`.
pub fn prepare(path: &Path) -> Result<File, VaultError> {
    options(&prepared(path), true)
}

/// Puts the prepared file in the place of `path`: it is there whole once this returns.
pub fn finish(path: &Path, file: &File) -> Result<(), VaultError> {
    sync(path, file)?;
    fs::rename(prepared(path), path).map_err(|error| VaultError::io("rename", path, error))?;
    sync_folder(parent(path))
}

/// Replaces the content of `path`: old or new, never something between.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let mut file = prepare(path)?;
    file.write_all(bytes)
        .map_err(|error| VaultError::io("write", path, error))?;
    finish(path, &file)
}

/// Makes what was written durable.
pub fn sync(path: &Path, file: &File) -> Result<(), VaultError> {
    file.sync_all()
        .map_err(|error| VaultError::io("sync", path, error))
}

/// Cuts a file off.
pub fn cut(path: &Path, file: &File, len: u64) -> Result<(), VaultError> {
    file.set_len(len)
        .map_err(|error| VaultError::io("cut off", path, error))?;
    sync(path, file)
}

fn options(path: &Path, truncate: bool) -> Result<File, VaultError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(truncate)
        .mode(0o600)
        .open(path)
        .map_err(|error| VaultError::io("make", path, error))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn sync_folder(path: &Path) -> Result<(), VaultError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| VaultError::io("sync", path, error))
}
