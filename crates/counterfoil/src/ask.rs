//! `account`, `transfer`, `query` and `ledger`: the JSON resources, one command each.
//!
//! What is given is sent as it is and what is answered is shown as it is: the server reads amounts
//! and flags, and its refusals are the command's.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use server::wire::parse_u128;

use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;
use crate::show;

/// The user's own fields of an account or transfer, and of a filter.
#[derive(Args)]
#[expect(clippy::struct_field_names, reason = "named as everywhere else")]
pub struct UserData {
    /// Yours; can be queried by.
    #[arg(long, value_parser = integer)]
    user_data_128: Option<u128>,
    /// Yours; can be queried by.
    #[arg(long)]
    user_data_64: Option<u64>,
    /// Yours; can be queried by.
    #[arg(long)]
    user_data_32: Option<u32>,
}

/// Makes accounts and shows them.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil account create --id 1 --ledger 978 --code 10
  counterfoil account create --id 2 --ledger 978 --code 20 \\
      --flags debits_must_not_exceed_credits,history
  counterfoil account show 2")]
pub enum Account {
    /// Makes an account.
    Create {
        /// Your id for it, decimal or 0x hexadecimal.
        #[arg(long, value_parser = integer)]
        id: u128,
        /// Number of its ledger.
        #[arg(long)]
        ledger: u32,
        /// Your kind of account.
        #[arg(long)]
        code: u16,
        /// What it may do, by the names of the API.
        #[arg(long, value_delimiter = ',', value_name = "FLAG,...")]
        flags: Vec<String>,
        #[command(flatten)]
        user_data: UserData,
    },
    /// Shows an account as it stands.
    Show {
        #[arg(value_parser = integer)]
        id: u128,
    },
}

/// Moves money, holds it, and shows what was moved.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil transfer create --id 1 --debit 1 --credit 2 --amount 12.50 --ledger 978 --code 1
  counterfoil transfer create --id 2 --debit 2 --credit 3 --amount 5.00 --ledger 978 --code 2 \\
      --flags pending --timeout 3600
  counterfoil transfer post 2 --id 3
  counterfoil transfer show 2

The same id with the same content changes nothing: repeat what was not answered.")]
pub enum Transfer {
    /// Makes a transfer.
    Create(Box<NewTransfer>),
    /// Posts a pending transfer, all of it unless an amount is given.
    Post(Settle),
    /// Voids a pending transfer.
    Void(Settle),
    /// Shows a transfer.
    Show {
        #[arg(value_parser = integer)]
        id: u128,
    },
}

