//! The one door to the disk: everything durable passes through [`Disk`] and [`File`].
//!
//! There are two implementations: [`Local`], the file system, and `Faulty` (tests), which wraps
//! it and makes any chosen call fail the way disks fail. Paths are relative to the directory of
//! the books and use `/`.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The unit of every write to the log and of its alignment in the file, in bytes.
pub const BLOCK: usize = 4096;

/// Memory with the alignment that [`Mode::Direct`] wants.
#[repr(C, align(4096))]
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Block(pub [u8; BLOCK]);

impl Block {
    /// All zeros.
    pub const ZERO: Self = Self([0; BLOCK]);
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// An existing file, to read.
    Read,
    /// An existing file, to read and write.
    Write,
    /// A new or emptied file, to read and write, mode 0600.
    Create,
    /// An existing file, to read and write past the page cache where the file system can: what
    /// is read was on the disk, and what was written is not copied on its way there. Buffers,
    /// lengths and positions are multiples of [`BLOCK`].
    Direct,
}

/// A directory of files.
pub trait Disk: Send + Sync + 'static {
    /// Opens `path`.
    fn open(&self, path: &str, mode: Mode) -> io::Result<Arc<dyn File>>;
    /// Renames `from` to `to`, replacing it; durable after [`Disk::sync_dir`].
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes the file `path`.
    fn remove(&self, path: &str) -> io::Result<()>;
    /// Names of the files in `dir`, in byte order; empty where `dir` is absent.
    fn list(&self, dir: &str) -> io::Result<Vec<String>>;
    /// Names of the folders in `dir`, in byte order; empty where `dir` is absent.
    fn folders(&self, dir: &str) -> io::Result<Vec<String>>;
    /// Creates `dir` and its parents where absent.
    fn create_dir(&self, dir: &str) -> io::Result<()>;
    /// Makes the names in `dir` durable.
    fn sync_dir(&self, dir: &str) -> io::Result<()>;
}

/// An open file. Calls may be made from several threads at once.
pub trait File: Send + Sync {
    /// Reads up to `buffer.len()` bytes from position `at`; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize>;
    /// Writes up to `bytes.len()` bytes at position `at`; may write fewer.
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize>;
    /// Makes all that was written durable.
    fn sync(&self) -> io::Result<()>;
    /// The length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Whether the length is 0.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Asks the system to hold this range in memory; a wish, never an error.
    fn warm(&self, from: u64, len: u64);
}

/// Reads exactly `buffer.len()` bytes or fails with `UnexpectedEof`.
pub fn read_exact_at(file: &dyn File, mut buffer: &mut [u8], mut at: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match file.read_at(buffer, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                buffer = &mut buffer[n..];
                at += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Writes all of `bytes`, however many calls that takes.
pub fn write_all_at(file: &dyn File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => {
                bytes = &bytes[n..];
                at += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Reads a whole file of at most `max` bytes.
pub fn read_file(disk: &dyn Disk, path: &str, max: u64) -> io::Result<Vec<u8>> {
    let file = disk.open(path, Mode::Read)?;
    let len = file.len()?;
    if len > max {
        let what = format!("{path} has {len} bytes, at most {max} are allowed");
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    let mut bytes = vec![0; len as usize];
    read_exact_at(&*file, &mut bytes, 0)?;
    Ok(bytes)
}

/// Replaces `dir/name` by `bytes` atomically and durably: after a crash the file holds the old
/// bytes or the new ones, never a mixture.
pub fn replace_file(disk: &dyn Disk, dir: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = join(dir, name);
    let new = format!("{path}.new");
    let file = disk.open(&new, Mode::Create)?;
    write_all_at(&*file, bytes, 0)?;
    file.sync()?;
    disk.rename(&new, &path)?;
    disk.sync_dir(dir)
}

/// Whether a file of this name was being written when its writer died: what is replaced as a
/// whole is written under such a name first.
pub fn is_unfinished(name: &str) -> bool {
    name.strip_suffix(".new").is_some()
}

/// `dir/name`, or `name` alone in the directory of the books itself (`dir` empty).
pub fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() {
        name.to_owned()
    } else {
        format!("{dir}/{name}")
    }
}

/// The file system below one directory.
#[derive(Clone, Debug)]
pub struct Local {
    root: PathBuf,
}

impl Local {
    /// The files below `root`.
    pub fn new(root: impl AsRef<Path>) -> Self {
        Self {
            root: root.as_ref().to_owned(),
        }
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn names(&self, dir: &str, is_one: fn(&fs::FileType) -> bool) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        let entries = match fs::read_dir(self.root.join(dir)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(names),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if is_one(&entry.file_type()?) {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }
}

impl Disk for Local {
    fn open(&self, path: &str, mode: Mode) -> io::Result<Arc<dyn File>> {
        let path = self.root.join(path);
        let mut options = OpenOptions::new();
        options.read(true).mode(0o600);
        match mode {
            Mode::Read => {}
            Mode::Write => {
                options.write(true);
            }
            Mode::Create => {
                options.write(true).create(true).truncate(true);
            }
            Mode::Direct => {
                options.write(true);
                let flag = rustix::fs::OFlags::DIRECT.bits().cast_signed();
                match options.clone().custom_flags(flag).open(&path) {
                    // A file system without O_DIRECT (some network and memory ones) says so here.
                    Err(e) if e.raw_os_error() == Some(rustix::io::Errno::INVAL.raw_os_error()) => {
                    }
                    opened => return Ok(Arc::new(LocalFile { file: opened? })),
                }
            }
        }
        Ok(Arc::new(LocalFile {
            file: options.open(&path)?,
        }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.root.join(from), self.root.join(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.root.join(path))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        self.names(dir, fs::FileType::is_file)
    }

    fn folders(&self, dir: &str) -> io::Result<Vec<String>> {
        self.names(dir, fs::FileType::is_dir)
    }

    fn create_dir(&self, dir: &str) -> io::Result<()> {
        fs::create_dir_all(self.root.join(dir))
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        fs::File::open(self.root.join(dir))?.sync_all()
    }
}

struct LocalFile {
    file: fs::File,
}

impl File for LocalFile {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.file.read_at(buffer, at)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        self.file.write_at(bytes, at)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn warm(&self, from: u64, len: u64) {
        let len = std::num::NonZeroU64::new(len);
        // Advice that the system cannot take changes speed only.
        let _ = rustix::fs::fadvise(&self.file, from, len, rustix::fs::Advice::WillNeed);
    }
}
