//! The five files of the marketplace as they were published, row by row.
//!
//! Fields are separated by commas and may stand in double quotes; ids are 32 hexadecimal digits;
//! times are to the second and name no zone, so they are read as UTC. Amounts are decimal; they
//! are read as integers and never rounded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use model::limits::COMMAND_LEGS;
use model::money::parse_amount;

use super::EXPONENT;
use crate::unpack;

/// Seconds since 1970.
pub type Seconds = u64;

/// Everything that was published, orders in the order of their file.
pub struct Rows {
    /// Buyers by their lasting ids.
    pub buyers: BTreeSet<u128>,
    pub sellers: BTreeSet<u128>,
    pub orders: Vec<Order>,
}

/// An order with what belongs to it.
#[derive(Debug)]
pub struct Order {
    pub id: u128,
    /// The lasting id of who bought.
    pub buyer: u128,
    pub status: Status,
    pub purchased: Seconds,
    pub approved: Option<Seconds>,
    pub carried: Option<Seconds>,
    pub delivered: Option<Seconds>,
    /// By their numbers.
    pub items: Vec<Item>,
    /// By their numbers.
    pub payments: Vec<Payment>,
}

/// One thing that was bought.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    pub number: u32,
    pub seller: u128,
    /// Price and freight, minor units.
    pub amount: u128,
}

/// One of the payments of an order.
#[derive(Clone, Copy, Debug)]
pub struct Payment {
    pub number: u32,
    pub means: Means,
    /// Minor units.
    pub amount: u128,
}

/// Makes an enum of the words of one column.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($variant,)* }

        /// As it is published.
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$variant => $word,)* })
            }
        }

        impl $name {
            fn parse(word: &str) -> Result<Self, String> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    other => Err(format!("{other:?} is none of {}", [$($word),*].join(", "))),
                }
            }
        }
    };
}

words! {
    /// How far an order was when it was published.
    Status {
        Created = "created",
        Approved = "approved",
        Invoiced = "invoiced",
        Processing = "processing",
        Shipped = "shipped",
        Delivered = "delivered",
        Unavailable = "unavailable",
        Canceled = "canceled",
    }
}

words! {
    /// What was paid with.
    Means {
        CreditCard = "credit_card",
        DebitCard = "debit_card",
        Boleto = "boleto",
        Voucher = "voucher",
        Undefined = "not_defined",
    }
}

/// Reads the files of a directory.
pub fn read(directory: &Path) -> Result<Rows, String> {
    let mut buyers = BTreeMap::new();
    each_row(
        directory,
        "customers",
        &["customer_id", "customer_unique_id"],
        |row| match buyers.insert(id(row[0])?, id(row[1])?) {
            None => Ok(()),
            Some(_) => Err("the customer was there before".into()),
        },
    )?;
    let mut sellers = BTreeSet::new();
    each_row(directory, "sellers", &["seller_id"], |row| {
        sellers.insert(id(row[0])?);
        Ok(())
    })?;
    let (mut orders, places) = orders(directory, &buyers)?;
    read_items(directory, &sellers, (&mut orders, &places))?;
    read_payments(directory, (&mut orders, &places))?;
    for order in &mut orders {
        order.items.sort_by_key(|item| item.number);
        order.payments.sort_by_key(|payment| payment.number);
        if let Some(again) = order
            .items
            .windows(2)
            .find(|two| two[0].number == two[1].number)
        {
            return Err(format!(
                "order {:032x}: item {} twice",
                order.id, again[0].number
            ));
        }
        let twice = |two: &&[Payment]| two[0].number == two[1].number;
        if let Some(again) = order.payments.windows(2).find(twice) {
            return Err(format!(
                "order {:032x}: payment {} twice",
                order.id, again[0].number
            ));
        }
        if order.items.len() > COMMAND_LEGS {
            return Err(format!(
                "order {:032x}: more than {COMMAND_LEGS} items",
                order.id
            ));
        }
    }
    let buyers = buyers.into_values().collect();
    Ok(Rows {
        buyers,
        sellers,
        orders,
    })
}

