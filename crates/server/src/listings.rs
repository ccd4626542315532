//! Listings: number, price and stock in the books, texts in the catalogue. This is the one place
//! where both are changed: first the command, which commits to the texts and gives the number,
//! then the texts.
//!
//! | while | afterwards |
//! |---|---|
//! | the books have the command, the catalogue not yet the texts | nobody was told; the listing says that its texts are missing, and the same request again adds them |

use std::collections::BTreeMap;
use std::sync::Arc;

use catalogue::{
    Catalogue, Error as CatalogueError, Listing as Entry, Matches, Order, Prices, Query, Text,
    digest,
};
use engine::Books;
use model::object::{Listing, Noun};
use model::{Act, Command, CommandResult, CommandStatus, Object};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use crate::limits::CATALOGUE_CATCH_UP;
use crate::personal::{cut_off, to_its_end};
use crate::problem::{Kind, Problem};
use crate::wire::ListingSearch;

/// Of the states of a listing the one that is left out of searches.
const WITHDRAWN: u8 = 1;

/// The catalogue beside its books.
#[derive(Clone)]
pub(crate) struct Listings {
    books: Books,
    catalogue: Arc<Catalogue>,
    /// Held from the commands until the catalogue has their texts, so that both keep one order.
    turn: Arc<Mutex<()>>,
}

/// A listing with its texts, and how they stand to each other.
pub(crate) struct Shown {
    pub listing: Listing,
    pub texts: Option<Text>,
    pub agreement: Agreement,
}

/// How the texts of the catalogue stand to the digest of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// They have it.
    Agree,
    /// There are none, and the books commit to some.
    Missing,
    /// They have another.
    Differ,
    /// There are none, and the books commit to none.
    None,
}

impl Agreement {
    /// Its name in text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Missing => "missing",
            Self::Differ => "differ",
            Self::None => "none",
        }
    }

    fn of(listing: &Listing, texts: Option<&Text>) -> Self {
        match texts {
            Some(texts) if committed(texts) == listing.text => Self::Agree,
            Some(_) => Self::Differ,
            None if listing.text == 0 => Self::None,
            None => Self::Missing,
        }
    }
}

/// What a search found, as the books have it.
pub(crate) struct Page {
    pub hits: Vec<(Listing, Text)>,
    pub matches: Matches,
    /// Hits of the page that are left out: withdrawn since.
    pub withdrawn: u64,
    /// Hits of the page that are left out: the books say something else by now than was asked for.
    pub changed: u64,
    /// Bytes of texts that cannot be found yet.
    pub waiting: u64,
}

impl Listings {
    pub fn new(books: Books, catalogue: Arc<Catalogue>) -> Self {
        Self {
            books,
            catalogue,
            turn: Arc::default(),
        }
    }

    /// Carries out commands that add and set listings, and adds the texts of those that were: each
    /// command has the digest of its own. It goes on to its end where the client does not wait.
    pub async fn carry_out(
        &self,
        commands: Vec<Command>,
        texts: Vec<Text>,
    ) -> Result<Vec<CommandResult>, Problem> {
        let this = self.clone();
        to_its_end(async move {
            let _turn = this.turn.lock().await;
            let results = this.books.commands(commands.clone()).await?;
            let (mut wanted, mut repeated) = (BTreeMap::new(), BTreeMap::new());
            for ((command, result), texts) in commands.iter().zip(&results).zip(texts) {
                let number = number_of(command, result);
                match CommandStatus::from_code(result.status) {
                    Some(CommandStatus::Created) => _ = wanted.insert(number, texts),
                    Some(CommandStatus::Exists) => _ = repeated.insert(number, texts),
                    _ => {}
                }
            }
            repeated.retain(|number, _| !wanted.contains_key(number));
            wanted.extend(this.lacking(repeated).await?);
            this.add(wanted).await?;
            Ok(results)
        })
        .await
    }

    /// Of these texts those that the books commit to and the catalogue has not.
    async fn lacking(&self, repeated: BTreeMap<u32, Text>) -> Result<BTreeMap<u32, Text>, Problem> {
        let mut lacking = self
            .blocking(move |catalogue| {
                let mut lacking = repeated;
                let mut kept = BTreeMap::new();
                for number in lacking.keys() {
                    kept.insert(*number, catalogue.get(*number)?);
                }
                let digest_of_kept = |number: &u32| kept.get(number)?.as_ref().map(committed);
                lacking.retain(|number, texts| digest_of_kept(number) != Some(committed(texts)));
                Ok(lacking)
            })
            .await?;
        let mut set_since = Vec::new();
        for (number, texts) in &lacking {
            // Those that were set to others since are not to be undone by a late repetition.
            let known = self.books.listing(*number).await?;
            if known.is_none_or(|known| known.text != committed(texts)) {
                set_since.push(*number);
            }
        }
        lacking.retain(|number, _| !set_since.contains(number));
        Ok(lacking)
    }

    /// Adds texts, with what searches filter by as the books have it.
    async fn add(&self, wanted: BTreeMap<u32, Text>) -> Result<(), Problem> {
        if wanted.is_empty() {
            return Ok(());
        }
        let listings = self.hot(wanted.keys().copied()).await?;
        let entries = listings.into_iter().flatten().zip(wanted.into_values());
        let entries: Vec<(Listing, Text)> = entries.collect();
        self.blocking(move |catalogue| {
            let entries: Vec<Entry<'_>> = entries
                .iter()
                .map(|(listing, text)| Entry {
                    number: listing.number,
                    seller: seller_hash(listing.seller),
                    category: listing.category,
                    ledger: listing.ledger,
                    price: listing.price,
                    title: &text.title,
                    label: &text.label,
                    text: &text.text,
                })
                .collect();
            catalogue.add(&entries)
        })
        .await
    }

