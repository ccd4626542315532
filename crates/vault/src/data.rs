//! `data`: sealed entries, one behind the other; the newest of a person counts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::fields::{FIELDS_BYTES_MAX, Fields};
use crate::folder::{Folder, cut, finish, prepare, replace, sync};
use crate::keys::{MARK, array};
use crate::seal::{NONCE, Secret, TAG, random};

/// The file.
pub const NAME: &str = "data";

/// Bytes of the header of the file.
pub const HEADER: u64 = 32;

const MAGIC: &[u8; 8] = b"cf-data1";
const ENTRY_MAGIC: &[u8; 4] = b"seal";
/// Bytes of an entry before what is sealed, and behind it.
const HEAD: usize = 64;
const END: usize = 8;
/// What is sealed is filled up to a multiple of this, so that its length tells little.
const FILL: usize = 256;
const SEALED_MAX: usize = (4 + FIELDS_BYTES_MAX).next_multiple_of(FILL) + TAG;
const ENTRY_MAX: usize = HEAD + SEALED_MAX + END;
/// Bytes that a scan reads at once.
const WINDOW: usize = 1 << 20;

/// Where an entry stands.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Where it begins in the file.
    pub at: u64,
    /// Its bytes.
    pub len: u32,
    /// How many entries of the person came before, counted from the first.
    pub version: u64,
}

/// What a start finds in the file.
pub struct Scan {
    /// The newest entry of each person.
    pub newest: BTreeMap<u128, Entry>,
    /// Where the last whole entry ends.
    pub end: u64,
    /// Whether a part of one more follows, which a crash left.
    pub torn: bool,
}

/// The head of an entry.
struct Head {
    party: u128,
    version: u64,
    sealed: usize,
    nonce: [u8; NONCE],
}

impl Head {
    fn to_bytes(&self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..4].copy_from_slice(ENTRY_MAGIC);
        bytes[4..20].copy_from_slice(&self.party.to_le_bytes());
        bytes[20..28].copy_from_slice(&self.version.to_le_bytes());
        bytes[28..32].copy_from_slice(&(self.sealed as u32).to_le_bytes());
        bytes[32..56].copy_from_slice(&self.nonce);
        let sum = crc32c::crc32c(&bytes[..56]);
        bytes[56..60].copy_from_slice(&sum.to_le_bytes());
        bytes[60..].fill(MARK);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEAD] = bytes.get(..HEAD)?.try_into().ok()?;
        let head = Self {
            party: u128::from_le_bytes(array(&bytes[4..20])),
            version: u64::from_le_bytes(array(&bytes[20..28])),
            sealed: u32::from_le_bytes(array(&bytes[28..32])) as usize,
            nonce: array(&bytes[32..56]),
        };
        (head.to_bytes() == *bytes && head.sealed <= SEALED_MAX).then_some(head)
    }

    /// Bytes of the entry.
    fn len(&self) -> usize {
        HEAD + self.sealed + END
    }

    fn bound_to(&self, identity: &[u8; 16]) -> Vec<u8> {
        let party = self.party.to_le_bytes();
        let version = self.version.to_le_bytes();
        [&b"cf-entry"[..], identity, &party, &version].concat()
    }
}

/// What the bytes from one place to the end of the file begin with.
enum Found {
    Entry(Head),
    /// A crash left this: a part of an entry, up to the end of the file.
    Torn,
    Damaged,
}

/// Tells an entry from a torn one and from damage. `bytes` begins at position `at` of the file and
/// is all that follows, or at least `ENTRY_MAX` of it; `rest` is how many bytes follow.
fn find(bytes: &[u8], at: u64, rest: u64) -> Found {
    let to_end = rest == bytes.len() as u64;
    let Some(head) = Head::from_bytes(bytes) else {
        // The head was not written to its end, and nothing behind it; or a sector of it was not,
        // and what follows is of this entry alone. One flipped bit makes neither.
        let no_mark = bytes.iter().skip(HEAD - 1).all(|b| *b == 0);
        let hole = || {
            has_hole(&bytes[..HEAD], at)
                && rest <= ENTRY_MAX as u64
                && (1..bytes.len()).all(|i| Head::from_bytes(&bytes[i..]).is_none())
        };
        let torn = to_end && (rest < HEAD as u64 || no_mark || hole());
        return if torn { Found::Torn } else { Found::Damaged };
    };
    let Some(entry) = bytes.get(..head.len()) else {
        return Found::Torn;
    };
    let sum = crc32c::crc32c(&entry[..entry.len() - END]).to_le_bytes();
    if entry[entry.len() - END..] == [sum, [MARK; 4]].concat() {
        return Found::Entry(head);
    }
    let torn = rest == head.len() as u64 && (entry.ends_with(&[0]) || has_hole(entry, at));
    if torn { Found::Torn } else { Found::Damaged }
}

