//! Evidence against a log: a checkpoint that it signed and that does not continue the one that was
//! cosigned before.
//!
//! A piece is a file `<verdict>-<time>-<hash>`:
//!
//! ```text
//! counterfoil/evidence@v1
//! verdict fork|inconsistent
//! time 1700000000               POSIX seconds, when it came
//! known 186                     bytes of the checkpoint last cosigned, which follows first; 0 if none
//! request 342                   bytes of the request, which follows then
//!
//! ```
//!
//! A fork is two roots of one size, both signed: it convicts. An inconsistent request may only
//! have a wrong proof, and whoever reads the log's checkpoints can send one; so the same pair of
//! checkpoints is kept once, and where there are too many pieces the oldest of those go first.

use std::collections::BTreeSet;
use std::io;

use sha2::{Digest, Sha256};
use store::disk::{Disk, Local, is_unfinished, join, replace_file};

use crate::limits::EVIDENCE_PIECES;

const DIR: &str = "evidence";

/// What a piece of evidence shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    Fork,
    Inconsistent,
}

impl Shows {
    const fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Inconsistent => "inconsistent",
        }
    }
}

/// A piece on its way to the disk.
pub(super) struct Piece<'a> {
    pub shows: Shows,
    /// POSIX seconds.
    pub time: u64,
    /// The checkpoint last cosigned, as a note; empty if there is none.
    pub known: &'a [u8],
    /// The text of the checkpoint that contradicts it.
    pub text: &'a str,
    /// The request as it came.
    pub request: &'a [u8],
}

/// The pieces that are kept.
pub(super) struct Evidence {
    names: BTreeSet<String>,
}

impl Evidence {
    pub fn open(disk: &Local) -> io::Result<Self> {
        disk.create_dir(DIR)?;
        let mut names = BTreeSet::new();
        for name in disk.list(DIR)? {
            if is_unfinished(&name) {
                disk.remove(&join(DIR, &name))?;
            } else {
                names.insert(name);
            }
        }
        Ok(Self { names })
    }

    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// Keeps a piece, unless the same two checkpoints are there already.
    pub fn keep(&mut self, disk: &Local, piece: &Piece<'_>) -> io::Result<()> {
        let mut hash = Sha256::new();
        hash.update(Sha256::digest(known_text(piece.known)));
        hash.update(piece.text);
        let hash = hex(&hash.finalize()[..16]);
        if self.names.iter().any(|name| name.ends_with(&hash)) {
            return Ok(());
        }
        while self.names.len() >= EVIDENCE_PIECES {
            let Some(oldest) = self.oldest() else { break };
            disk.remove(&join(DIR, &oldest))?;
            self.names.remove(&oldest);
        }
        let shows = piece.shows.name();
        let name = format!("{shows}-{:020}-{hash}", piece.time);
        let head = format!(
            "counterfoil/evidence@v1\nverdict {shows}\ntime {}\nknown {}\nrequest {}\n\n",
            piece.time,
            piece.known.len(),
            piece.request.len()
        );
        let bytes = [head.as_bytes(), piece.known, piece.request].concat();
        replace_file(disk, DIR, &name, &bytes)?;
        self.names.insert(name);
        Ok(())
    }

    /// What goes first: the oldest that convicts nobody, then the oldest.
    fn oldest(&self) -> Option<String> {
        let weak = Shows::Inconsistent.name();
        let mut names = self.names.iter();
        let first = names.find(|name| name.starts_with(weak));
        first.or_else(|| self.names.first()).cloned()
    }
}

/// The text of a note, without its signatures: two cosignatures of one checkpoint differ in time.
fn known_text(note: &[u8]) -> &[u8] {
    let end = note.windows(2).rposition(|two| two == b"\n\n");
    end.map_or(note, |end| &note[..=end])
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes all text");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Evidence, Piece, Shows};
    use crate::limits::EVIDENCE_PIECES;
    use store::disk::Local;

    fn piece(shows: Shows, time: u64, text: &str) -> Piece<'_> {
        Piece {
            shows,
            time,
            known: b"",
            text,
            request: text.as_bytes(),
        }
    }

    #[test]
    fn the_same_pair_is_kept_once_and_forks_stay_longest() {
        let directory = tempfile::tempdir().expect("a directory");
        let disk = Local::new(directory.path());
        let mut evidence = Evidence::open(&disk).expect("it opens");
        let keep = |evidence: &mut Evidence, shows, time, text: &str| {
            evidence
                .keep(&disk, &piece(shows, time, text))
                .expect("it is kept");
        };
        keep(&mut evidence, Shows::Fork, 1, "fork");
        keep(&mut evidence, Shows::Fork, 2, "fork");
        assert_eq!(evidence.count(), 1);
        for time in 0..EVIDENCE_PIECES as u64 + 5 {
            keep(&mut evidence, Shows::Inconsistent, time, &time.to_string());
        }
        assert_eq!(evidence.count(), EVIDENCE_PIECES);
        let again = Evidence::open(&disk).expect("it opens");
        assert_eq!(again.names, evidence.names);
        assert!(again.names.iter().any(|name| name.starts_with("fork-")));
        let first = again.oldest().expect("there are some");
        assert!(
            first.starts_with("inconsistent-00000000000000000006-"),
            "{first}"
        );
    }
}
