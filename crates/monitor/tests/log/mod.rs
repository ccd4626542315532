//! A log in a temporary folder, made by `merkle` as the books make theirs.

use std::fs;
use std::path::PathBuf;

use merkle::checkpoint::Checkpoint;
use merkle::key::{KeyKind, SigningKey};
use merkle::note::Note;
use merkle::policy::Policy;
use merkle::tile::{Bundle, Levels, Tile, WIDTH, new_bundles, new_tiles};
use merkle::{Hash, Head, leaf};
use model::batch::{Counts, OuterLeaf};
use monitor::{Folder, Kind, Limits, Monitor, Report, State};
use tempfile::TempDir;

pub const ORIGIN: &str = "example.com/books";

/// Second of the first entry; each entry is of the next one.
pub const START: u64 = 1_790_000_000;

/// A log and the folder with its public files.
pub struct Log {
    pub dir: TempDir,
    pub key: SigningKey,
    pub leaves: Vec<Vec<u8>>,
    levels: Levels,
    stored: Vec<Vec<Hash>>,
    published: u64,
}

/// The key of the log, or of a witness, of that seed.
pub fn key(name: &str, kind: KeyKind, seed: u8) -> SigningKey {
    SigningKey::generate(name, kind, [seed; 32]).unwrap()
}

/// An outer leaf after those before it, as the books make it.
pub fn next_leaf(before: &[Vec<u8>]) -> OuterLeaf {
    let number = before.len() as u64;
    let last = before.last().map(|bytes| {
        let whole = bytes[..].try_into().unwrap();
        (OuterLeaf::from_bytes(whole).unwrap(), leaf(bytes))
    });
    OuterLeaf {
        number,
        first_record: last.map_or(0, |(last, _)| last.first_record + u64::from(last.records)),
        records: (number % 16_384) as u32 + 1,
        timestamp: (START + number) * 1_000_000_000,
        inner_root: leaf(&number.to_le_bytes()).to_bytes(),
        previous: last.map_or([0; 32], |(_, hash)| hash.to_bytes()),
        rule_book: [7; 32],
        register: last.map_or(Counts::default(), |(last, _)| last.register),
    }
}

#[allow(dead_code, reason = "not every test needs everything of a log")]
impl Log {
    /// A log without entries, with its checkpoint.
    pub fn new() -> Log {
        let mut log = Log {
            dir: TempDir::new().unwrap(),
            key: key(ORIGIN, KeyKind::Ed25519, 1),
            leaves: Vec::new(),
            levels: Levels::new(),
            stored: Vec::new(),
            published: 0,
        };
        log.publish();
        log
    }

    /// A log of that many entries.
    pub fn of(entries: usize) -> Log {
        let mut log = Log::new();
        log.grow(entries);
        log
    }

    /// A log of these entries, whatever they say.
    pub fn of_leaves(leaves: Vec<Vec<u8>>) -> Log {
        let mut log = Log::new();
        for bytes in leaves {
            log.append(bytes);
        }
        log.publish();
        log
    }

    /// Adds entries and publishes.
    pub fn grow(&mut self, entries: usize) {
        for _ in 0..entries {
            let leaf = next_leaf(&self.leaves);
            self.append(leaf.to_bytes().to_vec());
        }
        self.publish();
    }

    /// Adds an entry.
    pub fn append(&mut self, bytes: Vec<u8>) {
        let stored = &mut self.stored;
        self.levels.append(leaf(&bytes), |level, hash| {
            if stored.len() == usize::from(level) {
                stored.push(Vec::new());
            }
            stored[usize::from(level)].push(hash);
        });
        self.leaves.push(bytes);
    }

    /// Writes what is new, and the checkpoint.
    pub fn publish(&mut self) {
        let size = self.levels.size();
        for tile in new_tiles(self.published, size) {
            self.write(&tile.path(), &self.tile(tile));
        }
        for bundle in new_bundles(self.published, size) {
            self.write(&bundle.path(), &self.bundle(bundle));
        }
        self.published = size;
        self.write("checkpoint", &self.note().to_bytes());
    }

    pub fn tile(&self, tile: Tile) -> Vec<u8> {
        let start = (tile.index * WIDTH) as usize;
        let hashes = &self.stored[usize::from(tile.level)][start..start + usize::from(tile.width)];
        hashes.iter().flat_map(|hash| hash.to_bytes()).collect()
    }

    pub fn bundle(&self, bundle: Bundle) -> Vec<u8> {
        let start = (bundle.index * WIDTH) as usize;
        let mut contents = Vec::new();
        for entry in &self.leaves[start..start + usize::from(bundle.width)] {
            Bundle::push(&mut contents, entry).unwrap();
        }
        contents
    }

    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            origin: ORIGIN.to_owned(),
            head: self.head(),
        }
    }

    /// The checkpoint, signed by the log.
    pub fn note(&self) -> Note {
        self.checkpoint()
            .sign(std::slice::from_ref(&self.key))
            .unwrap()
    }

    pub fn head(&self) -> Head {
        self.levels.head()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.path(path)).unwrap()
    }

    pub fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    /// Flips a bit of a byte.
    pub fn flip(&self, path: &str, at: usize) {
        let mut bytes = self.read(path);
        bytes[at] ^= 1;
        self.write(path, &bytes);
    }

    pub fn folder(&self) -> Folder {
        Folder::new(self.dir.path())
    }

    /// The second of the newest entry.
    pub fn now(&self) -> u64 {
        START + self.levels.size()
    }

    /// A check by the policy that knows the log's key and no witness.
    pub fn check(&self, state: Option<State>) -> Report {
        self.monitor(Limits::default())
            .check(&mut self.folder(), state, self.now())
    }

    pub fn monitor(&self, limits: Limits) -> Monitor {
        Monitor::new(Policy::of_log(self.key.verifier().clone()), limits)
    }

    /// The state after a check that must be clean.
    pub fn follow(&self, state: Option<State>) -> State {
        let report = self.check(state);
        assert_eq!(report.findings, []);
        report.state.unwrap()
    }
}

/// The kinds of what was found.
#[allow(dead_code, reason = "the benchmark finds nothing")]
pub fn kinds(report: &Report) -> Vec<Kind> {
    report.findings.iter().map(|finding| finding.kind).collect()
}
