//! A disk that fails the way disks fail, at one chosen call.
//!
//! [`Faulty`] passes every call on to the disk that it wraps, and notes it. One call, named by a
//! [`Site`], goes wrong as a [`Fault`] says. Sites count the calls of one operation on one file:
//! several threads use a disk at once, so that the order of all calls together differs from run
//! to run, but the order of those on one file does not.
//!
//! What comes after it says [`Then`]: the disk is well again, and whoever goes on as if nothing had
//! happened is found out by what is missing; or the process is killed; or the power is cut, and
//! all that was never synced is gone.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use crate::disk::{Disk, File, Mode, read_exact_at, read_file, write_all_at};

const SECTOR: usize = 512;

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// [`Disk::open`].
    Open,
    /// [`Disk::rename`], by the old name.
    Rename,
    /// [`Disk::remove`].
    Remove,
    /// [`Disk::list`].
    List,
    /// [`Disk::create_dir`].
    CreateDir,
    /// [`Disk::sync_dir`].
    SyncDir,
    /// [`File::read_at`].
    Read,
    /// [`File::write_at`].
    Write,
    /// [`File::sync`].
    Sync,
    /// [`File::len`].
    Len,
}

/// The `nth` call, from 0, of one kind on one path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The kind of call.
    pub call: Call,
    /// The file or folder.
    pub path: String,
    /// How many such calls come before it.
    pub nth: u64,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call fails with an I/O error and does nothing. Any call.
    Refuse,
    /// There is no space left. A write, or the opening of a file.
    Full,
    /// The first half of the sectors is written, then the call fails. A write.
    Short,
    /// Some sectors are written and some not, then the call fails. A write; the number chooses.
    Torn(u64),
    /// One bit of what is read is not what was written. A read; the number chooses.
    Flip(u64),
    /// The call fails, and what was not yet durable is gone: written bytes of the file before
    /// [`File::sync`], new names of the folder before [`Disk::sync_dir`].
    Lose,
}

impl Fault {
    /// Whether such a call can go wrong so.
    pub fn applies(self, call: Call) -> bool {
        match self {
            Self::Refuse => true,
            Self::Full => matches!(call, Call::Write | Call::Open | Call::CreateDir),
            Self::Short | Self::Torn(_) => call == Call::Write,
            Self::Flip(_) => call == Call::Read,
            Self::Lose => matches!(call, Call::Sync | Call::SyncDir),
        }
    }
}

/// Which call goes wrong, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The call.
    pub site: Site,
    /// What goes wrong with it.
    pub fault: Fault,
    /// What comes after it.
    pub then: Then,
}

/// What comes after a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The disk works again.
    Well,
    /// Every call fails; what was written stays.
    Killed,
    /// Every call fails; written bytes and new names that were not synced are gone. After a torn
    /// or short write it is as [`Then::Killed`]: what was written of it stays.
    PowerCut,
}

/// A disk of which one call goes wrong.
#[derive(Clone)]
pub struct Faulty {
    core: Arc<Core>,
}

struct Core {
    inner: Arc<dyn Disk>,
    plan: Option<Plan>,
    state: Mutex<State>,
    /// Held by every call for as long as it runs: the power is cut between calls.
    running: RwLock<()>,
}

#[derive(Default)]
struct State {
    counts: BTreeMap<(Call, String), u64>,
    struck: bool,
    /// By file, the bytes that stood where was written since the last sync.
    written: BTreeMap<String, Vec<(u64, Vec<u8>)>>,
    /// Old name, new name and what had the new name before, since the last sync of the folder.
    renamed: Vec<(String, String, Option<Vec<u8>>)>,
}

impl Faulty {
    /// Wraps a disk; without a plan it only counts.
    pub fn new(inner: Arc<dyn Disk>, plan: Option<Plan>) -> Self {
        let core = Core {
            inner,
            plan,
            state: Mutex::default(),
            running: RwLock::default(),
        };
        Self {
            core: Arc::new(core),
        }
    }

    /// Whether the planned call has come.
    pub fn struck(&self) -> bool {
        self.core.state().struck
    }

