use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::entry::{Change, Draft};
use crate::error::{Error, Refusal};
use crate::find;
use crate::index::Index;
use crate::indexer::{self, Ending, Shared};
use crate::listing::{BATCH_MAX, Listing, Text};
use crate::offsets::Offsets;
use crate::query::{Found, Query};
use crate::texts::{self, Texts};

/// Name of the directory, below that of the books.
pub const DIR: &str = "catalogue";

/// The texts of listings in one directory. Any thread may call it; one call at a time adds.
pub struct Catalogue {
    shared: Arc<Shared>,
    index: Index,
    end: Mutex<End>,
    torn: u64,
    indexer: Option<JoinHandle<()>>,
}

/// Where the next frame goes.
struct End {
    at: u64,
    /// An error on the disk left behind something unknown.
    stopped: bool,
}

impl Catalogue {
    /// Opens the catalogue in `dir`, or makes one. A torn end of `texts` is cut off; what the
    /// index has not seen is entered in the background.
    ///
    /// [`Error::Damaged`] where entries that were durable are not there any more.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(Error::io("create", "the directory"))?;
        let texts = Texts::open(dir)?;
        let (offsets, seen) = Offsets::open(dir)?;
        let (end, torn) = texts.recover(seen, |position, entry| {
            let newest = (entry.change != Change::Removed).then_some(position);
            offsets.set(entry.listing.number, newest)
        })?;
        let (index, findable) = Index::open(dir)?;
        if findable > end {
            return Err(Error::Damaged {
                file: texts::NAME,
                at: end,
                what: "the file ends here, and the index has seen more of it",
            });
        }
        let shared = Arc::new(Shared::new(texts, offsets, end, findable));
        let indexer = indexer::start(&shared, index.writer()?)?;
        Ok(Self {
            shared,
            index,
            end: Mutex::new(End {
                at: end,
                stopped: false,
            }),
            torn,
            indexer: Some(indexer),
        })
    }

    /// Bytes that the start cut off the end of `texts`, of a frame that nobody was told of.
    pub fn torn(&self) -> u64 {
        self.torn
    }

    /// Adds listings, at most [`BATCH_MAX`], all or none: durable when it returns, findable about
    /// a second later. A listing replaces the one that had its number.
    pub fn add(&self, listings: &[Listing<'_>]) -> Result<(), Error> {
        if listings.len() > BATCH_MAX {
            let listings = listings.len();
            return Err(Refusal::TooManyListings { listings }.into());
        }
        for listing in listings {
            listing.check()?;
        }
        if listings.is_empty() {
            return Ok(());
        }
        self.append(|draft, places| {
            let mut fresh = BTreeSet::new();
            for listing in listings {
                let number = listing.number;
                let known = !fresh.insert(number) || self.shared.offsets.get(number)?.is_some();
                let change = if known {
                    Change::Replaced
                } else {
                    Change::Added
                };
                places.push((number, Some(draft.push(change, listing))));
            }
            Ok(true)
        })?;
        Ok(())
    }

    /// Hides a listing: durable when it returns, gone from searches about a second later. Says
    /// whether there was one.
    pub fn remove(&self, number: u32) -> Result<bool, Error> {
        self.append(|draft, places| {
            if self.shared.offsets.get(number)?.is_none() {
                return Ok(false);
            }
            let listing = Listing {
                number,
                seller: 0,
                category: 0,
                ledger: 0,
                price: 0,
                title: "",
                label: "",
                text: "",
            };
            draft.push(Change::Removed, &listing);
            places.push((number, None));
            Ok(true)
        })
    }

    /// Appends the frame that `make` drafts, unless it says that there is none to append. It also
    /// gives the numbers, and where in the frame their entries stand.
    fn append(
        &self,
        make: impl FnOnce(&mut Draft, &mut Vec<(u32, Option<u64>)>) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        if end.stopped {
            return Err(Error::Stopped);
        }
        let (mut draft, mut places) = (Draft::new(), Vec::new());
        if !make(&mut draft, &mut places)? {
            return Ok(false);
        }
        // From here to the end, an error leaves the files in a state that only a start can judge.
        end.stopped = true;
        let bytes = draft.finish(end.at);
        self.shared.texts.write(&bytes, end.at)?;
        self.shared.texts.sync()?;
        for (number, place) in places {
            let position = place.map(|place| end.at + place);
            self.shared.offsets.set(number, position)?;
        }
        end.at += bytes.len() as u64;
        end.stopped = false;
        self.shared.extend(end.at);
        Ok(true)
    }

    /// The texts of a listing; `None` where there is none, or it was removed.
    pub fn get(&self, number: u32) -> Result<Option<Text>, Error> {
        let Some(at) = self.shared.offsets.get(number)? else {
            return Ok(None);
        };
        let text = self.shared.texts.text(at, number)?;
        Ok(Some(text))
    }

    /// The listings that a query finds, of those that are findable.
    pub fn search(&self, query: &Query<'_>) -> Result<Found, Error> {
        self.shared.failed()?;
        find::search(&self.index, query)
    }

    /// Bytes of `texts` whose listings cannot be found yet.
    pub fn waiting(&self) -> u64 {
        self.shared.waiting()
    }

    /// Waits until all that was added can be found.
    pub fn flush(&self) -> Result<(), Error> {
        self.shared.flush()
    }

    /// Closes when all that was added can be found, and the index has merged what it wanted to.
    /// Dropping the catalogue loses nothing either; the next start then has more to do.
    pub fn close(mut self) -> Result<(), Error> {
        self.end_indexer(Ending::Done);
        self.shared.failed()
    }

    fn end_indexer(&mut self, ending: Ending) {
        self.shared.end(ending);
        if let Some(thread) = self.indexer.take() {
            // A panic there has been reported by its own message.
            let _ = thread.join();
        }
    }
}

impl Drop for Catalogue {
    fn drop(&mut self) {
        self.end_indexer(Ending::Now);
    }
}
