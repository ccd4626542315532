//! Files that are there as they were or as they are to be, and for nobody else to read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// What a file is called while it is being written.
pub(crate) const UNFINISHED: &str = "new";

/// Opens for reading and writing, mode 0600, creating it where there is none.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    options.open(path)
}

/// Makes the directory, mode 0700, and its name durable.
pub(crate) fn create_dir(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_dir(path)
}

/// Makes the names beside `path` durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    let absolute = std::path::absolute(path)?;
    File::open(absolute.parent().unwrap_or(&absolute))?.sync_all()
}

/// Dying before the rename leaves the file as it was, and one beside it that the next start
/// removes; dying behind it leaves the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_added_extension(UNFINISHED);
    let mut file = open(&new)?;
    file.set_len(0)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_dir(path)
}

/// All of a file of at most `most` bytes; `None` if it is longer.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

/// Removes a file that may be gone already.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => sync_dir(path),
    }
}
