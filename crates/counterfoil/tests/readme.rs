//! The README's tour, run command by command: what it shows is what the binary prints.
//!
//! `UPDATE_README=1 cargo test -p counterfoil --test readme` writes the output into the README; it is then
//! reviewed like code. Times and hashes differ from run to run: only their shape is compared.

use std::path::Path;
use std::process::Command;

/// The text with every time and every hash replaced by a word of the same length.
fn masked(text: &str) -> String {
    let mut out = String::new();
    let mut words = text.split_inclusive(|c: char| c.is_whitespace()).peekable();
    while let Some(word) = words.next() {
        let bare = word.trim_end();
        let is_hash = bare.len() == 64 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_time = bare.len() == 30 && bare.ends_with('Z') && bare.contains('T');
        // Times in nanoseconds, and keys: both are new in each run.
        let is_number = bare.len() == 19 && bare.bytes().all(|byte| byte.is_ascii_digit());
        let is_key = bare.starts_with("books.example/log+");
        // The secret place of an account has one, two or three digits.
        if words.peek().is_some_and(|next| next.trim_end() == "bytes") {
            out.push_str("# ");
            continue;
        }
        if is_hash || is_time || is_number || is_key {
            out.extend(std::iter::repeat_n('#', bare.len()));
            out.push_str(&word[bare.len()..]);
        } else {
            out.push_str(word);
        }
    }
    out
}

fn run(command: &str, folder: &Path) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_counterfoil"));
    let folders = format!(
        "{}:{}",
        binary.parent().expect("a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let output = Command::new("sh")
        .args(["-c", &format!("{command} 2>&1")])
        .current_dir(folder)
        .env("PATH", folders)
        .output()
        .expect("the shell runs");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_tour_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(&path).expect("the README is there");
    let folder = tempfile::tempdir().expect("a directory");
    let mut fresh = String::new();
    let mut commands = 0;
    let mut inside = false;
    for line in readme.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if inside && !line.starts_with("$ ") {
            continue; // Old output: the new one is put in its place.
        }
        fresh.push_str(line);
        fresh.push('\n');
        if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            fresh.push_str(&run(command, folder.path()));
            commands += 1;
        }
    }
    assert!(commands > 10, "the tour has {commands} commands");
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, &fresh).expect("the README is written");
    } else {
        assert_eq!(
            masked(&readme),
            masked(&fresh),
            "run with UPDATE_README=1 and review"
        );
    }
}