type Places = BTreeMap<u128, usize>;

fn orders(directory: &Path, buyers: &BTreeMap<u128, u128>) -> Result<(Vec<Order>, Places), String> {
    let columns = [
        "order_id",
        "customer_id",
        "order_status",
        "order_purchase_timestamp",
        "order_approved_at",
        "order_delivered_carrier_date",
        "order_delivered_customer_date",
    ];
    let (mut orders, mut places) = (Vec::new(), Places::new());
    each_row(directory, "orders", &columns, |row| {
        let buyer = buyers.get(&id(row[1])?);
        let order = Order {
            id: id(row[0])?,
            buyer: *buyer.ok_or("the customer is not in the customers' file")?,
            status: Status::parse(row[2])?,
            purchased: time(row[3])?.ok_or("it was purchased at no time")?,
            approved: time(row[4])?,
            carried: time(row[5])?,
            delivered: time(row[6])?,
            items: Vec::new(),
            payments: Vec::new(),
        };
        if places.insert(order.id, orders.len()).is_some() {
            return Err("the order was there before".into());
        }
        orders.push(order);
        Ok(())
    })?;
    Ok((orders, places))
}

fn read_items(
    directory: &Path,
    sellers: &BTreeSet<u128>,
    (orders, places): (&mut [Order], &Places),
) -> Result<(), String> {
    let columns = [
        "order_id",
        "order_item_id",
        "seller_id",
        "price",
        "freight_value",
    ];
    each_row(directory, "order_items", &columns, |row| {
        let place = places.get(&id(row[0])?);
        let item = Item {
            number: number(row[1])?,
            seller: id(row[2])?,
            amount: money(row[3])? + money(row[4])?,
        };
        if !sellers.contains(&item.seller) {
            return Err("the seller is not in the sellers' file".into());
        }
        let place = *place.ok_or("the order is not in the orders' file")?;
        orders[place].items.push(item);
        Ok(())
    })
}

fn read_payments(
    directory: &Path,
    (orders, places): (&mut [Order], &Places),
) -> Result<(), String> {
    let columns = [
        "order_id",
        "payment_sequential",
        "payment_type",
        "payment_value",
    ];
    each_row(directory, "order_payments", &columns, |row| {
        let place = places.get(&id(row[0])?);
        let payment = Payment {
            number: number(row[1])?,
            means: Means::parse(row[2])?,
            amount: money(row[3])?,
        };
        if payment.means == Means::Undefined && payment.amount > 0 {
            return Err("money was paid with nothing that is defined".into());
        }
        let place = *place.ok_or("the order is not in the orders' file")?;
        orders[place].payments.push(payment);
        Ok(())
    })
}

/// Reads one file, of each row the columns that are named.
fn each_row(
    directory: &Path,
    stem: &str,
    columns: &[&str],
    mut take: impl FnMut(&[&str]) -> Result<(), String>,
) -> Result<(), String> {
    let path = find(directory, stem)?;
    let bytes = unpack::read(&path)?;
    // Names of cities, which nobody reads here, are in whatever encoding.
    let text = String::from_utf8_lossy(&bytes);
    let mut places = None;
    for (line, row) in (1..).zip(text.lines()) {
        let at = |reason: String| format!("{}:{line}: {reason}", path.display());
        let fields = split(row.trim_start_matches('\u{feff}')).map_err(at)?;
        let Some((width, places)) = &places else {
            let place = |column: &&str| {
                let found = fields.iter().position(|field| field == column);
                found.ok_or_else(|| at(format!("there is no column {column}")))
            };
            let found: Vec<usize> = columns.iter().map(place).collect::<Result<_, _>>()?;
            places = Some((fields.len(), found));
            continue;
        };
        if fields.len() != *width {
            return Err(at(format!("{} fields, not {width}", fields.len())));
        }
        let row: Vec<&str> = places.iter().map(|place| fields[*place].as_str()).collect();
        take(&row).map_err(at)?;
    }
    match places {
        Some(_) => Ok(()),
        None => Err(format!("{}:1: the file is empty", path.display())),
    }
}