#[derive(Args)]
pub struct NewTransfer {
    /// Your id for it, decimal or 0x hexadecimal; the key of idempotency.
    #[arg(long, value_parser = integer)]
    id: u128,
    /// The account that is debited.
    #[arg(long, value_name = "ACCOUNT", value_parser = integer)]
    debit: u128,
    /// The account that is credited.
    #[arg(long, value_name = "ACCOUNT", value_parser = integer)]
    credit: u128,
    #[command(flatten)]
    amount: Amount,
    /// Number of the ledger of both accounts.
    #[arg(long)]
    ledger: u32,
    /// Your kind of transfer.
    #[arg(long)]
    code: u16,
    /// What it does, by the names of the API.
    #[arg(long, value_delimiter = ',', value_name = "FLAG,...")]
    flags: Vec<String>,
    /// Seconds after which a pending transfer expires by itself.
    #[arg(long)]
    timeout: Option<u32>,
    #[command(flatten)]
    user_data: UserData,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Amount {
    /// In major units of the ledger's currency, as 12.50; or all.
    #[arg(long)]
    amount: Option<String>,
    /// In minor units.
    #[arg(long)]
    minor: Option<u128>,
}

#[derive(Args)]
pub struct Settle {
    /// The pending transfer.
    #[arg(value_parser = integer)]
    pending: u128,
    /// Your id for this one.
    #[arg(long, value_parser = integer)]
    id: u128,
    /// Less than what is pending, in minor units; only in a post.
    #[arg(long)]
    minor: Option<u128>,
}

/// Looks through the books.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil query accounts --ledger 978 --code 20
  counterfoil query transfers --user-data-128 17 --limit 10 --reversed
  counterfoil query account-transfers 2 --limit 10
  counterfoil query balances 2

A zero or a field left out does not filter. A page has at most 8,189; the next one starts at
--from with the last timestamp plus one.")]
pub enum Query {
    /// Accounts by what they are.
    Accounts(Filter),
    /// Transfers by what they are.
    Transfers(Filter),
    /// Transfers of an account.
    AccountTransfers(AccountFilter),
    /// Balances of an account with history, one after each transfer.
    Balances(AccountFilter),
}

#[derive(Args)]
pub struct Filter {
    /// Number of the ledger.
    #[arg(long)]
    ledger: Option<u32>,
    #[command(flatten)]
    page: Page,
}

#[derive(Args)]
pub struct AccountFilter {
    /// The account.
    #[arg(value_parser = integer)]
    account: u128,
    /// Only what debits or only what credits it.
    #[arg(long, value_parser = ["debits", "credits"])]
    side: Option<String>,
    #[command(flatten)]
    page: Page,
}

#[derive(Args)]
struct Page {
    /// Your kind of account or transfer.
    #[arg(long)]
    code: Option<u16>,
    #[command(flatten)]
    user_data: UserData,
    /// Earliest timestamp, nanoseconds since 1970.
    #[arg(long, value_name = "TIMESTAMP")]
    from: Option<u64>,
    /// Latest timestamp, nanoseconds since 1970.
    #[arg(long, value_name = "TIMESTAMP")]
    to: Option<u64>,
    /// At most so many.
    #[arg(long)]
    limit: Option<u32>,
    /// Newest first.
    #[arg(long)]
    reversed: bool,
}

/// Gives ledgers their currencies and lists them.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil ledger declare 978 EUR 2
  counterfoil ledger list")]
pub enum Ledger {
    /// Gives a ledger its currency, once and for all.
    Declare {
        /// Number of the ledger.
        ledger: u32,
        /// Code of the currency.
        code: String,
        /// Its decimal places.
        exponent: u8,
    },
    /// Lists the ledgers that have a currency.
    List,
}

pub fn integer(text: &str) -> Result<u128, String> {
    parse_u128(text).ok_or_else(|| "not an integer, decimal or 0x hexadecimal".into())
}

/// `account`.
pub fn account(account: &Account, client: &mut Client, output: Output) -> Result<(), Failure> {
    let answer = match account {
        Account::Create {
            id,
            ledger,
            code,
            flags,
            user_data,
        } => {
            let mut body = json!({
                "id": id.to_string(), "ledger": ledger, "code": code, "flags": flags,
            });
            user_data.add_to(&mut body);
            client.post("/v1/accounts", &body)?
        }
        Account::Show { id } => client.get(&format!("/v1/accounts/{id}"))?,
    };
    show::print(&answer, output);
    Ok(())
}

/// `transfer`.
pub fn transfer(transfer: &Transfer, client: &mut Client, output: Output) -> Result<(), Failure> {
    let answer = match transfer {
        Transfer::Create(new) => client.post("/v1/transfers", &new.body())?,
        Transfer::Post(settle) => {
            let mut body = settle.body("post_pending_transfer");
            body["amount"] = json!("all");
            if let Some(minor) = settle.minor {
                set_minor(&mut body, minor);
            }
            client.post("/v1/transfers", &body)?
        }
        Transfer::Void(settle) => {
            let mut body = settle.body("void_pending_transfer");
            if let Some(minor) = settle.minor {
                set_minor(&mut body, minor);
            }
            client.post("/v1/transfers", &body)?
        }
        Transfer::Show { id } => client.get(&format!("/v1/transfers/{id}"))?,
    };
    show::print(&answer, output);
    Ok(())
}

/// `query`.
pub fn query(query: &Query, client: &mut Client, output: Output) -> Result<(), Failure> {
    let answer = match query {
        Query::Accounts(filter) => client.post("/v1/accounts/query", &filter.body())?,
        Query::Transfers(filter) => client.post("/v1/transfers/query", &filter.body())?,
        Query::AccountTransfers(filter) => client.post("/v1/account-transfers", &filter.body())?,
        Query::Balances(filter) => client.post("/v1/account-balances", &filter.body())?,
    };
    show::print(&answer, output);
    Ok(())
}

/// `ledger`.
pub fn ledger(ledger: &Ledger, client: &mut Client, output: Output) -> Result<(), Failure> {
    let answer = match ledger {
        Ledger::Declare {
            ledger,
            code,
            exponent,
        } => {
            let body = json!({ "ledger": ledger, "code": code, "exponent": exponent });
            client.post("/v1/ledgers", &body)?
        }
        Ledger::List => client.get("/v1/ledgers")?,
    };
    show::print(&answer, output);
    Ok(())
}

impl UserData {
    fn add_to(&self, body: &mut Value) {
        let text = |value: Option<String>| value.map(Value::String);
        let fields = [
            (
                "user_data_128",
                text(self.user_data_128.map(|value| value.to_string())),
            ),
            (
                "user_data_64",
                text(self.user_data_64.map(|value| value.to_string())),
            ),
            ("user_data_32", self.user_data_32.map(Value::from)),
        ];
        add(body, fields);
    }
}

/// Adds the fields that are given.
fn add<const N: usize>(body: &mut Value, fields: [(&str, Option<Value>); N]) {
    for (name, value) in fields {
        if let Some(value) = value {
            body[name] = value;
        }
    }
}

fn set_minor(body: &mut Value, minor: u128) {
    let fields: &mut Map<String, Value> = body.as_object_mut().expect("bodies are objects");
    fields.remove("amount");
    fields.insert("amount_minor".into(), minor.to_string().into());
}

impl NewTransfer {
    fn body(&self) -> Value {
        let mut body = json!({
            "id": self.id.to_string(),
            "debit_account_id": self.debit.to_string(),
            "credit_account_id": self.credit.to_string(),
            "ledger": self.ledger,
            "code": self.code,
            "flags": self.flags,
        });
        add(
            &mut body,
            [
                ("amount", self.amount.amount.clone().map(Value::from)),
                ("timeout", self.timeout.map(Value::from)),
            ],
        );
        if let Some(minor) = self.amount.minor {
            set_minor(&mut body, minor);
        }
        self.user_data.add_to(&mut body);
        body
    }
}

impl Settle {
    fn body(&self, flag: &str) -> Value {
        json!({
            "id": self.id.to_string(), "pending_id": self.pending.to_string(), "flags": [flag],
        })
    }
}

impl Filter {
    fn body(&self) -> Value {
        let mut body = json!({ "flags": self.page.flags(&[]) });
        add(&mut body, [("ledger", self.ledger.map(Value::from))]);
        self.page.add_to(&mut body);
        body
    }
}

impl AccountFilter {
    fn body(&self) -> Value {
        let sides = match &self.side {
            Some(side) => vec![side.as_str()],
            None => vec!["debits", "credits"],
        };
        let mut body = json!({
            "account_id": self.account.to_string(), "flags": self.page.flags(&sides),
        });
        self.page.add_to(&mut body);
        body
    }
}

impl Page {
    fn flags<'a>(&self, others: &[&'a str]) -> Vec<&'a str> {
        let reversed: &[&str] = if self.reversed { &["reversed"] } else { &[] };
        [others, reversed].concat()
    }

    fn add_to(&self, body: &mut Value) {
        let time = |time: Option<u64>| time.map(|time| Value::from(time.to_string()));
        add(
            body,
            [
                ("code", self.code.map(Value::from)),
                ("timestamp_min", time(self.from)),
                ("timestamp_max", time(self.to)),
                ("limit", self.limit.map(Value::from)),
            ],
        );
        self.user_data.add_to(body);
    }
}
