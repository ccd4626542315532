//! `keys`: one slot a person, overwritten in place when the person is erased.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::folder::{Folder, cut, replace, sync};
use crate::seal::{KEY, NONCE, Secret, TAG, random};

/// The file.
pub const NAME: &str = "keys";

/// The file that says which slot is being overwritten.
pub const ERASING: &str = "erasing";

/// Bytes of a slot, and of the header. No slot lies across two sectors of a disk.
pub const SLOT: usize = 128;

/// The last byte of whatever was written whole; what was not ends in zeros, or before.
pub const MARK: u8 = 0xA5;

const MAGIC: &[u8; 8] = b"cf-keys1";
const ERASING_MAGIC: &[u8; 8] = b"cf-goes1";
const LIVE: &[u8; 4] = b"live";
const GONE: &[u8; 4] = b"gone";

/// What a slot says.
enum Slot {
    Live {
        party: u128,
        nonce: [u8; NONCE],
        wrapped: Vec<u8>,
    },
    Gone {
        party: u128,
    },
}

impl Slot {
    fn party(&self) -> u128 {
        match self {
            Self::Live { party, .. } | Self::Gone { party } => *party,
        }
    }

    fn to_bytes(&self) -> [u8; SLOT] {
        let mut bytes = [0; SLOT];
        bytes[..4].copy_from_slice(match self {
            Self::Live { .. } => LIVE,
            Self::Gone { .. } => GONE,
        });
        bytes[4..20].copy_from_slice(&self.party().to_le_bytes());
        if let Self::Live { nonce, wrapped, .. } = self {
            bytes[20..44].copy_from_slice(nonce);
            bytes[44..92].copy_from_slice(wrapped);
        }
        close(&mut bytes);
        bytes
    }

    fn from_bytes(bytes: &[u8; SLOT]) -> Option<Self> {
        let party = u128::from_le_bytes(array(&bytes[4..20]));
        let slot = match array(&bytes[..4]) {
            state if state == *LIVE => Self::Live {
                party,
                nonce: array(&bytes[20..44]),
                wrapped: bytes[44..92].to_vec(),
            },
            state if state == *GONE => Self::Gone { party },
            _ => return None,
        };
        // One slot has one form: no byte of a key hides where none belongs.
        (slot.to_bytes() == *bytes).then_some(slot)
    }
}

/// An array of these bytes, whose count is known.
pub fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("a slice of this length")
}

/// Writes checksum and mark behind what stands before them.
fn close(bytes: &mut [u8; SLOT]) {
    let sum = crc32c::crc32c(&bytes[..SLOT - 5]);
    bytes[SLOT - 5..SLOT - 1].copy_from_slice(&sum.to_le_bytes());
    bytes[SLOT - 1] = MARK;
}

/// The erasure that is under way.
#[derive(Clone, Copy)]
pub struct Erasing {
    slot: u32,
    party: u128,
}