/// Finds `a_orders.csv`, `orders.csv` or `olist_orders_dataset.csv`, or a gzip of one.
fn find(directory: &Path, stem: &str) -> Result<PathBuf, String> {
    let names = [
        format!("a_{stem}.csv"),
        format!("{stem}.csv"),
        format!("olist_{stem}_dataset.csv"),
    ];
    let plain = names.iter().map(|name| directory.join(name));
    let packed = names
        .iter()
        .map(|name| directory.join(format!("{name}.gz")));
    let found: Vec<PathBuf> = plain.chain(packed).filter(|path| path.is_file()).collect();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(format!(
            "{}: none of {}, nor a .gz of one",
            directory.display(),
            names.join(", ")
        )),
        [one, other, ..] => Err(format!(
            "{} and {} both: keep one",
            one.display(),
            other.display()
        )),
    }
}

/// The fields of a line; a quote within quotes is doubled.
fn split(line: &str) -> Result<Vec<String>, String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let field = fields.last_mut().expect("there is one at least");
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => field.push(other),
        }
    }
    if quoted {
        return Err("a quote is not closed on its line".into());
    }
    Ok(fields)
}

fn id(field: &str) -> Result<u128, String> {
    let digits = field.len() == 32 && field.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = u128::from_str_radix(field, 16).ok().filter(|_| digits);
    id.ok_or_else(|| format!("{field:?} is not 32 hexadecimal digits"))
}

fn number(field: &str) -> Result<u32, String> {
    field.parse().map_err(|_| format!("{field:?} is no number"))
}

fn money(field: &str) -> Result<u128, String> {
    let minor = parse_amount(field, EXPONENT).map_err(|error| format!("{field:?}: {error}"))?;
    // Far more than any order costs; sums of a whole file stay exact in JSON.
    if minor < 1 << 32 {
        Ok(minor)
    } else {
        Err(format!("{field:?} is too large"))
    }
}

fn time(field: &str) -> Result<Option<Seconds>, String> {
    if field.is_empty() {
        return Ok(None);
    }
    let bad = || format!("{field:?} is not YYYY-MM-DD HH:MM:SS");
    let time: DateTime = field.parse().map_err(|_| bad())?;
    let time = time.to_zoned(TimeZone::UTC).map_err(|_| bad())?;
    u64::try_from(time.timestamp().as_second())
        .map(Some)
        .map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::{find, id, money, split, time};

    #[test]
    fn fields_are_split_at_commas_that_are_not_quoted() {
        assert_eq!(
            split("a,,\"b,\"\"c\"\"\"").expect("sound"),
            ["a", "", "b,\"c\""]
        );
        assert!(split("a,\"b").is_err());
    }

    #[test]
    fn values_are_read_strictly() {
        assert_eq!(time("1970-01-02 00:00:01"), Ok(Some(86_401)));
        assert_eq!(time(""), Ok(None));
        assert!(time("1970-01-32 00:00:00").is_err());
        assert_eq!(money("16.5"), Ok(1650));
        assert!(money("-1").is_err() && money("1.234").is_err() && money("99999999999").is_err());
        assert_eq!(id(&"0".repeat(32)), Ok(0));
        assert!(id("+0000000000000000000000000000001").is_err() && id("1").is_err());
    }

    #[test]
    fn two_files_of_one_kind_are_one_too_many() {
        let directory = tempfile::tempdir().expect("a directory");
        let missing = find(directory.path(), "orders").expect_err("there is none");
        assert!(missing.contains("olist_orders_dataset.csv"), "{missing}");
        for name in ["orders.csv", "a_orders.csv.gz"] {
            std::fs::write(directory.path().join(name), "").expect("it is written");
        }
        let both = find(directory.path(), "orders").expect_err("there are two");
        assert!(both.contains("keep one"), "{both}");
    }
}
