//! Entering documents: mandates, decisions, and what is answered to them.
//!
//! A document is judged in stages, and the first thing wrong is the answer: its text; whether it is
//! there already; who signs it, and the signature; then what its kind asks for. What is refused
//! changes nothing.

mod enter;
mod refusal;
mod step;

pub use refusal::{Beyond, DocumentRefusal};

use model::document::{Document, is_unsigned};
use model::object::{DocumentHead, Party};
use model::record::{PAGE_BYTES, Page};

use crate::State;
use crate::acts;
use crate::deed::Work;
use crate::fact::{Fact, Sink};
use crate::past::Recalled;
use crate::rule_book::{is_signed_by, signature_of};
use crate::rules::standing::{digest_of, key_of};
use enter::Change;

/// Records that a document makes beside its pages, at most: its head, a mandate, a decision, one
/// that is lifted by it, and a party that is frozen or not any more.
const DOCUMENT_RECORDS: usize = 5;

/// Places in [`model::object::PARTY_KINDS`].
pub(crate) const AUTHORITY: u8 = 3;
pub(crate) const STAFF: u8 = 4;
const _: () = assert!(model::object::PARTY_KINDS.len() == 5);

/// A document that is to be entered, with the signature of whom it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedDocument {
    /// See [`model::document`].
    pub text: String,
    /// The Ed25519 signature over it, as over the text of a C2SP signed note.
    pub signature: [u8; 64],
}

impl SignedDocument {
    /// How many moments entering it takes at most.
    pub fn moments(&self) -> usize {
        self.text.len().div_ceil(PAGE_BYTES) + DOCUMENT_RECORDS
    }
}

impl State {
    /// Enters a document: its pages, its head, and what follows from it. The last of its
    /// [moments](SignedDocument::moments) is `time`; all are later than every record so far. The same
    /// text again gets the head that is there, and nothing follows a second time.
    ///
    /// # Errors
    ///
    /// Where the document is none, is not signed by whom it says, or says what its signer may not.
    pub fn enter_document<S: Sink>(
        &mut self,
        time: u64,
        signed: &SignedDocument,
        sink: &mut S,
    ) -> Result<DocumentHead, DocumentRefusal> {
        let document = Document::parse(&signed.text).map_err(DocumentRefusal::Text)?;
        let digest = digest_of(signed.text.as_bytes());
        if let Some(there) = self.books.business.open(digest) {
            return Ok(*there);
        }
        self.check_signature(&document, signed)?;
        let first = time + 1 - signed.moments() as u64;
        // Whatever comes after it finds it begun.
        let change = self.change_of(first, &document)?;
        assert!(first > self.books.clock.last, "time only rises");
        let number = self.books.rules.documents + 1;
        let next = self.enter_pages((number, first), signed.text.as_bytes(), sink);
        let part = |place: usize| {
            let bytes = &signed.signature[16 * place..16 * (place + 1)];
            u128::from_le_bytes(bytes.try_into().expect("16 bytes"))
        };
        let head = DocumentHead {
            digest: digest.0,
            digest_more: digest.1,
            number,
            kind: document.kind(),
            party: document.signer(),
            signature_a: part(0),
            signature_b: part(1),
            signature_c: part(2),
            signature_d: part(3),
            cause: 0,
            timestamp: next,
        };
        let nothing = Recalled::default();
        let mut work = Work::new(self, &nothing, sink, (next, time), (0, 0));
        work.put(head);
        match change {
            Change::Mandate(mandate) => work.put(mandate),
            Change::Decided { mandate, decisions } => {
                work.put(mandate);
                for decision in decisions.into_iter().flatten() {
                    acts::decision::stand(&mut work, decision);
                }
            }
            Change::Stands(decision) => acts::decision::stand(&mut work, decision),
            Change::Stepped(demand, file) => {
                work.put(demand);
                work.put(file);
            }
            Change::Granted(budget) => work.put(budget),
            Change::Assessed(assessment) => work.put(assessment),
        }
        Ok(head)
    }

    /// Enters the pages of a document from the moment `first` on; returns the moment behind the
    /// last.
    pub(crate) fn enter_pages<S: Sink>(
        &mut self,
        (document, first): (u64, u64),
        bytes: &[u8],
        sink: &mut S,
    ) -> u64 {
        let mut timestamp = first;
        for mut page in Page::of(document, bytes) {
            page.timestamp = timestamp;
            self.books.apply_page(&page);
            self.group.stamp(timestamp);
            sink.push(Fact::Page(&page));
            timestamp += 1;
        }
        timestamp
    }

    /// Whether its signer may sign such a document, and has.
    fn check_signature(
        &self,
        document: &Document,
        signed: &SignedDocument,
    ) -> Result<(), DocumentRefusal> {
        let business = &self.books.business;
        let party: Option<&Party> = business.open((document.signer(), 0));
        let may_sign = |party: &&Party| match document {
            Document::Mandate(_) | Document::Budget(_) => is_active(party) && party.kind == STAFF,
            Document::Decision(_) => is_active(party) && party.kind == AUTHORITY,
            // Whoever is frozen may defend itself, and say what it thinks of rules that are to come.
            Document::Fulfilment(_)
            | Document::Appeal(_)
            | Document::Comment(_)
            | Document::Step(_) => party.state != 2,
            Document::Assessment(_) => {
                is_active(party) && (party.kind == STAFF || party.kind == AUTHORITY)
            }
            // The books write them.
            Document::Entry(_) | Document::Opening(_) => false,
        };
        party.filter(may_sign).ok_or(DocumentRefusal::Signer)?;
        let key = key_of(business, document.signer()).ok_or(DocumentRefusal::Key)?;
        if is_signed_by(&key, &signed.text, &signed.signature) {
            Ok(())
        } else {
            Err(DocumentRefusal::Signature)
        }
    }

    /// Whether a document that the log is about to name, whose pages were added up, is signed by whom
    /// it says, with the key that this party has now.
    ///
    /// # Errors
    ///
    /// Where the pages are none, their signer may not sign such a document, has no key, or has not
    /// signed it.
    pub fn check_document(&self, head: &DocumentHead) -> Result<(), DocumentRefusal> {
        let text = self.books.rules.pages_as_text();
        let document = Document::parse(text).map_err(DocumentRefusal::Text)?;
        if document.signer() != head.party {
            return Err(DocumentRefusal::Signer);
        }
        // The books wrote it.
        if is_unsigned(document.kind()) {
            return Ok(());
        }
        let parts = [
            head.signature_a,
            head.signature_b,
            head.signature_c,
            head.signature_d,
        ];
        let signed = SignedDocument {
            text: text.to_owned(),
            signature: signature_of(parts),
        };
        self.check_signature(&document, &signed)
    }

    /// The head of the document with this SHA-256, its halves.
    pub fn document(&self, digest: (u128, u128)) -> Option<DocumentHead> {
        self.books.business.open(digest).copied()
    }

    /// The mandate that an authority has.
    pub fn mandate(&self, authority: u128) -> Option<model::object::Mandate> {
        self.books.business.open((authority, 0)).copied()
    }

    /// A decision of an authority, by its number.
    pub fn decision(&self, authority: u128, number: u64) -> Option<model::object::Decision> {
        let key = (authority, number.into());
        self.books.business.open(key).copied()
    }

    /// The stops and caps that hold or are to come.
    pub fn restrictions(&self) -> &[model::object::Decision] {
        self.books.rules.restrictions().decisions()
    }
}

/// Whether a party is neither frozen nor closed.
pub(crate) const fn is_active(party: &Party) -> bool {
    party.state == 0
}