impl Erasing {
    fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(ERASING_MAGIC);
        bytes[8..12].copy_from_slice(&self.slot.to_le_bytes());
        bytes[12..28].copy_from_slice(&self.party.to_le_bytes());
        let sum = crc32c::crc32c(&bytes[..28]);
        bytes[28..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// The one that a crash left, if any.
    pub fn read(folder: &Folder) -> Result<Option<Self>, VaultError> {
        let path = folder.file(ERASING);
        let Some(file) = folder.open(ERASING)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.take(33)
            .read_to_end(&mut bytes)
            .map_err(|error| VaultError::io("read", &path, error))?;
        let erasing = (bytes.len() == 32).then(|| Self {
            slot: u32::from_le_bytes(array(&bytes[8..12])),
            party: u128::from_le_bytes(array(&bytes[12..28])),
        });
        match erasing {
            Some(erasing) if erasing.to_bytes()[..] == bytes[..] => Ok(Some(erasing)),
            _ => Err(VaultError::damaged(&path, 0, "this names no slot")),
        }
    }
}

/// Where the slots of a file stand, as a start finds them.
pub struct Slots {
    /// By person: the number of the slot, or none where the person was erased.
    pub people: BTreeMap<u128, Option<u32>>,
    /// Count of whole slots.
    pub count: u32,
    /// Whether a part of one more follows them, which a crash left.
    pub torn: bool,
}

/// The file, open. Threads that read and the one that overwrites are kept apart by the caller.
pub struct Keys {
    file: File,
    path: PathBuf,
    identity: [u8; 16],
    master: Secret,
}

impl Keys {
    /// Makes the file, with a new identity.
    pub fn make(folder: &Folder, master: &Secret) -> Result<(), VaultError> {
        let mut bytes = [0; SLOT];
        let nonce = random::<NONCE>()?;
        let identity = random::<16>()?;
        let mut check = Vec::new();
        master.seal(&nonce, &bound_to_master(&identity), &mut check);
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..24].copy_from_slice(&identity);
        bytes[24..48].copy_from_slice(&nonce);
        bytes[48..64].copy_from_slice(&check);
        close(&mut bytes);
        replace(&folder.file(NAME), &bytes)
    }

    /// Reads the header of `file` and checks that `master` is its master key; `master_file` is
    /// what an error names.
    pub fn open(
        folder: &Folder,
        file: File,
        master: Secret,
        master_file: &Path,
    ) -> Result<Self, VaultError> {
        let path = folder.file(NAME);
        let header = read_slot(&file, &path, 0)?;
        let mut closed = header;
        close(&mut closed);
        if header != closed || header[..8] != *MAGIC || header[64..SLOT - 5] != [0; 59] {
            let what = "this is not the header of a file of keys";
            return Err(VaultError::damaged(&path, 0, what));
        }
        let identity = array(&header[8..24]);
        let mut check = header[48..64].to_vec();
        let nonce = array(&header[24..48]);
        if !master.open(&nonce, &bound_to_master(&identity), &mut check) {
            let file = master_file.display().to_string();
            return Err(VaultError::WrongMaster { file });
        }
        Ok(Self {
            file,
            path,
            identity,
            master,
        })
    }

    /// The identity of the vault.
    pub fn identity(&self) -> &[u8; 16] {
        &self.identity
    }

    /// Reads all slots. The one that is being erased counts as erased, whatever stands there.
    pub fn scan(&self, erasing: Option<Erasing>) -> Result<Slots, VaultError> {
        let wrap = |error| VaultError::io("read", &self.path, error);
        let len = self.file.metadata().map_err(wrap)?.len();
        let whole = (len / SLOT as u64).saturating_sub(1);
        let mut slots = Slots {
            people: BTreeMap::new(),
            count: 0,
            torn: len % SLOT as u64 != 0,
        };
        let mut reader = BufReader::with_capacity(1 << 20, &self.file);
        reader.seek(SeekFrom::Start(SLOT as u64)).map_err(wrap)?;
        for number in 0..u32::try_from(whole).unwrap_or(u32::MAX) {
            let mut bytes = [0; SLOT];
            reader.read_exact(&mut bytes).map_err(wrap)?;
            let slot = match (erasing, Slot::from_bytes(&bytes)) {
                (Some(erasing), slot) if erasing.slot == number => {
                    let party = erasing.party;
                    if slot.is_some_and(|slot| slot.party() != party) {
                        return Err(self.damaged(number, "another person is being erased here"));
                    }
                    Slot::Gone { party }
                }
                (_, Some(slot)) => slot,
                // A slot that was not written whole ends in zeros, and is the last.
                (_, None) if bytes[SLOT - 1] == 0 && u64::from(number) + 1 == whole => {
                    slots.torn = true;
                    break;
                }
                (_, None) => return Err(self.damaged(number, "this is not the slot of a person")),
            };
            let place = matches!(slot, Slot::Live { .. }).then_some(number);
            if slots.people.insert(slot.party(), place).is_some() {
                return Err(self.damaged(number, "this person has a slot before"));
            }
            slots.count += 1;
        }
        if erasing.is_some_and(|erasing| erasing.slot >= slots.count) {
            let what = "the slot that is being erased is not there";
            return Err(self.damaged(slots.count, what));
        }
        Ok(slots)
    }

