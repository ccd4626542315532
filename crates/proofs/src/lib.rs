//! What a stranger checks: receipts, statements and balance proofs, from their bytes alone.
//!
//! A [`Receipt`](receipt::Receipt) shows that a record is in the log; a
//! [`BalanceProof`](balance::BalanceProof) that a balance was counted in a statement, whose line
//! is in the log by a receipt of its own; a [gift proof](gift) that a draw was fair. Whom to trust for the log itself is the
//! [`Policy`](merkle::policy::Policy) of whoever checks. [`check`] takes any of these files and
//! gives a [`Verdict`] or the first [`Refusal`] in a fixed order; other verifiers of the same
//! files, in other languages, give the same.
//!
//! No I/O, no clock: the crate runs in a browser as it does on a server.

pub mod balance;
mod facts;
pub mod gift;
pub mod receipt;
mod refusal;

use merkle::checkpoint::Checkpoint;
use merkle::note::Note;
use merkle::policy::{Policy, Trusted};

pub use facts::Verdict;
pub use refusal::{Code, Refusal};

/// Bytes of a file that is looked at, at most.
pub const FILE_BYTES: usize = 256 << 10;

/// First line of a receipt.
const RECEIPT: &[u8] = b"c2sp.org/tlog-proof@v1\n";

/// First line of a balance proof.
const BALANCE: &[u8] = b"counterfoil/balance-proof@v1\n";

/// Checks a file: a receipt, a balance proof (with the receipt of its statement's line), a gift
/// proof or a checkpoint, told apart by the first line.
pub fn check(file: &[u8], statement: Option<&[u8]>, policy: &Policy) -> Result<Verdict, Refusal> {
    if file.starts_with(gift::GIFT) && statement.is_none() {
        return gift::check(file, policy);
    }
    bounded(file)?;
    if file.starts_with(BALANCE) {
        return balance::check(file, statement, policy);
    }
    if statement.is_some() {
        let what = "only a balance proof is checked against the receipt of a statement";
        return Err(Refusal::new(Code::Malformed, what));
    }
    if file.starts_with(RECEIPT) {
        return receipt::check(file, policy);
    }
    let note = Note::parse(file).map_err(Refusal::malformed)?;
    let trusted = trust(&note, policy)?;
    let mut verdict = Verdict::new("checkpoint");
    verdict.trust(&trusted, policy);
    verdict.add("root", trusted.checkpoint.head.root);
    Ok(verdict)
}

/// Refuses a file that is too large to be one of these.
fn bounded(file: &[u8]) -> Result<(), Refusal> {
    if file.len() <= FILE_BYTES {
        return Ok(());
    }
    let what = format!("it has {} bytes, at most {FILE_BYTES} are read", file.len());
    Err(Refusal::new(Code::TooLarge, &what))
}

/// Whether the policy trusts the checkpoint.
fn trust(note: &Note, policy: &Policy) -> Result<Trusted, Refusal> {
    policy.check(note).map_err(|distrust| {
        let code = Code::of_distrust(distrust.code());
        Refusal::new(code, &distrust.to_string())
    })
}

/// Whether the checkpoint of a note says nothing that the log does not sign: three lines.
fn checkpoint(note: &Note) -> Result<Checkpoint, Refusal> {
    Checkpoint::parse(&note.text).map_err(Refusal::malformed)
}
