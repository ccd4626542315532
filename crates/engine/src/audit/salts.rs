//! Whether the seeds in the frames come from the key of the salts, as far back as it still goes.

use store::StoreError;
use store::disk::Disk;
use store::frame::Header;

use super::Audit;
use crate::salt::Ratchet;

/// The key, turned on while the log passes.
pub(super) struct SaltCheck {
    /// `None` where it could not be read, or was found to be another log's.
    ratchet: Option<Ratchet>,
}

impl SaltCheck {
    pub(super) fn new(disk: &dyn Disk, audit: &mut Audit) -> Result<Self, StoreError> {
        let ratchet = match Ratchet::read(disk) {
            Ok(ratchet) => Some(ratchet),
            Err(error @ StoreError::Io { .. }) => return Err(error),
            Err(error) => {
                audit.differences.push(error.to_string());
                None
            }
        };
        Ok(Self { ratchet })
    }

    /// A batch passes. The key of those before it was thrown away: nothing is known of their seeds.
    pub(super) fn pass(&mut self, header: &Header, audit: &mut Audit) {
        let number = header.leaf.number;
        let Some(ratchet) = self.ratchet.as_mut().filter(|key| key.number() <= number) else {
            return;
        };
        if header.seed.is_some_and(|seed| seed != ratchet.seed()) {
            let what = format!("the seed of batch {number} does not come from its key");
            audit.differences.push(format!("salt: {what}"));
            self.ratchet = None;
            return;
        }
        ratchet.turn();
    }

    /// The log has ended before batch `number`.
    pub(super) fn end(&self, number: u64, audit: &mut Audit) {
        if self
            .ratchet
            .as_ref()
            .is_some_and(|key| key.number() > number)
        {
            audit
                .differences
                .push("salt: its batch is not in the log".to_owned());
        }
    }
}
