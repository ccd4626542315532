//! Assessments of drafts of rules, and the time in which they are commented.

use super::{Life, objects};
use crate::form::Form;

objects! {
    /// An assessment of a draft, by the digest of its document.
    66 Assessment "assessment" [digest, digest_more] {
        /// The first half of SHA-256 over its text.
        digest: u128 = Form::Digest,
        /// The second half.
        digest_more: u128 = Form::Digest,
        /// Who signed it.
        party: u128 = Form::Id,
        /// The first half of SHA-256 over the canonical bytes of the draft.
        draft: u128 = Form::Digest,
        /// The second half.
        draft_more: u128 = Form::Digest,
        /// Until when it can be commented.
        comments_until: u64 = Form::Time,
        /// The document that says so.
        document: u64 = Form::Number,
        /// How many comments were entered.
        comments: u64 = Form::Number,
    }
}

impl Life for Assessment {
    fn is_sound(&self) -> bool {
        self.party != 0 && self.document != 0 && self.comments_until != 0
    }
}