/// Whether a sector of the disk was not written: zeros as far as the entry reaches in it. Sealed
/// bytes never look so, and one flipped bit does not make them.
fn has_hole(mut entry: &[u8], at: u64) -> bool {
    let mut part = 512 - (at % 512) as usize;
    while !entry.is_empty() {
        let (sector, rest) = entry.split_at(part.min(entry.len()));
        if sector.iter().all(|b| *b == 0) {
            return true;
        }
        (entry, part) = (rest, 512);
    }
    false
}

/// The file, open. What is in it does not change while it is; entries are added by one thread.
pub struct Data {
    file: File,
    path: PathBuf,
    identity: [u8; 16],
}

impl Data {
    /// Makes the file.
    pub fn make(folder: &Folder, identity: &[u8; 16]) -> Result<(), VaultError> {
        replace(&folder.file(NAME), &header(identity))
    }

    /// Reads the header of `file`.
    pub fn open(folder: &Folder, file: File, identity: &[u8; 16]) -> Result<Self, VaultError> {
        let path = folder.file(NAME);
        let mut bytes = [0; HEADER as usize];
        match file.read_exact_at(&mut bytes, 0) {
            Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                return Err(VaultError::io("read", &path, error));
            }
            Ok(()) if bytes == header(identity) => {}
            _ => {
                let what = "this is not the header of the data of this vault";
                return Err(VaultError::damaged(&path, 0, what));
            }
        }
        Ok(Self {
            file,
            path,
            identity: *identity,
        })
    }

    /// Reads the heads and checks the sums of all entries.
    pub fn scan(&self) -> Result<Scan, VaultError> {
        let wrap = |error| VaultError::io("read", &self.path, error);
        let len = self.file.metadata().map_err(wrap)?.len();
        let mut scan = Scan {
            newest: BTreeMap::new(),
            end: HEADER,
            torn: false,
        };
        let mut window = Vec::new();
        let mut begin = scan.end;
        while scan.end < len {
            let rest = len - scan.end;
            let mut skip = (scan.end - begin) as usize;
            if ((window.len() - skip) as u64) < rest.min(ENTRY_MAX as u64) {
                window.resize(rest.min(WINDOW as u64) as usize, 0);
                self.file
                    .read_exact_at(&mut window, scan.end)
                    .map_err(wrap)?;
                (begin, skip) = (scan.end, 0);
            }
            let head = match find(&window[skip..], scan.end, rest) {
                Found::Entry(head) => head,
                Found::Torn => {
                    scan.torn = true;
                    break;
                }
                Found::Damaged => {
                    return Err(self.damaged(scan.end, "this is not an entry as it was written"));
                }
            };
            let entry = Entry {
                at: scan.end,
                len: head.len() as u32,
                version: head.version,
            };
            let before = scan.newest.insert(head.party, entry);
            if before.is_some_and(|before| before.version >= head.version) {
                return Err(self.damaged(scan.end, "the versions of this person do not rise"));
            }
            scan.end += head.len() as u64;
        }
        Ok(scan)
    }

    /// Cuts off what follows `end`.
    pub fn cut(&self, end: u64) -> Result<(), VaultError> {
        cut(&self.path, &self.file, end)
    }

    /// Adds an entry at `at`, the end of the file.
    pub fn add(
        &self,
        at: u64,
        (party, version): (u128, u64),
        key: &Secret,
        fields: &Fields,
    ) -> Result<Entry, VaultError> {
        let mut head = Head {
            party,
            version,
            sealed: 0,
            nonce: random()?,
        };
        let text = fields.to_bytes();
        let filled = (4 + text.len()).next_multiple_of(FILL);
        // Room for the tag, so that the vector does not grow and leave a copy behind.
        let mut sealed = Zeroizing::new(Vec::with_capacity(filled + TAG));
        sealed.extend((text.len() as u32).to_le_bytes());
        sealed.extend(&text[..]);
        sealed.resize(filled, 0);
        head.sealed = filled + TAG;
        key.derive(*b"cf-data1")
            .seal(&head.nonce, &head.bound_to(&self.identity), &mut sealed);
        let mut bytes = [&head.to_bytes()[..], &sealed].concat();
        let sum = crc32c::crc32c(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes.extend([MARK; 4]);
        self.file
            .write_all_at(&bytes, at)
            .map_err(|error| VaultError::io("write", &self.path, error))?;
        sync(&self.path, &self.file)?;
        Ok(Entry {
            at,
            len: bytes.len() as u32,
            version,
        })
    }

    /// What the entry of `party` holds.
    pub fn read(&self, entry: Entry, party: u128, key: &Secret) -> Result<Fields, VaultError> {
        let mut bytes = vec![0; entry.len as usize];
        self.file
            .read_exact_at(&mut bytes, entry.at)
            .map_err(|error| VaultError::io("read", &self.path, error))?;
        let head = match find(&bytes, entry.at, u64::from(entry.len)) {
            Found::Entry(head) if head.party == party && head.version == entry.version => head,
            _ => return Err(self.damaged(entry.at, "this is not an entry as it was written")),
        };
        let mut text = Zeroizing::new(bytes[HEAD..bytes.len() - END].to_vec());
        let bound_to = head.bound_to(&self.identity);
        if !key
            .derive(*b"cf-data1")
            .open(&head.nonce, &bound_to, &mut text)
        {
            return Err(self.damaged(entry.at, "the key of the person does not open this entry"));
        }
        unfill(&text).ok_or_else(|| self.damaged(entry.at, "this entry holds no fields"))
    }

    /// Writes the file anew with these entries alone, and says where they stand then.
    pub fn compact(
        &mut self,
        folder: &Folder,
        newest: &mut BTreeMap<u128, Entry>,
    ) -> Result<u64, VaultError> {
        let read = |error| VaultError::io("read", &self.path, error);
        let write = |error| VaultError::io("write", &self.path, error);
        let mut by_place: Vec<_> = newest.values_mut().collect();
        by_place.sort_unstable_by_key(|entry| entry.at);
        let mut writer = BufWriter::with_capacity(WINDOW, prepare(&self.path)?);
        writer.write_all(&header(&self.identity)).map_err(write)?;
        let mut end = HEADER;
        let mut bytes = Vec::new();
        for entry in by_place {
            bytes.resize(entry.len as usize, 0);
            self.file
                .read_exact_at(&mut bytes, entry.at)
                .map_err(read)?;
            writer.write_all(&bytes).map_err(write)?;
            entry.at = end;
            end += u64::from(entry.len);
        }
        let file = writer
            .into_inner()
            .map_err(|error| write(error.into_error()))?;
        finish(&folder.file(NAME), &file)?;
        self.file = file;
        Ok(end)
    }

    /// Says what is wrong at a place of the file.
    pub fn damaged(&self, at: u64, what: &'static str) -> VaultError {
        VaultError::damaged(&self.path, at, what)
    }
}

/// Takes off what was put around the fields before they were sealed.
fn unfill(text: &[u8]) -> Option<Fields> {
    let (len, text) = text.split_first_chunk::<4>()?;
    let (fields, fill) = text.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    if fill.iter().any(|b| *b != 0) {
        return None;
    }
    Fields::from_bytes(fields).ok()
}

fn header(identity: &[u8; 16]) -> [u8; HEADER as usize] {
    let mut bytes = [0; HEADER as usize];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..24].copy_from_slice(identity);
    let sum = crc32c::crc32c(&bytes[..24]);
    bytes[24..28].copy_from_slice(&sum.to_le_bytes());
    bytes[28..].fill(MARK);
    bytes
}