    /// Cuts off what follows `count` slots.
    pub fn cut(&self, count: u32) -> Result<(), VaultError> {
        cut(&self.path, &self.file, place(count))
    }

    /// The key of `party`, which is in slot `number`.
    pub fn read(&self, number: u32, party: u128) -> Result<Secret, VaultError> {
        let bytes = read_slot(&self.file, &self.path, place(number))?;
        let what = "this is not the slot of a person";
        let slot = Slot::from_bytes(&bytes).ok_or_else(|| self.damaged(number, what))?;
        match slot {
            Slot::Live {
                party: here,
                nonce,
                wrapped,
            } if here == party => {
                let mut key = Zeroizing::new(wrapped);
                let opened = self.master.open(&nonce, &self.bound_to(party), &mut key);
                Secret::from_bytes(&key)
                    .filter(|_| opened)
                    .ok_or_else(|| self.damaged(number, "the master key does not open this slot"))
            }
            _ => Err(self.damaged(number, "this is the slot of another person, or erased")),
        }
    }

    /// Writes a new key of `party` into the slot `number`, which follows all others.
    pub fn add(&self, number: u32, party: u128) -> Result<Secret, VaultError> {
        let key = Secret::random()?;
        let nonce = random::<NONCE>()?;
        // Room for the tag, so that the vector does not grow and leave a copy behind.
        let mut wrapped = Vec::with_capacity(KEY + TAG);
        wrapped.extend(key.as_bytes());
        self.master
            .seal(&nonce, &self.bound_to(party), &mut wrapped);
        let slot = Slot::Live {
            party,
            nonce,
            wrapped,
        };
        self.write(number, &slot)?;
        Ok(key)
    }

    /// Notes, for good, that the slot of `party` is to be overwritten.
    pub fn announce(folder: &Folder, slot: u32, party: u128) -> Result<Erasing, VaultError> {
        let erasing = Erasing { slot, party };
        replace(&folder.file(ERASING), &erasing.to_bytes())?;
        Ok(erasing)
    }

    /// Overwrites the key in the slot.
    pub fn overwrite(&self, erasing: Erasing) -> Result<(), VaultError> {
        let party = erasing.party;
        self.write(erasing.slot, &Slot::Gone { party })
    }

    fn write(&self, number: u32, slot: &Slot) -> Result<(), VaultError> {
        self.file
            .write_all_at(&slot.to_bytes(), place(number))
            .map_err(|error| VaultError::io("write", &self.path, error))?;
        sync(&self.path, &self.file)
    }

    fn damaged(&self, number: u32, what: &'static str) -> VaultError {
        VaultError::damaged(&self.path, place(number), what)
    }

    fn bound_to(&self, party: u128) -> Vec<u8> {
        [&b"cf-slot1"[..], &self.identity, &party.to_le_bytes()].concat()
    }
}

fn bound_to_master(identity: &[u8; 16]) -> Vec<u8> {
    [&MAGIC[..], identity].concat()
}

/// Where slot `number` begins.
fn place(number: u32) -> u64 {
    (u64::from(number) + 1) * SLOT as u64
}

fn read_slot(file: &File, path: &Path, at: u64) -> Result<[u8; SLOT], VaultError> {
    let mut bytes = [0; SLOT];
    match file.read_exact_at(&mut bytes, at) {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(VaultError::damaged(path, at, "the file ends here"))
        }
        Err(error) => Err(VaultError::io("read", path, error)),
    }
}
