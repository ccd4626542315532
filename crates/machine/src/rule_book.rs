//! Entering a version of the rule book.

use merkle::key::{KeyKind, VerifierKey};
use model::Object;
use model::document::moment_text;
use model::object::{Party, RuleVersion};
use model::record::PAGE_BYTES;
use model::rule::RuleBook;
use model::rule::bytes::{self, BytesError};

use crate::State;
use crate::apply::Everything;
use crate::fact::{Fact, Sink};
use crate::rules::standing::{VERSIONS, digest_of, key_of};

/// A version of the rule book that is to be entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleBookEntry {
    /// The canonical bytes of the rules.
    pub bytes: Vec<u8>,
    /// Its number: that of the last and 1.
    pub version: u32,
    /// Nanoseconds since 1970: from when on it is in force. 0 is at once.
    pub begins: u64,
    /// Who signed it: a party of the institution's staff, or an authority.
    pub party: u128,
    /// The Ed25519 signature over [`RuleBookEntry::note_text`].
    pub signature: [u8; 64],
}

/// Why a version of the rule book is not entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleBookRefusal {
    /// The bytes are no rule book.
    Bytes(BytesError),
    /// It is not the version after the last, which this is.
    Version(u32),
    /// It would begin in the past.
    Begins,
    /// Nobody who may sign has this id: staff or an authority, neither frozen nor closed.
    Signer,
    /// The party has no key.
    Key,
    /// The signature is not the party's over this text.
    Signature,
    /// So many versions are to come that no other can be entered.
    TooMany,
    /// The draft that it is can be commented until then, in nanoseconds since 1970, and it would
    /// begin before.
    UnderComment(u64),
}

impl core::fmt::Display for RuleBookRefusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Bytes(error) => error.fmt(f),
            Self::Version(last) => {
                write!(f, "the last version is {last}; the next is {}", last + 1)
            }
            Self::Begins => f.write_str("a rule book comes into force now or later, not before"),
            Self::Signer => f.write_str(
                "the signer is no party of the staff and no authority, or is frozen or closed",
            ),
            Self::Key => f.write_str("the signer has no key; party_key_set gives it one"),
            Self::Signature => f.write_str("the signature is not the signer's over this version"),
            Self::TooMany => write!(f, "{VERSIONS} versions are in force or to come already"),
            Self::UnderComment(until) => {
                let until = moment_text(*until);
                write!(
                    f,
                    "this draft can be commented until {until}; it begins then or later"
                )
            }
        }
    }
}

impl std::error::Error for RuleBookRefusal {}

impl RuleBookEntry {
    /// What is signed, as the text of a C2SP signed note: five lines.
    pub fn note_text(&self) -> String {
        note_text(
            (self.version, self.begins),
            self.party,
            digest_of(&self.bytes),
        )
    }

    /// How many moments entering it takes: one a page and one for the version.
    pub fn moments(&self) -> usize {
        self.bytes.len().div_ceil(PAGE_BYTES) + 1
    }
}

/// What is signed for a version that begins then, by the halves of its SHA-256.
fn note_text((version, begins): (u32, u64), party: u128, (first, second): (u128, u128)) -> String {
    format!(
        "counterfoil/rule-book/v1\nversion {version}\nbegins {begins}\nparty {party:032x}\nsha256 {:032x}{:032x}\n",
        first.swap_bytes(),
        second.swap_bytes(),
    )
}

impl State {
    /// Enters a version of the rule book: its pages and itself. The last of its
    /// [moments](RuleBookEntry::moments) is `time`; all are later than every record so far. The same
    /// version again gets the one that is there.
    pub fn enter_rule_book<S: Sink>(
        &mut self,
        time: u64,
        entry: &RuleBookEntry,
        sink: &mut S,
    ) -> Result<RuleVersion, RuleBookRefusal> {
        if let Some(there) = self.is_there(entry) {
            return Ok(there);
        }
        let rules = self.check_rule_book(time, entry)?;
        let first = time + 1 - entry.moments() as u64;
        assert!(first > self.books.clock.last, "time only rises");
        let document = self.books.rules.documents + 1;
        let timestamp = self.enter_pages((document, first), &entry.bytes, sink);
        let (digest, digest_more) = digest_of(&entry.bytes);
        let part = |place: usize| {
            let bytes = &entry.signature[16 * place..16 * (place + 1)];
            u128::from_le_bytes(bytes.try_into().expect("16 bytes"))
        };
        let head = RuleVersion {
            version: entry.version,
            begins: entry.begins.max(timestamp),
            document,
            rules,
            digest,
            digest_more,
            party: entry.party,
            signature_a: part(0),
            signature_b: part(1),
            signature_c: part(2),
            signature_d: part(3),
            cause: 0,
            timestamp,
        };
        self.group.stamp(timestamp);
        let object = Object::RuleVersion(head);
        self.books.apply_object(&object, Everything);
        sink.push(Fact::Object(&object));
        Ok(head)
    }

    /// The version that was entered by the same entry before.
    fn is_there(&self, entry: &RuleBookEntry) -> Option<RuleVersion> {
        let (digest, digest_more) = digest_of(&entry.bytes);
        let there: &RuleVersion = self.books.business.open((entry.version.into(), 0))?;
        let same = (there.digest, there.digest_more, there.party)
            == (digest, digest_more, entry.party)
            && (entry.begins == 0 || entry.begins == there.begins);
        same.then_some(*there)
    }

