//! Whatever the books read from outside, read from bytes that nobody wrote: nothing panics, nothing
//! hangs, and what is taken is as the format says.
//!
//! One function a target in [`targets`]. libFuzzer drives them from `fuzz_targets/`; `smoke` drives
//! them on stable Rust, with mutations of the corpus that are the same for the same seed; `seeds`
//! makes the corpus.

pub mod demands;
pub mod memory;
pub mod platform;
pub mod proofs;
pub mod repair;
pub mod rules;
pub mod signed;
pub mod targets;

/// A target and its name, which is that of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 25] = [
    ("record", targets::record),
    ("leaf", targets::leaf),
    ("frame", targets::frame),
    ("log", targets::log),
    ("superblock", targets::superblock),
    ("snapshot", targets::snapshot),
    ("index", targets::index),
    ("json", targets::json),
    ("decide", targets::decide),
    ("proof", proofs::proof),
    ("tile", proofs::tile),
    ("erased", proofs::erased),
    ("seen", proofs::seen),
    ("note", targets::note),
    ("policy", targets::policy),
    ("tlog_proof", targets::tlog_proof),
    ("add_checkpoint", targets::add_checkpoint),
    ("fields", targets::fields),
    ("command", platform::command),
    ("act", platform::act),
    ("document", platform::document),
    ("rule_book", rules::rule_book),
    ("rule_file", rules::rule_file),
    ("auth001", demands::auth001),
    ("scope", demands::scope),
];
