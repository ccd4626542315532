//! The dead letters of one subscription: what was given up, in a file that is appended to.
//!
//! The file is lines of JSON. Reading it and adding to it go the same way ([`Dead::apply`]), so
//! both come to the same letters. A letter names the event by its position; the event itself stays
//! in the books alone, and what they erase is not kept here.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::HookError;
use crate::keep;
use crate::limits::{DEAD_BYTES, KIND_BYTES};

/// An event that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its place in the log.
    pub position: u64,
    /// What happened.
    pub kind: String,
    /// When it was given up, in nanoseconds since 1970.
    pub time: u64,
    /// How often it was tried.
    pub tries: u32,
    /// What went wrong the last time.
    pub reason: String,
}

/// The dead letters of a subscription, as they are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadLetters {
    /// Those that are kept, oldest first.
    pub letters: Vec<DeadLetter>,
    /// How many were dropped because there were too many.
    pub dropped: u64,
}

/// One line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Line {
    /// The file was written anew: so many were dropped by then, and this number comes next.
    Begin { dropped: u64, number: u64 },
    /// A letter.
    Dead {
        number: u64,
        position: u64,
        kind: String,
        time: u64,
        tries: u32,
        reason: String,
    },
    /// The letter of this number is none any more.
    Taken { number: u64 },
}

/// The letters, and the file that keeps them.
#[derive(Debug)]
pub(crate) struct Dead {
    path: PathBuf,
    /// None until there is a letter.
    file: Option<File>,
    /// How much of the file counts; behind it may be what a failed write left.
    length: u64,
    lines: usize,
    most: usize,
    letters: BTreeMap<u64, DeadLetter>,
    next: u64,
    dropped: u64,
}