    /// A listing with its texts; `None` where the books have none of this number.
    pub async fn get(&self, number: u32) -> Result<Option<Shown>, Problem> {
        let Some(listing) = self.books.listing(number).await? else {
            return Ok(None);
        };
        let texts = self
            .blocking(move |catalogue| catalogue.get(number))
            .await?;
        Ok(Some(Shown {
            agreement: Agreement::of(&listing, texts.as_ref()),
            listing,
            texts,
        }))
    }

    /// What a listing of this category says that it is called.
    pub async fn label_of(&self, category: u32) -> Result<Option<String>, Problem> {
        let query = format!("category={category}&limit=1");
        let page = self
            .search(ListingSearch::read(Some(&query))?, None)
            .await?;
        let label = page.hits.into_iter().next().map(|(_, texts)| texts.label);
        Ok(label.filter(|label| !label.is_empty()))
    }

    /// A page of what is found, joined with the books.
    pub async fn search(
        &self,
        asked: ListingSearch,
        prices: Option<Prices>,
    ) -> Result<Page, Problem> {
        let (seller, order) = (asked.seller, asked.order);
        let category = asked.category;
        let (matches, found, waiting) = self
            .blocking(move |catalogue| {
                let waiting = catalogue.waiting();
                let found = catalogue.search(&query(&asked, prices))?;
                let texts = found.numbers.iter().map(|number| catalogue.get(*number));
                let texts: Vec<Option<Text>> = texts.collect::<Result<_, _>>()?;
                let both = found.numbers.into_iter().zip(texts);
                Ok((found.matches, both.collect::<Vec<_>>(), waiting))
            })
            .await?;
        let mut page = Page {
            hits: Vec::with_capacity(found.len()),
            matches,
            withdrawn: 0,
            changed: 0,
            waiting,
        };
        let listings = self.hot(found.iter().map(|(number, _)| *number)).await?;
        for (listing, (_, texts)) in listings.into_iter().zip(found) {
            let fits = |listing: &Listing| {
                let priced = prices.is_none_or(|prices| {
                    prices.ledger == listing.ledger
                        && (prices.least..=prices.most).contains(&listing.price)
                });
                priced
                    && seller.is_none_or(|seller| seller == listing.seller)
                    && category.is_none_or(|category| category == listing.category)
            };
            match (listing, texts) {
                (Some(listing), Some(_)) if listing.state == WITHDRAWN => page.withdrawn += 1,
                (Some(listing), Some(texts)) if fits(&listing) => page.hits.push((listing, texts)),
                _ => page.changed += 1,
            }
        }
        match order {
            Order::Relevance => {}
            Order::Cheapest => page.hits.sort_by_key(|(listing, _)| listing.price),
            Order::Dearest => page
                .hits
                .sort_by_key(|(listing, _)| std::cmp::Reverse(listing.price)),
        }
        Ok(page)
    }

    /// What the state has of these listings.
    async fn hot(
        &self,
        numbers: impl Iterator<Item = u32>,
    ) -> Result<Vec<Option<Listing>>, Problem> {
        let asked = numbers.map(|number| (Listing::KIND, (number.into(), 0)));
        let found = self.books.objects(asked.collect()).await?;
        let listing = |object| match object {
            Some(Object::Listing(listing)) => Some(listing),
            _ => None,
        };
        Ok(found.into_iter().map(listing).collect())
    }

    /// Has the index catch up where that takes a moment: at the start, so that what was added is
    /// found at once, and at the end, so that the next start has nothing to do.
    pub async fn catch_up(&self) {
        if self.catalogue.waiting() > CATALOGUE_CATCH_UP {
            return;
        }
        if let Err(problem) = self.blocking(Catalogue::flush).await {
            tracing::warn!(
                "the catalogue's index did not catch up: {}",
                problem.body().detail()
            );
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Catalogue) -> Result<T, CatalogueError> + Send + 'static,
    ) -> Result<T, Problem> {
        let catalogue = Arc::clone(&self.catalogue);
        match tokio::task::spawn_blocking(move || work(&catalogue)).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(CatalogueError::Refused(refusal))) => {
                Err(Problem::new(Kind::Invalid, format!("`q`: {refusal}.")))
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "the catalogue refused");
                let detail =
                    "The catalogue could not be read or written; the server's log says why.";
                Err(Problem::new(Kind::Unavailable, detail))
            }
            Err(_) => Err(cut_off()),
        }
    }
}

fn query(asked: &ListingSearch, prices: Option<Prices>) -> Query<'_> {
    Query {
        words: &asked.words,
        last: asked.last,
        category: asked.category,
        seller: asked.seller.map(seller_hash),
        prices,
        order: asked.order,
        limit: asked.limit,
        offset: asked.offset,
    }
}

/// The listing that a command made or set.
pub(crate) fn number_of(command: &Command, result: &CommandResult) -> u32 {
    match command.act {
        Act::ListingSet(set) => set.listing,
        _ => result.number as u32,
    }
}

/// The digest of texts as the books have it.
fn committed(texts: &Text) -> u128 {
    u128::from_le_bytes(digest(&texts.title, &texts.text))
}

/// Stands for a seller in the index: the first 8 bytes of the SHA-256 of the id.
fn seller_hash(seller: u128) -> u64 {
    let whole: [u8; 32] = Sha256::digest(seller.to_le_bytes()).into();
    u64::from_le_bytes(std::array::from_fn(|byte| whole[byte]))
}
