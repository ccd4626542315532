//! Listings in JSON: what the books know of one and what the catalogue says, in one object; and
//! the parameters of a search.

use catalogue::{
    LABEL_BYTES_MAX, LIMIT_MAX, Last, OFFSET_MAX, Order, Prices, QUERY_BYTES_MAX, TEXT_BYTES_MAX,
    TITLE_BYTES_MAX, Text, digest,
};
use model::money::parse_amount;
use model::object::Listing;
use serde_json::{Map, Value};

use super::command::object_view;
use super::{Currencies, NewCommand, parse_u128};
use crate::problem::{Kind, Problem, echo};
use crate::query::pairs;

/// The fields of a listing that is added.
const ADDED: [&str; 9] = [
    "id",
    "seller",
    "ledger",
    "category",
    "price",
    "stock",
    "title",
    "text",
    "category_label",
];

/// The fields of a listing that is set.
const SET: [&str; 8] = [
    "id",
    "ledger",
    "price",
    "stock",
    "state",
    "title",
    "text",
    "category_label",
];

/// A listing to be added or set: the command that has its digest, and its texts.
#[derive(Clone, Debug)]
pub struct NewListing {
    /// `listing_add` or `listing_set`.
    pub command: NewCommand,
    /// What the digest is of, and the label.
    pub texts: Text,
}

impl NewListing {
    /// A new one, as its fields say.
    pub fn added(fields: NewCommand) -> Result<Self, Problem> {
        Self::read(fields, &ADDED, "listing_add")
    }

    /// The one with this number, as its fields say from now on.
    pub fn set(fields: NewCommand, number: u32) -> Result<Self, Problem> {
        let mut new = Self::read(fields, &SET, "listing_set")?;
        new.command.0.insert("listing".to_owned(), number.into());
        Ok(new)
    }

    fn read(fields: NewCommand, known: &[&str], act: &str) -> Result<Self, Problem> {
        let mut fields = fields.0;
        if let Some(name) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            let says = format!(
                "{:?} is no field of the listing, which has {}.",
                echo(name),
                known.join(", ")
            );
            return Err(Problem::new(Kind::MalformedJson, says).at(format!("/{}", echo(name))));
        }
        let title = text_of(&mut fields, "title", TITLE_BYTES_MAX)?;
        if title.is_empty() {
            let says = format!("`title` is missing or empty; it has 1 to {TITLE_BYTES_MAX} bytes.");
            return Err(Problem::new(Kind::Invalid, says).at("/title"));
        }
        let texts = Text {
            title,
            text: text_of(&mut fields, "text", TEXT_BYTES_MAX)?,
            label: text_of(&mut fields, "category_label", LABEL_BYTES_MAX)?,
        };
        let digest = hexadecimal(digest(&texts.title, &texts.text));
        fields.insert("text".to_owned(), digest.into());
        fields.insert("act".to_owned(), act.into());
        Ok(Self {
            command: NewCommand(fields),
            texts,
        })
    }
}

/// Takes a text out of the fields; an empty one where there is none.
fn text_of(fields: &mut Map<String, Value>, name: &str, most: usize) -> Result<String, Problem> {
    let at = format!("/{name}");
    match fields.remove(name) {
        None => Ok(String::new()),
        Some(Value::String(text)) if text.len() <= most => Ok(text),
        Some(Value::String(text)) => {
            let says = format!("`{name}` has {} bytes; it has at most {most}.", text.len());
            Err(Problem::new(Kind::Invalid, says).at(at))
        }
        Some(_) => {
            let says = format!("`{name}` is text.");
            Err(Problem::new(Kind::MalformedJson, says).at(at))
        }
    }
}

/// A listing as the books have it and, where they are asked for, its texts. `digest` is what the
/// books commit to.
pub fn listing_view(
    listing: &Listing,
    texts: Option<&Text>,
    currencies: &Currencies,
) -> Map<String, Value> {
    let view = object_view(&(*listing).into(), currencies);
    let Value::Object(mut view) = view else {
        unreachable!("objects are shown as objects")
    };
    view.remove("object");
    if let Some(digest) = view.remove("text") {
        view.insert("digest".to_owned(), digest);
    }
    if let Some(texts) = texts {
        view.insert("title".to_owned(), texts.title.as_str().into());
        view.insert("text".to_owned(), texts.text.as_str().into());
        view.insert("category_label".to_owned(), texts.label.as_str().into());
    }
    view
}

/// A digest in the order of its bytes.
pub fn hexadecimal(digest: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(digest))
}

/// The parameters of a search, in the order of [`PARAMETERS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingSearch {
    /// Plain words.
    pub words: String,
    /// What the last word is.
    pub last: Last,
    /// Only this category.
    pub category: Option<u32>,
    /// Only this seller.
    pub seller: Option<u128>,
    /// Only this ledger.
    pub ledger: Option<u32>,
    /// The lowest price, in major units as it was written.
    least: Option<String>,
    /// The highest price, likewise.
    most: Option<String>,
    /// Which hits come first.
    pub order: Order,
    /// Hits wanted.
    pub limit: u32,
    /// Hits skipped before them.
    pub offset: u32,
}

