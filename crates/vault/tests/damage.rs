//! Flipped bits and crashes: the old content, the new content or an error that names the place.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vault::{Erased, Fields, Vault, VaultError};

const ADA: u128 = 7;
const BO: u128 = 8;
const CY: u128 = 9;

const HEADER: usize = 32;
const SLOT: usize = 128;

fn named(name: &str) -> Fields {
    let mut fields = Fields::new();
    fields.set("name", name).unwrap();
    fields
}

/// A vault, as files that can be put back.
struct Files {
    _dir: TempDir,
    path: PathBuf,
}

impl Files {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join(vault::DIR);
        Self { _dir: dir, path }
    }

    fn open(&self) -> Vault {
        self.try_open().unwrap()
    }

    fn try_open(&self) -> Result<Vault, VaultError> {
        Vault::open(&self.path)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path.join(name)).unwrap()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        // Not emptied first: ext4 then writes the new content to the disk at once, which is slow.
        let mut options = fs::OpenOptions::new();
        let path = self.path.join(name);
        let file = options.write(true).create(true).truncate(false).open(path);
        let file = file.unwrap();
        file.write_all_at(bytes, 0).unwrap();
        file.set_len(bytes.len() as u64).unwrap();
    }

    fn has(&self, name: &str) -> bool {
        self.path.join(name).exists()
    }
}