    /// How many rules an entry has that may be entered.
    fn check_rule_book(&self, time: u64, entry: &RuleBookEntry) -> Result<u16, RuleBookRefusal> {
        let book = bytes::decode(&entry.bytes).map_err(RuleBookRefusal::Bytes)?;
        let last = self.books.rules.last_version();
        if entry.version != last + 1 {
            return Err(RuleBookRefusal::Version(last));
        }
        if entry.begins != 0 && entry.begins <= time {
            return Err(RuleBookRefusal::Begins);
        }
        self.check_signer(entry.party, &entry.note_text(), &entry.signature)?;
        let to_come = self.books.rules.versions();
        if to_come
            .iter()
            .filter(|version| version.head.begins > time)
            .count()
            >= VERSIONS - 1
        {
            return Err(RuleBookRefusal::TooMany);
        }
        match self.comments_on(&book, &entry.bytes) {
            Some(until) if entry.begins.max(time) < until => {
                Err(RuleBookRefusal::UnderComment(until))
            }
            _ => Ok(book.rules.len() as u16),
        }
    }

    /// Until when a draft can be commented that is just these rules, or that is these rules before
    /// anybody said when they hold.
    fn comments_on(&self, book: &RuleBook, bytes: &[u8]) -> Option<u64> {
        let business = &self.books.business;
        let dated = business.comments_until(digest_of(bytes));
        dated.max(business.comments_until(digest_of(&bytes::encode(&book.undated()))))
    }

    /// Whether a version that the log is about to name is signed by whom it says, with the key that
    /// this party has now. The digest of its pages is another matter: [`State::evolve`] compares it.
    ///
    /// # Errors
    ///
    /// Where its signer may not sign, has no key, or has not signed it.
    pub fn check_version(&self, head: &RuleVersion) -> Result<(), RuleBookRefusal> {
        // One that was to begin at once begins with its record.
        let begins = if head.begins == head.timestamp {
            0
        } else {
            head.begins
        };
        let digest = (head.digest, head.digest_more);
        let text = note_text((head.version, begins), head.party, digest);
        let parts = [
            head.signature_a,
            head.signature_b,
            head.signature_c,
            head.signature_d,
        ];
        self.check_signer(head.party, &text, &signature_of(parts))
    }

    fn check_signer(
        &self,
        party: u128,
        text: &str,
        signature: &[u8; 64],
    ) -> Result<(), RuleBookRefusal> {
        let business = &self.books.business;
        let signer: Option<&Party> = business.open((party, 0));
        if !signer.is_some_and(may_sign) {
            return Err(RuleBookRefusal::Signer);
        }
        let key = key_of(business, party).ok_or(RuleBookRefusal::Key)?;
        if is_signed_by(&key, text, signature) {
            Ok(())
        } else {
            Err(RuleBookRefusal::Signature)
        }
    }

    /// The version of the rule book in force at a moment, and its rules.
    pub fn rule_book_at(&self, time: u64) -> Option<(RuleVersion, &model::rule::RuleBook)> {
        let version = self.books.rules.in_force(time)?;
        Some((version.head, version.book()))
    }

    /// SHA-256 over the rules in force at a moment; zero where there are none.
    pub fn rules_digest(&self, time: u64) -> [u8; 32] {
        let version = self.books.rules.in_force(time);
        let mut digest = [0; 32];
        if let Some(version) = version {
            digest[..16].copy_from_slice(&version.head.digest.to_le_bytes());
            digest[16..].copy_from_slice(&version.head.digest_more.to_le_bytes());
        }
        digest
    }

    /// The version with this number, where it is in force or to come.
    pub fn rule_book(&self, version: u32) -> Option<(RuleVersion, &model::rule::RuleBook)> {
        let mut versions = self.books.rules.versions().iter();
        let found = versions.find(|found| found.head.version == version)?;
        Some((found.head, found.book()))
    }

    /// How many rows the tallies of the rules have.
    pub fn tallies(&self) -> usize {
        self.books.rules.tallies.len()
    }
}

/// Whether a text is signed by a party's key.
pub(crate) fn is_signed_by(key: &[u8; 32], text: &str, signature: &[u8; 64]) -> bool {
    // The name of a key is not part of what it signs.
    let key = VerifierKey::new("party", KeyKind::Ed25519, key);
    key.is_ok_and(|key| key.verify(text, signature).is_ok())
}

/// The signature of which records have these parts.
pub(crate) fn signature_of(parts: [u128; 4]) -> [u8; 64] {
    let mut signature = [0; 64];
    for (bytes, part) in signature.chunks_exact_mut(16).zip(parts) {
        bytes.copy_from_slice(&part.to_le_bytes());
    }
    signature
}

/// Whether a party may sign rule books: staff or an authority, and active.
fn may_sign(party: &Party) -> bool {
    const AUTHORITY: u8 = 3;
    const STAFF: u8 = 4;
    const _: () = assert!(model::object::PARTY_KINDS.len() == 5);
    party.state == 0 && (party.kind == AUTHORITY || party.kind == STAFF)
}