const PARAMETERS: [&str; 10] = [
    "q", "last", "category", "seller", "ledger", "least", "most", "sort", "limit", "offset",
];

/// Hits of a page where nobody says how many.
const LIMIT_USUAL: u32 = 20;

impl ListingSearch {
    /// Reads the part of a URL behind its question mark.
    pub fn read(query: Option<&str>) -> Result<Self, Problem> {
        let mut search = Self {
            words: String::new(),
            last: Last::Whole,
            category: None,
            seller: None,
            ledger: None,
            least: None,
            most: None,
            order: Order::Relevance,
            limit: LIMIT_USUAL,
            offset: 0,
        };
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in pairs(query, &PARAMETERS)? {
            if seen.contains(&name) {
                return Err(invalid(format!("`{name}` is given twice.")));
            }
            seen.push(name);
            search
                .set(name, &value)
                .map_err(|right| invalid(format!("`{name}` is {:?}: {right}.", echo(&value))))?;
        }
        search.check()?;
        Ok(search)
    }

    /// Takes one parameter, or says what would be right.
    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number = |right: &str| number(value).ok_or_else(|| right.to_owned());
        match name {
            "q" if value.len() > QUERY_BYTES_MAX => {
                return Err(format!("it has at most {QUERY_BYTES_MAX} bytes"));
            }
            // Spaces as forms write them.
            "q" => self.words = value.replace('+', " "),
            "last" => {
                self.last = match value {
                    "whole" => Last::Whole,
                    "beginning" => Last::Beginning,
                    _ => return Err("it is whole or beginning".to_owned()),
                }
            }
            "category" => self.category = Some(number("it is a number of a category")?),
            "seller" => {
                let seller = parse_u128(value).filter(|id| *id != 0);
                let right = "it is the id of a party, decimal or 0x hexadecimal";
                self.seller = Some(seller.ok_or(right)?);
            }
            "ledger" => {
                let right = "it is the number of a ledger";
                let ledger = Some(number(right)?).filter(|ledger| *ledger != 0);
                self.ledger = Some(ledger.ok_or(right)?);
            }
            "least" => self.least = Some(value.to_owned()),
            "most" => self.most = Some(value.to_owned()),
            "sort" => {
                self.order = match value {
                    "relevance" => Order::Relevance,
                    "price" => Order::Cheapest,
                    "price_down" => Order::Dearest,
                    _ => return Err("it is relevance, price or price_down".to_owned()),
                }
            }
            "limit" => {
                let right = format!("it is 1 to {LIMIT_MAX}");
                let limit = Some(number(&right)?).filter(|n| (1..=LIMIT_MAX).contains(n));
                self.limit = limit.ok_or(right)?;
            }
            _ => {
                let right = format!("it is 0 to {OFFSET_MAX}");
                let offset = Some(number(&right)?).filter(|offset| *offset <= OFFSET_MAX);
                self.offset = offset.ok_or(right)?;
            }
        }
        Ok(())
    }

    /// What parameters need of each other.
    fn check(&self) -> Result<(), Problem> {
        if self.ledger.is_some() {
            return Ok(());
        }
        let needs = match (&self.least, &self.most, self.order) {
            (Some(_), _, _) => "least",
            (_, Some(_), _) => "most",
            (_, _, Order::Cheapest | Order::Dearest) => "sort",
            _ => return Ok(()),
        };
        Err(invalid(format!(
            "`{needs}` needs `ledger`: prices are compared within one."
        )))
    }

    /// Only these prices, where prices or a ledger are named.
    pub fn prices(&self, currencies: &Currencies) -> Result<Option<Prices>, Problem> {
        let Some(ledger) = self.ledger else {
            return Ok(None);
        };
        let minor = |name: &str, text: &Option<String>, otherwise: u64| {
            let Some(text) = text else {
                return Ok(otherwise);
            };
            let currency = currencies.get(&ledger).ok_or_else(|| {
                let says = format!("`{name}`: ledger {ledger} has no currency yet.");
                Problem::new(Kind::LedgerNotDeclared, says)
            })?;
            let minor = parse_amount(text, currency.exponent).map_err(|error| {
                let code = currency.code;
                let says = format!(
                    "`{name}` is {:?}, no amount in {code}: {error}.",
                    echo(text)
                );
                Problem::new(Kind::InvalidAmount, says)
            })?;
            u64::try_from(minor).map_err(|_| {
                let says = format!("`{name}` is more than a price can be.");
                Problem::new(Kind::InvalidAmount, says)
            })
        };
        let prices = Prices {
            ledger,
            least: minor("least", &self.least, 0)?,
            most: minor("most", &self.most, u64::MAX)?,
        };
        if prices.least > prices.most {
            return Err(invalid("`least` is more than `most`.".to_owned()));
        }
        Ok(Some(prices))
    }
}

/// A number in decimal or hexadecimal that fits.
fn number(text: &str) -> Option<u32> {
    u32::try_from(parse_u128(text)?).ok()
}

