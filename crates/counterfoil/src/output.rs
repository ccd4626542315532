//! In which form a command answers, and the way out of it.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

/// The form of what goes to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Lines and tables for people.
    Text,
    /// One JSON document.
    Json,
}

/// Writes to stdout. A reader that has seen enough (`| head`) is no failure; anything else that
/// keeps an answer from being written is.
pub fn write(text: Arguments<'_>) {
    // Nobody is left to tell that nobody reads.
    let _ = offer(text);
}

/// As [`write`]; false where nobody reads any more, for what would go on for ever.
#[must_use]
pub fn offer(text: Arguments<'_>) -> bool {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_fmt(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("counterfoil: stdout: {error}");
            std::process::exit(2);
        }
        written => written.is_ok(),
    }
}

/// A line on stdout, as by [`write`].
macro_rules! say {
    () => { $crate::output::write(format_args!("\n")) };
    ($($text:tt)*) => {
        $crate::output::write(format_args!("{}\n", format_args!($($text)*)))
    };
}

pub(crate) use say;
