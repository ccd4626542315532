//! The checkpoints that are kept: whether this log is the one that was signed, and by whom.

use merkle::Head;
use merkle::checkpoint::Checkpoint;
use merkle::key::{SigningKey, VerifierKey};
use merkle::note::Note;
use merkle::policy::Policy;
use store::StoreError;
use store::disk::Disk;

use super::Audit;
use crate::publish::{SIGNED, Signed, Signing, WITNESSED, read};

/// Whose signatures count. Without keys no signature is checked.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Keys of the log, all of one name: its origin. One of them is enough.
    pub keys: Vec<VerifierKey>,
    /// The witnesses, and how many of them make a quorum.
    pub policy: Option<Policy>,
}

impl Trust {
    /// Those who sign and cosign a log's checkpoints as it is run now.
    pub fn of(signing: &Signing) -> Self {
        let keys = signing.keys().iter().map(SigningKey::verifier);
        Self {
            keys: keys.cloned().collect(),
            policy: signing.policy().cloned(),
        }
    }

    /// What is wrong with the signatures of the checkpoint `name`.
    fn judge(&self, name: &str, note: &Note) -> Result<(), String> {
        let origin = Checkpoint::parse(&note.text)
            .map_err(|e| e.to_string())?
            .origin;
        if self.keys.iter().all(|key| key.name() != origin) {
            return Err(format!(
                "its origin {origin} is not the name of the log's keys"
            ));
        }
        let witnesses = self
            .policy
            .as_ref()
            .map(Policy::witnesses)
            .unwrap_or_default();
        let holds = |key: &VerifierKey| -> Result<bool, String> {
            let mut holds = false;
            for line in note.signatures.iter().filter(|line| key.made(line)) {
                let verified = key.verify(&note.text, &line.bytes);
                verified.map_err(|_| format!("the signature of {} is wrong", key.name()))?;
                holds = true;
            }
            Ok(holds)
        };
        let mut signed = false;
        for key in &self.keys {
            signed |= holds(key)?;
        }
        let cosigned: Vec<bool> = witnesses
            .iter()
            .map(|witness| holds(&witness.key))
            .collect::<Result<_, _>>()?;
        if !signed {
            return Err("no known key of the log has signed it".to_owned());
        }
        match &self.policy {
            Some(policy) if name == WITNESSED && !policy.is_met(|witness| cosigned[witness]) => {
                Err("the witnesses that have cosigned it make no quorum".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// The kept checkpoints, compared while the log passes.
pub(super) struct CheckpointCheck {
    /// With the name of their file.
    kept: Vec<(&'static str, Signed)>,
}

impl CheckpointCheck {
    pub(super) fn new(
        disk: &dyn Disk,
        trust: &Trust,
        audit: &mut Audit,
    ) -> Result<Self, StoreError> {
        let (mut kept, mut unreadable) = (Vec::new(), false);
        for name in [SIGNED, WITNESSED] {
            match read(disk, name) {
                Ok(signed) => kept.extend(signed.map(|signed| (name, signed))),
                Err(error @ StoreError::Io { .. }) => return Err(error),
                Err(error) => {
                    unreadable = true;
                    audit.differences.push(format!("a checkpoint: {error}"));
                }
            }
        }
        audit.checkpoints = kept.len() as u64;
        for (name, signed) in kept.iter().filter(|_| !trust.keys.is_empty()) {
            if let Err(what) = trust.judge(name, &signed.note) {
                audit.differences.push(format!("{name}: {what}"));
            }
        }
        if !unreadable && let Some(what) = rolled_back(&kept) {
            audit.differences.push(format!("{SIGNED}: {what}"));
        }
        if trust.keys.is_empty() && !kept.is_empty() {
            let what = "no key of the log is known: their signatures were not checked";
            audit.notes.push(format!("the checkpoints: {what}"));
        }
        let check = Self { kept };
        check.pass(0, &|| merkle::Frontier::new().head(), audit);
        Ok(check)
    }

    /// The log has passed `size` batches, and has this head: is it the one that was signed?
    pub(super) fn pass(&self, size: u64, head: &dyn Fn() -> Head, audit: &mut Audit) {
        for (name, signed) in self.kept.iter().filter(|(_, signed)| signed.size == size) {
            let checkpoint = Checkpoint::parse(&signed.note.text);
            if !checkpoint.is_ok_and(|signed| signed.head == head()) {
                let what = format!("the log's first {size} batches are not those that were signed");
                audit.differences.push(format!("{name}: {what}"));
            }
        }
    }

    /// The log has passed, with so many batches.
    pub(super) fn end(&self, batches: u64, audit: &mut Audit) {
        for (name, signed) in self.kept.iter().filter(|(_, signed)| signed.size > batches) {
            let size = signed.size;
            let what = format!("{size} batches were signed, the log has {batches}");
            audit.differences.push(format!("{name}: {what}"));
        }
    }
}

/// Whether the newest checkpoint is older than one that was cosigned: it is kept before any witness
/// is asked.
fn rolled_back(kept: &[(&'static str, Signed)]) -> Option<String> {
    let of = |name| kept.iter().find(|(kept, _)| *kept == name);
    let (_, witnessed) = of(WITNESSED)?;
    let Some((_, signed)) = of(SIGNED) else {
        return Some(format!(
            "it is missing, though there is one in `{WITNESSED}`"
        ));
    };
    let origin = |signed: &Signed| signed.note.text.lines().next().map(str::to_owned);
    let older = origin(signed) == origin(witnessed) && signed.size < witnessed.size;
    older.then(|| format!("it is older than the one in `{WITNESSED}`"))
}
