//! A disk in memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store::disk::{Disk, File, Mode};

type Bytes = Arc<Mutex<Vec<u8>>>;

/// Files by path; folders are but parts of names.
#[derive(Clone, Default)]
pub struct Memory {
    files: Arc<Mutex<BTreeMap<String, Bytes>>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Memory {
    /// Puts a file there.
    pub fn put(&self, path: &str, bytes: Vec<u8>) {
        held(&self.files).insert(path.to_owned(), Arc::new(Mutex::new(bytes)));
    }

    /// What a file holds.
    pub fn get(&self, path: &str) -> Option<Vec<u8>> {
        held(&self.files).get(path).map(|bytes| held(bytes).clone())
    }
}

impl Disk for Memory {
    fn open(&self, path: &str, mode: Mode) -> io::Result<Arc<dyn File>> {
        let mut files = held(&self.files);
        if mode == Mode::Create {
            files.insert(path.to_owned(), Bytes::default());
        }
        let bytes = files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(MemoryFile(Arc::clone(bytes))))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = held(&self.files);
        let bytes = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), bytes);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let removed = held(&self.files).remove(path);
        removed
            .map(drop)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let files = held(&self.files);
        let name = |path: &String| match path.rsplit_once('/') {
            Some((folder, name)) => (folder == dir).then(|| name.to_owned()),
            None => dir.is_empty().then(|| path.clone()),
        };
        Ok(files.keys().filter_map(name).collect())
    }

    fn folders(&self, dir: &str) -> io::Result<Vec<String>> {
        let files = held(&self.files);
        let below = |path: &String| match dir {
            "" => path.split_once('/').map(|(folder, _)| folder.to_owned()),
            dir => {
                let (folder, _) = path.strip_prefix(dir)?.strip_prefix('/')?.split_once('/')?;
                Some(folder.to_owned())
            }
        };
        let mut names: Vec<_> = files.keys().filter_map(below).collect();
        names.dedup();
        Ok(names)
    }

    fn create_dir(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn sync_dir(&self, _: &str) -> io::Result<()> {
        Ok(())
    }
}

struct MemoryFile(Bytes);

impl File for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let bytes = held(&self.0);
        let rest = usize::try_from(at)
            .ok()
            .and_then(|at| bytes.get(at..))
            .unwrap_or_default();
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn write_at(&self, new: &[u8], at: u64) -> io::Result<usize> {
        let mut bytes = held(&self.0);
        let at = usize::try_from(at).map_err(|_| io::ErrorKind::StorageFull)?;
        let end = at + new.len();
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[at..end].copy_from_slice(new);
        Ok(new.len())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(held(&self.0).len() as u64)
    }

    fn warm(&self, _: u64, _: u64) {}
}