impl Dead {
    /// Reads the letters at `path`, if there are any. A last line that is torn is cut off: nobody
    /// was told of it, and its event is still the next to be delivered.
    pub fn open(path: PathBuf, most: usize) -> Result<Self, HookError> {
        let bytes = match keep::read(&path, DEAD_BYTES) {
            Ok(Some(bytes)) => Some(bytes),
            Ok(None) => return Err(HookError::Damaged(path, "it is too long")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(HookError::Io(path, error)),
        };
        let letters = BTreeMap::new();
        let mut dead = Self {
            path,
            file: None,
            length: 0,
            lines: 0,
            most,
            letters,
            next: 0,
            dropped: 0,
        };
        if let Some(bytes) = bytes {
            dead.load(&bytes)?;
            dead.file = Some(dead.opened(&dead.path)?);
        }
        Ok(dead)
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), HookError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let (line, behind) = rest.split_at(end.unwrap_or(rest.len()));
            let parsed = match serde_json::from_slice(line) {
                Ok(parsed) if end.is_some() => parsed,
                _ if behind.is_empty() => break,
                _ => return Err(self.damaged("a line is none of its own")),
            };
            if !self.follows(&parsed) {
                return Err(self.damaged("its numbers do not rise"));
            }
            self.apply(parsed);
            self.length += line.len() as u64;
            self.lines += 1;
            rest = behind;
        }
        Ok(())
    }

    fn follows(&self, line: &Line) -> bool {
        match line {
            Line::Begin { .. } => self.lines == 0,
            // What is left of a file that was written anew has gaps.
            Line::Dead { number, .. } => self
                .letters
                .last_key_value()
                .is_none_or(|(last, _)| number > last),
            Line::Taken { .. } => true,
        }
    }

    fn damaged(&self, what: &'static str) -> HookError {
        HookError::Damaged(self.path.clone(), what)
    }

    fn opened(&self, path: &Path) -> Result<File, HookError> {
        keep::open(path).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> HookError {
        HookError::Io(self.path.clone(), error)
    }

    fn apply(&mut self, line: Line) {
        match line {
            Line::Begin { dropped, number } => {
                self.dropped = dropped;
                self.next = number;
            }
            Line::Dead {
                number,
                position,
                kind,
                time,
                tries,
                reason,
            } => {
                let letter = DeadLetter {
                    position,
                    kind,
                    time,
                    tries,
                    reason,
                };
                self.letters.insert(number, letter);
                self.next = self.next.max(number.saturating_add(1));
                if self.letters.len() > self.most {
                    self.letters.pop_first();
                    self.dropped = self.dropped.saturating_add(1);
                }
            }
            Line::Taken { number } => {
                self.letters.remove(&number);
            }
        }
    }

    /// Adds a letter, durably. An event that is dead already stays dead once.
    pub fn add(&mut self, letter: DeadLetter) -> Result<(), HookError> {
        if self
            .letters
            .values()
            .any(|other| other.position == letter.position)
        {
            return Ok(());
        }
        let DeadLetter {
            position,
            kind,
            time,
            tries,
            reason,
        } = letter;
        let kind = kind.chars().take(KIND_BYTES).collect();
        let number = self.next;
        self.append(Line::Dead {
            number,
            position,
            kind,
            time,
            tries,
            reason,
        })
    }

    /// Takes a letter out, durably.
    pub fn take(&mut self, number: u64) -> Result<(), HookError> {
        if !self.letters.contains_key(&number) {
            return Ok(());
        }
        self.append(Line::Taken { number })
    }

    fn append(&mut self, line: Line) -> Result<(), HookError> {
        if self.file.is_none() {
            self.file = Some(self.opened(&self.path)?);
            keep::sync_dir(&self.path).map_err(|error| self.failed(error))?;
        }
        let mut bytes = serde_json::to_vec(&line).expect("lines are plain JSON");
        bytes.push(b'\n');
        let file = self.file.as_ref().expect("opened above");
        // What a torn write left behind the end goes first: a shorter line would not cover it.
        let written = file
            .set_len(self.length)
            .and_then(|()| file.write_all_at(&bytes, self.length))
            .and_then(|()| file.sync_all());
        written.map_err(|error| self.failed(error))?;
        self.length += bytes.len() as u64;
        self.lines += 1;
        self.apply(line);
        if self.lines > self.most * 2 {
            self.rewrite()
        } else {
            Ok(())
        }
    }

    /// Writes the file anew with what is left.
    fn rewrite(&mut self) -> Result<(), HookError> {
        let begin = Line::Begin {
            dropped: self.dropped,
            number: self.next,
        };
        let letters = self.letters.iter().map(|(number, letter)| {
            let DeadLetter {
                position,
                kind,
                time,
                tries,
                reason,
            } = letter.clone();
            Line::Dead {
                number: *number,
                position,
                kind,
                time,
                tries,
                reason,
            }
        });
        let mut bytes = Vec::new();
        for line in std::iter::once(begin).chain(letters) {
            serde_json::to_writer(&mut bytes, &line).expect("lines are plain JSON");
            bytes.push(b'\n');
        }
        keep::replace(&self.path, &bytes).map_err(|error| self.failed(error))?;
        self.file = Some(self.opened(&self.path)?);
        self.length = bytes.len() as u64;
        self.lines = self.letters.len() + 1;
        Ok(())
    }

    /// The number that the next letter gets.
    pub fn end(&self) -> u64 {
        self.next
    }

    /// The oldest letter of a number from `from` on and below `until`, and its number.
    pub fn first(&self, from: u64, until: u64) -> Option<(u64, &DeadLetter)> {
        let mut range = self.letters.range(from..until.max(from));
        range.next().map(|(number, letter)| (*number, letter))
    }

    /// What is kept and how many were dropped.
    pub fn letters(&self) -> DeadLetters {
        let letters = self.letters.values().cloned().collect();
        DeadLetters {
            letters,
            dropped: self.dropped,
        }
    }

    /// How many letters there are, and how many were dropped.
    pub fn count(&self) -> (usize, u64) {
        (self.letters.len(), self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::{Dead, DeadLetter};
    use proptest::prelude::*;
    use std::fs;
    use std::io::Write as _;

    fn letter(position: u64) -> DeadLetter {
        let (kind, reason) = ("order.paid".to_owned(), "the answer is 500".to_owned());
        DeadLetter {
            position,
            kind,
            time: 7,
            tries: 9,
            reason,
        }
    }

    fn positions(dead: &Dead) -> Vec<u64> {
        dead.letters()
            .letters
            .iter()
            .map(|letter| letter.position)
            .collect()
    }

    #[test]
    fn the_oldest_are_dropped_and_counted() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a.dead");
        let mut dead = Dead::open(path.clone(), 3).expect("empty");
        assert!(!path.exists());
        for position in 0..20 {
            dead.add(letter(position)).expect("added");
            let again = Dead::open(path.clone(), 3).expect("read");
            assert_eq!(again.letters(), dead.letters());
            assert_eq!(again.end(), position + 1);
        }
        assert_eq!(
            (positions(&dead), dead.count()),
            (vec![17, 18, 19], (3, 17))
        );
        dead.add(letter(18)).expect("it is there");
        assert_eq!(positions(&dead), [17, 18, 19]);
        dead.take(18).expect("taken");
        dead.take(18).expect("gone already");
        assert_eq!(positions(&dead), [17, 19]);
        assert_eq!(dead.first(18, 20).map(|(number, _)| number), Some(19));
        assert_eq!(dead.first(18, 19).map(|(number, _)| number), None);
        let lines = fs::read_to_string(&path).expect("text").lines().count();
        assert!(lines <= 6, "{lines}");
    }

    #[test]
    fn a_torn_end_is_cut_off_and_other_damage_is_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a.dead");
        let mut dead = Dead::open(path.clone(), 9).expect("empty");
        (0..3).for_each(|position| dead.add(letter(position)).expect("added"));
        let whole = fs::read(&path).expect("there");
        let two = whole.len() - whole.len() / 3;
        for length in two..whole.len() {
            fs::write(&path, &whole[..length]).expect("written");
            let mut torn = Dead::open(path.clone(), 9).expect("read");
            assert_eq!(positions(&torn), [0, 1], "{length}");
            torn.add(letter(2)).expect("added");
            assert_eq!(fs::read(&path).expect("there"), whole, "{length}");
        }
        let mut file = fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .expect("there");
        file.write_all(b"{}\n").expect("written");
        assert_eq!(
            positions(&Dead::open(path.clone(), 9).expect("read")),
            [0, 1, 2]
        );
        fs::write(&path, [b"{}\n", &whole[..]].concat()).expect("written");
        assert!(Dead::open(path, 9).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn reading_comes_to_the_same(steps in prop::collection::vec((any::<bool>(), 0u64..9), 0..30)) {
            let dir = tempfile::tempdir().expect("a directory");
            let path = dir.path().join("a.dead");
            let mut dead = Dead::open(path.clone(), 4).expect("empty");
            for (add, value) in steps {
                if add { dead.add(letter(value)) } else { dead.take(value) }.expect("written");
            }
            let again = Dead::open(path, 4).expect("read");
            prop_assert_eq!(again.letters(), dead.letters());
            prop_assert_eq!(again.end(), dead.end());
        }

        #[test]
        fn nothing_panics(bytes: Vec<u8>) {
            let dir = tempfile::tempdir().expect("a directory");
            let path = dir.path().join("a.dead");
            fs::write(&path, bytes).expect("written");
            let _ = Dead::open(path, 4);
        }
    }
}
