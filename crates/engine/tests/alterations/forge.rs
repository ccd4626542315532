//! What someone who may write the directory can do: every file taken apart, changed, and put
//! together again with all checksums, hashes and links that need no secret.

use std::path::Path;

use merkle::checkpoint::Checkpoint;
use merkle::key::SigningKey;
use merkle::note::Note;
use merkle::{Frontier, Hash, Head, Seed, root_of, salted_leaf};
use model::Record;
use model::batch::OuterLeaf;

use crate::books::Files;

pub const LOG: &str = "log/0000000000000000.seg";
const BLOCK: usize = 4_096;
const HEADER: usize = 256;
const PREFIX: usize = 6;

/// One batch of the log: what its frame says.
#[derive(Clone)]
pub struct Batch {
    pub seed: [u8; 32],
    pub erased: bool,
    pub leaf: OuterLeaf,
    pub records: Vec<Vec<u8>>,
}

/// The log, frame by frame.
#[derive(Clone)]
pub struct Log {
    pub batches: Vec<Batch>,
}

pub fn bytes<'a>(files: &'a mut Files, name: &str) -> &'a mut Vec<u8> {
    let file = files.get_mut(Path::new(name));
    &mut file.unwrap_or_else(|| panic!("{name} is there")).1
}

/// Replaces a file as a whole.
pub fn put(files: &mut Files, name: &str, bytes: Vec<u8>) {
    files.insert(name.into(), (bytes.len() as u64, bytes));
}

/// A whole file, the zeros at its end with it.
pub fn whole(files: &Files, name: &str) -> Vec<u8> {
    let (len, bytes) = &files[Path::new(name)];
    let mut bytes = bytes.clone();
    bytes.resize(*len as usize, 0);
    bytes
}

pub fn flip(files: &mut Files, name: &str, at: usize) {
    bytes(files, name)[at] ^= 0x10;
}

pub fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"))
}

pub fn set(bytes: &mut [u8], at: usize, new: &[u8]) {
    bytes[at..at + new.len()].copy_from_slice(new);
}

/// Makes the checksum in the last four bytes fit.
pub fn seal(bytes: &mut [u8]) {
    let end = bytes.len() - 4;
    let sum = crc32c::crc32c(&bytes[..end]);
    set(bytes, end, &sum.to_le_bytes());
}

/// Changes a file that ends in a checksum, which fits afterwards.
pub fn forge(files: &mut Files, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = whole(files, name);
    change(&mut bytes);
    seal(&mut bytes);
    put(files, name, bytes);
}

/// Where the frames begin, and where the last ends.
pub fn frames(files: &Files) -> Vec<usize> {
    let log = &files[Path::new(LOG)].1;
    let mut at = 0;
    let mut starts = vec![0];
    while log.get(at..at + 8) == Some(b"cf-frame") {
        let len = u32::from_le_bytes(log[at + 20..at + 24].try_into().expect("4 bytes"));
        at += len as usize;
        starts.push(at);
    }
    starts
}

impl Batch {
    /// The root over the records, from the seed.
    pub fn root(&self) -> [u8; 32] {
        let seed = Seed::from_bytes(self.seed);
        let leaf = |(index, record): (u64, &Vec<u8>)| salted_leaf(seed.salt(index), record);
        let mut leaves: Vec<Hash> = (0..).zip(&self.records).map(leaf).collect();
        root_of(&mut leaves).to_bytes()
    }

    pub fn record(&self, index: usize) -> Record {
        Record::decode(&self.records[index]).expect("a record")
    }

