//! Personal data of parties (customers, merchants, staff), kept beside the log.
//!
//! The log holds opaque party ids of 128 bits and keeps them for good. What is known of a party,
//! its [`Fields`], stands in a folder of its own, sealed under a key of this person alone. Erasing
//! a person overwrites this one key: every version of the data that was ever written is unreadable
//! from then on, wherever its bytes still are, and nobody else's is touched.
//!
//! # The folder
//!
//! Integers are little-endian; all files have mode 0600, the folder 0700.
//!
//! | file | what |
//! |---|---|
//! | `lock` | empty; the process that has the vault open holds a lock (`flock`) on it |
//! | `master` | the master key, 32 random bytes; it may lie elsewhere ([`Vault::open_with`]) |
//! | `keys` | a header and one slot a person, 128 bytes each |
//! | `data` | a header of 32 bytes and sealed entries |
//! | `erasing` | the slot that is being overwritten; absent otherwise |
//!
//! A name that ends in `.new` is a file that was being prepared when the process died.
//!
//! Sealing is XChaCha20-Poly1305, nonces of 24 random bytes, the tag of 16 behind what is sealed.
//! `CRC` is CRC-32C of all bytes before it in the header, slot, head or entry.
//!
//! `keys`, header:
//!
//! | bytes | field |
//! |---|---|
//! | 0..8 | `cf-keys1` |
//! | 8..24 | identity of the vault, random |
//! | 24..48 | a nonce |
//! | 48..64 | nothing, sealed under the master key, bound to bytes 0..24: tells a wrong master key |
//! | 64..123 | zero |
//! | 123..127 | CRC |
//! | 127 | A5 |
//!
//! Slot i, at 128 (i + 1), so that none lies across two sectors:
//!
//! | bytes | field |
//! |---|---|
//! | 0..4 | `live`, or `gone` once the person was erased |
//! | 4..20 | party |
//! | 20..44 | a nonce; zero when gone |
//! | 44..92 | the person's key, 32 random bytes, sealed under the master key, bound to `cf-slot1`, identity, party; zero when gone |
//! | 92..123 | zero |
//! | 123..127 | CRC |
//! | 127 | A5 |
//!
//! `erasing`: `cf-goes1`, number of the slot (4), party (16), CRC (4).
//!
//! `data`, header: `cf-data1`, identity (16), CRC (4), A5 A5 A5 A5. An entry:
//!
//! | bytes | field |
//! |---|---|
//! | 0..4 | `seal` |
//! | 4..20 | party |
//! | 20..28 | version: 1, 2, ... for each person |
//! | 28..32 | n, the length of what is sealed |
//! | 32..56 | a nonce |
//! | 56..60 | CRC |
//! | 60..64 | A5 A5 A5 A5 |
//! | 64..64 + n | length of the fields (4), fields ([`Fields::to_bytes`]), zeros up to a multiple of 256; sealed under SHA-256(`cf-data1`, person's key), bound to `cf-entry`, identity, party, version |
//! | 4 | CRC |
//! | 4 | A5 A5 A5 A5 |
//!
//! The newest entry of a person counts. A start that finds more than half of `data` dead (older
//! versions, erased people) writes it anew without that. Older versions lie there until then, under
//! the person's key like the newest.
//!
//! # What is true if we die
//!
//! | while | afterwards |
//! |---|---|
//! | a slot is being added | it ends in zeros or early, nobody has data under it, and the start cuts it off |
//! | the slot is there, its first entry is not | the person has a key and no data |
//! | an entry is being written | it is torn, the start cuts it off, the one before counts |
//! | `erasing` is being written | nothing happened |
//! | a slot is being overwritten | `erasing` names it, and the start overwrites it once more |
//! | `data` is being written anew | the old one counts |
//!
//! Any other damage is an error that names file and byte, and changes nothing. Bytes that are lost
//! at the end of a file look like a crash; but data whose key is lost is told.
//!
//! # What erasing does not reach
//!
//! It overwrites the key where it stands. Not all storage does that where it was asked to: a
//! copy-on-write file system (btrfs, ZFS, snapshots of a volume), a journal of data (`data=journal`)
//! and the wear levelling of an SSD may leave the old sector readable to whoever opens the drive; so
//! do backups of `keys`. Such a copy of a slot is worth something with the master key only: keep
//! `master` on another medium and out of these backups, and destroy it when the vault ends. `data`
//! may be copied freely. What stays of an erased person is its party id, and until `data` is written
//! anew, how often and how much (in steps of 256 bytes) was kept. A program that has read the data
//! has to forget it by itself.