fn invalid(says: String) -> Problem {
    Problem::new(Kind::Invalid, says)
}

#[cfg(test)]
mod tests {
    use super::{ListingSearch, NewListing};
    use crate::wire::{Currencies, Posted, parse_commands};
    use catalogue::{Last, Order, Prices, digest};
    use model::money::CurrencyCode;
    use model::{Act, Currency};
    use proptest::prelude::*;

    fn euros() -> Currencies {
        let currency = Currency {
            ledger: 978,
            code: CurrencyCode::new("EUR").expect("a code"),
            exponent: 2,
            timestamp: 1,
        };
        Currencies::from([(978, currency)])
    }

    fn added(json: &str) -> Result<NewListing, String> {
        let posted = parse_commands(json.as_bytes()).expect("an object");
        let Posted::One(fields) = posted else {
            panic!("it is one")
        };
        NewListing::added(fields).map_err(|problem| format!("{:?}", problem.body()))
    }

    #[test]
    fn a_listing_becomes_its_command_with_the_digest() {
        let new = added(
            r#"{"id":"7","seller":"9","ledger":978,"price":"12.50","stock":3,"title":"Чай","text":"x"}"#,
        );
        let new = new.expect("it is whole");
        let command = new.command.to_model(&euros()).expect("it is whole");
        let Act::ListingAdd(add) = command.act else {
            panic!("it adds")
        };
        let digest = u128::from_le_bytes(digest("Чай", "x"));
        assert_eq!((add.seller, add.price, add.text), (9, 1250, digest));
        assert_eq!(
            (new.texts.title.as_str(), new.texts.label.as_str()),
            ("Чай", "")
        );
    }

    #[test]
    fn what_is_wrong_with_a_listing_is_named() {
        let long = |name: &str, bytes| {
            let title = if name == "title" {
                ""
            } else {
                r#""title":"a","#
            };
            format!(r#"{{{title}"{name}":"{}"}}"#, "x".repeat(bytes))
        };
        for (json, says) in [
            ("{}".to_owned(), "`title` is missing"),
            (r#"{"title":""}"#.to_owned(), "`title` is missing or empty"),
            (r#"{"title":7}"#.to_owned(), "`title` is text"),
            (r#"{"title":"a","text":null}"#.to_owned(), "`text` is text"),
            (
                r#"{"title":"a","act":"pay"}"#.to_owned(),
                "no field of the listing",
            ),
            (long("title", 201), "`title` has 201 bytes"),
            (long("text", 2_001), "`text` has 2001 bytes"),
            (
                long("category_label", 101),
                "`category_label` has 101 bytes",
            ),
        ] {
            let found = added(&json).expect_err("it is wrong");
            assert!(found.contains(says), "{json}: {found}");
        }
    }

    #[test]
    fn wrong_parameters_are_named() {
        for (query, says) in [
            ("q=a&q=b", "`q` is given twice"),
            ("category=x", "`category` is \"x\": it is a number"),
            ("seller=0", "`seller`"),
            ("ledger=0", "`ledger`"),
            ("sort=best", "relevance, price or price_down"),
            ("sort=price&q=a", "`sort` needs `ledger`"),
            ("least=1", "`least` needs `ledger`"),
            ("most=1", "`most` needs `ledger`"),
            ("limit=0", "1 to 100"),
            ("limit=101", "1 to 100"),
            ("offset=1001", "0 to 1000"),
            ("last=half", "whole or beginning"),
            ("words=a", "no parameter"),
        ] {
            let problem = ListingSearch::read(Some(query)).expect_err(query);
            let detail = problem.body().detail();
            assert!(detail.contains(says), "{query}: {detail}");
        }
        for (query, says) in [
            ("ledger=978&least=1.234", "`least` is \"1.234\""),
            ("ledger=5&most=1", "ledger 5 has no currency"),
            ("ledger=978&least=2&most=1", "more than `most`"),
            ("ledger=978&most=999999999999999999999", "more than a price"),
        ] {
            let search = ListingSearch::read(Some(query)).expect(query);
            let problem = search.prices(&euros()).expect_err(query);
            let detail = problem.body().detail();
            assert!(detail.contains(says), "{query}: {detail}");
        }
    }

    #[test]
    fn right_parameters_are_taken() {
        let query =
            "q=green+tea%20%E8%8C%B6&ledger=978&least=1.50&sort=price&seller=0x10&last=beginning";
        let search = ListingSearch::read(Some(query)).expect("it is right");
        assert_eq!(search.words, "green tea 茶");
        assert_eq!(
            (search.seller, search.order, search.last),
            (Some(16), Order::Cheapest, Last::Beginning)
        );
        let prices = search.prices(&euros()).expect("they are right");
        let expected = Prices {
            ledger: 978,
            least: 150,
            most: u64::MAX,
        };
        assert_eq!(prices, Some(expected));
    }

    proptest! {
        #[test]
        fn nothing_panics(query: String) {
            let _ = ListingSearch::read(Some(&query)).map(|search| search.prices(&euros()));
        }
    }
}
