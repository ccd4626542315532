//! Opening the vault: everything is read and checked before anything is changed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Mutex, RwLock};

use zeroize::Zeroizing;

use crate::data::{self, Data, Entry, HEADER, Scan};
use crate::error::VaultError;
use crate::folder::{Folder, prepared, replace};
use crate::keys::{self, ERASING, Erasing, Keys, Slots};
use crate::seal::{KEY, Secret};
use crate::{Person, Vault, Writer};

/// The file of the master key, where it is not elsewhere.
pub const MASTER: &str = "master";

const LOCK: &str = "lock";

/// Opens the vault, or makes it.
pub fn open(dir: &Path, master_file: &Path) -> Result<Vault, VaultError> {
    let folder = Folder::make(dir)?;
    let lock = folder.lock(LOCK)?;
    let keys = open_keys(&folder, master_file)?;
    let mut data = open_data(&folder, &keys)?;
    let erasing = Erasing::read(&folder)?;
    let slots = keys.scan(erasing)?;
    let mut scan = data.scan()?;
    check(&slots, &scan, &data)?;

    if slots.torn {
        keys.cut(slots.count)?;
    }
    if scan.torn {
        data.cut(scan.end)?;
    }
    if let Some(erasing) = erasing {
        keys.overwrite(erasing)?;
        folder.remove(ERASING)?;
    }
    let living = |party: &u128| matches!(slots.people.get(party), Some(Some(_)));
    scan.newest.retain(|party, _| living(party));
    let alive: u64 = scan.newest.values().map(|entry| u64::from(entry.len)).sum();
    if (scan.end - HEADER) / 2 > alive {
        scan.end = data.compact(&folder, &mut scan.newest)?;
    }
    for name in [MASTER, keys::NAME, data::NAME, ERASING] {
        let left = prepared(Path::new(name));
        folder.remove(&left.to_string_lossy())?;
    }
    let writer = Writer {
        slots: slots.count,
        end: scan.end,
        stopped: false,
    };
    Ok(Vault {
        people: RwLock::new(people(slots, &scan.newest)),
        writer: Mutex::new(writer),
        folder,
        keys,
        data,
        _lock: lock,
    })
}

fn people(slots: Slots, newest: &BTreeMap<u128, Entry>) -> BTreeMap<u128, Person> {
    let person = |(party, slot): (u128, Option<u32>)| {
        let entry = newest.get(&party).copied();
        let person = slot.map_or(Person::Gone, |slot| Person::Live { slot, entry });
        (party, person)
    };
    slots.people.into_iter().map(person).collect()
}

/// No data without a key: a slot is durable before the first entry of its person is written.
fn check(slots: &Slots, scan: &Scan, data: &Data) -> Result<(), VaultError> {
    let lost = |(party, _): &(&u128, &Entry)| !slots.people.contains_key(party);
    let first = scan.newest.iter().filter(lost).map(|(_, entry)| entry.at);
    match first.min() {
        Some(at) => Err(data.damaged(at, "the person of this entry has no slot in keys")),
        None => Ok(()),
    }
}

fn open_keys(folder: &Folder, master_file: &Path) -> Result<Keys, VaultError> {
    let file = folder.open(keys::NAME)?;
    let master = match read_master(master_file)? {
        Some(master) => master,
        None if file.is_some() => {
            let file = master_file.display().to_string();
            return Err(VaultError::NoMaster { file });
        }
        None => {
            let master = Secret::random()?;
            replace(master_file, master.as_bytes())?;
            master
        }
    };
    if let Some(file) = file {
        return Keys::open(folder, file, master, master_file);
    }
    let path = folder.file(keys::NAME);
    let what = "the file is not there, and there is data that needs it";
    let lost = || VaultError::damaged(&path, 0, what);
    if folder.open(data::NAME)?.is_some() {
        return Err(lost());
    }
    Keys::make(folder, &master)?;
    let file = folder.open(keys::NAME)?.ok_or_else(lost)?;
    Keys::open(folder, file, master, master_file)
}

fn open_data(folder: &Folder, keys: &Keys) -> Result<Data, VaultError> {
    if let Some(file) = folder.open(data::NAME)? {
        return Data::open(folder, file, keys.identity());
    }
    let path = folder.file(data::NAME);
    let what = "the file is not there, and there are keys to it";
    let lost = || VaultError::damaged(&path, 0, what);
    let slots = keys.scan(None)?;
    if slots.count != 0 || slots.torn {
        return Err(lost());
    }
    Data::make(folder, keys.identity())?;
    let file = folder.open(data::NAME)?.ok_or_else(lost)?;
    Data::open(folder, file, keys.identity())
}

fn read_master(path: &Path) -> Result<Option<Secret>, VaultError> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(VaultError::io("open", path, error)),
    };
    // One byte more than a key has, to tell what is longer; room made at once, so that no copy is
    // left behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY + 1));
    file.take(KEY as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| VaultError::io("read", path, error))?;
    let what = "a master key has 32 bytes";
    let master = Secret::from_bytes(&bytes).ok_or_else(|| VaultError::damaged(path, 0, what))?;
    Ok(Some(master))
}