mod data;
mod error;
mod fields;
mod folder;
mod keys;
mod seal;
mod start;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::data::{Data, Entry};
use crate::folder::Folder;
use crate::keys::{ERASING, Keys};
use crate::seal::Secret;

pub use error::VaultError;
pub use fields::{
    FIELDS_BYTES_MAX, FIELDS_MAX, FieldError, Fields, NAME_BYTES_MAX, NAMES, VALUE_BYTES_MAX,
};

/// The folder, in that of the books.
pub const DIR: &str = "vault";

/// Most persons of a vault, erased ones included.
pub const PEOPLE_MAX: u32 = 1 << 28;

/// What became of an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erased {
    /// The person's key is gone, now.
    Now,
    /// It was gone before.
    Before,
    /// The vault never held anything of this person; nothing was written, and data may still come.
    Unknown,
}

/// What the vault knows of a person without a key.
#[derive(Clone, Copy)]
enum Person {
    /// The slot of the key, and the newest entry if there is one.
    Live { slot: u32, entry: Option<Entry> },
    /// Erased, for good.
    Gone,
}

/// Where the next slot and the next entry go.
struct Writer {
    slots: u32,
    end: u64,
    /// A write failed: what the files hold behind `slots` and `end` is unknown.
    stopped: bool,
}

/// The vault, open. It may be shared by threads; all calls read or write files and may wait.
///
/// Locks: `writer` is held through `put` and `erase`, and taken first. `people` is held for writing
/// while a slot is overwritten, and for reading from finding a slot until it was read, so nobody
/// reads half a slot and nobody reads a person's data after `erase` returned.
pub struct Vault {
    folder: Folder,
    keys: Keys,
    data: Data,
    people: RwLock<BTreeMap<u128, Person>>,
    writer: Mutex<Writer>,
    _lock: File,
}

impl Vault {
    /// Opens the vault in the folder `dir`, whose parent has to be there, and makes it where it is
    /// absent. The master key is the file `master` in it.
    ///
    /// Errors: another process has it open, the master key is absent or another, bytes are damaged,
    /// the disk refused.
    pub fn open(dir: &Path) -> Result<Self, VaultError> {
        start::open(dir, &dir.join(start::MASTER))
    }

    /// Like [`Vault::open`], with the master key in the file `master`, on another medium perhaps. It
    /// is made there where the vault is new and the file absent.
    pub fn open_with(dir: &Path, master: &Path) -> Result<Self, VaultError> {
        start::open(dir, master)
    }

    /// Keeps `fields` of `party`, in place of what was kept before. Durable once this returns.
    ///
    /// Errors: [`VaultError::Erased`] for a person who was erased; [`VaultError::Full`]; the disk,
    /// and [`VaultError::Stopped`] from then on.
    pub fn put(&self, party: u128, fields: &Fields) -> Result<(), VaultError> {
        let mut writer = self.writer()?;
        let person = self.people().get(&party).copied();
        let slots = writer.slots;
        let (slot, before, key) = match person {
            Some(Person::Gone) => return Err(VaultError::Erased),
            Some(Person::Live { slot, entry }) => (slot, entry, self.keys.read(slot, party)?),
            None if slots == PEOPLE_MAX => return Err(VaultError::Full),
            None => {
                let key = writer.guard(|| self.keys.add(slots, party))?;
                writer.slots += 1;
                (slots, None, key)
            }
        };
        let (end, version) = (writer.end, before.map_or(1, |entry| entry.version + 1));
        let added = writer.guard(|| self.data.add(end, (party, version), &key, fields));
        let entry = added.as_ref().ok().copied().or(before);
        writer.end += added.as_ref().map_or(0, |entry| u64::from(entry.len));
        self.people_mut()
            .insert(party, Person::Live { slot, entry });
        added.map(drop)
    }

