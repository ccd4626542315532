//! Documents of authorities: entering them, and reading them again.

use machine::{DocumentRefusal, SignedDocument};
use model::Object;
use model::document::{DOCUMENT_BYTES, Document, DocumentError};
use model::object::{Decision, DocumentHead, Mandate, Noun};

use crate::books::Books;
use crate::query::History;
use crate::request::{Refused, Request};

impl Books {
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
    /// What the pages of a document say that is no rule book.
    fn document_of(&self, number: u64) -> Result<Document, String> {
        let bytes = self.document(number)?;
        let text = String::from_utf8(bytes).map_err(|_| format!("document {number} is no text"))?;
        Document::parse(&text).map_err(|error| format!("document {number}: {error}"))
    }
}
