use std::fmt;

/// Why a file is no rule book: one sentence, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// From 1; 0 where it is of the whole file.
    pub line: usize,
    /// Id of the rule; empty where it is none's.
    pub rule: String,
    /// What is wrong, and what would be right.
    pub why: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.rule.as_str()) {
            (0, "") => {}
            (0, rule) => write!(f, "rule {rule}: ")?,
            (line, "") => write!(f, "line {line}: ")?,
            (line, rule) => write!(f, "line {line}, rule {rule}: ")?,
        }
        f.write_str(&self.why)
    }
}

impl std::error::Error for ReadError {}
