//! How a command ends that does not end well.

use std::process::ExitCode;

/// Why a command stopped.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// What was asked cannot be done as asked: wrong words, a bad file, no server. Exit code 2.
    Input(String),
    /// It was done, and the answer is no: a refusal, a difference. Exit code 1.
    Check(String),
}

impl Failure {
    /// [`Failure::Input`], for use in `map_err`.
    #[expect(clippy::needless_pass_by_value, reason = "`map_err` gives values")]
    pub fn input(reason: impl ToString) -> Self {
        Self::Input(reason.to_string())
    }

    /// Says it in one line on stderr.
    pub fn report(&self) -> ExitCode {
        let (Self::Input(reason) | Self::Check(reason)) = self;
        let words: Vec<&str> = reason.split_whitespace().collect();
        eprintln!("counterfoil: {}", words.join(" "));
        match self {
            Self::Input(_) => ExitCode::from(2),
            Self::Check(_) => ExitCode::from(1),
        }
    }
}
