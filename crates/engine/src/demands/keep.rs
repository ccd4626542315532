//! What is kept of a demand beside the log: the scopes that it commits to, with their salts, and what
//! the authority sent. While it is sealed they stand nowhere else.
//!
//! A file for each demand, `demands/<serial>`, readable by its owner alone. It begins with `cf-kept1`;
//! then come its parts, each behind its length (4 bytes, little-endian): salt, signature, message and
//! scope as asked, then salt and scope of each narrower one. Whether it is what was committed to shows
//! whenever it is used.

use std::io;
use std::sync::Arc;

use store::disk::{Disk, join, read_file, replace_file};

const FOLDER: &str = "demands";
const MAGIC: &[u8; 8] = b"cf-kept1";

/// Name of the file with the secret that noise follows from.
const SECRET: &str = "secret";

/// Bytes of a file at most.
const FILE_BYTES: u64 = 4 << 20;

/// Narrower scopes of one demand at most.
pub(super) const NARROWED: usize = 32;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) salt: [u8; 32],
    pub(super) signature: [u8; 64],
    pub(super) message: String,
    pub(super) scope: String,
    pub(super) narrowed: Vec<([u8; 32], String)>,
}

impl Kept {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let mut add = |part: &[u8]| {
            bytes.extend((part.len() as u32).to_le_bytes());
            bytes.extend(part);
        };
        add(&self.salt);
        add(&self.signature);
        add(self.message.as_bytes());
        add(self.scope.as_bytes());
        for (salt, scope) in &self.narrowed {
            add(salt);
            add(scope.as_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let mut part = || {
            let (len, after) = rest.split_first_chunk::<4>()?;
            let (part, after) = after.split_at_checked(u32::from_le_bytes(*len) as usize)?;
            rest = after;
            Some(part)
        };
        let text = |part: &[u8]| String::from_utf8(part.to_vec()).ok();
        let mut kept = Self {
            salt: part()?.try_into().ok()?,
            signature: part()?.try_into().ok()?,
            message: text(part()?)?,
            scope: text(part()?)?,
            narrowed: Vec::new(),
        };
        while let Some(salt) = part() {
            let scope = text(part()?)?;
            kept.narrowed.push((salt.try_into().ok()?, scope));
        }
        rest.is_empty().then_some(kept)
    }
}

/// The folder.
#[derive(Clone)]
pub(super) struct Keep {
    disk: Arc<dyn Disk>,
}

impl Keep {
    pub(super) fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk }
    }

    /// What is kept of a demand; `None` where nothing is.
    pub(super) fn read(&self, serial: u64) -> io::Result<Option<Kept>> {
        let path = join(FOLDER, &serial.to_string());
        let bytes = match read_file(&*self.disk, &path, FILE_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes?,
        };
        let kept = Kept::from_bytes(&bytes);
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, format!("{path} is damaged"));
        kept.map(Some).ok_or_else(damaged)
    }

    /// Keeps it, durably.
    pub(super) fn write(&self, serial: u64, kept: &Kept) -> io::Result<()> {
        self.disk.create_dir(FOLDER)?;
        self.disk.sync_dir("")?;
        replace_file(&*self.disk, FOLDER, &serial.to_string(), &kept.to_bytes())
    }

    /// The secret that the noise of aggregates follows from; made at the first need, and never
    /// exchanged.
    pub(super) fn secret(&self) -> io::Result<[u8; 32]> {
        match read_file(&*self.disk, &join(FOLDER, SECRET), 32) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            bytes => {
                let damaged =
                    || io::Error::new(io::ErrorKind::InvalidData, "demands/secret is damaged");
                return bytes?.try_into().map_err(|_| damaged());
            }
        }
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(io::Error::other)?;
        self.disk.create_dir(FOLDER)?;
        self.disk.sync_dir("")?;
        replace_file(&*self.disk, FOLDER, SECRET, &secret)?;
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::{Keep, Kept};
    use std::sync::Arc;
    use store::disk::Local;

    fn kept() -> Kept {
        Kept {
            salt: [1; 32],
            signature: [2; 64],
            message: "a message\n".to_owned(),
            scope: "a scope\n".to_owned(),
            narrowed: vec![([3; 32], "less\n".to_owned())],
        }
    }

    #[test]
    fn what_is_kept_comes_back_and_damage_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let keep = Keep::new(Arc::new(Local::new(folder.path())));
        assert_eq!(keep.read(1).expect("it can be read"), None);
        keep.write(1, &kept()).expect("it is kept");
        assert_eq!(keep.read(1).expect("it can be read"), Some(kept()));
        let path = folder.path().join("demands/1");
        let whole = std::fs::read(&path).expect("it is there");
        for end in [0, 7, 8, 30, whole.len() - 1] {
            std::fs::write(&path, &whole[..end]).expect("it is cut");
            assert!(end == 8 || keep.read(1).is_err(), "cut at {end}");
        }
        let secret = keep.secret().expect("it is made");
        assert_eq!(keep.secret().expect("it stays"), secret);
    }
}
