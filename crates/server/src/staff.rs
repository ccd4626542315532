//! What stands in the books for a member of the staff who looks at personal data: a pseudonym.
//!
//! `first 16 bytes of HMAC-SHA256(secret, party | role)`, where `party` is the id in 16 bytes,
//! little-endian, and `role` is ASCII. The secret is 32 random bytes in the file `staff.secret` of the
//! data directory (mode 0600), made at first need. The same member in the same role has the same
//! pseudonym; whoever has the secret can tell who it is, and nobody else.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

const NAME: &str = "staff.secret";
const BYTES: usize = 32;

type Secret = Zeroizing<[u8; BYTES]>;

/// Makes pseudonyms.
pub(crate) struct Pseudonyms {
    data: PathBuf,
    /// Held while it is made, so that there is one.
    secret: Mutex<Option<Secret>>,
}

impl Pseudonyms {
    /// Of the directory `data`.
    pub fn new(data: PathBuf) -> Self {
        let secret = Mutex::default();
        Self { data, secret }
    }

    /// The pseudonym of a party in a role, the first byte lowest. It may wait for the disk.
    pub fn of(&self, party: u128, role: &str) -> io::Result<u128> {
        let mut secret = self.secret.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = match &mut *secret {
            Some(secret) => secret,
            none => none.insert(open(&self.data)?),
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(&**secret).expect("any length is a key");
        mac.update(&party.to_le_bytes());
        mac.update(role.as_bytes());
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        Ok(u128::from_le_bytes(std::array::from_fn(|at| whole[at])))
    }
}

/// Reads the secret, or makes it where there is none.
fn open(data: &Path) -> io::Result<Secret> {
    let path = data.join(NAME);
    match File::open(&path) {
        Ok(file) => read(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(data, &path),
        Err(error) => Err(error),
    }
}

fn read(file: File) -> io::Result<Secret> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err(wrong("others can read the file; chmod 600 it"));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES + 1));
    file.take(BYTES as u64 + 1).read_to_end(&mut bytes)?;
    let secret = <[u8; BYTES]>::try_from(&bytes[..]);
    secret
        .map(Zeroizing::new)
        .map_err(|_| wrong("it has not 32 bytes; restore it from a backup"))
}

/// Written beside and renamed: after a crash it is there whole, or a new one is made, by which nobody
/// has a pseudonym yet.
fn make(data: &Path, path: &Path) -> io::Result<Secret> {
    let mut secret = Secret::default();
    getrandom::fill(&mut *secret).map_err(io::Error::from)?;
    let new = data.join("staff.secret.new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&new)?;
    file.write_all(&*secret)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(data)?.sync_all()?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::{NAME, Pseudonyms};
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn one_for_each_member_and_role_and_directory() {
        let directory = tempfile::tempdir().expect("a directory");
        let data = directory.path();
        let pseudonyms = Pseudonyms::new(data.to_owned());
        let path = data.join(NAME);
        assert!(!path.exists(), "it is made when it is needed");
        let first = pseudonyms.of(41, "support").expect("made");
        let mode = fs::metadata(&path).expect("it is there").permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        assert!(!data.join("staff.secret.new").exists());
        for (party, role) in [(41, "fraud"), (42, "support")] {
            assert_ne!(pseudonyms.of(party, role).expect("made"), first);
        }
        let again = Pseudonyms::new(data.to_owned());
        assert_eq!(again.of(41, "support").expect("read"), first);
        fs::remove_file(&path).expect("removed");
        let other = Pseudonyms::new(data.to_owned());
        assert_ne!(other.of(41, "support").expect("made anew"), first);
    }

    /// As anybody who has the secret makes it: by another implementation, in Python,
    /// `hmac.new(bytes(range(32)), (41).to_bytes(16, "little") + b"support", "sha256")`.
    #[test]
    fn known_pseudonym() {
        let directory = tempfile::tempdir().expect("a directory");
        let secret: Vec<u8> = (0..32).collect();
        let path = directory.path().join(NAME);
        fs::write(&path, &secret).expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("set");
        let pseudonyms = Pseudonyms::new(directory.path().to_owned());
        let made = pseudonyms.of(41, "support").expect("made").to_le_bytes();
        assert_eq!(
            u128::from_be_bytes(made),
            0x6163_53b2_4bcc_ea76_b8da_f241_845a_168f
        );
    }

    #[test]
    fn a_secret_that_is_open_or_damaged_makes_none() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(NAME);
        for (bytes, mode, says) in [
            (vec![1; 32], 0o640, "others can read"),
            (vec![1; 31], 0o600, "has not 32 bytes"),
            (vec![1; 33], 0o600, "has not 32 bytes"),
        ] {
            fs::write(&path, bytes).expect("written");
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("set");
            let pseudonyms = Pseudonyms::new(directory.path().to_owned());
            let error = pseudonyms.of(41, "support").expect_err(says);
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