    /// The frame, with checksums that fit.
    fn frame(&self, at: usize) -> Vec<u8> {
        let mut body = Vec::new();
        for record in &self.records {
            body.extend((record.len() as u16).to_le_bytes());
            body.extend(crc32c::crc32c(record).to_le_bytes());
            body.extend(record);
        }
        let len = (HEADER + body.len()).next_multiple_of(BLOCK);
        let mut frame = vec![0; HEADER];
        set(&mut frame, 0, b"cf-frame");
        set(&mut frame, 12, &crc32c::crc32c(&body).to_le_bytes());
        set(&mut frame, 16, &(body.len() as u32).to_le_bytes());
        set(&mut frame, 20, &(len as u32).to_le_bytes());
        set(&mut frame, 24, &(at as u64).to_le_bytes());
        set(&mut frame, 32, &self.seed);
        set(&mut frame, 64, &self.leaf.to_bytes());
        frame[232] = self.erased.into();
        let sum = crc32c::crc32c(&frame[12..]);
        set(&mut frame, 8, &sum.to_le_bytes());
        frame.extend(body);
        frame.resize(len, 0xA5);
        frame
    }
}

impl Log {
    pub fn read(files: &Files) -> Self {
        let log = &files[Path::new(LOG)].1;
        let starts = frames(files);
        let batch = |ends: &[usize]| {
            let frame = &log[ends[0]..ends[1]];
            let body_len = u32::from_le_bytes(frame[16..20].try_into().expect("4 bytes"));
            let mut rest = &frame[HEADER..HEADER + body_len as usize];
            let mut records = Vec::new();
            while let Some((len, after)) = rest.split_first_chunk() {
                let (record, after) = after[4..].split_at(u16::from_le_bytes(*len).into());
                records.push(record.to_vec());
                rest = after;
            }
            let leaf = frame[64..232].try_into().expect("168 bytes");
            Batch {
                seed: frame[32..64].try_into().expect("32 bytes"),
                erased: frame[232] == 1,
                leaf: OuterLeaf::from_bytes(leaf).expect("a leaf"),
                records,
            }
        };
        Self {
            batches: starts.windows(2).map(batch).collect(),
        }
    }

    /// The first record that is looked for: its batch and its index.
    pub fn find(&self, is_it: impl Fn(&Record) -> bool) -> (usize, usize) {
        for (number, batch) in self.batches.iter().enumerate() {
            let mut indexes = 0..batch.records.len();
            if let Some(index) = indexes.find(|index| is_it(&batch.record(*index))) {
                return (number, index);
            }
        }
        panic!("the record is there")
    }

    /// Changes a record and nothing that rests on it.
    pub fn change(&mut self, (batch, index): (usize, usize), change: impl FnOnce(&mut Record)) {
        let mut record = self.batches[batch].record(index);
        change(&mut record);
        self.batches[batch].records[index] = record.to_bytes();
    }

    /// Makes the outer leaf of a batch fit its records.
    pub fn reroot(&mut self, batch: usize) {
        let batch = &mut self.batches[batch];
        batch.leaf.records = batch.records.len() as u32;
        batch.leaf.inner_root = batch.root();
    }

    /// Makes every link from here to the end fit.
    pub fn relink(&mut self, from: usize) {
        for number in from..self.batches.len() {
            let before = number
                .checked_sub(1)
                .map(|before| self.batches[before].leaf);
            let leaf = &mut self.batches[number].leaf;
            leaf.number = number as u64;
            leaf.first_record = before.map_or(0, |b| b.first_record + u64::from(b.records));
            leaf.previous = before.map_or([0; 32], |before| {
                merkle::leaf(&before.to_bytes()).to_bytes()
            });
        }
    }

    /// Writes the log, its checksums fitting, and nothing beside it.
    pub fn write(&self, files: &mut Files) {
        let mut log = Vec::new();
        for batch in &self.batches {
            log.extend(batch.frame(log.len()));
        }
        *bytes(files, LOG) = log;
    }

    /// Writes the log and the tree over it: all that is not signed agrees.
    pub fn write_with_tree(&self, files: &mut Files) {
        self.write(files);
        let starts = frames(files);
        let leaves: Vec<_> = self
            .batches
            .iter()
            .map(|batch| batch.leaf.to_bytes())
            .collect();
        let entry = |leaf: &[u8; 168]| [&[0, 168], &leaf[..]].concat();
        put(
            files,
            "tree/entries",
            leaves.iter().flat_map(entry).collect(),
        );
        let places = &starts[..leaves.len()];
        let place = |at: &usize| (*at as u64).to_le_bytes();
        put(
            files,
            "tree/places",
            places.iter().flat_map(place).collect(),
        );
        let mut hashes: Vec<Hash> = leaves.iter().map(|leaf| merkle::leaf(leaf)).collect();
        for level in 0.. {
            if hashes.is_empty() {
                return;
            }
            let level_bytes = hashes.iter().flat_map(|hash| hash.to_bytes()).collect();
            put(files, &format!("tree/{level}"), level_bytes);
            let full = hashes.chunks_exact(256);
            hashes = full.map(|tile| root_of(&mut tile.to_vec())).collect();
        }
    }

