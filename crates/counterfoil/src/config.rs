//! `config.toml` of a directory of books: what signs its log, who cosigns, what runs by itself.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::Signing;
use merkle::key::{KeyKind, SigningKey};
use merkle::policy::Policy;
use serde::Deserialize;
use vault::Vault;

use crate::failure::Failure;

const NAME: &str = "config.toml";

/// Bytes of a configuration, a key or a policy at most.
const FILE_BYTES: u64 = 256 << 10;

/// What `init` writes beside the books.
const FRESH: &str = "\
# How these books are run. Read at every start.

# The master key of the personal data, on another medium perhaps; without it vault/master.
# vault_master = \"/media/key/counterfoil-master\"

[log]
# Private keys that sign the checkpoints; their name is the origin of the log. While one key takes
# over from another, name both: both sign.
keys = [\"keys/log.key\"]
# A C2SP tlog-policy: which witnesses cosign, at which address, and how many have to.
# policy = \"policy\"

[statement]
# A statement of all balances every day at this time, UTC.
# daily = \"23:59\"

[webhooks]
# Whether webhooks may go to private addresses, and unencrypted there.
# allow_private = true
# Seconds to wait before each further try, a fifth longer or shorter by chance; after the last an
# event is a dead letter.
# retry_seconds = [5, 30, 120, 600, 1800, 7200, 21600, 43200]

[erase]
# Days before a record may be erased.
retention_days = 3653
";

/// The configuration of a directory; all of it can be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    vault_master: Option<PathBuf>,
    log: Log,
    statement: Statement,
    webhooks: Webhooks,
    erase: Erase,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Log {
    keys: Vec<PathBuf>,
    policy: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Statement {
    daily: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Webhooks {
    allow_private: bool,
    retry_seconds: Option<Vec<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Erase {
    retention_days: u32,
}

impl Default for Erase {
    fn default() -> Self {
        Self {
            retention_days: engine::RETENTION_DAYS,
        }
    }
}

impl Config {
    /// Reads the configuration of `data`; where there is none, everything is as by default.
    pub fn read(data: &Path) -> Result<Self, Failure> {
        let path = data.join(NAME);
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = read_text(&path)?;
        let config: Self = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| {
                1 + text[..span.start]
                    .bytes()
                    .filter(|byte| *byte == b'\n')
                    .count()
            });
            Failure::Input(format!(
                "{}, line {line}: {}",
                path.display(),
                error.message()
            ))
        })?;
        config.daily()?;
        Ok(config)
    }

    /// Whether the private keys that it names are there.
    pub fn has_keys(&self, data: &Path) -> bool {
        let mut keys = self.log.keys.iter();
        keys.all(|path| data.join(path).is_file())
    }

    /// What signs the log of `data`; nothing where no key is named.
    pub fn signing(&self, data: &Path) -> Result<Option<Arc<Signing>>, Failure> {
        if self.log.keys.is_empty() {
            return Ok(None);
        }
        let keys = self.log.keys.iter().map(|path| read_key(&data.join(path)));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let policy = match &self.log.policy {
            None => None,
            Some(path) => Some(read_policy(&data.join(path))?),
        };
        let signing = Signing::new(keys, policy);
        let named = |error| Failure::Input(format!("{}: {error}", data.join(NAME).display()));
        Ok(Some(Arc::new(signing.map_err(named)?)))
    }

    /// Minutes after midnight, UTC, at which the daily statement is made.
    pub fn daily(&self) -> Result<Option<u16>, Failure> {
        let Some(text) = &self.statement.daily else {
            return Ok(None);
        };
        let time = jiff::civil::Time::strptime("%H:%M", text);
        let wrong = |_| {
            let what = format!("statement.daily is a time of day as \"23:59\", not \"{text}\"");
            Failure::Input(format!("{NAME}: {what}"))
        };
        let time = time.map_err(wrong)?;
        let (hour, minute) = (time.hour().unsigned_abs(), time.minute().unsigned_abs());
        Ok(Some(60 * u16::from(hour) + u16::from(minute)))
    }

    /// Opens the personal data beside the books of `data`, under the master key that it names.
    pub fn vault(&self, data: &Path) -> Result<Vault, Failure> {
        let dir = data.join(vault::DIR);
        let opened = match &self.vault_master {
            None => Vault::open(&dir),
            Some(path) => Vault::open_with(&dir, &data.join(path)),
        };
        opened.map_err(Failure::input)
    }

    /// How webhooks are delivered.
    pub fn webhooks(&self) -> hooks::Options {
        let reach = if self.webhooks.allow_private {
            hooks::Reach::Private
        } else {
            hooks::Reach::Public
        };
        let usual = hooks::Options::default();
        let wait = |seconds: &u32| Duration::from_secs(u64::from(*seconds));
        let retries = self.webhooks.retry_seconds.as_ref();
        hooks::Options {
            reach,
            retries: retries.map_or(usual.retries, |all| all.iter().map(wait).collect()),
            ..usual
        }
    }

    /// Days before a record may be erased.
    pub fn retention_days(&self) -> u32 {
        self.erase.retention_days
    }
}

/// Writes the configuration of new books and a key that signs their log.
pub fn create(data: &Path, origin: &str) -> Result<SigningKey, Failure> {
    let key = new_key(origin, KeyKind::Ed25519)?;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data.join("keys"))
        .map_err(Failure::input)?;
    write_key(&data.join("keys/log.key"), &key)?;
    write_new(&data.join(NAME), FRESH)?;
    Ok(key)
}

