//! A disk in memory that can lose power: what was not synced is then gone.

use crate::disk::{Disk, File, Mode};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What is in a file now and what would be after a power cut.
#[derive(Default)]
struct Content {
    now: Vec<u8>,
    synced: Vec<u8>,
}

/// The contents are shared with the files that are open.
type Names = BTreeMap<String, Arc<Mutex<Content>>>;

/// The disk. Renames and removals last from [`Disk::sync_dir`] on.
pub(super) struct Memory {
    now: Mutex<Names>,
    synced: Mutex<Names>,
    calls: Arc<Calls>,
}

/// Counts calls; from a chosen one on, all fail.
struct Calls {
    done: AtomicU64,
    allowed: AtomicU64,
}

impl Calls {
    fn pass(&self) -> io::Result<()> {
        let done = self.done.fetch_add(1, Ordering::SeqCst);
        if done < self.allowed.load(Ordering::SeqCst) {
            Ok(())
        } else {
            Err(io::Error::other("the power is off"))
        }
    }
}

impl Memory {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self::holding(Names::new()))
    }

    fn holding(names: Names) -> Self {
        let calls = Calls {
            done: AtomicU64::new(0),
            allowed: AtomicU64::new(u64::MAX),
        };
        Self {
            now: Mutex::new(names.clone()),
            synced: Mutex::new(names),
            calls: Arc::new(calls),
        }
    }

    /// How many calls there were.
    pub(super) fn calls(&self) -> u64 {
        self.calls.done.load(Ordering::SeqCst)
    }

    /// Lets so many more calls through; then the power is off.
    pub(super) fn allow(&self, calls: u64) {
        self.calls
            .allowed
            .store(self.calls() + calls, Ordering::SeqCst);
    }

    /// The disk after a power cut: only what was synced.
    pub(super) fn after_cut(&self) -> Arc<Self> {
        Self::copy(&self.synced.lock().unwrap(), |content| {
            content.synced.clone()
        })
    }

    /// The disk after the process alone has died: all that was written.
    pub(super) fn after_kill(&self) -> Arc<Self> {
        Self::copy(&self.now.lock().unwrap(), |content| content.now.clone())
    }

    fn copy(names: &Names, bytes: impl Fn(&Content) -> Vec<u8>) -> Arc<Self> {
        let copy = |content: &Arc<Mutex<Content>>| {
            let bytes = bytes(&content.lock().unwrap());
            Arc::new(Mutex::new(Content {
                now: bytes.clone(),
                synced: bytes,
            }))
        };
        let names = names
            .iter()
            .map(|(name, content)| (name.clone(), copy(content)));
        Arc::new(Self::holding(names.collect()))
    }

    /// The paths of the files and their lengths.
    pub(super) fn files(&self) -> Vec<(String, usize)> {
        let names = self.now.lock().unwrap();
        names
            .iter()
            .map(|(name, c)| (name.clone(), c.lock().unwrap().now.len()))
            .collect()
    }

    /// Changes the bytes of a file.
    pub(super) fn change(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let names = self.now.lock().unwrap();
        change(&mut names[path].lock().unwrap().now);
    }
}

impl Disk for Memory {
    fn open(&self, path: &str, mode: Mode) -> io::Result<Arc<dyn File>> {
        self.calls.pass()?;
        let mut names = self.now.lock().unwrap();
        if mode == Mode::Create {
            names.insert(path.to_owned(), Arc::default());
        }
        let content = names.get(path).cloned().ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(Open {
            content,
            calls: Arc::clone(&self.calls),
        }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.calls.pass()?;
        let mut names = self.now.lock().unwrap();
        let content = names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        names.insert(to.to_owned(), content);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.calls.pass()?;
        let removed = self.now.lock().unwrap().remove(path);
        removed.map(|_| ()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        self.calls.pass()?;
        let names = self.now.lock().unwrap();
        let below = names
            .keys()
            .filter_map(|name| name.strip_prefix(dir)?.strip_prefix('/'));
        Ok(below.map(str::to_owned).collect())
    }

    fn folders(&self, _: &str) -> io::Result<Vec<String>> {
        self.calls.pass()?;
        Ok(Vec::new())
    }

    fn create_dir(&self, _: &str) -> io::Result<()> {
        self.calls.pass()
    }

    fn sync_dir(&self, _: &str) -> io::Result<()> {
        self.calls.pass()?;
        *self.synced.lock().unwrap() = self.now.lock().unwrap().clone();
        Ok(())
    }
}

struct Open {
    content: Arc<Mutex<Content>>,
    calls: Arc<Calls>,
}

impl File for Open {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.calls.pass()?;
        let content = self.content.lock().unwrap();
        let rest = content.now.get(at as usize..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        self.calls.pass()?;
        // Every longer write is cut short, as a system may.
        let bytes = &bytes[..bytes.len().min(100_000)];
        let mut content = self.content.lock().unwrap();
        let end = at as usize + bytes.len();
        if content.now.len() < end {
            content.now.resize(end, 0);
        }
        content.now[at as usize..end].copy_from_slice(bytes);
        Ok(bytes.len())
    }

    fn sync(&self) -> io::Result<()> {
        self.calls.pass()?;
        let mut content = self.content.lock().unwrap();
        content.synced = content.now.clone();
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        self.calls.pass()?;
        Ok(self.content.lock().unwrap().now.len() as u64)
    }

    fn warm(&self, _: u64, _: u64) {}
}
