//! Rule books: entering a version, and reading those of any time.

use machine::{RuleBookEntry, RuleBookRefusal};
use model::Object;
use model::object::{Noun, RuleVersion};
use model::record::DOCUMENT_BYTES;
use model::rule::{RuleBook, bytes};

use crate::books::Books;
use crate::query::History;
use crate::request::{Refused, Request, RuleBookVersion};

impl Books {
    /// Enters a version of the rule book; the same again gets the version that is there.
    pub async fn enter_rule_book(
        &self,
        entry: RuleBookEntry,
    ) -> Result<Result<RuleVersion, RuleBookRefusal>, Refused> {
        if entry.bytes.len() > DOCUMENT_BYTES {
            return Ok(Err(RuleBookRefusal::Bytes(bytes::BytesError::Size)));
        }
        let entry = Box::new(entry);
        let entered = self
            .ask(|reply| Request::EnterRuleBook(entry, reply))
            .await?;
        Ok(*entered)
    }

    /// The version of the rule book that is in force now.
    pub async fn rule_book_in_force(&self) -> Result<Option<RuleBookVersion>, Refused> {
        let found = self.ask(|reply| Request::RuleBook(None, reply)).await?;
        Ok(found.map(|found| *found))
    }

    /// The version of the rule book with this number, in force, to come or past.
    pub async fn rule_book(&self, version: u32) -> Result<Option<RuleBookVersion>, Refused> {
        let wanted = Some(version);
        let found = self.ask(|reply| Request::RuleBook(wanted, reply)).await?;
        if let Some(found) = found {
            return Ok(Some(*found));
        }
        let asked = vec![(RuleVersion::KIND, (version.into(), 0))];
        let mut heads = self.objects(asked).await?;
        let Some(Object::RuleVersion(head)) = heads.pop().flatten() else {
            return Ok(None);
        };
        let book = self
            .read(move |history| history.rules_of(head.document))
            .await?;
        Ok(Some((head, book)))
    }
}

impl History {
    /// The rules that the pages of a document are.
    fn rules_of(&self, document: u64) -> Result<RuleBook, String> {
        let text = self.document(document)?;
        bytes::decode(&text).map_err(|error| format!("document {document}: {error}"))
    }

    /// What the pages of a document say together.
    pub(crate) fn document(&self, number: u64) -> Result<Vec<u8>, String> {
        let pages = self.pages(number)?;
        Ok(pages
            .iter()
            .flat_map(|page| page.content().to_vec())
            .collect())
    }
}
