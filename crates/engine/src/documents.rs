//! Documents of authorities: entering them, and reading them again.

use machine::{DocumentRefusal, SignedDocument};
use model::Object;
use model::document::{DOCUMENT_BYTES, Document, DocumentError};
use model::object::{Decision, DocumentHead, Mandate, Noun};
use sha2::{Digest, Sha256};

use crate::books::Books;
use crate::limits::DOCUMENTS_READ;
use crate::query::History;
use crate::request::{Refused, Request};

/// A document of the log, whoever signed it, or the pages of a rule book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDocument {
    /// Of all documents and rule books, from 1 and without gaps.
    pub number: u64,
    /// Nanoseconds since 1970: when it was entered.
    pub timestamp: u64,
    /// SHA-256 over it.
    pub sha256: [u8; 32],
    /// What it says; `None` where it is a rule book.
    pub document: Option<Document>,
}

impl Books {
    /// The documents from number `from` on, in order, at most `limit` and at most
    /// [`DOCUMENTS_READ`]; none where there are no more.
    pub async fn documents_from(
        &self,
        from: u64,
        limit: usize,
    ) -> Result<Vec<KeptDocument>, Refused> {
        let limit = limit.min(DOCUMENTS_READ) as u64;
        self.read(move |history| {
            let mut kept = Vec::new();
            for number in from.max(1)..from.max(1).saturating_add(limit) {
                match history.kept(number)? {
                    Some(document) => kept.push(document),
                    None => break,
                }
            }
            Ok(kept)
        })
        .await
    }

    /// Enters a mandate, a decision, a fulfilment or an appeal; the same text again gets the head
    /// that is there.
    pub async fn enter_document(
        &self,
        signed: SignedDocument,
    ) -> Result<Result<DocumentHead, DocumentRefusal>, Refused> {
        if signed.text.len() > DOCUMENT_BYTES {
            return Ok(Err(DocumentRefusal::Text(DocumentError {
                line: 0,
                why: "a document has at most 48 KiB",
            })));
        }
        let signed = Box::new(signed);
        let entered = self
            .ask(|reply| Request::EnterDocument(signed, reply))
            .await?;
        Ok(*entered)
    }

    /// The mandate of an authority, and the document that says it.
    pub async fn mandate(&self, authority: u128) -> Result<Option<(Mandate, Document)>, Refused> {
        let asked = vec![(Mandate::KIND, (authority, 0))];
        let Some(Object::Mandate(mandate)) = self.objects(asked).await?.pop().flatten() else {
            return Ok(None);
        };
        let document = self.document_text(mandate.document).await?;
        Ok(Some((mandate, document)))
    }

    /// A decision of an authority as it stands, and the document that says it.
    pub async fn decision(
        &self,
        authority: u128,
        number: u64,
    ) -> Result<Option<(Decision, Document)>, Refused> {
        let asked = vec![(Decision::KIND, (authority, number.into()))];
        let Some(Object::Decision(decision)) = self.objects(asked).await?.pop().flatten() else {
            return Ok(None);
        };
        let document = self.document_text(decision.document).await?;
        Ok(Some((decision, document)))
    }

    /// The head of the document with this SHA-256, and what it says.
    pub async fn document(
        &self,
        sha256: [u8; 32],
    ) -> Result<Option<(DocumentHead, Document)>, Refused> {
        let halves = sha256.as_chunks::<16>().0;
        let [first, second] = [0, 1].map(|half| u128::from_le_bytes(halves[half]));
        let asked = vec![(DocumentHead::KIND, (first, second))];
        let Some(Object::DocumentHead(head)) = self.objects(asked).await?.pop().flatten() else {
            return Ok(None);
        };
        let document = self.document_text(head.number).await?;
        Ok(Some((head, document)))
    }

    pub(crate) async fn document_text(&self, number: u64) -> Result<Document, Refused> {
        self.read(move |history| history.document_of(number)).await
    }
}

impl History {
    /// The document with this number, if there is one.
    fn kept(&self, number: u64) -> Result<Option<KeptDocument>, String> {
        let pages = self.pages(number)?;
        let Some(first) = pages.first() else {
            return Ok(None);
        };
        let timestamp = first.timestamp;
        let bytes: Vec<u8> = pages
            .iter()
            .flat_map(|page| page.content().to_vec())
            .collect();
        let sha256 = Sha256::digest(&bytes).into();
        let text = String::from_utf8(bytes).ok();
        Ok(Some(KeptDocument {
            number,
            timestamp,
            sha256,
            document: text.and_then(|text| Document::parse(&text).ok()),
        }))
    }

    /// What the pages of a document say that is no rule book.
    fn document_of(&self, number: u64) -> Result<Document, String> {
        let bytes = self.document(number)?;
        let text = String::from_utf8(bytes).map_err(|_| format!("document {number} is no text"))?;
        Document::parse(&text).map_err(|error| format!("document {number}: {error}"))
    }
}
