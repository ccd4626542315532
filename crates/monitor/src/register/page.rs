//! Pages of a register, as a log serves them below `register/`.

use serde::Deserialize;

use crate::fetch::Fetch;
use crate::report::{Finding, Kind};

/// Entries of a whole page.
pub(crate) const PAGE: u64 = 64;

/// Bytes of a page at most: 64 KiB an entry.
const PAGE_BYTES: usize = 4 << 20;

const FORMAT: &str = "counterfoil/register/v1";

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shelf {
    Demands,
    Disclosures,
}

impl Shelf {
    /// The name of its pages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Demands => "demands",
            Self::Disclosures => "disclosures",
        }
    }

    /// What one entry is.
    pub(crate) const fn one(self) -> &'static str {
        match self {
            Self::Demands => "demand",
            Self::Disclosures => "disclosure",
        }
    }

    /// Where a page stands.
    pub(crate) fn path(self, page: u64) -> String {
        format!("register/{}/{page}", self.name())
    }
}

/// A page.
#[derive(Deserialize)]
struct Page {
    format: String,
    first: u64,
    entries: Vec<Entry>,
}

/// A demand or a disclosure.
#[derive(Deserialize)]
pub(crate) struct Entry {
    /// Its serial.
    pub(crate) number: u64,
    /// What shows that its newest record is in the log.
    pub(crate) receipt: String,
    /// Of a demand: its public lines.
    pub(crate) text: Option<String>,
}

/// The first number on the page of a number.
pub(crate) const fn first_of(number: u64) -> u64 {
    (number - 1) / PAGE * PAGE + 1
}

/// Fetches the page with an entry, of at most `last`, and gives its entries up to there, in order
/// and without gaps.
pub(crate) fn fetch(
    fetch: &mut Fetch,
    shelf: Shelf,
    number: u64,
    last: u64,
) -> Result<Vec<Entry>, Finding> {
    let first = first_of(number);
    let path = shelf.path((first - 1) / PAGE);
    let unserved = |what: String| Finding::new(Kind::RegisterUnserved, what);
    let bytes = fetch.get(&path, PAGE_BYTES, Kind::RegisterUnserved)?;
    let (name, one) = (shelf.name(), shelf.one());
    let bytes = bytes.ok_or_else(|| {
        unserved(format!(
            "the register is not served: {path} is not there, though the newest entry counts {last} {name}"
        ))
    })?;
    let page: Page = serde_json::from_slice(&bytes)
        .map_err(|e| unserved(format!("{path} is no page of a register: {e}")))?;
    if page.format != FORMAT || page.first != first || page.entries.len() as u64 > PAGE {
        return Err(unserved(format!(
            "{path} is not a page of {FORMAT} that begins with {one} {first} and has {PAGE} entries at most"
        )));
    }
    let mut entries = page.entries;
    // What is newer than the checkpoint is looked at with the next one.
    let end = last.min(first.saturating_add(PAGE - 1));
    entries.truncate((end - first + 1) as usize);
    let numbers = entries.iter().map(|entry| Some(entry.number));
    for (expected, found) in (first..=end).zip(numbers.chain(std::iter::repeat(None))) {
        if found != Some(expected) {
            let found = found.map_or("nothing".to_owned(), |found| format!("{one} {found}"));
            return Err(Finding::new(
                Kind::SerialGap,
                format!(
                    "gap in serials: {path} has {found} in the place of {one} {expected}, and the newest entry counts {last}"
                ),
            ));
        }
    }
    Ok(entries)
}