    /// Head of the first `size` batches.
    pub fn head(&self, size: usize) -> Head {
        let mut frontier = Frontier::new();
        for batch in &self.batches[..size] {
            frontier.append(merkle::leaf(&batch.leaf.to_bytes()));
        }
        frontier.head()
    }
}

/// A kept checkpoint and what it says.
pub fn checkpoint(files: &Files, name: &str) -> (Note, Checkpoint) {
    let note = Note::parse(&whole(files, name)).expect("a note");
    let checkpoint = Checkpoint::parse(&note.text).expect("a checkpoint");
    (note, checkpoint)
}

/// Signs a checkpoint and keeps it.
pub fn sign(files: &mut Files, name: &str, checkpoint: &Checkpoint, key: SigningKey) {
    let note = checkpoint.sign(&[key]).expect("signed");
    put(files, name, note.to_bytes());
}

/// A snapshot, taken apart.
pub struct Snap {
    pub name: String,
    pub meta: Vec<u8>,
    /// Number, stamp and bytes.
    pub chunks: Vec<(u32, u64, Vec<u8>)>,
    pub end_record: u64,
}

impl Snap {
    /// The newest.
    pub fn read(files: &Files) -> Self {
        let names = files.keys().filter(|name| name.starts_with("snapshots"));
        let name = names
            .max()
            .expect("there is one")
            .to_str()
            .expect("text")
            .to_owned();
        let bytes = whole(files, &name);
        let meta_len = u32::from_le_bytes(bytes[8..12].try_into().expect("4 bytes")) as usize;
        let meta = bytes[16..16 + meta_len].to_vec();
        let mut rest = &bytes[16 + meta_len..];
        let mut chunks = Vec::new();
        loop {
            let number = u32::from_le_bytes(rest[..4].try_into().expect("4 bytes"));
            let len = u32::from_le_bytes(rest[4..8].try_into().expect("4 bytes")) as usize;
            let stamp = word(rest, 8);
            if number == u32::MAX {
                return Self {
                    name,
                    meta,
                    chunks,
                    end_record: stamp,
                };
            }
            chunks.push((number, stamp, rest[20..20 + len].to_vec()));
            rest = &rest[20 + len..];
        }
    }

    /// Writes it with checksums that fit.
    pub fn write(&self, files: &mut Files) {
        let mut bytes = b"cf-snap1".to_vec();
        bytes.extend((self.meta.len() as u32).to_le_bytes());
        bytes.extend(crc32c::crc32c(&self.meta).to_le_bytes());
        bytes.extend(&self.meta);
        let mut part = |number: u32, len: u32, stamp: u64, content: &[u8]| {
            let mut head = number.to_le_bytes().to_vec();
            head.extend(len.to_le_bytes());
            head.extend(stamp.to_le_bytes());
            let sum = crc32c::crc32c_append(crc32c::crc32c(&head), content);
            bytes.extend(&head);
            bytes.extend(sum.to_le_bytes());
            bytes.extend(content);
        };
        for (number, stamp, content) in &self.chunks {
            part(*number, content.len() as u32, *stamp, content);
        }
        part(u32::MAX, self.chunks.len() as u32, self.end_record, &[]);
        put(files, &self.name, bytes);
    }
}

/// Where in a frame the record of this index begins, its prefix included.
pub fn record_at(files: &Files, batch: usize, index: usize) -> usize {
    let log = Log::read(files);
    let before = &log.batches[batch].records[..index];
    let records: usize = before.iter().map(|record| PREFIX + record.len()).sum();
    frames(files)[batch] + HEADER + records
}
