//! Deliberate alterations of one directory of books, careless ones and well-made forgeries: an
//! audit finds each and names what was altered.
//!
//! Each row says what its alteration does and what a sentence of the audit has to say then, all in
//! one sentence. `books` makes the directory, `forge` mends checksums, hashes and links.

mod beside;
mod books;
mod erased;
mod forge;
mod index;
mod kept;
mod log;
mod register;
#[path = "../scenario/mod.rs"]
mod scenario;
mod signed;
mod statements;

use books::{Files, findings, whole};

/// One alteration: what it is, what one sentence of the audit says of it, and how it is made.
struct Alteration(&'static str, &'static [&'static str], fn(&mut Files));

fn is_named(found: &[String], words: &[&str]) -> bool {
    let mut sentences = found.iter();
    sentences.any(|sentence| words.iter().all(|word| sentence.contains(word)))
}

/// Makes each alteration on a copy of its own.
fn check(alterations: &[Alteration]) {
    check_in(whole(), findings, alterations);
}

fn check_in(whole: &Files, findings: impl Fn(&Files) -> Vec<String>, alterations: &[Alteration]) {
    let mut missed = Vec::new();
    for Alteration(what, words, alter) in alterations {
        let mut files = whole.clone();
        alter(&mut files);
        assert!(files != *whole, "{what}: nothing was altered");
        let found = findings(&files);
        println!("{what}\n    {}", found.join("\n    "));
        if !is_named(&found, words) {
            missed.push(format!("{what}: {words:?} is not said: {found:?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn whole_books_pass() {
    assert_eq!(findings(whole()), [""; 0]);
}

#[test]
fn records_and_frames() {
    check(log::RECORDS);
    check(log::FRAMES);
}

#[test]
fn forgeries_of_the_whole_log() {
    check(log::FORGERIES);
}

#[test]
fn rules_and_documents_that_are_not_signed_so() {
    assert_eq!(signed::findings(signed::whole()), [""; 0]);
    check_in(signed::whole(), signed::findings, signed::IN_LOG);
}

#[test]
fn erased_records() {
    check(erased::IN_LOG);
    check(erased::FILES);
}

#[test]
fn statements_that_do_not_add_up() {
    check(statements::IN_LOG);
    check(statements::IN_FILES);
}

#[test]
fn superblock_key_and_snapshots() {
    check(beside::SUPERBLOCK_AND_KEY);
    check(beside::SNAPSHOTS);
    check(beside::BEGINNINGS);
}

#[test]
fn tiles_and_checkpoints() {
    check(kept::TILES);
    check(kept::CHECKPOINTS);
    check(kept::COSIGNED);
}