/// A key of random bytes.
pub fn new_key(name: &str, kind: KeyKind) -> Result<SigningKey, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(Failure::input)?;
    SigningKey::generate(name, kind, seed)
        .map_err(|error| Failure::Input(format!("{name}: {error}")))
}

/// Reads a private key, which nobody but its owner may be able to read.
pub fn read_key(path: &Path) -> Result<SigningKey, Failure> {
    let failed = |error| Failure::Input(format!("{}: {error}", path.display()));
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Failure::Input(format!(
            "{}: others can read this private key (mode {:04o}); chmod 600 it",
            path.display(),
            mode & 0o7777
        )));
    }
    let text = read_text(path)?;
    SigningKey::parse(text.trim_end_matches('\n'))
        .map_err(|error| Failure::Input(format!("{}: {error}", path.display())))
}

/// Writes a private key into a file that is not there yet.
pub fn write_key(path: &Path, key: &SigningKey) -> Result<(), Failure> {
    write_new(path, &format!("{}\n", *key.to_text()))
}

/// Reads a policy.
pub fn read_policy(path: &Path) -> Result<Policy, Failure> {
    let text = read_bytes(path)?;
    Policy::parse(&text).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))
}

/// Reads a file of at most [`FILE_BYTES`].
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::Input(format!("{}: {error}", path.display()));
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > FILE_BYTES {
        let what = format!("it has {bytes} bytes, at most {FILE_BYTES} are read");
        return Err(Failure::Input(format!("{}: {what}", path.display())));
    }
    fs::read(path).map_err(failed)
}

fn read_text(path: &Path) -> Result<String, Failure> {
    let what = || Failure::Input(format!("{}: it is not text", path.display()));
    String::from_utf8(read_bytes(path)?).map_err(|_| what())
}

fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Input(format!("{}: {error}", path.display()));
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let mut file = file.map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_init_writes_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = create(folder.path(), "books.example/log").expect("it is written");
        let config = Config::read(folder.path()).expect("it is read");
        let signing = config
            .signing(folder.path())
            .expect("a key")
            .expect("it signs");
        assert_eq!(signing.origin(), "books.example/log");
        assert_eq!(signing.keys()[0].verifier(), key.verifier());
        assert_eq!(config.retention_days(), engine::RETENTION_DAYS);
        assert_eq!(config.daily(), Ok(None));
        assert_eq!(config.webhooks().reach, hooks::Reach::Public);
        fs::write(
            folder.path().join(NAME),
            "[webhooks]\nallow_private = true\nretry_seconds = [1, 60]\n",
        )
        .expect("it is written");
        let options = Config::read(folder.path()).expect("it is read").webhooks();
        assert_eq!(options.reach, hooks::Reach::Private);
        assert_eq!(options.retries, [1, 60].map(Duration::from_secs));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(NAME);
        for (text, told) in [
            ("[log]\nkey = []\n", "line 2: unknown field `key`"),
            (
                "[statement]\ndaily = \"25:00\"\n",
                "a time of day as \"23:59\"",
            ),
            ("\n\nlog = 1\n", "line 3"),
        ] {
            fs::write(&path, text).expect("it is written");
            let Err(Failure::Input(what)) = Config::read(folder.path()) else {
                panic!("{text:?} is taken");
            };
            assert!(what.contains(told), "{what}");
        }
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        create(folder.path(), "books.example/log").expect("it is written");
        let path = folder.path().join("keys/log.key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("it is set");
        let Err(Failure::Input(what)) = read_key(&path) else {
            panic!("it is taken");
        };
        assert!(what.contains("chmod 600"), "{what}");
    }
}
