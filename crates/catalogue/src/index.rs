//! The folder `search`: which listings have a word. Derived from `texts`; it can be deleted.
//!
//! All texts of a listing go into one field, its title three times, so that a word of the title
//! weighs more and a query of several words meets as many lists as it has words, whatever part of
//! the listing they stand in. The index keeps words and counts, not the texts and not positions.

use std::fs;
use std::io;
use std::path::Path;

use tantivy::directory::MmapDirectory;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term};

use crate::entry::{Change, Entry};
use crate::error::Error;
use crate::listing::Listing;
use crate::texts;
use crate::words;

/// Name of the folder.
pub const DIR: &str = "search";
/// Name under which the index knows [`words::Splitter`].
const SPLITTER: &str = "words";
/// Changes whenever the same entries give another index, so that it is built again.
const VERSION: u32 = 1;
/// Times that a word of the title counts.
const TITLE_WEIGHT: usize = 3;
/// Bytes of memory in which a segment is made.
const SEGMENT_MEMORY: usize = 128 << 20;
/// Threads that make segments of fewer, larger ones of more: the books have the other cores.
const MERGE_THREADS: usize = 2;
/// Part of a segment that may be of replaced and removed listings before it is written anew.
const REPLACED_MAX: f32 = 0.3;

/// The fields of the index.
#[derive(Clone, Copy)]
pub struct Fields {
    /// The words of title, label and text.
    pub words: Field,
    /// The listing.
    pub number: Field,
    /// Its seller.
    pub seller: Field,
    /// Its category.
    pub category: Field,
    ledger: Field,
    price: Field,
}

/// Name of the column of listings.
pub const NUMBER: &str = "number";
/// Name of the column of ledgers.
pub const LEDGER: &str = "ledger";
/// Name of the column of prices.
pub const PRICE: &str = "price";

/// The open index.
pub struct Index {
    opened: tantivy::Index,
    /// Its fields.
    pub fields: Fields,
    /// What is searched: the newest commit.
    pub reader: IndexReader,
}

impl Index {
    /// Opens the index below `dir`, or begins one, and says from where in `texts` on it has to be
    /// told. One that cannot be read, or that another version made, is deleted and begun anew.
    pub fn open(dir: &Path) -> Result<(Self, u64), Error> {
        let dir = dir.join(DIR);
        if let Some(opened) = existing(&dir)? {
            return Ok(opened);
        }
        match fs::remove_dir_all(&dir) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io("empty", DIR)(e));
            }
            _ => fs::create_dir(&dir).map_err(Error::io("create", DIR))?,
        }
        let directory = MmapDirectory::open(&dir).map_err(TantivyError::from)?;
        let (schema, fields) = schema();
        let settings = tantivy::IndexSettings::default();
        let index = tantivy::Index::create(directory, schema, settings)?;
        Ok((Self::new(index, fields)?, texts::FIRST))
    }

    fn new(index: tantivy::Index, fields: Fields) -> Result<Self, TantivyError> {
        index.tokenizers().register(SPLITTER, words::Splitter);
        let reader = index.reader_builder();
        let reader = reader.reload_policy(ReloadPolicy::OnCommitWithDelay);
        Ok(Self {
            reader: reader.try_into()?,
            opened: index,
            fields,
        })
    }

    /// What enters listings; there is one at a time.
    pub fn writer(&self) -> Result<Writer, Error> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .memory_budget_per_thread(SEGMENT_MEMORY)
            .num_merge_threads(MERGE_THREADS)
            .build();
        let entering: IndexWriter = self.opened.writer_with_options(options)?;
        let mut merges = LogMergePolicy::default();
        merges.set_del_docs_ratio_before_merge(REPLACED_MAX);
        entering.set_merge_policy(Box::new(merges));
        Ok(Writer {
            entering,
            reader: self.reader.clone(),
            fields: self.fields,
        })
    }
}

/// The index in `dir`, if it is there, whole and of this version.
fn existing(dir: &Path) -> Result<Option<(Index, u64)>, Error> {
    if !dir.join("meta.json").exists() {
        return Ok(None);
    }
    let opened = tantivy::Index::open_in_dir(dir).and_then(|index| {
        let payload = index.load_metas()?.payload;
        let (schema, fields) = schema();
        let seen = payload.and_then(|payload| parse(&payload));
        Ok(match seen {
            Some(seen) if index.schema() == schema => Some((Index::new(index, fields)?, seen)),
            _ => None,
        })
    });
    match opened {
        Ok(opened) => Ok(opened),
        Err(e @ (TantivyError::IoError(_) | TantivyError::LockFailure(..))) => Err(e.into()),
        Err(_) => Ok(None),
    }
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(SPLITTER)
        .set_index_option(IndexRecordOption::WithFreqs);
    let fields = Fields {
        words: schema.add_text_field(
            "words",
            TextOptions::default().set_indexing_options(indexing),
        ),
        number: schema.add_u64_field(NUMBER, FAST | INDEXED),
        seller: schema.add_u64_field("seller", INDEXED),
        category: schema.add_u64_field("category", INDEXED),
        ledger: schema.add_u64_field(LEDGER, FAST),
        price: schema.add_u64_field(PRICE, FAST),
    };
    (schema.build(), fields)
}

/// What stands beside a commit: versions, and where in `texts` the first entry is that it has not
/// seen.
fn payload(seen: u64) -> String {
    format!("{VERSION}.{} {seen}", words::VERSION)
}

fn parse(text: &str) -> Option<u64> {
    let (_, seen) = text.split_once(' ')?;
    let seen = seen.parse().ok()?;
    (text == payload(seen)).then_some(seen)
}

/// Enters listings.
pub struct Writer {
    entering: IndexWriter,
    reader: IndexReader,
    fields: Fields,
}

impl Writer {
    /// Enters what an entry says. `newest` tells that no later entry is of the same number.
    pub fn enter(&self, entry: &Entry<'_>, newest: bool) -> Result<(), Error> {
        let listing = &entry.listing;
        if entry.change != Change::Added {
            let number = Term::from_field_u64(self.fields.number, listing.number.into());
            self.entering.delete_term(number);
        }
        if newest && entry.change != Change::Removed {
            self.entering.add_document(self.document(listing))?;
        }
        Ok(())
    }

    fn document(&self, listing: &Listing<'_>) -> TantivyDocument {
        let fields = &self.fields;
        let mut document = TantivyDocument::new();
        let titles = [listing.title; TITLE_WEIGHT];
        for part in titles.into_iter().chain([listing.label, listing.text]) {
            document.add_text(fields.words, part);
        }
        document.add_u64(fields.number, listing.number.into());
        document.add_u64(fields.seller, listing.seller);
        document.add_u64(fields.category, listing.category.into());
        document.add_u64(fields.ledger, listing.ledger.into());
        document.add_u64(fields.price, listing.price);
        document
    }

    /// Makes durable and findable what was entered: everything before `seen` in `texts`.
    pub fn commit(&mut self, seen: u64) -> Result<(), Error> {
        let mut commit = self.entering.prepare_commit()?;
        commit.set_payload(&payload(seen));
        commit.commit()?;
        Ok(self.reader.reload()?)
    }

    /// Ends behind the merges that are under way.
    pub fn close(self) -> Result<(), Error> {
        self.entering.wait_merging_threads()?;
        Ok(self.reader.reload()?)
    }
}