    /// How many calls there were, by kind and path.
    pub fn calls(&self) -> BTreeMap<(Call, String), u64> {
        self.core.state().counts.clone()
    }
}

/// The error of a failed disk.
fn io_error() -> io::Error {
    rustix::io::Errno::IO.into()
}

impl Core {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call: the fault that befalls it, or an error where it fails without doing anything.
    /// The guard is to be held until the call has ended.
    fn enter(
        &self,
        call: Call,
        path: &str,
    ) -> io::Result<(RwLockReadGuard<'_, ()>, Option<Fault>)> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        let Some((fault, then)) = self.count(call, path)? else {
            return Ok((running, None));
        };
        match fault {
            Fault::Short | Fault::Torn(_) | Fault::Flip(_) => Ok((running, Some(fault))),
            Fault::Lose if then != Then::PowerCut => Ok((running, Some(fault))),
            Fault::Refuse | Fault::Full | Fault::Lose => {
                drop(running);
                if then == Then::PowerCut {
                    self.cut_power()?;
                }
                let full = fault == Fault::Full;
                Err(if full {
                    rustix::io::Errno::NOSPC.into()
                } else {
                    io_error()
                })
            }
        }
    }

    /// Counts a call, and says whether it is the planned one.
    fn count(&self, call: Call, path: &str) -> io::Result<Option<(Fault, Then)>> {
        let mut state = self.state();
        let count = state.counts.entry((call, path.to_owned())).or_default();
        let nth = *count;
        *count += 1;
        let Some(plan) = &self.plan else {
            return Ok(None);
        };
        if state.struck {
            return if plan.then == Then::Well {
                Ok(None)
            } else {
                Err(io_error())
            };
        }
        let Site {
            call: at,
            path: of,
            nth: number,
        } = &plan.site;
        if (*at, of.as_str(), *number) != (call, path, nth) || !plan.fault.applies(call) {
            return Ok(None);
        }
        state.struck = true;
        Ok(Some((plan.fault, plan.then)))
    }

    /// What was not synced is gone, once the calls that are under way have ended.
    fn cut_power(&self) -> io::Result<()> {
        let _all = self.running.write().unwrap_or_else(PoisonError::into_inner);
        self.lose_names(|_| true)?;
        let written: Vec<String> = self.state().written.keys().cloned().collect();
        written.iter().try_for_each(|path| self.lose_written(path))
    }

    fn keeps(&self) -> bool {
        let loses = |plan: &Plan| plan.fault == Fault::Lose || plan.then == Then::PowerCut;
        self.plan.as_ref().is_some_and(loses)
    }

    /// Remembers what stands where is about to be written.
    fn keep_written(&self, path: &str, at: u64, len: usize) -> io::Result<()> {
        if self.keeps() {
            let file = self.inner.open(path, Mode::Read)?;
            let end = file.len()?.min(at + len as u64);
            let mut bytes = vec![0; end.saturating_sub(at) as usize];
            read_exact_at(&*file, &mut bytes, at)?;
            bytes.resize(len, 0);
            let mut state = self.state();
            let written = state.written.entry(path.to_owned()).or_default();
            written.push((at, bytes));
        }
        Ok(())
    }

    fn lose_written(&self, path: &str) -> io::Result<()> {
        let written = self.state().written.remove(path).unwrap_or_default();
        let file = self.inner.open(path, Mode::Write)?;
        for (at, bytes) in written.iter().rev() {
            write_all_at(&*file, bytes, *at)?;
        }
        file.sync()
    }

    /// New names in the folders that `gone` names are the old ones again.
    fn lose_names(&self, gone: impl Fn(&str) -> bool) -> io::Result<()> {
        let renamed = std::mem::take(&mut self.state().renamed);
        for (from, to, before) in renamed.iter().rev().filter(|(_, to, _)| gone(folder(to))) {
            self.move_name(to, from)?;
            if let Some(bytes) = before {
                let file = self.inner.open(to, Mode::Create)?;
                write_all_at(&*file, bytes, 0)?;
            }
        }
        Ok(())
    }

    /// Renames a file, with what is known of it.
    fn move_name(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)?;
        let mut state = self.state();
        if let Some(written) = state.written.remove(from) {
            state.written.insert(to.to_owned(), written);
        }
        Ok(())
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Spreads a number over 64 bits (`SplitMix64`).
fn spread(number: u64) -> u64 {
    let bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Disk for Faulty {
    fn open(&self, path: &str, mode: Mode) -> io::Result<Arc<dyn File>> {
        let _running = self.core.enter(Call::Open, path)?;
        let inner = self.core.inner.open(path, mode)?;
        let (core, path) = (Arc::clone(&self.core), path.to_owned());
        Ok(Arc::new(FaultyFile { core, path, inner }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let _running = self.core.enter(Call::Rename, from)?;
        let before = self
            .core
            .keeps()
            .then(|| read_file(&*self.core.inner, to, u64::MAX).ok());
        self.core.move_name(from, to)?;
        if let Some(before) = before {
            let name = (from.to_owned(), to.to_owned(), before);
            self.core.state().renamed.push(name);
        }
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let _running = self.core.enter(Call::Remove, path)?;
        self.core.inner.remove(path)
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let _running = self.core.enter(Call::List, dir)?;
        self.core.inner.list(dir)
    }

    fn folders(&self, dir: &str) -> io::Result<Vec<String>> {
        let _running = self.core.enter(Call::List, dir)?;
        self.core.inner.folders(dir)
    }

    fn create_dir(&self, dir: &str) -> io::Result<()> {
        let _running = self.core.enter(Call::CreateDir, dir)?;
        self.core.inner.create_dir(dir)
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        let (_running, fault) = self.core.enter(Call::SyncDir, dir)?;
        if fault.is_some() {
            self.core.lose_names(|folder| folder == dir)?;
            return Err(io_error());
        }
        self.core.inner.sync_dir(dir)?;
        let mut state = self.core.state();
        state.renamed.retain(|(_, to, _)| folder(to) != dir);
        Ok(())
    }
}

struct FaultyFile {
    core: Arc<Core>,
    path: String,
    inner: Arc<dyn File>,
}

impl FaultyFile {
    /// Writes those sectors of `bytes` that `chosen` names, through a handle that knows no
    /// alignment.
    fn write_sectors(
        &self,
        bytes: &[u8],
        at: u64,
        chosen: impl Fn(usize) -> bool,
    ) -> io::Result<()> {
        let file = self.core.inner.open(&self.path, Mode::Write)?;
        for (number, sector) in bytes.chunks(SECTOR).enumerate() {
            if chosen(number) {
                write_all_at(&*file, sector, at + (number * SECTOR) as u64)?;
            }
        }
        file.sync()
    }
}

impl File for FaultyFile {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let (_running, fault) = self.core.enter(Call::Read, &self.path)?;
        let read = self.inner.read_at(buffer, at)?;
        if let Some(Fault::Flip(seed)) = fault
            && read > 0
        {
            let bit = spread(seed ^ at) % (8 * read as u64);
            buffer[bit as usize / 8] ^= 1 << (bit % 8);
        }
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        let sectors = bytes.len().div_ceil(SECTOR);
        let (_running, fault) = self.core.enter(Call::Write, &self.path)?;
        match fault {
            Some(Fault::Short) => self.write_sectors(bytes, at, |number| number < sectors / 2)?,
            Some(Fault::Torn(seed)) => {
                let missing = spread(seed) % sectors as u64;
                let chosen = |number: usize| {
                    number as u64 != missing && spread(seed ^ (number as u64 + 1)).is_multiple_of(2)
                };
                self.write_sectors(bytes, at, chosen)?;
            }
            _ => {
                self.core.keep_written(&self.path, at, bytes.len())?;
                return self.inner.write_at(bytes, at);
            }
        }
        Err(io_error())
    }

    fn sync(&self) -> io::Result<()> {
        let (_running, fault) = self.core.enter(Call::Sync, &self.path)?;
        if fault.is_some() {
            self.core.lose_written(&self.path)?;
            return Err(io_error());
        }
        self.inner.sync()?;
        self.core.state().written.remove(&self.path);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        let _running = self.core.enter(Call::Len, &self.path)?;
        self.inner.len()
    }

    fn warm(&self, from: u64, len: u64) {
        self.inner.warm(from, len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{Local, replace_file};

    fn faulty(dir: &tempfile::TempDir, call: Call, path: &str, fault: Fault) -> Faulty {
        let site = Site {
            call,
            path: path.to_owned(),
            nth: 0,
        };
        let plan = Plan {
            site,
            fault,
            then: Then::Well,
        };
        Faulty::new(Arc::new(Local::new(dir.path())), Some(plan))
    }

    fn bytes(dir: &tempfile::TempDir, name: &str) -> Vec<u8> {
        std::fs::read(dir.path().join(name)).unwrap_or_default()
    }

    #[test]
    fn a_failed_sync_loses_what_was_written_since_the_last() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("a"), [1; 2_000]).expect("written");
        let disk = faulty(&dir, Call::Sync, "a", Fault::Lose);
        let file = disk.open("a", Mode::Write).expect("opened");
        for at in [0, 100, 1_900] {
            write_all_at(&*file, &[2; 500], at).expect("written");
        }
        assert!(file.sync().is_err() && disk.struck());
        assert_eq!(bytes(&dir, "a")[..2_000], [1; 2_000]);
        assert!(file.sync().is_ok(), "and then lies");
    }

    #[test]
    fn a_failed_sync_of_a_folder_loses_its_new_names() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("a"), b"old").expect("written");
        let disk = faulty(&dir, Call::SyncDir, "", Fault::Lose);
        assert!(replace_file(&disk, "", "a", b"new").is_err());
        assert_eq!(
            (bytes(&dir, "a"), bytes(&dir, "a.new")),
            (b"old".to_vec(), b"new".to_vec())
        );
    }

    #[test]
    fn torn_and_short_writes_leave_whole_sectors() {
        for (fault, whole) in [
            (Fault::Short, false),
            (Fault::Torn(1), false),
            (Fault::Flip(1), true),
        ] {
            let dir = tempfile::tempdir().expect("a directory");
            std::fs::write(dir.path().join("a"), []).expect("written");
            let disk = faulty(&dir, Call::Write, "a", fault);
            let file = disk.open("a", Mode::Write).expect("opened");
            assert_eq!(write_all_at(&*file, &[7; 4_096], 0).is_ok(), whole);
            let mut there = bytes(&dir, "a");
            there.resize(4_096, 0);
            let full = |sector: &[u8]| sector.iter().all(|&byte| byte == 7);
            let written = there.chunks(SECTOR).filter(|sector| full(sector)).count();
            let empty = there
                .chunks(SECTOR)
                .filter(|sector| **sector == [0; SECTOR])
                .count();
            assert!(
                written > 0 && (empty > 0) != whole && written + empty == 8,
                "{fault:?}"
            );
        }
    }

    #[test]
    fn a_power_cut_takes_all_that_was_not_synced() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("a"), b"old").expect("written");
        let site = Site {
            call: Call::Len,
            path: "b".to_owned(),
            nth: 0,
        };
        let plan = Plan {
            site,
            fault: Fault::Refuse,
            then: Then::PowerCut,
        };
        let disk = Faulty::new(Arc::new(Local::new(dir.path())), Some(plan));
        let file = disk.open("a.new", Mode::Create).expect("opened");
        write_all_at(&*file, b"new", 0).expect("written");
        disk.rename("a.new", "a").expect("renamed");
        let other = disk.open("b", Mode::Create).expect("opened");
        write_all_at(&*other, b"kept", 0).expect("written");
        other.sync().expect("synced");
        write_all_at(&*other, b"lost", 4).expect("written");
        assert!(other.len().is_err() && other.sync().is_err());
        assert_eq!(
            (bytes(&dir, "a"), bytes(&dir, "b")),
            (b"old".to_vec(), b"kept\0\0\0\0".to_vec())
        );
    }
}