/// `erasing`, as the format says.
fn erasing(slot: u32, party: u128) -> Vec<u8> {
    let mut bytes = b"cf-goes1".to_vec();
    bytes.extend(slot.to_le_bytes());
    bytes.extend(party.to_le_bytes());
    let sum = crc32c::crc32c(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// What a crash may leave of a write of `new` behind `old`: each beginning of it, by itself and
/// with zeros up to the length that the file was to have; and sectors that were not written.
fn torn(old: &[u8], new: &[u8]) -> Vec<Vec<u8>> {
    assert!(new.starts_with(old));
    let mut states = Vec::new();
    for len in old.len()..new.len() {
        let mut state = new[..len].to_vec();
        states.push(state.clone());
        state.resize(new.len(), 0);
        states.push(state);
    }
    for sector in old.len() / 512..new.len().div_ceil(512) {
        let mut state = new.to_vec();
        state[(sector * 512).max(old.len())..((sector + 1) * 512).min(new.len())].fill(0);
        states.push(state);
    }
    states
}

/// A bit or two of every byte of `name` flipped, in turn each of the eight: `right` data, or an error that names the file.
fn flip_each_bit(files: &Files, name: &str, right: impl Fn(&Vault) -> Result<(), VaultError>) {
    let good = files.read(name);
    let path = files.path.join(name).display().to_string();
    for bit in (0..good.len() * 8).step_by(5) {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        files.write(name, &bytes);
        match files.try_open().and_then(|vault| right(&vault)) {
            Err(VaultError::Damaged { file, at, .. }) => {
                assert!(
                    file == path && at <= bit as u64 / 8,
                    "{file} {at}, bit {bit}"
                );
            }
            Err(VaultError::WrongMaster { file }) => {
                assert_eq!((file, name), (path.clone(), "master"));
            }
            Err(error) => panic!("{name}, bit {bit}: {error}"),
            Ok(()) => panic!("{name}: bit {bit} means nothing"),
        }
        assert_eq!(files.read(name), bytes, "{name}: bit {bit} was repaired");
    }
    files.write(name, &good);
    right(&files.open()).unwrap();
}

/// Whether everything is as it was put; an error of the vault, and a panic at wrong data.
fn as_put(vault: &Vault) -> Result<(), VaultError> {
    assert_eq!(vault.get(ADA)?, Some(named("Ada King")));
    assert_eq!(vault.get(BO)?, Some(named("Bo")));
    assert_eq!(vault.get(CY)?, None);
    assert!(vault.is_erased(CY));
    Ok(())
}

#[test]
fn a_flipped_bit_is_told_and_changes_nothing() {
    for erased_last in [true, false] {
        let files = Files::new();
        let vault = files.open();
        let mut order = [ADA, BO, CY];
        if !erased_last {
            order.rotate_right(1);
        }
        for party in order {
            let name = if party == BO { "Bo" } else { "Ada" };
            vault.put(party, &named(name)).unwrap();
        }
        vault.put(ADA, &named("Ada King")).unwrap();
        vault.erase(CY).unwrap();
        drop(vault);
        flip_each_bit(&files, "keys", as_put);
        flip_each_bit(&files, "data", as_put);
        flip_each_bit(&files, "master", as_put);
    }
}

#[test]
fn a_flipped_bit_while_it_is_open_is_told_as_well() {
    let files = Files::new();
    let vault = files.open();
    vault.put(ADA, &named("Ada")).unwrap();
    let (keys, data) = (files.read("keys"), files.read("data"));
    for (name, good, from) in [("keys", keys, SLOT), ("data", data, HEADER)] {
        for bit in (from * 8..good.len() * 8).step_by(5) {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            files.write(name, &bytes);
            match vault.get(ADA) {
                Err(VaultError::Damaged { file, at, .. }) => {
                    assert!(file.ends_with(name) && at == from as u64, "{file} {at}");
                }
                other => panic!("{name}, bit {bit}: {other:?}"),
            }
        }
        files.write(name, &good);
        assert_eq!(vault.get(ADA).unwrap(), Some(named("Ada")));
    }
}

#[test]
fn entries_and_slots_that_change_places_are_told() {
    let files = Files::new();
    let vault = files.open();
    vault.put(ADA, &named("Ada")).unwrap();
    vault.put(BO, &named("Bo")).unwrap();
    drop(vault);
    // The heads keep their persons and get new sums; what is sealed changes places.
    let good = files.read("data");
    let len = (good.len() - HEADER) / 2;
    let mut data = good.clone();
    for (to, from) in [(0, len), (len, 0)] {
        let (to, from) = (HEADER + to, HEADER + from);
        data[to + 32..to + len - 8].copy_from_slice(&good[from + 32..from + len - 8]);
        for end in [56, len - 8] {
            let sum = crc32c::crc32c(&data[to..to + end]);
            data[to + end..to + end + 4].copy_from_slice(&sum.to_le_bytes());
        }
    }
    files.write("data", &data);
    let error = files.open().get(ADA).unwrap_err().to_string();
    assert!(error.ends_with("byte 32: the key of the person does not open this entry"));
    files.write("data", &good);

    let mut keys = files.read("keys");
    let (ada, bo) = (SLOT + 20..SLOT + 92, 2 * SLOT + 20);
    keys.copy_within(ada, bo);
    let sum = crc32c::crc32c(&keys[2 * SLOT..3 * SLOT - 5]);
    keys[3 * SLOT - 5..3 * SLOT - 1].copy_from_slice(&sum.to_le_bytes());
    files.write("keys", &keys);
    let error = files.open().get(BO).unwrap_err().to_string();
    assert!(error.ends_with("byte 256: the master key does not open this slot"));
}

#[test]
fn lost_files_are_told() {
    let files = Files::new();
    let vault = files.open();
    vault.put(ADA, &named("Ada")).unwrap();
    drop(vault);
    for (name, says) in [
        (
            "keys",
            "keys, byte 0: the file is not there, and there is data that needs it",
        ),
        (
            "data",
            "data, byte 0: the file is not there, and there are keys to it",
        ),
        ("master", "without it the vault cannot be read"),
    ] {
        let good = files.read(name);
        fs::remove_file(files.path.join(name)).unwrap();
        let error = files.try_open().unwrap_err().to_string();
        assert!(error.ends_with(says), "{error}");
        assert!(!files.has(name));
        files.write(name, &good);
    }
    let keys = files.read("keys");
    files.write("keys", &keys[..SLOT]);
    let error = files.try_open().unwrap_err().to_string();
    assert!(error.ends_with("data, byte 32: the person of this entry has no slot in keys"));

    let other = Files::new();
    drop(other.open());
    files.write("keys", &keys);
    files.write("data", &other.read("data"));
    let error = files.try_open().unwrap_err().to_string();
    assert!(error.ends_with("this is not the header of the data of this vault"));
}

#[test]
fn a_vault_is_made_whole_wherever_making_it_stopped() {
    let files = Files::new();
    drop(files.open());
    let good: Vec<_> = ["master", "keys", "data"]
        .map(|name| files.read(name))
        .into();
    for made in 0..3 {
        for half in [0, 1, 20] {
            for (index, name) in ["master", "keys", "data"].into_iter().enumerate() {
                fs::remove_file(files.path.join(name)).unwrap();
                if index < made {
                    files.write(name, &good[index]);
                } else if index == made {
                    files.write(&format!("{name}.new"), &good[index][..half]);
                }
            }
            let vault = files.open();
            vault.put(ADA, &named("Ada")).unwrap();
            drop(vault);
            assert_eq!(files.open().get(ADA).unwrap(), Some(named("Ada")));
            assert_eq!(fs::read_dir(&files.path).unwrap().count(), 4);
        }
    }
}

/// Opens what a crash left: ADA is `ada` and BO is `bo`; and both can be put after it.
fn recovers(files: &Files, ada: &Fields, bo: Option<&Fields>, go_on: bool) {
    let vault = files.open();
    assert_eq!(vault.get(ADA).unwrap().as_ref(), Some(ada));
    assert_eq!(vault.get(BO).unwrap().as_ref(), bo);
    if go_on {
        vault.put(BO, &named("Bo, later")).unwrap();
        vault.put(ADA, &named("Ada, later")).unwrap();
        drop(vault);
        let vault = files.open();
        assert_eq!(vault.get(ADA).unwrap(), Some(named("Ada, later")));
        assert_eq!(vault.get(BO).unwrap(), Some(named("Bo, later")));
    }
}

#[test]
fn a_crash_in_the_first_put_of_a_person_leaves_nothing_of_it() {
    let files = Files::new();
    let (ada, long) = (named("Ada"), "o".repeat(300));
    let vault = files.open();
    vault.put(ADA, &ada).unwrap();
    let (keys, data) = (files.read("keys"), files.read("data"));
    vault.put(BO, &named(&long)).unwrap();
    drop(vault);
    let (new_keys, new_data) = (files.read("keys"), files.read("data"));
    for (index, state) in torn(&keys, &new_keys).into_iter().enumerate() {
        files.write("keys", &state);
        files.write("data", &data);
        recovers(&files, &ada, None, index % 9 == 0);
    }
    for (index, state) in torn(&data, &new_data).into_iter().enumerate() {
        files.write("keys", &new_keys);
        files.write("data", &state);
        recovers(&files, &ada, None, index % 50 == 0);
    }
    files.write("keys", &new_keys);
    files.write("data", &new_data);
    recovers(&files, &ada, Some(&named(&long)), true);
}

#[test]
fn a_crash_in_a_later_put_leaves_the_one_before() {
    let files = Files::new();
    let vault = files.open();
    vault.put(BO, &named("Bo")).unwrap();
    vault.put(ADA, &named("Ada")).unwrap();
    let data = files.read("data");
    vault.put(ADA, &named("Ada King")).unwrap();
    drop(vault);
    let new_data = files.read("data");
    let keys = files.read("keys");
    for (index, state) in torn(&data, &new_data).into_iter().enumerate() {
        files.write("data", &state);
        recovers(&files, &named("Ada"), Some(&named("Bo")), index % 50 == 0);
        assert_eq!(files.read("keys"), keys);
    }
}

#[test]
fn an_entry_that_is_torn_in_the_middle_of_the_file_is_damage() {
    let files = Files::new();
    let vault = files.open();
    vault.put(ADA, &named("Ada")).unwrap();
    let data = files.read("data");
    vault.put(BO, &named("Bo")).unwrap();
    vault.put(ADA, &named("Ada King")).unwrap();
    drop(vault);
    let good = files.read("data");
    let len = data.len() - HEADER;
    for zeros in [1, 8, 100, len - 64, len - 63, len] {
        let mut bytes = good.clone();
        bytes[data.len() + len - zeros..data.len() + len].fill(0);
        files.write("data", &bytes);
        match files.try_open() {
            Err(VaultError::Damaged { at, .. }) => assert_eq!(at, data.len() as u64),
            other => panic!("{zeros}: {other:?}"),
        }
    }
}

#[test]
fn an_erasure_that_was_begun_is_carried_out() {
    let files = Files::new();
    let vault = files.open();
    vault.put(BO, &named("Bo")).unwrap();
    vault.put(ADA, &named("Ada")).unwrap();
    vault.put(CY, &named("Cy")).unwrap();
    let (keys, data) = (files.read("keys"), files.read("data"));
    assert_eq!(vault.erase(ADA).unwrap(), Erased::Now);
    drop(vault);
    let new_keys = files.read("keys");
    let note = erasing(1, ADA);

    // The note was not finished: nothing happened.
    for len in 0..=note.len() {
        files.write("keys", &keys);
        files.write("erasing.new", &note[..len]);
        recovers(&files, &named("Ada"), Some(&named("Bo")), false);
        assert!(!files.has("erasing.new"));
    }
    // It was: whatever stands in the slot, the person is erased, and nobody else.
    for written in 0..=SLOT {
        let mut state = keys.clone();
        state[2 * SLOT..2 * SLOT + written].copy_from_slice(&new_keys[2 * SLOT..][..written]);
        files.write("keys", &state);
        files.write("data", &data);
        files.write("erasing", &note);
        let vault = files.open();
        assert_eq!(vault.erase(ADA).unwrap(), Erased::Before);
        assert_eq!(vault.get(ADA).unwrap(), None);
        assert_eq!(vault.get(BO).unwrap(), Some(named("Bo")));
        assert_eq!(vault.get(CY).unwrap(), Some(named("Cy")));
        assert!(!files.has("erasing"));
        assert_eq!(files.read("keys"), new_keys);
    }
    // Without the note a slot that is no slot is damage.
    let mut state = keys.clone();
    state[2 * SLOT..2 * SLOT + 30].copy_from_slice(&new_keys[2 * SLOT..][..30]);
    files.write("keys", &state);
    let error = files.try_open().unwrap_err().to_string();
    assert!(
        error.ends_with("keys, byte 256: this is not the slot of a person"),
        "{error}"
    );
}

#[test]
fn a_note_of_an_erasure_that_does_not_fit_is_damage() {
    let files = Files::new();
    let vault = files.open();
    vault.put(BO, &named("Bo")).unwrap();
    vault.put(ADA, &named("Ada")).unwrap();
    drop(vault);
    let keys = files.read("keys");
    let note = erasing(1, ADA);
    let mut bad: Vec<_> = (0..note.len() * 8)
        .map(|bit| {
            let mut bytes = note.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        })
        .collect();
    bad.extend([erasing(0, ADA), erasing(2, ADA), erasing(1, CY)]);
    bad.extend([note[..31].to_vec(), [&note[..], &[0]].concat()]);
    for bytes in bad {
        files.write("erasing", &bytes);
        assert!(matches!(files.try_open(), Err(VaultError::Damaged { .. })));
        assert_eq!(files.read("keys"), keys);
    }
}

#[test]
fn a_crash_while_data_is_written_anew_leaves_the_old() {
    let files = Files::new();
    let vault = files.open();
    vault.put(BO, &named("Bo")).unwrap();
    for i in 0..4 {
        vault.put(ADA, &named(&format!("Ada {i}"))).unwrap();
    }
    drop(vault);
    let data = files.read("data");
    drop(files.open());
    let compact = files.read("data");
    assert!(compact.len() < data.len() / 2);
    for len in (0..=compact.len()).step_by(7) {
        files.write("data", &data);
        files.write("data.new", &compact[..len]);
        recovers(&files, &named("Ada 3"), Some(&named("Bo")), false);
        assert_eq!(files.read("data"), compact);
        assert!(!files.has("data.new"));
    }
}

#[test]
fn a_folder_without_a_parent_is_refused() {
    let error = Vault::open(Path::new("/nowhere/at/all")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("/nowhere/at/all: cannot make:")
    );
}
