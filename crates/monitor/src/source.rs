//! Where the public files of a log come from.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Why a resource could not be read, though it may be there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SourceError {
    /// It has more bytes than were asked for at most.
    TooLarge,
    /// Anything else, in words: a broken connection, a disk error, a path that is none.
    Failed(String),
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceError::TooLarge => f.write_str("it is larger than it can be"),
            SourceError::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for SourceError {}

/// The public files of one log, by their paths below its prefix: `checkpoint`, `witnessed`, and
/// the tiles and bundles of entries of `tlog-tiles`.
pub trait Source {
    /// The bytes of a resource; `None` if there is none of that path.
    ///
    /// No more than `max_bytes` need be read: whatever is longer is
    /// [`SourceError::TooLarge`], and a source that gives more is not believed.
    fn get(&mut self, path: &str, max_bytes: usize) -> Result<Option<Vec<u8>>, SourceError>;
}

/// A log in a folder: a copy of its files under their paths.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The log whose `checkpoint` stands in that folder.
    pub fn new(root: impl Into<PathBuf>) -> Folder {
        Folder { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

impl Source for Folder {
    fn get(&mut self, path: &str, max_bytes: usize) -> Result<Option<Vec<u8>>, SourceError> {
        if !is_below(path) {
            return Err(SourceError::Failed(format!("{path:?} is no path of a log")));
        }
        let failed = |error: std::io::Error| SourceError::Failed(error.to_string());
        let file = match File::open(self.root.join(path)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = Vec::new();
        let limit = max_bytes as u64 + 1;
        file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() > max_bytes {
            return Err(SourceError::TooLarge);
        }
        Ok(Some(bytes))
    }
}

/// Whether a path has only the characters of a log's paths and stays below the folder.
fn is_below(path: &str) -> bool {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'/');
    let is_step = |step: &str| !step.is_empty() && !step.starts_with('.');
    path.bytes().all(is_plain) && path.split('/').all(is_step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_folder() {
        for path in ["checkpoint", "tile/0/x001/067.p/12", "tile/entries/000"] {
            assert!(is_below(path), "{path}");
        }
        for path in [
            "",
            "/etc",
            "../x",
            "tile/../../x",
            "tile//0",
            "a\\b",
            "A",
            ".",
        ] {
            assert!(!is_below(path), "{path}");
            let refused = Folder::new("/").get(path, 1);
            assert!(matches!(refused, Err(SourceError::Failed(_))), "{path}");
        }
    }
}