    /// What is kept of `party`; nothing where it was erased or never kept.
    pub fn get(&self, party: u128) -> Result<Option<Fields>, VaultError> {
        Ok(self.read(party)?.map(|(_, fields)| fields))
    }

    /// A commitment to what is kept of `party`, that may stand in the log: the first 16 bytes of
    /// SHA-256(SHA-256(`cf-hash1`, person's key), fields). Equal content of one person gives the same,
    /// of two persons not. Without the person's key nothing can be tested against it, so it is worth
    /// nothing once the person is erased. It comes from the disk, so it may fail like [`Vault::get`].
    pub fn digest(&self, party: u128) -> Result<Option<[u8; 16]>, VaultError> {
        let read = self.read(party)?;
        Ok(read.map(|(key, fields)| key.derive(*b"cf-hash1").commit(&fields.to_bytes())))
    }

    /// Erases the key of `party` for good, and says whether it was there. Asking again changes
    /// nothing. After an error in the middle the next [`Vault::open`] carries it out or it did not
    /// begin.
    pub fn erase(&self, party: u128) -> Result<Erased, VaultError> {
        let mut writer = self.writer()?;
        let slot = match self.people().get(&party) {
            Some(Person::Live { slot, .. }) => *slot,
            Some(Person::Gone) => return Ok(Erased::Before),
            None => return Ok(Erased::Unknown),
        };
        writer.guard(|| {
            let erasing = Keys::announce(&self.folder, slot, party)?;
            let mut people = self.people_mut();
            people.insert(party, Person::Gone);
            self.keys.overwrite(erasing)?;
            drop(people);
            self.folder.remove(ERASING)
        })?;
        Ok(Erased::Now)
    }

    /// Whether `party` was erased.
    pub fn is_erased(&self, party: u128) -> bool {
        matches!(self.people().get(&party), Some(Person::Gone))
    }

    /// The parties above `party` that have a key, by number, at most `most` of them.
    pub fn kept_after(&self, party: u128, most: usize) -> Vec<u128> {
        let people = self.people();
        let above = people.range((Bound::Excluded(party), Bound::Unbounded));
        let live = above.filter(|(_, person)| matches!(person, Person::Live { .. }));
        live.map(|(party, _)| *party).take(most).collect()
    }

    /// The count of persons of whom something is kept.
    pub fn len(&self) -> usize {
        let kept = |person: &&Person| matches!(person, Person::Live { entry: Some(_), .. });
        self.people().values().filter(kept).count()
    }

    /// Whether nothing is kept of anyone.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn read(&self, party: u128) -> Result<Option<(Secret, Fields)>, VaultError> {
        let people = self.people();
        let Some(Person::Live {
            slot,
            entry: Some(entry),
        }) = people.get(&party).copied()
        else {
            return Ok(None);
        };
        let key = self.keys.read(slot, party)?;
        let fields = self.data.read(entry, party, &key)?;
        drop(people);
        Ok(Some((key, fields)))
    }

    fn writer(&self) -> Result<MutexGuard<'_, Writer>, VaultError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.stopped {
            return Err(VaultError::Stopped);
        }
        Ok(writer)
    }

    fn people(&self) -> RwLockReadGuard<'_, BTreeMap<u128, Person>> {
        self.people.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn people_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<u128, Person>> {
        self.people.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Does a write. Where it fails, nobody knows what it left: nothing is written after it.
    fn guard<T>(&mut self, write: impl FnOnce() -> Result<T, VaultError>) -> Result<T, VaultError> {
        // Also where it panics.
        self.stopped = true;
        let done = write()?;
        self.stopped = false;
        Ok(done)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("folder", &self.folder.path())
            .finish_non_exhaustive()
    }
}
