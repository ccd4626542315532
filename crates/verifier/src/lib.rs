//! The verifier as a page has it: bytes in, one line of JSON out.
//!
//! [`verify`] is [`proofs::check`] with a policy given as text and an answer that any language
//! reads. Built for `wasm32-unknown-unknown` (`tests/page/build-wasm.sh`) the crate exports it to
//! the host of the module, see `abi.rs`; it imports nothing, so what it computes depends on what it
//! is given and on nothing else. Other programs use the crate `proofs` itself.

#[cfg(target_arch = "wasm32")]
mod abi;
mod json;

use std::borrow::Cow;

use merkle::policy::{Policy, PolicyError};

/// The code of a refusal where the policy is none. It is about what the page was given to trust,
/// not about a file, and so not among [`proofs::Code`].
pub const BAD_POLICY: &str = "bad_policy";

/// Checks a file, with the receipt of its statement's line where it is a balance proof, against a
/// policy: the text of a C2SP tlog-policy, or keys of logs alone, see [`policy_of`].
///
/// The answer is `{"ok":true,"facts":[["kind","receipt"],...]}`, the facts being those of
/// [`proofs::Verdict::facts`], or `{"ok":false,"code":"...","what":"..."}` with a code of
/// [`proofs::Code`] or [`BAD_POLICY`] and a sentence for people.
pub fn verify(file: &[u8], statement: Option<&[u8]>, policy: &[u8]) -> String {
    match policy_of(policy) {
        Err(why) => json::refused(BAD_POLICY, &why.to_string()),
        Ok(policy) => match proofs::check(file, statement, &policy) {
            Ok(verdict) => json::accepted(verdict.facts()),
            Err(refusal) => json::refused(refusal.code.name(), &refusal.what),
        },
    }
}

/// The policy that a text stands for. Where no line begins with a word of a tlog-policy, each that
/// is not empty or a comment (`#`) is the key of a log (a vkey): those logs are known and no witness
/// is asked for. Any other text is a tlog-policy. The last line may lack its newline, as texts typed
/// into a page do.
pub fn policy_of(text: &[u8]) -> Result<Policy, PolicyError> {
    let mut text = Cow::from(text);
    if text.last().is_some_and(|last| *last != b'\n') {
        text.to_mut().push(b'\n');
    }
    Policy::parse(&of_keys(&text).map_or(text, Cow::from))
}

/// Turns lines of keys into those of a policy, in their places, so that a fault is told with the
/// line it stands on.
fn of_keys(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut keys = 0;
    let mut policy = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.trim_matches([' ', '\t']);
        match line.split([' ', '\t']).next() {
            Some("log" | "witness" | "group" | "quorum") => return None,
            Some(word) if !word.is_empty() && !word.starts_with('#') => {
                keys += 1;
                policy.push_str("log ");
            }
            _ => {}
        }
        policy.push_str(line);
        policy.push('\n');
    }
    policy.push_str("quorum none\n");
    (keys > 0).then(|| policy.into_bytes())
}
